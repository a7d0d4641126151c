"""The data sets of the benchmarks, whole or sliced, with what the models are scored on."""

from __future__ import annotations

import json
import lzma
import os
from collections.abc import Callable
from dataclasses import astuple, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

SPLIT_SEED = 0
N_SMS_FOLDS = 5

Parts = tuple[Any, Any, Any, Any]  # X_train, y_train, X_test, y_test
SMS = tuple(f"sms-{fold}" for fold in range(N_SMS_FOLDS))

TITLES = {
    "imdb": "IMDB film reviews",
    "trec": "TREC questions",
    "newsgroups": "20 newsgroups",
    "subj": "SUBJ: is a sentence subjective",
    "snips": "SNIPS: 7 intents",
    **{name: f"SMS spam, fold {fold + 1}" for fold, name in enumerate(SMS)},
    "r52": "R52: 52 topics of news",
    "digits": "digits as 8 steps of 8 numbers",
    "polarity": "200 of the Pang-Lee polarity sentences",
    "JapaneseVowels": "JapaneseVowels: 9 speakers, 12 features, 7 to 29 steps",
    "PickupGestureWiimoteZ": "PickupGestureWiimoteZ: 10 people, 29 to 361 steps",
    "GunPoint": "GunPoint: 2 gestures, 150 steps",
    "ItalyPowerDemand": "ItalyPowerDemand: 2 seasons, 24 steps",
    "Coffee": "Coffee: 2 kinds, 286 steps",
    "Trace": "Trace: 4 kinds of transients, 275 steps",
    "OSULeaf": "OSULeaf: 6 kinds of leaves, 427 steps",
    "PLAID": "PLAID: 11 appliances, 100 to 1,344 steps",
    "ACSF1": "ACSF1: 10 appliances, 1,460 steps",
    "Covid3Month": "Covid3Month: 84 days, one number",
    "Tecator": "Tecator: 100 wavelengths, one number",
    "adding": "The adding problem, 100 steps",
    "lines": "LinES: 17 parts of speech",
    "snips-slots": "SNIPS: slots",
}
UCR = ("JapaneseVowels", "PickupGestureWiimoteZ", "GunPoint", "ItalyPowerDemand")
MORE_UCR = ("Coffee", "Trace", "OSULeaf", "PLAID", "ACSF1", "Covid3Month", "Tecator")


@dataclass(frozen=True)
class DataSpec:
    """Which data to train and score on.

    `n_train` and `n_test` are sizes of balanced, seeded slices; None takes all. `validate` scores
    on a fifth of the training data and leaves the test data alone: a stratified draw, for IMDB
    reviews that are of other films within their class, or the development part if there is one.
    """

    name: str  # a key of `TITLES`
    n_train: int | None = None
    n_test: int | None = None
    validate: bool = False

    @property
    def file(self) -> str:
        """The name of a file for these parts."""
        return f"{'-'.join(map(str, astuple(self)))}.npz"


def load(spec: DataSpec) -> Parts:
    """Return the parts of a data set; raise OSError if it is neither found nor to be downloaded."""
    if spec.validate and spec.name in HELD_OUT:
        X_train, y_train, X_test, y_test = HELD_OUT[spec.name]()
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


def _file(*path: str) -> Path:
    """Return the path of a file in SKLSTM_DATA, for data that no public function reads."""
    root = os.environ.get("SKLSTM_DATA")
    found = Path(root or "", *path)
    if not root or not found.exists():
        raise OSError(f"{Path(*path)} not found in the directory that SKLSTM_DATA names: {root}")
    return found


def _lines_of(*path: str, encoding: str = "utf-8") -> list[str]:
    # Not `str.splitlines`: SUBJ has signs inside its lines that it would split at.
    return _file(*path).read_text(encoding=encoding).removesuffix("\n").split("\n")


def _subj() -> Parts:
    """Return SUBJ in a random order that is always the same, the last tenth for testing."""
    labels = ("objective", "subjective")
    texts = [_lines_of("text", f"subj.{label}", encoding="latin-1") for label in labels]
    X, y = [*texts[0], *texts[1]], np.repeat(labels, [len(own) for own in texts])
    order = np.random.RandomState(SPLIT_SEED).permutation(len(X))
    train, test = np.split(order, [len(X) - len(X) // 10])
    return take(X, train), y[train], take(X, test), y[test]


def _snips(part: str = "test") -> Parts:
    """Return SNIPS' requests and their intents."""
    parts = [
        (_lines_of("snips", f"{name}.seq.in"), np.array(_lines_of("snips", f"{name}.label")))
        for name in ("train", part)
    ]
    return *parts[0], *parts[1]


def _snips_slots(part: str = "test") -> Parts:
    """Return the words of SNIPS' requests and their tags, in the scheme IOB2."""
    words, tags, asked, y = (
        [line.split() for line in _lines_of("snips", f"{name}.seq.{side}")]
        for name in ("train", part)
        for side in ("in", "out")
    )
    return words, tags, asked, y


def _sms(fold: int) -> Parts:
    """Return the messages with one of five stratified folds to be scored on."""
    from sklearn.model_selection import StratifiedKFold

    rows = [line.split("\t", 1) for line in _lines_of("sms", "SMSSpamCollection")]
    X, y = [text for _, text in rows], np.array([label for label, _ in rows])
    folds = StratifiedKFold(N_SMS_FOLDS, shuffle=True, random_state=SPLIT_SEED).split(y, y)
    train, test = list(folds)[fold]
    return take(X, train), y[train], take(X, test), y[test]


def _r52() -> Parts:
    parts: list[Any] = []
    for name in ("train", "test"):
        path = _file("r52", f"reuters-r52-{name}.jsonl.xz")
        with lzma.open(path, "rt", encoding="utf-8") as file:
            rows = [json.loads(line) for line in file]
        parts += [[row["text"] for row in rows], np.array([row["label"] for row in rows])]
    return tuple(parts)


def lines(part: str = "test") -> Parts:
    """Return the sentences of English LinES to train on, and a part to score on."""
    from sklstm.datasets import fetch_ud_lines

    return *fetch_ud_lines(return_X_y=True), *fetch_ud_lines(subset=part, return_X_y=True)


def adding() -> Parts:
    """Return the adding problem with 100 steps."""
    from sklstm.datasets import make_adding_problem

    train = make_adding_problem(10_000, 100, random_state=0)
    return *train, *make_adding_problem(2_000, 100, random_state=1)


LOADERS: dict[str, Callable[[], Parts]] = {
    "imdb": partial(fetch, "imdb"),
    "trec": partial(fetch, "trec"),
    "newsgroups": partial(fetch, "newsgroups"),
    "digits": _digits,
    "polarity": _polarity,
    "subj": _subj,
    "snips": _snips,
    **{name: partial(_sms, fold) for fold, name in enumerate(SMS)},
    "r52": _r52,
    **{name: partial(fetch, "ucr", name) for name in (*UCR, *MORE_UCR)},
    "adding": adding,
    "lines": lines,
    "snips-slots": _snips_slots,
}
# What is scored on in place of the test data, where it is not drawn from the training data.
HELD_OUT: dict[str, Callable[[], Parts]] = {
    "imdb": held_out_films,
    "snips": partial(_snips, "dev"),
    "lines": partial(lines, "dev"),
    "snips-slots": partial(_snips_slots, "dev"),
}


def split(X: Any, y: Any, test_size: int | float) -> Parts:
    """Draw a part to score on, stratified by labels; a class of one sample stays with the rest."""
    from sklearn.model_selection import train_test_split

    rows, settings = np.arange(len(y)), {"test_size": test_size, "random_state": SPLIT_SEED}
    if isinstance(y, np.ndarray) and (isinstance(y[0], str) or y.dtype.kind in "biu"):
        _, place, counts = np.unique(y, return_inverse=True, return_counts=True)
        alone = counts[place] == 1
        train, test = train_test_split(rows[~alone], stratify=y[~alone], **settings)
        train = np.concatenate([train, rows[alone]])
    else:  # numbers, or tags of words
        train, test = train_test_split(rows, **settings)
    return take(X, train), take(y, train), take(X, test), take(y, test)


def draw(y: np.ndarray, size: int, seed: int) -> np.ndarray:
    """Return the rows of a draw in which each class has its fraction of the samples.

    A larger size of the same seed has the rows of a smaller one. With as many samples of each
    class, an even size of two classes has as many of both.
    """
    rng = np.random.default_rng(seed)
    rows = [rng.permutation(np.flatnonzero(y == label)) for label in np.unique(y)]
    # The samples of a class are spread evenly over the order in which they are drawn.
    places = [(np.arange(len(part)) + 0.5) / len(part) for part in rows]
    order = np.argsort(np.concatenate(places), kind="stable")
    return np.sort(np.concatenate(rows)[order[:size]])


def take(part: Any, rows: np.ndarray) -> Any:
    """Return some samples of an array or a list."""
    return part[rows] if isinstance(part, np.ndarray) else [part[row] for row in rows]


def _slice(X: Any, y: Any, size: int | None) -> tuple[Any, Any]:
    if size is None or size >= len(y):
        return X, y
    return split(X, y, test_size=size)[2:]
