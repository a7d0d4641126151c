"""A conditional random field over the labels of a sequence's steps."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from sklstm.nn.convolution import step_mask
from sklstm.nn.recurrent import reversal_index, reverse_steps


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
        best = scores + self._messages_from_behind(scores, lengths, reduce=torch.amax)
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
        ahead = _messages(scores, self.first.expand(len(scores), -1), self.transitions.T)
        behind = self._messages_from_behind(scores, lengths)
        return torch.where(mask, (ahead + scores + behind).log_softmax(2), 0.0)

    def log_partition(self, scores: Tensor, lengths: Tensor) -> Tensor:
        """Return the ``(batch,)`` log-sums of ``exp(score)`` over all labellings."""
        mask = step_mask(lengths, scores.shape[1])
        scores, shifts = self._own_scores(scores, mask)
        steps = scores + self._messages_from_behind(scores, lengths)  # (batch, time, classes)
        peaks = torch.where(mask, steps.amax(2, keepdim=True), 0.0).detach()
        # Each step's message was sent less its peak.
        return (
            (self.first + steps[:, 0]).logsumexp(1)
            + peaks[:, 1:].sum(dim=(1, 2))
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
        reduce: Reduction = torch.logsumexp,
    ) -> Tensor:
        """Return what the steps behind each one say of its classes, as `_messages` does."""
        last = self.last.expand(len(scores), -1)
        if ends is not None:
            last = torch.where(ends[:, None], last, 0.0)
        # Reversed, all sequences of a batch begin at once, and padding comes after them.
        index = reversal_index(lengths, scores.shape[1])
        messages = _messages(reverse_steps(scores, index), last, self.transitions, reduce)
        return reverse_steps(messages, index)


Reduction = Callable[..., Tensor]


def _messages(
    scores: Tensor, start: Tensor, transitions: Tensor, reduce: Reduction = torch.logsumexp
) -> Tensor:
    """Return what the steps before each one say of its classes; the first is told `start`.

    A message is ``log(sum_j exp(transitions[i, j] + scores[j] + message before[j]))`` for each
    class i, less a constant that keeps it near 0 however many steps there are.
    """
    messages = [start]
    for step in scores.unbind(1)[:-1]:  # (batch, classes)
        total = step + messages[-1]
        total = total - total.detach().amax(1, keepdim=True)
        messages.append(reduce(transitions + total[:, None, :], 2))
    return torch.stack(messages, dim=1)  # (batch, time, classes)
