"""Process settings: made for the length of a call, and put back."""

import ctypes
import platform
import threading

import joblib
import numpy as np
import pytest
import torch

from sklstm._training import runtime
from sklstm._training.runtime import denormals_flushed, fast_cpu, thread_count

on_x86 = pytest.mark.skipif(platform.machine() != "x86_64", reason="sets an x86 mode")
with_openmp = pytest.mark.skipif(
    runtime._openmp_and_math() is None, reason="torch brings no GNU OpenMP along here"
)


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@on_x86
@pytest.mark.parametrize("before", [False, True])
def test_denormals_are_flushed_inside_and_the_callers_mode_comes_back(before):
    torch.set_flush_denormal(before)
    try:
        assert denormals_flushed() == before
        with fast_cpu(1):
            assert denormals_flushed()
        assert denormals_flushed() == before
        with pytest.raises(KeyError), fast_cpu(1, keep_memory=True):
            raise KeyError
        assert denormals_flushed() == before
    finally:
        torch.set_flush_denormal(False)


@on_x86
@with_openmp
def test_openmp_workers_flush_too_and_stop_doing_so(two_threads):
    tiny = torch.full((4_000_000,), 1e-40)  # denormal; shared out over the workers
    tiny.mul(1.0)  # starts the workers, in the caller's mode
    with fast_cpu(2):
        inside = tiny.mul(1.0)
    after = tiny.mul(1.0)
    assert int(inside.count_nonzero()) == 0
    assert int(after.count_nonzero()) == len(tiny)


def test_thread_count_comes_back(two_threads):
    with fast_cpu(1):
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == 2


def test_n_jobs_follows_scikit_learn(two_threads):
    assert thread_count(None) == 2
    assert thread_count(3) == 3
    assert thread_count(-1) == joblib.cpu_count()
    assert thread_count(-(10**6)) == 1


@pytest.mark.parametrize("backend", ["loky", "threading", "multiprocessing"])
def test_one_thread_inside_a_joblib_worker_of_any_backend(backend, two_threads):
    counts = joblib.Parallel(n_jobs=2, backend=backend)(
        joblib.delayed(thread_count)(None) for _ in range(2)
    )
    assert counts == [1, 1]
    assert thread_count(None) == 2


def test_memory_setting_lasts_until_the_last_thread_is_done(monkeypatch):
    calls = []
    monkeypatch.setattr(runtime, "_may_set_malloc", lambda: True)
    monkeypatch.setattr(runtime, "_mallopt", lambda **values: calls.append(values))
    monkeypatch.setattr(runtime, "_trim_memory", lambda: calls.append("trim"))
    inside, leave = threading.Event(), threading.Event()

    def other():
        with fast_cpu(1, keep_memory=True):
            inside.set()
            leave.wait(10)

    thread = threading.Thread(target=other)
    with fast_cpu(1, keep_memory=True):
        thread.start()
        assert inside.wait(10)
    assert len(calls) == 1  # this thread is done, the other is not
    leave.set()
    thread.join()
    assert len(calls) == 3
    assert calls[0]["mmap_threshold"] > calls[1]["mmap_threshold"]
    assert calls[2] == "trim"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MALLOC_MMAP_THRESHOLD_", "65536"),
        ("MALLOC_TRIM_THRESHOLD_", "65536"),
        ("GLIBC_TUNABLES", "glibc.malloc.tcache_count=0:glibc.malloc.mmap_threshold=65536"),
    ],
)
def test_the_users_own_setting_of_malloc_is_kept(monkeypatch, name, value):
    calls = []
    monkeypatch.setattr(runtime, "_mallopt", lambda **values: calls.append(values))
    monkeypatch.setattr(runtime, "_may_set_malloc", runtime._may_set_malloc.__wrapped__)
    monkeypatch.setenv(name, value)
    with fast_cpu(1, keep_memory=True):
        pass
    assert not calls


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="a setting of glibc's")
def test_glibc_accepts_both_settings():
    libc = ctypes.CDLL(None)
    assert libc.mallopt(runtime.M_MMAP_THRESHOLD, 1 << 30) == 1
    assert libc.mallopt(runtime.M_TRIM_THRESHOLD, -1) == 1
    runtime._mallopt(
        mmap_threshold=runtime.MMAP_THRESHOLD_AFTER, trim_threshold=runtime.TRIM_THRESHOLD_AFTER
    )
    assert np.ones(10).sum() == 10
