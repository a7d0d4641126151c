"""Sequences as transformers return them: arrays and data frames, with their vocabulary."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
from sklearn.base import TransformerMixin
from sklearn.utils._set_output import _get_output_config

from sklstm._sequences.tokens import SEQUENCE_COLUMN, TokenArray, keep_vocabulary, vocabulary_of


def contain_sequences(sequences: np.ndarray, X: Any, transformer: TransformerMixin) -> Any:
    """Return ragged sequences in the container that `set_output` chose for the transformer.

    scikit-learn would also build the data frame, but lose the vocabulary. If it is given a data
    frame, it only renames the columns. What came in the one column of a table is
    returned in one column, of shape (n, 1), which is what a ColumnTransformer asks for.
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
    is_column = getattr(X, "shape", ())[1:] == (1,)
    return sequences[:, None] if is_column else sequences


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
