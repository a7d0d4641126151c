"""Compare Doc2Vec's vectors of film reviews with word counts, and with both together.

Doc2Vec learns from the 25,000 training and the 50,000 unlabelled reviews of IMDB, a logistic
regression on its vectors from the 25,000; both are scored on the test reviews, which neither has
seen::

    python benchmarks/doc2vec.py

Parameters were chosen on films held out of the training reviews (`benchmarks/doc2vec_search.py`);
``--validate`` scores on those and leaves the test reviews alone. A run that was stopped goes on
where it was.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

if not __package__:  # started as a file: find the package `benchmarks` all the same
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import _cli
from benchmarks._contenders import CONTENDERS, TUNED
from benchmarks._data import ROOT, look_beside_the_repository
from benchmarks._doc2vec import Reviews, Vectors, fit, inferred, joined, logistic, reviews, scores
from benchmarks._report import fill_file, markdown, seconds, surroundings
from benchmarks._runner import Results, commit
from benchmarks._worker import environment

GUIDE = ROOT / "docs" / "text_vectors.md"
Run = dict[str, Any]

# ------------------------------------------------------------------------------------------
# CHOSEN ON HELD-OUT FILMS (`python benchmarks/doc2vec_search.py`), never on the test reviews.
DBOW: dict[str, Any] = {"vector_size": 300, "infer_alpha": 0.0015}
# Words and pairs of words, in 100 numbers; 300 were not tried.
PAIRS: dict[str, Any] = {
    "ngram_range": (1, 2), "min_count": 5, "epochs": 10, "infer_alpha": 0.003,
}  # fmt: skip
CS = {"defaults": 0.1, "pairs": 0.001}  # 0.01 for the others
UNION_WEIGHT, UNION_C = 0.03, 10.0
# ------------------------------------------------------------------------------------------

VECTORIZERS: dict[str, dict[str, Any]] = {
    "none": {},
    "dbow": DBOW,
    "labels": {**DBOW, "tags": "labels"},
    "both": {**DBOW, "tags": "both"},
    "pairs": PAIRS,
    "defaults": {},
}


@dataclass(frozen=True)
class Row:
    """A line of the table: which vectorizer, and what of it the regression learns from."""

    title: str
    vectorizer: str
    kind: str


ROWS = {
    "tfidf": Row("TF-IDF + LR, tuned", "none", "counts"),
    "dbow": Row("Doc2Vec, chosen", "dbow", "inferred"),
    "dbow-trained": Row('Doc2Vec, chosen, training_vectors="trained"', "dbow", "trained"),
    "pairs": Row("Doc2Vec, words and pairs", "pairs", "inferred"),
    "union": Row("TF-IDF and Doc2Vec, FeatureUnion", "dbow", "joined"),
    "both": Row('Doc2Vec, chosen, tags="both"', "both", "inferred"),
    "labels": Row('Doc2Vec, chosen, tags="labels"', "labels", "inferred"),
    "defaults": Row("Doc2Vec, defaults", "defaults", "inferred"),
    "trained": Row('Doc2Vec, defaults, training_vectors="trained"', "defaults", "trained"),
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


def penalty(key: str) -> float:
    """Return the C of the regression on a vectorizer's vectors."""
    return CS.get(key, 0.01)


def identify(name: str, seed: int, spec: dict[str, Any]) -> Run:
    """Return what makes two runs the same, as JSON gives it back."""
    row = ROWS[name]
    top = {"C": penalty(row.vectorizer)}
    if row.kind == "joined":
        top = {"C": UNION_C, "weight": UNION_WEIGHT}
    params = {**VECTORIZERS[row.vectorizer], **(TUNED if row.kind == "counts" else top)}
    identity = {
        "contender": name,
        "data": spec,
        "seed": seed,
        "params": params,
        "prepare": None,
    }
    return json.loads(json.dumps(identity))


def run(args: argparse.Namespace, results: Results) -> None:
    """Measure what is not there yet, one trained vectorizer after the other."""
    spec = {"name": "imdb", "n_train": args.n_train, "validate": args.validate}
    if args.epochs:
        spec["epochs"] = args.epochs
    data: Reviews | None = None
    for seed in range(args.seeds or 1):
        for key in VECTORIZERS:
            missing = wanted(key, seed, spec, args, results)
            if not missing:
                continue
            data = data or reviews(validate=args.validate, n_train=args.n_train, n_test=args.n_test)
            measure = measures(key, seed, data, args.epochs)
            for name, identity in missing:
                measured = measure[ROWS[name].kind]()
                about = {
                    "n_train": len(data.train),
                    "n_test": len(data.test),
                    "n_unlabelled": len(data.unlabelled),
                    "environment": environment(),
                    "date": datetime.now(UTC).strftime("%Y-%m-%d"),
                }
                results.add({**identity, "commit": commit(), **measured, **about})
                print(f"{name}, seed {seed}: {measured['accuracy']:.4f}", flush=True)


def wanted(
    key: str, seed: int, spec: dict[str, Any], args: argparse.Namespace, results: Results
) -> list[tuple[str, Run]]:
    """Return the rows of a vectorizer that have to be measured."""
    found = []
    for name, row in ROWS.items():
        if row.vectorizer != key or (args.only and name not in args.only):
            continue
        if key == "none" and seed:  # draws nothing
            continue
        identity = identify(name, seed, spec)
        if args.fresh:
            results.drop([identity])
        if results.find(identity):
            print(f"{name}, seed {seed}: kept", flush=True)
        else:
            found.append((name, identity))
    return found


def measures(
    key: str, seed: int, data: Reviews, epochs: int | None
) -> dict[str, Callable[[], dict[str, Any]]]:
    """Train a vectorizer, and return what measures each kind of row that rests on it."""
    if key == "none":
        return {"counts": lambda: counted(CONTENDERS["tfidf-tuned"].build(seed), data, {})}
    params = VECTORIZERS[key] | ({"epochs": epochs} if epochs else {})
    print(f"Training Doc2Vec: {params}", flush=True)
    vectorizer, trained, spent = fit(params, data, seed)
    vectors = inferred(vectorizer, data, spent)
    kinds = {
        "inferred": lambda: on_vectors(vectors, data, penalty(key)),
        "joined": lambda: counted(
            joined(vectorizer, UNION_WEIGHT, UNION_C), data, {"train": spent}
        ),
    }
    if trained is not None:
        took = {name: time for name, time in vectors.seconds.items() if name != "infer"}
        kinds["trained"] = lambda: on_vectors(
            Vectors(trained, vectors.test, took), data, penalty(key)
        )
    return kinds


def on_vectors(vectors: Vectors, data: Reviews, C: float) -> dict[str, Any]:
    """Fit and score a logistic regression on vectors."""
    start = time.process_time()
    model = logistic(C).fit(vectors.train, data.y_train)
    fitted = time.process_time()
    found = scores(model, vectors.test, data.y_test)
    end = time.process_time()
    spent = vectors.seconds
    parts = {name: spent[name] for name in ("train", "infer") if name in spent}
    parts |= {"fit": fitted - start, "predict": spent["infer_test"] + end - fitted}
    return {**found, "seconds": parts}


def counted(model: Any, data: Reviews, spent: dict[str, float]) -> dict[str, Any]:
    """Fit and score a model that reads the texts themselves."""
    start = time.process_time()
    model.fit(data.train, data.y_train)
    fitted = time.process_time()
    found = scores(model, data.test, data.y_test)
    parts = {"fit": fitted - start, "predict": time.process_time() - fitted}
    return {**found, "seconds": spent | parts}


def table(runs: list[Run]) -> str:
    """Return a row for each contender: medians over the seeds."""
    groups = {
        name: group for name in ROWS if (group := [one for one in runs if one["contender"] == name])
    }
    columns = {
        "model": [ROWS[name].title for name in groups],
        "accuracy, %": [_spread([100 * one["accuracy"] for one in g]) for g in groups.values()],
        "log loss": [f"{median(one['log_loss'] for one in g):.3f}" for g in groups.values()],
    }
    for part in ("train", "infer", "fit", "predict"):
        columns[f"{part}, s"] = [_seconds(group, part) for group in groups.values()]
    return markdown(columns)


def _spread(values: list[float]) -> str:
    middle = f"{median(values):.2f}"
    return middle if len(values) == 1 else f"{middle} ({min(values):.2f} to {max(values):.2f})"


def _seconds(group: list[Run], part: str) -> str:
    spent = [one["seconds"][part] for one in group if part in one["seconds"]]
    return seconds(median(spent) if spent else None)


def main(arguments: list[str] | None = None) -> int:
    """Measure, print and write ``results/doc2vec.json``, ``.md`` and the guide's table."""
    args = _cli.options(__doc__.splitlines()[0], list(ROWS)).parse_args(arguments)
    look_beside_the_repository()
    folder = _cli.folder(args)
    results = Results(folder / "doc2vec.json")
    if not args.report:
        run(args, results)
    if not results.runs:
        print("Nothing has been measured yet.")
        return 1
    shown, first = table(results.runs), results.runs[0]
    sizes = (
        f"{first['n_train']:,} training and {first['n_unlabelled']:,} unlabelled reviews, "
        f"{first['n_test']:,} to score on{' (held-out films)' if first['data']['validate'] else ''}"
    )
    measured = "\n".join(f"Measured on {line}" for line in surroundings(results.runs))
    command = f"python benchmarks/doc2vec.py{' --validate' if args.validate else ''}"
    print(f"\n{shown}\n")
    page = folder / "doc2vec.md"
    page.write_text(
        f"# Doc2Vec on IMDB\n\n{shown}\n\n{sizes}. {NOTES}\n\n{measured}\n\nMade by `{command}`.\n",
        encoding="utf-8",
    )
    written: list[Path | None] = [page]
    if folder == _cli.RESULTS:
        fill_file(GUIDE, f"{shown}\n\n{NOTES} Measured by `{command}`.", "doc2vec")
        written.append(GUIDE)
    _cli.say_where(written)
    return 0


if __name__ == "__main__":
    _cli.run(main)
