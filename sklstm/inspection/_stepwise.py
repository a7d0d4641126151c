"""StepwiseProbaDisplay: the probability of each class as a sequence is read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.utils import check_array
from sklearn.utils._optional_dependencies import check_matplotlib_support

from sklstm.inspection._colors import format_label, label_colours, label_markers
from sklstm.inspection._figure import axes_of, label_steps, place_legend
from sklstm.inspection._reading import fitted_last, read_one, words_of


class StepwiseProbaDisplay:
    """The probability of each class after each step of a sequence.

    Create it with `from_estimator`, or with `from_predictions` from probabilities. All parameters
    are stored as attributes.

    Parameters
    ----------
    probabilities : ndarray of shape (n_steps, n_classes)
        A row for each step.
    classes : array-like of shape (n_classes,)
        The labels of the columns.
    steps : sequence of str, default=None
        The name of each step, such as a word. None numbers the steps from 1.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes.
    figure_ : matplotlib Figure
        The figure that contains the axes.
    lines_ : dict
        The curve of each label that is drawn.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklstm import LSTMClassifier, SequenceTokenizer
    >>> from sklstm.datasets import make_word_order
    >>> from sklstm.inspection import StepwiseProbaDisplay
    >>> X, y = make_word_order(60, n_words=6, random_state=0)
    >>> lstm = LSTMClassifier(8, bidirectional=False, max_epochs=2, random_state=0)
    >>> model = make_pipeline(SequenceTokenizer(), lstm).fit(X, y)
    >>> display = StepwiseProbaDisplay.from_estimator(model, "eta beta gamma alpha")
    >>> display.steps
    ['eta', 'beta', 'gamma', 'alpha']
    >>> display.probabilities.shape
    (4, 2)
    >>> import matplotlib.pyplot as plt
    >>> plt.close("all")
    """

    ax_: Any
    figure_: Any
    lines_: dict[Any, Any]

    def __init__(self, probabilities: Any, classes: Any, *, steps: Sequence[str] | None = None):
        self.probabilities = probabilities
        self.classes = classes
        self.steps = steps

    def plot(
        self, ax: Any = None, *, top: int | None = 10, palette: Any = None, legend: bool = True
    ) -> StepwiseProbaDisplay:
        """Draw the curves; each call draws them again.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on. None draws on a new figure, wider for more steps.
        top : int or None, default=10
            Draw the classes that reach the highest probabilities at any step, so many of them;
            None draws all.
        palette : str, matplotlib Colormap or sequence of colours, default=None
            As in `EmbeddingDisplay`.
        legend : bool, default=True
            Whether to draw a legend.

        Returns
        -------
        self : StepwiseProbaDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If the numbers of classes or of names are not those of the probabilities.
        """
        check_matplotlib_support(f"{type(self).__name__}.plot")
        values = check_array(self.probabilities, input_name="probabilities")
        classes = np.asarray(self.classes)
        if len(classes) != values.shape[1]:
            raise ValueError(
                f"probabilities has {values.shape[1]} columns, but classes holds {len(classes)}."
            )
        if self.steps is not None and len(self.steps) != len(values):
            raise ValueError(
                f"steps holds {len(self.steps)} names, but there are {len(values)} steps."
            )
        shown = np.arange(len(classes))
        if top is not None and top < len(classes):
            shown = np.sort(np.argsort(-values.max(axis=0), kind="stable")[:top])
        self.ax_ = axes_of(ax, width=min(14.0, max(6.4, 0.32 * len(values))))
        self.figure_ = self.ax_.figure
        self.lines_ = {}
        place = np.arange(1, len(values) + 1)
        colours, markers = (find(len(shown), palette) for find in (label_colours, label_markers))
        for k, colour, marker in zip(shown, colours, markers, strict=True):
            label = classes[k].item() if isinstance(classes[k], np.generic) else classes[k]
            (self.lines_[label],) = self.ax_.plot(
                place, values[:, k], color=colour, marker=marker, markersize=4,
                label=format_label(label),
            )  # fmt: skip
        self.ax_.set_ylim(-0.03, 1.03)
        self.ax_.set_ylabel("probability")
        if legend:
            place_legend(self.ax_)
        label_steps(self.ax_, place, self.steps)
        return self

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        x: Any,
        *,
        top: int | None = 10,
        ax: Any = None,
        palette: Any = None,
        legend: bool = True,
    ) -> StepwiseProbaDisplay:
        """Draw the probabilities after each step of one sequence.

        Parameters
        ----------
        estimator : LSTMClassifier or Pipeline
            A fitted classifier with `predict_proba_steps`, or a pipeline that ends in one. If it
            reads words, steps are named by them.
        x : str, sequence, or table of one row
            One text or sequence, as an item of the X that `estimator` takes. If that is a table
            with texts or sequences in its cells, such as a data frame: one row of it, as a table.
        top, ax, palette, legend
            As in `plot`.

        Returns
        -------
        display : StepwiseProbaDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        NotFittedError
            If the estimator is not fitted.
        TypeError
            If the last step has no `predict_proba_steps`.
        """
        check_matplotlib_support(f"{cls.__name__}.from_estimator")
        last = fitted_last(
            estimator,
            "predict_proba_steps",
            "predict_proba_steps, the probabilities after each step; LSTMClassifier has",
        )
        read = read_one(estimator, x)
        probabilities = last.predict_proba_steps(read.X)[0]
        words = words_of(read, [len(probabilities)])
        steps = None if words is None else words[0]
        return cls(probabilities, last.classes_, steps=steps).plot(
            ax, top=top, palette=palette, legend=legend
        )

    @classmethod
    def from_predictions(
        cls,
        probabilities: Any,
        classes: Any,
        *,
        steps: Sequence[str] | None = None,
        top: int | None = 10,
        ax: Any = None,
        palette: Any = None,
        legend: bool = True,
    ) -> StepwiseProbaDisplay:
        """Draw probabilities, such as an item of what `predict_proba_steps` returns.

        Parameters
        ----------
        probabilities : array-like of shape (n_steps, n_classes)
            A row for each step.
        classes : array-like of shape (n_classes,)
            The labels of the columns.
        steps : sequence of str, default=None
            The name of each step. None numbers them.
        top, ax, palette, legend
            As in `plot`.

        Returns
        -------
        display : StepwiseProbaDisplay
        """
        return cls(probabilities, classes, steps=steps).plot(
            ax, top=top, palette=palette, legend=legend
        )
