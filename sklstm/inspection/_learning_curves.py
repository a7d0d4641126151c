"""LearningCurveComparisonDisplay: scores of several models over the number of samples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.model_selection import learning_curve
from sklearn.utils import check_random_state
from sklearn.utils._optional_dependencies import check_matplotlib_support

from sklstm.inspection._colors import label_colours, label_markers
from sklstm.inspection._figure import axes_of, place_legend, turn_if_overlapping


class LearningCurveComparisonDisplay:
    """Test scores of several models over the number of training samples.

    It answers how much data a model needs until it outperforms another, such as an LSTM its
    baseline. Create it with `from_estimators`. All parameters are stored as attributes.

    Parameters
    ----------
    train_sizes : ndarray of shape (n_sizes,)
        Numbers of training samples, increasing.
    test_scores : dict of str to ndarray of shape (n_sizes, n_splits)
        The scores of each model.
    score_name : str, default=None
        Name of the score, at the axis. None for "score".

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes.
    figure_ : matplotlib Figure
        The figure that contains the axes.
    lines_ : dict of str to matplotlib Line2D
        The curve of each model: means over the splits.
    bands_ : dict of str to matplotlib collection
        The band of each model, one standard deviation on either side.

    See Also
    --------
    sklearn.model_selection.LearningCurveDisplay : Training and test scores of a single model.

    Examples
    --------
    >>> from sklearn.feature_extraction.text import TfidfVectorizer
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklstm import LSTMClassifier, SequenceTokenizer
    >>> from sklstm.datasets import make_word_order
    >>> from sklstm.inspection import LearningCurveComparisonDisplay
    >>> X, y = make_word_order(120, n_words=4, random_state=0)
    >>> counts = make_pipeline(TfidfVectorizer(), LogisticRegression())
    >>> lstm = make_pipeline(
    ...     SequenceTokenizer(), LSTMClassifier(16, max_epochs=20, dropout=0.0, random_state=0)
    ... )
    >>> display = LearningCurveComparisonDisplay.from_estimators(
    ...     {"LSTM": lstm, "TF-IDF + LR": counts}, X, y, train_sizes=[20, 80], cv=3
    ... )
    >>> display.test_scores["LSTM"].shape  # sizes, splits
    (2, 3)
    >>> import matplotlib.pyplot as plt
    >>> plt.close("all")
    """

    ax_: Any
    figure_: Any
    lines_: dict[str, Any]
    bands_: dict[str, Any]

    def __init__(
        self,
        train_sizes: Any,
        test_scores: Mapping[str, Any],
        *,
        score_name: str | None = None,
    ):
        self.train_sizes = train_sizes
        self.test_scores = test_scores
        self.score_name = score_name

    def plot(
        self, ax: Any = None, *, palette: Any = None, legend: bool = True, log_scale: bool = True
    ) -> LearningCurveComparisonDisplay:
        """Draw the curves; each call draws them again.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on. None draws on a new figure.
        palette : str, matplotlib Colormap or sequence of colours, default=None
            As in `EmbeddingDisplay`.
        legend : bool, default=True
            Whether to draw a legend.
        log_scale : bool, default=True
            Whether the axis of the sizes is logarithmic.

        Returns
        -------
        self : LearningCurveComparisonDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If a model has not as many scores as there are sizes.
        """
        check_matplotlib_support(f"{type(self).__name__}.plot")
        sizes = np.asarray(self.train_sizes)
        self.ax_ = axes_of(ax)
        self.figure_ = self.ax_.figure
        self.lines_, self.bands_ = {}, {}
        n_models = len(self.test_scores)
        colours, markers = (find(n_models, palette) for find in (label_colours, label_markers))
        for (name, scores), colour, marker in zip(
            self.test_scores.items(), colours, markers, strict=True
        ):
            mean, spread = self._mean(name), np.asarray(scores).std(axis=1)
            (self.lines_[name],) = self.ax_.plot(
                sizes, mean, color=colour, marker=marker, markersize=5, label=name
            )
            self.bands_[name] = self.ax_.fill_between(
                sizes, mean - spread, mean + spread, color=colour, alpha=0.15, linewidth=0
            )
        if log_scale:
            self.ax_.set_xscale("log")
        self.ax_.set_xticks(sizes, [f"{size:,}" for size in sizes.tolist()])
        self.ax_.minorticks_off()
        self.ax_.set_xlabel("training samples")
        self.ax_.set_ylabel(self.score_name or "score")
        self.ax_.grid(alpha=0.3)
        if legend:
            place_legend(self.ax_)
        turn_if_overlapping(self.ax_)
        return self

    def crossing(self, first: str, second: str) -> float | None:
        """Return the number of training samples from which on one model outperforms another.

        Parameters
        ----------
        first, second : str
            Names of two models.

        Returns
        -------
        float or None
            Where the mean of `first` exceeds that of `second` at this and all larger sizes,
            interpolated on the logarithm of the sizes; the smallest size if it does everywhere, and
            None if it does not at the largest.

        Raises
        ------
        KeyError
            If there is no model of that name.
        """
        sizes = np.asarray(self.train_sizes, dtype=float)
        lead = self._mean(first) - self._mean(second)
        if lead[-1] <= 0:
            return None
        behind = np.flatnonzero(lead <= 0)
        if not len(behind):
            return float(sizes[0])
        i = int(behind[-1])
        share = -lead[i] / (lead[i + 1] - lead[i])
        low, high = np.log(sizes[i : i + 2])
        return float(np.exp(low + share * (high - low)))

    def _mean(self, name: str) -> np.ndarray:
        """Return the mean scores of a model, after checking that there is one for each size."""
        scores = np.asarray(self.test_scores[name])
        if scores.ndim != 2 or len(scores) != len(self.train_sizes):
            raise ValueError(
                f"test_scores[{name!r}] has shape {scores.shape}, but must have a row for each of "
                f"the {len(self.train_sizes)} training sizes."
            )
        mean: np.ndarray = scores.mean(axis=1)
        return mean

    @classmethod
    def from_estimators(
        cls,
        estimators: Mapping[str, Any],
        X: Any,
        y: Any,
        *,
        train_sizes: Any = (0.1, 0.2, 0.4, 0.7, 1.0),
        cv: Any = None,
        scoring: Any = None,
        score_name: str | None = None,
        random_state: Any = None,
        n_jobs: int | None = None,
        ax: Any = None,
        palette: Any = None,
        legend: bool = True,
        log_scale: bool = True,
    ) -> LearningCurveComparisonDisplay:
        """Fit the models to more and more samples, and draw their scores.

        Parameters
        ----------
        estimators : dict of str to estimator
            The models by name; they are cloned.
        X, y : array-like
            The data, as the models take it.
        train_sizes : array-like, default=(0.1, 0.2, 0.4, 0.7, 1.0)
            Fractions of the training part, or numbers of samples, as in
            :func:`~sklearn.model_selection.learning_curve`. All models get the same samples, drawn
            at random.
        cv : int, cross-validation generator or iterable, default=None
            Splits; None means 5 folds.
        scoring : str or callable, default=None
            The score; None is the `score` of the models.
        score_name : str, default=None
            Name at the axis. None takes `scoring`, if it is a str.
        random_state : int, RandomState instance or None, default=None
            Seed of the order of the samples.
        n_jobs : int or None, default=None
            Number of processes.
        ax, palette, legend, log_scale
            As in `plot`.

        Returns
        -------
        display : LearningCurveComparisonDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        check_matplotlib_support(f"{cls.__name__}.from_estimators")
        seed = check_random_state(random_state).randint(2**31 - 1)  # the same for all models
        found: dict[str, np.ndarray] = {}
        sizes: Any = ()
        for name, estimator in estimators.items():
            sizes, _, found[name] = learning_curve(
                estimator, X, y, train_sizes=train_sizes, cv=cv, scoring=scoring, shuffle=True,
                random_state=seed, n_jobs=n_jobs,
            )  # fmt: skip
        shown = score_name or (scoring if isinstance(scoring, str) else None)
        return cls(sizes, found, score_name=shown).plot(
            ax, palette=palette, legend=legend, log_scale=log_scale
        )
