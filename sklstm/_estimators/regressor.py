"""LSTMRegressor."""

from __future__ import annotations

from numbers import Real
from typing import Any, ClassVar

import numpy as np
from sklearn.utils import Tags
from sklearn.utils._param_validation import Interval, StrOptions

from sklstm._estimators._number_fit import NumberFit
from sklstm._estimators._regression import LOSSES
from sklstm._estimators.base import BaseLSTM


class LSTMRegressor(NumberFit):
    """Predict numbers from sequences with an LSTM.

    Reads sequences of numbers, of matrices or of token ids, of any and unequal lengths, and
    predicts one number for each, several, or a matrix. y is scaled inside, so it may have any
    unit; X should come scaled (`SequenceScaler`). A prediction depends on its own sequence
    only, never on the batch it is computed in.

    Parameters
    ----------
    hidden_size : int or tuple of int, default=64
        Units of the recurrent layers, per direction. A tuple gives each layer its own.
    num_layers : int, default=1
        Recurrent layers on top of each other, where `hidden_size` is one number.
    bidirectional : bool, default=True
        Read each sequence in both directions. Set it to False for a model whose state
        depends on the past only.
    cell : {"lstm", "gru"}, default="lstm"
        The kind of recurrence. On a CPU the LSTM runs in a fused kernel and is much faster.
    pooling : {"max", "mean", "last", "attention"}, default="max"
        How the states of all steps become one vector: the largest value of each unit, the
        average, the final state, or an average with learned weights [1]_. All but "last"
        give every step a short path for its gradient, and train better on long sequences.
    dropout : float, default=0.0
        Share of units set to zero in training: of the embedded (or convolved) input, between
        recurrent layers, and of the pooled state. Off, as the noise that it adds to a state is
        noise in a predicted number.
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
    return_sequences : bool, default=False
        Predict a number, or several, for every step instead of for each sequence. y is ragged
        then, one array of shape (T_i,) or (T_i, n_outputs) for each sequence, and so is what
        `predict` gives. `pooling` is not used; set `bidirectional` to False where a number may
        not depend on later steps.
    loss : {"squared_error", "absolute_error", "huber", "poisson", "quantile"}, \
            default="squared_error"
        What training makes small. "squared_error" predicts the mean and minds large errors
        most; "absolute_error" the median; "huber" is squared up to `huber_delta` and straight
        beyond, so that outliers count less [4]_; "poisson" is for counts and rates, y of 0
        or more, and predicts above 0; "quantile" predicts `quantiles` [5]_.
    huber_delta : float, default=1.0
        For "huber": where an error begins to be large, in standard deviations of y.
    quantiles : float or tuple of float, default=(0.05, 0.5, 0.95)
        For "quantile": which ones, rising. They are learned together and cannot cross.
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
        carried from chunk to chunk, gradients are not. With ``return_sequences=True`` each chunk
        makes a training step of its own; otherwise each is run twice, and every step still
        gets its gradient by way of `pooling`. Needs ``bidirectional=False`` and no
        `conv_filters`. Dropout
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
        "auto" holds out whole groups if there are any, else a random draw; "last" the last
        samples, for data in order of time.
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
    n_features_in_ : int
        Columns of a 2-D X, features per step of other values, 1 for token ids.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, where X was a table that has them.
    quantiles_ : tuple of float or None
        The quantiles learned; None for other losses.
    vocabulary_ : Vocabulary
        The words behind the token ids, where X came from `SequenceTokenizer`.
    embedding_coverage_ : float
        Share of the vocabulary found in `embeddings`; 1 for an array. Words whose vector
        fastText makes of n-grams do not count.
    module_ : torch.nn.Module
        The trained network; its outputs are scaled back by `predict`.
    history_ : list of dict
        For every epoch "train_loss" and "dur" (seconds), and with validation data
        "valid_loss" and "valid_score" (R2); losses are of the scaled y.
    loss_curve_ : list of float
        The training loss of every epoch.
    n_iter_ : int
        Epochs trained, earlier warm starts included.
    best_epoch_ : int or None
        The epoch, from 1, whose weights early stopping kept.

    See Also
    --------
    make_windows : Cut long series into windows and their targets.
    SequenceScaler : Bring values to a common scale, which an LSTM needs.
    LSTMClassifier : For labels, ordered ones included.

    Notes
    -----
    Accuracy means nothing here: it is the share of predictions that are exactly right, and a
    predicted number never is. `score` is R2, the share of the variance of y that is explained;
    the root mean squared error (`sklearn.metrics.root_mean_squared_error`) says how far off
    predictions are, in the unit of y.

    X comes in the forms that `LSTMClassifier` takes. y may have the shape (n,), (n, n_outputs),
    or (n, H, W) for matrices; scikit-learn's metrics want those laid flat, `score` does not.

    In a pipeline, ask its last step for intervals:
    ``pipe[-1].predict_interval(pipe[:-1].transform(X))``.

    An LSTM that sees X of shape (n, 1, T) makes one step of it: use (n, T, 1) for T steps.

    References
    ----------
    .. [1] Z. Yang et al., "Hierarchical Attention Networks for Document Classification",
       NAACL 2016, section 2.2.
    .. [2] S. Merity, N. S. Keskar, R. Socher, "Regularizing and Optimizing LSTM Language
       Models", ICLR 2018, sections 2 and 4.3.
    .. [3] Y. Gal, Z. Ghahramani, "A Theoretically Grounded Application of Dropout in
       Recurrent Neural Networks", NeurIPS 2016, section 4.
    .. [4] P. J. Huber, "Robust Estimation of a Location Parameter", Annals of Mathematical
       Statistics 35(1), 1964, section 1.
    .. [5] R. Koenker, G. Bassett, "Regression Quantiles", Econometrica 46(1), 1978, section 3.
    .. [6] R. J. Williams, J. Peng, "An Efficient Gradient-Based Algorithm for On-Line Training
       of Recurrent Network Trajectories", Neural Computation 2(4), 1990, section 4.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm import LSTMRegressor
    >>> rng = np.random.default_rng(0)
    >>> X = [rng.normal(size=rng.integers(3, 8)) for _ in range(200)]
    >>> y = [100 + 10 * sequence.mean() for sequence in X]
    >>> model = LSTMRegressor(pooling="mean", random_state=0).fit(X, y)
    >>> model.predict([[0.5, 0.5, 0.5, 0.5]]).round()
    array([105.])

    Intervals that should hold nine numbers in ten:

    >>> noisy = y + rng.normal(size=200)
    >>> model = LSTMRegressor(pooling="mean", loss="quantile", random_state=0).fit(X, noisy)
    >>> model.predict_interval(X[:3]).shape
    (3, 2)
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **BaseLSTM._parameter_constraints,
        "return_sequences": ["boolean"],
        "loss": [StrOptions({*LOSSES, "huber", "quantile"})],
        "huber_delta": [Interval(Real, 0, None, closed="neither")],
        "quantiles": [Real, "array-like"],
    }

    def __init__(
        self,
        hidden_size: int | tuple[int, ...] = 64,
        num_layers: int = 1,
        *,
        bidirectional: bool = True,
        cell: str = "lstm",
        pooling: str = "max",
        dropout: float = 0.0,
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
        return_sequences: bool = False,
        loss: str = "squared_error",
        huber_delta: float = 1.0,
        quantiles: float | tuple[float, ...] = (0.05, 0.5, 0.95),
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
        self.return_sequences = return_sequences
        self.loss = loss
        self.huber_delta = huber_delta
        self.quantiles = quantiles
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
        tags.target_tags.multi_output = True
        return tags
