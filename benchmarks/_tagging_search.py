"""The CRF of ``tagging.py``: run in its own environment, its parameters chosen on the dev part."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any

from benchmarks._data import Parts
from benchmarks._report import markdown, seconds
from benchmarks._runner import Results, commit

WORKER = Path(__file__).with_name("_tagging_crf.py")
DATA = "ud_lines, search on dev"
MAIN_SCORE = "accuracy, %"

# Where the search begins, and the parameters that its stages vary, each with the best so far.
START: dict[str, Any] = {
    "affixes": 4,
    "around": "full",
    "pairs": False,
    "c1": 0.05,
    "c2": 0.05,
    "all_possible_transitions": True,
    "max_iterations": 200,
}
STAGES: dict[str, dict[str, tuple[Any, ...]]] = {
    "features": {"affixes": (4, 6), "around": ("full", "lean"), "pairs": (False, True)},
    "penalties": {
        "all_possible_transitions": (True, False),
        "c1": (0.0, 0.001, 0.01, 0.05, 0.1, 0.3),
        "c2": (0.001, 0.01, 0.05, 0.1, 0.3, 1.0),
    },
    "iterations": {"max_iterations": (200, 1000)},
}

# Of the features that the search begins with, only the penalties are searched for.
PLAIN: dict[str, tuple[float, ...]] = {"c1": (0.0, 0.05, 0.3), "c2": (0.01, 0.05, 0.3, 1.0)}

Run = dict[str, Any]
Params = dict[str, Any]
Score = Callable[[Any, Any, Any], dict[str, float]]  # from words, tags and predicted tags


def candidates(stage: str, best: Params) -> list[Params]:
    """Return what a stage tries, given the best so far."""
    varied = STAGES[stage]
    return [
        {**best, **dict(zip(varied, values, strict=True))} for values in product(*varied.values())
    ]


def try_name(params: Params) -> str:
    """Return the name of a try, of its own for each, so that `Results` keeps them all."""
    return "crf: " + ", ".join(f"{name} {params[name]}" for name in START)


def identity(params: Params) -> Run:
    """Return what makes two tries the same, as `Results` compares it."""
    what = {"contender": try_name(params), "data": {"name": DATA}, "seed": 0}
    return {**what, "params": params, "prepare": None}


def tries(results: Results) -> Iterator[tuple[str, list[Run | None], Params]]:
    """Yield each stage with its runs, None for those that are missing, and the best behind it.

    A stage depends on those before it, so nothing comes after one that is not complete.
    """
    best = START
    for stage in STAGES:
        runs = [results.find(identity(params)) for params in candidates(stage, best)]
        done = [run for run in runs if run is not None]
        if len(done) == len(runs):
            best = max(done, key=lambda run: run["scores"][MAIN_SCORE])["params"]  # first of equals
        yield stage, runs, best
        if len(done) < len(runs):
            return


def chosen(results: Results) -> Params | None:
    """Return the best parameters, or None if the search is not complete."""
    stages = list(tries(results))
    complete = len(stages) == len(STAGES) and None not in stages[-1][1]
    return stages[-1][2] if complete else None


def search(python: str, parts: Parts, score: Score, results: Results) -> Params:
    """Try what has not been tried yet, and return the best parameters."""
    best = START
    for stage in STAGES:
        for params in candidates(stage, best):
            tried(python, parts, score, results, params)
        best = next(best for name, _, best in tries(results) if name == stage)
    return best


def search_plain(python: str, parts: Parts, score: Score, results: Results) -> Params:
    """Return the best penalties for the features that the search begins with."""
    runs = [tried(python, parts, score, results, params) for params in plain_candidates()]
    best: Params = max(runs, key=lambda run: run["scores"][MAIN_SCORE])["params"]
    return best


def plain_candidates() -> list[Params]:
    return [
        {**START, **dict(zip(PLAIN, values, strict=True))} for values in product(*PLAIN.values())
    ]


def tried(python: str, parts: Parts, score: Score, results: Results, params: Params) -> Run:
    """Return the run of a try, made now if there is none yet."""
    kept = results.find(identity(params))
    run = kept or {**identity(params), **measure(python, parts, score, params)}
    if not kept:
        results.add(run)
    word = "kept" if kept else f"{run['seconds']['fit']:.0f} s"
    print(f"{try_name(params)}: {run['scores'][MAIN_SCORE]:.3f} ({word})", flush=True)
    return run


def measure(python: str, parts: Parts, score: Score, params: Params) -> Run:
    """Fit the CRF in its environment and score what it predicts; return what is kept of it.

    Raises
    ------
    SystemExit
        If that fails; the message is the worker's.
    """
    X_train, y_train, X_test, y_test = parts
    code = commit()  # before, as the code may be changed meanwhile
    with tempfile.TemporaryDirectory() as folder:
        data, job, answer = (Path(folder, f"{name}.json") for name in ("data", "job", "answer"))
        tags = [list(map(str, tags)) for tags in y_train]
        data.write_text(json.dumps({"words": X_train, "tags": tags, "asked": X_test}), "utf-8")
        job.write_text(json.dumps({"data": str(data), "params": params}), "utf-8")
        done = subprocess.run(
            [python, str(WORKER), str(job), str(answer)],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SystemExit(f"The CRF failed:\n{done.stderr[-2000:]}")
        measured = json.loads(answer.read_text("utf-8"))
    return {
        "commit": code,
        "scores": score(X_test, y_test, measured.pop("predicted")),
        "n_train": len(y_train),
        "n_test": len(y_test),
        **measured,
        "warnings": [],
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
    }


def report(results: Results) -> str:
    """Return tables of all tries, and what they led to."""
    parts = []
    for stage, runs, best in tries(results):
        done = [run for run in runs if run is not None]
        if not done:
            break
        table = penalties(done) if stage == "penalties" else listed(STAGES[stage], done)
        missing = f" {len(runs) - len(done)} to come." if len(done) < len(runs) else ""
        fixed = ", ".join(f"{key} {best[key]}" for key in START if key not in STAGES[stage])
        parts.append(f"## The {stage}\n\n{table}\n\nWith {fixed}.{missing}")
    plain = [run for params in plain_candidates() if (run := results.find(identity(params)))]
    if plain:
        varied = {name: STAGES["features"].get(name, values) for name, values in PLAIN.items()}
        parts.append(
            "## Affixes of up to 4 and all features of the neighbours, penalties alone\n\n"
            + listed(varied, plain)
        )
    if best := chosen(results):
        parts.append(
            "Chosen: " + ", ".join(f"{name} {value}" for name, value in best.items()) + "."
        )
    return "\n\n".join(parts)


def listed(varied: dict[str, tuple[Any, ...]], runs: list[Run]) -> str:
    """Return a row for each run."""
    columns = {name: [str(run["params"][name]) for run in runs] for name in varied}
    for score in runs[0]["scores"]:
        columns[score] = [f"{run['scores'][score]:.2f}" for run in runs]
    columns["iterations"] = [str(run["iterations"]) for run in runs]
    columns["weights"] = [f"{run['n_weights']:,}" for run in runs]
    columns["fit, s"] = [seconds(run["seconds"]["fit"]) for run in runs]
    return markdown(columns)


def penalties(runs: list[Run]) -> str:
    """Return accuracy by c1 and c2, one table if all possible transitions count, one if not."""
    varied = STAGES["penalties"]
    texts = []
    for all_of_them in varied["all_possible_transitions"]:
        found = {
            (run["params"]["c1"], run["params"]["c2"]): f"{run['scores'][MAIN_SCORE]:.2f}"
            for run in runs
            if run["params"]["all_possible_transitions"] == all_of_them
        }
        columns = {"c1": [f"{c1:g}" for c1 in varied["c1"]]}
        for c2 in varied["c2"]:
            columns[f"c2 = {c2:g}"] = [found.get((c1, c2), "-") for c1 in varied["c1"]]
        which = "All transitions" if all_of_them else "Transitions that the training part has"
        texts.append(f"{which}, {MAIN_SCORE}:\n\n{markdown(columns)}")
    return "\n\n".join(texts)
