"""EmbeddingDisplay: an embedding in two dimensions, coloured by cluster or class."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.base import BaseEstimator, is_classifier, is_clusterer
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from sklearn.pipeline import Pipeline
from sklearn.utils._optional_dependencies import check_matplotlib_support
from sklearn.utils.validation import check_array, check_is_fitted

from sklstm.inspection._colors import Labels, check_labels, format_label
from sklstm.inspection._figure import (
    as_written,
    axes_of,
    fitting,
    label_rows,
    place_legend,
    room,
    write_as_is,
)
from sklstm.inspection._reading import unwrapped

METHODS = ("auto", "identity", "pca", "tsne")
WIDEST_TSNE = 50  # the paper on t-SNE reduces wider data by PCA first: less noise, less time
PERPLEXITY = 30.0
SPREAD = 0.3  # of the points in a strip, where rows are 1 apart
N_TICKS = 6  # labels at a colour bar of strings
RESERVED = {"c", "color", "facecolor", "facecolors", "fc", "marker", "cmap", "norm"}


class EmbeddingDisplay:
    """An embedding drawn in two dimensions, coloured by cluster or class.

    Create it with `from_estimator` from any fitted transformer, or with `from_embedding` from an
    array. All parameters are stored as attributes.

    Parameters
    ----------
    embedding : ndarray of shape (n_samples, 2) or (n_samples, 1)
        Coordinates of the samples. A single column is drawn as strips, one row for each label;
        the spread within a row is random and has no meaning.
    labels : array-like of shape (n_samples,), default=None
        Strings or numbers to colour by. Up to 20 distinct labels have a legend, with ten colours
        that colour-blind people can distinguish and other markers for the second ten; more have a
        colour bar, where numbers are placed by value and strings in sorted order. None draws all
        samples in one colour.
    centers : ndarray of shape (n_clusters, 2) or (n_clusters, 1), default=None
        Cluster centres to mark, the i-th one with the number i.
    axis_names : tuple of str, default=None
        Label of each axis.
    labels_name : str, default=None
        Title of the legend or colour bar.
    missing_label : str or number, default=-1
        The label of samples without a label, which are drawn in grey below the others. The default
        is what scikit-learn's clusterers give to noise. None if no value marks missing labels,
        for classes -1 and 1, say.

    Attributes
    ----------
    ax_, figure_ : matplotlib Axes and Figure
        The axes, and the figure that contains them.
    scatter_ : matplotlib PathCollection
        The points, in the order of the samples, but those without a label first.
    centers_ : matplotlib PathCollection or None
        The marks at the cluster centres.
    legend_ : matplotlib Legend or None
        The legend; None without labels, or with too many of them.
    colorbar_ : matplotlib Colorbar or None
        The colour bar, if there are too many labels for a legend.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.decomposition import PCA
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklstm.inspection import EmbeddingDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> model = make_pipeline(StandardScaler(), PCA(3)).fit(X)
    >>> display = EmbeddingDisplay.from_estimator(model, X, y)
    >>> [text.get_text() for text in display.legend_.get_texts()]
    ['0', '1', '2']

    The `transform` of `KMeans` gives distances, so draw the data that it was fitted on:

    >>> from sklearn.cluster import KMeans
    >>> kmeans = KMeans(3, random_state=0).fit(X)
    >>> display = EmbeddingDisplay.from_embedding(
    ...     X, kmeans.labels_, centers=kmeans.cluster_centers_
    ... )
    >>> display.centers.shape
    (3, 2)
    >>> import matplotlib.pyplot as plt
    >>> plt.close("all")
    """

    ax_: Any
    figure_: Any
    scatter_: Any
    centers_: Any
    legend_: Any
    colorbar_: Any

    def __init__(
        self,
        embedding: Any,
        *,
        labels: Any = None,
        centers: Any = None,
        axis_names: tuple[str, ...] | None = None,
        labels_name: str | None = None,
        missing_label: Any = -1,
    ):
        self.embedding = embedding
        self.labels = labels
        self.centers = centers
        self.axis_names = axis_names
        self.labels_name = labels_name
        self.missing_label = missing_label

    def plot(
        self,
        ax: Any = None,
        *,
        palette: Any = None,
        legend: bool = True,
        scatter_kwargs: dict[str, Any] | None = None,
    ) -> EmbeddingDisplay:
        """Draw the embedding; each call draws it again.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on. The legend is placed to the right of them, so create their figure with
            ``layout="constrained"``. None draws on a new figure.
        palette : str, matplotlib Colormap or sequence of colours, default=None
            A colour map of matplotlib or its name; or colours, such as a list of names or an array
            of shape (n_colours, 3), which repeat with another marker if there are more labels.
            Labels with a colour bar need a colour map. None chooses colours that can be
            distinguished by colour-blind people.
        legend : bool, default=True
            Whether to draw a legend or colour bar.
        scatter_kwargs : dict, default=None
            Further arguments for matplotlib's `scatter`, such as ``{"s": 30, "alpha": 0.5}``, but
            no colours and markers: they show the labels.

        Returns
        -------
        self : EmbeddingDisplay

        Raises
        ------
        ImportError, ValueError
            If matplotlib is not installed, or a parameter is not as described.
        """
        check_matplotlib_support(f"{type(self).__name__}.plot")
        points = check_array(self.embedding, input_name="embedding")
        n_samples, n_columns = points.shape
        if n_columns > 2:
            raise ValueError(
                f"embedding has {n_columns} columns, but only 1 or 2 can be drawn; "
                "EmbeddingDisplay.from_embedding reduces more columns to two."
            )
        labels = Labels.of(np.zeros(n_samples, dtype=int), None)
        if self.labels is not None:
            labels = Labels.of(check_labels(self.labels, n_samples, "labels"), self.missing_label)
        centers = _check_centers(self.centers, n_columns)
        if reserved := sorted(RESERVED & set(scatter_kwargs or {})):
            raise ValueError(
                f"scatter_kwargs may not hold {', '.join(map(repr, reserved))}: colours and "
                "markers show the labels. `palette` chooses the colours."
            )
        colours, markers = labels.colours(palette), labels.markers(palette)
        in_rows = n_columns == 1 and not labels.many
        if n_columns == 1:
            rows = labels.index if in_rows else np.zeros(n_samples)
            # The spread is the same each time.
            rows = rows + np.random.default_rng(0).uniform(-SPREAD, SPREAD, n_samples)
            points = np.column_stack([points, rows])
        size = float(np.clip(500 / np.sqrt(n_samples), 4, 36))
        self.ax_ = axes_of(ax, height=4.8)
        self.figure_ = self.ax_.figure
        # All points in one call, so that no class is drawn over another; those without label first.
        order = np.argsort(labels.index >= 0, kind="stable")
        index = labels.index[order]
        options = {"s": size, "alpha": 0.8, "linewidths": 0, **(scatter_kwargs or {})}
        self.scatter_ = self.ax_.scatter(*points[order].T, color=colours[index], **options)
        if len({markers[i] for i in index.tolist()}) > 1:  # one path for all is faster
            paths = [_path(marker) for marker in markers]
            self.scatter_.set_paths([paths[i] for i in index])
        self.centers_ = self._draw_centers(centers, labels.values.tolist() if in_rows else None)
        texts = [*labels.texts, f"none ({format_label(self.missing_label)})"]
        self.legend_, self.colorbar_ = None, None
        if legend and self.labels is not None and labels.many:
            self.colorbar_ = self._draw_colorbar(labels, texts, palette)
        elif legend and self.labels is not None and not in_rows:  # which are named at the axis
            named = [*range(len(labels.values)), *([-1] if (index < 0).any() else [])]
            self.legend_ = place_legend(
                self.ax_,
                outside=True,
                handles=[_handle(markers[i], colours[i], texts[i]) for i in named],
                title=self.labels_name,
            )
        names = self.axis_names or ("",)
        self.ax_.set(**dict(zip(("xlabel", "ylabel"), names, strict=False)))
        if names[0].startswith("t-SNE"):
            self.ax_.set(xticks=[], yticks=[])  # coordinates mean nothing
        if n_columns == 1:
            shown = np.unique(labels.index).tolist() if in_rows else []
            shown = shown if len(shown) > 1 else []
            label_rows(self.ax_, shown, [texts[i] for i in shown])
        return self

    def _draw_centers(self, centers: np.ndarray | None, rows: list[Any] | None) -> Any:
        """Draw a white disc at each centre with the number of the cluster.

        `rows` has the label of each row, of an embedding in strips; a cluster without samples is
        marked in the lowest one.
        """
        if centers is None:
            return None
        if centers.shape[1] == 1:
            place = {} if rows is None else {label: row for row, label in enumerate(rows)}
            other = 0 if rows is None else -1
            at = [place.get(i, other) for i in range(len(centers))]
            centers = np.column_stack([centers[:, 0], at])
        for i, xy in enumerate(centers):
            self.ax_.annotate(
                str(i), xy, ha="center", va="center_baseline", fontsize="small", zorder=4
            )
        return self.ax_.scatter(*centers.T, s=150, color="white", edgecolors="black", zorder=3)

    def _draw_colorbar(self, labels: Labels, texts: list[str], palette: Any) -> Any:
        from matplotlib.cm import ScalarMappable
        from matplotlib.colors import Normalize

        scale = labels.scale
        mappable = ScalarMappable(Normalize(scale.min(), scale.max()), labels.colormap(palette))
        bar = self.figure_.colorbar(mappable, ax=self.ax_, label=self.labels_name or "")
        write_as_is(bar.ax.yaxis.label)
        if labels.values.dtype.kind not in "iuf":
            shown = np.linspace(0, len(scale) - 1, N_TICKS).round().astype(int)
            names = fitting([texts[i] for i in shown], 0.3 * room(self.ax_)[0])
            bar.set_ticks(shown, labels=names, **as_written(names))
        return bar

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        X: Any,
        y: Any = None,
        *,
        method: str = "auto",
        random_state: Any = None,
        missing_label: Any = -1,
        ax: Any = None,
        palette: Any = None,
        legend: bool = True,
        scatter_kwargs: dict[str, Any] | None = None,
    ) -> EmbeddingDisplay:
        """Draw ``estimator.transform(X)``.

        Parameters
        ----------
        estimator : estimator instance
            A fitted estimator with a `transform`: a transformer, a Pipeline, or a clusterer such as
            `AutoencoderClusterer`, whose `transform` gives latent representations. Scikit-learn's
            k-means are not accepted, as their `transform` gives distances to the centres: pass the
            data that they were fitted on to `from_embedding`.
        X : array-like, or whatever the estimator accepts
            The samples to draw.
        y : array-like of shape (n_samples,), default=None
            Labels to colour by. None colours by ``estimator.predict(X)`` if the estimator is a
            clusterer or classifier, and draws one colour otherwise. With None, the
            `cluster_centers_` of the estimator, or of the last step of a Pipeline, are marked if
            they have as many columns as ``transform(X)``; t-SNE cannot place them.
        method : {"auto", "identity", "pca", "tsne"}, default="auto"
            How the embedding is reduced to two dimensions. "identity": not at all, for one or two
            columns. "pca": its first two principal components, the directions of largest variance.
            "tsne": t-SNE, which keeps neighbours together; distances between groups and the sizes
            of groups then have no meaning. Its perplexity is 30, or a third of the number of other
            samples if these are fewer than 90; more than 50 columns are reduced to 50 by PCA
            first. "auto": "identity" for one or two columns, "pca" for more.
        random_state : int, RandomState instance or None, default=None
            Seed for t-SNE, and for PCA of large data. Pass an int for the same plot each time.
        missing_label : str or number, default=-1
            The label of samples without a label, drawn in grey. None if no value marks missing
            labels.
        ax, palette, legend, scatter_kwargs
            As in `plot`.

        Returns
        -------
        display : EmbeddingDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        NotFittedError, TypeError
            If the estimator is not fitted, has no `transform`, or is one of those k-means.
        ValueError
            If the number of labels in `y` is not that of the samples, if `method` is unknown or
            "identity" with more than two columns, or if there are too few samples.
        """
        check_matplotlib_support(f"{cls.__name__}.from_estimator")
        if not hasattr(estimator, "transform"):
            name = type(estimator).__name__
            if isinstance(estimator, Pipeline):
                name = f"The last step of the Pipeline, {type(estimator[-1]).__name__},"
            raise TypeError(
                f"{name} has no transform, so there is no embedding to "
                f"draw. Draw an array with {cls.__name__}.from_embedding(embedding, labels)."
            )
        check_is_fitted(estimator)
        centers = _cluster_centers(estimator, f"{cls.__name__}.from_embedding")
        embedding = _check_embedding(estimator.transform(X), "estimator.transform(X)")
        n_samples, n_columns = embedding.shape
        if y is not None or (centers is not None and centers.shape[1] != n_columns):
            centers = None
        labels, labels_name = y, _name_of(y)
        if y is not None:
            labels = check_labels(y, n_samples, "y")
        elif (clusters := is_clusterer(estimator)) or is_classifier(estimator):
            labels = check_labels(estimator.predict(X), n_samples, "estimator.predict(X)")
            labels_name = "cluster" if clusters else "predicted class"
        return cls.from_embedding(
            embedding, labels, centers=centers, labels_name=labels_name, method=method,
            random_state=random_state, missing_label=missing_label, ax=ax, palette=palette,
            legend=legend, scatter_kwargs=scatter_kwargs,
        )  # fmt: skip

    @classmethod
    def from_embedding(
        cls,
        embedding: Any,
        labels: Any = None,
        *,
        centers: Any = None,
        labels_name: str | None = None,
        method: str = "auto",
        random_state: Any = None,
        missing_label: Any = -1,
        ax: Any = None,
        palette: Any = None,
        legend: bool = True,
        scatter_kwargs: dict[str, Any] | None = None,
    ) -> EmbeddingDisplay:
        """Draw an embedding that is given as an array, such as that of DBSCAN's data.

        Parameters
        ----------
        embedding : {array-like, sparse matrix} of shape (n_samples, n_components)
            The embedding, one row for each sample.
        labels : array-like of shape (n_samples,), default=None
            Labels to colour by. None draws all samples in one colour.
        centers : array-like of shape (n_clusters, n_components), default=None
            Cluster centres to mark, in the space of the embedding. t-SNE leaves them out.
        labels_name : str, default=None
            Title of the legend or colour bar. None takes the name of a Series of labels.
        method, random_state, missing_label
            As in `from_estimator`.
        ax, palette, legend, scatter_kwargs
            As in `plot`.

        Returns
        -------
        display : EmbeddingDisplay

        Raises
        ------
        ImportError, TypeError, ValueError
            As in `from_estimator`, and if `labels` mixes strings and other objects, or centres
            have another number of columns than the embedding.
        """
        check_matplotlib_support(f"{cls.__name__}.from_embedding")
        embedding = _check_embedding(embedding, "embedding")
        centers = _check_centers(centers, embedding.shape[1])
        labels_name = labels_name or _name_of(labels)
        if labels is not None:
            labels = check_labels(labels, embedding.shape[0], "labels")
        points, centers, axis_names = _project(embedding, centers, method, random_state)
        return cls(
            points, labels=labels, centers=centers, axis_names=axis_names,
            labels_name=labels_name, missing_label=missing_label,
        ).plot(ax, palette=palette, legend=legend, scatter_kwargs=scatter_kwargs)  # fmt: skip


def _name_of(labels: Any) -> str | None:
    """Return the name of a pandas or polars Series."""
    name = getattr(labels, "name", None)
    return name if isinstance(name, str) else None


def _check_embedding(embedding: Any, name: str) -> Any:
    """Return an embedding as a 2-D array, or CSR matrix if it is large and sparse."""
    shape = getattr(embedding, "shape", None)
    if shape is not None and len(shape) != 2:
        raise ValueError(
            f"{name} has shape {tuple(shape)}, but must have shape (n_samples, n_components) to be "
            "drawn."
        )
    types = [np.float64, np.float32]
    checked = check_array(embedding, accept_sparse="csr", dtype=types, input_name=name)
    small = min(checked.shape) <= WIDEST_TSNE
    return checked.toarray() if issparse(checked) and small else checked


def _check_centers(centers: Any, n_columns: int) -> np.ndarray | None:
    if centers is None:
        return None
    centers = check_array(centers, input_name="centers")
    if centers.shape[1] != n_columns:
        raise ValueError(
            f"centers have {centers.shape[1]} columns where the embedding has {n_columns}."
        )
    return centers


def _cluster_centers(estimator: BaseEstimator, alternative: str) -> np.ndarray | None:
    """Return the 2-D `cluster_centers_` of an estimator, or None if it has none."""
    fitted = unwrapped(estimator)
    in_pipeline = isinstance(fitted, Pipeline)
    last = fitted[-1] if in_pipeline else fitted
    # The method, as a frozen estimator has another class, and a subclass may have another method.
    transform = getattr(last, "transform", None)  # the last step may be "passthrough"
    if getattr(transform, "__func__", None) is KMeans.transform:
        data, model = ("model[:-1].transform(X)", "model[-1]") if in_pipeline else ("X", "model")
        raise TypeError(
            f"the transform of {type(last).__name__} gives the distances to its centres, not an "
            f"embedding. Draw the data that it clusters: {alternative}({data}, model.predict(X), "
            f"centers={model}.cluster_centers_)."
        )
    centers = getattr(last, "cluster_centers_", None)
    return None if centers is None or np.ndim(centers) != 2 else np.asarray(centers)


def _project(
    embedding: Any, centers: np.ndarray | None, method: str, random_state: Any
) -> tuple[np.ndarray, np.ndarray | None, tuple[str, ...]]:
    """Return points and centres in at most two dimensions, and the names of these."""
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(map(repr, METHODS))}; got {method!r}.")
    n_columns = embedding.shape[1]
    if method == "auto":
        method = "identity" if n_columns <= 2 else "pca"
    if method == "tsne":
        return _tsne(embedding, random_state), None, ("t-SNE 1", "t-SNE 2")
    if method == "pca":
        if min(embedding.shape) < 2:
            need = "at least two samples and two dimensions"
            raise ValueError(f'method="pca" needs {need}; the embedding has {embedding.shape}.')
        pca, points = _pca(embedding, 2, random_state)
        ratios = np.nan_to_num(pca.explained_variance_ratio_).tolist()
        names = [f"principal component {i + 1} ({r:.0%} of variance)" for i, r in enumerate(ratios)]
        return points, None if centers is None else pca.transform(centers), tuple(names)
    if n_columns > 2:
        raise ValueError(
            f'method="identity" draws an embedding of one or two dimensions; this one has '
            f'{n_columns}. Use method="pca" or "tsne".'
        )
    names = ["embedding"] if n_columns == 1 else ["embedding 1", "embedding 2"]
    return embedding, centers, tuple(names)


def _pca(embedding: Any, n_components: int, random_state: Any) -> tuple[PCA, np.ndarray]:
    """Fit PCA; a large sparse embedding stays sparse."""
    solver = "arpack" if issparse(embedding) else "auto"
    pca = PCA(n_components, svd_solver=solver, random_state=random_state)
    with np.errstate(invalid="ignore"):  # identical samples have a total variance of 0
        return pca, pca.fit_transform(embedding)


def _tsne(embedding: Any, random_state: Any) -> np.ndarray:
    n_samples, n_columns = embedding.shape
    if n_samples < 2:
        raise ValueError(f'method="tsne" needs at least two samples; got {n_samples}.')
    if n_columns > WIDEST_TSNE:
        embedding = _pca(embedding, min(WIDEST_TSNE, n_samples), random_state)[1]
    perplexity = min(PERPLEXITY, (n_samples - 1) / 3)
    init = "pca" if min(embedding.shape) >= 2 else "random"
    return TSNE(perplexity=perplexity, init=init, random_state=random_state).fit_transform(
        embedding
    )


def _path(marker: str) -> Any:
    from matplotlib.markers import MarkerStyle

    style = MarkerStyle(marker)
    return style.get_path().transformed(style.get_transform())


def _handle(marker: str, colour: Any, label: str) -> Any:
    from matplotlib.lines import Line2D

    return Line2D([], [], linestyle="", marker=marker, color=colour, label=label)
