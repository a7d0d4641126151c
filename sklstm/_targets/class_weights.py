"""What a sample weighs because of its class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.utils.class_weight import compute_class_weight, compute_sample_weight

from sklstm._targets.labels import dense_labels

ClassWeight = dict[Any, float] | list[dict[Any, float]] | str | None


@dataclass(frozen=True)
class ClassWeights:
    """Weights by class, learned from training data; validation data gets the same.

    Attributes
    ----------
    given : dict, list of dict, "balanced" or None
        The parameter `class_weight`.
    per_class : ndarray of shape (n_classes,) or None
        The weight of each class; None for multilabel y and where nothing was given.
    """

    given: ClassWeight
    per_class: np.ndarray | None

    @classmethod
    def learn(
        cls, given: ClassWeight, classes: np.ndarray, index: np.ndarray | None
    ) -> ClassWeights:
        """Learn from the `index` of each sample's class, which is None for multilabel y.

        "balanced" goes by the classes that occur; one that does not is left with a weight of 1.
        """
        if given is None or index is None:
            return cls(given, None)
        if not isinstance(given, str):
            return cls(given, compute_class_weight(given, classes=classes, y=classes))
        weights = np.ones(len(classes))
        present = np.unique(index)
        weights[present] = compute_class_weight(given, classes=present, y=index)
        return cls(given, weights)

    def of(self, y: Any, index: np.ndarray | None) -> np.ndarray | None:
        """Return the weight of each sample, or None if all weigh the same."""
        if self.given is None:
            return None
        if self.per_class is None or index is None:
            weights: np.ndarray = compute_sample_weight(self.given, dense_labels(y))
            return weights
        return self.per_class[index]


def check_two_classes(index: np.ndarray | None, weights: np.ndarray, name: str) -> None:
    """Raise ValueError if fewer than two classes have a weight, for the estimator `name`."""
    if index is not None and len(np.unique(index[weights > 0])) < 2:
        raise ValueError(
            f"{name} needs samples of at least 2 classes with a weight above 0; got 1 class."
        )


def check_weights_known(class_weight: ClassWeight) -> None:
    """Raise ValueError for weights that a part of the data cannot give."""
    if isinstance(class_weight, str):
        raise ValueError(
            f"class_weight={class_weight!r} needs all of y at once, which partial_fit does not "
            "see; pass a dict of weights, from sklearn.utils.class_weight.compute_class_weight."
        )
