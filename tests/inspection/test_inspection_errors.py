"""What EmbeddingDisplay refuses, by name."""

from __future__ import annotations

import builtins

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from sklstm.inspection import EmbeddingDisplay

mpl.use("Agg")

from matplotlib import pyplot as plt

X, Y = load_iris(return_X_y=True)


@pytest.fixture(autouse=True)
def close():
    """Close what a test has drawn."""
    yield
    plt.close("all")


def identity():
    """Return a transformer whose embedding is X."""
    return FunctionTransformer().fit(X)


@pytest.mark.parametrize(
    ("y", "error", "message"),
    [
        ([0, 1], ValueError, "y holds 2 labels for 150 samples"),
        (np.where(np.arange(150) == 7, np.nan, Y), ValueError, r"y\[7\] is .*nan"),
        (["a", None] * 75, ValueError, r"y\[1\] is None"),
        (["a", np.nan] * 75, ValueError, r"y\[1\] is nan"),
        (pd.array(["a", None] * 75, dtype="string"), ValueError, r"y\[1\] is <NA>"),
        (np.zeros((150, 2)), ValueError, r"y must hold one label.*\(150, 2\)"),
        (np.array(["a", 1] * 75, dtype=object), TypeError, "y mixes strings"),
        (["a", 1] * 75, TypeError, "y mixes strings"),
    ],
)
def test_bad_labels_are_named(y, error, message):
    with pytest.raises(error, match=message):
        EmbeddingDisplay.from_estimator(identity(), X, y)
    with pytest.raises(error, match=message.replace("y", "labels", 1)):
        EmbeddingDisplay.from_embedding(X, y)


def test_bad_estimators_are_named():
    with pytest.raises(TypeError, match=r"LogisticRegression has no transform.*from_embedding"):
        EmbeddingDisplay.from_estimator(LogisticRegression(), X)
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, Y)
    with pytest.raises(TypeError, match="last step of the Pipeline, LogisticRegression, has no"):
        EmbeddingDisplay.from_estimator(model, X)
    for unfitted in (PCA(2), make_pipeline(StandardScaler(), PCA(2))):
        with pytest.raises(NotFittedError, match="not fitted yet"):
            EmbeddingDisplay.from_estimator(unfitted, X)
    with pytest.raises(TypeError, match="is a class, not an instance"):
        EmbeddingDisplay.from_estimator(PCA, X)
    deep = FunctionTransformer(lambda X: np.zeros((len(X), 3, 2))).fit(X)
    with pytest.raises(ValueError, match=r"transform\(X\) has shape \(150, 3, 2\)"):
        EmbeddingDisplay.from_estimator(deep, X)


@pytest.mark.parametrize(
    ("embedding", "options", "message"),
    [
        (
            X,
            {"method": "umap"},
            "one of 'auto', 'identity', 'pca', 'tsne'; got 'umap'",
        ),
        (X, {"method": "identity"}, r'this one has 4. Use method="pca" or "tsne"'),
        (X[:, :1], {"method": "pca"}, r"at least two samples and two dimensions.*\(150, 1\)"),
        (X[:1], {}, r"at least two samples and two dimensions.*\(1, 4\)"),
        (X[:1], {"method": "tsne"}, "at least two samples; got 1"),
        (X, {"centers": [[1, 2]]}, "centers have 2 columns where the embedding has 4"),
        (X, {"scatter_kwargs": {"c": "red", "marker": "x"}}, "may not hold 'c', 'marker'"),
        (X, {"labels": Y, "palette": []}, "palette holds no colour"),
        (X, {"labels": np.arange(150), "palette": ["red"]}, "palette must be a colour map, or"),
        (X, {"labels": Y, "palette": ["red", "no colour"]}, "palette must be .* got .'red', 'no"),
        (X, {"labels": Y, "palette": np.ones((3, 5))}, "palette must be a colour map of matplo"),
        (X, {"labels": Y, "palette": "no map"}, "palette='no map' is no colour map of"),
        (X[:, 0], {}, r"embedding has shape \(150,\)"),
        (np.full((3, 2), np.nan), {}, "embedding contains NaN"),
        (np.zeros((0, 2)), {}, "0 sample"),
    ],
)
def test_bad_input_is_named(embedding, options, message):
    with pytest.raises(ValueError, match=message):
        EmbeddingDisplay.from_embedding(embedding, **options)
    assert not plt.get_fignums()  # nothing half drawn is left behind


def test_more_columns_than_can_be_drawn():
    with pytest.raises(ValueError, match="embedding has 4 columns"):
        EmbeddingDisplay(X).plot()


def test_samples_that_are_all_alike():
    display = EmbeddingDisplay.from_embedding(np.ones((5, 3)))
    np.testing.assert_array_equal(display.scatter_.get_offsets(), np.zeros((5, 2)))
    assert display.ax_.get_xlabel() == "principal component 1 (0% of variance)"


def test_without_matplotlib(monkeypatch):
    real = builtins.__import__

    def refuse(name, *args, **kwargs):
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)
    display = EmbeddingDisplay(X[:, :2])
    for draw in (
        display.plot,
        lambda: EmbeddingDisplay.from_embedding(X),
        lambda: EmbeddingDisplay.from_estimator(PCA(2).fit(X), X),
    ):
        with pytest.raises(ImportError, match=r"EmbeddingDisplay.\w+ requires matplotlib"):
            draw()
