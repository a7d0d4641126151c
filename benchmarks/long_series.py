"""What training on a long series takes, whole and in chunks; and what a step of a stream takes.

::

    python benchmarks/long_series.py

Every training is a process of its own, so that its peak of memory is its own too. A training that
runs whole is left out where the length before it took more than a limit of memory.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

if not __package__:  # started as a file: find the package `benchmarks` all the same
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks._cli import RESULTS, positive, run, say_where
from benchmarks._data import ROOT
from benchmarks._report import fill_file, markdown
from benchmarks._runner import commit
from benchmarks._worker import environment, peak_memory
from sklstm import LSTMClassifier, LSTMRegressor, LSTMTagger

GUIDE = ROOT / "docs" / "tagging.md"
LENGTHS = (1_000, 10_000, 100_000)
CHUNK, N_FEATURES, EPOCHS = 200, 3, 2
TASKS = {
    "a number for every step": LSTMRegressor(return_sequences=True),
    "a label for every step": LSTMTagger(),
    "one label": LSTMClassifier(),
}
NETWORKS = {
    "LSTM(64)": {"hidden_size": 64},
    "2 x LSTM(128)": {"hidden_size": 128, "num_layers": 2},
    "GRU(64)": {"hidden_size": 64, "cell": "gru"},
}
WARM_UP, TIMED = 100, 2_000


def made_up(task: str, length: int) -> tuple[list[np.ndarray], list[Any]]:
    """Return two series of this length, and what is to be learned of them."""
    rng = np.random.default_rng(0)
    X = [rng.normal(size=(length, N_FEATURES)).astype(np.float32) for _ in range(2)]
    if task == "one label":
        return X, [0, 1]
    y = [x[:, 0].cumsum() / length**0.5 for x in X]
    return X, y if task == "a number for every step" else [part > 0 for part in y]


def train(task: str, length: int, bptt_length: int | None) -> dict[str, Any]:
    """Train for some epochs, and tell the time and the memory of the whole process."""
    X, y = made_up(task, length)
    before = peak_memory()
    model = TASKS[task].set_params(
        bidirectional=False, max_epochs=EPOCHS, bptt_length=bptt_length, random_state=0
    )
    start = time.perf_counter()
    model.fit(X, y)
    return {
        "seconds": (time.perf_counter() - start) / EPOCHS,
        "memory_mb": peak_memory(),
        "before_mb": before,
        "environment": environment(),
    }


def stream(network: str, n_sequences: int) -> dict[str, Any]:
    """Time single steps of a stream."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(16, 10, N_FEATURES))
    model = LSTMClassifier(**NETWORKS[network], bidirectional=False, max_epochs=1, random_state=0)
    model.fit(X, np.arange(16) % 2)
    steps = rng.normal(size=(WARM_UP + TIMED, n_sequences, N_FEATURES))
    seconds = []
    with model.stream(n_sequences, response_method="predict_proba") as reader:
        for step in steps:
            start = time.perf_counter()
            reader.step(step)
            seconds.append(time.perf_counter() - start)
    took = np.array(seconds[WARM_UP:]) * 1_000
    return {
        "median_ms": float(np.median(took)),
        "p99_ms": float(np.quantile(took, 0.99)),
        "environment": environment(),
    }


def in_a_process_of_its_own(job: dict[str, Any]) -> dict[str, Any]:
    load = os.getloadavg()[0]  # says whether the machine had other work
    command = [sys.executable, __file__, "--job", json.dumps(job)]
    finished = subprocess.run(command, check=True, capture_output=True, text=True)
    return {**job, **json.loads(finished.stdout), "load": load}


def measure_training(limit_mb: int, shrink: int) -> list[dict[str, Any]]:
    runs = []
    for task in TASKS:
        for bptt_length in (CHUNK, None):
            for length in (max(1, n // shrink) for n in LENGTHS):
                job = {"task": task, "length": length, "bptt_length": bptt_length}
                runs.append(in_a_process_of_its_own(job))
                print(*job.values(), f"{runs[-1]['memory_mb']:.0f} MB", flush=True)
                if runs[-1]["memory_mb"] > limit_mb:
                    break
    return runs


def measure_streams(repeats: int) -> list[dict[str, Any]]:
    runs = []
    for _ in range(repeats):  # the networks take turns
        for network in NETWORKS:
            for n_sequences in (1, 32):
                job = {"network": network, "n_sequences": n_sequences}
                runs.append(in_a_process_of_its_own(job))
                print(*job.values(), f"{runs[-1]['median_ms']:.3f} ms", flush=True)
    return runs


def training_table(runs: list[dict[str, Any]]) -> str:
    columns: dict[str, list[str]] = {"one target is": list(dict.fromkeys(r["task"] for r in runs))}
    for bptt_length in (CHUNK, None):
        for length in sorted({r["length"] for r in runs}):
            how = "whole" if bptt_length is None else f"chunks of {bptt_length}"
            columns[f"{length:,} steps, {how}"] = [
                next(
                    (
                        f"{r['memory_mb']:,.0f} MB, {r['seconds']:.1f} s"
                        for r in runs
                        if (r["task"], r["length"], r["bptt_length"]) == (task, length, bptt_length)
                    ),
                    "-",
                )
                for task in columns["one target is"]
            ]
    return markdown(columns)


def stream_table(runs: list[dict[str, Any]]) -> str:
    names = list(dict.fromkeys((r["network"], r["n_sequences"]) for r in runs))
    groups = [[r for r in runs if (r["network"], r["n_sequences"]) == name] for name in names]
    return markdown(
        {
            "network": [network for network, _ in names],
            "sequences": [str(n) for _, n in names],
            "ms a step, median": [f"{median(r['median_ms'] for r in g):.2f}" for g in groups],
            "99 of 100 below, ms": [f"{median(r['p99_ms'] for r in g):.2f}" for g in groups],
        }
    )


def write(
    trained: list[dict[str, Any]], streamed: list[dict[str, Any]], output: Path
) -> list[Path]:
    output.mkdir(parents=True, exist_ok=True)
    runs = trained + streamed
    about, loads = runs[0]["environment"], [one["load"] for one in runs]
    report = {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "commit": commit(),
        "environment": about,
        "training": [{k: v for k, v in r.items() if k != "environment"} for r in trained],
        "streams": [{k: v for k, v in r.items() if k != "environment"} for r in streamed],
    }
    (output / "long_series.json").write_text(json.dumps(report, indent=1) + "\n")
    before = median(r["before_mb"] for r in trained)
    tables = (
        f"Training on two series of {N_FEATURES} numbers a step, LSTM(64): peak memory of the "
        f"whole process, {before:,.0f} MB of it libraries and data, and time of an epoch.\n\n"
        f"{training_table(trained)}\n\nA step of a stream of `LSTMClassifier`, probabilities "
        f"included:\n\n{stream_table(streamed)}"
    )
    notes = (
        "Each run in a process of its own; of a stream the median of three, which took turns. "
        f"{about['cpus']} CPU cores, Python {about['python']}, torch {about['torch']}, "
        f"{report['commit']}. Load average of the machine before the runs, these included: "
        f"{min(loads):.1f} to {max(loads):.1f}. Made by `python benchmarks/long_series.py`."
    )
    (output / "long_series.md").write_text(f"# Long series\n\n{tables}\n\n{notes}\n")
    written = [output / "long_series.md", output / "long_series.json"]
    if output == RESULTS:
        fill_file(GUIDE, f"{tables}\n\n{notes}", "long_series")
        written.append(GUIDE)
    print(f"{tables}\n\n{notes}")
    return written


def main(arguments: list[str] | None = None) -> int:
    """Measure, print and write ``results/long_series.json`` and ``results/long_series.md``."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--repeats", type=positive, default=3, help="runs of each stream, 3 by default")
    add("--limit-mb", type=positive, default=4_000, help="stop growing above this memory")
    add("--output", type=Path, default=RESULTS, metavar="DIR", help="write into this directory")
    add("--shrink", type=positive, default=1, help=argparse.SUPPRESS)  # for trials and tests
    add("--job", type=json.loads, help=argparse.SUPPRESS)  # one measurement, in this process
    args = parser.parse_args(arguments)
    if args.job:
        print(json.dumps((train if "task" in args.job else stream)(**args.job)))
        return 0
    trained = measure_training(args.limit_mb, args.shrink)
    say_where(list(write(trained, measure_streams(args.repeats), args.output)))
    return 0


if __name__ == "__main__":
    run(main)
