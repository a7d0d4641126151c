"""Which of several clusterings of the same samples the others agree with most."""

from __future__ import annotations

import numpy as np
from sklearn.metrics import adjusted_rand_score


def agreements(clusterings: list[np.ndarray], weights: np.ndarray) -> np.ndarray:
    """Return the mean adjusted Rand index of each clustering with all others.

    Parameters
    ----------
    clusterings : list of ndarray of shape (n_samples,)
        The cluster of each sample; two at least.
    weights : ndarray of shape (n_samples,)
        Samples of weight 0 are left out.

    Returns
    -------
    ndarray of shape (n_clusterings,)
        1 where all found the same clusters, about 0 where chance would agree as well.
    """
    seen = [labels[weights > 0] for labels in clusterings]
    index = np.array([[adjusted_rand_score(one, other) for other in seen] for one in seen])
    return np.asarray((index.sum(axis=1) - np.diag(index)) / (len(seen) - 1))
