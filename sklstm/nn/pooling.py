"""From the states of all steps to one vector: at once, for every prefix, or piece by piece."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from sklstm.nn.convolution import step_mask
from sklstm.nn.state import State


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

    def state_sizes(self) -> list[tuple[str, int]]:
        """Return the name and the width of what is remembered from piece to piece."""
        return [("pooled state", self.size)]

    def begin(self, like: Tensor, n_sequences: int) -> State:
        """Return what is remembered before the first step."""
        return tuple(like.new_zeros(n_sequences, size) for _, size in self.state_sizes())

    def extend(self, memory: State, states: Tensor, lengths: Tensor) -> State:
        """Return what is remembered after a piece more, ``(batch, time, size)``."""
        raise NotImplementedError

    def finish(self, memory: State) -> Tensor:
        """Return the pooled state, ``(batch, size)``, of all pieces."""
        return memory[0]


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

    def extend(self, memory: State, states: Tensor, lengths: Tensor) -> State:
        """Return the last state."""
        return (self(states, lengths),)


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

    def state_sizes(self) -> list[tuple[str, int]]:
        """Return the name and the width of the sum and of the count."""
        return [("sum of states", self.size), ("count of steps", 1)]

    def extend(self, memory: State, states: Tensor, lengths: Tensor) -> State:
        """Add the states up, and count them."""
        total, count = memory
        more = (states * step_mask(lengths, states.shape[1])).sum(dim=1)
        return total + more, count + lengths[:, None]

    def finish(self, memory: State) -> Tensor:
        """Divide the sum by the count."""
        total, count = memory
        return total / count


class MaxPooling(Pooling):
    """Take the largest value of every unit over time."""

    def forward(self, states: Tensor, lengths: Tensor) -> Tensor:
        """Pool ``(batch, time, size)`` to ``(batch, size)``."""
        padding = ~step_mask(lengths, states.shape[1])
        return states.masked_fill(padding, -torch.inf).max(dim=1).values

    def scan(self, states: Tensor) -> Tensor:
        """Return the running maximum."""
        return states.cummax(dim=1).values

    def begin(self, like: Tensor, n_sequences: int) -> State:
        """Return what any state exceeds."""
        return (like.new_full((n_sequences, self.size), -torch.inf),)

    def extend(self, memory: State, states: Tensor, lengths: Tensor) -> State:
        """Return the largest so far."""
        return (torch.maximum(memory[0], self(states, lengths)),)


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

    def state_sizes(self) -> list[tuple[str, int]]:
        """Return the names and widths of the running sums, and of what they are scaled by."""
        return [("largest score", 1), ("sum of weights", 1), ("weighted sum", self.size)]

    def begin(self, like: Tensor, n_sequences: int) -> State:
        """Return empty sums, and what any score exceeds."""
        _, total, weighted = super().begin(like, n_sequences)
        return like.new_full((n_sequences, 1), -torch.inf), total, weighted

    def extend(self, memory: State, states: Tensor, lengths: Tensor) -> State:
        """Add to both sums, scaled anew where a larger score comes."""
        largest, total, weighted = memory
        padding = ~step_mask(lengths, states.shape[1])
        scores = self.scores(states).masked_fill(padding, -torch.inf)  # (batch, time, 1)
        # What both sums are divided by cancels in the end, so it has no gradient.
        scale = torch.maximum(largest, scores.max(dim=1).values).detach()
        before = torch.exp(largest.detach() - scale)
        weights = torch.exp(scores - scale[:, None])
        weighted = weighted * before + (weights * states).sum(dim=1)
        return scale, total * before + weights.sum(dim=1), weighted

    def finish(self, memory: State) -> Tensor:
        """Divide the weighted sum by the weights."""
        _, total, weighted = memory
        return weighted / total


POOLINGS: dict[str, type[Pooling]] = {
    "last": LastPooling,
    "mean": MeanPooling,
    "max": MaxPooling,
    "attention": AttentionPooling,
}


def make_pooling(name: str, size: int, bidirectional: bool = False) -> Pooling:
    """Build the pooling called `name` for states of `size` numbers."""
    return POOLINGS[name](size, bidirectional)
