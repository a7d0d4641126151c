"""Compare LSTMs with 1-NN DTW and ROCKET on four sets of the UCR and UEA archives.

Two of unequal lengths (JapaneseVowels, PickupGestureWiimoteZ) and two of equal ones (GunPoint,
ItalyPowerDemand), the archive's own split, each run in a process of its own::

    python benchmarks/ucr.py --peers-python PATH/TO/python

The peers are those of aeon, in an environment of their own (``pip install aeon==1.6.0``); without
``--peers-python`` they are left out. ``--validate`` scores on five folds of the training data, for
choosing `BEST`, and leaves the test data alone.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

if not __package__:  # started as a file: find the package `benchmarks` all the same
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import _cli, _ucr_report
from benchmarks._data import ROOT, UCR, DataSpec, Parts, load, look_beside_the_repository
from benchmarks._peers import answer, run_missing
from benchmarks._report import fill_file
from benchmarks._runner import Results, commit
from benchmarks._ucr_engines import pack

# Parameters of LSTMClassifier, chosen on folds of the training data (--validate).
BEST: dict[str, Any] = {
    "conv_filters": 128,
    "conv_kernel_size": 9,
    "conv_pool_size": 4,
    "dropout": 0.2,
    "batch_size": 8,
}

README = ROOT / "README.md"
ENGINES = Path(__file__).with_name("_ucr_engines.py")
COMMAND = "python benchmarks/ucr.py --peers-python PATH"
N_SEEDS, N_FOLDS = 5, 5
Run = dict[str, Any]


@dataclass(frozen=True)
class Contender:
    """A model of `_ucr_engines.py` with its parameters; `peer` if it runs in aeon's environment."""

    title: str
    model: str
    params: dict[str, Any] = field(default_factory=dict)
    peer: bool = True
    draws: bool = True


CONTENDERS = {
    "defaults": Contender("LSTMClassifier, defaults", "lstm", peer=False),
    "best": Contender("LSTMClassifier, chosen on training folds", "lstm", BEST, peer=False),
    "dtw": Contender("1-NN DTW, full window", "dtw", {"window": 1.0}, draws=False),
    "dtw-window": Contender("1-NN DTW, learned window", "dtw", {"window": None}, draws=False),
    "minirocket": Contender("MiniRocket", "rocket", {"classifier": "MiniRocketClassifier"}),
    "multirocket": Contender("MultiRocket", "rocket", {"classifier": "MultiRocketClassifier"}),
}


@dataclass(frozen=True)
class Task:
    """One contender on one data set with one seed, which also tells the fold in validation."""

    name: str
    data: DataSpec
    seed: int
    epochs: int | None = None

    @property
    def contender(self) -> Contender:
        """The model that runs."""
        return CONTENDERS[self.name]

    def params(self) -> dict[str, Any]:
        """Return the contender's parameters, with fewer epochs in a trial."""
        trial = {"max_epochs": self.epochs} if self.epochs and not self.contender.peer else {}
        return {**self.contender.params, **trial}

    def identity(self) -> Run:
        """Return what makes two runs the same, as `Results` compares it."""
        what = {"contender": self.name, "data": asdict(self.data), "seed": self.seed}
        return json.loads(json.dumps({**what, "params": self.params(), "prepare": None}))


def main(argv: list[str] | None = None) -> int:
    args = parse(argv)
    look_beside_the_repository()
    folder = _cli.folder(args)
    results = Results(folder / "ucr.json")
    complete = args.report or run_all(tasks(args), results, args)
    if not results.runs:
        print("Nothing has been measured yet.")
        return 1
    titles = {name: contender.title for name, contender in CONTENDERS.items()}
    text = _ucr_report.sections(results.runs, titles)
    print(f"\n{text}\n")
    page = folder / "ucr.md"
    made = f"Made by `{COMMAND}{' --validate' if args.validate else ''}`."
    page.write_text(f"# Time series to classify\n\n{text}\n\n{made}\n", encoding="utf-8")
    written = [page]
    if folder == _cli.RESULTS:
        fill_file(README, _ucr_report.overview(results.runs, titles), "ucr")
        written.append(README)
    _cli.say_where(written)
    return 0 if complete else 1


def parse(argv: list[str] | None) -> argparse.Namespace:
    parser = _cli.options(__doc__.splitlines()[0], list(CONTENDERS))
    parser.add_argument("--data", nargs="+", choices=UCR, default=list(UCR), help="default: all")
    parser.add_argument("--peers-python", metavar="PATH", help="interpreter that has aeon")
    return parser.parse_args(argv)


def tasks(args: argparse.Namespace) -> list[Task]:
    """Return what was asked for and can be had."""
    names = [n for n in args.only or CONTENDERS if args.peers_python or not CONTENDERS[n].peer]
    return [
        Task(name, DataSpec(data, args.n_train, args.n_test, args.validate), seed, args.epochs)
        for data in args.data
        for name in names
        for seed in seeds(CONTENDERS[name], args)
    ]


def seeds(contender: Contender, args: argparse.Namespace) -> range:
    """Return the seeds of a contender: one if it draws nothing, and one per fold at least."""
    wanted = (args.seeds or N_SEEDS) if contender.draws else 1
    return range(wanted * N_FOLDS if args.validate else wanted)


def run_all(planned: list[Task], results: Results, args: argparse.Namespace) -> bool:
    """Run what is not among the results yet, or all if asked; return whether all went well."""
    return run_missing(
        planned,
        results,
        lambda task, folder: run_one(task, folder, args.peers_python),
        lambda task: f"{task.contender.title} on {task.data.name}, seed {task.seed}",
        lambda run: f"accuracy {run['accuracy']:.2%}",
        fresh=args.fresh,
    )


def run_one(task: Task, folder: Path, peers_python: str | None) -> list[Run] | str:
    """Measure a task in a process of its own; return the run, or why there is none."""
    code = commit()  # before, as the code may be changed meanwhile
    job = {
        "model": task.contender.model,
        "params": task.params(),
        "seed": task.seed,
        "data": str(stage(task, folder)),
    }
    measured = answer(ENGINES, job, folder, peers_python if task.contender.peer else None)
    if isinstance(measured, str):
        return measured
    date = datetime.now(UTC).strftime("%Y-%m-%d")
    return [{**task.identity(), "commit": code, **measured, "date": date}]


def stage(task: Task, folder: Path) -> Path:
    """Write the data of a task in a form that any environment reads, once; return its path."""
    fold = task.seed % N_FOLDS if task.data.validate else None
    path = folder / f"{task.data.name}-{fold}.npz"
    if not path.exists():
        X_train, y_train, X_test, y_test = parts(task.data, fold)
        packed = {
            f"{part}_{name}": array
            for part, X in (("train", X_train), ("test", X_test))
            for name, array in pack(X).items()
        }
        np.savez(path, y_train=y_train, y_test=y_test, **packed)
    return path


def parts(data: DataSpec, fold: int | None) -> Parts:
    """Return the parts of a data set; with a fold, both from its training data."""
    from sklearn.model_selection import StratifiedKFold

    if fold is None:
        return load(data)
    X, y, _, _ = load(DataSpec(data.name, data.n_train))
    folds = StratifiedKFold(N_FOLDS, shuffle=True, random_state=0)
    train, held_out = list(folds.split(y, y))[fold]
    return X[train], y[train], X[held_out], y[held_out]


if __name__ == "__main__":
    _cli.run(main)
