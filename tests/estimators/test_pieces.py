"""A sequence in pieces gives what the whole gives; what cannot be read in pieces is refused."""

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
    SequenceScaler,
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


def test_many_sequences_go_on_whatever_the_batch_and_the_lengths(monkeypatch):
    model = classifier()
    X = sequences(300, longest=20, seed=3)
    first = [x[: 1 + i % len(x)] for i, x in enumerate(X)]
    X = [np.concatenate([x, x[:1]]) for x in X]  # something is left of each
    rest = [x[len(a) :] for x, a in zip(X, first, strict=True)]
    _, state = model.predict(first, return_state=True)
    assert len(state) == 300
    result, after = model.predict_proba(rest, state=state, return_state=True)
    np.testing.assert_allclose(result, model.predict_proba(X), **EXACT)
    # The state given is not changed, and rows of it can be picked in any order.
    rows = [7, 3, 299]
    again = model.predict_proba([rest[i] for i in rows], state=state[rows])
    np.testing.assert_allclose(again, result[rows], **EXACT)
    assert len(state[5]) == len(state[-1:]) == 1
    _, whole = model.predict(X, return_state=True)
    for name, part in whole.parts.items():
        np.testing.assert_allclose(after.parts[name], part, **EXACT)


@pytest.mark.parametrize("method", ["predict", "predict_log_proba", "decision_function"])
def test_every_method_goes_on_from_a_state(method):
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


def test_a_regressor_of_steps_goes_on_from_a_state():
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


# What is refused


@pytest.mark.parametrize(
    ("params", "named"),
    [
        ({"bidirectional": True}, "bidirectional=True"),
        ({"conv_filters": 3}, "conv_filters"),
        ({"conv_filters": 3, "conv_kernel_size": 1}, "conv_filters"),
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
        empty = tokenizer.transform(["?!"])
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
