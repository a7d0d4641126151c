"""Scale the values of sequences, feature by feature."""

from __future__ import annotations

from copy import deepcopy
from numbers import Real
from typing import Any, ClassVar, Literal

import numpy as np
from sklearn.base import OneToOneFeatureMixin, _fit_context
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.utils import Tags, gen_batches
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from sklstm._sequences import (
    Ragged,
    as_python,
    contain_rectangle,
    contain_sequences,
    equal_but_for_rounding,
    plain,
)
from sklstm.preprocessing.series.sequence_transformer import SequenceTransformer

# From this ratio of mean to standard deviation on, single precision loses digits that matter.
_FAR = 1024
# The most numbers that are converted to double precision at once.
_FAR_NUMBERS = 1 << 20
# The largest range whose arithmetic does not overflow.
_LARGEST = 1e300


class SequenceScaler(OneToOneFeatureMixin, SequenceTransformer):
    """Standardize or min-max scale each feature over all steps of all sequences.

    :class:`~sklearn.preprocessing.StandardScaler` and
    :class:`~sklearn.preprocessing.MinMaxScaler` for sequences. Every time step counts as a row:
    a feature is scaled by the same statistics at every step, and a long sequence contributes more
    to them than a short one. The output has the form of the input: ragged, (n, T) or (n, T, F).
    Nested lists of the same length are returned as an array, as everywhere in scikit-learn.

    The LSTM estimators standardise values themselves, in float32 (``standardize=True``). This
    transformer is for other estimators; for a range instead of a mean and a variance; for values
    that float32 cannot hold, or whose deviations from a large mean it would lose; and for
    statistics of more data than the first part that `partial_fit` of an estimator sees.

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
        the data. NaN marks padding before and after the steps only, as in the estimators; gaps
        between them are refused. None treats every step as data, zeros included.

        No other step of the output equals this value: one that scaling would map to it in every
        feature is moved by the smallest step of float32. An estimator with the same
        `padding_value` therefore removes exactly the padding.

    Attributes
    ----------
    scaler_ : StandardScaler or MinMaxScaler
        The scaler fitted on the steps; contains the statistics, such as ``scaler_.mean_``.
    n_features_in_ : int
        T for X of shape (n, T), which has one feature at T steps; the number of features per step
        for 3-D and ragged X.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns. Defined only if X is a data frame of shape (n, T) whose column names
        are all strings. Sequences that are data frames are aligned by the names of their columns.

    See Also
    --------
    SequencePadder : Pad sequences to the same length; best after scaling.

    Notes
    -----
    Constant features are centred only, not divided by their standard deviation of zero; values
    that differ by rounding errors only are constant, and become the same number. float32 is
    preserved; all other dtypes become float64. Far from 0, where single precision would lose
    digits, float32 is scaled in double precision, and `inverse_transform` returns float64.

    Without `padding_value` nothing keeps scaled values away from the `padding_value` of a later
    step: "minmax" maps the minimum to 0, which an estimator with ``padding_value=0`` would remove
    at the ends of a sequence. Sequences of different lengths need no padding and no
    `padding_value` in the estimators; where an array is needed, pad with NaN, which no value
    equals.

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
        "padding_value": [Interval(Real, None, None, closed="neither"), "nan", None],
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
        steps = self._data_steps(sequences)
        with np.errstate(over="ignore", invalid="ignore"):  # refused below
            scaler, constants = _checked(self._new_scaler().fit(steps), steps)
        self._record(X, sequences)
        self.scaler_, self._constants = scaler, constants
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
        with np.errstate(over="ignore", invalid="ignore"):  # refused below
            scaler, constants = _checked(scaler.partial_fit(steps), steps)
        if is_first:
            self._record(X, sequences)
        self.scaler_, self._constants = scaler, constants
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
        scaled = self._apply(X)
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
        return self._apply(X, inverse=True)

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
        given = as_python(self.feature_range)
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
                f"every step of X equals padding_value={plain(self.padding_value)!r}; at least one "
                "step of data is needed to scale by."
            )
        steps: np.ndarray = sequences.values[is_data]
        return steps

    def _apply(self, X: Any, *, inverse: bool = False) -> np.ndarray:
        """Scale the steps that are data, or undo it, where float32 far from 0 becomes float64."""
        scale = self.scaler_.inverse_transform if inverse else self.scaler_.transform
        sequences = self._read_values(X, reset=False)
        is_data = self._is_data(sequences.values)
        dtype = np.float32 if sequences.values.dtype == np.float32 else np.float64
        is_far = dtype == np.float32 and _is_far(self.scaler_)
        flat = sequences.values.astype(np.float64 if is_far and inverse else dtype)
        if self.padding_value is not None:
            flat[~is_data] = self.padding_value  # whose digits another dtype may lack
        if is_data.any():
            steps = flat[is_data]
            for k, value in ({} if inverse else self._constants).items():
                low, high = np.minimum(steps[:, k], value), np.maximum(steps[:, k], value)
                steps[equal_but_for_rounding(low, high, np.dtype(dtype)), k] = value
            if is_far:
                for part in gen_batches(len(steps), max(1, _FAR_NUMBERS // steps.shape[1])):
                    steps[part] = scale(steps[part].astype(np.float64))
            else:
                steps = scale(steps)
            if self.padding_value is not None:
                self._keep_from_padding(steps, float(self.padding_value))
            flat[is_data] = steps
        padded = sequences.with_padding(flat, np.nan)  # none was cut off unless it is NaN
        return sequences.form.restore(padded.values, padded.lengths)

    def _keep_from_padding(self, steps: np.ndarray, padding_value: float) -> None:
        """Move scaled steps that equal the padding in every feature away from it, in place.

        They are compared and moved at the precision of float32, which the estimators convert to.
        """
        padding = _as_float32(padding_value)
        hit = np.arange(len(steps))
        for feature in steps.T:
            hit = hit[_as_float32(feature[hit]) == padding]
        if len(hit):
            middle = sum(self.feature_range) / 2 if self.method == "minmax" else 0.0
            steps[hit, 0] = _neighbour(padding, middle)


def _checked(scaler: Any, steps: np.ndarray) -> tuple[Any, dict[int, float]]:
    """Return the scaler, which was fitted on `steps`, with its constant features told by values.

    These features are also returned, with their values. scikit-learn tells them by fixed limits,
    and by the variance, which take small values and small differences around a large mean for
    constant, and rounding errors for differences.
    """
    if isinstance(scaler, MinMaxScaler):
        low, high = _as_float64(scaler.data_min_), _as_float64(scaler.data_max_)
        span, constant = high - low, equal_but_for_rounding(low, high, steps.dtype)
        taken = scaler.data_range_ < 10 * np.finfo(scaler.data_range_.dtype).eps
        if (taken != constant).any() or _is_far(scaler):
            least, most = scaler.feature_range
            _check_scalable(span, constant, 0.0)
            scaler.data_min_, scaler.data_max_, scaler.data_range_ = low, high, span
            scaler.scale_ = (most - least) / np.where(constant, 1.0, span)
            scaler.min_ = least - low * scaler.scale_
    elif not scaler.with_std:
        return scaler, {}
    else:
        eps = np.max(scaler.n_samples_seen_) * np.finfo(np.float64).eps
        if steps.dtype == np.float32:
            eps = max(eps, 4 * np.finfo(np.float32).eps)
        tiny = np.finfo(np.float64).tiny
        constant = scaler.var_ <= np.maximum(np.square(eps * scaler.mean_), tiny)
        few = steps[:, constant]
        constant[constant] = equal_but_for_rounding(few.min(axis=0), few.max(axis=0), steps.dtype)
        _check_scalable(scaler.var_, constant, tiny)
        scaler.scale_ = np.where(constant, 1.0, np.sqrt(scaler.var_))
    return scaler, {k: float(steps[:, k].min()) for k in np.flatnonzero(constant).tolist()}


def _check_scalable(spread: np.ndarray, constant: np.ndarray, least: float) -> None:
    """Raise ValueError where double precision cannot hold the spread of a feature."""
    bad = np.flatnonzero(~constant & ~((spread > least) & (spread <= _LARGEST)))
    if len(bad):
        much = "little" if spread[bad[0]] <= least else "much"
        raise ValueError(
            f"feature {bad[0]} of X varies so {much} that double precision cannot hold its "
            "variance or range; convert it to another unit."
        )


def _is_far(scaler: Any) -> bool:
    """Return True if single precision loses digits of a feature, or cannot represent it."""
    if isinstance(scaler, MinMaxScaler):
        low, high = _as_float64(scaler.data_min_), _as_float64(scaler.data_max_)
        spread, center = high - low, np.maximum(np.abs(low), np.abs(high))
        constant = equal_but_for_rounding(low, high, low.dtype)
    else:
        center = np.abs(scaler.mean_) if scaler.with_mean else np.zeros(scaler.n_features_in_)
        spread = np.sqrt(scaler.var_) if scaler.with_std else np.ones_like(center)
        constant = scaler.with_std & (scaler.scale_ != spread)
    range_of_float32 = (center + spread < 1e35) & (constant | (spread > 1e-35))
    return bool((~range_of_float32 | (~constant & (center > _FAR * spread))).any())


def _as_float64(values: Any) -> np.ndarray:
    return np.asarray(values, dtype=np.float64)


def _as_float32(values: Any) -> Any:
    """Return values in single precision; those that it cannot represent as they are."""
    with np.errstate(over="ignore"):
        single = np.asarray(values).astype(np.float32)
    return np.where(np.isfinite(single), single, values)[()]


def _neighbour(value: float, target: float) -> float:
    """Return the number next to `value` in the direction of `target`; up if both are the same.

    Next to 0 it is the smallest normal number, because denormal ones may be flushed to 0.
    """
    kind = np.float32 if abs(value) <= np.finfo(np.float32).max else np.float64
    tiny = np.finfo(kind).tiny
    up = target >= value
    if abs(value) < tiny:
        return float(tiny) if up else -float(tiny)
    return float(np.nextafter(kind(value), kind(np.inf if up else -np.inf)))
