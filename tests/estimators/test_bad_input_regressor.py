"""What LSTMRegressor refuses: each by name, with the model left as it was."""

from __future__ import annotations

import numpy as np
import pytest

from sklstm import LSTMRegressor

RNG = np.random.default_rng(0)
X = [RNG.normal(size=n) for n in (3, 1, 5, 2, 4, 4)]
Y = np.arange(6.0)


def small(**params):
    return LSTMRegressor(**({"hidden_size": 3, "max_epochs": 2, "random_state": 0} | params))


def put(index, number):
    y = Y.copy()
    y[index] = number
    return y


BAD_Y = {
    "none": (None, ValueError, "requires y to be passed, but the target y is None"),
    "short": (Y[:-1], ValueError, r"inconsistent numbers of samples: \[6, 5\]"),
    "nan": (put(3, np.nan), ValueError, "Input y contains NaN"),
    "infinity": (put(3, np.inf), ValueError, "Input y contains infinity"),
    "text": (list("abcdef"), ValueError, "could not convert string to float: 'a'"),
    "complex": (Y + 1j, ValueError, "Complex data not supported"),
    "ragged": ([[1.0], [1.0, 2.0]] * 3, ValueError, "y holds a sequence where a number is expect"),
    "lengths": (np.array([np.ones(n) for n in (3, 1, 5, 2, 4, 4)], dtype=object), ValueError,
                "y holds a sequence where a number"),
    "none-inside": ([1.0, None] * 3, ValueError, "y contains NaN"),
    "far": (put(3, 1e45), ValueError, r"y\[3\] is \[?1e\+45\]?, too far from the rest of y"),
    "dict": ([{"a": 1}] * 6, TypeError, "dict"),
}  # fmt: skip


@pytest.mark.parametrize(("y", "error", "message"), BAD_Y.values(), ids=BAD_Y.keys())
def test_bad_y(y, error, message):
    model = small().fit(X, Y)
    before = model.predict(X)
    for fit in (model.fit, model.partial_fit, model.set_params(warm_start=True).fit):
        with pytest.raises(error, match=message):
            fit(X, y)
    np.testing.assert_array_equal(model.predict(X), before)


@pytest.mark.parametrize("y", [np.ones((6, 2)), np.ones((6, 3, 1)), np.ones((6, 1))])
def test_y_of_another_shape_than_before(y):
    model = small().fit(X, Y)
    before = model.predict(X)
    with pytest.raises(ValueError, match=r"y has shape \(6, .*predicts targets of shape"):
        model.partial_fit(X, y)
    with pytest.raises(ValueError, match=r"y has shape \(6, "):
        model.fit(X, Y, X_val=X, y_val=y)
    np.testing.assert_array_equal(model.predict(X), before)


def test_counts_below_zero():
    model = small(loss="poisson").fit(X, Y)
    before = model.predict(X)
    for fit in (model.fit, model.partial_fit):
        with pytest.raises(ValueError, match=r"y\[2\] is -1\.0, but loss='poisson' is for counts"):
            fit(X, put(2, -1))
    wide = np.stack([Y, put(4, -0.5)], axis=1)
    with pytest.raises(ValueError, match=r"y\[4, 1\] is -0\.5"):
        model.fit(X, wide)
    np.testing.assert_array_equal(model.predict(X), before)
    assert (before > 0).all()


@pytest.mark.parametrize(
    ("quantiles", "message"),
    [
        (0.0, r"quantiles\[0\] is 0\.0; a quantile is a number above 0 and below 1"),
        ((0.1, 1.0), r"quantiles\[1\] is 1\.0; a quantile"),
        ((-0.1, 0.5), r"quantiles\[0\] is -0\.1"),
        ((0.1, 50), r"quantiles\[1\] is 50"),
        ((0.1, float("nan")), r"quantiles\[1\] is nan"),
        ((0.1, "0.5"), r"quantiles\[1\] is '0\.5'"),
        ((0.5, 0.1), r"quantiles\[1\] is 0\.1, not above quantiles\[0\], 0\.5; list them from lo"),
        ((0.5, 0.5), r"quantiles\[1\] is 0\.5, not above"),
        ((), "quantiles is empty"),
    ],
)
def test_bad_quantiles(quantiles, message):
    model = small(loss="quantile").fit(X, Y)
    before = model.predict(X)
    model.set_params(quantiles=quantiles)
    for fit in (model.fit, model.partial_fit):
        with pytest.raises(ValueError, match=message):
            fit(X, Y)
    np.testing.assert_array_equal(model.predict(X), before)


@pytest.mark.parametrize(
    ("coverage", "message"),
    [
        (0.8, r"coverage=0\.8 needs the quantile 0\.1, but.*quantiles=\(0\.05, 0\.5, 0\.95\)"),
        (0.0, r"coverage=0\.0 must be a number above 0 and below 1"),
        (95, "coverage=95 must be"),
        ("0.9", "coverage='0.9' must be"),
    ],
)
def test_bad_coverage(coverage, message):
    with pytest.raises(ValueError, match=message):
        small(loss="quantile").fit(X, Y).predict_interval(X, coverage)


def test_an_interval_of_one_quantile():
    model = small(loss="quantile", quantiles=0.5).fit(X, Y)
    with pytest.raises(ValueError, match=r"an interval needs two quantiles, but quantiles=\(0\.5"):
        model.predict_interval(X)


@pytest.mark.parametrize(
    "params", [{"loss": "mse"}, {"huber_delta": 0.0}, {"huber_delta": "big"}, {"loss": None}]
)
def test_bad_parameters(params):
    with pytest.raises(ValueError, match=f"'{next(iter(params))}' parameter of LSTMRegressor"):
        small(**params).fit(X, Y)


def test_a_loss_that_grows_without_bound_is_named():
    model = small(loss="poisson", learning_rate=1e4, gradient_clip=None, lr_schedule="constant")
    with pytest.raises(ValueError, match=r"training loss became|weights that are NaN"):
        model.set_params(max_epochs=50).fit(X, Y)


def test_quantiles_that_are_text():
    model = small(loss="quantile").fit(X, Y).set_params(quantiles="median")
    with pytest.raises(ValueError, match="'quantiles' parameter of LSTMRegressor must be"):
        model.fit(X, Y)
    with pytest.raises(ValueError, match="quantiles='median' is text; pass numbers"):
        model.partial_fit(X, Y)


def test_numbers_without_a_scale():
    with pytest.raises(ValueError, match=r"y holds numbers too large to be scaled, up to 5e\+200"):
        small().fit(X, 1e200 * Y)
    with pytest.raises(ValueError, match=r"y\[1\] is \[?1e\+200\]?, too far from the rest of y"):
        small().fit(X, Y).partial_fit(X, 1e200 * Y)
