"""The outputs and the attributes of an estimator, collected and compared."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import joblib
import numpy as np
import torch

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
# For sums of float32 in another order: absolute below 1, relative above, where float32 is coarser.
TOLERANCE = 1e-5


def outputs(estimator: Any, X: Any) -> dict[str, Any]:
    """Return the output of every prediction method for X, by name."""
    return {name: getattr(estimator, name)(X) for name in METHODS if hasattr(estimator, name)}


def state(estimator: Any) -> dict[str, str]:
    """Return a hash of every attribute by name; modules are hashed by their weights."""
    parts = {}
    for name, value in vars(estimator).items():
        if isinstance(value, torch.nn.Module):
            value = {key: tensor.numpy() for key, tensor in value.state_dict().items()}
        parts[name] = joblib.hash(value)
    return parts


def assert_same(actual: Any, expected: Any, tolerance: float = TOLERANCE) -> None:
    """Compare outputs: numbers within `tolerance`, of their size or absolute; else exactly."""
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
        np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance)
    else:
        np.testing.assert_array_equal(actual, expected)


@contextmanager
def unchanged(estimator: Any, X: Any) -> Iterator[None]:
    """Check that the body leaves an estimator's attributes and outputs as they were."""
    before, expected = state(estimator), outputs(estimator, X)
    yield
    assert state(estimator) == before
    assert_same(outputs(estimator, X), expected, tolerance=0)


def read_only(X: Any, path: Any) -> Any:
    """Return X with every array in it a read-only memory map of a file."""
    joblib.dump(X, path)
    return joblib.load(path, mmap_mode="r")
