"""Run a module over many sequences, batch by batch, results in input order."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor, nn

from sklstm._batching import pad_batch, prediction_batches
from sklstm._sequences import Sequences
from sklstm._training.runtime import fast_cpu

# Together they bound the memory of a batch: many short sequences, or few long ones. A step that
# is a matrix counts by its size, as a convolution makes several of each.
MAX_BATCH_STEPS, MAX_BATCH_NUMBERS = 16_384, 1 << 20
BATCH_SIZE = 256

Forward = Callable[[Tensor, Tensor], Tensor]


def to_tensors(
    sequences: Sequences, indices: np.ndarray, device: torch.device
) -> tuple[Tensor, Tensor]:
    """Return the padded inputs and the lengths of some sequences."""
    inputs, lengths = pad_batch(sequences, indices)
    block = torch.from_numpy(inputs)
    block = block.long() if sequences.is_tokens else block.float()
    return block.to(device), torch.from_numpy(lengths).to(device)


def most_steps(sequences: Sequences) -> int:
    """Return how many padded steps a batch may have."""
    if sequences.step_shape is None:
        return MAX_BATCH_STEPS
    return max(1, min(MAX_BATCH_STEPS, MAX_BATCH_NUMBERS // sequences.n_features))


def predict_batches(
    module: nn.Module,
    forward: Forward,
    sequences: Sequences,
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
    sequences : Sequences
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
    sequences: Sequences,
    *,
    device: torch.device,
    n_jobs: int | None,
) -> np.ndarray:
    """Stack the results of `forward`, one row per sequence, in input order."""
    rows: np.ndarray | None = None
    for indices, result in predict_batches(
        module, forward, sequences, device=device, n_jobs=n_jobs
    ):
        if rows is None:
            rows = np.empty((len(sequences), *result.shape[1:]), dtype=result.dtype)
        rows[indices] = result
    assert rows is not None  # as_sequences refuses empty input
    return rows
