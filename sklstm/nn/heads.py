"""Heads: the output layers, from hidden states to what a loss function takes."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from sklstm.nn.checks import flag, rate, whole, wholes
from sklstm.nn.crf import LinearChainCRF
from sklstm.nn.dropout import Dropout


class LinearHead(nn.Linear):
    """A linear output layer with Glorot uniform weights and biases of zero.

    Parameters
    ----------
    in_features : int
        Number of features of a pooled state, or of the hidden state of a step.
    out_features : int
        Number of outputs.
    bias : bool, default=True
        Whether to add a bias.

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn import LinearHead
    >>> LinearHead(8, 3)(torch.randn(2, 8)).shape
    torch.Size([2, 3])
    """

    def __init__(self, in_features: int, out_features: int, bias: bool = True):
        super().__init__(
            whole("in_features", in_features),
            whole("out_features", out_features),
            bias=flag("bias", bias),
        )
        nn.init.xavier_uniform_(self.weight)
        if bias:
            nn.init.zeros_(self.bias)

    def forward(self, state: Tensor) -> Tensor:
        """Map ``(..., in_features)`` states to ``(..., out_features)``."""
        if state.shape[-1:] != (self.in_features,):
            raise ValueError(
                f"state has shape {tuple(state.shape)}, but must have shape "
                f"(..., {self.in_features})."
            )
        return super().forward(state)


class DenseHead(nn.Module):
    """Dense layers with ReLU before an output layer.

    Parameters
    ----------
    in_features : int
        Number of features of a pooled state, or of the hidden state of a step.
    layer_sizes : tuple of int
        Number of units of each layer.
    output : Module
        The output layer, which takes as many features as the last layer has units.
    dropout : float, default=0.0
        Dropout rate after each layer.

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn import DenseHead, LinearHead
    >>> DenseHead(8, (32, 16), LinearHead(16, 3))(torch.randn(2, 8)).shape
    torch.Size([2, 3])
    """

    def __init__(
        self,
        in_features: int,
        layer_sizes: tuple[int, ...],
        output: nn.Module,
        dropout: float = 0.0,
    ):
        super().__init__()
        self.in_features = size = whole("in_features", in_features)
        layers = []
        for n_units in wholes("layer_sizes", layer_sizes):
            layers.append(LinearHead(size, n_units))
            size = n_units
        self.layers = nn.ModuleList(layers)
        self.dropout = Dropout(rate("dropout", dropout))
        self.output = output

    def forward(self, state: Tensor) -> Tensor:
        """Map ``(..., in_features)`` states to what the output layer returns."""
        for layer in self.layers:
            state = self.dropout(functional.relu(layer(state)))  # (..., units)
        outputs: Tensor = self.output(state)
        return outputs


# A step of the optimizer that changes all weights moves the score by the sum of the changes; a
# threshold is a single parameter. Without this gain thresholds would be learned much more slowly
# than the score, and keep the class probabilities from becoming certain.
THRESHOLD_GAIN = 10.0


class CumulativeLinkHead(LinearHead):
    """Log-probabilities of ordered classes, from a single score and increasing thresholds [1]_.

    For a score s and increasing thresholds, the probability of a class above the k-th is
    ``sigmoid(s - thresholds[k])``. Each threshold is the one before it plus a positive number, so
    these probabilities decrease with k for any weights: the model is rank-consistent.

    Parameters
    ----------
    in_features : int
        Number of features of a pooled state.
    n_classes : int
        Number of ordered classes, at least 2.

    References
    ----------
    .. [1] P. McCullagh, "Regression Models for Ordinal Data", Journal of the Royal
       Statistical Society B 42(2), 1980, section 2.

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn import CumulativeLinkHead
    >>> head = CumulativeLinkHead(8, n_classes=3)
    >>> head(torch.zeros(1, 8)).exp().detach()  # a score of 0
    tensor([[0.3333, 0.3333, 0.3333]])
    """

    def __init__(self, in_features: int, n_classes: int):
        super().__init__(in_features, 1, bias=False)
        n_classes = whole("n_classes", n_classes, 2)
        # Chosen so that all classes are equally probable for a score of 0.
        cumulative = torch.arange(1, n_classes, dtype=torch.float64) / n_classes
        thresholds = torch.logit(cumulative).to(self.weight.dtype)
        self.first_threshold = nn.Parameter(thresholds[:1] / THRESHOLD_GAIN)
        self.raw_gaps = nn.Parameter(_inverse_softplus(thresholds.diff()) / THRESHOLD_GAIN)

    def gaps(self) -> Tensor:
        """Return the (n_classes - 2,) differences between thresholds, all of them positive."""
        return functional.softplus(THRESHOLD_GAIN * self.raw_gaps)

    def thresholds(self) -> Tensor:
        """Return the (n_classes - 1,) increasing thresholds."""
        first = THRESHOLD_GAIN * self.first_threshold
        return torch.cat([first, first + self.gaps().cumsum(0)])

    def forward(self, state: Tensor) -> Tensor:
        """Map ``(..., in_features)`` states to ``(..., n_classes)`` log-probabilities."""
        above = super().forward(state) - self.thresholds()  # (..., n_classes - 1) log-odds
        # P(class k) = sigmoid(a) - sigmoid(b), with the log-odds a of exceeding the threshold
        # below it and b < a of exceeding the one above: sigmoid(a) sigmoid(-b) (1 - exp(b - a)).
        # In this form no logarithm is taken of a difference of two numbers near 1.
        from_below = functional.pad(functional.logsigmoid(above), (1, 0))  # (..., n_classes)
        from_above = functional.pad(functional.logsigmoid(-above), (0, 1))
        between = functional.pad(_log1mexp(self.gaps()), (1, 1))
        return from_below + from_above + between


class CRFHead(LinearHead):
    """Emissions of every step, and a conditional random field over the labels.

    The output is the emissions; the field is applied by the loss, `CRFLoss`, and by the methods
    `LinearChainCRF.viterbi` and `LinearChainCRF.log_marginals`.

    Parameters
    ----------
    in_features : int
        Number of features of a hidden state.
    n_classes : int
        Number of classes.

    Attributes
    ----------
    crf : LinearChainCRF
        The conditional random field, trained together with the network.

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn import CRFHead
    >>> head = CRFHead(8, n_classes=4)
    >>> emissions = head(torch.randn(2, 5, 8))  # (batch, time, n_classes)
    >>> head.crf.viterbi(emissions, torch.tensor([5, 3])).shape
    torch.Size([2, 5])
    """

    def __init__(self, in_features: int, n_classes: int):
        super().__init__(in_features, whole("n_classes", n_classes))
        self.crf = LinearChainCRF(n_classes)


class QuantileHead(LinearHead):
    """Quantiles of one or several targets that never cross.

    The lowest quantile is a linear function of the state; each further one is the quantile before
    it plus the softplus of a linear function. The biases are initialised to the quantiles of the
    standard normal distribution, which standardised targets roughly have. With equal initial
    distances, many quantiles together would cover far too wide a range.

    Parameters
    ----------
    in_features : int
        Number of features of a pooled state, or of the hidden state of a step.
    n_targets : int
        Number of targets.
    quantiles : sequence of float
        Levels of the quantiles, increasing, in (0, 1).

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn import QuantileHead
    >>> head = QuantileHead(8, n_targets=1, quantiles=(0.05, 0.5, 0.95))
    >>> head(torch.zeros(1, 8)).detach().round(decimals=3)  # (batch, n_targets, n_quantiles)
    tensor([[[-1.6450,  0.0000,  1.6450]]])
    """

    def __init__(self, in_features: int, n_targets: int, quantiles: Sequence[float]):
        levels = _levels(quantiles)
        n_targets = whole("n_targets", n_targets)
        super().__init__(in_features, n_targets * len(levels))
        self.n_quantiles = len(levels)
        normal = torch.special.ndtri(levels)
        initial = torch.cat([normal[:1], _inverse_softplus(normal.diff())])
        with torch.no_grad():
            self.bias.copy_(initial.repeat(n_targets))

    def forward(self, state: Tensor) -> Tensor:
        """Map ``(..., in_features)`` states to ``(..., n_targets, n_quantiles)``."""
        free = super().forward(state).unflatten(-1, (-1, self.n_quantiles))
        lowest, gaps = free[..., :1], functional.softplus(free[..., 1:])
        return torch.cat([lowest, lowest + gaps.cumsum(-1)], dim=-1)


def _levels(quantiles: Sequence[float]) -> Tensor:
    """Return the levels of quantiles, after checking them."""
    levels = torch.as_tensor(quantiles, dtype=torch.float64)
    if levels.ndim != 1 or not len(levels):
        raise ValueError(f"quantiles must be one or more numbers, got {quantiles!r}.")
    if not bool((levels > 0).all() & (levels < 1).all() & (levels.diff() > 0).all()):
        raise ValueError(
            f"quantiles must be increasing and between 0 and 1, got {levels.tolist()}."
        )
    return levels


def _inverse_softplus(x: Tensor) -> Tensor:
    """Return y with ``log(1 + exp(y)) = x``, for ``x > 0``."""
    return x + torch.log(-torch.expm1(-x))


def _log1mexp(x: Tensor) -> Tensor:
    """Return ``log(1 - exp(-x))`` for ``x > 0``, exact for small and for large `x`."""
    small = x < math.log(2.0)
    # Where a branch is not taken it gets a harmless input: a NaN in its gradient would spread.
    near = torch.log(-torch.expm1(-torch.where(small, x, 1.0)))
    far = torch.log1p(-torch.exp(-torch.where(small, 1.0, x)))
    return torch.where(small, near, far)
