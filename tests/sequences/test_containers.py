"""Containers beside lists and arrays: read as what they hold, or refused by name."""

from __future__ import annotations

from collections import deque

import numpy as np
import pandas as pd
import pytest
from contract.comparing import unchanged
from sklearn.ensemble import BaggingClassifier
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import _NotAnArray

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
    WordVectors,
    make_windows,
)
from sklstm._sequences.reading import as_ragged, is_table

SMALL = {"hidden_size": 3, "max_epochs": 2, "random_state": 0}
ITEMS = [[1.0, 2.0], [3.0], [4.0, 5.0, 7.0], [2.0]]
OTHER = [[9.0, 8.0], [7.0], [6.0, 5.0, 5.0], [4.0]]
STACKED = [np.column_stack(pair) for pair in zip(ITEMS, OTHER, strict=True)]
TABLE = np.arange(8.0).reshape(4, 2)
Y = [0, 1, 0, 1]
TEXTS = ["good film", "bad film", "good", "bad"]


def boxed(items):
    return np.fromiter(items, dtype=object, count=len(items))


def column(items):
    return boxed(items)[:, None]


def clusterer():
    return AutoencoderClusterer(2, max_epochs=2, clustering_epochs=1, hidden_size=3, random_state=0)


def arrow():
    return pytest.importorskip("pyarrow")


def assert_same(found, expected):
    found = found[:, 0] if isinstance(found, np.ndarray) and found.shape[1:] == (1,) else found
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


ONE_DIMENSION = {
    "column of arrays": lambda: column([np.array(item) for item in ITEMS]),
    "column of lists": lambda: column(ITEMS),
    "column of Series": lambda: column([pd.Series(item) for item in ITEMS]),
    "column of one-column matrices": lambda: column([np.array(item)[:, None] for item in ITEMS]),
    "deque": lambda: deque(ITEMS),
    "dict values": lambda: dict(enumerate(ITEMS)).values(),
    "pyarrow": lambda: arrow().array(ITEMS),
    "pyarrow large": lambda: arrow().array(ITEMS, arrow().large_list(arrow().float64())),
    "pyarrow chunks": lambda: arrow().chunked_array([ITEMS[:1], ITEMS[1:]]),
    "pyarrow table": lambda: arrow().table({"series": ITEMS}),
    "pyarrow batch": lambda: arrow().record_batch({"series": arrow().array(ITEMS)}),
}
SEVERAL = {
    "Series": lambda: pd.DataFrame(
        {"u": map(pd.Series, ITEMS), "v": map(pd.Series, OTHER)}, dtype=object
    ),
    "lists": lambda: pd.DataFrame({"u": ITEMS, "v": OTHER}),
    "arrays": lambda: pd.DataFrame({"u": map(np.array, ITEMS), "v": map(np.array, OTHER)}),
    "array": lambda: pd.DataFrame({"u": ITEMS, "v": OTHER}).to_numpy(),
    "polars": lambda: pytest.importorskip("polars").DataFrame({"u": ITEMS, "v": OTHER}),
    "pyarrow": lambda: arrow().table({"u": ITEMS, "v": OTHER}),
    "pyarrow matrices": lambda: arrow().array([item.tolist() for item in STACKED]),
}


@pytest.mark.parametrize("make", ONE_DIMENSION.values(), ids=ONE_DIMENSION.keys())
def test_fault_25_columns_and_arrow_arrays_are_read_as_sequences(make):
    X = make()
    assert not is_table(X)
    assert_same(list(as_ragged(X, dtype=None)), [np.array(item)[:, None] for item in ITEMS])
    expected = LSTMClassifier(**SMALL).fit(ITEMS, Y)
    model = LSTMClassifier(**SMALL).fit(X, Y)
    np.testing.assert_array_equal(model.predict_proba(make()), expected.predict_proba(ITEMS))
    np.testing.assert_array_equal(
        clusterer().fit(X).transform(make()), clusterer().fit(ITEMS).transform(ITEMS)
    )
    scaled = SequenceScaler().fit(X).transform(make())
    for one, other in zip(scaled.ravel(), SequenceScaler().fit_transform(ITEMS), strict=True):
        np.testing.assert_array_equal(np.ravel(one), other)
    padded = SequencePadder().fit_transform(X).reshape(4, 3)
    np.testing.assert_array_equal(padded, SequencePadder().fit_transform(ITEMS))
    np.testing.assert_array_equal(make_windows(X, window=1).X[:, 0, 0], np.concatenate(ITEMS))


@pytest.mark.parametrize("make", SEVERAL.values(), ids=SEVERAL.keys())
def test_fault_25_nested_frames_have_a_feature_in_each_column(make):
    X = make()
    assert not is_table(X)
    assert_same(list(as_ragged(X, dtype=None)), STACKED)
    expected = LSTMClassifier(**SMALL).fit(STACKED, Y)
    model = LSTMClassifier(**SMALL).fit(X, Y)
    assert model.n_features_in_ == 2
    np.testing.assert_array_equal(model.predict_proba(X), expected.predict_proba(STACKED))
    np.testing.assert_array_equal(
        clusterer().fit(X).transform(X), clusterer().fit(STACKED).transform(STACKED)
    )
    assert_same(SequenceScaler().fit_transform(X), SequenceScaler().fit_transform(STACKED))
    np.testing.assert_array_equal(make_windows(X, window=1).X, make_windows(STACKED, window=1).X)


def test_fault_25_columns_of_nested_frames_are_aligned_by_name():
    frame = SEVERAL["lists"]()
    model = LSTMClassifier(**SMALL).fit(frame, Y)
    expected = model.predict_proba(STACKED)
    swapped = frame[["v", "u"]]
    frames = [pd.DataFrame({"v": v, "u": u}) for u, v in zip(ITEMS, OTHER, strict=True)]
    table = arrow().table({"v": OTHER, "u": ITEMS})
    for X in (frame, swapped, swapped.rename(index=str), frames, table):
        np.testing.assert_array_equal(model.predict_proba(X), expected)
    np.testing.assert_allclose(model.predict_proba(swapped[:1]), expected[:1], atol=1e-6)
    scaler = SequenceScaler().fit(frame)
    assert_same(scaler.transform(swapped), scaler.transform(frame))
    with pytest.raises(ValueError, match=r"X has the columns \['u', 'w'\], but the X of fit has"):
        model.predict(frame.rename(columns={"v": "w"}))


BAD_CELLS = {
    "unequal": ({"u": ITEMS, "v": [[1.0]] * 4},
                r"X has 2 steps in row 0 of column 'u', but 1 in that of column 'v'"),
    "numbers": ({"u": ITEMS, "v": [1.0] * 4}, r"not in those of column 'v', whose first one is"),
    "matrices": ({"u": ITEMS, "v": [[[1.0]]] * 4}, r"X\['v'\]\[0\] has 2 dimensions"),
    "missing": ({"u": ITEMS, "v": [*OTHER[:3], None]}, r"X\['v'\]\[3\] is None"),
    "texts": ({"u": ITEMS, "v": [["a"] * len(item) for item in ITEMS]}, r"X\[0\] holds strings"),
}  # fmt: skip


@pytest.mark.parametrize(("cells", "message"), BAD_CELLS.values(), ids=BAD_CELLS.keys())
def test_fault_25_cells_that_do_not_fit_are_named(cells, message):
    for read in (
        lambda X: LSTMClassifier(**SMALL).fit(X, Y),
        lambda X: clusterer().fit(X),
        lambda X: SequencePadder().fit(X),
    ):
        with pytest.raises(ValueError, match=message):
            read(pd.DataFrame(cells))


def test_fault_25_one_row_of_several_sequences_is_refused():
    row = column(ITEMS).T
    model = LSTMClassifier(**SMALL).fit(ITEMS, Y)
    message = r"X has shape \(1, 4\), a row of 4 sequences.*X\[0\]"
    with unchanged(model, ITEMS):
        for read in (model.predict, SequenceScaler().fit, SequencePadder().fit, clusterer().fit):
            with pytest.raises(ValueError, match=message):
                read(row)
    with pytest.raises(ValueError, match=r"got shape \(1, 4\); pass its row, X\[0\]"):
        SequenceTokenizer().fit(column(TEXTS).T)


def test_fault_25_columns_of_texts_are_texts():
    expected = SequenceTokenizer().fit_transform(TEXTS)
    for make in (
        lambda: column(TEXTS),
        lambda: np.array(TEXTS)[:, None],
        lambda: _NotAnArray(np.array(TEXTS)),
        lambda: arrow().array(TEXTS),
        lambda: arrow().chunked_array([TEXTS]),
        lambda: arrow().table({"text": TEXTS}),
        lambda: pd.DataFrame({"text": TEXTS}),
    ):
        assert_same(SequenceTokenizer().fit_transform(make()), expected)
    words = [text.split() for text in TEXTS] * 3
    sizes = {"vector_size": 2, "min_count": 1, "epochs": 1, "random_state": 0}
    fits = [WordVectors(**sizes).fit(X) for X in (words, column(words))]
    np.testing.assert_array_equal(fits[0].vectors_, fits[1].vectors_)
    vectors = [
        Doc2VecVectorizer(tags="labels", **sizes).fit(X, y).label_vectors_
        for X, y in [(TEXTS, Y), (column(TEXTS), _NotAnArray(np.array(Y)))]
    ]
    np.testing.assert_array_equal(vectors[0], vectors[1])


def test_fault_25_what_resampling_and_bagging_hand_on():
    sampling = pytest.importorskip("imblearn.over_sampling")
    X, y = [*ITEMS, [6.0, 1.0]], [0, 1, 0, 1, 0]
    resampled, labels = sampling.RandomOverSampler(random_state=0).fit_resample(column(X), y)
    assert resampled.shape == (6, 1)
    expected = LSTMClassifier(**SMALL).fit([list(item) for item in resampled[:, 0]], labels)
    found = LSTMClassifier(**SMALL).fit(resampled, labels)
    np.testing.assert_array_equal(found.predict_proba(X), expected.predict_proba(X))
    resampled, labels = sampling.RandomOverSampler(random_state=0).fit_resample(
        column([*TEXTS, "so so"]), y
    )
    pipeline = make_pipeline(SequenceTokenizer(), LSTMClassifier(**SMALL))
    expected = pipeline.fit(resampled[:, 0].tolist(), labels).predict_proba(TEXTS)
    np.testing.assert_array_equal(pipeline.fit(resampled, labels).predict_proba(TEXTS), expected)
    for model, items in [(LSTMClassifier(**SMALL), ITEMS), (pipeline, TEXTS)]:
        bagging = BaggingClassifier(model, n_estimators=2, random_state=0, bootstrap=False)
        members = bagging.fit(column(items), Y).estimators_
        expected = np.mean([member.predict_proba(items) for member in members], axis=0)
        np.testing.assert_allclose(bagging.predict_proba(column(items)), expected)


def test_fault_25_arrow_tables_are_frames():
    names = {"a": TABLE[:, 0], "b": TABLE[:, 1]}
    table, frame = arrow().table(names), pd.DataFrame(names)
    for model in (LSTMClassifier(**SMALL), clusterer(), SequenceScaler(), WindowReshaper()):
        method = "predict" if hasattr(model, "predict") else "transform"
        expected = getattr(model.fit(frame, Y), method)(frame)
        np.testing.assert_array_equal(getattr(model.fit(table, Y), method)(table), expected)
        assert list(model.feature_names_in_) == ["a", "b"]
    np.testing.assert_array_equal(make_windows(table, window=2).X, make_windows(frame, window=2).X)
    missing = arrow().array([[1.0], None, [2.0], [3.0]])
    with pytest.raises(ValueError, match=r"X\[1\] is None"):
        LSTMClassifier(**SMALL).fit(missing, Y)


def test_fault_25_what_only_offers_an_array_is_read():
    tags = np.array([["a", "b"]] * 4)
    tagger = LSTMTagger(**SMALL).fit(_NotAnArray(TABLE), _NotAnArray(tags))
    expected = LSTMTagger(**SMALL).fit(TABLE, tags)
    assert_same(tagger.predict_proba(_NotAnArray(TABLE)), expected.predict_proba(TABLE))
    assert tagger.score(_NotAnArray(TABLE), _NotAnArray(tags)) == expected.score(TABLE, tags)
    weights = _NotAnArray(np.array([1.0, 2.0, 3.0, 4.0]))
    for estimator, y in [
        (LSTMClassifier(**SMALL), np.array(Y)),
        (LSTMRegressor(**SMALL), np.array([0.5, 1.0, 2.0, 4.0])),
        (LSTMRegressor(return_sequences=True, **SMALL), TABLE),
    ]:
        expected = estimator.fit(TABLE, y, weights.data).score(TABLE, y, weights.data)
        found = estimator.fit(_NotAnArray(TABLE), _NotAnArray(y), weights)
        assert found.score(_NotAnArray(TABLE), _NotAnArray(y), weights) == expected


def test_fault_25_tags_in_columns_and_arrow_lists():
    tags = [["a"] * len(item) if i else ["b"] * len(item) for i, item in enumerate(ITEMS)]
    expected = LSTMTagger(**SMALL).fit(ITEMS, tags)
    for y in (column(tags), pd.DataFrame({"tags": tags}), arrow().array(tags), tuple(tags)):
        model = LSTMTagger(**SMALL).fit(ITEMS, y)
        assert_same(model.predict_proba(ITEMS), expected.predict_proba(ITEMS))
        assert model.score(ITEMS, y) == expected.score(ITEMS, tags)


NO_CONTAINERS = {
    "dict": (lambda: {"a": ITEMS, "b": 1}, TypeError, r" is a dict with the keys 'a', 'b'; pass"),
    "set": (lambda: {1.0, 2.0}, TypeError, " is a set, which has no order"),
    "generator": (lambda: (item for item in ITEMS), TypeError, " is a generator, .*once"),
    "map": (lambda: map(list, ITEMS), TypeError, r" is a map, .*once; pass list\("),
    "groups": (
        lambda: pd.DataFrame({"a": [1, 2], "b": 1.0}).groupby("a"),
        TypeError,
        r" is a DataFrameGroupBy; pass .*\[frame for _, frame in",
    ),
    "object": (object, TypeError, " is a object; pass a list"),
}


@pytest.mark.parametrize(
    ("make", "error", "message"), NO_CONTAINERS.values(), ids=NO_CONTAINERS.keys()
)
def test_fault_25_what_is_no_container_is_refused_by_name(make, error, message):
    model = LSTMClassifier(**SMALL).fit(ITEMS, Y)
    with unchanged(model, ITEMS):
        for read in (
            model.predict,
            lambda X: model.partial_fit(X, Y),
            lambda X: LSTMTagger(**SMALL).fit(X, ITEMS),
            SequenceScaler().fit,
            SequencePadder().fit,
            WindowReshaper().fit,
            clusterer().fit,
            lambda X: make_windows(X, window=1),
        ):
            with pytest.raises(error, match=f"X{message}"):
                read(make())
        for name, read in {
            "y": lambda y: model.fit(ITEMS, y),
            "sample_weight": lambda weights: model.fit(ITEMS, Y, weights),
        }.items():
            with pytest.raises(error, match=f"{name}{message}"):
                read(make())
        with pytest.raises(error, match=f"y{message}"):
            LSTMTagger(**SMALL).fit(ITEMS, make())
    with pytest.raises(TypeError, match="X is a set, which has no order"):
        SequenceTokenizer().fit(set(TEXTS))


def test_fault_25_items_that_are_no_sequences_are_refused_by_name():
    class OnlyArray:
        def __init__(self, values):
            self.values = values

        def __array__(self, dtype=None, copy=None):
            return np.asarray(self.values, dtype=dtype)

    readers = LSTMClassifier(**SMALL).fit, SequenceScaler().fit, clusterer().fit
    for read in readers:
        for item, error, message in (
            ({"a": 1.0}, TypeError, r"X\[1\] is a dict with the keys 'a'"),
            ({1.0, 2.0}, TypeError, r"X\[1\] is a set, which has no order"),
            (iter([1.0]), TypeError, r"X\[1\] is a list_iterator, .*pass list\(X\[1\]\)"),
        ):
            with pytest.raises(error, match=message):
                read([ITEMS[0], item, *ITEMS[2:]], Y)
        rows = list(column(ITEMS))
        with pytest.raises(ValueError, match=r"X\[0\] is .* of shape \(1,\) .*are X\[:, 0\]\."):
            read(rows, Y)
        with pytest.raises(ValueError, match=r"X\[1\] holds strings"):
            read([ITEMS[0], deque(["1", "2"]), *ITEMS[2:]], Y)
        read([OnlyArray(item) for item in ITEMS], Y)


@pytest.mark.parametrize("dtype", ["Int64", "Float64", object])
def test_fault_19_missing_values_of_pandas_are_nan(dtype):
    frame = pd.DataFrame({"a": [1, 2, pd.NA], "b": [5, 3, pd.NA]}, dtype=dtype)
    for item, expected in ((frame, [[1, 5], [2, 3]]), (frame["a"], [[1], [2]])):
        read = as_ragged([item, item], padding_value=np.nan)
        np.testing.assert_array_equal(read[1], expected)
        with pytest.raises(ValueError, match=r"X\[0\] holds \[nan"):
            SequencePadder().fit([item])


def test_fault_25_digits_in_strings_are_no_numbers():
    for X in (
        [[2.0, "1"]] * 4,
        [[[2.0, "1"]]] * 4,
        [np.array([2.0, "1"], dtype=object)] * 4,
        [pd.Series(["1"])] * 4,
        [pd.DataFrame({"a": [1.0], "b": ["1"]})] * 4,
    ):
        with pytest.raises(ValueError, match=r"X\[0\] holds strings"):
            LSTMClassifier(**SMALL).fit(X, Y)


def test_fault_25_a_reshaper_names_what_is_no_table():
    for X in (ITEMS, column(ITEMS), pd.DataFrame({"u": ITEMS, "v": OTHER}), pd.Series(TEXTS)):
        with pytest.raises(ValueError, match="X holds sequences or texts, but WindowReshaper"):
            WindowReshaper().fit(X)
