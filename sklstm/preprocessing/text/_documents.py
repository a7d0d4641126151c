"""Texts, or lists of words, as lists of numbers."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer

from sklstm.preprocessing.text._encoding import keep_words
from sklstm.preprocessing.text._texts import as_texts
from sklstm.preprocessing.text._vocabulary import check_all_str
from sklstm.preprocessing.text._words import Analyzer, look_up, number

_ANALYZER_PARAMS = (
    "lowercase",
    "strip_accents",
    "stop_words",
    "token_pattern",
    "tokenizer",
    "preprocessor",
    "analyzer",
    "ngram_range",
)
_COLLECTIONS = (list, tuple, np.ndarray)


@dataclass(frozen=True)
class Documents:
    """Words as numbers, those of all documents end to end.

    Attributes
    ----------
    ids : ndarray of int32 of shape (n_words,)
        The number of each word.
    lengths : ndarray of int of shape (n_documents,)
        How many words each document has.
    """

    ids: np.ndarray
    lengths: np.ndarray

    def __len__(self) -> int:
        return len(self.lengths)

    def __iter__(self) -> Iterator[np.ndarray]:
        end = 0
        for length in self.lengths.tolist():
            yield self.ids[end : end + length]
            end += length

    def only(self, kept: np.ndarray) -> Documents:
        """Return the documents without the words that are not `kept`."""
        return Documents(*keep_words(kept, self.ids, self.lengths))


def learn_words(vectorizer: Any, X: Any) -> tuple[list[str], Documents]:
    """Return the different words of X, in the order they come, and X in their numbers."""
    items, analyze = _read(vectorizer, X)
    words, ids, lengths = number(items, analyze)
    check_all_str(words, "the analyzer must return words as str")
    return words, Documents(ids, lengths)


def known_words(vectorizer: Any, X: Any, ids: Mapping[str, int]) -> Documents:
    """Return X in the numbers `ids` of its words, without those that have none."""
    items, analyze = _read(vectorizer, X)
    documents = Documents(*look_up(items, analyze, ids, unknown=-1))
    return documents.only(documents.ids >= 0)


def warn_of_empty(documents: Documents, *, stacklevel: int = 4) -> None:
    """Warn of documents without words; scikit-learn wraps most methods that call this, once."""
    empty = np.flatnonzero(documents.lengths == 0)
    if len(empty):
        warnings.warn(
            f"{len(empty)} of {len(documents)} texts have no known word and get a vector of "
            f"zeros; the first is X[{empty[0]}].",
            UserWarning,
            stacklevel=stacklevel,
        )


def _read(vectorizer: Any, X: Any) -> tuple[list[Any], Analyzer]:
    """Return the documents of X, and the function from one of them to its words."""
    analyze: Analyzer = CountVectorizer(
        **{name: getattr(vectorizer, name) for name in _ANALYZER_PARAMS}
    ).build_analyzer()
    items = as_texts(X, input="content", any_item=True)
    if callable(vectorizer.analyzer):
        return items, analyze
    if isinstance(items[0], _COLLECTIONS):
        return [_as_words(items, i) for i in range(len(items))], list
    for i, item in enumerate(items):
        if isinstance(item, _COLLECTIONS):
            raise TypeError(
                f"X[{i}] is a {type(item).__name__}, but X[0] is a text; pass either texts "
                "throughout, or each as a list of its words."
            )
    return as_texts(items, input="content", any_item=False), analyze


def _as_words(items: list[Any], i: int) -> Any:
    """Return item i, a collection of words, after a look at each of them."""
    words = items[i]
    if isinstance(words, (str, bytes)):
        raise TypeError(
            f"X[{i}] is a text, but X[0] is a {type(items[0]).__name__}; pass either texts "
            "throughout, or each as a list of its words."
        )
    if not isinstance(words, _COLLECTIONS):
        raise TypeError(
            f"X[{i}] must be a list of words, as X[0] is, got {type(words).__name__} ({words!r})."
        )
    if isinstance(words, np.ndarray):
        words = words.tolist()  # strings of Python's own, and an item of no dimension as it is
    if not isinstance(words, (list, tuple)):
        raise TypeError(f"X[{i}] must be a list of words, got an array of no dimension.")
    if not set(map(type, words)) <= {str}:
        for j, word in enumerate(words):
            if not isinstance(word, str):
                raise TypeError(
                    f"X[{i}][{j}] must be a word as str, got {type(word).__name__} ({word!r})."
                )
    return words
