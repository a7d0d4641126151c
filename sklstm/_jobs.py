"""Number of cores and processes that a call may use."""

from __future__ import annotations

import multiprocessing
import os
import threading

import joblib

_FIRST_PROCESS = os.getpid()  # in a fork, that of the parent process


def in_joblib_worker() -> bool:
    """Return True if this call runs inside a parallel joblib job, with any backend."""
    backend, _ = joblib.parallel.get_active_backend()
    return bool(getattr(backend, "nesting_level", 0))


def job_count(n_jobs: int | None, *, default: int | None = None) -> int:
    """Return the number of cores to use for `n_jobs`.

    None means `default`, or all cores if that is None, too; but 1 inside a joblib worker of any
    backend. -1 means all cores, -2 all but one.
    """
    if n_jobs is None:
        return 1 if in_joblib_worker() else default or joblib.cpu_count()
    n_jobs = int(n_jobs)  # numpy's small integers overflow
    if n_jobs < 0:
        return max(1, joblib.cpu_count() + 1 + n_jobs)
    return n_jobs


def may_start_processes() -> bool:
    """Return True if this call may use joblib's worker processes.

    Only the main thread of the main process may: two threads that ask for different numbers of
    workers deadlock, a forked process does not have the workers of its parent, and a child process
    would not exit before its own workers do.
    """
    return (
        not in_joblib_worker()
        and multiprocessing.parent_process() is None
        and os.getpid() == _FIRST_PROCESS
        and threading.current_thread() is threading.main_thread()
    )
