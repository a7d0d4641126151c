"""Scale the values of sequences, feature by feature."""

from __future__ import annotations

from copy import deepcopy
from numbers import Real
from typing import Any, ClassVar, Literal

import numpy as np
from sklearn.base import OneToOneFeatureMixin, _fit_context
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.utils import Tags
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from sklstm._sequences import Ragged, contain_rectangle, contain_sequences, plain
from sklstm.preprocessing.series.sequence_transformer import SequenceTransformer


class SequenceScaler(OneToOneFeatureMixin, SequenceTransformer):
    """Standardize or min-max scale each feature over all steps of all sequences.

    :class:`~sklearn.preprocessing.StandardScaler` and
    :class:`~sklearn.preprocessing.MinMaxScaler` for sequences. Every time step counts as a row:
    a feature is scaled by the same statistics at every step, and a long sequence contributes more
    to them than a short one. The output has the form of the input: ragged, (n, T) or (n, T, F).
    Nested lists of the same length are returned as an array, as everywhere in scikit-learn.

    Parameters
    ----------
    method : {"standard", "minmax"}, default="standard"
        "standard" scales each feature to mean 0 and variance 1, which keeps the gates of an LSTM
        from saturating. "minmax" scales it to `feature_range`.
    with_mean : bool, default=True
        Whether "standard" subtracts the mean.
    with_std : bool, default=True
        Whether "standard" divides by the standard deviation.
    feature_range : tuple (min, max), default=(0, 1)
        The range that "minmax" maps the values seen in `fit` to.
    padding_value : float, default=None
        Steps that equal this value in every feature, at any position, are padding: they are
        excluded from the statistics and returned unchanged. Choose a value that does not occur in
        the data. None treats every step as data, zeros included.

    Attributes
    ----------
    scaler_ : StandardScaler or MinMaxScaler
        The scaler fitted on the steps; contains the statistics, such as ``scaler_.mean_``.
    n_features_in_ : int
        T for X of shape (n, T), which has one feature at T steps; the number of features per step
        for 3-D and ragged X.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns. Defined only if X is a data frame whose column names are all strings.

    See Also
    --------
    SequencePadder : Pad sequences to the same length; best after scaling.

    Notes
    -----
    Constant features are centred only, not divided by their standard deviation of zero. float32 is
    preserved; all other dtypes become float64.

    Examples
    --------
    >>> from sklstm import SequenceScaler
    >>> scaler = SequenceScaler(method="minmax").fit([[0.0, 5.0], [10.0]])
    >>> for sequence in scaler.transform([[5.0, 10.0, 20.0], [0.0]]):
    ...     print(sequence)
    [0.5 1.  2. ]
    [0.]
    """

    scaler_: StandardScaler | MinMaxScaler

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "method": [StrOptions({"standard", "minmax"})],
        "with_mean": ["boolean"],
        "with_std": ["boolean"],
        "feature_range": [tuple],
        "padding_value": [Interval(Real, None, None, closed="neither"), None],
    }

    def __init__(
        self,
        *,
        method: Literal["standard", "minmax"] = "standard",
        with_mean: bool = True,
        with_std: bool = True,
        feature_range: tuple[float, float] = (0, 1),
        padding_value: float | None = None,
    ):
        self.method = method
        self.with_mean = with_mean
        self.with_std = with_std
        self.feature_range = feature_range
        self.padding_value = padding_value

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> SequenceScaler:
        """Compute the statistics of each feature.

        Parameters
        ----------
        X : list or object array of arrays, or array of shape (n, T) or (n, T, F)
            The sequences.
        y : None
            Ignored.

        Returns
        -------
        self : SequenceScaler
            The fitted scaler.

        Raises
        ------
        TypeError, ValueError
            If X contains anything but finite numbers, sequences differ in their number of
            features, or every step is padding. The message names the first offending sequence.
        """
        sequences = self._read_values(X, reset=True)
        scaler = self._new_scaler().fit(self._data_steps(sequences))
        self._record(X, sequences)
        self.scaler_ = scaler
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Any, y: Any = None) -> SequenceScaler:
        """Update the statistics with more sequences, for data that do not fit into memory.

        Parameters
        ----------
        X : list or object array of arrays, or array of shape (n, T) or (n, T, F)
            The next sequences.
        y : None
            Ignored.

        Returns
        -------
        self : SequenceScaler
            The scaler, with the statistics of all sequences so far.
        """
        is_first = not hasattr(self, "scaler_")
        sequences = self._read_values(X, reset=is_first)
        steps = self._data_steps(sequences)
        scaler = self._new_scaler() if is_first else deepcopy(self.scaler_)
        scaler.partial_fit(steps)
        if is_first:
            self._record(X, sequences)
        self.scaler_ = scaler
        return self

    def transform(self, X: Any) -> Any:
        """Scale the sequences.

        Parameters
        ----------
        X : list or object array of arrays, or array of shape (n, T) or (n, T, F)
            The sequences.

        Returns
        -------
        scaled : object array of arrays, or array of the shape of X
            The scaled sequences, in the form of X.
        """
        check_is_fitted(self)
        scaled = self._apply(self.scaler_.transform, X)
        contain = contain_sequences if scaled.dtype == object else contain_rectangle
        return contain(scaled, X, self)

    def inverse_transform(self, X: Any) -> np.ndarray:
        """Undo the scaling.

        Parameters
        ----------
        X : list or object array of arrays, or array of shape (n, T) or (n, T, F)
            The scaled sequences.

        Returns
        -------
        original : object array of arrays, or array of the shape of X
            The sequences, in the form of X.
        """
        check_is_fitted(self)
        return self._apply(self.scaler_.inverse_transform, X)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the names of the output columns.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Names of the input columns; only compared with those seen in `fit`.

        Returns
        -------
        names : array of str
            The names of the input columns for X of shape (n, T), ``["sequence"]`` for ragged X.

        Raises
        ------
        ValueError
            If X had shape (n, T, F), or was nested lists of the same length.
        """
        check_is_fitted(self)
        if self._is_table:
            names: np.ndarray = super().get_feature_names_out(input_features)
            return names
        if self._is_rectangle:
            raise ValueError(
                "X was neither two-dimensional nor ragged, so the output has no named columns."
            )
        return np.array(["sequence"], dtype=object)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    def _read_values(self, X: Any, *, reset: bool) -> Ragged:
        sequences = self._read(X, reset=reset)
        if sequences.is_tokens:
            raise TypeError(
                "X holds token ids, which stand for words and cannot be scaled; "
                "SequenceScaler takes sequences of values."
            )
        if not reset:
            self._check_features(X, sequences)
        return sequences

    def _record(self, X: Any, sequences: Ragged) -> None:
        self._record_features(X, sequences)
        self._is_rectangle = sequences.form.is_rectangle

    def _new_scaler(self) -> StandardScaler | MinMaxScaler:
        if self.method == "standard":
            return StandardScaler(with_mean=self.with_mean, with_std=self.with_std)
        given = plain(self.feature_range)
        if len(given) != 2 or not all(isinstance(end, Real) for end in given):
            raise ValueError(f"feature_range={given!r} must be a pair of numbers, such as (0, 1).")
        return MinMaxScaler(feature_range=given)

    def _is_data(self, steps: np.ndarray) -> np.ndarray:
        """Return whether each step is data rather than padding."""
        if self.padding_value is None:
            return np.ones(len(steps), dtype=bool)
        # float: compared at the precision of the steps, whatever the type of padding_value
        is_data: np.ndarray = (steps != float(self.padding_value)).any(axis=1)
        return is_data

    def _data_steps(self, sequences: Ragged) -> np.ndarray:
        is_data = self._is_data(sequences.values)
        if not is_data.any():
            raise ValueError(
                f"every step of X equals padding_value={self.padding_value!r}; at least one step "
                "of data is needed to scale by."
            )
        steps: np.ndarray = sequences.values[is_data]
        return steps

    def _apply(self, scale: Any, X: Any) -> np.ndarray:
        sequences = self._read_values(X, reset=False)
        is_data = self._is_data(sequences.values)
        dtype = np.float32 if sequences.values.dtype == np.float32 else np.float64
        flat = sequences.values.astype(dtype)
        if is_data.any():
            flat[is_data] = scale(flat[is_data])
        return sequences.form.restore(flat, sequences.lengths)
