"""Scorers for scikit-learn's model selection."""

from __future__ import annotations

from sklearn.metrics import make_scorer

from sklstm.metrics._accuracy import token_accuracy_score
from sklstm.metrics._spans import span_f1_score

token_accuracy_scorer = make_scorer(token_accuracy_score)
span_f1_scorer = make_scorer(span_f1_score)
