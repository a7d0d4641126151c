"""The labels of texts, several or none for each, as numbers."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.utils import check_consistent_length

from sklstm._sequences import is_missing, object_array

_COLLECTIONS = (list, tuple, set, frozenset, np.ndarray)


@dataclass(frozen=True)
class Labels:
    """The labels of each text.

    Attributes
    ----------
    classes : ndarray of shape (n_labels,)
        The different labels, sorted.
    codes : list of lists of int
        The places in `classes` of each text's labels, in rising order.
    """

    classes: np.ndarray
    codes: list[list[int]]

    def check_single(self, dm_concat: int) -> None:
        """Raise a ValueError if texts have several labels, or none, where one is needed."""
        for i, own in enumerate(self.codes):
            if dm_concat and len(own) != 1:
                raise ValueError(
                    f"dm_concat=1 takes exactly one tag a text, but y[{i}] has {len(own)} labels; "
                    "set dm_concat=0, or tags='texts'."
                )


def read_labels(y: Any, n_texts: int, tags: str) -> Labels:
    """Return the labels of each text.

    Parameters
    ----------
    y : array-like of labels, or of collections of labels, or indicators (n_texts, n_labels)
        A label, or a collection of them, for each text. An array of two or more columns, a sparse
        matrix or a data frame of several columns says by 1 and 0 which labels a text has.
    n_texts : int
        How many texts there are.
    tags : str
        The parameter `tags`, for the error if there is no y.

    Raises
    ------
    ValueError
        If y is None, of another length, without any label, holds missing labels or numbers that
        measure something, or indicators besides 0 and 1.
    TypeError
        If a label cannot be told from others by its hash.
    """
    if y is None:
        raise ValueError(
            "This Doc2VecVectorizer requires y to be passed, but the target y is None: "
            f"tags={tags!r} learns a vector per label."
        )
    is_matrix = len(getattr(y, "shape", ())) == 2
    found = (_indicated if is_matrix else _listed)(y, n_texts)
    if not len(found.classes):
        raise ValueError(f"y holds no label for any text; tags={tags!r} needs at least one.")
    return found


def _indicated(y: Any, n_texts: int) -> Labels:
    """Read a matrix with a row for each text and a column for each label."""
    names = list(y.columns) if hasattr(y, "columns") else list(range(y.shape[1]))
    matrix = np.asarray(y.toarray() if issparse(y) else y)
    if matrix.shape[1] == 1 and not issparse(y):
        return _listed(matrix[:, 0], n_texts)
    check_consistent_length(range(n_texts), matrix)
    wrong = np.argwhere((matrix != 0) & (matrix != 1))
    if len(wrong):
        i, j = wrong[0]
        raise ValueError(
            f"y has shape {matrix.shape} and must hold 0 and 1, which tell the labels of each "
            f"text; y[{i}, {j}] is {matrix[i, j]!r}."
        )
    return Labels(_as_array(names), [np.flatnonzero(row).tolist() for row in matrix])


def _listed(y: Any, n_texts: int) -> Labels:
    """Read a label, or a collection of labels, for each text."""
    if isinstance(y, (str, bytes, dict)) or not hasattr(y, "__len__"):
        raise TypeError(f"y must hold labels for each text, got {type(y).__name__} ({y!r}).")
    if hasattr(y, "to_list"):  # a Series; of polars lists come out of it as lists
        items = y.to_list()
    else:
        items = y.tolist() if isinstance(y, np.ndarray) else list(y)
    check_consistent_length(range(n_texts), items)
    labels = [
        {_checked(label, i) for label in item}
        if isinstance(item, _COLLECTIONS)
        else {_checked(item, i)}
        for i, item in enumerate(items)
    ]
    classes = _sorted(set().union(*labels))
    code_of = {label: code for code, label in enumerate(classes)}
    # Sorted, as the order of a set of strings is another one in each process.
    codes = [sorted(map(code_of.__getitem__, own)) for own in labels]
    return Labels(_as_array(classes), codes)


def _checked(label: Any, i: int) -> Hashable:
    if isinstance(label, np.generic):
        label = label.item()
    if is_missing(label):
        raise ValueError(
            f"Input y contains missing labels, the first at y[{i}] ({label!r}); an empty list, [], "
            "stands for a text without labels."
        )
    if isinstance(label, float) and not label.is_integer():
        raise ValueError(
            f"Input y contains {label!r} at y[{i}]; labels are strings or whole numbers."
        )
    try:
        hash(label)
    except TypeError as error:
        raise TypeError(f"y[{i}] holds {label!r}, which is no label: {error}.") from None
    return label


def _sorted(labels: set[Hashable]) -> list[Hashable]:
    try:
        return sorted(labels)  # type: ignore[type-var]
    except TypeError:  # 1 and "1", say
        return sorted(labels, key=lambda label: (type(label).__name__, repr(label)))


def _as_array(labels: list[Any]) -> np.ndarray:
    if len({type(label) for label in labels}) == 1 and isinstance(labels[0], (str, int)):
        return np.array(labels)
    return object_array(labels)
