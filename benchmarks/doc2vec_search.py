"""Choose Doc2Vec's parameters for IMDB on films held out of its training reviews.

20,000 training reviews and the 50,000 unlabelled ones to train on, 5,000 training reviews of other
films within each class to score on; the test reviews are not touched. One configuration after the
other, what was finished is kept in ``results/doc2vec_search.json``::

    python benchmarks/doc2vec_search.py --keep DIR

Candidates that are several others side by side, or beside word counts, take them from DIR if they
are there. `benchmarks/doc2vec.py` takes the winner to the test set.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from joblib import Memory
from scipy.sparse import hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

if not __package__:  # started as a file: find the package `benchmarks` all the same
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import _cli
from benchmarks._data import look_beside_the_repository
from benchmarks._doc2vec import (
    WORD_COUNTS,
    Reviews,
    Vectors,
    fit,
    inferred,
    logistic,
    reviews,
    scores,
)
from benchmarks._report import markdown

SEED = 0
WEIGHTS, UNION_CS = (0.0, 0.03, 0.1, 0.3), (3.0, 10.0)
LOW = 0.003  # of infer_alpha
PARTS = "20 epochs from 0.003"
CS = (0.001, 0.01, 0.1, 1.0)
SCALINGS = {"": False, ", of length 1": True}
ALL_SIGNS = r"(?u)\w+|[^\w\s]"  # single letters and punctuation are words, too


@dataclass(frozen=True)
class Candidate:
    """What differs from the vectorizer's defaults, and the steps to infer vectors in."""

    params: dict[str, Any] = field(default_factory=dict)
    infer_epochs: tuple[int, ...] = (20,)
    infer_alphas: tuple[float | None, ...] = (None,)  # None: as in training
    beside_counts: bool = False  # joined with TF-IDF, in place of vectors alone
    unlabelled_alone: bool = False  # so that reviews with a label are all alike new to Doc2Vec
    parts: tuple[str, ...] = ()  # the vectors of these candidates side by side


PAIRS = {"ngram_range": (1, 2), "min_count": 5}
CANDIDATES = {
    "DBOW, defaults": Candidate(infer_epochs=(5, 10, 20, 50)),
    "DBOW, all signs": Candidate({"token_pattern": ALL_SIGNS}),
    "DBOW, sample=1e-4": Candidate({"sample": 1e-4}),
    "DBOW, sample=1e-4, 300 numbers": Candidate({"sample": 1e-4, "vector_size": 300}),
    "DBOW, 300 numbers": Candidate({"vector_size": 300}, (5, 10, 20)),
    "DBOW, 300 numbers, 10 epochs": Candidate({"vector_size": 300, "epochs": 10}, (2, 3, 5, 10)),
    "DBOW, low infer_alpha": Candidate(infer_alphas=(LOW,)),
    "DBOW, 300 numbers, low infer_alpha": Candidate(
        {"vector_size": 300}, infer_alphas=(LOW, LOW / 2)
    ),
    "DBOW, 100 numbers and 300 others": Candidate(
        parts=("DBOW, low infer_alpha", "DBOW, 300 numbers, low infer_alpha")
    ),
    "DBOW, words and pairs, 10 epochs, low infer_alpha": Candidate(
        {"epochs": 10, **PAIRS}, infer_alphas=(LOW,)
    ),
    "DBOW, 300 numbers, and 100 of words and pairs": Candidate(
        parts=(
            "DBOW, 300 numbers, low infer_alpha",
            "DBOW, words and pairs, 10 epochs, low infer_alpha",
        )
    ),
    "DM": Candidate({"dm": 1, "alpha": 0.05}, (5, 10, 20)),
    "TF-IDF and DBOW, 300 numbers, low infer_alpha": Candidate(
        {"vector_size": 300}, infer_alphas=(LOW / 2,), beside_counts=True
    ),
}


@dataclass(frozen=True)
class Learned:
    """A trained Doc2Vec, and its vectors by the steps that they were inferred in."""

    vectorizer: Any
    trained: np.ndarray | None
    vectors: dict[str, Vectors]


def steps(epochs: int, alpha: float | None) -> str:
    return f"{epochs} epochs" + (f" from {alpha:g}" if alpha else "")


def learn(candidate: Candidate, data: Reviews) -> Learned:
    """Train Doc2Vec, and infer the vectors of all reviews with a label."""
    known = data
    if candidate.unlabelled_alone:
        known = replace(data, train=[], y_train=data.y_train[:0])
    vectorizer, trained, seconds = fit(candidate.params, known, SEED)
    if candidate.unlabelled_alone:
        trained = None
    vectors = {}
    for epochs, alpha in product(candidate.infer_epochs, candidate.infer_alphas):
        vectorizer.set_params(infer_epochs=epochs, infer_alpha=alpha)
        vectors[steps(epochs, alpha)] = inferred(vectorizer, data, seconds)
    return Learned(vectorizer, trained, vectors)


def measure(candidate: Candidate, data: Reviews, memory: Memory) -> list[dict[str, Any]]:
    """Score each way to get the training vectors, with each C."""
    learned = memory.cache(learn)
    if candidate.parts:
        parts = [learned(CANDIDATES[name], data).vectors[PARTS] for name in candidate.parts]
        return score(f"inferred, {PARTS}", side_by_side(parts), data)
    result = learned(candidate, data)
    if candidate.beside_counts:
        (vectors,) = result.vectors.values()
        return score_joined(vectors, data)
    rows = []
    for way, vectors in result.vectors.items():
        rows += score(f"inferred, {way}", vectors, data)
        if result.trained is not None:
            as_trained = Vectors(result.trained, vectors.test, vectors.seconds)
            rows += score(f"trained; test inferred, {way}", as_trained, data)
    return rows


def side_by_side(parts: list[Vectors]) -> Vectors:
    """Return several vectors of each review as one, and the seconds together."""
    spent = {name: sum(part.seconds[name] for part in parts) for name in parts[0].seconds}
    train, test = (np.hstack([getattr(part, key) for part in parts]) for key in ("train", "test"))
    return Vectors(train, test, spent)


def score(name: str, vectors: Vectors, data: Reviews) -> list[dict[str, Any]]:
    rows = []
    for (kind, scaling), C in product(SCALINGS.items(), CS):
        model = logistic(C, unit_length=scaling).fit(vectors.train, data.y_train)
        found = scores(model, vectors.test, data.y_test)
        rows.append({"vectors": name + kind, "C": C, **found, "seconds": vectors.seconds})
    return rows


def score_joined(vectors: Vectors, data: Reviews) -> list[dict[str, Any]]:
    """Score word counts beside vectors, for each weight of the latter and each C.

    As the pipeline of `benchmarks/doc2vec.py` does it, but each part is made once.
    """
    counts = TfidfVectorizer(**WORD_COUNTS)
    texts = counts.fit_transform(data.train), counts.transform(data.test)
    scaler = StandardScaler().fit(vectors.train)
    numbers = scaler.transform(vectors.train), scaler.transform(vectors.test)
    rows = []
    for weight, C in product(WEIGHTS, UNION_CS):
        X_train, X_test = (
            hstack([part, weight * own], format="csr")
            for part, own in zip(texts, numbers, strict=True)
        )
        model = LogisticRegression(C=C, max_iter=1000).fit(X_train, data.y_train)
        found = scores(model, X_test, data.y_test)
        name = f"inferred, times {weight:g}"
        rows.append({"vectors": name, "C": C, **found, "seconds": vectors.seconds})
    return rows


def table(results: dict[str, list[dict[str, Any]]]) -> str:
    """Return the best C of each configuration and kind of vectors, the best first."""
    best: dict[tuple[str, str], dict[str, Any]] = {}
    for name, rows in results.items():
        for row in rows:
            key = (name, row["vectors"])
            if key not in best or row["accuracy"] > best[key]["accuracy"]:
                best[key] = row
    ranked = sorted(best.items(), key=lambda item: -item[1]["accuracy"])
    return markdown(
        {
            "configuration": [name for (name, _), _ in ranked],
            "vectors": [kind for (_, kind), _ in ranked],
            "C": [f"{row['C']:g}" for _, row in ranked],
            "accuracy, %": [f"{100 * row['accuracy']:.2f}" for _, row in ranked],
            "log loss": [f"{row['log_loss']:.3f}" for _, row in ranked],
            "train, s": [f"{row['seconds']['train']:,.0f}" for _, row in ranked],
        }
    )


def finished(path: Path) -> dict[str, list[dict[str, Any]]]:
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def keep(path: Path, name: str, rows: list[dict[str, Any]]) -> None:
    """Add a result to what is on disk by now."""
    results = {**finished(path), name: rows}
    partial = path.with_suffix(f".{os.getpid()}")
    partial.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    os.replace(partial, path)


def write(path: Path, results: dict[str, list[dict[str, Any]]]) -> None:
    note = (
        "20,000 training reviews and the unlabelled ones to train Doc2Vec on, "
        "logistic regression\non the former with the best of "
        f"C={', '.join(f'{C:g}' for C in CS)}; scored on held-out training reviews of other films "
        f"within each\nclass; seed {SEED}. One core, and other work on the machine: seconds are "
        "only a hint.\nMade by `python benchmarks/doc2vec_search.py`."
    )
    title = "# Doc2Vec on IMDB: parameters chosen on held-out films"
    text = f"{title}\n\n{table(results)}\n\n{note}\n"
    path.with_suffix(".md").write_text(text, encoding="utf-8")


def main(arguments: list[str] | None = None) -> int:
    """Run what is missing, and write ``results/doc2vec_search.json`` and ``.md``."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--only", nargs="+", choices=list(CANDIDATES), default=list(CANDIDATES))
    add("--fresh", action="store_true", help="forget what was finished")
    add(
        "--output", type=Path, default=_cli.RESULTS, metavar="DIR", help="write into this directory"
    )
    add("--keep", type=Path, metavar="DIR", help="keep what was trained here, to be joined")
    add("--n-train", type=_cli.positive, help=argparse.SUPPRESS)  # for trials and tests
    add("--n-test", type=_cli.positive, help=argparse.SUPPRESS)
    args = parser.parse_args(arguments)
    look_beside_the_repository()
    args.output.mkdir(parents=True, exist_ok=True)
    path = args.output / "doc2vec_search.json"
    if args.fresh:
        path.unlink(missing_ok=True)
    data = None
    memory = Memory(args.keep, verbose=0)
    if args.fresh and args.keep:  # its key knows parameters, but not sklstm's code
        memory.clear(warn=False)
    for name in args.only:
        if name in finished(path):
            continue
        print(name, flush=True)
        data = data or reviews(validate=True, n_train=args.n_train, n_test=args.n_test)
        keep(path, name, measure(CANDIDATES[name], data, memory))
        print(table({name: finished(path)[name]}), flush=True)
    write(path, finished(path))
    print(table(finished(path)))
    return 0


if __name__ == "__main__":
    _cli.run(main)
