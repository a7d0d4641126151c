"""Sequences that may differ in length: as one array, and how long each is to be."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import Any

import numpy as np

from sklstm._sequences import object_array


def stack(sequences: Sequence[np.ndarray], *, ragged: bool | None = None) -> np.ndarray:
    """Return an array with one dimension more, or an object array if `ragged`.

    None makes it ragged where lengths differ.
    """
    if ragged is None:
        ragged = len({len(sequence) for sequence in sequences}) > 1
    if not ragged:
        return np.stack(sequences)
    return object_array(sequences)


def draw_lengths(
    n_steps: Any, n_samples: int, least: int, rng: np.random.RandomState
) -> tuple[np.ndarray, bool]:
    """Return a length for each sample, and whether they may differ.

    Parameters
    ----------
    n_steps : int or (int, int)
        The length, or the least and the greatest one.
    n_samples : int
        How many to draw.
    least : int
        The smallest length there can be.
    rng : RandomState
        Draws the lengths, each in the range as likely as any other.

    Raises
    ------
    ValueError
        If `n_steps` is neither, or goes below `least`.
    """
    may_differ = isinstance(n_steps, (tuple, list))
    bounds = list(n_steps) if may_differ else [n_steps, n_steps]
    whole = all(isinstance(bound, Integral) for bound in bounds)
    if len(bounds) != 2 or not whole or not least <= bounds[0] <= bounds[1]:
        raise ValueError(
            f"n_steps must be a whole number from {least} on, or a pair (lowest, highest) of "
            f"such, got {n_steps!r}."
        )
    return rng.randint(bounds[0], bounds[1] + 1, size=n_samples), may_differ


def check_whole(name: str, value: Any, least: int) -> None:
    """Raise a ValueError unless an argument is a whole number and large enough."""
    if not isinstance(value, Integral) or value < least:
        raise ValueError(f"{name} must be a whole number from {least} on, got {value!r}.")
