"""Vectors of new documents by gensim's own steps, each from a seed of its own.

`gensim.models.Doc2Vec.infer_vector` starts from a vector made by Python's `hash`, which differs
between processes, and draws from a generator that goes on from call to call; so the same text
has another vector each time. Here both come from a digest of the document's words. The arithmetic
is that of gensim, called in the same order with the same learning rates.

Processes that compute for others import this module and what it imports, so that is kept to gensim.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from gensim.matutils import zeros_aligned
from gensim.models.doc2vec import (
    Doc2Vec,
    train_document_dbow,
    train_document_dm,
    train_document_dm_concat,
)

from sklstm.preprocessing.text._gensim import parts

_HIGHEST = 2**24  # of the numbers that gensim draws, two at a time
_NULL_WORD = "\0"  # stands beyond the ends of a document in the model with dm_concat


class _Draws:
    """What gensim draws from, which asks for two numbers at a time and then for those of windows.

    Where there are no windows, all numbers are drawn at once: the same ones, in less time. Those of
    windows are handed over as Python's own, which gensim reads faster.
    """

    def __init__(self, seed: np.ndarray):
        self._state = np.random.RandomState(seed)
        self._numbers: Iterator[int] = iter(())

    def first_vector(self, size: int) -> np.ndarray:
        """Return a small random vector, distributed like the one that gensim starts from."""
        return (self._state.random_sample(size).astype(np.float32) - np.float32(0.5)) / size

    def prepare(self, n_numbers: int) -> None:
        """Draw ahead what `randint` will be asked for, without a size."""
        self._numbers = iter(self._state.randint(0, _HIGHEST, n_numbers).tolist())

    def randint(self, low: int, high: int, size: int | None = None) -> Any:
        if size is not None:
            return self._state.randint(low, high, size).tolist()
        number = next(self._numbers, None)
        return self._state.randint(low, high) if number is None else number


@dataclass(frozen=True)
class _NoTags:
    """Stands in for the vectors of the training documents, of which only the size is read."""

    vector_size: int


class _Words:
    """Stands in for the model's word vectors, and knows only the words of one document.

    With hs=1 each word has arrays of its own. They are pickled end to end, and once for all tasks.
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
        """Return another one, to read other documents with."""
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

    def read(self, document: list[int]) -> list[int]:
        """Know the words of a document, and return them as the very objects that are known.

        Numbers look up themselves, in a table small enough to stay in the processor's cache, and
        an object is found faster than its equal.
        """
        table: dict[Any, int] = {}
        words = [table.setdefault(word, word) for word in document]
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
    """Return the model without the vectors of its documents and words' names, to be sent around.

    Parameters
    ----------
    model : Doc2Vec
        The trained model; nothing in it changes, and what is left shares its arrays.
    alpha : float or None
        The learning rate of the first step; None takes that of training.
    """
    own = copy.copy(model)
    own.wv, own.dv = _Words(model), _NoTags(model.vector_size)
    own.random, own.alpha = None, model.alpha if alpha is None else alpha
    return own


def infer_some(
    model: Doc2Vec, ids: np.ndarray, lengths: np.ndarray, seed: int, epochs: int
) -> np.ndarray:
    """Return a vector for each document; zeros where it has no word.

    Parameters
    ----------
    model : Doc2Vec
        From `lean`.
    ids : ndarray of int32 of shape (n_words,)
        The words of all documents, end to end, in the model's numbers.
    lengths : ndarray of int of shape (n_documents,)
        How many words each document has.
    seed : int
        Makes, with a document's words, its random numbers.
    epochs : int
        Steps through each document.

    Returns
    -------
    ndarray of float32 of shape (n_documents, vector_size)
    """
    own = copy.copy(model)
    own.wv = words = model.wv.twin()
    draws_windows = own.dm and own.shrink_windows and not own.dm_concat
    # At the same place within a cache line in each call, whatever else lies in memory.
    space = [zeros_aligned(own.layer1_size, dtype=np.float32) for _ in range(2)]
    vector = zeros_aligned((1, own.vector_size), dtype=np.float32)
    vectors = np.zeros((len(lengths), own.vector_size), dtype=np.float32)
    for i, document in enumerate(np.split(ids, np.cumsum(lengths)[:-1])):
        if not len(document):
            continue
        pieces = parts(words.read(document.tolist()))
        own.random = draws = _Draws(_seed_of(document, seed))
        vector[0] = draws.first_vector(own.vector_size)
        if not draws_windows:
            draws.prepare(2 * len(pieces) * epochs)
        _train_vector(own, pieces, vector, space, epochs)
        vectors[i] = vector[0]
    return vectors


def _seed_of(document: np.ndarray, seed: int) -> np.ndarray:
    """Return numbers that are the same for the same words, in any process."""
    words = np.ascontiguousarray(document, dtype="<i4").tobytes()
    digest = hashlib.blake2b(words, digest_size=16, key=seed.to_bytes(8, "little")).digest()
    return np.frombuffer(digest, dtype="<u4")


def _train_vector(
    model: Any,
    document: list[list[int]],
    vector: np.ndarray,
    space: list[np.ndarray],
    epochs: int,
) -> None:
    """Go through a document's words as `infer_vector` does, and leave the model as it is."""
    alpha, step = model.alpha, (model.alpha - model.min_alpha) / max(epochs - 1, 1)
    if model.sg:
        train_one, space = train_document_dbow, space[:1]
    else:
        train_one = train_document_dm_concat if model.dm_concat else train_document_dm
    frozen = {"learn_words": False, "learn_hidden": False}
    lock = np.ones(1, dtype=np.float32)
    for _ in range(epochs):
        for words in document:
            train_one(
                model, words, [0], alpha, *space, **frozen,
                doctag_vectors=vector, doctags_lockf=lock,
            )  # fmt: skip
        alpha -= step
