"""LSTMLanguageModel."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any, ClassVar, Self

import numpy as np
import torch
from sklearn.base import TransformerMixin, _fit_context
from sklearn.utils import check_consistent_length
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import check_is_fitted
from torch import Tensor, nn

from sklstm._estimators.base import (
    NamedFeatures,
    Seeds,
    TrainedEstimator,
)
from sklstm._estimators.params import COUNT, NETWORK, TRAINING, Range, layer_sizes
from sklstm._estimators.stream import fingerprint
from sklstm._keywords import ExplainedKeywords
from sklstm._sequences import (
    END_ID,
    START_ID,
    UNKNOWN_ID,
    Ragged,
    as_container,
    as_objects,
    check_entries,
    label_fault,
    offsets,
    plain,
    ranges,
    split,
)
from sklstm._targets import given_weights, refuse_changes, scaled
from sklstm._training import (
    LANGUAGE,
    LabelledSequences,
    ModelInTraining,
    TrainingOutcome,
    batches_per_epoch,
    copied_callbacks,
    in_streams,
    plan_from,
    predict_rows,
    release,
    resolve_device,
    train_language_model,
)
from sklstm.nn import (
    AdaptiveSoftmaxHead,
    LanguageModelNetwork,
    NextTokenLoss,
    RecurrentStack,
    SoftmaxHead,
    TokenEmbedding,
)
from sklstm.nn.state import put_rows, take_rows

# With more tokens "auto" takes an adaptive softmax, whose head holds the first of these numbers
# of tokens, and whose clusters end at the others.
_MANY_TOKENS, _CUTOFFS = 4_000, (2_000, 10_000)
# Long texts are read in chunks of this many steps in prediction, which bounds the memory.
_CHUNK = 512
# From so many texts on, whole texts are held out; of fewer the last part of each.
_ENOUGH_TEXTS = 10

_NETWORK = "hidden_size num_layers cell embedding_dim dropout recurrent_dropout embedding_dropout"
_TRAINING = (
    "max_epochs random_state padding_value optimizer learning_rate weight_decay gradient_clip "
    "lr_schedule batch_size shuffle warm_start early_stopping validation_fraction "
    "n_iter_no_change tol n_jobs device callbacks verbose"
)


class LSTMLanguageModel(ExplainedKeywords, NamedFeatures, TransformerMixin, TrainedEstimator):
    """Learn from texts without labels which token follows, and write new ones.

    A language model reads a text token by token, words or characters, and gives the probability
    of each token that may come next.

    Examples
    --------
    >>> from sklstm import LSTMLanguageModel, SequenceTokenizer
    >>> texts = ["the dog barks", "the cat sleeps"] * 50
    >>> tokens = SequenceTokenizer().fit_transform(texts)
    >>> model = LSTMLanguageModel(hidden_size=16, embedding_dim=8, random_state=0).fit(tokens)
    >>> model.perplexity(tokens) < 2
    True
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **{name: NETWORK[name] for name in _NETWORK.split()},
        **{name: TRAINING[name] for name in _TRAINING.split()},
        "direction": [StrOptions({"forward", "backward"})],
        "tie_weights": ["boolean", StrOptions({"auto"})],
        "adaptive_softmax": ["boolean", tuple, list, StrOptions({"auto"})],
        "input_dropout": [Range(Real, 0, 1, closed="left")],
        "hidden_dropout": [Range(Real, 0, 1, closed="left")],
        "activation_regularization": [Range(Real, 0, None, closed="left")],
        "temporal_regularization": [Range(Real, 0, None, closed="left")],
        "average_weights": [Range(Real, 0, 1, closed="left")],
        "bptt_length": [COUNT],
    }
    # What the base class asks of every estimator
    embeddings = None
    freeze_embeddings = False
    rare_word_dropout = 0.0
    input_type = "tokens"

    _fingerprint_: str
    _network_: dict[str, Any]
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
        batch_size: int = 64,
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
        """Train on texts."""
        warm = self.warm_start and hasattr(self, "module_")
        if warm:
            self._check_same_network()
        trial = self._trial(keep_fitted=warm)
        seeds = Seeds.draw(self.random_state)
        data = trial._read_texts(X, y, sample_weight, reset=not warm)
        validation = None
        if X_val is not None:
            validation = trial._read_texts(X_val, y_val, None, reset=False, name="X_val")
        elif self.early_stopping:
            data, validation = trial._hold_out(data, seeds.split)
        if warm:
            seeds = seeds.after(self.n_iter_)
        else:
            trial._build_network(data, seeds.module)
        trial._train(data, validation, seeds.training)
        return self._adopt(trial)

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Train for an epoch on some of the texts, continuing from the current weights."""
        first = not hasattr(self, "module_")
        if self.early_stopping:
            raise ValueError(
                "partial_fit does not support early_stopping=True, as it sees a part of the data "
                "at a time; set early_stopping=False, or call fit."
            )
        if not first:
            self._check_same_network()
        trial = self._trial(keep_fitted=not first)
        seeds = Seeds.draw(self.random_state)
        data = trial._read_texts(X, y, sample_weight, reset=first)
        if first:
            trial._build_network(data, seeds.module)
        else:
            seeds = seeds.after(self.n_iter_)
        trial._train(data, None, seeds.training, partial=True)
        return self._adopt(trial)

    def _read_texts(
        self, X: Any, y: Any, sample_weight: Any, *, reset: bool, name: str = "X"
    ) -> LabelledSequences:
        """Read texts and their labels: each token with the one that follows as its target."""
        try:
            sequences = self._read_tokens(X, reset=reset)
        except (TypeError, ValueError) as error:
            if name == "X":
                raise
            kind = TypeError if isinstance(error, TypeError) else ValueError
            raise kind(f"{name} cannot be used as validation data: {error}") from error
        labels = self._read_labels(y, len(sequences), reset=reset)
        weights = given_weights(sample_weight, len(sequences))
        inputs, targets = self._next_tokens(sequences, labels)
        weights = np.repeat(weights, inputs.lengths)
        weights = scaled(weights, len(inputs))
        return LabelledSequences(inputs, targets, weights, per_step=True)

    def _read_tokens(self, X: Any, *, reset: bool) -> Ragged:
        """Read X, and learn its form or check it against the learned one."""
        sequences = self._read_sequences(X, reset=reset, empty_texts=False)
        if sequences.n_features > 1 or sequences.has_bags:
            held = "bags of words" if sequences.has_bags else f"{sequences.n_features} token ids"
            raise ValueError(
                f"X has {held} in each step; {type(self).__name__} predicts one token after the "
                "other."
            )
        return sequences

    @property
    def _per_step(self) -> bool:
        return True  # a text without tokens is one, which ends at once

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
            return data.take(np.sort(order[n_held:])), data.take(np.sort(order[:n_held]))
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
        """Build the network, and record from which parameters."""
        self._counts = np.bincount(data.targets, minlength=self._input_.n_ids)
        try:
            self.module_ = self._seeded_module(seed)
        finally:
            del self._counts
        self._network_ = self._network_parameters()

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

    def _network_parameters(self) -> dict[str, Any]:
        """Return the parameters that define the network, as plain values that can be compared."""
        names = (*_NETWORK.split(), "direction", "tie_weights", "adaptive_softmax")
        names = (*names, "input_dropout", "hidden_dropout")
        values = {name: plain(getattr(self, name)) for name in names}
        return {name: tuple(v) if isinstance(v, list) else v for name, v in values.items()}

    def _check_same_network(self) -> None:
        """Raise ValueError if a parameter has changed that only a new network would heed."""
        refuse_changes(self._network_parameters(), self._network_)

    def _train(
        self,
        data: LabelledSequences,
        validation: LabelledSequences | None,
        seed: int,
        *,
        partial: bool = False,
    ) -> None:
        """Train `module_` in place, and record how it went."""
        data = in_streams(data, self.batch_size, self.bptt_length)
        callbacks = copied_callbacks(self.callbacks)
        plan = plan_from(
            self,
            n_batches=batches_per_epoch(
                data, self.batch_size, bptt_length=self.bptt_length, shuffle=self.shuffle
            ),
            seed=seed,
            n_tokens=int(data.sequences.lengths.sum()),
            auto_epochs=LANGUAGE,
            partial=partial,
            n_epochs_done=getattr(self, "n_iter_", 0),
            early_stopping=self.early_stopping and validation is not None,
            n_iter_no_change=self.n_iter_no_change,
            tol=self.tol,
            bptt_length=self.bptt_length,
            callbacks=callbacks,
        )
        self.callbacks_ = callbacks
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
            optimizer_state=getattr(self, "_optimizer_state_", None) if partial else None,
            model=ModelInTraining(self, ask=self._ask_in_training, restore=self._restore_texts),
        )
        self._auto_ = {}
        if self.max_epochs == "auto" and not partial:
            self._auto_["max_epochs"] = plan.max_epochs
        if self.adaptive_softmax == "auto":
            adaptive = isinstance(self.module_.output, AdaptiveSoftmaxHead)
            self._auto_["adaptive_softmax"] = adaptive
        release(self.callbacks_, self.callbacks, self.module_)
        self._record(outcome, partial=partial)

    def _record(self, outcome: TrainingOutcome, *, partial: bool) -> None:
        """Set the fitted attributes that training leaves."""
        earlier = getattr(self, "history_", [])
        self.history_ = [*earlier, *outcome.history]
        self.loss_curve_ = [row["train_loss"] for row in self.history_]
        self.n_iter_ = len(self.history_)
        best = outcome.best_epoch
        self.best_epoch_ = None if best is None else len(earlier) + best
        self._optimizer_state_ = outcome.optimizer_state if partial else None
        self._fingerprint_ = fingerprint(self.module_)

    def _restore_texts(self, samples: Any) -> Any:
        """Return texts that were read as an X to be read again, without their labels."""
        return self._restore_sequences(replace(samples, values=samples.values[:, :1]))

    # Prediction

    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """Return the mean log-likelihood of a token, which searches maximise."""
        inputs, losses = self._score_tokens(X, y)
        weights = np.repeat(given_weights(sample_weight, len(inputs)), inputs.lengths)
        return float(-np.average(losses, weights=weights))

    def perplexity(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """Return the perplexity: the exponential of minus `score`."""
        return float(np.exp(-self.score(X, y, sample_weight)))

    def score_steps(self, X: Any, y: Any = None) -> np.ndarray:
        """Return the log-likelihood of every token, given those before it."""
        inputs, losses = self._score_tokens(X, y)
        return split(-losses, inputs.lengths)

    def transform(self, X: Any) -> np.ndarray:
        """Return features of each text: the last, the maximal and the mean hidden state."""
        return self._run(self._pooled, self._read_inputs(X))

    def predict(self, X: Any, top_k: int | None = None) -> np.ndarray:
        """Return the most probable next token of each text."""
        ids = self._most_probable(self.predict_proba(X), top_k)
        vocabulary = self._input_.vocabulary
        found = ids if vocabulary is None else vocabulary.words()[ids]
        return found if top_k is not None else found[:, 0]

    def predict_proba(self, X: Any, top_k: int | None = None) -> np.ndarray:
        """Return the probability of each token to be the next one."""
        proba = self._run(self._next_log_probs, self._read_inputs(X))
        np.exp(proba, out=proba)
        if top_k is None:
            return proba
        return np.take_along_axis(proba, self._most_probable(proba, top_k), axis=1)

    def _most_probable(self, proba: np.ndarray, top_k: int | None) -> np.ndarray:
        """Return the ids of the most probable tokens of each row, the most probable one first."""
        k = 1 if top_k is None else int(top_k)
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

    def _chunks(self, inputs: Tensor, lengths: Tensor) -> Iterator[Chunk]:
        """Read a batch chunk by chunk, so that a long text needs little memory."""
        module = self.module_
        state = module.initial_state(len(inputs))
        for start in range(0, inputs.shape[1], _CHUNK):
            rows = torch.nonzero(lengths > start).flatten()
            own = (lengths[rows] - start).clamp(max=_CHUNK)
            steps = inputs[rows, start : start + int(own.max())]  # (rows, chunk, columns)
            outputs, after = module.forward_from(steps, own, take_rows(state, rows), exact=False)
            state = put_rows(state, rows, after)
            yield Chunk(rows, start, own, outputs.states)

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
            at = (chunk.lengths - 1)[:, None, None].expand(-1, 1, chunk.states.shape[2])
            found = chunk.states.gather(1, at)[:, 0]  # (rows, hidden)
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
            at = (chunk.lengths - 1)[:, None, None].expand(-1, 1, chunk.states.shape[2])
            found = [
                chunk.states.gather(1, at)[:, 0],
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
    """

    rows: Tensor
    start: int
    lengths: Tensor
    states: Tensor

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
    return LabelledSequences(sequences, data.targets[rows], data.weights[rows], per_step=True)
