"""The benchmarks of Doc2Vec, on a handful of made-up reviews."""

from __future__ import annotations

import json

import numpy as np
import pytest
from joblib import Memory
from sklearn.utils import Bunch

from benchmarks import doc2vec, doc2vec_search, doc2vec_speed
from benchmarks._doc2vec import fit, inferred, joined, reviews, scores
from sklstm import Doc2VecVectorizer

WORDS = (["dull", "waste", "boring", "poor"], ["fine", "superb", "moving", "great"])
SMALL = {"vector_size": 8, "epochs": 10, "infer_alpha": 0.025}


def made_up(n, seed):
    rng = np.random.default_rng(seed)
    y = np.repeat([0, 1], n // 2)
    texts = [" ".join([*rng.choice(WORDS[label], 8), "the", "film", "and"]) for label in y]
    return Bunch(data=texts, target=y)


@pytest.fixture(autouse=True)
def imdb(monkeypatch):
    """Stand in for IMDB, and forget the size of the vectors for speed."""
    parts = {"train": made_up(60, 0), "test": made_up(40, 1), "unsup": made_up(50, 2)}
    monkeypatch.setattr("sklstm.datasets.fetch_imdb", lambda subset="train": parts[subset])
    for key, params in doc2vec.VECTORIZERS.items():
        monkeypatch.setitem(doc2vec.VECTORIZERS, key, {**params, **SMALL})
    return parts


def test_doc2vec_never_sees_what_is_scored_on(imdb, monkeypatch):
    seen = []
    monkeypatch.setattr(
        "sklstm.Doc2VecVectorizer.fit", lambda self, X, y: seen.append((X, y)) or self
    )
    for validate in (False, True):
        data = reviews(validate=validate)
        fit({"tags": "labels"}, data, 0)
        X, y = seen.pop()
        assert X == [*data.train, *imdb["unsup"].data]
        assert y == [[label] for label in data.y_train] + [[]] * 50
        if validate:
            assert len(data.train) == 48
            assert sorted([*data.train, *data.test]) == sorted(imdb["train"].data)
        else:
            assert data.test == imdb["test"].data


def test_trained_vectors_are_those_of_the_training_reviews():
    data = reviews(validate=False)
    vectorizer, trained, _ = fit(SMALL, data, 0)
    np.testing.assert_array_equal(trained, vectorizer.model_.dv.vectors[:60])
    vectors = inferred(vectorizer, data, 1.0)
    np.testing.assert_array_equal(vectors.test, vectorizer.transform(data.test))
    assert fit({**SMALL, "tags": "labels"}, data, 0)[1] is None


def test_every_row_is_measured_once_and_kept(tmp_path, capsys):
    command = ["--output", str(tmp_path), "--seeds", "2"]
    assert doc2vec.main(command) == 0
    runs = json.loads((tmp_path / "doc2vec.json").read_text())["runs"]
    found = [(one["contender"], one["seed"]) for one in runs]
    assert sorted(found) == sorted(
        (name, seed) for name in doc2vec.ROWS for seed in range(1 if name == "tfidf" else 2)
    )
    accuracy = {one["contender"]: one["accuracy"] for one in runs}
    assert accuracy["tfidf"] == 1.0
    assert accuracy["dbow"] > 0.9
    assert {len(one["seconds"]) for one in runs} == {2, 3, 4}
    page = (tmp_path / "doc2vec.md").read_text()
    assert "| TF-IDF + LR, tuned" in page
    assert "60 training and 50 unlabelled reviews, 40 to score on." in page
    capsys.readouterr()
    assert doc2vec.main(command) == 0
    assert "Training Doc2Vec" not in capsys.readouterr().out
    assert json.loads((tmp_path / "doc2vec.json").read_text())["runs"] == runs


def test_the_search_goes_on_where_it_was(tmp_path, monkeypatch):
    candidates = {
        "first": doc2vec_search.Candidate(SMALL, (5, 10)),
        "labels": doc2vec_search.Candidate({**SMALL, "tags": "labels"}),
        "union": doc2vec_search.Candidate(SMALL, beside_counts=True),
        "both": doc2vec_search.Candidate(parts=("labels", "union")),
    }
    monkeypatch.setattr(doc2vec_search, "CANDIDATES", candidates)
    monkeypatch.setattr(doc2vec_search, "PARTS", "20 epochs")
    assert doc2vec_search.main(["--only", "first", "--output", str(tmp_path)]) == 0
    kept = json.loads((tmp_path / "doc2vec_search.json").read_text())["first"]
    ways = {f"{way}, {n} epochs" for way in ("inferred", "trained; test inferred") for n in (5, 10)}
    assert {row["vectors"] for row in kept} == ways | {f"{way}, of length 1" for way in ways}
    assert doc2vec_search.main(["--output", str(tmp_path), "--keep", str(tmp_path / "k")]) == 0
    found = json.loads((tmp_path / "doc2vec_search.json").read_text())
    assert found["first"] == kept
    labels = {row["vectors"] for row in found["labels"]}
    assert labels == {"inferred, 20 epochs", "inferred, 20 epochs, of length 1"}
    assert len(found["union"]) == 8
    lines = (tmp_path / "doc2vec_search.md").read_text().splitlines()
    rows = [line for line in lines if line.startswith("| ")][2:]
    scores = [float(row.split("|")[4]) for row in rows]
    assert len(scores) == 8 + 2 + 4 + 2
    assert scores == sorted(scores, reverse=True)


def test_vectors_side_by_side_are_those_of_their_parts(tmp_path):
    data, memory = reviews(validate=False), Memory(tmp_path, verbose=0)
    vectors = doc2vec_search.learn(doc2vec_search.Candidate(SMALL), data).vectors["20 epochs"]
    both = doc2vec_search.side_by_side([vectors, vectors])
    np.testing.assert_array_equal(both.test, np.hstack([vectors.test, vectors.test]))
    candidate = doc2vec_search.Candidate(SMALL)
    first = doc2vec_search.measure(candidate, data, memory)
    assert doc2vec_search.measure(candidate, data, memory) == first  # seconds too: kept
    low = doc2vec_search.Candidate(SMALL, infer_alphas=(None, 0.003))
    ways = doc2vec_search.learn(low, data).vectors
    np.testing.assert_array_equal(ways["20 epochs"].test, vectors.test)
    shorter = np.linalg.norm(ways["20 epochs from 0.003"].test, axis=1)
    assert shorter.mean() < np.linalg.norm(vectors.test, axis=1).mean()


def test_word_counts_beside_vectors_score_as_the_pipeline_does():
    data = reviews(validate=False)
    learned = doc2vec_search.learn(doc2vec_search.Candidate(SMALL), data)
    rows = doc2vec_search.score_joined(learned.vectors["20 epochs"], data)
    for row in rows[::7]:
        weight = float(row["vectors"].split()[-1])
        model = joined(learned.vectorizer, weight, row["C"]).fit(data.train, data.y_train)
        expected = scores(model, data.test, data.y_test)
        assert row["log_loss"] == pytest.approx(expected["log_loss"], rel=1e-3)


def test_a_candidate_may_learn_from_unlabelled_reviews_alone(imdb, monkeypatch):
    seen = []
    learn = Doc2VecVectorizer.fit
    monkeypatch.setattr(
        Doc2VecVectorizer, "fit", lambda self, X, y=None: seen.extend(X) or learn(self, X, y)
    )
    candidate = doc2vec_search.Candidate(SMALL, unlabelled_alone=True)
    rows = doc2vec_search.measure(candidate, reviews(validate=False), Memory(None))
    assert seen == imdb["unsup"].data
    assert {row["vectors"].split(",")[0] for row in rows} == {"inferred"}


def test_all_ways_infer_in_turns(tmp_path):
    command = ["--output", str(tmp_path), "--n-train", "40", "--divide", "500"]
    assert doc2vec_speed.main([*command, "--only", "DBOW", "DM"]) == 0
    found = json.loads((tmp_path / "doc2vec_speed.json").read_text())["seconds"]
    assert list(found) == ["DBOW; 2 texts", "DBOW; 20 texts", "DM; 2 texts", "DM; 20 texts"]
    for ways in found.values():
        assert list(ways) == [doc2vec_speed.LOOP, doc2vec_speed.FIRST, doc2vec_speed.AGAIN]
        assert {len(spent) for spent in ways.values()} == {doc2vec_speed.ROUNDS}
    assert "| DBOW; 2 texts" in (tmp_path / "doc2vec_speed.md").read_text()
