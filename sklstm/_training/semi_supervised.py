"""Training steps with the terms of the loss that need no labels."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from sklstm._sequences import training_batches
from sklstm._training.batches import (
    Batch,
    LabelledSequences,
    batches_per_epoch,
    to_tensors,
)
from sklstm.nn import MaskedBatchNorm, SequenceNetwork
from sklstm.nn.dropout import generator_of
from sklstm.nn.padding import step_mask

# Norm of the random step at which the power method takes the gradient, as a fraction of the norm of
# a sequence: far smaller than the perturbation, and far above rounding errors.
_SMALL_STEP = 1e-3
# Fraction of the training over which the weights of the terms of unlabelled rows alone grow from 0:
# they would confirm the mistakes of a network that has not learned anything yet.
_RAMP = 0.5
# An epoch of few labelled rows repeats them up to so many steps: what an epoch costs besides its
# steps, and what early stopping counts, should not be that of a handful of them.
_STEPS_PER_EPOCH = 100


@dataclass(frozen=True)
class UnsupervisedTerms:
    """The terms of the loss that need no labels; named like the estimator's parameters.

    Attributes
    ----------
    virtual_adversarial_weight : float
        Of the divergence, on all rows.
    virtual_adversarial_norm : float
        Norm of the perturbation of a sequence, as a fraction of the norm that a sequence of its
        length has on average, without the mean of each feature.
    sigmoid : bool
        Whether each output is a sigmoid, rather than all of them one softmax.
    entropy_weight : float
        Of the entropy, on unlabelled rows.
    class_prior_weight : float
        Of the divergence of their mean prediction from the frequencies of the classes.
    class_prior : ndarray of shape (n_classes,) or None
        These frequencies, all above 0; None without unlabelled rows.
    ramp : bool
        Whether the last two weights grow from 0 during the training.
    """

    virtual_adversarial_weight: float
    virtual_adversarial_norm: float
    sigmoid: bool
    entropy_weight: float = 0.0
    class_prior_weight: float = 0.0
    class_prior: np.ndarray | None = None
    ramp: bool = True


@dataclass(frozen=True)
class UnsupervisedBatch:
    """A batch of rows with and without labels, whose labels are not used.

    Attributes
    ----------
    inputs, lengths : Tensor
        The arguments of the network.
    weights : Tensor of shape (batch,)
        Of all rows.
    unlabelled : Tensor of shape (batch,)
        The weights of unlabelled rows; 0 for the others.
    """

    inputs: Tensor
    lengths: Tensor
    weights: Tensor
    unlabelled: Tensor


def passes_per_epoch(data: LabelledSequences, batch_size: int) -> int:
    """Return how often an epoch passes over the labelled rows.

    Once; more often if these are few batches, up to about 100 training steps, and not more than
    it takes to read every row, labelled or not, in as large batches.
    """
    if data.unlabelled is None:
        return 1
    n_batches = batches_per_epoch(data, batch_size)
    n_in_all = math.ceil((len(data) + len(data.unlabelled)) / batch_size)
    return math.ceil(max(n_batches, min(_STEPS_PER_EPOCH, n_in_all)) / n_batches)


def unsupervised_batches(
    data: LabelledSequences,
    batch_size: int,
    device: torch.device,
    rng: np.random.Generator | None,
) -> Iterator[UnsupervisedBatch]:
    """Yield batches of rows of similar length, labelled or not, without end.

    Every row is read before one is read again.
    """
    rows, others = data.sequences, data.unlabelled
    assert others is not None
    sequences = replace(
        rows,
        values=np.concatenate([rows.values, others.sequences.values]),
        starts=np.concatenate([rows.offsets, others.sequences.offsets + len(rows.values)]),
        lengths=np.concatenate([rows.lengths, others.sequences.lengths]),
        cut=None,
        unknown=None,
    )
    weights = torch.from_numpy(np.concatenate([data.weights, others.weights])).to(device)
    unlabelled = weights.clone()
    unlabelled[: len(data)] = 0.0
    while True:
        for indices in training_batches(sequences.lengths, batch_size, rng):
            inputs, lengths = to_tensors(sequences, indices, device)
            yield UnsupervisedBatch(inputs, lengths, weights[indices], unlabelled[indices])


class SemiSupervisedStep:
    """Add the gradients of a batch of labelled rows, and of one whose labels are not used.

    Virtual adversarial training [1]_ [2]_ adds the divergence between the predictions for a
    sequence and for the same sequence with a small perturbation, that which changes them most.
    It is found by one step of the power method, and added to what the network reads after its
    first layer: the vectors of tokens, or standardised values. The paper on texts [1]_ first
    normalises each dimension of the vectors to a variance of 1, so that the network cannot escape
    the perturbation by longer vectors. Here the perturbation is multiplied by the standard
    deviation of each dimension over the steps of the batch, in which words count as often as they
    occur; that is the same perturbation, of a network that stays as it is. Its norm is relative to
    that of the sequence, ``sqrt(n_steps * size)`` standard deviations. All passes of a
    sequence have the same dropout masks.

    Entropy minimisation [3]_ makes the predictions for unlabelled rows more certain. By itself it
    soon makes a network that knows little certain of one class for all of them; expectation
    regularisation [4]_ prevents that: their mean prediction is to have the class frequencies of
    the labelled rows. Both weights grow from 0 over the first half of the training.

    Parameters
    ----------
    module : SequenceNetwork
        The network, in training mode.
    terms : UnsupervisedTerms
        What is added to the loss.
    batches : iterator or None
        Yields batches of all rows; None, if all are labelled, adds the divergence on the batch of
        labelled rows itself.

    References
    ----------
    .. [1] T. Miyato, A. M. Dai, I. Goodfellow, "Adversarial Training Methods for
       Semi-Supervised Text Classification", ICLR 2017, sections 2 and 3.
    .. [2] T. Miyato et al., "Virtual Adversarial Training: A Regularization Method for
       Supervised and Semi-Supervised Learning", IEEE TPAMI 41(8), 2019, sections 3 and 4.
    .. [3] Y. Grandvalet, Y. Bengio, "Semi-supervised Learning by Entropy Minimization",
       NeurIPS 2004, section 2.
    .. [4] G. S. Mann, A. McCallum, "Simple, Robust, Scalable Semi-supervised Learning via
       Expectation Regularization", ICML 2007, section 3.
    """

    def __init__(
        self,
        module: SequenceNetwork,
        terms: UnsupervisedTerms,
        batches: Iterator[UnsupervisedBatch] | None,
    ):
        self.module = module
        self.terms = terms
        self.batches = batches

    def run(
        self, batch: Batch, loss_of: Callable[[Tensor], Tensor], *, progress: float = 1.0
    ) -> tuple[Tensor, Tensor, dict[str, float]]:
        """Add the gradients to the weights of the network.

        Parameters
        ----------
        batch : Batch
            Of labelled rows.
        loss_of : callable
            Maps outputs to the loss of these labels.
        progress : float, default=1.0
            Fraction of the training that is done.

        Returns
        -------
        loss : Tensor
            Of the labels.
        outputs : Tensor
            Of the labelled rows.
        means : dict of str to float
            The divergence of a row, and the entropy of an unlabelled one, by the names of their
            columns in the history.
        """
        weight = self.terms.virtual_adversarial_weight
        if self.batches is None:
            assert isinstance(batch.targets, tuple)
            outputs, divergences = self._outputs_and_divergences(**batch.inputs)
            loss, divergence = loss_of(outputs), (divergences * batch.targets[1]).mean()
            (loss + weight * divergence).backward()
            return loss.detach(), outputs.detach(), {"train_divergence": divergence.item()}
        outputs = self.module(**batch.inputs)
        loss = loss_of(outputs)
        loss.backward()
        ramp = min(1.0, progress / _RAMP) if self.terms.ramp else 1.0
        means = self._add_unsupervised(next(self.batches), ramp)
        return loss.detach(), outputs.detach(), means

    def _add_unsupervised(self, batch: UnsupervisedBatch, ramp: float) -> dict[str, float]:
        """Add the gradients of the terms that need no labels, and return their means."""
        terms, means = self.terms, {}
        with frozen_statistics(self.module):  # which are those of the labelled rows
            outputs, divergences = self._outputs_and_divergences(batch.inputs, batch.lengths)
        divergence = (divergences * batch.weights).mean()
        loss = terms.virtual_adversarial_weight * divergence
        if terms.virtual_adversarial_weight:
            means["train_divergence"] = divergence.item()
        n_weights = batch.unlabelled.sum()
        if n_weights > 0 and (terms.entropy_weight or terms.class_prior_weight):
            shares = batch.unlabelled / n_weights  # (batch,)
            entropy = (class_entropy(outputs, sigmoid=terms.sigmoid) * shares).sum()
            means["train_entropy"] = entropy.item()
            loss = loss + ramp * terms.entropy_weight * entropy
            if terms.class_prior_weight and terms.class_prior is not None:
                prior = torch.from_numpy(terms.class_prior).to(outputs)
                off = prior_divergence(outputs, shares, prior, sigmoid=terms.sigmoid)
                loss = loss + ramp * terms.class_prior_weight * off
        if loss.requires_grad:
            loss.backward()
        return means

    def _outputs_and_divergences(self, inputs: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Return the outputs, ``(batch, n_outputs)``, and the divergence of each row."""
        module, terms = self.module, self.terms
        x = module.read(inputs, lengths)  # (batch, time, size)
        generator = generator_of(module)
        before = generator.get_state()
        outputs = module.answer(x, inputs, lengths)
        if not terms.virtual_adversarial_weight:
            return outputs, outputs.new_zeros(len(outputs))
        expected, after = outputs.detach(), generator.get_state()

        def divergence(x: Tensor) -> Tensor:
            """Return the divergence of each row at other inputs, with the same dropout masks."""
            generator.set_state(before)
            logits = module.answer(x, inputs, lengths)
            return class_divergence(expected, logits, sigmoid=terms.sigmoid)  # (batch,)

        with frozen_statistics(module):
            generator.set_state(after)
            start = torch.empty_like(x, requires_grad=False).normal_(generator=generator)
            after = generator.get_state()
            unit = feature_scales(x.detach(), lengths)  # (size,)
            unit = unit * (lengths[:, None, None] * len(unit)).to(unit).sqrt()  # (batch, 1, size)
            r = perturbation(
                lambda step: divergence(x.detach() + unit * step),
                start * step_mask(lengths, x.shape[1]),
                terms.virtual_adversarial_norm,
            )
            divergences = divergence(x + unit * r)
        generator.set_state(after)
        return outputs, divergences


def perturbation(divergence: Callable[[Tensor], Tensor], start: Tensor, norm: float) -> Tensor:
    """Return the perturbation of each row, of a given norm, that increases the divergence most.

    By one step of the power method, a finite difference of gradients: the gradient of the
    divergence is zero without a perturbation.

    Parameters
    ----------
    divergence : callable
        Maps perturbations to the divergence of each row, ``(batch,)``.
    start : Tensor of shape (batch, time, size)
        Random directions, zero at padding.
    norm : float
        Norm of the result, over all steps of a row.

    Returns
    -------
    Tensor of shape (batch, time, size)
    """
    with torch.enable_grad():
        step = unit_rows(start).mul_(_SMALL_STEP).requires_grad_()
        (gradient,) = torch.autograd.grad(divergence(step).sum(), step)
    return unit_rows(gradient).mul_(norm)


def unit_rows(x: Tensor) -> Tensor:
    """Return rows ``(batch, time, size)`` of norm 1; zeros remain zero."""
    tiny = torch.finfo(x.dtype).tiny
    # Divided before they are squared, as gradients may be very small.
    x = x / x.abs().amax(dim=(1, 2), keepdim=True).clamp(min=tiny)
    return x / torch.linalg.vector_norm(x, dim=(1, 2), keepdim=True).clamp(min=tiny)


def feature_scales(x: Tensor, lengths: Tensor) -> Tensor:
    """Return the standard deviation of each feature over all steps but the padding, ``(size,)``."""
    mask = step_mask(lengths, x.shape[1])  # (batch, time, 1)
    n_steps = lengths.sum()
    mean = (x * mask).sum(dim=(0, 1)) / n_steps
    return ((x - mean) * mask).square().sum(dim=(0, 1)).div(n_steps).sqrt()


def class_divergence(logits: Tensor, others: Tensor, *, sigmoid: bool) -> Tensor:
    """Return the Kullback-Leibler divergence of the predictions of each row from other ones.

    Parameters
    ----------
    logits, others : Tensor of shape (batch, n_outputs)
        Outputs of the network: p and q of ``sum(p * log(p / q))``.
    sigmoid : bool
        Whether each output is a sigmoid, the divergences of which are averaged.

    Returns
    -------
    Tensor of shape (batch,)
    """
    if sigmoid:
        p = torch.sigmoid(logits)
        lost = functional.softplus(others) - functional.softplus(logits)
        return (p * (logits - others) + lost).mean(dim=1)
    log_p = torch.log_softmax(logits, dim=1)
    return (log_p.exp() * (log_p - torch.log_softmax(others, dim=1))).sum(dim=1)


def class_entropy(logits: Tensor, *, sigmoid: bool) -> Tensor:
    """Return the entropy of the predictions of each row, ``(batch,)``, in nats."""
    if sigmoid:
        return (functional.softplus(logits) - torch.sigmoid(logits) * logits).mean(dim=1)
    log_p = torch.log_softmax(logits, dim=1)
    return -(log_p.exp() * log_p).sum(dim=1)


def prior_divergence(logits: Tensor, shares: Tensor, prior: Tensor, *, sigmoid: bool) -> Tensor:
    """Return the divergence of the mean prediction of a batch from class frequencies.

    Parameters
    ----------
    logits : Tensor of shape (batch, n_outputs)
        Outputs of the network.
    shares : Tensor of shape (batch,)
        Of each row in the mean; they sum to 1.
    prior : Tensor of shape (n_classes,)
        The class frequencies, all above 0.
    sigmoid : bool
        Whether there is one output, a sigmoid, for two classes.

    Returns
    -------
    Tensor of shape ()
        The Kullback-Leibler divergence ``sum(prior * log(prior / mean))``.
    """
    if sigmoid:
        logits = torch.cat([torch.zeros_like(logits), logits], dim=1)  # the same as a softmax
    log_p = torch.log_softmax(logits, dim=1)
    log_mean = torch.logsumexp(log_p + shares.log()[:, None], dim=0)  # (n_classes,)
    return (prior * (prior.log() - log_mean)).sum()


@contextmanager
def frozen_statistics(module: torch.nn.Module) -> Iterator[None]:
    """Leave the running statistics of batch normalisation as they are, within the body."""
    layers = [part for part in module.modules() if isinstance(part, MaskedBatchNorm)]
    kept = [layer.momentum for layer in layers]
    for layer in layers:
        layer.momentum = 0.0
    try:
        yield
    finally:
        for layer, momentum in zip(layers, kept, strict=True):
            layer.momentum = momentum
