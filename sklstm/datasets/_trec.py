"""The TREC questions, classified by the type of the expected answer."""

from __future__ import annotations

import os
from codecs import BOM_UTF8
from typing import Literal

import numpy as np
from sklearn.utils import Bunch

from sklstm.datasets._choice import check_choice
from sklstm.datasets._home import Source, locate

HOMEPAGE = "https://cogcomp.seas.upenn.edu/Data/QA/QC/"
SOURCES = {
    "train": Source(
        title="The TREC training questions",
        folder="trec",
        names=("TREC.train", "train_5500.label"),
        homepage=HOMEPAGE,
        url=f"{HOMEPAGE}train_5500.label",
        md5="073462e3fcefaae31e00edb1f18d2d02",
    ),
    "test": Source(
        title="The TREC test questions",
        folder="trec",
        names=("TREC.test", "TREC_10.label"),
        homepage=HOMEPAGE,
        url=f"{HOMEPAGE}TREC_10.label",
        md5="323a3554401d86e650717e2d2f942589",
    ),
}
DESCR = f"""\
TREC question classification
============================

Questions in English, with words separated by spaces: 5,452 for training and 500 for testing. Each
is labelled with the type of the expected answer, of 6 coarse classes (ABBR, DESC, ENTY, HUM, LOC,
NUM) and 50 fine ones (such as LOC:city), 42 of which occur in the test questions.

X. Li and D. Roth (2002). Learning question classifiers. COLING. {HOMEPAGE}
"""


def fetch_trec(
    *,
    subset: Literal["train", "test"] = "train",
    fine: bool = False,
    data_home: str | os.PathLike[str] | None = None,
    download_if_missing: bool = True,
    return_X_y: bool = False,
    progress: bool | None = None,
) -> Bunch | tuple[list[str], np.ndarray]:
    """Load the TREC questions, short texts of 6 or 50 classes.

    The data are searched in ``data_home``, the directory given by the environment variable
    ``SKLSTM_DATA`` and the user's cache (see `fetch_imdb`), and in the folder ``trec`` there, under
    the names ``TREC.train`` and ``TREC.test`` or the original ``train_5500.label`` and
    ``TREC_10.label``. If not found, they are downloaded (0.4 MB).

    Parameters
    ----------
    subset : {"train", "test"}, default="train"
        5,452 questions for training or 500 for testing.
    fine : bool, default=False
        Whether to use the 50 fine classes instead of the 6 coarse ones.
    data_home : str or path, default=None
        A directory to search first. None starts with ``SKLSTM_DATA``.
    download_if_missing : bool, default=True
        If False, raise an OSError if the data are not found in any of the directories.
    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.
    progress : bool, default=None
        Whether to show a progress bar. None shows it in a terminal and in a notebook.

    Returns
    -------
    bunch : :class:`~sklearn.utils.Bunch`
        data : list of str
            The questions, in the order of the file.
        target : ndarray of shape (n_questions,), str
            The class of each question, such as ``"LOC"``, or ``"LOC:city"`` if ``fine``. Names
            rather than numbers, because some fine classes do not occur in the test questions.
        target_names : list of str
            The classes that occur in this subset, sorted.
        DESCR : str
            A description of the data set.
    (data, target) : tuple, if ``return_X_y`` is True

    Raises
    ------
    ValueError
        If ``subset`` has no accepted value.
    OSError
        If the data are not found; the message says what to do.

    References
    ----------
    X. Li and D. Roth (2002). Learning question classifiers. COLING.

    Examples
    --------
    >>> from sklstm.datasets import fetch_trec
    >>> questions = fetch_trec(subset="test")  # doctest: +SKIP
    >>> questions.data[0], questions.target[0]  # doctest: +SKIP
    ('How far is it from Denver to Aspen ?', 'NUM')
    """
    check_choice("subset", subset, SOURCES)
    path = locate(
        SOURCES[subset],
        data_home=data_home,
        download_if_missing=download_if_missing,
        progress=progress,
    )
    # One byte of the training file is neither ASCII nor valid UTF-8.
    lines = path.read_bytes().removeprefix(BOM_UTF8).decode("latin-1").splitlines()
    labels, questions = zip(*(line.split(" ", 1) for line in lines), strict=True)
    target = np.array(labels if fine else [label.split(":")[0] for label in labels])
    data = [question.strip() for question in questions]
    if return_X_y:
        return data, target
    return Bunch(data=data, target=target, target_names=np.unique(target).tolist(), DESCR=DESCR)
