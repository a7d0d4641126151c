"""Class labels: binary, multiclass and multilabel."""

from __future__ import annotations

from typing import Any, Literal, Self

import numpy as np
from scipy import sparse
from scipy.special import expit, log_expit, log_softmax, softmax
from sklearn.metrics import accuracy_score
from sklearn.utils import assert_all_finite, column_or_1d
from sklearn.utils.class_weight import compute_class_weight, compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from torch import nn

from sklstm._sequences import TargetError, is_missing
from sklstm._targets.base import Decoder, Target
from sklstm.nn import LinearHead, binary_loss, multiclass_loss
from sklstm.nn.losses import SampleLoss

ClassWeight = dict[Any, float] | list[dict[Any, float]] | str | None


class LabelTarget(Target):
    """Labels of samples, learned by cross-entropy.

    Parameters
    ----------
    estimator_name : str
        Named in error messages.
    output_layer : {"auto", "sigmoid", "softmax"}
        "auto" takes one sigmoid for two classes, a softmax for several, and one sigmoid per
        label for multilabel y.
    class_weight : dict, list of dict, "balanced" or None
        The estimator's parameter.
    per_step : bool, default=False
        Whether every step has a label.

    Attributes
    ----------
    kind : {"binary", "multiclass", "multilabel"}
        What was found in y.
    classes : ndarray of shape (n_classes,)
        Sorted labels, or ``arange(n_labels)`` for multilabel y.
    sigmoid : bool
        Whether each output is a sigmoid, rather than all of them one softmax.
    """

    loss = "cross_entropy"
    kind: Literal["binary", "multiclass", "multilabel"]
    classes: np.ndarray
    sigmoid: bool
    _weight_of_class: np.ndarray | None

    def __init__(
        self,
        estimator_name: str,
        *,
        output_layer: str,
        class_weight: ClassWeight,
        per_step: bool = False,
    ):
        super().__init__(estimator_name, per_step=per_step)
        self.output_layer = output_layer
        self.class_weight = class_weight

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters that define the encoding."""
        return {"loss": self.loss, "output_layer": self.output_layer}

    @property
    def fitted_attributes(self) -> dict[str, Any]:
        """The public fitted attributes of the estimator that come from y."""
        return {"classes_": self.classes}

    @property
    def n_outputs(self) -> int:
        """Number of scores that the network outputs per sample or step."""
        return 1 if self.kind == "binary" and self.sigmoid else len(self.classes)

    def learn(self, y: Any, weights: np.ndarray, classes: Any = None) -> None:
        """Learn the kind of labels and the classes; `classes` may name more than `y` holds."""
        y = dense_labels(y)
        check_classification_targets(y)
        if type_of_target(y) == "multilabel-indicator":
            if self.output_layer == "softmax":
                raise ValueError(
                    "output_layer='softmax' predicts one label per sample, but y is multilabel; "
                    "use 'sigmoid' or 'auto'."
                )
            self.kind, self.classes, self.sigmoid = "multilabel", np.arange(y.shape[1]), True
            return
        labels = np.unique(one_label_each(y) if classes is None else np.asarray(classes))
        self._check_two(labels)
        binary = len(labels) == 2
        if self.output_layer == "sigmoid" and not binary:
            raise ValueError(
                f"output_layer='sigmoid' is for binary and multilabel y, but y has {len(labels)} "
                "classes; use 'softmax' or 'auto'."
            )
        self.kind = "binary" if binary else "multiclass"
        self.classes = labels
        self.sigmoid = binary and self._may_use_sigmoid

    @property
    def _may_use_sigmoid(self) -> bool:
        return self.output_layer != "softmax"

    def _check_two(self, labels: np.ndarray) -> None:
        if len(labels) < 2:
            raise ValueError(
                f"{self.estimator_name} needs samples of at least 2 classes in y; got 1 class: "
                f"{labels[0]!r}."
            )

    def _take_over(self, earlier: Self) -> None:
        self.kind, self.classes, self.sigmoid = earlier.kind, earlier.classes, earlier.sigmoid

    def encode(self, y: Any) -> np.ndarray:
        """Return float32 (n, n_outputs) targets for sigmoids, int64 (n,) for softmax."""
        y = dense_labels(y)
        if self.kind == "multilabel":
            if y.ndim != 2 or y.shape[1] != len(self.classes):
                raise ValueError(
                    f"y has shape {y.shape}, but {len(self.classes)} labels need (n_samples, "
                    f"{len(self.classes)})."
                )
            _check_indicators(y)
            return y.astype(np.float32)
        y = one_label_each(y)
        index = np.searchsorted(self.classes, y)
        index[index == len(self.classes)] = 0
        unknown = np.flatnonzero(self.classes[index] != y)
        if len(unknown):
            raise TargetError(
                int(unknown[0]),
                f"@ is {y[unknown].tolist()[0]!r}, which is none of the classes known: "
                f"{self.classes.tolist()!r}.",
            )
        return index.astype(np.float32)[:, None] if self.sigmoid else index.astype(np.int64)

    def restore(self, encoded: np.ndarray) -> np.ndarray:
        """Return the labels of encoded targets."""
        index = self.class_index(encoded)
        return encoded.astype(np.int64) if index is None else self.classes[index]

    def check_same(self, classes: Any) -> None:
        """Raise ValueError if `classes` are not those of the first call to partial_fit."""
        given = np.unique(np.asarray(classes)).tolist()
        if given != self.classes.tolist():
            raise ValueError(
                f"classes={given!r} is not what it was at the first call to partial_fit: "
                f"{self.classes.tolist()!r}."
            )

    def check_partial(self) -> None:
        """Raise ValueError for class weights that part of the data cannot determine."""
        if isinstance(self.class_weight, str):
            raise ValueError(
                f"class_weight={self.class_weight!r} needs all of y at once, which partial_fit "
                "does not see; pass a dict of weights, from "
                "sklearn.utils.class_weight.compute_class_weight."
            )

    def class_index(self, encoded: np.ndarray) -> np.ndarray | None:
        """Return the index of each encoded target's class, or None for multilabel y."""
        if self.kind == "multilabel":
            return None
        return encoded[:, 0].astype(np.int64) if self.sigmoid else encoded

    def learn_weights(self, encoded: np.ndarray) -> None:
        """Learn the weight of each class.

        "balanced" weighs the classes that occur; one that does not occur keeps a weight of 1.
        """
        given, index = self.class_weight, self.class_index(encoded)
        self._weight_of_class = None
        if given is None or index is None:
            return
        if not isinstance(given, str):
            self._weight_of_class = compute_class_weight(
                given, classes=self.classes, y=self.classes
            )
            return
        weights = np.ones(len(self.classes))
        present = np.unique(index)
        weights[present] = compute_class_weight(given, classes=present, y=index)
        self._weight_of_class = weights

    def weights(self, y: Any, encoded: np.ndarray) -> np.ndarray | None:
        """Return the weight of each sample's class, or None if all weigh the same."""
        if self.class_weight is None:
            return None
        index = self.class_index(encoded)
        if self._weight_of_class is None or index is None:
            weights: np.ndarray = compute_sample_weight(self.class_weight, dense_labels(y))
            return weights
        return self._weight_of_class[index]

    def check_weights(self, encoded: np.ndarray, weights: np.ndarray) -> None:
        """Raise ValueError if fewer than two classes have a weight above 0."""
        index = self.class_index(encoded)
        if index is not None and len(np.unique(index[weights > 0])) < 2:
            raise ValueError(
                f"{self.estimator_name} needs samples of at least 2 classes with a weight above "
                "0; got 1 class."
            )

    def strata(self, encoded: np.ndarray) -> np.ndarray | None:
        """Return the class of each sample; None for multilabel y, and where steps are labelled."""
        return None if self.per_step else self.class_index(encoded)

    def build_output(self, size: int) -> nn.Module:
        """Return the output layer for a state of this size."""
        return LinearHead(size, self.n_outputs)

    def sample_loss(self) -> SampleLoss:
        """Return the cross-entropy of a sample or step."""
        return binary_loss if self.sigmoid else multiclass_loss

    def _decoders(self, output: nn.Module | None) -> dict[str, Decoder]:
        return {
            "predict": Decoder(self.labels),
            "predict_proba": Decoder(self.probabilities),
            "predict_log_proba": Decoder(self.log_probabilities),
            "decision_function": Decoder(self.decision),
        }

    def decision(self, outputs: np.ndarray) -> np.ndarray:
        """Return scikit-learn's decision values: a single column for two classes."""
        if self.kind != "binary":
            return outputs
        return outputs[..., 0] if self.sigmoid else outputs[..., 1] - outputs[..., 0]

    def probabilities(self, outputs: np.ndarray) -> np.ndarray:
        """Return probabilities of shape (..., n_classes)."""
        if not self.sigmoid:
            return softmax(outputs, axis=-1)
        if self.kind == "multilabel":
            return expit(outputs)
        return np.concatenate([expit(-outputs), expit(outputs)], axis=-1)

    def log_probabilities(self, outputs: np.ndarray) -> np.ndarray:
        """Return the logarithm of `probabilities`, exact where those round to 0 or 1."""
        if not self.sigmoid:
            return log_softmax(outputs, axis=-1)
        if self.kind == "multilabel":
            return log_expit(outputs)
        return np.concatenate([log_expit(-outputs), log_expit(outputs)], axis=-1)

    def labels(self, outputs: np.ndarray) -> np.ndarray:
        """Return the predicted labels."""
        if self.kind == "multilabel":
            return (outputs > 0).astype(np.int64)
        if self.kind == "binary":
            return self.classes[(self.decision(outputs) > 0).astype(np.intp)]
        return self.classes[outputs.argmax(axis=-1)]

    def score(self, outputs: np.ndarray, encoded: np.ndarray, weights: np.ndarray) -> float:
        """Return the accuracy of the network's outputs."""
        index = self.class_index(encoded)
        expected = encoded if index is None else self.classes[index]
        return float(accuracy_score(expected, self.labels(outputs), sample_weight=weights))


def dense_labels(y: Any) -> np.ndarray:
    """Return `y` as an array without missing labels; sparse indicators become dense."""
    y = y.toarray() if sparse.issparse(y) else np.asarray(y)
    if y.dtype.kind == "f":
        _check_finite(y)
    elif y.dtype.kind == "O":
        _check_none_missing(y)
    return y


def _check_finite(y: np.ndarray) -> None:
    try:
        assert_all_finite(y, input_name="y")
    except ValueError as error:
        place = tuple(int(i) for i in np.argwhere(~np.isfinite(y))[0])
        message = f"{str(error).splitlines()[0]} @ is {y[place]}."
        raise TargetError(place, message) from error


def _check_none_missing(y: np.ndarray) -> None:
    for place, label in np.ndenumerate(y):
        if is_missing(label):
            raise TargetError(
                place[0],
                f"Input y contains NaN or None: @ is {label!r}; every sample needs a label.",
            )


def _check_indicators(y: np.ndarray) -> None:
    """Raise ValueError if `y` holds anything but 0 and 1."""
    bad = np.argwhere(~np.isin(y, (0, 1)))
    if len(bad):
        i, label = (int(k) for k in bad[0])
        raise ValueError(
            f"y[{i}] holds {y[i, label].item()!r} for label {label}; where samples have several "
            "labels, y holds 1 for each that applies and 0 for the others."
        )


def one_label_each(y: np.ndarray) -> np.ndarray:
    """Return labels of shape (n,); a column vector is flattened with scikit-learn's warning."""
    return column_or_1d(y, warn=True)
