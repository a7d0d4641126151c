"""Vectors that users bring, matched by word or by id."""

from unicodedata import normalize

import numpy as np
import pytest
from gensim.models import KeyedVectors

from sklstm import LSTMClassifier, SequenceTokenizer, WordVectors
from sklstm._sequences.embeddings import embedding_matrix
from sklstm._sequences.tokens import Vocabulary

TEXTS = ["good film", "bad film", "good cast", "bad cast"] * 3
LABELS = [1, 0, 1, 0] * 3


@pytest.fixture(scope="module")
def vectors():
    """Return a vector for two of the four words, and for one that is not in the texts."""
    rng = np.random.default_rng(0)
    return {word: rng.normal(3, 2, size=40).astype(np.float32) for word in ("good", "bad", "sea")}


@pytest.fixture(scope="module")
def keyed(vectors):
    keyed = KeyedVectors(40)
    keyed.add_vectors(list(vectors), list(vectors.values()))
    return keyed


@pytest.mark.parametrize("form", ["dict", "keyed"])
def test_vectors_are_matched_by_word(vectors, keyed, form):
    X = SequenceTokenizer().fit_transform(TEXTS)
    given = {"dict": vectors, "keyed": keyed}[form]
    model = LSTMClassifier(
        4, embeddings=given, freeze_embeddings=True, max_epochs=2, random_state=0
    ).fit(X, LABELS)
    assert model.embedding_coverage_ == 0.5
    weight = model.module_.embedding.weight.numpy(force=True)
    for word in ("good", "bad"):
        np.testing.assert_array_equal(weight[model.vocabulary_[word]], vectors[word])
    assert not weight[0].any()


def test_vectors_are_trained_unless_frozen(vectors):
    X = SequenceTokenizer().fit_transform(TEXTS)
    model = LSTMClassifier(4, embeddings=vectors, max_epochs=2, random_state=0).fit(X, LABELS)
    row = model.vocabulary_["good"]
    assert not np.allclose(model.module_.embedding.weight.numpy(force=True)[row], vectors["good"])


def test_words_without_a_vector_are_drawn_at_the_scale_of_the_others():
    rng = np.random.default_rng(0)
    known = {f"w{i}": rng.normal(0.5, 0.2, size=50) for i in range(100)}
    vocabulary = Vocabulary([*known, *(f"new{i}" for i in range(200))])
    matrix, coverage = embedding_matrix(known, vocabulary.n_ids, vocabulary, rng)
    assert coverage.fraction == pytest.approx(1 / 3)
    assert coverage.missing == tuple(f"new{i}" for i in range(5))
    drawn = matrix[[vocabulary[f"new{i}"] for i in range(200)]]
    assert drawn.mean() == pytest.approx(0.5, abs=0.01)
    assert drawn.std() == pytest.approx(0.2, abs=0.01)


def test_each_number_is_drawn_at_its_own_scale():
    rng = np.random.default_rng(0)
    means, spreads = np.array([0.0, 3.0, -1.0]), np.array([0.1, 1.0, 0.5])  # as GloVe's vary
    known = {f"w{i}": rng.normal(means, spreads) for i in range(500)}
    vocabulary = Vocabulary([*known, *(f"new{i}" for i in range(3000))])
    matrix, _ = embedding_matrix(known, vocabulary.n_ids, vocabulary, rng)
    drawn = matrix[-3000:]
    np.testing.assert_allclose(drawn.mean(axis=0), means, atol=0.15)
    np.testing.assert_allclose(drawn.std(axis=0), spreads, rtol=0.1)


def test_words_that_fasttext_has_no_n_gram_of_are_drawn():
    params = {"min_n": 5, "max_n": 6, "bucket": 50, "min_count": 1, "vector_size": 40}
    vectors = WordVectors(algorithm="fasttext", spread=0.3, random_state=0, **params)
    vectors.fit(["monday tuesday", "wednesday sunday"])
    vocabulary = Vocabulary(["monday", "tuesday", "someday", "qq", "zz", "someday\ud800"])
    assert not vectors["qq"].any()  # as "<qq>" is shorter than five characters
    rng = np.random.default_rng(0)
    matrix, coverage = embedding_matrix(vectors, vocabulary.n_ids, vocabulary, rng)
    assert (coverage.n_listed, coverage.n_composed, coverage.missing) == (
        2,
        1,
        ("qq", "zz", "someday\ud800"),
    )
    np.testing.assert_array_equal(matrix[vocabulary["someday"]], vectors["someday"])
    known = matrix[[vocabulary[word] for word in ("monday", "tuesday", "someday")]]
    for word in coverage.missing:
        assert matrix[vocabulary[word]].std() == pytest.approx(known.std(), rel=0.5)


@pytest.mark.parametrize("n_known", [1, 2, 19])
def test_of_few_vectors_the_spread_is_that_of_all_numbers(n_known):
    rng = np.random.default_rng(0)
    known = {f"w{i}": rng.normal(1, 2, size=300) for i in range(n_known)}
    vocabulary = Vocabulary([*known, *(f"new{i}" for i in range(50))])
    matrix, _ = embedding_matrix(known, vocabulary.n_ids, vocabulary, rng)
    assert matrix[-50:].std(axis=0).min() > 1  # 0 where one vector gave each number's own


def test_word_vectors_are_kept_as_they_are():
    vectors = WordVectors(7, random_state=0, min_count=1).fit(TEXTS)
    X = SequenceTokenizer().fit_transform(TEXTS)
    model = LSTMClassifier(4, embeddings=vectors, freeze_embeddings=True, max_epochs=1).fit(
        X, LABELS
    )
    assert model.embedding_coverage_ == 1
    weight = model.module_.embedding.weight.numpy(force=True)
    for word in ("good", "bad", "film", "cast"):
        np.testing.assert_array_equal(weight[model.vocabulary_[word]], vectors[word])


def test_coverage_is_printed_where_asked_for(vectors, capsys):
    X = SequenceTokenizer().fit_transform(TEXTS)
    LSTMClassifier(4, embeddings=vectors, max_epochs=1, verbose=1).fit(X, LABELS)
    expected = "embeddings: 2 of 4 words have a vector (50.0%); 2 drawn at random\n"
    assert capsys.readouterr().out == expected


def test_an_array_is_taken_by_id_and_left_unchanged():
    array = np.random.default_rng(0).normal(size=(6, 5))
    before = array.copy()
    model = LSTMClassifier(
        4,
        embeddings=array,
        freeze_embeddings=True,
        input_type="tokens",
        max_epochs=1,
        random_state=0,
    ).fit([[4, 5], [5]] * 4, [0, 1] * 4)
    weight = model.module_.embedding.weight.numpy(force=True)
    np.testing.assert_array_equal(weight[1:], array[1:].astype(np.float32))
    np.testing.assert_array_equal(array, before)


def test_a_model_set_to_a_missing_device_predicts_on_the_cpu():
    X = [[0.5, 1.0], [-1.0]] * 4
    model = LSTMClassifier(4, max_epochs=1, random_state=0).fit(X, [0, 1] * 4)
    expected = model.predict_proba(X)
    model.set_params(device="cuda:99")  # as after a fit on a machine that has it
    with pytest.warns(UserWarning, match="'cuda:99' is not available on this machine") as caught:
        actual = model.predict_proba(X)
    assert {warning.filename for warning in caught} == {__file__}
    np.testing.assert_array_equal(actual, expected)
    with pytest.warns(UserWarning, match="'cuda:99' is not available") as caught:
        model.predict_proba_steps(X)
    assert len(caught) == 1  # not one for each of the sequences


@pytest.mark.parametrize("of", ["NFC", "NFD"])
@pytest.mark.parametrize("form", ["NFC", "NFD", None])
def test_fault_35_vectors_in_nfd_meet_a_vocabulary_in_nfc(form, of):
    texts = ["café crème", "thé vert"] * 3
    X = SequenceTokenizer(unicode_form=form).fit_transform(texts)
    numbers = {"café": [1, 2], "thé": [3, 4], "crème": [5, 6], "vert": [7, 8]}
    brought = {normalize(of, word): vector for word, vector in numbers.items()}
    keyed = KeyedVectors(2)
    keyed.add_vectors(list(brought), np.float32(list(brought.values())))
    for vectors in (brought, keyed, WordVectors.from_keyed_vectors(keyed)):
        model = LSTMClassifier(2, embeddings=vectors, freeze_embeddings=True, max_epochs=1)
        model.fit(X, [0, 1] * 3)
        assert model.embedding_coverage_ == 1
        weight = model.module_.embedding.weight.numpy(force=True)
        for word, i in X.vocabulary.items():
            np.testing.assert_array_equal(weight[i], numbers[normalize("NFC", word)])
