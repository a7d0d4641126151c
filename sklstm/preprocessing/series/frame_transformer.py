"""Sequences from the rows of a long table, as the first step of a pipeline."""

from __future__ import annotations

from datetime import timedelta
from numbers import Integral, Real
from typing import Any, ClassVar, Literal

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin, _fit_context
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted, validate_data

from sklstm._display import LinksToReference
from sklstm._keywords import ExplainedKeywords
from sklstm._sequences import contain_sequences, plain
from sklstm.preprocessing.series.frames import (
    FrameSequences,
    frame_to_sequences,
    kinds_of,
    listed,
    python_items,
)

_COLUMNS = [str, Integral, list, tuple]
_DURATION = [Interval(Real, 0, None, closed="neither"), timedelta, np.timedelta64, None]


class FrameToSequences(ExplainedKeywords, LinksToReference, TransformerMixin, BaseEstimator):
    """Convert a long table, with one row for each id and time, to one sequence for each id.

    The same as `frame_to_sequences`, as the first step of a pipeline that is fitted on long tables
    and predicts from long tables. It remembers which columns it has read.

    Parameters
    ----------
    id : str or list of str, default="id"
        The column that says which sequence a row belongs to, or several that do together.
    time : str, default=None
        The column of times, by which the rows of each id are sorted: numbers, dates, datetimes
        or durations. None keeps the order of the rows.
    columns : str or list of str, default=None
        The columns of values. None takes all other columns of numbers and booleans that the
        frame has in `fit`; name them if it has a column of labels. A single column of strings or
        categories gives sequences of strings, for ``SequenceTokenizer(analyzer=list)``.
    static : str or list of str, default=None
        Columns that are constant within each id. They are in the output only with
        ``output="table"``.
    freq : float or timedelta, default=None
        The usual time from one step to the next. None takes the median of all steps.
    max_gap : float or timedelta, default=None
        Steps longer than this are gaps. None stands for 1.5 times `freq`. If neither is given,
        gaps are warned of.
    missing : {"error", "drop", "keep"}, default="error"
        How to handle NaN, infinity and null in the columns of values: raise a ValueError, leave
        out such steps, or keep them.
    output : {"sequences", "table"}, default="sequences"
        "sequences" returns an object array with one array of shape (T_i, F) for each id, which the
        estimators read. "table" returns a frame with one row for each id: the id, the static
        columns, and the columns of values, each cell of which holds the values of all steps. A
        ColumnTransformer or a `SequenceUnion` selects from it.

    Attributes
    ----------
    columns_ : list of str
        The columns of values.
    n_features_in_ : int
        Number of columns of the frame in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Their names. Defined only if all are strings.

    See Also
    --------
    frame_to_sequences : The same as a function; it returns ids, times, labels and gaps as well.
    SequenceUnion : Join sequences with static columns.

    Notes
    -----
    The output has one entry for each id, in the order in which the ids first appear in the frame,
    and so must y: ``labels.loc[frame[id].unique()]`` in pandas. `Pipeline` passes such a y along.

    **Cross-validation.** `cross_val_score`, `GridSearchCV` and the like split the rows of X, so X
    needs one row for each entry of y, which a long table does not have. Convert it first, and let
    them split the result, whose entries are samples::

        visits = frame_to_sequences(frame, id="patient", time="day", y="ill", static=["age"])
        cross_val_score(LSTMClassifier(), visits.X, visits.y)
        cross_val_score(model_of_columns, visits.table, visits.y)

    Nothing is learned in the conversion, so that does not leak from training to test data.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklstm import FrameToSequences, LSTMClassifier
    >>> frame = pd.DataFrame({
    ...     "id": ["a", "a", "b", "b", "b", "c", "d"],
    ...     "day": [2, 1, 1, 2, 3, 1, 1],
    ...     "pulse": [81.0, 80.0, 60.0, 61.0, 62.0, 83.0, 59.0],
    ... })
    >>> model = make_pipeline(
    ...     FrameToSequences(id="id", time="day"), LSTMClassifier(max_epochs=2, random_state=0)
    ... )
    >>> model.fit(frame, ["ill", "well", "ill", "well"]).predict(frame[2:5]).shape
    (1,)
    >>> model[0].transform(frame)[0]
    array([[80.],
           [81.]])
    """

    columns_: list[Any]
    n_features_in_: int

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "id": _COLUMNS,
        "time": [*_COLUMNS, None],
        "columns": [*_COLUMNS, np.ndarray, None],
        "static": [*_COLUMNS, None],
        "freq": _DURATION,
        "max_gap": _DURATION,
        "missing": [StrOptions({"error", "drop", "keep"})],
        "output": [StrOptions({"sequences", "table"})],
    }

    def __init__(
        self,
        id: Any = "id",
        time: Any = None,
        columns: Any = None,
        *,
        static: Any = None,
        freq: Any = None,
        max_gap: Any = None,
        missing: Literal["error", "drop", "keep"] = "error",
        output: Literal["sequences", "table"] = "sequences",
    ):
        self.id = id
        self.time = time
        self.columns = columns
        self.static = static
        self.freq = freq
        self.max_gap = max_gap
        self.missing = missing
        self.output = output

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> FrameToSequences:
        """Find the columns to read, and check the frame.

        Parameters
        ----------
        X : data frame of pandas or polars, or pyarrow table
            The rows.
        y : array-like of shape (n_ids,), default=None
            Only its length is checked, and the order of an index that consists of the ids.

        Returns
        -------
        self : FrameToSequences
            The fitted transformer.

        Raises
        ------
        TypeError, ValueError
            As `frame_to_sequences`; also if `y` does not have one entry for each id, or is of
            pandas and its index consists of the ids in another order than they first appear in.
        """
        self._fit(X, y)
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def fit_transform(self, X: Any, y: Any = None) -> Any:
        """Fit, and return the sequences of the same frame.

        Parameters
        ----------
        X : data frame of pandas or polars, or pyarrow table
            The rows.
        y : array-like of shape (n_ids,), default=None
            Only its length is checked, and the order of an index that consists of the ids.

        Returns
        -------
        sequences : object array of shape (n_ids,), or frame
            As `transform` returns them.
        """
        return self._contain(self._fit(X, y))

    def transform(self, X: Any) -> Any:
        """Return one sequence for each id of a frame.

        Parameters
        ----------
        X : data frame of pandas or polars, or pyarrow table
            The rows. Columns that are not read may be absent.

        Returns
        -------
        sequences : object array of shape (n_ids,), or frame
            One array of shape (T_i, F) for each id, in order of first appearance; with
            ``output="table"`` a frame of the kind of X with one row for each id.
        """
        check_is_fitted(self)
        for name, kind in kinds_of(X, self.columns_).items():
            held = self._kinds.get(name, kind)
            if kind != held:
                raise ValueError(
                    f"column {name!r} of X holds {kind}, but it held {held} in fit; convert it."
                )
        return self._contain(self._convert(X, self.columns_))

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the names of the output columns.

        Parameters
        ----------
        input_features : None
            Ignored.

        Returns
        -------
        names : array of str
            ``["sequence"]``; with ``output="table"`` the columns of the table.
        """
        check_is_fitted(self)
        if self.output == "sequences":
            return np.array(["sequence"], dtype=object)
        return np.array(self._table_columns, dtype=object)

    def _fit(self, X: Any, y: Any) -> FrameSequences:
        if self.static is not None and self.output == "sequences":
            raise ValueError(
                f"static={self.static!r} needs output='table'; an array of sequences has no place "
                "for static columns."
            )
        sequences = self._convert(X, self.columns)
        if y is not None and hasattr(y, "__len__") and len(y) != len(sequences):
            hint = ""
            if len(y) == len(X):
                hint = (
                    " It has one entry for each row; frame_to_sequences(..., y=...) takes labels "
                    "from a column of the frame."
                )
            raise ValueError(
                f"y has {len(y)} entries, but X has {len(sequences)} ids in {self.id!r}; accepted "
                f"is one entry for each id, in order of first appearance.{hint}"
            )
        self._check_order(X, y, sequences.ids)
        validate_data(self, X, reset=True, skip_check_array=True)
        self.columns_ = list(sequences.columns)
        self._kinds = kinds_of(X, self.columns_)
        self._table_columns = [*listed(self.id), *listed(self.static), *sequences.columns]
        return sequences

    def _check_order(self, X: Any, y: Any, ids: np.ndarray) -> None:
        """Raise ValueError if the index of y is the ids, in another order, as groupby sorts them.

        A RangeIndex says nothing about ids, and neither does any other index of other entries.
        """
        if not hasattr(y, "iloc") or type(y.index).__name__ == "RangeIndex":
            return
        given, wanted = python_items(y.index), python_items(ids)
        if given == wanted or set(given) != set(wanted):
            return
        at = next(i for i, pair in enumerate(zip(given, wanted, strict=True)) if pair[0] != pair[1])
        names, ordered = listed(self.id), "frame_to_sequences(...).ids"
        if len(names) == 1 and hasattr(X, "iloc"):
            ordered = f"frame[{names[0]!r}].unique()"
        raise ValueError(
            f"y.index[{at}] is {plain(given[at])!r}, but the id that appears as number {at} in X "
            f"is {plain(wanted[at])!r}: y is in another order than the ids first appear in. Pass "
            f"y.loc[{ordered}]."
        )

    def _convert(self, X: Any, columns: Any) -> FrameSequences:
        return frame_to_sequences(
            X,
            id=self.id,
            time=self.time,
            columns=columns,
            static=self.static,
            freq=self.freq,
            max_gap=self.max_gap,
            missing=self.missing,
        )

    def _contain(self, sequences: FrameSequences) -> Any:
        if self.output == "table":
            return sequences.table
        return contain_sequences(sequences.X, None, self)
