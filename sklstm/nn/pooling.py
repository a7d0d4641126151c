"""From the states of all steps to one vector, for the whole sequence or for every prefix."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from sklstm.nn.convolution import step_mask


class Pooling(nn.Module):
    """What every pooling offers.

    Parameters
    ----------
    size : int
        Numbers per step.
    bidirectional : bool, default=False
        Whether the second half of them comes from the backward direction, which ends at
        the first step.
    """

    def __init__(self, size: int, bidirectional: bool = False):
        super().__init__()
        self.size = size
        self.bidirectional = bidirectional

    def forward(self, states: Tensor, lengths: Tensor) -> Tensor:
        """Pool ``(batch, time, size)`` to ``(batch, size)``, each sequence's own steps."""
        raise NotImplementedError

    def scan(self, states: Tensor) -> Tensor:
        """Pool every prefix: ``(batch, time, size)`` to the same shape."""
        raise NotImplementedError


class LastPooling(Pooling):
    """Take each direction's final state."""

    def forward(self, states: Tensor, lengths: Tensor) -> Tensor:
        """Pool ``(batch, time, size)`` to ``(batch, size)``."""
        rows = torch.arange(len(lengths), device=lengths.device)
        last = states[rows, lengths - 1]
        if not self.bidirectional:
            return last
        half = states.shape[2] // 2
        return torch.cat([last[:, :half], states[:, 0, half:]], dim=1)

    def scan(self, states: Tensor) -> Tensor:
        """Return the states as they are."""
        return states


class MeanPooling(Pooling):
    """Average the states over time."""

    def forward(self, states: Tensor, lengths: Tensor) -> Tensor:
        """Pool ``(batch, time, size)`` to ``(batch, size)``."""
        total = (states * step_mask(lengths, states.shape[1])).sum(dim=1)
        return total / lengths[:, None]

    def scan(self, states: Tensor) -> Tensor:
        """Average every prefix, in one running sum."""
        counts = torch.arange(1, states.shape[1] + 1, device=states.device)
        return states.cumsum(dim=1) / counts[:, None]


class MaxPooling(Pooling):
    """Take the largest value of every unit over time."""

    def forward(self, states: Tensor, lengths: Tensor) -> Tensor:
        """Pool ``(batch, time, size)`` to ``(batch, size)``."""
        padding = ~step_mask(lengths, states.shape[1])
        return states.masked_fill(padding, -torch.inf).max(dim=1).values

    def scan(self, states: Tensor) -> Tensor:
        """Return the running maximum."""
        return states.cummax(dim=1).values


class AttentionPooling(Pooling):
    """Average the states with weights that a small network learns [1]_.

    Its hidden layer is as wide as a state, and both directions are scored alike.

    References
    ----------
    .. [1] Z. Yang et al., "Hierarchical Attention Networks for Document Classification",
       NAACL 2016, section 2.2.
    """

    def __init__(self, size: int, bidirectional: bool = False):
        super().__init__(size, bidirectional)
        self.hidden = nn.Linear(size, size)
        self.score = nn.Linear(size, 1, bias=False)

    def scores(self, states: Tensor) -> Tensor:
        """Return the unnormalized weight of every step."""
        return self.score(torch.tanh(self.hidden(states)))  # (batch, time, 1)

    def forward(self, states: Tensor, lengths: Tensor) -> Tensor:
        """Pool ``(batch, time, size)`` to ``(batch, size)``."""
        padding = ~step_mask(lengths, states.shape[1])
        weights = self.scores(states).masked_fill(padding, -torch.inf).softmax(dim=1)
        return (weights * states).sum(dim=1)

    def scan(self, states: Tensor) -> Tensor:
        """Average every prefix with the weights renormalized, in two running sums."""
        scores = self.scores(states)
        largest = scores.max(dim=1, keepdim=True).values
        log_total = (scores - largest).logcumsumexp(dim=1)
        weighted = (torch.exp(scores - largest) * states).cumsum(dim=1)
        return weighted / log_total.exp()


POOLINGS: dict[str, type[Pooling]] = {
    "last": LastPooling,
    "mean": MeanPooling,
    "max": MaxPooling,
    "attention": AttentionPooling,
}


def make_pooling(name: str, size: int, bidirectional: bool = False) -> Pooling:
    """Build the pooling called `name` for states of `size` numbers."""
    return POOLINGS[name](size, bidirectional)
