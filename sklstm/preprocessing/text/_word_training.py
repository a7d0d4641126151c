"""Train word vectors by gensim, and bring them to a scale."""

from __future__ import annotations

import zlib
from typing import Any

import joblib
import numpy as np
from sklearn.utils import check_random_state

from sklstm.preprocessing.text._corpus import Corpus
from sklstm.preprocessing.text._gensim import failures_raised

# Those that gensim calls the same.
_SHARED = (
    "vector_size", "window", "min_count", "sg", "hs", "negative", "sample", "epochs", "alpha",
    "min_alpha",
)  # fmt: skip
_SUBWORDS = ("min_n", "max_n", "bucket")


def train_keyed_vectors(corpus: Corpus, params: Any) -> Any:
    """Return gensim's KeyedVectors of the words of a corpus.

    Parameters
    ----------
    corpus : Corpus
        The texts.
    params : WordVectors
        Has the parameters.
    """
    from gensim.models import FastText, Word2Vec

    by_subwords = params.algorithm == "fasttext"
    names = (*_SHARED, *_SUBWORDS) if by_subwords else _SHARED
    model = (FastText if by_subwords else Word2Vec)(
        seed=int(check_random_state(params.random_state).randint(np.iinfo(np.int32).max)),
        workers=n_workers(params.n_jobs),
        hashfxn=stable_hash,
        **{name: getattr(params, name) for name in names},
    )
    try:
        model.build_vocab(corpus)
    except UnicodeEncodeError as error:  # of fastText, for a half of a surrogate pair
        raise ValueError(
            f"algorithm='fasttext' takes words apart in UTF-8, which has no place for all of the "
            f"characters of {error.object[1:-1]!r}; clean the texts, such as by "
            "text.encode('utf-8', 'replace').decode()."
        ) from error
    with failures_raised(model):
        model.train(corpus, total_examples=model.corpus_count, epochs=model.epochs)
    return model.wv


def n_workers(n_jobs: int | None) -> int:
    """Return how many threads train; None means one, which alone gives the same every time."""
    if n_jobs is None:
        return 1
    return max(1, joblib.cpu_count() + 1 + n_jobs) if n_jobs < 0 else n_jobs


def stable_hash(text: str) -> int:
    """Return a number for a text that no PYTHONHASHSEED changes."""
    return zlib.crc32(text.encode("utf-8"))


def standardize(keyed: Any, spread: float) -> None:
    """Take the mean vector off vectors, and give their numbers a standard deviation, in place.

    A word of fastText is an average of vectors, so that averages change as their parts do.
    """
    mean = keyed.vectors.mean(axis=0)
    deviation = float((keyed.vectors - mean).std())
    factor = spread / deviation if deviation > 0 else 1.0
    for name in ("vectors", "vectors_vocab", "vectors_ngrams"):
        vectors = getattr(keyed, name, None)
        if vectors is not None:
            vectors -= mean
            vectors *= np.float32(factor)
    keyed.norms = None  # gensim works them out again when it needs them
