"""A prediction depends on its own sequence only (promise 2 of docs/architecture.md)."""

import pickle

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline

from sklstm import LSTMClassifier
from sklstm._training import predict
from sklstm.preprocessing import SequencePadder, SequenceTokenizer

NETWORKS = {
    "last": {"pooling": "last", "bidirectional": False},
    "bidirectional last": {"pooling": "last"},
    "mean": {"pooling": "mean"},
    "max": {"pooling": "max"},
    "attention": {"pooling": "attention"},
    "gru": {"cell": "gru", "num_layers": 2},
    "convolution": {"conv_filters": 5, "conv_kernel_size": 4, "conv_pool_size": 2},
    "dense layers": {"dense_layer_sizes": (5, 4), "dropout": 0.2},
    "no recurrence": {"num_layers": 0, "pooling": "mean"},
    "no recurrence, last": {"num_layers": 0, "pooling": "last", "bidirectional": False},
    "scaled within": {"standardize": "both"},
    "shapes alone": {"standardize": "sequence", "conv_filters": 4},
    "convolutional branch": {"fcn_filters": (5, 4), "fcn_kernel_sizes": (4, 3)},
    "forward and branch": {
        "bidirectional": False,
        "fcn_filters": (5,),
        "fcn_kernel_sizes": (3,),
    },
    "stack": {"hidden_size": (6, 4), "recurrent_dropout": 0.2, "dropout": 0.2},
}
TOLERANCE = {"atol": 1e-5, "rtol": 0}


@pytest.fixture(scope="module")
def ragged():
    rng = np.random.default_rng(0)
    X = np.empty(60, dtype=object)
    for i, length in enumerate(rng.integers(1, 40, size=60)):
        X[i] = rng.normal(size=(length, 3))
    return X, rng.integers(0, 3, size=60)


@pytest.fixture(scope="module", params=NETWORKS)
def fitted(request, ragged):
    model = LSTMClassifier(**{"hidden_size": 6, **NETWORKS[request.param]})
    model.set_params(max_epochs=2, learning_rate=0.02, random_state=0)
    return model.fit(*ragged)


def test_batch_size_order_and_batch_mates_change_nothing(fitted, ragged, monkeypatch):
    X, _ = ragged
    expected = fitted.predict_proba(X)
    order = np.random.default_rng(1).permutation(len(X))
    np.testing.assert_allclose(fitted.predict_proba(X[order]), expected[order], **TOLERANCE)
    by_length = np.argsort([len(x) for x in X])
    np.testing.assert_allclose(fitted.predict_proba(X[by_length]), expected[by_length], **TOLERANCE)
    alone = np.concatenate([fitted.predict_proba(X[i : i + 1]) for i in range(len(X))])
    np.testing.assert_allclose(alone, expected, **TOLERANCE)
    longer = np.empty(3, dtype=object)
    longer[:] = [X[0], np.ones((300, 3)), X[1]]
    np.testing.assert_allclose(fitted.predict_proba(longer)[[0, 2]], expected[:2], **TOLERANCE)
    for batch_size in (1, 7):
        monkeypatch.setattr(predict, "BATCH_SIZE", batch_size)
        np.testing.assert_allclose(fitted.predict_proba(X), expected, **TOLERANCE)


@pytest.mark.parametrize("side", ["pre", "post"])
def test_padding_that_is_declared_changes_nothing(fitted, ragged, side):
    X, _ = ragged
    padded = SequencePadder(padding=side, padding_value=-99.0).fit_transform(X)
    assert padded.shape == (60, 39, 3)
    fitted_on_ragged = fitted.predict_proba(X)
    fitted.set_params(padding_value=-99.0)
    np.testing.assert_allclose(fitted.predict_proba(padded), fitted_on_ragged, **TOLERANCE)
    fitted.set_params(padding_value=None)


def test_probabilities_of_steps_are_those_of_prefixes(fitted, ragged):
    X, _ = ragged
    steps = fitted.predict_proba_steps(X[:8])
    assert steps.shape == (8,)
    for x, of_steps in zip(X[:8], steps, strict=True):
        prefixes = [x[:end] for end in range(1, len(x) + 1)]
        np.testing.assert_allclose(of_steps, fitted.predict_proba(prefixes), **TOLERANCE)


def test_other_outputs_agree_with_the_probabilities(fitted, ragged):
    X, _ = ragged
    probability = fitted.predict_proba(X)
    np.testing.assert_allclose(probability.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(np.exp(fitted.predict_log_proba(X)), probability, rtol=1e-5)
    np.testing.assert_array_equal(fitted.predict(X), fitted.classes_[probability.argmax(axis=1)])
    decision = fitted.decision_function(X)
    softmax = np.exp(decision) / np.exp(decision).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(softmax, probability, rtol=1e-5)
    by_hand, output = fitted.transform(X), fitted.module_.output
    for layer in getattr(output, "layers", ()):
        by_hand = np.maximum(linear(layer, by_hand), 0.0)
    by_hand = linear(getattr(output, "output", output), by_hand)
    np.testing.assert_allclose(by_hand, decision, atol=1e-5)


def linear(layer, x):
    return x @ layer.weight.detach().numpy().T + layer.bias.detach().numpy()


REVIEWS = [
    "a wonderful film with a wonderful cast",
    "dull and far too long",
    "wonderful",
    "dull dull dull story",
] * 5
LABELS = ["good", "bad", "good", "bad"] * 5


@pytest.mark.parametrize("params", [{}, {"conv_filters": 4, "conv_pool_size": 2}])
@pytest.mark.parametrize("unknown", ["id", "skip"])
def test_reviews_of_every_length_predict(params, unknown):
    model = make_pipeline(
        SequenceTokenizer(unknown=unknown),
        LSTMClassifier(8, max_epochs=15, learning_rate=0.02, random_state=0, **params),
    ).fit(REVIEWS, LABELS)
    reviews = ["wonderful", "dull story " * 5_000, "wonderful cast"]
    assert list(model.predict(reviews)) == ["good", "bad", "good"]
    if unknown == "skip":
        with pytest.warns(UserWarning, match="no word to keep"):
            nothing_known = model.predict_proba(["zyzzyva quux"])
    else:
        nothing_known = model.predict_proba(["zyzzyva quux"])
    assert np.isfinite(nothing_known).all()


def test_the_tutorials_network_has_as_many_parameters_as_in_keras_and_a_small_pickle():
    words = [f"word{i}" for i in range(5_000)]
    texts = [" ".join(words[i : i + 50]) for i in range(0, 5_000, 50)]
    X = SequenceTokenizer(max_features=5_000, max_length=500).fit_transform(texts)
    model = LSTMClassifier(
        100, embedding_dim=32, bidirectional=False, pooling="last", max_epochs=1, random_state=0
    )
    model.fit(X, np.arange(100) % 2)
    trained = sum(p.numel() for p in model.module_.parameters() if p.requires_grad)
    assert trained == 213_301 + 4 * 32  # four reserved ids
    stored = pickle.dumps(model)
    assert len(stored) < 4_000_000
    model.partial_fit(X, np.arange(100) % 2)
    assert len(pickle.dumps(model)) < 4_000_000  # with the state of the optimizer
    assert X[7].tobytes() not in stored  # no training data
    restored = pickle.loads(stored)
    np.testing.assert_array_equal(restored.vocabulary_.words(), X.vocabulary.words())
