"""Show that reviews of one film are neighbours in IMDB, and what that does to a validation split.

::

    python benchmarks/films.py

First how alike two reviews of one class are by their rare words, the more numbers lie between
them; then the accuracy of TF-IDF + logistic regression on a random fifth of the training reviews,
on the last fifth of each class, and on the test reviews.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

if not __package__:  # started as a file: find the package `benchmarks` all the same
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks._contenders import TUNED, tfidf
from benchmarks._data import (
    DataSpec,
    Parts,
    held_out_films,
    load,
    look_beside_the_repository,
    split,
)

RESULTS = Path(__file__).resolve().parent / "results"
DISTANCES = (1, 2, 5, 10, 20, 30, 50, 100, 1000, 5000)
MODELS = {
    "TF-IDF + LR, 5,000 words": tfidf(max_features=5000),
    "TF-IDF + LR, tuned": tfidf(**TUNED),
}


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


def accuracy(build, parts: Parts) -> float:
    X_train, y_train, X_test, y_test = parts
    return float(build(0).fit(X_train, y_train).score(X_test, y_test))


def main() -> None:
    """Measure, print and write ``results/films.json`` and ``results/films.md``."""
    look_beside_the_repository()
    whole = load(DataSpec("imdb"))
    alike = likeness(whole[0], whole[1])
    splits = {
        "a random fifth of the training reviews": random_fifth(),
        "the last fifth of each class": held_out_films(),
        "the test reviews": whole,
    }
    scores = {
        scored_on: {name: accuracy(build, parts) for name, build in MODELS.items()}
        for scored_on, parts in splits.items()
    }
    lines = ["| numbers apart | mean cosine of rare words |", "| ---: | ---: |"]
    lines += [f"| {distance:,} | {mean:.4f} |" for distance, mean in alike.items()]
    lines += [
        "",
        f"| accuracy, %, on | {' | '.join(MODELS)} |",
        "| --- |" + " ---: |" * len(MODELS),
    ]
    for scored_on, row in scores.items():
        lines.append(
            f"| {scored_on} | {' | '.join(f'{100 * value:.2f}' for value in row.values())} |"
        )
    text = "\n".join(lines)
    print(text)
    results = {"likeness": alike, "accuracy": scores}
    (RESULTS / "films.json").write_text(json.dumps(results, indent=1) + "\n")
    (RESULTS / "films.md").write_text(f"{text}\n\nCommand: `python benchmarks/films.py`.\n")


if __name__ == "__main__":
    main()
