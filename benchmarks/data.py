"""The data sets of the benchmarks, whole or sliced, with what the models are scored on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

SPLIT_SEED = 0

Parts = tuple[Any, np.ndarray, Any, np.ndarray]  # X_train, y_train, X_test, y_test

TITLES = {
    "imdb": "IMDB film reviews",
    "trec": "TREC questions",
    "newsgroups": "20 newsgroups",
    "digits": "digits as 8 steps of 8 numbers",
    "polarity": "200 of the Pang-Lee polarity sentences",
    "JapaneseVowels": "JapaneseVowels: 9 speakers, 12 features, 7 to 29 steps",
    "PickupGestureWiimoteZ": "PickupGestureWiimoteZ: 10 people, 29 to 361 steps",
    "GunPoint": "GunPoint: 2 gestures, 150 steps",
    "ItalyPowerDemand": "ItalyPowerDemand: 2 seasons, 24 steps",
}
UCR = ("JapaneseVowels", "PickupGestureWiimoteZ", "GunPoint", "ItalyPowerDemand")


@dataclass(frozen=True)
class DataSpec:
    """Which data to train and score on.

    `n_train` and `n_test` are sizes of balanced, seeded slices; None takes all. `validate` scores
    on a fifth of the training data and leaves the test data alone: a stratified draw, or for IMDB
    reviews that are of other films within their class.
    """

    name: str  # a key of `TITLES`
    n_train: int | None = None
    n_test: int | None = None
    validate: bool = False


def load(spec: DataSpec) -> Parts:
    """Return the parts of a data set; raise OSError if it is neither found nor to be downloaded."""
    if spec.validate and spec.name == "imdb":
        X_train, y_train, X_test, y_test = held_out_films()
    else:
        X_train, y_train, X_test, y_test = LOADERS[spec.name]()
        if spec.validate:
            X_train, y_train, X_test, y_test = split(X_train, y_train, test_size=0.2)
    X_train, y_train = _slice(X_train, y_train, spec.n_train)
    X_test, y_test = _slice(X_test, y_test, spec.n_test)
    return X_train, y_train, X_test, y_test


def load_unlabelled(spec: DataSpec) -> list[str]:
    """Return texts without labels: two for each labelled one, as in the whole of IMDB."""
    from sklstm.datasets import fetch_imdb

    if spec.name != "imdb":
        raise ValueError(f"there are no unlabelled texts for {spec.name!r}")
    texts = fetch_imdb(subset="unsup").data
    return texts if spec.n_train is None else texts[: 2 * spec.n_train]


def held_out_films() -> Parts:
    """Return IMDB's training reviews, the last fifth of each class held out.

    The reviews of one film, at most 30 of a class, have neighbouring numbers, so that within a
    class those held out are of other films than those to train on; a film's praise may still be
    on one side and its blame on the other. A random split has a film's praise on both sides,
    where a network can learn it by the names of its actors (`benchmarks/films.py`).
    """
    from sklstm.datasets import fetch_imdb

    train = fetch_imdb(subset="train")  # sorted by class, then by number
    held_out = np.zeros(len(train.target), dtype=bool)
    for label in np.unique(train.target):
        rows = np.flatnonzero(train.target == label)
        held_out[rows[len(rows) * 4 // 5 :]] = True

    def part(chosen: np.ndarray) -> tuple[list[str], np.ndarray]:
        return [train.data[i] for i in np.flatnonzero(chosen)], train.target[chosen]

    return *part(~held_out), *part(held_out)


def fetch(name: str, *args: Any) -> Parts:
    """Return both parts of what a function of sklstm.datasets fetches."""
    from sklstm import datasets

    train, test = (
        getattr(datasets, f"fetch_{name}")(*args, subset=part) for part in ("train", "test")
    )
    return train.data, train.target, test.data, test.target


def _digits() -> Parts:
    from sklstm.datasets import load_digit_sequences

    return split(*load_digit_sequences(return_X_y=True), test_size=500)


def _polarity() -> Parts:
    from sklstm.datasets import load_polarity

    return split(*load_polarity(return_X_y=True), test_size=50)


LOADERS: dict[str, Callable[[], Parts]] = {
    "imdb": partial(fetch, "imdb"),
    "trec": partial(fetch, "trec"),
    "newsgroups": partial(fetch, "newsgroups"),
    "digits": _digits,
    "polarity": _polarity,
    **{name: partial(fetch, "ucr", name) for name in UCR},
}


def split(X: Any, y: np.ndarray, test_size: int | float) -> Parts:
    from sklearn.model_selection import train_test_split

    X_train, X_test, y_train, y_test = train_test_split(
        X, y, test_size=test_size, stratify=y, random_state=SPLIT_SEED
    )
    return X_train, y_train, X_test, y_test


def _slice(X: Any, y: np.ndarray, size: int | None) -> tuple[Any, np.ndarray]:
    if size is None or size >= len(y):
        return X, y
    return split(X, y, test_size=size)[2:]
