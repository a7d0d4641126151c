"""LSTMForecaster: what a forecast depends on, what is learned, scikit-learn's tools, bad input."""

import pickle
import signal
from itertools import product

import joblib
import numpy as np
import pandas as pd
import pytest
import torch
from scipy import stats
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError, UndefinedMetricWarning
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from skorch.callbacks import Callback, EarlyStopping, EpochScoring

from sklstm import LSTMForecaster, SequenceTokenizer
from sklstm.baselines import NaiveForecaster
from sklstm.metrics import interval_coverage, mean_absolute_scaled_error

TOLERANCE = {"rtol": 1e-5, "atol": 1e-5}


def make_series(*lengths, n_features=None, seed=0):
    rng = np.random.default_rng(seed)
    width = () if n_features is None else (n_features,)
    return [rng.normal(10 * (i + 1), 1 + i, (n, *width)) for i, n in enumerate(lengths)]


X = make_series(30, 25, 20)
VECTORS = make_series(30, 25, 20, n_features=3)


def forecaster(**params):
    """Return a forecaster that is trained in a few milliseconds."""
    defaults = {"horizon": 3, "context_length": 6, "hidden_size": 4, "max_epochs": 2}
    return LSTMForecaster(**(defaults | {"random_state": 0} | params))


def learner(**params):
    """Return a forecaster that learns something in a second."""
    defaults = {"hidden_size": 16, "learning_rate": 0.01, "context_length": 8, "random_state": 0}
    return LSTMForecaster(**(defaults | params))


def calendar(series, n_more=0, seed=1):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(len(one) + n_more, 2)) for one in series]


def weights(model):
    return {name: tensor.numpy() for name, tensor in model.module_.state_dict().items()}


def assert_same_weights(model, other, **tolerance):
    for name, value in weights(other).items():
        np.testing.assert_allclose(weights(model)[name], value, **({"atol": 1e-6} | tolerance))


# Forms of X and of what is returned


@pytest.mark.parametrize(
    ("data", "params", "axes"),
    [
        (X, {}, ()),
        (X, {"target_features": 0}, ()),
        (VECTORS, {}, (3,)),
        (VECTORS, {"target_features": (2, 0)}, (2,)),
        (VECTORS, {"target_features": (1,)}, (1,)),
        (VECTORS, {"target_features": 1}, ()),
        ([x[:, None] for x in X], {}, (1,)),
    ],
)
@pytest.mark.parametrize("strategy", ["direct", "recursive"])
def test_shapes(data, params, axes, strategy):
    model = forecaster(strategy=strategy, **params).fit(data)
    assert model.predict(data).shape == (3, 3, *axes)
    assert model.predict_interval(data).shape == (3, 3, *axes, 2)
    assert model.predict_quantiles(data).shape == (3, 3, *axes, 7)
    assert model.predict_quantiles(data, 0.3).shape == (3, 3, *axes, 1)
    assert model.sample_paths(data, 5).shape == (3, 5, 3, *axes)
    assert model.predict(data).dtype == np.float64
    assert model.score(data) <= 0.0


def test_containers_of_series_are_all_alike():
    polars = pytest.importorskip("polars")
    expected = forecaster().fit(X).predict(X)
    boxed = np.fromiter(X, dtype=object, count=3)
    dates = [pd.Series(x, index=pd.date_range("2026", periods=len(x))) for x in X]
    forms = [boxed, tuple(X), dates, pd.Series(boxed), [x.tolist() for x in X]]
    for form in [*forms, [polars.Series(x) for x in X]]:
        np.testing.assert_array_equal(forecaster().fit(form).predict(form), expected)
    table = np.stack([x[:20] for x in X])
    expected = forecaster().fit(table).predict(table)
    for form in (pd.DataFrame(table), polars.DataFrame(table), list(table), table[:, :, None]):
        found = forecaster().fit(form).predict(form)
        np.testing.assert_array_equal(found.reshape(3, 3), expected)


def test_columns_of_frames_are_aligned_by_name():
    frames = [pd.DataFrame(x, columns=["a", "b", "c"]) for x in VECTORS]
    covariates = [pd.DataFrame(c, columns=["day", "price"]) for c in calendar(X, 3)]
    static = pd.DataFrame({"size": [1.0, 5.0, 2.0], "shop": ["u", "v", "u"]})
    model = forecaster()
    model.fit(frames, covariates=[c[:-3] for c in covariates], static=static)
    expected = model.predict(frames, covariates=covariates, static=static)
    found = model.predict(
        [frame[["c", "a", "b"]] for frame in frames],
        covariates=[c[["price", "day"]] for c in covariates],
        static=static[["shop", "size"]],
    )
    np.testing.assert_array_equal(found, expected)
    with pytest.raises(ValueError, match=r"covariates\[0\] has the columns .'week'.*covariates of"):
        model.predict(
            frames, covariates=[c.set_axis(["week", "price"], axis=1) for c in covariates]
        )
    with pytest.raises(ValueError, match=r"static has the columns .'shop'., but .*'size', 'shop'"):
        model.predict(frames, covariates=covariates, static=static[["shop"]])


def test_other_series_than_those_of_fit_can_be_forecast_of_any_length():
    model = forecaster(season_length=4).fit(X)
    others = make_series(1, 2, 50, 7, seed=5)
    assert np.isfinite(model.predict(others)).all()


# What a forecast depends on


CONFIGURATIONS = {
    "direct": {},
    "recursive": {"strategy": "recursive"},
    "normal, last value": {"loss": "normal", "season_length": 1},
    "multiplicative": {"scaling": "multiplicative"},
    "unscaled": {"scaling": None, "baseline": None},
    "calibrated": {"conformal": True},
}


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_a_forecast_depends_on_the_past_of_its_own_series_only(name):
    model = forecaster(**{"season_length": (2, 9)} | CONFIGURATIONS[name]).fit(X)
    others = [*X, *make_series(3, 40, 9, seed=2)]
    expected = model.predict_interval(others)
    for order in (np.arange(6)[::-1], [2], [5, 0]):
        found = model.predict_interval([others[i] for i in order])
        np.testing.assert_allclose(found, expected[order], **TOLERANCE)
    reach = 9 if model.season_length != 1 else 6
    for i, one in enumerate(others):
        if len(one) > reach:
            changed = np.r_[np.full(7, 1e6), 1e6 + one[:-reach], one[-reach:]]
            found = model.predict_interval([changed, *others[:i]])[0]
            np.testing.assert_allclose(found, expected[i], **TOLERANCE)


@pytest.mark.parametrize("strategy", ["direct", "recursive"])
def test_forecasts_are_made_in_batches_that_change_nothing(strategy, monkeypatch):
    model = forecaster(strategy=strategy).fit(X)
    expected = model.predict(X)
    monkeypatch.setattr("sklstm._training.forecast.BATCH_SIZE", 2)
    np.testing.assert_allclose(model.predict(X), expected, **TOLERANCE)


@pytest.mark.parametrize("loss", ["quantile", "student_t", "squared_error"])
@pytest.mark.parametrize(
    ("scaling", "shift"), [("standard", 5.0), ("standard", 0.0), ("multiplicative", 0.0)]
)
def test_forecasts_follow_the_unit_of_the_series(loss, scaling, shift):
    params = {"loss": loss, "scaling": scaling, "season_length": 4, "conformal": True}
    model = forecaster(**params).fit(X)
    scaled = [1000 * x + shift for x in X]
    other = forecaster(**params).fit(scaled)
    for method in ("predict", "predict_interval"):
        expected = 1000 * getattr(model, method)(X) + shift
        np.testing.assert_allclose(getattr(other, method)(scaled), expected, rtol=1e-4)
        # The scale of each series is its own: that of the training series does not matter.
        np.testing.assert_allclose(getattr(model, method)(scaled), expected, rtol=1e-4)


def test_missing_values_are_carried_forward_and_a_missing_future_is_not_learned():
    rng = np.random.default_rng(0)
    past, future = rng.normal(size=(6, 8)), rng.normal(size=(6, 3))
    future[4] = np.nan
    past[2, 3] = past[0, :4] = np.nan
    one_batch = {"batch_size": 9, "shuffle": False, "max_epochs": 4}
    model = forecaster(**one_batch).fit(past, future)
    known = np.arange(6) != 4
    assert_same_weights(model, forecaster(**one_batch).fit(past[known], future[known]))
    assert np.isfinite(model.predict(past)).all()
    # Before the first known value nothing is known, as before the start of a series.
    short = [past[0][4:], *past[1:]]
    np.testing.assert_allclose(model.predict(short), model.predict(past), **TOLERANCE)


@pytest.mark.parametrize("strategy", ["direct", "recursive"])
def test_series_are_learned_as_the_windows_cut_out_of_them(strategy):
    params = {"shuffle": False, "strategy": strategy, "season_length": 4}
    pasts, futures, static = [], [], []
    for x, name in zip(X, ["a", "b", "a"], strict=True):
        for end in range(6, len(x) - 2):
            begin = max(0, end - 6)
            pasts.append(x[begin:end])
            futures.append(x[end : end + 3])
            static.append(name)
    model = forecaster(**params).fit(X, static=["a", "b", "a"])
    windows = forecaster(**params).fit(pasts, futures, static=static)
    assert windows.n_windows_ == model.n_windows_ == len(pasts)
    assert_same_weights(windows, model)
    assert windows.loss_curve_ == pytest.approx(model.loss_curve_)


def test_windows_are_read_as_a_whole_by_default():
    rng = np.random.default_rng(0)
    model = forecaster(context_length="auto").fit(rng.normal(size=(9, 5)), rng.normal(size=(9, 3)))
    assert model.context_length_ == 5
    assert forecaster(context_length="auto").fit(X).context_length_ == 6  # twice the horizon
    assert forecaster(context_length="auto", horizon=10).fit(X).context_length_ == 10
    seasonal = forecaster(context_length="auto", horizon=10, season_length=(3, 14)).fit(X)
    assert seasonal.context_length_ == 14


def test_windows_may_be_a_table_indexed_by_time():
    rng = np.random.default_rng(0)
    windows = pd.DataFrame(rng.normal(size=(9, 8)), index=pd.date_range("2026", periods=9))
    following = rng.normal(size=(9, 3))
    model = forecaster().fit(windows, following)
    expected = forecaster().fit(windows.to_numpy(), following).predict(windows.to_numpy())
    np.testing.assert_array_equal(model.predict(windows), expected)


def test_a_single_future_step_may_be_a_column():
    past, y = np.random.default_rng(0).normal(size=(9, 8)), np.arange(9.0)
    expected = forecaster(horizon=1).fit(past, y[:, None]).predict(past)
    for given in (y, y.tolist(), pd.Series(y), pd.DataFrame({"next": y})):
        np.testing.assert_array_equal(
            forecaster(horizon=1).fit(past, given).predict(past), expected
        )


def test_y_may_be_a_frame_and_of_several_targets():
    rng = np.random.default_rng(0)
    past, y = rng.normal(size=(9, 8)), rng.normal(size=(9, 3))
    expected = forecaster().fit(past, y)
    for given in (y.tolist(), pd.DataFrame(y), np.fromiter(y, dtype=object, count=9)):
        assert_same_weights(forecaster().fit(past, given), expected)
    past, y = rng.normal(size=(9, 8, 3)), rng.normal(size=(9, 3, 2))
    model = forecaster(target_features=(2, 0)).fit(past, y)
    assert model.score(past, y) <= 0.0


# What is learned


def test_a_noisy_sine_is_forecast_about_as_well_as_possible():
    rng, t = np.random.default_rng(0), np.arange(200)

    def draw(n):
        phases, levels = rng.uniform(0, 16, n), rng.uniform(-50, 50, n)
        waves = np.sin(2 * np.pi * (t + phases[:, None]) / 16) + levels[:, None]
        return waves + 0.2 * rng.normal(size=(n, 200))

    model = learner(horizon=8, context_length=32, max_epochs=10).fit(draw(4)[:, :-8])
    others = draw(100)
    error = np.abs(model.predict(others[:, :-8]) - others[:, -8:]).mean()
    possible = 0.2 * np.sqrt(2 / np.pi)
    assert error < 1.4 * possible
    lower, upper = np.moveaxis(model.predict_interval(others[:, :-8], 0.8), -1, 0)
    assert 0.7 < ((lower <= others[:, -8:]) & (others[:, -8:] <= upper)).mean() < 0.9


def test_a_known_covariate_that_determines_the_target_is_used():
    rng = np.random.default_rng(0)
    covariates = [rng.normal(size=(80, 1)) for _ in range(6)]
    series = [10 + 3 * c[:, 0] + 0.1 * rng.normal(size=80) for c in covariates]
    past = [x[:-4] for x in series]
    model = learner(horizon=4, max_epochs=40).fit(past, covariates=[c[:-4] for c in covariates])
    error = np.abs(model.predict(past, covariates=covariates) - [x[-4:] for x in series]).mean()
    assert error < 0.4  # without the covariate about 2.4


def test_static_categories_and_numbers_are_used():
    rng = np.random.default_rng(0)

    def draw(n):
        kind, size = rng.choice(["up", "down"], n), rng.choice([0.0, 1.0], n)
        after = np.where(kind == "up", 2.0, -2.0) * (1 + size)
        past = rng.normal(size=(n, 8))
        return past, after[:, None] + 0.1 * rng.normal(size=(n, 2)), (kind, size)

    past, future, (kind, size) = draw(300)
    model = learner(horizon=2, max_epochs=60, scaling=None, baseline=None)
    model.fit(past, future, static=pd.DataFrame({"kind": kind, "size": size}))
    past, future, (kind, size) = draw(100)
    frame = pd.DataFrame({"kind": kind, "size": size})
    assert np.abs(model.predict(past, static=frame) - future).mean() < 0.5
    as_lists = [[size_of, kind_of] for kind_of, size_of in zip(kind, size, strict=True)]
    other = learner(horizon=2, max_epochs=1).fit(past, future, static=as_lists)
    assert list(other._static_.categories) == [1]  # numpy alone would make strings of the sizes


def test_a_variable_that_leads_another_is_used():
    rng = np.random.default_rng(0)

    def draw(n, n_steps):
        lead = rng.normal(size=(n, n_steps + 3))
        return np.stack([lead[:, 3:], lead[:, :-3]], axis=2)

    model = learner(horizon=3, target_features=1, scaling=None, max_epochs=25).fit(draw(8, 120))
    others = draw(60, 40)
    error = np.abs(model.predict(others[:, :-3]) - others[:, -3:, 1]).mean()
    assert error < 0.25  # without the first variable about 0.8


def test_counts_are_forecast_about_as_well_as_possible():
    rng = np.random.default_rng(0)
    rates = rng.uniform(0.3, 5, 20)
    series = [rng.poisson(rate, 120).astype(float) for rate in rates]
    params = {"loss": "negative_binomial", "scaling": "multiplicative", "max_epochs": 6}
    model = learner(horizon=5, context_length=28, **params).fit([x[:-5] for x in series])
    past, future = [x[:-5] for x in series], np.stack([x[-5:] for x in series])
    paths = model.sample_paths(past, 50)
    np.testing.assert_array_equal(paths, np.floor(paths))
    assert (paths >= 0).all()
    found = model._predictions(past, None, None)
    n, chance = (part[..., 0] for part in found._counts())
    loss = -stats.nbinom.logpmf(future[:, :, None], n, chance).mean()
    assert loss < -stats.poisson.logpmf(future, rates[:, None]).mean() + 0.2
    lower = model.set_params(conformal=True).fit(past).predict_interval(past, 0.9)[..., 0]
    assert (lower >= 0).all()


@pytest.mark.parametrize("loss", ["quantile", "normal"])
def test_sums_over_sample_paths_vary_as_those_of_an_autoregressive_series(loss):
    rng, phi, horizon = np.random.default_rng(0), 0.9, 8
    series = np.zeros((8, 300))
    for t in range(1, 300):
        series[:, t] = phi * series[:, t - 1] + rng.normal(size=8)
    model = learner(horizon=horizon, loss=loss, scaling=None, max_epochs=8)
    model.fit(series[:, 50:])
    paths = model.sample_paths(series[:1], 2000, random_state=0)[0]
    steps = np.arange(1, horizon + 1)
    shared = np.minimum.outer(steps, steps)  # errors that two steps have in common
    gap = np.abs(np.subtract.outer(steps, steps))
    covariance = phi**gap * (1 - phi ** (2 * shared)) / (1 - phi**2)
    true, independent = covariance.sum(), np.trace(covariance)
    assert abs(paths.sum(axis=1).var() - true) < 0.25 * true
    assert independent < 0.3 * true
    # Each step by itself has the distribution that was predicted.
    levels = [0.1, 0.5, 0.9]
    quantiles = model.predict_quantiles(series[:1], levels)[0]
    np.testing.assert_allclose(np.quantile(paths, levels, axis=0).T, quantiles, atol=0.3)


@pytest.mark.parametrize("correlation", [-0.9, 0.0, 0.9])
def test_features_of_sample_paths_depend_on_each_other(correlation):
    rng = np.random.default_rng(0)
    noise = rng.multivariate_normal([0, 0], [[1, correlation], [correlation, 1]], size=(6, 200))
    model = learner(horizon=4, scaling=None, baseline=None, loss="normal", max_epochs=4).fit(noise)
    paths = model.sample_paths(noise[:1], 2000, random_state=0)[0]  # (paths, steps, features)
    found = [np.corrcoef(paths[:, step].T)[0, 1] for step in range(4)]
    np.testing.assert_allclose(found, correlation, atol=0.1)


@pytest.mark.parametrize("loss", ["absolute_error", "quantile", "normal"])
def test_calibrated_intervals_cover_new_observations(loss):
    rng = np.random.default_rng(0)
    series = rng.standard_t(3, size=(40, 60))
    model = learner(horizon=2, loss=loss, conformal=True, validation_fraction=0.4, max_epochs=2)
    model.fit(series[:, :-2])
    lower, upper = np.moveaxis(model.predict_interval(series[:, :-2], 0.8), -1, 0)
    covered = (lower <= series[:, -2:]) & (series[:, -2:] <= upper)
    assert 0.68 < covered.mean() < 0.92
    quantiles = model.predict_quantiles(series[:, :-2], np.linspace(0.05, 0.95, 19))
    assert (np.diff(quantiles, axis=-1) >= 0).all()


# Real data


def test_hours_of_the_m4_competition_are_forecast_better_than_by_those_of_the_day_before(data_file):
    def read(part):
        table = pd.read_csv(data_file(f"forecasting/M4-Hourly-{part}.csv"), index_col=0)
        return [row.dropna().to_numpy() for _, row in table.iloc[7::20].iterrows()]

    past, future = read("train"), read("test")
    seasons = (24, 168)
    training = {"max_epochs": 10, "max_windows": 1_600, "batch_size": 32, "context_length": 48}
    model = learner(horizon=48, season_length=seasons, **training | {"hidden_size": 32}).fit(past)
    naive = NaiveForecaster(48, season_length=24).fit(past)
    errors = [
        mean_absolute_scaled_error(future, each.predict(past), y_train=past, season=24)
        for each in (model, naive)
    ]
    assert errors[0] < 0.9 * errors[1]  # 0.70 to 0.78 with three seeds
    lower, upper = np.moveaxis(model.predict_interval(past, 0.95), -1, 0)
    assert 0.91 < interval_coverage(future, lower, upper) < 0.995  # 0.965 to 0.969


def test_load_and_oil_temperature_of_a_transformer_are_forecast_despite_gaps(data_file):
    table = pd.read_csv(data_file("forecasting/ETTh1.csv"), index_col=0)
    hours, n_train = table.to_numpy(), 4 * 30 * 24
    train = hours[:n_train].copy()
    train[500:548, 2] = train[1000:1012] = train[::50, 6] = np.nan
    training = {"max_epochs": 6, "max_windows": 1_600, "batch_size": 32}
    model = learner(horizon=24, season_length=24, **training | {"context_length": 72}).fit([train])
    origins = range(n_train + 24, n_train + 31 * 24, 24)
    past = [hours[at - 240 : at].copy() for at in origins]
    holes = [one.copy() for one in past]
    for one in holes:
        one[-3:, 0] = one[-140:-110, 4] = np.nan
    truth = np.stack([hours[at : at + 24] for at in origins])
    naive = NaiveForecaster(24, season_length=24).fit(past).predict(past)
    scale = hours[:n_train].std(axis=0)
    complete, with_gaps, day_before = (
        (np.abs(forecast - truth) / scale).mean()
        for forecast in (model.predict(past), model.predict(holes), naive)
    )
    assert complete < 0.93 * day_before  # 0.86 to 0.88 with three seeds
    assert with_gaps < 0.96 * day_before  # 0.87 to 0.90
    lower, upper = np.moveaxis(model.predict_interval(holes, 0.95), -1, 0)
    assert 0.87 < np.mean((lower <= truth) & (truth <= upper)) < 0.98  # 0.917 to 0.929


# scikit-learn's tools


def test_parameters_clones_and_pickles():
    model = forecaster(season_length=(2, 5), conformal=True).fit(VECTORS, static=["a", "b", "a"])
    copy = clone(model)
    assert copy.get_params() == model.get_params()
    assert not hasattr(copy, "module_")
    assert copy.set_params(horizon=5).horizon == 5
    assert copy.get_params()["horizon"] == 5
    restored = pickle.loads(pickle.dumps(model))
    for method in ("predict", "predict_interval", "sample_paths"):
        expected = getattr(model, method)(VECTORS, static=["a", "b", "a"])
        found = getattr(restored, method)(VECTORS, static=["a", "b", "a"])
        np.testing.assert_array_equal(found, expected)


def test_parameters_set_after_fit_do_not_change_what_the_model_is():
    model = forecaster().fit(VECTORS)
    expected = model.predict_interval(VECTORS)
    model.set_params(horizon=9, target_features=1, loss="squared_error", season_length=7)
    np.testing.assert_array_equal(model.predict_interval(VECTORS), expected)


def test_searches_and_cross_validation():
    series = make_series(30, 28, 26, 24, 22, 20)
    search = GridSearchCV(forecaster(), {"context_length": [3, 8]}, cv=3, error_score="raise")
    search.fit(series)
    assert search.best_params_["context_length"] in (3, 8)
    assert search.best_estimator_.context_length_ == search.best_params_["context_length"]
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.predict(series).shape == (6, 3)
    scores = cross_val_score(forecaster(), series, cv=3)
    by_hand = []
    for test in ([0, 1], [2, 3], [4, 5]):
        train = [x for i, x in enumerate(series) if i not in test]
        by_hand.append(forecaster().fit(train).score([series[i] for i in test]))
    np.testing.assert_allclose(scores, by_hand)


def test_pipelines():
    class Logarithm(TransformerMixin, BaseEstimator):
        def fit(self, X, y=None):
            return self

        def transform(self, X):
            return [np.log1p(np.abs(x)) for x in X]

    logs = [np.log1p(np.abs(x)) for x in X]
    model = make_pipeline(Logarithm(), forecaster()).fit(X)
    np.testing.assert_array_equal(model.predict(X), forecaster().fit(logs).predict(logs))
    assert model.score(X) == forecaster().fit(logs).score(logs)


def test_the_score_is_minus_the_mean_absolute_scaled_error():
    model = forecaster(season_length=(4, 7)).fit(X)
    past, future = [x[:-3] for x in X], [x[-3:] for x in X]
    error = mean_absolute_scaled_error(future, list(model.predict(past)), y_train=past, season=4)
    assert model.score(X) == pytest.approx(-error)
    assert model.score(past, np.array(future)) == pytest.approx(-error)
    covariates = calendar(X)
    model = forecaster().fit(X, covariates=covariates)
    found = model.score(X, covariates=covariates)
    assert found == pytest.approx(model.score(past, np.array(future), covariates=covariates))
    # A constant past has no scale; of constant series only there is no score.
    assert model.fit(X).score([X[0], np.ones(9)]) == pytest.approx(model.score(X[:1]))
    with pytest.warns(UndefinedMetricWarning, match="score is NaN"):
        assert np.isnan(model.score([np.ones(9)]))


def test_missing_values_do_not_count_in_the_score():
    series = [np.arange(30.0), np.arange(40.0) ** 1.5]
    model = forecaster(horizon=3).fit(series)
    holes = [series[0].copy(), series[1].copy()]
    holes[0][[5, 28]] = np.nan
    errors = np.abs(model.predict([x[:-3] for x in holes]) - [x[-3:] for x in holes])
    naive = [np.nanmean(np.abs(np.diff(x[:-3]))) for x in holes]
    expected = np.mean([errors[0][[0, 2]].mean() / naive[0], errors[1].mean() / naive[1]])
    assert model.score(holes) == pytest.approx(-expected)


def global_state():
    return np.random.get_state()  # noqa: NPY002


def test_the_same_seed_gives_the_same_forecasts_and_global_generators_stay():
    params = {"dropout": 0.2, "recurrent_dropout": 0.2, "strategy": "recursive", "max_windows": 9}
    before, numpy_before = torch.random.get_rng_state(), joblib.hash(global_state())
    first = forecaster(**params).fit(X)
    second = forecaster(**params).fit(X)
    np.testing.assert_array_equal(first.predict(X), second.predict(X))
    np.testing.assert_array_equal(first.sample_paths(X), second.sample_paths(X))
    assert first.loss_curve_ == second.loss_curve_
    assert torch.equal(torch.random.get_rng_state(), before)
    assert joblib.hash(global_state()) == numpy_before
    other = forecaster(**params | {"random_state": 1}).fit(X)
    assert not np.allclose(first.predict(X), other.predict(X))
    assert (first.sample_paths(X, random_state=1) != first.sample_paths(X, random_state=2)).any()


@pytest.mark.parametrize("n_jobs", [1, 2, -1])
def test_threads_change_nothing(n_jobs):
    expected = forecaster().fit(X).predict(X)
    n_threads = torch.get_num_threads()
    np.testing.assert_allclose(forecaster(n_jobs=n_jobs).fit(X).predict(X), expected, rtol=1e-4)
    assert torch.get_num_threads() == n_threads


def test_warm_start_continues():
    model = forecaster(warm_start=True).fit(X)
    before = weights(model)
    model.fit(X)
    assert model.n_iter_ == len(model.loss_curve_) == 4
    assert any((before[name] != value).any() for name, value in weights(model).items())
    assert forecaster().fit(X).fit(X).n_iter_ == 2
    longer = [np.r_[x, x[-5:]] for x in X]
    assert model.fit(longer).n_iter_ == 6
    np.testing.assert_array_equal(model.module_.training, False)


@pytest.mark.parametrize(
    ("lengths", "params"),
    [
        ([40], {"horizon": 1}),
        ([40, 3], {"horizon": 30, "context_length": 2}),
        ([30, 29, 31], {"horizon": 12, "context_length": 3}),
        ([30, 29, 31], {"horizon": 12, "context_length": 3, "max_windows": 7}),
    ],
)
def test_automatic_epochs_forecast_no_value_over_so_many_times(lengths, params, monkeypatch):
    monkeypatch.setattr("sklstm._estimators.forecaster._MOST_REPEATS", 50)
    rng = np.random.default_rng(0)
    series = [rng.normal(size=n) for n in lengths]
    model = LSTMForecaster(**params, hidden_size=2, random_state=0).fit(series)
    horizon, context = params["horizon"], model.context_length_
    times = {}  # that a window forecasts each value
    for i, n in enumerate(lengths):
        for end in range(min(context, max(n - horizon, 1)), n - horizon + 1):
            for step in range(end, end + horizon):
                times[i, step] = times.get((i, step), 0) + 1
    drawn = min(1.0, model.max_windows / model.n_windows_)
    often = drawn * sum(times.values()) / len(times)
    assert model.n_iter_ == min(60, max(4, round(50 / often)))


def test_partial_fit_is_an_epoch_at_a_constant_rate():
    model = forecaster(optimizer="sgd").partial_fit(X)
    assert model.n_iter_ == 1
    expected = forecaster(optimizer="sgd", max_epochs=1, lr_schedule="constant").fit(X)
    assert_same_weights(model, expected)
    covariates, static = calendar(X), ["a", "b", "a"]
    model = forecaster().partial_fit(X, covariates=covariates, static=static)
    scale = model._covariates_.mean
    model.partial_fit(X[:2], covariates=[100 + c for c in covariates[:2]], static=["b", "b"])
    np.testing.assert_array_equal(model._covariates_.mean, scale)
    assert model.n_iter_ == 2
    with pytest.raises(ValueError, match="'z' for series 1, a category that fit has not seen"):
        model.partial_fit(X[:2], covariates=covariates[:2], static=["a", "z"])


def test_early_stopping_restores_the_best_epoch():
    params = {"early_stopping": True, "lr_schedule": "constant", "learning_rate": 0.2, "tol": 0.0}
    model = forecaster(max_epochs=30, n_iter_no_change=3, **params).fit(X)
    losses = [row["valid_loss"] for row in model.history_]
    assert model.best_epoch_ == 1 + int(np.argmin(losses))
    assert model.n_iter_ == model.best_epoch_ + 3
    same = forecaster(max_epochs=model.best_epoch_, n_iter_no_change=99, **params).fit(X)
    assert_same_weights(model, same, atol=0)


def test_the_validation_loss_is_that_of_the_last_windows():
    model = forecaster(early_stopping=True, loss="absolute_error", max_epochs=1, n_iter_no_change=9)
    model.fit(X)
    errors = []
    for x in X:  # a tenth of the steps is no more than the horizon: one window of each series
        past = x[:-3]
        errors.append(np.abs(model.predict([past])[0] - x[-3:]) / past[-6:].std())
    assert model.history_[-1]["valid_loss"] == pytest.approx(np.mean(errors), rel=1e-4)


ONE_BATCH = {"batch_size": 1000, "max_windows": 10_000, "shuffle": False, "max_epochs": 3}


def test_a_weight_of_0_leaves_a_series_out_and_2_counts_it_twice():
    model = forecaster(**ONE_BATCH)
    weighted = clone(model).fit(X, sample_weight=[1, 0, 1])
    assert_same_weights(weighted, clone(model).fit([X[0], X[2]]), atol=1e-5)
    weighted = clone(model).fit(X, sample_weight=[1, 2, 1])
    assert_same_weights(weighted, clone(model).fit([X[0], X[1], X[1], X[2]]), atol=1e-5)
    equal = clone(model).fit(X, sample_weight=[7, 7, 7])
    assert equal.loss_curve_ == pytest.approx(clone(model).fit(X).loss_curve_)


def test_the_loss_of_weighted_series_is_a_weighted_mean_over_windows():
    one = {"max_epochs": 1, "loss": "absolute_error"}
    model = forecaster(**ONE_BATCH | one)
    losses = [clone(model).fit([x]).loss_curve_[0] for x in X]
    n = np.array([len(x) - 8 for x in X])
    weight = np.array([1.0, 5.0, 0.1])
    found = clone(model).fit(X, sample_weight=weight).loss_curve_[0]
    assert found == pytest.approx(np.average(losses, weights=n * weight), rel=1e-5)


def test_callbacks():
    class Count(Callback):
        n = 0

        def on_epoch_end(self, net, **kwargs):
            self.n += 1

    given = Count()
    model = forecaster(callbacks=[given], max_epochs=4).fit(X)
    assert model.callbacks_[0].n == 4
    assert given.n == 0
    for on_train in (True, False):
        model = forecaster(callbacks=[EpochScoring("r2", on_train=on_train)])
        refuse(lambda model=model: model.fit(X), r"callbacks\[0\], EpochScoring, asks for predi")
    watching = forecaster(callbacks=[EarlyStopping(monitor="valid_loss")])
    refuse(lambda: watching.fit(X), "needs 'valid_loss', but .*: set early_stopping=True.$")
    assert watching.set_params(early_stopping=True).fit(X).n_iter_ == 2


class Interrupt(Callback):
    def on_epoch_end(self, net, **kwargs):
        if len(net.history) == 2:
            signal.raise_signal(signal.SIGINT)


def test_ctrl_c_ends_the_users_own_fit_gracefully():
    model = forecaster(callbacks=[Interrupt()], max_epochs=9)
    with pytest.warns(ConvergenceWarning, match="interrupted in epoch 2"):
        model.fit(X)
    assert model.n_iter_ == 2
    assert np.isfinite(model.predict_interval(X)).all()


def test_ctrl_c_ends_a_search_and_leaves_an_earlier_fit():
    with pytest.raises(KeyboardInterrupt):
        cross_val_score(forecaster(callbacks=[Interrupt()], max_epochs=9), X, cv=3)
    model = forecaster().fit(X)
    expected = model.predict(X)
    model.set_params(callbacks=[Interrupt()], max_epochs=9)
    with pytest.raises(KeyboardInterrupt):
        joblib.Parallel(1)([joblib.delayed(model.fit)(X)])
    np.testing.assert_array_equal(model.predict(X), expected)


def test_the_summary_lists_the_parts_of_the_network(capsys):
    model = forecaster(context_length="auto").fit(VECTORS, static=["a", "b", "a"])
    model.summary()
    text = capsys.readouterr().out
    assert "auto: context_length=6" in text
    for part in ("encoder", "decoder", "output", "(batch, 6, 4)", "(batch, 3, 3, 7)"):
        assert part in text
    n = sum(p.numel() for p in model.module_.parameters() if p.requires_grad)
    assert f"trained parameters: {n:,}" in text


@pytest.mark.parametrize("params", [{}, {"season_length": (2, 11)}, {"conformal": True}])
def test_a_stream_forecasts_as_predict_does(params):
    model = forecaster(**params).fit(X)
    stream = model.stream([x[:10] for x in X])
    assert len(stream) == 3
    assert repr(stream) == f"<stream of 3 series into LSTMForecaster, horizon {model.horizon}>"
    np.testing.assert_allclose(stream.predict(), model.predict([x[:10] for x in X]), **TOLERANCE)
    stops = [10, 10, 10]
    for more in ([1, 2, 1], [3, 1, 1], [9, 4, 5]):
        pieces = [x[at : at + n] for x, at, n in zip(X, stops, more, strict=True)]
        stops = [at + n for at, n in zip(stops, more, strict=True)]
        whole = [x[:at] for x, at in zip(X, stops, strict=True)]
        found = stream.update(pieces).predict_interval(0.8)
        np.testing.assert_allclose(found, model.predict_interval(whole, 0.8), **TOLERANCE)
    expected = stream.predict()
    for bad in ([[1.0], [2.0]], [[1.0], [2.0], [np.inf]], [["a"], [1.0], [2.0]]):
        with pytest.raises(ValueError, match=r"X|inconsistent"):
            stream.update(bad)
    np.testing.assert_array_equal(stream.predict(), expected)


def test_a_stream_of_vectors_with_static_features():
    model = forecaster().fit(VECTORS, static=[1.0, 2.0, 3.0])
    stream = model.stream([x[:7] for x in VECTORS], static=[1.0, 2.0, 3.0])
    stream.update([x[7:] for x in VECTORS])
    expected = model.predict(VECTORS, static=[1.0, 2.0, 3.0])
    np.testing.assert_allclose(stream.predict(), expected, **TOLERANCE)
    with pytest.raises(ValueError, match="static is missing"):
        model.stream(VECTORS)
    with pytest.raises(ValueError, match="stream is for models without covariates"):
        forecaster().fit(X, covariates=calendar(X)).stream(X)


# Unusual series: finite forecasts, and no warning (an error in tests)


UNUSUAL = {
    "constant": [np.full(30, 7.0), X[0]],
    "only constant": [np.full(30, 7.0)],
    "zero": [np.zeros(30), np.arange(30.0)],
    "only zero": [np.zeros(30)],
    "one known value": [np.r_[np.full(14, np.nan), 3.0, np.full(2, np.nan)], np.arange(30.0)],
    "gaps": [np.where(np.arange(40) % 3 == 0, np.arange(40.0), np.nan)],
    "huge": [1e9 + np.arange(30.0), -1e12 * np.arange(30)],
    "tiny": [1e-12 * np.arange(30), 1e-3 + 1e-9 * np.arange(30)],
    "a step": [np.r_[np.zeros(20), np.full(20, 100.0)]],
    "rare events": [np.where(np.arange(60) % 17 == 0, 1.0, 0.0)],
}
VARIANTS = {
    "plain": {},
    "recursive": {"strategy": "recursive"},
    "season beyond the series": {"season_length": (4, 50), "baseline": "seasonal_naive"},
    "calibrated": {"conformal": True, "loss": "absolute_error"},
    "student_t": {"loss": "student_t"},
    "multiplicative": {"scaling": "multiplicative", "loss": "normal"},
    "unscaled": {"scaling": None, "loss": "squared_error", "conformal": True},
    "long horizon": {"horizon": 14, "context_length": 2},
    "one step": {"horizon": 1, "context_length": 1},
}


@pytest.mark.parametrize(
    ("name", "variant"),
    [pair for pair in product(UNUSUAL, VARIANTS) if pair != ("huge", "unscaled")],
)
def test_forecasts_of_unusual_series_are_finite(name, variant):
    series = UNUSUAL[name]
    model = forecaster(**VARIANTS[variant])
    if name == "one known value" and variant in ("long horizon", "one step"):
        model.set_params(context_length=6)
    model.fit(series)
    interval = model.predict_interval(series)
    assert np.isfinite(interval).all()
    assert (interval[..., 0] <= interval[..., 1]).all()
    assert np.isfinite(model.predict(series)).all()
    if model._copula_ is not None:
        assert np.isfinite(model.sample_paths(series, 3)).all()
    assert np.isfinite(model.loss_curve_).all()
    if "only" in name and variant not in ("unscaled", "multiplicative"):
        np.testing.assert_array_equal(model.predict(series), series[0][0])


def test_counts_of_zero_are_forecast():
    params = {"loss": "negative_binomial", "scaling": "multiplicative"}
    series = [np.zeros(30), np.arange(30.0) % 4]
    for baseline in ("last", "auto"):
        model = forecaster(baseline=baseline, **params).fit(series)
        assert np.isfinite(model.loss_curve_).all()
        assert np.isfinite(model.predict(series)).all()
        assert not model.predict_interval(series)[0].any()
        assert not model.sample_paths(series, 4)[0].any()


def test_a_year_of_daily_sales_and_half_a_year_ahead():
    rng, t = np.random.default_rng(0), np.arange(278)
    sales = 100 + 0.2 * t + 20 * np.sin(2 * np.pi * t / 7) + 5 * rng.normal(size=278)
    model = LSTMForecaster(182, 7, hidden_size=8, max_epochs=3, random_state=0).fit([sales])
    assert model.predict([sales]).shape == (1, 182)
    assert model.n_windows_ == 278 - 182 - model.context_length_ + 1
    for given in (sales, sales.tolist(), pd.Series(sales)):
        with pytest.raises(ValueError, match=r"a 1D array of 278 numbers.*pass \[series\]"):
            model.fit(given)
    with pytest.raises(
        ValueError, match=r"X\[0\], has 1. Pass one series of n steps as \[series\]"
    ):
        model.fit(pd.DataFrame({"sales": sales}))
    assert model.predict([sales]).shape == (1, 182)


# Bad input


def refuse(call, message, error=ValueError):
    with pytest.raises(error, match=message):
        call()


BAD_PARAMETERS = [
    ({"horizon": 0}, "The 'horizon' parameter of LSTMForecaster must be an int in the range"),
    ({"horizon": 40}, r"needs at least 41 steps, but the longest of X, X\[0\], has 30"),
    ({"season_length": 0}, "The 'season_length' parameter"),
    ({"season_length": (7, 2)}, r"season_length=\(7, 2\) must be .* the shortest season first"),
    ({"season_length": (2, 2.5)}, r"season_length=\(2, 2.5\) must be one or more whole numbers"),
    ({"season_length": ()}, r"season_length=\(\) must be one or more whole numbers"),
    ({"season_length": (0, 3)}, "of at least 1"),
    ({"baseline": "seasonal_naive"}, r"needs a season: set season_length \(now 1\)"),
    ({"target_features": 1}, r"target_features=1 holds 1, .* have 1 features: .* from 0 to 0"),
    ({"target_features": (0, 0)}, r"target_features=\(0, 0\) must be one or more features, each"),
    ({"target_features": ()}, r"target_features=\(\) must be one or more features"),
    ({"target_features": (-1,)}, "holds -1"),
    ({"target_features": (True,)}, "holds True"),
    ({"loss": "mse"}, "The 'loss' parameter"),
    ({"quantiles": (0.5, 0.1)}, r"quantiles\[1\] is 0.1, not above quantiles\[0\]"),
    ({"quantiles": (0.0, 0.1)}, r"quantiles\[0\] is 0.0"),
    ({"loss": "negative_binomial"}, r"set scaling='multiplicative' \(now 'standard'\)"),
    ({"hidden_size": (4, 0)}, r"hidden_size\[1\] is 0"),
    ({"teacher_forcing": 1.5}, "The 'teacher_forcing' parameter"),
    ({"early_stopping": True, "horizon": 15}, r"X\[0\], has 30 \(horizon is 15, validation_frac"),
]
COUNTS = {"loss": "negative_binomial", "scaling": "multiplicative"}


@pytest.mark.parametrize(("params", "message"), BAD_PARAMETERS)
def test_bad_parameters_are_named_and_leave_an_earlier_fit(params, message):
    model = forecaster(baseline="last").fit(X)
    expected, before = model.predict(X), {k: v for k, v in vars(model).items() if k.endswith("_")}
    model.set_params(**params)
    with_counts = [np.arange(len(x)) for x in X] if "negative" in str(params) else X
    refuse(lambda: model.fit(with_counts), message)
    assert {k: v for k, v in vars(model).items() if k.endswith("_")} == before
    np.testing.assert_array_equal(model.predict(X), expected)


def with_item(items, index, item):
    return [*items[:index], item, *items[index + 1 :]]


Y = np.arange(9.0).reshape(3, 3)
BAD_FITS = [
    (lambda: {"X": X[0]}, r"pass \[series\]"),
    (lambda: {"X": [1.0, 2.0, 3.0]}, r"pass \[series\]"),
    (lambda: {"X": []}, "0 sample"),
    (lambda: {"X": with_item(X, 1, X[1] * np.inf)}, r"infinity, .*: X\[1\] holds .* at step 0"),
    (lambda: {"X": [x * np.nan for x in X]}, "X holds NaN only"),
    (lambda: {"X": with_item(X, 1, X[1][:0])}, r"X\[1\] is an empty sequence"),
    (lambda: {"X": ["some text", "another"]}, r"X\[0\] holds the text 'some text'"),
    (lambda: {"X": [["a", "b"]]}, r"X\[0\] holds the text 'a'; a forecaster reads numbers"),
    (lambda: {"X": SequenceTokenizer().fit_transform(["a text", "other"])}, "holds token ids"),
    (lambda: {"X": [pd.date_range("2026", periods=20)]}, r"X\[0\] has dtype datetime64"),
    (lambda: {"X": X, "y": np.zeros((3, 2))}, r"y has shape \(3, 2\); accepted is \(3, 3\)"),
    (lambda: {"X": X, "y": np.zeros((3, 3, 2))}, r"accepted is \(3, 3\)"),
    (lambda: {"X": X, "y": np.zeros((2, 3))}, "inconsistent numbers of samples: .3, 2"),
    (lambda: {"X": X, "y": [[1], [1, 2], [3]]}, r"y\[i\] is what follows X\[i\]"),
    (
        lambda: {"X": X, "y": Y + np.array([0, 0, np.inf])},
        r"y\[0\] holds an infinite value at step 2",
    ),
    (lambda: {"X": X, "covariates": calendar(X)[:2]}, "inconsistent numbers of samples: .3, 2"),
    (
        lambda: {"X": X, "covariates": calendar(X, -1)},
        r"covariates\[0\] has 29 steps, but X\[0\] has 30 .* accepted are 30 or 33 steps",
    ),
    (lambda: {"X": X, "covariates": calendar(X, 1)}, r"covariates\[0\] has 31 steps"),
    (lambda: {"X": X, "y": Y, "covariates": calendar(X)}, "horizon is 3: accepted are 33 steps"),
    (
        lambda: {"X": X, "covariates": [c * [1, np.nan] for c in calendar(X)]},
        r"covariates\[0\] holds nan at step 0, column 1",
    ),
    (
        lambda: {"X": X, "covariates": with_item(calendar(X), 1, np.ones((25, 3)))},
        r"covariates\[1\] has 3 columns; accepted are 2",
    ),
    (lambda: {"X": X, "covariates": [["1"] * len(x) for x in X]}, r"covariates\[0\] cannot be re"),
    (lambda: {"X": X, "covariates": [None] * 3}, r"covariates\[0\] "),
    (lambda: {"X": X, "static": ["a", "b"]}, "inconsistent numbers of samples: .3, 2"),
    (lambda: {"X": X, "static": [1.0, np.nan, 2.0]}, "static column 0 holds nan for series 1"),
    (lambda: {"X": X, "static": ["a", None, "b"]}, "static column 0 holds None for series 1"),
    (lambda: {"X": X, "static": ["a", np.nan, "b"]}, "static column 0 holds nan for series 1"),
    (lambda: {"X": X, "static": [["a", 1], ["b"], ["c", 2]]}, "static has rows of different len"),
    (lambda: {"X": X, "y": Y * np.nan}, "y holds NaN only"),
    (lambda: {"X": "series.csv"}, "X holds strings: a forecaster reads numbers"),
    (lambda: {"X": X, "static": np.ones((3, 2, 2))}, r"static has shape \(3, 2, 2\)"),
    (lambda: {"X": X, "sample_weight": [1, 2]}, "sample_weight"),
    (lambda: {"X": X, "sample_weight": [1, -2, 1]}, "[Nn]egative"),
    (
        lambda: {"X": [X[0], X[1][:2]], "sample_weight": [0, 1]},
        "sample_weight is 0 for every series that is long enough",
    ),
]
DATES = pd.date_range("2026", periods=30)
BAD_TYPES = [
    (
        lambda: {"X": pd.DataFrame({"unique_id": "a", "ds": DATES, "y": X[0]})},
        "a data frame with 'a' in its column 'unique_id'.*frame_to_series",
    ),
    (
        lambda: {"X": pd.DataFrame({"a": X[0], "b": X[0]}, index=DATES)},
        r"\(30, 2\) with times in its index, .*\[X\[name\] for name in X\]",
    ),
    (lambda: {"X": pd.Series(X[0]).groupby(DATES.month)}, r"X is a SeriesGroupBy; pass"),
    (lambda: {"X": X, "static": {"shop": ["a", "b", "c"]}}, r"a dict; pass .* pd.DataFrame\(sta"),
    (lambda: {"X": X, "covariates": 3}, "covariates is a int; accepted is a list with one array"),
    (
        lambda: {"X": X, "covariates": pd.DataFrame({"c": range(30)})},
        r"covariates is a DataFrame; accepted is .* of a single series \[frame\]",
    ),
    (
        lambda: {"X": X, "static": pd.DataFrame({"since": pd.date_range("2026", periods=3)})},
        "static has the column 'since' of dates",
    ),
]


@pytest.mark.parametrize(
    ("given", "message", "error"),
    [(*bad, (ValueError, TypeError)) for bad in BAD_FITS]
    + [(*bad, TypeError) for bad in BAD_TYPES],
)
def test_bad_data_are_named_and_leave_an_earlier_fit(given, message, error):
    model = forecaster().fit(X)
    expected, before = model.predict(X), {k: v for k, v in vars(model).items() if k.endswith("_")}
    refuse(lambda: model.fit(**given()), message, error)
    assert {k: v for k, v in vars(model).items() if k.endswith("_")} == before
    np.testing.assert_array_equal(model.predict(X), expected)


def test_negative_and_fractional_counts_are_refused_in_every_fit():
    counts = [np.arange(20.0) % 5, np.arange(15.0)]
    model = forecaster(warm_start=True, **COUNTS).fit(counts)
    for i, at, value in ((0, 3, -1.0), (1, 2, 0.5)):
        bad = [x.copy() for x in counts]
        bad[i][at] = value
        message = rf"whole numbers of 0 or more, but X\[{i}\] holds {value:g} at step {at}"
        for call in (forecaster(**COUNTS).fit, model.fit, model.partial_fit):
            refuse(lambda call=call, bad=bad: call(bad), message)
    y = np.array([[1.0, 2.0, 3.0], [1.0, 2.5, 3.0]])
    refuse(lambda: forecaster(**COUNTS).fit(counts, y), r"y\[1\] holds 2.5 at step 1")


def test_bad_predictions_are_named_and_change_nothing():
    model = forecaster()
    refuse(lambda: model.predict(X), "not fitted", NotFittedError)
    refuse(lambda: model.stream(X), "not fitted", NotFittedError)
    model.fit(X, covariates=calendar(X), static=["a", "b", "a"])
    known, static = calendar(X, 3), ["a", "b", "a"]
    expected = model.predict(X, covariates=known, static=static)
    cases = [
        ({}, "covariates are missing: the model was fitted with 2, and needs them"),
        ({"covariates": known}, r"static is missing: .* static features \[0\]"),
        ({"covariates": calendar(X), "static": static}, "horizon is 3: accepted are 33 steps"),
        ({"covariates": known, "static": ["a", "z", "b"]}, "holds 'z' for series 1, .* 'a', 'b'"),
        ({"covariates": [c[:, :1] for c in known], "static": static}, "has 1 columns; .* are 2"),
        ({"covariates": known, "static": [1, 2, 3]}, "holds 1 for series 0, a category"),
    ]
    for given, message in cases:
        refuse(lambda given=given: model.predict(X, **given), message)
    np.testing.assert_array_equal(model.predict(X, covariates=known, static=static), expected)
    model.fit(X)
    refuse(lambda: model.predict(X, covariates=known), "covariates are given, but the model was")
    refuse(lambda: model.predict(X, static=static), "static is given, but the model was fitted wit")
    refuse(lambda: model.predict(VECTORS), "X has 3 features, but LSTMForecaster is expecting 1")
    refuse(lambda: model.predict(X[0]), r"pass \[series\]")
    hidden = np.r_[X[1], np.full(6, np.nan)]
    refuse(lambda: model.predict([X[0], hidden]), r"X\[1\] has no known value in its last 6 steps")
    refuse(lambda: model.score([X[0], X[1][:3]]), r"X\[1\] has 3 steps; .* needs at least 4")
    vectors = [x.copy() for x in VECTORS]
    vectors[2][-6:, 1] = np.nan
    model.fit(VECTORS)
    refuse(lambda: model.predict(vectors), r"X\[2\] has no known value of feature 1 in its last 6")
    numbers = forecaster().fit(X, static=[1.0, 2.0, 3.0])
    refuse(lambda: numbers.predict(X, static=["a", "b", "c"]), "holds 'a'; it held numbers in fit")


def test_a_category_may_be_a_number():
    static = pd.DataFrame({"shop": pd.Categorical([7, 3, 7])})
    model = forecaster().fit(X, static=static)
    assert model._static_.categories == {"shop": [3, 7]}
    refuse(
        lambda: model.predict(X, static=pd.DataFrame({"shop": pd.Categorical([7, 4, 7])})),
        "static column 'shop' holds 4 for series 1",
    )


@pytest.mark.parametrize("coverage", [0.0, 1.0, 1, -0.5, np.nan, True, "0.9", (0.5,)])
def test_a_coverage_is_between_0_and_1(coverage):
    model = forecaster().fit(X)
    refuse(lambda: model.predict_interval(X, coverage), "coverage=.* must be a number between")


def test_quantiles_and_paths_of_a_point_model_are_refused():
    for params in ({"loss": "squared_error"}, {"loss": "absolute_error"}, {"quantiles": 0.9}):
        model = forecaster(**params).fit(X)
        what = "the quantile 0.9" if "quantiles" in params else "a number .loss='"
        refuse(lambda model=model: model.predict_interval(X), f"predict_.* predicts {what}")
        refuse(lambda model=model: model.predict_quantiles(X, 0.1), f"predict_quantiles .*{what}")
        refuse(lambda model=model: model.sample_paths(X), f"sample_paths .*{what}")
    np.testing.assert_allclose(model.predict_quantiles(X, 0.9)[..., 0], model.predict(X))
    model = forecaster().fit(X)
    refuse(lambda: model.predict_quantiles(X, (0.5, 0.2)), r"quantiles\[1\] is 0.2, not above")
    refuse(lambda: model.predict_quantiles(X, 1.5), r"quantiles\[0\] is 1.5")
    refuse(lambda: model.sample_paths(X, 0), "n_paths must be an int of at least 1")


def test_continued_training_refuses_another_network_and_short_series():
    model = forecaster(warm_start=True).fit(X)
    before = weights(model)
    for name, value in (
        ("horizon", 4),
        ("hidden_size", 5),
        ("context_length", 7),
        ("season_length", (1, 4)),
        ("scaling", None),
        ("strategy", "recursive"),
        ("quantiles", (0.1, 0.9)),
    ):
        old = getattr(model, name)
        model.set_params(**{name: value})
        refuse(lambda: model.fit(X), f"{name} is .* now, but the model whose training would")
        refuse(lambda: model.partial_fit(X), f"{name} is .* now, but the model")
        model.set_params(**{name: old})
    refuse(lambda: model.fit([X[0][:3]]), r"needs at least 4 steps, but the longest of X, X\[0\]")
    refuse(lambda: model.fit(np.arange(40.0).reshape(20, 2)), r"rows of X are times.*pass X\.T")
    refuse(lambda: model.partial_fit([X[0][:3]]), "needs at least 4 steps")
    refuse(lambda: model.fit(VECTORS), "X has 3 features")
    for name in ("early_stopping", "conformal"):
        other = forecaster(**{name: True})
        refuse(lambda other=other: other.partial_fit(X), f"partial_fit does not support {name}=Tru")
    for name, value in weights(model).items():
        np.testing.assert_array_equal(before[name], value)
