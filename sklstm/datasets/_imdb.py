"""The Large Movie Review Dataset: 50,000 labelled and 50,000 unlabelled film reviews."""

from __future__ import annotations

import gzip
import lzma
import os
import re
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np
from sklearn.utils import Bunch
from tqdm.auto import tqdm

from sklstm.datasets._choice import check_choice
from sklstm.datasets._home import (
    Source,
    cache_dir,
    locate,
    md5_of,
    read_cache,
    write_cache,
)

SOURCE = Source(
    title="The Large Movie Review Dataset (IMDB)",
    folder="imdb",
    names=("aclImdb", "aclImdb_v1.tar.xz", "aclImdb_v1.tar.gz"),
    homepage="https://ai.stanford.edu/~amaas/data/sentiment/",
    url="https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz",
    md5="7c2ac02c03563afcf9b574c7e56c153a",
)
SUBSETS = {"train": ("train",), "test": ("test",), "all": ("train", "test"), "unsup": ("unsup",)}
CLASSES = {"neg": 0, "pos": 1, "unsup": -1}
MEMBER = re.compile(r"aclImdb/(train|test)/(neg|pos|unsup)/(\d+)_(\d+)\.txt")
DESCR = """\
Large Movie Review Dataset (IMDB)
=================================

Film reviews in English, as published by their authors, HTML line breaks (``<br />``) included:
25,000 for training and 25,000 for testing, half of each negative (1 to 4 of 10 stars) and half
positive (7 to 10 stars), and 50,000 unlabelled ones ("unsup"), whose stars were not published (0).
At most 30 reviews are about the same film, and no film is in both train and test.

A. L. Maas, R. E. Daly, P. T. Pham, D. Huang, A. Y. Ng and C. Potts (2011). Learning word vectors
for sentiment analysis. ACL. https://ai.stanford.edu/~amaas/data/sentiment/
"""

# (class, number, stars, text), in this order for sorting
Review = tuple[int, int, int, str]


def fetch_imdb(
    *,
    subset: Literal["train", "test", "all", "unsup"] = "train",
    data_home: str | os.PathLike[str] | None = None,
    download_if_missing: bool = True,
    return_X_y: bool = False,
    progress: bool | None = None,
) -> Bunch | tuple[list[str], np.ndarray]:
    """Load the IMDB film reviews, a standard benchmark of sentiment classification.

    The data are searched in ``data_home``, the directory given by the environment variable
    ``SKLSTM_DATA`` and the user's cache, in this order, and in the folder ``imdb`` of each.
    Accepted are ``aclImdb`` (extracted), ``aclImdb_v1.tar.xz`` and ``aclImdb_v1.tar.gz``. If not
    found, the archive is downloaded (84 MB) into ``data_home`` or, without it, into the cache; an
    interrupted download is resumed by the next call.

    Reading an archive takes about ten seconds. The reviews are then stored in the user's cache
    (60 MB), from which the next call loads them in about a second. The cache is
    ``~/.cache/sklstm``, or the directory given by the environment variable ``SKLSTM_CACHE``.

    Parameters
    ----------
    subset : {"train", "test", "all", "unsup"}, default="train"
        25,000 reviews for training, 25,000 for testing, both concatenated, or the 50,000
        unlabelled ones.
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
        Sorted by label, then by number, so that the order is always the same (with
        ``subset="all"``, train before test). All negative reviews come first: shuffle before
        taking a part.

        data : list of str
            The reviews.
        target : ndarray of shape (n_reviews,), int
            0 for negative, 1 for positive; all -1 for ``subset="unsup"``.
        ratings : ndarray of shape (n_reviews,), int
            The number of stars, 1 to 10; all 0 for ``subset="unsup"``.
        target_names : list of str
            ``["neg", "pos"]``.
        filenames : ndarray of shape (n_reviews,), str
            The name of each review in the archive, such as ``"train/neg/0_3.txt"``.
        DESCR : str
            A description of the data set.
    (data, target) : tuple, if ``return_X_y`` is True

    Raises
    ------
    ValueError
        If ``subset`` has no accepted value.
    OSError
        If the data are not found, or damaged; the message says what to do.

    References
    ----------
    A. L. Maas, R. E. Daly, P. T. Pham, D. Huang, A. Y. Ng and C. Potts (2011). Learning word
    vectors for sentiment analysis. ACL.

    Examples
    --------
    >>> from sklstm.datasets import fetch_imdb
    >>> train = fetch_imdb(subset="train")  # doctest: +SKIP
    >>> len(train.data), int(train.target.sum())  # doctest: +SKIP
    (25000, 12500)
    >>> train.data[0][:36]  # doctest: +SKIP
    'Story of a man who has unnatural fee'
    """
    check_choice("subset", subset, SUBSETS)
    path = locate(
        SOURCE, data_home=data_home, download_if_missing=download_if_missing, progress=progress
    )
    bunch = _bunch(_load(path, SUBSETS[subset], progress))
    return (bunch.data, bunch.target) if return_X_y else bunch


def _bunch(parts: dict[str, list[Review]]) -> Bunch:
    reviews = [review for part in parts.values() for review in part]
    names = {code: name for name, code in CLASSES.items()}
    filenames = [
        f"{'train' if part == 'unsup' else part}/{names[code]}/{number}_{stars}.txt"
        for part, members in parts.items()
        for code, number, stars, _ in members
    ]
    return Bunch(
        data=[text for *_, text in reviews],
        target=np.array([code for code, *_ in reviews], dtype=np.int64),
        ratings=np.array([stars for _, _, stars, _ in reviews], dtype=np.int64),
        target_names=["neg", "pos"],
        filenames=np.array(filenames),
        DESCR=DESCR,
    )


def _load(path: Path, names: tuple[str, ...], progress: bool | None) -> dict[str, list[Review]]:
    """Return the reviews of the given parts, from the cache if it contains all of them."""
    if path.is_dir():
        parts = {name: _read_folder(path, name) for name in names}
    else:
        parts = _from_cache(path, names) or _read_archive(path, progress)
    for name in names:
        if not parts[name]:
            raise OSError(
                f"{path} contains no reviews of the part {name!r}. Remove it and get it again from "
                f"{SOURCE.homepage}."
            )
    return {name: parts[name] for name in names}


def _from_cache(path: Path, names: tuple[str, ...]) -> dict[str, list[Review]] | None:
    parts = {}
    for name in names:
        reviews = read_cache(_cached(path, name))
        if reviews is None:
            return None
        parts[name] = [tuple(review) for review in reviews]
    return parts


def _cached(path: Path, name: str) -> Path:
    # Named by content: a moved archive is found again, an archive with other content is not.
    return cache_dir() / f"imdb-{md5_of(path)[:16]}-{name}.json.gz"


def _read_archive(path: Path, progress: bool | None) -> dict[str, list[Review]]:
    """Return and cache all parts, as most of the time is spent on decompressing the archive."""
    parts: dict[str, list[Review]] = {"train": [], "test": [], "unsup": []}
    try:
        for split, label, number, stars, text in _members(path, progress):
            part = "unsup" if label == "unsup" else split
            parts[part].append((CLASSES[label], number, stars, text))
    except (tarfile.TarError, EOFError, lzma.LZMAError, zlib.error, OSError) as error:
        raise OSError(
            f"{path} cannot be read to its end ({error}). Remove it and get it again from "
            f"{SOURCE.homepage}."
        ) from error
    for reviews in parts.values():
        reviews.sort()
    write_cache({_cached(path, part): reviews for part, reviews in parts.items()})
    return parts


def _members(path: Path, progress: bool | None) -> Iterator[tuple[str, str, int, int, str]]:
    hide = None if progress is None else not progress
    unpack = lzma.open if path.suffix == ".xz" else gzip.open
    # "r|": a single sequential pass, because seeking in a compressed file is slow.
    with unpack(path) as file, tarfile.open(fileobj=file, mode="r|") as archive:
        for member in tqdm(archive, desc=f"Reading {path.name}", unit=" files", disable=hide):
            match = MEMBER.fullmatch(member.name.removeprefix("./"))
            content = archive.extractfile(member) if match else None
            if match and content:
                split, label, number, stars = match.groups()
                yield split, label, int(number), int(stars), content.read().decode("utf-8-sig")
        while file.read(1 << 20):
            pass  # to the end, where the checksum shows whether the archive is complete


def _read_folder(path: Path, part: str) -> list[Review]:
    labels = ("unsup",) if part == "unsup" else ("neg", "pos")
    reviews: list[Review] = []
    for label in labels:
        folder = path / ("train" if part == "unsup" else part) / label
        for file in folder.glob("*_*.txt"):
            number, stars = map(int, file.stem.split("_"))
            # Bytes, because text mode would convert line ends to "\n", unlike the archive.
            reviews.append((CLASSES[label], number, stars, file.read_bytes().decode("utf-8-sig")))
    return sorted(reviews)
