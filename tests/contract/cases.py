"""What a check of text and ragged sequences is.

scikit-learn's checks pass tables of numbers and skip an estimator that does not accept them.
Here a `Case` holds an estimator and its data, each check is a function of a case, and the
decorator `ports` names the checks of scikit-learn that it replaces. The checks are in
`contract.checks`, `contract.targets` and `contract.steps`; `contract.coverage` lists every check
of scikit-learn and says whether it is called, ported or not applicable.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import clone


@dataclass(frozen=True)
class Case:
    """An estimator and data that it can learn from.

    Attributes
    ----------
    name : str
        Shown in the test's id.
    estimator : BaseEstimator
        Unfitted, with its `random_state` set; every check works on a clone.
    X, y : sequences or texts, and targets or None
        At least 12 samples.
    bad_X : tuple of (X, error, message)
        Values of X that must raise `error` with a message that matches.
    n_features_in : int or None
        Expected value of `n_features_in_`; None if the attribute must not exist.
    """

    name: str
    estimator: Any
    X: Any
    y: Any = None
    bad_X: tuple[tuple[Any, type[Exception], str], ...] = ()
    n_features_in: int | None = None

    def new(self, **params: Any) -> Any:
        return clone(self.estimator).set_params(**params)

    def fitted(self, **params: Any) -> Any:
        return self.new(**params).fit(self.X, self.y)

    @property
    def holds_numbers(self) -> bool:
        return not holds_text(self) and getattr(self.X, "vocabulary", None) is None


Check = Callable[[Case], None]
CHECKS: list[tuple[Check, Callable[[Case], bool]]] = []
PORTED: dict[str, Check] = {}


def ports(*names: str, when: Callable[[Case], bool] = lambda case: True) -> Any:
    """Register a check that replaces scikit-learn's checks called `names`."""

    def register(check: Check) -> Check:
        CHECKS.append((check, when))
        PORTED.update(dict.fromkeys(names, check))
        return check

    return register


def applicable(case: Case) -> list[Check]:
    """Return the checks that `case` has to pass."""
    return [check for check, when in CHECKS if when(case)]


def transforms(case: Case) -> bool:
    return hasattr(case.estimator, "transform")


def holds_text(case: Case) -> bool:
    return isinstance(first(case.X), str)


def is_list(case: Case) -> bool:
    return isinstance(case.X, list)


def per_step(case: Case) -> bool:
    """Return True if every step has its own target."""
    return bool(getattr(case.estimator, "_per_step", False))


def writes_sequences(case: Case) -> bool:
    """Return True if y holds a sequence, or a text, for each sample, of any length."""
    return type(case.estimator).__name__ == "LSTMSeq2Seq"


def first(X: Any) -> Any:
    return next(iter(X))


def shortened(X: Any) -> Any:
    """Return X with each sequence cut to its first step, each text to its first word."""
    if isinstance(first(X), str):
        return [text.split()[0] for text in X]
    if isinstance(X, np.ndarray) and X.ndim == 3:
        return X[:, :1]
    short = [item[:1] for item in X]
    return type(X)(short, X.vocabulary) if hasattr(X, "vocabulary") else short
