"""A code of many dimensions brought to the two that can be drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from sklearn.utils.validation import check_array

METHODS = ("auto", "code", "pca", "tsne")
# What the original paper on t-SNE advises for a wide code: fewer columns, less noise, less time.
WIDEST_TSNE = 50
PERPLEXITY = 30.0


@dataclass(frozen=True)
class Projection:
    """What is drawn.

    Attributes
    ----------
    points : ndarray of shape (n_samples, 2), or (n_samples, 1) for a code of one dimension
    centers : ndarray of shape (n_clusters, 2) or (n_clusters, 1), or None
        Where clusters have their centres, if the method can tell.
    method : {"code", "pca", "tsne"}
        How the points were made.
    axes : tuple of str
        What each dimension is.
    """

    points: np.ndarray
    centers: np.ndarray | None
    method: str
    axes: tuple[str, ...]


def project(code: Any, centers: np.ndarray | None, method: str, random_state: Any) -> Projection:
    """Bring a code to two dimensions, or leave it where it has one or two."""
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(map(repr, METHODS))}; got {method!r}.")
    width = code.shape[1]
    if method == "auto":
        method = "code" if width <= 2 else "pca"
    if method == "tsne":
        points = _tsne(code, random_state)
        return Projection(points, None, method, ("t-SNE 1", "t-SNE 2"))
    if method == "code":
        if width > 2:
            raise ValueError(
                f'method="code" draws a code of one or two dimensions as it is; this one has '
                f'{width}. Take method="pca" or "tsne".'
            )
        axes = ("code",) if width == 1 else ("code 1", "code 2")
        return Projection(_dense(code), centers, method, axes)
    return _principal(code, centers, random_state)


def check_code(code: Any, name: str) -> Any:
    """Return a code as an array or CSR matrix of numbers, after checking it."""
    shape = getattr(code, "shape", None)
    if shape is not None and len(shape) != 2:
        raise ValueError(
            f"{name} has shape {tuple(shape)}; to be drawn it has to be (n_samples, n_components), "
            "one row for each sample."
        )
    return check_array(code, accept_sparse="csr", dtype=[np.float64, np.float32], input_name=name)


def _dense(code: Any) -> np.ndarray:
    return code.toarray() if issparse(code) else np.asarray(code)


def _principal(code: Any, centers: np.ndarray | None, random_state: Any) -> Projection:
    if min(code.shape) < 2:
        raise ValueError(
            'method="pca" needs two samples and two dimensions at least; the code has shape '
            f"{code.shape}."
        )
    pca, points = _pca(code, 2, random_state)
    axes = tuple(
        f"principal component {i} ({share:.0%} of variance)"
        for i, share in enumerate(_shares(pca), 1)
    )
    placed = None if centers is None else pca.transform(centers)
    return Projection(points, placed, "pca", axes)


def _pca(code: Any, n_components: int, random_state: Any) -> tuple[PCA, np.ndarray]:
    """Fit PCA; a sparse code stays sparse where it is large enough to matter."""
    if issparse(code) and min(code.shape) > WIDEST_TSNE:
        pca = PCA(n_components, svd_solver="arpack", random_state=random_state)
    else:
        code, pca = _dense(code), PCA(n_components, random_state=random_state)
    with np.errstate(invalid="ignore"):  # samples that are all alike have no variance to share
        return pca, pca.fit_transform(code)


def _shares(pca: PCA) -> list[float]:
    return np.nan_to_num(pca.explained_variance_ratio_).tolist()


def _tsne(code: Any, random_state: Any) -> np.ndarray:
    n_samples, width = code.shape
    if n_samples < 2:
        raise ValueError(f'method="tsne" needs two samples at least; got {n_samples}.')
    if width > WIDEST_TSNE:
        n_components = min(WIDEST_TSNE, n_samples)
        code = _pca(code, n_components, random_state)[1]
    tsne = TSNE(
        perplexity=min(PERPLEXITY, (n_samples - 1) / 3),
        init="pca" if min(code.shape) >= 2 else "random",
        random_state=random_state,
    )
    return tsne.fit_transform(_dense(code))
