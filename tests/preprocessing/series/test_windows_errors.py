"""What make_windows refuses, and what it says."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix

from sklstm import make_windows

ROWS = np.arange(10.0)
GAP = np.where(ROWS == 3, np.nan, ROWS)
INFINITE = np.where(ROWS == 6, -np.inf, ROWS)
TEXTS = list("ab" * 5)


@pytest.mark.parametrize("name", ["window", "stride", "horizon"])
@pytest.mark.parametrize(
    ("value", "error"),
    [
        (0, ValueError),
        (-1, ValueError),
        (np.int64(0), ValueError),
        (2.0, TypeError),
        (True, TypeError),
        (np.True_, TypeError),
        ("3", TypeError),
        (np.arange(2), TypeError),
    ],
)
def test_counts(name, value, error):
    params = {"window": 2, name: value}
    with pytest.raises(error, match=f"{name}=.* is not accepted; give an integer of 1 or more"):
        make_windows(ROWS, ROWS, **params)


def test_what_else_must_be_said():
    with pytest.raises(TypeError, match="window=None is not accepted"):
        make_windows(ROWS, window=None)
    with pytest.raises(ValueError, match=r"horizon=0 .* use horizon=None"):
        make_windows(ROWS, ROWS, window=2, horizon=0)
    with pytest.raises(ValueError, match=r"horizon=1 needs y, .* pass it as y as well"):
        make_windows(ROWS, window=2, horizon=1)
    assert len(make_windows(ROWS, window=np.int32(2)).X) == 9


@pytest.mark.parametrize(
    ("X", "params", "message"),
    [
        (ROWS, {"label": "max"}, "label='max' is not accepted; use one of .*'majority'"),
        (ROWS, {"label": None}, "label=None is not accepted"),
        (ROWS, {"gaps": "drop"}, "gaps='drop' is not accepted; use one of .*'skip'"),
        (ROWS, {"window": 11}, "window=11 needs 11 rows, but X has 10"),
        (
            ROWS,
            {"y": ROWS, "window": 8, "horizon": 3},
            "window=8 and horizon=3 together need 11 rows, but X has 10",
        ),
        ([ROWS, ROWS[:4]], {"window": 11}, "the longest of the 2 series has 10"),
        (ROWS, {"window": 6, "groups": [0] * 5 + [1] * 5}, "longest of the 2 series has 5"),
        ([ROWS], {"window": 11}, "window=11 needs 11 rows"),
    ],
)
def test_parameters(X, params, message):
    with pytest.raises(ValueError, match=message):
        make_windows(X, **{"window": 2, **params})


def test_short_series_among_longer_ones_are_no_error():
    assert make_windows([ROWS[:3], ROWS], [ROWS[:3], ROWS], window=3, horizon=1).X.shape[0] == 7


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        (np.ones((2, 3, 4)), ValueError, r"X has 3 dimensions; .* pass list\(X\)"),
        ([np.ones((2, 3, 4))], ValueError, r"X\[0\] has 3 dimensions"),
        (csr_matrix(np.eye(4)), TypeError, r"X is a sparse matrix; pass X.toarray\(\)"),
        ([ROWS, csr_matrix(np.eye(4))], TypeError, r"X\[1\] is a sparse matrix"),
        (np.array(TEXTS), ValueError, "X holds the text 'a' in row 0"),
        (pd.DataFrame({"a": [1, 2], "b": [3, "v"]}), ValueError, "X holds the text 'v' in row 1"),
        (pd.Series(["a", "b"]), ValueError, "X holds the text 'a'"),
        ([ROWS, TEXTS], ValueError, r"X\[1\] holds the text 'a'"),
        (TEXTS, ValueError, r"X\[0\] is 'a', where a list holds several series"),
        ([1.0, 2.0], ValueError, r"X\[0\] is 1.0, .* pass np.asarray\(X\)"),
        ([], ValueError, "X is an empty list"),
        (np.empty(0), ValueError, r"X has shape \(0,\)"),
        (np.empty((0, 3)), ValueError, r"X has shape \(0, 3\)"),
        (np.empty((3, 0)), ValueError, r"X has shape \(3, 0\)"),
        ([ROWS, []], ValueError, r"X\[1\] has shape \(0,\)"),
        ("text", ValueError, "X is a str; accepted is an array"),
        (None, ValueError, "X is a NoneType"),
        ({"a": [1]}, TypeError, "X is a dict"),
        (np.ones(4) + 1j, TypeError, "X has dtype complex128"),
        (pd.date_range("2020", periods=4), TypeError, "X has dtype datetime64"),
        (np.array([1.0, object()]), TypeError, "X cannot be read as numbers"),
        ([[1, 2], [3, [4]]], ValueError, r"X\[1\] has rows of different lengths"),
        (
            [np.ones((3, 2)), np.ones((3, 2)), np.ones((3, 1))],
            ValueError,
            r"X\[2\] has 1 features, but X\[0\] has 2",
        ),
    ],
)
def test_what_is_no_series(X, error, message):
    with pytest.raises(error, match=message):
        make_windows(X, window=2)


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        (ROWS, ROWS[:7], "y has 7 entries; accepted is 10, one per row of X, or 9, one per window"),
        (ROWS, [], "y has 0 entries"),
        (
            [ROWS, ROWS],
            [ROWS, ROWS[:7]],
            r"y\[1\] has 7 .* 10, one per row of X\[1\], or 9",
        ),
        ([ROWS, ROWS], [ROWS, ROWS[:9]], r"y\[1\] has 9 .* \(the same choice for every series\)"),
        ([ROWS, ROWS], [ROWS], "y must be a list of 2 arrays of labels, .* got 1 entries"),
        ([ROWS, ROWS], ROWS, r"y must be a list of 2 .* got 10 entries \(ndarray\)"),
        ([ROWS, ROWS], [1, ROWS], r"y must be a list of 2 .* got 2 entries \(list\)"),
        ([ROWS, ROWS], [1, 2, 3], r"y must be a list of 2 .* got 3 entries \(list\)"),
        ([ROWS, ROWS], "ab", "y must be a list of 2 arrays of labels"),
        (ROWS, 5, "y is a int; accepted is an array of one or two dimensions"),
        (ROWS, "text", "y is a str"),
        (ROWS, np.ones((10, 2, 2)), "y has 3 dimensions"),
        (ROWS, [[1, 2], [3]], "y holds entries of different lengths"),
        (ROWS, np.array([TEXTS[:2]] * 10), r"y has shape \(10, 2\) and dtype <U1; .* numbers"),
        ([ROWS, ROWS], [ROWS, np.ones((10, 2))], r"y\[1\] has shape \(10, 2\), but y\[0\] \(10,\)"),
    ],
)
def test_labels(X, y, message):
    with pytest.raises(ValueError, match=message):
        make_windows(X, y, window=2)


def test_sparse_labels():
    with pytest.raises(TypeError, match=r"y is a sparse matrix; pass y.toarray\(\)"):
        make_windows(np.ones(4), csr_matrix(np.eye(4)), window=2)


def test_with_a_horizon_labels_belong_to_rows():
    for n_windows in (9, 8):
        message = f"y has {n_windows} entries; accepted is 10, one per row of X, as horizon=1"
        with pytest.raises(ValueError, match=message):
            make_windows(ROWS, ROWS[:n_windows], window=2, horizon=1)


def test_labels_that_cannot_be_summed_up():
    with pytest.raises(ValueError, match="label='mean' needs numbers, but y has dtype <U1"):
        make_windows(ROWS, TEXTS, window=2, label="mean")
    with pytest.raises(ValueError, match=r"label='majority' .* y has 2 columns"):
        make_windows(ROWS, np.ones((10, 2)), window=2, label="majority")


@pytest.mark.parametrize(
    ("X", "groups", "message"),
    [
        (ROWS, [0, 1], "groups has 2 entries; accepted is 10, one per row of X"),
        ([ROWS, ROWS], [0], "groups has 1 entries; accepted is 2, one per series of X"),
        (ROWS, np.zeros((10, 2)), r"groups has shape \(10, 2\); accepted is one id per row"),
        (ROWS, [*"a" * 9, None], r"groups\[9\] is None; every row needs an id"),
        (ROWS, [*"a" * 9, np.nan], r"groups\[9\] is nan"),
        (ROWS, 1, "groups is a int"),
        (ROWS, [1, 1, 2, 2, 1, 3, 3, 3, 3, 3], r"groups\[4\] is 1 again"),
        (ROWS, list("aabbabbbbb"), r"groups\[4\] is 'a' again"),
    ],
)
def test_groups(X, groups, message):
    with pytest.raises(ValueError, match=message):
        make_windows(X, window=2, groups=groups)


def test_groups_out_of_order_can_be_sorted_as_the_message_says():
    X, y, groups = np.arange(6), np.arange(6), np.array(list("baabba"))
    with pytest.raises(ValueError, match="again") as caught:
        make_windows(X, y, window=2, groups=groups)
    line = str(caught.value).split("This sorts them: ")[1].split(" (")[0]
    scope = {"np": np, "X": X, "y": y, "groups": groups}
    exec(line, scope)
    made = make_windows(scope["X"], scope["y"], window=3, groups=scope["groups"])
    assert made.X[..., 0].tolist() == [[1, 2, 5], [0, 3, 4]]
    assert made.y.tolist() == [5, 4]


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        (GAP, None, r"X contains NaN or infinity: it holds \[nan\] in row 3.*gaps='skip'"),
        (INFINITE, None, r"holds \[-inf\] in row 6"),
        ([ROWS, GAP], None, r"X\[1\] contains NaN or infinity: it holds \[nan\] in row 3"),
        (ROWS, GAP, "y contains NaN .*: entry 3, which a window's label is computed from, is nan"),
        (ROWS, INFINITE, "y contains NaN .*: entry 6"),
        ([ROWS, ROWS], [ROWS, GAP], r"y\[1\] contains NaN .*: entry 3"),
        ([ROWS, ROWS], [ROWS[:9], GAP[:9]], r"y\[1\] contains NaN .*: entry 3"),
        (ROWS, [*TEXTS[:9], None], "y contains NaN .* or lacks a label: entry 9, .* is None"),
        (ROWS, np.column_stack([ROWS, GAP]), r"entry 3, .* is \[3.0, nan\]"),
    ],
)
def test_gaps(X, y, message):
    with pytest.raises(ValueError, match=message):
        make_windows(X, y, window=2)


def test_gaps_everywhere():
    with pytest.raises(ValueError, match="gaps='skip' leaves no window: each of the 4 holds"):
        make_windows(GAP[:7], window=4, gaps="skip")
    with pytest.raises(ValueError, match="leaves no window"):
        make_windows(ROWS, [None] * 10, window=4, gaps="skip")


def test_a_column_of_dates_is_named():
    frame = pd.DataFrame({"time": pd.date_range("2024-01-01", periods=10), "value": ROWS})
    with pytest.raises(TypeError, match=r"X has the column 'time' of dates .*Leave it out"):
        make_windows(frame, window=2)
    with pytest.raises(TypeError, match=r"X\[1\] has the column 'time' of dates"):
        make_windows([frame[["value"]], frame[["time"]]], window=2)
    assert make_windows(frame[["value"]], window=2).X.shape == (9, 2, 1)
