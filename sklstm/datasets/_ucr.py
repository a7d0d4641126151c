"""Time series from the UCR, UEA and TSER archives, and a reader of their .ts files."""

from __future__ import annotations

import os
import re
import textwrap
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NoReturn

import numpy as np
from sklearn.utils import Bunch

from sklstm._sequences import object_array
from sklstm.datasets._choice import check_choice
from sklstm.datasets._home import Source, locate

HOMEPAGE = "https://www.timeseriesclassification.com"
SUFFIXES = {"train": "TRAIN", "test": "TEST"}
# Some files contain the description of a whole family of data sets.
MOST_COMMENTS = 900


def fetch_ucr(
    name: str,
    *,
    subset: Literal["train", "test"] = "train",
    data_home: str | os.PathLike[str] | None = None,
    return_X_y: bool = False,
) -> Bunch | tuple[np.ndarray, np.ndarray]:
    """Load a data set of time series from the UCR, UEA or TSER archive.

    This reads any of the hundreds of classification and regression data sets of
    timeseriesclassification.com from its .ts files. ``NAME_TRAIN.ts`` and ``NAME_TEST.ts`` are
    searched in ``data_home``, the directory given by the environment variable ``SKLSTM_DATA`` and
    the user's cache (see `fetch_imdb`), in the folder ``ucr`` there, and in a folder with the name
    of the data set in either of these, as in the unpacked archives. Nothing is downloaded.

    Parameters
    ----------
    name : str
        The name of the data set as spelled in its file names, such as ``"JapaneseVowels"``.
    subset : {"train", "test"}, default="train"
        Which of the two files to read. The split is that of the archive, which published results
        refer to.
    data_home : str or path, default=None
        A directory to search first. None starts with ``SKLSTM_DATA``.
    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    bunch : :class:`~sklearn.utils.Bunch`
        data : ndarray of shape (n, T, F), float64, or (n,), object
            The series, with F features per time step. If their lengths differ, an object array
            of arrays of shape (T_i, F); this may be so in one of the two files of a data set only.
            Missing values are NaN, for which LSTM estimators raise an error.
        target : ndarray of shape (n,), str or float64
            The class of each series as written in the file, or the number to predict if the header
            contains ``@targetlabel true``. None if the file has neither.
        target_names : list of str or None
            The classes in the order of the header, or sorted if it lists none. None if there are no
            classes.
        DESCR : str
            The description in the file, shortened, and its source.
    (data, target) : tuple, if ``return_X_y`` is True

    Raises
    ------
    ValueError
        If ``name`` is not a valid name of a data set, ``subset`` has no accepted value, or a line
        of the file is not in the .ts format; the message names the line.
    OSError
        If the file is not found; the message says what to do.

    References
    ----------
    H. A. Dau et al. (2019). The UCR time series archive. IEEE/CAA Journal of Automatica Sinica
    6(6).

    A. Bagnall et al. (2018). The UEA multivariate time series classification archive, 2018.
    arXiv:1811.00075.

    C. W. Tan et al. (2021). Time series extrinsic regression. Data Mining and Knowledge
    Discovery 35.

    Examples
    --------
    >>> from sklstm.datasets import fetch_ucr
    >>> gestures = fetch_ucr("GunPoint")  # doctest: +SKIP
    >>> gestures.data.shape, gestures.target_names  # doctest: +SKIP
    ((50, 150, 1), ['1', '2'])

    Utterances of different lengths:

    >>> X, y = fetch_ucr("JapaneseVowels", return_X_y=True)  # doctest: +SKIP
    >>> X[0].shape, X[1].shape, y[0]  # doctest: +SKIP
    ((20, 12), (26, 12), '1')
    """
    if not isinstance(name, str) or not re.fullmatch(r"[\w-]+", name):
        raise ValueError(
            f"name must be that of a data set, such as 'GunPoint': letters, digits, _ and - only, "
            f"got {name!r}."
        )
    check_choice("subset", subset, SUFFIXES)
    found = _read_ts(
        locate(_source(name, subset), data_home=data_home, download_if_missing=False, progress=None)
    )
    same_length = len({len(series) for series in found.series}) == 1
    data = np.stack(found.series) if same_length else object_array(found.series)
    target = None if found.labels is None else np.array(found.labels)
    if return_X_y:
        return data, target
    return Bunch(
        data=data, target=target, target_names=_target_names(found), DESCR=_describe(name, found)
    )


def _source(name: str, subset: str) -> Source:
    file = f"{name}_{SUFFIXES[subset]}.ts"
    return Source(
        title=f"The {subset} series of {name}",
        folder="ucr",
        names=(file, f"{name}/{file}"),
        homepage=f"{HOMEPAGE}/description.php?Dataset={name}",
    )


def _target_names(found: _TimeSeries) -> list[str] | None:
    if found.classes is None or found.labels is None:
        return None
    return found.classes or sorted({str(label) for label in found.labels})


def _describe(name: str, found: _TimeSeries) -> str:
    """Return the description in the file, shortened, with a heading and the source."""
    said = textwrap.shorten(" ".join(found.comments), MOST_COMMENTS, placeholder=" ...")
    paragraphs = [
        f"{name}\n{'=' * len(name)}",
        textwrap.fill(said, 100),
        f"{HOMEPAGE}/description.php?Dataset={name}",
    ]
    return "\n\n".join(filter(None, paragraphs)) + "\n"


# The .ts format


@dataclass(frozen=True)
class _TimeSeries:
    """The content of a file.

    Attributes
    ----------
    series : list of ndarray of shape (n_steps, n_dimensions)
        The series in the order of the file, float64; missing values are NaN.
    labels : list of str or float, or None
        The class of each series, or a number if the header contains ``@targetlabel true``.
    classes : list of str or None
        The classes listed in the header; empty if it lists none, None without classes.
    comments : list of str
        The comment lines, without their ``#``.
    """

    series: list[np.ndarray]
    labels: list[Any] | None
    classes: list[str] | None
    comments: list[str]


@dataclass
class _Header:
    """The entries and comments read so far; names are compared in lower case."""

    entries: dict[str, list[str]] = field(default_factory=dict)
    comments: list[str] = field(default_factory=list)

    def says(self, name: str) -> bool:
        return self.entries.get(name, ["false"])[0].lower() == "true"

    @property
    def classes(self) -> list[str] | None:
        if self.says("targetlabel") or not self.says("classlabel"):
            return None
        return self.entries["classlabel"][1:]


def _read_ts(path: Path) -> _TimeSeries:
    """Read a .ts file, the format of timeseriesclassification.com.

    A file has comments (``#``), a header (``@name value``), then ``@data`` and one series per line:
    the dimensions separated by colons, their values by commas, ``?`` for a missing value, and after
    the last colon the label or the number to predict, if the header announces one. Lengths and
    missing values are taken from the series themselves, whatever the header says about them.

    Raises
    ------
    ValueError
        If a line is not in the format, or differs from the header or the first series in its
        number of dimensions; the message names file and line.
    """
    header, in_data = _Header(), False
    series: list[np.ndarray] = []
    labels: list[Any] = []
    # An invalid byte in a comment is no reason to refuse the data.
    with path.open(encoding="utf-8-sig", errors="replace") as lines:
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
                _fail(where, "data without a line @data before it")
    if not series:
        _fail(str(path), "no series: nothing follows @data" if in_data else "there is no @data")
    labelled = header.says("targetlabel") or header.classes is not None
    return _TimeSeries(series, labels if labelled else None, header.classes, header.comments)


def _read_header(line: str, header: _Header, where: str) -> bool:
    """Read a line of the header; return whether the data begins after it."""
    name, *values = line[1:].split() or [""]
    if name.lower() == "data":
        return True
    if not values:
        _fail(where, f"{line!r} has no value")
    header.entries[name.lower()] = values
    if header.says("timestamps"):
        _fail(where, "series with time stamps are not supported, only equally spaced values")
    if name.lower() == "dimensions" and not values[0].isdecimal():
        _fail(where, f"@dimensions must be a whole number, got {values[0]!r}")
    return False


def _take_label(fields: list[str], header: _Header, where: str) -> tuple[list[str], str | float]:
    """Return the fields of the dimensions, and the label after them."""
    if not header.says("targetlabel") and header.classes is None:
        return fields, ""
    *dimensions, label = map(str.strip, fields)
    if not dimensions:
        _fail(where, "no label after the series, which the header announces")
    if header.says("targetlabel"):
        return dimensions, _number(label, "after the last colon", where)
    if header.classes and label not in header.classes:
        _fail(where, f"class {label!r} is not in the header, which has {', '.join(header.classes)}")
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
        _fail(where, f"the dimensions of a series differ in length: {lengths}")
    return np.column_stack(columns)  # (time, dimension)


def _numbers(text: str, dimension: int, where: str) -> np.ndarray:
    fields = text.split(",")
    try:
        return np.array(["nan" if f.strip() == "?" else f for f in fields], dtype=np.float64)
    except ValueError:
        # Convert one by one to find the value to name.
        place = f"in dimension {dimension}"
        return np.array([_number(field.strip(), place, where) for field in fields])


def _number(text: str, place: str, where: str) -> float:
    try:
        return float("nan" if text == "?" else text)
    except ValueError:
        _fail(where, f"{text!r} {place} is not a number")


def _fail(where: str, what: str) -> NoReturn:
    raise ValueError(f"{where}: {what}.")
