"""word2vec's binary form: a header, then each word, a space, and its numbers as float32."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import BinaryIO

import numpy as np

from sklstm._sequences.vector_files.found import FoundVectors
from sklstm._sequences.vector_files.rows import Rows, header_of

CHUNK = 1 << 20
LONGEST_WORD = 10_000  # bytes; what has no space for that long is no word


def read_binary(name: str, file: BinaryIO, wanted: Collection[str] | None) -> FoundVectors:
    """Read a file of word2vec's binary form.

    The parameters are those of `read_text`. An error names the word by its number, from 1.
    """
    header = header_of(file.readline())
    assert header is not None  # it told that the file is of this form
    n_words, dim = header
    rows = Rows(dim, wanted)
    for number, (raw, numbers) in enumerate(_records(name, file, n_words, 4 * dim), 1):
        place = f"{name}, word {number} of {n_words}"
        try:
            word = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            raise ValueError(
                f"{place}: {raw[:40]!r} is not UTF-8. Is the file damaged? If not, let gensim's "
                "KeyedVectors.load_word2vec_format(binary=True, unicode_errors='replace') read it."
            ) from error
        if rows.wants(word):
            row = np.frombuffer(numbers, dtype="<f4").astype(np.float32, copy=False)
            if not np.isfinite(row).all():
                bad = row[~np.isfinite(row)][0]
                raise ValueError(f"{place}: expected finite numbers, found {bad} for {word!r}.")
            rows.add(word, row.tobytes())
    return rows.found()


def is_laid_out(rows: bytes, n_words: int, dim: int) -> bool:
    """Tell whether what follows a header is all the words, their numbers, and nothing more."""
    start = 0
    for _ in range(n_words):
        end = rows.find(b" ", start)
        start = end + 1 + 4 * dim
        if end < 0 or start > len(rows):
            return False
    return not rows[start:].strip()


def _records(name: str, file: BinaryIO, n_words: int, size: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield the bytes of each word and of its numbers."""
    buffer, start = b"", 0
    for number in range(1, n_words + 1):
        end = buffer.find(b" ", start)
        while end < 0 or len(buffer) - end - 1 < size:
            place = f"{name}, word {number} of {n_words}"
            if end < 0 and len(buffer) - start > LONGEST_WORD:
                raise ValueError(f"{place}: expected a word and a space. Is the file damaged?")
            chunk = file.read(CHUNK)
            if not chunk:
                left = f"{max(0, len(buffer) - end - 1)} of the {size} bytes of its numbers"
                there = left if end >= 0 else "no word"
                raise ValueError(f"{place}: found {there}; the file is cut short.")
            buffer, start = buffer[start:] + chunk, 0
            end = buffer.find(b" ")
        after = end + 1 + size
        # Some programs end each row by a line break.
        yield buffer[start:end].lstrip(b"\n"), buffer[end + 1 : after]
        start = after
    if (buffer[start:] + file.read(CHUNK)).strip():
        raise ValueError(f"{name}: the first line promises {n_words} words, but more follows.")
