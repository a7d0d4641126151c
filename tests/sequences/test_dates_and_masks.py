"""Dates in the place of numbers, and masked entries, are refused wherever they are given."""

from __future__ import annotations

import datetime

import numpy as np
import pandas as pd
import pytest
from contract.comparing import unchanged
from sklearn.linear_model import LogisticRegression

from sklstm import (
    AutoencoderClusterer,
    Doc2VecVectorizer,
    LSTMClassifier,
    LSTMRegressor,
    LSTMTagger,
    SequencePadder,
    SequenceScaler,
    SequenceTokenizer,
    WindowReshaper,
    make_windows,
)
from sklstm._sequences.arrays import check_entries, is_missing
from sklstm.metrics import clustering_accuracy, token_accuracy_score

SMALL = {"hidden_size": 3, "max_epochs": 2, "random_state": 0}
TABLE = np.arange(8.0).reshape(4, 2)
RAGGED = [np.array(item) for item in ([0.1, 0.9], [0.2], [0.8, 0.8, 0.7], [0.0, 0.1])]
Y = [0, 1, 0, 1]
NUMBERS = [0.5, 1.0, 2.0, 4.0]
DATES = pd.date_range("2020-01-01", periods=4)
NOT_A_TIME = np.array(["2020-01-01", "NaT", "2020-01-03", "2020-01-04"], "M8[D]")


def clusterer():
    return AutoencoderClusterer(n_clusters=2, max_epochs=1, clustering_epochs=1, random_state=0)


def polars_frame():
    return pytest.importorskip("polars").DataFrame({"when": DATES.date.tolist(), "b": NUMBERS})


def arrow_table():
    return pytest.importorskip("pyarrow").table({"when": DATES.date.tolist(), "b": NUMBERS})


def arrow_lists():
    return pytest.importorskip("pyarrow").array([[day] for day in DATES.date])


ROWS = {
    "datetime64": lambda: DATES.to_numpy().reshape(4, 1),
    "datetime64 (n, T, F)": lambda: DATES.to_numpy().reshape(2, 2, 1)[[0, 1, 0, 1]],
    "timedelta64": lambda: (DATES - DATES[0]).to_numpy().reshape(4, 1),
    "NaT": lambda: NOT_A_TIME[:, None],
    "index": lambda: DATES,
    "objects": lambda: np.array([[day, 1.0] for day in DATES], dtype=object),
    "numpy in lists": lambda: [[1.0, np.datetime64("2020-01-01")]] * 4,
    "NaT in lists": lambda: [[1.0, np.datetime64("NaT")]] * 4,
    "pandas' NaT in lists": lambda: [[1.0, pd.NaT]] * 4,
    "durations in lists": lambda: [[1.0, np.timedelta64(3, "D")]] * 4,
    "Timestamps": lambda: [[day, 1.0] for day in DATES],
    "datetime.date": lambda: [[day, 1.0] for day in DATES.date],
    "datetime.timedelta": lambda: [[datetime.timedelta(1), 1.0]] * 4,
    "datetime.time": lambda: [[datetime.time(1), 1.0]] * 4,
    "nested lists": lambda: [[[1.0, np.datetime64("2020-01-01")]] * 3] * 4,
    "arrays": lambda: [np.array([day]) for day in NOT_A_TIME],
    "object arrays": lambda: [np.array([1.0, day], dtype=object) for day in NOT_A_TIME],
    "Series in a list": lambda: [pd.Series(DATES)] * 4,
    "frames in a list": lambda: [pd.DataFrame({"when": DATES, "b": NUMBERS})] * 4,
    "frame": lambda: pd.DataFrame({"when": DATES}),
    "frame with numbers": lambda: pd.DataFrame({"b": NUMBERS, "when": DATES}),
    "frame with NaT": lambda: pd.DataFrame({"when": NOT_A_TIME}),
    "frame with a zone": lambda: pd.DataFrame({"when": DATES.tz_localize("UTC"), "b": NUMBERS}),
    "frame of durations": lambda: pd.DataFrame({"when": DATES - DATES[0]}),
    "frame of objects": lambda: pd.DataFrame({"when": DATES.date, "b": NUMBERS}),
    "frame of periods": lambda: pd.DataFrame({"when": DATES.to_period("D")}),
    "frame of categories": lambda: pd.DataFrame({"when": pd.Categorical(DATES)}),
    "polars": polars_frame,
    "pyarrow table": arrow_table,
    "pyarrow lists": arrow_lists,
}  # fmt: skip


def only_X(method):
    return lambda X, y: method(X)


def validated(X, y):
    return LSTMClassifier(**SMALL).fit(RAGGED, y, X_val=X, y_val=y)


READERS = {
    "classifier": lambda: LSTMClassifier(**SMALL).fit,
    "partial_fit": lambda: LSTMClassifier(**SMALL).partial_fit,
    "predict": lambda: only_X(LSTMClassifier(**SMALL).fit(RAGGED, Y).predict),
    "nan padding": lambda: LSTMClassifier(padding_value=np.nan, **SMALL).fit,
    "X_val": lambda: validated,
    "scaler": lambda: SequenceScaler().fit,
    "scale": lambda: only_X(SequenceScaler().fit(RAGGED).transform),
    "padder": lambda: SequencePadder().fit,
    "pad": lambda: only_X(SequencePadder().fit(RAGGED).pad),
    "table": lambda: clusterer().fit,
    "clusters": lambda: only_X(clusterer().fit(TABLE).predict),
    "reshaper": lambda: WindowReshaper().fit,
    "reshape": lambda: only_X(WindowReshaper(mode="trailing", window=2).fit(TABLE).transform),
    "windows": lambda: only_X(lambda X: make_windows(X, window=1)),
}


@pytest.mark.parametrize("reader", READERS.keys())
def test_fault_06_dates_in_X_are_refused(reader):
    read = READERS[reader]()
    for name, make in ROWS.items():
        if reader in ("reshaper", "reshape") and name in ("Series in a list", "frames in a list"):
            continue  # no table
        X = make()
        with pytest.raises((TypeError, ValueError), match=r"X(_val|\[| )") as raised:
            read(X, Y)
        assert "days since" in str(raised.value), name


def test_fault_06_the_message_names_the_first_date():
    model = LSTMClassifier(**SMALL).fit(RAGGED, Y)
    with unchanged(model, RAGGED):
        for X, message in [
            ([[1.0], [2.0, np.datetime64("NaT")]], r"X\[1\]\[1\] has dtype datetime64"),
            ([RAGGED[0], DATES.to_numpy()], r"X\[1\] has dtype datetime64"),
            (ROWS["frame with numbers"](), r"X has the column 'when' of dates .*Leave it out"),
            (ROWS["frame of objects"](), r"X\['when'\]\[0\] is datetime.date.*, a date, not"),
            (np.array([[1.0, DATES[0]]], dtype=object), r"X\[0\]\[1\] is Timestamp"),
        ]:  # fmt: skip
            with pytest.raises(TypeError, match=message):
                model.predict(X)
            with pytest.raises(TypeError, match=message):
                model.partial_fit(X, Y[: len(X)])


NO_NUMBERS = {
    "datetime64": DATES.to_numpy(),
    "timedelta64": (DATES - DATES[0]).to_numpy(),
    "Series": pd.Series(DATES),
    "Series with a time zone": pd.Series(DATES.tz_localize("UTC")),
    "frame": pd.DataFrame({"when": DATES}),
    "list": list(DATES),
    "datetime.date": list(DATES.date),
    "numpy": list(NOT_A_TIME),
    "NaT": NOT_A_TIME,
    "objects": np.array(DATES, dtype=object),
}


@pytest.mark.parametrize("dates", NO_NUMBERS.values(), ids=NO_NUMBERS.keys())
def test_fault_06_dates_are_no_numbers_to_predict_and_no_weights(dates):
    regressor = LSTMRegressor(**SMALL).fit(RAGGED, NUMBERS)
    classifier = LSTMClassifier(**SMALL).fit(RAGGED, Y)
    calls = {
        "y": [
            lambda: LSTMRegressor(**SMALL).fit(RAGGED, dates),
            lambda: regressor.partial_fit(RAGGED, dates),
            lambda: regressor.score(RAGGED, dates),
        ],
        "y_val": [lambda: LSTMRegressor(**SMALL).fit(RAGGED, NUMBERS, X_val=RAGGED, y_val=dates)],
        "sample_weight": [
            lambda: LSTMRegressor(**SMALL).fit(RAGGED, NUMBERS, dates),
            lambda: classifier.partial_fit(RAGGED, Y, sample_weight=dates),
            lambda: regressor.score(RAGGED, NUMBERS, dates),
            lambda: classifier.score(RAGGED, Y, dates),
            lambda: clusterer().fit(TABLE, sample_weight=dates),
        ],
    }
    with unchanged(regressor, RAGGED), unchanged(classifier, RAGGED):
        for name, makers in calls.items():
            for call in makers:
                with pytest.raises(TypeError, match=rf"^{name}(\[0\])? .*days since"):
                    call()


def test_fault_06_dates_of_steps_are_refused():
    regressor = LSTMRegressor(return_sequences=True, **SMALL)
    days = [np.arange(len(item)).astype("m8[D]") for item in RAGGED]
    with pytest.raises(TypeError, match=r"y\[0\] has dtype timedelta64"):
        regressor.fit(RAGGED, days)
    regressor.fit(RAGGED, RAGGED)
    with pytest.raises(TypeError, match=r"sample_weight\[0\] has dtype timedelta64"):
        regressor.score(RAGGED, RAGGED, days)
    with pytest.raises(TypeError, match=r"y\[0\] has dtype timedelta64"):
        regressor.score(RAGGED, days)


def test_fault_06_dates_are_labels_as_in_scikit_learn():
    labels = DATES.to_numpy()[[0, 1, 0, 1]]
    expected = LSTMClassifier(**SMALL).fit(RAGGED, Y)
    codes = np.unique(labels)
    reference = LogisticRegression().fit(TABLE, labels)
    for y in (labels, pd.Series(labels), list(labels)):
        model = LSTMClassifier(**SMALL).fit(RAGGED, y)
        np.testing.assert_array_equal(model.classes_, reference.classes_)
        np.testing.assert_array_equal(model.predict(RAGGED), codes[expected.predict(RAGGED)])
        assert model.score(RAGGED, y) == expected.score(RAGGED, Y)
    tagger = LSTMTagger(**SMALL).fit(TABLE, [labels[:2]] * 4)
    assert {day for row in tagger.predict(TABLE) for day in row} <= set(labels)
    groups = LSTMClassifier(early_stopping=True, **SMALL)
    by_date = groups.fit(RAGGED, Y, groups=DATES).predict_proba(RAGGED)
    by_number = groups.fit(RAGGED, Y, groups=[0, 1, 2, 3]).predict_proba(RAGGED)
    np.testing.assert_array_equal(by_date, by_number)


def test_fault_06_no_label_and_no_group_is_NaT():
    for y in (NOT_A_TIME, pd.Series(NOT_A_TIME), list(NOT_A_TIME)):
        with pytest.raises(ValueError, match=r"y\[1\] is missing \(NaT\)"):
            LSTMClassifier(**SMALL).fit(RAGGED, y)
        with pytest.raises(ValueError, match=r"groups\[1\] is missing \(NaT\)"):
            LSTMClassifier(early_stopping=True, **SMALL).fit(RAGGED, Y, groups=y)
    with pytest.raises(ValueError, match=r"y\[1\]\[0\] is missing \(NaT\)"):
        LSTMTagger(**SMALL).fit(TABLE, [NOT_A_TIME[[0, 2]], NOT_A_TIME[[1, 2]]] * 2)
    texts = ["good film", "bad film", "good", "bad"]
    vectorizer = Doc2VecVectorizer(vector_size=2, min_count=1, epochs=1, tags="labels")
    with pytest.raises(ValueError, match=r"missing labels, the first at y\[1\]"):
        vectorizer.fit(texts, NOT_A_TIME.astype("M8[ns]"))
    labels = NOT_A_TIME[[0, 2, 0, 2]].astype("M8[ns]")
    assert list(vectorizer.fit(texts, labels).label_classes_) == sorted(set(labels))


def test_fault_06_times_may_be_labels_and_groups_of_windows():
    found = make_windows(TABLE, DATES, window=2, groups=DATES.normalize()[[0, 0, 0, 0]])
    assert found.y.tolist() == DATES.to_numpy()[1:].tolist()
    indexed = make_windows(pd.DataFrame(TABLE, index=DATES), window=2)
    np.testing.assert_array_equal(indexed.X, make_windows(TABLE, window=2).X)


def masked(values, mask):
    return np.ma.array(values, mask=mask)


HIDDEN = [masked(item, [i == 2] * len(item)) for i, item in enumerate(RAGGED)]
BAD_MASKS = {
    "table": (masked(TABLE, TABLE == 3), r"X\[1\]\[1\] is masked \(1 of 8 entries are\)"),
    "3-D": (masked(TABLE[:, :, None], TABLE[:, :, None] > 5), r"X\[3\]\[0\]\[0\] is masked"),
    "items": (HIDDEN, r"X\[2\]\[0\] is masked"),
    "tuple": (tuple(HIDDEN), r"X\[2\]\[0\] is masked"),
    "objects": (np.fromiter(HIDDEN, dtype=object, count=4), r"X\[2\]\[0\] is masked"),
    "constant": ([[1.0, 2.0], [1.0, np.ma.masked]] * 2, r"X\[1\]\[1\] is masked, and masks"),
    "Series": (pd.Series(HIDDEN), r"X\[2\]\[0\] is masked"),
}


@pytest.mark.parametrize("reader", READERS.keys())
def test_fault_07_masked_entries_of_X_are_refused(reader):
    read = READERS[reader]()
    for name, (X, message) in BAD_MASKS.items():
        if reader in ("reshaper", "reshape") and name == "Series":
            continue  # no table
        with pytest.raises(ValueError, match=message):
            read(X, Y)


def test_fault_07_masked_targets_weights_and_groups_are_refused():
    hidden = masked(Y, [0, 0, 1, 0])
    steps = [masked(item, i == 2) for i, item in enumerate(RAGGED)]
    stepwise = LSTMRegressor(return_sequences=True, **SMALL).fit(RAGGED, RAGGED)
    classifier = LSTMClassifier(**SMALL).fit(RAGGED, Y)
    regressor = LSTMRegressor(**SMALL).fit(RAGGED, NUMBERS)
    with unchanged(classifier, RAGGED), unchanged(regressor, RAGGED), unchanged(stepwise, RAGGED):
        for call, message in [
            (lambda: classifier.fit(RAGGED, hidden), r"y\[2\] is masked \(1 of 4"),
            (lambda: classifier.partial_fit(RAGGED, hidden), r"y\[2\] is masked"),
            (lambda: classifier.score(RAGGED, hidden), r"y\[2\] is masked"),
            (lambda: classifier.score(RAGGED, Y, hidden), r"sample_weight\[2\] is masked"),
            (lambda: classifier.fit(RAGGED, Y, hidden), r"sample_weight\[2\] is masked"),
            (lambda: classifier.fit(RAGGED, [0, np.ma.masked, 1, 0]), r"y\[1\] is masked"),
            (lambda: classifier.fit(RAGGED, ["a", np.ma.masked, "b", "a"]), r"y\[1\] is masked"),
            (lambda: regressor.fit(RAGGED, hidden), r"y\[2\] is masked"),
            (lambda: regressor.score(RAGGED, hidden), r"y\[2\] is masked"),
            (lambda: stepwise.fit(RAGGED, steps), r"y\[2\]\[0\] is masked"),
            (lambda: stepwise.score(RAGGED, steps), r"y\[2\]\[0\] is masked"),
            (lambda: stepwise.fit(RAGGED, RAGGED, steps), r"sample_weight\[2\]\[0\] is masked"),
            (lambda: clusterer().fit(TABLE, None, hidden), r"sample_weight\[2\] is masked"),
            (lambda: make_windows(TABLE, hidden, window=1), r"y\[2\] is masked"),
            (lambda: make_windows(TABLE, groups=hidden, window=1), r"groups\[2\] is masked"),
            (
                lambda: LSTMClassifier(early_stopping=True).fit(RAGGED, Y, groups=hidden),
                r"groups\[2\] is masked",
            ),
            (
                lambda: SequencePadder().fit(TABLE).inverse_transform(masked(TABLE, TABLE == 2)),
                r"X\[1\]\[0\] is masked",
            ),
            (
                lambda: SequenceTokenizer().fit(masked(["ab", "cd"], [0, 1])),
                r"X\[1\] is masked",
            ),
        ]:
            with pytest.raises(ValueError, match=message):
                call()
    stream = LSTMClassifier(bidirectional=False, **SMALL).fit(RAGGED, Y).stream()
    with pytest.raises(ValueError, match=r"x\[0\] is masked"):
        stream.step(masked([1.0], [1]))


def test_fault_07_metrics_and_embeddings_refuse_masks():
    y, hidden = [[0, 1], [1]], [masked([0, 1], [0, 1]), masked([1], [0])]
    weights, ids = masked([1.0, 2.0], [0, 1]), [[4, 5], [4]]
    vectors = masked(np.ones((6, 2)), np.eye(6, 2))
    given = LSTMClassifier(input_type="tokens", embeddings=vectors, **SMALL)
    tokenizer = SequenceTokenizer().fit(["ab cd"])
    for call, message in [
        (lambda: token_accuracy_score(hidden, y), r"y_true\[0\]\[1\] is masked"),
        (lambda: token_accuracy_score(y, hidden), r"y_pred\[0\]\[1\] is masked"),
        (lambda: token_accuracy_score(y, y, sample_weight=weights), r"weight\[1\] is masked"),
        (lambda: clustering_accuracy(masked([0, 1], [0, 1]), [0, 1]), r"y_true\[1\] is masked"),
        (
            lambda: clustering_accuracy([0, 1], [0, 1], sample_weight=weights),
            r"sample_weight\[1\] is masked",
        ),
        (lambda: given.fit(ids, [0, 1]), r"embeddings\[0\]\[0\] is masked"),
        (
            lambda: tokenizer.inverse_transform([masked([4, 5], [0, 1])]),
            r"X\[0\]\[1\] is masked",
        ),
    ]:
        with pytest.raises(ValueError, match=message):
            call()
    with pytest.raises(TypeError, match="sample_weight has dtype timedelta64"):
        token_accuracy_score(y, y, sample_weight=np.array([1, 2], "m8[D]"))


def test_fault_07_arrays_without_a_masked_entry_are_plain():
    expected = LSTMClassifier(**SMALL).fit(RAGGED, Y, NUMBERS).predict_proba(RAGGED)
    plain = [masked(item, False) for item in RAGGED]
    model = LSTMClassifier(**SMALL).fit(plain, masked(Y, False), masked(NUMBERS, False))
    for X in (plain, np.fromiter(plain, dtype=object, count=4)):
        np.testing.assert_array_equal(model.predict_proba(X), expected)
    table = masked(TABLE, np.zeros(TABLE.shape, dtype=bool))
    for transformer in (SequenceScaler(), SequencePadder(), WindowReshaper()):
        found = transformer.fit_transform(table)
        assert type(found) is np.ndarray
        np.testing.assert_array_equal(found, transformer.fit_transform(TABLE))
    windows = make_windows(table, masked(Y, False), window=2)
    np.testing.assert_array_equal(windows.X, make_windows(TABLE, window=2).X)
    assert type(windows.X) is np.ndarray


def test_missing_values_of_numpy():
    missing = [np.datetime64("NaT"), np.timedelta64("NaT"), np.ma.masked]
    assert all(map(is_missing, missing))
    assert not is_missing(np.datetime64("2020-01-01"))


def test_usual_entries_are_accepted():
    for values in (
        TABLE, TABLE.tolist(), Y, ["a", "b"], pd.Series(NUMBERS), pd.Series(["a", None]),
        pd.DataFrame({"a": NUMBERS, "b": ["x", "y", None, "z"]}), None, 5.0, RAGGED,
        pd.Series([1, None], dtype="Int64"), pd.Categorical(["a", "b"]),
    ):  # fmt: skip
        check_entries(values, "X")
