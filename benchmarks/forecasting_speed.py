"""Time LSTMForecaster beside neuralforecast's LSTM and plain torch, on the same windows.

Windows of a week and the two days after it, cut out of the training part of M4 hourly at random
places: 6,400 of them, three passes in batches of 64, which are 300 training steps; then a forecast
of the last week of each of the 414 series. Each network has one recurrent layer of 64 units and
learns seven quantiles. sklstm and plain torch have the same network, an encoder and a decoder LSTM;
neuralforecast's has the encoder only, whose last 48 states go through two dense layers. Each run is
a separate process, contenders take turns, and medians are reported::

    python benchmarks/forecasting_speed.py --peers-python PATH/TO/python

neuralforecast runs in a separate environment; without ``--peers-python`` it is left out.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

if not __package__:  # started as a file: find the package `benchmarks` all the same
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import harness, report
from benchmarks.forecasting import m4
from benchmarks.harness import Contender, Laps, Run, Study, Task

ROUNDS = 3
PAST, HORIZON, HIDDEN, BATCH_SIZE = 168, 48, 64, 64
N_WINDOWS, N_EPOCHS = 6_400, 3
LEVELS = (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975)
LEARNING_RATE = 1e-3


def windows() -> Run:
    """Return windows of past and future, and the series that they were cut out of."""
    series, _ = m4(False)
    rng = np.random.default_rng(0)
    found = np.empty((N_WINDOWS, PAST + HORIZON))
    for row in found:
        own = series[rng.integers(len(series))]
        begin = rng.integers(len(own) - len(row) + 1)
        row[:] = own[begin : begin + len(row)]
    return {"windows": found, "last": np.stack([x[-PAST:] for x in series])}


# ------------------------------------------------------------------------------------------
# Engines, each of which returns what is timed: training, and a forecast


def sklstm(data: Run) -> tuple[Callable[[], Any], Callable[[], Any]]:
    """Train the estimator."""
    from sklstm import LSTMForecaster

    model = LSTMForecaster(
        HORIZON, (24, 168), context_length=PAST, hidden_size=HIDDEN, batch_size=BATCH_SIZE,
        max_windows=N_WINDOWS, max_epochs=N_EPOCHS, quantiles=LEVELS, learning_rate=LEARNING_RATE,
        random_state=0,
    )  # fmt: skip
    X, y = data["windows"][:, :PAST], data["windows"][:, PAST:]
    return lambda: model.fit(X, y), lambda: model.predict(data["last"])


def plain_torch(data: Run) -> tuple[Callable[[], Any], Callable[[], Any]]:
    """Train the same network in the loop that torch's tutorials teach, on windows cut before."""
    import torch
    from torch import nn

    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.encoder = nn.LSTM(2, HIDDEN, batch_first=True)
            self.decoder = nn.LSTM(2 + HIDDEN, HIDDEN, batch_first=True)
            self.output = nn.Linear(HIDDEN, 1 + len(LEVELS))

        def forward(self, past: Any, future: Any) -> Any:
            states, state = self.encoder(past)
            repeated = states[:, -1:].expand(-1, HORIZON, -1)
            states, _ = self.decoder(torch.cat([future, repeated], dim=2), state)
            out = self.output(states)
            return out[..., 1:] + out[..., :1] + future[..., 1:]

    def inputs(past: np.ndarray) -> tuple[torch.Tensor, torch.Tensor, Any, Any]:
        """Return past and seasons, scaled by the past, and its level and spread."""
        level, spread = past[:, -24:].mean(1, keepdims=True), past.std(1, keepdims=True) + 1e-9
        scaled = (past - level) / spread
        day = scaled[:, -24 + np.arange(HORIZON) % 24]
        week = scaled[:, np.arange(HORIZON)]
        steps = np.stack([scaled, np.zeros_like(scaled)], axis=2)
        tensors = torch.tensor(steps).float(), torch.tensor(np.stack([day, week], axis=2)).float()
        return *tensors, level, spread

    torch.manual_seed(0)
    model = Network()
    levels = torch.tensor(LEVELS)
    optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)
    past, future, level, spread = inputs(data["windows"][:, :PAST])
    y = torch.tensor((data["windows"][:, PAST:] - level) / spread).float()

    def train() -> None:
        model.train()
        for _ in range(N_EPOCHS):
            for rows in torch.randperm(len(y)).split(BATCH_SIZE):
                optimizer.zero_grad()
                error = y[rows].unsqueeze(-1) - model(past[rows], future[rows])
                torch.maximum(levels * error, (levels - 1) * error).mean().backward()
                nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                optimizer.step()

    def forecast() -> np.ndarray:
        past, future, level, spread = inputs(data["last"])
        model.eval()
        with torch.inference_mode():
            found = [model(p, f) for p, f in zip(past.split(256), future.split(256), strict=True)]
        return torch.cat(found).numpy() * spread[..., None] + level[..., None]

    return train, forecast


def neuralforecast(data: Run) -> tuple[Callable[[], Any], Callable[[], Any]]:
    """Train the peer, to which each window is a series."""
    import pandas as pd
    from neuralforecast import NeuralForecast
    from neuralforecast.losses.pytorch import MQLoss
    from neuralforecast.models import LSTM

    def frame(rows: np.ndarray) -> Any:
        names = np.repeat(np.arange(len(rows)), rows.shape[1])
        steps = np.tile(np.arange(rows.shape[1]), len(rows))
        return pd.DataFrame({"unique_id": names, "ds": steps, "y": rows.ravel()})

    model = LSTM(
        h=HORIZON, input_size=PAST, loss=MQLoss(quantiles=list(LEVELS)), encoder_n_layers=1,
        encoder_hidden_size=HIDDEN, decoder_hidden_size=HIDDEN, learning_rate=LEARNING_RATE,
        batch_size=BATCH_SIZE, windows_batch_size=BATCH_SIZE, random_seed=0, accelerator="cpu",
        max_steps=N_EPOCHS * N_WINDOWS // BATCH_SIZE, enable_progress_bar=False, logger=False,
    )  # fmt: skip
    forecaster = NeuralForecast([model], freq=1)
    train, last = frame(data["windows"]), frame(data["last"])
    return lambda: forecaster.fit(train), lambda: forecaster.predict(last)


CONTENDERS = {
    "sklstm": Contender("LSTMForecaster", sklstm),
    "torch": Contender("plain torch, the same network", plain_torch),
    "neuralforecast": Contender("LSTM of neuralforecast", neuralforecast, peer=True),
}


# ------------------------------------------------------------------------------------------
# What is run, and shown


def tasks(args: argparse.Namespace) -> list[Task]:
    """Return the contenders in turns."""
    harness.limit_threads(args.threads)
    contenders = harness.chosen(args, CONTENDERS)

    def run(name: str, folder: Path) -> Run:
        job = {"contender": name, "data": harness.stage(folder / "windows.npz", windows)}
        return harness.apart(measure, job, args.peers_python if contenders[name].peer else None)

    return harness.turns(args, ROUNDS, {name: {} for name in contenders}, run, data="m4-hourly")


def measure(job: Run) -> Run:
    """Train and forecast in this process."""
    name = job["contender"]
    train, forecast = CONTENDERS[name].build(harness.staged(job["data"]))
    laps = Laps()
    train()
    laps.lap("fit")
    forecast()
    laps.lap("predict")
    peer = {"packages": ("neuralforecast", "torch", "numpy")} if CONTENDERS[name].peer else {}
    return {
        "seconds": laps.seconds,
        "memory_mb": {"peak": harness.peak_memory()},
        "environment": harness.environment(**peer),
    }


def page(runs: list[Run]) -> str:
    groups = report.by_contender(runs, CONTENDERS)
    ours = groups.get(CONTENDERS["sklstm"].title, [])
    columns: dict[str, report.Column] = {
        "fit, s": report.middle("seconds.fit", 1),
        "times LSTMForecaster": lambda group: _times(group, ours),
        "predict, s": report.middle("seconds.predict", 2),
        "peak memory, MB": report.middle("memory_mb.peak", 0),
    }
    return report.table(groups, columns)


def _times(group: list[Run], ours: list[Run]) -> str:
    """Return how much longer training took, within each round, at the median."""
    base = {run["seed"]: run["seconds"]["fit"] for run in ours}
    found = [run["seconds"]["fit"] / base[run["seed"]] for run in group if run["seed"] in base]
    return f"{np.median(found):.2f}" if found else "nan"


STUDY = Study(
    name="forecasting_speed",
    title="Training a forecaster",
    about=__doc__,
    contenders=CONTENDERS,
    tasks=tasks,
    page=lambda runs, args: "\n\n".join([page(runs), *report.surroundings(runs)]),
    guide="docs/forecasting.md",
    shown=page,
    options={**harness.THREADS, **harness.peers_python("neuralforecast")},
    command="forecasting_speed.py --peers-python PATH",
)

if __name__ == "__main__":
    STUDY.run()
