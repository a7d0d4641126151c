"""Doc2VecVectorizer against gensim's own training and inference, and brute force."""

from __future__ import annotations

import copy
import pickle

import gensim.models.doc2vec as gensim_doc2vec
import numpy as np
import pytest
from gensim.models.doc2vec import Doc2Vec, TaggedDocument
from numpy.testing import assert_array_equal
from preprocessing.text.text_samples import TEXTS, TOPIC_OF, corpus, small, split
from sklearn.feature_extraction.text import CountVectorizer

from sklstm import Doc2VecVectorizer
from sklstm.preprocessing.text._doc2vec_inference import _Draws, _seed_of
from sklstm.preprocessing.text._gensim import LONGEST

CHOICES = [
    {},
    {"hs": 1, "negative": 0},
    {"hs": 1},
    {"sample": 0.01},
    {"dbow_words": 1, "window": 3},
    {"dbow_words": 1, "window": 3, "shrink_windows": False},
    {"ns_exponent": 0.5, "negative": 3, "alpha": 0.05, "min_alpha": 0.001},
    {"dm": 1},
    {"dm": 1, "dm_mean": 0, "hs": 1, "negative": 0},
    {"dm": 1, "sample": 0.01, "shrink_windows": False},
    {"dm": 1, "dm_concat": 1, "window": 2},
    {"dm": 1, "dm_concat": 1, "window": 2, "sample": 0.01, "hs": 1},
]


@pytest.mark.parametrize("choices", CHOICES)
def test_training_is_gensims(choices):
    vectorizer = small(training_vectors="trained", **choices)
    vectors = vectorizer.fit_transform(TEXTS)
    params = {"dm": 0, "min_count": 2, "vector_size": 12, "epochs": 5, "sample": 0} | choices
    documents = [TaggedDocument(words, [i]) for i, words in enumerate(split(TEXTS))]
    peer = Doc2Vec(documents, seed=vectorizer._seed, workers=1, **params)
    assert vectorizer.model_.wv.index_to_key == peer.wv.index_to_key
    assert_array_equal(vectors, peer.dv.vectors)
    if choices.get("dm") or choices.get("dbow_words"):
        assert_array_equal(vectorizer.model_.wv.vectors, peer.wv.vectors)
    else:  # never trained
        assert vectorizer.model_.wv.vectors.shape == (0, 12)
    for name in ("syn1", "syn1neg"):
        assert hasattr(vectorizer.model_, name) == hasattr(peer, name)
        if hasattr(peer, name):
            assert_array_equal(getattr(vectorizer.model_, name), getattr(peer, name))


@pytest.mark.parametrize("choices", CHOICES)
@pytest.mark.parametrize("alpha", [None, 0.004])
def test_inference_is_gensims_from_the_same_random_numbers(choices, alpha, monkeypatch):
    vectorizer = small(infer_epochs=7, infer_alpha=alpha, **choices).fit(TEXTS)
    texts = ["ship and the wave zzz harbour", "bread", "the salt of the soil " * 5]
    ours = vectorizer.transform(texts)
    assert np.isfinite(ours).all()
    assert np.linalg.norm(ours, axis=1).min() > 0
    model = copy.copy(vectorizer.model_)
    ids = model.wv.key_to_index
    for row, words in zip(ours, split(texts), strict=True):
        known = np.array([ids[word] for word in words if word in ids], dtype=np.int32)
        draws = _Draws(_seed_of(known, vectorizer._seed))
        first = draws.first_vector(12)
        monkeypatch.setattr(
            gensim_doc2vec, "pseudorandom_weak_vector", lambda *_, first=first, **__: first.copy()
        )
        model.random = draws._state
        assert_array_equal(row, model.infer_vector(words, epochs=7, alpha=alpha))


def test_first_vectors_are_distributed_like_gensims():
    ours = np.stack([_Draws(np.array([i])).first_vector(50) for i in range(200)])
    theirs = np.stack([gensim_doc2vec.pseudorandom_weak_vector(50, str(i)) for i in range(200)])
    assert ours.dtype == theirs.dtype == np.float32
    for part in (np.min, np.mean, np.max, np.std):
        assert part(ours) == pytest.approx(part(theirs), abs=2e-4)


def test_texts_of_a_topic_are_neighbours():
    vectorizer = small(vector_size=20, epochs=60, random_state=1).fit(TEXTS)
    new, topics = corpus(30, seed=5)
    for text, topic in zip(new, topics, strict=True):
        found = [i for i, _ in vectorizer.most_similar(text, topn=5)]
        assert (TOPIC_OF[found] == topic).mean() >= 0.8
    assert vectorizer.similarity("ship wave sail", "storm crew tide") > vectorizer.similarity(
        "ship wave sail", "bread oven flour"
    )


def test_most_similar_is_a_search_through_all_trained_vectors():
    vectorizer = small()
    trained = vectorizer.set_params(training_vectors="trained").fit_transform(TEXTS)
    text = "wheat and the barn"
    vector = vectorizer.transform([text])[0]
    expected = [
        float(row @ vector) / float(np.linalg.norm(row) * np.linalg.norm(vector)) for row in trained
    ]
    order = sorted(range(len(TEXTS)), key=lambda i: -expected[i])
    found = vectorizer.most_similar(text, topn=7)
    assert [i for i, _ in found] == order[:7]
    assert all(type(i) is int and type(value) is float for i, value in found)
    np.testing.assert_allclose([value for _, value in found], [expected[i] for i in order[:7]],
                               rtol=1e-5)  # fmt: skip
    assert len(vectorizer.most_similar(text, topn=1000)) == len(TEXTS)
    assert vectorizer.most_similar(text) == vectorizer.most_similar(text.split(), topn=10)


def test_similarity_is_the_cosine_of_the_vectors():
    vectorizer = small().fit(TEXTS)
    a, b = vectorizer.transform(["ship and wave", "bread"]).astype(np.float64)
    expected = a @ b / np.sqrt((a @ a) * (b @ b))
    assert vectorizer.similarity("ship and wave", "bread") == pytest.approx(expected, abs=1e-12)
    assert vectorizer.similarity(["bread"], "bread") == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("tags", ["texts", "both", "labels"])
def test_inferred_training_vectors_are_those_of_transform(tags):
    vectorizer = small(tags=tags)
    vectors = vectorizer.fit_transform(TEXTS, TOPIC_OF)
    assert vectors.shape == (len(TEXTS), 12)
    assert vectors.dtype == np.float32
    assert_array_equal(vectors, vectorizer.transform(TEXTS))
    assert_array_equal(vectors, small(tags=tags).fit(TEXTS, TOPIC_OF).transform(TEXTS))


def test_trained_vectors_are_copies():
    vectorizer = small(training_vectors="trained")
    vectors = vectorizer.fit_transform(TEXTS)
    kept = vectors.copy()
    assert np.abs(kept - vectorizer.transform(TEXTS)).max() > 1e-3
    vectors[:] = 0
    assert_array_equal(vectorizer.model_.dv.vectors, kept)


def test_infer_epochs_is_epochs_unless_given():
    vectorizer = small().fit(TEXTS)
    expected = vectorizer.transform(TEXTS)
    assert_array_equal(vectorizer.set_params(infer_epochs=5).transform(TEXTS), expected)
    longer = vectorizer.set_params(infer_epochs=50).transform(TEXTS)
    assert np.linalg.norm(longer, axis=1).mean() > np.linalg.norm(expected, axis=1).mean()


def test_infer_alpha_is_alpha_unless_given():
    vectorizer = small(alpha=0.05).fit(TEXTS)
    expected = vectorizer.transform(TEXTS)
    assert_array_equal(vectorizer.set_params(infer_alpha=0.05).transform(TEXTS), expected)
    shorter = vectorizer.set_params(infer_alpha=0.005).transform(TEXTS)
    assert np.linalg.norm(shorter, axis=1).mean() < np.linalg.norm(expected, axis=1).mean()
    assert vectorizer.model_.alpha == 0.05


def test_more_passes_bring_vectors_of_other_seeds_together():
    vectorizer = small(epochs=40).fit(TEXTS)

    def agreement(epochs):
        vectorizer.set_params(infer_epochs=epochs)
        rows = []
        for seed in (1, 2):
            vectorizer._seed = seed
            found = vectorizer.transform(TEXTS)
            rows.append(found / np.linalg.norm(found, axis=1, keepdims=True))
        return (rows[0] * rows[1]).sum(axis=1).mean()

    assert agreement(1) < agreement(10) < agreement(100)


@pytest.mark.parametrize("choices", [{}, {"dm": 1}, {"dm": 1, "dm_concat": 1, "window": 1}])
def test_a_long_text_is_read_to_its_end(choices):
    texts = ["ship bread wheat the of"] * 20
    vectorizer = small(vector_size=4, epochs=2, **choices).fit(texts)
    start = "ship " * LONGEST
    plain, longer = vectorizer.transform([start, start + "bread " * 50])
    assert np.abs(plain - longer).max() > 1e-4


def test_gensim_is_given_a_long_text_in_pieces():
    words = ["ship", "wave"] * (LONGEST // 2) + ["bread"] * 50
    vectorizer = small(training_vectors="trained")
    vectors = vectorizer.fit_transform([words, ["ship", "bread"]])
    pieces = [(words[:LONGEST], 0), (words[LONGEST:], 0), (["ship", "bread"], 1)]
    peers = [
        Doc2Vec([TaggedDocument(words, [i]) for words, i in documents], seed=vectorizer._seed,
                workers=1, dm=0, min_count=2, vector_size=12, epochs=5, sample=0)
        for documents in (pieces, [(words, 0), (["ship", "bread"], 1)])
    ]  # fmt: skip
    assert_array_equal(vectors, peers[0].dv.vectors)
    assert np.abs(vectors - peers[1].dv.vectors).max() > 1e-4  # gensim dropped the end


def test_words_are_split_as_count_vectorizer_does():
    texts = ["The Ship, the café!", "A ship's CAFÉ", "the ship: 2 cafés"]
    for params in (
        {},
        {"lowercase": False},
        {"strip_accents": "ascii"},
        {"stop_words": "english"},
        {"token_pattern": r"\w+|[^\w\s]"},
        {"tokenizer": str.split, "token_pattern": None},
        {"preprocessor": str.upper},
        {"analyzer": "char"},
        {"ngram_range": (1, 2)},
        {"analyzer": "char_wb", "ngram_range": (2, 3)},
        {"analyzer": str.split},
    ):
        vectorizer = Doc2VecVectorizer(vector_size=2, min_count=1, epochs=1, **params).fit(texts)
        assert set(vectorizer.model_.wv.key_to_index) == set(
            CountVectorizer(**params).fit(texts).vocabulary_
        )


def test_lists_of_words_are_taken_as_they_are():
    expected = small().fit_transform(TEXTS)
    lists = split(TEXTS)
    boxed = np.fromiter(lists, dtype=object, count=len(lists))
    forms = [
        lists,
        [tuple(words) for words in lists],
        [np.array(words) for words in lists],
        boxed,
        (words for words in lists),
    ]
    for X in forms:
        assert_array_equal(small().fit_transform(X), expected)
    mixed = small(min_count=1).fit([["New York", "the"], ["New York", "The"]])
    assert set(mixed.model_.wv.key_to_index) == {"New York", "the", "The"}
    fitted = small().fit(TEXTS)
    assert_array_equal(fitted.transform(lists), fitted.transform(TEXTS))


def test_a_pickle_holds_no_texts_and_gives_the_same():
    vectorizer = small().fit([*TEXTS, "unrepeatable ship"])
    data = pickle.dumps(vectorizer)
    assert b"unrepeatable" not in data
    assert TEXTS[0].encode() not in data
    again = pickle.loads(data)
    assert_array_equal(again.transform(TEXTS), vectorizer.transform(TEXTS))
    assert again.most_similar(TEXTS[0]) == vectorizer.most_similar(TEXTS[0])
    assert pickle.dumps(small().fit([*TEXTS, "unrepeatable ship"])) == data
    words, texts = len(vectorizer.model_.wv.key_to_index), len(TEXTS) + 1
    assert len(data) < 4 * 12 * (words + texts) + 60 * (words + texts) + 4000


def test_gensim_can_go_on_with_the_model():
    model = small(dm=1).fit(TEXTS).model_
    assert isinstance(model, Doc2Vec)
    assert len(model.wv.most_similar("ship", topn=3)) == 3
    assert len(model.dv.most_similar(0, topn=3)) == 3
    assert small().fit(TEXTS).model_.infer_vector(["ship"]).shape == (12,)
