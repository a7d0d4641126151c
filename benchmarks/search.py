"""Choose an LSTM for IMDB on a validation split of its training reviews.

20,000 reviews to train on and 5,000 to score on, within each class of other films; the test
reviews are not touched. One configuration after the other, what was finished is kept in
``results/search.json``::

    python benchmarks/search.py

Word vectors are trained on the 20,000 and the 50,000 unlabelled reviews, once for each set of
parameters (``--vectors FOLDER`` keeps them). On a machine with several cores, start several with
``--threads 1`` and other names in ``--only``: they add to the same file.
`benchmarks/_contenders.py` takes the winner to the test set.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import sys
import tempfile
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

if not __package__:  # started as a file: find the package `benchmarks` all the same
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks._contenders import STEADIED, TUTORIAL_NETWORK, TUTORIAL_WORDS
from benchmarks._data import DataSpec, load, load_unlabelled, look_beside_the_repository
from benchmarks._vectors import TrainedWordVectors

RESULTS = Path(__file__).resolve().parent / "results"
IMDB = DataSpec("imdb", validate=True)
TAIL = {"max_features": 30_000, "max_length": 400, "token_pattern": r"(?u)\b\w+\b"}
FROZEN = {"freeze_embeddings": True, "embedding_dropout": 0.2, "dropout": 0.3}
CONVOLUTION = {
    "conv_filters": 256,
    "conv_kernel_size": 3,
    "conv_pool_size": 3,
    "learning_rate": 1.5e-3,
}
VECTORS = TrainedWordVectors(vector_size=200, sg=1, spread=0.3)


@dataclass(frozen=True)
class Candidate:
    """How a pipeline differs from the defaults: its words, its network, its word vectors."""

    words: dict[str, Any] = field(default_factory=dict)
    network: dict[str, Any] = field(default_factory=dict)
    vectors: TrainedWordVectors | None = None


CANDIDATES = {
    "tutorial's LSTM": Candidate(TUTORIAL_WORDS, {**TUTORIAL_NETWORK, "max_epochs": 3}),
    "tutorial's LSTM, falling rate and clipped gradients": Candidate(
        TUTORIAL_WORDS, {**TUTORIAL_NETWORK, **STEADIED, "max_epochs": 3}
    ),
    "defaults": Candidate(),
    "CBOW vectors, frozen, convolution": Candidate(
        TAIL, {**FROZEN, **CONVOLUTION, "max_epochs": 5}, replace(VECTORS, sg=0)
    ),
    "vectors, frozen": Candidate(TAIL, {**FROZEN, "max_epochs": 5}, VECTORS),
    "vectors, frozen, convolution": Candidate(
        TAIL, {**FROZEN, **CONVOLUTION, "max_epochs": 5}, VECTORS
    ),
    "vectors, frozen, convolution, 128 units": Candidate(
        TAIL, {**FROZEN, **CONVOLUTION, "max_epochs": 5, "hidden_size": 128}, VECTORS
    ),
}


def curve(candidate: Candidate, threads: int | None, folder: Path) -> dict[str, Any]:
    """Train a candidate; return its accuracy and loss on the 5,000, epoch by epoch."""
    from sklearn.pipeline import make_pipeline

    from sklstm import LSTMClassifier, SequenceTokenizer

    texts, y, held_out, y_held_out = load(IMDB)
    tokenizer = SequenceTokenizer(**candidate.words)
    model = LSTMClassifier(**candidate.network, n_jobs=threads, random_state=0, verbose=1)
    if candidate.vectors:
        pipeline = make_pipeline(tokenizer, model)
        model.set_params(embeddings=word_vectors(candidate, pipeline, texts, folder))
    start = time.perf_counter()
    X = tokenizer.fit_transform(texts)
    model.fit(X, y, X_val=tokenizer.transform(held_out), y_val=y_held_out)
    return {
        "accuracy": [round(row["valid_score"], 4) for row in model.history_],
        "log_loss": [round(row["valid_loss"], 4) for row in model.history_],
        "minutes": round((time.perf_counter() - start) / 60, 1),
    }


def word_vectors(candidate: Candidate, pipeline: Any, texts: list[str], folder: Path) -> Any:
    """Return the candidate's word vectors from `folder`, where they are put when trained."""
    assert candidate.vectors is not None
    as_trained = replace(candidate.vectors, spread=None)
    settings = {**candidate.words, **as_trained.settings["word2vec"]}
    settings = {n: v for n, v in settings.items() if not n.startswith("max_") and n != "spread"}
    path = folder / ("-".join(f"{n}={v}" for n, v in settings.items()).replace("/", "") + ".pickle")
    if not path.exists():
        as_trained(pipeline, texts, load_unlabelled(IMDB), seed=0)
        path.write_bytes(pickle.dumps(pipeline[-1].embeddings))
    vectors = pickle.loads(path.read_bytes())
    candidate.vectors.standardize(vectors)
    return vectors


def tuned_baseline() -> dict[str, Any]:
    """Return what the strongest word counts reach on the same reviews."""
    from sklearn.metrics import log_loss

    from benchmarks._contenders import CONTENDERS

    texts, y, held_out, y_held_out = load(IMDB)
    model = CONTENDERS["tfidf-tuned"].build(0).fit(texts, y)
    probabilities = model.predict_proba(held_out)
    accuracy = (probabilities.argmax(axis=1) == y_held_out).mean()
    return {
        "accuracy": [round(float(accuracy), 4)],
        "log_loss": [round(float(log_loss(y_held_out, probabilities)), 4)],
    }


def table(results: dict[str, dict[str, Any]]) -> str:
    """Return the last epoch of every configuration as a Markdown table, the best first."""
    lines = ["| configuration | accuracy, % | log loss | epochs |", "| --- | ---: | ---: | ---: |"]
    for name, row in sorted(results.items(), key=lambda item: -item[1]["accuracy"][-1]):
        accuracy, loss = row["accuracy"], row["log_loss"]
        epochs = len(accuracy) if "minutes" in row else "-"
        lines.append(f"| {name} | {100 * accuracy[-1]:.2f} | {loss[-1]:.3f} | {epochs} |")
    return "\n".join(lines)


def finished(path: Path) -> dict[str, dict[str, Any]]:
    return json.loads(path.read_text()) if path.exists() else {}


def keep(path: Path, name: str, row: dict[str, Any]) -> None:
    """Add a result to what is on disk by now, and write the table."""
    results = {**finished(path), name: row}
    partial = path.with_suffix(f".{os.getpid()}")
    partial.write_text(json.dumps(results, indent=1) + "\n")
    os.replace(partial, path)
    note = (
        "20,000 training reviews to train on, 5,000 to score on, within each class of other films; "
        "seed 0. "
        "Command: `python benchmarks/search.py`."
    )
    path.with_suffix(".md").write_text(f"{table(results)}\n\n{note}\n")


def main() -> None:
    """Run what is missing, and write ``results/search.json`` and ``results/search.md``."""
    names = ["TF-IDF + LR, tuned", *CANDIDATES]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fresh", action="store_true", help="forget what was finished")
    parser.add_argument("--only", nargs="+", choices=names, default=names)
    parser.add_argument("--threads", type=int, help="threads of torch; by default all cores")
    parser.add_argument("--vectors", type=Path, help="folder that keeps trained word vectors")
    args = parser.parse_args()
    look_beside_the_repository()
    path = RESULTS / "search.json"
    if args.fresh:
        path.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        folder = args.vectors or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        for name in args.only:
            if name in finished(path):
                continue
            print(name, flush=True)
            if name in CANDIDATES:
                keep(path, name, curve(CANDIDATES[name], args.threads, folder))
            else:
                keep(path, name, tuned_baseline())
    print(table(finished(path)))


if __name__ == "__main__":
    main()
