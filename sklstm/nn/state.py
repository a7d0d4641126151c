"""What a network remembers of the steps it has read: one row per sequence."""

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
    """Return `state` with other parts at `rows`; the rest stays."""
    return tuple(part.index_copy(0, rows, after) for part, after in zip(state, new, strict=True))


def advance_ragged(
    advance: Advance, x: Tensor, lengths: Tensor, state: State
) -> tuple[Tensor, State]:
    """Read right-padded sequences, each to its own end, and return the states at these ends.

    The kernels know one length only and would read on into the padding. So the sequences
    are read together up to the end of the shortest, the others on to the end of the next, and so
    on: as many steps as the longest has, in batches that become narrower.

    Parameters
    ----------
    advance : callable
        Maps ``(batch, time, size)`` without padding, and a state, to the same of the outputs
        and the state after the last step.
    x : Tensor of shape (batch, time, size)
        Right-padded sequences.
    lengths : Tensor of shape (batch,)
        Steps of each, 1 or more.
    state : tuple of Tensor of shape (batch, ...)
        Where each sequence goes on from.

    Returns
    -------
    outputs : Tensor of shape (batch, time, size)
        Zero at padding.
    state : tuple of Tensor
        After the last step of each sequence.
    """
    order = torch.argsort(lengths, descending=True, stable=True)
    steps = lengths[order].tolist()
    if steps[-1] == x.shape[1]:
        return advance(x, state)
    x, state = x.index_select(0, order), take_rows(state, order)
    pieces, ends, start = [], [], 0
    while start < steps[0]:
        alive = sum(n > start for n in steps)
        stop = steps[alive - 1]
        outputs, state = advance(x[:alive, start:stop], state)
        pieces.append(_more_rows(outputs, len(steps)))
        going_on = sum(n > stop for n in steps)
        ends.append(tuple(part[going_on:] for part in state))
        state = tuple(part[:going_on] for part in state)
        start = stop
    joined = torch.cat(pieces, dim=1)  # (batch, time, size), longest first
    # The shortest sequences end first, and lie last.
    last = tuple(torch.cat(parts) for parts in zip(*reversed(ends), strict=True))
    back = torch.argsort(order)
    return joined.index_select(0, back), take_rows(last, back)


def _more_rows(x: Tensor, n_rows: int) -> Tensor:
    """Add rows of zeros."""
    missing = x.new_zeros(n_rows - x.shape[0], *x.shape[1:])
    return torch.cat([x, missing]) if len(missing) else x
