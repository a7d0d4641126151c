"""Dropout, and the random generator that all random modules of a network share."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from sklstm.nn.checks import INTEGERS, check_tensor, not_negative, rate


class RandomModule(nn.Module):
    """Base class of modules that draw random numbers while training.

    Torch's own dropout draws from the process-wide generator: two models that train in two
    threads would influence each other's weights, and every fit would change the state of the
    caller's generator. `seed_modules` gives all random modules of a network one generator instead.

    Attributes
    ----------
    generator : torch.Generator or None
        The generator to draw from; None for the process-wide one of torch.
    """

    generator: torch.Generator | None = None

    def keep_mask(self, shape: tuple[int, ...], p: float, like: Tensor) -> Tensor:
        """Return a mask that is 0 with probability `p`, else ``1 / (1 - p)``.

        It has the given shape, and the dtype and device of `like`.
        """
        mask = torch.empty(shape, dtype=like.dtype, device=like.device)
        return mask.bernoulli_(1.0 - p, generator=self.generator).div_(1.0 - p)


def seed_modules(module: nn.Module, generator: torch.Generator | None) -> None:
    """Make every `RandomModule` inside `module` draw from `generator`."""
    for part in module.modules():
        if isinstance(part, RandomModule):
            part.generator = generator


def generator_of(module: nn.Module) -> torch.Generator:
    """Return the generator that the random modules inside `module` draw from."""
    for part in module.modules():
        if isinstance(part, RandomModule) and part.generator is not None:
            return part.generator
    return torch.default_generator


class Dropout(RandomModule):
    """Dropout that draws from a generator of the caller's choice.

    While training, each element is set to zero with probability `p` and the others are multiplied
    by ``1 / (1 - p)``; in evaluation mode the input is returned as it is. Elements are drawn from
    the attribute `generator`, or from torch's process-wide generator where that is None.

    Parameters
    ----------
    p : float
        Dropout rate, in [0, 1).

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn import Dropout
    >>> layer = Dropout(0.5)
    >>> layer.generator = torch.Generator().manual_seed(0)
    >>> sorted(set(layer(torch.ones(100)).tolist()))
    [0.0, 2.0]
    >>> layer.eval()(torch.ones(3))
    tensor([1., 1., 1.])
    """

    def __init__(self, p: float):
        super().__init__()
        self.p = rate("p", p)

    def forward(self, x: Tensor) -> Tensor:
        """Apply dropout to a tensor of any shape; the result has the same shape."""
        if not self.training or self.p == 0.0:
            return x
        # In the memory layout of x, which may be time-major.
        mask = torch.empty_like(x).bernoulli_(1.0 - self.p, generator=self.generator)
        return x * mask.div_(1.0 - self.p)

    def extra_repr(self) -> str:
        """Return the rate that torch shows in the printed form of the module."""
        return f"p={self.p}"


class VariationalDropout(RandomModule):
    """Dropout with one mask for all steps of a sequence [1]_.

    While training, the same features of every step of a sequence are set to zero with probability
    `p`, and the others multiplied by ``1 / (1 - p)``; in evaluation mode the input is returned as
    it is. Each sequence of a batch has a mask of its own.

    Parameters
    ----------
    p : float
        Dropout rate, in [0, 1).

    References
    ----------
    .. [1] Y. Gal, Z. Ghahramani, "A Theoretically Grounded Application of Dropout in
       Recurrent Neural Networks", NeurIPS 2016, section 4.

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn import VariationalDropout
    >>> layer = VariationalDropout(0.5)
    >>> layer.generator = torch.Generator().manual_seed(0)
    >>> y = layer(torch.ones(2, 7, 3))  # (batch, time, features)
    >>> bool((y == y[:, :1]).all())
    True
    """

    def __init__(self, p: float):
        super().__init__()
        self.p = rate("p", p)

    def forward(self, x: Tensor) -> Tensor:
        """Apply dropout to a tensor of shape ``(batch, time, features)``."""
        check_tensor("x", x, "batch", "time", "features")
        if not self.training or self.p == 0.0:
            return x
        return x * self.keep_mask((x.shape[0], 1, x.shape[2]), self.p, x)

    def extra_repr(self) -> str:
        """Return the rate that torch shows in the printed form of the module."""
        return f"p={self.p}"


class RareDropout(RandomModule):
    """Reads rare ids as unknown while training, so that the unknown id is trained as well.

    Each occurrence of an id that occurs c times in the training data becomes `unknown_id` with
    probability ``a / (a + c)`` [1]_. Ids that do not occur there, with a count of 0, are left as
    they are, and so are all ids in evaluation mode and where `counts` is None.

    Parameters
    ----------
    n_ids : int
        Number of ids; those passed to `forward` are below it.
    a : float
        The a of the formula; 0 replaces none.
    unknown_id : int, default=1
        The id that replaces others.

    Attributes
    ----------
    counts : Tensor of shape (n_ids,) or None
        How often each id occurs in the training data; not part of the state dict.

    References
    ----------
    .. [1] E. Kiperwasser, Y. Goldberg, "Simple and Accurate Dependency Parsing Using
       Bidirectional LSTM Feature Representations", TACL 4, 2016, section 4.3.

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn.dropout import RareDropout
    >>> layer = RareDropout(6, a=1.0)
    >>> layer.generator = torch.Generator().manual_seed(0)
    >>> layer.set_counts(torch.tensor([0, 0, 0, 0, 1, 9]))
    >>> layer(torch.full((1000,), 4)).eq(1).float().mean().item()  # about half of them
    0.49
    """

    counts: Tensor | None

    def __init__(self, n_ids: int, a: float, unknown_id: int = 1):
        super().__init__()
        self.n_ids = n_ids
        self.a = not_negative("rare_dropout", a)
        self.unknown_id = unknown_id
        self.register_buffer("counts", None, persistent=False)

    def set_counts(self, counts: Tensor | None) -> None:
        """Set how often each id occurs in the training data; None where training has ended."""
        if counts is not None:
            check_tensor("counts", counts, self.n_ids, dtypes=(*INTEGERS, torch.float32))
            counts = counts.float()
        self.counts = counts

    def forward(self, ids: Tensor) -> Tensor:
        """Return ids of any shape, some replaced."""
        if not self.training or self.a == 0.0 or self.counts is None:
            return ids
        count = self.counts[ids]  # the shape of ids
        drawn = torch.empty_like(count).uniform_(generator=self.generator)
        # drawn < a / (a + count), without a division
        rare = (drawn * (self.a + count) < self.a) & (count > 0)
        return torch.where(rare, self.unknown_id, ids)

    def extra_repr(self) -> str:
        """Return the rate that torch shows in the printed form of the module."""
        return f"a={self.a}"
