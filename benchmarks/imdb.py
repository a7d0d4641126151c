"""Compare LSTMs with TF-IDF and logistic regression on the IMDB film reviews.

The four networks of a well-known tutorial, the best LSTM found, the untouched defaults and two
classical baselines, each in a separate process, on all 25,000 + 25,000 reviews::

    python benchmarks/imdb.py

A run that was stopped resumes where it was. `benchmarks/demo.py` takes 2,000 reviews and a minute.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

if not __package__:  # started as a file: find the package `benchmarks` all the same
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import harness, report
from benchmarks.contenders import CONTENDERS
from benchmarks.data import TITLES, DataSpec, load, load_unlabelled
from benchmarks.harness import Run, Study, Task

FULL = (
    "lstm", "lstm-steadied", "lstm-dropout", "lstm-recurrent-dropout", "cnn-lstm",
    "best", "defaults", "tfidf-5000", "tfidf-tuned",
)  # fmt: skip
PUBLISHED = """\
Published: the accuracy that the tutorial printed for its network, made with Keras 1. Its third
network dropped inputs and states inside the LSTM; here dropout is before the LSTM and after it,
and recurrent dropout drops recurrent weights, one draw per batch."""


# ------------------------------------------------------------------------------------------
# What is run


def tasks(args: argparse.Namespace) -> list[Task]:
    """Return what to run, after saying on which data."""
    data = DataSpec("imdb", validate=args.validate)
    print(
        f"Data: {TITLES['imdb']}, {'a validation split' if args.validate else 'all'}.", flush=True
    )
    return plan([name for name in FULL if not args.only or name in args.only], data, args.seeds)


def plan(names: Iterable[str], data: DataSpec, seeds: int | None) -> list[Task]:
    """Return a task for every contender and seed."""
    return [task(name, data, seed) for name in names for seed in CONTENDERS[name].seeds(seeds)]


def task(name: str, data: DataSpec, seed: int) -> Task:
    """Return one contender on one data set with one seed."""
    contender = CONTENDERS[name]
    prepare = contender.about.get("prepare")
    params = harness.parameters(contender.build(seed))
    settings = prepare.settings if prepare else None
    identity = harness.identify(name, asdict(data), seed, params, prepare=settings)
    seeded = f", seed {seed}" if contender.n_seeds != 0 else ""
    job = {"contender": name, "seed": seed, "verbose": int(sys.stderr.isatty())}

    def run(folder: Path) -> Run:
        files = {"data": harness.stage(folder / data.file, lambda: parts(data))}
        if prepare:
            path = folder / f"{data.name}-unlabelled.npz"
            files["unlabelled"] = harness.stage(path, lambda: {"X": load_unlabelled(data)})
        return harness.apart(measure, job | files)

    size = f", {data.n_train:,} to train on" if data.n_train else ""
    return Task(f"{contender.title} on {TITLES[data.name]}{size}{seeded}", identity, run)


def parts(data: DataSpec) -> dict[str, Any]:
    return dict(zip(("X_train", "y_train", "X_test", "y_test"), load(data), strict=True))


def measure(job: Run) -> Run:
    """Fit and score a contender in this process, of a job as `task` makes it."""
    staged = harness.staged(job["data"])
    unlabelled = harness.staged(job["unlabelled"])["X"] if job.get("unlabelled") else []
    contender = CONTENDERS[job["contender"]]
    estimator, prepare = contender.build(job["seed"]), contender.about.get("prepare")
    if "lstmclassifier" in estimator.named_steps:
        estimator.set_params(lstmclassifier__verbose=job.get("verbose", 0))
    harness.forget_peak_memory()
    measured = harness.measure(
        estimator,
        [staged[name] for name in ("X_train", "y_train", "X_test", "y_test")],
        score,
        prepare=prepare
        and (lambda model: prepare(model, staged["X_train"], unlabelled, job["seed"])),
    )
    rows = getattr(estimator[-1], "history_", [])  # what training left for each epoch
    numbers = [{n: float(v) for n, v in row.items() if isinstance(v, (int, float))} for row in rows]
    return {**measured, "history": numbers}


def score(model: Any, X: Any, y: Any, predicted: Any) -> dict[str, float]:
    found = harness.probability_scores(model, X, y, model.predict_proba(X))
    return {**found, "accuracy": float((predicted == y).mean())}


# ------------------------------------------------------------------------------------------
# What is shown, also of the study of the defaults


def sections(runs: list[Run], *, published: bool = False) -> str:
    """Return a table and its notes for each data set, under a heading if there are several."""
    groups = report.by_data(runs, TITLES)
    texts = []
    for name, group in groups.items():
        heading = f"## {TITLES[name]}\n\n" if len(groups) > 1 else ""
        listed = "\n".join(f"- {note}" for note in notes(group))
        texts.append(f"{heading}{table(group, published=published)}\n\n{listed}")
    return "\n\n".join([*texts, "\n".join(report.surroundings(runs))])


def table(runs: list[Run], *, published: bool = False) -> str:
    """Return a row for each contender; `published` adds what the tutorial printed."""

    def printed(group: list[Run]) -> str:
        found = CONTENDERS[group[0]["contender"]].about.get("published")
        return f"{found:.2f}" if found else report.MISSING

    prepared = report.values(runs, "seconds.prepare")
    columns = {
        "accuracy, %": report.spread("accuracy", 2, 100),
        **({"published, %": printed} if published else {}),
        "log loss": report.middle("log_loss", 3),
        **({"prepare, s": report.took("seconds.prepare")} if prepared else {}),
        "fit, s": report.took("seconds.fit"),
        "predict, s": report.took("seconds.predict"),
        "peak memory, MB": report.middle("memory_mb.peak", 0),
    }
    return report.table(report.by_contender(runs, CONTENDERS), columns)


def notes(runs: list[Run]) -> list[str]:
    """Return what a reader of the table of one data set has to know."""
    groups = report.by_contender(runs, CONTENDERS)
    of = "held-out training" if any(run["data"]["validate"] for run in runs) else "test"
    sizes = sorted({(run["n_train"], run["n_test"]) for run in runs}, reverse=True)
    texts = [f"{train:,} samples to train on, {test:,} {of} samples" for train, test in sizes]
    found = [f"{'; '.join(texts)}."]
    if any(len(group) > 1 for group in groups.values()):
        found.append("With more than one seed: the median, in brackets the lowest and highest.")
    found.append("Fitting and predicting include splitting texts into words.")
    if report.values(runs, "seconds.prepare"):
        found.append("Prepare: training word vectors on the training and the unlabelled texts.")
    before: dict[str, list[float]] = {}
    for run in sorted(runs, key=lambda run: run["environment"]["torch_threads"] is None):
        torch = "without" if run["environment"]["torch_threads"] is None else "with"
        before.setdefault(torch, []).append(run["memory_mb"]["before"])
    held = [f"{median(found):,.0f} MB {torch} torch" for torch, found in before.items()]
    found.append(
        "Peak memory is that of the whole process, one per model; with nothing but libraries and "
        f"data loaded it is {', '.join(held)}."
    )
    warned: dict[str, list[str]] = {}
    for title, group in groups.items():
        for warning in {text for run in group for text in run["warnings"]}:
            warned.setdefault(warning.splitlines()[0].rstrip("."), []).append(title)
    return found + [f"{', '.join(titles)} warned: {text}." for text, titles in warned.items()]


def page(runs: list[Run], args: argparse.Namespace) -> str:
    note = "" if args.validate else PUBLISHED
    return f"{sections(runs, published=not args.validate)}\n\n{note}".rstrip()


def shown(runs: list[Run]) -> str:
    """Return what the page of benchmarks shows."""
    listed = [
        *notes(runs),
        *(line.removeprefix("Measured on ") for line in report.surroundings(runs)),
    ]
    bullets = "\n".join(f"- {note}" for note in (*listed, " ".join(PUBLISHED.split())))
    text = table(runs, published=True)
    return f"{text}\n\nMeasured by `python benchmarks/imdb.py`:\n\n{bullets}"


# ------------------------------------------------------------------------------------------
# What is drawn


def plots(runs: list[Run], args: argparse.Namespace, folder: Path) -> list[Path]:
    """Draw losses, and accuracy by seconds."""
    paths = []
    if any(run["history"] for run in runs):
        paths.append(learning_curves(runs, folder / "imdb_learning_curves.png"))
    if reviews := report.by_data(runs, ["imdb"]).get("imdb"):
        paths.append(accuracy_time(reviews, folder / "imdb_accuracy_time.png"))
    return paths


def colours(runs: list[Run]) -> dict[str, str]:
    """Return a colour per contender's title: grey for the baselines, the others each their own."""
    present = {run["contender"] for run in runs}
    shown = [contender for name, contender in CONTENDERS.items() if name in present]
    lstms = [contender.title for contender in shown if contender.n_seeds != 0]
    own = {title: report.COLOURS[i % len(report.COLOURS)] for i, title in enumerate(lstms)}
    return {contender.title: own.get(contender.title, report.GREY) for contender in shown}


def learning_curves(runs: list[Run], path: Path) -> Path:
    """Plot the losses after each epoch, a panel per data set."""
    groups = report.by_data([run for run in runs if run["history"]], TITLES)
    size = {"figsize": (8.5 * len(groups), 4.5), "squeeze": False}
    with report.figure(path, 1, len(groups), **size) as panels:
        for ax, (name, group) in zip(panels[0], groups.items(), strict=True):
            losses(ax, group)
            ax.set_title(f"{TITLES[name]}: {group[0]['n_train']:,} samples to train on")
    return path


def losses(ax: Any, runs: list[Run]) -> None:
    from matplotlib.ticker import MaxNLocator

    own, ends, dashed = colours(runs), {}, ""
    for run in runs:
        title, epochs = CONTENDERS[run["contender"]].title, range(1, len(run["history"]) + 1)
        trained = report.values(run["history"], "train_loss")
        held_out = report.values(run["history"], "valid_loss")
        ax.plot(epochs, trained, color=own[title], marker="o", markersize=3)
        ends.setdefault(title, trained[-1])
        if len(held_out) == len(trained):
            ax.plot(epochs, held_out, color=own[title], linestyle="--")
            dashed = " (dashed: on held-out training data)"
    ax.set_ylim(bottom=0)
    ax.set_xlabel("epoch")
    ax.set_ylabel(f"training loss{dashed}")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    report.label(ax, ends, own, 0.055)


def accuracy_time(runs: list[Run], path: Path) -> Path:
    """Plot accuracy against the seconds that training takes."""
    from matplotlib.ticker import FuncFormatter

    own, groups = colours(runs), report.by_contender(runs, CONTENDERS)
    scores = {title: [100 * run["accuracy"] for run in group] for title, group in groups.items()}
    low, high = min(map(min, scores.values())), max(map(max, scores.values()))
    margin = max(0.1 * (high - low), 0.5)
    with report.figure(path, figsize=(9, 5)) as ax:
        ax.set_xscale("log")
        ax.grid(alpha=0.25)
        ax.set_ylim(low - margin, high + margin)
        middles = {title: median(found) for title, found in scores.items()}
        for title, height in report.label(ax, middles, own, 0.05).items():
            found, middle = scores[title], middles[title]
            spent = [report.values(groups[title], f"seconds.{part}") for part in ("prepare", "fit")]
            trained = sum(median(seconds) for seconds in spent if seconds)
            ends = [[middle - min(found)], [max(found) - middle]]
            ax.errorbar(trained, middle, ends, fmt="o", color=own[title], capsize=3)
            ax.annotate(
                "", (trained, middle), (1.015, height), annotation_clip=False,
                textcoords=ax.get_yaxis_transform(),
                arrowprops={"arrowstyle": "-", "color": own[title], "lw": 0.6, "alpha": 0.6},
            )  # fmt: skip
        ax.margins(x=0.08)
        ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
        ax.set_xlabel("seconds to fit, preparation included (log scale)")
        ax.set_ylabel("accuracy, %")
        ax.set_title(f"{TITLES['imdb']}: {runs[0]['n_train']:,} to train on")
    return path


STUDY = Study(
    name="imdb",
    title="LSTMs beside TF-IDF + logistic regression (LR)",
    about=__doc__,
    contenders=FULL,
    tasks=tasks,
    page=page,
    guide="docs/benchmarks.md",
    shown=shown,
    plots=plots,
    options=harness.VALIDATE,
)

if __name__ == "__main__":
    STUDY.run()
