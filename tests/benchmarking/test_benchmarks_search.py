"""The validation split by film, and what the search keeps."""

import json

import numpy as np
import pytest
from sklearn.utils import Bunch

from benchmarks import films, search
from benchmarks._data import DataSpec, load
from benchmarks._vectors import TrainedWordVectors

PIPELINE_WORDS = {"token_pattern": r"\w+", "max_features": 10}


@pytest.fixture
def twenty_reviews(monkeypatch):
    """Stand in for IMDB: ten reviews of either class, numbered as in the archive."""
    texts = [f"review {i % 10} of class {i // 10}" for i in range(20)]
    train = Bunch(data=texts, target=np.repeat([0, 1], 10))
    monkeypatch.setattr("sklstm.datasets.fetch_imdb", lambda **_: train)
    return texts


def test_films_held_out_are_the_last_of_each_class(twenty_reviews):
    X_train, y_train, X_held_out, y_held_out = load(DataSpec("imdb", validate=True))
    assert X_held_out == [
        "review 8 of class 0", "review 9 of class 0",
        "review 8 of class 1", "review 9 of class 1",
    ]  # fmt: skip
    assert y_held_out.tolist() == [0, 0, 1, 1]
    assert sorted([*X_train, *X_held_out]) == sorted(twenty_reviews)
    assert [text[-1] for text in X_train] == [str(label) for label in y_train]


def test_neighbours_that_share_rare_words_are_alike():
    # fifty films of two reviews each, in order; films share no word
    texts = [f"film{i // 2} actor{i // 2}" for i in range(100)] * 2
    y = np.repeat([0, 1], 100)
    found = films.likeness(texts, y, distances=(1, 2))
    # of the 99 pairs of neighbours 50 are of one film, and of the 98 next but one none
    assert found[1] == pytest.approx(50 / 99)
    assert found[2] == 0.0


def test_searches_side_by_side_share_a_file(tmp_path):
    path = tmp_path / "search.json"
    search.keep(path, "first", {"accuracy": [0.7, 0.8], "log_loss": [0.6, 0.5], "minutes": 1.0})
    search.keep(path, "second", {"accuracy": [0.9], "log_loss": [0.3]})
    assert list(json.loads(path.read_text())) == ["first", "second"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["search.json", "search.md"]
    rows = path.with_suffix(".md").read_text().splitlines()
    assert rows[2] == "| second | 90.00 | 0.300 | - |"  # the best first
    assert rows[3] == "| first | 80.00 | 0.500 | 2 |"  # its last epoch


def test_word_vectors_are_trained_once(tmp_path, monkeypatch):
    trained = []

    def train(self, pipeline, texts, unlabelled, seed):
        trained.append((self.vector_size, len(texts), len(unlabelled)))
        pipeline.set_params(lstmclassifier__embeddings={"word": [1.0]})

    monkeypatch.setattr(TrainedWordVectors, "__call__", train)
    monkeypatch.setattr(search, "load_unlabelled", lambda spec: ["one", "two"])
    from benchmarks._contenders import CONTENDERS

    def vectors(size, words):
        candidate = search.Candidate(words, vectors=TrainedWordVectors(vector_size=size))
        pipeline = CONTENDERS["defaults"].build(0)
        return search.word_vectors(candidate, pipeline, ["a text"], tmp_path)

    assert vectors(8, PIPELINE_WORDS) == {"word": [1.0]}
    assert vectors(8, {**PIPELINE_WORDS, "max_features": 5}) == {"word": [1.0]}  # same words
    assert trained == [(8, 1, 2)]
    vectors(16, PIPELINE_WORDS)
    vectors(8, {"token_pattern": r"\w\w+"})  # split in another way
    assert len(trained) == 3
