"""Labelled sequences, and batches of them as tensors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from sklstm._batching import prediction_batches, training_batches
from sklstm._sequences import Sequences
from sklstm._training.predict import most_steps, to_tensors

Batch = tuple[dict[str, Tensor], tuple[Tensor, Tensor]]


@dataclass(frozen=True)
class LabelledSequences:
    """Sequences with a target and a weight each.

    Attributes
    ----------
    sequences : Sequences
        The inputs.
    targets : ndarray of shape (n,) or (n, n_outputs)
        Encoded for the loss: int64 class indices, or float32.
    weights : ndarray of shape (n,)
        Float32, of mean 1.
    """

    sequences: Sequences
    targets: np.ndarray
    weights: np.ndarray

    def __len__(self) -> int:
        return len(self.sequences)

    def take(self, indices: np.ndarray) -> LabelledSequences:
        """Return the samples at `indices`, in that order."""
        return LabelledSequences(
            self.sequences.take(indices), self.targets[indices], self.weights[indices]
        )


class BatchIterator:
    """Iterate over the data once an epoch, in the form that the training net takes.

    Parameters
    ----------
    data : LabelledSequences
        All samples.
    batch_size : int
        Samples per batch.
    device : torch.device
        Where the tensors go.
    rng : numpy.random.Generator or None
        Draws a new order every epoch; None keeps the order.
    by_length : bool, default=False
        Sort by length instead, in batches of bounded size: for validation.
    """

    def __init__(
        self,
        data: LabelledSequences,
        batch_size: int,
        device: torch.device,
        rng: np.random.Generator | None,
        by_length: bool = False,
    ):
        self.data = data
        self.batch_size = batch_size
        self.device = device
        self.rng = rng
        self.by_length = by_length

    def __iter__(self) -> Iterator[Batch]:
        lengths = self.data.sequences.lengths
        if self.by_length:
            limit = most_steps(self.data.sequences)
            batches = prediction_batches(lengths, self.batch_size, limit)
        else:
            batches = training_batches(lengths, self.batch_size, self.rng)
        for indices in batches:
            yield self._batch(indices)

    def __len__(self) -> int:
        return -(-len(self.data) // self.batch_size)

    def _batch(self, indices: np.ndarray) -> Batch:
        inputs, lengths = to_tensors(self.data.sequences, indices, self.device)
        targets = torch.from_numpy(self.data.targets[indices]).to(self.device)
        weights = torch.from_numpy(self.data.weights[indices]).to(self.device)
        return {"inputs": inputs, "lengths": lengths}, (targets, weights)
