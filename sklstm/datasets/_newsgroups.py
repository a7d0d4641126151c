"""The 20 newsgroups as preprocessed by A. Cardoso-Cachopo: letters only, split by date."""

from __future__ import annotations

import json
import lzma
import os
from pathlib import Path
from typing import Literal

import numpy as np
from sklearn.utils import Bunch

from sklstm.datasets._choice import check_choice
from sklstm.datasets._home import Source, locate

HOMEPAGE = "https://ana.cachopo.org/datasets-for-single-label-text-categorization"
SOURCES = {
    subset: Source(
        title=f"The 20 newsgroups {subset} texts",
        folder="20newsgroups",
        names=(f"20newsgroups-{subset}.jsonl.xz", f"20ng-{subset}-all-terms.txt"),
        homepage=HOMEPAGE,
    )
    for subset in ("train", "test")
}
DESCR = f"""\
Twenty newsgroups, all terms
============================

Messages to 20 newsgroups of about the same size: 11,293 for training and 7,528, sent later, for
testing. Lower-cased, letters only, one space between words; attachments, keys and duplicates
removed. `fetch_20newsgroups` of scikit-learn has the original messages.

K. Lang (1995). Newsweeder: learning to filter netnews. ICML. http://qwone.com/~jason/20Newsgroups/
A. Cardoso-Cachopo (2007). Improving methods for single-label text categorization. PhD thesis,
Instituto Superior Tecnico. {HOMEPAGE}
"""


def fetch_newsgroups(
    *,
    subset: Literal["train", "test"] = "train",
    data_home: str | os.PathLike[str] | None = None,
    return_X_y: bool = False,
) -> Bunch | tuple[list[str], np.ndarray]:
    """Load the 20 newsgroups with letters only, long texts of 20 classes.

    This preprocessed version is common in papers on text classification. It is searched in
    ``data_home``, the directory given by the environment variable ``SKLSTM_DATA`` and the user's
    cache (see `fetch_imdb`), and in the folder ``20newsgroups`` there. Nothing is downloaded. Two
    formats are read: ``20newsgroups-train.jsonl.xz`` with ``{"label", "text"}`` in each line, and
    the original ``20ng-train-all-terms.txt`` with label, tab and text.

    Parameters
    ----------
    subset : {"train", "test"}, default="train"
        11,293 texts for training or 7,528 for testing.
    data_home : str or path, default=None
        A directory to search first. None starts with ``SKLSTM_DATA``.
    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    bunch : :class:`~sklearn.utils.Bunch`
        Sorted by class, like the files: shuffle before taking a part.

        data : list of str
            The messages.
        target : ndarray of shape (n_messages,), str
            The newsgroup of each, such as ``"sci.space"``.
        target_names : list of str
            The 20 newsgroups, sorted.
        DESCR : str
            A description of the data set.
    (data, target) : tuple, if ``return_X_y`` is True

    Raises
    ------
    ValueError
        If ``subset`` has no accepted value.
    OSError
        If the data are not found; the message says where to get them.

    References
    ----------
    K. Lang (1995). Newsweeder: learning to filter netnews. ICML.

    Examples
    --------
    >>> from sklstm.datasets import fetch_newsgroups
    >>> texts, groups = fetch_newsgroups(return_X_y=True)  # doctest: +SKIP
    >>> len(texts), str(groups[0])  # doctest: +SKIP
    (11293, 'alt.atheism')
    """
    check_choice("subset", subset, SOURCES)
    path = locate(SOURCES[subset], data_home=data_home, download_if_missing=False, progress=False)
    labels, data = zip(*_rows(path), strict=True)
    target = np.array(labels)
    if return_X_y:
        return list(data), target
    names = np.unique(target).tolist()
    return Bunch(data=list(data), target=target, target_names=names, DESCR=DESCR)


def _rows(path: Path) -> list[tuple[str, str]]:
    """Return the label and the text of every line."""
    if path.suffix == ".xz":
        with lzma.open(path, "rt", encoding="utf-8-sig") as file:
            return [(row["label"], row["text"]) for row in map(json.loads, file)]
    with path.open(encoding="utf-8-sig") as file:
        rows = (line.rstrip("\n").partition("\t") for line in file)
        return [(label, text) for label, _, text in rows]
