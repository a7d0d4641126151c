"""The characters of words: which ones to know, and words written in their ids.

A character is a code point. All words are treated at once, their characters end to end.
"""

from __future__ import annotations

import numpy as np

from sklstm._sequences import PADDING_ID, UNKNOWN_ID, Vocabulary, fill, positions


def learn_characters(words: list[str], counts: np.ndarray) -> Vocabulary:
    """Return the characters of words, the most frequent first, ties by code point.

    Parameters
    ----------
    words : list of str
        The different words.
    counts : ndarray of int of shape (n_words,)
        How often each occurs.
    """
    points, lengths = _code_points(words)
    distinct, which = np.unique(points, return_inverse=True)
    frequencies = np.bincount(which, np.repeat(counts, lengths), minlength=len(distinct))
    ordered = distinct[np.argsort(-frequencies, kind="stable")]
    return Vocabulary(map(chr, ordered.tolist()))


def spell(words: list[str], characters: Vocabulary, width: int) -> np.ndarray:
    """Return the ids of each word's characters, filled up with `PADDING_ID`.

    Of a word longer than ``width`` the head and the tail are left, and of an odd ``width`` the
    head has one more.

    Returns
    -------
    ids : ndarray of int32 of shape (n_words, width)
    """
    points, lengths = _code_points(words)
    place, length = positions(lengths), np.repeat(lengths, lengths)
    points = points[(place < width - width // 2) | (place >= length - width // 2)]
    distinct, which = np.unique(points, return_inverse=True)
    known = [characters.get(chr(point), UNKNOWN_ID) for point in distinct.tolist()]
    ids = np.array(known, dtype=np.int32)[which]
    return fill(ids, np.minimum(lengths, width), width, "post", PADDING_ID)


def _code_points(words: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return the code points of all words, end to end, and the length of each word."""
    lengths = np.fromiter(map(len, words), dtype=np.int64, count=len(words))
    # Files that were read with errors="surrogateescape" hold halves of pairs.
    encoded = "".join(words).encode("utf-32-le", "surrogatepass")
    return np.frombuffer(encoded, dtype="<u4"), lengths
