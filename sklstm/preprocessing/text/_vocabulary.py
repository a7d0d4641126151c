"""Which words a tokenizer knows, and in what order: learned from counts, or given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from numbers import Integral
from typing import Any

import numpy as np

from sklstm._sequences import Vocabulary
from sklstm.preprocessing.text._spelling import learn_characters


def choose_words(
    words: list[str], flat: np.ndarray, lengths: np.ndarray, *, min_df: float, max_df: float
) -> np.ndarray:
    """Return the places of the words to know, the most frequent first, ties alphabetical.

    Parameters
    ----------
    words : list of str
        The different words of all texts.
    flat : ndarray of int
        The place in ``words`` of every word of every text, end to end.
    lengths : ndarray of int
        The number of words of each text.
    min_df, max_df : int or float
        In how many texts a word must and may occur; floats are shares of all texts.
    """
    alphabetical = np.array(sorted(range(len(words)), key=words.__getitem__), dtype=np.intp)
    counts = np.bincount(flat, minlength=len(words))
    chosen = alphabetical[np.argsort(-counts[alphabetical], kind="stable")]
    low, high = _text_bounds(min_df, max_df, len(lengths))
    if low > 1 or high < len(lengths):
        n_texts = _text_counts(flat, lengths, len(words))[chosen]
        chosen = chosen[(n_texts >= low) & (n_texts <= high)]
    if not len(chosen):
        raise ValueError(
            f"no word is left: of {len(words)}, none occurs in min_df={min_df!r} to "
            f"max_df={max_df!r} of the {len(lengths)} texts. Try a lower min_df or a higher "
            "max_df."
        )
    return chosen


def _text_bounds(min_df: float, max_df: float, n_texts: int) -> tuple[float, float]:
    low = min_df if isinstance(min_df, Integral) else min_df * n_texts
    high = max_df if isinstance(max_df, Integral) else max_df * n_texts
    if high < low:
        raise ValueError(
            f"max_df={max_df!r} is {high:g} of {n_texts} texts, fewer than min_df={min_df!r}, "
            f"which is {low:g}; max_df must not be below min_df."
        )
    return low, high


def _text_counts(flat: np.ndarray, lengths: np.ndarray, n_words: int) -> np.ndarray:
    """Count the texts that each word occurs in."""
    text = np.repeat(np.arange(len(lengths), dtype=np.int64), lengths)
    pairs = np.unique(text * n_words + flat)
    return np.bincount(pairs % n_words, minlength=n_words)


def given_vocabulary(words: Any, *, spelled: bool) -> Vocabulary:
    """Return a user's ``vocabulary`` parameter as a `Vocabulary`.

    A mapping is read in the order of its ids, which need not start at 0 nor be without gaps;
    a set, which has no order, alphabetically. A vocabulary to be ``spelled`` gets the
    characters of its words, unless it is a `Vocabulary` that has its own.
    """
    if isinstance(words, Vocabulary):
        ordered: list[Any] = list(words)
    elif isinstance(words, Mapping):
        ordered = _by_id(words)
    elif isinstance(words, (str, bytes)) or not isinstance(words, Iterable):
        raise TypeError(
            "vocabulary must be an iterable of words or a mapping from word to id, "
            f"got {type(words).__name__} ({words!r})."
        )
    else:
        ordered = sorted(words) if isinstance(words, (set, frozenset)) else list(words)
    _check_words(ordered)
    given = words if isinstance(words, Vocabulary) else Vocabulary(map(str, ordered))
    if spelled == (given.characters is not None):
        return given
    if not spelled:
        return Vocabulary(given)
    return Vocabulary(given, learn_characters(list(given), np.ones(len(given), dtype=np.int64)))


def _by_id(ids: Mapping[Any, Any]) -> list[Any]:
    owner: dict[int, Any] = {}
    for word, i in ids.items():
        if not isinstance(i, Integral):
            raise TypeError(f"vocabulary must map words to integers, got {i!r} for {word!r}.")
        if owner.setdefault(int(i), word) != word:
            raise ValueError(f"vocabulary gives the id {i} to both {owner[int(i)]!r} and {word!r}.")
    return [owner[i] for i in sorted(owner)]


def _check_words(words: list[Any]) -> None:
    if not words:
        raise ValueError("vocabulary is empty; give at least one word, or None to learn it.")
    check_all_str(words, "vocabulary must hold str")
    first: dict[str, int] = {}
    for i, word in enumerate(words):
        if first.setdefault(word, i) != i:
            raise ValueError(f"vocabulary holds {word!r} twice, at {first[word]} and {i}.")


def check_all_str(words: Iterable[Any], what: str) -> None:
    """Raise a TypeError that starts with ``what`` for the first word that is not a str."""
    for word in words:
        if not isinstance(word, str):
            raise TypeError(f"{what}, got {type(word).__name__} ({word!r}).")
