"""What all studies share: options, tasks, results that can be resumed, measuring, processes.

A study is a file that names its contenders and says how a page is made of their runs (`Study`). A
run is a dict with ``contender``, ``data``, ``seed`` and ``params``, which identify it, and what was
measured; the runs of a study are kept in one JSON file. `measure` fits a model in this process,
`apart` calls a function in a separate process, with another Python if need be. Only NumPy is
imported here beside the standard library, as the environments of some contenders have little else.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"
CACHE = ROOT / "benchmarks" / "cache"  # ignored by git
PACKAGES = ("sklstm", "torch", "scikit-learn", "gensim", "numpy")

Run = dict[str, Any]


class Failed(Exception):
    """A measurement that failed; the others are still made."""


@dataclass(frozen=True)
class Contender:
    """A model to be measured.

    `build` makes the unfitted estimator from a seed and what else its study passes, and imports
    what it needs: a process that measures scikit-learn alone should not hold torch in its memory.
    """

    title: str  # in tables and plots
    build: Callable[..., Any] | None = None
    params: Mapping[str, Any] = field(default_factory=dict)  # of `build`; they identify its runs
    n_seeds: int | None = None  # None: as many as its study makes of each; 0: draws nothing
    peer: bool = False  # needs the interpreter that --peers-python names
    about: Mapping[str, Any] = field(default_factory=dict)  # what only its own study asks for

    def seeds(self, wanted: int | None, usual: int = 1) -> range:
        """Return the seeds to run: `wanted` of them, if it is given and seeds change anything."""
        if self.n_seeds == 0:
            return range(1)
        return range(wanted or self.n_seeds or usual)


@dataclass(frozen=True)
class Task:
    """A run to be made: what identifies it, and what measures it, given a folder for files."""

    title: str
    identity: Run
    measure: Callable[[Path], Run]


def identify(contender: str, data: Run, seed: int, params: Mapping[str, Any], **more: Any) -> Run:
    """Return what identifies a run, as JSON gives it back."""
    identity = {"contender": contender, "data": data, "seed": seed, "params": params, **more}
    return json.loads(json.dumps(identity, default=lambda value: type(value).__name__))


def parameters(estimator: Any) -> dict[str, Any]:
    """Return the parameters of all steps of a pipeline, without seeds and verbosity."""
    return {
        name: value
        for name, value in sorted(estimator.get_params().items())
        if "__" in name and "__verbose" not in name and not name.endswith("__random_state")
    }


class Results:
    """The runs in a JSON file, which several processes may add to.

    `old` makes runs of what an earlier version of the study wrote, where that is no list of runs.
    """

    def __init__(self, path: Path, old: Callable[[Any], list[Run]] | None = None):
        self.path, self.old = path, old
        self.runs = self._read()

    def find(self, identity: Run) -> Run | None:
        """Return the run with this identity, if there is one."""
        return next((run for run in self.runs if run.items() >= identity.items()), None)

    def add(self, run: Run) -> None:
        """Keep a run, and drop those of the same contender that it makes out of date."""
        self._write([*(old for old in self._read() if not _replaces(run, old)), run])

    def drop(self, identity: Run) -> None:
        """Forget the run of this contender, data and seed."""
        self._write([run for run in self._read() if not _same(run, identity)])

    def _read(self) -> list[Run]:
        if not self.path.exists():
            return []
        content = json.loads(self.path.read_text(encoding="utf-8"))
        return self.old(content) if self.old and set(content) != {"runs"} else content["runs"]

    def _write(self, runs: list[Run]) -> None:
        self.runs = runs
        self.path.parent.mkdir(parents=True, exist_ok=True)
        partial = self.path.with_suffix(f".{os.getpid()}")
        partial.write_text(json.dumps({"runs": runs}, indent=1) + "\n", encoding="utf-8")
        os.replace(partial, self.path)


def _same(run: Run, other: Run, keys: tuple[str, ...] = ("contender", "data", "seed")) -> bool:
    return all(run.get(key) == other.get(key) for key in keys)


def _replaces(run: Run, old: Run) -> bool:
    """Return True if `old` is the same run, or one with another seed and other parameters."""
    if _same(run, old):
        return True
    return _same(run, old, ("contender", "data")) and not _same(run, old, ("params", "prepare"))


def run_all(
    tasks: Sequence[Task], results: Results, *, fresh: bool = False, minutes: float | None = None
) -> bool:
    """Run what is not among the results yet, or all with `fresh`; return whether all went well.

    A task that fails does not end the others, and every run is kept as soon as it is there. After
    so many minutes no other run is begun, and what is missing counts as not done.
    """
    complete, start = True, time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        for number, task in enumerate(tasks, 1):
            head = f"[{number}/{len(tasks)}] {task.title}"
            if fresh:
                results.drop(task.identity)
            if done := results.find(task.identity):
                print(f"{head}: kept, {outcome(done)}", flush=True)
                continue
            if minutes and time.monotonic() - start > 60 * minutes:
                print(f"{head}: not begun after {minutes:g} minutes", flush=True)
                return False
            print(head, flush=True)
            # Before the run: the code may be changed meanwhile, and the run itself is a load.
            about = {"commit": commit(), "load": os.getloadavg()[0]}
            try:
                measured = task.measure(Path(folder))
            except Failed as error:
                print(f"{task.title}: FAILED\n{error}", flush=True)
                complete = False
                continue
            results.add({**task.identity, **about, "date": today(), **measured})
            print(f"{task.title}: {outcome(measured)}", flush=True)
    return complete


def outcome(run: Run) -> str:
    """Return the scores, seconds and other numbers of a run in a line."""
    numbers = {**run, **run.get("scores", {})}
    texts = [
        f"{name} {value:.4g}"
        for name, value in numbers.items()
        if isinstance(value, float) and name != "load"
    ]
    took = [f"{part} {spent:.2f} s" for part, spent in run.get("seconds", {}).items() if spent]
    return ", ".join([*texts, *took])


# ------------------------------------------------------------------------------------------
# Measuring


class Laps:
    """Seconds of one piece of work after the other, by name."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter):
        self.clock, self.seconds = clock, {}
        self._start = clock()

    def lap(self, name: str) -> None:
        """Note the seconds since the last call, or since the beginning."""
        self.seconds[name] = self.clock() - self._start
        self._start = self.clock()


@contextmanager
def noted_warnings() -> Iterator[list[str]]:
    """Collect warnings, each once; the list is filled at the end."""
    found: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield found
    found += sorted({f"{w.category.__name__}: {w.message}" for w in caught})


def measure(
    estimator: Any,
    parts: Sequence[Any],
    score: Callable[[Any, Any, Any, Any], Run],
    *,
    respond: str = "predict",
    clock: Callable[[], float] = time.perf_counter,
    prepare: Callable[[Any], None] | None = None,
) -> Run:
    """Fit and score a model; return scores, sizes, seconds, memory and what it warned of.

    `score` takes the fitted model, X_test, y_test and the response of the method `respond` to
    X_test, which is timed. The clock ``time.process_time`` counts the seconds of the processor:
    with one thread those of the wall on a quiet machine, and hardly more on a busy one. `prepare`
    is called with the estimator before it is fitted, and timed by itself.
    """
    X_train, y_train, X_test, y_test = parts
    before = peak_memory()
    with noted_warnings() as warned:
        laps = Laps(clock)
        if prepare:
            prepare(estimator)
            laps.lap("prepare")
        estimator.fit(X_train, y_train)
        laps.lap("fit")
        response = getattr(estimator, respond)(X_test)
        laps.lap("predict")
        peak = peak_memory()
        scores = score(estimator, X_test, y_test, response)
    return {
        **scores,
        "n_train": len(y_train),
        "n_test": len(y_test),
        "seconds": laps.seconds,
        "memory_mb": {"before": before, "peak": peak},
        "warnings": warned,
        "environment": environment(),
    }


def probability_scores(model: Any, X: Any, y: Any, probabilities: Any) -> dict[str, float]:
    """Return accuracy and log loss of the probabilities of a fitted classifier."""
    from sklearn.metrics import log_loss

    labels = model.classes_[probabilities.argmax(axis=1)]
    return {
        "accuracy": float((labels == y).mean()),
        "log_loss": float(log_loss(y, probabilities, labels=model.classes_)),
    }


def number_scores(y: Any, predicted: Any) -> dict[str, float]:
    """Return R2 and squared errors of predicted numbers."""
    from sklearn.metrics import mean_squared_error, r2_score

    error = float(mean_squared_error(y, predicted))
    return {
        "R2": float(r2_score(y, predicted)),
        "root mean squared error": error**0.5,
        "mean squared error": error,
    }


def peak_memory() -> float:
    """Return the most memory that this process has held so far, in MB.

    ``ru_maxrss`` of a process that Linux has started from a larger one begins at the size of
    that one, so the high-water mark of this program itself is read where there is one.
    """
    try:
        status = Path("/proc/self/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) * 1024 / 1e6
    except (OSError, IndexError):
        import resource

        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def forget_peak_memory() -> None:
    """Reset the kernel's count: making or reading data takes more memory than holding them."""
    if sys.platform == "linux":
        Path("/proc/self/clear_refs").write_text("5")


def environment(packages: Iterable[str] = PACKAGES) -> Run:
    """Return what speed depends on; ``torch_threads`` is None where torch was not needed."""
    torch = sys.modules.get("torch")
    return {
        "python": platform.python_version(),
        **{package: _version(package) for package in packages},
        "cpus": len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count(),
        "torch_threads": torch.get_num_threads() if torch else None,
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS"),
    }


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def today() -> str:
    """Return the date of a run."""
    return datetime.now(UTC).strftime("%Y-%m-%d")


def commit() -> str | None:
    """Return the short hash of the code that runs, marked if files differ from it."""

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(ROOT), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    try:
        head = git("rev-parse", "--short", "HEAD")
        code = ("--", "sklstm", "benchmarks/*.py")
        changed = git("status", "--porcelain", "--untracked-files=no", *code)
    except (OSError, subprocess.CalledProcessError):
        return None
    return f"{head}, changed" if changed else head


@dataclass(frozen=True)
class Problem:
    """A data set, loaded when it is needed, and pipelines that are measured in this process.

    `load` returns X_train, y_train, X_test, y_test; `score` takes a fitted pipeline, X_test, y_test
    and the predictions, and returns scores by name.
    """

    name: str
    title: str
    load: Callable[[], Sequence[Any]]
    contenders: Mapping[str, Contender]
    score: Callable[[Any, Any, Any, Any], dict[str, float]]

    def tasks(self, args: argparse.Namespace, n_seeds: int) -> list[Task]:
        """Return the tasks of the contenders that were asked for, one seed after the other."""
        load, seeds, found = cache(self.load), args.seeds or n_seeds, []
        for seed in range(seeds):
            for name, contender in chosen(args, self.contenders).items():
                if seed not in contender.seeds(seeds) or not contender.build:
                    continue
                estimator = contender.build(seed)
                title = f"{self.title}, {contender.title}, seed {seed}"
                identity = identify(name, {"name": self.name}, seed, parameters(estimator))
                found.append(Task(title, identity, partial(self._measure, estimator, load)))
        return found

    def _measure(self, estimator: Any, load: Callable[[], Any], folder: Path) -> Run:
        return measure(estimator, load(), lambda *fitted: {"scores": self.score(*fitted)})


# ------------------------------------------------------------------------------------------
# Processes


def apart(function: Callable[[Run], Run], job: Run, python: str | None = None) -> Run:
    """Call a function of a study in a separate process, and return what it returns.

    The job and the answer pass through JSON. Raises `Failed` with the end of what the process wrote
    on standard error, which a terminal shows at once instead.
    """
    study = Path(function.__code__.co_filename).stem
    with tempfile.TemporaryDirectory() as folder:
        asked, answered = Path(folder, "job.json"), Path(folder, "answer.json")
        asked.write_text(json.dumps(job), encoding="utf-8")
        command = [python or sys.executable, __file__, study, function.__name__, asked, answered]
        shown = None if sys.stderr.isatty() else subprocess.PIPE  # progress bars, too
        done = subprocess.run(command, stderr=shown, text=True, check=False)
        if done.returncode or not answered.exists():
            raise Failed((done.stderr or f"It ended with status {done.returncode}.")[-2000:])
        return json.loads(answered.read_text(encoding="utf-8"))


def answer(study: str, function: str, asked: str, answered: str) -> None:
    """Do in the new process what `apart` asks for."""
    job = json.loads(Path(asked).read_text(encoding="utf-8"))
    done = getattr(importlib.import_module(f"benchmarks.{study}"), function)(job)
    Path(answered).write_text(json.dumps(done), encoding="utf-8")


def stage(path: Path, make: Callable[[], Mapping[str, Any]]) -> str:
    """Write data in a form that every version of numpy reads alike, once; return the path.

    An array is kept as it is, a list of arrays or of texts as two plain arrays. Processes that
    read them (`staged`) neither import the library that finds the data, nor spend time and memory
    on parsing.
    """
    arrays: dict[str, Any] = {}
    for name, part in {} if path.exists() else make().items():
        if isinstance(part, np.ndarray) and part.dtype != object:
            arrays[name] = part
        elif isinstance(part, np.ndarray) and isinstance(part[0], str):
            arrays[name] = part.astype(str)
        else:
            texts = len(part) > 0 and isinstance(part[0], str)
            rows = [np.frombuffer(row.encode(), np.uint8) if texts else row for row in part]
            values = np.concatenate(rows) if rows else np.zeros(0, np.uint8)
            arrays[f"{name}.{'texts' if texts else 'rows'}"] = values
            arrays[f"{name}.lengths"] = np.array([len(row) for row in rows])
    if arrays:
        np.savez(path, **arrays)
    return str(path)


def staged(path: str) -> dict[str, Any]:
    """Return what was staged: arrays, lists of arrays or lists of texts, by name."""
    parts: dict[str, Any] = {}
    with np.load(path, allow_pickle=False) as data:
        for key, values in data.items():
            name, _, kind = key.partition(".")
            if kind != "lengths":
                ends = np.cumsum(data[f"{name}.lengths"])[:-1] if kind else None
                rows = values if ends is None else np.split(values, ends)
                parts[name] = [r.tobytes().decode() for r in rows] if kind == "texts" else rows
    return parts


# ------------------------------------------------------------------------------------------
# Programs


def positive(text: str) -> int:
    """Return a number from the command line, 1 or more."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


# Options of all studies, and of several.
OPTIONS: dict[str, dict[str, Any]] = {
    "--seeds --rounds": {
        "type": positive, "metavar": "N", "help": "runs of what draws or is timed",
    },
    "--fresh": {"action": "store_true", "help": "measure again what was measured before"},
    "--minutes": {
        "type": float, "metavar": "N",
        "help": "begin no run after so many; the same command resumes",
    },
    "--report": {"action": "store_true", "help": "measure nothing, only write tables and plots"},
    "--output": {"type": Path, "metavar": "DIR", "help": "write everything into this directory"},
}  # fmt: skip
VALIDATE = {
    "--validate": {
        "action": "store_true",
        "help": "score on held-out training data, for choosing parameters; "
        "writes to benchmarks/cache/",
    }
}


THREADS = {
    "--threads": {
        "type": positive, "metavar": "N", "default": 2,
        "help": "threads of torch and of linear algebra; default: 2",
    }
}  # fmt: skip


def limit_threads(number: int) -> None:
    """Let processes that are started from now on use so many threads."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = str(number)


def peers_python(what: str) -> dict[str, dict[str, Any]]:
    """Return the option that names the interpreter of the contenders marked as `peer`."""
    return {"--peers-python": {"metavar": "PATH", "help": f"interpreter that has {what}"}}


@dataclass(frozen=True)
class Study:
    """A benchmark program: what it runs, and what it writes."""

    name: str  # of its files
    title: str  # heading of the page
    about: str  # docstring of the program
    contenders: Iterable[str]  # what --only takes
    tasks: Callable[[argparse.Namespace], list[Task]]
    page: Callable[[list[Run], argparse.Namespace], str]
    guide: str | None = None  # a page of the documentation that shows the table
    shown: Callable[[list[Run]], str] | None = None  # what it shows
    plots: Callable[[list[Run], argparse.Namespace, Path], list[Path]] | None = None
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # for `add_argument`
    command: str = ""  # what makes the page, if it is more than the name of the program
    old: Callable[[Any], list[Run]] | None = None  # see `Results`

    def parse(self, argv: list[str] | None) -> argparse.Namespace:
        """Return the options of a command line."""
        parser = argparse.ArgumentParser(description=self.about.splitlines()[0])
        names = list(self.contenders)
        only = {"nargs": "+", "choices": names, "metavar": "NAME", "help": f"of {', '.join(names)}"}
        for flags, settings in {"--only": only, **OPTIONS, **self.options}.items():
            parser.add_argument(*flags.split(), **settings)
        parser.set_defaults(validate=False, peers_python=None)
        return parser.parse_args(argv)

    def main(self, argv: list[str] | None = None) -> int:
        """Measure what is missing, write the page and print it; return the exit status."""
        args = self.parse(argv)
        look_beside_the_repository()
        target = folder(args)
        results = Results(target / f"{self.name}.json", self.old)
        complete = True
        if not args.report:
            complete = run_all(self.tasks(args), results, fresh=args.fresh, minutes=args.minutes)
        if not results.runs:
            print("Nothing has been measured yet.")
            return 1
        self.write(results.runs, args, target)
        return 0 if complete else 1

    def write(self, runs: list[Run], args: argparse.Namespace, target: Path) -> None:
        """Write and print the page, draw the plots, and fill the guide's table."""
        from benchmarks.report import fill

        text = self.page(runs, args)
        print(f"\n{text}\n")
        validate = " --validate" if args.validate else ""
        command = f"python benchmarks/{self.command or f'{self.name}.py'}{validate}"
        page = target / f"{self.name}.md"
        page.write_text(f"# {self.title}\n\n{text}\n\nMade by `{command}`.\n", encoding="utf-8")
        written = [page, *(self.plots(runs, args, target) if self.plots else [])]
        if self.guide and target == RESULTS and (ROOT / self.guide).exists():
            fill(ROOT / self.guide, self.shown(runs) if self.shown else text, self.name)
            written.append(ROOT / self.guide)
        for path in written:
            here = Path.cwd()
            print(f"Written: {path.relative_to(here) if path.is_relative_to(here) else path}")

    def run(self) -> None:
        """Run the program; on Ctrl-C say that nothing finished is lost."""
        try:
            sys.exit(self.main())
        except KeyboardInterrupt:
            print("\nStopped. What is finished is kept; the same command resumes from there.")
            sys.exit(130)


def comparison(
    problems: Callable[[bool], list[Problem]],
    digits: Mapping[str, int],
    notes: str,
    n_seeds: int,
    *,
    sizes: bool = True,
    **study: Any,
) -> Study:
    """Return a study of pipelines that are measured in this process, a table for each problem.

    `problems` is told whether to score on held-out training data; `digits` names the scores to show
    with their number of decimals. Problems share a table, if they share a name; without `sizes` the
    number of samples is not shown.
    """
    from benchmarks import report

    def tasks(args: argparse.Namespace) -> list[Task]:
        return [task for posed in problems(args.validate) for task in posed.tasks(args, n_seeds)]

    def page(runs: list[Run], args: argparse.Namespace) -> str:
        tables = report.of_problems(problems(args.validate), runs, digits, sizes=sizes)
        return "\n\n".join([tables, *report.surroundings(runs), *report.warned(runs), notes])

    def shown(runs: list[Run]) -> str:
        return f"{report.of_problems(problems(False), runs, digits, sizes=sizes)}\n\n{notes}"

    return Study(tasks=tasks, page=page, shown=shown, **study)


IMDB = {"name": "imdb"}  # the data of what `turns` times


def turns(
    args: argparse.Namespace,
    rounds: int,
    params: Mapping[str, Run],
    measure: Callable[[str, Path], Run],
    data: str = "imdb",
) -> list[Task]:
    """Return tasks in which contenders, each with its parameters, take turns."""
    of = {"name": data}
    return [
        Task(f"{name}, round {n}", identify(name, of, n, params[name]), partial(measure, name))
        for n in range(args.seeds or rounds)
        for name in args.only or params
        if name in params
    ]


def old_turns(found: Mapping[str, Sequence[Run]], params: Mapping[str, Run]) -> list[Run]:
    """Return the runs of a file that holds those of each contender, in turns."""
    return [
        {**identify(name, IMDB, turn, params.get(name, {})), **run}
        for name, measured in found.items()
        for turn, run in enumerate(measured)
    ]


def repeated(
    function: Callable[[Run], Run], name: str, data: Run, repeats: Iterable[int]
) -> list[Task]:
    """Return tasks that call a function in separate processes, the same each time."""
    title = f"{name}, {', '.join(f'{key} {value}' for key, value in data.items())}"
    job = {"contender": name, **data}
    return [
        Task(title, identify(name, data, repeat, {}), lambda _: apart(function, job))
        for repeat in repeats
    ]


def folder(args: argparse.Namespace) -> Path:
    """Return where to write: the results, or a folder of the cache for validation."""
    return args.output or (CACHE / "validation" if args.validate else RESULTS)


def chosen(args: argparse.Namespace, contenders: Mapping[str, Contender]) -> dict[str, Contender]:
    """Return the contenders that were asked for and can be run."""
    return {
        name: contenders[name]
        for name in args.only or contenders
        if name in contenders and (args.peers_python or not contenders[name].peer)
    }


def look_beside_the_repository() -> None:
    """Name ``../shared/data`` in ``SKLSTM_DATA`` if it exists and nothing else is named."""
    beside = ROOT.parent / "shared" / "data"
    if not os.environ.get("SKLSTM_DATA") and beside.is_dir():
        os.environ["SKLSTM_DATA"] = str(beside)


if __name__ == "__main__":  # a process that `apart` started
    sys.path[0] = str(ROOT)
    answer(*sys.argv[1:])
