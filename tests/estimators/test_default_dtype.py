"""torch.set_default_dtype and torch.set_default_device change no result, and stay as set."""

import copy
import pickle
import threading

import numpy as np
import pytest
import torch
from skorch.callbacks import Callback
from torch import nn

from sklstm import (
    AutoencoderClusterer,
    LSTMClassifier,
    LSTMForecaster,
    LSTMRegressor,
    LSTMSeq2Seq,
    LSTMTagger,
    SequenceTokenizer,
)
from sklstm._training.runtime import float32_default, seeded_build
from sklstm.nn import SequenceNetwork

pytestmark = [
    pytest.mark.filterwarnings("ignore:clusters did not settle"),
    pytest.mark.filterwarnings("ignore:.*a cluster became empty"),
]

rng = np.random.default_rng(0)
X = rng.normal(size=(12, 5, 2)).astype(np.float32)
y = np.arange(12) % 3
number = X[:, 0, 0]
films = rng.normal(size=(12, 3, 6, 6)).astype(np.float32)
words = [" ".join(rng.choice(list("abcdef"), 5)) for _ in range(12)]
tokens = SequenceTokenizer(analyzer=str.split).fit_transform(words)
letters = SequenceTokenizer(analyzer=str.split, characters=3).fit_transform(words)
vectors = {word: rng.normal(size=4) for word in "abcdef"}
tags = [["x", "y", "x", "y", "y"]] * 12
SMALL = {"hidden_size": 3, "max_epochs": 2, "dropout": 0.3, "random_state": 0}
CAUSAL = SMALL | {"bidirectional": False}
CLUSTERS = {"max_epochs": 2, "clustering_epochs": 2, "n_init": 1, "random_state": 0}


class Own(nn.Module):
    """A network that a user brings: its layers and tensors take torch's default dtype."""

    def __init__(self):
        super().__init__()
        self.rnn = nn.LSTM(2, 4, batch_first=True)
        self.output = nn.Linear(4, 3)
        self.shift = nn.Parameter(torch.rand(3))

    def forward(self, inputs, lengths):
        start = torch.zeros(1, len(inputs), 4, device=inputs.device)
        return self.output(self.rnn(inputs, (start, start))[0][:, -1]) + self.shift


class OwnNetwork(LSTMClassifier):
    def _build_module(self):
        return Own()


class OwnPart(LSTMClassifier):
    """With a part of the user's own within the network of the package."""

    def _build_module(self):
        network = super()._build_module()
        network.output = Scale(network.output)
        return network


class Scale(nn.Module):
    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x):
        return self.layer(x) * torch.full((1, 3), 0.7, device=x.device)


def streamed():
    with LSTMRegressor(**CAUSAL).fit(X, number).stream(3) as stream:
        stream.feed(X[:3])
        stream.reset([1])
        return stream.step(X[:3, 0])


def continued():
    model = LSTMRegressor(**CAUSAL).fit(X, number)
    _, state = model.predict(X, return_state=True)
    return model.predict(X, state=state)


def clusters(X, **params):
    model = AutoencoderClusterer(3, **CLUSTERS | params).fit(X)
    return np.c_[model.transform(X), model.predict_proba(X), model.score_samples(X)]


def forecasts(X=X, **params):
    given = {"hidden_size": 3, "max_epochs": 2, "recurrent_dropout": 0.2, "random_state": 0}
    static = list("ab" * len(X))[: len(X)]
    return LSTMForecaster(**given | params).fit(X, static=static).predict_interval(X, static=static)


def joined(model, X, y):
    return np.concatenate(model.fit(X, y).predict_proba(X))


def written(X, y, **params):
    model = LSTMSeq2Seq(**SMALL | params).fit(X, y)
    model.predict(X, n_beams=3)
    return np.append(model.score_samples(X, y), model.score(X, y))


FITS = {
    "classifier": lambda: LSTMClassifier(**SMALL).fit(X, y).predict_proba(X),
    "transform": lambda: (
        LSTMClassifier(pooling="max", optimizer="rmsprop", **SMALL).fit_transform(X, y)
    ),
    "tokens": lambda: (
        LSTMClassifier(embedding_dropout=0.2, **SMALL).fit(tokens, y).predict_proba(tokens)
    ),
    "tokens beside a linear model": lambda: (
        LSTMClassifier(linear_path=True, **SMALL).fit(tokens, y).partial_fit(tokens, y)
        .predict_proba(tokens)
    ),
    "values beside a linear model": lambda: (
        LSTMRegressor(linear_path=True, **SMALL).fit(X, number).partial_fit(X, number).predict(X)
    ),
    "vectors": lambda: LSTMClassifier(embeddings=vectors, **SMALL).fit(tokens, y).transform(tokens),
    "films": lambda: LSTMClassifier(step_conv_filters=2, **SMALL).fit(films, y).transform(films),
    "GRU, dropout of states": lambda: (
        LSTMClassifier(
            cell="gru", recurrent_dropout=0.2, recurrent_dropout_method="states", **SMALL
        ).fit(X, y).transform(X)
    ),
    "convolution, attention, SGD": lambda: (
        LSTMClassifier(
            conv_filters=3, pooling="attention", recurrent_dropout=0.2, optimizer="sgd",
            lr_schedule="cosine", gradient_clip=1.0, early_stopping=True,
            validation_fraction=0.3, **SMALL,
        ).fit(X, y).transform(X)
    ),
    "ordinal": lambda: LSTMClassifier(loss="ordinal", **SMALL).fit(X, y).predict_proba(X),
    "steps, truncated": lambda: joined(
        LSTMClassifier(bptt_length=2, **CAUSAL), X, list(X[:, :, 0] > 0)
    ),
    "truncated": lambda: LSTMClassifier(bptt_length=2, **CAUSAL).fit(X, y).predict_proba(X),
    "partial": lambda: (
        LSTMClassifier(**SMALL).partial_fit(X, y).partial_fit(X, y)
        .predict_proba(X)
    ),
    "warm start": lambda: (
        LSTMClassifier(warm_start=True, **SMALL).fit(X, y).fit(X, y).predict_proba(X)
    ),
    "stateful": lambda: (
        LSTMRegressor(stateful=True, batch_size=6, **CAUSAL)
        .partial_fit(X, number).partial_fit(X, number).predict(X)
    ),
    "quantiles": lambda: (
        LSTMRegressor(loss="quantile", quantiles=(0.1, 0.5, 0.9), **SMALL)
        .fit(X, number).predict_quantiles(X)
    ),
    "Huber's loss": lambda: LSTMRegressor(loss="huber", **SMALL).fit(X, number).predict(X),
    "stream": streamed,
    "state": continued,
    "pickled": lambda: pickle.loads(pickle.dumps(LSTMRegressor(**SMALL).fit(X, number))).predict(X),
    "tagger": lambda: joined(LSTMTagger(**SMALL), letters, tags),
    "CRF": lambda: joined(LSTMTagger(output_layer="crf", bptt_length=2, **CAUSAL), list(X), tags),
    "forecasts": lambda: forecasts(conformal=True, dropout=0.3),
    "recursive forecasts": lambda: forecasts(strategy="recursive", loss="student_t"),
    "counts": lambda: forecasts(
        [np.arange(20) % 5], loss="negative_binomial", scaling="multiplicative"
    ),
    "tokens to tokens": lambda: written(tokens, tokens, teacher_forcing=0.5, recurrent_dropout=0.2),
    "values to tokens": lambda: written(X, tokens, attention=False, cell="gru"),
    "clusters of a table": lambda: clusters(X[:, 0], hidden_layer_sizes=4),
    "clusters of sequences": lambda: clusters(X, hidden_size=3),
    "clusters of tokens": lambda: clusters(tokens, hidden_size=3),
    "own network": lambda: OwnNetwork(**SMALL).fit(X, y).predict_proba(X),
    "own part": lambda: OwnPart(**SMALL).fit(X, y).predict_proba(X),
}  # fmt: skip


@pytest.fixture
def default_dtype():
    yield torch.set_default_dtype
    torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize("name", FITS)
def test_fault_21_results_are_those_of_float32(name, default_dtype):
    expected = FITS[name]()
    for dtype in (torch.float64, torch.bfloat16):
        default_dtype(dtype)
        found = FITS[name]()
        assert torch.get_default_dtype() == dtype
        default_dtype(torch.float32)
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found, expected)  # not even the last bit differs


@pytest.mark.parametrize("name", [name for name in FITS if not name.startswith("own")])
def test_fault_21_the_default_device_changes_no_result(name):
    expected = FITS[name]()
    torch.set_default_device("meta")  # a tensor there has no values: any use of it fails
    try:
        found = FITS[name]()
    finally:
        torch.set_default_device(None)
    np.testing.assert_array_equal(found, expected)


def test_fault_21_a_model_serves_under_another_default_than_it_was_fitted(default_dtype):
    model = OwnNetwork(**SMALL).fit(X, y)
    expected, stored = model.predict_proba(X), pickle.dumps(model)
    default_dtype(torch.float64)
    np.testing.assert_array_equal(model.predict_proba(X), expected)
    np.testing.assert_array_equal(pickle.loads(stored).predict_proba(X), expected)
    refitted = OwnNetwork(**SMALL).fit(X, y)
    default_dtype(torch.float32)
    np.testing.assert_array_equal(refitted.predict_proba(X), expected)
    assert {weight.dtype for weight in refitted.module_.parameters()} == {torch.float32}


@pytest.mark.parametrize("kind", [LSTMClassifier, OwnNetwork])
def test_fault_21_callbacks_and_callers_find_the_users_default(kind, default_dtype):
    seen = []

    class Look(Callback):
        def __getattribute__(self, name):
            if name.startswith("on_"):
                seen.append(torch.get_default_dtype())
            return super().__getattribute__(name)

    default_dtype(torch.float64)
    model = kind(callbacks=[Look()], **SMALL).fit(X, y)
    assert set(seen) == {torch.float64}
    assert torch.get_default_dtype() == torch.float64
    with pytest.raises(ValueError, match="features"):
        model.predict(X[:, :, :1])
    assert torch.get_default_dtype() == torch.float64


def test_fault_21_a_build_that_fails_leaves_the_default(default_dtype):
    class Failing(LSTMClassifier):
        def _build_module(self):
            assert torch.get_default_dtype() == torch.float32
            raise KeyError("no network")

    default_dtype(torch.float64)
    with pytest.raises(KeyError, match="no network"):
        Failing(**SMALL).fit(X, y)
    assert torch.get_default_dtype() == torch.float64


@pytest.mark.parametrize("first_out", [0, 1])
def test_fault_21_the_last_of_several_threads_restores_the_default(first_out, default_dtype):
    default_dtype(torch.float64)
    entered = [threading.Event() for _ in range(2)]
    leave = [threading.Event() for _ in range(2)]
    seen = []

    def run(i):
        with float32_default():
            entered[i].set()
            assert leave[i].wait(10)
            seen.append(torch.get_default_dtype())

    threads = [threading.Thread(target=run, args=(i,)) for i in range(2)]
    for i, thread in enumerate(threads):
        thread.start()
        assert entered[i].wait(10)
    for i in (first_out, 1 - first_out):
        leave[i].set()
        threads[i].join(10)
    assert seen == [torch.float32] * 2
    assert torch.get_default_dtype() == torch.float64


def test_fault_21_seeded_builds_draw_the_same_anywhere(default_dtype):
    def built():
        with seeded_build(0):
            return [*nn.LSTM(2, 3).parameters(), torch.rand(4)]

    expected = built()
    default_dtype(torch.float64)
    torch.set_default_device("meta")
    try:
        found = built()
    finally:
        torch.set_default_device(None)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=0)


def test_fault_21_networks_of_a_user_follow_torchs_default(default_dtype):
    model = LSTMClassifier(pooling="attention", **SMALL).fit(X, y)
    inputs, lengths = torch.from_numpy(X), torch.full((12,), 5)
    single = model.module_(inputs, lengths)
    double = copy.deepcopy(model.module_).double()(inputs.double(), lengths)
    assert isinstance(model.module_, SequenceNetwork)
    assert double.dtype == torch.float64
    torch.testing.assert_close(double.float(), single, rtol=1e-4, atol=1e-5)
