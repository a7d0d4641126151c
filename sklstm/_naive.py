"""Naive forecasts of one series: the reference of metrics, and the simplest baselines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

Strategy = Literal["last", "mean", "drift", "seasonal", "naive2"]

# Of the normal distribution: above it autocorrelations are significant, at the 90% level.
CRITICAL = 1.645


def naive_forecast(
    x: np.ndarray, horizon: int, strategy: Strategy, seasons: Sequence[int] = (1,)
) -> tuple[np.ndarray, np.ndarray]:
    """Forecast a series without a model.

    Parameters
    ----------
    x : ndarray of shape (n_steps,), float64
        The past. NaN is a missing value; one value or more is there.
    horizon : int
        Number of steps to forecast.
    strategy : {"last", "mean", "drift", "seasonal", "naive2"}
        See `NaiveForecaster`.
    seasons : sequence of int, default=(1,)
        Numbers of steps in a season, in increasing order. "seasonal" uses the longest one that the
        series covers, "naive2" the first.

    Returns
    -------
    forecast : ndarray of shape (horizon,)
        The mean of the predictive distribution of each step.
    spread : ndarray of shape (horizon,)
        Its standard deviation, by the table in section 5.5 of R. J. Hyndman, G. Athanasopoulos,
        "Forecasting: principles and practice", third edition. 0 where nothing can be known of it,
        as for a series of one value.
    """
    if strategy == "naive2":
        return _naive2(x, horizon, seasons[0])
    if strategy == "seasonal":
        covered = [season for season in seasons if season <= len(x)]
        season = covered[-1] if covered else 1
        return _seasonal(x, horizon, season)
    there = np.flatnonzero(~np.isnan(x))
    first, last = int(there[0]), int(there[-1])
    ahead = len(x) + np.arange(horizon) - last  # steps after the last value
    if strategy == "mean":
        values = x[there]
        mean = values.mean()
        spread = _deviation(values - mean, 1) * np.sqrt(1 + 1 / len(values))
        return np.full(horizon, mean), np.full(horizon, spread)
    slope, growth = 0.0, np.sqrt(ahead)
    if strategy == "drift" and first < last:
        slope = (x[last] - x[first]) / (last - first)
        growth = np.sqrt(ahead * (1 + ahead / (last - first)))
    spread = _deviation(np.diff(x) - slope, int(strategy == "drift")) * growth
    return x[last] + slope * ahead, spread


def _seasonal(x: np.ndarray, horizon: int, season: int) -> tuple[np.ndarray, np.ndarray]:
    """Repeat the last value at each phase of the season; where there is none, the last of all."""
    there = np.flatnonzero(~np.isnan(x))
    latest = np.full(season, -1)
    np.maximum.at(latest, there % season, there)
    latest[latest < 0] = there[-1]
    steps = len(x) + np.arange(horizon)
    source = latest[steps % season]
    n_seasons = np.ceil((steps - source) / season)
    return x[source], _deviation(x[season:] - x[:-season], 0) * np.sqrt(n_seasons)


def _naive2(x: np.ndarray, horizon: int, season: int) -> tuple[np.ndarray, np.ndarray]:
    """Repeat the last value of the seasonally adjusted series, times the index of each phase."""
    indices = seasonal_indices(filled(x), season)
    adjusted = x / indices[np.arange(len(x)) % season]
    forecast, spread = naive_forecast(adjusted, horizon, "last")
    future = indices[(len(x) + np.arange(horizon)) % season]
    return forecast * future, spread * future


def seasonal_indices(x: np.ndarray, season: int) -> np.ndarray:
    """Return by what each phase of the season is above or below the trend, as factors.

    They are those of the M4 competition's benchmarks: if the autocorrelation at a lag of one season
    is significant, the ratio to the centred moving average, the mean for each phase, scaled to a
    mean of 1. Otherwise, and for series with numbers that are not positive, all are 1.

    Parameters
    ----------
    x : ndarray of shape (n_steps,)
        A series without missing values.
    season : int
        Number of steps in a season.

    Returns
    -------
    ndarray of shape (season,)
        The first one is that of the first step.
    """
    if season == 1 or x.min() <= 0 or not _is_seasonal(x, season):
        return np.ones(season)
    weights = np.ones(season)
    if season % 2 == 0:  # centred on a step by half of the values at both ends
        weights = np.concatenate([[0.5], weights[1:], [0.5]])
    trend = np.convolve(x, weights / season, mode="valid")
    start = (len(weights) - 1) // 2
    ratios = x[start : start + len(trend)] / trend
    phases = (start + np.arange(len(trend))) % season
    indices: np.ndarray = np.bincount(phases, ratios) / np.bincount(phases)
    return indices / indices.mean()


def _is_seasonal(x: np.ndarray, season: int) -> bool:
    """Return True if the autocorrelation at a lag of one season is significant.

    R's `acf` computes 10 * log10(n) lags only, so that the competition's code finds no season in a
    short series with a long season. Its own series are long enough for that to make no difference,
    and here all lags are computed.
    """
    n = len(x)
    if n < 3 * season:
        return False
    centred = x - x.mean()
    power = np.abs(np.fft.rfft(centred, 2 * n)) ** 2
    covariances = np.fft.irfft(power)[: season + 1]
    if covariances[0] <= 0:
        return False
    correlations = covariances[1:] / covariances[0]
    limit = CRITICAL * np.sqrt((1 + 2 * np.square(correlations[:-1]).sum()) / n)
    return bool(abs(correlations[-1]) > limit)


def filled(x: np.ndarray) -> np.ndarray:
    """Return a series with the value before it in the place of each missing one."""
    there = ~np.isnan(x)
    source = np.maximum.accumulate(np.where(there, np.arange(len(x)), -1))
    return x[np.where(source < 0, int(np.argmax(there)), source)]


def _deviation(residuals: np.ndarray, n_parameters: int) -> float:
    """Return the standard deviation of those residuals that are known; 0 if too few are."""
    known = residuals[~np.isnan(residuals)]
    n, size = len(known) - n_parameters, float(np.abs(known).max(initial=0.0))
    if n < 1 or size == 0:
        return 0.0
    return size * float(np.sqrt(np.square(known / size).sum() / n))  # squares may overflow
