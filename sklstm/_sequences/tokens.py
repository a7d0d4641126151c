"""Token ids that know their words: the reserved ids, ``Vocabulary`` and ``TokenArray``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np

PADDING_ID, UNKNOWN_ID, START_ID, END_ID = range(4)
N_RESERVED = 4
RESERVED_WORDS = ("<pad>", "<unk>", "<start>", "<end>")
# The column of token ids in a data frame, and where pandas keeps the vocabulary beside it.
SEQUENCE_COLUMN, VOCABULARY_ATTR = "sequence", "sklstm_vocabulary"


class Vocabulary(dict[str, int]):
    """Map each word to its id; ids below ``N_RESERVED`` stand for no word.

    A plain dict to its users. It is never changed once built, so copies are the object
    itself: `clone` and `GridSearchCV` pass it around for free.

    Parameters
    ----------
    words : iterable of str
        The words, the one with id ``N_RESERVED`` first.
    characters : Vocabulary or None, default=None
        The characters that words are spelled in, where sequences carry their ids beside
        those of the words. A vocabulary that knows others is another one.
    """

    def __init__(self, words: Iterable[str] = (), characters: Vocabulary | None = None):
        listed = list(words)
        super().__init__({word: i for i, word in enumerate(listed, start=N_RESERVED)})
        if len(self) != len(listed):
            twice = Counter(listed).most_common(1)[0][0]
            raise ValueError(
                f"every word of a vocabulary has one id, but {twice!r} is given twice."
            )
        self.characters = characters

    @property
    def n_ids(self) -> int:
        """One past the largest id, the number of rows an embedding needs."""
        return len(self) + N_RESERVED

    def words(self) -> np.ndarray:
        """Return the word of every id, reserved ids included, as an object array."""
        return np.array([*RESERVED_WORDS, *self], dtype=object)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Vocabulary) and self.characters != other.characters:
            return False
        return super().__eq__(other)

    def __ne__(self, other: object) -> bool:  # a dict has its own
        return not self == other

    def __copy__(self) -> Vocabulary:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Vocabulary:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        if self.characters is None:
            return Vocabulary, (list(self),)
        return Vocabulary, (list(self), self.characters)


class TokenArray(np.ndarray):
    """Sequences of token ids, with the vocabulary they were made from.

    Either a 1-D object array of int32 arrays (ragged), or an integer array of two
    dimensions (padded). Slices, copies, pickles and joblib keep the vocabulary.

    A step may also be a row of K ids: ragged items of shape (T_i, K), padded (n, T, K). Where
    the vocabulary has `characters`, the first of them is a word's and the others are its
    characters'.
    """

    vocabulary: Vocabulary | None

    def __new__(cls, sequences: Any, vocabulary: Vocabulary | None = None) -> TokenArray:
        if not isinstance(sequences, np.ndarray) or sequences.dtype == object:
            sequences = _as_ragged(sequences)
        elif sequences.dtype.kind not in "iu":
            raise TypeError(f"token ids are integers, got an array of {sequences.dtype}.")
        return _rebuild(cls, sequences, vocabulary)

    def __array_finalize__(self, source: Any) -> None:
        self.vocabulary = getattr(source, "vocabulary", None)

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.view(np.ndarray), self.vocabulary)


def _as_ragged(sequences: Iterable[Any]) -> np.ndarray:
    items = list(sequences)
    ragged = np.empty(len(items), dtype=object)
    for i, item in enumerate(items):
        ragged[i] = np.asarray(item, dtype=np.int32)
    return ragged


def _rebuild(cls: type[TokenArray], plain: np.ndarray, vocabulary: Vocabulary | None) -> TokenArray:
    array = plain.view(cls)
    array.vocabulary = vocabulary
    return array
