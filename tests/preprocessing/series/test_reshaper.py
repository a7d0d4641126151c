"""WindowReshaper against loops, worked examples and scikit-learn's checks."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.sparse import csr_matrix
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import parametrize_with_checks

import sklstm
from sklstm import LSTMClassifier, SequencePadder, WindowReshaper

RNG = np.random.default_rng(0)

_ORDER_MATTERS = "a window holds the rows before its own in the same call"
_RAGGED = "numpy compares no object arrays of arrays; FilledReshaper runs this check"
TRAILING_FAILURES = {
    "check_methods_subset_invariance": _ORDER_MATTERS,
    "check_methods_sample_order_invariance": _ORDER_MATTERS,
}
RAGGED_FAILURES = TRAILING_FAILURES | {
    "check_estimators_pickle": _RAGGED,
    "check_fit_idempotent": _RAGGED,
    "check_pipeline_consistency": _RAGGED,
    "check_transformer_data_not_an_array": _RAGGED,
    "check_transformer_general": _RAGGED,
}


class FilledReshaper(WindowReshaper):
    """Ragged windows brought into an array, so that scikit-learn's checks can compare them."""

    def transform(self, X):
        return SequencePadder(max_length=self.n_steps_).fit_transform(super().transform(X))


def failures(reshaper):
    if reshaper.mode == "rows":
        return {}
    is_ragged = reshaper.partial == "short" and not isinstance(reshaper, FilledReshaper)
    return RAGGED_FAILURES if is_ragged else TRAILING_FAILURES


@parametrize_with_checks(
    [
        WindowReshaper(),
        WindowReshaper(layout="by_feature"),
        WindowReshaper(mode="trailing", window=3, partial="repeat"),
        WindowReshaper(mode="trailing", window=3),
        FilledReshaper(mode="trailing", window=3),
    ],
    expected_failed_checks=failures,
)
def test_sklearn_checks(estimator, check):
    check(estimator)


def test_tags_switch_no_check_off():
    tags = get_tags(WindowReshaper())
    assert tags.input_tags.two_d_array
    assert not tags.input_tags.allow_nan
    assert not tags.no_validation
    assert not tags._skip_test
    assert tags.transformer_tags.preserves_dtype == ["float64", "float32"]


def test_it_is_public():
    assert "WindowReshaper" in sklstm.__all__


_numbers = st.floats(-1e3, 1e3, width=32)
_shapes = st.tuples(st.integers(1, 5), st.integers(1, 5), st.integers(1, 4))


@given(_shapes.flatmap(lambda shape: arrays(np.float32, shape, elements=_numbers)))
@settings(max_examples=100, deadline=None)
def test_rows_of_either_layout(sequences):
    _, n_steps, n_features = sequences.shape
    rows = {
        "by_step": [[x for step in sequence for x in step] for sequence in sequences],
        "by_feature": [
            [step[j] for j in range(n_features) for step in sequence] for sequence in sequences
        ],
    }
    for layout, table in rows.items():
        X = np.array(table, dtype=np.float32)
        reshaper = WindowReshaper(n_features=n_features, layout=layout).fit(X)
        made = reshaper.transform(X)
        assert (reshaper.n_steps_, reshaper.n_step_features_) == (n_steps, n_features)
        assert made.flags.c_contiguous
        assert not np.shares_memory(made, X)
        np.testing.assert_array_equal(made, sequences)
        np.testing.assert_array_equal(reshaper.inverse_transform(made), X)


def test_three_steps_of_one_number_or_one_step_of_three():
    X = np.arange(6.0).reshape(2, 3)
    assert WindowReshaper().fit_transform(X).shape == (2, 3, 1)
    assert WindowReshaper(n_features=3).fit_transform(X).shape == (2, 1, 3)


@given(st.integers(1, 12), st.integers(1, 15), st.integers(1, 3))
@settings(max_examples=100, deadline=None)
def test_trailing_windows(n, window, n_features):
    X = np.arange(float(n * n_features)).reshape(n, n_features)
    short = WindowReshaper(mode="trailing", window=window).fit(X)
    repeat = WindowReshaper(mode="trailing", window=window, partial="repeat").fit(X)
    ragged, full = short.transform(X), repeat.transform(X)
    assert ragged.shape == (n,)
    assert full.shape == (n, window, n_features)
    for i in range(n):
        history = [X[j] for j in range(i - window + 1, i + 1) if j >= 0]
        np.testing.assert_array_equal(ragged[i], history)
        np.testing.assert_array_equal(full[i], [X[0]] * (window - len(history)) + history)
    np.testing.assert_array_equal(short.inverse_transform(ragged), X)
    np.testing.assert_array_equal(short.inverse_transform(list(ragged)), X)
    np.testing.assert_array_equal(repeat.inverse_transform(full), X)


def test_trailing_windows_are_views_of_one_copy():
    X = np.zeros((300_000, 1))
    made = WindowReshaper(mode="trailing", window=10_000, partial="repeat").fit_transform(X)
    assert made.shape == (300_000, 10_000, 1)  # 24 GB, if it were a copy
    assert not made.flags.writeable
    assert not np.shares_memory(made, X)
    ragged = WindowReshaper(mode="trailing", window=2).fit_transform(X[:3])
    assert ragged[1].base is ragged[2].base
    assert not np.shares_memory(ragged[1], X)


def test_a_prediction_depends_on_the_rows_before_it_only():
    X = RNG.normal(size=(20, 2))
    reshaper = WindowReshaper(mode="trailing", window=4).fit(X)
    whole, changed = reshaper.transform(X), X.copy()
    changed[10:] = 0
    for before, after in zip(whole[:10], reshaper.transform(changed)[:10], strict=True):
        np.testing.assert_array_equal(before, after)
    # With window - 1 rows in front, later rows get the history they had.
    for row, expected in zip(reshaper.transform(X[7:])[3:], whole[10:], strict=True):
        np.testing.assert_array_equal(row, expected)


@pytest.mark.parametrize("params", [{}, {"mode": "trailing", "window": 2}])
@pytest.mark.parametrize(
    ("dtype", "expected"),
    [("float32", "float32"), ("float64", "float64"), ("int64", "float64"), ("bool", "float64")],
)
def test_dtypes(params, dtype, expected):
    reshaper = WindowReshaper(**params)
    made = reshaper.fit_transform(np.ones((3, 2), dtype))
    assert made[0].dtype == expected
    assert reshaper.inverse_transform(made).dtype == expected


def test_data_frames():
    frame = pd.DataFrame({"a": [1, 2], "b": [3, 4]})
    reshaper = WindowReshaper().fit(frame)
    assert reshaper.feature_names_in_.tolist() == ["a", "b"]
    assert reshaper.transform(frame)[..., 0].tolist() == [[1, 3], [2, 4]]
    with pytest.raises(ValueError, match="feature names"):
        reshaper.transform(frame.rename(columns={"a": "c"}))
    # Sequences have no columns that a frame could hold.
    assert not hasattr(reshaper, "get_feature_names_out")
    assert not hasattr(reshaper, "set_output")


X_10 = RNG.normal(size=(4, 10))


@pytest.mark.parametrize(
    ("X", "params", "error", "message"),
    [
        (X_10, {"n_features": 3}, ValueError, "10 columns, which n_features=3 .* 1, 2, 5, 10"),
        (X_10, {"n_features": 20}, ValueError, "10 columns, which n_features=20"),
        (X_10, {"n_features": 0}, ValueError, "'n_features' parameter"),
        (X_10, {"mode": "row"}, ValueError, "'mode' parameter"),
        (X_10, {"layout": "C"}, ValueError, "'layout' parameter"),
        (X_10, {"partial": "drop"}, ValueError, "'partial' parameter"),
        (X_10, {"mode": "trailing"}, ValueError, "mode='trailing' needs window"),
        (X_10, {"mode": "trailing", "window": 0}, ValueError, "'window' parameter"),
        (X_10, {"window": 5}, ValueError, "window=5 is for mode='trailing'"),
        (np.ones((2, 3, 4)), {}, ValueError, "dim 3"),
        (np.ones(3), {}, ValueError, "1D array"),
        (np.array([[1, np.nan]]), {}, ValueError, "contains NaN"),
        (np.array([[1, np.inf]]), {}, ValueError, "contains infinity"),
        (np.array([["a", "b"]]), {}, ValueError, "could not convert string"),
        (csr_matrix(np.eye(2)), {}, TypeError, "[Ss]parse"),
        ([[1], [2, 3]], {}, ValueError, "holds sequences"),
    ],
)
def test_a_failed_refit_leaves_the_earlier_fit(X, params, error, message):
    reshaper = WindowReshaper().fit(X_10)
    before = vars(reshaper).copy()
    reshaper.set_params(**params)
    with pytest.raises(error, match=message):
        reshaper.fit(X)
    assert vars(reshaper.set_params(**WindowReshaper().get_params())) == before


def test_other_columns_than_in_fit():
    reshaper = WindowReshaper().fit(X_10)
    with pytest.raises(ValueError, match="X has 3 features, but WindowReshaper is expecting 10"):
        reshaper.transform(np.ones((2, 3)))
    with pytest.raises(ValueError, match=r"X has shape \(4, 10\); accepted is \('n', 10, 1\)"):
        reshaper.inverse_transform(X_10)
    trailing = WindowReshaper(mode="trailing", window=2).fit(X_10)
    with pytest.raises(ValueError, match=r"X\[1\] has shape \(2, 3\); accepted is \(T_i, 10\)"):
        trailing.inverse_transform([np.ones((1, 10)), np.ones((2, 3))])
    with pytest.raises(ValueError, match=r"X\[0\] has shape \(0, 10\)"):
        trailing.inverse_transform([np.ones((0, 10))])


@pytest.mark.parametrize("method", ["transform", "inverse_transform"])
def test_unfitted(method):
    with pytest.raises(NotFittedError, match="WindowReshaper instance is not fitted"):
        getattr(WindowReshaper(), method)(X_10)


def test_pickle_and_clone():
    reshaper = WindowReshaper(n_features=5, layout="by_feature").fit(X_10)
    loaded = pickle.loads(pickle.dumps(reshaper))
    np.testing.assert_array_equal(loaded.transform(X_10), reshaper.transform(X_10))
    assert not hasattr(clone(reshaper), "n_steps_")


def tiny():
    return LSTMClassifier(hidden_size=4, max_epochs=2, random_state=0)


def test_a_grid_of_shapes():
    X, y = RNG.normal(size=(30, 12)), RNG.integers(0, 2, 30)
    pipeline = make_pipeline(StandardScaler(), WindowReshaper(), tiny())
    grid = {"windowreshaper__n_features": [1, 4], "windowreshaper__layout": ["by_feature"]}
    search = GridSearchCV(pipeline, grid, cv=2, error_score="raise").fit(X, y)
    assert search.predict(X).shape == (30,)
    direct = tiny().fit(X.reshape(30, 12, 1), y).predict_proba(X.reshape(30, 12, 1))
    through = make_pipeline(WindowReshaper(), tiny()).fit(X, y).predict_proba(X)
    np.testing.assert_array_equal(direct, through)


@pytest.mark.parametrize("partial", ["short", "repeat"])
def test_a_grid_of_trailing_windows(partial):
    X, y = RNG.normal(size=(40, 3)), np.tile([0, 1], 20)
    reshaper = WindowReshaper(mode="trailing", window=2, partial=partial)
    pipeline = make_pipeline(reshaper, tiny())
    grid = {"windowreshaper__window": [2, 50]}
    search = GridSearchCV(pipeline, grid, cv=TimeSeriesSplit(2), error_score="raise").fit(X, y)
    assert search.predict(X).shape == (40,)
    assert cross_val_predict(pipeline, X, y, cv=2).shape == (40,)


@pytest.mark.parametrize("partial", ["short", "repeat"])
def test_fault_26_trailing_windows_do_not_cross_instances(partial):
    times = pd.date_range("2024-01-01", periods=4)
    index = pd.MultiIndex.from_tuples([("b", t) for t in times] + [("a", t) for t in times[:2]])
    frame = pd.DataFrame({"x": np.arange(6.0)}, index=index)
    reshaper = WindowReshaper(mode="trailing", window=3, partial=partial)
    expected = [*reshaper.fit_transform(frame[:4].to_numpy())]
    expected += [*reshaper.fit_transform(frame[4:].to_numpy())]
    windows = reshaper.fit_transform(frame)
    assert len(windows) == 6
    for window, other in zip(windows, expected, strict=True):
        np.testing.assert_array_equal(window, other)


def test_fault_26_trailing_windows_need_rows_in_temporal_order():
    times = pd.date_range("2024-01-01", periods=5)
    frame = pd.DataFrame({"x": np.arange(5.0)}, index=times)
    reshaper = WindowReshaper(mode="trailing", window=2).fit(frame)
    assert len(reshaper.transform(frame)) == 5
    with pytest.raises(ValueError, match="rows of X are not in temporal order"):
        reshaper.transform(frame[::-1])
    with pytest.warns(UserWarning, match="X has a gap in time after row 1") as caught:
        reshaper.transform(frame.iloc[[0, 1, 3, 4]])
    assert caught[0].filename == __file__
    WindowReshaper().fit_transform(frame[::-1])  # rows that are sequences have no order
