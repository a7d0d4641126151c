"""The benchmarks of language models: n-grams, pretraining that resumes, and the parts of a pair."""

import json

import numpy as np
import pytest
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline

from benchmarks import harness, pretrain, unlabelled_reviews
from benchmarks.shakespeare import CharacterNGrams
from sklstm import LSTMClassifier, LSTMLanguageModel, SequenceTokenizer

TEXTS = ["a good film", "a bad film", "not a good film", "quite bad"] * 10


class TestNGrams:
    def test_probabilities_add_up(self):
        model = CharacterNGrams(2).fit(["abracadabra"])
        for context in ("", "a", "ra", "zz", "br"):
            total = sum(model._probability(f"{context}{c}", len(context)) for c in "abrcd?")
            assert total == pytest.approx(1)

    def test_worked_example(self):
        # After "a": b twice and c once, two kinds in three; before that 3 a, 2 b and 1 c.
        model = CharacterNGrams(1).fit(["abacab"])
        shortest = (2 + 3 * (1 / 4)) / (6 + 3)
        assert model._probability("ab", 1) == pytest.approx((2 + 2 * shortest) / (3 + 2))


def test_pretraining_resumes_to_the_same_model(monkeypatch, tmp_path):
    monkeypatch.setattr(harness, "RESULTS", tmp_path)
    monkeypatch.setattr(pretrain, "PART", 10)
    monkeypatch.setattr(pretrain, "load_texts", lambda: (TEXTS, TEXTS[:4]))
    small = {"hidden_size": 6, "embedding_dim": 4}
    monkeypatch.setattr(pretrain, "MODEL", pretrain.MODEL | small)
    pretrain.train("forward", 1, tmp_path / "whole")

    store = pretrain._store

    def interrupted(stored, path):
        store(stored, path)
        if stored["done"] == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(pretrain, "_store", interrupted)
    with pytest.raises(KeyboardInterrupt):
        pretrain.train("forward", 1, tmp_path / "parts")
    monkeypatch.setattr(pretrain, "_store", store)
    pretrain.train("forward", 1, tmp_path / "parts")

    models = [pretrain.load("forward", tmp_path / name)["model"] for name in ("whole", "parts")]
    X = pretrain.load("forward", tmp_path / "parts")["tokenizer"].transform(TEXTS)
    assert models[0].score(X) == pytest.approx(models[1].score(X), abs=1e-6)
    found = json.loads((tmp_path / "pretrain.json").read_text())["forward"]
    assert len(found["losses"]) == 4
    assert found["perplexity"]["1"] == pytest.approx(models[1].perplexity(X[:4]))


def test_parts_of_the_pair():
    X, y = TEXTS * 2, np.array([1, 0, 1, 0] * 20)
    language_model = LSTMLanguageModel(6, embedding_dim=4, max_epochs=2, random_state=0)
    tokenizer = SequenceTokenizer().fit(X)
    language_model.fit(tokenizer.transform(X))
    classifier = LSTMClassifier(
        encoder=FrozenEstimator(language_model), max_epochs=3, random_state=0, n_jobs=1
    )
    model = make_pipeline(tokenizer, classifier).fit(X, y)
    path = classifier.module_.linear_path
    path.shares.data[:] = path.shares.new_tensor([0.7, 0.4])
    classifier.path_weights_ = classifier._read_path_weights()
    wrong = np.where(np.arange(80) % 5 == 0, 1 - y, y)  # so that nothing is right by chance
    found = unlabelled_reviews.scores(model, X, wrong, model.predict_proba(X))
    assert found["accuracy"] == model.score(X, wrong)
    for name, own in (("linear", [0.0, 1.0]), ("lstm", [1.0, 0.0])):
        path.shares.data[:] = path.shares.new_tensor(own)
        assert found[f"accuracy_{name}"] == model.score(X, wrong)
