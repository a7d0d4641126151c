"""Compare LSTMRegressor with ridge regression, MLPRegressor and the mean.

Two problems: Covid3Month, 84 days of confirmed cases of a country and its death rate, 140
countries to train on; and the adding problem with 100 steps, 10,000 sequences::

    python benchmarks/regression.py

``--validate`` scores Covid3Month on five folds of its training data, where `COVID` was chosen,
and leaves the test data alone.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

if not __package__:  # started as a file: find the package `benchmarks` all the same
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks.contenders import flatten
from benchmarks.data import adding, fetch
from benchmarks.harness import VALIDATE, Contender, Problem, comparison, number_scores

N_SEEDS, N_FOLDS = 5, 5
DIGITS = {"R2": 3, "root mean squared error": 4, "mean squared error": 5}
NOTES = (
    "Medians over the seeds, with the lowest and highest. On Covid3Month every model reads the "
    "logarithm of the counts. Ridge and MLP read the sequences flattened."
)

# Chosen on folds of the training data: a small network, much dropout, few epochs.
COVID: dict[str, Any] = {
    "hidden_size": 16,
    "dropout": 0.5,
    "max_epochs": 40,
    "batch_size": 32,
    "fcn_filters": None,
    "linear_path": False,
}
ALPHAS = np.logspace(-3, 8, 23)
GRID = {
    "mlpregressor__hidden_layer_sizes": [(16,), (100,)],
    "mlpregressor__alpha": [1e-4, 1e-1, 10.0, 100.0],
}


def log_counts(X: np.ndarray) -> np.ndarray:
    """Return the logarithm of daily counts, which go from 0 to 20,000; corrections count as 0."""
    return np.log1p(np.maximum(X, 0))


def contenders(steps: list[Any], params: dict[str, Any]) -> dict[str, Contender]:
    """Return pipelines that all begin with the same steps; `params` are of "chosen"."""
    from sklstm import LSTMRegressor, SequenceScaler

    def lstm(seed: int, **kwargs: Any) -> Any:
        return make_pipeline(*steps, SequenceScaler(), LSTMRegressor(random_state=seed, **kwargs))

    table = [*steps, FunctionTransformer(flatten), StandardScaler()]

    def mlp(seed: int) -> Any:
        return make_pipeline(*table, MLPRegressor(max_iter=1000, random_state=seed))

    found = {
        "defaults": Contender("LSTMRegressor, defaults", lstm),
        "chosen": Contender("LSTMRegressor, chosen on training folds", partial(lstm, **params)),
        "ridge": Contender(
            "ridge, alpha tuned", lambda seed: make_pipeline(*table, RidgeCV(ALPHAS)), n_seeds=0
        ),
        "mlp": Contender("MLPRegressor, defaults", mlp),
        "mlp-tuned": Contender("MLPRegressor, tuned", lambda seed: GridSearchCV(mlp(seed), GRID)),
        "mean": Contender(
            "the mean of y", lambda seed: make_pipeline(*table, DummyRegressor()), n_seeds=0
        ),
    }
    # A search over the long sequences would take hours.
    left_out = () if params else ("chosen", "mlp-tuned")
    return {name: contender for name, contender in found.items() if name not in left_out}


def scores(model: Any, X: Any, y: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
    return number_scores(y, predicted)


def load_covid() -> tuple[Any, Any, Any, Any]:
    return fetch("ucr", "Covid3Month")


def covid_fold(fold: int) -> tuple[Any, Any, Any, Any]:
    """Return training data of Covid3Month twice: what is left of a fold, and the fold."""
    X, y, _, _ = load_covid()
    train, held_out = list(KFold(N_FOLDS, shuffle=True, random_state=0).split(X))[fold]
    return X[train], y[train], X[held_out], y[held_out]


def problems(validate: bool) -> list[Problem]:
    covid = contenders([FunctionTransformer(log_counts)], COVID)
    title = "Covid3Month: 84 days, one number"
    if validate:
        return [
            Problem(f"covid-{i}", f"{title}, fold {i}", lambda i=i: covid_fold(i), covid, scores)
            for i in range(N_FOLDS)
        ]
    return [
        Problem("Covid3Month", title, load_covid, covid, scores),
        Problem("adding", "The adding problem, 100 steps", adding, contenders([], {}), scores),
    ]


STUDY = comparison(
    problems,
    DIGITS,
    NOTES,
    N_SEEDS,
    name="regression",
    title="Numbers from sequences",
    about=__doc__,
    contenders=("defaults", "chosen", "ridge", "mlp", "mlp-tuned", "mean"),
    guide="docs/series.md",
    options=VALIDATE,
)

if __name__ == "__main__":
    STUDY.run()
