"""Run a module over many samples, batch by batch, with results in input order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from sklstm._sequences import Ragged, offsets, prediction_batches, ranges
from sklstm._training.batches import Samples, Table, most_steps, to_tensors
from sklstm._training.runtime import Users, dtype_of, fast_cpu, float32_products
from sklstm.nn import SequenceNetwork
from sklstm.nn.embedding import extra_vectors
from sklstm.nn.state import State, put_rows, take_rows

BATCH_SIZE = 256
FILLED_ROWS = 48  # kernels work on 4, 6, 8 or 16 rows at a time
FILLED_SEQUENCES = 16  # more would make predictions of single ones slow

Forward = Callable[..., Tensor]


_switched: dict[int, Switched] = {}
_switching = Users()


@dataclass
class Switched:
    """A module that is in evaluation mode for the length of some calls.

    Attributes
    ----------
    parts : list of Module
        The parts that were in training mode before.
    n_calls : int
        Number of the calls, which may be in different threads.
    """

    parts: list[nn.Module]
    n_calls: int = 0


def is_evaluating(module: nn.Module) -> bool:
    """Return True if `module` and all of its parts are in evaluation mode."""
    return not any(part.training for part in module.modules())


@contextmanager
def evaluation_mode(module: nn.Module) -> Iterator[None]:
    """Run the body with `module` in evaluation mode, in its dtype and with its full precision.

    Training ends in this mode, so that there is nothing to switch. What a user has set otherwise
    is put back: a prediction does not change the model.
    """
    key = id(module)
    with _switching.lock:
        entry = _switched.get(key)
        if entry is None and not is_evaluating(module):
            entry = Switched([part for part in module.modules() if part.training])
            _switched[key] = entry
            module.eval()
        if entry is not None:
            entry.n_calls += 1
    try:
        with dtype_of(module)(), float32_products():
            yield
    finally:
        if entry is not None:
            with _switching.lock:
                entry.n_calls -= 1
                if not entry.n_calls:
                    del _switched[key]
                    for part in entry.parts:
                        part.training = True


@contextmanager
def _evaluating(module: nn.Module, samples: Samples, n_jobs: int | None) -> Iterator[None]:
    """Run the body in evaluation mode, without gradients, with the vectors that samples bring."""
    with evaluation_mode(module), fast_cpu(n_jobs), torch.inference_mode(), reading_extra(samples):
        yield


def reading_extra(samples: Samples | None) -> AbstractContextManager[None]:
    """Return a context in which embeddings read the extra vectors of samples, if they have some."""
    if not isinstance(samples, Ragged) or samples.extra is None:
        return nullcontext()
    return extra_vectors(samples.extra.first_id, torch.from_numpy(samples.extra.vectors))


def move_to(module: nn.Module, device: torch.device) -> None:
    """Move a module to a device, unless it is there.

    Moving it replaces the weights of torch's LSTM for a moment, and another thread may be using it.
    """
    if any(weight.device != device for weight in module.parameters()):
        module.to(device)


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
        The module to which `forward` belongs; run in evaluation mode, and moved to `device`.
    forward : callable
        Maps ``(batch, time, features)`` inputs and ``(batch,)`` lengths to results.
    sequences : Ragged
        All sequences.
    device : torch.device
        Where to compute.
    n_jobs : int or None
        Number of torch threads.
    """
    move_to(module, device)
    for indices in prediction_batches(sequences.lengths, BATCH_SIZE, most_steps(sequences)):
        # Not one context around the loop: the caller's code between two batches, and after a loop
        # that it leaves early, must find its own settings.
        with _evaluating(module, sequences, n_jobs):
            result = forward(*to_tensors(sequences, indices, device)).cpu().numpy()
        yield indices, result


def predict_rows(
    module: nn.Module,
    forward: Forward,
    samples: Samples,
    *,
    device: torch.device,
    n_jobs: int | None,
    per_step: bool = False,
    fill: bool = False,
) -> np.ndarray:
    """Stack the results of `forward`, one row per sample, in input order.

    With `per_step` the results are ``(batch, time, ...)``, and there is a row for every step. For
    a table `forward` maps ``(batch, features)`` inputs. With `fill` the results of a sample do
    not depend on the number of samples, within the tolerance of scikit-learn's checks; on most
    processors not even in the last digit. The other parameters are those of `predict_batches`.
    """
    move_to(module, device)
    rows = _Rows(samples, per_step)
    with _evaluating(module, samples, n_jobs):
        for indices in _batches(samples):
            batch = _filled(indices, samples) if fill else indices
            if isinstance(samples, Table):
                result = forward(samples.tensor(batch, device))
            else:
                result = forward(*to_tensors(samples, batch, device))
            n = len(range(len(samples))[indices]) if isinstance(indices, slice) else len(indices)
            rows.put(indices, result[:n].cpu().numpy())
        if rows.rows is None:
            result = forward(*to_tensors(_one_step(samples), np.zeros(1, dtype=int), device))
            rows.put_nothing(result.cpu().numpy())
    return rows.filled()


def predict_from(
    module: SequenceNetwork,
    sequences: Ragged,
    state: State,
    *,
    device: torch.device,
    n_jobs: int | None,
    per_step: bool = False,
) -> tuple[np.ndarray, State]:
    """Return the outputs of sequences that continue from `state`, and the state after them.

    The outputs are arranged as by `predict_rows`.
    """
    move_to(module, device)
    rows = _Rows(sequences, per_step)
    with _evaluating(module, sequences, n_jobs):
        for indices in _batches(sequences):
            at = torch.from_numpy(indices).to(device)
            inputs, lengths = to_tensors(sequences, indices, device)
            outputs, after = module.forward_from(inputs, lengths, take_rows(state, at))
            state = put_rows(state, at, after)
            rows.put(indices, outputs.cpu().numpy())
        if rows.rows is None:
            inputs, lengths = to_tensors(_one_step(sequences), np.zeros(1, dtype=int), device)
            outputs, _ = module.forward_from(inputs, lengths, module.initial_state(1))
            rows.put_nothing(outputs.cpu().numpy())
    return rows.filled(), state


def _one_step(sequences: Samples) -> Ragged:
    """Return one sequence of one step of zeros, in the form of sequences without any step."""
    assert isinstance(sequences, Ragged)
    step = np.zeros((1, sequences.n_features), dtype=sequences.values.dtype)
    lengths = np.ones(1, dtype=np.int64)
    return replace(sequences, values=step, lengths=lengths, starts=None, unknown=None)


def _batches(samples: Samples) -> list[Any]:
    """Return the indices of each batch; sequences without steps are in none."""
    if isinstance(samples, Table):
        return [slice(i, i + BATCH_SIZE) for i in range(0, len(samples), BATCH_SIZE)]
    return sequence_batches(samples)


def sequence_batches(sequences: Ragged) -> list[np.ndarray]:
    """Return the indices of each batch of sequences that have steps."""
    filled = np.flatnonzero(sequences.lengths)
    batches = prediction_batches(sequences.lengths[filled], BATCH_SIZE, most_steps(sequences))
    return [filled[batch] for batch in batches]


def _filled(indices: Any, samples: Samples) -> Any:
    """Return the indices of a batch, in a small one with some repeated.

    Kernels add up in another order where few rows are left. Sequences so long that a batch
    holds fewer are repeated up to as many.
    """
    if isinstance(samples, Table):
        listed = np.arange(len(samples))[indices]
        size = -(-len(listed) // FILLED_ROWS) * FILLED_ROWS
    else:
        listed, longest = indices, int(samples.lengths[indices].max())
        size = max(1, min(FILLED_SEQUENCES, most_steps(samples) // longest))
    return indices if len(listed) >= size else np.resize(listed, size)


class _Rows:
    """Results, put in input order as they come in."""

    def __init__(self, samples: Samples, per_step: bool):
        self.n_rows = len(samples)
        self.lengths: np.ndarray | None = None
        if per_step:
            assert isinstance(samples, Ragged)
            self.lengths = samples.lengths
            self.offsets = offsets(self.lengths)
            self.n_rows = int(self.lengths.sum())
        self.rows: np.ndarray | None = None

    def put(self, indices: Any, result: np.ndarray) -> None:
        """Store the results of the samples at `indices`."""
        at = indices
        if self.lengths is not None:
            lengths = self.lengths[indices]
            at = ranges(self.offsets[indices], lengths)
            result = result[np.arange(result.shape[1]) < lengths[:, None]]  # (steps, ...)
        if self.rows is None:
            self.rows = np.empty((self.n_rows, *result.shape[1:]), dtype=result.dtype)
        self.rows[at] = result

    def put_nothing(self, result: np.ndarray) -> None:
        """Take shape and dtype of the results, where there is no row, from a batch of one step."""
        self.rows = np.empty((self.n_rows, *result.shape[2:]), dtype=result.dtype)

    def filled(self) -> np.ndarray:
        """Return all results."""
        assert self.rows is not None  # empty input was refused before
        return self.rows
