"""Train an autoencoder, and then its code together with clusters."""

from __future__ import annotations

import math
import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from sklearn.exceptions import ConvergenceWarning
from skorch.callbacks import Callback
from torch import Tensor

from sklstm._sequences import Sequences
from sklstm._training.batches import BatchIterator, EpochBatches
from sklstm._training.data import LabelledSequences
from sklstm._training.predict import Forward, predict_rows
from sklstm._training.tables import Table, TableBatches, predict_table
from sklstm._training.train import TrainingOutcome, TrainingPlan, train_on
from sklstm.nn.autoencoder import Autoencoder
from sklstm.nn.clusters import (
    ClusteringAutoencoder,
    ClusteringLoss,
    ReconstructionLoss,
    target_distribution,
)

Samples = Sequences | Table


def apply_to(
    module: Any, forward: Forward, samples: Samples, *, device: torch.device, n_jobs: int | None
) -> np.ndarray:
    """Return the results of `forward` for all samples, in input order."""
    run: Any = predict_table if isinstance(samples, Table) else predict_rows
    rows: np.ndarray = run(module, forward, samples, device=device, n_jobs=n_jobs)
    return rows


def n_batches(samples: Samples, batch_size: int) -> int:
    """Return the number of batches of an epoch."""
    return math.ceil(len(samples) / batch_size)


def train_autoencoder(
    module: Autoencoder, samples: Samples, weights: np.ndarray, plan: TrainingPlan
) -> TrainingOutcome:
    """Train `module` in place to reconstruct the samples, parts of which are hidden from it."""
    module.corruption.active = True
    batches = _batches(samples, weights, plan)
    return train_on(module, ReconstructionLoss(), batches, plan)


def train_clusters(
    module: ClusteringAutoencoder,
    samples: Samples,
    weights: np.ndarray,
    plan: TrainingPlan,
    *,
    clustering_weight: float,
    tol: float,
) -> tuple[TrainingOutcome, int]:
    """Train code and centres together, in place, until few samples change their cluster [1]_.

    Parameters
    ----------
    module : ClusteringAutoencoder
        Trained to reconstruct, its centres where clusters begin.
    samples : Sequences or Table
        What to cluster.
    weights : ndarray of shape (n_samples,), float32
        With a mean of 1.
    plan : TrainingPlan
        How to train; `max_epochs` at most.
    clustering_weight : float
        Of the clusters' loss beside the reconstruction's.
    tol : float
        Stop once at most this share of the samples changed in an epoch.

    Returns
    -------
    outcome : TrainingOutcome
    n_reseeded : int
        How often an empty cluster was begun anew.

    References
    ----------
    .. [1] X. Guo et al., "Improved Deep Embedded Clustering with Local Structure
       Preservation", IJCAI 2017, algorithm 1.
    """
    module.autoencoder.corruption.active = False
    criterion = ClusteringLoss(clustering_weight)
    targets = RefreshTargets(module, criterion, samples, weights, plan, tol)
    plan = replace(plan, callbacks=[("targets", targets), *plan.callbacks])
    outcome = train_on(module, criterion, _batches(samples, weights, plan), plan)
    if not targets.settled_ and not outcome.interrupted and tol > 0:
        warnings.warn(
            f"clusters did not settle in clustering_epochs={plan.max_epochs}: "
            f"{targets.changed_:.2%} of the samples changed theirs in the last one, and tol is "
            f"{tol:.2%}. Raise clustering_epochs, or tol.",
            ConvergenceWarning,
            stacklevel=4,
        )
    return outcome, targets.n_reseeded_


def _batches(samples: Samples, weights: np.ndarray, plan: TrainingPlan) -> EpochBatches:
    """Return batches whose targets are the numbers of their samples."""
    if isinstance(samples, Table):
        return TableBatches(samples, weights, plan.batch_size, plan.device, plan.order())
    data = LabelledSequences(samples, np.arange(len(samples)), weights)
    return BatchIterator(data, plan.batch_size, plan.device, plan.order())


class RefreshTargets(Callback):
    """Compute the target distribution before each epoch, and stop when clusters have settled.

    A cluster that no sample is in begins anew at the sample farthest from its own centre.
    """

    def __init__(
        self,
        module: ClusteringAutoencoder,
        criterion: ClusteringLoss,
        samples: Samples,
        weights: np.ndarray,
        plan: TrainingPlan,
        tol: float,
    ):
        self.module = module
        self.criterion = criterion
        self.samples = samples
        self.weights = weights
        self.plan = plan
        self.tol = tol
        self.labels_: np.ndarray | None = None
        self.changed_ = 1.0
        self.settled_ = False
        self.n_reseeded_ = 0

    def on_train_begin(self, net: Any, **kwargs: Any) -> None:
        self._refresh()

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        before = self.labels_
        self._refresh()
        assert before is not None
        assert self.labels_ is not None
        self.changed_ = float(np.average(before != self.labels_, weights=self.weights))
        net.history.record("changed", self.changed_)
        if self.changed_ <= self.tol:
            self.settled_ = True
            raise KeyboardInterrupt  # which is how skorch's own callbacks stop training

    def _refresh(self) -> None:
        assignments = self._assignments()
        for _ in range(assignments.shape[1]):
            empty = np.setdiff1d(np.arange(assignments.shape[1]), assignments.argmax(axis=1))
            if not len(empty) or not self._reseed(int(empty[0]), assignments):
                break
            assignments = self._assignments()
        self.labels_ = assignments.argmax(axis=1)
        targets = target_distribution(torch.from_numpy(assignments), torch.from_numpy(self.weights))
        self.criterion.targets = targets.to(self.plan.device)

    def _assignments(self) -> np.ndarray:
        return self._apply(self.module.assign)

    def _apply(self, forward: Forward) -> np.ndarray:
        return apply_to(
            self.module, forward, self.samples, device=self.plan.device, n_jobs=self.plan.n_jobs
        )

    def _reseed(self, cluster: int, assignments: np.ndarray) -> bool:
        """Move an empty cluster's centre; return False if every sample is on a centre already."""
        code = self._apply(self.module.encode)
        centers = self.module.centers.detach().cpu().numpy()
        labels = assignments.argmax(axis=1)
        distance = np.square(code - centers[labels]).sum(axis=1)
        distance[self.weights <= 0] = 0.0
        farthest = int(distance.argmax())
        if not distance[farthest] > 0:
            return False
        with torch.no_grad():
            self.module.centers[cluster] = _on(self.module.centers, code[farthest])
        self.n_reseeded_ += 1
        return True


def _on(like: Tensor, row: np.ndarray) -> Tensor:
    return torch.from_numpy(row).to(like.device)
