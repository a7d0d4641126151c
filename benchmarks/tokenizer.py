"""Time SequenceTokenizer against CountVectorizer on the 25,000 IMDB training reviews.

Both analyze the same texts with the same defaults, in turns, in one process, so that whatever
else the machine does falls on both::

    python benchmarks/tokenizer.py --seeds 7
"""

from __future__ import annotations

import argparse
import gc
import sys
from functools import cache
from pathlib import Path
from statistics import median
from typing import Any

if not __package__:  # started as a file: find the package `benchmarks` all the same
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import harness, report
from benchmarks.harness import Laps, Run, Study, Task

ROUNDS = 7
BASE = "CountVectorizer().fit_transform"
WORK: dict[str, dict[str, Any]] = {
    BASE: {},
    "SequenceTokenizer().fit_transform": {},
    "SequenceTokenizer(max_features=None).fit_transform": {"max_features": None},
}


def tasks(args: argparse.Namespace) -> list[Task]:
    """Return the contenders in turns."""
    from sklearn.feature_extraction.text import CountVectorizer

    from sklstm import SequenceTokenizer
    from sklstm.datasets import fetch_imdb

    texts = cache(lambda: fetch_imdb(subset="train").data)

    def work(name: str) -> Run:
        tool = CountVectorizer if name == BASE else SequenceTokenizer
        texts()
        gc.collect()
        laps = Laps()
        tool(**WORK[name]).fit_transform(texts())
        laps.lap("fit")
        about = harness.environment()
        return {"seconds": laps.seconds, "n_texts": len(texts()), "environment": about}

    return [
        Task(
            f"{name}, round {turn}",
            harness.identify(name, {"name": "imdb"}, turn, WORK[name]),
            lambda folder, name=name: work(name),
        )
        for turn in range(args.seeds or ROUNDS)
        for name in args.only or WORK
    ]


def page(runs: list[Run], args: argparse.Namespace) -> str:
    groups = {f"`{name}`": group for name, group in report.by_contender(runs, list(WORK)).items()}
    base = median(report.values([run for run in runs if run["contender"] == BASE], "seconds.fit"))
    columns = {
        "median, s": report.middle("seconds.fit", 2),
        "fastest, s": lambda group: f"{min(report.values(group, 'seconds.fit')):.2f}",
        "of CountVectorizer's": lambda group: (
            f"{median(report.values(group, 'seconds.fit')) / base:.0%}"
        ),
    }
    n_texts, env = runs[0]["n_texts"], runs[0]["environment"]
    return (
        f"{report.table(groups, columns, '', 'nnnn')}\n\n{n_texts:,} film reviews, "
        f"{max(run['seed'] for run in runs) + 1} runs each, in turns, on {env['cpus']} CPU cores; "
        f"Python {env['python']}, scikit-learn {env['scikit-learn']}."
    )


def old(content: dict[str, Any]) -> list[Run]:
    """Return the runs of a file that holds the seconds of each contender."""
    about = {"n_texts": content["n_texts"], "environment": content}
    return [
        {
            **about,
            **harness.identify(name, {"name": "imdb"}, turn, WORK[name]),
            "seconds": {"fit": s},
        }
        for name, spent in content["seconds"].items()
        for turn, s in enumerate(spent)
    ]


STUDY = Study(
    name="tokenizer",
    title="Tokenizing film reviews",
    about=__doc__,
    contenders=WORK,
    tasks=tasks,
    page=page,
    old=old,
)

if __name__ == "__main__":
    STUDY.run()
