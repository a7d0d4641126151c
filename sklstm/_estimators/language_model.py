"""LSTMLanguageModel."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from numbers import Integral, Real
from typing import Any, ClassVar, Literal, Self

import numpy as np
import torch
from sklearn.base import TransformerMixin, _fit_context
from sklearn.utils import Tags, check_consistent_length, check_random_state
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import check_is_fitted
from torch import Tensor, nn

from sklstm._estimators.base import (
    IncrementalEstimator,
    LayerRow,
    NamedFeatures,
    trained_parameters,
)
from sklstm._estimators.params import COUNT, NETWORK, TRAINING, Range, layer_sizes
from sklstm._estimators.stream import SequenceState, SequenceStream, check_state, fingerprint
from sklstm._estimators.texts import as_token_ids, holds_texts
from sklstm._keywords import ExplainedKeywords
from sklstm._sequences import (
    END_ID,
    N_RESERVED,
    START_ID,
    UNKNOWN_ID,
    Ragged,
    TokenArray,
    Vocabulary,
    as_container,
    as_objects,
    check_entries,
    join_tokens,
    label_fault,
    offsets,
    plain,
    ranges,
    split,
)
from sklstm._targets import Decoder, given_weights, scaled
from sklstm._training import (
    LANGUAGE,
    LabelledSequences,
    ModelInTraining,
    TrainingOutcome,
    batches_per_epoch,
    evaluation_mode,
    fast_cpu,
    in_streams,
    move_to,
    predict_rows,
    resolve_device,
    to_tensors,
    train_language_model,
)
from sklstm.nn import (
    AdaptiveSoftmaxHead,
    LanguageModelNetwork,
    NextTokenLoss,
    RecurrentStack,
    SoftmaxHead,
    TokenEmbedding,
    constrained_search,
    sample_tokens,
)
from sklstm.nn.checks import TRUSTED, whole
from sklstm.nn.state import State, put_rows, take_rows
from sklstm.preprocessing import SequenceTokenizer
from sklstm.preprocessing.text import tokenizer_for_language_model

# With more tokens "auto" takes an adaptive softmax, whose head holds the first of these numbers
# of tokens, and whose clusters end at the others.
_MANY_TOKENS, _CUTOFFS = 4_000, (2_000, 10_000)
# Long texts are read in chunks of this many steps in prediction, which bounds the memory.
_CHUNK = 512
# What "auto" chooses the number of parallel texts from, and chunks that each should have.
_BATCH, _ENOUGH_CHUNKS = (8, 64), 10
# From so many texts on, whole texts are held out; of fewer the last part of each.
_ENOUGH_TEXTS = 10

_NETWORK = "hidden_size num_layers cell embedding_dim dropout recurrent_dropout embedding_dropout"
_TRAINING = (
    "max_epochs random_state padding_value optimizer learning_rate weight_decay gradient_clip "
    "lr_schedule batch_size shuffle warm_start early_stopping validation_fraction "
    "n_iter_no_change tol n_jobs device callbacks verbose"
)


class LSTMLanguageModel(ExplainedKeywords, NamedFeatures, TransformerMixin, IncrementalEstimator):
    """Learn from texts without labels which token follows, and write new texts.

    A language model reads a text token by token, and gives the probability of each token that may
    come next. Tokens are words, characters or subwords. It needs no labels, so that whole books
    and all unlabelled texts can be learned from; the `FrozenEstimator` of a fitted one is what
    `LSTMClassifier`, `LSTMRegressor` and `LSTMTagger` take as their `encoder`, to start from.

    The first six parameters are the ones that most users set. The others follow by topic: text
    (`analyzer` to `direction`), architecture (`cell` to `adaptive_softmax`), regularisation
    (`input_dropout` to `weight_decay`), optimisation (`bptt_length` to `warm_start`), early
    stopping (`early_stopping` to `tol`) and runtime (`padding_value` to `verbose`).

    Parameters
    ----------
    hidden_size : int or tuple of int, default=512
        Number of units of each recurrent layer. A tuple gives each layer its own number.
    num_layers : int, default=1
        Number of stacked recurrent layers, where `hidden_size` is one number.
    embedding_dim : int, default=256
        Dimensionality of the token vectors.
    dropout : float, default=0.2
        Dropout rate of the states that the output layer reads. Here, as in `input_dropout` and
        `hidden_dropout`, a mask is drawn for each sequence and is the same at all of its steps
        [1]_. Small corpora that are read many times may need more, and large ones that are read
        once or twice none.
    learning_rate : float, default=2e-3
        Initial learning rate of the optimizer.
    max_epochs : int or "auto", default="auto"
        Number of passes over the training data. "auto" makes about 4,000 training steps, and not
        more than 20 million tokens are read in all: at least 1 epoch, and at most 200.
    analyzer : {"word", "char", "subword"}, default="word"
        What a token of a text is, where X holds texts: a word, number or punctuation mark; a
        character; or a subword by byte-pair encoding, which needs ``pip install
        sklstm[subword]``. Without effect where X holds the ids of a `SequenceTokenizer`.
    max_features : int or None, default=30_000
        Maximum size of the vocabulary, where X holds texts. Rarer words are unknown.
    lowercase : bool, default=False
        Convert texts to lowercase first, where X holds texts.
    direction : {"forward", "backward"}, default="forward"
        A backward model reads texts from their end to their beginning, and predicts the token
        before. It writes no texts, but two models, one of each direction, can be joined as an
        `encoder`.
    cell : {"lstm", "gru"}, default="lstm"
        The recurrent cell. On a CPU the LSTM runs in a fused kernel and is much faster.
    tie_weights : bool or "auto", default="auto"
        Use the token vectors as the weights of the output layer as well [2]_. States of another
        size are mapped to that of the vectors first. "auto" does so with a full softmax; with an
        adaptive one it is not possible.
    adaptive_softmax : bool, tuple of int or "auto", default="auto"
        Give rare tokens fewer output weights, in clusters that are computed only where they are
        needed [3]_, so that training on large vocabularies takes less time. A tuple gives
        the number of tokens in the first group, in the first two, and so on. True and "auto" mean
        (2_000, 10_000), "auto" for vocabularies of more than 4,000 tokens only.
    input_dropout : float, default=0.2
        Dropout rate of the token vectors.
    hidden_dropout : float, default=0.2
        Dropout rate between recurrent layers.
    recurrent_dropout : float, default=0.2
        Dropout rate of the recurrent weights, drawn once per batch [4]_.
    embedding_dropout : float, default=0.0
        Word dropout rate: the fraction of words whose vectors are left out of each batch [4]_.
    activation_regularization : float, default=0.0
        Factor of a penalty on large hidden states: on their mean square, after dropout [4]_. The
        paper has 2.
    temporal_regularization : float, default=0.0
        Factor of a penalty on the mean squared change of hidden states between steps [4]_. The
        paper has 1.
    average_weights : float, default=0.0
        The last fraction of training whose weights are averaged; their mean is the fitted model
        [4]_, as the paper does with a constant learning rate (``lr_schedule="constant"``). Not in
        `partial_fit`.
    weight_decay : float, default=0.0
        Strength of the L2 penalty, decoupled from the gradient for "adamw".
    bptt_length : int, default=70
        Truncated back-propagation through time: gradients are computed in chunks of that many
        tokens. The state is carried from one chunk to the next, so that the model still reads
        texts as a whole.
    batch_size : int or "auto", default="auto"
        Number of texts that are read side by side. Longer texts than the share of one of them in
        all tokens are cut into parallel parts: of a single book, `batch_size` parts are read at a
        time. "auto" means 64, and fewer, down to 8, where they would hold fewer than 10 chunks
        each: small corpora need small batches for enough training steps.
    optimizer : {"adam", "adamw", "sgd", "rmsprop"}, default="adam"
        The optimizer. "sgd" has a Nesterov momentum of 0.9.
    gradient_clip : float or None, default=1.0
        Maximum gradient norm; None disables clipping.
    lr_schedule : str, default="linear"
        Learning rate schedule over the `max_epochs` epochs; see `LSTMClassifier`. `partial_fit`
        keeps the rate constant.
    shuffle : bool, default=True
        Whether to shuffle the texts, never the tokens in them, in every epoch.
    warm_start : bool, default=False
        Continue training from the current weights at the next `fit`.
    early_stopping : bool, default=False
        Hold out part of the texts (of fewer than 10 texts the last part of each), stop when the
        loss on it no longer decreases, and restore the best weights.
    validation_fraction : float, default=0.1
        Fraction to hold out.
    n_iter_no_change : int, default=2
        Number of epochs without an improvement of at least `tol` after which training stops.
    tol : float, default=1e-4
        Minimum decrease of the validation loss, in nats per token, that counts as an improvement.
    padding_value : float or None, default=None
        Where ids are already padded with another id than 0: that id.
    n_jobs : int or None, default=None
        Number of torch threads; see `LSTMClassifier`.
    device : str, default="auto"
        "auto", "cpu", "cuda", "cuda:1", "mps". "auto" uses a GPU if there is one.
    callbacks : list of skorch callbacks or None, default=None
        Called during training, as described for `LSTMClassifier`. `fit` works with copies, which
        are in `callbacks_` afterwards.
    random_state : int, RandomState instance or None, default=None
        Determines the initial weights, the order of the texts, dropout and what is held out.
    verbose : int or bool, default=0
        Above 0, show a progress bar with loss and remaining time.

    Attributes
    ----------
    vocabulary_ : Vocabulary
        The tokens and their ids; not set where X was ids without a vocabulary.
    tokenizer_ : SequenceTokenizer
        Makes ids of texts, where X was texts; not set otherwise.
    text_classes_ : ndarray of shape (n_labels,) or None
        The labels in y, if there was a y.
    n_features_in_ : int
        1, the number of token ids per step.
    module_ : torch.nn.Module
        The trained network, in evaluation mode.
    callbacks_ : list
        The copies of `callbacks` that training worked with.
    history_ : list of dict
        For every epoch "train_loss" (nats per token, with dropout and penalties), "dur" (seconds)
        and with validation data "valid_loss".
    loss_curve_ : list of float
        The training loss of every epoch.
    n_iter_ : int
        Number of epochs trained, or of calls to `partial_fit`.
    best_epoch_ : int or None
        The epoch, counted from 1, whose weights early stopping restored.

    See Also
    --------
    LSTMClassifier : Starts from a language model with ``encoder=FrozenEstimator(model)``.
    SequenceTokenizer : Converts texts to token ids, where you choose the tokens.

    Notes
    -----
    X is a list of texts, or of sequences of token ids from `SequenceTokenizer`. The id of the start
    is put before each text and the id of the end after it, so that the model learns how texts begin
    and where they end.

    The network is that of AWD-LSTM [4]_: dropout masks that are shared over time, dropout of
    recurrent weights, tied weights, activation penalties and averaged weights. Adam replaces its
    optimizer.

    References
    ----------
    .. [1] Y. Gal, Z. Ghahramani, "A Theoretically Grounded Application of Dropout in
       Recurrent Neural Networks", NeurIPS 2016, section 4.
    .. [2] H. Inan, K. Khosravi, R. Socher, "Tying Word Vectors and Word Classifiers: A Loss
       Framework for Language Modeling", ICLR 2017, section 3.
    .. [3] E. Grave, A. Joulin, M. Cisse, D. Grangier, H. Jegou, "Efficient softmax approximation
       for GPUs", ICML 2017, section 4.
    .. [4] S. Merity, N. S. Keskar, R. Socher, "Regularizing and Optimizing LSTM Language
       Models", ICLR 2018, sections 2 to 4.

    Examples
    --------
    >>> from sklstm import LSTMLanguageModel
    >>> texts = ["The dog barks.", "The cat sleeps.", "A cat sleeps here."] * 20
    >>> model = LSTMLanguageModel(hidden_size=32, embedding_dim=16, random_state=0).fit(texts)
    >>> model.predict(["The dog"])
    array(['barks'], dtype=object)
    >>> model.generate("The dog", temperature=0)
    'The dog barks.'

    Pick one word from each bag, so that they form a sentence:

    >>> bags = [["A", "sleeps"], ["cat", "The"], ["barks", "sleeps"], ["here", "dog"]]
    >>> model.generate(allowed=bags)
    'A cat sleeps here'
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **{name: NETWORK[name] for name in _NETWORK.split()},
        **{name: TRAINING[name] for name in _TRAINING.split()},
        "analyzer": [StrOptions({"word", "char", "subword"})],
        "max_features": [COUNT, None],
        "lowercase": ["boolean"],
        "direction": [StrOptions({"forward", "backward"})],
        "tie_weights": ["boolean", StrOptions({"auto"})],
        "adaptive_softmax": ["boolean", tuple, list, StrOptions({"auto"})],
        "input_dropout": [Range(Real, 0, 1, closed="left")],
        "hidden_dropout": [Range(Real, 0, 1, closed="left")],
        "activation_regularization": [Range(Real, 0, None, closed="left")],
        "temporal_regularization": [Range(Real, 0, None, closed="left")],
        "average_weights": [Range(Real, 0, 1, closed="left")],
        "bptt_length": [COUNT],
        "batch_size": [COUNT, StrOptions({"auto"})],
    }
    # What the base class asks of every estimator
    embeddings = None
    freeze_embeddings = False
    rare_word_dropout = 0.0
    input_type = "tokens"
    _reads_empty = True  # a text without tokens is one, which ends at once

    _network_names = (
        *_NETWORK.split(),
        *"direction tie_weights adaptive_softmax input_dropout hidden_dropout".split(),
    )
    _fingerprint_: str
    text_classes_: np.ndarray | None

    def __init__(
        self,
        # The parameters set most often
        hidden_size: int | tuple[int, ...] = 512,
        num_layers: int = 1,
        *,
        embedding_dim: int = 256,
        dropout: float = 0.2,
        learning_rate: float = 2e-3,
        max_epochs: int | str = "auto",
        # Text
        analyzer: Literal["word", "char", "subword"] = "word",
        max_features: int | None = 30_000,
        lowercase: bool = False,
        direction: str = "forward",
        # Architecture
        cell: str = "lstm",
        tie_weights: bool | str = "auto",
        adaptive_softmax: bool | tuple[int, ...] | str = "auto",
        # Regularisation
        input_dropout: float = 0.2,
        hidden_dropout: float = 0.2,
        recurrent_dropout: float = 0.2,
        embedding_dropout: float = 0.0,
        activation_regularization: float = 0.0,
        temporal_regularization: float = 0.0,
        average_weights: float = 0.0,
        weight_decay: float = 0.0,
        # Optimisation
        bptt_length: int = 70,
        batch_size: int | str = "auto",
        optimizer: str = "adam",
        gradient_clip: float | None = 1.0,
        lr_schedule: str = "linear",
        shuffle: bool = True,
        warm_start: bool = False,
        # Early stopping
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 2,
        tol: float = 1e-4,
        # Runtime
        padding_value: float | None = None,
        n_jobs: int | None = None,
        device: str = "auto",
        callbacks: list[Any] | None = None,
        random_state: int | np.random.RandomState | None = None,
        verbose: int | bool = 0,
    ):
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.embedding_dim = embedding_dim
        self.dropout = dropout
        self.learning_rate = learning_rate
        self.max_epochs = max_epochs
        self.analyzer = analyzer
        self.max_features = max_features
        self.lowercase = lowercase
        self.direction = direction
        self.cell = cell
        self.tie_weights = tie_weights
        self.adaptive_softmax = adaptive_softmax
        self.input_dropout = input_dropout
        self.hidden_dropout = hidden_dropout
        self.recurrent_dropout = recurrent_dropout
        self.embedding_dropout = embedding_dropout
        self.activation_regularization = activation_regularization
        self.temporal_regularization = temporal_regularization
        self.average_weights = average_weights
        self.weight_decay = weight_decay
        self.bptt_length = bptt_length
        self.batch_size = batch_size
        self.optimizer = optimizer
        self.gradient_clip = gradient_clip
        self.lr_schedule = lr_schedule
        self.shuffle = shuffle
        self.warm_start = warm_start
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.padding_value = padding_value
        self.n_jobs = n_jobs
        self.device = device
        self.callbacks = callbacks
        self.random_state = random_state
        self.verbose = verbose

    # Training

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: Any,
        y: Any = None,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
    ) -> Self:
        """Train on texts.

        Parameters
        ----------
        X : list of str, or sequences of token ids, of shape (n_texts,)
            The texts, whole, in a list, array or Series: split into tokens here, as `analyzer`
            says; or ids from `SequenceTokenizer`.
        y : array-like of shape (n_texts,) or None, default=None
            A label for each text, from which the model learns to write texts of each label. One
            time in ten a text is read without its label, so that the model also knows texts of
            any label.
        sample_weight : array-like of shape (n_texts,) or None, default=None
            Weight of each text in the loss.
        X_val, y_val : like X and y, default=None
            Validation data, whose loss is recorded after every epoch; early stopping watches it
            instead of held-out data.

        Returns
        -------
        self : LSTMLanguageModel
            The fitted estimator.

        Raises
        ------
        ValueError, TypeError
            If X, y or a parameter is not as described, or the loss becomes NaN or infinite. An
            earlier fit remains usable then.

        Warns
        -----
        ConvergenceWarning
            If Ctrl-C ended training early; what was learned until then is kept. Within a search,
            an ensemble or a joblib job it raises KeyboardInterrupt instead, which ends them, too.
        """
        return self._fit_trial(X, y, sample_weight, X_val=X_val, y_val=y_val)

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Train for one epoch on some of the texts, continuing from the current weights.

        A corpus that does not fit into memory can be learned part by part, and a long training
        stored after each part. The learning rate is constant; `set_params` changes it.

        Parameters
        ----------
        X : list of str, or sequences of token ids, of shape (n_texts,)
            Some of the texts. Tokens that the first part did not have are unknown; so that none
            is missing, fit a `SequenceTokenizer` on all texts, and pass its ids.
        y : array-like of shape (n_texts,) or None, default=None
            The labels of these texts. The first part needs to have all labels.
        sample_weight : array-like of shape (n_texts,) or None, default=None
            Weight of each text in the loss.

        Returns
        -------
        self : LSTMLanguageModel
            The fitted estimator.

        Raises
        ------
        ValueError, TypeError
            As for `fit`, and with ``early_stopping=True``. The model is unchanged then.
        """
        return self._fit_trial(X, y, sample_weight, partial=True)

    def _read_data(
        self, X: Any, y: Any, sample_weight: Any, *, reset: bool, suffix: str = ""
    ) -> LabelledSequences:
        """Read texts and their labels: each token with the one that follows as its target."""
        try:
            sequences = self._read_tokens(X, reset=reset)
        except (TypeError, ValueError) as error:
            if not suffix:
                raise
            kind = TypeError if isinstance(error, TypeError) else ValueError
            raise kind(f"X{suffix} cannot be used as validation data: {error}") from error
        labels = self._read_labels(y, len(sequences), reset=reset)
        weights = given_weights(sample_weight, len(sequences))
        inputs, targets = self._next_tokens(sequences, labels)
        weights = np.repeat(weights, inputs.lengths)
        weights = scaled(weights, len(inputs))
        return LabelledSequences(inputs, targets, weights, per_step=True)

    def _read_tokens(self, X: Any, *, reset: bool) -> Ragged:
        """Read texts or ids, and learn their form or check it against the learned one."""
        if isinstance(X, str):
            raise ValueError("X is a single text, where a list of texts is needed; pass [X].")
        if isinstance(X, np.ndarray) and X.dtype.kind == "f":
            raise ValueError(
                f"X holds values, of dtype {X.dtype}, but {type(self).__name__} reads texts, or "
                "token ids, which are integers."
            )
        ids = self._as_ids(X, reset=reset) if holds_texts(X) else X
        try:
            sequences = self._read_sequences(ids, reset=reset, empty_texts=False)
        except ValueError as error:
            reason, way, _ = str(error).partition(" Pass input_type=")
            if not way:
                raise
            raise ValueError(reason) from None  # there is no such parameter here
        if sequences.n_features > 1 or sequences.has_bags:
            held = "bags of words" if sequences.has_bags else f"{sequences.n_features} token ids"
            raise ValueError(
                f"X has {held} in each step; {type(self).__name__} predicts one token after the "
                "other."
            )
        return sequences

    def _as_ids(self, texts: Any, *, reset: bool) -> Any:
        """Return texts as token ids, by a tokenizer that is fitted to them if `reset`."""
        tokenizer: Any
        if reset:
            tokenizer = tokenizer_for_language_model(
                self.analyzer, max_features=self.max_features, lowercase=self.lowercase
            )
            ids = tokenizer.fit_transform(texts)
            self.tokenizer_ = tokenizer
            return ids
        tokenizer = getattr(self, "tokenizer_", None)
        if tokenizer is None:
            vocabulary = self._input_.vocabulary
            if vocabulary is None or vocabulary.unit == "subword":
                raise ValueError(
                    "X holds texts, but the model was fitted on token ids; pass what the tokenizer "
                    "of the training data makes of them."
                )
            tokenizer = SequenceTokenizer()
            if vocabulary.unit == "char" or vocabulary.has_compounds:
                tokenizer = tokenizer_for_language_model(vocabulary.unit)
            tokenizer.set_params(vocabulary=vocabulary, lowercase=vocabulary.is_lowercase)
        return as_token_ids(tokenizer, texts)  # an empty text has an end, which is predicted

    def _read_labels(self, y: Any, n_texts: int, *, reset: bool) -> np.ndarray | None:
        """Return the number of the label of each text, from 1; None for texts without labels."""
        if not reset:
            known = self.text_classes_
            if known is None:
                if y is not None:
                    raise ValueError(
                        "y holds labels, but the model was fitted on texts without labels."
                    )
                return None
            if y is None:
                return np.zeros(n_texts, dtype=np.int32)
        if y is None:
            self.text_classes_ = None
            return None
        y = as_container(y, "y")
        check_entries(y, "y")
        check_consistent_length(range(n_texts), y)
        fault = label_fault(as_objects(y))
        if fault is not None:
            raise ValueError(f"y[{fault[0]}] {fault[1]}; every text needs a label, or y=None.")
        labels = np.ravel(np.asarray(y))
        if reset:
            self.text_classes_ = np.unique(labels)
        return self._label_index(labels, "y")

    def _label_index(self, labels: Any, name: str) -> np.ndarray:
        """Return the number of each label, from 1."""
        classes = self.text_classes_
        assert classes is not None
        index = {label: i for i, label in enumerate(classes.tolist(), start=1)}
        found = [index.get(label) for label in np.asarray(labels).tolist()]
        if None in found:
            at = found.index(None)
            raise ValueError(
                f"{name}[{at}] is {plain(labels[at])!r}, which is no label of the texts seen in "
                f"fit; accepted are {classes.tolist()}."
            )
        return np.array(found, dtype=np.int32)

    def _next_tokens(
        self, sequences: Ragged, labels: np.ndarray | None, *, end: bool = True
    ) -> tuple[Ragged, np.ndarray]:
        """Return the inputs of the network, and the next token of every step.

        The id of the start comes before the tokens of a text, and the id of the end after them;
        where a text has them already, no second one is added.
        """
        ids, lengths = sequences.values[:, 0], sequences.lengths
        first = sequences.offsets
        filled = lengths > 0
        begun = np.zeros(len(lengths), dtype=np.int64)
        begun[filled] = ids[first[filled]] == START_ID
        left = lengths - begun
        ended = np.zeros(len(lengths), dtype=np.int64)
        filled = left > 0
        ended[filled] = ids[(first + lengths - 1)[filled]] == END_ID
        n_tokens = left - ended
        rows = ranges(first + begun, n_tokens)
        if self.direction == "backward":
            rows = np.repeat(2 * (first + begun) + n_tokens - 1, n_tokens) - rows
        tokens = ids[rows]
        n_ids = self._input_.n_ids
        tokens = np.where(tokens < n_ids, tokens, UNKNOWN_ID).astype(np.int32)
        inputs = np.insert(tokens, offsets(n_tokens), START_ID)[:, None]
        targets = np.insert(tokens, np.cumsum(n_tokens), END_ID).astype(np.int64)
        if labels is not None:
            column = np.repeat(labels, n_tokens + 1)[:, None].astype(np.int32)
            inputs = np.concatenate([inputs, column], axis=1)
        read = replace(
            sequences,
            values=inputs,
            lengths=n_tokens + 1,
            starts=None,
            width=None,
            cut=None,
            unknown=None,
        )
        return read, targets

    def _hold_out(
        self, data: LabelledSequences, seed: int
    ) -> tuple[LabelledSequences, LabelledSequences]:
        """Split off whole texts, or the last part of each where there are few."""
        n = len(data)
        if n >= _ENOUGH_TEXTS:
            order = np.random.RandomState(seed).permutation(n)
            n_held = max(1, round(n * self.validation_fraction))
            parts = (np.sort(order[n_held:]), np.sort(order[:n_held]))
            train, held_out = (_rescaled(data.take(part)) for part in parts)
            return train, held_out
        lengths = data.sequences.lengths
        n_last = np.maximum(1, np.round(lengths * self.validation_fraction)).astype(np.int64)
        if (lengths - n_last < 1).any():
            i = int(np.flatnonzero(lengths - n_last < 1)[0])
            raise ValueError(
                "early_stopping holds out the last part of each of a few texts, but "
                f"X[{i}] is too short for validation_fraction={self.validation_fraction}."
            )
        return (
            _cut_steps(data, np.zeros(n, dtype=np.int64), lengths - n_last),
            _cut_steps(data, lengths - n_last, n_last),
        )

    def _build_network(self, data: LabelledSequences, seed: int) -> None:
        self._counts = np.bincount(data.targets, minlength=self._input_.n_ids)
        try:
            super()._build_network(data, seed)
        finally:
            del self._counts

    def _build_module(self) -> nn.Module:
        """Build the network. Override this method to change it."""
        n_ids = self._input_.n_ids
        cutoffs = self._cutoffs(n_ids)
        embedding = TokenEmbedding(n_ids, self.embedding_dim, dropout=self.embedding_dropout)
        recurrent = RecurrentStack(
            self.embedding_dim,
            layer_sizes(self.hidden_size, self.num_layers),
            cell=self.cell,
            dropout=self.hidden_dropout,
            recurrent_dropout=self.recurrent_dropout,
            variational_dropout=True,
        )
        size = recurrent.output_size
        output: SoftmaxHead | AdaptiveSoftmaxHead
        if cutoffs is not None:
            output = AdaptiveSoftmaxHead(size, torch.from_numpy(self._counts), cutoffs)
        else:
            output = SoftmaxHead(size, n_ids, embedding if self.tie_weights is not False else None)
        classes = self.text_classes_
        return LanguageModelNetwork(
            embedding,
            recurrent,
            output,
            input_dropout=self.input_dropout,
            output_dropout=self.dropout,
            n_labels=0 if classes is None else len(classes),
        )

    def _cutoffs(self, n_ids: int) -> tuple[int, ...] | None:
        """Return where the clusters of an adaptive softmax begin; None for a full softmax."""
        given = self.adaptive_softmax
        if isinstance(given, tuple | list):
            cutoffs = layer_sizes(given, 1, name="adaptive_softmax")
            if list(cutoffs) != sorted(set(cutoffs)) or cutoffs[-1] >= n_ids - 2:
                raise ValueError(
                    f"adaptive_softmax={plain(given)!r} must be increasing numbers of tokens below "
                    f"{n_ids - 2}, the number of tokens of the vocabulary."
                )
        elif given is False or (given == "auto" and n_ids <= _MANY_TOKENS):
            return None
        else:
            cutoffs = tuple(cutoff for cutoff in _CUTOFFS if cutoff < (n_ids - 2) / 2)
            cutoffs = cutoffs or (max(1, (n_ids - 2) // 4),)
        if self.tie_weights is True:
            raise ValueError(
                "tie_weights=True needs a full softmax, as the clusters of an adaptive softmax "
                f"have smaller weights; got adaptive_softmax={plain(given)!r} and {n_ids} token "
                "ids. Set tie_weights to 'auto' or False, or adaptive_softmax=False."
            )
        return cutoffs

    def _train(
        self,
        data: LabelledSequences,
        validation: LabelledSequences | None,
        seed: int,
        *,
        partial: bool = False,
    ) -> None:
        batch_size = self._resolve_batch_size(data)
        data = in_streams(data, batch_size, self.bptt_length)
        plan = self._plan(
            n_batches=batches_per_epoch(
                data, batch_size, bptt_length=self.bptt_length, shuffle=self.shuffle
            ),
            seed=seed,
            n_tokens=int(data.sequences.lengths.sum()),
            auto_epochs=LANGUAGE,
            partial=partial,
            bptt_length=self.bptt_length,
        )
        plan = replace(plan, batch_size=batch_size)
        outcome = train_language_model(
            self.module_,
            NextTokenLoss(
                self.module_.output,
                activation=self.activation_regularization,
                temporal=self.temporal_regularization,
            ),
            data,
            plan,
            validation=validation,
            average=0.0 if partial else self.average_weights,
            optimizer_state=self._optimizer_state_ if partial else None,
            model=ModelInTraining(self, ask=self._ask_in_training, restore=self._restore_texts),
        )
        became = {
            "batch_size": batch_size,
            "max_epochs": plan.max_epochs,
            "adaptive_softmax": isinstance(self.module_.output, AdaptiveSoftmaxHead),
        }
        self._record_auto(became, partial=partial)
        self._record(outcome, partial=partial)

    def _record(self, outcome: TrainingOutcome, *, partial: bool) -> None:
        super()._record(outcome, partial=partial)
        self._fingerprint_ = fingerprint(self.module_)

    def _resolve_batch_size(self, data: LabelledSequences) -> int:
        """Return the number of texts per training step, "auto" resolved."""
        if self.batch_size != "auto":
            return int(self.batch_size)
        least, most = _BATCH
        n_tokens = int(data.sequences.lengths.sum())
        return max(least, min(most, n_tokens // (_ENOUGH_CHUNKS * self.bptt_length)))

    def _restore_texts(self, samples: Any) -> Any:
        """Return texts that were read as an X to be read again, without their labels."""
        return self._restore_sequences(replace(samples, values=samples.values[:, :1]))

    # Prediction

    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """Return the mean log-likelihood of a token, in nats, which searches maximise.

        The tokens of all texts and the end of each text count. It is minus the cross-entropy, in
        which language models are compared: the greater, the better.

        Parameters
        ----------
        X : list of str, or sequences of token ids, of shape (n_texts,)
            As in `fit`.
        y : array-like of shape (n_texts,) or None, default=None
            The labels of the texts, of a model that was fitted with labels; None for any.
        sample_weight : array-like of shape (n_texts,) or None, default=None
            Weights of the texts: of each of their tokens.

        Returns
        -------
        float
            At most 0.
        """
        inputs, losses = self._score_tokens(X, y)
        weights = np.repeat(given_weights(sample_weight, len(inputs)), inputs.lengths)
        return float(-np.average(losses, weights=weights))

    def perplexity(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """Return the perplexity of texts: the exponential of minus `score`.

        A model with perplexity k is as uncertain about the next token as if it had to choose among
        k equally likely ones.

        Parameters
        ----------
        X : list of str, or sequences of token ids, of shape (n_texts,)
            As in `fit`.
        y : array-like of shape (n_texts,) or None, default=None
            As in `score`.
        sample_weight : array-like of shape (n_texts,) or None, default=None
            As in `score`.

        Returns
        -------
        float
            At least 1.
        """
        return float(np.exp(-self.score(X, y, sample_weight)))

    def score_steps(self, X: Any, y: Any = None) -> np.ndarray:
        """Return the log-likelihood of every token, given those before it.

        Parameters
        ----------
        X : list of str, or sequences of token ids, of shape (n_texts,)
            As in `fit`.
        y : array-like of shape (n_texts,) or None, default=None
            As in `score`.

        Returns
        -------
        ndarray of shape (n_texts,) of ndarray of shape (T_i + 1,)
            In nats, for every token and then for the end of the text; of a backward model from the
            last token to the first, and then for the beginning.
        """
        inputs, losses = self._score_tokens(X, y)
        return split(-losses, inputs.lengths)

    def transform(self, X: Any) -> np.ndarray:
        """Return features of each text: the last, the maximal and the mean hidden state.

        Parameters
        ----------
        X : list of str, or sequences of token ids, of shape (n_texts,)
            As in `fit`.

        Returns
        -------
        ndarray of shape (n_texts, 3 * hidden_size), dtype float32
            Of the states of the last layer after the start of the text and each token: the last
            one, the maximum of each unit, and its mean.
        """
        return self._run(self._pooled, self._read_inputs(X))

    def predict(self, X: Any, top_k: int | None = None) -> np.ndarray:
        """Return the most probable next token of each text.

        Parameters
        ----------
        X : list of str, or sequences of token ids, of shape (n_texts,)
            The beginnings of texts.
        top_k : int or None, default=None
            Return that many tokens, the most probable first. None returns a single one.

        Returns
        -------
        ndarray of shape (n_texts,), or (n_texts, top_k)
            Tokens; ids where the model has no vocabulary. ``"<end>"``, id 3, is the end of the
            text, ``"<unk>"``, id 1, an unknown token.
        """
        ids = self._most_probable(self.predict_proba(X), top_k)
        vocabulary = self._input_.vocabulary
        found = ids if vocabulary is None else vocabulary.words()[ids]
        return found if top_k is not None else found[:, 0]

    def predict_proba(self, X: Any, top_k: int | None = None) -> np.ndarray:
        """Return the probability of each token to be the next one.

        Parameters
        ----------
        X : list of str, or sequences of token ids, of shape (n_texts,)
            The beginnings of texts.
        top_k : int or None, default=None
            Return the probabilities of the `top_k` most probable tokens only, in the order in
            which `predict` returns the tokens.

        Returns
        -------
        ndarray of shape (n_texts, n_ids), or (n_texts, top_k), dtype float32
            A column for each id: that of a token is ``vocabulary_[token]``, id 3 is the end of
            the text, and id 1 an unknown token.
        """
        proba = self._run(self._next_log_probs, self._read_inputs(X))
        np.exp(proba, out=proba)
        if top_k is None:
            return proba
        return np.take_along_axis(proba, self._most_probable(proba, top_k), axis=1)

    def _most_probable(self, proba: np.ndarray, top_k: int | None) -> np.ndarray:
        """Return the ids of the most probable tokens of each row, the most probable one first."""
        k = 1 if top_k is None else whole("top_k", top_k)
        order: np.ndarray = np.argsort(-proba, axis=1, kind="stable")[:, :k]
        return order

    def _read_inputs(self, X: Any, y: Any = None) -> Ragged:
        check_is_fitted(self)
        sequences = self._read_tokens(X, reset=False)
        return self._next_tokens(sequences, self._read_labels(y, len(sequences), reset=False))[0]

    def _score_tokens(self, X: Any, y: Any) -> tuple[Ragged, np.ndarray]:
        """Return inputs, and minus the log-likelihood of the next token of every step."""
        check_is_fitted(self)
        sequences = self._read_tokens(X, reset=False)
        labels = self._read_labels(y, len(sequences), reset=False)
        inputs, targets = self._next_tokens(sequences, labels)
        # The targets go along as a further column of the inputs.
        both = np.concatenate([inputs.values, targets[:, None].astype(np.int32)], axis=1)
        losses = self._run(self._losses, replace(inputs, values=both), per_step=True)
        return inputs, losses.astype(np.float64)

    def _run(
        self, forward: Callable[..., Tensor], sequences: Ragged, *, per_step: bool = False
    ) -> np.ndarray:
        device = resolve_device(self.device, fallback=True)
        return predict_rows(
            self.module_, forward, sequences, device=device, n_jobs=self.n_jobs, per_step=per_step
        )

    def _chunks(self, inputs: Tensor, lengths: Tensor, *, exact: bool = False) -> Iterator[Chunk]:
        """Read a batch chunk by chunk, so that a long text needs little memory.

        The state is right for texts that have ended, too, only if it is to be `exact`.
        """
        module = self.module_
        state = module.initial_state(len(inputs))
        for start in range(0, inputs.shape[1], _CHUNK):
            rows = torch.nonzero(lengths > start).flatten()
            own = (lengths[rows] - start).clamp(max=_CHUNK)
            steps = inputs[rows, start : start + int(own.max())]  # (rows, chunk, columns)
            outputs, after = module.forward_from(steps, own, take_rows(state, rows), exact=exact)
            state = put_rows(state, rows, after)
            yield Chunk(rows, start, own, outputs.states, state)

    def _losses(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return minus the log-likelihood of the last column, ``(batch, time)``."""
        found = torch.zeros(inputs.shape[:2], device=inputs.device)
        for chunk in self._chunks(inputs[:, :, :-1], lengths):
            mask = chunk.mask()
            stop = chunk.start + mask.shape[1]
            targets = inputs[chunk.rows, chunk.start : stop, -1]
            block = torch.zeros(mask.shape, device=inputs.device)
            block[mask] = self.module_.output.losses(chunk.states[mask], targets[mask]).float()
            found[chunk.rows, chunk.start : stop] = block
        return found

    def _last_states(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return the state after the last step of each text, ``(batch, hidden)``."""
        last: Tensor | None = None
        for chunk in self._chunks(inputs, lengths):
            found = chunk.last()
            last = found if last is None else last.index_copy(0, chunk.rows, found)
        assert last is not None  # every text has a step
        return last

    def _next_log_probs(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        log_probs: Tensor = self.module_.output.log_probs(self._last_states(inputs, lengths))
        return log_probs

    def _pooled(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return the last, the maximal and the mean state of each text, ``(batch, 3 * hidden)``."""
        parts: list[Tensor] = []
        for chunk in self._chunks(inputs, lengths):
            mask = chunk.mask()[:, :, None]
            found = [
                chunk.last(),
                chunk.states.masked_fill(~mask, -torch.inf).amax(dim=1),
                (chunk.states * mask).sum(dim=1),
            ]  # (rows, hidden) each
            if not parts:
                parts = found
                continue
            found[1] = torch.maximum(parts[1][chunk.rows], found[1])
            found[2] = parts[2][chunk.rows] + found[2]
            parts = [p.index_copy(0, chunk.rows, f) for p, f in zip(parts, found, strict=True)]
        parts[2] = parts[2] / lengths[:, None]
        return torch.cat(parts, dim=1)

    # Generation

    def generate(
        self,
        prompt: Any = None,
        n_tokens: int = 100,
        *,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        allowed: Any = None,
        beam_width: int = 1,
        label: Any = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> Any:
        """Write texts, token by token.

        Parameters
        ----------
        prompt : str, list of str, token ids or None, default=None
            What the text begins with; several prompts are continued side by side, each as if it
            were alone. None begins a new text.
        n_tokens : int, default=100
            Maximum number of tokens to write. A text ends before where the model ends it.
        temperature : float, default=1.0
            Log-probabilities are divided by this number. Below 1, texts are more predictable, above
            1 more varied. 0 always takes the most probable token.
        top_k : int or None, default=None
            Draw from the `top_k` most probable tokens only.
        top_p : float or None, default=None
            Draw from the most probable tokens whose probabilities add up to `top_p`, in (0, 1],
            only (nucleus sampling [1]_).
        allowed : list of lists of str, or of int, default=None
            Take one token from each of these bags, in their order: the most likely sequence of
            tokens is searched, and `temperature`, `top_k`, `top_p` and `n_tokens` have no effect.
            Tokens that the model does not know are left out.
        beam_width : int, default=1
            With `allowed`: number of beginnings that beam search keeps at each position. 1 takes
            the most likely token of each bag, given those before it.
        label : label, list of labels or None, default=None
            Write texts of this label, of a model that was fitted with labels; a list has one for
            each prompt, or, with ``prompt=None``, for each text to write.
        random_state : int, RandomState instance or None, default=None
            Determines what is drawn. Pass an int for the same texts at every call.

        Returns
        -------
        str, or list of str
            The prompt and what follows, for a list of prompts a list. Tokens are joined as a person
            would write them. Arrays of ids where the model has no vocabulary.

        Raises
        ------
        ValueError, TypeError
            If a prompt, or a bag of `allowed`, has no token that the model knows, a parameter is
            out of range, or the model has ``direction="backward"``.

        References
        ----------
        .. [1] A. Holtzman, J. Buys, L. Du, M. Forbes, Y. Choi, "The Curious Case of Neural Text
           Degeneration", ICLR 2020, section 3.1.

        Examples
        --------
        >>> from sklstm import LSTMLanguageModel
        >>> texts = ["good fine film", "bad poor film"] * 30
        >>> model = LSTMLanguageModel(hidden_size=24, embedding_dim=12, random_state=0)
        >>> model.fit(texts, ["pos", "neg"] * 30).generate(label="neg", temperature=0)
        'Bad poor film'
        """
        check_is_fitted(self)
        if self.direction == "backward":
            raise ValueError(
                "generate writes from left to right, but this model has direction='backward'; fit "
                "one with direction='forward'."
            )
        prompts, one = self._read_prompts(prompt, label)
        labels = self._labels_of_prompts(label, len(prompts))
        n_tokens = whole("n_tokens", n_tokens, 0)
        if allowed is None:
            if beam_width != 1:
                raise ValueError(
                    f"beam_width={beam_width!r} is for the search among allowed tokens; without "
                    "allowed= set it to 1."
                )
            settings = {"temperature": temperature, "top_k": top_k, "top_p": top_p}
            written = self._sample(prompts, labels, n_tokens, settings, random_state)
        else:
            given = {"temperature": (temperature, 1.0), "top_k": (top_k, None)}
            given |= {"top_p": (top_p, None), "n_tokens": (n_tokens, 100)}
            for name, (value, default) in given.items():
                if value != default:
                    raise ValueError(
                        f"{name}={value!r} has no effect with allowed=, where the most likely "
                        "token of each bag is searched; leave it out."
                    )
            written = self._choose(prompts, labels, self._read_bags(allowed), beam_width)
        vocabulary = self._input_.vocabulary
        results: list[Any] = []
        for start, new in zip(prompts, written, strict=True):
            if vocabulary is None:
                results.append(np.concatenate([start, np.array(new, dtype=np.int32)]))
                continue
            words = vocabulary.words()
            begun = words[np.where(start < len(words), start, UNKNOWN_ID)].tolist()
            ended = [token if isinstance(token, str) else words[token] for token in new]
            results.append(join_tokens([*begun, *ended], vocabulary))
        return results[0] if one else results

    def _read_prompts(self, prompt: Any, label: Any) -> tuple[list[np.ndarray], bool]:
        """Return the ids of each prompt, and whether a single text is asked for."""
        several_labels = isinstance(label, list | tuple | np.ndarray)
        if prompt is None:
            n = len(label) if several_labels else 1
            return [np.empty(0, dtype=np.int32)] * n, not several_labels
        one = isinstance(prompt, str) or (isinstance(prompt, TokenArray) and prompt.dtype != object)
        if not hasattr(prompt, "__len__"):
            raise TypeError(
                f"prompt must be a text, a list of texts, token ids or None; got {prompt!r}."
            )
        X = [prompt] if one else prompt
        sequences = self._read_tokens(X, reset=False)
        n_ids = self._input_.n_ids
        prompts = []
        for i in range(len(sequences)):
            ids = sequences[i][:, 0]
            ids = ids[~np.isin(ids, (START_ID, END_ID))]
            known = (ids != UNKNOWN_ID) & (ids < n_ids)
            if len(ids) and not known.any():
                raise ValueError(
                    f"prompt[{i}] has no word that the model knows: {plain(X[i])!r}. Begin with "
                    "words of its vocabulary_, or pass prompt=None."
                )
            prompts.append(np.where(ids < n_ids, ids, UNKNOWN_ID).astype(np.int32))
        return prompts, one

    def _labels_of_prompts(self, label: Any, n_prompts: int) -> np.ndarray | None:
        """Return the number of the label of each text to write; 0 for any."""
        if self.text_classes_ is None:
            if label is not None:
                raise ValueError(
                    f"label={plain(label)!r}, but the model was fitted without labels; fit(X, y) "
                    "learns to write texts of each label."
                )
            return None
        if label is None:
            return np.zeros(n_prompts, dtype=np.int32)
        several = isinstance(label, list | tuple | np.ndarray)
        labels = list(label) if several else [label] * n_prompts
        if len(labels) != n_prompts:
            raise ValueError(f"label holds {len(labels)} labels for {n_prompts} prompts.")
        return self._label_index(labels, "label")

    @contextmanager
    def _writing(self, n_texts: int) -> Iterator[None]:
        """Run the body as predictions are run; a few rows need a single thread."""
        module, device = self.module_, resolve_device(self.device, fallback=True)
        move_to(module, device)
        n_jobs = 1 if n_texts < 64 else self.n_jobs
        with evaluation_mode(module), fast_cpu(n_jobs), torch.inference_mode(), TRUSTED:
            yield

    def _begin(self, prompts: list[np.ndarray], labels: np.ndarray | None) -> tuple[Tensor, State]:
        """Return log-probabilities of the token after each prompt, and the state there."""
        lengths = np.array([len(prompt) for prompt in prompts])
        ids = np.concatenate(prompts)[:, None]
        sequences = Ragged(ids, lengths, is_tokens=True)
        inputs, _ = self._next_tokens(sequences, labels)
        block, steps = to_tensors(inputs, np.arange(len(inputs)), self._device)
        last: Tensor | None = None
        for chunk in self._chunks(block, steps, exact=True):
            found, state = chunk.last(), chunk.after
            last = found if last is None else last.index_copy(0, chunk.rows, found)
        assert last is not None  # the id of the start is there
        return self._log_probs(last), state

    def _log_probs(self, states: Tensor) -> Tensor:
        """Return the log-probabilities of the next token, never of an unknown one."""
        log_probs: Tensor = self.module_.output.log_probs(states).float()
        log_probs[:, UNKNOWN_ID] = -torch.inf
        return log_probs

    def _advance(self, ids: Tensor, labels: Tensor | None, state: State) -> tuple[Tensor, State]:
        """Read a token of each text; return what `_begin` returns."""
        columns = ids[:, None] if labels is None else torch.stack([ids, labels], dim=1)
        inputs = columns[:, None].long()  # (texts, 1, columns)
        lengths = torch.ones(len(ids), dtype=torch.long, device=ids.device)
        outputs, state = self.module_.forward_from(inputs, lengths, state)
        return self._log_probs(outputs.states[:, 0]), state

    @property
    def _device(self) -> torch.device:
        return next(self.module_.parameters()).device

    def _sample(
        self,
        prompts: list[np.ndarray],
        labels: np.ndarray | None,
        n_tokens: int,
        settings: dict[str, Any],
        random_state: Any,
    ) -> list[list[int]]:
        """Draw the tokens after each prompt, up to the end of the text."""
        rng = check_random_state(random_state)
        seeds = rng.randint(np.iinfo(np.int32).max, size=len(prompts)).tolist()
        generators = [torch.Generator().manual_seed(seed) for seed in seeds]
        written: list[list[int]] = [[] for _ in prompts]
        with self._writing(len(prompts)):
            log_probs, state = self._begin(prompts, labels)
            numbers = None if labels is None else torch.from_numpy(labels).to(self._device)
            alive = list(range(len(prompts)))
            for left in range(n_tokens, 0, -1):
                own = [generators[i] for i in alive]
                ids = sample_tokens(log_probs, own, **settings)
                for i, token in zip(alive, ids.tolist(), strict=True):
                    if token != END_ID:
                        written[i].append(token)
                going = torch.nonzero(ids != END_ID).flatten()
                if not len(going) or left == 1:
                    break
                if len(going) < len(alive):
                    alive = [alive[i] for i in going.tolist()]
                    ids, state = ids[going], take_rows(state, going)
                    numbers = None if numbers is None else numbers[going]
                log_probs, state = self._advance(ids, numbers, state)
        return written

    def _choose(
        self,
        prompts: list[np.ndarray],
        labels: np.ndarray | None,
        bags: list[dict[int, str]],
        beam_width: int,
    ) -> list[list[Any]]:
        """Choose a token from each bag, after each prompt."""
        allowed = [list(bag) for bag in bags]
        results: list[list[Any]] = []
        with self._writing(len(prompts)):
            for i, prompt in enumerate(prompts):
                own = None if labels is None else labels[i : i + 1]

                def step(
                    ids: Tensor, state: State, own: np.ndarray | None = own
                ) -> tuple[Tensor, State]:
                    numbers = None
                    if own is not None:
                        numbers = torch.full_like(ids, int(own[0]))
                    return self._advance(ids, numbers, state)

                log_probs, state = self._begin([prompt], own)
                found, _ = constrained_search(
                    step, log_probs, state, [allowed], beam_width=beam_width
                )
                results.append([bag[token] for bag, token in zip(bags, found[0], strict=True)])
        return results

    def _read_bags(self, allowed: Any) -> list[dict[int, Any]]:
        """Return for each bag the ids in it, with the words that they were given as."""
        if isinstance(allowed, str) or not hasattr(allowed, "__len__") or not len(allowed):
            raise ValueError(
                f"allowed={plain(allowed)!r} must be a list of bags, each a list of words, such as "
                "[['the', 'a'], ['dog', 'cat']]."
            )
        vocabulary = self._input_.vocabulary
        bags: list[dict[int, Any]] = []
        for i, given in enumerate(allowed):
            if isinstance(given, str) or not hasattr(given, "__iter__"):
                raise TypeError(
                    f"allowed[{i}] is {plain(given)!r}, but must be a list of words: [{given!r}]."
                )
            bag: dict[int, Any] = {}
            for word in given:
                token = self._id_of(word, vocabulary)
                if token is not None:
                    bag.setdefault(token, word if isinstance(word, str) else token)
            if not bag:
                raise ValueError(
                    f"allowed[{i}] has no token that the model knows: {plain(list(given))!r}."
                )
            bags.append(bag)
        return bags

    def _id_of(self, word: Any, vocabulary: Vocabulary | None) -> int | None:
        """Return the id of a token, given as a word or an id; None if it is not known."""
        if isinstance(word, str):
            if vocabulary is None:
                raise TypeError(
                    f"allowed holds the word {word!r}, but the model was fitted on ids without "
                    "their words; give ids."
                )
            for form in (word, word.lower()):
                if form in vocabulary:
                    return vocabulary[form]
            return None
        if isinstance(word, bool) or not isinstance(word, Integral):
            raise TypeError(f"allowed holds {word!r}; a token is a word or an id, an int.")
        return int(word) if N_RESERVED <= int(word) < self._input_.n_ids else None

    # Streams

    def stream(
        self,
        n_sequences: int | None = None,
        *,
        response_method: str = "predict",
        state: SequenceState | None = None,
    ) -> SequenceStream:
        """Return an object that reads a text token by token, and predicts the next one.

        Parameters
        ----------
        n_sequences : int or None, default=None
            Number of texts that are read in parallel. None means a single one, for which steps and
            results have no axis for texts.
        response_method : {"predict", "predict_proba", "predict_log_proba"}, default="predict"
            What is returned after each token.
        state : SequenceState or None, default=None
            The state of another stream, to continue from. None starts a text.

        Returns
        -------
        SequenceStream
            With the methods ``step``, which takes the id of a token, ``feed``, ``reset`` and
            ``close``.

        Raises
        ------
        ValueError
            If the model has ``direction="backward"``, or `state` is not of this model.
        """
        check_is_fitted(self)
        if self.direction == "backward":
            raise ValueError(
                "stream() reads from left to right, but this model has direction='backward'."
            )
        model = copy.copy(self)
        model.module_ = NextTokenOutputs(self.module_)
        return SequenceStream(model, n_sequences, response_method, state)

    @property
    def _target_(self) -> NextToken:
        """What a stream asks for the results of its methods."""
        return NextToken(self._input_.vocabulary)

    def _read_X(self, X: Any, *, in_pieces: bool = False) -> Ragged:
        """Read tokens, for a stream."""
        return self._read_sequences(X, reset=False, in_pieces=in_pieces)

    def _initial_state(self, state: SequenceState | None, n_sequences: int) -> State:
        """Return the state after the start of a text, or the user's, checked."""
        device = resolve_device(self.device, fallback=True)
        module: Any = self.module_.to(device)
        if state is not None:
            check_state(state, module.state_sizes(), self._fingerprint_, n_sequences)
            return state.tensors(device)
        start = torch.full((n_sequences, 1, 1), START_ID, device=device)
        lengths = torch.ones(n_sequences, dtype=torch.long, device=device)
        with evaluation_mode(module), torch.inference_mode():
            begun: State = module.forward_from(start, lengths, module.initial_state(n_sequences))[1]
        return begun

    def _export_state(self, state: State) -> SequenceState:
        """Return a state of the network as the user gets it."""
        return SequenceState.of(self.module_, state, self._fingerprint_)

    # What scikit-learn and `summary` ask

    def _layer_rows(self) -> list[LayerRow]:
        module = self.module_
        size = module.recurrent.output_size
        rows = [
            ("embedding", module.embedding, f"(batch, time, {module.embedding.weight.shape[1]})"),
            ("labels", getattr(module, "labels", None), "added"),
            ("recurrent", module.recurrent, f"(batch, time, {size})"),
            ("output", module.output, f"(batch, time, {self._input_.n_ids})"),
        ]
        return [
            (name, type(part).__name__, shape, trained_parameters(part))
            for name, part, shape in rows
            if part is not None
        ]

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.target_tags.required = False
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags

    @property
    def _n_features_out(self) -> int:
        return 3 * int(self.module_.recurrent.output_size)


@dataclass(frozen=True)
class Chunk:
    """Some consecutive steps of a batch.

    Attributes
    ----------
    rows : Tensor of shape (rows,)
        The texts that reach this chunk; all in the first one.
    start : int
        Index of its first step.
    lengths : Tensor of shape (rows,)
        Number of steps of each text in this chunk.
    states : Tensor of shape (rows, steps, hidden)
        The hidden states of the last layer.
    after : tuple of Tensor of shape (batch, hidden_size)
        The state of all texts after this chunk.
    """

    rows: Tensor
    start: int
    lengths: Tensor
    states: Tensor
    after: State

    def last(self) -> Tensor:
        """Return the last state of each text in this chunk, ``(rows, hidden)``."""
        at = (self.lengths - 1)[:, None, None].expand(-1, 1, self.states.shape[2])
        return self.states.gather(1, at)[:, 0]

    def mask(self) -> Tensor:
        """Return which steps are not padding, ``(rows, steps)``."""
        steps = torch.arange(self.states.shape[1], device=self.states.device)
        return steps < self.lengths[:, None]


def _cut_steps(
    data: LabelledSequences, begin: np.ndarray, lengths: np.ndarray
) -> LabelledSequences:
    """Return some consecutive steps of each text."""
    rows = ranges(data.target_offsets + begin, lengths)
    sequences = data.sequences.with_rows(rows, lengths)
    part = LabelledSequences(sequences, data.targets[rows], data.weights[rows], per_step=True)
    return _rescaled(part)


def _rescaled(data: LabelledSequences) -> LabelledSequences:
    """Return data whose weights add up to the number of texts, as the loss needs them."""
    return replace(data, weights=scaled(data.weights, len(data)))


class NextTokenOutputs(nn.Module):
    """A language model whose outputs are log-probabilities, as a stream needs them."""

    def __init__(self, module: LanguageModelNetwork):
        super().__init__()
        self.module = module
        self.train(module.training)

    def state_sizes(self) -> list[tuple[str, int]]:
        """Return the name and size of each part of the state."""
        return self.module.state_sizes()

    def initial_state(self, n_sequences: int) -> State:
        """Return the state before the first step."""
        return self.module.initial_state(n_sequences)

    def forward_from(self, inputs: Tensor, lengths: Tensor, state: State) -> tuple[Tensor, State]:
        """Return log-probabilities, ``(batch, time, n_ids)``, and the state after the steps."""
        if self.module.labels is not None:
            inputs = torch.cat([inputs, torch.zeros_like(inputs)], dim=2)
        outputs, state = self.module.forward_from(inputs, lengths, state)
        log_probs = self.module.output.log_probs(outputs.states.flatten(0, 1))
        return log_probs.unflatten(0, outputs.states.shape[:2]), state


class NextToken:
    """How log-probabilities become the results of a stream.

    Parameters
    ----------
    vocabulary : Vocabulary or None
        The words of the ids.
    """

    per_step = True

    def __init__(self, vocabulary: Vocabulary | None):
        self.vocabulary = vocabulary

    def decoder(self, method: str, output: Any) -> Decoder:
        """Return the decoder of a response method."""
        decoders: dict[str, Callable[[np.ndarray], Any]] = {
            "predict": self._tokens,
            "predict_proba": np.exp,
            "predict_log_proba": np.asarray,
        }
        if method not in decoders:
            raise ValueError(f"response_method={method!r} must be one of {sorted(decoders)}.")
        return Decoder(decoders[method])

    def _tokens(self, log_probs: np.ndarray) -> np.ndarray:
        ids = log_probs.argmax(axis=-1)
        return ids if self.vocabulary is None else self.vocabulary.words()[ids]
