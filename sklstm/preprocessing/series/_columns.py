"""Labels and ids of any type as arrays, and which of them are missing."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import issparse

from sklstm.preprocessing.text._texts import is_missing


def as_column(values: Any, name: str) -> np.ndarray:
    """Return labels or ids as an array, each entry of the type that it has."""
    if issparse(values):
        raise TypeError(f"{name} is a sparse matrix; pass {name}.toarray().")
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise ValueError(
            f"{name} holds entries of different lengths; accepted is an array of one or two "
            "dimensions, or a list of them where X is a list of series."
        ) from error
    if array.ndim not in (1, 2):
        given = f"has {array.ndim} dimensions" if array.ndim else f"is a {type(values).__name__}"
        raise ValueError(f"{name} {given}; accepted is an array of one or two dimensions.")
    if array.dtype.kind in "US" and isinstance(values, (list, tuple)) and array.ndim == 1:
        # numpy would write ["a", nan] as ["a", "nan"], and make "1" of 1.
        if not all(isinstance(value, (str, bytes)) for value in values):
            array = _as_objects(values)
    elif array.dtype == object and getattr(getattr(values, "dtype", None), "kind", "O") in "biuf":
        array = values.to_numpy(dtype=float, na_value=np.nan)  # pandas's integers with NA
    return array


def _as_objects(values: Any) -> np.ndarray:
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def missing(values: np.ndarray) -> np.ndarray:
    """Tell which entries are missing: NaN, infinity, None, NA or NaT, in any column."""
    kind = values.dtype.kind
    if kind in "fc":
        lost = ~np.isfinite(values)
    elif kind in "mM":
        lost = np.isnat(values)
    elif kind == "O":
        lost = np.array([is_missing(value) for value in values.flat], dtype=bool)
    else:
        return np.zeros(len(values), dtype=bool)
    return np.asarray(lost.reshape(len(values), -1).any(axis=1))


def end_to_end(arrays: list[np.ndarray]) -> np.ndarray:
    """Concatenate arrays without making texts of the numbers in some of them."""
    texts = {array.dtype.kind in "US" for array in arrays}
    if len(texts) > 1:
        arrays = [array.astype(object) for array in arrays]
    return np.concatenate(arrays) if len(arrays) > 1 else arrays[0]
