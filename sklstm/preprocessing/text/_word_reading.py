"""From a file of vectors to gensim's KeyedVectors."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from sklstm._sequences import FoundVectors, read_all, read_wanted


def read_keyed(path: str | os.PathLike[str], words: Iterable[str] | None) -> Any:
    """Return the vectors of a file, of some words only or of all, as `WordVectors.load` tells."""
    wanted = None if words is None else _wanted(words)
    loaded = read_all(path) if wanted is None else read_wanted(path, wanted)
    if not isinstance(loaded, FoundVectors):
        return loaded
    if not loaded.words:
        raise ValueError(
            f"{os.fspath(path)} has a vector for none of the {len(wanted or ())} words."
        )
    return _keyed(loaded)


def _wanted(words: Any) -> frozenset[str]:
    """Return the words to keep, each once, whatever holds them."""
    if isinstance(words, (str, bytes)) or not isinstance(words, Iterable):
        raise TypeError(
            f"words must be a collection of words, such as a list, got {type(words).__name__} "
            f"({words!r})."
        )
    return frozenset(words)


def _keyed(found: FoundVectors) -> Any:
    """Return what was read as gensim's KeyedVectors, which share its memory."""
    from gensim.models import KeyedVectors

    keyed = KeyedVectors(found.vectors.shape[1])
    keyed.vectors = found.vectors
    keyed.index_to_key = found.words
    keyed.key_to_index = {word: row for row, word in enumerate(found.words)}
    return keyed
