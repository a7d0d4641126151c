"""Object arrays, arrays of mixed types and missing values, as every room needs them."""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

import numpy as np

# Most entries are of these types, which need no further look.
_PLAIN = frozenset(
    {int, float, bool, str, bytes, type(None)}
    | {np.float64, np.float32, np.int64, np.int32, np.bool_, np.str_}
)
_DATES = (datetime.date, datetime.time, datetime.timedelta, np.datetime64, np.timedelta64)
_OBJECTS = ("object", "Object")  # of pandas and of polars


def object_array(items: Iterable[Any]) -> np.ndarray:
    """Return a one-dimensional object array of the items, even where all have the same length."""
    listed = list(items)
    return np.fromiter(listed, dtype=object, count=len(listed))


def check_entries(values: Any, name: str, *, dates: bool = False) -> None:
    """Raise for dates in the place of numbers, and for masked entries.

    numpy would convert dates and durations to counts of nanoseconds or days, NaT among them to
    -9.2e18, and use the values under a mask.

    Parameters
    ----------
    values : array, list, Series or data frame, or lists of these
        What was given.
    name : str
        The name of the argument, for error messages.
    dates : bool, default=False
        Whether dates are accepted, as labels and ids for instance; NaT is not.

    Raises
    ------
    TypeError
        For dates and durations.
    ValueError
        For masked entries, and for NaT where dates are accepted.
    """
    dtype: Any = getattr(values, "dtype", None)
    if isinstance(values, np.ma.MaskedArray):
        check_unmasked(values, name)
    if isinstance(values, list | tuple):
        _check_items(values, name, dates)
    elif hasattr(values, "columns") or hasattr(values, "column_names"):
        _check_columns(values, name, dates)
    elif isinstance(values, np.ndarray | np.generic) and dtype.kind in "mM":
        if not dates:
            _refuse_dates(f"{name} has dtype {dtype}: dates or durations, not numbers. ")
        lost = np.argwhere(np.isnat(values))
        if len(lost):
            place = "".join(f"[{i}]" for i in lost[0])
            raise ValueError(f"{name}{place} is missing (NaT); leave it out, or fill the gap.")
    elif isinstance(values, np.ndarray):
        if dtype.kind == "O":
            _check_items(values, name, dates)
    elif isinstance(values, _DATES) or type(values).__name__ == "Period":
        if not dates:
            _refuse_dates(f"{name} is {values!r}, a {type(values).__name__}, not a number. ")
    elif dtype is not None:
        is_date = _is_date_dtype(dtype)
        if is_date and not dates:
            _refuse_dates(f"{name} has dtype {dtype}: dates or durations, not numbers. ")
        if is_date or str(dtype) in _OBJECTS:
            check_entries(np.asarray(values), name, dates=dates)


def check_unmasked(values: np.ma.MaskedArray, name: str) -> None:
    """Raise ValueError if an entry is masked; nothing in this library reads masks."""
    masked = np.argwhere(np.ma.getmaskarray(values))
    if len(masked):
        place = "".join(f"[{i}]" for i in masked[0])
        some = f" ({len(masked)} of {values.size} entries are)" if values.ndim else ""
        hint = ""
        if name.startswith("X"):
            hint = (
                " Steps at the ends of sequences may be filled with a value that does not occur "
                "in the data, and be cut off by padding_value."
            )
        raise ValueError(
            f"{name}{place} is masked{some}, and masks are not read: leave masked entries out, or "
            f"fill them, by {name}.filled(...).{hint}"
        )


def _check_items(values: Any, name: str, dates: bool) -> None:
    """Check the items of a list or object array, those of unusual types alone."""
    flat = values.ravel() if isinstance(values, np.ndarray) else values
    unusual = set(map(type, flat)) - _PLAIN
    if not unusual:
        return
    shape = np.shape(values) if isinstance(values, np.ndarray) else (len(flat),)
    for i, item in enumerate(flat):
        if type(item) in unusual:
            place = "".join(f"[{k}]" for k in np.unravel_index(i, shape))
            check_entries(item, name + place, dates=dates)


def _check_columns(frame: Any, name: str, dates: bool) -> None:
    """Check the columns of a data frame."""
    if hasattr(frame, "column_names"):  # pyarrow
        names, dtypes = frame.column_names, frame.schema.types
    else:
        names, dtypes = list(frame.columns), list(frame.dtypes)
    for k, (column, dtype) in enumerate(zip(names, dtypes, strict=True)):
        if _is_date_dtype(dtype) and not dates:
            _refuse_dates(
                f"{name} has the column {column!r} of dates ({dtype}), not numbers. Leave it out, "
                f"by {name}.drop(columns={column!r}) in pandas. "
            )
        if str(dtype) in _OBJECTS:
            cells = frame.iloc[:, k] if hasattr(frame, "iloc") else frame[column]
            check_entries(np.asarray(cells), f"{name}[{column!r}]", dates=dates)


def _is_date_dtype(dtype: Any) -> bool:
    """Return True for the dtypes of dates, times, durations and periods of any package."""
    if getattr(dtype, "kind", "") in ("m", "M"):
        return True
    categories = getattr(getattr(dtype, "categories", None), "dtype", None)  # pandas' category
    if categories is not None:
        return _is_date_dtype(categories)
    return str(dtype).lower().startswith(("date", "time", "duration", "period"))


def _refuse_dates(given: str) -> NoReturn:
    raise TypeError(
        f"{given}Convert them to numbers first: to days since a date for instance, (dates - start) "
        "/ np.timedelta64(1, 'D'), or to features such as the hour or the month."
    )


def concatenate(arrays: Sequence[np.ndarray]) -> np.ndarray:
    """Concatenate arrays; numbers stay numbers where other arrays hold strings or objects."""
    numeric = [array.dtype.kind in "biuf" for array in arrays]
    if any(numeric) and not all(numeric):  # numpy would make strings of the numbers
        arrays = [array.astype(object) for array in arrays]
    return np.concatenate(arrays)


def is_missing(value: Any) -> bool:
    """Return True if a value is None, NaN, NaT, masked, or pandas' NA or NaT."""
    if value is None or type(value).__name__ in ("NAType", "NaTType", "MaskedConstant"):
        return True
    if isinstance(value, np.datetime64 | np.timedelta64):
        return bool(np.isnat(value))
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
