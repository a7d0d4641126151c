"""calendar_features, against the attributes of pandas' DatetimeIndex."""

import calendar
import datetime
import zoneinfo

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from sklstm import calendar_features

NAMES = (
    "second", "minute", "hour", "day_of_week", "day_of_month", "day_of_year", "week_of_year",
    "month",
)  # fmt: skip
HOURS = pd.date_range("2024-01-01", periods=100, freq="h")


def by_pandas(index):
    """Return each feature from 0, and how many values it has."""
    year_days = np.where(index.is_leap_year, 366, 365)
    iso = index.isocalendar()
    weeks = [datetime.date(int(year), 12, 28).isocalendar().week for year in iso["year"]]
    return {
        "second": (index.second, 60),
        "minute": (index.minute, 60),
        "hour": (index.hour, 24),
        "day_of_week": (index.day_of_week, 7),
        "day_of_month": (index.day - 1, index.days_in_month),
        "day_of_year": (index.day_of_year - 1, year_days),
        "week_of_year": (iso["week"].to_numpy(dtype=float) - 1, np.array(weeks)),
        "month": (index.month - 1, 12),
    }


@pytest.mark.parametrize("unit", ["s", "ns"])
@pytest.mark.parametrize("name", NAMES)
def test_features_are_those_of_pandas(name, unit):
    index = pd.date_range("1959-12-25", "2033-01-10", freq="4441min").as_unit(unit)
    index = index + pd.Timedelta("17s")
    value, count = by_pandas(index)[name]
    cyclic, names = calendar_features(index, features=name, return_names=True)
    angle = 2 * np.pi * np.asarray(value) / np.asarray(count)
    np.testing.assert_allclose(cyclic, np.stack([np.sin(angle), np.cos(angle)], 1), atol=1e-12)
    assert names == (f"{name}_sin", f"{name}_cos")
    ordinal, names = calendar_features(
        index, features=[name], encoding="ordinal", return_names=True
    )
    wanted = np.asarray(value) / (np.asarray(count) - 1) - 0.5
    np.testing.assert_allclose(ordinal[:, 0], wanted, atol=1e-12)
    assert names == (name,)


def test_all_ordinal_features_go_from_minus_a_half_to_a_half():
    index = pd.date_range("2024-01-01", "2025-12-31 23:59:59", freq="min") + pd.Timedelta("59s")
    values = calendar_features(index, features=list(NAMES), encoding="ordinal")
    assert values.min() == -0.5
    assert values.max() == 0.5
    # The last of each month and year is at the end, however long it is.
    for name, last in (("day_of_month", index.is_month_end), ("day_of_year", index.is_year_end)):
        assert set(values[last, NAMES.index(name)]) == {0.5}


@pytest.mark.parametrize(
    ("freq", "expected"),
    [
        ("10s", ["second", "minute", "hour", "day_of_week", "day_of_month", "day_of_year"]),
        ("15min", ["minute", "hour", "day_of_week", "day_of_month", "day_of_year"]),
        ("90min", ["minute", "hour", "day_of_week", "day_of_month", "day_of_year"]),
        ("h", ["hour", "day_of_week", "day_of_month", "day_of_year"]),
        ("6h", ["hour", "day_of_week", "day_of_month", "day_of_year"]),
        ("D", ["day_of_week", "day_of_month", "day_of_year"]),
        ("B", ["day_of_week", "day_of_month", "day_of_year"]),
        ("W-MON", ["day_of_month", "week_of_year"]),
        ("4W-MON", ["month"]),
        ("MS", ["month"]),
        ("ME", ["month"]),
        ("QE", ["month"]),
        ("YS", []),
    ],
)
def test_what_is_useful_follows_from_the_frequency(freq, expected):
    index = pd.date_range("2024-01-01", periods=30, freq=freq)
    for given in (None, freq):
        values, names = calendar_features(index, freq=given, encoding="ordinal", return_names=True)
        assert names == tuple(expected)
        assert values.shape == (30, len(expected))
    chosen = calendar_features(index, features=expected) if expected else np.zeros((30, 0))
    np.testing.assert_array_equal(calendar_features(index), chosen)


FORMS = {
    "index": lambda index: index,
    "series": lambda index: pd.Series(index, index=range(7, 107)),
    "pandas of Arrow": lambda index: pd.Series(index).astype("timestamp[us][pyarrow]"),
    "array": lambda index: index.to_numpy(),
    "seconds": lambda index: index.to_numpy().astype("datetime64[s]"),
    "polars": lambda index: pl.Series(index.to_numpy()),
    "Arrow": lambda index: pa.array(index.to_numpy()),
    "chunks": lambda index: pa.chunked_array([index.to_numpy()[:40], index.to_numpy()[40:]]),
    "datetimes": lambda index: index.to_pydatetime().tolist(),
    "timestamps": list,
    "scalars": lambda index: list(index.to_numpy()),
    "periods": lambda index: index.to_period("h"),
    "series of periods": lambda index: pd.Series(index.to_period("h")),
}


@pytest.mark.parametrize("form", FORMS)
def test_forms_of_times(form):
    expected = calendar_features(HOURS, horizon=5)
    longer = pd.date_range("2024-01-01", periods=105, freq="h")
    np.testing.assert_array_equal(expected, calendar_features(longer))
    np.testing.assert_array_equal(calendar_features(FORMS[form](HOURS), horizon=5), expected)


@pytest.mark.parametrize("form", ["list", "pandas", "polars", "Arrow"])
def test_dates(form):
    days = pd.date_range("2024-01-01", periods=20, freq="D")
    dates = days.date.tolist()
    made = {"list": list, "pandas": pd.Series, "polars": pl.Series, "Arrow": pa.array}[form](dates)
    np.testing.assert_array_equal(
        calendar_features(made, horizon=3),
        calendar_features(pd.date_range("2024-01-01", periods=23, freq="D")),
    )


@pytest.mark.parametrize("freq", ["h", "D", "MS"])
@pytest.mark.parametrize("form", ["index", "series", "Arrow in pandas", "polars", "Arrow", "list"])
def test_clocks_of_the_time_zone_count(form, freq):
    # With the night in which clocks are set back among the future.
    whole = pd.date_range("2024-10-01", periods=700, freq=freq, tz="Europe/Rome")
    index = whole[:600]
    made = {
        "index": lambda: index,
        "series": lambda: pd.Series(index),
        "Arrow in pandas": lambda: pd.Series(index).astype("timestamp[us, Europe/Rome][pyarrow]"),
        "polars": lambda: pl.Series(pd.Series(index)),
        "Arrow": lambda: pa.array(pd.Series(index)),
        "list": lambda: [
            time.replace(tzinfo=zoneinfo.ZoneInfo("Europe/Rome"))
            for time in pd.Series(index).dt.tz_localize(None).tolist()
        ] if freq != "h" else index.to_pydatetime().tolist(),
    }[form]()  # fmt: skip
    features = ["hour", "day_of_week", "day_of_month", "month"]
    values = calendar_features(made, features=features, encoding="ordinal", horizon=100)
    expected = calendar_features(
        whole.tz_localize(None), features=features, encoding="ordinal", freq="h"
    )
    np.testing.assert_array_equal(values, expected)


@pytest.mark.parametrize("zone", ["America/New_York", "Etc/GMT+5", "+05:45"])
def test_any_time_zone_of_pandas(zone):
    index = pd.date_range("2024-03-01", periods=900, freq="h", tz=zone)
    expected = calendar_features(index.tz_localize(None), freq="h")
    np.testing.assert_array_equal(calendar_features(index), expected)
    np.testing.assert_array_equal(calendar_features(pd.Series(index)), expected)


def test_the_second_of_two_equal_hours_is_continued():
    whole = pd.date_range("2024-10-26 22:00", periods=12, freq="h", tz="UTC")
    whole = whole.tz_convert("Europe/Rome")
    for n in range(2, 12):
        values = calendar_features(whole[:n], features="hour", horizon=12 - n)
        np.testing.assert_array_equal(values, calendar_features(whole, features="hour"))


@pytest.mark.parametrize("container", [list, tuple, "objects"])
def test_a_list_of_series(container):
    parts = [HOURS[:30], HOURS[10:90].to_numpy(), pl.Series(HOURS[:50].to_numpy())]
    given = parts
    if container == "objects":
        given = np.empty(3, dtype=object)
        given[:] = [np.asarray(part) for part in parts]
    values, names = calendar_features(given, horizon=7, return_names=True)
    assert isinstance(values, list)
    assert len(names) == 8
    for part, own in zip(parts, values, strict=True):
        assert own.shape == (len(part) + 7, 8)
        np.testing.assert_array_equal(own, calendar_features(part, horizon=7))
    one = calendar_features([HOURS])
    assert isinstance(one, list)
    np.testing.assert_array_equal(one[0], calendar_features(HOURS))


@pytest.mark.parametrize("freq", ["B", "MS", "ME", "QS", "W-WED", "90min", "YE"])
def test_future_times_are_those_of_date_range(freq):
    whole = pd.date_range("2023-06-01", periods=50, freq=freq)
    features = ["hour", "day_of_week", "day_of_month", "month", "day_of_year"]
    np.testing.assert_array_equal(
        calendar_features(whole[:33], features=features, horizon=17),
        calendar_features(whole, features=features),
    )


def test_periods_are_at_their_start():
    for freq in ("M", "Q", "W", "Y", "D"):
        periods = pd.period_range("2023-01-01", periods=20, freq=freq)
        starts = periods.to_timestamp()
        features = ["day_of_month", "month", "day_of_week"]
        values = calendar_features(periods[:12], features=features, horizon=8)
        np.testing.assert_array_equal(values, calendar_features(starts, features=features))


def test_irregular_times_have_features():
    times = pd.DatetimeIndex(["2024-01-05 10:00", "2024-01-01 03:00", "2024-01-01 03:00"])
    values = calendar_features(times, features="hour", encoding="ordinal")
    np.testing.assert_allclose(values[:, 0], np.array([10, 3, 3]) / 23 - 0.5)
    assert calendar_features(times[:1], freq="h").shape == (1, 8)


def test_leap_years_of_calendar_module():
    days = pd.date_range("2023-12-31", "2024-12-31", freq="YE")
    values = calendar_features(days, features="day_of_year")
    lengths = np.array([366 if calendar.isleap(year) else 365 for year in (2023, 2024)])
    np.testing.assert_allclose(values[:, 1], np.cos(2 * np.pi * (lengths - 1) / lengths))


@pytest.mark.parametrize(
    ("index", "given", "error", "message"),
    [
        (HOURS, dict(encoding="onehot"), ValueError, "encoding='onehot'.*'cyclic'"),
        (HOURS, dict(features=["hours"]), ValueError, "features has 'hours'.*mean 'hour'"),
        (HOURS, dict(features=[]), ValueError, "features is empty"),
        (HOURS, dict(features=3), TypeError, "features=3"),
        (HOURS, dict(features=["hour", "hour"]), ValueError, "names a feature twice"),
        (HOURS, dict(horizon=0), ValueError, "horizon=0.*at least 1"),
        (HOURS, dict(horizon=2.0), TypeError, r"horizon=2\.0"),
        (HOURS, dict(horizon=True), TypeError, "horizon=True"),
        (HOURS, dict(freq="fortnight"), ValueError, "freq='fortnight'"),
        (HOURS, dict(freq=1), TypeError, "freq=1"),
        (HOURS[:1], {}, ValueError, "freq is None, but there are no two times"),
        ([HOURS, HOURS[:0]], dict(horizon=1), ValueError, r"index\[1\] is empty"),
        (HOURS, dict(freq="MS", horizon=1), ValueError, "ends with 2024-01-05T03.*freq='MS'"),
        (
            HOURS[::-1],
            dict(horizon=1),
            ValueError,
            r"index\[1\] is 2024-01-05T02:00, not after 2024-01-05T03:00 .* they have to increase",
        ),
        ([1, 2, 3], {}, TypeError, "index is an array of the type int64"),
        (["2024-01-01"], {}, TypeError, "type <U10.*pandas.to_datetime"),
        ("2024-01-01", {}, TypeError, "index is a str"),
        (5, {}, TypeError, "index is a int"),
        ([], {}, ValueError, "index is empty"),
        (pd.DataFrame({"ds": HOURS}), {}, TypeError, "index is a DataFrame"),
        (pd.Series([HOURS[0], None]), {}, ValueError, "index is missing at position 1"),
        ([HOURS, [HOURS[0], pd.NaT]], {}, TypeError, r"index\[1\]\[1\] is .*NaT"),
        ([HOURS, HOURS[0]], {}, TypeError, r"index\[1\] is a Timestamp"),
        ([HOURS[0], 5], {}, TypeError, r"index\[1\] is 5"),
        (np.array([HOURS, HOURS]), {}, TypeError, "index is an array with 2 dimensions"),
        (
            [HOURS[0], HOURS[1].tz_localize("UTC")],
            {},
            ValueError,
            r"index\[1\] has the time zone UTC, but index\[0\] has None",
        ),
    ],
)
def test_refused_input(index, given, error, message):
    with pytest.raises(error, match=message):
        calendar_features(index, **given)
