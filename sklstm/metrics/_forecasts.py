"""Errors of forecasts, of prediction intervals and of predictive distributions of series.

Each metric has a value per series, the mean over its steps; the result is the mean of those.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from decimal import Decimal
from numbers import Integral, Real
from reprlib import repr as short
from typing import Any, Literal

import numpy as np
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.utils._param_validation import Interval, StrOptions, validate_params

from sklstm._callers import caller_level
from sklstm._sequences import (
    as_container,
    as_objects,
    check_entries,
    equal_but_for_rounding,
    is_missing,
    offsets,
    plain,
    positions,
)
from sklstm.metrics._steps import check_weights

Average = Literal["macro"] | None

LARGEST = 1e150  # of two numbers below it the product is finite
WEIGHTED = {"y_true": ["array-like"], "sample_weight": ["array-like", None]}
COMMON = {**WEIGHTED, "average": [StrOptions({"macro"}), None]}
SCALED = {
    "y_train": ["array-like"],
    "season": [Interval(Integral, 1, None, closed="left")],
}
QUANTILES = [Interval(Real, 0, 1, closed="both"), "array-like"]


# Forecasts of one number per step


@validate_params({**COMMON, "y_pred": ["array-like"]}, prefer_skip_nested_validation=True)
def symmetric_mean_absolute_percentage_error(
    y_true: Any, y_pred: Any, *, average: Average = "macro", sample_weight: Any = None
) -> float | np.ndarray:
    """Symmetric mean absolute percentage error (sMAPE) of forecasts, in percent.

    Absolute errors relative to the size of both numbers: for each series the mean of
    ``200 * |y_true - y_pred| / (|y_true| + |y_pred|)`` over its steps, as in the M4 competition
    [1]_. Lower is better.

    Parameters
    ----------
    y_true : array of shape (n_series, n_steps), or list, object array or Series of arrays of \
            shape (T_i,)
        The true numbers of each series at the steps that are forecast. Series may differ in their
        number of steps. An array of shape (n_steps,) is one series.
    y_pred : like y_true
        The forecasts of these steps.
    average : {"macro"} or None, default="macro"
        "macro" returns the mean over the series, None a value for each series.
    sample_weight : array-like of shape (n_series,), default=None
        Weights of the series in the mean. None gives all series the same weight, however many
        steps they have.

    Returns
    -------
    loss : float, or ndarray of shape (n_series,) if `average` is None
        From 0 to 200. A step at which both numbers are 0 counts as 0, and one at which one of them
        is 0 as 200, whatever the other is.

    Raises
    ------
    TypeError
        If an argument is not a collection of numbers.
    ValueError
        If an argument has another number of series or steps than `y_true`, a number is missing
        (NaN) or infinite, a series is empty, or a weight is negative. The message names the first
        offending series or step.

    See Also
    --------
    mean_absolute_scaled_error : Errors relative to those of a naive forecast; suits series with
        zeros and negative numbers.
    overall_weighted_average : sMAPE and MASE relative to those of a reference forecast.
    sklearn.metrics.mean_absolute_percentage_error : Relative to the true numbers only; a fraction.

    Notes
    -----
    Of two forecasts that are wrong by the same amount, the higher one has the lower sMAPE, as it
    has the larger divisor.

    References
    ----------
    .. [1] S. Makridakis, E. Spiliotis, V. Assimakopoulos (2020). The M4 Competition: 100,000 time
       series and 61 forecasting methods. International Journal of Forecasting 36(1), 54-74.

    Examples
    --------
    >>> from sklstm.metrics import symmetric_mean_absolute_percentage_error
    >>> y_true, y_pred = [[3.0, 5.0], [2.0, 2.0]], [[5.0, 5.0], [2.0, 6.0]]
    >>> symmetric_mean_absolute_percentage_error(y_true, y_pred)
    37.5
    >>> symmetric_mean_absolute_percentage_error(y_true, y_pred, average=None)
    array([25., 50.])
    """
    true = read_series(y_true, "y_true")
    weights = _weights(sample_weight, true)
    return _averaged(_smape(true, _read_like(true, y_pred, "y_pred")), average, weights)


@validate_params({**COMMON, **SCALED, "y_pred": ["array-like"]}, prefer_skip_nested_validation=True)
def mean_absolute_scaled_error(
    y_true: Any,
    y_pred: Any,
    *,
    y_train: Any,
    season: int = 1,
    average: Average = "macro",
    sample_weight: Any = None,
) -> float | np.ndarray:
    """Mean absolute scaled error (MASE): errors relative to those of the seasonal naive forecast.

    For each series the mean absolute error over its steps, divided by the mean absolute difference
    of values that are one season apart in `y_train` [1]_: the error that the seasonal naive
    forecast, which repeats the value of one season before, makes in the training part. With the
    season of each series it is the MASE of the M4 competition [2]_. Lower is better.

    Parameters
    ----------
    y_true : array of shape (n_series, n_steps), or list, object array or Series of arrays of \
            shape (T_i,)
        The true numbers of each series at the steps that are forecast. Series may differ in their
        number of steps. An array of shape (n_steps,) is one series.
    y_pred : like y_true
        The forecasts of these steps.
    y_train : like y_true
        The values of each series before the forecast, `season` + 1 of them or more. Only
        differences within a series are used.
    season : int, default=1
        Number of steps in a season: 24 for hourly values that vary with the time of day. 1 means
        no season: the naive forecast repeats the last value.
    average : {"macro"} or None, default="macro"
        "macro" returns the mean over the series, None a value for each series.
    sample_weight : array-like of shape (n_series,), default=None
        Weights of the series in the mean. None gives all series the same weight, however many
        steps they have.

    Returns
    -------
    loss : float, or ndarray of shape (n_series,) if `average` is None
        0 or greater. Below 1, errors are smaller than those of one-season-ahead naive forecasts in
        `y_train`. NaN for series without a scale, see Warns; the mean leaves them out, and is NaN
        if no series has one.

    Raises
    ------
    TypeError
        If an argument is not a collection of numbers.
    ValueError
        If arguments differ in their number of series or steps, a series of `y_train` is too short
        for `season`, a number is missing (NaN) or infinite, a series is empty, or a weight is
        negative. The message names the first offending series or step.

    Warns
    -----
    UndefinedMetricWarning
        If a series of `y_train` is constant, or repeats itself exactly every `season` steps. The
        naive forecast makes no error there, so that MASE is undefined.

    See Also
    --------
    symmetric_mean_absolute_percentage_error : Errors relative to the size of the numbers.
    mean_scaled_interval_score : The same scale, for prediction intervals.

    References
    ----------
    .. [1] R. J. Hyndman, A. B. Koehler (2006). Another look at measures of forecast accuracy.
       International Journal of Forecasting 22(4), 679-688.
    .. [2] S. Makridakis, E. Spiliotis, V. Assimakopoulos (2020). The M4 Competition: 100,000 time
       series and 61 forecasting methods. International Journal of Forecasting 36(1), 54-74.

    Examples
    --------
    Differences in `y_train` are 2, 1 and 3, and 2 on average; the errors are 1 and 2:

    >>> from sklstm.metrics import mean_absolute_scaled_error
    >>> y_train = [1.0, 3.0, 2.0, 5.0]
    >>> mean_absolute_scaled_error([6.0, 4.0], [5.0, 6.0], y_train=y_train)
    0.75

    Series of different lengths, and a season of two steps:

    >>> mean_absolute_scaled_error(
    ...     [[6.0, 4.0], [30.0]],
    ...     [[5.0, 6.0], [20.0]],
    ...     y_train=[[1.0, 3.0, 2.0, 5.0], [10.0, 20.0, 15.0]],
    ...     season=2,
    ...     average=None,
    ... )
    array([1., 2.])
    """
    true = read_series(y_true, "y_true")
    pred = _read_like(true, y_pred, "y_pred")
    weights = _weights(sample_weight, true)
    scales = _seasonal_scales(true, y_train, season, "MASE", average)
    return _averaged(_means(np.abs(true.values - pred.values), true) / scales, average, weights)


@validate_params(
    {
        **WEIGHTED,
        **SCALED,
        "y_pred": ["array-like"],
        "y_reference": ["array-like"],
    },
    prefer_skip_nested_validation=True,
)
def overall_weighted_average(
    y_true: Any,
    y_pred: Any,
    y_reference: Any,
    *,
    y_train: Any,
    season: int = 1,
    sample_weight: Any = None,
) -> float:
    """Overall weighted average (OWA) of sMAPE and MASE, each relative to that of a reference.

    ``(sMAPE / sMAPE_reference + MASE / MASE_reference) / 2``, where each of the four is the mean
    over all series. The M4 competition ranked point forecasts by it [1]_; the reference there is
    the naive forecast of the seasonally adjusted series (Naive 2). Lower is better.

    Parameters
    ----------
    y_true : array of shape (n_series, n_steps), or list, object array or Series of arrays of \
            shape (T_i,)
        The true numbers of each series at the steps that are forecast. Series may differ in their
        number of steps. An array of shape (n_steps,) is one series.
    y_pred : like y_true
        The forecasts of these steps.
    y_reference : like y_true
        The reference forecasts of these steps.
    y_train : like y_true
        The values of each series before the forecast, `season` + 1 of them or more.
    season : int, default=1
        Number of steps in a season, for the scale of MASE. 1 means no season.
    sample_weight : array-like of shape (n_series,), default=None
        Weights of the series in the means. None gives all series the same weight.

    Returns
    -------
    loss : float
        0 or greater, and 1 if `y_pred` equals `y_reference`. Errors are averaged over the series
        before they are compared, so there is no value per series.

    Raises
    ------
    TypeError, ValueError
        As in `mean_absolute_scaled_error`.

    Warns
    -----
    UndefinedMetricWarning
        If MASE is undefined for a series, see `mean_absolute_scaled_error`: both means of MASE
        leave it out. If the reference makes no error, OWA is NaN.

    See Also
    --------
    symmetric_mean_absolute_percentage_error : The first of the two.
    mean_absolute_scaled_error : The second.

    References
    ----------
    .. [1] S. Makridakis, E. Spiliotis, V. Assimakopoulos (2020). The M4 Competition: 100,000 time
       series and 61 forecasting methods. International Journal of Forecasting 36(1), 54-74.

    Examples
    --------
    Twice the sMAPE and twice the MASE of the reference:

    >>> from sklstm.metrics import overall_weighted_average
    >>> y_train, y_true = [1.0, 3.0, 2.0, 5.0], [6.0, 4.0]
    >>> overall_weighted_average(y_true, [2.0, 4.0], [6.0, 2.4], y_train=y_train)
    2.25
    """
    true = read_series(y_true, "y_true")
    pred = _read_like(true, y_pred, "y_pred")
    reference = _read_like(true, y_reference, "y_reference")
    weights = _weights(sample_weight, true)
    scales = _seasonal_scales(true, y_train, season, "MASE", "macro")
    smape, smape_of_reference = (
        float(_averaged(_smape(true, each), "macro", weights)) for each in (pred, reference)
    )
    mase, mase_of_reference = (
        float(_averaged(_means(np.abs(true.values - each.values), true) / scales, "macro", weights))
        for each in (pred, reference)
    )
    if smape_of_reference == 0 or mase_of_reference == 0:
        warnings.warn(
            "OWA is undefined and set to NaN: its divisors, sMAPE and MASE of y_reference, are "
            f"{smape_of_reference:.6g} and {mase_of_reference:.6g}.",
            UndefinedMetricWarning,
            stacklevel=caller_level(),
        )
        return float("nan")
    return (smape / smape_of_reference + mase / mase_of_reference) / 2


# Prediction intervals


@validate_params(
    {
        **COMMON,
        **SCALED,
        "lower": ["array-like"],
        "upper": ["array-like"],
        "coverage": [Interval(Real, 0, 1, closed="neither")],
    },
    prefer_skip_nested_validation=True,
)
def mean_scaled_interval_score(
    y_true: Any,
    lower: Any,
    upper: Any,
    *,
    y_train: Any,
    season: int = 1,
    coverage: float = 0.95,
    average: Average = "macro",
    sample_weight: Any = None,
) -> float | np.ndarray:
    """Mean scaled interval score (MSIS): width of intervals, and a penalty for numbers outside.

    For each series the mean of ``upper - lower + 2 / (1 - coverage) * distance`` over its steps,
    where ``distance`` is that of the true number from the interval, 0 inside: the interval score
    [1]_. It is divided by the scale of `mean_absolute_scaled_error`, as in the M4 competition
    [2]_. Lower is better.

    Parameters
    ----------
    y_true : array of shape (n_series, n_steps), or list, object array or Series of arrays of \
            shape (T_i,)
        The true numbers of each series at the steps that are forecast. Series may differ in their
        number of steps. An array of shape (n_steps,) is one series.
    lower, upper : like y_true
        Lower and upper bounds of the intervals.
    y_train : like y_true
        The values of each series before the forecast, `season` + 1 of them or more.
    season : int, default=1
        Number of steps in a season, for the scale. 1 means no season.
    coverage : float, default=0.95
        Nominal coverage of the intervals, between 0 and 1: how often they are meant to contain the
        true number. The default is that of M4.
    average : {"macro"} or None, default="macro"
        "macro" returns the mean over the series, None a value for each series.
    sample_weight : array-like of shape (n_series,), default=None
        Weights of the series in the mean. None gives all series the same weight, however many
        steps they have.

    Returns
    -------
    loss : float, or ndarray of shape (n_series,) if `average` is None
        0 or greater. NaN for series without a scale, see Warns; the mean leaves them out, and is
        NaN if no series has one.

    Raises
    ------
    TypeError, ValueError
        As in `mean_absolute_scaled_error`, and if a lower bound is above its upper bound.

    Warns
    -----
    UndefinedMetricWarning
        If a series of `y_train` is constant, or repeats itself exactly every `season` steps, so
        that there is no scale.

    See Also
    --------
    interval_coverage : How often the intervals contain the true number.
    mean_quantile_loss : For any quantiles, rather than the two bounds.

    References
    ----------
    .. [1] T. Gneiting, A. E. Raftery (2007). Strictly proper scoring rules, prediction, and
       estimation. Journal of the American Statistical Association 102, 359-378, section 6.2.
    .. [2] S. Makridakis, E. Spiliotis, V. Assimakopoulos (2020). The M4 Competition: 100,000 time
       series and 61 forecasting methods. International Journal of Forecasting 36(1), 54-74.

    Examples
    --------
    Two intervals of width 4, the second 1 below the true number, and a scale of 2:

    >>> from sklstm.metrics import mean_scaled_interval_score
    >>> y_train = [1.0, 3.0, 2.0, 5.0]
    >>> mean_scaled_interval_score(
    ...     [6.0, 7.0], [4.0, 2.0], [8.0, 6.0], y_train=y_train, coverage=0.75
    ... )
    4.0
    """
    true, low, high = _read_interval(y_true, lower, upper)
    weights = _weights(sample_weight, true)
    scales = _seasonal_scales(true, y_train, season, "MSIS", average)
    below, above = low.values - true.values, true.values - high.values
    outside = np.maximum(np.maximum(below, above), 0)
    scores = high.values - low.values + 2 / (1 - float(coverage)) * outside
    return _averaged(_means(scores, true) / scales, average, weights)


@validate_params(
    {**COMMON, "lower": ["array-like"], "upper": ["array-like"]},
    prefer_skip_nested_validation=True,
)
def interval_coverage(
    y_true: Any,
    lower: Any,
    upper: Any,
    *,
    average: Average = "macro",
    sample_weight: Any = None,
) -> float | np.ndarray:
    """Fraction of steps whose true number is within the prediction interval.

    It should be near the nominal coverage of the intervals. By itself it does not rank forecasts,
    as wide intervals contain everything; `mean_scaled_interval_score` does.

    Parameters
    ----------
    y_true : array of shape (n_series, n_steps), or list, object array or Series of arrays of \
            shape (T_i,)
        The true numbers of each series at the steps that are forecast. Series may differ in their
        number of steps. An array of shape (n_steps,) is one series.
    lower, upper : like y_true
        Lower and upper bounds of the intervals, which are part of them.
    average : {"macro"} or None, default="macro"
        "macro" returns the mean over the series, None a value for each series.
    sample_weight : array-like of shape (n_series,), default=None
        Weights of the series in the mean. None gives all series the same weight, however many
        steps they have; with their numbers of steps as weights, every step counts the same.

    Returns
    -------
    fraction : float, or ndarray of shape (n_series,) if `average` is None
        From 0 to 1.

    Raises
    ------
    TypeError
        If an argument is not a collection of numbers.
    ValueError
        If arguments differ in their number of series or steps, a lower bound is above its upper
        bound, a number is missing (NaN) or infinite, a series is empty, or a weight is negative.
        The message names the first offending series or step.

    See Also
    --------
    mean_scaled_interval_score : Rewards narrow intervals, too.

    Examples
    --------
    >>> from sklstm.metrics import interval_coverage
    >>> interval_coverage([6.0, 7.0, 3.0, 1.0], [4.0, 2.0, 3.0, 0.0], [8.0, 6.0, 5.0, 2.0])
    0.75
    """
    true, low, high = _read_interval(y_true, lower, upper)
    weights = _weights(sample_weight, true)
    within = (low.values <= true.values) & (true.values <= high.values)
    return _averaged(_means(within, true), average, weights)


# Predictive distributions


@validate_params(
    {**COMMON, "y_pred": ["array-like"], "quantiles": QUANTILES},
    prefer_skip_nested_validation=True,
)
def mean_quantile_loss(
    y_true: Any,
    y_pred: Any,
    *,
    quantiles: Any,
    average: Average = "macro",
    sample_weight: Any = None,
) -> float | np.ndarray:
    """Pinball loss of several predicted quantiles: the mean over quantiles, steps and series.

    For a prediction of the quantile q the loss is ``q * (y_true - y_pred)`` where it is too low,
    and ``(1 - q) * (y_pred - y_true)`` where it is too high [1]_. The result equals the mean of
    :func:`sklearn.metrics.mean_pinball_loss` over the quantiles. Lower is better.

    Parameters
    ----------
    y_true : array of shape (n_series, n_steps), or list, object array or Series of arrays of \
            shape (T_i,)
        The true numbers of each series at the steps that are forecast. Series may differ in their
        number of steps. An array of shape (n_steps,) is one series.
    y_pred : array of shape (n_series, n_steps, n_quantiles), or list, object array or Series of \
            arrays of shape (T_i, n_quantiles)
        The predicted quantiles of these steps, such as `LSTMRegressor.predict_quantiles` returns.
    quantiles : array-like of shape (n_quantiles,) or float
        The quantile that each entry of the last axis is, from 0 to 1, in the same order.
    average : {"macro"} or None, default="macro"
        "macro" returns the mean over the series, None a value for each series.
    sample_weight : array-like of shape (n_series,), default=None
        Weights of the series in the mean. None gives all series the same weight, however many
        steps they have.

    Returns
    -------
    loss : float, or ndarray of shape (n_series,) if `average` is None
        0 or greater, in the unit of `y_true`.

    Raises
    ------
    TypeError
        If an argument is not a collection of numbers.
    ValueError
        If arguments differ in their number of series, steps or quantiles, a quantile is not from 0
        to 1, a number is missing (NaN) or infinite, a series is empty, or a weight is negative.
        The message names the first offending series or step.

    See Also
    --------
    sklearn.metrics.mean_pinball_loss : For one quantile.
    continuous_ranked_probability_score : Twice this loss with evenly spaced quantiles.

    References
    ----------
    .. [1] R. Koenker, G. Bassett (1978). Regression quantiles. Econometrica 46(1), 33-50.

    Examples
    --------
    >>> from sklstm.metrics import mean_quantile_loss
    >>> y_true = [[10.0, 20.0]]
    >>> y_pred = [[[8.0, 10.0, 12.0], [16.0, 19.0, 22.0]]]
    >>> mean_quantile_loss(y_true, y_pred, quantiles=[0.25, 0.5, 0.75])
    0.5
    """
    true = read_series(y_true, "y_true")
    losses = _quantile_losses(true, y_pred, quantiles)
    return _averaged(_means(losses, true), average, _weights(sample_weight, true))


@validate_params(
    {**COMMON, "y_pred": ["array-like"], "quantiles": [None, *QUANTILES], "fair": ["boolean"]},
    prefer_skip_nested_validation=True,
)
def continuous_ranked_probability_score(
    y_true: Any,
    y_pred: Any,
    *,
    quantiles: Any = None,
    fair: bool = False,
    average: Average = "macro",
    sample_weight: Any = None,
) -> float | np.ndarray:
    """Continuous ranked probability score (CRPS) of predictive distributions, given by samples.

    The CRPS is the squared distance of the predicted distribution function from the step at the
    true number, integrated [1]_. For a prediction of a single number it is the absolute error. With
    `quantiles` it is approximated from predicted quantiles. Lower is better.

    Parameters
    ----------
    y_true : array of shape (n_series, n_steps), or list, object array or Series of arrays of \
            shape (T_i,)
        The true numbers of each series at the steps that are forecast. Series may differ in their
        number of steps. An array of shape (n_steps,) is one series.
    y_pred : array of shape (n_series, n_steps, n_samples), or list, object array or Series of \
            arrays of shape (T_i, n_samples)
        Samples of the predictive distribution, such as an ensemble or sample paths, of which
        `LSTMForecaster.sample_paths` has the steps on the last axis (``np.moveaxis(paths, 1, 2)``):
        each step is scored by itself. With `quantiles` its quantiles.
    quantiles : array-like of shape (n_quantiles,), float or None, default=None
        None means that `y_pred` consists of samples. Otherwise the quantile that each entry of the
        last axis is, from 0 to 1. They should be evenly spaced, as in ``(np.arange(n) + 0.5) / n``,
        for the result to be near the CRPS.
    fair : bool, default=False
        Whether the score of samples is an unbiased estimate of that of the distribution that they
        are drawn from [2]_. Otherwise the samples are taken for the distribution itself, whose
        score is worse, the fewer samples there are. Use it to compare ensembles of different sizes.
    average : {"macro"} or None, default="macro"
        "macro" returns the mean over the series, None a value for each series.
    sample_weight : array-like of shape (n_series,), default=None
        Weights of the series in the mean. None gives all series the same weight, however many
        steps they have.

    Returns
    -------
    loss : float, or ndarray of shape (n_series,) if `average` is None
        In the unit of `y_true`; 0 or greater, but for `fair`, which may be negative by chance.

    Raises
    ------
    TypeError
        If an argument is not a collection of numbers.
    ValueError
        If arguments differ in their number of series, steps, samples or quantiles, `fair` has less
        than two samples or is combined with `quantiles`, a quantile is not from 0 to 1, a number
        is missing (NaN) or infinite, a series is empty, or a weight is negative. The message names
        the first offending series or step.

    See Also
    --------
    mean_quantile_loss : Half the score of quantiles.
    mean_scaled_interval_score : For prediction intervals.

    Notes
    -----
    Samples x_1 to x_m are scored by the energy form of the CRPS, the mean of ``|x_i - y|`` minus
    half the mean of ``|x_i - x_j|``. The second mean is over all m**2 pairs, or with `fair` over
    the ``m * (m - 1)`` pairs of different samples. The pairs are summed up by sorting, in
    ``m * log(m)`` operations.

    Quantiles are scored by twice their mean pinball loss, which is the CRPS in the limit of
    infinitely many [3]_.

    References
    ----------
    .. [1] T. Gneiting, A. E. Raftery (2007). Strictly proper scoring rules, prediction, and
       estimation. Journal of the American Statistical Association 102, 359-378, section 4.2.
    .. [2] C. A. T. Ferro (2014). Fair scores for ensemble forecasts. Quarterly Journal of the Royal
       Meteorological Society 140, 1917-1923.
    .. [3] F. Laio, S. Tamea (2007). Verification tools for probabilistic forecasts of continuous
       hydrological variables. Hydrology and Earth System Sciences 11, 1267-1277.

    Examples
    --------
    One step of one series, and four samples:

    >>> from sklstm.metrics import continuous_ranked_probability_score
    >>> continuous_ranked_probability_score([[2.0]], [[[1.0, 2.0, 3.0, 4.0]]])
    0.375
    >>> continuous_ranked_probability_score([[2.0]], [[[1.0, 2.0, 3.0, 4.0]]], fair=True)
    0.1667
    """
    true = read_series(y_true, "y_true")
    weights = _weights(sample_weight, true)
    if quantiles is None:
        losses = _ensemble_losses(true, _read_like(true, y_pred, "y_pred", "sample"), fair)
    elif fair:
        raise ValueError("fair=True is for samples; with quantiles it has to be False.")
    else:
        losses = 2 * _quantile_losses(true, y_pred, quantiles)
    return _averaged(_means(losses, true), average, weights)


# Reading series


@dataclass(frozen=True)
class SeriesValues:
    """The numbers of all series, concatenated.

    Attributes
    ----------
    name : str
        Name of the argument, for error messages.
    values : ndarray of shape (total_steps,) or (total_steps, n_entries)
        Finite float64 numbers: one per step, or several samples or quantiles.
    lengths : ndarray of shape (n_series,)
        Number of steps of each series, 1 or more.
    is_one : bool
        Whether the argument was a single series, without an axis of series.
    """

    name: str
    values: np.ndarray
    lengths: np.ndarray
    is_one: bool

    def __len__(self) -> int:
        return len(self.lengths)

    def of(self, index: int) -> str:
        """Return the name of a series for the caller, such as ``y_true[17]``."""
        return self.name if self.is_one else f"{self.name}[{index}]"

    def place(self, row: int, *entry: int) -> str:
        """Return the name of a step, or of an entry of it, such as ``y_true[17][3]``."""
        index = int(np.searchsorted(np.cumsum(self.lengths), row, side="right"))
        step = row - int(offsets(self.lengths)[index])
        return self.of(index) + "".join(f"[{k}]" for k in (step, *entry))


def read_series(y: Any, name: str, entry: str | None = None) -> SeriesValues:
    """Read an argument that holds numbers for each step of each series.

    Parameters
    ----------
    y : array, list, Series or data frame
        A series per row or item, or a single one.
    name : str
        The name of the argument, for error messages.
    entry : str or None, default=None
        What the last axis holds, "sample" for instance. None: a step has one number.

    Raises
    ------
    TypeError, ValueError
        If it holds anything but finite numbers, or nothing; the message names the first such item.
    """
    given = as_container(y, name)
    check_entries(given, name)
    if len(getattr(given, "shape", ())) == 2:
        given = np.asarray(given)  # iterating over a data frame gives the names of its columns
    items = given if isinstance(given, np.ndarray) else list(given)
    n_axes = 1 if entry is None else 2  # of one series
    if isinstance(items, np.ndarray) and (items.dtype.kind != "O" or items.ndim > 1):
        array = _as_numbers(items, name)
        if array.ndim not in (n_axes, n_axes + 1):
            one = _shape(entry)
            hint = ""
            if array.ndim == n_axes + 2 and entry is None:
                hint = " Of several numbers per step score each by itself, such as y_true[..., 0]."
            raise ValueError(
                f"{name} has shape {array.shape}; accepted are (n_series, {one}), and ({one}) for "
                f"one series.{hint}"
            )
        is_one = array.ndim == n_axes
        arrays = [array] if is_one else list(array)
    elif entry is None and not any(_has_items(item) for item in items):
        is_one, arrays = True, [_as_numbers(items, name)]
    else:
        arrays = [_as_numbers(item, f"{name}[{i}]") for i, item in enumerate(items)]
        is_one = entry is not None and bool(arrays) and all(array.ndim == 1 for array in arrays)
        _check_shapes(arrays, name, n_axes - is_one, entry)
        arrays = [np.stack(arrays)] if is_one else arrays
    if not arrays:
        raise ValueError(f"{name} contains no series.")
    lengths = np.array([len(array) for array in arrays])
    if not lengths.all():
        empty = name if is_one else f"{name}[{int(np.argmin(lengths))}]"
        raise ValueError(f"{empty} is empty; a series has one step or more.")
    series = SeriesValues(name, np.concatenate(arrays), lengths, is_one)
    _check_finite(series)
    return series


def _shape(entry: str | None) -> str:
    return "n_steps" if entry is None else f"n_steps, n_{entry}s"


def _has_items(item: Any) -> bool:
    return hasattr(item, "__len__") and getattr(item, "ndim", 1) > 0


def _check_shapes(arrays: list[np.ndarray], name: str, n_axes: int, entry: str | None) -> None:
    """Check the items of a list: series, or the steps of one if they have one axis less."""
    one = "n_steps," if entry is None else _shape(entry)
    for i, array in enumerate(arrays):
        if array.ndim == 0:
            raise TypeError(
                f"{name}[{i}] is {short(plain(array))}; accepted is an array of shape ({one}) for "
                "each series."
            )
        if array.ndim != n_axes:
            raise ValueError(f"{name}[{i}] has shape {array.shape}; accepted is ({one}).")
        if entry is not None and array.shape[-1] != arrays[0].shape[-1]:
            raise ValueError(
                f"{name}[{i}] has {_count(array.shape[-1], entry)} per step, but {name}[0] has "
                f"{arrays[0].shape[-1]}."
            )


def _as_numbers(values: Any, place: str) -> np.ndarray:
    """Return numbers as float64; missing ones as NaN.

    numpy alone would read digits in strings as numbers, and not know pandas' NA.
    """
    try:
        array = np.asarray(values)
    except ValueError:  # lists of several lengths
        array = as_objects(values)
    if array.dtype.kind in "biuf":
        return array.astype(np.float64)
    objects = as_objects(values)
    numbers = np.full(objects.shape, np.nan)
    for index, entry in np.ndenumerate(objects):
        if isinstance(entry, Real | Decimal | np.bool_):
            numbers[index] = float(entry)
        elif not is_missing(entry):
            where = place + "".join(f"[{k}]" for k in index)
            raise TypeError(f"{where} is {short(plain(entry))}, not a number.")
    return numbers


def _check_finite(series: SeriesValues) -> None:
    bad = ~(np.abs(series.values) <= LARGEST)
    if not bad.any():
        return
    index = tuple(int(k) for k in np.argwhere(bad)[0])
    place, value = series.place(*index), float(series.values[index])
    if np.isnan(value) and series.name == "y_train":
        raise ValueError(
            f"{place} is missing (NaN); fill the gap. Without the step, those after it would move "
            "to another time of the season."
        )
    if np.isnan(value):
        raise ValueError(
            f"{place} is missing (NaN); leave out the step, in y_true and in all forecasts of it."
        )
    raise ValueError(
        f"{place} is {value}; accepted are finite numbers, up to {LARGEST:.0e} in magnitude."
    )


def _read_like(true: SeriesValues, y: Any, name: str, entry: str | None = None) -> SeriesValues:
    """Read an argument that has as many series and steps as `y_true`."""
    series = read_series(y, name, entry)
    if entry is not None and series.is_one and len(true) > 1:
        raise ValueError(
            f"{name} is read as one series, of the shape ({_shape(entry)}), but y_true holds "
            f"{len(true)} series; accepted is (n_series, {_shape(entry)})."
        )
    _check_as_many(series, true)
    other = np.flatnonzero(series.lengths != true.lengths)
    if len(other):
        i = int(other[0])
        hint = ""
        if entry is not None and series.values.shape[1] == true.lengths[i]:
            hint = f" The axis of the {entry}s is the last one: try np.moveaxis({name}, 1, 2)."
        raise ValueError(
            f"{series.of(i)} has {_count(series.lengths[i], 'step')}, but {true.of(i)} has "
            f"{true.lengths[i]}.{hint}"
        )
    return series


def _check_as_many(series: SeriesValues, true: SeriesValues) -> None:
    if len(series) != len(true):
        hint = ""
        if true.is_one and len(series) == true.lengths[0]:
            hint = (
                " A one-dimensional y_true is one series; for several of one step each reshape it, "
                "by y_true.reshape(-1, 1)."
            )
        raise ValueError(
            f"{series.name} holds {len(series)} series, but y_true holds {len(true)}.{hint}"
        )


def _read_interval(
    y_true: Any, lower: Any, upper: Any
) -> tuple[SeriesValues, SeriesValues, SeriesValues]:
    true = read_series(y_true, "y_true")
    low, high = _read_like(true, lower, "lower"), _read_like(true, upper, "upper")
    crossed = np.flatnonzero(low.values > high.values)
    if len(crossed):
        k = int(crossed[0])
        raise ValueError(
            f"{low.place(k)} is {low.values[k]}, above {high.place(k)}, which is {high.values[k]}."
        )
    return true, low, high


def _weights(sample_weight: Any, true: SeriesValues) -> np.ndarray | None:
    if sample_weight is None:
        return None
    given = as_container(sample_weight, "sample_weight")
    check_entries(given, "sample_weight")
    weights = check_weights(given, lambda i: f"sample_weight[{i}]")
    if weights.shape != (len(true),):
        raise ValueError(
            f"sample_weight has shape {weights.shape}; accepted is ({len(true)},), a weight for "
            "each series."
        )
    if not weights.sum() > 0:
        raise ValueError("sample_weight leaves no series a weight above 0.")
    return weights


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


# Computing the metrics


def _means(values: np.ndarray, series: SeriesValues) -> np.ndarray:
    """Return the mean over the steps of each series."""
    sums: np.ndarray = np.add.reduceat(values.astype(np.float64), offsets(series.lengths))
    return sums / series.lengths


def _averaged(
    scores: np.ndarray, average: Average, weights: np.ndarray | None
) -> float | np.ndarray:
    """Return the scores of the series, or the mean of those that are defined."""
    if average is None:
        return scores
    defined = ~np.isnan(scores)
    weights = defined.astype(np.float64) if weights is None else weights * defined
    if not weights.any():
        return float("nan")
    return float(np.average(np.where(defined, scores, 0), weights=weights))


def _smape(true: SeriesValues, pred: SeriesValues) -> np.ndarray:
    error = np.abs(true.values - pred.values)
    size = np.abs(true.values) + np.abs(pred.values)
    return _means(200 * np.divide(error, size, out=np.zeros_like(error), where=size > 0), true)


def _seasonal_scales(
    true: SeriesValues, y_train: Any, season: int, metric: str, average: Average
) -> np.ndarray:
    """Return the mean absolute difference over a season in each series; NaN where it is 0."""
    train = read_series(y_train, "y_train")
    _check_as_many(train, true)
    season = int(season)  # a small integer of numpy would overflow
    n_pairs = train.lengths - season
    if n_pairs.min() < 1:
        i = int(np.argmax(n_pairs < 1))
        raise ValueError(
            f"{train.of(i)} has {_count(train.lengths[i], 'value')}, but season={season} needs "
            f"{season + 1} or more: the scale is the mean difference of values one season apart."
        )
    # The value one season before may be of another series at the first steps of each.
    same_series = positions(train.lengths)[season:] >= season
    differences = np.abs(train.values[season:] - train.values[:-season])[same_series]
    starts = offsets(n_pairs)
    scales: np.ndarray = np.add.reduceat(differences, starts) / n_pairs
    widest = np.maximum.reduceat(differences, starts)
    size = np.maximum.reduceat(np.abs(train.values), offsets(train.lengths))
    undefined = equal_but_for_rounding(size - widest, size, np.dtype(np.float64))
    if undefined.any():
        _warn_of_no_scale(metric, np.flatnonzero(undefined), train, season, average)
    return np.where(undefined, np.nan, scales)


def _warn_of_no_scale(
    metric: str, undefined: np.ndarray, train: SeriesValues, season: int, average: Average
) -> None:
    every = "constant" if season == 1 else f"the same every {season} steps"
    names = ", ".join(train.of(int(i)) for i in undefined[:5])
    names += ", ..." if len(undefined) > 5 else ""
    of = "" if len(train) == 1 else f" for {len(undefined)} of {len(train)} series"
    mean = ""
    if average is not None and len(train) > 1:
        all_of_them = len(undefined) == len(train)
        mean = " So is the mean." if all_of_them else " The mean is that of the other series."
    warnings.warn(
        f"{metric} is undefined{of} and set to NaN: the values of {names} are {every}, so that the "
        f"naive forecast makes no error to compare with.{mean}",
        UndefinedMetricWarning,
        stacklevel=caller_level(),
    )


def _quantile_losses(true: SeriesValues, y_pred: Any, quantiles: Any) -> np.ndarray:
    """Return the mean pinball loss of the quantiles at each step."""
    levels = np.atleast_1d(_as_numbers(quantiles, "quantiles"))
    if levels.ndim != 1 or not len(levels):
        raise ValueError(f"quantiles has shape {levels.shape}; accepted is (n_quantiles,).")
    bad = np.flatnonzero(~((levels >= 0) & (levels <= 1)))
    if len(bad):
        raise ValueError(
            f"quantiles[{bad[0]}] is {levels[bad[0]]}; quantiles are numbers from 0 to 1."
        )
    pred = _read_like(true, y_pred, "y_pred", "quantile")
    if pred.values.shape[1] != len(levels):
        raise ValueError(
            f"y_pred has {_count(pred.values.shape[1], 'quantile')} per step, but quantiles has "
            f"{len(levels)}."
        )
    error = true.values[:, None] - pred.values  # (total_steps, n_quantiles)
    losses: np.ndarray = np.maximum(levels * error, (levels - 1) * error).mean(axis=1)
    return losses


def _ensemble_losses(true: SeriesValues, pred: SeriesValues, fair: bool) -> np.ndarray:
    """Return the CRPS of the samples at each step."""
    n_samples = pred.values.shape[1]
    if n_samples < 1 + fair:
        raise ValueError(
            f"y_pred has {_count(n_samples, 'sample')} per step; accepted are {1 + fair} or more "
            f"with fair={bool(fair)}."
        )
    # Sorted errors rather than samples, which may be large and close to each other.
    error = np.sort(pred.values - true.values[:, None], axis=1)  # (total_steps, n_samples)
    # In the sum of all differences of two, each number is counted once for every smaller one, and
    # subtracted once for every larger one.
    ranks = 2 * np.arange(n_samples) - (n_samples - 1)
    n_pairs = n_samples * (n_samples - 1 if fair else n_samples)
    losses: np.ndarray = np.abs(error).mean(axis=1) - error @ ranks / n_pairs
    return losses
