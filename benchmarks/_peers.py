"""Runs in an environment of their own, one process each, kept as they finish."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks._runner import Results

Run = dict[str, Any]


def run_missing(
    planned: Sequence[Any],
    results: Results,
    measure: Callable[[Any, Path], list[Run] | str],
    head: Callable[[Any], str],
    shown: Callable[[Run], str],
    *,
    fresh: bool,
) -> bool:
    """Run what is not among the results yet, or all if asked; return whether all went well.

    Parameters
    ----------
    planned : sequence
        Tasks in the order in which to run them; `identity` says what makes two runs the same.
    results : Results
        To look in and to add to.
    measure : callable
        Maps a task and a folder for files to its run, with more that came along, or to an error.
    head, shown : callable
        What to print of a task, and of its run.
    fresh : bool
        Measure again what is there.
    """
    if fresh:
        results.drop([task.identity() for task in planned])
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for task in planned:
            done, word = results.find(task.identity()), "kept"
            if done is None:
                runs, word = measure(task, Path(folder)), "done"
                if isinstance(runs, str):
                    print(f"{head(task)}: FAILED\n{runs}", flush=True)
                    failed += 1
                    continue
                for run in runs:
                    results.drop([run])
                    results.add(run)
                done = runs[0]
            print(f"{head(task)}: {word}, {shown(done)}", flush=True)
    return not failed


def answer(script: Path, job: Run, folder: Path, python: str | None) -> Run | str:
    """Start a script on a job, and return the JSON of its last line, or its error.

    `python` is the interpreter to start it with; None takes the one that runs.
    """
    asked = folder / "job.json"
    asked.write_text(json.dumps(job), encoding="utf-8")
    done = subprocess.run(
        [python or sys.executable, str(script), str(asked)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        return done.stderr[-2000:]
    measured: Run = json.loads(done.stdout.strip().splitlines()[-1])
    return measured
