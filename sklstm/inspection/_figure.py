"""What the displays share: axes, the marks on them, and texts of users."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

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
LONGEST_NAME = 24
_POINTS_PER_NAME = 11.0  # of the axis, for names that are written upright


def axes_of(ax: Any, width: float = 6.4, height: float = 4.0) -> Any:
    """Return `ax`, or the axes of a new figure."""
    if ax is not None:
        return ax
    from matplotlib import pyplot as plt

    return plt.subplots(figsize=(width, height), layout="constrained")[1]


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


def write_as_is(*artists: Any) -> None:
    """Have texts that have been drawn, such as those of a legend, written as they are."""
    for text in artists:
        text.set(**as_written([text.get_text()]))


def place_legend(ax: Any, *, outside: bool, **kwargs: Any) -> Any:
    """Draw a legend, inside the axes or to the right of them, and return it.

    Outside, it has as many columns as it needs not to be higher than the axes.
    """
    if outside:
        n_entries = len(
            kwargs["handles"] if "handles" in kwargs else ax.get_legend_handles_labels()[0]
        )
        height = ax.get_window_extent().height / ax.figure.dpi * 72  # in points
        fitting = max(4, int(height / 15.5))
        kwargs = {
            "loc": "upper left", "bbox_to_anchor": (1.01, 1), "borderaxespad": 0,
            "frameon": False, "ncols": math.ceil(n_entries / fitting), "columnspacing": 1.0,
            **kwargs,
        }  # fmt: skip
        if kwargs["ncols"] > 1:
            kwargs.setdefault("fontsize", "small")
    legend = ax.legend(**kwargs)
    write_as_is(*legend.get_texts(), legend.get_title())
    return legend


def shortened(name: str, longest: int = LONGEST_NAME) -> str:
    """Return a name, cut if it is long."""
    return name if len(name) <= longest else f"{name[: longest - 1]}\u2026"


def label_steps(ax: Any, places: Any, names: Sequence[str] | None) -> None:
    """Name the steps at the axis, or number them where there are no names or too many.

    Of more names than there is room for, every second one is written, or every third, and so on.
    """
    if names is None or len(names) > MOST_NAMES or not len(names):
        ax.set_xlabel("step")
        mark_every_whole(ax.xaxis)
        return
    shown = [shortened(name) for name in names]
    upright = len(shown) > 12 or max(map(len, shown)) > 12
    width = ax.get_window_extent().width / ax.figure.dpi * 72  # in points
    every = max(1, math.ceil(len(shown) * _POINTS_PER_NAME / max(width, 1.0)))
    ax.set_xticks(
        places[::every],
        shown[::every],
        rotation=90 if upright else 45,
        ha="center" if upright else "right",
        **({} if upright else {"rotation_mode": "anchor"}),
        **as_written(shown),
    )
