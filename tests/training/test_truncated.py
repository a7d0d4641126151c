"""Training in chunks: gradients against the full graph, cut where they have to be."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from sklstm import LSTMClassifier, LSTMRegressor
from sklstm._training.truncated import TruncatedStep
from sklstm.nn import LinearHead, RecurrentStack, SequenceNetwork, make_pooling
from sklstm.nn.dropout import seed_modules

LENGTHS = torch.tensor([9, 2, 5, 9, 6])
POOLINGS = ("last", "mean", "max", "attention", "concat")


def network(pooling, cell="lstm", dropout=0.0):
    torch.manual_seed(0)
    pooled = make_pooling(pooling, 4)
    return SequenceNetwork(
        embedding=None,
        step_convolution=None,
        convolution=None,
        recurrent=RecurrentStack(3, (6, 4), cell=cell, dropout=dropout, recurrent_dropout=dropout),
        pooling=pooled,
        output=LinearHead(pooled.output_size, 2),
        dropout=dropout,
    )


def batch():
    torch.manual_seed(1)
    return torch.randn(5, 9, 3), torch.tensor([0, 1, 1, 0, 1])


def loss_of(targets):
    return lambda outputs: functional.cross_entropy(outputs, targets)


def gradients(net):
    return {name: p.grad.clone() for name, p in net.named_parameters() if p.grad is not None}


def by_full_graph(net, inputs, targets, chunk_length):
    """Run each sequence alone with the whole graph in memory, its state detached at the cuts."""
    outputs = []
    for i, length in enumerate(LENGTHS.tolist()):
        state = net.initial_state(1)
        n_recurrent = len(net.recurrent.state_sizes())
        for start in range(0, length, chunk_length):
            stop = min(start + chunk_length, length)
            state = tuple(part.detach() for part in state[:n_recurrent]) + state[n_recurrent:]
            output, state = net.forward_from(
                inputs[i : i + 1, start:stop], torch.tensor([stop - start]), state
            )
        outputs.append(output)
    loss = loss_of(targets)(torch.cat(outputs))
    loss.backward()
    return loss


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("cell", ["lstm", "gru"])
@pytest.mark.parametrize("chunk_length", [1, 2, 4, 5, 8, 9, 20])
def test_gradients_are_those_of_the_full_graph_cut_at_the_chunks(pooling, cell, chunk_length):
    inputs, targets = batch()
    oracle = network(pooling, cell)
    expected = by_full_graph(oracle, inputs, targets, chunk_length)
    net = network(pooling, cell)
    step = TruncatedStep(net, chunk_length, exact=False)
    loss, outputs, _ = step.run(inputs, LENGTHS, net.initial_state(5), loss_of(targets))
    torch.testing.assert_close(loss, expected)
    torch.testing.assert_close(outputs, net(inputs, LENGTHS), atol=1e-6, rtol=1e-5)
    found = gradients(net)
    assert found.keys() == gradients(oracle).keys()
    for name, gradient in gradients(oracle).items():
        torch.testing.assert_close(found[name], gradient, atol=1e-6, rtol=1e-4)


@pytest.mark.parametrize("pooling", POOLINGS)
def test_dropout_is_the_same_in_both_passes(pooling):
    """The gradient is that of the loss which is returned: a small step along it shows."""
    inputs, targets = batch()
    net = network(pooling, dropout=0.3).double()
    inputs = inputs.double()
    run = TruncatedStep(net, 9, exact=False).run

    def loss():
        seed_modules(net, torch.Generator().manual_seed(5))
        net.zero_grad()
        return run(inputs, LENGTHS, net.initial_state(5), loss_of(targets))[0].item()

    loss()
    weight = net.recurrent.forward_layers[0].rnn.weight_hh_l0
    gradient = weight.grad.clone()
    direction = gradient / gradient.norm()
    step = 1e-6
    weight.data += step * direction
    above = loss()
    weight.data -= 2 * step * direction
    below = loss()
    assert (above - below) / (2 * step) == pytest.approx(gradient.norm().item(), rel=1e-5)


def test_chunks_draw_different_dropout():
    net = network("mean", dropout=0.5)
    seed_modules(net, torch.Generator().manual_seed(0))
    before = net.input_dropout.generator.get_state()
    inputs, targets = batch()
    TruncatedStep(net, 3, exact=False).run(inputs, LENGTHS, net.initial_state(5), loss_of(targets))
    assert not torch.equal(net.input_dropout.generator.get_state(), before)


@pytest.mark.parametrize("pooling", POOLINGS)
def test_the_state_after_a_truncated_step_is_that_of_each_sequence(pooling):
    inputs, targets = batch()
    net = network(pooling)
    begun = tuple(part + 0.1 for part in net.initial_state(5))
    state = TruncatedStep(net, 4, exact=True).run(inputs, LENGTHS, begun, loss_of(targets))[2]
    with torch.no_grad():
        expected = net.forward_from(inputs, LENGTHS, begun)[1]
    for part, other in zip(state, expected, strict=True):
        torch.testing.assert_close(part, other, atol=1e-6, rtol=1e-5)


PLAIN = {"bidirectional": False, "hidden_size": 5, "max_epochs": 3, "random_state": 0}


@pytest.fixture
def ragged():
    rng = np.random.default_rng(0)
    X = [rng.normal(size=(n, 2)) for n in rng.integers(1, 30, size=40)]
    return X, np.array([x[-1].sum() > 0 for x in X]).astype(int)


@pytest.mark.parametrize("pooling", POOLINGS)
def test_a_chunk_longer_than_all_sequences_changes_nothing(ragged, pooling):
    X, y = ragged
    model = LSTMClassifier(**PLAIN, pooling=pooling)
    expected = model.fit(X, y).predict_proba(X)
    actual = model.set_params(bptt_length=30).fit(X, y).predict_proba(X)
    np.testing.assert_allclose(actual, expected, rtol=0, atol=1e-6)
    shorter = model.set_params(bptt_length=5).fit(X, y).predict_proba(X)
    assert not np.array_equal(shorter, expected)


def test_a_chunk_longer_than_all_sequences_changes_nothing_for_steps(ragged):
    X, _ = ragged
    y = [x.cumsum(axis=0)[:, 0] for x in X]
    model = LSTMRegressor(**PLAIN, return_sequences=True)
    expected = np.concatenate(model.fit(X, y).predict(X))
    actual = np.concatenate(model.set_params(bptt_length=30).fit(X, y).predict(X))
    np.testing.assert_array_equal(actual, expected)


def test_predictions_and_validation_go_chunk_by_chunk(ragged, monkeypatch):
    X, y = ragged
    longest = []
    advance = SequenceNetwork.advance_states
    monkeypatch.setattr(
        SequenceNetwork,
        "advance_states",
        lambda self, inputs, *rest, **params: (
            longest.append(inputs.shape[1]) or advance(self, inputs, *rest, **params)
        ),
    )
    model = LSTMClassifier(**PLAIN, bptt_length=4).fit(X, y, X_val=X, y_val=y)
    proba = model.predict_proba(X)
    assert max(longest) == 4
    assert model.history_[-1]["valid_score"] == pytest.approx(model.score(X, y))
    model.set_params(bptt_length=None)
    np.testing.assert_allclose(model.predict_proba(X), proba, atol=1e-5)


def test_each_chunk_of_steps_is_a_training_step():
    rng = np.random.default_rng(0)
    X = [rng.normal(size=(1_000, 1))]
    model = LSTMRegressor(
        **{**PLAIN, "max_epochs": 20}, return_sequences=True, bptt_length=100, learning_rate=0.01
    )
    # Ten steps an epoch learn in 20 epochs what 20 steps do not.
    in_chunks = model.fit(X, [X[0][:, 0]]).score(X, [X[0][:, 0]])
    at_once = model.set_params(bptt_length=None).fit(X, [X[0][:, 0]]).score(X, [X[0][:, 0]])
    assert in_chunks > 0.9 > 0.5 > at_once


def test_the_state_is_carried_from_chunk_to_chunk():
    """What a step needs lies in the chunk before: without the state it is unknown."""
    rng = np.random.default_rng(0)
    X, y = [], []
    for _ in range(200):
        x = np.zeros((12, 1))
        x[:, 0] = rng.choice([-1.0, 1.0])
        x[1:] = 0.0  # the sign is shown at the first step only
        X.append(x)
        y.append(np.repeat(np.sign(x[0, 0]), 12))
    model = LSTMRegressor(**{**PLAIN, "max_epochs": 40}, return_sequences=True, bptt_length=3)
    predicted = np.stack(list(model.fit(X, y).predict(X)))
    assert np.abs(predicted - np.stack(y))[:, 3:].mean() < 0.2


def test_the_training_loss_is_the_mean_over_steps_however_they_are_cut():
    """At a tiny learning rate, chunks and whole sequences have the same loss."""
    rng = np.random.default_rng(0)
    X = [rng.normal(size=(n, 1)) for n in (7, 20, 33, 50)]
    y = [x[:, 0] ** 2 for x in X]
    weight = [rng.uniform(size=len(x)) for x in X]
    model = LSTMRegressor(
        **{**PLAIN, "max_epochs": 1}, return_sequences=True, learning_rate=1e-12, batch_size=2
    )
    whole = model.fit(X, y, weight).loss_curve_[0]
    cut = model.set_params(bptt_length=6).fit(X, y, weight).loss_curve_[0]
    assert cut == pytest.approx(whole, rel=1e-5)
    y, weight = np.concatenate(y), np.concatenate(weight)
    errors = (np.concatenate(model.predict(X)) - y) ** 2
    spread = (y - np.average(y, weights=weight)) ** 2
    expected = np.average(errors, weights=weight) / np.average(spread, weights=weight)
    assert whole == pytest.approx(expected, rel=1e-4)


class Rates:
    """Remember the learning rate of every training step."""

    def __new__(cls):
        from skorch.callbacks import Callback

        class Recorder(Callback):
            def initialize(self):
                self.rates_ = []
                return self

            def on_batch_begin(self, net, training=False, **kwargs):
                if training:
                    self.rates_.append(net.optimizer_.param_groups[0]["lr"])

        return Recorder()


@pytest.mark.parametrize("shuffle", [True, False])
def test_the_rate_falls_to_zero_at_the_end_however_unequal_the_chunks(shuffle):
    X = [np.zeros((n, 1)) for n in [100, *[10] * 15, 55]]
    model = LSTMRegressor(
        **{**PLAIN, "max_epochs": 3},
        return_sequences=True,
        bptt_length=10,
        batch_size=4,
        learning_rate=1.0,
        shuffle=shuffle,
        callbacks=[Rates()],
    )
    model.fit(X, [x[:, 0] for x in X])
    rates = np.array(model.callbacks_[0].rates_)
    assert rates[0] == 1.0
    assert (np.diff(rates) < 0).all()
    # The last step of each epoch is one batch away from where the epoch ends.
    assert 0 < rates[-1] < 0.07


def test_every_step_weighs_alike_however_few_sequences_are_left():
    """The best constant is the mean over all steps, most of them in one long sequence."""
    X = [np.zeros((n, 1)) for n in [400, *[100] * 31]]
    y = [np.full(len(x), 3.0 if len(x) == 400 else -1.0) for x in X]
    model = LSTMRegressor(
        2,
        bidirectional=False,
        return_sequences=True,
        optimizer="sgd",
        learning_rate=0.1,
        lr_schedule="constant",
        gradient_clip=None,
        shuffle=False,
        batch_size=32,
        max_epochs=100,
        random_state=0,
    )
    whole = model.fit(X, y).predict(X[1:2])[0].mean()
    assert whole == pytest.approx(np.concatenate(y).mean(), abs=0.05)
    # Each chunk is a training step, so the constant oscillates about the mean: small steps help.
    model.set_params(bptt_length=100, learning_rate=2e-3, max_epochs=300)
    assert model.fit(X, y).predict(X[1:2])[0].mean() == pytest.approx(whole, abs=0.1)
