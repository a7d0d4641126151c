"""What is learned from texts without labels, once, and kept in a folder for all runs.

From the 25,000 training reviews and the 50,000 unlabelled ones of IMDB: word vectors and Doc2Vec's
vectors of reviews; never from test reviews, and never from a label. ``python
benchmarks/unlabelled.py`` makes what is missing, each in some minutes.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import joblib

if not __package__:  # started as a file: find the package `benchmarks` all the same
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import harness
from benchmarks.data import DataSpec, load, load_unlabelled
from benchmarks.doc2vec import PAIRS
from benchmarks.harness import Laps, Run

IMDB = DataSpec("imdb")
# Made by `benchmarks/pretrain.py`: a dict with the fitted "tokenizer" and "model", its "seconds"
# of training, "n_epochs", and "perplexity" after each epoch that is done.
LANGUAGE_MODEL = harness.CACHE / "language_models" / "imdb-forward.pkl"


def keep(folder: Path, name: str, settings: Run, make: Callable[[], Any]) -> Path:
    """Return the path of what is made with these settings, after making it if it is not there."""
    path = folder / f"imdb_{name}-{joblib.hash(settings)[:10]}.pkl"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(f".{os.getpid()}")
        joblib.dump(make(), partial)
        os.replace(partial, path)
    return path


def word_vectors(folder: Path, settings: Run, data: DataSpec = IMDB) -> Path:
    """Return the path of word vectors and the seconds that training them took."""

    def make() -> tuple[Any, float]:
        from sklstm import WordVectors

        print("training word vectors, some minutes", flush=True)
        return timed(lambda: WordVectors(**settings, random_state=0).fit(texts(data)))

    return keep(folder, "word_vectors", {"data": asdict(data), **settings}, make)


def doc2vec(folder: Path, settings: Run, data: DataSpec = IMDB) -> Path:
    """Return the path of a Doc2VecVectorizer and the seconds that training it took."""

    def make() -> tuple[Any, float]:
        from sklstm import Doc2VecVectorizer

        print("training Doc2Vec, ten minutes", flush=True)
        # One thread, whose time on the processor is all of it.
        vectorizer = Doc2VecVectorizer(**settings, random_state=0, n_jobs=1)
        return timed(lambda: vectorizer.fit(texts(data)))

    return keep(folder, "doc2vec", {"data": asdict(data), **settings}, make)


def text_vectors(folder: Path, settings: Run, data: DataSpec = IMDB) -> Path:
    """Return the path of Doc2Vec's vectors of the training and test texts, and the seconds."""

    def infer() -> tuple[Any, float]:
        vectorizer, spent = joblib.load(doc2vec(folder, settings, data))
        print("inferring vectors, some minutes", flush=True)
        X_train, _, X_test, _ = load(data)
        vectors, took = timed(lambda: [vectorizer.transform(part) for part in (X_train, X_test)])
        return {"X_train": vectors[0], "X_test": vectors[1]}, spent + took

    return keep(folder, "text_vectors", {"data": asdict(data), **settings}, infer)


def unfinished() -> str | None:
    """Return why there is no language model yet, or None if there is."""
    if not LANGUAGE_MODEL.exists():
        return f"{LANGUAGE_MODEL} does not exist (benchmarks/pretrain.py)"
    stored = joblib.load(LANGUAGE_MODEL)
    if len(stored["perplexity"]) < stored["n_epochs"]:
        return f"{LANGUAGE_MODEL} is not trained to its end (benchmarks/pretrain.py)"
    return None


def texts(data: DataSpec) -> list[str]:
    """Return the training texts and those without a label."""
    return [*load(data)[0], *load_unlabelled(data)]


def timed(make: Callable[[], Any]) -> tuple[Any, float]:
    """Return what is made, and the seconds on the processor that it took."""
    laps = Laps(time.process_time)
    made = make()
    laps.lap("make")
    return made, laps.seconds["make"]


if __name__ == "__main__":
    harness.look_beside_the_repository()
    print(word_vectors(harness.CACHE, {}))
    print(text_vectors(harness.CACHE, PAIRS))
