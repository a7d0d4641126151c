"""Table and plot of accuracy by the number of labels."""

from __future__ import annotations

from pathlib import Path
from statistics import median

from benchmarks._report import Run, markdown, seconds


def table(runs: list[Run], titles: dict[str, str]) -> str:
    """Return a row per model, medians over the seeds with the lowest and highest accuracy."""
    sizes = sorted({run["data"]["labels"] for run in runs})
    names = [name for name in titles if any(run["contender"] == name for run in runs)]
    columns: dict[str, list[str]] = {"model": [titles[name] for name in names]}
    for size in sizes:
        columns[f"{size:,} labels, accuracy, %"] = [
            _spread([100 * run["accuracy"] for run in _of(runs, name, size)]) for name in names
        ]
    for size in (sizes[0], sizes[-1])[: len(sizes)]:
        columns[f"fit at {size:,}, CPU s"] = [
            seconds(median(run["seconds"]["fit"] for run in _of(runs, name, size)))
            if _of(runs, name, size)
            else "-"
            for name in names
        ]
    return markdown(columns)


def _of(runs: list[Run], name: str, size: int) -> list[Run]:
    return [run for run in runs if run["contender"] == name and run["data"]["labels"] == size]


def _spread(values: list[float]) -> str:
    if not values:
        return "-"
    middle = f"{median(values):.2f}"
    return middle if len(values) == 1 else f"{middle} ({min(values):.2f} to {max(values):.2f})"


def plot(runs: list[Run], titles: dict[str, str], path: Path) -> Path:
    """Plot accuracy against the number of labels: every run, and a line through the medians."""
    from matplotlib import pyplot as plt

    from benchmarks._plots import COLOURS, GREY, STYLE, _apart, _label, _save

    names = [name for name in titles if any(run["contender"] == name for run in runs)]
    sizes = sorted({run["data"]["labels"] for run in runs})
    colours = dict(zip([name for name in names if name != "tfidf"], COLOURS, strict=False))
    with plt.rc_context(STYLE):
        figure, ax = plt.subplots(figsize=(9, 5), layout="constrained")
        ax.set_xscale("log")
        ax.grid(alpha=0.25)
        ends = {}
        for name in names:
            groups = {size: _of(runs, name, size) for size in sizes if _of(runs, name, size)}
            found = {size: [100 * run["accuracy"] for run in g] for size, g in groups.items()}
            colour = colours.get(name, GREY)
            middles = [median(values) for values in found.values()]
            ax.plot(list(found), middles, color=colour, linestyle="-" if name in colours else "--")
            ax.fill_between(
                list(found), [min(v) for v in found.values()], [max(v) for v in found.values()],
                color=colour, alpha=0.15, linewidth=0,
            )  # fmt: skip
            for size, values in found.items():
                ax.plot([size] * len(values), values, "o", color=colour, markersize=3)
            ends[name] = middles[-1]
        low, high = ax.get_ylim()
        heights = _apart(list(ends.values()), 0.055 * (high - low))
        for name, height in zip(ends, heights, strict=True):
            _label(ax, titles[name], height, colours.get(name, GREY))
        ax.set_xticks(sizes, [f"{size:,}" for size in sizes])
        ax.set_xticks([], minor=True)
        ax.set_xlabel("labelled reviews to train on (log scale)")
        ax.set_ylabel("accuracy on 25,000 test reviews, %")
        ax.set_title("IMDB film reviews: median, lowest and highest of three draws")
        return _save(figure, path)
