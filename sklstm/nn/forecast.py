"""Forecasts: an encoder-decoder network, and the distributions that it can predict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

from sklstm.nn.checks import INTEGERS, check_tensor, flag, rate, whole, wholes
from sklstm.nn.dropout import Dropout, RandomModule
from sklstm.nn.heads import LinearHead
from sklstm.nn.recurrent import RecurrentStack
from sklstm.nn.state import State

# Scales and means that have to be positive are at least this.
_LEAST = 1e-4
# A baseline of 0 says little about the mean of counts, and far below this value it would take large
# outputs to correct it.
_LEAST_COUNT = 0.1
# The output layer starts with small weights: an untrained network then predicts about the baseline.
_FIRST_OUTPUTS = 0.1


class Family(Protocol):
    """What a network predicts of each future value: a number, quantiles, or a distribution.

    Attributes
    ----------
    n_parameters : int
        Number of parameters of each predicted value.
    n_outputs : int
        Number of outputs of the network that they are computed from.
    """

    @property
    def n_parameters(self) -> int:
        """Number of parameters of each predicted value."""

    @property
    def n_outputs(self) -> int:
        """Number of outputs of the network for each predicted value."""

    def parameters(self, outputs: Tensor, baseline: Tensor) -> Tensor:
        """Return the parameters, given ``(..., n_outputs)`` outputs and a ``(...)`` baseline."""

    def loss(self, parameters: Tensor, expected: Tensor, unit: Tensor) -> Tensor:
        """Return the loss of each value; counts were divided by the `unit`."""

    def center(self, parameters: Tensor) -> Tensor:
        """Return the number that stands for the prediction, which recursive forecasts read."""


@dataclass(frozen=True)
class Point:
    """A single number: the mean for ``squared=True``, the median otherwise."""

    squared: bool = False
    n_parameters: int = 1
    n_outputs: int = 1

    def parameters(self, outputs: Tensor, baseline: Tensor) -> Tensor:
        """Return the parameters; see `Family`."""
        return outputs + baseline.unsqueeze(-1)

    def loss(self, parameters: Tensor, expected: Tensor, unit: Tensor) -> Tensor:
        """Return the loss of each value; see `Family`."""
        error = parameters[..., 0] - expected
        return error.square() if self.squared else error.abs()

    def center(self, parameters: Tensor) -> Tensor:
        """Return the number that stands for the prediction."""
        return parameters[..., 0]


@dataclass(frozen=True)
class Quantiles:
    """Quantiles at increasing levels: the sum of an output that all share, and of one of their own.

    The gradients of the outer quantiles are small, and alone they would move slowly. Quantiles that
    cross are put in order where they are read [1]_. As sums of positive distances they could not
    cross, but the median would depend on all others, and be learned much more slowly.

    References
    ----------
    .. [1] V. Chernozhukov, I. Fernandez-Val, A. Galichon, "Quantile and Probability Curves Without
       Crossing", Econometrica 78(3), 2010, section 2.
    """

    levels: tuple[float, ...]

    @property
    def n_parameters(self) -> int:
        """Number of quantiles."""
        return len(self.levels)

    @property
    def n_outputs(self) -> int:
        """Number of outputs of the network: the shared one, and one for each quantile."""
        return 1 + len(self.levels)

    def parameters(self, outputs: Tensor, baseline: Tensor) -> Tensor:
        """Return the parameters; see `Family`."""
        return outputs[..., 1:] + outputs[..., :1] + baseline.unsqueeze(-1)

    def loss(self, parameters: Tensor, expected: Tensor, unit: Tensor) -> Tensor:
        """Return the loss of each value; see `Family`."""
        error = expected.unsqueeze(-1) - parameters  # (..., n_quantiles)
        levels = error.new_tensor(self.levels)
        # Twice the pinball loss: that of the median is the absolute error.
        return 2.0 * torch.maximum(levels * error, (levels - 1.0) * error).mean(-1)

    def center(self, parameters: Tensor) -> Tensor:
        """Return the number that stands for the prediction."""
        nearest = min(range(len(self.levels)), key=lambda i: abs(self.levels[i] - 0.5))
        return parameters[..., nearest]


@dataclass(frozen=True)
class Normal:
    """A normal distribution: mean and standard deviation."""

    n_parameters: int = 2
    n_outputs: int = 2

    def parameters(self, outputs: Tensor, baseline: Tensor) -> Tensor:
        """Return the parameters; see `Family`."""
        mean, scale = outputs.unbind(-1)
        return torch.stack([mean + baseline, _positive(scale)], dim=-1)

    def loss(self, parameters: Tensor, expected: Tensor, unit: Tensor) -> Tensor:
        """Return the loss of each value; see `Family`."""
        mean, scale = parameters.unbind(-1)
        return -torch.distributions.Normal(mean, scale, validate_args=False).log_prob(expected)

    def center(self, parameters: Tensor) -> Tensor:
        """Return the number that stands for the prediction."""
        return parameters[..., 0]


@dataclass(frozen=True)
class StudentT:
    """A Student t distribution, whose tails are heavier: location, scale, degrees of freedom."""

    n_parameters: int = 3
    n_outputs: int = 3

    def parameters(self, outputs: Tensor, baseline: Tensor) -> Tensor:
        """Return the parameters; see `Family`."""
        location, scale, freedom = outputs.unbind(-1)
        # With more than 2 degrees of freedom, so that there is a variance.
        return torch.stack(
            [location + baseline, _positive(scale), 2.0 + _positive(freedom)], dim=-1
        )

    def loss(self, parameters: Tensor, expected: Tensor, unit: Tensor) -> Tensor:
        """Return the loss of each value; see `Family`."""
        location, scale, freedom = parameters.unbind(-1)
        distribution = torch.distributions.StudentT(freedom, location, scale, validate_args=False)
        return -distribution.log_prob(expected)

    def center(self, parameters: Tensor) -> Tensor:
        """Return the number that stands for the prediction."""
        return parameters[..., 0]


@dataclass(frozen=True)
class NegativeBinomial:
    """A negative binomial distribution of counts: mean, in the unit of the values, and dispersion.

    The variance is ``mean + dispersion * mean**2``.
    """

    n_parameters: int = 2
    n_outputs: int = 2

    def parameters(self, outputs: Tensor, baseline: Tensor) -> Tensor:
        """Return the parameters; see `Family`."""
        mean, dispersion = outputs.unbind(-1)
        before = baseline.clamp(min=_LEAST_COUNT)
        raised = before + torch.log(-torch.expm1(-before))  # of which the softplus is the baseline
        return torch.stack([_positive(mean + raised), _positive(dispersion)], dim=-1)

    def loss(self, parameters: Tensor, expected: Tensor, unit: Tensor) -> Tensor:
        """Return the loss of each value; see `Family`."""
        mean, dispersion = parameters.unbind(-1)
        count, mean, r = expected * unit, mean * unit, 1.0 / dispersion
        # Logarithms of the failure and the success probability, r / (r + mean) and its complement
        log_p, log_q = -torch.log1p(mean / r), -torch.log1p(r / mean)
        choose = torch.lgamma(count + r) - torch.lgamma(r) - torch.lgamma(count + 1.0)
        return -(choose + r * log_p + count * log_q)

    def center(self, parameters: Tensor) -> Tensor:
        """Return the number that stands for the prediction."""
        return parameters[..., 0]


def _positive(outputs: Tensor) -> Tensor:
    return functional.softplus(outputs) + _LEAST


class ForecastNetwork(RandomModule):
    """Encoder and decoder LSTM: from the past of series to their next steps [1]_.

    The encoder reads the past. The decoder continues from its state, and gets the last hidden
    state of the encoder again at each future step, beside what is known of that step; the same
    output layer reads each of its hidden states. A forecast that needs no learning, such as the
    value of one season before, is added to the outputs, so that the network learns the difference.

    Parameters
    ----------
    n_past : int
        Number of features of each past step.
    n_future : int
        Number of features of each future step; may be 0.
    n_targets : int
        Number of values to predict for each future step.
    family : Family
        What is predicted of each value.
    hidden_sizes : tuple of int, default=(64,)
        Number of units of each layer, of encoder and decoder alike.
    n_static : int, default=0
        Number of static features that are numbers.
    categories : tuple of int, default=()
        For each categorical static feature its number of categories; they get an embedding.
    cell : {"lstm", "gru"}, default="lstm"
        Type of recurrent cell.
    dropout : float, default=0.0
        Dropout rate between layers, of the repeated state, and before the output layer.
    recurrent_dropout : float, default=0.0
        Dropout rate of the recurrent weights, drawn once per batch; with `recursive` again for each
        step of the decoder.
    recursive : bool, default=False
        Whether each step of the decoder also reads the value predicted for the step before, the
        true one in training with the probability `teaching`. Then the steps are computed one after
        the other.

    References
    ----------
    .. [1] K. Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder for
       Statistical Machine Translation", EMNLP 2014, section 2.2; scheduled teacher forcing:
       S. Bengio et al., "Scheduled Sampling for Sequence Prediction with Recurrent Neural
       Networks", NeurIPS 2015, section 2.4.

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn import ForecastNetwork
    >>> from sklstm.nn.forecast import Quantiles
    >>> network = ForecastNetwork(2, 1, 1, Quantiles((0.1, 0.5, 0.9)))
    >>> past, future = torch.randn(4, 30, 2), torch.randn(4, 7, 1)
    >>> network(past, future, torch.zeros(4, 7, 1)).shape
    torch.Size([4, 7, 1, 3])
    """

    def __init__(
        self,
        n_past: int,
        n_future: int,
        n_targets: int,
        family: Family,
        *,
        hidden_sizes: tuple[int, ...] = (64,),
        n_static: int = 0,
        categories: tuple[int, ...] = (),
        cell: str = "lstm",
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        recursive: bool = False,
    ):
        super().__init__()
        options: dict[str, Any] = {
            "cell": cell,
            "dropout": dropout,
            "recurrent_dropout": recurrent_dropout,
        }
        self.n_past, self.n_future = whole("n_past", n_past), whole("n_future", n_future, 0)
        self.n_targets = whole("n_targets", n_targets)
        self.n_static = whole("n_static", n_static, 0)
        self.recursive = flag("recursive", recursive)
        categories = wholes("categories", categories) if categories != () else ()
        n_known = self.n_static + sum(map(embedding_size, categories))
        self.encoder = RecurrentStack(self.n_past + n_known, hidden_sizes, **options)
        n_read = self.n_future + n_known + self.encoder.output_size
        n_read += self.n_targets if self.recursive else 0
        self.decoder = RecurrentStack(n_read, hidden_sizes, **options)
        self.embeddings = nn.ModuleList(nn.Embedding(n, embedding_size(n)) for n in categories)
        for table in self.embeddings:
            assert isinstance(table, nn.Embedding)
            nn.init.normal_(table.weight, std=0.1)
        self.dropout = Dropout(rate("dropout", dropout))
        self.family = family
        self.output = LinearHead(self.decoder.output_size, n_targets * family.n_outputs)
        with torch.no_grad():
            self.output.weight.mul_(_FIRST_OUTPUTS)

    def forward(
        self,
        past: Tensor,
        future: Tensor,
        baseline: Tensor,
        static: Tensor | None = None,
        categories: Tensor | None = None,
        previous: Tensor | None = None,
        expected: Tensor | None = None,
        teaching: float = 0.0,
    ) -> Tensor:
        """Return the parameters of the predicted values.

        Parameters
        ----------
        past : Tensor of shape (batch, time, n_past_features)
            What is known of each past step.
        future : Tensor of shape (batch, horizon, n_future_features)
            What is known of each future step.
        baseline : Tensor of shape (batch, horizon, n_targets)
            The forecast that is added.
        static : Tensor of shape (batch, n_static) or None, default=None
            Numbers known of each series.
        categories : Tensor of int of shape (batch, n_categorical) or None, default=None
            Categories known of each series.
        previous : Tensor of shape (batch, n_targets) or None, default=None
            With `recursive`, the last known values; needed then.
        expected : Tensor of shape (batch, horizon, n_targets) or None, default=None
            With `recursive`, the true values, which are read with the probability `teaching`.
            Missing ones are NaN.
        teaching : float, default=0.0
            That probability.

        Returns
        -------
        Tensor of shape (batch, horizon, n_targets, n_parameters)
        """
        check_tensor("past", past, "batch", "time", self.n_past)
        check_tensor("future", future, len(past), "horizon", self.n_future)
        check_tensor("baseline", baseline, *future.shape[:2], self.n_targets)
        known = self._known(len(past), static, categories)
        past = _beside(past, known)
        state: State = tuple(past.new_zeros(len(past), n) for _, n in self.encoder.state_sizes())
        states, state = self.encoder.advance(past, state)  # (batch, time, hidden)
        context = [self.dropout(states[:, -1]), *known]
        steps = _beside(future, context)  # (batch, horizon, features + hidden + known)
        if not self.recursive:
            states, _ = self.decoder.advance(steps, state)
            return self._decode(states, baseline)
        if previous is None:
            raise ValueError("previous is None, but recursive=True needs the last known values.")
        check_tensor("previous", previous, len(past), self.n_targets)
        if expected is not None:
            check_tensor("expected", expected, *baseline.shape)
        return self._unroll(steps, baseline, state, previous, expected, teaching)

    def _known(self, n: int, static: Tensor | None, categories: Tensor | None) -> list[Tensor]:
        """Return what is known of each series, ``(batch, size)`` each."""
        known = []
        for name, given, size in (
            ("static", static, self.n_static),
            ("categories", categories, len(self.embeddings)),
        ):
            if given is None and size:
                raise ValueError(f"{name} is None, but the network reads {size} of them.")
        if static is not None:
            check_tensor("static", static, n, self.n_static)
            known.append(static)
        if categories is not None:
            check_tensor("categories", categories, n, len(self.embeddings), dtypes=INTEGERS)
            for table, index in zip(self.embeddings, categories.unbind(1), strict=True):
                known.append(table(index))
        return known

    def _decode(self, states: Tensor, baseline: Tensor) -> Tensor:
        outputs = self.output(self.dropout(states))
        outputs = outputs.reshape(*baseline.shape, self.family.n_outputs)
        return self.family.parameters(outputs, baseline)

    def _unroll(
        self,
        steps: Tensor,
        baseline: Tensor,
        state: State,
        previous: Tensor,
        expected: Tensor | None,
        teaching: float,
    ) -> Tensor:
        """Run the decoder step by step, each of which reads the value of the step before."""
        found = []
        for h in range(steps.shape[1]):
            step = torch.cat([steps[:, h], previous], dim=1).unsqueeze(1)  # (batch, 1, features)
            states, state = self.decoder.advance(step, state)
            parameters = self._decode(states, baseline[:, h : h + 1])
            found.append(parameters)
            previous = self.family.center(parameters[:, 0])  # (batch, n_targets)
            if self.training and expected is not None and teaching > 0.0:
                true = expected[:, h]
                # One draw for each sequence, which reads all true values of a step or none.
                drawn = torch.empty_like(true[:, :1]).uniform_(generator=self.generator)
                previous = torch.where((drawn < teaching) & ~true.isnan(), true, previous)
        return torch.cat(found, dim=1)


def embedding_size(n_categories: int) -> int:
    """Return the dimensionality of the vectors of a static feature with so many categories."""
    return min(16, max(2, round(1.6 * n_categories**0.56)))


def _beside(steps: Tensor, known: list[Tensor]) -> Tensor:
    """Return steps ``(batch, time, features)`` with the same further features at each of them."""
    wide = [part.unsqueeze(1).expand(-1, steps.shape[1], -1) for part in known]
    return torch.cat([steps, *wide], dim=2) if wide else steps


class ForecastLoss(nn.Module):
    """The weighted mean loss of the forecasts in a batch; missing values do not count.

    Parameters
    ----------
    family : Family
        What is predicted of each value.
    """

    def __init__(self, family: Family):
        super().__init__()
        self.family = family

    def forward(self, parameters: Tensor, targets: Any) -> Tensor:
        """Return the loss.

        Parameters
        ----------
        parameters : Tensor of shape (batch, horizon, n_targets, n_parameters)
            What a `ForecastNetwork` returns.
        targets : tuple of Tensor
            The true values of shape (batch, horizon, n_targets), NaN where they are missing; the
            weight of each series, (batch,); and what the values of each were divided by,
            (batch, 1, n_targets).
        """
        expected, weights, unit = targets
        is_there = ~expected.isnan()
        # Where nothing was divided the unit is 0, of which counts have no logarithm.
        unit = torch.where(unit > 0.0, unit, 1.0)
        losses = self.family.loss(parameters, torch.where(is_there, expected, 0.0), unit)
        shares = is_there * weights[:, None, None]  # (batch, horizon, n_targets)
        # By the number of values, not the sum of weights, which have a mean of 1 over all data.
        return (losses * shares).sum() / is_there.sum().clamp(min=1)
