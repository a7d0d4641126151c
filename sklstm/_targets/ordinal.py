"""Class labels that have an order, such as ratings."""

from __future__ import annotations

from functools import partial
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor, nn

from sklstm._sequences import as_objects, label_fault, plain
from sklstm._targets.labels import (
    ARGMAX,
    ClassWeight,
    LabelTarget,
    as_labels,
    dense_labels,
    is_one_hot,
    one_label_each,
    read_classes,
)
from sklstm.nn import CumulativeLinkHead, LinearHead, distance_weighted_loss, multiclass_loss
from sklstm.nn.losses import SampleLoss


class OrdinalTarget(LabelTarget):
    """Labels encoded by their rank; results have the columns of the sorted classes.

    Parameters
    ----------
    estimator_name : str
        Named in error messages.
    loss : {"ordinal", "distance_weighted"}
        A cumulative link, or a softmax whose errors are weighted by their distance.
    class_order : array-like of shape (n_classes,) or None
        The classes from lowest to highest; None for the order of numbers or of an ordered
        Categorical.
    distance_power : float
        Exponent of the distance.
    output_layer : {"auto", "softmax"}
        Both mean a softmax or what corresponds to one.
    class_weight : dict, list of dict, "balanced" or None
        The estimator's parameter.

    Attributes
    ----------
    ranks : ndarray of shape (n_classes,)
        The rank, from 0, of each of the `classes`, which stay sorted as scikit-learn's metrics
        expect them.
    """

    ranks: np.ndarray

    def __init__(
        self,
        estimator_name: str,
        *,
        loss: str,
        class_order: Any,
        distance_power: float,
        output_layer: str,
        class_weight: ClassWeight,
    ):
        super().__init__(estimator_name, output_layer=output_layer, class_weight=class_weight)
        self.loss = loss
        self.class_order = class_order
        self.distance_power = distance_power

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters that define the encoding."""
        order = None if self.class_order is None else plain(as_objects(self.class_order))
        return {**super().parameters, "class_order": order}

    def learn(
        self, y: Any, weights: np.ndarray, classes: Any = None, *, partial: bool = False
    ) -> None:
        """Learn the classes and their order; `classes` may name more than `y` holds."""
        categories = _ordered_categories(y)
        y = dense_labels(y)
        if self._type_of(y) == "multilabel-indicator":
            hint = f" If each sample has one label, {ARGMAX}." if is_one_hot(y) else ""
            raise ValueError(
                f"loss={self.loss!r} ranks one label per sample, but y is multilabel; use "
                f"loss='cross_entropy'.{hint}"
            )
        if self.output_layer == "sigmoid":
            raise ValueError(
                f"output_layer='sigmoid' is for loss='cross_entropy', not for {self.loss!r}; use "
                "'auto'."
            )
        order = self.class_order if self.class_order is not None else categories
        labels = one_label_each(y) if classes is None else read_classes(classes)
        if order is None:
            ordered = _sorted_numbers(labels, self.loss)
        else:
            ordered = _checked(order, labels.dtype)
        by = "y" if classes is None and self.class_order is None else "classes"
        self._check_two(ordered, "class_order" if self.class_order is not None else by)
        _check_known(labels, ordered, y if classes is None else None)
        by_label = np.argsort(ordered, kind="stable")
        self.kind = "binary" if len(ordered) == 2 else "multiclass"
        self.classes, self.sigmoid, self.ranks = ordered[by_label], False, by_label

    def _take_over(self, earlier: Self) -> None:
        super()._take_over(earlier)
        self.ranks = earlier.ranks

    def encode(self, y: Any) -> np.ndarray:
        """Return the int64 rank of each label."""
        return self.ranks[super().encode(y)].astype(np.int64)

    def check_same(self, classes: Any) -> None:
        """Raise ValueError if `classes` holds one that the order leaves out."""
        given = read_classes(classes)
        _check_known(given, self.classes[np.argsort(self.ranks)], None)

    def class_index(self, encoded: np.ndarray) -> np.ndarray | None:
        """Return the index of each encoded target's class."""
        index: np.ndarray = np.argsort(self.ranks)[encoded]
        return index

    def build_output(self, size: int) -> nn.Module:
        """Return the output layer for a state of this size."""
        layer = CumulativeLinkHead if self.loss == "ordinal" else LinearHead
        return layer(size, self.n_outputs)

    def sample_loss(self) -> SampleLoss:
        """Return the loss of a sample."""
        if self.loss == "distance_weighted":
            return partial(distance_weighted_loss, power=float(self.distance_power))
        # The cumulative link outputs log-probabilities, which are equal to their own log-softmax.
        return multiclass_loss

    def explained(self, outputs: Tensor, index: Tensor) -> Tensor:
        """Return the output of a class, ``(n,)``: its log-probability for "ordinal"."""
        return super().explained(outputs, torch.from_numpy(self.ranks)[index])

    def decision(self, outputs: np.ndarray) -> np.ndarray:
        """Return scikit-learn's decision values: a single column for two classes."""
        return super().decision(outputs[..., self.ranks])

    def probabilities(self, outputs: np.ndarray) -> np.ndarray:
        """Return probabilities of shape (..., n_classes)."""
        return super().probabilities(outputs[..., self.ranks])

    def log_probabilities(self, outputs: np.ndarray) -> np.ndarray:
        """Return the logarithm of `probabilities`, exact where those round to 0 or 1."""
        return super().log_probabilities(outputs[..., self.ranks])

    def labels(self, outputs: np.ndarray) -> np.ndarray:
        """Return the predicted labels."""
        return self.classes[outputs[..., self.ranks].argmax(axis=-1)]


def _ordered_categories(y: Any) -> np.ndarray | None:
    """Return the categories of an ordered pandas Categorical, or None."""
    dtype: Any = getattr(y, "dtype", None)
    return np.asarray(dtype.categories) if getattr(dtype, "ordered", False) else None


def _sorted_numbers(labels: np.ndarray, loss: str) -> np.ndarray:
    """Return the classes in the order of their numbers; the order of strings is not guessed."""
    classes = np.unique(labels)
    if not all(isinstance(label, int | float | np.number | np.bool_) for label in classes):
        raise ValueError(
            f"loss={loss!r} needs to know the order of the classes, which are not numbers: "
            f"{classes.tolist()!r}. List them from lowest to highest: class_order=[...]. (Sorted "
            "strings are rarely in the right order.)"
        )
    return classes


def _checked(order: Any, dtype: np.dtype) -> np.ndarray:
    """Return the order as an array; of the labels' `dtype`, unless it holds longer strings."""
    try:
        ordered = as_labels(order)
    except ValueError:  # lists of unequal lengths
        ordered = np.empty(0)
    if ordered.ndim != 1 or len(ordered) == 0:
        raise ValueError(
            "class_order must be a list of the classes from lowest to highest; got "
            f"{plain(order)!r}."
        )
    fault = label_fault(as_objects(order))
    if fault is not None:
        raise ValueError(f"class_order[{fault[0]}] {fault[1]}.")
    values, counts = np.unique(ordered, return_counts=True)
    if counts.max() > 1:
        twice = values[counts.argmax() : counts.argmax() + 1].tolist()[0]
        raise ValueError(f"class_order names {twice!r} more than once.")
    numbers = dtype.kind in "iuf" and ordered.dtype.kind in "iuf"
    if dtype.kind == "O" or (numbers and (ordered.astype(dtype) == ordered).all()):
        return ordered.astype(dtype)
    return ordered


def _check_known(labels: np.ndarray, ordered: np.ndarray, y: np.ndarray | None) -> None:
    """Raise ValueError for a label that the order leaves out."""
    missing = np.flatnonzero(~np.isin(labels, ordered))
    if len(missing) == 0:
        return
    index, label = missing[0], labels[missing].tolist()[0]
    # Some meta-estimators encode the classes in sorted order before this one sees them.
    encoded = labels.dtype.kind in "iu" and len(missing) == len(labels)
    hint = (
        " If a meta-estimator encoded the labels (VotingClassifier, StackingClassifier and "
        "cross_val_predict of probabilities do so), pass ranks as y, and no class_order."
    )
    raise ValueError(
        f"{'classes' if y is None else 'y'}[{index}] is {label!r}, which class_order leaves out: "
        f"{ordered.tolist()!r}.{hint if encoded else ''}"
    )
