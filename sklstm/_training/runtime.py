"""Process settings that make an LSTM fast on a CPU, made for the length of a call.

Three of them, all put back afterwards: denormal numbers are flushed to zero, the number of
torch threads suits where the call runs, and the C library keeps freed memory for the next
step. ``docs/architecture.md`` has the measurements.
"""

from __future__ import annotations

import ctypes
import platform
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import cache
from pathlib import Path
from typing import Any

import torch

from sklstm._jobs import job_count

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # malloc.h
GLIBC_MMAP_DEFAULT, GLIBC_TRIM_DEFAULT = 128 * 1024, 128 * 1024

_memory_lock = threading.Lock()
_memory_users = 0


@contextmanager
def fast_cpu(n_jobs: int | None, *, keep_memory: bool = False) -> Iterator[None]:
    """Run the body with the settings of this module.

    Parameters
    ----------
    n_jobs : int or None
        Torch threads; see `thread_count`.
    keep_memory : bool, default=False
        Whether freed memory stays with the process: for training, which allocates the same
        blocks at every step.
    """
    with (
        _threads(thread_count(n_jobs)),
        _flushed_denormals(),
        _kept_memory() if keep_memory else nullcontext(),
    ):
        yield


def thread_count(n_jobs: int | None) -> int:
    """Return the number of torch threads to use.

    None means torch's own number, but 1 inside a joblib worker of any backend: workers that
    bring several threads each spin at each other's barriers. -1 means all cores, -2 all but
    one.
    """
    return job_count(n_jobs, default=torch.get_num_threads())


@contextmanager
def _threads(n: int) -> Iterator[None]:
    before = torch.get_num_threads()
    if n == before:
        yield
        return
    torch.set_num_threads(n)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def denormals_flushed() -> bool:
    """Tell whether this thread flushes denormal numbers to zero; torch can only set it."""
    smallest = sys.float_info.min
    half = 0.5
    return smallest * half == 0.0


@contextmanager
def _flushed_denormals() -> Iterator[None]:
    before = denormals_flushed()
    _set_flush(True)
    try:
        yield
    finally:
        _set_flush(before)


def _set_flush(on: bool) -> None:
    """Set the mode of this thread, and of the OpenMP threads that already wait to help it.

    The mode belongs to a thread. Workers that start later inherit it, those that exist keep
    the mode they were started in.
    """
    if torch.set_flush_denormal(on):
        _copy_float_mode_to_workers()


def _copy_float_mode_to_workers() -> None:
    """Have every OpenMP worker of this thread take over its floating-point environment."""
    libraries = _openmp_and_math()
    if libraries is None or torch.get_num_threads() == 1:
        return
    openmp, math = libraries
    mode = ctypes.create_string_buffer(64)  # fenv_t has 32 bytes on x86-64
    math.fegetenv(mode)
    set_mode = ctypes.cast(math.fesetenv, ctypes.c_void_p)
    openmp.GOMP_parallel(set_mode, mode, torch.get_num_threads(), 0)


@cache
def _openmp_and_math() -> tuple[Any, Any] | None:
    """Load the GNU OpenMP that torch brings along and the C math library, where they are.

    Once only: looking for them takes as long as a step of a stream.
    """
    if platform.system() != "Linux" or platform.machine() != "x86_64":
        return None
    found = sorted((Path(torch.__file__).parent / "lib").glob("libgomp*.so*"))
    if not found:
        return None
    try:
        return ctypes.CDLL(str(found[0])), ctypes.CDLL("libm.so.6")
    except OSError:
        return None


@contextmanager
def _kept_memory() -> Iterator[None]:
    """Let glibc keep freed memory instead of handing every large block back to the kernel.

    A training step frees tens of megabytes and the next one would fault each page in again.
    The setting is the process's own, so it stays until the last of several threads is done.
    """
    global _memory_users
    with _memory_lock:
        _memory_users += 1
        if _memory_users == 1:
            _mallopt(mmap_threshold=1 << 30, trim_threshold=-1)
    try:
        yield
    finally:
        with _memory_lock:
            _memory_users -= 1
            if _memory_users == 0:
                _mallopt(mmap_threshold=GLIBC_MMAP_DEFAULT, trim_threshold=GLIBC_TRIM_DEFAULT)
                _trim_memory()


def _mallopt(*, mmap_threshold: int, trim_threshold: int) -> None:
    if _has_glibc():
        libc = ctypes.CDLL(None)
        libc.mallopt(M_MMAP_THRESHOLD, mmap_threshold)
        libc.mallopt(M_TRIM_THRESHOLD, trim_threshold)


def _trim_memory() -> None:
    if _has_glibc():
        ctypes.CDLL(None).malloc_trim(0)


def _has_glibc() -> bool:
    return platform.libc_ver()[0] == "glibc"
