"""Targets of every step: invalid ones are named by their place and change nothing."""

import copy

import numpy as np
import pytest
from contract.comparing import assert_same, unchanged
from sklearn.exceptions import DataConversionWarning

from sklstm import LSTMRegressor, LSTMTagger, SequenceTokenizer

SMALL = {"hidden_size": 3, "max_epochs": 1, "random_state": 0}
RNG = np.random.default_rng(0)
X = [RNG.normal(size=(k, 2)) for k in RNG.integers(2, 8, size=20)]
LABELS = [np.array(list("ab"))[(x[:, 0] > 0).astype(int)] for x in X]
NUMBERS = [x[:, 0] for x in X]
ONES = [np.ones(len(x)) for x in X]


def changed(y, i, value):
    return [value if k == i else item for k, item in enumerate(y)]


def with_step(y, i, t, value):
    item = list(y[i])
    item[t] = value
    return changed(y, i, item)


T17 = len(X[17])
BAD_LABELS = {
    "too many": (
        changed(LABELS, 17, ["a"] * (T17 + 1)),
        rf"y\[17\] has {T17 + 1} values, but X\[17\] has {T17} steps",
    ),
    "too few": (changed(LABELS, 17, []), rf"y\[17\] has 0 values, but X\[17\] has {T17} steps"),
    "one for all": (list("ab") * 10, r"y\[0\] is 'a', one value for a whole sequence, but every"),
    "fewer sequences": (LABELS[:-1], "inconsistent numbers of samples"),
    "uneven steps": (
        changed(LABELS, 17, [["a"], *[["a", "b"]] * (T17 - 1)]),
        r"y\[17\] holds lists of unequal lengths; every step needs one value",
    ),
    "several a step": ([np.ones((len(x), 2)) for x in X], r"several labels for a step"),
    "none": (None, "requires y to be passed"),
    "missing": (with_step(LABELS, 17, 1, None), r"NaN or None: y\[17\]\[1\] is None"),
    "nan": (with_step(LABELS, 17, 1, np.nan), r"NaN or None: y\[17\]\[1\] is nan"),
    "nan among numbers": (with_step(NUMBERS, 17, 1, np.nan), r"contains NaN. y\[17\]\[1\] is nan"),
    "mixed": (with_step(LABELS, 17, 1, 3), r"y\[17\]\[1\] is 3, but other labels are strings"),
    "other shape": (
        changed(LABELS, 17, np.array([["a"]] * T17)),
        rf"y\[17\] has the shape \({T17}, 1\), but y\[0\] has",
    ),
    "one class": ([["a"] * len(x) for x in X], "at least 2 classes in y; got 1"),
}


@pytest.mark.parametrize("case", BAD_LABELS)
def test_labels_that_do_not_fit(case):
    y, message = BAD_LABELS[case]
    tagger = LSTMTagger(**SMALL).fit(X, LABELS)
    with unchanged(tagger, X), pytest.raises(ValueError, match=message):
        tagger.fit(X, y)


BAD_NUMBERS = {
    "too many": (
        changed(NUMBERS, 17, np.ones(T17 + 1)),
        rf"y\[17\] has {T17 + 1} values, but X\[17\]",
    ),
    "one for all": (np.ones(20), r"y\[0\] is .*one value for a whole sequence"),
    "missing": (with_step(NUMBERS, 17, 1, np.nan), r"Input y contains NaN. y\[17\]\[1\] is nan"),
    "infinite": (with_step(NUMBERS, 17, 1, np.inf), r"contains infinity.* y\[17\]\[1\] is inf"),
    "text": (with_step(NUMBERS, 3, 0, "x"), r"y\[3\]\[0\] is 'x', text.*use LSTMTagger"),
}


@pytest.mark.parametrize("case", BAD_NUMBERS)
def test_numbers_that_do_not_fit(case):
    y, message = BAD_NUMBERS[case]
    regressor = LSTMRegressor(**SMALL, return_sequences=True).fit(X, NUMBERS)
    with unchanged(regressor, X), pytest.raises(ValueError, match=message):
        regressor.fit(X, y)


def test_counts_below_0_are_named_by_their_step():
    counts = with_step([np.ones(len(x)) for x in X], 17, 1, -2.0)
    regressor = LSTMRegressor(**SMALL, return_sequences=True, loss="poisson")
    with pytest.raises(ValueError, match=r"y\[17\]\[1\](\[0\])? is -2.0, but loss='poisson'"):
        regressor.fit(X, counts)


def test_ragged_numbers_without_return_sequences_name_the_parameter():
    with pytest.raises(ValueError, match="set return_sequences=True"):
        LSTMRegressor(**SMALL).fit(X, NUMBERS)


def test_a_label_unseen_in_fit_is_named_by_its_step():
    tagger = LSTMTagger(**SMALL).fit(X, LABELS)
    unseen = with_step(LABELS, 17, 1, "c")
    with unchanged(tagger, X):
        with pytest.raises(ValueError, match=r"y\[17\]\[1\] is 'c', which is none of the classes"):
            tagger.partial_fit(X, unseen)
        with pytest.raises(ValueError, match=r"y_val\[17\]\[1\] is 'c'"):
            tagger.fit(X, LABELS, X_val=X, y_val=unseen)
        with pytest.raises(ValueError, match="classes="):
            tagger.partial_fit(X, LABELS, classes=["a", "b", "c"])
    # `score` accepts it: the prediction is always wrong there.
    assert tagger.score(X, unseen) < 1.0


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        (
            changed(ONES, 17, [1.0]),
            r"sample_weight\[17\] has 1 values, but",
        ),
        (changed(ONES, 17, 1.0), r"sample_weight\[17\] is 1.0, one value"),
        ([-ones for ones in ONES], r"Negative values: sample_weight\[0\]\[0\] is -1.0"),
        (with_step(ONES, 17, 1, np.nan), r"contains NaN: sample_weight\[17\]\[1\] is nan"),
        ([np.zeros(len(x)) for x in X], "at least one non-zero|leave no sample"),
        (np.ones(3), "inconsistent numbers of samples"),
    ],
)
def test_weights_that_do_not_fit(weight, message):
    tagger = LSTMTagger(**SMALL).fit(X, LABELS)
    with unchanged(tagger, X), pytest.raises(ValueError, match=message):
        tagger.fit(X, LABELS, sample_weight=weight)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"bidirectional": False, "output_layer": "crf", "stateful": True}, "output_layer='crf'"),
        ({"stateful": True}, "bidirectional=True"),
        ({"bptt_length": 3}, "bidirectional=True"),
        ({"bidirectional": False, "conv_filters": 2, "bptt_length": 3}, "conv_filters"),
        ({"output_layer": "sigmoid"}, "output_layer"),
        ({"bptt_length": 0}, "bptt_length"),
        ({"class_weight": [{"a": 1}]}, "class_weight"),
        ({"char_filters": 0}, "char_filters"),
    ],
)
def test_parameters_that_contradict_each_other_are_named(params, message):
    with pytest.raises(ValueError, match=message):
        LSTMTagger(**SMALL, **params).fit(X, LABELS)


def test_words_that_a_tokenizer_left_out_are_hinted_at():
    pairs = SequenceTokenizer(token_pattern=r"(?u)\b\w\w+\b")
    tokens = pairs.fit_transform(["a dog barks"] * 4)
    with pytest.raises(ValueError, match=r"y\[0\] has 3 values.*2 steps.*analyzer=list"):
        LSTMTagger(**SMALL).fit(tokens, [["DET", "NOUN", "VERB"]] * 4)


def test_a_column_of_labels_is_flattened_with_a_warning():
    columns = [labels[:, None] for labels in LABELS]
    with pytest.warns(DataConversionWarning, match="column-vector y"):
        tagger = LSTMTagger(**SMALL).fit(X, columns)
    expected = LSTMTagger(**SMALL).fit(X, LABELS).predict_proba(X)
    assert_same(tagger.predict_proba(X), expected, tolerance=0)


def test_a_crf_does_not_continue_from_a_state():
    tagger = LSTMTagger(**SMALL, bidirectional=False, output_layer="crf").fit(X, LABELS)
    stateful = copy.copy(tagger).set_params(stateful=True)
    for call in (
        tagger.stream,
        lambda: tagger.predict(X, return_state=True),
        lambda: stateful.predict(X),
    ):
        with pytest.raises(
            ValueError, match="output_layer='crf' decodes the label of a step from later"
        ):
            call()


def test_pooling_of_steps_contradicts_a_number_for_each():
    regressor = LSTMRegressor(**SMALL, return_sequences=True, conv_filters=2, conv_pool_size=2)
    with pytest.raises(ValueError, match="conv_pool_size=2 reduces 2 steps to one; set"):
        regressor.fit(X, NUMBERS)
    for size in (1, "auto"):
        assert regressor.set_params(conv_pool_size=size).fit(X, NUMBERS).conv_pool_size_ == 1
    assert not hasattr(regressor, "transform")


def test_return_sequences_counts_from_the_next_fit_on():
    sums = [x.sum() for x in X]
    regressor = LSTMRegressor(**SMALL, fcn_filters=None).fit(X, sums)
    expected = regressor.predict(X)
    regressor.set_params(return_sequences=True)
    np.testing.assert_array_equal(regressor.predict(X), expected)
    assert regressor.transform(X).shape == (20, 6)
    regressor.score(X, sums)
    for y in (NUMBERS, sums):
        with pytest.raises(ValueError, match="return_sequences"):
            regressor.partial_fit(X, y)
    assert regressor.fit(X, NUMBERS).predict(X).dtype == object


def test_training_does_not_continue_with_another_output_layer():
    tagger = LSTMTagger(**SMALL).partial_fit(X, LABELS)
    with pytest.raises(ValueError, match="output_layer is 'crf' now"):
        tagger.set_params(output_layer="crf").partial_fit(X, LABELS)
