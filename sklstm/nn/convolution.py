"""Convolutions: over the steps of a sequence, within each step, and over a word's characters."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from sklstm.nn.checks import (
    INTEGERS,
    check_lengths,
    check_tensor,
    named_range,
    positive,
    rate,
    whole,
    wholes,
)
from sklstm.nn.dropout import RareDropout
from sklstm.nn.padding import step_mask


def convolve(convolution: nn.Conv1d, x: Tensor) -> Tensor:
    """Apply a convolution to ``(batch, channels, time)``.

    Predictions on a GPU are computed by matrix products: in float32 cuDNN chooses Fourier
    transforms for such short kernels, which take several times as long (``benchmarks/gpu.py``). In
    training, in TF32, it does not.
    """
    if x.is_cuda and not torch.is_grad_enabled():
        return _by_products(convolution, x)
    responses: Tensor = convolution(x)
    return responses


def _by_products(convolution: nn.Conv1d, x: Tensor) -> Tensor:
    steps = x.transpose(1, 2)  # (batch, time, channels)
    weights = convolution.weight.unbind(2)  # (filters, channels) each
    n_steps = x.shape[2] - len(weights) + 1
    total = steps[:, :n_steps] @ weights[0].T  # (batch, time, filters)
    for place, weight in enumerate(weights[1:], start=1):
        total = total + steps[:, place : place + n_steps] @ weight.T
    if convolution.bias is not None:
        total = total + convolution.bias
    return total.transpose(1, 2)


class ConvolutionPool(nn.Module):
    """Convolution over time, ReLU, and max-pooling.

    The convolution pads with zeros so that the number of steps stays the same; pooling then
    shortens ``T`` steps to ``ceil(T / pool_size)``, so that even a sequence of one step keeps one.
    The result of a sequence does not depend on how far it is padded.

    Parameters
    ----------
    in_channels : int
        Number of features per step of the input.
    filters : int
        Number of filters, the number of features per step of the output.
    kernel_size : int
        Number of steps that each filter covers.
    pool_size : int
        Number of neighbouring steps whose maximum is kept; 1 for no pooling.

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn import ConvolutionPool
    >>> layer = ConvolutionPool(in_channels=3, filters=8, kernel_size=5, pool_size=2)
    >>> x, lengths = layer(torch.randn(2, 9, 3), torch.tensor([9, 4]))
    >>> x.shape, lengths
    (torch.Size([2, 5, 8]), tensor([5, 2]))
    """

    def __init__(self, in_channels: int, filters: int, kernel_size: int, pool_size: int):
        super().__init__()
        self.kernel_size = whole("kernel_size", kernel_size)
        self.pool_size = whole("pool_size", pool_size)
        self.convolution = nn.Conv1d(
            whole("in_channels", in_channels), whole("filters", filters), self.kernel_size
        )
        nn.init.xavier_uniform_(self.convolution.weight)
        assert self.convolution.bias is not None  # Conv1d has one by default
        nn.init.zeros_(self.convolution.bias)

    def forward(self, x: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Convolve and pool right-padded sequences.

        Parameters
        ----------
        x : Tensor of shape (batch, time, in_channels)
            Right-padded sequences.
        lengths : Tensor of shape (batch,)
            Number of steps of each sequence.

        Returns
        -------
        x : Tensor of shape (batch, ceil(time / pool_size), filters)
            Right-padded results.
        lengths : Tensor of shape (batch,)
            Number of steps of each result.
        """
        check_tensor("x", x, "batch", "time", self.convolution.in_channels)
        check_lengths(lengths, *x.shape[:2])
        mask = step_mask(lengths, x.shape[1])  # (batch, time, 1)
        x = (x * mask).transpose(1, 2)  # (batch, in_channels, time)
        before = (self.kernel_size - 1) // 2
        x = functional.pad(x, (before, self.kernel_size - 1 - before))
        x = functional.relu(convolve(self.convolution, x))  # (batch, filters, time)
        # ReLU gives nothing below zero, so a zero at padding never exceeds a sequence's own steps.
        x = x * mask.transpose(1, 2)
        if self.pool_size > 1:
            x = functional.max_pool1d(x, self.pool_size, ceil_mode=True)
            lengths = torch.div(lengths + self.pool_size - 1, self.pool_size, rounding_mode="floor")
        return x.transpose(1, 2), lengths  # (batch, time, filters)


# Added to the variance over time, which may be zero.
_TINY_VARIANCE, _HUGE = 1e-6, 1e15


class MaskedBatchNorm(nn.Module):
    """Batch normalisation over the real steps of right-padded sequences [1]_.

    The result is that of torch's BatchNorm1d on the concatenated steps of all sequences: the mean
    and variance of a batch, and the running statistics for evaluation, know nothing of padding. A
    batch with a single step, which has no variance, is normalised by the running statistics even
    while training.

    Parameters
    ----------
    n_features : int
        Number of features per step.
    momentum : float, default=0.1
        Weight of a new batch in the running mean and variance.
    eps : float, default=1e-5
        Added to the variance.

    References
    ----------
    .. [1] S. Ioffe, C. Szegedy, "Batch Normalization: Accelerating Deep Network Training by
       Reducing Internal Covariate Shift", ICML 2015, section 3.

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn import MaskedBatchNorm
    >>> x = torch.tensor([[[1.0, 3.0, 99.0]], [[5.0, 99.0, 99.0]]])  # (batch, features, time)
    >>> MaskedBatchNorm(1)(x, torch.tensor([2, 1])).round(decimals=2)[:, 0]
    tensor([[-1.2200,  0.0000,  0.0000],
            [ 1.2200,  0.0000,  0.0000]], grad_fn=<SelectBackward0>)
    """

    running_mean: Tensor
    running_var: Tensor

    def __init__(self, n_features: int, momentum: float = 0.1, eps: float = 1e-5):
        super().__init__()
        n_features = whole("n_features", n_features)
        self.momentum = rate("momentum", momentum)
        self.eps = positive("eps", eps)
        self.weight = nn.Parameter(torch.ones(n_features))
        self.bias = nn.Parameter(torch.zeros(n_features))
        self.register_buffer("running_mean", torch.zeros(n_features))
        self.register_buffer("running_var", torch.ones(n_features))

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        """Normalise right-padded sequences.

        Parameters
        ----------
        x : Tensor of shape (batch, n_features, time)
            Right-padded sequences, with the time last, as convolutions have it.
        lengths : Tensor of shape (batch,)
            Number of steps of each sequence.

        Returns
        -------
        Tensor of shape (batch, n_features, time)
            Zero at padding.
        """
        check_tensor("x", x, "batch", len(self.weight), "time")
        n_sequences, n_features, n_steps = x.shape
        check_lengths(lengths, n_sequences, n_steps)
        if int(lengths.min()) == n_steps:
            return self._normalize(x, n_sequences * n_steps)
        mask = step_mask(lengths, n_steps)  # (batch, time, 1)
        if not self.training:
            return self._normalize(x, 0) * mask.transpose(1, 2)
        real = mask.flatten().nonzero().flatten()  # (real steps,)
        rows = x.transpose(1, 2).reshape(-1, n_features)  # (batch * time, n_features)
        normal = self._normalize(rows.index_select(0, real), len(real))
        padded = torch.zeros_like(rows).index_copy(0, real, normal)
        return padded.view(n_sequences, n_steps, n_features).transpose(1, 2)

    def _normalize(self, x: Tensor, n_steps: int) -> Tensor:
        """Normalise ``(batch, n_features, ...)`` without padding, `n_steps` in all."""
        return functional.batch_norm(
            x,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            training=self.training and n_steps > 1,
            momentum=self.momentum,
            eps=self.eps,
        )

    def extra_repr(self) -> str:
        """Return the size that torch shows in the printed form of the module."""
        return str(len(self.weight))


class FullyConvolutional(nn.Module):
    """Stacked convolutions over time, and mean and deviation over time of the last one [1]_ [2]_.

    Each layer convolves, padded with zeros so that the number of steps stays the same, normalises
    over the batch, and applies ReLU. The filters find short patterns wherever they occur. The
    papers average them over time; their standard deviation beside the mean [3]_ tells a pattern
    that occurs once from its weak traces everywhere. Beside a recurrent layer this is the
    LSTM-FCN [2]_, for classes of series. In evaluation mode the result of a sequence depends on
    that sequence only.

    Parameters
    ----------
    in_channels : int
        Number of features per step of the input.
    filters : tuple of int, default=(64, 128, 64)
        Number of filters of each layer. The papers have (128, 256, 128).
    kernel_sizes : tuple of int, default=(8, 5, 3)
        Number of steps that the filters of each layer cover, as in both papers.

    Attributes
    ----------
    output_size : int
        Number of features of the output, twice the last of `filters`.

    References
    ----------
    .. [1] Z. Wang, W. Yan, T. Oates, "Time Series Classification from Scratch with Deep Neural
       Networks: A Strong Baseline", IJCNN 2017, section II.B.
    .. [2] F. Karim et al., "LSTM Fully Convolutional Networks for Time Series Classification",
       IEEE Access 6, 2018, section III.
    .. [3] D. Snyder et al., "X-Vectors: Robust DNN Embeddings for Speaker Recognition", ICASSP
       2018, section 2.1 (statistics pooling).

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn import FullyConvolutional
    >>> branch = FullyConvolutional(3, filters=(8, 4), kernel_sizes=(5, 3))
    >>> branch(torch.randn(2, 10, 3), torch.tensor([10, 6])).shape
    torch.Size([2, 8])
    """

    def __init__(
        self,
        in_channels: int,
        filters: tuple[int, ...] = (64, 128, 64),
        kernel_sizes: tuple[int, ...] = (8, 5, 3),
    ):
        super().__init__()
        self.in_channels = size = whole("in_channels", in_channels)
        filters, kernel_sizes = wholes("filters", filters), wholes("kernel_sizes", kernel_sizes)
        if len(filters) != len(kernel_sizes):
            raise ValueError(
                f"filters={filters} and kernel_sizes={kernel_sizes} must have one number for each "
                f"layer, but there are {len(filters)} and {len(kernel_sizes)}."
            )
        convolutions, norms = [], []
        for n_filters, kernel_size in zip(filters, kernel_sizes, strict=True):
            convolutions.append(nn.Conv1d(size, n_filters, kernel_size))
            norms.append(MaskedBatchNorm(n_filters))
            size = n_filters
        self.convolutions = nn.ModuleList(convolutions)
        self.norms = nn.ModuleList(norms)
        self.kernel_sizes = kernel_sizes
        self.output_size = 2 * size

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        """Map right-padded ``(batch, time, in_channels)`` to ``(batch, output_size)``."""
        check_tensor("x", x, "batch", "time", self.in_channels)
        check_lengths(lengths, *x.shape[:2])
        # The padding below copies to contiguous memory, so that a time-major batch is no slower.
        mask = step_mask(lengths, x.shape[1]).transpose(1, 2)  # (batch, 1, time)
        x = x.transpose(1, 2) * mask  # (batch, in_channels, time)
        layers = zip(self.kernel_sizes, self.convolutions, self.norms, strict=True)
        for kernel_size, convolution, norm in layers:
            assert isinstance(convolution, nn.Conv1d)
            before = (kernel_size - 1) // 2
            x = convolve(convolution, functional.pad(x, (before, kernel_size - 1 - before)))
            x = functional.relu(norm(x, lengths))  # (batch, filters, time), zero at padding
        mean = x.sum(dim=2) / lengths[:, None]  # (batch, filters)
        # Squares of values that are far outside of those of training would overflow.
        peak = x.detach().amax(dim=2, keepdim=True)  # (batch, filters, 1)
        unit = torch.where(peak > _HUGE, peak, 1.0)
        apart = (x - mean[:, :, None]) * mask / unit  # (batch, filters, time)
        variance = torch.square(apart).sum(dim=2) / lengths[:, None]
        # The slope of the root is infinite at zero.
        deviation = torch.sqrt(variance + _TINY_VARIANCE) * unit[:, :, 0]
        return torch.cat([mean, deviation], dim=1)  # (batch, output_size)


class StepConvolution(nn.Module):
    """Two-dimensional convolutions within each step, for steps that are images or matrices.

    The same filters read every step, and no step sees another. Each layer convolves, padded with
    zeros so that height and width stay the same, applies ReLU, and keeps the maximum of every
    ``pool_size`` by ``pool_size`` patch; rows and columns left over at the border form smaller
    patches.

    Parameters
    ----------
    step_shape : tuple of int
        Shape of a step, (height, width) or (channels, height, width).
    filters : tuple of int
        Number of filters of each layer.
    kernel_size : int
        Height and width of a filter.
    pool_size : int
        Height and width of a patch whose maximum is kept; 1 for no pooling.

    Attributes
    ----------
    output_size : int
        Number of features per step of the output.

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn import StepConvolution
    >>> layer = StepConvolution((28, 28), filters=(8, 16), kernel_size=3, pool_size=2)
    >>> layer(torch.randn(2, 10, 28 * 28)).shape  # two films of ten frames
    torch.Size([2, 10, 784])
    """

    def __init__(
        self,
        step_shape: tuple[int, ...],
        filters: tuple[int, ...],
        kernel_size: int,
        pool_size: int,
    ):
        super().__init__()
        step_shape = wholes("step_shape", step_shape)
        if len(step_shape) not in (2, 3):
            raise ValueError(
                "step_shape must be (height, width) or (channels, height, width), got "
                f"{step_shape}."
            )
        filters = wholes("filters", filters)
        kernel_size = whole("kernel_size", kernel_size)
        pool_size = whole("pool_size", pool_size)
        channels, height, width = step_shape if len(step_shape) == 3 else (1, *step_shape)
        self.step_shape = (channels, height, width)
        self.pool_size = pool_size
        before = (kernel_size - 1) // 2
        self.padding = (before, kernel_size - 1 - before) * 2
        layers = []
        for n_filters in filters:
            layer = nn.Conv2d(channels, n_filters, kernel_size)
            nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu")
            assert layer.bias is not None  # Conv2d has one by default
            nn.init.zeros_(layer.bias)
            layers.append(layer)
            channels = n_filters
            height, width = math.ceil(height / pool_size), math.ceil(width / pool_size)
        self.layers = nn.ModuleList(layers)
        self.output_size = channels * height * width

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(batch, time, channels * height * width)`` to ``(batch, time, output_size)``."""
        check_tensor("x", x, "batch", "time", math.prod(self.step_shape))
        x = x.transpose(0, 1)  # (time, batch, features): contiguous, as batches are time-major
        n_steps, n_sequences = x.shape[:2]
        x = x.reshape(n_steps * n_sequences, *self.step_shape)
        for layer in self.layers:
            # (time * batch, channels, height, width)
            x = torch.relu(layer(functional.pad(x, self.padding)))
            if self.pool_size > 1:
                x = functional.max_pool2d(x, self.pool_size, ceil_mode=True)
        x = x.reshape(n_steps, n_sequences, self.output_size)  # (time, batch, output_size)
        return x.transpose(0, 1)  # (batch, time, output_size)


class CharacterConvolution(nn.Module):
    """Vectors of words from their characters: embedding, convolution, and max over the word [1]_.

    A word is padded with ``kernel_size - 1`` zero vectors on either side, so that a filter can
    recognise prefixes and suffixes. The vector of a word does not depend on the other words.

    Parameters
    ----------
    n_ids : int
        Number of character ids, the largest id plus one. Id 0 is padding; ids of `n_ids` and
        above are read as `unknown_id`.
    embedding_dim : int
        Size of the character embeddings.
    filters : int
        Number of filters, the size of a word's vector.
    kernel_size : int
        Number of characters that a filter covers.
    unknown_id : int, default=1
        Id of unknown characters. Their embedding starts at zero, as training may never meet one.
    rare_dropout : float, default=0.0
        The number a with which each occurrence of a character that occurs c times in the words of
        the training data is read as `unknown_id` while training, with probability ``a / (a + c)``
        [2]_: this trains the embedding of unknown characters. Without effect where `counts` is
        None.
    counts : Tensor of shape (n_ids,) or None, default=None
        How often each character occurs in the different words of the training data; those with a
        count of 0 are never replaced. Only training needs them: they are not part of the state
        dict.

    Attributes
    ----------
    output_size : int
        Size of a word's vector, equal to `filters`.

    References
    ----------
    .. [1] X. Ma, E. Hovy, "End-to-end Sequence Labeling via Bi-directional LSTM-CNNs-CRF",
       ACL 2016, section 2.1.
    .. [2] E. Kiperwasser, Y. Goldberg, "Simple and Accurate Dependency Parsing Using
       Bidirectional LSTM Feature Representations", TACL 4, 2016, section 4.3.

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn import CharacterConvolution
    >>> layer = CharacterConvolution(n_ids=30, embedding_dim=8, filters=16, kernel_size=3)
    >>> layer(torch.tensor([[5, 3, 22], [9, 0, 0]])).shape  # words of three characters and of one
    torch.Size([2, 16])
    """

    def __init__(
        self,
        n_ids: int,
        embedding_dim: int,
        filters: int,
        kernel_size: int,
        *,
        unknown_id: int = 1,
        rare_dropout: float = 0.0,
        counts: Tensor | None = None,
    ):
        super().__init__()
        n_ids, embedding_dim = whole("n_ids", n_ids, 2), whole("embedding_dim", embedding_dim)
        filters, kernel_size = whole("filters", filters), whole("kernel_size", kernel_size)
        unknown_id = whole("unknown_id", unknown_id, 0)
        if unknown_id >= n_ids:
            raise ValueError(f"unknown_id must be below n_ids={n_ids}, got {unknown_id}.")
        bound = (3.0 / embedding_dim) ** 0.5  # a variance of 1 / embedding_dim, as in the paper
        weight = torch.empty(n_ids, embedding_dim).uniform_(-bound, bound)
        weight[[0, unknown_id]] = 0.0
        self.weight = nn.Parameter(weight)
        self.convolution = nn.Conv1d(embedding_dim, filters, kernel_size)
        nn.init.xavier_uniform_(self.convolution.weight)
        assert self.convolution.bias is not None  # Conv1d has one by default
        nn.init.zeros_(self.convolution.bias)
        self.kernel_size = kernel_size
        self.unknown_id = unknown_id
        self.output_size = filters
        self.rare = RareDropout(n_ids, rare_dropout, unknown_id)
        self.set_counts(counts)

    def set_counts(self, counts: Tensor | None) -> None:
        """Set how often each id occurs in the words of the training data, or None."""
        self.rare.set_counts(counts)

    def forward(self, ids: Tensor) -> Tensor:
        """Map right-padded ids of shape ``(words, characters)`` to ``(words, filters)``."""
        check_tensor("ids", ids, "words", "characters", dtypes=INTEGERS)
        given = ids
        longest = int((ids > 0).sum(dim=1).amax()) if len(ids) else 0
        ids = ids[:, : max(1, longest)]
        ids = torch.where(ids < len(self.weight), ids, self.unknown_id)
        with named_range("ids", given, 0):
            if self.training:
                ids = self.rare(ids)
            vectors = functional.embedding(ids, self.weight, padding_idx=0)
        margin = self.kernel_size - 1
        padded = functional.pad(vectors.transpose(1, 2), (margin, margin))
        responses = convolve(self.convolution, padded)  # (words, filters, characters + margin)
        # Positions where no filter reaches the word exist only because another word is longer.
        n_own = (ids > 0).sum(dim=1)[:, None] + margin
        positions = torch.arange(responses.shape[2], device=ids.device)
        beyond = positions >= n_own.clamp(min=1)  # (words, characters + margin)
        return responses.masked_fill(beyond[:, None], -torch.inf).amax(dim=2)  # (words, filters)

    def extra_repr(self) -> str:
        """Return the sizes that torch shows in the printed form of the module."""
        n_ids, embedding_dim = self.weight.shape
        return f"{n_ids}, {embedding_dim}"
