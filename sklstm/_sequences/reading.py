"""Read input of any form as ``Ragged``, and find out whether it is a table or sequences.

Lists, object arrays, rectangular arrays, data frames and Awkward arrays are read by `as_ragged`.
What was given is noted in ``Ragged.form``, so that no other room has to look at X.
"""

from __future__ import annotations

import datetime
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from numbers import Integral, Real
from typing import Any, Literal, NoReturn

import numpy as np
from numpy.lib.stride_tricks import as_strided
from scipy.sparse import issparse
from sklearn.utils import check_array

from sklstm._callers import caller_level
from sklstm._sequences.arrays import check_entries, check_unmasked, plain
from sklstm._sequences.containers import align_frames, as_container, from_cells, is_sequence
from sklstm._sequences.ragged import OriginalForm, Ragged, UnknownWords, sequence_ids
from sklstm._sequences.tokens import (
    END_ID,
    N_RESERVED,
    PADDING_ID,
    SEQUENCE_COLUMN,
    UNKNOWN_ID,
    TokenArray,
    Vocabulary,
    shared_vocabulary,
    vocabulary_of,
    words_of,
)

InputType = Literal["auto", "tokens", "values"]

_TEXT_HINT = (
    "this estimator reads sequences of numbers or token ids, not text. Put a tokenizer "
    "before it: make_pipeline(SequenceTokenizer({analyzer}), {name}()).fit(texts, y)"
)
# Most numbers in lists are of these types; of others, some would be converted silently.
_NUMBERS = frozenset({int, float, bool, np.float64, np.float32, np.int64, np.int32, np.bool_})

# Most items are of these types, which `as_container` returns as they are.
_USUAL = frozenset({list, tuple, np.ndarray})


def _text_hint(name: str, analyzer: str = "") -> str:
    if name.endswith("Forecaster"):
        return "a forecaster reads numbers, and NaN where they are missing."
    return _TEXT_HINT.format(name=_reader_of_ids(name), analyzer=analyzer)


def _reader_of_ids(name: str) -> str:
    """Return which estimator messages put after a tokenizer, where texts came to one of `name`."""
    return name if name.startswith(("LSTM", "Autoencoder")) else "LSTMClassifier"


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
    empty_sequences: bool = False,
    allow_nan: bool = False,
    columns: Sequence[Any] | None = None,
) -> Ragged:
    """Read any accepted form of X as `Ragged`.

    Parameters
    ----------
    X : list, object array, Series, one-column frame, pyarrow or Awkward array of sequences, or \
            array of shape (n, T), (n, T, F), (n, T, H, W) or (n, T, C, H, W), or \
            frame with a column for each feature, whose cells are sequences
        The sequences. See `docs/architecture.md` for what each form means.
    input_type : {"auto", "tokens", "values"}, default="auto"
        "auto" reads a `TokenArray`, and sequences taken out of one, as token ids and everything
        else as values.
    padding_value : float or None, default=None
        Leading and trailing steps whose values all equal it are cut off. With None, token ids
        are cut off where they are 0, and values are not cut.
    dtype : dtype, list of dtype or None, default=numpy.float32
        Values are converted to it; None keeps the dtype of the input. Of a list, values that have
        one of these dtypes keep it, and others get the first one.
    estimator_name : str, default="LSTMClassifier"
        Named in error messages.
    lists_are_tables : bool, default=False
        Whether nested lists of equal length set `Ragged.width`, as the 2-D array that numpy
        makes of them does.
    matrices : bool, default=False
        Whether steps may be matrices, or several of the same shape. Windows that share the rows
        of one series are then read without a copy of each.
    empty_texts : bool, default=True
        Whether an empty sequence of token ids is read as the end of a text, id 3, alone.
    empty_sequences : bool, default=False
        Whether other sequences may be empty; otherwise that is an error.
    allow_nan : bool, default=False
        Whether values may be missing, as NaN; infinite ones are an error in any case.
    columns : sequence or None, default=None
        The names of the features in `fit`, if X consisted of frames there. None: sequences that
        are frames have the features in the order of the first one.

    Returns
    -------
    Ragged
        All values are finite, or with `allow_nan` NaN, and unless `empty_sequences` every sequence
        has at least one step.

    Raises
    ------
    TypeError, ValueError
        If `X` holds anything else; the message names the first such sequence.
    """
    names = getattr(X, "column_names", None)  # of a pyarrow table
    X = as_container(X, "X")
    if input_type == "auto":
        _check_ids_alone(X)
        _check_vocabulary_not_lost(X, estimator_name)
    refuse_counts(X, estimator_name)
    was_list = isinstance(X, list | tuple)
    X, vocabulary, is_tokens = unwrap(X)
    is_tokens = input_type != "values" and (is_tokens or input_type == "tokens")
    X, names = from_cells(X, "X", columns, names)
    X = list(X) if _is_column(X) else X
    if isinstance(X, list) and input_type != "values":
        is_tokens, vocabulary = shared_vocabulary(X, vocabulary, are_ids=is_tokens)
    matrices = matrices and not is_tokens
    if isinstance(X, list) and is_tokens and vocabulary is not None and vocabulary.bags:
        X = _pad_bags(X)
    if isinstance(X, list):
        if names is None:
            X, names = align_frames(X, "X", columns)
        sequences = _from_items(X, None if is_tokens else dtype, estimator_name, matrices)
        if names is not None:
            sequences = replace(sequences, columns=names)
        if lists_are_tables and _is_nested_table(X):
            sequences = replace(sequences, width=len(X[0]))
        if was_list and all(isinstance(item, list | tuple) for item in X):
            same = bool((sequences.lengths == sequences.lengths[0]).all())
            sequences = replace(sequences, form=replace(sequences.form, is_rectangle=same))
    elif matrices and padding_value is None and _is_sliding(X):
        sequences = _from_windows(X, dtype)
    else:
        sequences = _from_array(X, None if is_tokens else dtype, estimator_name, matrices)
    if is_tokens:
        sequences = replace(_to_tokens(sequences), vocabulary=vocabulary)
        if isinstance(X, list):
            sequences = replace(sequences, unknown=_unknown_words(X, sequences))
        padding_value = PADDING_ID if padding_value is None else padding_value
    if padding_value is not None:
        sequences = sequences.trim(padding_value)
    _check_finite(sequences, allow_nan)
    if is_tokens and empty_texts:
        return _fill_empty_texts(sequences)
    return sequences if empty_sequences else _check_not_empty(sequences)


def as_series(
    X: Any,
    estimator_name: str,
    *,
    dtype: Any = np.float64,
    columns: Sequence[Any] | None = None,
    are_windows: bool = True,
) -> Ragged:
    """Read a collection of series to forecast, in which NaN is a missing value.

    Parameters
    ----------
    X : list, array or frame
        Any form of sequences of values that `as_ragged` reads.
    estimator_name : str
        Named in error messages.
    dtype : dtype or list of dtype, default=numpy.float64
        As in `as_ragged`.
    columns : sequence or None, default=None
        The names of the features in `fit`, if series were frames there.
    are_windows : bool, default=True
        As in `check_series_frame`.

    Raises
    ------
    TypeError, ValueError
        As `as_ragged` and `check_series_frame` do, but for NaN; and if X is a single series.
    """
    items = as_container(X, "X")
    check_series_frame(items, are_windows=are_windows)
    if len(getattr(items, "shape", (0,))) == 1 and hasattr(items, "__len__") and len(items):
        first = next(iter(items))
        if isinstance(first, Real) and not isinstance(items, str | bytes):
            raise ValueError(
                f"X is one series of {len(items)} numbers, where {estimator_name} expects a "
                "collection of series. Reshape your data: pass [series]. Expected 2D array, got 1D "
                "array instead."
            )
    return as_ragged(
        X,
        input_type="values",
        dtype=dtype,
        estimator_name=estimator_name,
        allow_nan=True,
        columns=columns,
    )


def check_series_frame(X: Any, *, are_windows: bool) -> None:
    """Raise TypeError for a data frame whose rows are times, where each row is read as a series.

    Parameters
    ----------
    X : list, array or frame
        A collection of series.
    are_windows : bool
        Whether rows may be windows: lags of a value, with the time of each window in the index.
    """
    if not hasattr(X, "columns") or len(getattr(X, "shape", ())) != 2 or not len(X):
        return
    for name in X.columns:
        column = X[name]
        first = column.iloc[0] if hasattr(column, "iloc") else column[0]
        if isinstance(first, str | bytes | datetime.date | np.datetime64):
            raise TypeError(
                f"X is a data frame with {plain(first)!r} in its column {plain(name)!r}, but each "
                "row of X is read as a series of numbers. Of a long table, with a row for each "
                "series and time, take series = frame_to_series(X), and pass series.X."
            )
    index = getattr(X, "index", None)
    if not are_windows and type(index).__name__ in ("DatetimeIndex", "PeriodIndex"):
        raise TypeError(
            f"X is a data frame of shape {X.shape} with times in its index, but each row of X is "
            "read as a series. Pass [X[name] for name in X] if each column is a series, [X] for "
            "one series of several features, or X.to_numpy() if each row is indeed a series."
        )


def is_table(X: Any, input_type: str = "auto") -> bool:
    """Return True if X is a table of one row per sample, rather than sequences or texts.

    Parameters
    ----------
    X : array-like, sparse matrix or sequences of any form
        The input. Single numbers without rows count as a table, too, because scikit-learn's
        error message about them is clear.
    input_type : {"auto", "tokens", "values"}, default="auto"
        With "tokens", rows are sequences of token ids.
    """
    if input_type == "tokens":
        return False
    if issparse(X):
        return True
    if isinstance(X, TokenArray) or vocabulary_of(X) is not None:
        return False
    X = as_container(X, "X")
    if hasattr(X, "columns") and len(X.columns) == 1:
        return not _holds_sequences(X[X.columns[0]])
    if _ids_in_cells(X) or from_cells(X, "X")[0] is not X:
        return False
    if hasattr(X, "columns"):
        return True
    if isinstance(X, list | tuple):
        return len(X) > 0 and (_is_nested_table(X) or _is_number(X[0]))
    array = _as_array(X)
    if array is None or len(array.shape) > 2:
        return False
    if not hasattr(array.dtype, "kind"):  # a polars Series
        return not _holds_sequences(array)
    return len(array.shape) == 2 or array.dtype.kind in "biufc"


def refuse_counts(X: Any, estimator_name: str, name: str = "X") -> None:
    """Raise TypeError for sparse input, which a vectorizer of texts makes in most cases."""
    sparse = issparse(X)
    if not sparse and hasattr(X, "columns") and hasattr(X, "iloc"):
        sparse = X.shape[1] > 0 and all(str(dtype).startswith("Sparse") for dtype in X.dtypes)
    if sparse:
        model = _reader_of_ids(estimator_name)
        raise TypeError(
            f"{name} is sparse, a {type(X).__name__} of shape {X.shape}, as CountVectorizer and "
            "TfidfVectorizer return it. Counts of words have no order in time, so there are no "
            "sequences to read in it, nor would there be in a dense array. Put SequenceTokenizer "
            f"in the place of the vectorizer: make_pipeline(SequenceTokenizer(), {model}())"
            ".fit(texts, y); or use a linear model for counts, LogisticRegression or Ridge."
        )


def token_ids_in(X: Any) -> tuple[bool, Vocabulary | None]:
    """Return whether X holds the output of a tokenizer, in any container, and its vocabulary."""
    X, vocabulary, are_ids = unwrap(X)
    if isinstance(X, list):
        return shared_vocabulary(X, vocabulary, are_ids=are_ids)
    return are_ids, vocabulary


def _is_number(item: Any) -> bool:
    if isinstance(item, np.ndarray):
        return item.ndim == 0
    return not hasattr(item, "__iter__") and not hasattr(type(item), "__array__")


def _as_array(X: Any) -> Any:
    """Return what has a shape and a dtype, or None for ragged containers of another kind."""
    if hasattr(X, "shape") and hasattr(X, "dtype"):
        return X
    try:
        return np.asarray(X) if hasattr(X, "__array__") else None
    except (TypeError, ValueError):
        return None


def _check_ids_alone(X: Any) -> None:
    """Raise ValueError for what numpy made of token ids and values, such as two columns of them."""
    if isinstance(X, TokenArray) and X.dtype.kind == "f" and X.vocabulary is None:
        raise ValueError(
            f"X of shape {X.shape} combines token ids with numbers that have no vocabulary, but an "
            "LSTM reads one or the other. In a ColumnTransformer before it, let the token ids be "
            "the only output, with remainder='drop'; or say what all of the numbers are by "
            "input_type='tokens' or 'values'."
        )


def _check_vocabulary_not_lost(X: Any, name: str) -> None:
    """Raise ValueError for a polars frame that may hold token ids or values."""
    if _is_polars_frame(X) and X.columns == [SEQUENCE_COLUMN] and "Int" in str(X.dtypes[0]):
        _refuse_polars(X, name)


def _is_polars_frame(X: Any) -> bool:
    return type(X).__module__.partition(".")[0] == "polars" and len(X.shape) == 2


def _refuse_polars(X: Any, name: str) -> NoReturn:
    otherwise = "say what the numbers are by input_type='tokens' or 'values'"
    if name in ("SequencePadder", "SequenceScaler"):
        otherwise = f"if they are values, pass the column alone, X[{X.columns[0]!r}]"
    raise ValueError(
        "X is a polars frame of whole numbers, which cannot carry the vocabulary of token ids. "
        "Use set_output(transform='pandas') or 'default' on the tokenizer, or on a pipeline or "
        "ColumnTransformer around it (which with 'default' takes the column of texts as a list, "
        f"['text']); or {otherwise}."
    )


def warn_of_ids(X: Any, sequences: Ragged, name: str) -> bool:
    """Warn that X, read as values, may hold token ids that have lost their vocabulary.

    Return True if there was something to warn of.

    These are whole numbers of an integer type that are not negative, and large enough for words.
    Integers of one byte are pixels or the like; steps that are matrices hold no token ids, and
    several numbers per step only where they look like a word and its characters.

    Raises
    ------
    ValueError
        If X is a polars frame of one column, which a tokenizer may have returned.
    """
    if sequences.is_tokens or sequences.step_shape is not None or not _holds_integers(X):
        return False
    values = sequences.values
    if sequences.n_features > 1 and not _look_like_characters(values):
        return False
    if values.min() < 0 or not N_RESERVED <= values.max() <= np.iinfo(np.int32).max:
        return False
    if _is_polars_frame(X) and len(X.columns) == 1:  # of sequences
        _refuse_polars(X, name)
    warnings.warn(
        f"X holds whole numbers without a vocabulary, which {name} reads as values. If they are "
        "token ids, set input_type='tokens', or pass what SequenceTokenizer returned, which keeps "
        "its vocabulary. If they are values, input_type='values' reads them without this warning.",
        UserWarning,
        stacklevel=caller_level(),
    )
    return True


def _look_like_characters(steps: np.ndarray) -> bool:
    """Return True if each word is followed by at least one character, then zeros after some."""
    padding = steps[steps[:, 0] >= N_RESERVED, 1:] == PADDING_ID
    return bool(
        padding.any() and not padding[:, 0].any() and not (padding[:, :-1] & ~padding[:, 1:]).any()
    )


def warn_of_padded_ids(X: Any, name: str) -> None:
    """Warn that X, read as a table, may hold padded token ids that have lost their vocabulary.

    In these the zeros are all at the beginning, or all at the end, of each row, and their number
    varies.
    """
    if issparse(X) or not _holds_integers(X):
        return
    table = np.asarray(X)
    if table.ndim != 2 or table.size == 0 or table.min() < 0 or table.max() < N_RESERVED:
        return
    zero = table == PADDING_ID
    count = zero.sum(axis=1)
    is_padded = any(
        (np.logical_and.accumulate(side, axis=1).sum(axis=1) == count).all()
        for side in (zero, zero[:, ::-1])
    )
    if is_padded and len(np.unique(count)) > 2:  # fewer occur by chance
        warnings.warn(
            f"X holds whole numbers in rows that are padded with zeros, which {name} reads as a "
            "table. If they are token ids, set input_type='tokens', or pass what SequenceTokenizer "
            "or SequencePadder returned, which keeps its vocabulary. If X is a table, "
            "input_type='values' reads it without this warning.",
            UserWarning,
            stacklevel=caller_level(),
        )


def _holds_integers(X: Any) -> bool:
    """Return True if all numbers in X are integers of two bytes or more."""
    X = from_cells(unwrap(as_container(X, "X"))[0], "X")[0]
    X = list(X) if _is_column(X) else X
    if isinstance(X, list):
        arrays = map(np.asarray, X)
        return all(_are_integers(array) for array in arrays if array.size)
    if hasattr(X, "columns") and hasattr(X, "iloc"):  # pandas has types of its own
        return all(_is_wide_integer(dtype) for dtype in X.dtypes)
    return _are_integers(X)


def _are_integers(X: Any) -> bool:
    array = np.asarray(X)
    if array.dtype == object:
        kinds = {type(number) for number in array.flat}
        return all(issubclass(kind, Integral) and not issubclass(kind, bool) for kind in kinds)
    return _is_wide_integer(array.dtype)


def _is_wide_integer(dtype: Any) -> bool:
    return getattr(dtype, "kind", "") in ("i", "u") and getattr(dtype, "itemsize", 1) > 1


def unwrap(X: Any) -> tuple[Any, Vocabulary | None, bool]:
    """Return X as a list of sequences or an array, its vocabulary, and whether it holds ids."""
    if isinstance(X, TokenArray):
        is_padded = X.ndim > 1 and (X.dtype != object or not _holds_ids(X.flat))
        return X if is_padded else _items_of_column(X), X.vocabulary, True
    package = type(X).__module__.partition(".")[0]
    if package == "awkward":
        return X.to_list(), None, False
    if package in ("pandas", "polars"):
        return _unwrap_frame(X)
    if isinstance(X, np.ndarray) and X.dtype == object and (X.ndim == 1 or _holds_ids(X.flat)):
        return _items_of_column(X), None, False
    if isinstance(X, tuple):
        return list(X), None, False
    return X, None, False


def _unwrap_frame(X: Any) -> tuple[Any, Vocabulary | None, bool]:
    """Return the sequences of a Series, or of a frame with one column of sequences."""
    vocabulary = vocabulary_of(X)
    if len(X.shape) == 2:
        if X.shape[1] != 1 or not _holds_sequences(X[X.columns[0]]):
            if _ids_in_cells(X):
                _items_of_column(X.to_numpy())  # which refuses it
            if vocabulary is not None:  # padded tokens
                return TokenArray(X.to_numpy(), vocabulary), vocabulary, True
            return X, None, False  # a table of numbers: check_array reads it
        X = X[X.columns[0]]
    # Iterating over a polars Series yields Series; its to_list() gives nested lists.
    items = X.to_list() if hasattr(X, "to_list") else list(X)
    return items, vocabulary, vocabulary is not None


def _holds_ids(cells: Iterable[Any]) -> bool:
    """Return True if one of the cells of an array or of a row is a sequence of token ids."""
    return any(isinstance(cell, TokenArray) for cell in cells)


def _ids_in_cells(X: Any) -> bool:
    """Return True if a table has sequences of token ids in its cells."""
    if hasattr(X, "iloc") and hasattr(X, "columns"):
        return len(X) > 0 and X.shape[1] > 0 and _holds_ids(X.iloc[0])
    return isinstance(X, np.ndarray) and X.dtype == object and _holds_ids(X.flat)


def _is_column(X: Any) -> bool:
    """Return True for a plain array with one sequence in each cell."""
    return isinstance(X, np.ndarray) and X.dtype == object and X.ndim == 1


def _items_of_column(X: np.ndarray) -> list[Any]:
    """Return the sequences of an array of shape (n,) or (n, 1)."""
    if X.ndim > 1 and X.shape[1:] != (1,):
        raise ValueError(
            f"X has shape {X.shape}, and sequences of token ids in its cells; an LSTM reads one "
            "column of sequences, and no numbers beside them. A ColumnTransformer before it gives "
            "this column if the tokenizer of one column is its only transformer, with "
            "remainder='drop'."
        )
    return list(X if X.ndim == 1 else X[:, 0])


def id_rows(X: Any, vocabulary: Vocabulary) -> Iterator[np.ndarray]:
    """Yield the ids of the words of each sequence, in any container; check that they are ids.

    If the vocabulary has characters, a sequence may hold their ids beside those of the words. If it
    has bags of words, the ids of each step are a row.
    """
    rows, owner, _ = unwrap(as_container(X, "X"))
    if isinstance(rows, list):
        _, owner = shared_vocabulary(rows, owner, are_ids=True)
    elif hasattr(rows, "columns"):
        rows = np.asarray(rows)
    if owner is not None and owner is not vocabulary and owner != vocabulary:
        raise ValueError(
            f"X was made with another vocabulary, of {owner.size()}; this tokenizer's has "
            f"{vocabulary.size()}. With it, the same ids stand for other words."
        )
    if not isinstance(rows, Iterable):
        raise TypeError(f"X must hold sequences of token ids, got {type(X).__name__} ({X!r}).")
    most = 2 if vocabulary.bags or vocabulary.characters is not None else 1
    for i, item in enumerate(rows):
        if isinstance(item, np.ma.MaskedArray):
            check_unmasked(item, f"X[{i}]")
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
        if vocabulary.bags:
            yield (ids if ids.ndim == 2 else ids[:, None]).astype(np.intp)
        else:
            yield (ids if ids.ndim == 1 else ids[:, 0]).astype(np.intp)


def _holds_sequences(column: Any) -> bool:
    first = next(iter(column), None)
    return isinstance(first, str) or (hasattr(first, "__len__") and hasattr(first, "__iter__"))


def _from_items(items: list[Any], dtype: Any, name: str, matrices: bool) -> Ragged:
    """Read a list with one item per sequence."""
    if not items:
        raise ValueError(
            f"Found array with 0 sample(s) (an empty list) while a minimum of 1 is required "
            f"by {name}."
        )
    with np.errstate(over="ignore"):  # an overflow gives infinity, which is refused later
        arrays = [_item(item, i, dtype, name, matrices) for i, item in enumerate(items)]
    numbers = arrays[0].ndim == 1
    arrays = [array[:, None] if array.ndim == 1 else array for array in arrays]
    shape = next((a.shape[1:] for a in arrays if len(a)), None)
    if shape is None:  # an empty array, too, may tell how many features per step would have
        shape = next((a.shape[1:] for a in arrays if 0 not in a.shape[1:]), (1,))
    for i, array in enumerate(arrays):
        if len(array) and array.shape[1:] != shape:
            _refuse_other_steps(array, i, shape)
    filled = [a for a in arrays if len(a)] or [np.empty((0, *shape), dtype=arrays[0].dtype)]
    lengths = np.array([len(a) for a in arrays], dtype=np.int64)
    sequences = _flattened(np.concatenate(filled), lengths)
    numbers = numbers and sequences.n_features == 1
    return replace(sequences, form=OriginalForm(steps_are_numbers=numbers))


def _flattened(steps: np.ndarray, lengths: np.ndarray) -> Ragged:
    """Return `Ragged` of (total_steps, ...) steps of any shape."""
    shape = steps.shape[1:]
    flat = steps.reshape(len(steps), int(np.prod(shape)))
    return Ragged(flat, lengths, step_shape=shape if len(shape) > 1 else None)


def _refuse_other_steps(array: np.ndarray, index: int, shape: tuple[int, ...]) -> NoReturn:
    if array.ndim == 2 and len(shape) == 1:
        raise ValueError(
            f"X[{index}] has {array.shape[1]} features per step, but the sequences before it "
            f"have {shape[0]}; every sequence needs the same number."
        )
    raise ValueError(
        f"X[{index}] has steps of shape {array.shape[1:]}, but the sequences before it have "
        f"steps of shape {shape}; every step needs the same shape."
    )


def _pad_bags(items: list[Any]) -> list[Any]:
    """Return sequences of bags of words with as many ids in each step as the largest bag has."""
    rows = [item.view(np.ndarray) if isinstance(item, TokenArray) else item for item in items]
    widths = {row.shape[1] for row in rows if isinstance(row, np.ndarray) and row.ndim == 2}
    if len(widths) < 2:
        return items
    width = max(widths)
    return [
        np.pad(row, ((0, 0), (0, width - row.shape[1])), constant_values=PADDING_ID)
        if isinstance(row, np.ndarray) and row.ndim == 2
        else row
        for row in rows
    ]


def _is_nested_table(items: Sequence[Any]) -> bool:
    """Return True if numpy reads nested lists as a 2-D array."""
    return (
        all(isinstance(item, list | tuple) for item in items)
        and len({len(item) for item in items}) == 1
        and len(items[0]) > 0
        and not hasattr(items[0][0], "__len__")
    )


def _item(item: Any, index: int, dtype: Any, name: str, matrices: bool) -> np.ndarray:
    """Read one sequence as an array of shape (T_i,), (T_i, F), or with a matrix for each step."""
    if dtype is None and isinstance(item, TokenArray) and _is_ids(item):
        return item.view(np.ndarray)  # nothing to convert
    if isinstance(item, str | bytes):
        raise ValueError(f"X[{index}] is the text {item[:40]!r}: " + _text_hint(name))
    if type(item) not in _USUAL and hasattr(item, "__iter__"):
        item = as_container(item, f"X[{index}]")
    # numpy would convert dates and digits to numbers
    if isinstance(item, list | tuple):
        if not _holds_numbers(item):
            _check_list(item, index, name)
    elif not isinstance(item, np.ndarray) or item.dtype.kind not in "biuf":
        refuse_counts(item, name, f"X[{index}]")
        check_entries(item, f"X[{index}]")
        cells = np.asarray(item) if hasattr(item, "__array__") else np.empty(0)
        if cells.size and _is_no_number(cells):
            _refuse_dtype(cells, index, name)
        if cells.shape == (1,) and is_sequence(cells[0]):
            raise ValueError(
                f"X[{index}] is an array of shape (1,) with a sequence in it, the row of a table "
                "with one column of sequences. Pass the sequences themselves: those of a table X "
                "are X[:, 0]."
            )
    try:
        if hasattr(item, "iloc") and cells.dtype == object:  # numpy does not know pandas.NA
            item = item.mask(item.isna(), np.nan).astype(np.float64)
        array = np.asarray(item, dtype=_dtype_of(item, dtype))
    except (TypeError, ValueError) as error:
        raise type(error)(f"X[{index}] cannot be read as a sequence of numbers: {error}") from error
    if array.ndim == 0 or array.ndim > (4 if matrices else 2):
        _refuse_item(item, array, index, matrices)
    if array.dtype.kind not in "biuf" and array.size:
        _refuse_dtype(array, index, name)
    return array


def _dtype_of(item: Any, accepted: Any) -> Any:
    """Return the dtype to read an item in; see `dtype` in `as_ragged`."""
    if not isinstance(accepted, list):
        return accepted
    own = getattr(item, "dtype", None)
    return own if own in accepted else accepted[0]


def _is_no_number(array: np.ndarray) -> bool:
    if array.dtype.kind == "O":
        return any(issubclass(kind, str | bytes) for kind in set(map(type, array.flat)))
    return array.dtype.kind in "cUS"


def _holds_numbers(item: Sequence[Any]) -> bool:
    """Return True if a list holds only numbers, or lists of numbers."""
    kinds = set(map(type, item))
    if kinds == {list}:
        return _NUMBERS.issuperset(map(type, chain.from_iterable(item)))
    return kinds <= _NUMBERS


def _check_list(item: Sequence[Any], index: int, name: str) -> None:
    """Raise for texts, dates and masked entries in a list, which numpy may convert to numbers."""
    if _holds_text(item):
        raise ValueError(f"X[{index}] holds strings: " + _text_hint(name, analyzer="analyzer=list"))
    check_entries(item, f"X[{index}]")


def _is_ids(item: TokenArray) -> bool:
    return 0 < item.ndim < 3 and item.dtype.kind in "iu"


def _holds_text(item: Sequence[Any]) -> bool:
    return any(
        isinstance(step, str | bytes) or (isinstance(step, list | tuple) and _holds_text(step))
        for step in item
    )


def _refuse_item(item: Any, array: np.ndarray, index: int, matrices: bool) -> NoReturn:
    if array.ndim == 0:
        raise ValueError(
            f"X[{index}] is {plain(item)!r}, a {type(item).__name__}, where a sequence of numbers "
            "is expected. Reshape your data: one sequence per sample, X[i] of shape (T_i,) or "
            "(T_i, F). Expected 2D array, got 1D array instead."
        )
    more = ", (T_i, H, W) or (T_i, C, H, W)" if matrices else ""
    raise ValueError(
        f"X[{index}] has {array.ndim} dimensions; a sequence has shape (T_i,) or (T_i, F){more}."
    )


def _refuse_dtype(array: np.ndarray, index: int, name: str) -> NoReturn:
    if array.dtype.kind == "c":
        raise ValueError(f"Complex data not supported: X[{index}] has dtype {array.dtype}.")
    if _is_no_number(array):
        raise ValueError(f"X[{index}] holds strings: " + _text_hint(name))
    raise TypeError(f"X[{index}] has dtype {array.dtype}; a sequence holds integers or floats.")


def _is_sliding(X: Any) -> bool:
    """Return True if X is a view of windows that overlap on the rows of one series."""
    if not isinstance(X, np.ndarray) or X.ndim != 3 or X.dtype.kind not in "iuf" or X.size == 0:
        return False
    window, step, _ = X.strides  # from one window to the next, and from row to row, in bytes
    return step > 0 and 0 < window < X.shape[1] * step and window % step == 0


def _from_windows(X: np.ndarray, dtype: Any) -> Ragged:
    """Read overlapping windows without a copy of the rows that they share."""
    n, length, n_features = X.shape
    starts = np.arange(n, dtype=np.int64) * (X.strides[0] // X.strides[1])
    rows = as_strided(X, (int(starts[-1]) + length, n_features), X.strides[1:], writeable=False)
    with np.errstate(over="ignore"):
        values = rows.astype(
            _dtype_of(X, dtype)
        )  # a copy: the caller may change the series afterwards
    lengths = np.full(n, length, dtype=np.int64)
    return Ragged(values, lengths, starts=starts, form=OriginalForm(is_rectangle=True))


def _from_array(X: Any, dtype: Any, name: str, matrices: bool) -> Ragged:
    """Read an array by scikit-learn's `check_array`, with its error messages."""
    X = X.view(np.ndarray) if isinstance(X, TokenArray) else X
    check_entries(X, "X")
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
        more = "; also (n, T, H, W) and (n, T, C, H, W), steps of matrices" if matrices else ""
        raise ValueError(
            f"X has shape {X.shape}; accepted are (n, T) and (n, T, F): n sequences of T steps "
            f"of one number, or of F features{more}."
        )
    lengths = np.full(X.shape[0], X.shape[1], dtype=np.int64)
    if X.ndim == 2:
        form = OriginalForm(is_rectangle=True, steps_are_numbers=True)
        return Ragged(X.reshape(-1, 1), lengths, width=X.shape[1], form=form)
    if 0 in X.shape[2:]:
        raise ValueError(f"X has shape {X.shape}: each step needs at least one feature.")
    sequences = _flattened(X.reshape(-1, *X.shape[2:]), lengths)
    return replace(sequences, form=OriginalForm(is_rectangle=True))


def _first_cell(X: Any) -> Any:
    """Return the first cell of a table, or `X` itself if it is not a table."""
    if hasattr(X, "iloc"):
        return X.iloc[0, 0] if X.size else None
    if isinstance(X, np.ndarray):
        return X.flat[0] if X.size else None
    return X


def _to_tokens(sequences: Ragged) -> Ragged:
    """Check that the values can be token ids, and convert them to int32."""
    values = sequences.values
    if values.dtype.kind not in "iub":
        whole = np.isfinite(values) & (values == np.floor(values))
        if not whole.all():
            step = int(np.flatnonzero(~whole.all(axis=1))[0])
            index, at = sequences.locate(step)
            raise ValueError(
                f"X[{index}] holds {values[step].tolist()} at step {at}, but token ids are whole "
                "numbers, 0 or greater. Pass input_type='values' to read X as numbers."
            )
    if values.size and (values.min() < 0 or values.max() > np.iinfo(np.int32).max):
        bad = (values < 0) | (values > np.iinfo(np.int32).max)
        step = int(np.flatnonzero(bad.any(axis=1))[0])
        index, at = sequences.locate(step)
        raise ValueError(
            f"X[{index}] holds the token id {values[step][bad[step]][0]} at step {at}; ids are "
            "whole numbers from 0 to 2147483647."
        )
    return replace(sequences, values=values.astype(np.int32, copy=False), is_tokens=True)


def _check_finite(sequences: Ragged, allow_nan: bool) -> None:
    values = sequences.values
    if values.dtype.kind != "f" or np.isfinite(values).all():
        return
    bad = np.isinf(values) if allow_nan else ~np.isfinite(values)
    if not bad.any():
        return
    step = int(np.flatnonzero(bad.any(axis=1))[0])
    index, at = sequences.locate(step)
    if allow_nan:
        raise ValueError(
            f"Input X contains infinity, or a value too large for {values.dtype}: X[{index}] holds "
            f"{values[step].tolist()} at step {at}. A missing value is NaN."
        )
    raise ValueError(
        f"Input X contains NaN or infinity, or a value too large for {values.dtype}: X[{index}] "
        f"holds {values[step].tolist()} at step {at}. Fill gaps before fitting; padding "
        "can be cut off with padding_value. SequenceScaler reads numbers up to about 1e150, and "
        "scales them into the range of float32."
    )


def _check_not_empty(sequences: Ragged) -> Ragged:
    empty = np.flatnonzero(sequences.lengths == 0)
    if len(empty):
        raise ValueError(
            f"X[{empty[0]}] is an empty sequence ({len(empty)} of {len(sequences)} are): every "
            "sequence needs at least one step besides padding."
        )
    return sequences


def _fill_empty_texts(sequences: Ragged) -> Ragged:
    """Make each empty sequence the id of a text's end alone.

    Not an unknown word, whose vector stands for the words that training has not seen: a few empty
    texts of one class would make all of these speak for it.
    """
    if sequences.lengths.all():
        return sequences
    lengths = np.maximum(sequences.lengths, 1)
    values = np.full((lengths.sum(), sequences.n_features), END_ID, dtype=np.int32)
    if sequences.has_characters or sequences.has_bags:  # it has none, and one word
        values[:, 1:] = PADDING_ID
    filled = np.repeat(sequences.lengths > 0, lengths)
    values[filled] = sequences.values
    unknown = sequences.unknown
    if unknown is not None:
        at = np.full(len(values), -1)
        at[filled] = unknown.at
        unknown = replace(unknown, at=at)
    return replace(sequences, values=values, lengths=lengths, unknown=unknown)


def _unknown_words(items: list[Any], sequences: Ragged) -> UnknownWords | None:
    """Return the unknown words that sequences carry; None if they carry none."""
    carried = [words_of(item) or () for item in items]
    n_words = np.fromiter(map(len, carried), dtype=np.int64, count=len(carried))
    if not n_words.any() or (sequences.n_features > 1 and not sequences.has_characters):
        return None
    rows = np.flatnonzero(sequences.values[:, 0] == UNKNOWN_ID)
    owner = sequence_ids(sequences.lengths)[rows]
    # Ids that were changed in place may have another number of unknown words.
    fitting = np.bincount(owner, minlength=len(items)) == n_words
    at = np.full(len(sequences.values), -1)
    rows = rows[fitting[owner]]
    at[rows] = np.arange(len(rows))
    words = [word for i in np.flatnonzero(fitting).tolist() for word in carried[i]]
    return UnknownWords(words, at)
