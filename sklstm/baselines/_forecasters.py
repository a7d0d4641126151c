"""Forecasters that need no network: naive forecasts, and ridge regression on lags."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.stats import norm
from sklearn.base import BaseEstimator, _fit_context
from sklearn.utils import Tags
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import _check_sample_weight, check_is_fitted

from sklstm._display import LinksToReference
from sklstm._naive import Strategy, filled, naive_forecast
from sklstm._sequences import Ragged, as_series, equal_but_for_rounding, plain

COUNT = Interval(Integral, 1, None, closed="left")
DECILES = tuple(float(k) for k in np.arange(1, 10) / 10)


class _Forecaster(LinksToReference, BaseEstimator):
    """Base of forecasters that treat each value of a step as a series of its own."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "horizon": [COUNT],
        "season_length": [COUNT, tuple, list],
    }

    horizon: int
    season_length: int | tuple[int, ...]
    n_features_in_: int
    _columns: tuple[Any, ...] | None

    def _read(self, X: Any) -> Ragged:
        """Return X as series, after checking that they have as many values per step as in fit."""
        name = type(self).__name__
        series = as_series(X, name, columns=self._columns)
        if series.n_features != self.n_features_in_:
            raise ValueError(
                f"X has {series.n_features} values per step, but {name} is expecting "
                f"{self.n_features_in_}, as in fit."
            )
        return series

    def _learn_form(self, series: Ragged) -> None:
        """Note the form of the series; at the end of fit, so that a failed one changes nothing."""
        self.n_features_in_, self._columns = series.n_features, series.columns

    def _seasons(self) -> tuple[int, ...]:
        """Return the seasons as a tuple of Python's integers, after checking them."""
        given = plain(self.season_length)
        seasons = (given,) if isinstance(given, Integral) else tuple(given)
        if not seasons:
            raise ValueError("season_length is empty; pass one number of steps or several.")
        for i, season in enumerate(seasons):
            if not isinstance(season, Integral) or isinstance(season, bool) or season < 1:
                raise ValueError(
                    f"season_length[{i}] is {season!r}; a season is an int of at least 1."
                )
            if i and season <= seasons[i - 1]:
                raise ValueError(
                    f"season_length[{i}] is {season}, not above season_length[{i - 1}], "
                    f"{seasons[i - 1]}; list the shortest season first."
                )
        return seasons

    def predict(self, X: Any, *, covariates: Any = None, static: Any = None) -> np.ndarray:
        """Forecast the next `horizon` values of each series.

        Parameters
        ----------
        X : sequences of shape (n_series,), (n_series, T) or (n_series, T, F)
            The past of each series, of those in fit or of others.
        covariates, static : object, default=None
            Ignored.

        Returns
        -------
        ndarray of shape (n_series, horizon), or (n_series, horizon, F) where steps have F values

        Raises
        ------
        ValueError
            If all values of a series are missing, or as in `fit`.
        """
        check_is_fitted(self)
        return self._each(X, lambda x: self._forecast(x)[0])

    def predict_interval(
        self, X: Any, coverage: float = 0.9, *, covariates: Any = None, static: Any = None
    ) -> np.ndarray:
        """Return the prediction interval of each value; see the notes of the class.

        Parameters
        ----------
        X : sequences of shape (n_series,), (n_series, T) or (n_series, T, F)
            The past of each series.
        coverage : float, default=0.9
            Probability that the true value is inside, between 0 and 1.
        covariates, static : object, default=None
            Ignored.

        Returns
        -------
        ndarray of shape (n_series, horizon, 2), or (n_series, horizon, F, 2)
            Lower and upper bound.

        Raises
        ------
        ValueError
            If `coverage` is not between 0 and 1, or as in `predict`.
        """
        check_is_fitted(self)
        if not isinstance(coverage, Real) or not 0 < coverage < 1:
            raise ValueError(
                f"coverage={plain(coverage)!r} must be a number between 0 and 1, such as 0.9."
            )
        ends = 0.5 + 0.5 * float(coverage) * np.array([-1.0, 1.0])
        return self._each(X, lambda x: self._at_quantiles(x, ends))

    def predict_quantiles(
        self, X: Any, quantiles: Any = None, *, covariates: Any = None, static: Any = None
    ) -> np.ndarray:
        """Return quantiles of the predictive distribution; see the notes of the class.

        Parameters
        ----------
        X : sequences of shape (n_series,), (n_series, T) or (n_series, T, F)
            The past of each series.
        quantiles : float or array-like of shape (n_quantiles,), default=None
            Probabilities, between 0 and 1. None for 0.1, 0.2, ..., 0.9.
        covariates, static : object, default=None
            Ignored.

        Returns
        -------
        ndarray of shape (n_series, horizon, n_quantiles), or (n_series, horizon, F, n_quantiles)
            In the order of `quantiles`.

        Raises
        ------
        ValueError
            If a quantile is not between 0 and 1, or as in `predict`.
        """
        check_is_fitted(self)
        given = np.atleast_1d(np.asarray(DECILES if quantiles is None else quantiles))
        if given.ndim != 1 or not len(given) or given.dtype.kind not in "if":
            raise ValueError(
                f"quantiles={plain(quantiles)!r} must be numbers between 0 and 1, such as "
                "[0.1, 0.5, 0.9]."
            )
        bad = np.flatnonzero(~((given > 0) & (given < 1)))
        if len(bad):
            raise ValueError(
                f"quantiles[{bad[0]}] is {plain(given[bad[0]])}; a quantile is a number above 0 "
                "and below 1."
            )
        return self._each(X, lambda x: self._at_quantiles(x, given))

    def _each(self, X: Any, forecast: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        """Forecast series by series and value by value.

        Parameters
        ----------
        X : sequences
            The series.
        forecast : callable
            Returns the forecast of a series of shape (n_steps,), which has a value or more, as an
            array of shape (horizon, ...).

        Returns
        -------
        ndarray of shape (n, horizon, ...), or (n, horizon, F, ...) where steps have F values
        """
        series = self._read(X)
        for i in range(len(series)):
            empty = np.isnan(series[i]).all(axis=0)
            if empty.any():
                column = "" if series.form.steps_are_numbers else f"[:, {int(np.argmax(empty))}]"
                raise ValueError(
                    f"X[{i}]{column} has no value to forecast from: all of its "
                    f"{series.lengths[i]} steps are missing (NaN)."
                )
        found = np.stack(
            [
                np.stack([forecast(values) for values in series[i].T], axis=1)
                for i in range(len(series))
            ]
        )
        return found[:, :, 0] if series.form.steps_are_numbers else found

    def _forecast(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the mean and the standard deviation of each step for a series (n_steps,)."""
        raise NotImplementedError

    def _at_quantiles(self, x: np.ndarray, quantiles: np.ndarray) -> np.ndarray:
        """Return quantiles of the normal distribution of each step, (horizon, n_quantiles)."""
        mean, deviation = self._forecast(x)
        found: np.ndarray = mean[:, None] + deviation[:, None] * norm.ppf(quantiles)
        return found

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.input_tags.allow_nan = True
        return tags


class NaiveForecaster(_Forecaster):
    """Forecasts that need no training: what every other forecaster has to outperform.

    Each series is forecast from its own past, which `predict` gets; `fit` checks its input and
    learns nothing. Where steps have several values, each is forecast by itself.

    Parameters
    ----------
    horizon : int, default=1
        Number of steps to forecast.
    strategy : {"seasonal", "last", "mean", "drift", "naive2"}, default="seasonal"
        How to forecast:

        - "seasonal" repeats the last season: the value of one season before.
        - "last" repeats the last value; so does "seasonal" with a `season_length` of 1.
        - "mean" is the mean of all values.
        - "drift" continues the line from the first to the last value.
        - "naive2" is the reference of the M4 competition [1]_: "last" for the seasonally adjusted
          series, seasonalised again. See Notes.
    season_length : int or tuple of int, default=1
        Number of steps in a season: 24 for hourly values that vary with the time of day. Of
        several, the shortest first, "seasonal" repeats the longest one that a series covers, and
        "naive2" adjusts for the first. Of a series that is shorter than a season, "seasonal"
        repeats the last value.

    Attributes
    ----------
    n_features_in_ : int
        Number of values per step.

    See Also
    --------
    RidgeForecaster : Learns from all series how the next values follow from the last ones.
    sklstm.backtest : Scores forecasters on the last parts of series.

    Notes
    -----
    Missing values (NaN) of the past are passed over: the last value is the last one that is there,
    that of one season before the last one at the same phase.

    Intervals and quantiles are those of a normal distribution around the forecast. Its standard
    deviation is that of the errors which the method makes one step ahead, "seasonal" one season
    ahead, within the past of each series; it grows with the number of steps as in table 5.2 of
    [2]_: with the square root of the steps for "last" and "naive2", and of the seasons for
    "seasonal"; for "drift" faster, for "mean" not at all. For "naive2" these are the errors of the
    adjusted series, and the distribution is seasonalised as the forecast is. Where there are no
    such errors, as in a series of one value, or where all are 0, the interval has no width.

    "naive2" tests the autocorrelation at a lag of one season, with a limit of 90%, in series of
    three seasons or more. If it is significant, the seasonal indices of a classical multiplicative
    decomposition divide the series. It repeats the last value where they are not defined: for
    series with numbers that are not positive. Missing values are filled with those before them for
    the test and the decomposition. The code of the competition computes autocorrelations up to a
    lag of ``10 * log10(n)`` only and takes series with a longer season for not seasonal, which is
    not done here; it concerns none of the competition's series.

    References
    ----------
    .. [1] S. Makridakis, E. Spiliotis, V. Assimakopoulos (2020). The M4 Competition: 100,000 time
       series and 61 forecasting methods. International Journal of Forecasting 36(1), 54-74.
    .. [2] R. J. Hyndman, G. Athanasopoulos (2021). Forecasting: principles and practice, third
       edition, sections 5.2 and 5.5. OTexts.

    Examples
    --------
    >>> from sklstm.baselines import NaiveForecaster
    >>> X = [[1.0, 5.0, 2.0, 6.0], [10.0, 20.0, 12.0, 22.0, 14.0]]
    >>> NaiveForecaster(3, season_length=2).fit(X).predict(X)
    array([[ 2.,  6.,  2.],
           [22., 14., 22.]])
    >>> NaiveForecaster(3, strategy="drift").fit(X).predict(X)
    array([[ 7.667,  9.333, 11.   ],
           [15.   , 16.   , 17.   ]])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **_Forecaster._parameter_constraints,
        "strategy": [StrOptions({"seasonal", "last", "mean", "drift", "naive2"})],
    }

    def __init__(
        self,
        horizon: int = 1,
        *,
        strategy: Strategy = "seasonal",
        season_length: int | tuple[int, ...] = 1,
    ):
        self.horizon = horizon
        self.strategy = strategy
        self.season_length = season_length

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: Any,
        y: Any = None,
        *,
        covariates: Any = None,
        static: Any = None,
        sample_weight: Any = None,
    ) -> Self:
        """Check the input; there is nothing to learn.

        Parameters
        ----------
        X : sequences of shape (n_series,), (n_series, T) or (n_series, T, F)
            The series: a list or object array of arrays of shape (T_i,) or (T_i, F), or one array.
            NaN is a missing value.
        y, covariates, static : object, default=None
            Ignored.
        sample_weight : array-like of shape (n_series,), default=None
            Checked, but without effect.

        Returns
        -------
        self : NaiveForecaster

        Raises
        ------
        ValueError
            If X is a single series, a series is empty, or holds an infinite number.
        """
        self._seasons()
        series = as_series(X, type(self).__name__, are_windows=y is not None)
        if sample_weight is not None:
            _check_sample_weight(sample_weight, series.lengths)
        self._learn_form(series)
        return self

    def _forecast(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the mean and the standard deviation of each step."""
        return naive_forecast(x, int(self.horizon), self.strategy, self._seasons())


class RidgeForecaster(_Forecaster):
    """Ridge regression from the last values of a series to the next ones.

    One linear model for all series and all steps of the horizon: windows of every series are its
    samples, the last value of each window is subtracted and its standard deviation divides it, so
    that series of any level and scale can be learned from together. Where steps have several
    values, each is a series of its own. Such linear models are hard to outperform for long horizons
    [1]_.

    Parameters
    ----------
    horizon : int, default=1
        Number of steps to forecast.
    n_lags : "auto" or int, default="auto"
        Number of past values that a forecast is computed from. "auto" is two of the longest season,
        or two horizons if these are longer, and 16 or more; but at most half of the steps that
        series of median length have before a horizon.
    season_length : int or tuple of int, default=1
        Number of steps in a season; several with the shortest first. Only ``n_lags="auto"`` depends
        on it.

    Attributes
    ----------
    n_lags_ : int
        The number of past values.
    alpha_ : float
        Strength of the penalty. It is chosen by the squared error on the last fifth of the windows
        of each series, after fits on those that end before; 10 if there are too few windows.
    coef_ : ndarray of shape (horizon, number of lags)
        Weights of the past values, the oldest one first, for scaled windows.
    intercept_ : ndarray of shape (horizon,)
        Intercepts, for scaled windows.
    n_features_in_ : int
        Number of values per step.

    See Also
    --------
    NaiveForecaster : Needs no training.
    sklstm.make_windows : Cuts windows and labels out of series, for any regressor.

    Notes
    -----
    A missing value (NaN) of the past is replaced by the one before it; windows whose next values
    are incomplete are left out of the training. A series shorter than `n_lags_` is extended by
    its first value. Constant windows, which have no scale, are not trained on, and their value is
    the forecast.

    Intervals and quantiles are those of a normal distribution around the forecast, whose standard
    deviation at each step of the horizon is the root mean squared error on the last fifth of the
    windows, times the standard deviation of the window.

    References
    ----------
    .. [1] A. Zeng, M. Chen, L. Zhang, Q. Xu (2023). Are Transformers effective for time series
       forecasting? AAAI Conference on Artificial Intelligence 37, 11121-11128, section 4.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.baselines import RidgeForecaster
    >>> X = [np.sin(0.5 * np.arange(80)), 100 + 9 * np.cos(0.5 * np.arange(60))]
    >>> model = RidgeForecaster(3, n_lags=4).fit(X)
    >>> model.predict(X).round(1)
    array([[  0.7,   0.3,  -0.2],
           [101.4, 105.5, 108.2]])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **_Forecaster._parameter_constraints,
        "n_lags": [StrOptions({"auto"}), Interval(Integral, 2, None, closed="left")],
    }

    n_lags_: int
    alpha_: float
    coef_: np.ndarray
    intercept_: np.ndarray

    def __init__(
        self,
        horizon: int = 1,
        *,
        n_lags: int | str = "auto",
        season_length: int | tuple[int, ...] = 1,
    ):
        self.horizon = horizon
        self.n_lags = n_lags
        self.season_length = season_length

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: Any,
        y: Any = None,
        *,
        covariates: Any = None,
        static: Any = None,
        sample_weight: Any = None,
    ) -> Self:
        """Learn how the next values follow from the last ones.

        Parameters
        ----------
        X : sequences of shape (n_series,), (n_series, T) or (n_series, T, F)
            The series: a list or object array of arrays of shape (T_i,) or (T_i, F), or one array.
            NaN is a missing value.
        y, covariates, static : object, default=None
            Ignored.
        sample_weight : array-like of shape (n_series,), default=None
            Weights of the windows of each series. None weights all windows equally.

        Returns
        -------
        self : RidgeForecaster

        Raises
        ------
        ValueError
            If no series has `n_lags` values and `horizon` more; if X is a single series; if a
            series is empty or holds an infinite number.
        """
        seasons, horizon = self._seasons(), int(self.horizon)
        series = as_series(X, type(self).__name__, are_windows=y is not None)
        weights = _check_sample_weight(sample_weight, series.lengths, dtype=np.float64)
        used = np.flatnonzero(weights > 0)
        n_lags = self.n_lags
        if isinstance(n_lags, str):
            half = (int(np.median(series.lengths[used])) - horizon) // 2 if len(used) else 1
            n_lags = max(1, min(max(2 * seasons[-1], 2 * horizon, 16), half))
        n_lags = int(n_lags)
        longest = int(series.lengths[used].max(initial=0))
        if longest < n_lags + horizon:
            raise ValueError(
                f"X has no series of {n_lags + horizon} steps, n_lags={n_lags} values and the "
                f"horizon={horizon} after them, to learn from; the longest one has {longest}."
            )
        before, between, after = (_Sums(n_lags, horizon) for _ in range(3))
        for i in used.tolist():
            for values in series[i].T:
                lags, targets = _windows(values, n_lags, horizon)
                n_after = max(round(HELD_OUT * len(lags)), min(1, len(lags) - 1), 0)
                start = len(lags) - n_after  # the first window that is held out
                end = max(0, start - horizon + 1)  # windows before have ended when it begins
                for part, rows in (
                    (before, slice(end)),
                    (between, slice(end, start)),
                    (after, slice(start, None)),
                ):
                    part.add(lags[rows], targets[rows], weights[i])
        every = before + between + after
        self.n_lags_, self.alpha_ = n_lags, 10.0
        learned, judge = every, every
        if before.weight and after.weight:
            learned, judge = before, after
            errors = [judge.squared_errors(learned.solve(alpha)).sum() for alpha in ALPHAS]
            self.alpha_ = float(ALPHAS[int(np.argmin(errors))])
        squares = judge.squared_errors(learned.solve(self.alpha_)) / (judge.weight or 1.0)
        self._deviations = np.sqrt(squares)
        solution = every.solve(self.alpha_)
        self.intercept_, self.coef_ = solution[0], solution[1:].T.copy()
        self._learn_form(series)
        return self

    def _forecast(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the mean and the standard deviation of each step."""
        window = filled(x)[-self.n_lags_ :]
        window = np.pad(window, (self.n_lags_ - len(window), 0), mode="edge")
        level, scale = (float(part[0]) for part in _scales(window[None]))
        mean = self.coef_ @ ((window - level) / (scale or 1.0)) + self.intercept_
        return level + scale * mean, scale * self._deviations


ALPHAS = np.logspace(-2, 6, 9)
HELD_OUT = 0.2  # of the windows of each series, to choose a penalty by


def _scales(windows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the level and the scale of each window; the scale of a constant one is 0."""
    low, high = windows.min(axis=1), windows.max(axis=1)
    constant = equal_but_for_rounding(low, high, windows.dtype)
    return windows[:, -1], np.where(constant, 0.0, windows.std(axis=1))


def _windows(x: np.ndarray, n_lags: int, horizon: int) -> tuple[np.ndarray, np.ndarray]:
    """Return scaled windows of a series and the values after them, where these are known."""
    if len(x) < n_lags + horizon or np.isnan(x).all():
        return np.empty((0, n_lags)), np.empty((0, horizon))
    lags = sliding_window_view(filled(x)[:-horizon], n_lags)
    targets = sliding_window_view(x[n_lags:], horizon)
    levels, scales = _scales(lags)
    kept = (scales > 0) & ~np.isnan(targets).any(axis=1)
    levels, scales = levels[kept, None], scales[kept, None]
    return (lags[kept] - levels) / scales, (targets[kept] - levels) / scales


class _Sums:
    """Sums over windows, from which ridge regressions and their errors can be computed."""

    def __init__(self, n_lags: int, horizon: int):
        self.weight = 0.0
        self.products = np.zeros((n_lags + 1, n_lags + 1))  # of inputs, a column of ones first
        self.moments = np.zeros((n_lags + 1, horizon))  # of inputs and targets
        self.squares = np.zeros(horizon)  # of targets

    def add(self, lags: np.ndarray, targets: np.ndarray, weight: float) -> None:
        """Add windows."""
        inputs = np.concatenate([np.ones((len(lags), 1)), lags], axis=1)
        self.weight += weight * len(lags)
        self.products += weight * inputs.T @ inputs
        self.moments += weight * inputs.T @ targets
        self.squares += weight * np.square(targets).sum(axis=0)

    def __add__(self, other: _Sums) -> _Sums:
        total = _Sums(len(self.products) - 1, len(self.squares))
        for name in vars(total):
            setattr(total, name, getattr(self, name) + getattr(other, name))
        return total

    def solve(self, alpha: float) -> np.ndarray:
        """Return the intercepts, in the first row, and coefficients of a ridge regression.

        All are 0 if there is no window.
        """
        if not self.weight:
            return np.zeros_like(self.moments)
        penalty = np.full(len(self.products), alpha)
        penalty[0] = 0.0
        found: np.ndarray = np.linalg.solve(self.products + np.diag(penalty), self.moments)
        return found

    def squared_errors(self, solution: np.ndarray) -> np.ndarray:
        """Return the weighted sum of squared errors of a regression at each step."""
        explained = (solution * (2 * self.moments - self.products @ solution)).sum(axis=0)
        errors: np.ndarray = np.maximum(self.squares - explained, 0.0)
        return errors
