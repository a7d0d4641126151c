"""What the LSTM estimators share: the steps of a fit, the network, prediction, pickling."""

from __future__ import annotations

import copy
from abc import ABCMeta, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
import torch
from sklearn.base import BaseEstimator
from sklearn.utils import check_consistent_length, check_random_state
from sklearn.utils.validation import _check_sample_weight, check_is_fitted
from torch import nn

from sklstm._constraints import NETWORK, TRAINING, epoch_count, layer_sizes
from sklstm._embeddings import embedding_matrix
from sklstm._holdout import holdout_split
from sklstm._input import no_rows, read_input
from sklstm._sequences import Sequences
from sklstm._training import (
    LabelledSequences,
    TrainingOutcome,
    TrainingPlan,
    predict_rows,
    resolve_device,
    seeded_build,
    to_cpu,
    train,
)
from sklstm.nn import (
    ConvolutionPool,
    RecurrentStack,
    SequenceNetwork,
    TokenEmbedding,
    WeightedLoss,
    make_pooling,
)


@dataclass(frozen=True)
class Seeds:
    """One seed for each thing that is drawn, so that none depends on how another draws."""

    module: int
    training: int
    split: int

    @classmethod
    def draw(cls, random_state: Any) -> Seeds:
        rng = check_random_state(random_state)
        return cls(*(int(seed) for seed in rng.randint(np.iinfo(np.int32).max, size=3)))

    def after(self, n_epochs: int) -> Seeds:
        """Return the seeds to go on with, or every call would draw the same masks and order."""
        return replace(self, training=self.training + n_epochs)


class BaseLSTM(BaseEstimator, metaclass=ABCMeta):
    """Template of the estimators; a leaf says how targets are encoded and scored.

    A fit works on a copy, and hands its fitted attributes over once training has ended: an
    error on the way leaves the estimator as it was.
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = NETWORK | TRAINING

    @abstractmethod
    def _learn_targets(self, y: Any, classes: Any = None) -> None:
        """Learn from `y` what encoding and decoding need."""

    @abstractmethod
    def _encode_targets(self, y: Any) -> np.ndarray:
        """Return `y` as the loss takes it."""

    @abstractmethod
    def _learn_target_weights(self, targets: np.ndarray) -> None:
        """Learn from training data what `_target_weights` needs; validation data gets the same."""

    @abstractmethod
    def _target_weights(self, y: Any, targets: np.ndarray) -> np.ndarray | None:
        """Return a weight per sample that follows from its target, `y`, encoded as `targets`."""

    @abstractmethod
    def _strata(self, targets: np.ndarray) -> np.ndarray | None:
        """Return the classes that a held-out part should keep the shares of."""

    @abstractmethod
    def _n_outputs(self) -> int:
        """Return the width of the output layer."""

    @abstractmethod
    def _sample_loss(self) -> Callable[[torch.Tensor, torch.Tensor], torch.Tensor]:
        """Return the loss per sample."""

    @abstractmethod
    def _score_outputs(
        self, outputs: np.ndarray, targets: np.ndarray, weights: np.ndarray
    ) -> float:
        """Score the network's outputs on validation data."""

    def _fit(self, X: Any, y: Any, sample_weight: Any, groups: Any, validation_data: Any) -> Self:
        warm = self.warm_start and hasattr(self, "module_")
        trial = self._trial(keep_fitted=warm)
        seeds = Seeds.draw(self.random_state)
        data = trial._read_labelled(X, y, sample_weight, reset=not warm)
        if validation_data is not None:
            X_val, y_val = validation_data
            validation = trial._read_labelled(X_val, y_val, None, reset=False, training=False)
        elif self.early_stopping:
            data, validation = trial._hold_out(data, groups, seeds.split)
        else:
            validation = None
        if warm:
            seeds = seeds.after(self.n_iter_)
        else:
            trial.module_ = trial._seeded_module(seeds.module)
        trial._train(data, validation, seeds.training)
        return self._adopt(trial)

    def _partial_fit(self, X: Any, y: Any, classes: Any, sample_weight: Any) -> Self:
        first = not hasattr(self, "module_")
        trial = self._trial(keep_fitted=not first)
        seeds = Seeds.draw(self.random_state)
        data = trial._read_labelled(X, y, sample_weight, reset=first, classes=classes)
        if first:
            trial.module_ = trial._seeded_module(seeds.module)
        else:
            seeds = seeds.after(self.n_iter_)
        trial._train(data, None, seeds.training, partial=True)
        return self._adopt(trial)

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
        for name in _fitted_names(self):
            delattr(self, name)
        for name in _fitted_names(trial):
            setattr(self, name, getattr(trial, name))
        return self

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
        sequences = read_input(self, X, reset=reset)
        check_consistent_length(sequences.lengths, y)
        if reset:
            self._learn_targets(y, classes)
        targets = self._encode_targets(y)
        if training:
            self._learn_target_weights(targets)
        weights = self._combined_weights(y, targets, sample_weight)
        if reset and classes is None:
            self._check_weights(targets, weights)
        return LabelledSequences(sequences, targets, weights)

    def _check_weights(self, targets: np.ndarray, weights: np.ndarray) -> None:
        """Raise ValueError if the weights leave too little to learn from."""

    def _combined_weights(self, y: Any, targets: np.ndarray, sample_weight: Any) -> np.ndarray:
        """Return weights of mean 1 from `sample_weight` and the targets."""
        weights = np.ones(len(targets))
        if sample_weight is not None:
            weights = _check_sample_weight(
                sample_weight, no_rows(len(targets)), dtype=np.float64, ensure_non_negative=True
            )
        from_targets = self._target_weights(y, targets)
        if from_targets is not None:
            weights = weights * from_targets
        if not weights.sum() > 0:
            raise ValueError("sample_weight and class_weight leave no sample a weight above 0.")
        return (weights / weights.mean()).astype(np.float32)

    def _hold_out(
        self, data: LabelledSequences, groups: Any, seed: int
    ) -> tuple[LabelledSequences, LabelledSequences]:
        rows, held_out = holdout_split(
            len(data),
            self.validation_fraction,
            strategy=self.validation_split,
            strata=self._strata(data.targets),
            groups=groups,
            seed=seed,
        )
        for part, name in ((rows, "left to train on"), (held_out, "held out")):
            if not data.weights[part].sum() > 0:
                raise ValueError(
                    f"early_stopping splits off a validation_fraction of {self.validation_fraction}"
                    f", and the {len(part)} samples {name} all have a weight of 0. Leave such "
                    "samples out, or pass validation_data."
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
        plan = TrainingPlan(
            max_epochs=1 if partial else epoch_count(self.max_epochs, len(data), self.batch_size),
            batch_size=self.batch_size,
            optimizer=self.optimizer,
            learning_rate=self.learning_rate,
            weight_decay=self.weight_decay,
            gradient_clip=self.gradient_clip,
            lr_schedule="constant" if partial else self.lr_schedule,
            shuffle=self.shuffle,
            early_stopping=self.early_stopping and validation is not None,
            n_iter_no_change=self.n_iter_no_change,
            tol=self.tol,
            device=resolve_device(self.device),
            n_jobs=self.n_jobs,
            seed=seed,
            verbose=int(self.verbose),
            callbacks=tuple(self.callbacks or ()),
        )
        outcome = train(
            self.module_,
            WeightedLoss(self._sample_loss()),
            data,
            plan,
            validation=validation,
            score=self._score_outputs,
            optimizer_state=getattr(self, "_optimizer_state_", None) if partial else None,
        )
        self._record(outcome, keep_optimizer=partial)

    def _record(self, outcome: TrainingOutcome, *, keep_optimizer: bool) -> None:
        earlier = getattr(self, "history_", [])  # of a warm start
        self.history_ = [*earlier, *outcome.history]
        self.loss_curve_ = [row["train_loss"] for row in self.history_]
        self.n_iter_ = len(self.history_)
        best = outcome.best_epoch
        self.best_epoch_ = None if best is None else len(earlier) + best
        # Two more numbers per weight: kept only where training goes on from them.
        self._optimizer_state_ = outcome.optimizer_state if keep_optimizer else None

    def _seeded_module(self, seed: int) -> nn.Module:
        """Build the module from `seed`, with torch's global generator left as it was."""
        with seeded_build(seed):
            return self._build_module()

    def _build_module(self) -> nn.Module:
        """Build the network; override it to bring one of your own.

        It is called once the form of the input is known, under a seeded generator. A module
        maps ``inputs`` of shape (batch, time, features) and ``lengths`` of shape (batch,) to
        (batch, n_outputs).
        """
        spec = self._input_
        embedding, size = self._build_embedding(), spec.n_features
        if embedding is not None:
            size *= embedding.weight.shape[1]
        convolution = None
        if self.conv_filters is not None:
            convolution = ConvolutionPool(
                size, self.conv_filters, self.conv_kernel_size, self.conv_pool_size
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
        return SequenceNetwork(
            embedding=embedding,
            convolution=convolution,
            recurrent=recurrent,
            pooling=make_pooling(self.pooling, recurrent.output_size, self.bidirectional),
            n_outputs=self._n_outputs(),
            dropout=self.dropout,
        )

    def _build_embedding(self) -> TokenEmbedding | None:
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
            rng = np.random.default_rng(torch.default_generator.initial_seed())
            matrix, self.embedding_coverage_ = embedding_matrix(
                self.embeddings, spec.n_ids, spec.vocabulary, rng
            )
            weight = torch.from_numpy(matrix)
        return TokenEmbedding(
            spec.n_ids,
            self.embedding_dim,
            weight=weight,
            freeze=self.freeze_embeddings,
            dropout=self.embedding_dropout,
        )

    def _read_X(self, X: Any) -> Sequences:
        """Read `X` for a fitted estimator."""
        check_is_fitted(self)
        return read_input(self, X, reset=False)

    def _outputs(self, X: Any) -> np.ndarray:
        """Return the network's outputs, (n_samples, n_outputs), before any sigmoid."""
        sequences = self._read_X(X)
        return self._run(self.module_.forward, sequences)

    def _run(self, forward: Callable[..., torch.Tensor], sequences: Sequences) -> np.ndarray:
        device = resolve_device(self.device, fallback=True)
        return predict_rows(self.module_, forward, sequences, device=device, n_jobs=self.n_jobs)

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = super().__getstate__()
        for name in ("module_", "_optimizer_state_"):
            if state.get(name) is not None:
                state[name] = to_cpu(state[name])
        return state


def _fitted_names(estimator: BaseEstimator) -> list[str]:
    """Return the names of the fitted attributes; all of them end in an underscore."""
    return [name for name in vars(estimator) if name.endswith("_")]
