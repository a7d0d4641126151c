"""stateful=True: what is carried between batches and between calls."""

import pickle

import numpy as np
import pytest
import torch
from sklearn.base import clone

from sklstm import (
    LSTMClassifier,
    LSTMRegressor,
    LSTMTagger,
    SequenceTokenizer,
)

SMALL = {"bidirectional": False, "hidden_size": 5, "max_epochs": 2, "random_state": 0}
EXACT = {"atol": 1e-5, "rtol": 0}
POOLINGS = ("last", "mean", "max", "attention")


def sequences(n=12, n_features=2, longest=9, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(k, n_features)) for k in rng.integers(2, longest, size=n)]


def two_classes(X):
    return np.arange(len(X)) % 2


def classifier(**params):
    X = sequences()
    return LSTMClassifier(**{**SMALL, **params}).fit(X, two_classes(X))


def by_definition(model, X, batch_size, state=None):
    """Return probabilities as the classic definition says, batch after batch."""
    n = batch_size
    result = []
    hidden = [None] * n if state is None else state
    for first in range(0, len(X), n):
        for i, x in enumerate(X[first : first + n]):
            inputs = torch.tensor(x, dtype=torch.float32)[None]
            rnn = model.module_.recurrent.forward_layers[0].rnn
            states, hidden[i] = rnn(inputs, hidden[i])
            pooled = model.module_.pooling(states, torch.tensor([len(x)]))
            logit = model.module_.output(pooled)
            result.append(torch.sigmoid(logit).item())
    return np.array(result), hidden


@pytest.mark.parametrize("pooling", POOLINGS)
def test_a_stateful_model_predicts_as_the_definition_says(pooling):
    model = classifier(stateful=True, batch_size=4, pooling=pooling)
    X = sequences(22)
    with torch.no_grad():
        expected, hidden = by_definition(model, X, 4)
        np.testing.assert_allclose(model.predict_proba(X)[:, 1], expected, **EXACT)
        # The next call goes on. The last batch was of two: rows 2 and 3 go on from the one before.
        expected_next, _ = by_definition(model, X[:7], 4, hidden)
        np.testing.assert_allclose(model.predict_proba(X[:7])[:, 1], expected_next, **EXACT)
    assert model.reset_states() is model
    np.testing.assert_allclose(model.predict_proba(X)[:, 1], expected, **EXACT)


def test_stateful_training_equals_a_loop_that_carries_the_state():
    X, batch_size = sequences(22), 4
    y = two_classes(X)
    model = LSTMClassifier(
        **{**SMALL, "max_epochs": 3},
        stateful=True,
        batch_size=batch_size,
        dropout=0.0,
        optimizer="sgd",
        lr_schedule="constant",
        gradient_clip=None,
        learning_rate=0.1,
    )
    start = clone(model).set_params(max_epochs=1, learning_rate=1e-30).fit(X, y).module_
    oracle = pickle.loads(pickle.dumps(start)).train()
    optimizer = torch.optim.SGD(oracle.parameters(), lr=0.1, momentum=0.9, nesterov=True)
    rnn = oracle.recurrent.forward_layers[0].rnn
    for _ in range(3):
        hidden = [None] * batch_size  # every epoch begins anew
        for first in range(0, len(X), batch_size):
            logits = []
            for i, x in enumerate(X[first : first + batch_size]):
                states, (h, c) = rnn(torch.tensor(x, dtype=torch.float32)[None], hidden[i])
                hidden[i] = h.detach(), c.detach()
                logits.append(oracle.output(states.max(dim=1).values)[0, 0])
            target = torch.tensor(y[first : first + batch_size], dtype=torch.float32)
            loss = torch.nn.functional.binary_cross_entropy_with_logits(torch.stack(logits), target)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    for bptt_length in (None, 30):
        fitted = clone(model).set_params(bptt_length=bptt_length).fit(X, y).module_
        for name, weight in oracle.state_dict().items():
            torch.testing.assert_close(fitted.state_dict()[name], weight, atol=1e-5, rtol=1e-4)
    # A last batch of two would weigh its samples more in a loss averaged by samples: it does.
    shorter = clone(model).set_params(bptt_length=2).fit(X, y).module_
    assert not torch.allclose(shorter.state_dict()["output.weight"], oracle.output.weight)


def test_fit_begins_anew_and_so_does_what_follows():
    X = sequences(22)
    model = classifier(stateful=True, batch_size=4)
    after_fit = model.predict_proba(X)
    went_on = model.predict_proba(X)
    assert np.abs(went_on - after_fit).max() > 1e-6
    model.fit(sequences(), two_classes(sequences()))
    np.testing.assert_allclose(model.predict_proba(X), after_fit, **EXACT)


def test_parts_go_on_until_the_states_are_reset():
    X, y = sequences(16), two_classes(sequences(16))
    params = {"stateful": True, "batch_size": 4, "dropout": 0.0, "optimizer": "sgd"}
    model = LSTMClassifier(**SMALL, **params)
    # Without momentum to forget between parts, two parts are one epoch over both.
    model.set_params(learning_rate=1e-9, lr_schedule="constant")
    model.partial_fit(X[:8], y[:8]).partial_fit(X[8:], y[8:])
    carried = [part.clone() for part in model._state_]
    whole = clone(model).partial_fit(X, y)
    for part, other in zip(carried, whole._state_, strict=True):
        torch.testing.assert_close(part, other, atol=1e-5, rtol=0)
    proba = model.predict_proba(X[:4])
    assert np.abs(model.reset_states().predict_proba(X[:4]) - proba).max() > 1e-6


def test_a_stateful_model_takes_a_state_in_hand_when_it_is_made_stateless():
    model = classifier(stateful=True, batch_size=4)
    X = sequences(3)
    with pytest.raises(ValueError, match=r"return_state=True: a model with stateful=True"):
        model.predict(X, return_state=True)
    model.set_params(stateful=False)
    _, state = model.predict([x[:1] for x in X], return_state=True)
    expected = model.predict_proba(X)
    result = model.predict_proba([x[1:] for x in X], state=state)
    np.testing.assert_allclose(result, expected, **EXACT)


def test_a_call_that_fails_leaves_the_state_where_it_was():
    X = sequences(8)
    y = np.arange(8.0)
    params = {**SMALL, "stateful": True, "batch_size": 4}
    quantiles = LSTMRegressor(**params, loss="quantile").fit(X, y)
    steps = LSTMRegressor(**params, return_sequences=True).fit(X, [x[:, 0] for x in X])
    tagger = LSTMTagger(**params).fit(X, [x[:, 0] > 0 for x in X])
    for model, call in [
        (quantiles, lambda: quantiles.predict_interval(X, coverage=0.33)),
        (quantiles, lambda: quantiles.score(X, y[:3])),
        (steps, lambda: steps.score(X, [x[:1, 0] for x in X])),
        (tagger, lambda: tagger.score(X, [x[:1, 0] > 0 for x in X])),
        (tagger, lambda: tagger.predict([*X[:3], np.ones((2, 3))])),
    ]:
        with pytest.raises(ValueError, match=r".+"):
            call()
        assert model._state_ is None


def test_an_empty_text_is_refused_in_training_as_in_prediction():
    tokenizer = SequenceTokenizer()
    with pytest.warns(UserWarning, match="no word to keep"):
        X = tokenizer.fit_transform(["a good film", "!", "a bad film"] * 4)
    model = LSTMClassifier(**SMALL, stateful=True, batch_size=4)
    with pytest.raises(ValueError, match=r"X\[1\] is an empty sequence"):
        model.fit(X, [0, 1, 0] * 4)


def test_states_are_reset_before_and_after_a_fit_alike():
    model = LSTMClassifier(**SMALL, stateful=True, batch_size=4)
    X = sequences(8)
    for _ in range(2):
        model.reset_states().partial_fit(X, two_classes(X))
    assert model.n_iter_ == 2


def test_a_batch_size_that_no_longer_fits_the_state_is_named():
    X = sequences()
    model = classifier(stateful=True, batch_size=4)
    model.predict(X)
    with pytest.raises(ValueError, match=r"batch_size is 3 now, but the state kept.*batches of 4"):
        model.set_params(batch_size=3).predict(X)
    model.reset_states().predict(X)


def test_early_stopping_needs_validation_data_beside_a_state():
    X = sequences(16)
    model = LSTMClassifier(**SMALL, stateful=True, batch_size=4, early_stopping=True)
    with pytest.raises(ValueError, match="early_stopping=True would hold samples out"):
        model.fit(X, two_classes(X))
    model.fit(X, two_classes(X), X_val=X, y_val=two_classes(X))
    # Validation goes through its own batches in order, from a state of its own.
    module = model.module_
    last = model.history_[model.best_epoch_ - 1]
    with torch.no_grad():
        expected, _ = by_definition(model, X, 4)
    accuracy = ((expected > 0.5) == two_classes(X)).mean()
    assert last["valid_score"] == pytest.approx(accuracy)
    assert module is model.module_


def test_reset_states_of_a_stateless_model_does_nothing():
    model = classifier()
    assert model.reset_states() is model
    X = sequences(2)
    np.testing.assert_array_equal(model.predict_proba(X), model.reset_states().predict_proba(X))
