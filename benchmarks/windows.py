"""Time make_windows, and the loop that it replaces, on 10 million rows; and what memory they take.

::

    python benchmarks/windows.py

The loop is a list comprehension over the windows with ``np.stack``. Every measurement is a
separate process, so that its peak of memory is its own; none is extrapolated.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

if not __package__:  # started as a file: find the package `benchmarks` all the same
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import harness, report
from benchmarks.harness import Laps, Run, Study, Task
from sklstm import make_windows

WINDOW = 50
REPEATS = 3  # of make_windows
SHAPES = ((10_000_000, 1), (1_000_000, 10))
STRIDES = (1, 50)
LABELS = ("last", "mean", "majority")
N_CLASSES = 5
ONE_LABEL = {
    "last": lambda labels: labels[-1],
    "mean": lambda labels: labels.mean(),
    "majority": lambda labels: Counter(labels.tolist()).most_common(1)[0][0],
}


def loop(X: np.ndarray, y: np.ndarray, *, window: int, stride: int, label: str) -> Any:
    """Make windows one by one, as one writes it at first."""
    starts = range(0, len(X) - window + 1, stride)
    windows = np.stack([X[start : start + window] for start in starts])
    of = ONE_LABEL[label]
    return windows, np.array([of(y[start : start + window]) for start in starts])


WAYS = {"make_windows": make_windows, "loop": loop}


def measure(job: Run) -> Run:
    """Time one way, and the memory that it took above that of the rows and their labels."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(job["n_rows"], job["n_features"]))
    y = rng.integers(0, N_CLASSES, job["n_rows"])
    harness.forget_peak_memory()
    before = harness.peak_memory()
    laps = Laps()
    made = WAYS[job["contender"]](X, y, window=WINDOW, stride=job["stride"], label=job["label"])
    laps.lap("make")
    return {
        "seconds": laps.seconds,
        "memory_mb": harness.peak_memory() - before,
        "n_windows": len(made[0]),
        "environment": harness.environment(),
    }


def tasks(args: argparse.Namespace) -> list[Task]:
    cases = [
        {"n_rows": n, "n_features": f, "stride": stride, "label": label}
        for (n, f), stride, label in product(SHAPES, STRIDES, LABELS)
    ]
    repeats = {"make_windows": range(args.seeds or REPEATS), "loop": range(1)}
    return [
        task
        for case in cases
        for way in args.only or WAYS
        for task in harness.repeated(measure, way, case, repeats[way])
    ]


def page(runs: list[Run], args: argparse.Namespace) -> str:
    def of(way: str, path: str, places: int, group: list[Run]) -> str:
        return report.middle(path, places)([run for run in group if run["contender"] == way])

    def case(run: Run) -> tuple[str, ...]:
        data = run["data"]
        shape = f"{data['n_rows']:,} x {data['n_features']}"
        return shape, str(data["stride"]), data["label"], f"{run['n_windows']:,}"

    cases = report.grouped(runs, case)
    heads = ("rows", "stride", "label", "windows")
    columns = {head: [row[i] for row in cases] for i, head in enumerate(heads)}
    for path, places, unit in (("seconds.make", 2, "s"), ("memory_mb", 0, "MB")):
        for way in WAYS:
            cell = partial(of, way, path, places)
            columns[f"{way}, {unit}"] = [cell(group) for group in cases.values()]
    repeats = max(run["seed"] for run in runs) + 1
    return (
        f"{report.markdown(columns, 'rrlrrrrr')}\n\n"
        f"Rows of float64, labels of {N_CLASSES} classes as int64. Memory is the peak above that "
        f"of the rows and labels themselves. make_windows: the median of {repeats} runs; the loop, "
        "a list comprehension and `np.stack`: one run. Each run in a separate process, nothing "
        f"extrapolated. {report.loads(runs)}\n\n" + "\n".join(report.surroundings(runs))
    )


def old(content: dict[str, Any]) -> list[Run]:
    """Return the runs of a file that holds the environment once."""
    about = {"environment": content["environment"], "date": content["date"], "commit": None}
    names = ("n_rows", "n_features", "stride", "label")
    runs = []
    for run in content["runs"]:
        data = {name: run[name] for name in names}
        repeat = sum(same["data"] == data and same["contender"] == run["way"] for same in runs)
        kept = {name: value for name, value in run.items() if name not in ("way", *names)}
        kept |= {"seconds": {"make": run["seconds"]}, **about}
        runs.append({**harness.identify(run["way"], data, repeat, {}), **kept})
    return runs


STUDY = Study("windows", f"Windows of {WINDOW} rows", __doc__, WAYS, tasks, page, old=old)

if __name__ == "__main__":
    STUDY.run()
