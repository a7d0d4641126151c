"""Run contenders one after the other, and keep every result as soon as it is there."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks._contenders import Contender
from benchmarks._data import ROOT, TITLES, DataSpec, load, load_unlabelled
from benchmarks._worker import build

WORKER = Path(__file__).with_name("_worker.py")
Run = dict[str, Any]


@dataclass(frozen=True)
class Task:
    """One contender on one data set with one seed."""

    contender: Contender
    data: DataSpec
    seed: int = 0
    epochs: int | None = None

    def identity(self) -> Run:
        """Return what makes two runs the same, as JSON gives it back."""
        preparation = self.contender.prepare
        estimator = build(self.contender.name, self.seed, self.epochs)
        identity = {
            "contender": self.contender.name,
            "data": asdict(self.data),
            "seed": self.seed,
            "params": parameters(estimator),
            "prepare": preparation.settings if preparation else None,
        }
        return json.loads(json.dumps(identity, default=_name))


def plan(
    contenders: Iterable[Contender], data: DataSpec, seeds: int | None, epochs: int | None = None
) -> list[Task]:
    """Return a task for every contender and seed."""
    return [
        Task(contender, data, seed, epochs)
        for contender in contenders
        for seed in contender.seeds(seeds)
    ]


def parameters(estimator: Any) -> dict[str, Any]:
    """Return the parameters of all steps, without seeds and verbosity."""
    return {
        name: value
        for name, value in sorted(estimator.get_params().items())
        if "__" in name and not name.endswith(("__verbose", "__random_state"))
    }


def _name(value: Any) -> str:
    return getattr(value, "__qualname__", None) or repr(value)


class Results:
    """The runs in a JSON file.

    Parameters
    ----------
    path : Path
        The file; written anew, in one step, at every change.
    """

    def __init__(self, path: Path):
        self.path = path
        self.runs: list[Run] = []
        if path.exists():
            self.runs = json.loads(path.read_text(encoding="utf-8"))["runs"]

    def find(self, identity: Run) -> Run | None:
        """Return the run with this identity, if there is one."""
        return next((run for run in self.runs if run.items() >= identity.items()), None)

    def add(self, run: Run) -> None:
        """Keep a run, and drop those of the same contender that it makes out of date."""
        self.runs = [old for old in self.runs if not _replaces(run, old)] + [run]
        self._write()

    def drop(self, identities: list[Run]) -> None:
        """Forget the runs with these identities."""
        self.runs = [run for run in self.runs if not any(_same(run, i) for i in identities)]
        self._write()

    def _write(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        partial = self.path.with_suffix(".partial")
        partial.write_text(json.dumps({"runs": self.runs}, indent=1) + "\n", encoding="utf-8")
        os.replace(partial, self.path)


def _same(run: Run, other: Run, keys: tuple[str, ...] = ("contender", "data", "seed")) -> bool:
    return all(run[key] == other[key] for key in keys)


def _replaces(run: Run, old: Run) -> bool:
    """Whether `old` is the same run, or one with another seed and other parameters."""
    if _same(run, old):
        return True
    return _same(run, old, ("contender", "data")) and not _same(run, old, ("params", "prepare"))


def run_all(tasks: list[Task], results: Results, *, fresh: bool = False) -> bool:
    """Run what is not among the results yet; return whether all went well.

    With `fresh`, everything runs again.
    """
    identities = [task.identity() for task in tasks]
    if fresh:
        results.drop(identities)
    complete = True
    with tempfile.TemporaryDirectory() as folder:
        for number, (task, identity) in enumerate(zip(tasks, identities, strict=True), 1):
            print(f"[{number}/{len(tasks)}] {_describe(task)}", flush=True)
            if done := results.find(identity):
                print(f"      kept from {done['date']}: {_outcome(done)}", flush=True)
                continue
            code = commit()  # before, as the code may be changed meanwhile
            measured = run_one(task, Path(folder))
            if measured is None:
                print("      FAILED: see above", flush=True)
                complete = False
                continue
            results.add({**identity, "commit": code, **measured})
            print(f"      {_outcome(measured)}", flush=True)
    return complete


def run_one(task: Task, folder: Path) -> Run | None:
    """Measure a task in a process of its own; return None if that fails."""
    job = {
        "contender": task.contender.name,
        "seed": task.seed,
        "epochs": task.epochs,
        "data": _stage(task.data, folder),
        "unlabelled": _stage(task.data, folder, labels=False) if task.contender.prepare else None,
        "verbose": int(sys.stderr.isatty()),
    }
    asked, answered = folder / "job.json", folder / "result.json"
    answered.unlink(missing_ok=True)
    asked.write_text(json.dumps(job), encoding="utf-8")
    status = subprocess.run([sys.executable, str(WORKER), str(asked), str(answered)], check=False)
    if status.returncode or not answered.exists():
        return None
    return json.loads(answered.read_text(encoding="utf-8"))


def _stage(data: DataSpec, folder: Path, *, labels: bool = True) -> str:
    """Write the data for the workers, once, and return its path.

    So they neither import the library that finds it nor spend memory on parsing it.
    """
    path = folder / f"{data.name}{'' if labels else '-unlabelled'}.pickle"
    if not path.exists():
        try:
            parts = load(data) if labels else load_unlabelled(data)
        except OSError as error:
            raise SystemExit(str(error)) from error
        with path.open("wb") as file:
            pickle.dump(parts, file)
    return str(path)


def commit() -> str | None:
    """Return the short hash of the code that runs, marked if files differ from it."""
    git = ["git", "-C", str(ROOT)]
    try:
        head = subprocess.run(
            [*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True
        ).stdout.strip()
        changed = subprocess.run(
            [
                *git,
                "status",
                "--porcelain",
                "--untracked-files=no",
                "--",
                "sklstm",
                "benchmarks/*.py",
            ],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None
    return f"{head}, changed" if changed else head


def _describe(task: Task) -> str:
    seed = f", seed {task.seed}" if task.contender.n_seeds else ""
    return f"{task.contender.title} on {TITLES[task.data.name]}{seed}"


def _outcome(run: Run) -> str:
    seconds = run["seconds"]
    prepared = f"prepared in {seconds['prepare']:.1f} s, " if seconds["prepare"] else ""
    return f"accuracy {run['accuracy']:.2%}, {prepared}fitted in {seconds['fit']:.1f} s"
