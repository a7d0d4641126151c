"""A convolution over each step that is a matrix, such as an image."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional


class StepConvolution(nn.Module):
    """Read each step, a matrix or several, by layers of convolution and max-pooling.

    The same filters read every step, and no step sees another. A layer convolves, padded with
    zeros so that height and width stay, rectifies, and keeps the largest of every
    ``pool_size`` by ``pool_size`` patch; a rest at the border makes a patch of its own.

    Parameters
    ----------
    step_shape : tuple of int
        (height, width), or (channels, height, width), of a step.
    filters : tuple of int
        Filters of each layer.
    kernel_size : int
        Height and width of a filter.
    pool_size : int
        Height and width of what becomes one; 1 for no pooling.
    """

    def __init__(
        self,
        step_shape: tuple[int, ...],
        filters: tuple[int, ...],
        kernel_size: int,
        pool_size: int,
    ):
        super().__init__()
        channels, height, width = step_shape if len(step_shape) == 3 else (1, *step_shape)
        self.step_shape = (channels, height, width)
        self.pool_size = pool_size
        before = (kernel_size - 1) // 2
        self.padding = (before, kernel_size - 1 - before) * 2
        layers = []
        for n_filters in filters:
            layer = nn.Conv2d(channels, n_filters, kernel_size)
            nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu")
            assert layer.bias is not None  # Conv2d makes one unless told not to
            nn.init.zeros_(layer.bias)
            layers.append(layer)
            channels = n_filters
            height, width = math.ceil(height / pool_size), math.ceil(width / pool_size)
        self.layers = nn.ModuleList(layers)
        self.output_size = channels * height * width

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(batch, time, channels * height * width)`` to ``(batch, time, output_size)``."""
        x = x.transpose(0, 1)  # (time, batch, ...): contiguous as batches are laid out
        n_steps, n_sequences = x.shape[:2]
        x = x.reshape(n_steps * n_sequences, *self.step_shape)
        for layer in self.layers:
            x = torch.relu(layer(functional.pad(x, self.padding)))
            if self.pool_size > 1:
                x = functional.max_pool2d(x, self.pool_size, ceil_mode=True)
        return x.reshape(n_steps, n_sequences, self.output_size).transpose(0, 1)
