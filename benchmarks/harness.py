"""What all studies share: options, tasks, results that can be resumed, measuring, processes.

A study is a file that names its contenders and says how a page is made of their runs (`Study`). A
run is a dict with ``contender``, ``data``, ``seed`` and ``params``, which identify it, and what was
measured; the runs of a study are kept in one JSON file. `measure` fits a model in this process,
`apart` calls a function in a separate process, with another Python if need be. Only the standard
library is imported here, because the environments of some contenders have little else.
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
from functools import cache
from pathlib import Path
from typing import Any

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
        if "__" in name and not name.endswith(("__verbose", "__random_state"))
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

    def clear(self) -> None:
        """Forget all runs."""
        self._write([])

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


def run_all(tasks: Iterable[Task], results: Results, *, fresh: bool = False) -> bool:
    """Run what is not among the results yet, or all with `fresh`; return whether all went well.

    A task that fails does not end the others, and every run is kept as soon as it is there.
    """
    of = f"/{len(tasks)}" if isinstance(tasks, Sequence) else ""
    complete = True
    with tempfile.TemporaryDirectory() as folder:
        for number, task in enumerate(tasks, 1):
            head = f"[{number}{of}] {task.title}"
            if fresh:
                results.drop(task.identity)
            if done := results.find(task.identity):
                print(f"{head}: kept, {outcome(done)}", flush=True)
                continue
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
        if isinstance(value, float) and name not in ("load", "seconds")
    ]
    took = run.get("seconds", {})
    parts = took.items() if isinstance(took, dict) else [("took", took)]
    return ", ".join([*texts, *(f"{part} {spent:.2f} s" for part, spent in parts if spent)])


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
        load = cache(self.load)
        found = chosen(args, self.contenders)
        seeds = args.seeds or n_seeds
        return [
            self._task(name, contender, seed, load)
            for seed in range(seeds)
            for name, contender in found.items()
            if seed in contender.seeds(seeds) and contender.build
        ]

    def _task(self, name: str, contender: Contender, seed: int, load: Callable[[], Any]) -> Task:
        estimator = contender.build(seed)
        identity = identify(name, {"name": self.name}, seed, parameters(estimator))

        def score(*fitted: Any) -> Run:
            return {"scores": self.score(*fitted)}

        title = f"{self.title}, {contender.title}, seed {seed}"
        return Task(title, identity, lambda folder: measure(estimator, load(), score))


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

    Processes that read them (`staged`) neither import the library that finds the data, nor spend
    time and memory on parsing.
    """
    import numpy as np

    if not path.exists():
        arrays = [pack(name, part) for name, part in make().items()]
        np.savez(path, **{name: array for part in arrays for name, array in part.items()})
    return str(path)


def staged(path: str) -> dict[str, Any]:
    """Return what was staged: arrays, lists of arrays or lists of texts, by name."""
    import numpy as np

    with np.load(path, allow_pickle=False) as data:
        return unpack(dict(data))


def pack(name: str, part: Any) -> dict[str, Any]:
    """Return an array as it is, and a list of arrays or of texts as two plain arrays."""
    import numpy as np

    if isinstance(part, np.ndarray) and (part.dtype != object or isinstance(part[0], str)):
        return {name: part.astype(str) if part.dtype == object else part}
    kind = ".texts" if len(part) and isinstance(part[0], str) else ".rows"
    if kind == ".texts":
        part = [np.frombuffer(text.encode(), np.uint8) for text in part]
    values = np.concatenate(list(part)) if len(part) else np.zeros(0, np.uint8)
    return {f"{name}{kind}": values, f"{name}.lengths": np.array([len(row) for row in part])}


def unpack(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parts that `pack` was given, by name."""
    import numpy as np

    parts: dict[str, Any] = {}
    for key, values in data.items():
        name, _, kind = key.partition(".")
        if kind == "lengths":
            continue
        rows = np.split(values, np.cumsum(data[f"{name}.lengths"])[:-1]) if kind else values
        parts[name] = [row.tobytes().decode() for row in rows] if kind == "texts" else rows
    return parts


# ------------------------------------------------------------------------------------------
# Programs

TRIALS = {
    "validate": {
        "action": "store_true",
        "help": "score on held-out training data, for choosing parameters; "
        "writes to benchmarks/cache/",
    },
    # For trials and tests; results then go to benchmarks/cache/.
    "n_train": {"help": argparse.SUPPRESS},
    "n_test": {"help": argparse.SUPPRESS},
    "epochs": {"help": argparse.SUPPRESS},
}


@dataclass(frozen=True)
class Study:
    """A benchmark program: what it runs, and what it writes."""

    name: str  # of its files
    title: str  # heading of the page
    about: str  # docstring of the program
    contenders: Iterable[str]  # what --only takes
    tasks: Callable[[argparse.Namespace], Iterable[Task]]  # made as they are reached, if need be
    page: Callable[[list[Run], argparse.Namespace], str]
    guide: str | None = None  # a page of the documentation that shows the table
    shown: Callable[[list[Run]], str] | None = None  # what it shows
    plots: Callable[[list[Run], argparse.Namespace, Path], list[Path]] | None = None
    takes: Sequence[str] = ()  # which of `TRIALS`
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # for `add_argument`
    command: str = ""  # added to the command that the page names
    old: Callable[[Any], list[Run]] | None = None  # see `Results`
    kept_in: str = ""  # the results file, if it has another name
    program: str = ""  # the program, if it has another name, and the word that picks it there

    def parse(self, argv: list[str] | None) -> argparse.Namespace:
        """Return the options of a command line."""
        parser = argparse.ArgumentParser(description=self.about.splitlines()[0])
        names = list(self.contenders)
        add = parser.add_argument
        add("--only", nargs="+", choices=names, metavar="NAME", help=f"of {', '.join(names)}")
        add(
            "--seeds", "--rounds", type=positive, metavar="N", help="runs of what draws or is timed"
        )
        add("--fresh", action="store_true", help="measure again what was measured before")
        add("--report", action="store_true", help="measure nothing, only write tables and plots")
        add("--output", type=Path, metavar="DIR", help="write everything into this directory")
        for name, settings in TRIALS.items():
            if name in self.takes:
                kind = {} if "action" in settings else {"type": positive}
                add(f"--{name.replace('_', '-')}", **kind, **settings)
        for flag, settings in self.options.items():
            add(flag, **settings)
        parser.set_defaults(**{name: None for name in TRIALS if name not in self.takes})
        return parser.parse_args(argv)

    def main(self, argv: list[str] | None = None) -> int:
        """Measure what is missing, write the page and print it; return the exit status."""
        args = self.parse(argv)
        look_beside_the_repository()
        target = folder(args)
        results = Results(target / f"{self.kept_in or self.name}.json", self.old)
        complete = True
        if not args.report:
            if getattr(args, "quick", False):
                results.clear()  # a demo shows what it does, not what an earlier one did
            complete = run_all(self.tasks(args), results, fresh=args.fresh)
        if not results.runs:
            print("Nothing has been measured yet.")
            return 1
        self.write(results.runs, args, target)
        return 0 if complete else 1

    def write(self, runs: list[Run], args: argparse.Namespace, target: Path) -> None:
        """Write and print the page, draw the plots, and fill the guide's table."""
        from benchmarks.report import fill_file

        text = self.page(runs, args)
        print(f"\n{text}\n")
        made = f"Made by `{self.made_by(args)}`."
        page = target / f"{self.name}.md"
        page.write_text(f"# {self.title}\n\n{text}\n\n{made}\n", encoding="utf-8")
        written = [page, *(self.plots(runs, args, target) if self.plots else [])]
        if self.guide and target == RESULTS and (ROOT / self.guide).exists():
            fill_file(ROOT / self.guide, self.shown(runs) if self.shown else text, self.name)
            written.append(ROOT / self.guide)
        for path in written:
            here = Path.cwd()
            print(f"Written: {path.relative_to(here) if path.is_relative_to(here) else path}")

    def made_by(self, args: argparse.Namespace) -> str:
        """Return the command that makes the page."""
        options = [name for name in ("quick", "validate") if getattr(args, name, None)]
        command = f"python benchmarks/{self.program or f'{self.name}.py'} {self.command}".rstrip()
        return " ".join([command, *(f"--{name}" for name in options)])

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
        found = [problem.tasks(args, n_seeds) for problem in problems(bool(args.validate))]
        return [task for tasks in found for task in tasks]

    def page(runs: list[Run], args: argparse.Namespace) -> str:
        tables = report.of_problems(problems(bool(args.validate)), runs, digits, sizes=sizes)
        return "\n\n".join([tables, *report.surroundings(runs), *report.warned(runs), notes])

    def shown(runs: list[Run]) -> str:
        tables = report.of_problems(problems(False), runs, digits, sizes=sizes)
        return f"{tables}\n\n{notes}"

    return Study(tasks=tasks, page=page, shown=shown, **study)


def positive(text: str) -> int:
    """Return a number from the command line, 1 or more."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def folder(args: argparse.Namespace) -> Path:
    """Return where to write: the results, or a folder of the cache for demos and trials."""
    if args.output:
        return args.output
    if getattr(args, "quick", False):
        return CACHE / "quick"
    if args.validate:
        return CACHE / "validation"
    return CACHE / "trial" if is_trial(args) else RESULTS


def is_trial(args: argparse.Namespace) -> bool:
    """Return True if the runs are no benchmark's, only someone's trial."""
    return any(getattr(args, name) for name in TRIALS)


def chosen(args: argparse.Namespace, contenders: Mapping[str, Contender]) -> dict[str, Contender]:
    """Return the contenders that were asked for and can be run."""
    peers = getattr(args, "peers_python", None)
    return {
        name: contenders[name]
        for name in args.only or contenders
        if name in contenders and (peers or not contenders[name].peer)
    }


def look_beside_the_repository() -> None:
    """Name ``../shared/data`` in ``SKLSTM_DATA`` if it exists and nothing else is named."""
    beside = ROOT.parent / "shared" / "data"
    if not os.environ.get("SKLSTM_DATA") and beside.is_dir():
        os.environ["SKLSTM_DATA"] = str(beside)


if __name__ == "__main__":  # a process that `apart` started
    sys.path[0] = str(ROOT)
    answer(*sys.argv[1:])
