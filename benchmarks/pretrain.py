"""Train language models on the IMDB reviews, for classifiers to start from.

The texts are the 25,000 training and the 50,000 unlabelled reviews, without labels and without
test reviews; 1,000 of the unlabelled ones are held out for the perplexity::

    OMP_NUM_THREADS=1 python benchmarks/pretrain.py --direction forward

Training takes about an hour an epoch on one core. It proceeds in parts of 2,500 reviews, after
each of which the model is stored in ``benchmarks/cache``, so that a run that was stopped resumes
where it was. Minutes, memory and perplexity are written to ``benchmarks/results``.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import resource
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

if not __package__:  # started as a file: find the package `benchmarks` all the same
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import harness

CACHE = Path(__file__).resolve().parent / "cache" / "language_models"
N_HELD_OUT, PART = 1_000, 2_500
N_WORDS = 30_000
# One pass over 22 million words leaves nothing to overfit: no dropout.
MODEL: dict[str, Any] = {
    "hidden_size": 512,
    "embedding_dim": 256,
    "dropout": 0.0,
    "input_dropout": 0.0,
    "hidden_dropout": 0.0,
    "recurrent_dropout": 0.0,
    "learning_rate": 2e-3,
    "random_state": 0,
}
# The learning rate increases over the first parts, and decreases to zero over all.
WARM_UP = 0.05


def load_texts() -> tuple[list[str], list[str]]:
    """Return the texts to train on, and those that are held out."""
    from sklstm.datasets import fetch_imdb

    unlabelled = list(fetch_imdb(subset="unsup").data)
    labelled = list(fetch_imdb(subset="train").data)
    held_out = np.random.RandomState(1).choice(len(unlabelled), N_HELD_OUT, replace=False)
    kept = np.setdiff1d(np.arange(len(unlabelled)), held_out)
    return labelled + [unlabelled[i] for i in kept], [unlabelled[i] for i in held_out]


def load(direction: str = "forward", cache: Path = CACHE) -> dict[str, Any]:
    """Return what was stored: the fitted "tokenizer" and "model", "seconds" and "memory_mb"."""
    with open(cache / f"imdb-{direction}.pkl", "rb") as file:
        stored: dict[str, Any] = pickle.load(file)
    return stored


def train(direction: str, n_epochs: int, cache: Path) -> None:
    """Train a language model, from where an earlier run was stopped."""
    from sklstm import LSTMLanguageModel, SequenceTokenizer

    texts, held_out = load_texts()
    path = cache / f"imdb-{direction}.pkl"
    cache.mkdir(parents=True, exist_ok=True)
    if path.exists():
        stored = load(direction, cache)
    else:
        tokenizer = SequenceTokenizer(max_features=N_WORDS).fit(texts)
        model = LSTMLanguageModel(**MODEL, direction=direction)
        stored = {"tokenizer": tokenizer, "model": model, "done": 0, "seconds": 0.0}
        stored |= {"losses": [], "memory_mb": 0.0, "n_epochs": n_epochs, "perplexity": {}}
    if stored["n_epochs"] != n_epochs:
        raise SystemExit(f"{path} is of --epochs {stored['n_epochs']}.")
    X = stored["tokenizer"].transform(texts)
    X_held_out = stored["tokenizer"].transform(held_out)
    model = stored["model"]
    n_parts = -(-len(X) // PART)
    total = n_parts * n_epochs
    while stored["done"] < total:
        epoch, part = divmod(stored["done"], n_parts)
        rows = np.array_split(np.random.RandomState(epoch).permutation(len(X)), n_parts)[part]
        begun = time.perf_counter()
        progress = (stored["done"] + 0.5) / total
        rate = MODEL["learning_rate"] * min(progress / WARM_UP, (1 - progress) / (1 - WARM_UP))
        model.set_params(learning_rate=rate).partial_fit(X[rows])
        stored["seconds"] += time.perf_counter() - begun
        stored["done"] += 1
        stored["losses"].append(model.loss_curve_[-1])
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        stored["memory_mb"] = max(stored["memory_mb"], peak)
        if stored["done"] % n_parts == 0:
            stored["perplexity"][stored["done"] // n_parts] = model.perplexity(X_held_out)
        _store(stored, path)
        print(
            f"{direction}: part {stored['done']} of {total}, loss {stored['losses'][-1]:.4f}, "
            f"{stored['seconds'] / 60:.1f} min",
            flush=True,
        )
    model._optimizer_state_ = None  # only needed to continue
    _store(stored, path)
    _report(direction, stored, sum(map(len, X)))


def _store(stored: dict[str, Any], path: Path) -> None:
    with open(path.with_suffix(".part"), "wb") as file:
        pickle.dump(stored, file)
    os.replace(path.with_suffix(".part"), path)


def _report(direction: str, stored: dict[str, Any], n_words: int) -> None:
    results = harness.RESULTS / "pretrain.json"
    found = json.loads(results.read_text()) if results.exists() else {}
    found[direction] = {
        "model": MODEL,
        "n_epochs": stored["n_epochs"],
        "n_words": n_words,
        "minutes": stored["seconds"] / 60,
        "memory_mb": stored["memory_mb"],
        "perplexity": stored["perplexity"],
        "losses": stored["losses"],
    }
    results.write_text(json.dumps(found, indent=1) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--direction", choices=("forward", "backward"), default="forward")
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--cache", type=Path, default=CACHE)
    given = parser.parse_args()
    train(given.direction, given.epochs, given.cache)


if __name__ == "__main__":
    main()
