"""What the readers of text and of the binary form share."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from sklstm._sequences.vector_files.found import FoundVectors


def header_of(line: bytes) -> tuple[int, int] | None:
    """Return how many words of what size a first line announces; None if it is no header."""
    parts = line.split()
    if len(parts) == 2 and all(part.isdigit() for part in parts):
        return int(parts[0]), int(parts[1])
    return None


class Rows:
    """The rows kept so far, of a word each.

    Parameters
    ----------
    dim : int
        Numbers of a row.
    wanted : collection of str or None
        The words to keep; None for all.
    """

    def __init__(self, dim: int, wanted: Collection[str] | None):
        self.dim = dim
        self.wanted = wanted
        self.n_seen = 0
        self._places: dict[str, int] = {}
        self._numbers = bytearray()  # grows in place; a list of arrays would need a copy at the end

    def wants(self, word: str) -> bool:
        """Count a word, and tell whether its numbers are needed: if wanted, and the first time."""
        self.n_seen += 1
        return word not in self._places and (self.wanted is None or word in self.wanted)

    def add(self, word: str, numbers: bytes) -> None:
        """Keep the numbers of a word, as bytes of float32."""
        self._places[word] = len(self._places)
        self._numbers += numbers

    def found(self) -> FoundVectors:
        """Return what was kept."""
        vectors = np.frombuffer(self._numbers, dtype=np.float32).reshape(-1, self.dim)
        return FoundVectors(list(self._places), vectors, len(self._places))
