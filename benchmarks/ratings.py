"""Learn stars from film reviews: ordered classes beside plain ones, and beside numbers.

IMDB's reviews carry 1 to 10 stars (never 5 or 6). One network, trained as plain classes, as
ordered ones in two ways, and as a number that is rounded; beside TF-IDF with logistic
regression and with ridge regression::

    python benchmarks/ratings.py

All 25,000 reviews to train on and 25,000 to test. ``--validate`` scores on a held-out fifth of
the training reviews instead.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, cohen_kappa_score, mean_absolute_error
from sklearn.pipeline import make_pipeline

if not __package__:  # started as a file: find the package `benchmarks` all the same
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import _cli
from benchmarks._data import split
from benchmarks._measure import Model, Page, Problem, program

N_SEEDS = 2
STARS = np.array([1, 2, 3, 4, 7, 8, 9, 10])
PAGE = Page(
    "ratings",
    "Ratings, which have an order",
    {"mean absolute error": 3, "of the median": 3, "quadratic kappa": 3, "accuracy": 3},
    'Medians over the seeds, with the lowest and highest. Errors are in stars. "Of the median" '
    "takes the median of the predicted probabilities in place of the most probable class. "
    "Numbers are rounded to the nearest number of stars that occurs.",
)

# Short enough to run four losses with three seeds; the same for all.
TOKENS = {"max_features": 10_000, "max_length": 400}
NETWORK = {"conv_filters": 64, "conv_pool_size": 4, "max_epochs": 3}


def lstm(**params: Any) -> Any:
    """Return a function from a seed to a pipeline."""
    from sklstm import LSTMClassifier, SequenceTokenizer

    return lambda seed: make_pipeline(
        SequenceTokenizer(**TOKENS), LSTMClassifier(random_state=seed, **NETWORK, **params)
    )


def regressor(**params: Any) -> Any:
    from sklstm import LSTMRegressor, SequenceTokenizer

    return lambda seed: make_pipeline(
        SequenceTokenizer(**TOKENS),
        LSTMRegressor(random_state=seed, dropout=0.5, **NETWORK, **params),
    )


def tfidf(model: Any) -> Any:
    return lambda seed: make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), min_df=5, sublinear_tf=True), model
    )


MODELS = {
    "classes": Model("LSTM, plain cross-entropy", lstm()),
    "ordinal": Model('LSTM, loss="ordinal"', lstm(loss="ordinal")),
    "distance": Model('LSTM, loss="distance_weighted"', lstm(loss="distance_weighted")),
    "number": Model("LSTMRegressor, rounded", regressor()),
    "tfidf": Model(
        "TF-IDF + logistic regression", tfidf(LogisticRegression(C=10, max_iter=1000)), False
    ),
    "tfidf-number": Model("TF-IDF + ridge, rounded", tfidf(Ridge(alpha=0.3)), False),
}


def scores(model: Any, X: Any, y: np.ndarray) -> dict[str, float]:
    """Score predictions: labels as they are, numbers rounded to the nearest stars."""
    predicted = model.predict(X)
    found = {}
    if hasattr(model, "predict_proba"):
        below = model.predict_proba(X).cumsum(axis=1) < 0.5
        median = model.classes_[np.minimum(below.sum(axis=1), len(model.classes_) - 1)]
        found["of the median"] = float(mean_absolute_error(y, median))
    else:
        predicted = nearest_stars(predicted)
    return {
        "mean absolute error": float(mean_absolute_error(y, predicted)),
        **found,
        "quadratic kappa": float(cohen_kappa_score(y, predicted, weights="quadratic")),
        "accuracy": float(accuracy_score(y, predicted)),
    }


def nearest_stars(numbers: np.ndarray) -> np.ndarray:
    """Return the number of stars nearest to each number."""
    return STARS[np.abs(numbers[:, None] - STARS).argmin(axis=1)]


def load() -> tuple[Any, Any, Any, Any]:
    from sklstm.datasets import fetch_imdb

    train, test = fetch_imdb(subset="train"), fetch_imdb(subset="test")
    return train.data, train.ratings, test.data, test.ratings


def load_validation() -> tuple[Any, Any, Any, Any]:
    texts, stars, _, _ = load()
    return split(texts, stars, test_size=len(texts) // 5)


def main(argv: list[str] | None = None) -> int:
    args = parse(argv)
    source = load_validation if args.validate else load
    problem = Problem("imdb", "Stars of IMDB reviews: 8 of 1 to 10", source, MODELS, scores)
    return program(args, PAGE, [problem], N_SEEDS)


def parse(argv: list[str] | None) -> argparse.Namespace:
    return _cli.options(__doc__.splitlines()[0], list(MODELS)).parse_args(argv)


if __name__ == "__main__":
    _cli.run(main)
