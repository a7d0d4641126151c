"""Optimizers and learning-rate schedules by name."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from skorch.callbacks import LRScheduler

from sklstm._training.batches import EpochBatches
from sklstm._training.plan import TrainingPlan

OPTIMIZERS: dict[str, type[torch.optim.Optimizer]] = {
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "sgd": torch.optim.SGD,
    "rmsprop": torch.optim.RMSprop,
}

WARMUP_FRACTION = 0.1
SGD_MOMENTUM = 0.9


def constant(progress: float) -> float:
    return 1.0


def linear(progress: float) -> float:
    """Decrease linearly to zero."""
    return 1.0 - progress


def cosine(progress: float) -> float:
    """Decrease to zero along half a cosine wave (Loshchilov and Hutter, SGDR, ICLR 2017)."""
    return 0.5 * (1.0 + math.cos(math.pi * progress))


def one_cycle(progress: float) -> float:
    """Increase for the first tenth, then decrease to zero (Smith and Topin, 2019)."""
    if progress < WARMUP_FRACTION:
        return 0.1 + 0.9 * progress / WARMUP_FRACTION
    return cosine((progress - WARMUP_FRACTION) / (1.0 - WARMUP_FRACTION))


# Each maps the fraction of training that is done to a factor on the learning rate.
SCHEDULES: dict[str, Callable[[float], float]] = {
    "constant": constant,
    "linear": linear,
    "cosine": cosine,
    "one_cycle": one_cycle,
}


def optimizer_arguments(plan: TrainingPlan) -> dict[str, Any]:
    """Return the arguments from which skorch builds the optimizer."""
    arguments: dict[str, Any] = {
        "optimizer": OPTIMIZERS[plan.optimizer],
        "lr": plan.learning_rate,
        "optimizer__weight_decay": plan.weight_decay,
    }
    if plan.optimizer == "sgd":
        arguments |= {"optimizer__momentum": SGD_MOMENTUM, "optimizer__nesterov": True}
    if plan.optimizer != "rmsprop" and plan.device.type in ("cpu", "cuda"):
        arguments["optimizer__fused"] = True
    return arguments


def schedule_callback(plan: TrainingPlan, batches: EpochBatches) -> LRScheduler | None:
    """Return the callback that sets the learning rate after each batch; None if constant."""
    if plan.lr_schedule == "constant":
        return None
    factor = SCHEDULES[plan.lr_schedule]
    total = plan.max_epochs * plan.n_batches

    def progress(step: int) -> float:
        return batches.epochs_done() / plan.max_epochs if batches.is_cut else step / total

    return LRScheduler(
        torch.optim.lr_scheduler.LambdaLR,
        lr_lambda=lambda step: factor(min(1.0, progress(step))),
        step_every="batch",
    )
