"""Messages show NumPy's values as Python's own."""

import numpy as np
import pytest

from sklstm import (
    Doc2VecVectorizer,
    LSTMClassifier,
    LSTMRegressor,
    LSTMTagger,
    SequenceTokenizer,
    make_windows,
)
from sklstm._sequences import plain
from sklstm._sequences.tokens import Vocabulary
from sklstm.datasets import make_adding_problem
from sklstm.metrics import clustering_accuracy, span_f1_score, token_accuracy_score

X = [np.ones(n) for n in (1, 2, 3, 1, 2, 3)]
ONE, WORD = np.int64(1), np.str_("a")
SMALL = {"hidden_size": 2, "max_epochs": 1, "random_state": 0}


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (np.int64(3), "3"),
        (np.float32(0.1), "0.1"),
        (np.float64("nan"), "nan"),
        (np.str_("a"), "'a'"),
        (np.bool_(True), "True"),
        (np.bytes_(b"a"), "b'a'"),
        ([np.int64(1), (np.str_("a"),)], "[1, ('a',)]"),
        ({np.str_("a"): np.float64(0.5)}, "{'a': 0.5}"),
        ({np.int64(2)}, "{2}"),
        (np.array([[1, 2]]), "[[1, 2]]"),
        (np.array(["a", None], dtype=object), "['a', None]"),
        (np.array(7), "7"),
        (np.datetime64("2020-01-01"), "'2020-01-01'"),
        ("a", "'a'"),
        (None, "None"),
    ],
)
def test_fault_33_plain_values(value, shown):
    assert repr(plain(value)) == shown


def classify(y, **params):
    return lambda: LSTMClassifier(**SMALL, **params).fit(X, y)


def partial(y, classes):
    return lambda: LSTMClassifier(**SMALL).partial_fit(X, [0, 1] * 3).partial_fit(X, y, classes)


MESSAGES = {
    "one-class": classify([ONE] * 6),
    "one-string": classify([WORD] * 6),
    "mixed": classify([WORD, ONE] * 3),
    "missing": classify([WORD, np.float64("nan")] * 3),
    "lists": classify([[WORD, WORD], [WORD]] * 3),
    "weights": classify([0, 1] * 3, class_weight={ONE: np.float64(-1), np.int64(0): ONE}),
    "order": classify([0, 1] * 3, loss="ordinal", class_order=[ONE, ONE, np.int64(0)]),
    "unknown": partial(np.array([0, 7] * 3), None),
    "classes": partial([0, 1] * 3, [ONE, np.int64(5)]),
    "widths": classify([0, 1] * 3, hidden_size=(np.int64(2), np.int64(0))),
    "layers": classify([0, 1] * 3, hidden_size=(np.int64(2), ONE), num_layers=3),
    "text": lambda: LSTMRegressor(**SMALL).fit(X, [WORD] * 6),
    "quantiles": lambda: LSTMRegressor(loss="quantile", quantiles=(np.float64(2),)).fit(X, [1] * 6),
    "whole": lambda: LSTMTagger(**SMALL).fit(X, np.array(["a", "b"] * 3)),
    "steps": lambda: LSTMTagger(**SMALL).fit(X, [[WORD] * len(x) for x in X]),
    "number": lambda: LSTMClassifier(**SMALL).fit([np.float64(0.5), [1.0]], [0, 1]),
    "vocabulary": lambda: Vocabulary([WORD, WORD]),
    "ids": lambda: SequenceTokenizer(vocabulary={WORD: np.float64(4)}).fit(["a"]),
    "words": lambda: SequenceTokenizer(analyzer=list).fit([[WORD, ONE]]),
    "indicators": lambda: Doc2VecVectorizer(tags="labels").fit(["a"] * 2, np.array([[1, 2]] * 2)),
    "windows": lambda: make_windows(np.ones(5), window=np.int64(0)),
    "adding": lambda: make_adding_problem(np.int64(0)),
    "accuracy": lambda: token_accuracy_score([np.array(["a"])], [np.array([1])]),
    "mixed-steps": lambda: token_accuracy_score([[WORD, ONE]], [["a", "b"]]),
    "spans": lambda: span_f1_score([np.array([1, 2])], [["O", "O"]]),
    "clusters": lambda: clustering_accuracy([WORD, ONE], [0, 1]),
}  # fmt: skip


@pytest.mark.parametrize("call", MESSAGES.values(), ids=MESSAGES.keys())
def test_fault_33_messages_show_plain_values(call):
    with pytest.raises((TypeError, ValueError)) as caught:
        call()
    for name in ("np.", "array(", "dtype=object"):
        assert name not in str(caught.value)


def test_fault_33_the_only_class_is_shown_as_it_was_given():
    with pytest.raises(ValueError, match=r"got 1 class: 1\.$"):
        LSTMClassifier(**SMALL).fit(X, np.ones(6, dtype=int))


def test_fault_33_a_parameter_that_changed_is_plain():
    model = LSTMClassifier(**SMALL, warm_start=True).fit(X, [0, 1] * 3)
    with pytest.raises(ValueError, match=r"hidden_size is 3 now, .* fitted with 2"):
        model.set_params(hidden_size=np.int64(3)).fit(X, [0, 1] * 3)
