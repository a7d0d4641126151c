"""From ragged sequences to one rectangular array."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar, Literal

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin, _fit_context
from sklearn.utils import Tags
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import _check_feature_names_in, check_is_fitted

from sklstm._sequences import (
    PADDING_ID,
    Ragged,
    TokenArray,
    contain_rectangle,
    fill,
    split,
    truncate,
    unfill,
)
from sklstm.preprocessing.series._input import (
    check_features,
    read,
    record_features,
)


class SequencePadder(TransformerMixin, BaseEstimator):
    """Bring sequences to one length, so that they fit into a rectangular array.

    The estimators of this library take ragged sequences as they are and need no padding. This
    one is for others: for models of fixed width, for files, and for code that expects the
    arrays of Keras's ``pad_sequences``, whose results and defaults it shares.

    Parameters
    ----------
    max_length : int, default=None
        Number of steps of every output sequence. None takes the longest sequence seen in
        `fit`; a longer one in `transform` is cut, as the output must keep its width.
    padding : {"pre", "post"}, default="pre"
        On which side short sequences are filled.
    truncation : {"pre", "post"}, default="pre"
        On which side long sequences are cut.
    padding_value : float, default=0.0
        What to fill with; may be NaN when X holds floats. Token ids are filled with 0, the id
        reserved for padding, and accept no other value.

    Attributes
    ----------
    max_length_ : int
        Number of steps of every output sequence.
    n_features_in_ : int
        T for X of shape (n, T); features a step for 3-D and ragged X; 1 for token ids.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, where X is a data frame with names that are all strings.

    See Also
    --------
    SequenceTokenizer : Turn texts into ragged sequences of word ids.
    SequenceScaler : Scale values; comes before padding, or needs to know its value.

    Notes
    -----
    A pipeline passes on the array alone. Who needs the true lengths too calls `pad`.

    An empty sequence of token ids, a text without a known word, is read as one unknown word,
    as in every estimator of this library. An empty sequence of values is refused.

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
        """Learn the length to bring sequences to.

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
            If X holds anything but finite numbers, sequences differ in their features, or
            `padding_value` does not fit the dtype of X. The message names the first sequence.
        """
        sequences = read(self, X, reset=True)
        self._check_padding_value(sequences)
        max_length = self.max_length or int(sequences.lengths.max())
        record_features(self, X, sequences)
        self._output_ndim = 2 if sequences.form.steps_are_numbers else 3
        self.max_length_ = max_length
        return self

    def transform(self, X: Any) -> Any:
        """Return the sequences as one array.

        Parameters
        ----------
        X : list or object array of arrays, or array of shape (n, T) or (n, T, F)
            The sequences.

        Returns
        -------
        padded : array of shape (n, max_length_) or (n, max_length_, F)
            With the dtype of X; a `TokenArray` with its vocabulary for token ids.
        """
        check_is_fitted(self)
        padded, _ = self._pad(X)
        return contain_rectangle(padded, X, self)

    def pad(self, X: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return the sequences as one array, and how many steps of each are not padding.

        Parameters
        ----------
        X : list or object array of arrays, or array of shape (n, T) or (n, T, F)
            The sequences.

        Returns
        -------
        padded : array of shape (n, max_length_) or (n, max_length_, F)
            What `transform` returns, always as an array.
        lengths : array of int of shape (n,)
            The length of each sequence, `max_length_` for those that were cut.
        """
        check_is_fitted(self)
        return self._pad(X)

    def inverse_transform(self, X: Any, lengths: Any = None) -> np.ndarray:
        """Return padded sequences as ragged ones. Steps that were cut stay lost.

        Parameters
        ----------
        X : array of shape (n, T) or (n, T, F)
            The padded sequences.
        lengths : array-like of int of shape (n,), default=None
            How many steps of each are not padding, as `pad` returns. None takes the padded
            side's steps that wholly equal `padding_value` for padding. That is a guess where
            a sequence may itself begin or end with this value; for token ids it is exact.

        Returns
        -------
        sequences : object array of shape (n,)
            One array per sequence, (T_i,) or (T_i, F); a `TokenArray` for token ids.

        Raises
        ------
        ValueError
            If X is not two- or three-dimensional, or `lengths` do not fit it.
        """
        check_is_fitted(self)
        vocabulary = getattr(X, "vocabulary", None)
        rectangle = np.asarray(X)
        if rectangle.ndim not in (2, 3):
            raise ValueError(
                f"X must have shape (n, T) or (n, T, F), got {rectangle.shape}: padded sequences."
            )
        checked = self._guess_lengths(rectangle) if lengths is None else np.asarray(lengths)
        _check_lengths(checked, rectangle)
        sequences = split(unfill(rectangle, checked, self.padding), checked)
        return TokenArray(sequences, vocabulary) if isinstance(X, TokenArray) else sequences

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the names of the output columns, one per step.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Names of the input columns; only checked against those seen in `fit`.

        Returns
        -------
        names : array of str of shape (max_length_,)
            ``["step0", "step1", ...]``.

        Raises
        ------
        ValueError
            If the output has more than one feature a step, and so no columns.
        """
        check_is_fitted(self)
        _check_feature_names_in(self, input_features)
        if self._output_ndim == 3:
            raise ValueError(
                "The output has shape (n, T, F), not columns that could be named; only sequences "
                "of one number a step, (T_i,), give a two-dimensional output."
            )
        return np.array([f"step{i}" for i in range(self.max_length_)], dtype=object)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32", "int64", "int32"]
        return tags

    def _pad(self, X: Any) -> tuple[np.ndarray, np.ndarray]:
        sequences = read(self, X, reset=False)
        check_features(self, X, sequences)
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
        value, dtype = self.padding_value, sequences.values.dtype
        if sequences.is_tokens and value != PADDING_ID:
            raise ValueError(
                f"padding_value={value!r} is not accepted with token ids, where every other "
                f"number stands for a word; use padding_value={PADDING_ID}."
            )
        if dtype.kind == "f":
            return
        with np.errstate(invalid="ignore"):
            fits = np.isfinite(value) and np.asarray(value).astype(dtype) == value
        if not fits:
            raise ValueError(
                f"padding_value={value!r} does not fit X of dtype {dtype}; give a value that "
                "does, or X as floats."
            )

    def _guess_lengths(self, rectangle: np.ndarray) -> np.ndarray:
        value = self.padding_value
        is_padding = np.isnan(rectangle) if np.isnan(value) else rectangle == value
        if rectangle.ndim == 3:
            is_padding = is_padding.all(axis=2)
        if self.padding == "post":
            is_padding = is_padding[:, ::-1]
        # Steps up to the first one that is no padding, or all of them.
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
