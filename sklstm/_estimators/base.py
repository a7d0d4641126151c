"""What the estimators share: the template of fit and predict, the fit transaction, the seeds."""

from __future__ import annotations

import copy
import warnings
from abc import ABCMeta, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
import torch
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
)
from sklearn.model_selection import GroupShuffleSplit, ShuffleSplit, StratifiedShuffleSplit
from sklearn.utils import Tags, check_consistent_length, check_random_state
from sklearn.utils.validation import _check_feature_names, check_is_fitted
from torch import Tensor, nn

from sklstm._callers import caller_level
from sklstm._estimators.params import NETWORK, TRAINING, layer_sizes
from sklstm._estimators.stream import SequenceState, SequenceStream, check_state, fingerprint
from sklstm._sequences import (
    InputSpec,
    Ragged,
    Vocabulary,
    as_ragged,
    check_nothing_cut,
    embedding_matrix,
    flatten_steps,
    split,
    target_errors,
)
from sklstm._targets import Target, given_step_weights, given_weights, scaled
from sklstm._training import (
    LabelledSequences,
    TrainingOutcome,
    batches_per_epoch,
    evaluation_mode,
    frozen_epochs,
    plan_from,
    predict_from,
    predict_rows,
    resolve_device,
    seeded_build,
    to_cpu,
    train,
)
from sklstm.nn import (
    CharacterConvolution,
    ConvolutionPool,
    RecurrentStack,
    SequenceNetwork,
    StepConvolution,
    TokenEmbedding,
    WordCharacterEmbedding,
    make_pooling,
)
from sklstm.nn.state import State, put_rows, take_rows

# Steps of the sequence that a summary runs the network on: enough to find the pooling size from the
# number of steps left; fewer where a step is large.
_SUMMARY_STEPS, _SUMMARY_LARGE_STEPS, _LARGE = 840, 60, 256


@dataclass(frozen=True)
class Seeds:
    """One seed for each random draw of a fit, so that none depends on how another draws."""

    module: int
    training: int
    split: int

    @classmethod
    def draw(cls, random_state: Any) -> Seeds:
        """Draw the seeds from the parameter `random_state`."""
        rng = check_random_state(random_state)
        return cls(*(int(seed) for seed in rng.randint(np.iinfo(np.int32).max, size=3)))

    def after(self, n_epochs: int) -> Seeds:
        """Return the seeds for continued training: other masks and another order."""
        return replace(self, training=self.training + n_epochs)


class TrainedEstimator(BaseEstimator):
    """An estimator with a network `module_`, whose fit is a transaction.

    A fit works on a copy, and hands its fitted attributes over once training has ended: an error
    leaves the estimator as it was.
    """

    module_: Any  # a user may have brought any torch module
    vocabulary_: Vocabulary
    embedding_coverage_: float
    n_features_in_: int
    _input_: InputSpec
    _module_rng: np.random.Generator | None = None  # of the copy whose network is being built
    _reads_characters: ClassVar[bool] = False
    _reads_matrices: ClassVar[bool] = False

    @property
    def _per_step(self) -> bool:
        """Whether there is a target, and an output, for every step."""
        return False

    def _trial(self, *, keep_fitted: bool) -> Self:
        """Return a copy to be fitted in place of self."""
        trial = copy.copy(self)
        if keep_fitted:
            trial.module_ = copy.deepcopy(self.module_)
            trial._optimizer_state_ = copy.deepcopy(getattr(self, "_optimizer_state_", None))
        else:
            for name in _fitted_names(trial):
                delattr(trial, name)
        return trial

    def _adopt(self, trial: Self) -> Self:
        """Take over the fitted attributes of `trial`."""
        for name in _fitted_names(self):
            delattr(self, name)
        for name in _fitted_names(trial):
            setattr(self, name, getattr(trial, name))
        return self

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = super().__getstate__()
        for name in ("module_", "_optimizer_state_"):
            if state.get(name) is not None:
                state[name] = to_cpu(state[name])
        return state

    def _read_sequences(
        self, X: Any, *, reset: bool, in_pieces: bool = False, empty_texts: bool = True
    ) -> Ragged:
        """Read X, and learn its form or check it against the learned one.

        Parameters
        ----------
        X : sequences of any accepted form
            The input.
        reset : bool
            Whether to learn the form of X, rather than check it.
        in_pieces : bool, default=False
            Whether X holds pieces of sequences: with any number of steps, and where an empty one
            is not an unknown word.
        empty_texts : bool, default=True
            Whether an empty text may be read as one unknown word.
        """
        name = type(self).__name__
        sequences = as_ragged(
            X,
            input_type=self.input_type,
            padding_value=self.padding_value,
            estimator_name=name,
            lists_are_tables=reset,
            matrices=self._reads_matrices,
            empty_texts=empty_texts and not (self._per_step or in_pieces),
        )
        if in_pieces:
            sequences = replace(sequences, width=None)  # which is the number of steps
        if sequences.has_characters and not self._reads_characters:
            raise ValueError(
                "this X holds characters beside the words (SequenceTokenizer(characters=...)), "
                f"which only LSTMTagger reads; set characters=None for {name}."
            )
        if reset:
            if self._reads_matrices:
                check_step_convolution(self.step_conv_filters, sequences.step_shape)
            self._input_ = InputSpec.of(sequences)
            self.n_features_in_ = (
                sequences.n_features if sequences.is_tokens else sequences.n_features_in
            )
            if sequences.vocabulary is not None:
                self.vocabulary_ = sequences.vocabulary
        if sequences.width is not None and not sequences.is_tokens:
            _check_feature_names(self, X, reset=reset)
        if not reset:
            self._input_.check(sequences, name)
        return sequences

    def _seeded_module(self, seed: int) -> Any:
        """Build the module from a seed, leaving torch's global generator as it was."""
        self._module_rng = np.random.default_rng(seed)
        with seeded_build(seed):
            return self._build_module()

    def _build_embedding(self) -> TokenEmbedding | WordCharacterEmbedding | None:
        """Return the layer that maps token ids to vectors, or None where steps are values.

        Sets `embedding_coverage_` where vectors were given. The vectors of other words are drawn
        from a generator with the seed of the network's weights.
        """
        spec = self._input_
        if not spec.is_tokens:
            if self.embeddings is not None:
                raise ValueError(
                    "embeddings are for token ids, but X holds values; let SequenceTokenizer "
                    "make X, or pass input_type='tokens'."
                )
            return None
        weight = None
        if self.embeddings is not None:
            rng = self._module_rng or np.random.default_rng()
            matrix, coverage = embedding_matrix(self.embeddings, spec.n_ids, spec.vocabulary, rng)
            weight = torch.from_numpy(matrix)
            self.embedding_coverage_ = coverage.fraction
            if self.verbose:
                print(coverage.report())
            warning = coverage.warning()
            if warning is not None:
                warnings.warn(warning, UserWarning, stacklevel=caller_level())
        words = TokenEmbedding(
            spec.n_ids,
            self.embedding_dim,
            weight=weight,
            freeze=frozen_epochs(self.freeze_embeddings) > 0,
            dropout=self.embedding_dropout,
        )
        if not spec.n_character_ids:
            return words
        characters = CharacterConvolution(
            spec.n_character_ids,
            self.char_embedding_dim,
            self.char_filters,
            self.char_kernel_size,
        )
        return WordCharacterEmbedding(words, characters)


def _fitted_names(estimator: BaseEstimator) -> list[str]:
    """Return the names of the fitted attributes; all of them end in an underscore."""
    return [name for name in vars(estimator) if name.endswith("_")]


class BaseLSTM(TrainedEstimator, metaclass=ABCMeta):
    """The template of the estimators that learn from sequences and targets.

    A subclass spells out its parameters and its public methods, and says by `_new_target` what
    y becomes.
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = NETWORK | TRAINING

    _reads_matrices = True
    _target_: Target
    _state_: State | None  # of ``stateful=True``, between two calls
    _fingerprint_: str | None

    @abstractmethod
    def _new_target(self) -> Target:
        """Return the target that the parameters ask for, which has not learned from y yet."""

    @property
    def _per_step(self) -> bool:
        """Whether there is a target, and an output, for every step."""
        # A change of the parameters takes effect at the next fit.
        target = getattr(self, "_target_", None)
        return (self._new_target() if target is None else target).per_step

    # Training

    def _fit(self, X: Any, y: Any, sample_weight: Any, groups: Any, X_val: Any, y_val: Any) -> Self:
        """Train on all of the data: the body of the public `fit`."""
        if (X_val is None) != (y_val is None):
            missing = "X_val" if X_val is None else "y_val"
            raise ValueError(f"{missing} is missing: pass X_val and y_val together.")
        warm = self.warm_start and hasattr(self, "module_")
        if self.stateful and self.early_stopping and X_val is None:
            raise ValueError(
                "early_stopping=True would hold samples out, but with stateful=True each sample "
                "continues another. Pass X_val and y_val, or set early_stopping=False."
            )
        trial = self._trial(keep_fitted=warm)
        seeds = Seeds.draw(self.random_state)
        data = trial._read_labelled(X, y, sample_weight, reset=not warm)
        validation = None
        if X_val is not None:
            validation = trial._read_labelled(X_val, y_val, None, reset=False, training=False)
        elif self.early_stopping:
            data, validation = trial._hold_out(data, groups, seeds.split)
        if warm:
            seeds = seeds.after(self.n_iter_)
        else:
            trial.module_ = trial._seeded_module(seeds.module)
        trial._state_ = None
        trial._train(data, validation, seeds.training)
        return self._adopt(trial)

    def _partial_fit(self, X: Any, y: Any, classes: Any, sample_weight: Any) -> Self:
        """Train for an epoch on part of the data: the body of the public `partial_fit`."""
        first = not hasattr(self, "module_")
        self._new_target().check_partial()
        if classes is not None and not first:
            self._target_.check_same(classes)
        trial = self._trial(keep_fitted=not first)
        if first:
            trial._state_ = None
        seeds = Seeds.draw(self.random_state)
        data = trial._read_labelled(X, y, sample_weight, reset=first, classes=classes)
        if first:
            trial.module_ = trial._seeded_module(seeds.module)
        else:
            seeds = seeds.after(self.n_iter_)
        trial._train(data, None, seeds.training, partial=True)
        return self._adopt(trial)

    def _read_labelled(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        *,
        reset: bool,
        classes: Any = None,
        training: bool = True,
    ) -> LabelledSequences:
        """Read X, y and weights; learn their form if `reset`, else check it."""
        if y is None:
            raise ValueError(
                f"{type(self).__name__} requires y to be passed, but the target y is None."
            )
        try:
            sequences = self._read_sequences(X, reset=reset, empty_texts=not self.stateful)
        except (TypeError, ValueError) as error:
            if training:
                raise
            kind = TypeError if isinstance(error, TypeError) else ValueError
            raise kind(f"X_val cannot be used as validation data: {error}") from error
        check_consistent_length(sequences.lengths, y)
        name = "y" if training else "y_val"
        per_step = self._per_step
        if per_step:
            y = flatten_steps(y, sequences, name)
            weights = given_step_weights(sample_weight, sequences)
        else:
            weights = given_weights(sample_weight, len(sequences))
        target = self._new_target()
        with target_errors(name, sequences.lengths if per_step else None):
            if reset:
                target.learn(y, weights, classes)
            else:
                target.resume(self._target_)
            encoded = target.encode(y)
        if training:
            target.learn_weights(encoded)
            self._target_ = target
            for attribute, value in target.fitted_attributes.items():
                setattr(self, attribute, value)
        from_target = self._target_.weights(y, encoded)
        weights = scaled(weights if from_target is None else weights * from_target, len(sequences))
        if reset and classes is None:
            target.check_weights(encoded, weights)
        return LabelledSequences(sequences, encoded, weights, per_step)

    def _hold_out(
        self, data: LabelledSequences, groups: Any, seed: int
    ) -> tuple[LabelledSequences, LabelledSequences]:
        """Split off the part of the training data that early stopping watches."""
        rows, held_out = holdout_split(
            len(data),
            self.validation_fraction,
            strategy=self.validation_strategy,
            strata=self._target_.strata(data.targets),
            groups=groups,
            seed=seed,
        )
        for part, name in ((rows, "left to train on"), (held_out, "held out")):
            if not data.weights[data.rows(part)].sum() > 0:
                raise ValueError(
                    f"early_stopping splits off a validation_fraction of {self.validation_fraction}"
                    f", and the {len(part)} samples {name} all have a weight of 0. Leave such "
                    "samples out, or pass X_val and y_val."
                )
        return data.take(rows), data.take(held_out)

    def _train(
        self,
        data: LabelledSequences,
        validation: LabelledSequences | None,
        seed: int,
        *,
        partial: bool = False,
    ) -> None:
        """Train `module_` in place, and record how it went."""
        if self.stateful:
            self._check_causal("stateful=True")
        if self.bptt_length is not None:
            self._check_network_causal(f"bptt_length={self.bptt_length}")
        shuffle = self.shuffle and not self.stateful
        plan = plan_from(
            self,
            n_batches=batches_per_epoch(
                data, self.batch_size, bptt_length=self.bptt_length, shuffle=shuffle
            ),
            seed=seed,
            partial=partial,
            n_epochs_done=getattr(self, "n_iter_", 0),
            was_frozen=getattr(self, "_froze_embeddings_", False),
            early_stopping=self.early_stopping and validation is not None,
            n_iter_no_change=self.n_iter_no_change,
            tol=self.tol,
            bptt_length=self.bptt_length,
            stateful=self.stateful,
        )
        self._froze_embeddings_ = plan.frozen_epochs is not None
        state = None
        if partial and self.stateful and self._state_ is not None:
            state = self._kept_state(self.module_.to(plan.device), plan.device)
        outcome = train(
            self.module_,
            self._target_.build_loss(self._output_layer),
            data,
            plan,
            validation=validation,
            score=self._target_.score,
            optimizer_state=getattr(self, "_optimizer_state_", None) if partial else None,
            state=state,
        )
        self._record(outcome, partial=partial)

    def _record(self, outcome: TrainingOutcome, *, partial: bool) -> None:
        """Set the fitted attributes that training leaves."""
        earlier = getattr(self, "history_", [])  # of a warm start
        self.history_ = [*earlier, *outcome.history]
        self.loss_curve_ = [row["train_loss"] for row in self.history_]
        self.n_iter_ = len(self.history_)
        best = outcome.best_epoch
        self.best_epoch_ = None if best is None else len(earlier) + best
        # Two more numbers per weight: kept only where training continues from them.
        self._optimizer_state_ = outcome.optimizer_state if partial else None
        # After an epoch of `fit` the state is reset; a part of the data may be followed by another.
        state = outcome.state if partial else None
        self._state_ = None if state is None else tuple(part.cpu() for part in state)
        causal = isinstance(self.module_, SequenceNetwork) and self.module_.is_causal
        self._fingerprint_ = fingerprint(self.module_) if causal else None

    # The network

    def _build_module(self) -> nn.Module:
        """Build the network. Override this method to use a module that you wrote.

        It is called once the form of the input is known, with torch's global generator seeded and
        float32 as torch's default dtype, in which the module is run as well. A module maps
        ``inputs`` of shape (batch, time, features) and ``lengths`` of shape (batch,) to what the
        loss takes, (batch, n_outputs), or (batch, time, n_outputs) where every step has a target.
        """
        size = self._input_.n_features
        embedding = self._build_embedding()
        if isinstance(embedding, TokenEmbedding):
            size *= embedding.weight.shape[1]
        elif embedding is not None:
            size = embedding.output_size
        step_convolution = self._build_step_convolution()
        if step_convolution is not None:
            size = step_convolution.output_size
        convolution = None
        if self.conv_filters is not None:
            convolution = ConvolutionPool(
                size, self.conv_filters, self.conv_kernel_size, self._conv_pool_size()
            )
            size = self.conv_filters
        recurrent = RecurrentStack(
            size,
            layer_sizes(self.hidden_size, self.num_layers),
            cell=self.cell,
            bidirectional=self.bidirectional,
            dropout=self.dropout,
            recurrent_dropout=self.recurrent_dropout,
            recurrent_dropout_method=self.recurrent_dropout_method,
        )
        pooling = None
        if not self._per_step:
            pooling = make_pooling(self.pooling, recurrent.output_size, self.bidirectional)
        return SequenceNetwork(
            embedding=embedding,
            step_convolution=step_convolution,
            convolution=convolution,
            recurrent=recurrent,
            pooling=pooling,
            output=self._target_.build_output(recurrent.output_size),
            dropout=self.dropout,
        )

    def _build_step_convolution(self) -> StepConvolution | None:
        """Return the layers that read each step, or None where steps are not matrices."""
        shape = self._input_.step_shape
        if shape is None:
            return None
        return StepConvolution(
            shape,
            layer_sizes(self.step_conv_filters, 1, name="step_conv_filters"),
            self.step_conv_kernel_size,
            self.step_conv_pool_size,
        )

    def _conv_pool_size(self) -> int:
        """Return the number of steps that max-pooling reduces to one after the convolution."""
        size = int(getattr(self, "conv_pool_size", 1))  # a tagger has no pooling
        if self._per_step and size > 1:
            raise ValueError(
                f"y has a target for every step, but conv_pool_size={size} reduces {size} steps to "
                "one; set conv_pool_size=1."
            )
        return size

    @property
    def _output_layer(self) -> nn.Module | None:
        """The output layer of the network; None if a user's module has none of this name."""
        return getattr(self.module_, "output", None)

    def summary(self) -> None:
        """Print the parts of the network, their output shapes and parameter counts.

        Raises
        ------
        NotFittedError
            Before `fit`, which determines the numbers of tokens, features and outputs.
        """
        check_is_fitted(self)
        module, spec = self.module_, self._input_
        shapes = _layer_shapes(module, spec.n_features, is_tokens=spec.is_tokens)
        rows = [("part", "type", "output shape", "parameters")]
        rows += [(name, kind, shape, f"{count:,}") for name, kind, shape, count in shapes]
        widths = [max(len(row[i]) for row in rows) for i in range(4)]
        line = "-" * (sum(widths) + 6)
        body = [
            "  ".join([*(row[i].ljust(widths[i]) for i in range(3)), row[3].rjust(widths[3])])
            for row in rows
        ]
        trained = sum(p.numel() for p in module.parameters() if p.requires_grad)
        fixed = sum(p.numel() for p in module.parameters()) - trained
        totals = [f"trained parameters: {trained:,}"]
        if fixed:
            totals.append(f"fixed parameters (frozen embeddings, unused biases): {fixed:,}")
        print("\n".join([body[0], line, *body[1:], line, *totals]))

    # Prediction

    def reset_states(self) -> Self:
        """Reset the state that a model with ``stateful=True`` keeps between calls.

        The next call starts from the initial state. Without effect for other models, which keep
        no state between calls.

        Returns
        -------
        self
            The estimator.
        """
        if hasattr(self, "_state_"):
            self._state_ = None
        return self

    def stream(
        self,
        n_sequences: int | None = None,
        *,
        response_method: str = "predict",
        state: SequenceState | None = None,
    ) -> SequenceStream:
        """Return an object that reads a sequence step by step, or chunk by chunk.

        Parameters
        ----------
        n_sequences : int or None, default=None
            Number of sequences that are read in parallel. None means a single sequence, for which
            steps and results have no axis for sequences.
        response_method : str, default="predict"
            The method whose result is returned after each step: "predict", or for a classifier
            "predict_proba", "predict_log_proba" or "decision_function", for a regressor
            of quantiles "predict_quantiles".
        state : SequenceState or None, default=None
            The state from which the sequences continue: what ``predict(X, return_state=True)``
            returned, or the `state` of another stream. None starts from the initial state.

        Returns
        -------
        SequenceStream
            With the methods ``step``, ``feed``, ``reset`` and ``close``.

        Raises
        ------
        ValueError
            If the model also reads sequences backwards or looks ahead (``bidirectional=True``, a
            convolution over time, a CRF), or `state` is not of this model.
        """
        check_is_fitted(self)
        self._check_causal("stream()")
        return SequenceStream(self, n_sequences, response_method, state)

    def _respond(self, X: Any, method: str, state: SequenceState | None, return_state: bool) -> Any:
        """Return the result of a method, and the state after it where that is asked for."""
        in_pieces = state is not None or return_state
        sequences = self._read_X(X, in_pieces=in_pieces or self.stateful)
        if not in_pieces:
            return self._by_sequence(self._rows(sequences, method), sequences)
        check_nothing_cut(sequences)
        if self.stateful and state is None:
            raise ValueError(
                "return_state=True: a model with stateful=True keeps its state itself. Pass "
                "state=, or set_params(stateful=False) to manage the state yourself."
            )
        self._check_causal("state=" if state is not None else "return_state=True")
        decoder = self._target_.decoder(method, self._output_layer)
        begun = self._initial_state(state, len(sequences))
        outputs, after = predict_from(self.module_, sequences, begun, **self._run_options())
        result = self._by_sequence(decoder.rows(outputs), sequences)
        return (result, self._export_state(after)) if return_state else result

    def _rows(self, sequences: Ragged, method: str) -> Any:
        """Return the results of a method: one row per sample, or per step of all sequences."""
        decoder = self._target_.decoder(method, self._output_layer)
        if self.stateful:
            return decoder.rows(self._stateful_outputs(sequences))
        batch = decoder.batch
        if batch is None:
            return decoder.rows(self._run(self._forward, sequences))

        def decoded(inputs: Tensor, lengths: Tensor) -> Tensor:
            return batch(self._forward(inputs, lengths), lengths)

        return decoder.rows(self._run(decoded, sequences))

    def _by_sequence(self, rows: Any, sequences: Ragged) -> Any:
        """Return results as the user gets them: those of steps as one array per sequence."""
        return split(rows, sequences.lengths) if self._per_step else rows

    def _compare_steps(
        self, X: Any, y: Any, sample_weight: Any
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return true values, predictions and weights of all steps, to be scored."""
        # All is checked before anything is predicted, which moves the state if stateful.
        sequences = self._read_X(X, in_pieces=self.stateful)
        check_consistent_length(sequences.lengths, y)
        expected = flatten_steps(y, sequences, "y")
        weights = given_step_weights(sample_weight, sequences)
        return expected, self._rows(sequences, "predict"), weights

    def _read_X(self, X: Any, *, in_pieces: bool = False) -> Ragged:
        """Read `X` for a fitted estimator."""
        check_is_fitted(self)
        return self._read_sequences(X, reset=False, in_pieces=in_pieces)

    def _forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return the network's outputs, of long sequences chunk by chunk."""
        outputs: Tensor
        module, length = self.module_, self.bptt_length
        if length is None or not isinstance(module, SequenceNetwork) or not module.is_causal:
            outputs = module(inputs, lengths)
        else:
            outputs = module.forward_in_chunks(inputs, lengths, length)
        return outputs

    def _run(self, forward: Callable[..., Tensor], sequences: Ragged) -> np.ndarray:
        """Return the results of `forward`: one row per sample or step, in input order."""
        return predict_rows(self.module_, forward, sequences, **self._run_options())

    def _run_options(self) -> dict[str, Any]:
        device = resolve_device(self.device, fallback=True)
        return {"device": device, "n_jobs": self.n_jobs, "per_step": self._per_step}

    def _initial_state(self, state: SequenceState | None, n_sequences: int) -> State:
        """Return the network's state before the first step: a new one, or the user's, checked."""
        device = resolve_device(self.device, fallback=True)
        module: Any = self.module_.to(device)
        if state is None:
            begun: State = module.initial_state(n_sequences)
            return begun
        check_state(state, module.state_sizes(), self._fingerprint_ or "", n_sequences)
        return state.tensors(device)

    def _export_state(self, state: State) -> SequenceState:
        """Return a state of the network as the user gets it."""
        return SequenceState.of(self.module_, state, self._fingerprint_ or "")

    def _stateful_outputs(self, sequences: Ragged) -> np.ndarray:
        """Run batches in the order of the data, each of which continues the one before it."""
        self._check_causal("stateful=True")
        options = self._run_options()
        module: Any = self.module_.to(options["device"])
        state = self._kept_state(module, options["device"])
        outputs = []
        for first in range(0, len(sequences), self.batch_size):
            batch = sequences.take(np.arange(first, min(first + self.batch_size, len(sequences))))
            rows = torch.arange(len(batch), device=options["device"])
            begun = module.reset_pooling(take_rows(state, rows))
            result, after = predict_from(module, batch, begun, **options)
            state = put_rows(state, rows, after)
            outputs.append(result)
        self._state_ = tuple(part.cpu() for part in state)
        return np.concatenate(outputs)

    def _kept_state(self, module: SequenceNetwork, device: torch.device) -> State:
        """Return the state that earlier calls left, or the initial one."""
        kept = self._state_
        if kept is None:
            return module.initial_state(self.batch_size)
        if len(kept[0]) != self.batch_size:
            raise ValueError(
                f"batch_size is {self.batch_size} now, but the state kept by stateful=True is of "
                f"batches of {len(kept[0])}; reset_states() discards it."
            )
        return tuple(part.to(device) for part in kept)

    def _check_causal(self, what: str) -> None:
        """Raise ValueError if the model cannot continue from a state, which `what` needs."""
        self._target_.check_causal(self._output_layer, what)
        self._check_network_causal(what)

    def _check_network_causal(self, what: str) -> None:
        """Raise ValueError unless the network can read a sequence in pieces."""
        module = self.module_
        if not isinstance(module, SequenceNetwork):
            raise ValueError(
                f"{what} needs a network that can continue from a state, but _build_module() "
                f"returned a {type(module).__name__}."
            )
        if module.recurrent.bidirectional:
            raise ValueError(
                f"{what} reads sequences piece by piece, but bidirectional=True also reads them "
                "from their ends. Fit with bidirectional=False."
            )
        if module.convolution is not None:
            raise ValueError(
                f"{what} reads sequences piece by piece, but conv_filters adds a convolution that "
                "looks at later steps. Fit with conv_filters=None."
            )

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags


class PooledFeatures(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseLSTM):
    """An estimator with one target per sequence, whose pooled state serves as features."""

    def transform(self, X: Any) -> np.ndarray:
        """Return the pooled state of each sequence, as features for another model.

        Parameters
        ----------
        X : sequences of shape (n_samples,), (n_samples, T) or (n_samples, T, F)
            In any of the forms in the notes of the class.

        Returns
        -------
        ndarray of shape (n_samples, n_features_out), dtype float32
            The input of the output layer; `n_features_out` is the `hidden_size` of the last
            layer, times 2 if it is bidirectional.
        """
        sequences = self._read_X(X)
        return self._run(self.module_.encode, sequences)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags

    @property
    def _n_features_out(self) -> int:
        return int(self.module_.output.in_features)


def check_step_convolution(filters: Any, step_shape: tuple[int, ...] | None) -> None:
    """Raise ValueError unless steps are matrices exactly if a convolution reads each step."""
    if step_shape is not None and filters is None:
        raise ValueError(
            f"X has steps of shape {step_shape}, which a convolution before the LSTM can "
            "read: set step_conv_filters, to (16, 32) for instance; or flatten each step: "
            f"X.reshape(n, T, {int(np.prod(step_shape))})."
        )
    if step_shape is None and filters is not None:
        raise ValueError(
            f"step_conv_filters={filters!r} is for steps that are matrices, X of shape "
            "(n, T, H, W) or (n, T, C, H, W); this X has steps of features. For a convolution "
            "over time set conv_filters."
        )


def holdout_split(
    n_samples: int,
    fraction: float,
    *,
    strategy: str,
    strata: np.ndarray | None,
    groups: Any,
    seed: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Split sample indices into those to train on and those that early stopping watches.

    Parameters
    ----------
    n_samples : int
        Number of samples.
    fraction : float
        Fraction to hold out, of the samples or of the groups.
    strategy : {"auto", "stratified", "groups", "last"}
        "stratified" keeps the proportions of the `strata`, "groups" holds out whole groups,
        "last" the last samples. "auto" means "groups" where `groups` are given, else "stratified"
        where that is possible, else a random draw.
    strata : ndarray of shape (n_samples,) or None
        Classes whose proportions are kept.
    groups : array-like of shape (n_samples,) or None
        Samples of one group stay together.
    seed : int
        Seed of the draw.

    Returns
    -------
    train, held_out : ndarray of int

    Raises
    ------
    ValueError
        If there are too few samples, groups or members of a class to hold any out.
    """
    if n_samples < 2:
        raise ValueError(
            f"early_stopping needs at least 2 samples to hold some out; got n_samples={n_samples}."
        )
    if groups is not None:
        check_consistent_length(range(n_samples), groups)
    rows = np.arange(n_samples)
    n_held = min(max(1, round(n_samples * fraction)), n_samples - 1)
    if strategy == "last":
        return rows[:-n_held], rows[-n_held:]
    if strategy == "groups" and groups is None:
        raise ValueError("validation_strategy='groups' needs groups: pass groups= to fit.")
    if strategy == "stratified":
        if strata is None:
            raise ValueError(
                "validation_strategy='stratified' needs one label per sample, but y is multilabel; "
                "use 'auto'."
            )
        if groups is not None:
            raise ValueError(
                "validation_strategy='stratified' would split groups, but fit was given groups; "
                "use 'groups' or 'auto'."
            )
        _check_can_stratify(strata, n_held)
    if groups is not None:
        split = GroupShuffleSplit(1, test_size=fraction, random_state=seed)
        return next(split.split(rows, groups=groups))
    if strata is not None and _can_stratify(strata, n_held):
        stratified = StratifiedShuffleSplit(1, test_size=n_held, random_state=seed)
        return next(stratified.split(rows, strata))
    return next(ShuffleSplit(1, test_size=n_held, random_state=seed).split(rows))


def _check_can_stratify(strata: np.ndarray, n_held: int) -> None:
    """Raise ValueError unless every class can be in both parts."""
    classes, counts = np.unique(strata, return_counts=True)
    if counts.min() < 2:
        raise ValueError(
            "validation_strategy='stratified' needs at least 2 samples of each class, but the "
            f"class with index {classes[counts.argmin()]} has {counts.min()}; use 'auto'."
        )
    if not _can_stratify(strata, n_held):
        raise ValueError(
            "validation_strategy='stratified' needs at least as many samples in each part as there "
            f"are classes ({len(classes)}), but {n_held} are held out and "
            f"{len(strata) - n_held} left; change validation_fraction, or use 'auto'."
        )


def _can_stratify(strata: np.ndarray, n_held: int) -> bool:
    """Return True if every class can be in both parts."""
    counts = np.unique(strata, return_counts=True)[1]
    return bool(counts.min() >= 2 and min(n_held, len(strata) - n_held) >= len(counts))


def _layer_shapes(
    module: nn.Module, n_features: int, *, is_tokens: bool
) -> list[tuple[str, str, str, int]]:
    """Return name, type, output shape and trained parameters of each part of `module`.

    Parameters
    ----------
    module : Module
        The network; run once, in evaluation mode, on one sequence of zeros.
    n_features : int
        Number of features, or token ids, per step of the input.
    is_tokens : bool
        Whether the input is token ids.

    Returns
    -------
    list of tuple
        A row per direct child, in the order in which they run.
    """
    rows: list[tuple[str, str, str, int]] = []
    n_steps = _SUMMARY_STEPS if n_features < _LARGE else _SUMMARY_LARGE_STEPS
    hooks = [
        part.register_forward_hook(_shape_recorder(rows, name, n_steps))
        for name, part in module.named_children()
        if any(True for _ in part.parameters()) or name == "pooling"
    ]
    device = next(module.parameters()).device
    inputs = torch.zeros(
        1, n_steps, n_features, dtype=torch.long if is_tokens else torch.float32, device=device
    )
    try:
        with evaluation_mode(module), torch.inference_mode():
            module(inputs, torch.tensor([n_steps], device=device))
    finally:
        for hook in hooks:
            hook.remove()
    return rows


def _shape_recorder(rows: list[tuple[str, str, str, int]], name: str, n_steps: int) -> Any:
    def record(part: nn.Module, inputs: Any, output: Any) -> None:
        shape = tuple(output[0].shape if isinstance(output, tuple) else output.shape)
        count = sum(p.numel() for p in part.parameters() if p.requires_grad)
        has_time = "pooling" not in {name, *(row[0] for row in rows)}
        rows.append(
            (name, type(part).__name__, _format_shape(shape, n_steps if has_time else 0), count)
        )

    return record


def _format_shape(shape: tuple[int, ...], n_steps: int) -> str:
    """Return a shape as text, with names for the sizes that depend on the data.

    `n_steps` is 0 if the shape has no axis for time.
    """
    sizes = ["batch", *map(str, shape[1:])]
    if len(shape) == 3 and n_steps:
        sizes[1] = "time" if shape[1] == n_steps else f"time / {round(n_steps / shape[1])}"
    return f"({', '.join(sizes)})"
