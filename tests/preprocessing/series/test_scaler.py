"""SequenceScaler against scikit-learn's scalers on stacked steps, and its checks."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import parametrize_with_checks

from sklstm import LSTMTagger, make_windows
from sklstm._sequences import as_ragged
from sklstm._sequences.tokens import TokenArray
from sklstm.preprocessing import SequencePadder, SequenceScaler

RNG = np.random.default_rng(0)
RAGGED = [RNG.normal([5, -3], [2, 9], size=(n, 2)) for n in (3, 1, 8)]
SCALERS = {
    "standard": (SequenceScaler(), StandardScaler()),
    "no mean": (SequenceScaler(with_mean=False), StandardScaler(with_mean=False)),
    "no std": (SequenceScaler(with_std=False), StandardScaler(with_std=False)),
    "minmax": (SequenceScaler(method="minmax"), MinMaxScaler()),
    "minmax -1 to 1": (
        SequenceScaler(method="minmax", feature_range=(-1, 1)),
        MinMaxScaler(feature_range=(-1, 1)),
    ),
}
both = pytest.mark.parametrize(("scaler", "oracle"), SCALERS.values(), ids=SCALERS)


@parametrize_with_checks(
    [
        SequenceScaler(),
        SequenceScaler(method="minmax"),
        SequenceScaler(padding_value=-999.0),
    ]
)
def test_sklearn_checks(estimator, check):
    check(estimator)


def test_tags_switch_no_check_off():
    tags = get_tags(SequenceScaler())
    assert tags.input_tags.two_d_array
    assert not tags.input_tags.allow_nan
    assert not tags.no_validation
    assert not tags._skip_test


@both
def test_ragged_rows(scaler, oracle):
    expected = oracle.fit(np.concatenate(RAGGED))
    scaled = clone(scaler).fit_transform(RAGGED)
    assert scaled.dtype == object
    for row, raw in zip(scaled, RAGGED, strict=True):
        np.testing.assert_allclose(row, expected.transform(raw))


@both
def test_three_dimensions(scaler, oracle):
    X = RNG.normal(size=(4, 5, 3)) * [1, 10, 100]
    expected = oracle.fit_transform(X.reshape(-1, 3)).reshape(X.shape)
    np.testing.assert_allclose(clone(scaler).fit_transform(X), expected)


@both
def test_a_table_is_one_feature(scaler, oracle):
    X = RNG.normal(7, 3, size=(4, 5))
    expected = oracle.fit_transform(X.reshape(-1, 1)).reshape(X.shape)
    scaler = clone(scaler).fit(X)
    np.testing.assert_allclose(scaler.transform(X), expected)
    assert scaler.n_features_in_ == 5
    assert scaler.scaler_.n_features_in_ == 1


@both
def test_lists_of_numbers(scaler, oracle):
    X = [[1.0, 2.0], [7.0], [4, 4, 4]]
    expected = oracle.fit(np.concatenate(X)[:, None])
    for row, raw in zip(clone(scaler).fit_transform(X), X, strict=True):
        assert row.shape == (len(raw),)
        np.testing.assert_allclose(row, expected.transform(np.array(raw)[:, None])[:, 0])


_tables = st.tuples(st.integers(1, 5), st.integers(1, 5), st.integers(1, 3)).flatmap(
    lambda shape: arrays(np.float64, shape, elements=st.floats(-1e3, 1e3, width=16))
)


@given(_tables, st.sampled_from(["standard", "minmax"]), st.sampled_from([None, -7.0]))
@settings(max_examples=100, deadline=None)
def test_inverse_transform_gives_back_the_values(X, method, padding_value):
    X = np.where(X == -7.0, 1.0, X)
    scaler = SequenceScaler(method=method, padding_value=padding_value).fit(X)
    scaled = scaler.transform(X)
    assert np.isfinite(scaled).all()
    np.testing.assert_allclose(scaler.inverse_transform(scaled), X, atol=1e-4)


@both
def test_inverse_transform_keeps_the_form(scaler, oracle):
    scaler = clone(scaler).fit(RAGGED)
    restored = scaler.inverse_transform(scaler.transform(RAGGED))
    for row, raw in zip(restored, RAGGED, strict=True):
        np.testing.assert_allclose(row, raw)


@pytest.mark.parametrize("method", ["standard", "minmax"])
@pytest.mark.parametrize("side", ["pre", "post"])
def test_padding_takes_no_part(method, side):
    padder = SequencePadder(padding=side, padding_value=-99.0)
    padded, lengths = padder.fit(RAGGED).pad(RAGGED)
    plain = SequenceScaler(method=method).fit(RAGGED)
    scaler = SequenceScaler(method=method, padding_value=-99.0).fit(padded)
    scaled = scaler.transform(padded)
    np.testing.assert_allclose(scaled, padder.transform(plain.transform(RAGGED)))
    np.testing.assert_allclose(scaler.inverse_transform(scaled), padded)
    assert (scaled == -99.0).all(axis=2).sum() == padded.shape[0] * padded.shape[1] - sum(lengths)


def test_a_step_is_padding_only_as_a_whole():
    X = np.array([[[0.0, 0.0], [0.0, 4.0], [2.0, 0.0]]])
    scaled = SequenceScaler(method="minmax", padding_value=0.0).fit_transform(X)
    np.testing.assert_allclose(scaled, [[[0, 0], [0, 1], [1, 0]]])
    scaler = SequenceScaler(padding_value=0.0).fit(X)
    np.testing.assert_allclose(scaler.scaler_.mean_, [1.0, 2.0])
    # Only padding to transform: nothing to do, not an error.
    assert scaler.transform(np.zeros((1, 2, 2))).tolist() == np.zeros((1, 2, 2)).tolist()


# method, feature_range and padding value: scaling maps steps of `STEPPED` to the padding value,
# the smallest, the largest, and the mean.
MEETINGS = {
    "minimum": ("minmax", (0, 1), 0.0),
    "maximum": ("minmax", (0, 1), 1.0),
    "minimum below 0": ("minmax", (-1, 1), -1.0),
    "middle": ("minmax", (-1, 1), 0.0),
    "minimum above 0": ("minmax", (1, 2), 1.0),
    "not in float32": ("minmax", (0.1, 1), 0.1),
    "mean": ("standard", (0, 1), 0.0),
}
meetings = pytest.mark.parametrize(("method", "span", "padding"), MEETINGS.values(), ids=MEETINGS)
STEPPED = [[10, 50, 50], [90], [50, 90, 10, 50], [30, 70, 50], [70, 30], [50]]


@meetings
@pytest.mark.parametrize("side", ["pre", "post"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n_features", [None, 1, 2])
def test_fault_04_the_lengths_survive_scaling(method, span, padding, side, dtype, n_features):
    ragged = [np.asarray(item, dtype=dtype) for item in STEPPED]
    if n_features is not None:
        ragged = [np.stack([item] * n_features, axis=1) for item in ragged]
    plain = SequenceScaler(method=method, feature_range=span).fit(ragged)
    scaler = clone(plain).set_params(padding_value=padding)
    padder = SequencePadder(padding=side, padding_value=padding)
    padded, lengths = padder.fit(ragged).pad(ragged)
    scaled = scaler.fit(padded).transform(padded)
    assert scaled.dtype == dtype
    assert scaled.shape == padded.shape
    expected = plain.transform(ragged)
    meeting = [(np.float32(item) == np.float32(padding)).any() for item in expected]
    assert any(meeting)
    for found in (
        as_ragged(scaled, padding_value=padding).lengths,  # what every LSTM estimator does
        as_ragged(scaled, padding_value=padding, dtype=None).lengths,
        [len(item) for item in padder.inverse_transform(scaled)],
        [len(item) for item in padder.inverse_transform(scaled.astype(np.float32))],
    ):
        np.testing.assert_array_equal(found, lengths)
    for item, other in zip(padder.inverse_transform(scaled), expected, strict=True):
        np.testing.assert_allclose(item, other, rtol=2e-7, atol=1e-7)
    if method == "minmax":
        assert scaled.min() >= min(dtype(span[0]), dtype(padding))
        assert scaled.max() <= max(dtype(span[1]), dtype(padding))
    np.testing.assert_allclose(scaler.inverse_transform(scaled), padded, rtol=1e-5)


@pytest.mark.parametrize("side", ["pre", "post"])
def test_fault_04_predictions_are_those_of_ragged_sequences(side):
    ragged = [np.array(item, dtype=float) for item in STEPPED]
    tags = [np.where(item > 40, "high", "low") for item in ragged]
    padder = SequencePadder(padding=side).fit(ragged)
    padded, padded_tags = padder.transform(ragged), np.full((len(ragged), 4), "none", dtype=object)
    for row, item in zip(padded_tags, tags, strict=True):
        row[slice(-len(item), None) if side == "pre" else slice(len(item))] = item
    scaler = SequenceScaler(method="minmax", padding_value=0.0)
    tagger = LSTMTagger(4, padding_value=0.0, max_epochs=2, random_state=0)
    scaled = scaler.fit_transform(padded)
    tagger.fit(scaled, padded_tags)
    assert list(tagger.classes_) == ["high", "low"]
    expected = SequenceScaler(method="minmax").fit_transform(ragged)
    oracle = clone(tagger).set_params(padding_value=None).fit(expected, tags)
    for got, known in zip(tagger.predict(scaled), oracle.predict(expected), strict=True):
        assert got.tolist() == known.tolist()
    probabilities = tagger.predict_proba(scaled), oracle.predict_proba(expected)
    for got, known in zip(*probabilities, strict=True):
        np.testing.assert_allclose(got, known, atol=1e-5)


def test_fault_04_windows_of_scaled_rows_keep_their_steps():
    rows = np.array([4.0, 2.0, 9.0, 9.0, 2.0, 4.0, 0.0, 0.0])  # two rows of padding
    scaler = SequenceScaler(method="minmax", padding_value=0.0)
    windows = make_windows(scaler.fit_transform(rows[None])[0], window=3).X
    lengths = as_ragged(windows, padding_value=0.0).lengths
    assert lengths.tolist() == [3, 3, 3, 3, 2, 1]


FAR = {
    "offset": lambda x: x + 1e8,
    "years": lambda x: x * 0.01 - 2000,
    "single precision": lambda x: (x * 1e3 + 1e8).astype(np.float32),
    "huge": lambda x: x * 1e38 + 1e40,
    "minute": lambda x: x * 1e-50 + 1e-49,
    "integers": lambda x: np.round(x * 2**30).astype(np.int64) + 2**58,
}


@pytest.mark.parametrize("in_parts", [False, True])
@pytest.mark.parametrize("method", ["standard", "minmax"])
@pytest.mark.parametrize("name", FAR)
def test_fault_09_values_far_from_0_are_scaled_as_near(name, method, in_parts):
    near = np.random.default_rng(0).normal(size=(20, 6, 2)) * [1, 3]
    far = FAR[name](near)
    if far.dtype == np.float32:  # what is left of the digits
        near = (far.astype(np.float64) - 1e8) / 1e3
    fit, expected = SequenceScaler(method=method), SequenceScaler(method=method)
    if in_parts:
        for part in (far[:7], far[7:]):
            fit.partial_fit(part)
    else:
        fit.fit(far)
    scaled = fit.transform(far)
    assert scaled.dtype == (np.float32 if far.dtype == np.float32 else np.float64)
    np.testing.assert_allclose(scaled, expected.fit_transform(near), atol=2e-6)
    tolerance = 1e-6 * np.ptp(far.astype(float))
    for values in (scaled, scaled.astype(np.float32)):
        np.testing.assert_allclose(fit.inverse_transform(values), far, rtol=0, atol=tolerance)
    ragged = [row[: i % 5 + 1] for i, row in enumerate(far)]
    for row, item in zip(fit.transform(ragged), scaled, strict=True):
        np.testing.assert_array_equal(row, item[: len(row)])


@pytest.mark.parametrize("method", ["standard", "minmax"])
@pytest.mark.parametrize("offset", [0.0, 5.0, 500.0])
def test_fault_09_single_precision_near_0_is_as_before(method, offset):
    X = (np.random.default_rng(0).normal(size=(20, 6)) + offset).astype(np.float32)
    scaler = SequenceScaler(method=method).fit(X)
    oracle = {"standard": StandardScaler, "minmax": MinMaxScaler}[method]().fit(X.reshape(-1, 1))
    scaled = scaler.transform(X)
    np.testing.assert_array_equal(scaled, oracle.transform(X.reshape(-1, 1)).reshape(X.shape))
    back = oracle.inverse_transform(scaled.reshape(-1, 1)).reshape(X.shape)
    np.testing.assert_array_equal(scaler.inverse_transform(scaled), back)
    assert scaler.inverse_transform(scaled).dtype == np.float32


@pytest.mark.parametrize("method", ["standard", "minmax"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_fault_09_rounding_errors_of_constants_are_not_scaled_up(method, dtype):
    rng = np.random.default_rng(0)
    ulps = rng.integers(-1, 2, size=(9, 4, 2)) * np.spacing(dtype(1e8))
    X = (dtype(1e8) + ulps).astype(dtype)
    assert len(np.unique(X)) == 3
    scaler = SequenceScaler(method=method)
    scaled = scaler.fit_transform(X)
    assert np.ptp(scaled) == 0
    assert np.ptp(scaler.partial_fit(X).transform(X)) == 0
    np.testing.assert_allclose(scaler.inverse_transform(scaled), X, atol=np.ptp(ulps))
    assert np.ptp(scaler.transform(np.stack([X[0], X[0] + 1e6]))) >= 1e6
    X[..., 1] = rng.normal(size=(9, 4))
    assert np.ptp(scaler.fit_transform(X)[..., 0]) == 0
    # But small differences are data, which scikit-learn's rules take for rounding errors.
    many = 1e8 + rng.normal(0, 1e-4, size=(20_000, 1))
    assert np.ptp(scaler.fit_transform(many)) >= 1


@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_fault_09_what_double_precision_cannot_hold_is_refused(scale):
    X = np.random.default_rng(0).normal(size=(9, 4, 2)) * [1.0, scale]
    scaler = SequenceScaler().fit(X[..., :1])
    before = pickle.dumps(scaler)
    for fit in (scaler.fit, scaler.partial_fit):
        with pytest.raises(ValueError, match=r"feature [01] of X varies so (much|little)|features"):
            fit(X)
    assert pickle.dumps(scaler) == before
    with pytest.raises(ValueError, match=r"feature 1 of X varies so (much|little)"):
        SequenceScaler().partial_fit(X)
    scaled = SequenceScaler(method="minmax").fit_transform(X)
    np.testing.assert_allclose(np.ptp(scaled, axis=(0, 1)), 1)


def test_fault_09_padding_stays_when_the_precision_changes():
    X = np.full((3, 4), np.float32(0.1))
    X[:, :2] += np.float32(1e6) + np.arange(6).reshape(3, 2)
    scaler = SequenceScaler(padding_value=0.1).fit(X)
    back = scaler.inverse_transform(scaler.transform(X))
    assert back.dtype == np.float64
    assert (back[:, 2:] == 0.1).all()
    np.testing.assert_allclose(back[:, :2], X[:, :2], atol=1e-6)


def test_zeros_are_data_unless_said_otherwise():
    scaler = SequenceScaler().fit([[0.0, 0.0, 3.0]])
    assert scaler.scaler_.mean_.tolist() == [1.0]


@pytest.mark.parametrize("method", ["standard", "minmax"])
def test_constant_features_are_safe(method):
    X = np.full((3, 4, 2), 5.0)
    scaled = SequenceScaler(method=method).fit_transform(X)
    assert scaled.tolist() == np.zeros((3, 4, 2)).tolist()


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [("float32", "float32"), ("float64", "float64"), ("int64", "float64"), ("int8", "float64")],
)
def test_dtypes(dtype, expected):
    for X in (
        np.arange(6).reshape(2, 3).astype(dtype),
        np.arange(12).reshape(2, 3, 2).astype(dtype),
        [np.array([1, 2], dtype), np.array([3], dtype)],
    ):
        scaler = SequenceScaler().fit(X)
        scaled = scaler.transform(X)
        assert scaled[0].dtype == expected
        assert scaler.inverse_transform(scaled)[0].dtype == expected


def test_input_is_left_alone():
    X = [row.copy() for row in RAGGED]
    scaler = SequenceScaler(padding_value=0.0).fit(X)
    scaler.inverse_transform(scaler.transform(X))
    for row, raw in zip(X, RAGGED, strict=True):
        np.testing.assert_array_equal(row, raw)


@both
def test_partial_fit_adds_up(scaler, oracle):
    scaler = clone(scaler)
    for row in RAGGED:
        scaler.partial_fit([row])
    whole = clone(scaler).fit(RAGGED)
    for row, expected in zip(scaler.transform(RAGGED), whole.transform(RAGGED), strict=True):
        np.testing.assert_allclose(row, expected)


def test_containers():
    expected = SequenceScaler().fit_transform([[1.0, 2.0], [6.0]])
    for X in (
        pd.Series([[1.0, 2.0], [6.0]]),
        np.array([np.array([1.0, 2.0]), np.array([6.0])], dtype=object),
        pytest.importorskip("awkward").Array([[1.0, 2.0], [6.0]]),
    ):
        scaled = SequenceScaler().fit_transform(X)
        assert [row.tolist() for row in scaled] == [row.tolist() for row in expected]


def test_names_and_frames():
    frame = pd.DataFrame({"mon": [1.0, 2.0], "tue": [3.0, 6.0]}, index=[4, 2])
    scaler = SequenceScaler().set_output(transform="pandas").fit(frame)
    scaled = scaler.transform(frame)
    assert scaled.columns.tolist() == ["mon", "tue"]
    assert scaled.index.tolist() == [4, 2]
    np.testing.assert_allclose(scaled.to_numpy().mean(), 0, atol=1e-12)
    assert scaler.get_feature_names_out().tolist() == ["mon", "tue"]


def test_nested_lists_of_one_length_are_an_array():
    X = [[1.0, 2.0], [3.0, 4.0]]
    np.testing.assert_array_equal(
        SequenceScaler().fit_transform(X), SequenceScaler().fit_transform(np.array(X))
    )
    assert SequenceScaler().fit_transform([np.array(row) for row in X]).dtype == object


def test_frames_of_ragged_sequences():
    series = pd.Series(RAGGED, index=[4, 2, 9])
    scaler = SequenceScaler().set_output(transform="pandas").fit(series)
    frame = scaler.transform(series)
    assert frame.columns.tolist() == scaler.get_feature_names_out().tolist() == ["sequence"]
    assert frame.index.tolist() == [4, 2, 9]
    plain = SequenceScaler().fit_transform(RAGGED)
    for row, expected in zip(frame["sequence"], plain, strict=True):
        np.testing.assert_array_equal(row, expected)


def test_no_frames_of_three_dimensions():
    scaler = SequenceScaler().set_output(transform="pandas").fit(np.ones((2, 3, 2)))
    with pytest.raises(ValueError, match=r"two-dimensional output.*\(2, 3, 2\)"):
        scaler.transform(np.ones((2, 3, 2)))
    with pytest.raises(ValueError, match="no named columns"):
        scaler.get_feature_names_out()


def test_before_a_padder():
    pipeline = make_pipeline(SequenceScaler(), SequencePadder(padding="post"))
    padded = pipeline.fit_transform(RAGGED)
    assert padded.shape == (3, 8, 2)
    assert (padded[1, 1:] == 0).all()


@pytest.mark.parametrize(
    ("X", "params", "error", "message"),
    [
        (RAGGED, {"method": "robust"}, ValueError, "'method' parameter"),
        (RAGGED, {"with_mean": "no"}, ValueError, "'with_mean' parameter"),
        (RAGGED, {"padding_value": "0"}, ValueError, "'padding_value' parameter"),
        (RAGGED, {"padding_value": np.inf}, ValueError, "'padding_value' parameter"),
        (RAGGED, {"method": "minmax", "feature_range": (1, 0)}, ValueError, "feature range"),
        (np.zeros((2, 3)), {"padding_value": 0.0}, ValueError, "every step .*padding_value=0.0"),
        ([[1.0], [2.0, np.nan]], {}, ValueError, r"NaN or infinity.*X\[1\]"),
        ([[1.0], [2.0], [-np.inf]], {}, ValueError, r"NaN or infinity.*X\[2\]"),
        ([[[1, 2]], [[3, 4]], [[1, 2, 3]]], {}, ValueError, r"X\[2\] has 3 features"),
        ([[1.0], ["a"]], {}, ValueError, r"X\[1\]"),
        ([[1.0], []], {}, ValueError, r"X\[1\] is an empty sequence"),
        (TokenArray([[4, 5]]), {}, TypeError, "token ids, .* cannot be scaled"),
    ],
)
def test_a_failed_refit_leaves_the_earlier_fit(X, params, error, message):
    scaler = SequenceScaler().fit(RAGGED)
    before = scaler.transform(RAGGED)
    scaler.set_params(**params)
    for method in (scaler.fit,) if params else (scaler.fit, scaler.partial_fit):
        with pytest.raises(error, match=message):
            method(X)
    scaler.set_params(**SequenceScaler().get_params())
    for row, expected in zip(scaler.transform(RAGGED), before, strict=True):
        np.testing.assert_array_equal(row, expected)


@pytest.mark.parametrize("method", ["transform", "inverse_transform", "partial_fit"])
def test_other_features_than_in_fit(method):
    scaler = SequenceScaler().fit(RAGGED)
    with pytest.raises(ValueError, match="X has 3 features, but SequenceScaler is expecting 2"):
        getattr(scaler, method)(np.ones((2, 4, 3)))
    scaler = SequenceScaler().fit(np.ones((3, 4)))
    with pytest.raises(ValueError, match="X has 5 features, but SequenceScaler is expecting 4"):
        getattr(scaler, method)(np.ones((3, 5)))


@pytest.mark.parametrize("method", ["transform", "inverse_transform"])
def test_unfitted(method):
    with pytest.raises(NotFittedError, match="SequenceScaler instance is not fitted"):
        getattr(SequenceScaler(), method)(RAGGED)


def test_pickle_and_clone():
    scaler = SequenceScaler(method="minmax").fit(RAGGED)
    loaded = pickle.loads(pickle.dumps(scaler))
    for row, expected in zip(loaded.transform(RAGGED), scaler.transform(RAGGED), strict=True):
        np.testing.assert_array_equal(row, expected)
    assert not hasattr(clone(scaler), "scaler_")
