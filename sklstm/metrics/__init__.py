"""Metrics for predictions with one label per step, and for clusters.

Sequences may differ in length. The scorers are values for `scoring` in scikit-learn's
`cross_validate` and `GridSearchCV`. `clustering_accuracy` compares clusters with classes, one per
sample.
"""

from sklstm.metrics._clustering import clustering_accuracy
from sklstm.metrics._spans import (
    span_f1_score,
    span_f1_scorer,
    span_precision_score,
    span_recall_score,
)
from sklstm.metrics._steps import token_accuracy_score, token_accuracy_scorer

__all__ = [
    "clustering_accuracy",
    "span_f1_score",
    "span_f1_scorer",
    "span_precision_score",
    "span_recall_score",
    "token_accuracy_score",
    "token_accuracy_scorer",
]
