"""Initial weights of an embedding from the word vectors that a user gives."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from sklstm._sequences.arrays import check_entries, plain
from sklstm._sequences.named_vectors import find_again, find_vectors
from sklstm._sequences.ragged import ExtraVectors, Ragged
from sklstm._sequences.tokens import N_RESERVED, PADDING_ID, UNKNOWN_ID, Vocabulary
from sklstm._sequences.vector_files import FoundVectors, of_keyed_vectors, same_words

# With so many vectors or more, the spread of each dimension can be estimated.
ENOUGH_FOR_A_SPREAD = 20
LOW_COVERAGE = 0.1


@dataclass(frozen=True)
class Coverage:
    """How many words of a vocabulary have a vector.

    Attributes
    ----------
    n_words : int
        Number of words of the vocabulary.
    n_listed : int
        Number of words that are listed with a vector.
    n_composed : int
        Number of words whose vector is made from the n-grams of their characters, as by fastText.
    missing : tuple of str
        The first five of the other words.
    source : str
        The parameter that gave the vectors, for messages.
    """

    n_words: int
    n_listed: int
    n_composed: int
    missing: tuple[str, ...] = ()
    source: str = "embeddings"

    @property
    def fraction(self) -> float:
        """The fraction of words that are listed with a vector."""
        return self.n_listed / self.n_words

    def report(self) -> str:
        """Return a line to print."""
        composed = f", {self.n_composed:,} more made from n-grams" if self.n_composed else ""
        others = self.n_words - self.n_listed - self.n_composed
        become = "drawn at random" if self.source == "embeddings" else "unknown"
        return (
            f"{self.source}: {self.n_listed:,} of {self.n_words:,} words have a vector "
            f"({self.fraction:.1%}){composed}; {others:,} {become}"
        )

    def warning(self) -> str | None:
        """Return a warning if fewer than a tenth of the words have a vector, else None."""
        found = self.n_listed + self.n_composed
        if found >= LOW_COVERAGE * self.n_words:
            return None
        owner = "embeddings have" if self.source == "embeddings" else f"{self.source} has"
        return (
            f"{owner} a vector for only {found:,} of the {self.n_words:,} words of the "
            f"vocabulary, and none for {', '.join(map(repr, plain(self.missing)))}. Are they of "
            "another language or case, or from texts that were split into words in another way?"
        )


def embedding_matrix(
    embeddings: Any, n_ids: int, vocabulary: Vocabulary | None, rng: np.random.Generator
) -> tuple[np.ndarray, Coverage]:
    """Return one vector per token id, and how many words `embeddings` has a vector for.

    Parameters
    ----------
    embeddings : path, WordVectors, gensim KeyedVectors, mapping of word to vector, or \
            array-like of shape (n_ids, embedding_dim)
        Vectors by word, or by id.
    n_ids : int
        Number of rows of the matrix.
    vocabulary : Vocabulary or None
        The words of the ids; needed to match vectors by word.
    rng : numpy.random.Generator
        Draws vectors for words without one. Each dimension is normally distributed with the mean
        and standard deviation that it has in the other vectors: in GloVe's, a few dimensions are
        far larger than the rest.

    Returns
    -------
    matrix : ndarray of shape (n_ids, embedding_dim), float32
        The row of padding is zero.
    coverage : Coverage
        How many words have a vector; all of them for an array.

    Raises
    ------
    ValueError, TypeError
        If the vectors have another form or shape, are not finite, or have no word in common with
        the vocabulary.
    OSError
        If there is no file at a path.
    """
    if _is_by_word(embeddings):
        return _by_word(embeddings, n_ids, vocabulary, rng)
    if isinstance(embeddings, np.ndarray):
        check_entries(embeddings, "embeddings")
    try:
        matrix = np.array(embeddings, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"embeddings is a {type(embeddings).__name__}; accepted are the path of a file, a name "
            "such as 'glove-6b-50d', WordVectors, gensim KeyedVectors, a mapping of word to "
            "vector, and an array of shape (n_ids, embedding_dim)."
        ) from error
    if matrix.ndim != 2 or len(matrix) != n_ids:
        raise ValueError(
            f"embeddings has shape {matrix.shape}, but {n_ids} token ids need an array of shape "
            f"({n_ids}, embedding_dim): one row per id, the {N_RESERVED} reserved ids first."
        )
    _check_width(matrix)
    _check_finite(matrix)
    matrix[PADDING_ID] = 0.0
    n_words = n_ids - N_RESERVED if vocabulary is None else len(vocabulary)
    return matrix, Coverage(max(1, n_words), max(1, n_words), 0)


def _is_by_word(embeddings: Any) -> bool:
    return (
        isinstance(embeddings, Mapping | str | os.PathLike)
        or hasattr(embeddings, "key_to_index")
        or _is_word_vectors(embeddings)
    )


def _is_word_vectors(embeddings: Any) -> bool:
    """Return True for `WordVectors`, which this room must not import."""
    return hasattr(embeddings, "from_keyed_vectors")


def _by_word(
    vectors: Any, n_ids: int, vocabulary: Vocabulary | None, rng: np.random.Generator
) -> tuple[np.ndarray, Coverage]:
    if vocabulary is None:
        raise ValueError(
            "embeddings are given by word, but X carries no vocabulary to match them with. "
            "Let SequenceTokenizer make X, or give embeddings as an array by token id."
        )
    if _is_word_vectors(vectors):
        _check_fitted(vectors)
    found = _find(vectors, vocabulary)
    if not found.words:
        raise ValueError(
            f"embeddings have no word in common with the vocabulary of {len(vocabulary)} words "
            f"({', '.join(map(repr, list(vocabulary)[:3]))}, ...); do both use the same case?"
        )
    _check_width(found.vectors)
    _check_finite(found.vectors, found.words)
    mean, spread = _scale(found.vectors)
    matrix = rng.normal(mean, spread, (n_ids, found.vectors.shape[1])).astype(np.float32)
    matrix[[vocabulary[word] for word in found.words]] = found.vectors
    matrix[PADDING_ID] = 0.0
    return matrix, _coverage(found, vocabulary)


def extra_vectors_of(embeddings: Any, sequences: Ragged, n_ids: int, dim: int) -> Ragged:
    """Return sequences in which unknown words that have a vector get an id for it.

    Parameters
    ----------
    embeddings : path, WordVectors, gensim KeyedVectors, mapping or other
        Vectors by word; by id they have none for other words.
    sequences : Ragged
        Token ids.
    n_ids : int
        Number of ids of the embedding; those from here on are the new ones.
    dim : int
        Dimension of the embedding.

    Raises
    ------
    OSError, ImportError, ValueError, TypeError
        If the embeddings cannot be read any more, or have another dimension.
    """
    unknown = sequences.unknown
    if unknown is None or not _is_by_word(embeddings):
        return sequences
    if _is_word_vectors(embeddings) and not hasattr(embeddings, "keyed_vectors_"):
        return sequences
    at = np.flatnonzero(unknown.at >= 0)
    words = [unknown.words[i] for i in unknown.at[at].tolist()]
    found = _find(embeddings, dict.fromkeys(filter(None, words)), again=True)
    if not found.words:
        return sequences
    if found.vectors.shape[1] != dim:
        raise ValueError(
            f"they have {found.vectors.shape[1]} dimensions, but those of fit had {dim}."
        )
    finite = np.isfinite(found.vectors).all(axis=1)
    listed = [word for word, keep in zip(found.words, finite.tolist(), strict=True) if keep]
    ids = {word: n_ids + i for i, word in enumerate(listed)}
    values = np.where(sequences.values < n_ids, sequences.values, UNKNOWN_ID)
    if sequences.has_characters:  # whose ids are their own
        values[:, 1:] = sequences.values[:, 1:]
    values[at, 0] = [ids.get(word, UNKNOWN_ID) for word in words]
    extra = ExtraVectors(n_ids, listed, found.vectors[finite])
    return replace(sequences, values=values, unknown=None, extra=extra)


def _check_fitted(vectors: Any) -> None:
    """Raise unless `WordVectors` are fitted, with the parameters that they have now."""
    check_is_fitted(
        vectors,
        msg="embeddings=%(name)s() has no vectors yet; train them first: "
        "embeddings=WordVectors().fit(texts).",
    )
    for name, (then, now) in plain(vectors._changed_params()).items():
        raise ValueError(
            f"embeddings are WordVectors that were fitted with {name}={then!r}, and "
            f"{name}={now!r} was set afterwards, which does not change their vectors. Fit them "
            f"again on texts, which this estimator does not see. To search over {name}, give "
            "several fitted ones as candidates for embeddings, such as "
            f"[WordVectors({name}={now!r}).fit(texts), ...]."
        )


def _find(vectors: Any, words: Mapping[str, Any], *, again: bool = False) -> FoundVectors:
    """Return the vectors that embeddings of any form have for some words.

    With `again`, what a file has for a word is remembered.
    """
    if isinstance(vectors, str | os.PathLike):
        return (find_again if again else find_vectors)(vectors, words)
    if _is_word_vectors(vectors):
        vectors = vectors.keyed_vectors_
    if not isinstance(vectors, Mapping):
        return of_keyed_vectors(vectors, words)
    keys = same_words(words, vectors)
    found = list(keys)
    try:
        known = np.array([vectors[key] for key in keys.values()], dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"embeddings hold other values than numbers, or vectors of different lengths: {error}"
        ) from error
    if found and known.ndim != 2:
        raise ValueError("embeddings must map each word to a 1-D vector of numbers.")
    return FoundVectors(found, known, len(found))


def _scale(vectors: np.ndarray) -> tuple[Any, Any]:
    """Return mean and standard deviation to draw with: by dimension, or overall for few vectors."""
    vectors = vectors.astype(np.float64)
    if len(vectors) < ENOUGH_FOR_A_SPREAD:
        return vectors.mean(), vectors.std()
    return vectors.mean(axis=0), vectors.std(axis=0)


def _coverage(found: FoundVectors, vocabulary: Vocabulary) -> Coverage:
    known = set(found.words)
    missing = (word for word in vocabulary if word not in known)
    few = tuple(word for _, word in zip(range(5), missing, strict=False))
    return Coverage(len(vocabulary), found.n_listed, len(found.words) - found.n_listed, few)


def _check_width(matrix: np.ndarray) -> None:
    if not matrix.shape[1]:
        raise ValueError("embeddings hold vectors of length 0; at least one dimension is needed.")


def _check_finite(matrix: np.ndarray, words: list[str] | None = None) -> None:
    bad = np.flatnonzero(~np.isfinite(matrix).all(axis=1))
    if len(bad):
        of = f"vector {bad[0]}" if words is None else f"the vector of {plain(words[bad[0]])!r}"
        raise ValueError(f"embeddings hold NaN or infinity, in {of}.")
