"""Check what is given as texts, and name the first item that is none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from scipy.sparse import issparse

from sklstm._sequences import is_missing


def as_texts(X: Any, *, input: str, any_item: bool) -> list[Any]:
    """Return the items of ``X`` as a list, each checked to be something to analyze.

    Parameters
    ----------
    X : iterable
        List, tuple, generator, 1-D array, Series or one-column DataFrame.
    input : {"content", "filename", "file"}
        As in `CountVectorizer`: only for "content" do the items have to be text.
    any_item : bool
        Whether a callable analyzer takes the items, which may then be anything but missing.
    """
    texts = _items(X)
    if not texts:
        raise ValueError("X is empty (0 texts); at least one text is needed.")
    if not (input == "content" and set(map(type, texts)) <= {str, bytes}):
        for i, text in enumerate(texts):
            _check_item(text, i, any_type=any_item or input != "content")
    return texts


def _items(X: Any) -> list[Any]:
    shape = getattr(X, "shape", None)
    if isinstance(X, (str, bytes)):
        raise ValueError(
            "X must be an iterable of texts, got a single string; "
            "for one text write transform([text])."
        )
    if isinstance(X, Mapping) or issparse(X) or not isinstance(X, Iterable):
        hint = "; pass its texts, such as bunch.data" if isinstance(X, Mapping) else ""
        hint = "; a sparse matrix holds numbers" if issparse(X) else hint
        raise TypeError(
            f"X must be a list, array or Series of texts, got {type(X).__name__}{hint}."
        )
    if hasattr(X, "columns"):
        return _only_column(X)
    if shape is not None and len(shape) != 1:
        raise ValueError(
            f"X must be one-dimensional, one text per item, got shape {shape}; "
            "pass one column of it, such as X[:, 0]."
        )
    if hasattr(X, "to_list"):  # a Series; of polars lists come out of it as lists
        return X.to_list()
    return X.tolist() if hasattr(X, "tolist") else list(X)


def _only_column(frame: Any) -> list[Any]:
    """Return the texts of a one-column data frame, pandas or polars."""
    columns = list(frame.columns)
    if len(columns) != 1:
        raise ValueError(
            f"X must be one column of texts, got a data frame with the columns {columns}; "
            "pass one of them, such as X['text'], or name it in a ColumnTransformer."
        )
    return _items(frame[columns[0]])


def _check_item(item: Any, i: int, *, any_type: bool) -> None:
    if is_missing(item):
        raise ValueError(
            f"X[{i}] is missing ({item!r}), not a text; replace missing texts first, "
            "such as by an empty string."
        )
    if any_type or isinstance(item, (str, bytes)):
        return
    hint = ""
    if isinstance(item, (list, tuple, np.ndarray)):
        hint = "; for texts that are already lists of words set analyzer=list"
    shown = repr(item)
    shown = shown if len(shown) <= 40 else shown[:37] + "..."
    raise TypeError(f"X[{i}] must be str or bytes, got {type(item).__name__} ({shown}){hint}.")
