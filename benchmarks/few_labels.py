"""Compare LSTMs with and without pre-trained word vectors when labels are few.

500, 2,000 and 10,000 labelled IMDB reviews, scored on all 25,000 test reviews: TF-IDF + logistic
regression, an LSTM from scratch, and the same LSTM that starts from word vectors, which are
trained on the 75,000 training and unlabelled reviews, without labels and without test reviews::

    OMP_NUM_THREADS=1 python benchmarks/few_labels.py --vectors DIR

DIR keeps the word vectors, for the next run. A run that was stopped resumes where it was.
``--validate`` scores 2,000 labels on 5,000 training reviews of other films, which is how `STEPS`
and `NETWORK` were chosen.
"""

from __future__ import annotations

import argparse
import sys
import time
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import joblib
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

if not __package__:  # started as a file: find the package `benchmarks` all the same
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import harness, report
from benchmarks.data import DataSpec, draw, load, take
from benchmarks.harness import Contender, Run, Study, Task
from benchmarks.unlabelled import word_vectors

SIZES = (500, 2_000, 10_000)
VALIDATION_SIZES = (2_000,)
N_SEEDS = 3
PICTURE = "few_labels.png"
SHOWN = f"![Accuracy by the number of labels](../benchmarks/results/{PICTURE})"

WORDS: dict[str, Any] = {"token_pattern": r"(?u)\b\w+\b"}
VECTORS: dict[str, Any] = {**WORDS, "vector_size": 100, "sg": 1}
N_WORDS, LENGTH = 20_000, 400
# Chosen on held-out training reviews, at 2,000 labels (--validate).
STEPS = 1_000
NETWORK: dict[str, Any] = {
    "conv_filters": 128,
    "conv_kernel_size": 3,
    "conv_pool_size": 3,
    "dropout": 0.5,
    "embedding_dropout": 0.2,
    "rare_word_dropout": 0.0,
    "linear_path": False,
    "learning_rate": 4e-3,
    "batch_size": 32,
}


def epochs(n_labels: int, steps: int) -> int:
    """Return the epochs that come nearest to a number of training steps."""
    return max(2, round(steps / -(-n_labels // NETWORK["batch_size"])))


def lstm(
    seed: int,
    n_labels: int,
    *,
    vectors: Any = None,
    freeze: bool | float = False,
) -> Any:
    """Return the network; `freeze` is True, False or the fraction of the epochs to freeze for.

    With vectors the tokenizer knows their words, also those that no labelled review has: they
    have a vector all the same.
    """
    from sklstm import LSTMClassifier, SequenceTokenizer

    known = {"max_features": N_WORDS}
    if vectors is not None:
        known = {"vocabulary": list(vectors)[:N_WORDS]}
    n_epochs = epochs(n_labels, STEPS)
    if not isinstance(freeze, bool):
        freeze = max(1, round(freeze * n_epochs))
    return make_pipeline(
        SequenceTokenizer(max_length=LENGTH, **known, **WORDS),
        LSTMClassifier(
            embeddings=vectors,
            freeze_embeddings=freeze,
            n_jobs=1,
            random_state=seed,
            max_epochs=n_epochs,
            **NETWORK,
        ),
    )


def tfidf(seed: int, n_labels: int) -> Any:
    """Return word counts, pairs included, with C chosen on folds of the labelled reviews."""
    search = GridSearchCV(LogisticRegression(max_iter=1000), {"C": [0.3, 1, 3, 10, 30, 100]}, cv=5)
    return make_pipeline(TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2), search)


# Those with `freeze` are given word vectors.
CONTENDERS = {
    "tfidf": Contender("TF-IDF + LR, C tuned", tfidf),
    "scratch": Contender("LSTM from scratch", lstm),
    "frozen": Contender("LSTM, vectors frozen", lstm, {"freeze": True}),
    "trained": Contender("LSTM, vectors trained", lstm, {"freeze": False}),
    "first": Contender("LSTM, vectors frozen for half of the epochs", lstm, {"freeze": 0.5}),
}


def tasks(args: argparse.Namespace) -> list[Task]:
    """Return every model on every number of labels, one draw after the other."""
    data = DataSpec("imdb", validate=args.validate)
    parts = load(data)
    vectors, took = joblib.load(word_vectors(args.vectors, VECTORS, data))
    print(f"word vectors: {len(vectors):,} words, trained in {took:.0f} s", flush=True)
    contenders = harness.chosen(args, CONTENDERS)

    def estimator(name: str, size: int, seed: int) -> Any:
        contender = contenders[name]
        given = {"vectors": vectors} if "freeze" in contender.params else {}
        return contender.build(seed, size, **contender.params, **given)

    def run(name: str, size: int, seed: int, folder: Path) -> Run:
        measured = measure(estimator(name, size, seed), parts, size, seed)
        return {"seconds_vectors": took, **measured}

    def task(name: str, size: int, seed: int) -> Task:
        spec = {"name": "imdb", "labels": size, "validate": args.validate}
        identity = harness.identify(name, spec, seed, params_of(estimator(name, size, seed)))
        title = f"{size:,} labels, seed {seed}, {name}"
        return Task(title, identity, partial(run, name, size, seed))

    return [
        task(name, size, seed)
        for seed in range(args.seeds or (1 if args.validate else N_SEEDS))
        for size in (VALIDATION_SIZES if args.validate else SIZES)
        for name in contenders
    ]


def params_of(estimator: Any) -> dict[str, Any]:
    """Return the parameters of a pipeline; 20,000 words would fill the file."""
    params = harness.parameters(estimator)
    if (known := params.get("sequencetokenizer__vocabulary")) is not None:
        params["sequencetokenizer__vocabulary"] = f"the vectors' {len(known)} first"
    return params


def measure(estimator: Any, parts: Any, size: int, seed: int) -> Run:
    """Fit a pipeline on some labelled reviews, and score it."""
    X, y, X_test, y_test = parts
    rows = draw(y, size, seed)
    return harness.measure(
        estimator,
        (take(X, rows), y[rows], X_test, y_test),
        harness.probability_scores,
        respond="predict_proba",
        clock=time.process_time,
    )


def table(runs: list[Run]) -> str:
    """Return a row per model, medians over the seeds with the lowest and highest accuracy."""

    def at(size: int, column: report.Column) -> report.Column:
        return lambda group: column(report.by_labels(group).get(size, []))

    sizes, accuracy = list(report.by_labels(runs)), report.spread("accuracy", 2, 100)
    fit = report.took("seconds.fit")
    columns = {f"{size:,} labels, accuracy, %": at(size, accuracy) for size in sizes}
    columns |= {f"fit at {size:,}, CPU s": at(size, fit) for size in (sizes[0], sizes[-1])}
    return report.table(report.by_contender(runs, CONTENDERS), columns)


def plots(runs: list[Run], args: argparse.Namespace, folder: Path) -> list[Path]:
    """Plot accuracy against the number of labels: every run, and a line through the medians."""
    if args.validate:
        return []
    groups, path = report.by_contender(runs, CONTENDERS), folder / PICTURE
    lstms = [name for name in groups if name != CONTENDERS["tfidf"].title]
    colours = dict.fromkeys(groups, report.GREY)
    colours |= zip(lstms, report.COLOURS, strict=False)
    with report.figure(path, figsize=(9, 5)) as ax:
        report.curves(ax, report.accuracies(groups), colours, dashed=groups.keys() - lstms)
        ax.set_xlabel("labelled reviews to train on (log scale)")
        ax.set_ylabel("accuracy on 25,000 test reviews, %")
        ax.set_title("IMDB film reviews: median, lowest and highest of three draws")
    return [path]


def text(runs: list[Run]) -> str:
    found = report.values(runs, "seconds_vectors")
    trained = f" They were trained once, in {median(found):,.0f} CPU s." if found else ""
    notes = (
        "Medians over three draws of the labelled reviews, with the lowest and highest; every "
        "model gets the same draws. One thread. The word vectors are those of "
        f"`WordVectors(vector_size={VECTORS['vector_size']})` of the 75,000 training and "
        f"unlabelled reviews, without labels and without test reviews.{trained} With them the "
        f"tokenizer knows their {N_WORDS:,} most frequent words, from scratch those of the "
        f"labelled reviews. All LSTMs make about {STEPS:,} training steps; their settings were "
        "chosen on held-out training reviews at 2,000 labels."
    )
    return f"{table(runs)}\n\n{notes}"


STUDY = Study(
    name="few_labels",
    title="Few labels",
    about=__doc__,
    contenders=CONTENDERS,
    tasks=tasks,
    page=lambda runs, args: "\n\n".join([text(runs), *report.surroundings(runs)]),
    guide="docs/word_vectors.md",
    shown=lambda runs: f"{SHOWN}\n\n{text(runs)}",
    plots=plots,
    options={
        **harness.VALIDATE,
        "--vectors": {
            "type": Path,
            "default": harness.CACHE,
            "metavar": "DIR",
            "help": "where word vectors are kept",
        },
    },
)

if __name__ == "__main__":
    STUDY.run()
