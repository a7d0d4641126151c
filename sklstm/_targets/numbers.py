"""Numbers to predict, to and from the scale that the network is trained on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_array

from sklstm._sequences import BadTarget


@dataclass(frozen=True)
class NumberCodec:
    """Scale targets, and scale outputs back.

    Attributes
    ----------
    shape : tuple of int
        Shape of the target of a sample: ``()``, ``(n_outputs,)`` or ``(H, W)``.
    center, scale : ndarray of shape (n_numbers,)
        What is taken off each number of a sample, and what it is divided by then.
    log : bool
        Whether outputs are logarithms of the scaled numbers.
    has_spread : bool
        Whether every number of a sample varied when the scale was learned, as it needs to.
    """

    shape: tuple[int, ...]
    center: np.ndarray
    scale: np.ndarray
    log: bool
    has_spread: bool = True

    @classmethod
    def learn(cls, y: Any, weights: np.ndarray, *, log: bool) -> NumberCodec:
        """Learn the shape of `y`, and the scale of each number over all samples, weighted.

        Numbers without a logarithm get mean 0 and variance 1; for counts, whose logarithm is
        learned, division alone brings the mean to 1.
        """
        y = read_numbers(y)
        flat = y.reshape(len(y), -1)
        if log:
            mean = np.average(flat, axis=0, weights=weights)
            return cls(y.shape[1:], np.zeros_like(mean), np.where(mean > 0, mean, 1.0), True)
        with np.errstate(over="ignore", invalid="ignore"):  # named below
            scaler = StandardScaler().fit(flat, sample_weight=weights)
        if not np.isfinite(scaler.var_).all():
            raise ValueError(
                f"y holds numbers too large to be scaled, up to {np.abs(flat).max():.3g}; give it "
                "in another unit."
            )
        return cls(y.shape[1:], scaler.mean_, scaler.scale_, False, bool(scaler.var_.all()))

    @property
    def n_numbers(self) -> int:
        """Numbers per sample."""
        return len(self.center)

    def encode(self, y: Any) -> np.ndarray:
        """Return float32 (n, n_numbers) targets."""
        y = read_numbers(y)
        if y.shape[1:] != self.shape:
            raise ValueError(
                f"y has shape {y.shape}, but this model predicts targets of shape "
                f"{('n_samples', *self.shape)}."
            )
        if self.log:
            _check_not_negative(y)
        with np.errstate(over="ignore"):  # named below
            scaled = (y.reshape(len(y), -1) - self.center) / self.scale
            targets = scaled.astype(np.float32)
        far = np.flatnonzero(~np.isfinite(targets).all(axis=1))
        if len(far):
            raise BadTarget(
                int(far[0]),
                f"@ is {y[far[0]].tolist()!r}, too far from the rest of y to be brought to one "
                "scale with it.",
            )
        return targets

    def decode(self, outputs: np.ndarray) -> np.ndarray:
        """Return (n, *shape) numbers from (n, n_numbers) outputs.

        A further axis of the outputs, of quantiles, stays the last.
        """
        more = outputs.shape[2:]
        wide = (slice(None), *[None] * len(more))
        outputs = outputs.astype(np.float64)
        numbers = np.exp(outputs) if self.log else outputs
        numbers = numbers * self.scale[wide] + self.center[wide]
        return numbers.reshape(len(outputs), *self.shape, *more)


def read_numbers(y: Any) -> np.ndarray:
    """Return `y` as finite float64 numbers of any shape, one row per sample."""
    if getattr(getattr(y, "dtype", None), "kind", None) == "O" and y.ndim == 1:
        y = list(y)  # a column of arrays reads as a list of them does
    try:
        numbers: np.ndarray = check_array(
            y, ensure_2d=False, allow_nd=True, dtype=np.float64, order="C", input_name="y"
        )
    except ValueError as error:
        if "setting an array element with a sequence" not in str(error):
            _name_gap(y, error)
            raise
        raise ValueError(
            "y holds a sequence where a number is expected, or sequences of unequal lengths; "
            "each sample needs one number, or one array of the same shape as the others. For a "
            "number at every step set return_sequences=True."
        ) from error
    return numbers


def _check_not_negative(y: np.ndarray) -> None:
    """Raise ValueError for what is no count."""
    bad = np.argwhere(y < 0)
    if len(bad):
        place = tuple(int(i) for i in bad[0])
        raise BadTarget(
            place,
            f"@ is {y[place]}, but loss='poisson' is for counts and rates, which are 0 or more.",
        )


def _name_gap(y: Any, error: ValueError) -> None:
    """Raise the error with the place of what is missing or infinite, if that is its subject."""
    if "contains NaN" not in str(error) and "contains infinity" not in str(error):
        return
    numbers = np.asarray(y, dtype=np.float64)
    place = tuple(int(i) for i in np.argwhere(~np.isfinite(numbers))[0])
    raise BadTarget(place, f"{str(error).splitlines()[0]} @ is {numbers[place]}.") from error
