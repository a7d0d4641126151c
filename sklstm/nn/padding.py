"""Right-padded batches: which steps are a sequence's own, and how to reverse them."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


def step_mask(lengths: Tensor, n_steps: int) -> Tensor:
    """Return a ``(batch, time, 1)`` boolean mask, True on the steps that are not padding."""
    steps = torch.arange(n_steps, device=lengths.device)
    return (steps < lengths[:, None]).unsqueeze(-1)  # (batch, time, 1)


def reversal_index(lengths: Tensor, n_steps: int) -> Tensor:
    """Return an index that reverses each sequence within its own length; padding stays in place.

    The index is for rows in time-major order, ``time * batch_size + batch``.
    """
    steps = torch.arange(n_steps, device=lengths.device)[:, None]
    mirrored = torch.where(steps < lengths, lengths - 1 - steps, steps)  # (time, batch)
    batch = torch.arange(len(lengths), device=lengths.device)
    return (mirrored * len(lengths) + batch).flatten()


def reverse_steps(x: Tensor, index: Tensor) -> Tensor:
    """Reverse ``(batch, time, features)`` by an index from `reversal_index`."""
    rows = x.transpose(0, 1)  # (time, batch, features)
    flipped = _ReverseSteps.apply(rows.reshape(-1, rows.shape[2]), index)  # type: ignore[no-untyped-call]
    return flipped.view(rows.shape).transpose(0, 1)  # (batch, time, features)


class _ReverseSteps(torch.autograd.Function):
    """Reorder steps by an index that is its own inverse, so that backward is the same reorder.

    With plain indexing, autograd would scatter-add the gradient, which is slow on a CPU.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, index: Tensor) -> Tensor:
        ctx.save_for_backward(index)
        return x.index_select(0, index)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        (index,) = ctx.saved_tensors
        return grads[0].index_select(0, index), None
