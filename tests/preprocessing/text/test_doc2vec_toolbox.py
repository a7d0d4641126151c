"""Doc2VecVectorizer among scikit-learn's tools."""

from __future__ import annotations

import joblib
import numpy as np
import pandas as pd
import polars
import pytest
from numpy.testing import assert_array_equal
from preprocessing.text.text_samples import TEXTS, TOPIC_OF, corpus, small
from sklearn import config_context
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import StandardScaler
from sklearn.utils import get_tags

from sklstm import Doc2VecVectorizer

NAMES = [f"doc2vecvectorizer{i}" for i in range(12)]


def test_a_pipeline_learns_the_topics():
    model = make_pipeline(small(epochs=40), LogisticRegression(C=10)).fit(TEXTS, TOPIC_OF)
    new, topics = corpus(60, seed=7)
    assert model.score(new, topics) > 0.9
    assert cross_val_score(model, TEXTS, TOPIC_OF, cv=3).mean() > 0.9


def test_labels_reach_the_vectorizer_in_a_pipeline():
    model = make_pipeline(small(tags="both"), LogisticRegression()).fit(TEXTS, TOPIC_OF)
    assert model[0].label_classes_.tolist() == model[1].classes_.tolist()


def test_a_grid_search_over_gensims_names():
    model = make_pipeline(small(), LogisticRegression())
    grid = {
        "doc2vecvectorizer__dm": [0, 1],
        "doc2vecvectorizer__training_vectors": ["inferred", "trained"],
    }
    with joblib.parallel_backend("threading"):
        search = GridSearchCV(model, grid, cv=2, n_jobs=2).fit(TEXTS, TOPIC_OF)
    alone = GridSearchCV(model, grid, cv=2).fit(TEXTS, TOPIC_OF)
    assert_array_equal(search.cv_results_["mean_test_score"], alone.cv_results_["mean_test_score"])


def test_a_column_of_a_frame():
    table = pd.DataFrame(
        {"text": TEXTS, "length": [len(text) for text in TEXTS]}, index=range(100, 160)
    )
    columns = make_column_transformer((small(), "text"), (StandardScaler(), ["length"]))
    out = columns.fit_transform(table, TOPIC_OF)
    assert out.shape == (len(table), 13)
    assert_array_equal(out[:, :12], small().fit_transform(TEXTS))
    assert columns.get_feature_names_out().tolist() == [
        *(f"doc2vecvectorizer__{name}" for name in NAMES), "standardscaler__length",
    ]  # fmt: skip
    frame = columns.set_output(transform="pandas").fit_transform(table, TOPIC_OF)
    assert frame.index.tolist() == list(range(100, 160))


def test_joined_with_tfidf():
    union = make_union(TfidfVectorizer(), small())
    model = make_pipeline(union, LogisticRegression(C=10)).fit(TEXTS, TOPIC_OF)
    out = union.transform(TEXTS)
    assert out.shape[1] == len(union.transformer_list[0][1].vocabulary_) + 12
    assert_array_equal(out[:, -12:].toarray().astype(np.float32), small().fit_transform(TEXTS))
    assert model.score(TEXTS, TOPIC_OF) == 1.0
    assert len(union.get_feature_names_out()) == out.shape[1]


def test_trained_once_on_more_texts_than_have_labels():
    more, _ = corpus(30, seed=8)
    vectorizer = small().fit([*TEXTS, *more])
    model = make_pipeline(FrozenEstimator(vectorizer), LogisticRegression())
    model.fit(TEXTS, TOPIC_OF)
    assert_array_equal(model[:-1].transform(TEXTS), vectorizer.transform(TEXTS))


def test_frames_of_every_kind():
    plain = small().fit_transform(TEXTS)
    series = pd.Series(TEXTS, index=range(7, 67))
    for X, index in ((series, range(7, 67)), (TEXTS, range(60))):
        vectorizer = small().set_output(transform="pandas")
        for frame in (vectorizer.fit_transform(X), vectorizer.transform(X)):
            assert list(frame.columns) == NAMES
            assert frame.index.tolist() == list(index)
            assert (frame.dtypes == np.float32).all()
            assert_array_equal(frame.to_numpy(), plain)
    found = small().set_output(transform="polars").fit_transform(polars.Series("text", TEXTS))
    assert isinstance(found, polars.DataFrame)
    with config_context(transform_output="pandas"):
        assert list(small().fit_transform(TEXTS).columns) == NAMES
    assert_array_equal(small().fit_transform(pd.DataFrame({"text": TEXTS})), plain)


def test_lists_of_words_in_polars():
    words = [text.split() for text in TEXTS]
    plain = small().fit_transform(words)
    for X in (polars.Series(words), polars.DataFrame({"words": words})):
        assert_array_equal(small().fit_transform(X), plain)


def test_names_and_tags():
    vectorizer = small().fit(TEXTS)
    assert vectorizer.get_feature_names_out().tolist() == NAMES
    tags = get_tags(vectorizer)
    assert tags.input_tags.string
    assert not tags.input_tags.two_d_array
    assert tags.requires_fit
    assert tags.transformer_tags is not None


def test_clone_and_joblib(tmp_path):
    vectorizer = small(dm=1, tags="both").fit(TEXTS, TOPIC_OF)
    assert not hasattr(clone(vectorizer), "model_")
    joblib.dump(vectorizer, tmp_path / "model")
    for mode in (None, "r"):
        again = joblib.load(tmp_path / "model", mmap_mode=mode)
        assert_array_equal(again.transform(TEXTS), vectorizer.transform(TEXTS))
        assert_array_equal(again.label_vectors_, vectorizer.label_vectors_)


@pytest.mark.parametrize("public", ["sklstm", "sklstm.preprocessing"])
def test_the_name_is_public(public):
    assert __import__(public, fromlist=["x"]).Doc2VecVectorizer is Doc2VecVectorizer
