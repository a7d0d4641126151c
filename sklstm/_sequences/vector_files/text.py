"""Vectors in text: on each line a word and its numbers; in front a header, or none."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Iterator
from itertools import chain
from typing import BinaryIO

import numpy as np

from sklstm._sequences.vector_files.found import FoundVectors
from sklstm._sequences.vector_files.rows import Rows, header_of


class Place:
    """The line that a reader has come to, for its messages."""

    def __init__(self, name: str):
        self.name = name
        self.line = 0
        self.ended = True  # whether the line ends in a line break

    def fault(self, what: str) -> ValueError:
        """Return an error that names the file and the line."""
        return ValueError(f"{self.name}, line {self.line}: {what}")


def read_text(name: str, file: BinaryIO, wanted: Collection[str] | None) -> FoundVectors:
    """Read word2vec's or fastText's text form, which has a header, or GloVe's, which has none.

    Every line must have a word and as many numbers as the others; the numbers themselves are
    read, and checked, for wanted words only. Of a word that comes twice, the first counts.

    A file that is cut within its last number still has all its numbers. All that tells is that no
    line break follows. Some programs write none, so that this is a warning.

    Parameters
    ----------
    name : str
        Where the file lies, for messages.
    file : binary file
        The file, at its start.
    wanted : collection of str or None
        The words to keep; None for all.
    """
    place = Place(name)
    lines = _lines(file, place)
    first = next(lines)
    header = header_of(first)
    if header is None:
        rows = Rows(_size_of(first, place), wanted)
        lines = chain([first], lines)
    else:
        rows = Rows(header[1], wanted)
    for line in lines:
        word, numbers = _split(line, rows.dim, place)
        if rows.wants(word):
            rows.add(word, _parse(word, numbers, place))
    if header is not None and rows.n_seen != header[0]:
        cut = "; is the file cut short?" if rows.n_seen < header[0] else "."
        raise ValueError(
            f"{name}: the first line promises {header[0]} words, but {rows.n_seen} follow, up to "
            f"line {place.line}{cut}"
        )
    if not place.ended:
        warnings.warn(
            f"{name}, line {place.line}: the last line has no line break behind it. If the file "
            "is cut short there, the last number lacks digits; if it is whole, write a line break "
            "at its end.",
            UserWarning,
            stacklevel=6,  # the caller of WordVectors.load
        )
    return rows.found()


def looks_like_row(line: bytes, dim: int) -> bool:
    """Tell whether a line is a word and `dim` numbers."""
    parts = line.rstrip(b" \r\n").rsplit(b" ", dim)
    return len(parts) == dim + 1 and all(map(_is_number, parts[1:]))


def _lines(file: BinaryIO, place: Place) -> Iterator[bytes]:
    """Yield the lines that are not blank, and count all of them."""
    for line in file:
        place.line += 1
        place.ended = line.endswith(b"\n")
        stripped = line.rstrip(b" \r\n")
        if stripped:
            yield stripped


def _size_of(line: bytes, place: Place) -> int:
    """Return how many numbers a line without header before it ends in."""
    parts = line.split(b" ")
    n_numbers = 0
    while n_numbers < len(parts) - 1 and _is_number(parts[-1 - n_numbers]):
        n_numbers += 1
    if not n_numbers:
        raise place.fault(
            "this is no file of word vectors: expected a word and its numbers, with a space "
            f"between them, or how many words of what size follow; found {_shown(line)}."
        )
    return n_numbers


def _split(line: bytes, dim: int, place: Place) -> tuple[str, list[bytes]]:
    """Return the word of a line, and its numbers.

    The word of a line may have spaces in it: GloVe's 840B file has ". . ." and others. They are
    told from a line of more numbers by what stands in front of the numbers.
    """
    word, *numbers = line.rsplit(b" ", dim)
    before, space, last = word.rpartition(b" ")
    if len(numbers) < dim or (space and before and _is_number(last)):
        found = sum(map(_is_number, line.split(b" ")[1:]))
        raise place.fault(
            f"expected {dim} numbers, as on the lines before, found {found}. Is the file cut "
            "short, or of mixed dimensions?"
        )
    try:
        return word.decode("utf-8"), numbers
    except UnicodeDecodeError as error:
        raise place.fault(
            f"the word {_shown(word)} is not UTF-8. Convert the file, or let gensim's "
            "KeyedVectors.load_word2vec_format(unicode_errors='replace') read it."
        ) from error


def _parse(word: str, numbers: list[bytes], place: Place) -> bytes:
    """Return numbers as bytes of float32."""
    try:
        values = np.array([float(number) for number in numbers])
    except ValueError as error:
        bad = next(number for number in numbers if not _is_number(number))
        raise place.fault(f"expected a number, found {_shown(bad)} for {word!r}.") from error
    with np.errstate(over="ignore"):
        row = values.astype(np.float32)
    if not np.isfinite(row).all():
        bad = numbers[int(np.flatnonzero(~np.isfinite(row))[0])]
        raise place.fault(f"expected finite numbers, found {_shown(bad)} for {word!r}.")
    return row.tobytes()


def _is_number(text: bytes) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _shown(text: bytes) -> str:
    return repr(text if len(text) <= 40 else text[:37] + b"...")[1:]
