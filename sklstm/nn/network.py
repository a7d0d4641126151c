"""The network of the estimators: embed, convolve, recur, pool, and an output layer."""

from __future__ import annotations

from torch import Tensor, nn

from sklstm.nn.convolution import ConvolutionPool
from sklstm.nn.dropout import Dropout
from sklstm.nn.embedding import TokenEmbedding
from sklstm.nn.pooling import Pooling
from sklstm.nn.recurrent import RecurrentStack
from sklstm.nn.step_convolution import StepConvolution


class SequenceNetwork(nn.Module):
    """Map right-padded sequences to one vector of outputs each.

    Parameters
    ----------
    embedding : TokenEmbedding or None
        Turns token ids into vectors; None where the steps are values already.
    step_convolution : StepConvolution or None
        Reads each step that is a matrix.
    convolution : ConvolutionPool or None
        Comes between the embedding and the recurrent layers.
    recurrent : RecurrentStack
        The recurrent layers.
    pooling : Pooling
        Turns ``(batch, time, size)`` states into ``(batch, size)``.
    output : Module
        The output layer.
    dropout : float, default=0.0
        Dropout in front of the recurrent layers (on learned vectors, never on values as
        given) and in front of the output layer.
    """

    def __init__(
        self,
        *,
        embedding: TokenEmbedding | None,
        step_convolution: StepConvolution | None,
        convolution: ConvolutionPool | None,
        recurrent: RecurrentStack,
        pooling: Pooling,
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
        x = inputs if self.embedding is None else self.embedding(inputs)
        if self.step_convolution is not None:
            x = self.step_convolution(x)
        if self.convolution is not None:
            x, lengths = self.convolution(x, lengths)
        return self.recurrent(self.input_dropout(x), lengths), lengths

    def encode(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return the pooled state, ``(batch, size)``."""
        return self.pooling(*self.states(inputs, lengths))

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return what the output layer makes of the pooled state."""
        outputs: Tensor = self.output(self.output_dropout(self.encode(inputs, lengths)))
        return outputs

    def forward_prefixes(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return the outputs of every prefix, ``(batch, time, ...)``.

        Only right for a network that `is_causal`.
        """
        states, _ = self.states(inputs, lengths)
        outputs: Tensor = self.output(self.pooling.scan(states))
        return outputs
