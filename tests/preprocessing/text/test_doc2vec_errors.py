"""What Doc2VecVectorizer refuses, in which words, and what it warns of."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from preprocessing.text.text_samples import TEXTS, small
from scipy.sparse import csr_array
from sklearn.exceptions import NotFittedError
from sklearn.utils import Bunch

from sklstm.preprocessing import Doc2VecVectorizer, SequenceTokenizer
from sklstm.preprocessing.text._gensim import LARGEST

LISTS = [["a", "ship"], ["ship"]]


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        ("a ship", ValueError, r"got a single string.*transform\(\[text\]\)"),
        ([], ValueError, r"X is empty \(0 texts\)"),
        ([b"ship", b"caf\xe9"], UnicodeDecodeError, r"byte 0xe9 .* in X\[1\]; decode the texts"),
        (["ship", None], ValueError, r"X\[1\] is missing \(None\)"),
        (["ship", float("nan")], ValueError, r"X\[1\] is missing \(nan\)"),
        (pd.Series(["ship", pd.NA], dtype=object), ValueError, r"X\[1\] is missing \(<NA>\)"),
        (["ship", "wave", 3], TypeError, r"X\[2\] must be str or bytes, got int \(3\)"),
        (np.array([1.5, 2.0]), TypeError, r"X\[0\] must be str or bytes, got float \(1\.5\)"),
        (np.ones((3, 2)), ValueError, r"one-dimensional.*got shape \(3, 2\)"),
        (np.array([["a", "ship"], ["a", "wave"]]), ValueError, r"one-dimensional"),
        (pd.DataFrame({"a": TEXTS, "b": TEXTS}), ValueError, r"columns \['a', 'b'\]"),
        (csr_array(np.eye(2)), TypeError, "got csr_array.*sparse matrix holds numbers"),
        (Bunch(data=TEXTS), TypeError, r"got Bunch; pass its texts"),
        (5, TypeError, "got int"),
        (["ship", ["a", "ship"]], TypeError, r"X\[1\] is a list, but X\[0\] is a text"),
        ([["a", "ship"], "ship"], TypeError, r"X\[1\] is a text, but X\[0\] is a list"),
        ([["ship"], None], ValueError, r"X\[1\] is missing"),
        ([["ship"], 3], TypeError, r"X\[1\] must be a list of words, as X\[0\] is, got int \(3\)"),
        ([["ship"], ["a", 3]], TypeError, r"X\[1\]\[1\] must be a word as str, got int \(3\)"),
        ([["ship"], ["a", None]], TypeError, r"X\[1\]\[1\] must be a word as str, got NoneType"),
        ([["ship"], np.array("ship")], TypeError, r"X\[1\] .*array of no dimension"),
        ([[["ship"]]], TypeError, r"X\[0\]\[0\] must be a word as str, got list"),
        (SequenceTokenizer().fit_transform(TEXTS), TypeError, r"X\[0\]\[0\] must be a word"),
    ],
)
def test_no_texts(X, error, message):
    vectorizer = small().fit(TEXTS)
    before = pickle.dumps(vectorizer)
    for method in (vectorizer.fit, vectorizer.fit_transform, vectorizer.transform):
        with pytest.raises(error, match=message):
            method(X)
    assert pickle.dumps(vectorizer) == before


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"vector_size": 0}, "'vector_size' parameter"),
        ({"window": 0}, "'window' parameter"),
        ({"window": 2**31}, "'window' parameter"),
        ({"min_count": 0}, "'min_count' parameter"),
        ({"dm": 2}, "'dm' parameter"),
        ({"dm_mean": -1}, "'dm_mean' parameter"),
        ({"hs": "yes"}, "'hs' parameter"),
        ({"negative": -1}, "'negative' parameter"),
        ({"negative": 2**31}, "'negative' parameter"),
        ({"sample": -0.1}, "'sample' parameter"),
        ({"epochs": 0}, "'epochs' parameter"),
        ({"alpha": 0}, "'alpha' parameter"),
        ({"min_alpha": -1}, "'min_alpha' parameter"),
        ({"infer_epochs": 0}, "'infer_epochs' parameter"),
        ({"infer_alpha": 0}, "'infer_alpha' parameter"),
        ({"infer_alpha": 1e-5}, "min_alpha=0.0001 is above infer_alpha=1e-05; the learning rate"),
        ({"tags": "words"}, "'tags' parameter"),
        ({"training_vectors": "both"}, "'training_vectors' parameter"),
        ({"n_jobs": 0}, "'n_jobs' parameter"),
        ({"analyzer": "sentence"}, "'analyzer' parameter"),
        ({"negative": 0}, "hs=0 and negative=0 leave nothing to train by; set hs=1"),
        ({"dm_concat": 1}, "dm_concat=1 .* needs dm=1, got dm=0"),
        ({"dm": 1, "dbow_words": 1}, "dbow_words=1 .* needs dm=0"),
        ({"alpha": 0.01, "min_alpha": 0.02}, "min_alpha=0.02 is above alpha=0.01"),
        (
            {"min_count": 10**6},
            "no word occurs min_count=1000000 times; .*'.*', occurs [0-9]+ times",
        ),
        ({"ngram_range": (2, 1)}, r"ngram_range=\(2, 1\) must be \(m, n\) with 1 <= m <= n"),
        ({"ngram_range": (0, 1)}, r"ngram_range=\(0, 1\) must be \(m, n\) with 1 <= m <= n"),
        ({"ngram_range": (1, 2), "dm": 1}, r"ngram_range=\(1, 2\) has no order in time"),
        ({"ngram_range": (1, 2), "dbow_words": 1}, r"ngram_range=\(1, 2\) has no order in time"),
        ({"token_pattern": "zzz"}, "X holds no word to learn"),
    ],
)
def test_a_failed_refit_leaves_the_earlier_fit(params, message):
    vectorizer = small().fit(TEXTS)
    model, expected = vectorizer.model_, vectorizer.transform(TEXTS)
    vectorizer.set_params(**params)
    for method in (vectorizer.fit, vectorizer.fit_transform):
        with pytest.raises(ValueError, match=message):
            method(TEXTS)
        assert vectorizer.model_ is model
    vectorizer.set_params(**small().get_params())
    assert_array_equal(vectorizer.transform(TEXTS), expected)


def test_min_count_is_compared_with_the_most_frequent_word():
    with pytest.raises(ValueError, match=r"min_count=2 times; .* one, 'one', occurs once\."):
        small().fit(["one two", "three"])
    with pytest.raises(ValueError, match=r"min_count=4 times; .* 'two', occurs 3 times"):
        small(min_count=4).fit(["one two two", "two three"])


def test_flags_may_be_booleans():
    flags = {"dm": True, "dm_mean": np.True_, "hs": False, "dm_concat": False}
    expected = small(dm=1, dm_mean=1).fit_transform(TEXTS)
    assert_array_equal(small(**flags).fit_transform(TEXTS), expected)
    sizes = {"vector_size": np.int64(12), "epochs": np.int32(5), "alpha": np.float32(0.025)}
    assert small(**sizes).fit_transform(TEXTS).shape == (len(TEXTS), 12)


@pytest.mark.parametrize("choices", [{}, {"dm": 1}, {"hs": 1, "negative": 0}])
@pytest.mark.parametrize("empty", ["", "!?", "unseen"])
def test_a_text_without_known_words_has_zeros_and_one_warning(choices, empty):
    texts = [*TEXTS[:30], empty, *TEXTS[30:], ""]
    vectorizer = small(**choices)
    message = rf"2 of {len(texts)} texts have no known word .* zeros; the first is X\[30\]\."
    calls = [vectorizer.fit, vectorizer.fit_transform, vectorizer.transform]
    for call in calls:
        with pytest.warns(UserWarning, match=message) as caught:
            out = call(texts)
        assert len(caught) == 1
        assert caught[0].filename == __file__
    assert np.flatnonzero(np.linalg.norm(out, axis=1) == 0).tolist() == [30, len(texts) - 1]
    trained = vectorizer.set_params(training_vectors="trained")
    with pytest.warns(UserWarning, match=message):
        out = trained.fit_transform(texts)
    assert np.flatnonzero(np.linalg.norm(out, axis=1) == 0).tolist() == [30, len(texts) - 1]
    found = vectorizer.most_similar(TEXTS[0], topn=1000)
    assert len(found) == len(TEXTS)
    assert not {30, len(texts) - 1} & {i for i, _ in found}


def test_an_empty_list_of_words_has_zeros_too():
    with pytest.warns(UserWarning, match=r"1 of 3 texts .* X\[0\]"):
        out = small(min_count=1).fit_transform([[], ["ship"], ["ship", "wave"]])
    assert (out == 0).all(axis=1).tolist() == [True, False, False]
    with pytest.raises(ValueError, match="X holds no word to learn"):
        small().fit([[], []])


def test_nothing_is_similar_to_a_text_without_known_words():
    vectorizer = small().fit(TEXTS)
    with pytest.warns(UserWarning, match="1 of 1 texts"):
        assert vectorizer.most_similar("unseen") == []
    with pytest.warns(UserWarning, match="1 of 1 texts"):
        assert vectorizer.similarity("ship", "unseen") == 0.0


@pytest.mark.parametrize("topn", [0, -1, 2.5, None, "3"])
def test_topn_is_a_count(topn):
    with pytest.raises(ValueError, match="topn must be an int of at least 1, got"):
        small().fit(TEXTS).most_similar("ship", topn=topn)


@pytest.mark.parametrize("text", [None, 3, float("nan"), ["ship", 3]])
def test_one_text_is_checked_as_texts_are(text):
    vectorizer = small().fit(TEXTS)
    with pytest.raises((TypeError, ValueError), match=r"X\[0\]"):
        vectorizer.most_similar(text)
    with pytest.raises((TypeError, ValueError), match=r"X\[0\]"):
        vectorizer.similarity("ship", text)


def test_a_tree_needs_two_words():
    with pytest.raises(ValueError, match=r"hs=1 needs two different words.* only 'ship' occurs"):
        small(hs=1).fit(["ship ship", "wave"])


def test_a_failure_within_gensims_threads_ends_training(monkeypatch):
    def fail(*args, **kwargs):
        raise MemoryError("no room")

    vectorizer = small().fit(TEXTS)
    model = vectorizer.model_
    monkeypatch.setattr("gensim.models.doc2vec.train_document_dbow", fail)
    with pytest.raises(MemoryError, match="no room"):
        vectorizer.fit(TEXTS)
    assert vectorizer.model_ is model
    assert "_do_train_job" not in vars(model)


def test_training_that_turns_infinite_is_told(monkeypatch):
    def spoil(self, *args, **kwargs):
        self.dv.vectors[0, 0] = np.nan

    vectorizer = small().fit(TEXTS)
    model = vectorizer.model_
    monkeypatch.setattr("sklstm.preprocessing.text.doc2vec.Doc2Vec.train", spoil)
    with pytest.raises(ValueError, match=r"NaN or infinite vectors; try .* than 0\.025"):
        vectorizer.fit(TEXTS)
    assert vectorizer.model_ is model


def test_a_callable_analyzer_must_return_words():
    with pytest.raises(TypeError, match=r"must return words as str, got int \(4\)"):
        small(analyzer=lambda text: [len(text)]).fit(["ship", "wave"])


@pytest.mark.parametrize(
    "call",
    [
        lambda vectorizer: vectorizer.transform(TEXTS),
        lambda vectorizer: vectorizer.most_similar("ship"),
        lambda vectorizer: vectorizer.similarity("ship", "wave"),
        lambda vectorizer: vectorizer.get_feature_names_out(),
    ],
)
def test_unfitted(call):
    with pytest.raises(NotFittedError, match="Doc2VecVectorizer instance is not fitted yet"):
        call(Doc2VecVectorizer())
    assert not hasattr(Doc2VecVectorizer(), "label_vectors_")


@pytest.mark.parametrize(
    ("texts", "params"),
    [
        (["ship ship"], {}),
        (["ship wave"] * 4, {"hs": 1, "negative": 0}),
        (["ship"] * 4, {"dm": 1, "window": 1}),
        (["ship wave"] * 4, {"dm": 1, "dm_concat": 1, "hs": 1, "negative": 0}),
        (["ship wave"] * 4, {"vector_size": 1}),
    ],
)
def test_the_smallest_of_corpora(texts, params):
    out = small(**params).fit_transform(texts)
    assert np.isfinite(out).all()
    assert out.shape[0] == len(texts)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"infer_alpha": float("nan")}, "'infer_alpha' parameter"),
        ({"infer_alpha": float("inf")}, "'infer_alpha' parameter"),
        ({"infer_alpha": -1}, "'infer_alpha' parameter"),
        ({"infer_alpha": "x"}, "'infer_alpha' parameter"),
        ({"infer_alpha": 1e-5}, "min_alpha=0.0001 is above infer_alpha=1e-05"),
        ({"infer_epochs": 0}, "'infer_epochs' parameter"),
        ({"infer_epochs": 1.5}, "'infer_epochs' parameter"),
        ({"n_jobs": 0}, "'n_jobs' parameter"),
        ({"n_jobs": "all"}, "'n_jobs' parameter"),
    ],
)
def test_what_is_set_after_fit_is_checked_by_transform(params, message):
    vectorizer = small().fit(TEXTS).set_params(**params)
    with pytest.raises(ValueError, match=message):
        vectorizer.transform(TEXTS)


def test_the_largest_window_is_the_whole_text():
    def words(window):
        return small(dm=1, shrink_windows=False, window=window).fit(TEXTS).model_.wv.vectors

    np.testing.assert_array_equal(words(LARGEST), words(50))
