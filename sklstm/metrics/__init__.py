"""Scores of predictions with one label a step, for sequences that may differ in length.

The functions compare labels; the scorers are what `scoring` of scikit-learn's `cross_validate` and
`GridSearchCV` takes. `clustering_accuracy` compares clusters with classes, one of each a sample.
"""

from sklstm.metrics._accuracy import token_accuracy_score
from sklstm.metrics._clustering import clustering_accuracy
from sklstm.metrics._scorers import span_f1_scorer, token_accuracy_scorer
from sklstm.metrics._spans import span_f1_score, span_precision_score, span_recall_score

__all__ = [
    "clustering_accuracy",
    "span_f1_score",
    "span_f1_scorer",
    "span_precision_score",
    "span_recall_score",
    "token_accuracy_score",
    "token_accuracy_scorer",
]
