"""How a classifier's labels become targets, and which loss they are learned by."""

from __future__ import annotations

from functools import partial
from numbers import Real
from typing import Any, ClassVar

import numpy as np
from sklearn.metrics import accuracy_score
from sklearn.utils._param_validation import Interval, StrOptions
from torch import nn

from sklstm._estimators._outputs import ClassifierOutputs
from sklstm._targets.class_weights import ClassWeights, check_two_classes
from sklstm._targets.labels import LabelCodec
from sklstm._targets.ordinal import RankCodec
from sklstm.nn import (
    CumulativeLink,
    LinearOutput,
    binary_loss,
    distance_weighted_loss,
    multiclass_loss,
)
from sklstm.nn.losses import SampleLoss


class LabelTargets(ClassifierOutputs):
    """The steps of a fit that depend on labels: targets, weights, output layer, loss."""

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **ClassifierOutputs._parameter_constraints,
        "loss": [StrOptions({"cross_entropy", "ordinal", "distance_weighted"})],
        "class_order": ["array-like", None],
        "distance_power": [Interval(Real, 0, None, closed="neither")],
        "output_layer": [StrOptions({"auto", "sigmoid", "softmax"})],
        "class_weight": [dict, list, StrOptions({"balanced"}), None],
    }

    def _learn_targets(self, y: Any, weights: np.ndarray, classes: Any = None) -> None:
        name = type(self).__name__
        if self.loss == "cross_entropy":
            self._codec_ = LabelCodec.learn(y, classes, self.output_layer, name)
        else:
            self._codec_ = RankCodec.of_order(
                y, classes, self.class_order, self.loss, self.output_layer, name
            )
        self.classes_ = self._codec_.classes

    def _target_parameters(self) -> dict[str, Any]:
        order = None if self.class_order is None else np.asarray(self.class_order).tolist()
        return {"loss": self.loss, "output_layer": self.output_layer, "class_order": order}

    def _encode_targets(self, y: Any) -> np.ndarray:
        return self._codec_.encode(y)

    def _learn_target_weights(self, targets: np.ndarray) -> None:
        index = self._codec_.class_index(targets)
        self._class_weights_ = ClassWeights.learn(self.class_weight, self.classes_, index)

    def _target_weights(self, y: Any, targets: np.ndarray) -> np.ndarray | None:
        return self._class_weights_.of(y, self._codec_.class_index(targets))

    def _check_weights(self, targets: np.ndarray, weights: np.ndarray) -> None:
        check_two_classes(self._codec_.class_index(targets), weights, type(self).__name__)

    def _strata(self, targets: np.ndarray) -> np.ndarray | None:
        return self._codec_.class_index(targets)

    def _n_outputs(self) -> int:
        return self._codec_.n_outputs

    def _build_output(self, size: int) -> nn.Module:
        layer = CumulativeLink if self.loss == "ordinal" else LinearOutput
        return layer(size, self._n_outputs())

    def _sample_loss(self) -> SampleLoss:
        if self._codec_.sigmoid:
            return binary_loss
        if self.loss == "distance_weighted":
            return partial(distance_weighted_loss, power=float(self.distance_power))
        # The cumulative link gives log-probabilities, whose softmax they are themselves.
        return multiclass_loss

    def _score_outputs(
        self, outputs: np.ndarray, targets: np.ndarray, weights: np.ndarray
    ) -> float:
        classes = self._codec_.class_index(targets)
        expected = targets if classes is None else self.classes_[classes]
        predicted = self._codec_.labels(outputs)
        return float(accuracy_score(expected, predicted, sample_weight=weights))
