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

from sklearn.feature_extraction.text import CountVectorizer

if not __package__:  # started as a file: find the package `benchmarks` all the same
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import harness, report
from benchmarks.harness import Laps, Run, Study, Task
from sklstm import SequenceTokenizer, datasets

ROUNDS = 7
BASE = "CountVectorizer().fit_transform"
WORK: dict[str, dict[str, Any]] = {
    BASE: {},
    "SequenceTokenizer().fit_transform": {},
    "SequenceTokenizer(max_features=None).fit_transform": {"max_features": None},
}


def tasks(args: argparse.Namespace) -> list[Task]:
    """Return the contenders in turns."""
    texts = cache(lambda: datasets.fetch_imdb(subset="train").data)

    def work(name: str, folder: Path) -> Run:
        tool = (CountVectorizer if name == BASE else SequenceTokenizer)(**WORK[name])
        n_texts = len(texts())
        gc.collect()
        laps = Laps()
        tool.fit_transform(texts())
        laps.lap("fit")
        about = {"n_texts": n_texts, "environment": harness.environment()}
        return {"seconds": laps.seconds, **about}

    return harness.turns(args, ROUNDS, WORK, work)


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
    found = content["seconds"].items()
    runs = {name: [{**about, "seconds": {"fit": s}} for s in spent] for name, spent in found}
    return harness.old_turns(runs, WORK)


STUDY = Study("tokenizer", "Tokenizing film reviews", __doc__, WORK, tasks, page, old=old)

if __name__ == "__main__":
    STUDY.run()
