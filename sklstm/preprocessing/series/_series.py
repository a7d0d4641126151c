"""One or many long series of rows, read and laid end to end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.utils import check_array

from sklstm._sequences import missing_rows, offsets
from sklstm.preprocessing.series._columns import as_column

_FORMS = "accepted is an array of shape (n_rows, F) or (n_rows,), or a list of such arrays"


@dataclass(frozen=True)
class Series:
    """Series of rows, one after the other.

    Attributes
    ----------
    rows : ndarray of shape (n_rows, F)
        The rows of all series.
    starts, lengths : ndarray of int of shape (n_series,)
        The first row of each series, and how many it has.
    ids : ndarray of shape (n_series,)
        What `make_windows` calls their groups.
    is_list : bool
        Whether each series came as an array of its own.
    """

    rows: np.ndarray
    starts: np.ndarray
    lengths: np.ndarray
    ids: np.ndarray
    is_list: bool = False


def locate(row: int, starts: np.ndarray, name: str, is_list: bool) -> tuple[str, int]:
    """Return the name of the series, such as ``X[2]``, that a row is in, and its place there."""
    if not is_list:
        return name, row
    index = int(np.searchsorted(starts, row, side="right")) - 1
    return f"{name}[{index}]", row - int(starts[index])


def read_series(X: Any, groups: Any) -> Series:
    """Read the X and the groups of `make_windows`."""
    items = _items(X)
    if items is None:
        rows = _as_rows(X, "X")
        if groups is None:
            starts, ids = np.zeros(1, dtype=np.intp), np.zeros(1, dtype=np.int64)
        else:
            starts, ids = _runs(_ids(groups, len(rows), "row"))
        return Series(rows, starts, np.diff(starts, append=len(rows)), ids)
    arrays = [_as_rows(item, f"X[{i}]") for i, item in enumerate(items)]
    for i, array in enumerate(arrays):
        if array.shape[1] != arrays[0].shape[1]:
            raise ValueError(
                f"X[{i}] has {array.shape[1]} features a row, but X[0] has {arrays[0].shape[1]}; "
                "every series needs the same number."
            )
    ids = np.arange(len(items)) if groups is None else _ids(groups, len(items), "series")
    lengths = np.array([len(array) for array in arrays])
    rows = np.concatenate(arrays) if len(arrays) > 1 else arrays[0]
    return Series(rows, offsets(lengths), lengths, ids, is_list=True)


def _items(X: Any) -> list[Any] | None:
    """Return the series of a list of them; None where X is a single one."""
    if isinstance(X, (list, tuple)):
        items = list(X)
        if not items:
            raise ValueError(f"X is an empty list; {_FORMS}.")
        if np.ndim(items[0]) == 0 and not issparse(items[0]):
            raise ValueError(
                f"X[0] is {items[0]!r}, where a list holds several series; {_FORMS}. For a single "
                "series pass np.asarray(X)."
            )
        return items
    if getattr(X, "dtype", None) == np.dtype(object) and len(getattr(X, "shape", ())) == 1:
        items = list(X)
        return items if items and not isinstance(items[0], str) and np.ndim(items[0]) else None
    return None


def _as_rows(item: Any, name: str) -> np.ndarray:
    """Read one series as an array of shape (n_rows, F), of its own dtype."""
    if issparse(item):
        raise TypeError(f"{name} is a sparse matrix; pass {name}.toarray().")
    _refuse_dates(item, name)
    try:
        array = np.asarray(item)
    except ValueError as error:
        raise ValueError(f"{name} has rows of different lengths; {_FORMS}.") from error
    if array.ndim not in (1, 2):
        given = f"has {array.ndim} dimensions" if array.ndim else f"is a {type(item).__name__}"
        hint = " For several series of one length pass list(X)." if array.ndim == 3 else ""
        raise ValueError(f"{name} {given}; {_FORMS}.{hint}")
    if not array.size:
        raise ValueError(f"{name} has shape {array.shape}: there is nothing to make windows of.")
    if array.dtype.kind not in "biuf":
        array = _as_numbers(item, array, name)
    return array if array.ndim == 2 else array[:, None]


def _refuse_dates(item: Any, name: str) -> None:
    """Raise TypeError for a frame with a column of dates, as most files of series have."""
    if not hasattr(item, "columns"):
        return
    for column, dtype in zip(item.columns, item.dtypes, strict=True):
        if str(dtype).lower().startswith(("date", "timedelta", "period", "time")):
            raise TypeError(
                f"{name} has the column {column!r} of dates ({dtype}); a window is made of "
                f"numbers. Leave it out: {name}.drop(columns={column!r})."
            )


def _as_numbers(item: Any, array: np.ndarray, name: str) -> np.ndarray:
    """Read what numpy takes for objects, such as a frame with pandas's NA, as floats."""
    text = next((i for i, cell in enumerate(array.flat) if isinstance(cell, (str, bytes))), None)
    if text is not None:
        row = text // (array.size // len(array))
        raise ValueError(
            f"{name} holds the text {str(array.flat[text])[:40]!r} in row {row}; a window is made "
            "of numbers. Leave columns of text out, or encode them."
        )
    if array.dtype != object:
        raise TypeError(f"{name} has dtype {array.dtype}; a window is made of numbers.")
    try:
        return np.asarray(
            check_array(item, dtype=np.float64, ensure_2d=False, ensure_all_finite=False)
        )
    except (TypeError, ValueError) as error:
        raise type(error)(f"{name} cannot be read as numbers: {error}") from error


def _ids(groups: Any, n: int, per: str) -> np.ndarray:
    ids = as_column(groups, "groups")
    if ids.ndim != 1:
        raise ValueError(f"groups has shape {ids.shape}; accepted is one id per {per}.")
    if len(ids) != n:
        raise ValueError(f"groups has {len(ids)} entries; accepted is {n}, one per {per} of X.")
    lost = np.flatnonzero(missing_rows(ids))
    if len(lost):
        raise ValueError(f"groups[{lost[0]}] is {ids[lost[0]]!r}; every {per} needs an id.")
    return ids


def _runs(ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return where rows of one id begin, and the ids; refuse an id that comes back later."""
    starts = np.append(0, np.flatnonzero(ids[1:] != ids[:-1]) + 1)
    first: set[Any] = set()
    for start, identity in zip(starts.tolist(), ids[starts].tolist(), strict=True):
        if identity in first:
            raise ValueError(
                f"groups[{start}] is {identity!r} again, after rows of another group: the rows of "
                "one series must lie together, in their order. This sorts them: "
                'order = np.argsort(groups, kind="stable"); X, y, groups = X[order], '
                "y[order], groups[order] (of data frames .iloc[order])."
            )
        first.add(identity)
    return starts, ids[starts]
