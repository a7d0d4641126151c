"""Weights of samples and steps, checked and normalised."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils import check_consistent_length
from sklearn.utils.validation import _check_sample_weight

from sklstm._sequences import Ragged, as_container, check_entries, flatten_steps, locate


def given_weights(sample_weight: Any, n_samples: int) -> np.ndarray:
    """Return `sample_weight` as an array, or ones."""
    if sample_weight is None:
        return np.ones(n_samples)
    sample_weight = as_container(sample_weight, "sample_weight")
    check_entries(sample_weight, "sample_weight")
    weights: np.ndarray = _check_sample_weight(
        sample_weight, np.empty((n_samples, 0)), dtype=np.float64, ensure_non_negative=True
    )
    _check_some(weights)
    return weights


def given_step_weights(sample_weight: Any, sequences: Ragged) -> np.ndarray:
    """Return the weight of every step, concatenated: as given, that of its sequence, or 1."""
    n_steps = int(sequences.lengths.sum())
    if sample_weight is None:
        return np.ones(n_steps)
    sample_weight = as_container(sample_weight, "sample_weight")
    check_entries(sample_weight, "sample_weight")
    if not isinstance(sample_weight, list | tuple) and not hasattr(sample_weight, "to_list"):
        sample_weight = np.asarray(sample_weight)
    check_consistent_length(sequences.lengths, sample_weight)
    if all(np.ndim(item) == 0 for item in sample_weight):
        return np.repeat(given_weights(sample_weight, len(sequences)), sequences.lengths)
    weights = flatten_steps(sample_weight, sequences, "sample_weight")
    if weights.dtype.kind in "biuf":
        bad = np.flatnonzero(~(weights >= 0) | ~np.isfinite(weights))
        if len(bad):
            i, at = locate(bad[0], sequences.lengths)
            what = "Negative values" if weights[bad[0]] < 0 else "Input sample_weight contains NaN"
            raise ValueError(f"{what}: sample_weight[{i}][{at}] is {weights[bad[0]]}.")
    return given_weights(weights, n_steps)


def scaled(weights: np.ndarray, n_samples: int) -> np.ndarray:
    """Return float32 weights that sum to `n_samples`."""
    _check_some(weights)
    return (weights * (n_samples / weights.sum())).astype(np.float32)


def _check_some(weights: np.ndarray) -> None:
    if not weights.sum() > 0:
        raise ValueError("sample_weight and class_weight leave no sample a weight above 0.")
