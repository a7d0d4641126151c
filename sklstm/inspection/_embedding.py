"""EmbeddingDisplay: an embedding in two dimensions, coloured by cluster or class."""

from __future__ import annotations

from dataclasses import dataclass
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

from sklstm.inspection._colors import (
    MISSING_COLOUR,
    MISSING_MARKER,
    Labels,
    check_labels,
    format_label,
    get_colormap,
    is_colormap,
    label_colours,
    label_markers,
)
from sklstm.inspection._figure import axes_of

METHODS = ("auto", "identity", "pca", "tsne")
# The paper on t-SNE reduces wider data by PCA first: less noise, less time.
WIDEST_TSNE = 50
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
        that can be distinguished by colour-blind people and other markers for the second ten. More
        labels have a colour bar, where numbers are placed by value and strings in sorted
        order. None draws all samples in one colour.
    centers : ndarray of shape (n_clusters, 2) or (n_clusters, 1), default=None
        Cluster centres to mark; the i-th one is marked with the number i. None marks nothing.
    axis_names : tuple of str, default=None
        Label of each axis. None leaves the axes unlabelled.
    labels_name : str, default=None
        Title of the legend or colour bar. None for no title.
    missing_label : str or number, default=-1
        The label of samples without a label, which are drawn in grey below the others. The default
        is what scikit-learn's clusterers give to noise. None if no value marks missing labels,
        for classes -1 and 1, say.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes.
    figure_ : matplotlib Figure
        The figure that contains the axes.
    scatter_ : matplotlib PathCollection
        The points, in the order of the samples, but those without a label first.
    centers_ : matplotlib PathCollection or None
        The marks at the cluster centres.
    legend_ : matplotlib Legend or None
        The legend; None without labels, or with too many of them.
    colorbar_ : matplotlib Colorbar or None
        The colour bar, if there are too many labels for a legend.

    See Also
    --------
    sklearn.inspection.DecisionBoundaryDisplay : Decision regions of a classifier or clusterer over
        two features.

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
    >>> display.embedding.shape
    (150, 2)
    >>> [text.get_text() for text in display.legend_.get_texts()]
    ['0', '1', '2']

    Two displays side by side, by cluster and by class. The `transform` of `KMeans` gives distances,
    so draw the data that it was fitted on:

    >>> import matplotlib.pyplot as plt
    >>> from sklearn.cluster import KMeans
    >>> kmeans = KMeans(3, random_state=0).fit(X)
    >>> figure, (left, right) = plt.subplots(ncols=2, layout="constrained")
    >>> display = EmbeddingDisplay.from_embedding(
    ...     X, kmeans.labels_, centers=kmeans.cluster_centers_, ax=left
    ... )
    >>> display.centers.shape
    (3, 2)
    >>> _ = EmbeddingDisplay.from_embedding(X, y, ax=right)
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
            Further arguments for matplotlib's `scatter`, such as ``{"s": 30, "alpha": 0.5}``.
            Colours and markers are not among them: they show the labels, and `palette` chooses the
            colours.

        Returns
        -------
        self : EmbeddingDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If `embedding` is not of shape (n_samples, 2) or (n_samples, 1), if the number of labels
            is not that of the samples, if centres have another number of columns, or if
            `scatter_kwargs` holds a colour or marker.
        """
        check_matplotlib_support(f"{type(self).__name__}.plot")
        points = check_array(self.embedding, input_name="embedding")
        if points.shape[1] > 2:
            raise ValueError(
                f"embedding has {points.shape[1]} columns, but only 1 or 2 can be drawn; "
                "EmbeddingDisplay.from_embedding reduces more columns to two."
            )
        labels = self.labels
        if labels is not None:
            labels = check_labels(labels, len(points), "labels")
        centers = _check_centers(self.centers, points.shape[1])
        drawing = _Drawing(points, labels, self.missing_label, palette, scatter_kwargs or {})
        self.ax_ = axes_of(ax, height=4.8)
        self.figure_ = self.ax_.figure
        self.scatter_ = drawing.scatter(self.ax_)
        self.centers_ = drawing.centers(self.ax_, centers)
        self.legend_, self.colorbar_ = None, None
        if legend and labels is not None:
            self.legend_, self.colorbar_ = drawing.legend(self.ax_, self.labels_name)
        drawing.label_axes(self.ax_, self.axis_names)
        return self

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
            `KMeans`, `MiniBatchKMeans` and `BisectingKMeans` are not accepted, as their `transform`
            gives the distances to the centres: pass the data that they were fitted on to
            `from_embedding`.
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
        NotFittedError
            If the estimator is not fitted.
        TypeError
            If the estimator has no `transform`, or if it is one of scikit-learn's k-means, whose
            `transform` gives distances.
        ValueError
            If the number of labels in `y` is not that of the samples, if `method` is unknown, if
            ``method="identity"`` is given more than two columns, or if there are too few samples.

        Examples
        --------
        >>> from sklearn.datasets import load_digits
        >>> from sklearn.decomposition import PCA
        >>> from sklstm.inspection import EmbeddingDisplay
        >>> X, y = load_digits(return_X_y=True)
        >>> pca = PCA(10, random_state=0).fit(X)
        >>> display = EmbeddingDisplay.from_estimator(
        ...     pca, X[:200], y[:200], method="tsne", random_state=0
        ... )
        >>> display.ax_.get_xlabel(), len(display.scatter_.get_offsets())
        ('t-SNE 1', 200)
        >>> import matplotlib.pyplot as plt
        >>> plt.close("all")
        """
        check_matplotlib_support(f"{cls.__name__}.from_estimator")
        if not hasattr(estimator, "transform"):
            raise TypeError(
                f"{_transformer_name(estimator)} has no transform, so there is no embedding to "
                f"draw. Draw an array with {cls.__name__}.from_embedding(embedding, labels)."
            )
        check_is_fitted(estimator)
        centers = _cluster_centers(estimator, f"{cls.__name__}.from_embedding")
        embedding = check_embedding(estimator.transform(X), "estimator.transform(X)")
        if centers is not None and centers.shape[1] != embedding.shape[1]:
            centers = None
        labels, labels_name = y, None
        if y is not None:
            labels, centers = check_labels(y, embedding.shape[0], "y"), None
            labels_name = _series_name(y)
        elif (clusters := is_clusterer(estimator)) or is_classifier(estimator):
            labels = check_labels(estimator.predict(X), embedding.shape[0], "estimator.predict(X)")
            labels_name = "cluster" if clusters else "predicted class"
        projection = _project(embedding, centers, method, random_state)
        return cls._of(projection, labels, labels_name, missing_label).plot(
            ax, palette=palette, legend=legend, scatter_kwargs=scatter_kwargs
        )

    @classmethod
    def from_embedding(
        cls,
        embedding: Any,
        labels: Any = None,
        *,
        centers: Any = None,
        method: str = "auto",
        random_state: Any = None,
        missing_label: Any = -1,
        ax: Any = None,
        palette: Any = None,
        legend: bool = True,
        scatter_kwargs: dict[str, Any] | None = None,
    ) -> EmbeddingDisplay:
        """Draw an embedding that is given as an array.

        For clusterers without a `transform`, such as DBSCAN, and for embeddings from elsewhere.

        Parameters
        ----------
        embedding : {array-like, sparse matrix} of shape (n_samples, n_components)
            The embedding, one row for each sample.
        labels : array-like of shape (n_samples,), default=None
            Labels to colour by. None draws all samples in one colour.
        centers : array-like of shape (n_clusters, n_components), default=None
            Cluster centres to mark, in the space of the embedding. t-SNE leaves them out.
        method, random_state, missing_label
            As in `from_estimator`.
        ax, palette, legend, scatter_kwargs
            As in `plot`.

        Returns
        -------
        display : EmbeddingDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        TypeError
            If `labels` mixes strings and other objects.
        ValueError
            If the number of labels is not that of the samples, if centres have another number of
            columns than the embedding, if `method` is unknown, if ``method="identity"`` is given
            more than two columns, or if there are too few samples.

        Examples
        --------
        >>> from sklearn.cluster import DBSCAN
        >>> from sklearn.datasets import make_moons
        >>> from sklstm.inspection import EmbeddingDisplay
        >>> X, _ = make_moons(noise=0.1, random_state=0)
        >>> labels = DBSCAN(eps=0.2).fit_predict(X)
        >>> display = EmbeddingDisplay.from_embedding(X, labels)
        >>> display.legend_.get_texts()[-1]  # noise
        Text(0, 0, 'none (-1)')
        >>> import matplotlib.pyplot as plt
        >>> plt.close("all")
        """
        check_matplotlib_support(f"{cls.__name__}.from_embedding")
        embedding = check_embedding(embedding, "embedding")
        centers = _check_centers(centers, embedding.shape[1])
        labels_name = _series_name(labels)
        if labels is not None:
            labels = check_labels(labels, embedding.shape[0], "labels")
        projection = _project(embedding, centers, method, random_state)
        return cls._of(projection, labels, labels_name, missing_label).plot(
            ax, palette=palette, legend=legend, scatter_kwargs=scatter_kwargs
        )

    @classmethod
    def _of(
        cls, projection: _Projection, labels: Any, labels_name: str | None, missing_label: Any
    ) -> EmbeddingDisplay:
        return cls(
            projection.points,
            labels=labels,
            centers=projection.centers,
            axis_names=projection.axis_names,
            labels_name=labels_name,
            missing_label=missing_label,
        )


def check_embedding(embedding: Any, name: str) -> Any:
    """Return an embedding as a 2-D array or CSR matrix, after checking it."""
    shape = getattr(embedding, "shape", None)
    if shape is not None and len(shape) != 2:
        raise ValueError(
            f"{name} has shape {tuple(shape)}, but must have shape (n_samples, n_components) to be "
            "drawn."
        )
    return check_array(
        embedding, accept_sparse="csr", dtype=[np.float64, np.float32], input_name=name
    )


def _check_centers(centers: Any, n_columns: int) -> np.ndarray | None:
    if centers is None:
        return None
    centers = check_array(centers, input_name="centers")
    if centers.shape[1] != n_columns:
        raise ValueError(
            f"centers have {centers.shape[1]} columns where the embedding has {n_columns}."
        )
    return centers


def _transformer_name(estimator: BaseEstimator) -> str:
    """Return the name of the class whose `transform` is drawn, for an error message."""
    if isinstance(estimator, Pipeline):
        return f"The last step of the Pipeline, {type(estimator[-1]).__name__},"
    return type(estimator).__name__


def _series_name(labels: Any) -> str | None:
    """Return the name of a pandas or polars Series."""
    name = getattr(labels, "name", None)
    return name if isinstance(name, str) else None


def _cluster_centers(estimator: BaseEstimator, alternative: str) -> np.ndarray | None:
    """Return the 2-D `cluster_centers_` of an estimator, or None if it has none.

    Raises
    ------
    TypeError
        If it is a k-means of scikit-learn, whose centres are not in the space of its `transform`.
    """
    fitted = getattr(estimator, "best_estimator_", estimator)  # of a search
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


@dataclass(frozen=True)
class _Projection:
    """An embedding reduced to the one or two dimensions that are drawn.

    Attributes
    ----------
    points : ndarray of shape (n_samples, 2) or (n_samples, 1)
        Coordinates of the samples.
    centers : ndarray of shape (n_clusters, 2) or (n_clusters, 1), or None
        Coordinates of the cluster centres, if there are any and the method can place them.
    axis_names : tuple of str
        What each dimension is.
    """

    points: np.ndarray
    centers: np.ndarray | None
    axis_names: tuple[str, ...]


def _project(
    embedding: Any, centers: np.ndarray | None, method: str, random_state: Any
) -> _Projection:
    """Reduce an embedding to at most two dimensions by one of `METHODS`."""
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(map(repr, METHODS))}; got {method!r}.")
    n_columns = embedding.shape[1]
    if method == "auto":
        method = "identity" if n_columns <= 2 else "pca"
    if method == "tsne":
        return _Projection(_tsne(embedding, random_state), None, ("t-SNE 1", "t-SNE 2"))
    if method == "pca":
        return _principal_components(embedding, centers, random_state)
    if n_columns > 2:
        raise ValueError(
            f'method="identity" draws an embedding of one or two dimensions; this one has '
            f'{n_columns}. Use method="pca" or "tsne".'
        )
    axis_names = ("embedding",) if n_columns == 1 else ("embedding 1", "embedding 2")
    return _Projection(_dense(embedding), centers, axis_names)


def _dense(embedding: Any) -> np.ndarray:
    return embedding.toarray() if issparse(embedding) else np.asarray(embedding)


def _principal_components(
    embedding: Any, centers: np.ndarray | None, random_state: Any
) -> _Projection:
    if min(embedding.shape) < 2:
        raise ValueError(
            'method="pca" needs at least two samples and two dimensions; the embedding has shape '
            f"{embedding.shape}."
        )
    pca, points = _pca(embedding, 2, random_state)
    ratios = np.nan_to_num(pca.explained_variance_ratio_).tolist()
    axis_names = tuple(
        f"principal component {i} ({ratio:.0%} of variance)" for i, ratio in enumerate(ratios, 1)
    )
    return _Projection(points, None if centers is None else pca.transform(centers), axis_names)


def _pca(embedding: Any, n_components: int, random_state: Any) -> tuple[PCA, np.ndarray]:
    """Fit PCA; a large sparse embedding stays sparse."""
    if issparse(embedding) and min(embedding.shape) > WIDEST_TSNE:
        pca = PCA(n_components, svd_solver="arpack", random_state=random_state)
    else:
        embedding, pca = _dense(embedding), PCA(n_components, random_state=random_state)
    with np.errstate(invalid="ignore"):  # identical samples have a total variance of 0
        return pca, pca.fit_transform(embedding)


def _tsne(embedding: Any, random_state: Any) -> np.ndarray:
    n_samples, n_columns = embedding.shape
    if n_samples < 2:
        raise ValueError(f'method="tsne" needs at least two samples; got {n_samples}.')
    if n_columns > WIDEST_TSNE:
        embedding = _pca(embedding, min(WIDEST_TSNE, n_samples), random_state)[1]
    tsne = TSNE(
        perplexity=min(PERPLEXITY, (n_samples - 1) / 3),
        init="pca" if min(embedding.shape) >= 2 else "random",
        random_state=random_state,
    )
    return tsne.fit_transform(_dense(embedding))


class _Drawing:
    """The points, centres, legend and axis labels of one plot.

    Parameters
    ----------
    points : ndarray of shape (n_samples, 2) or (n_samples, 1)
        Coordinates of the samples.
    labels : ndarray of shape (n_samples,) or None
        Label of each sample.
    missing_label : str or number or None
        The label of samples without a label.
    palette : str, Colormap, sequence of colours or None
        The user's choice of colours.
    scatter_kwargs : dict
        The user's arguments for `scatter`.
    """

    def __init__(
        self,
        points: np.ndarray,
        labels: np.ndarray | None,
        missing_label: Any,
        palette: Any,
        scatter_kwargs: dict[str, Any],
    ):
        if reserved := sorted(RESERVED & set(scatter_kwargs)):
            raise ValueError(
                f"scatter_kwargs may not hold {', '.join(map(repr, reserved))}: colours and "
                "markers show the labels. `palette` chooses the colours."
            )
        if labels is None:
            labels, missing_label = np.zeros(len(points), dtype=int), None
        self.labels = Labels.of(labels, missing_label)
        self.missing_label, self.palette = missing_label, palette
        self.colours, self.markers = self._colours(), self._markers()
        self.is_strip = points.shape[1] == 1
        self.in_rows = self.is_strip and not self.labels.many
        self.points = self._strips(points) if self.is_strip else points
        size = float(np.clip(500 / np.sqrt(len(points)), 4, 36))
        self.scatter_kwargs = {"s": size, "alpha": 0.8, "linewidths": 0, **scatter_kwargs}

    def scatter(self, ax: Any) -> Any:
        """Draw all points in one call, so that no class is drawn over another."""
        order = np.argsort(self.labels.index >= 0, kind="stable")  # those without a label first
        index, points = self.labels.index[order], self.points[order]
        drawn = ax.scatter(*points.T, color=self.colours[index], **self.scatter_kwargs)
        if len({self.markers[i] for i in index.tolist()}) > 1:  # one path for all is faster
            paths = [_path(marker) for marker in self.markers]
            drawn.set_paths([paths[i] for i in index])
        return drawn

    def centers(self, ax: Any, centers: np.ndarray | None) -> Any:
        """Draw a white disc at each centre with the number of the cluster."""
        if centers is None:
            return None
        if self.is_strip:
            centers = np.column_stack([centers[:, 0], self._rows_of_centers(len(centers))])
        drawn = ax.scatter(*centers.T, s=150, color="white", edgecolors="black", zorder=3)
        for i, place in enumerate(centers):
            ax.annotate(
                str(i), place, ha="center", va="center_baseline", fontsize="small", zorder=4
            )
        return drawn

    def legend(self, ax: Any, title: str | None) -> tuple[Any, Any]:
        """Draw a legend or a colour bar; return both, of which at least one is None."""
        if self.labels.many:
            return None, self._colorbar(ax, title)
        if self.in_rows:  # the labels are written at the rows
            return None, None
        from matplotlib.lines import Line2D

        texts = self._texts()
        shown = [*range(len(self.labels.values)), *([-1] if (self.labels.index < 0).any() else [])]
        handles = [
            Line2D(
                [], [], linestyle="", marker=self.markers[i], color=self.colours[i], label=texts[i]
            )
            for i in shown
        ]
        legend = ax.legend(
            handles=handles, title=title, loc="upper left", bbox_to_anchor=(1.01, 1),
            borderaxespad=0, frameon=False,
        )  # fmt: skip
        return legend, None

    def label_axes(self, ax: Any, names: tuple[str, ...] | None) -> None:
        """Label the axes, and remove ticks where coordinates mean nothing."""
        if names:
            ax.set_xlabel(names[0])
            if len(names) > 1:
                ax.set_ylabel(names[1])
        if names and names[0].startswith("t-SNE"):
            ax.set(xticks=[], yticks=[])
        if self.is_strip:
            self._label_rows(ax)

    def _colours(self) -> np.ndarray:
        """Return the colour of each label, and at index -1 that of a missing one."""
        from matplotlib.colors import to_rgba_array

        missing = to_rgba_array(MISSING_COLOUR)
        if self.labels.many:
            return np.concatenate([self._colormap()(self._positions()), missing])
        return np.concatenate([label_colours(len(self.labels.values), self.palette), missing])

    def _markers(self) -> list[str]:
        """Return the marker of each label, and at index -1 that of a missing one."""
        n_labels = len(self.labels.values)
        if self.labels.many:
            return [*["o"] * n_labels, MISSING_MARKER]
        return [*label_markers(n_labels, self.palette), MISSING_MARKER]

    def _texts(self) -> list[str]:
        """Return the text of each label, and at index -1 that of a missing one."""
        return [*self.labels.texts, f"none ({format_label(self.missing_label)})"]

    def _colormap(self) -> Any:
        if self.palette is None:
            return get_colormap("viridis")
        if not is_colormap(self.palette):
            raise ValueError(
                "palette must be a colour map, or the name of one, for "
                f"{len(self.labels.values)} labels, which have a colour bar in place of a legend; "
                f"got {self.palette!r}."
            )
        return get_colormap(self.palette)

    def _values(self) -> np.ndarray:
        """Return the value of each label on a colour bar: a number itself, the rank of a string."""
        values = self.labels.values
        return values.astype(float) if values.dtype.kind in "iuf" else np.arange(len(values))

    def _positions(self) -> np.ndarray:
        """Return the position of each label on a colour bar, from 0 to 1."""
        values = self._values()
        return (values - values.min()) / (values.max() - values.min())

    def _colorbar(self, ax: Any, title: str | None) -> Any:
        from matplotlib.cm import ScalarMappable
        from matplotlib.colors import Normalize

        values = self._values()
        mappable = ScalarMappable(Normalize(values.min(), values.max()), self._colormap())
        bar = ax.figure.colorbar(mappable, ax=ax, label=title or "")
        if self.labels.values.dtype.kind not in "iuf":
            shown = np.linspace(0, len(values) - 1, N_TICKS).round().astype(int)
            bar.set_ticks(shown, labels=[self.labels.texts[i] for i in shown])
        return bar

    def _strips(self, points: np.ndarray) -> np.ndarray:
        """Return points in the row of their label, with a spread that is the same each time."""
        rows = self.labels.index if self.in_rows else np.zeros(len(points))  # (n_samples,)
        spread = np.random.default_rng(0).uniform(-SPREAD, SPREAD, len(points))
        return np.column_stack([points[:, 0], rows + spread])

    def _rows_of_centers(self, n_centers: int) -> list[int]:
        """Return the row of each cluster; the lowest for a cluster without samples."""
        if not self.in_rows:
            return [0] * n_centers
        places = {value: row for row, value in enumerate(self.labels.values.tolist())}
        return [places.get(i, -1) for i in range(n_centers)]

    def _label_rows(self, ax: Any) -> None:
        rows = {int(i) for i in self.labels.index} if self.in_rows else set()
        if len(rows) < 2:
            ax.set_yticks([])
            return
        texts = self._texts()
        shown = sorted(rows)
        ax.set_yticks(shown, [texts[i] for i in shown])


def _path(marker: str) -> Any:
    from matplotlib.markers import MarkerStyle

    style = MarkerStyle(marker)
    return style.get_path().transformed(style.get_transform())
