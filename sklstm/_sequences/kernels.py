"""Cut, fill and split sequences that lie end to end in one array.

All functions take ``flat``, the steps of all sequences one after another along axis 0, and
``lengths``, the number of steps of each: work in bulk, no loop over sequences.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

_Mask = Callable[[np.ndarray, np.ndarray, int], np.ndarray]


def _keep_middle_cut(position: np.ndarray, length: np.ndarray, limit: int) -> np.ndarray:
    head = limit // 2  # an odd step goes to the tail, where texts put their verdict
    return (position < head) | (position >= length - (limit - head))


_KEEP: dict[str, _Mask] = {
    "pre": lambda position, length, limit: position >= length - limit,
    "post": lambda position, length, limit: position < limit,
    "middle": _keep_middle_cut,
}


def positions(lengths: np.ndarray) -> np.ndarray:
    """Return the place of every step within its own sequence, counted from 0."""
    starts: np.ndarray = np.cumsum(lengths) - lengths
    place: np.ndarray = np.arange(lengths.sum()) - np.repeat(starts, lengths)
    return place


def truncate(
    flat: np.ndarray, lengths: np.ndarray, limit: int, side: str
) -> tuple[np.ndarray, np.ndarray]:
    """Cut every sequence to at most ``limit`` steps; ``side`` ("pre", "post", "middle") goes."""
    if lengths.max(initial=0) <= limit:
        return flat, lengths
    keep = _KEEP[side](positions(lengths), np.repeat(lengths, lengths), limit)
    return flat[keep], np.minimum(lengths, limit)


def _cells(lengths: np.ndarray, width: int, side: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the row and the column that every step has in a rectangle of ``width`` columns."""
    rows = np.repeat(np.arange(len(lengths)), lengths)
    columns = positions(lengths)
    if side == "pre":
        columns += np.repeat(width - lengths, lengths)
    return rows, columns


def fill(flat: np.ndarray, lengths: np.ndarray, width: int, side: str, value: float) -> np.ndarray:
    """Return the rectangle (n, width, ...), with ``value`` before ("pre") or after the steps."""
    out = np.full((len(lengths), width, *flat.shape[1:]), value, dtype=flat.dtype)
    out[_cells(lengths, width, side)] = flat
    return out


def unfill(rectangle: np.ndarray, lengths: np.ndarray, side: str) -> np.ndarray:
    """Undo `fill`: the steps of all sequences, end to end, without the filled ones."""
    steps: np.ndarray = rectangle[_cells(lengths, rectangle.shape[1], side)]
    return steps


def split(flat: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Return an object array with one array per sequence."""
    out = np.empty(len(lengths), dtype=object)
    ends = np.cumsum(lengths)
    for i, (start, end) in enumerate(zip((ends - lengths).tolist(), ends.tolist(), strict=True)):
        out[i] = flat[start:end]
    return out
