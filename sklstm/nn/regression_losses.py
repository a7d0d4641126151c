"""Losses for numbers, per sample, averaged over the numbers of a sample."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def squared_loss(prediction: Tensor, target: Tensor) -> Tensor:
    """Squared error of ``(batch, numbers)`` predictions; best met by the mean."""
    return (prediction - target).square().mean(dim=1)


def absolute_loss(prediction: Tensor, target: Tensor) -> Tensor:
    """Absolute error of ``(batch, numbers)`` predictions; best met by the median."""
    return (prediction - target).abs().mean(dim=1)


def huber_loss(prediction: Tensor, target: Tensor, delta: float = 1.0) -> Tensor:
    """Half the squared error up to `delta`, and in a straight line beyond it [1]_.

    References
    ----------
    .. [1] P. J. Huber, "Robust Estimation of a Location Parameter", Annals of Mathematical
       Statistics 35(1), 1964, section 1.
    """
    return functional.huber_loss(prediction, target, reduction="none", delta=delta).mean(dim=1)


def poisson_loss(log_mean: Tensor, target: Tensor) -> Tensor:
    """Half the Poisson deviance of ``(batch, numbers)``, up to what depends on targets alone."""
    return (log_mean.exp() - target * log_mean).mean(dim=1)


def quantile_loss(prediction: Tensor, target: Tensor, quantiles: Tensor) -> Tensor:
    """Pinball loss of ``(batch, numbers, quantiles)`` predictions, averaged over all [1]_.

    References
    ----------
    .. [1] R. Koenker, G. Bassett, "Regression Quantiles", Econometrica 46(1), 1978, section 3.
    """
    error = target.unsqueeze(-1) - prediction  # (batch, numbers, quantiles)
    quantiles = quantiles.to(error)
    return torch.maximum(quantiles * error, (quantiles - 1.0) * error).mean(dim=(1, 2))
