"""Pad and truncate sequences to the same length."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar, Literal

import numpy as np
from sklearn.base import _fit_context
from sklearn.utils import Tags
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import _check_feature_names_in, check_is_fitted

from sklstm._sequences import (
    PADDING_ID,
    Ragged,
    TokenArray,
    as_python,
    check_entries,
    contain_rectangle,
    fill,
    plain,
    split,
    token_ids_in,
    truncate,
    unfill,
)
from sklstm.preprocessing.series.sequence_transformer import SequenceTransformer


class SequencePadder(SequenceTransformer):
    """Pad and truncate sequences to the same length, so that they form one array.

    The estimators of this library take sequences of different lengths directly and need no
    padding. This transformer is for models that need inputs of a fixed size, for storing
    sequences in files, and for code written for Keras's ``pad_sequences``, whose defaults and
    results it shares.

    Parameters
    ----------
    max_length : int, default=None
        Number of steps of every output sequence. None uses the length of the longest sequence
        seen in `fit`. Longer sequences in `transform` are truncated.
    padding : {"pre", "post"}, default="pre"
        Whether short sequences are padded before or after their steps.
    truncation : {"pre", "post"}, default="pre"
        Whether long sequences lose their first ("pre") or their last ("post") steps.
    padding_value : float, default=0.0
        The value to pad with; NaN is possible if X contains floats, and steps before and after
        each sequence that are NaN are then read as padding of X. Token ids are padded with 0,
        the id reserved for padding, and accept no other value. Where an estimator is to remove
        the padding again, by its own `padding_value`, choose a value that no step equals, which
        is always true of NaN.

    Attributes
    ----------
    max_length_ : int
        Number of steps of every output sequence.
    n_features_in_ : int
        T for X of shape (n, T); the number of features per step for 3-D and ragged X; 1 for token
        ids.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns. Defined only if X is a data frame of shape (n, T) whose column names
        are all strings. Sequences that are data frames are aligned by the names of their columns.

    See Also
    --------
    SequenceTokenizer : Convert texts to ragged sequences of token ids.
    SequenceScaler : Scale the values; use it before padding, or set its `padding_value`.

    Notes
    -----
    In a pipeline, the next step receives the padded array only. To get the lengths of the
    sequences as well, call `pad`.

    An empty sequence of token ids, such as a text without words, is read as the id 3 of a text's
    end alone, as in every estimator of this library. An empty sequence of values raises a
    ValueError.

    References
    ----------
    ``keras.utils.pad_sequences``, https://keras.io/api/data_loading/timeseries/

    Examples
    --------
    >>> from sklstm import SequencePadder
    >>> padder = SequencePadder().fit([[1, 2, 3], [4]])
    >>> padder.transform([[1, 2, 3], [4], [5, 6, 7, 8]])
    array([[1, 2, 3],
           [0, 0, 4],
           [6, 7, 8]])
    >>> padded, lengths = padder.pad([[1, 2], [4]])
    >>> lengths
    array([2, 1])
    """

    max_length_: int

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "max_length": [Interval(Integral, 1, None, closed="left"), None],
        "padding": [StrOptions({"pre", "post"})],
        "truncation": [StrOptions({"pre", "post"})],
        "padding_value": [Real],
    }

    def __init__(
        self,
        *,
        max_length: int | None = None,
        padding: Literal["pre", "post"] = "pre",
        truncation: Literal["pre", "post"] = "pre",
        padding_value: float = 0.0,
    ):
        self.max_length = max_length
        self.padding = padding
        self.truncation = truncation
        self.padding_value = padding_value

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> SequencePadder:
        """Determine the length of the padded sequences.

        Parameters
        ----------
        X : list or object array of arrays, or array of shape (n, T) or (n, T, F)
            The sequences.
        y : None
            Ignored.

        Returns
        -------
        self : SequencePadder
            The fitted padder.

        Raises
        ------
        TypeError, ValueError
            If X contains anything but finite numbers, sequences differ in their number of
            features, or the dtype of X cannot represent `padding_value`. The message names the
            first offending sequence.
        """
        sequences = self._read(X, reset=True)
        self._check_padding_value(sequences)
        max_length = int(self.max_length or sequences.lengths.max())
        self._record_features(X, sequences)
        self._output_ndim = 2 if sequences.form.steps_are_numbers else 3
        self.max_length_ = max_length
        return self

    def transform(self, X: Any) -> Any:
        """Pad and truncate the sequences.

        Parameters
        ----------
        X : list or object array of arrays, or array of shape (n, T) or (n, T, F)
            The sequences.

        Returns
        -------
        padded : array of shape (n, max_length_) or (n, max_length_, F)
            The padded sequences, with the dtype of X. For token ids, a `TokenArray` with their
            vocabulary.
        """
        check_is_fitted(self)
        padded, _ = self._pad(X)
        return contain_rectangle(padded, X, self)

    def pad(self, X: Any) -> tuple[np.ndarray, np.ndarray]:
        """Pad and truncate the sequences, and return their lengths as well.

        Parameters
        ----------
        X : list or object array of arrays, or array of shape (n, T) or (n, T, F)
            The sequences.

        Returns
        -------
        padded : array of shape (n, max_length_) or (n, max_length_, F)
            The result of `transform`, always as an array.
        lengths : array of int of shape (n,)
            Number of steps of each sequence that are not padding; `max_length_` for truncated
            sequences.
        """
        check_is_fitted(self)
        return self._pad(X)

    def inverse_transform(self, X: Any, lengths: Any = None) -> np.ndarray:
        """Remove the padding. Steps lost by truncation are not restored.

        Parameters
        ----------
        X : array of shape (n, T) or (n, T, F)
            The padded sequences.
        lengths : array-like of int of shape (n,), default=None
            Number of steps of each sequence that are not padding, as returned by `pad`. None
            removes all steps at the padded side that equal `padding_value` in every feature. This
            is exact for token ids, but removes data from sequences that begin (or end) with this
            value themselves.

        Returns
        -------
        sequences : object array of shape (n,)
            One array per sequence, (T_i,) or (T_i, F); a `TokenArray` for token ids.

        Raises
        ------
        ValueError
            If X does not have two or three dimensions, or `lengths` are not n integers from 0 to T.
        """
        check_is_fitted(self)
        check_entries(X, "X")
        are_ids, vocabulary = token_ids_in(X)
        rectangle = np.asarray(X)
        if rectangle.ndim not in (2, 3) or (are_ids and rectangle.dtype == object):
            raise ValueError(
                "X must be padded sequences of shape (n, T) or (n, T, F), got an array of shape "
                f"{rectangle.shape}."
            )
        checked = self._guess_lengths(rectangle) if lengths is None else np.asarray(lengths)
        _check_lengths(checked, rectangle)
        sequences = split(unfill(rectangle, checked, self.padding), checked)
        return TokenArray(sequences, vocabulary) if are_ids else sequences

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the names of the output columns, one per step.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Names of the input columns; only compared with those seen in `fit`.

        Returns
        -------
        names : array of str of shape (max_length_,)
            ``["step0", "step1", ...]``.

        Raises
        ------
        ValueError
            If the output has shape (n, T, F), and therefore no columns.
        """
        check_is_fitted(self)
        _check_feature_names_in(self, input_features)
        if self._output_ndim == 3:
            raise ValueError(
                "The output has shape (n, T, F), not columns that could be named; only sequences "
                "of shape (T_i,), one number per step, give a two-dimensional output."
            )
        return np.array([f"step{i}" for i in range(self.max_length_)], dtype=object)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32", "int64", "int32"]
        return tags

    def _pad(self, X: Any) -> tuple[np.ndarray, np.ndarray]:
        sequences = self._read(X, reset=False)
        self._check_features(X, sequences)
        self._check_padding_value(sequences)
        flat, lengths = truncate(
            sequences.values, sequences.lengths, self.max_length_, self.truncation
        )
        if sequences.form.steps_are_numbers:
            flat = flat[:, 0]
        padded = fill(flat, lengths, self.max_length_, self.padding, self.padding_value)
        return (
            TokenArray(padded, sequences.vocabulary) if sequences.is_tokens else padded
        ), lengths

    def _check_padding_value(self, sequences: Ragged) -> None:
        value, dtype = as_python(self.padding_value), sequences.values.dtype
        if sequences.is_tokens and value != PADDING_ID:
            raise ValueError(
                f"padding_value={plain(value)!r} is not accepted for token ids, where every other "
                f"number stands for a word; use padding_value={PADDING_ID}."
            )
        if dtype.kind == "f":
            return
        with np.errstate(invalid="ignore"):
            fits = np.isfinite(value) and np.asarray(value).astype(dtype) == value
        if not fits:
            raise ValueError(
                f"padding_value={plain(value)!r} cannot be represented in X of dtype {dtype}; use "
                "a value that can, or convert X to floats."
            )

    def _guess_lengths(self, rectangle: np.ndarray) -> np.ndarray:
        value = as_python(self.padding_value)
        is_padding = np.isnan(rectangle) if np.isnan(value) else rectangle == value
        if rectangle.ndim == 3:
            is_padding = is_padding.all(axis=2)
        if self.padding == "post":
            is_padding = is_padding[:, ::-1]
        # Number of steps before the first one that is not padding.
        n_padding = np.logical_and.accumulate(is_padding, axis=1).sum(axis=1)
        lengths: np.ndarray = rectangle.shape[1] - n_padding
        return lengths


def _check_lengths(lengths: np.ndarray, rectangle: np.ndarray) -> None:
    n, width = rectangle.shape[:2]
    if lengths.shape != (n,) or lengths.dtype.kind not in "iu":
        raise ValueError(
            f"lengths must be {n} integers, one per sequence, got an array of shape "
            f"{lengths.shape} and dtype {lengths.dtype}."
        )
    wrong = np.flatnonzero((lengths < 0) | (lengths > width))
    if len(wrong):
        raise ValueError(
            f"lengths[{wrong[0]}] is {lengths[wrong[0]]}; accepted is 0 to {width}, the number "
            "of steps in X."
        )
