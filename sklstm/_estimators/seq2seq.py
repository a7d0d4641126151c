"""LSTMSeq2Seq."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from numbers import Number, Real
from typing import Any, ClassVar, Literal, Self

import numpy as np
import torch
from sklearn.base import _fit_context
from sklearn.utils import Tags, check_consistent_length
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import check_is_fitted
from torch import nn

from sklstm._estimators.base import (
    IncrementalEstimator,
    LayerRow,
    check_validation,
    holdout_split,
    trained_parameters,
    value_moments,
)
from sklstm._estimators.params import COUNT, NETWORK, TRAINING, Range, layer_sizes
from sklstm._estimators.texts import as_token_ids, holds_texts
from sklstm._keywords import ExplainedKeywords
from sklstm._sequences import (
    END_ID,
    N_RESERVED,
    START_ID,
    InputSpec,
    Ragged,
    TokenArray,
    Vocabulary,
    as_container,
    as_objects,
    as_ragged,
    check_entries,
    join_tokens,
    locate,
    object_array,
    offsets,
    plain,
    ranges,
)
from sklstm._targets import given_weights, scaled
from sklstm._training import (
    TRANSDUCTION,
    PairBatches,
    SequencePairs,
    attention_of,
    batches_per_epoch,
    predict_sequences,
    resolve_device,
    target_log_likelihoods,
    train_seq2seq,
)
from sklstm.nn import RecurrentStack, Seq2SeqNetwork, SoftmaxHead, Standardize, TokenEmbedding
from sklstm.nn.checks import whole
from sklstm.preprocessing import SequenceTokenizer
from sklstm.preprocessing.text import tokenizer_for_language_model

# Token vectors are drawn between minus this and this: ten times as large as Keras draws them, which
# lets attention find out earlier where to look.
_VECTORS = 0.5
# "auto" lets predictions be this much longer than the longest training target.
_LONGER = 1.5

_NETWORK = "hidden_size num_layers bidirectional cell embedding_dim dropout recurrent_dropout"
_TRAINING = (
    "max_epochs random_state input_type padding_value optimizer learning_rate weight_decay "
    "gradient_clip lr_schedule batch_size shuffle warm_start early_stopping validation_fraction "
    "n_iter_no_change tol n_jobs device callbacks verbose"
)


class LSTMSeq2Seq(ExplainedKeywords, IncrementalEstimator):
    """Map sequences to sequences of tokens of another length, with an encoder-decoder LSTM.

    It learns from pairs: sentences and their translations, dates as people write them and in a
    standard format, words and their pronunciation, commands and what they mean. X holds texts,
    token ids or series of values, y texts or token ids. The encoder reads a sequence; the decoder
    writes the other one token by token, with attention to all steps that were read.

    The first seven parameters are the ones that most users set. The others follow by topic: text
    (`analyzer` to `lowercase`), architecture (`cell` and `bidirectional`), regularisation
    (`recurrent_dropout` and `weight_decay`), optimisation (`teacher_forcing` to `warm_start`),
    early stopping (`early_stopping` to `tol`) and runtime (`input_type` to `verbose`).

    Parameters
    ----------
    hidden_size : int or tuple of int, default=128
        Number of units of each recurrent layer, of the encoder (per direction) and of the decoder
        alike. A tuple gives each layer its own number.
    num_layers : int, default=1
        Number of stacked recurrent layers, where `hidden_size` is one number.
    attention : bool, default=True
        Whether the decoder looks at all states of the encoder at each step, and learns where
        (Luong's global attention with a bilinear score [1]_). False: it only knows the last
        state of the encoder, which it starts from and reads again at each step [2]_; this
        is Keras' RepeatVector, and enough for short sequences only.
    embedding_dim : int, default=64
        Dimensionality of the token vectors.
    dropout : float, default=0.1
        Dropout rate of the token vectors, between recurrent layers, and before the output layer.
    learning_rate : float, default=5e-3
        Initial learning rate of the optimizer.
    max_epochs : int or "auto", default="auto"
        Number of passes over the training data. "auto" makes about 4,000 training steps, and not
        more than 20 million tokens are read and written in all: at least 4 epochs, and at most
        200.
    analyzer : {"char", "word", "subword"}, default="char"
        What a token of a text is, in X as in y, where they hold texts: a character; a word, number
        or punctuation mark; or a subword by byte-pair encoding, which needs ``pip install
        sklstm[subword]``. Without effect on ids of a `SequenceTokenizer`.
    max_features : int or None, default=30_000
        Maximum size of each vocabulary, that of X and that of y, where they hold texts. Rarer
        words are unknown, and never written.
    lowercase : bool, default=False
        Convert texts to lowercase first, those of y, too.
    max_length : int or "auto", default="auto"
        Maximum number of tokens of a prediction. "auto" means half as many again as the longest
        training target has.
    cell : {"lstm", "gru"}, default="lstm"
        The recurrent cell. On a CPU the LSTM runs in a fused kernel and is much faster.
    bidirectional : bool, default=True
        Whether the encoder reads in both directions.
    recurrent_dropout : float, default=0.0
        Dropout rate of the recurrent weights, drawn once per batch.
    weight_decay : float, default=0.0
        Strength of the L2 penalty, decoupled from the gradient for "adamw".
    teacher_forcing : float, default=1.0
        In training the decoder reads the true token before each step, with this probability at
        the end of training. Below 1 the probability declines linearly from 1 to it, and the
        decoder reads its own prediction otherwise, as it does later (scheduled sampling [3]_);
        steps are then computed one after the other, which takes several times as long. In
        `partial_fit` the probability is constant.
    batch_size : int, default=64
        Number of pairs per training step.
    optimizer : {"adam", "adamw", "sgd", "rmsprop"}, default="adam"
        The optimizer. "sgd" has a Nesterov momentum of 0.9.
    gradient_clip : float or None, default=1.0
        Maximum gradient norm; None disables clipping.
    lr_schedule : str, default="linear"
        Learning rate schedule over the `max_epochs` epochs; see `LSTMClassifier`. `partial_fit`
        keeps the rate constant.
    shuffle : bool, default=True
        Whether to shuffle the pairs in every epoch.
    warm_start : bool, default=False
        Continue training from the current weights at the next `fit`, with the vocabularies of the
        first one.
    early_stopping : bool, default=False
        Hold out part of the pairs, stop when the loss on it no longer decreases, and restore the
        best weights.
    validation_fraction : float, default=0.1
        Fraction to hold out.
    n_iter_no_change : int, default=5
        Number of epochs without an improvement of at least `tol` after which training stops.
    tol : float, default=1e-4
        Minimum decrease of the validation loss, in nats per token, that counts as an improvement.
    input_type : {"auto", "tokens", "values"}, default="auto"
        What numbers in X are. "auto" reads what `SequenceTokenizer` returns as token ids, and
        other numbers as values, which are standardised. Numbers in y are always token ids.
    padding_value : float or None, default=None
        Where sequences in X are already padded: the value, or the id if it is not 0. In y the id 0
        is padding.
    n_jobs : int or None, default=None
        Number of torch threads; see `LSTMClassifier`.
    device : str, default="auto"
        "auto", "cpu", "cuda", "cuda:1", "mps". "auto" uses a GPU if there is one.
    callbacks : list of skorch callbacks or None, default=None
        Called during training; those that ask for predictions or scores of data have none to ask
        for here. `fit` works with copies, which are in `callbacks_` afterwards.
    random_state : int, RandomState instance or None, default=None
        Determines the initial weights, the order of the pairs, dropout and what is held out.
    verbose : int or bool, default=0
        Above 0, show a progress bar with loss and remaining time.

    Attributes
    ----------
    vocabulary_ : Vocabulary
        The tokens of X and their ids; not set where X was values, or ids without a vocabulary.
    target_vocabulary_ : Vocabulary
        The tokens of y and their ids; not set where y was ids without a vocabulary.
    tokenizer_ : SequenceTokenizer
        Makes ids of the texts in X; not set where X held none.
    target_tokenizer_ : SequenceTokenizer
        Makes ids of the texts in y; not set where y held none.
    max_length_ : int
        Maximum number of tokens of a prediction.
    n_features_in_ : int
        Number of features, or of token ids, per step of X.
    module_ : torch.nn.Module
        The trained network, in evaluation mode.
    callbacks_ : list
        The copies of `callbacks` that training worked with.
    history_ : list of dict
        For every epoch "train_loss" (nats per token, with dropout), "dur" (seconds) and with
        validation data "valid_loss".
    loss_curve_ : list of float
        The training loss of every epoch.
    n_iter_ : int
        Number of epochs trained, or of calls to `partial_fit`.
    best_epoch_ : int or None
        The epoch, counted from 1, whose weights early stopping restored.

    See Also
    --------
    LSTMTagger : One label for every step of a sequence.
    LSTMLanguageModel : Learns which token follows, from texts alone.
    LSTMForecaster : Forecasts the next values of series.

    Notes
    -----
    The id of the end is put after each target, so that the network learns how long targets are.
    In training all steps of the decoder are computed at once, as each reads the true token before.

    Many steps of training may pass before attention finds out where to look; then the loss falls
    quickly. If it has not fallen by the end of training, train longer, or on more pairs.

    References
    ----------
    .. [1] M.-T. Luong, H. Pham, C. D. Manning, "Effective Approaches to Attention-based Neural
       Machine Translation", EMNLP 2015, section 3.1.
    .. [2] K. Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder for
       Statistical Machine Translation", EMNLP 2014, section 2.2; I. Sutskever, O. Vinyals, Q. V.
       Le, "Sequence to Sequence Learning with Neural Networks", NeurIPS 2014, section 2.
    .. [3] S. Bengio et al., "Scheduled Sampling for Sequence Prediction with Recurrent Neural
       Networks", NeurIPS 2015, section 2.4.

    Examples
    --------
    >>> from sklstm import LSTMSeq2Seq
    >>> X = [f"{day}.{month}." for day in range(1, 29) for month in range(1, 13)]
    >>> y = [f"{month:02}-{day:02}" for day in range(1, 29) for month in range(1, 13)]
    >>> model = LSTMSeq2Seq(hidden_size=32, max_epochs=30, random_state=0).fit(X, y)
    >>> model.predict(["24.12.", "3.7."])
    array(['12-24', '07-03'], dtype=object)
    >>> weights = model.attention_weights(["24.12."])[0]
    >>> weights.shape  # a row for each token written, a column for each token read
    (5, 6)
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **{name: NETWORK[name] for name in _NETWORK.split()},
        **{name: TRAINING[name] for name in _TRAINING.split()},
        "attention": ["boolean"],
        "analyzer": [StrOptions({"char", "word", "subword"})],
        "max_features": [COUNT, None],
        "lowercase": ["boolean"],
        "max_length": [COUNT, StrOptions({"auto"})],
        "teacher_forcing": [Range(Real, 0, 1, closed="both")],
    }
    freeze_embeddings = False  # what the training plan asks of every estimator
    _network_names = (*_NETWORK.split(), "attention")

    target_vocabulary_: Vocabulary
    _targets_: InputSpec  # the form of y
    _moments_: tuple[np.ndarray, np.ndarray] | None  # mean and scale of values; None of tokens

    def __init__(
        self,
        # The parameters set most often
        hidden_size: int | tuple[int, ...] = 128,
        num_layers: int = 1,
        *,
        attention: bool = True,
        embedding_dim: int = 64,
        dropout: float = 0.1,
        learning_rate: float = 5e-3,
        max_epochs: int | str = "auto",
        # Text
        analyzer: Literal["char", "word", "subword"] = "char",
        max_features: int | None = 30_000,
        lowercase: bool = False,
        max_length: int | str = "auto",
        # Architecture
        cell: str = "lstm",
        bidirectional: bool = True,
        # Regularisation
        recurrent_dropout: float = 0.0,
        weight_decay: float = 0.0,
        # Optimisation
        teacher_forcing: float = 1.0,
        batch_size: int = 64,
        optimizer: str = "adam",
        gradient_clip: float | None = 1.0,
        lr_schedule: str = "linear",
        shuffle: bool = True,
        warm_start: bool = False,
        # Early stopping
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 5,
        tol: float = 1e-4,
        # Runtime
        input_type: Literal["auto", "tokens", "values"] = "auto",
        padding_value: float | None = None,
        n_jobs: int | None = None,
        device: str = "auto",
        callbacks: list[Any] | None = None,
        random_state: int | np.random.RandomState | None = None,
        verbose: int | bool = 0,
    ):
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.attention = attention
        self.embedding_dim = embedding_dim
        self.dropout = dropout
        self.learning_rate = learning_rate
        self.max_epochs = max_epochs
        self.analyzer = analyzer
        self.max_features = max_features
        self.lowercase = lowercase
        self.max_length = max_length
        self.cell = cell
        self.bidirectional = bidirectional
        self.recurrent_dropout = recurrent_dropout
        self.weight_decay = weight_decay
        self.teacher_forcing = teacher_forcing
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
        self.input_type = input_type
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
        y: Any,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
    ) -> Self:
        """Train on pairs of sequences.

        Parameters
        ----------
        X : list of str, sequences of token ids, or sequences of values, of shape (n_samples,)
            What is read: texts, in a list, array or Series, which are split into tokens here, as
            `analyzer` says; ids from `SequenceTokenizer`; or values, a list of arrays of shape
            (T_i,) or (T_i, n_features), or an array of shape (n_samples, T) or (n_samples, T,
            n_features).
        y : list of str, or sequences of token ids, of shape (n_samples,)
            What is to be written: texts, or ids from `SequenceTokenizer`, or others from 4 on. The
            two kinds may be combined with each kind of X. An empty one is a target that ends at
            once.
        sample_weight : array-like of shape (n_samples,) or None, default=None
            Weight of each pair in the loss.
        X_val, y_val : like X and y, default=None
            Validation data, whose loss is recorded after every epoch; early stopping watches it
            instead of held-out data.

        Returns
        -------
        self : LSTMSeq2Seq
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
        check_validation(X_val, y_val)
        return self._fit_trial(X, y, sample_weight, X_val=X_val, y_val=y_val)

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train for one epoch on some of the pairs, continuing from the current weights.

        The learning rate is constant; `set_params` changes it. The vocabularies, and the scale of
        values, are those of the first call.

        Parameters
        ----------
        X, y : sequences of shape (n_samples,)
            Some of the pairs, as in `fit`. Tokens of texts that the first part did not have are
            unknown; so that none is missing, fit a `SequenceTokenizer` on all texts, and pass its
            ids.
        sample_weight : array-like of shape (n_samples,) or None, default=None
            Weight of each pair in the loss.

        Returns
        -------
        self : LSTMSeq2Seq
            The fitted estimator.

        Raises
        ------
        ValueError, TypeError
            As for `fit`, and with ``early_stopping=True``. The model is unchanged then.
        """
        return self._fit_trial(X, y, sample_weight, partial=True)

    def _read_data(
        self, X: Any, y: Any, sample_weight: Any, *, reset: bool, suffix: str = ""
    ) -> SequencePairs:
        """Read sequences and targets; errors name them X and y with a suffix."""
        if y is None:
            raise ValueError(
                f"{type(self).__name__} requires y to be passed, but the target y is None."
            )
        with _renamed("X", f"X{suffix}"):
            sources = self._read_sources(X, reset=reset)
        tokens, lengths = self._read_targets(y, len(sources), reset=reset, name=f"y{suffix}")
        weights = given_weights(sample_weight, len(sources))
        return _rescaled(_with_ends(sources, tokens, lengths, weights))

    def _read_sources(self, X: Any, *, reset: bool) -> Ragged:
        """Read texts, ids or values, and learn their form or check it against the learned one."""
        if isinstance(X, str):
            raise ValueError("X is a single text, where a list of texts is needed; pass [X].")
        if not holds_texts(X):
            return self._read_sequences(X, reset=reset)
        if self.input_type == "values":
            raise ValueError("X holds texts, but input_type='values' was set; set it to 'auto'.")
        if reset:
            self.tokenizer_ = self._new_tokenizer()
            return self._read_sequences(as_token_ids(self.tokenizer_, X, fit=True), reset=True)
        tokenizer = getattr(self, "tokenizer_", None)
        if tokenizer is None:
            held = "token ids" if self._input_.is_tokens else "values"
            raise ValueError(
                f"X holds texts, but the model was fitted on {held}; pass {held}, made as those of "
                "the training data were."
            )
        return self._read_sequences(as_token_ids(tokenizer, X), reset=False)

    def _new_tokenizer(self) -> SequenceTokenizer:
        return tokenizer_for_language_model(
            self.analyzer, max_features=self.max_features, lowercase=self.lowercase
        )

    def _read_targets(
        self, y: Any, n_samples: int, *, reset: bool, name: str = "y"
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the tokens of all targets, concatenated, and their lengths.

        Learns the form of targets, or checks it against the learned one.
        """
        if isinstance(y, str):
            raise ValueError(f"{name} is a single text, where a list of texts is needed.")
        y = as_container(y, name)
        check_entries(y, name)
        check_consistent_length(range(n_samples), y)
        _check_items(y, name)
        with _renamed("X", name):
            y = self._target_ids(y, reset=reset) if holds_texts(y, name) else y
            read = as_ragged(
                y,
                input_type="tokens",
                estimator_name=type(self).__name__,
                empty_texts=False,
                empty_sequences=True,
            )
            if read.n_features > 1:
                raise ValueError(
                    f"X has {read.n_features} token ids in each step; {type(self).__name__} writes "
                    "one token after the other."
                )
            tokens, lengths = _inner_tokens(read)
            if reset:
                if not len(tokens):
                    raise ValueError(
                        f"X holds empty targets only ({len(lengths)}), and no token to learn."
                    )
                self._targets_ = InputSpec.of(read)
                if read.vocabulary is None:
                    _refuse_reserved(tokens, lengths)
                else:
                    self.target_vocabulary_ = read.vocabulary
            else:
                self._targets_.check(read, type(self).__name__)
                self._check_known(tokens, lengths)
        return tokens, lengths

    def _target_ids(self, y: Any, *, reset: bool) -> Any:
        """Return target texts as token ids."""
        if reset:
            if not any(as_objects(y).flat):
                raise ValueError(f"X holds empty targets only ({len(y)}), and no token to learn.")
            self.target_tokenizer_ = self._new_tokenizer()
            return as_token_ids(self.target_tokenizer_, y, fit=True)
        tokenizer = getattr(self, "target_tokenizer_", None)
        if tokenizer is None:
            raise ValueError(
                "X holds texts, but the targets in fit were token ids; pass what the tokenizer of "
                "the training targets makes of them."
            )
        return as_token_ids(tokenizer, y)

    def _check_known(self, tokens: np.ndarray, lengths: np.ndarray) -> None:
        """Raise ValueError if a target holds an id that those in `fit` did not have."""
        bad = np.flatnonzero(tokens >= self._targets_.n_ids)
        if len(bad):
            i, step = locate(int(bad[0]), lengths)
            raise ValueError(
                f"X[{i}] holds the token id {tokens[bad[0]]} at token {step}, but the targets in "
                f"fit had ids up to {self._targets_.n_ids - 1}."
            )

    def _hold_out(self, data: SequencePairs, seed: int) -> tuple[SequencePairs, SequencePairs]:
        parts = holdout_split(
            len(data),
            self.validation_fraction,
            strategy="auto",
            strata=None,
            groups=None,
            seed=seed,
        )
        train, held_out = (_rescaled(data.take(part)) for part in parts)
        return train, held_out

    def _build_network(self, data: SequencePairs, seed: int) -> None:
        sources = data.sources
        self._moments_ = None
        if not sources.is_tokens:
            self._moments_ = value_moments(
                sources, sources.row_weights(data.weights, per_step=False)
            )
        super()._build_network(data, seed)

    def _build_module(self) -> nn.Module:
        """Build the network. Override this method to change it."""
        source: nn.Module
        if self._moments_ is None:
            spec = self._input_
            source = self._build_vectors(spec.n_ids, average=spec.has_bags)
            size = self.embedding_dim * (1 if spec.has_bags else spec.n_features)
        else:
            source, size = Standardize(*self._moments_), self._input_.n_features
        sizes = layer_sizes(self.hidden_size, self.num_layers)
        options: dict[str, Any] = {
            "cell": self.cell,
            "dropout": self.dropout,
            "recurrent_dropout": self.recurrent_dropout,
        }
        encoder = RecurrentStack(size, sizes, bidirectional=self.bidirectional, **options)
        n_read = self.embedding_dim + (0 if self.attention else encoder.output_size)
        n_ids = self._targets_.n_ids
        return Seq2SeqNetwork(
            source,
            encoder,
            self._build_vectors(n_ids),
            RecurrentStack(n_read, sizes, **options),
            SoftmaxHead(sizes[-1], n_ids),
            attention=self.attention,
            dropout=self.dropout,
        )

    def _build_vectors(self, n_ids: int, *, average: bool = False) -> TokenEmbedding:
        weight = torch.empty(n_ids, self.embedding_dim).uniform_(-_VECTORS, _VECTORS)
        return TokenEmbedding(n_ids, self.embedding_dim, weight=weight, average=average)

    def _train(
        self,
        data: SequencePairs,
        validation: SequencePairs | None,
        seed: int,
        *,
        partial: bool = False,
    ) -> None:
        n_tokens = int(data.target_lengths.sum())
        if data.sources.is_tokens:
            n_tokens += int(data.sources.lengths.sum())
        plan = self._plan(
            n_batches=batches_per_epoch(data, int(self.batch_size)),
            seed=seed,
            n_tokens=n_tokens,
            auto_epochs=TRANSDUCTION,
            partial=partial,
        )
        batches = PairBatches(
            data,
            plan.batch_size,
            plan.device,
            plan.order(),
            teaching=self._teaching(partial=partial),
            n_epochs=plan.max_epochs,
        )
        watched = None
        if validation is not None:
            watched = PairBatches(validation, plan.batch_size, plan.device, None, by_length=True)
        outcome = train_seq2seq(
            self.module_,
            batches,
            plan,
            validation=watched,
            optimizer_state=self._optimizer_state_ if partial else None,
        )
        self._resolve_max_length(data)
        became = {"max_length": self.max_length_, "max_epochs": plan.max_epochs}
        self._record_auto(became, partial=partial)
        self._record(outcome, partial=partial)

    def _teaching(self, *, partial: bool) -> Callable[[float], float] | None:
        """Return the probability of true tokens by the fraction of the training that is done."""
        last = float(self.teacher_forcing)
        if last == 1.0:
            return None
        return lambda done: last if partial else 1.0 - (1.0 - last) * min(1.0, done)

    def _resolve_max_length(self, data: SequencePairs) -> None:
        """Set the maximum length of predictions; that of earlier training, if it is more."""
        if self.max_length != "auto":
            self.max_length_ = int(self.max_length)
            return
        longest = math.ceil(_LONGER * (int(data.target_lengths.max()) - 1))
        self.max_length_ = max(longest, getattr(self, "max_length_", 0))

    # Prediction

    def predict(self, X: Any, n_beams: int = 1) -> np.ndarray:
        """Write the sequence that each sequence is mapped to.

        Parameters
        ----------
        X : list of str, sequences of token ids, or sequences of values, of shape (n_samples,)
            What is read, as in `fit`.
        n_beams : int, default=1
            Number of hypotheses that beam search keeps at each step, to find the sequence whose
            tokens are the most probable on average. 1 takes the most probable token at each step,
            which is faster.

        Returns
        -------
        ndarray of shape (n_samples,), dtype object
            Texts where y was texts. Characters and subwords give texts such as y had; words are
            separated by spaces as in English. Otherwise an array of ids for each sequence, as a
            `TokenArray` where y had a vocabulary. Unknown tokens are never written.

        Raises
        ------
        ValueError, TypeError
            If X is not as described, or `n_beams` is not a number of at least 1.
        """
        check_is_fitted(self)
        n_beams = whole("n_beams", n_beams)
        found = self._written(self._read_sources(X, reset=False), n_beams)
        vocabulary = self._targets_.vocabulary
        if vocabulary is None:
            return object_array(found)
        if not hasattr(self, "target_tokenizer_"):
            return TokenArray(found, vocabulary)
        return object_array(join_tokens(ids, vocabulary, capitalize=False) for ids in found)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the fraction of targets that are predicted exactly, token by token.

        One wrong token makes the whole prediction count as wrong; `score_samples` says how
        probable targets are.

        Parameters
        ----------
        X : list of str, sequences of token ids, or sequences of values, of shape (n_samples,)
            What is read, as in `fit`.
        y : list of str, or sequences of token ids, of shape (n_samples,)
            The true targets. Those with a token that the training targets did not have are never
            predicted.
        sample_weight : array-like of shape (n_samples,) or None, default=None
            Weights of the samples.

        Returns
        -------
        float
            From 0 to 1.
        """
        data = self._read_scoring(X, y, sample_weight)
        first, lengths = data.target_offsets, data.target_lengths - 1
        found = self._written(data.sources, 1)
        hits = [
            np.array_equal(ids, data.targets[start : start + n])
            for ids, start, n in zip(found, first, lengths, strict=True)
        ]
        return float(np.average(hits, weights=data.weights))

    def score_samples(self, X: Any, y: Any) -> np.ndarray:
        """Return the log-likelihood of each target, given its sequence.

        Parameters
        ----------
        X : list of str, sequences of token ids, or sequences of values, of shape (n_samples,)
            What is read, as in `fit`.
        y : list of str, or sequences of token ids, of shape (n_samples,)
            The targets.

        Returns
        -------
        ndarray of shape (n_samples,)
            In nats: the sum over the tokens of a target and its end.
        """
        data = self._read_scoring(X, y, None)
        return target_log_likelihoods(self.module_, data, **self._run_options())

    def attention_weights(self, X: Any, y: Any = None) -> np.ndarray:
        """Return which steps of a sequence the decoder looks at as it writes each token.

        Parameters
        ----------
        X : list of str, sequences of token ids, or sequences of values, of shape (n_samples,)
            What is read, as in `fit`.
        y : list of str, or sequences of token ids, of shape (n_samples,), or None, default=None
            What is written. None means what `predict` returns.

        Returns
        -------
        ndarray of shape (n_samples,) of ndarray of shape (n_tokens, n_steps), dtype float32
            For each token of y a row that adds up to 1, with a column for each step, or each token
            of a text, of X.

        Raises
        ------
        ValueError
            If the model was fitted with ``attention=False``.
        """
        check_is_fitted(self)
        if not self._network_["attention"]:
            raise ValueError(
                "attention_weights needs attention, but the model was fitted with "
                "attention=False; set attention=True, and fit."
            )
        sources = self._read_sources(X, reset=False)
        if y is not None:
            tokens, lengths = self._read_targets(y, len(sources), reset=False)
        else:
            found = self._written(sources, 1)
            lengths = np.array([len(ids) for ids in found], dtype=np.int64)
            tokens = np.concatenate(found).astype(np.int64)
        data = _with_ends(sources, tokens, lengths, np.ones(len(sources)))
        return object_array(attention_of(self.module_, data, **self._run_options()))

    def _read_scoring(self, X: Any, y: Any, sample_weight: Any) -> SequencePairs:
        """Read sequences and their true targets, for a fitted estimator."""
        check_is_fitted(self)
        return self._read_data(X, y, sample_weight, reset=False)

    def _written(self, sources: Ragged, n_beams: int) -> list[np.ndarray]:
        """Return the ids of the most probable target of each sequence."""
        return predict_sequences(
            self.module_,
            sources,
            n_beams=n_beams,
            max_length=self.max_length_,
            **self._run_options(),
        )

    def _run_options(self) -> dict[str, Any]:
        return {"device": resolve_device(self.device, fallback=True), "n_jobs": self.n_jobs}

    # What scikit-learn and `summary` ask

    def _layer_rows(self) -> list[LayerRow]:
        network = self.module_
        read, written = network.encoder.output_size, network.decoder.output_size
        shapes = {
            "source": f"(batch, time, {network.encoder.input_size})",
            "encoder": f"(batch, time, {read})",
            "bridge": f"(batch, {network.bridge.out_features})",
            "target": f"(batch, steps, {network.target.weight.shape[1]})",
            "decoder": f"(batch, steps, {written})",
            "attention": f"(batch, steps, {written})",
            "output": f"(batch, steps, {self._targets_.n_ids})",
        }
        parts = dict(network.named_children())
        return [
            (name, type(parts[name]).__name__, shape, trained_parameters(parts[name]))
            for name, shape in shapes.items()
            if name in parts
        ]

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.three_d_array = True
        tags.target_tags.required = True
        return tags


@contextmanager
def _renamed(name: str, other: str) -> Iterator[None]:
    """Let errors name an argument of another name than the one that reads it has."""
    try:
        yield
    except (TypeError, ValueError) as error:
        if name == other:
            raise
        kind = TypeError if isinstance(error, TypeError) else ValueError
        message = re.sub(rf"\b{name}\b", other, str(error))
        if other.startswith("y"):  # for which there is no such parameter
            message = message.partition(" Pass input_type=")[0]
        raise kind(message) from error


def _check_items(y: Any, name: str) -> None:
    """Raise ValueError for numbers, and for lists of words, in the place of texts or token ids."""
    if len(getattr(y, "shape", ())) > 1:  # padded ids, or a column of sequences
        return
    for i, item in enumerate(y):
        if i == 0 and isinstance(item, str | bytes):  # texts, which the tokenizer checks
            return
        if isinstance(item, str | bytes):
            raise ValueError(
                f"{name}[{i}] is the text {item[:40]!r}, but {name}[0] is none; pass texts only, "
                "or token ids only."
            )
        if isinstance(item, Number):
            raise ValueError(
                f"{name}[{i}] is {plain(item)!r}, a single number, where a text or a sequence of "
                "token ids is needed. To write numbers digit by digit pass them as texts: "
                f"[str(number) for number in {name}]."
            )
        word = next(iter(item), None) if isinstance(item, list | tuple | np.ndarray) else None
        if isinstance(word, str):
            raise ValueError(
                f"{name}[{i}] is a list of strings, such as {plain(word)!r}. Join them to a text, "
                "which is split as `analyzer` says, or pass their ids: "
                f"SequenceTokenizer(analyzer=list).fit_transform({name})."
            )


def _inner_tokens(read: Ragged) -> tuple[np.ndarray, np.ndarray]:
    """Return the ids of targets, concatenated, without a start and an end, and their lengths."""
    ids, first, lengths = read.values[:, 0].astype(np.int64), read.offsets, read.lengths
    filled = np.flatnonzero(lengths)
    begun = np.zeros(len(lengths), dtype=np.int64)
    begun[filled] = ids[first[filled]] == START_ID
    ended = np.zeros(len(lengths), dtype=np.int64)
    filled = np.flatnonzero(lengths > begun)
    ended[filled] = ids[(first + lengths - 1)[filled]] == END_ID
    own = lengths - begun - ended
    return ids[ranges(first + begun, own)], own


def _refuse_reserved(tokens: np.ndarray, lengths: np.ndarray) -> None:
    """Raise ValueError for a start or an end within targets, which ids from 0 on would hold."""
    bad = np.flatnonzero((tokens == START_ID) | (tokens == END_ID))
    if len(bad):
        i, step = locate(int(bad[0]), lengths)
        raise ValueError(
            f"X[{i}] holds the id {tokens[bad[0]]} at token {step}, which stands for the "
            f"{'start' if tokens[bad[0]] == START_ID else 'end'} of a sequence; ids of your own "
            f"begin with {N_RESERVED}. Add {N_RESERVED} to ids that count from 0."
        )


def _with_ends(
    sources: Ragged, tokens: np.ndarray, lengths: np.ndarray, weights: np.ndarray
) -> SequencePairs:
    """Return pairs with the id of the end after each target."""
    ends = np.cumsum(lengths)
    return SequencePairs(sources, np.insert(tokens, ends, END_ID), lengths + 1, weights)


def _rescaled(data: SequencePairs) -> SequencePairs:
    """Return pairs whose weights add up, over all tokens, to the number of pairs."""
    per_token = scaled(np.repeat(data.weights, data.target_lengths), len(data))
    return replace(data, weights=per_token[offsets(data.target_lengths)])
