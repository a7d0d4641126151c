"""Time a search whose candidates share one tokenised copy of the texts, by a pipeline's `memory`.

A randomised search draws 20 candidates, which differ in parameters of the LSTM only, and scores
each on the same split of 5,000 film reviews. With ``memory=`` the pipeline keeps what the tokenizer
returned on disk, so that it is fitted once; without, it is fitted for each candidate. The LSTM is
small, and trained for one epoch: the larger it is, the less the tokenizer matters. The two take
turns, each in a separate process with an empty cache::

    python benchmarks/shared_tokens.py
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

if not __package__:  # started as a file: find the package `benchmarks` all the same
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import harness, report
from benchmarks.data import DataSpec, load
from benchmarks.harness import Laps, Run, Study, Task
from sklstm import SequenceTokenizer

ROUNDS = 2  # of two minutes each
N_TEXTS, N_SCORED, N_CANDIDATES = 5000, 1000, 20
# Set, so that `search_space` draws none of them.
NETWORK = {
    "hidden_size": 8, "embedding_dim": 16, "conv_filters": None, "linear_path": False,
    "batch_size": 64, "max_epochs": 1,
}  # fmt: skip
SHARED, APART = "memory=", "without memory"
PARAMS: dict[str, Run] = {
    name: {"n_texts": N_TEXTS, "n_candidates": N_CANDIDATES, **NETWORK} for name in (SHARED, APART)
}


class CountedTokenizer(SequenceTokenizer):
    """A tokenizer that counts how often any of its kind is fitted in this process."""

    n_fits = 0

    def fit_transform(self, X: Any, y: Any = None) -> Any:
        """Count, and do as usual."""
        CountedTokenizer.n_fits += 1
        return super().fit_transform(X, y)


def reviews() -> dict[str, Any]:
    X, y, _, _ = load(DataSpec("imdb", n_train=N_TEXTS, n_test=2))
    return {"X": X, "y": y}


def measure(job: Run) -> Run:
    """Run one search in this process, of a job as `tasks` makes it."""
    from sklearn.model_selection import RandomizedSearchCV, ShuffleSplit
    from sklearn.pipeline import make_pipeline

    from sklstm import LSTMClassifier, search_space

    data = harness.staged(job["data"])
    X, y = data["X"], data["y"]
    with tempfile.TemporaryDirectory() as cache:
        pipeline = make_pipeline(
            CountedTokenizer(),
            LSTMClassifier(**NETWORK, random_state=0),
            memory=cache if job["contender"] == SHARED else None,
        )
        space = search_space(pipeline, X, y)
        of_network = {name: at for name, at in space.items() if name.startswith("lstmclassifier__")}
        search = RandomizedSearchCV(
            pipeline,
            of_network,
            n_iter=job["n_candidates"],
            cv=ShuffleSplit(1, test_size=job["n_scored"], random_state=0),
            refit=False,
            random_state=0,
        )
        CountedTokenizer.n_fits = 0  # `search_space` has fitted one, too
        laps = Laps()
        search.fit(X, y)
        laps.lap("search")
        stored = sum(path.stat().st_size for path in Path(cache).rglob("*") if path.is_file())
    return {
        "seconds": laps.seconds,
        "n_fits": CountedTokenizer.n_fits,
        "cache_mb": stored / 1e6,
        "scores": {"accuracy": float(search.best_score_)},
        "environment": harness.environment(),
    }


def tasks(args: argparse.Namespace) -> list[Task]:
    """Return the two ways in turns."""

    def run(name: str, folder: Path) -> Run:
        path = harness.stage(folder / "reviews.npz", reviews)
        sizes = {"n_candidates": N_CANDIDATES, "n_scored": N_SCORED}
        return harness.apart(measure, {"contender": name, "data": path, **sizes})

    return harness.turns(args, ROUNDS, PARAMS, run)


def page(runs: list[Run], args: argparse.Namespace) -> str:
    groups = report.by_contender(runs, list(PARAMS))
    columns = {
        "search, s": report.middle("seconds.search", 1),
        "fastest, s": lambda group: f"{min(report.values(group, 'seconds.search')):.1f}",
        "tokenizer fitted": report.middle("n_fits", 0),
        "on disk, MB": report.middle("cache_mb", 1),
        "best accuracy": report.middle("scores.accuracy", 4),
    }
    table = report.table(
        {f"`{name}`" if name == SHARED else name: group for name, group in groups.items()},
        columns,
        "pipeline",
    )
    notes = [
        f"{N_CANDIDATES} candidates of `search_space`, which differ in the LSTM only, each fitted "
        f"on {N_TEXTS - N_SCORED:,} film reviews and scored on {N_SCORED:,}; medians of "
        f"{max(run['seed'] for run in runs) + 1} rounds in turns. The LSTM has "
        f"{NETWORK['hidden_size']} units in each direction, no convolution and no linear "
        "model beside it, and is trained for one epoch. The reviews that a candidate is scored on "
        "are split into words for each: a pipeline keeps the results of fits only."
    ]
    if set(groups) == set(PARAMS):
        spent = {name: median(report.values(groups[name], "seconds.search")) for name in PARAMS}
        notes.append(
            f"With `{SHARED}` the search takes {spent[SHARED] / spent[APART]:.0%} of the time."
        )
    return "\n\n".join([table, " ".join(notes), *report.surroundings(runs)])


STUDY = Study(
    "shared_tokens",
    "One tokenised copy for all candidates of a search",
    __doc__,
    PARAMS,
    tasks,
    page,
)

if __name__ == "__main__":
    STUDY.run()
