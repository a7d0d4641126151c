"""Object arrays, arrays of mixed types and missing values, as every room needs them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np


def object_array(items: Iterable[Any]) -> np.ndarray:
    """Return a one-dimensional object array of the items, even where all have the same length."""
    listed = list(items)
    return np.fromiter(listed, dtype=object, count=len(listed))


def concatenate(arrays: Sequence[np.ndarray]) -> np.ndarray:
    """Concatenate arrays; numbers stay numbers where other arrays hold strings or objects."""
    numeric = [array.dtype.kind in "biuf" for array in arrays]
    if any(numeric) and not all(numeric):  # numpy would make strings of the numbers
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
