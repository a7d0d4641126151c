"""Compare the untouched defaults with TF-IDF and logistic regression on three text sets.

IMDB, the TREC questions (6 classes) and 20 newsgroups, each model in a separate process::

    python benchmarks/defaults.py

Defaults are a promise. They are chosen on a part of the training data, by ``--validate``; without
it the test data shows what they are worth.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

if not __package__:  # started as a file: find the package `benchmarks` all the same
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import imdb, report
from benchmarks.contenders import CONTENDERS
from benchmarks.data import TITLES, DataSpec
from benchmarks.harness import VALIDATE, Run, Study, Task

NAMES = ("defaults", "tfidf", "tfidf-tuned")
DATA = ("imdb", "trec", "newsgroups")


def tasks(args: argparse.Namespace) -> list[Task]:
    return [
        task
        for name in args.data
        for task in imdb.plan(
            args.only or NAMES, DataSpec(name, validate=args.validate), args.seeds
        )
    ]


def plots(runs: list[Run], args: argparse.Namespace, folder: Path) -> list[Path]:
    """Draw accuracy as bars with the seconds to fit beside them, a panel per data set."""
    groups, path = report.by_data(runs, TITLES), folder / "defaults.png"
    size = {"figsize": (7.5, 0.6 + 1.5 * len(groups)), "sharex": True, "squeeze": False}
    with report.figure(path, len(groups), **size) as panels:
        for ax, (name, group) in zip(panels[:, 0], groups.items(), strict=True):
            rows = report.by_contender(group, CONTENDERS)
            for place, own in enumerate(rows.values()):
                baseline = CONTENDERS[own[0]["contender"]].n_seeds == 0
                accuracy = float(report.middle("accuracy", 10, 100)(own))
                colour = report.GREY if baseline else report.COLOURS[0]
                ax.barh(place, accuracy, color=colour, height=0.7)
                ax.annotate(
                    f"{accuracy:.1f}, fitted in {report.took('seconds.fit')(own)} s",
                    (accuracy, place), (-6, 0), textcoords="offset points", va="center",
                    ha="right", color="white",
                )  # fmt: skip
            ax.set_yticks(range(len(rows)), list(rows))
            ax.invert_yaxis()
            ax.set_xlim(0, 100)
            ax.tick_params(axis="y", length=0)
            ax.set_title(TITLES[name])
        panels[-1, 0].set_xlabel("accuracy, %")
    return [path]


STUDY = Study(
    name="defaults",
    title="The defaults beside TF-IDF + logistic regression (LR)",
    about=__doc__,
    contenders=NAMES,
    tasks=tasks,
    page=lambda runs, args: imdb.sections(runs),
    plots=plots,
    options={
        **VALIDATE,
        "--data": {"nargs": "+", "choices": DATA, "default": DATA, "help": "default: all"},
    },
)

if __name__ == "__main__":
    STUDY.run()
