"""Sequences in the containers of users: arrays and data frames, with their vocabulary."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib import import_module
from typing import Any

import numpy as np
from sklearn.base import TransformerMixin
from sklearn.utils._set_output import _get_output_config

from sklstm._sequences.arrays import plain
from sklstm._sequences.tokens import SEQUENCE_COLUMN, VOCABULARY_ATTR, TokenArray, Vocabulary


def contain_sequences(sequences: np.ndarray, X: Any, transformer: TransformerMixin) -> Any:
    """Return ragged sequences in the container that `set_output` chose for the transformer.

    scikit-learn would also build the data frame, but lose the vocabulary. If it is given a data
    frame, it only renames the columns.
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
    return sequences


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
    if isinstance(sequences, TokenArray):
        frame.attrs[VOCABULARY_ATTR] = sequences.vocabulary
    return frame


def _index_of(X: Any) -> Any:
    """Return the index of a pandas object; the `index` of a list is a method."""
    return X.index if type(X).__module__.partition(".")[0] == "pandas" else None


def id_rows(X: Any, vocabulary: Vocabulary) -> Iterator[np.ndarray]:
    """Yield the ids of the words of each sequence, in any container; check that they are ids.

    If the vocabulary has characters, a sequence may hold their ids beside those of the words.
    """
    owner = getattr(X, "vocabulary", None) or getattr(X, "attrs", {}).get(VOCABULARY_ATTR)
    if owner is not None and owner is not vocabulary and owner != vocabulary:
        raise ValueError(
            f"X was made with another vocabulary, of {len(owner)} words; this tokenizer's has "
            f"{len(vocabulary)}. With it, the same ids stand for other words."
        )
    if hasattr(X, "columns"):
        X = X[X.columns[0]] if X.shape[1] == 1 else np.asarray(X)
    if not isinstance(X, Iterable):
        raise TypeError(f"X must hold sequences of token ids, got {type(X).__name__} ({X!r}).")
    most = 1 if vocabulary.characters is None else 2
    for i, item in enumerate(X.to_list() if hasattr(X, "to_list") else X):
        try:
            ids = np.asarray(item)
        except ValueError:  # it holds sequences of different lengths
            ids = np.array(None)
        if not 1 <= ids.ndim <= most or (ids.size and ids.dtype.kind not in "iu"):
            raise TypeError(
                f"X[{i}] must be a sequence of integers, the token ids of a text, got "
                f"{plain(item)!r}."
            )
        if ids.min(initial=0) < 0:
            raise ValueError(f"X[{i}] holds the id {ids.min()}; ids are 0 or greater.")
        yield (ids if ids.ndim == 1 else ids[:, 0]).astype(np.intp)
