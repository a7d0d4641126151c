"""Labels and ids of any type as arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import issparse

from sklstm._sequences import object_array


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
            array = object_array(values)
    elif array.dtype == object and getattr(getattr(values, "dtype", None), "kind", "O") in "biuf":
        array = values.to_numpy(dtype=float, na_value=np.nan)  # pandas's integers with NA
    return array
