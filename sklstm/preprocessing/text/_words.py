"""Analyze texts once, and write each word as a number."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from itertools import repeat
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer

from sklstm._sequences import UNKNOWN_ID

Analyzer = Callable[[Any], Iterable[str]]

ANALYZER_PARAMS = (
    "input",
    "encoding",
    "decode_error",
    "strip_accents",
    "lowercase",
    "preprocessor",
    "tokenizer",
    "stop_words",
    "token_pattern",
    "ngram_range",
    "analyzer",
)


def build_analyzer(tokenizer: Any, **other: Any) -> Analyzer:
    """Return `CountVectorizer`'s function from a text to its words, by the same parameters.

    Those in `other` count instead of the tokenizer's own.
    """
    low, high = tokenizer.ngram_range
    if low != high or low < 1:
        raise ValueError(
            f"ngram_range={tokenizer.ngram_range!r} has no order in time; accepted is (n, n) "
            "with n >= 1, n-grams of one length."
        )
    params = {name: getattr(tokenizer, name) for name in ANALYZER_PARAMS}
    analyze: Analyzer = CountVectorizer(**(params | other)).build_analyzer()
    return analyze


def look_up(
    texts: list[Any],
    analyze: Analyzer,
    vocabulary: Mapping[str, int],
    unknown: int = UNKNOWN_ID,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the ids of all words, end to end, and the number of words of each text."""
    get = vocabulary.get
    return _map_words(texts, analyze, lambda words: map(get, words, repeat(unknown)))


def number(texts: list[Any], analyze: Analyzer) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Return the different words, numbered as they first come, and the texts in such numbers.

    The numbers of all words come end to end, and then the number of words of each text.
    """
    seen: defaultdict[str, int] = defaultdict()
    seen.default_factory = seen.__len__
    get = seen.__getitem__
    flat, lengths = _map_words(texts, analyze, lambda words: map(get, words))
    return list(seen), flat, lengths


def _map_words(
    texts: list[Any], analyze: Analyzer, to_ids: Callable[[Iterable[str]], Iterable[int]]
) -> tuple[np.ndarray, np.ndarray]:
    flat = array("i")  # grows in place, at four bytes a word
    ends = []
    try:
        for text in texts:
            flat.extend(to_ids(analyze(text)))
            ends.append(len(flat))
    except UnicodeDecodeError as error:
        error.reason += (
            f", in X[{len(ends)}]; decode the texts to str first, or set encoding or decode_error "
            "where there are such parameters"
        )
        raise
    return np.frombuffer(flat, dtype=np.int32), np.diff(ends, prepend=0)
