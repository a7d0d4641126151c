"""make_windows against loops over windows, and what splitters make of its output."""

from __future__ import annotations

import datetime
from collections import Counter

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import GroupKFold, TimeSeriesSplit

import sklstm
from sklstm import LSTMClassifier, LSTMRegressor, LSTMTagger, make_windows
from sklstm.preprocessing.series import windows as windows_module

RNG = np.random.default_rng(0)

ORACLES = {
    "last": lambda labels: labels[-1],
    "first": lambda labels: labels[0],
    "mean": lambda labels: np.mean(labels, axis=0),
    "majority": lambda labels: Counter(labels).most_common(1)[0][0],  # ties: the first one met
    "all": list,
}


def by_hand(series, labels, ids, window, stride=1, horizon=None, label="last"):
    """Make the windows of a list of series one by one."""
    X, y, groups = [], [], []
    for rows, names, identity in zip(series, labels, ids, strict=True):
        start = 0
        while start + window + (horizon or 0) <= len(rows):
            end = start + window
            X.append(rows[start:end])
            seen = names[start:end] if horizon is None else names[end : end + horizon]
            y.append(ORACLES[label](list(seen)))
            groups.append(identity)
            start += stride
    return X, y, groups


_lengths = st.lists(st.integers(1, 15), min_size=1, max_size=5)
_settings = {
    "window": st.integers(1, 5),
    "stride": st.integers(1, 6),
    "horizon": st.none() | st.integers(1, 4),
    "label": st.sampled_from(sorted(ORACLES)),
}


@given(_lengths, st.booleans(), st.data())
@settings(max_examples=300, deadline=None)
def test_against_a_loop(lengths, as_list, data):
    params = {name: data.draw(strategy, name) for name, strategy in _settings.items()}
    rows = np.arange(2 * sum(lengths)).reshape(-1, 2)
    labels = np.array(
        data.draw(st.lists(st.integers(0, 3), min_size=len(rows), max_size=len(rows)))
    )
    ends = np.cumsum(lengths)[:-1]
    ids = [f"series {i}" for i in range(len(lengths))]
    series = np.split(rows, ends)
    X, y, groups = by_hand(series, np.split(labels, ends), ids, **params)
    if as_list:
        given = (series, np.split(labels, ends))
        given_groups = ids
    else:
        given, given_groups = (rows, labels), np.repeat(ids, lengths)
    if not X:
        with pytest.raises(ValueError, match="window="):
            make_windows(*given, groups=given_groups, **params)
        return
    windows = make_windows(*given, groups=given_groups, **params)
    assert windows.X.shape == (len(X), params["window"], 2)
    np.testing.assert_array_equal(windows.X, X)
    np.testing.assert_allclose(windows.y, y)
    assert windows.groups.tolist() == groups


def test_a_label_for_every_five_rows():
    X, by_row = RNG.normal(size=(9000, 10)), RNG.integers(0, 3, 9000)
    windows, y, groups = make_windows(X, by_row, window=5, stride=5)
    assert windows.shape == (1800, 5, 10)
    np.testing.assert_array_equal(windows, X.reshape(1800, 5, 10))
    np.testing.assert_array_equal(y, by_row[4::5])
    assert groups.tolist() == [0] * 1800
    given = make_windows(X, by_row[4::5], window=5, stride=5, label="majority")
    np.testing.assert_array_equal(given.y, by_row[4::5])  # taken as they are


def test_it_is_public():
    assert "make_windows" in sklstm.__all__
    result = make_windows(np.arange(4), window=2)
    assert result._fields == ("X", "y", "groups")
    assert result.y is None


@pytest.mark.parametrize("dtype", ["int8", "int64", "bool", "float16", "float32", "float64"])
def test_rows_of_one_number_keep_their_dtype(dtype):
    X = np.array([0, 1, 1, 0]).astype(dtype)
    windows = make_windows(X, window=3).X
    assert windows.shape == (2, 3, 1)
    assert windows.dtype == dtype
    assert windows[..., 0].tolist() == [X[:3].tolist(), X[1:].tolist()]


def test_rows_that_fill_no_window_are_left_out():
    X, y, _ = make_windows(np.arange(8), np.arange(8), window=3, stride=3)
    assert X[..., 0].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert y.tolist() == [2, 5]


def test_the_horizon_counts_from_the_last_row():
    series = np.arange(10)
    for label, expected in {"last": 6, "first": 4, "mean": 5.0, "majority": 4}.items():
        y = make_windows(series, series, window=4, horizon=3, label=label).y
        assert y.tolist() == [expected + i for i in range(4)]


@pytest.mark.parametrize(
    "X", [RNG.normal(size=(50, 3)), np.arange(50), pd.DataFrame({"a": range(50)})]
)
@pytest.mark.parametrize("stride", [1, 3, 7])
def test_windows_of_one_series_are_a_view(X, stride):
    windows = make_windows(X, window=7, stride=stride).X
    assert np.shares_memory(windows, np.asarray(X))
    assert not windows.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        windows[0, 0, 0] = 1


def test_a_view_takes_no_memory():
    X = np.zeros((3_000_000, 1), dtype=np.float32)
    windows = make_windows(X, window=1000).X  # 12 GB, if it were a copy
    assert windows.shape == (2_999_001, 1000, 1)
    assert np.shares_memory(windows, X)


def test_windows_that_are_not_evenly_spaced_are_one_copy():
    X = np.arange(10.0)
    windows = make_windows(X, window=2, groups=[0] * 5 + [1] * 5).X
    assert not np.shares_memory(windows, X)
    assert windows.base is None
    assert windows.flags.writeable
    assert windows.flags.c_contiguous
    # Those of these groups are: every window is as far from the next as within a group.
    assert np.shares_memory(make_windows(X, window=5, stride=5, groups=[0] * 5 + [1] * 5).X, X)
    assert np.shares_memory(make_windows([X], window=2).X, X)


def test_labels_are_no_view():
    y = np.arange(5)
    made = make_windows(np.arange(5), y, window=1).y
    made[0] = 7
    assert y[0] == 0


def test_the_labels_of_several_columns():
    y = RNG.normal(size=(9, 2))
    for label in ("last", "first", "mean"):
        made = make_windows(np.arange(9), y, window=3, stride=2, label=label).y
        np.testing.assert_allclose(made, by_hand([y], [y], [0], 3, 2, label=label)[1])
    assert make_windows(np.arange(9), y[:4], window=3, stride=2).y.tolist() == y[:4].tolist()


@pytest.mark.parametrize(
    "labels",
    [
        list("abbacab"),
        np.array(list("abbacab"), dtype="S1"),
        ["a", 1, 1, "a", 2.5, "a", 1],
        pd.Series(list("abbacab"), dtype="category"),
        pl.Series(list("abbacab")),
        np.array([True, False, False, True, True, True, False]),
        [datetime.date(2020, 1, day) for day in (1, 2, 2, 1, 3, 1, 2)],
        np.array([1, 2, 2, 1, 3, 1, 2], dtype="datetime64[D]"),
    ],
)
@pytest.mark.parametrize("label", ["last", "first", "majority"])
def test_labels_of_any_type(labels, label):
    made = make_windows(np.arange(7), labels, window=4, label=label).y
    expected = by_hand([np.arange(7)], [np.asarray(labels, dtype=object)], [0], 4, label=label)[1]
    assert made.tolist() == expected
    assert [type(a) for a in made.tolist()] == [type(b) for b in expected]


def test_series_with_labels_of_different_types():
    made = make_windows([np.arange(2)] * 2, [["a", "b"], [1, 2]], window=2).y
    assert made.tolist() == ["b", 2]
    # One without windows has no labels, and so none of a type.
    made = make_windows([np.arange(2), np.arange(1)], [["b"], []], window=2).y
    assert made.tolist() == ["b"]


@pytest.mark.parametrize("n_labels", [2, 5, 400])
@pytest.mark.parametrize("chunk", [50, 1 << 16], ids=["several parts", "one part"])
def test_majorities(n_labels, chunk, monkeypatch):
    monkeypatch.setattr(windows_module, "_CHUNK", chunk)
    y = RNG.integers(0, n_labels, 500)
    for window, stride in [(1, 1), (2, 1), (7, 3), (64, 5)]:
        made = make_windows(y, y, window=window, stride=stride, label="majority").y
        assert made.tolist() == by_hand([y], [y], [0], window, stride, label="majority")[1]


def test_majorities_of_more_labels_and_rows_than_32_bits_hold():
    names = np.arange(70_000) * 2**30
    y = np.concatenate([names, np.repeat(names[:2], 40_000)])
    made = make_windows(np.arange(len(y)), y, window=len(y) - 1, label="majority").y
    assert made.tolist() == [0, names[1]]


def test_of_labels_as_frequent_the_first_wins():
    made = make_windows(np.arange(4), ["b", "a", "a", "b"], window=4, label="majority").y
    assert made.tolist() == ["b"]
    made = make_windows(np.arange(4), ["c", "b", "a", "d"], window=3, label="majority").y
    assert made.tolist() == ["c", "b"]


def test_means_keep_their_digits():
    y = np.concatenate([[1e12], np.full(20, 0.1)])
    made = make_windows(np.arange(21), y, window=5, label="mean").y
    np.testing.assert_allclose(made[1:], 0.1, rtol=1e-14)
    assert make_windows(np.arange(4), np.arange(4), window=2, label="mean").y.tolist() == [
        0.5,
        1.5,
        2.5,
    ]
    half = np.array([60000, 60000], dtype=np.float16)  # whose sum is past float16
    made = make_windows(np.arange(2), half, window=2, label="mean").y
    assert made.dtype == np.float16
    assert made.tolist() == [half[0]]


@pytest.mark.parametrize(
    "X",
    [
        pd.DataFrame({"a": [1, 2, 3], "b": [4, 5, 6]}),
        pd.DataFrame({"a": [1, 2, 3], "b": pd.array([4, 5, 6], dtype="Int64")}),
        pl.DataFrame({"a": [1, 2, 3], "b": [4, 5, 6]}),
        np.array([[1, 4], [2, 5], [3, 6]], dtype=object),
        [[[1, 4], [2, 5], [3, 6]]],
        ([[1, 4], [2, 5], [3, 6]],),
        pd.Series([np.array([[1, 4], [2, 5], [3, 6]])]),
    ],
)
def test_every_container(X):
    assert make_windows(X, window=2).X.tolist() == [[[1, 4], [2, 5]], [[2, 5], [3, 6]]]


def test_a_list_holds_several_series():
    X, y, groups = make_windows([[1, 2, 3], [4], [5, 6]], [[1, 2, 3], [4], [5, 6]], window=2)
    assert X[..., 0].tolist() == [[1, 2], [2, 3], [5, 6]]
    assert y.tolist() == [2, 3, 6]
    assert groups.tolist() == [0, 0, 2]
    groups = make_windows([[1, 2], [3, 4]], window=2, groups=["p", "p"]).groups
    assert groups.tolist() == ["p", "p"]


@pytest.mark.parametrize("ids", [[7, 3, 5], ["b", "a", "c"], [1.5, 0.5, 2.5], [1, "1", 2.0]])
def test_groups_of_any_type(ids):
    by_row = [ids[0]] * 2 + [ids[1]] * 3 + [ids[2]] * 2
    X, _, groups = make_windows(np.arange(7), window=2, groups=by_row)
    assert X[..., 0].tolist() == [[0, 1], [2, 3], [3, 4], [5, 6]]
    assert groups.tolist() == [ids[0], ids[1], ids[1], ids[2]]


def test_gaps_are_left_out():
    X = np.arange(20.0).reshape(10, 2)
    X[3, 1], X[8, 0] = np.nan, np.inf
    y = np.arange(10.0)
    y[5] = np.nan
    X_kept, y_kept, groups = make_windows(X, y, window=2, gaps="skip")
    assert X_kept[:, 0, 0].tolist() == [0, 2, 10, 12]  # the rows 0, 1, 5 and 6
    assert y_kept.tolist() == [1, 2, 6, 7]
    assert len(groups) == 4
    # A label a window: those of the windows 0, 1, 4, 5 and 6 are asked for.
    y = np.array([0, 1, np.nan, np.nan, np.nan, 5, 6, 7, 8])
    assert make_windows(X, y, window=2, gaps="skip").y.tolist() == [0, 1, 5, 6]


def test_a_horizon_may_be_a_gap_in_X():
    X, y = np.array([1.0, 2.0, np.nan, 4.0]), np.arange(4)
    X, y, _ = make_windows(X, y, window=2, horizon=1, gaps="skip")
    assert X[..., 0].tolist() == [[1, 2]]
    assert y.tolist() == [2]


@pytest.mark.parametrize("lost", [None, np.nan, pd.NA, pd.NaT])
def test_missing_labels_matter_where_they_are_used(lost):
    y = [lost, "a", lost, "b", "b", "b"]
    assert make_windows(np.arange(6), y, window=2, stride=2).y.tolist() == ["a", "b", "b"]
    for label, left in {"first": ["b"], "majority": ["b"]}.items():
        kept = make_windows(np.arange(6), y, window=2, stride=2, label=label, gaps="skip")
        assert kept.y.tolist() == left
        with pytest.raises(ValueError, match="entry 0"):
            make_windows(np.arange(6), y, window=2, stride=2, label=label)


def test_integers_with_missing_ones():
    y = pd.Series([1, None, 3, 4], dtype="Int64")
    made = make_windows(np.arange(4), y, window=2, label="mean", gaps="skip").y
    assert made.tolist() == [3.5]


@given(st.integers(1, 6), st.integers(1, 7), st.none() | st.integers(1, 5), st.integers(0, 20))
@settings(max_examples=200, deadline=None)
def test_the_gap_that_time_series_splits_need(window, stride, horizon, more):
    reach = window + (horizon or 0)
    rows = np.arange(reach + stride * (12 + more))
    X = make_windows(rows, rows, window=window, stride=stride, horizon=horizon).X
    gap = (window + (horizon or 0) - 1) // stride
    if len(X) <= 3 + gap:
        return

    def used(part):
        return {row for start in X[part, 0, 0] for row in range(start, start + reach)}

    splits = list(TimeSeriesSplit(n_splits=2, test_size=1, gap=gap).split(X))
    assert splits
    for train, test in splits:
        assert not used(train) & used(test)
        # One less would share a row.
        assert used([train[-1] + 1]) & used(test) or gap == 0


def test_groups_keep_series_on_one_side():
    series = [RNG.normal(size=(n, 2)) for n in (5, 9, 7, 6)]
    X, y, groups = make_windows(series, [rows[:, 0] > 0 for rows in series], window=3)
    for train, test in GroupKFold(2).split(X, y, groups):
        assert not set(groups[train]) & set(groups[test])


def test_windows_into_an_estimator():
    X, y, _ = make_windows(
        RNG.normal(size=(60, 3)).astype(np.float32), RNG.integers(0, 2, 60), window=4
    )
    model = LSTMClassifier(hidden_size=4, max_epochs=2, random_state=0)
    np.testing.assert_array_equal(
        model.fit(X, y).predict_proba(X), model.fit(X.copy(), y).predict_proba(X.copy())
    )


@given(_lengths, st.booleans(), st.sampled_from(["last", "mean", "all"]), st.data())
@settings(max_examples=100, deadline=None)
def test_fault_26_one_label_per_series_is_repeated(lengths, as_list, label, data):
    params = {name: data.draw(_settings[name], name) for name in ("window", "stride")}
    labels = data.draw(
        st.lists(st.sampled_from("ab"), min_size=len(lengths), max_size=len(lengths))
    )
    rows = np.arange(sum(lengths))
    series = np.split(rows, np.cumsum(lengths)[:-1])
    repeated = [[name] * length for name, length in zip(labels, lengths, strict=True)]
    ids = np.arange(len(lengths))
    X, y, groups = by_hand(
        series, repeated, ids, label="all" if label == "all" else "last", **params
    )
    counts = np.bincount(groups, minlength=len(lengths)) if X else np.zeros(1)
    by_row = len(lengths) == len(rows)
    if not as_list and len(X) == len(lengths) and (counts != 1).any() and not by_row:
        with pytest.raises(ValueError, match="may be one per window or one per series"):
            make_windows(rows, labels, groups=np.repeat(ids, lengths), **params)
        return
    if not X:
        return
    if not as_list and by_row and label == "mean":
        return  # one label per row, of rows that are series
    given = (series, None) if as_list else (rows, np.repeat(ids, lengths))
    windows = make_windows(given[0], labels, groups=given[1], label=label, **params)
    assert windows.y.tolist() == [list(item) if label == "all" else item for item in y]
    assert windows.groups.tolist() == groups


def test_fault_26_labels_of_series_of_any_type():
    series = [np.arange(4), np.arange(3)]
    for y in (["walk", "run"], np.array(["walk", "run"]), pd.Series(["walk", "run"])):
        assert make_windows(series, y, window=3).y.tolist() == ["walk", "walk", "run"]
    assert make_windows(series, [1.5, 2.5], window=3).y.tolist() == [1.5, 1.5, 2.5]
    assert make_windows(np.arange(4), ["walk"], window=3).y.tolist() == ["walk", "walk"]
    pairs = pd.DataFrame({"a": [1, 2], "b": [3, 4]})
    assert make_windows(series, pairs, window=3).y.tolist() == [[1, 3], [1, 3], [2, 4]]
    kept = make_windows(series, ["walk", None], window=3, gaps="skip")
    assert kept.y.tolist() == ["walk", "walk"]
    with pytest.raises(ValueError, match=r"y contains NaN .* entry 1"):
        make_windows(series, ["walk", None], window=3)
    with pytest.raises(ValueError, match="y has one label per series, but horizon=1"):
        make_windows(series, ["walk", "run"], window=2, horizon=1)
    with pytest.raises(ValueError, match="label='all' needs one label per row, but y has one per"):
        make_windows(np.arange(4), list("ab"), window=2, stride=2, label="all")


def test_fault_26_a_label_for_every_step_is_what_the_estimators_learn():
    rows = RNG.normal(size=(12, 2))
    names = np.where(rows[:, 0] > 0, "up", "down")
    X, y, _ = make_windows(rows, names, window=4, stride=2, label="all")
    assert y.tolist() == [names[i : i + 4].tolist() for i in range(0, 9, 2)]
    assert y.flags.writeable
    tags = LSTMTagger(3, max_epochs=1).fit(X, y).predict(X)
    assert [len(item) for item in tags] == [4] * 5
    X, y, _ = make_windows(rows, rows, window=3, horizon=2, label="all")
    np.testing.assert_array_equal(y, [rows[i + 3 : i + 5] for i in range(8)])
    assert LSTMRegressor(3, max_epochs=1).fit(X, y).predict(X).shape == (8, 2, 2)
    y = make_windows(rows, rows[:, 0], window=3, horizon=2, label="all").y
    np.testing.assert_array_equal(y, [rows[i + 3 : i + 5, 0] for i in range(8)])
    assert LSTMRegressor(3, max_epochs=1).fit(X, y).predict(X).shape == (8, 2)
    holed = np.where(np.arange(12) == 5, np.nan, rows[:, 0])
    y = make_windows(rows, holed, window=3, horizon=2, label="all", gaps="skip").y
    assert y.shape == (6, 2)  # without the windows at rows 1 and 2


TIMES = pd.date_range("2024-01-01", periods=5, freq="D")
INDEX = pd.MultiIndex.from_tuples(
    [("b", TIMES[i]) for i in range(5)] + [("a", t) for t in TIMES[:3]]
)
FRAME = pd.DataFrame({"x": np.arange(8), "y": np.arange(8) * 10}, index=INDEX)


@pytest.mark.parametrize("form", ["frame", "series", "numbers", "three levels"])
def test_fault_26_windows_do_not_cross_the_instances_of_an_index(form):
    X = {
        "frame": FRAME,
        "series": FRAME["x"],
        "numbers": FRAME.set_index(pd.MultiIndex.from_arrays([[2] * 5 + [1] * 3, range(8)])),
        "three levels": FRAME.set_index(
            pd.MultiIndex.from_arrays([["s"] * 8, ["b"] * 5 + ["a"] * 3, range(8)])
        ),
    }[form]
    windows = make_windows(X, FRAME["y"].to_numpy(), window=2, horizon=1)
    assert windows.X[..., 0].tolist() == [[0, 1], [1, 2], [2, 3], [5, 6]]
    assert windows.y.tolist() == [20, 30, 40, 70]
    ids = {"numbers": [2, 1], "three levels": [("s", "b"), ("s", "a")]}.get(form, ["b", "a"])
    assert windows.groups.tolist() == [ids[0]] * 3 + [ids[1]]


def test_fault_26_labels_follow_the_index():
    by_instance = pd.Series({"a": "run", "b": "walk"})  # in another order than the frame
    expected = ["walk"] * 3 + ["run"]
    assert make_windows(FRAME, by_instance, window=3).y.tolist() == expected
    assert make_windows(FRAME, ["walk", "run"], window=3).y.tolist() == expected
    by_row = FRAME["y"].sort_index()
    assert make_windows(FRAME, by_row, window=3).y.tolist() == [20, 30, 40, 70]
    single = FRAME.loc["b"]
    assert make_windows(single, single["y"][::-1], window=4).y.tolist() == [30, 40]
    assert make_windows(FRAME, by_row.reset_index(drop=True), window=3).y.shape == (4,)
    with pytest.raises(ValueError, match=r"which instance; use y.loc\[X.index.droplevel\(-1\)"):
        make_windows(FRAME, by_instance.rename({"a": "c"}), window=3)
    given = make_windows(FRAME, window=3, groups=["subject", "subject"])
    assert given.groups.tolist() == ["subject"] * 4
    rows = make_windows(FRAME, window=3, groups=[1, 1, 2, 2, 2, 3, 3, 3])
    assert rows.groups.tolist() == [2, 3]


def test_fault_26_an_index_that_is_not_in_order_is_refused():
    with pytest.raises(ValueError, match=r"names 'b' again in row 4.*X.sort_index"):
        make_windows(FRAME.iloc[[0, 1, 5, 6, 2, 3]], window=2)
    with pytest.raises(ValueError, match=r"first level .* times.*swaplevel"):
        make_windows(FRAME.swaplevel(0, 1).sort_index(), window=2)
    with pytest.raises(ValueError, match=r"not in temporal order: row 1 is of 2024-01-04.* row 0"):
        make_windows(FRAME.loc["b"][::-1], window=2)
    with pytest.raises(ValueError, match=r"not in temporal order: row 6 "):
        make_windows(FRAME.iloc[[0, 1, 2, 3, 4, 6, 5]], window=2)
    with pytest.raises(ValueError, match=r"the rows of X\[1\] are not in temporal order"):
        make_windows([FRAME.loc["a"], FRAME.loc["b"][::-1]], window=2)
    with pytest.raises(ValueError, match=r"X\[0\] has a MultiIndex of 2 instances"):
        make_windows([FRAME], window=2)
    assert len(make_windows([FRAME.loc[["a"]], FRAME.loc[["b"]]], window=3).X) == 4


REGULAR = {
    "daily": TIMES,
    "months": pd.date_range("2024-01-31", periods=8, freq="ME"),
    "working days": pd.bdate_range("2024-01-01", periods=15),
    "a holiday": pd.bdate_range("2024-01-01", periods=9).delete(6),
    "Easter": pd.bdate_range("2024-03-25", "2024-04-05").drop(["2024-03-29", "2024-04-01"]),
    "periods of working days": pd.bdate_range("2024-01-01", periods=15).to_period("D"),
    "irregular": pd.to_datetime([0, 1, 2, 5, 9, 17, 20, 37, 38], unit="s"),
    "summer time": pd.date_range("2024-03-30", periods=4, tz="Europe/Berlin"),
    "jitter": pd.DatetimeIndex(["2024-01-01 00:00:00", "2024-01-01 00:01:10", "2024-01-01 00:02"]),
    "periods": pd.period_range("2024-01", periods=5, freq="M"),
    "numbers": pd.Index([5, 4, 9, 1]),
    "names": pd.Index(list("dbca")),
}


@pytest.mark.parametrize("index", REGULAR.values(), ids=REGULAR)
def test_fault_26_regular_times_pass_in_silence(index):
    frame = pd.DataFrame({"x": np.arange(len(index))}, index=index)
    assert len(make_windows(frame, window=2).X) == len(index) - 1  # warnings are errors here


GAPS = {
    "daily": (
        TIMES[[0, 1, 3, 4]],
        "after row 1: from 2024-01-02 00:00:00 to 2024-01-04 .* 2 times",
    ),
    "periods": (pd.PeriodIndex(["2024-01", "2024-02", "2024-05"], freq="M"), "after row 1"),
    "working days": (
        pd.bdate_range("2024-01-01", periods=9).delete([5, 6, 7]),
        "after row 4: from 2024-01-05",
    ),
    "deltas": (pd.to_timedelta([0, 1, 2, 9], unit="s"), "after row 2"),
    "dates": (pd.Index([t.date() for t in TIMES[[0, 1, 2, 4]]], dtype=object), "after row 2"),
    "twice": (TIMES[[0, 1, 1, 2]], "rows 1 and 2 of X are of the same time, 2024-01-02"),
    "missing": (pd.DatetimeIndex(["2024-01-01", None, "2024-01-03"]), "lacks the time of row 1"),
}


@pytest.mark.parametrize(("index", "message"), GAPS.values(), ids=GAPS)
def test_fault_26_gaps_in_time_are_warned_of(index, message):
    frame = pd.DataFrame({"x": np.arange(len(index))}, index=index)
    if index.hasnans:
        with pytest.raises(ValueError, match=message):
            make_windows(frame, window=2)
        return
    with pytest.warns(UserWarning, match=message) as caught:
        make_windows(frame, window=2)
    assert caught[0].filename == __file__
    with pytest.warns(UserWarning, match=message.replace("X", r"X\[1\]")):
        make_windows([frame[:2], frame], window=2)
    with pytest.warns(UserWarning, match=r"X\[0\]") as caught:
        make_windows([frame] * 3, window=2)
    assert len(caught) == 1
    two = pd.concat({"a": frame[:2], "b": frame})
    with pytest.warns(UserWarning, match="gap" if "gap" in message else "after row|same time"):
        make_windows(two, window=2)


def test_fault_26_groups_that_change_at_a_gap_silence_it():
    frame = pd.DataFrame({"x": np.arange(4)}, index=TIMES[[0, 1, 3, 4]])
    groups = (frame.index.to_series().diff() > pd.Timedelta(days=1)).cumsum()
    assert make_windows(frame, window=2, groups=groups).groups.tolist() == [0, 1]
