"""Integrated gradients, and AttributionDisplay: what each step adds to an output."""

from __future__ import annotations

import html
import math
import textwrap
import unicodedata
from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.utils import Bunch
from sklearn.utils._optional_dependencies import check_matplotlib_support

from sklstm.inspection._colors import format_label, get_colormap
from sklstm.inspection._figure import (
    as_written,
    axes_of,
    given_axes,
    label_rows,
    label_steps,
    mark_every_whole,
    root_of,
    shortened,
    visible,
    write_title,
)
from sklstm.inspection._reading import feature_names_of, fitted_last, read_several

KINDS = ("auto", "words", "bars", "series", "heatmap")
FONT_SIZE, SMALLEST_FONT = 11.0, 5.0
HIGHEST = 12.0  # inches of a new figure from which on words become smaller
NUMBERED = 0.1  # of the largest attribution: words with less have no number below them
# Of words in HTML: red and blue differ in lightness and for all kinds of colour blindness.
RAISES, LOWERS = (214, 62, 42), (42, 104, 190)


def integrated_gradients(
    estimator: Any,
    X: Any,
    *,
    target: Any = None,
    step: int | None = None,
    baseline: Any = None,
    n_steps: int | str = "auto",
) -> Bunch:
    """Return how much each step of each sequence adds to an output of a fitted model.

    For an input x and a baseline b, the attribution of the i-th number of the input to the output
    f is ``x[i] - b[i]`` times the mean of the derivative of f by this number along the straight
    line from b to x [1]_, and all attributions add up to ``f(x) - f(b)``. The line from the
    baseline to the sequence is drawn where the network reads vectors: at the word vectors, of
    which each word gets the sum over their dimensions, and at the standardised values. The linear
    model of word counts beside the LSTM (`linear_path`) is part of the output; what a word, or a
    pair of words, adds to it is credited to the places where it occurs.

    Parameters
    ----------
    estimator : LSTMClassifier, LSTMRegressor, LSTMTagger or Pipeline
        A fitted model, a pipeline that ends in one, or a search over these.
    X : str or sequences
        One text, or sequences in any form that `estimator` takes.
    target : label, int or sequence of labels, default=None
        Of a classifier, the class whose output is explained: one for all samples, or one for
        each. None for the predicted class, of several labels the most probable. Of a regressor
        with several numbers, the index of one; of quantiles the one nearest to 0.5 is explained.
    step : int, default=None
        For models with an output at every step: the step whose output is explained, counted from
        0, or from the end if negative.
    baseline : float, array-like, or sequences like X, default=None
        Where the line begins. None for zero vectors and no words, or the mean of the training
        values (0 with ``standardize=False``). A number, or the values of one step, as the last step
        of a pipeline reads them, are repeated at every step. Sequences have to be as long as those
        of X, or it is a single one of one step, which is repeated: ``["the"]`` for texts.
    n_steps : int or "auto", default="auto"
        Number of points of the line at which the gradient is computed, those of the Gauss-Legendre
        rule. "auto" begins with 32 and doubles them up to 1,024, until the error is below 1%.

    Returns
    -------
    result : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the following attributes.

        attributions : ndarray of shape (n_samples,), dtype object
            For each sequence an array of shape (T_i,) of words, or (T_i, n_features) of values,
            without steps that are removed as padding. Steps of several words, whose vectors are
            averaged, have one number each.
        outputs : ndarray of shape (n_samples,)
            The explained output: of a classifier before sigmoid or softmax, of the ordinal loss a
            log-probability, of a regressor the predicted number. Of two classes with one sigmoid,
            that of the first class is the negative of that of the second.
        baseline_outputs : ndarray of shape (n_samples,)
            The same for the baseline.
        targets : ndarray of shape (n_samples,)
            The explained class, or index of a number, of each sequence.
        completeness_errors : ndarray of shape (n_samples,)
            By how much the sum of the attributions differs from ``outputs - baseline_outputs``,
            relative to that difference; where this is even smaller, to a hundredth of all absolute
            attributions or a ten-thousandth of the output.
        n_steps : ndarray of shape (n_samples,)
            Number of points used.
        series : ndarray of shape (n_samples,), dtype object, or None
            The values that the network has read, None for words.
        words : list of list of str, or None
            The word of each step, or its words, such as "milk, tea"; None for values.

    Raises
    ------
    NotFittedError
        If the estimator is not fitted.
    TypeError
        If it is none of the estimators above, or its network was written by the user.
    ValueError
        If `target`, `step` or `baseline` do not fit the model or X.

    Warns
    -----
    UserWarning
        If an error is above 1%.

    See Also
    --------
    AttributionDisplay : Draws the result.

    Notes
    -----
    Attributions explain the model, not the world, and depend on the baseline: those of a class say
    what raises its output over that of a text without words. Dropout is off. Sequences are read
    from the initial state, also by a model with ``stateful=True``.

    References
    ----------
    .. [1] M. Sundararajan, A. Taly, Q. Yan, "Axiomatic Attribution for Deep Networks", ICML 2017,
       sections 3 to 5.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklstm import LSTMClassifier, SequenceTokenizer
    >>> from sklstm.inspection import integrated_gradients
    >>> X, y = ["a good film", "a dull film", "good fun", "dull stuff"] * 10, [1, 0, 1, 0] * 10
    >>> model = make_pipeline(SequenceTokenizer(), LSTMClassifier(8, random_state=0)).fit(X, y)
    >>> result = integrated_gradients(model, "a good film")
    >>> result.words[0][result.attributions[0].argmax()]
    'good'
    >>> total = result.attributions[0].sum()
    >>> bool(abs(total - (result.outputs - result.baseline_outputs)[0]) < 0.01 * abs(total))
    True
    """
    last = fitted_last(
        estimator,
        "_attribute",
        "network that can be explained; LSTMClassifier, LSTMRegressor and LSTMTagger have one",
    )
    if n_steps != "auto" and (
        not isinstance(n_steps, Integral) or isinstance(n_steps, bool) or int(n_steps) < 1
    ):
        raise ValueError(f"n_steps must be 'auto' or a whole number above 0; got {n_steps!r}.")
    read = read_several(estimator, [X] if isinstance(X, str) else X)
    if baseline is not None and not _is_one_step(baseline):
        given = [baseline] if isinstance(baseline, str) else baseline
        baseline = read_several(estimator, given, "baseline").X
    found = last._attribute(
        read.X,
        target=target,
        step=step,
        baseline=baseline,
        n_steps=None if n_steps == "auto" else int(n_steps),
        vocabulary=read.vocabulary,
    )
    return Bunch(**found)


class AttributionDisplay:
    """What each word, or each value of a series, adds to an output of a model.

    Create it with `from_estimator`, or with `from_attributions` from arrays. All parameters are
    stored as attributes. In a notebook a display of words is also shown as HTML, which has the
    number of each word as a tooltip.

    Texts in scripts that matplotlib's own font lacks, such as Chinese, Japanese and Korean, are
    drawn in a font that has them, if one is installed; if not, matplotlib warns of the missing
    glyphs.

    Parameters
    ----------
    attributions : sequence of array-like of shape (T_i,) or (T_i, n_features)
        For each sample what its steps, or the features of its steps, add. Steps that are matrices,
        as those of films, count as one feature for each of their entries, row by row.
    words : sequence of list of str, default=None
        The word of each step.
    values : sequence of array-like of shape (T_i,) or (T_i, n_features), default=None
        The series, drawn where there is one feature.
    titles : sequence of str, default=None
        A title for each sample.
    feature_names : sequence of str, default=None
        Names of the features. None numbers them from 0.

    Attributes
    ----------
    ax_ : matplotlib Axes, or ndarray of Axes
        The axes; of several series one for each.
    figure_ : matplotlib Figure
        The figure that contains the axes.
    artists_ : list
        For each sample what shows it: the Text of each word, the bars, the LineCollection of the
        series, or the AxesImage of the heat map.
    colorbar_ : matplotlib Colorbar or None
        The colour bar.

    See Also
    --------
    integrated_gradients : The numbers, without a plot.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklstm import LSTMClassifier, SequenceTokenizer
    >>> from sklstm.inspection import AttributionDisplay
    >>> X, y = ["a good film", "a dull film", "good fun", "dull stuff"] * 10, [1, 0, 1, 0] * 10
    >>> model = make_pipeline(SequenceTokenizer(), LSTMClassifier(8, random_state=0)).fit(X, y)
    >>> display = AttributionDisplay.from_estimator(model, "a good film", target=1)
    >>> [word.get_text() for word in display.artists_[0]]
    ['a', 'good', 'film']
    >>> import matplotlib.pyplot as plt
    >>> plt.close("all")
    """

    ax_: Any
    figure_: Any
    artists_: list[Any]
    colorbar_: Any

    def __init__(
        self,
        attributions: Any,
        *,
        words: Sequence[Sequence[str]] | None = None,
        values: Any = None,
        titles: Sequence[str] | None = None,
        feature_names: Sequence[str] | None = None,
    ):
        self.attributions = attributions
        self.words = words
        self.values = values
        self.titles = titles
        self.feature_names = feature_names

    def plot(
        self, ax: Any = None, *, kind: str = "auto", cmap: Any = "RdBu_r", colorbar: bool = True
    ) -> AttributionDisplay:
        """Draw the attributions; each call draws them again.

        Parameters
        ----------
        ax : matplotlib Axes, or sequence of Axes, default=None
            Axes to draw on, of several samples one for each except for words. Words are
            wrapped at the width that the axes have now, and written smaller where the axes are
            not high enough. None draws on a new figure, as high as needed.
        kind : {"auto", "words", "bars", "series", "heatmap"}, default="auto"
            "words": the text, wrapped in lines, each word on its colour and the numbers of the
            largest below; "bars": a bar for each step; "series": the series, coloured; "heatmap":
            features by steps. "auto" takes the first that fits of words, heat map (for several
            features), series, and bars.
        cmap : str or matplotlib Colormap, default="RdBu_r"
            A diverging colour map. Zero is in its middle.
        colorbar : bool, default=True
            Whether to draw a colour bar.

        Returns
        -------
        self : AttributionDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If words, values or titles do not fit the attributions, or they do not fit the `kind`.
        """
        check_matplotlib_support(f"{type(self).__name__}.plot")
        from matplotlib.cm import ScalarMappable
        from matplotlib.colors import Normalize

        parts = self._checked()
        kind = self._kind(kind, parts)
        largest = max((float(np.abs(part).max()) for part in parts if part.size), default=0.0)
        norm = Normalize(-(largest or 1.0), largest or 1.0)
        mappable = ScalarMappable(norm, get_colormap(cmap, "cmap"))
        several = kind != "words" and len(parts) > 1
        axes = _axes(ax, len(parts) if several else 1, kind, parts)
        self.ax_ = np.array(axes, dtype=object) if several else axes[0]
        self.figure_ = axes[0].figure
        self.colorbar_ = None
        if colorbar and kind != "bars":
            where = {"location": "bottom", "aspect": 40} if kind == "words" else {}
            self.colorbar_ = self.figure_.colorbar(mappable, ax=axes, label="attribution", **where)
        if kind == "words":
            self.artists_ = self._draw_words(axes[0], parts, mappable, new=ax is None)
            return self
        draw = {"bars": self._draw_bars, "series": self._draw_series, "heatmap": self._draw_map}
        for own, title in zip(axes, self.titles or (), strict=False):
            write_title(own, title)
        self.artists_ = [draw[kind](own, i, parts[i], mappable) for i, own in enumerate(axes)]
        return self

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        *,
        target: Any = None,
        step: int | None = None,
        baseline: Any = None,
        n_steps: int | str = "auto",
        feature_names: Sequence[str] | None = None,
        ax: Any = None,
        kind: str = "auto",
        cmap: Any = "RdBu_r",
        colorbar: bool = True,
    ) -> AttributionDisplay:
        """Draw the integrated gradients of a fitted model.

        Parameters
        ----------
        estimator, X, target, step, baseline, n_steps
            As in `integrated_gradients`. Some samples are enough: each is drawn.
        feature_names : sequence of str, default=None
            Names of the features of a series. None takes those that the estimator has seen in
            `fit`, if X was made of data frames there, and numbers them otherwise.
        ax, kind, cmap, colorbar
            As in `plot`.

        Returns
        -------
        display : AttributionDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        NotFittedError
            If the estimator is not fitted.
        TypeError, ValueError
            As in `integrated_gradients` and `plot`.
        """
        check_matplotlib_support(f"{cls.__name__}.from_estimator")
        found = integrated_gradients(
            estimator, X, target=target, step=step, baseline=baseline, n_steps=n_steps
        )
        ends = zip(found.targets.tolist(), found.outputs, found.baseline_outputs, strict=True)
        classes = hasattr(fitted_last(estimator, "_attribute", ""), "classes_")
        titles = [
            _subject(i if len(found.outputs) > 1 else None, [label] if classes else [])
            + f"output {_signed(output)}, baseline {_signed(begin)}"
            for i, (label, output, begin) in enumerate(ends)
        ]
        if feature_names is None and found.words is None:
            feature_names = feature_names_of(estimator, found.attributions[0].shape[1:])
        return cls(
            found.attributions,
            words=found.words,
            values=found.series,
            titles=titles,
            feature_names=feature_names,
        ).plot(ax, kind=kind, cmap=cmap, colorbar=colorbar)

    @classmethod
    def from_attributions(
        cls,
        attributions: Any,
        *,
        words: Sequence[Sequence[str]] | None = None,
        values: Any = None,
        titles: Sequence[str] | None = None,
        feature_names: Sequence[str] | None = None,
        ax: Any = None,
        kind: str = "auto",
        cmap: Any = "RdBu_r",
        colorbar: bool = True,
    ) -> AttributionDisplay:
        """Draw attributions of any origin.

        Parameters
        ----------
        attributions, words, values, titles, feature_names
            As in `AttributionDisplay`.
        ax, kind, cmap, colorbar
            As in `plot`.

        Returns
        -------
        display : AttributionDisplay
        """
        return cls(
            attributions, words=words, values=values, titles=titles, feature_names=feature_names
        ).plot(ax, kind=kind, cmap=cmap, colorbar=colorbar)

    def _checked(self) -> list[np.ndarray]:
        """Return the attributions as arrays, after checking what belongs to them."""
        given = self.attributions
        if isinstance(given, str | Mapping) or not hasattr(given, "__len__"):
            raise TypeError(
                "attributions must be a list with an array for each sample; got "
                f"{type(given).__name__} {given!r:.60}."
            )
        parts = [_numbers(part, f"attributions[{i}]") for i, part in enumerate(given)]
        if not parts:
            raise ValueError("attributions holds no sample.")
        for i, part in enumerate(parts):
            if part.ndim == 0:
                raise ValueError(
                    f"attributions[{i}] is a number; give an array for each sample, also of one."
                )
        for name in ("words", "values", "titles"):
            given = getattr(self, name)
            if given is None:
                continue
            if isinstance(given, str) or not hasattr(given, "__len__"):
                raise TypeError(
                    f"{name} must be a list with an item for each sample; got "
                    f"{type(given).__name__} {given!r:.60}."
                )
            if len(given) != len(parts):
                raise ValueError(f"{name} holds {len(given)} items for {len(parts)} samples.")
            if name == "titles":
                continue
            for i, (part, own) in enumerate(zip(parts, given, strict=True)):
                if isinstance(own, str) or not hasattr(own, "__len__"):
                    raise TypeError(
                        f"{name}[{i}] must be a list with an item for each step; got "
                        f"{type(own).__name__} {own!r:.60}."
                    )
                if len(own) != len(part):
                    raise ValueError(
                        f"{name}[{i}] holds {len(own)} steps, but attributions[{i}] {len(part)}."
                    )
        return [part.reshape(len(part), -1) if part.ndim > 2 else part for part in parts]

    def _kind(self, kind: str, parts: list[np.ndarray]) -> str:
        """Return how to draw, after checking that it is possible."""
        if kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(map(repr, KINDS))}; got {kind!r}.")
        wide = any(part.ndim == 2 and part.shape[1] > 1 for part in parts)
        if kind == "auto":
            if wide:
                return "heatmap"
            if self.words is not None:
                return "words"
            return "bars" if self.values is None else "series"
        if kind == "words" and self.words is None:
            raise ValueError("kind='words' needs the words of the steps; words is None.")
        if kind == "series" and self.values is None:
            raise ValueError("kind='series' needs the series; values is None.")
        if wide and kind != "heatmap":
            raise ValueError(
                f"kind={kind!r} draws one number for each step, but there are several features; "
                "use 'heatmap', or sum over features."
            )
        return kind

    def _names(self, i: int) -> Sequence[str] | None:
        return None if self.words is None else self.words[i]

    def _draw_bars(self, ax: Any, i: int, part: np.ndarray, mappable: Any) -> Any:
        values = part.reshape(-1)
        places = np.arange(1, len(values) + 1)
        bars = ax.bar(
            places, values, color=mappable.to_rgba(values), edgecolor="0.3", linewidth=0.5
        )
        ax.axhline(0, color="0.3", linewidth=0.8)
        ax.set_ylabel("attribution")
        label_steps(ax, places, self._names(i))
        return bars

    def _draw_series(self, ax: Any, i: int, part: np.ndarray, mappable: Any) -> Any:
        from matplotlib.collections import LineCollection

        values = np.asarray(self.values[i], dtype=float).reshape(-1)
        places = np.arange(1, len(values) + 1)
        # Each step has the halves of the segments that meet there.
        x = np.arange(1, len(values) + 0.25, 0.5)
        points = np.column_stack([x, np.interp(x, places, values)])
        segments: Any = np.stack([points[:-1], points[1:]], axis=1)
        lines = LineCollection(segments, cmap=mappable.cmap, norm=mappable.norm, zorder=3)
        lines.set_array(part.reshape(-1)[(np.arange(len(segments)) + 1) // 2])
        lines.set(linewidth=3, capstyle="round")
        marker = "o" if len(values) == 1 else None
        ax.plot(places, values, color="0.6", linewidth=4.5, solid_capstyle="round", marker=marker)
        ax.add_collection(lines)
        ax.autoscale_view()
        ax.set_ylabel("value")
        label_steps(ax, places, self._names(i))
        return lines

    def _draw_map(self, ax: Any, i: int, part: np.ndarray, mappable: Any) -> Any:
        table = part.reshape(len(part), -1).T  # (n_features, n_steps)
        image = ax.imshow(
            table,
            aspect="auto",
            interpolation="nearest",
            cmap=mappable.cmap,
            norm=mappable.norm,
            extent=(0.5, len(part) + 0.5, len(table) - 0.5, -0.5),
        )
        label_steps(ax, np.arange(1, len(part) + 1), self._names(i))
        if self.feature_names is not None:
            names = [str(name) for name in self.feature_names]
            if len(names) != len(table):
                raise ValueError(
                    f"feature_names holds {len(names)} names for {len(table)} features."
                )
            label_rows(ax, range(len(names)), names)
        else:
            ax.set_ylabel("feature")
            mark_every_whole(ax.yaxis)
        return image

    def _draw_words(
        self, ax: Any, parts: list[np.ndarray], mappable: Any, *, new: bool
    ) -> list[list[Any]]:
        """Write the words of all samples, one below the other."""
        assert self.words is not None
        ax.set_axis_off()
        figure = root_of(ax)
        figure.draw_without_rendering()  # so that the axes have their size
        room = ax.get_window_extent().height
        most, size = HIGHEST * figure.dpi if new else room, FONT_SIZE
        while True:
            page = _Page(ax, size)
            written = [
                page.write(
                    [str(word) for word in words],
                    part.reshape(-1),
                    mappable,
                    None if self.titles is None else self.titles[i],
                )
                for i, (words, part) in enumerate(zip(self.words, parts, strict=True))
            ]
            if page.height <= most or size <= SMALLEST_FONT:
                break
            page.erase()
            # Letters of half the size need a quarter of the room, or somewhat more.
            size = max(SMALLEST_FONT, size * min(0.95, math.sqrt(most / page.height)))
        if new:
            width, height = figure.get_size_inches()
            figure.set_size_inches(width, height + (page.height - room) / figure.dpi)
            figure.draw_without_rendering()
        page.place()
        return written

    def _repr_html_(self) -> str | None:
        """Return the words as HTML; None where there are none, so that notebooks show a text."""
        parts = [part.reshape(-1) for part in self._checked()]
        if self.words is None or any(
            len(part) != len(words) for part, words in zip(parts, self.words, strict=True)
        ):
            return None
        largest = max((float(np.abs(part).max()) for part in parts if part.size), default=0.0)
        blocks = []
        for i, (words, part) in enumerate(zip(self.words, parts, strict=True)):
            title = "" if self.titles is None else f"<b>{html.escape(self.titles[i])}</b><br>"
            spans = " ".join(
                _span(word, value, largest) for word, value in zip(words, part, strict=True)
            )
            blocks.append(f'<p dir="auto">{title}{spans}</p>')
        legend = (
            f"<p><small>{_span('raises', largest, largest)} the output (solid line), "
            f"{_span('lowers', -largest, largest)} it (dashed line); strongest colour: "
            f"{largest:.3g}. Hover over a word for its number.</small></p>"
        )
        return f'<div style="line-height: 1.9">{"".join(blocks)}{legend}</div>'


class _Page:
    """Words that are wrapped in lines on axes.

    Parameters
    ----------
    ax : matplotlib Axes
        The axes, whose size is final but for the height.
    size : float
        Font size in points.
    """

    def __init__(self, ax: Any, size: float):
        self.ax, self.size = ax, size
        self.pixel = ax.figure.dpi / 72 * size  # the font size in pixels
        self.width = ax.get_window_extent().width
        self.height = 0.0  # of what is written
        self.placed: list[tuple[Any, float, float]] = []  # texts, and where their centres go

    def write(
        self, words: list[str], values: np.ndarray, mappable: Any, title: str | None
    ) -> list[Any]:
        """Write a text, and return the words."""
        from_right = _is_right_to_left(words)
        if title is not None:
            for line in textwrap.wrap(title, max(10, int(self.width / (0.62 * self.pixel)))):
                text = self._text(line, fontweight="bold")
                half = text.get_window_extent().width / 2
                centre = self.width - half if from_right else half
                self.placed.append((text, centre, self._line(1.5)))
        largest, gap, margin = mappable.norm.vmax, 0.55 * self.pixel, 0.2 * self.pixel
        x, y, texts = margin, self._line(2.3), []
        for word, value in zip(words, values.tolist(), strict=True):
            colour = mappable.to_rgba(value)
            lightness = np.dot(colour[:3], (0.299, 0.587, 0.114))
            box = {"facecolor": colour, "linewidth": 0, "boxstyle": "square,pad=0.15"}
            text = self._text(word, color="black" if lightness > 0.5 else "white", bbox=box)
            below = None
            if abs(value) >= NUMBERED * largest and value:
                below = self._text(_signed(value, largest), color="0.3", scale=0.6)
            both = [text] if below is None else [text, below]
            wide = max(one.get_window_extent().width for one in both)
            if x > margin and x + wide > self.width - margin:
                x, y = margin, self._line(2.3)
            centre = self.width - x - wide / 2 if from_right else x + wide / 2
            self.placed.append((text, centre, y))
            if below is not None:
                self.placed.append((below, centre, y + 0.98 * self.pixel))
            x += wide + gap
            texts.append(text)
        self._line(0.6)
        return texts

    def place(self) -> None:
        """Move all texts to their places, now that the axes have their height."""
        height = self.ax.get_window_extent().height
        for text, x, y in self.placed:
            text.set_position((x / self.width, 1 - y / height))

    def erase(self) -> None:
        """Remove all texts."""
        for text, _, _ in self.placed:
            text.remove()

    def _line(self, n_sizes: float) -> float:
        """Begin a line that is so many font sizes high; return the middle of its words."""
        top, self.height = self.height, self.height + n_sizes * self.pixel
        return top + 0.75 * self.pixel

    def _text(self, string: str, scale: float = 1.0, **kwargs: Any) -> Any:
        string = visible(string)
        return self.ax.text(
            0, 0, string, transform=self.ax.transAxes, fontsize=self.size * scale,
            ha="center", va="center", clip_on=False, **as_written([string]), **kwargs,
        )  # fmt: skip


def _numbers(part: Any, name: str) -> np.ndarray:
    """Return the attributions of a sample as an array of finite numbers."""
    try:
        array = np.asarray(part, dtype=float)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{name} must be an array of numbers: {error}") from error
    wrong = np.argwhere(~np.isfinite(array))
    if len(wrong):
        place = tuple(wrong[0].tolist())
        where = "".join(f"[{i}]" for i in place)
        raise ValueError(f"{name}{where} is {array[place]}; accepted are finite numbers.")
    return array


def _axes(ax: Any, n_axes: int, kind: str, parts: list[np.ndarray]) -> list[Any]:
    """Return the user's axes, or new ones, one below the other."""
    if ax is None:
        if n_axes == 1:
            heights = {"words": 1.6, "series": 3.2, "bars": 3.2}
            n_features = parts[0].shape[1] if parts[0].ndim == 2 else 1
            return [axes_of(None, height=heights.get(kind, min(8.0, 2.0 + 0.25 * n_features)))]
        from matplotlib import pyplot as plt

        size = (6.4, 2.2 * n_axes)
        return list(plt.subplots(n_axes, figsize=size, layout="constrained")[1])
    return given_axes(ax, n_axes, "sample")


def _subject(sample: int | None, label: list[Any]) -> str:
    """Return what a title begins with: the sample, where there are several, and its class."""
    parts = [] if sample is None else [f"X[{sample}]"]
    parts += [f"class {shortened(format_label(one))}" for one in label]
    return f"{', '.join(parts)}: " if parts else ""


def _is_one_step(baseline: Any) -> bool:
    """Return True for a number, or a list of numbers: the values of one step."""
    if isinstance(baseline, Real):
        return True
    if isinstance(baseline, np.ndarray):
        return baseline.ndim < 2 and baseline.dtype.kind in "iuf"
    return isinstance(baseline, list | tuple) and all(isinstance(v, Real) for v in baseline)


def _is_right_to_left(words: list[str]) -> bool:
    """Return True if most letters with a direction are written from right to left."""
    kinds = [unicodedata.bidirectional(letter) for word in words for letter in word]
    return kinds.count("R") + kinds.count("AL") > kinds.count("L")


def _signed(value: float, largest: float | None = None) -> str:
    """Return a number with its sign, with two digits of the largest of its kind, or three."""
    if not value:
        return "0"
    size, n_digits = (abs(value), 3) if largest is None else (largest, 2)
    if not 1e-4 <= size < 1e5:
        text = f"{value:+.{n_digits - 1}e}"
    else:
        text = f"{value:+.{max(0, n_digits - 1 - math.floor(math.log10(size)))}f}"
    return text.replace("-", "\u2212")


def _span(word: str, value: float, largest: float) -> str:
    """Return a word on its colour, with its number as a tooltip and a line for its sign."""
    strength = abs(value) / largest if largest > 0 else 0.0
    rgb = RAISES if value > 0 else LOWERS
    mixed = [round(255 - 0.8 * strength * (255 - part)) for part in rgb]
    ink = "#000" if np.dot(mixed, (0.299, 0.587, 0.114)) > 128 else "#fff"
    line = "none" if not value else f"2px {'solid' if value > 0 else 'dashed'} rgb{rgb}"
    style = (
        f"background-color: rgb({', '.join(map(str, mixed))}); color: {ink}; "
        f"border-bottom: {line}; padding: 0 0.2em"
    )
    shown = html.escape(visible(word))
    return f'<span title="{_signed(value, largest)}" style="{style}">{shown}</span>'
