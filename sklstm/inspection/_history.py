"""TrainingHistoryDisplay: what training recorded for each epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sklearn.pipeline import Pipeline
from sklearn.utils._optional_dependencies import check_matplotlib_support
from sklearn.utils.validation import check_is_fitted

from sklstm.inspection._colors import label_colours
from sklstm.inspection._figure import axes_of, mark_every_whole

METRICS = ("loss", "score", "dur")


class TrainingHistoryDisplay:
    """Losses or scores of one or several models over the epochs of their training.

    Create it with `from_estimator` from fitted models, or with `from_histories` from their
    `history_`. All parameters are stored as attributes.

    Parameters
    ----------
    histories : dict of str to list of dict
        By the name of each model, its `history_`: a row for each epoch.
    best_epochs : dict of str to int, default=None
        The epoch of each model, counted from 1, whose weights early stopping restored. None marks
        none.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes.
    figure_ : matplotlib Figure
        The figure that contains the axes.
    lines_ : dict of (str, str) to matplotlib Line2D
        The curve of each model and column of its history, such as ``("LSTM", "valid_loss")``.
    best_ : dict of str to matplotlib Line2D
        The mark at the best epoch of each model that has one.

    See Also
    --------
    sklearn.model_selection.LearningCurveDisplay : Scores over the number of training samples.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm import LSTMClassifier
    >>> from sklstm.inspection import TrainingHistoryDisplay
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(60, 10))
    >>> y = (X.sum(axis=1) > 0).astype(int)
    >>> small, large = (
    ...     LSTMClassifier(size, max_epochs=5, early_stopping=True, random_state=0).fit(X, y)
    ...     for size in (4, 32)
    ... )
    >>> display = TrainingHistoryDisplay.from_estimator({"4 units": small, "32 units": large})
    >>> sorted(display.lines_)[0]
    ('32 units', 'train_loss')
    >>> import matplotlib.pyplot as plt
    >>> plt.close("all")
    """

    ax_: Any
    figure_: Any
    lines_: dict[tuple[str, str], Any]
    best_: dict[str, Any]

    def __init__(
        self,
        histories: Mapping[str, Sequence[Mapping[str, Any]]],
        *,
        best_epochs: Mapping[str, int] | None = None,
    ):
        self.histories = histories
        self.best_epochs = best_epochs

    def plot(
        self, ax: Any = None, *, metric: str = "loss", palette: Any = None, legend: bool = True
    ) -> TrainingHistoryDisplay:
        """Draw the curves; each call draws them again.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on. None draws on a new figure.
        metric : str, default="loss"
            What to draw: "loss" for the columns "train_loss" and "valid_loss", "score" for
            "valid_score", or the name of any column with numbers, also one that a callback has
            added. The training curve is solid, that of validation data dashed.
        palette : str, matplotlib Colormap or sequence of colours, default=None
            As in `EmbeddingDisplay`.
        legend : bool, default=True
            Whether to draw a legend.

        Returns
        -------
        self : TrainingHistoryDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If no model has recorded the metric.
        """
        check_matplotlib_support(f"{type(self).__name__}.plot")
        columns = {"loss": ("train_loss", "valid_loss"), "score": ("valid_score",)}.get(
            metric, (metric,)
        )
        recorded = sorted(
            {name for rows in self.histories.values() for row in rows for name in row}
        )
        if not set(columns) & set(recorded):
            raise ValueError(
                f"metric={metric!r}: no model has recorded {' or '.join(columns)}; recorded are "
                f"{', '.join(recorded) or 'no epochs at all'}."
            )
        self.ax_ = axes_of(ax)
        self.figure_ = self.ax_.figure
        self.lines_, self.best_ = {}, {}
        several = len(self.histories) > 1
        colours = label_colours(len(self.histories), palette)
        for (name, rows), colour in zip(self.histories.items(), colours, strict=True):
            for column in columns:
                points = [(i, row[column]) for i, row in enumerate(rows, 1) if column in row]
                if not points:
                    continue
                kind = {"train_loss": "training", "valid_loss": "validation"}.get(column, "")
                label = ", ".join(filter(None, [name if several else "", kind])) or column
                (self.lines_[name, column],) = self.ax_.plot(
                    *zip(*points, strict=True),
                    color=colour,
                    linestyle="--" if column.startswith("valid") and len(columns) > 1 else "-",
                    marker="o" if len(points) == 1 else None,
                    label=label,
                )
                best = (self.best_epochs or {}).get(name)
                if best and column == columns[-1] and best in dict(points):
                    (self.best_[name],) = self.ax_.plot(
                        best, dict(points)[best], "o", color=colour, label=f"{label}, best epoch"
                    )
        self.ax_.set_xlabel("epoch")
        self.ax_.set_ylabel({"dur": "seconds"}.get(metric, metric.replace("_", " ")))
        mark_every_whole(self.ax_.xaxis)
        if legend:
            self.ax_.legend()
        return self

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        metric: str = "loss",
        ax: Any = None,
        palette: Any = None,
        legend: bool = True,
    ) -> TrainingHistoryDisplay:
        """Draw the `history_` of fitted models.

        Parameters
        ----------
        estimator : estimator, or dict of str to estimator
            A fitted LSTM, a Pipeline that ends in one, or a fitted search, whose `best_estimator_`
            is drawn; of several models, a dict from their names.
        metric, ax, palette, legend
            As in `plot`.

        Returns
        -------
        display : TrainingHistoryDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        NotFittedError
            If a model is not fitted.
        TypeError
            If a model has no `history_`.
        ValueError
            If no model has recorded the metric.
        """
        check_matplotlib_support(f"{cls.__name__}.from_estimator")
        models = estimator if isinstance(estimator, Mapping) else {"": estimator}
        histories, best_epochs = {}, {}
        for name, model in models.items():
            last = _last(model)
            name = name or type(last).__name__
            histories[name] = last.history_
            if getattr(last, "best_epoch_", None):
                best_epochs[name] = last.best_epoch_
        return cls(histories, best_epochs=best_epochs).plot(
            ax, metric=metric, palette=palette, legend=legend
        )

    @classmethod
    def from_histories(
        cls,
        histories: Mapping[str, Sequence[Mapping[str, Any]]],
        *,
        metric: str = "loss",
        ax: Any = None,
        palette: Any = None,
        legend: bool = True,
    ) -> TrainingHistoryDisplay:
        """Draw histories, such as those kept of earlier runs.

        Parameters
        ----------
        histories : dict of str to list of dict
            By the name of each model, a row for each epoch.
        metric, ax, palette, legend
            As in `plot`.

        Returns
        -------
        display : TrainingHistoryDisplay
        """
        return cls(histories).plot(ax, metric=metric, palette=palette, legend=legend)


def _last(model: Any) -> Any:
    """Return the fitted estimator that has a history: of a search the best one's last step."""
    check_is_fitted(model)
    while not hasattr(model, "history_"):
        if hasattr(model, "best_estimator_"):
            model = model.best_estimator_
        elif isinstance(model, Pipeline):
            model = model.steps[-1][1]
        else:
            raise TypeError(
                f"{type(model).__name__} has no history_, so there is nothing to draw; the LSTM "
                "estimators have one."
            )
    return model
