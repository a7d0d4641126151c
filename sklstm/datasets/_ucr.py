"""Time series from the UCR and UEA archives."""

from __future__ import annotations

import os
import re
import textwrap
from typing import Literal

import numpy as np
from sklearn.utils import Bunch

from sklstm.datasets._home import Source, locate
from sklstm.datasets._ragged import stack
from sklstm.datasets._ts_format import TimeSeries, read_ts

HOMEPAGE = "https://www.timeseriesclassification.com"
SUFFIXES = {"train": "TRAIN", "test": "TEST"}
# Some files carry the description of a whole family of data sets.
MOST_COMMENTS = 900


def fetch_ucr(
    name: str,
    *,
    subset: Literal["train", "test"] = "train",
    data_home: str | os.PathLike[str] | None = None,
    return_X_y: bool = False,
) -> Bunch | tuple[np.ndarray, np.ndarray]:
    """Load a data set of time series from the UCR, UEA or TSER archive.

    Any of the hundreds of sets at timeseriesclassification.com, to classify or to predict a
    number from, whose .ts files you have. ``NAME_TRAIN.ts`` and ``NAME_TEST.ts`` are looked for
    in ``data_home``, the directory named in the environment variable ``SKLSTM_DATA`` and the
    user's cache (see `fetch_imdb`), in the folder ``ucr`` there, and in a folder of the set's
    own name in either, as the archives unpack. Nothing is downloaded.

    Parameters
    ----------
    name : str
        The name of the set as its files spell it, such as ``"JapaneseVowels"``.
    subset : {"train", "test"}, default="train"
        Which of the two files. The split is the archive's, which published figures refer to.
    data_home : str or path, default=None
        A directory to look in first. None: begin with ``SKLSTM_DATA``.
    return_X_y : bool, default=False
        Return ``(data, target)`` in place of a Bunch.

    Returns
    -------
    bunch : :class:`~sklearn.utils.Bunch`
        data : ndarray of shape (n, T, F), float64, or (n,), object
            The series as steps of F features. Where lengths differ, an object array of arrays
            of shape (T_i, F): the two files of a set may differ in this. A missing value is
            NaN, which LSTM estimators refuse.
        target : ndarray of shape (n,), str or float64
            The class of each, as the file writes it; or the number to predict, where the header
            says ``@targetlabel true``. None where the file has neither.
        target_names : list of str or None
            The classes in the header's order, or sorted if it lists none. None if there are no
            classes.
        DESCR : str
            What the file says about itself, shortened, and where it is from.
    (data, target) : tuple, if ``return_X_y`` is True

    Raises
    ------
    ValueError
        If ``name`` cannot be the name of a set, ``subset`` is not one of the above, or a line
        of the file is not in the format; the message names the line.
    OSError
        If the file is nowhere to be found; the message says what to do.

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

    Utterances of unequal length:

    >>> X, y = fetch_ucr("JapaneseVowels", return_X_y=True)  # doctest: +SKIP
    >>> X[0].shape, X[1].shape, y[0]  # doctest: +SKIP
    ((20, 12), (26, 12), '1')
    """
    if not isinstance(name, str) or not re.fullmatch(r"[\w-]+", name):
        raise ValueError(
            f"name must be that of a data set, such as 'GunPoint': letters, digits, _ and - only, "
            f"got {name!r}."
        )
    if subset not in SUFFIXES:
        raise ValueError(f"subset must be one of {sorted(SUFFIXES)}, got {subset!r}.")
    found = read_ts(
        locate(_source(name, subset), data_home=data_home, download_if_missing=False, progress=None)
    )
    data = stack(found.series)
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


def _target_names(found: TimeSeries) -> list[str] | None:
    if found.classes is None or found.labels is None:
        return None
    return found.classes or sorted({str(label) for label in found.labels})


def _describe(name: str, found: TimeSeries) -> str:
    """Return the file's own words, cut to a paragraph or two, under a heading."""
    said = textwrap.shorten(" ".join(found.comments), MOST_COMMENTS, placeholder=" ...")
    paragraphs = [
        f"{name}\n{'=' * len(name)}",
        textwrap.fill(said, 100),
        f"{HOMEPAGE}/description.php?Dataset={name}",
    ]
    return "\n\n".join(filter(None, paragraphs)) + "\n"
