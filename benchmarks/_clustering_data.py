"""The data sets that ``clustering.py`` clusters, whole: training and test parts joined."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np

from benchmarks._clustering_engines import pack
from benchmarks._data import TITLES, UCR

Kind = Literal["table", "series", "texts"]

# The four groups of scikit-learn's own example of clustering texts.
FOUR_GROUPS = ("alt.atheism", "comp.graphics", "sci.space", "talk.religion.misc")
INK = 16  # the most that a point of a digit holds


@dataclass(frozen=True)
class DataSet:
    """A data set: what it is, and where to get it; `short` is its column's head."""

    title: str
    short: str
    kind: Kind
    load: Callable[[], tuple[Any, np.ndarray]]


def digits_table() -> tuple[Any, np.ndarray]:
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    return X / INK, y


def digit_sequences() -> tuple[Any, np.ndarray]:
    from sklstm.datasets import load_digit_sequences

    X, y = load_digit_sequences(return_X_y=True)
    return X / INK, y


def ucr(name: str) -> tuple[Any, np.ndarray]:
    """Return all series of a set, each feature at mean 0 and variance 1 over all steps."""
    from sklstm import SequenceScaler
    from sklstm.datasets import fetch_ucr

    train, test = fetch_ucr(name), fetch_ucr(name, subset="test")
    X = SequenceScaler().fit_transform([*train.data, *test.data])
    return list(X), np.concatenate([train.target, test.target])


def newsgroups(groups: tuple[str, ...] | None = None) -> tuple[Any, np.ndarray]:
    from sklstm.datasets import fetch_newsgroups

    train, test = fetch_newsgroups(), fetch_newsgroups(subset="test")
    texts, y = [*train.data, *test.data], np.concatenate([train.target, test.target])
    rows = np.flatnonzero(np.isin(y, groups)) if groups else np.arange(len(y))
    return [texts[i] for i in rows], y[rows]


SETS = {
    "digits": DataSet("digits as 64 numbers", "digits, table", "table", digits_table),
    "digit-steps": DataSet(TITLES["digits"], "digits, steps", "series", digit_sequences),
    **{name: DataSet(TITLES[name], name, "series", partial(ucr, name)) for name in UCR},
    "newsgroups-4": DataSet(
        f"4 newsgroups: {', '.join(FOUR_GROUPS)}",
        "4 newsgroups",
        "texts",
        partial(newsgroups, FOUR_GROUPS),
    ),
    "newsgroups-20": DataSet("20 newsgroups", "20 newsgroups", "texts", newsgroups),
}


def stage(name: str, n_samples: int | None, folder: Path) -> tuple[Path, np.ndarray]:
    """Write a data set in a form that any environment reads, once; return its path and classes.

    The file holds no classes: who clusters can't look.
    """
    kind = SETS[name].kind
    path = folder / f"{name}.{'json' if kind == 'texts' else 'npz'}"
    classes = folder / f"{name}-classes.npy"
    if not path.exists():
        X, y = take(*SETS[name].load(), n_samples)
        if kind == "texts":
            path.write_text(json.dumps(list(X)), encoding="utf-8")
        else:
            np.savez(path, **(pack(X) if kind == "series" else {"table": X}))
        np.save(classes, y.astype(str))
    return path, np.load(classes)


def take(X: Any, y: np.ndarray, n_samples: int | None) -> tuple[Any, np.ndarray]:
    """Return so many samples, about as many of each class; all where `n_samples` is None."""
    from sklearn.model_selection import train_test_split

    if n_samples is None or n_samples >= len(y):
        return X, y
    rows, _ = train_test_split(np.arange(len(y)), train_size=n_samples, stratify=y, random_state=0)
    return [X[i] for i in rows] if isinstance(X, list) else X[rows], y[rows]
