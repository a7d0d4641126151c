"""Series for forecasts from the rows of a long table, and forecasts as a long table."""

from __future__ import annotations

import datetime
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any, Literal, NamedTuple

import narwhals as nw
import numpy as np

from sklstm._callers import caller_level
from sklstm._sequences import as_container, offsets, plain, positions, sequence_ids, split
from sklstm.preprocessing.series.calendar import (
    auto_features,
    calendar_names,
    check_features,
    check_horizon,
    encode_calendar,
)
from sklstm.preprocessing.series.frames import (
    BACKENDS,
    Rows,
    check_names,
    counted,
    gap_names,
    given_names,
    listed,
    numbers,
    python_items,
    read_frame,
    select,
    show,
    single_name,
    take,
    with_columns,
)
from sklstm.preprocessing.series.frequencies import (
    Frequency,
    clock_times,
    column_zone,
    infer_frequency,
    parse_frequency,
    to_local,
    to_utc,
)

_MISSING = ("keep", "raise", "ffill")
_RESAMPLE = ("mean", "sum", "last")


class _Stamps(NamedTuple):
    """How a frame holds its times.

    Attributes
    ----------
    name : name of a column
        The column of times, also where they are the index.
    index : str or None
        Whether they are the index of a frame of pandas: its name, or "" without one.
    zone : tzinfo, or None
        Their time zone.
    period : str or None
        The frequency of periods of pandas.
    """

    name: Any
    index: Any
    zone: datetime.tzinfo | None
    period: str | None


@dataclass(frozen=True, repr=False, eq=False)
class FrameSeries:
    """The result of `frame_to_series`.

    Attributes
    ----------
    X : ndarray of shape (n_series,)
        The past of each series, one array of shape (T_i,), or (T_i, F) for several targets, on a
        regular grid of times. NaN stands for missing values.
    covariates : list of ndarray, or None
        One array for each series, of shape (T_i, K), or (T_i + `horizon`, K) with `horizon`: what
        `predict` of a forecaster reads.
    static : data frame or pyarrow table, or None
        One row for each series, of the kind that was given; categories stay what they are.
    ids : ndarray of shape (n_series,)
        The ids, in order of first appearance; tuples, if several columns make up an id. A single
        series without a column of ids has the id 0.
    times : ndarray of shape (n_series,)
        One array of shape (T_i,) for each series: the times of the past. Those with a time zone
        are in UTC; if steps are days or longer, what clocks show in that zone.
    freq : str, int or timedelta64
        The step, by pandas' alias; an int for integers, and a timedelta64 of months where they
        are on the same day of the month, but neither on the first nor the last.
    horizon : int, or None
        How many steps the covariates go beyond the past.
    covariate_names, static_names, target_names : tuple of str
        The names of the K covariates, of the static columns and of the targets.
    gaps : data frame or pyarrow table
        The missing rows: the id, the times `from` and `to` between which they are missing, and
        `n_missing`, how many. If a column of ids has one of these names, they are `gap_from`,
        `gap_to` and `gap_n_missing`.
    """

    X: np.ndarray
    covariates: list[np.ndarray] | None
    static: Any
    ids: np.ndarray
    times: np.ndarray
    freq: Any
    horizon: int | None
    covariate_names: tuple[Any, ...]
    static_names: tuple[Any, ...]
    target_names: tuple[Any, ...]
    gaps: Any
    _grid: Frequency
    _is_local: bool  # whether times are what clocks show in the time zone
    _stamps: _Stamps
    _keys: Any  # one row for each series, the ids and a time

    @property
    def past_covariates(self) -> list[np.ndarray] | None:
        """The covariates of the past, one array of shape (T_i, K) for each series, for `fit`."""
        if self.covariates is None:
            return None
        return [own[: len(x)] for own, x in zip(self.covariates, self.X, strict=True)]

    def __len__(self) -> int:
        return len(self.ids)

    def __repr__(self) -> str:
        lengths = np.array([len(x) for x in self.X])
        least, most = lengths.min(), lengths.max()
        steps = f"{least:,}" if least == most else f"{least:,} to {most:,}"
        lines = [
            f"{len(self):,} series of {steps} steps, freq {plain(self.freq)!r}",
            f"targets: {_enumerated(self.target_names)}",
        ]
        if self.covariates is not None:
            future = ""
            if self.horizon is not None:
                future = f", {counted(self.horizon, 'step')} into the future"
            lines.append(f"covariates: {_enumerated(self.covariate_names)}{future}")
        if self.static is not None:
            lines.append(f"static: {_enumerated(self.static_names)}")
        gaps = read_frame(self.gaps)
        lost = sum(int(np.isnan(x).reshape(len(x), -1).any(axis=1).sum()) for x in self.X)
        rows = int(gaps.get_column(gaps.columns[-1]).sum()) if len(gaps) else 0
        if rows or lost:
            lines.append(f"{counted(rows, 'missing row')}, {counted(lost, 'step')} with NaN")
        else:
            lines.append("nothing missing")
        return "<FrameSeries\n" + "\n".join(f"  {line}" for line in lines) + "\n>"


def _enumerated(names: tuple[Any, ...]) -> str:
    return ", ".join(map(str, names[:6])) + (", ..." if len(names) > 6 else "")


def frame_to_series(
    frame: Any,
    *,
    id: Any = "unique_id",
    time: Any = "ds",
    target: Any = "y",
    covariates: Any = None,
    static: Any = None,
    freq: Any = None,
    horizon: int | None = None,
    missing: Literal["keep", "raise", "ffill"] = "keep",
    resample: Literal["mean", "sum", "last"] | None = None,
    future: Any = None,
    calendar: Any = None,
) -> FrameSeries:
    """Convert a long table, with one row for each series and time, to series for a forecaster.

    Parameters
    ----------
    frame : data frame of pandas or polars, or pyarrow table
        The rows, in any order: those of a series need not be contiguous.
    id : str or list of str, default="unique_id"
        The column that says which series a row belongs to, or several that do together. None for
        a single series.
    time : str, default="ds"
        The column of times: dates, datetimes, periods or integers. None for the index of a frame
        of pandas, a DatetimeIndex or a PeriodIndex.
    target : str or list of str, default="y"
        The column of the values to forecast, or several for series of several values.
    covariates : str or list of str, default=None
        Columns of numbers that are known of the future as well, such as holidays and prices.
    static : str or list of str, default=None
        Columns that are constant within each series, such as the region of a shop.
    freq : str, timedelta, offset of pandas, or int, default=None
        The step of time: "min", "h", "D", "B" (Monday to Friday; holidays are missing rows),
        "W-MON", "MS" and "ME" (start and end of a month), "QS", "QE", "YS", "YE", also with a
        number before it, as "15min". "W" is any day of the week. For integers an int. None takes
        the commonest of all steps.
    horizon : int, default=None
        How many future steps there are. The rows of each series after its last known target are
        its future then, and give the future covariates. None if `frame` has the past only.
    missing : {"keep", "raise", "ffill"}, default="keep"
        How to handle rows that are missing inside of a series, and missing values of targets.
        "keep" makes them NaN, which forecasters read, "raise" raises a ValueError, and "ffill"
        repeats the last known value.
    resample : {"mean", "sum", "last"}, default=None
        Brings irregular times to the grid of `freq`, which has to be given: the targets of each
        period become one, and covariates their mean, or with "last" the last. Periods without rows
        are missing, for "sum" as well, where pandas has 0. None refuses irregular times.
    future : data frame or pyarrow table, default=None
        The rows of the future, with ids, times and covariates, if they are not in `frame`.
    calendar : "auto", str or list of str, default=None
        Features of `calendar_features` to append to the covariates; they are computed for the
        missing rows and for the future, and so need no rows.

    Returns
    -------
    series : FrameSeries
        Has the attributes `X`, `covariates`, `past_covariates`, `static`, `ids`, `times`, `freq`,
        `horizon`, `covariate_names`, `static_names`, `target_names` and `gaps`.

    Raises
    ------
    TypeError, ValueError
        If `frame` is no data frame or lacks a column, a column has two roles or is not numeric, a
        series has the same time twice, times are not on the grid of `freq`, a target is infinite,
        a covariate is missing or infinite, a static column is not constant within a series, no
        target of a series is known, or the future rows are not those of the `horizon`. The message
        names the first offending id and time.

    Warns
    -----
    UserWarning
        If rows are missing inside of series, with ``missing="keep"`` and without `freq`: the grid
        is a guess then. With `freq` they become NaN without a warning; `gaps` lists them.

    See Also
    --------
    forecasts_to_frame : The way back, of forecasts.
    calendar_features : Features of the calendar, of times.
    frame_to_sequences : Sequences to classify, whose times may be irregular.

    Notes
    -----
    Covariates of missing rows are those of the row before, but for the calendar's. A covariate
    that is missing in a row that is there is an error: fill it first.

    Steps of less than a day are counted in UTC, so that neither of the two days on which clocks
    are set has a gap or a time twice, if times have a time zone. Without one, the hour that an
    autumn night has twice is refused: convert such times to UTC. Steps of days and longer are
    counted by the clocks.

    References
    ----------
    The default names of columns, and the layout, are those of Nixtla,
    https://nixtlaverse.nixtla.io/statsforecast.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklstm import frame_to_series
    >>> frame = pd.DataFrame({
    ...     "unique_id": ["a"] * 4 + ["b"] * 3,
    ...     "ds": [*pd.date_range("2024-01-01", periods=4, freq="MS"),
    ...            *pd.date_range("2024-02-01", periods=3, freq="MS")],
    ...     "y": [3.0, 5.0, 4.0, None, 7.0, 9.0, None],
    ...     "price": [1.0, 1.0, 2.0, 1.5, 2.0, 2.0, 2.5],
    ... })
    >>> series = frame_to_series(frame, covariates="price", horizon=1, calendar="auto")
    >>> series
    <FrameSeries
      2 series of 2 to 3 steps, freq 'MS'
      targets: y
      covariates: price, month_sin, month_cos, 1 step into the future
      nothing missing
    >
    >>> series.X[0], series.covariates[0].shape
    (array([3., 5., 4.]), (4, 3))

    A forecaster is fitted with ``fit(series.X, covariates=series.past_covariates)`` and predicts
    with ``predict(series.X, covariates=series.covariates)``.
    """
    if missing not in _MISSING:
        raise ValueError(f"missing={plain(missing)!r} is not accepted; use one of {_MISSING}.")
    if resample is not None and resample not in _RESAMPLE:
        raise ValueError(
            f"resample={plain(resample)!r} is not accepted; use one of {_RESAMPLE}, or None."
        )
    if resample is not None and freq is None:
        raise ValueError(f"resample={resample!r} needs freq, the step to resample to.")
    horizon = check_horizon(horizon)
    features = None if calendar is None else check_features(calendar, "calendar")
    read, stamps = _read(frame, time, "frame")
    given = {
        "id": id, "time": stamps.name, "target": target, "static": static, "covariates": covariates
    }  # fmt: skip
    roles = {role: given_names(read, role, names) for role, names in given.items()}
    single_name("time", roles["time"], stamps.name)
    if isinstance(id, str) and id == "unique_id" and id not in read.columns:
        index = getattr(getattr(frame, "index", None), "names", [])
        way = (
            "it is in the index: pass frame.reset_index()."
            if id in index
            else "name in id the column that says which series a row is of, or pass id=None for a "
            "single series."
        )
        raise ValueError(f"frame has no column 'unique_id', but {read.columns!r}; {way}")
    needed = ("target",) if id is None else ("id", "target")
    check_names(frame, read, roles, needed, values="covariates")
    id_names, static_names, names = roles["id"], roles["static"], roles["covariates"]
    if future is not None and not names:
        raise ValueError("future needs covariates, the names of its columns of values.")
    targets, known = numbers(read, roles["target"]), None
    rows = Rows(read, id_names, stamps.name, repeats=resample is not None)
    _check_numbers(rows, targets, roles["target"], "target", nan=True)
    if names:
        known = numbers(read, names)
        _check_numbers(rows, known, names, "covariate", nan=False)
    for name in static_names:
        rows.check_constant(read.get_column(name).to_numpy(), f"static column {name!r}")

    steps = _Steps(rows, stamps, targets, known, freq)
    if calendar is not None and steps.is_number:
        raise ValueError(
            f"calendar needs dates or datetimes, but the times {stamps.name!r} are integers."
        )
    if resample is not None:
        steps.resample(resample)
    steps.place()
    coming = None
    if future is None:
        steps.end(horizon, needs_future=bool(names))
    else:
        steps.end(None)
        coming, horizon = _read_future(future, steps, roles, stamps, horizon)
    keys = take(select(read, [*id_names, stamps.name]), rows.first)
    gaps = steps.gaps(keys, id_names)
    values = steps.targets_of_past(missing, warns=freq is None)
    parts = [] if known is None else [steps.covariates(horizon, coming)]
    if calendar is not None:
        features = auto_features(steps.grid) if features is None else features
        if features:
            parts.append(encode_calendar(steps.clock(horizon), features))
            names = [*names, *calendar_names(features)]
            twice = [name for name in names if names.count(name) > 1]
            if twice:
                raise ValueError(f"covariates and calendar both name {twice[0]!r}; rename it.")
    lengths = steps.lengths + (horizon or 0)
    X = split(values if len(roles["target"]) > 1 else values[:, 0], steps.lengths)
    return FrameSeries(
        X=X,
        covariates=list(split(np.concatenate(parts, axis=1), lengths)) if parts else None,
        static=take(select(read, static_names), rows.first).to_native() if static_names else None,
        ids=rows.ids,
        times=split(steps.times_of(None), steps.lengths),
        freq=steps.grid.name,
        horizon=horizon,
        covariate_names=tuple(names),
        static_names=tuple(static_names),
        target_names=tuple(roles["target"]),
        gaps=gaps,
        _grid=steps.grid,
        _is_local=steps.is_local,
        _stamps=stamps,
        _keys=keys.to_native(),
    )


def _read(frame: Any, time: Any, frame_name: str) -> tuple[nw.DataFrame[Any], _Stamps]:
    """Return a frame with a column of times, and how it holds them."""
    index = None
    if isinstance(time, list | tuple) and len(time) == 1:
        time = time[0]
    if time is None:
        own: Any = getattr(frame, "index", None)
        if getattr(own, "inferred_type", None) not in ("datetime64", "period"):
            raise ValueError(
                f"time=None stands for the index of a frame of pandas, a DatetimeIndex or a "
                f"PeriodIndex; the index of {frame_name} is no such. Name the column of times."
            )
        index = "" if own.name is None else own.name
        time = "ds" if own.name is None else own.name
        if time in frame.columns:
            raise ValueError(
                f"the index of {frame_name} and one of its columns are both {time!r}; rename one."
            )
        frame = frame.rename_axis(index=time).reset_index()
    period = None
    if isinstance(time, str | int) and hasattr(frame, "iloc") and time in frame.columns:
        kind: Any = getattr(frame[time], "dtype", None)
        if str(kind).startswith("period"):
            period = str(kind)[len("period[") : -1]  # freqstr is another for quarters and years
            starts = frame[time].dt.to_timestamp()
            frame = frame.copy(deep=False)
            frame[time] = starts
    read = read_frame(frame)
    zone = None
    if isinstance(time, str | int) and time in read.columns:
        zone = column_zone(read.get_column(time))
    return read, _Stamps(time, index, zone, period)


def _check_numbers(rows: Rows, values: np.ndarray, names: list[Any], what: str, nan: bool) -> None:
    """Raise ValueError for infinite values, and for missing ones where `nan` is False."""
    wrong = np.isinf(values) if nan else ~np.isfinite(values)
    if not wrong.any():
        return
    row = int(rows.order[wrong.any(axis=1)[rows.order].argmax()])
    name = names[int(wrong[row].argmax())]
    value = float(values[row][wrong[row]][0])
    found = "missing" if np.isnan(value) else repr(value)
    sums = zip(names, wrong.sum(axis=0).tolist(), strict=True)
    counts = {name: count for name, count in sums if count}
    hint = "Replace infinite values, by NaN where they are missing."
    if not nan:
        hint = "Fill them first: covariates have to be known for each row."
    raise ValueError(
        f"the {what} {name!r} is {found} for {rows.where(row)}; such values by column: "
        f"{counts!r}. {hint}"
    )


class _Steps:
    """The rows of all series, by series and time, and their places on the grid.

    Attributes
    ----------
    grid : Frequency
        The step.
    times, codes, values, known : ndarray of shape (n_rows, ...)
        Time, series, targets and covariates of each row.
    place_of : ndarray of int of shape (n_rows,)
        How many steps each row is after the first of its series.
    lengths : ndarray of int of shape (n_series,)
        How many steps the past of each series has.
    """

    def __init__(self, rows: Rows, stamps: _Stamps, targets: np.ndarray, known: Any, freq: Any):
        self.rows, self.stamps = rows, stamps
        self.order = rows.order
        self.codes = rows.codes[self.order]
        self.counts = rows.lengths
        self.values = targets[self.order]
        self.known = None if known is None else known[self.order]
        self.freq = freq
        assert rows.times is not None
        self.times = _checked_times(rows.times, stamps)[self.order]
        self.is_number = self.times.dtype.kind != "M"
        self.is_local = False
        shown = self.times if stamps.zone is None else to_local(self.times, stamps.zone)
        self.grid = self._frequency(shown)
        if stamps.zone is not None:
            if not self.grid.is_of_days:
                self.grid = self._frequency(self.times)
            elif self._is_regular(shown) or not self._is_regular(self.times):
                self.times, self.is_local = shown, True

    def _frequency(self, times: np.ndarray) -> Frequency:
        period = self.stamps.period
        if self.freq is not None or period is not None:
            given = period if self.freq is None else self.freq
            grid = parse_frequency(given, self.is_number)
            return grid if period is None else grid.of_starts()
        found = infer_frequency(times, self.counts)
        if found is None:
            raise ValueError(
                "freq is None, but no series has two rows to infer it from; give freq, such as "
                f"{'1' if self.is_number else repr('D')}."
            )
        return found

    def _origins(self, times: np.ndarray) -> np.ndarray:
        """Return the first time of the series of each row."""
        return np.asarray(times[offsets(self.counts)][self.codes])

    def _is_regular(self, times: np.ndarray) -> bool:
        _, on_grid = self.grid.positions(times, self._origins(times))
        return bool((on_grid & self.grid.fits(times)).all())

    def resample(self, how: str) -> None:
        """Make one row of all in each period."""
        bases = self._origins(self.times)
        if self.grid.kind == "duration" and self.grid.anchor is None:
            zone = None if self.is_local else self.stamps.zone
            if zone is not None:
                bases = to_local(bases, zone)
            bases = bases.astype("datetime64[D]").astype(self.times.dtype)
            bases = bases if zone is None else to_utc(bases, zone)
        labels = self.grid.bins(self.times, bases)
        new = np.ones(len(labels), dtype=bool)
        new[1:] = (self.codes[1:] != self.codes[:-1]) | (labels[1:] != labels[:-1])
        starts = np.flatnonzero(new)
        self.values = _aggregated(self.values, starts, how)
        if self.known is not None:
            self.known = _aggregated(self.known, starts, "last" if how == "last" else "mean")
        self.times, self.codes, self.order = labels[starts], self.codes[starts], self.order[starts]
        self.counts = np.bincount(self.codes, minlength=len(self.rows.ids))

    def place(self) -> None:
        """Find the place of each row on the grid; refuse times that are not on it."""
        origins = self._origins(self.times)
        self.place_of, on_grid = self.grid.positions(self.times, origins)
        wrong = np.flatnonzero(~(on_grid & self.grid.fits(self.times)))
        if len(wrong):
            self._refuse_times(int(self.codes[wrong[0]]))
        self.firsts = self.times[offsets(self.counts)]

    def _refuse_times(self, code: int) -> None:
        """Raise ValueError for the first time of a series that is not on the grid."""
        own = np.flatnonzero(self.codes == code)
        times = self.times[own]
        # The first time may be the wrong one: most others decide.
        masks = []
        for origin in times[:3]:
            _, on_grid = self.grid.positions(times, np.full(len(times), origin))
            masks.append(on_grid & self.grid.fits(times))
        best = max(masks, key=np.count_nonzero)
        at = int(np.argmin(best))
        wrong = np.count_nonzero(~best)
        more = f", the first of {wrong:,} such times of this series" if wrong > 1 else ""
        inferred = " (the commonest)" if self.freq is None else ""
        hint = f"resample='mean' with freq={plain(self.grid.name)!r} takes the mean of each period"
        if self.stamps.zone is not None:
            hint += "; if the time zone is the reason, convert the times to UTC"
        raise ValueError(
            f"{self.rows.whose(code)} has the time {show(times[at])}, which is not on the grid of "
            f"step {plain(self.grid.name)!r}{inferred}{more}. Forecasters read regular series: "
            f"{hint}, or give another freq."
        )

    def end(self, horizon: int | None, needs_future: bool = False) -> None:
        """Find where the past of each series ends, and drop the rows after it from the past."""
        starts = offsets(self.counts)
        ends = starts + self.counts - 1
        has_value = ~np.isnan(self.values).all(axis=1)
        row = np.where(has_value, np.arange(len(has_value)), -1)
        last = np.maximum.reduceat(row, starts)
        unknown = np.flatnonzero(last < 0)
        if len(unknown):
            raise ValueError(
                f"{self.rows.whose(unknown[0])} has no known target: all {self.counts[unknown[0]]} "
                "are missing. Leave it out."
            )
        if horizon is None:
            last = ends
        self.lengths = self.place_of[last] + 1
        self.is_past = self.place_of < self.lengths[self.codes]
        if horizon is not None and (needs_future or not self.is_past.all()):
            coming = ~self.is_past
            places = self.place_of[coming]
            self.check_future(self.codes[coming], places, horizon, "frame", needs_future)

    def check_future(
        self,
        codes: np.ndarray,
        places: np.ndarray,
        horizon: int,
        name: str,
        needed: bool = True,
    ) -> None:
        """Raise ValueError unless the future rows of each series are those of the horizon.

        Without `needed`, a series may also have none.
        """
        counts = np.bincount(codes, minlength=len(self.counts))
        if ((counts == horizon) | ((counts == 0) & (not needed))).all() and (
            places == self.lengths[codes] + positions(counts)
        ).all():
            return
        for code in range(len(counts)):
            own = codes == code
            expected = self.lengths[code] + np.arange(horizon)
            lacking = np.setdiff1d(expected, places[own])
            beyond = np.setdiff1d(places[own], expected)
            if not len(beyond) and (not len(lacking) or not (needed or own.any())):
                continue
            end = self._time(code, self.lengths[code] - 1)
            row = "target" if name == "frame" else "time in frame"
            whose = self.rows.whose(code)
            said = (
                f"{whose} needs {horizon} rows in {name} after its last known {row}, at "
                f"{show(end)}, by horizon={horizon}, and has {np.count_nonzero(own)}: "
            )
            if name == "future":
                said = said.replace("last known", "last")
            if len(lacking) and not (name == "future" and (beyond < self.lengths[code]).any()):
                fault = f"{show(self._time(code, lacking[0]))} is missing"
            elif beyond[0] < self.lengths[code]:
                fault = f"{show(self._time(code, beyond[0]))} is not after that time"
            else:
                fault = f"{show(self._time(code, beyond[0]))} is after the horizon"
            hint = ""
            if name == "frame":
                hint = (
                    " Rows without a target at the end of a series are its future; leave out those "
                    "of the past whose target is missing, or pass future rows as future."
                )
            raise ValueError(f"{said}{fault}.{hint}")

    def _time(self, code: int, place: int) -> Any:
        return self.grid.at(self.firsts[code : code + 1], np.array([place]))[0]

    def gaps(self, keys: nw.DataFrame[Any], id_names: list[Any]) -> Any:
        """Return the table of missing rows, and keep where they are."""
        steps = np.diff(self.place_of)
        inside = (np.diff(self.codes) == 0) & self.is_past[1:]
        self.before_gap = np.flatnonzero(inside & (steps > 1))
        self.n_missing = steps[self.before_gap] - 1
        names = gap_names(keys.columns)
        like = keys.get_column(self.stamps.name)
        start, end, count = names
        written = [
            _written(self.times[at], self.stamps, self.is_local, like).alias(name)
            for at, name in ((self.before_gap, start), (self.before_gap + 1, end))
        ]
        table = written[0].to_frame()
        if id_names:
            table = take(select(keys, id_names), self.codes[self.before_gap])
            table = table.with_columns(written[0])
        return with_columns(table.with_columns(written[1]), {count: self.n_missing}).to_native()

    def targets_of_past(self, missing: str, warns: bool) -> np.ndarray:
        """Return the targets of all steps of the past, of shape (n_steps, F)."""
        if missing == "raise":
            self._refuse_missing()
        starts = offsets(self.lengths)
        out = np.full((self.lengths.sum(), self.values.shape[1]), np.nan, self.values.dtype)
        past = self.is_past
        out[starts[self.codes[past]] + self.place_of[past]] = self.values[past]
        if missing == "ffill":
            owner = starts[sequence_ids(self.lengths)]
            for column in out.T:
                seen = np.where(np.isnan(column), 0, np.arange(len(column)))
                seen = np.maximum(np.maximum.accumulate(seen), owner)
                column[:] = column[seen]
        elif warns and missing == "keep" and len(self.before_gap):
            self._warn()
        return out

    def _refuse_missing(self) -> None:
        if len(self.before_gap):
            at = int(self.before_gap[0])
            lacking = counted(int(self.n_missing[0]), "row")
            total = int(self.n_missing.sum())
            raise ValueError(
                f"{self.rows.whose(self.codes[at])} lacks {lacking} between "
                f"{show(self.times[at])} and {show(self.times[at + 1])}, by steps of "
                f"{plain(self.grid.name)!r}; {total} are missing in all series. missing='keep' "
                "makes them NaN, and missing='ffill' repeats the value before."
            )
        lost = np.isnan(self.values) & self.is_past[:, None]
        if lost.any():
            at = int(lost.any(axis=1).argmax())
            raise ValueError(
                f"a target is missing for {self.rows.whose(self.codes[at])} at time "
                f"{show(self.times[at])}; {int(lost.sum())} are missing in all series. "
                "missing='keep' makes them NaN, and missing='ffill' repeats the value before; with "
                "horizon, the rows at the end of a series that have no target are its future."
            )

    def _warn(self) -> None:
        at = int(self.before_gap[0])
        n_series = len(np.unique(self.codes[self.before_gap]))
        of = f"{n_series} of {len(self.counts)} series" if len(self.counts) > 1 else "the series"
        carried = "" if self.known is None else ", and covariates those of the row before"
        whose = f" of {self.rows.whose(self.codes[at])}" if self.rows.has_ids else ""
        warnings.warn(
            f"frame lacks {counted(int(self.n_missing.sum()), 'row')} inside {of}, by steps of "
            f"{plain(self.grid.name)!r}, the first{whose} after {show(self.times[at])}: "
            f"targets are NaN there{carried}. The attribute gaps lists them; freq says what the "
            "step is, without this warning.",
            UserWarning,
            stacklevel=caller_level(),
        )

    def covariates(self, horizon: int | None, coming: np.ndarray | None) -> np.ndarray:
        """Return the covariates of all steps, those of missing rows from the row before."""
        assert self.known is not None
        lengths = self.lengths + (horizon or 0)
        starts = offsets(lengths)
        # 0 is the first row: no series begins with a missing one.
        row = np.zeros(lengths.sum(), dtype=np.int64)
        row[starts[self.codes] + self.place_of] = np.arange(len(self.codes))
        out = np.asarray(self.known[np.maximum.accumulate(row)])
        if coming is not None:
            assert horizon is not None
            ahead = (starts + self.lengths)[:, None] + np.arange(horizon)
            out[ahead.ravel()] = coming
        return out

    def times_of(self, horizon: int | None) -> np.ndarray:
        """Return the times of all steps, those of the horizon as well."""
        lengths = self.lengths + (horizon or 0)
        return self.grid.at(self.firsts[sequence_ids(lengths)], positions(lengths))

    def clock(self, horizon: int | None) -> np.ndarray:
        """Return what clocks show at all steps."""
        times = self.times_of(horizon)
        if self.stamps.zone is None or self.is_local:
            return times
        return to_local(times, self.stamps.zone)


def _checked_times(times: np.ndarray, stamps: _Stamps) -> np.ndarray:
    """Return dates and datetimes in a fine unit, and whole numbers as integers."""
    if times.dtype.kind == "f" and (times == np.floor(times)).all():
        return times.astype(np.int64)
    if times.dtype.kind not in "iM":
        kind = "durations; add them to a date" if times.dtype.kind == "m" else (
            f"numbers such as {times[times != np.floor(times)][0]}; number the steps"
        )  # fmt: skip
        raise TypeError(
            f"time={stamps.name!r} is a column of {kind}: accepted are dates, datetimes, periods "
            "and integers."
        )
    return clock_times(times)


def _aggregated(values: np.ndarray, starts: np.ndarray, how: str) -> np.ndarray:
    """Return mean, sum or last of the known values from each start to the next; NaN without any."""
    known = ~np.isnan(values)
    if how == "last":
        row = np.where(known, np.arange(len(values))[:, None], -1)
        last = np.maximum.reduceat(row, starts, axis=0)
        return np.where(last < 0, np.nan, np.take_along_axis(values, last, axis=0))
    counts = np.add.reduceat(known.astype(np.int64), starts, axis=0)
    sums = np.add.reduceat(np.where(known, values, 0), starts, axis=0)
    found = sums if how == "sum" else sums / np.maximum(counts, 1)
    return np.where(counts == 0, np.nan, found).astype(values.dtype)


def _read_future(
    future: Any,
    steps: _Steps,
    roles: dict[str, list[Any]],
    stamps: _Stamps,
    horizon: int | None,
) -> tuple[np.ndarray, int]:
    """Return the covariates in the frame of the future, by series and time, and the horizon."""
    read, own = _read(future, None if stamps.index is not None else stamps.name, "future")
    if own.name != stamps.name and stamps.index is not None:
        read, own = read.rename({own.name: stamps.name}), own._replace(name=stamps.name)
    id_names, names = roles["id"], roles["covariates"]
    for name in [*id_names, stamps.name, *names]:
        if name not in read.columns:
            raise ValueError(f"future lacks the column {name!r}; it has {read.columns!r}.")
    rows = Rows(read, id_names, stamps.name, frame_name="future")
    values = numbers(read, names)
    _check_numbers(rows, values, names, "covariate", nan=False)
    place = {identity: code for code, identity in enumerate(python_items(steps.rows.ids))}
    of_series = []
    for identity in python_items(rows.ids):
        if identity not in place:
            raise ValueError(f"future has the id {show(identity)}, which frame does not have.")
        of_series.append(place[identity])
    lost = np.setdiff1d(np.arange(len(place)), of_series)
    if len(lost):
        raise ValueError(f"future has no row of {steps.rows.whose(lost[0])}.")
    codes = np.array(of_series, dtype=np.int64)[rows.codes]
    assert rows.times is not None
    order = np.lexsort((rows.times, codes))
    codes = codes[order]
    times = _checked_times(rows.times, stamps)[order]
    if (times.dtype.kind != "M") != steps.is_number or str(own.zone) != str(stamps.zone):
        kinds = [str(one.zone or "none") for one in (own, stamps)]
        raise ValueError(
            f"the times of future and of frame differ: their types are {times.dtype} and "
            f"{steps.times.dtype}, their time zones {kinds[0]} and {kinds[1]}."
        )
    if steps.is_local and own.zone is not None:
        times = to_local(times, own.zone)
    places, on_grid = steps.grid.positions(times, steps.firsts[codes])
    wrong = np.flatnonzero(~(on_grid & steps.grid.fits(times)))
    if len(wrong):
        raise ValueError(
            f"future has the time {show(times[wrong[0]])} for {steps.rows.whose(codes[wrong[0]])}, "
            f"which is not on the grid of step {plain(steps.grid.name)!r} of its past."
        )
    if horizon is None:
        horizon = int(np.bincount(np.bincount(codes)).argmax())
    steps.check_future(codes, places, horizon, "future")
    return values[order], horizon


def _written(
    times: np.ndarray, stamps: _Stamps, is_local: bool, like: nw.Series[Any]
) -> nw.Series[Any]:
    """Return times as a column of the kind and type of another."""
    backend, name = like.implementation, like.name
    native: Any = like.to_native()
    is_pandas = backend.is_pandas_like()
    if is_pandas and native.dtype == object:  # dates of Python
        days = times.astype("datetime64[D]")
        whole = bool((days == times).all())
        return nw.new_series(name, days.tolist() if whole else times, backend=backend)
    utc = times
    if stamps.zone is not None and is_local:
        utc = to_utc(times, stamps.zone)
    column = nw.new_series(name, utc, backend=backend)
    if stamps.zone is not None:
        column = column.dt.replace_time_zone("UTC")
    cast: nw.Series[Any]
    if is_pandas:
        other: Any = column.to_native()
        cast = nw.from_native(other.astype(native.dtype), series_only=True)
    else:
        cast = column.cast(like.dtype)
    if stamps.zone is None and (np.asarray(cast.to_numpy()).astype(times.dtype) != times).any():
        return column  # hours in place of dates
    return cast


# The way back


def forecasts_to_frame(
    forecasts: Any,
    series: FrameSeries,
    *,
    intervals: Any = None,
    quantiles: Any = None,
    paths: Any = None,
    names: Any = None,
    backend: Literal["pandas", "polars", "pyarrow"] | None = None,
) -> Any:
    """Convert forecasts to a long table, with one row for each series and future time.

    Parameters
    ----------
    forecasts : array-like of shape (n_series, horizon) or (n_series, horizon, F), or None
        What `predict` of a forecaster returns for the series. None leaves these columns out.
    series : FrameSeries
        What `frame_to_series` returned. Future times continue those of each series.
    intervals : dict of float to array of shape (n_series, horizon[, F], 2), default=None
        Lower and upper bounds by their coverage, as `predict_interval` returns them.
    quantiles : dict of float to array of shape (n_series, horizon[, F]), default=None
        Quantiles by their level.
    paths : array-like of shape (n_series, n_paths, horizon[, F]), default=None
        What `sample_paths` returns.
    names : str or list of str, default=None
        The names of the F columns of forecasts, and the start of those of the others. None adds
        "_pred" to the names of the targets, and starts the others with these.
    backend : {"pandas", "polars", "pyarrow"}, default=None
        The kind of the table. None takes that of the frame that the series are from.

    Returns
    -------
    frame : data frame or pyarrow table
        The columns of ids and times as in that frame, and for the target "y" a column "y_pred";
        "y_lower_90" and "y_upper_90" for the interval 0.9, "y_q10" for the quantile 0.1, and
        "y_path_0", "y_path_1" and so on for paths. Rows are by series and time. Times that were
        the index of a frame of pandas are so here.

    Raises
    ------
    TypeError, ValueError
        If a shape does not fit, or a level is not between 0 and 1.

    See Also
    --------
    frame_to_series : Series from a long table.
    sequences_to_frame : Predictions for the steps of sequences as a long table.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklstm import forecasts_to_frame, frame_to_series
    >>> frame = pd.DataFrame({
    ...     "unique_id": ["a", "a", "b", "b"],
    ...     "ds": pd.to_datetime(["2024-01-30", "2024-01-31", "2024-02-01", "2024-02-02"]),
    ...     "y": [1.0, 2.0, 5.0, 6.0],
    ... })
    >>> series = frame_to_series(frame)
    >>> interval = [[[1, 3], [0, 4]], [[5, 7], [4, 8]]]
    >>> forecasts_to_frame([[2, 2], [6, 6]], series, intervals={0.9: interval})
      unique_id         ds  y_pred  y_lower_90  y_upper_90
    0         a 2024-02-01     2.0         1.0         3.0
    1         a 2024-02-02     2.0         0.0         4.0
    2         b 2024-02-03     6.0         5.0         7.0
    3         b 2024-02-04     6.0         4.0         8.0
    """
    if backend not in (None, *BACKENDS):
        raise ValueError(f"backend={plain(backend)!r} is not accepted; use one of {BACKENDS}.")
    if not isinstance(series, FrameSeries):
        raise TypeError(
            f"series is a {type(series).__name__}; accepted is what frame_to_series returned."
        )
    reader = _Forecasts(series)
    starts = list(series.target_names)
    points = [f"{name}_pred" for name in starts]
    if names is not None:
        points = starts = listed(names)
        if len(points) != len(series.target_names) or len(set(points)) < len(points):
            raise ValueError(
                f"names={plain(names)!r} must be {len(series.target_names)} different names, one "
                "for each target."
            )
    if forecasts is not None:
        reader.add(forecasts, "forecasts", [[name] for name in points])
    for level, bounds in _by_level(intervals, "intervals"):
        label = f"{100 * level:.10g}"
        new = [[f"{name}_lower_{label}", f"{name}_upper_{label}"] for name in starts]
        reader.add(bounds, f"intervals[{level!r}]", new, last=2)
    for level, values in _by_level(quantiles, "quantiles"):
        new = [[f"{name}_q{100 * level:.10g}"] for name in starts]
        reader.add(values, f"quantiles[{level!r}]", new)
    if paths is not None:
        values = _array(paths, "paths")
        if values.ndim < 2:
            raise ValueError(f"paths has the shape {values.shape}; {reader.accepted('n_paths, ')}.")
        numbered = range(values.shape[1])
        new = [[f"{name}_path_{number}" for number in numbered] for name in starts]
        reader.add(np.moveaxis(values, 1, -1), "paths", new, last=len(numbered), shape=values.shape)
    return reader.frame(backend)


class _Forecasts:
    """Columns of forecasts, by name."""

    def __init__(self, series: FrameSeries):
        self.series = series
        self.horizon: int | None = None
        self.columns: dict[Any, np.ndarray] = {}
        self.is_several = series.X[0].ndim == 2

    def accepted(self, before: str = "", after: str = "") -> str:
        n, F = len(self.series), f", {len(self.series.target_names)}" if self.is_several else ""
        horizon = "horizon" if self.horizon is None else self.horizon
        return f"accepted is ({n}, {before}{horizon}{F}{after})"

    def add(
        self,
        given: Any,
        name: str,
        new: list[list[Any]],
        last: int | None = None,
        shape: Any = None,
    ) -> None:
        """Read an array, whose last axis may hold the columns of each target."""
        values = _array(given, name)
        n, F = len(self.series), len(self.series.target_names)
        tail = (*((F,) if self.is_several else ()), *(() if last is None else (last,)))
        horizon = values.shape[1] if values.ndim > 1 and self.horizon is None else self.horizon
        if values.shape != (n, horizon, *tail) or not horizon:
            before, after = ("n_paths, ", "") if name == "paths" else ("", f", {last}")
            accepted = self.accepted(before, "" if last is None else after)
            raise ValueError(
                f"{name} has the shape {shape or values.shape}; {accepted}, one row for each "
                "series."
            )
        self.horizon = horizon
        flat = values.reshape(n * horizon, F, -1)
        for f, names in enumerate(new):
            for k, column in enumerate(names):
                if column in self.columns:
                    raise ValueError(f"two columns would be named {column!r}; give other names.")
                self.columns[column] = flat[:, f, k]

    def frame(self, backend: str | None) -> Any:
        """Return the table."""
        if self.horizon is None:
            raise ValueError(
                "forecasts is None, and there are no intervals, quantiles or paths either."
            )
        series, stamps, keys = self.series, self.series._stamps, read_frame(self.series._keys)
        counts = np.full(len(series), self.horizon)
        owner = sequence_ids(counts)
        firsts = np.array([times[0] for times in series.times])
        lengths = np.array([len(times) for times in series.times])
        times = series._grid.at(firsts[owner], lengths[owner] + positions(counts))
        written = _written(times, stamps, series._is_local, keys.get_column(stamps.name))
        if stamps.period is not None:
            native: Any = written.to_native()
            column: Any = native.dt.to_period(stamps.period)
        ids = [name for name in keys.columns if name != stamps.name]
        taken = [name for name in self.columns if name in keys.columns]
        if taken:
            raise ValueError(f"names gives {taken[0]!r}, which is a column of ids or times.")
        frame = written.to_frame()
        if ids:
            frame = take(select(keys, ids), owner).with_columns(written)
        frame = with_columns(frame, self.columns)
        if backend is not None and str(frame.implementation).lower() != backend:
            convert = {"pandas": "to_pandas", "polars": "to_polars", "pyarrow": "to_arrow"}
            return getattr(frame, convert[backend])()
        result = frame.to_native()
        if stamps.period is not None:
            result[stamps.name] = column
        if stamps.index is not None:
            result = result.set_index(stamps.name).rename_axis(index=stamps.index or None)
        return result


def _array(given: Any, name: str) -> np.ndarray:
    try:
        return np.asarray(as_container(given, name), dtype=np.float64)
    except ValueError as error:
        raise ValueError(f"{name} is no array of numbers: {error}") from error


def _by_level(given: Any, name: str) -> list[tuple[float, Any]]:
    """Return the levels and arrays of a dict."""
    if given is None:
        return []
    if not isinstance(given, Mapping):
        raise TypeError(
            f"{name} is a {type(given).__name__}; accepted is a dict of levels to arrays, such as "
            f"{{0.9: array}}."
        )
    for level in given:
        number = float(level) if isinstance(level, Real) else np.nan
        if not 0 < number < 1:
            raise ValueError(f"{name} has the level {plain(level)!r}, which is not in (0, 1).")
    return [(float(plain(level)), array) for level, array in given.items()]
