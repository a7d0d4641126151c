"""Output shapes of the parts of a network, found by running it once."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

# Long enough to find the pooling size from the number of steps left; fewer if a step is large.
N_STEPS, N_LARGE_STEPS, LARGE = 840, 60, 256


def layer_shapes(
    module: nn.Module, n_features: int, *, is_tokens: bool
) -> list[tuple[str, str, str, int]]:
    """Return name, type, output shape and trained parameters of each part of `module`.

    Parameters
    ----------
    module : Module
        The network; run once, in evaluation mode, on one sequence of zeros.
    n_features : int
        Number of features, or token ids, per step of the input.
    is_tokens : bool
        Whether the input is token ids.

    Returns
    -------
    list of tuple
        A row per direct child, in the order in which they run.
    """
    rows: list[tuple[str, str, str, int]] = []
    n_steps = N_STEPS if n_features < LARGE else N_LARGE_STEPS
    hooks = [
        part.register_forward_hook(_recorder(rows, name, n_steps))
        for name, part in module.named_children()
        if any(True for _ in part.parameters()) or name == "pooling"
    ]
    device = next(module.parameters()).device
    inputs = torch.zeros(
        1, n_steps, n_features, dtype=torch.long if is_tokens else torch.float32, device=device
    )
    was_training = module.training
    try:
        with torch.inference_mode():
            module.eval()(inputs, torch.tensor([n_steps], device=device))
    finally:
        module.train(was_training)
        for hook in hooks:
            hook.remove()
    return rows


def _recorder(rows: list[tuple[str, str, str, int]], name: str, n_steps: int) -> Any:
    def record(part: nn.Module, inputs: Any, output: Any) -> None:
        shape = tuple(output[0].shape if isinstance(output, tuple) else output.shape)
        count = sum(p.numel() for p in part.parameters() if p.requires_grad)
        has_time = "pooling" not in {name, *(row[0] for row in rows)}
        rows.append((name, type(part).__name__, _format(shape, n_steps if has_time else 0), count))

    return record


def _format(shape: tuple[int, ...], n_steps: int) -> str:
    """Return a shape as text, with names for the sizes that depend on the data.

    `n_steps` is 0 if the shape has no axis for time.
    """
    sizes = ["batch", *map(str, shape[1:])]
    if len(shape) == 3 and n_steps:
        sizes[1] = "time" if shape[1] == n_steps else f"time / {round(n_steps / shape[1])}"
    return f"({', '.join(sizes)})"
