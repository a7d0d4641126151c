"""How many samples are in the cluster that stands for their class."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import coo_array, csr_array, diags_array, hstack
from scipy.sparse.csgraph import min_weight_full_bipartite_matching
from sklearn.utils._param_validation import validate_params
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import _check_sample_weight, check_consistent_length

from sklstm._sequences import is_missing

NEXT_TO_NOTHING = 1e-300  # 0 would be no entry of a sparse table


@validate_params(
    {
        "y_true": ["array-like"],
        "y_pred": ["array-like"],
        "sample_weight": ["array-like", None],
    },
    prefer_skip_nested_validation=True,
)
def clustering_accuracy(y_true: Any, y_pred: Any, *, sample_weight: Any = None) -> float:
    """Share of samples that are right once each cluster is given a class of its own.

    Clusters have no names, so classes are given to them, one to one and such that as many
    samples as possible are right, in the best of all ways to do so. That is the assignment
    problem of [1]_, solved here by a sparse form of the Hungarian algorithm [2]_: it takes
    memory for each pair of a class and a cluster that share a sample, not for all pairs. This
    is the accuracy that papers on deep clustering report, such as [3]_ under "Evaluation Metric".

    Classes and clusters may differ in number. Clusters that are left without a class are wrong
    altogether, and so are classes that are left without a cluster: splitting a class in two
    costs the smaller part.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        The class of each sample: strings, booleans or whole numbers.
    y_pred : array-like of shape (n_samples,)
        The cluster of each sample. They need not be of the same kind as classes. What a method
        such as DBSCAN labels -1, noise, counts as one more cluster.
    sample_weight : array-like of shape (n_samples,), default=None
        How much each sample counts, 0 or more. None: all alike.

    Returns
    -------
    score : float
        From 0 to 1, and 1 only if the clusters are the classes. Unlike the adjusted Rand index,
        it isn't 0 by chance: a single cluster has the share of the largest class.

    Raises
    ------
    TypeError
        If strings and numbers are mixed in one argument.
    ValueError
        If there is no sample, the arguments differ in length, labels are missing (NaN, None),
        fractions or not one per sample, or a weight is negative or not finite, or all are 0.

    See Also
    --------
    sklearn.metrics.adjusted_rand_score : Pairs of samples that are rightly together or apart,
        beyond chance.
    sklearn.metrics.normalized_mutual_info_score : What clusters tell about classes.

    References
    ----------
    .. [1] H. W. Kuhn (1955). The Hungarian method for the assignment problem. Naval Research
       Logistics Quarterly 2, 83-97.
    .. [2] R. Jonker, A. Volgenant (1987). A shortest augmenting path algorithm for dense and
       sparse linear assignment problems. Computing 38, 325-340. Here
       `scipy.sparse.csgraph.min_weight_full_bipartite_matching` runs it.
    .. [3] J. Xie, R. Girshick, A. Farhadi (2016). Unsupervised deep embedding for clustering
       analysis. ICML. https://arxiv.org/abs/1511.06335

    Examples
    --------
    >>> from sklstm.metrics import clustering_accuracy
    >>> clustering_accuracy(["ham", "ham", "spam", "spam"], [1, 1, 0, 1])
    0.75

    A third cluster finds no class that is left, and its sample is wrong:

    >>> clustering_accuracy([0, 0, 0, 1], [7, 7, 8, 9])
    0.75
    """
    check_consistent_length(y_true, y_pred, sample_weight)
    true, pred = _codes(y_true, "y_true"), _codes(y_pred, "y_pred")
    weights = np.ones(len(true))
    if sample_weight is not None:
        weights = _check_sample_weight(
            sample_weight, true, dtype=np.float64, ensure_non_negative=True
        )
        if not weights.sum() > 0:
            raise ValueError("sample_weight leaves no sample a weight above 0.")
    counted = weights > 0
    pairs = (true[counted], pred[counted])
    shape = (true.max() + 1, pred.max() + 1)
    together = coo_array((weights[counted], pairs), shape=shape).tocsr()  # (classes, clusters)
    matched = _match(together)
    right = together[matched].sum()
    together[matched] = 0
    # Not divided by the sum of weights, from which fractions added in another order may differ.
    return float(right / (right + together.sum()))


def _match(together: csr_array) -> tuple[np.ndarray, np.ndarray]:
    """Return the classes that find a cluster, and the cluster of each.

    The matching has to have all classes, so each has a cluster of its own to spare behind the
    others, which next to nothing is gained by.
    """
    n_classes, n_clusters = together.shape
    spare = diags_array(np.full(n_classes, NEXT_TO_NOTHING))
    table = hstack([together / together.max(), spare], format="csr")
    classes, clusters = min_weight_full_bipartite_matching(table, maximize=True)
    real = clusters < n_clusters
    return classes[real], clusters[real]


def _codes(labels: Any, name: str) -> np.ndarray:
    """Return labels as numbers from 0 on, after checking them."""
    array = np.asarray(labels)
    if array.ndim != 1:
        raise ValueError(
            f"{name} must be 1-D, one label for each sample; got an array of shape {array.shape}."
        )
    if not len(array):
        raise ValueError(f"{name} holds no label.")
    # numpy has turned [None, "a"] into objects but [NaN, "a"] into strings.
    found = labels if isinstance(labels, list | tuple) else array
    for i, label in enumerate(found):
        if is_missing(label):
            raise ValueError(f"{name}[{i}] is {label!r}; every sample needs a label.")
    if len({isinstance(label, str) for label in found}) > 1:
        raise TypeError(f"{name} mixes strings and numbers; write all of its labels alike.")
    if type_of_target(array).startswith("continuous"):
        raise ValueError(
            f"{name} holds numbers with fractions, such as {_fraction(array)}; labels are strings "
            "or whole numbers."
        )
    return np.unique(array, return_inverse=True)[1].reshape(-1)


def _fraction(array: np.ndarray) -> float:
    numbers = array.astype(float)
    return float(numbers[numbers != np.floor(numbers)][0])
