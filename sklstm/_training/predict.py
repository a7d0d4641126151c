"""Run a module over many sequences, batch by batch, results in input order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from sklstm._sequences import Ragged, pad_batch, prediction_batches, ranges
from sklstm._training.runtime import fast_cpu
from sklstm.nn.state import State, put_rows, take_rows

# Together they bound the memory of a batch: many short sequences, or few long ones. A step that
# is a matrix counts by its size, as a convolution makes several of each.
MAX_BATCH_STEPS, MAX_BATCH_NUMBERS = 16_384, 1 << 20
BATCH_SIZE = 256

Forward = Callable[..., Tensor]


def to_tensors(
    sequences: Ragged,
    indices: np.ndarray,
    device: torch.device,
    start: int = 0,
    stop: int | None = None,
) -> tuple[Tensor, Tensor]:
    """Return the padded inputs and the lengths of some sequences, or of these steps of them."""
    inputs, lengths = pad_batch(sequences, indices, start, stop)
    block = torch.from_numpy(inputs)
    block = block.long() if sequences.is_tokens else block.float()
    return block.to(device), torch.from_numpy(lengths).to(device)


def most_steps(sequences: Ragged) -> int:
    """Return how many padded steps a batch may have."""
    if sequences.step_shape is None:
        return MAX_BATCH_STEPS
    return max(1, min(MAX_BATCH_STEPS, MAX_BATCH_NUMBERS // sequences.n_features))


def predict_batches(
    module: nn.Module,
    forward: Forward,
    sequences: Ragged,
    *,
    device: torch.device,
    n_jobs: int | None,
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the indices and the results of `forward` for one batch after the other.

    Parameters
    ----------
    module : Module
        What `forward` belongs to; set to evaluation mode and moved to `device`.
    forward : callable
        Maps ``(batch, time, features)`` inputs and ``(batch,)`` lengths to results.
    sequences : Ragged
        All sequences.
    device : torch.device
        Where to compute.
    n_jobs : int or None
        Torch threads.
    """
    module.to(device).eval()
    batches = prediction_batches(sequences.lengths, BATCH_SIZE, most_steps(sequences))
    for indices in batches:
        # Not one context around the loop: the caller's code between two batches, and a loop
        # that it leaves early, must find its own settings.
        with fast_cpu(n_jobs, keep_memory=False), torch.inference_mode():
            result = forward(*to_tensors(sequences, indices, device)).cpu().numpy()
        yield indices, result


def predict_rows(
    module: nn.Module,
    forward: Forward,
    sequences: Ragged,
    *,
    device: torch.device,
    n_jobs: int | None,
    per_step: bool = False,
) -> np.ndarray:
    """Stack the results of `forward`, one row per sequence, in input order.

    With `per_step` it gives ``(batch, time, ...)``, and there is a row for every step.
    """
    rows = _Rows(sequences, per_step)
    for indices, result in predict_batches(
        module, forward, sequences, device=device, n_jobs=n_jobs
    ):
        rows.put(indices, result)
    return rows.filled()


def predict_from(
    module: Any,
    sequences: Ragged,
    state: State,
    *,
    device: torch.device,
    n_jobs: int | None,
    per_step: bool = False,
) -> tuple[np.ndarray, State]:
    """Return the outputs of sequences that go on from `state`, as `predict_rows`, and theirs."""
    module.to(device).eval()
    rows = _Rows(sequences, per_step)
    with fast_cpu(n_jobs, keep_memory=False), torch.inference_mode():
        for indices in prediction_batches(sequences.lengths, BATCH_SIZE, most_steps(sequences)):
            at = torch.from_numpy(indices).to(device)
            inputs, lengths = to_tensors(sequences, indices, device)
            outputs, after = module.forward_from(inputs, lengths, take_rows(state, at))
            state = put_rows(state, at, after)
            rows.put(indices, outputs.cpu().numpy())
    return rows.filled(), state


class _Rows:
    """Results, put where they belong as they come in."""

    def __init__(self, sequences: Ragged, per_step: bool):
        self.lengths = sequences.lengths
        self.offsets = np.cumsum(self.lengths) - self.lengths if per_step else None
        self.rows: np.ndarray | None = None

    def put(self, indices: np.ndarray, result: np.ndarray) -> None:
        """Take the results of the sequences at `indices`."""
        at, n_rows = indices, len(self.lengths)
        if self.offsets is not None:
            lengths = self.lengths[indices]
            at, n_rows = ranges(self.offsets[indices], lengths), int(self.lengths.sum())
            result = result[np.arange(result.shape[1]) < lengths[:, None]]  # (steps, ...)
        if self.rows is None:
            self.rows = np.empty((n_rows, *result.shape[1:]), dtype=result.dtype)
        self.rows[at] = result

    def filled(self) -> np.ndarray:
        """Return all results."""
        assert self.rows is not None  # as_ragged refuses empty input
        return self.rows
