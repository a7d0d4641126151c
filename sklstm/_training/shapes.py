"""Output shapes of the parts of a network, found by running it once."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

N_STEPS = 840  # long enough for a pooling size to be told from what it leaves


def layer_shapes(
    module: nn.Module, n_features: int, *, is_tokens: bool
) -> list[tuple[str, str, str, int]]:
    """Return name, type, output shape and trained parameters of each part of `module`.

    Parameters
    ----------
    module : Module
        The network; run once, in evaluation mode, on a single made-up sequence.
    n_features : int
        Numbers, or ids, per step of its input.
    is_tokens : bool
        Whether the input is token ids.

    Returns
    -------
    list of tuple
        For each direct child, in the order in which they run.
    """
    rows: list[tuple[str, str, str, int]] = []
    hooks = [
        part.register_forward_hook(_recorder(rows, name))
        for name, part in module.named_children()
        if any(True for _ in part.parameters()) or name == "pooling"
    ]
    device = next(module.parameters()).device
    inputs = torch.zeros(
        1, N_STEPS, n_features, dtype=torch.long if is_tokens else torch.float32, device=device
    )
    was_training = module.training
    try:
        with torch.inference_mode():
            module.eval()(inputs, torch.tensor([N_STEPS], device=device))
    finally:
        module.train(was_training)
        for hook in hooks:
            hook.remove()
    return rows


def _recorder(rows: list[tuple[str, str, str, int]], name: str) -> Any:
    def record(part: nn.Module, inputs: Any, output: Any) -> None:
        shape = tuple(output[0].shape if isinstance(output, tuple) else output.shape)
        count = sum(p.numel() for p in part.parameters() if p.requires_grad)
        rows.append((name, type(part).__name__, _format(shape), count))

    return record


def _format(shape: tuple[int, ...]) -> str:
    """Write a shape with names for the sizes that depend on the data."""
    sizes = ["batch", *map(str, shape[1:])]
    if len(shape) == 3:
        sizes[1] = "time" if shape[1] == N_STEPS else f"time / {round(N_STEPS / shape[1])}"
    return f"({', '.join(sizes)})"
