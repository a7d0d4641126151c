"""Windows that slide over rows: where they start, and the windows themselves."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

# A range stands for millions of evenly spaced starts and takes no memory.
Starts = np.ndarray | range


def slide(rows: np.ndarray, length: int) -> np.ndarray:
    """Return the window from every row on, (n_rows - length + 1, length, ...), without a copy.

    The view is read-only: one row shows in many windows, and writing to one would change all.
    """
    # numpy puts the steps of a window last, behind its features.
    return np.moveaxis(sliding_window_view(rows, length, axis=0), -1, 1)


def take_windows(rows: np.ndarray, starts: Starts, length: int) -> np.ndarray:
    """Return the windows from ``starts`` on: a view if these are evenly spaced, or a copy."""
    windows = slide(rows, length)
    even = _as_range(starts)
    if even is not None:
        return windows[even.start : even.stop : even.step]
    taken: np.ndarray = windows[starts]
    return taken


def _as_range(starts: Starts) -> range | None:
    if isinstance(starts, range):
        return starts
    step = int(starts[1] - starts[0]) if len(starts) > 1 else 1
    is_even = step > 0 and bool((np.diff(starts) == step).all())
    return range(int(starts[0]), int(starts[-1]) + 1, step) if is_even else None


def shift(starts: Starts, by: int) -> Starts:
    """Return the starts, ``by`` rows further on."""
    if isinstance(starts, range):
        return range(starts.start + by, starts.stop + by, starts.step)
    return starts + by


def take(starts: Starts, keep: np.ndarray) -> Starts:
    """Return the starts to keep, which most often are all."""
    return starts if keep.all() else np.asarray(starts)[keep]


def window_starts(
    starts: np.ndarray, lengths: np.ndarray, reach: int, stride: int
) -> tuple[Starts, np.ndarray]:
    """Return the first row of every window of every series, and the number of each series'.

    Parameters
    ----------
    starts, lengths : ndarray of int of shape (n_series,)
        The first row of each series, and how many it has.
    reach : int
        Rows that one window takes, with those of its horizon.
    stride : int
        Rows from one window to the next.
    """
    counts = np.maximum(lengths - reach + stride, 0) // stride
    parts = [
        range(start, start + count * stride, stride)
        for start, count in zip(starts.tolist(), counts.tolist(), strict=True)
    ]
    if len(parts) == 1:
        return parts[0], counts
    return np.concatenate([np.arange(part.start, part.stop, part.step) for part in parts]), counts


def touched(marked: np.ndarray, starts: Starts, length: int) -> np.ndarray:
    """Tell which spans of ``length`` rows hold a marked row."""
    before, first = np.append(0, np.cumsum(marked)), np.asarray(starts)
    return np.asarray(before[first + length] > before[first])
