"""EmbeddingDisplay: a code in two dimensions, coloured by cluster or class."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.base import is_classifier, is_clusterer
from sklearn.metrics import pairwise_distances
from sklearn.pipeline import Pipeline
from sklearn.utils._optional_dependencies import check_matplotlib_support
from sklearn.utils.validation import check_array, check_is_fitted

from sklstm.inspection._drawing import Drawing
from sklstm.inspection._labels import check_labels
from sklstm.inspection._projection import Projection, check_code, project

N_COMPARED = 20  # samples; no other code is, by chance, their distances to the centres


class EmbeddingDisplay:
    """A code, drawn in two dimensions and coloured by cluster or class.

    Make one with `from_estimator` from any fitted transformer, or with `from_embedding` from
    numbers that are there already. All parameters are kept as attributes.

    Parameters
    ----------
    embedding : ndarray of shape (n_samples, 2) or (n_samples, 1)
        Where the samples are drawn. One column is drawn as strips, a row for each label; the
        spread within a row is drawn at random and means nothing.
    labels : array-like of shape (n_samples,), default=None
        Strings or numbers to colour by. Up to 20 different ones get a legend, with ten colours
        that the colour-blind tell apart, and other markers for the second ten. More get a colour
        bar, numbers by their value and strings in their order. None: one colour.
    centers : ndarray of shape (n_clusters, 2) or (n_clusters, 1), default=None
        Centres to be marked, that of the i-th cluster with the number i.
    axis_names : tuple of str, default=None
        What is written at each axis. None: nothing.
    labels_name : str, default=None
        What the labels are, above the legend. None: nothing.
    missing_label : str or number, default=-1
        The label of samples without one, which are drawn in grey beneath the others: -1 is what
        scikit-learn's clusterers give to noise. None: all labels are labels, for classes -1 and 1.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where it was drawn.
    figure_ : matplotlib Figure
        The figure that it is part of.
    scatter_ : matplotlib PathCollection
        The points. Their order is that of the samples, those without a label first.
    centers_ : matplotlib PathCollection or None
        The marks at the centres.
    legend_ : matplotlib Legend or None
        The legend, if there are labels and not too many.
    colorbar_ : matplotlib Colorbar or None
        The colour bar, if there are too many labels for a legend.

    See Also
    --------
    sklearn.inspection.DecisionBoundaryDisplay : Regions of a classifier or clusterer over two
        features.

    Examples
    --------
    >>> from sklearn.cluster import KMeans
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklstm.inspection import EmbeddingDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> model = make_pipeline(StandardScaler(), KMeans(3, random_state=0)).fit(X)
    >>> display = EmbeddingDisplay.from_estimator(model, X)
    >>> display.embedding.shape, display.centers.shape
    ((150, 2), (3, 2))
    >>> [text.get_text() for text in display.legend_.get_texts()]
    ['0', '1', '2']

    Two of them side by side, by cluster and by class:

    >>> import matplotlib.pyplot as plt
    >>> figure, (left, right) = plt.subplots(ncols=2, layout="constrained")
    >>> _ = EmbeddingDisplay.from_estimator(model, X, ax=left)
    >>> _ = EmbeddingDisplay.from_estimator(model, X, y, ax=right)
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
        """Draw it, once more if it was drawn before.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw. The legend stands right of it, so make its figure with
            ``layout="constrained"``. None: in a new figure.
        palette : str, matplotlib Colormap or sequence of colours, default=None
            One of matplotlib's colour maps, or its name; or colours, such as a list of names or an
            array of shape (n_colours, 3), which are used again with another marker if there are
            more labels. For labels with a colour bar, a colour map only.
            None: colours that the colour-blind tell apart.
        legend : bool, default=True
            Whether to draw a legend or a colour bar.
        scatter_kwargs : dict, default=None
            More for matplotlib's `scatter`, such as ``{"s": 30, "alpha": 0.5}``. Colours and
            markers tell labels; `palette` chooses them.

        Returns
        -------
        self : EmbeddingDisplay

        Raises
        ------
        ImportError
            If matplotlib isn't installed.
        ValueError
            If `embedding` isn't of shape (n_samples, 2) or (n_samples, 1), there isn't one label
            for each sample, centres have another width, or `scatter_kwargs` holds a colour or
            marker.
        """
        check_matplotlib_support(f"{type(self).__name__}.plot")
        points = check_array(self.embedding, input_name="embedding")
        if points.shape[1] > 2:
            raise ValueError(
                f"embedding has {points.shape[1]} columns, and 1 or 2 can be drawn; "
                "EmbeddingDisplay.from_embedding brings more of them to two."
            )
        labels = self.labels
        if labels is not None:
            labels = check_labels(labels, len(points), "labels")
        centers = _check_centers(self.centers, points.shape[1])
        drawing = Drawing(points, labels, self.missing_label, palette, scatter_kwargs or {})
        self.ax_ = drawing.axes(ax)
        self.figure_ = self.ax_.figure
        self.scatter_ = drawing.scatter(self.ax_)
        self.centers_ = drawing.centers(self.ax_, centers)
        self.legend_, self.colorbar_ = None, None
        if legend and labels is not None:
            self.legend_, self.colorbar_ = drawing.key(self.ax_, self.labels_name)
        drawing.name_axes(self.ax_, self.axis_names)
        return self

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
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
        """Draw the code that a fitted estimator gives to samples.

        The code is ``estimator.transform(X)``. Where that is the distances to the centres of
        clusters, as with scikit-learn's `KMeans`, what the clusterer is given is drawn in its
        place, in a Pipeline what comes out of the step before.

        Parameters
        ----------
        estimator : estimator instance
            Fitted, with a `transform`: a clusterer, any other transformer, or a Pipeline.
        X : whatever the estimator takes
            The samples to draw.
        y : array-like of shape (n_samples,), default=None
            Labels to colour by. None: the clusters or classes that the estimator predicts, or
            one colour where it predicts none. The centres of clusters are marked then, if the
            estimator has `cluster_centers_` and the method can place them: t-SNE can't.
        method : {"auto", "code", "pca", "tsne"}, default="auto"
            How the code is brought to two dimensions. "code": as it is, where it has no more
            than two. "pca": its first two principal components, which keep what varies most.
            "tsne": t-SNE, which keeps neighbours together; distances between groups, and the
            sizes of groups, mean nothing then. Its perplexity is 30, or a third of the other
            samples where they are fewer than 90; a code wider than 50 is brought to 50 by PCA
            first. "auto": "code" where it can be, or else "pca".
        random_state : int, RandomState instance or None, default=None
            For t-SNE, and for PCA of large data. Pass an int for the same plot each time.
        missing_label : str or number, default=-1
            The label of samples without one, drawn in grey. None: all labels are labels.
        ax, palette, legend, scatter_kwargs
            As in `plot`.

        Returns
        -------
        display : EmbeddingDisplay

        Raises
        ------
        ImportError
            If matplotlib isn't installed.
        NotFittedError
            If the estimator isn't fitted.
        TypeError
            If it has no `transform`.
        ValueError
            If `y` isn't one label for each sample, `method` is unknown, ``method="code"`` meets
            more than two dimensions, or there are too few samples.

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
                f"{_name(estimator)} has no transform, so no code to draw. Draw numbers from "
                f"elsewhere with {cls.__name__}.from_embedding(code, labels)."
            )
        check_is_fitted(estimator)
        code, centers = _code_and_centers(estimator, X)
        labels, labels_name = y, None
        if y is not None:
            labels, centers = check_labels(y, code.shape[0], "y"), None
            labels_name = _name_of_series(y)
        elif (clusters := is_clusterer(estimator)) or is_classifier(estimator):
            labels = check_labels(estimator.predict(X), code.shape[0], "estimator.predict(X)")
            labels_name = "cluster" if clusters else "predicted class"
        shown = project(code, centers, method, random_state)
        return cls._of(shown, labels, labels_name, missing_label).plot(
            ax, palette=palette, legend=legend, scatter_kwargs=scatter_kwargs
        )

    @classmethod
    def from_embedding(
        cls,
        code: Any,
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
        """Draw a code that is there already.

        For clusterers without a `transform`, such as DBSCAN, and for embeddings from elsewhere.

        Parameters
        ----------
        code : {array-like, sparse matrix} of shape (n_samples, n_components)
            One row of numbers for each sample.
        labels : array-like of shape (n_samples,), default=None
            Labels to colour by. None: one colour.
        centers : array-like of shape (n_clusters, n_components), default=None
            Centres to be marked, in the space of the code. Left out by t-SNE.
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
            If matplotlib isn't installed.
        ValueError
            As `from_estimator` does, and if centres have another width than the code.

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
        code = check_code(code, "code")
        centers = _check_centers(centers, code.shape[1])
        labels_name = _name_of_series(labels)
        if labels is not None:
            labels = check_labels(labels, code.shape[0], "labels")
        shown = project(code, centers, method, random_state)
        return cls._of(shown, labels, labels_name, missing_label).plot(
            ax, palette=palette, legend=legend, scatter_kwargs=scatter_kwargs
        )

    @classmethod
    def _of(
        cls, shown: Projection, labels: Any, labels_name: str | None, missing_label: Any
    ) -> EmbeddingDisplay:
        return cls(
            shown.points,
            labels=labels,
            centers=shown.centers,
            axis_names=shown.axes,
            labels_name=labels_name,
            missing_label=missing_label,
        )


def _name(estimator: Any) -> str:
    if isinstance(estimator, Pipeline):
        return f"The last step of the Pipeline, {type(estimator[-1]).__name__},"
    return type(estimator).__name__


def _name_of_series(labels: Any) -> str | None:
    name = getattr(labels, "name", None)
    return name if isinstance(name, str) else None


def _check_centers(centers: Any, width: int) -> np.ndarray | None:
    if centers is None:
        return None
    centers = check_array(centers, input_name="centers")
    if centers.shape[1] != width:
        raise ValueError(f"centers have {centers.shape[1]} columns where the code has {width}.")
    return centers


def _code_and_centers(estimator: Any, X: Any) -> tuple[Any, np.ndarray | None]:
    """Return what to draw of the samples, and the centres of clusters in that space, if known."""
    code = check_code(estimator.transform(X), "estimator.transform(X)")
    estimator = getattr(estimator, "best_estimator_", estimator)
    steps: Any = estimator if isinstance(estimator, Pipeline) else [estimator]
    centers = getattr(steps[-1], "cluster_centers_", None)
    if centers is None or np.ndim(centers) != 2:
        return code, None
    centers = np.asarray(centers)
    if len(centers) == code.shape[1] and not issparse(code):
        before = steps[:-1].transform(X) if len(steps) > 1 else X
        before = before.tocsr() if issparse(before) else before  # other forms have no slices
        if _are_distances(code[:N_COMPARED], before[:N_COMPARED], centers):
            return check_code(before, "what the clusterer is given"), centers
    return code, centers if centers.shape[1] == code.shape[1] else None


def _are_distances(code: np.ndarray, before: Any, centers: np.ndarray) -> bool:
    """Tell whether a code is the distances of some samples to the centres."""
    try:
        shape = np.shape(before)
    except ValueError:  # sequences of unequal lengths
        return False
    if len(shape) != 2 or shape[1] != centers.shape[1]:
        return False
    distances = pairwise_distances(check_code(before, "what the clusterer is given"), centers)
    return bool(np.allclose(code, distances, rtol=1e-3, atol=1e-3 * distances.max()))
