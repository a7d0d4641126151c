"""Forecasts of many series: LSTMForecaster beside naive forecasts, ridge regression and peers.

M4 hourly: 414 series, the next 48 hours, scored as in the competition: OWA relative to Naive 2,
the mean scaled interval score (MSIS) and coverage of 95% intervals. ETTh1: the next 96 hours of 7
columns from every hour of the test part, mean squared error of standardised values, as papers
report it::

    python benchmarks/forecasting.py --peers-python PATH/TO/python

The peers are those of statsforecast and neuralforecast, in a separate environment; without
``--peers-python`` they are left out. Both data sets have the same configuration but for seasons,
compared with others on the last steps of the training parts of M4 and on the validation part of
ETTh1 (``--validate``), never on the test parts. A run that was stopped resumes where it was.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

if not __package__:  # started as a file: find the package `benchmarks` all the same
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import harness, report
from benchmarks.harness import Contender, Failed, Laps, Run, Study, Task

HORIZONS = {"m4-hourly": 48, "etth1": 96}
SEASONS = {"m4-hourly": (24, 168), "etth1": (24, 168)}
TITLES = {"m4-hourly": "M4 hourly", "etth1": "ETTh1"}
COVERAGE = 0.95
N_SEEDS = 3
# Rows of ETTh1: twelve months to train on, four to validate, four to test.
MONTH = 30 * 24
ETT_PARTS = (12 * MONTH, 16 * MONTH, 20 * MONTH)
# CHOSEN on the last steps of the training parts.
NETWORK: dict[str, Any] = {"scaling": "multiplicative"}


def folder() -> Path:
    """Return where the data are."""
    return Path(os.environ["SKLSTM_DATA"]) / "forecasting"


@cache
def m4(validate: bool) -> tuple[list[np.ndarray], np.ndarray]:
    """Return the series of M4 hourly to train on, and what follows each."""

    def rows(name: str) -> list[np.ndarray]:
        with open(folder() / f"M4-Hourly-{name}.csv", encoding="utf-8") as file:
            found = list(csv.reader(file))[1:]
        return [np.array([float(value) for value in row[1:] if value]) for row in found]

    train = rows("train")
    if not validate:
        return train, np.stack(rows("test"))
    horizon = HORIZONS["m4-hourly"]
    return [x[:-horizon] for x in train], np.stack([x[-horizon:] for x in train])


@cache
def ett() -> np.ndarray:
    """Return the columns of ETTh1, standardised by its training rows."""
    with open(folder() / "ETTh1.csv", encoding="utf-8") as file:
        rows = [[float(value) for value in row[1:]] for row in list(csv.reader(file))[1:]]
    values = np.array(rows)
    train = values[: ETT_PARTS[0]]
    return (values - train.mean(axis=0)) / train.std(axis=0)


# ------------------------------------------------------------------------------------------
# Models


def naive(data: str, seed: int, strategy: str = "seasonal") -> Any:
    """Return a forecast that needs no training; of the longest season, or Naive 2 of a day."""
    from sklstm.baselines import NaiveForecaster

    season = SEASONS[data] if strategy == "seasonal" else SEASONS[data][0]
    return NaiveForecaster(HORIZONS[data], strategy=strategy, season_length=season)


def daily(data: str, seed: int) -> Any:
    """Return the forecast of the day before, M4's seasonal naive."""
    from sklstm.baselines import NaiveForecaster

    return NaiveForecaster(HORIZONS[data], season_length=SEASONS[data][0])


def ridge(data: str, seed: int) -> Any:
    """Return ridge regression on lags, of all series."""
    from sklstm.baselines import RidgeForecaster

    return RidgeForecaster(HORIZONS[data], season_length=SEASONS[data])


def lstm(data: str, seed: int, **params: Any) -> Any:
    """Return the LSTM."""
    from sklstm import LSTMForecaster

    settings = NETWORK | params
    return LSTMForecaster(HORIZONS[data], SEASONS[data], n_jobs=None, random_state=seed, **settings)


CONTENDERS = {
    "daily": Contender("seasonal naive, a day", daily, n_seeds=0),
    "weekly": Contender("seasonal naive, a week", naive, n_seeds=0),
    "naive2": Contender(
        "Naive 2", naive, {"strategy": "naive2"}, n_seeds=0, about={"data": ["m4-hourly"]}
    ),
    "ridge": Contender("ridge regression on lags", ridge, n_seeds=0),
    "theta": Contender(
        "Theta (statsforecast)", params={"model": "AutoTheta"}, n_seeds=0, peer=True,
        about={"data": ["m4-hourly"]},
    ),
    "ets": Contender(
        "ETS (statsforecast)", params={"model": "AutoETS"}, n_seeds=0, peer=True,
        about={"data": ["m4-hourly"]},
    ),
    "neuralforecast": Contender(
        "LSTM (neuralforecast)", params={"model": "LSTM"}, peer=True, about={"data": ["m4-hourly"]}
    ),
    "lstm": Contender("LSTMForecaster", lstm),
    **{
        name: Contender(
            f"LSTMForecaster, {title}", lstm, params, n_seeds=0, about={"validate": True}
        )
        for name, title, params in (
            ("standard", "scaling='standard'", {"scaling": "standard"}),
            ("dropout", "dropout=0.3", {"dropout": 0.3}),
            ("decay", "AdamW, weight_decay=0.1", {"optimizer": "adamw", "weight_decay": 0.1}),
            ("shorter", "half the steps", {"max_epochs": 15}),
            ("smaller", "32 units", {"hidden_size": 32}),
            ("larger", "128 units", {"hidden_size": 128}),
        )
    },
    "average": Contender("LSTMForecaster, mean of three seeds", n_seeds=0),
}  # fmt: skip


# ------------------------------------------------------------------------------------------
# What is run


def scores_m4(validate: bool, forecasts: np.ndarray, bounds: np.ndarray | None) -> Run:
    """Return the scores of the M4 competition."""
    from sklstm import metrics

    train, truth = m4(validate)
    season = {"y_train": train, "season": SEASONS["m4-hourly"][0]}
    reference = naive("m4-hourly", 0, "naive2").fit(train).predict(train)
    found = {
        "sMAPE": metrics.symmetric_mean_absolute_percentage_error(truth, forecasts),
        "MASE": metrics.mean_absolute_scaled_error(truth, forecasts, **season),
        "OWA": metrics.overall_weighted_average(truth, forecasts, reference, **season),
    }
    if bounds is not None:
        lower, upper = bounds[..., 0], bounds[..., 1]
        found["MSIS"] = metrics.mean_scaled_interval_score(
            truth, lower, upper, coverage=COVERAGE, **season
        )
        found["coverage"] = metrics.interval_coverage(truth, lower, upper)
    return {name: float(value) for name, value in found.items()}


def origins(validate: bool) -> np.ndarray:
    """Return the rows of ETTh1 before which a forecast begins."""
    begin, end = ETT_PARTS[:2] if validate else ETT_PARTS[1:]
    return np.arange(begin, end - HORIZONS["etth1"] + 1)


def pasts(validate: bool, n_steps: int) -> list[np.ndarray]:
    """Return the last steps before each origin, of each column."""
    values = ett()
    return [values[o - n_steps : o, j] for o in origins(validate) for j in range(values.shape[1])]


def scores_ett(validate: bool, forecasts: np.ndarray) -> Run:
    """Return the errors over all origins, columns and steps."""
    values, horizon = ett(), HORIZONS["etth1"]
    truth = np.stack([values[o : o + horizon].T for o in origins(validate)])
    error = forecasts.reshape(truth.shape) - truth
    return {"MSE": float(np.square(error).mean()), "MAE": float(np.abs(error).mean())}


def kept(cache_folder: Path, data: str, seed: int, validate: bool) -> Path:
    """Return the path of the forecasts of an LSTM."""
    return cache_folder / "forecasts" / f"{data}-{seed}{'-held-out' if validate else ''}.npz"


def measure(name: str, data: str, seed: int, args: argparse.Namespace, folder: Path) -> Run:
    """Fit on the training part, forecast, and score."""
    contender, validate = CONTENDERS[name], args.validate
    model = contender.build(data, seed, **contender.params)
    laps, bounds = Laps(), None
    if data == "m4-hourly":
        train, _ = m4(validate)
        model.fit(train)
        laps.lap("fit")
        forecasts = model.predict(train)
        laps.lap("predict")
        bounds = (
            model.predict_interval(train, COVERAGE) if hasattr(model, "predict_interval") else None
        )
        scores = scores_m4(validate, forecasts, bounds)
    else:
        values = ett()[: ETT_PARTS[0]]
        model.fit(list(values.T))
        laps.lap("fit")
        forecasts = model.predict(pasts(validate, 4 * SEASONS[data][-1]))
        laps.lap("predict")
        scores = scores_ett(validate, forecasts)
    if name == "lstm":
        path = kept(args.cache, data, seed, validate)
        path.parent.mkdir(parents=True, exist_ok=True)
        parts = {} if bounds is None else {"bounds": bounds}
        np.savez(path, forecasts=forecasts, seconds=laps.seconds["fit"], **parts)
    return {
        "scores": scores,
        "seconds": laps.seconds,
        "memory_mb": {"peak": harness.peak_memory()},
        "environment": harness.environment(),
    }


def average(data: str, args: argparse.Namespace, folder: Path) -> Run:
    """Average the forecasts, and the bounds, of three seeds."""
    paths = [kept(args.cache, data, seed, args.validate) for seed in range(N_SEEDS)]
    if absent := [path.name for path in paths if not path.exists()]:
        raise Failed(f"There are no forecasts {absent}; run lstm first.")
    runs = [np.load(path) for path in paths]
    forecasts = np.mean([run["forecasts"] for run in runs], axis=0)
    if data == "m4-hourly":
        bounds = np.mean([run["bounds"] for run in runs], axis=0)
        scores = scores_m4(args.validate, forecasts, bounds)
    else:
        scores = scores_ett(args.validate, forecasts)
    seconds = {"fit": float(sum(run["seconds"] for run in runs))}
    return {"scores": scores, "seconds": seconds, "environment": harness.environment()}


def peer(name: str, seed: int, args: argparse.Namespace, folder: Path) -> Run:
    """Fit and forecast with a library of another environment, and score here."""
    train, _ = m4(args.validate)
    staged = harness.stage(folder / f"m4-{args.validate}.npz", lambda: {"train": train})
    job = {"model": CONTENDERS[name].params["model"], "data": staged, "seed": seed}
    job |= {"horizon": HORIZONS["m4-hourly"], "season": SEASONS["m4-hourly"][0]}
    job["forecasts"] = str(folder / f"{name}.npz")
    measured = harness.apart(forecast_by_peer, job, args.peers_python)
    with np.load(job["forecasts"]) as found:
        bounds = found.get("bounds")
        return {**measured, "scores": scores_m4(args.validate, found["forecasts"], bounds)}


def forecast_by_peer(job: Run) -> Run:
    """Forecast with statsforecast or neuralforecast, in an environment that has it."""
    import pandas as pd

    train = harness.staged(job["data"])["train"]
    frame = pd.concat(
        pd.DataFrame({"unique_id": f"{i:04d}", "ds": np.arange(len(x)), "y": x})
        for i, x in enumerate(train)
    )
    horizon, level = job["horizon"], round(100 * COVERAGE)
    laps = Laps()
    if job["model"] == "LSTM":
        from neuralforecast import NeuralForecast
        from neuralforecast.losses.pytorch import MQLoss
        from neuralforecast.models import LSTM

        model = LSTM(
            h=horizon, input_size=7 * job["season"], loss=MQLoss(level=[level]),
            random_seed=job["seed"], accelerator="cpu", enable_progress_bar=False, logger=False,
        )  # fmt: skip
        forecaster = NeuralForecast([model], freq=1)
        forecaster.fit(frame)
        laps.lap("fit")
        found, center = forecaster.predict().reset_index(), "LSTM-median"
        packages = ("neuralforecast", "torch", "numpy")
        name = "LSTM"
    else:
        from statsforecast import StatsForecast, models

        model = getattr(models, job["model"])(season_length=job["season"])
        forecaster = StatsForecast([model], freq=1)
        found = forecaster.forecast(df=frame, h=horizon, level=[level]).reset_index()
        laps.lap("fit")
        center = name = job["model"]
        packages = ("statsforecast", "numpy")
    laps.lap("predict")
    found = found.sort_values(["unique_id", "ds"])

    def column(name: str) -> np.ndarray:
        return found[name].to_numpy(float).reshape(len(train), horizon)

    bounds = np.stack([column(f"{name}-lo-{level}"), column(f"{name}-hi-{level}")], axis=-1)
    np.savez(job["forecasts"], forecasts=column(center), bounds=bounds)
    return {
        "seconds": laps.seconds,
        "memory_mb": {"peak": harness.peak_memory()},
        "environment": harness.environment(packages),
    }


def tasks(args: argparse.Namespace) -> list[Task]:
    """Return every model on both data sets."""
    harness.limit_threads(args.threads)
    found = []
    for data in args.data:
        for name, contender in harness.chosen(args, CONTENDERS).items():
            elsewhere = data not in contender.about.get("data", HORIZONS)
            if elsewhere or (contender.about.get("validate") and not args.validate):
                continue
            for seed in contender.seeds(args.seeds, N_SEEDS):
                params: Run = dict(contender.params)
                if contender.build is lstm or name == "average":
                    params = NETWORK | params
                identity = harness.identify(name, {"name": data}, seed, params)
                title = f"{TITLES[data]}, {contender.title}, seed {seed}"
                if name == "average":
                    run = partial(average, data, args)
                elif contender.peer:
                    run = partial(peer, name, seed, args)
                else:
                    run = partial(measure, name, data, seed, args)
                found.append(Task(title, identity, run))
    return found


# ------------------------------------------------------------------------------------------
# What is shown


def sections(runs: list[Run]) -> str:
    """Return a table for each data set."""
    digits = {
        "m4-hourly": {"sMAPE": 2, "MASE": 3, "OWA": 3, "MSIS": 2, "coverage": 3},
        "etth1": {"MSE": 3, "MAE": 3},
    }
    shown = []
    for name, group in report.by_data(runs, HORIZONS).items():
        columns: dict[str, report.Column] = {
            score: report.middle(f"scores.{score}", places)
            for score, places in digits[name].items()
        }
        columns["fit, s"] = report.middle("seconds.fit", 0)
        table = report.table(report.by_contender(group, CONTENDERS), columns)
        shown.append(f"### {TITLES[name]}\n\n{table}")
    return "\n\n".join(shown)


STUDY = Study(
    name="forecasting",
    title="Forecasting",
    about=__doc__,
    contenders=CONTENDERS,
    tasks=tasks,
    page=lambda runs, args: "\n\n".join([sections(runs), *report.surroundings(runs)]),
    guide="docs/forecasting.md",
    shown=sections,
    options={
        **harness.VALIDATE,
        **harness.THREADS,
        **harness.peers_python("statsforecast and neuralforecast"),
        "--data": {"nargs": "+", "choices": list(HORIZONS), "default": list(HORIZONS)},
        "--cache": {"type": Path, "default": harness.CACHE, "metavar": "DIR"},
    },
    command="forecasting.py --peers-python PATH",
)

if __name__ == "__main__":
    STUDY.run()
