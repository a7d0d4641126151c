"""A mean per feature and one scale for all of them, learned from tables or sequences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.utils import gen_batches
from sklearn.utils.sparsefuncs import mean_variance_axis

from sklstm._sequences import Ragged
from sklstm._training import Table

PART = 1 << 20  # numbers


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
    def of_sequences(cls, sequences: Ragged, weights: np.ndarray) -> Scaling:
        """Learn from all steps, each as heavy as its sequence."""
        if sequences.starts is not None:  # windows that share rows: each row once
            return cls._of_rows(sequences.values, np.ones(len(sequences.values)))
        return cls._of_rows(sequences.values, np.repeat(weights, sequences.lengths))

    @classmethod
    def _of_rows(cls, rows: np.ndarray, weights: np.ndarray) -> Scaling:
        weights = weights.astype(np.float64)
        total = weights.sum()
        with np.errstate(over="ignore", invalid="ignore"):
            mean = _sum(weights[part] @ rows[part] for part in _parts(rows)) / total
            squares = (weights[part] @ np.square(rows[part] - mean) for part in _parts(rows))
            return cls._checked(mean, _sum(squares) / total)

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

    def sequences(self, sequences: Ragged) -> Ragged:
        """Return scaled sequences."""
        values = np.empty_like(sequences.values, dtype=np.float32)
        with np.errstate(over="ignore"):
            for part in _parts(values):
                values[part] = (sequences.values[part] - self.mean) / self.scale
        bad = np.flatnonzero(~np.isfinite(values).all(axis=1))
        if len(bad):
            index, step = sequences.locate(int(bad[0]))
            raise ValueError(
                f"X[{index}] holds a value at step {step} too far from those seen in fit: scaled "
                f"by their standard deviation, {self.scale:g}, it is too large for float32."
            )
        return replace(sequences, values=values)

    def undo(self, values: np.ndarray) -> np.ndarray:
        """Return values, (..., n_features), in the unit of X."""
        return np.asarray(values * self.scale + self.mean, dtype=np.float64)


def _parts(rows: np.ndarray) -> Iterator[slice]:
    """Yield slices of rows, so that only some are ever held in double precision."""
    size = max(1, PART // max(1, rows.shape[1]))
    return gen_batches(len(rows), size)


def _sum(parts: Iterable[np.ndarray]) -> np.ndarray:
    return np.asarray(reduce(np.add, parts))
