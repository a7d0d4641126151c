"""The labels of windows: read, checked for gaps, and made from those of rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from sklstm._sequences import concatenate, missing_rows, offsets
from sklstm.preprocessing.series._columns import as_column
from sklstm.preprocessing.series._series import Series, locate
from sklstm.preprocessing.series._sliding import Starts, shift, take, touched
from sklstm.preprocessing.series._spans import LABELS

GAPS = ("error", "skip")
GAPS_HINT = "Fill the gaps first, or leave such windows out by gaps='skip'."


@dataclass(frozen=True)
class Labels:
    """What the label of each window is made from.

    Attributes
    ----------
    values : ndarray of shape (n,) or (n, k)
        The labels that were given, of all series.
    starts : ndarray of int of shape (n_windows,), or range
        The first of the labels that each window's is made from.
    length : int
        How many of them.
    label : str
        In which way, a key of `LABELS`.
    series_starts : ndarray of int of shape (n_series,)
        The first label of each series.
    is_list : bool
        Whether the labels of each series came as an array of their own.
    """

    values: np.ndarray
    starts: Starts
    length: int
    label: str
    series_starts: np.ndarray
    is_list: bool

    def of(self, keep: np.ndarray) -> np.ndarray:
        """Return the labels of the windows to keep."""
        return LABELS[self.label](self.values, take(self.starts, keep), self.length)

    def without_gaps(self, gaps: str) -> np.ndarray:
        """Return which windows have a label; where gaps are refused, all must."""
        gap = missing_rows(self.values)
        if not gap.any():
            return np.ones(len(self.starts), dtype=bool)
        starts, length = self._used()
        lost = touched(gap, starts, length)
        if gaps == "error" and lost.any():
            start = int(starts[lost.argmax()])
            self._refuse(start + int(gap[start : start + length].argmax()))
        return ~lost

    def _used(self) -> tuple[Starts, int]:
        """Return the spans of labels that matter: "last" and "first" look at one only."""
        if self.label in ("last", "first"):
            return shift(self.starts, self.length - 1 if self.label == "last" else 0), 1
        return self.starts, self.length

    def _refuse(self, entry: int) -> NoReturn:
        name, at = locate(entry, self.series_starts, "y", self.is_list)
        value = self.values[entry]
        shown = value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value
        raise ValueError(
            f"{name} contains NaN or infinity, or lacks a label: entry {at}, which a window's "
            f"label is made from, is {shown!r}. {GAPS_HINT}"
        )


def read_labels(
    y: Any,
    series: Series,
    starts: Starts,
    counts: np.ndarray,
    window: int,
    horizon: int | None,
    label: str,
) -> Labels:
    """Read the y of `make_windows`: one label a row, or one a window.

    Parameters
    ----------
    y : array-like, or list of array-likes where the series are a list
        The labels.
    series : Series
        The rows.
    starts : ndarray of int of shape (n_windows,), or range
        The first row of each window.
    counts : ndarray of int of shape (n_series,)
        The number of windows of each series.
    window, horizon, label
        As given to `make_windows`.
    """
    columns, names = _columns(y, series)
    rows, windows = series.lengths, counts
    if not series.is_list:  # y is one array, also where groups make several series of X
        rows, windows = rows.sum(keepdims=True), windows.sum(keepdims=True)
    lengths = np.array([len(column) for column in columns])
    by_row = np.array_equal(lengths, rows)
    if not by_row and (horizon is not None or not np.array_equal(lengths, windows)):
        _refuse_lengths(lengths, rows, windows, names, horizon)
    values = _stack(columns, names)
    if not by_row:
        firsts = offsets(windows)
        return Labels(values, range(len(starts)), 1, "last", firsts, series.is_list)
    _check_kind(values, label)
    spans = (starts, window) if horizon is None else (shift(starts, window), horizon)
    return Labels(values, *spans, label, series.starts, series.is_list)


def _columns(y: Any, series: Series) -> tuple[list[np.ndarray], list[str]]:
    if not series.is_list:
        return [as_column(y, "y")], ["y"]
    n = len(series.lengths)
    items = list(y) if hasattr(y, "__len__") and not isinstance(y, (str, dict)) else []
    if len(items) != n or np.ndim(items[0]) == 0:
        given = f"{len(items)} entries" if items else f"{y!r}"
        raise ValueError(
            f"y must be a list of {n} arrays of labels, one per series of X, got {given} "
            f"({type(y).__name__})."
        )
    names = [f"y[{i}]" for i in range(n)]
    return [as_column(item, name) for item, name in zip(items, names, strict=True)], names


def _refuse_lengths(
    given: np.ndarray,
    rows: np.ndarray,
    windows: np.ndarray,
    names: list[str],
    horizon: int | None,
) -> NoReturn:
    i = int((given != rows).argmax())
    source = names[i].replace("y", "X")
    accepted = f"{rows[i]}, one a row of {source}"
    if horizon is None:
        accepted += f", or {windows[i]}, one a window"
    else:
        accepted += f", as horizon={horizon} looks past the windows"
    alike = " (the same choice for every series)" if len(names) > 1 and horizon is None else ""
    raise ValueError(f"{names[i]} has {given[i]} entries; accepted is {accepted}{alike}.")


def _stack(columns: list[np.ndarray], names: list[str]) -> np.ndarray:
    """Lay the labels of all series end to end."""
    # A series without windows may have an empty list of labels, whose type says nothing.
    filled = [i for i, column in enumerate(columns) if len(column)]
    first = filled[0]
    for i in filled:
        if columns[i].shape[1:] != columns[first].shape[1:]:
            raise ValueError(
                f"{names[i]} has shape {columns[i].shape}, but {names[first]} "
                f"{columns[first].shape}; every series needs labels of the same form."
            )
        if columns[i].ndim == 2 and columns[i].dtype.kind not in "biuf":
            raise ValueError(
                f"{names[i]} has shape {columns[i].shape} and dtype {columns[i].dtype}; labels of "
                "several columns must be numbers. Pass one column for labels of another type."
            )
    return concatenate([columns[i] for i in filled])


def _check_kind(values: np.ndarray, label: str) -> None:
    if label == "mean" and values.dtype.kind not in "biuf":
        raise ValueError(
            f"label='mean' needs numbers, but y has dtype {values.dtype}; accepted for it are "
            "'last', 'first' and 'majority'."
        )
    if label == "majority" and values.ndim == 2:
        raise ValueError(
            f"label='majority' needs one label a row, but y has {values.shape[1]} columns; "
            "accepted are 'last', 'first' and 'mean', or one column of y."
        )
