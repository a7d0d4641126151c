"""Compare LSTMRegressor with ridge regression, MLPRegressor and the mean.

Two problems: Covid3Month, 84 days of confirmed cases of a country and its death rate, 140
countries to train on; and the adding problem with 100 steps, 10,000 sequences::

    python benchmarks/regression.py

``--validate`` scores Covid3Month on five folds of its training data, where `COVID` was chosen,
and leaves the test data alone.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import RidgeCV
from sklearn.metrics import mean_squared_error, r2_score
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

if not __package__:  # started as a file: find the package `benchmarks` all the same
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import _cli
from benchmarks._measure import Model, Page, Problem, program

N_SEEDS, N_FOLDS = 5, 5
PAGE = Page(
    "regression",
    "Numbers from sequences",
    {"R2": 3, "root mean squared error": 4, "mean squared error": 5},
    "Medians over the seeds, with the lowest and highest. On Covid3Month every model reads the "
    "logarithm of the counts. Ridge and MLP read the sequences laid flat.",
)

# Chosen on folds of the training data: a small network, much dropout, few epochs.
COVID: dict[str, Any] = {"hidden_size": 16, "dropout": 0.5, "max_epochs": 40}
ALPHAS = np.logspace(-3, 8, 23)
GRID = {
    "mlpregressor__hidden_layer_sizes": [(16,), (100,)],
    "mlpregressor__alpha": [1e-4, 1e-1, 10.0, 100.0],
}


def flat(X: np.ndarray) -> np.ndarray:
    """Return (n, T, F) sequences as rows of T*F numbers."""
    return X.reshape(len(X), -1)


def log_counts(X: np.ndarray) -> np.ndarray:
    """Return the logarithm of daily counts, which go from 0 to 20,000; corrections count as 0."""
    return np.log1p(np.maximum(X, 0))


def models(front: list[Any], params: dict[str, Any]) -> dict[str, Model]:
    """Return the contenders, all behind the same steps in front; `params` are of "chosen"."""
    from sklstm import LSTMRegressor, SequenceScaler

    def lstm(**kwargs: Any) -> Any:
        return lambda seed: make_pipeline(
            *front, SequenceScaler(), LSTMRegressor(random_state=seed, **kwargs)
        )

    table = [*front, FunctionTransformer(flat), StandardScaler()]

    def mlp(seed: int) -> Any:
        return make_pipeline(*table, MLPRegressor(max_iter=1000, random_state=seed))

    def fixed(model: Any) -> Any:
        return lambda seed: make_pipeline(*table, model)

    chosen = {"chosen": Model("LSTMRegressor, chosen on training folds", lstm(**params))}
    tuned = {"mlp-tuned": Model("MLPRegressor, tuned", lambda seed: GridSearchCV(mlp(seed), GRID))}
    return {
        "defaults": Model("LSTMRegressor, defaults", lstm()),
        **(chosen if params else {}),
        "ridge": Model("ridge, alpha tuned", fixed(RidgeCV(ALPHAS)), False),
        "mlp": Model("MLPRegressor, defaults", mlp),
        **(tuned if params else {}),  # a search over the long sequences would take hours
        "mean": Model("the mean of y", fixed(DummyRegressor()), False),
    }


def scores(model: Any, X: Any, y: np.ndarray) -> dict[str, float]:
    predicted = model.predict(X)
    error = float(mean_squared_error(y, predicted))
    return {
        "R2": float(r2_score(y, predicted)),
        "root mean squared error": error**0.5,
        "mean squared error": error,
    }


def load_covid() -> tuple[Any, Any, Any, Any]:
    from sklstm.datasets import fetch_ucr

    train, test = fetch_ucr("Covid3Month"), fetch_ucr("Covid3Month", subset="test")
    return train.data, train.target, test.data, test.target


def covid_fold(fold: int) -> tuple[Any, Any, Any, Any]:
    """Return training data of Covid3Month twice: what is left of a fold, and the fold."""
    X, y, _, _ = load_covid()
    train, held_out = list(KFold(N_FOLDS, shuffle=True, random_state=0).split(X))[fold]
    return X[train], y[train], X[held_out], y[held_out]


def load_adding() -> tuple[Any, Any, Any, Any]:
    from sklstm.datasets import make_adding_problem

    train = make_adding_problem(10_000, 100, random_state=0)
    return *train, *make_adding_problem(2_000, 100, random_state=1)


def problems(*, validate: bool) -> list[Problem]:
    covid = models([FunctionTransformer(log_counts)], COVID)
    title = "Covid3Month: 84 days, one number"
    if validate:
        return [
            Problem(f"covid-{i}", f"{title}, fold {i}", lambda i=i: covid_fold(i), covid, scores)
            for i in range(N_FOLDS)
        ]
    return [
        Problem("Covid3Month", title, load_covid, covid, scores),
        Problem("adding", "The adding problem, 100 steps", load_adding, models([], {}), scores),
    ]


def main(argv: list[str] | None = None) -> int:
    args = parse(argv)
    return program(args, PAGE, problems(validate=args.validate), N_SEEDS)


def parse(argv: list[str] | None) -> argparse.Namespace:
    names = ["defaults", "chosen", "ridge", "mlp", "mlp-tuned", "mean"]
    return _cli.options(__doc__.splitlines()[0], names).parse_args(argv)


if __name__ == "__main__":
    _cli.run(main)
