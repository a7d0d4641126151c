"""A conditional random field over the labels of a sequence's steps."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from sklstm.nn.convolution import step_mask
from sklstm.nn.recurrent import reversal_index, reverse_steps

# From (time, batch, classes) scores, a (batch, classes) first message and (classes, classes)
# transitions to a message for every step.
Sender = Callable[[Tensor, Tensor, Tensor], Tensor]


class LinearChainCRF(nn.Module):
    """Labels of steps, scored by themselves and by which label follows which [1]_.

    A labelling's score is the sum of its classes' scores at every step, of a score for each
    pair of neighbours, and of those for its first and its last class; its probability is the
    softmax over all ``n_classes ** time`` labellings. What sums over them is exact, by
    messages that the steps send their neighbours [2]_, in time ``n_classes ** 2`` a step.

    Blocks are right-padded, ``(batch, time, n_classes)`` with every length 1 or more. What
    lies behind a sequence's end, scores or labels, may hold any value, and gets no gradient.

    Parameters
    ----------
    n_classes : int
        Classes that a step may have.

    Attributes
    ----------
    transitions : Parameter of shape (n_classes, n_classes)
        Scores of a class, the row, followed by another, the column.
    first, last : Parameter of shape (n_classes,)
        Scores of the class that a sequence begins and ends with. All three begin as zeros,
        which leaves each step a softmax of its own.

    References
    ----------
    .. [1] J. Lafferty, A. McCallum, F. Pereira, "Conditional Random Fields: Probabilistic
       Models for Segmenting and Labeling Sequence Data", ICML 2001.
    .. [2] L. R. Rabiner, "A Tutorial on Hidden Markov Models and Selected Applications in
       Speech Recognition", Proceedings of the IEEE 77(2), 1989, section III.

    Examples
    --------
    The second step has no preference of its own; that a class likes to stay decides.

    >>> import torch
    >>> from sklstm.nn import LinearChainCRF
    >>> crf = LinearChainCRF(2)
    >>> _ = torch.nn.init.eye_(crf.transitions)
    >>> scores, lengths = torch.tensor([[[0.0, 2.0], [0.0, 0.0]]]), torch.tensor([2])
    >>> crf.viterbi(scores, lengths)
    tensor([[1, 1]])
    >>> crf.step_log_likelihood(scores, torch.tensor([[1, 1]]), lengths).exp().detach()
    tensor([[0.88, 0.73]])
    """

    def __init__(self, n_classes: int):
        super().__init__()
        self.n_classes = n_classes
        self.transitions = nn.Parameter(torch.zeros(n_classes, n_classes))
        self.first = nn.Parameter(torch.zeros(n_classes))
        self.last = nn.Parameter(torch.zeros(n_classes))

    def step_log_likelihood(
        self,
        scores: Tensor,
        labels: Tensor,
        lengths: Tensor,
        *,
        previous: Tensor | None = None,
        ends: Tensor | None = None,
    ) -> Tensor:
        """Return ``log p(label | the labels before it)`` of every step.

        They add up to the log-likelihood of the whole labelling, and one by one they can be
        given weights.

        Parameters
        ----------
        scores : Tensor of shape (batch, time, n_classes)
            Scores of the classes at each step.
        labels : Tensor of shape (batch, time)
            The classes, int64.
        lengths : Tensor of shape (batch,)
            Own steps of each sequence.
        previous : Tensor of shape (batch,), optional
            Where a row continues a sequence, the label of the step before it, int64; -1 where
            it begins one. By default all begin.
        ends : Tensor of shape (batch,), optional
            Whether a row is the end of its sequence, bool. Where it is not, its last step gets
            no score for coming last, and what follows is not summed over. By default all end.

        Returns
        -------
        Tensor of shape (batch, time)
            Log-probabilities, 0 at padding.
        """
        mask = step_mask(lengths, scores.shape[1])  # (batch, time, 1)
        scores, _ = self._own_scores(scores, mask)
        behind = self._messages_from_behind(scores, lengths, ends)
        labels = torch.where(mask.squeeze(2), labels, 0)
        if previous is None:
            previous = labels.new_full((len(labels),), -1)
        # The row behind the transitions is for sequences that begin: -1, counted from the end.
        origins = torch.cat([previous[:, None], labels[:, :-1]], dim=1) % (self.n_classes + 1)
        rows = functional.embedding(origins, torch.cat([self.transitions, self.first[None]]))
        steps = (rows + scores + behind).log_softmax(2)  # (batch, time, classes)
        chosen = steps.gather(2, labels.unsqueeze(2))  # (batch, time, 1)
        return torch.where(mask, chosen, 0.0).squeeze(2)

    @torch.no_grad()
    def viterbi(self, scores: Tensor, lengths: Tensor) -> Tensor:
        """Return the ``(batch, time)`` labellings of the highest score, 0 at padding."""
        mask = step_mask(lengths, scores.shape[1])  # (batch, time, 1)
        scores, _ = self._own_scores(scores, mask)
        best = scores + self._messages_from_behind(scores, lengths, send=max_messages)
        # What a class brings in from here on is known, so the labels are chosen front to back.
        labels: list[Tensor] = []
        row: Tensor = self.first
        for step in best.unbind(1):  # (batch, classes)
            labels.append((row + step).argmax(1))
            row = self.transitions[labels[-1]]
        return torch.where(mask.squeeze(2), torch.stack(labels, dim=1), 0)

    def log_marginals(self, scores: Tensor, lengths: Tensor) -> Tensor:
        """Return ``log p(class)`` of every step, ``(batch, time, n_classes)``, 0 at padding.

        A step's are those of its class whatever the labels of the other steps.
        """
        mask = step_mask(lengths, scores.shape[1])
        scores, _ = self._own_scores(scores, mask)
        first = self.first.expand(len(scores), -1)
        ahead = sum_messages(scores.transpose(0, 1), first, self.transitions.T).transpose(0, 1)
        behind = self._messages_from_behind(scores, lengths)
        return torch.where(mask, (ahead + scores + behind).log_softmax(2), 0.0)

    def log_partition(self, scores: Tensor, lengths: Tensor) -> Tensor:
        """Return the ``(batch,)`` log-sums of ``exp(score)`` over all labellings."""
        mask = step_mask(lengths, scores.shape[1])
        scores, shifts = self._own_scores(scores, mask)
        steps = scores + self._messages_from_behind(scores, lengths)  # (batch, time, classes)
        sent = steps.detach().logsumexp(2, keepdim=True)  # the constants that messages went without
        return (
            (self.first + steps[:, 0]).logsumexp(1)
            + torch.where(mask, sent, 0.0)[:, 1:].sum(dim=(1, 2))
            + shifts.sum(dim=(1, 2))
        )

    def _own_scores(self, scores: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Replace padding by zeros, and take each step's highest score, returned too, off it.

        Next to a score of 10,000, a transition would lose its decimals in float32.
        """
        scores = torch.where(mask, scores.to(self.transitions.dtype), 0.0)
        shifts = scores.detach().amax(2, keepdim=True)  # (batch, time, 1)
        return scores - shifts, shifts

    def _messages_from_behind(
        self,
        scores: Tensor,
        lengths: Tensor,
        ends: Tensor | None = None,
        send: Sender | None = None,
    ) -> Tensor:
        """Return what the steps behind each one say of its classes, as `sum_messages` does."""
        last = self.last.expand(len(scores), -1)
        if ends is not None:
            last = torch.where(ends[:, None], last, 0.0)
        # Reversed, all sequences of a batch begin at once, and padding comes after them.
        index = reversal_index(lengths, scores.shape[1])
        steps = reverse_steps(scores, index).transpose(0, 1)  # (time, batch, classes)
        messages = (send or sum_messages)(steps, last, self.transitions)
        return reverse_steps(messages.transpose(0, 1), index)


def sum_messages(steps: Tensor, start: Tensor, transitions: Tensor) -> Tensor:
    """Return what the steps before each one say of its classes; the first is told `start`.

    The total of a class is its score and the message to it. The message to the step after
    tells each class i the log-sum over the classes j of ``exp(transitions[i, j] + total[j])``,
    less that of ``exp(total[j])``, which keeps messages near 0 however many steps there are
    and is a constant to the gradient. All is ``(time, batch, classes)``.
    """
    lowest, highest = transitions.detach().aminmax(dim=1)
    if (highest - lowest).max() <= _widest_row(steps.dtype):
        return _ProductMessages.apply(steps, start, transitions)  # type: ignore[no-untyped-call]
    messages = [start]
    for step in steps[:-1]:  # (batch, classes)
        total = step + messages[-1]
        total = total - total.detach().logsumexp(1, keepdim=True)
        messages.append((transitions + total[:, None, :]).logsumexp(2))
    return torch.stack(messages)


def max_messages(steps: Tensor, start: Tensor, transitions: Tensor) -> Tensor:
    """Return messages like those of `sum_messages` with the largest summand for the sum."""
    messages = [start]
    for step in steps[:-1]:  # (batch, classes)
        total = step + messages[-1]
        total -= total.amax(1, keepdim=True)
        messages.append((transitions + total[:, None, :]).amax(2))
    return torch.stack(messages)


def _widest_row(dtype: torch.dtype) -> float:
    """Return how far the scores in a row of transitions may lie apart for `_ProductMessages`.

    Whatever the scores of steps, the likeliest class of the step before adds no less than
    ``exp(-range) / n_classes`` to a sum, and what underflows is below the smallest number. At
    this range, 55 in float32 and 636 in float64, the loss is the rounding error squared.
    """
    numbers = torch.finfo(dtype)
    return math.log(numbers.eps**2 / numbers.tiny)


class _ProductMessages(torch.autograd.Function):
    """The messages of `sum_messages`, by one small matrix product a step in each direction.

    Log-sums over pairs of classes, differentiated by autograd, take about three times as long.
    """

    @staticmethod
    def forward(ctx: Any, steps: Tensor, start: Tensor, transitions: Tensor) -> Tensor:
        highest = transitions.amax(1)  # (classes,)
        factors = (transitions - highest[:, None]).exp()  # (classes, classes)
        reverse = factors.T.contiguous()
        total = steps[0] + start
        # The highest of each row goes along with the scores of the step that hears of it.
        rest = steps[1:] + highest
        shares, sums = rest.new_empty(rest.shape), rest.new_empty(rest.shape)
        for step, share, summed in zip(rest, shares, sums, strict=True):  # (batch, classes)
            torch.softmax(total, 1, out=share)
            torch.mm(share, reverse, out=summed)
            total = summed.log().add_(step)
        ctx.save_for_backward(factors, shares, sums)
        return torch.cat([start[None], sums.log() + highest])

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        factors, shares, sums = ctx.saved_tensors
        by_message = grads[0]
        # From the last step on: a gradient by the sums sent to a step is its message's, and
        # what comes back from the sums that the step itself sends.
        by_sums = by_message[1:] / sums
        ratios = (shares[1:] / sums[:-1]).unbind(0)
        views = by_sums.unbind(0)
        for later, earlier, ratio in zip(views[:0:-1], views[-2::-1], ratios[::-1], strict=True):
            earlier.addcmul_(later @ factors, ratio)
        by_steps = torch.zeros_like(by_message)
        torch.mul(by_sums @ factors, shares, out=by_steps[:-1])
        by_factors = by_sums.flatten(0, 1).T @ shares.flatten(0, 1)
        return by_steps, by_message[0] + by_steps[0], by_factors * factors
