"""Object arrays, mixed types, missing values, labels and scales, as every room needs them."""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from numbers import Number
from typing import Any, NoReturn

import numpy as np
from sklearn.utils import gen_batches

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
        is_date = _is_date_dtype(dtype)
        if is_date and not dates:
            _refuse_dates(
                f"{name} has the column {column!r} of dates ({dtype}), not numbers. Leave it out, "
                f"by {name}.drop(columns={column!r}) in pandas. "
            )
        if is_date or str(dtype) in _OBJECTS:
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
    kinds = {"n" if array.dtype.kind in "biuf" else array.dtype.kind for array in arrays}
    if len(kinds) > 1:  # numpy would make strings of numbers and bytes
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


def unlabeled_rows(y: Any, mark: Any, name: str = "y") -> np.ndarray:
    """Return whether each entry of `y` is the label that marks rows without one.

    Parameters
    ----------
    y : array-like of shape (n,) or (n, 1)
        The labels. Numbers and strings may be mixed in lists and object arrays.
    mark : str or number
        The label of rows without one.
    name : str, default="y"
        Name of the argument, for errors.

    Returns
    -------
    ndarray of bool of shape (n,)

    Raises
    ------
    ValueError
        If y does not have one label for each row, or if numpy has made strings of its numbers.
    """
    found = as_objects(y)
    if found.ndim != 1 and found.shape[1:] != (1,):
        raise ValueError(
            f"unlabeled_label={plain(mark)!r} marks rows that have one label each, but {name} has "
            f"shape {np.shape(y) or getattr(y, 'shape', ())}; for several labels of each row set "
            "unlabeled_label=None."
        )
    flat = found.ravel()
    text = isinstance(mark, str)
    if flat.dtype.kind in "biuf":
        return np.zeros(len(flat), dtype=bool) if text else np.asarray(flat == mark)
    if flat.dtype.kind == "U" and not text:
        turned = np.flatnonzero(flat == str(plain(mark)))
        if len(turned):
            raise ValueError(
                f"unlabeled_label={plain(mark)!r} is a number, but {name} holds strings, "
                f"{name}[{turned[0]}]={str(flat[turned[0]])!r} among them: numpy makes strings of "
                f"numbers beside strings. Pass a list or an array of dtype=object, or "
                f"unlabeled_label={str(plain(mark))!r}."
            )
    kinds = str if text else (Number, np.number)
    same = (isinstance(label, kinds) and label == mark for label in flat)
    return np.fromiter(same, dtype=bool, count=len(flat))


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


# The most numbers that are held in double precision at once while statistics are computed.
PART_NUMBERS = 1 << 20


def row_parts(rows: np.ndarray) -> Iterator[slice]:
    """Yield slices of rows, so that only some are held in double precision at once."""
    return gen_batches(len(rows), max(1, PART_NUMBERS // max(1, rows.shape[1])))


def moments(rows: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the weighted mean and variance of each feature, in double precision.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features)
        Finite numbers.
    weights : ndarray of shape (n_rows,)
        Weight of each row, some above 0.
    """
    weights = weights.astype(np.float64)
    total = weights.sum()
    mean = _sum(weights[part] @ rows[part] for part in row_parts(rows)) / total
    squares = (weights[part] @ np.square(rows[part] - mean) for part in row_parts(rows))
    return mean, _sum(squares) / total


def _sum(parts: Iterable[np.ndarray]) -> np.ndarray:
    return np.asarray(reduce(np.add, parts))


def extremes(rows: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the least and the largest value of each feature in rows with a weight above 0."""
    low, high = np.full(rows.shape[1], np.inf), np.full(rows.shape[1], -np.inf)
    for part in row_parts(rows):
        values = rows[part][weights[part] > 0]
        low = np.minimum(low, values.min(axis=0, initial=np.inf))
        high = np.maximum(high, values.max(axis=0, initial=-np.inf))
    return low, high


# Where the accuracy of small networks on JapaneseVowels, ItalyPowerDemand and GunPoint is clearly
# lower than on standardised values.
LARGE, SMALL, FAR = 50.0, 0.02, 10.0
# The most numbers that a scale is judged by.
JUDGED_NUMBERS = 1 << 20


def unusual_scale(rows: np.ndarray, *, partial: bool = False) -> tuple[int, float, float] | None:
    """Return the first feature that is hard to learn from as it is, its mean and its deviation.

    That is a feature with a large mean or standard deviation, one that varies little compared to
    its distance from 0, or one of small values. Rare events, 0 or 1, are neither of these.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features)
        Finite numbers; of many, some rows drawn at random are judged.
    partial : bool, default=False
        Whether these are a part of the data, which may vary little by chance: only large features
        are returned then.
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
    found = np.flatnonzero(large if partial else large | far | small)
    return (int(found[0]), float(mean[found[0]]), float(std[found[0]])) if len(found) else None
