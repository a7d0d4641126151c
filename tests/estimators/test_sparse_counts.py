"""Counts of words in the place of sequences: the message says what to do instead."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from contract.comparing import unchanged
from scipy.sparse import coo_matrix, csr_array, csr_matrix
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, make_pipeline

from sklstm import (
    AutoencoderClusterer,
    LSTMClassifier,
    LSTMRegressor,
    LSTMTagger,
    SequencePadder,
    SequenceScaler,
    SequenceTokenizer,
    WindowReshaper,
)

TEXTS = ["a good film", "a bad film", "good acting", "bad acting"]
Y = [0, 1, 0, 1]
SMALL = {"hidden_size": 3, "max_epochs": 2, "random_state": 0}
VECTORIZERS = {
    "TF-IDF": TfidfVectorizer(),
    "counts": CountVectorizer(),
    "union": FeatureUnion([("a", CountVectorizer()), ("b", TfidfVectorizer())]),
}


def check_message(call, model):
    with pytest.raises(TypeError, match=r"^X(\[0\])? is sparse, .* no order in time") as raised:
        call()
    message = str(raised.value)
    assert f"make_pipeline(SequenceTokenizer(), {model}()).fit(texts, y)" in message
    assert "toarray" not in message
    assert "LogisticRegression" in message


@pytest.mark.parametrize("vectorizer", VECTORIZERS.values(), ids=VECTORIZERS.keys())
def test_fault_32_counts_before_an_lstm(vectorizer):
    for estimator in (LSTMClassifier(**SMALL), LSTMRegressor(**SMALL)):
        pipeline = make_pipeline(vectorizer, estimator)
        check_message(lambda model=pipeline: model.fit(TEXTS, Y), type(estimator).__name__)
    for transformer in (SequenceScaler(), SequencePadder(), WindowReshaper()):
        pipeline = make_pipeline(vectorizer, transformer)
        check_message(lambda model=pipeline: model.fit(TEXTS), "LSTMClassifier")
    columns = ColumnTransformer([("t", vectorizer, "text")], sparse_threshold=1.0)
    pipeline = make_pipeline(columns, LSTMClassifier(**SMALL))
    check_message(lambda: pipeline.fit(pd.DataFrame({"text": TEXTS}), Y), "LSTMClassifier")


def test_fault_32_sparse_containers_at_every_method():
    counts = CountVectorizer().fit_transform(TEXTS)
    model = LSTMClassifier(**SMALL).fit([[1.0], [2.0], [3.0], [4.0]], Y)
    forms = [
        counts,
        csr_array(counts),
        csr_matrix(counts),
        coo_matrix(counts),
        pd.DataFrame.sparse.from_spmatrix(counts),
        list(counts),
    ]
    with unchanged(model, [[1.0], [2.0]]):
        for X in forms:
            for method in (model.predict, model.predict_proba, model.transform):
                check_message(lambda read=method, X=X: read(X), "LSTMClassifier")
            check_message(lambda X=X: model.partial_fit(X, Y), "LSTMClassifier")
            check_message(lambda X=X: LSTMTagger().fit(X, [[0], [1]] * 2), "LSTMTagger")


def test_fault_32_both_ways_of_the_message_work():
    make_pipeline(SequenceTokenizer(), LSTMClassifier(**SMALL)).fit(TEXTS, Y)
    assert make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(TEXTS, Y).score(TEXTS, Y) == 1


def test_fault_32_tables_of_counts_may_be_clustered():
    counts = CountVectorizer().fit_transform(TEXTS)
    small = {"max_epochs": 2, "clustering_epochs": 1, "random_state": 0}
    model = AutoencoderClusterer(2, **small).fit(counts)
    np.testing.assert_array_equal(model.predict(counts.toarray()), model.predict(counts))
    AutoencoderClusterer(2, **small).fit(pd.DataFrame.sparse.from_spmatrix(counts))
    with pytest.raises(TypeError, match=r"X is sparse, a table .*architecture=\"dense\""):
        AutoencoderClusterer(2, architecture="lstm").fit(counts)
