"""TokenArray and Vocabulary: what they keep, wherever they go."""

from __future__ import annotations

import copy
import pickle

import joblib
import numpy as np
import pytest
from sklearn.model_selection import train_test_split
from sklearn.utils import resample

from sklstm._sequences.tokens import RESERVED_WORDS, TokenArray, Vocabulary

VOCABULARY = Vocabulary(["good", "film", "plot"])


@pytest.fixture
def ragged():
    return TokenArray([[4, 5], [6], [], [5, 5, 5], [4]], VOCABULARY)


@pytest.fixture
def padded():
    return TokenArray(np.array([[0, 4, 5], [0, 0, 6]], dtype=np.int32), VOCABULARY)


def test_vocabulary_is_a_dict_of_ids_after_the_reserved_ones():
    assert VOCABULARY == {"good": 4, "film": 5, "plot": 6}
    assert VOCABULARY.n_ids == 7
    assert VOCABULARY.words().tolist() == [*RESERVED_WORDS, "good", "film", "plot"]
    assert Vocabulary().n_ids == 4


def test_vocabulary_refuses_a_word_twice():
    with pytest.raises(ValueError, match="'film' is given twice"):
        Vocabulary(["good", "film", "plot", "film"])


def test_vocabulary_copies_are_itself_and_pickles_are_equal():
    assert copy.copy(VOCABULARY) is VOCABULARY
    assert copy.deepcopy(VOCABULARY) is VOCABULARY
    loaded = pickle.loads(pickle.dumps(VOCABULARY))
    assert type(loaded) is Vocabulary
    assert list(loaded.items()) == list(VOCABULARY.items())


@pytest.mark.parametrize(
    "items",
    [
        [[4, 5], [6]],
        ((4, 5), (6,)),
        iter([[4, 5], [6]]),
        [np.array([4, 5]), np.array([6], dtype=np.uint8)],
        np.array([[4, 5], [6]], dtype=object),
    ],
)
def test_items_become_int32_arrays(items):
    tokens = TokenArray(items)
    assert tokens.dtype == object
    assert tokens.shape == (2,)
    assert [t.tolist() for t in tokens] == [[4, 5], [6]]
    assert all(type(t) is TokenArray and t.dtype == np.int32 for t in tokens)
    assert tokens.vocabulary is None


def test_lists_of_equal_length_stay_separate():
    assert TokenArray([[4, 5], [6, 4]]).shape == (2,)


def test_only_integers():
    with pytest.raises(TypeError, match="token ids are integers, got an array of float64"):
        TokenArray(np.ones((2, 3)))


@pytest.mark.parametrize(
    "select",
    [
        lambda tokens: tokens[1:],
        lambda tokens: tokens[[0, 1]],
        lambda tokens: tokens[np.arange(len(tokens)) > 0],
        lambda tokens: tokens.take([1, 0], axis=0),
        lambda tokens: tokens.copy(),
        lambda tokens: copy.deepcopy(tokens),
        lambda tokens: train_test_split(tokens, random_state=0)[0],
        lambda tokens: resample(tokens, random_state=0),
    ],
)
def test_selections_keep_the_vocabulary(select, ragged, padded):
    for tokens in (ragged, padded):
        selected = select(tokens)
        assert type(selected) is TokenArray
        assert selected.vocabulary is VOCABULARY


def test_pickles_keep_everything(ragged, padded):
    for tokens in (ragged, padded, padded[0]):
        loaded = pickle.loads(pickle.dumps(tokens))
        assert type(loaded) is TokenArray
        assert loaded.vocabulary == VOCABULARY
        assert loaded.dtype == tokens.dtype
        assert [np.array(t).tolist() for t in loaded] == [np.array(t).tolist() for t in tokens]


def test_joblib_files_and_workers(ragged, padded, tmp_path):
    for tokens in (ragged, padded):
        joblib.dump(tokens, tmp_path / "tokens")
        assert joblib.load(tmp_path / "tokens").vocabulary == VOCABULARY
    found = joblib.Parallel(n_jobs=2, backend="threading")(
        joblib.delayed(lambda t: t.vocabulary)(ragged[i:]) for i in range(3)
    )
    assert found == [VOCABULARY] * 3
