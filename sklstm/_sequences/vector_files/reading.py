"""Tell the format of a file of word vectors from its content, and read it."""

from __future__ import annotations

import gzip
import os
import zlib
from codecs import BOM_UTF8
from collections.abc import Collection
from pathlib import Path
from typing import Any, BinaryIO, cast

from sklstm._sequences.vector_files.binary import is_laid_out, read_binary
from sklstm._sequences.vector_files.facebook import FACEBOOK_MAGIC, load_facebook
from sklstm._sequences.vector_files.found import FoundVectors, of_keyed_vectors
from sklstm._sequences.vector_files.rows import header_of
from sklstm._sequences.vector_files.text import looks_like_row, read_text

GZIP_MAGIC = b"\x1f\x8b"
ACCEPTED = (
    "accepted are the text and binary forms of word2vec and fastText and GloVe's text, plain or "
    "as .gz"
)
# What other files begin with, and what their owner can do.
OTHERS = {
    b"PK\x03\x04": "a zip archive; unpack it first",
    b"BZh": "packed by bzip2; unpack it first",
    b"\xfd7zXZ": "packed by xz; unpack it first",
    b"\x93NUMPY": "a NumPy array, which has no words; pass embeddings=numpy.load(path)",
    b"\x80": "a pickle; if gensim saved it, pass embeddings=gensim.models.KeyedVectors.load(path)",
}
LOOKED_AT = 1 << 14
CONTROL = bytes(set(range(28)) - set(b"\t\n\v\f\r"))


def read_wanted(path: str | os.PathLike[str], wanted: Collection[str]) -> FoundVectors:
    """Return the vectors that a file has for the wanted words.

    Parameters
    ----------
    path : str or path-like
        The file; its content tells the format. Of a word that comes twice, the first counts.
    wanted : collection of str
        The words.

    Returns
    -------
    FoundVectors
        fastText's binary form gives vectors for other words, too, made of their n-grams.

    Raises
    ------
    OSError
        If the file is not there, or a directory.
    ValueError
        If it holds no vectors, or damaged ones; with the line, or the number of the word.
    """
    found = _read(path, wanted)
    return found if isinstance(found, FoundVectors) else of_keyed_vectors(found, wanted)


def read_all(path: str | os.PathLike[str]) -> Any:
    """Return all that a file holds: FoundVectors, or gensim's FastTextKeyedVectors."""
    return _read(path, None)


def _read(path: str | os.PathLike[str], wanted: Collection[str] | None) -> Any:
    """Open a file, unpack it if need be, and hand it to the reader of its format."""
    name = os.fspath(path)
    if not Path(name).exists():
        raise FileNotFoundError(f"there is no file of word vectors at {name!r}.")
    if Path(name).is_dir():
        raise IsADirectoryError(f"{name!r} is a directory; give the path of one file in it.")
    try:
        with _opened(name) as file:
            head = file.read(LOOKED_AT)
            file.seek(0)
            if head.startswith(FACEBOOK_MAGIC):
                return load_facebook(name, file)
            if head.startswith(BOM_UTF8):  # as some editors write in front of any text
                head = head.removeprefix(BOM_UTF8)
                file.seek(len(BOM_UTF8))
            reader = read_binary if _is_binary(name, head) else read_text
            return reader(name, file, wanted)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ValueError(f"{name}: the packed file is cut short or damaged ({error}).") from error


def _opened(name: str) -> BinaryIO:
    with open(name, "rb") as file:
        packed = file.read(2) == GZIP_MAGIC
    return cast(BinaryIO, gzip.open(name, "rb")) if packed else open(name, "rb")


def _is_binary(name: str, head: bytes) -> bool:
    """Tell word2vec's binary form from text; raise ValueError if it is neither."""
    if not head.strip():
        raise ValueError(f"{name} is empty; {ACCEPTED}.")
    for start, what in OTHERS.items():
        if head.startswith(start):
            raise ValueError(f"{name} holds no word vectors but is {what}; {ACCEPTED}.")
    first, _, rest = head.partition(b"\n")
    header = header_of(first)
    if header is None:
        if _has_control(head):
            raise ValueError(f"{name} holds no word vectors that can be read; {ACCEPTED}.")
        return False
    if min(header) < 1:
        raise ValueError(
            f"{name}, line 1: found a header of {header[0]} words of {header[1]} numbers."
        )
    if looks_like_row(rest.partition(b"\n")[0], header[1]):
        return False
    # A few numbers may by chance be of such bytes as text is, but do not end where they should.
    return _has_control(rest) or is_laid_out(rest, *header)


def _has_control(part: bytes) -> bool:
    """Tell whether there are characters that no text has, and four bytes of a number soon do."""
    return part.translate(None, CONTROL) != part
