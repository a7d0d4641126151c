"""Token ids with their vocabulary: the reserved ids, ``Vocabulary`` and ``TokenArray``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np

from sklstm._sequences.arrays import object_array, plain

PADDING_ID, UNKNOWN_ID, START_ID, END_ID = range(4)
N_RESERVED = 4
RESERVED_WORDS = ("<pad>", "<unk>", "<start>", "<end>")
# The column of token ids in a data frame, and where pandas keeps the vocabulary beside it.
SEQUENCE_COLUMN, VOCABULARY_ATTR = "sequence", "sklstm_vocabulary"


class Vocabulary(dict[str, int]):
    """Map each word to its id; ids below ``N_RESERVED`` are not words.

    Users see a dict. It is never changed after it was built, so a copy is the object itself, and
    `clone` and `GridSearchCV` copy it at no cost.

    Parameters
    ----------
    words : iterable of str
        The words, the one with id ``N_RESERVED`` first.
    characters : Vocabulary or None, default=None
        The characters of the words, if sequences hold the ids of characters beside those of
        words. Vocabularies with different characters are not equal.
    """

    def __init__(self, words: Iterable[str] = (), characters: Vocabulary | None = None):
        listed = list(words)
        super().__init__({word: i for i, word in enumerate(listed, start=N_RESERVED)})
        if len(self) != len(listed):
            twice = Counter(listed).most_common(1)[0][0]
            raise ValueError(
                f"each word of a vocabulary has one id, but {plain(twice)!r} is given twice."
            )
        self.characters = characters

    @property
    def n_ids(self) -> int:
        """The largest id plus one: the number of rows of an embedding."""
        return len(self) + N_RESERVED

    def words(self) -> np.ndarray:
        """Return the word of each id, including the reserved ids, as an object array."""
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
    """Sequences of token ids, and the vocabulary that the ids belong to.

    Either a one-dimensional object array of int32 arrays (ragged), or an integer array of shape
    (n, T) (padded). Slices, copies, pickles and joblib keep the vocabulary.

    A step may also hold K ids: ragged items of shape (T_i, K), or a padded array of shape
    (n, T, K). If the vocabulary has `characters`, the first id is that of a word, the others are
    those of its characters.
    """

    vocabulary: Vocabulary | None

    def __new__(cls, sequences: Any, vocabulary: Vocabulary | None = None) -> TokenArray:
        if not isinstance(sequences, np.ndarray) or sequences.dtype == object:
            sequences = object_array(np.asarray(item, dtype=np.int32) for item in sequences)
        elif sequences.dtype.kind not in "iu":
            raise TypeError(f"token ids are integers, got an array of {sequences.dtype}.")
        return _rebuild(cls, sequences, vocabulary)

    def __array_finalize__(self, source: Any) -> None:
        self.vocabulary = getattr(source, "vocabulary", None)

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.view(np.ndarray), self.vocabulary)


def _rebuild(cls: type[TokenArray], plain: np.ndarray, vocabulary: Vocabulary | None) -> TokenArray:
    array = plain.view(cls)
    array.vocabulary = vocabulary
    return array
