"""Output layers: from the pooled state of a sequence to what a loss takes."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from sklstm.nn.crf import LinearChainCRF


class LinearOutput(nn.Linear):
    """Weigh and add up the pooled state; Glorot uniform weights, biases of zero."""

    def __init__(self, in_features: int, out_features: int, bias: bool = True):
        super().__init__(in_features, out_features, bias=bias)
        nn.init.xavier_uniform_(self.weight)
        if bias:
            nn.init.zeros_(self.bias)


# A weight's change moves the score by as much as all units together; a threshold stands alone.
# Without a gain it would lag behind, and keep the classes from becoming certain.
THRESHOLD_GAIN = 10.0


class CumulativeLink(LinearOutput):
    """Log-probabilities of ordered classes, from one score and thresholds that rise [1]_.

    The probability of a class above the k-th is the sigmoid of the score less the k-th
    threshold. As each threshold is the one before it plus something positive, these
    probabilities never rise with k, whatever the weights: the model is rank-consistent.

    Parameters
    ----------
    in_features : int
        Length of the pooled state.
    n_classes : int
        Ordered classes, 2 or more.

    References
    ----------
    .. [1] P. McCullagh, "Regression Models for Ordinal Data", Journal of the Royal
       Statistical Society B 42(2), 1980, section 2.
    """

    def __init__(self, in_features: int, n_classes: int):
        super().__init__(in_features, 1, bias=False)
        # A score of 0 finds every class equally probable.
        shares = torch.arange(1, n_classes, dtype=torch.float64) / n_classes
        thresholds = torch.logit(shares).float()
        self.first = nn.Parameter(thresholds[:1] / THRESHOLD_GAIN)
        self.steps = nn.Parameter(_inverse_softplus(thresholds.diff()) / THRESHOLD_GAIN)

    def gaps(self) -> Tensor:
        """Return the (n_classes - 2,) distances between thresholds, all of them positive."""
        return functional.softplus(THRESHOLD_GAIN * self.steps)

    def thresholds(self) -> Tensor:
        """Return the (n_classes - 1,) rising thresholds."""
        first = THRESHOLD_GAIN * self.first
        return torch.cat([first, first + self.gaps().cumsum(0)])

    def forward(self, state: Tensor) -> Tensor:
        """Map ``(..., in_features)`` states to ``(..., n_classes)`` log-probabilities."""
        above = super().forward(state) - self.thresholds()  # (..., n_classes - 1) log-odds
        # P(class k) is sigmoid(a) - sigmoid(b), for the log-odds a of lying above the threshold
        # below it and b < a of lying above its own: sigmoid(a) sigmoid(-b) (1 - exp(b - a)).
        # No logarithm then sees a difference of two numbers near 1.
        from_below = functional.pad(functional.logsigmoid(above), (1, 0))
        from_above = functional.pad(functional.logsigmoid(-above), (0, 1))
        between = functional.pad(_log1mexp(self.gaps()), (1, 1))
        return from_below + from_above + between


class CRFOutput(LinearOutput):
    """Scores of the classes at every step, and a conditional random field over them.

    Parameters
    ----------
    in_features : int
        Length of a state.
    n_classes : int
        Classes that a step may have.

    Attributes
    ----------
    crf : LinearChainCRF
        Scores which class follows which.
    """

    def __init__(self, in_features: int, n_classes: int):
        super().__init__(in_features, n_classes)
        self.crf = LinearChainCRF(n_classes)


class QuantileOutput(LinearOutput):
    """Quantiles of one or several numbers, the higher ones never below the lower.

    The lowest is free; each other is the one before it plus a softplus of its own.

    Parameters
    ----------
    in_features : int
        Length of the pooled state.
    n_numbers : int
        Numbers to predict.
    quantiles : sequence of float
        Which ones, rising. The first biases make them those of the standard normal
        distribution, near to what targets of mean 0 and variance 1 have before anything is
        known of them: steps that all began alike would spread many quantiles far too wide.
    """

    def __init__(self, in_features: int, n_numbers: int, quantiles: Sequence[float]):
        super().__init__(in_features, n_numbers * len(quantiles))
        self.n_quantiles = len(quantiles)
        normal = torch.special.ndtri(torch.tensor(quantiles, dtype=torch.float64))
        first = torch.cat([normal[:1], _inverse_softplus(normal.diff())])
        with torch.no_grad():
            self.bias.copy_(first.repeat(n_numbers))

    def forward(self, state: Tensor) -> Tensor:
        """Map ``(..., in_features)`` states to ``(..., n_numbers, n_quantiles)``."""
        free = super().forward(state).unflatten(-1, (-1, self.n_quantiles))
        lowest, steps = free[..., :1], functional.softplus(free[..., 1:])
        return torch.cat([lowest, lowest + steps.cumsum(-1)], dim=-1)


def _inverse_softplus(x: Tensor) -> Tensor:
    return x + torch.log(-torch.expm1(-x))


def _log1mexp(x: Tensor) -> Tensor:
    """Return ``log(1 - exp(-x))`` for ``x > 0``, exact for small and for large `x`."""
    small = x < math.log(2.0)
    # Each branch gets harmless numbers where the other is taken: a NaN in the gradient of the
    # branch not taken would spread.
    near = torch.log(-torch.expm1(-torch.where(small, x, 1.0)))
    far = torch.log1p(-torch.exp(-torch.where(small, 1.0, x)))
    return torch.where(small, near, far)
