"""SequenceUnion: sequences joined step by step, static columns beside them, or features."""

import pickle

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from contract.coverage import CALLED
from hypothesis import given
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.ensemble import StackingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from sklstm import (
    AutoencoderClusterer,
    LSTMClassifier,
    LSTMRegressor,
    SequencePadder,
    SequenceScaler,
    SequenceTokenizer,
    SequenceUnion,
    frame_to_sequences,
    sequences_to_frame,
)

SMALL = dict(hidden_size=4, max_epochs=1, random_state=0)
N = 12
RNG = np.random.default_rng(0)
LENGTHS = np.array([3, 1, 5, 2, 4, 1, 3, 4, 2, 5, 3, 1])
Y = np.arange(N) % 2


def boxed(items):
    return np.fromiter(items, dtype=object, count=len(items))


def ragged(n_features, seed=0):
    rng = np.random.default_rng(seed)
    return boxed([rng.normal(size=(n, n_features)) for n in LENGTHS])


def column(seed):
    return [own[:, 0] for own in ragged(1, seed)]


TABLE = pd.DataFrame({
    "pulse": column(1),
    "temperature": column(2),
    "age": RNG.normal(40, 9, N),
    "weight": RNG.normal(70, 9, N),
    "ward": np.where(Y, "east", "west"),
    "note": [f"a {'bad' if i % 2 else 'good'} day" for i in range(N)],
})  # fmt: skip
POLARS = pl.DataFrame({name: TABLE[name].tolist() for name in TABLE})
KINDS = {"pandas": TABLE, "polars": POLARS, "pyarrow": POLARS.to_arrow()}
EARLY = SequenceUnion([
    ("series", SequenceScaler(), ["pulse", "temperature"]),
    ("numbers", StandardScaler(), ["age", "weight"]),
    ("ward", OneHotEncoder(), ["ward"]),
])  # fmt: skip
LATE = SequenceUnion([
    ("series", LSTMClassifier(**SMALL), ["pulse", "temperature"]),
    ("note", make_pipeline(SequenceTokenizer(), LSTMClassifier(**SMALL)), "note"),
    ("numbers", StandardScaler(), ["age"]),
])  # fmt: skip


def assert_same(actual, expected):
    assert len(actual) == len(expected)
    for one, other in zip(actual, expected, strict=True):
        np.testing.assert_array_equal(one, other)


def difference(X):
    return boxed([np.diff(own, axis=0, prepend=own[:1]) for own in X])


@pytest.mark.parametrize("check", CALLED, ids=lambda check: check.__name__)
def test_sklearn_checks_without_data(check):
    check("SequenceUnion", SequenceUnion([("scaled", SequenceScaler())]))


@parametrize_with_checks([SequenceUnion([("scaled", StandardScaler()), ("same", "passthrough")])])
def test_sklearn_checks_of_static_parts(estimator, check):
    check(estimator)


@pytest.mark.parametrize("kind", KINDS)
def test_sequences_and_static_columns_by_hand(kind):
    joined = clone(EARLY).fit_transform(KINDS[kind])
    scaled = SequenceScaler().fit_transform(
        [
            np.stack(cells, axis=1)
            for cells in zip(TABLE["pulse"], TABLE["temperature"], strict=True)
        ]
    )
    numbers = StandardScaler().fit_transform(TABLE[["age", "weight"]])
    wards = np.stack([TABLE["ward"] == "east", TABLE["ward"] == "west"], axis=1)
    assert joined.shape == (N,)
    for i, steps in enumerate(joined):
        np.testing.assert_allclose(steps[:, :2], scaled[i])
        for step in steps:
            np.testing.assert_allclose(step[2:4], numbers[i])
            np.testing.assert_array_equal(step[4:], wards[i])


@pytest.mark.parametrize("kind", KINDS)
def test_late_fusion_is_what_column_transformer_makes(kind):
    table = KINDS[kind]
    ours, stock = clone(LATE), ColumnTransformer(LATE.transformers)
    np.testing.assert_array_equal(ours.fit_transform(table, Y), stock.fit_transform(table, Y))
    np.testing.assert_array_equal(ours.transform(table), stock.transform(table))
    assert ours.get_feature_names_out().tolist() == stock.get_feature_names_out().tolist()
    assert ours.output_indices_ == {
        name: own for name, own in stock.output_indices_.items() if name != "remainder"
    }


def test_features_of_a_column_of_sequences_have_names():
    table = pd.DataFrame({"series": list(ragged(2))})
    for model in (LSTMClassifier(**SMALL), AutoencoderClusterer(2, **SMALL)):
        stock = ColumnTransformer([("lstm", model, ["series"])]).set_output(transform="pandas")
        frame = stock.fit_transform(table, Y)
        prefix = f"lstm__{type(model).__name__.lower()}"
        assert frame.columns.tolist() == [f"{prefix}{k}" for k in range(frame.shape[1])]


def test_static_parts_of_all_x_are_what_feature_union_makes():
    numbers = TABLE[["age", "weight"]]
    parts = [("scaled", StandardScaler()), ("same", "passthrough"), ("none", "drop")]
    ours, stock = SequenceUnion(parts).fit(numbers), FeatureUnion(parts).fit(numbers)
    np.testing.assert_array_equal(ours.transform(numbers), stock.transform(numbers))
    assert ours.get_feature_names_out().tolist() == stock.get_feature_names_out().tolist()
    assert ours.n_features_in_ == 2
    words = TABLE[["ward"]]
    parts = [("hot", OneHotEncoder()), ("again", OneHotEncoder())]
    together = SequenceUnion(parts).fit_transform(words)
    assert sparse.issparse(together)
    np.testing.assert_array_equal(
        together.toarray(), FeatureUnion(parts).fit_transform(words).toarray()
    )
    framed = SequenceUnion(parts).set_output(transform="pandas").fit_transform(words)
    assert (
        framed.columns.tolist() == FeatureUnion(parts).fit(words).get_feature_names_out().tolist()
    )
    np.testing.assert_array_equal(framed, together.toarray())


def test_parts_of_all_x_are_joined_step_by_step():
    X = ragged(2)
    union = SequenceUnion([("same", "passthrough"), ("steps", FunctionTransformer(difference))])
    assert_same(
        union.fit_transform(X),
        [np.hstack([own, steps]) for own, steps in zip(X, difference(X), strict=True)],
    )
    assert union.output_indices_ == {"same": slice(0, 2), "steps": slice(2, 4)}
    assert_same(union.fit_transform(list(X)), union.fit_transform(X))
    assert not hasattr(union, "n_features_in_")


def test_arrays_of_sequences_stay_arrays():
    X = RNG.normal(size=(4, 3, 2))
    union = SequenceUnion([("same", "passthrough"), ("scaled", SequenceScaler())])
    joined = union.fit_transform(X)
    np.testing.assert_allclose(
        joined, np.concatenate([X, SequenceScaler().fit_transform(X)], axis=2)
    )
    with pytest.raises(ValueError, match="The output has shape"):
        union.get_feature_names_out()
    union.set_params(scaled=FunctionTransformer(lambda X: X[:, 0, 0]))  # one number per sample
    np.testing.assert_allclose(union.fit_transform(X)[:, 2, 2], X[:, 0, 0])


def test_float32_stays_float32():
    X = boxed([own.astype(np.float32) for own in ragged(1)])
    parts = [("same", "passthrough"), ("scaled", SequenceScaler())]
    assert SequenceUnion(parts).fit_transform(X)[0].dtype == np.float32
    assert clone(EARLY).fit_transform(TABLE)[0].dtype == np.float64


def test_equal_lengths_of_ragged_parts_stay_sequences():
    table = TABLE[LENGTHS == LENGTHS[0]]
    joined = clone(EARLY).fit_transform(table)
    assert joined.dtype == object
    assert joined.shape == (len(table),)


# The toolbox


def test_cross_validation_and_search():
    model = make_pipeline(clone(EARLY), LSTMClassifier(**SMALL))
    assert cross_val_score(model, TABLE, Y, cv=2, error_score="raise").shape == (2,)
    grid = {
        "sequenceunion__series__method": ["standard", "minmax"],
        "sequenceunion__ward": ["drop", OneHotEncoder()],
    }
    search = GridSearchCV(model, grid, cv=2, error_score="raise").fit(TABLE, Y)
    assert len(search.cv_results_["params"]) == 4
    fusion = make_pipeline(clone(LATE), LogisticRegression())
    assert cross_val_score(fusion, TABLE, Y, cv=2, error_score="raise").shape == (2,)


def test_stacking_learns_from_predictions_for_samples_left_out():
    members = [
        ("series", make_pipeline(SequenceUnion([("", "passthrough", ["pulse"])]),
                                 LSTMClassifier(**SMALL))),
        ("note", make_pipeline(SequenceUnion([("", SequenceTokenizer(), "note")]),
                               LSTMClassifier(**SMALL))),
        ("static", make_pipeline(SequenceUnion([("", StandardScaler(), ["age"])]),
                                 LogisticRegression())),
    ]  # fmt: skip
    model = StackingClassifier(members, cv=2).fit(TABLE, Y)
    assert model.transform(TABLE).shape == (N, 3)
    assert model.predict(TABLE).shape == (N,)


def test_nested_parameters():
    union = clone(EARLY)
    params = union.get_params()
    assert params["series__method"] == "standard"
    assert params["series"] is union.transformers[0][1]
    union.set_params(series__method="minmax", ward="drop")
    assert union.transformers[0][1].method == "minmax"
    assert union.transformers[0][2] == ["pulse", "temperature"]
    assert union.transformers[2] == ("ward", "drop", ["ward"])
    assert union.fit_transform(TABLE)[0].shape[1] == 4
    assert EARLY.transformers[0][1].method == "standard"
    with pytest.raises(ValueError, match="Invalid parameter 'seris'"):
        union.set_params(seris__method="minmax")


def test_fit_leaves_the_parts_as_they_are():
    scaler = SequenceScaler()
    union = SequenceUnion([("scaled", scaler)]).fit(ragged(2))
    assert not hasattr(scaler, "scaler_")
    assert union.transformers_[0][1].scaler_.n_features_in_ == 2


def test_a_failed_fit_changes_nothing():
    union = clone(EARLY).fit(TABLE)
    before = vars(union).copy()
    with pytest.raises(ValueError, match="X has 1 steps in row 0 of column 'pulse'") as caught:
        union.fit(TABLE.assign(pulse=column(1)[::-1], more=1))
    assert caught.value.__notes__ == ["This happened in part 'series' of SequenceUnion."]
    assert vars(union) == before


def test_pickles_and_jobs():
    union = clone(EARLY).fit(TABLE)
    expected = union.transform(TABLE)
    assert_same(pickle.loads(pickle.dumps(union)).transform(TABLE), expected)
    assert_same(clone(EARLY).set_params(n_jobs=2).fit_transform(TABLE), expected)


def test_samples_are_transformed_one_by_one():
    union = clone(EARLY).fit(TABLE)
    alone = [union.transform(TABLE.iloc[[i]])[0] for i in range(N)]
    assert_same(union.transform(TABLE), alone)


def test_columns_in_another_order():
    union = clone(EARLY).fit(TABLE)
    assert_same(union.transform(TABLE[TABLE.columns[::-1]]), union.transform(TABLE))
    assert union.feature_names_in_.tolist() == list(TABLE.columns)


def test_columns_by_a_selector_and_by_index():
    numbers = make_column_selector(dtype_include="number")
    union = SequenceUnion([("series", "passthrough", ["pulse"]), ("n", "passthrough", numbers)])
    joined = union.fit_transform(TABLE)
    assert union.transformers_[1][2] == ["age", "weight"]
    np.testing.assert_array_equal(joined[0][0, 1:], TABLE.loc[0, ["age", "weight"]].astype(float))
    array = TABLE[["pulse", "temperature", "age"]].to_numpy(dtype=object)
    by_index = SequenceUnion([("series", "passthrough", [0, 1]), ("age", "passthrough", [2])])
    assert_same(
        by_index.fit_transform(array),
        SequenceUnion([("series", "passthrough", ["pulse", "temperature"]),
                       ("age", "passthrough", ["age"])]).fit_transform(TABLE),
    )  # fmt: skip
    with pytest.raises(ValueError, match="X has 2 features, but SequenceUnion is expecting 3"):
        by_index.transform(array[:, :2])


def test_output_as_a_frame():
    union = clone(EARLY).set_output(transform="pandas")
    frame = union.fit_transform(TABLE)
    assert frame.columns.tolist() == ["sequence"] == union.get_feature_names_out().tolist()
    assert_same(frame["sequence"], clone(EARLY).fit_transform(TABLE))
    with sklearn.config_context(transform_output="pandas"):
        parts = [part for part in EARLY.transformers if part[0] != "ward"]
        inside = SequenceUnion(parts).fit_transform(TABLE)["sequence"]
    assert_same(inside, SequenceUnion(parts).fit_transform(TABLE))


def test_a_single_part_may_return_tokens_or_words():
    union = SequenceUnion([("tokens", SequenceTokenizer(), "note")])
    tokens = union.fit_transform(TABLE)
    assert_same(tokens, SequenceTokenizer().fit_transform(TABLE["note"]))
    assert tokens.vocabulary == SequenceTokenizer().fit(TABLE["note"]).vocabulary_
    events = pd.DataFrame({"event": [["a", "b"], ["b"]] * 6})
    words = SequenceUnion([("words", "passthrough", "event")])
    model = make_pipeline(words, SequenceTokenizer(analyzer=list), LSTMClassifier(**SMALL))
    assert model.fit(events, Y).predict(events).shape == (N,)


def test_strings_and_numbers_that_are_static_stay_what_they_are():
    union = SequenceUnion([("ward", "passthrough", ["ward"]), ("age", "passthrough", ["age"])])
    joined = union.fit_transform(TABLE)
    assert joined[0].tolist() == TABLE.loc[0, ["ward", "age"]].tolist()


# Metadata


class Weighted(TransformerMixin, BaseEstimator):
    """The mean of X by weights, repeated."""

    def fit(self, X, y=None, sample_weight=None):
        self.mean_ = np.average(np.asarray(X), axis=0, weights=sample_weight)
        return self

    def transform(self, X):
        return np.repeat(self.mean_[None], len(X), axis=0)


def test_metadata_reaches_the_parts_that_ask_for_it():
    weights, X = np.arange(1.0, N + 1), TABLE[["age"]]
    with sklearn.config_context(enable_metadata_routing=True):
        asks = Weighted().set_fit_request(sample_weight=True)
        ignores = Weighted().set_fit_request(sample_weight=False)
        union = SequenceUnion([("asks", asks), ("ignores", ignores)])
        for method in (union.fit, union.fit_transform):
            method(X, sample_weight=weights)
            row = union.transform(X)[0]
            np.testing.assert_allclose(
                row, [np.average(X["age"], weights=weights), X["age"].mean()]
            )
    with pytest.raises(ValueError, match="sample_weight"):
        union.fit(X, sample_weight=weights)


# Errors


def shorter(X):
    return boxed([own[1:] if i == 7 else own for i, own in enumerate(X)])


X = ragged(2)


@pytest.mark.parametrize(
    ("parts", "given", "error", "message"),
    [
        ([("a", "passthrough"), ("b", FunctionTransformer(shorter))], X, ValueError,
         rf"part 'b' has {LENGTHS[7] - 1} steps for X\[7\], but part 'a' has {LENGTHS[7]};.*LSTM"),
        ([("a", "passthrough"), ("b", FunctionTransformer(lambda X: X[2:]))], X, ValueError,
         "part 'b' returns 10 samples, but part 'a' returns 12"),
        ([("a", SequenceScaler(), ["pulse"]), ("t", SequenceTokenizer(), "note")], TABLE, TypeError,
         r"part 't' returns token ids, which cannot be joined with part 'a'.*LSTMClassifier\(\)"),
        ([("a", SequenceScaler(), ["pulse"]), ("w", "passthrough", ["ward"])], TABLE, ValueError,
         "part 'w' returns the text '(east|west)', which cannot be put beside.*OneHotEncoder"),
        ([("a", SequenceScaler(), ["pulse"]), ("w", "passthrough", "note")], TABLE, ValueError,
         "part 'w' returns the text 'a good day'"),
        ([("a", "passthrough"), ("n", FunctionTransformer(
            lambda X: boxed([own * np.nan for own in X])))], X, ValueError,
         "of the output of part 'n': .*NaN or infinity"),
        ([("a", SequenceScaler(), ["pulse"])], X, TypeError, "reads the columns .* X is a ndarray"),
        ([("a", SequenceScaler(), ["purse"])], TABLE, ValueError,
         r"part 'a' reads the column 'purse', but X has .*'weight'.*Did you mean 'pulse'\?"),
        ([("a", StandardScaler(), ["agee"])], POLARS, ValueError,
         r"part 'a' reads the column 'agee', but X has .*'weight'.*Did you mean 'age'\?"),
        ([("a", StandardScaler(), [9])], TABLE, ValueError, r"part 'a' reads the columns \[9\]"),
        ([("a", StandardScaler(), ["age", "temperature"])], TABLE, ValueError,
         "part 'a' gives the sequences in column 'temperature' to .*SequenceScaler"),
        ([("a", make_pipeline(StandardScaler()), ["pulse"])], TABLE, ValueError,
         "part 'a' gives the sequences in column 'pulse' to .*SequenceScaler"),
        ([("a", SequenceScaler(), ["pulse"]), ("b", StandardScaler(), "age")], TABLE, ValueError,
         r"part 'b' reads the column 'age', which .* tables; pass \['age'\]"),
        ([("b", StandardScaler(), 1)], TABLE[["age", "weight"]].to_numpy(), ValueError,
         r"part 'b' reads the column 1, which .* pass \[1\]"),
        ([("a", SequenceScaler(), ["pulse"]), ("s", "passthrough", ["age", "weight"])],
         TABLE.assign(weight=[70.0, 71.0, np.nan] * 4), ValueError,
         r"part 's' returns nan for X\[2\] in column 'weight'.*SimpleImputer"),
        ([("a", SequenceScaler(), ["pulse"]), ("s", StandardScaler(), ["age", "weight"])],
         TABLE.assign(weight=[70.0, np.nan, 71.0] * 4), ValueError,
         r"part 's' returns nan for X\[1\] in column 'weight'"),
        ([("a", SequenceScaler(), ["pulse"]),
          ("s", FunctionTransformer(lambda X: X.to_numpy().repeat(2, axis=1)), ["age"])],
         TABLE.assign(age=[1.0] * 11 + [np.inf]), ValueError,
         r"part 's' returns inf for X\[11\] in feature 0"),
        ([("a", SequenceScaler)], X, TypeError, "part 'a' has the transformer <class"),
        ([("a", 3)], X, TypeError, "part 'a' has the transformer 3; accepted is an object with"),
        ([SequenceScaler()], X, TypeError, r"transformers\[0\] is SequenceScaler.*\(name, transf"),
        ([(1, SequenceScaler())], X, TypeError, r"transformers\[0\] has the name 1"),
        ([("a", "drop")], X, ValueError, "no part that is not dropped"),
        ([("a", SequenceScaler()), ("a", SequenceScaler())], X, ValueError, "not unique"),
        ([("a__b", SequenceScaler())], X, ValueError, "must not contain __"),
        ([("n_jobs", SequenceScaler())], X, ValueError, "conflict with constructor arguments"),
        (3, X, ValueError, "'transformers' parameter of SequenceUnion"),
    ],
)  # fmt: skip
def test_errors_name_the_part(parts, given, error, message):
    with pytest.raises(error, match=message):
        SequenceUnion(parts).fit(given)


def test_not_fitted():
    with pytest.raises(NotFittedError):
        EARLY.transform(TABLE)


def test_padded_sequences_are_static():
    union = SequenceUnion([("padded", SequencePadder(), ["pulse"])])
    assert union.fit_transform(TABLE).shape == (N, LENGTHS.max())


def test_from_a_long_table_to_predictions_of_steps():
    frame = TABLE[["pulse", "age"]].assign(id=range(N)).explode("pulse").astype({"pulse": float})
    frame["day"] = frame.groupby("id").cumcount()
    visits = frame_to_sequences(frame, id="id", time="day", columns="pulse", static="age")
    union = SequenceUnion([("pulse", "passthrough", ["pulse"]), ("age", "passthrough", ["age"])])
    regressor = LSTMRegressor(return_sequences=True, **SMALL)
    totals = [own[:, 0].cumsum() for own in visits.X]
    predictions = make_pipeline(union, regressor).fit(visits.table, totals).predict(visits.table)
    back = sequences_to_frame(predictions, visits, columns="total")
    assert back[["id", "day"]].equals(frame[["id", "day"]])


@given(
    lengths=st.lists(st.integers(1, 5), min_size=1, max_size=6),
    widths=st.lists(st.integers(1, 3), min_size=1, max_size=3),
    n_static=st.integers(0, 2),
)
def test_property_the_parts_can_be_taken_out_again(lengths, widths, n_static):
    rng = np.random.default_rng(0)
    parts, wanted = [], {}
    for k, width in enumerate(widths):
        own = boxed([rng.normal(size=(n, width)) for n in lengths])
        parts.append((f"r{k}", FunctionTransformer(lambda X, own=own: own)))
        wanted[f"r{k}"] = own
    if n_static:
        table = rng.normal(size=(len(lengths), n_static))
        parts.insert(1, ("s", FunctionTransformer(lambda X: table)))
        wanted["s"] = [np.tile(row, (n, 1)) for row, n in zip(table, lengths, strict=True)]
    union = SequenceUnion(parts)
    joined = union.fit_transform(boxed([np.zeros(n) for n in lengths]))
    assert list(union.output_indices_) == [name for name, _ in parts]
    for name, own in wanted.items():
        assert_same([steps[:, union.output_indices_[name]] for steps in joined], own)
