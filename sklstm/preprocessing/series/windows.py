"""Windows cut from long series, with one label each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Integral
from typing import Any, Literal, NamedTuple, NoReturn

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.sparse import issparse
from sklearn.utils import check_array

from sklstm._sequences import (
    align_frames,
    as_container,
    check_entries,
    concatenate,
    from_cells,
    missing_rows,
    object_array,
    offsets,
)

# A range stands for millions of evenly spaced starts and takes no memory.
Starts = np.ndarray | range

_GAPS = ("error", "skip")
_GAPS_HINT = "Fill the gaps first, or use gaps='skip' to leave out the windows that contain them."
_FORMS = "accepted is an array of shape (n_rows, F) or (n_rows,), or a list of such arrays"
_CHUNK = 1 << 16  # window entries processed at once: few enough to stay in the processor's cache


class Windows(NamedTuple):
    """The result of `make_windows`; unpacks as ``X, y, groups``.

    Attributes
    ----------
    X : ndarray of shape (n_windows, window, F)
        The windows, with the dtype of the rows.
    y : ndarray of shape (n_windows,) or (n_windows, k), or None
        The label of each window.
    groups : ndarray of shape (n_windows,)
        The id of the series that each window was cut from.
    """

    X: np.ndarray
    y: np.ndarray | None
    groups: np.ndarray


def make_windows(
    X: Any,
    y: Any = None,
    *,
    window: int,
    stride: int = 1,
    horizon: int | None = None,
    groups: Any = None,
    label: Literal["last", "first", "mean", "majority"] = "last",
    gaps: Literal["error", "skip"] = "error",
) -> Windows:
    """Cut long series into windows that an LSTM reads as sequences, with one label each.

    Call it once, on all data, before splitting them. For example, 9,000 rows of 10 features with
    a label for every five rows are 1,800 sequences of five time steps::

        X, y, groups = make_windows(X, y, window=5, stride=5)  # X: (1800, 5, 10)

    The first window of each series starts at its first row, and the next ones every `stride`
    rows. Rows at the end that do not fill a window are left out.

    Parameters
    ----------
    X : array or data frame of shape (n_rows, F), array of shape (n_rows,), or list of these
        The rows of a series in temporal order. A list, nested lists included, contains several
        series; data frames in it are aligned by the names of their columns. An array of shape
        (n_rows,) has one feature, F = 1.
    y : array-like of shape (n_rows,) or (n_rows, k), or list of these, default=None
        Labels of any type, or `k` numbers per label. Either one label per row or, if `horizon`
        is None, one label per window, which is used unchanged. For a list of series, a list of
        the same length.
    window : int
        Number of rows in each window.
    stride : int, default=1
        Number of rows between the starts of consecutive windows. 1 gives every possible window;
        a stride equal to `window` gives windows that do not overlap.
    horizon : int, default=None
        None computes the label of a window from the labels of its own rows. An integer `h`
        computes it from the `h` rows after the window, as in forecasting. To forecast the series
        itself, pass it as `y` as well.
    groups : array-like, default=None
        For one array X, the id of the series that each row belongs to. The rows of a series must
        be contiguous, and no window spans two series. For a list, one id per series; two series
        may share an id, and None numbers them from 0.
    label : {"last", "first", "mean", "majority"}, default="last"
        How the label of a window is computed from those of the rows. With a `horizon` of `h`,
        "last" is the label `h` steps after the window's last row and "first" the one a single
        step after it. "mean" requires numbers. "majority" is the most frequent label, and in a
        tie the one that occurs first; it requires a `y` of shape (n_rows,).
    gaps : {"error", "skip"}, default="error"
        How to handle NaN and infinity in X, and missing labels. "error" raises a ValueError.
        "skip" leaves out windows that contain such a row or whose label would be computed from a
        missing one. Missing labels in rows that no label is computed from are always allowed.

    Returns
    -------
    windows : Windows
        A named tuple with

        - `X`, array of shape (n_windows, window, F) with the dtype of X. Where the windows are
          evenly spaced, as those of a single series are, it is a read-only view of the input
          array that takes no memory; otherwise a copy.
        - `y`, array of shape (n_windows,) or (n_windows, k), or None without `y`.
        - `groups`, array of shape (n_windows,): the id of the series of each window, for
          scikit-learn's splitters. All zeros for a single series without `groups`.

    Raises
    ------
    TypeError, ValueError
        If a parameter has no accepted value, no series is long enough for a window, `y` or
        `groups` have the wrong length, the rows of a group are not contiguous, X is sparse or
        contains anything but numbers, or there are gaps. The message names the first offending
        row.

    See Also
    --------
    WindowReshaper : The same inside a pipeline, where the number of rows must not change.

    Notes
    -----
    **Splitting.** Overlapping windows share rows, so a random split puts the same rows into the
    training and the test set, and the score is too optimistic. With several series, keep each
    series on one side::

        cross_validate(model, X, y, groups=groups, cv=GroupKFold())

    With a single series, split by time. A window and its horizon cover ``window + (horizon or
    0)`` rows, and ::

        TimeSeriesSplit(gap=(window + (horizon or 0) - 1) // stride)

    leaves out exactly the windows between the training and the test set that share rows with the
    test windows. The gap is 0 for windows that neither overlap nor have a horizon.

    A series shorter than a window and its horizon gives no windows; this is an error only if no
    series is long enough. Whether `y` has one entry per row or per window is determined by its
    length, which is compared with the number of rows first. In a list, the same must hold for
    every series.

    References
    ----------
    ``keras.utils.timeseries_dataset_from_array``, https://keras.io/api/data_loading/timeseries/,
    where `window` and `stride` are called `sequence_length` and `sequence_stride`.

    Examples
    --------
    A label for every two rows, given per row or per window:

    >>> import numpy as np
    >>> from sklstm import make_windows
    >>> X = np.arange(12).reshape(6, 2)
    >>> windows = make_windows(X, list("aabbcc"), window=2, stride=2)
    >>> windows.X.shape, windows.y
    ((3, 2, 2), array(['a', 'b', 'c'], dtype='<U1'))
    >>> windows.X[0]
    array([[0, 1],
           [2, 3]])
    >>> make_windows(X, ["a", "b", "c"], window=2, stride=2).y
    array(['a', 'b', 'c'], dtype='<U1')

    Forecast a series one step ahead:

    >>> series = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    >>> X, y, groups = make_windows(series, series, window=3, horizon=1)
    >>> X[..., 0]
    array([[1., 2., 3.],
           [2., 3., 4.]])
    >>> y
    array([4., 5.])

    Two series in one array; no window spans both:

    >>> X, y, groups = make_windows(np.arange(5), window=2, groups=["a", "a", "b", "b", "b"])
    >>> X[..., 0].tolist(), groups.tolist()
    ([[0, 1], [2, 3], [3, 4]], ['a', 'b', 'b'])
    """
    _check_parameters(window, stride, horizon, label, gaps)
    if horizon is not None and y is None:
        raise ValueError(
            f"horizon={horizon} needs y, which the labels are computed from; to forecast the "
            "series itself pass it as y as well."
        )
    series = _read_series(X, groups)
    reach = window + (horizon or 0)
    starts, counts = _window_starts(series, reach, stride)
    if not len(starts):
        _refuse_length(series, window, horizon)
    keep = series.without_gaps(starts, window, gaps)
    labels = None
    if y is not None:
        labels = _read_labels(y, series, starts, counts, window, horizon, label)
        keep &= labels.without_gaps(gaps)
    if not keep.any():
        raise ValueError(
            f"gaps='skip' leaves no window: each of the {len(keep)} holds NaN or infinity, or has "
            "a missing label. Fill the gaps, or try a smaller window."
        )
    return Windows(
        _take_windows(series.rows, _take(starts, keep), window),
        None if labels is None else labels.of(keep),
        _ids_of_windows(series.ids, counts, keep),
    )


def _ids_of_windows(ids: np.ndarray, counts: np.ndarray, keep: np.ndarray) -> np.ndarray:
    if len(ids) > 1:
        return np.repeat(ids, counts)[keep]
    same = np.zeros(np.count_nonzero(keep), dtype=ids.dtype)  # takes no memory until it is read
    if ids.dtype != np.int64 or ids[0] != 0:
        same[:] = ids[0]
    return same


def _check_parameters(window: Any, stride: Any, horizon: Any, label: Any, gaps: Any) -> None:
    _check_count("window", window)
    _check_count("stride", stride)
    if horizon is not None:
        hint = "; for labels from a window's own rows use horizon=None"
        _check_count("horizon", horizon, hint)
    for name, value, accepted in (("label", label, tuple(_LABELS)), ("gaps", gaps, _GAPS)):
        if not isinstance(value, str) or value not in accepted:
            raise ValueError(f"{name}={value!r} is not accepted; use one of {accepted}.")


def _check_count(name: str, value: Any, hint: str = "") -> None:
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, Integral):
        raise TypeError(
            f"{name}={value!r} is not accepted; give an integer of 1 or more, a number of rows."
        )
    if value < 1:
        raise ValueError(f"{name}={value!r} is not accepted; give an integer of 1 or more{hint}.")


def _refuse_length(series: _Series, window: int, horizon: int | None) -> NoReturn:
    need = f"window={window} needs {window}"
    if horizon is not None:
        need = f"window={window} and horizon={horizon} together need {window + horizon}"
    lengths = series.lengths
    if len(lengths) == 1:
        raise ValueError(f"{need} rows, but X has {lengths[0]}.")
    raise ValueError(
        f"{need} rows, but the longest of the {len(lengths)} series has {lengths.max()}."
    )


# Where windows start, and the windows themselves


def slide(rows: np.ndarray, length: int) -> np.ndarray:
    """Return the window from every row on, (n_rows - length + 1, length, ...), without a copy.

    The view is read-only: a row occurs in several windows, and writing to one would change all.
    """
    # numpy puts the steps of a window last, after its features.
    return np.moveaxis(sliding_window_view(rows, length, axis=0), -1, 1)


def _take_windows(rows: np.ndarray, starts: Starts, length: int) -> np.ndarray:
    """Return the windows that begin at ``starts``: a view if evenly spaced, otherwise a copy."""
    windows = slide(rows, length)
    even = _as_range(starts)
    if even is not None:
        return windows[even.start : even.stop : even.step]
    taken: np.ndarray = windows[starts]
    return taken


def _as_range(starts: Starts) -> range | None:
    if isinstance(starts, range):
        return starts
    step = int(starts[1] - starts[0]) if len(starts) > 1 else 1
    is_even = step > 0 and bool((np.diff(starts) == step).all())
    return range(int(starts[0]), int(starts[-1]) + 1, step) if is_even else None


def _shift(starts: Starts, by: int) -> Starts:
    """Return the starts, ``by`` rows later."""
    if isinstance(starts, range):
        return range(starts.start + by, starts.stop + by, starts.step)
    return starts + by


def _take(starts: Starts, keep: np.ndarray) -> Starts:
    """Return the starts to keep, which most often are all."""
    return starts if keep.all() else np.asarray(starts)[keep]


def _window_starts(series: _Series, reach: int, stride: int) -> tuple[Starts, np.ndarray]:
    """Return the first row of every window, and the number of windows of each series.

    ``reach`` is the number of rows that a window covers, its horizon included.
    """
    counts = np.maximum(series.lengths - reach + stride, 0) // stride
    parts = [
        range(start, start + count * stride, stride)
        for start, count in zip(series.starts.tolist(), counts.tolist(), strict=True)
    ]
    if len(parts) == 1:
        return parts[0], counts
    return np.concatenate([np.arange(part.start, part.stop, part.step) for part in parts]), counts


def _contain(marked: np.ndarray, starts: Starts, length: int) -> np.ndarray:
    """Return whether each span of ``length`` rows contains a marked row."""
    before, first = np.append(0, np.cumsum(marked)), np.asarray(starts)
    return np.asarray(before[first + length] > before[first])


# Reading X and groups


@dataclass(frozen=True)
class _Series:
    """One or several long series, concatenated.

    Attributes
    ----------
    rows : ndarray of shape (n_rows, F)
        The rows of all series.
    starts, lengths : ndarray of int of shape (n_series,)
        The first row and the number of rows of each series.
    ids : ndarray of shape (n_series,)
        The group of each series.
    is_list : bool
        Whether X was a list with one array per series.
    """

    rows: np.ndarray
    starts: np.ndarray
    lengths: np.ndarray
    ids: np.ndarray
    is_list: bool = False

    def without_gaps(self, starts: Starts, window: int, gaps: str) -> np.ndarray:
        """Return whether each window is finite; with ``gaps="error"`` every row has to be."""
        gap = missing_rows(self.rows)
        if not gap.any():
            return np.ones(len(starts), dtype=bool)
        if gaps == "error":
            row = int(gap.argmax())
            name, at = _locate(row, self.starts, "X", self.is_list)
            raise ValueError(
                f"{name} contains NaN or infinity: it holds {self.rows[row].tolist()} in row {at}. "
                f"{_GAPS_HINT}"
            )
        return ~_contain(gap, starts, window)


def _locate(row: int, starts: np.ndarray, name: str, is_list: bool) -> tuple[str, int]:
    """Return the name of the series that contains a row, such as ``X[2]``, and the index there."""
    if not is_list:
        return name, row
    index = int(np.searchsorted(starts, row, side="right")) - 1
    return f"{name}[{index}]", row - int(starts[index])


def _read_series(X: Any, groups: Any) -> _Series:
    X, _ = from_cells(as_container(X, "X"), "X")
    items = _items(X)
    if items is None:
        rows = _as_rows(X, "X")
        if groups is None:
            starts, ids = np.zeros(1, dtype=np.intp), np.zeros(1, dtype=np.int64)
        else:
            starts, ids = _runs(_ids(groups, len(rows), "row"))
        return _Series(rows, starts, np.diff(starts, append=len(rows)), ids)
    for i, item in enumerate(items):  # a column of dates is named, before it is missed elsewhere
        check_entries(item, f"X[{i}]")
    items, _ = align_frames(items, "X")
    arrays = [_as_rows(item, f"X[{i}]") for i, item in enumerate(items)]
    for i, array in enumerate(arrays):
        if array.shape[1] != arrays[0].shape[1]:
            raise ValueError(
                f"X[{i}] has {array.shape[1]} features, but X[0] has {arrays[0].shape[1]}; every "
                "series needs the same number."
            )
    ids = np.arange(len(items)) if groups is None else _ids(groups, len(items), "series")
    lengths = np.array([len(array) for array in arrays])
    rows = np.concatenate(arrays) if len(arrays) > 1 else arrays[0]
    return _Series(rows, offsets(lengths), lengths, ids, is_list=True)


def _items(X: Any) -> list[Any] | None:
    """Return the series of a list of them, or None if X is a single one."""
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
    dtype = getattr(X, "dtype", None)
    is_column = len(getattr(X, "shape", ())) == 1
    if is_column and (dtype == np.dtype(object) or str(dtype).startswith(("List", "Array"))):
        items = X.to_list() if hasattr(X, "to_list") else list(X)
        return items if items and not isinstance(items[0], str) and np.ndim(items[0]) else None
    return None


def _as_rows(item: Any, name: str) -> np.ndarray:
    """Read one series as an array of shape (n_rows, F), keeping its dtype."""
    if issparse(item):
        raise TypeError(f"{name} is a sparse matrix; pass {name}.toarray().")
    item = as_container(item, name)
    check_entries(item, name)
    try:
        array = np.asarray(item)
    except ValueError as error:
        raise ValueError(f"{name} has rows of different lengths; {_FORMS}.") from error
    if array.ndim not in (1, 2):
        given = f"has {array.ndim} dimensions" if array.ndim else f"is a {type(item).__name__}"
        hint = " For several series of one length pass list(X)." if array.ndim == 3 else ""
        raise ValueError(f"{name} {given}; {_FORMS}.{hint}")
    if not array.size:
        raise ValueError(f"{name} has shape {array.shape}, so it contains no values.")
    if array.dtype.kind not in "biuf":
        array = _as_numbers(item, array, name)
    return array if array.ndim == 2 else array[:, None]


def _as_numbers(item: Any, array: np.ndarray, name: str) -> np.ndarray:
    """Read as floats what numpy converts to objects, such as a data frame with pandas's NA."""
    text = next((i for i, cell in enumerate(array.flat) if isinstance(cell, (str, bytes))), None)
    if text is not None:
        row = text // (array.size // len(array))
        raise ValueError(
            f"{name} holds the text {str(array.flat[text])[:40]!r} in row {row}; windows contain "
            "numbers only. Leave columns of text out, or encode them."
        )
    if array.dtype != object:
        raise TypeError(f"{name} has dtype {array.dtype}; windows contain numbers only.")
    try:
        return np.asarray(
            check_array(item, dtype=np.float64, ensure_2d=False, ensure_all_finite=False)
        )
    except (TypeError, ValueError) as error:
        raise type(error)(f"{name} cannot be read as numbers: {error}") from error


def _ids(groups: Any, n: int, per: str) -> np.ndarray:
    ids = _as_column(groups, "groups")
    if ids.ndim != 1:
        raise ValueError(f"groups has shape {ids.shape}; accepted is one id per {per}.")
    if len(ids) != n:
        raise ValueError(f"groups has {len(ids)} entries; accepted is {n}, one per {per} of X.")
    lost = np.flatnonzero(missing_rows(ids))
    if len(lost):
        raise ValueError(f"groups[{lost[0]}] is {ids[lost[0]]!r}; every {per} needs an id.")
    return ids


def _runs(ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the first row of each run of one id, and the ids; refuse an id with two runs."""
    starts = np.append(0, np.flatnonzero(ids[1:] != ids[:-1]) + 1)
    first: set[Any] = set()
    for start, identity in zip(starts.tolist(), ids[starts].tolist(), strict=True):
        if identity in first:
            raise ValueError(
                f"groups[{start}] is {identity!r} again, after rows of another group: the rows of "
                "a series must be contiguous and in temporal order. This sorts them: "
                'order = np.argsort(groups, kind="stable"); X, y, groups = X[order], '
                "y[order], groups[order] (of data frames .iloc[order])."
            )
        first.add(identity)
    return starts, ids[starts]


# Reading y


@dataclass(frozen=True)
class _Labels:
    """The given labels, and which of them the label of each window is computed from.

    Attributes
    ----------
    values : ndarray of shape (n,) or (n, k)
        The given labels of all series, concatenated.
    starts : ndarray of int of shape (n_windows,), or range
        For each window, the first of the labels that its own is computed from.
    length : int
        The number of these labels.
    label : str
        How it is computed, a key of `_LABELS`.
    series_starts : ndarray of int of shape (n_series,)
        The first label of each series.
    is_list : bool
        Whether y was a list with one array per series.
    """

    values: np.ndarray
    starts: Starts
    length: int
    label: str
    series_starts: np.ndarray
    is_list: bool

    def of(self, keep: np.ndarray) -> np.ndarray:
        """Return the labels of the windows to keep."""
        return _LABELS[self.label](self.values, _take(self.starts, keep), self.length)

    def without_gaps(self, gaps: str) -> np.ndarray:
        """Return whether each window has a label; with ``gaps="error"`` each has to have one."""
        gap = missing_rows(self.values)
        if not gap.any():
            return np.ones(len(self.starts), dtype=bool)
        starts, length = self._used()
        lost = _contain(gap, starts, length)
        if gaps == "error" and lost.any():
            start = int(starts[lost.argmax()])
            self._refuse(start + int(gap[start : start + length].argmax()))
        return ~lost

    def _used(self) -> tuple[Starts, int]:
        """Return the spans of labels that matter: "last" and "first" use a single one."""
        if self.label in ("last", "first"):
            return _shift(self.starts, self.length - 1 if self.label == "last" else 0), 1
        return self.starts, self.length

    def _refuse(self, entry: int) -> NoReturn:
        name, at = _locate(entry, self.series_starts, "y", self.is_list)
        value = self.values[entry]
        shown = value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value
        raise ValueError(
            f"{name} contains NaN or infinity, or lacks a label: entry {at}, which a window's "
            f"label is computed from, is {shown!r}. {_GAPS_HINT}"
        )


def _read_labels(
    y: Any,
    series: _Series,
    starts: Starts,
    counts: np.ndarray,
    window: int,
    horizon: int | None,
    label: str,
) -> _Labels:
    """Read one label per row or per window.

    ``starts`` are the first rows of all windows, ``counts`` the number of windows per series.
    """
    columns, names = _columns(y, series)
    rows, windows = series.lengths, counts
    if not series.is_list:  # y is one array, even if groups divide it into several series
        rows, windows = rows.sum(keepdims=True), windows.sum(keepdims=True)
    lengths = np.array([len(column) for column in columns])
    by_row = np.array_equal(lengths, rows)
    if not by_row and (horizon is not None or not np.array_equal(lengths, windows)):
        _refuse_lengths(lengths, rows, windows, names, horizon)
    values = _stack(columns, names)
    if not by_row:
        first = offsets(windows)
        return _Labels(values, range(len(starts)), 1, "last", first, series.is_list)
    _check_kind(values, label)
    spans = (starts, window) if horizon is None else (_shift(starts, window), horizon)
    return _Labels(values, *spans, label, series.starts, series.is_list)


def _columns(y: Any, series: _Series) -> tuple[list[np.ndarray], list[str]]:
    if not series.is_list:
        return [_as_column(y, "y")], ["y"]
    n = len(series.lengths)
    y = as_container(y, "y")
    items = list(y) if hasattr(y, "__len__") and not isinstance(y, str) else []
    items, _ = align_frames(items, "y")
    if len(items) != n or np.ndim(items[0]) == 0:
        given = f"{len(items)} entries" if items else f"{y!r}"
        raise ValueError(
            f"y must be a list of {n} arrays of labels, one per series of X, got {given} "
            f"({type(y).__name__})."
        )
    names = [f"y[{i}]" for i in range(n)]
    return [_as_column(item, name) for item, name in zip(items, names, strict=True)], names


def _refuse_lengths(
    given: np.ndarray,
    rows: np.ndarray,
    windows: np.ndarray,
    names: list[str],
    horizon: int | None,
) -> NoReturn:
    i = int((given != rows).argmax())
    source = names[i].replace("y", "X")
    accepted = f"{rows[i]}, one per row of {source}"
    if horizon is None:
        accepted += f", or {windows[i]}, one per window"
    else:
        accepted += f", as horizon={horizon} uses rows after the windows"
    alike = " (the same choice for every series)" if len(names) > 1 and horizon is None else ""
    raise ValueError(f"{names[i]} has {given[i]} entries; accepted is {accepted}{alike}.")


def _stack(columns: list[np.ndarray], names: list[str]) -> np.ndarray:
    """Concatenate the labels of all series."""
    # A series without windows may have an empty list of labels, whose dtype means nothing.
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
            f"label='majority' needs one label per row, but y has {values.shape[1]} columns; "
            "accepted are 'last', 'first' and 'mean', or one column of y."
        )


def _as_column(values: Any, name: str) -> np.ndarray:
    """Return labels or ids as an array, keeping the type of each entry."""
    if issparse(values):
        raise TypeError(f"{name} is a sparse matrix; pass {name}.toarray().")
    values = as_container(values, name)
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
        # numpy converts ["a", nan] to ["a", "nan"], and 1 to "1".
        if not all(isinstance(value, (str, bytes)) for value in values):
            array = object_array(values)
    elif array.dtype == object and getattr(getattr(values, "dtype", None), "kind", "O") in "biuf":
        array = values.to_numpy(dtype=float, na_value=np.nan)  # pandas's integers with NA
    return array


# The label of each window. All functions take the labels of rows and the first rows of spans of
# ``length`` rows, and none loops over spans.


def _last(values: np.ndarray, starts: Starts, length: int) -> np.ndarray:
    return _first(values, _shift(starts, length - 1), 1)


def _first(values: np.ndarray, starts: Starts, length: int) -> np.ndarray:
    return np.array(_take_windows(values, starts, 1)[:, 0])  # not a view of the user's y


def _mean(values: np.ndarray, starts: Starts, length: int) -> np.ndarray:
    """Average each span. Differences of running sums would be faster, but lose digits."""
    out = np.empty((len(starts), *values.shape[1:]))
    for part in _parts(len(starts), length * values[:1].size):
        spans = _take_windows(values, starts[part], length)
        spans.mean(axis=1, dtype=np.float64, out=out[part])
    return out.astype(values.dtype, copy=False) if values.dtype.kind == "f" else out


def _majority(values: np.ndarray, starts: Starts, length: int) -> np.ndarray:
    """Return the most frequent label of each span, in a tie the one that occurs first.

    It is the longest run of equal labels after sorting the span by label and position, which takes
    as long however many distinct labels there are. Running counts of each label are faster for
    long windows and few labels, but take time proportional to the number of labels times that of
    rows, which is quadratic where all labels of a series differ.
    """
    codes, names = _encode(values)
    bits = (length - 1).bit_length()
    small = len(names) << bits <= np.iinfo(np.int32).max
    keys = np.left_shift(codes.astype(np.int32 if small else np.int64), bits)
    spans, step = slide(keys, length), np.arange(length, dtype=keys.dtype)
    winner = np.empty(len(starts), dtype=np.intp)
    for part in _parts(len(starts), length):
        ranked = np.sort(spans[np.asarray(starts[part])] | step, axis=1)
        code = ranked >> bits
        is_new = np.ones(code.shape, dtype=bool)
        np.not_equal(code[:, 1:], code[:, :-1], out=is_new[:, 1:])
        head = np.maximum.accumulate(is_new * step, axis=1)  # where the run began
        longest = step - head == (step - head).max(axis=1, keepdims=True)
        # Of several longest runs the one whose label occurs first.
        place = np.take_along_axis(ranked, head, axis=1) & ((1 << bits) - 1)
        at = np.where(longest, place, length).argmin(axis=1)
        winner[part] = code[np.arange(len(code)), at]
    return np.asarray(names[winner])


_LABELS: dict[str, Callable[[np.ndarray, Starts, int], np.ndarray]] = {
    "last": _last,
    "first": _first,
    "mean": _mean,
    "majority": _majority,
}


def _parts(n: int, size: int) -> list[slice]:
    step = max(1, _CHUNK // size)
    return [slice(start, start + step) for start in range(0, n, step)]


def _encode(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return labels as integers from 0, and the label that each integer stands for."""
    if values.dtype.kind not in "OUS":
        names, codes = np.unique(values, return_inverse=True)
        return codes, names
    # Labels of mixed types cannot be sorted, and strings only slowly.
    seen: defaultdict[Any, int] = defaultdict()
    seen.default_factory = seen.__len__
    codes = np.fromiter(map(seen.__getitem__, values.tolist()), dtype=np.intp, count=len(values))
    return codes, object_array(seen).astype(values.dtype)
