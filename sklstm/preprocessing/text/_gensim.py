"""What holds for gensim's word2vec, fastText and Doc2Vec alike when they are trained."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

LARGEST = 2**30  # of window and negative, which gensim adds to other numbers in C's int
LONGEST = 10_000  # gensim's MAX_WORDS_IN_BATCH: it drops a text's words beyond, in silence


@contextmanager
def failures_raised(model: Any) -> Iterator[None]:
    """Raise what goes wrong in a thread of gensim's; gensim itself would wait for it forever.

    Parameters
    ----------
    model : gensim Word2Vec
        Or FastText or Doc2Vec; to be trained under this.
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


def check_rates(alpha: float, min_alpha: float, *, name: str = "alpha") -> None:
    """Raise a ValueError if the learning rate would rise."""
    if min_alpha > alpha:
        raise ValueError(
            f"min_alpha={min_alpha!r} is above {name}={alpha!r}; the learning rate falls from "
            f"{name} to min_alpha."
        )


def check_tree(words: Any, counts: np.ndarray, min_count: int, hs: int) -> None:
    """Raise a ValueError if hierarchical softmax has one word only, and so nothing to choose."""
    if hs and (counts >= min_count).sum() == 1:
        raise ValueError(
            f"hs=1 needs two different words to choose between, but {words[int(counts.argmax())]!r}"
            f" alone occurs min_count={min_count} times."
        )


def parts(ids: list[int]) -> list[list[int]]:
    """Return a document in pieces that gensim reads to the end; most often one."""
    if len(ids) <= LONGEST:
        return [ids]
    return [ids[start : start + LONGEST] for start in range(0, len(ids), LONGEST)]
