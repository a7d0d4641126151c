"""How many samples are in the cluster that stands for their class."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment
from sklearn.utils._param_validation import validate_params
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import _check_sample_weight, check_consistent_length

from sklstm.metrics._steps import is_missing


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
    samples as possible are right. The best of all ways to do so is found by the Hungarian
    algorithm [1]_, in a time that grows with the cube of the number of clusters. This is the
    accuracy that papers on deep clustering report, such as [2]_ under "Evaluation Metric".

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
       Logistics Quarterly 2, 83-97. Here `scipy.optimize.linear_sum_assignment` solves it.
    .. [2] J. Xie, R. Girshick, A. Farhadi (2016). Unsupervised deep embedding for clustering
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
    together = np.zeros((true.max() + 1, pred.max() + 1))  # (classes, clusters)
    np.add.at(together, (true, pred), weights)
    matched = linear_sum_assignment(together, maximize=True)
    right = together[matched].sum()
    together[matched] = 0
    # Not divided by the sum of weights, from which fractions added in another order may differ.
    return float(right / (right + together.sum()))


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
