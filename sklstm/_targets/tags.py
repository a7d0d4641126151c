"""Labels of steps: parts of speech, spans, activities."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.metrics import accuracy_score
from torch import Tensor, nn

from sklstm._targets.base import Decoder
from sklstm._targets.labels import ClassWeight, LabelTarget
from sklstm.nn import CRFHead, CRFLoss


class TagTarget(LabelTarget):
    """One label for every step, by a softmax at each or by a conditional random field.

    Parameters
    ----------
    estimator_name : str
        Named in error messages.
    output_layer : {"softmax", "crf"}
        The estimator's parameter.
    class_weight : dict, "balanced" or None
        The estimator's parameter.
    """

    def __init__(self, estimator_name: str, *, output_layer: str, class_weight: ClassWeight):
        super().__init__(
            estimator_name, output_layer=output_layer, class_weight=class_weight, per_step=True
        )

    def learn(
        self, y: Any, weights: np.ndarray, classes: Any = None, *, partial: bool = False
    ) -> None:
        """Learn the classes; `classes` may name more than `y` holds."""
        _check_one_label(y)
        super().learn(y, weights, classes, partial=partial)

    @property
    def _may_use_sigmoid(self) -> bool:
        return False  # one output per class, also of two, as a CRF needs

    def encode(self, y: Any) -> np.ndarray:
        """Return the int64 class index of each step."""
        _check_one_label(y)
        return super().encode(y)

    def mark_name(self, mark: int) -> str:
        """Return how messages name the sequences with this number."""
        return f"with a step {super().mark_name(mark)}"

    def build_output(self, size: int) -> nn.Module:
        """Return the output layer for a state of this size."""
        if self.output_layer == "crf":
            return CRFHead(size, self.n_outputs)
        return super().build_output(size)

    def build_loss(self, output: nn.Module | None) -> nn.Module:
        """Return the loss of a batch, for a network with this output layer."""
        if isinstance(output, CRFHead):
            return CRFLoss(output.crf)
        return super().build_loss(output)

    def check_causal(self, output: nn.Module | None, what: str) -> None:
        """Raise ValueError if the labels are decoded by a conditional random field."""
        if isinstance(output, CRFHead):
            raise ValueError(
                f"{what} reads sequences piece by piece, but output_layer='crf' decodes the "
                "label of a step from later steps, too. Fit with output_layer='softmax'."
            )

    def _decoders(self, output: nn.Module | None) -> dict[str, Decoder]:
        if not isinstance(output, CRFHead):
            decoders = super()._decoders(output)
            del decoders["decision_function"]
            return decoders
        crf = output.crf

        def probabilities(emissions: Tensor, lengths: Tensor) -> Tensor:
            return crf.log_marginals(emissions, lengths).exp()

        # The labels of a sequence depend on each other, so it is decoded within its batch.
        return {
            "predict": Decoder(lambda index: self.classes[index], crf.viterbi),
            "predict_proba": Decoder(np.asarray, probabilities),
            "predict_log_proba": Decoder(np.asarray, crf.log_marginals),
        }

    def score(self, outputs: np.ndarray, encoded: np.ndarray, weights: np.ndarray) -> float:
        """Return the accuracy over steps of the network's outputs."""
        return float(accuracy_score(encoded, outputs.argmax(axis=1), sample_weight=weights))


def _check_one_label(y: np.ndarray) -> None:
    """Raise ValueError if steps have several labels each."""
    if y.ndim != 1 and y.shape[1] != 1:
        raise ValueError(
            f"y holds arrays of shape (T_i, {y.shape[1]}), several labels for a step; a tagger "
            "learns one for each: y[i] of shape (T_i,)."
        )
