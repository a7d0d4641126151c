"""Word vectors by name: of an installed package, and of gensim's downloader."""

import gzip
import logging
import sys
from pathlib import Path
from unicodedata import normalize

import numpy as np
import pytest
from gensim import downloader
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from sklstm import AutoencoderClusterer, LSTMClassifier, LSTMTagger, SequenceTokenizer, WordVectors
from sklstm._sequences import named_vectors
from sklstm._sequences.named_vectors import PACKAGES, find_again, find_vectors
from sklstm._sequences.vector_files import read_wanted

NAME = "glove-6b-50d"
WORDS = ["the", "tea", "coffee", "street", "road", "hot", normalize("NFC", "café")]
VECTORS = np.random.default_rng(0).normal(size=(len(WORDS), 4)).astype(np.float32)
TEXTS = ["a cup of tea", "a street", "hot tea", "a long street"] * 2
LABELS = ["drink", "way"] * 4


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Install a tiny package in place of the real one."""
    parquet = pytest.importorskip("pyarrow.parquet")
    arrow = pytest.importorskip("pyarrow")
    given = PACKAGES[NAME]
    folder = tmp_path / given.module
    (folder / "data").mkdir(parents=True)
    (folder / "__init__.py").touch()
    np.save(folder / given.vectors, np.asfortranarray(VECTORS))
    parquet.write_table(arrow.table({"index": WORDS}), folder / given.words)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, given.module, raising=False)
    return folder


@pytest.fixture
def gensim_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(downloader, "BASE_DIR", str(tmp_path / "gensim-data"))
    return tmp_path / "gensim-data"


@pytest.fixture
def no_package(monkeypatch):
    monkeypatch.setattr(named_vectors, "find_spec", lambda module: None)


def test_a_name_finds_the_vectors_of_a_package(package):
    found = find_vectors(NAME, {"road": 4, "tea": 5, "milk": 6})
    assert found.words == ["road", "tea"]
    assert found.n_listed == 2
    np.testing.assert_array_equal(found.vectors, VECTORS[[4, 1]])
    assert found.vectors.dtype == np.float32
    other = normalize("NFD", "café")
    found = find_vectors(NAME, {other: 4})
    assert found.words == [other]
    np.testing.assert_array_equal(found.vectors, VECTORS[-1:])
    assert find_vectors(NAME, {"milk": 4}).vectors.shape == (0, 4)


def test_the_words_are_read_once_and_the_vectors_stay_on_the_disk(package, monkeypatch):
    opened = named_vectors._located(NAME)
    assert isinstance(opened.vectors, np.memmap)
    assert named_vectors._located(NAME) is opened


def test_a_file_of_the_same_name_comes_first(package, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path(NAME).write_text("tea 7\n")
    assert find_vectors(NAME, {"tea": 4}).vectors.tolist() == [[7.0]]


def test_embeddings_by_name(package):
    pipe = make_pipeline(
        SequenceTokenizer(),
        LSTMClassifier(4, embeddings=NAME, freeze_embeddings=True, max_epochs=1, random_state=0),
    ).fit(TEXTS, LABELS)
    model = pipe[-1]
    assert model.embedding_coverage_ == pytest.approx(3 / 7)
    weight = model.module_.embedding.weight.numpy(force=True)
    np.testing.assert_array_equal(weight[model.vocabulary_["tea"]], VECTORS[1])
    given = make_pipeline(clone(pipe[0]), clone(model))
    given.set_params(lstmclassifier__embeddings=dict(zip(WORDS, VECTORS, strict=True)))
    given.fit(TEXTS, LABELS)
    new = ["a cup of coffee", "hot road"]
    np.testing.assert_array_equal(given.predict_proba(new), pipe.predict_proba(new))


def test_every_estimator_takes_a_name(package):
    X = SequenceTokenizer().fit_transform(TEXTS)
    tags = [["a", *["b"] * (len(x) - 1)] for x in X]
    tagger = LSTMTagger(4, embeddings=NAME, max_epochs=1).fit(X, tags)
    assert tagger.embedding_coverage_ == pytest.approx(3 / 7)
    small = {"hidden_size": 4, "max_epochs": 1, "clustering_epochs": 1, "n_init": 1}
    clusterer = AutoencoderClusterer(2, embeddings=NAME, **small)
    assert clusterer.fit(X).embedding_coverage_ == pytest.approx(3 / 7)


def test_a_search_over_names(package):
    pipe = make_pipeline(SequenceTokenizer(), LSTMClassifier(4, max_epochs=1, random_state=0))
    search = GridSearchCV(pipe, {"lstmclassifier__embeddings": [None, NAME]}, cv=2)
    search.fit(TEXTS, LABELS)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_word_vectors_by_name(package):
    vectors = WordVectors.load(NAME)
    assert list(vectors) == WORDS
    np.testing.assert_array_equal(vectors.vectors_, VECTORS)
    assert list(WordVectors.load(NAME, words=["tea", "milk"])) == ["tea"]


def test_a_package_that_is_missing(no_package):
    with pytest.raises(ImportError, match=r"not installed.*pip install sklstm\[glove\]"):
        find_vectors(NAME, {"tea": 4})


def test_a_package_whose_index_cannot_be_read(package, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(ImportError, match=r"need pyarrow.*pip install sklstm\[glove\]"):
        find_vectors(NAME, {"tea": 4})


def test_names_that_are_unknown_are_not_asked_for(gensim_folder, monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("asked the internet")

    monkeypatch.setattr(downloader, "load", refuse)
    with pytest.raises(FileNotFoundError, match=r"file of word vectors at 'glove-6b-50'.*'glove-6"):
        find_vectors("glove-6b-50", {"tea": 4})
    with pytest.raises(FileNotFoundError, match=r"did you mean.*'glove-wiki-gigaword-100'"):
        find_vectors("glove-wiki-100", {"tea": 4})
    for path in ("vectors.txt", "folder/glove-6b-50d"):
        with pytest.raises(FileNotFoundError, match=r"there is no file of word vectors at '.*'\.$"):
            find_vectors(path, {"tea": 4})
    assert not gensim_folder.exists()


def test_gensim_downloads_vectors_once(gensim_folder, monkeypatch):
    asked = []
    name = "glove-twitter-25"

    def load(name, return_path=False):
        asked.append(name)
        (gensim_folder / name).mkdir(parents=True)
        path = gensim_folder / name / f"{name}.gz"
        path.write_bytes(gzip.compress(b"2 2\ntea 1 2\nroad 3 4\n"))
        return str(path)

    monkeypatch.setattr(downloader, "load", load)
    for _ in range(2):
        assert find_vectors(name, {"road": 4}).vectors.tolist() == [[3.0, 4.0]]
    assert asked == [name]


def test_without_a_network(gensim_folder, monkeypatch, caplog):
    def urlopen(url):
        raise OSError("no network")

    monkeypatch.setattr(downloader, "urlopen", urlopen)
    with pytest.raises(OSError, match=r"'glove-twitter-25' cannot be downloaded \(.*glove-6b-50d"):
        find_vectors("glove-twitter-25", {"tea": 4})
    assert not caplog.records
    assert not logging.getLogger(downloader.__name__).disabled


def test_a_file_is_read_once_for_a_word(tmp_path, monkeypatch):
    path = tmp_path / "vectors.txt"
    path.write_text("tea 1 2\nroad 3 4\n")
    read = []

    def reading(path, wanted):
        read.append(sorted(wanted))
        return read_wanted(path, wanted)

    monkeypatch.setattr(named_vectors, "read_wanted", reading)
    assert find_again(path, {"tea": 0, "milk": 0}).words == ["tea"]
    assert find_again(path, {"milk": 0, "tea": 0}).vectors.tolist() == [[1.0, 2.0]]
    assert find_again(str(path), {"road": 0, "milk": 0}).vectors.tolist() == [[3.0, 4.0]]
    assert read == [["milk", "tea"], ["road"]]
    path.write_text("tea 5 6 7\n")  # another file
    assert find_again(path, {"tea": 0}).vectors.tolist() == [[5.0, 6.0, 7.0]]


def test_the_real_package():
    pytest.importorskip(PACKAGES[NAME].module)
    pytest.importorskip("pyarrow")
    vectors = WordVectors.load(NAME, words=["tea", "coffee", "street", "king"])
    assert vectors.vectors_.shape == (4, 50)
    assert vectors.most_similar("tea", topn=1)[0][0] == "coffee"
