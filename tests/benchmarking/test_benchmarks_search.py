"""The validation split by film, and what the search keeps."""

import numpy as np
import pytest
from sklearn.utils import Bunch

from benchmarks import films, search
from benchmarks.contenders import CONTENDERS, TrainedWordVectors
from benchmarks.data import DataSpec, load
from sklstm import AutoencoderClusterer

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


def test_the_best_is_the_first(tmp_path, monkeypatch):
    def curve(candidate, args):
        if candidate is search.LSTMS[search.TUNED]:
            return {"accuracy": [0.9], "log_loss": [0.3]}
        return {"accuracy": [0.7, 0.8], "log_loss": [0.6, 0.5], "minutes": 1.0}

    monkeypatch.setattr(search, "curve", curve)
    study = search.SEARCHES["imdb"]
    for name in ("defaults", search.TUNED):  # as two processes would add to the file
        assert study.main(["--output", str(tmp_path), "--only", name]) == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["search.json", "search.md"]
    rows = (tmp_path / "search.md").read_text().splitlines()
    assert f"| {search.TUNED} | 90.00 | 0.300 | - |" in rows
    assert rows.index("| defaults | 80.00 | 0.500 | 2 |") == 5  # its last epoch


def test_clusters_are_compared_between_seeds_and_no_labels_are_read(tmp_path, monkeypatch, runs_in):
    monkeypatch.setattr(search, "AUTOENCODERS", {
        "table: all alike": (("digits",), {"max_epochs": 1, "clustering": "kmeans"}),
        "table: random": (("digits",), {"max_epochs": 2, "clustering": "kmeans"}),
    })  # fmt: skip
    labels = iter([[0, 0, 1, 1], [1, 1, 0, 0], [0, 0, 1, 1], [0, 1, 0, 1]])
    found = lambda self, X: np.array(next(labels))  # noqa: E731
    monkeypatch.setattr(AutoencoderClusterer, "fit_predict", found)
    study, arguments = search.SEARCHES["clustering"], ["--output", str(tmp_path), "--seeds", "2"]
    assert study.main(arguments) == 0
    runs = runs_in(tmp_path / "clustering_search.json")
    assert [run["agreement"] for run in runs] == [1.0, -0.5]
    page = " ".join((tmp_path / "clustering_search.md").read_text().split())
    assert "| table: all alike | 1.000" in page
    assert study.main(arguments) == 0  # all kept: no label is asked for again


def test_word_vectors_are_trained_once(tmp_path, monkeypatch):
    trained = []

    def train(self, pipeline, texts, unlabelled, seed):
        trained.append((self.vector_size, len(texts), len(unlabelled)))
        pipeline.set_params(lstmclassifier__embeddings={"word": [1.0]})

    monkeypatch.setattr(TrainedWordVectors, "__call__", train)
    monkeypatch.setattr(search, "load_unlabelled", lambda spec: ["one", "two"])

    def vectors(size, words):
        trained, pipeline = TrainedWordVectors(vector_size=size), CONTENDERS["defaults"].build(0)
        return search.word_vectors(words, trained, pipeline, ["a text"], tmp_path)

    assert vectors(8, PIPELINE_WORDS) == {"word": [1.0]}
    assert vectors(8, {**PIPELINE_WORDS, "max_features": 5}) == {"word": [1.0]}  # same words
    assert trained == [(8, 1, 2)]
    vectors(16, PIPELINE_WORDS)
    vectors(8, {"token_pattern": r"\w\w+"})  # split in another way
    assert len(trained) == 3
