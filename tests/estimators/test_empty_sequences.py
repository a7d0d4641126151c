"""Sequences without steps, where every step has a target."""

import numpy as np
import pandas as pd
import pytest
from sklearn.utils import get_tags

from sklstm import LSTMRegressor, LSTMTagger, SequenceTokenizer

RNG = np.random.default_rng(0)
X = [RNG.normal(size=(RNG.integers(1, 6), 2)) for _ in range(12)]
Y = [np.where(x[:, 0] > 0, "p", "n") for x in X]
NOTHING = np.empty((0, 2))
KEPT = [i for i in range(14) if i not in (3, 13)]
SMALL = {"hidden_size": 3, "max_epochs": 2, "random_state": 0}
METHODS = ("predict", "predict_proba", "predict_log_proba")


def with_empty(items, empty):
    return [*items[:3], empty, *items[3:], empty]


XE, YE = with_empty(X, NOTHING), with_empty(Y, [])


def assert_equal(actual, expected):
    assert actual.dtype == expected.dtype == object
    for item, other in zip(actual, expected, strict=True):
        assert item.dtype == other.dtype
        np.testing.assert_array_equal(item, other)


VARIANTS = {
    "plain": {},
    "crf": {"output_layer": "crf"},
    "convolution": {"conv_filters": 3},
    "chunks": {"bidirectional": False, "bptt_length": 2},
}


@pytest.mark.parametrize("params", VARIANTS.values(), ids=VARIANTS.keys())
def test_fault_27_an_empty_sentence_gets_an_empty_array(params):
    tagger = LSTMTagger(**SMALL, **params).fit(X, Y)
    for name in METHODS:
        predict = getattr(tagger, name)
        expected, found = predict(X), predict(XE)
        assert found.shape == (14,)
        assert_equal(found[KEPT], expected)
        shape = (0,) if name == "predict" else (0, 2)
        for result in (*found[[3, 13]], *predict([NOTHING] * 2), *predict([[], []])):
            assert result.shape == shape
            assert result.dtype == expected[0].dtype
    weights = np.arange(14.0)
    assert tagger.score(XE, YE) == tagger.score(X, Y)
    assert tagger.score(XE, YE, weights) == tagger.score(X, Y, weights[KEPT])


@pytest.mark.parametrize("form", [list, pd.Series, lambda items: np.array(items, dtype=object)])
def test_fault_27_forms_of_empty_sentences(form):
    tagger = LSTMTagger(**SMALL).fit(X, Y)
    assert_equal(tagger.predict(form(XE)), tagger.predict(XE))
    one = LSTMTagger(**SMALL).fit([x[:, 0] for x in X], Y)
    assert_equal(
        one.predict(form([x[:, 0].tolist() for x in XE])), one.predict([x[:, :1] for x in XE])
    )


@pytest.mark.parametrize("params", VARIANTS.values(), ids=VARIANTS.keys())
def test_fault_27_empty_sentences_have_no_effect_in_training(params):
    weights, groups = np.arange(1.0, 15.0), np.arange(14) // 2
    for more in ({}, {"early_stopping": True, "validation_fraction": 0.3}):
        plain, empty = (LSTMTagger(**SMALL, **params, **more) for _ in range(2))
        plain.fit(X, Y, weights[KEPT], groups=groups[KEPT])
        empty.fit(XE, YE, weights, groups=groups)
        assert_equal(empty.predict_proba(X), plain.predict_proba(X))
    step_weights = [np.full(len(x), weight) for x, weight in zip(XE, weights, strict=True)]
    plain, empty = (LSTMTagger(**SMALL, **params).fit(X, Y) for _ in range(2))
    plain.partial_fit(X, Y, sample_weight=weights[KEPT])
    empty.partial_fit(XE, YE, sample_weight=step_weights)
    assert_equal(empty.predict_proba(X), plain.predict_proba(X))
    plain.fit(X, Y, X_val=X, y_val=Y)
    empty.fit(X, Y, X_val=XE, y_val=YE)
    assert empty.history_[0]["valid_loss"] == plain.history_[0]["valid_loss"]


def test_fault_27_sentences_that_are_all_empty():
    tagger = LSTMTagger(**SMALL).fit(X, Y)
    for bad in ([NOTHING] * 2, [[], []]):
        for fit in (tagger.fit, tagger.partial_fit):
            with pytest.raises(ValueError, match="X holds empty sequences only"):
                fit(bad, [[], []])
        with pytest.raises(ValueError, match=r"X_val.* empty sequences only"):
            tagger.fit(X, Y, X_val=bad, y_val=[[], []])
        with pytest.raises(ValueError, match="no step to score"):
            tagger.score(bad, [[], []])
    with pytest.raises(ValueError, match=r"y\[3\] has 1 values, but X\[3\] has 0 steps"):
        tagger.fit(XE, with_empty(Y, ["p"]))


def test_fault_27_tokens():
    tokenizer = SequenceTokenizer(analyzer=list)
    words, y = [["a", "b"], ["b"], ["a"]] * 4, [[0, 1], [1], [0]] * 4
    tagger = LSTMTagger(**SMALL).fit(tokenizer.fit_transform(words), y)
    with pytest.warns(UserWarning, match=r"the first is X\[1\]"):
        tokens = tokenizer.transform([["a", "b"], [], ["b"]])
    found = tagger.predict_proba(tokens)
    assert [item.shape for item in found] == [(2, 2), (0, 2), (1, 2)]
    assert_equal(found[[0, 2]], tagger.predict_proba(tokens[[0, 2]]))
    assert [len(item) for item in tagger.predict(tokens[[1]])] == [0]
    ids = LSTMTagger(**SMALL, input_type="tokens").fit([[4, 5], [0, 0], [6]], [[0, 1], [], [1]])
    assert [len(item) for item in ids.predict([[4], [], [0, 0]])] == [1, 0, 0]


def test_fault_27_padding_that_is_everything():
    padded = np.full((12, 5, 2), -9.0)
    for row, x in zip(padded, X, strict=True):
        row[: len(x)] = x
    tagger = LSTMTagger(**SMALL, padding_value=-9).fit(padded, Y)
    expected = tagger.predict(padded)
    padded[4] = -9.0
    found = tagger.predict(padded)
    assert len(found[4]) == 0
    assert_equal(np.delete(found, 4), np.delete(expected, 4))
    tagger.fit(padded, [*Y[:4], ["q"] * 5, *Y[5:]])  # labels of padding are not used
    assert tagger.classes_.tolist() == ["n", "p"]


def test_fault_27_states_and_streams_pass_empty_pieces():
    tagger = LSTMTagger(**SMALL, bidirectional=False).fit(X, Y)
    expected, state = tagger.predict(X, return_state=True)
    found, with_gaps = tagger.predict(XE, return_state=True)
    assert_equal(found[KEPT], expected)
    for name, part in with_gaps.parts.items():
        np.testing.assert_array_equal(part[KEPT], state.parts[name])
    found, after = tagger.predict([NOTHING] * 14, state=with_gaps, return_state=True)
    assert [len(item) for item in found] == [0] * 14
    for name, part in after.parts.items():
        np.testing.assert_array_equal(part, with_gaps.parts[name])
    with tagger.stream(2, response_method="predict_proba") as stream:
        first = stream.feed([X[0], NOTHING])
        second = stream.feed([NOTHING, X[0]])
        np.testing.assert_allclose(second[1], first[0], atol=1e-6)
        assert first[1].shape == second[0].shape == stream.feed([[], []])[0].shape == (0, 2)
        assert stream.n_steps.tolist() == [len(X[0])] * 2
    with tagger.stream() as stream:
        assert stream.feed([]).shape == (0,)
        np.testing.assert_array_equal(stream.feed(X[0]), expected[0])


def test_fault_27_a_stateful_model_predicts_empty_sentences_and_refuses_to_learn_from_them():
    params = {"bidirectional": False, "stateful": True, "batch_size": 3}
    tagger = LSTMTagger(**SMALL, **params).fit(X, Y)
    tagger.predict(X[:3])
    expected = tagger.predict_proba(X[3:6])
    tagger.reset_states().predict(X[:3])
    assert [len(item) for item in tagger.predict([NOTHING] * 3)] == [0] * 3
    assert_equal(tagger.predict_proba(X[3:6]), expected)
    with pytest.raises(ValueError, match=r"X\[3\] is an empty sequence; with stateful=True"):
        tagger.fit(XE, YE)


@pytest.mark.parametrize("loss", ["squared_error", "quantile", "poisson"])
def test_fault_27_numbers_of_steps(loss):
    numbers = [np.exp(x[:, 0]) for x in X]
    params = {**SMALL, "return_sequences": True, "loss": loss}
    plain = LSTMRegressor(**params).fit(X, numbers)
    empty = LSTMRegressor(**params).fit(XE, with_empty(numbers, []))
    assert_equal(empty.predict(X), plain.predict(X))
    assert_equal(plain.predict(XE)[KEPT], plain.predict(X))
    assert plain.predict(XE)[3].shape == plain.predict([NOTHING])[0].shape == (0,)
    assert plain.score(XE, with_empty(numbers, [])) == plain.score(X, numbers)
    if loss == "quantile":
        assert plain.predict_quantiles(XE)[3].shape == (0, 3)
        assert plain.predict_interval([NOTHING])[0].shape == (0, 2)


def test_fault_27_models_of_whole_sequences_still_refuse_empty_ones():
    model = LSTMRegressor(**SMALL).fit(X, np.arange(12.0))
    with pytest.raises(ValueError, match=r"X\[3\] is an empty sequence \(2 of 14 are\)"):
        model.predict(XE)


def test_fault_27_tags_tell_that_every_step_needs_a_target():
    for estimator in (LSTMTagger(), LSTMRegressor(return_sequences=True)):
        tags = get_tags(estimator)
        assert tags.target_tags.required
        assert not tags.input_tags.two_d_array
        assert tags.input_tags.three_d_array
    assert get_tags(LSTMRegressor()).input_tags.two_d_array
