"""Long calls of transform share their texts among processes, to the same bytes."""

from __future__ import annotations

import copy
from collections import Counter

import joblib
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from test_doc2vec import TEXTS, small
from test_doc2vec_determinism import ALONE, FITTED

from sklstm._jobs import may_start_processes
from sklstm.preprocessing import _doc2vec_sharing as sharing

WORDS = sum(len(text.split()) for text in TEXTS)


@pytest.fixture
def asked(monkeypatch):
    """Return a list that every joblib pool of an inference writes its settings into."""
    settings = []

    def watched(**choices):
        settings.append(choices)
        return joblib.Parallel(**choices)

    monkeypatch.setattr(sharing, "Parallel", watched)
    return settings


def transform(name, n_jobs=2):
    """Return the vectors of all texts by a model of FITTED."""
    return copy.copy(FITTED[name]).set_params(n_jobs=n_jobs).transform(TEXTS)


def processes_of(settings):
    return Counter(choices.get("prefer") for choices in settings)["processes"]


@pytest.mark.parametrize("name", FITTED)
def test_processes_give_the_same_bytes(name, monkeypatch, asked):
    monkeypatch.setattr(sharing, "_WORTH_PROCESSES", 0)
    assert_array_equal(transform(name), ALONE[name])
    assert processes_of(asked) == 1


def test_words_times_epochs_decide(monkeypatch, asked):
    epochs = FITTED["dbow"].model_.epochs
    monkeypatch.setattr(sharing, "_WORTH_PROCESSES", WORDS * epochs + 1)
    transform("dbow")
    assert processes_of(asked) == 0
    monkeypatch.setattr(sharing, "_WORTH_PROCESSES", WORDS * epochs)
    transform("dbow", n_jobs=1)
    assert processes_of(asked) == 0
    transform("dbow")
    assert processes_of(asked) == 1


def test_a_backend_of_the_users_comes_first(monkeypatch):
    def watched(*given, infer_some=sharing.infer_some):
        here.append(1)
        return infer_some(*given)

    here = []
    monkeypatch.setattr(sharing, "_WORTH_PROCESSES", 0)
    monkeypatch.setattr(sharing, "infer_some", watched)
    with joblib.parallel_config(backend="threading"):
        assert_array_equal(transform("dbow"), ALONE["dbow"])
    assert here  # which another process could not have reached


def test_arrays_that_processes_share_are_read_only_and_good_enough(monkeypatch):
    words = np.random.RandomState(0).randint(0, 1000, size=(60, 50)).astype(str)
    documents = [[*map(str, range(1000))], *words.tolist()]
    # joblib hands over arrays of more than 1 MB as files.
    model = small(vector_size=300, min_count=1, epochs=1).fit(documents)
    assert model.model_.syn1neg.nbytes > 2**20
    expected = model.transform(documents)
    monkeypatch.setattr(sharing, "_WORTH_PROCESSES", 0)
    assert_array_equal(model.set_params(n_jobs=2).transform(documents), expected)


def test_jobs_start_no_processes_of_their_own():
    assert may_start_processes()
    found = joblib.Parallel(2, backend="threading")(
        joblib.delayed(may_start_processes)() for _ in range(2)
    )
    assert found == [False, False]
