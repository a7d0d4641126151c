"""backtest: how good forecasts would have been, at several origins in the past."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Integral, Real
from typing import Any, Literal, NamedTuple

import numpy as np
from sklearn.base import clone
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.model_selection._search import BaseSearchCV
from sklearn.pipeline import Pipeline
from sklearn.utils._metadata_requests import _routing_enabled
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions, validate_params
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import _num_samples

from sklstm._callers import caller_level
from sklstm._display import html_table, seconds, text_table
from sklstm._naive import naive_forecast
from sklstm._sequences import Ragged, as_container, as_series, object_array, plain
from sklstm.metrics import (
    continuous_ranked_probability_score,
    interval_coverage,
    mean_absolute_scaled_error,
    mean_quantile_loss,
    mean_scaled_interval_score,
    overall_weighted_average,
    symmetric_mean_absolute_percentage_error,
)

COUNT = Interval(Integral, 1, None, closed="left")
SCALED = {"mase", "msis", "owa"}  # by the error of the naive forecast before the origin
OF_INTERVALS = {"msis", "coverage"}
OF_QUANTILES = {"quantile_loss", "pinball", "crps"}
METRICS = {"smape", "mae", "rmse", *SCALED, *OF_INTERVALS, *OF_QUANTILES}
DECILES = np.arange(1, 10) / 10
TWENTY = (np.arange(20) + 0.5) / 20  # evenly spaced, as an approximation of the CRPS wants them


class BacktestResult:
    """Forecasts at several origins, what came true, and scores; what `backtest` returns.

    Printed, it is a table with a row for each origin, and their mean.

    Attributes
    ----------
    name : str
        The name of the forecaster.
    horizon : int
        Number of steps of each forecast.
    season : int
        Number of steps in a season, which MASE, MSIS and OWA were computed with.
    coverage : float or None
        Nominal coverage of the intervals.
    scores : dict of str to ndarray of shape (n_splits,)
        For each metric the score at each origin, the earliest first: the mean over the series.
    per_step : ndarray of shape (n_splits, horizon)
        Mean absolute error over the series by step of the horizon.
    origins : list of ndarray of shape (n_series,)
        For each split the number of steps before the forecast, in each series.
    forecasts, truths : list of ndarray of shape (n_series, horizon) or (n_series, horizon, F)
        For each split the forecasts and the true values, which are NaN where they are missing.
    lower, upper : list of ndarray like those of `forecasts`, or None
        Bounds of the prediction intervals, if `coverage` was given.
    X : ndarray of shape (n_series,), of arrays
        The series, of shape (T_i,) or (T_i, F).
    fit_seconds, predict_seconds : ndarray of shape (n_splits,)
        Seconds of fitting, 0 where the forecaster was not fitted again, and of the point forecasts.
    estimators : list of estimators, or None
        The fitted forecaster of each split, if `return_estimators` was set.
    """

    def __init__(
        self,
        name: str,
        horizon: int,
        season: int,
        coverage: float | None,
        X: np.ndarray,
        origins: Sequence[np.ndarray],
        splits: Sequence[_Split],
        estimators: list[Any] | None,
    ):
        self.name, self.horizon, self.season, self.coverage = name, horizon, season, coverage
        self.X, self.origins = X, list(origins)
        self.scores = {
            key: np.array([split.scores[key] for split in splits]) for key in splits[0].scores
        }
        self.per_step = np.stack([split.per_step for split in splits])
        self.forecasts = [split.forecast for split in splits]
        self.truths = [split.truth for split in splits]
        intervals = [split.interval for split in splits if split.interval is not None]
        self.lower = [interval[..., 0] for interval in intervals] or None
        self.upper = [interval[..., 1] for interval in intervals] or None
        self.fit_seconds = np.array([split.fit_seconds for split in splits])
        self.predict_seconds = np.array([split.predict_seconds for split in splits])
        self.estimators = estimators

    @property
    def table(self) -> dict[str, list[Any]]:
        """A row for each origin, the steps before it, scores and seconds; and one for the mean."""
        numbers = {
            **self.scores,
            "fit, s": self.fit_seconds,
            "predict, s": self.predict_seconds,
        }
        return {
            "origin": [*range(1, len(self.origins) + 1), "mean"],
            "steps before": [*map(_span, self.origins), ""],
            **{key: [*own.tolist(), _mean(own)] for key, own in numbers.items()},
        }

    def to_frame(self) -> Any:
        """Return the table as a pandas data frame, indexed by the origins."""
        import pandas as pd

        return pd.DataFrame(self.table).set_index("origin")

    def __repr__(self) -> str:
        return "\n".join([self._title(), "", *text_table(self._cells())])

    def _repr_html_(self) -> str:
        return html_table(self._cells(), [self._title()])

    def _title(self) -> str:
        return (
            f"{self.name}: forecasts of {_count(self.horizon, 'step')} at "
            f"{_count(len(self.origins), 'origin')} in {_count(len(self.X), 'series', 'series')}"
        )

    def _cells(self) -> dict[str, list[str]]:
        """Return the table as texts."""
        shows: dict[str, Callable[[Any], str]] = {
            "fit, s": seconds, "predict, s": seconds, "origin": str, "steps before": str,
        }  # fmt: skip
        return {
            head: list(map(shows.get(head, "{:.4f}".format), values))
            for head, values in self.table.items()
        }


def _span(steps: np.ndarray) -> str:
    low, high = int(steps.min()), int(steps.max())
    return str(low) if low == high else f"{low} to {high}"


def _count(number: int, one: str, several: str | None = None) -> str:
    return f"{number:,} {one if number == 1 else several or one + 's'}"


def _mean(values: np.ndarray) -> float:
    """Return the mean of the values that are defined; NaN if none is."""
    defined = values[~np.isnan(values)]
    return float(defined.mean()) if len(defined) else float("nan")


@dataclass
class _Split:
    """What came out of a split."""

    fit_seconds: float
    predict_seconds: float
    forecast: np.ndarray
    truth: np.ndarray
    interval: np.ndarray | None
    estimator: Any
    scores: dict[str, float] = field(default_factory=dict)
    per_step: np.ndarray = field(default_factory=lambda: np.empty(0))
    # For each metric the series for which it is undefined.
    undefined: dict[str, set[int]] = field(default_factory=dict)


class _Data(NamedTuple):
    """The series, and what is known of them."""

    series: list[np.ndarray]
    covariates: Any
    static: Any


class _Task(NamedTuple):
    """What is the same at all origins."""

    name: str
    horizon: int
    season: int
    max_steps: int | None
    metrics: Mapping[str, str | Callable[[Any, Any], Any]]
    coverage: float | None
    verbose: int
    n_splits: int
    keep: bool  # the estimators


@validate_params(
    {
        "estimator": [HasMethods(["fit", "predict", "get_params"])],
        "n_splits": [COUNT],
        "step": [COUNT, None],
        "window": [StrOptions({"expanding", "sliding"})],
        "max_train_steps": [COUNT, None],
        "refit": ["boolean"],
        "metrics": [str, callable, tuple, list],
        "coverage": [Interval(Real, 0, 1, closed="neither"), None],
        "season": [COUNT, None],
        "n_jobs": [Integral, None],
        "verbose": ["verbose"],
        "return_estimators": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def backtest(
    estimator: Any,
    X: Any,
    *,
    n_splits: int = 3,
    step: int | None = None,
    window: Literal["expanding", "sliding"] = "expanding",
    max_train_steps: int | None = None,
    refit: bool = True,
    covariates: Any = None,
    static: Any = None,
    metrics: Any = ("smape", "mase"),
    coverage: float | None = None,
    season: int | None = None,
    n_jobs: int | None = None,
    verbose: Any = 0,
    return_estimators: bool = False,
) -> BacktestResult:
    """Forecast the last parts of series from what was known before, and score the forecasts.

    The evaluation has a rolling origin [1]_. The last origin leaves `horizon` steps of each series
    to be forecast, the one before it `step` steps more, and so on. A forecast is made from the
    values before its origin only, and so is the model that makes it.

    Parameters
    ----------
    estimator : forecaster
        An `LSTMForecaster`, a `NaiveForecaster`, or any other estimator with a parameter `horizon`
        whose `predict` returns that many values after the end of each series; a pipeline that ends
        in one, whose transformers leave the scale of the values as it is; or a search over one. It
        is cloned, not fitted.
    X : sequences of shape (n_series,), (n_series, T) or (n_series, T, F)
        The whole series: a list or object array of arrays of shape (T_i,) or (T_i, F), or one
        array. NaN is a missing value. `estimator` gets lists of arrays.
    n_splits : int, default=3
        Number of origins.
    step : int, default=None
        Number of steps from one origin to the next. None for the horizon of `estimator`, so that
        each step is forecast once.
    window : {"expanding", "sliding"}, default="expanding"
        Whether `fit` and `predict` get all steps before the origin, or the last `max_train_steps`.
    max_train_steps : int, default=None
        Number of steps for ``window="sliding"``.
    refit : bool, default=True
        Whether a clone is fitted at every origin. Otherwise one is fitted at the first origin, and
        predicts at all of them from longer and longer pasts; that is faster.
    covariates : list of arrays of shape (T_i, K), or array of shape (n_series, T, K), default=None
        What is known of all steps, such as the calendar. `fit` gets those of its steps, `predict`
        those of the forecast steps, too. There may be `horizon` rows after the end of the series.
    static : array or frame of shape (n_series, S), default=None
        Features of the series.
    metrics : str, callable, or sequence of these, default=("smape", "mase")
        What to score by. Names are

        - "smape", "mase", "mae", "rmse" and "owa" of point forecasts, where OWA is relative to the
          M4 competition's Naive2 at the same origin;
        - "coverage" and "msis" of the intervals of `predict_interval`, with `coverage`;
        - "quantile_loss", or "pinball", of the deciles, and "crps" of 20 quantiles, those of
          `predict_quantiles` or, where there is no such method, of `sample_paths`.

        See :mod:`sklstm.metrics`. RMSE is the root of the mean over all series. A callable is
        called as ``metric(y_true, y_pred)`` with arrays of shape (n_series, horizon), or
        (n_series, horizon, F), in which true values may be NaN.
    coverage : float, default=None
        Nominal coverage of prediction intervals, between 0 and 1. None makes no intervals.
    season : int, default=None
        Number of steps in a season, for MASE, MSIS and OWA. None for the first `season_length` of
        `estimator`, or 1 if it has none.
    n_jobs : int, default=None
        Number of origins that are computed at once, in processes of their own. None means 1, -1
        all cores.
    verbose : int, default=0
        1 prints the scores of each origin as soon as they are there.
    return_estimators : bool, default=False
        Whether to keep the fitted estimators.

    Returns
    -------
    BacktestResult
        Scores, forecasts and true values of each origin. Prints as a table; has `to_frame`.

    Raises
    ------
    TypeError
        If `estimator` has no parameter `horizon`, or lacks a method that a metric needs.
    ValueError
        If a series is too short for the first origin, the message names it and says how many steps
        are needed; if covariates or static features do not fit X, or a metric is unknown.

    Warns
    -----
    UndefinedMetricWarning
        If MASE or MSIS is undefined for a series at some origin, as it is constant before it; the
        means leave it out. If no true value is known after an origin; all scores there are NaN.

    See Also
    --------
    sklstm.baselines.compare : A forecaster beside naive forecasts, at the same origins.
    sklstm.baselines.NaiveForecaster : What to compare the scores with.

    Notes
    -----
    True values that are missing (NaN) are not scored. Where steps have several values, each is
    scored as a series of its own. The scale of MASE and MSIS is that of all steps before the
    origin, also with ``window="sliding"``, so that scores can be compared; missing values there are
    interpolated linearly.

    A search, such as :class:`~sklearn.model_selection.GridSearchCV`, is fitted at each origin, and
    splits the series of the past by its own `cv`.

    References
    ----------
    .. [1] L. J. Tashman (2000). Out-of-sample tests of forecasting accuracy: an analysis and
       review. International Journal of Forecasting 16(4), 437-450.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm import backtest
    >>> from sklstm.baselines import NaiveForecaster
    >>> t = np.arange(60)
    >>> X = [10 + t % 5 + 0.1 * t, 50 - 3 * (t % 5) + 0.2 * t]
    >>> naive = NaiveForecaster(5, season_length=5)
    >>> result = backtest(naive, X, n_splits=2, metrics=["mae", "mase"])
    >>> {name: scores.round(2).tolist() for name, scores in result.scores.items()}
    {'mae': [0.75, 0.75], 'mase': [1.0, 1.0]}
    >>> [origins.tolist() for origins in result.origins]
    [[50, 50], [55, 55]]
    """
    name = type(last_step(estimator)).__name__
    horizon = forecaster_parameter(estimator, "horizon")
    if not isinstance(horizon, Integral):
        raise TypeError(
            f"{name} has no parameter horizon: backtest takes a forecaster, such as "
            "LSTMForecaster or NaiveForecaster, a pipeline that ends in one, or a search over one."
        )
    horizon, n_splits = int(horizon), int(n_splits)
    step = horizon if step is None else int(step)
    if (window == "sliding") != (max_train_steps is not None):
        raise ValueError(
            f"window={plain(window)!r} with max_train_steps={plain(max_train_steps)!r}: "
            'window="sliding" needs a number of steps, and "expanding" uses all.'
        )
    named = _named(metrics, coverage, type(last_step(estimator)))
    season = first_season(estimator) if season is None else int(season)
    ragged = as_series(X, name, dtype=[np.float64, np.float32], are_windows=False)
    _check_lengths(ragged, horizon, n_splits, step, season, bool(SCALED & set(named)))
    series = [
        ragged[i][:, 0] if ragged.form.steps_are_numbers else ragged[i] for i in range(len(ragged))
    ]
    covariates = _read_covariates(covariates, ragged, horizon)
    if static is not None and _num_samples(static) != len(ragged):
        raise ValueError(
            f"static has {_num_samples(static)} rows, but X holds {len(ragged)} series; each needs "
            "one."
        )
    max_steps = None if max_train_steps is None else int(max_train_steps)
    coverage = None if coverage is None else float(coverage)
    task = _Task(
        name, horizon, season, max_steps, named, coverage, int(verbose), n_splits, return_estimators
    )
    data = _Data(series, covariates, static)
    origins = [ragged.lengths - horizon - k * step for k in range(n_splits)][::-1]
    fitted, took = None, 0.0
    if not refit:
        fitted, took = _fit(clone(estimator), data, origins[0], task)
    splits: list[_Split] = Parallel(n_jobs=None if n_jobs is None else int(n_jobs))(
        delayed(_forecast_at)(number, at, estimator, fitted, data, task)
        for number, at in enumerate(origins)
    )
    splits[0].fit_seconds += took
    _warn_of_undefined(splits, len(ragged), season)
    estimators = [split.estimator for split in splits] if return_estimators else None
    return BacktestResult(
        name, horizon, season, coverage, object_array(series), origins, splits, estimators
    )


# ------------------------------------------------------------------------------------------
# The estimator


def last_step(estimator: Any) -> Any:
    """Return the forecaster in pipelines and searches, fitted or not."""
    while True:
        if isinstance(estimator, Pipeline):
            estimator = estimator.steps[-1][1]
        elif isinstance(estimator, BaseSearchCV):
            estimator = estimator.estimator
        else:
            return estimator


def forecaster_parameter(estimator: Any, name: str) -> Any:
    """Return a parameter of the forecaster, however deep inside the estimator; None without it."""
    if isinstance(estimator, type):
        raise TypeError(
            f"{estimator.__name__} is a class; pass an instance of it, {estimator.__name__}(...)."
        )
    params = estimator.get_params() if hasattr(estimator, "get_params") else {}
    found = [value for key, value in params.items() if key.rpartition("__")[2] == name]
    if any(value != found[0] for value in found):
        raise ValueError(
            f"{type(estimator).__name__} has several parameters {name}, {plain(found)!r}; one "
            "forecaster is scored at a time."
        )
    return plain(found[0]) if found else None


def first_season(estimator: Any) -> int:
    """Return the first season of a forecaster; 1 if it has none."""
    given = forecaster_parameter(estimator, "season_length")
    first = given[0] if isinstance(given, tuple | list) and given else given
    return first if isinstance(first, int) and first > 0 else 1


def _addressed(estimator: Any, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments of the forecaster's fit under the names by which they reach it."""
    prefix = ""
    while not _routing_enabled():
        if isinstance(estimator, Pipeline):
            step, estimator = estimator.steps[-1]
            prefix += f"{step}__"
        elif isinstance(estimator, BaseSearchCV):
            estimator = estimator.estimator
        else:
            break
    return {prefix + name: value for name, value in params.items()}


def _unwrap(estimator: Any, X: list[np.ndarray]) -> tuple[Any, Any]:
    """Return the fitted forecaster in pipelines and searches, and what it gets for X."""
    while True:
        if isinstance(estimator, Pipeline):
            X = estimator[:-1].transform(X) if len(estimator.steps) > 1 else X
            estimator = estimator.steps[-1][1]
        elif isinstance(estimator, BaseSearchCV):
            estimator = estimator.best_estimator_
        else:
            return estimator, X


# ------------------------------------------------------------------------------------------
# One origin


def _rows(item: Any, start: int, stop: int) -> Any:
    """Return some steps of a series or of covariates, as a copy where it is an array."""
    if hasattr(item, "iloc"):
        return item.iloc[start:stop]
    part = item[start:stop]
    # The estimator may write into what it gets, but not into the values that it is scored by.
    return part.copy() if isinstance(part, np.ndarray) else part


def _given(
    data: _Data, origins: np.ndarray, task: _Task, ahead: int
) -> tuple[list[np.ndarray], dict[str, Any]]:
    """Return the pasts, and the covariates until `ahead` steps after the origin."""
    starts = np.maximum(0, origins - (task.max_steps or int(origins.max())))
    bounds = list(zip(starts.tolist(), origins.tolist(), strict=True))
    pasts = [_rows(x, *own) for x, own in zip(data.series, bounds, strict=True)]
    more: dict[str, Any] = {}
    if data.covariates is not None:
        more["covariates"] = [
            _rows(item, start, stop + ahead)
            for item, (start, stop) in zip(data.covariates, bounds, strict=True)
        ]
    if data.static is not None:
        more["static"] = data.static
    return pasts, more


def _fit(estimator: Any, data: _Data, origins: np.ndarray, task: _Task) -> tuple[Any, float]:
    """Fit an estimator on the pasts, and return the seconds that took."""
    pasts, more = _given(data, origins, task, 0)
    began = time.perf_counter()
    estimator.fit(pasts, **_addressed(estimator, more))
    return estimator, time.perf_counter() - began


def _forecast_at(
    number: int, origins: np.ndarray, estimator: Any, fitted: Any, data: _Data, task: _Task
) -> _Split:
    """Forecast from one origin, and score the forecasts."""
    try:
        took = 0.0
        if fitted is None:
            fitted, took = _fit(clone(estimator), data, origins, task)
        pasts, more = _given(data, origins, task, task.horizon)
        began = time.perf_counter()
        forecaster, given = _unwrap(fitted, pasts)
        forecast = np.asarray(forecaster.predict(given, **more))
        predicted = time.perf_counter() - began
        truth = np.stack(
            [x[at : at + task.horizon] for x, at in zip(data.series, origins.tolist(), strict=True)]
        )
        _check_shape(forecast, truth.shape, "predict")
        split = _Split(took, predicted, forecast, truth, None, fitted if task.keep else None)
        if task.coverage is not None:
            split.interval = np.asarray(
                forecaster.predict_interval(given, coverage=task.coverage, **more)
            )
            _check_shape(split.interval, (*truth.shape, 2), "predict_interval")
        levels = {"quantile_loss": DECILES, "pinball": DECILES, "crps": TWENTY}
        quantiles = {
            name: _quantiles(forecaster, given, levels[name], more, truth.shape)
            for name in OF_QUANTILES & set(task.metrics)
        }
        before = [x[:at] for x, at in zip(data.series, origins.tolist(), strict=True)]
        _score(split, before, quantiles, task)
    except Exception as error:
        error.add_note(
            f"Raised by {task.name} at origin {number + 1} of {task.n_splits}, after "
            f"{_span(origins)} steps."
        )
        raise
    if task.verbose:
        shown = ", ".join(f"{name} {score:.4f}" for name, score in split.scores.items())
        print(f"origin {number + 1} of {task.n_splits}: {shown}", flush=True)
    return split


def _check_shape(found: np.ndarray, shape: tuple[int, ...], method: str) -> None:
    if found.shape != shape:
        raise ValueError(
            f"{method} returned an array of shape {found.shape}, where {shape} is expected."
        )


def _quantiles(
    forecaster: Any, given: Any, levels: np.ndarray, more: dict[str, Any], shape: tuple[int, ...]
) -> np.ndarray:
    """Return quantiles of the forecasts on the last axis."""
    if hasattr(forecaster, "predict_quantiles"):
        found = np.asarray(forecaster.predict_quantiles(given, levels, **more))
        _check_shape(found, (*shape, len(levels)), "predict_quantiles")
        return found
    paths = np.asarray(forecaster.sample_paths(given, random_state=0, **more))
    _check_shape(paths, (shape[0], paths.shape[1], *shape[1:]), "sample_paths")
    return np.moveaxis(np.quantile(paths, levels, axis=1), 0, -1)


# ------------------------------------------------------------------------------------------
# Scores


def _by_series(array: np.ndarray, n_axes: int) -> np.ndarray:
    """Return (n, horizon[, F], ...) as (n * F, horizon, ...), the values of a step apart."""
    if n_axes == 2:
        return array
    return np.moveaxis(array, 2, 1).reshape(-1, array.shape[1], *array.shape[3:])


class _Steps(NamedTuple):
    """What a metric is computed from: one entry for each series, the scored steps only."""

    true: list[np.ndarray]
    pred: list[np.ndarray]
    before: list[np.ndarray]
    bounds: list[list[np.ndarray]]
    quantiles: Mapping[str, list[np.ndarray]]
    naive2: list[np.ndarray]


def _score(
    split: _Split, before: list[np.ndarray], quantiles: Mapping[str, np.ndarray], task: _Task
) -> None:
    """Compute all metrics, over the true values that are known."""
    n_axes = split.truth.ndim
    truth, forecast = (_by_series(part, n_axes) for part in (split.truth, split.forecast))
    split.per_step = np.array([_mean(step) for step in np.abs(truth - forecast).T])
    known = ~np.isnan(truth)
    scored = np.flatnonzero(known.any(axis=1))
    n_values = len(truth) // len(before)  # per step

    def steps(array: np.ndarray) -> list[np.ndarray]:
        return [array[i][known[i]] for i in scored]

    bounds, naive2 = [], []
    pasts = [_interpolated(x) for past in before for x in past.reshape(len(past), -1).T]
    if split.interval is not None:
        bounds = [steps(_by_series(split.interval[..., k], n_axes)) for k in range(2)]
    if "owa" in task.metrics:
        reference = [naive_forecast(x, task.horizon, "naive2", (task.season,))[0] for x in pasts]
        naive2 = steps(np.stack(reference))
    given = _Steps(
        steps(truth),
        steps(forecast),
        [pasts[i] for i in scored],
        bounds,
        {name: steps(_by_series(own, n_axes)) for name, own in quantiles.items()},
        naive2,
    )
    for name, metric in task.metrics.items():
        if callable(metric):
            split.scores[name] = float(metric(split.truth, split.forecast))
        elif not len(scored):
            split.scores[name] = float("nan")
        else:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UndefinedMetricWarning)
                split.scores[name], own = _metric(name, given, task)
            lost = scored[np.isnan(own)]
            if len(lost):
                split.undefined[name] = {int(i) // n_values for i in lost}


def _metric(name: str, given: _Steps, task: _Task) -> tuple[float, np.ndarray]:
    """Return the mean of a metric over the series, and its value for each series.

    Of OWA, which is no mean over series, the latter are NaN where MASE is undefined.
    """
    true, pred, each = given.true, given.pred, {"average": None}
    scale: dict[str, Any] = {"y_train": given.before, "season": task.season}
    own: Any
    if name == "smape":
        own = symmetric_mean_absolute_percentage_error(true, pred, **each)
    elif name in ("mase", "owa"):
        own = mean_absolute_scaled_error(true, pred, **scale, **each)
    elif name == "msis":
        share = {"coverage": task.coverage}
        own = mean_scaled_interval_score(true, *given.bounds, **scale, **share, **each)
    elif name == "coverage":
        own = interval_coverage(true, *given.bounds, **each)
    elif name == "crps":
        levels, score = TWENTY, continuous_ranked_probability_score
        own = score(true, given.quantiles[name], quantiles=levels, **each)
    elif name in OF_QUANTILES:
        own = mean_quantile_loss(true, given.quantiles[name], quantiles=DECILES, **each)
    else:
        power = 2 if name == "rmse" else 1
        own = [(np.abs(y - f) ** power).mean() for y, f in zip(true, pred, strict=True)]
    own = np.asarray(own)
    if name == "owa":
        return overall_weighted_average(true, pred, given.naive2, **scale), own
    mean = _mean(own)
    return float(np.sqrt(mean)) if name == "rmse" else mean, own


def _interpolated(x: np.ndarray) -> np.ndarray:
    """Return the past of a series with its gaps filled linearly, for the scale of errors."""
    there = np.flatnonzero(~np.isnan(x))
    if not len(there):
        return np.zeros(len(x))
    return np.asarray(np.interp(np.arange(len(x)), there, x[there]))


def _warn_of_undefined(splits: Sequence[_Split], n_series: int, season: int) -> None:
    """Warn once for each metric of the series that it leaves out, and of origins without truth."""
    unknown = [
        str(number) for number, split in enumerate(splits, start=1) if np.isnan(split.truth).all()
    ]
    if unknown:
        warnings.warn(
            f"Scores are undefined and NaN at origin {', '.join(unknown)}: all true values of the "
            "steps that are forecast there are missing.",
            UndefinedMetricWarning,
            stacklevel=caller_level(),
        )
    for name in dict.fromkeys(name for split in splits for name in split.undefined):
        at = [split.undefined[name] for split in splits if name in split.undefined]
        found = sorted(set().union(*at))
        listed = ", ".join(f"X[{i}]" for i in found[:5]) + (", ..." if len(found) > 5 else "")
        every = "constant" if season == 1 else f"the same every {season} steps"
        warnings.warn(
            f"{name.upper()} is undefined for {len(found)} of {n_series} series ({listed}), at "
            f"{len(at)} of {_count(len(splits), 'origin')}: the values before are {every}, so that "
            "the naive forecast makes no error there to compare with. These series are left out "
            "of the mean, which is NaN if there is no other.",
            UndefinedMetricWarning,
            stacklevel=caller_level(),
        )
    exact = [
        str(number)
        for number, split in enumerate(splits, start=1)
        if np.isnan(split.scores.get("owa", 0.0)) and len(split.undefined.get("owa", ())) < n_series
    ]
    if exact:
        warnings.warn(
            f"OWA is undefined and NaN at origin {', '.join(exact)}: Naive2 makes no error there "
            "to compare with.",
            UndefinedMetricWarning,
            stacklevel=caller_level(),
        )


# ------------------------------------------------------------------------------------------
# Arguments


def _named(metrics: Any, coverage: float | None, forecaster: type) -> dict[str, Any]:
    """Return the metrics under their names, after checking that they can be computed."""
    listed = [metrics] if isinstance(metrics, str) or callable(metrics) else list(metrics)
    named: dict[str, Any] = {}
    for i, metric in enumerate(listed):
        if not (isinstance(metric, str) and metric in METRICS) and not callable(metric):
            lower = str(metric).lower()
            raise ValueError(
                f"metrics[{i}] is {plain(metric)!r}; accepted are callables and "
                f"{', '.join(map(repr, sorted(METRICS)))}."
                f"{f' Did you mean {lower!r}?' if lower in METRICS else ''}"
            )
        name = str(metric) if isinstance(metric, str) else getattr(metric, "__name__", "metric")
        if name in named:
            raise ValueError(f"metrics[{i}] has the name of another metric, {name!r}.")
        if name in OF_INTERVALS and isinstance(metric, str) and coverage is None:
            raise ValueError(
                f"metrics[{i}] is {name!r}, which needs prediction intervals: set their nominal "
                "coverage, such as coverage=0.9."
            )
        named[name] = name if isinstance(metric, str) else metric
    if coverage is not None and not hasattr(forecaster, "predict_interval"):
        raise TypeError(
            f"coverage={plain(coverage)!r} asks for prediction intervals, but "
            f"{forecaster.__name__} has no predict_interval."
        )
    of_quantiles = sorted(OF_QUANTILES & set(named))
    if of_quantiles and not (
        hasattr(forecaster, "predict_quantiles") or hasattr(forecaster, "sample_paths")
    ):
        raise TypeError(
            f"The metric {of_quantiles[0]!r} needs predict_quantiles or sample_paths, but "
            f"{forecaster.__name__} has neither."
        )
    return named


def _check_lengths(
    ragged: Ragged, horizon: int, n_splits: int, step: int, season: int, scaled: bool
) -> None:
    """Raise ValueError if a series is too short for the first origin."""
    least = season + 1 if scaled else 1
    needed = horizon + (n_splits - 1) * step + least
    short = np.flatnonzero(ragged.lengths < needed)
    if not len(short):
        return
    parts = [f"{horizon} to forecast"]
    if n_splits > 1:
        others = _count(n_splits - 1, "other origin")
        parts.append(f"{(n_splits - 1) * step} between the last origin and the {others}")
    scale = f", for the scale of errors with a season of {season}" if scaled else ""
    more = "" if len(short) == 1 else f" ({len(short)} of {len(ragged)} series are too short)"
    raise ValueError(
        f"X[{short[0]}] has {_count(int(ragged.lengths[short[0]]), 'step')}, but {needed} are "
        f"needed{more}: {', '.join(parts)}, and {least} before{scale}. Set a smaller n_splits or "
        "step, or leave out short series."
    )


def _read_covariates(covariates: Any, ragged: Ragged, horizon: int) -> list[Any] | None:
    """Return the covariates of each series, after checking their number of steps."""
    if covariates is None:
        return None
    items = as_container(covariates, "covariates")
    if len(getattr(items, "shape", (0, 0, 0))) not in (1, 3) or not hasattr(items, "__len__"):
        raise ValueError(
            "covariates must be a list with an array of shape (T_i, K) for each series, or an "
            f"array of shape (n_series, T, K), got {type(covariates).__name__}"
            f"{f' of shape {items.shape}' if hasattr(items, 'shape') else ''}."
        )
    items = list(items)
    if len(items) != len(ragged):
        raise ValueError(
            f"covariates holds {len(items)} arrays, but X {len(ragged)} series; each needs one."
        )
    for i, (item, n_steps) in enumerate(zip(items, ragged.lengths.tolist(), strict=True)):
        n_rows = _num_samples(item)
        if n_rows not in (n_steps, n_steps + horizon):
            raise ValueError(
                f"covariates[{i}] has {_count(n_rows, 'row')}, but X[{i}] has "
                f"{_count(n_steps, 'step')}; accepted are {n_steps}, or {n_steps + horizon} with "
                "the steps after the end."
            )
    return items
