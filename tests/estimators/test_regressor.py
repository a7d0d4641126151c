"""LSTMRegressor: scale, losses, quantiles, use with scikit-learn's tools, and errors."""

from __future__ import annotations

import pickle
import re

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import StackingRegressor, VotingRegressor
from sklearn.linear_model import RidgeCV
from sklearn.metrics import mean_pinball_loss, r2_score
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_validate
from sklearn.pipeline import make_pipeline

from sklstm import LSTMRegressor, SequenceScaler


def means(n=120, seed=0):
    """Return ragged sequences and their means."""
    rng = np.random.default_rng(seed)
    X = [rng.normal(size=rng.integers(2, 7)) for _ in range(n)]
    return X, np.array([item.mean() for item in X])


X, Y = means()
NEW_X, NEW_Y = means(60, seed=1)


def small(**params):
    defaults = {"hidden_size": 8, "learning_rate": 0.05, "max_epochs": 20, "pooling": "mean"}
    # Without the branch, whose batch statistics know no weights and magnify rounding errors.
    plain = {"fcn_filters": None, "batch_size": 32, "random_state": 0}
    return LSTMRegressor(**(defaults | plain | params))


def test_numbers_are_learned_for_new_sequences():
    assert small().fit(X, Y).score(NEW_X, NEW_Y) > 0.95


@pytest.mark.parametrize("loss", ["squared_error", "absolute_error", "huber", "quantile"])
@pytest.mark.parametrize(("slope", "offset"), [(1e-6, 0.0), (250.0, 1e5)])
def test_the_unit_of_y_does_not_matter(loss, slope, offset):
    predicted = small(loss=loss).fit(X, Y).predict(NEW_X)
    scaled = small(loss=loss).fit(X, slope * Y + offset).predict(NEW_X)
    np.testing.assert_allclose((scaled - offset) / slope, predicted, atol=2e-4)


def test_fault_09_targets_far_from_0_are_learned_as_near():
    model = small(max_epochs=3)
    predicted = model.fit(X, Y).predict(NEW_X)
    for slope, offset in [(1.0, 1e8), (1e38, 1e40), (1e-50, 0.0), (1e-50, 1e-48)]:
        far = model.fit(X, slope * Y + offset).predict(NEW_X)
        assert far.dtype == np.float64
        np.testing.assert_allclose((far - offset) / slope, predicted, atol=1e-5)
    far = model.fit(X, np.round(Y * 2**30).astype(np.int64) + 2**58).predict(NEW_X)
    np.testing.assert_allclose((far - 2**58) / 2**30, predicted, atol=1e-5)


def test_fault_09_rounding_errors_of_a_constant_target_are_not_scaled_up():
    ulps = np.random.default_rng(0).integers(-1, 2, size=len(Y)) * np.spacing(1e8)
    predicted = small(max_epochs=2).fit(X, 1e8 + ulps).predict(X)
    assert np.ptp(predicted) < 1
    with pytest.warns(UserWarning, match="y of the first part holds a single value"):
        small().partial_fit(X, 1e8 + ulps)
    with pytest.raises(ValueError, match="y holds numbers that differ too little to be scaled"):
        small().fit(X, 1e-200 * Y)


def test_y_is_scaled_by_weight():
    """Half the samples have weight 0 and another unit, and change nothing."""
    weights = np.repeat([1.0, 0.0], 60)
    y = np.where(weights > 0, Y, 1e6 * Y + 1e9)
    params = {"batch_size": 1000, "shuffle": False}
    weighted = small(**params).fit(X, y, sample_weight=weights)
    alone = small(**params).fit(X[:60], Y[:60])
    np.testing.assert_allclose(weighted.predict(NEW_X), alone.predict(NEW_X), atol=1e-4)


def test_a_constant_is_predicted():
    for loss in ("squared_error", "absolute_error", "huber", "poisson"):
        predicted = (
            small(loss=loss, lr_schedule="linear").fit(X, np.full(len(X), 7.0)).predict(NEW_X)
        )
        np.testing.assert_allclose(predicted, 7.0, atol=0.2)


def test_several_numbers_and_matrices_keep_their_shape():
    wide = np.stack([Y, 1000 * Y, 5 - Y], axis=1)
    model = small().fit(X, wide)
    assert model.predict(NEW_X).shape == (60, 3)
    new = np.stack([NEW_Y, 1000 * NEW_Y, 5 - NEW_Y], axis=1)
    assert (r2_score(new, model.predict(NEW_X), multioutput="raw_values") > 0.9).all()
    matrices, new_matrices = wide[:, None, :] + [[0], [1]], new[:, None, :] + [[0], [1]]
    model = small().fit(X, matrices)
    assert model.predict(NEW_X).shape == (60, 2, 3)
    flat = model.predict(NEW_X).reshape(60, 6)
    assert model.score(NEW_X, new_matrices) == r2_score(new_matrices.reshape(60, 6), flat)
    assert model.score(NEW_X, new_matrices) > 0.9
    as_row = small().fit(X, matrices.reshape(120, 6)).predict(NEW_X)
    np.testing.assert_allclose(flat, as_row, atol=1e-9)


def test_poisson_predicts_rates():
    rng = np.random.default_rng(3)
    counts = rng.poisson(np.exp(1 + Y))
    model = small(loss="poisson").fit(X, counts)
    predicted = model.predict(NEW_X)
    assert (predicted > 0).all()
    assert r2_score(np.exp(1 + NEW_Y), predicted) > 0.8
    assert model.predict(X).mean() == pytest.approx(counts.mean(), rel=0.1)
    nothing = small(loss="poisson").fit(X, 0 * counts).predict(X)
    assert 0 < nothing.max() < 0.3


def test_losses_estimate_mean_median_and_between():
    """On skewed noise without a signal they predict the mean, the median, or between them."""
    rng = np.random.default_rng(0)
    same = [np.zeros(2)] * 2000
    y = rng.exponential(size=2000)

    def centre(**params):
        params = {"max_epochs": 8, "batch_size": 100, "lr_schedule": "linear"} | params
        return small(**params).fit(same, y).predict(same[:1])[0]

    assert centre() == pytest.approx(y.mean(), abs=0.06)
    assert centre(loss="absolute_error") == pytest.approx(np.median(y), abs=0.06)
    assert np.median(y) < centre(loss="huber", huber_delta=1.0) < y.mean()


def test_quantiles_have_their_coverage_and_never_cross():
    rng = np.random.default_rng(0)
    X, centre = means(1500, seed=2)
    spread = np.array([0.2 + (len(item) > 4) for item in X])
    y = centre + spread * rng.normal(size=len(X))
    levels = (0.05, 0.25, 0.5, 0.75, 0.95)
    model = small(loss="quantile", quantiles=levels, max_epochs=15).fit(X[:1000], y[:1000])
    quantiles, new = model.predict_quantiles(X[1000:]), y[1000:]
    assert (np.diff(quantiles, axis=1) >= 0).all()
    np.testing.assert_allclose((new[:, None] < quantiles).mean(axis=0), levels, atol=0.06)
    np.testing.assert_array_equal(model.predict(X[1000:]), quantiles[:, 2])
    np.testing.assert_array_equal(model.predict_interval(X[1000:]), quantiles[:, [0, 4]])
    np.testing.assert_array_equal(model.predict_interval(X[1000:], 0.5), quantiles[:, [1, 3]])
    width = np.diff(model.predict_interval(X[1000:]))[:, 0]
    assert width[spread[1000:] > 1].mean() > 1.5 * width[spread[1000:] < 1].mean()
    best = mean_pinball_loss(new, np.quantile(y[:1000], [0.95])[[0] * len(new)], alpha=0.95)
    assert mean_pinball_loss(new, quantiles[:, 4], alpha=0.95) < 0.8 * best


def test_quantiles_of_matrices():
    matrices = Y[:, None, None] + np.arange(6).reshape(2, 3)
    model = small(loss="quantile", quantiles=[0.1, 0.6]).fit(X, matrices)
    assert model.predict_quantiles(NEW_X).shape == (60, 2, 3, 2)
    assert model.predict_interval(NEW_X).shape == (60, 2, 3, 2)
    np.testing.assert_array_equal(model.predict(NEW_X), model.predict_quantiles(NEW_X)[..., 1])
    assert model.quantiles_ == (0.1, 0.6)


def test_how_many_quantiles_are_asked_for_hardly_matters_to_the_median():
    rng = np.random.default_rng(0)
    y, params = Y + rng.normal(0, 0.1, len(Y)), {"loss": "quantile", "max_epochs": 30}
    few = small(**params, quantiles=(0.05, 0.5, 0.95)).fit(X, y)
    many = small(**params, quantiles=np.linspace(0.05, 0.95, 19)).fit(X, y)
    assert len(many.quantiles_) == 19
    assert many.score(NEW_X, NEW_Y) > few.score(NEW_X, NEW_Y) - 0.1
    inside = many.predict_interval(NEW_X, 0.8)
    assert (np.diff(inside) < 2 * np.diff(few.predict_interval(NEW_X))).all()


def test_one_quantile_is_a_number():
    model = small(loss="quantile", quantiles=0.9).fit(X, Y)
    np.testing.assert_array_equal(model.predict(X), model.predict_quantiles(X)[:, 0])


def test_only_quantile_models_have_quantiles():
    for name in ("predict_quantiles", "predict_interval"):
        assert not hasattr(small(), name)
        assert hasattr(small(loss="quantile"), name)
    with pytest.raises(AttributeError, match="no attribute 'predict_interval'") as caught:
        small().fit(X, Y).predict_interval(X)
    assert "set loss='quantile'" in str(caught.value.__cause__)
    assert not hasattr(small().fit(X, Y).set_params(loss="quantile"), "predict_quantiles")
    fitted = small(loss="quantile").fit(X, Y).set_params(loss="huber")
    assert fitted.predict_quantiles(X).shape == (120, 3)


def test_validation_scores_are_r2_of_what_is_predicted():
    model = small(max_epochs=3).fit(X, Y, X_val=NEW_X, y_val=NEW_Y)
    assert model.history_[-1]["valid_score"] == pytest.approx(model.score(NEW_X, NEW_Y), abs=1e-5)
    rates = small(loss="poisson", max_epochs=3)
    rates.fit(X, np.exp(Y), X_val=NEW_X, y_val=np.exp(NEW_Y))
    expected = rates.score(NEW_X, np.exp(NEW_Y))
    assert rates.history_[-1]["valid_score"] == pytest.approx(expected, abs=1e-5)


def test_early_stopping_holds_groups_out_together():
    model = small(early_stopping=True, max_epochs=50, validation_fraction=0.25)
    model.fit(X, Y, groups=np.arange(120) // 10)
    assert model.best_epoch_ <= model.n_iter_ <= 50
    assert model.score(NEW_X, NEW_Y) > 0.8


def test_the_first_part_sets_the_scale():
    model = small().partial_fit(X[:60], 1000 * Y[:60])
    assert model.n_iter_ == 1
    for _ in range(30):
        model.partial_fit(X[60:], 1000 * Y[60:]).partial_fit(X[:60], 1000 * Y[:60])
    assert model.n_iter_ == 61
    assert model.score(NEW_X, 1000 * NEW_Y) > 0.9
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict(X), model.predict(X))


def test_a_first_part_without_spread_is_warned_of():
    with pytest.warns(UserWarning, match="y of the first part holds a single value"):
        small().partial_fit(X[:1], Y[:1])
    small().partial_fit(X[:2], Y[:2])  # no warning: warnings are errors here


LOSSES = ["squared_error", "absolute_error", "huber", "poisson", "quantile"]


@pytest.mark.parametrize("after", LOSSES)
@pytest.mark.parametrize("before", LOSSES)
def test_training_continues_with_a_loss_of_the_same_kind_only(before, after):
    model = small(loss=before, max_epochs=1, warm_start=True).fit(X, np.exp(Y))
    expected = model.predict(X)
    model.set_params(loss=after)
    for go_on in (model.fit, model.partial_fit):
        if before == after or {before, after} <= set(LOSSES[:3]):
            go_on(X, np.exp(Y))
            continue
        with pytest.raises(ValueError, match=r"loss is .* now, but the model whose training"):
            go_on(X, np.exp(Y))
        np.testing.assert_array_equal(model.predict(X), expected)
    assert np.isfinite(model.set_params(warm_start=False).fit(X, np.exp(Y)).predict(X)).all()


def test_training_continues_with_the_same_quantiles_only():
    model = small(loss="quantile", max_epochs=1, warm_start=True).fit(X, Y)
    with pytest.raises(ValueError, match=r"quantiles is \(0\.1, 0\.9\) now.*fitted with \(0\.05"):
        model.set_params(quantiles=(0.1, 0.9)).fit(X, Y)
    assert model.set_params(quantiles=[0.05, 0.5, 0.95]).fit(X, Y).n_iter_ == 2


def test_a_column_of_arrays_is_a_matrix():
    wide = np.stack([Y, -Y], axis=1)
    expected = small(max_epochs=2).fit(X, wide).predict(X)
    column = pd.Series(list(wide))
    np.testing.assert_array_equal(small(max_epochs=2).fit(X, column).predict(X), expected)


def test_a_warm_start_continues():
    model = small(warm_start=True, max_epochs=3).fit(X, Y)
    before = model.score(NEW_X, NEW_Y)
    for _ in range(5):
        model.fit(X, Y)
    assert model.n_iter_ == 18
    assert model.score(NEW_X, NEW_Y) > before


def test_a_regressor_in_searches_and_pipelines():
    pipeline = make_pipeline(SequenceScaler(), small())
    search = GridSearchCV(pipeline, {"lstmregressor__loss": ["squared_error", "huber"]}, cv=2)
    assert search.fit(X, Y).best_score_ > 0.8
    names = ["r2", "neg_root_mean_squared_error", "neg_median_absolute_error"]
    scores = cross_validate(pipeline, X, Y, cv=2, scoring=names)
    assert all(np.isfinite(scores[f"test_{name}"]).all() for name in names)
    assert cross_val_predict(pipeline, X, Y, cv=2).shape == Y.shape
    logged = TransformedTargetRegressor(small(), func=np.log, inverse_func=np.exp)
    assert logged.fit(X, np.exp(Y)).score(NEW_X, np.exp(NEW_Y)) > 0.8


def test_a_regressor_in_ensembles():
    two = [("one", small()), ("two", small(random_state=1))]
    assert VotingRegressor(two).fit(X, Y).predict(NEW_X).shape == (60,)
    assert StackingRegressor(two, RidgeCV(), cv=2).fit(X, Y).score(NEW_X, NEW_Y) > 0.5


def test_the_pooled_state_makes_features():
    model = small().fit(X, Y)
    features = model.transform(X)
    assert features.shape == (120, 16)
    assert RidgeCV().fit(features, Y).score(model.transform(NEW_X), NEW_Y) > 0.9
    assert list(model.get_feature_names_out()[:2]) == ["lstmregressor0", "lstmregressor1"]


@pytest.mark.parametrize(
    ("loss", "y", "line"),
    [
        ("huber", Y, r"output\s+LinearHead\s+\(batch, 1\)\s+17"),
        ("quantile", Y, r"output\s+QuantileHead\s+\(batch, 1, 3\)\s+51"),
        ("quantile", np.stack([Y, Y], axis=1), r"QuantileHead\s+\(batch, 2, 3\)\s+102"),
    ],
)
def test_summary_lists_the_layers(capsys, loss, y, line):
    small(loss=loss, max_epochs=1).fit(X, y).summary()
    assert re.search(line, capsys.readouterr().out)


# Errors


FEW_X = X[:6]
NUMBERS = np.arange(6.0)


def tiny(**params):
    return LSTMRegressor(**({"hidden_size": 3, "max_epochs": 2, "random_state": 0} | params))


def put(index, number):
    y = NUMBERS.copy()
    y[index] = number
    return y


BAD_Y = {
    "none": (None, ValueError, "requires y to be passed, but the target y is None"),
    "short": (NUMBERS[:-1], ValueError, r"inconsistent numbers of samples: \[6, 5\]"),
    "nan": (put(3, np.nan), ValueError, "Input y contains NaN"),
    "infinity": (put(3, np.inf), ValueError, "Input y contains infinity"),
    "text": (list("abcdef"), ValueError, r"y\[0\] is 'a', text.*LSTMClassifier"),
    "complex": (NUMBERS + 1j, ValueError, "Complex data not supported"),
    "ragged": ([[1.0], [1.0, 2.0]] * 3, ValueError, "y holds a sequence where a number is expect"),
    "lengths": (np.array([np.ones(n) for n in (3, 1, 5, 2, 4, 4)], dtype=object), ValueError,
                "y holds a sequence where a number"),
    "none-inside": ([1.0, None] * 3, ValueError, "y contains NaN"),
    "far": (put(3, 1e45), ValueError, r"y\[3\] is \[?1e\+45\]?, too far from the rest of y"),
    "dict": ([{"a": 1}] * 6, TypeError, "dict"),
}  # fmt: skip


@pytest.mark.parametrize(("y", "error", "message"), BAD_Y.values(), ids=BAD_Y.keys())
def test_bad_y(y, error, message):
    model = tiny().fit(FEW_X, NUMBERS)
    before = model.predict(FEW_X)
    for fit in (model.fit, model.partial_fit, model.set_params(warm_start=True).fit):
        with pytest.raises(error, match=message):
            fit(FEW_X, y)
    np.testing.assert_array_equal(model.predict(FEW_X), before)


@pytest.mark.parametrize("y", [np.ones((6, 2)), np.ones((6, 3, 1)), np.ones((6, 1))])
def test_y_of_another_shape_than_before(y):
    model = tiny().fit(FEW_X, NUMBERS)
    before = model.predict(FEW_X)
    with pytest.raises(ValueError, match=r"y has shape \(6, .*predicts targets of shape"):
        model.partial_fit(FEW_X, y)
    with pytest.raises(ValueError, match=r"y has shape \(6, "):
        model.fit(FEW_X, NUMBERS, X_val=FEW_X, y_val=y)
    np.testing.assert_array_equal(model.predict(FEW_X), before)


def test_counts_below_zero():
    model = tiny(loss="poisson").fit(FEW_X, NUMBERS)
    before = model.predict(FEW_X)
    for fit in (model.fit, model.partial_fit):
        with pytest.raises(ValueError, match=r"y\[2\] is -1\.0, but loss='poisson' is for counts"):
            fit(FEW_X, put(2, -1))
    wide = np.stack([NUMBERS, put(4, -0.5)], axis=1)
    with pytest.raises(ValueError, match=r"y\[4, 1\] is -0\.5"):
        model.fit(FEW_X, wide)
    np.testing.assert_array_equal(model.predict(FEW_X), before)
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
    model = tiny(loss="quantile").fit(FEW_X, NUMBERS)
    before = model.predict(FEW_X)
    model.set_params(quantiles=quantiles)
    for fit in (model.fit, model.partial_fit):
        with pytest.raises(ValueError, match=message):
            fit(FEW_X, NUMBERS)
    np.testing.assert_array_equal(model.predict(FEW_X), before)


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
        tiny(loss="quantile").fit(FEW_X, NUMBERS).predict_interval(FEW_X, coverage)


def test_an_interval_of_one_quantile():
    model = tiny(loss="quantile", quantiles=0.5).fit(FEW_X, NUMBERS)
    with pytest.raises(ValueError, match=r"an interval needs two quantiles, but quantiles=\(0\.5"):
        model.predict_interval(FEW_X)


@pytest.mark.parametrize(
    "params", [{"loss": "mse"}, {"huber_delta": 0.0}, {"huber_delta": "big"}, {"loss": None}]
)
def test_bad_parameters(params):
    with pytest.raises(ValueError, match=f"'{next(iter(params))}' parameter of LSTMRegressor"):
        tiny(**params).fit(FEW_X, NUMBERS)


def test_a_loss_that_grows_without_bound_is_named():
    model = tiny(loss="poisson", learning_rate=1e4, gradient_clip=None, lr_schedule="constant")
    with pytest.raises(ValueError, match=r"training loss became|weights that are NaN"):
        model.set_params(max_epochs=50).fit(FEW_X, NUMBERS)


def test_quantiles_that_are_text():
    model = tiny(loss="quantile").fit(FEW_X, NUMBERS).set_params(quantiles="median")
    with pytest.raises(ValueError, match="'quantiles' parameter of LSTMRegressor must be"):
        model.fit(FEW_X, NUMBERS)
    with pytest.raises(ValueError, match="quantiles='median' is text; pass numbers"):
        model.partial_fit(FEW_X, NUMBERS)


def test_numbers_without_a_scale():
    with pytest.raises(ValueError, match=r"y holds numbers too large to be scaled, up to 5e\+200"):
        tiny().fit(FEW_X, 1e200 * NUMBERS)
    with pytest.raises(ValueError, match=r"y\[1\] is \[?1e\+200\]?, too far from the rest of y"):
        tiny().fit(FEW_X, NUMBERS).partial_fit(FEW_X, 1e200 * NUMBERS)
