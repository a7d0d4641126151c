"""Vectors of new texts by gensim's own arithmetic, each with its own random numbers.

`gensim.models.Doc2Vec.infer_vector` starts from a vector made by Python's `hash`, which differs
between processes, and draws from a generator that continues from call to call; so the same text
gets another vector each time. Here both depend on the model's seed and the words of the text. The
arithmetic is that of gensim, called in the same order with the same learning rates.

gensim computes outside of Python's lock, so that threads use several cores and start immediately.
But it looks each word up under the lock: two threads are 1.6 times as fast as one. Processes do not
wait for each other, but have to import gensim first, which takes seconds: only long calls use them.
The vectors are the same in any case. These processes import this module and what it imports, so
that is little beside gensim.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
from gensim.matutils import zeros_aligned
from gensim.models.doc2vec import (
    Doc2Vec,
    train_document_dbow,
    train_document_dm,
    train_document_dm_concat,
)
from joblib import Parallel, delayed

from sklstm._jobs import may_start_processes
from sklstm.preprocessing.text._gensim import parts

_HIGHEST = 2**24  # of the numbers that gensim draws, two at a time
_NULL_WORD = "\0"  # stands beyond the ends of a text in the model with dm_concat
# Words times epochs from which on processes are worth their start: some 15 seconds of one core in
# plain DBOW with 100 dimensions.
_WORTH_PROCESSES = 25_000_000
_TASKS_PER_PROCESS = 4  # each comes with a copy of the smaller arrays of the model
_MOST_PER_THREAD = 32  # texts in a task; few enough that threads finish together


def infer(
    model: Doc2Vec,
    ids: np.ndarray,
    lengths: np.ndarray,
    *,
    seed: int,
    epochs: int,
    alpha: float | None,
    n_jobs: int,
) -> np.ndarray:
    """Return a vector for each text; zeros if it has no word.

    Parameters
    ----------
    model : Doc2Vec
        The trained model, which does not change.
    ids : ndarray of int32 of shape (n_tokens,)
        The words of all texts, concatenated, as rows of the model's word vectors.
    lengths : ndarray of int of shape (n_texts,)
        The number of words of each text.
    seed : int
        Seed of the random numbers, together with the words of a text.
    epochs : int
        Number of passes over each text.
    alpha : float or None
        Initial learning rate; None takes that of training.
    n_jobs : int
        Number of cores.

    Returns
    -------
    vectors : ndarray of float32 of shape (n_texts, vector_size)
    """
    n_texts = len(lengths)
    vectors = np.zeros((n_texts, model.vector_size), dtype=np.float32)
    long = len(ids) * epochs > _WORTH_PROCESSES
    in_processes = n_jobs > 1 and long and may_start_processes()
    size = max(1, ceil(n_texts / (_TASKS_PER_PROCESS * n_jobs)))
    if not in_processes:
        size = min(size, _MOST_PER_THREAD)
    starts = range(0, n_texts, size)
    # Without a backend joblib takes processes, or what the user has chosen around the call.
    how = {} if in_processes else {"backend": "threading"}
    run = Parallel(n_jobs=max(1, min(n_jobs, len(starts))), batch_size=1, **how)
    slim, ends = lean(model, alpha), np.append(0, lengths.cumsum())
    found = run(
        delayed(infer_some)(
            slim,
            ids[ends[start] : ends[min(start + size, n_texts)]],
            lengths[start : start + size],
            seed,
            epochs,
        )
        for start in starts
    )
    for start, part in zip(starts, found, strict=True):
        vectors[start : start + size] = part
    return vectors


class _Draws:
    """The random numbers of one text: gensim asks for two at a time, and then for window sizes.

    Where there are no windows, all numbers are drawn at once: the same ones, in less time. Window
    sizes are returned as Python's own integers, which gensim reads faster.
    """

    def __init__(self, seed: np.ndarray):
        self._state = np.random.RandomState(seed)
        self._numbers: Iterator[int] = iter(())

    def first_vector(self, size: int) -> np.ndarray:
        """Return a small random vector, distributed like the one that gensim starts from."""
        return (self._state.random_sample(size).astype(np.float32) - np.float32(0.5)) / size

    def prepare(self, n_numbers: int) -> None:
        """Draw in advance what `randint` will be asked for, without a size."""
        self._numbers = iter(self._state.randint(0, _HIGHEST, n_numbers).tolist())

    def randint(self, low: int, high: int, size: int | None = None) -> Any:
        if size is not None:
            return self._state.randint(low, high, size).tolist()
        number = next(self._numbers, None)
        return self._state.randint(low, high) if number is None else number


@dataclass(frozen=True)
class _NoTags:
    """Stands in for the vectors of the training texts, of which only the size is read."""

    vector_size: int


class _Words:
    """Stands in for the model's word vectors, and knows only the words of one text.

    With hs=1 each word has its own arrays. For pickling they are concatenated, once for all
    tasks.
    """

    def __init__(self, model: Doc2Vec):
        self.vectors = model.wv.vectors
        self.vectors_lockf = model.wv.vectors_lockf
        self.expandos = model.wv.expandos
        self.packed: dict[str, tuple[np.ndarray, np.ndarray]] | None = None
        self.null = {}
        if model.dm_concat:
            self.null = {_NULL_WORD: model.wv.key_to_index[_NULL_WORD]}
        self.key_to_index: dict[Any, int] = {}

    def twin(self) -> _Words:
        """Return another one with the same arrays, to read other texts with."""
        twin = object.__new__(_Words)
        vars(twin).update(vars(self))
        return twin

    def __getstate__(self) -> dict[str, Any]:
        if self.packed is None:
            self.packed = {
                name: (np.concatenate(arrays), np.cumsum([0, *map(len, arrays)]))
                for name, arrays in self.expandos.items()
                if arrays.dtype == object
            }
        single = {name: array for name, array in self.expandos.items() if name not in self.packed}
        return {**vars(self), "expandos": single}

    def read(self, ids: list[int]) -> list[int]:
        """Know the words of a text, and return them as the very objects that are known.

        Ids stand for words here, in a table small enough to stay in the processor's cache; and an
        object is found faster than its equal.
        """
        table: dict[Any, int] = {}
        words = [table.setdefault(word, word) for word in ids]
        table.update(self.null)
        self.key_to_index = table
        for name, (flat, ends) in (self.packed or {}).items():
            rows = {word: flat[ends[word] : ends[word + 1]] for word in table.values()}
            self.expandos = {**self.expandos, name: rows}
        return words

    def __contains__(self, word: object) -> bool:
        return word in self.key_to_index

    def get_index(self, word: object) -> int:
        return self.key_to_index[word]


def lean(model: Doc2Vec, alpha: float | None) -> Doc2Vec:
    """Return the model without the vectors of its texts and without the words, to be pickled.

    Parameters
    ----------
    model : Doc2Vec
        The trained model, which does not change; the result shares its arrays.
    alpha : float or None
        Initial learning rate; None takes that of training.
    """
    own = copy.copy(model)
    own.wv, own.dv = _Words(model), _NoTags(model.vector_size)
    own.random, own.alpha = None, model.alpha if alpha is None else alpha
    return own


def infer_some(
    model: Doc2Vec, ids: np.ndarray, lengths: np.ndarray, seed: int, epochs: int
) -> np.ndarray:
    """Return the vectors of some texts: one task of `infer`, whose parameters these are.

    Parameters
    ----------
    model : Doc2Vec
        What `lean` returns.
    ids, lengths, seed, epochs
        As in `infer`.

    Returns
    -------
    vectors : ndarray of float32 of shape (n_texts, vector_size)
    """
    own = copy.copy(model)
    own.wv = words = model.wv.twin()
    draws_windows = own.dm and own.shrink_windows and not own.dm_concat
    # At the same place within a cache line in each call, whatever else lies in memory.
    space = [zeros_aligned(own.layer1_size, dtype=np.float32) for _ in range(2)]
    vector = zeros_aligned((1, own.vector_size), dtype=np.float32)
    vectors = np.zeros((len(lengths), own.vector_size), dtype=np.float32)
    for i, text in enumerate(np.split(ids, np.cumsum(lengths)[:-1])):
        if not len(text):
            continue
        pieces = parts(words.read(text.tolist()))
        own.random = draws = _Draws(_seed_of(text, seed))
        vector[0] = draws.first_vector(own.vector_size)
        if not draws_windows:
            draws.prepare(2 * len(pieces) * epochs)
        _train_vector(own, pieces, vector, space, epochs)
        vectors[i] = vector[0]
    return vectors


def _seed_of(text: np.ndarray, seed: int) -> np.ndarray:
    """Return a seed that is the same for the same words, in any process."""
    words = np.ascontiguousarray(text, dtype="<i4").tobytes()
    digest = hashlib.blake2b(words, digest_size=16, key=seed.to_bytes(8, "little")).digest()
    return np.frombuffer(digest, dtype="<u4")


def _train_vector(
    model: Any,
    pieces: list[list[int]],
    vector: np.ndarray,
    space: list[np.ndarray],
    epochs: int,
) -> None:
    """Train the vector of a text as `infer_vector` does, without changing the model."""
    alpha, step = model.alpha, (model.alpha - model.min_alpha) / max(epochs - 1, 1)
    if model.sg:
        train_one, space = train_document_dbow, space[:1]
    else:
        train_one = train_document_dm_concat if model.dm_concat else train_document_dm
    frozen = {"learn_words": False, "learn_hidden": False}
    lock = np.ones(1, dtype=np.float32)
    for _ in range(epochs):
        for words in pieces:
            train_one(
                model, words, [0], alpha, *space, **frozen,
                doctag_vectors=vector, doctags_lockf=lock,
            )  # fmt: skip
        alpha -= step
