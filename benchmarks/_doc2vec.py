"""Vectors of reviews by Doc2Vec, and a logistic regression on top: what two programs share.

Seconds are those of the processor: of one thread hardly more on a busy machine than on a quiet one.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks._contenders import TUNED
from benchmarks._data import DataSpec, load, load_unlabelled

WORD_COUNTS = {name: value for name, value in TUNED.items() if name not in ("C", "max_iter")}


@dataclass(frozen=True)
class Reviews:
    """Reviews to train and to score on, and those without a label."""

    train: list[str]
    y_train: np.ndarray
    test: list[str]
    y_test: np.ndarray
    unlabelled: list[str]


@dataclass(frozen=True)
class Vectors:
    """What one trained Doc2Vec makes of the reviews to train and to score on."""

    train: np.ndarray
    test: np.ndarray
    seconds: dict[str, float]


def reviews(*, validate: bool, n_train: int | None = None, n_test: int | None = None) -> Reviews:
    """Load IMDB; with `validate` films held out of the training reviews take the test's place."""
    spec = DataSpec("imdb", n_train, n_test, validate)
    return Reviews(*load(spec), load_unlabelled(spec))


def fit(params: dict[str, Any], data: Reviews, seed: int) -> tuple[Any, np.ndarray | None, float]:
    """Train Doc2Vec on the training and the unlabelled reviews, never on those to score on.

    Returns the vectorizer, the vectors that training left for the training reviews (None where
    there are only those of labels), and the seconds it took.
    """
    from sklstm import Doc2VecVectorizer

    # One thread, whose time on the processor is all of it.
    vectorizer = Doc2VecVectorizer(**params, random_state=seed, n_jobs=1)
    labels = [[label] for label in data.y_train.tolist()] + [[] for _ in data.unlabelled]
    y = None if vectorizer.tags == "texts" else labels
    start = time.process_time()
    vectorizer.fit([*data.train, *data.unlabelled], y)
    seconds = time.process_time() - start
    trained = None
    if vectorizer.tags != "labels":
        trained = vectorizer.model_.dv.vectors[: len(data.train)].copy()
    return vectorizer, trained, seconds


def inferred(vectorizer: Any, data: Reviews, fit_seconds: float) -> Vectors:
    """Return the vectors that `transform` gives to all labelled reviews."""
    start = time.process_time()
    train = vectorizer.transform(data.train)
    middle = time.process_time()
    test = vectorizer.transform(data.test)
    end = time.process_time()
    seconds = {"train": fit_seconds, "infer": middle - start, "infer_test": end - middle}
    return Vectors(train, test, seconds)


def scores(model: Any, X_test: Any, y_test: np.ndarray) -> dict[str, float]:
    """Return accuracy and log loss of a fitted classifier."""
    from sklearn.metrics import log_loss

    probabilities = model.predict_proba(X_test)
    right = model.classes_[probabilities.argmax(axis=1)] == y_test
    return {
        "accuracy": float(right.mean()),
        "log_loss": float(log_loss(y_test, probabilities)),
    }


def logistic(C: float, *, unit_length: bool = False) -> Any:
    """Return a logistic regression on numbers brought to one scale, of directions if asked for."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import Normalizer, StandardScaler

    steps = [Normalizer()] if unit_length else []
    return make_pipeline(*steps, StandardScaler(), LogisticRegression(C=C, max_iter=1000))


def joined(vectorizer: Any, weight: float, C: float) -> Any:
    """Return a pipeline on word counts beside the vectors of a trained vectorizer."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.frozen import FrozenEstimator
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import FeatureUnion, make_pipeline
    from sklearn.preprocessing import StandardScaler

    union = FeatureUnion(
        [
            ("counts", TfidfVectorizer(**WORD_COUNTS)),
            ("vectors", make_pipeline(FrozenEstimator(vectorizer), StandardScaler())),
        ],
        transformer_weights={"vectors": weight},
    )
    return make_pipeline(union, LogisticRegression(C=C, max_iter=1000))
