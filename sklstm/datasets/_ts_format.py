"""Reader of the .ts format, in which timeseriesclassification.com keeps its data sets.

Comments (``#``) and a header (``@name value``), then ``@data`` and one series per line: the
dimensions set apart by colons, their values by commas, a missing one written ``?``, and behind the
last colon the label or the number to predict, if the header announces one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import numpy as np


@dataclass(frozen=True)
class TimeSeries:
    """What a file holds.

    Attributes
    ----------
    series : list of ndarray of shape (n_steps, n_dimensions)
        The series, in the file's order, float64; NaN where a value is missing.
    labels : list of str or float, or None
        What stands behind each series: its class, or a number if the header says
        ``@targetlabel true``, or nothing.
    classes : list of str or None
        The classes that the header lists; empty if it lists none, None without classes.
    comments : list of str
        The comment lines, without their ``#``.
    """

    series: list[np.ndarray]
    labels: list[Any] | None
    classes: list[str] | None
    comments: list[str]


@dataclass
class _Header:
    """The header as read so far; names are compared in lower case."""

    entries: dict[str, list[str]] = field(default_factory=dict)
    comments: list[str] = field(default_factory=list)

    def says(self, name: str) -> bool:
        return self.entries.get(name, ["false"])[0].lower() == "true"

    @property
    def classes(self) -> list[str] | None:
        if self.says("targetlabel") or not self.says("classlabel"):
            return None
        return self.entries["classlabel"][1:]


def read_ts(path: Path) -> TimeSeries:
    """Read a file of time series.

    Lengths and missing values are taken from the series themselves, whatever the header says of
    them.

    Parameters
    ----------
    path : Path
        A .ts file, UTF-8.

    Returns
    -------
    time_series : TimeSeries

    Raises
    ------
    ValueError
        If a line is not in the format, or differs from the header or the first series in its
        number of dimensions; the message names file and line.
    """
    header, in_data = _Header(), False
    series: list[np.ndarray] = []
    labels: list[Any] = []
    # Comments come from many hands; a stray byte there is no reason to refuse the data.
    with path.open(encoding="utf-8", errors="replace") as lines:
        for number, line in enumerate(map(str.strip, lines), 1):
            where = f"{path}, line {number}"
            if not line:
                continue
            if line.startswith("#"):
                header.comments.append(line[1:].strip())
            elif in_data:
                dimensions, label = _take_label(line.split(":"), header, where)
                series.append(_values(dimensions, header, series, where))
                labels.append(label)
            elif line.startswith("@"):
                in_data = _read_header(line, header, where)
            else:
                _fail(where, "data begins without a line @data before it")
    if not series:
        _fail(str(path), "no series: nothing follows @data" if in_data else "there is no @data")
    labelled = header.says("targetlabel") or header.classes is not None
    return TimeSeries(series, labels if labelled else None, header.classes, header.comments)


def _read_header(line: str, header: _Header, where: str) -> bool:
    """Take in a line of the header; return whether the data begins after it."""
    name, *values = line[1:].split() or [""]
    if name.lower() == "data":
        return True
    if not values:
        _fail(where, f"{line!r} has no value")
    header.entries[name.lower()] = values
    if header.says("timestamps"):
        _fail(where, "series with time stamps cannot be read, only values at equal distances")
    if name.lower() == "dimensions" and not values[0].isdecimal():
        _fail(where, f"@dimensions must be a whole number, got {values[0]!r}")
    return False


def _take_label(fields: list[str], header: _Header, where: str) -> tuple[list[str], str | float]:
    """Return the fields of the dimensions, and what stands behind them."""
    if not header.says("targetlabel") and header.classes is None:
        return fields, ""
    *dimensions, label = map(str.strip, fields)
    if not dimensions:
        _fail(where, "no label behind the series, which the header announces")
    if header.says("targetlabel"):
        return dimensions, _number(label, "behind the last colon", where)
    if header.classes and label not in header.classes:
        _fail(where, f"class {label!r} is none of those in the header: {', '.join(header.classes)}")
    return dimensions, label


def _values(
    dimensions: list[str], header: _Header, before: list[np.ndarray], where: str
) -> np.ndarray:
    """Return a series as (n_steps, n_dimensions)."""
    n_expected, source = len(dimensions), ""
    if "dimensions" in header.entries:
        n_expected, source = int(header.entries["dimensions"][0]), "the header says"
    elif before:
        n_expected, source = before[0].shape[1], "the first series has"
    if len(dimensions) != n_expected:
        _fail(where, f"{len(dimensions)} dimensions, but {source} {n_expected}")
    columns = [_numbers(text, i, where) for i, text in enumerate(dimensions, 1)]
    lengths = [len(column) for column in columns]
    if len(set(lengths)) > 1:
        _fail(where, f"dimensions of one series differ in length: {lengths}")
    return np.column_stack(columns)  # (time, dimension)


def _numbers(text: str, dimension: int, where: str) -> np.ndarray:
    fields = text.split(",")
    try:
        return np.array(["nan" if f.strip() == "?" else f for f in fields], dtype=np.float64)
    except ValueError:
        # Only now one by one, to find the one to name.
        place = f"in dimension {dimension}"
        return np.array([_number(field.strip(), place, where) for field in fields])


def _number(text: str, place: str, where: str) -> float:
    try:
        return float("nan" if text == "?" else text)
    except ValueError:
        _fail(where, f"{text!r} {place} is not a number")


def _fail(where: str, what: str) -> NoReturn:
    raise ValueError(f"{where}: {what}.")
