"""Naive forecasts and ridge regression against loops, published figures and scikit-learn."""

import csv

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy.stats import norm
from sklearn.linear_model import Ridge
from sklearn.utils.estimator_checks import parametrize_with_checks

from sklstm._naive import seasonal_indices
from sklstm.baselines import NaiveForecaster, RidgeForecaster
from sklstm.metrics import (
    mean_absolute_scaled_error,
    mean_scaled_interval_score,
    symmetric_mean_absolute_percentage_error,
)

RNG = np.random.default_rng(0)
NAN = np.nan
STRATEGIES = ["last", "mean", "drift", "seasonal", "naive2"]
RAGGED = [5 + RNG.normal(size=n).cumsum() for n in (31, 8, 19)]
WIDE = [RNG.normal(size=(n, 2)).cumsum(axis=0) for n in (31, 8, 19)]


def failures(estimator):
    reason = "a row is a series, and may have more steps in predict than in fit"
    expected = dict.fromkeys(["check_n_features_in", "check_n_features_in_after_fitting"], reason)
    if isinstance(estimator, RidgeForecaster):
        expected["check_fit2d_1feature"] = "a series of one step: the error speaks of steps"
    return expected


@parametrize_with_checks([NaiveForecaster(), RidgeForecaster()], expected_failed_checks=failures)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


# Naive forecasts, step by step


def slow_source(x, step, season):
    """Return the index of the value that is repeated at a step after the end."""
    there = [t for t in range(len(x)) if not np.isnan(x[t])]
    same_phase = [t for t in there if (step - t) % season == 0]
    return max(same_phase or there)


def slow_residuals(x, lag, slope=0.0):
    """Return the errors of the forecasts by the value `lag` steps before."""
    errors = [x[t] - x[t - lag] - slope for t in range(lag, len(x))]
    return [error for error in errors if not np.isnan(error)]


def slow_forecast(x, horizon, strategy, season):
    """Return means and standard deviations, by the formulas of the table in fpp3, section 5.5."""
    there = [t for t in range(len(x)) if not np.isnan(x[t])]
    means, deviations = [], []
    for step in range(len(x), len(x) + horizon):
        if strategy == "mean":
            mean = sum(x[t] for t in there) / len(there)
            squares = [(x[t] - mean) ** 2 for t in there]
            sigma = (sum(squares) / (len(squares) - 1)) ** 0.5 * (1 + 1 / len(there)) ** 0.5
        elif strategy == "drift":
            slope = (x[there[-1]] - x[there[0]]) / (there[-1] - there[0])
            ahead = step - there[-1]
            mean = x[there[-1]] + slope * ahead
            residuals = slow_residuals(x, 1, slope)
            sigma = (sum(e**2 for e in residuals) / (len(residuals) - 1)) ** 0.5
            sigma *= (ahead * (1 + ahead / (there[-1] - there[0]))) ** 0.5
        else:
            lag = season if strategy == "seasonal" else 1
            source = slow_source(x, step, lag)
            mean = x[source]
            residuals = slow_residuals(x, lag)
            n_seasons = -((source - step) // lag)  # whole ones, and the one that has begun
            sigma = (sum(e**2 for e in residuals) / len(residuals)) ** 0.5 * n_seasons**0.5
        means.append(mean)
        deviations.append(sigma)
    return np.array(means), np.array(deviations)


def holed(x, *missing):
    x = x.copy()
    x[list(missing)] = NAN
    return x


WITH_GAPS = [RAGGED[0], holed(RAGGED[0], 0, 4, 5, 29, 30), holed(RAGGED[1], 3, 7)]


@pytest.mark.parametrize("strategy", ["last", "mean", "drift", "seasonal"])
def test_forecasts_and_intervals_by_loops(strategy):
    model = NaiveForecaster(9, strategy=strategy, season_length=4).fit(RAGGED)
    found, interval = model.predict(WITH_GAPS), model.predict_interval(WITH_GAPS, 0.8)
    assert found.shape == (3, 9)
    assert interval.shape == (3, 9, 2)
    for i, x in enumerate(WITH_GAPS):
        mean, sigma = slow_forecast(x, 9, strategy, 4)
        np.testing.assert_allclose(found[i], mean)
        width = norm.ppf(0.9) * sigma
        np.testing.assert_allclose(interval[i], np.stack([mean - width, mean + width], axis=1))


def test_intervals_by_hand():
    """1, 3, 2, 6: the steps 2, -1 and 4 have a mean square of 7."""
    z = norm.ppf(0.975)
    lower, upper = NaiveForecaster(4, strategy="last").fit([[1.0]]).predict_interval(
        [[1.0, 3.0, 2.0, 6.0]], 0.95
    )[0].T  # fmt: skip
    np.testing.assert_allclose(upper, 6 + z * np.sqrt([7, 14, 21, 28]))
    np.testing.assert_allclose(lower, 6 - z * np.sqrt([7, 14, 21, 28]))
    seasonal = NaiveForecaster(5, season_length=2).fit([[1.0]])
    # Values two steps apart differ by 1 and 3, a mean square of 5.
    width = np.diff(seasonal.predict_interval([[1.0, 3.0, 2.0, 6.0]], 0.95)[0])[:, 0]
    np.testing.assert_allclose(width, 2 * z * np.sqrt([5, 5, 10, 10, 15]))


def test_the_interval_of_a_random_walk_covers_as_often_as_it_says():
    walks = np.random.default_rng(1).normal(size=(2000, 60)).cumsum(axis=1)
    model = NaiveForecaster(10, strategy="last").fit(walks)
    lower, upper = np.moveaxis(model.predict_interval(walks[:, :50], 0.8), -1, 0)
    inside = (lower <= walks[:, 50:]) & (walks[:, 50:] <= upper)
    np.testing.assert_allclose(inside.mean(axis=0), 0.8, atol=0.03)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_quantiles_are_those_of_the_interval(strategy):
    model = NaiveForecaster(3, strategy=strategy, season_length=4).fit(RAGGED)
    quantiles = model.predict_quantiles(RAGGED, [0.95, 0.5, 0.05])
    np.testing.assert_allclose(quantiles[..., 1], model.predict(RAGGED))
    np.testing.assert_allclose(quantiles[..., [2, 0]], model.predict_interval(RAGGED, 0.9))
    deciles = model.predict_quantiles(RAGGED)
    np.testing.assert_allclose(deciles, model.predict_quantiles(RAGGED, np.linspace(0.1, 0.9, 9)))
    np.testing.assert_allclose(model.predict_quantiles(RAGGED, 0.5)[..., 0], quantiles[..., 1])


@pytest.mark.parametrize("model", [
    *(NaiveForecaster(3, strategy=strategy, season_length=4) for strategy in STRATEGIES)
], ids=STRATEGIES)  # fmt: skip
def test_values_of_a_step_are_forecast_one_by_one(model):
    positive = [np.exp(x / 5) for x in WIDE]
    model.fit(positive)
    found, interval = model.predict(positive), model.predict_interval(positive)
    assert found.shape == (3, 3, 2)
    assert interval.shape == (3, 3, 2, 2)
    assert model.predict_quantiles(positive, [0.5]).shape == (3, 3, 2, 1)
    for k in range(2):
        column = [x[:, k] for x in positive]
        model.fit(column)
        np.testing.assert_array_equal(found[:, :, k], model.predict(column))
        np.testing.assert_array_equal(interval[:, :, k], model.predict_interval(column))


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("value", [0.0, 0.1, -7.0])
def test_constant_series(strategy, value):
    X = [np.full(n, value) for n in (1, 3, 40)]
    model = NaiveForecaster(5, strategy=strategy, season_length=4).fit(X)
    np.testing.assert_allclose(model.predict(X), np.full((3, 5), value), atol=1e-12)
    np.testing.assert_allclose(model.predict_interval(X), np.full((3, 5, 2), value), atol=1e-12)


def test_large_numbers():
    x = 1e200 * np.array([1.0, 3.0, 2.0, 6.0])
    for strategy in ("last", "mean", "drift"):
        model = NaiveForecaster(2, strategy=strategy).fit([x])
        expected = 1e200 * model.predict_interval([x / 1e200])
        np.testing.assert_allclose(model.predict_interval([x]), expected)


def test_several_seasons():
    x = np.arange(20.0)
    model = NaiveForecaster(8, season_length=(3, 7, 24)).fit([x])
    np.testing.assert_array_equal(model.predict([x]), [[*range(13, 20), 13]])
    np.testing.assert_array_equal(model.predict([x[:5]]), [[2, 3, 4, 2, 3, 4, 2, 3]])
    np.testing.assert_array_equal(model.predict([x[:2]]), [[1] * 8])  # shorter than any
    positive = np.tile([1.0, 4.0, 2.0], 8) + np.arange(24) / 50
    both, first = (
        NaiveForecaster(8, strategy="naive2", season_length=given).fit([positive])
        for given in ((3, 7), 3)
    )
    np.testing.assert_array_equal(both.predict([positive]), first.predict([positive]))


# Naive 2


def slow_indices(x, season):
    """Return seasonal indices as R's `decompose` and the competition's `SeasonalityTest` do."""
    n, mean = len(x), np.mean(x)
    ones = [1.0] * season
    if n < 3 * season:
        return ones
    total = sum((value - mean) ** 2 for value in x)
    acf = [
        sum((x[t] - mean) * (x[t + lag] - mean) for t in range(n - lag)) / total
        for lag in range(1, season + 1)
    ]
    limit = 1.645 / n**0.5 * (1 + 2 * sum(r**2 for r in acf[:-1])) ** 0.5
    if abs(acf[-1]) <= limit:
        return ones
    by_phase = [[] for _ in range(season)]
    half = season // 2
    for t in range(half, n - half):
        around = [x[t + k] for k in range(-half, half + 1)]
        if season % 2 == 0:
            trend = (sum(around[1:-1]) + (around[0] + around[-1]) / 2) / season
        else:
            trend = sum(around) / season
        by_phase[t % season].append(x[t] / trend)
    figure = [np.mean(ratios) for ratios in by_phase]
    return [value / np.mean(figure) for value in figure]


@pytest.mark.parametrize(
    ("season", "n", "strength", "is_seasonal"),
    [
        (4, 43, 0.6, True),
        (4, 43, 0.0, False),
        (5, 43, 0.6, True),
        (5, 43, 0.0, False),
        (7, 50, 0.02, False),  # below the limit
        (4, 11, 0.6, False),  # less than three seasons
        (24, 100, 0.6, True),
    ],
)
def test_seasonal_indices_by_loops(season, n, strength, is_seasonal):
    rng = np.random.default_rng(season)
    factors = np.exp(strength * np.sin(2 * np.pi * np.arange(n) / season))
    x = (10 + rng.normal(0, 0.3, n)) * factors
    indices = seasonal_indices(x, season)
    np.testing.assert_allclose(indices, slow_indices(x, season), rtol=1e-9)
    assert (indices != 1).any() == is_seasonal


def test_naive2_by_hand():
    """A pattern of 1/2 and 3/2 on a level that doubles: adjusted, the last value is 20."""
    x = np.tile([0.5, 1.5], 10) * np.repeat([10.0, 20.0], 10)
    indices = np.array(slow_indices(x, 2))
    model = NaiveForecaster(3, strategy="naive2", season_length=2).fit([x])
    adjusted = x / np.tile(indices, 10)
    np.testing.assert_allclose(model.predict([x])[0], adjusted[-1] * indices[[0, 1, 0]])
    sigma = np.sqrt(np.mean(np.diff(adjusted) ** 2))
    half = np.diff(model.predict_interval([x], 0.9)[0])[:, 0] / 2
    expected = norm.ppf(0.95) * sigma * np.sqrt([1, 2, 3]) * indices[[0, 1, 0]]
    np.testing.assert_allclose(half, expected)


def test_naive2_repeats_the_last_value_where_a_factor_has_no_meaning():
    x = np.tile([-1.0, 3.0, 5.0, 0.0], 9)
    model = NaiveForecaster(4, strategy="naive2", season_length=4).fit([x])
    np.testing.assert_array_equal(model.predict([x]), np.zeros((1, 4)))


def test_naive2_fills_gaps_by_the_values_before_them():
    x = np.tile([2.0, 8.0, 5.0, 4.0], 12) + RNG.normal(0, 0.1, 48)
    missing, filled = holed(x, 0, 13, 14, 47), x.copy()
    filled[[0, 13, 14, 47]] = x[[1, 12, 12, 46]]
    model = NaiveForecaster(4, strategy="naive2", season_length=4).fit([x])
    indices = np.array(slow_indices(filled, 4))
    assert indices.std() > 0.1
    expected = x[46] / indices[2] * indices
    np.testing.assert_allclose(model.predict([missing])[0], expected)


@pytest.fixture(scope="module")
def hourly(data_file):
    """Return the training part and the next 48 values of the 414 hourly series of M4."""

    def read(name):
        with open(data_file(f"forecasting/M4-Hourly-{name}.csv"), encoding="utf-8") as file:
            rows = list(csv.reader(file))[1:]
        return [np.array([float(cell) for cell in row[1:] if cell]) for row in rows]

    return read("train"), np.array(read("test"))


@pytest.mark.parametrize(
    ("strategy", "smape", "mase"),
    [("last", 43.003, 11.608), ("seasonal", 13.912, 1.193), ("naive2", 18.383, 2.395)],
)
def test_published_figures_of_the_m4_competition(hourly, strategy, smape, mase):
    train, true = hourly
    model = NaiveForecaster(48, strategy=strategy, season_length=24).fit(train)
    pred = model.predict(train)
    assert round(symmetric_mean_absolute_percentage_error(true, pred), 3) == smape
    assert round(mean_absolute_scaled_error(true, pred, y_train=train, season=24), 3) == mase


def test_the_published_interval_score_of_the_m4_competition(hourly):
    train, true = hourly
    model = NaiveForecaster(48, strategy="last").fit(train)
    lower, upper = np.moveaxis(model.predict_interval(train, 0.95), -1, 0)
    score = mean_scaled_interval_score(true, lower, upper, y_train=train, season=24)
    assert round(score, 3) == 71.245


# Ridge regression


def windows_by_loops(X, n_lags, horizon):
    """Return scaled windows, what follows them, and how late each one is in its series."""
    lags, targets, place = [], [], []
    for x in X:
        n = len(x) - n_lags - horizon + 1
        for t in range(n):
            window, after = x[t : t + n_lags], x[t + n_lags : t + n_lags + horizon]
            if np.ptp(window) == 0 or np.isnan(after).any():
                continue
            lags.append((window - window[-1]) / window.std())
            targets.append((after - window[-1]) / window.std())
            place.append(t - n)  # counted from the last window, which is -1
    return np.array(lags), np.array(targets), np.array(place)


def test_ridge_is_that_of_scikit_learn_on_windows_of_all_series():
    X = [10 * i + RNG.normal(size=n).cumsum() for i, n in enumerate((40, 9, 25, 60))]
    model = RidgeForecaster(3, n_lags=4).fit(X)
    lags, targets, _ = windows_by_loops(X, 4, 3)
    expected = Ridge(alpha=model.alpha_).fit(lags, targets)
    np.testing.assert_allclose(model.coef_, expected.coef_, atol=1e-8)
    np.testing.assert_allclose(model.intercept_, expected.intercept_, atol=1e-8)
    new = RNG.normal(size=12).cumsum()
    window = new[-4:]
    scaled = expected.predict([(window - window[-1]) / window.std()])[0]
    np.testing.assert_allclose(model.predict([new])[0], window[-1] + window.std() * scaled)


def test_the_penalty_is_the_best_one_on_the_last_windows():
    X = RNG.normal(size=(4, 50)).cumsum(axis=1)
    model = RidgeForecaster(2, n_lags=6).fit(X)
    lags, targets, place = windows_by_loops(X, 6, 2)
    # 43 windows of each series, of which 9 are held out; the one before them overlaps with them
    after, before = place >= -9, place < -10
    errors, alphas = [], np.logspace(-2, 6, 9)
    for alpha in alphas:
        ridge = Ridge(alpha=alpha).fit(lags[before], targets[before])
        errors.append(((ridge.predict(lags[after]) - targets[after]) ** 2).mean(axis=0))
    best = int(np.argmin(np.sum(errors, axis=1)))
    assert model.alpha_ == pytest.approx(alphas[best])
    width = np.diff(model.predict_interval(X, 0.9)[0])[:, 0]
    expected = 2 * norm.ppf(0.95) * np.sqrt(errors[best]) * X[0][-6:].std()
    np.testing.assert_allclose(width, expected)


def test_ridge_forecasts_move_with_level_and_scale():
    X = RNG.normal(size=(3, 60)).cumsum(axis=1)
    model = RidgeForecaster(4, n_lags=5).fit(X)
    moved = RidgeForecaster(4, n_lags=5).fit(1e3 + 7 * X)
    np.testing.assert_allclose(moved.coef_, model.coef_, rtol=1e-5, atol=1e-8)
    np.testing.assert_allclose(model.predict(1e3 + 7 * X), 1e3 + 7 * model.predict(X))


def test_ridge_continues_a_season_and_values_of_a_step_are_series_of_their_own():
    t = np.arange(200)
    X = np.stack([np.sin(t / 3), 50 - 20 * np.cos(t / 3)], axis=1)[None]
    model = RidgeForecaster(10, season_length=19).fit(X[:, :180])
    np.testing.assert_allclose(model.predict(X[:, :180]), X[:, 180:190], atol=0.05)
    apart = RidgeForecaster(10, season_length=19).fit(list(X[0, :180].T))
    np.testing.assert_allclose(apart.coef_, model.coef_, atol=1e-9)


def test_number_of_lags():
    X = [RNG.normal(size=n) for n in (300, 150, 400)]
    for given, expected in [
        ({"season_length": 24}, 48),
        ({"season_length": (7, 100)}, 148),  # half of the 300 steps of the median, less 4
        ({"horizon": 20}, 40),
        ({}, 16),
        ({"n_lags": 3}, 3),
    ]:
        model = RidgeForecaster(**{"horizon": 4, **given}).fit(X)
        assert model.n_lags_ == expected
        assert model.coef_.shape == (given.get("horizon", 4), expected)


def test_ridge_with_missing_values():
    x = RNG.normal(size=40).cumsum()
    missing = holed(x, 0, 10, 11, 39)
    filled = missing.copy()
    filled[[0, 10, 11, 39]] = x[[1, 9, 9, 38]]
    model = RidgeForecaster(2, n_lags=3).fit([missing])
    lags, targets = [], []
    for t in range(36):
        after = missing[t + 3 : t + 5]
        window = filled[t : t + 3]
        if not np.isnan(after).any() and np.ptp(window) > 0:
            lags.append((window - window[-1]) / window.std())
            targets.append((after - window[-1]) / window.std())
    expected = Ridge(alpha=model.alpha_).fit(lags, targets)
    np.testing.assert_allclose(model.coef_, expected.coef_, atol=1e-8)
    np.testing.assert_array_equal(model.predict([missing]), model.predict([filled]))


def test_a_series_shorter_than_the_lags_begins_with_its_first_value():
    model = RidgeForecaster(2, n_lags=5).fit(RNG.normal(size=(3, 30)))
    np.testing.assert_array_equal(
        model.predict([[4.0, 6.0]]), model.predict([[4.0, 4.0, 4.0, 4.0, 6.0]])
    )


def test_ridge_of_constant_series():
    X = [np.full(30, 0.1), np.zeros(20)]
    model = RidgeForecaster(3).fit(X)
    np.testing.assert_array_equal(model.predict(X), [[0.1] * 3, [0.0] * 3])
    beside = RidgeForecaster(3, n_lags=4).fit([RAGGED[0], *X])
    alone = RidgeForecaster(3, n_lags=4).fit([RAGGED[0]])
    np.testing.assert_array_equal(beside.coef_, alone.coef_)


def test_weights_of_series_are_numbers_of_repetitions():
    X = [RNG.normal(size=n).cumsum() for n in (40, 30, 50)]
    weighted = RidgeForecaster(2, n_lags=3).fit(X, sample_weight=[2, 0, 1])
    repeated = RidgeForecaster(2, n_lags=3).fit([X[0], X[0], X[2]])
    np.testing.assert_allclose(weighted.coef_, repeated.coef_)
    assert weighted.alpha_ == repeated.alpha_


def test_one_series_of_278_values():
    x = 100 + 10 * np.sin(np.arange(278) / 4) + RNG.normal(size=278)
    model = RidgeForecaster(24, season_length=25).fit([x[:254]])
    error = np.abs(model.predict([x[:254]])[0] - x[254:]).mean()
    assert error < 1.5  # of which 0.8 is noise


# Input


FORECASTERS = [NaiveForecaster(2, season_length=3), RidgeForecaster(2, n_lags=3)]
EACH = pytest.mark.parametrize("model", FORECASTERS, ids=lambda model: type(model).__name__)


@EACH
def test_forms_of_X(model):
    rows = RNG.normal(size=(4, 12)).cumsum(axis=1)
    expected = model.fit(rows).predict(rows)
    for X in (
        list(rows),
        rows.tolist(),
        pd.Series(list(rows)),
        rows.astype(np.float64)[:, :, None],
    ):
        found = model.fit(X).predict(X)
        np.testing.assert_array_equal(found.reshape(4, 2), expected)
    assert found.shape == (4, 2, 1)
    frames = [pd.DataFrame({"a": row, "b": -row}) for row in rows]
    model.fit(frames)
    assert model.n_features_in_ == 2
    swapped = model.predict([frame[["b", "a"]] for frame in frames])
    model.fit([*rows, *-rows])  # the same values, one per step
    expected = np.stack([model.predict(rows), model.predict(-rows)], axis=-1)
    np.testing.assert_allclose(swapped, expected)


@pytest.mark.parametrize("kind", [np.int8, np.uint8, np.int64])
def test_parameters_as_numpy_scalars(kind):
    X = RNG.normal(size=(2, 400)).cumsum(axis=1)
    for model in (NaiveForecaster(100, season_length=(7, 120)), RidgeForecaster(100, n_lags=90)):
        expected = model.fit(X).predict_interval(X, 0.5)
        given = model.get_params() | {"horizon": kind(100)}
        given |= {"season_length": (kind(7), kind(120))}
        given |= {"n_lags": kind(90)} if "n_lags" in given else {}
        twin = type(model)(**given).fit(X)
        np.testing.assert_array_equal(twin.predict_interval(X, np.float32(0.5)), expected)


def with_item(index, item):
    return [*RAGGED[:index], item, *RAGGED[index + 1 :]]


TABLE = pd.DataFrame({"unique_id": "a", "ds": pd.date_range("2024", periods=9), "y": 1.0})


@EACH
@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        ([[[1.0, 2.0]], [[1.0, np.inf]]], ValueError, r"infinity.*X\[1\]"),
        (RAGGED[0], ValueError, r"X is one series of 31 numbers.*pass \[series\]"),
        (RAGGED[0].tolist(), ValueError, r"X is one series of 31 numbers"),
        (pd.Series(RAGGED[0]), ValueError, r"X is one series of 31 numbers"),
        (with_item(1, [1.0, np.inf, 2.0]), ValueError, r"infinity.*X\[1\].*step 1.*is NaN"),
        (with_item(2, []), ValueError, r"X\[2\] is an empty sequence"),
        (with_item(1, "12345"), ValueError, r"X\[1\] is the text.* a forecaster reads numbers"),
        ("series.csv", ValueError, "X holds strings: a forecaster reads numbers"),
        (TABLE, TypeError, "a data frame with 'a' in its column 'unique_id'.*frame_to_series"),
        (pl.from_pandas(TABLE), TypeError, "'a' in its column 'unique_id'.*frame_to_series"),
        (TABLE[["ds", "y"]], TypeError, "in its column 'ds'.*frame_to_series"),
        (with_item(1, None), ValueError, r"X\[1\] is None"),
        (with_item(1, np.ones((9, 2))), ValueError, r"X\[1\] has 2 features.* have 1"),
        (with_item(1, np.array(["2020-01-01"], "M8[D]")), TypeError, r"X\[1\].*dates"),
        ([], ValueError, "0 sample"),
        (None, ValueError, "X is None"),
    ],
)  # fmt: skip
def test_bad_series(model, X, error, message):
    model.fit(RAGGED)
    expected = model.predict(RAGGED)
    for method in (model.predict, model.fit):
        with pytest.raises(error, match=message):
            method(X)
    np.testing.assert_array_equal(model.predict(RAGGED), expected)  # still the same model


@EACH
def test_a_frame_of_one_column_for_each_series_is_refused(model):
    columns = pd.DataFrame(RNG.normal(size=(40, 3)), index=pd.date_range("2024", periods=40))
    for index in (columns.index, columns.index.to_period()):
        with pytest.raises(TypeError, match=r"\(40, 3\) with times in its index.*for name in X"):
            model.fit(columns.set_axis(index))
    expected = model.fit(columns.to_numpy().T).predict(columns.to_numpy().T)
    series = [columns[name] for name in columns]
    np.testing.assert_array_equal(model.fit(series).predict(series), expected)
    # Rows may be windows, if they have a y or the model is fitted.
    assert len(model.fit(columns.T.to_numpy(), columns[0]).predict(columns)) == 40


def test_a_fit_that_fails_changes_nothing():
    model = RidgeForecaster(2, n_lags=3).fit(RAGGED)
    with pytest.raises(ValueError, match="no series of 5 steps"):
        model.fit([np.ones((3, 2))])
    with pytest.raises(ValueError, match=r"sample_weight.shape == \(1,\)"):
        model.fit(WIDE, sample_weight=[1.0])
    assert model.n_features_in_ == 1
    assert model.predict(RAGGED).shape == (3, 2)


@EACH
def test_bad_pasts(model):
    model.fit(RAGGED)
    with pytest.raises(ValueError, match=r"X\[1\] has no value to forecast from: all of its 3"):
        model.predict(with_item(1, np.full(3, NAN)))
    with pytest.raises(ValueError, match=r"X has 2 values per step, but .* is expecting 1"):
        model.predict(WIDE)
    empty = WIDE[1].copy()
    empty[:, 1] = NAN
    with pytest.raises(ValueError, match=r"X\[1\]\[:, 1\] has no value to forecast from"):
        model.fit(WIDE).predict([WIDE[0], empty])


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"horizon": 0}, "'horizon' parameter"),
        ({"horizon": 1.5}, "'horizon' parameter"),
        ({"season_length": 0}, "'season_length' parameter"),
        ({"season_length": ()}, "season_length is empty"),
        ({"season_length": (3, 0)}, r"season_length\[1\] is 0"),
        ({"season_length": (7, 3)}, r"season_length\[1\] is 3, not above season_length\[0\], 7"),
        ({"season_length": (7, True)}, r"season_length\[1\] is True"),
        ({"season_length": ("a",)}, r"season_length\[0\] is 'a'"),
    ],
)
@EACH
def test_bad_parameters(model, params, message):
    model = type(model)(**params)
    with pytest.raises(ValueError, match=message):
        model.fit(RAGGED)
    assert not hasattr(model, "n_features_in_")


def test_bad_strategy_lags_and_short_series():
    with pytest.raises(ValueError, match="'strategy' parameter of NaiveForecaster"):
        NaiveForecaster(strategy="best").fit(RAGGED)
    with pytest.raises(ValueError, match="'n_lags' parameter of RidgeForecaster"):
        RidgeForecaster(n_lags=1).fit(RAGGED)
    with pytest.raises(ValueError, match=r"no series of 34 steps, n_lags=30 values .* has 31"):
        RidgeForecaster(4, n_lags=30).fit(RAGGED)
    with pytest.raises(ValueError, match=r"no series of 41 steps.* longest one has 31"):
        RidgeForecaster(40).fit(RAGGED)


@EACH
@pytest.mark.parametrize("coverage", [0, 1, 1.5, "most", None])
def test_bad_coverage(model, coverage):
    with pytest.raises(ValueError, match=r"coverage=.*must be a number between 0 and 1"):
        model.fit(RAGGED).predict_interval(RAGGED, coverage)


@EACH
@pytest.mark.parametrize(
    ("quantiles", "message"),
    [
        ([0.5, 1.0], r"quantiles\[1\] is 1.0; a quantile is"),
        ([NAN], r"quantiles\[0\] is nan"),
        ([], "must be numbers"),
        (["a"], "must be numbers"),
        ([[0.5]], "must be numbers"),
    ],
)
def test_bad_quantiles(model, quantiles, message):
    with pytest.raises(ValueError, match=message):
        model.fit(RAGGED).predict_quantiles(RAGGED, quantiles)
