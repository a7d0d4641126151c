"""Texts as gensim reads them: lists of words, made anew in every pass."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from sklstm._sequences import (
    N_RESERVED,
    VOCABULARY_ATTR,
    TokenArray,
    Vocabulary,
    id_rows,
    object_array,
)
from sklstm.preprocessing.text._gensim import LONGEST, check_tree
from sklstm.preprocessing.text._texts import as_texts
from sklstm.preprocessing.text._words import build_analyzer, number


class Corpus:
    """Words of texts as numbers, at four bytes a word; iterating gives lists of words.

    Parameters
    ----------
    words : list of str
        The different words.
    flat : ndarray of int
        The number of every word of every text, end to end.
    lengths : ndarray of int
        The number of words of each text.
    """

    def __init__(self, words: list[str], flat: np.ndarray, lengths: np.ndarray):
        self.words = object_array(words)
        self.flat = flat
        self.lengths = lengths

    def __iter__(self) -> Iterator[list[str]]:
        end = 0
        for length in self.lengths.tolist():
            start, end = end, end + length
            for first in range(start, end, LONGEST):
                piece = self.flat[first : min(end, first + LONGEST)]
                yield self.words[piece].tolist()

    def check_counts(self, min_count: int, hs: int) -> None:
        """Raise ValueError unless words occur at least `min_count` times: one, or two for `hs`."""
        if not len(self.flat):
            raise ValueError(
                "X holds no word to learn. Perhaps the texts hold only stop words, or "
                "token_pattern does not fit them."
            )
        counts = np.bincount(self.flat, minlength=len(self.words))
        most = int(counts.argmax())
        if counts[most] < min_count:
            raise ValueError(
                f"no word occurs min_count={min_count} times: the most frequent one, "
                f"{self.words[most]!r}, occurs {counts[most]} times. Lower min_count, or give "
                "more texts."
            )
        check_tree(self.words, counts, min_count, hs)


def read_corpus(X: Any, splitter: Any) -> Corpus:
    """Return the words of texts, of texts that are lists of words already, or of token ids.

    Parameters
    ----------
    X : iterable of str, iterable of list of str, or TokenArray
        The texts.
    splitter : object
        Has the parameters that say how texts are split into words.
    """
    vocabulary = getattr(X, "attrs", {}).get(VOCABULARY_ATTR)
    if isinstance(X, TokenArray) or vocabulary is not None:
        return _of_ids(X, vocabulary or getattr(X, "vocabulary", None))
    texts = as_texts(X, input=splitter.input, any_item=True)
    analyze = build_analyzer(splitter)
    if not callable(splitter.analyzer):
        if all(isinstance(text, list | tuple | np.ndarray) for text in texts):
            analyze = list
        else:
            texts = as_texts(texts, input=splitter.input, any_item=False)
    if analyze is list:
        _check_words(texts)
    return Corpus(*number(texts, analyze))


def _of_ids(X: Any, vocabulary: Vocabulary | None) -> Corpus:
    """Return the words behind token ids; what stands for no word is left out."""
    if vocabulary is None:
        raise ValueError(
            "X holds token ids without a vocabulary, so that their words are not known; give the "
            "texts, or what SequenceTokenizer makes of them."
        )
    n_ids = vocabulary.n_ids
    rows = [ids[(ids >= N_RESERVED) & (ids < n_ids)] for ids in id_rows(X, vocabulary)]
    if not rows:
        raise ValueError("X is empty (0 texts); at least one text is needed.")
    flat = np.concatenate(rows).astype(np.int32) - N_RESERVED
    return Corpus(list(vocabulary), flat, np.array([len(row) for row in rows]))


def _check_words(texts: list[Any]) -> None:
    """Raise TypeError for the first item of a list of words that is no str."""
    for i, text in enumerate(texts):
        if set(map(type, text)) <= {str}:
            continue
        for j, word in enumerate(text):
            if not isinstance(word, str):
                raise TypeError(f"X[{i}][{j}] must be a str, got {type(word).__name__} ({word!r}).")
