"""Standardisation of values, as the first layer of a network."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from sklstm.nn.checks import check_tensor


class Standardize(nn.Module):
    """Subtract a mean from each feature and divide it by a scale.

    Both are buffers: they are stored with the weights, and training does not change them. Results
    are limited to about 1e29 (in float32), so that a value far from those that the mean comes
    from, such as a marker of missing ones, does not become infinite.

    Parameters
    ----------
    mean : array-like of shape (n_features,)
        Mean of each feature; a single number for all features together, as for steps that are
        images.
    scale : array-like of shape (n_features,)
        Standard deviation of each feature, above 0; 1 for features that do not vary.

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn import Standardize
    >>> layer = Standardize(mean=[100.0, 0.5], scale=[10.0, 0.25])
    >>> layer(torch.tensor([[[90.0, 1.0], [120.0, 0.0]]]))  # (batch, time, features)
    tensor([[[-1.,  2.],
             [ 2., -2.]]])
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, mean: Any, scale: Any):
        super().__init__()
        for name, values in (("mean", mean), ("scale", scale)):
            numbers = torch.as_tensor(values).detach().to(torch.get_default_dtype()).clone()
            if numbers.ndim != 1 or not len(numbers):
                raise ValueError(
                    f"{name} must have shape (n_features,), got shape {tuple(numbers.shape)}."
                )
            self.register_buffer(name, numbers)
        if self.mean.shape != self.scale.shape:
            raise ValueError(
                f"mean and scale must have as many features, got {len(self.mean)} and "
                f"{len(self.scale)}."
            )
        wrong = torch.nonzero(~((self.scale > 0) & self.scale.isfinite() & self.mean.isfinite()))
        if len(wrong):
            i = int(wrong[0])
            raise ValueError(
                "mean must be finite and scale a finite number above 0, but of feature "
                f"{i} they are {float(self.mean[i])} and {float(self.scale[i])}."
            )

    def forward(self, x: Tensor) -> Tensor:
        """Standardise ``(batch, time, n_features)``."""
        n_features = len(self.mean)
        check_tensor("x", x, "batch", "time", "features" if n_features == 1 else n_features)
        return standardized(x, self.mean, self.scale)  # (batch, time, features)

    def extra_repr(self) -> str:
        """Return the size that torch shows in the printed form of the module."""
        return str(len(self.mean))


def standardized(x: Tensor, mean: Tensor, scale: Tensor) -> Tensor:
    """Return ``(x - mean) / scale``, limited so that later layers can still compute."""
    limit = torch.finfo(scale.dtype).max ** 0.75
    return ((x - mean) / scale).clamp(-limit, limit)
