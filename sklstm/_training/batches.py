"""Batches of labelled sequences as tensors, and which of them continue which."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from sklstm._sequences import pad_rows, prediction_batches, training_batches
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


@dataclass(frozen=True)
class Batch:
    """What one training step takes.

    Attributes
    ----------
    inputs : dict
        The arguments of the network.
    targets : tuple of Tensor or StepTargets
        What the loss takes.
    link : Link or None
        What the batch goes on from.
    n_sequences : int
        Sequences of the batch, or of the one that it was cut from: its weight in an epoch's loss.
    """

    inputs: dict[str, Tensor]
    targets: tuple[Tensor, Tensor] | StepTargets
    link: Link | None
    n_sequences: int

    def __len__(self) -> int:
        return self.n_sequences

    def __getitem__(self, index: int) -> Any:
        """Unpack as skorch's batches do, for callbacks that look into them."""
        return (self.inputs, self.targets)[index]


class EpochBatches(Protocol):
    """What gives the batches of an epoch, each time it is gone through."""

    def __iter__(self) -> Iterator[Batch]:
        """Yield the batches of an epoch."""

    def epochs_done(self) -> float:
        """Return how many epochs were gone through, the share of this one included."""

    @property
    def is_cut(self) -> bool:
        """Whether batches are cut, so that their number differs from epoch to epoch."""


def batches_per_epoch(
    data: LabelledSequences, batch_size: int, bptt_length: int | None, *, shuffle: bool
) -> int:
    """Return the number of training batches of an epoch; about, if chunks are shuffled."""
    if bptt_length is None or not data.per_step:
        return math.ceil(len(data) / batch_size)
    lengths = data.sequences.lengths
    batches = training_batches(lengths, batch_size, np.random.default_rng(0) if shuffle else None)
    return sum(_n_chunks(lengths[indices], bptt_length) for indices in batches)


def _n_chunks(lengths: np.ndarray, bptt_length: int | None) -> int:
    """Return how many batches one is cut into."""
    return 1 if bptt_length is None else math.ceil(lengths.max() / bptt_length)


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
        self.epochs_begun = 0
        self.done = 0  # of the `n_pieces` batches of this epoch
        self.n_pieces = 1
        self.scale = 1.0

    def __iter__(self) -> Iterator[Batch]:
        begins = not self.goes_on
        batches = self._batches()
        lengths = self.data.sequences.lengths
        chunks = [_n_chunks(lengths[indices], self.bptt_length) for indices in batches]
        self.epochs_begun, self.done, self.n_pieces = self.epochs_begun + 1, 0, sum(chunks)
        # The epoch's loss is the mean over its batches, each as heavy as the sequences of the
        # batch that it was cut from; so scaled, it is the mean over steps however they are cut.
        sizes = [len(indices) for indices in batches]
        self.scale = float(np.dot(sizes, chunks)) / len(self.data)
        for indices in batches:
            for piece in self._pieces(indices, begins):
                self.done += 1
                yield piece
            begins = False

    def epochs_done(self) -> float:
        """Return how many epochs were gone through, the share of this one included."""
        return max(0, self.epochs_begun - 1) + self.done / self.n_pieces

    @property
    def is_cut(self) -> bool:
        """Whether batches are cut, so that their number differs from epoch to epoch."""
        return self.bptt_length is not None

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
            share = len(alive) / len(indices)
            inputs, targets = self._tensors(indices[alive], start, stop, share)
            yield Batch(inputs, targets, link if linked else None, len(indices))

    def _tensors(
        self, indices: np.ndarray, start: int, stop: int, share: float
    ) -> tuple[dict[str, Tensor], tuple[Tensor, Tensor] | StepTargets]:
        data = self.data
        inputs, lengths = to_tensors(data.sequences, indices, self.device, start, stop)
        targets: tuple[Tensor, Tensor] | StepTargets
        if data.per_step:
            targets = self._step_targets(indices, start, stop, self.scale * share)
        else:
            targets = self._tensor(data.targets[indices]), self._tensor(data.weights[indices])
        return {"inputs": inputs, "lengths": lengths}, targets

    def _step_targets(
        self, indices: np.ndarray, start: int, stop: int, scale: float
    ) -> StepTargets:
        data = self.data
        offsets, lengths = data.target_offsets[indices], data.sequences.lengths[indices]
        targets, within = pad_rows(data.targets, offsets, lengths, start, stop)
        # The loss is divided by the sequences that are left in a chunk: what it should be divided
        # by, those of the whole batch, is in the scale.
        weights = pad_rows(data.weights, offsets, lengths, start, stop)[0] * scale
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
