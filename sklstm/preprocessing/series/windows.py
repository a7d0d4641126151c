"""Windows cut from long series, with one label each."""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from numbers import Integral
from typing import Any, Literal, NamedTuple, NoReturn

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.sparse import issparse
from sklearn.utils import check_array

from sklstm._callers import caller_level
from sklstm._sequences import (
    TokenArray,
    align_frames,
    as_container,
    as_python,
    check_entries,
    concatenate,
    from_cells,
    missing_rows,
    object_array,
    offsets,
    plain,
    token_ids_in,
)

# A range stands for millions of evenly spaced starts and takes no memory.
Starts = np.ndarray | range

GAP = 1.5  # a step longer than so many usual ones is a gap in time
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
        The label of each window; with ``label="all"`` its labels, one axis more.
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
    label: Literal["last", "first", "mean", "majority", "all"] = "last",
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
        (n_rows,) has one feature, F = 1. A data frame or Series with a MultiIndex contains one
        series per instance: the last level is the time, and the levels before it name the
        instance.
    y : array-like of shape (n_rows,) or (n_rows, k), or list of these, default=None
        Labels of any type, or `k` numbers per label: one label per row or, if `horizon` is None,
        one per window or one per series, which all windows of the series get. For a list of
        series, a list of the same length, of arrays or of labels. The index of pandas objects
        decides which label belongs to which row or instance, if X has a MultiIndex or an index of
        times.
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
        may share an id, and None numbers them from 0. For a MultiIndex, one id per row or
        instance; None takes the instances.
    label : {"last", "first", "mean", "majority", "all"}, default="last"
        How the label of a window is computed from those of the rows. With a `horizon` of `h`,
        "last" is the label `h` steps after the window's last row and "first" the one a single
        step after it. "mean" requires numbers. "majority" is the most frequent label, and in a
        tie the one that occurs first; it requires a `y` of shape (n_rows,). "all" returns the
        labels of all steps of a window, for `LSTMTagger` and ``return_sequences=True``; with a
        `horizon` of `h` all `h` labels after it, for `LSTMRegressor`.
    gaps : {"error", "skip"}, default="error"
        How to handle NaN and infinity in X, and missing labels. "error" raises a ValueError.
        "skip" leaves out windows that contain such a row or whose label would be computed from a
        missing one. Missing labels in rows that no label is computed from are always allowed.

    Returns
    -------
    windows : Windows
        A named tuple with

        - `X`, array of shape (n_windows, window, F) with the dtype of X, a `TokenArray` for token
          ids. Where the windows are evenly spaced, as those of a single series are, it is a
          read-only view of the input array that takes no memory; otherwise a copy.
        - `y`, array of shape (n_windows,) or (n_windows, k), or None without `y`; with
          ``label="all"`` of shape (n_windows, window) or (n_windows, window, k), where a
          `horizon` takes the place of `window`.
        - `groups`, array of shape (n_windows,): the id of the series of each window, for
          scikit-learn's splitters. All zeros for a single series without `groups`.

    Raises
    ------
    TypeError, ValueError
        If a parameter has no accepted value, no series is long enough for a window, `y` or
        `groups` have the wrong length, the rows of a group are not contiguous, X is sparse or
        contains anything but numbers, or there are gaps; also if an index of times says that the
        rows are not in temporal order. The message names the first offending row.

    Warns
    -----
    UserWarning
        If an index of times has a gap, a step of more than 1.5 times the usual one, or the same
        time twice: windows read all rows as consecutive. Weekends and holidays are no gaps among
        working days, and irregular times have none.

    See Also
    --------
    WindowReshaper : The same inside a pipeline, where the number of rows must not change.
    frame_to_sequences : Whole series of different lengths, from a long table with a column of ids.

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
    series is long enough. Whether `y` has one entry per row, window or series is determined by
    its length, which is compared with these numbers in this order; a `y` whose length may mean
    windows as well as series is refused. In a list, the same must hold for every series.

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

    All of the next two values, of shape (n_windows, horizon):

    >>> make_windows(series, series, window=2, horizon=2, label="all").y
    array([[3., 4.],
           [4., 5.]])

    A label for every step, as `LSTMTagger` learns them:

    >>> make_windows(np.arange(4), list("abba"), window=2, stride=2, label="all").y
    array([['a', 'b'],
           ['b', 'a']], dtype='<U1')

    One label per series, and series in a data frame with a MultiIndex:

    >>> make_windows([np.arange(3), np.arange(2)], ["walk", "run"], window=2).y
    array(['walk', 'walk', 'run'], dtype='<U4')
    >>> import pandas as pd
    >>> times = pd.date_range("2024-01-01", periods=3)
    >>> index = pd.MultiIndex.from_product([["ann", "bob"], times])
    >>> frame = pd.DataFrame({"x": range(6)}, index=index)
    >>> X, y, groups = make_windows(frame, ["walk", "run"], window=2)
    >>> X[..., 0].tolist(), y.tolist()
    ([[0, 1], [1, 2], [3, 4], [4, 5]], ['walk', 'walk', 'run', 'run'])
    >>> groups.tolist()
    ['ann', 'ann', 'bob', 'bob']

    Two series in one array; no window spans both:

    >>> X, y, groups = make_windows(np.arange(5), window=2, groups=["a", "a", "b", "b", "b"])
    >>> X[..., 0].tolist(), groups.tolist()
    ([[0, 1], [2, 3], [3, 4]], ['a', 'b', 'b'])
    """
    _check_parameters(window, stride, horizon, label, gaps)
    window, stride, horizon = as_python(window), as_python(stride), as_python(horizon)
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
        y = _aligned(y, X)
        labels = _read_labels(y, series, starts, counts, window, horizon, label)
        keep &= labels.without_gaps(gaps)
    if not keep.any():
        raise ValueError(
            f"gaps='skip' leaves no window: each of the {len(keep)} holds NaN or infinity, or has "
            "a missing label. Fill the gaps, or try a smaller window."
        )
    windows = _take_windows(series.rows, _take(starts, keep), window)
    are_ids, vocabulary = token_ids_in(X)
    return Windows(
        TokenArray(windows, vocabulary) if are_ids else windows,
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
            raise ValueError(f"{name}={plain(value)!r} is not accepted; use one of {accepted}.")


def _check_count(name: str, value: Any, hint: str = "") -> None:
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, Integral):
        raise TypeError(
            f"{name}={plain(value)!r} is not accepted; give an integer of 1 or more, a number of "
            "rows."
        )
    if value < 1:
        raise ValueError(
            f"{name}={plain(value)!r} is not accepted; give an integer of 1 or more{hint}."
        )


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
        instances = instance_starts(X)
        if instances is not None:
            starts, ids = instances
            if groups is not None:
                starts, ids = _regrouped(starts, groups, len(rows))
        elif groups is None:
            starts, ids = np.zeros(1, dtype=np.intp), np.zeros(1, dtype=np.int64)
        else:
            starts, ids = _runs(_ids(groups, len(rows), "row"))
        check_times(X, starts)
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
    warns = True  # once, even if thousands of series have gaps
    for i, item in enumerate(items):
        _refuse_instances(item, i)
        found = check_times(item, np.zeros(1, dtype=np.intp), f"X[{i}]", warns=warns)
        warns = warns and not found
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
                f"X[0] is {plain(items[0])!r}, where a list holds several series; {_FORMS}. For a "
                "single series pass np.asarray(X)."
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
        raise ValueError(f"groups[{lost[0]}] is {plain(ids[lost[0]])!r}; every {per} needs an id.")
    return ids


_TWO_RUNS = (
    "groups[{0}] is {1!r} again, after rows of another group: the rows of a series must be "
    'contiguous and in temporal order. This sorts them: order = np.argsort(groups, kind="stable"); '
    "X, y, groups = X[order], y[order], groups[order] (of data frames .iloc[order])."
)


def _runs(ids: np.ndarray, message: str = _TWO_RUNS) -> tuple[np.ndarray, np.ndarray]:
    """Return the first row of each run of one id, and the ids; refuse an id with two runs."""
    starts = np.append(0, np.flatnonzero(ids[1:] != ids[:-1]) + 1)
    first: set[Any] = set()
    for start, identity in zip(starts.tolist(), ids[starts].tolist(), strict=True):
        if identity in first:
            raise ValueError(message.format(start, identity))
        first.add(identity)
    return starts, ids[starts]


# The index of pandas objects


def instance_starts(X: Any) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the first row and the name of each instance of a MultiIndex; None without one."""
    index: Any = getattr(X, "index", None)
    if getattr(index, "nlevels", 1) < 2:
        return None
    first, last = index.get_level_values(0), index.get_level_values(-1)
    if _as_times(first) is not None and _as_times(last) is None:
        raise ValueError(
            "the first level of the MultiIndex of X holds times; the last level has to be the "
            "time, and the levels before it the instance: X.swaplevel(0, -1).sort_index(), and y "
            "alike."
        )
    ids = first.to_numpy()
    if index.nlevels > 2:
        ids = object_array(index.droplevel(-1))
    lost = np.flatnonzero(missing_rows(ids))
    if len(lost):
        raise ValueError(f"the index of X lacks the instance of row {lost[0]}.")
    hint = (
        "the rows of an instance must be contiguous and in temporal order: X.sort_index(), and y "
        "alike."
    )
    return _runs(ids, "the index of X names {1!r} again in row {0}, after other instances; " + hint)


def _regrouped(starts: np.ndarray, groups: Any, n_rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the first row and the given group of each instance, or part of one in a group."""
    if np.shape(groups) == (len(starts),):
        return starts, _ids(groups, len(starts), "instance")
    ids = _ids(groups, n_rows, "row")
    starts = np.union1d(starts, np.flatnonzero(ids[1:] != ids[:-1]) + 1)
    return starts, ids[starts]


def _refuse_instances(item: Any, i: int) -> None:
    found = instance_starts(item)
    if found is not None and len(found[0]) > 1:
        raise ValueError(
            f"X[{i}] has a MultiIndex of {len(found[0])} instances, but an item of a list is one "
            "series; pass one frame, pd.concat(X)."
        )


def check_times(X: Any, starts: np.ndarray, name: str = "X", *, warns: bool = True) -> bool:
    """Refuse rows that are not in temporal order, and warn of gaps, if X has an index of times.

    Return True if there was something to warn of.

    Parameters
    ----------
    X : object
        Has an index of times only if it is a pandas object; the last level of a MultiIndex counts.
    starts : ndarray of int
        The first row of each series.
    name : str, default="X"
        Named in messages.
    warns : bool, default=True
        False only checks the order.
    """
    index: Any = getattr(X, "index", None)
    if getattr(index, "nlevels", 1) > 1:
        index = index.get_level_values(-1)
    times = _as_times(index)
    if times is None or len(times) < 2:
        return False
    lost = np.flatnonzero(times.isna())
    if len(lost):
        raise ValueError(f"the index of {name} lacks the time of row {lost[0]}.")
    steps = np.diff(times.asi8)
    inside = np.ones(len(steps), dtype=bool)
    inside[starts[1:] - 1] = False
    back = np.flatnonzero(inside & (steps < 0))
    if len(back):
        row = int(back[0])
        raise ValueError(
            f"the rows of {name} are not in temporal order: row {row + 1} is of "
            f"{times[row + 1]}, before {times[row]} in row {row}. Sort them: {name}.sort_index(), "
            "and y alike."
        )
    if not warns:
        return False
    again = np.flatnonzero(inside & (steps == 0))
    if len(again):
        row = int(again[0])
        warnings.warn(
            f"rows {row} and {row + 1} of {name} are of the same time, {times[row]}; windows read "
            "them as consecutive. If they belong to different series, pass groups.",
            UserWarning,
            stacklevel=caller_level(),
        )
    gap = _first_gap(steps, starts, times)
    if gap is not None:
        row, usual = gap
        warnings.warn(
            f"{name} has a gap in time after row {row}: from {times[row]} to {times[row + 1]} it "
            f"is {steps[row] / usual:.3g} times the usual step, and windows read these rows as "
            "consecutive. Fill in the missing rows, or pass groups that change there.",
            UserWarning,
            stacklevel=caller_level(),
        )
    return len(again) > 0 or gap is not None


def _first_gap(steps: np.ndarray, starts: np.ndarray, times: Any) -> tuple[int, float] | None:
    """Return the row before the first gap of a series, and the usual step of the series.

    Irregular times, less than half of whose steps are about the usual one, have no gaps.
    """
    positive = steps[steps > 0]
    if not len(positive) or steps.max() <= GAP * positive.min():
        return None
    ends = np.append(starts[1:], len(times))
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        own = steps[start : end - 1]
        usual = usual_step(own)
        gap = np.flatnonzero(own > GAP * (np.inf if usual is None else usual))
        if usual is not None and len(gap):
            gap = _without_holidays(gap, times[start:end])
            if len(gap):
                return start + int(gap[0]), usual
    return None


def usual_step(steps: np.ndarray) -> float | None:
    """Return the median of the steps above 0; None if less than half are about as long."""
    forward = np.sort(steps[steps > 0])
    if not len(forward):
        return None
    usual = float(forward[(len(forward) - 1) // 2])
    return usual if np.mean(np.abs(forward / usual - 1) < 0.5) >= 0.5 else None


def _without_holidays(gap: np.ndarray, times: Any) -> np.ndarray:
    """Return the gaps in an index of pandas that are more than weekends and holidays."""
    if hasattr(times, "to_timestamp"):  # periods
        times = times.to_timestamp()
    if not hasattr(times, "tz"):  # durations
        return gap
    return without_holidays(gap, times.tz_localize(None).to_numpy())


def without_holidays(gap: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Return the gaps that are more than weekends and holidays, if the times are working days.

    Up to two working days in a row may be holidays, as at Easter and at Christmas.

    Parameters
    ----------
    gap : ndarray of int
        Indices of the times before the gaps.
    times : ndarray of datetime64
        The times of one series, in order.
    """
    days = times.astype("datetime64[D]")
    if (np.diff(days).astype(int) < 1).any() or not np.is_busday(days).all():
        return gap
    if np.busday_count(days[0], days[-1]) == (days[-1] - days[0]).astype(int):  # within one week
        return gap
    return np.asarray(gap[np.busday_count(days[gap], days[gap + 1]) > 3])


def _as_times(index: Any) -> Any:
    """Return an index of pandas as one of times, or None if it is none."""
    kind = getattr(index, "inferred_type", None)
    if kind not in ("datetime64", "datetime", "date", "period", "timedelta64", "timedelta"):
        return None
    if hasattr(index, "asi8"):
        return index
    pandas = import_module("pandas")
    make = pandas.to_timedelta if kind.startswith("timedelta") else pandas.to_datetime
    return make(index)


def _aligned(y: Any, X: Any) -> Any:
    """Return labels in the order of X, where the index of both says which are whose."""
    index: Any = getattr(X, "index", None)
    own: Any = getattr(y, "index", None)
    levels = getattr(index, "nlevels", 0)
    if not hasattr(own, "equals") or not (levels > 1 or _as_times(index) is not None):
        return y
    if own.equals(index) or type(own).__name__ == "RangeIndex":
        return y
    whose = index.droplevel(-1).unique() if own.nlevels < levels else index
    if own.is_unique and whose.is_unique and len(own) == len(whose):
        order = own.get_indexer(whose)
        if (order >= 0).all():
            return y.iloc[order]
    per, of = "row", "X.index"
    if own.nlevels < levels:
        per, of = "instance", "X.index.droplevel(-1).unique()"
    raise ValueError(
        f"y has another index than X, so it is not known which label belongs to which {per}; use "
        f"y.loc[{of}], or y.to_numpy() for labels in the order of X."
    )


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
    repeat : int or None
        Number of steps that each get the label of a window; None for one label per window.
    """

    values: np.ndarray
    starts: Starts
    length: int
    label: str
    series_starts: np.ndarray
    is_list: bool
    repeat: int | None = None

    def of(self, keep: np.ndarray) -> np.ndarray:
        """Return the labels of the windows to keep."""
        labels = _LABELS[self.label](self.values, _take(self.starts, keep), self.length)
        return labels if self.repeat is None else np.repeat(labels[:, None], self.repeat, axis=1)

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
    """Read one label per row, per window or per series.

    ``starts`` are the first rows of all windows, ``counts`` the number of windows per series.
    """
    if _is_by_series(y, series, counts, horizon):
        values, owners = _as_column(y, "y"), np.repeat(np.arange(len(counts)), counts)
        every = window if label == "all" else None
        return _Labels(values, owners, 1, "last", np.zeros(1, dtype=np.intp), False, every)
    columns, names = _columns(y, series)
    rows, windows = series.lengths, counts
    if not series.is_list:  # y is one array, even if groups divide it into several series
        rows, windows = rows.sum(keepdims=True), windows.sum(keepdims=True)
    lengths = np.array([len(column) for column in columns])
    by_row = np.array_equal(lengths, rows)
    if not by_row and (horizon is not None or not np.array_equal(lengths, windows)):
        _refuse_lengths(lengths, rows, windows, names, horizon, len(counts))
    values = _stack(columns, names)
    if not by_row:
        if label == "all":
            raise ValueError(
                "label='all' needs one label per row, but y has one per window; use another label, "
                "or pass the labels of the rows."
            )
        first = offsets(windows)
        return _Labels(values, range(len(starts)), 1, "last", first, series.is_list)
    _check_kind(values, label)
    spans = (starts, window) if horizon is None else (_shift(starts, window), horizon)
    return _Labels(values, *spans, label, series.starts, series.is_list)


def _is_by_series(y: Any, series: _Series, counts: np.ndarray, horizon: int | None) -> bool:
    """Return True if `y` has one label per series, which its windows share."""
    n = len(counts)
    if issparse(y) or isinstance(y, (str, dict)) or not hasattr(y, "__len__") or len(y) != n:
        return False
    if series.is_list:
        if not all(np.ndim(item) == 0 for item in y):
            return False
    else:
        if len(y) == series.lengths.sum() or (horizon is not None and n == 1):
            return False
        if len(y) == counts.sum() and horizon is None and (counts != 1).any():
            raise ValueError(
                f"y has {n} entries, which may be one per window or one per series of X; pass one "
                "label per row, such as np.repeat(y, n_rows_of_each_series)."
            )
    if horizon is not None:
        raise ValueError(
            f"y has one label per series, but horizon={horizon} uses rows after the windows; pass "
            "one label per row, or horizon=None."
        )
    return True


def _columns(y: Any, series: _Series) -> tuple[list[np.ndarray], list[str]]:
    if not series.is_list:
        return [_as_column(y, "y")], ["y"]
    n = len(series.lengths)
    y = as_container(y, "y")
    items = list(y) if hasattr(y, "__len__") and not isinstance(y, str) else []
    items, _ = align_frames(items, "y")
    if len(items) != n or np.ndim(items[0]) == 0:
        given = f"{len(items)} entries" if items else f"{plain(y)!r}"
        raise ValueError(
            f"y must be a list of {n} arrays of labels, one per series of X, or of {n} labels, got "
            f"{given} ({type(y).__name__})."
        )
    names = [f"y[{i}]" for i in range(n)]
    return [_as_column(item, name) for item, name in zip(items, names, strict=True)], names


def _refuse_lengths(
    given: np.ndarray,
    rows: np.ndarray,
    windows: np.ndarray,
    names: list[str],
    horizon: int | None,
    n_series: int,
) -> NoReturn:
    i = int((given != rows).argmax())
    source = names[i].replace("y", "X")
    accepted = f"{rows[i]}, one per row of {source}"
    if horizon is None:
        accepted += f", or {windows[i]}, one per window"
        if len(names) == 1 and n_series > 1:
            accepted += f", or {n_series}, one per series"
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


def _all(values: np.ndarray, starts: Starts, length: int) -> np.ndarray:
    return np.array(_take_windows(values, starts, length))  # not a view of the user's y


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
    codes, names = encode(values)
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
    "all": _all,
}


def _parts(n: int, size: int) -> list[slice]:
    step = max(1, _CHUNK // size)
    return [slice(start, start + step) for start in range(0, n, step)]


def encode(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return labels as integers from 0, and the label that each integer stands for."""
    if values.dtype.kind not in "OUS":
        names, codes = np.unique(values, return_inverse=True)
        return codes, names
    # Labels of mixed types cannot be sorted, and strings only slowly.
    seen: defaultdict[Any, int] = defaultdict()
    seen.default_factory = seen.__len__
    codes = np.fromiter(map(seen.__getitem__, values.tolist()), dtype=np.intp, count=len(values))
    return codes, object_array(seen).astype(values.dtype)
