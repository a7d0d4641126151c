"""Clusters of codes to begin with: k-means, and how many by silhouette."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score

# A silhouette compares all pairs: of more samples, that many are drawn.
SILHOUETTE_SAMPLES = 5_000


@dataclass(frozen=True)
class Partition:
    """Centres of clusters, and the silhouette of each number of them that was tried."""

    centers: np.ndarray
    silhouettes: dict[int, float] = field(default_factory=dict)


def partition(
    code: np.ndarray, n_clusters: int, *, weights: np.ndarray, n_init: int, seed: int
) -> Partition:
    """Return the centres of k-means, the best of `n_init` runs."""
    return Partition(_k_means(code, n_clusters, weights, n_init, seed).cluster_centers_)


def best_partition(
    code: np.ndarray, numbers: range, *, weights: np.ndarray, n_init: int, seed: int
) -> Partition:
    """Return the partition whose silhouette is highest [1]_, of all these numbers of clusters.

    References
    ----------
    .. [1] P. Rousseeuw, "Silhouettes: a Graphical Aid to the Interpretation and Validation of
       Cluster Analysis", Journal of Computational and Applied Mathematics 20, 1987.
    """
    found: dict[int, tuple[float, np.ndarray]] = {}
    rows = np.flatnonzero(weights > 0)
    if len(rows) > SILHOUETTE_SAMPLES:
        rows = np.random.default_rng(seed).choice(rows, SILHOUETTE_SAMPLES, replace=False)
    for number in numbers:
        model = _k_means(code, number, weights, n_init, seed)
        labels = model.labels_[rows]
        n_labels = len(np.unique(labels))
        # Not defined for one cluster, or for clusters of one sample each.
        score = silhouette_score(code[rows], labels) if 1 < n_labels < len(rows) else -1.0
        found[number] = float(score), model.cluster_centers_
    best = max(found, key=lambda number: found[number][0])
    return Partition(found[best][1], {number: score for number, (score, _) in found.items()})


def _k_means(
    code: np.ndarray, n_clusters: int, weights: np.ndarray, n_init: int, seed: int
) -> KMeans:
    model = KMeans(n_clusters, n_init=n_init, random_state=seed)
    return model.fit(code, sample_weight=weights)
