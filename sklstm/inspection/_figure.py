"""What the displays share: axes, the marks on them, and texts of users."""

from __future__ import annotations

import math
import textwrap
import unicodedata
from collections.abc import Sequence
from itertools import pairwise, takewhile
from typing import Any

import numpy as np

# Families with glyphs that matplotlib's own fonts lack, among them those of Chinese, Japanese and
# Korean; those that are installed are used where a text needs them.
FALLBACK_FONTS = (
    "Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans CJK KR", "Noto Sans SC", "Noto Sans JP",
    "Noto Sans KR", "Source Han Sans", "Microsoft YaHei", "Yu Gothic", "Meiryo", "Malgun Gothic",
    "PingFang SC", "Hiragino Sans", "Apple SD Gothic Neo", "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei", "Droid Sans Fallback", "Arial Unicode MS", "Noto Sans Arabic",
    "Noto Sans Hebrew", "Noto Sans Devanagari", "Noto Sans Thai",
)  # fmt: skip
MOST_NAMES = 60  # of steps, for which there is room below the axis
LONGEST_NAME, FEWEST_LETTERS = 40, 5
FONT_SIZE, LETTER = 10.0, 0.58  # in points, and the mean width of a letter relative to it
# Of letters without a shape, which matplotlib and browsers do not show: arrows of the keyboard.
SYMBOLS = {"\t": "\u21e5", "\n": "\u21b5", "\r": "\u21b5"}
LEGEND_SIZES = (10.0, 8.5, 7.0, 6.0, 5.0)


def axes_of(ax: Any, width: float = 6.4, height: float = 4.0) -> Any:
    """Return `ax`, or the axes of a new figure."""
    if ax is not None:
        check_axes("ax", ax)
        return ax
    from matplotlib import pyplot as plt

    return plt.subplots(figsize=(width, height), layout="constrained")[1]


def check_axes(name: str, given: Any) -> None:
    """Raise TypeError for what is no Axes of matplotlib."""
    from matplotlib.axes import Axes

    if isinstance(given, Axes):
        return
    hint = "; pass its axes, such as figure.subplots()" if hasattr(given, "subplots") else ""
    raise TypeError(
        f"{name} must be an Axes of matplotlib, as plt.subplots() returns it; got "
        f"{type(given).__name__} {given!r:.60}{hint}."
    )


def given_axes(ax: Any, n_axes: int, what: str) -> list[Any]:
    """Return the user's axes, after checking that there is one for each of `what`."""
    given = list(np.ravel(np.array(ax, dtype=object)))
    for i, own in enumerate(given):
        check_axes("ax" if own is ax else f"ax[{i}]", own)
    if len(given) != n_axes:
        raise ValueError(
            f"ax holds {len(given)} axes, but {n_axes} are needed, one for each {what}."
        )
    return given


def mark_every_whole(axis: Any) -> None:
    """Put marks at whole numbers only."""
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator("auto", integer=True))


def font_families(texts: Sequence[str]) -> list[str]:
    """Return the font families to write texts in: the user's, then others that are installed."""
    from matplotlib import font_manager, rcParams

    own = list(rcParams["font.family"])
    if all(map(str.isascii, texts)):
        return own
    installed = {font.name for font in font_manager.fontManager.ttflist}
    return [*own, *(name for name in FALLBACK_FONTS if name in installed)]


def as_written(texts: Sequence[str]) -> dict[str, Any]:
    """Return the arguments with which matplotlib writes texts as they are.

    A dollar sign begins no formula, and letters of any script have a font, if one is installed.
    """
    return {"parse_math": False, "fontfamily": font_families(texts)}


def visible(text: Any) -> str:
    """Return a text with symbols for tabs and ends of lines, and spaces for other controls."""
    return "".join(
        SYMBOLS.get(letter) or (" " if unicodedata.category(letter) == "Cc" else letter)
        for letter in str(text)
    )


def write_as_is(*artists: Any) -> None:
    """Have texts that have been drawn, such as those of a legend, written as they are."""
    for text in artists:
        text.set(**as_written([text.get_text()]))


def root_of(ax: Any) -> Any:
    """Return the figure of axes, also of those in a subfigure."""
    return ax.figure.canvas.figure


def room(ax: Any) -> tuple[float, float]:
    """Return width and height of axes in points, with the texts around them that there are now."""
    root_of(ax).draw_without_rendering()
    box = ax.get_window_extent()
    return box.width / ax.figure.dpi * 72, box.height / ax.figure.dpi * 72


def fitting(texts: Sequence[str], points: float, size: float = FONT_SIZE) -> list[str]:
    """Return texts, cut to so many points where they are longer.

    Where this makes different texts the same, what the long ones begin and end with is left out.
    """
    longest = min(LONGEST_NAME, max(FEWEST_LETTERS, int(points / (LETTER * size))))
    cut = [shortened(text, longest) for text in texts]
    if len(set(cut)) == len(set(texts)):
        return cut
    long = [text for text in texts if len(text) > longest]
    n_first = _n_shared(long)
    n_last = _n_shared([text[n_first:][::-1] for text in long])
    spare = longest - 2 - (max(map(len, long)) - n_first - n_last)  # for what is shared
    n_first -= min(n_first, max(0, 2 * spare // 3))
    n_last -= min(n_last, max(0, spare // 3))
    own = {
        text: "\u2026" * (n_first > 0)
        + text[n_first : len(text) - n_last]
        + "\u2026" * (n_last > 0)
        for text in long
    }
    return [shortened(own.get(text, text), longest) for text in texts]


def _n_shared(texts: Sequence[str]) -> int:
    """Return with how many letters all texts begin."""
    return len(list(takewhile(lambda letters: len(set(letters)) == 1, zip(*texts, strict=False))))


def shortened(name: str, longest: int = LONGEST_NAME) -> str:
    """Return a name, without its middle if it is long: names often differ in their ends."""
    if len(name) <= longest:
        return name
    n_last = (longest - 1) // 2
    return f"{name[: longest - 1 - n_last]}\u2026{name[len(name) - n_last :]}"


def place_legend(ax: Any, *, outside: bool | None = None, **kwargs: Any) -> Any:
    """Draw a legend, inside the axes or to the right of them, and return it.

    By default it is outside if it has many entries or long ones. There it is written so small, and
    names are cut so short, that it is not higher than the axes and leaves them their room.
    """
    width, height = room(ax)
    handles = kwargs.pop("handles", None) or ax.get_legend_handles_labels()[0]
    names = [str(handle.get_label()) for handle in handles]
    longest = max(map(len, names), default=0)
    if outside is None:
        outside = len(names) > 6 or LETTER * FONT_SIZE * (longest + 5) > 0.6 * width
    if outside:
        n_rows = len(names) + bool(kwargs.get("title"))
        size = next((s for s in LEGEND_SIZES if 1.4 * s * n_rows <= height), LEGEND_SIZES[-1])
        n_columns = math.ceil(1.4 * size * n_rows / max(height, 1.0))
        names = fitting(names, 0.55 * width / n_columns - 3 * size, size)
        kwargs = {
            "loc": "upper left", "bbox_to_anchor": (1.01, 1), "borderaxespad": 0,
            "frameon": False, "ncols": n_columns, "columnspacing": 1.0, "fontsize": size,
            "title_fontsize": size, "labelspacing": 0.3, "markerscale": size / FONT_SIZE, **kwargs,
        }  # fmt: skip
    legend = ax.legend(handles, names, **kwargs)
    write_as_is(*legend.get_texts(), legend.get_title())
    return legend


def label_steps(ax: Any, places: Any, names: Sequence[str] | None) -> None:
    """Name the steps at the axis, or number them where there are no names or too many.

    Of more names than there is room for, every second one is written, or every third, and so on.
    """
    if names is None or len(names) > MOST_NAMES or not len(names):
        ax.set_xlabel("step")
        mark_every_whole(ax.xaxis)
        return
    width, height = room(ax)
    shown = fitting(list(map(visible, names)), 0.5 * height)
    upright = len(shown) > 12 or max(map(len, shown)) > 12
    every = max(1, math.ceil(len(shown) * 1.1 * FONT_SIZE / max(width, 1.0)))
    ax.set_xticks(
        places[::every],
        shown[::every],
        rotation=90 if upright else 45,
        ha="center" if upright else "right",
        **({} if upright else {"rotation_mode": "anchor"}),
        **as_written(shown),
    )


def turn_if_overlapping(ax: Any) -> None:
    """Write the marks of the horizontal axis upright if they would overlap."""
    root_of(ax).draw_without_rendering()
    boxes = [label.get_window_extent() for label in ax.get_xticklabels()]
    if any(one.overlaps(other) for one, other in pairwise(boxes)):
        ax.tick_params(axis="x", rotation=90)


def write_title(ax: Any, title: str, pad: float | None = None) -> None:
    """Write a title, wrapped at the width of the axes, `pad` points above them."""
    width, _ = room(ax)
    ax.set_title(
        textwrap.fill(title, max(FEWEST_LETTERS, int(width / (LETTER * FONT_SIZE)))),
        fontsize=FONT_SIZE,
        pad=pad,
        **as_written([title]),
    )


def label_rows(ax: Any, places: Sequence[int], names: Sequence[str]) -> None:
    """Name rows at the vertical axis, in smaller letters where there are many."""
    width, height = room(ax)
    low, high = ax.get_ylim()
    size = min(FONT_SIZE, max(4.0, 0.8 * height / max(1.0, abs(high - low))))
    shown = fitting(list(map(visible, names)), 0.45 * width, size)
    ax.set_yticks(places, shown, fontsize=size, **as_written(shown))
