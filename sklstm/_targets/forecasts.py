"""Forecasts: what the parameters that a network predicts say about future values."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats
from scipy.special import ndtri

from sklstm.nn.forecast import (
    Family,
    NegativeBinomial,
    Normal,
    Point,
    Quantiles,
    StudentT,
)

# Levels at which a predictive distribution is tabulated, to be inverted and to draw from.
GRID = np.concatenate([[0.001, 0.0025], np.arange(1, 200) / 200, [0.9975, 0.999]])


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

    def take(self, rows: Any) -> Predicted:
        """Return the predictions of some series."""
        parts = (self.parameters[rows], self.level[rows], self.spread[rows])
        return Predicted(self.family, *parts)

    def center(self) -> np.ndarray:
        """Return the point forecast, ``(n, horizon, n_targets)``: the mean, or the median."""
        if isinstance(self.family, Quantiles):
            return self.quantiles((0.5,))[..., 0]
        return self._restored(self.parameters[..., 0])

    def quantiles(self, levels: Any) -> np.ndarray:
        """Return quantiles at some levels, ``(n, horizon, n_targets, n_levels)``."""
        levels = np.asarray(levels, dtype=np.float64)
        p = self.parameters.astype(np.float64)
        family = self.family
        if isinstance(family, NegativeBinomial):
            return self._counts(levels)
        if isinstance(family, Quantiles):
            p = np.sort(p, axis=-1)
            found = _between(p, ndtri(np.asarray(family.levels)), ndtri(levels))
        elif isinstance(family, Normal):
            found = p[..., :1] + p[..., 1:] * ndtri(levels)
        elif isinstance(family, StudentT):
            found = p[..., :1] + p[..., 1:2] * stats.t.ppf(levels, p[..., 2:])
        else:
            found = np.repeat(p, len(levels), axis=-1)  # a number has no distribution
        return self._restored(found)

    def _counts(self, levels: np.ndarray) -> np.ndarray:
        mean = self.parameters[..., 0].astype(np.float64) * self.spread
        r = 1.0 / self.parameters[..., 1].astype(np.float64)
        p = r / (r + np.maximum(mean, np.finfo(np.float64).tiny))
        found: np.ndarray = stats.nbinom.ppf(levels, r[..., None], p[..., None])
        return np.where(self.spread[..., None] > 0.0, found, 0.0)

    def _restored(self, scaled: np.ndarray) -> np.ndarray:
        more = (...,) + (None,) * (scaled.ndim - 3)
        return scaled * self.spread[more] + self.level[more]

    def ranks(self, values: np.ndarray) -> np.ndarray:
        """Return the probability that a value is at most as large as the true ones."""
        table = self.quantiles(GRID)  # (n, horizon, n_targets, n_grid)
        below = (table <= values[..., None]).sum(axis=-1)
        edges = np.concatenate([[GRID[0] / 2], (GRID[1:] + GRID[:-1]) / 2, [(1 + GRID[-1]) / 2]])
        return edges[below]

    def at(self, ranks: np.ndarray) -> np.ndarray:
        """Return the values of which ``(n_paths, n, horizon, n_targets)`` ranks are given."""
        table = self.quantiles(GRID)
        place = np.interp(ranks, GRID, np.arange(len(GRID)))
        low = np.minimum(place.astype(np.int64), len(GRID) - 2)
        part = place - low
        index = np.moveaxis(low, 0, -1)  # (n, horizon, n_targets, n_paths)
        lower = np.moveaxis(np.take_along_axis(table, index, axis=-1), -1, 0)
        upper = np.moveaxis(np.take_along_axis(table, index + 1, axis=-1), -1, 0)
        if isinstance(self.family, NegativeBinomial):
            return np.where(part < 0.5, lower, upper)  # of counts
        values: np.ndarray = lower + part * (upper - lower)
        return values


def _between(values: np.ndarray, known: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Return quantiles between and beyond given ones, ``(..., n_known)``.

    Linear in the quantiles of the normal distribution: exact if values are normal, and beyond the
    outermost levels with the tails of one that fits the last two.
    """
    if len(known) == 1:
        return np.repeat(values, len(wanted), axis=-1)
    low = np.clip(np.searchsorted(known, wanted, side="right") - 1, 0, len(known) - 2)
    part = (wanted - known[low]) / (known[low + 1] - known[low])
    found: np.ndarray = values[..., low] + part * (values[..., low + 1] - values[..., low])
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

        In units of the spread, ``(horizon, n_targets)``; negative where they are too wide.
        """
        lower, upper = np.moveaxis(self.predicted.quantiles(interval_levels(coverage)), -1, 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            outside = np.maximum(lower - self.expected, self.expected - upper)
            outside = outside / self.predicted.spread
        outside[~np.isfinite(outside)] = np.nan
        found = np.sort(outside, axis=0)  # NaN last
        n = np.isfinite(found).sum(axis=0)
        # The finite-sample quantile; with too few windows the largest distance that was seen.
        k = np.minimum(np.ceil((n + 1) * coverage).astype(np.int64), n) - 1
        widening = np.take_along_axis(found, np.maximum(k, 0)[None], axis=0)[0]
        return np.where(n > 0, widening, 0.0)


def interval_levels(coverage: float) -> tuple[float, float]:
    """Return the levels of the quantiles that bound a central interval."""
    return (1.0 - coverage) / 2.0, (1.0 + coverage) / 2.0


def rank_correlation(ranks: np.ndarray) -> np.ndarray:
    """Return the correlation between steps of the normal scores of ``(n, horizon)`` ranks.

    Shrunk a little towards independence, so that it is positive definite.
    """
    scores = ndtri(ranks)
    scores = scores[np.isfinite(scores).all(axis=1)]
    horizon = ranks.shape[1]
    if len(scores) < 2:
        return np.eye(horizon)
    scores = scores / np.sqrt(np.maximum(np.square(scores).mean(axis=0), 1e-12))
    shrunk = min(1.0, 0.02 + 0.5 * horizon / max(len(scores), 1) / math.sqrt(horizon))
    correlation: np.ndarray = scores.T @ scores / len(scores)
    correlation = (1.0 - shrunk) * correlation + shrunk * np.eye(horizon)
    deviation = np.sqrt(np.diagonal(correlation))
    return correlation / deviation / deviation[:, None]
