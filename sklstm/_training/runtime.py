"""Where and how a call computes: its device, and settings of the process that are put back.

The settings last for the length of a call: torch's global generators are seeded, denormal numbers
are flushed to zero, and threads and memory are set for speed.
"""

from __future__ import annotations

import copy
import ctypes
import os
import platform
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import nn

from sklstm._callers import caller_level
from sklstm._jobs import in_child_process, is_forked, job_count

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # malloc.h
MALLOC_THRESHOLDS = ("mmap_threshold", "trim_threshold")
# mallopt cannot be undone: glibc stops adjusting the thresholds to the blocks that are freed. These
# are the largest to which it would have adjusted them, as it does where large blocks are freed.
MMAP_THRESHOLD_AFTER, TRIM_THRESHOLD_AFTER = 32 << 20, 64 << 20


class Users:
    """The calls, of all threads, that use a setting of the process now.

    The first one makes the setting, and the last one puts back what was there before.

    Attributes
    ----------
    lock : threading.RLock
        Held while the setting is made or put back.
    count : int
        Number of these calls.
    """

    every: ClassVar[list[Users]] = []

    def __init__(self) -> None:
        self._of_thread = threading.local()
        self.lock = threading.RLock()
        self.count = 0
        self.every.append(self)

    def add(self, n: int) -> None:
        """Count a call of this thread (1) that begins, or one that ends (-1)."""
        self._of_thread.count = getattr(self._of_thread, "count", 0) + n
        self.count += n

    def outlive_fork(self) -> None:
        """Forget the other threads, which a fork ends, also where one of them held the lock."""
        self.lock = threading.RLock()
        self.count = getattr(self._of_thread, "count", 0)


_memory_users, _generator_users, _thread_users, _dtype_users, _precision_users = (
    Users() for _ in range(5)
)
_UNCHANGED = nullcontext()


def available_device() -> torch.device:
    """Return the fastest kind of device of this machine."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def resolve_device(device: str, *, fallback: bool = False) -> torch.device:
    """Return the device that the parameter `device` means.

    Parameters
    ----------
    device : str
        "auto", or a torch device such as "cpu", "cuda", "cuda:1" or "mps".
    fallback : bool, default=False
        Use the CPU, with a warning, if the device is missing: a model trained on a GPU must
        predict on a machine without one.

    Returns
    -------
    torch.device

    Raises
    ------
    ValueError
        If `device` is unknown, or missing on this machine and `fallback` is False.
    """
    if device == "auto":
        return available_device()
    try:
        resolved = torch.device(device)
    except RuntimeError as error:
        raise ValueError(
            f"device={device!r} is not a torch device; use 'auto', 'cpu', 'cuda', 'cuda:0' or "
            "'mps'."
        ) from error
    missing = (resolved.type == "cuda" and (resolved.index or 0) >= torch.cuda.device_count()) or (
        resolved.type == "mps" and not torch.backends.mps.is_available()
    )
    if not missing:
        return resolved
    if not fallback:
        raise ValueError(f"device={device!r} is not available on this machine; use 'auto'.")
    warnings.warn(
        f"device={device!r} is not available on this machine; predicting on the CPU.",
        stacklevel=caller_level(),
    )
    return torch.device("cpu")


def to_cpu(thing: Any) -> Any:
    """Return `thing` (a module, or nested dicts, lists and tensors) with all tensors on the CPU.

    What is on the CPU already is returned as it is, so that pickling copies nothing needlessly.
    """
    if isinstance(thing, nn.Module):
        parts = [*thing.parameters(), *thing.buffers()]
        return thing if all(p.device.type == "cpu" for p in parts) else copy.deepcopy(thing).cpu()
    if isinstance(thing, torch.Tensor):
        return thing.cpu()
    if isinstance(thing, dict):
        return {key: to_cpu(value) for key, value in thing.items()}
    if isinstance(thing, list):
        return [to_cpu(value) for value in thing]
    return thing


_generator_states: list[Any] = []


@contextmanager
def seeded_build(seed: int) -> Iterator[None]:
    """Seed torch's global generator of the CPU for the body, one thread at a time.

    Layers draw their initial weights from it. Its own state is restored afterwards. They are made
    as in `plain_build`, so that a seed gives the same weights anywhere.
    """
    with _generator_users.lock, torch.random.fork_rng(devices=[]), plain_build():
        torch.default_generator.manual_seed(seed)
        yield


@contextmanager
def plain_build() -> Iterator[None]:
    """Make layers in float32 and on the CPU, whatever defaults the user has set."""
    elsewhere = torch.get_default_device().type != "cpu"
    with float32_default(), torch.device("cpu") if elsewhere else _UNCHANGED:
        yield


_users_dtype = torch.float32


@contextmanager
def float32_default() -> Iterator[None]:
    """Run the body with torch's own default dtype, if the user has set another one.

    The default belongs to the process, so that code of the user's in another thread sees this one,
    too. Hence it is set only while a network is built, and while a module that users bring is run:
    their layers and tensors take it. The package's own modules compute in the dtype of their
    weights, and callbacks find the user's default.
    """
    global _users_dtype
    with _dtype_users.lock:
        if _dtype_users.count == 0:
            _users_dtype = torch.get_default_dtype()
        changed = _users_dtype != torch.float32
        if changed:
            _dtype_users.add(1)
            torch.set_default_dtype(torch.float32)
    try:
        yield
    finally:
        if changed:
            with _dtype_users.lock:
                _dtype_users.add(-1)
                if _dtype_users.count == 0:
                    torch.set_default_dtype(_users_dtype)


_users_tf32 = True


@contextmanager
def float32_products() -> Iterator[None]:
    """Run the body with recurrent layers and convolutions of a GPU in float32.

    cuDNN rounds their factors to ten bits (TF32) unless it is told not to, and how it sums up
    depends on the size of a batch: predictions for a sequence would depend on the others by more
    than 1e-5. Training keeps the user's setting.
    """
    global _users_tf32
    with _precision_users.lock:
        if _precision_users.count == 0:
            try:
                _users_tf32 = torch.backends.cudnn.allow_tf32
            except RuntimeError:  # set for each operation, by newer settings: users mean it
                _users_tf32 = False
        changed = _users_tf32
        if changed:
            _precision_users.add(1)
            torch.backends.cudnn.allow_tf32 = False
    try:
        yield
    finally:
        if changed:
            with _precision_users.lock:
                _precision_users.add(-1)
                if _precision_users.count == 0:
                    torch.backends.cudnn.allow_tf32 = True


def dtype_of(module: nn.Module) -> Callable[[], AbstractContextManager[None]]:
    """Return what makes the context to run `module` in: `float32_default` for one that users bring.

    Nothing has to be set for the package's own modules, and those of torch.
    """
    kinds = {type(part).__module__ for part in module.modules()}
    own = all(kind.startswith(("sklstm.nn.", "torch.nn.")) for kind in kinds)
    return nullcontext if own else float32_default


@contextmanager
def private_global_generators(seed: int) -> Iterator[None]:
    """Seed torch's global generators for the body: for modules that users bring.

    The generators belong to the process, so their states are restored when the last of several
    threads is done.
    """
    global _generator_states
    with _generator_users.lock:
        if _generator_users.count == 0:
            cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
            _generator_states = [torch.get_rng_state(), cuda]
        _generator_users.add(1)
        torch.manual_seed(seed)
    try:
        yield
    finally:
        with _generator_users.lock:
            _generator_users.add(-1)
            if _generator_users.count == 0:
                cpu, cuda = _generator_states
                torch.set_rng_state(cpu)
                if cuda:
                    torch.cuda.set_rng_state_all(cuda)


@contextmanager
def fast_cpu(n_jobs: int | None, *, keep_memory: bool = False) -> Iterator[None]:
    """Run the body with the process settings that make an LSTM fast on a CPU.

    Denormal numbers are flushed to zero, and the number of torch threads suits the place of the
    call. ``docs/architecture.md`` has the measurements.

    Parameters
    ----------
    n_jobs : int or None
        Number of torch threads; see `thread_count`.
    keep_memory : bool, default=False
        Whether freed memory stays with the process: for training, which allocates the same
        blocks in every step.
    """
    with (
        _threads(n_jobs),
        _flushed_denormals(),
        _kept_memory() if keep_memory else _UNCHANGED,
    ):
        yield


def thread_count(n_jobs: int | None, *, default: int | None = None) -> int:
    """Return the number of torch threads to use.

    None means `default`, or torch's own number, but 1 inside a joblib worker of any backend and
    in other child processes: workers that bring several threads each spin at each other's
    barriers. -1 means all cores, -2 all but one. In a forked process it is always 1, as OpenMP
    would wait for threads that the fork has ended.
    """
    if is_forked() or (n_jobs is None and in_child_process()):
        return 1
    if n_jobs is not None and n_jobs > 0:
        return n_jobs
    return job_count(n_jobs, default=default or torch.get_num_threads())


# With OpenMP each thread has its own number, but a new thread takes the one that was set last,
# in whatever thread.
_first_number = 0  # before the first of the calls that run now
_last_number = 0  # set last
_known = threading.local()  # has an attribute in threads whose number is known to be their own


def _threads(n_jobs: int | None) -> AbstractContextManager[None]:
    """Set the number of torch threads of this thread, for the length of a call.

    Calls in other threads, which may end in any order, keep the numbers that they have asked for.
    When all are done, all have the number from before the first one again.
    """
    before = torch.get_num_threads()
    if not hasattr(_known, "own"):
        with _thread_users.lock:
            before = torch.get_num_threads()
            if _thread_users.count and before == _last_number:
                before = _first_number  # the number found belongs to the call of another thread
            _known.own = True
    number = thread_count(n_jobs, default=before)
    if number == before == torch.get_num_threads():
        return _UNCHANGED
    return _other_threads(number, before)


@contextmanager
def _other_threads(number: int, before: int) -> Iterator[None]:
    global _first_number
    forked = is_forked()
    with _thread_users.lock:
        if _thread_users.count == 0:
            _first_number = before
        _thread_users.add(1)
        _set_threads(number)
    try:
        yield
    finally:
        with _thread_users.lock:
            _thread_users.add(-1)
            # In a process that was forked in the body it stays 1.
            if is_forked() == forked:
                _set_threads(before)


def _set_threads(number: int) -> None:
    """Set the number of torch threads of this thread, and of new ones."""
    global _last_number
    torch.set_num_threads(number)
    _last_number = number


def _outlive_fork() -> None:
    """Make a forked process able to compute: with one thread, and with locks that nobody holds.

    Also for what runs outside of `fast_cpu`, building and copying a network for instance.
    """
    for users in Users.every:
        users.outlive_fork()
    if torch.get_num_threads() > 1:
        torch.set_num_threads(1)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_outlive_fork)
if is_forked():
    _outlive_fork()


def denormals_flushed() -> bool:
    """Return True if this thread flushes denormal numbers to zero; torch can only set it."""
    smallest = sys.float_info.min
    half = 0.5
    return smallest * half == 0.0


class _flushed_denormals:
    """A context manager; one from a generator would take a noticeable part of a stream's step."""

    def __enter__(self) -> None:
        self.before = denormals_flushed()
        _set_flush(True)

    def __exit__(self, *error: object) -> None:
        _set_flush(self.before)


def _set_flush(on: bool) -> None:
    """Set the mode of this thread and of its OpenMP workers that exist already.

    The mode belongs to a thread. Workers that start later inherit it, those that exist keep
    the mode in which they were started.
    """
    if torch.set_flush_denormal(on):
        _copy_float_mode_to_workers()


def _copy_float_mode_to_workers() -> None:
    """Copy the floating-point environment of this thread to each of its OpenMP workers."""
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
    """Load the GNU OpenMP that torch ships and the C math library; None if one is missing.

    Only once: searching for them takes as long as a step of a stream.
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
    """Let glibc keep freed memory instead of returning every large block to the kernel.

    A training step frees tens of megabytes, and in the next one each of their pages would fault
    again. The setting belongs to the process, so it stays until the last of several threads is
    done. A user who has set malloc's thresholds in the environment keeps them; a setting made by a
    call of mallopt cannot be read, and is lost.
    """
    if not _may_set_malloc():
        yield
        return
    with _memory_users.lock:
        _memory_users.add(1)
        if _memory_users.count == 1:
            _mallopt(mmap_threshold=1 << 30, trim_threshold=-1)
    try:
        yield
    finally:
        with _memory_users.lock:
            _memory_users.add(-1)
            if _memory_users.count == 0:
                _mallopt(mmap_threshold=MMAP_THRESHOLD_AFTER, trim_threshold=TRIM_THRESHOLD_AFTER)
                _trim_memory()


@cache
def _may_set_malloc() -> bool:
    """Return True if malloc is glibc's, with the thresholds that it chooses itself."""
    if platform.libc_ver()[0] != "glibc":
        return False
    tunables = os.environ.get("GLIBC_TUNABLES", "")
    return not any(f"glibc.malloc.{name}" in tunables for name in MALLOC_THRESHOLDS) and not any(
        f"MALLOC_{name.upper()}_" in os.environ for name in MALLOC_THRESHOLDS
    )


def _mallopt(*, mmap_threshold: int, trim_threshold: int) -> None:
    libc = ctypes.CDLL(None)
    libc.mallopt(M_MMAP_THRESHOLD, mmap_threshold)
    libc.mallopt(M_TRIM_THRESHOLD, trim_threshold)


def _trim_memory() -> None:
    """Return the freed memory to the kernel."""
    ctypes.CDLL(None).malloc_trim(0)
