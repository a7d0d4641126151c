"""What the LSTM estimators share: the steps of a fit, the network, prediction, pickling."""

from __future__ import annotations

from abc import ABCMeta, abstractmethod
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, ClassVar, Self

import numpy as np
import torch
from sklearn.utils import check_consistent_length
from torch import nn

from sklstm._estimators._fitting import Seeds, Transaction
from sklstm._estimators._holdout import holdout_split
from sklstm._estimators._network import build_network
from sklstm._estimators._prediction import Prediction, check_causal, fingerprint_of
from sklstm._estimators.params import NETWORK, TRAINING, epoch_count, frozen_epochs
from sklstm._sequences import Ragged, lay_steps, named_by_step, read_input
from sklstm._targets.weights import given_step_weights, given_weights, scaled
from sklstm._training import (
    LabelledSequences,
    TrainingOutcome,
    TrainingPlan,
    batches_per_epoch,
    resolve_device,
    seeded_build,
    train,
)
from sklstm.nn import StepLoss, WeightedLoss
from sklstm.nn.state import State


class BaseLSTM(Prediction, Transaction, metaclass=ABCMeta):
    """Template of the estimators; a leaf says how targets are encoded and scored.

    A fit works on a copy, and hands its fitted attributes over once training has ended: an
    error on the way leaves the estimator as it was.
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = NETWORK | TRAINING

    @abstractmethod
    def _learn_targets(self, y: Any, weights: np.ndarray, classes: Any = None) -> None:
        """Learn from `y`, and the samples' weights, what encoding and decoding need.

        Where every step has a target, those of all sequences come end to end, here and below.
        """

    @abstractmethod
    def _target_parameters(self) -> dict[str, Any]:
        """Return the parameters that decide what targets are, which cannot change later."""

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
        """Return the number of classes' scores, or of numbers, that the network gives out."""

    @abstractmethod
    def _build_output(self, size: int) -> nn.Module:
        """Return the output layer for a pooled state of this size."""

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
        self._check_can_hold_out(validation_data)
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
        trial._state_ = None
        trial._train(data, validation, seeds.training)
        return self._adopt(trial)

    def _partial_fit(self, X: Any, y: Any, classes: Any, sample_weight: Any) -> Self:
        first = not hasattr(self, "module_")
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
        sequences = read_input(self, X, reset=reset, empty_texts=not self.stateful)
        check_consistent_length(sequences.lengths, y)
        name = "y" if training else "y_val"
        y, weights = self._laid_out(y, sample_weight, sequences, name)
        with named_by_step(sequences.lengths, name) if self._per_step else nullcontext():
            if reset:
                self._learn_targets(y, weights, classes)
                self._begun_with_ = self._target_parameters()
            else:
                self._check_target_parameters()
            targets = self._encode_targets(y)
        if training:
            self._learn_target_weights(targets)
        from_targets = self._target_weights(y, targets)
        weights = scaled(
            weights if from_targets is None else weights * from_targets, len(sequences)
        )
        if reset and classes is None:
            self._check_weights(targets, weights)
        return LabelledSequences(sequences, targets, weights, self._per_step)

    def _laid_out(
        self, y: Any, sample_weight: Any, sequences: Ragged, name: str
    ) -> tuple[Any, np.ndarray]:
        """Return targets and weights of the samples, or those of all steps end to end."""
        if not self._per_step:
            return y, given_weights(sample_weight, len(sequences))
        return lay_steps(y, sequences, name), given_step_weights(sample_weight, sequences)

    def _check_target_parameters(self) -> None:
        """Raise ValueError if training would go on with targets of another kind."""
        for name, now in self._target_parameters().items():
            before = self._begun_with_[name]
            if now != before:
                raise ValueError(
                    f"{name} is {now!r} now, but the model that training goes on from was begun "
                    f"with {before!r}. Set it back, or begin anew: fit with warm_start=False."
                )

    def _check_weights(self, targets: np.ndarray, weights: np.ndarray) -> None:
        """Raise ValueError if the weights leave too little to learn from."""

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
            if not data.weights[data.rows(part)].sum() > 0:
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
        if self.stateful:
            self._check_reads_on("stateful=True")
        if self.bptt_length is not None:
            check_causal(self.module_, f"bptt_length={self.bptt_length}")
        n_batches = batches_per_epoch(
            data, self.batch_size, self.bptt_length, shuffle=self.shuffle and not self.stateful
        )
        plan = TrainingPlan(
            max_epochs=1 if partial else epoch_count(self.max_epochs, n_batches),
            n_batches=n_batches,
            batch_size=self.batch_size,
            optimizer=self.optimizer,
            learning_rate=self.learning_rate,
            weight_decay=self.weight_decay,
            gradient_clip=self.gradient_clip,
            lr_schedule="constant" if partial else self.lr_schedule,
            shuffle=self.shuffle and not self.stateful,
            early_stopping=self.early_stopping and validation is not None,
            n_iter_no_change=self.n_iter_no_change,
            tol=self.tol,
            device=resolve_device(self.device),
            n_jobs=self.n_jobs,
            seed=seed,
            bptt_length=self.bptt_length,
            stateful=self.stateful,
            frozen_epochs=self._frozen_epochs(),
            verbose=int(self.verbose),
            callbacks=tuple(self.callbacks or ()),
        )
        outcome = train(
            self.module_,
            self._criterion(),
            data,
            plan,
            validation=validation,
            score=self._score_outputs,
            optimizer_state=getattr(self, "_optimizer_state_", None) if partial else None,
            state=self._kept_state_for(plan) if partial else None,
        )
        self._record(outcome, partial=partial)

    def _frozen_epochs(self) -> float | None:
        """Return for how many epochs of this call embeddings stay as they are.

        None where `freeze_embeddings` never had a say: a module of the user's own may have
        frozen them itself.
        """
        epochs = frozen_epochs(self.freeze_embeddings, getattr(self, "n_iter_", 0))
        self._froze_embeddings_ = epochs > 0 or getattr(self, "_froze_embeddings_", False)
        return epochs if self._froze_embeddings_ else None

    def _criterion(self) -> nn.Module:
        """Return the loss of a batch."""
        return (StepLoss if self._per_step else WeightedLoss)(self._sample_loss())

    def _kept_state_for(self, plan: TrainingPlan) -> State | None:
        """Return the state that training in parts goes on from, if any."""
        if not self.stateful or self._state_ is None:
            return None
        return self._kept_state(self.module_.to(plan.device), plan.device)

    def _check_can_hold_out(self, validation_data: Any) -> None:
        if self.stateful and self.early_stopping and validation_data is None:
            raise ValueError(
                "early_stopping=True would hold samples out, but with stateful=True each sample "
                "continues another. Pass validation_data, or set early_stopping=False."
            )

    def _record(self, outcome: TrainingOutcome, *, partial: bool) -> None:
        earlier = getattr(self, "history_", [])  # of a warm start
        self.history_ = [*earlier, *outcome.history]
        self.loss_curve_ = [row["train_loss"] for row in self.history_]
        self.n_iter_ = len(self.history_)
        best = outcome.best_epoch
        self.best_epoch_ = None if best is None else len(earlier) + best
        # Two more numbers per weight: kept only where training goes on from them.
        self._optimizer_state_ = outcome.optimizer_state if partial else None
        # An epoch begins anew, and so does what comes after the last; a part may have a next one.
        state = outcome.state if partial else None
        self._state_ = None if state is None else tuple(part.cpu() for part in state)
        self._fingerprint_ = fingerprint_of(self.module_)

    def _seeded_module(self, seed: int) -> nn.Module:
        """Build the module from `seed`, with torch's global generator left as it was."""
        with seeded_build(seed):
            return self._build_module()

    def _build_module(self) -> nn.Module:
        """Build the network; override it to bring one of your own.

        It is called once the form of the input is known, under a seeded generator. A module
        maps ``inputs`` of shape (batch, time, features) and ``lengths`` of shape (batch,) to
        what the loss takes, (batch, n_outputs), or (batch, time, n_outputs) where every step
        has a target.
        """
        return build_network(self, self._build_output)
