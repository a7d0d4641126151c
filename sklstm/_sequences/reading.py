"""The one place where user input of any form becomes ``Ragged``.

Every estimator sees lists, object arrays, rectangles, frames and Awkward arrays through
`as_ragged`; nothing behind it asks what the user passed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal, NoReturn

import numpy as np
from numpy.lib.stride_tricks import as_strided
from sklearn.utils import check_array

from sklstm._sequences.cleaning import check_finite, check_not_empty, to_tokens, trim
from sklstm._sequences.ragged import Ragged
from sklstm._sequences.tokens import (
    PADDING_ID,
    SEQUENCE_COLUMN,
    VOCABULARY_ATTR,
    TokenArray,
    Vocabulary,
)

InputType = Literal["auto", "tokens", "values"]

_TEXT_HINT = (
    "this estimator reads sequences of numbers or token ids, not text. Put a tokenizer in "
    "front of it: make_pipeline(SequenceTokenizer({analyzer}), {name}()).fit(texts, y)"
)


def _text_hint(name: str, analyzer: str = "") -> str:
    return _TEXT_HINT.format(name=name, analyzer=analyzer)


def as_ragged(
    X: Any,
    *,
    input_type: InputType = "auto",
    padding_value: float | None = None,
    dtype: Any = np.float32,
    estimator_name: str = "LSTMClassifier",
    lists_are_tables: bool = False,
    matrices: bool = False,
    empty_texts: bool = True,
) -> Ragged:
    """Turn any accepted form of `X` into `Ragged`.

    Parameters
    ----------
    X : list, object array, Series, one-column frame or Awkward array of sequences, or \
            array of shape (n, T), (n, T, F), (n, T, H, W) or (n, T, C, H, W)
        The sequences. See `docs/architecture.md` for what each form means.
    input_type : {"auto", "tokens", "values"}, default="auto"
        "auto" takes a `TokenArray` as token ids and everything else as values.
    padding_value : float or None, default=None
        Leading and trailing steps wholly equal to it are cut off. Token ids are cut at
        id 0 when it is None.
    dtype : dtype or None, default=numpy.float32
        What values are converted to; None keeps the dtype that the input has.
    estimator_name : str, default="LSTMClassifier"
        Named in error messages.
    lists_are_tables : bool, default=False
        Whether nested lists of one length set `Ragged.width`, as the 2-D array that numpy
        makes of them would.
    matrices : bool, default=False
        Whether steps may be matrices, or several of one shape. An estimator that reads them
        takes windows that share rows as such, too, without a copy of each.
    empty_texts : bool, default=True
        Whether an empty sequence of tokens is read as one unknown word, rather than refused.

    Returns
    -------
    Ragged
        With every value finite and every sequence at least one step long.

    Raises
    ------
    TypeError, ValueError
        If `X` holds anything else; the message names the first offending sequence.
    """
    if input_type == "auto":
        _check_vocabulary_not_lost(X)
    X, vocabulary = _unwrap(X)
    is_tokens = input_type == "tokens" or (input_type == "auto" and isinstance(X, TokenArray))
    matrices = matrices and not is_tokens
    if isinstance(X, list):
        sequences = _from_items(X, None if is_tokens else dtype, estimator_name, matrices)
        if lists_are_tables and is_table(X):
            sequences = replace(sequences, width=len(X[0]))
    elif matrices and padding_value is None and _is_sliding(X):
        sequences = _from_windows(X, dtype)
    else:
        sequences = _from_array(X, None if is_tokens else dtype, estimator_name, matrices)
    if is_tokens:
        sequences = replace(to_tokens(sequences), vocabulary=vocabulary)
        padding_value = PADDING_ID if padding_value is None else padding_value
    if padding_value is not None:
        sequences = trim(sequences, padding_value)
    check_finite(sequences)
    return check_not_empty(sequences, texts_may_be=empty_texts)


def _check_vocabulary_not_lost(X: Any) -> None:
    """Refuse to guess at a frame that looks like SequenceTokenizer's but cannot say so."""
    if type(X).__module__.partition(".")[0] != "polars" or len(X.shape) != 2:
        return
    if X.columns == [SEQUENCE_COLUMN] and "Int" in str(X.dtypes[0]):
        raise ValueError(
            "X is a polars frame of whole numbers, which cannot carry the vocabulary of token ids. "
            "Use set_output(transform='pandas') or 'default' on the tokenizer; or say what the "
            "numbers are by input_type='tokens' or 'values'."
        )


def _unwrap(X: Any) -> tuple[Any, Vocabulary | None]:
    """Reduce `X` to a list of items or an array, and find its vocabulary."""
    if isinstance(X, TokenArray):
        return X, X.vocabulary
    package = type(X).__module__.partition(".")[0]
    if package == "awkward":
        return X.to_list(), None
    if package in ("pandas", "polars"):
        return _unwrap_frame(X)
    if isinstance(X, np.ndarray) and X.dtype == object and X.ndim == 1:
        return list(X), None
    if isinstance(X, tuple):
        return list(X), None
    return X, None


def _unwrap_frame(X: Any) -> tuple[Any, Vocabulary | None]:
    """Take the sequences out of a Series, or out of a frame with one column of sequences."""
    vocabulary = getattr(X, "attrs", {}).get(VOCABULARY_ATTR)
    if len(X.shape) == 2:
        if X.shape[1] != 1 or not _holds_sequences(X[X.columns[0]]):
            if vocabulary is not None:  # padded tokens
                return TokenArray(X.to_numpy(), vocabulary), vocabulary
            return X, None  # a table of numbers: check_array reads it
        X = X[X.columns[0]]
    # What polars yields are Series of Series, where steps have features; its lists are nested.
    items = X.to_list() if hasattr(X, "to_list") else list(X)
    return (items if vocabulary is None else TokenArray(items, vocabulary)), vocabulary


def _holds_sequences(column: Any) -> bool:
    first = next(iter(column), None)
    return isinstance(first, str) or (hasattr(first, "__len__") and hasattr(first, "__iter__"))


def _from_items(items: list[Any], dtype: Any, name: str, matrices: bool) -> Ragged:
    """Read a list of per-sequence items."""
    if not items:
        raise ValueError(
            f"Found array with 0 sample(s) (an empty list) while a minimum of 1 is required "
            f"by {name}."
        )
    arrays = [_item(item, i, dtype, name, matrices) for i, item in enumerate(items)]
    shape = next((a.shape[1:] for a in arrays if len(a)), None)
    if shape is None:  # an empty array, too, may tell how many features a step would have
        shape = next((a.shape[1:] for a in arrays if 0 not in a.shape[1:]), (1,))
    for i, array in enumerate(arrays):
        if len(array) and array.shape[1:] != shape:
            _refuse_other_steps(array, i, shape)
    filled = [a for a in arrays if len(a)] or [np.empty((0, *shape), dtype=arrays[0].dtype)]
    lengths = np.array([len(a) for a in arrays], dtype=np.int64)
    return _lay_flat(np.concatenate(filled), lengths)


def _lay_flat(steps: np.ndarray, lengths: np.ndarray, width: int | None = None) -> Ragged:
    """Return `Ragged` of (total_steps, ...) steps, whatever the shape of each."""
    shape = steps.shape[1:]
    flat = steps.reshape(len(steps), int(np.prod(shape)))
    return Ragged(flat, lengths, width=width, step_shape=shape if len(shape) > 1 else None)


def _refuse_other_steps(array: np.ndarray, index: int, shape: tuple[int, ...]) -> NoReturn:
    if array.ndim == 2 and len(shape) == 1:
        raise ValueError(
            f"X[{index}] has {array.shape[1]} features a step, but the sequences before it "
            f"have {shape[0]}; every sequence needs the same number."
        )
    raise ValueError(
        f"X[{index}] has steps of shape {array.shape[1:]}, but the sequences before it have "
        f"steps of shape {shape}; every step needs the same shape."
    )


def is_table(items: list[Any]) -> bool:
    """Tell whether numpy would read nested lists as a 2-D array."""
    return (
        all(isinstance(item, list | tuple) for item in items)
        and len({len(item) for item in items}) == 1
        and len(items[0]) > 0
        and not hasattr(items[0][0], "__len__")
    )


def _item(item: Any, index: int, dtype: Any, name: str, matrices: bool) -> np.ndarray:
    """Read one sequence as an array of shape (steps, features), or of steps that are matrices."""
    if isinstance(item, str | bytes):
        raise ValueError(f"X[{index}] is the text {item[:40]!r}: " + _text_hint(name))
    if isinstance(item, np.ndarray) and item.dtype.kind in "cMmUS" and item.size:
        _refuse_dtype(item, index, name)  # numpy would make numbers of dates and digits
    if isinstance(item, list | tuple) and item and isinstance(item[0], str | bytes):
        raise ValueError(f"X[{index}] holds strings: " + _text_hint(name, analyzer="analyzer=list"))
    try:
        with np.errstate(over="ignore"):  # what overflows is infinite, and refused as such
            array = np.asarray(item, dtype=dtype)
    except (TypeError, ValueError) as error:
        raise type(error)(f"X[{index}] cannot be read as a sequence of numbers: {error}") from error
    if array.ndim == 0 or array.ndim > (4 if matrices else 2):
        _refuse_item(item, array, index, matrices)
    if array.dtype.kind not in "biuf" and array.size:
        _refuse_dtype(array, index, name)
    return array[:, None] if array.ndim == 1 else array


def _refuse_item(item: Any, array: np.ndarray, index: int, matrices: bool) -> NoReturn:
    if array.ndim == 0:
        raise ValueError(
            f"X[{index}] is {item!r}, a {type(item).__name__}, where a sequence of numbers is "
            "expected. Reshape your data: one sequence per sample, X[i] of shape (T_i,) or "
            "(T_i, F). Expected 2D array, got 1D array instead."
        )
    more = ", (T_i, H, W) or (T_i, C, H, W)" if matrices else ""
    raise ValueError(
        f"X[{index}] has {array.ndim} dimensions; a sequence has shape (T_i,) or (T_i, F){more}."
    )


def _refuse_dtype(array: np.ndarray, index: int, name: str) -> NoReturn:
    if array.dtype.kind in "US" or isinstance(array.flat[0], str):
        raise ValueError(f"X[{index}] holds strings: " + _text_hint(name))
    if array.dtype.kind == "c":
        raise ValueError(f"Complex data not supported: X[{index}] has dtype {array.dtype}.")
    raise TypeError(f"X[{index}] has dtype {array.dtype}; a sequence holds integers or floats.")


def _is_sliding(X: Any) -> bool:
    """Tell whether X is a view of windows that overlap on the rows of one series."""
    if not isinstance(X, np.ndarray) or X.ndim != 3 or X.dtype.kind not in "iuf" or X.size == 0:
        return False
    window, step, _ = X.strides  # from one window to the next, and from row to row, in bytes
    return step > 0 and 0 < window < X.shape[1] * step and window % step == 0


def _from_windows(X: np.ndarray, dtype: Any) -> Ragged:
    """Read overlapping windows as stretches of the rows that they share."""
    n, length, n_features = X.shape
    starts = np.arange(n, dtype=np.int64) * (X.strides[0] // X.strides[1])
    rows = as_strided(X, (int(starts[-1]) + length, n_features), X.strides[1:], writeable=False)
    with np.errstate(over="ignore"):
        values = rows.astype(dtype)  # a copy: the caller may change the series afterwards
    return Ragged(values, np.full(n, length, dtype=np.int64), starts=starts)


def _from_array(X: Any, dtype: Any, name: str, matrices: bool) -> Ragged:
    """Read an array through scikit-learn's own checks, messages included."""
    if isinstance(X, TokenArray) and X.ndim == 1:
        return _from_items(list(X), np.int32, name, matrices)
    X = X.view(np.ndarray) if isinstance(X, TokenArray) else X
    if X is None:
        raise ValueError(f"X is None, where {name} expects sequences.")
    if getattr(getattr(X, "dtype", None), "kind", None) in ("U", "S") or isinstance(
        _first_cell(X), str | bytes
    ):
        raise ValueError("X holds strings: " + _text_hint(name))
    with np.errstate(over="ignore"):
        X = check_array(
            X,
            dtype="numeric" if dtype is None else dtype,
            allow_nd=True,
            ensure_all_finite=False,
            estimator=name,
            input_name="X",
        )
    if X.ndim > (5 if matrices else 3):
        more = ", (n, T, H, W) and (n, T, C, H, W), matrices" if matrices else ""
        raise ValueError(
            f"X has shape {X.shape}; accepted are (n, T) and (n, T, F): n sequences of T steps "
            f"of one number, or of F numbers{more}."
        )
    lengths = np.full(X.shape[0], X.shape[1], dtype=np.int64)
    if X.ndim == 2:
        return _lay_flat(X.reshape(-1, 1), lengths, width=X.shape[1])
    if 0 in X.shape[2:]:
        raise ValueError(f"X has shape {X.shape}: each step needs at least one feature.")
    return _lay_flat(X.reshape(-1, *X.shape[2:]), lengths)


def _first_cell(X: Any) -> Any:
    """Return a table's first cell, or `X` itself where it is no table."""
    if hasattr(X, "iloc"):
        return X.iloc[0, 0] if X.size else None
    if isinstance(X, np.ndarray):
        return X.flat[0] if X.size else None
    return X
