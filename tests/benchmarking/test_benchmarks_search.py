"""The validation split by film, and what the search keeps."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.utils import Bunch

from benchmarks import clustering, films, search
from benchmarks.contenders import TrainedWordVectors
from benchmarks.data import DataSpec, load
from sklstm import AutoencoderClusterer


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


def searched(monkeypatch, name, **changes):
    search_of = replace(search.SEARCHES[name], **changes)
    monkeypatch.setitem(search.SEARCHES, name, search_of)
    return search_of.study()


def test_the_best_is_the_first(tmp_path, monkeypatch, runs_in):
    X, y = np.arange(10.0)[:, None], np.repeat([0, 1], 5)
    space = {"wrong": {"constant": 0}, "right": {"constant": 1}, "early": {"strategy": "prior"}}
    study = searched(
        monkeypatch,
        "imdb",
        build=lambda: DummyClassifier(strategy="constant", constant=0),
        space=space,
        load=lambda: (X, y, X[5:], y[5:]),
        score=lambda model, X, y, predicted: {"accuracy": float((predicted == y).mean())},
    )
    for names in (["wrong"], ["wrong", "right"]):  # as two processes would add to the file
        assert study.main(["--output", str(tmp_path), "--only", *names]) == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["search_imdb.json", "search_imdb.md"]
    assert [run["params"] for run in runs_in(tmp_path / "search_imdb.json")] == [
        space["wrong"], space["right"],
    ]  # fmt: skip
    page = (tmp_path / "search_imdb.md").read_text()
    rows = [line for line in page.splitlines() if line.startswith("| ")]
    assert [row.split("|")[1].strip() for row in rows[2:]] == ["right", "wrong"]
    assert "1.0000" in rows[2]
    assert "0.0000" in rows[3]
    assert "Made by `python benchmarks/search.py imdb`." in page


def test_clusters_are_compared_between_seeds_and_no_labels_are_read(tmp_path, monkeypatch, runs_in):
    labels = iter([[0, 0, 1, 1], [1, 1, 0, 0], [0, 0, 1, 1], [0, 1, 0, 1]])
    X = np.zeros((4, 2))
    monkeypatch.setattr(search, "N_CLUSTERINGS", 2)
    monkeypatch.setattr(clustering, "digits_table", lambda: (X, np.arange(4)))
    seen = []
    monkeypatch.setattr(
        AutoencoderClusterer, "fit", lambda self, X, y=None: seen.append((self, y)) or self
    )
    monkeypatch.setattr(AutoencoderClusterer, "predict", lambda self, X: np.array(next(labels)))
    space = {"random": {"max_epochs": 2}, "all alike": {"max_epochs": 1}}
    study = searched(monkeypatch, "clustering", space=space)
    arguments = ["--output", str(tmp_path)]
    assert study.main([*arguments, "--only", "all alike", "random"]) == 0
    runs = runs_in(tmp_path / "search_clustering.json")
    assert [run["scores"]["agreement"] for run in runs] == [1.0, -0.5]
    assert [(model.max_epochs, model.random_state) for model, _ in seen] == [
        (1, 0), (1, 1), (2, 0), (2, 1),
    ]  # fmt: skip
    assert not any(np.any(y) for _, y in seen if y is not None)
    assert study.main(arguments) == 0  # all kept: nothing is fitted again
    assert len(seen) == 4


def test_word_vectors_are_trained_once(monkeypatch):
    trained = []

    def train(self, pipeline, texts, unlabelled, seed):
        trained.append((self.vector_size, len(texts), len(unlabelled)))
        pipeline.set_params(lstmclassifier__embeddings={"word": [1.0]})

    monkeypatch.setattr(TrainedWordVectors, "__call__", train)
    monkeypatch.setattr(search, "load", lambda spec: (["a text"], [0], ["another"], [1]))
    monkeypatch.setattr(search, "load_unlabelled", lambda spec: ["one", "two"])
    search.word_vectors.cache_clear()
    for _ in range(2):
        assert search.imdb_lstm()[-1].embeddings == {"word": [1.0]}
    search.word_vectors.cache_clear()
    assert trained == [(200, 1, 2)]
