"""Show that reviews of one film are neighbours in IMDB, and what that does to a validation split.

::

    python benchmarks/films.py

First how alike two reviews of one class are by their rare words, the more numbers lie between
them; then the accuracy of TF-IDF + logistic regression on a random fifth of the training reviews,
on the last fifth of each class, and on the test reviews.
"""

from __future__ import annotations

import argparse
import sys
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

if not __package__:  # started as a file: find the package `benchmarks` all the same
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import harness, report
from benchmarks.contenders import CONTENDERS
from benchmarks.data import DataSpec, Parts, held_out_films, load, split
from benchmarks.harness import Run, Study, Task

DISTANCES = (1, 2, 5, 10, 20, 30, 50, 100, 1000, 5000)
MODELS = {name: CONTENDERS[name] for name in ("tfidf-5000", "tfidf-tuned")}
LIKENESS = "likeness"


def likeness(
    texts: list[str], y: np.ndarray, distances: tuple[int, ...] = DISTANCES
) -> dict[int, float]:
    """Return the mean cosine of the rare words of two reviews, by the distance of their numbers."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    rows = TfidfVectorizer(min_df=2, max_df=0.02).fit_transform(texts)
    means = {}
    for distance in distances:
        cosines = [
            np.asarray(part[:-distance].multiply(part[distance:]).sum(axis=1)).ravel()
            for part in (rows[y == label] for label in np.unique(y))
        ]
        means[distance] = float(np.concatenate(cosines).mean())
    return means


def random_fifth() -> Parts:
    """Return the training reviews, a stratified fifth of them held out."""
    X, y, _, _ = load(DataSpec("imdb"))
    return split(X, y, test_size=0.2)


SPLITS = {
    "a random fifth of the training reviews": random_fifth,
    "the last fifth of each class": held_out_films,
    "the test reviews": lambda: load(DataSpec("imdb")),
}


def tasks(args: argparse.Namespace) -> list[Task]:
    def alike(folder: Path) -> Run:
        X, y, _, _ = load(DataSpec("imdb"))
        return {"cosine": {str(distance): mean for distance, mean in likeness(X, y).items()}}

    def scored(name: str, parts: Any, folder: Path) -> Run:
        return harness.measure(MODELS[name].build(0), parts(), accuracy)

    found = [Task(LIKENESS, harness.identify(LIKENESS, {"name": "train"}, 0, {}), alike)]
    for scored_on, source in SPLITS.items():
        parts = cache(source)
        for name, contender in harness.chosen(args, MODELS).items():
            identity = harness.identify(name, {"name": scored_on}, 0, {})
            title = f"{contender.title}, {scored_on}"
            found.append(Task(title, identity, partial(scored, name, parts)))
    return found


def accuracy(model: Any, X: Any, y: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
    return {"accuracy": float((predicted == y).mean())}


def page(runs: list[Run], args: argparse.Namespace) -> str:
    tables = []
    for means in report.values(runs, "cosine"):
        columns = {
            "numbers apart": [f"{int(distance):,}" for distance in means],
            "mean cosine of rare words": [f"{mean:.4f}" for mean in means.values()],
        }
        tables.append(report.markdown(columns, "rr"))
    columns = {
        contender.title: lambda group, name=name: report.spread("accuracy", 2, 100)(
            [run for run in group if run["contender"] == name]
        )
        for name, contender in MODELS.items()
    }
    groups = report.by_data(runs, SPLITS)
    tables.append(report.table(groups, columns, "accuracy, %, on", "lrr"))
    return "\n\n".join(tables)


def old(content: dict[str, Any]) -> list[Run]:
    """Return the runs of a file that holds likeness and accuracy only."""
    names = {contender.title: name for name, contender in MODELS.items()}
    alike = harness.identify(LIKENESS, {"name": "train"}, 0, {})
    return [{**alike, "cosine": content[LIKENESS]}] + [
        {**harness.identify(names[title], {"name": scored_on}, 0, {}), "accuracy": score}
        for scored_on, row in content["accuracy"].items()
        for title, score in row.items()
    ]


STUDY = Study("films", "Films in a validation split", __doc__, MODELS, tasks, page, old=old)

if __name__ == "__main__":
    STUDY.run()
