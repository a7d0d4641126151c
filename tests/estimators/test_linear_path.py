"""The linear model beside the LSTM, as users meet it."""

import pickle

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import Ridge
from sklearn.metrics import log_loss
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline

from sklstm import LSTMClassifier, LSTMRegressor, LSTMTagger, SequenceTokenizer

RNG = np.random.default_rng(0)
WORDS = np.array([f"w{i}" for i in range(30)])
TEXTS = [" ".join(RNG.choice(WORDS, size=8)) for _ in range(240)]
Y = np.array([" w3 " in f" {text} " or " w7 " in f" {text} " for text in TEXTS]).astype(int)
SMALL = {"hidden_size": 4, "embedding_dim": 4, "max_epochs": 2, "random_state": 0}
X = SequenceTokenizer().fit_transform(TEXTS)


def test_words_are_seen_at_once():
    """Two epochs teach the LSTM nothing; counts tell which two words decide."""
    model = LSTMClassifier(**SMALL).fit(X[:160], Y[:160])
    alone = LSTMClassifier(**SMALL, linear_path=False).fit(X[:160], Y[:160])
    assert model.score(X[160:], Y[160:]) > 0.9
    assert alone.score(X[160:], Y[160:]) < 0.8
    assert alone.path_weights_ == {"lstm": 1.0, "linear": 0.0}
    assert model.path_weights_["linear"] > 0.5
    expected = log_loss(Y[160:], model.predict_proba(X[160:]))
    assert expected < log_loss(Y[160:], alone.predict_proba(X[160:]))


def test_the_output_is_the_weighted_sum():
    model = LSTMClassifier(**SMALL).fit(X, Y)
    sums = model.decision_function(X[:9])
    path, model.module_.linear_path = model.module_.linear_path, None
    network = model.decision_function(X[:9])
    linear = np.array([float(path.linear(*_one(x)).detach()) for x in X[:9]])
    weights = model.path_weights_
    np.testing.assert_allclose(
        sums, weights["lstm"] * network + weights["linear"] * linear, atol=1e-5
    )


def _one(ids):
    return torch.tensor(np.asarray(ids))[None, :, None].long(), torch.tensor([len(ids)])


@pytest.mark.parametrize(
    "y", [Y, np.arange(240) % 3, np.stack([Y, 1 - Y, np.arange(240) % 2], axis=1)]
)
def test_every_kind_of_label(y):
    model = LSTMClassifier(**SMALL, output_layer="auto").fit(X, y)
    assert model.module_.linear_path is not None
    assert model.predict(X).shape == y.shape
    probabilities = model.predict_proba(X[:3])
    np.testing.assert_allclose(model.predict_proba(X)[:3], probabilities, atol=1e-6)


def test_pickles_clones_and_warm_starts():
    model = LSTMClassifier(**SMALL, warm_start=True).fit(X, Y)
    before = model.predict_proba(X)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict_proba(X), before)
    again = clone(model).fit(X, Y)
    np.testing.assert_array_equal(again.predict_proba(X), before)
    model.fit(X, Y)
    assert model.n_iter_ == 4
    assert model.module_.linear_path is not None


def test_partial_fit_trains_both_and_makes_none():
    model = LSTMClassifier(**SMALL).fit(X, Y)
    before = model.module_.linear_path.weight.clone()
    model.partial_fit(X[:32], 1 - Y[:32])
    assert not (model.module_.linear_path.weight == before).all()
    assert list(model.path_weights_.values()) == model.module_.linear_path.shares.tolist()
    without = LSTMClassifier(**SMALL).partial_fit(X, Y)
    assert without.module_.linear_path is None
    assert without.path_weights_ == {"lstm": 1.0, "linear": 0.0}


def test_weights_of_zero_are_as_good_as_absence_for_the_linear_model():
    weights = np.r_[np.zeros(60), np.ones(180)]
    flipped = np.r_[1 - Y[:60], Y[60:]]
    one = LSTMClassifier(**SMALL).fit(X, Y, sample_weight=weights, X_val=X[60:], y_val=Y[60:])
    path = one.module_.linear_path.weight.detach().numpy()
    other = LSTMClassifier(**SMALL).fit(
        X, flipped, sample_weight=weights, X_val=X[60:], y_val=Y[60:]
    )
    np.testing.assert_array_equal(path, other.module_.linear_path.weight.detach().numpy())


def test_few_samples_and_models_that_read_step_by_step_have_none():
    assert LSTMClassifier(**SMALL).fit(X[:18], Y[:18]).module_.linear_path is None
    assert LSTMClassifier(**SMALL, bidirectional=False).fit(X, Y).module_.linear_path is None
    assert LSTMClassifier(**SMALL).fit(RNG.normal(size=(60, 5)), Y[:60]).module_.linear_path is None
    y = [np.zeros(len(x), dtype=int) + i % 2 for i, x in enumerate(X)]
    assert LSTMTagger(**SMALL).fit(X, y).module_.linear_path is None


@pytest.mark.parametrize(
    ("model", "data", "message"),
    [
        (LSTMClassifier(bidirectional=False), (X, Y), "bidirectional=False"),
        (LSTMClassifier(loss="ordinal"), (X, Y), "loss or kind of target"),
        (LSTMClassifier(), (RNG.normal(size=(240, 5)), Y), "token ids"),
        (LSTMRegressor(loss="poisson"), (X, Y), "loss or kind of target"),
        (LSTMRegressor(), ([RNG.normal(size=2 + i % 3) for i in range(240)], Y), "length"),
        (LSTMRegressor(), (RNG.normal(size=(240, 3, 2, 2)), Y), "matrices"),
    ],
)
def test_what_cannot_be_is_refused_by_name(model, data, message):
    model.set_params(linear_path=True, max_epochs=1, hidden_size=2)
    if message == "matrices":
        model.set_params(step_conv_filters=2)
    with pytest.raises(ValueError, match=message):
        model.fit(*data)


def test_no_worse_than_ridge_where_series_are_linear():
    """An LSTM of 60 series would not find these sums."""
    x = RNG.normal(size=(90, 12))
    y = x @ RNG.normal(size=12) + 0.1 * RNG.normal(size=90)
    model = LSTMRegressor(random_state=0, max_epochs=5).fit(x[:60], y[:60])
    ridge = Ridge(alpha=0.1).fit(x[:60], y[:60])
    assert model.score(x[60:], y[60:]) > ridge.score(x[60:], y[60:]) - 0.02


def test_no_worse_than_the_mean_where_nothing_can_be_learned():
    x, y = RNG.normal(size=(200, 24)), RNG.normal(size=200)
    model = LSTMRegressor(random_state=0, max_epochs=20).fit(x[:100], y[:100])
    assert model.score(x[100:], y[100:]) > -0.1


def test_one_sample_is_held_out_of_two():
    x, y = RNG.normal(size=(2, 5)), [1.0, 2.0]
    model = LSTMRegressor(**SMALL, linear_path=True).fit(x, y)
    assert np.isfinite(model.predict(x)).all()


def test_a_held_out_part_follows_groups():
    groups = np.arange(240) // 60
    model = LSTMClassifier(**SMALL).fit(X, Y, groups=groups)
    assert model.module_.linear_path is not None


def test_in_a_pipeline():
    model = make_pipeline(SequenceTokenizer(), LSTMClassifier(**SMALL)).fit(TEXTS, Y)
    assert model.predict(["w3 w1 never seen", "all new"]).shape == (2,)


def test_what_needs_a_sample_to_be_held_out_is_named():
    with pytest.raises(
        ValueError, match=r"linear_path=True needs at least 2 samples .* n_samples=1"
    ):
        LSTMRegressor(**SMALL, linear_path=True).fit(RNG.normal(size=(1, 5)), [1.0])


def test_ctrl_c_after_training_keeps_the_lstm(monkeypatch):
    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    alone = LSTMClassifier(**SMALL).fit(X, Y)
    alone.module_.linear_path = None
    monkeypatch.setattr("sklstm._estimators.base.fit_linear_path", interrupted)
    model = LSTMClassifier(**SMALL)
    with pytest.warns(ConvergenceWarning, match="the LSTM alone"):
        model.fit(X, Y)
    assert model.path_weights_ == {"lstm": 1.0, "linear": 0.0}
    np.testing.assert_array_equal(model.decision_function(X), alone.decision_function(X))
    with pytest.raises(KeyboardInterrupt):  # a search would count it as a whole model
        cross_val_score(model, X, Y)
