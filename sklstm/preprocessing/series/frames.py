"""Sequences from the rows of a long table, one row for each id and time, and back."""

from __future__ import annotations

import datetime
import warnings
from collections.abc import Collection, Hashable, Iterator, Mapping, Set
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from itertools import combinations
from numbers import Real
from typing import Any, Literal, NoReturn

import narwhals as nw
import numpy as np
from scipy.sparse import issparse

from sklstm._callers import caller_level
from sklstm._sequences import (
    as_container,
    concatenate,
    missing_rows,
    object_array,
    offsets,
    plain,
    sequence_ids,
    split,
)
from sklstm.preprocessing.series.frequencies import simplest
from sklstm.preprocessing.series.windows import GAP, encode, usual_step, without_holidays

_MISSING = ("error", "drop", "keep")
BACKENDS = ("pandas", "polars", "pyarrow")
_FRAMES = "accepted is a data frame of pandas or polars, or a pyarrow table"


@dataclass(frozen=True, repr=False, eq=False)
class FrameSequences:
    """The result of `frame_to_sequences`.

    Attributes
    ----------
    X : ndarray of shape (n_ids,)
        One array of shape (T_i, F) for each id, its steps in order of time; for a column of
        strings, one array of strings of shape (T_i,).
    y : ndarray of shape (n_ids,), or None
        The label of each id; with ``per_step=True`` one array of labels of shape (T_i,) for each.
    ids : ndarray of shape (n_ids,)
        The ids, in order of first appearance; tuples, if several columns make up an id.
    times : ndarray of shape (n_ids,), or None
        One array of shape (T_i,) for each id. Times with a time zone are in UTC.
    columns : tuple of str
        The names of the F features.
    gaps : data frame
        The gaps in time: the id, the times `from` and `to` between which steps are missing, and
        `n_missing`, how many: 0 if times are irregular, as the usual step is unknown then. Empty
        without gaps, and without a column of times. If a column of ids has one of these names,
        they are `gap_from`, `gap_to` and `gap_n_missing`.
    step : float, timedelta64 or None
        The usual time from one step to the next. None if times are irregular, or there are none.
    """

    X: np.ndarray
    y: np.ndarray | None
    ids: np.ndarray
    times: np.ndarray | None
    columns: tuple[str, ...]
    gaps: Any
    step: Any
    _keys: Any  # the columns of ids and times, in the rows of the frame
    _static: Any  # one row for each id, the ids among its columns
    _rows: np.ndarray  # of the frame, of all steps

    @cached_property
    def table(self) -> Any:
        """A data frame of the kind that was given, with one row for each id.

        Its columns are the id, the static columns, and the value columns, each cell of which holds
        the values of all steps, (T_i,). Its rows are samples, so cross-validation can split it.
        The estimators read the value columns as they are, ``table[["pulse", "temperature"]]``, and
        a ColumnTransformer can select them.
        """
        cells = self.X
        if self.columns and cells[0].ndim == 1:
            nested = {self.columns[0]: list(cells)}
        else:
            nested = {
                name: [np.ascontiguousarray(steps[:, k]) for steps in cells]
                for k, name in enumerate(self.columns)
            }
        return with_columns(read_frame(self._static), nested).to_native()

    def __len__(self) -> int:
        return len(self.ids)

    def __repr__(self) -> str:
        lengths = np.array([len(steps) for steps in self.X])
        shown = ", ".join(map(str, self.columns[:6])) + (", ..." if len(self.columns) > 6 else "")
        least, most = lengths.min(), lengths.max()
        steps = counted(most, "step") if least == most else f"{least:,} to {most:,} steps"
        lines = [
            f"{counted(len(self), 'sequence')} of {steps}, {lengths.sum():,} in all",
            f"columns: {shown}",
        ]
        if self.y is not None:
            per = "step" if self.y.dtype == object and np.ndim(self.y[0]) else "id"
            lines.append(f"y: one label per {per}")
        if self.times is not None:
            step = float(f"{self.step:.12g}") if isinstance(self.step, float) else self.step
            usual = "irregular times" if step is None else f"usual step: {step}"
            if step is None and most == 1:
                usual = "no usual step"
            gaps = read_frame(self.gaps)
            found = "no gaps"
            if len(gaps):
                missing = int(gaps.get_column(gaps.columns[-1]).sum())
                found = f"{counted(len(gaps), 'gap')}, {counted(missing, 'step')} missing"
            lines.append(f"{usual}, {found}")
        return "<FrameSequences\n" + "\n".join(f"  {line}" for line in lines) + "\n>"


def counted(n: int, noun: str) -> str:
    """Return a number and a noun, in the plural if it is not one."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def frame_to_sequences(
    frame: Any,
    *,
    id: Any,
    time: Any = None,
    columns: Any = None,
    y: Any = None,
    per_step: bool = False,
    static: Any = None,
    freq: Any = None,
    max_gap: Any = None,
    missing: Literal["error", "drop", "keep"] = "error",
) -> FrameSequences:
    """Convert a long table, with one row for each id and time, to one sequence for each id.

    Parameters
    ----------
    frame : data frame of pandas or polars, or pyarrow table
        The rows, in any order: the ids need not be contiguous.
    id : str or list of str
        The column that says which sequence a row belongs to, or several that do together.
    time : str, default=None
        The column of times, by which the rows of each id are sorted: numbers, dates, datetimes
        or durations. None keeps the order of the rows.
    columns : str or list of str, default=None
        The columns of values. None takes all other columns of numbers and booleans. A single
        column of strings or categories gives sequences of strings, for
        ``SequenceTokenizer(analyzer=list)``.
    y : str, default=None
        The column of labels, which has to be constant within each id. None for none.
    per_step : bool, default=False
        Whether `y` has a label for every step, as `LSTMTagger` and
        ``LSTMRegressor(return_sequences=True)`` learn them.
    static : str or list of str, default=None
        Columns that are constant within each id, such as the age of a patient, for `table`.
    freq : float or timedelta, default=None
        The usual time from one step to the next. None takes the median of all steps, if at least
        half of them are about as long; otherwise times are irregular and have no gaps.
    max_gap : float or timedelta, default=None
        Steps longer than this are gaps. None stands for 1.5 times `freq`.
    missing : {"error", "drop", "keep"}, default="error"
        How to handle NaN, infinity and null in the columns of values. "error" raises a
        ValueError, "drop" leaves out such steps, which makes gaps, and "keep" keeps them, for what
        fills them later: the estimators refuse them.

    Returns
    -------
    sequences : FrameSequences
        Has the attributes `X`, `y`, `ids`, `times`, `columns`, `gaps`, `step` and `table`.

    Raises
    ------
    TypeError, ValueError
        If `frame` is no data frame or lacks a column, a column has two roles (`time` may be a
        column of values, too), a column of values is not numeric, an id has the same time twice,
        an id or a time is missing, there are missing values, or `y` or a static column is not
        constant within an id. The message names the first offending id and time, and the row,
        counted from 0.

    Warns
    -----
    UserWarning
        If the times have gaps, and neither `freq` nor `max_gap` is given: an LSTM reads all steps
        as consecutive. Weekends and holidays are no gaps among working days.

    See Also
    --------
    sequences_to_frame : The way back, of predictions for every step for instance.
    FrameToSequences : The same as the first step of a pipeline.
    make_windows : Windows of the sequences of a list.

    Notes
    -----
    The sequences are in the order in which their ids first appear in the frame, as
    ``frame[id].unique()`` of pandas returns them, whether the frame is sorted or not. Labels that
    come from elsewhere are brought into this order by `ids`: ``labels.loc[sequences.ids]``.

    Columns of float32 alone stay float32; all other numbers become float64.

    References
    ----------
    ``tsfresh.extract_features``, https://tsfresh.readthedocs.io/en/latest/text/data_formats.html,
    whose `column_id` and `column_sort` are `id` and `time` here.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklstm import frame_to_sequences
    >>> frame = pd.DataFrame({
    ...     "patient": ["ann", "bob", "ann", "bob", "bob"],
    ...     "day": [2, 1, 1, 2, 5],
    ...     "pulse": [71.0, 60.0, 70.0, 61.0, 66.0],
    ...     "ill": ["yes", "no", "yes", "no", "no"],
    ... })
    >>> visits = frame_to_sequences(frame, id="patient", time="day", y="ill", freq=1)
    >>> visits
    <FrameSequences
      2 sequences of 2 to 3 steps, 5 in all
      columns: pulse
      y: one label per id
      usual step: 1.0, 1 gap, 2 steps missing
    >
    >>> visits.X[0]
    array([[70.],
           [71.]])
    >>> visits.ids, visits.y
    (array(['ann', 'bob'], dtype='<U3'), array(['yes', 'no'], dtype='<U3'))
    >>> visits.gaps
      patient  from  to  n_missing
    0     bob     2   5          2

    One row for each id, which cross-validation can split:

    >>> visits.table
      patient               pulse
    0     ann        [70.0, 71.0]
    1     bob  [60.0, 61.0, 66.0]
    """
    if missing not in _MISSING:
        raise ValueError(f"missing={plain(missing)!r} is not accepted; use one of {_MISSING}.")
    read = read_frame(frame)
    if not isinstance(per_step, bool | np.bool_):
        raise TypeError(f"per_step={plain(per_step)!r} is not accepted; give True or False.")
    if per_step and y is None:
        raise ValueError("per_step=True needs y, the column of labels.")
    given = {"id": id, "time": time, "columns": columns, "y": y, "static": static}
    roles = {role: given_names(read, role, names) for role, names in given.items()}
    time, y = (single_name(role, roles[role], given[role]) for role in ("time", "y"))
    if columns is None:
        roles["columns"] = _numbers_besides(read, [name for own in roles.values() for name in own])
    check_names(frame, read, roles, needed=("id", "columns"), values="columns")
    id_names, names, static_names = roles["id"], roles["columns"], roles["static"]
    rows = Rows(read, id_names, time)
    values = _values(read, names)
    targets = None if y is None else _without_objects(read.get_column(y).to_numpy())
    checked = {name: values[:, k] if values.ndim == 2 else values for k, name in enumerate(names)}
    if targets is not None and per_step:
        checked[y] = targets
    rows.handle_missing(checked, missing)
    labels = None
    if targets is not None:
        labels = rows.split(targets) if per_step else rows.label_of_ids(targets, y)
    for name in static_names:
        rows.check_constant(read.get_column(name).to_numpy(), f"static column {name!r}")
    keys = select(read, [*id_names, *listed(time)])
    gaps, n_missing, step = rows.gaps(freq, max_gap)
    return FrameSequences(
        X=rows.split(values),
        y=labels,
        ids=rows.ids,
        times=None if rows.times is None else rows.split(rows.times),
        columns=tuple(names),
        gaps=_gap_table(keys, rows, gaps, n_missing, time),
        step=step,
        _keys=keys.to_native(),
        _static=take(select(read, [*id_names, *static_names]), rows.first).to_native(),
        _rows=rows.order,
    )


# Columns of a frame


def read_frame(frame: Any) -> nw.DataFrame[Any]:
    """Return a data frame as narwhals reads it."""
    try:
        return nw.from_native(frame, eager_only=True)
    except TypeError as error:
        accepted = "pass frame.collect()" if hasattr(frame, "collect") else _FRAMES
        given = f"{'sparse ' if issparse(frame) else ''}{type(frame).__name__}"
        raise TypeError(f"frame is a {given}; {accepted}.") from error
    except nw.exceptions.DuplicateError as error:
        twice = [name for name in set(frame.columns) if list(frame.columns).count(name) > 1]
        raise ValueError(f"frame has more than one column named {twice[0]!r}.") from error


def select(frame: nw.DataFrame[Any], names: list[Any]) -> nw.DataFrame[Any]:
    """Return some columns, whose names may be numbers in pandas."""
    return frame.select(*(frame.get_column(name) for name in names))


def listed(names: Any) -> list[Any]:
    """Return the names of columns as a list, where one or none may be given."""
    if names is None:
        return []
    return [names] if isinstance(names, str) or not hasattr(names, "__iter__") else list(names)


def given_names(frame: nw.DataFrame[Any], role: str, given: Any) -> list[Any]:
    """Return the names in an argument as a list; raise for what cannot be names."""
    if isinstance(given, Set | Mapping | Iterator):
        fault = ", which has no order" if isinstance(given, Set) else ""
        raise TypeError(
            f"{role} is a {type(given).__name__}{fault}; accepted is the name of a column, or a "
            "list of names."
        )
    names = listed(given)
    if names and all(isinstance(name, bool | np.bool_) for name in names):
        raise TypeError(
            f"{role} is a boolean mask or a column of booleans; pass the name of a column, or for "
            "a mask list(frame.columns[mask])."
        )
    series = nw.from_native(given, series_only=True, pass_through=True)
    known = [isinstance(name, Hashable) and name in frame.columns for name in names]
    if isinstance(series, nw.Series) and not all(known):
        shown = f", {series.name!r}" if series.name in frame.columns else ""
        raise TypeError(
            f"{role} is a {type(given).__name__} of {len(names)} values; pass the name of the "
            f"column{shown}."
        )
    for i, name in enumerate(names):
        if not isinstance(name, Hashable):
            raise TypeError(
                f"{role}[{i}] is a {type(name).__name__}; accepted is the name of a column."
            )
    return names


def single_name(role: str, names: list[Any], given: Any) -> Any:
    """Return the one name that an argument may give, or None."""
    if len(names) > 1:
        raise ValueError(f"{role} names {len(names)} columns; accepted is the name of one.")
    if given is not None and not names:
        raise ValueError(f"{role} names no column; None stands for none.")
    return names[0] if names else None


def _numbers_besides(frame: nw.DataFrame[Any], others: list[Any]) -> list[Any]:
    """Return the names of all other columns of numbers."""
    schema = frame.schema
    names = [
        name
        for name in frame.columns
        if name not in others and (schema[name].is_numeric() or schema[name] == nw.Boolean)
    ]
    if not names:
        left = {name: str(schema[name]) for name in frame.columns if name not in others}
        raise ValueError(
            f"frame has no column of numbers besides {others!r}: its other columns are {left!r}. "
            "Name a column of strings in columns to get sequences of strings."
        )
    return names


def check_names(
    native: Any,
    frame: nw.DataFrame[Any],
    roles: dict[str, list[Any]],
    needed: Collection[str],
    values: str,
) -> None:
    """Raise ValueError for a column that is not there, or has two roles.

    Parameters
    ----------
    native, frame : data frame
        The frame as it was given, and as narwhals reads it.
    roles : dict of str to list
        The names of the columns that each argument gives.
    needed : collection of str
        The arguments that must name a column.
    values : str
        The argument whose columns may include that of times, as an hour may be a feature, too.
    """
    for role, given in roles.items():
        for name in given:
            if name not in frame.columns:
                _refuse_name(native, frame, role, name)
        if len(set(given)) < len(given):
            raise ValueError(f"{role}={given!r} names a column twice.")
    for role in needed:
        if not roles[role]:
            raise ValueError(f"{role} names no column.")
    for first, second in combinations([role for role in roles if role != values] + [values], 2):
        if (first, second) == ("time", values):
            continue
        both = [name for name in roles[first] if name in roles[second]]
        if both:
            raise ValueError(f"the column {both[0]!r} is given as {first} and as {second}.")


def _refuse_name(native: Any, frame: nw.DataFrame[Any], role: str, name: Any) -> NoReturn:
    index = list(getattr(getattr(native, "index", None), "names", []) or [])
    hint = suggestion(name, frame.columns)
    if name is not None and name in index:
        hint = " It is in the index: pass frame.reset_index()."
    raise ValueError(
        f"{role} names the column {plain(name)!r}, but frame has the columns {frame.columns!r}."
        f"{hint}"
    )


def suggestion(name: Any, columns: list[Any]) -> str:
    """Return a question about the column that is most like a name, or an empty string."""
    close = get_close_matches(str(name), [str(column) for column in columns], 1)
    return f" Did you mean {close[0]!r}?" if close else ""


def _values(frame: nw.DataFrame[Any], names: list[Any]) -> np.ndarray:
    """Return the columns of values as an array (n_rows, F), or a column of strings (n_rows,)."""
    schema = frame.schema
    words = [name for name in names if _is_text(schema[name])]
    if words and len(names) > 1:
        other = next(name for name in names if name != words[0])
        raise ValueError(
            f"columns names {words[0]!r} of {schema[words[0]]} beside {other!r}; a step holds "
            f"numbers, or one string. Encode {words[0]!r} as numbers, by pandas.get_dummies for "
            f"instance, or convert columns={words[0]!r} alone, for SequenceTokenizer(analyzer=list)"
            ", and join the features of two fitted models (see SequenceUnion)."
        )
    if not words:
        return numbers(frame, names)
    column = frame.get_column(words[0])
    lost = column.is_null().to_numpy()
    texts = column.cast(nw.String).to_list()
    return object_array(None if gone else text for gone, text in zip(lost, texts, strict=True))


def numbers(frame: nw.DataFrame[Any], names: list[Any]) -> np.ndarray:
    """Return columns of numbers as an array (n_rows, F) of floats, NaN where they are null."""
    schema = frame.schema
    for name in names:
        dtype = schema[name]
        if not (dtype.is_numeric() or dtype == nw.Boolean):
            hint = "Convert it to numbers, or leave it out."
            if dtype.is_temporal():
                hint = (
                    "Convert it to numbers, such as the days since a date or the hour, or leave it "
                    "out; as time it orders the steps."
                )
            raise TypeError(f"column {name!r} of frame has the type {dtype}, not numbers. {hint}")
    single = all(schema[name] == nw.Float32 for name in names)
    kind: Any = nw.Float32 if single else nw.Float64
    arrays = [frame.get_column(name).cast(kind).to_numpy() for name in names]
    return np.stack(arrays, axis=1).astype(np.float32 if single else np.float64, copy=False)


def _without_objects(column: Any) -> np.ndarray:
    """Return an array of strings in place of one of objects that are all strings."""
    array = np.asarray(column)
    if array.dtype == object and set(map(type, array)) == {str}:
        return array.astype(str)
    return array


def python_items(ids: Any) -> list[Any]:
    """Return ids as Python objects that are equal where the ids are; dates stay numpy's."""
    array = np.asarray(ids)
    return list(array) if array.dtype.kind in "mM" else array.tolist()


def _is_text(dtype: Any) -> bool:
    return dtype in (nw.String, nw.Categorical, nw.Enum)


def kinds_of(frame: Any, names: list[Any]) -> dict[Any, str]:
    """Return which columns hold numbers and which strings; a frame may lack some."""
    schema = read_frame(frame).schema
    kinds = {}
    for name in names:
        dtype = schema.get(name)
        if dtype is not None and (_is_text(dtype) or dtype.is_numeric() or dtype == nw.Boolean):
            kinds[name] = "strings" if _is_text(dtype) else "numbers"
    return kinds


def _times(frame: nw.DataFrame[Any], name: Any, frame_name: str) -> np.ndarray:
    """Return a column of times as an array that can be sorted and subtracted."""
    column, dtype = frame.get_column(name), frame.schema[name]
    native: Any = column.to_native()
    if getattr(getattr(native, "dtype", None), "tz", None) is not None:
        array = native.dt.tz_convert(None).to_numpy()  # narwhals reads only some zones of pandas
    else:
        array = np.asarray(column.to_numpy())
    if array.dtype == object:
        kinds = {type(entry) for entry in array} - {type(None)}
        if kinds and all(
            issubclass(kind, datetime.date) and kind.__name__ != "Timestamp" for kind in kinds
        ):
            array = array.astype("datetime64[us]")
    if array.dtype.kind == "u":
        array = array.astype(np.float64 if array.dtype.itemsize == 8 else np.int64)
    if array.dtype.kind not in "iufmM":
        hint = "convert it, by pandas.to_datetime for instance"
        if "period" in str(getattr(native, "dtype", "")):
            hint = f"convert it, by frame[{name!r}].dt.to_timestamp()"
        raise TypeError(
            f"time={name!r} is a column of the type {dtype}; accepted are numbers, dates, "
            f"datetimes and durations: {hint}."
        )
    lost = np.flatnonzero(missing_rows(array))
    if len(lost):
        lack = lacking(array[lost[0]])
        raise ValueError(f"the time {name!r} is {lack} in row {lost[0]} of {frame_name}.")
    return array


def lacking(value: Any) -> str:
    """Return what is wrong with a value that `missing_rows` finds."""
    return "infinite" if isinstance(value, Real) and np.isinf(float(value)) else "missing"


# Rows, sorted by id and time


class Rows:
    """The rows of a frame, sorted by id and time.

    Parameters
    ----------
    frame : data frame
        As narwhals reads it.
    id_names : list
        The columns that make up the id. Without any, all rows are of one sequence, with the id 0.
    time : name of a column, or None
        The column of times.
    frame_name : str, default="frame"
        The name of the argument, for messages.
    repeats : bool, default=False
        Whether an id may have the same time twice.

    Attributes
    ----------
    ids : ndarray of shape (n_ids,)
        The ids in order of first appearance.
    first : ndarray of int of shape (n_ids,)
        The first row of the frame with each id.
    order : ndarray of int of shape (n_steps,)
        The row of the frame of each step.
    lengths : ndarray of int of shape (n_ids,)
        Number of steps of each id.
    times : ndarray of shape (n_rows,) or None
        The time of each row of the frame.
    """

    def __init__(
        self,
        frame: nw.DataFrame[Any],
        id_names: list[Any],
        time: Any,
        frame_name: str = "frame",
        repeats: bool = False,
    ):
        n = len(frame)
        if n == 0:
            raise ValueError(f"{frame_name} has no rows.")
        self.frame_name = frame_name
        self.has_ids = bool(id_names)
        self.time_name = time
        self.id_name = id_names[0] if len(id_names) == 1 else tuple(id_names)
        codes, parts = np.zeros(n, dtype=np.int64), []
        for name in id_names:
            column = np.asarray(frame.get_column(name).to_numpy())
            lost = np.flatnonzero(missing_rows(column))
            if len(lost):
                lack = lacking(column[lost[0]])
                raise ValueError(f"the id {name!r} is {lack} in row {lost[0]} of {frame_name}.")
            own, distinct = encode(column)
            codes = codes * len(distinct) + own
            codes = np.unique(codes, return_inverse=True)[1]  # small, whatever their number
            parts.append(column)
        _, first, codes = np.unique(codes, return_index=True, return_inverse=True)
        by_appearance = np.argsort(first)
        rank = np.empty_like(by_appearance)
        rank[by_appearance] = np.arange(len(first))
        self.codes = rank[codes]
        self.first = first[by_appearance]
        self.ids = _without_objects(parts[0][self.first]) if parts else np.arange(1)
        if len(parts) > 1:
            self.ids = object_array(
                zip(*(python_items(part[self.first]) for part in parts), strict=True)
            )
        self.times = None if time is None else _times(frame, time, frame_name)
        keys = (self.codes,) if self.times is None else (self.times, self.codes)
        self.order = np.lexsort(keys)  # stable
        self.lengths = np.bincount(self.codes, minlength=len(self.ids))
        if self.times is not None and not repeats:
            self._check_distinct()

    def whose(self, code: int) -> str:
        """Return the id of a sequence, for messages."""
        return f"id {show(self.ids[code])}" if self.has_ids else "the series"

    def where(self, row: int) -> str:
        """Return the id and the time of a row, for messages."""
        place = self.whose(self.codes[row])
        if self.times is not None:
            place += f" at time {show(self.times[row])}"
        return f"{place} (row {row} of {self.frame_name})"

    def _check_distinct(self) -> None:
        assert self.times is not None
        times, owner = self.times[self.order], self.codes[self.order]
        again = np.flatnonzero((times[1:] == times[:-1]) & (owner[1:] == owner[:-1]))
        if len(again):
            one, other = self.order[again[0]], self.order[again[0] + 1]
            each = (
                f"{self.id_name!r} and {self.time_name!r}" if self.has_ids else repr(self.time_name)
            )
            raise ValueError(
                f"{self.whose(self.codes[one])} has the time {show(self.times[one])} "
                f"twice, in rows {one} and {other} of {self.frame_name}"
                f"{f' ({len(again)} rows repeat a time)' if len(again) > 1 else ''}. Keep one row "
                f"for each {each}, their mean for instance; or, if the rows are of different "
                "sequences, name in id all columns that tell them apart."
                f"{_hint_at_clocks(self.times[one])}"
            )

    def handle_missing(self, columns: dict[Any, np.ndarray], missing: str) -> None:
        """Leave out the rows that lack a value, or refuse them, or keep them."""
        if missing == "keep":
            return
        lost = {name: missing_rows(column) for name, column in columns.items()}
        gone = np.logical_or.reduce(list(lost.values()))
        if not gone.any():
            return
        if missing == "error":
            row = int(self.order[gone[self.order].argmax()])
            name = next(name for name, rows in lost.items() if rows[row])
            counts = {name: int(rows.sum()) for name, rows in lost.items() if rows.any()}
            raise ValueError(
                f"column {name!r} is {plain(columns[name][row])!r} for {self.where(row)}; missing "
                f"and infinite values by column: {counts!r}. Fill them, or use missing='drop' to "
                "leave out these steps, or missing='keep' to keep them for a later step that fills "
                "them."
            )
        self.order = self.order[~gone[self.order]]
        self.lengths = np.bincount(self.codes[self.order], minlength=len(self.ids))
        empty = np.flatnonzero(self.lengths == 0)
        if len(empty):
            raise ValueError(
                f"missing='drop' leaves no step of id {show(self.ids[empty[0]])}, whose "
                f"{np.count_nonzero(self.codes == empty[0])} rows all have a missing or infinite "
                "value. Leave this id out, or fill the values."
            )

    def split(self, column: np.ndarray) -> np.ndarray:
        """Return the entries of a column of the frame, of each id in the order of time."""
        return split(column[self.order], self.lengths)

    def label_of_ids(self, labels: np.ndarray, name: Any) -> np.ndarray:
        """Return one label for each id; raise ValueError if it is missing, or changes."""
        lost = np.flatnonzero(missing_rows(labels))
        if len(lost):
            row = int(lost[0])
            raise ValueError(f"y={name!r} is {lacking(labels[row])} for {self.where(row)}.")
        hint = ". Labels that change from step to step are read by per_step=True"
        self.check_constant(labels, f"y={name!r}", hint)
        return labels[self.first]

    def check_constant(self, column: np.ndarray, what: str, hint: str = "") -> None:
        """Raise ValueError if a column differs within an id."""
        codes, _ = encode(column)
        lost = missing_rows(column) if column.dtype.kind in "OmM" else column != column
        codes = np.where(lost, -1, codes)
        differs = np.flatnonzero(codes != codes[self.first[self.codes]])
        if len(differs):
            row = int(differs[0])
            start = int(self.first[self.codes[row]])
            raise ValueError(
                f"{what} is not constant within {self.whose(self.codes[row])}: it is "
                f"{show(column[start])} in row {start} of {self.frame_name} and "
                f"{show(column[row])} in row {row}{hint}."
            )

    def gaps(self, freq: Any, max_gap: Any) -> tuple[np.ndarray, np.ndarray, Any]:
        """Return the steps before a gap, how many steps are missing after each, and the usual one.

        A step is an index of `order` here.
        """
        none = np.zeros(0, dtype=np.int64)
        if self.times is None:
            for name, given in (("freq", freq), ("max_gap", max_gap)):
                if given is not None:
                    raise ValueError(f"{name}={given!r} needs time, the column of times.")
            return none, none, None
        times = self.times[self.order]
        steps, unit = _differences(times)
        inside = np.ones(len(steps), dtype=bool)
        inside[offsets(self.lengths)[1:] - 1] = False
        usual = _duration("freq", freq, unit)
        limit = _duration("max_gap", max_gap, unit)
        known = usual is not None
        usual = usual if known else usual_step(steps[inside])
        if limit is None:
            limit = np.inf if usual is None else GAP * usual
        found = np.flatnonzero(inside & (steps > limit))
        if not known and max_gap is None and len(found):
            if unit is not None and times.dtype.kind == "M":
                found = self._without_holidays(found, times)
            if len(found):
                self._warn(found, times, steps, usual)
        per = usual if usual is not None else np.nan
        missing = np.nan_to_num(np.round(steps[found] / per) - 1)
        n_missing = np.maximum(missing, 0).astype(np.int64)
        step: Any = usual
        if usual is not None and unit is not None:
            step = simplest(np.timedelta64(round(usual * 1e9), "ns"))
        return found, n_missing, step

    def _without_holidays(self, found: np.ndarray, times: np.ndarray) -> np.ndarray:
        starts = offsets(self.lengths)
        owner = self.codes[self.order][found]
        kept = []
        for code in np.unique(owner):
            start, end = starts[code], starts[code] + self.lengths[code]
            kept.append(start + without_holidays(found[owner == code] - start, times[start:end]))
        return np.concatenate(kept)

    def _warn(
        self, found: np.ndarray, times: np.ndarray, steps: np.ndarray, usual: float | None
    ) -> None:
        at = int(found[0])
        assert usual is not None
        whose = show(self.ids[self.codes[self.order[at]]])
        more = f", the first of {len(found)}" if len(found) > 1 else ""
        warnings.warn(
            f"frame has a gap in time{more}: the step of id {whose} from {show(times[at])} to "
            f"{show(times[at + 1])} is {steps[at] / usual:.3g} times the usual one, and an LSTM "
            "reads all steps as consecutive. The attribute gaps lists them; freq or max_gap says "
            "what a gap is, without this warning.",
            UserWarning,
            stacklevel=caller_level(),
        )


def _hint_at_clocks(time: Any) -> str:
    """Return a hint for a time that may be in the hour that an autumn night has twice."""
    if not isinstance(time, np.datetime64):
        return ""
    day = time.astype("datetime64[D]")
    hour = (time - day) / np.timedelta64(1, "h")
    if day.astype(int) % 7 != 3 or not 0 < hour < 4:  # Sundays: 1970 began on a Thursday
        return ""
    return " If clocks were set back then, convert the times to UTC."


def _differences(times: np.ndarray) -> tuple[np.ndarray, str | None]:
    """Return the steps between times as floats, and their unit: seconds, or None for numbers."""
    steps = np.diff(times)
    if steps.dtype.kind == "m":
        return steps / np.timedelta64(1, "s"), "s"
    return steps.astype(np.float64), None


def _duration(name: str, given: Any, unit: str | None) -> float | None:
    """Return `freq` or `max_gap` as a float, in seconds where times are dates or durations."""
    if given is None:
        return None
    value = given.to_timedelta64() if hasattr(given, "to_timedelta64") else given
    is_duration = isinstance(value, datetime.timedelta | np.timedelta64)
    if is_duration != (unit is not None) or (
        not is_duration and (not isinstance(value, Real) or isinstance(value, bool | np.bool_))
    ):
        accepted = "a number, as the times are numbers"
        if unit is not None:
            accepted = "a timedelta, such as datetime.timedelta(days=1), as the times are dates"
        raise TypeError(f"{name}={plain(given)!r} is not accepted; give {accepted}.")
    number = float(np.timedelta64(value) / np.timedelta64(1, "s")) if is_duration else float(value)
    if not number > 0:
        raise ValueError(f"{name}={plain(given)!r} is not accepted; it must be above 0.")
    return number


def show(value: Any) -> str:
    """Return an id or a time as messages show it."""
    if isinstance(value, np.datetime64):
        return np.datetime_as_string(value, unit="auto")
    return str(value) if isinstance(value, np.timedelta64) else repr(plain(value))


def gap_names(columns: list[Any]) -> list[str]:
    """Return the names of the columns of a table of gaps beside those of ids."""
    names = ["from", "to", "n_missing"]
    if set(names) & set(columns):  # the ids of routes, for instance
        names = [f"gap_{name}" for name in names]
    return names


def _gap_table(
    keys: nw.DataFrame[Any], rows: Rows, gaps: np.ndarray, n_missing: np.ndarray, time: Any
) -> Any:
    names = gap_names(keys.columns)
    table = take(keys, rows.order[gaps])
    if time is not None:
        after = take(keys, rows.order[gaps + 1]).get_column(time)
        table = table.rename({time: names[0]}).with_columns(after.alias(names[1]))
    return with_columns(table, {names[2]: n_missing}).to_native()


def take(frame: nw.DataFrame[Any], rows: np.ndarray) -> nw.DataFrame[Any]:
    """Return some rows of a frame, numbered from 0 in pandas."""
    return nw.maybe_reset_index(frame[rows])


def with_columns(frame: nw.DataFrame[Any], columns: dict[Any, Any]) -> nw.DataFrame[Any]:
    """Return a frame with more columns, which numpy's arrays or lists hold."""
    backend = frame.implementation
    new = [
        nw.new_series(
            name,
            # Of an object array polars would make a column of objects.
            values.tolist() if isinstance(values, np.ndarray) and values.dtype.kind in "OUS"
            else values,
            backend=backend,
        )
        for name, values in columns.items()
    ]  # fmt: skip
    return frame.with_columns(*new)


# The way back


def sequences_to_frame(
    sequences: Any,
    like: FrameSequences | None = None,
    *,
    ids: Any = None,
    times: Any = None,
    columns: Any = None,
    id: Any = "id",
    time: Any = "time",
    backend: Literal["pandas", "polars", "pyarrow"] | None = None,
) -> Any:
    """Convert sequences, such as predictions for every step, to a long table.

    Parameters
    ----------
    sequences : list or object array of arrays of shape (T_i,) or (T_i, k), or array of shape \
            (n, T) or (n, T, k)
        Numbers or labels of every step, as `predict_proba_steps` of `LSTMClassifier` and
        `predict` of `LSTMTagger` return them.
    like : FrameSequences, default=None
        What `frame_to_sequences` returned. The result then has the rows of that frame, in their
        order (without those that ``missing="drop"`` left out), its columns of ids and times with
        their dtypes, and in pandas its index: its columns can be assigned to the frame.
    ids : array-like or Series of shape (n,), default=None
        The id of each sequence. With `like`, those of its ids that `sequences` are of, all by
        default.
    times : list or object array of arrays or Series of shape (T_i,), default=None
        The times of the steps. None for no column of times. Not accepted with `like`.
    columns : str or list of str, default=None
        The names of the k columns of values. None: "value", or "value0", "value1" and so on.
    id : str or list of str, default="id"
        The name of the column of ids, or the names of several. `like` has its own.
    time : str, default="time"
        The name of the column of times. `like` has its own.
    backend : {"pandas", "polars", "pyarrow"}, default=None
        The kind of the table. None takes that of `like`, or of `ids` if it is a Series, and
        otherwise pandas.

    Returns
    -------
    frame : data frame or pyarrow table
        One row for each step.

    Raises
    ------
    TypeError, ValueError
        If lengths, shapes or ids do not fit. The message names the first offending sequence.

    See Also
    --------
    frame_to_sequences : Sequences from a long table.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklstm import frame_to_sequences, sequences_to_frame
    >>> frame = pd.DataFrame({"id": ["a", "b", "a"], "time": [2, 1, 1], "x": [3.0, 1.0, 2.0]})
    >>> sequences = frame_to_sequences(frame, id="id", time="time")
    >>> totals = [steps.cumsum() for steps in sequences.X]
    >>> sequences_to_frame(totals, sequences, columns="total")
      id  time  total
    0  a     2    5.0
    1  b     1    1.0
    2  a     1    2.0
    >>> sequences_to_frame(totals, ids=["a", "b"])
      id  value
    0  a    2.0
    1  a    5.0
    2  b    1.0
    """
    if backend not in (None, *BACKENDS):
        raise ValueError(f"backend={plain(backend)!r} is not accepted; use one of {BACKENDS}.")
    arrays = _step_arrays(sequences)
    lengths = np.array([len(array) for array in arrays], dtype=np.int64)
    flat = concatenate(arrays)
    named = dict(zip(_names_of_values(columns, flat.shape[1]), flat.T, strict=True))
    if like is not None:
        if times is not None:
            raise ValueError("times are those of like; pass either.")
        if backend is not None:
            raise ValueError("backend is that of like; pass either.")
        keys, order = _keys_like(like, ids, lengths)
        own_time = [] if like.times is None else keys.columns[-1:]
        own_id = keys.columns[: len(keys.columns) - len(own_time)]
        for role, name, default, own in (
            ("id", id, "id", own_id), ("time", time, "time", own_time)
        ):  # fmt: skip
            if name != default and listed(name) != own:
                raise ValueError(
                    f"{role}={name!r} is not that of like, {own!r}; leave it out, and rename the "
                    "column of the result."
                )
        named = {name: column[order] for name, column in named.items()}
    else:
        keys = _new_keys(ids, times, id, time, lengths, backend)
    taken = [name for name in named if name in keys.columns]
    if taken:
        raise ValueError(
            f"columns names {taken[0]!r}, which is the name of a column of ids or times."
        )
    return with_columns(keys, named).to_native()


def _step_arrays(sequences: Any) -> list[np.ndarray]:
    """Return each sequence as an array of shape (T_i, k)."""
    items = as_container(sequences, "sequences")
    if hasattr(items, "columns") or not hasattr(items, "__len__") or isinstance(items, str | bytes):
        raise TypeError(
            f"sequences is a {type(sequences).__name__}; accepted is a list with one array of "
            "values for each id, or an array of shape (n, T) or (n, T, k)."
        )
    items = items.to_list() if hasattr(items, "to_list") else list(items)
    if not items:
        raise ValueError("sequences is empty.")
    arrays: list[np.ndarray] = []
    empty: list[int] = []
    for i, item in enumerate(items):
        try:
            array = np.asarray(item)
        except ValueError as error:
            raise ValueError(
                f"sequences[{i}] has steps of different shapes; accepted is one value for each "
                "step, or one row."
            ) from error
        if array.shape == (0,):
            empty.append(i)
        if array.ndim not in (1, 2):
            given = f"has {array.ndim} dimensions" if array.ndim else f"is {plain(item)!r}"
            raise ValueError(
                f"sequences[{i}] {given}; accepted is one value for each step, or one row. A "
                "single prediction for each id needs no conversion: "
                "pandas.DataFrame({'id': ids, 'prediction': predictions})."
            )
        arrays.append(array[:, None] if array.ndim == 1 else array)
    first = next((i for i in range(len(arrays)) if i not in empty), 0)
    for i in empty:  # without steps there is neither a number of values nor a type
        arrays[i] = arrays[first][:0]
    for i, array in enumerate(arrays):
        if array.shape[1] != arrays[first].shape[1]:
            raise ValueError(
                f"sequences[{i}] has {array.shape[1]} values per step, but sequences[{first}] has "
                f"{arrays[first].shape[1]}."
            )
    return arrays


def _names_of_values(columns: Any, k: int) -> list[Any]:
    if columns is None:
        return ["value"] if k == 1 else [f"value{i}" for i in range(k)]
    names = listed(columns)
    if len(names) != k or len(set(names)) < k:
        raise ValueError(
            f"columns={names!r} must be {k} different names, one for each value of a step."
        )
    return names


def _keys_like(
    like: FrameSequences, ids: Any, lengths: np.ndarray
) -> tuple[nw.DataFrame[Any], np.ndarray]:
    """Return the rows of ids and times, in the order of the frame, and the step of each row."""
    if not isinstance(like, FrameSequences):
        raise TypeError(
            f"like is a {type(like).__name__}; accepted is what frame_to_sequences returned."
        )
    own = np.array([len(steps) for steps in like.X], dtype=np.int64)
    chosen = np.arange(len(own))
    if ids is not None:
        place = {identity: i for i, identity in enumerate(python_items(like.ids))}
        given = _listed_ids(ids)
        is_tuple = isinstance(like.ids[0], tuple)
        if is_tuple:
            _check_pairs(given, len(like.ids[0]))
        asked = list(map(tuple, given)) if is_tuple else python_items(object_array(given))
        _check_hashable(asked)
        for i, identity in enumerate(asked):
            if identity not in place:
                raise ValueError(f"ids[{i}] is {show(identity)}, which is not among like.ids.")
        chosen = np.array([place[identity] for identity in asked], dtype=np.int64)
        twice = np.flatnonzero(np.bincount(chosen, minlength=1) > 1)
        if len(twice):
            raise ValueError(f"ids has {show(like.ids[twice[0]])} more than once.")
    _check_lengths(lengths, own[chosen], like.ids[chosen])
    starts = offsets(own)[chosen]
    rows = np.concatenate([like._rows[at : at + n] for at, n in zip(starts, lengths, strict=True)])
    order = np.argsort(rows)
    keys = read_frame(like._keys)
    if len(rows) < len(keys):
        keys = keys[rows[order]]
    return keys, order


def _check_lengths(given: np.ndarray, wanted: np.ndarray, ids: Any) -> None:
    if len(given) != len(wanted):
        raise ValueError(f"sequences has {len(given)} entries, but there are {len(wanted)} ids.")
    wrong = np.flatnonzero(given != wanted)
    if len(wrong):
        i = int(wrong[0])
        raise ValueError(
            f"sequences[{i}] has {given[i]} steps, but id {show(ids[i])} has {wanted[i]} times."
        )


def _new_keys(
    ids: Any, times: Any, id: Any, time: Any, lengths: np.ndarray, backend: str | None
) -> nw.DataFrame[Any]:
    """Return the columns of ids and times of all steps."""
    if ids is None:
        raise ValueError("ids is None; pass the id of each sequence, or like.")
    names, owner = listed(id), sequence_ids(lengths)
    if not names or len(set(names)) < len(names):
        raise ValueError(f"id={id!r} is not accepted; give one name, or several different ones.")
    time = None if times is None else single_name("time", listed(time), time)
    if times is not None and time in names:
        raise ValueError(f"id and time are both {time!r}; give the column of times another name.")
    series = nw.from_native(ids, series_only=True, pass_through=True)
    if isinstance(series, nw.Series):
        if len(names) > 1:
            raise ValueError(f"id={names!r} needs ids of {len(names)} entries each, not a Series.")
        identities = series.to_list()
        _check_hashable(identities)
        _check_counts(len(identities), lengths)
        frame = take(series.alias(names[0]).to_frame(), owner)
        if backend is not None and str(frame.implementation).lower() != backend:
            raise ValueError(f"backend={backend!r} is not that of ids; pass either.")
    else:
        identities = _listed_ids(ids)
        _check_counts(len(identities), lengths)
        if len(names) == 1:
            _check_hashable(identities)
            parts: list[Any] = [ids]
        else:
            _check_pairs(identities, len(names))
            parts = list(zip(*identities, strict=True))
        columns = {name: _column(part)[owner] for name, part in zip(names, parts, strict=True)}
        frame = _new_frame(columns, backend or "pandas")
    if times is None:
        return frame
    items = list(as_container(times, "times")) if hasattr(times, "__len__") else [times]
    flat = next(
        (i for i, item in enumerate(items) if isinstance(item, str) or not np.ndim(item)), -1
    )
    if flat >= 0:
        raise TypeError(
            f"times{f'[{flat}]' if hasattr(times, '__len__') else ''} is {plain(items[flat])!r}; "
            "accepted is one array of times for each sequence."
        )
    if len(items) != len(lengths):
        raise ValueError(f"times has {len(items)} entries, but there are {len(lengths)} sequences.")
    counts = np.array([len(item) for item in items], dtype=np.int64)
    _check_lengths(lengths, counts, identities)
    first = nw.from_native(items[0], series_only=True, pass_through=True)
    if isinstance(first, nw.Series) and first.implementation == frame.implementation:
        own: list[Any] = [nw.from_native(item, series_only=True) for item in items]
        column = nw.concat([series.alias(time).to_frame() for series in own])
        return frame.with_columns(nw.maybe_reset_index(column).get_column(time))
    return with_columns(frame, {time: concatenate([_column(item) for item in items])})


def _listed_ids(ids: Any) -> list[Any]:
    given = as_container(ids, "ids")
    if not hasattr(given, "__len__") or isinstance(given, str | bytes) or hasattr(given, "columns"):
        raise TypeError(
            f"ids is a {type(ids).__name__}; accepted is an array-like of the ids of all sequences."
        )
    return given.to_list() if hasattr(given, "to_list") else list(given)


def _check_hashable(ids: list[Any]) -> None:
    for i, identity in enumerate(ids):
        if not isinstance(identity, Hashable):
            raise TypeError(
                f"ids[{i}] is a {type(identity).__name__}; accepted are strings, numbers, dates "
                "and tuples of them. Name several columns in id for ids of several entries."
            )


def _check_pairs(ids: list[Any], n: int) -> None:
    """Raise ValueError for ids that do not have one entry for each of n columns."""
    for i, identity in enumerate(ids):
        if isinstance(identity, str) or not hasattr(identity, "__len__") or len(identity) != n:
            raise ValueError(
                f"ids[{i}] is {plain(identity)!r}; accepted are tuples of {n} entries, one for "
                "each column of ids."
            )


def _check_counts(n: int, lengths: np.ndarray) -> None:
    if n != len(lengths):
        raise ValueError(f"ids has {n} entries, but there are {len(lengths)} sequences.")


def _column(values: Any) -> np.ndarray:
    """Return entries as an array, in which strings and numbers stay what they are."""
    array = np.asarray(values)
    if array.ndim != 1 or (array.dtype.kind in "US" and not isinstance(values, np.ndarray)):
        return object_array(values)
    return array


def _new_frame(columns: dict[Any, np.ndarray], backend: Any) -> nw.DataFrame[Any]:
    return nw.from_dict(
        {
            name: column.tolist() if column.dtype.kind in "OUS" else column
            for name, column in columns.items()
        },
        backend=backend,
    )
