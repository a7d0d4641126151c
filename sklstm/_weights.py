"""Weights of samples, checked and brought to a common scale."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.validation import _check_sample_weight

from sklstm._input import no_rows


def given_weights(sample_weight: Any, n_samples: int) -> np.ndarray:
    """Return `sample_weight` as an array, or ones."""
    if sample_weight is None:
        return np.ones(n_samples)
    weights: np.ndarray = _check_sample_weight(
        sample_weight, no_rows(n_samples), dtype=np.float64, ensure_non_negative=True
    )
    _check_some(weights)
    return weights


def mean_one(weights: np.ndarray) -> np.ndarray:
    """Return float32 weights of mean 1."""
    _check_some(weights)
    return (weights / weights.mean()).astype(np.float32)


def _check_some(weights: np.ndarray) -> None:
    if not weights.sum() > 0:
        raise ValueError("sample_weight and class_weight leave no sample a weight above 0.")
