"""Rows of a table, dense or sparse, in batches."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
import torch
from scipy.sparse import issparse
from torch import Tensor, nn

from sklstm._training.batches import Batch
from sklstm._training.predict import BATCH_SIZE, Forward
from sklstm._training.runtime import fast_cpu


@dataclass(frozen=True)
class Table:
    """Rows of numbers.

    Attributes
    ----------
    rows : ndarray or CSR matrix of shape (n_samples, n_features)
        Only the rows of a batch are ever made dense.
    mean : ndarray of shape (n_features,), float64
        Taken off each row.
    scale : float
        What each number is divided by then.
    """

    rows: Any
    mean: np.ndarray
    scale: float

    def __len__(self) -> int:
        return int(self.rows.shape[0])

    def tensor(self, indices: Any, device: torch.device) -> Tensor:
        """Return some rows, scaled, ``(batch, n_features)``."""
        rows = self.rows[indices]
        if issparse(rows):
            rows = rows.toarray()
        # In double precision up to here: numbers far from 0 would lose what differs in them.
        with np.errstate(over="ignore"):
            scaled = ((rows - self.mean) / self.scale).astype(np.float32, order="C")
        if not np.isfinite(scaled).all():
            self._refuse(indices, ~np.isfinite(scaled).all(axis=1))
        return torch.from_numpy(scaled).to(device)

    def _refuse(self, indices: Any, bad: np.ndarray) -> NoReturn:
        row = np.arange(len(self))[indices][bad][0]
        raise ValueError(
            f"X[{row}] holds a value too far from those seen in fit: scaled by their standard "
            f"deviation, {self.scale:g}, it is too large for float32."
        )


class TableBatches:
    """Iterate over the rows once an epoch, as `BatchIterator` does over sequences.

    Parameters
    ----------
    table : Table
        All rows.
    weights : ndarray of shape (n_samples,), float32
        Of the samples.
    batch_size : int
        Rows per batch.
    device : torch.device
        Where the tensors go.
    rng : numpy.random.Generator or None
        Draws a new order every epoch; None keeps the order.
    """

    is_cut = False

    def __init__(
        self,
        table: Table,
        weights: np.ndarray,
        batch_size: int,
        device: torch.device,
        rng: np.random.Generator | None,
    ):
        self.table = table
        self.weights = weights
        self.n_batches = math.ceil(len(table) / batch_size)
        self.device = device
        self.rng = rng
        self.done = 0

    def __iter__(self) -> Iterator[Batch]:
        n = len(self.table)
        order = np.arange(n) if self.rng is None else self.rng.permutation(n)
        for indices in np.array_split(order, self.n_batches):  # none much smaller than the others
            targets = (torch.from_numpy(indices), torch.from_numpy(self.weights[indices]))
            self.done += 1
            yield Batch(
                {"inputs": self.table.tensor(indices, self.device)},
                (targets[0].to(self.device), targets[1].to(self.device)),
                None,
                len(indices),
            )

    def epochs_done(self) -> float:
        """Return how many epochs were gone through, the share of this one included."""
        return self.done / self.n_batches


def predict_table(
    module: nn.Module,
    forward: Forward,
    table: Table,
    *,
    device: torch.device,
    n_jobs: int | None,
) -> np.ndarray:
    """Stack the results of `forward`, one row per sample, as `predict_rows` does."""
    module.to(device).eval()
    results = []
    with fast_cpu(n_jobs, keep_memory=False), torch.inference_mode():
        for start in range(0, len(table), BATCH_SIZE):
            rows = table.tensor(slice(start, start + BATCH_SIZE), device)
            results.append(forward(rows).cpu().numpy())
    return np.concatenate(results)
