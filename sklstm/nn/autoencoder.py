"""Autoencoders: of rows of a table, and of sequences whose code is repeated to the decoder."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from sklstm.nn.convolution import step_mask
from sklstm.nn.dropout import Dropout, RandomModule
from sklstm.nn.pooling import Pooling
from sklstm.nn.recurrent import RecurrentStack
from sklstm.nn.vocabulary import best_tokens, token_losses


class Corruption(RandomModule):
    """Hide a share of the input while training, for a denoising autoencoder [1]_.

    Parameters
    ----------
    p : float
        Probability that a number becomes 0, or a token unknown.
    unknown_id : int, default=1
        The id of an unknown token.

    References
    ----------
    .. [1] P. Vincent et al., "Extracting and Composing Robust Features with Denoising
       Autoencoders", ICML 2008, section 2.3.
    """

    def __init__(self, p: float, unknown_id: int = 1):
        super().__init__()
        self.p = p
        self.unknown_id = unknown_id
        self.active = True

    def forward(self, x: Tensor) -> Tensor:
        """Return `x`, some of it hidden while training."""
        if not (self.training and self.active and self.p > 0.0):
            return x
        hidden = torch.empty(x.shape, device=x.device).bernoulli_(self.p, generator=self.generator)
        if x.is_floating_point():
            return x * (1.0 - hidden)
        return torch.where((hidden > 0) & (x > 0), self.unknown_id, x)  # padding stays


class Autoencoder(nn.Module):
    """What both autoencoders offer.

    Their ``forward`` maps a batch to the reconstruction error of each sample, averaged over its
    numbers or tokens, and its code.
    """

    corruption: Corruption
    code_size: int

    def encode(self, inputs: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Return the code, ``(batch, code_size)``."""
        raise NotImplementedError

    def forward(self, inputs: Tensor, lengths: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return errors ``(batch,)`` and codes ``(batch, code_size)``."""
        raise NotImplementedError


class DenseAutoencoder(Autoencoder):
    """Dense layers down to a code, and mirrored ones back up.

    Weights are drawn as He et al. [1]_ do for rectified units.

    Parameters
    ----------
    n_features : int
        Numbers of a row.
    hidden_sizes : tuple of int
        Units of the layers in front of the code; behind it in reverse order.
    code_size : int
        Numbers of the code.
    noise : float, default=0.0
        Share of the numbers hidden from the encoder while training.
    dropout : float, default=0.0
        Dropout behind every hidden layer.

    References
    ----------
    .. [1] K. He et al., "Delving Deep into Rectifiers", ICCV 2015, section 2.2.
    """

    def __init__(
        self,
        n_features: int,
        hidden_sizes: tuple[int, ...],
        code_size: int,
        *,
        noise: float = 0.0,
        dropout: float = 0.0,
    ):
        super().__init__()
        self.corruption = Corruption(noise)
        self.encoder = dense_layers((n_features, *hidden_sizes, code_size), dropout)
        self.decoder = dense_layers((code_size, *reversed(hidden_sizes), n_features), dropout)
        self.code_size = code_size

    def encode(self, inputs: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Return the code of ``(batch, n_features)`` rows."""
        code: Tensor = self.encoder(self.corruption(inputs))
        return code

    def forward(self, inputs: Tensor, lengths: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return mean squared errors and codes."""
        code = self.encode(inputs)
        error = self.decoder(code) - inputs  # (batch, n_features)
        return error.square().mean(dim=1), code

    def decode(self, code: Tensor) -> Tensor:
        """Return the rows, ``(batch, n_features)``, that codes stand for."""
        rows: Tensor = self.decoder(code)
        return rows


def dense_layers(sizes: tuple[int, ...], dropout: float) -> nn.Sequential:
    """Return dense layers from the first size to the last, rectified but for the last."""
    layers: list[nn.Module] = []
    for depth, (size_in, size_out) in enumerate(pairwise(sizes), start=1):
        linear = nn.Linear(size_in, size_out)
        nn.init.kaiming_uniform_(linear.weight, nonlinearity="relu")
        nn.init.zeros_(linear.bias)
        layers.append(linear)
        if depth < len(sizes) - 1:
            layers += [nn.ReLU(), Dropout(dropout)]
    return nn.Sequential(*layers)


class SequenceAutoencoder(Autoencoder):
    """Recurrent layers down to a code, which others unroll again [1]_.

    The decoder reads the code anew at every step, and nothing else.

    Parameters
    ----------
    embedding : Module or None
        Turns token ids into vectors; None where the steps are values already.
    encoder : RecurrentStack
        Reads the sequence.
    pooling : Pooling
        Makes one vector of its states.
    decoder : RecurrentStack
        Reads the code over and over.
    code_size : int
        Numbers of the code.
    n_outputs : int
        Numbers of a step; or the number of token ids.
    noise : float, default=0.0
        Share of the numbers, or tokens, hidden from the encoder while training.
    dropout : float, default=0.0
        Dropout on the pooled states, and on those of the decoder.

    References
    ----------
    .. [1] N. Srivastava, E. Mansimov, R. Salakhutdinov, "Unsupervised Learning of Video
       Representations using LSTMs", ICML 2015, section 2.2. There the decoder may see the step
       before instead.
    """

    def __init__(
        self,
        embedding: nn.Module | None,
        encoder: RecurrentStack,
        pooling: Pooling,
        decoder: RecurrentStack,
        code_size: int,
        n_outputs: int,
        *,
        noise: float = 0.0,
        dropout: float = 0.0,
    ):
        super().__init__()
        self.embedding = embedding
        self.corruption = Corruption(noise)
        self.encoder = encoder
        self.pooling = pooling
        self.to_code = nn.Linear(encoder.output_size, code_size)
        self.decoder = decoder
        self.output = nn.Linear(decoder.output_size, n_outputs)
        self.dropout = Dropout(dropout)
        self.code_size = code_size

    def encode(self, inputs: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Return the code of ``(batch, time, features)`` sequences."""
        assert lengths is not None
        x = self.corruption(inputs)
        if self.embedding is not None:
            x = self.embedding(x)
        pooled = self.pooling(self.encoder(x, lengths), lengths)  # (batch, hidden)
        code: Tensor = self.to_code(self.dropout(pooled))
        return code

    def unroll(self, code: Tensor, lengths: Tensor) -> Tensor:
        """Return the decoder's states, ``(batch, time, hidden)``."""
        n_steps = int(lengths.max())
        # Laid out time-major, as the recurrent kernels read it.
        repeated = code.expand(n_steps, *code.shape).contiguous().transpose(0, 1)
        states: Tensor = self.dropout(self.decoder(repeated, lengths))
        return states

    def forward(self, inputs: Tensor, lengths: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return errors and codes.

        The errors are mean squared ones, of tokens mean cross-entropies.
        """
        assert lengths is not None
        code = self.encode(inputs, lengths)
        states = self.unroll(code, lengths)
        if self.embedding is not None:
            return self._token_errors(states, inputs, lengths), code
        error = (self.output(states) - inputs).square().mean(dim=2)  # (batch, time)
        mask = step_mask(lengths, error.shape[1]).squeeze(2)
        return (error * mask).sum(dim=1) / lengths, code

    def _token_errors(self, states: Tensor, ids: Tensor, lengths: Tensor) -> Tensor:
        """Return the mean cross-entropy of each sequence's tokens."""
        mask = step_mask(lengths, states.shape[1]).squeeze(2) > 0
        sequence = torch.arange(len(ids), device=ids.device)[:, None].expand(mask.shape)[mask]
        expected = ids[..., 0][mask]  # (steps,)
        expected = torch.where(expected < self.output.out_features, expected, 1)  # unknown
        losses = token_losses(states[mask], self.output.weight, self.output.bias, expected)
        return states.new_zeros(len(ids)).index_add(0, sequence, losses) / lengths

    def decode(self, code: Tensor, lengths: Tensor) -> Tensor:
        """Return the steps, ``(batch, time, features)``, or the most probable token ids."""
        states = self.unroll(code, lengths)
        if self.embedding is None:
            values: Tensor = self.output(states)
            return values
        ids = best_tokens(states.flatten(0, 1), self.output.weight, self.output.bias)
        return ids.view(*states.shape[:2], 1)
