"""Measure one contender, in a process of its own: ``python _worker.py JOB.json RESULT.json``."""

from __future__ import annotations

import importlib.metadata
import json
import os
import pickle
import platform
import sys
import time
import warnings
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

if not __package__:  # started as a file: find the package `benchmarks` all the same
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks._contenders import CONTENDERS

PACKAGES = ("sklstm", "torch", "scikit-learn", "gensim", "numpy")


def measure(job: dict[str, Any]) -> dict[str, Any]:
    """Fit and score a contender; return everything that was measured.

    Parameters
    ----------
    job : dict
        ``contender``, ``seed`` and ``data``, the path of a pickle of the four parts. Optional:
        ``unlabelled``, the path of a pickle of texts; ``epochs``, in place of the contender's
        own; ``verbose``.
    """
    contender = CONTENDERS[job["contender"]]
    X_train, y_train, X_test, y_test = _unpickle(job["data"])
    unlabelled = _unpickle(job["unlabelled"]) if job.get("unlabelled") else []
    estimator = build(contender.name, job["seed"], job.get("epochs"), job.get("verbose", 0))
    before = peak_memory()
    seconds: dict[str, float | None] = {"prepare": None}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        if contender.prepare:
            start = time.perf_counter()
            contender.prepare(estimator, X_train, unlabelled, job["seed"])
            seconds["prepare"] = time.perf_counter() - start
        start = time.perf_counter()
        estimator.fit(X_train, y_train)
        seconds["fit"] = time.perf_counter() - start
        start = time.perf_counter()
        predicted = estimator.predict(X_test)
        seconds["predict"] = time.perf_counter() - start
        peak = peak_memory()
        probabilities = estimator.predict_proba(X_test)
    return {
        **score(y_test, predicted, probabilities, estimator.classes_),
        "n_train": len(y_train),
        "n_test": len(y_test),
        "seconds": seconds,
        "memory_mb": {"before": before, "peak": peak},
        "history": history(estimator),
        "warnings": sorted({f"{w.category.__name__}: {w.message}" for w in caught}),
        "environment": environment(),
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
    }


def build(name: str, seed: int, epochs: int | None = None, verbose: int = 0) -> Any:
    """Return a contender's estimator, told how long to train and whether to show it."""
    estimator = CONTENDERS[name].build(seed)
    if "lstmclassifier" in estimator.named_steps:
        estimator.set_params(lstmclassifier__verbose=verbose)
        if epochs is not None:
            estimator.set_params(lstmclassifier__max_epochs=epochs)
    return estimator


def score(y: Any, predicted: Any, probabilities: Any, classes: Any) -> dict[str, float]:
    from sklearn.metrics import accuracy_score, log_loss

    return {
        "accuracy": float(accuracy_score(y, predicted)),
        "log_loss": float(log_loss(y, probabilities, labels=classes)),
    }


def history(estimator: Any) -> list[dict[str, float]]:
    """Return the numbers that training left for each epoch; none for a model without epochs."""
    rows = getattr(estimator[-1], "history_", [])
    return [
        {name: float(value) for name, value in row.items() if isinstance(value, (int, float))}
        for row in rows
    ]


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


def environment() -> dict[str, Any]:
    """Return what speed depends on; ``torch_threads`` is None where torch was not needed."""
    torch = sys.modules.get("torch")
    return {
        "python": platform.python_version(),
        **{package: _version(package) for package in PACKAGES},
        "cpus": len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count(),
        "torch_threads": torch.get_num_threads() if torch else None,
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS"),
    }


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _unpickle(path: str) -> Any:
    with Path(path).open("rb") as file:
        return pickle.load(file)


def main() -> None:
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    Path(sys.argv[2]).write_text(json.dumps(measure(job)), encoding="utf-8")


if __name__ == "__main__":
    main()
