"""frame_to_series and forecasts_to_frame, for pandas, polars and Arrow."""

import datetime
import pickle
import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from sklstm import (
    LSTMClassifier,
    calendar_features,
    forecasts_to_frame,
    frame_to_series,
)

KINDS = pytest.mark.parametrize(
    "kind",
    [
        lambda frame: frame,
        pl.from_pandas,
        lambda frame: pa.Table.from_pandas(frame, preserve_index=False),
    ],
    ids=["pandas", "polars", "arrow"],
)
FREQS = ["15min", "h", "D", "B", "W-WED", "MS", "ME", "QS-JAN", "YE-DEC"]


def to_pandas(frame):
    return frame if isinstance(frame, pd.DataFrame) else frame.to_pandas()


def panel(freq="h", lengths=(20, 30, 25), tz=None, seed=0, start="2024-01-01"):
    """Return a long table of pandas in random order, series of several starts and lengths."""
    rng = np.random.default_rng(seed)
    whole = pd.date_range(start, periods=max(lengths) + len(lengths), freq=freq, tz=tz)
    parts = [
        pd.DataFrame({"unique_id": f"s{i}", "ds": whole[i : i + n], "region": "ns"[i % 2]})
        for i, n in enumerate(lengths)
    ]
    frame = pd.concat(parts)
    frame["y"] = rng.normal(size=len(frame))
    frame["z"] = rng.normal(size=len(frame))
    frame["price"] = rng.normal(size=len(frame))
    frame["promo"] = rng.random(len(frame)) < 0.5
    return frame.sample(frac=1, random_state=seed).reset_index(drop=True)


def by_reindex(frame, freq, columns):
    """Return each series as pandas brings it to the grid, by id in order of first appearance."""
    found = {}
    for name, group in frame.groupby("unique_id", sort=False):
        own = group.set_index("ds").sort_index()[columns]
        found[name] = own.reindex(pd.date_range(own.index[0], own.index[-1], freq=freq))
    return found


def with_holes(frame, seed=1, fraction=0.3):
    """Return a frame that lacks rows inside its series."""
    rng = np.random.default_rng(seed)
    inside = np.zeros(len(frame), dtype=bool)
    for _, group in frame.groupby("unique_id"):
        inside[group.sort_values("ds").index[1:-1]] = True
    return frame[~inside | (rng.random(len(frame)) > fraction)]


def the_past(frame, horizon, known=("y", "z")):
    """Return a frame whose last rows of each series have no target, and those rows as they were."""
    frame = frame.sort_values("ds", kind="stable")
    coming = frame.groupby("unique_id").cumcount(ascending=False) < horizon
    past = frame.copy()
    past.loc[coming, list(known)] = np.nan
    return past.sample(frac=1, random_state=0), frame[coming]


@KINDS
@pytest.mark.parametrize("freq", FREQS)
@pytest.mark.parametrize("given", [True, False])
def test_series_are_those_of_reindex(kind, freq, given):
    frame = with_holes(panel(freq, lengths=(90, 80, 60)))
    if freq in ("h", "B", "ME"):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            series = frame_to_series(kind(frame), freq=freq if given else None)
        assert len(caught) == (0 if given else 1)
        if not given:
            assert f"steps of '{freq}'" in str(caught[0].message)
    else:
        series = frame_to_series(kind(frame), freq=freq)
    expected = by_reindex(frame, freq, "y")
    assert series.freq == freq
    assert series.ids.tolist() == list(expected) == frame["unique_id"].unique().tolist()
    assert series.X.dtype == object
    assert series.covariates is None
    assert series.static is None
    for x, times, wanted in zip(series.X, series.times, expected.values(), strict=True):
        np.testing.assert_array_equal(x, wanted.to_numpy())
        np.testing.assert_array_equal(times, wanted.index.to_numpy())
    gaps = to_pandas(series.gaps)
    assert gaps["n_missing"].sum() == sum(np.isnan(x).sum() for x in series.X)
    for name, own in gaps.groupby("unique_id"):
        index = frame[frame["unique_id"] == name].set_index("ds").sort_index().index
        assert set(own["from"]) | set(own["to"]) <= set(index)
        between = [
            len(pd.date_range(a, b, freq=freq)) - 2
            for a, b in zip(own["from"], own["to"], strict=True)
        ]
        assert own["n_missing"].tolist() == between


@KINDS
def test_covariates_and_static_columns(kind):
    frame = with_holes(panel())
    frame["region"] = frame["region"].astype("category")
    series = frame_to_series(
        kind(frame),
        target=["y", "z"],
        covariates=["price", "promo"],
        static="region",
        freq="h",
        calendar=["hour"],
    )
    expected = by_reindex(frame, "h", ["y", "z", "price", "promo"])
    assert series.covariate_names == ("price", "promo", "hour_sin", "hour_cos")
    assert series.target_names == ("y", "z")
    assert series.static_names == ("region",)
    for x, own, wanted in zip(series.X, series.covariates, expected.values(), strict=True):
        np.testing.assert_array_equal(x, wanted[["y", "z"]])
        # Those of missing rows are carried forward, but the hour is known.
        carried = wanted[["price", "promo"]].ffill().astype(float)
        np.testing.assert_array_equal(own[:, :2], carried)
        np.testing.assert_array_equal(own[:, 2:], calendar_features(wanted.index, features="hour"))
    regions = frame.groupby("unique_id", observed=True)["region"].first()
    static = to_pandas(series.static)
    assert type(series.static) is type(kind(frame))
    assert static["region"].tolist() == regions.loc[series.ids].tolist()
    assert str(static["region"].dtype) == "category"
    for one, other in zip(series.past_covariates, series.covariates, strict=True):
        np.testing.assert_array_equal(one, other)


@KINDS
@pytest.mark.parametrize("freq", ["h", "D", "MS", "B"])
@pytest.mark.parametrize("way", ["rows", "future"])
def test_the_future(kind, freq, way):
    whole = panel(freq)
    past, coming = the_past(whole, 4)
    if way == "rows":
        given = dict(frame=kind(past), horizon=4)
    else:
        future = coming[["price", "unique_id", "ds"]].sample(frac=1, random_state=3)
        given = dict(frame=kind(past[past["y"].notna()]), future=kind(future))
    series = frame_to_series(**given, covariates="price", calendar="auto")
    assert series.horizon == 4
    assert "covariates: price" in repr(series)
    assert "4 steps into the future" in repr(series)
    for name, x, own, times, before in zip(
        series.ids, series.X, series.covariates, series.times, series.past_covariates, strict=True
    ):
        wanted = whole[whole["unique_id"] == name].sort_values("ds")
        np.testing.assert_array_equal(x, wanted["y"][:-4])
        np.testing.assert_array_equal(times, wanted["ds"][:-4])
        np.testing.assert_array_equal(own[:, 0], wanted["price"])
        dates = calendar_features(wanted["ds"], freq=freq)
        np.testing.assert_array_equal(own[:, 1:], dates)
        np.testing.assert_array_equal(before, own[:-4])


def test_covariates_of_the_future_rows_of_other_kinds_and_order():
    whole = panel()
    past, coming = the_past(whole, 3)
    future = pl.from_pandas(coming[["ds", "unique_id", "price"]])
    known = past[past["y"].notna()]
    mixed = frame_to_series(known, covariates="price", future=future)
    same = frame_to_series(past, covariates="price", horizon=3)
    order = [same.ids.tolist().index(name) for name in mixed.ids]
    for own, place in zip(mixed.covariates, order, strict=True):
        np.testing.assert_array_equal(own, same.covariates[place])


def test_a_horizon_without_covariates_needs_no_rows():
    frame = panel()
    series = frame_to_series(frame, horizon=5, calendar="hour")
    assert [len(own) - len(x) for own, x in zip(series.covariates, series.X, strict=True)] == [
        5
    ] * 3
    past, _ = the_past(frame, 5)
    np.testing.assert_array_equal(
        np.concatenate(frame_to_series(past, horizon=5, calendar="hour").X),
        np.concatenate([x[:-5] for x in frame_to_series(past).X]),
    )
    # One series has rows of the future, the others none.
    some = pd.concat([past[past["unique_id"] == "s0"], frame[frame["unique_id"] != "s0"]])
    lengths = {
        name: len(x) for name, x in zip("012", frame_to_series(some, horizon=5).X, strict=True)
    }
    assert sorted(lengths.values()) == [15, 25, 30]


def test_trailing_missing_targets_are_the_past_without_a_horizon():
    past, _ = the_past(panel(), 4)
    series = frame_to_series(past)
    assert sorted(map(len, series.X)) == [20, 25, 30]
    assert all(np.isnan(x[-4:]).all() and not np.isnan(x[:-4]).any() for x in series.X)
    assert len(series.gaps) == 0
    assert "0 missing rows, 12 steps with NaN" in repr(series)


def test_of_several_targets_one_known_makes_the_past():
    past, _ = the_past(panel(), 4, known=["y"])
    series = frame_to_series(past, target=["y", "z"], horizon=4)
    assert sorted(map(len, series.X)) == [20, 25, 30]
    both, _ = the_past(past, 4, known=["z"])
    assert sorted(map(len, frame_to_series(both, target=["y", "z"], horizon=4).X)) == [16, 21, 26]


def test_forward_filling():
    frame = with_holes(panel(lengths=(60, 70, 80)))
    rng = np.random.default_rng(0)
    frame["y"] = frame["y"].where(rng.random(len(frame)) > 0.2)
    frame.loc[frame.groupby("unique_id")["ds"].idxmin(), "y"] = np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        series = frame_to_series(frame, missing="ffill", target=["y", "z"])
    for x, wanted in zip(series.X, by_reindex(frame, "h", ["y", "z"]).values(), strict=True):
        np.testing.assert_array_equal(x, wanted.ffill())
        assert np.isnan(x[0, 0])  # nothing before


@KINDS
@pytest.mark.parametrize("freq", ["h", "D", "W-SUN", "MS", "ME", "QE", "B", "90min"])
@pytest.mark.parametrize("how", ["mean", "sum", "last"])
def test_resampling_is_that_of_pandas(kind, freq, how):
    rng = np.random.default_rng(0)
    n, span = 300, {"h": 9, "90min": 9, "D": 200, "B": 200}.get(freq, 1500)
    frame = pd.DataFrame(
        {
            "unique_id": rng.choice(["a", "b"], n),
            "ds": pd.Timestamp("2024-02-07 01:13")
            + pd.to_timedelta(rng.integers(0, span * 1440, n), unit="min"),
            "y": rng.normal(size=n),
            "price": rng.normal(size=n),
        }
    )
    frame = frame.drop_duplicates(["unique_id", "ds"]).reset_index(drop=True)
    frame["y"] = frame["y"].where(rng.random(len(frame)) > 0.1)
    series = frame_to_series(kind(frame), freq=freq, resample=how, covariates="price")
    for name, x, own, times in zip(
        series.ids, series.X, series.covariates, series.times, strict=True
    ):
        groups = frame[frame["unique_id"] == name].set_index("ds").sort_index().resample(freq)
        wanted = groups["y"].sum(min_count=1) if how == "sum" else groups["y"].agg(how)
        np.testing.assert_allclose(x, wanted, atol=1e-12)
        np.testing.assert_array_equal(times, wanted.index)
        price = groups["price"].agg("last" if how == "last" else "mean").ffill()
        np.testing.assert_allclose(own[:, 0], price, atol=1e-12)
    assert series.freq == {"QE": "QE-DEC"}.get(freq, freq)


def test_resampling_takes_rows_of_the_same_time():
    frame = pd.DataFrame({"ds": [7, 7, 4, 1], "y": [1.0, 2.0, 4.0, 8.0]})
    series = frame_to_series(frame, id=None, freq=2, resample="sum")
    np.testing.assert_array_equal(series.X[0], [8.0, np.nan, 4.0, 3.0])
    assert series.times[0].tolist() == [0, 2, 4, 6]


@KINDS
@pytest.mark.parametrize("zone", ["Europe/Rome", "America/New_York", "Asia/Kathmandu"])
def test_hours_of_a_time_zone_are_regular_where_clocks_are_set(kind, zone):
    frame = panel("h", (6000, 5500), tz=zone, start="2024-01-03")
    series = frame_to_series(kind(frame), calendar="hour")
    for name, x, own, times in zip(
        series.ids, series.X, series.covariates, series.times, strict=True
    ):
        wanted = frame[frame["unique_id"] == name].sort_values("ds")
        np.testing.assert_array_equal(x, wanted["y"])
        utc = wanted["ds"].dt.tz_convert("UTC").dt.tz_localize(None)
        np.testing.assert_array_equal(times, utc)
        hours = calendar_features(wanted["ds"].dt.tz_localize(None), features="hour")
        np.testing.assert_array_equal(own, hours)
    after = to_pandas(forecasts_to_frame(np.zeros((2, 4000)), series))
    assert str(after["ds"].dt.tz) == zone
    end = frame.groupby("unique_id")["ds"].max()
    for name, own in after.groupby("unique_id"):
        expected = pd.date_range(end[name], periods=4001, freq="h")[1:]
        assert (own["ds"].to_numpy() == expected.to_numpy()).all()


@KINDS
@pytest.mark.parametrize("freq", ["D", "W-MON", "MS", "B"])
def test_days_of_a_time_zone_are_those_of_its_clocks(kind, freq):
    frame = panel(freq, (300, 200), tz="Europe/Rome")
    series = frame_to_series(kind(frame), freq=freq)
    assert not any(np.isnan(x).any() for x in series.X)
    for name, times in zip(series.ids, series.times, strict=True):
        own = frame.loc[frame["unique_id"] == name, "ds"].sort_values()
        np.testing.assert_array_equal(times, own.dt.tz_localize(None))
    after = to_pandas(forecasts_to_frame(np.zeros((2, 250)), series))
    end = frame.groupby("unique_id")["ds"].max()
    for name, own in after.groupby("unique_id"):
        expected = pd.date_range(end[name], periods=251, freq=freq)[1:]
        assert (own["ds"].to_numpy() == expected.to_numpy()).all()


def test_steps_of_24_hours_in_a_time_zone():
    # Not by its clocks, but in UTC.
    frame = panel("D", (300,), tz="UTC")
    frame["ds"] = frame["ds"].dt.tz_convert("Europe/Rome")
    series = frame_to_series(frame)
    assert not np.isnan(series.X[0]).any()
    after = forecasts_to_frame(np.zeros((1, 200)), series)["ds"]
    expected = pd.date_range(frame["ds"].max().tz_convert("UTC"), periods=201, freq="D")[1:]
    assert (after.dt.tz_convert("UTC").to_numpy() == expected.to_numpy()).all()


@pytest.mark.parametrize("freq", ["h", "D", "90min"])
def test_resampling_in_a_time_zone(freq):
    rng = np.random.default_rng(0)
    minutes = np.unique(rng.integers(0, 20 * 1440, 300))
    stamps = pd.Timestamp("2024-10-20", tz="Asia/Kathmandu") + pd.to_timedelta(minutes, unit="min")
    frame = pd.DataFrame({"ds": stamps, "y": rng.normal(size=len(stamps))})
    series = frame_to_series(frame, id=None, freq=freq, resample="mean")
    wanted = frame.set_index("ds")["y"].resample(freq).mean()
    np.testing.assert_allclose(series.X[0], wanted)
    index = wanted.index.tz_localize(None) if freq == "D" else wanted.index.tz_convert(None)
    np.testing.assert_array_equal(series.times[0], index.to_numpy())


@KINDS
@pytest.mark.parametrize("freq", [None, 3])
def test_integers(kind, freq):
    frame = panel("D")
    frame["ds"] = 3 * (frame["ds"] - frame["ds"].min()).dt.days - 7
    series = frame_to_series(kind(frame), freq=freq)
    assert series.freq == 3
    for name, x in zip(series.ids, series.X, strict=True):
        own = frame[frame["unique_id"] == name].sort_values("ds")
        np.testing.assert_array_equal(x, own["y"])
    after = to_pandas(forecasts_to_frame(np.zeros((3, 2)), series))
    end = frame.groupby("unique_id")["ds"].max()
    assert after["ds"].tolist() == [end[name] + k for name in series.ids for k in (3, 6)]
    assert after["ds"].dtype == np.int64
    whole = frame.astype({"ds": float})
    assert [times.tolist() for times in frame_to_series(kind(whole)).times] == [
        times.tolist() for times in series.times
    ]


def test_several_columns_name_an_id():
    frame = panel()
    frame["shop"], frame["item"] = frame["unique_id"].str[0], frame["unique_id"].str[1].astype(int)
    series = frame_to_series(frame, id=["shop", "item"])
    pairs = frame[["shop", "item"]].drop_duplicates().itertuples(index=False)
    assert series.ids.tolist() == [tuple(pair) for pair in pairs]
    past, coming = the_past(frame, 3)
    known, names = past[past["y"].notna()], ["shop", "item"]
    ahead = frame_to_series(known, id=names, covariates="price", future=coming)
    for (shop, item), own in zip(ahead.ids, ahead.covariates, strict=True):
        wanted = frame[(frame["shop"] == shop) & (frame["item"] == item)].sort_values("ds")
        np.testing.assert_array_equal(own[:, 0], wanted["price"])
    after = forecasts_to_frame(np.arange(6).reshape(3, 2), series)
    assert after.columns.tolist() == ["shop", "item", "ds", "y_pred"]
    assert list(zip(after["shop"], after["item"], strict=True))[::2] == series.ids.tolist()
    assert after["y_pred"].tolist() == list(range(6))


# The index of pandas, and single series


@pytest.mark.parametrize("name", ["when", None])
@pytest.mark.parametrize("freq", ["h", "MS", "B"])
def test_times_in_the_index(name, freq):
    index = pd.date_range("2024-01-01", periods=30, freq=freq, name=name)
    frame = pd.DataFrame({"y": np.arange(30.0)}, index=index)
    series = frame_to_series(frame, id=None, time=None)
    assert series.ids.tolist() == [0]
    assert series.freq == freq
    np.testing.assert_array_equal(series.X[0], np.arange(30.0))
    after = forecasts_to_frame([[1.0, 2.0]], series)
    expected = pd.date_range("2024-01-01", periods=32, freq=freq, name=name)[30:]
    pd.testing.assert_frame_equal(
        after, pd.DataFrame({"y_pred": [1.0, 2.0]}, index=expected), check_freq=False
    )
    # A frame of the future has them there, too.
    more = pd.DataFrame({"price": 1.0}, index=expected)
    both = frame_to_series(
        frame.assign(price=0.0), id=None, time=None, covariates="price", future=more
    )
    assert both.covariates[0][:, 0].tolist() == [0.0] * 30 + [1.0] * 2


@pytest.mark.parametrize("freq", ["M", "Q", "W", "D", "h", "Y", "Q-JAN", "W-TUE", "2M"])
@pytest.mark.parametrize("where", ["index", "column"])
def test_periods(freq, where):
    periods = pd.period_range("2023-01-01", periods=40, freq=freq, name="ds")
    frame = pd.DataFrame({"y": np.arange(40.0)}, index=periods)
    holes = frame.drop(index=periods[[4, 5]])
    time = None
    if where == "column":
        frame, holes, time = frame.reset_index(), holes.reset_index(), "ds"
    series = frame_to_series(holes, id=None, time=time, freq=freq)
    assert np.flatnonzero(np.isnan(series.X[0])).tolist() == [4, 5]
    np.testing.assert_array_equal(series.times[0], periods.to_timestamp())
    after = forecasts_to_frame(np.zeros((1, 3)), frame_to_series(frame, id=None, time=time))
    got = after.index if where == "index" else pd.PeriodIndex(after["ds"])
    wanted = pd.period_range("2023-01-01", periods=43, freq=freq, name="ds")[40:]
    assert got.equals(wanted)
    assert frame.index.equals(periods) or frame["ds"].dtype == periods.dtype  # left alone


def test_several_series_with_times_in_the_index():
    frame = panel().set_index("ds")
    series = frame_to_series(frame, time=None)
    expected = by_reindex(frame.reset_index(), "h", "y")
    for x, wanted in zip(series.X, expected.values(), strict=True):
        np.testing.assert_array_equal(x, wanted)
    after = forecasts_to_frame(np.zeros((3, 2)), series)
    assert after.index.name == "ds"
    assert after.columns.tolist() == ["unique_id", "y_pred"]


def test_columns_named_by_numbers():
    frame = panel()[["unique_id", "ds", "y"]].set_axis([0, 1, 2], axis=1)
    series = frame_to_series(frame, id=0, time=1, target=2)
    after = forecasts_to_frame(np.zeros((3, 2)), series)
    assert after.columns.tolist() == [0, 1, "2_pred"]
    periods = frame.assign(**{"when": frame[1].dt.to_period("h")})[[0, "when", 2]]
    periods = periods.set_axis([0, 1, 2], axis=1)
    again = forecasts_to_frame(np.zeros((3, 2)), frame_to_series(periods, id=0, time=1, target=2))
    assert again[1].dt.to_timestamp().tolist() == after[1].tolist()


# Types


@pytest.mark.parametrize(
    "dtypes", ["numpy_nullable", "pyarrow", "objects", "int32", "float32", "seconds"]
)
def test_types_of_columns(dtypes):
    frame = panel("D")
    frame["y"] = frame["y"].round().where(frame["y"] > -2)
    expected = frame_to_series(frame, covariates=["price", "promo"])
    other = frame
    if dtypes in ("numpy_nullable", "pyarrow"):
        other = frame.convert_dtypes(dtype_backend=dtypes)
        assert other["y"].isna().sum() == frame["y"].isna().sum()
    elif dtypes == "objects":
        other = frame.assign(ds=frame["ds"].dt.date)
    elif dtypes == "seconds":
        other = frame.assign(ds=frame["ds"].dt.as_unit("s"))
    else:
        frame = frame.assign(y=frame["y"].fillna(0))
        other = frame.astype({"y": dtypes})
        expected = frame_to_series(frame, covariates=["price", "promo"])
    series = frame_to_series(other, covariates=["price", "promo"])
    for name in ("X", "covariates", "times"):
        for one, two in zip(getattr(series, name), getattr(expected, name), strict=True):
            np.testing.assert_array_equal(one, two)
    assert series.X[0].dtype == (np.float32 if dtypes == "float32" else np.float64)
    after = forecasts_to_frame(np.zeros((3, 2)), series)
    assert after["ds"].dtype == other["ds"].dtype
    assert after["unique_id"].dtype == other["unique_id"].dtype
    wanted = forecasts_to_frame(np.zeros((3, 2)), expected)
    assert pd.to_datetime(after["ds"]).tolist() == wanted["ds"].tolist()


@pytest.mark.parametrize("kind", [pl.DataFrame, pa.table, pd.DataFrame])
def test_dates(kind):
    days = [datetime.date(2024, 1, day) for day in (1, 2, 4)]
    frame = kind({"ds": days, "y": [1.0, 2.0, 3.0]})
    series = frame_to_series(frame, id=None, freq="D")
    np.testing.assert_array_equal(series.X[0], [1, 2, np.nan, 3])
    after = forecasts_to_frame([[1, 2]], series)
    got = after["ds"].to_pylist() if kind is pa.table else list(after["ds"])
    assert got == [datetime.date(2024, 1, 5), datetime.date(2024, 1, 6)]
    gaps = series.gaps["to"].to_pylist() if kind is pa.table else list(series.gaps["to"])
    assert gaps == [datetime.date(2024, 1, 4)]
    # Hours cannot be written as dates.
    hours = frame_to_series(frame, id=None, freq="12h")
    after = forecasts_to_frame([[1, 2]], hours)
    got = after["ds"].to_pylist() if kind is pa.table else list(after["ds"])
    assert got == [datetime.datetime(2024, 1, 4, 12), datetime.datetime(2024, 1, 5)]


# The way back


@KINDS
@pytest.mark.parametrize("freq", FREQS)
def test_round_trip(kind, freq):
    whole = panel(freq, lengths=(60, 50, 40))
    past, coming = the_past(whole, 6)
    known = past[past["y"].notna()]
    series = frame_to_series(kind(known))
    truth = {
        name: own.sort_values("ds")["y"].to_numpy() for name, own in coming.groupby("unique_id")
    }
    after = forecasts_to_frame(np.stack([truth[name] for name in series.ids]), series)
    assert type(after) is type(kind(known))
    merged = to_pandas(after).merge(coming, on=["unique_id", "ds"])
    assert len(merged) == len(coming) == 18
    np.testing.assert_array_equal(merged["y_pred"], merged["y"])
    # As the rest of the table, they give the series back.
    longer = pd.concat([known, to_pandas(after).rename(columns={"y_pred": "y"})])
    both = frame_to_series(longer, freq=freq)
    expected = by_reindex(whole, freq, "y")
    for name, x in zip(both.ids, both.X, strict=True):
        np.testing.assert_array_equal(x, expected[name])


@KINDS
@pytest.mark.parametrize("several", [False, True])
def test_intervals_quantiles_and_paths(kind, several):
    targets = ["y", "z"] if several else "y"
    series = frame_to_series(kind(panel()), target=targets)
    rng = np.random.default_rng(0)
    F = (2,) if several else ()
    mean, wide, low = rng.random((3, 4, *F)), rng.random((3, 4, *F, 2)), rng.random((3, 4, *F))
    paths = rng.random((3, 5, 4, *F))
    after = forecasts_to_frame(
        mean,
        series,
        intervals={0.9: wide, 0.975: wide + 1},
        quantiles={np.float32(0.1): low},
        paths=paths,
    )
    plain = to_pandas(after)
    names = ["y", "z"] if several else ["y"]
    expected = {f"{name}_pred" for name in names}
    for f, name in enumerate(names):
        part = (lambda array, f=f: array[..., f]) if several else (lambda array: array)
        np.testing.assert_array_equal(plain[f"{name}_pred"], part(mean).ravel())
        np.testing.assert_array_equal(plain[f"{name}_q10"], part(low).ravel())
        for k, side in enumerate(["lower", "upper"]):
            bound = part(wide[..., k]).ravel()
            np.testing.assert_array_equal(plain[f"{name}_{side}_90"], bound)
            np.testing.assert_array_equal(plain[f"{name}_{side}_97.5"], bound + 1)
        for k in range(5):
            np.testing.assert_array_equal(plain[f"{name}_path_{k}"], part(paths[:, k]).ravel())
        expected |= {f"{name}_{end}" for end in ("q10", "lower_90", "upper_90")}
        expected |= {f"{name}_{end}" for end in ("lower_97.5", "upper_97.5")}
        expected |= {f"{name}_path_{k}" for k in range(5)}
    assert set(plain.columns) == expected | {"unique_id", "ds"}
    only = forecasts_to_frame(None, series, quantiles={0.5: low.tolist()})
    assert "_pred" not in str(list(to_pandas(only).columns))


def test_names_of_the_columns():
    series = frame_to_series(panel(), target=["y", "z"])
    values = np.zeros((3, 2, 2))
    after = forecasts_to_frame(values, series, names=["a", "b"], quantiles={0.5: values})
    assert after.columns.tolist() == ["unique_id", "ds", "a", "b", "a_q50", "b_q50"]
    one = forecasts_to_frame(np.zeros((3, 2)), frame_to_series(panel()), names="lstm")
    assert one.columns.tolist() == ["unique_id", "ds", "lstm"]


@KINDS
@pytest.mark.parametrize("backend", ["pandas", "polars", "pyarrow"])
def test_the_kind_of_the_result(kind, backend):
    series = frame_to_series(kind(panel()))
    after = forecasts_to_frame(np.ones((3, 2)), series, backend=backend)
    wanted = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "pyarrow": pa.Table}[backend]
    assert isinstance(after, wanted)
    plain = forecasts_to_frame(np.ones((3, 2)), series)
    pd.testing.assert_frame_equal(to_pandas(after), to_pandas(plain), check_dtype=False)


# The interface of forecasters


class SeasonalNaive:
    """A forecaster that repeats the last season, and checks what it is given."""

    def __init__(self, horizon, season_length):
        self.horizon, self.season_length = horizon, season_length

    def fit(self, X, y=None, *, covariates=None, static=None):
        for x, own in zip(X, covariates, strict=True):
            assert own.shape == (len(x), own.shape[1])
            assert np.isfinite(own).all()
        assert len(static) == len(X)
        return self

    def predict(self, X, *, covariates=None, static=None):
        for x, own in zip(X, covariates, strict=True):
            assert len(own) == len(x) + self.horizon
            assert np.isfinite(own).all()
        m = self.season_length
        return np.stack([np.resize(x[-m:], self.horizon) for x in X])


@KINDS
def test_a_forecaster_reads_the_series(kind):
    whole = panel("h", (100, 120, 90))
    whole["y"] = np.sin(2 * np.pi * whole["ds"].dt.hour / 24)
    past, coming = the_past(whole, 12)
    series = frame_to_series(
        kind(past), covariates=["price"], static="region", horizon=12, calendar="auto"
    )
    model = SeasonalNaive(12, 24).fit(
        series.X, covariates=series.past_covariates, static=to_pandas(series.static)
    )
    forecasts = model.predict(series.X, covariates=series.covariates)
    after = to_pandas(forecasts_to_frame(forecasts, series))
    merged = after.merge(coming, on=["unique_id", "ds"])
    assert len(merged) == 36
    np.testing.assert_allclose(merged["y_pred"], merged["y"], atol=1e-12)


def test_hourly_series_of_the_m4_competition(data_file):
    path = data_file("forecasting/M4-Hourly-train.csv")
    wide = pd.read_csv(path, index_col=0, nrows=20)
    start = pd.Timestamp("2015-07-01")
    long = wide.copy().reset_index(names="unique_id").melt("unique_id", value_name="y").dropna()
    long["ds"] = start + pd.to_timedelta(long["variable"].str[1:].astype(int) - 2, unit="h")
    series = frame_to_series(long[["unique_id", "ds", "y"]], calendar="auto", horizon=48)
    assert series.freq == "h"
    assert series.ids.tolist() == wide.index.tolist()
    for x, own, row in zip(series.X, series.covariates, wide.to_numpy(), strict=True):
        np.testing.assert_array_equal(x, row[np.isfinite(row)])
        assert own.shape == (len(x) + 48, 8)
    after = forecasts_to_frame(np.zeros((20, 48)), series)
    assert (after.groupby("unique_id")["ds"].min() > long.groupby("unique_id")["ds"].max()).all()


def test_a_frame_of_several_values_without_an_id(data_file):
    frame = pd.read_csv(data_file("forecasting/ETTh1.csv"), parse_dates=["date"], nrows=500)
    names = frame.columns[1:].tolist()
    series = frame_to_series(frame, id=None, time="date", target=names)
    np.testing.assert_array_equal(series.X[0], frame[names])
    assert series.freq == "h"


WITHOUT_PANDAS = """
import sys
sys.modules["pandas"] = sys.modules["pyarrow"] = None
import datetime, polars as pl, numpy as np
from sklstm import forecasts_to_frame, frame_to_series
start, end = datetime.datetime(2024, 3, 1), datetime.datetime(2024, 12, 1)
for freq, every, zone in [
    ("h", "1h", "America/New_York"), ("D", "1d", "Europe/Rome"), ("MS", "1mo", None)
]:
    times = pl.datetime_range(start, end, every, time_zone=zone, eager=True)
    frame = pl.DataFrame({"ds": times[:-2], "y": range(len(times) - 2)})[[0, 1, 3, 4, 5, 6, 7]]
    series = frame_to_series(frame, id=None, calendar="auto", horizon=2, freq=freq)
    assert np.isnan(series.X[0][2]) and len(series.gaps) == 1
    after = forecasts_to_frame(np.zeros((1, 2)), series)
    assert after["ds"].to_list() == times[8:10].to_list()
"""


def test_pandas_is_not_needed():
    subprocess.run([sys.executable, "-c", WITHOUT_PANDAS], check=True)


# The result


def test_the_result_is_shown_and_pickled():
    frame = with_holes(panel())
    series = frame_to_series(frame, freq="h", covariates="price", static="region")
    shown = repr(series)
    assert shown.splitlines()[1] == "  3 series of 20 to 30 steps, freq 'h'"
    assert "static: region" in shown
    missing = sum(np.isnan(x).sum() for x in series.X)
    assert f"{missing} missing rows, {missing} steps with NaN" in shown
    again = pickle.loads(pickle.dumps(series))
    assert repr(again) == shown
    assert len(again) == 3
    left, right = (forecasts_to_frame(np.zeros((3, 2)), one) for one in (series, again))
    pd.testing.assert_frame_equal(left, right)


def test_an_estimator_refuses_the_whole_result():
    series = frame_to_series(panel())
    with pytest.raises(TypeError, match=r"FrameSeries, not the series in it; .*result\.X"):
        LSTMClassifier().fit(series, [0, 1, 0])


def test_the_frame_is_left_alone():
    frame = panel().set_index("ds")
    before = frame.copy()
    frame_to_series(frame, time=None, missing="ffill", covariates="price")
    pd.testing.assert_frame_equal(frame, before)
    table = pl.from_pandas(before.reset_index())
    series = frame_to_series(table)
    series.X[0][:] = 0
    assert table["y"].to_list() == before["y"].tolist()


def test_gaps_beside_ids_of_the_same_name():
    frame = with_holes(panel()).rename(columns={"unique_id": "from"})
    series = frame_to_series(frame, id="from", freq="h")
    assert series.gaps.columns.tolist() == ["from", "gap_from", "gap_to", "gap_n_missing"]


# Errors


def without(frame, **rows):
    """Return a frame with some entries replaced, by column."""
    frame = frame.copy()
    for name, (row, value) in rows.items():
        frame[name] = frame[name].astype(object) if isinstance(value, str) else frame[name]
        frame.loc[row, name] = value
    return frame


PANEL = panel()
ROW = PANEL.iloc[3]
AT = f"id '{ROW['unique_id']}' at time {np.datetime_as_string(ROW['ds'].to_datetime64(), 'auto')}"
PAST, COMING = the_past(PANEL, 4)
KNOWN = PAST[PAST["y"].notna()].reset_index(drop=True)
FUTURE = COMING[["unique_id", "ds", "price"]]
ALL = dict(covariates="price")
MINUTE, HOUR = pd.Timedelta("1min"), pd.Timedelta("1h")


@pytest.mark.parametrize(
    ("frame", "given", "error", "message"),
    [
        # The columns
        (PANEL.to_numpy(), {}, TypeError, "frame is a ndarray; accepted is a data frame"),
        (PANEL[:0], {}, ValueError, "frame has no rows"),
        (
            PANEL.rename(columns={"unique_id": "id"}),
            {},
            ValueError,
            "no column 'unique_id', but .'id'.*pass id=None for a single series",
        ),
        (PANEL, dict(id="shop"), ValueError, "id names the column 'shop', but frame has"),
        (PANEL, dict(target="yy"), ValueError, "target names the column 'yy'.*mean 'y'"),
        (PANEL, dict(target=[]), ValueError, "target names no column"),
        (PANEL, dict(target=["y", "y"]), ValueError, "names a column twice"),
        (PANEL, dict(covariates="y"), ValueError, "'y' is given as target and as covariates"),
        (PANEL, dict(static="price", **ALL), ValueError, "given as static and as covariates"),
        (PANEL, dict(time="day"), ValueError, "time names the column 'day', but frame has"),
        (PANEL, dict(time=["ds", "y"]), ValueError, "time names 2 columns"),
        (PANEL, dict(time=None), ValueError, "time=None stands for the index.*no such"),
        (PANEL, dict(target="region"), TypeError, "column 'region' of frame has the type"),
        (PANEL, dict(covariates="region"), TypeError, "column 'region' of frame has the type"),
        (PANEL.set_index("ds"), {}, ValueError, "It is in the index"),
        (
            PANEL.set_index(["unique_id", "ds"]),
            {},
            ValueError,
            r"no column 'unique_id'.*; it is in the index: pass frame.reset_index\(\)",
        ),
        (pl.from_pandas(PANEL).lazy(), {}, TypeError, r"LazyFrame; pass frame.collect\(\)"),
        (
            PANEL.assign(ds=PANEL["ds"].astype(str)),
            {},
            TypeError,
            "time='ds' is a column of the type String.*pandas.to_datetime",
        ),
        (
            PANEL.assign(ds=PANEL["ds"] - PANEL["ds"].min()),
            {},
            TypeError,
            "time='ds' is a column of durations; add them to a date",
        ),
        (
            PANEL.assign(ds=np.arange(len(PANEL)) + 0.5),
            {},
            TypeError,
            r"time='ds' is a column of numbers such as 0\.5",
        ),
        (without(PANEL, unique_id=(3, None)), {}, ValueError, "'unique_id' is missing in row 3"),
        (without(PANEL, ds=(3, pd.NaT)), {}, ValueError, "the time 'ds' is missing in row 3"),
        # Values
        (
            without(PANEL, y=(3, np.inf)),
            {},
            ValueError,
            rf"the target 'y' is inf for {AT} \(row 3 of frame\); such values by column: ..y.: 1",
        ),
        (
            without(PANEL, price=(3, np.nan)),
            ALL,
            ValueError,
            rf"the covariate 'price' is missing for {AT} \(row 3 of frame\).*Fill them first",
        ),
        (without(PANEL, price=(3, -np.inf)), ALL, ValueError, f"'price' is -inf for {AT}"),
        (
            without(PANEL, region=(3, "w")),
            dict(static="region"),
            ValueError,
            f"static column 'region' is not constant within id '{ROW['unique_id']}'",
        ),
        (
            PANEL.assign(y=PANEL["y"].where(PANEL["unique_id"] != "s1")),
            {},
            ValueError,
            "id 's1' has no known target: all 30 are missing",
        ),
        # Times
        (
            pd.concat([PANEL, PANEL.iloc[[3]]]),
            {},
            ValueError,
            f"id '{ROW['unique_id']}' has the time .* twice, in rows 3 and 75 of frame",
        ),
        (
            without(PANEL, ds=(3, ROW["ds"] + MINUTE)),
            {},
            ValueError,
            rf"id '{ROW['unique_id']}' has the time \S*:01, which is not on the grid of step 'h' "
            r"\(the commonest\).*resample='mean' with freq='h'",
        ),
        (
            PANEL,
            dict(freq="D"),
            ValueError,
            "not on the grid of step 'D', the first of .* such times",
        ),
        (PANEL, dict(freq="D", resample="median"), ValueError, "resample='median' is not"),
        (PANEL, dict(resample="sum"), ValueError, "resample='sum' needs freq"),
        (PANEL, dict(freq=1), TypeError, "freq=1 is not accepted, as the times are dates"),
        (PANEL.groupby("unique_id").head(1), {}, ValueError, "freq is None, but no series has two"),
        (
            PANEL.assign(ds=np.arange(len(PANEL))),
            dict(freq="h"),
            TypeError,
            "freq='h' is not accepted, as the times are integers",
        ),
        (
            PANEL.assign(ds=np.arange(len(PANEL))),
            dict(calendar="auto", freq=1),
            ValueError,
            "calendar needs dates or datetimes, but the times 'ds' are integers",
        ),
        (PANEL, dict(calendar="weekday"), ValueError, "calendar has 'weekday'"),
        (
            PANEL.assign(hour_sin=0.0),
            dict(covariates="hour_sin", calendar="hour"),
            ValueError,
            "covariates and calendar both name 'hour_sin'",
        ),
        # Missing
        (PANEL, dict(missing="drop"), ValueError, r"missing='drop' is not accepted.*'keep'"),
        (
            PANEL[(PANEL["unique_id"] != "s1") | (PANEL["ds"].dt.hour != 5)],
            dict(missing="raise"),
            ValueError,
            "id 's1' lacks 1 row between 2024-01-01T04:00 and 2024-01-01T06:00, by steps of 'h'; 2",
        ),
        (
            without(PANEL, y=(3, np.nan)),
            dict(missing="raise"),
            ValueError,
            f"a target is missing for {AT}; 1 are missing in all series",
        ),
        # The future
        (PANEL, dict(horizon=0), ValueError, "horizon=0 is not accepted; it must be at least 1"),
        (PANEL, dict(horizon=1.0), TypeError, r"horizon=1\.0 is not accepted"),
        (
            PANEL,
            dict(horizon=3, **ALL),
            ValueError,
            r"needs 3 rows in frame after its last known target, at \S*, by horizon=3, and has 0: "
            r"\S* is missing",
        ),
        (PAST, dict(horizon=5, **ALL), ValueError, "by horizon=5, and has 4"),
        (PAST, dict(horizon=3), ValueError, "by horizon=3, and has 4: .* is after the horizon"),
        (
            PAST.drop(index=PAST.index[(PAST["unique_id"] == "s1") & PAST["y"].isna()][:1]),
            dict(horizon=4, **ALL),
            ValueError,
            r"id 's1' needs 4 rows .* and has 3: \S* is missing",
        ),
        (KNOWN, dict(future=FUTURE), ValueError, "future needs covariates"),
        (
            KNOWN,
            dict(future=FUTURE.drop(columns="price"), **ALL),
            ValueError,
            "future lacks the column 'price'; it has .'unique_id', 'ds'",
        ),
        (
            KNOWN[KNOWN["unique_id"] != "s1"],
            dict(future=FUTURE, **ALL),
            ValueError,
            "future has the id 's1', which frame does not have",
        ),
        (
            KNOWN,
            dict(future=FUTURE[FUTURE["unique_id"] != "s1"], **ALL),
            ValueError,
            "future has no row of id 's1'",
        ),
        (
            KNOWN,
            dict(future=FUTURE.assign(ds=FUTURE["ds"] - HOUR), **ALL),
            ValueError,
            "rows in future after its last time in frame.*is not after that time",
        ),
        (
            KNOWN,
            dict(future=FUTURE.assign(ds=FUTURE["ds"] + HOUR), **ALL),
            ValueError,
            "rows in future .* is missing",
        ),
        (
            KNOWN,
            dict(future=FUTURE.assign(ds=FUTURE["ds"] + MINUTE), **ALL),
            ValueError,
            "future has the time .*:01 for id 's.', which is not on the grid of step 'h'",
        ),
        (
            KNOWN,
            dict(future=FUTURE[FUTURE.index != FUTURE.index[-1]], **ALL),
            ValueError,
            "by horizon=4, and has 3",
        ),
        (KNOWN, dict(future=FUTURE, horizon=3, **ALL), ValueError, "by horizon=3, and has 4"),
        (
            KNOWN,
            dict(future=pd.concat([FUTURE, FUTURE[:1]]), **ALL),
            ValueError,
            "twice, in rows 0 and 12 of future",
        ),
        (
            KNOWN,
            dict(future=FUTURE.assign(price=np.nan), **ALL),
            ValueError,
            "the covariate 'price' is missing for id .* of future",
        ),
        (
            KNOWN,
            dict(future=FUTURE.assign(ds=FUTURE["ds"].dt.tz_localize("UTC")), **ALL),
            ValueError,
            "times of future and of frame differ: .* time zones UTC and none",
        ),
        (
            KNOWN,
            dict(future=FUTURE.assign(ds=range(12)), **ALL),
            ValueError,
            "times of future and of frame differ: their types are int64 and datetime64",
        ),
    ],
)
def test_refused_input(frame, given, error, message):
    with pytest.raises(error, match=message):
        frame_to_series(frame, **given)


def test_the_first_time_may_be_the_wrong_one():
    days = pd.date_range("2024-01-01", periods=9, freq="MS").to_series().reset_index(drop=True)
    days[0] += pd.Timedelta("3D")
    frame = pd.DataFrame({"ds": days, "y": 1.0})
    for freq in (None, "MS"):
        with pytest.raises(ValueError, match=r"the series has the time 2024-01-04, .*step 'MS'"):
            frame_to_series(frame, id=None, freq=freq)


def test_missing_rows_are_warned_of_once():
    frame = with_holes(PANEL)
    gaps = frame_to_series(frame, freq="h").gaps
    n, whose = gaps["n_missing"].sum(), gaps["unique_id"].nunique()
    first = gaps.iloc[0]
    after = np.datetime_as_string(first["from"].to_datetime64(), "auto")
    message = (
        f"frame lacks {n} rows inside {whose} of 3 series, by steps of 'h', the first of id "
        f"'{first['unique_id']}' after {after}: targets are NaN there, and covariates those of the"
    )
    with pytest.warns(UserWarning, match=message) as caught:
        frame_to_series(frame, covariates="price")
    assert len(caught) == 1
    assert caught[0].filename == __file__
    with pytest.warns(
        UserWarning, match="frame lacks 1 row inside the series, .* first after .*: "
    ):
        frame_to_series(PANEL[PANEL["unique_id"] == "s0"].sort_values("ds").drop(
            columns="unique_id").reset_index(drop=True).drop(index=4), id=None)  # fmt: skip


def test_an_autumn_night_without_a_time_zone():
    frame = panel("h", (9000,), tz="Europe/Rome")
    frame["ds"] = frame["ds"].dt.tz_localize(None)
    with pytest.raises(ValueError, match=r"2024-10-27T02:00 twice.*convert the times to UTC"):
        frame_to_series(frame)


def test_days_that_clocks_skip():
    # Midnight of the 15th of October 2017 was not shown in São Paulo.
    days = pd.date_range("2017-10-01", periods=10, freq="D", tz="America/Sao_Paulo")
    series = frame_to_series(pd.DataFrame({"ds": days, "y": 1.0}), id=None)
    assert len(forecasts_to_frame(np.zeros((1, 4)), series)) == 4
    with pytest.raises(ValueError, match="Sao_Paulo never show 2017-10-15T00:00"):
        forecasts_to_frame(np.zeros((1, 5)), series)


ZEROS = np.zeros((3, 4))


@pytest.mark.parametrize(
    ("forecasts", "given", "error", "message"),
    [
        (
            ZEROS[:2],
            {},
            ValueError,
            r"forecasts has the shape \(2, 4\); accepted is \(3, horizon\)",
        ),
        (ZEROS[0], {}, ValueError, r"forecasts has the shape \(4,\); accepted is \(3, horizon\)"),
        (ZEROS[:, :0], {}, ValueError, r"forecasts has the shape \(3, 0\)"),
        (ZEROS[..., None], {}, ValueError, r"forecasts has the shape \(3, 4, 1\)"),
        ([[1, 2], [3], [4, 5]], {}, ValueError, "forecasts is no array of numbers"),
        ([["a"] * 4] * 3, {}, ValueError, "forecasts is no array of numbers"),
        (None, {}, ValueError, "forecasts is None, and there are no intervals"),
        (
            ZEROS,
            dict(intervals={0.9: ZEROS}),
            ValueError,
            r"intervals\[0.9\] has the shape \(3, 4\); accepted is \(3, 4, 2\)",
        ),
        (ZEROS, dict(intervals=ZEROS), TypeError, "intervals is a ndarray; accepted is a dict"),
        (ZEROS, dict(intervals={90: ZEROS}), ValueError, r"intervals has the level 90, .*\(0, 1\)"),
        (ZEROS, dict(quantiles={"0.1": ZEROS}), ValueError, "quantiles has the level '0.1'"),
        (ZEROS, dict(quantiles={True: ZEROS}), ValueError, "quantiles has the level True"),
        (
            ZEROS,
            dict(quantiles={0.1: ZEROS[:, :3]}),
            ValueError,
            r"quantiles\[0.1\] has the shape \(3, 3\); accepted is \(3, 4\)",
        ),
        (
            ZEROS,
            dict(paths=np.zeros((4, 3, 4))),
            ValueError,
            r"paths has the shape \(4, 3, 4\); accepted is \(3, n_paths, 4\)",
        ),
        (ZEROS, dict(paths=[1, 2]), ValueError, r"paths has the shape \(2,\)"),
        (ZEROS, dict(names=["a", "b"]), ValueError, "must be 1 different names"),
        (ZEROS, dict(names="ds"), ValueError, "names gives 'ds', which is a column of ids or"),
        (ZEROS, dict(backend="dask"), ValueError, "backend='dask' is not accepted"),
    ],
)
def test_refused_forecasts(forecasts, given, error, message):
    with pytest.raises(error, match=message):
        forecasts_to_frame(forecasts, frame_to_series(PANEL), **given)


def test_refused_series():
    with pytest.raises(TypeError, match="series is a DataFrame; accepted is what frame_to_series"):
        forecasts_to_frame(ZEROS, PANEL)
    series = frame_to_series(PANEL, target=["y", "z"])
    with pytest.raises(ValueError, match=r"shape \(3, 4\); accepted is \(3, horizon, 2\)"):
        forecasts_to_frame(ZEROS, series)
