"""What the estimators share: the template of fit and predict, the fit transaction, the seeds."""

from __future__ import annotations

import copy
import math
import warnings
from abc import ABCMeta, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
import torch
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GroupShuffleSplit, ShuffleSplit, StratifiedShuffleSplit
from sklearn.utils import Tags, check_consistent_length, check_random_state
from sklearn.utils.validation import _check_feature_names, check_is_fitted
from torch import Tensor, nn

from sklstm._callers import caller_level, is_one_of_many
from sklstm._display import PrintsShort
from sklstm._estimators.encoders import (
    Encoder,
    EncoderVectors,
    check_encoders,
    joined_layers,
    joined_vectors,
    known_ids,
    read_encoders,
)
from sklstm._estimators.params import (
    CHARACTERS,
    ENCODER,
    NETWORK,
    POOLED,
    TRAINING,
    layer_sizes,
)
from sklstm._estimators.stream import SequenceState, SequenceStream, check_state, fingerprint
from sklstm._sequences import (
    N_RESERVED,
    PADDING_ID,
    UNKNOWN_ID,
    InputSpec,
    Ragged,
    TokenArray,
    Vocabulary,
    as_container,
    as_objects,
    as_python,
    as_ragged,
    check_entries,
    check_nothing_cut,
    embedding_matrix,
    equal_but_for_rounding,
    extra_vectors_of,
    extremes,
    flatten_steps,
    label_fault,
    moments,
    object_array,
    offsets,
    plain,
    ranges,
    sequence_ids,
    split,
    target_errors,
    unusual_scale,
    warn_of_ids,
)
from sklstm._targets import (
    Target,
    given_step_weights,
    given_weights,
    refuse_changes,
    scaled,
)
from sklstm._training import (
    MOST_VALUES,
    SEMI_SUPERVISED,
    SHORT,
    SHORT_SERIES,
    SUPERVISED,
    TOLERANCE,
    FineTuning,
    LabelledSequences,
    ModelInTraining,
    TrainingOutcome,
    TrainingPlan,
    UnlabelledSequences,
    UnsupervisedTerms,
    batches_per_epoch,
    copied_callbacks,
    evaluation_mode,
    fast_cpu,
    fit_linear_path,
    frozen_epochs,
    integrate_gradients,
    learn_shares,
    passes_per_epoch,
    plan_from,
    predict_from,
    predict_rows,
    release,
    resolve_device,
    seeded_build,
    to_cpu,
    train,
)
from sklstm.nn import (
    CharacterConvolution,
    ConvolutionPool,
    DenseHead,
    FullyConvolutional,
    LinearPath,
    RecurrentStack,
    SequenceNetwork,
    Standardize,
    StandardizeWithin,
    StepConvolution,
    TokenEmbedding,
    WordCharacterEmbedding,
    make_pooling,
)
from sklstm.nn.state import State, put_rows, take_rows

# Steps of the sequence that a summary runs the network on: enough to find the pooling size from the
# number of steps left; fewer where a step is large.
_SUMMARY_STEPS, _SUMMARY_LARGE_STEPS, _LARGE = 840, 60, 256

# With fewer samples "auto" puts no linear model beside the network: too few are held out then.
_FEWEST_FOR_LINEAR = 20
# What "auto" becomes. The branch of LSTM-FCN, with half the filters of the paper:
_FCN_FILTERS = (64, 128, 64)
# A convolution that shortens what the recurrent layers read: texts of this mean length, and series
# longer than this, to so many steps.
_CONV_FILTERS = 64
_LONG_TEXTS, _TEXT_POOL = 100, 3
_LONG_SERIES, _STEPS_LEFT = 256, 128
# Series are standardised within sequences, too, if the spreads within them differ by this factor:
# then most of them are nearly zero on a common scale. Spreads of fewer steps differ by chance.
_OTHER_SCALE, _ENOUGH_STEPS = 10.0, 16
# Sets of series tend to be small, and need small batches for enough training steps (Z. Wang et al.,
# IJCNN 2017, have at most 16 samples in a batch).
_BATCH, _BATCH_OF_SERIES = 32, 16
# From this ratio of mean to standard deviation on, float32 has fewer than 3 digits of a deviation.
_FAR_IN_FLOAT32 = 1e-3 / float(np.finfo(np.float32).eps)

LayerRow = tuple[str, str, str, int]  # name, type, output shape, trained parameters


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


@dataclass(frozen=True)
class Layers:
    """The layers over time that the parameters ask for, "auto" resolved; named like these."""

    fcn_filters: tuple[int, ...] | None
    conv_filters: int | None
    conv_pool_size: int
    standardize: bool | str


class TrainedEstimator(PrintsShort, BaseEstimator):
    """An estimator with a network `module_`, whose fit is a transaction.

    A fit works on a copy, and hands its fitted attributes over once training has ended: an error
    leaves the estimator as it was.
    """

    module_: Any  # a user may have brought any torch module
    vocabulary_: Vocabulary
    embedding_coverage_: float
    n_features_in_: int
    callbacks_: list[Any]
    _input_: InputSpec
    _auto_: dict[str, Any]  # what "auto" has become, by parameter
    _optimizer_state_: dict[str, Any] | None = None  # from which `partial_fit` continues
    _may_be_ids: bool = False  # X of the fit in progress, of which a warning was given
    _module_rng: np.random.Generator | None = None  # of the copy whose network is being built
    _reads_characters: ClassVar[bool] = False
    _reads_matrices: ClassVar[bool] = False
    _reads_empty: ClassVar[bool] = False  # sequences without steps
    _reads_missing: ClassVar[bool] = False  # NaN in the place of values
    _value_dtype: ClassVar[Any] = np.float32  # or a list of dtypes, for estimators that scale

    @property
    def _per_step(self) -> bool:
        """Whether there is a target, and an output, for every step."""
        return False

    def _trial(self, *, keep_fitted: bool) -> Self:
        """Return a copy to be fitted in place of self, with parameters of plain Python types."""
        trial = copy.copy(self)
        for name, value in self.get_params(deep=False).items():
            setattr(trial, name, as_python(value))
        if keep_fitted:
            trial.module_ = copy.deepcopy(self.module_)
            trial._optimizer_state_ = copy.deepcopy(self._optimizer_state_)
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
            is not an empty text.
        empty_texts : bool, default=True
            Whether an empty text may be read as the end of a text alone.
        """
        name = type(self).__name__
        sequences = as_ragged(
            X,
            input_type=self.input_type,
            padding_value=as_python(self.padding_value),
            dtype=self._value_dtype,
            estimator_name=name,
            lists_are_tables=reset,
            matrices=self._reads_matrices,
            empty_texts=empty_texts and not (self._per_step or in_pieces),
            empty_sequences=self._per_step or self._reads_empty,
            allow_nan=self._reads_missing,
            columns=None if reset else self._input_.columns,
        )
        if not len(sequences.values):
            sequences = self._without_steps(sequences, reset=reset)
        if in_pieces:
            sequences = replace(sequences, width=None)  # which is the number of steps
        if sequences.has_characters and not self._reads_characters:
            raise ValueError(
                "this X holds characters beside the words (SequenceTokenizer(characters=...)), "
                f"which only LSTMTagger reads; set characters=None for {name}."
            )
        if reset:
            self._may_be_ids = self.input_type == "auto" and warn_of_ids(X, sequences, name)
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

    def _read_unknown(self, sequences: Ragged) -> Ragged:
        """Return sequences in which words that training never saw are read by `embeddings`.

        Or by the vectors of `encoder`.
        """
        source = "embeddings"
        if getattr(self, "encoder", None) is not None:
            source = "encoder"
        given = getattr(self, source, None)
        if given is None or sequences.unknown is None:
            return sequences
        n_ids = self._input_.n_ids
        tables = [
            part.weight
            for part in self.module_.modules()
            if isinstance(part, TokenEmbedding) and len(part.weight) == n_ids
        ]
        if not tables:  # a user's own network
            return sequences
        try:
            if source == "encoder":
                given = EncoderVectors(self._same_encoders())
            return extra_vectors_of(given, sequences, n_ids, tables[0].shape[1])
        except (OSError, ImportError, ValueError, TypeError) as error:
            warnings.warn(
                f"{len(set(sequences.unknown.words))} words of X, such as "
                f"{sequences.unknown.words[0]!r}, were not in the training data and are read as "
                f"unknown, because their vectors could not be looked up in {source}: {error} "
                f"set_params({source}=None) reads them so without this warning.",
                UserWarning,
                stacklevel=caller_level(),
            )
            return sequences

    def _encoders(self) -> tuple[Encoder, ...]:
        """Return what `encoder` gives to start from; nothing for None."""
        given = getattr(self, "encoder", None)
        return () if given is None else read_encoders(given, type(self).__name__)

    def _same_encoders(self) -> tuple[Encoder, ...]:
        """Return the encoders, after checking that the network can have started from them."""
        encoders, before = self._encoders(), getattr(self, "_encoder_shapes_", ())
        if encoders and tuple(encoder.shape for encoder in encoders) != before:
            raise ValueError(
                "encoder is not one that this model can have started from"
                + (", which was fitted without" if not before else ": its layers differ")
                + ". Set encoder=None, or train a new model: fit with warm_start=False."
            )
        return encoders

    def _without_extra(self, data: Any, validation: Any) -> Any:
        """Return training data without ids that stand for vectors in the validation data."""
        unlabelled = getattr(data, "unlabelled", None)
        if unlabelled is not None:
            data = replace(data, unlabelled=self._without_extra(unlabelled, validation))
        extra, sequences = validation.sequences.extra, data.sequences
        if extra is None or sequences.values[:, 0].max(initial=0) < extra.first_id:
            return data
        values = sequences.values.copy()
        values[:, 0] = np.where(values[:, 0] < extra.first_id, values[:, 0], UNKNOWN_ID)
        return replace(data, sequences=replace(sequences, values=values))

    def _without_steps(self, sequences: Ragged, *, reset: bool) -> Ragged:
        """Return sequences that are all empty in the form of those of `fit`, which is refused."""
        if reset:
            raise ValueError(
                f"X holds empty sequences only ({len(sequences)}), and no step to learn from."
            )
        spec = self._input_
        nothing = np.empty((0, spec.n_features), dtype=np.int32 if spec.is_tokens else np.float32)
        return replace(
            sequences,
            values=nothing,
            is_tokens=spec.is_tokens,
            step_shape=spec.step_shape,
            width=None,
        )

    def _ask_in_training(self, method: str, X: Any, *args: Any, **kwargs: Any) -> Any:
        """Return what a public method returns now, for callbacks."""
        return getattr(self, method)(X, *args, **kwargs)

    def _restore_sequences(self, sequences: Any) -> Any:
        """Return sequences that were read as an X to be read again: one array for each."""
        steps = sequences.values
        if sequences.starts is not None:
            steps = steps[ranges(sequences.offsets, sequences.lengths)]
        if sequences.step_shape is not None:
            steps = steps.reshape(len(steps), *sequences.step_shape)
        if sequences.extra is not None:
            return self._restore_unknown(steps, sequences)
        X = split(steps, sequences.lengths)
        return X if sequences.vocabulary is None else TokenArray(X, sequences.vocabulary)

    def _restore_unknown(self, steps: np.ndarray, sequences: Ragged) -> TokenArray:
        """Return token ids with the words that `_read_unknown` gave an id beside them."""
        assert sequences.extra is not None
        first, words = sequences.extra.first_id, sequences.extra.words
        ids = steps.copy()
        ids[:, 0] = np.where(steps[:, 0] < first, steps[:, 0], UNKNOWN_ID)
        X = TokenArray(split(ids, sequences.lengths), sequences.vocabulary)
        for item, own in zip(X, split(steps[:, 0], sequences.lengths), strict=True):
            unknown = own[(own == UNKNOWN_ID) | (own >= first)] - first
            if (unknown >= 0).any():
                item.unknown_words = tuple("" if i < 0 else words[i] for i in unknown.tolist())
        return X

    def _seeded_module(self, seed: int) -> Any:
        """Build the module from a seed, leaving torch's global generator as it was."""
        self._module_rng = np.random.default_rng(seed)
        with seeded_build(seed):
            return self._build_module()

    def _build_embedding(self) -> TokenEmbedding | WordCharacterEmbedding | None:
        """Return the layer that maps token ids to vectors, or None where steps are values.

        Sets `embedding_coverage_` where vectors or an encoder were given. The vectors of words that
        `embeddings` do not have are drawn from a generator with the seed of the network's weights.
        """
        spec = self._input_
        if not spec.is_tokens:
            if self.embeddings is not None:
                raise ValueError(
                    "embeddings are for token ids, but X holds values; let SequenceTokenizer "
                    "make X, or pass input_type='tokens'."
                )
            return None
        weight, encoders = None, self._encoders()
        if self.embeddings is not None or encoders:
            if encoders:
                matrix, coverages = joined_vectors(encoders, spec)
            else:
                rng = self._module_rng or np.random.default_rng()
                found = embedding_matrix(self.embeddings, spec.n_ids, spec.vocabulary, rng)
                matrix, coverages = found[0], [found[1]]
            weight = torch.from_numpy(matrix)
            self.embedding_coverage_ = min(coverage.fraction for coverage in coverages)
            for coverage in coverages:
                if self.verbose:
                    print(coverage.report())
                warning = coverage.warning()
                if warning is not None:
                    warnings.warn(warning, UserWarning, stacklevel=caller_level())
        words = TokenEmbedding(
            spec.n_ids,
            self.embedding_dim if weight is None else weight.shape[1],
            weight=weight,
            freeze=frozen_epochs(self.freeze_embeddings) > 0,
            dropout=self.embedding_dropout,
            # An encoder has learned the vector of unknown words from its own texts.
            rare_dropout=0.0 if encoders else self.rare_word_dropout,
            average=spec.has_bags,
        )
        if not spec.n_character_ids:
            return words
        characters = CharacterConvolution(
            spec.n_character_ids,
            self.char_embedding_dim,
            self.char_filters,
            self.char_kernel_size,
            rare_dropout=self.rare_word_dropout,
        )
        return WordCharacterEmbedding(words, characters)

    def _layer_rows(self) -> list[LayerRow]:
        """Return name, type, output shape and trained parameters of each part of the network."""
        raise NotImplementedError

    def _record_auto(self, became: dict[str, Any], *, partial: bool = False) -> None:
        """Record what "auto" became of the parameters that have it."""
        self._auto_ = {
            name: value for name, value in became.items() if getattr(self, name, None) == "auto"
        }
        if partial:  # of one epoch, whatever `max_epochs` is
            self._auto_.pop("max_epochs", None)

    def summary(self) -> None:
        """Print the parts of the network, their output shapes and parameter counts.

        The last line says what parameters with "auto" became.

        Raises
        ------
        NotFittedError
            Before `fit`, which determines the numbers of tokens, features and outputs.
        """
        check_is_fitted(self)
        module = self.module_
        rows = [("part", "type", "output shape", "parameters")]
        rows += [
            (name, kind, shape, f"{count:,}") for name, kind, shape, count in self._layer_rows()
        ]
        widths = [max(len(row[i]) for row in rows) for i in range(4)]
        line = "-" * (sum(widths) + 6)
        body = [
            "  ".join([*(row[i].ljust(widths[i]) for i in range(3)), row[3].rjust(widths[3])])
            for row in rows
        ]
        trained = trained_parameters(module)
        fixed = sum(p.numel() for p in module.parameters()) - trained
        totals = [f"trained parameters: {trained:,}"]
        if fixed:
            frozen = "encoder" if getattr(self, "_encoder_shapes_", ()) else "embeddings"
            totals.append(f"fixed parameters (frozen {frozen}, unused biases): {fixed:,}")
        if self._auto_:
            became = ", ".join(f"{name}={value}" for name, value in self._auto_.items())
            totals.append(f"auto: {became}")
        print("\n".join([body[0], line, *body[1:], line, *totals]))


def _fitted_names(estimator: BaseEstimator) -> list[str]:
    """Return the names of the fitted attributes; all of them end in an underscore."""
    return [name for name in vars(estimator) if name.endswith("_")]


def check_validation(X_val: Any, y_val: Any) -> None:
    """Raise ValueError if one of the two is given without the other."""
    if (X_val is None) != (y_val is None):
        missing = "X_val" if X_val is None else "y_val"
        raise ValueError(f"{missing} is missing: pass X_val and y_val together.")


class IncrementalEstimator(TrainedEstimator):
    """An estimator whose training `warm_start` and `partial_fit` continue.

    `_fit_trial` is the body of the public `fit` and `partial_fit`. A subclass spells these out, and
    defines how to read the data, build the network and train it. `BaseLSTM` does more in between,
    and has a body of its own for each.
    """

    _only_in_fit: ClassVar[tuple[str, ...]] = ("early_stopping",)  # refused by `partial_fit`
    _network_names: ClassVar[tuple[str, ...]] = ()  # the parameters that define the network

    history_: list[dict[str, Any]]
    loss_curve_: list[float]
    n_iter_: int
    best_epoch_: int | None
    _network_: dict[str, Any]

    def _fit_trial(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        *,
        X_val: Any = None,
        y_val: Any = None,
        partial: bool = False,
        **beside: Any,
    ) -> Self:
        """Train a copy, for one epoch if `partial`, and take over its fitted attributes.

        `beside` is further training data that `_read_data` reads.
        """
        continues = self._continues(partial=partial)
        trial = self._trial(keep_fitted=continues)
        seeds = Seeds.draw(self.random_state)
        data = trial._read_data(X, y, sample_weight, reset=not continues, **beside)
        validation = None
        if X_val is not None:
            validation = trial._read_data(X_val, y_val, None, reset=False, suffix="_val")
        elif self.early_stopping:
            data, validation = trial._hold_out(data, seeds.split)
        if continues:
            seeds = seeds.after(self.n_iter_)
        else:
            trial._build_network(data, seeds.module)
        trial._train(data, validation, seeds.training, partial=partial)
        return self._adopt(trial)

    def _continues(self, *, partial: bool = False) -> bool:
        """Return True if training continues from the current weights; check that it can."""
        if partial:
            self._check_partial()
        continues = hasattr(self, "module_") and (partial or self.warm_start)
        if continues:
            self._check_same_network()
        return continues

    def _check_partial(self) -> None:
        """Raise ValueError if a parameter asks for what `partial_fit` cannot do."""
        for name in self._only_in_fit:
            if getattr(self, name):
                raise ValueError(
                    f"partial_fit does not support {name}=True, as it sees a part of the data at a "
                    f"time; set {name}=False, or call fit."
                )

    def _check_same_network(self) -> None:
        """Raise ValueError if a parameter has changed that only a new network would heed."""
        refuse_changes(self._network_parameters(), self._network_)

    def _network_parameters(self) -> dict[str, Any]:
        """Return the parameters that define the network, as plain values that can be compared."""
        values = {name: plain(getattr(self, name)) for name in self._network_names}
        return {name: tuple(v) if isinstance(v, list) else v for name, v in values.items()}

    def _read_data(self, X: Any, y: Any, sample_weight: Any, *args: Any, **options: Any) -> Any:
        """Read X, y and weights; learn their form if `reset`, else check it.

        Errors name X and y with a `suffix`, that of validation data.
        """
        raise NotImplementedError

    def _hold_out(self, data: Any, seed: int) -> tuple[Any, Any]:
        """Split off a part of the training data, which early stopping watches."""
        raise NotImplementedError

    def _build_network(self, data: Any, seed: int) -> None:
        """Build the network for the training data, and record from which parameters."""
        self.module_ = self._seeded_module(seed)
        self._network_ = self._network_parameters()

    def _train(self, data: Any, validation: Any, seed: int, *, partial: bool = False) -> None:
        """Train `module_` in place, and record how it went."""
        raise NotImplementedError

    def _plan(self, *, partial: bool, **options: Any) -> TrainingPlan:
        """Return the plan of this training, with copies of the callbacks: `callbacks_`.

        `options` are those of `plan_from` that depend on the data or on the class.
        """
        self.callbacks_ = copied_callbacks(self.callbacks)
        return plan_from(
            self,
            partial=partial,
            n_epochs_done=getattr(self, "n_iter_", 0),
            early_stopping=self.early_stopping,
            n_iter_no_change=self.n_iter_no_change,
            tol=self.tol,
            callbacks=self.callbacks_,
            **options,
        )

    def _record(self, outcome: TrainingOutcome, *, partial: bool) -> None:
        """Set the fitted attributes that training leaves."""
        release(self.callbacks_, self.callbacks, self.module_)
        earlier = getattr(self, "history_", [])  # of a warm start
        self.history_ = [*earlier, *outcome.history]
        self.loss_curve_ = [row["train_loss"] for row in self.history_]
        self.n_iter_ = len(self.history_)
        best = outcome.best_epoch
        self.best_epoch_ = None if best is None else len(earlier) + best
        # Two more numbers per weight: kept only where training continues from them.
        self._optimizer_state_ = outcome.optimizer_state if partial else None


class BaseLSTM(IncrementalEstimator, metaclass=ABCMeta):
    """The template of the estimators that learn from sequences and targets.

    A subclass spells out its parameters and its public methods, and says by `_new_target` what
    y becomes.
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = NETWORK | ENCODER | TRAINING
    # What "auto" becomes of some parameters: without an encoder, and with one
    _auto_by_encoder: ClassVar[dict[str, tuple[Any, Any]]] = {}

    _reads_matrices = True
    _target_: Target
    _state_: State | None  # of ``stateful=True``, between two calls
    _fingerprint_: str | None
    _id_counts_: tuple[np.ndarray, np.ndarray] | None  # of words and characters, in `partial_fit`
    _had_embeddings_: bool
    _encoder_shapes_: tuple[tuple[Any, ...], ...]  # of the encoders that training started from
    path_weights_: dict[str, float]
    _layers_: Layers
    _moments_: tuple[np.ndarray, np.ndarray] | None  # mean and scale of values; None of tokens

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
        check_validation(X_val, y_val)
        warm = self._continues()
        if self.stateful and self.early_stopping and X_val is None:
            raise ValueError(
                "early_stopping=True would hold samples out, but with stateful=True each sample "
                "continues another. Pass X_val and y_val, or set early_stopping=False."
            )
        trial = self._trial(keep_fitted=warm)
        seeds = Seeds.draw(self.random_state)
        may_hold_out = X_val is None and (self.early_stopping or trial._linear_path is not False)
        data = trial._read_labelled(
            X, y, sample_weight, reset=not warm, groups=groups if may_hold_out else None
        )
        every = data
        linear = trial._has_linear_path(data)
        held_out = None
        if X_val is not None:
            held_out = trial._read_labelled(X_val, y_val, None, reset=False, training=False)
        elif self.early_stopping:
            data, held_out = trial._hold_out(data, seeds.split)
        elif linear:
            data, held_out = trial._hold_out_if_possible(data, seeds.split)
        if warm:
            seeds = seeds.after(self.n_iter_)
        else:
            trial._build_network(data, seeds.module)
            trial._check_scale(X, every.sequences)
        if held_out is not None:  # is read as in prediction
            held_out = replace(held_out, sequences=trial._read_unknown(held_out.sequences))
            data = trial._without_extra(data, held_out)
        validation = held_out if X_val is not None or self.early_stopping else None
        trial._state_ = None
        if isinstance(trial.module_, SequenceNetwork):
            trial.module_.linear_path = None  # of an earlier fit
        trial._train(data, validation, seeds.training)
        if linear and held_out is not None:
            try:
                trial._add_linear_path(every, data, held_out, seeds.split)
            except KeyboardInterrupt:
                if is_one_of_many():
                    raise  # a part of a result would count as a whole one
                warnings.warn(
                    "The fit of the linear model beside the LSTM was interrupted; the LSTM alone, "
                    "which had been trained, is kept.",
                    ConvergenceWarning,
                    stacklevel=caller_level(),
                )
        return self._adopt(trial)

    # The linear path

    @property
    def _linear_path(self) -> bool | str:
        """The parameter of that name, False for estimators without one."""
        setting: bool | str = getattr(self, "linear_path", False)
        return setting

    def _has_linear_path(self, data: LabelledSequences) -> bool:
        """Return whether there will be a linear model beside the network.

        Raises
        ------
        ValueError
            If ``linear_path=True`` asks for one that cannot be.
        """
        if self._linear_path is False:
            return False
        obstacle = self._obstacle_to_linear_path(data)
        if self._linear_path == "auto":
            return obstacle is None and len(data) >= _FEWEST_FOR_LINEAR
        if obstacle is not None:
            raise ValueError(
                f"linear_path=True puts a linear model beside the LSTM, but {obstacle}. Set "
                "linear_path to 'auto' or False."
            )
        return True

    def _obstacle_to_linear_path(self, data: LabelledSequences) -> str | None:
        """Return why there cannot be a linear model beside the network; None if there can."""
        spec, lengths = self._input_, data.sequences.lengths
        kind = self._target_.linear_kind
        if kind is None:
            return "there is none for this loss or kind of target"
        if self.stateful or self.bptt_length is not None or not self.bidirectional:
            return (
                "it reads texts and series as a whole, which bidirectional=False, stateful and "
                "bptt_length do not"
            )
        if type(self)._build_module is not BaseLSTM._build_module:
            return "_build_module returns a network of your own"
        if spec.is_tokens:
            several = spec.n_features > 1 or spec.n_character_ids or spec.has_bags
            return "each step holds several token ids" if several else None
        if kind != "numbers":
            return "for classes it takes token ids, and X holds values"
        if spec.step_shape is not None:
            return "the steps of X are matrices"
        if (lengths != lengths[0]).any():
            return "the series in X differ in length"
        if int(lengths[0]) * spec.n_features > MOST_VALUES:
            return f"each series has more than {MOST_VALUES} values"
        return None

    def _hold_out_if_possible(
        self, data: LabelledSequences, seed: int
    ) -> tuple[LabelledSequences, LabelledSequences | None]:
        """Hold out a part to learn the weights of the paths from, unless there are too few."""
        try:
            return self._hold_out(data, seed, "linear_path=True")
        except ValueError:
            if self._linear_path is True:
                raise
            return data, None

    def _add_linear_path(
        self,
        every: LabelledSequences,
        trained: LabelledSequences,
        held_out: LabelledSequences,
        seed: int,
    ) -> None:
        """Fit a linear model, and put it beside the trained network.

        How much each of the two counts is learned on samples that neither was trained on; then
        the linear model is fitted to all samples.
        """
        kind, loss = self._target_.linear_kind, self._target_.sample_loss()
        assert kind is not None
        options: dict[str, Any] = {
            "n_ids": self._input_.n_ids if self._input_.is_tokens else None,
            "n_outputs": self._target_.n_outputs,
            "seed": seed,
        }
        with fast_cpu(self.n_jobs):
            path = fit_linear_path(trained, kind, loss, **options)
        shares = learn_shares(
            self._run(self.module_, held_out.sequences),
            self._run(path.linear, held_out.sequences, module=path),
            held_out,
            loss,
            squared=kind == "numbers",
        )
        if len(every) > len(trained):
            with fast_cpu(self.n_jobs):
                path = fit_linear_path(every, kind, loss, **options)
        with torch.no_grad():
            path.shares[0], path.shares[1] = shares
        # On the device of the network, which has been trained there.
        self.module_.linear_path = path.to(next(self.module_.parameters()).device).eval()
        self.path_weights_ = self._read_path_weights()

    def _read_path_weights(self) -> dict[str, float]:
        """Return the shares of both paths in the network as it is; `partial_fit` trains them."""
        path = getattr(self.module_, "linear_path", None)
        shares = path.shares.tolist() if isinstance(path, LinearPath) else [1.0, 0.0]
        return dict(zip(("lstm", "linear"), shares, strict=True))

    def _partial_fit(self, X: Any, y: Any, classes: Any, sample_weight: Any) -> Self:
        """Train for an epoch on part of the data: the body of the public `partial_fit`."""
        first = not self._continues(partial=True)
        if classes is not None and not first:
            self._target_.check_same(classes)
        trial = self._trial(keep_fitted=not first)
        if first:
            trial._state_ = None
        seeds = Seeds.draw(self.random_state)
        data = trial._read_labelled(X, y, sample_weight, reset=first, classes=classes, partial=True)
        if first:
            trial._build_network(data, seeds.module)
            trial._check_scale(X, data.sequences, partial=True)
        else:
            seeds = seeds.after(self.n_iter_)
        trial._train(data, None, seeds.training, partial=True)
        return self._adopt(trial)

    def _check_partial(self) -> None:
        super()._check_partial()
        self._new_target().check_partial()

    def _build_network(self, data: LabelledSequences, seed: int) -> None:
        encoders = self._encoders()
        if encoders:
            if self.embeddings is not None:
                raise ValueError(
                    "embeddings and encoder are both given, and each has token vectors to start "
                    "from; set one of them to None."
                )
            check_encoders(encoders, self._input_)
            self._input_ = replace(self._input_, n_ids=known_ids(encoders, self._input_))
        self._encoder_shapes_ = tuple(encoder.shape for encoder in encoders)
        self._layers_ = self._resolve_layers(data.sequences)
        self._moments_ = self._learn_moments(data)
        super()._build_network(data, seed)
        self._had_embeddings_ = getattr(self, "embeddings", None) is not None

    def _network_parameters(self) -> dict[str, Any]:
        own = {"embeddings", "freeze_embeddings", "batch_size", "learning_rate"}
        names = (NETWORK | POOLED | CHARACTERS).keys() - own
        values = {name: plain(getattr(self, name, None)) for name in sorted(names)}
        for name, value in values.items():
            if isinstance(value, list | tuple):
                values[name] = value[0] if len(value) == 1 else tuple(value)
        return values

    def _check_same_network(self) -> None:
        if not hasattr(self, "_network_"):  # of a pickle that an earlier version wrote
            return
        super()._check_same_network()
        if getattr(self, "embeddings", None) is not None and not self._had_embeddings_:
            raise ValueError(
                "embeddings are given now, but the model whose training would continue was fitted "
                "without. Set embeddings=None, or train a new model: fit with warm_start=False."
            )
        self._same_encoders()

    def _read_labelled(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        *,
        reset: bool,
        classes: Any = None,
        groups: Any = None,
        training: bool = True,
        partial: bool = False,
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
        name = "y" if training else "y_val"
        target = self._new_target()
        y = as_container(y, name)
        check_entries(y, name, dates=target.accepts_dates)
        check_consistent_length(sequences.lengths, y)
        if groups is not None:
            groups = _checked_groups(groups)
            check_consistent_length(sequences.lengths, groups)
        self._check_some_steps(sequences, "X" if training else "X_val")
        per_step = self._per_step
        if per_step:
            y = flatten_steps(y, sequences, name)
            weights = given_step_weights(sample_weight, sequences)
        else:
            weights = given_weights(sample_weight, len(sequences))
        (rows, y), unlabelled = self._labelled_rows(y, name), None
        if rows is not None:
            # On the scale that the weights of the labelled rows will have.
            scale = len(rows) / (weights[rows].sum() or 1.0)
            unlabelled = _without(rows, sequences, weights * scale, groups)
            sequences, weights = sequences.take(rows), weights[rows]
            groups = None if groups is None else groups[rows]
            self._check_some_steps(sequences, "X of the labelled rows")
        with target_errors(name, sequences.lengths if per_step else None, rows=rows):
            if reset:
                target.learn(y, weights, classes, partial=partial)
            else:
                target.resume(self._target_)
            encoded = target.encode(y)
        if training:
            target.learn_weights(encoded)
            self._target_ = target
            for attribute, value in target.fitted_attributes.items():
                setattr(self, attribute, value)
        from_target = self._target_.weights(y, encoded)
        n_sequences = int(np.count_nonzero(sequences.lengths))
        weights = scaled(weights if from_target is None else weights * from_target, n_sequences)
        if reset and classes is None:
            target.check_weights(encoded, weights)
        data = LabelledSequences(sequences, encoded, weights, per_step, groups, unlabelled)
        # Sequences without steps have no part in training.
        return data if sequences.lengths.all() else data.take(np.flatnonzero(sequences.lengths))

    def _labelled_rows(self, y: Any, name: str) -> tuple[np.ndarray | None, Any]:
        """Return the indices of the rows with a label, None if every row has one; and labels."""
        return None, y

    def _check_some_steps(self, sequences: Ragged, name: str) -> None:
        """Raise ValueError if sequences without steps cannot be left out of training."""
        empty = np.flatnonzero(sequences.lengths == 0)
        if len(empty) == len(sequences):
            raise ValueError(
                f"{name} holds empty sequences only ({len(empty)}), and no step to learn from."
            )
        if len(empty) and self.stateful:
            raise ValueError(
                f"{name}[{empty[0]}] is an empty sequence; with stateful=True, where each sample "
                "continues another, every sequence needs at least one step for training."
            )

    def _check_scale(self, X: Any, sequences: Ragged, *, partial: bool = False) -> None:
        """Warn if values are on a scale from which the network does not learn."""
        if sequences.is_tokens or self._may_be_ids:
            return
        name = type(self).__name__
        found = None
        if getattr(self.module_, "standardization", None) is None:
            found = unusual_scale(_columns(sequences), partial=partial)
            what = "far from 0 and 1, so that training learns little from it"
        if found is None:
            found = self._lost_in_float32(X, _columns(sequences))
            what = "which float32 cannot represent: all of its values become the same"
        if found is None and not partial:  # a part may vary little by chance
            found = self._lost_in_float32(X, _columns(sequences), far=True)
            what = "of which float32 keeps fewer than 3 digits"
        if found is not None:
            feature, mean, deviation = found
            way = f"make_pipeline(SequenceScaler(), {name}())"
            if sequences.step_shape is not None:  # which SequenceScaler does not read
                way = "(X - X_train.mean()) / X_train.std()"
            warnings.warn(
                f"feature {feature} of X has mean {mean:.4g} and standard deviation "
                f"{deviation:.4g}, {what}. Scale it: {way}.",
                UserWarning,
                stacklevel=caller_level(),
            )

    def _lost_in_float32(
        self, X: Any, values: np.ndarray, *, far: bool = False
    ) -> tuple[int, float, float] | None:
        """Return the first feature that varies in X only, its mean and standard deviation.

        With `far`, the first feature whose mean is so large beside its deviation that float32
        keeps few digits of that.
        """
        if getattr(X, "dtype", None) == np.float32:
            return None
        if far:
            some = values[:: 1 + len(values) // 10_000]
            found = np.flatnonzero(_far_in_float32(some))
        else:
            found = np.flatnonzero((values[:1000] == values[0]).all(axis=0))
            found = found[(values[:, found] == values[0, found]).all(axis=0)]
        if not len(found):
            return None
        given = as_ragged(
            X,
            input_type=self.input_type,
            padding_value=self.padding_value,
            dtype=[np.float64, np.float32],
            matrices=self._reads_matrices,
        )
        if given.values.dtype == np.float32:
            return None
        rows = _columns(given)[:, found].astype(np.float64)
        low, high = rows.min(axis=0), rows.max(axis=0)
        lost = np.flatnonzero((low < high) & ~equal_but_for_rounding(low, high, rows.dtype))
        if not len(lost):
            return None
        column = rows[:, lost[0]]
        return int(found[lost[0]]), float(column.mean()), float(column.std())

    def _hold_out(
        self, data: LabelledSequences, seed: int, purpose: str = "early_stopping"
    ) -> tuple[LabelledSequences, LabelledSequences]:
        """Split off a part of the training data, which errors say that `purpose` needs."""
        rows, held_out = holdout_split(
            len(data),
            self.validation_fraction,
            strategy=self.validation_strategy,
            strata=self._target_.strata(data.targets),
            groups=data.groups,
            seed=seed,
            classes=self._classes_of(data),
            purpose=purpose,
        )
        for part, name in ((rows, "left to train on"), (held_out, "held out")):
            if not data.weights[data.rows(part)].sum() > 0:
                raise ValueError(
                    f"{purpose} splits off a validation_fraction of {self.validation_fraction}, "
                    f"and the {len(part)} samples {name} all have a weight of 0. Leave such "
                    "samples out, or pass X_val and y_val."
                )
        train, held = data.take(rows), data.take(held_out)
        unlabelled = train.unlabelled
        # Groups are held out whole.
        if unlabelled is not None and unlabelled.groups is not None and held.groups is not None:
            others = np.flatnonzero(~np.isin(unlabelled.groups, held.groups))
            train = replace(train, unlabelled=unlabelled.take(others) if len(others) else None)
        return train, held

    def _classes_of(self, data: LabelledSequences) -> SampleClasses | None:
        """Return the classes of each sample that have a weight; None if targets are numbers."""
        marks = self._target_.marks(data.targets)
        if marks is None:
            return None
        owner = sequence_ids(data.sequences.lengths) if data.per_step else np.arange(len(data))
        heavy = data.weights > 0
        owner, marks = owner[heavy], marks[heavy]
        return SampleClasses(
            np.repeat(owner, marks.shape[1]), marks.ravel(), self._target_.mark_name
        )

    def _train(
        self,
        data: LabelledSequences,
        validation: LabelledSequences | None,
        seed: int,
        *,
        partial: bool = False,
    ) -> None:
        if self.stateful:
            self._check_causal("stateful=True")
        if self.bptt_length is not None:
            self._check_network_causal(f"bptt_length={self.bptt_length}")
        terms = self._unsupervised_terms(data)
        if terms is None:
            data = replace(data, unlabelled=None)
        elif partial:  # nobody knows how many epochs will follow
            terms = replace(terms, ramp=False)
        passes = 1 if partial else passes_per_epoch(data, self._batch_size)
        shuffle = self.shuffle and not self.stateful
        n_batches = passes * batches_per_epoch(
            data, self._batch_size, bptt_length=self.bptt_length, shuffle=shuffle
        )
        n_tokens = passes * int(data.sequences.lengths.sum()) if data.sequences.is_tokens else 0
        auto_epochs = SHORT_SERIES if self._reads_short_series(data) else SUPERVISED
        if data.unlabelled is not None:
            lengths = data.unlabelled.sequences.lengths
            n_tokens += int(lengths.mean() * n_batches * self._batch_size) if n_tokens else 0
            auto_epochs = SEMI_SUPERVISED
        plan = self._plan(
            n_batches=n_batches,
            seed=seed,
            n_tokens=n_tokens,
            auto_epochs=auto_epochs,
            partial=partial,
            was_frozen=getattr(self, "_froze_embeddings_", False),
            fine_tuning=self._fine_tuning(),
            bptt_length=self.bptt_length,
            stateful=self.stateful,
        )
        rate = self._resolve("learning_rate")
        plan = replace(plan, batch_size=self._batch_size, learning_rate=rate, passes=passes)
        self._note_auto(plan, partial=partial)
        self._froze_embeddings_ = plan.frozen_epochs is not None
        state = None
        if partial and self.stateful and self._state_ is not None:
            state = self._kept_state(self.module_.to(plan.device), plan.device)
        rare = self._embeddings_with_rare_ids()
        counts = self._count_ids(data, partial=partial) if rare else None
        self._set_counts(rare, counts)
        outcome = train(
            self.module_,
            self._target_.build_loss(self._output_layer),
            data,
            plan,
            validation=validation,
            score=self._target_.score,
            optimizer_state=self._optimizer_state_ if partial else None,
            state=state,
            model=ModelInTraining(
                self,
                ask=self._ask_in_training,
                restore=self._restore_sequences,
                targets=self._restore_targets,
                decode=self._decode_batches,
                snapshot=lambda so_far: self._snapshot(so_far, partial=partial),
            ),
            terms=terms,
        )
        self._set_counts(rare, None)
        self._id_counts_ = counts if partial else None
        self._record(outcome, partial=partial)

    def _unsupervised_terms(self, data: LabelledSequences) -> UnsupervisedTerms | None:
        """Return the terms of the loss that need no labels; None if there are none."""
        return None

    def _fine_tuning(self) -> FineTuning | None:
        """Return how the layers of an encoder are trained; None if the network has none."""
        started: tuple[Any, ...] = getattr(self, "_encoder_shapes_", ())
        if not (started and isinstance(self.module_, SequenceNetwork)):
            return None
        n_done: int = getattr(self, "n_iter_", 0)
        return FineTuning(self.freeze_encoder, self.encoder_learning_rate_decay, n_done)

    def _embeddings_with_rare_ids(self) -> list[TokenEmbedding | CharacterConvolution]:
        """Return the parts of the network that read rare ids as unknown while training."""
        kinds = (TokenEmbedding, CharacterConvolution)
        if not self._input_.is_tokens:
            return []
        return [
            part for part in self.module_.modules() if isinstance(part, kinds) and part.rare.a > 0.0
        ]

    def _count_ids(
        self, data: LabelledSequences, *, partial: bool
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return how often each word occurs, and each character in the different words.

        In `partial_fit` with all earlier parts: no word is rare because one part is small.
        """
        spec, sequences = self._input_, data.sequences
        read = [sequences] if data.unlabelled is None else [sequences, data.unlabelled.sequences]
        parts = [
            part.values if part.starts is None else part.values[ranges(part.offsets, part.lengths)]
            for part in read
        ]
        ids = parts[0] if len(parts) == 1 else np.concatenate(parts)
        characters = np.empty(0, dtype=np.int32)
        if sequences.has_characters:
            ids, characters = ids[:, 0], np.unique(ids[:, 1:], axis=0)
        words = _occurrences(ids, spec.n_ids)
        spelled = _occurrences(characters, spec.n_character_ids)
        before = getattr(self, "_id_counts_", None) if partial else None
        return (words, spelled) if before is None else (words + before[0], spelled + before[1])

    def _set_counts(
        self,
        parts: list[TokenEmbedding | CharacterConvolution],
        counts: tuple[np.ndarray, np.ndarray] | None,
    ) -> None:
        """Tell parts of the network how often ids occur, for training; None after it."""
        for part in parts:
            own = counts and counts[isinstance(part, CharacterConvolution)]
            part.set_counts(None if own is None else torch.from_numpy(own))

    def _reads_short_series(self, data: LabelledSequences) -> bool:
        """Return True for series, with a target each, of few steps on average."""
        spec, lengths = self._input_, data.sequences.lengths
        is_series = not spec.is_tokens and spec.step_shape is None and not data.per_step
        return is_series and bool(lengths.mean() < SHORT)

    def _record(self, outcome: TrainingOutcome, *, partial: bool) -> None:
        super()._record(outcome, partial=partial)
        self.path_weights_ = self._read_path_weights()
        # After an epoch of `fit` the state is reset; a part of the data may be followed by another.
        state = outcome.state if partial else None
        self._state_ = None if state is None else tuple(part.cpu() for part in state)
        causal = isinstance(self.module_, SequenceNetwork) and self.module_.is_causal
        self._fingerprint_ = fingerprint(self.module_) if causal else None

    # During training, for callbacks

    def _ask_in_training(self, method: str, X: Any, *args: Any, **kwargs: Any) -> Any:
        kept, self._state_ = self._state_, None  # which the call must not move
        try:
            return super()._ask_in_training(method, X, *args, **kwargs)
        finally:
            self._state_ = kept

    def _restore_targets(self, encoded: np.ndarray, lengths: np.ndarray | None) -> np.ndarray:
        """Return the y of encoded targets; where every step has one, an array per sequence."""
        y = self._target_.restore(encoded)
        return y if lengths is None else split(y, lengths)

    def _decode_batches(self, method: str, outputs: list[Tensor], lengths: list[Tensor]) -> Any:
        """Return the result of a method, given the outputs of the network for some batches."""
        decoder = self._target_.decoder(method, self._output_layer)
        rows = []
        for batch, length in zip(outputs, lengths, strict=True):
            decoded = batch.detach()
            if decoder.batch is not None:
                decoded = decoder.batch(decoded, length.to(batch.device)).detach()
            if self._per_step:
                steps = torch.arange(decoded.shape[1], device=decoded.device)
                decoded = decoded[steps < length.to(decoded.device)[:, None]]
            rows.append(decoded.cpu().numpy())
        result = decoder.rows(np.concatenate(rows))
        return split(result, torch.cat(lengths).cpu().numpy()) if self._per_step else result

    def _snapshot(self, outcome: TrainingOutcome, *, partial: bool) -> Self:
        """Return a fitted copy, as if training had ended."""
        model = copy.copy(self)
        model.callbacks_ = copied_callbacks(self.callbacks_)
        model._record(outcome, partial=partial)
        return model

    # The network

    def _build_module(self) -> nn.Module:
        """Build the network. Override this method to use a module that you wrote.

        It is called once the form of the input is known, with torch's global generator seeded and
        float32 as torch's default dtype, in which the module is run as well. A module maps
        ``inputs`` of shape (batch, time, features) and ``lengths`` of shape (batch,) to what the
        loss takes, (batch, n_outputs), or (batch, time, n_outputs) where every step has a target.
        It gets values as they are in X, and standardises them itself if it has to.
        """
        size = self._input_.n_features
        embedding = self._build_embedding()
        if isinstance(embedding, TokenEmbedding):
            n_vectors = 1 if embedding.average else size
            size = n_vectors * embedding.weight.shape[1]
        elif embedding is not None:
            size = embedding.output_size
        step_convolution = self._build_step_convolution()
        if step_convolution is not None:
            size = step_convolution.output_size
        layers = self._layers_
        if layers.standardize == "both":
            size *= 2
        n_values = size
        convolution = None
        if layers.conv_filters is not None:
            convolution = ConvolutionPool(
                size, layers.conv_filters, self.conv_kernel_size, layers.conv_pool_size
            )
            size = layers.conv_filters
        recurrent, pooling, branch = self._build_recurrent(size), None, None
        n_encoded = recurrent.output_size
        if not self._per_step:
            kind = self._resolve("pooling")
            pooling = make_pooling(
                kind, n_encoded, recurrent.bidirectional, recurrent.backward_size
            )
            n_encoded = pooling.output_size
        if layers.fcn_filters is not None:
            kernel_sizes = layer_sizes(self.fcn_kernel_sizes, 1, name="fcn_kernel_sizes")
            branch = FullyConvolutional(n_values, layers.fcn_filters, kernel_sizes)
            n_encoded += branch.output_size
        return SequenceNetwork(
            embedding=embedding,
            step_convolution=step_convolution,
            convolution=convolution,
            recurrent=recurrent,
            pooling=pooling,
            output=self._build_output(n_encoded),
            dropout=self.dropout,
            standardization=self._build_standardization(),
            branch=branch,
        )

    def _build_recurrent(self, size: int) -> RecurrentStack:
        """Return the recurrent layers for steps of `size` features, or those of the encoder."""
        dropouts: dict[str, Any] = {
            "dropout": self.dropout,
            "recurrent_dropout": self.recurrent_dropout,
            "recurrent_dropout_method": self.recurrent_dropout_method,
        }
        encoders = self._encoders()
        if encoders:
            return joined_layers(encoders, **dropouts)
        return RecurrentStack(
            size,
            layer_sizes(self.hidden_size, self.num_layers) if self.num_layers else (),
            cell=self.cell,
            bidirectional=self.bidirectional,
            **dropouts,
        )

    def _build_standardization(self) -> Standardize | StandardizeWithin | None:
        """Return the layer that standardises values, or None."""
        if self._moments_ is None:
            return None
        whole, how = Standardize(*self._moments_), self._layers_.standardize
        return StandardizeWithin(whole, how == "both") if isinstance(how, str) else whole

    def _build_output(self, size: int) -> nn.Module:
        """Return the output layer for states of `size` features."""
        return self._target_.build_output(size)

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

    def _resolve_layers(self, sequences: Ragged) -> Layers:
        """Return the layers over time that the parameters ask for; a tagger has no pooling."""
        conv_filters = self.conv_filters if self.encoder is None else None
        return Layers(None, conv_filters, 1, self.standardize)

    def _resolve(self, name: str) -> Any:
        """Return a parameter, "auto" resolved by whether the network started from an encoder.

        Not by `encoder`, which may be None when training continues.
        """
        value = getattr(self, name)
        if value == "auto":
            value = self._auto_by_encoder[name][bool(getattr(self, "_encoder_shapes_", ()))]
        return value

    @property
    def _batch_size(self) -> int:
        """The number of sequences per training step, "auto" resolved."""
        if self.batch_size != "auto":
            return int(self.batch_size)
        spec = self._input_
        is_series = not spec.is_tokens and spec.step_shape is None
        return _BATCH_OF_SERIES if is_series else _BATCH

    def _note_auto(self, plan: TrainingPlan, *, partial: bool) -> None:
        """Record what "auto" became of the parameters that have it."""
        by_encoder = {name: self._resolve(name) for name in self._auto_by_encoder}
        for name, value in by_encoder.items():
            setattr(self, f"{name}_", value)
        became = vars(self._layers_) | by_encoder | {"batch_size": plan.batch_size}
        if not self._layers_.conv_filters:
            del became["conv_pool_size"]
        if self._input_.is_tokens:
            del became["standardize"]
        if self._per_step:
            became.pop("pooling", None)
        self._record_auto(became | {"max_epochs": plan.max_epochs}, partial=partial)

    def _learn_moments(self, data: LabelledSequences) -> tuple[np.ndarray, np.ndarray] | None:
        """Return the mean and the scale of each feature, or None where nothing is standardised.

        Steps count by the weight of their sample.
        """
        sequences = data.sequences
        if sequences.is_tokens or not self.standardize:
            return None
        return value_moments(sequences, sequences.row_weights(data.weights, per_step=data.per_step))

    @property
    def _output_layer(self) -> nn.Module | None:
        """The output layer of the network; None if a user's module has none of this name."""
        return getattr(self.module_, "output", None)

    def _layer_rows(self) -> list[LayerRow]:
        spec = self._input_
        return layer_rows(self.module_, spec.n_features, is_tokens=spec.is_tokens)

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
        if self.stateful:
            decoder = self._target_.decoder(method, self._output_layer)
            return decoder.rows(self._stateful_outputs(sequences))
        return self._rows_from_start(sequences, method)

    def _rows_from_start(self, sequences: Ragged, method: str) -> Any:
        """Return the results of a method for sequences that begin in the initial state."""
        decoder = self._target_.decoder(method, self._output_layer)
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
        y, sample_weight = self._read_scoring(y, sample_weight)
        check_consistent_length(sequences.lengths, y)
        expected = flatten_steps(y, sequences, "y")
        if not len(expected):
            raise ValueError(
                f"X holds empty sequences only ({len(sequences)}), and no step to score."
            )
        with target_errors("y", sequences.lengths):
            self._target_.check(expected)
        weights = given_step_weights(sample_weight, sequences)
        return expected, self._rows(sequences, "predict"), weights

    def _read_scoring(self, y: Any, sample_weight: Any) -> tuple[Any, Any]:
        """Return true targets and weights, without dates in the place of numbers and masks."""
        check_is_fitted(self)
        y, sample_weight = as_container(y, "y"), as_container(sample_weight, "sample_weight")
        check_entries(y, "y", dates=self._target_.accepts_dates)
        check_entries(sample_weight, "sample_weight")
        return y, sample_weight

    def _read_X(self, X: Any, *, in_pieces: bool = False) -> Ragged:
        """Read `X` for a fitted estimator."""
        check_is_fitted(self)
        return self._read_unknown(self._read_sequences(X, reset=False, in_pieces=in_pieces))

    def _forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return the network's outputs, of long sequences chunk by chunk."""
        outputs: Tensor
        module, length = self.module_, self.bptt_length
        if length is None or not isinstance(module, SequenceNetwork) or not module.is_causal:
            outputs = module(inputs, lengths)
        else:
            outputs = module.forward_in_chunks(inputs, lengths, int(length))
        return outputs

    def _run(
        self,
        forward: Callable[..., Tensor],
        sequences: Ragged,
        *,
        module: nn.Module | None = None,
    ) -> np.ndarray:
        """Return the results of `forward`, of `module_` or another module.

        One row per sample or step, in input order.
        """
        module = self.module_ if module is None else module
        return predict_rows(module, forward, sequences, **self._run_options())

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
        outputs, size = [], self._batch_size
        for first in range(0, len(sequences), size):
            batch = sequences.take(np.arange(first, min(first + size, len(sequences))))
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
            return module.initial_state(self._batch_size)
        if len(kept[0]) != self._batch_size:
            raise ValueError(
                f"batch_size is {self._batch_size} now, but the state kept by stateful=True is of "
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
            owner, way = "bidirectional=True", "bidirectional=False"
            if getattr(self, "_encoder_shapes_", ()):
                owner, way = "the encoder", "a single encoder that reads forward"
            raise ValueError(
                f"{what} reads sequences piece by piece, but {owner} also reads them from their "
                f"ends. Fit with {way}."
            )
        if module.linear_path is not None:
            raise ValueError(
                f"{what} reads sequences piece by piece, but linear_path puts a linear model "
                "beside the LSTM that reads them whole. Fit with linear_path=False."
            )
        if module.convolution is not None:
            raise ValueError(
                f"{what} reads sequences piece by piece, but conv_filters adds a convolution that "
                "looks at later steps. Fit with conv_filters=None."
            )
        if module.branch is not None:
            raise ValueError(
                f"{what} reads sequences piece by piece, but fcn_filters adds convolutions that "
                "read them whole. Fit with fcn_filters=None."
            )

    # For the displays of `sklstm.inspection`, which import nothing from here

    def _attribute(
        self,
        X: Any,
        *,
        target: Any,
        step: int | None,
        baseline: Any,
        n_steps: int | None,
        vocabulary: Vocabulary | None = None,
    ) -> dict[str, Any]:
        """Return integrated gradients: the body of `sklstm.inspection.integrated_gradients`."""
        sequences = self._read_several(X)
        module = self._inspected_network("integrated gradients")
        steps = self._explained_steps(step, sequences)

        def predicted(method: str) -> Any:
            rows = self._rows_from_start(sequences, method)
            return rows if steps is None else rows[offsets(sequences.lengths) + steps]

        index = self._target_.choose(target, len(sequences), predicted)
        options = self._run_options()
        found = integrate_gradients(
            module,
            sequences,
            self._read_baseline(baseline, sequences),
            self._target_.explained,
            index,
            steps=steps,
            n_nodes=n_steps,
            device=options["device"],
            n_jobs=options["n_jobs"],
        )
        wrong = np.flatnonzero(found.errors > TOLERANCE)
        if len(wrong):
            worst = wrong[found.errors[wrong].argmax()]
            warnings.warn(
                f"the attributions of {len(wrong)} of {len(sequences)} samples do not add up to "
                f"the difference between output and baseline output to {TOLERANCE:.0%}; that of "
                f"X[{worst}] is off by {found.errors[worst]:.1%} with {found.n_nodes[worst]} "
                "steps. Use more (n_steps).",
                UserWarning,
                stacklevel=caller_level(),
            )
        values = found.values
        if sequences.is_tokens and values.shape[1] == 1:
            values = values[:, 0]
        elif sequences.step_shape is not None:
            values = values.reshape(len(values), *sequences.step_shape)
        return {
            "attributions": split(values, sequences.lengths),
            "outputs": found.outputs,
            "baseline_outputs": found.baseline_outputs,
            "targets": self._target_.named(index),
            "completeness_errors": found.errors,
            "n_steps": found.n_nodes,
            "series": None if sequences.is_tokens else self._restore_sequences(sequences),
            "words": _words_of(sequences, vocabulary),
        }

    def _read_several(self, X: Any, name: str = "X") -> Ragged:
        """Read `X`; if it is one sequence where a list of them is needed, say so."""
        try:
            return self._read_X(X)
        except (TypeError, ValueError) as error:
            kind = TypeError if isinstance(error, TypeError) else ValueError
            try:
                self._read_X([X])
            except (TypeError, ValueError):
                raise error from None
            shape = f" of shape {X.shape}" if hasattr(X, "shape") else ""
            raise kind(
                f"{name} is one sequence{shape}, where a list of sequences is needed; pass "
                f"[{name}]."
            ) from error

    def _step_words(self, X: Any, vocabulary: Vocabulary | None) -> list[list[str]] | None:
        """Return the word of each step that the network reads, or None for values."""
        with warnings.catch_warnings():  # of X, which was read before
            warnings.simplefilter("ignore")
            return _words_of(self._read_X(X), vocabulary)

    def _layer_states(self, X: Any, *, layer: int, backward: bool) -> list[np.ndarray]:
        """Return hidden and cell state of a layer of each sequence, (2, T_i, hidden_size).

        A GRU has the hidden state only.
        """
        sequences = self._read_X(X)
        module = self._inspected_network("states")
        recurrent = module.recurrent
        n_layers = len(recurrent.backward_layers if backward else recurrent.forward_layers)
        if not recurrent.layer_groups():
            raise ValueError("the model has no recurrent layers, as num_layers is 0.")
        if backward and not recurrent.bidirectional:
            raise ValueError("direction='backward', but the model has bidirectional=False.")
        if not n_layers:
            raise ValueError("direction='forward', but the encoder of the model reads backward.")
        layer = as_python(layer)
        if not isinstance(layer, int) or isinstance(layer, bool):
            raise ValueError(
                f"layer must be a whole number, from {-n_layers} to {n_layers - 1}; got {layer!r}."
            )
        if not -n_layers <= layer < n_layers:
            raise ValueError(
                f"layer={layer}, but the model has {n_layers} recurrent layers, 0 to "
                f"{n_layers - 1}."
            )
        device, depth = self._run_options()["device"], layer % n_layers

        def states(inputs: Tensor, lengths: Tensor) -> Tensor:
            parts = module.layer_states(inputs, lengths, depth, backward=backward)
            return torch.stack(parts, dim=1)  # (1, n_parts, time, hidden)

        each = (sequences.take(np.array([i])) for i in range(len(sequences)))
        return [
            predict_rows(module, states, one, device=device, n_jobs=self.n_jobs)[0] for one in each
        ]

    def _inspected_network(self, what: str) -> SequenceNetwork:
        """Return the network, after checking that it is one of ours."""
        module = self.module_
        if not isinstance(module, SequenceNetwork):
            raise TypeError(
                f"{what} need the network that {type(self).__name__} builds, but _build_module() "
                f"returned a {type(module).__name__}."
            )
        return module

    def _explained_steps(self, step: Any, sequences: Ragged) -> np.ndarray | None:
        """Return the index of the step of each sequence whose output is explained, or None."""
        name = type(self).__name__
        if not self._per_step:
            if step is not None:
                raise ValueError(f"step={step!r}, but {name} has one output for each sequence.")
            return None
        step = as_python(step)
        if not isinstance(step, int) or isinstance(step, bool):
            raise ValueError(
                f"step={step!r}: {name} has an output at every step; pass the index of one, such "
                "as step=0, or step=-1 for the last."
            )
        lengths = sequences.lengths
        short = np.flatnonzero((lengths <= step) if step >= 0 else (lengths < -step))
        if len(short):
            raise ValueError(f"step={step}, but X[{short[0]}] has {lengths[short[0]]} steps.")
        return lengths + step if step < 0 else np.full(len(lengths), step)

    def _read_baseline(self, baseline: Any, sequences: Ragged) -> Ragged | None:
        """Return a baseline for each sequence; None for zero vectors of tokens.

        Values begin at the training mean, by default, or at 0 if none was learned.
        """
        n_features, tokens = sequences.n_features, sequences.is_tokens
        if baseline is None:
            if tokens:
                return None
            baseline = 0.0 if self._moments_ is None else self._moments_[0]
            baseline = np.broadcast_to(baseline, (n_features,))  # of matrices, one for all
        elif not _holds_numbers(baseline):
            return self._read_baselines(baseline, sequences)
        elif tokens:
            raise ValueError(
                f"baseline={plain(baseline)!r} is a number or a list of them, but the model reads "
                "words. Accepted are None, for no words, one text of one word such as ['the'], "
                "which is repeated, and texts with as many words as those of X."
            )
        given = np.asarray(baseline, dtype=np.float64)
        if given.shape not in {(), (n_features,)}:
            raise ValueError(
                f"baseline has shape {given.shape}, but a step of X has {n_features} values. "
                f"Accepted are a number, an array of shape ({n_features},), which are repeated at "
                "every step, and sequences like X."
            )
        with np.errstate(over="ignore"):
            step = np.broadcast_to(given.astype(np.float32), (1, n_features))
        wrong = np.flatnonzero(~np.isfinite(step[0]))
        if len(wrong):
            where = f"[{wrong[0]}]" if given.ndim else ""
            raise ValueError(
                f"baseline{where} is {given.flat[wrong[0] if given.ndim else 0]}; accepted are "
                "finite numbers within the range of float32."
            )
        rows = np.zeros(int(sequences.lengths.sum()), dtype=np.int64)
        return replace(sequences, values=step, unknown=None).with_rows(rows, sequences.lengths)

    def _read_baselines(self, baseline: Any, sequences: Ragged) -> Ragged:
        """Return the user's baselines, after checking that they are as long as the sequences."""
        try:
            given = self._read_several(baseline, "baseline")
        except (TypeError, ValueError) as error:
            kind = TypeError if isinstance(error, TypeError) else ValueError
            step = "" if sequences.is_tokens else f"the {sequences.n_features} values of a step or "
            reason = str(error).replace("Input X", "baseline").replace("X[", "baseline[")
            raise kind(f"baseline must be {step}sequences like X: {reason}") from error
        if len(given) == 1 and given.lengths[0] == 1:
            rows = np.full(int(sequences.lengths.sum()), given.offsets[0])
            return given.with_rows(rows, sequences.lengths)
        if len(given) != len(sequences):
            raise ValueError(
                f"baseline holds {len(given)} sequences for {len(sequences)} in X; pass one for "
                "each, or a single one of one step."
            )
        other = np.flatnonzero(given.lengths != sequences.lengths)
        if len(other):
            i = other[0]
            raise ValueError(
                f"baseline[{i}] has {given.lengths[i]} steps, but X[{i}] has "
                f"{sequences.lengths[i]}."
            )
        return given

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        # Rows are read as sequences of numbers there, too, but scikit-learn's tools and checks
        # would pass one target for each row, where every step needs one.
        tags.input_tags.two_d_array = not self._per_step
        tags.target_tags.required = True
        return tags


class NamedFeatures(ClassNamePrefixFeaturesOutMixin):
    """The names of the features that `transform` returns."""

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the names of the features that `transform` returns.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Names of the columns of X; only compared with those seen in `fit`, if X had two
            dimensions. A column of sequences has a single name, whatever the number of features of
            a step.

        Returns
        -------
        names : ndarray of str
            The name of the class in lower case and a number: ``"lstmclassifier0"``.
        """
        check_is_fitted(self)
        spec = getattr(self, "_input_", None)  # of sequences
        given = input_features if spec is None or spec.width is not None else None
        names: np.ndarray = super().get_feature_names_out(given)
        return names


class PooledFeatures(NamedFeatures, TransformerMixin, BaseLSTM):
    """An estimator with one target per sequence, whose pooled state serves as features."""

    _parameter_constraints: ClassVar[dict[str, Any]] = BaseLSTM._parameter_constraints | POOLED
    _auto_by_encoder: ClassVar[dict[str, tuple[Any, Any]]] = {
        "pooling": ("max", "concat"),
        "learning_rate": (2e-3, 1e-2),
    }
    learning_rate_: float
    pooling_: str
    fcn_filters_: tuple[int, ...] | None
    conv_filters_: int | None
    conv_pool_size_: int
    standardize_: bool | str
    batch_size_: int

    def _resolve_layers(self, sequences: Ragged) -> Layers:
        """Return the layers over time that the parameters ask for, "auto" resolved.

        "auto" adds convolutions only to a network that reads sequences whole anyway: in both
        directions, for one target each.
        """
        spec, longest = self._input_, int(sequences.lengths.max())
        in_pieces = self.stateful or self.bptt_length is not None
        is_whole = self.bidirectional and not (self._per_step or in_pieces)
        is_series = not spec.is_tokens and spec.step_shape is None

        fcn_filters = self.fcn_filters
        if fcn_filters == "auto":
            fcn_filters = _FCN_FILTERS if is_whole and is_series else None
        elif fcn_filters is not None:
            fcn_filters = layer_sizes(fcn_filters, 1, name="fcn_filters")
            self._check_whole_series("fcn_filters", None)
        if fcn_filters is not None:
            kernel_sizes = layer_sizes(self.fcn_kernel_sizes, 1, name="fcn_kernel_sizes")
            if len(kernel_sizes) != len(fcn_filters):
                raise ValueError(
                    f"fcn_kernel_sizes={plain(self.fcn_kernel_sizes)!r} has {len(kernel_sizes)} "
                    f"layers, but fcn_filters={fcn_filters} has {len(fcn_filters)}; give one width "
                    "for each layer."
                )

        conv_filters, pool_size = self.conv_filters, 1 if self._per_step else 2
        if self.encoder is not None:
            conv_filters = None  # its layers read the vectors themselves
        if conv_filters == "auto":
            conv_filters = None
            if is_whole and spec.is_tokens and sequences.lengths.mean() >= _LONG_TEXTS:
                conv_filters, pool_size = _CONV_FILTERS, _TEXT_POOL
            elif is_whole and is_series and longest > _LONG_SERIES:
                conv_filters, pool_size = _CONV_FILTERS, math.ceil(longest / _STEPS_LEFT)
        if self.conv_pool_size != "auto":
            pool_size = int(self.conv_pool_size)
        if conv_filters is None:
            pool_size = 1
        if self._per_step and pool_size > 1:
            raise ValueError(
                f"y has a target for every step, but conv_pool_size={pool_size} reduces "
                f"{pool_size} steps to one; set conv_pool_size=1."
            )

        self.fcn_filters_, self.conv_filters_ = fcn_filters, conv_filters
        standardize = self.standardize
        if spec.is_tokens:
            standardize = bool(standardize)
        elif standardize == "auto":
            varied = is_whole and is_series and _scales_differ(sequences)
            standardize = "both" if varied else True
        elif isinstance(standardize, str):
            self._check_whole_series("standardize", True)
        self.conv_pool_size_, self.standardize_ = pool_size, standardize
        return Layers(fcn_filters, conv_filters, pool_size, standardize)

    def _build_output(self, size: int) -> nn.Module:
        """Return the output layer, with the dense layers before it."""
        given = self.dense_layer_sizes
        if isinstance(given, tuple | list) and not given:
            return super()._build_output(size)
        sizes = layer_sizes(given, 1, name="dense_layer_sizes")
        return DenseHead(size, sizes, super()._build_output(sizes[-1]), self.dropout)

    def _check_whole_series(self, name: str, instead: Any) -> None:
        """Raise ValueError if a parameter as it is cannot read this X, or not for this target."""
        spec = self._input_
        for found, reason in (
            (spec.is_tokens, "X holds token ids"),
            (spec.step_shape is not None, f"X has steps of shape {spec.step_shape}"),
            (self._per_step, "every step has a target"),
            (self.stateful, "with stateful=True each sample continues another"),
            (self.bptt_length is not None, f"bptt_length={self.bptt_length} reads it in chunks"),
        ):
            if found:
                raise ValueError(
                    f"{name}={plain(getattr(self, name))!r} is for a series of values that is "
                    f"read as a whole, but {reason}; set {name}={instead}."
                )

    def _note_auto(self, plan: TrainingPlan, *, partial: bool) -> None:
        super()._note_auto(plan, partial=partial)
        self.batch_size_ = plan.batch_size

    def transform(self, X: Any) -> np.ndarray:
        """Return the pooled state of each sequence, as features for another model.

        Parameters
        ----------
        X : sequences of shape (n_samples,), (n_samples, T) or (n_samples, T, F)
            In any of the forms in the notes of the class.

        Returns
        -------
        ndarray of shape (n_samples, n_features_out), dtype float32
            The pooled state, which the output layer or the first dense layer reads: the
            `hidden_size` of the last layer, times 2 if it is bidirectional. With `fcn_filters` the
            features of the convolutional branch follow: mean and standard deviation over the steps
            of each filter of the last layer.
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


def _scales_differ(sequences: Ragged) -> bool:
    """Return True if a feature varies far more within some sequences than within others.

    By the standard deviations within up to 1,000 sequences of enough steps, evenly spaced in X,
    without those of a constant.
    """
    rows = np.flatnonzero(sequences.lengths >= _ENOUGH_STEPS)
    if not len(rows) or 2 * len(rows) < len(sequences):
        return False
    rows = rows[np.linspace(0, len(rows) - 1, min(len(rows), 1000)).astype(int)]
    spreads = np.array([sequences[i].std(axis=0, dtype=np.float64) for i in rows])
    for own in spreads.T:
        varied = own[own > 1e-6 * own.max()]
        low, high = np.quantile(varied, (0.1, 0.9)) if len(varied) else (1.0, 1.0)
        if 2 * len(varied) > len(own) and high > _OTHER_SCALE * low:
            return True
    return False


def _holds_numbers(values: Any) -> bool:
    """Return True for a number, or one dimension of them."""
    found = as_objects(values)
    numbers = all(isinstance(value, int | float | np.number) for value in found.flat)
    return numbers and found.ndim < 2 and found.size > 0


def _words_of(sequences: Ragged, vocabulary: Vocabulary | None) -> list[list[str]] | None:
    """Return the word of each step of token ids, by their own vocabulary or else a given one.

    Of steps of several words, all of them: "milk, tea".
    """
    vocabulary = vocabulary if sequences.vocabulary is None else sequences.vocabulary
    if not sequences.is_tokens or vocabulary is None:
        return None
    words = vocabulary.words()
    ids = np.where(sequences.values < len(words), sequences.values, UNKNOWN_ID)
    if not vocabulary.bags:  # the characters of a word follow its id
        return [own.tolist() for own in split(words[ids[:, 0]], sequences.lengths)]
    kept = ids != PADDING_ID
    kept[:, 0] |= ~kept.any(axis=1)
    steps = object_array(", ".join(words[step[own]]) for step, own in zip(ids, kept, strict=True))
    return [own.tolist() for own in split(steps, sequences.lengths)]


def _without(
    rows: np.ndarray, sequences: Ragged, weights: np.ndarray, groups: np.ndarray | None
) -> UnlabelledSequences | None:
    """Return the samples that are not among `rows`, with some steps and a weight; None if none."""
    used = (weights > 0) & (sequences.lengths > 0)
    used[rows] = False
    if not used.any():
        return None
    others = np.flatnonzero(used)
    own = None if groups is None else groups[others]
    return UnlabelledSequences(sequences.take(others), weights[others].astype(np.float32), own)


def _occurrences(ids: np.ndarray, n_ids: int) -> np.ndarray:
    """Return how often each id occurs, of those that stand for a word or character."""
    counts = np.bincount(ids[ids < n_ids], minlength=n_ids)
    counts[:N_RESERVED] = 0
    return counts


def _columns(sequences: Ragged) -> np.ndarray:
    """Return the values with a column per feature; all numbers of a matrix are of one."""
    values = sequences.values
    return values if sequences.step_shape is None else values.reshape(-1, 1)


def value_moments(sequences: Ragged, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean and the scale of each feature of values, given the weight of each row.

    All numbers of steps that are matrices are of one feature. The scale of a constant feature is 1.
    """
    rows = sequences.values
    mean, variance = moments(rows, weights)
    low, high = extremes(rows, weights)
    if sequences.step_shape is not None:
        center = mean.mean(keepdims=True)
        variance = (variance + np.square(mean - center)).mean(keepdims=True)
        mean, low, high = center, low.min(keepdims=True), high.max(keepdims=True)
    scale = np.sqrt(variance)
    # By the values, as the variance may be rounding errors.
    constant = equal_but_for_rounding(low, high, np.dtype(np.float32))
    return mean, np.where(constant | (scale < np.finfo(np.float32).tiny), 1.0, scale)


def _far_in_float32(rows: np.ndarray) -> np.ndarray:
    """Return whether float32 keeps fewer than 3 digits of the deviation of each feature."""
    mean, deviation = rows.mean(axis=0, dtype=np.float64), rows.std(axis=0, dtype=np.float64)
    return (rows.min(axis=0) < rows.max(axis=0)) & (abs(mean) > _FAR_IN_FLOAT32 * deviation)


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
            f"step_conv_filters={plain(filters)!r} is for steps that are matrices, X of shape "
            "(n, T, H, W) or (n, T, C, H, W); this X has steps of features. For a convolution "
            "over time set conv_filters."
        )


@dataclass(frozen=True)
class SampleClasses:
    """The classes of each sample, of which a training set needs every one.

    Attributes
    ----------
    samples, marks : ndarray of int of shape (n,)
        Pairs of a sample and the number of one of its classes; a sample may have several.
    name : callable
        Returns how messages name the samples with a number: "of class 'b'".
    """

    samples: np.ndarray
    marks: np.ndarray
    name: Callable[[int], str] = "of class {}".format

    def lost(self, train: np.ndarray) -> int | None:
        """Return the number of a class that no sample of `train` has, or None."""
        counts = np.bincount(self.marks)
        left = np.bincount(self.marks[np.isin(self.samples, train)], minlength=len(counts))
        lost = np.flatnonzero((counts > 0) & (left == 0))
        return int(lost[0]) if len(lost) else None

    def spared(self, order: np.ndarray, unit: np.ndarray, n: int) -> np.ndarray:
        """Return up to `n` of the units in `order` without which no class is lost.

        `unit` is the unit of each sample: the sample itself, or its group.
        """
        pairs = np.unique(np.stack([unit[self.samples], self.marks]), axis=1)
        marks = np.unique(pairs[1], return_inverse=True)[1]
        ends = np.searchsorted(pairs[0], order, side="right").tolist()
        begins = np.searchsorted(pairs[0], order, side="left").tolist()
        left = np.bincount(marks)
        taken: list[int] = []
        for one, begin, end in zip(order.tolist(), begins, ends, strict=True):
            own = marks[begin:end]
            if len(taken) < n and (left[own] > 1).all():
                left[own] -= 1
                taken.append(one)
        return np.array(taken, dtype=np.int64)


def holdout_split(
    n_samples: int,
    fraction: float,
    *,
    strategy: str,
    strata: np.ndarray | None,
    groups: Any,
    seed: int,
    classes: SampleClasses | None = None,
    purpose: str = "early_stopping",
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
    classes : SampleClasses or None, default=None
        Classes of which every one stays in the part to train on; None for the `strata`.
    purpose : str, default="early_stopping"
        What needs a part held out, for errors.

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
            f"{purpose} needs at least 2 samples to hold some out; got n_samples={n_samples}."
        )
    if groups is not None:
        check_consistent_length(range(n_samples), groups)
    rows = np.arange(n_samples)
    if classes is None and strata is not None:
        classes = SampleClasses(rows, strata)
    n_held = min(max(1, round(n_samples * fraction)), n_samples - 1)
    if strategy == "last":
        train = rows[:-n_held]
        lost = None if classes is None else classes.lost(train)
        # Where no sample left has a weight, that is what the error is about.
        if classes is not None and lost is not None and np.isin(classes.samples, train).any():
            raise ValueError(
                f"validation_strategy='last' would hold out the last {n_held} samples, and with "
                f"them all samples {classes.name(lost)}, so that none is left to train on. Change "
                "validation_fraction or validation_strategy, or pass X_val and y_val."
            )
        return train, rows[-n_held:]
    if strategy == "groups" and groups is None:
        raise ValueError("validation_strategy='groups' needs groups: pass groups= to fit.")
    if strategy == "stratified":
        if strata is None or classes is None:
            raise ValueError(
                "validation_strategy='stratified' needs one label per sample, but y is multilabel; "
                "use 'auto'."
            )
        if groups is not None:
            raise ValueError(
                "validation_strategy='stratified' would split groups, but fit was given groups; "
                "use 'groups' or 'auto'."
            )
        _check_can_stratify(strata, n_held, classes.name)
    if groups is not None:
        n_groups = len(np.unique(np.ravel(groups)))
        if n_groups == 1:
            raise ValueError(
                f"{purpose} holds out whole groups, but all samples are of one group. Pass "
                "X_val and y_val, or no groups."
            )
        n_out = min(int(np.ceil(n_groups * fraction)), n_groups - 1)
        by_group = GroupShuffleSplit(1, test_size=n_out, random_state=seed)
        split = by_group.split(rows, groups=groups)
    elif strata is not None and _can_stratify(strata, n_held):
        stratified = StratifiedShuffleSplit(1, test_size=n_held, random_state=seed)
        split = stratified.split(rows, strata)
    else:
        split = ShuffleSplit(1, test_size=n_held, random_state=seed).split(rows)
    train, held_out = next(split)
    if classes is None or classes.lost(train) is None:
        return train, held_out
    if groups is not None:
        return _keep_classes_by_groups(classes, groups, held_out, seed, purpose)
    return _keep_classes(classes, strata, n_samples, n_held, seed, purpose)


def _keep_classes(
    classes: SampleClasses,
    strata: np.ndarray | None,
    n_samples: int,
    n_held: int,
    seed: int,
    purpose: str,
) -> tuple[np.ndarray, np.ndarray]:
    """Split samples such that every class stays in the first part, by another order."""
    order = np.random.RandomState(seed).permutation(n_samples)
    if strata is not None:  # samples of each class at equal distances, to keep proportions
        own = strata[order]
        rank = np.empty(n_samples)
        for one in np.unique(own):
            members = np.flatnonzero(own == one)
            rank[members] = (np.arange(len(members)) + 0.5) / len(members)
        order = order[np.argsort(rank, kind="stable")]
    held_out = classes.spared(order, np.arange(n_samples), n_held)
    if not len(held_out):
        raise ValueError(
            f"{purpose} needs a sample to hold out, but without any of them a class would be "
            f"left without samples to train on: only one is {classes.name(_rarest(classes))}. Add "
            "samples, or pass X_val and y_val."
        )
    return order[~np.isin(order, held_out)], held_out


def _keep_classes_by_groups(
    classes: SampleClasses, groups: Any, drawn: np.ndarray, seed: int, purpose: str
) -> tuple[np.ndarray, np.ndarray]:
    """Split groups such that every class stays in the first part."""
    names, unit = np.unique(np.ravel(groups), return_inverse=True)
    order = np.random.RandomState(seed).permutation(len(names))
    chosen = classes.spared(order, unit, len(np.unique(unit[drawn])))
    if not len(chosen):
        lost = classes.lost(np.flatnonzero(~np.isin(unit, unit[drawn])))
        assert lost is not None  # which is why there is another split
        raise ValueError(
            f"{purpose} holds out whole groups, but without any of them a class would be left "
            f"without samples to train on; all samples {classes.name(lost)}, for instance, are in "
            "the same group. Pass X_val and y_val, or no groups."
        )
    held_out = np.isin(unit, chosen)
    return np.flatnonzero(~held_out), np.flatnonzero(held_out)


def _rarest(classes: SampleClasses) -> int:
    """Return the number of the class with the fewest samples."""
    marks, counts = np.unique(classes.marks, return_counts=True)
    return int(marks[counts.argmin()])


def _checked_groups(groups: Any) -> np.ndarray:
    """Return groups as an array, after checking that each sample has one."""
    groups = as_container(groups, "groups")
    check_entries(groups, "groups", dates=True)
    fault = label_fault(as_objects(groups))
    if fault is not None:
        raise ValueError(f"groups[{fault[0]}] {fault[1]}; every sample needs a group.")
    return np.asarray(groups)


def _check_can_stratify(strata: np.ndarray, n_held: int, name: Callable[[int], str]) -> None:
    """Raise ValueError unless every class can be in both parts."""
    classes, counts = np.unique(strata, return_counts=True)
    if counts.min() < 2:
        raise ValueError(
            "validation_strategy='stratified' needs at least 2 samples of each class, but there "
            f"is {counts.min()} {name(int(classes[counts.argmin()]))}; use 'auto'."
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


def layer_rows(module: nn.Module, n_features: int, *, is_tokens: bool | None) -> list[LayerRow]:
    """Return name, type, output shape and trained parameters of each part of `module`.

    Parameters
    ----------
    module : Module
        The network; run once, in evaluation mode, on one sequence of zeros, or one row of them.
    n_features : int
        Number of features, or token ids, per step of the input, or of columns of a table.
    is_tokens : bool or None
        Whether the input is token ids; None for a table.

    Returns
    -------
    list of tuple
        A row per direct child, or layer of a `Sequential`, in the order in which they run.
    """
    rows: list[LayerRow] = []
    n_steps = _SUMMARY_STEPS if n_features < _LARGE else _SUMMARY_LARGE_STEPS
    hooks = [
        part.register_forward_hook(_shape_recorder(rows, name, n_steps))
        for name, part in _parts(module)
        if any(True for _ in part.parameters()) or name == "pooling"
    ]
    device = next(module.parameters()).device
    shape = (1, n_features) if is_tokens is None else (1, n_steps, n_features)
    inputs = torch.zeros(shape, dtype=torch.long if is_tokens else torch.float32, device=device)
    lengths = None if is_tokens is None else torch.tensor([n_steps], device=device)
    try:
        with evaluation_mode(module), torch.inference_mode():
            module(inputs, lengths)
    finally:
        for hook in hooks:
            hook.remove()
    return rows


def _parts(module: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """Yield the direct children with their names, and the layers of those that are sequences."""
    for name, part in module.named_children():
        if isinstance(part, nn.Sequential):
            yield from ((f"{name}.{inner}", layer) for inner, layer in part.named_children())
        else:
            yield name, part


def trained_parameters(part: nn.Module) -> int:
    """Return the number of parameters that training changes."""
    return sum(p.numel() for p in part.parameters() if p.requires_grad)


def _shape_recorder(rows: list[LayerRow], name: str, n_steps: int) -> Any:
    def record(part: nn.Module, inputs: Any, output: Any) -> None:
        shape = tuple(output[0].shape if isinstance(output, tuple) else output.shape)
        names = {name, *(row[0] for row in rows)}
        has_time = "pooling" not in names or "decoder" in names  # which unrolls the steps again
        kind = type(part).__name__
        rows.append(
            (name, kind, _format_shape(shape, n_steps if has_time else 0), trained_parameters(part))
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
