"""Class labels: binary, multiclass and multilabel."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from numbers import Number, Real
from reprlib import repr as short
from typing import Any, Literal, Self

import numpy as np
from scipy import sparse
from scipy.special import expit, log_expit, log_softmax, softmax
from sklearn.metrics import accuracy_score
from sklearn.utils import assert_all_finite, column_or_1d
from sklearn.utils.class_weight import compute_class_weight, compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from torch import Tensor, nn

from sklstm._callers import caller_level
from sklstm._sequences import (
    TargetError,
    as_objects,
    is_missing,
    label_fault,
    object_array,
    plain,
    target_errors,
)
from sklstm._targets.base import Decoder, Target
from sklstm.nn import LinearHead, binary_loss, multiclass_loss
from sklstm.nn.linear_path import LinearKind
from sklstm.nn.losses import SampleLoss

# The ways out for a y that does not have one label per sample.
ARGMAX = "pass np.argmax(y, axis=1)"
_MANY = (
    "Several labels for a sample are indicated by 1 and 0: pass MultiLabelBinarizer()"
    ".fit_transform(y). For a label at every step use LSTMTagger."
)

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
    accepts_dates = True  # as identifiers, like any other labels
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
    def linear_kind(self) -> LinearKind | None:
        """What the outputs of a linear model beside the network mean."""
        if self.per_step or self.loss != "cross_entropy":
            return None
        return "sigmoid" if self.sigmoid else "softmax"

    @property
    def n_outputs(self) -> int:
        """Number of scores that the network outputs per sample or step."""
        return 1 if self.kind == "binary" and self.sigmoid else len(self.classes)

    def learn(
        self, y: Any, weights: np.ndarray, classes: Any = None, *, partial: bool = False
    ) -> None:
        """Learn the kind of labels and the classes; `classes` may name more than `y` holds."""
        y = dense_labels(y)
        if self._type_of(y) == "multilabel-indicator":
            self._learn_columns(y, classes, partial=partial)
            return
        labels = np.unique(one_label_each(y) if classes is None else read_classes(classes))
        self._check_two(labels, "y" if classes is None else "classes")
        binary = len(labels) == 2
        if self.output_layer == "sigmoid" and not binary:
            raise ValueError(
                f"output_layer='sigmoid' is for binary and multilabel y, but y has {len(labels)} "
                "classes; use 'softmax' or 'auto'."
            )
        self.kind = "binary" if binary else "multiclass"
        self.classes = labels
        self.sigmoid = binary and self._may_use_sigmoid

    def _type_of(self, y: np.ndarray) -> str:
        """Return scikit-learn's name for the type of `y`, after checking that it holds labels."""
        if y.ndim == 0:
            raise ValueError(
                f"y is {short(y.item())}, where a list or array of labels is expected."
            )
        if y.ndim > 2:
            one_label_each(y)
        try:
            check_classification_targets(y)
        except ValueError as error:
            raise ValueError(f"{error}{self._other_use(y)}") from error
        return str(type_of_target(y))

    def _other_use(self, y: np.ndarray) -> str:
        """Return what to do with a `y` that does not hold labels."""
        if y.dtype.kind == "f":
            way = "LSTMRegressor(return_sequences=True)" if self.per_step else "LSTMRegressor"
            return f" To predict numbers use {way}."
        if y.dtype.kind == "O":
            return (
                f" A label is {y.flat[0]!r}, of type {type(y.flat[0]).__name__}; accepted are "
                "strings, booleans, 64-bit integers and whole floats."
            )
        return ""

    def _learn_columns(self, y: np.ndarray, classes: Any, *, partial: bool) -> None:
        """Learn from indicators, one column per label."""
        n_labels, one_hot = y.shape[1], is_one_hot(y)
        if self.output_layer == "softmax":
            hint = f" If each sample has one label, {ARGMAX}." if one_hot else ""
            raise ValueError(
                "output_layer='softmax' predicts one label per sample, but y is multilabel; "
                f"use 'sigmoid' or 'auto'.{hint}"
            )
        self.kind, self.classes, self.sigmoid = "multilabel", np.arange(n_labels), True
        if classes is not None and np.unique(read_classes(classes)).tolist() != list(
            range(n_labels)
        ):
            raise ValueError(
                f"classes={plain(classes)!r}, but y is a matrix of indicators, whose classes are "
                f"the indices of its {n_labels} columns: {list(range(n_labels))}. Pass these, or "
                "no classes."
            )
        # A few multilabel samples may have one label each by chance.
        few = len(y) <= n_labels or (partial and not y.any(axis=0).all())
        if one_hot and self.output_layer == "auto" and not few:
            warnings.warn(
                f"y is read as multilabel, with {n_labels} labels that do not exclude each other, "
                f"although each row has exactly one. If these are {n_labels} classes, {ARGMAX}; "
                "otherwise output_layer='sigmoid' avoids this warning.",
                UserWarning,
                stacklevel=caller_level(),
            )

    @property
    def _may_use_sigmoid(self) -> bool:
        return self.output_layer != "softmax"

    def _check_two(self, labels: np.ndarray, name: str) -> None:
        if len(labels) < 2:
            where = "samples of at least 2 classes in y" if name == "y" else "at least 2 classes"
            got = "got 1 class" if name == "y" else f"{name} names 1"
            raise ValueError(f"{self.estimator_name} needs {where}; {got}: {plain(labels[0])!r}.")

    def _take_over(self, earlier: Self) -> None:
        self.kind, self.classes, self.sigmoid = earlier.kind, earlier.classes, earlier.sigmoid

    def check(self, y: Any) -> None:
        """Raise ValueError if a label of `y` is missing or of another type than the others."""
        dense_labels(y)

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
                f"@ is {plain(y[unknown[0]])!r}, which is none of the classes known: "
                f"{plain(self.classes)!r}.",
            )
        return index.astype(np.float32)[:, None] if self.sigmoid else index.astype(np.int64)

    def restore(self, encoded: np.ndarray) -> np.ndarray:
        """Return the labels of encoded targets."""
        index = self.class_index(encoded)
        return encoded.astype(np.int64) if index is None else self.classes[index]

    def check_same(self, classes: Any) -> None:
        """Raise ValueError if `classes` are not those of the first call to partial_fit."""
        given = np.unique(read_classes(classes)).tolist()
        if given != self.classes.tolist():
            raise ValueError(
                f"classes={plain(given)!r} is not what it was at the first call to partial_fit: "
                f"{self.classes.tolist()!r}."
            )

    def check_partial(self) -> None:
        """Raise ValueError for class weights that part of the data cannot determine."""
        if isinstance(self.class_weight, str):
            raise ValueError(
                f"class_weight={plain(self.class_weight)!r} needs all of y at once, which "
                "partial_fit does not see; pass a dict of weights, from "
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
        check_class_weight(self.class_weight, multilabel=self.kind == "multilabel")
        given, index = self.class_weight, self.class_index(encoded)
        self._weight_of_class = None
        if given is None or index is None:
            return
        if not isinstance(given, str):
            self._weight_of_class = _weights_by_class(given, self.classes)
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

    def marks(self, encoded: np.ndarray) -> np.ndarray:
        """Return the class of each row; of indicators, whether each label applies."""
        index = self.class_index(encoded)
        if index is not None:
            return index[:, None]
        return encoded.astype(np.int64) + 2 * np.arange(len(self.classes))

    def mark_name(self, mark: int) -> str:
        """Return how messages name the samples with this number."""
        if self.kind != "multilabel":
            return f"of class {plain(self.classes[mark])!r}"
        return f"{'with' if mark % 2 else 'without'} label {mark // 2}"

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

    def choose(self, wanted: Any, n_samples: int, predicted: Callable[[str], Any]) -> np.ndarray:
        """Return the index of the class of each sample that is to be explained."""
        if wanted is None:
            if self.kind == "multilabel":
                likely: np.ndarray = predicted("predict_proba").argmax(axis=1)
                return likely
            wanted = predicted("predict")
        labels = as_objects(wanted)
        if labels.ndim == 0:
            labels = np.full(n_samples, labels[()], dtype=object)
        if labels.shape != (n_samples,):
            raise ValueError(
                f"target holds {len(labels)} labels for {n_samples} samples; pass one label for "
                "all of them, or one for each."
            )
        places = {label: i for i, label in enumerate(self.classes.tolist())}
        index = np.array([places.get(_scalar(label), -1) for label in labels], dtype=np.int64)
        unknown = np.flatnonzero(index < 0)
        if len(unknown):
            where = f"[{unknown[0]}]=" if np.ndim(as_objects(wanted)) else "="
            raise ValueError(
                f"target{where}{plain(labels[unknown[0]])!r} is none of the classes known: "
                f"{short(plain(self.classes))}."
            )
        return index

    def explained(self, outputs: Tensor, index: Tensor) -> Tensor:
        """Return the output of a class before sigmoid or softmax, ``(n,)``."""
        if outputs.shape[1] == 1:  # the log-odds of the second class
            return outputs[:, 0] * (2 * index - 1)
        return outputs.gather(1, index[:, None])[:, 0]

    def named(self, index: np.ndarray) -> np.ndarray:
        """Return the classes at some indices."""
        return self.classes[index]

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
    """Return `y` as an array of labels that can be sorted; sparse indicators become dense.

    Raises
    ------
    TargetError
        If a label is missing, infinite or of another type than the others.
    ValueError
        If y holds lists of labels.
    """
    if sparse.issparse(y):
        y = y.toarray()
    found = as_objects(y)
    _check_no_lists(found)
    fault = label_fault(found) if found.dtype.kind == "O" else None
    if fault is not None:
        index = np.unravel_index(fault[0], found.shape)
        place, label = tuple(int(i) for i in index), found[index]
        message = f"@ {fault[1]}."
        if is_missing(label):
            message = f"Input y contains NaN or None: @ {fault[1]}; every sample needs a label."
        raise TargetError(place, message)
    labels = as_labels(y)
    if labels.dtype.kind == "f":
        _check_finite(labels)
    return labels


def as_labels(given: Any) -> np.ndarray:
    """Return labels of one type as an array of this type, without a check."""
    labels = np.asarray(given)
    if labels.dtype.kind == "U":
        found = as_objects(given)
        # Of an enumeration's members numpy takes the first letters of their names.
        return labels if set(map(type, found.flat)) <= {str, np.str_} else found
    if labels.dtype.kind == "O" and all(isinstance(one, Number | np.bool_) for one in labels.flat):
        return np.array(labels.tolist())
    return labels


def read_classes(classes: Any) -> np.ndarray:
    """Return the argument `classes` of partial_fit as an array."""
    found = as_objects(classes)
    if found.ndim != 1 or not len(found):
        raise ValueError(
            f"classes={plain(classes)!r} must be a list of all labels that can occur in y."
        )
    with target_errors("classes"):
        _check_no_lists(found)
    fault = label_fault(found)
    if fault is not None:
        raise ValueError(f"classes[{fault[0]}] {fault[1]}.")
    return as_labels(classes)


def is_one_hot(y: np.ndarray) -> bool:
    """Return True if indicators name exactly one label for each sample."""
    return y.shape[1] > 1 and bool((y.sum(axis=1) == 1).all())


def check_class_weight(class_weight: ClassWeight, *, multilabel: bool) -> None:
    """Raise ValueError for weights that are negative, not finite or no numbers."""
    if class_weight is None or isinstance(class_weight, str):
        return
    if isinstance(class_weight, list):
        if not multilabel:
            raise ValueError(
                "class_weight is a list, which is for multilabel y, but y has one label per "
                f"sample; pass a dict of weights, not {plain(class_weight)!r}."
            )
        for i, weights in enumerate(class_weight):
            if not isinstance(weights, dict):
                raise ValueError(
                    f"class_weight[{i}] is {plain(weights)!r}; for multilabel y it is a dict for "
                    "each label, such as {0: 1, 1: 5}."
                )
            _check_weight_of_labels(weights, f"class_weight[{i}]")
        return
    _check_weight_of_labels(class_weight, "class_weight")


def _check_weight_of_labels(weights: dict[Any, Any], name: str) -> None:
    for label, weight in weights.items():
        value = plain(weight)
        if not isinstance(value, Real) or not 0 <= float(value) < np.inf:
            raise ValueError(
                f"{name}[{plain(label)!r}] is {value!r}; weights are finite numbers, 0 or greater."
            )
    fault = label_fault(object_array(weights))
    if fault is not None:
        raise ValueError(f"A key of {name}, number {fault[0]}, {fault[1]}: {plain(weights)!r}.")


def _weights_by_class(given: Any, classes: np.ndarray) -> np.ndarray:
    """Return the weight of each class; 1 for those that `given` leaves out."""
    missing = [label for label in classes if label not in given]
    unknown = given.keys() - set(classes)
    if missing and unknown:
        raise ValueError(
            f"class_weight has the keys {short(plain([*unknown]))}, which are none of the classes "
            f"known, and no weight for {short(plain(missing))}."
        )
    return np.array([float(given.get(label, 1)) for label in classes])


def _scalar(label: Any) -> Any:
    """Return a label as a Python object, which is equal to that of the same class."""
    return label.item() if isinstance(label, np.generic) else label


def _check_no_lists(labels: np.ndarray) -> None:
    """Raise ValueError if there are lists where labels should be."""
    if labels.dtype.kind != "O" or labels.ndim == 0:
        return
    found = {type(item): item for item in labels.flat}
    lists = {
        kind
        for kind, item in found.items()
        if hasattr(item, "__len__") and not issubclass(kind, str | bytes)
    }
    if lists:
        i, item = next((i, item) for i, item in enumerate(labels.flat) if type(item) in lists)
        raise TargetError(
            tuple(int(k) for k in np.unravel_index(i, labels.shape)),
            f"@ is {plain(item)!r}, of type {type(item).__name__}, where one label is expected. "
            f"{_MANY}",
        )


def _check_finite(y: np.ndarray) -> None:
    try:
        assert_all_finite(y, input_name="y")
    except ValueError as error:
        place = tuple(int(i) for i in np.argwhere(~np.isfinite(y))[0])
        message = f"{str(error).splitlines()[0]} @ is {y[place]}."
        raise TargetError(place, message) from error


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
    if y.ndim > 1 and y.shape[1:] != (1,):
        raise ValueError(
            f"y should be a 1d array, got an array of shape {y.shape} instead. {_MANY}"
        )
    return column_or_1d(y, warn=True)
