"""Metrics of steps and spans: forms of labels, what is refused, and scorers."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from metrics.examples import RAGGED, Y_PRED, Y_TRUE, as_object_array
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.metrics import make_scorer
from sklearn.model_selection import GridSearchCV, KFold, cross_validate

from sklstm.metrics import (
    span_f1_score,
    span_f1_scorer,
    span_recall_score,
    token_accuracy_score,
    token_accuracy_scorer,
)

FORMS = {
    "list": list,
    "tuple": lambda items: tuple(tuple(item) for item in items),
    "object": as_object_array,
    "series": lambda items: pd.Series(items, index=range(len(items), 0, -1)),
    "series-of-series": lambda items: pd.Series([pd.Series(item, dtype="str") for item in items]),
    "polars": lambda items: pl.Series(items),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_forms_of_ragged_labels(form):
    assert span_f1_score(form(Y_TRUE), form(Y_PRED)) == pytest.approx(2 / 5)
    assert span_f1_score(form(Y_TRUE), Y_PRED) == pytest.approx(2 / 5)
    assert token_accuracy_score(form(Y_TRUE), form(Y_PRED)) == 0.5


@pytest.mark.parametrize("form", [np.array, pd.DataFrame, pl.DataFrame])
def test_forms_of_rectangles(form):
    y_true, y_pred = np.array([[0, 1, 2], [2, 1, 1]]), np.array([[0, 1, 1], [2, 1, 0]])
    assert token_accuracy_score(form(y_true), form(y_pred)) == pytest.approx(4 / 6)


BAD_LABELS = {
    "flat": (["B-PER", "O"], ["B-PER", "O"], TypeError, r"y_true\[0\] is 'B-PER'; accepted is"),
    "numbers": ([1, 0], [1, 0], TypeError, r"y_true\[0\] is 1; accepted is a list or array"),
    "nested": ([[["O"], ["O"]]], [["O", "O"]], TypeError, r"y_true\[0\]\[0\] is \['O'\]; a step"),
    "3-d": (np.zeros((2, 3, 1)), RAGGED[1], ValueError, r"y_true\[0\] has shape \(3, 1\)"),
    "none": ([], [], ValueError, "y_true contains no sequence"),
    "fewer": (Y_TRUE, Y_PRED[:2], ValueError, "y_pred is for 2 sequences, but y_true holds 3"),
    "longer": (Y_TRUE, [*Y_PRED[:2], ["O"]], ValueError, r"y_pred\[2\] has 1 label, but y_true\[2"),
    "shorter": (
        [["O"] * 6] * 18,
        [["O"] * 6] * 17 + [["O"] * 5],
        ValueError,
        r"y_pred\[17\] has 5 labels, but y_true\[17\] has 6\.",
    ),
}


@pytest.mark.parametrize("score", [token_accuracy_score, span_f1_score, span_recall_score])
@pytest.mark.parametrize(
    ("y_true", "y_pred", "error", "message"), BAD_LABELS.values(), ids=BAD_LABELS.keys()
)
def test_bad_labels(score, y_true, y_pred, error, message):
    with pytest.raises(error, match=message):
        score(y_true, y_pred)


BAD_TAGS = {
    "number": (["O", 3], ["O", "O"], {}, TypeError, r"y_true\[1\]\[1\] is 3; spans are marked by"),
    "none": (["O", None], ["O", "O"], {}, TypeError, r"y_true\[1\]\[1\] is None.*padding_label"),
    "nan": (["O", "O"], ["O", np.nan], {}, TypeError, r"y_pred\[1\]\[1\] is nan"),
    "padded": ([0, "O", 1], ["O"] * 3, {"padding_label": 0}, TypeError, r"y_true\[1\]\[2\] is 1"),
    "empty": (["NOUN", ""], ["O", "O"], {}, ValueError, r"y_true\[1\]\[1\] is an empty string"),
    "iobes": (["S-A"], ["O"], {"scheme": "iob2"}, ValueError, r"y_true\[1\]\[0\] is 'S-A'; scheme"),
}
BAD_STEPS = {
    "none": ([1, None], [1, 1], {}, ValueError, r"y_true\[1\]\[1\] is None; every step needs a"),
    "na": (
        pd.Series(["a", pd.NA], dtype=object),
        ["a", "b"],
        {"padding_label": "a"},
        ValueError,
        "is <NA>",
    ),
    "nan": ([1.0, 0.0], [1.0, np.nan], {}, ValueError, r"y_pred\[1\]\[1\] is nan"),
}


@pytest.mark.parametrize(
    ("score", "y_true", "y_pred", "params", "error", "message"),
    [(span_f1_score, *bad) for bad in BAD_TAGS.values()]
    + [(token_accuracy_score, *bad) for bad in BAD_STEPS.values()],
    ids=[*BAD_TAGS, *BAD_STEPS],
)
def test_bad_steps(score, y_true, y_pred, params, error, message):
    with pytest.raises(error, match=message):
        score([[], y_true], [[], y_pred], **params)


def test_strings_are_not_compared_with_numbers():
    with pytest.raises(TypeError, match=r"y_true\[1\]\[0\] is 'a' and y_pred\[1\]\[0\] is 0"):
        token_accuracy_score([[], ["a", "b"]], [[], [0, 1]])


def test_no_step_has_no_accuracy():
    with pytest.raises(ValueError, match="y_true holds no step, so"):
        token_accuracy_score([[], []], [[], []])
    with pytest.raises(ValueError, match=r"no step besides padding \('-'\), so"):
        token_accuracy_score([["-"], []], [["a"], []], padding_label="-")


BAD_WEIGHTS = {
    "few": ([1, 2], ValueError, "sample_weight is for 2 sequences, but y_true holds 4"),
    "few-ragged": ([[1], [2]], ValueError, "sample_weight is for 2 sequences, but y_true holds 4"),
    "steps": ([[1], [1], [], [1, 1]], ValueError, r"sample_weight\[0\] has 1 weight, but y_tr.* 4"),
    "padding": (
        [[1] * 4, [1], [], []],
        ValueError,
        r"\[3\] has 0 weights, .* 3, 2 without padding",
    ),
    "negative": ([1, 1, -1, 1], ValueError, r"sample_weight\[2\] is -1.0; weights are finite"),
    "nan": ([[1] * 4, [np.nan], [], [1, 1]], ValueError, r"sample_weight\[1\]\[0\] is nan"),
    "zero": ([0] * 4, ValueError, "sample_weight leaves no step a weight above 0"),
    "text": ([["a"] * 4, [1], [], [1, 1]], TypeError, "sample_weight must hold numbers: could not"),
    "mixed": ([1, 1, [], 1], TypeError, r"sample_weight\[0\] is 1; accepted is a list or array"),
}


@pytest.mark.parametrize(
    ("weights", "error", "message"), BAD_WEIGHTS.values(), ids=BAD_WEIGHTS.keys()
)
def test_bad_weights(weights, error, message):
    y_true = [*RAGGED[0][:3], [1, -1, 1]]
    with pytest.raises(error, match=message):
        token_accuracy_score(y_true, RAGGED[1], sample_weight=weights, padding_label=-1)


@pytest.mark.parametrize(
    "params",
    [{"average": "samples"}, {"scheme": "IOB2"}, {"zero_division": 2}, {"padding_label": ["O"]}],
    ids=str,
)
def test_bad_parameters(params):
    (name,) = params
    with pytest.raises(ValueError, match=f"The '{name}' parameter of span_f1_score must be"):
        span_f1_score(Y_TRUE, Y_PRED, **params)


class Tagger(BaseEstimator):
    """Predict the tags of names, for words of an alphabet known or not."""

    def __init__(self, knows="ab"):
        self.knows = knows

    def fit(self, X, y):
        self.fitted_ = True
        return self

    def predict(self, X):
        return as_object_array(
            [["S-PER" if word in self.knows else "O" for word in item] for item in X]
        )


class ClassifyingTagger(ClassifierMixin, Tagger):
    def fit(self, X, y):
        self.classes_ = np.unique(np.concatenate(y))
        return super().fit(X, y)


WORDS = ["abx", "x", "byya", "xy", "ab", "yyb"]
TAGS = as_object_array([["O" if word in "xy" else "B-PER" for word in item] for item in WORDS])


@pytest.mark.parametrize("tagger", [Tagger, ClassifyingTagger])
@pytest.mark.parametrize("y", [TAGS, TAGS.tolist()], ids=["object", "list"])
def test_scorers_in_model_selection(tagger, y):
    scoring = {
        "f1": span_f1_scorer,
        "macro": make_scorer(span_f1_score, average="macro", zero_division=0),
        "accuracy": make_scorer(token_accuracy_score, padding_label="O"),
    }
    scores = cross_validate(tagger("a"), WORDS, y, scoring=scoring, cv=KFold(3))
    # Names that hold a: 1 of 2, 1 of 2, 1 of 3; all that is predicted is right.
    np.testing.assert_allclose(scores["test_f1"], [2 / 3, 2 / 3, 1 / 2])
    np.testing.assert_allclose(scores["test_macro"], scores["test_f1"])
    np.testing.assert_array_equal(scores["test_accuracy"], 0)  # S-PER is not B-PER
    search = GridSearchCV(tagger(), {"knows": ["", "a", "ab"]}, scoring=span_f1_scorer, cv=KFold(2))
    assert search.fit(WORDS, y).best_params_ == {"knows": "ab"}
    assert search.score(WORDS, y) == 1


def test_scorers_take_weights_and_can_be_pickled():
    weights = [0, 1, 0, 0, 2, 0]
    model = Tagger("x").fit(WORDS, TAGS)
    for scorer in (token_accuracy_scorer, pickle.loads(pickle.dumps(token_accuracy_scorer))):
        assert scorer(model, WORDS, TAGS, sample_weight=weights) == 0
        assert scorer(Tagger(""), WORDS, TAGS, sample_weight=weights) == pytest.approx(1 / 5)
    same = pickle.loads(pickle.dumps(span_f1_scorer))
    assert same(Tagger(), WORDS, TAGS) == span_f1_scorer(Tagger(), WORDS, TAGS) == 1


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (["a", 1], r"y_\w+\[0\]\[1\] is 1, but other labels are strings, such as 'a'"),
        ([0, "a"], r"y_\w+\[0\]\[1\] is 'a', but other labels are numbers"),
    ],
)
def test_fault_02_labels_of_steps_of_two_types_are_named(labels, message):
    for y_true, y_pred in (([labels], [["a", "a"]]), ([["a", "a"]], [labels])):
        with pytest.raises(TypeError, match=message):
            token_accuracy_score(y_true, y_pred)
    # A padding label may be of another type.
    assert token_accuracy_score([["a", -1]], [["a", "b"]], padding_label=-1) == 1


@pytest.mark.parametrize("weights", [{1.0, 2.0}, {0: 1.0, 1: 2.0}])
def test_weights_without_an_order_are_refused(weights):
    with pytest.raises(TypeError, match=rf"sample_weight is a {type(weights).__name__}"):
        token_accuracy_score([["a"], ["b"]], [["a"], ["a"]], sample_weight=weights)
