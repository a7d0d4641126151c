"""Class labels of every kind, to and from what the network is trained on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy import sparse
from scipy.special import expit, log_expit, log_softmax, softmax
from sklearn.utils import assert_all_finite, column_or_1d
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from sklstm._sequences import BadTarget

TargetKind = Literal["binary", "multiclass", "multilabel"]


@dataclass(frozen=True)
class LabelCodec:
    """Encode labels, and decode outputs into labels and probabilities.

    Attributes
    ----------
    kind : {"binary", "multiclass", "multilabel"}
        What was found in y.
    classes : ndarray of shape (n_classes,)
        Sorted labels, or ``arange(n_labels)`` for indicators.
    sigmoid : bool
        Whether each output stands alone, rather than all competing in a softmax.
    """

    kind: TargetKind
    classes: np.ndarray
    sigmoid: bool

    @classmethod
    def learn(cls, y: Any, classes: Any, output_layer: str, name: str) -> LabelCodec:
        """Find out what kind of labels `y` holds; `classes` may name more than it shows."""
        y = dense_labels(y)
        check_classification_targets(y)
        if type_of_target(y) == "multilabel-indicator":
            if output_layer == "softmax":
                raise ValueError(
                    "output_layer='softmax' has one label per sample win, but y is multilabel; "
                    "use 'sigmoid' or 'auto'."
                )
            return cls("multilabel", np.arange(y.shape[1]), True)
        labels = np.unique(one_label_each(y) if classes is None else np.asarray(classes))
        if len(labels) < 2:
            raise ValueError(
                f"{name} needs samples of at least 2 classes in y; got 1 class: {labels[0]!r}."
            )
        binary = len(labels) == 2
        if output_layer == "sigmoid" and not binary:
            raise ValueError(
                f"output_layer='sigmoid' is for binary and multilabel y, but y has {len(labels)} "
                "classes; use 'softmax' or 'auto'."
            )
        sigmoid = binary and output_layer != "softmax"
        return cls("binary" if binary else "multiclass", labels, sigmoid)

    @property
    def n_outputs(self) -> int:
        """Width of the output layer."""
        return 1 if self.kind == "binary" and self.sigmoid else len(self.classes)

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
            raise BadTarget(
                int(unknown[0]),
                f"@ is {y[unknown].tolist()[0]!r}, which is none of the classes known: "
                f"{self.classes.tolist()!r}.",
            )
        return index.astype(np.float32)[:, None] if self.sigmoid else index.astype(np.int64)

    def check_same(self, classes: Any) -> None:
        """Raise ValueError if `classes` are others than those learned."""
        given = np.unique(np.asarray(classes)).tolist()
        if given != self.classes.tolist():
            raise ValueError(
                f"classes={given!r} is not what it was at the first call to partial_fit: "
                f"{self.classes.tolist()!r}."
            )

    def class_index(self, targets: np.ndarray) -> np.ndarray | None:
        """Return the class of each encoded target, or None for indicators."""
        if self.kind == "multilabel":
            return None
        return targets[:, 0].astype(np.int64) if self.sigmoid else targets

    def decision(self, outputs: np.ndarray) -> np.ndarray:
        """Return scikit-learn's decision values: one column less for two classes."""
        if self.kind != "binary":
            return outputs
        return outputs[..., 0] if self.sigmoid else outputs[..., 1] - outputs[..., 0]

    def probabilities(self, outputs: np.ndarray) -> np.ndarray:
        """Return (..., n_classes) probabilities."""
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


def dense_labels(y: Any) -> np.ndarray:
    """Return `y` as an array, sparse indicators unpacked."""
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
        raise BadTarget(place, message) from error


def _check_none_missing(y: np.ndarray) -> None:
    for place, label in np.ndenumerate(y):
        # A float NaN is the one number that differs from itself; pandas' NA has a type of its own.
        nan = isinstance(label, float | np.floating) and label != label
        if label is None or nan or type(label).__name__ == "NAType":
            raise BadTarget(
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
    """Return (n,) labels; a column vector is flattened with scikit-learn's warning."""
    return column_or_1d(y, warn=True)
