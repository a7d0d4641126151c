"""Regular grids of times: what a frequency is, from a string or from the times, and time zones."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from numbers import Integral
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import narwhals as nw
import numpy as np

from sklstm._sequences import offsets, plain

# By pandas' aliases, those of versions before 2.2 as well.
_UNITS = {
    "ns": "ns", "N": "ns", "us": "us", "U": "us", "ms": "ms", "L": "ms",
    "s": "s", "S": "s", "min": "m", "T": "m", "h": "h", "H": "h", "D": "D", "d": "D",
}  # fmt: skip
_MONTHS = {
    "MS": (1, "start"), "ME": (1, "end"), "M": (1, "end"),
    "QS": (3, "start"), "QE": (3, "end"), "Q": (3, "end"),
    "YS": (12, "start"), "AS": (12, "start"), "YE": (12, "end"), "Y": (12, "end"), "A": (12, "end"),
}  # fmt: skip
_WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
_MONTH_NAMES = (
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"
)  # fmt: skip
_SYMBOLS = {"m": "min"}  # of pandas, where they differ from numpy's
DAY = np.timedelta64(1, "D")
_WEEK = np.timedelta64(7, "D")
_ACCEPTED = (
    "one of 'ms', 's', 'min', 'h', 'D', 'B' (working days), 'W-MON', 'MS' and 'ME' (start and end "
    "of a month), 'QS', 'QE', 'YS' and 'YE', also with a number before it, as '15min'; or a "
    "timedelta"
)


@dataclass(frozen=True)
class Frequency:
    """The step of a regular grid of times.

    Attributes
    ----------
    kind : {"number", "duration", "business", "month"}
        What the step is counted in: integers, a fixed time, working days (Monday to Friday), or
        months.
    n : int
        The step in numbers, working days or months; 1 for durations.
    duration : timedelta64, or None
        The step of the kind "duration", in the largest unit that holds it.
    on : {"start", "end", "any"}
        On which days of the month times of the kind "month" are.
    anchor : int, or None
        For weeks the weekday that times are on, 0 for Monday; for quarters and years a month that
        times are in, 0 for January.
    """

    kind: Literal["number", "duration", "business", "month"]
    n: int = 1
    duration: np.timedelta64 | None = None
    on: str = "any"
    anchor: int | None = None

    @property
    def name(self) -> Any:
        """What pandas calls it; for numbers the step itself."""
        number = str(self.n) if self.n > 1 else ""
        if self.kind == "number":
            return self.n
        if self.kind == "business":
            return f"{number}B"
        if self.kind == "duration":
            assert self.duration is not None
            n = self.duration.astype(int)
            if self.anchor is not None:
                return f"{n // 7 if n > 7 else ''}W-{_WEEKDAYS[self.anchor]}"
            unit = np.datetime_data(self.duration.dtype)[0]
            return f"{n if n > 1 else ''}{_SYMBOLS.get(unit, unit)}"
        if self.on == "any":
            return np.timedelta64(self.n, "M")  # pandas has no name for it
        letter = self.on[0].upper()
        if self.anchor is None:
            return f"{number}M{letter}"
        kind, per = ("Y", 12) if self.n % 12 == 0 else ("Q", 3)
        number = str(self.n // per) if self.n > per else ""
        return f"{number}{kind}{letter}-{_MONTH_NAMES[self.anchor]}"

    @property
    def seconds(self) -> float:
        """The step in seconds, that of a month on average."""
        if self.duration is not None:
            return float(self.duration / np.timedelta64(1, "s"))
        return 86400.0 * self.n * (1.0 if self.kind == "business" else 365.2425 / 12)

    @property
    def is_of_days(self) -> bool:
        """Whether the step is one or more whole days, so that clocks of a time zone count."""
        if self.kind == "duration":
            assert self.duration is not None
            return bool(self.duration % DAY == 0 * DAY)
        return self.kind != "number"

    def at(self, origins: np.ndarray, k: np.ndarray) -> np.ndarray:
        """Return the times k steps after the origins."""
        if self.kind == "number":
            return np.asarray(origins + self.n * k)
        if self.kind == "duration":
            return np.asarray(origins + k * self.duration)
        if self.kind == "business":
            days = origins.astype("datetime64[D]")
            return np.asarray(
                np.busday_offset(days, self.n * k, roll="backward") + (origins - days)
            )
        months = origins.astype("datetime64[M]")
        moved = months + self.n * k
        if self.on == "end":
            return np.asarray(_start(moved + 1, origins) - (_start(months + 1, origins) - origins))
        days = (origins - _start(months, origins)).astype("timedelta64[D]")
        hours = origins - _start(months, origins) - days
        last = _start(moved + 1, origins) - DAY
        # The 31st is the last day in a month of 30.
        return np.asarray(np.minimum(_start(moved, origins) + days, last) + hours)

    def positions(self, times: np.ndarray, origins: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return how many steps times are after the origins, and which are on the grid."""
        if self.kind in ("number", "duration"):
            step: Any = self.n if self.kind == "number" else self.duration
            count, rest = np.divmod(times - origins, step)
            return count.astype(np.int64), rest == np.zeros((), rest.dtype)
        if self.kind == "business":
            days, starts = times.astype("datetime64[D]"), origins.astype("datetime64[D]")
            count = np.busday_count(starts, days)
        else:
            count = times.astype("datetime64[M]") - origins.astype("datetime64[M]")
        count = count.astype(np.int64) // self.n
        return count, self.at(origins, count) == times

    def fits(self, times: np.ndarray) -> np.ndarray:
        """Return a mask of the times that may be on a grid of this frequency."""
        if self.kind == "business":
            return np.is_busday(times.astype("datetime64[D]"))
        if self.kind == "duration" and self.anchor is not None:
            return np.asarray(weekdays(times) == self.anchor)
        if self.kind != "month" or self.on == "any":
            return np.ones(len(times), dtype=bool)
        months, days = times.astype("datetime64[M]"), times.astype("datetime64[D]")
        on = days == months if self.on == "start" else days + 1 == months + 1
        if self.anchor is not None:
            per = 12 if self.n % 12 == 0 else 3
            on &= (months.astype(np.int64) - self.anchor) % per == 0
        return np.asarray(on)

    def bins(self, times: np.ndarray, origins: np.ndarray) -> np.ndarray:
        """Return the time on the grid that stands for the period of each time, as in pandas.

        Periods begin with their time, but for those that "W", "ME", "QE" and "YE" name, which end
        with it. Unlike in pandas, several quarters are counted from the start of the year, and
        several months from the start of the first.

        Parameters
        ----------
        times : ndarray
            Times in any order.
        origins : ndarray
            The first time of the series that each of them is of; for durations, the start of its
            day.
        """
        if self.kind == "number":
            return np.asarray(times // self.n * self.n)
        if self.kind == "duration" and self.anchor is None:
            return np.asarray(origins + (times - origins) // self.duration * self.duration)
        days = times.astype("datetime64[D]")
        if self.kind == "duration":
            first = self._end_of_week(origins.astype("datetime64[D]"))
            # Rounded up: a period ends with its time.
            count = -((first - self._end_of_week(days)) // self.duration)
            return np.asarray((first + count * self.duration).astype(times.dtype))
        if self.kind == "business":
            start = np.busday_offset(origins.astype("datetime64[D]"), 0, roll="backward")
            count = np.busday_count(start, np.busday_offset(days, 0, roll="backward")) // self.n
            return self.at(start, count).astype(times.dtype)
        months, start = days.astype("datetime64[M]"), origins.astype("datetime64[M]")
        if self.anchor is not None:
            # A quarter that ends with January begins in November.
            month = self.anchor + (1 - self.n if self.on == "end" else 0)
            start = np.full(len(times), month).astype("datetime64[M]")
        begins = start + (months - start).astype(np.int64) // self.n * self.n
        if self.on == "end":
            return np.asarray((_start(begins + self.n, times) - DAY).astype(times.dtype))
        return _start(begins, times)

    def _end_of_week(self, days: np.ndarray) -> np.ndarray:
        assert self.anchor is not None
        return np.asarray(days + (self.anchor - weekdays(days)) % 7)

    def of_starts(self) -> Frequency:
        """Return the frequency of the first days of periods that this one names, as pandas' do.

        A period "M" begins on the first day of a month, though times of the frequency "M" are on
        the last.
        """
        if self.kind == "month":
            anchor = None if self.anchor is None else (self.anchor + 1) % 12
            return Frequency("month", self.n, on="start", anchor=anchor)
        if self.kind == "duration" and self.anchor is not None:
            return Frequency("duration", duration=self.duration, anchor=(self.anchor + 1) % 7)
        return self


def _start(months: np.ndarray, like: np.ndarray) -> np.ndarray:
    return months.astype(like.dtype)


def weekdays(times: np.ndarray) -> np.ndarray:
    """Return the days of the week, 0 for Monday."""
    return (times.astype("datetime64[D]").astype(np.int64) + 3) % 7  # 1970 began on a Thursday


def parse_frequency(given: Any, is_number: bool, name: str = "freq") -> Frequency:
    """Return the frequency that an argument names.

    Parameters
    ----------
    given : str, timedelta, offset of pandas, or int
        The argument.
    is_number : bool
        Whether the times are integers.
    name : str, default="freq"
        The name of the argument, for messages.
    """
    value = given.to_timedelta64() if hasattr(given, "to_timedelta64") else given
    if is_number:
        if not isinstance(value, Integral) or isinstance(value, bool | np.bool_):
            raise TypeError(
                f"{name}={plain(given)!r} is not accepted, as the times are integers; give an int."
            )
        if value < 1:
            raise ValueError(f"{name}={plain(given)!r} is not accepted; it must be at least 1.")
        return Frequency("number", int(value))
    if isinstance(value, datetime.timedelta):
        value = np.timedelta64(value)
    if isinstance(value, np.timedelta64):
        return _of_timedelta(value, given, name)
    text = value if isinstance(value, str) else getattr(value, "freqstr", None)
    if not isinstance(text, str):
        raise TypeError(
            f"{name}={plain(given)!r} is not accepted, as the times are dates; give {_ACCEPTED}."
        )
    return _of_text(text, given, name)


def _of_timedelta(value: np.timedelta64, given: Any, name: str) -> Frequency:
    if np.isnat(value) or value <= np.timedelta64(0):
        raise ValueError(f"{name}={plain(given)!r} is not accepted; it must be above 0.")
    unit = np.datetime_data(value.dtype)[0]
    if unit in ("M", "Y"):
        return Frequency("month", int(value.astype("timedelta64[M]").astype(int)))
    if unit == "generic":
        raise ValueError(f"{name}={plain(given)!r} is not accepted, as it has no unit.")
    return Frequency("duration", duration=simplest(value))


def _of_text(text: str, given: Any, name: str) -> Frequency:
    found = re.fullmatch(r"(\d*)([A-Za-z]+)(?:-([A-Z]{3}))?", text.strip())
    number, unit, suffix = found.groups() if found else ("", "", None)
    n = int(number or 1)
    if n > 0:
        if unit in _UNITS and suffix is None:
            duration: Any = np.array(n, dtype=f"timedelta64[{_UNITS[unit]}]")[()]
            return Frequency("duration", duration=simplest(duration))
        if unit == "W" and suffix in (None, *_WEEKDAYS):
            # pandas reads "W" as "W-SUN"; here it is a step of 7 days from the first time.
            anchor = None if suffix is None else _WEEKDAYS.index(suffix)
            return Frequency("duration", duration=7 * n * DAY, anchor=anchor)
        if unit == "B" and suffix is None:
            return Frequency("business", n)
        if unit in _MONTHS and (suffix is None or (unit[0] != "M" and suffix in _MONTH_NAMES)):
            per, on = _MONTHS[unit]
            anchor = None
            if per > 1:
                anchor = _MONTH_NAMES.index(suffix or ("JAN" if on == "start" else "DEC"))
            return Frequency("month", per * n, on=on, anchor=anchor)
    known = [*_UNITS, *_MONTHS, "B", "W"]
    close = get_close_matches(unit, known, 1, 0.5) or [
        one for one in known if one.lower() == unit.lower()
    ]
    hint = f" Did you mean {number + close[0]!r}?" if close and close[0] != unit else ""
    raise ValueError(f"{name}={plain(given)!r} is not accepted; use {_ACCEPTED}.{hint}")


def simplest(step: np.timedelta64) -> np.timedelta64:
    """Return a duration in the largest unit that holds it exactly."""
    for unit in ("D", "h", "m", "s", "ms", "us"):
        if step % np.timedelta64(1, unit) == np.timedelta64(0, "ns"):
            return step.astype(f"timedelta64[{unit}]")
    return step


def infer_frequency(times: np.ndarray, lengths: np.ndarray) -> Frequency | None:
    """Return the frequency that most steps between times have; None if there are no steps.

    Parameters
    ----------
    times : ndarray of shape (n_times,)
        The times of all series, each in order.
    lengths : ndarray of int of shape (n_series,)
        How many times each has.
    """
    inside = np.ones(max(len(times) - 1, 0), dtype=bool)
    inside[offsets(lengths)[1:] - 1] = False
    before, after = times[:-1][inside], times[1:][inside]
    if not len(before):
        return None
    steps, counts = np.unique(after - before, return_counts=True)
    usual = steps[counts.argmax()]
    if times.dtype.kind != "M":
        return Frequency("number", int(usual))
    duration = simplest(usual)
    found = [Frequency("duration", duration=duration)]
    if duration == DAY:
        found.append(Frequency("business"))
    elif duration >= 28 * DAY:
        months, counts = np.unique(
            after.astype("datetime64[M]") - before.astype("datetime64[M]"), return_counts=True
        )
        n = max(int(months[counts.argmax()].astype(int)), 1)
        # First, so that they win where a year of 365 days is as likely.
        found = [Frequency("month", n, on=on) for on in ("end", "start", "any")] + found
    ones = np.ones(len(before), dtype=np.int64)
    best = max(
        found,
        key=lambda one: np.count_nonzero(
            (one.at(before, ones) == after) & one.fits(before) & one.fits(after)
        ),
    )
    return _anchored(best, times)


def _anchored(frequency: Frequency, times: np.ndarray) -> Frequency:
    """Return a frequency with the weekday or the months that most of the times are in."""
    if frequency.duration is not None and frequency.duration % _WEEK == 0 * DAY:
        days = np.bincount(weekdays(times), minlength=7)
        # Series may be of different days.
        if np.count_nonzero(days > 0.05 * len(times)) == 1:
            return Frequency("duration", duration=frequency.duration, anchor=int(days.argmax()))
    if frequency.kind == "month" and frequency.on != "any" and frequency.n % 3 == 0:
        per = 12 if frequency.n % 12 == 0 else 3
        months = np.bincount(times.astype("datetime64[M]").astype(np.int64) % per, minlength=per)
        if np.count_nonzero(months > 0.05 * len(times)) == 1:
            anchor = int(months.argmax())
            # pandas names quarters by the first month of a year, or the last.
            anchor = anchor + 9 if per == 3 and frequency.on == "end" else anchor
            return Frequency("month", frequency.n, on=frequency.on, anchor=anchor)
    return frequency


# Time zones


def clock_times(times: np.ndarray) -> np.ndarray:
    """Return times in a unit in which steps can be added: microseconds, if not nanoseconds."""
    if times.dtype.kind != "M" or np.datetime_data(times.dtype)[0] == "ns":
        return times
    return times.astype("datetime64[us]")


def zone_of(name: Any) -> datetime.tzinfo:
    """Return a time zone by its name, such as "Europe/Rome", "UTC" or "+01:00"."""
    if isinstance(name, datetime.tzinfo) and not hasattr(name, "localize"):  # not pytz's
        return name
    found = re.fullmatch(r"(?:UTC)?([+-])(\d\d):?(\d\d)", str(name))
    if found is None:
        try:
            return ZoneInfo(str(name))
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(
                f"the time zone {str(name)!r} is not known; install the package tzdata, or convert "
                "the times to UTC."
            ) from error
    sign, hours, minutes = found.groups()
    offset = datetime.timedelta(hours=int(hours), minutes=int(minutes))
    return datetime.timezone(offset if sign == "+" else -offset)


def column_zone(column: nw.Series[Any]) -> datetime.tzinfo | None:
    """Return the time zone of a column of datetimes; None for others."""
    zone = getattr(getattr(column.to_native(), "dtype", None), "tz", None)
    if zone is None:
        zone = getattr(column.dtype, "time_zone", None)
    return None if zone is None else zone_of(zone)


def to_local(times: np.ndarray, zone: datetime.tzinfo) -> np.ndarray:
    """Return what clocks in a zone show at times in UTC."""

    def shift(moment: datetime.datetime) -> datetime.timedelta | None:
        return moment.replace(tzinfo=datetime.UTC).astimezone(zone).utcoffset()

    return _shifted(times, shift, 1)


def to_utc(times: np.ndarray, zone: datetime.tzinfo) -> np.ndarray:
    """Return the times in UTC at which clocks in a zone show these; the first, if there are two.

    Raises
    ------
    ValueError
        If clocks never show a time, as they are set forward then.
    """

    def shift(moment: datetime.datetime) -> datetime.timedelta | None:
        return moment.replace(tzinfo=zone).utcoffset()

    found = _shifted(times, shift, -1)
    never = np.flatnonzero(to_local(found, zone) != times)
    if len(never):
        raise ValueError(
            f"clocks in the time zone {zone} never show {times[never[0]]}, as they are set forward "
            "then. Convert the times of frame to UTC."
        )
    return found


def _shifted(times: np.ndarray, shift: Callable[[datetime.datetime], Any], sign: int) -> np.ndarray:
    """Return times moved by the offset of a zone, which is asked for once for each quarter hour."""
    quarters = times.astype("datetime64[m]").astype(np.int64) // 15
    distinct, codes = np.unique(quarters, return_inverse=True)
    moments = (15 * distinct).astype("datetime64[m]").astype("datetime64[us]").tolist()
    moved = np.array([shift(moment) for moment in moments], dtype="timedelta64[us]")
    return np.asarray(times + sign * moved[codes])
