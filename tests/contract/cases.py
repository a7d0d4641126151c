"""What scikit-learn's checks ask, on text and ragged sequences.

scikit-learn feeds its checks with tables of numbers and skips an estimator that takes none. Here
a `Case` brings the estimator and the data, each check is a function of a case, and the decorator
`ports` says which of scikit-learn's checks it stands for. `contract.checks` and
`contract.targets` hold the checks, `contract.coverage` the account of all of scikit-learn's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import joblib
import numpy as np
import torch
from sklearn.base import clone

METHODS = (
    "predict",
    "predict_proba",
    "predict_log_proba",
    "decision_function",
    "predict_proba_steps",
    "predict_quantiles",
    "predict_interval",
    "transform",
)
TOLERANCE = 1e-5  # float32, and sums in another order


@dataclass(frozen=True)
class Case:
    """An estimator, and data that it can learn from.

    Attributes
    ----------
    name : str
        Shown in the test's id.
    estimator : BaseEstimator
        Unfitted, with its `random_state` set; `clone` is taken of it.
    X, y : sequences or texts, and targets or None
        At least 12 samples.
    bad_X : tuple of (X, error, message)
        What has to be refused in place of X, by which error and with which words.
    n_features_in : int or None
        What the fitted attribute has to say; None where there must be none.
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
    """Register a check that stands for those of scikit-learn called `names`."""

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
    """Tell whether every step has a target of its own."""
    return bool(getattr(case.estimator, "_per_step", False))


def first(X: Any) -> Any:
    return next(iter(X))


def outputs(estimator: Any, X: Any) -> dict[str, Any]:
    """Return what every method gives for X."""
    return {name: getattr(estimator, name)(X) for name in METHODS if hasattr(estimator, name)}


def state(estimator: Any) -> dict[str, str]:
    """Return a digest of every attribute; weights count by their values."""
    parts = {}
    for name, value in vars(estimator).items():
        if isinstance(value, torch.nn.Module):
            value = {key: tensor.numpy() for key, tensor in value.state_dict().items()}
        parts[name] = joblib.hash(value)
    return parts


def assert_same(actual: Any, expected: Any, tolerance: float = TOLERANCE) -> None:
    """Compare outputs of any form: dicts of them, frames, ragged ones, numbers, labels."""
    assert type(actual) is type(expected)
    if isinstance(expected, dict):
        assert actual.keys() == expected.keys()
        for key in expected:
            assert_same(actual[key], expected[key], tolerance)
    elif isinstance(expected, np.ndarray) and expected.dtype == object and expected.size:
        assert len(actual) == len(expected)
        for item, other in zip(actual, expected, strict=True):
            assert_same(item, other, tolerance)
    elif isinstance(expected, np.ndarray) and expected.dtype.kind == "f":
        assert actual.shape == expected.shape
        np.testing.assert_allclose(actual, expected, rtol=0, atol=tolerance)
    else:
        np.testing.assert_array_equal(actual, expected)


def read_only(X: Any, path: Any) -> Any:
    """Return X with every array in it a read-only memory map of a file."""
    joblib.dump(X, path)
    return joblib.load(path, mmap_mode="r")


def shortened(X: Any) -> Any:
    """Return X with each sequence cut to its first step, each text to its first word."""
    if isinstance(first(X), str):
        return [text.split()[0] for text in X]
    if isinstance(X, np.ndarray) and X.ndim == 3:
        return X[:, :1]
    short = [item[:1] for item in X]
    return type(X)(short, X.vocabulary) if hasattr(X, "vocabulary") else short
