"""Losses per sample, weighted."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn
from torch.nn import functional

SampleLoss = Callable[[Tensor, Tensor], Tensor]


def binary_loss(logits: Tensor, target: Tensor) -> Tensor:
    """Sigmoid cross-entropy of ``(batch, outputs)`` logits, averaged over the outputs."""
    losses = functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
    return losses.mean(dim=1)


def multiclass_loss(logits: Tensor, target: Tensor) -> Tensor:
    """Softmax cross-entropy of ``(batch, classes)`` logits and class indices."""
    return functional.cross_entropy(logits, target, reduction="none")


class WeightedLoss(nn.Module):
    """Average a loss per sample over a batch, each times its weight.

    Weights come scaled to a mean of 1 over the whole training set: divided by the number of
    samples, not by the weights of the batch, a batch of heavy samples moves the model more.

    Parameters
    ----------
    loss : callable
        Maps predictions and targets of a batch to one loss per sample.
    """

    def __init__(self, loss: SampleLoss):
        super().__init__()
        self.loss = loss

    def forward(self, prediction: Tensor, target: tuple[Tensor, Tensor]) -> Tensor:
        """Return the weighted mean of ``(batch, outputs)`` predictions' losses."""
        expected, weight = target
        return (self.loss(prediction, expected) * weight).mean()
