"""Fit models one after the other in this process, and keep the scores of every run."""

from __future__ import annotations

import argparse
import json
import time
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median
from typing import Any

import numpy as np

from benchmarks import _cli
from benchmarks._data import ROOT, look_beside_the_repository
from benchmarks._report import fill_file, markdown, seconds, surroundings
from benchmarks._runner import Results, commit, parameters
from benchmarks._worker import environment

GUIDE = ROOT / "docs" / "series.md"
Run = dict[str, Any]
Score = Callable[[Any, Any, np.ndarray], dict[str, float]]


@dataclass(frozen=True)
class Model:
    """A pipeline, made from a seed; `draws` if the seed makes a difference."""

    title: str
    build: Callable[[int], Any]
    draws: bool = True


@dataclass(frozen=True)
class Page:
    """What a program writes: its name, a heading, scores with their decimals, and notes."""

    name: str
    title: str
    digits: dict[str, int]
    notes: str


@dataclass(frozen=True)
class Problem:
    """A data set, loaded when it is needed, and what runs on it; `score` takes a fitted model."""

    name: str
    title: str
    load: Callable[[], tuple[Any, Any, Any, Any]]
    models: dict[str, Model]
    score: Score


def program(
    args: argparse.Namespace,
    page: Page,
    problems: list[Problem],
    n_seeds: int,
) -> int:
    """Measure what is asked for, and write and print the tables; return the exit status."""
    look_beside_the_repository()
    folder = _cli.folder(args)
    results = Results(folder / f"{page.name}.json")
    if args.n_train or args.n_test or args.epochs:
        raise SystemExit("--n-train, --n-test and --epochs are not for this program")
    if not args.report:
        for problem in problems:
            run(problem, results, args.seeds or n_seeds, args.only, fresh=args.fresh)
    tables = sections(problems, results.runs, page.digits)
    text = "\n\n".join([tables, *surrounded(results.runs)])
    print(f"\n{text}\n")
    command = f"python benchmarks/{page.name}.py{' --validate' if args.validate else ''}"
    path = folder / f"{page.name}.md"
    made = f"{page.notes}\n\nMade by `{command}`."
    path.write_text(f"# {page.title}\n\n{text}\n\n{made}\n", encoding="utf-8")
    written = [path]
    if folder == _cli.RESULTS:
        fill_file(GUIDE, f"{tables}\n\n{page.notes}", page.name)
        written.append(GUIDE)
    _cli.say_where(written)
    return 0


def run(
    problem: Problem,
    results: Results,
    n_seeds: int,
    only: Iterable[str] | None,
    *,
    fresh: bool = False,
) -> None:
    """Measure every model with every seed, unless a run of the same is there already.

    With `fresh`, what is measured again is measured whatever is there.
    """
    parts: tuple[Any, Any, Any, Any] | None = None
    for seed in range(n_seeds):
        for name, model in problem.models.items():
            if (only and name not in only) or (seed and not model.draws):
                continue
            estimator = model.build(seed)
            identity = identify(problem, name, seed, estimator)
            if fresh:
                results.drop([identity])
            elif results.find(identity):
                print(f"{problem.title}, {model.title}, seed {seed}: kept", flush=True)
                continue
            parts = parts or problem.load()
            measured = measure(estimator, parts, problem.score)
            results.add({**identity, "commit": commit(), **measured})
            shown = ", ".join(f"{key} {value:.4g}" for key, value in measured["scores"].items())
            print(f"{problem.title}, {model.title}, seed {seed}: {shown}", flush=True)


def identify(problem: Problem, name: str, seed: int, estimator: Any) -> Run:
    """Return what makes two runs the same, as JSON gives it back."""
    identity = {
        "contender": name,
        "data": {"name": problem.name},
        "seed": seed,
        "params": parameters(estimator),
        "prepare": None,
    }
    return json.loads(json.dumps(identity, default=lambda value: type(value).__name__))


def measure(estimator: Any, parts: tuple[Any, Any, Any, Any], score: Score) -> Run:
    """Fit and score a model."""
    X_train, y_train, X_test, y_test = parts
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        start = time.perf_counter()
        estimator.fit(X_train, y_train)
        fitted = time.perf_counter()
        estimator.predict(X_test)
        predicted = time.perf_counter()
        scores = score(estimator, X_test, y_test)
    return {
        "scores": scores,
        "n_train": len(y_train),
        "n_test": len(y_test),
        "seconds": {"fit": fitted - start, "predict": predicted - fitted},
        "warnings": sorted({f"{w.category.__name__}: {w.message}" for w in caught}),
        "environment": environment(),
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
    }


def table(problem: Problem, runs: list[Run], digits: dict[str, int]) -> str:
    """Return a row per model: medians over the seeds, with the lowest and highest score.

    `digits` names the scores to show, and says how many decimals each gets.
    """
    groups = {
        name: [run for run in runs if run["contender"] == name]
        for name in problem.models
        if any(run["contender"] == name for run in runs)
    }
    columns = {"model": [problem.models[name].title for name in groups]}
    for score, places in digits.items():
        columns[score] = [
            _spread([run["scores"].get(score) for run in group], places)
            for group in groups.values()
        ]
    for part in ("fit", "predict"):
        columns[f"{part}, s"] = [
            seconds(median(run["seconds"][part] for run in group)) for group in groups.values()
        ]
    return markdown(columns)


def _spread(values: list[float | None], places: int) -> str:
    known = [value for value in values if value is not None]
    if not known:
        return "-"
    # The 0.0 turns a rounded -0.0 into 0.0.
    middle, low, high = (
        f"{round(value, places) + 0.0:.{places}f}"
        for value in (median(known), min(known), max(known))
    )
    return middle if len(known) == 1 else f"{middle} ({low} to {high})"


def sections(problems: list[Problem], runs: list[Run], digits: dict[str, int]) -> str:
    """Return a table for each problem that has runs."""
    texts = []
    for problem in problems:
        group = [run for run in runs if run["data"]["name"] == problem.name]
        if group:
            sizes = f"{group[0]['n_train']:,} samples to train on, {group[0]['n_test']:,} to test."
            texts.append(f"**{problem.title}.** {sizes}\n\n{table(problem, group, digits)}")
    return "\n\n".join(texts)


def surrounded(runs: list[Run]) -> list[str]:
    """Return what the runs were measured on, and what they warned of."""
    found = [f"Measured on {line}" for line in surroundings(runs)]
    for run in runs:
        found += [f"{run['contender']} warned: {text.splitlines()[0]}" for text in run["warnings"]]
    return list(dict.fromkeys(found))
