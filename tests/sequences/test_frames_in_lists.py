"""Data frames inside a list are aligned by the names of their columns."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from contract.comparing import unchanged
from sklearn.base import clone

from sklstm import (
    AutoencoderClusterer,
    LSTMClassifier,
    LSTMRegressor,
    LSTMTagger,
    SequencePadder,
    SequenceScaler,
    WindowReshaper,
    make_windows,
)
from sklstm._sequences.reading import as_ragged

RNG = np.random.default_rng(0)
IN_ORDER = [
    pd.DataFrame({"a": RNG.normal(0, 1, n), "b": RNG.normal(6, 1, n)}) for n in (3, 5, 2, 4)
]
MIXED = [IN_ORDER[0], IN_ORDER[1][["b", "a"]], IN_ORDER[2], IN_ORDER[3][["b", "a"]]]
SWAPPED = [frame[["b", "a"]] for frame in IN_ORDER]
ARRAYS = [frame.to_numpy() for frame in IN_ORDER]
Y = [0, 1, 0, 1]
TAGS = [["p", "q", "p", "p", "q"][: len(frame)] for frame in IN_ORDER]
SMALL = {"hidden_size": 3, "max_epochs": 2, "random_state": 0}


def polars_frame(frame):
    return pytest.importorskip("polars").DataFrame({name: frame[name].to_list() for name in frame})


def arrow_table(frame):
    return pytest.importorskip("pyarrow").table({name: frame[name].to_list() for name in frame})


def boxed(items):
    return np.fromiter(items, dtype=object, count=len(items))


FORMS = {
    "list": list,
    "tuple": tuple,
    "object array": boxed,
    "Series": lambda frames: pd.Series(boxed(frames)),
    "polars": lambda frames: [polars_frame(frame) for frame in frames],
    "pyarrow": lambda frames: [arrow_table(frame) for frame in frames],
    "some of polars": lambda frames: [polars_frame(frames[0]), *frames[1:]],
}
ESTIMATORS = {
    "classifier": (LSTMClassifier(**SMALL), Y, "predict_proba"),
    "regressor": (LSTMRegressor(**SMALL), [0.0, 1.0, 2.0, 5.0], "predict"),
    "tagger": (LSTMTagger(**SMALL), TAGS, "predict_proba"),
    "clusterer": (
        AutoencoderClusterer(
            2, n_components=2, max_epochs=2, clustering_epochs=1, hidden_size=3, random_state=0
        ),
        None,
        "transform",
    ),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_fault_05_columns_have_the_order_of_the_first_frame(form):
    for frames, columns, order in [(MIXED, ("a", "b"), [0, 1]), (SWAPPED, ("b", "a"), [1, 0])]:
        sequences = as_ragged(form(frames), dtype=None)
        np.testing.assert_array_equal(sequences.values, np.concatenate(ARRAYS)[:, order])
        assert sequences.columns == columns


@pytest.mark.parametrize(("estimator", "y", "method"), ESTIMATORS.values(), ids=ESTIMATORS.keys())
def test_fault_05_fit_and_predict_do_not_depend_on_the_order_of_columns(estimator, y, method):
    def fitted(X):
        return clone(estimator).fit(X, y)

    expected = getattr(fitted(ARRAYS), method)(ARRAYS)
    model = fitted(MIXED)
    assert not hasattr(model, "feature_names_in_")
    for X in (MIXED, SWAPPED, IN_ORDER, ARRAYS):
        found = getattr(model, method)(X)
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_array_equal(one, other)


def test_fault_05_training_continues_with_the_columns_of_the_first_fit():
    expected = LSTMClassifier(**SMALL).partial_fit(ARRAYS, Y).partial_fit(ARRAYS, Y)
    model = LSTMClassifier(**SMALL).partial_fit(MIXED, Y).partial_fit(SWAPPED, Y)
    np.testing.assert_array_equal(model.predict_proba(SWAPPED), expected.predict_proba(ARRAYS))
    watched = LSTMClassifier(early_stopping=True, **SMALL)
    scores = [
        watched.fit(X, Y, X_val=X_val, y_val=Y).history_[-1]["valid_loss"]
        for X, X_val in [(ARRAYS, ARRAYS), (MIXED, SWAPPED)]
    ]
    assert scores[0] == scores[1]


def test_fault_05_streams_read_rows_and_chunks_by_name():
    model = LSTMClassifier(bidirectional=False, **SMALL).fit(IN_ORDER, Y)
    frame = IN_ORDER[1]
    expected = model.predict_proba([frame.to_numpy()])[0]
    for read in (frame, SWAPPED[1], frame.to_numpy()):
        stream = model.stream(response_method="predict_proba")
        np.testing.assert_allclose(stream.feed(read), expected, atol=1e-6)
    stream = model.stream(response_method="predict_proba")
    for i in range(len(frame)):
        result = stream.step(SWAPPED[1].iloc[i])
    np.testing.assert_allclose(result, expected, atol=1e-6)
    several = model.stream(2, response_method="predict_proba")
    np.testing.assert_array_equal(
        several.step(SWAPPED[1][:2]),
        model.stream(2, response_method="predict_proba").step(ARRAYS[1][:2]),
    )


@pytest.mark.parametrize("transformer", [SequenceScaler(), SequencePadder(padding_value=-1.0)])
def test_fault_05_transformers_align_by_name(transformer):
    expected = clone(transformer).fit(ARRAYS)
    for fit_on in (MIXED, IN_ORDER):
        fitted = clone(transformer).fit(fit_on)
        for X in (MIXED, SWAPPED):
            for one, other in zip(fitted.transform(X), expected.transform(ARRAYS), strict=True):
                np.testing.assert_array_equal(one, other)
    continued = SequenceScaler().partial_fit(IN_ORDER[:2]).partial_fit(SWAPPED[2:])
    np.testing.assert_allclose(continued.scaler_.mean_, np.concatenate(ARRAYS).mean(axis=0))


def test_fault_05_windows_and_targets_of_steps_align_by_name():
    np.testing.assert_array_equal(make_windows(MIXED, window=2).X, make_windows(ARRAYS, window=2).X)
    np.testing.assert_array_equal(
        make_windows(ARRAYS, MIXED, window=2).y, make_windows(ARRAYS, ARRAYS, window=2).y
    )
    regressor = LSTMRegressor(return_sequences=True, **SMALL)
    expected = regressor.fit(ARRAYS, ARRAYS).predict(ARRAYS)
    for one, other in zip(regressor.fit(ARRAYS, MIXED).predict(ARRAYS), expected, strict=True):
        np.testing.assert_array_equal(one, other)
    reshaper = WindowReshaper(mode="trailing", window=2).fit(IN_ORDER[1])
    np.testing.assert_array_equal(
        reshaper.inverse_transform([IN_ORDER[1], SWAPPED[3]]),
        [ARRAYS[1][-1], ARRAYS[3][-1]],
    )


RENAMED = IN_ORDER[1].rename(columns={"b": "c"})
TWICE = pd.DataFrame(np.ones((2, 2)), columns=["a", "a"])
BAD = {
    "other name": ([IN_ORDER[0], RENAMED], r"X\[1\] has the columns \['a', 'c'\].*X\[0\] has "
                   r"\['a', 'b'\]; missing: \['b'\]; unexpected: \['c'\]"),
    "one more": ([IN_ORDER[0], IN_ORDER[1].assign(c=1.0)], r"X\[1\].*unexpected: \['c'\]"),
    "one less": ([IN_ORDER[0], IN_ORDER[1][["a"]]], r"X\[1\].*missing: \['b'\]"),
    "array between": ([IN_ORDER[0], np.ones((2, 2)), SWAPPED[2]],
                      r"X\[2\] has its columns in another order.*X\[1\] has no column names"),
    "twice": ([IN_ORDER[0], TWICE], r"X\[1\] has the columns \['a', 'a'\].*missing: \['b'\]"),
    "twice in another order": (
        [pd.DataFrame(np.ones((2, 3)), columns=list(names)) for names in ("aab", "aba")],
        r"X\[1\].*occur more than once",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("X", "message"), BAD.values(), ids=BAD.keys())
def test_fault_05_columns_that_cannot_be_aligned_are_refused(X, message):
    reads = [
        lambda: LSTMClassifier(**SMALL).fit(X, Y[: len(X)]),
        lambda: SequenceScaler().fit(X),
        lambda: SequencePadder().fit(X),
        lambda: AutoencoderClusterer(2).fit(X),
        lambda: make_windows(X, window=1),
    ]
    for read in reads:
        with pytest.raises(ValueError, match=message):
            read()


def test_fault_05_later_frames_have_the_columns_of_fit():
    model = LSTMClassifier(**SMALL).fit(MIXED, Y)
    scaler = SequenceScaler().fit(MIXED)
    message = r"X\[1\] has the columns \['a', 'c'\], but the X of fit has \['a', 'b'\]; missing"
    with unchanged(model, ARRAYS):
        for read in (model.predict, scaler.transform, lambda X: model.partial_fit(X, [0, 1])):
            with pytest.raises(ValueError, match=message):
                read([IN_ORDER[0], RENAMED])
        with pytest.raises(ValueError, match=r"X\[0\] .*another order.*X\[1\] has no column names"):
            model.predict([SWAPPED[0], ARRAYS[1]])


def test_fault_05_frames_without_names_are_read_by_position():
    numbered = [pd.DataFrame(array) for array in ARRAYS]
    some = [IN_ORDER[0], ARRAYS[1], numbered[2], IN_ORDER[3]]
    for X in (numbered, some, numbered[:1] + IN_ORDER[1:]):
        np.testing.assert_array_equal(as_ragged(X, dtype=None).values, np.concatenate(ARRAYS))
    assert as_ragged([TWICE, TWICE]).values.tolist() == [[1.0, 1.0]] * 4
    with pytest.raises(ValueError, match=r"X\[1\] .*another order.*X\[2\] has no column names"):
        as_ragged([IN_ORDER[0], SWAPPED[1], numbered[2]])
    expected = LSTMClassifier(**SMALL).fit(ARRAYS, Y).predict_proba(ARRAYS)
    for fit_on, X in [
        (numbered, [frame[[1, 0]] for frame in numbered]),  # numbers in another order
        (numbered, IN_ORDER),
        (IN_ORDER, numbered),
    ]:
        found = LSTMClassifier(**SMALL).fit(fit_on, Y).predict_proba(X)
        np.testing.assert_array_equal(found, expected)
