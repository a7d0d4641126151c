"""TrainingHistoryDisplay: what training recorded for each epoch."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from numbers import Integral
from typing import Any

from sklearn.exceptions import NotFittedError
from sklearn.utils._optional_dependencies import check_matplotlib_support

from sklstm._callers import caller_level
from sklstm.inspection._colors import label_colours
from sklstm.inspection._figure import (
    axes_of,
    mark_every_whole,
    place_legend,
)
from sklstm.inspection._reading import fitted_last

KINDS = {"train_loss": "training", "valid_loss": "validation"}
NO_HISTORY = "history_, so there is nothing to draw; the LSTM estimators have one"


class TrainingHistoryDisplay:
    """Losses or scores of one or several models over the epochs of their training.

    Create it with `from_estimator` from fitted models, or with `from_histories` from their
    `history_`. All parameters are stored as attributes.

    Parameters
    ----------
    histories : dict of str to list of dict, or to list of such lists
        By the name of each model, its `history_`: a row for each epoch. A model that was trained
        several times, on folds for instance, has a list of them; they share a colour.
    best_epochs : dict of str to int, or to list of int, default=None
        The epoch of each model, counted from 1, whose weights early stopping restored; of several
        trainings one for each, None for those without. None marks none.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes.
    figure_ : matplotlib Figure
        The figure that contains the axes.
    lines_ : dict of (str, str) to matplotlib Line2D, or to list of Line2D
        The curve of each model and column of its history, such as ``("LSTM", "valid_loss")``; of a
        model that was trained several times a list of them.
    best_ : dict of str to matplotlib Line2D
        The marks at the best epochs of each model that has some.

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

    The folds of a cross-validation:

    >>> from sklearn.model_selection import cross_validate
    >>> folds = cross_validate(small, X, y, cv=3, return_estimator=True)
    >>> display = TrainingHistoryDisplay.from_estimator({"4 units": folds})
    >>> len(display.lines_["4 units", "train_loss"])
    3
    >>> import matplotlib.pyplot as plt
    >>> plt.close("all")
    """

    ax_: Any
    figure_: Any
    lines_: dict[tuple[str, str], Any]
    best_: dict[str, Any]

    def __init__(
        self, histories: Mapping[str, Any], *, best_epochs: Mapping[str, Any] | None = None
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
        TypeError
            If `histories` or `best_epochs` are of another form.
        ValueError
            If no model has recorded the metric, or `best_epochs` does not fit.

        Warns
        -----
        UserWarning
            If only some models have recorded the metric; the others are not drawn.
        """
        check_matplotlib_support(f"{type(self).__name__}.plot")
        if not isinstance(metric, str):
            raise ValueError(
                "metric must be 'loss', 'score' or the name of a column of the history; got "
                f"{metric!r}."
            )
        columns = {"loss": ("train_loss", "valid_loss"), "score": ("valid_score",)}.get(
            metric, (metric,)
        )
        trainings = self._checked()
        recorded = sorted(
            {name for runs in trainings.values() for rows in runs for row in rows for name in row}
        )
        if not set(columns) & set(recorded):
            raise ValueError(
                f"metric={metric!r}: no model has recorded {' or '.join(columns)}; recorded are "
                f"{', '.join(recorded) or 'no epochs at all'}."
            )
        self.ax_ = axes_of(ax)
        _warn_of_missing(trainings, columns)
        self.figure_ = self.ax_.figure
        self.lines_, self.best_ = {}, {}
        several = len(trainings) > 1
        colours = label_colours(len(trainings), palette)
        for (name, runs), colour in zip(trainings.items(), colours, strict=True):
            for column in columns:
                label = KINDS.get(column, column)
                lines, marks = self._draw(name, runs, column, columns, colour, label)
                if lines:
                    self.lines_[name, column] = lines if len(runs) > 1 else lines[0]
                if marks:
                    (self.best_[name],) = self.ax_.plot(
                        *zip(*marks, strict=True), "o", color=colour, label=f"{label}, best epoch"
                    )
        self.ax_.set_xlabel("epoch")
        self.ax_.set_ylabel({"dur": "seconds"}.get(metric, metric.replace("_", " ")))
        mark_every_whole(self.ax_.xaxis)
        if legend:
            place_legend(self.ax_, handles=self._handles() if several else None)
        return self

    def _checked(self) -> dict[str, list[Any]]:
        """Return the histories of all trainings of each model, after checking them."""
        if not isinstance(self.histories, Mapping):
            raise TypeError(
                "histories must be a dict from the name of each model to its history_, such as "
                f"{{'LSTM': model.history_}}; got a {type(self.histories).__name__}."
            )
        trainings = {
            name: _trainings(rows, f"histories[{name!r}]") for name, rows in self.histories.items()
        }
        best_epochs = self.best_epochs
        if best_epochs is None:
            return trainings
        if not isinstance(best_epochs, Mapping):
            raise TypeError(
                "best_epochs must be a dict from names of models to epochs, or None; got a "
                f"{type(best_epochs).__name__}."
            )
        for name, best in best_epochs.items():
            if name not in trainings:
                raise ValueError(
                    f"best_epochs holds the name {name!r}, which histories lacks; accepted are "
                    f"{', '.join(map(repr, trainings)) or 'none'}."
                )
            n_given = len(best) if isinstance(best, list | tuple) else None
            if n_given not in (None, len(trainings[name])):
                raise ValueError(
                    f"best_epochs[{name!r}] holds {n_given} epochs, but histories[{name!r}] "
                    f"{len(trainings[name])} trainings; pass one for each."
                )
            for i, epoch in enumerate([best] if n_given is None else best):
                if epoch is not None and not isinstance(epoch, Integral):
                    at = "" if n_given is None else f"[{i}]"
                    raise ValueError(
                        f"best_epochs[{name!r}]{at} must be the number of an epoch, from 1, or "
                        f"None; got {epoch!r}."
                    )
        return trainings

    def _handles(self) -> list[Any]:
        """Return the entries of a legend of several models: their colours, then what lines mean."""
        from matplotlib.lines import Line2D

        lines = {
            key: line[0] if isinstance(line, list) else line for key, line in self.lines_.items()
        }
        colours = {name: line.get_color() for (name, _), line in lines.items()}
        handles = [Line2D([], [], color=colour, label=name) for name, colour in colours.items()]
        kinds = {line.get_linestyle(): column for (_, column), line in lines.items()}
        if len(kinds) > 1:
            handles += [
                Line2D([], [], color="0.4", linestyle=style, label=KINDS[column])
                for style, column in sorted(kinds.items())
            ]
        if self.best_:
            handles.append(
                Line2D([], [], color="0.4", marker="o", linestyle="", label="best epoch")
            )
        return handles

    def _draw(
        self,
        name: str,
        runs: list[Any],
        column: str,
        columns: tuple[str, ...],
        colour: Any,
        label: str,
    ) -> tuple[list[Any], list[tuple[int, float]]]:
        """Draw a column of all trainings of a model; return the curves and the best epochs."""
        best = (self.best_epochs or {}).get(name)
        best = best if isinstance(best, list | tuple) else [best] * len(runs)
        lines: list[Any] = []
        marks = []
        for rows, epoch in zip(runs, best, strict=True):
            points = [(i, row[column]) for i, row in enumerate(rows, 1) if column in row]
            if not points:
                continue
            (line,) = self.ax_.plot(
                *zip(*points, strict=True),
                color=colour,
                linestyle="--" if column.startswith("valid") and len(columns) > 1 else "-",
                linewidth=1.5 if len(runs) == 1 else 0.9,
                marker="o" if len(points) == 1 else None,
                label=None if lines else label,  # one entry in the legend for all
            )
            lines.append(line)
            if epoch and column == columns[-1] and epoch in dict(points):
                marks.append((epoch, dict(points)[epoch]))
        return lines, marks

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

        A search does not keep the models of its candidates, but that of the best one. Draw others
        by what `cross_validate` returns for them; or record the histories while the search runs,
        by its `scoring`, and pass them to `from_histories`: see Examples.

        Parameters
        ----------
        estimator : estimator, dict of cross_validate, list, or dict of str to these
            A fitted LSTM, a Pipeline that ends in one, or a fitted search, whose `best_estimator_`
            is drawn. Several trainings of one model are a list or tuple of such estimators, or what
            :func:`~sklearn.model_selection.cross_validate` returns with ``return_estimator=True``.
            Of several models, a dict from their names.
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

        Examples
        --------
        The candidates of a search, recorded by a function that also scores them. It is called in
        the processes of `n_jobs`, so record with ``n_jobs=None``:

        >>> import numpy as np
        >>> from sklearn.model_selection import GridSearchCV
        >>> from sklstm import LSTMClassifier
        >>> from sklstm.inspection import TrainingHistoryDisplay
        >>> X, y = np.random.default_rng(0).normal(size=(60, 10)), np.arange(60) % 2
        >>> histories = {}
        >>> def score(model, X, y):
        ...     histories.setdefault(f"{model.hidden_size} units", []).append(model.history_)
        ...     return model.score(X, y)
        >>> grid = {"hidden_size": [4, 8]}
        >>> lstm = LSTMClassifier(max_epochs=3, random_state=0)
        >>> search = GridSearchCV(lstm, grid, scoring=score, cv=2).fit(X, y)
        >>> display = TrainingHistoryDisplay.from_histories(histories)
        >>> len(display.lines_["8 units", "train_loss"])  # folds
        2
        >>> import matplotlib.pyplot as plt
        >>> plt.close("all")
        """
        check_matplotlib_support(f"{cls.__name__}.from_estimator")
        named = isinstance(estimator, Mapping) and not _is_validation(estimator)
        histories: dict[str, Any] = {}
        best_epochs: dict[str, Any] = {}
        for name, given in (estimator if named else {"": estimator}).items():
            if _is_validation(given):
                given = list(given["estimator"])
            given = list(given) if isinstance(given, tuple) else given
            at = f"estimator[{name!r}]" if named else "estimator"
            models = [
                _recorded(model, f"{at}[{i}]" if isinstance(given, list) else at)
                for i, model in enumerate(given if isinstance(given, list) else [given])
            ]
            if not models:
                raise ValueError(f"{at} is an empty list, and holds no model to draw.")
            name = name or type(models[0]).__name__
            best = [getattr(model, "best_epoch_", None) for model in models]
            one = not isinstance(given, list)
            histories[name] = models[0].history_ if one else [model.history_ for model in models]
            if any(best):
                best_epochs[name] = best[0] if one else best
        return cls(histories, best_epochs=best_epochs).plot(
            ax, metric=metric, palette=palette, legend=legend
        )

    @classmethod
    def from_histories(
        cls,
        histories: Mapping[str, Any],
        *,
        metric: str = "loss",
        ax: Any = None,
        palette: Any = None,
        legend: bool = True,
    ) -> TrainingHistoryDisplay:
        """Draw histories, such as those kept of earlier runs.

        Parameters
        ----------
        histories : dict of str to list of dict, or to list of such lists
            By the name of each model, a row for each epoch, of one training or several.
        metric, ax, palette, legend
            As in `plot`.

        Returns
        -------
        display : TrainingHistoryDisplay
        """
        return cls(histories).plot(ax, metric=metric, palette=palette, legend=legend)


def _trainings(history: Any, name: str) -> list[Any]:
    """Return the histories of a model as a list, also where it was trained once."""
    if isinstance(history, list | tuple):
        rows = all(isinstance(row, Mapping) for row in history)
        if rows:
            return [history]
        if all(
            isinstance(run, list | tuple) and all(isinstance(row, Mapping) for row in run)
            for run in history
        ):
            return list(history)
    hint = ""
    if hasattr(history, "columns"):
        hint = '; of a data frame pass frame.to_dict("records")'
    elif hasattr(history, "fit"):
        hint = "; pass its history_, or the model to from_estimator"
    raise TypeError(
        f"{name} must be a history_, a list with a dict for each epoch, or a list of these; got a "
        f"{type(history).__name__}{hint}."
    )


def _recorded(model: Any, name: str) -> Any:
    """Return the last step of a model that has a history; name the one that has none."""
    try:
        return fitted_last(model, "history_", NO_HISTORY)
    except NotFittedError as error:
        raise NotFittedError(f"{name}: {error}") from error
    except TypeError as error:
        raise TypeError(f"{name}: {error}") from error


def _warn_of_missing(trainings: Mapping[str, list[Any]], columns: tuple[str, ...]) -> None:
    """Warn of models that are not drawn, as they have not recorded any of some columns."""
    missing = [
        name if len(runs) == 1 else f"{name} (training {i})"
        for name, runs in trainings.items()
        for i, rows in enumerate(runs)
        if not any(column in row for row in rows for column in columns)
    ]
    if not missing:
        return
    why = ""
    if any(column.startswith("valid_") for column in columns):
        why = (
            "; it is recorded by models with early_stopping=True, and by those that are fitted "
            "with X_val and y_val"
        )
    warnings.warn(
        f"not drawn, without {' or '.join(columns)} in their history: {', '.join(missing)}{why}.",
        UserWarning,
        stacklevel=caller_level(),
    )


def _is_validation(given: Any) -> bool:
    """Return True for what `cross_validate` returns with its estimators.

    Raises
    ------
    ValueError
        If it was called without `return_estimator`.
    """
    if not isinstance(given, Mapping) or "fit_time" not in given:
        return False
    if "estimator" not in given:
        raise ValueError(
            "this result of cross_validate holds no models; pass return_estimator=True to it."
        )
    return True
