"""The recurrent state between calls: passed with state=, or kept with stateful=True."""

import itertools
import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

from sklstm import (
    LSTMClassifier,
    LSTMRegressor,
    LSTMTagger,
    SequenceScaler,
    SequenceTokenizer,
)

SMALL = {"bidirectional": False, "hidden_size": 5, "max_epochs": 2, "random_state": 0}
EXACT = {"atol": 1e-5, "rtol": 0}
POOLINGS = ("last", "mean", "max", "attention", "concat")


def sequences(n=12, n_features=2, longest=9, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(k, n_features)) for k in rng.integers(2, longest, size=n)]


def two_classes(X):
    return np.arange(len(X)) % 2


def classifier(**params):
    X = sequences()
    return LSTMClassifier(**{**SMALL, **params}).fit(X, two_classes(X))


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_any_pieces_give_what_the_whole_gives(pooling, cell):
    model = classifier(pooling=pooling, cell=cell, num_layers=2)
    sequence = np.random.default_rng(1).normal(size=(6, 2))
    whole = model.predict_proba([sequence])
    for cuts in itertools.product([False, True], repeat=5):
        state = None
        pieces = np.split(sequence, 1 + np.flatnonzero(cuts))
        for piece in pieces:
            proba, state = model.predict_proba([piece], state=state, return_state=True)
        np.testing.assert_allclose(proba, whole, **EXACT)
        with model.stream(response_method="predict_proba") as stream:
            for piece in pieces:
                streamed = stream.feed(piece)
        np.testing.assert_allclose(streamed, whole[0], **EXACT)


def test_many_sequences_continue_whatever_the_batch_and_the_lengths(monkeypatch):
    model = classifier()
    X = sequences(300, longest=20, seed=3)
    first = [x[: 1 + i % len(x)] for i, x in enumerate(X)]
    X = [np.concatenate([x, x[:1]]) for x in X]  # at least one step of each is left
    rest = [x[len(a) :] for x, a in zip(X, first, strict=True)]
    _, state = model.predict(first, return_state=True)
    assert len(state) == 300
    result, after = model.predict_proba(rest, state=state, return_state=True)
    np.testing.assert_allclose(result, model.predict_proba(X), **EXACT)
    # `state` is not modified, and its rows can be indexed in any order.
    rows = [7, 3, 299]
    again = model.predict_proba([rest[i] for i in rows], state=state[rows])
    np.testing.assert_allclose(again, result[rows], **EXACT)
    assert len(state[5]) == len(state[-1:]) == 1
    _, whole = model.predict(X, return_state=True)
    for name, part in whole.parts.items():
        np.testing.assert_allclose(after.parts[name], part, **EXACT)


@pytest.mark.parametrize("method", ["predict", "predict_log_proba", "decision_function"])
def test_every_method_continues_from_a_state(method):
    model = classifier()
    X = sequences(4)
    first, state = getattr(model, method)([x[:1] for x in X], return_state=True)
    assert first.shape[0] == 4
    result = getattr(model, method)([x[1:] for x in X], state=state)
    expected = getattr(model, method)(X)
    if method == "predict":
        np.testing.assert_array_equal(result, expected)
    else:
        np.testing.assert_allclose(result, expected, **EXACT)


def test_a_regressor_of_steps_continues_from_a_state():
    X = sequences()
    y = [x.sum(axis=1).cumsum() for x in X]
    model = LSTMRegressor(**SMALL, return_sequences=True, loss="quantile").fit(X, y)
    whole = model.predict_quantiles(X)
    first, state = model.predict_quantiles([x[:1] for x in X], return_state=True)
    rest = model.predict_quantiles([x[1:] for x in X], state=state)
    for a, b, c in zip(first, rest, whole, strict=True):
        np.testing.assert_allclose(np.concatenate([a, b]), c, **EXACT)
    with model.stream(response_method="predict_quantiles") as stream:
        steps = [stream.step(x) for x in X[0]]
    np.testing.assert_allclose(np.stack(steps), whole[0], **EXACT)


def test_a_pipeline_hands_the_state_through():
    X = sequences()
    pipe = make_pipeline(SequenceScaler(), LSTMClassifier(**SMALL)).fit(X, two_classes(X))
    _, state = pipe.predict([x[:1] for x in X], return_state=True)
    labels = pipe.predict([x[1:] for x in X], state=state)
    np.testing.assert_array_equal(labels, pipe.predict(X))


def test_a_state_survives_pickling_with_its_model():
    model = classifier()
    X = sequences(3)
    _, state = model.predict([x[:1] for x in X], return_state=True)
    model_again, state_again = pickle.loads(pickle.dumps((model, state)))
    result = model_again.predict_proba([x[1:] for x in X], state=state_again)
    np.testing.assert_allclose(result, model.predict_proba(X), **EXACT)
    assert repr(state_again) == (
        "<state of 3 sequences: hidden state of layer 1 (5), cell state of layer 1 (5), "
        "pooled state (5)>"
    )


def test_the_same_training_makes_the_same_state():
    X = sequences(2)
    _, state = classifier().predict(X, return_state=True)
    classifier().predict(X, state=state)


# Errors


@pytest.mark.parametrize(
    ("params", "named"),
    [
        ({"bidirectional": True}, "bidirectional=True"),
        ({"conv_filters": 3}, "conv_filters"),
        ({"conv_filters": 3, "conv_kernel_size": 1}, "conv_filters"),
        ({"fcn_filters": (3,), "fcn_kernel_sizes": (2,)}, "fcn_filters"),
    ],
)
def test_models_that_look_ahead_are_refused_by_name(params, named):
    X = sequences()
    model = classifier(**params)
    for call in (
        lambda: model.stream(),
        lambda: model.predict(X, return_state=True),
        lambda: clone(model).set_params(stateful=True).fit(X, two_classes(X)),
        lambda: clone(model).set_params(bptt_length=3).fit(X, two_classes(X)),
        lambda: clone(model).set_params(stateful=True).partial_fit(X, two_classes(X)),
    ):
        with pytest.raises(ValueError, match=named):
            call()
    model.predict(X)


class OwnNetwork(LSTMClassifier):
    def _build_module(self):
        class Last(torch.nn.Module):
            def __init__(self, size):
                super().__init__()
                self.output = torch.nn.Linear(size, 1)

            def forward(self, inputs, lengths):
                return self.output(inputs[torch.arange(len(inputs)), lengths - 1])

        return Last(self.n_features_in_)


def test_a_network_without_a_state_is_refused_by_name():
    X = sequences()
    model = OwnNetwork(**SMALL).fit(X, two_classes(X))
    with pytest.raises(ValueError, match=r"stream\(\) needs.*_build_module\(\) returned a Last"):
        model.stream()
    with pytest.raises(ValueError, match=r"bptt_length=3 needs.*returned a Last"):
        model.set_params(bptt_length=3).fit(X, two_classes(X))


def test_a_state_that_does_not_fit():
    model = classifier()
    X = sequences(3)
    before = model.predict_proba(X)
    _, state = model.predict(X, return_state=True)
    of_gru = classifier(cell="gru").predict(X, return_state=True)[1]
    of_wider = classifier(hidden_size=6).predict(X, return_state=True)[1]
    of_other = classifier(random_state=1).predict(X, return_state=True)[1]
    misshapen = state[:]
    misshapen.parts["pooled state"] = misshapen.parts["pooled state"][:, :4]
    uneven = state[:]
    uneven.parts["pooled state"] = uneven.parts["pooled state"][:2]
    for bad, kind, message in [
        (state.parts, TypeError, "state is of type dict; pass what predict"),
        (of_gru, ValueError, "state holds hidden state of layer 1, pooled state, but this model's"),
        (
            of_wider,
            ValueError,
            r"shape \(3, 6\), but this model's has the shape \(n_sequences, 5\)",
        ),
        (of_other, ValueError, "comes from another model, or this one was trained since"),
        (misshapen, ValueError, r"pooled state of shape \(3, 4\)"),
        (uneven, ValueError, "state is of 2 or 3 sequences, but X has 3"),
        (state[:2], ValueError, "state is of 2 sequences, but X has 3"),
    ]:
        with pytest.raises(kind, match=message):
            model.predict(X, state=bad)
        with pytest.raises(kind, match=message):
            model.stream(3, state=bad)
    np.testing.assert_array_equal(model.predict_proba(X), before)
    model.partial_fit(X, [0, 1, 0])
    with pytest.raises(ValueError, match="trained since"):
        model.predict(X, state=state)


def test_an_empty_piece_is_refused_by_its_place():
    model = classifier()
    X = sequences(3)
    _, state = model.predict(X, return_state=True)
    with pytest.raises(ValueError, match=r"X\[1\] is an empty sequence"):
        model.predict([X[0], np.empty((0, 2)), X[2]], state=state)


def test_an_empty_piece_of_text_is_no_unknown_word():
    texts = ["a good film", "a bad film"] * 6
    tokenizer = SequenceTokenizer()
    X = tokenizer.fit_transform(texts)
    model = LSTMClassifier(**SMALL).fit(X, [1, 0] * 6)
    with pytest.warns(UserWarning, match="no word to keep"):
        empty = tokenizer.transform([" "])
    model.predict(empty)
    with pytest.raises(ValueError, match=r"X\[0\] is an empty sequence"):
        model.predict(empty, return_state=True)
    with model.stream() as stream, pytest.raises(ValueError, match=r"X\[0\] is an empty sequence"):
        stream.feed(empty)


def test_pieces_that_may_end_in_padding_are_refused():
    rng = np.random.default_rng(0)
    X = rng.integers(0, 3, size=(20, 12)).astype(float)
    X[:, 6] = 0.0
    model = LSTMClassifier(**SMALL, padding_value=0.0).fit(list(X), [0, 1] * 10)
    for call in (
        lambda: model.predict(list(X[:, :7]), return_state=True),
        lambda: model.stream(20).feed(list(X[:, :7])),
    ):
        with pytest.raises(ValueError, match=r"X\[0\] begins or ends with padding"):
            call()
    model.set_params(padding_value=None)
    _, state = model.predict(list(X[:, :7]), return_state=True)
    pieces = model.predict_proba(list(X[:, 7:]), state=state)
    np.testing.assert_allclose(pieces, model.predict_proba(list(X)), **EXACT)


@pytest.mark.parametrize("frame", [False, True])
def test_pieces_of_a_table_may_have_any_number_of_columns(frame):
    X = np.random.default_rng(0).normal(size=(20, 12))
    y = two_classes(X)
    given = pd.DataFrame(X, columns=[f"t{i}" for i in range(12)]) if frame else X
    first, rest = (given.iloc[:, :5], given.iloc[:, 5:]) if frame else (X[:, :5], X[:, 5:])
    model = LSTMClassifier(**SMALL).fit(given, y)
    _, state = model.predict(first, return_state=True)
    result = model.predict_proba(rest, state=state)
    np.testing.assert_allclose(result, model.predict_proba(given), **EXACT)
    with pytest.raises(ValueError, match=r"features|feature names"):
        model.predict(first)


# stateful=True


def by_definition(model, X, batch_size, state=None):
    """Return probabilities by the definition of a stateful model, one batch after the other."""
    n = batch_size
    result = []
    hidden = [None] * n if state is None else state
    for first in range(0, len(X), n):
        for i, x in enumerate(X[first : first + n]):
            inputs = model.module_.standardization(torch.tensor(x, dtype=torch.float32)[None])
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
        # The next call continues. The last batch had two rows: rows 2 and 3 continue from the batch
        # before it.
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
        hidden = [None] * batch_size  # every epoch starts from a zero state
        for first in range(0, len(X), batch_size):
            logits = []
            for i, x in enumerate(X[first : first + batch_size]):
                inputs = oracle.standardization(torch.tensor(x, dtype=torch.float32)[None])
                states, (h, c) = rnn(inputs, hidden[i])
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
    # The loss is a mean over the batch, so the two samples of the last batch weigh more.
    shorter = clone(model).set_params(bptt_length=2).fit(X, y).module_
    assert not torch.allclose(shorter.state_dict()["output.weight"], oracle.output.weight)


def test_fit_resets_the_state_before_and_after():
    X = sequences(22)
    model = classifier(stateful=True, batch_size=4)
    after_fit = model.predict_proba(X)
    went_on = model.predict_proba(X)
    assert np.abs(went_on - after_fit).max() > 1e-6
    model.fit(sequences(), two_classes(sequences()))
    np.testing.assert_allclose(model.predict_proba(X), after_fit, **EXACT)


def test_partial_fit_continues_until_the_states_are_reset():
    X, y = sequences(16), two_classes(sequences(16))
    params = {"stateful": True, "batch_size": 4, "dropout": 0.0, "optimizer": "sgd"}
    # The first part alone would determine how values are standardised.
    model = LSTMClassifier(**SMALL, **params, standardize=False)
    # At this learning rate the weights stay, so two parts are one epoch over both.
    model.set_params(learning_rate=1e-9, lr_schedule="constant")
    model.partial_fit(X[:8], y[:8]).partial_fit(X[8:], y[8:])
    carried = [part.clone() for part in model._state_]
    whole = clone(model).partial_fit(X, y)
    for part, other in zip(carried, whole._state_, strict=True):
        torch.testing.assert_close(part, other, atol=1e-5, rtol=0)
    proba = model.predict_proba(X[:4])
    assert np.abs(model.reset_states().predict_proba(X[:4]) - proba).max() > 1e-6


def test_a_stateful_model_accepts_a_state_once_it_is_stateless():
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
        X = tokenizer.fit_transform(["a good film", " ", "a bad film"] * 4)
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
    # Validation reads its own batches in order, from a zero state.
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
