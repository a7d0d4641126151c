"""Autoencoders of tables and of sequences, and soft clusters in their latent space."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from sklstm.nn.checks import INTEGERS, check_lengths, check_tensor, rate, whole, wholes
from sklstm.nn.dropout import Dropout, RandomModule
from sklstm.nn.padding import step_mask
from sklstm.nn.pooling import Pooling
from sklstm.nn.recurrent import RecurrentStack

# Token scores are computed for so many entries at a time, 16 MB in float32.
MAX_SCORES = 1 << 22


class Corruption(RandomModule):
    """Masking noise for a denoising autoencoder [1]_, applied to its input while training.

    Parameters
    ----------
    p : float
        Probability that a value is set to 0, or that a token is replaced by `unknown_id`.
    unknown_id : int, default=1
        Id of unknown tokens.

    Attributes
    ----------
    active : bool
        Whether noise is applied in training mode; True initially.

    References
    ----------
    .. [1] P. Vincent et al., "Extracting and Composing Robust Features with Denoising
       Autoencoders", ICML 2008, section 2.3.
    """

    def __init__(self, p: float, unknown_id: int = 1):
        super().__init__()
        self.p = rate("p", p)
        self.unknown_id = unknown_id
        self.active = True

    def forward(self, x: Tensor) -> Tensor:
        """Return `x` with noise in training mode, and `x` itself in evaluation mode."""
        if not (self.training and self.active and self.p > 0.0):
            return x
        dtype = x.dtype if x.is_floating_point() else torch.float32  # whatever torch's default is
        mask = torch.empty(x.shape, dtype=dtype, device=x.device)
        mask.bernoulli_(self.p, generator=self.generator)
        if x.is_floating_point():
            return x * (1.0 - mask)
        return torch.where((mask > 0) & (x > 0), self.unknown_id, x)  # padding stays padding


class Autoencoder(nn.Module):
    """Base class of autoencoders.

    Attributes
    ----------
    corruption : Corruption
        The noise that is applied to the input.
    latent_size : int
        Dimensionality of the latent space.
    """

    corruption: Corruption
    latent_size: int

    def encode(self, inputs: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Return the latent representations, ``(batch, latent_size)``."""
        raise NotImplementedError

    def forward(self, inputs: Tensor, lengths: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return the reconstruction errors and the latent representations.

        Parameters
        ----------
        inputs : Tensor of shape (batch, n_features) or (batch, time, features)
            Rows of a table, or right-padded sequences.
        lengths : Tensor of shape (batch,) or None, default=None
            Number of steps of each sequence; None for rows of a table.

        Returns
        -------
        errors : Tensor of shape (batch,)
            The error of each sample, averaged over its features, or its steps and features or
            tokens.
        z : Tensor of shape (batch, latent_size)
            The latent representations.
        """
        raise NotImplementedError


class DenseAutoencoder(Autoencoder):
    """Dense layers to the latent representation, and mirrored ones back to the input.

    Weights are initialised as by He et al. [1]_. The error of a sample is the mean squared error.

    Parameters
    ----------
    n_features : int
        Number of features of a row.
    hidden_sizes : tuple of int
        Number of units of the encoder's hidden layers; the decoder has the same in reverse order.
    latent_size : int
        Dimensionality of the latent space.
    noise : float, default=0.0
        Fraction of the values that are set to 0 in the encoder's input while training.
    dropout : float, default=0.0
        Dropout rate after every hidden layer.

    References
    ----------
    .. [1] K. He et al., "Delving Deep into Rectifiers", ICCV 2015, section 2.2.

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn.autoencoder import DenseAutoencoder
    >>> autoencoder = DenseAutoencoder(20, (16,), latent_size=2)
    >>> errors, z = autoencoder(torch.randn(5, 20))
    >>> errors.shape, z.shape
    (torch.Size([5]), torch.Size([5, 2]))
    """

    def __init__(
        self,
        n_features: int,
        hidden_sizes: tuple[int, ...],
        latent_size: int,
        *,
        noise: float = 0.0,
        dropout: float = 0.0,
    ):
        super().__init__()
        self.n_features = n_features = whole("n_features", n_features)
        hidden_sizes = hidden_sizes and wholes("hidden_sizes", hidden_sizes)
        latent_size = whole("latent_size", latent_size)
        dropout = rate("dropout", dropout)
        self.corruption = Corruption(rate("noise", noise))
        self.encoder = dense_layers((n_features, *hidden_sizes, latent_size), dropout)
        self.decoder = dense_layers((latent_size, *reversed(hidden_sizes), n_features), dropout)
        self.latent_size = latent_size

    def encode(self, inputs: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Return the latent representations, ``(batch, latent_size)``."""
        check_tensor("inputs", inputs, "batch", self.n_features)
        z: Tensor = self.encoder(self.corruption(inputs))
        return z

    def forward(self, inputs: Tensor, lengths: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return errors ``(batch,)`` and latent representations ``(batch, latent_size)``."""
        z = self.encode(inputs)
        error = self.decoder(z) - inputs  # (batch, n_features)
        return error.square().mean(dim=1), z

    def decode(self, z: Tensor) -> Tensor:
        """Return the reconstructed rows, ``(batch, n_features)``."""
        rows: Tensor = self.decoder(z)
        return rows


def dense_layers(sizes: tuple[int, ...], dropout: float) -> nn.Sequential:
    """Return dense layers of these sizes with ReLU and dropout after all but the last."""
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
    """Recurrent layers to the latent representation, and others back to the sequence [1]_.

    The decoder gets the latent representation as its input at every step, and nothing else. The
    error of a sequence is the mean squared error over its steps and features, or the mean
    cross-entropy of its tokens.

    Parameters
    ----------
    embedding : Module or None
        Maps token ids to vectors; None for sequences of values.
    encoder : RecurrentStack
        Reads the sequence.
    pooling : Pooling
        Pools the hidden states of the encoder.
    decoder : RecurrentStack
        Reads the latent representation at every step; its input size is `latent_size`.
    latent_size : int
        Dimensionality of the latent space.
    n_outputs : int
        Number of features of a step, or number of token ids.
    noise : float, default=0.0
        Fraction of the values that are set to 0, or of the tokens that are made unknown, in the
        encoder's input while training.
    dropout : float, default=0.0
        Dropout rate on the pooled state of the encoder and on the hidden states of the decoder.

    References
    ----------
    .. [1] N. Srivastava, E. Mansimov, R. Salakhutdinov, "Unsupervised Learning of Video
       Representations using LSTMs", ICML 2015, section 2.2. The decoder in the paper can also be
       given the step before.

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn import MeanPooling, RecurrentStack
    >>> from sklstm.nn.autoencoder import SequenceAutoencoder
    >>> encoder, decoder = RecurrentStack(3, (16,)), RecurrentStack(2, (16,))
    >>> autoencoder = SequenceAutoencoder(None, encoder, MeanPooling(16), decoder, 2, 3)
    >>> errors, z = autoencoder(torch.randn(4, 7, 3), torch.tensor([7, 5, 2, 7]))
    >>> errors.shape, z.shape
    (torch.Size([4]), torch.Size([4, 2]))
    """

    def __init__(
        self,
        embedding: nn.Module | None,
        encoder: RecurrentStack,
        pooling: Pooling,
        decoder: RecurrentStack,
        latent_size: int,
        n_outputs: int,
        *,
        noise: float = 0.0,
        dropout: float = 0.0,
    ):
        super().__init__()
        latent_size, n_outputs = whole("latent_size", latent_size), whole("n_outputs", n_outputs)
        self.embedding = embedding
        self.corruption = Corruption(rate("noise", noise))
        self.encoder = encoder
        self.pooling = pooling
        self.to_latent = nn.Linear(pooling.output_size, latent_size)
        self.decoder = decoder
        self.output = nn.Linear(decoder.output_size, n_outputs)
        self.dropout = Dropout(rate("dropout", dropout))
        self.latent_size = latent_size

    def encode(self, inputs: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Return the latent representations, ``(batch, latent_size)``."""
        dtypes = None if self.embedding is None else INTEGERS
        check_tensor("inputs", inputs, "batch", "time", "features", dtypes=dtypes)
        check_lengths(lengths, *inputs.shape[:2])
        assert lengths is not None  # as just checked
        x = self.corruption(inputs)
        if self.embedding is not None:
            x = self.embedding(x)  # (batch, time, embedding)
        pooled = self.pooling(self.encoder(x, lengths), lengths)  # (batch, hidden)
        z: Tensor = self.to_latent(self.dropout(pooled))
        return z

    def unroll(self, z: Tensor, lengths: Tensor) -> Tensor:
        """Return the hidden states of the decoder, ``(batch, time, hidden)``."""
        n_steps = int(lengths.max())
        # Time-major in memory, as the recurrent kernels read it.
        repeated = z.expand(n_steps, *z.shape).contiguous().transpose(0, 1)  # (batch, time, latent)
        states: Tensor = self.dropout(self.decoder(repeated, lengths))
        return states

    def forward(self, inputs: Tensor, lengths: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return errors ``(batch,)`` and latent representations ``(batch, latent_size)``."""
        z = self.encode(inputs, lengths)
        assert lengths is not None  # checked by encode
        states = self.unroll(z, lengths)  # (batch, time, hidden)
        if self.embedding is not None:
            return self._token_errors(states, inputs, lengths), z
        error = (self.output(states) - inputs).square().mean(dim=2)  # (batch, time)
        mask = step_mask(lengths, error.shape[1]).squeeze(2)
        if not self.training:  # the sum of float32 depends on the padding in its last digit
            return ((error.double() * mask).sum(dim=1) / lengths).to(error.dtype), z
        return (error * mask).sum(dim=1) / lengths, z

    def _token_errors(self, states: Tensor, ids: Tensor, lengths: Tensor) -> Tensor:
        """Return the mean cross-entropy of each sequence's tokens, ``(batch,)``."""
        mask = step_mask(lengths, states.shape[1]).squeeze(2)  # (batch, time)
        sequence = torch.arange(len(ids), device=ids.device)[:, None].expand(mask.shape)[mask]
        expected = ids[..., 0][mask]  # (steps,)
        expected = torch.where(expected < self.output.out_features, expected, 1)  # unknown
        losses = token_losses(states[mask], self.output.weight, self.output.bias, expected)
        return states.new_zeros(len(ids)).index_add(0, sequence, losses) / lengths

    def decode(self, z: Tensor, lengths: Tensor) -> Tensor:
        """Return the reconstructed steps, ``(batch, time, features)``, or the best token ids."""
        states = self.unroll(z, lengths)  # (batch, time, hidden)
        if self.embedding is None:
            values: Tensor = self.output(states)
            return values
        ids = best_tokens(states.flatten(0, 1), self.output.weight, self.output.bias)
        return ids.view(*states.shape[:2], 1)


def token_losses(states: Tensor, weight: Tensor, bias: Tensor, ids: Tensor) -> Tensor:
    """Return the cross-entropy of the token at each step, in memory that does not grow with steps.

    Parameters
    ----------
    states : Tensor of shape (n_steps, hidden)
        Hidden states that the scores are computed from.
    weight : Tensor of shape (n_ids, hidden)
        Weights of the output layer.
    bias : Tensor of shape (n_ids,)
        Biases of the output layer.
    ids : Tensor of shape (n_steps,)
        The tokens.

    Returns
    -------
    Tensor of shape (n_steps,)
    """
    losses: Tensor = _TokenLosses.apply(states, weight, bias, ids)  # type: ignore[no-untyped-call]
    return losses


@torch.no_grad()
def best_tokens(states: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Return the token of the highest score at each of ``(n_steps, hidden)``; never padding."""
    best = torch.empty(len(states), dtype=torch.long, device=states.device)
    for rows, scores in _score_slices(states, weight, bias):
        scores[:, 0] = -torch.inf
        best[rows] = scores.argmax(dim=1)
    return best


class _TokenLosses(torch.autograd.Function):
    """`token_losses`: the scores of a slice of steps at a time, in a buffer that is reused.

    They are computed again for the gradient. Torch's checkpoints would do the same, but leave
    small tensors between the buffers that they free, so that the memory would still grow.
    """

    @staticmethod
    def forward(ctx: Any, states: Tensor, weight: Tensor, bias: Tensor, ids: Tensor) -> Tensor:
        ctx.save_for_backward(states, weight, bias, ids)
        losses = states.new_empty(len(states))
        for rows, scores in _score_slices(states, weight, bias):  # (steps, n_ids)
            own = scores.gather(1, ids[rows, None]).squeeze(1)
            losses[rows] = scores.logsumexp(dim=1) - own
        return losses

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        states, weight, bias, ids = ctx.saved_tensors
        (grad,) = grads
        by_states = torch.empty_like(states)
        by_weight, by_bias = torch.zeros_like(weight), torch.zeros_like(bias)
        for rows, scores in _score_slices(states, weight, bias):  # (steps, n_ids)
            top = scores.amax(dim=1, keepdim=True)
            # The gradient of the cross-entropy: softmax minus one-hot.
            scores.sub_(top).exp_()
            scores.div_(scores.sum(dim=1, keepdim=True))
            scores.scatter_add_(1, ids[rows, None], -torch.ones_like(top))
            scores.mul_(grad[rows, None])
            torch.mm(scores, weight, out=by_states[rows])
            by_weight.addmm_(scores.T, states[rows])
            by_bias.add_(scores.sum(dim=0))
        return by_states, by_weight, by_bias, None


def _score_slices(states: Tensor, weight: Tensor, bias: Tensor) -> Iterator[tuple[slice, Tensor]]:
    """Yield one slice of the steps after the other, with their scores in the same buffer."""
    size = min(len(states), max(1, MAX_SCORES // len(weight)))
    buffer = states.new_empty(size, len(weight))
    for start in range(0, len(states), size):
        rows = slice(start, min(start + size, len(states)))
        part = states[rows]  # (steps, hidden)
        yield rows, torch.addmm(bias, part, weight.T, out=buffer[: len(part)])


class ClusteringAutoencoder(nn.Module):
    """An autoencoder together with the cluster centres in its latent space.

    Parameters
    ----------
    autoencoder : Autoencoder
        Computes the latent representations.
    centers : Tensor of shape (n_clusters, latent_size)
        Initial cluster centres.

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn.autoencoder import ClusteringAutoencoder, DenseAutoencoder
    >>> module = ClusteringAutoencoder(DenseAutoencoder(20, (16,), 2), torch.randn(3, 2))
    >>> module.assign(torch.randn(5, 20)).sum(dim=1).detach()
    tensor([1., 1., 1., 1., 1.])
    """

    def __init__(self, autoencoder: Autoencoder, centers: Tensor):
        super().__init__()
        self.autoencoder = autoencoder
        self.centers = nn.Parameter(centers.clone())

    def encode(self, inputs: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Return the latent representations, ``(batch, latent_size)``."""
        return self.autoencoder.encode(inputs, lengths)

    def assign(self, inputs: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Return the soft assignments, ``(batch, n_clusters)``."""
        return student_t(self.encode(inputs, lengths), self.centers)

    def forward(self, inputs: Tensor, lengths: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return reconstruction errors ``(batch,)`` and assignments ``(batch, n_clusters)``."""
        errors, z = self.autoencoder(inputs, lengths)
        return errors, student_t(z, self.centers)


def student_t(z: Tensor, centers: Tensor) -> Tensor:
    """Return soft assignments to clusters by a Student's t kernel [1]_.

    With one degree of freedom, as in the paper: ``q[i, j]`` is proportional to
    ``1 / (1 + norm(z[i] - centers[j]) ** 2)``, and each row adds up to 1.

    Parameters
    ----------
    z : Tensor of shape (batch, latent_size)
        Latent representations.
    centers : Tensor of shape (n_clusters, latent_size)
        Cluster centres.

    Returns
    -------
    Tensor of shape (batch, n_clusters)

    References
    ----------
    .. [1] J. Xie, R. Girshick, A. Farhadi, "Unsupervised Deep Embedding for Clustering
       Analysis", ICML 2016, equation 1.
    """
    # In double precision, as the squared distance of an outlier may be infinite in single.
    distance = (z[:, None, :] - centers).double().square().sum(dim=2)  # (batch, n_clusters)
    return (-torch.log1p(distance)).softmax(dim=1).to(z.dtype)


def target_distribution(assignments: Tensor, weights: Tensor) -> Tensor:
    """Return the target distribution that soft assignments are trained towards [1]_.

    ``p[i, j]`` is proportional to ``q[i, j] ** 2 / sum(weights * q[:, j])``: it is sharper than
    the assignments, and gives small clusters more weight.

    Parameters
    ----------
    assignments : Tensor of shape (n_samples, n_clusters)
        Soft assignments q of all samples.
    weights : Tensor of shape (n_samples,)
        Weight w of each sample in the size of the clusters.

    Returns
    -------
    Tensor of shape (n_samples, n_clusters)

    References
    ----------
    .. [1] J. Xie, R. Girshick, A. Farhadi, "Unsupervised Deep Embedding for Clustering
       Analysis", ICML 2016, equation 3.
    """
    sizes = (assignments * weights[:, None]).sum(dim=0).clamp_min(1e-12)  # (n_clusters,)
    sharpened = assignments.square() / sizes
    return sharpened / sharpened.sum(dim=1, keepdim=True)
