"""Time Doc2VecVectorizer.transform against a loop over gensim's infer_vector.

Both infer vectors of the same film reviews with the same trained model and epochs, in turns, in one
run, so that whatever else the machine does falls on both::

    python benchmarks/doc2vec_speed.py

The loop is given lists of words, `transform` the texts, which it has to split first. Many texts are
shared among processes: the first call starts them, the next ones find them ready.
"""

from __future__ import annotations

import argparse
import gc
import sys
from collections.abc import Callable
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import Any

if not __package__:  # started as a file: find the package `benchmarks` all the same
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from joblib.externals.loky import get_reusable_executor
from sklearn.feature_extraction.text import CountVectorizer

from benchmarks import harness, report
from benchmarks.data import DataSpec, load
from benchmarks.harness import Laps, Run, Study, Task
from sklstm import Doc2VecVectorizer

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


def measure(compared: dict[str, Callable[[], Any]]) -> Run:
    """Return the seconds of each way in one round."""
    get_reusable_executor().shutdown()  # so that the first call has to start processes
    seconds = {}
    for name, work in compared.items():
        gc.collect()
        laps = Laps()
        work()
        laps.lap(name)
        seconds |= laps.seconds
    return {"seconds": seconds, "environment": harness.environment()}


def tasks(args: argparse.Namespace) -> list[Task]:
    reviews = cache(lambda: load(DataSpec("imdb", n_train=N_TRAIN + MANY, n_test=2))[0])

    @lru_cache(maxsize=1)
    def fitted(name: str) -> Doc2VecVectorizer:
        params = {"epochs": 3, "infer_epochs": EPOCHS, "random_state": 0, **MODELS[name]}
        return Doc2VecVectorizer(**params).fit(reviews()[:N_TRAIN])

    @lru_cache(maxsize=1)
    def compared(name: str, n_texts: int) -> dict[str, Callable[[], Any]]:
        return ways(fitted(name), reviews()[N_TRAIN:][:n_texts])

    return [
        Task(
            f"{name}; {n_texts:,} texts, round {turn}",
            harness.identify(name, {"n_texts": n_texts}, turn, MODELS[name]),
            lambda _, name=name, n=n_texts: measure(compared(name, n)),
        )
        for name in args.only or MODELS
        for n_texts in (FEW, MANY)
        for turn in range(args.seeds or ROUNDS)
    ]


def table(runs: list[Run]) -> str:
    """Return medians, and the median of the rounds' ratios with their range."""
    columns: dict[str, report.Column] = {
        f"{name}, s": report.middle(f"seconds.{name}", 2) for name in (LOOP, FIRST, AGAIN)
    }
    for name in (FIRST, AGAIN):
        columns[f"times faster, {name.split(', ')[1]}"] = partial(ratio, name)
    groups = report.grouped(
        runs, lambda run: f"{run['contender']}; {run['data']['n_texts']:,} texts"
    )
    return report.table(groups, columns, "")


def ratio(name: str, runs: list[Run]) -> str:
    found = [{"of": run["seconds"][LOOP] / run["seconds"][name]} for run in runs]
    return report.spread("of", 2)(found)


def page(runs: list[Run]) -> str:
    env = runs[0]["environment"]
    return (
        f"{table(runs)}\n\n"
        f"Film reviews, {EPOCHS} epochs each, vectors of 100 numbers; medians of {ROUNDS} rounds "
        "in turns, and of the ratio to the loop within a round, with its range. The loop is given "
        "words, `transform` splits texts itself. "
        f"{env['cpus']} CPU cores; Python {env['python']}, gensim {env['gensim']}; "
        f"sklstm {env['sklstm']} ({runs[0]['commit'] or 'no commit'})."
    )


def shown(runs: list[Run]) -> str:
    """Return what the guide shows."""
    models = dict.fromkeys(run["contender"] for run in runs)
    only = [f'"{name}"' if " " in name else name for name in models]
    chosen = f" --only {' '.join(only)}" if len(models) < len(MODELS) else ""
    return f"{page(runs)} Measured by `python benchmarks/doc2vec_speed.py{chosen}`."


def old(content: dict[str, Any]) -> list[Run]:
    """Return the runs of a file that holds the seconds of each model and number of texts."""
    about = {name: content[name] for name in ("date", "environment", "commit")}
    runs = []
    for row, seconds in content["seconds"].items():
        name, _, n_texts = row.removesuffix(" texts").partition("; ")
        data = {"n_texts": int(n_texts.replace(",", ""))}
        for turn, times in enumerate(zip(*seconds.values(), strict=True)):
            identity = harness.identify(name, data, turn, MODELS[name])
            took = dict(zip(seconds, times, strict=True))
            runs.append({**identity, **about, "load": content["load_before"], "seconds": took})
    return runs


STUDY = Study(
    name="doc2vec_speed",
    title="Vectors of texts, per second",
    about=__doc__,
    contenders=MODELS,
    tasks=tasks,
    page=lambda runs, args: f"{page(runs)}\n{report.loads(runs)}",
    guide="docs/text_vectors.md",
    shown=shown,
    old=old,
)

if __name__ == "__main__":
    STUDY.run()
