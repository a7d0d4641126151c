"""Fitted word vectors, read like a mapping from word to vector."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from sklstm.preprocessing.text._similarity import check_topn, cosine, nearest


class WordLookup:
    """The methods that ask for vectors; of `WordVectors`."""

    keyed_vectors_: Any

    @property
    def vectors_(self) -> np.ndarray:
        """The vectors, a row for each word."""
        check_is_fitted(self)
        return self.keyed_vectors_.vectors

    @property
    def vocabulary_(self) -> dict[str, int]:
        """The row of each word."""
        check_is_fitted(self)
        return self.keyed_vectors_.key_to_index

    def most_similar(self, word: str, topn: int = 10) -> list[tuple[str, float]]:
        """Return the words whose vectors point most nearly the same way.

        Parameters
        ----------
        word : str
            A word.
        topn : int, default=10
            How many to return.

        Returns
        -------
        list of tuple (str, float)
            Words and the cosines of the angles, the most similar first. A vector of zeros has no
            direction: such words are left out, and nothing is similar to one of them.

        Raises
        ------
        KeyError
            If the word has no vector.
        ValueError
            If `topn` is below 1.
        """
        topn, vector = check_topn(topn), self[word]
        words, rows = self.keyed_vectors_.index_to_key, np.arange(len(self))
        found = nearest(vector, self.vectors_, rows, topn + 1)  # the word itself may be in it
        return [(words[row], cosine) for row, cosine in found if words[row] != word][:topn]

    def similarity(self, a: str, b: str) -> float:
        """Return the cosine of the angle between the vectors of two words.

        Parameters
        ----------
        a, b : str
            The words.

        Returns
        -------
        float
            From -1 to 1; 0 if one of them is all zeros.

        Raises
        ------
        KeyError
            If a word has no vector.
        """
        return cosine(self[a], self[b])

    def __contains__(self, word: object) -> bool:
        """Tell whether a word has a vector of its own."""
        return word in self.vocabulary_

    def __getitem__(self, word: str) -> np.ndarray:
        """Return the vector of a word.

        fastText makes one for any word, of zeros for one that is too short for its n-grams.
        """
        check_is_fitted(self)
        if not isinstance(word, str):
            raise TypeError(f"a word must be a str, got {type(word).__name__} ({word!r}).")
        if word not in self.keyed_vectors_:
            raise KeyError(f"{word!r} is not among the {len(self)} words that have a vector")
        try:
            return self.keyed_vectors_[word]
        except UnicodeEncodeError:
            raise KeyError(f"{word!r} has characters that UTF-8 cannot hold") from None

    def __len__(self) -> int:
        return len(self.vocabulary_)

    def __bool__(self) -> bool:  # also before it is fitted, as of any estimator
        return True

    def __iter__(self) -> Iterator[str]:
        return iter(self.vocabulary_)
