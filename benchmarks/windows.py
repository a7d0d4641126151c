"""Time make_windows, and the loop that it replaces, on 10 million rows; and what memory they take.

::

    python benchmarks/windows.py

The loop is a list comprehension over the windows with ``np.stack``. Every measurement is a
process of its own, so that its peak of memory is its own too; none is extrapolated.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

if not __package__:  # started as a file: find the package `benchmarks` all the same
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks._cli import RESULTS, positive, run, say_where
from benchmarks._worker import environment, peak_memory
from sklstm import make_windows

WINDOW = 50
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


def measure(way: str, n_rows: int, n_features: int, stride: int, label: str) -> dict[str, Any]:
    """Time one way, and tell the memory that it took above that of the rows and their labels."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(n_rows, n_features)), rng.integers(0, N_CLASSES, n_rows)
    forget_peak_memory()
    before = peak_memory()
    start = time.perf_counter()
    made = WAYS[way](X, y, window=WINDOW, stride=stride, label=label)
    seconds = time.perf_counter() - start
    return {
        "seconds": seconds,
        "memory_mb": peak_memory() - before,
        "n_windows": len(made[0]),
        "environment": environment(),
    }


def forget_peak_memory() -> None:
    """Start the kernel's count afresh: making the data took more than holding it."""
    if sys.platform == "linux":
        Path("/proc/self/clear_refs").write_text("5")


def in_a_process_of_its_own(job: dict[str, Any]) -> dict[str, Any]:
    load = os.getloadavg()[0]  # says whether the machine had other work
    command = [sys.executable, __file__, "--job", json.dumps(job)]
    finished = subprocess.run(command, check=True, capture_output=True, text=True)
    return {**job, **json.loads(finished.stdout), "load": load}


def plan(shrink: int) -> list[dict[str, Any]]:
    return [
        {"way": way, "n_rows": n // shrink, "n_features": f, "stride": stride, "label": label}
        for (n, f), stride, label, way in product(SHAPES, STRIDES, LABELS, WAYS)
    ]


def measure_all(shrink: int, repeats: int) -> list[dict[str, Any]]:
    runs = []
    for job in plan(shrink):
        for _ in range(repeats if job["way"] == "make_windows" else 1):
            runs.append(in_a_process_of_its_own(job))
            print(*job.values(), f"{runs[-1]['seconds']:.3f} s", flush=True)
    return runs


def table(runs: list[dict[str, Any]]) -> str:
    lines = [
        "| rows | stride | label | windows | make_windows, s | loop, s | make_windows, MB "
        "| loop, MB |",
        "| ---: | ---: | --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    cases: dict[tuple, dict[str, list[dict[str, Any]]]] = {}
    for one in runs:
        case = (one["n_rows"], one["n_features"], one["stride"], one["label"], one["n_windows"])
        cases.setdefault(case, {}).setdefault(one["way"], []).append(one)
    for (n_rows, n_features, stride, label, n_windows), ways in cases.items():
        cells = [
            f"{median(one[key] for one in ways[way]):,.{digits}f}"
            for key, digits in (("seconds", 2), ("memory_mb", 0))
            for way in WAYS
        ]
        shape = f"{n_rows:,} x {n_features}"
        lines.append(f"| {shape} | {stride} | {label} | {n_windows:,} | {' | '.join(cells)} |")
    return "\n".join(lines)


def write(runs: list[dict[str, Any]], output: Path, repeats: int) -> list[Path | None]:
    output.mkdir(parents=True, exist_ok=True)
    about, loads = runs[0]["environment"], [one["load"] for one in runs]
    report = {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "window": WINDOW,
        "classes": N_CLASSES,
        "environment": about,
        "runs": [{k: v for k, v in one.items() if k != "environment"} for one in runs],
    }
    (output / "windows.json").write_text(json.dumps(report, indent=1) + "\n")
    text = (
        f"# Windows of {WINDOW} rows\n\n{table(runs)}\n\n"
        f"Rows of float64, labels of {N_CLASSES} classes as int64. Memory is the peak above that "
        "of the rows and labels\nthemselves. make_windows: the median of "
        f"{repeats} runs; the loop, a list comprehension and `np.stack`: one run.\nEach "
        f"run in a process of its own, nothing extrapolated; {about['cpus']} CPU cores, Python "
        f"{about['python']}, numpy {about['numpy']}.\nLoad average of the machine before the runs, "
        f"these included: {min(loads):.1f} to {max(loads):.1f}.\n"
        "Made by `python benchmarks/windows.py`.\n"
    )
    (output / "windows.md").write_text(text)
    print(text)
    return [output / "windows.md", output / "windows.json"]


def main(arguments: list[str] | None = None) -> int:
    """Measure, print and write ``results/windows.json`` and ``results/windows.md``."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--repeats", type=positive, default=3, help="runs of make_windows, 3 by default")
    add("--output", type=Path, default=RESULTS, metavar="DIR", help="write into this directory")
    add("--shrink", type=positive, default=1, help=argparse.SUPPRESS)  # for trials and tests
    add("--job", type=json.loads, help=argparse.SUPPRESS)  # one measurement, in this process
    args = parser.parse_args(arguments)
    if args.job:
        print(json.dumps(measure(**args.job)))
        return 0
    runs = measure_all(args.shrink, args.repeats)
    say_where(write(runs, args.output, args.repeats))
    return 0


if __name__ == "__main__":
    run(main)
