"""Streams: one step or a chunk at a time, for one sequence or many."""

import numpy as np
import pytest

from sklstm import LSTMClassifier, LSTMRegressor, SequenceTokenizer

SMALL = {"bidirectional": False, "hidden_size": 5, "max_epochs": 2, "random_state": 0}
EXACT = {"atol": 1e-5, "rtol": 0}


@pytest.fixture(scope="module")
def X():
    rng = np.random.default_rng(0)
    return rng.normal(size=(12, 6, 2))


@pytest.fixture(scope="module")
def model(X):
    return LSTMClassifier(**SMALL).fit(X, list("ab") * 6)


def test_one_sequence_step_by_step(model, X):
    with model.stream(response_method="predict_proba") as stream:
        for t, step in enumerate(X[0], start=1):
            proba = stream.step(step)
            assert proba.shape == (2,)
            np.testing.assert_allclose(proba, model.predict_proba(X[:1, :t])[0], **EXACT)
        assert stream.n_steps.tolist() == [6]
    with model.stream() as stream:
        labels = [stream.step(list(step)) for step in X[0]]
    assert labels == [model.predict(X[:1, :t])[0] for t in range(1, 7)]


def test_several_sequences_side_by_side(model, X):
    with model.stream(12, response_method="decision_function") as stream:
        for t in range(3):
            scores = stream.step(X[:, t])
        assert scores.shape == (12,)
        np.testing.assert_allclose(scores, model.decision_function(X[:, :3]), **EXACT)
        np.testing.assert_allclose(stream.feed(X[:, 3:]), model.decision_function(X), **EXACT)


def test_some_sequences_continue_and_others_wait(model, X):
    with model.stream(3, response_method="predict_proba") as stream:
        stream.step(X[:3, 0])
        proba = stream.step(X[[2, 0], 1], rows=[2, 0])
        np.testing.assert_allclose(proba, model.predict_proba(X[[2, 0], :2]), **EXACT)
        proba = stream.feed([X[1, 1:6]], rows=1)
        np.testing.assert_allclose(proba, model.predict_proba(X[1:2]), **EXACT)
        ragged = stream.feed([X[0, 2:5], X[2, 2:3]], rows=[0, 2])
        expected = model.predict_proba([X[0, :5], X[2, :3]])
        np.testing.assert_allclose(ragged, expected, **EXACT)
        assert stream.n_steps.tolist() == [5, 6, 3]
        stream.reset(1)
        assert stream.n_steps.tolist() == [5, 0, 3]
        again = stream.step(X[:3, 5])
        expected = model.predict_proba([X[0], X[1, 5:], np.vstack([X[2, :3], X[2, 5:]])])
        np.testing.assert_allclose(again, expected, **EXACT)


def test_sequences_may_continue_in_any_order(model, X):
    rng = np.random.default_rng(0)
    with model.stream(5, response_method="predict_proba") as stream:
        for t in range(6):
            order = rng.permutation(5)
            proba = stream.step(X[order, t], rows=order)
            expected = model.predict_proba(X[order, : t + 1])
            np.testing.assert_allclose(proba, expected, **EXACT)


@pytest.mark.parametrize(
    "form",
    [
        lambda x: x[::-1][::-1],
        lambda x: x[::-1].copy()[::-1],
        lambda x: x.astype(">f4"),
        lambda x: x.astype(np.longdouble),
        lambda x: x.tolist(),
        lambda x: np.broadcast_to(x, (1, 2))[0],
    ],
)
def test_a_step_may_have_any_memory_layout_and_dtype(model, X, form):
    with model.stream(response_method="predict_proba") as stream:
        expected = stream.step(X[0, 0])
        np.testing.assert_allclose(stream.reset().step(form(X[0, 0])), expected, **EXACT)


def test_ids_are_ids_however_they_come():
    tokens = SequenceTokenizer().fit_transform(["a good film", "a bad film"] * 6)
    model = LSTMClassifier(**SMALL).fit(tokens, [1, 0] * 6)
    with model.stream() as stream:
        for bad, message in [
            ([4.5, 5.0], "holds .* at step 0, but token ids are whole"),
            ([4, 2**40], r"holds the token id 1099511627776 at step 1"),
            (["good", "film"], r"X\[0\] holds strings"),
        ]:
            with pytest.raises(ValueError, match=message):
                stream.feed(bad)
        for bad in (2**40, -1):
            with pytest.raises(ValueError, match="not from 0 to 2147483647"):
                stream.step(bad)
        assert stream.n_steps.tolist() == [0]
        assert stream.feed([4, 5]) in (0, 1)


def test_a_stream_starts_from_a_state_and_returns_one(model, X):
    _, state = model.predict(X[:2, :3], return_state=True)
    with model.stream(2, state=state, response_method="predict_proba") as stream:
        stream.step(X[:2, 3])
        handed_on = stream.state
        stream.step(X[:2, 4])
    expected = model.predict_proba(X[:2, :5])
    np.testing.assert_allclose(model.predict_proba(X[:2, 4:5], state=handed_on), expected, **EXACT)
    assert len(stream.state) == 2  # also after closing


def test_another_fit_does_not_disturb_an_open_stream(X):
    model = LSTMClassifier(**SMALL).fit(X, list("ab") * 6)
    expected = model.predict_proba(X[:1])[0]
    with model.stream(response_method="predict_proba") as stream:
        stream.feed(X[0, :3])
        model.set_params(hidden_size=7).fit(X[:, :, :1], list("xyz") * 4)
        np.testing.assert_allclose(stream.feed(X[0, 3:]), expected, **EXACT)


def test_steps_of_one_number_and_of_words(X):
    numbers = X[:, :, 0]
    regressor = LSTMRegressor(**SMALL).fit(numbers, numbers.sum(axis=1))
    with regressor.stream() as stream:
        for t, number in enumerate(numbers[0], start=1):
            predicted = stream.step(number)
            assert predicted == pytest.approx(regressor.predict([numbers[0, :t]])[0], abs=1e-4)
        stream.reset()
        assert stream.feed(numbers[0]) == pytest.approx(predicted, abs=1e-4)
    with regressor.stream(12) as stream:
        np.testing.assert_allclose(stream.feed(numbers), regressor.predict(numbers), atol=1e-4)

    tokenizer = SequenceTokenizer()
    tokens = tokenizer.fit_transform(["good film", "a bad film", "good", "bad acting"] * 3)
    classifier = LSTMClassifier(**SMALL).fit(tokens, [1, 0] * 6)
    whole = classifier.predict_proba(tokens[:1])[0]
    for pieces in (
        [tokens[:1]],
        [tokenizer.transform(["good"]), tokenizer.transform(["film"])],
        [list(tokens[0])],
    ):
        with classifier.stream(response_method="predict_proba") as stream:
            for piece in pieces:
                proba = stream.feed(piece)
        np.testing.assert_allclose(proba, whole, **EXACT)
    with classifier.stream(response_method="predict_proba") as stream:
        for token in tokens[0]:
            proba = stream.step(token)
    np.testing.assert_allclose(proba, whole, **EXACT)


def test_steps_that_are_matrices():
    rng = np.random.default_rng(0)
    films = rng.normal(size=(6, 4, 5, 3))
    model = LSTMClassifier(**SMALL, step_conv_filters=2).fit(films, [0, 1] * 3)
    with model.stream(response_method="predict_proba") as stream:
        for frame in films[0]:
            proba = stream.step(frame)
        np.testing.assert_allclose(proba, model.predict_proba(films[:1])[0], **EXACT)
        stream.reset()
        np.testing.assert_allclose(stream.feed(films[0]), proba, **EXACT)


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda s: s.step([1.0, 2.0, 3.0]), ValueError, r"shape \(3,\), but a step.*has 2 numbers"),
        (lambda s: s.step(1.0), ValueError, r"shape \(\), but a step of this stream has 2"),
        (lambda s: s.step([1.0, np.nan]), ValueError, r"x holds NaN or infinity, .*: \[1.0, nan\]"),
        (lambda s: s.step([1e300, 1.0]), ValueError, "a value too large for float32"),
        (lambda s: s.step(["a", "b"]), ValueError, "x has dtype <U1, but this model reads numbers"),
        (lambda s: s.step([[1.0], [2.0, 3.0]]), ValueError, "x cannot be read as a step"),
        (lambda s: s.feed(np.empty((0, 2))), ValueError, r"X\[0\] is an empty sequence"),
        (lambda s: s.feed(np.ones((3, 1))), ValueError, "X has 1 features, but LSTMClassifier"),
        (lambda s: s.step([1.0, 2.0], rows=1), ValueError, "rows=1 must name some.*1 sequences"),
        (lambda s: s.step([1.0, 2.0], rows=[]), ValueError, "rows="),
        (lambda s: s.step([1.0, 2.0], rows=[0, 0]), ValueError, "must be different ints"),
    ],
)
def test_a_bad_step_leaves_the_stream_as_it_was(model, X, call, kind, message):
    with model.stream(response_method="predict_proba") as stream:
        stream.feed(X[0, :3])
        before = stream.state
        with pytest.raises(kind, match=message):
            call(stream)
        for name, part in stream.state.parts.items():
            np.testing.assert_array_equal(part, before.parts[name])
        np.testing.assert_allclose(stream.feed(X[0, 3:]), model.predict_proba(X[:1])[0], **EXACT)


def test_chunks_of_fewer_sequences_than_the_stream_has(model, X):
    with (
        model.stream(3) as stream,
        pytest.raises(ValueError, match=r"chunks of 2.*3 are expected"),
    ):
        stream.feed(X[:2])


def test_chunks_after_the_stream_was_closed(model, X):
    with model.stream() as stream:
        stream.step(X[0, 0])
    for call in (lambda: stream.step(X[0, 0]), lambda: stream.feed(X[0]), stream.reset):
        with pytest.raises(ValueError, match="the stream was closed; open another"):
            call()
    assert repr(stream) == "<stream of 1 sequence into LSTMClassifier, closed>"
    stream.close()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_sequences": 0}, "n_sequences=0 must be an int of at least 1"),
        ({"n_sequences": True}, "n_sequences=True must be an int"),
        ({"n_sequences": 1.5}, "n_sequences=1.5 must be an int"),
        ({"response_method": "transform"}, "response_method='transform' must be one of"),
    ],
)
def test_a_stream_that_cannot_be_opened(model, arguments, message):
    with pytest.raises(ValueError, match=message):
        model.stream(**arguments)
