"""The vectors that were found for the words that were wanted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass
class FoundVectors:
    """Vectors by word.

    Attributes
    ----------
    words : list of str
        The words found, each once.
    vectors : ndarray of shape (n_words, dim), float32
        Their vectors.
    n_listed : int
        How many of the words, the first ones, have a vector of their own. The others' vectors
        are made of the n-grams of their characters.
    """

    words: list[str]
    vectors: np.ndarray
    n_listed: int


def of_keyed_vectors(keyed: Any, wanted: Iterable[str]) -> FoundVectors:
    """Return what gensim's KeyedVectors have for the wanted words.

    fastText's have a vector for any word; those that are made of n-grams come last. To a word that
    is too short for any n-gram, or whose n-grams it has none of, it gives zeros: not found, nor
    is one that UTF-8 cannot hold.
    """
    words = list(wanted)
    listed = [word for word in words if word in keyed.key_to_index]
    known = set(listed)
    others = (word for word in words if word not in known and word in keyed)
    made = ((word, keyed[word]) for word in others if _is_encodable(word))
    composed = {word: vector for word, vector in made if vector.any()}
    vectors = np.empty((len(listed) + len(composed), keyed.vector_size), dtype=np.float32)
    vectors[: len(listed)] = keyed.vectors[[keyed.key_to_index[word] for word in listed]]
    for row, vector in enumerate(composed.values(), len(listed)):
        vectors[row] = vector
    return FoundVectors([*listed, *composed], vectors, len(listed))


def _is_encodable(word: str) -> bool:
    """Tell whether UTF-8 can hold a word: half of a surrogate pair it cannot."""
    return not any("\ud800" <= character <= "\udfff" for character in word)
