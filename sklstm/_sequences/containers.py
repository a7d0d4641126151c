"""X, y and weights in the containers of users: what is read as arrays, lists and frames."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from numbers import Number
from typing import Any

import numpy as np

from sklstm._sequences.arrays import check_entries, check_unmasked, plain


def as_container(X: Any, name: str) -> Any:
    """Return what holds sequences, texts, labels or weights as one of the usual containers.

    Parameters
    ----------
    X : object
        What was given.
    name : str
        The name of the argument, for error messages.

    Returns
    -------
    list, tuple, array, Series, data frame, sparse or Awkward array
        pyarrow's arrays and tables, and objects that only offer ``__array__``, are converted to
        arrays. Numbers and strings are returned as they are.

    Raises
    ------
    TypeError
        For dicts, sets, iterators, what has to be evaluated first, what holds nothing, and what
        `frame_to_sequences`, `frame_to_series` or `make_windows` returned as a whole.
    ValueError
        If an entry of a masked array is masked.
    """
    if isinstance(X, np.ma.MaskedArray):
        check_unmasked(X, name)
        return np.asarray(X)
    given = f"{name} is a {type(X).__name__}"
    fields = set(getattr(type(X), "__match_args__", ()))
    if {"X", "y"} <= fields:  # FrameSequences and Windows
        raise TypeError(
            f"{given}, not the sequences in it; pass its attributes, result.X and result.y."
        )
    if {"X", "covariates"} <= fields:  # FrameSeries
        raise TypeError(
            f"{given}, not the series in it; pass its attributes, result.X, "
            "covariates=result.covariates and static=result.static."
        )
    if X is None or isinstance(X, np.ndarray | list | tuple | str | bytes):
        return X
    if isinstance(X, Mapping):
        keys = list(X)
        shown = ", ".join(map(repr, keys[:3])) + (", ..." if len(keys) > 3 else "")
        raise TypeError(
            f"{given} with the keys {shown}; pass a list, an array or a data frame, such as "
            f"list({name}.values())."
        )
    if isinstance(X, Set):
        raise TypeError(f"{given}, which has no order; pass a list.")
    if isinstance(X, Iterator):
        raise TypeError(f"{given}, which can be read only once; pass list({name}).")
    package = type(X).__module__.partition(".")[0]
    if package == "pyarrow":
        return _from_arrow(X, name)
    if package in ("pandas", "polars"):
        if not hasattr(X, "shape"):
            raise TypeError(
                f"{given}; pass a data frame or a Series, or a list of them: of groups "
                f"[frame for _, frame in {name}], of a lazy frame {name}.collect()."
            )
        return X
    if package == "awkward" or hasattr(X, "columns"):
        return X
    if hasattr(X, "__array__"):
        return np.asarray(X)
    if isinstance(X, Number) or hasattr(X, "shape"):
        return X
    if isinstance(X, Iterable):
        return list(X)
    raise TypeError(f"{given}; pass a list, an array or a data frame.")


def as_table(X: Any, name: str) -> Any:
    """Return a table as `as_container` does, without dates and masked entries.

    A pyarrow table is returned as it is: scikit-learn converts it, and knows where its names are.
    """
    table = as_container(X, name)
    check_entries(table, name)
    return X if hasattr(X, "column_names") else table


def _from_arrow(X: Any, name: str) -> Any:
    """Return a pyarrow array or table as an array, or a list of sequences of matrices."""
    if hasattr(X, "column_names"):
        check_entries(X, name)
        return np.asarray(X)
    if not hasattr(X, "to_pylist") or not hasattr(X, "type"):
        raise TypeError(f"{name} is a {type(X).__name__}; pass an array or a table.")
    return X.to_pylist() if str(X.type).count("list<") > 1 else np.asarray(X)


def from_cells(
    X: Any, name: str, columns: Sequence[Any] | None = None, names: Sequence[Any] | None = None
) -> tuple[Any, tuple[Any, ...] | None]:
    """Return the sequences in the cells of a table, where it holds some.

    Parameters
    ----------
    X : data frame, or object array of shape (n, k)
        Anything else is returned as it is, and so are a table without sequences, and a data frame
        of one column.
    name : str
        The name of the argument, for error messages.
    columns : sequence or None, default=None
        The names of the features in `fit`, if they had some: columns of a frame are brought into
        their order.
    names : sequence or None, default=None
        The names of the columns of an array.

    Returns
    -------
    X : list of ndarray of shape (T_i, k), or object array of shape (n,)
        A table of k columns holds the k dimensions of n sequences; an array of one column holds
        n sequences.
    names : tuple or None
        The names of the k features, in the order of `X`.

    Raises
    ------
    ValueError
        If some columns hold sequences and others do not, if the dimensions of a sequence differ
        in their number of steps, or if an array holds one row of several sequences.
    """
    if hasattr(X, "columns"):
        if X.shape[1] < 2:
            return X, None
        listed = [k for k, dtype in enumerate(X.dtypes) if getattr(dtype, "kind", "O") == "O"]
        held = [k for k in listed if len(X) and is_sequence(_first(X, k))]
        names = list(X.columns)
    elif isinstance(X, np.ndarray) and X.dtype == object and X.ndim == 2 and X.size:
        held = [k for k in range(X.shape[1]) if is_sequence(X[0, k])]
        if X.shape[1] == 1:
            return (X[:, 0] if held or isinstance(X[0, 0], str | bytes) else X), None
    else:
        return X, None
    if not held:
        return X, None
    if len(X) == 1 and names is None:
        raise ValueError(
            f"{name} has shape {X.shape}, a row of {X.shape[1]} sequences. Pass one sequence for "
            f"each sample, in an array of shape ({X.shape[1]},) or ({X.shape[1]}, 1): {name}[0]; "
            "or, for one sample of several dimensions, an array of shape (1, T, F)."
        )
    order = list(range(X.shape[1]))
    if names is not None and columns is not None:
        order = column_order(names, columns, name) or order
    shown = names if names is not None else order
    lost = sorted(set(order) - set(held))
    if lost:
        raise ValueError(
            f"{name} has sequences in the cells of column {shown[held[0]]!r}, but not in those of "
            f"column {shown[lost[0]]!r}, whose first one is {plain(_first(X, lost[0]))!r}; each "
            "column holds one dimension of all sequences."
        )
    parts = [_dimension(_cells(X, k), f"{name}[{shown[k]!r}]") for k in order]
    for i, cells in enumerate(zip(*parts, strict=True)):
        for k, cell in zip(order, cells, strict=True):
            if len(cell) != len(cells[0]):
                raise ValueError(
                    f"{name} has {len(cells[0])} steps in row {i} of column {shown[order[0]]!r}, "
                    f"but {len(cell)} in that of column {shown[k]!r}; the dimensions of a sequence "
                    "need the same number of steps."
                )
    stacked = [np.stack(cells, axis=1) for cells in zip(*parts, strict=True)]
    return stacked, None if names is None else tuple(names[k] for k in order)


def is_sequence(cell: Any) -> bool:
    """Return True if a cell of a table holds a sequence, rather than a number or a text."""
    return hasattr(cell, "__len__") and not isinstance(cell, str | bytes | Mapping)


def _first(X: Any, k: int) -> Any:
    """Return the first cell of column k; names may occur twice."""
    return X.iloc[0, k] if hasattr(X, "iloc") else X[0, k]


def _cells(X: Any, k: int) -> list[Any]:
    """Return the cells of column k."""
    if isinstance(X, np.ndarray):
        return list(X[:, k])
    column = X.iloc[:, k] if hasattr(X, "iloc") else X.to_series(k)
    cells: list[Any] = column.to_list()
    return cells


def _dimension(cells: list[Any], name: str) -> list[np.ndarray]:
    """Return one dimension of all sequences, as arrays of shape (T_i,)."""
    arrays = []
    for i, cell in enumerate(cells):
        check_entries(cell, f"{name}[{i}]")
        array = np.asarray(cell)
        if array.ndim != 1:
            what = f"has {array.ndim} dimensions" if array.ndim else f"is {plain(cell)!r}"
            raise ValueError(
                f"{name}[{i}] {what}; in a table of several columns of sequences each cell holds "
                "one number for every step."
            )
        if array.dtype.kind not in "biufO":
            array = array.astype(object)  # numpy would make strings of numbers beside it
        arrays.append(array)
    return arrays


def align_frames(
    items: list[Any], name: str, columns: Sequence[Any] | None = None
) -> tuple[list[Any], tuple[Any, ...] | None]:
    """Return the items of a list, data frames among them with their columns in the same order.

    Parameters
    ----------
    items : list
        The items. Frames whose columns are numbered from 0, as pandas does where none are given,
        have no names, and are read by position, as arrays are.
    name : str
        The name of the argument, for error messages.
    columns : sequence or None, default=None
        The order of the columns in `fit`. None for that of the first frame.

    Returns
    -------
    items : list
        The items.
    columns : tuple or None
        The order; None if no item has names.

    Raises
    ------
    ValueError
        If frames have different columns; or in another order, where other items have no names to
        be aligned by.
    """
    if not any(hasattr(kind, "columns") for kind in set(map(type, items))):
        return items, None
    frames = {i: _names(item) for i, item in enumerate(items) if hasattr(item, "columns")}
    first = next((i for i, names in frames.items() if not _is_default(names)), min(frames))
    if set(frames[min(frames)]) == set(frames[first]):
        first = min(frames)
    if columns is None or (_is_default(columns) and set(columns) != set(frames[first])):
        wanted, reference = frames[first], f"{name}[{first}]"
    else:
        wanted, reference = list(columns), f"the {name} of fit"
    aligned, moved, nameless = list(items), None, len(frames) < len(items)
    for i, names in frames.items():
        order = column_order(names, wanted, f"{name}[{i}]", reference)
        nameless = nameless or set(names) != set(wanted)
        if order is not None:  # names are unique here
            frame = items[i]
            moved = i if moved is None else moved
            aligned[i] = frame.select(wanted) if hasattr(frame, "column_names") else frame[wanted]
    if moved is not None and nameless:
        other = next(i for i in range(len(items)) if set(frames.get(i, ())) != set(wanted))
        raise ValueError(
            f"{name}[{moved}] has its columns in another order than {reference}, {frames[moved]!r} "
            f"and {wanted!r}, and {name}[{other}] has no column names to align by; pass either "
            "frames or arrays."
        )
    return aligned, tuple(wanted)


def column_order(
    names: Sequence[Any], wanted: Sequence[Any], name: str, reference: str = "the X of fit"
) -> list[int] | None:
    """Return where the wanted columns are among those given; None if they are in order.

    Columns that are only numbered from 0, on either side, are taken by position.

    Raises
    ------
    ValueError
        If other columns are given, or an order cannot be found as names occur twice.
    """
    names, wanted = list(names), list(wanted)
    if names == wanted:
        return None
    place = {column: k for k, column in enumerate(names)}
    if place.keys() != set(wanted) and (_is_default(names) or _is_default(wanted)):
        return None
    if place.keys() != set(wanted):
        lost = [column for column in wanted if column not in place]
        new = [column for column in names if column not in wanted]
        raise ValueError(
            f"{name} has the columns {names!r}, but {reference} has {wanted!r}"
            f"{f'; missing: {lost!r}' if lost else ''}{f'; unexpected: {new!r}' if new else ''}. "
            "Columns are aligned by name, so every frame needs the same ones."
        )
    if len(place) != len(names) or len(names) != len(wanted):
        raise ValueError(
            f"{name} has the columns {names!r}, and {reference} has {wanted!r}: names that occur "
            "more than once cannot be aligned. Rename them, or pass the columns in the same order."
        )
    return [place[column] for column in wanted]


def _names(frame: Any) -> list[Any]:
    """Return the names of the columns of a pandas, polars or pyarrow frame."""
    return list(getattr(frame, "column_names", frame.columns))


def _is_default(names: Sequence[Any]) -> bool:
    """Return True for the numbers that pandas gives to columns without names."""
    return list(names) == list(range(len(names)))
