"""Windows of long series, and one label for each."""

from __future__ import annotations

from numbers import Integral
from typing import Any, Literal, NamedTuple, NoReturn

import numpy as np

from sklstm._sequences import missing_rows
from sklstm.preprocessing.series._labels import GAPS, GAPS_HINT, read_labels
from sklstm.preprocessing.series._series import Series, locate, read_series
from sklstm.preprocessing.series._sliding import Starts, take, take_windows, touched, window_starts
from sklstm.preprocessing.series._spans import LABELS


class Windows(NamedTuple):
    """What `make_windows` returns; unpacks as ``X, y, groups``.

    Attributes
    ----------
    X : ndarray of shape (n_windows, window, F)
        The windows, with the dtype of the rows.
    y : ndarray of shape (n_windows,) or (n_windows, k), or None
        The label of each window.
    groups : ndarray of shape (n_windows,)
        The series that each window is from.
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
    """Cut long series into windows that an LSTM reads as sequences, one label for each.

    Called once, on all data, before they are split. Nine thousand rows of ten numbers, with a
    label for every five rows, are 1,800 sequences of five steps::

        X, y, groups = make_windows(X, y, window=5, stride=5)  # X: (1800, 5, 10)

    A window starts at the first row of each series and at every `stride` rows after it. Rows at
    the end that fill no window are left out.

    Parameters
    ----------
    X : array or data frame of shape (n_rows, F), array of shape (n_rows,), or list of these
        A series, its rows in the order of time; a list, nested lists too, holds several. Rows
        of one number may come as (n_rows,), and become windows of F = 1.
    y : array-like of shape (n_rows,) or (n_rows, k), or list of these, default=None
        Labels of any type, or `k` numbers each: one a row; or, where `horizon` is None, one a
        window, taken as they are. For a list of series a list of as many.
    window : int
        Rows of each window.
    stride : int, default=1
        Rows from the start of one window to the next: 1 takes every window, `window` those
        that do not overlap.
    horizon : int, default=None
        None makes the label of a window from its own rows. `h` makes it from the `h` rows after
        it, as forecasting needs. To forecast a series itself, pass it as `y` as well.
    groups : array-like, default=None
        For one array X: the id of the series that each row is from. Series lie one after the
        other, and no window spans two. For a list: one id per series; two may share one, and
        None counts them from 0.
    label : {"last", "first", "mean", "majority"}, default="last"
        Which label of these rows the window gets. With a `horizon` of `h`, "last" is `h` steps
        ahead of the window's last row, "first" one step. "mean" needs numbers. "majority" is
        the most frequent one, of several the one that comes first; it needs a `y` of shape
        (n_rows,).
    gaps : {"error", "skip"}, default="error"
        What to do about NaN and infinity in X, and about missing labels: refuse them, or leave
        out the windows that hold such a row or get such a label. A missing label in a row
        that no label is made from does not matter in either case.

    Returns
    -------
    windows : Windows
        A named tuple of

        - `X`, array of shape (n_windows, window, F) with the dtype of X. Where the windows are
          evenly spaced, as those of one series are, this is a read-only view of the caller's
          array, which takes no memory; otherwise a copy.
        - `y`, array of shape (n_windows,) or (n_windows, k), or None without `y`.
        - `groups`, array of shape (n_windows,): the id of the series of each window, for
          scikit-learn's splitters. Zeros for one series without `groups`.

    Raises
    ------
    TypeError, ValueError
        If a parameter has no accepted value, no series is long enough for one window, `y` or
        `groups` have another length, the rows of a group do not lie together, X is sparse or
        holds anything but numbers, or there are gaps. The message names the first offending
        row.

    See Also
    --------
    WindowReshaper : The same inside a pipeline, where the number of rows must not change.

    Notes
    -----
    **Splitting.** Windows that overlap share rows, so a random split puts the same rows on both
    sides and scores too well. With several series, keep each on one side::

        cross_validate(model, X, y, groups=groups, cv=GroupKFold())

    With one series, split in time. A window and its horizon reach over ``window + (horizon or
    0)`` rows, and ::

        TimeSeriesSplit(gap=(window + (horizon or 0) - 1) // stride)

    leaves out as many windows between training and test as still share a row with the test
    windows: that number over `stride`, rounded up, less one. It is 0 for windows that neither
    overlap nor have a horizon.

    A series shorter than a window and its horizon gives no windows; that is an error only if
    none is long enough. Whether `y` has one entry a row or a window is told by its length, that of
    the rows first; in a list it must be the same for every series.

    References
    ----------
    ``keras.utils.timeseries_dataset_from_array``, https://keras.io/api/data_loading/timeseries/,
    where `window` and `stride` are called `sequence_length` and `sequence_stride`.

    Examples
    --------
    A label for every two rows, given with every row or once a window:

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

    Two series in one array; no window reaches from one into the other:

    >>> X, y, groups = make_windows(np.arange(5), window=2, groups=["a", "a", "b", "b", "b"])
    >>> X[..., 0].tolist(), groups.tolist()
    ([[0, 1], [2, 3], [3, 4]], ['a', 'b', 'b'])
    """
    _check_parameters(window, stride, horizon, label, gaps)
    if horizon is not None and y is None:
        raise ValueError(
            f"horizon={horizon} needs y, which the labels are made from; to forecast the series "
            "itself pass it as y as well."
        )
    series = read_series(X, groups)
    reach = window + (horizon or 0)
    starts, counts = window_starts(series.starts, series.lengths, reach, stride)
    if not len(starts):
        _refuse_length(series, window, horizon)
    keep = _without_gaps(series, starts, window, gaps)
    labels = None
    if y is not None:
        labels = read_labels(y, series, starts, counts, window, horizon, label)
        keep &= labels.without_gaps(gaps)
    if not keep.any():
        raise ValueError(
            f"gaps='skip' leaves no window: each of the {len(keep)} holds NaN or infinity, or has "
            "a missing label. Fill the gaps, or try a smaller window."
        )
    return Windows(
        take_windows(series.rows, take(starts, keep), window),
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
    for name, value, accepted in (("label", label, tuple(LABELS)), ("gaps", gaps, GAPS)):
        if not isinstance(value, str) or value not in accepted:
            raise ValueError(f"{name}={value!r} is not accepted; use one of {accepted}.")


def _check_count(name: str, value: Any, hint: str = "") -> None:
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, Integral):
        raise TypeError(
            f"{name}={value!r} is not accepted; give an integer of 1 or more, a number of rows."
        )
    if value < 1:
        raise ValueError(f"{name}={value!r} is not accepted; give an integer of 1 or more{hint}.")


def _refuse_length(series: Series, window: int, horizon: int | None) -> NoReturn:
    need = f"window={window} needs {window}"
    if horizon is not None:
        need = f"window={window} and horizon={horizon} together need {window + horizon}"
    lengths = series.lengths
    if len(lengths) == 1:
        raise ValueError(f"{need} rows, but X has {lengths[0]}.")
    raise ValueError(
        f"{need} rows, but the longest of the {len(lengths)} series has {lengths.max()}."
    )


def _without_gaps(series: Series, starts: Starts, window: int, gaps: str) -> np.ndarray:
    """Return which windows hold finite numbers only; where gaps are refused, all must."""
    gap = missing_rows(series.rows)
    if not gap.any():
        return np.ones(len(starts), dtype=bool)
    if gaps == "error":
        row = int(gap.argmax())
        name, at = locate(row, series.starts, "X", series.is_list)
        raise ValueError(
            f"{name} contains NaN or infinity: it holds {series.rows[row].tolist()} in row {at}. "
            f"{GAPS_HINT}"
        )
    return ~touched(gap, starts, window)
