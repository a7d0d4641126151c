"""Compare LSTMs with 1-NN DTW and ROCKET on four sets of the UCR and UEA archives.

Two of unequal lengths (JapaneseVowels, PickupGestureWiimoteZ) and two of equal ones (GunPoint,
ItalyPowerDemand), the archive's own split, each run in a separate process::

    python benchmarks/ucr.py --peers-python PATH/TO/python

The peers are those of aeon, in a separate environment (``pip install aeon==1.6.0``); without
``--peers-python`` they are left out. ``--validate`` scores on five folds of the training data, for
choosing `BEST`, and leaves the test data alone.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from statistics import mean, median
from typing import Any

import numpy as np
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.pipeline import make_pipeline

if not __package__:  # started as a file: find the package `benchmarks` all the same
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import harness, report
from benchmarks.data import TITLES, UCR, DataSpec, Parts, load
from benchmarks.harness import Contender, Laps, Run, Study, Task

# Parameters of LSTMClassifier, chosen on folds of the training data (--validate).
BEST: dict[str, Any] = {
    "conv_filters": 128,
    "conv_kernel_size": 9,
    "conv_pool_size": 4,
    "fcn_filters": None,
    "dropout": 0.2,
    "batch_size": 8,
}
N_SEEDS, N_FOLDS = 5, 5
WINDOWS = (*(share / 100 for share in range(21)), 1.0)  # fractions of a series' length
N_WARM_UP = 2  # series of each class
OURS, PEERS = ("sklstm", "torch", "scikit-learn"), ("aeon", "numba", "scikit-learn")
Series = list[np.ndarray]  # of shape (T_i, F) each

# ------------------------------------------------------------------------------------------
# Contenders; what they import is there in a separate environment only.


def lstm(seed: int, **params: Any) -> Any:
    from sklstm import LSTMClassifier, SequenceScaler

    return make_pipeline(SequenceScaler(), LSTMClassifier(**params, random_state=seed))


def rocket(seed: int, classifier: str) -> Any:
    from aeon.classification import convolution_based

    return OneLength(getattr(convolution_based, classifier)(n_jobs=-1, random_state=seed))


def rocket_regressor(seed: int) -> Any:
    from aeon.regression.convolution_based import MiniRocketRegressor

    return OneLength(MiniRocketRegressor(n_jobs=-1, random_state=seed))


def channels_first(X: Series) -> Any:
    """Return series as aeon takes them: (F, T_i) each, in one array where lengths are equal."""
    turned = [np.ascontiguousarray(x.T) for x in X]
    return np.stack(turned) if len({x.shape for x in turned}) == 1 else turned


def to_length(x: np.ndarray, n_steps: int) -> np.ndarray:
    """Return a series truncated or padded with zeros at its end, as aeon's Padder does."""
    whole = np.zeros((n_steps, x.shape[1]))
    whole[: len(x)] = x[:n_steps]
    return whole


class OneLength:
    """A classifier or regressor for series of one length, which all are brought to.

    The length is that of the longest training series; longer ones are cut off.
    """

    def __init__(self, classifier: Any):
        self.classifier = classifier

    def fit(self, X: Series, y: np.ndarray) -> OneLength:
        """Fit the classifier to series of one length."""
        self.n_steps_ = max(map(len, X))
        self.classifier.fit(self._whole(X), y)
        return self

    def predict(self, X: Series) -> np.ndarray:
        """Return the class or number of each series."""
        return self.classifier.predict(self._whole(X))

    def _whole(self, X: Series) -> Any:
        return channels_first([to_length(x, self.n_steps_) for x in X])


class NearestByDTW:
    """1-nearest neighbour by dynamic time warping, over series of any length.

    `window` is how far steps may be matched from the diagonal, as a fraction of the series. None
    takes the fraction with which most training series are nearest to one of their class, the
    smallest of those that are as good.
    """

    def __init__(self, seed: int, window: float | None):
        self.window = window  # draws nothing

    def fit(self, X: Series, y: np.ndarray) -> NearestByDTW:
        """Keep the training series, and learn the window if it is None."""
        from aeon.classification.distance_based import KNeighborsTimeSeriesClassifier

        X = channels_first(X)
        window = best_window(self._distances(X), y) if self.window is None else self.window
        self.window_, self.y_ = window, y
        self.classifier_ = KNeighborsTimeSeriesClassifier(
            distance="dtw", distance_params={"window": window}, n_neighbors=1, n_jobs=-1
        ).fit(X, y)
        return self

    def predict(self, X: Series) -> np.ndarray:
        """Return the class of each series."""
        # Asked for all at once: aeon's `predict` takes one series after the other, on one core.
        nearest = self.classifier_.kneighbors(channels_first(X), return_distance=False)
        return self.y_[nearest[:, 0]]

    def _distances(self, X: Any) -> Callable[[float], np.ndarray]:
        from aeon.distances import dtw_pairwise_distance

        return lambda window: dtw_pairwise_distance(X, window=window, n_jobs=-1)


def best_window(distances: Callable[[float], np.ndarray], y: np.ndarray) -> float:
    """Return the window of the best leave-one-out accuracy, the smallest of equals."""

    def accuracy(window: float) -> float:
        matrix = distances(window)
        np.fill_diagonal(matrix, np.inf)
        return float((y[matrix.argmin(axis=1)] == y).mean())

    return max(WINDOWS, key=accuracy)


CONTENDERS = {
    "defaults": Contender("LSTMClassifier, defaults", lstm),
    "best": Contender("LSTMClassifier, chosen on training folds", lstm, BEST),
    "dtw": Contender("1-NN DTW, full window", NearestByDTW, {"window": 1.0}, 0, peer=True),
    "dtw-window": Contender(
        "1-NN DTW, learned window", NearestByDTW, {"window": None}, 0, peer=True
    ),
    "minirocket": Contender(
        "MiniRocket", rocket, {"classifier": "MiniRocketClassifier"}, peer=True
    ),
    "multirocket": Contender(
        "MultiRocket", rocket, {"classifier": "MultiRocketClassifier"}, peer=True
    ),
}

# A peer for numbers, which `benchmarks/defaults.py` runs.
NUMBERS = {"minirocket-ridge": Contender("MiniRocket + ridge", rocket_regressor, peer=True)}

# ------------------------------------------------------------------------------------------
# What is run


def tasks(args: argparse.Namespace) -> list[Task]:
    """Return what was asked for and can be run; in validation, a seed is a fold, too."""
    n_folds = N_FOLDS if args.validate else 1
    return [
        task(name, DataSpec(data, validate=args.validate), seed, args.peers_python)
        for data in args.data
        for name, contender in harness.chosen(args, CONTENDERS).items()
        for seed in range(len(contender.seeds(args.seeds, N_SEEDS)) * n_folds)
    ]


def task(name: str, data: DataSpec, seed: int, peers_python: str | None = None) -> Task:
    """Return one contender on one data set with one seed."""
    contender, fold = CONTENDERS[name], seed % N_FOLDS if data.validate else None
    names = ("X_train", "y_train", "X_test", "y_test")

    def run(folder: Path) -> Run:
        path = folder / f"{data.name}-{fold}.npz"
        staged = harness.stage(path, lambda: dict(zip(names, parts(data, fold), strict=True)))
        job = {"contender": name, "params": contender.params, "seed": seed, "data": staged}
        return harness.apart(measure, job, peers_python if contender.peer else None)

    identity = harness.identify(name, asdict(data), seed, contender.params)
    return Task(f"{contender.title} on {data.name}, seed {seed}", identity, run)


def parts(data: DataSpec, fold: int | None) -> Parts:
    """Return the parts of a data set; with a fold, both from its training data."""
    if fold is None:
        return load(data)
    X, y, _, _ = load(DataSpec(data.name, data.n_train))
    kind = KFold if y.dtype.kind == "f" else StratifiedKFold
    train, held_out = list(kind(N_FOLDS, shuffle=True, random_state=0).split(y, y))[fold]
    return X[train], y[train], X[held_out], y[held_out]


def measure(job: Run) -> Run:
    """Fit and score a contender in this process.

    It is fitted and asked before, on a few series: numba compiles then, and what a library
    imports late is there.
    """
    data, contender = harness.staged(job["data"]), (CONTENDERS | NUMBERS)[job["contender"]]
    X_train, X_test = list(data["X_train"]), list(data["X_test"])
    y_train, y_test = data["y_train"], data["y_test"]
    few, laps = few_of_each(y_train), Laps()
    rehearsal = contender.build(job["seed"], **job["params"])
    rehearsal.fit([X_train[i] for i in few], y_train[few]).predict(X_test[:N_WARM_UP])
    laps.lap("warm_up")
    model = contender.build(job["seed"], **job["params"])
    harness.forget_peak_memory()
    measured = harness.measure(model, (X_train, y_train, X_test, y_test), score)
    return {
        **measured,
        "seconds": {**laps.seconds, **measured["seconds"]},
        "window": getattr(model, "window_", None),
        "environment": harness.environment(PEERS if contender.peer else OURS),
    }


def score(model: Any, X: Series, y: np.ndarray, predicted: Any) -> Run:
    if y.dtype.kind == "f":
        return {"scores": harness.number_scores(y, predicted)}
    return {"accuracy": float((np.asarray(predicted) == y).mean())}


def few_of_each(y: np.ndarray) -> np.ndarray:
    """Return the places of the first series of each class, of numbers those of the first four."""
    if y.dtype.kind == "f":
        return np.arange(min(len(y), 2 * N_WARM_UP))
    return np.concatenate([np.flatnonzero(y == label)[:N_WARM_UP] for label in np.unique(y)])


# ------------------------------------------------------------------------------------------
# What is shown


def page(runs: list[Run]) -> str:
    """Return an overview, a table for each data set, and what a reader has to know."""
    groups = report.by_data(runs, TITLES)
    texts = [overview(runs)] if len(groups) > 1 else []
    columns = {
        "accuracy, %": report.spread("accuracy", 2, 100, average(runs)),
        "fit, s": report.took("seconds.fit"),
        "predict, s": report.took("seconds.predict"),
    }
    for name, own in groups.items():
        n_train, n_test = max((run["n_train"], run["n_test"]) for run in own)
        of = "held-out training" if validated(own) else "test"
        sizes = f"{n_train:,} series to train on, {n_test:,} {of} series."
        table = report.table(report.by_contender(own, CONTENDERS), columns)
        texts.append(f"## {TITLES[name]}\n\n{sizes}\n\n{table}")
    listed = [*notes(runs), *report.surroundings(runs)]
    return "\n\n".join([*texts, "\n".join(f"- {note}" for note in listed)])


def validated(runs: list[Run]) -> bool:
    return bool(runs[0]["data"]["validate"])


def average(runs: list[Run]) -> Callable[[list[float]], float]:
    """Return the mean for folds: those of a few series differ much, and a median is one of them."""
    return mean if validated(runs) else median


def overview(runs: list[Run]) -> str:
    """Return one table of what has run on all sets: accuracy, and mean seconds to fit."""
    names, middle = list(report.by_data(runs, TITLES)), average(runs)

    def each(own: list[Run], path: str, middle: Callable[[list[float]], float]) -> list[float]:
        by_set = report.by_data(own, names)
        return [middle(report.values(group, path)) for group in by_set.values()]

    groups = {
        title: own
        for title, own in report.by_contender(runs, CONTENDERS).items()
        if len(report.by_data(own, names)) == len(names)
    }
    columns: dict[str, report.Column] = {
        name: lambda own, i=i: f"{100 * each(own, 'accuracy', middle)[i]:.2f}"
        for i, name in enumerate(names)
    }
    columns["mean"] = lambda own: f"{100 * mean(each(own, 'accuracy', middle)):.2f}"
    columns["fit, s"] = lambda own: report.seconds(mean(each(own, "seconds.fit", median)))
    return report.table(groups, columns)


def notes(runs: list[Run]) -> list[str]:
    """Return how the figures came about."""
    what = "Means over folds of the training data" if validated(runs) else "Medians over seeds"
    found = [
        f"{what}, with the lowest and highest in brackets; 1-NN DTW draws nothing. Each model is "
        "fitted once on a few series beforehand, so no seconds are those of numba compiling or "
        "libraries being imported. One model runs at a time, on all cores.",
        "A SequenceScaler comes before the LSTMs. MiniRocket and MultiRocket are aeon's, with "
        "10,000 kernels (9,996 and 49,728 features) and a ridge classifier; they need series "
        "of one length, so shorter ones are padded with zeros at the end, aeon's default, to the "
        "longest training series, and longer ones cut. DTW takes the series as they are, unscaled.",
    ]
    learned: dict[str, set[float]] = {}
    for run in runs:
        if run["params"].get("window", 1) is None:
            learned.setdefault(run["data"]["name"], set()).add(run["window"])
    if learned:
        texts = [
            f"{name} {' or '.join(f'{window:.0%}' for window in sorted(windows))}"
            for name, windows in learned.items()
        ]
        found.append(
            f"Windows learned by leaving out one training series at a time: {', '.join(texts)}."
        )
    return found


STUDY = Study(
    name="ucr",
    title="Time series to classify",
    about=__doc__,
    contenders=CONTENDERS,
    tasks=tasks,
    page=lambda runs, args: page(runs),
    guide="docs/benchmarks.md",
    shown=overview,
    options={
        **harness.VALIDATE,
        **harness.peers_python("aeon"),
        "--data": {"nargs": "+", "choices": UCR, "default": UCR, "help": "default: all"},
    },
    command="ucr.py --peers-python PATH",
)

if __name__ == "__main__":
    STUDY.run()
