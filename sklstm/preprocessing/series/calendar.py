"""Features of the calendar, such as the hour and the day of the week, of times."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from difflib import get_close_matches
from importlib import import_module
from numbers import Integral
from typing import Any, Literal

import narwhals as nw
import numpy as np

from sklstm._sequences import as_container, missing_rows, object_array, plain
from sklstm.preprocessing.series.frequencies import (
    Frequency,
    clock_times,
    column_zone,
    infer_frequency,
    parse_frequency,
    to_local,
    weekdays,
)

_ENCODINGS = ("cyclic", "ordinal")
_MINUTE, _HOUR, _WEEK, _MONTH = 60, 3600, 7 * 86400, 28 * 86400


def _count(per: str, unit: str) -> Callable[[np.ndarray], np.ndarray]:
    """Return a function that counts a unit from the start of the larger one."""
    step: Any = np.ones((), dtype=f"timedelta64[{unit}]")

    def count(times: np.ndarray) -> np.ndarray:
        inside = times - times.astype(f"datetime64[{per}]").astype(times.dtype)
        return np.asarray(inside // step)

    return count


def _length(per: str, times: np.ndarray) -> np.ndarray:
    """Return the number of days of the month or year of each time."""
    start = times.astype(f"datetime64[{per}]")
    days = (start + 1).astype("datetime64[D]") - start.astype("datetime64[D]")
    return np.asarray(days.astype(np.int64))


def _thursdays(times: np.ndarray) -> np.ndarray:
    """Return the Thursday of each week: in ISO 8601 a week is of the year that this is in."""
    return np.asarray(times.astype("datetime64[D]") - weekdays(times) + 3)


def _weeks(times: np.ndarray) -> np.ndarray:
    """Return how many weeks the year of each week has: the 28th of December is in the last."""
    years = _thursdays(times).astype("datetime64[Y]")
    last = (years + 1).astype("datetime64[D]") - 4
    return _week(last) + 1


def _week(times: np.ndarray) -> np.ndarray:
    thursdays = _thursdays(times)
    start = thursdays.astype("datetime64[Y]").astype("datetime64[D]")
    return np.asarray((thursdays - start).astype(np.int64) // 7)


# The value of each feature, from 0, and how many values there are.
_FEATURES: dict[str, tuple[Callable[[np.ndarray], Any], Callable[[np.ndarray], Any]]] = {
    "second": (_count("m", "s"), lambda times: 60),
    "minute": (_count("h", "m"), lambda times: 60),
    "hour": (_count("D", "h"), lambda times: 24),
    "day_of_week": (weekdays, lambda times: 7),
    "day_of_month": (_count("M", "D"), lambda times: _length("M", times)),
    "day_of_year": (_count("Y", "D"), lambda times: _length("Y", times)),
    "week_of_year": (_week, _weeks),
    "month": (lambda times: times.astype("datetime64[M]").astype(np.int64) % 12, lambda times: 12),
}


def calendar_features(
    index: Any,
    *,
    features: Any = "auto",
    freq: Any = None,
    horizon: int | None = None,
    encoding: Literal["cyclic", "ordinal"] = "cyclic",
    return_names: bool = False,
) -> Any:
    """Return features of the calendar, such as the hour and the day of the week, of times.

    They are known of the future as well, so forecasters read them as `covariates`.

    Parameters
    ----------
    index : array-like of shape (T,), or list of these
        Dates or datetimes: a DatetimeIndex, a PeriodIndex or a Series of pandas, a Series of
        polars, an array of pyarrow or of datetime64, or a list of datetimes; or a list or an
        object array of these, one for each series, such as `FrameSeries.times`. Times with a time
        zone count by the clocks there.
    features : "auto", str or list of str, default="auto"
        Any of "second", "minute", "hour", "day_of_week", "day_of_month", "day_of_year",
        "week_of_year" (of ISO 8601) and "month". "auto" takes those that change from step to step
        or group the steps, as GluonTS does:

        - less than a minute: "second", "minute", "hour" and those of days;
        - less than an hour: "minute", "hour" and those of days;
        - less than a day: "hour" and those of days;
        - days and working days: "day_of_week", "day_of_month", "day_of_year";
        - weeks: "day_of_month", "week_of_year";
        - months and quarters: "month";
        - years: none.
    freq : str, timedelta or offset of pandas, default=None
        The step, as `frame_to_series` reads it. None takes that of most steps. It decides about
        ``features="auto"`` and about the times that `horizon` adds.
    horizon : int, default=None
        How many future times to continue each series by.
    encoding : {"cyclic", "ordinal"}, default="cyclic"
        "cyclic" returns sine and cosine of the position in the cycle, so that 23 and 0 hours are
        neighbours. "ordinal" returns one number from -0.5 for the first value to 0.5 for the
        last.
    return_names : bool, default=False
        Whether to return the names of the features, too.

    Returns
    -------
    values : ndarray of shape (T, K), or list of these
        With `horizon`, (T + `horizon`, K). K is twice the number of features if they are cyclic.
    names : tuple of str
        Only with ``return_names=True``: "hour_sin", "hour_cos" and so on, or "hour".

    Raises
    ------
    TypeError, ValueError
        If `index` does not consist of dates, one is missing, a feature is unknown, no frequency
        is given and there is none, as no series has two times, or times that `horizon` is to
        continue do not increase.

    See Also
    --------
    frame_to_series : Reads series from a long table, with these features by ``calendar="auto"``.

    Notes
    -----
    Days of the month and of the year are counted in parts of the actual month and year, so that
    the last day of each is as near to its end; likewise weeks in years of 52 or 53.

    References
    ----------
    ``gluonts.time_feature.time_features_from_frequency_str``,
    https://ts.gluon.ai/stable/api/gluonts/gluonts.time_feature.html.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklstm import calendar_features
    >>> days = pd.date_range("2024-03-01", periods=4, freq="D")
    >>> calendar_features(days, features="day_of_week").round(2)  # Friday to Monday
    array([[-0.43, -0.9 ],
           [-0.97, -0.22],
           [-0.78,  0.62],
           [ 0.  ,  1.  ]])
    >>> values, names = calendar_features(days, encoding="ordinal", horizon=2, return_names=True)
    >>> values.shape, names
    ((6, 3), ('day_of_week', 'day_of_month', 'day_of_year'))
    """
    if encoding not in _ENCODINGS:
        raise ValueError(f"encoding={plain(encoding)!r} is not accepted; use one of {_ENCODINGS}.")
    horizon = check_horizon(horizon)
    chosen = check_features(features)
    items, names = _items(index)
    read = [_read_times(item, name) for item, name in zip(items, names, strict=True)]
    clocks = [times if zone is None else to_local(times, zone) for times, zone, _ in read]
    frequency = None
    if freq is not None:
        frequency = parse_frequency(freq, is_number=False)
    elif chosen is None or horizon:
        frequency = next((own for _, _, own in read if own is not None), None)
        frequency = frequency or _infer(clocks)
    if chosen is None:
        assert frequency is not None
        chosen = auto_features(frequency)
    if horizon:
        assert frequency is not None
        for i, (times, zone, _) in enumerate(read):
            future = _future(clocks[i], times, zone, frequency, horizon, names[i])
            clocks[i] = np.concatenate([clocks[i], future])
    found = [encode_calendar(clock, chosen, encoding) for clock in clocks]
    values = found[0] if names == ["index"] else found
    return (values, calendar_names(chosen, encoding)) if return_names else values


def check_horizon(horizon: Any) -> int | None:
    """Return a number of future steps as an int, or None; raise for anything else."""
    if horizon is None:
        return None
    if not isinstance(horizon, Integral) or isinstance(horizon, bool | np.bool_):
        raise TypeError(f"horizon={plain(horizon)!r} is not accepted; give an int, or None.")
    if horizon < 1:
        raise ValueError(f"horizon={plain(horizon)!r} is not accepted; it must be at least 1.")
    return int(horizon)


def check_features(features: Any, name: str = "features") -> list[str] | None:
    """Return the names of features as a list, or None for "auto"."""
    if isinstance(features, str) and features == "auto":
        return None
    if not isinstance(features, str | list | tuple | np.ndarray):
        raise TypeError(
            f"{name}={plain(features)!r} is not accepted; give 'auto', or a list of {[*_FEATURES]}."
        )
    chosen = [features] if isinstance(features, str) else [plain(entry) for entry in features]
    for one in chosen:
        if one not in _FEATURES:
            close = get_close_matches(str(one), _FEATURES, 1)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            raise ValueError(f"{name} has {one!r}; accepted are {[*_FEATURES]}.{hint}")
    if not chosen:
        raise ValueError(f"{name} is empty; accepted are {[*_FEATURES]}.")
    if len(set(chosen)) < len(chosen):
        raise ValueError(f"{name}={chosen!r} names a feature twice.")
    return chosen


def auto_features(frequency: Frequency) -> list[str]:
    """Return the features that are useful for times of a frequency."""
    seconds = frequency.seconds
    if frequency.kind == "month":
        return [] if frequency.n % 12 == 0 else ["month"]
    if seconds >= _WEEK:
        return ["day_of_month", "week_of_year"] if seconds < _MONTH else ["month"]
    found = ["second"] if seconds % _MINUTE else []
    if seconds % _HOUR:
        found.append("minute")
    if not frequency.is_of_days:
        found.append("hour")
    return [*found, "day_of_week", "day_of_month", "day_of_year"]


def calendar_names(features: list[str], encoding: str = "cyclic") -> tuple[str, ...]:
    """Return the names of the columns of `encode_calendar`."""
    if encoding == "ordinal":
        return tuple(features)
    return tuple(f"{name}_{wave}" for name in features for wave in ("sin", "cos"))


def encode_calendar(times: np.ndarray, features: list[str], encoding: str = "cyclic") -> np.ndarray:
    """Return the features of the calendar of what clocks show, (T, K)."""
    columns = []
    for name in features:
        value, count = (function(times) for function in _FEATURES[name])
        value = np.asarray(value).astype(np.float64)
        if encoding == "ordinal":
            columns.append(value / (count - 1) - 0.5)
        else:
            angle = 2 * np.pi * value / count
            columns += [np.sin(angle), np.cos(angle)]
    return np.stack(columns, axis=1) if columns else np.zeros((len(times), 0))


# The times


def _items(index: Any) -> tuple[list[Any], list[str]]:
    """Return what holds the times of each series, and their names for messages."""
    if isinstance(index, np.ndarray) and index.ndim == 0:
        index = index[()]
    if isinstance(index, str | bytes) or not hasattr(index, "__len__") or hasattr(index, "columns"):
        raise TypeError(
            f"index is a {type(index).__name__}; accepted are dates or datetimes: an index or a "
            "Series of pandas, a Series of polars, an array, or a list of one for each series."
        )
    if isinstance(index, list | tuple) or (isinstance(index, np.ndarray) and index.dtype == object):
        if len(index) == 0:
            raise ValueError("index is empty.")
        nested = [hasattr(item, "__len__") and not isinstance(item, str) for item in index]
        if any(nested):
            if not all(nested):
                i = nested.index(not nested[0])
                raise TypeError(
                    f"index[{i}] is a {type(index[i]).__name__}, but index[0] is a "
                    f"{type(index[0]).__name__}; accepted are the times of one series, or of each."
                )
            return list(index), [f"index[{i}]" for i in range(len(index))]
    return [index], ["index"]


def _read_times(
    item: Any, name: str
) -> tuple[np.ndarray, datetime.tzinfo | None, Frequency | None]:
    """Return times, datetime64 of shape (T,), the time zone, if they are in UTC, and the frequency.

    The frequency is that of periods; otherwise it is None.
    """
    frequency = None
    if hasattr(item, "to_timestamp") and hasattr(item, "freqstr"):
        frequency = parse_frequency(item.freqstr, is_number=False, name=f"{name}.freq").of_starts()
        item = item.to_timestamp()
    elif str(getattr(item, "dtype", "")).startswith("period"):
        text = item.dtype.freq.freqstr
        frequency = parse_frequency(text, is_number=False, name=f"{name}.freq").of_starts()
        item = item.dt.to_timestamp()
    if hasattr(item, "to_series"):  # an index of pandas
        item = item.to_series()
    if type(item).__module__.startswith("pyarrow") and not hasattr(item, "chunks"):
        item = import_module("pyarrow").chunked_array([item])
    zone = None
    series = nw.from_native(item, series_only=True, pass_through=True)
    if isinstance(series, nw.Series):
        zone, array = column_zone(series), np.asarray(series.to_numpy())
        if array.dtype == object and hasattr(getattr(item, "dtype", None), "tz"):
            array = item.dt.tz_convert(None).to_numpy()  # narwhals reads only some zones of pandas
    else:
        array = np.asarray(as_container(item, name))
    if len(array) == 0:
        raise ValueError(f"{name} is empty.")
    if array.dtype == object and array.ndim == 1:
        array, zone = _of_datetimes(array, name)
    if array.dtype.kind != "M" or array.ndim != 1:
        what = f"of the type {array.dtype}"
        if array.ndim != 1:
            what = f"with {array.ndim} dimensions"
        raise TypeError(
            f"{name} is an array {what}; accepted are dates and datetimes: convert them, by "
            "pandas.to_datetime for instance."
        )
    lost = np.flatnonzero(missing_rows(array))
    if len(lost):
        raise ValueError(f"{name} is missing at position {lost[0]}.")
    return clock_times(array), zone, frequency


def _of_datetimes(array: np.ndarray, name: str) -> tuple[np.ndarray, datetime.tzinfo | None]:
    """Return datetimes of Python as numpy's, and their time zone, if they are in UTC then."""
    zones = []
    for i, entry in enumerate(array):
        if not isinstance(entry, datetime.date | np.datetime64) or entry != entry:
            raise TypeError(f"{name}[{i}] is {plain(entry)!r}, which is no date or datetime.")
        zones.append(getattr(entry, "tzinfo", None))
        if zones[i] != zones[0]:
            raise ValueError(
                f"{name}[{i}] has the time zone {zones[i]}, but {name}[0] has {zones[0]}; convert "
                "all to the same."
            )
    if zones[0] is not None:
        array = object_array(entry.astimezone(datetime.UTC).replace(tzinfo=None) for entry in array)
    return array.astype("datetime64[us]"), zones[0]


def _infer(clocks: list[np.ndarray]) -> Frequency:
    distinct = [np.unique(clock) for clock in clocks]
    lengths = np.array([len(clock) for clock in distinct], dtype=np.int64)
    frequency = infer_frequency(np.concatenate(distinct), lengths)
    if frequency is None:
        raise ValueError(
            "freq is None, but there are no two times to infer it from; give freq, such as 'h'."
        )
    return frequency


def _future(
    clock: np.ndarray,
    times: np.ndarray,
    zone: datetime.tzinfo | None,
    frequency: Frequency,
    horizon: int,
    name: str,
) -> np.ndarray:
    """Return what clocks show at the times after the last."""
    late = np.flatnonzero(times[1:] <= times[:-1])
    if len(late):
        after, before = (np.datetime_as_string(times[late[0] + k], unit="auto") for k in (1, 0))
        raise ValueError(
            f"{name}[{late[0] + 1}] is {after}, not after {before} of the step before; to continue "
            "times by a horizon they have to increase."
        )
    if not frequency.fits(clock[-1:])[0]:
        raise ValueError(
            f"{name} ends with {np.datetime_as_string(clock[-1], unit='auto')}, which is no time "
            f"of freq={plain(frequency.name)!r}."
        )
    steps = np.arange(1, horizon + 1)
    if zone is None or frequency.is_of_days:
        return frequency.at(clock[-1:], steps)
    return to_local(frequency.at(times[-1:], steps), zone)
