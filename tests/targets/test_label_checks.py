"""Labels, classes and class weights are checked in the form in which they were given."""

import math
import warnings
from decimal import Decimal
from enum import Enum

import numpy as np
import pandas as pd
import pytest
from contract.comparing import unchanged
from scipy.sparse import csr_array
from sklearn.exceptions import DataConversionWarning
from sklearn.linear_model import LogisticRegression

from sklstm import LSTMClassifier, LSTMRegressor, LSTMTagger

NAN = math.nan
RNG = np.random.default_rng(0)
X = [RNG.normal(size=RNG.integers(1, 5)) for _ in range(24)]
STEPS = [np.array(["a", "b"])[(x > 0).astype(int)] for x in X]


def small(**params):
    return LSTMClassifier(**{"hidden_size": 2, "max_epochs": 1, "random_state": 0} | params)


def tagger(**params):
    return LSTMTagger(**{"hidden_size": 2, "max_epochs": 1, "random_state": 0} | params)


def regressor(**params):
    return LSTMRegressor(**{"hidden_size": 2, "max_epochs": 1, "random_state": 0} | params)


def cycle(*labels):
    return (list(labels) * 24)[:24]


def ragged(*labels):
    flat, y = cycle(*labels) * 4, []
    for x in X:
        y.append(flat[: len(x)])
        flat = flat[len(x) :]
    return y


MISSING = {"nan": NAN, "numpy": np.float64("nan"), "none": None, "nat": pd.NaT, "na": pd.NA}
FORMS = {
    "list": list,
    "tuple": tuple,
    "objects": lambda y: np.array(y, dtype=object),
    "column": lambda y: [[label] for label in y],
    "series": pd.Series,
    "categorical": lambda y: pd.Series(y, dtype="category"),
    "string": lambda y: pd.Series(y, dtype="string"),
}


@pytest.mark.parametrize("missing", MISSING.values(), ids=MISSING.keys())
@pytest.mark.parametrize("form", FORMS)
def test_fault_02_a_missing_label_is_no_class(form, missing):
    y = FORMS[form](cycle("a", "b", missing))
    model = small().fit(X, cycle("a", "b"))
    with unchanged(model, X):
        for fit in (model.fit, model.partial_fit, model.score):
            with pytest.raises(ValueError, match=r"NaN.*y\[2(, 0)?\] is "):
                fit(X, y)
        with pytest.raises(ValueError, match=r"y_val\[2(, 0)?\] is "):
            model.fit(X, cycle("a", "b"), X_val=X, y_val=y)


def test_fault_02_a_missing_label_in_strings_of_arrow():
    pytest.importorskip("pyarrow")
    y = pd.Series(cycle("a", "b", None), dtype="string[pyarrow]")
    with pytest.raises(ValueError, match=r"y\[2\] is "):
        small().fit(X, y)


def test_fault_02_dates_in_a_column_may_be_labels_but_not_missing_ones():
    dates = pd.DataFrame({"day": pd.to_datetime(cycle("2020-01-01", "2021-01-01"))})
    with pytest.warns(DataConversionWarning):
        assert len(small().fit(X, dates).classes_) == 2
    dates.iloc[3, 0] = pd.NaT
    with pytest.raises(ValueError, match=r"y\['day'\]\[3\] is missing \(NaT\)"):
        small().fit(X, dates)


def test_fault_02_members_of_an_enumeration_are_no_letters():
    members = Enum("Members", {"FIRST": "first", "SECOND": "second"}, type=str)
    y = cycle(*members)
    model = small().fit(X, y)
    assert model.classes_.tolist() == list(members)
    assert set(model.predict(X)) <= set(members)
    expected = np.mean([p is one for p, one in zip(model.predict(X), y, strict=True)])
    assert model.score(X, y) == expected > 0
    assert small().partial_fit(X, y, classes=list(members)).classes_.tolist() == list(members)
    ordered = small(loss="ordinal", class_order=list(members)).fit(X, y)
    assert ordered.classes_.tolist() == list(members)


MIXED = {
    "number": (("a", 1), r"y\[1\] is 1, but other labels are strings, such as 'a'"),
    "float": (("a", 1.5), r"y\[1\] is 1\.5, but other labels are strings, such as 'a'"),
    "boolean": (("a", True), r"y\[1\] is True, but other labels are strings"),
    "string": ((0, "a"), r"y\[1\] is 'a', but other labels are numbers, such as 0"),
    "bytes": (("a", b"b"), r"y\[1\] is b'b', but other labels are strings"),
    "numpy": ((np.str_("a"), np.int64(1)), r"y\[1\] is 1, but other labels are strings"),
}  # fmt: skip


@pytest.mark.parametrize(("labels", "message"), MIXED.values(), ids=MIXED.keys())
@pytest.mark.parametrize("loss", ["cross_entropy", "ordinal"])
def test_fault_02_labels_of_two_types_are_named(loss, labels, message):
    for form in ("list", "tuple", "objects", "series", "categorical"):
        if form == "categorical" and isinstance(labels[1], bytes):
            continue
        with pytest.raises(ValueError, match=message):
            small(loss=loss).fit(X, FORMS[form](cycle(*labels)))


@pytest.mark.parametrize(
    "labels", [cycle(0, 1), cycle(0.0, 1.0), cycle(True, False), cycle(1, True, 0)]
)
def test_fault_02_numbers_and_booleans_are_what_scikit_learn_makes_of_them(labels):
    means = np.array([[x.mean()] for x in X])
    expected = LogisticRegression().fit(means, labels).classes_
    for y in (labels, np.array(labels), pd.Series(labels)):
        found = small().fit(X, y).classes_
        np.testing.assert_array_equal(found, expected)
        assert found.dtype == expected.dtype or isinstance(y, pd.Series)


@pytest.mark.parametrize(
    ("dtype", "labels", "classes"),
    [
        ("Int64", cycle(0, 1), [0, 1]),
        ("boolean", cycle(True, False), [False, True]),
        ("string", cycle("b", "a"), ["a", "b"]),
        ("category", cycle("b", "a"), ["a", "b"]),
        ("Float64", cycle(0.0, 1.0), [0.0, 1.0]),
    ],
)
def test_fault_02_pandas_types_of_complete_labels_are_read(dtype, labels, classes):
    y = pd.Series(labels, dtype=dtype)
    model = small().fit(X, y)
    assert model.classes_.tolist() == classes
    np.testing.assert_array_equal(model.predict(X), small().fit(X, labels).predict(X))
    if dtype == "Int64":
        columns = pd.DataFrame({"p": y, "q": 1 - y, "r": y}).astype(dtype)
        assert small().fit(X, columns).classes_.tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (("a", "b", NAN), r"y\[\d+\]\[\d\] is nan"),
        (("a", None), r"y\[\d+\]\[\d\] is None"),
        (("a", pd.NaT), r"y\[\d+\]\[\d\] is NaT"),
        (("a", 1.5), r"y\[\d+\]\[\d\] is 1\.5, but other labels are strings, such as 'a'"),
        (("a", b"b"), r"y\[\d+\]\[\d\] is b'b', but other labels are strings"),
        ((0, "a"), r"y\[\d+\]\[\d\] is 'a', but other labels are numbers"),
    ],
)
def test_fault_02_labels_of_steps_are_checked_too(labels, message):
    model = tagger().fit(X, STEPS)
    with unchanged(model, X):
        for fit in (model.fit, model.partial_fit, model.score):
            for form in (list, np.array):
                y = [
                    form(item) if form is list else np.array(item, object)
                    for item in ragged(*labels)
                ]
                with pytest.raises(ValueError, match=message):
                    fit(X, y)


def test_fault_02_labels_of_one_type_within_a_sequence_but_not_across():
    y = [["a"] * len(x) if i % 2 else [1] * len(x) for i, x in enumerate(X)]
    with pytest.raises(ValueError, match=r"y\[1\]\[0\] is 'a', but other labels are numbers"):
        tagger().fit(X, y)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (["a", "b", NAN], r"classes\[2\] is nan"),
        (["a", "b", None], r"classes\[2\] is None"),
        (["a", 1], r"classes\[1\] is 1, but other labels are strings"),
        ([], r"classes=\[\] must be a list"),
        (["a"], "needs at least 2 classes; classes names 1: 'a'"),
        ([["a"], ["b", "c"]], r"classes\[0\] is \['a'\], of type list, where one label is exp"),
        ([{"a"}, "b"], r"classes\[0\] is \{'a'\}, of type set"),
        ("ab", "classes='ab' must be a list"),
        ([0, 1], r"y\[0\](\[0\])? is 'a', which is none of the classes known: \[0, 1\]"),
    ],
)
def test_fault_02_classes_are_checked(labels, message):
    with pytest.raises(ValueError, match=message):
        small().partial_fit(X, cycle("a", "b"), classes=labels)
    with pytest.raises(ValueError, match=message):
        tagger().partial_fit(X, [["a"] * len(x) for x in X], classes=labels)


@pytest.mark.parametrize(
    ("order", "message"),
    [(["a", "b", NAN], r"class_order\[2\] is nan"), (["a", "b", 1], r"class_order\[2\] is 1, but")],
)
def test_fault_02_the_order_of_classes_is_checked(order, message):
    with pytest.raises(ValueError, match=message):
        small(loss="ordinal", class_order=order).fit(X, cycle("a", "b"))


@pytest.mark.parametrize("weight", [-1, -0.5, NAN, math.inf, "x", None])
def test_fault_12_a_class_weight_that_cannot_be_one_is_named(weight):
    message = rf"class_weight\['a'\] is {weight!r}; weights are finite numbers, 0 or greater"
    model = small().fit(X, cycle("a", "b"))
    with unchanged(model, X):
        model.set_params(class_weight={"a": weight, "b": 1})
        for fit in (model.fit, model.partial_fit, model.set_params(warm_start=True).fit):
            with pytest.raises(ValueError, match=message):
                fit(X, cycle("a", "b"))
        model.set_params(class_weight=None, warm_start=False)
    with pytest.raises(ValueError, match=message):
        tagger(class_weight={"a": weight, "b": 1}).fit(X, STEPS)
    with pytest.raises(ValueError, match=r"class_weight\[1\]\[0\] is "):
        small(class_weight=[{0: 1, 1: 1}, {0: weight, 1: 1}]).fit(X, cycle([1, 0], [1, 1], [0, 1]))


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({"a": 0, "b": 0}, "class_weight leave no sample a weight above 0"),
        ({"a": 1, NAN: 1, "b": 1}, "key of class_weight, number 1, is nan"),
        ({"a": 1, "b": 1, 3: 1}, "key of class_weight, number 2, is 3, but other labels are str"),
        ([{"a": 1, "b": 1}], "class_weight is a list, which is for multilabel y"),
        ({"a": 1, "c": 2}, r"has the keys \['c'\], which are none .* no weight for \['b'\]"),
        ({0: 1, 1: 2}, r"has the keys \[0, 1\], which are none .* no weight for \['a', 'b'\]"),
    ],
)  # fmt: skip
def test_fault_12_class_weights_that_fit_no_class_are_refused(weights, message):
    with pytest.raises(ValueError, match=message):
        small(class_weight=weights).fit(X, cycle("a", "b"))


@pytest.mark.parametrize(
    "classes", [[0], [0, 1, 2], [5, 7], ["a", "b"], [0, 1.5], [[0, 1]]], ids=repr
)
def test_fault_12_classes_of_indicators_are_the_indices_of_columns(classes):
    y = np.array(cycle([1, 0], [1, 1], [0, 0]))
    model = small()
    with pytest.raises(ValueError, match="classes="):
        model.partial_fit(X, y, classes=classes)
    assert not hasattr(model, "module_")
    expected = model.partial_fit(X, y).predict_proba(X)
    for right in ([0, 1], np.array([1, 0])):
        found = small().partial_fit(X, y, classes=right).predict_proba(X)
        np.testing.assert_array_equal(found, expected)


ONE_HOT = np.eye(3, dtype=int)[np.arange(24) % 3]


@pytest.mark.parametrize(
    "y",
    [ONE_HOT, ONE_HOT.tolist(), ONE_HOT.astype(float), ONE_HOT.astype(bool), csr_array(ONE_HOT),
     pd.get_dummies(np.arange(24) % 3), np.eye(2)[np.arange(24) % 2]],
    ids=["ints", "list", "floats", "booleans", "sparse", "dummies", "two"],
)  # fmt: skip
def test_fault_12_a_one_hot_matrix_warns(y):
    with pytest.warns(UserWarning, match=r"multilabel.*np\.argmax\(y, axis=1\)") as caught:
        model = small().fit(X, y)
    assert caught[0].filename == __file__
    assert model.predict(X).shape == np.shape(y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        small(output_layer="sigmoid").fit(X, y)  # says that labels are meant
        model.set_params(warm_start=True).fit(X, y)


def test_fault_12_a_first_part_of_one_hot_rows_warns_once():
    with pytest.warns(UserWarning, match="argmax"):
        model = small().partial_fit(X, ONE_HOT)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.partial_fit(X, ONE_HOT)


def test_fault_12_multilabel_data_do_not_warn():
    y = ONE_HOT.copy()
    y[7] = [1, 1, 0]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        small().fit(X, y)
        # Each of the first few has one label by chance.
        small().partial_fit(X[:3], y[:3]).partial_fit(X, y)
        small().fit(X[:3], y[:3])
        small().fit(X, np.array(cycle([1, 0], [0, 0])))


def test_fault_12_one_hot_rows_where_one_label_is_learned_say_what_to_pass():
    for params in ({"output_layer": "softmax"}, {"loss": "ordinal"}):
        with pytest.raises(ValueError, match=r"np\.argmax\(y, axis=1\)"):
            small(**params).fit(X, ONE_HOT)


@pytest.mark.parametrize(
    "y",
    [cycle(["a", "b"], ["c"]), cycle(["a", "b"], ["c", "d"]), cycle({"a"}, {"b", "c"}),
     cycle(("a",), ("b", "c")), [["a"] * len(x) for x in X], [np.ones(len(x), int) for x in X],
     pd.Series(cycle(["a", "b"], ["c"])), cycle([1, 2], [3, 4]), np.zeros((24, 2, 2), int)],
    ids=["lists", "equal", "sets", "tuples", "steps", "arrays", "series", "numbers", "cube"],
)  # fmt: skip
def test_fault_33_lists_of_labels_name_the_way(y):
    with pytest.raises(ValueError, match=r"y.*MultiLabelBinarizer.*LSTMTagger"):
        small().fit(X, y)


def test_fault_33_the_first_list_of_labels_is_named():
    with pytest.raises(ValueError, match=r"y\[5\] is \['a', 'b'\], of type list"):
        small().fit(X, [*cycle("a", "b")[:5], ["a", "b"], *cycle("a", "b")[6:]])


def test_fault_33_numbers_name_the_regressor():
    y = np.linspace(0, 1, 24)
    for target in (y, y.tolist(), np.stack([y, y], axis=1), y.astype(object)):
        with pytest.raises(ValueError, match=r"Unknown label type.*LSTMRegressor\."):
            small().fit(X, target)
    with pytest.raises(ValueError, match=r"continuous.*LSTMRegressor\(return_sequences=True\)"):
        tagger().fit(X, X)


@pytest.mark.parametrize(
    "y",
    [cycle("a", "b"), np.array(cycle("a", "b")), np.array(cycle("a", "b"), object),
     pd.Series(cycle("a", "b"), dtype="category"), cycle("1", "2"), cycle(b"a", b"b")],
    ids=["list", "array", "objects", "categorical", "digits", "bytes"],
)  # fmt: skip
def test_fault_33_strings_name_the_classifier(y):
    model = regressor().fit(X, np.arange(24.0))
    with unchanged(model, X):
        for fit in (model.fit, model.partial_fit, model.score):
            with pytest.raises(ValueError, match=r"^y\[0\] is b?'[a1]', text.*LSTMClassifier"):
                fit(X, y)
    steps = [[label] * len(x) for label, x in zip(y, X, strict=True)]
    for params in ({}, {"return_sequences": True}):
        with pytest.raises(ValueError, match=r"y\[0\].* text.*LSTMTagger"):
            regressor(**params).fit(X, steps)


def test_fault_33_a_string_or_a_gap_among_numbers_is_named_by_its_place():
    numbers = list(range(24))
    for bad, message in [("x", r"y\[3\] is 'x', text"), (pd.NA, r"NaN. y\[3\] is <NA>")]:
        with pytest.raises(ValueError, match=message):
            regressor().fit(X, [*numbers[:3], bad, *numbers[4:]])


def test_fault_33_objects_that_are_numbers_are_read_and_others_are_named():
    for labels in ((0, 1), (0.0, 1.0), (False, True)):
        model = small().fit(X, np.array(cycle(*labels), dtype=object))
        assert model.classes_.tolist() == list(labels)
        assert model.classes_.dtype == np.array(labels).dtype
    for labels, shown in [
        ((Decimal(1), Decimal(2)), r"Decimal\('1'\), of type Decimal"),
        (tuple(Enum("Color", "RED BLUE")), "RED: 1>, of type Color"),
        ((2**70, 1), "of type int; accepted are strings, booleans, 64-bit integers"),
    ]:
        with pytest.raises(ValueError, match=rf"Unknown label type.*A label is .*{shown}"):
            small().fit(X, cycle(*labels))


@pytest.mark.parametrize("item", [1j, object()])
def test_fault_33_what_is_no_real_number_is_refused(item):
    with pytest.raises(TypeError, match="y holds something that is no real number"):
        regressor().fit(X, cycle(1.0, item))


def test_fault_33_a_y_without_samples_is_shown():
    with pytest.raises(ValueError, match="where a list or array of labels is expected"):
        small().fit(X, "ab" * 12)
    with pytest.raises(TypeError, match=r"y is a dict with the keys 0, 1, 2, \.\.\.; pass a list"):
        small().fit(X, dict.fromkeys(range(24), 1))
