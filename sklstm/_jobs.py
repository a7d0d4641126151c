"""Number of cores and processes that a call may use."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import joblib
from threadpoolctl import threadpool_limits


def _began_as_fork() -> bool:
    """Return True if multiprocessing has forked this process, before this module was imported."""
    own = getattr(multiprocessing.current_process(), "_start_method", None)
    return multiprocessing.parent_process() is not None and "fork" == (
        own or multiprocessing.get_start_method()
    )


_forked = _began_as_fork()


def is_forked() -> bool:
    """Return True if this process was forked from one that may have used several threads.

    The threads of GNU OpenMP do not live on in a fork, but it waits for them: where the thread
    that has forked asks for a second one, it waits without end.
    """
    return _forked


def _note_fork() -> None:
    global _forked
    _forked = True


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_note_fork)


def in_child_process() -> bool:
    """Return True in a worker process of any kind, forked or started anew."""
    return is_forked() or multiprocessing.parent_process() is not None


@contextmanager
def one_openmp_thread_after_fork() -> Iterator[None]:
    """Limit scikit-learn's own OpenMP to one thread in a forked process, where more would hang."""
    if not is_forked():
        yield
        return
    with threadpool_limits(1, user_api="openmp"):
        yield


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
        and not in_child_process()
        and threading.current_thread() is threading.main_thread()
    )
