"""Batches of labelled sequences as tensors, and which of them continue which."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from sklstm._batching import pad_rows, prediction_batches, training_batches
from sklstm._training.data import LabelledSequences
from sklstm._training.predict import most_steps, to_tensors
from sklstm.nn.losses import StepTargets


@dataclass(frozen=True)
class Link:
    """What a batch goes on from: the state that the batch before it left.

    Attributes
    ----------
    rows : Tensor of shape (batch,)
        For each sequence, the row of the carried state that it continues.
    begin : int or None
        Forget the state first, and begin with that many rows; None to go on.
    exact : bool
        Whether the state after the batch matters for sequences that end within it.
    """

    rows: Tensor
    begin: int | None
    exact: bool


class Batch(NamedTuple):
    """What one training step takes."""

    inputs: dict[str, Tensor]
    targets: tuple[Tensor, Tensor] | StepTargets
    link: Link | None


def batches_per_epoch(data: LabelledSequences, batch_size: int, bptt_length: int | None) -> int:
    """Return the number of training batches of an epoch, chunks counted by their mean."""
    chunks = mean_chunks(data, bptt_length)
    return math.ceil(math.ceil(len(data) / batch_size) * chunks)


def mean_chunks(data: LabelledSequences, bptt_length: int | None) -> float:
    """Return how many batches a sequence is cut into, on average."""
    if bptt_length is None or not data.per_step:
        return 1.0
    return float(np.ceil(data.sequences.lengths / bptt_length).mean())


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
    bptt_length : int or None, default=None
        Where every step has a target: cut sequences into chunks of that many steps, a batch
        each, which continue each other.
    stateful : bool, default=False
        Let row i of a batch continue row i of the batch before, from the first batch of an
        epoch on. It wants the order of the data.
    goes_on : bool, default=False
        With `stateful`: let the first batch continue what was carried before.
    """

    def __init__(
        self,
        data: LabelledSequences,
        batch_size: int,
        device: torch.device,
        rng: np.random.Generator | None,
        *,
        by_length: bool = False,
        bptt_length: int | None = None,
        stateful: bool = False,
        goes_on: bool = False,
    ):
        self.data = data
        self.batch_size = batch_size
        self.device = device
        self.rng = rng
        self.by_length = by_length
        self.bptt_length = bptt_length if data.per_step else None
        self.stateful = stateful
        self.goes_on = goes_on
        self.mean_chunks = mean_chunks(data, bptt_length)

    def __iter__(self) -> Iterator[Batch]:
        begins = not self.goes_on
        for indices in self._batches():
            yield from self._pieces(indices, begins)
            begins = False

    def __len__(self) -> int:
        """Return the number of batches of an epoch, about."""
        return batches_per_epoch(self.data, self.batch_size, self.bptt_length)

    def _batches(self) -> list[np.ndarray]:
        lengths = self.data.sequences.lengths
        if self.by_length and not self.stateful:
            limit = most_steps(self.data.sequences)
            return prediction_batches(lengths, self.batch_size, limit)
        return training_batches(lengths, self.batch_size, self.rng)

    def _pieces(self, indices: np.ndarray, begins: bool) -> Iterator[Batch]:
        """Yield a batch, in chunks where it is to be cut."""
        lengths = self.data.sequences.lengths[indices]
        longest = int(lengths.max())
        chunk = self.bptt_length or longest
        for start in range(0, longest, chunk):
            alive = np.flatnonzero(lengths > start)
            begin = None
            if start == 0 and (begins or not self.stateful):
                begin = self.batch_size if self.stateful else len(indices)
            link = Link(torch.from_numpy(alive).to(self.device), begin, self.stateful)
            linked = self.stateful or longest > chunk
            stop = min(start + chunk, longest)
            yield self._batch(indices[alive], start, stop, link if linked else None)

    def _batch(self, indices: np.ndarray, start: int, stop: int, link: Link | None) -> Batch:
        data = self.data
        inputs, lengths = to_tensors(data.sequences, indices, self.device, start, stop)
        targets: tuple[Tensor, Tensor] | StepTargets
        if data.per_step:
            targets = self._step_targets(indices, start, stop)
        else:
            targets = self._tensor(data.targets[indices]), self._tensor(data.weights[indices])
        return Batch({"inputs": inputs, "lengths": lengths}, targets, link)

    def _step_targets(self, indices: np.ndarray, start: int, stop: int) -> StepTargets:
        data = self.data
        offsets, lengths = data.target_offsets[indices], data.sequences.lengths[indices]
        targets, within = pad_rows(data.targets, offsets, lengths, start, stop)
        # Chunks share out the weight of a sequence, but a batch's loss is averaged over its rows.
        weights = pad_rows(data.weights, offsets, lengths, start, stop)[0] * self.mean_chunks
        previous = data.targets[offsets + start - 1] if start else np.full(len(indices), -1)
        return StepTargets(
            expected=self._tensor(targets),
            weights=self._tensor(weights.astype(np.float32)),
            mask=self._tensor(np.arange(targets.shape[1]) < within[:, None]),
            previous=self._tensor(previous),
            ends=self._tensor(lengths <= stop),
        )

    def _tensor(self, array: np.ndarray) -> Tensor:
        return torch.from_numpy(array).to(self.device)
