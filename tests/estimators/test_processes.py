"""Estimators in forked processes, after their parent has computed with several threads."""

import copy
import multiprocessing
import os
import threading

import numpy as np
import pytest
import torch
from skorch.callbacks import Callback

from sklstm import AutoencoderClusterer, LSTMClassifier, LSTMRegressor, LSTMTagger
from sklstm._training import runtime

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing is forked here"),
    pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning"),  # Python 3.12: of threads
    pytest.mark.filterwarnings("ignore:clusters did not settle"),
]

rng = np.random.default_rng(0)
# Large enough for torch and scikit-learn to use several threads.
X = rng.normal(size=(300, 40, 3)).astype(np.float32)
y = (X[:, :, 0].mean(axis=1) > 0).astype(int)
TABLE = rng.normal(size=(2_000, 20))
SMALL = {"hidden_size": 64, "max_epochs": 1, "random_state": 0}
CAUSAL = SMALL | {"bidirectional": False, "conv_filters": None}


def fit_clusters(n_jobs=None):
    sizes = {"max_epochs": 1, "clustering_epochs": 1, "n_init": 1, "hidden_layer_sizes": 16}
    return AutoencoderClusterer(3, n_jobs=n_jobs, random_state=0, **sizes).fit_predict(TABLE)


@pytest.fixture(scope="module", autouse=True)
def several_threads():
    """Let this process compute with two threads, torch's OpenMP and scikit-learn's."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    torch.ones(1_000_000).mul(2.0)
    fit_clusters()
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def model():
    return LSTMClassifier(**CAUSAL).fit(X, y)  # with two threads


def in_fork(function):
    """Return what `function` returns in a forked process; fail if it hangs there."""
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=lambda: sender.send(function()))
    process.start()
    sender.close()
    try:
        assert receiver.poll(30), "the forked process hangs"
        return receiver.recv()
    finally:
        process.kill()
        process.join()


def stream(model, n_jobs):
    with model.set_params(n_jobs=n_jobs).stream(len(X), response_method="predict_proba") as opened:
        opened.feed(X)
        return opened.step(X[:, 0])


def tags(n_jobs):
    model = LSTMTagger(output_layer="crf", n_jobs=n_jobs, **SMALL)
    labels = np.where(X[:, :, 0] > 0, "up", "down").tolist()
    return np.concatenate(model.fit(list(X), labels).predict(list(X[:20])))


TASKS = {
    "predict": lambda model, n: model.set_params(n_jobs=n).predict_proba(X),
    "transform": lambda model, n: model.set_params(n_jobs=n).transform(X),
    "score": lambda model, n: model.set_params(n_jobs=n).score(X, y),
    "fit": lambda model, n: LSTMClassifier(n_jobs=n, **SMALL).fit(X, y).predict_proba(X),
    "warm start": lambda model, n: (
        model.set_params(warm_start=True, n_jobs=n).fit(X, y).predict_proba(X)
    ),
    "truncated": lambda model, n: (
        LSTMRegressor(bptt_length=8, cell="gru", n_jobs=n, **CAUSAL).fit(X, y).predict(X)
    ),
    "stateful": lambda model, n: (
        model.set_params(stateful=True, batch_size=300, n_jobs=n).partial_fit(X, y).predict_proba(X)
    ),
    "stream": stream,
    "tagger": lambda model, n: tags(n),
    "clusterer": lambda model, n: fit_clusters(n),
}


def in_parent(function):
    """Return what `function` returns in this process, with one thread as in a fork."""
    torch.set_num_threads(1)  # n_jobs does not hold for the initial weights
    try:
        return function()
    finally:
        torch.set_num_threads(2)


@pytest.mark.parametrize(
    ("task", "n_jobs"), [*((name, None) for name in TASKS), ("predict", 2), ("fit", -1)]
)
def test_fault_13_a_forked_process_computes_as_its_parent_does(model, task, n_jobs):
    found = in_fork(lambda: TASKS[task](model, n_jobs))
    expected = in_parent(lambda: TASKS[task](copy.deepcopy(model), 1))
    np.testing.assert_array_equal(found, expected)  # not even the last bit differs


def test_fault_13_a_pool_of_forked_processes_predicts_parts(model):
    with multiprocessing.get_context("fork").Pool(2) as pool:
        parts = pool.map_async(model.predict_proba, [X[:150], X[150:]]).get(timeout=30)
    expected = in_parent(lambda: model.predict_proba(X))
    np.testing.assert_allclose(np.concatenate(parts), expected, atol=1e-6)


def test_fault_13_threads_of_a_forked_process_and_its_own_torch_code_do_not_hang(model):
    def in_thread():
        results = []
        thread = threading.Thread(target=lambda: results.append(model.predict_proba(X)))
        thread.start()
        thread.join()
        torch.ones(1_000_000).mul(2.0)
        return [torch.get_num_threads(), *results]

    n_threads, found = in_fork(in_thread)
    assert n_threads == 1
    np.testing.assert_array_equal(found, in_parent(lambda: model.predict_proba(X)))


def test_fault_13_a_process_forked_within_a_call_keeps_one_thread(model):
    found = {}

    class Fork(Callback):
        def on_epoch_end(self, net, **kwargs):
            found["in fit"] = in_fork(lambda: model.predict_proba(X))

    LSTMClassifier(callbacks=[Fork()], n_jobs=2, **CAUSAL).fit(X, y)
    np.testing.assert_array_equal(found["in fit"], in_parent(lambda: model.predict_proba(X)))


def test_fault_13_nobody_holds_the_locks_of_a_forked_process(model):
    inside, leave = threading.Event(), threading.Event()

    def hold():
        with (
            runtime._memory_users.lock,
            runtime._generator_users.lock,
            runtime._thread_users.lock,
            runtime.fast_cpu(1, keep_memory=True),
        ):
            inside.set()
            leave.wait(60)

    holder = threading.Thread(target=hold)
    holder.start()
    assert inside.wait(10)
    try:
        found = in_fork(lambda: LSTMClassifier(**CAUSAL).fit(X, y).predict_proba(X))
        counts = in_fork(lambda: [users.count for users in runtime.Users.every])
    finally:
        leave.set()
        holder.join()
    assert set(counts) == {0}
    expected = in_parent(lambda: LSTMClassifier(**CAUSAL).fit(X, y).predict_proba(X))
    np.testing.assert_array_equal(found, expected)


def test_fault_13_processes_started_anew_take_one_thread_unless_told_otherwise(monkeypatch):
    monkeypatch.setattr(multiprocessing, "parent_process", lambda: "the process that spawned it")
    assert [runtime.thread_count(n) for n in (None, 2, 3)] == [1, 2, 3]
