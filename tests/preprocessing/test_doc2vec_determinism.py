"""The same text has the same vector, to the last bit, whatever is around it."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys

import joblib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from preprocessing.test_doc2vec import TEXTS, TOPIC_OF, small
from sklearn.base import clone

from sklstm._jobs import job_count

FITTED = {
    "dbow": small().fit(TEXTS),
    "dm-sample": small(dm=1, sample=0.05).fit(TEXTS),
    "words-hs": small(dbow_words=1, hs=1, negative=0, sample=0.05).fit(TEXTS),
    "concat": small(dm=1, dm_concat=1, window=2).fit(TEXTS),
}
ALONE = {
    name: np.concatenate([model.transform([text]) for text in TEXTS])
    for name, model in FITTED.items()
}


@pytest.mark.parametrize("name", FITTED)
@given(
    order=st.lists(st.integers(0, len(TEXTS) - 1), min_size=1, max_size=90),
    n=st.sampled_from([1, 2, 5]),
)
@settings(max_examples=15, deadline=None)
def test_a_vector_depends_on_its_own_text_only(name, order, n):
    model = clone(FITTED[name]).set_params(n_jobs=n)
    model.__dict__.update({k: v for k, v in vars(FITTED[name]).items() if k != "n_jobs"})
    assert_array_equal(model.transform([TEXTS[i] for i in order]), ALONE[name][order])


def test_words_that_are_unknown_change_nothing():
    model = FITTED["dm-sample"]
    plain, padded = model.transform(["ship the wave", "zzz ship qqq the wave zzz"])
    assert_array_equal(plain, padded)


def test_another_seed_gives_other_vectors():
    other = small(random_state=1).fit(TEXTS)
    assert np.abs(other.transform(TEXTS) - ALONE["dbow"]).max() > 1e-3
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


def digest():
    """Return a digest of every vector that three models learn and infer."""
    found = hashlib.sha256()
    for choices in ({}, {"dm": 1, "sample": 0.05}, {"hs": 1, "dbow_words": 1}):
        for tags in ("texts", "both"):
            y = [{topic, "any", topic[:1]} for topic in TOPIC_OF.tolist()]  # sets vary in order
            model = small(tags=tags, **choices).fit(TEXTS, y)
            vectors = (model.model_.dv.vectors, model.model_.wv.vectors, model.transform(TEXTS))
            for array in vectors:
                found.update(array.tobytes())
    return found.hexdigest()


def test_a_process_with_another_hash_seed_gives_the_same_bytes():
    path = os.pathsep.join([os.path.dirname(__file__), *sys.path])
    seed = "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"
    environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": path}
    code = "import test_doc2vec_determinism as test; print(hash('ship'), test.digest())"
    printed = subprocess.run(
        [sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True
    ).stdout.split()
    assert int(printed[0]) != hash("ship")
    assert printed[1] == digest()


def test_several_training_threads_still_transform_alike():
    model = small(n_jobs=2).fit(TEXTS)
    assert model.model_.workers == 2
    expected = model.transform(TEXTS)
    for n in (None, 1, 3):
        assert_array_equal(model.set_params(n_jobs=n).transform(TEXTS), expected)


def test_training_takes_one_thread_unless_told():
    assert FITTED["dbow"].model_.workers == 1
    assert small(n_jobs=-1).fit(TEXTS).model_.workers == joblib.cpu_count()


@pytest.mark.parametrize("backend", ["threading", pytest.param("loky", marks=pytest.mark.slow)])
def test_joblib_workers_infer_in_one_thread_and_alike(backend):
    model = FITTED["dbow"]
    run = joblib.Parallel(2, backend=backend)
    counts = run(joblib.delayed(job_count)(None) for _ in range(2))
    assert counts == [1, 1]
    parts = run(joblib.delayed(model.transform)(TEXTS[i::2]) for i in range(2))
    for i, part in enumerate(parts):
        assert_array_equal(part, ALONE["dbow"][i::2])


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
