"""Windows that slide over rows: where they start, and the windows themselves."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from sklstm.preprocessing._ragged import positions


def slide(rows: np.ndarray, length: int) -> np.ndarray:
    """Return the window from every row on, (n_rows - length + 1, length, ...), without a copy.

    The view is read-only: one row shows in many windows, and writing to one would change all.
    """
    # numpy puts the steps of a window last, behind its features.
    return np.moveaxis(sliding_window_view(rows, length, axis=0), -1, 1)


def take_windows(rows: np.ndarray, starts: np.ndarray, length: int) -> np.ndarray:
    """Return the windows from ``starts`` on: a view if these are evenly spaced, or a copy."""
    windows = slide(rows, length)
    step = int(starts[1] - starts[0]) if len(starts) > 1 else 1
    if step > 0 and (np.diff(starts) == step).all():
        return windows[starts[0] : starts[-1] + 1 : step]
    taken: np.ndarray = windows[starts]
    return taken


def window_starts(
    starts: np.ndarray, lengths: np.ndarray, reach: int, stride: int
) -> tuple[np.ndarray, np.ndarray]:
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
    return np.repeat(starts, counts) + stride * positions(counts), counts


def touched(marked: np.ndarray, starts: np.ndarray, length: int) -> np.ndarray:
    """Tell which spans of ``length`` rows hold a marked row."""
    before = np.append(0, np.cumsum(marked))
    return np.asarray(before[starts + length] > before[starts])
