"""A training step on long sequences with one target each, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from sklstm.nn import SequenceNetwork
from sklstm.nn.dropout import generator_of
from sklstm.nn.state import State, put_rows, take_rows


@dataclass(frozen=True)
class Chunk:
    """Some consecutive steps of a batch, and what is needed to run them again.

    Attributes
    ----------
    rows : Tensor of shape (rows,)
        The sequences that reach this chunk.
    inputs : Tensor of shape (rows, steps, features)
        Their steps.
    lengths : Tensor of shape (rows,)
        Number of steps of each that are not padding.
    recurrent, memory : tuple of Tensor
        The state before the chunk: of the recurrent layers, and of pooling.
    draws : Tensor
        State of the random generator before the chunk, to repeat the dropout.
    """

    rows: Tensor
    inputs: Tensor
    lengths: Tensor
    recurrent: State
    memory: State
    draws: Tensor


class TruncatedStep:
    """Back-propagate through a batch chunk by chunk, in two passes over it [1]_.

    The pooled state depends on all chunks, but their activations are not kept. The first pass
    reads the sequences without gradients and stores the state before each chunk. The loss then
    gives the gradient of the pooling state, and the second pass runs each chunk again, from the
    last to the first, to back-propagate that gradient through the chunk's own steps. The gradient
    reaches every step through pooling, but never passes from one chunk to the chunk before through
    the recurrent state.

    Parameters
    ----------
    module : SequenceNetwork
        A causal network with pooling, in training mode.
    chunk_length : int
        Number of steps of a chunk.
    exact : bool
        Whether the state after the batch matters for all sequences, not only the longest.

    References
    ----------
    .. [1] R. J. Williams, J. Peng, "An Efficient Gradient-Based Algorithm for On-Line Training
       of Recurrent Network Trajectories", Neural Computation 2(4), 1990, section 4; the second
       run of each chunk is that of T. Chen et al., "Training Deep Nets with Sublinear Memory
       Cost", arXiv:1604.06174, 2016, section 3.
    """

    def __init__(self, module: SequenceNetwork, chunk_length: int, *, exact: bool):
        assert module.pooling is not None
        self.module = module
        self.pooling = module.pooling
        self.chunk_length = chunk_length
        self.exact = exact
        self.n_recurrent = len(module.recurrent.state_sizes())

    def run(
        self, inputs: Tensor, lengths: Tensor, state: State, loss_of: Callable[[Tensor], Tensor]
    ) -> tuple[Tensor, Tensor, State]:
        """Add the gradients of a batch to the module's weights.

        Parameters
        ----------
        inputs : Tensor of shape (batch, time, features)
            Right-padded sequences.
        lengths : Tensor of shape (batch,)
            Number of steps of each.
        state : tuple of Tensor
            The state from which they continue.
        loss_of : callable
            Maps the network's outputs to the loss.

        Returns
        -------
        loss, outputs : Tensor
            Of the whole batch.
        state : tuple of Tensor
            After it.
        """
        chunks, state = self._read(inputs, lengths, state)
        memory = tuple(part.detach().requires_grad_() for part in state[self.n_recurrent :])
        outputs = self.module.respond(self.pooling.finish(memory))
        loss = loss_of(outputs)
        loss.backward()
        gradients = tuple(_gradient(part) for part in memory)
        after = generator_of(self.module).get_state()
        for chunk in reversed(chunks):
            gradients = self._send_back(chunk, gradients)
        generator_of(self.module).set_state(after)
        return loss.detach(), outputs, state

    @torch.no_grad()
    def _read(self, inputs: Tensor, lengths: Tensor, state: State) -> tuple[list[Chunk], State]:
        """Return the chunks, and the state after all of them."""
        chunks = []
        for start in range(0, int(lengths.max()), self.chunk_length):
            rows = torch.nonzero(lengths > start).flatten()
            own = (lengths[rows] - start).clamp(max=self.chunk_length)
            steps = inputs[rows, start : start + int(own.max())]
            before = take_rows(state, rows)
            recurrent, memory = before[: self.n_recurrent], before[self.n_recurrent :]
            draws = generator_of(self.module).get_state()
            chunks.append(Chunk(rows, steps, own, recurrent, memory, draws))
            states, recurrent = self._states(chunks[-1])
            memory = self.pooling.extend(memory, states, own)
            state = put_rows(state, rows, recurrent + memory)
        return chunks, state

    def _states(self, chunk: Chunk) -> tuple[Tensor, State]:
        return self.module.advance_states(
            chunk.inputs, chunk.lengths, chunk.recurrent, exact=self.exact
        )

    def _send_back(self, chunk: Chunk, gradients: State) -> State:
        """Return the gradients of the pooling state before the chunk."""
        generator_of(self.module).set_state(chunk.draws)
        memory = tuple(part.clone().requires_grad_() for part in chunk.memory)
        states, _ = self._states(chunk)
        extended = self.pooling.extend(memory, states, chunk.lengths)
        wanted = [
            (part, gradient)
            for part, gradient in zip(extended, take_rows(gradients, chunk.rows), strict=True)
            if part.requires_grad
        ]
        if wanted:  # unless every layer below is frozen
            parts, sent = zip(*wanted, strict=True)
            torch.autograd.backward(parts, sent)
        before = tuple(_gradient(part) for part in memory)
        return put_rows(gradients, chunk.rows, before)


def _gradient(part: Tensor) -> Tensor:
    """Return the gradient of a leaf, zero if nothing depends on it."""
    return torch.zeros_like(part) if part.grad is None else part.grad
