"""One contender of ``ucr.py``, run as a process; prints what it measured as JSON.

Started by the interpreter of the contender's own environment, so that sklstm, and aeon with its
peers, are imported only where it is their turn.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

Series = list[np.ndarray]  # of shape (T_i, F) each

WINDOWS = (*(share / 100 for share in range(21)), 1.0)  # shares of a series' length
N_WARM_UP = 2  # series of each class


def pack(X: Any) -> dict[str, np.ndarray]:
    """Return series as two plain arrays, which every version of numpy reads alike."""
    return {"values": np.concatenate(list(X)), "lengths": np.array([len(x) for x in X])}


def unpack(values: np.ndarray, lengths: np.ndarray) -> Series:
    """Return the series that `pack` was given."""
    return np.split(values, np.cumsum(lengths)[:-1])


def channels_first(X: Series) -> Any:
    """Return series as aeon takes them: (F, T_i) each, in one array where lengths are equal."""
    turned = [np.ascontiguousarray(x.T) for x in X]
    return np.stack(turned) if len({x.shape for x in turned}) == 1 else turned


def to_length(x: np.ndarray, n_steps: int) -> np.ndarray:
    """Return a series cut off behind, or filled up there with zeros, as aeon's Padder does."""
    whole = np.zeros((n_steps, x.shape[1]))
    whole[: len(x)] = x[:n_steps]
    return whole


class OneLength:
    """A classifier for series of one length, which all are brought to.

    The length is that of the longest training series; longer ones are cut off.
    """

    def __init__(self, classifier: Any):
        self.classifier = classifier

    def fit(self, X: Series, y: np.ndarray) -> OneLength:
        self.n_steps_ = max(map(len, X))
        self.classifier.fit(self._whole(X), y)
        return self

    def predict(self, X: Series) -> np.ndarray:
        return self.classifier.predict(self._whole(X))

    def _whole(self, X: Series) -> Any:
        return channels_first([to_length(x, self.n_steps_) for x in X])


class NearestByDTW:
    """1-nearest neighbour by dynamic time warping, over series of any length.

    Parameters
    ----------
    window : float or None
        How far steps may be matched from the diagonal, as a share of the series. None takes the
        share with which most training series are nearest to one of their class, the smallest
        of those that are as good.
    """

    def __init__(self, window: float | None):
        self.window = window

    def fit(self, X: Series, y: np.ndarray) -> NearestByDTW:
        from aeon.classification.distance_based import KNeighborsTimeSeriesClassifier

        X = channels_first(X)
        window = best_window(self._distances(X), y) if self.window is None else self.window
        self.window_, self.y_ = window, y
        self.classifier_ = KNeighborsTimeSeriesClassifier(
            distance="dtw", distance_params={"window": window}, n_neighbors=1, n_jobs=-1
        ).fit(X, y)
        return self

    def predict(self, X: Series) -> np.ndarray:
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


def lstm(params: dict[str, Any], seed: int) -> Any:
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from sklearn.pipeline import make_pipeline

    from sklstm import LSTMClassifier, SequenceScaler

    return make_pipeline(SequenceScaler(), LSTMClassifier(**params, random_state=seed))


def rocket(params: dict[str, Any], seed: int) -> Any:
    from aeon.classification import convolution_based

    settings = {name: value for name, value in params.items() if name != "classifier"}
    classifier = getattr(convolution_based, params["classifier"])
    return OneLength(classifier(**settings, n_jobs=-1, random_state=seed))


MODELS: dict[str, Callable[[dict[str, Any], int], Any]] = {
    "lstm": lstm,
    "dtw": lambda params, seed: NearestByDTW(params["window"]),
    "rocket": rocket,
}
OURS, PEERS = ("sklstm", "torch", "scikit-learn"), ("aeon", "numba", "scikit-learn")


def measure(job: dict[str, Any]) -> dict[str, Any]:
    """Fit and score a model; return its accuracy and the seconds it took.

    It is fitted and asked before, on a few series: numba compiles then, and what a library
    imports late is there.

    Parameters
    ----------
    job : dict
        ``model``, ``params``, ``seed`` and ``data``, the path of what `pack` made, as npz.
    """
    with np.load(job["data"]) as data:
        X_train = unpack(data["train_values"], data["train_lengths"])
        X_test = unpack(data["test_values"], data["test_lengths"])
        y_train, y_test = data["y_train"], data["y_test"]
    build = MODELS[job["model"]]
    start = time.perf_counter()
    few = few_of_each(y_train)
    rehearsal = build(job["params"], job["seed"])
    rehearsal.fit([X_train[i] for i in few], y_train[few]).predict(X_test[:N_WARM_UP])
    seconds = {"warm_up": time.perf_counter() - start}
    model = build(job["params"], job["seed"])
    start = time.perf_counter()
    model.fit(X_train, y_train)
    seconds["fit"] = time.perf_counter() - start
    start = time.perf_counter()
    predicted = model.predict(X_test)
    seconds["predict"] = time.perf_counter() - start
    return {
        "accuracy": float((np.asarray(predicted) == y_test).mean()),
        "n_train": len(y_train),
        "n_test": len(y_test),
        "seconds": seconds,
        "window": getattr(model, "window_", None),
        "environment": environment(job["model"]),
    }


def few_of_each(y: np.ndarray) -> np.ndarray:
    """Return the places of the first series of each class."""
    return np.concatenate([np.flatnonzero(y == label)[:N_WARM_UP] for label in np.unique(y)])


def environment(model: str) -> dict[str, Any]:
    """Return what speed depends on."""
    packages = OURS if model == "lstm" else PEERS
    versions = {name: importlib.metadata.version(name) for name in packages}
    cpus = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count()
    threads = os.environ.get("OMP_NUM_THREADS")
    python = platform.python_version()
    return {"cpus": cpus, "OMP_NUM_THREADS": threads, "python": python, **versions}


def main() -> None:
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    print(json.dumps(measure(job)))


if __name__ == "__main__":
    main()
