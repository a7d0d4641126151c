"""One label for each span of rows: the last, the first, their mean, or the most frequent.

All functions take ``values``, the labels of rows, and the ``starts`` of spans of ``length`` rows.
None loops over spans.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

import numpy as np

from sklstm._sequences import object_array
from sklstm.preprocessing.series._sliding import Starts, shift, slide, take_windows

_CHUNK = 1 << 16  # entries of spans at a time: few enough to stay in the processor's cache


def last_of(values: np.ndarray, starts: Starts, length: int) -> np.ndarray:
    """Return the last label of each span."""
    return first_of(values, shift(starts, length - 1), 1)


def first_of(values: np.ndarray, starts: Starts, length: int) -> np.ndarray:
    """Return the first label of each span."""
    return np.array(take_windows(values, starts, 1)[:, 0])  # not a view of the user's y


def mean_of(values: np.ndarray, starts: Starts, length: int) -> np.ndarray:
    """Average each span. Differences of running sums would be faster, and lose digits."""
    out = np.empty((len(starts), *values.shape[1:]))
    for part in _parts(len(starts), length * values[:1].size):
        spans = take_windows(values, starts[part], length)
        spans.mean(axis=1, dtype=np.float64, out=out[part])
    return out.astype(values.dtype, copy=False) if values.dtype.kind == "f" else out


def majority_of(values: np.ndarray, starts: Starts, length: int) -> np.ndarray:
    """Return the most frequent label of each span; of several, the one that comes first."""
    codes, names = _number(values)
    # The one takes time by labels and rows, the other by windows and their length.
    few = len(names) * len(codes) <= len(starts) * length
    winners = _count_each if few else _count_sorted
    return np.asarray(names[winners(codes, len(names), starts, length)])


LABELS: dict[str, Callable[[np.ndarray, Starts, int], np.ndarray]] = {
    "last": last_of,
    "first": first_of,
    "mean": mean_of,
    "majority": majority_of,
}


def _parts(n: int, size: int) -> list[slice]:
    step = max(1, _CHUNK // size)
    return [slice(start, start + step) for start in range(0, n, step)]


def _number(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return labels as codes from 0 on, and the label of each code."""
    if values.dtype.kind not in "OUS":
        names, codes = np.unique(values, return_inverse=True)
        return codes, names
    # Labels of mixed types cannot be sorted, and texts only slowly.
    seen: defaultdict[Any, int] = defaultdict()
    seen.default_factory = seen.__len__
    codes = np.fromiter(map(seen.__getitem__, values.tolist()), dtype=np.intp, count=len(values))
    return codes, object_array(seen).astype(values.dtype)


def _count_each(codes: np.ndarray, n_codes: int, starts: Starts, length: int) -> np.ndarray:
    """Find majorities label by label, from running counts over all rows."""
    winner = np.zeros(len(starts), dtype=np.intp)
    # In parts that fit into the processor's cache, yet are not mostly the rows of the last span.
    step = max(1 << 15, length)
    for at in range(0, len(starts), step):
        part = np.asarray(starts[at : at + step])
        rows, part = codes[part[0] : part[-1] + length], part - part[0]
        best = np.zeros(len(part), dtype=np.intp)
        for code in range(n_codes):
            is_code = rows == code
            before = np.append(0, np.cumsum(is_code))
            places = np.append(np.flatnonzero(is_code), len(rows))
            seen = before[part]
            count, place = before[part + length] - seen, places[seen] - part
            # The place is less than `length` wherever the label occurs, so it only breaks ties.
            score = count * length - place
            winner[at : at + step][score > best] = code
            np.maximum(best, score, out=best)
    return winner


def _count_sorted(codes: np.ndarray, n_codes: int, starts: Starts, length: int) -> np.ndarray:
    """Find majorities as the longest run in each span, sorted by label and place."""
    bits = (length - 1).bit_length()
    small = n_codes << bits <= np.iinfo(np.int32).max
    keys = np.left_shift(codes.astype(np.int32 if small else np.int64), bits)
    spans, step = slide(keys, length), np.arange(length, dtype=keys.dtype)
    winner = np.empty(len(starts), dtype=np.intp)
    for part in _parts(len(starts), length):
        ranked = np.sort(spans[np.asarray(starts[part])] | step, axis=1)
        code = ranked >> bits
        is_new = np.ones(code.shape, dtype=bool)
        np.not_equal(code[:, 1:], code[:, :-1], out=is_new[:, 1:])
        head = np.maximum.accumulate(is_new * step, axis=1)  # where the run began
        longest = step - head == (step - head).max(axis=1, keepdims=True)
        # Of several longest runs the one whose label came first.
        place = np.take_along_axis(ranked, head, axis=1) & ((1 << bits) - 1)
        at = np.where(longest, place, length).argmin(axis=1)
        winner[part] = code[np.arange(len(code)), at]
    return winner
