"""Plots of what was measured."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from benchmarks._contenders import CONTENDERS
from benchmarks._data import TITLES
from benchmarks._report import Row, Run, by_data, seconds, summarize

# Okabe and Ito, without their yellow
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
GREY = "#666666"
STYLE = {
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
    "font.size": 10,
    "figure.dpi": 100,
    "savefig.dpi": 150,
}


def learning_curves(runs: list[Run], path: Path) -> Path | None:
    """Plot the losses after each epoch, a panel per data set; None if nothing has epochs."""
    groups = {name: [r for r in group if r["history"]] for name, group in by_data(runs).items()}
    groups = {name: group for name, group in groups.items() if group}
    if not groups:
        return None
    with plt.rc_context(STYLE):
        figure, panels = plt.subplots(
            1, len(groups), figsize=(8.5 * len(groups), 4.5), squeeze=False, layout="constrained"
        )
        for ax, (name, group) in zip(panels[0], groups.items(), strict=True):
            _losses(ax, group)
            ax.set_title(f"{TITLES[name]}: {group[0]['n_train']:,} samples to train on")
        return _save(figure, path)


def _losses(ax: Axes, runs: list[Run]) -> None:
    colours = _colours([run["contender"] for run in runs])
    ends: dict[str, float] = {}
    for run in runs:
        name, epochs = run["contender"], range(1, len(run["history"]) + 1)
        losses = [epoch["train_loss"] for epoch in run["history"]]
        ax.plot(epochs, losses, color=colours[name], marker="o", markersize=3)
        ends.setdefault(name, losses[-1])
        if _validated(run):
            held_out = [epoch["valid_loss"] for epoch in run["history"]]
            ax.plot(epochs, held_out, color=colours[name], linestyle="--")
    dashed = " (dashed: on held-out training data)" if any(map(_validated, runs)) else ""
    ax.set_ylim(bottom=0)
    ax.set_xlabel("epoch")
    ax.set_ylabel(f"training loss{dashed}")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    heights = _apart(list(ends.values()), 0.055 * ax.get_ylim()[1])
    for name, height in zip(ends, heights, strict=True):
        _label(ax, CONTENDERS[name].title, height, colours[name])


def _validated(run: Run) -> bool:
    return all("valid_loss" in epoch for epoch in run["history"])


def _colours(names: list[str]) -> dict[str, str]:
    """Return a colour per contender: grey for the baselines, the others each their own."""
    present = [name for name in CONTENDERS if name in names]
    lstms = [name for name in present if not _is_baseline(name)]
    return {
        name: COLOURS[lstms.index(name) % len(COLOURS)] if name in lstms else GREY
        for name in present
    }


def _is_baseline(name: str) -> bool:
    return CONTENDERS[name].n_seeds == 0


def _label(ax: Axes, text: str, height: float, colour: str) -> None:
    """Write a name right of the plot."""
    ax.text(1.02, height, text, color=colour, va="center", transform=ax.get_yaxis_transform())


def _apart(values: Sequence[float], gap: float) -> list[float]:
    """Return the values moved as little as it takes to lie at least `gap` apart, in pairs."""
    order = sorted(range(len(values)), key=values.__getitem__)
    moved = list(values)
    for _ in range(100):
        for low, high in pairwise(order):
            overlap = gap - (moved[high] - moved[low])
            if overlap > 1e-9:
                moved[low] -= overlap / 2
                moved[high] += overlap / 2
    return moved


def accuracy_time(rows: list[Row], title: str, path: Path) -> Path:
    """Plot accuracy against the seconds that training takes."""
    colours = _colours([row.contender for row in rows])
    low, high = min(row.lowest for row in rows), max(row.highest for row in rows)
    margin = max(0.1 * (high - low), 0.5)
    heights = _apart([row.accuracy for row in rows], 0.05 * (high - low + 2 * margin))
    with plt.rc_context(STYLE):
        figure, ax = plt.subplots(figsize=(9, 5), layout="constrained")
        ax.set_xscale("log")
        ax.grid(alpha=0.25)
        for row, height in zip(rows, heights, strict=True):
            colour = colours[row.contender]
            spread = [[row.accuracy - row.lowest], [row.highest - row.accuracy]]
            ax.errorbar(row.training, row.accuracy, spread, fmt="o", color=colour, capsize=3)
            _label(ax, row.title, height, colour)
            ax.annotate(
                "", (row.training, row.accuracy), (1.015, height), annotation_clip=False,
                textcoords=ax.get_yaxis_transform(),
                arrowprops={"arrowstyle": "-", "color": colour, "lw": 0.6, "alpha": 0.6},
            )  # fmt: skip
        ax.margins(x=0.08)
        ax.set_ylim(low - margin, high + margin)
        ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
        ax.set_xlabel("seconds to fit, preparation included (log scale)")
        ax.set_ylabel("accuracy, %")
        ax.set_title(title)
        return _save(figure, path)


def accuracy_bars(runs: list[Run], path: Path) -> Path:
    """Plot accuracy as bars with the seconds to fit beside them, a panel per data set."""
    groups = by_data(runs)
    with plt.rc_context(STYLE):
        figure, panels = plt.subplots(
            len(groups), 1, figsize=(7.5, 0.6 + 1.5 * len(groups)), sharex=True, squeeze=False,
            layout="constrained",
        )  # fmt: skip
        for ax, (name, group) in zip(panels[:, 0], groups.items(), strict=True):
            _bars(ax, summarize(group))
            ax.set_title(TITLES[name])
        panels[-1, 0].set_xlabel("accuracy, %")
        return _save(figure, path)


def _bars(ax: Axes, rows: list[Row]) -> None:
    for place, row in enumerate(rows):
        colour = GREY if _is_baseline(row.contender) else COLOURS[0]
        ax.barh(place, row.accuracy, color=colour, height=0.7)
        label = f"{row.accuracy:.1f}, fitted in {seconds(row.fit)} s"
        ax.annotate(
            label, (row.accuracy, place), (-6, 0), textcoords="offset points", va="center",
            ha="right", color="white",
        )  # fmt: skip
    ax.set_yticks(range(len(rows)), [row.title for row in rows])
    ax.invert_yaxis()
    ax.set_xlim(0, 100)
    ax.tick_params(axis="y", length=0)


def _save(figure: Any, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
    plt.close(figure)
    return path
