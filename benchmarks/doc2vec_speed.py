"""Time Doc2VecVectorizer.transform against a loop over gensim's infer_vector.

Both infer vectors of the same film reviews with the same trained model and epochs, in turns, in one
run, so that whatever else the machine does falls on both::

    python benchmarks/doc2vec_speed.py

The loop is given lists of words, `transform` the texts, which it has to split first. Many texts are
shared among processes: the first such call starts them, the next ones find them ready.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

if not __package__:  # started as a file: find the package `benchmarks` all the same
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from joblib.externals.loky import get_reusable_executor
from sklearn.feature_extraction.text import CountVectorizer

from benchmarks import _cli
from benchmarks._data import ROOT, DataSpec, load, look_beside_the_repository
from benchmarks._report import fill_file, markdown
from benchmarks._runner import commit
from benchmarks._worker import environment
from sklstm import Doc2VecVectorizer

GUIDE = ROOT / "docs" / "text_vectors.md"
N_TRAIN, FEW, MANY, EPOCHS = 5000, 1000, 10_000, 20
ROUNDS = 5
MODELS: dict[str, dict[str, Any]] = {
    "DBOW": {},
    "DBOW, sample=1e-4": {"sample": 1e-4},
    "DM": {"dm": 1},
}
LOOP, FIRST, AGAIN = "loop over infer_vector", "transform, first call", "transform, again"


def ways(vectorizer: Doc2VecVectorizer, texts: list[str]) -> dict[str, Callable[[], Any]]:
    """Return what is compared, to be called in turns."""
    analyze = CountVectorizer().build_analyzer()
    documents = [analyze(text) for text in texts]
    model = vectorizer.model_
    return {
        LOOP: lambda: [model.infer_vector(words, epochs=EPOCHS) for words in documents],
        FIRST: lambda: vectorizer.transform(texts),
        AGAIN: lambda: vectorizer.transform(texts),
    }


def measure(vectorizer: Doc2VecVectorizer, texts: list[str]) -> dict[str, list[float]]:
    """Return the seconds of each way in each round."""
    compared = ways(vectorizer, texts)
    spent: dict[str, list[float]] = {name: [] for name in compared}
    for _ in range(ROUNDS):
        get_reusable_executor().shutdown()  # so that the first call has to start processes
        for name, work in compared.items():
            gc.collect()
            start = time.perf_counter()
            work()
            spent[name].append(time.perf_counter() - start)
    return spent


def table(runs: dict[str, dict[str, list[float]]]) -> str:
    """Return medians, and the median of the rounds' ratios with their range."""
    columns: dict[str, list[str]] = {"": list(runs)}
    for name in (LOOP, FIRST, AGAIN):
        columns[f"{name}, s"] = [f"{median(spent[name]):.2f}" for spent in runs.values()]
    for name in (FIRST, AGAIN):
        ratios = [
            sorted(loop / own for loop, own in zip(spent[LOOP], spent[name], strict=True))
            for spent in runs.values()
        ]
        columns[f"times faster, {name.split(', ')[1]}"] = [
            f"{median(found):.2f} ({found[0]:.2f} to {found[-1]:.2f})" for found in ratios
        ]
    return markdown(columns)


def describe(about: dict[str, Any], models: list[str]) -> str:
    """Return what was timed, where, and by which command."""
    env = about["environment"]
    only = [f'"{name}"' if " " in name else name for name in models]
    chosen = f" --only {' '.join(only)}" if len(models) < len(MODELS) else ""
    return (
        f"Film reviews, {EPOCHS} epochs each, vectors of 100 numbers; medians of {ROUNDS} rounds "
        "in turns, and of the ratio to the loop within a round, with its range. The loop is given "
        "words, `transform` splits texts itself. "
        f"{env['cpus']} CPU cores; Python {env['python']}, gensim {env['gensim']}; "
        f"sklstm {env['sklstm']} ({about['commit'] or 'no commit'}). "
        f"Measured by `python benchmarks/doc2vec_speed.py{chosen}`."
    )


def main(arguments: list[str] | None = None) -> int:
    """Measure, print and write ``results/doc2vec_speed.json`` and ``.md``."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--only", nargs="+", choices=list(MODELS), default=list(MODELS))
    add(
        "--output", type=Path, default=_cli.RESULTS, metavar="DIR", help="write into this directory"
    )
    add("--n-train", type=_cli.positive, default=N_TRAIN, help=argparse.SUPPRESS)
    add("--divide", type=_cli.positive, default=1, help=argparse.SUPPRESS)
    args = parser.parse_args(arguments)
    look_beside_the_repository()
    X, _, _, _ = load(DataSpec("imdb", n_train=args.n_train + MANY // args.divide, n_test=2))
    train, texts = X[: args.n_train], X[args.n_train :]
    load_before = os.getloadavg()[0]
    args.output.mkdir(parents=True, exist_ok=True)
    runs: dict[str, dict[str, list[float]]] = {}
    about = {"date": datetime.now(UTC).strftime("%Y-%m-%d"), "environment": environment(),
             "commit": commit(), "epochs": EPOCHS, "load_before": load_before}  # fmt: skip
    for name in args.only:
        vectorizer = Doc2VecVectorizer(
            epochs=3, infer_epochs=EPOCHS, random_state=0, **MODELS[name]
        ).fit(train)
        for number in (FEW, MANY):
            some = texts[: number // args.divide]
            row = f"{name}; {len(some):,} texts"
            runs[row] = measure(vectorizer, some)
            found = {way: f"{median(spent):.2f}" for way, spent in runs[row].items()}
            print(row, found, flush=True)
            report = json.dumps({**about, "seconds": runs}, indent=1)
            (args.output / "doc2vec_speed.json").write_text(report + "\n", encoding="utf-8")
    shown, notes = table(runs), describe(about, args.only)
    text = (
        f"# Vectors of texts, per second\n\n{shown}\n\n{notes}\nLoad average of the machine before "
        f"the run: {load_before:.1f}.\n"
    )
    page = args.output / "doc2vec_speed.md"
    page.write_text(text, encoding="utf-8")
    print(text)
    if args.output == _cli.RESULTS:
        fill_file(GUIDE, f"{shown}\n\n{notes}", "doc2vec_speed")
    _cli.say_where([page])
    return 0


if __name__ == "__main__":
    _cli.run(main)
