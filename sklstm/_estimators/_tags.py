"""How a tagger's labels become targets, which loss they are learned by, and the way back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from sklearn.metrics import accuracy_score
from sklearn.utils import check_consistent_length
from sklearn.utils._param_validation import StrOptions
from torch import Tensor, nn

from sklstm._estimators._features import NetworkSummary
from sklstm._estimators._prediction import chosen_decoder
from sklstm._estimators._state import SequenceState
from sklstm._estimators.params import CHARACTERS, NETWORK, TRAINING
from sklstm._sequences import BadTarget, Ragged, lay_steps
from sklstm._targets.class_weights import ClassWeights, check_two_classes
from sklstm._targets.labels import LabelCodec
from sklstm._targets.weights import given_step_weights
from sklstm.nn import CRFLoss, CRFOutput, LinearOutput, StepLoss, multiclass_loss
from sklstm.nn.losses import SampleLoss

Forward = Callable[[Tensor, Tensor], Tensor]


class TagTargets(NetworkSummary):
    """The steps of a fit and of a prediction that depend on every step having a label."""

    _codec_: LabelCodec
    _reads_characters = True
    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **{
            name: constraint
            for name, constraint in (NETWORK | CHARACTERS | TRAINING).items()
            if name not in ("pooling", "conv_pool_size")
        },
        "output_layer": [StrOptions({"softmax", "crf"})],
        "class_weight": [dict, StrOptions({"balanced"}), None],
    }

    def predict(
        self, X: Any, *, state: SequenceState | None = None, return_state: bool = False
    ) -> Any:
        """Return the label of every step.

        Parameters
        ----------
        X : sequences of shape (n_samples,), (n_samples, T) or (n_samples, T, F)
            In any of the forms that `LSTMClassifier` takes.
        state : SequenceState or None, default=None
            Where each sequence goes on from: what an earlier call with ``return_state=True``
            gave. Only for a model that reads forward, with ``bidirectional=False``, no
            `conv_filters` and no CRF. None begins anew.
        return_state : bool, default=False
            Return the state after X as well.

        Returns
        -------
        ndarray of shape (n_samples,), dtype object
            For each sequence an array of shape (T_i,) of labels: the most probable of each
            step, or with ``output_layer="crf"`` the most probable labels together. With
            ``return_state=True`` a tuple of them and the state, here and in the methods below.
        """
        return self._respond(X, "predict", state, return_state)

    def predict_proba(
        self, X: Any, *, state: SequenceState | None = None, return_state: bool = False
    ) -> Any:
        """Return the probability of every class at every step.

        Parameters
        ----------
        X : sequences of shape (n_samples,), (n_samples, T) or (n_samples, T, F)
            In any of the forms that `LSTMClassifier` takes.
        state, return_state
            As for `predict`.

        Returns
        -------
        ndarray of shape (n_samples,), dtype object
            For each sequence an array of shape (T_i, n_classes), whose rows add up to 1. With
            ``output_layer="crf"`` those of a step whatever the labels of the others, so
            that the likeliest need not be what `predict` gives.
        """
        return self._respond(X, "predict_proba", state, return_state)

    def predict_log_proba(
        self, X: Any, *, state: SequenceState | None = None, return_state: bool = False
    ) -> Any:
        """Return the logarithm of the probability of every class at every step.

        Parameters
        ----------
        X : sequences of shape (n_samples,), (n_samples, T) or (n_samples, T, F)
            In any of the forms that `LSTMClassifier` takes.
        state, return_state
            As for `predict`.

        Returns
        -------
        ndarray of shape (n_samples,), dtype object
            For each sequence an array of shape (T_i, n_classes).
        """
        return self._respond(X, "predict_log_proba", state, return_state)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the share of steps that are labelled right.

        Parameters
        ----------
        X : sequences of shape (n_samples,), (n_samples, T) or (n_samples, T, F)
            In any of the forms that `LSTMClassifier` takes.
        y : sequence of array-like of shape (T_i,)
            The true labels. Those at padding that is cut off X do not count.
        sample_weight : array-like of shape (n_samples,), sequence of array-like of shape \
                (T_i,) or None, default=None
            Weight of each sequence's steps, or of each step.

        Returns
        -------
        float
            Over all steps of all sequences.
        """
        # All of it checked before anything is predicted, which moves the state of a stateful model.
        sequences = self._read_X(X, in_pieces=self.stateful)
        check_consistent_length(sequences.lengths, y)
        expected = lay_steps(y, sequences, "y")
        weights = given_step_weights(sample_weight, sequences)
        predicted = self._rows(sequences, "predict")
        return float(accuracy_score(expected, predicted, sample_weight=weights))

    def _respond(self, X: Any, method: str, state: SequenceState | None, return_state: bool) -> Any:
        if state is not None or return_state or self.stateful or not self._has_field:
            return super()._respond(X, method, state, return_state)
        sequences = self._read_X(X)
        return self._by_sequence(self._rows(sequences, method), sequences)

    def _rows(self, sequences: Ragged, method: str) -> np.ndarray:
        """Return a method's results for the steps of all sequences, end to end."""
        if self.stateful or not self._has_field:
            results: np.ndarray = self._decoder(method)(self._outputs(sequences))
            return results
        # Which labels go together shows in the whole batch, where the steps still have neighbours.
        rows = self._run(self._field_forward(method), sequences)
        return self.classes_[rows] if method == "predict" else rows

    @property
    def _has_field(self) -> bool:
        return isinstance(getattr(getattr(self, "module_", None), "output", None), CRFOutput)

    def _field_forward(self, method: str) -> Forward:
        """Return what maps inputs to the best labels' indices, or to probabilities."""
        crf, scores = self.module_.output.crf, self._forward
        if method == "predict":
            return lambda inputs, lengths: crf.viterbi(scores(inputs, lengths), lengths)
        if method == "predict_log_proba":
            return lambda inputs, lengths: crf.log_marginals(scores(inputs, lengths), lengths)
        return lambda inputs, lengths: crf.log_marginals(scores(inputs, lengths), lengths).exp()

    def _decoder(self, method: str) -> Callable[[np.ndarray], Any]:
        codec = self._codec_
        return chosen_decoder(
            method,
            {
                "predict": codec.labels,
                "predict_proba": codec.probabilities,
                "predict_log_proba": codec.log_probabilities,
            },
        )

    def _check_reads_on(self, what: str) -> None:
        if self._has_field:
            raise ValueError(
                f"{what} has sequences read piece by piece, but output_layer='crf' labels a step "
                "by those after it, too. Fit with output_layer='softmax'."
            )
        super()._check_reads_on(what)

    @property
    def _per_step(self) -> bool:
        return True

    def _learn_targets(self, y: Any, weights: np.ndarray, classes: Any = None) -> None:
        _check_one_label(y)
        self._codec_ = LabelCodec.learn(y, classes, "softmax", type(self).__name__)
        self.classes_ = self._codec_.classes

    def _target_parameters(self) -> dict[str, Any]:
        return {"output_layer": self.output_layer}

    def _encode_targets(self, y: Any) -> np.ndarray:
        _check_one_label(y)
        return self._codec_.encode(y)

    def _learn_target_weights(self, targets: np.ndarray) -> None:
        self._class_weights_ = ClassWeights.learn(self.class_weight, self.classes_, targets)

    def _target_weights(self, y: Any, targets: np.ndarray) -> np.ndarray | None:
        return self._class_weights_.of(y, targets)

    def _check_weights(self, targets: np.ndarray, weights: np.ndarray) -> None:
        check_two_classes(targets, weights, type(self).__name__)

    def _strata(self, targets: np.ndarray) -> None:
        return None  # sequences are held out, which hold several classes each

    def _n_outputs(self) -> int:
        return self._codec_.n_outputs

    def _build_output(self, size: int) -> nn.Module:
        layer = CRFOutput if self.output_layer == "crf" else LinearOutput
        return layer(size, self._n_outputs())

    def _sample_loss(self) -> SampleLoss:
        return multiclass_loss

    def _criterion(self) -> nn.Module:
        return CRFLoss(self.module_.output.crf) if self._has_field else StepLoss(multiclass_loss)

    def _score_outputs(
        self, outputs: np.ndarray, targets: np.ndarray, weights: np.ndarray
    ) -> float:
        return float(accuracy_score(targets, outputs.argmax(axis=1), sample_weight=weights))


def _check_one_label(y: np.ndarray) -> None:
    """Raise ValueError if steps have several labels each, or labels are of several types."""
    if y.ndim != 1 and y.shape[1] != 1:
        raise ValueError(
            f"y holds arrays of shape (T_i, {y.shape[1]}), several labels for a step; a tagger "
            "learns one for each: y[i] of shape (T_i,)."
        )
    if y.dtype == object and any(isinstance(label, str) for label in y.flat):
        # Types that cannot be sorted would fail in numpy; missing ones are named by the codec.
        for i, label in enumerate(y.flat):
            if isinstance(label, int | np.number) and not isinstance(label, float):
                raise BadTarget(
                    i, f"@ is {label!r}, but other labels are strings; use one type for all."
                )
