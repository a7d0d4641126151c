"""From the vectors a user brings to the first weights of an embedding."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from sklstm._tokens import N_RESERVED, PADDING_ID, Vocabulary


def embedding_matrix(
    embeddings: Any, n_ids: int, vocabulary: Vocabulary | None, rng: np.random.Generator
) -> tuple[np.ndarray, float]:
    """Return one vector per token id, and the share of words that `embeddings` knows.

    Parameters
    ----------
    embeddings : gensim KeyedVectors, mapping of word to vector, or array-like of shape \
            (n_ids, embedding_dim)
        Vectors by word, or by id.
    n_ids : int
        Rows wanted.
    vocabulary : Vocabulary or None
        The words behind the ids; needed to match vectors by word.
    rng : numpy.random.Generator
        Draws vectors for words that have none, with the spread of those that do.

    Returns
    -------
    matrix : ndarray of shape (n_ids, embedding_dim), float32
        Padding is all zeros.
    coverage : float
        Share of the vocabulary found, 1.0 for an array.

    Raises
    ------
    ValueError, TypeError
        If the vectors are of another form, number or length, are not finite, or share no
        word with the vocabulary.
    """
    if isinstance(embeddings, Mapping) or hasattr(embeddings, "key_to_index"):
        return _by_word(embeddings, n_ids, vocabulary, rng)
    try:
        matrix = np.array(embeddings, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"embeddings is a {type(embeddings).__name__}; accepted are gensim KeyedVectors, a "
            "mapping of word to vector, and an array of shape (n_ids, embedding_dim)."
        ) from error
    if matrix.ndim != 2 or len(matrix) != n_ids:
        raise ValueError(
            f"embeddings has shape {matrix.shape}, but {n_ids} token ids need an array of shape "
            f"({n_ids}, embedding_dim): one row per id, the {N_RESERVED} reserved ids first."
        )
    _check_finite(matrix)
    matrix[PADDING_ID] = 0.0
    return matrix, 1.0


def _by_word(
    vectors: Any, n_ids: int, vocabulary: Vocabulary | None, rng: np.random.Generator
) -> tuple[np.ndarray, float]:
    if vocabulary is None:
        raise ValueError(
            "embeddings are given by word, but X carries no vocabulary to match them with. "
            "Let SequenceTokenizer make X, or give embeddings as an array by token id."
        )
    found = {word: i for word, i in vocabulary.items() if word in vectors}
    if not found:
        raise ValueError(
            f"embeddings share no word with the vocabulary of {len(vocabulary)} words "
            f"(such as {', '.join(map(repr, list(vocabulary)[:3]))}); do both use the same case?"
        )
    try:
        known = np.array([vectors[word] for word in found], dtype=np.float32)
    except ValueError as error:
        raise ValueError(f"embeddings hold vectors of different lengths: {error}") from error
    if known.ndim != 2:
        raise ValueError("embeddings must map each word to a 1-D vector of numbers.")
    _check_finite(known)
    matrix = rng.normal(known.mean(), known.std(), (n_ids, known.shape[1])).astype(np.float32)
    matrix[list(found.values())] = known
    matrix[PADDING_ID] = 0.0
    return matrix, len(found) / len(vocabulary)


def _check_finite(matrix: np.ndarray) -> None:
    bad = np.flatnonzero(~np.isfinite(matrix).all(axis=1))
    if len(bad):
        raise ValueError(f"embeddings hold NaN or infinity, in vector {bad[0]}.")
