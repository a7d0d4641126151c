"""Regular grids of times, against pandas' date ranges and resampling."""

import datetime
import zoneinfo

import numpy as np
import pandas as pd
import pytest

from sklstm.preprocessing.series.frequencies import (
    clock_times,
    infer_frequency,
    parse_frequency,
    to_local,
    to_utc,
    zone_of,
)

ALIASES = (
    "ns 3us ms s 5s min 5min 90min h 7h D 2D 14D W-MON W-SUN 2W-WED MS ME 2MS 5ME QS QE QS-FEB "
    "QE-JAN 2QS YS YE YS-JUL YE-JUN 2YE B"
).split()
# Those of which pandas has another name for the same grid.
SAME = {"2W-WED": "2W-WED", "14D": "2W-WED", "QS": "QS-JAN", "QE": "QE-DEC", "QE-JAN": "QE-OCT"}
SAME |= {"2QS": "2QS-JAN", "YS": "YS-JAN", "YE": "YE-DEC", "2YE": "2YE-DEC"}


def grid(alias, n=40, start="2023-12-27 06:00"):
    return clock_times(pd.date_range(start, periods=n, freq=alias).to_numpy())


@pytest.mark.parametrize("alias", [*ALIASES, "2B", "W-FRI"])
def test_grids_are_those_of_date_range(alias):
    times = grid(alias)
    frequency = parse_frequency(alias, is_number=False)
    origins = np.full(len(times), times[0])
    np.testing.assert_array_equal(frequency.at(origins, np.arange(40)), times)
    places, on_grid = frequency.positions(times, origins)
    np.testing.assert_array_equal(places, np.arange(40))
    assert on_grid.all()
    assert frequency.fits(times).all()
    # From a later time, too, and back.
    late = np.full(len(times), times[11])
    np.testing.assert_array_equal(frequency.at(late, np.arange(-11, 29)), times)


@pytest.mark.parametrize("alias", ALIASES)
def test_frequencies_are_inferred(alias):
    times = grid(alias)
    inferred = infer_frequency(times, np.array([40]))
    assert inferred.name == SAME.get(alias, alias)
    assert parse_frequency(inferred.name, is_number=False) == inferred
    # Of several series, with a quarter of the rows missing.
    keep = np.random.default_rng(0).random(40) > 0.25
    two = np.concatenate([times[keep], times[:30]])
    assert infer_frequency(two, np.array([keep.sum(), 30])) == inferred


@pytest.mark.parametrize("alias", ["5min", "h", "D", "W-SUN", "MS", "ME", "QS", "B", "YE"])
def test_what_is_off_the_grid(alias):
    frequency = parse_frequency(alias, is_number=False)
    fine = clock_times(pd.date_range("2024-01-01", "2025-03-01", freq="30min").to_numpy())
    if alias == "5min":
        fine = clock_times(pd.date_range("2024-01-01", periods=4000, freq="1min").to_numpy())
    own = fine[np.isin(fine, pd.date_range("2024-01-01", "2025-03-01", freq=alias).to_numpy())]
    places, on_grid = frequency.positions(fine, np.full(len(fine), own[0]))
    on_grid &= frequency.fits(fine) & (places >= 0)
    np.testing.assert_array_equal(fine[on_grid], own)


@pytest.mark.parametrize(
    "alias",
    "5min h 7h D 2D W-MON W-SUN 2W-WED MS ME 2MS QS QE QS-FEB QE-JAN YS YE YE-JUN B".split(),
)
def test_periods_are_those_of_resample(alias):
    rng = np.random.default_rng(0)
    minutes = np.sort(rng.integers(0, 900 * 24 * 60, 400))
    stamps = pd.Timestamp("2023-12-27 06:17") + pd.to_timedelta(minutes, unit="min")
    expected = pd.Series(1, index=stamps).resample(alias).sum()
    expected = expected[expected > 0]
    frequency = parse_frequency(alias, is_number=False)
    times = clock_times(stamps.to_numpy())
    origins = np.full(len(times), times[0])
    if frequency.duration is not None and frequency.anchor is None:
        origins = origins.astype("datetime64[D]").astype(times.dtype)
    labels, counts = np.unique(frequency.bins(times, origins), return_counts=True)
    np.testing.assert_array_equal(labels, expected.index.to_numpy())
    np.testing.assert_array_equal(counts, expected.to_numpy())


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("H", "h"), ("T", "min"), ("S", "s"), ("M", "ME"), ("Q", "QE-DEC"), ("A", "YE-DEC"),
        ("AS", "YS-JAN"), ("60min", "h"), ("24h", "D"), ("7D", "7D"), ("W", "7D"), ("d", "D"),
        (datetime.timedelta(minutes=15), "15min"), (np.timedelta64(3600, "s"), "h"),
        (np.timedelta64(1, "W"), "7D"), (pd.Timedelta("2h"), "2h"),
        (pd.offsets.MonthBegin(), "MS"), (pd.offsets.BDay(), "B"), (pd.offsets.Hour(6), "6h"),
        (pd.offsets.Week(weekday=2), "W-WED"),
    ],
)  # fmt: skip
def test_forms_of_a_frequency(given, name):
    assert parse_frequency(given, is_number=False).name == name


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ("fortnight", ValueError, "freq='fortnight' is not accepted; use one of 'ms'"),
        ("BME", ValueError, "freq='BME'.*Did you mean 'ME'"),
        ("15mn", ValueError, "Did you mean '15min'"),
        ("ms-MON", ValueError, "freq='ms-MON'"),
        ("W-MOO", ValueError, "freq='W-MOO'"),
        ("0h", ValueError, "freq='0h'"),
        ("-1h", ValueError, "freq='-1h'"),
        ("", ValueError, "freq=''"),
        (1, TypeError, "freq=1 is not accepted, as the times are dates"),
        (True, TypeError, "freq=True"),
        (datetime.timedelta(0), ValueError, "must be above 0"),
        (np.timedelta64("NaT"), ValueError, "must be above 0"),
        (np.timedelta64(3), ValueError, "has no unit"),
    ],
)
def test_refused_frequencies(given, error, message):
    with pytest.raises(error, match=message):
        parse_frequency(given, is_number=False)


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ("h", TypeError, "freq='h' is not accepted, as the times are integers; give an int"),
        (0, ValueError, "freq=0 is not accepted; it must be at least 1"),
        (True, TypeError, "freq=True"),
        (1.0, TypeError, "freq=1.0"),
    ],
)
def test_refused_frequencies_of_integers(given, error, message):
    with pytest.raises(error, match=message):
        parse_frequency(given, is_number=True)


def test_working_days_and_all_days_are_told_apart():
    days = clock_times(pd.date_range("2024-01-01", periods=60, freq="D").to_numpy())
    work = days[np.is_busday(days.astype("datetime64[D]"))]
    assert infer_frequency(days, np.array([60])).name == "D"
    assert infer_frequency(work, np.array([len(work)])).name == "B"
    assert infer_frequency(work[:5], np.array([5])).name == "D"  # Monday to Friday: no telling
    open_on_saturday = days[(days.astype("datetime64[D]").astype(int) + 3) % 7 != 6]
    assert infer_frequency(open_on_saturday, np.array([len(open_on_saturday)])).name == "D"


def test_days_of_the_month():
    middle = clock_times((pd.date_range("2024-01-01", periods=9, freq="MS") + DAYS(14)).to_numpy())
    inferred = infer_frequency(middle, np.array([9]))
    assert inferred.name == np.timedelta64(1, "M")
    assert parse_frequency(inferred.name, is_number=False) == inferred
    np.testing.assert_array_equal(inferred.at(middle[:1], np.arange(9)), middle)
    # As pandas' DateOffset, from the 31st.
    start = pd.Timestamp("2024-01-31 12:00")
    expected = [start + pd.DateOffset(months=k) for k in range(14)]
    got = inferred.at(np.array(["2024-01-31T12:00"], "datetime64[us]"), np.arange(14))
    np.testing.assert_array_equal(got, np.array(expected, "datetime64[us]"))
    four_weeks = clock_times(pd.date_range("2024-02-01", periods=9, freq="28D").to_numpy())
    assert infer_frequency(four_weeks, np.array([9])).name == "4W-THU"


def test_weekly_series_of_several_weekdays():
    monday, friday = grid("W-MON"), grid("W-FRI")
    both = np.concatenate([monday, friday])
    assert infer_frequency(both, np.array([40, 40])).name == "7D"


def test_no_step_no_frequency():
    assert infer_frequency(grid("h", 2), np.array([1, 1])) is None
    assert infer_frequency(np.array([4, 6, 8, 9]), np.array([4])).name == 2


def DAYS(n):
    return pd.Timedelta(n, unit="D")


@pytest.mark.parametrize("name", ["Europe/Rome", "America/New_York", "Asia/Kathmandu", "UTC"])
def test_time_zones_are_those_of_pandas(name):
    utc = pd.date_range("2023-10-01", "2024-04-30", freq="5min")
    zone = zoneinfo.ZoneInfo(name)
    local = utc.tz_localize("UTC").tz_convert(name).tz_localize(None)
    np.testing.assert_array_equal(to_local(utc.to_numpy(), zone), local.to_numpy())
    back = to_utc(local.to_numpy(), zone)
    twice = local.duplicated(keep=False)
    np.testing.assert_array_equal(back[~twice], utc.to_numpy()[~twice])
    first = local.duplicated(keep="last")  # of an hour that is there twice, the first
    np.testing.assert_array_equal(back[first], utc.to_numpy()[first])


def test_a_time_that_clocks_never_show():
    zone = zoneinfo.ZoneInfo("Europe/Rome")
    times = np.array(["2024-03-31T01:00", "2024-03-31T02:30"], dtype="datetime64[us]")
    with pytest.raises(ValueError, match="Europe/Rome never show 2024-03-31T02:30"):
        to_utc(times, zone)


@pytest.mark.parametrize(
    "name", ["+05:45", "UTC+05:45", datetime.timezone(datetime.timedelta(minutes=345))]
)
def test_zones_by_offset(name):
    time = np.array(["2024-01-01T00:00"], dtype="datetime64[us]")
    assert to_local(time, zone_of(name))[0] == np.datetime64("2024-01-01T05:45")
    west = zone_of("-03:30")
    assert to_local(time, west)[0] == np.datetime64("2023-12-31T20:30")


@pytest.mark.parametrize("name", ["Europe/Atlantis", "/etc"])
def test_unknown_zones(name):
    with pytest.raises(ValueError, match=f"the time zone '{name}' is not known; install.*tzdata"):
        zone_of(name)
