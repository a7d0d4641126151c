"""Tables of what was measured, in Markdown that also reads well in a terminal."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks._contenders import CONTENDERS
from benchmarks._data import TITLES

Run = dict[str, Any]
MISSING = "-"


@dataclass(frozen=True)
class Row:
    """A contender on one data set: medians over its seeds, and how far accuracy spreads."""

    contender: str
    title: str
    published: float | None
    accuracy: float
    lowest: float
    highest: float
    n_seeds: int
    log_loss: float
    prepare: float | None
    fit: float
    predict: float
    memory: float

    @property
    def training(self) -> float:
        """Seconds from texts to a fitted model, preparation included."""
        return self.fit + (self.prepare or 0.0)


def by_data(runs: list[Run]) -> dict[str, list[Run]]:
    """Return the runs of each data set, the data sets in the order of `TITLES`."""
    names = [name for name in TITLES if any(run["data"]["name"] == name for run in runs)]
    return {name: [run for run in runs if run["data"]["name"] == name] for name in names}


def summarize(runs: list[Run]) -> list[Row]:
    """Return a row per contender, in the order of `CONTENDERS`."""
    groups = {
        name: [run for run in runs if run["contender"] == name]
        for name in CONTENDERS
        if any(run["contender"] == name for run in runs)
    }
    return [_row(name, group) for name, group in groups.items()]


def _row(name: str, runs: list[Run]) -> Row:
    contender = CONTENDERS[name]
    accuracies = [100 * run["accuracy"] for run in runs]
    prepare = [run["seconds"]["prepare"] for run in runs if run["seconds"]["prepare"] is not None]
    return Row(
        contender=name,
        title=contender.title,
        published=contender.published,
        accuracy=median(accuracies),
        lowest=min(accuracies),
        highest=max(accuracies),
        n_seeds=len(runs),
        log_loss=median(run["log_loss"] for run in runs),
        prepare=median(prepare) if prepare else None,
        fit=median(run["seconds"]["fit"] for run in runs),
        predict=median(run["seconds"]["predict"] for run in runs),
        memory=median(run["memory_mb"]["peak"] for run in runs),
    )


def table(rows: list[Row], *, published: bool = False) -> str:
    """Return an aligned Markdown table; `published` adds what the tutorial printed."""
    columns = {
        "model": [row.title for row in rows],
        "accuracy, %": [_accuracy(row) for row in rows],
        "published, %": [_number(row.published, 2) for row in rows] if published else [],
        "log loss": [_number(row.log_loss, 3) for row in rows],
        "prepare, s": [seconds(row.prepare) for row in rows]
        if any(r.prepare for r in rows)
        else [],
        "fit, s": [seconds(row.fit) for row in rows],
        "predict, s": [seconds(row.predict) for row in rows],
        "peak memory, MB": [f"{row.memory:,.0f}" for row in rows],
    }
    return markdown({head: cells for head, cells in columns.items() if cells})


def _accuracy(row: Row) -> str:
    middle = f"{row.accuracy:.2f}"
    if row.n_seeds == 1:
        return middle
    return f"{middle} ({row.lowest:.2f} to {row.highest:.2f})"


def _number(value: float | None, digits: int) -> str:
    return MISSING if value is None else f"{value:.{digits}f}"


def seconds(value: float | None) -> str:
    """Return seconds as text with about three digits, and never as zero."""
    if value is None:
        return MISSING
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 1 else f"{max(value, 0.01):.2f}"


def markdown(columns: dict[str, list[str]]) -> str:
    """Return a table whose first column is aligned left and the others right."""
    heads = list(columns)
    widths = [max(3, len(head), *map(len, columns[head])) for head in heads]
    rules = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    lines = [heads, rules, *zip(*columns.values(), strict=True)]
    return "\n".join(
        f"| {' | '.join(_pad(cell, width, i) for i, (cell, width) in cells)} |"
        for line in lines
        if (cells := list(enumerate(zip(line, widths, strict=True))))
    )


def _pad(cell: str, width: int, column: int) -> str:
    return cell.rjust(width) if column else cell.ljust(width)


def notes(runs: list[Run]) -> list[str]:
    """Return what a reader of the table of one data set has to know."""
    found = [_sizes(runs)]
    counts = {row.n_seeds for row in summarize(runs)} - {1}
    if counts:
        found.append("With more than one seed: the median, in brackets the lowest and highest.")
    if runs[0]["data"]["name"] != "digits":
        found.append("Fitting and predicting include splitting texts into words.")
    if any(run["seconds"]["prepare"] for run in runs):
        found.append("Prepare: training word vectors on the training and the unlabelled texts.")
    return [*found, _memory(runs), *_warnings(runs)]


def _sizes(runs: list[Run]) -> str:
    sizes = sorted({(run["n_train"], run["n_test"]) for run in runs}, reverse=True)
    of = "held-out training" if any(run["data"]["validate"] for run in runs) else "test"
    texts = [
        f"{n_train:,} samples to train on, {n_test:,} {of} samples" for n_train, n_test in sizes
    ]
    return "; ".join(texts) + "."


def _memory(runs: list[Run]) -> str:
    parts = []
    for needs_torch in (True, False):
        before = [
            run["memory_mb"]["before"]
            for run in runs
            if (run["environment"]["torch_threads"] is not None) == needs_torch
        ]
        if before:
            parts.append(f"{median(before):,.0f} MB with{'' if needs_torch else 'out'} torch")
    return (
        "Peak memory is that of the whole process, one per model; with nothing but libraries and "
        f"data loaded it is {', '.join(parts)}."
    )


def surroundings(runs: list[Run]) -> list[str]:
    """Return a line for each surrounding that runs were made in; one, if all went well."""
    lines: dict[str, list[str]] = {}
    threads = {run["environment"]["torch_threads"] for run in runs} - {None}
    for run in runs:
        env = run["environment"]
        used = env["torch_threads"] or max(threads, default="none")
        versions = [f"{name} {env[name]}" for name in ("scikit-learn", "torch", "sklstm")]
        line = (
            f"{env['cpus']} CPU cores, torch threads: {used}; Python {env['python']}, "
            f"{', '.join(versions)} ({run['commit'] or 'no commit'})"
        )
        lines.setdefault(line, []).append(run["date"])
    return [f"{line}; {_dates(dates)}." for line, dates in lines.items()]


def _dates(dates: list[str]) -> str:
    first, last = min(dates), max(dates)
    return first if first == last else f"{first} to {last}"


def _warnings(runs: list[Run]) -> list[str]:
    found: dict[str, list[str]] = {}
    for run in runs:
        for warning in run["warnings"]:
            titles = found.setdefault(warning.splitlines()[0].rstrip("."), [])
            if (title := CONTENDERS[run["contender"]].title) not in titles:
                titles.append(title)
    return [f"{', '.join(titles)} warned: {warning}." for warning, titles in found.items()]


def sections(runs: list[Run], *, published: bool = False) -> str:
    """Return a table and its notes for each data set, under a heading if there are several."""
    groups = by_data(runs)
    parts = []
    for name, group in groups.items():
        heading = f"## {TITLES[name]}\n\n" if len(groups) > 1 else ""
        body = table(summarize(group), published=published)
        listed = "\n".join(f"- {note}" for note in notes(group))
        parts.append(f"{heading}{body}\n\n{listed}")
    parts.append("\n".join(f"Measured on {line}" for line in surroundings(runs)))
    return "\n\n".join(parts)


def marks(table: str) -> tuple[str, str]:
    """Return what stands in front of a table in README.md, and behind it."""
    return f"<!-- {table}-table:start -->", f"<!-- {table}-table:end -->"


def fill(text: str, content: str, table: str) -> str:
    """Return `text` with `content` in place of all that is between the marks of a table.

    Raises
    ------
    ValueError
        If a mark is missing, comes twice, or the end comes first.
    """
    start, end = marks(table)
    if text.count(start) != 1 or text.count(end) != 1 or text.index(start) > text.index(end):
        raise ValueError(f"expected {start} once, and {end} once after it")
    head, rest = text.split(start)
    _, tail = rest.split(end)
    return f"{head}{start}\n{content.strip()}\n{end}{tail}"


def fill_file(path: Path, content: str, table: str) -> None:
    """Fill a file between the marks of a table; leave it alone if nothing changes."""
    text = path.read_text(encoding="utf-8")
    filled = fill(text, content, table)
    if filled != text:
        path.write_text(filled, encoding="utf-8")
