"""Dense layers before the output layer, and networks without recurrence."""

import numpy as np
import pytest
from sklearn.base import clone

from sklstm import LSTMClassifier, LSTMRegressor, SequenceTokenizer

RNG = np.random.default_rng(0)
# The means of both features decide together: neither does alone, nor their weighted sum.
SIGNS = RNG.choice([-1.0, 1.0], size=(160, 2))
X = [SIGNS[i] + 0.3 * RNG.normal(size=(int(n), 2)) for i, n in enumerate(RNG.integers(3, 9, 160))]
Y = (SIGNS.prod(axis=1) > 0).astype(int)
POOLED = {
    "num_layers": 0, "pooling": "mean", "fcn_filters": None, "dropout": 0.0, "random_state": 0,
    "learning_rate": 0.02, "max_epochs": 30,
}  # fmt: skip


def test_a_linear_output_cannot_combine_means_and_dense_layers_can():
    linear = LSTMClassifier(**POOLED).fit(X[:80], Y[:80])
    dense = LSTMClassifier(**POOLED, dense_layer_sizes=16).fit(X[:80], Y[:80])
    assert linear.score(X[80:], Y[80:]) < 0.75
    assert dense.score(X[80:], Y[80:]) > 0.95


def test_without_recurrence_the_order_of_steps_is_not_seen():
    model = LSTMClassifier(**POOLED).fit(X, Y)
    backwards = [x[::-1].copy() for x in X]
    np.testing.assert_allclose(model.predict_proba(backwards), model.predict_proba(X), atol=1e-6)
    assert model.transform(X).shape == (160, 2)
    standardised = model.transform(X)
    means = np.array([x.mean(axis=0) for x in X])
    np.testing.assert_allclose(np.corrcoef(standardised[:, 0], means[:, 0])[0, 1], 1.0, atol=1e-5)
    with_lstm = LSTMClassifier(**{**POOLED, "num_layers": 1, "max_epochs": 3}).fit(X, Y)
    assert not np.allclose(with_lstm.predict_proba(backwards), with_lstm.predict_proba(X))


def test_bags_of_embeddings():
    texts = ["good film", "a good plot", "dull film", "a dull plot"] * 10
    tokens = SequenceTokenizer().fit_transform(texts)
    y = np.array([1, 1, 0, 0] * 10)
    model = LSTMClassifier(num_layers=0, pooling="mean", linear_path=False, random_state=0)
    assert model.set_params(max_epochs=20).fit(tokens, y).score(tokens, y) == 1.0


def test_streams_without_recurrence_go_on_from_what_was_pooled():
    model = LSTMClassifier(**{**POOLED, "max_epochs": 2}, bidirectional=False).fit(X, Y)
    _, state = model.predict_proba([x[:2] for x in X], return_state=True)
    rest = model.predict_proba([x[2:] for x in X], state=state)
    np.testing.assert_allclose(rest, model.predict_proba(X), atol=1e-5)
    with model.stream(response_method="predict_proba") as stream:
        for step in X[0]:
            found = stream.step(step)
    np.testing.assert_allclose(found, model.predict_proba(X[:1])[0], atol=1e-5)


@pytest.mark.parametrize("options", [{"bptt_length": 2}, {"stateful": True, "batch_size": 20}])
def test_chunks_and_states_without_recurrence(options):
    x, y = RNG.normal(size=(40, 6)), np.arange(40) % 2
    params = {**POOLED, "max_epochs": 3, "bidirectional": False, "shuffle": False}
    model = LSTMClassifier(**params, **options).fit(x, y)
    whole = LSTMClassifier(**{**params, **options, "bptt_length": None, "stateful": False})
    np.testing.assert_allclose(model.predict_proba(x), whole.fit(x, y).predict_proba(x), atol=1e-4)


def test_dense_layers_of_every_kind_of_target():
    x = RNG.normal(size=(30, 5))
    params = {"hidden_size": 3, "max_epochs": 1, "dense_layer_sizes": (4, 3), "random_state": 0}
    y = np.arange(30) % 3
    ordinal = LSTMClassifier(**params, loss="ordinal").fit(x, y)
    np.testing.assert_allclose(ordinal.predict_proba(x).sum(axis=1), 1.0, atol=1e-5)
    quantiles = LSTMRegressor(**params, loss="quantile", quantiles=(0.1, 0.9)).fit(x, x[:, 0])
    low, high = quantiles.predict_interval(x).T
    assert (low <= high).all()
    steps = LSTMRegressor(**params, return_sequences=True).fit(x, x)
    assert np.stack(steps.predict(x)).shape == x.shape
    assert [type(layer).__name__ for layer in ordinal.module_.output.layers] == ["LinearHead"] * 2


def test_they_are_listed_cloned_and_compared(capsys):
    x, y = RNG.normal(size=(20, 5)), np.arange(20) % 2
    model = LSTMClassifier(2, dense_layer_sizes=(4,), max_epochs=1, warm_start=True).fit(x, y)
    model.summary()
    assert "DenseHead" in capsys.readouterr().out
    assert clone(model).dense_layer_sizes == (4,)
    with pytest.raises(ValueError, match="dense_layer_sizes"):
        model.set_params(dense_layer_sizes=(5,)).fit(x, y)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"dense_layer_sizes": (3, 0)}, r"dense_layer_sizes\[1\] is 0"),
        ({"dense_layer_sizes": 0}, "'dense_layer_sizes' parameter of LSTMClassifier"),
        ({"dense_layer_sizes": None}, "'dense_layer_sizes' parameter of LSTMClassifier"),
        ({"num_layers": -1}, "'num_layers' parameter of LSTMClassifier"),
    ],
)
def test_bad_sizes(params, message):
    with pytest.raises(ValueError, match=message):
        LSTMClassifier(**params).fit(RNG.normal(size=(20, 5)), np.arange(20) % 2)
