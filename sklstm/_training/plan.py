"""How a network is trained: the plan that an estimator's parameters ask for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch

from sklstm._training.runtime import resolve_device


class TrainingParameters(Protocol):
    """The parameters of training that every estimator has."""

    @property
    def max_epochs(self) -> int | str: ...
    @property
    def batch_size(self) -> int: ...
    @property
    def optimizer(self) -> str: ...
    @property
    def learning_rate(self) -> float: ...
    @property
    def weight_decay(self) -> float: ...
    @property
    def gradient_clip(self) -> float | None: ...
    @property
    def lr_schedule(self) -> str: ...
    @property
    def shuffle(self) -> bool: ...
    @property
    def freeze_embeddings(self) -> bool | int: ...
    @property
    def device(self) -> str: ...
    @property
    def n_jobs(self) -> int | None: ...
    @property
    def callbacks(self) -> Sequence[Any] | None: ...
    @property
    def verbose(self) -> int | bool: ...


@dataclass(frozen=True)
class FineTuning:
    """How the layers of an encoder are trained; the fields are the estimators' parameters.

    Layers come in groups, the lowest, which is the embedding, first. All that is above them, such
    as the output layer, is trained from the first epoch on, with the learning rate itself.

    Attributes
    ----------
    freeze_encoder : bool, int or "gradual"
        Which groups are frozen, and when.
    rate_decay : float
        Each group has the learning rate of the group above it, divided by this.
    n_epochs_done : int, default=0
        Number of epochs before this training.
    """

    freeze_encoder: bool | int | str
    rate_decay: float
    n_epochs_done: int = 0

    def n_frozen(self, epoch: int, n_groups: int) -> int:
        """Return how many of the groups, from the lowest on, are frozen in an epoch, from 1."""
        if isinstance(self.freeze_encoder, str):  # "gradual"
            return max(0, n_groups + 1 - epoch - self.n_epochs_done)
        frozen = epoch <= frozen_epochs(self.freeze_encoder, self.n_epochs_done)
        return n_groups if frozen else 0


@dataclass(frozen=True)
class TrainingPlan:
    """How to train; the fields are the estimators' parameters of the same names, and these.

    Attributes
    ----------
    max_epochs : int
        Number of epochs at most, "auto" resolved.
    n_batches : int
        Number of training batches per epoch; approximate if it differs between epochs.
    passes : int
        Number of passes over the labelled sequences in an epoch.
    frozen_epochs : float or None
        Number of epochs of this training during which embeddings stay frozen, infinity for all.
        None leaves them frozen or trainable, as they are.
    fine_tuning : FineTuning or None
        How the layers of an encoder are trained; None if the network has none.
    seed : int
        Of the order of the samples, dropout, and everything else that is drawn.
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
    device: torch.device
    n_jobs: int | None
    seed: int
    early_stopping: bool = False
    n_iter_no_change: int = 1
    tol: float = 0.0
    bptt_length: int | None = None
    stateful: bool = False
    passes: int = 1
    frozen_epochs: float | None = None
    fine_tuning: FineTuning | None = None
    verbose: int = 0
    callbacks: Sequence[Any] = ()

    def order(self) -> np.random.Generator | None:
        """Return the generator that shuffles the samples of each epoch; None without shuffling."""
        return np.random.default_rng(self.seed) if self.shuffle else None


@dataclass(frozen=True)
class AutoEpochs:
    """The number of epochs that "auto" stands for.

    About as many steps on a small data set as on a large one, within limits: 100 sequences need
    many more epochs than 25,000.

    Attributes
    ----------
    n_steps : int
        Number of steps to aim at.
    fewest, most : int
        Limits on the number of epochs.
    most_tokens : int or None, default=None
        Limit on the tokens in all epochs together; `fewest` epochs may exceed it. The time of a
        step grows with the length of its texts.
    """

    n_steps: int
    fewest: int
    most: int
    most_tokens: int | None = None

    def resolve(self, max_epochs: int | str, n_batches: int, n_tokens: int = 0) -> int:
        """Return the number of epochs that `max_epochs` means.

        Parameters
        ----------
        max_epochs : int or "auto"
            The parameter.
        n_batches : int
            Number of steps per epoch.
        n_tokens : int, default=0
            Number of tokens per epoch; 0 where sequences consist of values.
        """
        if max_epochs != "auto":
            return int(max_epochs)
        epochs = round(self.n_steps / n_batches)
        if self.most_tokens is not None and n_tokens:
            epochs = min(epochs, self.most_tokens // n_tokens)
        return min(self.most, max(self.fewest, epochs))


# With labels. 25,000 IMDB reviews then take 4 epochs, 2,000 of them 5, 5,000 short questions 9,
# and up to 480 short sequences 100: about as much time as a default may take on two cores
# (benchmarks/results/defaults.md).
SUPERVISED = AutoEpochs(1_500, 4, 100, most_tokens=3_500_000)
# Series of fewer steps on average are learned in fewer training steps.
SHORT, SHORT_SERIES = 64, AutoEpochs(600, 4, 100)
# Without labels: a book of a million characters then is read 18 times, a corpus of 20 million words
# once.
LANGUAGE = AutoEpochs(4_000, 1, 200, most_tokens=20_000_000)
# With unlabelled rows, whose tokens count, too.
SEMI_SUPERVISED = AutoEpochs(1_500, 4, 100, most_tokens=7_000_000)
RECONSTRUCTION = AutoEpochs(1_000, 20, 500)
# Windows of series, of which an epoch of a forecaster has 100 batches at most.
FORECASTS = AutoEpochs(3_000, 4, 60)
# Sequences of tokens in, others out.
TRANSDUCTION = AutoEpochs(4_000, 4, 200, most_tokens=20_000_000)
CLUSTERING = AutoEpochs(1_000, 10, 100)


def frozen_epochs(freeze: bool | int, n_epochs_done: int = 0) -> float:
    """Return the number of further epochs during which embeddings or an encoder stay frozen.

    Parameters
    ----------
    freeze : bool or int
        The estimators' parameter, such as `freeze_embeddings`. A number counts from the first
        epoch.
    n_epochs_done : int, default=0
        Number of epochs before this training.

    Returns
    -------
    float
        Infinity for all epochs.
    """
    # True equals 1, so the truth values come first.
    if isinstance(freeze, bool | np.bool_):
        return math.inf if freeze else 0
    return max(0, int(freeze) - n_epochs_done)


def plan_from(
    params: TrainingParameters,
    *,
    n_batches: int,
    seed: int,
    n_tokens: int = 0,
    max_epochs: int | str | None = None,
    auto_epochs: AutoEpochs = SUPERVISED,
    partial: bool = False,
    n_epochs_done: int = 0,
    was_frozen: bool = False,
    fine_tuning: FineTuning | None = None,
    early_stopping: bool = False,
    n_iter_no_change: int = 1,
    tol: float = 0.0,
    bptt_length: int | None = None,
    stateful: bool = False,
    callbacks: Sequence[Any] | None = None,
) -> TrainingPlan:
    """Return the plan that an estimator's parameters ask for.

    Parameters
    ----------
    params : TrainingParameters
        The estimator.
    n_batches : int
        Number of training batches per epoch.
    seed : int
        Of everything that training draws.
    n_tokens : int, default=0
        Number of tokens per epoch, of sequences of token ids.
    max_epochs : int, "auto" or None, default=None
        Instead of the parameter of that name, which None stands for.
    auto_epochs : AutoEpochs, default=SUPERVISED
        The meaning of "auto".
    partial : bool, default=False
        Plan a single epoch with a constant learning rate, as for `partial_fit`: nobody knows how
        many will follow.
    n_epochs_done : int, default=0
        Number of epochs before this training; `freeze_embeddings` counts them.
    was_frozen : bool, default=False
        Whether earlier training froze embeddings. If neither that nor this training does, they
        are left alone: a module of the user's own may have frozen them itself.
    fine_tuning : FineTuning or None, default=None
        How the layers of an encoder are trained; None if the network has none.
    early_stopping, n_iter_no_change, tol, bptt_length, stateful
        Parameters that not every estimator has. `stateful` training does not shuffle.
    callbacks : sequence or None, default=None
        Copies of those in the parameter of that name, which None stands for.

    Returns
    -------
    TrainingPlan

    Raises
    ------
    ValueError
        If the parameter `device` is unknown, or not available on this machine.
    """
    frozen = frozen_epochs(params.freeze_embeddings, n_epochs_done)
    epochs = params.max_epochs if max_epochs is None else max_epochs
    return TrainingPlan(
        max_epochs=1 if partial else auto_epochs.resolve(epochs, n_batches, n_tokens),
        n_batches=n_batches,
        batch_size=params.batch_size,
        optimizer=params.optimizer,
        learning_rate=params.learning_rate,
        weight_decay=params.weight_decay,
        gradient_clip=params.gradient_clip,
        lr_schedule="constant" if partial else params.lr_schedule,
        shuffle=params.shuffle and not stateful,
        device=resolve_device(params.device),
        n_jobs=params.n_jobs,
        seed=seed,
        early_stopping=early_stopping,
        n_iter_no_change=n_iter_no_change,
        tol=tol,
        bptt_length=bptt_length,
        stateful=stateful,
        frozen_epochs=frozen if frozen > 0 or was_frozen else None,
        fine_tuning=fine_tuning,
        verbose=int(params.verbose),
        callbacks=tuple((params.callbacks or ()) if callbacks is None else callbacks),
    )
