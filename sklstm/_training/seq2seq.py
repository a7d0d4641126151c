"""Pairs of sequences, and the training and prediction of networks that map one to the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sklstm._sequences import (
    END_ID,
    START_ID,
    UNKNOWN_ID,
    Ragged,
    offsets,
    pad_rows,
    prediction_batches,
    ranges,
    training_batches,
)
from sklstm._training.batches import Batch, most_steps, to_tensors
from sklstm._training.plan import TrainingPlan
from sklstm._training.predict import BATCH_SIZE, evaluation_mode, move_to
from sklstm._training.runtime import fast_cpu
from sklstm._training.train import TrainingOutcome, train_on
from sklstm._training.users_callbacks import check_callbacks
from sklstm.nn import NextTokenLoss, Seq2SeqNetwork, beam_search
from sklstm.nn.checks import TRUSTED
from sklstm.nn.losses import StepTargets
from sklstm.nn.seq2seq import Memory
from sklstm.nn.state import State


@dataclass(frozen=True)
class SequencePairs:
    """Sequences, and the tokens of the sequence that each is mapped to.

    Attributes
    ----------
    sources : Ragged
        The inputs.
    targets : ndarray of shape (total_tokens,), int64
        The tokens of all targets, each followed by the id of the end, concatenated.
    target_lengths : ndarray of shape (n,)
        Number of tokens of each target, with its end.
    weights : ndarray of shape (n,)
        Float32; the weight of each token of a pair. Those of all tokens add up to the number of
        pairs.
    """

    sources: Ragged
    targets: np.ndarray
    target_lengths: np.ndarray
    weights: np.ndarray

    def __len__(self) -> int:
        return len(self.sources)

    @cached_property
    def target_offsets(self) -> np.ndarray:
        """Index of the first token of each target."""
        return offsets(self.target_lengths)

    def take(self, indices: np.ndarray) -> SequencePairs:
        """Return the pairs at `indices`, in that order."""
        lengths = self.target_lengths[indices]
        rows = ranges(self.target_offsets[indices], lengths)
        sources = self.sources.take(indices)
        return SequencePairs(sources, self.targets[rows], lengths, self.weights[indices])

    def teach(self, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return what a decoder reads and what it is to predict at each step, and the lengths.

        Both have shape ``(batch, steps)``, padded with 0.
        """
        first, lengths = self.target_offsets[indices], self.target_lengths[indices]
        expected, lengths = pad_rows(self.targets, first, lengths)
        previous = np.empty_like(expected)
        previous[:, 0], previous[:, 1:] = START_ID, expected[:, :-1]
        return previous, expected, lengths


class PairBatches:
    """Iterate over pairs of sequences, once per epoch.

    Parameters
    ----------
    data : SequencePairs
        All pairs.
    batch_size : int
        Number of pairs per batch.
    device : torch.device
        Device of the tensors.
    rng : numpy.random.Generator or None
        Shuffles the pairs in every epoch; None keeps their order.
    by_length : bool, default=False
        Sort by length instead, in batches of bounded size: for validation.
    teaching : callable or None, default=None
        Returns the probability that the decoder reads true tokens, from the fraction of the
        training that is done; None for 1.
    n_epochs : int, default=1
        Number of epochs, of which that is a fraction.
    """

    is_cut = False

    def __init__(
        self,
        data: SequencePairs,
        batch_size: int,
        device: torch.device,
        rng: np.random.Generator | None,
        *,
        by_length: bool = False,
        teaching: Callable[[float], float] | None = None,
        n_epochs: int = 1,
    ):
        self.data, self.batch_size, self.device, self.rng = data, batch_size, device, rng
        self.by_length, self.teaching, self.n_epochs = by_length, teaching, n_epochs
        self.begun, self.done, self.n_batches = 0, 0, 1

    def __iter__(self) -> Iterator[Batch]:
        lengths = self.data.sources.lengths
        if self.by_length:
            longest = np.maximum(lengths, self.data.target_lengths)
            limit = most_steps(self.data.sources)
            batches = prediction_batches(longest, self.batch_size, limit)
        else:
            batches = training_batches(lengths, self.batch_size, self.rng)
        self.begun, self.done, self.n_batches = self.begun + 1, 0, len(batches)
        for indices in batches:
            self.done += 1
            yield self._batch(indices)

    def epochs_done(self) -> float:
        """Return the number of epochs done, including the fraction of the current one."""
        return max(0, self.begun - 1) + self.done / self.n_batches

    def _batch(self, indices: np.ndarray) -> Batch:
        inputs, lengths = to_tensors(self.data.sources, indices, self.device)
        previous, expected, n_steps = self.data.teach(indices)
        given: dict[str, Any] = {"inputs": inputs, "lengths": lengths}
        given["previous"] = self._tensor(previous)
        if self.teaching is not None:
            given["teaching"] = self.teaching(self.epochs_done() / self.n_epochs)
        mask = np.arange(expected.shape[1]) < n_steps[:, None]
        targets = StepTargets(
            expected=self._tensor(expected),
            weights=self._tensor(mask * self.data.weights[indices, None]),
            mask=self._tensor(mask),
            previous=torch.full((len(indices),), -1, device=self.device),
            ends=torch.ones(len(indices), dtype=torch.bool, device=self.device),
        )
        return Batch(given, targets, None, len(indices))

    def _tensor(self, array: np.ndarray) -> Tensor:
        return torch.from_numpy(array).to(self.device)


def train_seq2seq(
    module: Seq2SeqNetwork,
    batches: PairBatches,
    plan: TrainingPlan,
    *,
    validation: PairBatches | None = None,
    optimizer_state: dict[str, Any] | None = None,
) -> TrainingOutcome:
    """Train `module` in place on pairs of sequences; see `train_on`."""
    check_callbacks(plan.callbacks, None)
    return train_on(
        module,
        NextTokenLoss(module.output),
        batches,
        plan,
        valid_batches=validation,  # type: ignore[arg-type]
        optimizer_state=optimizer_state,
    )


def predict_sequences(
    module: Seq2SeqNetwork,
    sources: Ragged,
    *,
    n_beams: int,
    max_length: int,
    device: torch.device,
    n_jobs: int | None,
) -> list[np.ndarray]:
    """Return the most probable target of each sequence, as ids without the end."""
    found: list[Any] = [None] * len(sources)
    size = max(1, BATCH_SIZE // n_beams)
    with _running(module, device, n_jobs):
        for indices in prediction_batches(sources.lengths, size, most_steps(sources) // n_beams):
            memory, state = module.encode(*to_tensors(sources, indices, device))
            step = _Step(module, memory)
            rows = torch.arange(len(indices), device=device)
            first, state = step(torch.full_like(rows, START_ID), (rows, *state))
            written, _ = beam_search(
                step, first, state, end=END_ID, max_length=max_length, n_beams=n_beams
            )
            for i, ids in zip(indices.tolist(), written, strict=True):
                found[i] = np.array(ids, dtype=np.int32)
    return found


class _Step:
    """A step of the decoder, of hypotheses whose state begins with the row of their sequence.

    Parameters
    ----------
    module : Seq2SeqNetwork
        The network.
    memory : Memory
        What the encoder has read, one row for each sequence.
    """

    def __init__(self, module: Seq2SeqNetwork, memory: Memory):
        self.module, self.memory = module, memory
        # Copied only when sequences have ended, not at each step.
        self.rows: Tensor | None = None
        self.own = memory

    def __call__(self, ids: Tensor, state: State) -> tuple[Tensor, State]:
        """Return the log-probabilities of the next token, ``(n, n_ids)``, and the new states."""
        rows, *before = state
        if self.rows is None or not torch.equal(rows, self.rows):
            self.rows, self.own = rows, self.memory.take(rows)
        states, _, after = self.module.decode(ids.unsqueeze(1), self.own, tuple(before))
        log_probs = self.module.output.log_probs(states[:, 0]).float()
        log_probs[:, UNKNOWN_ID] = -torch.inf  # which is no token to write
        return log_probs, (rows, *after)


def target_log_likelihoods(
    module: Seq2SeqNetwork, data: SequencePairs, *, device: torch.device, n_jobs: int | None
) -> np.ndarray:
    """Return the log-likelihood of each target, with its end, given its sequence."""
    found = np.empty(len(data))

    def sum_up(indices: np.ndarray, taught: _Taught) -> None:
        losses = torch.zeros(taught.expected.shape, dtype=torch.float64, device=device)
        mask = taught.mask
        own = module.output.losses(taught.states[mask], taught.expected[mask])
        losses[mask] = own.double()
        found[indices] = -losses.sum(dim=1).cpu().numpy()

    _teach(module, data, sum_up, device=device, n_jobs=n_jobs)
    return found


def attention_of(
    module: Seq2SeqNetwork, data: SequencePairs, *, device: torch.device, n_jobs: int | None
) -> list[np.ndarray]:
    """Return the weights of attention of each pair, a row for each token but the end."""
    found: list[Any] = [None] * len(data)

    def cut(indices: np.ndarray, taught: _Taught) -> None:
        assert taught.attention is not None  # the network has some
        blocks = taught.attention.float().cpu().numpy()
        n_tokens, n_steps = data.target_lengths[indices] - 1, data.sources.lengths[indices]
        for i, block, n, t in zip(indices, blocks, n_tokens, n_steps, strict=True):
            found[i] = block[:n, :t].copy()

    _teach(module, data, cut, device=device, n_jobs=n_jobs)
    return found


@dataclass(frozen=True)
class _Taught:
    """What the decoder returns where it reads true tokens.

    Attributes
    ----------
    states : Tensor of shape (batch, steps, size)
        What the output layer reads.
    attention : Tensor of shape (batch, steps, time) or None
        The weights of attention.
    expected : Tensor of shape (batch, steps)
        The true tokens.
    mask : Tensor of shape (batch, steps)
        True on the steps that are not padding.
    """

    states: Tensor
    attention: Tensor | None
    expected: Tensor
    mask: Tensor


def _teach(
    module: Seq2SeqNetwork,
    data: SequencePairs,
    use: Callable[[np.ndarray, _Taught], None],
    *,
    device: torch.device,
    n_jobs: int | None,
) -> None:
    """Run the network on true tokens, and call `use` with each batch and its indices."""
    longest = np.maximum(data.sources.lengths, data.target_lengths)
    with _running(module, device, n_jobs):
        for indices in prediction_batches(longest, BATCH_SIZE, most_steps(data.sources)):
            memory, state = module.encode(*to_tensors(data.sources, indices, device))
            previous, expected, lengths = (
                torch.from_numpy(array).to(device) for array in data.teach(indices)
            )
            states, attention, _ = module.decode(previous, memory, state)
            mask = torch.arange(expected.shape[1], device=device) < lengths[:, None]
            use(indices, _Taught(states, attention, expected, mask))


@contextmanager
def _running(module: Seq2SeqNetwork, device: torch.device, n_jobs: int | None) -> Iterator[None]:
    """Run the body as predictions are run."""
    move_to(module, device)
    with evaluation_mode(module), fast_cpu(n_jobs), torch.inference_mode(), TRUSTED:
        yield
