"""From the rows of a table to sequences, inside a pipeline."""

from __future__ import annotations

from numbers import Integral
from typing import Any, ClassVar, Literal

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin, _fit_context
from sklearn.utils import Tags, check_array
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted, validate_data

from sklstm._sequences import object_array
from sklstm.preprocessing.series._sliding import slide

_DTYPES = (np.float64, np.float32)


class WindowReshaper(TransformerMixin, BaseEstimator):
    """Turn the rows of a table into sequences, one for each row.

    An LSTM reads X of shape (n, T, F): n sequences of T steps of F numbers. A row of three
    numbers can be either of two things. As (n, 3, 1) it is three steps of one number: the LSTM
    runs along the row, remembers what it has read, and the order of the columns counts. As
    (n, 1, 3) it is one step of three numbers: they are read at once, there is no step before
    to remember, and the recurrence has nothing to do; a model for tables would do as well. So
    T and F are not a matter of form: `n_features` says which columns belong to one moment, and
    in "trailing" mode each row gets the rows before it as its earlier steps.

    Parameters
    ----------
    mode : {"rows", "trailing"}, default="rows"
        "rows" takes each row for a sequence of its own, T * F numbers wide. "trailing" takes X
        for one long series, a step a row, and gives each row the `window` rows that end at it:
        n rows in, n windows out, and y stays aligned.
    n_features : int, default=1
        For "rows": the numbers F of one step, which must divide the number of columns; T
        follows from it. In "trailing" mode F is the number of columns, and this is ignored.
    layout : {"by_step", "by_feature"}, default="by_step"
        For "rows": how steps and features lie in a row. "by_step" has all features of the
        first step, then all of the second; "by_feature" all steps of the first feature, then
        all of the second. The examples show both.
    window : int, default=None
        For "trailing", which needs it: the number of rows T of a window.
    partial : {"short", "repeat"}, default="short"
        For "trailing": what the first rows get, which have fewer than `window` - 1 rows before
        them. "short" gives them shorter windows, with nothing invented, in an object array of
        one array per row. "repeat" repeats the first row in front, so that all windows have
        one length and make an array (n, window, F).

    Attributes
    ----------
    n_steps_ : int
        Steps T of a sequence; in "trailing" mode of a full one.
    n_step_features_ : int
        Numbers F of each step.
    n_features_in_ : int
        Number of columns of X.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, where X is a data frame with names that are all strings.

    See Also
    --------
    make_windows : Windows of one or many series, with labels; before the data are split.
    SequencePadder : Bring windows of several lengths to one.

    Notes
    -----
    In "trailing" mode a prediction depends on the rows before it in the same call, so:

    - the first rows of a test set start without history, although the training set may hold it;
      who wants it puts ``window - 1`` earlier rows in front and drops their predictions;
    - rows must come in the order of time, without shuffling: split by
      :class:`~sklearn.model_selection.TimeSeriesSplit`;
    - several series in one table need `make_windows`, as windows would reach from the end of
      one into the next.

    The output has three dimensions or is ragged, and so has no columns that
    ``get_feature_names_out`` could name or ``set_output`` could put into a data frame; neither
    exists, and ``set_output`` of a pipeline that holds this step is refused. float32 stays
    float32, all else becomes float64.

    Windows of "repeat" are a read-only view of one copy of n + `window` - 1 rows.

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

    The two rows up to each row of a long series:

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
        """Learn the steps and the features of a sequence from the number of columns.

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
            If X is not a table of finite numbers, `n_features` does not divide its columns, or
            `window` and `mode` do not fit each other.
        """
        checked = check_array(X, dtype=_DTYPES, estimator=self, input_name="X")
        n_steps, n_step_features = self._steps(checked.shape[1])
        # Last, when nothing can fail any more: an earlier fit stays whole until then.
        validate_data(self, X, reset=True, skip_check_array=True)
        self.n_steps_, self.n_step_features_ = n_steps, n_step_features
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Return one sequence for each row.

        Parameters
        ----------
        X : array or data frame of shape (n, n_features_in_)
            The rows; in "trailing" mode in the order of time.

        Returns
        -------
        sequences : ndarray of shape (n, n_steps_, n_step_features_), or object array (n,)
            The sequences; an object array of arrays (T_i, n_step_features_), T_i up to
            `n_steps_`, in "trailing" mode with ``partial="short"``.
        """
        check_is_fitted(self)
        rows = validate_data(self, X, dtype=_DTYPES, reset=False)
        if self.mode == "trailing":
            return self._trail(rows)
        if self.layout == "by_step":
            return np.array(rows, order="C").reshape(len(rows), self.n_steps_, -1)
        by_feature = rows.reshape(len(rows), -1, self.n_steps_)
        return np.array(by_feature.transpose(0, 2, 1), order="C")

    def inverse_transform(self, X: Any) -> np.ndarray:
        """Return the rows that sequences were made from.

        Parameters
        ----------
        X : array of shape (n, n_steps_, n_step_features_), or object array or list of arrays
            Sequences as `transform` returns them.

        Returns
        -------
        rows : ndarray of shape (n, n_features_in_)
            The rows, in the same layout; in "trailing" mode the last step of each window.

        Raises
        ------
        ValueError
            If X has another form.
        """
        check_is_fitted(self)
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

    def _steps(self, n_columns: int) -> tuple[int, int]:
        if self.mode == "trailing":
            if self.window is None:
                raise ValueError(
                    "mode='trailing' needs window, the number of rows of each sequence; got None."
                )
            return int(self.window), n_columns
        if self.window is not None:
            raise ValueError(
                f"window={self.window} is for mode='trailing'; in mode='rows' the number of steps "
                "is that of the columns divided by n_features."
            )
        if n_columns % self.n_features:
            raise ValueError(
                f"X has {n_columns} columns, which n_features={self.n_features} does not divide "
                f"into whole steps; accepted are {_divisors(n_columns)}."
            )
        return n_columns // self.n_features, int(self.n_features)

    def _trail(self, rows: np.ndarray) -> np.ndarray:
        if self.partial == "repeat":
            before = np.repeat(rows[:1], self.n_steps_ - 1, axis=0)
            return slide(np.concatenate([before, rows]), self.n_steps_)
        rows = np.array(rows, order="C")  # windows are views of it, and not of the caller's X
        return object_array(rows[max(0, i + 1 - self.n_steps_) : i + 1] for i in range(len(rows)))

    def _last_steps(self, X: Any) -> np.ndarray:
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
