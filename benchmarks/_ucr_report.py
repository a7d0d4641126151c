"""Tables of ``ucr.py``: one of all data sets, and one for each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import mean, median
from typing import Any

from benchmarks._data import TITLES
from benchmarks._report import by_data, markdown, seconds

Run = dict[str, Any]


@dataclass(frozen=True)
class Row:
    """A contender on one data set: medians over its seeds, or means over folds."""

    title: str
    accuracy: float
    lowest: float
    highest: float
    n_runs: int
    fit: float
    predict: float

    @property
    def accuracy_text(self) -> str:
        spread = f" ({self.lowest:.2f} to {self.highest:.2f})" if self.n_runs > 1 else ""
        return f"{self.accuracy:.2f}{spread}"


def summarize(runs: list[Run], titles: Mapping[str, str]) -> dict[str, Row]:
    """Return a row per contender, in the order of `titles`."""
    return {
        name: _row(title, own)
        for name, title in titles.items()
        if (own := [run for run in runs if run["contender"] == name])
    }


def _row(title: str, runs: list[Run]) -> Row:
    accuracies = [100 * run["accuracy"] for run in runs]
    # Folds of a few series each differ much, and their median would be one of them.
    middle = mean if runs[0]["data"]["validate"] else median
    return Row(
        title,
        middle(accuracies),
        min(accuracies),
        max(accuracies),
        len(runs),
        median(run["seconds"]["fit"] for run in runs),
        median(run["seconds"]["predict"] for run in runs),
    )


def table(rows: list[Row]) -> str:
    return markdown(
        {
            "model": [row.title for row in rows],
            "accuracy, %": [row.accuracy_text for row in rows],
            "fit, s": [seconds(row.fit) for row in rows],
            "predict, s": [seconds(row.predict) for row in rows],
        }
    )


def means(groups: list[dict[str, Row]]) -> list[Row]:
    """Return means over the data sets of the contenders that have run on all of them."""
    everywhere = [name for name in groups[0] if all(name in group for group in groups)]
    return [_mean([group[name] for group in groups]) for name in everywhere]


def _mean(rows: list[Row]) -> Row:
    accuracy = mean(row.accuracy for row in rows)
    fit, predict = mean(row.fit for row in rows), mean(row.predict for row in rows)
    return Row(rows[0].title, accuracy, accuracy, accuracy, 1, fit, predict)


def sections(runs: list[Run], titles: Mapping[str, str]) -> str:
    """Return an overview, a table for each data set, and what a reader has to know."""
    by_name = by_data(runs)
    groups = {name: summarize(own, titles) for name, own in by_name.items()}
    parts = []
    for name, rows in groups.items():
        parts.append(f"## {TITLES[name]}\n\n{sizes(by_name[name])}\n\n{table([*rows.values()])}")
    if len(groups) > 1:
        parts.insert(0, overview(runs, titles))
    listed = "\n".join(f"- {note}" for note in [*notes(runs), *surroundings(runs)])
    return "\n\n".join([*parts, listed])


def overview(runs: list[Run], titles: Mapping[str, str]) -> str:
    """Return one table of all sets, accuracy only, and mean seconds to fit."""
    groups = {name: summarize(own, titles) for name, own in by_data(runs).items()}
    rows = means(list(groups.values()))
    kept = [name for name in titles if all(name in group for group in groups.values())]
    columns = {"model": [row.title for row in rows]}
    for data, group in groups.items():
        columns[data] = [f"{group[name].accuracy:.2f}" for name in kept]
    columns["mean"] = [f"{row.accuracy:.2f}" for row in rows]
    columns["fit, s"] = [seconds(row.fit) for row in rows]
    return markdown(columns)


def sizes(runs: list[Run]) -> str:
    """Return how many series there were."""
    n_train, n_test = max((run["n_train"], run["n_test"]) for run in runs)
    of = "held-out training" if runs[0]["data"]["validate"] else "test"
    return f"{n_train:,} series to train on, {n_test:,} {of} series."


def notes(runs: list[Run]) -> list[str]:
    """Return how the figures came about."""
    validated = runs[0]["data"]["validate"]
    what = "Means over folds of the training data" if validated else "Medians over seeds"
    found = [
        f"{what}, with the lowest and highest in brackets; 1-NN DTW draws nothing. Each model is "
        "fitted once on a few series beforehand, so no seconds are those of numba compiling or "
        "libraries being imported. One model runs at a time, on all cores.",
        "The LSTMs stand behind a SequenceScaler. MiniRocket and MultiRocket are aeon's, with "
        "10,000 kernels (9,996 and 49,728 features) and a ridge classifier; they need series "
        "of one length, so shorter ones are filled up behind with zeros, aeon's default, to the "
        "longest training series, and longer ones cut. DTW takes the series as they are, unscaled.",
    ]
    if windows := _windows(runs):
        found.append(f"Windows learned by leaving out one training series at a time: {windows}.")
    return found


def _windows(runs: list[Run]) -> str:
    learned: dict[str, list[float]] = {}
    for run in runs:
        if run["params"].get("window", 1) is None:
            learned.setdefault(run["data"]["name"], []).append(run["window"])
    return ", ".join(
        f"{name} {' or '.join(f'{w:.0%}' for w in sorted(set(found)))}"
        for name, found in learned.items()
    )


def surroundings(runs: list[Run]) -> list[str]:
    """Return a line for each surrounding that runs were made in."""
    lines: dict[str, list[str]] = {}
    for run in runs:
        env = dict(run["environment"])
        cpus, threads = env.pop("cpus"), env.pop("OMP_NUM_THREADS")
        limit = f", OMP_NUM_THREADS={threads}" if threads else ""
        versions = ", ".join(f"{name} {version}" for name, version in env.items())
        code = f" ({run['commit'] or 'no commit'})" if "sklstm" in env else ""
        line = f"{cpus} CPU cores{limit}; {versions}{code}"
        lines.setdefault(line, []).append(run["date"])
    return [f"Measured on {line}; {_span(dates)}." for line, dates in lines.items()]


def _span(dates: list[str]) -> str:
    return " to ".join(sorted({min(dates), max(dates)}))
