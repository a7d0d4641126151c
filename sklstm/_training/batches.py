"""Training data, labelled sequences and tables, and their batches as tensors."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sized
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NoReturn, Protocol

import numpy as np
import torch
from scipy.sparse import issparse
from torch import Tensor

from sklstm._sequences import (
    Ragged,
    offsets,
    pad_batch,
    pad_rows,
    prediction_batches,
    ranges,
    training_batches,
)
from sklstm.nn.losses import StepTargets

# Together they bound the memory of a batch: many short sequences, or few long ones. A step that
# is a matrix counts by its size, because a convolution makes several of each.
MAX_BATCH_STEPS, MAX_BATCH_NUMBERS = 16_384, 1 << 20


@dataclass(frozen=True)
class UnlabelledSequences:
    """Sequences without a target, for the terms of the loss that need none.

    Attributes
    ----------
    sequences : Ragged
        The inputs.
    weights : ndarray of shape (n,)
        Float32; on the scale of the weights of the labelled sequences.
    groups : ndarray of shape (n,) or None
        The group of each sequence, where early stopping holds out whole groups.
    """

    sequences: Ragged
    weights: np.ndarray
    groups: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.sequences)

    def take(self, indices: np.ndarray) -> UnlabelledSequences:
        """Return the samples at `indices`, in that order."""
        groups = None if self.groups is None else self.groups[indices]
        return UnlabelledSequences(self.sequences.take(indices), self.weights[indices], groups)


@dataclass(frozen=True)
class LabelledSequences:
    """Sequences with a target and a weight each, or one of both for each of their steps.

    Attributes
    ----------
    sequences : Ragged
        The inputs.
    targets : ndarray of shape (n,) or (n, n_outputs)
        Encoded for the loss: int64 class indices, or float32. With `per_step` one row for every
        step of the concatenated sequences.
    weights : ndarray of shape (n,)
        Float32. They add up to the number of sequences.
    per_step : bool
        Whether every step has a target and a weight.
    groups : ndarray of shape (n,) or None
        The group of each sequence, where early stopping holds out whole groups.
    unlabelled : UnlabelledSequences or None
        What is trained on beside them; None without.
    """

    sequences: Ragged
    targets: np.ndarray
    weights: np.ndarray
    per_step: bool = False
    groups: np.ndarray | None = None
    unlabelled: UnlabelledSequences | None = None

    def __len__(self) -> int:
        return len(self.sequences)

    @cached_property
    def target_offsets(self) -> np.ndarray:
        """Row of the first target of each sequence, with `per_step`."""
        return offsets(self.sequences.lengths)

    def rows(self, indices: np.ndarray) -> np.ndarray:
        """Return the rows of the targets and weights of the sequences at `indices`."""
        if not self.per_step:
            return indices
        return ranges(self.target_offsets[indices], self.sequences.lengths[indices])

    def take(self, indices: np.ndarray) -> LabelledSequences:
        """Return the samples at `indices`, in that order."""
        rows = self.rows(indices)
        return LabelledSequences(
            self.sequences.take(indices),
            self.targets[rows],
            self.weights[rows],
            self.per_step,
            None if self.groups is None else self.groups[indices],
            self.unlabelled,
        )


@dataclass(frozen=True)
class Table:
    """Rows of numbers, dense or sparse.

    Attributes
    ----------
    rows : ndarray or CSR matrix of shape (n_samples, n_features)
        Only the rows of a batch are ever made dense.
    mean : ndarray of shape (n_features,), float64
        Subtracted from each row.
    scale : float
        Divides each centred value.
    """

    rows: Any
    mean: np.ndarray
    scale: float

    def __len__(self) -> int:
        return int(self.rows.shape[0])

    def tensor(self, indices: np.ndarray | slice, device: torch.device) -> Tensor:
        """Return some rows, scaled, ``(batch, n_features)``."""
        rows = self.rows[indices]
        if issparse(rows):
            rows = rows.toarray()
        # In double precision up to here: float32 would lose small differences of large numbers.
        with np.errstate(over="ignore"):
            scaled = ((rows - self.mean) / self.scale).astype(np.float32, order="C")
        finite = np.isfinite(scaled).all(axis=1)
        if not finite.all():
            self._refuse(np.arange(len(self))[indices][~finite][0])
        return torch.from_numpy(scaled).to(device)

    def _refuse(self, row: int) -> NoReturn:
        raise ValueError(
            f"X[{row}] holds a value too far from those seen in fit: scaled by their standard "
            f"deviation, {self.scale:g}, it is too large for float32."
        )


Samples = Ragged | Table


@dataclass(frozen=True)
class Link:
    """How a batch continues the batch before it.

    Attributes
    ----------
    rows : Tensor of shape (batch,)
        For each sequence, the row of the carried state that it continues.
    begin : int or None
        Replace the carried state by an initial state of that many rows first; None to continue
        from it.
    exact : bool
        Whether the state after the batch matters for sequences that end within it.
    """

    rows: Tensor
    begin: int | None
    exact: bool


DecodeTargets = Callable[[np.ndarray, np.ndarray | None], np.ndarray]


@dataclass(frozen=True)
class Batch:
    """The input of one training step.

    Attributes
    ----------
    inputs : dict
        The arguments of the network.
    targets : tuple of Tensor or StepTargets
        The second argument of the loss.
    link : Link or None
        How the batch continues the one before it; None if it does not.
    n_sequences : int
        Number of sequences of the batch, or of the one that it was cut from: its weight in the
        loss of an epoch.
    decode : callable or None, default=None
        Maps encoded targets, and the lengths of their sequences where every step has one, to y.
    """

    inputs: dict[str, Tensor]
    targets: tuple[Tensor, Tensor] | StepTargets
    link: Link | None
    n_sequences: int
    decode: DecodeTargets | None = None

    def __len__(self) -> int:
        return self.n_sequences

    def __getitem__(self, index: int) -> Any:
        """Unpack like skorch's batches, for callbacks: the inputs, and the y that was given."""
        return (self.inputs, self.y)[index] if index else self.inputs

    @property
    def y(self) -> np.ndarray | None:
        """The targets as they were given, of whole steps one array per sequence; None without."""
        if self.decode is None:
            return None
        if isinstance(self.targets, StepTargets):
            mask = self.targets.mask
            rows = self.targets.expected[mask].cpu().numpy()
            return self.decode(rows, mask.sum(dim=1).cpu().numpy())
        return self.decode(self.targets[0].cpu().numpy(), None)


class EpochBatches(Protocol):
    """The batches of an epoch, every time it is iterated over."""

    def __iter__(self) -> Iterator[Batch]:
        """Yield the batches of an epoch."""

    def epochs_done(self) -> float:
        """Return the number of epochs done, including the fraction of the current one."""

    @property
    def is_cut(self) -> bool:
        """Whether batches are cut, so that their number differs from epoch to epoch."""


def batches_per_epoch(
    data: Sized, batch_size: int, *, bptt_length: int | None = None, shuffle: bool = False
) -> int:
    """Return the number of training batches per epoch; approximate for shuffled chunks.

    Parameters
    ----------
    data : LabelledSequences, Ragged or Table
        All samples.
    batch_size : int
        Number of samples per batch.
    bptt_length : int or None, default=None
        Length of the chunks into which labelled steps are cut.
    shuffle : bool, default=False
        Whether the samples are shuffled.
    """
    if bptt_length is None or not isinstance(data, LabelledSequences) or not data.per_step:
        return math.ceil(len(data) / batch_size)
    lengths = data.sequences.lengths
    batches = training_batches(lengths, batch_size, np.random.default_rng(0) if shuffle else None)
    return sum(_n_chunks(lengths[indices], bptt_length) for indices in batches)


def most_steps(sequences: Ragged) -> int:
    """Return the largest number of steps, padding included, of a batch of bounded memory."""
    if sequences.step_shape is None:
        return MAX_BATCH_STEPS
    return max(1, min(MAX_BATCH_STEPS, MAX_BATCH_NUMBERS // sequences.n_features))


def to_tensors(
    sequences: Ragged,
    indices: np.ndarray,
    device: torch.device,
    start: int = 0,
    stop: int | None = None,
) -> tuple[Tensor, Tensor]:
    """Return the padded inputs and the lengths of some sequences, or of a chunk of their steps."""
    inputs, lengths = pad_batch(sequences, indices, start, stop)
    block = torch.from_numpy(inputs)
    block = block.long() if sequences.is_tokens else block.float()
    return block.to(device), torch.from_numpy(lengths).to(device)


def _n_chunks(lengths: np.ndarray, bptt_length: int | None) -> int:
    """Return the number of chunks into which a batch is cut."""
    return 1 if bptt_length is None else math.ceil(lengths.max() / bptt_length)


class BatchIterator:
    """Iterate over labelled sequences, once per epoch.

    Parameters
    ----------
    data : LabelledSequences
        All samples.
    batch_size : int
        Number of samples per batch.
    device : torch.device
        Device of the tensors.
    rng : numpy.random.Generator or None
        Shuffles the samples in every epoch; None keeps their order.
    by_length : bool, default=False
        Sort by length instead, in batches of bounded size: for validation.
    bptt_length : int or None, default=None
        If every step has a target: cut sequences into chunks of that many steps, a batch each,
        which continue each other.
    stateful : bool, default=False
        Let row i of a batch continue row i of the batch before, except in the first batch of an
        epoch. Requires the order of the data.
    continues : bool, default=False
        With `stateful`: let the first batch of an epoch continue what was carried before, too.
    passes : int, default=1
        Number of times that an epoch passes over all samples, each time in another order.

    Attributes
    ----------
    decode : callable or None
        Of the batches; None unless it is set.
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
        continues: bool = False,
        passes: int = 1,
    ):
        self.data = data
        self.batch_size = batch_size
        self.device = device
        self.rng = rng
        self.by_length = by_length
        self.bptt_length = bptt_length if data.per_step else None
        self.stateful = stateful
        self.continues = continues
        self.passes = passes
        self.decode: DecodeTargets | None = None
        self.order: list[np.ndarray] = []  # the samples of each batch of this epoch
        self.epochs_begun = 0
        self.done = 0  # of the `n_pieces` batches of this epoch
        self.n_pieces = 1
        self.scale = 1.0

    def __iter__(self) -> Iterator[Batch]:
        begins = not self.continues
        batches = self.order = self._batches()
        lengths = self.data.sequences.lengths
        chunks = [_n_chunks(lengths[indices], self.bptt_length) for indices in batches]
        self.epochs_begun, self.done, self.n_pieces = self.epochs_begun + 1, 0, sum(chunks)
        # The loss of the epoch is the mean over its batches, weighted by the sequences of the
        # batch that each was cut from; with this scale it is the mean over steps however they
        # are cut.
        sizes = [len(indices) for indices in batches]
        self.scale = float(np.dot(sizes, chunks)) / len(self.data)
        for indices in batches:
            for piece in self._pieces(indices, begins):
                self.done += 1
                yield piece
            begins = False

    def epochs_done(self) -> float:
        """Return the number of epochs done, including the fraction of the current one."""
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
        orders = (training_batches(lengths, self.batch_size, self.rng) for _ in range(self.passes))
        return [batch for order in orders for batch in order]

    def _pieces(self, indices: np.ndarray, begins: bool) -> Iterator[Batch]:
        """Yield a batch, in chunks if it is to be cut."""
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
            fraction = len(alive) / len(indices)
            inputs, targets = self._tensors(indices[alive], start, stop, fraction)
            yield Batch(inputs, targets, link if linked else None, len(indices), self.decode)

    def as_batched(self) -> tuple[Ragged, list[Tensor]]:
        """Return the sequences, or their chunks, as the batches of this epoch have held them.

        Also the lengths of those in each batch.
        """
        sequences = self.data.sequences
        starts, pieces = [], []
        for indices in self.order:
            lengths = sequences.lengths[indices]
            longest = int(lengths.max())
            chunk = self.bptt_length or longest
            for start in range(0, longest, chunk):
                alive = lengths > start
                starts.append(sequences.offsets[indices[alive]] + start)
                pieces.append(np.minimum(lengths[alive] - start, chunk))
        rows = ranges(np.concatenate(starts), np.concatenate(pieces))
        batched = sequences.with_rows(rows, np.concatenate(pieces))
        return batched, [torch.from_numpy(lengths) for lengths in pieces]

    def _tensors(
        self, indices: np.ndarray, start: int, stop: int, fraction: float
    ) -> tuple[dict[str, Tensor], tuple[Tensor, Tensor] | StepTargets]:
        data = self.data
        inputs, lengths = to_tensors(data.sequences, indices, self.device, start, stop)
        targets: tuple[Tensor, Tensor] | StepTargets
        if data.per_step:
            targets = self._step_targets(indices, start, stop, self.scale * fraction)
        else:
            targets = self._tensor(data.targets[indices]), self._tensor(data.weights[indices])
        return {"inputs": inputs, "lengths": lengths}, targets

    def _step_targets(
        self, indices: np.ndarray, start: int, stop: int, scale: float
    ) -> StepTargets:
        data = self.data
        offsets, lengths = data.target_offsets[indices], data.sequences.lengths[indices]
        targets, within = pad_rows(data.targets, offsets, lengths, start, stop)
        # The loss is divided by the number of sequences left in the chunk; `scale` corrects that
        # to the number of sequences of the whole batch.
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


class TableBatches:
    """Iterate over the rows of a table, once per epoch; their targets are their indices.

    Parameters
    ----------
    table : Table
        All rows.
    weights : ndarray of shape (n_samples,), float32
        Of the samples.
    batch_size : int
        Number of rows per batch.
    device : torch.device
        Device of the tensors.
    rng : numpy.random.Generator or None
        Shuffles the rows in every epoch; None keeps their order.
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
        self.n_batches = batches_per_epoch(table, batch_size)
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
        """Return the number of epochs done, including the fraction of the current one."""
        return self.done / self.n_batches
