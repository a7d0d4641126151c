"""What training on a long series takes, whole and in chunks; and what a step of a stream takes.

::

    python benchmarks/long_series.py

Every training is a separate process, so that its peak of memory is its own.
"""

from __future__ import annotations

import argparse
import sys
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

if not __package__:  # started as a file: find the package `benchmarks` all the same
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import harness, report
from benchmarks.harness import Laps, Run, Study, Task
from sklstm import LSTMClassifier, LSTMRegressor, LSTMTagger

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
REPEATS = 3  # of a stream


def made_up(task: str, length: int) -> tuple[list[np.ndarray], list[Any]]:
    """Return two series of this length, and what is to be learned of them."""
    rng = np.random.default_rng(0)
    X = [rng.normal(size=(length, N_FEATURES)).astype(np.float32) for _ in range(2)]
    if task == "one label":
        return X, [0, 1]
    y = [x[:, 0].cumsum() / length**0.5 for x in X]
    return X, y if task == "a number for every step" else [part > 0 for part in y]


def train(job: Run) -> Run:
    """Train for some epochs, and measure the time of one and the memory of the whole process."""
    X, y = made_up(job["contender"], job["length"])
    before = harness.peak_memory()
    model = TASKS[job["contender"]].set_params(
        bidirectional=False, max_epochs=EPOCHS, bptt_length=job["bptt_length"], random_state=0
    )
    laps = Laps()
    model.fit(X, y)
    laps.lap("fit")
    return {
        "seconds": {"epoch": laps.seconds["fit"] / EPOCHS},
        "memory_mb": {"before": before, "peak": harness.peak_memory()},
        "environment": harness.environment(),
    }


def stream(job: Run) -> Run:
    """Time single steps of a stream."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(16, 10, N_FEATURES))
    network = NETWORKS[job["contender"]]
    model = LSTMClassifier(**network, bidirectional=False, max_epochs=1, random_state=0)
    model.fit(X, np.arange(16) % 2)
    steps = rng.normal(size=(WARM_UP + TIMED, job["n_sequences"], N_FEATURES))
    seconds = []
    with model.stream(job["n_sequences"], response_method="predict_proba") as reader:
        for step in steps:
            laps = Laps()
            reader.step(step)
            laps.lap("step")
            seconds.append(laps.seconds["step"])
    spent = np.array(seconds[WARM_UP:]) * 1_000
    return {
        "median_ms": float(np.median(spent)),
        "p99_ms": float(np.quantile(spent, 0.99)),
        "environment": harness.environment(),
    }


def tasks(args: argparse.Namespace) -> list[Task]:
    """Return trainings, and streams in turns."""
    found = [
        task
        for name, bptt_length, length in product(TASKS, (CHUNK, None), LENGTHS)
        for task in harness.repeated(
            train, name, {"length": length, "bptt_length": bptt_length}, range(1)
        )
    ]
    for repeat, name, n in product(range(args.seeds or REPEATS), NETWORKS, (1, 32)):
        found += harness.repeated(stream, name, {"n_sequences": n}, [repeat])
    return [task for task in found if not args.only or task.identity["contender"] in args.only]


def how(bptt_length: int | None) -> str:
    return "whole" if bptt_length is None else f"chunks of {bptt_length}"


def training_table(runs: list[Run]) -> str:
    """Return memory and seconds of each task, by the length of the series."""

    def cell(group: list[Run]) -> str:
        memory, spent = report.middle("memory_mb.peak", 0), report.middle("seconds.epoch", 1)
        return f"{memory(group)} MB, {spent(group)} s" if group else report.MISSING

    places = {(r["data"]["bptt_length"] is None, r["data"]["length"]): r["data"] for r in runs}
    columns = {
        f"{data['length']:,} steps, {how(data['bptt_length'])}": lambda group, data=data: cell(
            [run for run in group if run["data"] == data]
        )
        for _, data in sorted(places.items())
    }
    groups = report.by_contender(runs, list(TASKS))
    return report.table(groups, columns, "one target is")


def stream_table(runs: list[Run]) -> str:
    """Return milliseconds of each network, by the number of sequences."""
    groups = report.grouped(runs, lambda run: (run["contender"], str(run["data"]["n_sequences"])))
    columns = {"network": [name for name, _ in groups], "sequences": [n for _, n in groups]}
    for head, path in (("ms a step, median", "median_ms"), ("99 of 100 below, ms", "p99_ms")):
        columns[head] = [report.middle(path, 2)(group) for group in groups.values()]
    return report.markdown(columns)


def page(runs: list[Run]) -> str:
    trained = [run for run in runs if run["contender"] in TASKS]
    streamed = [run for run in runs if run["contender"] in NETWORKS]
    before, env = report.middle("memory_mb.before", 0)(trained), runs[0]["environment"]
    parts = []
    if trained:
        parts += [
            f"Training on two series of {N_FEATURES} numbers a step, LSTM(64): peak memory of the "
            f"whole process, {before} MB of it libraries and data, and time of an epoch.",
            training_table(trained),
        ]
    if streamed:
        parts += [
            "A step of a stream of `LSTMClassifier`, probabilities included:",
            stream_table(streamed),
        ]
    parts.append(
        "Each run in a separate process; of a stream the median of three, which took turns. "
        f"{env['cpus']} CPU cores, Python {env['python']}, torch {env['torch']}, "
        f"{runs[0]['commit']}. {report.loads(runs)}"
    )
    return "\n\n".join(parts)


def old(content: dict[str, Any]) -> list[Run]:
    """Return the runs of a file that holds the environment once, and trainings and streams."""
    about = {name: content[name] for name in ("date", "commit", "environment")}
    runs: list[Run] = []
    for run in content["training"]:
        data = {"length": run["length"], "bptt_length": run["bptt_length"]}
        memory = {"before": run["before_mb"], "peak": run["memory_mb"]}
        kept = {"seconds": {"epoch": run["seconds"]}, "memory_mb": memory, "load": run["load"]}
        runs.append({**harness.identify(run["task"], data, 0, {}), **kept, **about})
    for run in content["streams"]:
        data = {"n_sequences": run["n_sequences"]}
        repeat = sum(same["data"] == data and same["contender"] == run["network"] for same in runs)
        kept = {name: run[name] for name in ("median_ms", "p99_ms", "load")}
        runs.append({**harness.identify(run["network"], data, repeat, {}), **kept, **about})
    return runs


STUDY = Study(
    name="long_series",
    title="Long series",
    about=__doc__,
    contenders=(*TASKS, *NETWORKS),
    tasks=tasks,
    page=lambda runs, args: page(runs),
    guide="docs/tagging.md",
    shown=lambda runs: f"{page(runs)} Made by `python benchmarks/long_series.py`.",
    old=old,
)

if __name__ == "__main__":
    STUDY.run()
