"""The recurrent state of a batch of sequences: one row for each sequence."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

State = tuple[Tensor, ...]  # of shape (batch, size) each
Advance = Callable[[Tensor, State], tuple[Tensor, State]]


def take_rows(state: Sequence[Tensor], rows: Tensor) -> State:
    """Return the state of the sequences at `rows`."""
    return tuple(part.index_select(0, rows) for part in state)


def put_rows(state: Sequence[Tensor], rows: Tensor, new: Sequence[Tensor]) -> State:
    """Return a copy of `state` with the sequences at `rows` replaced by those of `new`."""
    return tuple(part.index_copy(0, rows, after) for part, after in zip(state, new, strict=True))


def advance_ragged(
    advance: Advance, x: Tensor, lengths: Tensor, state: State
) -> tuple[Tensor, State]:
    """Read right-padded sequences, each to its own end, and return the states at these ends.

    The fused kernels know a single length and would read on into the padding. So all sequences
    are read up to the end of the shortest, then the remaining ones up to the end of the next
    shortest, and so on: as many steps as the longest sequence has, in batches that become smaller.

    Parameters
    ----------
    advance : callable
        Maps inputs of shape (batch, time, size) without padding, and a state, to outputs of shape
        (batch, time, size) and the state after the last step.
    x : Tensor of shape (batch, time, size)
        Right-padded sequences.
    lengths : Tensor of shape (batch,)
        Number of steps of each sequence, at least 1.
    state : tuple of Tensor of shape (batch, ...)
        The state of each sequence before its first step.

    Returns
    -------
    outputs : Tensor of shape (batch, time, size)
        Zero at padding.
    state : tuple of Tensor
        The state of each sequence after its last step.
    """
    order = torch.argsort(lengths, descending=True, stable=True)
    steps = lengths[order].tolist()
    if steps[-1] == x.shape[1]:
        return advance(x, state)
    x, state = x.index_select(0, order), take_rows(state, order)
    pieces, ends, start = [], [], 0
    while start < steps[0]:
        n_alive = sum(n > start for n in steps)
        stop = steps[n_alive - 1]
        outputs, state = advance(x[:n_alive, start:stop], state)
        pieces.append(_pad_rows(outputs, len(steps)))
        n_remaining = sum(n > stop for n in steps)
        ends.append(tuple(part[n_remaining:] for part in state))
        state = tuple(part[:n_remaining] for part in state)
        start = stop
    joined = torch.cat(pieces, dim=1)  # (batch, time, size), longest sequence first
    # The shortest sequences end first, and are the last rows.
    last = tuple(torch.cat(parts) for parts in zip(*reversed(ends), strict=True))
    back = torch.argsort(order)
    return joined.index_select(0, back), take_rows(last, back)


def _pad_rows(x: Tensor, n_rows: int) -> Tensor:
    """Append rows of zeros up to `n_rows`."""
    missing = x.new_zeros(n_rows - x.shape[0], *x.shape[1:])
    return torch.cat([x, missing]) if len(missing) else x
