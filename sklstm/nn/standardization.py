"""Standardisation of values, as the first layer of a network."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from sklstm.nn.checks import check_lengths, check_tensor, flag
from sklstm.nn.padding import step_mask

# Of the largest value of a sequence: a deviation below is that of a constant, but for rounding.
_SMALLEST = 1e-6


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


class StandardizeWithin(nn.Module):
    """Standardise each feature within its own sequence, too.

    Series of very different scales, such as currents of a lamp and of a heater, cannot all be seen
    with one mean and one scale: most are nearly zero then. Within its own sequence each has mean 0
    and standard deviation 1, so that its shape is seen (instance normalisation); with `keep` the
    values on the common scale are there as well.

    Parameters
    ----------
    whole : Standardize
        The common mean and scale of each feature.
    keep : bool, default=True
        Whether to return the values on the common scale, too, before those within sequences.

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn import Standardize, StandardizeWithin
    >>> layer = StandardizeWithin(Standardize([0.0], [100.0]))
    >>> x = torch.tensor([[[100.0], [300.0], [0.0]], [[0.1], [0.2], [0.3]]])  # (batch, time, 1)
    >>> layer(x, torch.tensor([2, 3])).round(decimals=3)
    tensor([[[ 1.0000, -1.0000],
             [ 3.0000,  1.0000],
             [ 0.0000,  0.0000]],
    <BLANKLINE>
            [[ 0.0010, -1.2250],
             [ 0.0020,  0.0000],
             [ 0.0030,  1.2250]]])
    """

    def __init__(self, whole: Standardize, keep: bool = True):
        super().__init__()
        if not isinstance(whole, Standardize):
            raise TypeError(f"whole must be a Standardize, got {whole!r}.")
        self.whole = whole
        self.keep = flag("keep", keep)

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        """Standardise right-padded ``(batch, time, n_features)``.

        Returns
        -------
        Tensor of shape (batch, time, 2 * n_features), or (batch, time, n_features) without `keep`
            Zero at padding, where it is standardised within sequences.
        """
        x = self.whole(x)
        check_lengths(lengths, *x.shape[:2])
        mask, n_steps = step_mask(lengths, x.shape[1]), lengths[:, None, None].to(x.dtype)
        # Divided before they are squared, so that no value overflows.
        peak = (
            (x.abs() * mask).amax(dim=1, keepdim=True).clamp(min=_SMALLEST)
        )  # (batch, 1, features)
        unit = x / peak * mask
        apart = (unit - unit.sum(dim=1, keepdim=True) / n_steps) * mask
        variance = torch.square(apart).sum(dim=1, keepdim=True) / n_steps
        # The slope of the root is infinite at zero.
        deviation = torch.sqrt(variance.clamp(min=_SMALLEST**2))
        within = apart / deviation  # (batch, time, features)
        return torch.cat([x, within], dim=2) if self.keep else within


def standardized(x: Tensor, mean: Tensor, scale: Tensor) -> Tensor:
    """Return ``(x - mean) / scale``, limited so that later layers can still compute."""
    limit = torch.finfo(scale.dtype).max ** 0.75
    return ((x - mean) / scale).clamp(-limit, limit)
