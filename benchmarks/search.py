"""Choose parameters on a validation split of the training data, never on test data.

A search has an estimator, a space of candidates by name, each with the parameters that it sets,
and data, a part of which is held out. One candidate after the other is fitted and scored; what is
finished is kept, and the page lists the best first::

    python benchmarks/search.py [imdb | clustering]

imdb varies the best LSTM found for film reviews: 20,000 to train on, 5,000 of other films within
each class to score on. clustering reads no label: its score is how far the clusters of several
seeds agree, as in stability selection (T. Lange et al., "Stability-Based Validation of Clustering
Solutions", Neural Computation 16, 2004, which draws other samples instead).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import combinations
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np

if not __package__:  # started as a file: find the package `benchmarks` all the same
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import clustering, harness, report
from benchmarks.contenders import BEST_VECTORS, CONTENDERS
from benchmarks.data import DataSpec, load, load_unlabelled
from benchmarks.harness import Run, Study, Task


@dataclass(frozen=True)
class Search:
    """A search for parameters.

    `load` returns X and y to fit on, and those held out; `score` takes a fitted estimator, the
    latter two and the predictions, and returns scores by name. The first ranks the candidates, and
    higher is better.
    """

    name: str
    title: str
    build: Callable[[], Any]
    space: Mapping[str, Mapping[str, Any]]
    load: Callable[[], Sequence[Any]]
    score: Callable[[Any, Any, Any, Any], dict[str, float]]
    notes: str

    def tasks(self, args: argparse.Namespace) -> list[Task]:
        """Return the candidates that were asked for."""
        parts = cache(self.load)
        return [
            Task(
                name,
                harness.identify(name, {"name": self.name}, 0, self.space[name]),
                partial(self.measure, name, parts),
            )
            for name in args.only or self.space
        ]

    def measure(self, name: str, parts: Callable[[], Sequence[Any]], folder: Path) -> Run:
        """Fit and score a candidate."""
        estimator = self.build().set_params(**self.space[name])
        return harness.measure(estimator, parts(), lambda *f: {"scores": self.score(*f)})

    def page(self, runs: list[Run], args: argparse.Namespace) -> str:
        """Return a table of the candidates, the best first."""
        ranked = sorted(runs, key=lambda run: -next(iter(run["scores"].values())))
        columns: dict[str, report.Column] = {
            score: report.middle(f"scores.{score}", 4) for score in ranked[0]["scores"]
        }
        columns["fit, s"] = report.took("seconds.fit")
        table = report.table({run["contender"]: [run] for run in ranked}, columns, "candidate")
        measured = [*report.surroundings(runs), *report.warned(runs)]
        return "\n\n".join([table, self.notes, *measured])

    def study(self) -> Study:
        """Return the program of this search."""
        return Study(
            name=f"search_{self.name}",
            title=self.title,
            about=__doc__,
            contenders=self.space,
            tasks=self.tasks,
            page=self.page,
            command=f"search.py {self.name}",
        )


# ------------------------------------------------------------------------------------------
# An LSTM for IMDB

IMDB = DataSpec("imdb", validate=True)


@cache
def word_vectors() -> Any:
    """Return vectors trained on the reviews to train on and the unlabelled ones, once."""
    pipeline = CONTENDERS["best"].build(0)
    BEST_VECTORS(pipeline, load(IMDB)[0], load_unlabelled(IMDB), 0)
    return pipeline[-1].embeddings


def imdb_lstm() -> Any:
    """Return the best LSTM that was found, with its word vectors."""
    return CONTENDERS["best"].build(0).set_params(lstmclassifier__embeddings=word_vectors())


def probability_scores(model: Any, X: Any, y: Any, predicted: Any) -> dict[str, float]:
    return harness.probability_scores(model, X, y, model.predict_proba(X))


# ------------------------------------------------------------------------------------------
# Clusters that seeds agree on

N_CLUSTERINGS = 5


def digits() -> Sequence[Any]:
    """Return the digits twice, with no classes: what is clustered is also what is compared."""
    X, y = clustering.digits_table()
    return X, np.zeros_like(y), X, np.zeros_like(y)


def autoencoder() -> Any:
    from sklstm import AutoencoderClusterer

    return AutoencoderClusterer(n_clusters=10, n_jobs=1, random_state=0)


def agreement(model: Any, X: Any, y: Any, labels: Any) -> dict[str, float]:
    """Return the mean adjusted Rand index between the clusters of two seeds."""
    from sklearn.base import clone
    from sklearn.metrics import adjusted_rand_score

    others = [clone(model).set_params(random_state=seed) for seed in range(1, N_CLUSTERINGS)]
    found = [labels, *(other.fit(X).predict(X) for other in others)]
    return {"agreement": mean(adjusted_rand_score(*pair) for pair in combinations(found, 2))}


# ------------------------------------------------------------------------------------------

SEARCHES = {
    search.name: search
    for search in (
        Search(
            "imdb",
            "An LSTM for IMDB: parameters chosen on held-out films",
            imdb_lstm,
            {
                "best": {},
                "without convolution": {"lstmclassifier__conv_filters": None},
                "128 units": {"lstmclassifier__hidden_size": 128},
                "learning rate 3e-3": {"lstmclassifier__learning_rate": 3e-3},
                "dropout 0.5": {"lstmclassifier__dropout": 0.5},
                "embeddings trained": {"lstmclassifier__freeze_embeddings": False},
            },
            lambda: load(IMDB),
            probability_scores,
            "20,000 training reviews to train on, 5,000 to score on, of other films within each "
            "class; seed 0.",
        ),
        Search(
            "clustering",
            "Clusters that seeds agree on",
            autoencoder,
            {
                "defaults": {},
                "one layer of 500": {"hidden_layer_sizes": (500,)},
                "two layers of 500": {"hidden_layer_sizes": (500, 500)},
                "gradient_clip=1": {"gradient_clip": 1.0},
                "no dropout": {"dropout": 0.0},
                "no noise, no dropout": {"noise": 0.0, "dropout": 0.0},
                "clustering_weight=3": {"clustering_weight": 3.0},
                "n_autoencoders=3": {"n_autoencoders": 3},
            },
            digits,
            agreement,
            f"Adjusted Rand index between the clusters of two seeds, over all pairs of "
            f"{N_CLUSTERINGS}, of the digits as a table. What is not named is the default.",
        ),
    )
}

if __name__ == "__main__":
    name = sys.argv.pop(1) if sys.argv[1:2] and sys.argv[1] in SEARCHES else "imdb"
    SEARCHES[name].study().run()
