"""Metrics of forecasts against loops over their definitions, the figures of M4 and scikit-learn."""

from __future__ import annotations

import csv
import warnings
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import make_scorer, mean_absolute_error, mean_pinball_loss

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
LENGTHS = [3, 1, 4]
TRUE = [RNG.normal(5, 3, size=n) for n in LENGTHS]
PRED = [RNG.normal(5, 3, size=n) for n in LENGTHS]
LOWER, UPPER = [y - RNG.exponential(size=len(y)) for y in PRED], [y + 1 for y in PRED]
TRAIN = [RNG.normal(5, 3, size=n) for n in (5, 9, 4)]
LEVELS = [0.9, 0.1, 0.5]
SAMPLES = [RNG.normal(5, 3, size=(n, 3)) for n in LENGTHS]
RECTANGLE = dict(
    true=RNG.normal(size=(4, 3)),
    pred=RNG.normal(size=(4, 3)),
    train=RNG.normal(size=(4, 8)),
    samples=RNG.normal(size=(4, 3, 5)),
)

# Each metric of the ragged example, with a function of the arguments in their place.
CALLS = {
    "smape": lambda t, **kw: symmetric_mean_absolute_percentage_error(t, PRED, **kw),
    "mase": lambda t, **kw: mean_absolute_scaled_error(t, PRED, y_train=TRAIN, season=2, **kw),
    "msis": lambda t, **kw: mean_scaled_interval_score(t, LOWER, UPPER, y_train=TRAIN, **kw),
    "coverage": lambda t, **kw: interval_coverage(t, LOWER, UPPER, **kw),
    "quantiles": lambda t, **kw: mean_quantile_loss(t, SAMPLES, quantiles=LEVELS, **kw),
    "crps": lambda t, **kw: continuous_ranked_probability_score(t, SAMPLES, **kw),
}
EACH = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())


# Definitions, one number at a time


def naive_error(train, season):
    return np.mean([abs(train[t] - train[t - season]) for t in range(season, len(train))])


def slow_smape(true, pred):
    return np.mean([200 * abs(y - f) / (abs(y) + abs(f)) for y, f in zip(true, pred, strict=True)])


def slow_mase(true, pred, train, season):
    return np.mean(
        [abs(y - f) / naive_error(train, season) for y, f in zip(true, pred, strict=True)]
    )


def slow_msis(true, lower, upper, train, season, alpha):
    total = 0
    for y, low, high in zip(true, lower, upper, strict=True):
        total += high - low
        if y < low:
            total += 2 / alpha * (low - y)
        if y > high:
            total += 2 / alpha * (y - high)
    return total / len(true) / naive_error(train, season)


def slow_crps(y, samples, fair):
    n = len(samples)
    pairs = sum(abs(a - b) for a in samples for b in samples)
    return np.mean([abs(x - y) for x in samples]) - pairs / (2 * n * (n - 1 if fair else n))


def test_smape_by_hand():
    # |3 - 5| / 8 and |2 - 6| / 8
    assert symmetric_mean_absolute_percentage_error([3, 5], [5, 5]) == 25
    assert symmetric_mean_absolute_percentage_error([[3, 5], [2, 2]], [[5, 5], [2, 6]]) == 37.5


def test_smape_of_zeros():
    assert symmetric_mean_absolute_percentage_error([[0, 0], [0, 1]], [[0, -0.0], [0, 1]]) == 0
    assert symmetric_mean_absolute_percentage_error([0, 0, 2], [0, 5, 0]) == pytest.approx(400 / 3)
    assert symmetric_mean_absolute_percentage_error([-1, 5e-324], [1, 0]) == 200


def test_smape_is_symmetric():
    forward = symmetric_mean_absolute_percentage_error(TRUE, PRED)
    assert symmetric_mean_absolute_percentage_error(PRED, TRUE) == forward


def test_mase_by_hand():
    train = [1, 3, 2, 5]  # differences 2, 1, 3; over two steps 1, 2
    assert mean_absolute_scaled_error([6, 4], [5, 6], y_train=train) == 0.75
    assert mean_absolute_scaled_error([6, 4], [5, 6], y_train=train, season=2) == 1


def test_msis_by_hand():
    # Width 4; 1 above, which costs 2 / 0.25; 2 below. The scale is 2.
    def score(y, **kw):
        return mean_scaled_interval_score(y, [2], [6], y_train=[1, 3, 2, 5], coverage=0.75, **kw)

    assert score([4]) == score([2]) == score([6]) == 2
    assert score([7]) == 6
    assert score([0]) == 10


def test_crps_by_hand():
    # The distribution function is 1/2 from 1 to 3: 1/4 on each side of the true number.
    assert continuous_ranked_probability_score([[2.0]], [[[3.0, 1.0]]]) == 0.5
    assert continuous_ranked_probability_score([[1.0]], [[[3.0, 1.0]]]) == 0.5
    assert continuous_ranked_probability_score([[5.0]], [[[3.0, 1.0]]]) == 2.5
    # A single sample is a forecast.
    samples = [y[:, None] for y in PRED]
    errors = [mean_absolute_error(y, f) for y, f in zip(TRUE, PRED, strict=True)]
    assert continuous_ranked_probability_score(TRUE, samples) == pytest.approx(np.mean(errors))


def test_each_series_against_loops():
    for season in (1, 3):
        rows = list(zip(TRUE, PRED, LOWER, UPPER, TRAIN, SAMPLES, strict=True))
        kw = dict(y_train=TRAIN, season=season, average=None)
        np.testing.assert_allclose(
            mean_absolute_scaled_error(TRUE, PRED, **kw),
            [slow_mase(y, f, train, season) for y, f, _, _, train, _ in rows],
        )
        np.testing.assert_allclose(
            mean_scaled_interval_score(TRUE, LOWER, UPPER, coverage=0.9, **kw),
            [slow_msis(y, lo, up, train, season, 0.1) for y, _, lo, up, train, _ in rows],
        )
    np.testing.assert_allclose(
        symmetric_mean_absolute_percentage_error(TRUE, PRED, average=None),
        [slow_smape(y, f) for y, f, *_ in rows],
    )
    np.testing.assert_allclose(
        interval_coverage(TRUE, LOWER, UPPER, average=None),
        [np.mean([lo[t] <= y[t] <= up[t] for t in range(len(y))]) for y, _, lo, up, _, _ in rows],
    )
    for fair in (False, True):
        np.testing.assert_allclose(
            continuous_ranked_probability_score(TRUE, SAMPLES, fair=fair, average=None),
            [np.mean([slow_crps(y[t], x[t], fair) for t in range(len(y))]) for y, *_, x in rows],
        )


@EACH
def test_means_over_series(call):
    scores = call(TRUE, average=None)
    assert scores.shape == (3,)
    assert isinstance(call(TRUE), float)
    assert call(TRUE) == pytest.approx(scores.mean())
    weights = [1, 0, 2.5]
    assert call(TRUE, sample_weight=weights) == pytest.approx(np.average(scores, weights=weights))
    np.testing.assert_array_equal(call(TRUE, average=None, sample_weight=weights), scores)


def test_lengths_as_weights_let_every_step_count_the_same():
    within = np.concatenate(LOWER) <= np.concatenate(TRUE)
    within &= np.concatenate(TRUE) <= np.concatenate(UPPER)
    coverage = interval_coverage(TRUE, LOWER, UPPER, sample_weight=LENGTHS)
    assert coverage == pytest.approx(within.mean())
    assert coverage != pytest.approx(interval_coverage(TRUE, LOWER, UPPER))


def test_bounds_are_part_of_the_interval():
    assert interval_coverage([1, 2, 3, 0], [1, 1, 3, 1], [2, 2, 3, 9]) == 0.75


# The M4 competition


@pytest.fixture(scope="module")
def hourly(data_file):
    """Return the training part and the next 48 values of the 414 hourly series of M4."""

    def read(name):
        with open(data_file(f"forecasting/M4-Hourly-{name}.csv"), encoding="utf-8") as file:
            rows = list(csv.reader(file))[1:]
        return [np.array([float(cell) for cell in row[1:] if cell]) for row in rows]

    return read("train"), np.array(read("test"))


def test_published_figures_of_the_m4_competition(hourly):
    """Those of Naive and sNaive in the M4 competition's table of hourly series."""
    train, true = hourly
    seasonal = np.array([np.tile(series[-24:], 2) for series in train])
    naive = np.array([np.full(48, series[-1]) for series in train])
    for pred, smape, mase in [(seasonal, 13.912, 1.193), (naive, 43.003, 11.608)]:
        assert round(symmetric_mean_absolute_percentage_error(true, pred), 3) == smape
        assert round(mean_absolute_scaled_error(true, pred, y_train=train, season=24), 3) == mase
    owa = overall_weighted_average(true, naive, seasonal, y_train=train, season=24)
    assert owa == pytest.approx((43.003 / 13.912 + 11.608 / 1.193) / 2, rel=1e-3)


def test_owa_averages_before_it_divides():
    smape = symmetric_mean_absolute_percentage_error
    other = [y + 1 for y in PRED]
    expected = smape(TRUE, PRED) / smape(TRUE, other)
    kw = dict(y_train=TRAIN, season=2)
    expected += mean_absolute_scaled_error(TRUE, PRED, **kw) / mean_absolute_scaled_error(
        TRUE, other, **kw
    )
    assert overall_weighted_average(TRUE, PRED, other, **kw) == pytest.approx(expected / 2)
    assert overall_weighted_average(TRUE, PRED, PRED, **kw) == 1
    each = [
        overall_weighted_average(TRUE[i], PRED[i], other[i], y_train=TRAIN[i], season=2)
        for i in range(3)
    ]
    assert np.mean(each) != pytest.approx(expected / 2)
    only = overall_weighted_average(TRUE, PRED, other, sample_weight=[0, 0, 3], **kw)
    assert only == pytest.approx(each[2])


# Properties


@given(st.integers(-60, 60), st.floats(-100, 100), st.integers(0, 2**32 - 1))
def test_scaled_errors_do_not_depend_on_unit_and_level(exponent, level, seed):
    rng = np.random.default_rng(seed)
    true, pred, train = rng.normal(size=(2, 4)), rng.normal(size=(2, 4)), rng.normal(size=(2, 9))

    def other(y):  # a unit that is a power of two does not round
        return 2.0**exponent * (y + level)

    def scores(f):
        kw = dict(y_train=f(train), season=2)
        return [
            mean_absolute_scaled_error(f(true), f(pred), **kw),
            mean_scaled_interval_score(f(true), f(pred - 1), f(pred + 0.5), **kw),
        ]

    np.testing.assert_allclose(scores(other), scores(lambda y: y), rtol=1e-9)


def test_the_order_of_series_makes_no_difference():
    for call in (
        lambda o: mean_absolute_scaled_error(o(TRUE), o(PRED), y_train=o(TRAIN), average=None),
        lambda o: continuous_ranked_probability_score(o(TRUE), o(SAMPLES), average=None),
    ):
        backwards = call(lambda items: items[::-1])
        np.testing.assert_allclose(backwards[::-1], call(lambda items: items))


# Quantiles and samples


@pytest.mark.parametrize("level", [0, 0.2, 0.5, 1])
def test_quantile_loss_of_one_quantile_is_that_of_scikit_learn(level):
    true, pred = RECTANGLE["true"], RECTANGLE["pred"]
    expected = mean_pinball_loss(true, pred, alpha=level)
    assert mean_quantile_loss(true, pred[..., None], quantiles=level) == pytest.approx(expected)


def test_quantile_loss_is_the_mean_of_scikit_learns():
    true, pred = RECTANGLE["true"], RECTANGLE["samples"]
    levels = np.array([0.1, 0.25, 0.5, 0.9, 0.3])
    expected = np.mean(
        [mean_pinball_loss(true, pred[..., k], alpha=q) for k, q in enumerate(levels)]
    )
    assert mean_quantile_loss(true, pred, quantiles=levels) == pytest.approx(expected)
    crps = continuous_ranked_probability_score(true, pred, quantiles=levels.tolist())
    assert crps == pytest.approx(2 * expected)


def crps_of_normal(y, mean, sd):
    z = (y - mean) / sd
    return sd * (z * (2 * norm.cdf(z) - 1) + 2 * norm.pdf(z) - 1 / np.sqrt(np.pi))


def test_crps_of_a_normal_distribution():
    """Gneiting and Raftery (2007), section 4.2, have it in closed form."""
    mean, sd = np.array([0.0, 3.0, -1.0]), np.array([1.0, 0.5, 4.0])
    true = np.array([0.3, 1.5, 6.0])
    exact = crps_of_normal(true, mean, sd)
    levels = (np.arange(20_000) + 0.5) / 20_000
    quantiles = norm.ppf(levels, mean[:, None], sd[:, None])
    for samples in (quantiles, np.random.default_rng(0).permuted(quantiles, axis=1)):
        got = continuous_ranked_probability_score(true[:, None], samples[:, None], average=None)
        np.testing.assert_allclose(got, exact, rtol=1e-3)
    got = continuous_ranked_probability_score(
        true[:, None], quantiles[:, None], quantiles=levels, average=None
    )
    np.testing.assert_allclose(got, exact, rtol=1e-3)


def test_fair_crps_does_not_depend_on_the_number_of_samples():
    exact = crps_of_normal(0.5, 0, 1)
    true = np.full((20_000, 1), 0.5)
    for n_samples in (2, 5):
        samples = np.random.default_rng(n_samples).normal(size=(20_000, 1, n_samples))
        fair = continuous_ranked_probability_score(true, samples, fair=True)
        assert fair == pytest.approx(exact, rel=0.03)
        # The mean of half the difference of two samples is 1 / sqrt(pi), over the m of all pairs.
        biased = continuous_ranked_probability_score(true, samples)
        assert biased == pytest.approx(exact + 1 / np.sqrt(np.pi) / n_samples, rel=0.03)


def test_crps_of_close_samples_far_from_zero():
    samples = 1e9 + np.array([0.0, 0.25, 1.0])
    score = continuous_ranked_probability_score([[1e9]], samples[None, None])
    assert score == pytest.approx(slow_crps(0.0, [0.0, 0.25, 1.0], False), rel=1e-12)


# Series without a scale


def test_constant_series_are_left_out_and_said():
    train = [[4.0, 4.0, 4.0], [1.0, 3.0, 1.0], [0, 0, 0]]
    true, pred = [[5.0], [5.0], [0]], [[4.0], [4.0], [0]]
    message = (
        r"MASE is undefined for 2 of 3 series and set to NaN: the values of y_train\[0\], "
        r"y_train\[2\] are constant, .* The mean is that of the other series\."
    )
    with pytest.warns(UndefinedMetricWarning, match=message) as caught:
        assert mean_absolute_scaled_error(true, pred, y_train=train) == 0.5
    assert len(caught) == 1
    assert caught[0].filename == __file__
    with pytest.warns(UndefinedMetricWarning, match=r"error to compare with\.$"):
        each = mean_absolute_scaled_error(true, pred, y_train=train, average=None)
    np.testing.assert_array_equal(each, [np.nan, 0.5, np.nan])
    kw = dict(y_train=train, sample_weight=[5, 1, 1])
    with pytest.warns(UndefinedMetricWarning, match="MASE is undefined for 2"):
        assert mean_absolute_scaled_error(true, pred, **kw) == 0.5
    with pytest.warns(UndefinedMetricWarning, match="MSIS is undefined for 2 of 3"):
        assert mean_scaled_interval_score(true, pred, true, y_train=train) == 0.5


def test_no_series_with_a_scale():
    with pytest.warns(UndefinedMetricWarning, match="2 of 2 series .* So is the mean"):
        loss = mean_absolute_scaled_error([[1], [2]], [[1], [1]], y_train=[[0, 0], [1, 1]])
    assert np.isnan(loss)
    with pytest.warns(UndefinedMetricWarning, match="MASE is undefined and set .* of y_train are"):
        assert np.isnan(mean_absolute_scaled_error([1], [2], y_train=[3, 3, 3]))
    with pytest.warns(UndefinedMetricWarning, match=r"y_train\[4\], \.\.\. are constant"):
        mean_absolute_scaled_error(np.ones((6, 1)), np.ones((6, 1)), y_train=np.ones((6, 3)))


def test_no_scale_where_a_weight_is_above_zero():
    with pytest.warns(UndefinedMetricWarning, match="1 of 2 series"):
        loss = mean_absolute_scaled_error(
            [[1], [2]], [[2], [1]], y_train=[[0, 0], [1, 2]], sample_weight=[1, 0]
        )
    assert np.isnan(loss)


def test_a_series_that_repeats_itself_has_no_scale():
    train = [1, 5, 2, 1, 5, 2, 1]
    assert mean_absolute_scaled_error([1], [2], y_train=train) > 0
    with pytest.warns(UndefinedMetricWarning, match="the values of y_train are the same every 3"):
        assert np.isnan(mean_absolute_scaled_error([1], [2], y_train=train, season=3))


def test_rounding_errors_are_no_scale():
    with pytest.warns(UndefinedMetricWarning, match="constant"):
        mean_absolute_scaled_error([0.3], [0.4], y_train=[0.3, 0.1 + 0.2, 0.3])
    # All digits of small differences at a high level are data.
    loss = mean_absolute_scaled_error([1e6], [1e6 + 1e-6], y_train=[1e6, 1e6 + 1e-6, 1e6])
    assert loss == pytest.approx(1)


def test_owa_without_a_scale_or_an_error_of_the_reference():
    kw = dict(y_train=[[1, 2, 3], [4, 4, 4]])
    with pytest.warns(UndefinedMetricWarning, match="MASE is undefined for 1 of 2"):
        owa = overall_weighted_average([[1], [1]], [[2], [2]], [[2], [5]], **kw)
    # sMAPE is 200 / 3 of both series, and 200 / 3 and 400 / 3 of the reference; MASE is 1.
    assert owa == pytest.approx((2 / 3 / 1 + 1) / 2)
    message = "OWA is undefined and set to NaN: its divisors, .* of y_reference, are 0 and 0"
    with pytest.warns(UndefinedMetricWarning, match=message):
        assert np.isnan(overall_weighted_average([1], [2], [1], y_train=[1, 2]))


# Forms of series

FORMS = {
    "list": lambda rows: [list(map(float, row)) for row in rows],
    "tuple": lambda rows: tuple(map(tuple, rows)),
    "object": lambda rows: np.fromiter([*rows, None], dtype=object)[:-1],
    "series": lambda rows: pd.Series([pd.Series(row) for row in rows], index=[7, 5, 3]),
    "nullable": lambda rows: [pd.Series(row, dtype="Float64") for row in rows],
    "polars": lambda rows: pl.Series([list(row) for row in rows]),
    "decimals": lambda rows: [[Decimal(float(number)) for number in row] for row in rows],
    "float32": lambda rows: [row.astype(np.float32) for row in rows],
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_forms_of_ragged_series(form):
    expected = mean_absolute_scaled_error(TRUE, PRED, y_train=TRAIN)
    loss = mean_absolute_scaled_error(form(TRUE), form(PRED), y_train=form(TRAIN))
    assert loss == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    "form", [np.asarray, np.asfortranarray, pd.DataFrame, pl.DataFrame, np.ndarray.tolist]
)
def test_forms_of_rectangles(form):
    true, pred, train = (RECTANGLE[name] for name in ("true", "pred", "train"))
    expected = np.mean([slow_mase(*rows, 2) for rows in zip(true, pred, train, strict=True)])
    loss = mean_absolute_scaled_error(form(true), form(pred), y_train=form(train), season=2)
    assert loss == pytest.approx(expected)


@pytest.mark.parametrize(
    "form", [list, np.array, pd.Series, pl.Series, lambda y: y[None], lambda y: [y]]
)
def test_one_dimension_is_one_series(form):
    y, f, lower, upper, train = (form(x[2]) for x in (TRUE, PRED, LOWER, UPPER, TRAIN))
    kw = dict(y_train=train, average=None)
    got = [
        symmetric_mean_absolute_percentage_error(y, f, average=None),
        mean_absolute_scaled_error(y, f, **kw),
        mean_scaled_interval_score(y, lower, upper, **kw),
        mean_quantile_loss(y, SAMPLES[2], quantiles=LEVELS, average=None),
        continuous_ranked_probability_score(y, SAMPLES[2].tolist(), average=None),
    ]
    np.testing.assert_allclose(
        got,
        [
            [slow_smape(TRUE[2], PRED[2])],
            [slow_mase(TRUE[2], PRED[2], TRAIN[2], 1)],
            [slow_msis(TRUE[2], LOWER[2], UPPER[2], TRAIN[2], 1, 0.05)],
            [
                np.mean(
                    [
                        mean_pinball_loss(TRUE[2], SAMPLES[2][:, k], alpha=LEVELS[k])
                        for k in range(3)
                    ]
                )
            ],
            [np.mean([slow_crps(TRUE[2][t], SAMPLES[2][t], False) for t in range(4)])],
        ],
    )


def test_integers_do_not_overflow():
    y = np.array([[200, 100]], dtype=np.uint8)
    assert symmetric_mean_absolute_percentage_error(y, y[:, ::-1]) == pytest.approx(200 / 3)
    loss = mean_absolute_scaled_error(y, y[:, ::-1], y_train=np.array([[250, 0]], dtype=np.uint8))
    assert loss == pytest.approx(0.4)


def test_large_numbers_do_not_overflow():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        y, train = np.array([1e150, -1e150]), [1e-150, -1e-150]
        assert symmetric_mean_absolute_percentage_error(y, -y) == 200
        assert mean_absolute_scaled_error(y, -y, y_train=train) == pytest.approx(1e300)
        assert mean_scaled_interval_score(y, -y[:1].repeat(2), y[:1].repeat(2), y_train=train) > 0
        assert continuous_ranked_probability_score(y, [y, -y]) > 0


def test_arguments_are_not_changed():
    given = [np.array(RECTANGLE[name]) for name in ("true", "samples")]
    continuous_ranked_probability_score(*given, fair=True)
    np.testing.assert_array_equal(given[0], RECTANGLE["true"])
    np.testing.assert_array_equal(given[1], RECTANGLE["samples"])


def test_smape_as_a_scorer():
    class Model(RegressorMixin, BaseEstimator):
        def predict(self, X):
            return X

    scorer = make_scorer(symmetric_mean_absolute_percentage_error, greater_is_better=False)
    assert scorer(Model(), np.array([[5.0]]), np.array([[3.0]])) == -50


# What is refused

BAD_SERIES = {
    "infinite": ([1, np.inf], ValueError, r"y_true\[1\]\[1\] is inf; accepted are finite numbers"),
    "large": ([1, -1e200], ValueError, r"y_true\[1\]\[1\] is -1e\+200; .* up to 1e\+150 in"),
    "nan": ([np.nan, 1], ValueError, r"y_true\[1\]\[0\] is missing \(NaN\); leave out the step"),
    "none": ([1, None], ValueError, r"y_true\[1\]\[1\] is missing"),
    "na": (pd.Series([1, pd.NA], dtype="Int64"), ValueError, r"y_true\[1\]\[1\] is missing"),
    "text": (["1", "2"], TypeError, r"y_true\[1\]\[0\] is '1', not a number"),
    "mixed": ([1, "b"], TypeError, r"y_true\[1\]\[1\] is 'b', not a number"),
    "complex": ([1, 2j], TypeError, r"y_true\[1\]\[0\] is \(1\+0j\), not a number"),
    "nested": ([1, [2, 3]], TypeError, r"y_true\[1\]\[1\] is \[2, 3\], not a number"),
    "number": (3, TypeError, r"y_true\[1\] is 3.0; accepted is an array of shape \(n_st"),
    "string": ("abc", TypeError, r"y_true\[1\] is 'abc', not a number"),
    "matrix": ([[1], [2]], ValueError, r"y_true\[1\] has shape \(2, 1\); accepted is \(n_steps,\)"),
    "empty": ([], ValueError, r"y_true\[1\] is empty; a series has one step or more"),
    "dates": (np.array(["2020-01-01"], "M8[D]"), TypeError, r"y_true\[1\] has dtype datetime64"),
    "masked": (np.ma.array([1, 2], mask=[0, 1]), ValueError, r"y_true\[1\]\[1\] is masked"),
}


@EACH
@pytest.mark.parametrize(("bad", "error", "message"), BAD_SERIES.values(), ids=BAD_SERIES.keys())
def test_bad_series(call, bad, error, message):
    with pytest.raises(error, match=message):
        call([[1.0, 2.0, 3.0], bad, [1.0]])


BAD_COLLECTIONS = {
    "empty": ([], ValueError, "y_true is empty; a series has one step or more"),
    "no-row": (np.empty((0, 3)), ValueError, "y_true contains no series"),
    "no-column": (np.empty((2, 0)), ValueError, r"y_true\[0\] is empty"),
    "cube": (np.zeros((3, 2, 1)), ValueError, r"y_true has shape \(3, 2, 1\); accepted are \(n_s"),
    "zero-d": (np.array(1.0), ValueError, r"y_true has shape \(\); accepted are"),
    "dict": ({"a": [1]}, TypeError, "y_true is a dict with the keys 'a'"),
    "set": ({1, 2}, TypeError, "y_true is a set, which has no order"),
    "inf": ([1, np.inf], ValueError, r"y_true\[1\] is inf"),
    "inf-in-array": (np.array([[1, 2], [np.inf, 3]]), ValueError, r"y_true\[1\]\[0\] is inf"),
    "scalar": (3.0, ValueError, "The 'y_true' parameter of .* must be an array-like"),
}


@EACH
@pytest.mark.parametrize(
    ("bad", "error", "message"), BAD_COLLECTIONS.values(), ids=BAD_COLLECTIONS.keys()
)
def test_bad_collections(call, bad, error, message):
    with pytest.raises(error, match=message):
        call(bad)


@EACH
def test_another_number_of_series_or_steps(call):
    with pytest.raises(ValueError, match=r"holds 3 series, but y_true holds 2\.$"):
        call(TRUE[:2])
    with pytest.raises(ValueError, match=r"\[1\] has 1 step, but y_true\[1\] has 2"):
        call([TRUE[0], [1.0, 2.0], TRUE[2]])
    with pytest.raises(ValueError, match=r"holds 3 series, .* holds 1\. A one-dimensional y_true"):
        call([1.0, 2.0, 3.0])


BAD_CALLS = {
    "pred-inf": (
        lambda: symmetric_mean_absolute_percentage_error([[1, 2]], [[1, -np.inf]]),
        r"y_pred\[0\]\[1\] is -inf",
    ),
    "train-nan": (
        lambda: mean_absolute_scaled_error([1], [1], y_train=[1, np.nan]),
        r"y_train\[1\] is missing \(NaN\); fill the gap",
    ),
    "train-count": (
        lambda: mean_absolute_scaled_error([[1], [1]], [[1], [1]], y_train=[[1, 2]]),
        "y_train holds 1 series, but y_true holds 2",
    ),
    "train-short": (
        lambda: mean_absolute_scaled_error(
            [[1], [1]], [[1], [1]], y_train=[[1, 2, 3], [1]], season=np.int8(2)
        ),
        r"y_train\[1\] has 1 value, but season=2 needs 3 or more",
    ),
    "train-as-short-as-season": (
        lambda: mean_absolute_scaled_error([1], [1], y_train=np.ones(127), season=np.int8(127)),
        "y_train has 127 values, but season=127 needs 128 or more",
    ),
    "season": (
        lambda: mean_absolute_scaled_error([1], [1], y_train=[1, 2], season=0),
        "The 'season' parameter of mean_absolute_scaled_error must be an int in the range",
    ),
    "average": (
        lambda: interval_coverage([1], [1], [1], average="micro"),
        "The 'average' parameter of interval_coverage must be",
    ),
    "crossed": (
        lambda: interval_coverage([[1, 1]], [[0, 3]], [[2, 2]]),
        r"lower\[0\]\[1\] is 3.0, above upper\[0\]\[1\], which is 2.0",
    ),
    "crossed-one": (
        lambda: mean_scaled_interval_score([1], [3], [2], y_train=[1, 2]),
        r"lower\[0\] is 3.0, above upper\[0\], which is 2.0",
    ),
    "coverage": (
        lambda: mean_scaled_interval_score([1], [1], [2], y_train=[1, 2], coverage=95),
        "The 'coverage' parameter of mean_scaled_interval_score must be a float in the range",
    ),
    "upper-steps": (
        lambda: interval_coverage([1, 2], [1, 2], [3]),
        "upper has 1 step, but y_true has 2",
    ),
    "reference": (
        lambda: overall_weighted_average([1], [1], [1, 2], y_train=[1, 2]),
        "y_reference has 2 steps, but y_true has 1",
    ),
    "quantile": (
        lambda: mean_quantile_loss([[1]], [[[1, 2]]], quantiles=[0.5, 95]),
        r"quantiles\[1\] is 95.0; quantiles are numbers from 0 to 1",
    ),
    "quantile-nan": (
        lambda: mean_quantile_loss([[1]], [[[1, 2]]], quantiles=[np.nan, 0.5]),
        r"quantiles\[0\] is nan; quantiles are numbers from 0 to 1",
    ),
    "quantiles-2d": (
        lambda: mean_quantile_loss([[1]], [[[1, 2]]], quantiles=[[0.1, 0.5]]),
        r"quantiles has shape \(1, 2\); accepted is \(n_quantiles,\)",
    ),
    "quantiles-count": (
        lambda: mean_quantile_loss([[1]], [[[1, 2, 3]]], quantiles=[0.1, 0.5]),
        "y_pred has 3 quantiles per step, but quantiles has 2",
    ),
    "quantiles-array": (
        lambda: mean_quantile_loss([[1, 2]], np.ones(2), quantiles=[0.1, 0.5]),
        r"y_pred has shape \(2,\); accepted are \(n_series, n_steps, n_quantiles\), and",
    ),
    "quantiles-without-their-axis": (
        lambda: mean_quantile_loss(np.ones((2, 3)), np.ones((2, 3)), quantiles=[0.1, 0.5, 0.9]),
        r"y_pred is read as one series, .*; accepted is \(n_series, n_steps, n_quantiles\)",
    ),
    "paths": (
        lambda: continuous_ranked_probability_score(np.ones((2, 3)), np.ones((2, 100, 3))),
        r"y_pred\[0\] has 100 steps, but y_true\[0\] has 3\. .* np.moveaxis\(y_pred, 1, 2\)",
    ),
    "several-numbers-per-step": (
        lambda: interval_coverage(np.ones((2, 3, 2)), np.ones((2, 3, 2)), np.ones((2, 3, 2))),
        r"accepted are .*score each by itself, such as y_true\[..., 0\]",
    ),
    "samples-differ": (
        lambda: continuous_ranked_probability_score([[1], [1]], [np.ones((1, 2)), np.ones((1, 3))]),
        r"y_pred\[1\] has 3 samples per step, but y_pred\[0\] has 2",
    ),
    "samples-shape": (
        lambda: continuous_ranked_probability_score([[1], [1]], [np.ones((1, 2)), np.ones(3)]),
        r"y_pred\[1\] has shape \(3,\); accepted is \(n_steps, n_samples\)",
    ),
    "samples-inf": (
        lambda: continuous_ranked_probability_score([[1, 2]], [[[1, 2], [3, np.inf]]]),
        r"y_pred\[0\]\[1\]\[1\] is inf",
    ),
    "no-samples": (
        lambda: continuous_ranked_probability_score([[1]], np.ones((1, 1, 0))),
        "y_pred has 0 samples per step; accepted are 1 or more with fair=False",
    ),
    "fair-of-one": (
        lambda: continuous_ranked_probability_score([[1]], [[[1]]], fair=True),
        "y_pred has 1 sample per step; accepted are 2 or more with fair=True",
    ),
    "fair-quantiles": (
        lambda: continuous_ranked_probability_score([[1]], [[[1]]], quantiles=0.5, fair=True),
        "fair=True is for samples; with quantiles it has to be False",
    ),
    "weight": (
        lambda: interval_coverage([[1], [1]], [[1], [1]], [[1], [1]], sample_weight=[1, -1]),
        r"sample_weight\[1\] is -1.0; weights are finite",
    ),
    "weights": (
        lambda: interval_coverage([[1], [1]], [[1], [1]], [[1], [1]], sample_weight=[1, 1, 1]),
        r"sample_weight has shape \(3,\); accepted is \(2,\), a weight for each series",
    ),
    "no-weight": (
        lambda: interval_coverage([[1], [1]], [[1], [1]], [[1], [1]], sample_weight=[0, 0]),
        "sample_weight leaves no series a weight above 0",
    ),
}


@pytest.mark.parametrize(("call", "message"), BAD_CALLS.values(), ids=BAD_CALLS.keys())
def test_bad_calls(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_quantiles_need_an_axis():
    with pytest.raises(TypeError, match=r"y_pred\[0\] is 1.0; .* \(n_steps, n_quantiles\)"):
        mean_quantile_loss([1, 2], [1, 2], quantiles=[0.5])
