"""Optimizers and learning-rate schedules by name."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import torch
from skorch.callbacks import Callback
from torch import Tensor, nn

from sklstm._callers import caller_level
from sklstm._training.batches import EpochBatches
from sklstm._training.plan import TrainingPlan
from sklstm.nn import SequenceNetwork

OPTIMIZERS: dict[str, type[torch.optim.Optimizer]] = {
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "sgd": torch.optim.SGD,
    "rmsprop": torch.optim.RMSprop,
}

WARMUP_FRACTION = 0.1
LOWEST_RATIO = 32.0
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


def slanted_triangular(progress: float) -> float:
    """Increase for the first tenth, from 1/32, then decrease to it, each in a straight line.

    Howard and Ruder, ACL 2018, section 3.2, with the cut_frac and ratio of the paper.
    """
    if progress < WARMUP_FRACTION:
        height = progress / WARMUP_FRACTION
    else:
        height = (1.0 - progress) / (1.0 - WARMUP_FRACTION)
    return (1.0 + height * (LOWEST_RATIO - 1.0)) / LOWEST_RATIO


# Each maps the fraction of training that is done to a factor on the learning rate.
SCHEDULES: dict[str, Callable[[float], float]] = {
    "constant": constant,
    "linear": linear,
    "cosine": cosine,
    "one_cycle": one_cycle,
    "slanted_triangular": slanted_triangular,
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


def parameter_groups(
    module: nn.Module, parameters: list[Tensor], plan: TrainingPlan
) -> list[dict[str, Any]]:
    """Return the groups of parameters of the optimizer, each with its learning rate.

    One group, or with an encoder one for each group of its layers, the lowest first, whose rates
    decrease from the output layer downwards [1]_; the last group is all the rest.

    References
    ----------
    .. [1] J. Howard, S. Ruder, "Universal Language Model Fine-tuning for Text Classification",
       ACL 2018, section 3.2.
    """
    tuning = plan.fine_tuning
    groups: list[dict[str, Any]] = []
    if tuning is not None and isinstance(module, SequenceNetwork):
        layers = module.layer_groups()
        for depth, group in enumerate(layers):
            rate = plan.learning_rate / tuning.rate_decay ** (len(layers) - depth)
            own = [weight for part in group for weight in part.parameters()]
            groups.append({"params": own, "lr": rate})
    known = {id(weight) for group in groups for weight in group["params"]}
    rest = [weight for weight in parameters if id(weight) not in known]
    return [*groups, {"params": rest}]


def schedule_callback(plan: TrainingPlan, batches: EpochBatches) -> RateSchedule | None:
    """Return the callback that sets the learning rate after each batch; None if constant."""
    if plan.lr_schedule == "constant":
        return None
    factor = SCHEDULES[plan.lr_schedule]
    total = plan.max_epochs * plan.n_batches

    def progress(step: int) -> float:
        return batches.epochs_done() / plan.max_epochs if batches.is_cut else step / total

    return RateSchedule(lambda step: factor(min(1.0, progress(step))), plan.lr_schedule)


class RateSchedule(Callback):
    """Set the learning rate before every training step, until a callback of the user's sets it.

    Parameters
    ----------
    factor : callable
        Maps the number of steps done to a factor on the initial learning rate.
    name : str
        The estimator's `lr_schedule`.
    """

    def __init__(self, factor: Callable[[int], float], name: str):
        self.factor = factor
        self.name = name

    def on_train_begin(self, net: Any, X: Any = None, y: Any = None, **kwargs: Any) -> None:
        self.step_ = 0
        self.factor_ = self.factor(0)  # of the step to come
        self.ended_ = False
        self.initial_ = self.set_ = [group["lr"] for group in net.optimizer_.param_groups]

    def on_batch_begin(self, net: Any, training: bool = True, **kwargs: Any) -> None:
        # Only here: a scheduler that is made before the first step takes the initial rate as given.
        if training and self.step_ == 0:
            self._set_rates(net)

    def on_batch_end(self, net: Any, training: bool = True, **kwargs: Any) -> None:
        if training and not self.ended_:
            net.history.record_batch("event_lr", self.set_[-1])  # the lower layers' rates are first
            self.step_ += 1
            self.factor_ = self.factor(self.step_)
            self._set_rates(net)

    def restore_rates(self, net: Any) -> None:
        """Put the rates back after the state of an optimizer was loaded, which holds its own."""
        for group, rate in zip(net.optimizer_.param_groups, self.set_, strict=True):
            if not self.ended_:
                group["lr"] = rate

    def _set_rates(self, net: Any) -> None:
        groups = net.optimizer_.param_groups
        if self.ended_ or self._is_overruled(net.optimizer_):
            self.ended_ = True
            return
        self.set_ = [rate * self.factor_ for rate in self.initial_]
        for group, rate in zip(groups, self.set_, strict=True):
            group["lr"] = rate

    def _is_overruled(self, optimizer: Any) -> bool:
        """Return True if a callback has set a rate, or made a scheduler of torch's."""
        # By identity, as a rate may be set to the value that it has. A scheduler wraps `step`.
        rates = [group["lr"] for group in optimizer.param_groups]
        by_hand = any(rate is not own for rate, own in zip(rates, self.set_, strict=True))
        if by_hand and self.step_ > 0:
            warnings.warn(
                f"a callback has set the learning rate of training step {self.step_}, which ends "
                f"lr_schedule={self.name!r}. Set lr_schedule='constant' to leave the rate to "
                "callbacks from the first step on.",
                UserWarning,
                stacklevel=caller_level(),
            )
        return by_hand or hasattr(optimizer.step, "_wrapped_by_lr_sched")
