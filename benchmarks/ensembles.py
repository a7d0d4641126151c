"""Compare the average of three small networks with one larger network.

Short texts, without the linear path, scored on a fifth of the training data::

    python benchmarks/ensembles.py --validate

The small networks have half the units and half the dimensions of word vectors, and each of the
three another seed; their probabilities are averaged.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

if not __package__:  # started as a file: find the package `benchmarks` all the same
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import imdb
from benchmarks.data import DataSpec
from benchmarks.harness import VALIDATE, Study, Task

NAMES = ("one-network", "one-small", "three-small", "three-networks")
DATA = ("trec", "subj")


def tasks(args: argparse.Namespace) -> list[Task]:
    """Return the contenders on every data set."""
    return [
        task
        for name in args.data
        for task in imdb.plan(
            args.only or NAMES, DataSpec(name, validate=args.validate), args.seeds
        )
    ]


STUDY = Study(
    name="ensembles",
    title="Three small networks beside a larger one",
    about=__doc__,
    contenders=NAMES,
    tasks=tasks,
    page=lambda runs, args: imdb.sections(runs),
    plots=lambda runs, args, folder: [],
    options={
        **VALIDATE,
        "--data": {"nargs": "+", "choices": DATA, "default": DATA, "help": "default: all"},
    },
)

if __name__ == "__main__":
    STUDY.run()
