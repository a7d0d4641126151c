"""How a regressor's numbers become targets, which loss they are learned by, and the way back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from numbers import Real
from typing import Any

import numpy as np
import torch
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils import check_consistent_length
from sklearn.utils.metaestimators import available_if
from torch import nn

from sklstm._estimators._features import PooledFeatures
from sklstm._estimators._prediction import chosen_decoder
from sklstm._estimators._state import SequenceState
from sklstm._sequences import lay_steps
from sklstm._targets.numbers import NumberCodec
from sklstm._targets.weights import given_step_weights
from sklstm.nn import (
    LinearOutput,
    QuantileOutput,
    absolute_loss,
    huber_loss,
    poisson_loss,
    quantile_loss,
    squared_loss,
)
from sklstm.nn.losses import SampleLoss

LOSSES: dict[str, SampleLoss] = {
    "squared_error": squared_loss,
    "absolute_error": absolute_loss,
    "poisson": poisson_loss,
}


def checked_quantiles(quantiles: Any) -> tuple[float, ...]:
    """Return one quantile or several as a tuple.

    Raises
    ------
    ValueError
        If one is not inside (0, 1), or not above the one before it.
    """
    if isinstance(quantiles, str):
        raise ValueError(f"quantiles={quantiles!r} is text; give numbers, such as (0.05, 0.95).")
    given = (quantiles,) if isinstance(quantiles, Real) else tuple(quantiles)
    if not given:
        raise ValueError("quantiles is empty; give one or several, such as (0.05, 0.5, 0.95).")
    values: list[float] = []
    for i, value in enumerate(given):
        if not isinstance(value, Real) or not 0 < float(value) < 1:
            raise ValueError(
                f"quantiles[{i}] is {value!r}; a quantile is a number above 0 and below 1."
            )
        if values and float(value) <= values[-1]:
            raise ValueError(
                f"quantiles[{i}] is {value!r}, not above quantiles[{i - 1}], {given[i - 1]!r}; "
                "list them from lowest to highest."
            )
        values.append(float(value))
    return tuple(values)


def _predicts_quantiles(estimator: Any) -> bool:
    fitted = hasattr(estimator, "quantiles_")
    if estimator.quantiles_ is None if fitted else estimator.loss != "quantile":
        raise AttributeError(
            f"{type(estimator).__name__} with loss={estimator.loss!r} has no quantiles; set "
            "loss='quantile', and fit."
        )
    return True


def _pools(estimator: Any) -> bool:
    if estimator._per_step:
        raise AttributeError(
            f"{type(estimator).__name__} with return_sequences=True pools no states: it has a "
            "vector for every step, and none for a sequence."
        )
    return True


# Without auto_wrap_output_keys=None scikit-learn would wrap `transform` once more, and hide
# from hasattr that it may be missing.
class NumberTargets(RegressorMixin, PooledFeatures, auto_wrap_output_keys=None):  # type: ignore[call-arg]
    """The steps of a fit and of a prediction that depend on y being numbers."""

    _codec_: NumberCodec
    quantiles_: tuple[float, ...] | None

    def predict(
        self, X: Any, *, state: SequenceState | None = None, return_state: bool = False
    ) -> Any:
        """Return the predicted number, or numbers, of each sequence.

        Parameters
        ----------
        X : sequences of shape (n_samples,), (n_samples, T) or (n_samples, T, F)
            In any of the forms in the notes of the class.
        state : SequenceState or None, default=None
            Where each sequence goes on from: what an earlier call with ``return_state=True``
            gave. Only for a model that reads forward, with ``bidirectional=False`` and no
            `conv_filters`. None begins anew.
        return_state : bool, default=False
            Return the state after X as well.

        Returns
        -------
        ndarray of shape (n_samples,), (n_samples, n_outputs) or (n_samples, H, W)
            In the shape and the unit of the y of `fit`: the mean, the median for
            ``loss="absolute_error"``, and for ``loss="quantile"`` the quantile nearest to 0.5.
            With ``return_sequences=True`` an object array of arrays of shape (T_i,) or
            (T_i, n_outputs). With ``return_state=True`` a tuple of these and the state.
        """
        return self._respond(X, "predict", state, return_state)

    @available_if(_predicts_quantiles)
    def predict_quantiles(
        self, X: Any, *, state: SequenceState | None = None, return_state: bool = False
    ) -> Any:
        """Return all quantiles of each sequence's number or numbers.

        Only for ``loss="quantile"``.

        Parameters
        ----------
        X : sequences of shape (n_samples,), (n_samples, T) or (n_samples, T, F)
            In any of the forms in the notes of the class.
        state : SequenceState or None, default=None
            Where each sequence goes on from: what an earlier call with ``return_state=True``
            gave. Only for a model that reads forward, with ``bidirectional=False`` and no
            `conv_filters`. None begins anew.
        return_state : bool, default=False
            Return the state after X as well.

        Returns
        -------
        ndarray of shape (n_samples, ..., n_quantiles)
            In the order of `quantiles`, never falling; before the last axis the shape of y.
            With ``return_sequences=True`` an object array of arrays of shape
            (T_i, ..., n_quantiles).
        """
        return self._respond(X, "predict_quantiles", state, return_state)

    @available_if(_predicts_quantiles)
    def predict_interval(self, X: Any, coverage: float | None = None) -> np.ndarray:
        """Return the interval that each number should lie in.

        Only for ``loss="quantile"`` with two quantiles or more.

        Parameters
        ----------
        X : sequences of shape (n_samples,), (n_samples, T) or (n_samples, T, F)
            In any of the forms in the notes of the class.
        coverage : float or None, default=None
            Share of the numbers that should lie inside: 0.9 for the interval from quantile
            0.05 to 0.95, both of which have to be among `quantiles`. None takes the lowest
            and the highest of them.

        Returns
        -------
        ndarray of shape (n_samples, ..., 2)
            Lower and upper end; before the last axis the shape of y. With
            ``return_sequences=True`` an object array of arrays of shape (T_i, ..., 2).

        Raises
        ------
        ValueError
            If no two of the quantiles make such an interval.
        """
        sequences = self._read_X(X, in_pieces=self.stateful)
        ends = interval_ends(self.quantiles_ or (), coverage)
        outputs = self._outputs(sequences)
        return self._by_sequence(self._codec_.decode(outputs[..., ends]), sequences)

    @available_if(_pools)
    def transform(self, X: Any) -> np.ndarray:
        """Return the pooled state of each sequence, as features for another model.

        Not with ``return_sequences=True``, which pools no states.

        Parameters
        ----------
        X : sequences of shape (n_samples,), (n_samples, T) or (n_samples, T, F)
            In any of the forms in the notes of the class.

        Returns
        -------
        ndarray of shape (n_samples, n_features_out), dtype float32
            What the output layer sees; `hidden_size` of the last layer, per direction.
        """
        pooled: np.ndarray = super().transform(X)
        return pooled

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the coefficient of determination, R2, of the predictions.

        Parameters
        ----------
        X : sequences of shape (n_samples,), (n_samples, T) or (n_samples, T, F)
            In any of the forms in the notes of the class.
        y : array-like of shape (n_samples,), (n_samples, n_outputs) or (n_samples, H, W)
            The true numbers; with ``return_sequences=True`` those of every step.
        sample_weight : array-like of shape (n_samples,) or None, default=None
            Weight of each sample; with ``return_sequences=True`` also of each step.

        Returns
        -------
        float
            1 for perfect predictions, 0 for what the mean of y would do, and below 0 for
            worse. The average over all numbers of a sample.
        """
        if self._per_step:
            return self._score_steps(X, y, sample_weight)
        if self.stateful:  # before anything is predicted, which moves its state
            check_consistent_length(X, y)
        predicted, expected = self.predict(X), np.asarray(y)
        if expected.ndim > 2:
            predicted, expected = (a.reshape(len(a), -1) for a in (predicted, expected))
        return float(r2_score(expected, predicted, sample_weight=sample_weight))

    def _score_steps(self, X: Any, y: Any, sample_weight: Any) -> float:
        """Return R2 over all steps of all sequences."""
        sequences = self._read_X(X, in_pieces=self.stateful)
        check_consistent_length(sequences.lengths, y)
        expected = lay_steps(y, sequences, "y")
        weights = given_step_weights(sample_weight, sequences)
        predicted = self._codec_.decode(self._outputs(sequences))
        return float(r2_score(expected, self._middle(predicted), sample_weight=weights))

    @property
    def _per_step(self) -> bool:
        # A change of the parameter counts from the next fit on.
        begun_with = getattr(self, "_begun_with_", {"return_sequences": self.return_sequences})
        return bool(begun_with["return_sequences"])

    def _decoder(self, method: str) -> Callable[[np.ndarray], Any]:
        codec = self._codec_
        decoders: dict[str, Callable[[np.ndarray], Any]] = {"predict": self._decoded_middle}
        if self.quantiles_ is not None:
            decoders["predict_quantiles"] = codec.decode
        return chosen_decoder(method, decoders)

    def _decoded_middle(self, outputs: np.ndarray) -> np.ndarray:
        return self._middle(self._codec_.decode(outputs))

    def _middle(self, numbers: np.ndarray) -> np.ndarray:
        """Return the quantile nearest to 0.5, or `numbers` where there are no quantiles."""
        if self.quantiles_ is None:
            return numbers
        return numbers[..., np.abs(np.array(self.quantiles_) - 0.5).argmin()]

    def _learn_targets(self, y: Any, weights: np.ndarray, classes: Any = None) -> None:
        self._codec_ = NumberCodec.learn(y, weights, log=self.loss == "poisson")
        self.quantiles_ = checked_quantiles(self.quantiles) if self.loss == "quantile" else None

    def _target_parameters(self) -> dict[str, Any]:
        # What the other losses are trained on is the same, so they may follow each other.
        own = self.loss in ("poisson", "quantile")
        return {
            "loss": self.loss if own else "squared_error, absolute_error or huber",
            "quantiles": checked_quantiles(self.quantiles) if self.loss == "quantile" else None,
            "return_sequences": self.return_sequences,
        }

    def _encode_targets(self, y: Any) -> np.ndarray:
        return self._codec_.encode(y)

    def _learn_target_weights(self, targets: np.ndarray) -> None:
        """Learn nothing: numbers do not weigh."""

    def _target_weights(self, y: Any, targets: np.ndarray) -> None:
        return None

    def _strata(self, targets: np.ndarray) -> None:
        return None

    def _n_outputs(self) -> int:
        return self._codec_.n_numbers

    def _build_output(self, size: int) -> nn.Module:
        if self.quantiles_ is not None:
            return QuantileOutput(size, self._n_outputs(), self.quantiles_)
        return LinearOutput(size, self._n_outputs())

    def _sample_loss(self) -> SampleLoss:
        if self.quantiles_ is not None:
            return partial(quantile_loss, quantiles=torch.tensor(self.quantiles_))
        if self.loss == "huber":
            return partial(huber_loss, delta=float(self.huber_delta))
        return LOSSES[self.loss]

    def _score_outputs(
        self, outputs: np.ndarray, targets: np.ndarray, weights: np.ndarray
    ) -> float:
        predicted = self._middle(np.exp(outputs) if self._codec_.log else outputs)
        if len(targets) < 2:
            return float("nan")  # R2 compares with the mean, which one sample equals
        return float(r2_score(targets, predicted, sample_weight=weights))


def interval_ends(quantiles: Sequence[float], coverage: float | None) -> list[int]:
    """Return where among `quantiles` the two ends of an interval of this coverage are."""
    if len(quantiles) < 2:
        raise ValueError(
            f"an interval needs two quantiles, but quantiles={quantiles!r}; fit with (0.05, 0.95), "
            "for instance."
        )
    if coverage is None:
        return [0, len(quantiles) - 1]
    if not isinstance(coverage, Real) or not 0 < coverage < 1:
        raise ValueError(f"coverage={coverage!r} must be a number above 0 and below 1.")
    ends = []
    for wanted in ((1 - coverage) / 2, (1 + coverage) / 2):
        near = [i for i, q in enumerate(quantiles) if abs(q - wanted) < 1e-9]
        if not near:
            raise ValueError(
                f"coverage={coverage} needs the quantile {wanted:.6g}, but the model was fitted "
                f"with quantiles={tuple(quantiles)}."
            )
        ends += near
    return ends
