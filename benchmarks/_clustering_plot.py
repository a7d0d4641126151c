"""The code of the digits, by cluster and by digit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

from matplotlib import pyplot as plt

from benchmarks._clustering_data import digits_table
from sklstm.inspection import EmbeddingDisplay
from sklstm.metrics import clustering_accuracy


def digits(params: dict[str, Any], folder: Path) -> Path:
    """Cluster the digits with the first seed, and draw their code."""
    from sklstm import AutoencoderClusterer

    X, y = digits_table()
    model = AutoencoderClusterer(n_clusters=10, random_state=0, **params).fit(X)
    return draw(model, X, y, folder / "clustering.png")


def draw(model: Any, X: Any, y: Any, path: Path) -> Path:
    """Draw the code of a fitted clusterer by PCA and t-SNE, coloured by its clusters and by y."""
    accuracy = clustering_accuracy(y, model.predict(X))
    figure, panels = plt.subplots(2, 2, figsize=(12, 10.5), layout="constrained")
    for row, method in zip(panels, ("pca", "tsne"), strict=True):
        for ax, labels, name in zip(row, (None, y), ("cluster", "digit"), strict=True):
            EmbeddingDisplay.from_estimator(model, X, labels, method=method, random_state=0, ax=ax)
            ax.set_title(f"by {name}", loc="left")
    figure.suptitle(f"{type(model).__name__} of {len(y):,} digits: accuracy {accuracy:.2f}")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=100)
    plt.close(figure)
    return path
