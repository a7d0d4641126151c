"""The one place where user input of any form becomes ``Sequences``.

Every estimator sees lists, object arrays, rectangles, frames and Awkward arrays through
`as_sequences`; nothing behind it asks what the user passed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal, NoReturn

import numpy as np
from sklearn.utils import check_array

from sklstm._tokens import (
    PADDING_ID,
    SEQUENCE_COLUMN,
    UNKNOWN_ID,
    VOCABULARY_ATTR,
    TokenArray,
    Vocabulary,
)

InputType = Literal["auto", "tokens", "values"]

_TEXT_HINT = (
    "this estimator reads sequences of numbers or token ids, not text. Put a tokenizer in "
    "front of it: make_pipeline(SequenceTokenizer(), {name}()).fit(texts, y)"
)


@dataclass(frozen=True)
class Sequences:
    """Ragged sequences laid end to end.

    Attributes
    ----------
    values : ndarray of shape (total_steps, n_features)
        Float values, or int32 token ids, of all sequences, one after the other.
    lengths : ndarray of shape (n_sequences,)
        Number of steps of each sequence.
    is_tokens : bool
        Whether `values` are token ids.
    width : int or None
        Number of columns of a 2-D input, which scikit-learn calls its features.
    vocabulary : Vocabulary or None
        The words behind the ids, where the input carried them.
    """

    values: np.ndarray
    lengths: np.ndarray
    is_tokens: bool = False
    width: int | None = None
    vocabulary: Vocabulary | None = None

    @cached_property
    def offsets(self) -> np.ndarray:
        """Index of the first step of each sequence in `values`."""
        return np.concatenate([[0], np.cumsum(self.lengths)[:-1]]).astype(np.int64)

    @property
    def n_features(self) -> int:
        """Numbers (or ids) per step."""
        return int(self.values.shape[1])

    @property
    def n_features_in(self) -> int:
        """What scikit-learn's ``n_features_in_`` is for this input."""
        return self.width if self.width is not None else self.n_features

    def __len__(self) -> int:
        return len(self.lengths)

    def __getitem__(self, index: int) -> np.ndarray:
        start = self.offsets[index]
        return self.values[start : start + self.lengths[index]]

    def take(self, indices: np.ndarray) -> Sequences:
        """Return the sequences at `indices`, in that order."""
        indices = np.arange(len(self))[indices]  # masks and negative indices too
        rows = ranges(self.offsets[indices], self.lengths[indices])
        return replace(self, values=self.values[rows], lengths=self.lengths[indices])

    def sequence_of_step(self, step: int) -> tuple[int, int]:
        """Return the sequence, and the step in it, that row `step` of `values` belongs to."""
        index = int(np.searchsorted(np.cumsum(self.lengths), step, side="right"))
        return index, int(step - self.offsets[index])


def ranges(starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Concatenate ``arange(start, start + length)`` for each pair, without a loop."""
    ends = np.cumsum(lengths)
    shift = np.repeat(starts - np.concatenate([[0], ends[:-1]]), lengths)
    return shift + np.arange(ends[-1] if len(ends) else 0)


def as_sequences(
    X: Any,
    *,
    input_type: InputType = "auto",
    padding_value: float | None = None,
    dtype: Any = np.float32,
    estimator_name: str = "LSTMClassifier",
    lists_are_tables: bool = False,
) -> Sequences:
    """Turn any accepted form of `X` into `Sequences`.

    Parameters
    ----------
    X : list, object array, Series, one-column frame or Awkward array of sequences, or \
            array of shape (n, T) or (n, T, F)
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
        Whether nested lists of one length set `Sequences.width`, as the 2-D array that numpy
        makes of them would.

    Returns
    -------
    Sequences
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
    if isinstance(X, list):
        sequences = _from_items(X, None if is_tokens else dtype, estimator_name)
        if lists_are_tables and _is_table(X):
            sequences = replace(sequences, width=len(X[0]))
    else:
        sequences = _from_array(X, None if is_tokens else dtype, estimator_name)
    if is_tokens:
        sequences = replace(_to_tokens(sequences), vocabulary=vocabulary)
        padding_value = PADDING_ID if padding_value is None else padding_value
    if padding_value is not None:
        sequences = _trim(sequences, padding_value)
    _check_finite(sequences)
    return _check_not_empty(sequences)


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


def _from_items(items: list[Any], dtype: Any, name: str) -> Sequences:
    """Read a list of per-sequence items."""
    if not items:
        raise ValueError(
            f"Found array with 0 sample(s) (an empty list) while a minimum of 1 is required "
            f"by {name}."
        )
    arrays = [_item(item, i, dtype, name) for i, item in enumerate(items)]
    n_features = next((a.shape[1] for a in arrays if len(a)), 1)
    for i, array in enumerate(arrays):
        if len(array) and array.shape[1] != n_features:
            raise ValueError(
                f"X[{i}] has {array.shape[1]} features a step, but the sequences before it "
                f"have {n_features}; every sequence needs the same number."
            )
    filled = [a for a in arrays if len(a)] or [np.empty((0, n_features), dtype=arrays[0].dtype)]
    lengths = np.array([len(a) for a in arrays], dtype=np.int64)
    return Sequences(np.concatenate(filled), lengths)


def _is_table(items: list[Any]) -> bool:
    """Tell whether numpy would read nested lists as a 2-D array."""
    return (
        all(isinstance(item, list | tuple) for item in items)
        and len({len(item) for item in items}) == 1
        and len(items[0]) > 0
        and not hasattr(items[0][0], "__len__")
    )


def _item(item: Any, index: int, dtype: Any, name: str) -> np.ndarray:
    """Read one sequence as an array of shape (steps, features)."""
    if isinstance(item, str | bytes):
        raise ValueError(f"X[{index}] is the text {item[:40]!r}: " + _TEXT_HINT.format(name=name))
    if isinstance(item, np.ndarray) and item.dtype.kind in "cMmUS" and item.size:
        _refuse_dtype(item, index, name)  # numpy would make numbers of dates and digits
    if isinstance(item, list | tuple) and item and isinstance(item[0], str | bytes):
        raise ValueError(f"X[{index}] holds strings: " + _TEXT_HINT.format(name=name))
    try:
        with np.errstate(over="ignore"):  # what overflows is infinite, and refused as such
            array = np.asarray(item, dtype=dtype)
    except (TypeError, ValueError) as error:
        raise type(error)(f"X[{index}] cannot be read as a sequence of numbers: {error}") from error
    if array.ndim == 0 or array.ndim > 2:
        _refuse_item(item, array, index)
    if array.dtype.kind not in "biuf" and array.size:
        _refuse_dtype(array, index, name)
    return array if array.ndim == 2 else array[:, None]


def _refuse_item(item: Any, array: np.ndarray, index: int) -> NoReturn:
    if array.ndim == 0:
        raise ValueError(
            f"X[{index}] is {item!r}, a {type(item).__name__}, where a sequence of numbers is "
            "expected. Reshape your data: one sequence per sample, X[i] of shape (T_i,) or "
            "(T_i, F). Expected 2D array, got 1D array instead."
        )
    raise ValueError(
        f"X[{index}] has {array.ndim} dimensions; a sequence has shape (T_i,) or (T_i, F)."
    )


def _refuse_dtype(array: np.ndarray, index: int, name: str) -> NoReturn:
    if array.dtype.kind in "US" or isinstance(array.flat[0], str):
        raise ValueError(f"X[{index}] holds strings: " + _TEXT_HINT.format(name=name))
    if array.dtype.kind == "c":
        raise ValueError(f"Complex data not supported: X[{index}] has dtype {array.dtype}.")
    raise TypeError(f"X[{index}] has dtype {array.dtype}; a sequence holds integers or floats.")


def _from_array(X: Any, dtype: Any, name: str) -> Sequences:
    """Read (n, T) or (n, T, F) through scikit-learn's own checks, messages included."""
    if isinstance(X, TokenArray) and X.ndim == 1:
        return _from_items(list(X), np.int32, name)
    X = X.view(np.ndarray) if isinstance(X, TokenArray) else X
    if X is None:
        raise ValueError(f"X is None, where {name} expects sequences.")
    if getattr(getattr(X, "dtype", None), "kind", None) in ("U", "S") or isinstance(
        _first_cell(X), str | bytes
    ):
        raise ValueError("X holds strings: " + _TEXT_HINT.format(name=name))
    with np.errstate(over="ignore"):
        X = check_array(
            X,
            dtype="numeric" if dtype is None else dtype,
            allow_nd=True,
            ensure_all_finite=False,
            estimator=name,
            input_name="X",
        )
    if X.ndim > 3:
        raise ValueError(
            f"X has shape {X.shape}; accepted are (n, T) and (n, T, F): n sequences of T steps "
            "of one number, or of F numbers."
        )
    lengths = np.full(X.shape[0], X.shape[1], dtype=np.int64)
    width = X.shape[1] if X.ndim == 2 else None
    n_features = 1 if X.ndim == 2 else X.shape[2]
    if n_features == 0:
        raise ValueError(f"X has shape {X.shape}: each step needs at least one feature.")
    return Sequences(X.reshape(-1, n_features), lengths, width=width)


def _first_cell(X: Any) -> Any:
    """Return a table's first cell, or `X` itself where it is no table."""
    if hasattr(X, "iloc"):
        return X.iloc[0, 0] if X.size else None
    if isinstance(X, np.ndarray):
        return X.flat[0] if X.size else None
    return X


def _to_tokens(sequences: Sequences) -> Sequences:
    """Check that `values` can be token ids, and make them int32."""
    values = sequences.values
    if values.dtype.kind not in "iub":
        whole = np.isfinite(values) & (values == np.floor(values))
        if not whole.all():
            step = int(np.flatnonzero(~whole.all(axis=1))[0])
            index, at = sequences.sequence_of_step(step)
            raise ValueError(
                f"X[{index}] holds {values[step].tolist()} at step {at}, but token ids are whole "
                "numbers from 0 on. Pass input_type='values' to read X as numbers."
            )
    if values.size and (values.min() < 0 or values.max() > np.iinfo(np.int32).max):
        bad = (values < 0) | (values > np.iinfo(np.int32).max)
        step = int(np.flatnonzero(bad.any(axis=1))[0])
        index, at = sequences.sequence_of_step(step)
        raise ValueError(
            f"X[{index}] holds the token id {values[step][bad[step]][0]} at step {at}; ids are "
            "whole numbers from 0 to 2147483647."
        )
    return replace(sequences, values=values.astype(np.int32, copy=False), is_tokens=True)


def _trim(sequences: Sequences, padding_value: float) -> Sequences:
    """Cut leading and trailing steps that are wholly `padding_value`."""
    values = sequences.values
    # As a Python number it is compared at the precision of the values; np.float64(0.1) would
    # never equal a float32.
    padding_value = float(padding_value)
    is_pad = np.isnan(values) if np.isnan(padding_value) else values == padding_value
    kept = np.flatnonzero(~is_pad.all(axis=1))
    n = len(sequences)
    owner = np.repeat(np.arange(n), sequences.lengths)[kept]
    first = np.searchsorted(owner, np.arange(n), side="left")
    last = np.searchsorted(owner, np.arange(n), side="right") - 1
    empty = last < first
    if len(kept) == 0:
        starts = lengths = np.zeros(n, dtype=np.int64)
    else:
        starts = np.where(empty, 0, kept[np.minimum(first, len(kept) - 1)])
        lengths = np.where(empty, 0, kept[last] - starts + 1)
    if lengths.sum() == len(values):
        return sequences
    return replace(sequences, values=values[ranges(starts, lengths)], lengths=lengths)


def _check_finite(sequences: Sequences) -> None:
    values = sequences.values
    if values.dtype.kind != "f" or np.isfinite(values).all():
        return
    step = int(np.flatnonzero(~np.isfinite(values).all(axis=1))[0])
    index, at = sequences.sequence_of_step(step)
    raise ValueError(
        f"Input X contains NaN or infinity, or a value too large for {values.dtype}: X[{index}] "
        f"holds {values[step].tolist()} at step {at}. Fill gaps before fitting; steps that only "
        "fill up a rectangle can be cut off with padding_value."
    )


def _check_not_empty(sequences: Sequences) -> Sequences:
    empty = np.flatnonzero(sequences.lengths == 0)
    if len(empty) == 0:
        return sequences
    if not sequences.is_tokens:
        raise ValueError(
            f"X[{empty[0]}] is an empty sequence ({len(empty)} of {len(sequences)} are): every "
            "sequence of values needs at least one step besides padding."
        )
    # A text without a known word is ordinary; it is read as one unknown word.
    lengths = np.maximum(sequences.lengths, 1)
    values = np.full((lengths.sum(), sequences.n_features), UNKNOWN_ID, dtype=np.int32)
    filled = np.repeat(sequences.lengths > 0, lengths)
    values[filled] = sequences.values
    return replace(sequences, values=values, lengths=lengths)
