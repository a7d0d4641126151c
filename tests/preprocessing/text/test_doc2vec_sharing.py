"""Long calls of transform share their texts among processes, to the same bytes."""

from __future__ import annotations

import copy
import pickle
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import joblib
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from preprocessing.text.text_samples import CHOICES, TEXTS, small

from sklstm._jobs import may_start_processes
from sklstm.preprocessing.text import _doc2vec_inference as inference
from sklstm.preprocessing.text._doc2vec_inference import infer_some, lean

WORDS = sum(len(text.split()) for text in TEXTS)


@pytest.fixture
def pools(monkeypatch):
    """Return a list that the backend of each pool of joblib's is added to."""
    used = []

    class Watched(joblib.Parallel):
        def __call__(self, tasks):
            used.append(type(self._backend).__name__)
            return super().__call__(tasks)

    monkeypatch.setattr(inference, "Parallel", Watched)
    return used


def transform(model, n_jobs=2):
    """Return the vectors of all texts."""
    return copy.copy(model).set_params(n_jobs=n_jobs).transform(TEXTS)


@pytest.mark.parametrize("name", CHOICES)
def test_processes_give_the_same_bytes(models, name, monkeypatch, pools):
    expected = transform(models[name], n_jobs=1)
    monkeypatch.setattr(inference, "_WORTH_PROCESSES", 0)
    assert_array_equal(transform(models[name]), expected)
    assert pools == ["ThreadingBackend", "LokyBackend"]


def test_words_times_epochs_decide(models, monkeypatch, pools):
    model = models["dbow"]
    work = WORDS * model.model_.epochs
    monkeypatch.setattr(inference, "_WORTH_PROCESSES", work)
    transform(model)
    monkeypatch.setattr(inference, "_WORTH_PROCESSES", work - 1)
    transform(model)
    transform(model, n_jobs=1)
    assert pools == ["ThreadingBackend", "LokyBackend", "ThreadingBackend"]


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ({"backend": "threading"}, "ThreadingBackend"),
        ({"backend": "sequential"}, "SequentialBackend"),
        ({"prefer": "threads"}, "ThreadingBackend"),
        ({"require": "sharedmem"}, "ThreadingBackend"),
    ],
    ids=str,
)
def test_the_users_choice_comes_first(models, alone, choice, expected, monkeypatch, pools):
    monkeypatch.setattr(inference, "_WORTH_PROCESSES", 0)
    with joblib.parallel_config(**choice):
        assert_array_equal(transform(models["dbow"]), alone["dbow"])
    assert pools == [expected]


@pytest.mark.parametrize("name", ["words-hs", "concat-hs"])
def test_what_is_sent_can_be_sent_on(models, name):
    model = lean(models[name].model_, None)
    corpus = models[name]._read(TEXTS)
    given = (corpus.ids, corpus.lengths, 7, 3)
    expected = infer_some(model, *given)
    for _ in range(2):
        model = pickle.loads(pickle.dumps(model))
        assert_array_equal(infer_some(model, *given), expected)


def test_all_tasks_send_the_same_arrays(models):
    words = lean(models["words-hs"].model_, None).wv
    first, again = (words.__getstate__()["packed"] for _ in range(2))
    assert set(first) == {"code", "point"}
    assert all(first[name][0] is again[name][0] for name in first)  # which joblib writes once


def test_arrays_that_processes_share_are_read_only_and_good_enough(monkeypatch):
    words = np.random.RandomState(0).randint(0, 1000, size=(60, 50)).astype(str)
    documents = [[*map(str, range(1000))], *words.tolist()]
    # joblib hands over arrays of more than 1 MB as files.
    model = small(vector_size=300, min_count=1, epochs=1).fit(documents)
    assert model.model_.syn1neg.nbytes > 2**20
    expected = model.transform(documents)
    monkeypatch.setattr(inference, "_WORTH_PROCESSES", 0)
    assert_array_equal(model.set_params(n_jobs=2).transform(documents), expected)


def test_only_the_programs_main_thread_starts_processes():
    assert may_start_processes()
    ask = joblib.delayed(may_start_processes)
    assert joblib.Parallel(2, backend="threading")(ask() for _ in range(2)) == [False, False]
    with ThreadPoolExecutor(1) as pool:
        assert not pool.submit(may_start_processes).result()


def test_processes_of_others_start_none_and_end():
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        assert not pool.submit(may_start_processes).result()


def test_a_fork_starts_none():
    with ProcessPoolExecutor(1, mp_context=get_context("fork")) as pool:
        assert not pool.submit(may_start_processes).result()
