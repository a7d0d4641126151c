"""What SequenceTokenizer refuses, and in which words."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array
from sklearn.exceptions import NotFittedError
from sklearn.utils import Bunch

from sklstm._sequences.tokens import TokenArray, Vocabulary
from sklstm.preprocessing import SequenceTokenizer

TEXTS = ["a good film", "not good"]


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        ("a good film", ValueError, r"got a single string.*transform\(\[text\]\)"),
        (b"a good film", ValueError, "got a single string"),
        ([], ValueError, r"X is empty \(0 texts\)"),
        (["good", None], ValueError, r"X\[1\] is missing \(None\)"),
        (["good", float("nan")], ValueError, r"X\[1\] is missing \(nan\)"),
        (np.array(["good", np.nan], dtype=object), ValueError, r"X\[1\] is missing"),
        (pd.Series(["good", None]), ValueError, r"X\[1\] is missing"),
        (pd.Series(["good", pd.NA], dtype=object), ValueError, r"X\[1\] is missing \(<NA>\)"),
        (["good", "film", 3], TypeError, r"X\[2\] must be str or bytes, got int \(3\)"),
        (np.array([1.5, 2.0]), TypeError, r"X\[0\] must be str or bytes, got float \(1\.5\)"),
        ([["good", "film"]], TypeError, r"X\[0\].*list.*set analyzer=list"),
        (np.array([["good", "film"]]), ValueError, r"one-dimensional.*got shape \(1, 2\)"),
        (np.ones((3, 2)), ValueError, r"one-dimensional.*got shape \(3, 2\)"),
        (np.array("good"), ValueError, r"one-dimensional.*got shape \(\)"),
        (pd.DataFrame({"a": TEXTS, "b": TEXTS}), ValueError, r"columns \['a', 'b'\]"),
        (csr_array(np.eye(2)), TypeError, "got csr_array"),
        (Bunch(data=TEXTS), TypeError, r"got Bunch; pass its texts, such as bunch\.data"),
        (5, TypeError, "got int"),
        (None, TypeError, "got NoneType"),
    ],
)
def test_no_texts(X, error, message):
    tokenizer = SequenceTokenizer().fit(TEXTS)
    before = pickle.dumps(tokenizer)
    for method in (tokenizer.fit, tokenizer.fit_transform, tokenizer.transform):
        with pytest.raises(error, match=message):
            method(X)
    assert pickle.dumps(tokenizer) == before


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        ({"max_features": 0}, ValueError, "'max_features' parameter"),
        ({"max_length": 0}, ValueError, "'max_length' parameter"),
        ({"max_length": 2.5}, ValueError, "'max_length' parameter"),
        ({"truncation": "both"}, ValueError, "'truncation' parameter"),
        ({"unknown": "ignore"}, ValueError, "'unknown' parameter"),
        ({"add_start": "yes"}, ValueError, "'add_start' parameter"),
        ({"min_df": 1.5}, ValueError, "'min_df' parameter"),
        ({"analyzer": "sentence"}, ValueError, "'analyzer' parameter"),
        ({"max_length": 2, "add_start": True, "add_end": True}, ValueError,
         "max_length=2 leaves no room .* take 2; accepted is 3 or more"),
        ({"ngram_range": (1, 2)}, ValueError, r"ngram_range=\(1, 2\) has no order in time"),
        ({"ngram_range": (0, 0)}, ValueError, r"ngram_range=\(0, 0\)"),
        ({"min_df": 3, "max_df": 1}, ValueError, "max_df=1 is 1 of 2 texts, fewer than min_df=3"),
        ({"min_df": 3, "max_df": 4}, ValueError, "no word is left: of 4, none occurs in min_df=3"),
        ({"token_pattern": "zzz"}, ValueError, "empty vocabulary"),
        ({"stop_words": ["a", "good", "film", "not"]}, ValueError, "empty vocabulary"),
        ({"vocabulary": []}, ValueError, "vocabulary is empty"),
        ({"vocabulary": "good"}, TypeError, "iterable of words or a mapping.*'good'"),
        ({"vocabulary": ["good", "film", "good"]}, ValueError, "'good' twice, at 0 and 2"),
        ({"vocabulary": ["good", 3]}, TypeError, r"vocabulary must hold str, got int \(3\)"),
        ({"vocabulary": {"good": 1, "film": 1}}, ValueError, "id 1 to both 'good' and 'film'"),
        ({"vocabulary": {"good": "1"}}, TypeError, "map words to integers, got '1' for 'good'"),
        ({"analyzer": lambda text: [len(text)]}, TypeError, r"words as str, got int \(11\)"),
    ],
)  # fmt: skip
def test_a_failed_refit_leaves_the_earlier_fit(params, error, message):
    tokenizer = SequenceTokenizer().fit(TEXTS)
    before = tokenizer.vocabulary_
    tokenizer.set_params(**params)
    for method in (tokenizer.fit, tokenizer.fit_transform):
        with pytest.raises(error, match=message):
            method(TEXTS)
        assert tokenizer.vocabulary_ is before


@pytest.mark.parametrize("vocabulary", ["good", ["good", "good"], {"good": 0.5}, []])
def test_a_bad_vocabulary_is_found_without_fit(vocabulary):
    with pytest.raises((TypeError, ValueError), match="vocabulary"):
        SequenceTokenizer(vocabulary=vocabulary).transform(TEXTS)


def test_parameters_are_checked_without_fit():
    with pytest.raises(ValueError, match="'truncation' parameter"):
        SequenceTokenizer(vocabulary=["good"], truncation="both").transform(TEXTS)


@pytest.mark.parametrize(
    "call",
    [
        lambda tokenizer: tokenizer.transform(TEXTS),
        lambda tokenizer: tokenizer.inverse_transform([[4]]),
        lambda tokenizer: tokenizer.get_feature_names_out(),
    ],
)
def test_unfitted(call):
    with pytest.raises(NotFittedError, match="SequenceTokenizer instance is not fitted yet"):
        call(SequenceTokenizer())


def test_texts_without_words_warn_once_and_become_empty():
    tokenizer = SequenceTokenizer().fit(TEXTS)
    with pytest.warns(UserWarning, match=r"2 of 3 texts .* the first is X\[1\]") as caught:
        sequences = tokenizer.transform(["good", "", "\n"])
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert [len(s) for s in sequences] == [1, 0, 0]
    assert sequences[1].dtype == np.int32
    with pytest.warns(UserWarning, match=r"1 of 1 texts"):
        assert [len(s) for s in tokenizer.transform([""])] == [0]
    tokenizer.set_params(unknown="skip", add_start=True)
    with pytest.warns(UserWarning, match=r"1 of 2 texts .* the first is X\[0\]"):
        assert tokenizer.transform(["new words", "good"])[0].tolist() == [2]


@pytest.mark.parametrize(
    ("ids", "error", "message"),
    [
        ([[4], [4, -1]], ValueError, r"X\[1\] holds the id -1; ids are 0 or greater"),
        ([[4], [4.0]], TypeError, r"X\[1\] must be a sequence of integers"),
        ([["good"]], TypeError, r"X\[0\] must be a sequence of integers"),
        ([4, 5], TypeError, r"X\[0\] must be a sequence of integers, .* got 4"),
        ([[4], [4, [5]]], TypeError, r"X\[1\] must be a sequence of integers, .* got \[4, \[5\]\]"),
        ([[4], [4, None]], TypeError, r"X\[1\] must be a sequence of integers"),
        ([[4], [4, np.nan]], TypeError, r"X\[1\] must be a sequence of integers"),
        (5, TypeError, r"X must hold sequences of token ids, got int \(5\)"),
        (TokenArray([[4]], Vocabulary(["other"])), ValueError, "another vocabulary, of 1 words"),
    ],
)
def test_inverse_transform_refuses(ids, error, message):
    with pytest.raises(error, match=message):
        SequenceTokenizer().fit(TEXTS).inverse_transform(ids)
