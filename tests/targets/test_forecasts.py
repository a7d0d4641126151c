"""Predictive distributions against scipy, calibration against a hand-made one, sample paths."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import ndtr, ndtri

from sklstm._targets import Calibration, Copula, Predicted, family_of, has_spread
from sklstm._targets.forecasts import interval_levels

LEVELS = np.array([0.001, 0.05, 0.3, 0.5, 0.62, 0.9, 0.999])
KNOWN = (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975)
SHAPE = (5, 4, 2)  # series, steps, targets
rng = np.random.default_rng(0)
LEVEL, SPREAD = rng.normal(0, 9, (5, 1, 2)), rng.uniform(0.5, 7, (5, 1, 2))


def parameters_of(loss):
    rng = np.random.default_rng(1)
    if loss == "quantile":
        return np.sort(rng.normal(size=(*SHAPE, 7)), axis=-1)
    if loss == "negative_binomial":
        return np.stack([rng.uniform(0.2, 2, SHAPE), rng.uniform(0.05, 2, SHAPE)], axis=-1)
    if loss in ("absolute_error", "squared_error"):
        return rng.normal(size=(*SHAPE, 1))
    parts = [rng.normal(size=SHAPE), rng.uniform(0.2, 2, SHAPE), rng.uniform(2.1, 30, SHAPE)]
    return np.stack(parts[: 3 if loss == "student_t" else 2], axis=-1)


def predicted(loss, level=LEVEL, spread=SPREAD):
    parameters = parameters_of(loss).astype(np.float32)
    level = np.zeros_like(level) if loss == "negative_binomial" else level
    return Predicted(family_of(loss, KNOWN), parameters, level, spread)


def oracle(loss):
    """Return scipy's distributions of the values that `predicted` is about."""
    p = parameters_of(loss).astype(np.float32).astype(float)
    if loss == "normal":
        return stats.norm(p[..., 0] * SPREAD + LEVEL, p[..., 1] * SPREAD)
    if loss == "student_t":
        return stats.t(p[..., 2], p[..., 0] * SPREAD + LEVEL, p[..., 1] * SPREAD)
    mean, dispersion = p[..., 0] * SPREAD, p[..., 1]
    variance = mean + dispersion * mean**2
    return stats.nbinom(mean**2 / (variance - mean), mean / variance)


@pytest.mark.parametrize("loss", ["normal", "student_t", "negative_binomial"])
def test_distributions_are_those_of_scipy(loss):
    found, expected = predicted(loss), oracle(loss)
    quantiles = found.quantiles(LEVELS)
    for k, level in enumerate(LEVELS):
        np.testing.assert_allclose(quantiles[..., k], expected.ppf(level), rtol=1e-6)
    np.testing.assert_allclose(found.center(), expected.mean(), rtol=1e-6)
    values = expected.rvs(random_state=0)
    ranks = expected.cdf(values)
    if loss == "negative_binomial":
        ranks = (ranks + expected.cdf(values - 1)) / 2
    np.testing.assert_allclose(found.ranks(values), np.clip(ranks, 0.0005, 0.9995), atol=1e-7)


def test_quantiles_are_those_predicted_and_interpolation_is_exact_for_normal_values():
    found = predicted("quantile")
    own = parameters_of("quantile").astype(np.float32) * SPREAD[..., None] + LEVEL[..., None]
    np.testing.assert_allclose(found.quantiles(KNOWN), own, rtol=1e-6)
    np.testing.assert_allclose(found.center(), own[..., 3], rtol=1e-6)
    means, scales = rng.normal(size=SHAPE), rng.uniform(0.2, 3, SHAPE)
    for known in (KNOWN, (0.1, 0.2)):
        rows = means[..., None] + scales[..., None] * ndtri(np.array(known))
        found = Predicted(family_of("quantile", known), rows, LEVEL, SPREAD)
        expected = stats.norm(means * SPREAD + LEVEL, scales * SPREAD)
        quantiles = np.moveaxis([expected.ppf(level) for level in LEVELS], 0, -1)
        np.testing.assert_allclose(found.quantiles(LEVELS), quantiles, rtol=1e-7)
        np.testing.assert_allclose(found.center(), expected.mean(), rtol=1e-7)


@pytest.mark.parametrize("loss", ["quantile", "normal", "student_t", "negative_binomial"])
def test_quantiles_never_cross(loss):
    quantiles = predicted(loss).quantiles(np.linspace(0.001, 0.999, 200))
    assert (np.diff(quantiles, axis=-1) >= 0).all()


@pytest.mark.parametrize("loss", ["quantile", "normal", "student_t"])
def test_ranks_and_values_of_ranks_are_inverse(loss):
    found = predicted(loss)
    ranks = np.random.default_rng(2).uniform(0.001, 0.999, (50, *SHAPE))
    values = found.at(ranks)
    assert values.shape == ranks.shape
    for own, rank in zip(values, ranks, strict=True):
        np.testing.assert_allclose(found.ranks(own), rank, atol=1e-6)


def test_ranks_of_a_value_beyond_all_quantiles_are_bounded():
    found = predicted("quantile")
    assert (found.ranks(np.full(SHAPE, 1e12)) == 0.9995).all()
    assert (found.ranks(np.full(SHAPE, -1e12)) == 0.0005).all()
    equal = Predicted(found.family, np.zeros((*SHAPE, 7)), LEVEL, SPREAD)
    assert np.isfinite(equal.ranks(np.broadcast_to(LEVEL, SHAPE))).all()


def test_counts_of_ranks_are_counts_and_the_marginal_distribution_is_right():
    found, expected = predicted("negative_binomial"), oracle("negative_binomial")
    counts = found.at(np.random.default_rng(0).uniform(size=(4000, *SHAPE)))
    np.testing.assert_array_equal(counts, np.floor(counts))
    np.testing.assert_allclose(counts.mean(axis=0), expected.mean(), rtol=0.15)
    np.testing.assert_allclose(counts.std(axis=0), expected.std(), rtol=0.2)


@pytest.mark.parametrize("loss", ["quantile", "normal", "student_t", "squared_error"])
def test_without_spread_every_quantile_is_the_level_and_there_are_no_ranks(loss):
    found = predicted(loss, spread=np.zeros_like(SPREAD))
    expected = np.broadcast_to(LEVEL, SHAPE)
    np.testing.assert_array_equal(found.center(), expected)
    np.testing.assert_array_equal(found.quantiles((0.1, 0.9))[..., 1], expected)
    if has_spread(found.family):
        assert np.isnan(found.ranks(np.ones(SHAPE))).all()


def test_a_count_without_spread_is_0():
    found = predicted("negative_binomial", spread=np.zeros_like(SPREAD))
    assert not found.quantiles((0.1, 0.9)).any()
    assert np.isnan(found.ranks(np.ones(SHAPE))).all()


def test_missing_values_have_no_rank():
    values = np.zeros(SHAPE)
    values[1, 2, 0] = np.nan
    for loss in ("quantile", "normal", "student_t", "negative_binomial"):
        ranks = predicted(loss).ranks(values)
        assert np.argwhere(np.isnan(ranks)).tolist() == [[1, 2, 0]]


def test_a_number_or_a_single_quantile_is_no_distribution():
    assert not has_spread(family_of("squared_error", ()))
    assert not has_spread(family_of("quantile", (0.9,)))
    assert has_spread(family_of("quantile", (0.5, 0.9)))
    alone = Predicted(family_of("quantile", (0.9,)), np.ones((2, 3, 1, 1)), *np.ones((2, 2, 1, 1)))
    np.testing.assert_array_equal(alone.center(), np.full((2, 3, 1), 2.0))


# Calibration


def score_by_hand(lower, upper, true, coverage):
    """Return the widening of one step by the definition of Romano et al. (2019), section 4."""
    scores = sorted(max(low - y, y - high) for low, high, y in zip(lower, upper, true, strict=True))
    rank = int(np.ceil((len(scores) + 1) * coverage))
    return scores[min(rank, len(scores)) - 1]


@pytest.mark.parametrize("coverage", [0.5, 0.8, 0.95])
@pytest.mark.parametrize("loss", ["quantile", "absolute_error", "student_t"])
def test_calibration_is_that_of_conformalized_quantile_regression(loss, coverage):
    rng = np.random.default_rng(3)
    n, horizon = 40, 3
    family = family_of(loss, KNOWN)
    parameters = np.sort(rng.normal(size=(n, horizon, 1, family.n_parameters)), axis=-1)
    if loss == "student_t":
        parameters = np.abs(parameters) + 2.0
    level, spread = rng.normal(size=(n, 1, 1)), rng.uniform(0.5, 2, (n, 1, 1))
    found = Predicted(family, parameters, level, spread)
    true = rng.normal(size=(n, horizon, 1)) * 3
    true[:7, 1] = np.nan
    widening = Calibration(found, true).widening(coverage)
    lower, upper = np.moveaxis(found.quantiles(interval_levels(coverage)), -1, 0)
    for h in range(horizon):
        there = ~np.isnan(true[:, h, 0])
        lows, highs, ys = ((part / spread)[there, h, 0] for part in (lower, upper, true))
        expected = score_by_hand(lows, highs, ys, coverage)
        np.testing.assert_allclose(widening[h, 0], expected, rtol=1e-10)


def test_calibrated_intervals_cover_what_is_exchangeable():
    """Intervals far too narrow, of heavy-tailed errors: the coverage is right on average."""
    rng = np.random.default_rng(0)
    covered = []
    for _ in range(200):
        errors = rng.standard_t(3, size=(81, 1, 1))
        p = np.tile([0.0, 0.1], (81, 1, 1, 1))
        found = Predicted(family_of("normal", ()), p, np.zeros((81, 1, 1)), np.ones((81, 1, 1)))
        first = Predicted(found.family, p[:80], found.level[:80], found.spread[:80])
        widening = Calibration(first, errors[:80]).widening(0.8)
        lower, upper = found.quantiles(interval_levels(0.8))[80, 0, 0]
        covered.append(lower - widening[0, 0] <= errors[80, 0, 0] <= upper + widening[0, 0])
    assert 0.72 < np.mean(covered) < 0.88  # three standard errors


def test_calibration_on_few_windows_pools_the_steps_and_never_narrows():
    """One window of 40 steps, as the held-out part of a single short series has."""
    errors = np.random.default_rng(0).normal(size=(1, 40, 1))
    for width, narrow in ((0.1, True), (9.0, False)):
        p = np.tile([0.0, width], (1, 40, 1, 1))
        found = Predicted(family_of("normal", ()), p, np.zeros((1, 1, 1)), np.ones((1, 1, 1)))
        widening = Calibration(found, errors).widening(0.9)
        lower, upper = (
            np.full(40, bound) for bound in found.quantiles(interval_levels(0.9))[0, 0, 0]
        )
        expected = score_by_hand(lower, upper, errors[0, :, 0], 0.9) if narrow else 0.0
        np.testing.assert_allclose(widening, np.full((40, 1), expected))


def test_calibration_leaves_out_constant_pasts_and_steps_never_seen():
    found = predicted("normal")
    spread = SPREAD.copy()
    spread[0] = 0.0
    true = rng.normal(size=SHAPE)
    true[:, 3] = np.nan
    with_constant = Calibration(Predicted(found.family, found.parameters, LEVEL, spread), true)
    rest = Predicted(found.family, found.parameters[1:], LEVEL[1:], spread[1:])
    without = Calibration(rest, true[1:])
    np.testing.assert_array_equal(with_constant.widening(0.8), without.widening(0.8))
    assert len(set(without.widening(0.8)[3])) == SHAPE[2]  # from the other steps of each target
    assert (without.widening(0.8)[3] >= 0).all()
    assert not Calibration(rest, np.full_like(true[1:], np.nan)).widening(0.8).any()


# How steps and targets hang together


def test_a_copula_of_one_target_has_the_correlation_of_the_normal_scores():
    rng = np.random.default_rng(0)
    true = 0.8 ** np.abs(np.subtract.outer(np.arange(4), np.arange(4)))
    normal = rng.multivariate_normal(np.zeros(4), true, size=4000)
    found = Copula.of(ndtr(normal)[:, :, None])
    np.testing.assert_allclose(found.steps, np.corrcoef(normal.T), atol=0.04)
    np.testing.assert_allclose(np.diagonal(found.steps), 1.0)
    np.testing.assert_array_equal(found.targets, [[1.0]])


def test_a_copula_learns_and_draws_steps_and_targets():
    rng = np.random.default_rng(0)
    steps = 0.8 ** np.abs(np.subtract.outer(np.arange(3), np.arange(3)))
    targets = np.array([[1.0, -0.7], [-0.7, 1.0]])
    both = np.kron(steps, targets)  # of the flattened (step, target)
    normal = rng.multivariate_normal(np.zeros(6), both, size=5000).reshape(-1, 3, 2)
    ranks = ndtr(normal)
    ranks[7, 1, 0] = np.nan
    found = Copula.of(ranks)
    np.testing.assert_allclose(found.steps, steps, atol=0.05)
    np.testing.assert_allclose(found.targets, targets, atol=0.05)
    drawn = ndtri(found.draw((40, 100), np.random.RandomState(0)))
    assert drawn.shape == (40, 100, 3, 2)
    np.testing.assert_allclose(np.corrcoef(drawn.reshape(-1, 6).T), both, atol=0.07)


def test_a_copula_of_few_rows_is_shrunk_and_positive_definite():
    rng = np.random.default_rng(0)
    for n in (0, 1, 2, 5, 30):
        # steps and targets that are all equal
        ranks = ndtr(rng.normal(size=(n, 1, 1)) + np.zeros((n, 12, 2)))
        ranks[:1, 3] = np.nan
        copula = Copula.of(ranks)
        for found in (copula.steps, copula.targets):
            np.linalg.cholesky(found)
            np.testing.assert_allclose(found, found.T)
            assert (found[~np.eye(len(found), dtype=bool)] <= 0.98).all()
    assert (copula.steps > 0.8).all()
    assert (copula.targets > 0.8).all()
    constant = Copula.of(np.full((9, 3, 2), 0.5))
    np.testing.assert_allclose(constant.steps, np.eye(3))
    np.testing.assert_allclose(constant.targets, np.eye(2))
