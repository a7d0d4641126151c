"""Learn stars from film reviews: ordered classes beside plain ones, and beside numbers.

IMDB's reviews carry 1 to 10 stars (never 5 or 6). One network, trained as plain classes, as
ordered ones in two ways, and as a number that is rounded; beside TF-IDF with logistic
regression and with ridge regression::

    python benchmarks/ratings.py

All 25,000 reviews to train on and 25,000 to test. ``--validate`` scores on a held-out fifth of
the training reviews instead.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, cohen_kappa_score, mean_absolute_error
from sklearn.pipeline import make_pipeline

if not __package__:  # started as a file: find the package `benchmarks` all the same
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks.data import split
from benchmarks.harness import VALIDATE, Contender, Problem, comparison

N_SEEDS = 2
STARS = np.array([1, 2, 3, 4, 7, 8, 9, 10])
DIGITS = {"mean absolute error": 3, "of the median": 3, "quadratic kappa": 3, "accuracy": 3}
NOTES = (
    'Medians over the seeds, with the lowest and highest. Errors are in stars. "Of the median" '
    "takes the median of the predicted probabilities in place of the most probable class. "
    "Numbers are rounded to the nearest number of stars that occurs."
)

# Short enough to run four losses with three seeds; the same for all.
TOKENS = {"max_features": 10_000, "max_length": 400}
NETWORK = {"conv_filters": 64, "conv_pool_size": 4, "max_epochs": 3}


def network(name: str, seed: int, **params: Any) -> Any:
    """Return a pipeline that ends with this class of sklstm."""
    import sklstm

    model = getattr(sklstm, name)(random_state=seed, **NETWORK, **params)
    return make_pipeline(sklstm.SequenceTokenizer(**TOKENS), model)


def tfidf(model: Any, seed: int) -> Any:
    return make_pipeline(TfidfVectorizer(ngram_range=(1, 2), min_df=5, sublinear_tf=True), model)


CLASSIFIER = partial(network, "LSTMClassifier")
LINEAR = LogisticRegression(C=10, max_iter=1000)
CONTENDERS = {
    "classes": Contender("LSTM, plain cross-entropy", CLASSIFIER),
    "ordinal": Contender('LSTM, loss="ordinal"', partial(CLASSIFIER, loss="ordinal")),
    "distance": Contender(
        'LSTM, loss="distance_weighted"', partial(CLASSIFIER, loss="distance_weighted")
    ),
    "number": Contender("LSTMRegressor, rounded", partial(network, "LSTMRegressor", dropout=0.5)),
    "tfidf": Contender("TF-IDF + logistic regression", partial(tfidf, LINEAR), n_seeds=0),
    "tfidf-number": Contender(
        "TF-IDF + ridge, rounded", partial(tfidf, Ridge(alpha=0.3)), n_seeds=0
    ),
}


def scores(model: Any, X: Any, y: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
    """Score predictions: labels as they are, numbers rounded to the nearest stars."""
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


def problems(validate: bool) -> list[Problem]:
    source = load_validation if validate else load
    return [Problem("imdb", "Stars of IMDB reviews: 8 of 1 to 10", source, CONTENDERS, scores)]


STUDY = comparison(
    problems,
    DIGITS,
    NOTES,
    N_SEEDS,
    name="ratings",
    title="Ratings, which have an order",
    about=__doc__,
    contenders=CONTENDERS,
    guide="docs/series.md",
    options=VALIDATE,
)

if __name__ == "__main__":
    STUDY.run()
