"""Twenty newsgroups in Cachopo's form: letters only, the split by date."""

from __future__ import annotations

import json
import lzma
import os
from pathlib import Path
from typing import Literal

import numpy as np
from sklearn.utils import Bunch

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

Messages to 20 newsgroups of about the same size: 11,293 to train on and 7,528, sent later, to test
on. Lower-cased, letters only, one space between words; attachments, keys and duplicates removed.
`fetch_20newsgroups` of scikit-learn holds the unaltered messages.

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
    """Load the 20 newsgroups with letters only, a set of long texts in 20 classes.

    A common form in papers on text classifiers. It is looked for in ``data_home``, the
    directory named in the environment variable ``SKLSTM_DATA`` and the user's cache (see
    `fetch_imdb`), or the folder ``20newsgroups`` there, and never downloaded. Two forms are
    read: ``20newsgroups-train.jsonl.xz`` with ``{"label", "text"}`` in each line, and the
    author's own ``20ng-train-all-terms.txt`` with label, tab, text.

    Parameters
    ----------
    subset : {"train", "test"}, default="train"
        11,293 texts to train on or 7,528 to test on.
    data_home : str or path, default=None
        A directory to look in first. None: begin with ``SKLSTM_DATA``.
    return_X_y : bool, default=False
        Return ``(data, target)`` in place of a Bunch.

    Returns
    -------
    bunch : :class:`~sklearn.utils.Bunch`
        Sorted by class, as the files are: shuffle before taking a part.

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
        If ``subset`` is not one of the above.
    OSError
        If the data is nowhere to be found; the message says where to get it.

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
    if subset not in SOURCES:
        raise ValueError(f"subset must be one of {sorted(SOURCES)}, got {subset!r}.")
    path = locate(SOURCES[subset], data_home=data_home, download_if_missing=False, progress=False)
    labels, data = zip(*_rows(path), strict=True)
    target = np.array(labels)
    if return_X_y:
        return list(data), target
    names = np.unique(target).tolist()
    return Bunch(data=list(data), target=target, target_names=names, DESCR=DESCR)


def _rows(path: Path) -> list[tuple[str, str]]:
    """Return label and text of every line."""
    if path.suffix == ".xz":
        with lzma.open(path, "rt", encoding="utf-8") as file:
            return [(row["label"], row["text"]) for row in map(json.loads, file)]
    with path.open(encoding="utf-8") as file:
        rows = (line.rstrip("\n").partition("\t") for line in file)
        return [(label, text) for label, _, text in rows]
