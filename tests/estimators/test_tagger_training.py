"""LSTMTagger: its training against steps written out by hand."""

import itertools
import pickle

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

from sklstm import LSTMTagger, SequenceTokenizer
from sklstm.datasets import fetch_ud_lines

SMALL = {"hidden_size": 5, "dropout": 0.0, "max_epochs": 3, "random_state": 0}
EXACT = {"atol": 1e-5, "rtol": 0}
OUTPUT_LAYERS = ("softmax", "crf")


def labelled(n=30, seed=0, longest=9):
    """Return sequences whose labels say where the running sum is: below, about or above 0."""
    rng = np.random.default_rng(seed)
    X = [rng.normal(size=(k, 1)) for k in rng.integers(1, longest, size=n)]
    names = np.array(["about", "above", "below"])
    return X, [names[np.digitize(x[:, 0].cumsum(), [-0.5, 0.5]) - 1] for x in X]


def flat(ragged):
    return np.concatenate(list(ragged))


def weighted_loss(module, X, targets, weights, has_field):
    """Return the loss of whole sequences, each by itself, over all their steps' weights."""
    total = 0.0
    for x, target, weight in zip(X, targets, weights, strict=True):
        inputs = torch.tensor(x, dtype=torch.float32)[None]
        scores = module(inputs, torch.tensor([len(x)]))[0]
        if has_field:
            crf = module.output.crf
            conditional = field_conditionals(scores, crf, target)
        else:
            conditional = scores.log_softmax(1)[torch.arange(len(x)), torch.tensor(target)]
        total = total - (conditional * torch.tensor(weight)).sum()
    return total / np.concatenate(weights).sum()


def field_conditionals(scores, crf, target):
    """Return log p(label | those before it) by adding up all labellings."""
    n_steps, n_classes = scores.shape

    def log_sum(begun):
        rest = itertools.product(range(n_classes), repeat=n_steps - len(begun))
        return torch.stack([score_of([*begun, *more]) for more in rest]).logsumexp(0)

    def score_of(path):
        total = crf.start_transitions[path[0]] + crf.end_transitions[path[-1]]
        total = total + sum(scores[t, k] for t, k in enumerate(path))
        return total + sum(crf.transitions[a, b] for a, b in itertools.pairwise(path))

    sums = torch.stack([log_sum(target[:t]) for t in range(n_steps + 1)])
    return sums.diff()


@pytest.mark.parametrize("output_layer", OUTPUT_LAYERS)
@pytest.mark.parametrize("weighing", ["none", "steps", "classes"])
def test_training_takes_the_steps_that_the_textbook_does(output_layer, weighing):
    X, y = labelled(8, longest=5)
    tagger = LSTMTagger(
        **SMALL,
        output_layer=output_layer,
        optimizer="sgd",
        learning_rate=0.2,
        gradient_clip=None,
        lr_schedule="constant",
        batch_size=8,
    )
    by_class = {"about": 1.0, "above": 3.0, "below": 0.5}
    weights, given = [np.ones(len(x)) for x in X], None
    if weighing == "steps":
        rng = np.random.default_rng(1)
        weights = given = [rng.uniform(size=len(x)) for x in X]
    elif weighing == "classes":
        tagger.set_params(class_weight=by_class)
        weights = [np.array([by_class[label] for label in labels]) for labels in y]
    start = clone(tagger).set_params(max_epochs=1, learning_rate=1e-30).fit(X, y).module_
    oracle = pickle.loads(pickle.dumps(start)).train()
    optimizer = torch.optim.SGD(oracle.parameters(), lr=0.2, momentum=0.9, nesterov=True)
    tagger.fit(X, y, sample_weight=given)
    targets = [np.searchsorted(tagger.classes_, labels).tolist() for labels in y]
    for epoch in range(3):
        loss = weighted_loss(oracle, X, targets, weights, output_layer == "crf")
        assert tagger.loss_curve_[epoch] == pytest.approx(loss.item(), rel=1e-5)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    for name, weight in oracle.state_dict().items():
        torch.testing.assert_close(tagger.module_.state_dict()[name], weight, atol=2e-5, rtol=1e-4)


def test_a_field_in_chunks_conditions_on_the_label_before():
    """At a learning rate of nothing the loss is that of chunks which begin where others end."""
    X, y = labelled(1, seed=3, longest=30)
    X, y = [X[0][:9]], [y[0][:9]]
    X = [np.arange(9.0)[:, None]]
    y = [np.array(list("abcabcabc"))]
    tagger = LSTMTagger(
        **{**SMALL, "max_epochs": 1}, bidirectional=False, output_layer="crf", learning_rate=1e-30
    )
    tagger.fit(X, y)
    with torch.no_grad():
        tagger.module_.output.crf.transitions.copy_(torch.randn(3, 3))
        tagger.module_.output.crf.start_transitions.copy_(torch.randn(3))
        tagger.module_.output.crf.end_transitions.copy_(torch.randn(3))
    tagger.set_params(warm_start=True, bptt_length=4).fit(X, y)
    module, target = tagger.module_, [0, 1, 2] * 3
    scores = module(torch.arange(9.0)[None, :, None], torch.tensor([9]))
    parts = []
    for start in (0, 4, 8):
        stop = min(start + 4, 9)
        parts.append(
            module.output.crf.step_log_likelihood(
                scores[:, start:stop],
                torch.tensor([target[start:stop]]),
                torch.tensor([stop - start]),
                previous=torch.tensor([target[start - 1] if start else -1]),
                ends=torch.tensor([stop == 9]),
            ).sum()
        )
    expected = -torch.stack(parts).sum().item() / 9
    assert tagger.loss_curve_[-1] == pytest.approx(expected, rel=1e-5)


def test_a_step_of_weight_0_may_have_any_label():
    X, y = labelled()
    weights = [np.ones(len(x)) for x in X]
    others = [labels.copy() for labels in y]
    for i in range(0, 30, 2):
        weights[i][0] = 0.0
        others[i][0] = "above" if y[i][0] == "below" else "below"
    tagger = LSTMTagger(**SMALL)
    expected = tagger.fit(X, y, weights).predict_proba(X)
    actual = tagger.fit(X, others, weights).predict_proba(X)
    np.testing.assert_allclose(flat(actual), flat(expected), **EXACT)


def test_a_weight_per_sequence_is_that_of_each_of_its_steps():
    X, y = labelled()
    per_sequence = np.random.default_rng(0).uniform(size=30)
    per_step = [np.full(len(x), w) for x, w in zip(X, per_sequence, strict=True)]
    tagger = LSTMTagger(**SMALL)
    expected = tagger.fit(X, y, per_sequence).predict_proba(X)
    actual = tagger.fit(X, y, per_step).predict_proba(X)
    np.testing.assert_array_equal(flat(actual), flat(expected))
    weighted = tagger.score(X, y, per_sequence)
    correct = np.concatenate(
        [w * (p == t) for w, p, t in zip(per_step, tagger.predict(X), y, strict=True)]
    )
    assert weighted == pytest.approx(correct.sum() / flat(per_step).sum())


def test_balanced_weighs_classes_by_how_rare_their_steps_are():
    X, y = labelled()
    counts = dict(zip(*np.unique(flat(y), return_counts=True), strict=True))
    given = {label: len(flat(y)) / (3 * count) for label, count in counts.items()}
    tagger = LSTMTagger(**SMALL, class_weight=given)
    expected = tagger.fit(X, y).predict_proba(X)
    actual = tagger.set_params(class_weight="balanced").fit(X, y).predict_proba(X)
    np.testing.assert_allclose(flat(actual), flat(expected), **EXACT)


@pytest.mark.parametrize("output_layer", OUTPUT_LAYERS)
def test_what_is_needed_may_lie_far_back_or_ahead(output_layer):
    rng = np.random.default_rng(0)
    X = [np.zeros((k, 2)) for k in rng.integers(4, 9, size=300)]
    y = []
    for x in X:
        x[0, 0], x[-1, 1] = rng.choice([-1.0, 1.0], size=2)
        y.append(np.repeat(int(x[0, 0] > 0) * 2 + int(x[-1, 1] > 0), len(x)))
    tagger = LSTMTagger(16, dropout=0.0, max_epochs=20, learning_rate=0.01, random_state=0)
    tagger.set_params(output_layer=output_layer)
    assert tagger.fit(X[:200], y[:200]).score(X[200:], y[200:]) > 0.99
    # Of the four labels, two are left to guess between where only what is past is read.
    forward = clone(tagger).set_params(bidirectional=False, output_layer="softmax")
    assert forward.fit(X[:200], y[:200]).score(X[200:], y[200:]) < 0.8


def test_a_field_learns_which_label_follows_which():
    """The labels alternate, and each step shows its own in one case out of three only."""
    rng = np.random.default_rng(0)
    X, y = [], []
    for _ in range(200):
        first = rng.integers(2)
        labels = (first + np.arange(12)) % 2
        shown = rng.uniform(size=12) < 1 / 3
        X.append(np.where(shown, 2.0 * labels - 1.0, 0.0)[:, None])
        y.append(labels)
    # A network that sees no neighbours: its states are forgotten from step to step.
    tagger = LSTMTagger(
        8, bidirectional=False, dropout=0.0, max_epochs=30, learning_rate=0.01, random_state=0
    )
    softmax = tagger.fit(X[:150], y[:150]).score(X[150:], y[150:])
    field = tagger.set_params(output_layer="crf").fit(X[:150], y[:150]).score(X[150:], y[150:])
    assert field > 0.97 > softmax


def test_parts_of_speech_beyond_the_most_frequent_tag(data_dir):
    """On 600 sentences of real data, words never seen are known by how they are spelled."""
    train = fetch_ud_lines(subset="train", data_home=data_dir)
    dev = fetch_ud_lines(subset="dev", data_home=data_dir)
    words, tags = train.data[:600], train.target[:600]
    pipe = make_pipeline(
        SequenceTokenizer(analyzer=list, characters=15, min_df=2),
        LSTMTagger(50, learning_rate=0.01, max_epochs=6, random_state=0),
    )
    found = flat(pipe.fit(words, tags).predict(dev.data[:300]))
    expected = flat(dev.target[:300])
    known = {word for sentence in words for word in sentence}
    unseen = np.array([word not in known for sentence in dev.data[:300] for word in sentence])
    assert np.mean(found == expected) > 0.85
    # Nouns are the most frequent of rare words; a tagger without characters knows little more.
    assert np.mean(found[unseen] == expected[unseen]) > 0.6 > np.mean(expected[unseen] == "NOUN")
