"""A mean per feature and one scale for all of them, learned from tables or sequences."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.utils.sparsefuncs import mean_variance_axis

from sklstm._sequences import Sequences, ranges
from sklstm._training import Table


@dataclass(frozen=True)
class Scaling:
    """Numbers centred per feature and divided by one standard deviation over all features.

    So proportions between features stay as they are given, as for k-means, and training does not
    depend on the unit of X.

    Attributes
    ----------
    mean : ndarray of shape (n_features,), float64
        Of each feature.
    scale : float
        Root of the variance averaged over the features; 1 if nothing varies.
    """

    mean: np.ndarray
    scale: float

    @classmethod
    def of_table(cls, X: Any, weights: np.ndarray) -> Scaling:
        """Learn from an array or a CSR matrix of shape (n_samples, n_features)."""
        if issparse(X):
            return cls._checked(*mean_variance_axis(X, axis=0, weights=weights.astype(X.dtype)))
        return cls._of_rows(X, weights)

    @classmethod
    def of_sequences(cls, sequences: Sequences, weights: np.ndarray) -> Scaling:
        """Learn from all steps, each as heavy as its sequence."""
        if sequences.starts is not None:  # windows that share rows: each row once
            return cls._of_rows(sequences.values, np.ones(len(sequences.values)))
        rows = ranges(sequences.offsets, sequences.lengths)
        return cls._of_rows(sequences.values[rows], np.repeat(weights, sequences.lengths))

    @classmethod
    def _of_rows(cls, rows: np.ndarray, weights: np.ndarray) -> Scaling:
        with np.errstate(over="ignore", invalid="ignore"):
            mean = np.average(rows, axis=0, weights=weights.astype(np.float64))
            variance = np.average((rows - mean) ** 2, axis=0, weights=weights.astype(np.float64))
        return cls._checked(mean, variance)

    @classmethod
    def _checked(cls, mean: np.ndarray, variance: np.ndarray) -> Scaling:
        scale = float(np.sqrt(np.mean(variance, dtype=np.float64)))
        if not np.isfinite(scale):
            raise ValueError(
                "X holds values so large that their variance is infinite; scale them first."
            )
        return cls(np.asarray(mean, dtype=np.float64), scale if scale > 0 else 1.0)

    def table(self, X: Any) -> Table:
        """Return rows to be scaled batch by batch."""
        return Table(X, self.mean, self.scale)

    def sequences(self, sequences: Sequences) -> Sequences:
        """Return scaled sequences."""
        values = (sequences.values - self.mean) / self.scale
        return replace(sequences, values=values.astype(np.float32))

    def undo(self, values: np.ndarray) -> np.ndarray:
        """Return values, (..., n_features), in the unit of X."""
        return (values * self.scale + self.mean).astype(np.float32)
