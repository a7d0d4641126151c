"""Forecasts: what the parameters that a network predicts say about future values."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats
from scipy.linalg import solve_triangular
from scipy.special import ndtr, ndtri, stdtr, stdtrit

from sklstm.nn.forecast import (
    Family,
    NegativeBinomial,
    Normal,
    Point,
    Quantiles,
    StudentT,
)

# Ranks of values beyond all that is plausible, so that one of them does not decide a correlation.
_FIRST_RANK, _LAST_RANK = 0.0005, 0.9995


def family_of(loss: str, quantiles: tuple[float, ...]) -> Family:
    """Return what a network with this loss predicts."""
    families: dict[str, Family] = {
        "squared_error": Point(squared=True),
        "absolute_error": Point(),
        "quantile": Quantiles(quantiles),
        "normal": Normal(),
        "student_t": StudentT(),
        "negative_binomial": NegativeBinomial(),
    }
    return families[loss]


FORECAST_LOSSES = (
    "absolute_error",
    "negative_binomial",
    "normal",
    "quantile",
    "squared_error",
    "student_t",
)


@dataclass(frozen=True)
class Predicted:
    """The predictive distributions of future values.

    Attributes
    ----------
    family : Family
        What was predicted.
    parameters : ndarray of shape (n, horizon, n_targets, n_parameters)
        What the network returned, in units of `spread` above `level`.
    level, spread : ndarray of shape (n, 1, n_targets)
        Of the past of each series. Where the spread is 0 the past is constant, and so is the
        forecast.
    """

    family: Family
    parameters: np.ndarray
    level: np.ndarray
    spread: np.ndarray

    @property
    def has_spread(self) -> bool:
        """Whether there is a distribution, rather than a number or a single quantile."""
        return has_spread(self.family)

    def center(self) -> np.ndarray:
        """Return the point forecast, ``(n, horizon, n_targets)``: the mean, or the median."""
        if isinstance(self.family, Quantiles):
            return self.quantiles((0.5,))[..., 0]
        return self._restored(self.parameters[..., 0])

    def quantiles(self, levels: Any) -> np.ndarray:
        """Return quantiles at some levels, ``(n, horizon, n_targets, n_levels)``."""
        levels = np.asarray(levels, dtype=np.float64)
        return self._at(np.broadcast_to(levels, (*self.parameters.shape[:3], len(levels))))

    def at(self, ranks: np.ndarray) -> np.ndarray:
        """Return the values of which ``(n_paths, n, horizon, n_targets)`` ranks are given."""
        return np.moveaxis(self._at(np.moveaxis(ranks, 0, -1)), -1, 0)

    def _at(self, ranks: np.ndarray) -> np.ndarray:
        """Return the values of ``(n, horizon, n_targets, k)`` ranks: the inverse of `ranks`."""
        p = self._ordered()
        family = self.family
        if isinstance(family, NegativeBinomial):
            found: np.ndarray = stats.nbinom.ppf(ranks, *self._counts())
            return np.where(self.spread[..., None] > 0.0, found, 0.0)
        if isinstance(family, Quantiles):
            found = _between(p, ndtri(np.asarray(family.levels)), ndtri(ranks))
        elif isinstance(family, Normal):
            found = p[..., :1] + p[..., 1:] * ndtri(ranks)
        elif isinstance(family, StudentT):
            found = p[..., :1] + p[..., 1:2] * stdtrit(p[..., 2:], ranks)
        else:
            found = np.broadcast_to(p, ranks.shape)  # a number has no distribution
        return self._restored(found)

    def _ordered(self) -> np.ndarray:
        """Return the parameters; quantiles that cross are put in order."""
        p: np.ndarray = self.parameters.astype(np.float64)
        return np.sort(p, axis=-1) if isinstance(self.family, Quantiles) else p

    def ranks(self, values: np.ndarray) -> np.ndarray:
        """Return the probability that a value is at most as large as the true ones.

        It is NaN where a value is, and where the past is constant. A count has the rank in the
        middle of its step of the distribution function.
        """
        p = self._ordered()
        family = self.family
        with np.errstate(divide="ignore", invalid="ignore"):
            x = (values - self.level) / self.spread
        x[~np.isfinite(x)] = np.nan
        if isinstance(family, NegativeBinomial):
            r, chance = (part[..., 0] for part in self._counts())
            found = stats.nbinom.cdf(values - 1.0, r, chance) + stats.nbinom.cdf(values, r, chance)
            found = np.where(np.isnan(x), np.nan, found / 2.0)
        elif isinstance(family, Quantiles):
            found = ndtr(_score(x, p, ndtri(np.asarray(family.levels))))
        elif isinstance(family, StudentT):
            found = stdtr(p[..., 2], (x - p[..., 0]) / p[..., 1])
        else:
            found = ndtr((x - p[..., 0]) / p[..., 1])
        clipped: np.ndarray = np.clip(found, _FIRST_RANK, _LAST_RANK)
        return clipped

    def _counts(self) -> tuple[np.ndarray, np.ndarray]:
        """Return scipy's parameters of negative binomials, ``(n, horizon, n_targets, 1)`` each."""
        mean = self.parameters[..., 0].astype(np.float64) * self.spread
        r = 1.0 / self.parameters[..., 1].astype(np.float64)
        return r[..., None], (r / (r + mean))[..., None]

    def _restored(self, scaled: np.ndarray) -> np.ndarray:
        more = (...,) + (None,) * (scaled.ndim - 3)
        return scaled * self.spread[more] + self.level[more]


def has_spread(family: Family) -> bool:
    """Return True if a family is of distributions, rather than of numbers or of one quantile."""
    single = isinstance(family, Quantiles) and len(family.levels) == 1
    return not isinstance(family, Point) and not single


def _between(values: np.ndarray, known: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Return quantiles between and beyond given ones, ``(..., n_known)``.

    Linear in the quantiles of the normal distribution: exact if values are normal, and beyond the
    outermost levels with the tails of one that fits the last two.

    Parameters
    ----------
    values : ndarray of shape (..., n_known)
        The quantiles.
    known : ndarray of shape (n_known,)
        Their levels, as quantiles of the normal distribution.
    wanted : ndarray of shape (..., k)
        Other levels.
    """
    if len(known) == 1:
        return np.broadcast_to(values, wanted.shape)
    low = np.clip(np.searchsorted(known, wanted, side="right") - 1, 0, len(known) - 2)
    part = (wanted - known[low]) / (known[low + 1] - known[low])
    lower = np.take_along_axis(values, low, axis=-1)
    found: np.ndarray = lower + part * (np.take_along_axis(values, low + 1, axis=-1) - lower)
    return found


def _score(x: np.ndarray, values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return the level of numbers among quantiles, the inverse of `_between`, NaN of NaN."""
    low = np.clip((values <= x[..., None]).sum(axis=-1) - 1, 0, len(known) - 2)
    lower = np.take_along_axis(values, low[..., None], axis=-1)[..., 0]
    gap = np.take_along_axis(values, low[..., None] + 1, axis=-1)[..., 0] - lower
    part = (x - lower) / np.maximum(gap, 1e-12)
    found: np.ndarray = known[low] + part * (known[low + 1] - known[low])
    return found


@dataclass(frozen=True)
class Calibration:
    """Forecasts of held-out windows beside what came true [1]_.

    Attributes
    ----------
    predicted : Predicted
        The forecasts.
    expected : ndarray of shape (n, horizon, n_targets)
        The true values; NaN where they are missing.

    References
    ----------
    .. [1] Y. Romano, E. Patterson, E. J. Candes, "Conformalized Quantile Regression", NeurIPS
       2019, section 4.
    """

    predicted: Predicted
    expected: np.ndarray

    def widening(self, coverage: float) -> np.ndarray:
        """Return by how much intervals of this coverage are to be widened at both ends.

        In units of the spread, ``(horizon, n_targets)``; negative where they are too wide. Each
        step has its own, if there are enough windows for it, which are 9 for a coverage of 0.9.
        Otherwise it is that of all steps together, and intervals are not made narrower: the steps
        of few windows resemble each other.
        """
        lower, upper = np.moveaxis(self.predicted.quantiles(interval_levels(coverage)), -1, 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            outside = np.maximum(lower - self.expected, self.expected - upper)
            outside = outside / self.predicted.spread
        outside[~np.isfinite(outside)] = np.nan
        own, enough = _conformal_quantile(outside, coverage)
        pooled, _ = _conformal_quantile(outside.reshape(-1, outside.shape[2]), coverage)
        return np.where(enough, own, np.maximum(pooled, 0.0))


def _conformal_quantile(scores: np.ndarray, coverage: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the finite-sample quantile along the first axis, and whether there is one.

    Without enough scores it is the largest, and 0 without any; NaN does not count.
    """
    ordered = np.sort(scores, axis=0)  # NaN last
    n = np.isfinite(ordered).sum(axis=0)
    rank = np.ceil((n + 1) * coverage).astype(np.int64)
    at = np.clip(np.minimum(rank, n) - 1, 0, None)
    found = np.take_along_axis(ordered, at[None], axis=0)[0]
    return np.where(n > 0, found, 0.0), rank <= n


def interval_levels(coverage: float) -> tuple[float, float]:
    """Return the levels of the quantiles that bound a central interval."""
    return (1.0 - coverage) / 2.0, (1.0 + coverage) / 2.0


@dataclass(frozen=True)
class Copula:
    """How forecasts of several steps and targets hang together: a Gaussian copula.

    The correlation of two steps is that of all targets, and the correlation of two targets that of
    all steps: together their product, so that few numbers are to be learned.

    Attributes
    ----------
    steps : ndarray of shape (horizon, horizon)
        Correlation between steps.
    targets : ndarray of shape (n_targets, n_targets)
        Correlation between targets.
    """

    steps: np.ndarray
    targets: np.ndarray

    @classmethod
    def of(cls, ranks: np.ndarray) -> Copula:
        """Learn from the ranks of true values, ``(n, horizon, n_targets)``, but of no NaN."""
        scores = ndtri(ranks)
        _, horizon, n_targets = scores.shape
        each = np.moveaxis(scores, 2, 1).reshape(-1, horizon)
        steps = _correlation(each[np.isfinite(each).all(axis=1)])
        # What is new at each step; the windows, whose steps resemble each other, are what counts.
        scores = scores[np.isfinite(scores).all(axis=(1, 2))]
        factor = np.linalg.cholesky(steps)
        new = solve_triangular(factor, np.moveaxis(scores, 1, 0).reshape(horizon, -1), lower=True)
        targets = _correlation(new.reshape(-1, n_targets), n_rows=len(scores))
        return cls(steps, targets)

    def draw(self, n: tuple[int, ...], rng: np.random.RandomState) -> np.ndarray:
        """Return ranks of shape ``(*n, horizon, n_targets)``."""
        horizon, n_targets = len(self.steps), len(self.targets)
        normal = rng.standard_normal((*n, n_targets, horizon)) @ np.linalg.cholesky(self.steps).T
        normal = np.moveaxis(normal, -1, -2)  # (..., horizon, n_targets)
        ranks: np.ndarray = ndtr(normal @ np.linalg.cholesky(self.targets).T)
        return ranks


def _correlation(scores: np.ndarray, n_rows: int | None = None) -> np.ndarray:
    """Return the correlation between the columns of normal scores.

    The fewer rows there are, the more it is shrunk towards independence, and always a little, so
    that it is positive definite. `n_rows` is their number, if some belong together.
    """
    n_columns = scores.shape[1]
    n_rows = len(scores) if n_rows is None else n_rows
    if n_rows < 2 or n_columns < 2:
        return np.eye(n_columns)
    scores = scores / np.sqrt(np.maximum(np.square(scores).mean(axis=0), 1e-12))
    shrunk = min(1.0, 0.02 + 0.5 * math.sqrt(n_columns) / n_rows)
    correlation: np.ndarray = scores.T @ scores / len(scores)
    correlation = (1.0 - shrunk) * correlation + shrunk * np.eye(n_columns)
    deviation = np.sqrt(np.diagonal(correlation))
    return correlation / deviation / deviation[:, None]
