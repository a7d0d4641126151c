"""Losses: for labels and targets per sample, and the modules that weight and average them."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from sklstm.nn.checks import FLAGS, INDICES, check_range, check_tensor, named_range, positive
from sklstm.nn.crf import LinearChainCRF

SampleLoss = Callable[[Tensor, Tensor], Tensor]


# Torch ignores targets of -100 unless it is told another number.
_NO_INDEX = -(1 << 62)


def _check_numbers(prediction: Tensor, target: Tensor) -> None:
    """Raise unless there is a target for each output; torch would broadcast them."""
    check_tensor("prediction", prediction, "batch", "n_targets")
    check_tensor("target", target, *prediction.shape)


def _check_classes(logits: Tensor, target: Tensor) -> None:
    """Raise unless there is the index of a class for each row of logits."""
    check_tensor("logits", logits, "batch", "n_classes")
    check_tensor("target", target, len(logits), dtypes=INDICES)


def binary_loss(logits: Tensor, target: Tensor) -> Tensor:
    """Return the sigmoid cross-entropy of each sample, averaged over its outputs.

    Parameters
    ----------
    logits : Tensor of shape (batch, n_outputs)
        Log-odds.
    target : Tensor of shape (batch, n_outputs)
        0 or 1, as floats.

    Returns
    -------
    Tensor of shape (batch,)

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn import binary_loss
    >>> binary_loss(torch.tensor([[2.0], [2.0]]), torch.tensor([[1.0], [0.0]]))
    tensor([0.1269, 2.1269])
    """
    check_tensor("logits", logits, "batch", "n_outputs")
    check_tensor("target", target, *logits.shape)
    losses = functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
    return losses.mean(dim=1)


def multiclass_loss(logits: Tensor, target: Tensor) -> Tensor:
    """Return the softmax cross-entropy of each sample.

    Parameters
    ----------
    logits : Tensor of shape (batch, n_classes)
        Unnormalised log-probabilities.
    target : Tensor of shape (batch,)
        Class indices, int64.

    Returns
    -------
    Tensor of shape (batch,)

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn import multiclass_loss
    >>> multiclass_loss(torch.tensor([[2.0, 0.0], [2.0, 0.0]]), torch.tensor([0, 1]))
    tensor([0.1269, 2.1269])
    """
    _check_classes(logits, target)
    with named_range("target", target, 0, logits.shape[1] - 1):
        return functional.cross_entropy(logits, target, reduction="none", ignore_index=_NO_INDEX)


def distance_weighted_loss(logits: Tensor, target: Tensor, power: float = 1.0) -> Tensor:
    """Return the class distance weighted cross-entropy of each sample, for ordered classes [1]_.

    For the true class c and class probabilities p it is the sum of
    ``-abs(k - c) ** power * log(1 - p[k])`` over all other classes k. With two classes it is the
    cross-entropy.

    Parameters
    ----------
    logits : Tensor of shape (batch, n_classes)
        Unnormalised log-probabilities.
    target : Tensor of shape (batch,)
        Class indices, int64.
    power : float, default=1.0
        Exponent of the distance between classes.

    Returns
    -------
    Tensor of shape (batch,)

    References
    ----------
    .. [1] G. Polat et al., "Class Distance Weighted Cross-Entropy Loss for Ulcerative Colitis
       Severity Estimation", MIUA 2022, section 3.

    Examples
    --------
    The same probability, 0.9, on the class next to the true one and on the class after that:

    >>> import torch
    >>> from sklstm.nn import distance_weighted_loss
    >>> logits = torch.tensor([[0.05, 0.9, 0.05], [0.05, 0.05, 0.9]]).log()
    >>> distance_weighted_loss(logits, torch.tensor([0, 0]))
    tensor([2.4052, 4.6565])
    """
    _check_classes(logits, target)
    check_range("target", target, 0, logits.shape[1] - 1)
    power = positive("power", power)
    n_classes = logits.shape[1]
    classes = torch.arange(n_classes, device=logits.device)
    distance = (classes - target[:, None]).abs().to(logits.dtype).pow(power)  # (batch, classes)
    own = torch.eye(n_classes, dtype=torch.bool, device=logits.device)
    # log(1 - p_k) is the log-sum-exp of all logits except the k-th, minus that of all.
    others = logits[:, None, :].masked_fill(own, -torch.inf).logsumexp(-1)  # (batch, classes)
    log_not = others - logits.logsumexp(-1, keepdim=True)
    return -(distance * log_not).sum(dim=1)


def squared_loss(prediction: Tensor, target: Tensor) -> Tensor:
    """Return the squared error of each sample, averaged over its targets.

    Its minimum is the conditional mean.

    Parameters
    ----------
    prediction, target : Tensor of shape (batch, n_targets)

    Returns
    -------
    Tensor of shape (batch,)

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn import squared_loss
    >>> squared_loss(torch.tensor([[1.0, 2.0]]), torch.tensor([[4.0, 2.0]]))
    tensor([4.5000])
    """
    _check_numbers(prediction, target)
    return (prediction - target).square().mean(dim=1)


def absolute_loss(prediction: Tensor, target: Tensor) -> Tensor:
    """Return the absolute error of each sample, averaged over its targets.

    Its minimum is the conditional median.

    Parameters
    ----------
    prediction, target : Tensor of shape (batch, n_targets)

    Returns
    -------
    Tensor of shape (batch,)

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn import absolute_loss
    >>> absolute_loss(torch.tensor([[1.0, 2.0]]), torch.tensor([[4.0, 2.0]]))
    tensor([1.5000])
    """
    _check_numbers(prediction, target)
    return (prediction - target).abs().mean(dim=1)


def huber_loss(prediction: Tensor, target: Tensor, delta: float = 1.0) -> Tensor:
    """Return the Huber loss of each sample, averaged over its targets [1]_.

    It is half the squared error for errors up to `delta`, and linear beyond.

    Parameters
    ----------
    prediction, target : Tensor of shape (batch, n_targets)
    delta : float, default=1.0
        Error at which the loss becomes linear, in units of the targets.

    Returns
    -------
    Tensor of shape (batch,)

    References
    ----------
    .. [1] P. J. Huber, "Robust Estimation of a Location Parameter", Annals of Mathematical
       Statistics 35(1), 1964, section 1.

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn import huber_loss
    >>> huber_loss(torch.tensor([[0.5], [10.0]]), torch.tensor([[0.0], [0.0]]))
    tensor([0.1250, 9.5000])
    """
    _check_numbers(prediction, target)
    delta = positive("delta", delta)
    return functional.huber_loss(prediction, target, reduction="none", delta=delta).mean(dim=1)


def poisson_loss(log_mean: Tensor, target: Tensor) -> Tensor:
    """Return half the Poisson deviance of each sample, averaged over its targets.

    Terms that depend on the targets only are left out, so the loss may be negative.

    Parameters
    ----------
    log_mean : Tensor of shape (batch, n_targets)
        Logarithm of the predicted means.
    target : Tensor of shape (batch, n_targets)
        Counts or other values of at least 0.

    Returns
    -------
    Tensor of shape (batch,)

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn import poisson_loss
    >>> poisson_loss(torch.tensor([[0.0], [1.0]]), torch.tensor([[3.0], [3.0]]))
    tensor([ 1.0000, -0.2817])
    """
    check_tensor("log_mean", log_mean, "batch", "n_targets")
    check_tensor("target", target, *log_mean.shape)
    return (log_mean.exp() - target * log_mean).mean(dim=1)


def quantile_loss(prediction: Tensor, target: Tensor, quantiles: Tensor) -> Tensor:
    """Return the pinball loss of each sample, averaged over its targets and quantiles [1]_.

    Parameters
    ----------
    prediction : Tensor of shape (batch, n_targets, n_quantiles)
        Predicted quantiles.
    target : Tensor of shape (batch, n_targets)
        True values.
    quantiles : Tensor of shape (n_quantiles,)
        Levels of the quantiles, in (0, 1).

    Returns
    -------
    Tensor of shape (batch,)

    References
    ----------
    .. [1] R. Koenker, G. Bassett, "Regression Quantiles", Econometrica 46(1), 1978, section 3.

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn import quantile_loss
    >>> prediction, target = torch.tensor([[[1.0, 4.0]]]), torch.tensor([[2.0]])
    >>> quantile_loss(prediction, target, torch.tensor([0.1, 0.9]))
    tensor([0.1500])
    """
    check_tensor("quantiles", quantiles, "n_quantiles")
    check_tensor("prediction", prediction, "batch", "n_targets", len(quantiles))
    check_tensor("target", target, *prediction.shape[:2])
    error = target.unsqueeze(-1) - prediction  # (batch, n_targets, n_quantiles)
    quantiles = quantiles.to(error)
    return torch.maximum(quantiles * error, (quantiles - 1.0) * error).mean(dim=(1, 2))


class WeightedLoss(nn.Module):
    """The weighted mean of a loss over the samples of a batch.

    The weighted losses are divided by the number of samples, not by the sum of their weights, so
    that a batch of samples with large weights changes the model more. Scale the weights to a mean
    of 1 over the whole training set.

    Parameters
    ----------
    loss : callable
        Maps predictions and targets of a batch to a loss per sample, a Tensor of shape (batch,).

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn import WeightedLoss, squared_loss
    >>> criterion = WeightedLoss(squared_loss)
    >>> prediction, target = torch.tensor([[1.0], [2.0]]), torch.tensor([[0.0], [0.0]])
    >>> criterion(prediction, (target, torch.tensor([1.5, 0.5])))
    tensor(1.7500)
    """

    def __init__(self, loss: SampleLoss):
        super().__init__()
        if not callable(loss):
            raise TypeError(f"loss must be a function, such as squared_loss, got {loss!r}.")
        self.loss = loss

    def forward(self, prediction: Tensor, target: tuple[Tensor, Tensor]) -> Tensor:
        """Return the loss of a batch, a scalar.

        Parameters
        ----------
        prediction : Tensor of shape (batch, ...)
            Outputs of the network.
        target : tuple of Tensor
            The targets and the sample weights, the latter of shape (batch,).

        Returns
        -------
        Tensor of shape ()
        """
        expected, weight = target
        losses = self.loss(prediction, expected)  # (batch,)
        check_tensor("weight", weight, *losses.shape)
        return (losses * weight).mean()

    def rows(self, prediction: Tensor, target: tuple[Tensor, Tensor]) -> tuple[Tensor, ...]:
        """Return outputs, targets and weights with one row for each sample to be scored."""
        return (prediction, *target)


class StepTargets(NamedTuple):
    """Targets for every step of a batch, or of a chunk of its steps.

    Attributes
    ----------
    expected : Tensor of shape (batch, time, ...)
        The target of each step.
    weights : Tensor of shape (batch, time)
        The weight of each step.
    mask : Tensor of shape (batch, time)
        True on the steps that are not padding.
    previous : Tensor of shape (batch, ...)
        The target of the step before the chunk; -1 where the sequence starts with the chunk.
    ends : Tensor of shape (batch,)
        Whether the sequence ends with the chunk.
    """

    expected: Tensor
    weights: Tensor
    mask: Tensor
    previous: Tensor
    ends: Tensor


def _check_steps(prediction: Tensor, target: StepTargets) -> None:
    """Raise unless each step has a prediction, a target and a weight."""
    check_tensor("prediction", prediction, "batch", "time", "...")
    n_sequences, n_steps = prediction.shape[:2]
    check_tensor("mask", target.mask, n_sequences, n_steps, dtypes=FLAGS)
    check_tensor("weights", target.weights, n_sequences, n_steps)
    if target.expected.shape[:2] != (n_sequences, n_steps):
        raise ValueError(
            f"expected has shape {tuple(target.expected.shape)}, but must have shape "
            f"({n_sequences}, {n_steps}, ...)."
        )


def _check_padding(mask: Tensor) -> None:
    """Raise ValueError unless padding comes last; on the CPU only."""
    if mask.device.type != "cpu":
        return
    own = mask.numpy()  # for so few values faster than torch
    late = (own[:, 1:] > own[:, :-1]).any(axis=1)
    if late.any():
        raise ValueError(
            f"mask[{int(late.argmax())}] is True after False, but padding must come last."
        )


class StepLoss(nn.Module):
    """The sum of the weighted losses of a sequence's steps, averaged over the batch.

    Scale the step weights of a data set to a sum equal to its number of sequences. The loss is then
    the weighted mean over all steps of the data set: each step counts the same, whichever batch
    it is in.

    Parameters
    ----------
    loss : callable
        Maps predictions and targets of n steps to a loss per step, a Tensor of shape (n,).

    Examples
    --------
    Two sequences, of two steps and of one:

    >>> import torch
    >>> from sklstm.nn import StepLoss, squared_loss
    >>> from sklstm.nn.losses import StepTargets
    >>> mask = torch.tensor([[True, True], [True, False]])
    >>> target = StepTargets(
    ...     expected=torch.zeros(2, 2, 1), weights=mask * 2 / 3, mask=mask,
    ...     previous=torch.full((2, 1), -1.0), ends=torch.tensor([True, True]),
    ... )
    >>> StepLoss(squared_loss)(torch.tensor([[[1.0], [2.0]], [[4.0], [9.0]]]), target)
    tensor(7.)
    """

    def __init__(self, loss: SampleLoss):
        super().__init__()
        if not callable(loss):
            raise TypeError(f"loss must be a function, such as squared_loss, got {loss!r}.")
        self.loss = loss

    def forward(self, prediction: Tensor, target: StepTargets) -> Tensor:
        """Return the loss of a batch, a scalar.

        Parameters
        ----------
        prediction : Tensor of shape (batch, time, ...)
            Outputs of the network.
        target : StepTargets
            Targets and weights of the steps.

        Returns
        -------
        Tensor of shape ()
        """
        _check_steps(prediction, target)
        losses = self.loss(prediction[target.mask], target.expected[target.mask])  # (steps,)
        return (losses * target.weights[target.mask]).sum() / len(prediction)

    def rows(self, prediction: Tensor, target: StepTargets) -> tuple[Tensor, ...]:
        """Return outputs, targets and weights with one row for each step that is not padding."""
        mask = target.mask
        return prediction[mask], target.expected[mask], target.weights[mask]


class CRFLoss(nn.Module):
    """The weighted negative log-likelihood of labels under a conditional random field.

    The loss of a step is minus the log-probability of its label given the labels before it. With
    weights of 1 these add up to the negative log-likelihood of the labels of the sequence. Steps
    are weighted and averaged as by `StepLoss`.

    Parameters
    ----------
    crf : LinearChainCRF
        The random field. It belongs to the network, which holds its parameters; the loss does not
        register them again.

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn import CRFHead, CRFLoss
    >>> from sklstm.nn.losses import StepTargets
    >>> head = CRFHead(8, n_classes=4)
    >>> emissions = head(torch.zeros(1, 3, 8))  # a sequence of three steps
    >>> target = StepTargets(
    ...     expected=torch.tensor([[0, 3, 1]]), weights=torch.ones(1, 3),
    ...     mask=torch.ones(1, 3, dtype=torch.bool), previous=torch.tensor([-1]),
    ...     ends=torch.tensor([True]),
    ... )
    >>> CRFLoss(head.crf)(emissions, target).exp().detach()  # 4 ** 3 labellings
    tensor(64.0000)
    """

    def __init__(self, crf: LinearChainCRF):
        super().__init__()
        if not isinstance(crf, LinearChainCRF):
            raise TypeError(f"crf must be a LinearChainCRF, got {type(crf).__name__}.")
        self._crf = [crf]  # in a list, so that torch does not register it as a submodule

    def forward(self, prediction: Tensor, target: StepTargets) -> Tensor:
        """Return the loss of a batch, a scalar.

        Parameters
        ----------
        prediction : Tensor of shape (batch, time, n_classes)
            Emissions.
        target : StepTargets
            Class indices and weights of the steps.

        Returns
        -------
        Tensor of shape ()
        """
        _check_steps(prediction, target)
        _check_padding(target.mask)
        log_likelihood = self._crf[0].step_log_likelihood(
            prediction,
            target.expected,
            target.mask.sum(dim=1),
            previous=target.previous,
            ends=target.ends,
        )  # (batch, time)
        return -(log_likelihood * target.weights).sum() / len(prediction)

    def rows(self, prediction: Tensor, target: StepTargets) -> tuple[Tensor, ...]:
        """Return outputs, targets and weights with one row for each step that is not padding.

        The outputs are 1 for the class found by the Viterbi algorithm and 0 for the others.
        """
        mask = target.mask
        best = self._crf[0].viterbi(prediction, mask.sum(dim=1))[mask]  # (steps,)
        chosen = functional.one_hot(best, prediction.shape[2])
        return chosen, target.expected[mask], target.weights[mask]


class ReconstructionLoss(nn.Module):
    """The weighted mean of an autoencoder's reconstruction errors over a batch."""

    def forward(self, outputs: tuple[Tensor, Tensor], target: tuple[Tensor, Tensor]) -> Tensor:
        """Return the loss of a batch, a scalar.

        Parameters
        ----------
        outputs : tuple of Tensor
            The reconstruction error of each sample, of shape (batch,), and anything else.
        target : tuple of Tensor of shape (batch,)
            The indices of the samples in the data set, and their weights.

        Returns
        -------
        Tensor of shape ()
        """
        _, weights = target
        return (outputs[0] * weights).mean()


class ClusteringLoss(nn.Module):
    """The reconstruction error plus the divergence of soft assignments from their target [1]_.

    For a sample with reconstruction error e, soft assignments q and target distribution p, the
    loss is ``e + weight * sum(p * log(p / q))``; it is averaged over a batch as by
    `ReconstructionLoss`.

    Parameters
    ----------
    weight : float
        Weight of the divergence.

    Attributes
    ----------
    targets : Tensor of shape (n_samples, n_clusters)
        The target distribution of all samples of the data set, to be set before each epoch.

    References
    ----------
    .. [1] X. Guo et al., "Improved Deep Embedded Clustering with Local Structure
       Preservation", IJCAI 2017, equation 7.
    """

    targets: Tensor

    def __init__(self, weight: float):
        super().__init__()
        self.weight = weight

    def forward(self, outputs: tuple[Tensor, Tensor], target: tuple[Tensor, Tensor]) -> Tensor:
        """Return the loss of a batch, a scalar.

        Parameters
        ----------
        outputs : tuple of Tensor
            The reconstruction error of each sample, of shape (batch,), and its soft assignments,
            of shape (batch, n_clusters).
        target : tuple of Tensor of shape (batch,)
            The indices of the samples in the data set, and their weights.

        Returns
        -------
        Tensor of shape ()
        """
        errors, assignments = outputs
        rows, weights = target
        expected = self.targets[rows]  # (batch, n_clusters)
        divergence = torch.xlogy(expected, expected / assignments).sum(dim=1)
        return ((errors + self.weight * divergence) * weights).mean()
