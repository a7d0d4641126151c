"""The network of the estimators: embed, convolve, recur, pool, and a linear output."""

from __future__ import annotations

from torch import Tensor, nn

from sklstm.nn.convolution import ConvolutionPool
from sklstm.nn.dropout import Dropout
from sklstm.nn.embedding import TokenEmbedding
from sklstm.nn.pooling import Pooling
from sklstm.nn.recurrent import RecurrentStack


class SequenceNetwork(nn.Module):
    """Map right-padded sequences to one vector of outputs each.

    Parameters
    ----------
    embedding : TokenEmbedding or None
        Turns token ids into vectors; None where the steps are values already.
    convolution : ConvolutionPool or None
        Comes between the embedding and the recurrent layers.
    recurrent : RecurrentStack
        The recurrent layers.
    pooling : Pooling
        Turns ``(batch, time, size)`` states into ``(batch, size)``.
    n_outputs : int
        Width of the output layer.
    dropout : float, default=0.0
        Dropout in front of the recurrent layers (on learned vectors, never on values as
        given) and in front of the output layer.
    """

    def __init__(
        self,
        *,
        embedding: TokenEmbedding | None,
        convolution: ConvolutionPool | None,
        recurrent: RecurrentStack,
        pooling: Pooling,
        n_outputs: int,
        dropout: float = 0.0,
    ):
        super().__init__()
        self.embedding = embedding
        self.convolution = convolution
        self.input_dropout = Dropout(dropout if embedding is not None or convolution else 0.0)
        self.recurrent = recurrent
        self.pooling = pooling
        self.output_dropout = Dropout(dropout)
        self.output = nn.Linear(recurrent.output_size, n_outputs)
        nn.init.xavier_uniform_(self.output.weight)
        nn.init.zeros_(self.output.bias)

    @property
    def is_causal(self) -> bool:
        """Whether a step's state depends on the steps up to it only."""
        return self.convolution is None and not self.recurrent.bidirectional

    def states(self, inputs: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Return the states of all steps, ``(batch, time, size)``, and how many count."""
        x = inputs if self.embedding is None else self.embedding(inputs)
        if self.convolution is not None:
            x, lengths = self.convolution(x, lengths)
        return self.recurrent(self.input_dropout(x), lengths), lengths

    def encode(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return the pooled state, ``(batch, size)``."""
        return self.pooling(*self.states(inputs, lengths))

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return the outputs, ``(batch, n_outputs)``, before sigmoid or softmax."""
        return self.output(self.output_dropout(self.encode(inputs, lengths)))

    def forward_prefixes(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return the outputs of every prefix, ``(batch, time, n_outputs)``.

        Only right for a network that `is_causal`.
        """
        states, _ = self.states(inputs, lengths)
        return self.output(self.pooling.scan(states))
