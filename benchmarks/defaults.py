"""Compare the untouched defaults with TF-IDF and logistic regression on three text sets.

IMDB, the TREC questions (6 classes) and 20 newsgroups, each model in a process of its own::

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

from benchmarks import _cli, _report
from benchmarks._contenders import CONTENDERS
from benchmarks._data import DataSpec, look_beside_the_repository
from benchmarks._runner import Results, plan, run_all

NAMES = ["defaults", "tfidf", "tfidf-tuned"]
DATA = ["imdb", "trec", "newsgroups"]
COMMAND = "python benchmarks/defaults.py"


def main(argv: list[str] | None = None) -> int:
    args = parse(argv)
    look_beside_the_repository()
    folder = _cli.folder(args)
    results = Results(folder / "defaults.json")
    complete = True
    if not args.report:
        contenders = [CONTENDERS[name] for name in args.only or NAMES]
        tasks = [
            task
            for name in args.data
            for task in plan(
                contenders,
                DataSpec(name, args.n_train, args.n_test, args.validate),
                args.seeds,
                args.epochs,
            )
        ]
        complete = run_all(tasks, results, fresh=args.fresh)
    if not results.runs:
        print("Nothing has been measured yet.")
        return 1
    write(results, folder, args)
    return 0 if complete else 1


def parse(argv: list[str] | None) -> argparse.Namespace:
    parser = _cli.options(__doc__.splitlines()[0], NAMES)
    parser.add_argument("--data", nargs="+", choices=DATA, default=DATA, help="default: all")
    return parser.parse_args(argv)


def write(results: Results, folder: Path, args: argparse.Namespace) -> None:
    """Write the tables and the plot, and print the tables."""
    from benchmarks import _plots

    text = _report.sections(results.runs)
    print(f"\n{text}\n")
    page = folder / "defaults.md"
    title = "# The defaults beside TF-IDF + logistic regression (LR)"
    made = f"Made by `{COMMAND}{' --validate' if args.validate else ''}`."
    page.write_text(f"{title}\n\n{text}\n\n{made}\n", encoding="utf-8")
    _cli.say_where([page, _plots.accuracy_bars(results.runs, folder / "defaults.png")])


if __name__ == "__main__":
    _cli.run(main)
