"""Backtests: what estimators get to see, and scores against the metrics computed by hand."""

import csv
import re

import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.base import BaseEstimator
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklstm import BacktestResult, backtest
from sklstm.baselines import NaiveForecaster, RidgeForecaster
from sklstm.metrics import (
    continuous_ranked_probability_score,
    interval_coverage,
    mean_absolute_scaled_error,
    mean_quantile_loss,
    mean_scaled_interval_score,
    overall_weighted_average,
    symmetric_mean_absolute_percentage_error,
)

RNG = np.random.default_rng(0)
NAN = np.nan
LENGTHS = [40, 23, 31]
SERIES = [20 + RNG.normal(size=n).cumsum() for n in LENGTHS]
WIDE = [20 + RNG.normal(size=(n, 2)).cumsum(axis=0) for n in LENGTHS]
# The value of each step says which one it is.
CLOCKS = [1000.0 * i + np.arange(n) for i, n in enumerate(LENGTHS)]
KNOWN = [np.stack([x, -x], axis=1) for x in CLOCKS]


class Recorder(BaseEstimator):
    """Repeats the last value, and notes what it was given."""

    calls = []

    def __init__(self, horizon=3, season_length=1, shift=0.0):
        self.horizon = horizon
        self.season_length = season_length
        self.shift = shift

    def fit(self, X, y=None, **more):
        self.calls.append(("fit", list(X), more))
        return self

    def predict(self, X, **more):
        self.calls.append(("predict", list(X), more))
        last = np.stack([np.asarray(x)[-1] for x in X])
        return np.repeat(last[:, None], self.horizon, axis=1) + self.shift


@pytest.fixture
def calls():
    Recorder.calls.clear()
    return Recorder.calls


def origin_of(split, lengths=LENGTHS, horizon=3, step=3, n_splits=3):
    """Return the number of steps before a forecast in each series."""
    return [n - horizon - (n_splits - 1 - split) * step for n in lengths]


# What is given to the estimator


@pytest.mark.parametrize("refit", [True, False])
@pytest.mark.parametrize("limit", [None, 7])
def test_an_estimator_never_sees_what_it_forecasts(calls, refit, limit):
    window = {} if limit is None else {"window": "sliding", "max_train_steps": limit}
    static = np.arange(3)[:, None]
    result = backtest(
        Recorder(), CLOCKS, refit=refit, covariates=KNOWN, static=static, **window
    )  # fmt: skip
    assert [kind for kind, *_ in calls] == (
        ["fit", "predict"] * 3 if refit else ["fit", *["predict"] * 3]
    )
    split = -1
    for number, (kind, pasts, more) in enumerate(calls):
        split += kind == "fit" if refit else number != 1  # the first of both is at one origin
        for i, at in enumerate(origin_of(split)):
            start = 0 if limit is None else at - limit
            np.testing.assert_array_equal(pasts[i], CLOCKS[i][start:at])
            end = at if kind == "fit" else at + 3
            np.testing.assert_array_equal(more["covariates"][i], KNOWN[i][start:end])
        assert more["static"] is static
    for split in range(3):
        assert result.origins[split].tolist() == origin_of(split)
        for i, at in enumerate(origin_of(split)):
            np.testing.assert_array_equal(result.truths[split][i], CLOCKS[i][at : at + 3])
            np.testing.assert_array_equal(result.forecasts[split][i], [CLOCKS[i][at - 1]] * 3)


def test_a_short_past_is_used_as_it_is(calls):
    backtest(Recorder(), CLOCKS, n_splits=1, window="sliding", max_train_steps=25)
    assert [len(x) for x in calls[0][1]] == [25, 20, 25]


def test_nothing_is_given_that_was_not_passed(calls):
    backtest(Recorder(), CLOCKS)
    assert all(more == {} for *_, more in calls)
    calls.clear()
    backtest(Recorder(), CLOCKS, static=pd.DataFrame({"kind": ["a", "b", "a"]}))
    assert all(list(more) == ["static"] for *_, more in calls)


def test_steps_between_origins(calls):
    result = backtest(Recorder(horizon=4), CLOCKS, n_splits=5, step=1)
    expected = [origin_of(split, horizon=4, step=1, n_splits=5) for split in range(5)]
    assert [at.tolist() for at in result.origins] == expected
    fitted = [pasts for kind, pasts, _ in calls if kind == "fit"]
    assert [[len(x) for x in pasts] for pasts in fitted] == expected


def test_an_estimator_may_write_into_what_it_gets():
    class Vandal(Recorder):
        def fit(self, X, y=None):
            for x in X:
                x[:] = 1e6
            return self

        def predict(self, X):
            found = super().predict(X)
            for x in X:
                assert x.base is None  # no view of a longer series
                x[:] = 1e6
            return found

    before = [x.copy() for x in SERIES]
    result, expected = backtest(Vandal(), SERIES), backtest(Recorder(), SERIES)
    np.testing.assert_array_equal(result.scores["mase"], expected.scores["mase"])
    np.testing.assert_array_equal(np.concatenate(SERIES), np.concatenate(before))


def test_covariates_in_other_forms(calls):
    frames = [pd.DataFrame(rows, columns=["a", "b"]) for rows in KNOWN]
    backtest(Recorder(), CLOCKS, covariates=frames)
    assert calls[1][2]["covariates"][1].equals(frames[1].iloc[:17])
    calls.clear()
    beyond = [np.concatenate([rows, np.ones((3, 2))]) for rows in KNOWN]
    backtest(Recorder(), CLOCKS, covariates=beyond)
    np.testing.assert_array_equal(calls[-1][2]["covariates"][0], KNOWN[0])
    calls.clear()
    cube = RNG.normal(size=(2, 30, 4))
    backtest(Recorder(), np.ones((2, 30)).cumsum(axis=1), covariates=cube)
    np.testing.assert_array_equal(calls[0][2]["covariates"][1], cube[1, :21])


def test_a_pipeline_and_a_search(calls):
    given = {"covariates": KNOWN, "static": np.arange(3)[:, None]}
    expected = backtest(Recorder(), CLOCKS, **given)
    plain = [(kind, more) for kind, _, more in calls]
    calls.clear()
    nested = make_pipeline(make_pipeline(FunctionTransformer(), Recorder()))
    result = backtest(nested, CLOCKS, **given)
    assert result.name == "Recorder"
    np.testing.assert_array_equal(result.forecasts, expected.forecasts)
    for (kind, more), (found, _, own) in zip(plain, calls, strict=True):
        assert kind == found
        np.testing.assert_array_equal(own["static"], more["static"])
        for one, other in zip(own["covariates"], more["covariates"], strict=True):
            np.testing.assert_array_equal(one, other)

    def nearness(estimator, X, y=None):
        return -abs(estimator.get_params()["recorder__shift"] - 2.0)

    search = GridSearchCV(
        make_pipeline(FunctionTransformer(), Recorder()),
        {"recorder__shift": [0.0, 2.0, 5.0]},
        scoring=nearness,
        cv=3,
        error_score="raise",
    )
    calls.clear()
    result = backtest(search, CLOCKS, **given)
    for split in range(3):
        np.testing.assert_array_equal(result.forecasts[split], expected.forecasts[split] + 2)
    parts = {len(pasts) for kind, pasts, _ in calls if kind == "fit"}
    assert parts == {2, 3}  # two of three series in each fold
    for kind, pasts, more in calls:
        for past, known in zip(pasts, more["covariates"], strict=True):
            assert known[0, 0] == past[0]
            assert len(known) == len(past) + 3 * (kind == "predict")


def test_metadata_routing(calls):
    class Asking(Recorder):
        def fit(self, X, y=None, *, covariates=None):
            return super().fit(X, covariates=covariates)

    with config_context(enable_metadata_routing=True):
        final = Asking().set_fit_request(covariates=True)
        backtest(make_pipeline(FunctionTransformer(), final), CLOCKS, covariates=KNOWN)
    for kind, pasts, more in calls:
        assert len(more["covariates"][0]) == len(pasts[0]) + 3 * (kind == "predict")


# Scores


def by_hand(name, result, split, X, season):
    """Return a score from the metrics themselves."""
    true, pred = result.truths[split], result.forecasts[split]
    past = [x[:at] for x, at in zip(X, result.origins[split], strict=True)]
    scale = {"y_train": past, "season": season}
    if name == "owa":
        naive2 = NaiveForecaster(true.shape[1], strategy="naive2", season_length=season)
        return overall_weighted_average(true, pred, naive2.fit(past).predict(past), **scale)
    bounds = (result.lower[split], result.upper[split])
    quantiles = {
        "crps": (np.arange(20) + 0.5) / 20, "pinball": np.linspace(0.1, 0.9, 9),
    }.get(name)  # fmt: skip
    if quantiles is not None:
        model = NaiveForecaster(true.shape[1], season_length=season).fit(past)
        drawn = model.predict_quantiles(past, quantiles)
    return {
        "smape": lambda: symmetric_mean_absolute_percentage_error(true, pred),
        "mase": lambda: mean_absolute_scaled_error(true, pred, **scale),
        "mae": lambda: mean_absolute_error(true, pred),
        "rmse": lambda: np.sqrt(((true - pred) ** 2).mean()),
        "msis": lambda: mean_scaled_interval_score(true, *bounds, **scale, coverage=0.8),
        "coverage": lambda: interval_coverage(true, *bounds),
        "pinball": lambda: mean_quantile_loss(true, drawn, quantiles=quantiles),
        "crps": lambda: continuous_ranked_probability_score(true, drawn, quantiles=quantiles),
    }[name]()


NAMES = ["smape", "mase", "mae", "rmse", "owa", "msis", "coverage", "pinball", "crps"]


def test_scores_are_those_of_the_metrics():
    model = NaiveForecaster(4, season_length=3)
    result = backtest(model, SERIES, n_splits=2, metrics=NAMES, coverage=0.8)
    assert isinstance(result, BacktestResult)
    assert list(result.scores) == NAMES
    for name in NAMES:
        expected = [by_hand(name, result, split, SERIES, 3) for split in range(2)]
        np.testing.assert_allclose(result.scores[name], expected, err_msg=name)
    for split in range(2):
        past = [x[:at] for x, at in zip(SERIES, result.origins[split], strict=True)]
        interval = model.fit(past).predict_interval(past, 0.8)
        np.testing.assert_array_equal(result.lower[split], interval[..., 0])
        np.testing.assert_array_equal(result.upper[split], interval[..., 1])
    errors = np.abs(np.array(result.truths) - np.array(result.forecasts))
    np.testing.assert_allclose(result.per_step, errors.mean(axis=1))
    same = backtest(model, SERIES, n_splits=2, metrics="quantile_loss")
    np.testing.assert_array_equal(same.scores["quantile_loss"], result.scores["pinball"])
    assert same.lower is None
    assert same.upper is None


def test_values_of_a_step_are_scored_as_series():
    model = NaiveForecaster(4, season_length=3)
    result = backtest(model, WIDE, n_splits=2, metrics=NAMES, coverage=0.8)
    assert result.forecasts[0].shape == (3, 4, 2)
    assert result.lower[1].shape == (3, 4, 2)
    apart = [x[:, k] for x in WIDE for k in range(2)]
    expected = backtest(model, apart, n_splits=2, metrics=NAMES, coverage=0.8)
    for name in NAMES:
        np.testing.assert_allclose(result.scores[name], expected.scores[name], err_msg=name)
    np.testing.assert_allclose(result.per_step, expected.per_step)


def test_missing_values_are_not_scored():
    holed = [x.copy() for x in SERIES]
    holed[0][-1] = holed[1][-3:] = holed[2][5] = NAN
    result = backtest(NaiveForecaster(3), holed, n_splits=1, metrics=NAMES, coverage=0.8)
    kept = [0, 2]  # nothing is known of the other at the steps that are forecast
    past = [holed[i][:-3] for i in kept]
    past[1][5] = (past[1][4] + past[1][6]) / 2
    true = [holed[0][-3:-1], holed[2][-3:]]
    pred = [np.full(len(y), x[-1]) for y, x in zip(true, past, strict=True)]
    np.testing.assert_allclose(
        [result.scores["mase"][0], result.scores["mae"][0], result.scores["owa"][0]],
        [
            mean_absolute_scaled_error(true, pred, y_train=past),
            np.mean([np.abs(y - f).mean() for y, f in zip(true, pred, strict=True)]),
            1.0,  # without a season Naive2 is the last value
        ],
    )
    errors = [np.append(true[0] - pred[0], NAN), true[1] - pred[1]]
    np.testing.assert_allclose(result.per_step[0], np.nanmean(np.abs(errors), axis=0))
    assert not np.isnan([scores[0] for scores in result.scores.values()]).any()
    assert np.isnan(result.truths[0][1]).all()


def test_origins_without_true_values_are_reported():
    ended = [np.r_[x[:-6], np.full(6, NAN)] for x in SERIES]
    message = "Scores are undefined and NaN at origin 2, 3: all true values"
    with pytest.warns(UndefinedMetricWarning, match=message) as found:
        result = backtest(NaiveForecaster(3), ended, metrics=["mase", "mae"])
    assert len(found) == 1
    for scores in result.scores.values():
        np.testing.assert_array_equal(np.isnan(scores), [False, True, True])


def test_scores_with_a_sliding_window_have_the_scale_of_the_whole_past():
    short = backtest(
        NaiveForecaster(3), SERIES, window="sliding", max_train_steps=2, metrics="mase"
    )
    whole = backtest(NaiveForecaster(3), SERIES, metrics="mase")
    np.testing.assert_array_equal(short.scores["mase"], whole.scores["mase"])


def test_a_metric_of_your_own():
    def worst(y_true, y_pred):
        return np.abs(y_true - y_pred).max()

    result = backtest(Recorder(), SERIES, metrics=[worst, mean_absolute_error, "mae"])
    assert list(result.scores) == ["worst", "mean_absolute_error", "mae"]
    np.testing.assert_allclose(result.scores["mean_absolute_error"], result.scores["mae"])
    error = np.abs(np.array(result.truths) - np.array(result.forecasts))
    np.testing.assert_array_equal(result.scores["worst"], error.max(axis=(1, 2)))


def test_the_season_is_that_of_the_estimator():
    for season_length, expected in [(4, 4), ((3, 7), 3), ([5, 7], 5)]:
        model = NaiveForecaster(3, season_length=season_length)
        assert backtest(model, SERIES).season == expected
    first, other = (backtest(NaiveForecaster(3), SERIES, season=season) for season in (None, 4))
    assert (first.season, other.season) == (1, 4)
    assert (first.scores["mase"] != other.scores["mase"]).all()
    np.testing.assert_array_equal(first.scores["smape"], other.scores["smape"])


def test_quantiles_from_sample_paths():
    class Sampler(Recorder):
        def sample_paths(self, X, n_paths=100, *, random_state=None):
            rng = np.random.default_rng(random_state)
            noise = rng.normal(size=(len(X), n_paths, self.horizon))
            return self.predict(X)[:, None] + noise

    result = backtest(Sampler(), SERIES, metrics=["crps", "pinball"])
    levels = (np.arange(20) + 0.5) / 20
    for split in range(3):
        paths = np.random.default_rng(0).normal(size=(3, 100, 3))
        drawn = np.quantile(result.forecasts[split][:, None] + paths, levels, axis=1)
        expected = continuous_ranked_probability_score(
            result.truths[split], np.moveaxis(drawn, 0, -1), quantiles=levels
        )
        assert result.scores["crps"][split] == pytest.approx(expected)


def test_the_last_origin_of_m4_has_the_published_scores(data_file):
    def read(name):
        with open(data_file(f"forecasting/M4-Hourly-{name}.csv"), encoding="utf-8") as file:
            rows = list(csv.reader(file))[1:]
        return [np.array([float(cell) for cell in row[1:] if cell]) for row in rows]

    whole = [np.concatenate(both) for both in zip(read("train"), read("test"), strict=True)]
    model = NaiveForecaster(48, season_length=24)
    result = backtest(model, whole, n_splits=1, metrics=["smape", "mase", "owa"])
    assert [round(float(scores[0]), 3) for scores in result.scores.values()] == [
        13.912, 1.193, 0.628,
    ]  # fmt: skip


# Series without a scale


def test_undefined_scores():
    constant = np.full(30, 7.0)
    late = np.append(np.full(27, 7.0), [8.0, 9.0, 10.0])
    X = [SERIES[0], constant, late]
    with pytest.warns(UndefinedMetricWarning, match="MASE is undefined for 2 of 3 series") as found:
        result = backtest(NaiveForecaster(3), X)
    assert len(found) == 1
    assert found[0].filename == __file__
    assert r"(X[1], X[2]), at 3 of 3 origins" in str(found[0].message)
    alone = backtest(NaiveForecaster(3), X[:1])
    np.testing.assert_array_equal(result.scores["mase"], alone.scores["mase"])
    with pytest.warns(UndefinedMetricWarning, match="1 of 1 series"):
        result = backtest(NaiveForecaster(3), [constant], metrics=["mase", "smape"])
    assert np.isnan(result.scores["mase"]).all()
    assert (result.scores["smape"] == 0).all()


def test_undefined_owa():
    ends = np.append(SERIES[0], [SERIES[0][-1]] * 3)
    with pytest.warns(UndefinedMetricWarning, match="OWA is undefined and NaN at origin 2: Naive2"):
        result = backtest(Recorder(shift=1.0), [ends], n_splits=2, metrics=["owa", "mae"])
    assert np.isnan(result.scores["owa"]).tolist() == [False, True]


# Other arguments


def test_estimators_are_kept_on_request(calls):
    model = RidgeForecaster(3, n_lags=4)
    result = backtest(model, SERIES, return_estimators=True)
    assert not hasattr(model, "coef_")
    for split, fitted in enumerate(result.estimators):
        past = [x[:at] for x, at in zip(SERIES, origin_of(split), strict=True)]
        np.testing.assert_array_equal(fitted.coef_, RidgeForecaster(3, n_lags=4).fit(past).coef_)
    once = backtest(model, SERIES, return_estimators=True, refit=False)
    assert len({id(fitted) for fitted in once.estimators}) == 1
    np.testing.assert_array_equal(once.estimators[0].coef_, result.estimators[0].coef_)
    assert (once.fit_seconds > 0).tolist() == [True, False, False]
    assert (result.fit_seconds > 0).all()
    assert (result.predict_seconds > 0).all()
    assert backtest(model, SERIES).estimators is None


def test_processes():
    model = NaiveForecaster(3, season_length=2)
    one, two = (backtest(model, SERIES, n_jobs=n, n_splits=2, coverage=0.5) for n in (None, 2))
    np.testing.assert_array_equal(one.forecasts, two.forecasts)
    np.testing.assert_array_equal(one.lower, two.lower)
    np.testing.assert_array_equal(one.scores["mase"], two.scores["mase"])


def test_verbose(capsys):
    result = backtest(NaiveForecaster(3), SERIES, verbose=1, metrics="mae", n_splits=2)
    assert capsys.readouterr().out.splitlines() == [
        f"origin {k + 1} of 2: mae {score:.4f}" for k, score in enumerate(result.scores["mae"])
    ]


def test_forms_of_X():
    rows = np.stack([x[:20] for x in SERIES])
    expected = backtest(NaiveForecaster(3), list(rows)).forecasts
    for X in (rows, rows.tolist(), pd.Series(list(rows)), rows[:, :, None]):
        found = backtest(NaiveForecaster(3), X)
        np.testing.assert_array_equal(np.array(found.forecasts).reshape(3, 3, 3), expected)
    assert found.X[0].shape == (20, 1)
    single = backtest(RidgeForecaster(3, n_lags=4), rows.astype(np.float32))
    assert single.X[0].dtype == np.float32


def test_parameters_as_numpy_scalars():
    X = [RNG.normal(size=700).cumsum()]
    plain = backtest(NaiveForecaster(100), X, n_splits=3, step=120, season=100, coverage=0.5)
    twin = backtest(
        NaiveForecaster(np.int8(100)), X, n_splits=np.int8(3), step=np.int8(120),
        season=np.int8(100), coverage=np.float32(0.5), refit=np.bool_(True),
    )  # fmt: skip
    np.testing.assert_array_equal(twin.forecasts, plain.forecasts)
    np.testing.assert_array_equal(twin.scores["mase"], plain.scores["mase"])


def test_one_series_of_278_values():
    x = 100 + 10 * np.sin(np.arange(278) / 4) + RNG.normal(size=278)
    model = RidgeForecaster(24, season_length=25)
    result = backtest(model, [x], n_splits=4, metrics=["mae", "coverage"], coverage=0.9)
    assert result.scores["mae"].max() < 1.6  # of which 0.8 is noise
    assert result.scores["coverage"].mean() > 0.75


# What is shown


def test_table_text_and_html():
    result = backtest(NaiveForecaster(3), SERIES, n_splits=2)
    lines = repr(result).splitlines()
    assert lines[0] == "NaiveForecaster: forecasts of 3 steps at 2 origins in 3 series"
    assert re.split(r"\s{2,}", lines[2]) == [
        "origin", "steps before", "smape", "mase", "fit, s", "predict, s",
    ]  # fmt: skip
    assert re.split(r"\s{2,}", lines[3])[:2] == ["1", "17 to 34"]
    mean = result.scores["mase"].mean()
    assert re.split(r"\s{2,}", lines[5])[::2] == ["mean", f"{mean:.4f}", lines[5].split()[-1]]
    assert len(lines) == 6
    frame = result.to_frame()
    assert frame.index.tolist() == [1, 2, "mean"]
    np.testing.assert_array_equal(frame["mase"][:2].astype(float), result.scores["mase"])
    assert frame.loc["mean", "mase"] == pytest.approx(mean)
    assert "<td>17 to 34</td>" in result._repr_html_()
    one = backtest(NaiveForecaster(), SERIES[:1], n_splits=1)
    assert repr(one).startswith("NaiveForecaster: forecasts of 1 step at 1 origin in 1 series\n")
    assert one.table["steps before"] == ["39", ""]


# Errors


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"estimator": FunctionTransformer()}, ValueError, "'estimator' parameter of backtest"),
        ({"estimator": make_pipeline(Recorder(), Recorder(horizon=4))}, ValueError,
         r"several parameters horizon, \[3, 4\]"),
        ({"X": SERIES[0]}, ValueError, "X is one series of 40 numbers"),
        ({"X": [SERIES[0], [1.0, np.inf]]}, ValueError, r"infinity.*X\[1\]"),
        ({"n_splits": 8}, ValueError, r"X\[1\] has 23 steps, but 26 are needed: 3 to forecast, 21 "
         r"between the last origin and the 7 other origins, and 2 before, for the scale of errors"),
        ({"n_splits": 12}, ValueError, r"X\[1\] has 23 steps.* \(2 of 3 series are too short\)"),
        ({"season": 20, "n_splits": 1}, ValueError, r"X\[1\] has 23 steps, but 24 are needed: 3 to "
         "forecast, and 21 before, for the scale of errors with a season of 20"),
        ({"n_splits": 7, "metrics": "mae", "step": 4}, ValueError,
         r"28 are needed.*and 1 before\. Set"),
        ({"n_splits": 0}, ValueError, "'n_splits' parameter"),
        ({"step": 0}, ValueError, "'step' parameter"),
        ({"window": "rolling"}, ValueError, "'window' parameter"),
        ({"window": "sliding"}, ValueError, "window='sliding' with max_train_steps=None"),
        ({"max_train_steps": 9}, ValueError, "window='expanding' with max_train_steps=9"),
        ({"estimator": Recorder}, TypeError, r"Recorder is a class; pass an instance of it, Recor"),
        ({"X": pd.DataFrame(np.ones((40, 3)), index=pd.date_range("2024", periods=40))}, TypeError,
         "with times in its index, but each row of X is read as a series"),
        ({"metrics": "MASE"}, ValueError, "metrics.0. is 'MASE'; .* Did you mean 'mase'"),
        ({"metrics": ["mae", "mape"]}, ValueError, r"metrics\[1\] is 'mape'; accepted are"),
        ({"metrics": ["mae", "mae"]}, ValueError, r"metrics\[1\] has the name of another"),
        ({"metrics": ["msis"]}, ValueError, r"metrics\[0\] is 'msis', which needs"),
        ({"coverage": 1.0}, ValueError, "'coverage' parameter"),
        ({"coverage": 0.5}, TypeError, "coverage=0.5.*Recorder has no predict_interval"),
        ({"metrics": ["crps"]}, TypeError, "'crps' needs predict_quantiles or sample_paths"),
        ({"covariates": KNOWN[:2]}, ValueError, "covariates holds 2 arrays, but X 3 series"),
        ({"covariates": [*KNOWN[:2], KNOWN[2][1:]]}, ValueError,
         r"covariates\[2\] has 30 rows, but X\[2\] has 31 steps; accepted are 31, or 34"),
        ({"covariates": np.ones((3, 40))}, ValueError,
         r"\(n_series, T, K\), got ndarray of shape \(3, 40\)"),
        ({"static": np.ones((2, 1))}, ValueError, "static has 2 rows, but X holds 3 series"),
    ],
)  # fmt: skip
def test_wrong_arguments(given, error, message):
    arguments = {"estimator": Recorder(), "X": SERIES} | given
    with pytest.raises(error, match=message):
        backtest(**arguments)


def test_an_estimator_without_a_horizon():
    class Other(BaseEstimator):
        def fit(self, X, y=None):
            return self

        def predict(self, X):
            return X

    with pytest.raises(TypeError, match="Other has no parameter horizon"):
        backtest(Other(), SERIES)


def test_an_error_of_the_estimator_says_where_it_was():
    with pytest.raises(ValueError, match="no series of 33 steps") as error:
        backtest(RidgeForecaster(3, n_lags=30), SERIES)
    assert error.value.__notes__ == [
        "Raised by RidgeForecaster at origin 1 of 3, after 14 to 31 steps."
    ]


def test_forecasts_of_another_shape():
    class Short(Recorder):
        def predict(self, X, **more):
            return super().predict(X)[:, 1:]

        def predict_interval(self, X, coverage):
            return np.zeros((3, 3, 3))

    with pytest.raises(ValueError, match=r"predict returned .*\(3, 2\), where \(3, 3\)"):
        backtest(Short(), SERIES)
    Short.predict = Recorder.predict
    with pytest.raises(ValueError, match=r"predict_interval returned .*\(3, 3, 3\), where"):
        backtest(Short(), SERIES, coverage=0.5)
