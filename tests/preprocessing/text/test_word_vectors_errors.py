"""What WordVectors refuse, by name."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from sklstm import SequenceTokenizer, WordVectors
from sklstm._sequences.tokens import TokenArray

TEXTS = ["They drink tea, then drink milk!", "They walk the street, then walk the path!"] * 20


def word_vectors(**params):
    return WordVectors(**({"vector_size": 4, "epochs": 1, "random_state": 0} | params))


UNFITTED = {
    "vectors_": lambda vectors: vectors.vectors_,
    "vocabulary_": lambda vectors: vectors.vocabulary_,
    "len": len,
    "in": lambda vectors: "tea" in vectors,
    "item": lambda vectors: vectors["tea"],
    "iter": list,
    "similar": lambda vectors: vectors.most_similar("tea"),
    "similarity": lambda vectors: vectors.similarity("tea", "milk"),
    "save": lambda vectors: vectors.save("vectors.txt"),
}


@pytest.mark.parametrize("use", UNFITTED.values(), ids=UNFITTED.keys())
def test_unfitted(use):
    with pytest.raises(NotFittedError, match="This WordVectors instance is not fitted yet"):
        use(WordVectors())


BAD = {
    "string": ("one text", ValueError, "got a single string"),
    "nothing": ([], ValueError, "X is empty"),
    "no ids": (SequenceTokenizer().fit_transform(TEXTS)[:0], ValueError, "X is empty"),
    "latin-1": ([b"tea", b"caf\xe9"], UnicodeDecodeError, r"byte 0xe9 .* in X\[1\]; decode the"),
    "none": (["tea", None], ValueError, r"X\[1\] is missing \(None\)"),
    "nan": (["tea", np.nan], ValueError, r"X\[1\] is missing \(nan\)"),
    "none beside lists": ([["tea"], None], ValueError, r"X\[1\] is missing"),
    "number": (["tea", 5], TypeError, r"X\[1\] must be str or bytes, got int"),
    "mixed": (["tea", ["tea"]], TypeError, r"X\[1\] is a list, but X\[0\] is a text"),
    "number in a list": (
        [["tea"], ["milk", 3]],
        TypeError,
        r"X\[1\]\[1\] must be a word as str, got int",
    ),
    "none in a list": ([["tea", None]], TypeError, r"X\[0\]\[1\] must be a word as str, got None"),
    "mapping": ({"a": "tea"}, TypeError, "must be a list, array or Series of texts, got dict"),
    "ids without words": (TokenArray([[4, 5]]), ValueError, "token ids without a vocabulary"),
    "empty texts": (["", "  "], ValueError, "X holds no word to learn"),
    "empty lists": ([[], []], ValueError, "X holds no word to learn"),
    "rare": (
        ["tea milk", "tea"],
        ValueError,
        "no word occurs min_count=5 times; the most frequent one, 'tea', occurs 2 times",
    ),
}


@pytest.mark.parametrize(("X", "error", "message"), BAD.values(), ids=BAD.keys())
def test_bad_texts_leave_the_earlier_fit(X, error, message):
    vectors = word_vectors(epochs=1).fit(TEXTS)
    before, same = vectors.vectors_, vectors.vectors_.copy()
    with pytest.raises(error, match=message):
        vectors.fit(X)
    assert vectors.vectors_ is before
    np.testing.assert_array_equal(before, same)
    assert "tea" in vectors


BAD_PARAMS = [
    ("algorithm", "glove"),
    ("vector_size", 0),
    ("window", 0),
    ("window", 2**31),  # no integer of C's, which gensim would say in a thread
    ("min_count", 0),
    ("sg", 2),
    ("negative", 2**31),
    ("epochs", 0),
    ("alpha", 0),
    ("spread", 0),
    ("n_jobs", 0),
    ("sample", -1),
]


@pytest.mark.parametrize(("name", "value"), BAD_PARAMS)
def test_bad_parameters(name, value):
    with pytest.raises(ValueError, match=f"The '{name}' parameter of WordVectors must be"):
        word_vectors(**{name: value}).fit(TEXTS)


def test_parameters_that_contradict_each_other():
    with pytest.raises(ValueError, match="hs=0 and negative=0 leave nothing to train by"):
        word_vectors(negative=0).fit(TEXTS)
    with pytest.raises(ValueError, match="max_n=2 is below min_n=3"):
        word_vectors(algorithm="fasttext", max_n=2).fit(TEXTS)
    with pytest.raises(ValueError, match="ngram_range"):
        word_vectors(ngram_range=(1, 2)).fit(TEXTS)
    with pytest.raises(ValueError, match=r"min_alpha=0.02 is above alpha=0.01"):
        word_vectors(alpha=0.01, min_alpha=0.02).fit(TEXTS)


def test_fasttext_needs_words_that_utf8_can_encode():
    texts = [["tea", "half\ud800"]] * 5
    with pytest.raises(ValueError, match=r"algorithm='fasttext' .* UTF-8, .* 'half\\ud800'; clean"):
        word_vectors(algorithm="fasttext", bucket=50).fit(texts)
    assert "half\ud800" in word_vectors().fit(texts)
    with pytest.raises(KeyError, match="has characters that UTF-8 cannot encode"):
        word_vectors(algorithm="fasttext", bucket=50).fit([["tea"]] * 5)["half\ud800"]


def test_a_tree_needs_two_words():
    with pytest.raises(ValueError, match=r"hs=1 needs two different words.* only 'tea' occurs"):
        word_vectors(hs=1, negative=0, min_count=2).fit(["tea tea milk"])


@pytest.mark.parametrize("algorithm", ["word2vec", "fasttext"])
def test_a_failure_within_gensims_threads_ends_training(algorithm, monkeypatch):
    def fail(*args, **kwargs):
        raise MemoryError("no room")

    vectors = word_vectors(algorithm=algorithm, bucket=50).fit(TEXTS)
    keyed = vectors.keyed_vectors_
    # Without a guard the training would never end: gensim waits for the threads that failed.
    name = {"word2vec": "Word2Vec", "fasttext": "FastText"}[algorithm]
    monkeypatch.setattr(f"gensim.models.{name}._do_train_job", fail)
    with pytest.raises(MemoryError, match="no room"):
        vectors.fit(TEXTS)
    assert vectors.keyed_vectors_ is keyed
