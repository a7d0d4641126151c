"""What the displays share: axes, and the marks on them."""

from __future__ import annotations

from typing import Any


def axes_of(ax: Any, width: float = 6.4, height: float = 4.0) -> Any:
    """Return `ax`, or the axes of a new figure."""
    if ax is not None:
        return ax
    from matplotlib import pyplot as plt

    return plt.subplots(figsize=(width, height), layout="constrained")[1]


def mark_every_whole(axis: Any) -> None:
    """Put marks at whole numbers only."""
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator(integer=True))
