"""What training word2vec, fastText and Doc2Vec by gensim, and comparing vectors, have in common.

The processes that infer vectors of texts import this module: it has to import little.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from numbers import Integral
from typing import Any, Generic, TypeVar

import numpy as np

T = TypeVar("T")

LARGEST = 2**30  # of window and negative, which gensim adds to other numbers in C's int
LARGEST_RATE = 1000  # of learning rates: gensim's C code crashes where one is infinite in float32
LONGEST = 10_000  # gensim's MAX_WORDS_IN_BATCH: it silently drops the words of a text beyond it


class Restartable(Generic[T]):
    """An iterable for gensim, which reads a corpus once for the vocabulary and once per epoch.

    Parameters
    ----------
    start : callable
        Returns a new iterator each time.
    """

    def __init__(self, start: Callable[[], Iterator[T]]):
        self.start = start

    def __iter__(self) -> Iterator[T]:
        return self.start()


def parts(ids: list[int]) -> list[list[int]]:
    """Return a text in pieces that gensim reads completely; usually one."""
    if len(ids) <= LONGEST:
        return [ids]
    return [ids[start : start + LONGEST] for start in range(0, len(ids), LONGEST)]


@contextmanager
def failures_raised(model: Any) -> Iterator[None]:
    """Raise exceptions of gensim's training threads, for which gensim itself would wait endlessly.

    Parameters
    ----------
    model : gensim.models.Word2Vec, FastText or Doc2Vec
        The model to be trained in this context.
    """
    failures: list[Exception] = []
    work = model._do_train_job

    def watched(*args: Any) -> Any:
        try:
            return work(*args)
        except Exception as error:
            failures.append(error)
            return 0, 0

    model._do_train_job = watched
    try:
        yield
    finally:
        del model._do_train_job
    if failures:
        raise failures[0]


def check_objective(*, hs: int, negative: int) -> None:
    """Raise ValueError if neither hierarchical softmax nor negative sampling is on."""
    if not hs and not negative:
        raise ValueError(
            "hs=0 and negative=0 leave nothing to train by; set hs=1, or negative to 1 or more."
        )


def check_rates(alpha: float, min_alpha: float, *, name: str = "alpha") -> None:
    """Raise ValueError if the learning rate would rise."""
    if min_alpha > alpha:
        raise ValueError(
            f"min_alpha={min_alpha} is above {name}={alpha}; the learning rate falls from "
            f"{name} to min_alpha."
        )


def check_counts(words: Sequence[str], counts: np.ndarray, *, min_count: int, hs: int) -> None:
    """Raise ValueError if too few words are frequent enough: one is needed, two for `hs`."""
    top = int(counts.argmax())
    if counts[top] < min_count:
        times = "once" if counts[top] == 1 else f"{counts[top]} times"
        raise ValueError(
            f"no word occurs min_count={min_count} times; the most frequent one, "
            f"{str(words[top])!r}, occurs {times}. Lower min_count, or give more texts."
        )
    if hs and (counts >= min_count).sum() == 1:
        raise ValueError(
            f"hs=1 needs two different words to choose between, but only {str(words[top])!r} "
            f"occurs min_count={min_count} times."
        )


def check_topn(topn: Any) -> int:
    """Return how many similar items to find, after checking the number."""
    if not isinstance(topn, Integral) or topn < 1:
        raise ValueError(f"topn must be an int of at least 1, got {topn}.")
    return int(topn)


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    """Return the cosine similarity of two vectors; 0 if one of them is zero."""
    a, b = a.astype(np.float64), b.astype(np.float64)
    norm = np.sqrt((a @ a) * (b @ b))
    return float(np.clip(a @ b / norm, -1, 1)) if norm else 0.0


def nearest(
    vector: np.ndarray, rows: np.ndarray, names: np.ndarray, topn: int
) -> list[tuple[Any, float]]:
    """Return the names of the rows with the highest cosine similarity, and the similarity.

    Ties keep the order of the rows. A vector of zeros has no direction: these rows are left out,
    and nothing is similar to such a vector.
    """
    norms = np.linalg.norm(rows, axis=1)
    norm = np.linalg.norm(vector)
    there = np.flatnonzero(norms) if norm else np.empty(0, dtype=np.intp)
    similar = np.clip((rows @ vector)[there] / (norms[there] * norm), -1, 1)
    best = np.argsort(-similar, kind="stable")[:topn]
    found = names[there[best]].tolist()
    return list(zip(found, similar[best].tolist(), strict=True))
