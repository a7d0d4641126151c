"""StateDisplay: states against the gate equations, written out step by step."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from sklstm import LSTMClassifier, LSTMTagger, SequencePadder, SequenceTokenizer
from sklstm.inspection import StateDisplay, StepwiseProbaDisplay

plt = pytest.importorskip("matplotlib.pyplot")
RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(30, 9, 2)), np.arange(30) % 2
SMALL = {"hidden_size": 5, "max_epochs": 2, "random_state": 0, "fcn_filters": None}
TEXTS, LABELS = ["a good film", "a dull film", "good fun", "dull stuff"] * 6, [1, 0, 1, 0] * 6


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def lstm_by_hand(layer, x):
    """Return hidden and cell states by the gate equations, in torch's order i, f, g, o."""
    w_x, w_h, b_x, b_h = (part.detach().double().numpy() for part in layer.rnn.all_weights[0])
    h = c = np.zeros(w_h.shape[1])
    hidden, cell = [], []
    for step in x:
        i, f, g, o = np.split(w_x @ step + b_x + w_h @ h + b_h, 4)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        hidden.append(h)
        cell.append(c)
    return np.array(hidden), np.array(cell)


def gru_by_hand(layer, x):
    w_x, w_h, b_x, b_h = (part.detach().double().numpy() for part in layer.rnn.all_weights[0])
    h = np.zeros(w_h.shape[1])
    hidden = []
    for step in x:
        (r, z, n), (r_h, z_h, n_h) = np.split(w_x @ step + b_x, 3), np.split(w_h @ h + b_h, 3)
        z = sigmoid(z + z_h)
        h = (1 - z) * np.tanh(n + sigmoid(r + r_h) * n_h) + z * h
        hidden.append(h)
    return np.array(hidden)


def standardised(model, series):
    mean, scale = model._moments_
    return (series - mean) / scale


def test_states_follow_the_gate_equations():
    model = LSTMClassifier(**SMALL, num_layers=2).fit(X, Y)
    stack = model.module_.recurrent
    x = standardised(model, X[0])
    forward = lstm_by_hand(stack.forward_layers[0], x)
    backward = [part[::-1] for part in lstm_by_hand(stack.backward_layers[0], x[::-1])]
    below = np.concatenate([forward[0], backward[0]], axis=1)
    expected = {
        (0, "forward"): forward,
        (0, "backward"): backward,
        (1, "forward"): lstm_by_hand(stack.forward_layers[1], below),
        (-1, "backward"): [
            part[::-1] for part in lstm_by_hand(stack.backward_layers[1], below[::-1])
        ],
    }
    for (layer, direction), parts in expected.items():
        for name, values in zip(("hidden", "cell"), parts, strict=True):
            display = StateDisplay.from_estimator(
                model, X[0], states=name, layer=layer, direction=direction
            )
            np.testing.assert_allclose(display.states, values, atol=1e-5)
            assert display.name == f"{name} state"


def test_gru_and_no_other_layer():
    model = LSTMClassifier(**SMALL, cell="gru", bidirectional=False).fit(X, Y)
    display = StateDisplay.from_estimator(model, X[0])
    expected = gru_by_hand(model.module_.recurrent.forward_layers[0], standardised(model, X[0]))
    np.testing.assert_allclose(display.states, expected, atol=1e-5)
    with pytest.raises(ValueError, match="a GRU has no cell state"):
        StateDisplay.from_estimator(model, X[0], states="cell")
    with pytest.raises(ValueError, match="direction='backward', but the model has bidirectional=F"):
        StateDisplay.from_estimator(model, X[0], direction="backward")
    with pytest.raises(ValueError, match="layer=1, but the model has 1 recurrent layers, 0 to 0"):
        StateDisplay.from_estimator(model, X[0], layer=1)
    none = LSTMClassifier(num_layers=0, max_epochs=1).fit(X, Y)
    with pytest.raises(ValueError, match="has no recurrent layers"):
        StateDisplay.from_estimator(none, X[0])
    for name, given in (("states", "gate"), ("direction", "up"), ("order", "x"), ("kind", "pie")):
        with pytest.raises(ValueError, match=f"{name} must be one of .*got '{given}'"):
            StateDisplay.from_estimator(model, X[0], **{name: given})
    with pytest.raises(TypeError, match="LogisticRegression has no recurrent layers to look at"):
        StateDisplay.from_estimator(LogisticRegression().fit(X[:, 0], Y), X[0])


def test_words_name_the_steps():
    model = make_pipeline(SequenceTokenizer(), LSTMClassifier(**SMALL)).fit(TEXTS, LABELS)
    display = StateDisplay.from_estimator(model, "a good film")
    assert display.steps == ["a", "good", "film"]
    assert [text.get_text() for text in display.ax_.get_xticklabels()] == display.steps
    pooled = make_pipeline(
        SequenceTokenizer(), LSTMClassifier(**SMALL, conv_filters=3, conv_pool_size=2)
    ).fit(TEXTS, LABELS)
    assert StateDisplay.from_estimator(pooled, "a good film").steps == ["a good", "film"]
    marked = make_pipeline(
        SequenceTokenizer(add_start=True, add_end=True), SequencePadder(), LSTMClassifier(**SMALL)
    ).fit(TEXTS, LABELS)
    assert StateDisplay.from_estimator(marked, "a new film").steps == [
        "<start>", "a", "<unk>", "film", "<end>",
    ]  # fmt: skip
    tagger = make_pipeline(
        SequenceTokenizer(analyzer=list, characters=4), LSTMTagger(3, max_epochs=1)
    ).fit([["a", "b"], ["b", "a"]], [["x", "y"], ["y", "x"]])
    assert StateDisplay.from_estimator(tagger, ["b", "a", "a"]).states.shape == (3, 3)


def test_units_are_chosen_by_spread_and_sorted():
    states = np.zeros((6, 9))
    for unit in range(9):
        states[(unit * 2) % 6, unit] = unit + 1.0
    display = StateDisplay.from_states(states, n_units=7)
    spread = states.std(axis=0)
    assert set(display.units_) == set(np.argsort(-spread)[:7])
    peaks = np.abs(states).argmax(axis=0)[display.units_]
    assert peaks.tolist() == sorted(peaks)
    np.testing.assert_array_equal(display.im_.get_array(), states[:, display.units_].T)
    assert display.im_.get_clim() == (-9, 9)
    by_index = display.plot(order="index", n_units=None)
    assert by_index.units_.tolist() == list(range(9))
    similar = display.plot(order="similarity").units_.tolist()
    # units with their peak at the same step are neighbours
    groups = [unit % 3 for unit in similar]
    assert sum(a != b for a, b in pairwise(groups)) == 2


def test_few_units_are_lines():
    states = RNG.normal(size=(8, 4))
    display = StateDisplay.from_states(states)
    assert display.im_ is None
    for unit, line in display.lines_.items():
        np.testing.assert_array_equal(line.get_data(), [np.arange(1, 9), states[:, unit]])
    assert display.plot(kind="heatmap").im_ is not None
    with pytest.raises(ValueError, match="steps holds 1 names, but there are 8 steps"):
        StateDisplay.from_states(states, steps=["a"])
    with pytest.raises(ValueError, match="n_units must be a whole number above 0"):
        StateDisplay.from_states(states, n_units=0)


def test_a_row_of_a_table_is_one_sequence():
    frame = pd.DataFrame({"text": TEXTS, "price": 1.0})
    lstm = LSTMClassifier(**SMALL, bidirectional=False)
    plain = make_pipeline(SequenceTokenizer(), lstm).fit(frame[["text"]], LABELS)
    chosen = ColumnTransformer([("words", SequenceTokenizer(), ["text"])])
    model = make_pipeline(chosen, lstm).fit(frame, LABELS)
    column = np.array(TEXTS[:1], dtype=object)[:, None]
    for fitted, row in ((plain, frame[["text"]][:1]), (plain, column), (model, frame[:1])):
        for display in (StateDisplay, StepwiseProbaDisplay):
            assert display.from_estimator(fitted, row).steps == ["a", "good", "film"]
    series = pd.DataFrame({name: list(RNG.normal(size=(12, 5))) for name in "ab"})
    model = LSTMClassifier(**SMALL).fit(series, np.arange(12) % 2)
    assert StateDisplay.from_estimator(model, series[:1]).states.shape == (5, 5)
    one = pd.DataFrame(RNG.normal(size=(1, 2)), columns=["a", "b"])  # a sequence of one step
    assert StateDisplay.from_estimator(model, one).states.shape == (1, 5)


def test_steps_of_several_words_have_readable_names():
    baskets = [[["milk", "tea"], ["bread"]], [["tea"], ["bread", "jam"]]] * 8
    lstm = LSTMClassifier(**SMALL, bidirectional=False)
    model = make_pipeline(SequenceTokenizer(analyzer=list), lstm).fit(baskets, [1, 0] * 8)
    for display in (StateDisplay, StepwiseProbaDisplay):
        assert display.from_estimator(model, baskets[0]).steps == ["milk, tea", "bread"]


def test_what_is_no_sequence_is_named():
    words = make_pipeline(SequenceTokenizer(), LSTMClassifier(**SMALL)).fit(TEXTS, LABELS)
    with pytest.raises((TypeError, ValueError), match=r"x must be one text or .*alone, 'a good f"):
        StateDisplay.from_estimator(words, ["a good film"])
    model = LSTMClassifier(**SMALL).fit(X, Y)
    with pytest.raises(ValueError, match=r"x must be one .* Got a ndarray of shape \(3, 9, 2\)"):
        StateDisplay.from_estimator(model, X[:3])
    chosen = ColumnTransformer([("words", SequenceTokenizer(), ["text"])])
    table = make_pipeline(chosen, LSTMClassifier(**SMALL)).fit(
        pd.DataFrame({"text": TEXTS}), LABELS
    )
    with pytest.raises((TypeError, ValueError), match=r"one row of it as a frame. Got a str"):
        StateDisplay.from_estimator(table, "a good film")
    for given in ("last", 0.5, True, None):
        with pytest.raises(ValueError, match=r"layer must be a whole number, from -1 to 0; got"):
            StateDisplay.from_estimator(model, X[0], layer=given)
    for given in ("3", 2.5, True):
        with pytest.raises(ValueError, match=f"n_units must be a whole number .* got {given!r}"):
            StateDisplay.from_states(np.ones((3, 4)), n_units=given)
    for given, message in ((3, "got int 3"), (plt.figure(), "pass its axes")):
        with pytest.raises(TypeError, match=f"ax must be an Axes .*{message}"):
            StateDisplay.from_states(np.ones((3, 4)), ax=given)


@pytest.mark.parametrize("states", [[1.0, 2.0], np.zeros((1, 2, 3))])
def test_states_of_another_shape_are_named(states):
    with pytest.raises(ValueError, match=r"states must be of shape \(n_steps, n_units\); got \("):
        StateDisplay.from_states(states)
