"""Labels that have an order, to and from what the network is trained on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from sklstm._targets.labels import LabelCodec, TargetKind, dense_labels, one_label_each


@dataclass(frozen=True)
class RankCodec(LabelCodec):
    """Encode labels by rank; columns of outputs by rank become those of the sorted classes.

    Attributes
    ----------
    ranks : ndarray of shape (n_classes,)
        The rank, from 0, of each of the `classes`, which stay sorted as scikit-learn's
        metrics expect them.
    """

    ranks: np.ndarray

    @classmethod
    def of_order(
        cls, y: Any, classes: Any, class_order: Any, loss: str, output_layer: str, name: str
    ) -> RankCodec:
        """Learn the classes of `y` and their order; `classes` may name more than it shows."""
        categories = _ordered_categories(y)
        y = dense_labels(y)
        check_classification_targets(y)
        if type_of_target(y) == "multilabel-indicator":
            raise ValueError(
                f"loss={loss!r} ranks one label per sample, but y is multilabel; use "
                "loss='cross_entropy'."
            )
        if output_layer == "sigmoid":
            raise ValueError(
                f"output_layer='sigmoid' goes with loss='cross_entropy', not with {loss!r}; use "
                "'auto'."
            )
        order = class_order if class_order is not None else categories
        labels = one_label_each(y) if classes is None else np.asarray(classes)
        ordered = _sorted_numbers(labels, loss) if order is None else _checked(order, labels.dtype)
        if len(ordered) < 2:
            raise ValueError(
                f"{name} needs samples of at least 2 classes in y; got 1 class: {ordered[0]!r}."
            )
        _check_known(labels, ordered, y if classes is None else None)
        by_label = np.argsort(ordered, kind="stable")
        kind: TargetKind = "binary" if len(ordered) == 2 else "multiclass"
        return cls(kind, ordered[by_label], sigmoid=False, ranks=by_label)

    def encode(self, y: Any) -> np.ndarray:
        """Return the int64 rank of each label."""
        return self.ranks[super().encode(y)].astype(np.int64)

    def check_same(self, classes: Any) -> None:
        """Raise ValueError if `classes` has any that the order leaves out."""
        given = np.asarray(classes)
        _check_known(given, self.classes[np.argsort(self.ranks)], None)

    def class_index(self, targets: np.ndarray) -> np.ndarray | None:
        """Return the class of each encoded target."""
        index: np.ndarray = np.argsort(self.ranks)[targets]
        return index

    def decision(self, outputs: np.ndarray) -> np.ndarray:
        """Return scikit-learn's decision values: one column less for two classes."""
        return super().decision(outputs[..., self.ranks])

    def probabilities(self, outputs: np.ndarray) -> np.ndarray:
        """Return (..., n_classes) probabilities."""
        return super().probabilities(outputs[..., self.ranks])

    def log_probabilities(self, outputs: np.ndarray) -> np.ndarray:
        """Return the logarithm of `probabilities`, exact where those round to 0 or 1."""
        return super().log_probabilities(outputs[..., self.ranks])

    def labels(self, outputs: np.ndarray) -> np.ndarray:
        """Return the predicted labels."""
        return self.classes[outputs[..., self.ranks].argmax(axis=-1)]


def _ordered_categories(y: Any) -> np.ndarray | None:
    """Return the categories of a pandas y that says itself how they are ordered."""
    dtype: Any = getattr(y, "dtype", None)
    return np.asarray(dtype.categories) if getattr(dtype, "ordered", False) else None


def _sorted_numbers(labels: np.ndarray, loss: str) -> np.ndarray:
    """Return the classes in the order of their numbers; the order of strings is not guessed."""
    classes = np.unique(labels)
    if not all(isinstance(label, int | float | np.number | np.bool_) for label in classes):
        raise ValueError(
            f"loss={loss!r} needs to know the order of the classes, and they are no numbers: "
            f"{classes.tolist()!r}. Name them from lowest to highest: class_order=[...]. (Sorted "
            "strings are rarely in the right order.)"
        )
    return classes


def _checked(order: Any, dtype: np.dtype) -> np.ndarray:
    """Return the order as an array; of the labels' `dtype`, unless it holds longer strings."""
    try:
        ordered = np.asarray(order)
    except ValueError:  # lists of unequal lengths
        ordered = np.empty(0)
    if ordered.ndim != 1 or len(ordered) == 0:
        raise ValueError(
            f"class_order must be a list of the classes from lowest to highest; got {order!r}."
        )
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
    # A meta-estimator numbers the classes in sorted order before this one sees them.
    encoded = labels.dtype.kind in "iu" and len(missing) == len(labels)
    hint = (
        " If the labels were encoded on the way (VotingClassifier, StackingClassifier and "
        "cross_val_predict of probabilities do so), give it ranks as y, and no class_order."
    )
    raise ValueError(
        f"{'classes' if y is None else 'y'}[{index}] is {label!r}, which class_order leaves out: "
        f"{ordered.tolist()!r}.{hint if encoded else ''}"
    )
