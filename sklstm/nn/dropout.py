"""Dropout that draws from a generator of its own."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class RandomModule(nn.Module):
    """A module that draws random numbers while training.

    Torch's own dropout draws from the process-wide generator: two models that train in two
    threads would then change each other's weights, and each fit would move the caller's
    generator on. `seed_modules` gives every such module one shared generator instead.
    """

    generator: torch.Generator | None = None

    def keep_mask(self, shape: tuple[int, ...], p: float, like: Tensor) -> Tensor:
        """Draw zeros with probability `p`, else ``1 / (1 - p)``."""
        mask = torch.empty(shape, dtype=like.dtype, device=like.device)
        return mask.bernoulli_(1.0 - p, generator=self.generator).div_(1.0 - p)


def seed_modules(module: nn.Module, generator: torch.Generator | None) -> None:
    """Let every `RandomModule` inside `module` draw from `generator`."""
    for part in module.modules():
        if isinstance(part, RandomModule):
            part.generator = generator


def generator_of(module: nn.Module) -> torch.Generator:
    """Return what the parts of `module` draw from."""
    for part in module.modules():
        if isinstance(part, RandomModule) and part.generator is not None:
            return part.generator
    return torch.default_generator


class Dropout(RandomModule):
    """Set numbers to zero with probability `p` while training, and scale up the rest.

    Parameters
    ----------
    p : float
        Probability of a zero, from 0 to below 1.
    """

    def __init__(self, p: float):
        super().__init__()
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        """Return `x`, with zeros drawn while training."""
        if not self.training or self.p == 0.0:
            return x
        # Laid out like x, whose memory may be time-major.
        mask = torch.empty_like(x).bernoulli_(1.0 - self.p, generator=self.generator)
        return x * mask.div_(1.0 - self.p)

    def extra_repr(self) -> str:
        """Describe the module in torch's printed form."""
        return f"p={self.p}"
