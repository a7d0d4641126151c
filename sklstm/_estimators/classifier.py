"""LSTMClassifier."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils import Tags

from sklstm._estimators._label_fit import LabelFit


class LSTMClassifier(ClassifierMixin, LabelFit):
    """Classify sequences with an LSTM.

    Reads token ids, which get a learned vector each, or sequences of numbers or of matrices,
    of any and unequal lengths. A prediction depends on its own sequence only, never on the
    batch it is computed in. Trained by gradient descent: y may hold two classes, several, some
    that have an order, or several labels per sample.

    Parameters
    ----------
    hidden_size : int or tuple of int, default=64
        Units of the recurrent layers, per direction. A tuple gives each layer its own.
    num_layers : int, default=1
        Recurrent layers on top of each other, where `hidden_size` is one number.
    bidirectional : bool, default=True
        Read each sequence in both directions. Set it to False for a model whose state
        depends on the past only, as `predict_proba_steps` in one pass needs.
    cell : {"lstm", "gru"}, default="lstm"
        The kind of recurrence. On a CPU the LSTM runs in a fused kernel and is much faster.
    pooling : {"max", "mean", "last", "attention"}, default="max"
        How the states of all steps become one vector: the largest value of each unit, the
        average, the final state, or an average with learned weights [1]_. All but "last"
        give every step a short path for its gradient, and train better on long sequences.
    dropout : float, default=0.5
        Share of units set to zero in training: of the embedded (or convolved) input, between
        recurrent layers, and of the pooled state. Values given as X are never dropped.
    recurrent_dropout : float, default=0.0
        Dropout on what is carried from step to step.
    recurrent_dropout_method : {"weights", "states"}, default="weights"
        "weights" drops recurrent weights once a batch, which keeps the fused kernel [2]_;
        "states" drops carried units, the same ones at all steps of a sequence [3]_, in a
        slow loop over the steps.
    embedding_dim : int, default=100
        Length of the vector of a token. Ignored where `embeddings` are given.
    embeddings : path, WordVectors, gensim KeyedVectors, mapping, array-like of shape \
            (n_ids, dim) or None, default=None
        Vectors to start from: those of a file of word2vec, GloVe or fastText, those that
        `WordVectors` trained, or from elsewhere. They are matched by word, through the vocabulary
        that `SequenceTokenizer` sends along; an array goes by token id. Words without one are
        drawn with the mean and spread that each number has in the others; a warning says so
        if more than nine in ten are. KeyedVectors and arrays are copied for each candidate of a
        search, fitted `WordVectors` are not. A fitted estimator needs them no more: a pickle made
        after ``set_params(embeddings=None)`` is smaller.
    freeze_embeddings : bool or int, default=False
        Keep the vectors of tokens as they are: for ever if True, in the first epochs of training
        if a number, and not at all if False. With few labels the first epochs, in which the rest
        of the network knows nothing, would spoil good vectors. Earlier warm starts and parts
        count; early stopping counts the first epochs like the others. 1 is one epoch, not True.
    embedding_dropout : float, default=0.1
        Share of words (not of numbers) left out of each training batch [2]_.
    conv_filters : int or None, default=None
        Filters of a convolution over time in front of the recurrent layers; None for none.
    conv_kernel_size : int, default=3
        Steps that a filter sees.
    conv_pool_size : int, default=2
        Steps that max-pooling makes one of, after the convolution. The recurrent layers
        have that many times fewer steps to do.
    step_conv_filters : int, tuple of int or None, default=None
        For steps that are matrices, such as images: filters of a convolution that reads each
        step by itself, a tuple for several layers. Needed for such X, and refused for other.
    step_conv_kernel_size : int, default=3
        Height and width of these filters.
    step_conv_pool_size : int, default=2
        Height and width of the patches that max-pooling makes one of, after each layer.
    loss : {"cross_entropy", "ordinal", "distance_weighted"}, default="cross_entropy"
        "ordinal" and "distance_weighted" are for classes that have an order, such as ratings,
        where a near miss is better than a far one. "ordinal" learns one score and rising
        thresholds (a cumulative link [4]_); "distance_weighted" a softmax whose error on each
        wrong class is weighed by how far off it is [5]_.
    class_order : array-like of shape (n_classes,) or None, default=None
        For these two, ignored otherwise: the classes from lowest to highest. None takes numbers
        in their own order, and the order of an ordered pandas Categorical; other strings are
        refused, as sorted they rarely are in order. `classes_` and the columns of
        `predict_proba` stay sorted, as metrics expect. VotingClassifier, StackingClassifier and
        `cross_val_predict` of probabilities number the classes in sorted order on the way, and
        forget a Categorical's: give them ranks as y.
    distance_power : float, default=1.0
        "distance_weighted" weighs an error by its distance to this power.
    output_layer : {"auto", "sigmoid", "softmax"}, default="auto"
        "auto" takes one sigmoid output for two classes, a softmax over several, and a
        sigmoid each for multilabel y. "softmax" gives two classes two outputs.
    class_weight : dict, list of dict, "balanced" or None, default=None
        Weight of each class in the loss, as elsewhere in scikit-learn.
    optimizer : {"adam", "adamw", "sgd", "rmsprop"}, default="adam"
        "sgd" has a Nesterov momentum of 0.9.
    learning_rate : float, default=2e-3
        Step size of the optimizer.
    weight_decay : float, default=0.0
        L2 penalty, decoupled from the gradient for "adamw".
    gradient_clip : float or None, default=1.0
        Largest norm of a step's gradient; None for no limit.
    lr_schedule : {"constant", "linear", "cosine", "one_cycle"}, default="linear"
        How the step size changes over the `max_epochs` epochs: not at all, down to zero in
        a line or a half cosine, or up for the first tenth and then down.
    batch_size : int, default=32
        Sequences per step, of like length. Memory grows with it times the longest of them.
    max_epochs : int or "auto", default="auto"
        Passes over the training data. "auto" makes about 1,500 steps: as many passes as that
        takes, 4 at least and 100 at most.
    shuffle : bool, default=True
        Draw a new order for every epoch. False keeps the order, without buckets by length.
    bptt_length : int or None, default=None
        For long sequences: back-propagate through chunks of that many steps [6]_, so that the
        memory of a training step does not grow with the length of a sequence. The state is
        carried from chunk to chunk, gradients are not; each chunk is run twice, and every step
        still gets its gradient by way of `pooling`. Needs ``bidirectional=False`` and
        no `conv_filters`. Dropout
        is drawn anew for each chunk. None back-propagates through whole sequences.
    stateful : bool, default=False
        Let sample i of a batch go on from the state that sample i of the batch before ended
        in, as in Keras: sample `batch_size` continues sample 0, and so on. The order of the
        data is kept (`shuffle` has no effect), every epoch of `fit` begins anew, and so does what
        follows it; `partial_fit` and predictions go on from where the call before ended, until
        `reset_states` (`transform` begins anew). Each sample is pooled by itself. Needs
        ``bidirectional=False``. To predict a sequence in pieces it is not needed: see `predict`
        and `stream`.
    early_stopping : bool, default=False
        Hold out a part of the training data, stop when the loss on it no longer falls, and
        go back to the best weights. With validation data passed to `fit`, nothing is held
        out.
    validation_fraction : float, default=0.1
        Share of the samples (of the groups, where `fit` gets them) to hold out.
    validation_split : {"auto", "last"}, default="auto"
        "auto" holds out whole groups if there are any, else a stratified draw; "last" the
        last samples, for data in order of time.
    n_iter_no_change : int, default=2
        Epochs without an improvement of at least `tol` before training stops early.
    tol : float, default=1e-4
        Least fall of the validation loss that counts.
    input_type : {"auto", "tokens", "values"}, default="auto"
        What the numbers in X are. "auto" takes the output of `SequenceTokenizer` as token
        ids and all else as values, integers too.
    padding_value : float or None, default=None
        Where X is padded already: leading and trailing steps wholly equal to it are cut
        off. None cuts nothing off values, and 0 off token ids.
    warm_start : bool, default=False
        Go on from the weights of the fit before.
    n_jobs : int or None, default=None
        Threads of torch. None means torch's own choice, but 1 within a parallel joblib job
        (a grid search, say); -1 means all cores.
    device : str, default="auto"
        "auto", "cpu", "cuda", "cuda:1", "mps". "auto" takes a GPU if there is one.
    callbacks : list of skorch callbacks or None, default=None
        Called along with training.
    random_state : int, RandomState instance or None, default=None
        Draws the first weights, the order, dropout and what is held out. An int gives the
        same model at every fit.
    verbose : int or bool, default=0
        Above 0, show a progress bar with loss, validation score and the time left, and how many
        words `embeddings` know.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels; for multilabel y, the numbers of the columns.
    n_features_in_ : int
        Columns of a 2-D X, features per step of other values, 1 for token ids.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, where X was a table that has them.
    vocabulary_ : Vocabulary
        The words behind the token ids, where X came from `SequenceTokenizer`.
    embedding_coverage_ : float
        Share of the vocabulary found in `embeddings`; 1 for an array. Words whose vector
        fastText makes of n-grams do not count.
    module_ : torch.nn.Module
        The trained network.
    history_ : list of dict
        For every epoch "train_loss" and "dur" (seconds), and with validation data
        "valid_loss" and "valid_score" (accuracy); both weigh samples as training does.
    loss_curve_ : list of float
        The training loss of every epoch.
    n_iter_ : int
        Epochs trained, earlier warm starts included.
    best_epoch_ : int or None
        The epoch, from 1, whose weights early stopping kept.

    See Also
    --------
    SequenceTokenizer : Turn texts into token ids.
    SequenceScaler : Bring values to a common scale, which an LSTM needs.

    Notes
    -----
    X may be a list or object array of sequences, each of shape (T_i,) or (T_i, F); an array
    of shape (n, T, F), or (n, T) for one feature; a Series of lists; an Awkward array; or
    the one-column frame that ``SequenceTokenizer().set_output(transform="pandas")`` makes.
    Token ids of shape (T_i, K) are K ids a step, whose vectors are joined.

    Steps may be matrices too: arrays of shape (n, T, H, W) or (n, T, C, H, W), and lists of
    (T_i, H, W) or (T_i, C, H, W) arrays, channels first. `n_features_in_` counts the numbers of
    a step then.

    For the least absolute error take the median in place of the most probable class: for numbers
    ``classes_[(predict_proba(X).cumsum(axis=1) < 0.5).sum(axis=1)]``.

    An LSTM has two biases in torch that are only ever added up; here the second is fixed at
    zero, so that parameters count as in Keras.

    References
    ----------
    .. [1] Z. Yang et al., "Hierarchical Attention Networks for Document Classification",
       NAACL 2016, section 2.2.
    .. [2] S. Merity, N. S. Keskar, R. Socher, "Regularizing and Optimizing LSTM Language
       Models", ICLR 2018, sections 2 and 4.3.
    .. [3] Y. Gal, Z. Ghahramani, "A Theoretically Grounded Application of Dropout in
       Recurrent Neural Networks", NeurIPS 2016, section 4.
    .. [4] P. McCullagh, "Regression Models for Ordinal Data", Journal of the Royal
       Statistical Society B 42(2), 1980, section 2.
    .. [5] G. Polat et al., "Class Distance Weighted Cross-Entropy Loss for Ulcerative Colitis
       Severity Estimation", MIUA 2022, section 3.
    .. [6] R. J. Williams, J. Peng, "An Efficient Gradient-Based Algorithm for On-Line Training
       of Recurrent Network Trajectories", Neural Computation 2(4), 1990, section 4.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklstm import LSTMClassifier, SequenceTokenizer
    >>> texts = ["a fine film", "a dull film", "fine acting", "dull acting"] * 10
    >>> labels = ["good", "bad", "good", "bad"] * 10
    >>> model = make_pipeline(SequenceTokenizer(), LSTMClassifier(random_state=0))
    >>> model.fit(texts, labels).predict(["a fine story", "dull"])
    array(['good', 'bad'], dtype='<U4')

    Sequences of numbers may differ in length:

    >>> X = [[-0.5, -1.2], [0.9, 1.3, 0.7], [-1.0], [1.5, 0.9]] * 10
    >>> LSTMClassifier(random_state=0).fit(X, [0, 1, 0, 1] * 10).predict([[-0.8], [0.9, 1.0]])
    array([0, 1])
    """

    def __init__(
        self,
        hidden_size: int | tuple[int, ...] = 64,
        num_layers: int = 1,
        *,
        bidirectional: bool = True,
        cell: str = "lstm",
        pooling: str = "max",
        dropout: float = 0.5,
        recurrent_dropout: float = 0.0,
        recurrent_dropout_method: str = "weights",
        embedding_dim: int = 100,
        embeddings: Any = None,
        freeze_embeddings: bool | int = False,
        embedding_dropout: float = 0.1,
        conv_filters: int | None = None,
        conv_kernel_size: int = 3,
        conv_pool_size: int = 2,
        step_conv_filters: int | tuple[int, ...] | None = None,
        step_conv_kernel_size: int = 3,
        step_conv_pool_size: int = 2,
        loss: str = "cross_entropy",
        class_order: Any = None,
        distance_power: float = 1.0,
        output_layer: str = "auto",
        class_weight: dict[Any, float] | list[dict[Any, float]] | str | None = None,
        optimizer: str = "adam",
        learning_rate: float = 2e-3,
        weight_decay: float = 0.0,
        gradient_clip: float | None = 1.0,
        lr_schedule: str = "linear",
        batch_size: int = 32,
        max_epochs: int | str = "auto",
        shuffle: bool = True,
        bptt_length: int | None = None,
        stateful: bool = False,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        validation_split: str = "auto",
        n_iter_no_change: int = 2,
        tol: float = 1e-4,
        input_type: str = "auto",
        padding_value: float | None = None,
        warm_start: bool = False,
        n_jobs: int | None = None,
        device: str = "auto",
        callbacks: list[Any] | None = None,
        random_state: int | np.random.RandomState | None = None,
        verbose: int | bool = 0,
    ):
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.bidirectional = bidirectional
        self.cell = cell
        self.pooling = pooling
        self.dropout = dropout
        self.recurrent_dropout = recurrent_dropout
        self.recurrent_dropout_method = recurrent_dropout_method
        self.embedding_dim = embedding_dim
        self.embeddings = embeddings
        self.freeze_embeddings = freeze_embeddings
        self.embedding_dropout = embedding_dropout
        self.conv_filters = conv_filters
        self.conv_kernel_size = conv_kernel_size
        self.conv_pool_size = conv_pool_size
        self.step_conv_filters = step_conv_filters
        self.step_conv_kernel_size = step_conv_kernel_size
        self.step_conv_pool_size = step_conv_pool_size
        self.loss = loss
        self.class_order = class_order
        self.distance_power = distance_power
        self.output_layer = output_layer
        self.class_weight = class_weight
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.gradient_clip = gradient_clip
        self.lr_schedule = lr_schedule
        self.batch_size = batch_size
        self.max_epochs = max_epochs
        self.shuffle = shuffle
        self.bptt_length = bptt_length
        self.stateful = stateful
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.validation_split = validation_split
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.input_type = input_type
        self.padding_value = padding_value
        self.warm_start = warm_start
        self.n_jobs = n_jobs
        self.device = device
        self.callbacks = callbacks
        self.random_state = random_state
        self.verbose = verbose

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        plain = self.loss == "cross_entropy"
        tags.classifier_tags.multi_label = plain and self.output_layer != "softmax"
        return tags
