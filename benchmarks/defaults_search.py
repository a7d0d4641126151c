"""Change the defaults one parameter at a time, scored on parts of the training data.

The defaults of texts, series and numbers beside their own variants, each run in a separate
process. Of texts and of the adding problem a part of the training data is held out; series and
numbers are scored on folds of the training data in turn, as many as there are seeds. No test data
is read::

    python benchmarks/defaults_search.py --threads 1

It answers whether a change would pay on all sets together, which is what defaults are for; one that
pays on a single set is for the user of that set.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from statistics import mean
from typing import Any

if not __package__:  # started as a file: find the package `benchmarks` all the same
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import defaults, harness, imdb, report
from benchmarks.data import TITLES
from benchmarks.defaults import KINDS, RMSE, DataSet
from benchmarks.harness import Run, Study, Task

WORDS = r"(?u)\b\w\w+\b"  # scikit-learn's pattern, without punctuation and one-letter words
# By kind of data: the parameters of the last step, or of both steps of a pipeline.
VARIANTS: dict[str, dict[str, dict[str, Any]]] = {
    "texts": {
        "defaults": {},
        "rare_word_dropout=0": {"rare_word_dropout": 0.0},
        "embedding_dropout=0.1": {"embedding_dropout": 0.1},
        "embedding_dropout=0.5": {"embedding_dropout": 0.5},
        "words of two letters": {"sequencetokenizer__token_pattern": WORDS},
        "linear_path=False": {"linear_path": False},
        "hidden_size=32": {"hidden_size": 32},
    },
    "series": {
        "defaults": {},
        "fcn_filters=None": {"fcn_filters": None},
        "hidden_size=16": {"hidden_size": 16},
        "learning_rate=0.001": {"learning_rate": 0.001},
        "batch_size=8": {"batch_size": 8},
    },
    "numbers": {
        "defaults": {},
        "linear_path=False": {"linear_path": False},
        "fcn_filters=None": {"fcn_filters": None},
        "hidden_size=16": {"hidden_size": 16},
    },
}
DATA: dict[str, tuple[str, ...]] = {
    "texts": ("subj", "trec", "snips", "sms", "imdb-2000"),
    "series": (
        "GunPoint", "ItalyPowerDemand", "JapaneseVowels", "PickupGestureWiimoteZ", "OSULeaf",
    ),
    "numbers": ("Covid3Month", "Tecator", "adding"),
}  # fmt: skip
N_FOLDS = 3
NAMES = tuple(dict.fromkeys(name for variants in VARIANTS.values() for name in variants))


# ------------------------------------------------------------------------------------------
# What is run


def tasks(args: argparse.Namespace) -> list[Task]:
    """Return all variants on a data set, then those on the next."""
    harness.limit_threads(args.threads)
    return [
        task(kind, set_name, name, seed)
        for kind, sets in DATA.items()
        for set_name in sets
        if set_name in args.data
        for name in VARIANTS[kind]
        if not args.only or name in args.only
        for seed in range(n_seeds(KINDS[kind].sets[set_name], args.seeds))
    ]


def n_seeds(dataset: DataSet, wanted: int | None) -> int:
    return wanted or (N_FOLDS if dataset.folds else 1)


def task(kind: str, set_name: str, name: str, seed: int) -> Task:
    """Return one variant on one data set with one seed, which of folds is a fold, too."""
    dataset = KINDS[kind].sets[set_name]
    spec, fold = dataset.specs(validate=True)[0], seed if dataset.folds else None
    job = {"kind": kind, "params": VARIANTS[kind][name], "seed": seed}

    def run(folder: Path) -> Run:
        make = defaults.parts if kind != "texts" else lambda *_: imdb.parts(spec)
        path = folder / f"{kind}-{fold}-{spec.file}"
        return harness.apart(
            measure, {**job, "data": harness.stage(path, lambda: make(dataset, spec, fold))}
        )

    params = harness.parameters(build(job))
    identity = harness.identify(name, {"set": set_name, **asdict(spec)}, seed, params)
    return Task(f"{name} on {TITLES[spec.name]}, seed {seed}", identity, run)


def build(job: Run) -> Any:
    """Return the defaults of a kind of data, changed."""
    model = KINDS[job["kind"]].contenders["defaults"].build(job["seed"])
    last = model.steps[-1][0]
    changes = {
        name if "__" in name else f"{last}__{name}": value for name, value in job["params"].items()
    }
    return model.set_params(**changes)


def measure(job: Run) -> Run:
    """Fit and score a variant in this process."""
    staged, kind = harness.staged(job["data"]), KINDS[job["kind"]]
    harness.forget_peak_memory()
    parts = [staged[name] for name in defaults.PARTS]
    return harness.measure(build(job), parts, kind.score or imdb.score)


# ------------------------------------------------------------------------------------------
# What is shown


def page(runs: list[Run], args: argparse.Namespace) -> str:
    """Return a table of scores for each kind of data, of classes also one of log losses."""
    texts = []
    for kind, sets in DATA.items():
        own = [run for run in runs if run["data"]["set"] in sets]
        groups = report.by_contender(own, VARIANTS[kind])
        if groups:
            shown = [table(kind, groups, *column) for column in COLUMNS[kind]]
            texts.append(f"## {KINDS[kind].title}\n\n" + "\n\n".join(shown))
    return "\n\n".join([*texts, NOTES, *report.surroundings(runs), *report.warned(runs)])


def table(
    kind: str, groups: Mapping[str, list[Run]], title: str, path: str, scale: float, places: int
) -> str:
    """Return a row for each variant, a column for each data set, and the mean of all sets."""
    names = [
        n for n in DATA[kind] if any(r["data"]["set"] == n for g in groups.values() for r in g)
    ]

    def score(group: list[Run], set_name: str) -> float | None:
        found = report.values([run for run in group if run["data"]["set"] == set_name], path)
        return scale * mean(found) if found else None

    columns: dict[str, list[str]] = {"variant": list(groups)}
    cells = {name: [score(group, name) for group in groups.values()] for name in names}
    for name, own in cells.items():
        columns[name] = [report.MISSING if x is None else f"{x:.{places}f}" for x in own]
    if path != RMSE:  # errors of several units have no mean
        rows = list(zip(*cells.values(), strict=True))
        columns["mean"] = [
            report.MISSING if None in row else f"{mean(filter(None, row)):.{places}f}"
            for row in rows
        ]
    return f"{title}:\n\n{report.markdown(columns)}"


Shown = tuple[str, str, float, int]
OF_CLASSES: tuple[Shown, ...] = (
    ("Accuracy, %", "accuracy", 100, 2),
    ("Log loss", "log_loss", 1, 3),
)
COLUMNS: dict[str, tuple[Shown, ...]] = {
    "texts": OF_CLASSES,
    "series": OF_CLASSES,
    "numbers": (("Root mean squared error", RMSE, 1, 4),),
}
NOTES = (
    "Means over the folds of the training data for series and numbers, one fit on a part of the "
    "training data for texts and the adding problem; one seed, so that small differences mean "
    "nothing. Seconds are not shown, as runs may share the machine; they are in the JSON file."
)

STUDY = Study(
    name="defaults_search",
    title="The defaults, one parameter changed at a time",
    about=__doc__,
    contenders=NAMES,
    tasks=tasks,
    page=page,
    options={
        **harness.THREADS,
        "--data": {
            "nargs": "+",
            "choices": (choices := tuple(name for sets in DATA.values() for name in sets)),
            "default": choices,
            "help": "default: all",
        },
    },
    command="defaults_search.py --threads 1",
)

if __name__ == "__main__":
    STUDY.run()
