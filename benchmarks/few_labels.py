"""Compare LSTMs with and without pre-trained word vectors when labels are few.

500, 2,000 and 10,000 labelled IMDB reviews, scored on all 25,000 test reviews: TF-IDF + logistic
regression, an LSTM from scratch, and the same LSTM that starts from word vectors, which are
trained on the 75,000 training and unlabelled reviews, without labels and without test reviews::

    OMP_NUM_THREADS=1 python benchmarks/few_labels.py --vectors DIR

DIR keeps the word vectors, for the next run. A run that was stopped goes on where it was.
``--validate`` tries `CANDIDATES` on 2,000 labels, scored on 5,000 training reviews of other
films, which is how `STEPS` and `NETWORK` were chosen.
"""

from __future__ import annotations

import argparse
import json
import pickle
import sys
import time
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

if not __package__:  # started as a file: find the package `benchmarks` all the same
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import _cli
from benchmarks._data import ROOT, DataSpec, load, load_unlabelled, look_beside_the_repository
from benchmarks._few_labels_report import plot, table
from benchmarks._report import fill_file, surroundings
from benchmarks._runner import Results, commit, parameters
from benchmarks._worker import environment

GUIDE = ROOT / "docs" / "word_vectors.md"
SIZES = (500, 2_000, 10_000)
VALIDATION_SIZES = (2_000,)
N_SEEDS = 3
PICTURE = "![Accuracy by the number of labels](../benchmarks/results/few_labels.png)"
Run = dict[str, Any]

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
    "learning_rate": 4e-3,
    "batch_size": 32,
}


@dataclass(frozen=True)
class Contender:
    """A model to be measured.

    Parameters
    ----------
    title : str
        What tables and plots call it.
    build : callable
        From word vectors, the number of labels and a seed to the unfitted pipeline.
    """

    title: str
    build: Callable[[Any, int, int], Any]


def epochs(n_labels: int, steps: int) -> int:
    """Return the epochs that come nearest to a number of training steps."""
    return max(2, round(steps / -(-n_labels // NETWORK["batch_size"])))


def lstm(
    n_labels: int,
    seed: int,
    *,
    vectors: Any = None,
    freeze: bool | float = False,
    steps: int | None = None,
    own_words: bool = False,
    **changes: Any,
) -> Any:
    """Return the network; `freeze` is True, False or the share of the epochs to freeze for.

    With vectors the tokenizer knows their words, also those that no labelled review has: they
    have a vector all the same. `own_words` has it know those of the labelled reviews only.
    """
    from sklearn.pipeline import make_pipeline

    from sklstm import LSTMClassifier, SequenceTokenizer

    known = {"max_features": N_WORDS}
    if vectors is not None and not own_words:
        known = {"vocabulary": list(vectors)[:N_WORDS]}
    n_epochs = epochs(n_labels, steps or STEPS)
    if not isinstance(freeze, bool):
        freeze = max(1, round(freeze * n_epochs))
    network = {**NETWORK, "max_epochs": n_epochs, **changes}
    return make_pipeline(
        SequenceTokenizer(max_length=LENGTH, **known, **WORDS),
        LSTMClassifier(
            embeddings=vectors, freeze_embeddings=freeze, n_jobs=1, random_state=seed, **network
        ),
    )


def tfidf(vectors: Any, n_labels: int, seed: int) -> Any:
    """Return word counts, pairs included, with C chosen on folds of the labelled reviews."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline

    search = GridSearchCV(LogisticRegression(max_iter=1000), {"C": [0.3, 1, 3, 10, 30, 100]}, cv=5)
    return make_pipeline(TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2), search)


CONTENDERS = {
    "tfidf": Contender("TF-IDF + LR, C tuned", tfidf),
    "scratch": Contender("LSTM from scratch", lambda v, n, seed: lstm(n, seed)),
    "frozen": Contender(
        "LSTM, vectors frozen", lambda v, n, seed: lstm(n, seed, vectors=v, freeze=True)
    ),
    "trained": Contender(
        "LSTM, vectors trained", lambda v, n, seed: lstm(n, seed, vectors=v, freeze=False)
    ),
    "first": Contender(
        "LSTM, vectors frozen for half of the epochs",
        lambda v, n, seed: lstm(n, seed, vectors=v, freeze=0.5),
    ),
}


@dataclass(frozen=True)
class Candidate:
    """How a trial of ``--validate`` differs from the network above."""

    spread: float | None = None
    with_vectors: bool = True
    changes: dict[str, Any] = field(default_factory=dict)


FROZEN: dict[str, Any] = {"freeze": True}
SLOW: dict[str, Any] = {"learning_rate": 1e-3}
CANDIDATES = {
    "frozen": Candidate(changes=FROZEN),
    "frozen, learning rate 1e-3": Candidate(changes={**FROZEN, **SLOW}),
    "frozen, learning rate 8e-3": Candidate(changes={**FROZEN, "learning_rate": 8e-3}),
    "frozen, rate 1e-3, spread 0.1": Candidate(0.1, changes={**FROZEN, **SLOW}),
    "frozen, rate 1e-3, spread 0.3": Candidate(0.3, changes={**FROZEN, **SLOW}),
    "frozen, rate 1e-3, spread 0.6": Candidate(0.6, changes={**FROZEN, **SLOW}),
    "frozen, rate 1e-3, spread 0.3, words of the labelled reviews": Candidate(
        0.3, changes={**FROZEN, **SLOW, "own_words": True}
    ),
    "frozen, rate 1e-3, spread 0.3, 500 steps": Candidate(
        0.3, changes={**FROZEN, **SLOW, "steps": 500}
    ),
    "scratch": Candidate(with_vectors=False),
    "scratch, learning rate 2e-3": Candidate(with_vectors=False, changes={"learning_rate": 2e-3}),
    "trained": Candidate(),
    "frozen for half of the epochs": Candidate(changes={"freeze": 0.5}),
}


def draw(X: list[str], y: np.ndarray, size: int, seed: int) -> tuple[list[str], np.ndarray]:
    """Return as many reviews of each class; a larger size of the same seed has the smaller's."""
    rng = np.random.default_rng(seed)
    labels = np.unique(y)
    rows = [rng.permutation(np.flatnonzero(y == label)) for label in labels]
    chosen = np.sort(np.concatenate([part[: size // len(labels)] for part in rows]))
    return [X[i] for i in chosen], y[chosen]


def word_vectors(data: DataSpec, texts: list[str], folder: Path) -> Any:
    """Return vectors trained on the texts and the unlabelled ones, from `folder` if there."""
    from sklstm import WordVectors

    path = folder / f"few_labels-{'validate' if data.validate else 'all'}-{len(texts)}.pickle"
    if not path.exists():
        print("training word vectors, some minutes", flush=True)
        start = time.process_time()
        vectors = WordVectors(**VECTORS, random_state=0).fit([*texts, *load_unlabelled(data)])
        took = time.process_time() - start
        folder.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        partial.write_bytes(pickle.dumps((VECTORS, took, vectors)))
        partial.replace(path)
    settings, took, vectors = pickle.loads(path.read_bytes())
    if settings != VECTORS:
        raise SystemExit(f"{path} holds vectors of other settings; remove it to train anew")
    print(f"word vectors: {len(vectors):,} words, trained in {took:.0f} s", flush=True)
    return vectors, took


def scaled(vectors: Any, spread: float | None) -> Any:
    """Return vectors that have this spread, copied if need be."""
    from sklstm.preprocessing.text._word_training import standardize

    if spread is None:
        return vectors
    vectors = pickle.loads(pickle.dumps(vectors))
    standardize(vectors.keyed_vectors_, spread)
    return vectors.set_params(spread=spread)


def measure(estimator: Any, train: Any, test: Any) -> Run:
    """Fit and score a pipeline.

    Seconds are those of the processor, which with one thread are those of the clock on a quiet
    machine, and hardly more on a busy one.
    """
    from sklearn.metrics import log_loss

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        start = time.process_time()
        estimator.fit(*train)
        fitted = time.process_time()
        probabilities = estimator.predict_proba(test[0])
        predicted = time.process_time()
    labels = estimator.classes_[probabilities.argmax(axis=1)]
    return {
        "accuracy": float((labels == test[1]).mean()),
        "log_loss": float(log_loss(test[1], probabilities, labels=estimator.classes_)),
        "n_train": len(train[1]),
        "n_test": len(test[1]),
        "seconds": {"fit": fitted - start, "predict": predicted - fitted},
        "warnings": sorted({f"{w.category.__name__}: {w.message}" for w in caught}),
        "environment": environment(),
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
    }


def identify(name: str, size: int, seed: int, estimator: Any, data: DataSpec) -> Run:
    """Return what makes two runs the same, as JSON gives it back."""
    params = parameters(estimator)
    known = params.get("sequencetokenizer__vocabulary")
    if known is not None:  # 20,000 words would fill the file
        params["sequencetokenizer__vocabulary"] = f"the vectors' {len(known)} first"
    identity = {
        "contender": name,
        "data": {"name": "imdb", "labels": size, "validate": data.validate},
        "seed": seed,
        "params": params,
        "prepare": None,
    }
    return json.loads(json.dumps(identity, default=lambda value: type(value).__name__))


def run(
    builders: dict[str, Callable[[int, int], Any]],
    results: Results,
    data: DataSpec,
    *,
    sizes: Iterable[int],
    n_seeds: int,
    fresh: bool,
    took: float | None,
) -> None:
    """Measure what is not there yet, and keep each result at once."""
    X, y, X_test, y_test = load(data)
    for seed in range(n_seeds):
        for size in sizes:
            for name, build in builders.items():
                estimator = build(size, seed)
                identity = identify(name, size, seed, estimator, data)
                if fresh:
                    results.drop([identity])
                done = results.find(identity)
                if done is None:
                    code = commit()  # before, as the code may be changed meanwhile
                    measured = measure(estimator, draw(X, y, size, seed), (X_test, y_test))
                    done = {**identity, "commit": code, "seconds_vectors": took, **measured}
                    results.add(done)
                print(
                    f"{size:>6,} labels, seed {seed}, {name}: {done['accuracy']:.4f}, "
                    f"{done['seconds']['fit']:.0f} + {done['seconds']['predict']:.0f} s",
                    flush=True,
                )


def notes(runs: list[Run]) -> str:
    took = [run["seconds_vectors"] for run in runs if run["seconds_vectors"]]
    trained = f" They were trained once, in {median(took):,.0f} CPU s." if took else ""
    return (
        "Medians over three draws of the labelled reviews, with the lowest and highest; every "
        "model gets the same draws. One thread. The word vectors are those of "
        f"`WordVectors(vector_size={VECTORS['vector_size']})` of the 75,000 training and "
        f"unlabelled reviews, without labels and without test reviews.{trained} With them the "
        f"tokenizer knows their {N_WORDS:,} most frequent words, from scratch those of the "
        f"labelled reviews. All LSTMs make about {STEPS:,} training steps; their settings were "
        "chosen on held-out training reviews at 2,000 labels."
    )


def main(argv: list[str] | None = None) -> int:
    args = parse(argv)
    look_beside_the_repository()
    folder = _cli.folder(args)
    name = "few_labels"
    results = Results(folder / f"{name}.json")
    data = DataSpec("imdb", args.n_train, args.n_test, args.validate)
    titles = {n: n if args.validate else CONTENDERS[n].title for n in _names(args)}
    if not args.report:
        _measure_all(args, results, data)
    if not results.runs:
        print("Nothing has been measured yet.")
        return 1
    shown = table(results.runs, titles)
    text = f"{shown}\n\n{notes(results.runs)}"
    lines = [f"Measured on {line}" for line in surroundings(results.runs)]
    command = f"python benchmarks/{name}.py{' --validate' if args.validate else ''}"
    page = folder / f"{name}.md"
    page.write_text(
        "\n\n".join([f"# Few labels\n\n{text}", *lines, f"Made by `{command}`."]) + "\n",
        encoding="utf-8",
    )
    print(f"\n{shown}\n")
    paths = [page]
    if not args.validate:
        paths.append(plot(results.runs, titles, folder / f"{name}.png"))
    if folder == _cli.RESULTS and GUIDE.exists():
        fill_file(GUIDE, f"{PICTURE}\n\n{text}", name)
        paths.append(GUIDE)
    _cli.say_where(paths)
    return 0


def _names(args: argparse.Namespace) -> list[str]:
    return list(CANDIDATES if args.validate else CONTENDERS)


def _measure_all(args: argparse.Namespace, results: Results, data: DataSpec) -> None:
    texts = load(data)[0]
    vectors, took = word_vectors(data, texts, args.vectors)
    chosen = [name for name in _names(args) if not args.only or name in args.only]
    if args.validate:
        n_seeds, sizes = args.seeds or 1, VALIDATION_SIZES
        builders = {name: _candidate(CANDIDATES[name], vectors) for name in chosen}
    else:
        n_seeds, sizes = args.seeds or N_SEEDS, SIZES
        builders = {
            name: lambda size, seed, name=name: CONTENDERS[name].build(vectors, size, seed)
            for name in chosen
        }
    sizes = [size for size in sizes if size <= len(texts)]
    run(builders, results, data, sizes=sizes, n_seeds=n_seeds, fresh=args.fresh, took=took)


def _candidate(candidate: Candidate, vectors: Any) -> Callable[[int, int], Any]:
    def build(size: int, seed: int) -> Any:
        given = scaled(vectors, candidate.spread) if candidate.with_vectors else None
        return lstm(size, seed, vectors=given, **candidate.changes)

    return build


def parse(argv: list[str] | None) -> argparse.Namespace:
    parser = _cli.options(__doc__.splitlines()[0], [*CONTENDERS, *CANDIDATES])
    parser.add_argument(
        "--vectors",
        type=Path,
        default=_cli.CACHE,
        metavar="DIR",
        help="where word vectors are kept",
    )
    return parser.parse_args(argv)


if __name__ == "__main__":
    _cli.run(main)
