"""A convolution with max-pooling in front of the recurrent layers."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


def step_mask(lengths: Tensor, n_steps: int) -> Tensor:
    """Return a (batch, time, 1) boolean mask, True on a sequence's own steps."""
    steps = torch.arange(n_steps, device=lengths.device)
    return (steps < lengths[:, None]).unsqueeze(-1)


class ConvolutionPool(nn.Module):
    """Convolve over time, rectify, and keep the largest of every few steps.

    The convolution pads with zeros so that it keeps the number of steps; pooling shortens
    ``T`` steps to ``ceil(T / pool_size)``, so that a sequence of one step survives it.

    Parameters
    ----------
    in_channels, filters : int
        Numbers per step before and after.
    kernel_size : int
        Steps that each filter sees.
    pool_size : int
        Steps that become one.
    """

    def __init__(self, in_channels: int, filters: int, kernel_size: int, pool_size: int):
        super().__init__()
        self.convolution = nn.Conv1d(in_channels, filters, kernel_size)
        self.kernel_size = kernel_size
        self.pool_size = pool_size
        nn.init.xavier_uniform_(self.convolution.weight)
        assert self.convolution.bias is not None  # Conv1d makes one unless told not to
        nn.init.zeros_(self.convolution.bias)

    def forward(self, x: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Map ``(batch, time, in_channels)`` to ``(batch, ceil(time / pool), filters)``."""
        mask = step_mask(lengths, x.shape[1])
        x = (x * mask).transpose(1, 2)  # (batch, in_channels, time)
        before = (self.kernel_size - 1) // 2
        x = functional.pad(x, (before, self.kernel_size - 1 - before))
        x = functional.relu(self.convolution(x))
        # Rectified values are never below zero, so a zero behind the end loses every maximum.
        x = x * mask.transpose(1, 2)
        if self.pool_size > 1:
            x = functional.max_pool1d(x, self.pool_size, ceil_mode=True)
            lengths = torch.div(lengths + self.pool_size - 1, self.pool_size, rounding_mode="floor")
        return x.transpose(1, 2), lengths  # (batch, time, filters)
