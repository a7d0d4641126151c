"""The network of the estimators: embed, convolve, recur, pool, and an output layer."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from sklstm.nn.convolution import ConvolutionPool
from sklstm.nn.dropout import Dropout
from sklstm.nn.pooling import Pooling
from sklstm.nn.recurrent import RecurrentStack
from sklstm.nn.state import State, advance_ragged, put_rows, take_rows
from sklstm.nn.step_convolution import StepConvolution


class SequenceNetwork(nn.Module):
    """Map right-padded sequences to one vector of outputs each, or to one for every step.

    Parameters
    ----------
    embedding : Module or None
        Turns token ids into vectors; None where the steps are values already.
    step_convolution : StepConvolution or None
        Reads each step that is a matrix.
    convolution : ConvolutionPool or None
        Comes between the embedding and the recurrent layers.
    recurrent : RecurrentStack
        The recurrent layers.
    pooling : Pooling or None
        Turns ``(batch, time, size)`` states into ``(batch, size)``; None for outputs of every
        step, by the same output layer.
    output : Module
        The output layer.
    dropout : float, default=0.0
        Dropout in front of the recurrent layers (on learned vectors, never on values as
        given) and in front of the output layer.
    """

    def __init__(
        self,
        *,
        embedding: nn.Module | None,
        step_convolution: StepConvolution | None,
        convolution: ConvolutionPool | None,
        recurrent: RecurrentStack,
        pooling: Pooling | None,
        output: nn.Module,
        dropout: float = 0.0,
    ):
        super().__init__()
        self.embedding = embedding
        self.step_convolution = step_convolution
        self.convolution = convolution
        learned = any(part is not None for part in (embedding, step_convolution, convolution))
        self.input_dropout = Dropout(dropout if learned else 0.0)
        self.recurrent = recurrent
        self.pooling = pooling
        self.output_dropout = Dropout(dropout)
        self.output = output

    @property
    def is_causal(self) -> bool:
        """Whether a step's state depends on the steps up to it only."""
        return self.convolution is None and not self.recurrent.bidirectional

    def states(self, inputs: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Return the states of all steps, ``(batch, time, size)``, and how many count."""
        x = self._read_steps(inputs)
        if self.convolution is not None:
            x, lengths = self.convolution(x, lengths)
        return self.recurrent(self.input_dropout(x), lengths), lengths

    def encode(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return the pooled state, ``(batch, size)``, or the states of all steps."""
        states, lengths = self.states(inputs, lengths)
        return states if self.pooling is None else self.pooling(states, lengths)

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return what the output layer makes of the pooled state, or of every step's."""
        return self.respond(self.encode(inputs, lengths))

    def respond(self, encoded: Tensor) -> Tensor:
        """Return what the output layer makes of what `encode` gives."""
        outputs: Tensor = self.output(self.output_dropout(encoded))
        return outputs

    def forward_prefixes(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return the outputs of every prefix, ``(batch, time, ...)``.

        Only right for a network that `is_causal`.
        """
        states, _ = self.states(inputs, lengths)
        assert self.pooling is not None  # otherwise `forward` gives them
        outputs: Tensor = self.output(self.pooling.scan(states))
        return outputs

    def state_sizes(self) -> list[tuple[str, int]]:
        """Return the name and the width of each part of the state, pooling last."""
        pooled = [] if self.pooling is None else self.pooling.state_sizes()
        return self.recurrent.state_sizes() + pooled

    def begin(self, n_sequences: int) -> State:
        """Return the state before the first step."""
        like = next(self.recurrent.parameters())
        recurrent = (like.new_zeros(n_sequences, size) for _, size in self.recurrent.state_sizes())
        pooled = () if self.pooling is None else self.pooling.begin(like, n_sequences)
        return (*recurrent, *(part.detach() for part in pooled))

    def begin_pooling(self, state: State) -> State:
        """Return `state` with the steps read so far left out of what is pooled."""
        n_recurrent = len(self.recurrent.state_sizes())
        return state[:n_recurrent] + self.begin(len(state[0]))[n_recurrent:]

    def advance_states(
        self, inputs: Tensor, lengths: Tensor, state: State, *, exact: bool
    ) -> tuple[Tensor, State]:
        """Return the states of all steps, and the recurrent part of the state after them.

        Only for a network that `is_causal`. Unless `exact`, the state is right for the longest
        sequences only: the others' went on through padding, which is cheaper.
        """
        x = self.input_dropout(self._read_steps(inputs))
        recurrent = state[: len(self.recurrent.state_sizes())]
        if exact:
            return advance_ragged(self.recurrent.advance, x, lengths, recurrent)
        return self.recurrent.advance(x, recurrent)

    def forward_from(
        self, inputs: Tensor, lengths: Tensor, state: State, *, exact: bool = True
    ) -> tuple[Tensor, State]:
        """Return what `forward` does for sequences that go on from `state`, and the state then.

        See `advance_states`. Everything that was read since the state began is pooled.
        """
        states, recurrent = self.advance_states(inputs, lengths, state, exact=exact)
        if self.pooling is None:
            return self.respond(states), recurrent
        memory = self.pooling.extend(state[len(recurrent) :], states, lengths)
        return self.respond(self.pooling.finish(memory)), recurrent + memory

    def forward_in_chunks(self, inputs: Tensor, lengths: Tensor, chunk_length: int) -> Tensor:
        """Return what `forward` does, in memory that does not grow with the sequences' lengths."""
        state, outputs = self.begin(len(inputs)), []
        for start in range(0, inputs.shape[1], chunk_length):
            rows = torch.nonzero(lengths > start).flatten()
            own = (lengths[rows] - start).clamp(max=chunk_length)
            steps = inputs[rows, start : start + int(own.max())]
            result, after = self.forward_from(steps, own, take_rows(state, rows), exact=False)
            state = put_rows(state, rows, after)
            if self.pooling is None:
                block = result.new_zeros(len(inputs), *result.shape[1:])
                outputs.append(block.index_copy(0, rows, result))
        if self.pooling is None:
            return torch.cat(outputs, dim=1)
        return self.respond(self.pooling.finish(state[len(self.recurrent.state_sizes()) :]))

    def _read_steps(self, inputs: Tensor) -> Tensor:
        """Return the vector of each step by itself, ``(batch, time, size)``."""
        x = inputs if self.embedding is None else self.embedding(inputs)
        return x if self.step_convolution is None else self.step_convolution(x)
