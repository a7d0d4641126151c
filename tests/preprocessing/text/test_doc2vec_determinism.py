"""The same text has the same vector, to the last bit, whatever is around it."""

from __future__ import annotations

import copy

import joblib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from preprocessing.text.text_samples import (
    CHOICES,
    TEXTS,
    TOPIC_OF,
    doc2vec_digest,
    small,
)

from sklstm._jobs import job_count


@pytest.mark.parametrize("name", CHOICES)
@given(
    order=st.lists(st.integers(0, len(TEXTS) - 1), min_size=1, max_size=90),
    n=st.sampled_from([1, 2, 5]),
)
@settings(max_examples=15, deadline=None)
def test_a_vector_depends_on_its_own_text_only(models, alone, name, order, n):
    model = copy.copy(models[name]).set_params(n_jobs=n)
    assert_array_equal(model.transform([TEXTS[i] for i in order]), alone[name][order])


def test_words_that_are_unknown_change_nothing(models):
    model = models["dm-sample"]
    plain, padded = model.transform(["ship the wave", "zzz ship qqq the wave zzz"])
    assert_array_equal(plain, padded)


def test_another_seed_gives_other_vectors(alone):
    other = small(random_state=1).fit(TEXTS)
    assert np.abs(other.transform(TEXTS) - alone["dbow"]).max() > 1e-3
    unseeded = [small(random_state=None).fit_transform(TEXTS) for _ in range(2)]
    assert np.abs(unseeded[0] - unseeded[1]).max() > 1e-3


def test_a_random_state_instance_is_drawn_from_once():
    state = np.random.RandomState(3)
    first = small(random_state=state).fit_transform(TEXTS)
    expected = np.random.RandomState(3)
    expected.randint(2**31 - 1)
    assert state.randint(10**9) == expected.randint(10**9)
    assert_array_equal(small(random_state=np.random.RandomState(3)).fit_transform(TEXTS), first)


def test_global_generators_stay_where_they_were():
    np.random.seed(0)  # noqa: NPY002
    small().fit_transform(TEXTS)
    drawn = np.random.random()  # noqa: NPY002
    np.random.seed(0)  # noqa: NPY002
    assert drawn == np.random.random()  # noqa: NPY002


def test_a_process_with_another_hash_seed_gives_the_same_bytes(elsewhere):
    assert elsewhere["doc2vec"] == doc2vec_digest()


def test_several_training_threads_still_transform_alike():
    model = small(n_jobs=2).fit(TEXTS)
    assert model.model_.workers == 2
    expected = model.transform(TEXTS)
    for n in (None, 1, 3):
        assert_array_equal(model.set_params(n_jobs=n).transform(TEXTS), expected)


def test_training_takes_one_thread_unless_told(models):
    assert models["dbow"].model_.workers == 1
    assert small(n_jobs=-1).fit(TEXTS).model_.workers == joblib.cpu_count()


@pytest.mark.parametrize("backend", ["threading", pytest.param("loky", marks=pytest.mark.slow)])
def test_joblib_workers_infer_in_one_thread_and_alike(models, alone, backend):
    model = models["dbow"]
    run = joblib.Parallel(2, backend=backend)
    counts = run(joblib.delayed(job_count)(None) for _ in range(2))
    assert counts == [1, 1]
    parts = run(joblib.delayed(model.transform)(TEXTS[i::2]) for i in range(2))
    for i, part in enumerate(parts):
        assert_array_equal(part, alone["dbow"][i::2])


def test_job_count():
    assert job_count(None) == joblib.cpu_count()
    assert job_count(None, default=7) == 7
    assert job_count(3, default=7) == 3
    assert job_count(-1) == joblib.cpu_count()
    assert job_count(-1000) == 1


def test_labels_change_training_but_a_text_needs_none():
    model = small(tags="both").fit(TEXTS, TOPIC_OF)
    rows = model.transform(TEXTS)
    assert_array_equal(model.transform(TEXTS[::-1]), rows[::-1])
