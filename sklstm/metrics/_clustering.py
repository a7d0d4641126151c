"""Accuracy of clusters, matched with classes."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment
from sklearn.utils._param_validation import validate_params
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import _check_sample_weight, check_consistent_length

from sklstm._sequences import as_objects, check_entries, is_missing, label_fault


@validate_params(
    {
        "y_true": ["array-like"],
        "y_pred": ["array-like"],
        "sample_weight": ["array-like", None],
    },
    prefer_skip_nested_validation=True,
)
def clustering_accuracy(y_true: Any, y_pred: Any, *, sample_weight: Any = None) -> float:
    """Fraction of samples whose cluster is matched with their class, in the best matching.

    Clusters have no names, so each is matched with at most one class, and each class with at most
    one cluster, such that as many samples as possible are in the cluster of their class. This
    assignment problem [1]_ is solved on the contingency table by
    :func:`scipy.optimize.linear_sum_assignment` [2]_. The result is the accuracy that papers on
    deep clustering report, for example [3]_ under "Evaluation Metric".

    The numbers of classes and clusters may differ. Samples in a cluster without a class count as
    wrong, and so do those of a class without a cluster: if a class is split into two clusters, the
    smaller part is wrong.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        The class of each sample: strings, booleans or whole numbers.
    y_pred : array-like of shape (n_samples,)
        The cluster of each sample; strings and numbers need not be of the same type as the
        classes. Noise, which methods such as DBSCAN label -1, counts as one more cluster.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the samples, 0 or greater. None gives all samples the same weight.

    Returns
    -------
    score : float
        Between 0 and 1, and 1 only if the clusters equal the classes. Unlike the adjusted Rand
        index it is not adjusted for chance: a single cluster scores the fraction of the largest
        class.

    Raises
    ------
    TypeError
        If an argument mixes strings and numbers.
    ValueError
        If there are no samples, the arguments differ in length, labels are missing (NaN, None),
        not whole numbers, or more than one per sample, or a weight is negative or not finite, or
        all weights are 0.

    See Also
    --------
    sklearn.metrics.adjusted_rand_score : Agreement on pairs of samples, adjusted for chance.
    sklearn.metrics.normalized_mutual_info_score : Mutual information of clusters and classes.

    Notes
    -----
    The table has an entry of 8 bytes for every pair of a class and a cluster: 200 MB for 5,000 of
    each.

    References
    ----------
    .. [1] H. W. Kuhn (1955). The Hungarian method for the assignment problem. Naval Research
       Logistics Quarterly 2, 83-97.
    .. [2] D. F. Crouse (2016). On implementing 2D rectangular assignment algorithms. IEEE
       Transactions on Aerospace and Electronic Systems 52(4), 1679-1696.
    .. [3] J. Xie, R. Girshick, A. Farhadi (2016). Unsupervised deep embedding for clustering
       analysis. ICML. https://arxiv.org/abs/1511.06335

    Examples
    --------
    >>> from sklstm.metrics import clustering_accuracy
    >>> clustering_accuracy(["ham", "ham", "spam", "spam"], [1, 1, 0, 1])
    0.75

    The third cluster is matched with no class, so its sample is wrong:

    >>> clustering_accuracy([0, 0, 0, 1], [7, 7, 8, 9])
    0.75
    """
    check_consistent_length(y_true, y_pred, sample_weight)
    true, pred = _codes(y_true, "y_true"), _codes(y_pred, "y_pred")
    weights = np.ones(len(true))
    if sample_weight is not None:
        check_entries(sample_weight, "sample_weight")
        weights = _check_sample_weight(
            sample_weight, true, dtype=np.float64, ensure_non_negative=True
        )
        if not weights.sum() > 0:
            raise ValueError("sample_weight leaves no sample a weight above 0.")
    shape = (true.max() + 1, pred.max() + 1)
    table = np.bincount(true * shape[1] + pred, weights, shape[0] * shape[1]).reshape(shape)
    matched = linear_sum_assignment(table, maximize=True)
    right = table[matched].sum()
    table[matched] = 0
    # Not divided by the sum of weights: rounding could give a perfect match a score beside 1.
    return float(right / (right + table.sum()))


def _codes(labels: Any, name: str) -> np.ndarray:
    """Return labels as integers from 0, after checking them."""
    check_entries(labels, name, dates=True)
    array = np.asarray(labels)
    if array.ndim != 1:
        raise ValueError(
            f"{name} must be 1-D, one label per sample; got an array of shape {array.shape}."
        )
    if not len(array):
        raise ValueError(f"{name} contains no label.")
    # numpy converts [NaN, "a"] to strings, but [None, "a"] to objects.
    found = as_objects(labels)
    fault = label_fault(found)
    if fault is not None and is_missing(found[fault[0]]):
        raise ValueError(f"{name}[{fault[0]}] {fault[1]}; every sample needs a label.")
    if fault is not None:
        raise TypeError(f"{name} mixes strings and numbers: {name}[{fault[0]}] {fault[1]}.")
    if type_of_target(array).startswith("continuous"):
        raise ValueError(
            f"{name} contains {_fraction(array)}, which is not a whole number; labels are strings "
            "or whole numbers."
        )
    return np.unique(array, return_inverse=True)[1].reshape(-1)


def _fraction(array: np.ndarray) -> float:
    numbers = array.astype(float)
    return float(numbers[numbers != np.floor(numbers)][0])
