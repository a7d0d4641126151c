"""frame_to_sequences and sequences_to_frame, for pandas, polars and Arrow."""

import datetime
import functools
import pickle
import warnings

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from sklearn.pipeline import make_pipeline

from sklstm import (
    LSTMClassifier,
    SequenceTokenizer,
    frame_to_sequences,
    make_windows,
    sequences_to_frame,
)

TIMES = ("int", "float", "unsigned", "datetime", "zoned", "date", "duration")
DAY = datetime.timedelta(days=1)


def as_pandas(frame):
    return frame


def as_polars(frame):
    return pl.from_pandas(frame)


def as_arrow(frame):
    return pa.Table.from_pandas(frame, preserve_index=False)


KINDS = pytest.mark.parametrize("kind", [as_pandas, as_polars, as_arrow])
SMALL = dict(hidden_size=4, max_epochs=1, random_state=0)


def to_pandas(frame):
    return frame if isinstance(frame, pd.DataFrame) else frame.to_pandas()


def visits(n_ids=6, seed=0, time="datetime"):
    """Return a long table of pandas in random order, ids of several lengths."""
    rng = np.random.default_rng(seed)
    rows = [
        dict(patient=f"p{i}", day=int(day), ill=["no", "yes"][i % 2], age=30 + i)
        for i in range(n_ids)
        for day in range(rng.integers(1, 6))
    ]
    frame = pd.DataFrame(rows)
    frame["pulse"] = rng.normal(70, 5, len(frame))
    frame["steps"] = rng.integers(0, 9, len(frame))
    frame["rests"] = rng.random(len(frame)) < 0.5
    frame["event"] = rng.choice(["a", "b", "c"], len(frame))
    frame["day"] = with_times(frame["day"], time)
    return frame.sample(frac=1, random_state=seed).reset_index(drop=True)


def with_times(days, time):
    dates = pd.Timestamp("2024-01-01") + pd.to_timedelta(days, unit="D")
    return {
        "int": days,
        "float": days / 8,
        "unsigned": days.astype("uint64"),
        "datetime": dates,
        "zoned": dates.dt.tz_localize("Europe/Rome"),
        "date": dates.dt.date,
        "duration": pd.to_timedelta(days, unit="h"),
    }[time]


def by_groupby(frame, columns):
    """Return what pandas makes of a frame: an array for each id, in order of first appearance."""
    groups = frame.groupby("patient", sort=False)
    return {
        name: group.sort_values("day", kind="stable")[columns].to_numpy(dtype=float)
        for name, group in groups
    }


@KINDS
@pytest.mark.parametrize("time", TIMES)
def test_sequences_are_those_of_groupby(kind, time):
    frame = visits(time=time)
    columns = ["pulse", "steps", "rests"]
    result = frame_to_sequences(kind(frame), id="patient", time="day", columns=columns)
    expected = by_groupby(frame, columns)
    assert result.ids.tolist() == list(expected) == frame["patient"].unique().tolist()
    assert result.columns == tuple(columns)
    assert len(result) == len(expected)
    for steps, wanted in zip(result.X, expected.values(), strict=True):
        np.testing.assert_array_equal(steps, wanted)
        assert steps.dtype == np.float64
    flat = frame.set_index("patient")["day"]
    for identity, times in zip(result.ids, result.times, strict=True):
        own = flat.loc[[identity]].sort_values()
        if time == "zoned":
            own = own.dt.tz_convert("UTC").dt.tz_localize(None)
        wanted = own.to_numpy()
        if time == "date":
            wanted = wanted.astype("datetime64[D]")
        np.testing.assert_array_equal(times, wanted.astype(times.dtype))


@pytest.mark.parametrize("zone", ["America/New_York", "Etc/GMT+5", "+05:45"])
def test_times_of_pandas_in_any_time_zone(zone):
    frame = visits()
    frame["day"] = frame["day"].dt.tz_localize(zone)
    expected = frame_to_sequences(
        frame.assign(day=frame["day"].dt.tz_convert("UTC")), id="patient", time="day"
    )
    result = frame_to_sequences(frame, id="patient", time="day")
    for times, wanted in zip(result.times, expected.times, strict=True):
        np.testing.assert_array_equal(times, wanted)
    back = sequences_to_frame([steps[:, 0] for steps in result.X], result)
    assert back["day"].dtype == frame["day"].dtype


@KINDS
def test_all_other_numbers_are_the_columns(kind):
    frame = visits()
    result = frame_to_sequences(kind(frame), id="patient", time="day", y="ill", static="age")
    assert result.columns == ("pulse", "steps", "rests")


@KINDS
def test_float32_stays_float32(kind):
    frame = visits()
    frame["pulse"] = frame["pulse"].astype(np.float32)
    result = frame_to_sequences(kind(frame), id="patient", time="day", columns="pulse")
    assert {steps.dtype for steps in result.X} == {np.dtype(np.float32)}
    both = frame_to_sequences(kind(frame), id="patient", columns=["pulse", "steps"])
    assert {steps.dtype for steps in both.X} == {np.dtype(np.float64)}


@KINDS
def test_without_time_rows_keep_their_order(kind):
    frame = visits()
    result = frame_to_sequences(kind(frame), id="patient", columns="pulse")
    assert result.times is None
    assert result.step is None
    assert len(result.gaps) == 0
    for identity, steps in zip(result.ids, result.X, strict=True):
        wanted = frame.loc[frame["patient"] == identity, "pulse"]
        np.testing.assert_array_equal(steps[:, 0], wanted)


@KINDS
def test_several_columns_name_an_id(kind):
    frame = visits()
    frame["ward"] = np.arange(len(frame)) % 2
    names = ["patient", "ward"]
    with pytest.warns(UserWarning, match=r"step of id \('p\d', [01]\) from 2024-01-0"):
        result = frame_to_sequences(kind(frame), id=names, time="day", columns="pulse")
    pairs = frame[names].drop_duplicates().itertuples(index=False)
    assert result.ids.tolist() == [tuple(pair) for pair in pairs]
    ordered = frame.sort_values("day")
    for (patient, ward), steps in zip(result.ids, result.X, strict=True):
        own = ordered[(ordered["patient"] == patient) & (ordered["ward"] == ward)]
        np.testing.assert_array_equal(steps[:, 0], own["pulse"])
    back = to_pandas(sequences_to_frame(result.X, result, columns="pulse"))
    pd.testing.assert_frame_equal(back, frame[[*names, "day", "pulse"]])


@KINDS
def test_labels_of_ids_and_of_steps(kind):
    frame = visits()
    result = frame_to_sequences(kind(frame), id="patient", time="day", columns="pulse", y="ill")
    labels = frame.groupby("patient")["ill"].first()
    assert result.y.tolist() == labels.loc[result.ids].tolist()
    assert result.y.dtype.kind == "U"
    steps = frame_to_sequences(
        kind(frame), id="patient", time="day", columns="pulse", y="event", per_step=True
    )
    for identity, own in zip(steps.ids, steps.y, strict=True):
        wanted = frame[frame["patient"] == identity].sort_values("day")["event"]
        assert own.tolist() == wanted.tolist()


@KINDS
@pytest.mark.parametrize("kept", ["string", "categorical"])
def test_a_column_of_strings_is_for_the_tokenizer(kind, kept):
    frame = visits(12)
    if kept == "categorical":
        frame["event"] = frame["event"].astype("category")
    result = frame_to_sequences(kind(frame), id="patient", time="day", columns="event", y="ill")
    for identity, steps in zip(result.ids, result.X, strict=True):
        wanted = frame[frame["patient"] == identity].sort_values("day")["event"]
        assert steps.tolist() == wanted.tolist()
    model = make_pipeline(SequenceTokenizer(analyzer=list), LSTMClassifier(**SMALL))
    fitted = model.fit(result.X, result.y)
    assert set(fitted[0].vocabulary_) == set(frame["event"])
    # The cells of the table are the same sequences.
    table = result.table[["event"]] if kind is not as_arrow else result.table.select(["event"])
    np.testing.assert_array_equal(fitted.predict_proba(table), fitted.predict_proba(result.X))


@KINDS
def test_the_table_has_one_row_for_each_id(kind):
    frame = visits(12)
    result = frame_to_sequences(
        kind(frame), id="patient", time="day", columns=["pulse", "steps"], static=["age"], y="ill"
    )
    table = result.table
    assert type(table) is type(kind(frame))
    plain = to_pandas(table)
    assert list(plain.columns) == ["patient", "age", "pulse", "steps"]
    assert plain.index.equals(pd.RangeIndex(12))
    assert plain["patient"].tolist() == result.ids.tolist()
    ages = frame.groupby("patient")["age"].first()
    assert plain["age"].tolist() == ages.loc[result.ids].tolist()
    exploded = plain.explode(["pulse", "steps"])
    np.testing.assert_array_equal(
        exploded[["pulse", "steps"]].to_numpy(dtype=float), np.concatenate(result.X)
    )
    names = ["pulse", "steps"]
    values = table.select(names) if kind is as_arrow else table[names]
    model = LSTMClassifier(**SMALL).fit(values, result.y)
    np.testing.assert_array_equal(model.predict_proba(values), model.predict_proba(result.X))


def test_static_values_may_be_missing():
    frame = visits()
    frame["age"] = frame["age"].astype(float).where(frame["patient"] != "p2")
    frame["ward"] = pd.Series(["w"] * len(frame), dtype=object).where(frame["patient"] != "p1")
    result = frame_to_sequences(
        frame, id="patient", time="day", columns="pulse", static=["age", "ward"]
    )
    table = result.table.set_index("patient")
    assert table["age"].isna().sum() == 1
    assert np.isnan(table.loc["p2", "age"])
    assert pd.isna(table.loc["p1", "ward"])
    mixed = pd.DataFrame({"id": [1, 1], "x": [0.0, 0.0], "age": [np.nan, 3.0]})
    with pytest.raises(ValueError, match=r"static column 'age' is not constant within id 1"):
        frame_to_sequences(mixed, id="id", columns="x", static="age")


def test_columns_named_by_numbers():
    frame = pd.DataFrame([[5, 1, 2.0, 9], [4, 1, 3.0, 8], [5, 3, 4.0, 9]])
    result = frame_to_sequences(frame, id=0, time=1, columns=[2], y=3, freq=1)
    assert [steps.tolist() for steps in result.X] == [[[2.0], [4.0]], [[3.0]]]
    assert result.y.tolist() == [9, 8]
    assert result.gaps.to_dict("list") == {0: [5], "from": [1], "to": [3], "n_missing": [1]}
    assert result.table[2].tolist()[1].tolist() == [3.0]
    assert "columns: 2\n" in repr(result)
    pd.testing.assert_frame_equal(sequences_to_frame(result.X, result, columns=2), frame[[0, 1, 2]])


def test_dtypes_of_arrow_in_pandas_and_decimals():
    frame = visits()
    given = dict(id="patient", time="day", columns=["pulse", "steps", "rests"], y="ill")
    expected = frame_to_sequences(frame, **given)
    arrow = frame.convert_dtypes(dtype_backend="pyarrow")
    nullable = frame.convert_dtypes()
    for other in (arrow, nullable):
        result = frame_to_sequences(other, **given)
        assert result.ids.tolist() == expected.ids.tolist()
        assert result.y.tolist() == expected.y.tolist()
        for one, wanted in zip(result.X, expected.X, strict=True):
            np.testing.assert_array_equal(one, wanted)
        back = sequences_to_frame([steps[:, :1] for steps in result.X], result, columns="pulse")
        pd.testing.assert_frame_equal(back[["patient", "day"]], other[["patient", "day"]])
    cents = pl.DataFrame({"id": [1, 1], "x": pl.Series(["1.25", "2.50"]).cast(pl.Decimal(9, 2))})
    assert frame_to_sequences(cents, id="id").X[0].tolist() == [[1.25], [2.5]]


# Gaps


@KINDS
@pytest.mark.parametrize("time", ["int", "datetime", "zoned", "date", "duration"])
def test_gaps_are_listed(kind, time):
    days = pd.Series([0, 1, 2, 6, 7, 0, 1, 3, 4, 5])
    frame = pd.DataFrame({"id": list("aaaaabbbbb"), "day": with_times(days, time), "x": 0.0})
    with pytest.warns(UserWarning, match=r"gap in time, the first of 2: the step of id 'a' from"):
        result = frame_to_sequences(kind(frame), id="id", time="day")
    gaps = to_pandas(result.gaps)
    assert list(gaps.columns) == ["id", "from", "to", "n_missing"]
    assert gaps["id"].tolist() == ["a", "b"]
    assert gaps["n_missing"].tolist() == [3, 1]
    times = to_pandas(kind(frame))["day"]
    assert gaps["from"].tolist() == [times[2], times[6]]
    assert gaps["to"].tolist() == [times[3], times[7]]
    assert "2 gaps, 4 steps missing" in repr(result)
    hour, day = np.timedelta64(1, "h"), np.timedelta64(1, "D")
    assert result.step == {"int": 1.0, "duration": hour}.get(time, day)


def test_freq_and_max_gap_say_what_a_gap_is():
    frame = pd.DataFrame({"id": 1, "t": [0.0, 1.0, 2.0, 4.0, 9.0], "x": 0.0})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        n = frame_to_sequences(frame, id="id", time="t", freq=0.5).gaps["n_missing"]
        assert n.tolist() == [1, 1, 3, 9]
        wide = frame_to_sequences(frame, id="id", time="t", max_gap=2)
        assert wide.gaps["n_missing"].tolist() == [4]
        assert wide.step == 1.0
        assert not len(frame_to_sequences(frame, id="id", time="t", max_gap=np.inf).gaps)


@pytest.mark.parametrize("given", [DAY, np.timedelta64(1, "D"), pd.Timedelta(hours=24)])
def test_durations_of_all_kinds(given):
    times = pd.to_datetime(["2024-01-01", "2024-01-02", "2024-01-04"])
    frame = pd.DataFrame({"id": 1, "t": times, "x": 0.0})
    result = frame_to_sequences(frame, id="id", time="t", freq=given)
    assert result.gaps["n_missing"].tolist() == [1]
    assert result.step == np.timedelta64(1, "D")


def test_no_number_of_missing_steps_is_negative():
    frame = pd.DataFrame({"id": 1, "t": [0.0, 0.3, 1.3, 2.3], "x": 0.0})
    result = frame_to_sequences(frame, id="id", time="t", max_gap=0.1)
    assert result.gaps["n_missing"].tolist() == [0, 0, 0]


def test_irregular_times_and_weekends_are_no_gaps():
    times = [0.0, 1.0, 10.0, 100.0, 1000.0]
    result = frame_to_sequences(pd.DataFrame({"id": 1, "t": times, "x": 0.0}), id="id", time="t")
    assert result.step is None
    assert "irregular times, no gaps" in repr(result)
    days = pd.bdate_range("2024-01-01", "2024-03-01")
    assert not len(frame_to_sequences(
        pd.DataFrame({"id": 1, "t": days, "x": 0.0}), id="id", time="t"
    ).gaps)  # fmt: skip
    holes = pd.DataFrame({"id": 1, "t": days.delete(range(10, 20)), "x": 0.0})
    with pytest.warns(UserWarning, match="gap in time: the step of id 1 from 2024-01-12"):
        assert len(frame_to_sequences(holes, id="id", time="t").gaps) == 1


# Missing values


@KINDS
def test_missing_values_are_named_dropped_or_kept(kind):
    frame = visits(time="int")
    row = int(np.flatnonzero(frame["patient"] == "p1")[0])
    frame.loc[row, "pulse"] = np.nan
    day = frame.loc[row, "day"]
    message = rf"column 'pulse' is nan for id 'p1' at time {day} \(row {row} of frame\).*'pulse': 1"
    with pytest.raises(ValueError, match=message):
        frame_to_sequences(kind(frame), id="patient", time="day", columns=["steps", "pulse"])
    given = dict(id="patient", time="day", columns="pulse", max_gap=99)
    kept = frame_to_sequences(kind(frame), missing="keep", **given)
    assert np.isnan(np.concatenate(kept.X)).sum() == 1
    dropped = frame_to_sequences(kind(frame), missing="drop", **given)
    expected = by_groupby(frame.dropna(), ["pulse"])
    for identity, steps in zip(dropped.ids, dropped.X, strict=True):
        np.testing.assert_array_equal(steps, expected[identity])
    # The rows that were left out are missing in the result as well, and no others.
    back = to_pandas(sequences_to_frame(dropped.X, dropped, columns="pulse"))
    wanted = frame.dropna()[["patient", "day", "pulse"]]
    if kind is not as_pandas:
        wanted = wanted.reset_index(drop=True)
    pd.testing.assert_frame_equal(back, wanted)


@KINDS
def test_missing_integers_strings_and_labels(kind):
    frame = pd.DataFrame({"id": [1, 1], "n": pd.array([1, None], dtype="Int64"), "s": ["a", None]})
    for column, shown in (("n", "nan"), ("s", "None")):
        with pytest.raises(ValueError, match=rf"column '{column}' is {shown} for id 1 \(row 1"):
            frame_to_sequences(kind(frame), id="id", columns=column)
    kept = frame_to_sequences(kind(frame), id="id", columns="n", missing="keep")
    np.testing.assert_array_equal(kept.X[0], [[1.0], [np.nan]])
    labels = frame.assign(x=1.0)
    with pytest.raises(ValueError, match=r"y='s' is missing for id 1 \(row 1 of frame\)"):
        frame_to_sequences(kind(labels), id="id", columns="x", y="s")
    with pytest.raises(ValueError, match=r"column 's' is .* for id 1 \(row 1 of frame\)"):
        frame_to_sequences(kind(labels), id="id", columns="x", y="s", per_step=True)


def test_an_id_without_steps_is_refused():
    frame = pd.DataFrame({"id": ["a", "b", "b"], "x": [1.0, np.nan, np.inf]})
    with pytest.raises(ValueError, match="no step of id 'b', whose 2 rows"):
        frame_to_sequences(frame, id="id", missing="drop")


# Errors


def changed(frame, row, column, value):
    frame = frame.copy()
    if value is None:
        frame[column] = frame[column].astype(object if column == "patient" else "Float64")
    frame.loc[row, column] = value
    return frame


FRAME = visits(time="int")
INFINITE = FRAME.assign(rate=np.where(np.arange(len(FRAME)) == 2, -np.inf, np.arange(len(FRAME))))
OTHER = FRAME.rename(columns={"day": "t"}).assign(day=pd.Timestamp("2024"), z="z")


@pytest.mark.parametrize(
    ("frame", "given", "error", "message"),
    [
        (FRAME.to_numpy(), {}, TypeError, "frame is a ndarray; accepted is a data frame"),
        (pl.from_pandas(FRAME).lazy(), {}, TypeError, r"LazyFrame; pass frame.collect\(\)"),
        (FRAME.groupby("patient"), {}, TypeError, "frame is a DataFrameGroupBy"),
        (FRAME["pulse"], {}, TypeError, "frame is a Series"),
        (FRAME[:0], {}, ValueError, "frame has no rows"),
        (pd.concat([FRAME, FRAME[["age"]]], axis=1), {}, ValueError, "more than one .*'age'"),
        (FRAME, {"id": "pateint"}, ValueError, "id names the column 'pateint'.*mean 'patient'"),
        (FRAME.set_index("patient"), {}, ValueError, r"in the index: pass frame.reset_index\(\)"),
        (FRAME, {"columns": ["q"]}, ValueError, "columns names the column 'q', but frame has"),
        (FRAME, {"columns": []}, ValueError, "columns names no column"),
        (FRAME, {"columns": ["age", "age"]}, ValueError, r"\['age', 'age'\] names a column twice"),
        (FRAME, {"columns": ["patient"]}, ValueError, "'patient' is given as id and as columns"),
        (FRAME, {"time": ["day", "age"]}, ValueError, "time names 2 columns; accepted is the name"),
        (FRAME, {"time": []}, ValueError, "time names no column; None stands for none"),
        (FRAME, {"columns": {"age", "pulse"}}, TypeError, "columns is a set, which has no order"),
        (FRAME, {"id": iter(["patient"])}, TypeError, "id is a list_iterator; accepted is"),
        (FRAME, {"y": FRAME["ill"]}, TypeError, r"y is a Series of \d+ values; .* name .*, 'ill'"),
        (FRAME, {"columns": FRAME["pulse"]}, TypeError, "columns is a Series of .*, 'pulse'"),
        (FRAME, {"columns": pl.Series("age", [3])}, TypeError, "a Series of 1 values; .* 'age'"),
        (FRAME, {"columns": FRAME.notna().any()}, TypeError, r"mask list\(frame.columns\[mask"),
        (FRAME, {"columns": [True, False]}, TypeError, "columns is a boolean mask"),
        (FRAME, {"columns": ["age", ["pulse"]]}, TypeError, r"columns\[1\] is a list; accepted"),
        (FRAME, {"columns": ["pulse", "ill"], "y": "ill"}, ValueError, "'ill' is .* y and as col"),
        (FRAME, {"y": "ill", "static": "ill"}, ValueError, "'ill' is given as y and as static"),
        (FRAME, {"y": "patient"}, ValueError, "'patient' is given as id and as y"),
        (FRAME, {"y": "day"}, ValueError, "'day' is given as time and as y"),
        (FRAME, {"static": "day"}, ValueError, "'day' is given as time and as static"),
        (FRAME, {"per_step": True}, ValueError, "per_step=True needs y, the column of labels"),
        (FRAME, {"per_step": "yes", "y": "ill"}, TypeError, "per_step='yes' is not accepted"),
        (INFINITE, {"time": "rate"}, ValueError, "time 'rate' is infinite in row 2 of frame"),
        (INFINITE, {"id": "rate"}, ValueError, "id 'rate' is infinite in row 2 of frame"),
        (INFINITE, {"y": "rate"}, ValueError, "y='rate' is infinite for id .* at .*row 2 of frame"),
        (FRAME, {"static": "pulse"}, ValueError, "'pulse' is given as static and as columns"),
        (FRAME, {"columns": ["event", "age"]}, ValueError, "'event' of String beside 'age'.*get_d"),
        (OTHER, {"time": "t", "columns": ["day"]}, TypeError, "'day' of frame has the type Date"),
        (OTHER, {"time": "z"}, TypeError, "time='z' is a column of the type String"),
        (FRAME[["patient", "day", "event"]], {"columns": None}, ValueError, "no column of numbers"),
        (FRAME, {"y": "event"}, ValueError, r"y='event' is not constant within id '\w+'.*per_step"),
        (FRAME, {"static": "event"}, ValueError, "static column 'event' is not constant within"),
        (FRAME, {"missing": "skip"}, ValueError, "missing='skip' is not accepted; use one of"),
        (FRAME, {"freq": DAY}, TypeError, "freq=.* give a number, as the times are numbers"),
        (FRAME, {"freq": True}, TypeError, "freq=True is not accepted"),
        (FRAME, {"max_gap": 0}, ValueError, "max_gap=0 is not accepted; it must be above 0"),
        (FRAME, {"time": None, "freq": 1}, ValueError, "freq=1 needs time"),
        (changed(FRAME, 3, "day", None), {}, ValueError, "time 'day' is missing in row 3"),
        (changed(FRAME, 4, "patient", None), {}, ValueError, "id 'patient' is missing in row 4"),
    ],
)  # fmt: skip
def test_errors_name_the_argument(frame, given, error, message):
    with pytest.raises(error, match=message):
        frame_to_sequences(frame, **({"id": "patient", "time": "day", "columns": "pulse"} | given))


@KINDS
def test_one_name_in_a_list_is_the_name(kind):
    frame = kind(FRAME)
    one = frame_to_sequences(frame, id="patient", time="day", columns="pulse", y="ill")
    other = frame_to_sequences(frame, id=["patient"], time=["day"], columns="pulse", y=("ill",))
    assert other.y.tolist() == one.y.tolist()
    assert [own.tolist() for own in other.times] == [own.tolist() for own in one.times]


def test_times_and_a_series_of_names_may_be_columns():
    names = pd.Series(["pulse", "day"])
    result = frame_to_sequences(FRAME, id="patient", time="day", columns=names)
    assert result.columns == ("pulse", "day")
    for values, times in zip(result.X, result.times, strict=True):
        np.testing.assert_array_equal(values[:, 1], times)
    others = frame_to_sequences(FRAME, id="patient", time="day", y="ill", static="age").columns
    assert others == ("pulse", "steps", "rests")


@pytest.mark.parametrize(
    "fit", [LSTMClassifier(**SMALL).fit, functools.partial(make_windows, window=2)]
)
def test_a_whole_result_is_no_sequences(fit):
    whole = frame_to_sequences(FRAME, id="patient", time="day", columns="pulse", y="ill")
    message = "X is a FrameSequences, not the sequences in it; pass its attributes, result.X and"
    with pytest.raises(TypeError, match=message):
        fit(whole, whole.y)


def test_all_windows_are_no_sequences():
    windows = make_windows([[1.0, 2.0, 3.0]], [[0, 1, 0]], window=2)
    with pytest.raises(TypeError, match="X is a Windows, not the sequences in it; pass its attr"):
        LSTMClassifier(**SMALL).fit(windows, windows.y)


@KINDS
def test_a_repeated_time_is_named(kind):
    frame = pd.DataFrame({
        "id": ["a", "b", "a", "a"],
        "t": pd.to_datetime(["2024-01-02", "2024-01-02", "2024-01-01", "2024-01-02"]),
        "x": 0.0,
    })  # fmt: skip
    with pytest.raises(ValueError, match="id 'a' has the time 2024-01-02 twice, in rows 0 and 3"):
        frame_to_sequences(kind(frame), id="id", time="t")


def test_periods_are_told_how_to_become_times():
    frame = pd.DataFrame({"id": 1, "t": pd.period_range("2024", periods=2, freq="D"), "x": 0.0})
    with pytest.raises(TypeError, match=r"frame\['t'\].dt.to_timestamp\(\)"):
        frame_to_sequences(frame, id="id", time="t")


# The way back


@KINDS
@pytest.mark.parametrize("time", TIMES)
def test_round_trip(kind, time):
    frame = kind(visits(time=time))
    result = frame_to_sequences(frame, id="patient", time="day", columns=["pulse"])
    back = sequences_to_frame(result.X, result, columns="pulse")
    names = ["patient", "day", "pulse"]
    if kind is as_pandas:
        pd.testing.assert_frame_equal(back, frame[names])
    else:
        assert back.equals(frame.select(names))


def test_the_index_of_pandas_is_kept():
    frame = visits()
    frame.index = np.random.default_rng(0).permutation(len(frame)) + 100
    result = frame_to_sequences(frame, id="patient", time="day", columns="pulse")
    back = sequences_to_frame(result.X, result, columns="copy")
    pd.testing.assert_series_equal(back["copy"], frame["pulse"], check_names=False)
    some = sequences_to_frame(result.X[[3, 1]], result, ids=result.ids[[3, 1]], columns="copy")
    wanted = frame[frame["patient"].isin(result.ids[[3, 1]])]
    pd.testing.assert_series_equal(some["copy"], wanted["pulse"], check_names=False)


def test_categories_of_ids_are_kept():
    frame = visits()
    frame["patient"] = frame["patient"].astype("category")
    result = frame_to_sequences(frame, id="patient", time="day", columns="pulse")
    pd.testing.assert_frame_equal(
        sequences_to_frame(result.X, result, columns="pulse"), frame[["patient", "day", "pulse"]]
    )


@KINDS
def test_probabilities_and_labels_of_steps_become_columns(kind):
    frame = visits(12)
    result = frame_to_sequences(kind(frame), id="patient", time="day", columns="pulse", y="ill")
    model = LSTMClassifier(bidirectional=False, **SMALL).fit(result.X, result.y)
    steps = model.predict_proba_steps(result.X)
    back = sequences_to_frame(steps, result, columns=["no", "yes"])
    assert type(back) is type(kind(frame))
    plain = to_pandas(back)
    joined = frame.merge(plain, on=["patient", "day"], validate="one_to_one")
    for identity, own in zip(result.ids, steps, strict=True):
        rows = joined[joined["patient"] == identity].sort_values("day")
        np.testing.assert_array_equal(rows[["no", "yes"]], own)
    assert list(to_pandas(sequences_to_frame(steps, result)).columns[2:]) == ["value0", "value1"]
    words = [np.array(["high", "low"])[own.argmax(axis=1)] for own in steps]
    labels = to_pandas(sequences_to_frame(words, result, columns="word"))
    highs = np.where(plain["no"] >= plain["yes"], "high", "low")
    assert labels["word"].tolist() == highs.tolist()


@pytest.mark.parametrize("backend", [None, "pandas", "polars", "pyarrow"])
def test_a_frame_from_ids_and_times(backend):
    sequences = [np.array([1.0, 2.0]), np.array([3.0])]
    times = [np.array([5, 6]), np.array([7])]
    back = sequences_to_frame(sequences, ids=["a", "b"], times=times, backend=backend)
    plain = to_pandas(back)
    assert type(back).__module__.split(".")[0] == (backend or "pandas")
    expected = {"id": ["a", "a", "b"], "time": [5, 6, 7], "value": [1.0, 2.0, 3.0]}
    assert plain.to_dict("list") == expected


@KINDS
@pytest.mark.parametrize("ids", [["born"], ["born", "patient"]])
def test_ids_that_are_dates(kind, ids):
    frame = visits()
    frame["born"] = pd.Timestamp("1980-01-01") + pd.to_timedelta(frame["age"], unit="D")
    result = frame_to_sequences(kind(frame), id=ids, time="day", columns="pulse")
    assert len(result) == 6
    for chosen in ([4, 2], [0]):
        given = result.ids[chosen]
        if len(ids) == 1 and kind is as_pandas:
            given = pd.Series(given)
        back = sequences_to_frame(result.X[chosen], result, ids=given, columns="pulse")
        births = frame.drop_duplicates("born")["born"].iloc[chosen]
        expected = frame[frame["born"].isin(births)][[*ids, "day", "pulse"]]
        if kind is not as_pandas:
            expected = expected.reset_index(drop=True)
        pd.testing.assert_frame_equal(to_pandas(back), expected)


@KINDS
def test_ids_by_the_names_of_the_table_of_gaps(kind):
    frame = pd.DataFrame({"from": "a", "to": "b", "t": [1, 2, 4], "x": 0.0})
    result = frame_to_sequences(kind(frame), id=["from", "to"], time="t", freq=1)
    expected = {"from": ["a"], "to": ["b"], "gap_from": [2], "gap_to": [4], "gap_n_missing": [1]}
    assert to_pandas(result.gaps).to_dict("list") == expected
    assert "1 gap, 1 step missing" in repr(result)


def test_series_decide_about_kind_and_dtypes():
    zoned = [pd.Series(pd.date_range("2024", periods=n, tz="Europe/Rome")) for n in (2, 1)]
    ids = pd.Series(["x", "y"], dtype="category", index=[7, 8])
    back = sequences_to_frame([[1, 2], [3]], ids=ids, times=zoned, id="who", time="when")
    assert back["who"].dtype == "category"
    assert back["who"].tolist() == ["x", "x", "y"]
    assert back.equals(
        sequences_to_frame([[1, 2], [3]], ids=ids, times=zoned, id=["who"], time=["when"])
    )
    pd.testing.assert_series_equal(back["when"], pd.concat(zoned).reset_index(drop=True),
                                   check_names=False)  # fmt: skip
    other = sequences_to_frame([[1, 2], [3]], ids=pl.Series(["x", "y"], dtype=pl.Categorical))
    assert other.schema["id"] == pl.Categorical
    pairs = sequences_to_frame([[1, 2], [3]], ids=[(1, "x"), (2, "y")], id=["shop", "good"])
    assert pairs["shop"].tolist() == [1, 1, 2]
    assert pairs["good"].tolist() == ["x", "x", "y"]


RESULT = frame_to_sequences(FRAME, id="patient", time="day", columns="pulse")


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        (dict(sequences=[*RESULT.X[:-1], RESULT.X[-1][:0]]), ValueError, r"\[5\] has 0 steps, but"),
        (dict(sequences=RESULT.X[:2]), ValueError, "2 entries, but there are 6 ids"),
        (dict(sequences=[1.0] * 6), ValueError, r"sequences\[0\] is 1.0; accepted is one value"),
        (dict(sequences=[]), ValueError, "sequences is empty"),
        (dict(columns=["a", "b"]), ValueError, "must be 1 different names"),
        (dict(columns="day"), ValueError, "columns names 'day', which is the name of a column"),
        (dict(like=FRAME), TypeError, "like is a DataFrame; accepted is what frame_to_sequences"),
        (dict(ids=["q"] * 6), ValueError, r"ids\[0\] is 'q', which is not among like.ids"),
        (dict(ids=[RESULT.ids[0]] * 6), ValueError, "ids has 'p.' more than once"),
        (dict(times=RESULT.times), ValueError, "times are those of like"),
        (dict(backend="polars"), ValueError, "backend is that of like"),
        (dict(like=None), ValueError, "ids is None"),
        (dict(like=None, ids=["a"]), ValueError, "ids has 1 entries, but there are 6 sequences"),
        (dict(like=None, ids=[*"abcdef"], times=RESULT.times[::-1]), ValueError, r"but id '\w' "),
        (dict(like=None, ids=pd.Series(list("abcdef")), backend="polars"), ValueError, "not that "),
        (dict(like=None, ids=[*"abcdef"], times=RESULT.times, id="x", time="x"), ValueError,
         "id and time are both 'x'"),
        (dict(sequences=None), TypeError, "sequences is a NoneType; accepted is a list with one"),
        (dict(sequences=3.5), TypeError, "sequences is a float; accepted is a list"),
        (dict(sequences=FRAME), TypeError, "sequences is a DataFrame; accepted is a list"),
        (dict(sequences=pl.from_pandas(FRAME)), TypeError, "sequences is a DataFrame; accepted"),
        (dict(sequences=RESULT), TypeError, "sequences is a FrameSequences, not the sequences in"),
        (dict(sequences=[[[1, 2], [3]]]), ValueError, r"sequences\[0\] has steps of different"),
        (dict(ids=3), TypeError, "ids is a int; accepted is an array-like"),
        (dict(ids="abcdef", like=None), TypeError, "ids is a str; accepted is an array-like"),
        (dict(ids=[["p1"]]), TypeError, r"ids\[0\] is a list; accepted are strings, numbers"),
        (dict(like=None, ids=["a", {}, "b", "c", "d", "e"]), TypeError, r"ids\[1\] is a dict"),
        (dict(like=None, ids=[("a", 1), ("b", 2, 3), ("c", 1), ("d", 1), ("e", 1), ("f", 1)],
              id=["x", "y"]), ValueError, r"ids\[1\] is \('b', 2, 3\); accepted are tuples of 2"),
        (dict(like=None, ids=[*"abcdef"], id=["x", "y"]), ValueError, r"ids\[0\] is 'a'; accepted"),
        (dict(like=None, ids=[*"abcdef"], times=[*range(6)]), TypeError, r"times\[0\] is 0; .*one"),
        (dict(like=None, ids=[*"abcdef"], times=3), TypeError, "times is 3; accepted is one array"),
        (dict(like=None, ids=[*"abcdef"], backend="dask"), ValueError, r"backend='dask'.*'polars'"),
        (dict(like=None, ids=[*"abcdef"], id=["a", "a"]), ValueError, r"id=\['a', 'a'\] is not"),
        (dict(like=None, ids=[*"abcdef"], id=[]), ValueError, r"id=\[\] is not accepted"),
        (dict(like=None, ids=[*"abcdef"], times=RESULT.times, time=["a", "b"]), ValueError,
         "time names 2 columns; accepted is the name of one"),
        (dict(like=None, ids=pd.Series([[1]] * 6)), TypeError, r"ids\[0\] is a list; accepted"),
        (dict(id="who"), ValueError, r"id='who' is not that of like, \['patient'\]; leave it out"),
        (dict(time="when"), ValueError, r"time='when' is not that of like, \['day'\]"),
        (dict(sequences=[np.ones((2, 2)), np.ones((3, 1))]), ValueError, r"\[1\] has 1 values per"),
    ],
)  # fmt: skip
def test_errors_of_the_way_back(given, error, message):
    with pytest.raises(error, match=message):
        sequences_to_frame(**({"sequences": RESULT.X, "like": RESULT} | given))


def test_an_empty_sequence_has_no_rows():
    for empty in ([], np.empty((0, 2))):
        back = sequences_to_frame([empty, [[1, 2], [3, 4]], empty, [[5, 6]]], ids=[*"abcd"])
        assert back["id"].tolist() == ["b", "b", "d"]
        assert back["value1"].tolist() == [2, 4, 6]
    back = sequences_to_frame([[], ["x", "y"], []], ids=[1, 2, 3])
    assert back["value"].tolist() == ["x", "y"]
    assert sequences_to_frame([[], [7]], ids=[1, 2])["value"].dtype == np.int64
    with pytest.raises(ValueError, match=r"sequences\[2\] has 1 values .* sequences\[1\] has 2"):
        sequences_to_frame([[], [[1, 2]], [3]], ids=[*"abc"])


def test_the_names_of_like_may_be_repeated():
    back = sequences_to_frame(RESULT.X, RESULT, id=["patient"], time="day")
    pd.testing.assert_frame_equal(back, sequences_to_frame(RESULT.X, RESULT))


def test_the_usual_step_is_shown_as_people_write_it():
    times = np.arange(8) * 0.2
    frame = pd.DataFrame({"id": 1, "t": times, "x": 1.0})
    result = frame_to_sequences(frame, id="id", time="t")
    assert result.step == np.median(np.diff(times))
    assert "usual step: 0.2, no gaps" in repr(result)
    alone = frame_to_sequences(frame.assign(id=range(8)), id="id", time="t", columns="x")
    assert "no usual step, no gaps" in repr(alone)
    assert "irregular" not in repr(alone)


def test_windows_of_the_sequences():
    frame = visits()
    result = frame_to_sequences(frame, id="patient", time="day", columns="pulse", y="ill")
    windows = make_windows(result.X, result.y, window=2, groups=result.ids)
    ordered = frame.sort_values("day")
    for values, label, identity in zip(windows.X, windows.y, windows.groups, strict=True):
        own = ordered[ordered["patient"] == identity]
        place = own["pulse"].tolist().index(values[0, 0])
        assert values[:, 0].tolist() == own["pulse"].tolist()[place : place + 2]
        assert {label} == set(own["ill"])


def test_the_result_can_be_pickled():
    copy = pickle.loads(pickle.dumps(RESULT))
    pd.testing.assert_frame_equal(copy.table, RESULT.table)
    pd.testing.assert_frame_equal(sequences_to_frame(copy.X, copy), sequences_to_frame(
        RESULT.X, RESULT))  # fmt: skip
    assert repr(copy) == repr(RESULT)


def test_the_frame_is_not_changed():
    frame = visits()
    before = frame.copy()
    result = frame_to_sequences(frame, id="patient", time="day", columns="pulse", static="age")
    result.X[0][:] = -1.0
    sequences_to_frame(result.X, result)
    pd.testing.assert_frame_equal(frame, before)


# Properties

ROWS = st.lists(
    st.tuples(st.sampled_from("xyz"), st.integers(-5, 5)), min_size=1, max_size=20, unique=True
)


@given(rows=ROWS, kind=st.sampled_from([as_pandas, as_polars, as_arrow]), seed=st.integers(0, 99))
def test_property_order_of_rows_does_not_matter(rows, kind, seed):
    """Sorted or shuffled, each id has the same sequence; going back gives the frame."""
    frame = pd.DataFrame(rows, columns=["id", "t"])
    frame["v"] = np.arange(float(len(frame)))
    given = dict(id="id", time="t", columns="v", max_gap=np.inf)
    result = frame_to_sequences(kind(frame), **given)
    back = to_pandas(sequences_to_frame(result.X, result, columns="v"))
    assert back.to_dict("list") == frame.to_dict("list")
    assert result.ids.tolist() == list(dict.fromkeys(frame["id"]))
    assert all((np.diff(times) > 0).all() for times in result.times)
    shuffled = frame_to_sequences(kind(frame.sample(frac=1, random_state=seed)), **given)
    one = dict(zip(result.ids, map(bytes, map(np.ascontiguousarray, result.X)), strict=True))
    other = dict(zip(shuffled.ids, map(bytes, map(np.ascontiguousarray, shuffled.X)), strict=True))
    assert one == other


@given(
    days=st.lists(st.integers(0, 40), min_size=2, max_size=20, unique=True),
    freq=st.integers(1, 4),
)
def test_property_filled_gaps_are_no_gaps(days, freq):
    """`n_missing` rows put evenly into each gap leave steps that are no gaps."""
    days = sorted(freq * day for day in days)
    frame = pd.DataFrame({"id": 1, "t": days, "x": 0.0})
    gaps = frame_to_sequences(frame, id="id", time="t", freq=freq).gaps
    assert gaps["n_missing"].sum() == (days[-1] - days[0]) // freq + 1 - len(days)
    filled = [t for _, start, end, _ in gaps.itertuples(index=False)
              for t in range(start + freq, end, freq)]  # fmt: skip
    whole = pd.DataFrame({"id": 1, "t": [*days, *filled], "x": 0.0})
    assert not len(frame_to_sequences(whole, id="id", time="t", freq=freq).gaps)
