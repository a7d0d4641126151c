"""All texts as ids, end to end: looked up, skipped, cut, marked, and split into sequences.

The functions take the parameters of a `SequenceTokenizer` from the tokenizer itself.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from sklstm._sequences import (
    END_ID,
    N_RESERVED,
    PADDING_ID,
    START_ID,
    UNKNOWN_ID,
    Vocabulary,
    split,
    truncate,
)
from sklstm.preprocessing.text._spelling import learn_characters, spell
from sklstm.preprocessing.text._vocabulary import check_all_str, choose_words
from sklstm.preprocessing.text._words import Analyzer, build_analyzer, look_up, number

_NOT_STR = "the analyzer must return words as str"


@dataclass(frozen=True)
class Encoded:
    """The words of all texts, end to end.

    Attributes
    ----------
    flat : ndarray of int32
        The ids of the words; or, where there is a `table`, the rows of it that they are in.
    lengths : ndarray of int
        The number of words of each text.
    table : ndarray of int32 of shape (n_rows, 1 + characters) or None
        The id of each different word and those of its characters. Its first rows are those
        of the reserved ids, so that a mark is at its id with a table as without.
    """

    flat: np.ndarray
    lengths: np.ndarray
    table: np.ndarray | None = None


def discover(tokenizer: Any, texts: list[Any]) -> tuple[Vocabulary, Encoded]:
    """Learn which words to know, and their characters where asked for."""
    written, flat, lengths = number(texts, _analyzer(tokenizer))
    if not written:
        raise ValueError(
            "empty vocabulary; no text holds a word to learn. Perhaps the texts hold only "
            "stop words, or token_pattern does not fit them."
        )
    check_all_str(written, _NOT_STR)
    words, word_of = _looked_up(tokenizer, written)
    bounds = {"min_df": tokenizer.min_df, "max_df": tokenizer.max_df}
    kept = choose_words(words, word_of[flat], lengths, **bounds)[: tokenizer.max_features]
    ids = np.full(len(words), UNKNOWN_ID, dtype=np.int32)
    ids[kept] = np.arange(N_RESERVED, N_RESERVED + len(kept))
    known = [words[i] for i in kept.tolist()]
    if tokenizer.characters is None:
        return Vocabulary(known), Encoded(ids[flat], lengths)
    # Also those of words that are not kept, whose spelling is all there is to tell them by.
    characters = learn_characters(written, np.bincount(flat, minlength=len(written)))
    table = _table(written, ids[word_of], characters, tokenizer.characters)
    return Vocabulary(known, characters), Encoded(flat + N_RESERVED, lengths, table)


def encode(tokenizer: Any, texts: list[Any], vocabulary: Vocabulary) -> Encoded:
    """Look the words of all texts up, and their characters where asked for."""
    characters, width = vocabulary.characters, tokenizer.characters
    if (characters is None) != (width is None):
        raise ValueError(
            f"characters={width} was set after fit, which learned "
            f"{'no characters' if characters is None else 'characters'}; fit again."
        )
    analyze = _analyzer(tokenizer)
    if characters is None:
        return Encoded(*look_up(texts, analyze, vocabulary))
    written, flat, lengths = number(texts, analyze)
    check_all_str(written, _NOT_STR)
    words, word_of = _looked_up(tokenizer, written)
    ids = np.array([vocabulary.get(word, UNKNOWN_ID) for word in words], dtype=np.int32)
    table = _table(written, ids[word_of], characters, width)
    return Encoded(flat + N_RESERVED, lengths, table)


def folds_words(tokenizer: Any) -> bool:
    """Tell whether words are looked up in lower case but spelled as they are written."""
    return tokenizer.characters is not None and bool(tokenizer.lowercase)


def _analyzer(tokenizer: Any) -> Analyzer:
    """Return what splits a text, in its own case where that is to be spelled."""
    if not folds_words(tokenizer):
        return build_analyzer(tokenizer)
    if tokenizer.stop_words is not None:
        raise ValueError(
            f"stop_words={tokenizer.stop_words!r} are words in lower case, but characters="
            f"{tokenizer.characters} leaves texts in their own case; set lowercase=False, or "
            "stop_words=None."
        )
    return build_analyzer(tokenizer, lowercase=False)


def _looked_up(tokenizer: Any, written: list[str]) -> tuple[list[str], np.ndarray]:
    """Return the different words to look up, and which of them each written word is."""
    if not folds_words(tokenizer):
        return written, np.arange(len(written))
    seen: dict[str, int] = {}
    word_of = [seen.setdefault(word.lower(), len(seen)) for word in written]
    return list(seen), np.array(word_of, dtype=np.intp)


def _table(words: list[str], ids: np.ndarray, characters: Vocabulary, width: int) -> np.ndarray:
    """Return the rows of the reserved ids and those of the different words."""
    table = np.full((N_RESERVED + len(words), 1 + width), PADDING_ID, dtype=np.int32)
    table[:N_RESERVED, 0] = np.arange(N_RESERVED)
    table[N_RESERVED:, 0] = ids
    table[N_RESERVED:, 1:] = spell(words, characters, width)
    return table


def room(tokenizer: Any) -> int | None:
    """Return how many words fit into `max_length` beside the start and end ids."""
    limit = tokenizer.max_length
    if limit is None:
        return None
    left: int = limit - tokenizer.add_start - tokenizer.add_end
    if left < 1:
        raise ValueError(
            f"max_length={limit} leaves no room for a word: add_start and add_end "
            f"take {limit - left}; accepted is {limit - left + 1} or more."
        )
    return left


def finish(tokenizer: Any, encoded: Encoded) -> np.ndarray:
    """Skip, cut and mark the words of all texts, and split them into sequences of ids."""
    flat, lengths, table = encoded.flat, encoded.lengths, encoded.table
    limit = room(tokenizer)
    if tokenizer.unknown == "skip":
        ids = flat if table is None else table[flat, 0]
        flat, lengths = keep_words(ids != UNKNOWN_ID, flat, lengths)
    _warn_of_empty(lengths)
    if limit is not None:
        flat, lengths = truncate(flat, lengths, limit, tokenizer.truncation)
    flat, lengths = _mark(flat, lengths, start=tokenizer.add_start, end=tokenizer.add_end)
    return split(flat if table is None else table.take(flat, axis=0), lengths)


def keep_words(
    kept: np.ndarray, flat: np.ndarray, lengths: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Leave out the words of all texts that are not `kept`."""
    kept_before = np.append(0, np.cumsum(kept))
    return flat[kept], np.diff(kept_before[np.cumsum(lengths)], prepend=0)


def _warn_of_empty(lengths: np.ndarray) -> None:
    empty = np.flatnonzero(lengths == 0)
    if len(empty):
        warnings.warn(
            f"{len(empty)} of {len(lengths)} texts have no word to keep and become empty "
            f"sequences; the first is X[{empty[0]}].",
            UserWarning,
            stacklevel=5,
        )


def _mark(
    flat: np.ndarray, lengths: np.ndarray, *, start: bool, end: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Put the start id before the ids of each text, and the end id after them."""
    if start:
        flat = np.insert(flat, np.cumsum(lengths) - lengths, START_ID)
        lengths = lengths + 1
    if end:
        flat = np.insert(flat, np.cumsum(lengths), END_ID)
        lengths = lengths + 1
    return flat, lengths
