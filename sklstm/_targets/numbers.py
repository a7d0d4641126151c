"""Numbers: one or several for each sample or step, or their quantiles."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from numbers import Real
from typing import Any, NoReturn, Self

import numpy as np
import torch
from scipy.sparse import issparse
from sklearn.metrics import r2_score
from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_array
from torch import Tensor, nn

from sklstm._sequences import TargetError, as_objects, equal_but_for_rounding, is_missing, plain
from sklstm._targets.base import Decoder, Target
from sklstm.nn import (
    LinearHead,
    QuantileHead,
    absolute_loss,
    huber_loss,
    poisson_loss,
    quantile_loss,
    squared_loss,
)
from sklstm.nn.linear_path import LinearKind
from sklstm.nn.losses import SampleLoss

# Losses of the targets as they are encoded; "huber" and "quantile" have a parameter besides.
LOSSES: dict[str, SampleLoss] = {
    "squared_error": squared_loss,
    "absolute_error": absolute_loss,
    "poisson": poisson_loss,
}


class NumberTarget(Target):
    """Numbers, scaled before training; outputs are scaled back.

    Parameters
    ----------
    estimator_name : str
        Named in error messages.
    loss : {"squared_error", "absolute_error", "huber", "poisson", "quantile"}
        The estimator's parameter.
    huber_delta : float
        For "huber": where an error starts to count linearly, in standard deviations of y.
    quantiles : float or sequence of float
        For "quantile": the quantiles to predict.
    per_step : bool
        Whether every step has a target.

    Attributes
    ----------
    shape : tuple of int
        Shape of the target of a sample or step: ``()``, ``(n_outputs,)`` or ``(H, W)``.
    center, scale : ndarray of shape (n_numbers,)
        What is subtracted from each number of a sample, and what it is divided by then.
    levels : tuple of float or None
        The quantiles that were learned; None for other losses.
    has_spread : bool
        Whether every number of a sample varied when the scale was learned, as it needs to.
    """

    shape: tuple[int, ...]
    center: np.ndarray
    scale: np.ndarray
    levels: tuple[float, ...] | None
    has_spread: bool

    def __init__(
        self, estimator_name: str, *, loss: str, huber_delta: float, quantiles: Any, per_step: bool
    ):
        super().__init__(estimator_name, per_step=per_step)
        self.loss = loss
        self.huber_delta = huber_delta
        self.quantiles = quantiles

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters that define the encoding."""
        # The targets of the other losses are the same, so training may continue with another.
        special = self.loss in ("poisson", "quantile")
        return {
            "loss": self.loss if special else "squared_error, absolute_error or huber",
            "quantiles": checked_quantiles(self.quantiles) if self.loss == "quantile" else None,
            "return_sequences": self.per_step,
        }

    @property
    def fitted_attributes(self) -> dict[str, Any]:
        """The public fitted attributes of the estimator that come from y."""
        return {"quantiles_": self.levels}

    @property
    def is_log(self) -> bool:
        """Whether outputs are logarithms of the scaled numbers."""
        return self.loss == "poisson"

    @property
    def linear_kind(self) -> LinearKind | None:
        """What the outputs of a linear model beside the network mean."""
        return None if self.per_step or self.loss != "squared_error" else "numbers"

    @property
    def n_outputs(self) -> int:
        """Number of numbers per sample or step."""
        return len(self.center)

    def learn(
        self, y: Any, weights: np.ndarray, classes: Any = None, *, partial: bool = False
    ) -> None:
        """Learn the shape of `y`, and the scale of each number over all samples, weighted.

        Each number is standardised to mean 0 and variance 1. Counts, whose logarithm is
        predicted, are divided by their mean instead.
        """
        y = read_numbers(y, per_step=self.per_step)
        self.shape = y.shape[1:]
        self.levels = checked_quantiles(self.quantiles) if self.loss == "quantile" else None
        flat = y.reshape(len(y), -1)
        if self.is_log:
            mean = np.average(flat, axis=0, weights=weights)
            self.center, self.scale = np.zeros_like(mean), np.where(mean > 0, mean, 1.0)
            self.has_spread = True
            return
        with np.errstate(over="ignore", invalid="ignore"):  # named below
            scaler = StandardScaler().fit(flat, sample_weight=weights)
        if not np.isfinite(scaler.var_).all():
            raise ValueError(
                f"y holds numbers too large to be scaled, up to {np.abs(flat).max():.3g}; convert "
                "it to another unit."
            )
        used = flat[weights > 0]
        constant = equal_but_for_rounding(used.min(axis=0), used.max(axis=0), flat.dtype)
        if (~constant & (scaler.var_ < np.finfo(np.float64).tiny)).any():
            raise ValueError(
                f"y holds numbers that differ too little to be scaled, by {np.ptp(used):.3g} at "
                "most; convert it to another unit."
            )
        # By the values: scikit-learn tells constants by the variance, which takes small
        # differences around a large mean for rounding errors.
        self.center = scaler.mean_
        self.scale = np.where(constant, 1.0, np.sqrt(scaler.var_))
        self.has_spread = not constant.any()

    def _take_over(self, earlier: Self) -> None:
        self.shape, self.levels = earlier.shape, earlier.levels
        self.center, self.scale = earlier.center, earlier.scale
        self.has_spread = earlier.has_spread

    def check(self, y: Any) -> None:
        """Raise ValueError if `y` does not hold finite numbers."""
        read_numbers(y, per_step=self.per_step)

    def encode(self, y: Any) -> np.ndarray:
        """Return float32 (n, n_numbers) targets."""
        y = read_numbers(y, per_step=self.per_step)
        if y.shape[1:] != self.shape:
            raise ValueError(
                f"y has shape {y.shape}, but this model predicts targets of shape "
                f"{('n_samples', *self.shape)}."
            )
        if self.is_log:
            _check_not_negative(y)
        with np.errstate(over="ignore"):  # named below
            scaled = (y.reshape(len(y), -1) - self.center) / self.scale
            targets = scaled.astype(np.float32)
        far = np.flatnonzero(~np.isfinite(targets).all(axis=1))
        if len(far):
            raise TargetError(
                int(far[0]),
                f"@ is {y[far[0]].tolist()!r}, too far from the rest of y to be brought to one "
                "scale with it.",
            )
        return targets

    def restore(self, encoded: np.ndarray) -> np.ndarray:
        """Return the numbers of encoded targets, in the unit of y."""
        numbers = encoded.astype(np.float64) * self.scale + self.center
        return numbers.reshape(len(encoded), *self.shape)

    def build_output(self, size: int) -> nn.Module:
        """Return the output layer for a state of this size."""
        if self.levels is not None:
            return QuantileHead(size, self.n_outputs, self.levels)
        return LinearHead(size, self.n_outputs)

    def sample_loss(self) -> SampleLoss:
        """Return the loss of a sample or step."""
        if self.levels is not None:
            # Not of torch's default dtype: the loss converts them to that of the predictions.
            levels = torch.tensor(self.levels, dtype=torch.float64, device="cpu")
            return partial(quantile_loss, quantiles=levels)
        if self.loss == "huber":
            return partial(huber_loss, delta=float(self.huber_delta))
        return LOSSES[self.loss]

    def _decoders(self, output: nn.Module | None) -> dict[str, Decoder]:
        decoders = {"predict": Decoder(self.numbers)}
        if self.levels is not None:
            decoders["predict_quantiles"] = Decoder(self.unscaled)
        return decoders

    def choose(self, wanted: Any, n_samples: int, predicted: Callable[[str], Any]) -> np.ndarray:
        """Return the index of the number that is to be explained, the same for all samples."""
        n_numbers = int(np.prod(self.shape))
        if wanted is None and n_numbers > 1:
            raise ValueError(
                f"target is None, but the model predicts numbers of shape {self.shape} for each "
                "sample; pass the index of one, such as target=0."
            )
        place = plain(wanted)
        place = () if place is None else place if isinstance(place, tuple | list) else (place,)
        shape = self.shape or (1,)
        place = (0,) * (len(shape) - len(place)) if not place else tuple(place)
        whole = all(isinstance(i, int) and not isinstance(i, bool) for i in place)
        if not whole or len(place) != len(shape):
            raise ValueError(f"target={plain(wanted)!r}: {self._accepted_places()}.")
        if any(not -size <= i < size for i, size in zip(place, shape, strict=True)):
            raise ValueError(
                f"target={plain(wanted)!r} is out of range: {self._accepted_places()}."
            )
        found = [i % size for i, size in zip(place, shape, strict=True)]
        return np.full(n_samples, np.ravel_multi_index(found, shape), dtype=np.int64)

    def _accepted_places(self) -> str:
        """Return what `choose` accepts, for messages."""
        if int(np.prod(self.shape)) == 1:
            return "the model predicts one number for each sample, so target is not needed"
        if len(self.shape) > 1:
            return (
                f"the model predicts numbers of shape {self.shape}; accepted is the index of one, "
                f"such as {(0,) * len(self.shape)}"
            )
        n = self.shape[0]
        places = "0 and 1" if n == 2 else f"0 to {n - 1}"
        return f"the model predicts {n} numbers for each sample; accepted is one of {places}"

    def explained(self, outputs: Tensor, index: Tensor) -> Tensor:
        """Return a predicted number, ``(n,)``; of quantiles, the one nearest to 0.5."""
        own = outputs[torch.arange(len(outputs)), index]  # (n,), or (n, n_quantiles)
        if self.levels is not None:
            own = own[:, int(np.abs(np.array(self.levels) - 0.5).argmin())]
        own = own.exp() if self.is_log else own
        return own * torch.from_numpy(self.scale)[index] + torch.from_numpy(self.center)[index]

    def named(self, index: np.ndarray) -> np.ndarray:
        """Return the indices."""
        return index

    def numbers(self, outputs: np.ndarray) -> np.ndarray:
        """Return the predicted numbers; of quantiles, the one nearest to 0.5."""
        return self._middle(self.unscaled(outputs))

    def unscaled(self, outputs: np.ndarray) -> np.ndarray:
        """Return (n, *shape) numbers in the unit of y from (n, n_numbers) outputs.

        A further axis of the outputs, of quantiles, stays the last.
        """
        more = outputs.shape[2:]
        wide = (slice(None), *[None] * len(more))
        outputs = outputs.astype(np.float64)
        numbers = np.exp(outputs) if self.is_log else outputs
        numbers = numbers * self.scale[wide] + self.center[wide]
        return numbers.reshape(len(outputs), *self.shape, *more)

    def _middle(self, numbers: np.ndarray) -> np.ndarray:
        if self.levels is None:
            return numbers
        return numbers[..., np.abs(np.array(self.levels) - 0.5).argmin()]

    def interval_ends(self, coverage: float | None) -> list[int]:
        """Return the indices among the quantiles of the ends of an interval.

        Parameters
        ----------
        coverage : float or None
            Probability between the two quantiles; None for the lowest and the highest quantile.

        Raises
        ------
        ValueError
            If no two of the quantiles have this coverage.
        """
        levels = self.levels or ()
        if len(levels) < 2:
            raise ValueError(
                f"an interval needs two quantiles, but quantiles={levels!r}; fit with (0.05, "
                "0.95), for instance."
            )
        if coverage is None:
            return [0, len(levels) - 1]
        if not isinstance(coverage, Real) or not 0 < coverage < 1:
            raise ValueError(f"coverage={plain(coverage)!r} must be a number above 0 and below 1.")
        coverage = float(coverage)
        ends = []
        for wanted in ((1 - coverage) / 2, (1 + coverage) / 2):
            near = [i for i, level in enumerate(levels) if abs(level - wanted) < 1e-9]
            if not near:
                raise ValueError(
                    f"coverage={coverage} needs the quantile {wanted:.6g}, but the model was "
                    f"fitted with quantiles={tuple(levels)}."
                )
            ends += near
        return ends

    def score(self, outputs: np.ndarray, encoded: np.ndarray, weights: np.ndarray) -> float:
        """Return R2 of the network's outputs."""
        predicted = self._middle(np.exp(outputs) if self.is_log else outputs)
        if len(encoded) < 2:
            return float("nan")  # R2 compares with the mean, which one sample equals
        return float(r2_score(encoded, predicted, sample_weight=weights))


def checked_quantiles(quantiles: Any) -> tuple[float, ...]:
    """Return one quantile or several as a tuple.

    Raises
    ------
    ValueError
        If one is not inside (0, 1), or not above the one before it.
    """
    quantiles = plain(quantiles)
    if isinstance(quantiles, str):
        raise ValueError(f"quantiles={quantiles!r} is text; pass numbers, such as (0.05, 0.95).")
    given = (quantiles,) if isinstance(quantiles, Real) else tuple(quantiles)
    if not given:
        raise ValueError("quantiles is empty; pass one or several, such as (0.05, 0.5, 0.95).")
    values: list[float] = []
    for i, value in enumerate(given):
        if not isinstance(value, Real) or not 0 < float(value) < 1:
            raise ValueError(
                f"quantiles[{i}] is {plain(value)!r}; a quantile is a number above 0 and below 1."
            )
        if values and float(value) <= values[-1]:
            raise ValueError(
                f"quantiles[{i}] is {plain(value)!r}, not above quantiles[{i - 1}], "
                f"{plain(given[i - 1])!r}; list them from lowest to highest."
            )
        values.append(float(value))
    return tuple(values)


def read_numbers(y: Any, *, per_step: bool = False) -> np.ndarray:
    """Return `y` as finite float64 numbers of any shape, one row per sample or step."""
    _check_no_text(y, per_step=per_step)
    if getattr(getattr(y, "dtype", None), "kind", None) == "O" and y.ndim == 1:
        y = list(y)  # a column of arrays reads as a list of them does
    try:
        numbers: np.ndarray = check_array(
            y, ensure_2d=False, allow_nd=True, dtype=np.float64, order="C", input_name="y"
        )
    except TypeError as error:
        raise TypeError(f"y holds something that is no real number: {error}.") from error
    except ValueError as error:
        if "contains NaN" in str(error) or "contains infinity" in str(error):
            _refuse_gap(y, error)
        if "setting an array element with a sequence" not in str(error):
            raise
        raise ValueError(
            "y holds a sequence where a number is expected, or sequences of unequal lengths; "
            "each sample needs one number, or one array of the same shape as the others. For a "
            "number at every step set return_sequences=True."
        ) from error
    return numbers


def _refuse_gap(y: Any, error: ValueError) -> NoReturn:
    """Raise the error with the place of the first number that is missing or infinite."""
    numbers = np.asarray(y, dtype=np.float64)
    place = tuple(int(i) for i in np.argwhere(~np.isfinite(numbers))[0])
    raise TargetError(place, f"{str(error).splitlines()[0]} @ is {numbers[place]}.") from error


def _check_no_text(y: Any, *, per_step: bool) -> None:
    """Raise ValueError for strings, also those of digits, and for pandas' NA."""
    found = np.empty(0) if issparse(y) else as_objects(y)
    if found.dtype.kind not in "SUO" or {int, float, bool}.issuperset(map(type, found.flat)):
        return
    for i, item in enumerate(found.flat):
        is_list = isinstance(item, list | tuple | np.ndarray) and np.size(item) > 0
        first = np.asarray(item, dtype=object).flat[0] if is_list else item
        place = tuple(int(k) for k in np.unravel_index(i, found.shape))
        if isinstance(first, str | bytes):
            other = "LSTMTagger" if per_step or is_list else "LSTMClassifier"
            raise TargetError(
                place,
                f"@ is {plain(item)!r}, text, where a number is expected; to predict labels use "
                f"{other}.",
            )
        if is_missing(item):
            raise TargetError(place, f"Input y contains NaN. @ is {plain(item)!r}.")


def _check_not_negative(y: np.ndarray) -> None:
    """Raise ValueError for a negative count or rate."""
    bad = np.argwhere(y < 0)
    if len(bad):
        place = tuple(int(i) for i in bad[0])
        raise TargetError(
            place,
            f"@ is {y[place]}, but loss='poisson' is for counts and rates, which are 0 or more.",
        )
