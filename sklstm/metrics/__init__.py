"""Metrics for predictions with one label per step, for clusters, and for forecasts.

Sequences may differ in length. The scorers are values for `scoring` in scikit-learn's
`cross_validate` and `GridSearchCV`. `clustering_accuracy` compares clusters with classes, one per
sample. Metrics of forecasts compare the steps of series with predicted numbers, intervals,
quantiles or samples.
"""

from sklstm.metrics._clustering import clustering_accuracy
from sklstm.metrics._forecasts import (
    continuous_ranked_probability_score,
    interval_coverage,
    mean_absolute_scaled_error,
    mean_quantile_loss,
    mean_scaled_interval_score,
    overall_weighted_average,
    symmetric_mean_absolute_percentage_error,
)
from sklstm.metrics._spans import (
    span_f1_score,
    span_f1_scorer,
    span_precision_score,
    span_recall_score,
)
from sklstm.metrics._steps import token_accuracy_score, token_accuracy_scorer

__all__ = [
    "clustering_accuracy",
    "continuous_ranked_probability_score",
    "interval_coverage",
    "mean_absolute_scaled_error",
    "mean_quantile_loss",
    "mean_scaled_interval_score",
    "overall_weighted_average",
    "span_f1_score",
    "span_f1_scorer",
    "span_precision_score",
    "span_recall_score",
    "symmetric_mean_absolute_percentage_error",
    "token_accuracy_score",
    "token_accuracy_scorer",
]
