"""The benchmarks of Doc2Vec, on a handful of made-up reviews."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.utils import Bunch

from benchmarks import doc2vec, doc2vec_speed
from benchmarks.doc2vec import fit, reviews

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


def test_lower_rates_infer_shorter_vectors():
    data = reviews(validate=False)
    vectorizer, _, _ = fit(SMALL, data, 0)
    usual = vectorizer.transform(data.test)
    low = vectorizer.set_params(infer_alpha=0.003).transform(data.test)
    norms = [np.linalg.norm(vectors, axis=1).mean() for vectors in (low, usual)]
    assert norms[0] < norms[1]


def test_all_ways_infer_in_turns(tmp_path, runs_in, monkeypatch):
    for name, value in {"N_TRAIN": 40, "FEW": 2, "MANY": 20}.items():
        monkeypatch.setattr(doc2vec_speed, name, value)
    command = ["--output", str(tmp_path), "--rounds", "2"]
    assert doc2vec_speed.STUDY.main([*command, "--only", "DBOW", "DM"]) == 0
    runs = runs_in(tmp_path / "doc2vec_speed.json")
    assert [(run["contender"], run["data"]["n_texts"], run["seed"]) for run in runs] == [
        (name, n_texts, turn) for name in ("DBOW", "DM") for n_texts in (2, 20) for turn in range(2)
    ]
    for run in runs:
        assert [*run["seconds"]] == [doc2vec_speed.LOOP, doc2vec_speed.FIRST, doc2vec_speed.AGAIN]
    assert "| DBOW; 2 texts" in (tmp_path / "doc2vec_speed.md").read_text()
