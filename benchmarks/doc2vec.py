"""Compare Doc2Vec's vectors of film reviews with word counts, and with both together.

Doc2Vec learns from the 25,000 training and the 50,000 unlabelled reviews of IMDB, a logistic
regression on its vectors from the 25,000; both are scored on the test reviews, which neither has
seen::

    python benchmarks/doc2vec.py

Parameters were chosen on films held out of the training reviews (results/doc2vec_search.md);
``--validate`` scores on those and leaves the test reviews alone. Seconds are those of the
processor: of one thread hardly more on a busy machine than on a quiet one.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import StandardScaler

if not __package__:  # started as a file: find the package `benchmarks` all the same
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import harness, report
from benchmarks.contenders import CONTENDERS, TUNED
from benchmarks.data import DataSpec, load, load_unlabelled
from benchmarks.harness import Contender, Laps, Run, Study, Task

# ------------------------------------------------------------------------------------------
# CHOSEN ON HELD-OUT FILMS (results/doc2vec_search.md), never on the test reviews.
DBOW: dict[str, Any] = {"vector_size": 300, "infer_alpha": 0.0015}
# Words and pairs of words, in 100 numbers; 300 were not tried.
PAIRS: dict[str, Any] = {
    "ngram_range": (1, 2), "min_count": 5, "epochs": 10, "infer_alpha": 0.003,
}  # fmt: skip
CS = {"defaults": 0.1, "pairs": 0.001, "dbow": 0.01, "labels": 0.01, "both": 0.01}
UNION_WEIGHT, UNION_C = 0.03, 10.0
# ------------------------------------------------------------------------------------------

VECTORIZERS: dict[str, dict[str, Any]] = {  # by name; trained once for all rows
    "none": {},
    "dbow": DBOW,
    "labels": {**DBOW, "tags": "labels"},
    "both": {**DBOW, "tags": "both"},
    "pairs": PAIRS,
    "defaults": {},
}
WORD_COUNTS = {name: value for name, value in TUNED.items() if name not in ("C", "max_iter")}


# `about` names what the regression learns from, of one of `VECTORIZERS`.
ROWS = {
    name: Contender(title, about={"vectorizer": vectorizer, "kind": kind})
    for name, title, vectorizer, kind in (
        ("tfidf", "TF-IDF + LR, tuned", "none", "counts"),
        ("dbow", "Doc2Vec, chosen", "dbow", "inferred"),
        ("dbow-trained", 'Doc2Vec, chosen, training_vectors="trained"', "dbow", "trained"),
        ("pairs", "Doc2Vec, words and pairs", "pairs", "inferred"),
        ("union", "TF-IDF and Doc2Vec, FeatureUnion", "dbow", "joined"),
        ("both", 'Doc2Vec, chosen, tags="both"', "both", "inferred"),
        ("labels", 'Doc2Vec, chosen, tags="labels"', "labels", "inferred"),
        ("defaults", "Doc2Vec, defaults", "defaults", "inferred"),
        ("trained", 'Doc2Vec, defaults, training_vectors="trained"', "defaults", "trained"),
    )
}
NOTES = (
    "Doc2Vec is DBOW. Chosen on held-out films: "
    f"{', '.join(f'{k}={v}' for k, v in DBOW.items())}; of words and pairs: "
    f"{', '.join(f'{k}={v}' for k, v in PAIRS.items())}. "
    "It learns from the training and the unlabelled reviews, logistic regression (LR) from "
    "the training reviews. Train: Doc2Vec, in one thread; infer: the vectors of the training "
    "reviews; fit: LR and word counts, for the FeatureUnion with inferring again; predict: test "
    "reviews, from texts to probabilities. Seconds are those of the processor, on one core. With "
    "more than one seed: the median, in brackets the lowest and highest."
)


@dataclass(frozen=True)
class Reviews:
    """Reviews to train and to score on, and those without a label."""

    train: list[str]
    y_train: np.ndarray
    test: list[str]
    y_test: np.ndarray
    unlabelled: list[str]


def reviews(*, validate: bool) -> Reviews:
    """Load IMDB; with `validate` films held out of the training reviews take the test's place."""
    spec = DataSpec("imdb", validate=validate)
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
    laps = Laps(time.process_time)
    vectorizer.fit([*data.train, *data.unlabelled], y)
    laps.lap("train")
    trained = None
    if vectorizer.tags != "labels":
        trained = vectorizer.model_.dv.vectors[: len(data.train)].copy()
    return vectorizer, trained, laps.seconds["train"]


def logistic(C: float) -> Any:
    return make_pipeline(StandardScaler(), LogisticRegression(C=C, max_iter=1000))


def joined(vectorizer: Any, weight: float, C: float) -> Any:
    """Return a pipeline on word counts beside the vectors of a trained vectorizer."""
    vectors = make_pipeline(FrozenEstimator(vectorizer), StandardScaler())
    union = FeatureUnion(
        [("counts", TfidfVectorizer(**WORD_COUNTS)), ("vectors", vectors)],
        transformer_weights={"vectors": weight},
    )
    return make_pipeline(union, LogisticRegression(C=C, max_iter=1000))


def measure(model: Any, X_train: Any, X_test: Any, data: Reviews, spent: dict[str, float]) -> Run:
    """Fit and score a classifier; `spent` are the seconds that came before."""
    measured = harness.measure(
        model,
        (X_train, data.y_train, X_test, data.y_test),
        harness.probability_scores,
        respond="predict_proba",
        clock=time.process_time,
    )
    took = {**spent, **measured["seconds"]}
    took["predict"] += took.pop("infer_test", 0.0)
    return {**measured, "seconds": took, "n_unlabelled": len(data.unlabelled)}


def kinds(key: str, seed: int, data: Reviews) -> dict[str, Callable[[], Run]]:
    """Train a vectorizer, and return what measures each kind of row that rests on it."""
    if key == "none":
        model = CONTENDERS["tfidf-tuned"].build(seed)
        return {"counts": lambda: measure(model, data.train, data.test, data, {})}
    print(f"Training Doc2Vec: {VECTORIZERS[key]}", flush=True)
    vectorizer, trained, spent = fit(VECTORIZERS[key], data, seed)
    laps = Laps(time.process_time)
    train = vectorizer.transform(data.train)
    laps.lap("infer")
    test = vectorizer.transform(data.test)
    laps.lap("infer_test")
    before, top = {"train": spent}, logistic(CS[key])
    took, without = before | laps.seconds, before | {"infer_test": laps.seconds["infer_test"]}
    union = joined(vectorizer, UNION_WEIGHT, UNION_C)
    return {
        "inferred": lambda: measure(top, train, test, data, took),
        "trained": lambda: measure(top, trained, test, data, without),
        "joined": lambda: measure(union, data.train, data.test, data, before),
    }


def tasks(args: argparse.Namespace) -> list[Task]:
    """Return the rows, those of one trained vectorizer after the other."""
    spec = {"name": "imdb", "n_train": None, "validate": args.validate}
    data = cache(lambda: reviews(validate=args.validate))
    trained = lru_cache(maxsize=1)(lambda key, seed: kinds(key, seed, data()))

    def task(name: str, key: str, kind: str, seed: int) -> Task:
        rest = {
            "counts": TUNED,
            "joined": {"C": UNION_C, "weight": UNION_WEIGHT},
        }.get(kind) or {"C": CS[key]}
        identity = harness.identify(name, spec, seed, {**VECTORIZERS[key], **rest})
        title = f"{ROWS[name].title}, seed {seed}"
        return Task(title, identity, lambda _: trained(key, seed)[kind]())

    return [
        task(name, key, row.about["kind"], seed)
        for seed in range(args.seeds or 1)
        for key in VECTORIZERS
        for name, row in ROWS.items()
        if row.about["vectorizer"] == key and name in (args.only or ROWS)
        if key != "none" or not seed  # word counts draw nothing
    ]


def table(runs: list[Run]) -> str:
    """Return a row for each contender: medians over the seeds."""
    columns = {
        "accuracy, %": report.spread("accuracy", 2, 100),
        "log loss": report.middle("log_loss", 3),
    }
    for part in ("train", "infer", "fit", "predict"):
        columns[f"{part}, s"] = report.took(f"seconds.{part}")
    return report.table(report.by_contender(runs, ROWS), columns)


def page(runs: list[Run], args: argparse.Namespace) -> str:
    first = runs[0]
    films = " (held-out films)" if first["data"]["validate"] else ""
    sizes = (
        f"{first['n_train']:,} training and {first['n_unlabelled']:,} unlabelled reviews, "
        f"{first['n_test']:,} to score on{films}"
    )
    measured = "\n".join(report.surroundings(runs))
    return f"{table(runs)}\n\n{sizes}. {NOTES}\n\n{measured}"


STUDY = Study(
    name="doc2vec",
    title="Doc2Vec on IMDB",
    about=__doc__,
    contenders=ROWS,
    tasks=tasks,
    page=page,
    guide="docs/text_vectors.md",
    shown=lambda runs: f"{table(runs)}\n\n{NOTES} Measured by `python benchmarks/doc2vec.py`.",
    options=harness.VALIDATE,
)

if __name__ == "__main__":
    STUDY.run()
