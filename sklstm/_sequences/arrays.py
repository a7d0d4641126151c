"""Object arrays, arrays of mixed types, missing values and labels, as every room needs them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from numbers import Number
from typing import Any

import numpy as np


def object_array(items: Iterable[Any]) -> np.ndarray:
    """Return a one-dimensional object array of the items, even where all have the same length."""
    listed = list(items)
    return np.fromiter(listed, dtype=object, count=len(listed))


def as_python(value: Any) -> Any:
    """Return a numpy scalar as a Python value, also the items of a tuple or list.

    Searches and data frames give parameters as numpy's scalars. Torch and gensim refuse some of
    them, small integers overflow, and a comparison with ``np.float64(0.1)`` is false for 0.1 in
    float32.
    """
    if isinstance(value, np.floating):
        return float(value)
    if isinstance(value, np.integer | np.bool_ | np.str_):
        return value.item()
    if type(value) in (tuple, list) and any(isinstance(item, np.generic) for item in value):
        return type(value)(map(as_python, value))
    return value


def concatenate(arrays: Sequence[np.ndarray]) -> np.ndarray:
    """Concatenate arrays; numbers stay numbers where other arrays hold strings or objects."""
    kinds = {"n" if array.dtype.kind in "biuf" else array.dtype.kind for array in arrays}
    if len(kinds) > 1:  # numpy would make strings of numbers and bytes
        arrays = [array.astype(object) for array in arrays]
    return np.concatenate(arrays)


def is_missing(value: Any) -> bool:
    """Return True if a value is None, NaN, or pandas' NA or NaT."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, float | np.floating) and math.isnan(value)


def missing_rows(values: np.ndarray) -> np.ndarray:
    """Return a mask of the rows that hold a missing or infinite value in any column."""
    kind = values.dtype.kind
    if kind in "fc":
        missing = ~np.isfinite(values)
    elif kind in "mM":
        missing = np.isnat(values)
    elif kind == "O":
        missing = np.array([is_missing(value) for value in values.flat], dtype=bool)
    else:
        return np.zeros(len(values), dtype=bool)
    return np.asarray(missing.reshape(len(values), -1).any(axis=1))


def plain(value: Any) -> Any:
    """Return a value as messages show it: NumPy's scalars and arrays as Python's own.

    Those inside lists, tuples, sets and dicts, too: ``[np.int64(1)]`` becomes ``[1]``.
    """
    if isinstance(value, np.ndarray):
        return [plain(item) for item in value] if value.ndim else plain(value[()])
    if isinstance(value, np.floating):
        return float(str(value))  # 0.1 of a float32, which item() returns as 0.10000000149
    if isinstance(value, np.datetime64 | np.timedelta64):
        return str(value)
    if isinstance(value, np.generic):
        return value.item()
    if type(value) in (list, tuple, set, frozenset):
        return type(value)(map(plain, value))
    if type(value) is dict:
        return {plain(key): plain(item) for key, item in value.items()}
    return value


def as_objects(labels: Any) -> np.ndarray:
    """Return labels as an array; in their original form, where numpy would convert some of them.

    ``np.asarray(["a", 1, nan])`` would be an array of strings, one of which is "nan".
    """
    try:
        array = np.asarray(labels)
        if array.dtype.kind in "biufc" or not isinstance(labels, list | tuple):
            return array
        return np.asarray(labels, dtype=object)
    except ValueError:  # lists of several lengths
        return object_array(labels)


def label_fault(labels: np.ndarray) -> tuple[int, str] | None:
    """Return the index of a label that cannot be used, and what is wrong with it.

    Parameters
    ----------
    labels : ndarray
        The labels, as `as_objects` returns them.

    Returns
    -------
    tuple of (int, str), or None
        The index, in the flattened array, of a label that is missing or of another type than the
        first one; and the end of a sentence, which begins with the label's name. None if there is
        no such label. Infinite numbers are not looked for.
    """
    if labels.dtype.kind not in "fO":
        return None
    flat = labels.ravel()
    if labels.dtype.kind == "f":
        lost = np.flatnonzero(np.isnan(flat))
        return (int(lost[0]), f"is {plain(flat[lost[0]])!r}") if len(lost) else None
    types = set(map(type, flat))
    if types <= {str} or types <= {int, bool}:
        return None
    first = None
    for i, label in enumerate(flat):
        if is_missing(label):
            return i, f"is {plain(label)!r}"
        first = label if first is None else first
        if _kind(label) != _kind(first):
            return i, (
                f"is {plain(label)!r}, but other labels are {_kind(first)}, such as "
                f"{plain(first)!r}; use one type for all"
            )
    return None


def _kind(label: Any) -> str:
    """Return what a label is; numbers and booleans can be sorted together."""
    if isinstance(label, str):
        return "strings"
    return "numbers" if isinstance(label, Number | np.bool_) else f"of type {type(label).__name__}"


def equal_but_for_rounding(low: np.ndarray, high: np.ndarray, dtype: np.dtype[Any]) -> np.ndarray:
    """Return whether values from `low` to `high` may be one number, computed in this `dtype`.

    In single precision fewer units in the last place count as rounding errors: data there often
    use all of their digits.
    """
    error = 4 * np.finfo(dtype).eps if dtype == np.float32 else 8 * np.finfo(np.float64).eps
    low, high = low.astype(np.float64), high.astype(np.float64)
    return np.asarray(high - low <= error * np.maximum(np.abs(low), np.abs(high)))


# Where the accuracy of small networks on JapaneseVowels, ItalyPowerDemand and GunPoint is clearly
# lower than on standardised values.
LARGE, SMALL, FAR = 50.0, 0.02, 10.0
# The most numbers that a scale is judged by.
JUDGED_NUMBERS = 1 << 20


def unusual_scale(rows: np.ndarray) -> tuple[int, float, float] | None:
    """Return the first feature that is hard to learn from as it is, its mean and its deviation.

    That is a feature with a large mean or standard deviation, one that varies little compared to
    its distance from 0, or one of small values. Rare events, 0 or 1, are neither of these.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features)
        Finite numbers; of many, some rows drawn at random are judged.
    """
    n, width = rows.shape
    if rows.size > JUDGED_NUMBERS:
        drawn = np.random.default_rng(0).integers(n, size=max(1, JUDGED_NUMBERS // width))
        rows = rows[drawn]
    rows = rows.astype(np.float64)
    mean, std = rows.mean(axis=0), rows.std(axis=0)
    span = rows.max(axis=0) - rows.min(axis=0)
    center = np.abs(mean)
    large = (std > LARGE) | (center > LARGE)
    far = (span > 0) & (center > FAR * std) & (center > span)
    small = (span > 0) & (std < SMALL) & (span < 0.5)
    found = np.flatnonzero(large | far | small)
    return (int(found[0]), float(mean[found[0]]), float(std[found[0]])) if len(found) else None
