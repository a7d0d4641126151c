"""Time fits and predictions on a GPU beside those on the CPU of the same machine.

::

    python benchmarks/gpu.py

What is read is generated, as time does not depend on its content: token sequences of the lengths
of film reviews, and the adding problem. Each fit is a separate process, after a small one that
loads the libraries of the device.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np

if not __package__:  # started as a file: find the package `benchmarks` all the same
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import harness, report
from benchmarks.harness import Laps, Run, Study, Task

REPEATS = 3
N_WORDS = 20_000
DEVICES = ("cpu", "cuda")
TUTORIAL = {
    "hidden_size": 100, "embedding_dim": 32, "bidirectional": False, "pooling": "last",
    "dropout": 0.0, "embedding_dropout": 0.0, "batch_size": 64,
}  # fmt: skip
# Title, samples, and what is set; the linear model beside the LSTM runs on the CPU in any case.
WORK: dict[str, tuple[str, int, dict[str, Any]]] = {
    "tutorial": ("texts, the tutorial's 100 units", 5000, TUTORIAL),
    "defaults": ("texts, defaults without word counts", 5000, {}),
    "wide": ("texts, 512 units, batches of 256", 5000, {"hidden_size": 512, "batch_size": 256}),
    "series": ("adding problem of 200 steps, defaults", 2000, {}),
}
N_EPOCHS = 2


def data(kind: str, n_samples: int) -> tuple[Any, np.ndarray]:
    """Return sequences of random tokens, or the adding problem."""
    from sklstm.datasets import make_adding_problem

    if kind == "series":
        return make_adding_problem(n_samples, n_steps=200, random_state=0)
    rng = np.random.default_rng(0)
    # The lengths of IMDB's reviews, cut at 500: half of them have less than 175 words.
    lengths = np.minimum(np.exp(rng.normal(5.2, 0.65, n_samples)).astype(int) + 5, 500)
    ids = [4 + np.minimum(rng.zipf(1.2, n), N_WORDS) for n in lengths]
    return ids, rng.integers(0, 2, n_samples)


def measure(job: Run) -> Run:
    """Time one fit, and the prediction of what it was fitted on."""
    import torch

    from sklstm import LSTMClassifier, LSTMRegressor

    kind, device = job["work"], job["contender"]
    _, n_samples, params = WORK[kind]
    X, y = data(kind, job.get("n_samples", n_samples))
    common = {"max_epochs": N_EPOCHS, "device": device, "random_state": 0, **params}
    if kind == "series":
        model = LSTMRegressor(**common)
    else:
        model = LSTMClassifier(input_type="tokens", linear_path=False, **common)
    model.set_params(max_epochs=1).fit(X[:64], y[:64])  # loads libraries
    model.set_params(max_epochs=N_EPOCHS)
    laps = Laps()
    model.fit(X, y)
    laps.lap("fit")
    model.predict(X)
    laps.lap("predict")
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else None
    return {"seconds": laps.seconds, "gpu": gpu, "environment": harness.environment()}


def tasks(args: argparse.Namespace) -> list[Task]:
    return [
        task
        for repeat in range(args.seeds or REPEATS)
        for kind in WORK
        for device in args.only or DEVICES
        for task in harness.repeated(measure, device, {"work": kind}, [repeat])
    ]


def shown(runs: list[Run]) -> str:
    works = report.grouped(runs, lambda run: run["data"]["work"])
    columns: dict[str, list[str]] = {"work": [WORK[kind][0] for kind in works]}
    for lap in ("fit", "predict"):
        show = report.middle(f"seconds.{lap}", 2)
        for device in DEVICES:
            columns[f"{lap}, {device}, s"] = [
                show([run for run in group if run["contender"] == device])
                for group in works.values()
            ]
    return report.markdown(columns, "lrrrr")


def page(runs: list[Run], args: argparse.Namespace) -> str:
    gpus = ", ".join(sorted({run["gpu"] for run in runs if run["gpu"]}))
    sizes = "; ".join(f"{title}: {n:,}" for title, n, _ in WORK.values())
    return (
        f"{shown(runs)}\n\n"
        f"{N_EPOCHS} epochs, medians of {max(run['seed'] for run in runs) + 1} runs in turns, each "
        f"in a separate process. Samples of {sizes}. GPU: {gpus}.\n\n"
        + "\n".join(report.surroundings(runs))
    )


STUDY = Study(
    "gpu", "A GPU beside the CPU", __doc__, DEVICES, tasks, page,
    guide="docs/benchmarks.md", shown=shown,
)  # fmt: skip

if __name__ == "__main__":
    STUDY.run()
