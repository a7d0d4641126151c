"""One short series at a time: LSTMForecaster beside the seasonal naive forecast.

Each model is trained on 278 steps of a single series, and forecasts what follows: two days of 30
series of M4 hourly, six weeks of daily means of the 7 columns of ETTh1, and six weeks of 20 series
that are made up of a weekly pattern, a trend, a random walk and noise. Errors and interval scores
are relative to those of the seasonal naive forecast, as geometric means over the series, so that
values below 1 are better than a forecast that needs no training::

    python benchmarks/short_series.py

With ``--validate``, which settings were chosen by, the series end earlier, and others are made up.
"""

from __future__ import annotations

import argparse
import sys
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

if not __package__:  # started as a file: find the package `benchmarks` all the same
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import harness, report
from benchmarks.forecasting import MONTH, ett, m4
from benchmarks.harness import Contender, Laps, Run, Study, Task

N_STEPS, N_SEEDS, COVERAGE = 278, 3, 0.9
HORIZONS = {"m4-hourly": 48, "etth1-daily": 42, "made-up": 42}
SEASONS = {"m4-hourly": 24, "etth1-daily": 7, "made-up": 7}
TITLES = {
    "m4-hourly": "30 series of M4 hourly, the next 48 hours",
    "etth1-daily": "7 columns of ETTh1, daily means, the next 42 days",
    "made-up": "20 series made up, the next 42 days",
}
EVERY = 14  # so many series of M4 to one that is used
DAY = 24


@cache
def problems(data: str, validate: bool) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return past and future of each series."""
    if data == "m4-hourly":
        pairs = list(zip(*m4(validate), strict=True))[::EVERY]
        return [(past[-N_STEPS:], future) for past, future in pairs]
    n_future = HORIZONS[data]
    n_whole = N_STEPS + n_future
    if data == "etth1-daily":
        end = (12 if validate else 20) * MONTH
        days = ett()[:end].reshape(-1, DAY, ett().shape[1]).mean(axis=1)[-n_whole:]
        series = list(days.T)
    else:
        first = 100 if validate else 200
        series = [made_up(seed, n_whole) for seed in range(first, first + 20)]
    return [(x[:-n_future], x[-n_future:]) for x in series]


def made_up(seed: int, n_steps: int) -> np.ndarray:
    """Return a series with a weekly pattern, a trend, a random walk and noise."""
    rng = np.random.default_rng(seed)
    days = np.arange(n_steps)
    week = rng.normal(0, 8, size=7)[days % 7]
    trend = rng.normal(0, 0.1) * days
    walk = rng.choice([0.0, 1.0, 3.0]) * rng.normal(size=n_steps).cumsum()
    return 50 + week + trend + walk + rng.normal(0, 3, size=n_steps)


# ------------------------------------------------------------------------------------------
# Models


def naive(data: str, seed: int) -> Any:
    """Return the forecast of the season before."""
    from sklstm.baselines import NaiveForecaster

    return NaiveForecaster(HORIZONS[data], season_length=SEASONS[data])


def ridge(data: str, seed: int) -> Any:
    """Return ridge regression on lags."""
    from sklstm.baselines import RidgeForecaster

    return RidgeForecaster(HORIZONS[data], season_length=SEASONS[data])


def lstm(data: str, seed: int, **params: Any) -> Any:
    """Return the LSTM."""
    from sklstm import LSTMForecaster

    return LSTMForecaster(HORIZONS[data], SEASONS[data], random_state=seed, **params)


CONTENDERS = {
    "naive": Contender("seasonal naive", naive, n_seeds=0),
    "ridge": Contender("ridge regression on lags", ridge, n_seeds=0),
    "lstm": Contender("LSTMForecaster", lstm),
    "longer": Contender("LSTMForecaster, max_epochs=100", lstm, {"max_epochs": 100}, n_seeds=0),
    "conformal": Contender("LSTMForecaster, conformal=True", lstm, {"conformal": True}),
}


# ------------------------------------------------------------------------------------------
# What is run, and shown


def measure(name: str, data: str, seed: int, args: argparse.Namespace, folder: Path) -> Run:
    """Train on each series, and compare its forecast with the seasonal naive one."""
    contender = CONTENDERS[name]
    found: dict[str, list[float]] = {"error": [], "score": [], "coverage": [], "fit": []}
    for past, future in problems(data, args.validate):
        model, reference = contender.build(data, seed, **contender.params), naive(data, 0)
        laps = Laps()
        model.fit([past])
        laps.lap("fit")
        reference.fit([past])
        found["fit"].append(laps.seconds["fit"])
        for measured, key in ((_error, "error"), (_score, "score")):
            found[key].append(measured(model, past, future) / measured(reference, past, future))
        lower, upper = np.moveaxis(model.predict_interval([past], COVERAGE)[0], -1, 0)
        found["coverage"].append(float(((lower <= future) & (future <= upper)).mean()))
    return {
        "scores": {
            "error": float(np.exp(np.log(found["error"]).mean())),
            "interval score": float(np.exp(np.log(found["score"]).mean())),
            "coverage": float(np.mean(found["coverage"])),
            "wins": float(np.mean(np.array(found["error"]) < 1.0)),
        },
        "seconds": {"fit": float(np.median(found["fit"]))},
        "environment": harness.environment(),
    }


def _error(model: Any, past: np.ndarray, future: np.ndarray) -> float:
    return float(np.abs(model.predict([past])[0] - future).mean())


def _score(model: Any, past: np.ndarray, future: np.ndarray) -> float:
    """Return the interval score, in the unit of the series."""
    lower, upper = np.moveaxis(model.predict_interval([past], COVERAGE)[0], -1, 0)
    outside = np.maximum(lower - future, 0) + np.maximum(future - upper, 0)
    return float((upper - lower + 2 / (1 - COVERAGE) * outside).mean())


def tasks(args: argparse.Namespace) -> list[Task]:
    """Return every model on all data."""
    harness.limit_threads(args.threads)
    return [
        Task(
            f"{TITLES[data]}: {contender.title}, seed {seed}",
            harness.identify(name, {"name": data}, seed, contender.params),
            partial(measure, name, data, seed, args),
        )
        for data in args.data
        for name, contender in harness.chosen(args, CONTENDERS).items()
        for seed in contender.seeds(args.seeds, N_SEEDS)
    ]


def sections(runs: list[Run]) -> str:
    """Return a table for each kind of series."""
    columns: dict[str, report.Column] = {
        "error": report.middle("scores.error", 2),
        "interval score": report.middle("scores.interval score", 2),
        "coverage": report.middle("scores.coverage", 2),
        "series it wins": report.middle("scores.wins", 2),
        "fit, s": report.middle("seconds.fit", 1),
    }
    return "\n\n".join(
        f"### {TITLES[name][0].upper()}{TITLES[name][1:]}\n\n"
        f"{report.table(report.by_contender(group, CONTENDERS), columns)}"
        for name, group in report.by_data(runs, HORIZONS).items()
    )


STUDY = Study(
    name="short_series",
    title="One short series",
    about=__doc__,
    contenders=CONTENDERS,
    tasks=tasks,
    page=lambda runs, args: "\n\n".join([sections(runs), *report.surroundings(runs)]),
    guide="docs/forecasting.md",
    shown=sections,
    options={
        **harness.VALIDATE,
        **harness.THREADS,
        "--data": {"nargs": "+", "choices": list(HORIZONS), "default": list(HORIZONS)},
    },
)

if __name__ == "__main__":
    STUDY.run()
