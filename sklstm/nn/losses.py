"""Losses per sample, weighted."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from sklstm.nn.crf import LinearChainCRF

SampleLoss = Callable[[Tensor, Tensor], Tensor]


def binary_loss(logits: Tensor, target: Tensor) -> Tensor:
    """Sigmoid cross-entropy of ``(batch, outputs)`` logits, averaged over the outputs."""
    losses = functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
    return losses.mean(dim=1)


def multiclass_loss(logits: Tensor, target: Tensor) -> Tensor:
    """Softmax cross-entropy of ``(batch, classes)`` logits and class indices."""
    return functional.cross_entropy(logits, target, reduction="none")


def distance_weighted_loss(logits: Tensor, target: Tensor, power: float = 1.0) -> Tensor:
    """Cross-entropy of ordered classes that minds how far off a class is [1]_.

    The sum over all classes but the right one of ``-log(1 - probability)``, each times its
    distance from the right one to the `power`. With two classes it is the cross-entropy.

    References
    ----------
    .. [1] G. Polat et al., "Class Distance Weighted Cross-Entropy Loss for Ulcerative Colitis
       Severity Estimation", MIUA 2022, section 3.
    """
    n_classes = logits.shape[1]
    classes = torch.arange(n_classes, device=logits.device)
    distance = (classes - target[:, None]).abs().to(logits.dtype).pow(power)
    own = torch.eye(n_classes, dtype=torch.bool, device=logits.device)
    # log(1 - p_k) is the log-sum-exp of all logits but the k-th, less that of all.
    others = logits[:, None, :].masked_fill(own, -torch.inf).logsumexp(-1)  # (batch, classes)
    log_not = others - logits.logsumexp(-1, keepdim=True)
    return -(distance * log_not).sum(dim=1)


class StepTargets(NamedTuple):
    """What the steps of a batch should come out as.

    Attributes
    ----------
    expected : Tensor of shape (batch, time, ...)
        The target of each step.
    weights : Tensor of shape (batch, time)
        What each step weighs.
    mask : Tensor of shape (batch, time)
        True on a sequence's own steps.
    previous : Tensor of shape (batch, ...)
        The target of the step before, for a chunk; -1 where the sequence begins with it.
    ends : Tensor of shape (batch,)
        Whether the sequence ends with this chunk.
    """

    expected: Tensor
    weights: Tensor
    mask: Tensor
    previous: Tensor
    ends: Tensor


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
        """Return the weighted mean of ``(batch, ...)`` predictions' losses."""
        expected, weight = target
        return (self.loss(prediction, expected) * weight).mean()

    def rows(self, prediction: Tensor, target: tuple[Tensor, Tensor]) -> tuple[Tensor, ...]:
        """Return outputs, targets and weights with a row for each that is scored."""
        return (prediction, *target)


class StepLoss(nn.Module):
    """Add up the weighted losses of the steps of each sequence, averaged over the batch.

    The weights of a data set add up to the number of its sequences, so that this is the
    weighted mean over steps, and each step counts alike, whichever batch it is in.

    Parameters
    ----------
    loss : callable
        Maps predictions and targets of some steps to one loss per step.
    """

    def __init__(self, loss: SampleLoss):
        super().__init__()
        self.loss = loss

    def forward(self, prediction: Tensor, target: StepTargets) -> Tensor:
        """Return the loss of ``(batch, time, ...)`` predictions."""
        losses = self.loss(prediction[target.mask], target.expected[target.mask])
        return (losses * target.weights[target.mask]).sum() / len(prediction)

    def rows(self, prediction: Tensor, target: StepTargets) -> tuple[Tensor, ...]:
        """Return outputs, targets and weights of the steps that are no padding."""
        mask = target.mask
        return prediction[mask], target.expected[mask], target.weights[mask]


class CRFLoss(nn.Module):
    """Add up the weighted losses of steps as `StepLoss` does, labelled by a random field.

    The loss of a step is minus the logarithm of its label's probability given the labels
    before it; without weights that adds up to minus the log-likelihood of the labelling.

    Parameters
    ----------
    crf : LinearChainCRF
        The random field, part of the network, which trains it.
    """

    def __init__(self, crf: LinearChainCRF):
        super().__init__()
        self._crf = [crf]  # in a list, as its weights are no weights of the loss

    def forward(self, prediction: Tensor, target: StepTargets) -> Tensor:
        """Return the loss of ``(batch, time, classes)`` scores."""
        log_likelihood = self._crf[0].step_log_likelihood(
            prediction,
            target.expected,
            target.mask.sum(dim=1),
            previous=target.previous,
            ends=target.ends,
        )  # (batch, time)
        return -(log_likelihood * target.weights).sum() / len(prediction)

    def rows(self, prediction: Tensor, target: StepTargets) -> tuple[Tensor, ...]:
        """Return outputs, targets and weights of the steps; 1 for the best class, 0 for others."""
        mask = target.mask
        best = self._crf[0].viterbi(prediction, mask.sum(dim=1))[mask]
        chosen = functional.one_hot(best, prediction.shape[2])
        return chosen, target.expected[mask], target.weights[mask]
