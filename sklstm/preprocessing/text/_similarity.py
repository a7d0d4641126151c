"""Which vectors point the same way."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np


def check_topn(topn: Any) -> int:
    """Return how many similar ones to find, after checking the number."""
    if not isinstance(topn, Integral) or topn < 1:
        raise ValueError(f"topn must be an int of at least 1, got {topn!r}.")
    return int(topn)


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    """Return the cosine of two vectors; 0 where one of them is zero."""
    a, b = a.astype(np.float64), b.astype(np.float64)
    norm = np.sqrt((a @ a) * (b @ b))
    return float(np.clip(a @ b / norm, -1, 1)) if norm else 0.0


def nearest(
    vector: np.ndarray, rows: np.ndarray, names: np.ndarray, topn: int
) -> list[tuple[Any, float]]:
    """Return the names of the rows with the highest cosine, and the cosine; ties in their order.

    A vector or row of zeros has no direction, and is like nothing.
    """
    norms = np.linalg.norm(rows, axis=1)
    norm = np.linalg.norm(vector)
    there = np.flatnonzero(norms) if norm else np.empty(0, dtype=np.intp)
    similar = np.clip((rows @ vector)[there] / (norms[there] * norm), -1, 1)
    best = np.argsort(-similar, kind="stable")[:topn]
    found = names[there[best]].tolist()
    return list(zip(found, similar[best].tolist(), strict=True))
