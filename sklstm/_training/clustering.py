"""Train an autoencoder, and then its latent representation together with clusters."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import torch
from sklearn.exceptions import ConvergenceWarning
from skorch.callbacks import Callback

from sklstm._callers import caller_level
from sklstm._training.batches import (
    BatchIterator,
    EpochBatches,
    LabelledSequences,
    Samples,
    Table,
    TableBatches,
)
from sklstm._training.in_training import ModelInTraining
from sklstm._training.plan import TrainingPlan
from sklstm._training.predict import predict_rows
from sklstm._training.train import TrainingOutcome, train_on
from sklstm._training.users_callbacks import check_callbacks
from sklstm.nn.autoencoder import (
    Autoencoder,
    ClusteringAutoencoder,
    student_t,
    target_distribution,
)
from sklstm.nn.losses import ClusteringLoss, ReconstructionLoss


def train_autoencoder(
    module: Autoencoder,
    samples: Samples,
    weights: np.ndarray,
    plan: TrainingPlan,
    model: ModelInTraining | None = None,
) -> TrainingOutcome:
    """Train `module` in place to reconstruct the samples from corrupted ones."""
    check_callbacks(plan.callbacks, model)
    module.corruption.active = True
    batches = _batches(samples, weights, plan)
    return train_on(module, ReconstructionLoss(), batches, plan, model=model)


def train_clusters(
    module: ClusteringAutoencoder,
    samples: Samples,
    weights: np.ndarray,
    plan: TrainingPlan,
    model: ModelInTraining | None = None,
    *,
    clustering_weight: float,
    tol: float,
) -> tuple[TrainingOutcome, int]:
    """Train representation and centres together, in place, until few samples move [1]_.

    Parameters
    ----------
    module : ClusteringAutoencoder
        Trained to reconstruct, with the initial centres of the clusters.
    samples : Ragged or Table
        The samples to cluster.
    weights : ndarray of shape (n_samples,), float32
        With a mean of 1.
    plan : TrainingPlan
        How to train.
    model : ModelInTraining or None, default=None
        The clusterer, for callbacks.
    clustering_weight : float
        Weight of the clustering loss; the reconstruction loss has a weight of 1.
    tol : float
        Stop when at most this fraction of the samples changed their cluster in an epoch.

    Returns
    -------
    outcome : TrainingOutcome
    n_reseeded : int
        Number of times that an empty cluster was reinitialised.

    References
    ----------
    .. [1] X. Guo et al., "Improved Deep Embedded Clustering with Local Structure
       Preservation", IJCAI 2017, algorithm 1.
    """
    module.autoencoder.corruption.active = False
    criterion = ClusteringLoss(clustering_weight)
    targets = RefreshTargets(module, criterion, samples, weights, plan, tol)
    batches = _batches(samples, weights, plan)
    # Last, as it ends training: the user's callbacks have seen the epoch then.
    outcome = train_on(module, criterion, batches, plan, model=model, last=[targets])
    if not targets.settled_ and len(outcome.history) == plan.max_epochs and tol > 0:
        warnings.warn(
            f"clusters did not settle in clustering_epochs={plan.max_epochs}: "
            f"{targets.changed_:.2%} of the samples changed theirs in the last one, and tol is "
            f"{tol:.2%}. Raise clustering_epochs, or tol.",
            ConvergenceWarning,
            stacklevel=caller_level(),
        )
    return outcome, targets.n_reseeded_


def _batches(samples: Samples, weights: np.ndarray, plan: TrainingPlan) -> EpochBatches:
    """Return batches whose targets are the indices of their samples."""
    if isinstance(samples, Table):
        return TableBatches(samples, weights, plan.batch_size, plan.device, plan.order())
    data = LabelledSequences(samples, np.arange(len(samples)), weights)
    return BatchIterator(data, plan.batch_size, plan.device, plan.order())


class RefreshTargets(Callback):
    """Compute the target distribution before each epoch, and stop when clusters have settled.

    The centre of an empty cluster is moved to the sample farthest from its own centre.
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
        self._forget_averages(net, self.refresh())

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        before = self.labels_
        self._forget_averages(net, self.refresh())
        assert before is not None
        assert self.labels_ is not None
        self.changed_ = float(np.average(before != self.labels_, weights=self.weights))
        net.history.record("changed", self.changed_)
        if self.changed_ <= self.tol:
            self.settled_ = True
            raise KeyboardInterrupt  # which is how skorch's own callbacks stop training

    def refresh(self) -> np.ndarray:
        """Compute labels and targets; return the clusters that were empty and reinitialised."""
        latent = predict_rows(
            self.module,
            self.module.encode,
            self.samples,
            device=self.plan.device,
            n_jobs=self.plan.n_jobs,
        )
        assignments = self._assignments(latent)
        n_clusters = assignments.shape[1]
        labels = assignments.argmax(axis=1)
        empty = np.setdiff1d(np.arange(n_clusters), labels[self.weights > 0])
        # Fewer different samples than clusters leave some empty, wherever the centres are.
        if len(empty) and not has_distinct(latent[self.weights > 0], n_clusters):
            empty = empty[:0]
        for cluster in empty:
            self._reinitialise(int(cluster), latent, assignments)
            assignments = self._assignments(latent)
        self.labels_ = assignments.argmax(axis=1)
        targets = target_distribution(torch.from_numpy(assignments), torch.from_numpy(self.weights))
        self.criterion.targets = targets.to(self.plan.device)
        self.n_reseeded_ += len(empty)
        return empty

    def _assignments(self, latent: np.ndarray) -> np.ndarray:
        assigned = student_t(torch.from_numpy(latent), self.module.centers.detach().cpu())
        return assigned.numpy()

    @torch.no_grad()
    def _reinitialise(self, cluster: int, latent: np.ndarray, assignments: np.ndarray) -> None:
        """Move the centre of an empty cluster to the sample farthest from its own centre."""
        centers = self.module.centers
        own = centers.detach().cpu().numpy()[assignments.argmax(axis=1)]
        distance = np.square(latent - own, dtype=np.float64).sum(axis=1)
        distance[self.weights <= 0] = -1.0
        centers[cluster] = torch.from_numpy(latent[distance.argmax()]).to(centers.device)

    def _forget_averages(self, net: Any, clusters: np.ndarray) -> None:
        """Set to 0 what the optimizer averaged over earlier gradients of these centres."""
        if not len(clusters):
            return
        centers = self.module.centers
        for average in net.optimizer_.state[centers].values():
            if average.shape == centers.shape:
                average[clusters] = 0.0


def has_distinct(points: np.ndarray, n: int) -> bool:
    """Return True if `n` of the points differ from each other by more than rounding errors.

    The latent representations of equal samples may differ in the last bits, as kernels round
    differently from row to row of a batch.
    """
    points = points.astype(np.float64)
    tolerance = 1e-5 * np.abs(points).max(initial=0.0)
    distance = np.full(len(points), np.inf)  # to the nearest point picked so far
    for _ in range(n):
        if not distance.max(initial=0.0) > tolerance:
            return False
        farthest = points[distance.argmax()]
        distance = np.minimum(distance, np.abs(points - farthest).max(axis=1))
    return True
