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


def plain(value: Any) -> Any:
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
        return type(value)(map(plain, value))
    return value


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
