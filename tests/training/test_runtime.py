"""Process settings: made for the length of a call, and put back."""

import ctypes
import platform
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import permutations

import joblib
import numpy as np
import pytest
import torch
from skorch.callbacks import Callback

from sklstm import LSTMClassifier
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


def in_new_thread(function):
    """Return what `function` returns in a thread of its own."""
    found = []
    thread = threading.Thread(target=lambda: found.append(function()))
    thread.start()
    thread.join(30)
    return found[0]


class Call:
    """A thread that enters and leaves `fast_cpu` when it is told to."""

    def __init__(self, n_jobs, fails=False):
        self.entered, self.leave, self.left = (threading.Event() for _ in range(3))
        self.end, self.counts = threading.Event(), {}
        self.thread = threading.Thread(target=self.run, args=(n_jobs, fails))

    def run(self, n_jobs, fails):
        try:
            with fast_cpu(n_jobs):
                self.counts["inside"] = torch.get_num_threads()
                self.entered.set()
                assert self.leave.wait(30)
                self.counts["still inside"] = torch.get_num_threads()
                if fails:
                    raise KeyError
        except KeyError:
            pass
        self.left.set()
        assert self.end.wait(30)
        self.counts["after all"] = torch.get_num_threads()

    def enter(self):
        self.thread.start()
        assert self.entered.wait(30)

    def exit(self):
        self.leave.set()
        assert self.left.wait(30)

    def finish(self):
        self.end.set()
        self.thread.join(30)


@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize("numbers", list(permutations([1, 3, None])))
@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_fault_15_overlapping_calls_leave_the_number_of_threads(two_threads, numbers, order, fails):
    calls = [Call(n_jobs, fails) for n_jobs in numbers]
    for call in calls:
        call.enter()
    for i in order:
        calls[i].exit()
    for call in calls:
        call.finish()
    for call, n_jobs in zip(calls, numbers, strict=True):
        wanted = n_jobs or 2  # not what another call has set
        assert call.counts == {"inside": wanted, "still inside": wanted, "after all": 2}
    assert torch.get_num_threads() == 2
    assert in_new_thread(torch.get_num_threads) == 2


def test_fault_15_a_call_in_this_thread_ends_before_or_after_one_in_another(two_threads):
    for first_out in ("this", "other"):
        other = Call(3)
        with fast_cpu(1):
            other.enter()
            if first_out == "other":
                other.exit()
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 2
        if first_out == "this":
            other.exit()
        other.finish()
        assert other.counts == {"inside": 3, "still inside": 3, "after all": 2}
        assert in_new_thread(torch.get_num_threads) == 2


def test_fault_15_nested_calls(two_threads):
    with fast_cpu(1):
        with fast_cpu(3):
            assert torch.get_num_threads() == 3
            with pytest.raises(KeyError), fast_cpu(1):
                raise KeyError
            assert torch.get_num_threads() == 3
        assert torch.get_num_threads() == 1
        with fast_cpu(None):
            assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == 2
    assert in_new_thread(torch.get_num_threads) == 2


def test_fault_15_a_thread_keeps_the_number_that_its_user_gave_it(two_threads):
    def own():
        torch.set_num_threads(4)
        with fast_cpu(1):
            pass
        with fast_cpu(None):
            inside = torch.get_num_threads()
        return inside, torch.get_num_threads()

    with fast_cpu(1):
        assert in_new_thread(own) == (4, 4)
    assert torch.get_num_threads() == 2
    assert in_new_thread(torch.get_num_threads) == 2


def test_fault_15_two_fits_in_threads(two_threads):
    X, y = np.random.default_rng(0).normal(size=(8, 3, 1)), [0, 1] * 4
    barrier = threading.Barrier(2)
    counts = {}

    class Meet(Callback):
        def __init__(self, name):
            self.name = name

        def on_train_begin(self, net, **kwargs):
            barrier.wait(30)  # both are training
            counts[self.name] = torch.get_num_threads()

        def on_train_end(self, net, **kwargs):
            barrier.wait(30)

    def fit(n_jobs):
        model = LSTMClassifier(
            hidden_size=2, max_epochs=1, n_jobs=n_jobs, callbacks=[Meet(n_jobs)], random_state=0
        )
        return model.fit(X, y).predict_proba(X), torch.get_num_threads()

    with ThreadPoolExecutor(2) as pool:
        (one, after_one), (two, after_two) = pool.map(fit, [1, 3])
    assert counts == {1: 1, 3: 3}
    assert after_one == after_two == torch.get_num_threads() == 2
    assert in_new_thread(torch.get_num_threads) == 2
    np.testing.assert_allclose(one, two, atol=1e-6)
