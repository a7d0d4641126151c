"""StateDisplay: the hidden or cell state of a recurrent layer as a sequence is read."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import Any

import numpy as np
from scipy.cluster.hierarchy import leaves_list, linkage
from sklearn.utils import check_array
from sklearn.utils._optional_dependencies import check_matplotlib_support

from sklstm.inspection._colors import get_colormap, label_colours, label_markers
from sklstm.inspection._figure import axes_of, label_steps, mark_every_whole, place_legend
from sklstm.inspection._reading import all_words, fitted_last, read_one

KINDS, ORDERS = ("auto", "heatmap", "lines"), ("peak", "similarity", "index")
STATES, DIRECTIONS = ("hidden", "cell"), ("forward", "backward")
FEW_UNITS = 6  # which "auto" draws as lines


class StateDisplay:
    """The state of a recurrent layer after each step of one sequence.

    Create it with `from_estimator`, or with `from_states` from an array. All parameters are stored
    as attributes.

    Parameters
    ----------
    states : ndarray of shape (n_steps, n_units)
        A row for each step.
    steps : sequence of str, default=None
        The name of each step, such as a word. None numbers the steps from 1.
    name : str, default="state"
        What is drawn, such as "hidden state".

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes.
    figure_ : matplotlib Figure
        The figure that contains the axes.
    units_ : ndarray of int
        The units that are drawn, columns of `states`, from top to bottom.
    im_ : matplotlib AxesImage or None
        The heat map.
    lines_ : dict of int to matplotlib Line2D
        The curve of each unit, where lines are drawn.
    colorbar_ : matplotlib Colorbar or None
        The colour bar of the heat map.

    See Also
    --------
    StepwiseProbaDisplay : The probability of each class after each step.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklstm import LSTMClassifier, SequenceTokenizer
    >>> from sklstm.datasets import make_word_order
    >>> from sklstm.inspection import StateDisplay
    >>> X, y = make_word_order(60, n_words=6, random_state=0)
    >>> model = make_pipeline(SequenceTokenizer(), LSTMClassifier(8, max_epochs=2, random_state=0))
    >>> display = StateDisplay.from_estimator(model.fit(X, y), "eta beta gamma alpha")
    >>> display.states.shape
    (4, 8)
    >>> import matplotlib.pyplot as plt
    >>> plt.close("all")
    """

    ax_: Any
    figure_: Any
    units_: np.ndarray
    im_: Any
    lines_: dict[int, Any]
    colorbar_: Any

    def __init__(self, states: Any, *, steps: Sequence[str] | None = None, name: str = "state"):
        self.states = states
        self.steps = steps
        self.name = name

    def plot(
        self,
        ax: Any = None,
        *,
        n_units: int | None = None,
        order: str = "peak",
        kind: str = "auto",
        cmap: Any = "RdBu_r",
        colorbar: bool = True,
        legend: bool = True,
    ) -> StateDisplay:
        """Draw the states; each call draws them again.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on. None draws on a new figure, wider for more steps.
        n_units : int or None, default=None
            Draw the units whose state varies most over the steps, so many of them; None draws all.
        order : {"peak", "similarity", "index"}, default="peak"
            How units are sorted: by the step at which they are furthest from zero, such that
            units with similar curves are neighbours (average linkage of their correlations), or
            by their index.
        kind : {"auto", "heatmap", "lines"}, default="auto"
            "auto" draws lines for up to 6 units.
        cmap : str or matplotlib Colormap, default="RdBu_r"
            A diverging colour map for the heat map. Zero is in its middle.
        colorbar, legend : bool, default=True
            Whether to draw a colour bar of the heat map, or a legend of the lines.

        Returns
        -------
        self : StateDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If a parameter is unknown, or the number of names is not that of the steps.
        """
        check_matplotlib_support(f"{type(self).__name__}.plot")
        values = check_array(self.states, ensure_2d=False, allow_nd=True, input_name="states")
        if values.ndim != 2:
            raise ValueError(f"states must be of shape (n_steps, n_units); got {values.shape}.")
        if self.steps is not None and len(self.steps) != len(values):
            raise ValueError(
                f"steps holds {len(self.steps)} names, but there are {len(values)} steps."
            )
        _check_choice("kind", kind, KINDS)
        _check_choice("order", order, ORDERS)
        whole = isinstance(n_units, Integral) and not isinstance(n_units, bool)
        if n_units is not None and not (whole and n_units >= 1):
            raise ValueError(f"n_units must be a whole number above 0 or None; got {n_units!r}.")
        units = np.arange(values.shape[1])
        if n_units is not None and n_units < len(units):
            spread = values.std(axis=0)
            units = np.sort(np.argsort(-spread, kind="stable")[:n_units])
        self.units_ = units[_order(values[:, units], order)]
        places = np.arange(1, len(values) + 1)
        lines = kind == "lines" or (kind == "auto" and len(units) <= FEW_UNITS)
        colormap = get_colormap(cmap, "cmap")
        width = min(14.0, max(6.4, 0.25 * len(values)))
        self.ax_ = axes_of(ax, width, 4.0 if lines else min(9.0, max(3.0, 0.11 * len(units) + 1)))
        self.figure_ = self.ax_.figure
        self.im_, self.lines_, self.colorbar_ = None, {}, None
        if lines:
            self._draw_lines(values, places, legend)
        else:
            limit = float(np.abs(values[:, units]).max()) or 1.0
            self.im_ = self.ax_.imshow(
                values[:, self.units_].T,
                aspect="auto",
                interpolation="nearest",
                cmap=colormap,
                vmin=-limit,
                vmax=limit,
                extent=(0.5, len(values) + 0.5, len(units) - 0.5, -0.5),
            )
            if len(units) <= 20:
                self.ax_.set_yticks(range(len(units)), [str(unit) for unit in self.units_])
                self.ax_.set_ylabel("unit")
            else:
                self.ax_.set_yticks([])
                self.ax_.set_ylabel(f"{len(units)} units")
            if colorbar:
                self.colorbar_ = self.figure_.colorbar(self.im_, ax=self.ax_, label=self.name)
        label_steps(self.ax_, places, self.steps)
        return self

    def _draw_lines(self, values: np.ndarray, places: np.ndarray, legend: bool) -> None:
        colours, markers = (find(len(self.units_), None) for find in (label_colours, label_markers))
        for unit, colour, marker in zip(self.units_.tolist(), colours, markers, strict=True):
            (self.lines_[unit],) = self.ax_.plot(
                places, values[:, unit], color=colour, marker=marker, markersize=4,
                label=f"unit {unit}",
            )  # fmt: skip
        self.ax_.axhline(0, color="0.6", linewidth=0.8, zorder=0)
        self.ax_.set_ylabel(self.name)
        mark_every_whole(self.ax_.xaxis)
        if legend:
            place_legend(self.ax_, outside=True)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        x: Any,
        *,
        states: str = "hidden",
        layer: int = -1,
        direction: str = "forward",
        n_units: int | None = None,
        order: str = "peak",
        kind: str = "auto",
        ax: Any = None,
        cmap: Any = "RdBu_r",
        colorbar: bool = True,
        legend: bool = True,
    ) -> StateDisplay:
        """Draw the states of a fitted model as it reads one sequence.

        Parameters
        ----------
        estimator : LSTMClassifier, LSTMRegressor, LSTMTagger or Pipeline
            A fitted model, a pipeline that ends in one, or a search over these. If it
            reads words, steps are named by them.
        x : str, sequence, or table of one row
            One text or sequence, as an item of the X that `estimator` takes. If that is a table
            with texts or sequences in its cells, such as a data frame: one row of it, as a table.
        states : {"hidden", "cell"}, default="hidden"
            The hidden state h, which later layers see, or the cell state c, the memory of an
            LSTM. A GRU has no cell state.
        layer : int, default=-1
            The recurrent layer, counted from 0; -1 for the last one.
        direction : {"forward", "backward"}, default="forward"
            The layer that reads from the first step on, or the one that reads from the last; the
            latter's state at a step is that after the step and all later ones.
        n_units, order, kind, ax, cmap, colorbar, legend
            As in `plot`.

        Returns
        -------
        display : StateDisplay
            With a convolution that pools, a step of the plot covers several steps of the
            sequence.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        NotFittedError
            If the estimator is not fitted.
        TypeError
            If it is none of the estimators above, or its network was written by the user.
        ValueError
            If there is no such layer, direction or state.
        """
        check_matplotlib_support(f"{cls.__name__}.from_estimator")
        last = fitted_last(
            estimator,
            "_layer_states",
            "recurrent layers to look at; LSTMClassifier, LSTMRegressor and LSTMTagger have",
        )
        _check_choice("states", states, STATES)
        _check_choice("direction", direction, DIRECTIONS)
        read = read_one(estimator, x)
        (parts,) = last._layer_states(read.X, layer=layer, backward=direction == "backward")
        if states == "cell" and len(parts) < 2:
            raise ValueError("states='cell', but a GRU has no cell state; use 'hidden'.")
        chosen = parts[STATES.index(states)]
        words = all_words(read)
        steps = None if words is None else _grouped(words[0], len(chosen))
        return cls(chosen, steps=steps, name=f"{states} state").plot(
            ax, n_units=n_units, order=order, kind=kind, cmap=cmap, colorbar=colorbar, legend=legend
        )

    @classmethod
    def from_states(
        cls,
        states: Any,
        *,
        steps: Sequence[str] | None = None,
        name: str = "state",
        n_units: int | None = None,
        order: str = "peak",
        kind: str = "auto",
        ax: Any = None,
        cmap: Any = "RdBu_r",
        colorbar: bool = True,
        legend: bool = True,
    ) -> StateDisplay:
        """Draw states of any origin.

        Parameters
        ----------
        states : array-like of shape (n_steps, n_units)
            A row for each step.
        steps : sequence of str, default=None
            The name of each step. None numbers them.
        name : str, default="state"
            What is drawn.
        n_units, order, kind, ax, cmap, colorbar, legend
            As in `plot`.

        Returns
        -------
        display : StateDisplay
        """
        return cls(states, steps=steps, name=name).plot(
            ax, n_units=n_units, order=order, kind=kind, cmap=cmap, colorbar=colorbar, legend=legend
        )


def _check_choice(name: str, given: Any, choices: tuple[str, ...]) -> None:
    if given not in choices:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, choices))}; got {given!r}.")


def _order(values: np.ndarray, order: str) -> np.ndarray:
    """Return the order of the columns of ``(n_steps, n_units)`` values."""
    n_units = values.shape[1]
    if order == "peak":
        return np.argsort(np.abs(values).argmax(axis=0), kind="stable")
    if order == "index" or n_units < 3:
        return np.arange(n_units)
    # Centred and of length 1, so that distances are those of correlations.
    apart = values - values.mean(axis=0)
    length = np.linalg.norm(apart, axis=0)
    return leaves_list(linkage((apart / np.where(length > 0, length, 1.0)).T, "average"))


def _grouped(words: list[str], n_states: int) -> list[str] | None:
    """Return the words of each state, several where a convolution has pooled steps."""
    if not n_states or len(words) < n_states:
        return None
    size = -(-len(words) // n_states)
    groups = [" ".join(words[i : i + size]) for i in range(0, len(words), size)]
    return groups if len(groups) == n_states else None
