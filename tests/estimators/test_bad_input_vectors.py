"""Embeddings, validation data and weights that do not fit are refused by name."""

from __future__ import annotations

import numpy as np
import pytest
from contract.cases import state
from sklearn.exceptions import NotFittedError

from sklstm import LSTMClassifier, WordVectors
from sklstm._sequences.tokens import TokenArray, Vocabulary

WORDS = Vocabulary(["good", "bad", "film"])
X = TokenArray([[4, 6], [5], [4], [6, 5], [4, 4], [5, 1]], WORDS)
Y = np.array([1, 0] * 3)


def small(**params):
    params = {"hidden_size": 3, "embedding_dim": 3, "max_epochs": 2, "random_state": 0} | params
    return LSTMClassifier(**params)


BAD_EMBEDDINGS = {
    "rows": (np.ones((3, 5)), ValueError, r"shape \(3, 5\), but 7 token ids need.*\(7, embed"),
    "vector": (np.ones(7), ValueError, r"shape \(7,\), but 7 token ids"),
    "nan": (np.full((7, 2), np.nan), ValueError, "NaN or infinity, in vector 0"),
    "lengths": ({"good": [1.0], "bad": [1.0, 2.0]}, ValueError, "vectors of different lengths"),
    "numbers": ({"good": 1.0, "bad": 2.0}, ValueError, "map each word to a 1-D vector"),
    "infinity": (
        {"good": [1.0], "bad": [np.inf]},
        ValueError,
        "NaN or infinity, in the vector of 'bad'",
    ),
    "no-word": (
        {"Good": [1.0]},
        ValueError,
        "no word in common with the vocabulary of 3 words",
    ),
    "object": (object(), TypeError, "embeddings is a object; accepted are the path of a file"),
    "name": ("glove", FileNotFoundError, "there is no file of word vectors at 'glove'"),
    "unfitted": (
        WordVectors(),
        NotFittedError,
        r"embeddings=WordVectors\(\) has no vectors yet.* embeddings=WordVectors\(\).fit\(texts\)",
    ),
    "no numbers": (np.ones((7, 0)), ValueError, "vectors of length 0; at least one dimension"),
    "no numbers by word": ({"good": [], "bad": []}, ValueError, "vectors of length 0"),
    "text": ({"good": ["a"]}, ValueError, "hold other values than numbers"),
}


@pytest.mark.parametrize(
    ("embeddings", "error", "message"), BAD_EMBEDDINGS.values(), ids=BAD_EMBEDDINGS.keys()
)
def test_embeddings(embeddings, error, message):
    estimator = small().fit(X, Y)
    before, proba = state(estimator), estimator.predict_proba(X)
    estimator.set_params(embeddings=embeddings)
    with pytest.raises(error, match=message):
        estimator.fit(X, Y)
    np.testing.assert_array_equal(estimator.predict_proba(X), proba)
    assert state(estimator.set_params(embeddings=None)) == before


def test_embeddings_by_word_need_words():
    with pytest.raises(ValueError, match="given by word, but X carries no vocabulary"):
        small(embeddings={"good": [1.0]}, input_type="tokens").fit(list(X), Y)


@pytest.mark.parametrize("freeze", [-1, 1.5, "first", None])
def test_freeze_embeddings(freeze):
    estimator = small().fit(X, Y)
    before = state(estimator)
    estimator.set_params(freeze_embeddings=freeze)
    with pytest.raises(ValueError, match="'freeze_embeddings' parameter of LSTMClassifier must"):
        estimator.fit(X, Y)
    assert state(estimator.set_params(freeze_embeddings=False)) == before


def test_few_words_with_a_vector_are_warned_of(capsys):
    words = Vocabulary([f"w{i}" for i in range(40)])
    tokens = TokenArray([[i, i + 1] for i in range(4, 43)], words)
    y = np.arange(39) % 2
    few = {f"w{i}": [1.0, float(i)] for i in range(4)}
    model = small(embeddings={w: few[w] for w in ("w0", "w1", "w2")}, max_epochs=1)
    with pytest.warns(
        UserWarning, match="for only 3 of the 40 words.* none for 'w3', 'w4'"
    ) as caught:
        model.fit(tokens, y)
    assert caught[0].filename == __file__
    assert model.embedding_coverage_ == 0.075
    assert not capsys.readouterr().out
    small(embeddings=few, max_epochs=1).fit(tokens, y)  # a tenth is enough to say nothing


BAD_VALIDATION = {
    "half": ({"X_val": X}, "X_val and y_val go together"),
    "other-half": ({"y_val": Y}, "X_val and y_val go together"),
    "length": ({"X_val": X, "y_val": Y[:-1]}, r"inconsistent.*\[6, 5\]"),
    "class": ({"X_val": X, "y_val": Y + 3}, r"y\[0\] is .*none of the classes known: \[0, 1\]"),
    "values": ({"X_val": [[1.0]] * 6, "y_val": Y}, "X holds values, but this LSTMClassifier"),
    "words": (
        {"X_val": TokenArray([[4]] * 6, Vocabulary(["other"])), "y_val": Y},
        "another vocabulary",
    ),
    "groups": ({"groups": np.zeros(6)}, "n_samples=1|[Gg]roup"),
    "groups-length": ({"groups": np.zeros(5)}, r"inconsistent.*\[6, 5\]"),
}


@pytest.mark.parametrize(
    ("arguments", "message"), BAD_VALIDATION.values(), ids=BAD_VALIDATION.keys()
)
def test_validation_data(arguments, message):
    estimator = small(early_stopping=True).fit(X, Y)
    before, proba = state(estimator), estimator.predict_proba(X)
    with pytest.raises(ValueError, match=message):
        estimator.fit(X, Y, **arguments)
    assert state(estimator) == before
    np.testing.assert_array_equal(estimator.predict_proba(X), proba)


def test_too_little_to_hold_out():
    with pytest.raises(ValueError, match="at least 2 samples to hold some out"):
        small(early_stopping=True).partial_fit(X, Y).set_params(warm_start=True).fit(X[:1], Y[:1])
