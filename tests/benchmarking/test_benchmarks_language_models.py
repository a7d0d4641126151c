"""The benchmarks of language models: n-grams, pretraining that resumes, self-training, votes."""

import json

import joblib
import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin

from benchmarks import harness, pretrain, unlabelled_reviews
from benchmarks.shakespeare import CharacterNGrams

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


class Scripted(ClassifierMixin, BaseEstimator):
    """Remember what it is fitted on; texts are numbers, and the probability of the class 1."""

    fits: list = []

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.fits.append(dict(zip(X, y.tolist(), strict=True)))
        return self

    def predict_proba(self, X):
        p = np.array([float(x) for x in X])
        return np.column_stack([1 - p, p])


def test_self_training_takes_the_most_certain_guesses_of_each_class():
    texts = ["0.5", "0.4", "0.9", "0.2", "0.8", "0.7", "0.6", "0.3"]
    y = np.array([0, 1, -1, -1, -1, -1, -1, -1])
    Scripted.fits.clear()
    unlabelled_reviews.SelfTraining(Scripted(), Scripted(), (1 / 3, 2 / 3)).fit(texts, y)
    labels = {"0.5": 0, "0.4": 1}  # though the model would guess otherwise
    one_of_each = labels | {"0.9": 1, "0.2": 0}
    assert Scripted.fits == [labels, one_of_each, one_of_each | {"0.8": 1, "0.3": 0}]


def test_votes_are_means_of_kept_predictions(tmp_path, monkeypatch):
    y = np.array([0, 1, 1, 0])
    monkeypatch.setattr(unlabelled_reviews, "load", lambda spec: (None, None, None, y))
    args = unlabelled_reviews.STUDY.parse(["--cache", str(tmp_path)])
    (tmp_path / "predictions").mkdir()
    of_class_1 = {"lstm": [0.1, 0.9, 0.4, 0.8], "counts": [0.2, 0.3, 0.9, 0.4]}
    with pytest.raises(harness.Failed, match=r"imdb-lstm-500-0\.pkl"):
        unlabelled_reviews.vote("pair", 500, 0, args, tmp_path)
    for number, (name, p) in enumerate(of_class_1.items(), 1):
        found = {"seconds": {"fit": 10.0 * number}, "memory_mb": {"peak": 100.0 * number}}
        found["probabilities"] = np.column_stack([1 - np.array(p), p])
        joblib.dump(found, unlabelled_reviews.predictions(tmp_path, name, 500, 0, False))
    measured = unlabelled_reviews.vote("pair", 500, 0, args, tmp_path)
    assert measured["accuracy"] == 0.75  # 0.15, 0.6, 0.65, and 0.6 of class 0
    assert measured["log_loss"] == pytest.approx(-np.log([0.85, 0.6, 0.65, 0.4]).mean())
    assert measured["seconds"] == {"fit": 30.0}
    assert measured["memory_mb"] == {"peak": 200.0}


def test_votes_of_several_seeds_come_last_and_count_each_fit_once(tmp_path, monkeypatch):
    monkeypatch.setattr(unlabelled_reviews, "load", lambda spec: (None, None, None, np.ones(1)))
    args = unlabelled_reviews.STUDY.parse(["--cache", str(tmp_path), "--labels", "500"])
    found = [task.identity for task in unlabelled_reviews.tasks(args)]
    assert [run["contender"] for run in found].count("seeds") == 1
    assert (found[-1]["contender"], found[-1]["seed"]) == ("seeds", 0)
    (tmp_path / "predictions").mkdir()
    names = [("taught.lstm", 0), ("taught.lstm", 1), ("taught.lstm", 2)]
    for number, (name, seed) in enumerate([*names, ("taught.counts", 0), ("doc2vec", 0)]):
        p = 0.1 * number
        run = {"seconds": {"fit": 1.0}, "memory_mb": {"peak": 100.0}}
        path = unlabelled_reviews.predictions(tmp_path, name, 500, seed, False)
        joblib.dump({**run, "probabilities": np.array([[1 - p, p]])}, path)
    monkeypatch.setattr(unlabelled_reviews, "scores", lambda y, found: {"mean": found[0, 1]})
    measured = unlabelled_reviews.vote("seeds", 500, 0, args, tmp_path)
    assert measured["mean"] == pytest.approx(0.2)
    assert measured["seconds"] == {"fit": 4.0}  # the word counts are of the first LSTM's fit
