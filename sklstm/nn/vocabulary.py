"""Scores of all words for many steps, never held at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

# So many scores are held at a time, 16 MB of them.
MAX_SCORES = 1 << 22


class _TokenLosses(torch.autograd.Function):
    """Cross-entropies of steps, whose scores are made in one buffer, slice by slice.

    They are made again for the gradient. Checkpoints of torch would do the same, but leave small
    tensors between the buffers that they free, so that the memory grows all the same.
    """

    @staticmethod
    def forward(ctx: Any, states: Tensor, weight: Tensor, bias: Tensor, ids: Tensor) -> Tensor:
        ctx.save_for_backward(states, weight, bias, ids)
        losses = states.new_empty(len(states))
        for rows, scores in _slices(states, weight, bias):
            own = scores.gather(1, ids[rows, None]).squeeze(1)
            losses[rows] = scores.logsumexp(dim=1) - own
        return losses

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        states, weight, bias, ids = ctx.saved_tensors
        (grad,) = grads
        for_states = torch.empty_like(states)
        for_weight, for_bias = torch.zeros_like(weight), torch.zeros_like(bias)
        for rows, scores in _slices(states, weight, bias):
            top = scores.amax(dim=1, keepdim=True)
            scores.sub_(top).exp_()
            scores.div_(scores.sum(dim=1, keepdim=True))
            scores.scatter_add_(1, ids[rows, None], -torch.ones_like(top))
            scores.mul_(grad[rows, None])
            torch.mm(scores, weight, out=for_states[rows])
            for_weight.addmm_(scores.T, states[rows])
            for_bias.add_(scores.sum(dim=0))
        return for_states, for_weight, for_bias, None


def token_losses(states: Tensor, weight: Tensor, bias: Tensor, ids: Tensor) -> Tensor:
    """Return the cross-entropy of the token at each step.

    Parameters
    ----------
    states : Tensor of shape (n_steps, hidden)
        What the scores are made of.
    weight, bias : Tensor of shape (n_ids, hidden) and (n_ids,)
        Of the layer that makes them.
    ids : Tensor of shape (n_steps,)
        The tokens.

    Returns
    -------
    Tensor of shape (n_steps,)
    """
    losses: Tensor = _TokenLosses.apply(states, weight, bias, ids)  # type: ignore[no-untyped-call]
    return losses


@torch.no_grad()
def best_tokens(states: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Return the token of the highest score at each step, of ``(n_steps, hidden)``; never 0."""
    best = torch.empty(len(states), dtype=torch.long, device=states.device)
    for rows, scores in _slices(states, weight, bias):
        scores[:, 0] = -torch.inf  # padding is no token
        best[rows] = scores.argmax(dim=1)
    return best


def _slices(states: Tensor, weight: Tensor, bias: Tensor) -> Iterator[tuple[slice, Tensor]]:
    """Yield some steps after the other, and their scores in the one buffer."""
    size = min(len(states), max(1, MAX_SCORES // len(weight)))
    buffer = states.new_empty(size, len(weight))
    for start in range(0, len(states), size):
        rows = slice(start, min(start + size, len(states)))
        part = states[rows]
        yield rows, torch.addmm(bias, part, weight.T, out=buffer[: len(part)])
