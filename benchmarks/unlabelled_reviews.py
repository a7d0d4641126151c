"""What 50,000 reviews without labels add: LSTMs that start from a language model.

IMDB's full test set, with all 25,000 labels and with 500. The language models are those of
`benchmarks/pretrain.py`, which comes first: they have read the training and the unlabelled reviews,
without labels, and no test review::

    OMP_NUM_THREADS=1 python benchmarks/pretrain.py
    OMP_NUM_THREADS=1 python benchmarks/unlabelled_reviews.py

Each fit also says what its parts are worth: the LSTM alone, the linear model of word counts beside
it alone (TF-IDF + logistic regression), and the pair. ``--validate`` trains on fewer films and
scores on reviews of the others, which is how everything was chosen. A run that was stopped resumes
with the fit where it was.
"""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

if not __package__:  # started as a file: find the package `benchmarks` all the same
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import harness, pretrain, report
from benchmarks.data import DataSpec, draw, load, load_unlabelled, take
from benchmarks.harness import Contender, Run, Study, Task

SIZES = (25_000, 500)
N_SEEDS = 3
LENGTH = 400
# Of a few that were tried on reviews of other films, with 2,000 and 5,000 labels (--validate).
NETWORK: dict[str, Any] = {
    "pooling": "concat",
    "dropout": 0.5,
    "embedding_dropout": 0.2,
    "rare_word_dropout": 0.0,
    "learning_rate": 2e-3,
    "lr_schedule": "one_cycle",
    "freeze_encoder": False,
    "encoder_learning_rate_decay": 1.0,
    "batch_size": 32,
}
MANY: dict[str, Any] = {"max_epochs": 4}
FEW: dict[str, Any] = {"max_epochs": 20}
UNLABELLED: dict[str, Any] = {"unlabeled_label": -1, "max_epochs": 6}
N_UNLABELLED = 10_000  # of the unlabelled reviews, with 500 labels


def lstm(
    seed: int,
    size: int,
    *,
    directions: tuple[str, ...] = ("forward",),
    unlabelled: bool = False,
    cache: Path = pretrain.CACHE,
) -> Any:
    """Return a classifier that starts from one language model, or from two."""
    from sklearn.frozen import FrozenEstimator
    from sklearn.pipeline import make_pipeline

    from sklstm import LSTMClassifier, SequenceTokenizer

    stored = [pretrain.load(direction, cache) for direction in directions]
    models = [FrozenEstimator(one["model"]) for one in stored]
    settings = NETWORK | (MANY if size > 5_000 else FEW)
    if unlabelled:
        settings |= UNLABELLED
    return make_pipeline(
        SequenceTokenizer(vocabulary=stored[0]["tokenizer"].vocabulary_, max_length=LENGTH),
        LSTMClassifier(
            encoder=models if len(models) > 1 else models[0],
            n_jobs=1,
            random_state=seed,
            **settings,
        ),
    )


CONTENDERS = {
    "forward": Contender("LSTM from a language model", lstm),
    "both": Contender(
        "LSTM from two language models", lstm, {"directions": ("forward", "backward")}
    ),
    "unlabelled": Contender(
        "LSTM from a language model, unlabelled reviews too", lstm, {"unlabelled": True}
    ),
}


def scores(model: Any, X: Any, y: Any, probabilities: Any) -> dict[str, float]:
    """Return the accuracies of the pair, of the LSTM alone and of the linear model alone."""
    found = harness.probability_scores(model, X, y, probabilities)
    classifier = model[-1]
    path = classifier.module_.linear_path
    if path is None:
        return found
    # Without running the LSTM again: the outputs are a sum.
    sequences = classifier._read_X(model[:-1].transform(X))
    linear = classifier._run(path.linear, sequences, module=path)[:, 0]
    pair = np.log(probabilities[:, 1]) - np.log(probabilities[:, 0])
    share = classifier.path_weights_
    positive = classifier.classes_[1]
    found["accuracy_linear"] = float(((linear > 0) == (y == positive)).mean())
    if share["lstm"] > 1e-3:  # of less, rounding would be all there is
        lstm = pair - share["linear"] * linear
        found["accuracy_lstm"] = float(((lstm > 0) == (y == positive)).mean())
    return found | {f"share_{k}": float(v) for k, v in share.items()}


def measure(name: str, size: int, validate: bool, seed: int, cache: Path, folder: Path) -> Run:
    """Fit on some labels, and score."""
    contender = CONTENDERS[name]
    X, y, X_test, y_test = load(DataSpec("imdb", validate=validate))
    if size < len(X):
        rows = draw(y, size, seed)
        X, y = take(X, rows), y[rows]
    if contender.params.get("unlabelled"):
        texts = load_unlabelled(DataSpec("imdb", validate=validate))
        if size < 5_000:
            drawn = np.random.default_rng(seed).choice(len(texts), N_UNLABELLED, replace=False)
            texts = take(texts, drawn)
        X, y = [*X, *texts], np.concatenate([y, np.full(len(texts), -1)])
    model = contender.build(seed, size, cache=cache, **contender.params)
    harness.forget_peak_memory()
    measured = harness.measure(
        model, (X, y, X_test, y_test), scores, respond="predict_proba", prepare=None
    )
    return measured | {"epochs": model[-1].history_}


def tasks(args: argparse.Namespace) -> list[Task]:
    """Return every contender on every number of labels, one seed after the other."""
    found = []
    for seed in range(args.seeds or (1 if args.validate else N_SEEDS)):
        for size in args.labels or SIZES:
            for name, contender in harness.chosen(args, CONTENDERS).items():
                own = NETWORK | (MANY if size > 5_000 else FEW)
                own |= UNLABELLED if contender.params.get("unlabelled") else {}
                spec = {"name": "imdb", "labels": size, "validate": args.validate}
                identity = harness.identify(name, spec, seed, own | dict(contender.params))
                run = partial(measure, name, size, args.validate, seed, args.cache)
                found.append(Task(f"{size:,} labels, seed {seed}, {name}", identity, run))
    return found


PARTS = {"accuracy": "{}, with word counts", "accuracy_lstm": "{}, alone"}
PARTS |= {"accuracy_linear": "the word counts beside it (TF-IDF + LR), alone"}


def table(runs: list[Run]) -> str:
    """Return, for each model and number of labels, a row for the pair and for each of its parts."""
    columns: dict[str, report.Column] = {
        "accuracy, %": report.spread("accuracy", 2, 100),
        "fit of all, s": report.took("seconds.fit"),
        "peak memory, MB": report.middle("memory_mb.peak", 0),
    }
    groups = {}
    for size in sorted({run["data"]["labels"] for run in runs}, reverse=True):
        of_size = [run for run in runs if run["data"]["labels"] == size]
        for title, own in report.by_contender(of_size, CONTENDERS).items():
            for part, name in PARTS.items():
                found = [run | {"accuracy": run[part]} for run in own if part in run]
                if found:
                    groups[f"{size:,} labels: {name.format(title)}"] = found
    return report.table(groups, columns)


STUDY = Study(
    name="unlabelled_reviews",
    title="Unlabelled reviews",
    about=__doc__,
    contenders=CONTENDERS,
    tasks=tasks,
    page=lambda runs, args: "\n\n".join([table(runs), *report.surroundings(runs)]),
    guide="docs/language_models.md",
    shown=table,
    options={
        **harness.VALIDATE,
        "--labels": {"type": int, "nargs": "+", "metavar": "N", "help": "numbers of labels"},
        "--cache": {"type": Path, "default": pretrain.CACHE, "metavar": "DIR"},
    },
)

if __name__ == "__main__":
    STUDY.run()
