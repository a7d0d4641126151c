"""Read files of word vectors: word2vec, GloVe and fastText.

Files of pre-trained vectors hold millions of words, of which a model needs some thousands.
gensim's loaders keep every row (2.6 GB for GloVe's 840B file), and do not say where a file is
damaged. So text and word2vec's binary format are read here, row by row, and only the rows of
wanted words are converted and kept. fastText's binary format is read by gensim: vectors of unknown
words are made from its n-grams, all of which are needed.
"""

from __future__ import annotations

import codecs
import gzip
import io
import os
import re
import shutil
import struct
import tempfile
import warnings
import zlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from operator import itemgetter
from pathlib import Path
from typing import Any, BinaryIO, cast
from unicodedata import normalize

import numpy as np

from sklstm._callers import caller_level

GZIP_MAGIC = b"\x1f\x8b"
FASTTEXT_MAGIC = struct.pack("<i", 793712314)  # src/fasttext.cc of fastText
FASTTEXT_HEADER = struct.Struct("<12id")  # what follows the magic number, or comes first
ACCEPTED = (
    "accepted are the text and binary formats of word2vec and fastText and GloVe's text, plain or "
    "as .gz"
)
# Magic numbers of other files, and what the user can do.
OTHER_MAGIC = {
    b"PK\x03\x04": "a zip archive; unpack it first",
    b"BZh": "compressed by bzip2; unpack it first",
    b"\xfd7zXZ": "compressed by xz; unpack it first",
    b"\x93NUMPY": "a NumPy array, which has no words; pass embeddings=numpy.load(path)",
    b"\x80": "a pickle; if gensim saved it, pass embeddings=gensim.models.KeyedVectors.load(path)",
}
_SEPARATORS = (
    "the numbers hold commas or semicolons ({shown}); separate words and numbers by spaces or "
    "tabs, and write decimals with a point."
)
_BINARY_HINT = "Is this word2vec's binary format? Give it a name that ends in .bin or .bin.gz."
# Suffixes by which smart_open, gensim's opener, decompresses a file.
SMART_OPEN_SUFFIXES = {".bz2", ".gz", ".lz4", ".xz", ".zst"}
CHUNK = 1 << 20  # bytes
LONGEST_WORD = 10_000  # bytes
BLANKS = b" \t\r\n\v\f"  # what separates words and numbers; other spaces, in UTF-8, are in words
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")  # which no text holds, but nearly any float32
_FEW_NUMBERS = 4  # fewer numbers than these may happen to consist of printable bytes
_ENOUGH_ROWS = 10  # to say that a header announces too few dimensions


@dataclass
class FoundVectors:
    """Vectors by word.

    Attributes
    ----------
    words : list of str
        The words found, each once.
    vectors : ndarray of shape (n_words, dim), float32
        Their vectors.
    n_listed : int
        How many of the words, the first ones, are listed with a vector. The vectors of the others
        are made from the n-grams of their characters.
    """

    words: list[str]
    vectors: np.ndarray
    n_listed: int


class Spellings:
    """Words by what they are in Unicode's normal form, in which "é" is one character or two.

    Parameters
    ----------
    words : iterable of str
        The words.
    """

    def __init__(self, words: Iterable[Any]):
        self._words: dict[str, list[str]] = {}
        for word in words:
            if isinstance(word, str) and not word.isascii():
                self._words.setdefault(normalize("NFC", word), []).append(word)

    def of(self, word: str) -> list[str]:
        """Return the words that are another spelling of a word, or the word itself."""
        return [] if word.isascii() else self._words.get(normalize("NFC", word), [])


def same_words(wanted: Iterable[str], known: Collection[Any]) -> dict[str, str]:
    """Return the known word for each wanted one that is known, if only in another spelling."""
    found = {word: word for word in wanted if word in known}
    others = [word for word in wanted if word not in found and not word.isascii()]
    if others:
        spellings = Spellings(known)
        found |= {word: of[0] for word in others if (of := spellings.of(word))}
    return found


def of_keyed_vectors(keyed: Any, wanted: Iterable[str]) -> FoundVectors:
    """Return the vectors that gensim's KeyedVectors have for the wanted words.

    fastText's KeyedVectors make a vector for any word; these words come last. A word that is too
    short for any n-gram, or has unknown n-grams only, gets zeros from them and counts as not
    found, as does a word that cannot be encoded in UTF-8.
    """
    words = list(wanted)
    listed = same_words(words, keyed.key_to_index)
    others = (word for word in words if word not in listed and word in keyed)
    made = ((word, keyed[word]) for word in others if _is_encodable(word))
    composed = {word: vector for word, vector in made if vector.any()}
    vectors = np.empty((len(listed) + len(composed), keyed.vector_size), dtype=np.float32)
    vectors[: len(listed)] = keyed.vectors[[keyed.key_to_index[w] for w in listed.values()]]
    for row, vector in enumerate(composed.values(), len(listed)):
        vectors[row] = vector
    return FoundVectors([*listed, *composed], vectors, len(listed))


def _is_encodable(word: str) -> bool:
    """Return False if a word holds half of a surrogate pair, which UTF-8 cannot encode."""
    return not any("\ud800" <= character <= "\udfff" for character in word)


def read_wanted(path: str | os.PathLike[str], wanted: Collection[str]) -> FoundVectors:
    """Return the vectors that a file has for the wanted words.

    Parameters
    ----------
    path : str or path-like
        The file. If a word is listed twice, its first vector counts.
    wanted : collection of str
        The words.

    Returns
    -------
    FoundVectors
        From fastText's binary format also vectors of other words, made from their n-grams.

    Raises
    ------
    OSError
        If the file does not exist, or is a directory.
    ValueError
        If it holds no vectors, or is damaged; the message names the line, or the word by its
        number.
    """
    found = _read(path, wanted)
    return found if isinstance(found, FoundVectors) else of_keyed_vectors(found, wanted)


def read_all(path: str | os.PathLike[str]) -> Any:
    """Return all vectors of a file: FoundVectors, or gensim's FastTextKeyedVectors."""
    return _read(path, None)


def _read(path: str | os.PathLike[str], wanted: Collection[str] | None) -> Any:
    """Open a file, decompress it if necessary, and read it by its format.

    The first bytes identify gzip, fastText's binary format, UTF-16, and files that cannot be read.
    """
    name = os.fspath(path)
    check_is_file(name)
    try:
        with _opened(name) as file:
            start = file.read(FASTTEXT_HEADER.size)
            file.seek(0)
            if start.startswith(FASTTEXT_MAGIC) or _is_old_fasttext(start):
                return _read_fasttext(name, file)
            if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                file = _from_utf16(name, file)
            elif start.startswith(codecs.BOM_UTF8):  # some editors write it at the start of a text
                file.seek(len(codecs.BOM_UTF8))
            return _read_rows(name, file, wanted)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ValueError(f"{name}: the gzip file is truncated or damaged ({error}).") from error


def check_is_file(path: str | os.PathLike[str]) -> None:
    """Raise OSError unless there is a file at a path."""
    name = os.fspath(path)
    if not Path(name).exists():
        raise FileNotFoundError(f"there is no file of word vectors at {name!r}.")
    if Path(name).is_dir():
        raise IsADirectoryError(f"{name!r} is a directory; give the path of one file in it.")


def _opened(name: str) -> BinaryIO:
    with open(name, "rb") as file:
        compressed = file.read(len(GZIP_MAGIC)) == GZIP_MAGIC
    return cast(BinaryIO, gzip.open(name, "rb")) if compressed else open(name, "rb")


def _is_old_fasttext(start: bytes) -> bool:
    """Return True for fastText's binary format without a magic number, of its first versions.

    It begins with integers, which in their range hold bytes of zero, as no text does.
    """
    if len(start) < FASTTEXT_HEADER.size:
        return False
    dim, window, epochs, _, negative, n_grams, loss, model, *_ = FASTTEXT_HEADER.unpack(start)
    sizes = (dim, window, epochs, n_grams)
    small = all(0 < size < 1 << 16 for size in sizes) and 0 <= negative < 1 << 16
    return small and loss in (1, 2, 3) and model in (1, 2, 3)


def _from_utf16(name: str, file: BinaryIO) -> BinaryIO:
    """Return a file in UTF-16, as Windows' command line writes it, in UTF-8."""
    try:
        return io.BytesIO(file.read().decode("utf-16").encode("utf-8"))
    except UnicodeError as error:
        raise ValueError(f"{name} begins as text in UTF-16, but is damaged ({error}).") from error


def _read_fasttext(name: str, file: BinaryIO) -> Any:
    """Return gensim's FastTextKeyedVectors of a model that fastText has saved.

    Raises
    ------
    ValueError
        If the file is damaged, or the model was trained on labels.
    """
    from gensim.models.fasttext import load_facebook_vectors

    # gensim opens the file itself, and decompresses it by its suffix only. So it is given a plain
    # copy of a file that is compressed, or has such a suffix without being compressed.
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(name)
        if isinstance(file, gzip.GzipFile) or plain.suffix.lower() in SMART_OPEN_SUFFIXES:
            plain = Path(folder) / "vectors.bin"
            with plain.open("wb") as copy:
                shutil.copyfileobj(file, copy)
        try:
            _check_size(plain)
            return load_facebook_vectors(str(plain))
        except NotImplementedError as error:
            raise ValueError(f"{name}: {error}.") from error
        except Exception as error:  # of a truncated file gensim may raise anything
            raise ValueError(
                f"{name} begins as a fastText model, but gensim cannot read it; is it truncated? "
                f"({type(error).__name__}: {error})"
            ) from error


def _check_size(path: Path) -> None:
    """Raise EOFError if a fastText model is truncated in its words, where gensim would not end."""
    with path.open("rb") as file:
        start = file.read(len(FASTTEXT_MAGIC))
        file.seek(8 if start == FASTTEXT_MAGIC else 0)  # a version follows the magic number
        dim = FASTTEXT_HEADER.unpack(file.read(FASTTEXT_HEADER.size))[0]
        _, n_words, _ = struct.unpack("<3i", file.read(12))
        least = file.tell() + n_words * (10 + 4 * dim)  # a word's entry, and its vector
    size = path.stat().st_size
    if size < least:
        raise EOFError(f"{size} of at least {least} bytes")


def _read_rows(name: str, file: BinaryIO, wanted: Collection[str] | None) -> FoundVectors:
    """Read word2vec's text or binary format, fastText's text, or GloVe's, which has no header.

    Of unwanted words the numbers are not read, nor checked.

    Parameters
    ----------
    name : str
        The path, for messages.
    file : binary file
        The file, at the start of its first line.
    wanted : collection of str or None
        The words to keep; None for all.
    """
    lines = _Lines(name, file)
    first = next(lines, b"")
    if not first:
        raise ValueError(f"{name} is empty; {ACCEPTED}.")
    for magic, what in OTHER_MAGIC.items():
        if first.startswith(magic):
            raise ValueError(f"{name} holds no word vectors but is {what}; {ACCEPTED}.")
    header = _header_of(first)
    if header is None:
        return _read_text(lines, chain([first], lines), _dimension_of(first, lines), None, wanted)
    n_words, dim = header
    if min(header) < 1:
        raise lines.error(f"found a header of {n_words} words with vectors of length {dim}.")
    place = file.tell()
    start = file.read(CHUNK)
    file.seek(place)
    if _is_binary(start, n_words, dim, named=_is_named_binary(name)):
        return _read_binary(name, file, n_words, dim, wanted)
    if _is_one_dimensional(start, n_words, dim):
        return _read_text(lines, chain([first], lines), 1, None, wanted)
    return _read_text(lines, lines, dim, n_words, wanted)


def _is_named_binary(name: str) -> bool:
    return Path(name.lower().removesuffix(".gz")).suffix == ".bin"


def _is_binary(start: bytes, n_words: int, dim: int, *, named: bool) -> bool:
    """Return True if what follows a header is word2vec's binary format, not its text format.

    A row of a word and numbers is text, whatever the name of the file. If the first row is damaged,
    text consists of printable characters.

    Parameters
    ----------
    start : bytes
        What follows the header.
    n_words, dim : int
        The header.
    named : bool
        Whether the name of the file says that it is binary.
    """
    fields = start.lstrip(BLANKS).partition(b"\n")[0].split()
    if len(fields) > dim and all(map(_is_number, fields[-dim:])):
        return False
    if _CONTROL.search(start):
        return True
    if not named:
        return False
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return True
    return n_words * dim < _FEW_NUMBERS


def _is_one_dimensional(start: bytes, n_words: int, dim: int) -> bool:
    """Return True if what seems to be a header is a word that is a number, and its only number.

    All rows are of this kind then, at least two others, so that the file is not one that is
    truncated in its first row.
    """
    rows = [row.split() for row in start.splitlines()[: n_words + 2] if row.strip()]
    alike = all(len(row) == 2 and _is_number(row[1]) for row in rows[:2])
    return dim > 1 and len(rows) not in (0, 1, n_words) and alike


def _header_of(line: bytes) -> tuple[int, int] | None:
    """Return the number of words and the dimension in a header; None for another line."""
    parts = line.split()
    if len(parts) == 2 and all(part.isdigit() for part in parts):
        return int(parts[0]), int(parts[1])
    return None


class _Rows:
    """The vectors kept so far.

    A wanted word gets the vector of another spelling in Unicode if it is not listed itself.

    Parameters
    ----------
    dim : int
        Dimension of the vectors.
    wanted : collection of str or None
        The words to keep; None for all.
    """

    def __init__(self, dim: int, wanted: Collection[str] | None):
        self.dim = dim
        self.wanted = wanted
        self.n_seen = 0
        self._rows: dict[str, int] = {}
        self._spellings = Spellings(wanted or ())
        self._respelled: dict[str, int] = {}  # rows of another spelling of wanted words
        self._n_rows = 0
        self._values = bytearray()  # grows in place; a list of arrays would need a copy at the end

    def wants(self, word: str) -> bool:
        """Count a word, and return True if its vector is to be added."""
        self.n_seen += 1
        if self.wanted is None or word in self.wanted:
            return word not in self._rows
        if word.isascii():
            return False
        return any(wanted not in self._respelled for wanted in self._spellings.of(word))

    def add(self, word: str, vector: np.ndarray) -> None:
        """Keep the vector of a word, as float32."""
        if self.wanted is None or word in self.wanted:
            self._rows[word] = self._n_rows
        for wanted in self._spellings.of(word):
            self._respelled.setdefault(wanted, self._n_rows)
        self._n_rows += 1
        self._values += vector.tobytes()

    def found(self) -> FoundVectors:
        """Return what was kept."""
        vectors = np.frombuffer(self._values, dtype=np.float32).reshape(-1, self.dim)
        rows = self._rows
        if self._respelled:
            rows = dict(sorted((self._respelled | rows).items(), key=itemgetter(1)))
            vectors = vectors[list(rows.values())]
        return FoundVectors(list(rows), vectors, len(rows))


class _Lines:
    """The lines of a file that are not blank, and the number of the current one for messages."""

    def __init__(self, name: str, file: BinaryIO):
        self.name = name
        self.number = 0
        self.ended = True  # whether the current line ends in a line break
        self._line = b""
        self._file = file

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        while line := self._file.readline():
            self.number += 1
            self.ended = line.endswith(b"\n")
            self._line = line
            if stripped := line.strip(BLANKS):
                return stripped
        raise StopIteration

    def is_indented(self) -> bool:
        """Return True if the current line begins with white space."""
        return self._line[:1].isspace()

    def error(self, what: str) -> ValueError:
        """Return an error that names the file and the line."""
        return ValueError(f"{self.name}, line {self.number}: {what}")


def _read_text(
    lines: _Lines,
    rows: Iterable[bytes],
    dim: int,
    n_words: int | None,
    wanted: Collection[str] | None,
) -> FoundVectors:
    """Read lines of a word and its vector.

    A file that is truncated within its last number still has all its numbers; the only sign is
    that the line break is missing. As some programs do not write one, this is only a warning.

    Parameters
    ----------
    lines : _Lines
        The lines of the file.
    rows : iterable of bytes
        Those that hold vectors.
    dim : int
        Dimension of the vectors.
    n_words : int or None
        Number of words in the header; None if there is none.
    wanted : collection of str or None
        The words to keep; None for all.
    """
    kept = _Rows(dim, wanted)
    n_longer = 0  # rows with a number before the vector
    for line in rows:
        fields = line.rsplit(None, dim)
        if len(fields) <= dim:
            if len(fields) < dim or not lines.is_indented():
                raise _wrong_length(line, dim, lines)
            fields = [b"", *fields]  # an empty word, which gensim writes
        raw = fields[0]
        if not kept.n_seen and not all(map(_is_number, fields[1:])):  # also of an unwanted word
            _parse(raw.decode(errors="replace"), fields[1:], lines)
        # A word may contain spaces: GloVe's 840B file has ". . ." and others.
        if (b" " in raw or b"\t" in raw) and _is_number(raw.rsplit(None, 1)[-1].rstrip(b",;")):
            if n_words is None:
                raise _wrong_length(line, dim, lines)
            n_longer += 1
        try:
            word = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            raise lines.error(
                f"the word {_shown(raw)} is not UTF-8. Convert the file, or read it by gensim's "
                f"KeyedVectors.load_word2vec_format(unicode_errors='replace'). {_BINARY_HINT}"
            ) from error
        if kept.wants(word):
            kept.add(word, _parse(word, fields[1:], lines))
    if kept.n_seen >= _ENOUGH_ROWS and 2 * n_longer > kept.n_seen:
        raise ValueError(
            f"{lines.name}: the header announces vectors of length {dim}, but most rows have more "
            "numbers."
        )
    if n_words is not None and kept.n_seen != n_words:
        truncated = "; is the file truncated?" if kept.n_seen < n_words else "."
        raise ValueError(
            f"{lines.name}: the header announces {n_words} words, but {kept.n_seen} follow, up to "
            f"line {lines.number}{truncated}"
        )
    if not lines.ended:
        warnings.warn(
            f"{lines.name}, line {lines.number}: the last line has no line break. If the file is "
            "truncated there, the last number lacks digits; if it is complete, add a line break "
            "at its end.",
            UserWarning,
            stacklevel=caller_level(),
        )
    return kept.found()


def _dimension_of(line: bytes, lines: _Lines) -> int:
    """Return the number of numbers at the end of a first line that is not a header."""
    if b"\r" in line:
        raise lines.error("lines end in \\r alone; convert the file to lines that end in \\n.")
    parts = line.split()
    dim = 0
    while dim < len(parts) - 1 and _is_number(parts[-1 - dim]):
        dim += 1
    if (not dim or dim < len(parts) - 1) and _is_separated_otherwise(parts[-1 - dim]):
        raise lines.error(_SEPARATORS.format(shown=_shown(line)))
    if not dim:
        raise lines.error(
            "this is not a file of word vectors: expected a word and its vector, separated by "
            "spaces, or a header of the number of words and the dimension; found "
            f"{_shown(line)}. {ACCEPTED[0].upper()}{ACCEPTED[1:]}."
        )
    return dim


def _wrong_length(line: bytes, dim: int, lines: _Lines) -> ValueError:
    """Return an error that says how many numbers a line has."""
    fields = line.split()
    found = sum(map(_is_number, fields[1:]))
    hint = "Is the file truncated, or are there vectors of different dimensions?"
    if not found:
        hint = _BINARY_HINT
    if any(map(_is_separated_otherwise, fields[1:] or fields)):
        return lines.error(_SEPARATORS.format(shown=_shown(line)))
    return lines.error(
        f"expected {dim} numbers, as on the lines before, found {found or 'none'}. {hint}"
    )


def _is_separated_otherwise(field: bytes) -> bool:
    """Return True if a field holds, or ends in, a comma or semicolon between numbers."""
    parts = field.replace(b";", b",").split(b",")
    return len(parts) > 1 and (_is_number(parts[-1]) or (not parts[-1] and _is_number(parts[-2])))


def _parse(word: str, numbers: list[bytes], lines: _Lines) -> np.ndarray:
    """Return the vector of a word as float32."""
    try:
        values = np.array([float(number) for number in numbers])
    except ValueError as error:
        bad = next(number for number in numbers if not _is_number(number))
        if _is_separated_otherwise(bad):
            raise lines.error(_SEPARATORS.format(shown=_shown(b" ".join(numbers)))) from error
        hint = f" {_BINARY_HINT}" if any(byte < ord(" ") or byte > ord("~") for byte in bad) else ""
        raise lines.error(f"expected a number, found {_shown(bad)} for {word!r}.{hint}") from error
    with np.errstate(over="ignore"):
        vector = values.astype(np.float32)
    if not np.isfinite(vector).all():
        bad = numbers[int(np.flatnonzero(~np.isfinite(vector))[0])]
        raise lines.error(f"expected finite numbers, found {_shown(bad)} for {word!r}.")
    return vector


def _is_number(text: bytes) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _shown(text: bytes) -> str:
    return repr(text if len(text) <= 40 else text[:37] + b"...")[1:]


def _read_binary(
    name: str, file: BinaryIO, n_words: int, dim: int, wanted: Collection[str] | None
) -> FoundVectors:
    """Read each word, a space, and its vector as float32.

    The parameters are those of `_read_rows`, and the number of words and the dimension in the
    header. An error names the word by its number, from 1.
    """
    kept = _Rows(dim, wanted)
    for number, (raw, values) in enumerate(_records(name, file, n_words, 4 * dim), 1):
        place = f"{name}, word {number} of {n_words}"
        try:
            word = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            raise ValueError(
                f"{place}: {raw[:40]!r} is not UTF-8. Is the file damaged, or text with the name "
                "of a binary file? If not, read it by gensim's "
                "KeyedVectors.load_word2vec_format(binary=True, unicode_errors='replace')."
            ) from error
        if kept.wants(word):
            vector = np.frombuffer(values, dtype="<f4").astype(np.float32, copy=False)
            if not np.isfinite(vector).all():
                bad = vector[~np.isfinite(vector)][0]
                raise ValueError(f"{place}: expected finite numbers, found {bad} for {word!r}.")
            kept.add(word, vector)
    return kept.found()


def _records(name: str, file: BinaryIO, n_words: int, size: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield each word and the `size` bytes of its vector."""
    buffer, start = b"", 0
    for number in range(1, n_words + 1):
        end = buffer.find(b" ", start)
        while end < 0 or len(buffer) - end - 1 < size:
            place = f"{name}, word {number} of {n_words}"
            if end < 0 and len(buffer) - start > LONGEST_WORD:
                raise ValueError(f"{place}: expected a word and a space. Is the file damaged?")
            chunk = file.read(CHUNK)
            if not chunk:
                left = f"{max(0, len(buffer) - end - 1)} of the {size} bytes of its vector"
                there = left if end >= 0 else "no word"
                raise ValueError(f"{place}: found {there}; the file is truncated.")
            buffer, start = buffer[start:] + chunk, 0
            end = buffer.find(b" ")
        after = end + 1 + size
        # Some programs end each row with a line break.
        yield buffer[start:end].lstrip(b"\n"), buffer[end + 1 : after]
        start = after
    if (buffer[start:] + file.read(CHUNK)).strip():
        raise ValueError(f"{name}: the header announces {n_words} words, but more follows.")
