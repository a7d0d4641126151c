"""Train a module on labelled sequences."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from sklearn.exceptions import ConvergenceWarning
from torch import nn

from sklstm._callers import caller_level
from sklstm._training.batches import BatchIterator, EpochBatches
from sklstm._training.callbacks import training_callbacks
from sklstm._training.data import LabelledSequences
from sklstm._training.generators import private_global_generators
from sklstm._training.net import TrainingNet
from sklstm._training.optimizers import optimizer_arguments
from sklstm._training.runtime import fast_cpu
from sklstm.nn.dropout import seed_modules
from sklstm.nn.state import State

ScoreFunction = Callable[[np.ndarray, np.ndarray, np.ndarray], float]


@dataclass(frozen=True)
class TrainingPlan:
    """How to train; the fields are the estimators' parameters of the same names.

    And `n_batches`, the number of training batches of an epoch, and `frozen_epochs`, for how many
    of these epochs embeddings are kept as they are; None leaves them frozen, or not, as they are.
    """

    max_epochs: int
    n_batches: int
    batch_size: int
    optimizer: str
    learning_rate: float
    weight_decay: float
    gradient_clip: float | None
    lr_schedule: str
    shuffle: bool
    early_stopping: bool
    n_iter_no_change: int
    tol: float
    device: torch.device
    n_jobs: int | None
    seed: int
    bptt_length: int | None = None
    stateful: bool = False
    frozen_epochs: float | None = None
    verbose: int = 0
    callbacks: Sequence[Any] = ()

    def order(self) -> np.random.Generator | None:
        """Return what draws the order of the samples anew for each epoch."""
        return np.random.default_rng(self.seed) if self.shuffle else None


@dataclass
class TrainingOutcome:
    """What training leaves behind."""

    history: list[dict[str, Any]]
    best_epoch: int | None
    optimizer_state: dict[str, Any] = field(repr=False)
    state: State | None = field(repr=False, default=None)
    interrupted: bool = False


def train(
    module: nn.Module,
    criterion: nn.Module,
    data: LabelledSequences,
    plan: TrainingPlan,
    *,
    validation: LabelledSequences | None = None,
    score: ScoreFunction | None = None,
    optimizer_state: dict[str, Any] | None = None,
    state: State | None = None,
) -> TrainingOutcome:
    """Train `module` in place.

    Parameters
    ----------
    module, criterion : Module
        The network and its loss, which takes ``(targets, weights)``.
    data : LabelledSequences
        What to train on.
    plan : TrainingPlan
        How.
    validation : LabelledSequences or None, default=None
        What to watch; needed for early stopping.
    score : callable or None, default=None
        Maps outputs, targets and weights of the validation data to a score for the history.
    optimizer_state : dict or None, default=None
        What an earlier call left, to go on from; another optimizer begins anew.
    state : tuple of Tensor or None, default=None
        With ``plan.stateful``, what the first batch of every epoch goes on from.

    Returns
    -------
    TrainingOutcome

    Raises
    ------
    ValueError
        If the loss or a weight becomes NaN or infinite.

    Warns
    -----
    ConvergenceWarning
        If Ctrl-C ended training early; what was learned until then is kept.
    """
    train_batches = BatchIterator(
        data,
        plan.batch_size,
        plan.device,
        plan.order(),
        bptt_length=plan.bptt_length,
        stateful=plan.stateful,
        goes_on=state is not None,
    )
    valid_batches = None if validation is None else _validation_batches(validation, plan)
    return train_on(
        module,
        criterion,
        train_batches,
        plan,
        valid_batches=valid_batches,
        score=score,
        optimizer_state=optimizer_state,
        state=state,
    )


def train_on(
    module: nn.Module,
    criterion: nn.Module,
    train_batches: EpochBatches,
    plan: TrainingPlan,
    *,
    valid_batches: BatchIterator | None = None,
    score: ScoreFunction | None = None,
    optimizer_state: dict[str, Any] | None = None,
    state: State | None = None,
) -> TrainingOutcome:
    """Train `module` in place on batches that are ready; see `train`."""
    generator = torch.Generator(device=plan.device).manual_seed(plan.seed)
    module.to(plan.device)  # where its first state has to be, too
    net = TrainingNet(
        module,
        criterion=criterion,
        train_batches=train_batches,
        valid_batches=valid_batches,
        bptt_length=plan.bptt_length,
        state=state,
        max_epochs=plan.max_epochs,
        device=plan.device,
        callbacks__print_log=None,  # it formats a table each epoch, printed or not
        callbacks=training_callbacks(plan, train_batches, valid_batches is not None, score),
        **optimizer_arguments(plan),
    )
    seed_modules(module, generator)
    try:
        with fast_cpu(plan.n_jobs, keep_memory=True), private_global_generators(plan.seed):
            net.train_from(_averages(optimizer_state, plan))
    finally:
        seed_modules(module, None)
    _check_weights(module, plan)
    if net.interrupted:
        warnings.warn(
            f"Training was interrupted in epoch {len(net.history)}; the weights learned until "
            "then are kept.",
            ConvergenceWarning,
            stacklevel=caller_level(),
        )
    return TrainingOutcome(
        history=net.epochs(),
        best_epoch=net.best_epoch(),
        optimizer_state={
            "optimizer": plan.optimizer,
            "averages": net.optimizer_.state_dict()["state"],
        },
        state=net.carried.state if plan.stateful else None,
        interrupted=net.interrupted,
    )


def _validation_batches(validation: LabelledSequences, plan: TrainingPlan) -> BatchIterator:
    return BatchIterator(
        validation, plan.batch_size, plan.device, None, by_length=True, stateful=plan.stateful
    )


def _averages(optimizer_state: dict[str, Any] | None, plan: TrainingPlan) -> dict[Any, Any] | None:
    """Return the running averages in `optimizer_state`, if they are of the plan's optimizer."""
    if optimizer_state is None or optimizer_state["optimizer"] != plan.optimizer:
        return None
    averages: dict[Any, Any] = optimizer_state["averages"]
    return averages


def _check_weights(module: nn.Module, plan: TrainingPlan) -> None:
    """Raise if the last step left a weight that is not finite, which no loss would show."""
    if not all(torch.isfinite(weight).all() for weight in module.parameters()):
        raise ValueError(
            "Training ended with weights that are NaN or infinite. Lower learning_rate (now "
            f"{plan.learning_rate}), set gradient_clip, or scale the values of X."
        )
