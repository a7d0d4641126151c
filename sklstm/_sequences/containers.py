"""Sequences in the containers of users: arrays and data frames, with their vocabulary."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import numpy as np
from sklearn.base import TransformerMixin
from sklearn.utils._set_output import _get_output_config

from sklstm._sequences.reading import unwrap
from sklstm._sequences.tokens import (
    SEQUENCE_COLUMN,
    TokenArray,
    Vocabulary,
    keep_vocabulary,
    shared_vocabulary,
    vocabulary_of,
)


def contain_sequences(sequences: np.ndarray, X: Any, transformer: TransformerMixin) -> Any:
    """Return ragged sequences in the container that `set_output` chose for the transformer.

    scikit-learn would also build the data frame, but lose the vocabulary. If it is given a data
    frame, it only renames the columns. Texts in one column of a table become one column of
    sequences, of shape (n, 1), which is what a ColumnTransformer asks for.
    """
    container = _get_output_config("transform", transformer)["dense"]
    if container == "pandas":
        pandas = import_module("pandas")
        frame = pandas.DataFrame({SEQUENCE_COLUMN: list(sequences)}, index=_index_of(X))
        return _with_vocabulary(frame, sequences)
    if container == "polars":  # cannot hold a vocabulary
        polars = import_module("polars")
        cells = [cell if cell.ndim == 1 else cell.tolist() for cell in sequences]
        return polars.DataFrame({SEQUENCE_COLUMN: cells})
    return sequences[:, None] if len(getattr(X, "shape", ())) == 2 else sequences


def contain_rectangle(rectangle: np.ndarray, X: Any, transformer: TransformerMixin) -> Any:
    """Return an array in the container that `set_output` chose, with its vocabulary."""
    container = _get_output_config("transform", transformer)["dense"]
    if container != "default" and rectangle.ndim == 3:
        raise ValueError(
            f"set_output(transform={container!r}) needs a two-dimensional output, but this one "
            f"has shape {rectangle.shape}; use set_output(transform='default')."
        )
    if container == "pandas" and isinstance(rectangle, TokenArray):
        frame = import_module("pandas").DataFrame(np.asarray(rectangle), index=_index_of(X))
        return _with_vocabulary(frame, rectangle)
    return rectangle


def _with_vocabulary(frame: Any, sequences: np.ndarray) -> Any:
    keep_vocabulary(frame, vocabulary_of(sequences))
    return frame


def _index_of(X: Any) -> Any:
    """Return the index of a pandas object; the `index` of a list is a method."""
    return X.index if type(X).__module__.partition(".")[0] == "pandas" else None


def id_rows(X: Any, vocabulary: Vocabulary) -> Iterator[np.ndarray]:
    """Yield the ids of the words of each sequence, in any container; check that they are ids.

    If the vocabulary has characters, a sequence may hold their ids beside those of the words.
    """
    rows, owner, _ = unwrap(X)
    if isinstance(rows, list):
        _, owner = shared_vocabulary(rows, owner, are_ids=True)
    elif hasattr(rows, "columns"):
        rows = np.asarray(rows)
    if owner is not None and owner is not vocabulary and owner != vocabulary:
        raise ValueError(
            f"X was made with another vocabulary, of {len(owner)} words; this tokenizer's has "
            f"{len(vocabulary)}. With it, the same ids stand for other words."
        )
    most = 1 if vocabulary.characters is None else 2
    for i, item in enumerate(rows):
        ids = np.asarray(item)
        if not 1 <= ids.ndim <= most or (ids.size and ids.dtype.kind not in "iu"):
            raise TypeError(
                f"X[{i}] must be a sequence of integers, the token ids of a text, got {item!r}."
            )
        if ids.min(initial=0) < 0:
            raise ValueError(f"X[{i}] holds the id {ids.min()}; ids are 0 or greater.")
        yield (ids if ids.ndim == 1 else ids[:, 0]).astype(np.intp)
