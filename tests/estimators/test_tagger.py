"""LSTMTagger: forms of X and y, its use with scikit-learn's tools, and its training."""

import itertools
import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.metrics import make_scorer
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_validate
from sklearn.pipeline import make_pipeline

from sklstm import LSTMTagger, SequencePadder, SequenceScaler, SequenceTokenizer, make_windows
from sklstm.datasets import fetch_ud_lines
from sklstm.metrics import span_f1_score, token_accuracy_scorer

SMALL = {"hidden_size": 5, "dropout": 0.0, "max_epochs": 3, "random_state": 0}
EXACT = {"atol": 1e-5, "rtol": 0}
OUTPUT_LAYERS = ("softmax", "crf")


def labelled(n=30, seed=0, longest=9):
    """Return sequences whose labels are the sign of the running sum: below, about or above 0."""
    rng = np.random.default_rng(seed)
    X = [rng.normal(size=(k, 1)) for k in rng.integers(1, longest, size=n)]
    names = np.array(["about", "above", "below"])
    return X, [names[np.digitize(x[:, 0].cumsum(), [-0.5, 0.5]) - 1] for x in X]


def flat(ragged):
    return np.concatenate(list(ragged))


# Forms of X, y and predictions


@pytest.mark.parametrize("output_layer", OUTPUT_LAYERS)
def test_results_are_ragged_whatever_the_lengths(output_layer):
    X, y = labelled()
    tagger = LSTMTagger(**SMALL, output_layer=output_layer).fit(X, y)
    for lengths in ([3, 5, 2], [4, 4]):
        some = [np.ones((k, 1)) for k in lengths]
        for name, shape in [("predict", ()), ("predict_proba", (3,)), ("predict_log_proba", (3,))]:
            result = getattr(tagger, name)(some)
            assert result.shape == (len(lengths),)
            assert result.dtype == object
            assert [item.shape for item in result] == [(k, *shape) for k in lengths]
    probabilities = flat(tagger.predict_proba(X))
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, **EXACT)
    np.testing.assert_allclose(np.log(probabilities), flat(tagger.predict_log_proba(X)), **EXACT)
    if output_layer == "softmax":
        np.testing.assert_array_equal(
            tagger.classes_[probabilities.argmax(axis=1)], flat(tagger.predict(X))
        )


@pytest.mark.parametrize("output_layer", OUTPUT_LAYERS)
def test_a_prediction_depends_on_its_own_sequence_only(output_layer):
    X, y = labelled(60, longest=30)
    tagger = LSTMTagger(**SMALL, output_layer=output_layer, conv_filters=4).fit(X, y)
    together, order = tagger.predict_proba(X), np.random.default_rng(0).permutation(60)
    shuffled = tagger.predict_proba([X[i] for i in order])
    for i, proba in zip(order, shuffled, strict=True):
        np.testing.assert_allclose(proba, together[i], **EXACT)
    for i in range(0, 60, 7):
        np.testing.assert_allclose(tagger.predict_proba([X[i]])[0], together[i], **EXACT)
        np.testing.assert_array_equal(tagger.predict([X[i]])[0], tagger.predict(X)[i])


def test_words_spelled_alike_are_tagged_alike_whatever_the_batch():
    words = [["unhappily", "ran"], ["a"], ["extraordinarily", "odd", "cat"], ["ran", "odd"]] * 5
    tags = [["ADV", "VERB"], ["DET"], ["ADV", "ADJ", "NOUN"], ["VERB", "ADJ"]] * 5
    pipe = make_pipeline(
        SequenceTokenizer(analyzer=list, characters=6), LSTMTagger(**SMALL, char_filters=4)
    )
    pipe.fit(words, tags)
    alone = pipe.predict_proba([["a"]])[0]
    np.testing.assert_allclose(
        pipe.predict_proba([["extraordinarily", "x"], ["a"]])[1], alone, **EXACT
    )
    known, unknown = pipe.predict_proba([["odd"], ["oddly"]])
    assert np.abs(known - unknown).max() > 1e-6
    # Two unknown words differ only in their characters.
    first, second = pipe.predict_proba([["happily"], ["nan"]])
    assert np.abs(first - second).max() > 1e-6


@pytest.mark.parametrize("side", ["pre", "post"])
@pytest.mark.parametrize("labels_too", [True, False])
def test_steps_of_padding_need_no_label(side, labels_too):
    X, y = labelled()
    expected = LSTMTagger(**SMALL).fit(X, y)
    padded = SequencePadder(padding=side, padding_value=-9.0).fit_transform(X)
    given = y
    if labels_too:
        given = [
            np.r_[["?"] * (8 - len(t)), t] if side == "pre" else np.r_[t, ["?"] * (8 - len(t))]
            for t in y
        ]
    tagger = LSTMTagger(**SMALL, padding_value=-9.0).fit(padded, given)
    assert tagger.classes_.tolist() == ["about", "above", "below"]
    np.testing.assert_allclose(
        flat(tagger.predict_proba(padded)), flat(expected.predict_proba(X)), **EXACT
    )
    assert tagger.score(padded, given) == expected.score(X, y)


def test_padded_tokens_keep_their_labels():
    words = [["the", "dog", "barks"], ["cats", "sleep"]] * 6
    tags = [["DET", "NOUN", "VERB"], ["NOUN", "VERB"]] * 6
    tokens = SequenceTokenizer(analyzer=list).fit_transform(words)
    expected = LSTMTagger(**SMALL).fit(tokens, tags).predict_proba(tokens)
    padded = SequencePadder().fit_transform(tokens)
    filled = [tag if len(tag) == 3 else ["-", *tag] for tag in tags]
    if padded[1, 0] != 0:
        filled = [tag if len(tag) == 3 else [*tag, "-"] for tag in tags]
    tagger = LSTMTagger(**SMALL).fit(padded, filled)
    np.testing.assert_allclose(flat(tagger.predict_proba(padded)), flat(expected), **EXACT)


@pytest.mark.parametrize("form", ["list", "object", "series", "nested", "column", "frame"])
def test_labels_come_in_any_form(form):
    X, y = labelled()
    expected = LSTMTagger(**SMALL).fit(X, y).predict(X)
    ragged = np.empty(len(y), dtype=object)
    ragged[:] = y
    given = {
        "list": y,
        "object": ragged,
        "series": pd.Series(y),
        "nested": [labels.tolist() for labels in y],
        "column": pd.DataFrame({"y": pd.Series(y)})["y"],
        "frame": pd.Series([pd.Series(labels) for labels in y]),
    }[form]
    actual = LSTMTagger(**SMALL).fit(X, given).predict(X)
    np.testing.assert_array_equal(flat(actual), flat(expected))


def test_a_rectangle_of_labels_and_windows_that_share_their_rows():
    rng = np.random.default_rng(0)
    series = rng.normal(size=(200, 2))
    X = make_windows(series, window=10, stride=5)[0]
    labels = np.lib.stride_tricks.sliding_window_view(series[:, 0] > 0, 10)[::5]
    assert labels.shape == X.shape[:2]
    tagger = LSTMTagger(**SMALL, early_stopping=True)
    expected = tagger.fit(np.array(X), labels).predict_proba(X)
    for form in (labels, pd.DataFrame(labels)):
        actual = tagger.fit(X, form).predict_proba(X)
        np.testing.assert_array_equal(flat(actual), flat(expected))


# With scikit-learn's tools


def test_search_validation_and_predictions_of_folds():
    X, y = labelled(40)
    pipe = make_pipeline(SequenceScaler(), LSTMTagger(**SMALL))
    macro = make_scorer(span_f1_score, average="macro", zero_division=0)
    with np.errstate(all="ignore"):
        result = cross_validate(
            pipe, X, y, cv=3, scoring={"accuracy": token_accuracy_scorer}, error_score="raise"
        )
    assert len(result["test_accuracy"]) == 3
    assert np.isfinite(result["test_accuracy"]).all()
    search = GridSearchCV(
        pipe,
        {"lstmtagger__output_layer": OUTPUT_LAYERS},
        cv=2,
        scoring=token_accuracy_scorer,
        error_score="raise",
    )
    search.fit(X, y)
    assert search.best_score_ == pytest.approx(max(search.cv_results_["mean_test_score"]))
    assert search.score(X, y) == pytest.approx(search.best_estimator_.score(X, y))
    predicted = cross_val_predict(pipe, X, y, cv=3)
    assert [len(p) for p in predicted] == [len(x) for x in X]
    spans = [np.where(labels == "about", "O", "B-X") for labels in y]
    GridSearchCV(pipe, {"lstmtagger__hidden_size": [3]}, cv=2, scoring=macro).fit(X, spans)


def test_early_stopping_keeps_groups_together_and_restores_the_best():
    X, y = labelled(60)
    tagger = LSTMTagger(**{**SMALL, "max_epochs": 30}, early_stopping=True, learning_rate=0.05)
    tagger.fit(X, y, groups=np.repeat(np.arange(20), 3))
    losses = [row["valid_loss"] for row in tagger.history_]
    assert tagger.best_epoch_ <= tagger.n_iter_
    assert losses[tagger.best_epoch_ - 1] <= min(losses) + tagger.tol
    tagger.fit(X, y, X_val=X[:10], y_val=y[:10])
    best = tagger.history_[tagger.best_epoch_ - 1]
    assert best["valid_score"] == pytest.approx(tagger.score(X[:10], y[:10]))


def test_the_validation_score_is_of_the_labels_that_the_crf_decodes():
    X, y = labelled(60)
    tagger = LSTMTagger(**SMALL, output_layer="crf")
    tagger.fit(X, y, X_val=X, y_val=y)
    assert tagger.history_[-1]["valid_score"] == pytest.approx(tagger.score(X, y))


@pytest.mark.parametrize("output_layer", OUTPUT_LAYERS)
def test_partial_fit_and_warm_starts_continue(output_layer):
    X, y = labelled()
    tagger = LSTMTagger(**SMALL, output_layer=output_layer)
    tagger.partial_fit(X[:10], y[:10], classes=["about", "above", "below"])
    first = flat(tagger.predict_proba(X))
    tagger.partial_fit(X[10:], y[10:])
    assert tagger.n_iter_ == 2
    assert np.abs(flat(tagger.predict_proba(X)) - first).max() > 1e-6
    tagger.set_params(warm_start=True).fit(X, y)
    assert tagger.n_iter_ == 5
    again = pickle.loads(pickle.dumps(tagger))
    np.testing.assert_array_equal(flat(again.predict(X)), flat(tagger.predict(X)))


def test_a_tagger_continues_from_a_state():
    X, y = labelled()
    tagger = LSTMTagger(**SMALL, bidirectional=False).fit(X, y)
    X = [np.vstack([x, x[:1]]) for x in X]
    whole = tagger.predict_proba(X)
    first, state = tagger.predict_proba([x[:1] for x in X], return_state=True)
    rest = tagger.predict_proba([x[1:] for x in X], state=state)
    for a, b, c in zip(first, rest, whole, strict=True):
        np.testing.assert_allclose(np.vstack([a, b]), c, **EXACT)
    with tagger.stream(response_method="predict_proba") as stream:
        steps = np.stack([stream.step(x) for x in X[0]])
        np.testing.assert_allclose(steps, whole[0], **EXACT)
        stream.reset()
        np.testing.assert_allclose(stream.feed(X[0]), whole[0], **EXACT)
    with tagger.stream(3) as stream:
        assert stream.step([x[0] for x in X[:3]]).shape == (3,)
        chunks = stream.feed([x[1:] for x in X[:3]])
    for labels, x, probabilities in zip(chunks, X[:3], whole[:3], strict=True):
        assert len(labels) == len(x) - 1
        np.testing.assert_array_equal(labels, tagger.classes_[probabilities.argmax(axis=1)][1:])


def test_summary_names_the_parts(capsys):
    words = [["the", "dog"], ["cats"]] * 6
    tags = [["DET", "NOUN"], ["NOUN"]] * 6
    tokens = SequenceTokenizer(analyzer=list, characters=5).fit_transform(words)
    tagger = LSTMTagger(**SMALL, output_layer="crf").fit(tokens, tags)
    tagger.summary()
    table = capsys.readouterr().out
    assert "WordCharacterEmbedding" in table
    assert "CRFHead" in table
    assert "(batch, time, 2)" in table
    counted = sum(p.numel() for p in tagger.module_.parameters() if p.requires_grad)
    assert f"trained parameters: {counted:,}" in table


# Training, against steps written out by hand


def weighted_loss(module, X, targets, weights, has_crf):
    """Return the weighted mean loss over all steps, computed sequence by sequence."""
    total = 0.0
    for x, target, weight in zip(X, targets, weights, strict=True):
        inputs = torch.tensor(x, dtype=torch.float32)[None]
        scores = module(inputs, torch.tensor([len(x)]))[0]
        if has_crf:
            crf = module.output.crf
            conditional = crf_conditionals(scores, crf, target)
        else:
            conditional = scores.log_softmax(1)[torch.arange(len(x)), torch.tensor(target)]
        total = total - (conditional * torch.tensor(weight)).sum()
    return total / np.concatenate(weights).sum()


def crf_conditionals(scores, crf, target):
    """Return log p(label | labels before it) by summing over all label sequences."""
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
    start = clone(tagger).set_params(max_epochs=1, learning_rate=1e-30)
    start = start.fit(X, y, sample_weight=given).module_  # which standardises with the weights
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


def test_a_crf_in_chunks_conditions_on_the_label_before():
    """At a learning rate near 0 the loss is that of chunks, each given the label before."""
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
def test_labels_may_depend_on_the_first_and_the_last_step(output_layer):
    rng = np.random.default_rng(0)
    X = [np.zeros((k, 2)) for k in rng.integers(4, 9, size=300)]
    y = []
    for x in X:
        x[0, 0], x[-1, 1] = rng.choice([-1.0, 1.0], size=2)
        y.append(np.repeat(int(x[0, 0] > 0) * 2 + int(x[-1, 1] > 0), len(x)))
    tagger = LSTMTagger(16, dropout=0.0, max_epochs=20, learning_rate=0.01, random_state=0)
    tagger.set_params(output_layer=output_layer)
    assert tagger.fit(X[:200], y[:200]).score(X[200:], y[200:]) > 0.99
    # A model that reads forward only has to guess between two of the four labels.
    forward = clone(tagger).set_params(bidirectional=False, output_layer="softmax")
    assert forward.fit(X[:200], y[:200]).score(X[200:], y[200:]) < 0.8


def test_a_crf_learns_which_label_follows_which():
    """The labels alternate, and a third of the steps reveal their own."""
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
    crf = tagger.set_params(output_layer="crf").fit(X[:150], y[:150]).score(X[150:], y[150:])
    assert crf > 0.97 > softmax


def test_parts_of_speech_beyond_the_most_frequent_tag(data_dir):
    """On 600 sentences of real data, unseen words are tagged by their spelling."""
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
    # Rare words are mostly nouns; a tagger without characters learns little more than that.
    assert np.mean(found[unseen] == expected[unseen]) > 0.6 > np.mean(expected[unseen] == "NOUN")
