"""Pooling over time: of whole sequences, of every prefix, or of a sequence read in chunks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from sklstm.nn.checks import check_lengths, check_tensor, flag, one_of, whole
from sklstm.nn.padding import step_mask
from sklstm.nn.state import State


class Pooling(nn.Module):
    """Base class of poolings, from the hidden states of all steps to one vector.

    A pooling can also be computed chunk by chunk: `initial_state` before the first chunk, `extend`
    for each one, and `finish` for the result. All three ways give the same vectors.

    Parameters
    ----------
    size : int
        Number of features of a hidden state, of both directions together.
    bidirectional : bool, default=False
        Whether the last features, half of them by default, come from the backward direction, whose
        final state is at the first step.
    backward_size : int or None, default=None
        How many features come from the backward direction, if that is not half of them.

    Attributes
    ----------
    output_size : int
        Number of features of a pooled vector.
    """

    def __init__(self, size: int, bidirectional: bool = False, backward_size: int | None = None):
        super().__init__()
        self.size = self.output_size = whole("size", size)
        self.bidirectional = flag("bidirectional", bidirectional)
        if self.bidirectional and backward_size is None and self.size % 2:
            raise ValueError(
                f"size must be even with bidirectional=True, as both directions have as many "
                f"features; got {size}."
            )
        if backward_size is None:
            backward_size = self.size // 2 if self.bidirectional else 0
        self.backward_size = whole("backward_size", backward_size, 0)
        if not (self.backward_size == 0 or self.bidirectional) or self.backward_size > self.size:
            raise ValueError(
                f"backward_size must be at most size={size}, and 0 unless bidirectional=True; got "
                f"{backward_size}."
            )

    def _check_states(self, states: Any) -> None:
        """Raise unless states have `size` features."""
        check_tensor("states", states, "batch", "time", self.size)

    def _check(self, states: Any, lengths: Any, memory: State | None = None) -> None:
        """Raise unless each sequence of states has a length, and a running state if given."""
        self._check_states(states)
        check_lengths(lengths, *states.shape[:2])
        if memory is not None:
            for i, (_, size) in enumerate(self.state_sizes()):
                check_tensor(f"memory[{i}]", memory[i], len(states), size)

    def forward(self, states: Tensor, lengths: Tensor) -> Tensor:
        """Pool hidden states over time, without those at padding.

        Parameters
        ----------
        states : Tensor of shape (batch, time, size)
            Hidden states of right-padded sequences.
        lengths : Tensor of shape (batch,)
            Number of steps of each sequence.

        Returns
        -------
        Tensor of shape (batch, output_size)
        """
        raise NotImplementedError

    def scan(self, states: Tensor) -> Tensor:
        """Pool every prefix: step t of the ``(batch, time, output_size)`` result pools 0 to t."""
        raise NotImplementedError

    def state_sizes(self) -> list[tuple[str, int]]:
        """Return the name and size of each part of the running state between chunks."""
        return [("pooled state", self.size)]

    def initial_state(self, like: Tensor, n_sequences: int) -> State:
        """Return the running state before the first step, with the dtype and device of `like`."""
        return tuple(like.new_zeros(n_sequences, size) for _, size in self.state_sizes())

    def extend(self, memory: State, states: Tensor, lengths: Tensor) -> State:
        """Return the running state `memory` after another chunk of ``(batch, time, size)``."""
        raise NotImplementedError

    def finish(self, memory: State) -> Tensor:
        """Return the pooled vectors, ``(batch, output_size)``, of all chunks."""
        return memory[0]


class LastPooling(Pooling):
    """The final hidden state of each direction.

    Parameters
    ----------
    size : int
        Number of features of a hidden state, of both directions together.
    bidirectional : bool, default=False
        Whether the last features, half of them by default, come from the backward direction, whose
        final state is at the first step.
    backward_size : int or None, default=None
        How many features come from the backward direction, if that is not half of them.

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn import LastPooling
    >>> states = torch.tensor([[[1.0], [5.0], [2.0]], [[3.0], [4.0], [0.0]]])
    >>> LastPooling(1)(states, lengths=torch.tensor([3, 2]))
    tensor([[2.],
            [4.]])
    """

    def forward(self, states: Tensor, lengths: Tensor) -> Tensor:
        """Pool ``(batch, time, size)`` to ``(batch, size)``."""
        self._check(states, lengths)
        rows = torch.arange(len(lengths), device=lengths.device)
        last = states[rows, lengths - 1]  # (batch, size)
        if not self.bidirectional:
            return last
        n_forward = self.size - self.backward_size
        return torch.cat([last[:, :n_forward], states[:, 0, n_forward:]], dim=1)

    def scan(self, states: Tensor) -> Tensor:
        """Return `states`: the last state of each prefix."""
        self._check_states(states)
        return states

    def extend(self, memory: State, states: Tensor, lengths: Tensor) -> State:
        """Return the last state of the chunk."""
        return (self(states, lengths),)


class MeanPooling(Pooling):
    """The mean of the hidden states over time.

    Parameters
    ----------
    size : int
        Number of features of a hidden state, of both directions together.
    bidirectional : bool, default=False
        Without effect: the mean is the same for both directions.
    backward_size : int or None, default=None
        Without effect, too.

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn import MeanPooling
    >>> states = torch.tensor([[[1.0], [5.0], [3.0]], [[3.0], [4.0], [0.0]]])
    >>> MeanPooling(1)(states, lengths=torch.tensor([3, 2]))
    tensor([[3.0000],
            [3.5000]])
    """

    def forward(self, states: Tensor, lengths: Tensor) -> Tensor:
        """Pool ``(batch, time, size)`` to ``(batch, size)``."""
        self._check(states, lengths)
        total = (states * step_mask(lengths, states.shape[1])).sum(dim=1)  # (batch, size)
        return total / lengths[:, None]

    def scan(self, states: Tensor) -> Tensor:
        """Return the mean of every prefix, from a cumulative sum."""
        self._check_states(states)
        counts = torch.arange(1, states.shape[1] + 1, device=states.device)
        return states.cumsum(dim=1) / counts[:, None]  # (batch, time, size)

    def state_sizes(self) -> list[tuple[str, int]]:
        """Return the name and size of the sum and of the number of steps."""
        return [("sum of states", self.size), ("count of steps", 1)]

    def extend(self, memory: State, states: Tensor, lengths: Tensor) -> State:
        """Add the chunk to the sum and to the number of steps."""
        self._check(states, lengths, memory)
        total, count = memory  # (batch, size), (batch, 1)
        more = (states * step_mask(lengths, states.shape[1])).sum(dim=1)
        return total + more, count + lengths[:, None]

    def finish(self, memory: State) -> Tensor:
        """Divide the sum by the number of steps."""
        total, count = memory
        return total / count


class MaxPooling(Pooling):
    """The maximum of every hidden unit over time.

    Parameters
    ----------
    size : int
        Number of features of a hidden state, of both directions together.
    bidirectional : bool, default=False
        Without effect: the maximum is the same for both directions.
    backward_size : int or None, default=None
        Without effect, too.

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn import MaxPooling
    >>> states = torch.tensor([[[1.0], [5.0], [2.0]], [[3.0], [4.0], [9.0]]])
    >>> MaxPooling(1)(states, lengths=torch.tensor([3, 2]))
    tensor([[5.],
            [4.]])
    """

    def forward(self, states: Tensor, lengths: Tensor) -> Tensor:
        """Pool ``(batch, time, size)`` to ``(batch, size)``."""
        self._check(states, lengths)
        padding = ~step_mask(lengths, states.shape[1])  # (batch, time, 1)
        return states.masked_fill(padding, -torch.inf).max(dim=1).values

    def scan(self, states: Tensor) -> Tensor:
        """Return the cumulative maximum."""
        self._check_states(states)
        return states.cummax(dim=1).values  # (batch, time, size)

    def initial_state(self, like: Tensor, n_sequences: int) -> State:
        """Return minus infinity, which every hidden unit exceeds."""
        return (like.new_full((n_sequences, self.size), -torch.inf),)

    def extend(self, memory: State, states: Tensor, lengths: Tensor) -> State:
        """Return the maximum over the earlier chunks and this one."""
        self._check(states, lengths, memory)
        return (torch.maximum(memory[0], self(states, lengths)),)


class AttentionPooling(Pooling):
    """A weighted mean of the hidden states, with weights from a small network [1]_.

    The weight of the hidden state ``h[t]`` is proportional to
    ``exp(v @ tanh(W @ h[t] + b))``. The hidden layer of this network is as wide as a hidden
    state, and both directions are scored together.

    Parameters
    ----------
    size : int
        Number of features of a hidden state, of both directions together.
    bidirectional : bool, default=False
        Without effect: the weights depend on both directions.
    backward_size : int or None, default=None
        Without effect, too.

    References
    ----------
    .. [1] Z. Yang et al., "Hierarchical Attention Networks for Document Classification",
       NAACL 2016, section 2.2.

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn import AttentionPooling
    >>> pooling = AttentionPooling(4)
    >>> pooling(torch.randn(2, 3, 4), lengths=torch.tensor([3, 2])).shape
    torch.Size([2, 4])
    """

    def __init__(self, size: int, bidirectional: bool = False, backward_size: int | None = None):
        super().__init__(size, bidirectional, backward_size)
        self.hidden = nn.Linear(self.size, self.size)
        self.score = nn.Linear(self.size, 1, bias=False)

    def scores(self, states: Tensor) -> Tensor:
        """Return the attention scores, ``(batch, time, 1)``, before the softmax over time."""
        return self.score(torch.tanh(self.hidden(states)))

    def forward(self, states: Tensor, lengths: Tensor) -> Tensor:
        """Pool ``(batch, time, size)`` to ``(batch, size)``."""
        self._check(states, lengths)
        padding = ~step_mask(lengths, states.shape[1])  # (batch, time, 1)
        weights = self.scores(states).masked_fill(padding, -torch.inf).softmax(dim=1)
        return (weights * states).sum(dim=1)

    def scan(self, states: Tensor) -> Tensor:
        """Return the weighted mean of every prefix, from two cumulative sums."""
        self._check_states(states)
        scores = self.scores(states)  # (batch, time, 1)
        largest = scores.max(dim=1, keepdim=True).values  # (batch, 1, 1)
        log_total = (scores - largest).logcumsumexp(dim=1)
        weighted = (torch.exp(scores - largest) * states).cumsum(dim=1)  # (batch, time, size)
        return weighted / log_total.exp()

    def state_sizes(self) -> list[tuple[str, int]]:
        """Return the name and size of the running sums and of the score that scales them."""
        return [("largest score", 1), ("sum of weights", 1), ("weighted sum", self.size)]

    def initial_state(self, like: Tensor, n_sequences: int) -> State:
        """Return empty sums, and minus infinity, which every score exceeds."""
        _, total, weighted = super().initial_state(like, n_sequences)
        return like.new_full((n_sequences, 1), -torch.inf), total, weighted

    def extend(self, memory: State, states: Tensor, lengths: Tensor) -> State:
        """Add the chunk to both sums, which are rescaled where a larger score occurs."""
        self._check(states, lengths, memory)
        largest, total, weighted = memory  # (batch, 1), (batch, 1), (batch, size)
        padding = ~step_mask(lengths, states.shape[1])
        scores = self.scores(states).masked_fill(padding, -torch.inf)  # (batch, time, 1)
        # The factor that both sums are divided by cancels in the end, so it needs no gradient.
        scale = torch.maximum(largest, scores.max(dim=1).values).detach()
        before = torch.exp(largest.detach() - scale)
        weights = torch.exp(scores - scale[:, None])  # (batch, time, 1)
        weighted = weighted * before + (weights * states).sum(dim=1)
        return scale, total * before + weights.sum(dim=1), weighted

    def finish(self, memory: State) -> Tensor:
        """Divide the weighted sum by the sum of the weights."""
        _, total, weighted = memory
        return weighted / total


class ConcatPooling(Pooling):
    """Last state, maximum and mean of the hidden states, concatenated [1]_.

    Parameters
    ----------
    size : int
        Number of features of a hidden state, of both directions together. A pooled vector has
        three times as many.
    bidirectional : bool, default=False
        Whether the last features, half of them by default, come from the backward direction, whose
        final state is at the first step.
    backward_size : int or None, default=None
        How many features come from the backward direction, if that is not half of them.

    References
    ----------
    .. [1] J. Howard, S. Ruder, "Universal Language Model Fine-tuning for Text Classification",
       ACL 2018, section 3.3.

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn import ConcatPooling
    >>> states = torch.tensor([[[1.0], [5.0], [3.0]], [[3.0], [4.0], [0.0]]])
    >>> ConcatPooling(1)(states, lengths=torch.tensor([3, 2]))
    tensor([[3.0000, 5.0000, 3.0000],
            [4.0000, 4.0000, 3.5000]])
    """

    def __init__(self, size: int, bidirectional: bool = False, backward_size: int | None = None):
        super().__init__(size, bidirectional, backward_size)
        kinds = {"last": LastPooling, "max": MaxPooling, "mean": MeanPooling}
        self.parts = nn.ModuleDict(
            {name: kind(size, bidirectional, backward_size) for name, kind in kinds.items()}
        )
        self.output_size = 3 * self.size

    def _each(self) -> Iterator[tuple[str, Pooling]]:
        for name, part in self.parts.items():
            assert isinstance(part, Pooling)  # a ModuleDict is typed as one of Module
            yield name, part

    def _shared(self, memory: State) -> Iterator[tuple[Pooling, State]]:
        """Yield each pooling with its own part of the running state."""
        start = 0
        for _, part in self._each():
            n = len(part.state_sizes())
            yield part, memory[start : start + n]
            start += n

    def forward(self, states: Tensor, lengths: Tensor) -> Tensor:
        """Pool ``(batch, time, size)`` to ``(batch, 3 * size)``."""
        return torch.cat([part(states, lengths) for _, part in self._each()], dim=1)

    def scan(self, states: Tensor) -> Tensor:
        """Return last state, maximum and mean of every prefix, ``(batch, time, 3 * size)``."""
        return torch.cat([part.scan(states) for _, part in self._each()], dim=2)

    def state_sizes(self) -> list[tuple[str, int]]:
        """Return the name and size of each part of the running states of the three."""
        return [
            (f"{of} of {name} pooling", size)
            for name, part in self._each()
            for of, size in part.state_sizes()
        ]

    def initial_state(self, like: Tensor, n_sequences: int) -> State:
        """Return the initial states of the three."""
        return sum((part.initial_state(like, n_sequences) for _, part in self._each()), ())

    def extend(self, memory: State, states: Tensor, lengths: Tensor) -> State:
        """Extend the running state of each of the three."""
        own = (part.extend(before, states, lengths) for part, before in self._shared(memory))
        return sum(own, ())

    def finish(self, memory: State) -> Tensor:
        """Concatenate the results of the three."""
        return torch.cat([part.finish(own) for part, own in self._shared(memory)], dim=1)


POOLINGS: dict[str, type[Pooling]] = {
    "last": LastPooling,
    "mean": MeanPooling,
    "max": MaxPooling,
    "attention": AttentionPooling,
    "concat": ConcatPooling,
}


def make_pooling(
    name: str, size: int, bidirectional: bool = False, backward_size: int | None = None
) -> Pooling:
    """Return a new pooling by its name.

    Parameters
    ----------
    name : {"last", "mean", "max", "attention", "concat"}
        `LastPooling`, `MeanPooling`, `MaxPooling`, `AttentionPooling` or `ConcatPooling`.
    size : int
        Number of features of a hidden state, of both directions together.
    bidirectional : bool, default=False
        Whether the last features, half of them by default, come from the backward direction.
    backward_size : int or None, default=None
        How many features come from the backward direction, if that is not half of them.

    Returns
    -------
    Pooling

    Examples
    --------
    >>> from sklstm.nn import make_pooling
    >>> make_pooling("mean", 8)
    MeanPooling()
    """
    return POOLINGS[one_of("name", name, POOLINGS)](size, bidirectional, backward_size)
