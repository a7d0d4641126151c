"""Which training samples are held out for early stopping."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.model_selection import GroupShuffleSplit, ShuffleSplit, StratifiedShuffleSplit
from sklearn.utils import check_consistent_length


def holdout_split(
    n_samples: int,
    fraction: float,
    *,
    strategy: str,
    strata: np.ndarray | None,
    groups: Any,
    seed: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Split sample indices into those to train on and those to watch.

    Parameters
    ----------
    n_samples : int
        How many there are.
    fraction : float
        Share to hold out, of the samples or of the groups.
    strategy : {"auto", "last"}
        "last" holds out the last samples. "auto" holds out whole groups where `groups` are
        given, else keeps the shares of the `strata`, else draws at random.
    strata : ndarray of shape (n_samples,) or None
        Classes to be held out in equal shares.
    groups : array-like of shape (n_samples,) or None
        Samples of one group stay together.
    seed : int
        Seed of the draw.

    Returns
    -------
    train, held_out : ndarray of int

    Raises
    ------
    ValueError
        If there are too few samples or groups to hold any out.
    """
    if n_samples < 2:
        raise ValueError(
            f"early_stopping needs at least 2 samples to hold some out; got n_samples={n_samples}."
        )
    if groups is not None:
        check_consistent_length(range(n_samples), groups)
    rows = np.arange(n_samples)
    n_held = min(max(1, round(n_samples * fraction)), n_samples - 1)
    if strategy == "last":
        return rows[:-n_held], rows[-n_held:]
    if groups is not None:
        split = GroupShuffleSplit(1, test_size=fraction, random_state=seed)
        return next(split.split(rows, groups=groups))
    if strata is not None and _can_stratify(strata, n_held):
        stratified = StratifiedShuffleSplit(1, test_size=n_held, random_state=seed)
        return next(stratified.split(rows, strata))
    return next(ShuffleSplit(1, test_size=n_held, random_state=seed).split(rows))


def _can_stratify(strata: np.ndarray, n_held: int) -> bool:
    """Tell whether every class can be on both sides."""
    counts = np.unique(strata, return_counts=True)[1]
    return bool(counts.min() >= 2 and min(n_held, len(strata) - n_held) >= len(counts))


def validation_pair(validation_data: Any, X_val: Any, y_val: Any) -> tuple[Any, Any] | None:
    """Return the validation data, given as a pair or as two arguments, or None.

    Two arguments are what a Pipeline can transform on the way (``transform_input``).
    """
    if validation_data is not None:
        if X_val is not None or y_val is not None:
            raise ValueError("Pass validation_data, or X_val and y_val, not both.")
        if not isinstance(validation_data, tuple | list) or len(validation_data) != 2:
            raise ValueError(
                "validation_data must be a pair (X_val, y_val); got a "
                f"{type(validation_data).__name__}."
            )
        return validation_data[0], validation_data[1]
    if (X_val is None) != (y_val is None):
        raise ValueError("X_val and y_val go together; one of them is missing.")
    return None if X_val is None else (X_val, y_val)
