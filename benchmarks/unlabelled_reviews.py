"""What 50,000 reviews without labels add: word vectors, self-training, and language models.

IMDB's full test set, with all 25,000 labels and with 500. No model has read a test review. What is
learned without labels is learned once: word vectors, and the language models of
`benchmarks/pretrain.py`, which come first::

    OMP_NUM_THREADS=1 python benchmarks/pretrain.py
    OMP_NUM_THREADS=1 python benchmarks/pretrain.py --direction backward
    OMP_NUM_THREADS=1 python benchmarks/unlabelled_reviews.py

Models that vote average their probabilities. ``--validate`` trains on fewer films and scores on
reviews of the others, for choosing parameters. A run that was stopped resumes with the model where
it was. Vectors, language models and predictions are kept in `benchmarks/cache`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.ensemble import VotingClassifier
from sklearn.metrics import log_loss
from sklearn.pipeline import make_pipeline

if not __package__:  # started as a file: find the package `benchmarks` all the same
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import (
    contenders,
    doc2vec,
    harness,
    learning_curves,
    pretrain,
    report,
    unlabelled,
)
from benchmarks.data import DataSpec, draw, load, load_unlabelled, take
from benchmarks.harness import Contender, Failed, Run, Study, Task

SIZES = (25_000, 500)
FEW = 5_000  # labels, at most
N_SEEDS = 3
WORDS = {
    name: contenders.BEST_WORDS[name] for name in ("max_features", "max_length", "token_pattern")
}
VECTORS: dict[str, Any] = {
    "vector_size": contenders.BEST_VECTORS.vector_size,
    "spread": contenders.BEST_VECTORS.spread,
    "token_pattern": WORDS["token_pattern"],
}
# The network with many labels, which is the best found without unlabelled rows, and what few labels
# change in it. The latter, and the rounds of self-training with few labels, are the best of a few
# that were tried with 500 labels on held-out films (--validate); with many labels, and for what
# starts from language models, few other values were tried.
NETWORK: dict[str, Any] = {**contenders.BEST_NETWORK, "rare_word_dropout": 0.0}
FEW_LABELS: dict[str, Any] = {
    "conv_filters": 128,
    "dropout": 0.5,
    "learning_rate": 4e-3,
    "max_epochs": 50,
}
FEW_LABELS_AND_ROWS: dict[str, Any] = {**FEW_LABELS, "max_epochs": 10}  # of 100 steps each
# Self-training after its first round: the network, the penalty of the word counts, and the fraction
# of the guesses that each round takes. With few labels and C=10 each round is less accurate.
C = contenders.TUNED["C"]
THEN_FEW: dict[str, Any] = {**FEW_LABELS, "max_epochs": 3}
THEN_MANY: dict[str, Any] = {"max_epochs": 3}
ROUNDS: dict[bool, Run] = {  # whether labels are few
    True: {"then": THEN_FEW, "C": [C, 100], "shares": [0.5, 0.9]},
    False: {"then": THEN_MANY, "C": [C, C], "shares": [0.5]},
}
FINE_TUNING: dict[str, Any] = {
    "pooling": "concat",
    "dropout": 0.5,
    "embedding_dropout": 0.3,
    "rare_word_dropout": 0.0,
    "learning_rate": 2e-3,
    "freeze_encoder": False,
    "encoder_learning_rate_decay": 1.0,
    "linear_path": False,
    "max_epochs": 2,
}
FEW_FINE_TUNING: dict[str, Any] = {"max_epochs": 10}


# ------------------------------------------------------------------------------------------
# Models


class SelfTraining(ClassifierMixin, BaseEstimator):
    """A classifier that guesses the labels of unlabelled texts, and learns from them.

    Like SelfTrainingClassifier of scikit-learn, which does not take texts; each round trains anew,
    with as many guesses of each class, those that are most certain.

    Parameters
    ----------
    first : classifier
        What is fitted on the labels, and guesses first.
    then : classifier
        What is fitted on labels and guesses, in each round.
    shares : sequence of float
        What fraction of the guesses each round takes.
    """

    def __init__(self, first: Any, then: Any, shares: Sequence[float]):
        self.first = first
        self.then = then
        self.shares = shares

    def fit(self, X: list[str], y: np.ndarray) -> SelfTraining:
        """Fit on texts, of which those with the label -1 are unlabelled."""
        labelled, rest = np.flatnonzero(y != -1), np.flatnonzero(y == -1)
        self.classes_, texts = np.unique(y[labelled]), take(X, rest)
        self.estimator_ = clone(self.first).fit(take(X, labelled), y[labelled])
        for share in self.shares:
            probabilities = self.estimator_.predict_proba(texts)  # (unlabelled, classes)
            n = round(share * len(rest) / len(self.classes_))
            guessed = [rest[np.argsort(-column, kind="stable")[:n]] for column in probabilities.T]
            rows = np.concatenate([labelled, *guessed])
            targets = np.concatenate([y[labelled], np.repeat(self.classes_, n)])
            self.estimator_ = clone(self.then).fit(take(X, rows), targets)
        return self

    def predict_proba(self, X: list[str]) -> np.ndarray:
        """Return what the model of the last round predicts."""
        return self.estimator_.predict_proba(X)


def counts(seed: int, *, C: float = C, **_: Any) -> Any:
    """Return logistic regression on TF-IDF of words and pairs of words."""
    return contenders.tfidf(**(contenders.TUNED | {"C": C}))(seed)


def paragraphs(seed: int, *, cache: Path, few: bool) -> Any:
    """Return logistic regression on the vectors of Doc2Vec, which has read words and pairs.

    With few labels C is chosen on folds of them; with many, where training reviews differ from
    others in that Doc2Vec has read them, on held-out films.
    """
    from sklearn.frozen import FrozenEstimator

    vectorizer, _ = joblib.load(unlabelled.doc2vec(cache, doc2vec.PAIRS))
    model = learning_curves.doc2vec(seed) if few else doc2vec.logistic(doc2vec.CS["pairs"])
    return make_pipeline(FrozenEstimator(vectorizer), model)


def for_few(params: Mapping[str, Any]) -> Run:
    """Return what few labels change in the network, with unlabelled rows or without."""
    return FEW_LABELS_AND_ROWS if "unlabeled_label" in params else FEW_LABELS


def lstm(seed: int, *, cache: Path, few: bool, **params: Any) -> Any:
    """Return an LSTM that starts from word vectors."""
    from sklstm import LSTMClassifier, SequenceTokenizer

    vectors, _ = joblib.load(unlabelled.word_vectors(cache, VECTORS))
    settings = NETWORK | (for_few(params) if few else {}) | params
    return make_pipeline(
        SequenceTokenizer(**WORDS),
        LSTMClassifier(embeddings=vectors, n_jobs=1, random_state=seed, **settings),
    )


def taught_counts(seed: int, *, few: bool, **_: Any) -> Any:
    """Return word counts that are trained on guesses of their own."""
    first, then = (counts(seed, C=C) for C in ROUNDS[few]["C"])
    return SelfTraining(first, then, ROUNDS[few]["shares"])


def taught(seed: int, *, cache: Path, few: bool) -> Any:
    """Return an LSTM and word counts that are trained on the guesses of both."""

    def both(seed: int, C: float, few: bool, params: Mapping[str, Any]) -> Any:
        one = lstm(seed, cache=cache, few=few, **params)
        return VotingClassifier([("lstm", one), ("counts", counts(seed, C=C))], voting="soft")

    of_first, of_then = ROUNDS[few]["C"]
    then = both(seed + 1, of_then, False, ROUNDS[few]["then"])
    return SelfTraining(both(seed, of_first, few, {}), then, ROUNDS[few]["shares"])


def fine_tuned(seed: int, *, cache: Path, few: bool) -> Any:
    """Return an LSTM that starts from a forward and a backward language model."""
    from sklearn.frozen import FrozenEstimator

    from sklstm import LSTMClassifier, SequenceTokenizer

    stored = [
        pretrain.load(direction, cache / "language_models") for direction in ("forward", "backward")
    ]
    vocabulary = stored[0]["tokenizer"].vocabulary_
    return make_pipeline(
        SequenceTokenizer(vocabulary=vocabulary, max_length=WORDS["max_length"]),
        LSTMClassifier(
            encoder=[FrozenEstimator(one["model"]) for one in stored],
            n_jobs=1,
            random_state=seed,
            **(FINE_TUNING | (FEW_FINE_TUNING if few else {})),
        ),
    )


# `about`: whether a contender reads the unlabelled reviews, too, and how many at most with few
# labels; or whose predictions it averages, those of its own parts after a dot, and of another seed
# after an @.
CONTENDERS = {
    "counts": Contender("TF-IDF + LR", counts),
    "lstm": Contender("LSTM with word vectors", lstm),
    "pair": Contender(
        "LSTM with word vectors, and TF-IDF + LR", about={"votes": ("lstm", "counts")}
    ),
    "rows": Contender(
        "LSTM with word vectors, unlabelled rows",
        lstm,
        {"unlabeled_label": -1},
        about={"unlabelled": 10_000},
    ),
    "taught-counts": Contender(
        "TF-IDF + LR, self-trained", taught_counts, about={"unlabelled": 25_000}
    ),
    "taught": Contender(
        "LSTM with word vectors, and TF-IDF + LR, self-trained",
        taught,
        about={"unlabelled": 25_000},
    ),
    "taught.lstm": Contender("its LSTM alone"),
    "taught.counts": Contender("its TF-IDF + LR alone"),
    "doc2vec": Contender("Doc2Vec + LR", paragraphs),
    "views": Contender(
        "the self-trained, and Doc2Vec + LR",
        about={"votes": ("taught.lstm", "taught.counts", "doc2vec")},
    ),
    "seeds": Contender(
        "three of the self-trained LSTMs, their TF-IDF + LR, and Doc2Vec + LR",
        about={"votes": (*(f"taught.lstm@{n}" for n in range(3)), "taught.counts", "doc2vec")},
    ),
    "language-models": Contender("LSTM from two language models", fine_tuned),
    "language-models-pair": Contender(
        "LSTM from two language models, and TF-IDF + LR",
        about={"votes": ("language-models", "counts")},
    ),
    "all": Contender(
        "all LSTMs that have read unlabelled reviews, and TF-IDF + LR",
        about={"votes": ("rows", "taught.lstm", "language-models", "taught.counts")},
    ),
}


# ------------------------------------------------------------------------------------------
# What is run


def parts(model: Any) -> dict[str, Any]:
    """Return the fitted models that vote in one."""
    while isinstance(model, SelfTraining):
        model = model.estimator_
    return model.named_estimators_ if isinstance(model, VotingClassifier) else {}


def predictions(cache: Path, name: str, size: int, seed: int, validate: bool) -> Path:
    """Return the path of the predictions of a model, or of one of its parts."""
    held_out = "-held-out" if validate else ""
    return cache / "predictions" / f"imdb-{name}-{size}-{seed}{held_out}.pkl"


def scores(y: np.ndarray, probabilities: np.ndarray) -> Run:
    """Return accuracy and log loss of probabilities of the classes 0 and 1."""
    return {
        "accuracy": float((probabilities.argmax(axis=1) == y).mean()),
        "log_loss": float(log_loss(y, probabilities[:, 1])),
    }


def measure(name: str, size: int, seed: int, args: argparse.Namespace, folder: Path) -> Run:
    """Fit on some labels, score, and keep what was predicted."""
    contender, spec = CONTENDERS[name], DataSpec("imdb", validate=args.validate)
    X, y, X_test, y_test = load(spec)
    few = size <= FEW
    if size < len(X):
        rows = draw(y, size, seed)
        X, y = take(X, rows), y[rows]
    if most := contender.about.get("unlabelled"):
        texts = load_unlabelled(spec)
        if few and most < len(texts):
            drawn = np.random.default_rng(seed).choice(len(texts), most, replace=False)
            texts = take(texts, drawn)
        X, y = [*X, *texts], np.concatenate([y, np.full(len(texts), -1)])
    model = contender.build(seed, cache=args.cache, few=few, **contender.params)
    kept = {}

    def score(model: Any, X: list[str], y: np.ndarray, probabilities: np.ndarray) -> Run:
        kept[name] = probabilities
        for part, fitted in parts(model).items():
            kept[f"{name}.{part}"] = fitted.predict_proba(X)
        return {**scores(y, probabilities), "parts": {n: scores(y, p) for n, p in kept.items()}}

    harness.forget_peak_memory()
    measured = harness.measure(model, (X, y, X_test, y_test), score, respond="predict_proba")
    for part, probabilities in kept.items():
        path = predictions(args.cache, part, size, seed, args.validate)
        path.parent.mkdir(parents=True, exist_ok=True)
        joblib.dump({**measured, "probabilities": probabilities}, path)
    return measured


def vote(name: str, size: int, seed: int, args: argparse.Namespace, folder: Path) -> Run:
    """Average the predictions of models, and score that."""
    names = CONTENDERS[name].about["votes"]
    seeds = [int(one.partition("@")[2] or seed) for one in names]
    paths = [
        predictions(args.cache, one.partition("@")[0], size, of, args.validate)
        for one, of in zip(names, seeds, strict=True)
    ]
    if absent := [path.name for path in paths if not path.exists()]:
        raise Failed(f"There are no predictions {absent}; run {names} first.")
    voters = [joblib.load(path) for path in paths]
    # The parts of a model are fitted together, and count once.
    of_models = {
        (one.partition(".")[0], of): voter
        for one, of, voter in zip(names, seeds, voters, strict=True)
    }
    y_test = load(DataSpec("imdb", validate=args.validate))[3]
    return {
        **scores(y_test, np.mean([voter["probabilities"] for voter in voters], axis=0)),
        "seconds": {"fit": sum(voter["seconds"]["fit"] for voter in of_models.values())},
        "memory_mb": {"peak": max(voter["memory_mb"]["peak"] for voter in of_models.values())},
        "environment": harness.environment(),
    }


def settings(contender: Contender, few: bool) -> Run:
    """Return what identifies the runs of a contender beside its name."""
    every = {"params": dict(contender.params), "data": dict(contender.about)}
    return every | {
        lstm: {
            "network": NETWORK | (for_few(contender.params) if few else {}),
            "vectors": VECTORS,
        },
        taught: {
            "network": NETWORK | (FEW_LABELS if few else {}),
            "vectors": VECTORS,
            "rounds": ROUNDS[few],
        },
        taught_counts: {"rounds": ROUNDS[few]},
        paragraphs: {"doc2vec": doc2vec.PAIRS, "C": "folds" if few else doc2vec.CS["pairs"]},
        fine_tuned: {"network": FINE_TUNING | (FEW_FINE_TUNING if few else {})},
    }.get(contender.build, {})


def tasks(args: argparse.Namespace) -> list[Task]:
    """Return every model on every number of labels, one seed after the other.

    What averages the predictions of several seeds comes last, once.
    """
    found, last = [], []
    n_seeds = args.seeds or (1 if args.validate else N_SEEDS)
    for seed in range(n_seeds):
        for size in args.labels or SIZES:
            for name, contender in harness.chosen(args, CONTENDERS).items():
                run = measure if contender.build else vote
                votes = contender.about.get("votes", ())
                if not contender.build and not votes:
                    continue  # a part of another
                of_seeds = any("@" in one for one in votes)
                if of_seeds and (seed or n_seeds < N_SEEDS):
                    continue
                spec = {"name": "imdb", "labels": size, "validate": args.validate}
                identity = harness.identify(name, spec, seed, settings(contender, size <= FEW))
                title = f"{size:,} labels, seed {seed}, {contender.title}"
                wanted = last if of_seeds else found
                wanted.append(Task(title, identity, partial(run, name, size, seed, args)))
    return found + last


# ------------------------------------------------------------------------------------------
# What is shown


def table(runs: list[Run]) -> str:
    """Return a table of the models and their parts, for each number of labels."""
    columns: dict[str, report.Column] = {
        "accuracy, %": report.spread("accuracy", 2, 100),
        "log loss": report.middle("log_loss", 3),
        "fit, minutes": report.middle("seconds.fit", 1, 1 / 60),
        "peak memory, MB": report.middle("memory_mb.peak", 0),
    }
    shown = []
    for size, own in sorted(report.grouped(runs, lambda run: run["data"]["labels"]).items())[::-1]:
        rows = [
            {**run, **scored, "contender": name}
            for run in own
            for name, scored in run.get("parts", {run["contender"]: run}).items()
        ]
        groups = report.by_contender(rows, CONTENDERS)
        shown.append(f"With {size:,} labels:\n\n{report.table(groups, columns)}")
    return "\n\n".join(shown)


STUDY = Study(
    name="unlabelled_reviews",
    title="Unlabelled reviews",
    about=__doc__,
    contenders=CONTENDERS,
    tasks=tasks,
    page=lambda runs, args: "\n\n".join([table(runs), *report.surroundings(runs)]),
    guide="docs/language_models.md",
    shown=table,
    options={
        **harness.VALIDATE,
        "--labels": {"type": int, "nargs": "+", "metavar": "N", "help": "numbers of labels"},
        "--cache": {"type": Path, "default": harness.CACHE, "metavar": "DIR"},
    },
)

if __name__ == "__main__":
    STUDY.run()
