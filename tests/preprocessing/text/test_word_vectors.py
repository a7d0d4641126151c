"""WordVectors: trained by gensim, read, written, and given to an estimator."""

from __future__ import annotations

import copy
import pickle
import re

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
from gensim.models import FastText, KeyedVectors, Word2Vec
from preprocessing.text.text_samples import word_vector_digest
from sklearn.base import clone
from sklearn.ensemble._base import _set_random_states
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

import sklstm
from sklstm import LSTMClassifier, SequenceTokenizer, WordVectors

RNG = np.random.default_rng(0)
NOUNS = {"drink": ["tea", "milk", "water", "wine"], "walk": ["street", "path", "road", "bridge"]}
TEXTS = [
    f"They {verb} {a}, then {verb} {b}!"
    for verb, nouns in NOUNS.items()
    for a, b in RNG.choice(nouns, size=(150, 2))
]
SPLIT = [re.findall(r"\w+|[,!]", text.lower()) for text in TEXTS]


def word_vectors(**params):
    return WordVectors(**({"vector_size": 10, "epochs": 20, "random_state": 0} | params))


@pytest.fixture(scope="module")
def fitted():
    return word_vectors().fit(TEXTS)


@pytest.fixture(scope="module")
def subwords():
    return word_vectors(algorithm="fasttext", bucket=300, epochs=3).fit(TEXTS)


def seed_of(random_state):
    return int(np.random.RandomState(random_state).randint(np.iinfo(np.int32).max))


def test_it_trains_what_gensim_trains():
    params = {"vector_size": 7, "window": 3, "min_count": 2, "sg": 0, "hs": 1, "negative": 0}
    params |= {"sample": 1e-2, "epochs": 3, "alpha": 0.05, "min_alpha": 0.01}
    model = Word2Vec(SPLIT, seed=seed_of(0), workers=1, **params)
    vectors = WordVectors(**params, random_state=0).fit(TEXTS)
    assert list(vectors) == model.wv.index_to_key
    np.testing.assert_array_equal(vectors.vectors_, model.wv.vectors)


def test_it_trains_what_gensims_fasttext_trains():
    params = {"vector_size": 7, "sg": 1, "epochs": 2, "min_n": 2, "max_n": 4, "bucket": 100}
    model = FastText(SPLIT, seed=seed_of(0), workers=1, **params)
    vectors = WordVectors(**params, algorithm="fasttext", random_state=0).fit(TEXTS)
    np.testing.assert_array_equal(vectors.vectors_, model.wv.vectors)
    np.testing.assert_array_equal(vectors["walking"], model.wv["walking"])


def test_words_in_like_places_have_like_vectors():
    fitted = word_vectors(sample=0, epochs=60).fit(TEXTS)
    drinks, ways = (fitted.vectors_[[fitted.vocabulary_[n] for n in ns]] for ns in NOUNS.values())
    unit = [part / np.linalg.norm(part, axis=1, keepdims=True) for part in (drinks, ways)]
    alike = [(part @ part.T)[np.triu_indices(4, 1)].mean() for part in unit]
    assert min(alike) > (unit[0] @ unit[1].T).mean() + 0.3


def test_most_similar_and_similarity_are_cosines(fitted):
    unit = fitted.vectors_ / np.linalg.norm(fitted.vectors_, axis=1, keepdims=True)
    cosines = unit @ unit[fitted.vocabulary_["tea"]]
    order = [i for i in np.argsort(-cosines) if i != fitted.vocabulary_["tea"]][:4]
    words = list(fitted)
    found = fitted.most_similar("tea", topn=4)
    assert [word for word, _ in found] == [words[i] for i in order]
    np.testing.assert_allclose([cosine for _, cosine in found], cosines[order], atol=1e-5)
    for word, cosine in found:
        assert fitted.similarity("tea", word) == pytest.approx(cosine, abs=1e-5)


def test_nothing_is_similar_to_a_vector_of_zeros():
    keyed = KeyedVectors(2)
    keyed.add_vectors(["a", "b", "c", "zero", "null"], [[1, 0], [1, 1], [-1, 0], [0, 0], [0, 0]])
    vectors = WordVectors.from_keyed_vectors(keyed)
    expected = [("b", pytest.approx(0.5**0.5)), ("c", -1.0)]
    assert vectors.most_similar("a", topn=4) == expected
    assert vectors.most_similar("a", topn=1) == expected[:1]
    assert vectors.most_similar("zero") == []
    assert vectors.similarity("a", "zero") == 0.0
    for topn in (0, None, 1.5):
        with pytest.raises(ValueError, match="topn must be an int of at least 1, got"):
            vectors.most_similar("a", topn=topn)


def test_a_word_made_of_n_grams_has_similar_ones(subwords):
    gensims = subwords.keyed_vectors_.most_similar("teas", topn=3)
    found = subwords.most_similar("teas", topn=3)
    assert [word for word, _ in found] == [word for word, _ in gensims]
    np.testing.assert_allclose([c for _, c in found], [c for _, c in gensims], atol=1e-5)


def test_the_spread_is_that_asked_for(fitted):
    plain = fitted.vectors_
    centred = plain - plain.mean(axis=0)
    narrow = word_vectors(spread=0.3).fit(TEXTS).vectors_
    np.testing.assert_allclose(narrow, 0.3 * centred / centred.std(), atol=1e-5)
    wide = word_vectors(spread=2.0).fit(TEXTS)
    assert wide.vectors_.std() == pytest.approx(2.0, abs=1e-4)
    assert wide.vectors_.dtype == np.float32


def test_vectors_of_unseen_words_are_scaled_like_the_others(subwords):
    scaled = word_vectors(algorithm="fasttext", bucket=300, epochs=3, spread=0.3).fit(TEXTS)
    mean = subwords.vectors_.mean(axis=0)
    factor = 0.3 / (subwords.vectors_ - mean).std()
    for word in ("tea", "teapot", "streets"):
        np.testing.assert_allclose(scaled[word], factor * (subwords[word] - mean), atol=1e-4)


def test_one_word_alone_has_no_spread():
    vectors = word_vectors(min_count=1, spread=0.3).fit(["tea tea tea"])
    assert np.isfinite(vectors.vectors_).all()


def test_reads_like_a_mapping(fitted):
    assert len(fitted) == len(list(fitted)) == len(fitted.vectors_) == len(fitted.vocabulary_)
    assert "tea" in fitted
    assert "coffee" not in fitted
    np.testing.assert_array_equal(fitted["tea"], fitted.vectors_[fitted.vocabulary_["tea"]])
    with pytest.raises(KeyError, match="'coffee' is not among the 14 words"):
        fitted["coffee"]
    with pytest.raises(KeyError, match="'coffee' is not among the 14 words"):
        fitted.most_similar("coffee")
    with pytest.raises(TypeError, match=r"a word must be a str, got int \(0\)"):
        fitted[0]


def test_fasttext_has_a_vector_for_any_word(subwords):
    assert "teapot" not in subwords
    assert subwords["teapot"].shape == (10,)
    assert subwords.similarity("tea", "teas") > subwords.similarity("tea", "bridge")


FORMS = {
    "token lists": lambda: SPLIT,
    "tuples": lambda: [tuple(words) for words in SPLIT],
    "object array": lambda: np.array(TEXTS, dtype=object),
    "series": lambda: pd.Series(TEXTS),
    "frame": lambda: pd.DataFrame({"text": TEXTS}),
    "generator": lambda: (text for text in TEXTS),
    "polars series": lambda: pl.Series(TEXTS),
    "polars series of lists": lambda: pl.Series(SPLIT),
    "polars frame of lists": lambda: pl.DataFrame({"words": SPLIT}),
    "bytes": lambda: [text.encode() for text in TEXTS],
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_forms_of_X(fitted, form):
    vectors = word_vectors().fit(form())
    assert list(vectors) == list(fitted)
    np.testing.assert_array_equal(vectors.vectors_, fitted.vectors_)


@pytest.mark.parametrize("output", ["default", "pandas"])
def test_token_ids_are_read_by_their_words(output):
    tokenizer = SequenceTokenizer(max_features=6, add_start=True, characters=3)
    X = tokenizer.set_output(transform=output).fit_transform(TEXTS)
    known = set(tokenizer.vocabulary_)
    expected = word_vectors().fit([[w for w in words if w in known] for words in SPLIT])
    vectors = word_vectors().fit(X)
    assert set(vectors) == known
    for word in known:
        np.testing.assert_allclose(vectors[word], expected[word], atol=1e-6)


def test_words_are_split_as_the_tokenizer_splits_them():
    params = {"token_pattern": r"(?u)\b\w+\b", "lowercase": False, "stop_words": ["They"]}
    tokenizer = SequenceTokenizer(**params).fit(TEXTS)
    assert set(word_vectors(**params, epochs=1).fit(TEXTS)) == set(tokenizer.vocabulary_)
    pairs = word_vectors(ngram_range=(2, 2), epochs=1).fit(TEXTS)
    assert "drink tea" in pairs


def test_the_tail_of_a_long_text_counts():
    # gensim by itself reads 10,000 words of a text
    vectors = word_vectors(epochs=1).fit([" ".join(["head"] * 10_000 + ["tail"] * 5)])
    first = vectors["tail"]
    assert "tail" in vectors
    more = word_vectors(epochs=1).fit([" ".join(["head"] * 10_000 + ["tail"] * 50)])
    assert not np.array_equal(first, more["tail"])


def test_gensim_is_given_a_long_text_in_pieces(monkeypatch):
    pieces = []
    build = Word2Vec.build_vocab

    def watched(self, sentences, **kwargs):
        pieces.extend(map(len, sentences))
        return build(self, sentences, **kwargs)

    monkeypatch.setattr(Word2Vec, "build_vocab", watched)
    word_vectors(min_count=1, epochs=1).fit([["a"] * 25_000, [], ["b"]])
    assert pieces == [10_000, 10_000, 5_000, 1]


def test_one_thread_gives_the_same_whatever_the_hash_seed(elsewhere):
    assert elsewhere["word vectors"] == word_vector_digest()


def test_random_state(fitted):
    np.testing.assert_array_equal(word_vectors().fit(TEXTS).vectors_, fitted.vectors_)
    other = word_vectors(random_state=1).fit(TEXTS)
    assert not np.allclose(other.vectors_, fitted.vectors_)
    assert len(word_vectors(n_jobs=-1).fit(TEXTS)) == len(fitted)


@pytest.mark.parametrize("name", ["v.txt", "v.vec.gz", "v.w2v", "v.bin", "v.bin.gz"])
def test_saved_and_loaded(fitted, tmp_path, name):
    fitted.save(tmp_path / name)
    loaded = WordVectors.load(tmp_path / name)
    assert list(loaded) == list(fitted)
    np.testing.assert_array_equal(loaded.vectors_, fitted.vectors_)
    gensims = KeyedVectors.load_word2vec_format(str(tmp_path / name), binary=".bin" in name)
    np.testing.assert_array_equal(gensims.vectors, fitted.vectors_)
    assert loaded.most_similar("tea", topn=3) == fitted.most_similar("tea", topn=3)
    few = WordVectors.load(str(tmp_path / name), words=["wine", "beer", "tea"])
    assert set(few) == {"wine", "tea"}
    np.testing.assert_array_equal(few["wine"], fitted["wine"])
    assert loaded.get_params()["vector_size"] == 10


def test_save_refuses_what_cannot_be_read_again(fitted, tmp_path):
    with pytest.raises(ValueError, match=r"must end in .txt, .vec, .w2v for text or .bin"):
        fitted.save(tmp_path / "vectors.npy")
    pairs = word_vectors(ngram_range=(2, 2), epochs=1).fit(TEXTS)
    with pytest.raises(ValueError, match="ends a word at white space, but there is the word '"):
        pairs.save(tmp_path / "pairs.txt")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("form", [list, np.array, pd.Index, pd.Series, iter, dict.fromkeys])
def test_load_of_words_that_are_not_there(fitted, tmp_path, form):
    fitted.save(tmp_path / "v.txt")
    with pytest.raises(ValueError, match=r"v\.txt has a vector for none of the 2 words"):
        WordVectors.load(tmp_path / "v.txt", words=form(["Tea", "Milk"]))
    assert set(WordVectors.load(tmp_path / "v.txt", words=form(["tea", "Milk"]))) == {"tea"}


@pytest.mark.parametrize("words", ["tea", b"tea", 3])
def test_load_of_words_that_are_no_collection(fitted, tmp_path, words):
    fitted.save(tmp_path / "v.txt")
    with pytest.raises(TypeError, match=r"words must be a collection of words, .* got \w+ \("):
        WordVectors.load(tmp_path / "v.txt", words=words)


def test_gensims_vectors_are_wrapped_without_a_copy(subwords):
    model = Word2Vec(SPLIT, vector_size=6, epochs=1, workers=1)
    vectors = WordVectors.from_keyed_vectors(model.wv)
    assert vectors.vectors_ is model.wv.vectors
    assert (vectors.vector_size, vectors.algorithm) == (6, "word2vec")
    assert WordVectors.from_keyed_vectors(subwords.keyed_vectors_).algorithm == "fasttext"
    with pytest.raises(TypeError, match=r"got Word2Vec; pass model\.wv"):
        WordVectors.from_keyed_vectors(model)


@pytest.mark.parametrize("which", ["fitted", "subwords"])
def test_pickle_and_copy(which, request):
    vectors = request.getfixturevalue(which)
    for twin in (pickle.loads(pickle.dumps(vectors)), copy.deepcopy(vectors)):
        np.testing.assert_array_equal(twin.vectors_, vectors.vectors_)
        np.testing.assert_array_equal(twin["tea"], vectors["tea"])
    np.testing.assert_array_equal(twin["milk"], vectors["milk"])


def test_clone_shares_fitted_vectors_and_copies_unfitted(fitted):
    assert clone(fitted).keyed_vectors_ is fitted.keyed_vectors_
    unfitted = word_vectors(window=2)
    twin = clone(unfitted)
    assert twin is not unfitted
    assert twin.get_params() == unfitted.get_params()
    model = LSTMClassifier(embeddings=fitted)
    twin = clone(make_pipeline(SequenceTokenizer(), clone(model)))[-1].embeddings
    assert twin.keyed_vectors_ is fitted.keyed_vectors_


def test_fault_10_a_clone_has_parameters_of_its_own(fitted):
    before = fitted.get_params()
    twin = clone(fitted).set_params(vector_size=20, stop_words=["they"])
    assert fitted.get_params() == before
    assert twin.vector_size == 20
    twin.fit(TEXTS)
    assert twin.vectors_.shape[1] == 20
    assert fitted.vectors_.shape[1] == 10
    same = clone(fitted).fit(TEXTS)
    np.testing.assert_array_equal(same.vectors_, fitted.vectors_)
    assert same.keyed_vectors_ is not fitted.keyed_vectors_


@pytest.mark.parametrize("copied", [clone, copy.deepcopy, lambda vectors: vectors])
def test_fault_10_changed_parameters_are_refused_as_embeddings(copied):
    X = SequenceTokenizer().fit_transform(TEXTS[:20])
    y = [0, 1] * 10
    own = {"stop_words": ["they"], "random_state": np.random.RandomState(0), "epochs": 1}
    vectors = copied(word_vectors(**own).fit(TEXTS))
    model = LSTMClassifier(2, embeddings=vectors, max_epochs=1)
    model.fit(X, y)
    clone(clone(model)).set_params(embeddings__n_jobs=2).fit(X, y)  # changes no vector
    seeded = clone(model)
    _set_random_states(seeded, 0)  # as ensembles do, in parameters of parameters, too
    assert isinstance(seeded.embeddings.random_state, int)
    seeded.fit(X, y)
    changed = clone(clone(model).set_params(embeddings__vector_size=20))
    with pytest.raises(ValueError, match="fitted with vector_size=10, and vector_size=20 was set "):
        changed.fit(X, y)
    changed.set_params(embeddings__vector_size=10).fit(X, y)  # set back
    changed.set_params(embeddings__vector_size=20)
    changed.embeddings.fit(TEXTS)
    assert changed.fit(X, y).module_.embedding.weight.shape[1] == 20
    loaded = WordVectors.from_keyed_vectors(vectors.keyed_vectors_).set_params(window=9)
    with pytest.raises(ValueError, match="fitted with window=5, and window=9 was set afterwards"):
        clone(model).set_params(embeddings=loaded).fit(X, y)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning")
def test_fault_10_a_search_over_the_size_of_fitted_vectors_is_no_silent_success(fitted):
    X = SequenceTokenizer().fit_transform(TEXTS[:20])
    y = [0, 1] * 10
    model = LSTMClassifier(2, embeddings=fitted, max_epochs=1)
    search = GridSearchCV(model, {"embeddings__vector_size": [20, 30]}, cv=2)
    with pytest.raises(ValueError, match=r"(?s)fits failed.*To search over vector_size, give seve"):
        search.fit(X, y)
    assert fitted.vector_size == 10
    several = [fitted, clone(fitted).set_params(vector_size=20).fit(TEXTS)]
    search = GridSearchCV(model, {"embeddings": several}, cv=2).fit(X, y)
    sizes = [e.vectors_.shape[1] for e in search.cv_results_["param_embeddings"]]
    assert sizes == [10, 20]


@pytest.fixture
def seen(monkeypatch):
    """Return the embeddings of every estimator that is fitted."""
    found = []
    fit = LSTMClassifier.fit

    def watched(self, *args, **kwargs):
        found.append(self.embeddings)
        return fit(self, *args, **kwargs)

    monkeypatch.setattr(LSTMClassifier, "fit", watched)
    return found


def test_a_search_copies_no_vectors(fitted, seen, monkeypatch):
    monkeypatch.setattr(KeyedVectors, "__deepcopy__", None, raising=False)  # none may be made
    texts, y = TEXTS[::10], np.repeat([0, 1], 15)
    model = LSTMClassifier(2, embeddings=fitted, max_epochs=1, random_state=0)
    grid = {"lstmclassifier__freeze_embeddings": [False, True], "lstmclassifier__dropout": [0, 0.1]}
    search = GridSearchCV(make_pipeline(SequenceTokenizer(), model), grid, cv=2).fit(texts, y)
    assert len(seen) == 9
    assert all(vectors.keyed_vectors_ is fitted.keyed_vectors_ for vectors in seen)
    assert search.best_estimator_[-1].embeddings.keyed_vectors_ is fitted.keyed_vectors_


@pytest.mark.slow
def test_a_search_with_and_without_vectors_and_in_processes(fitted):
    y = np.repeat([0, 1], 150)
    model = LSTMClassifier(2, max_epochs=1, random_state=0)
    pipeline = make_pipeline(SequenceTokenizer(), model)
    grid = {"lstmclassifier__embeddings": [None, fitted]}
    alone = GridSearchCV(pipeline, grid, cv=2).fit(TEXTS[::5], y[::5])
    with joblib.parallel_backend("loky"):
        search = GridSearchCV(pipeline, grid, cv=2, n_jobs=2).fit(TEXTS[::5], y[::5])
    scores = "mean_test_score"
    np.testing.assert_array_equal(search.cv_results_[scores], alone.cv_results_[scores])


def test_a_fitted_estimator_needs_its_vectors_no_more(fitted):
    y = np.repeat([0, 1], 150)
    X = SequenceTokenizer().fit_transform(TEXTS)
    model = LSTMClassifier(2, embeddings=fitted, max_epochs=1, random_state=0, warm_start=True)
    model.fit(X, y)
    expected = model.predict_proba(X)
    size = len(pickle.dumps(model))
    model.set_params(embeddings=None)
    small = pickle.dumps(model)
    assert len(small) < size - fitted.vectors_.nbytes
    loaded = pickle.loads(small)
    np.testing.assert_array_equal(loaded.predict_proba(X), expected)
    assert loaded.fit(X, y).n_iter_ == 2
    assert loaded.embedding_coverage_ == 1


def test_repr_in_every_form(fitted):
    assert repr(fitted) == "WordVectors(epochs=20, random_state=0, vector_size=10)"
    for vectors in (fitted, WordVectors()):
        assert vectors
        assert "WordVectors" in LSTMClassifier(embeddings=vectors)._repr_html_()


def test_it_is_public():
    assert "WordVectors" in sklstm.__all__
    assert sklstm.preprocessing.WordVectors is WordVectors
