"""What is done with a fitted model does not change it."""

import contextlib
import copy
import signal
import threading

import joblib
import numpy as np
import pytest
import torch
from skorch.callbacks import Callback
from torch import nn

from sklstm import (
    AutoencoderClusterer,
    LSTMClassifier,
    LSTMRegressor,
    LSTMTagger,
    SequenceTokenizer,
)

pytestmark = [
    pytest.mark.filterwarnings("ignore:clusters did not settle"),
    pytest.mark.filterwarnings("ignore:1 times a cluster became empty"),
    pytest.mark.filterwarnings("ignore:Training was interrupted"),
]

rng = np.random.default_rng(0)
X = rng.normal(size=(12, 5, 2)).astype(np.float32)
y = np.arange(12) % 3
texts = [" ".join(rng.choice(list("abcdef"), 5)) for _ in range(12)]
tokens = SequenceTokenizer(analyzer=str.split).fit_transform(texts)
tags = [["x", "y", "x", "y", "y"]] * 12
SMALL = {"hidden_size": 3, "max_epochs": 2, "dropout": 0.5, "random_state": 0}
CAUSAL = SMALL | {"bidirectional": False}
CLUSTERS = {"max_epochs": 2, "clustering_epochs": 2, "n_init": 1, "random_state": 0}
DENSE, RECURRENT = CLUSTERS | {"hidden_layer_sizes": 4}, CLUSTERS | {"hidden_size": 3}

# Estimator, X, y
FITS = {
    "classifier": (LSTMClassifier(recurrent_dropout=0.2, **SMALL), X, y),
    "classifier of tokens": (LSTMClassifier(embedding_dropout=0.3, **CAUSAL), tokens, y),
    "classifier with attention": (LSTMClassifier(pooling="attention", **SMALL), X, y),
    "classifier of steps": (LSTMClassifier(**CAUSAL), X, list(X[:, :, 0] > 0)),
    "classifier, truncated": (LSTMClassifier(bptt_length=2, **CAUSAL), X, y),
    "regressor": (LSTMRegressor(**CAUSAL), X, X[:, 0, 0]),
    "regressor of quantiles": (
        LSTMRegressor(loss="quantile", quantiles=(0.1, 0.5, 0.9), **SMALL),
        X,
        X[:, 0, 0],
    ),
    "tagger": (LSTMTagger(**CAUSAL), list(tokens), tags),
    "tagger with a CRF": (LSTMTagger(output_layer="crf", **SMALL), list(X), tags),
    "clusterer of a table": (AutoencoderClusterer(3, **DENSE), X[:, 0], None),
    "clusterer of sequences": (AutoencoderClusterer(3, **RECURRENT), X, None),
    "clusterer of tokens": (AutoencoderClusterer(3, **RECURRENT), tokens, None),
    "clusterer by k-means": (AutoencoderClusterer(3, clustering="kmeans", **DENSE), X[:, 0], None),
    "clusterer of several": (AutoencoderClusterer(3, n_autoencoders=2, **DENSE), X[:, 0], None),
}

CHANGING = {"fit", "partial_fit", "fit_predict", "fit_transform"}
OF_X = {
    "predict", "predict_proba", "predict_log_proba", "predict_proba_steps", "decision_function",
    "predict_quantiles", "predict_interval", "transform", "score_samples",
}  # fmt: skip
OF_NOTHING = {
    "summary", "get_params", "get_metadata_routing", "get_feature_names_out", "reset_states",
}  # fmt: skip


def use(model, name, X, y):
    """Call a public method with arguments that suit it."""
    if name in OF_X:
        result = getattr(model, name)(X)
        return list(result) if name == "predict_proba_steps" else result
    if name in OF_NOTHING:
        return getattr(model, name)()
    if name == "score":
        return model.score(X, y)
    if name == "inverse_transform":
        return model.inverse_transform(model.transform(X))
    assert name == "stream", f"{name} is new: say here how it is called"
    with model.stream() as stream:
        stream.feed(X[0])
        stream.step(X[0][-1])
        return stream.reset().state


def methods(model):
    for name in dir(model):
        if not name.startswith(("_", "set_")) and not name.endswith("_") and name not in CHANGING:
            try:
                if callable(getattr(model, name)):
                    yield name
            except AttributeError:  # not of a model with these parameters
                continue


def is_evaluating(model):
    return not any(part.training for part in model.module_.modules())


@pytest.mark.parametrize("name", FITS)
def test_fault_14_no_method_changes_a_fitted_model(name, capsys):
    model, X, y = FITS[name]
    model = copy.deepcopy(model).fit(X, y)
    assert is_evaluating(model)
    trained = copy.deepcopy(model)
    trained.module_.train()  # what a user sets is left alone, too
    n_called = 0
    for each in (model, trained):
        before, mode = joblib.hash(each), is_evaluating(each)
        for method in methods(each):
            with contextlib.suppress(ValueError):  # not of a model of this kind
                use(each, method, X, y)
                n_called += 1
            assert joblib.hash(each) == before, method
            assert is_evaluating(each) == mode, method
    assert n_called > 10


@pytest.mark.parametrize("name", ["classifier", "classifier of tokens"])
def test_fault_14_the_module_gives_the_logits_right_after_fit(name):
    model, X, y = FITS[name]
    model = copy.deepcopy(model).fit(X, y)
    inputs = torch.from_numpy(np.stack(list(X)).reshape(12, 5, -1))
    inputs = inputs.long() if name == "classifier of tokens" else inputs
    logits = model.module_(inputs, torch.full((12,), 5))
    found = logits.softmax(dim=1).detach().numpy()
    np.testing.assert_allclose(found, model.predict_proba(X), atol=1e-6)
    torch.testing.assert_close(model.module_(inputs, torch.full((12,), 5)), logits, rtol=0, atol=0)


def n_calls(model, X, calls):
    calls.append(1)
    return model.predict(X)


def test_fault_14_a_cache_of_predictions_computes_once(tmp_path):
    calls = []
    predict = joblib.Memory(tmp_path, verbose=0).cache(n_calls, ignore=["calls"])
    model = LSTMClassifier(**SMALL).fit(X, y)
    first = predict(model, X, calls)
    assert len(calls) == 1
    model.score(X, y)
    np.testing.assert_array_equal(predict(model, X, calls), first)
    assert len(calls) == 1


class OwnModule(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm, self.drop = nn.BatchNorm1d(2), nn.Dropout(0.5)
        self.output = nn.Linear(2, 3)

    def forward(self, inputs, lengths):
        return self.output(self.drop(self.norm(inputs[:, 0])))


class OwnNetwork(LSTMClassifier):
    def _build_module(self):
        return OwnModule()


class Interrupt(Callback):
    def on_batch_begin(self, net, training=True, **kwargs):
        if training and len(net.history) == 2:
            signal.raise_signal(signal.SIGINT)


class Stop(Callback):
    def on_batch_begin(self, net, **kwargs):
        raise KeyboardInterrupt  # before any training


@pytest.mark.parametrize(
    "model",
    [
        OwnNetwork(**SMALL),
        LSTMClassifier(callbacks=[Interrupt()], **SMALL),
        LSTMClassifier(callbacks=[Stop()], **SMALL),
        LSTMClassifier(early_stopping=True, validation_fraction=0.3, **SMALL),
        AutoencoderClusterer(3, callbacks=[Interrupt()], **RECURRENT),
        AutoencoderClusterer(3, callbacks=[Stop()], **RECURRENT),
    ],
    ids=["own module", "Ctrl-C", "stopped", "early stopping", "clusterer, Ctrl-C", "stopped too"],
)
def test_fault_14_training_ends_in_evaluation_mode(model):
    model.fit(X, y)
    assert is_evaluating(model)
    before = joblib.hash(model)
    model.predict(X)
    assert joblib.hash(model) == before


@pytest.mark.parametrize("stateful", [False, True])
def test_fault_14_continued_training_is_in_training_mode(stateful):
    model = LSTMClassifier(stateful=stateful, batch_size=12, **CAUSAL)
    as_before = copy.deepcopy(model)
    for _ in range(3):
        model.partial_fit(X, y)
        as_before.partial_fit(X, y)
        as_before.module_.train()  # as it was left before
    assert is_evaluating(model)
    for name, weight in model.module_.state_dict().items():
        torch.testing.assert_close(weight, as_before.module_.state_dict()[name], rtol=0, atol=0)
    without_dropout = copy.deepcopy(model).set_params(warm_start=True, stateful=False)
    assert is_evaluating(without_dropout.fit(X, y))


def test_fault_14_only_the_state_of_a_stateful_model_changes():
    model = LSTMRegressor(stateful=True, batch_size=12, **CAUSAL).fit(X, X[:, 0, 0])
    before = joblib.hash(model)
    model.predict(X)
    assert joblib.hash(model) != before
    assert joblib.hash(model.reset_states()) == before


def test_fault_14_predictions_in_threads_of_a_module_that_was_set_to_training():
    model = LSTMClassifier(**SMALL).fit(X, y)
    expected = model.predict_proba(X)
    model.module_.train()
    barrier, found = threading.Barrier(2), {}
    forward = model.module_.forward

    def meet(*args):
        barrier.wait(10)  # both are within a prediction
        result = forward(*args)
        barrier.wait(10)
        return result

    model.module_.forward = meet

    def predict(i):
        found[i] = model.predict_proba(X)

    threads = [threading.Thread(target=predict, args=(i,)) for i in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    np.testing.assert_array_equal(found[0], expected)
    np.testing.assert_array_equal(found[1], expected)
    assert all(part.training for part in model.module_.modules())
