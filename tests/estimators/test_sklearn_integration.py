"""Pipelines of SequenceTokenizer and LSTMClassifier in scikit-learn's tools, on real questions."""

from __future__ import annotations

import pickle

import joblib
import numpy as np
import pandas as pd
import pytest
import torch
from sklearn import config_context
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.ensemble import StackingClassifier, VotingClassifier
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, log_loss, roc_auc_score
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    HalvingGridSearchCV,
    StratifiedKFold,
    cross_val_predict,
    cross_validate,
    train_test_split,
)
from sklearn.pipeline import Pipeline, make_pipeline

from sklstm import LSTMClassifier
from sklstm.datasets import fetch_imdb, fetch_trec
from sklstm.preprocessing import SequencePadder, SequenceTokenizer

FOLDS = StratifiedKFold(2)


@pytest.fixture(scope="module")
def questions(data_dir):
    """Return 240 questions that ask for a person, a place or a number, and 90 more."""
    if not (data_dir / "trec").exists():
        pytest.skip("the TREC questions are not in SKLSTM_DATA")
    X, y = fetch_trec(data_home=data_dir, download_if_missing=False, return_X_y=True)
    rows = np.flatnonzero(np.isin(y, ["HUM", "LOC", "NUM"]))[:330]
    return train_test_split(np.array(X, dtype=object)[rows], y[rows], test_size=90, random_state=0)


@pytest.fixture(scope="module")
def train(questions):
    X, _, y, _ = questions
    return X.tolist()[:120], y[:120]


def lstm(**params):
    defaults = {"hidden_size": 8, "embedding_dim": 12, "max_epochs": 2, "learning_rate": 0.02}
    return LSTMClassifier(**(defaults | {"dropout": 0.0, "random_state": 0} | params))


def pipeline(**params):
    return make_pipeline(SequenceTokenizer(max_features=300), lstm(**params))


def classical():
    return make_pipeline(TfidfVectorizer(), LogisticRegression())


def test_pipeline_learns_what_is_there_and_nothing_else(questions):
    X, X_test, y, y_test = questions
    score = pipeline(max_epochs=8).fit(X, y).score(X_test, y_test)
    assert score > 0.8
    shuffled = np.random.default_rng(0).permutation(y)
    assert pipeline(max_epochs=8).fit(X, shuffled).score(X_test, y_test) < 0.6


def test_grid_search_in_processes_over_both_steps(train):
    grid = {
        "sequencetokenizer__max_length": [4, None],
        "lstmclassifier__hidden_size": [4, (6, 3)],
    }
    with joblib.parallel_backend("loky"):
        parallel = GridSearchCV(pipeline(), grid, cv=FOLDS, n_jobs=2).fit(*train)
    sequential = GridSearchCV(pipeline(), grid, cv=FOLDS).fit(*train)
    scores = parallel.cv_results_["mean_test_score"]
    np.testing.assert_array_equal(scores, sequential.cv_results_["mean_test_score"])
    assert len(set(scores)) > 1
    assert parallel.best_params_ == sequential.best_params_
    np.testing.assert_array_equal(
        parallel.predict_proba(train[0]), sequential.predict_proba(train[0])
    )
    best = parallel.best_estimator_[-1]
    assert best.hidden_size == parallel.best_params_["lstmclassifier__hidden_size"]


def test_halving_grid_search_over_epochs(train):
    search = HalvingGridSearchCV(
        pipeline(),
        {"lstmclassifier__cell": ["lstm", "gru"]},
        resource="lstmclassifier__max_epochs",
        min_resources=1,
        max_resources=2,
        factor=2,
        cv=FOLDS,
    ).fit(*train)
    assert search.n_candidates_ == [2, 1]
    assert search.best_estimator_[-1].n_iter_ == 2


def test_cross_validate_with_several_scorers(train):
    X, y = train
    scoring = ["accuracy", "neg_log_loss", "roc_auc_ovr"]
    result = cross_validate(pipeline(), X, y, cv=FOLDS, scoring=scoring, return_estimator=True)
    for i, (rows, held_out) in enumerate(FOLDS.split(X, y)):
        text, rest = [X[j] for j in rows], [X[j] for j in held_out]
        proba = pipeline().fit(text, y[rows]).predict_proba(rest)
        predicted = np.unique(y)[proba.argmax(axis=1)]
        assert result["test_accuracy"][i] == accuracy_score(y[held_out], predicted)
        assert np.isclose(result["test_neg_log_loss"][i], -log_loss(y[held_out], proba))
        auc = roc_auc_score(y[held_out], proba, multi_class="ovr")
        assert np.isclose(result["test_roc_auc_ovr"][i], auc)


def test_voting_beside_the_classical_model(train):
    models = [("lstm", pipeline()), ("tfidf", classical())]
    voting = VotingClassifier(models, voting="soft").fit(*train)
    expected = np.mean([model.fit(*train).predict_proba(train[0]) for _, model in models], axis=0)
    np.testing.assert_allclose(voting.predict_proba(train[0]), expected, atol=1e-6)


def test_stacking_beside_the_classical_model(train):
    models = [("lstm", pipeline()), ("tfidf", classical())]
    stacking = StackingClassifier(models, LogisticRegression(), cv=FOLDS).fit(*train)
    columns = [model.fit(*train).predict_proba(train[0]) for _, model in models]
    np.testing.assert_allclose(stacking.transform(train[0]), np.hstack(columns), atol=1e-6)
    out_of_fold = [
        cross_val_predict(model, *train, cv=FOLDS, method="predict_proba") for _, model in models
    ]
    final = LogisticRegression().fit(np.hstack(out_of_fold), train[1])
    np.testing.assert_allclose(stacking.final_estimator_.coef_, final.coef_, atol=1e-4)


def test_calibration(train):
    texts, y = train[0], (train[1] == "HUM").astype(int)
    calibrated = CalibratedClassifierCV(pipeline(), cv=2).fit(texts, y)
    np.testing.assert_allclose(calibrated.predict_proba(texts).sum(axis=1), 1)
    model = pipeline().fit(texts, y)
    decision = model.decision_function(texts)
    frozen = CalibratedClassifierCV(FrozenEstimator(model)).fit(texts, y)
    proba = frozen.predict_proba(texts)[:, 1]
    np.testing.assert_array_equal(model.decision_function(texts), decision)
    assert (np.diff(proba[np.argsort(decision)]) >= 0).all()
    assert log_loss(y, proba) < log_loss(y, model.predict_proba(texts)[:, 1])


def test_clone_and_set_params(train):
    fitted = pipeline().fit(*train)
    copy = clone(fitted)
    assert not hasattr(copy[-1], "module_")
    np.testing.assert_array_equal(
        copy.fit(*train).predict_proba(train[0]), fitted.predict_proba(train[0])
    )
    copy.set_params(lstmclassifier__hidden_size=5, sequencetokenizer__max_features=50)
    copy.fit(*train)
    assert copy.transform(train[0]).shape == (len(train[0]), 2 * 5)
    assert copy[-1].module_.embedding.weight.shape == (54, 12)


def test_pickle_and_joblib(train, tmp_path):
    fitted = pipeline().fit(*train)
    expected = fitted.predict_proba(train[0])
    joblib.dump(fitted, tmp_path / "model.joblib")
    for copy in (pickle.loads(pickle.dumps(fitted)), joblib.load(tmp_path / "model.joblib")):
        np.testing.assert_array_equal(copy.predict_proba(train[0]), expected)
        assert copy[-1].vocabulary_ == fitted[0].vocabulary_
    text = next(text for text in train[0] if len(text) > 30)
    assert text.encode() not in pickle.dumps(fitted)


def test_set_output_pandas_between_the_steps(train):
    texts = pd.Series(train[0], index=np.arange(len(train[0])) + 7)
    expected = pipeline().fit(*train)
    framed = pipeline().set_output(transform="pandas").fit(texts, train[1])
    frame = framed[0].transform(texts)
    assert list(frame.columns) == ["sequence"]
    assert frame.index.equals(texts.index)
    assert framed[-1].vocabulary_ == expected[0].vocabulary_
    np.testing.assert_array_equal(framed.predict_proba(texts), expected.predict_proba(train[0]))
    features = framed.transform(texts)
    assert list(features.columns) == list(framed.get_feature_names_out())
    assert features.index.equals(texts.index)
    np.testing.assert_array_equal(features, expected.transform(train[0]))


def test_sample_weight_and_groups_are_routed(train):
    X, y = train
    weights = np.random.default_rng(0).uniform(0.1, 3, len(X))
    groups = np.arange(len(X)) // 5
    params = {"early_stopping": True, "validation_fraction": 0.3}
    with config_context(enable_metadata_routing=True):
        classifier = lstm(**params).set_fit_request(sample_weight=True, groups=True)
        model = make_pipeline(SequenceTokenizer(), classifier.set_score_request(sample_weight=True))
        result = cross_validate(
            model,
            X,
            y,
            cv=GroupKFold(2),
            params={"sample_weight": weights, "groups": groups},
            return_estimator=True,
        )
    for i, (rows, held_out) in enumerate(GroupKFold(2).split(X, y, groups)):
        tokenizer = SequenceTokenizer().fit([X[j] for j in rows])
        tokens, rest = (tokenizer.transform([X[j] for j in part]) for part in (rows, held_out))
        expected = lstm(**params).fit(
            tokens, y[rows], sample_weight=weights[rows], groups=groups[rows]
        )
        assert result["estimator"][i][-1].loss_curve_ == expected.loss_curve_
        assert result["test_score"][i] == expected.score(rest, y[held_out], weights[held_out])
        assert expected.loss_curve_ != lstm(**params).fit(tokens, y[rows]).loss_curve_


def test_validation_data_pass_through_the_tokenizer(questions):
    X, X_val, y, y_val = (part[:60] for part in questions)
    with config_context(enable_metadata_routing=True):
        model = Pipeline(
            [
                ("tokenizer", SequenceTokenizer()),
                ("lstm", lstm(early_stopping=True).set_fit_request(X_val=True, y_val=True)),
            ],
            transform_input=["X_val"],
        ).fit(X, y, X_val=X_val, y_val=y_val)
    tokenizer = SequenceTokenizer().fit(X)
    validation = tokenizer.transform(X_val), y_val
    expected = lstm(early_stopping=True)
    expected.fit(tokenizer.transform(X), y, X_val=validation[0], y_val=validation[1])
    losses = [row["valid_loss"] for row in model["lstm"].history_]
    assert losses == [row["valid_loss"] for row in expected.history_]
    np.testing.assert_array_equal(model.predict_proba(X_val), expected.predict_proba(validation[0]))


def test_threads_give_the_same_and_keep_the_thread_count(train):
    before = torch.get_num_threads()
    expected = cross_val_predict(pipeline(n_jobs=1), *train, cv=4, method="predict_proba")
    torch.set_num_threads(2)
    try:
        with joblib.parallel_backend("threading"):
            actual = cross_val_predict(pipeline(), *train, cv=4, method="predict_proba", n_jobs=2)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
    np.testing.assert_array_equal(actual, expected)


def test_column_transformer_takes_features_and_padded_ids(train):
    table = pd.DataFrame({"text": train[0], "length": [len(text) for text in train[0]]})
    padded = make_pipeline(SequenceTokenizer(), SequencePadder(max_length=6))
    columns = make_column_transformer(
        (pipeline(), "text"), (padded, "text"), ("passthrough", ["length"])
    )
    out = columns.fit_transform(table, train[1])
    features = pipeline().fit(*train).transform(train[0])
    ids = np.asarray(clone(padded).fit_transform(train[0]))
    assert out.shape == (len(table), features.shape[1] + 6 + 1)
    np.testing.assert_allclose(out[:, : features.shape[1]], features, atol=1e-5)
    np.testing.assert_array_equal(out[:, features.shape[1] : -1], ids)
    assert len(columns.get_feature_names_out()) == out.shape[1]


def test_html_shows_both_steps(train):
    model = pipeline(cell="gru")
    for page in (model._repr_html_(), model.fit(*train)._repr_html_()):
        assert "SequenceTokenizer" in page
        assert "LSTMClassifier" in page
        assert "gru" in page


@pytest.mark.slow
def test_reviews_beside_the_classical_model(data_file):
    data_home = data_file("imdb").parent
    X, y = fetch_imdb(data_home=data_home, download_if_missing=False, return_X_y=True)
    rows = np.random.default_rng(0).permutation(len(X))[:3000]
    texts, labels = [X[i] for i in rows], y[rows]
    models = [("lstm", pipeline(max_epochs=6, dropout=0.3)), ("tfidf", classical())]
    models[0][1].set_params(sequencetokenizer__max_length=150)
    voting = VotingClassifier(models, voting="soft").fit(texts[:2000], labels[:2000])
    scores = [model.score(texts[2000:], labels[2000:]) for model in voting.estimators_]
    assert min(scores) > 0.7
    assert voting.score(texts[2000:], labels[2000:]) > max(scores) - 0.03
