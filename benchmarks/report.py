"""Tables, pages and plots, made from runs alone; the tables also read well in a terminal."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

Run = dict[str, Any]
Column = Callable[[list[Run]], str]  # from the runs of a row to its cell
MISSING = "-"

# ------------------------------------------------------------------------------------------
# Tables


def markdown(columns: Mapping[str, Sequence[str]], align: str = "") -> str:
    """Return a table in Markdown.

    Its cells are padded, the first column aligned left and the others right; with `align`, a
    letter for each column (left, right, or n for neither), they are not.
    """
    heads = list(columns)
    rows = list(zip(*columns.values(), strict=True))
    if align:
        kinds = {"l": "---", "r": "---:", "n": "---"}
        rules = [kinds[letter] for letter in align]
        plain = [heads, rules, *rows]
        return "\n".join(" ".join(f"| {cell}".rstrip() for cell in [*row, ""]) for row in plain)
    widths = [max(3, len(head), *map(len, columns[head])) for head in heads]
    rules = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    kinds = ["<", *">" * len(widths)]
    return "\n".join(
        f"| {' | '.join(map('{:{}{}}'.format, row, kinds, widths))} |"
        for row in [heads, rules, *rows]
    )


def table(
    groups: Mapping[str, list[Run]],
    columns: Mapping[str, Column],
    head: str = "model",
    align: str = "",
) -> str:
    """Return a table with a row for each group of runs, under its name."""
    cells = {name: [column(runs) for runs in groups.values()] for name, column in columns.items()}
    return markdown({head: list(groups), **cells}, align)


def by_contender(runs: Iterable[Run], names: Iterable[str]) -> dict[str, list[Run]]:
    """Return the runs of each contender, by its title if `names` maps to what has one."""
    groups = grouped(runs, lambda run: run["contender"])
    named = names if isinstance(names, Mapping) else {}
    titles = {name: getattr(named.get(name), "title", name) for name in names}
    return {title: groups[name] for name, title in titles.items() if name in groups}


def grouped(runs: Iterable[Any], key: Callable[[Any], Any]) -> dict[Any, list[Any]]:
    """Return the runs of each key, in the order in which they come."""
    groups: dict[Any, list[Run]] = {}
    for run in runs:
        groups.setdefault(key(run), []).append(run)
    return groups


def by_data(runs: Iterable[Run], names: Iterable[str]) -> dict[str, list[Run]]:
    """Return the runs of each data set that has some, in the order of `names`."""
    groups = grouped(runs, lambda run: run["data"]["name"])
    return {name: groups[name] for name in names if name in groups}


def by_labels(runs: Iterable[Run]) -> dict[int, list[Run]]:
    """Return the runs of each number of labels, from few to many."""
    groups = grouped(runs, lambda run: run["data"]["labels"])
    return {size: groups[size] for size in sorted(groups)}


def accuracies(groups: Mapping[str, list[Run]]) -> dict[str, dict[int, list[float]]]:
    """Return the accuracies in percent of each group of runs, by the number of labels."""

    def percent(runs: list[Run]) -> dict[int, list[float]]:
        sizes = by_labels(runs).items()
        return {size: [100 * run["accuracy"] for run in own] for size, own in sizes}

    return {name: percent(runs) for name, runs in groups.items()}


def values(runs: Iterable[Run], path: str) -> list[Any]:
    """Return what runs hold at a path of keys and dots, without those that lack it or hold None."""
    found = []
    for run in runs:
        value: Any = run
        for key in path.split("."):
            value = value.get(key) if isinstance(value, dict) else None
        if value is not None:
            found.append(value)
    return found


def column(path: str, show: Callable[[list[Any]], str]) -> Column:
    """Return a column of what runs hold at a path, shown together."""

    def cell(runs: list[Run]) -> str:
        found = values(runs, path)
        return show(found) if found else MISSING

    return cell


def draws(runs: Iterable[Run]) -> str:
    """Return in a sentence what tables of medians over draws show."""
    n = len({run["seed"] for run in runs})
    if n == 1:
        return "One draw of the training texts."
    return f"Medians over up to {n} draws, of several with the lowest and highest in brackets."


def spread(
    path: str, places: int, scale: float = 1, middle: Callable[[list[float]], float] = median
) -> Column:
    """Return a column of medians, of several runs with the lowest and highest in brackets."""

    def show(found: list[float]) -> str:
        # The 0.0 turns a rounded -0.0 into 0.0.
        texts = [
            f"{round(scale * value, places) + 0.0:.{places}f}"
            for value in (middle(found), min(found), max(found))
        ]
        return texts[0] if len(found) == 1 else f"{texts[0]} ({texts[1]} to {texts[2]})"

    return column(path, show)


def middle(path: str, places: int, scale: float = 1) -> Column:
    """Return a column of medians."""
    return column(path, lambda found: f"{scale * median(found):,.{places}f}")


def took(path: str) -> Column:
    """Return a column of median seconds."""
    return column(path, lambda found: seconds(median(found)))


def seconds(value: float) -> str:
    """Return seconds as text with about three digits, and never as zero."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 1 else f"{max(value, 0.01):.2f}"


def of_problems(
    problems: Iterable[Any], runs: list[Run], digits: Mapping[str, int], *, sizes: bool = True
) -> str:
    """Return a table for each `harness.Problem` that has runs.

    `digits` names the scores to show, and says how many decimals each gets.
    """
    columns: dict[str, Column] = {
        **{score: spread(f"scores.{score}", places) for score, places in digits.items()},
        "fit, s": took("seconds.fit"),
        "predict, s": took("seconds.predict"),
    }
    texts, posed = [], grouped(problems, lambda problem: problem.name)
    for name, group in by_data(runs, posed).items():
        size = f" {group[0]['n_train']:,} samples to train on, {group[0]['n_test']:,} to test."
        titles = {key: c for problem in posed[name] for key, c in problem.contenders.items()}
        shown = table(by_contender(group, titles), columns)
        texts.append(f"**{posed[name][-1].title}.**{size if sizes else ''}\n\n{shown}")
    return "\n\n".join(texts)


# ------------------------------------------------------------------------------------------
# What stands beside tables


def surroundings(runs: list[Run]) -> list[str]:
    """Return a line for each surrounding that runs were made in; one, if all went well."""
    threads = max(values(runs, "environment.torch_threads"), default="none")
    lines = grouped(runs, lambda run: _surrounding(run, threads))
    dates = {line: sorted(values(own, "date")) for line, own in lines.items()}
    return [
        f"Measured on {line}; {' to '.join(dict.fromkeys((days[0], days[-1])))}."
        for line, days in dates.items()
    ]


def _surrounding(run: Run, threads: Any) -> str:
    env = {name: value for name, value in run["environment"].items() if value is not None}
    code = f" ({run['commit'] or 'no commit'})" if "sklstm" in env else ""
    cpus = f"{env.pop('cpus')} CPU cores"
    if "torch_threads" in run["environment"] and {"torch", "sklstm"} <= env.keys():
        versions = ", ".join(f"{name} {env[name]}" for name in ("scikit-learn", "torch", "sklstm"))
        used = env.get("torch_threads", threads)
        return f"{cpus}, torch threads: {used}; Python {env['python']}, {versions}{code}"
    limit = env.pop("OMP_NUM_THREADS", None)
    env.pop("torch_threads", None)
    versions = ", ".join(f"{name} {version}" for name, version in env.items())
    return f"{cpus}{f', OMP_NUM_THREADS={limit}' if limit else ''}; {versions}{code}"


def warned(runs: list[Run]) -> list[str]:
    """Return what runs warned of, each once."""
    found = [
        f"{run['contender']} warned: {text.splitlines()[0]}"
        for run in runs
        for text in run["warnings"]
    ]
    return list(dict.fromkeys(found))


def loads(runs: list[Run]) -> str:
    """Return how busy the machine was."""
    found = values(runs, "load")
    return (
        "Load average of the machine before the runs, these included: "
        f"{min(found):.1f} to {max(found):.1f}."
    )


# ------------------------------------------------------------------------------------------
# Pages of the documentation


def marks(name: str) -> tuple[str, str]:
    """Return what stands before a table in a page, and after it."""
    return f"<!-- {name}-table:start -->", f"<!-- {name}-table:end -->"


def fill(path: Path, content: str, name: str) -> None:
    """Fill a file with `content` between the marks of a table; leave it if nothing changes.

    Raises
    ------
    ValueError
        If a mark is missing, comes twice, or the end comes first.
    """
    text, (start, end) = path.read_text(encoding="utf-8"), marks(name)
    if text.count(start) != 1 or text.count(end) != 1 or text.index(start) > text.index(end):
        raise ValueError(f"expected {start} once, and {end} once after it")
    head, tail = text.split(start)[0], text.split(end)[1]
    filled = f"{head}{start}\n{content.strip()}\n{end}{tail}"
    if filled != text:
        path.write_text(filled, encoding="utf-8")


# ------------------------------------------------------------------------------------------
# Plots

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


def pyplot() -> Any:
    """Return matplotlib's pyplot, which draws into files."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    return pyplot


@contextmanager
def figure(path: Path, *shape: int, **settings: Any) -> Iterator[Any]:
    """Yield the axes of a figure, or an array of them of this shape, and write it at the end."""
    plt = pyplot()
    with plt.rc_context(STYLE):
        drawn, axes = plt.subplots(*shape, layout="constrained", **settings)
        yield axes
        save(drawn, path)


def curves(
    ax: Any,
    found: Mapping[str, Mapping[int, Sequence[float]]],
    colours: Mapping[str, str],
    dashed: Collection[str] = (),
) -> None:
    """Draw what each model reached at each size, with a line through the medians.

    `found` maps names to sizes to values. Sizes are on a logarithmic axis; the lines of the names
    in `dashed`, those of baselines, are dashed.
    """
    ax.set_xscale("log")
    ax.grid(alpha=0.25)
    ends = {}
    for name, own in found.items():
        colour, line = colours[name], "--" if name in dashed else "-"
        lows, middles, highs = ([f(values) for values in own.values()] for f in (min, median, max))
        ax.plot(list(own), middles, color=colour, linestyle=line)
        ax.fill_between(list(own), lows, highs, color=colour, alpha=0.15, linewidth=0)
        for size, drawn in own.items():
            ax.plot([size] * len(drawn), drawn, "o", color=colour, markersize=3)
        ends[name] = middles[-1]
    sizes = sorted({size for own in found.values() for size in own})
    ax.set_xticks(sizes, [f"{size:,}" for size in sizes])
    ax.set_xticks([], minor=True)
    label(ax, ends, colours, 0.055)


def label(
    ax: Any, ends: Mapping[str, float], colours: Mapping[str, str], gap: float
) -> dict[str, float]:
    """Write names right of the plot, next to the ends of their lines; return the heights.

    `gap` is the least distance between two names, as a fraction of the axis.
    """
    low, high = ax.get_ylim()
    heights = apart(list(ends.values()), gap * (high - low))
    for name, height in zip(ends, heights, strict=True):
        where = {"va": "center", "transform": ax.get_yaxis_transform()}
        ax.text(1.02, height, name, color=colours[name], **where)
    return dict(zip(ends, heights, strict=True))


def apart(heights: Sequence[float], gap: float) -> list[float]:
    """Return the heights moved as little as it takes to lie at least `gap` apart, in pairs."""
    order = sorted(range(len(heights)), key=heights.__getitem__)
    moved = list(heights)
    for _ in range(100):
        for low, high in pairwise(order):
            overlap = gap - (moved[high] - moved[low])
            if overlap > 1e-9:
                moved[low] -= overlap / 2
                moved[high] += overlap / 2
    return moved


def save(figure: Any, path: Path, **settings: Any) -> Path:
    """Write a figure and forget it; return the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, **settings)
    pyplot().close(figure)
    return path
