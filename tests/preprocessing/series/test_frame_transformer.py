"""FrameToSequences, the first step of a pipeline that reads long tables."""

import datetime
import inspect
import pickle

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from contract.coverage import CALLED
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklstm import (
    FrameToSequences,
    LSTMClassifier,
    LSTMTagger,
    SequenceScaler,
    SequenceTokenizer,
    frame_to_sequences,
)

SMALL = dict(hidden_size=4, max_epochs=1, random_state=0)


def visits(n_ids=20, seed=0):
    """Return a long table of pandas in random order: the pulse of those who are ill is high."""
    rng = np.random.default_rng(seed)
    rows = [
        dict(patient=f"p{i}", day=day, age=30 + i, ill=i % 2, pulse=70 + 20 * (i % 2) + day)
        for i in range(n_ids)
        for day in range(rng.integers(2, 6))
    ]
    frame = pd.DataFrame(rows).astype({"pulse": float})
    frame["event"] = np.where(frame["pulse"] > 80, "high", "low")
    return frame.sample(frac=1, random_state=seed).reset_index(drop=True)


FRAME = visits()
RESULT = frame_to_sequences(FRAME, id="patient", time="day", columns="pulse", y="ill")
LABELS = FRAME.groupby("patient")["ill"].first().loc[FRAME["patient"].unique()]
READ = FrameToSequences("patient", "day", ["pulse"])
KINDS = {
    "pandas": FRAME,
    "polars": pl.from_pandas(FRAME),
    "pyarrow": pa.Table.from_pandas(FRAME, preserve_index=False),
}


def assert_same(actual, expected):
    assert len(actual) == len(expected)
    for one, other in zip(actual, expected, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("check", CALLED, ids=lambda check: check.__name__)
def test_sklearn_checks_without_data(check):
    check("FrameToSequences", FrameToSequences())


@pytest.mark.parametrize("kind", KINDS)
def test_it_does_what_the_function_does(kind):
    frame = KINDS[kind]
    model = clone(READ)
    assert_same(model.fit_transform(frame), RESULT.X)
    assert_same(clone(READ).fit(frame).transform(frame), RESULT.X)
    assert model.columns_ == ["pulse"]
    assert model.n_features_in_ == FRAME.shape[1]
    assert model.get_feature_names_out().tolist() == ["sequence"]
    assert_same(model.set_params(time=["day"]).fit_transform(frame), RESULT.X)


def test_a_pipeline_from_long_table_to_labels():
    lstm = LSTMClassifier(hidden_size=8, max_epochs=30, learning_rate=0.05, random_state=0)
    model = make_pipeline(clone(READ), lstm).fit(FRAME, LABELS)
    new = visits(10, seed=1)
    labels = new.groupby("patient")["ill"].first().loc[new["patient"].unique()]
    assert model.score(new, labels) == 1.0
    # One patient alone, without the columns that are not read.
    one = new.loc[new["patient"] == "p3", ["day", "pulse", "patient"]]
    assert model.predict(one).tolist() == [1]
    assert pickle.loads(pickle.dumps(model)).predict(one).tolist() == [1]
    np.testing.assert_array_equal(model[-1].predict_proba(RESULT.X), model.predict_proba(FRAME))


def test_columns_of_fit_are_read_again():
    model = FrameToSequences("patient", "day").fit(FRAME)
    assert model.columns_ == ["age", "ill", "pulse"]
    assert model.feature_names_in_.tolist() == list(FRAME.columns)
    new = FRAME.assign(extra=1.0)[["extra", "pulse", "ill", "age", "day", "patient"]]
    assert_same(model.transform(new), model.transform(FRAME))
    with pytest.raises(ValueError, match="columns names the column 'age', but frame has"):
        model.transform(FRAME.drop(columns="age"))


def test_y_has_one_entry_for_each_id():
    with pytest.raises(ValueError, match=r"y has 75 entries, but X has 20 ids.*one entry for each "
                       r"row; frame_to_sequences"):  # fmt: skip
        clone(READ).fit(FRAME, FRAME["ill"])
    with pytest.raises(ValueError, match=r"y has 3 entries, but X has 20 ids in 'patient'"):
        make_pipeline(clone(READ), LSTMClassifier()).fit(FRAME, [0, 1, 0])


def test_the_index_of_y_may_not_be_the_ids_in_another_order():
    by_groupby = FRAME.groupby("patient")["ill"].first()  # sorted
    first = by_groupby.index[0]
    message = (
        rf"y.index\[0\] is '{first}', but .* number 0 in X is '{RESULT.ids[0]}'.*"
        r"y.loc\[frame\['patient'\].unique\(\)\]"
    )
    model = clone(READ)
    for labels in (by_groupby, by_groupby.to_frame()):
        with pytest.raises(ValueError, match=message):
            model.fit(FRAME, labels)
    assert not hasattr(model, "columns_")
    model.fit(FRAME, by_groupby.loc[FRAME["patient"].unique()])
    model.fit(FRAME, by_groupby.to_numpy())
    model.fit(FRAME, by_groupby.rename(str.upper))


def test_the_index_of_y_for_ids_of_several_columns_and_numbers():
    frame = pd.DataFrame({"a": [2, 2, 1, 0], "b": ["y", "x", "x", "z"], "v": [1.0, 2.0, 3.0, 4.0]})
    labels = frame.groupby(["a", "b"])["v"].first()
    model = FrameToSequences(["a", "b"], columns="v")
    with pytest.raises(ValueError, match=r"y.index\[0\] is \(0, 'z'\).*X is \(2, 'y'\)"):
        model.fit(frame, labels)
    with pytest.raises(ValueError, match=r"y.loc\[frame_to_sequences\(...\).ids\]"):
        model.fit(pl.from_pandas(frame), labels)
    model.fit(frame, labels.loc[frame_to_sequences(frame, id=["a", "b"], columns="v").ids])
    one = FrameToSequences("a", columns="v")
    with pytest.raises(ValueError, match=r"y.index\[0\] is 0, but"):
        one.fit(frame, frame.groupby("a")["v"].first())
    one.fit(frame, pd.Series([5, 6, 7]))  # a RangeIndex, which is a position


@pytest.mark.parametrize("kind", KINDS)
def test_the_columns_hold_what_they_held_in_fit(kind):
    numbers = FrameToSequences("patient", "day", ["age", "pulse"]).fit(KINDS[kind])
    strings = FrameToSequences("patient", "day", "event").fit(KINDS[kind])
    texts = FRAME.assign(pulse=FRAME["pulse"].astype(str))
    texts = {"pandas": texts, "polars": pl.from_pandas(texts), "pyarrow": pa.table(texts)}[kind]
    for model in (numbers, clone(READ).fit(KINDS[kind])):
        with pytest.raises(ValueError, match="'pulse' of X holds strings, but it held numbers"):
            model.transform(texts)
    with pytest.raises(ValueError, match="'event' of X holds numbers, but it held strings in fit"):
        strings.transform(FRAME.assign(event=1.0))
    assert_same(numbers.transform(FRAME.astype({"pulse": "Float32"})), numbers.transform(FRAME))


def test_a_failed_fit_changes_nothing():
    model = clone(READ).fit(FRAME)
    before = vars(model).copy()
    with pytest.raises(ValueError, match="y has 1 entries"):
        model.fit(FRAME[["patient", "day", "pulse"]], [1])
    assert vars(model) == before


def test_strings_for_the_tokenizer():
    model = make_pipeline(
        FrameToSequences("patient", "day", "event"),
        SequenceTokenizer(analyzer=list),
        LSTMTagger(**SMALL),
    )
    tags = frame_to_sequences(
        FRAME, id="patient", time=["day"], columns="pulse", y="event", per_step=True
    ).y
    fitted = model.fit(FRAME, tags)
    assert [len(own) for own in fitted.predict(FRAME)] == [len(own) for own in tags]


def test_the_table_for_columns():
    model = make_pipeline(
        FrameToSequences("patient", "day", ["pulse"], static=["age"], output="table"),
        ColumnTransformer([
            ("series", LSTMClassifier(**SMALL), ["pulse"]),
            ("static", StandardScaler(), ["age"]),
        ]),
    )  # fmt: skip
    features = model.fit_transform(FRAME, LABELS)
    ages = FRAME.groupby("patient")["age"].first().loc[RESULT.ids].to_numpy(dtype=float)
    np.testing.assert_allclose(features[:, -1], (ages - ages.mean()) / ages.std())
    lstm = model[-1].named_transformers_["series"]
    np.testing.assert_array_equal(features[:, :-1], lstm.transform(RESULT.X))
    assert model[0].get_feature_names_out().tolist() == ["patient", "age", "pulse"]
    names = model[-1].get_feature_names_out()
    assert names[-1] == "static__age"
    assert names[0] == "series__lstmclassifier0"
    as_pandas = model.set_output(transform="pandas").fit_transform(FRAME, LABELS)
    assert as_pandas.columns.tolist() == names.tolist()
    np.testing.assert_array_equal(as_pandas, features)


def test_cross_validation_reads_what_has_one_row_for_each_label():
    lstm = LSTMClassifier(**SMALL)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        cross_val_score(make_pipeline(clone(READ), lstm), FRAME, LABELS, cv=2)
    of_sequences = cross_val_score(lstm, RESULT.X, RESULT.y, cv=2)
    of_cells = cross_val_score(lstm, RESULT.table[["pulse"]], RESULT.y, cv=2)
    np.testing.assert_array_equal(of_sequences, of_cells)
    grid = {"columntransformer__series__method": ["standard", "minmax"]}
    model = make_pipeline(ColumnTransformer([("series", SequenceScaler(), ["pulse"])]), lstm)
    search = GridSearchCV(model, grid, cv=2, error_score="raise").fit(RESULT.table, RESULT.y)
    assert len(search.cv_results_["params"]) == 2


def test_gaps_and_missing_values_are_handled_as_by_the_function():
    frame = pd.DataFrame({"id": 1, "t": [0, 1, 2, 5, 6], "x": [0.0, 1.0, 2.0, 3.0, np.nan]})
    model = FrameToSequences("id", "t", missing="drop")
    with pytest.warns(UserWarning, match="from 2 to 5 is 3 times the usual one") as record:
        sequences = model.fit_transform(frame)
    assert len(record) == 1  # not once more for transform
    assert sequences[0].ravel().tolist() == [0.0, 1.0, 2.0, 3.0]
    assert len(model.set_params(freq=1).fit_transform(frame)[0]) == 4
    with pytest.raises(ValueError, match="column 'x' is nan for id 1 at time 6"):
        model.set_params(missing="error").transform(frame)


def test_pandas_output():
    output = clone(READ).set_output(transform="pandas").fit_transform(FRAME)
    assert output.columns.tolist() == ["sequence"]
    assert_same(output["sequence"], RESULT.X)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (dict(missing="skip"), "'missing' parameter of FrameToSequences"),
        (dict(freq=-1.0), "'freq' parameter of FrameToSequences"),
        (dict(output="frame"), "'output' parameter of FrameToSequences"),
        (dict(static="age"), "static='age' needs output='table'"),
        (dict(max_gap=datetime.timedelta(1)), "max_gap=.* give a number"),
    ],
)
def test_errors(given, message):
    with pytest.raises((TypeError, ValueError), match=message):
        clone(READ).set_params(**given).fit(FRAME)


def test_not_fitted():
    with pytest.raises(NotFittedError):
        READ.transform(FRAME)


def test_parameters_are_those_of_the_function():
    ours = set(inspect.signature(FrameToSequences).parameters) - {"output"}
    assert ours == set(inspect.signature(frame_to_sequences).parameters) - {
        "frame",
        "y",
        "per_step",
    }
