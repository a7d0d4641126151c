"""The benchmarks of Doc2Vec, on a handful of made-up reviews."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.utils import Bunch

from benchmarks import doc2vec, doc2vec_speed, search
from benchmarks.doc2vec import fit, inferred, joined, reviews
from benchmarks.harness import probability_scores

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
    assert doc2vec.STUDY.main(command) == 0
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
    assert doc2vec.STUDY.main(command) == 0
    assert "Training Doc2Vec" not in capsys.readouterr().out
    assert json.loads((tmp_path / "doc2vec.json").read_text())["runs"] == runs


def test_the_search_resumes_where_it_was(tmp_path, monkeypatch, runs_in):
    candidates = {
        "first": (SMALL, (5, 10), (None,)),
        "labels": ({**SMALL, "tags": "labels"}, (20,), (None,)),
        "low": (SMALL, (20,), (None, 0.003)),
        "TF-IDF and first": (SMALL, (20,), (None,)),
    }
    for name in [*search.DOC2VECS]:
        monkeypatch.delitem(search.DOC2VECS, name)
    for name, candidate in candidates.items():
        monkeypatch.setitem(search.DOC2VECS, name, candidate)
    study = search.SEARCHES["doc2vec"]
    assert study.main(["--only", "first", "--output", str(tmp_path)]) == 0
    (kept,) = runs_in(tmp_path / "doc2vec_search.json")
    ways = {f"{way}, {n} epochs" for way in ("inferred", "trained; test inferred") for n in (5, 10)}
    found = {row["vectors"] for row in kept["tries"]}
    assert found == ways | {f"{way}, of length 1" for way in ways}
    assert study.main(["--output", str(tmp_path)]) == 0
    runs = {run["contender"]: run for run in runs_in(tmp_path / "doc2vec_search.json")}
    assert runs["first"] == kept
    labels = {row["vectors"] for row in runs["labels"]["tries"]}
    assert labels == {"inferred, 20 epochs", "inferred, 20 epochs, of length 1"}
    assert len(runs["TF-IDF and first"]["tries"]) == 8
    low = {row["vectors"] for row in runs["low"]["tries"]}
    assert {"inferred, 20 epochs", "inferred, 20 epochs from 0.003"} < low
    lines = (tmp_path / "doc2vec_search.md").read_text().splitlines()
    rows = [line for line in lines if line.startswith("| ")][2:]
    scores = [float(row.split("|")[4]) for row in rows]
    assert len(scores) == 8 + 2 + 8 + 4
    assert scores == sorted(scores, reverse=True)


def test_word_counts_beside_vectors_score_as_the_pipeline_does():
    data = reviews(validate=False)
    vectorizer, _, _ = fit(SMALL, data, 0)
    rows = search.beside_counts(inferred(vectorizer, data, 1.0), data)
    for row in rows[::7]:
        weight = float(row["vectors"].split()[-1])
        model = joined(vectorizer, weight, row["C"]).fit(data.train, data.y_train)
        probabilities = model.predict_proba(data.test)
        expected = probability_scores(model, data.test, data.y_test, probabilities)
        assert row["log_loss"] == pytest.approx(expected["log_loss"], rel=1e-3)


def test_lower_rates_infer_shorter_vectors():
    data = reviews(validate=False)
    vectorizer, _, _ = fit(SMALL, data, 0)
    usual = inferred(vectorizer, data, 1.0)
    low = inferred(vectorizer.set_params(infer_alpha=0.003), data, 1.0)
    norms = [np.linalg.norm(vectors.test, axis=1).mean() for vectors in (low, usual)]
    assert norms[0] < norms[1]


def test_all_ways_infer_in_turns(tmp_path, runs_in):
    command = ["--output", str(tmp_path), "--n-train", "40", "--divide", "500", "--rounds", "2"]
    assert doc2vec_speed.STUDY.main([*command, "--only", "DBOW", "DM"]) == 0
    runs = runs_in(tmp_path / "doc2vec_speed.json")
    assert [(run["contender"], run["data"]["n_texts"], run["seed"]) for run in runs] == [
        (name, n_texts, turn) for name in ("DBOW", "DM") for n_texts in (2, 20) for turn in range(2)
    ]
    for run in runs:
        assert [*run["seconds"]] == [doc2vec_speed.LOOP, doc2vec_speed.FIRST, doc2vec_speed.AGAIN]
    assert "| DBOW; 2 texts" in (tmp_path / "doc2vec_speed.md").read_text()
