"""Sequences from the rows of a table, inside a pipeline."""

from __future__ import annotations

from numbers import Integral
from typing import Any, ClassVar, Literal

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin, _fit_context
from sklearn.utils import Tags, check_array
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted, validate_data

from sklstm._display import LinksToReference
from sklstm._keywords import ExplainedKeywords
from sklstm._sequences import align_frames, as_table, is_table, object_array, refuse_counts
from sklstm.preprocessing.series.windows import check_times, instance_starts, slide

_DTYPES = (np.float64, np.float32)


class WindowReshaper(ExplainedKeywords, LinksToReference, TransformerMixin, BaseEstimator):
    """Convert the rows of a table into sequences, one per row.

    An LSTM reads X of shape (n, T, F): n sequences of T time steps with F features each. A row of
    three numbers can become either of two sequences. As (n, 3, 1) it has three steps of one
    feature: the LSTM reads the numbers one after another, its state carries what it has read, and
    the order of the columns matters. As (n, 1, 3) it has one step of three features: they are read
    at once, and with a single step the recurrence has no effect; a model for tables would serve
    as well. So choose T and F by what the columns mean: `n_features` says how many columns belong
    to one time step, and in "trailing" mode the earlier rows are the earlier steps of each row's
    sequence.

    Parameters
    ----------
    mode : {"rows", "trailing"}, default="rows"
        "rows" reshapes each row, of T * F numbers, into one sequence. "trailing" treats X
        as one long series with one step per row, and replaces each row by the window of `window`
        rows that ends with it: n rows give n windows, and y stays aligned.
    n_features : int, default=1
        Number of features F per step in "rows" mode. It must divide the number of columns; the
        quotient is T. Ignored in "trailing" mode, where F is the number of columns.
    layout : {"by_step", "by_feature"}, default="by_step"
        The order of the columns in "rows" mode. "by_step" has all features of the first step, then
        all features of the second; "by_feature" has all steps of the first feature, then all steps
        of the second. The examples show both.
    window : int, default=None
        Number of rows T of a window in "trailing" mode, where it is required.
    partial : {"short", "repeat"}, default="short"
        How "trailing" mode treats the first rows, which have fewer than `window` - 1 rows before
        them. "short" gives them shorter windows that contain real rows only, and returns an object
        array with one array per row. "repeat" fills them by repeating the first row, so that all
        windows have the same length and form an array of shape (n, window, F).

    Attributes
    ----------
    n_steps_ : int
        Number of steps T of a sequence; in "trailing" mode that of a full window.
    n_step_features_ : int
        Number of features F of a step.
    n_features_in_ : int
        Number of columns of X.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns. Defined only if X is a data frame whose column names are all strings.

    See Also
    --------
    make_windows : Windows of one or several series, with labels; before the data are split.
    SequencePadder : Pad windows of different lengths to the same length.

    Notes
    -----
    In "trailing" mode a prediction depends on the earlier rows of the same call. Therefore:

    - The first rows of a test set have no history, even if the training set contains it. To
      provide it, prepend the ``window - 1`` rows before the test set and discard their
      predictions.
    - Rows must be in temporal order and not shuffled: split with
      :class:`~sklearn.model_selection.TimeSeriesSplit`.
    - A data frame with a MultiIndex, whose last level is the time and whose other levels name an
      instance, is several series, and no window spans two of them. For several series in another
      table use `make_windows`, because windows would span the end of one series and the start of
      the next.
    - An index of times has to be in temporal order; gaps in it are warned of.

    The output has three dimensions or is ragged, so it has no columns that
    ``get_feature_names_out`` could name or ``set_output`` could put into a data frame. Neither
    method exists, and ``set_output`` of a pipeline with this step raises an error. float32 is
    preserved; all other dtypes become float64.

    With ``partial="repeat"`` the windows are a read-only view of a single copy of n + `window` - 1
    rows.

    Examples
    --------
    Two steps of three features, by step and by feature:

    >>> import numpy as np
    >>> from sklstm import WindowReshaper
    >>> by_step = np.array([[11, 12, 13, 21, 22, 23]])  # step 1: 11, 12, 13
    >>> WindowReshaper(n_features=3).fit_transform(by_step)
    array([[[11., 12., 13.],
            [21., 22., 23.]]])
    >>> by_feature = np.array([[11, 21, 12, 22, 13, 23]])  # feature 1: 11, 21
    >>> WindowReshaper(n_features=3, layout="by_feature").fit_transform(by_feature)
    array([[[11., 12., 13.],
            [21., 22., 23.]]])

    Windows of two rows that end with each row of a long series:

    >>> series = np.array([[1.0], [2.0], [3.0]])
    >>> for window in WindowReshaper(mode="trailing", window=2).fit_transform(series):
    ...     print(window.ravel())
    [1.]
    [1. 2.]
    [2. 3.]
    >>> reshaper = WindowReshaper(mode="trailing", window=2, partial="repeat")
    >>> reshaper.fit_transform(series)[..., 0]
    array([[1., 1.],
           [1., 2.],
           [2., 3.]])
    """

    n_steps_: int
    n_step_features_: int

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "mode": [StrOptions({"rows", "trailing"})],
        "n_features": [Interval(Integral, 1, None, closed="left")],
        "layout": [StrOptions({"by_step", "by_feature"})],
        "window": [Interval(Integral, 1, None, closed="left"), None],
        "partial": [StrOptions({"short", "repeat"})],
    }

    def __init__(
        self,
        *,
        mode: Literal["rows", "trailing"] = "rows",
        n_features: int = 1,
        layout: Literal["by_step", "by_feature"] = "by_step",
        window: int | None = None,
        partial: Literal["short", "repeat"] = "short",
    ):
        self.mode = mode
        self.n_features = n_features
        self.layout = layout
        self.window = window
        self.partial = partial

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> WindowReshaper:
        """Determine the numbers of steps and of features from the number of columns.

        Parameters
        ----------
        X : array or data frame of shape (n, n_columns)
            The rows.
        y : None
            Ignored.

        Returns
        -------
        self : WindowReshaper
            The fitted transformer.

        Raises
        ------
        TypeError, ValueError
            If X is not a two-dimensional array of finite numbers, `n_features` does not divide its
            number of columns, or `window` is missing in "trailing" mode or given in "rows"
            mode.
        """
        X = self._read(X)
        checked = check_array(X, dtype=_DTYPES, estimator=self, input_name="X")
        n_steps, n_step_features = self._steps(checked.shape[1])
        # Last, when nothing can fail any more, so that a failed fit leaves an earlier one intact.
        validate_data(self, X, reset=True, skip_check_array=True)
        self.n_steps_, self.n_step_features_ = n_steps, n_step_features
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Return one sequence per row.

        Parameters
        ----------
        X : array or data frame of shape (n, n_features_in_)
            The rows; in "trailing" mode in temporal order.

        Returns
        -------
        sequences : ndarray of shape (n, n_steps_, n_step_features_), or object array (n,)
            The sequences. In "trailing" mode with ``partial="short"`` an object array of arrays
            of shape (T_i, n_step_features_), where T_i is at most `n_steps_`.
        """
        check_is_fitted(self)
        rows = validate_data(self, self._read(X), dtype=_DTYPES, reset=False)
        if self.mode == "trailing":
            return self._trail_each(rows, X)
        if self.layout == "by_step":
            return np.array(rows, order="C").reshape(len(rows), self.n_steps_, -1)
        by_feature = rows.reshape(len(rows), -1, self.n_steps_)
        return np.array(by_feature.transpose(0, 2, 1), order="C")

    def inverse_transform(self, X: Any) -> np.ndarray:
        """Convert sequences back to rows.

        Parameters
        ----------
        X : array of shape (n, n_steps_, n_step_features_), or object array or list of arrays
            Sequences as `transform` returns them.

        Returns
        -------
        rows : ndarray of shape (n, n_features_in_)
            The rows, with columns in the order of `layout`; in "trailing" mode the last step of
            each window.

        Raises
        ------
        ValueError
            If X does not have the shape that `transform` returns.
        """
        check_is_fitted(self)
        X = as_table(X, "X")
        if self.mode == "trailing":
            return self._last_steps(X)
        steps = check_array(X, dtype=_DTYPES, allow_nd=True, ensure_2d=False, input_name="X")
        expected = (self.n_steps_, self.n_step_features_)
        if steps.shape[1:] != expected:
            raise ValueError(
                f"X has shape {steps.shape}; accepted is {('n', *expected)}, as transform returns."
            )
        if self.layout == "by_feature":
            steps = steps.transpose(0, 2, 1)
        return np.array(steps, order="C").reshape(len(steps), -1)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        is_ragged = self.mode == "trailing" and self.partial == "short"
        tags.transformer_tags.preserves_dtype = [] if is_ragged else ["float64", "float32"]
        return tags

    def _read(self, X: Any) -> Any:
        """Return the table without what would be read as other numbers than it holds."""
        X = as_table(X, "X")
        if (isinstance(X, list) or len(getattr(X, "shape", ())) in (1, 2)) and not is_table(X):
            raise ValueError(
                "X holds sequences or texts, but WindowReshaper makes sequences of the rows of a "
                "table, of shape (n, n_columns)."
            )
        if self.mode == "rows":
            refuse_counts(X, "LSTMClassifier")
        return X

    def _steps(self, n_columns: int) -> tuple[int, int]:
        if self.mode == "trailing":
            if self.window is None:
                raise ValueError(
                    "mode='trailing' needs window, the number of rows of each window; got None."
                )
            return int(self.window), n_columns
        if self.window is not None:
            raise ValueError(
                f"window={self.window} is for mode='trailing'; in mode='rows' the number of steps "
                "is the number of columns divided by n_features."
            )
        n_features = int(self.n_features)
        if n_columns % n_features:
            raise ValueError(
                f"X has {n_columns} columns, which n_features={n_features} does not divide "
                f"into whole steps; accepted are {_divisors(n_columns)}."
            )
        return n_columns // n_features, n_features

    def _trail_each(self, rows: np.ndarray, X: Any) -> np.ndarray:
        """Return the windows that end with each row, of each instance that the index of X names."""
        instances = instance_starts(X)
        starts = np.zeros(1, dtype=np.intp) if instances is None else instances[0]
        check_times(X, starts)
        if len(starts) == 1:
            return self._trail(rows)
        return np.concatenate([self._trail(part) for part in np.split(rows, starts[1:])])

    def _trail(self, rows: np.ndarray) -> np.ndarray:
        if self.partial == "repeat":
            before = np.repeat(rows[:1], self.n_steps_ - 1, axis=0)
            return slide(np.concatenate([before, rows]), self.n_steps_)
        rows = np.array(rows, order="C")  # windows are views of it, and not of the caller's X
        ends = range(1, len(rows) + 1)
        return object_array(rows[max(0, end - self.n_steps_) : end] for end in ends)

    def _last_steps(self, X: Any) -> np.ndarray:
        if isinstance(X, list):
            X, _ = align_frames(X, "X", getattr(self, "feature_names_in_", None))
        last = []
        for i, window in enumerate(X):
            steps = np.asarray(window)
            if steps.ndim != 2 or not len(steps) or steps.shape[1] != self.n_step_features_:
                raise ValueError(
                    f"X[{i}] has shape {steps.shape}; accepted is (T_i, {self.n_step_features_}) "
                    "with at least one step, as transform returns."
                )
            last.append(steps[-1])
        return np.array(last)


def _divisors(n: int) -> str:
    return ", ".join(str(i) for i in range(1, n + 1) if n % i == 0)
