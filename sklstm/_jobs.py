"""How many cores a call may use."""

from __future__ import annotations

import multiprocessing
import os
import threading

import joblib

_FIRST_PROCESS = os.getpid()  # a fork finds that of its parent here


def in_joblib_worker() -> bool:
    """Tell whether this call runs inside a parallel joblib job, in whatever backend."""
    backend, _ = joblib.parallel.get_active_backend()
    return bool(getattr(backend, "nesting_level", 0))


def job_count(n_jobs: int | None, *, default: int | None = None) -> int:
    """Return the number of cores that `n_jobs` asks for.

    None means `default`, or where that is None, too, all cores; but 1 inside a joblib worker of
    any backend. -1 means all cores, -2 all but one.
    """
    if n_jobs is None:
        return 1 if in_joblib_worker() else default or joblib.cpu_count()
    if n_jobs < 0:
        return max(1, joblib.cpu_count() + 1 + n_jobs)
    return n_jobs


def may_start_processes() -> bool:
    """Tell whether this call may hand work to joblib's processes.

    They belong to the program's main thread: two threads that want different numbers of them wait
    for each other for ever, a fork does not have them, and another process would not end before
    they do.
    """
    return (
        not in_joblib_worker()
        and multiprocessing.parent_process() is None
        and os.getpid() == _FIRST_PROCESS
        and threading.current_thread() is threading.main_thread()
    )
