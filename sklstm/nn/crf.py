"""A linear-chain conditional random field (CRF) over the labels of a sequence's steps."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from sklstm.nn.checks import (
    FLAGS,
    INDICES,
    check_lengths,
    check_range,
    check_tensor,
    named_range,
    whole,
)
from sklstm.nn.padding import reversal_index, reverse_steps, step_mask

# From (time, batch, classes) emissions, a (batch, classes) first message and (classes, classes)
# transitions to the message to every step.
MessagePassing = Callable[[Tensor, Tensor, Tensor], Tensor]


class LinearChainCRF(nn.Module):
    """Labels of steps, scored by each step itself and by which label follows which [1]_.

    The score of the labels y of a sequence of T steps with emissions e is ::

        start[y[0]] + sum(e[t, y[t]] for t in range(T))
        + sum(transitions[y[t - 1], y[t]] for t in range(1, T)) + end[y[-1]]

    and their probability is the softmax of the scores of all ``n_classes ** T`` labellings. Sums
    over labellings are exact, computed by forward and backward messages [2]_ in
    ``n_classes ** 2`` operations per step.

    All batches are right-padded, ``(batch, time, n_classes)``, and every length is at least 1.
    Emissions and labels at padding may have any value and get no gradient.

    Parameters
    ----------
    n_classes : int
        Number of classes.

    Attributes
    ----------
    transitions : Parameter of shape (n_classes, n_classes)
        Score of each pair of neighbouring labels: row i, column j for label j right after label i.
    start_transitions : Parameter of shape (n_classes,)
        Score of each class as the first label of a sequence.
    end_transitions : Parameter of shape (n_classes,)
        Score of each class as the last label of a sequence. All three parameters are initialised
        to zero, which makes the labels of the steps independent.

    References
    ----------
    .. [1] J. Lafferty, A. McCallum, F. Pereira, "Conditional Random Fields: Probabilistic
       Models for Segmenting and Labeling Sequence Data", ICML 2001.
    .. [2] L. R. Rabiner, "A Tutorial on Hidden Markov Models and Selected Applications in
       Speech Recognition", Proceedings of the IEEE 77(2), 1989, section III.

    Examples
    --------
    The emissions of the second step are equal; the transitions favour equal neighbours:

    >>> import torch
    >>> from sklstm.nn import LinearChainCRF
    >>> crf = LinearChainCRF(2)
    >>> _ = torch.nn.init.eye_(crf.transitions)
    >>> emissions, lengths = torch.tensor([[[0.0, 2.0], [0.0, 0.0]]]), torch.tensor([2])
    >>> crf.viterbi(emissions, lengths)
    tensor([[1, 1]])
    >>> crf.step_log_likelihood(emissions, torch.tensor([[1, 1]]), lengths).exp().detach()
    tensor([[0.88, 0.73]])
    """

    def __init__(self, n_classes: int):
        super().__init__()
        self.n_classes = n_classes = whole("n_classes", n_classes)
        self.transitions = nn.Parameter(torch.zeros(n_classes, n_classes))
        self.start_transitions = nn.Parameter(torch.zeros(n_classes))
        self.end_transitions = nn.Parameter(torch.zeros(n_classes))

    def step_log_likelihood(
        self,
        emissions: Tensor,
        labels: Tensor,
        lengths: Tensor,
        *,
        previous: Tensor | None = None,
        ends: Tensor | None = None,
    ) -> Tensor:
        """Return the log-probability of each label given the labels before it.

        Their sum over the steps is the log-likelihood of the labels of the sequence; one by one
        they can be given weights.

        Parameters
        ----------
        emissions : Tensor of shape (batch, time, n_classes)
            Score of each class at each step.
        labels : Tensor of shape (batch, time)
            Class indices, int64.
        lengths : Tensor of shape (batch,)
            Number of steps of each sequence.
        previous : Tensor of shape (batch,) or None, default=None
            For rows that are a chunk of a longer sequence: the label of the step before the
            chunk, int64; -1 where the sequence starts with the chunk. None if all do.
        ends : Tensor of shape (batch,) or None, default=None
            Whether the sequence ends with the chunk, bool. Where it does not, the last step gets
            no `end_transitions`, and the labels of the steps after the chunk are left out
            of the normalisation. None if all sequences end.

        Returns
        -------
        Tensor of shape (batch, time)
            Log-probabilities, 0 at padding.

        Raises
        ------
        TypeError, ValueError
            If an argument has another shape or dtype, or on the CPU, if a length or label is out
            of range.
        """
        self._check(emissions, lengths)
        n_sequences, n_steps = emissions.shape[:2]
        check_tensor("labels", labels, n_sequences, n_steps, dtypes=INDICES)
        mask = step_mask(lengths, n_steps)  # (batch, time, 1)
        labels = torch.where(mask.squeeze(2), labels, 0)
        if previous is None:
            previous = labels.new_full((n_sequences,), -1)
        else:
            check_tensor("previous", previous, n_sequences, dtypes=INDICES)
            check_range("previous", previous, -1, self.n_classes - 1)
        if ends is not None:
            check_tensor("ends", ends, n_sequences, dtypes=FLAGS)
        emissions, _ = self._prepare(emissions, mask)
        backward = self._backward_messages(emissions, lengths, ends)
        # The start transitions are appended as the last row, which -1 refers to.
        origins = torch.cat([previous[:, None], labels[:, :-1]], dim=1) % (self.n_classes + 1)
        table = torch.cat([self.transitions, self.start_transitions[None]])
        forward = functional.embedding(origins, table)  # (batch, time, classes)
        steps = (forward + emissions + backward).log_softmax(2)
        with named_range("labels", labels, 0, self.n_classes - 1):
            chosen = steps.gather(2, labels.unsqueeze(2))  # (batch, time, 1)
        return torch.where(mask, chosen, 0.0).squeeze(2)

    @torch.no_grad()
    def viterbi(self, emissions: Tensor, lengths: Tensor) -> Tensor:
        """Return the most probable labels of each sequence, found by the Viterbi algorithm.

        Parameters
        ----------
        emissions : Tensor of shape (batch, time, n_classes)
            Score of each class at each step.
        lengths : Tensor of shape (batch,)
            Number of steps of each sequence.

        Returns
        -------
        Tensor of shape (batch, time)
            Class indices, int64; 0 at padding.
        """
        self._check(emissions, lengths)
        mask = step_mask(lengths, emissions.shape[1])  # (batch, time, 1)
        emissions, _ = self._prepare(emissions, mask)
        best = emissions + self._backward_messages(emissions, lengths, passing=max_product_messages)
        # The backward messages hold the best score of the steps that follow, so that labels can
        # be chosen from the first step to the last.
        labels: list[Tensor] = []
        scores: Tensor = self.start_transitions
        for step in best.unbind(1):  # (batch, classes)
            labels.append((scores + step).argmax(1))
            scores = self.transitions[labels[-1]]
        return torch.where(mask.squeeze(2), torch.stack(labels, dim=1), 0)

    def log_marginals(self, emissions: Tensor, lengths: Tensor) -> Tensor:
        """Return the log-probability of every class at every step.

        These are marginal probabilities, summed over all labels of the other steps, so that the
        most probable class of a step need not be its label in the result of `viterbi`.

        Parameters
        ----------
        emissions : Tensor of shape (batch, time, n_classes)
            Score of each class at each step.
        lengths : Tensor of shape (batch,)
            Number of steps of each sequence.

        Returns
        -------
        Tensor of shape (batch, time, n_classes)
            Log-probabilities, 0 at padding.
        """
        self._check(emissions, lengths)
        mask = step_mask(lengths, emissions.shape[1])  # (batch, time, 1)
        emissions, _ = self._prepare(emissions, mask)
        start = self.start_transitions.expand(len(emissions), -1)
        forward = sum_product_messages(emissions.transpose(0, 1), start, self.transitions.T)
        backward = self._backward_messages(emissions, lengths)
        logits = forward.transpose(0, 1) + emissions + backward  # (batch, time, classes)
        return torch.where(mask, logits.log_softmax(2), 0.0)

    def log_partition(self, emissions: Tensor, lengths: Tensor) -> Tensor:
        """Return the log-partition function: the log-sum-exp of the scores of all labellings.

        Parameters
        ----------
        emissions : Tensor of shape (batch, time, n_classes)
            Score of each class at each step.
        lengths : Tensor of shape (batch,)
            Number of steps of each sequence.

        Returns
        -------
        Tensor of shape (batch,)
        """
        self._check(emissions, lengths)
        mask = step_mask(lengths, emissions.shape[1])  # (batch, time, 1)
        emissions, shifts = self._prepare(emissions, mask)
        steps = emissions + self._backward_messages(emissions, lengths)  # (batch, time, classes)
        # The constants that were subtracted from the messages.
        subtracted = steps.detach().logsumexp(2, keepdim=True)
        return (
            (self.start_transitions + steps[:, 0]).logsumexp(1)
            + torch.where(mask, subtracted, 0.0)[:, 1:].sum(dim=(1, 2))
            + shifts.sum(dim=(1, 2))
        )

    def _check(self, emissions: Any, lengths: Any) -> None:
        """Raise unless there are emissions of each class, and a length for each sequence."""
        check_tensor("emissions", emissions, "batch", "time", self.n_classes)
        check_lengths(lengths, *emissions.shape[:2])

    def _prepare(self, emissions: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Set padding to zero and subtract the largest emission of each step, returned as well.

        Added to an emission of 10,000, a transition would lose its decimals in float32.
        """
        emissions = torch.where(mask, emissions.to(self.transitions.dtype), 0.0)
        shifts = emissions.detach().amax(2, keepdim=True)  # (batch, time, 1)
        return emissions - shifts, shifts

    def _backward_messages(
        self,
        emissions: Tensor,
        lengths: Tensor,
        ends: Tensor | None = None,
        passing: MessagePassing | None = None,
    ) -> Tensor:
        """Return the message of the steps after each one, ``(batch, time, classes)``."""
        end = self.end_transitions.expand(len(emissions), -1)
        if ends is not None:
            end = torch.where(ends[:, None], end, 0.0)
        # Reversed, all sequences of a batch start together, and padding comes after them.
        index = reversal_index(lengths, emissions.shape[1])
        steps = reverse_steps(emissions, index).transpose(0, 1)  # (time, batch, classes)
        messages = (passing or sum_product_messages)(steps, end, self.transitions)
        return reverse_steps(messages.transpose(0, 1), index)


def sum_product_messages(emissions: Tensor, start: Tensor, transitions: Tensor) -> Tensor:
    """Return the message to each step from the steps before it, by the sum-product algorithm.

    With ``a[t]`` the emissions of step t plus the message to it, the message to the next step is,
    for each class i, ::

        message[t + 1, i] = logsumexp(transitions[i] + a[t]) - logsumexp(a[t])

    The second term keeps messages near 0 however long a sequence is, and is treated as a
    constant by the gradient.

    Parameters
    ----------
    emissions : Tensor of shape (time, batch, classes)
        Score of each class at each step.
    start : Tensor of shape (batch, classes)
        The message to the first step.
    transitions : Tensor of shape (classes, classes)
        Score of class j, the column, at a step and class i, the row, at the next one.

    Returns
    -------
    Tensor of shape (time, batch, classes)
    """
    lowest, highest = transitions.detach().aminmax(dim=1)
    if (highest - lowest).max() <= _widest_row(emissions.dtype):
        return _SumProductMessages.apply(emissions, start, transitions)  # type: ignore[no-untyped-call]
    messages = [start]
    for emission in emissions[:-1]:  # (batch, classes)
        total = emission + messages[-1]
        total = total - total.detach().logsumexp(1, keepdim=True)
        messages.append((transitions + total[:, None, :]).logsumexp(2))
    return torch.stack(messages)


def max_product_messages(emissions: Tensor, start: Tensor, transitions: Tensor) -> Tensor:
    """Return messages as `sum_product_messages` does, with the maximum in place of the sums."""
    messages = [start]
    for emission in emissions[:-1]:  # (batch, classes)
        total = emission + messages[-1]
        total -= total.amax(1, keepdim=True)
        messages.append((transitions + total[:, None, :]).amax(2))
    return torch.stack(messages)


def _widest_row(dtype: torch.dtype) -> float:
    """Return the largest range of a row of transitions that `_SumProductMessages` is used for.

    Whatever the emissions, the most probable class of the step before adds at least
    ``exp(-range) / n_classes`` to a sum, and terms that underflow are below the smallest number.
    At this range, 55 in float32 and 636 in float64, their loss is the square of the rounding error.
    """
    limits = torch.finfo(dtype)
    return math.log(limits.eps**2 / limits.tiny)


class _SumProductMessages(torch.autograd.Function):
    """`sum_product_messages` by one small matrix product per step in each direction.

    Log-sum-exps over pairs of classes, differentiated by autograd, take about three times as long.
    """

    @staticmethod
    def forward(ctx: Any, emissions: Tensor, start: Tensor, transitions: Tensor) -> Tensor:
        highest = transitions.amax(1)  # (classes,)
        factors = (transitions - highest[:, None]).exp()  # (classes, classes)
        transposed = factors.T.contiguous()
        total = emissions[0] + start  # (batch, classes)
        # The maximum of each row is added to the emissions of the step that gets the message.
        rest = emissions[1:] + highest  # (time - 1, batch, classes)
        weights, sums = rest.new_empty(rest.shape), rest.new_empty(rest.shape)
        for step, weight, summed in zip(rest, weights, sums, strict=True):  # (batch, classes)
            torch.softmax(total, 1, out=weight)
            torch.mm(weight, transposed, out=summed)
            total = summed.log().add_(step)
        ctx.save_for_backward(factors, weights, sums)
        return torch.cat([start[None], sums.log() + highest])

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        factors, weights, sums = ctx.saved_tensors
        by_message = grads[0]  # (time, batch, classes)
        # From the last step to the first: the gradient by the sums sent to a step is that of
        # its message, plus what flows back from the sums that this step itself sends.
        by_sums = by_message[1:] / sums  # (time - 1, batch, classes)
        ratios = (weights[1:] / sums[:-1]).unbind(0)
        views = by_sums.unbind(0)
        for later, earlier, ratio in zip(views[:0:-1], views[-2::-1], ratios[::-1], strict=True):
            earlier.addcmul_(later @ factors, ratio)
        by_emissions = torch.zeros_like(by_message)
        torch.mul(by_sums @ factors, weights, out=by_emissions[:-1])
        by_factors = by_sums.flatten(0, 1).T @ weights.flatten(0, 1)
        return by_emissions, by_message[0] + by_emissions[0], by_factors * factors
