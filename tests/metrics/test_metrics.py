"""Metrics of steps and spans against seqeval, scikit-learn and examples worked by hand."""

from __future__ import annotations

import warnings
from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from metrics.examples import RAGGED, Y_PRED, Y_TRUE
from seqeval.metrics import sequence_labeling as seqeval
from seqeval.scheme import IOB2
from sklearn import metrics as sk
from sklearn.exceptions import UndefinedMetricWarning

from sklstm.metrics import (
    span_f1_score,
    span_precision_score,
    span_recall_score,
    token_accuracy_score,
)

TYPES = ["PER", "LOC", "A-B"]
IOB = ["O", *(f"{prefix}-{name}" for prefix in "BI" for name in TYPES)]
IOBES = [*IOB, *(f"{prefix}-{name}" for prefix in "ES" for name in TYPES)]
ODD = "B I E S . N NOUN NUM O-PER BX-PER BPER B- B--PER B-PER- U-PER L-PER .-PER I.".split()
AVERAGES = ["micro", "macro", "weighted", None]
SPAN_SCORES = {
    "precision": (span_precision_score, seqeval.precision_score, sk.precision_score),
    "recall": (span_recall_score, seqeval.recall_score, sk.recall_score),
    "f1": (span_f1_score, seqeval.f1_score, sk.f1_score),
}
EACH_SCORE = pytest.mark.parametrize(
    ("ours", "theirs", "sklearns"), SPAN_SCORES.values(), ids=SPAN_SCORES.keys()
)


def pairs_of(tags, max_length=8):
    """Draw true and predicted tags, of which many agree, as lists of lists."""
    step = st.tuples(st.sampled_from(tags), st.sampled_from([None, None, *tags])).map(
        lambda drawn: (drawn[0], drawn[1] or drawn[0])
    )
    sequences = st.lists(st.lists(step, max_size=max_length), min_size=1, max_size=5)
    return sequences.map(
        lambda rows: tuple([[step[side] for step in row] for row in rows] for side in (0, 1))
    )


def quietly(score, *args, **params):
    """Return a score and the number of its UndefinedMetricWarnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        value = score(*args, **params)
    return value, sum(issubclass(one.category, UndefinedMetricWarning) for one in caught)


def check_against_seqeval(pair, ours, theirs, scheme, params):
    n_types = len(quietly(theirs, *pair, average=None, **params)[0])
    for average, zero_division in product(AVERAGES, ("warn", 0, 1)):
        how = {"average": average, "zero_division": zero_division}
        value, n_warned = quietly(ours, *pair, scheme=scheme, **how)
        if n_types == 0 and average == "macro":  # seqeval: NaN, the mean of nothing
            assert value == float(zero_division == 1)
            continue
        expected, n_expected = quietly(theirs, *pair, **how, **params)
        np.testing.assert_allclose(value, expected, rtol=0, atol=1e-12)
        assert np.ndim(value) == (average is None)
        if n_types:
            assert n_warned == n_expected


@EACH_SCORE
@given(pair=st.one_of(pairs_of(IOB), pairs_of(IOBES), pairs_of([*IOBES, *ODD])))
@example(pair=([["N", "I", "O"], ["N", "E", "."]], [["O", ".", "I"], [".", "I", "O"]]))
@example(pair=([["B-PER", "O"]], [["N", "O"]]))
@settings(deadline=None)
def test_lenient_is_the_default_mode_of_seqeval(ours, theirs, sklearns, pair):
    check_against_seqeval(pair, ours, theirs, "lenient", {})


@EACH_SCORE
@given(pair=pairs_of([*IOB, "B", "I", "O-PER", "B--PER-", "BPER", "I-A"]))
@settings(deadline=None)
def test_iob2_is_the_strict_mode_of_seqeval(ours, theirs, sklearns, pair):
    check_against_seqeval(pair, ours, theirs, "iob2", {"mode": "strict", "scheme": IOB2})


@given(pair=st.one_of(*(pairs_of([tag, "O"]) for tag in [*IOBES, *ODD]), pairs_of("BIESO. -x")))
@settings(deadline=None)
def test_iob2_refuses_what_the_strict_mode_refuses(pair):
    try:
        expected, _ = quietly(seqeval.f1_score, *pair, mode="strict", scheme=IOB2)
    except (KeyError, ValueError):
        with pytest.raises(ValueError, match=r"accepts the prefixes B, I and O only"):
            span_f1_score(*pair, scheme="iob2")
    else:
        value, _ = quietly(span_f1_score, *pair, scheme="iob2")
        assert value == pytest.approx(expected, abs=1e-12)


@given(tags=st.lists(st.text(min_size=1, max_size=4), min_size=1, max_size=4), data=st.data())
@settings(deadline=None)
def test_any_text_is_read_as_seqeval_reads_it(tags, data):
    pair = data.draw(pairs_of([*tags, "O"]))
    check_against_seqeval(pair, span_f1_score, seqeval.f1_score, "lenient", {})


@EACH_SCORE
@given(pair=pairs_of(IOBES, max_length=4))
@settings(deadline=None, max_examples=30)
def test_averages_are_those_of_scikit_learn(ours, theirs, sklearns, pair):
    """Each span is a sample whose class is its type, or none where it does not occur."""
    true, pred = (set(seqeval.get_entities(tags)) for tags in pair)
    spans = sorted(true | pred)
    assume(spans)
    types = sorted({name for name, _, _ in spans})
    labels = [[span[0] if span in side else "" for span in spans] for side in (true, pred)]
    for average, zero_division in product(AVERAGES, (0.0, 1.0, np.nan)):
        params = {"average": average, "zero_division": zero_division}
        expected = sklearns(*labels, labels=types, **params)
        np.testing.assert_allclose(ours(*pair, **params), expected, rtol=0, atol=1e-12)


def test_spans_by_hand():
    # True: PER at 0-1, LOC at 3, LOC at 4. Predicted: PER at 0-1, and LOC at 4-5 if I begins it.
    assert span_precision_score(Y_TRUE, Y_PRED) == 1 / 2
    assert span_recall_score(Y_TRUE, Y_PRED) == 1 / 3
    assert span_f1_score(Y_TRUE, Y_PRED) == pytest.approx(2 / 5)
    np.testing.assert_array_equal(span_recall_score(Y_TRUE, Y_PRED, average=None), [0, 1])
    assert span_recall_score(Y_TRUE, Y_PRED, average="macro") == 1 / 2
    assert span_recall_score(Y_TRUE, Y_PRED, average="weighted") == pytest.approx(1 / 3)
    assert span_f1_score(Y_TRUE, Y_PRED, scheme="iob2") == 1 / 2
    assert span_precision_score(Y_TRUE, Y_PRED, scheme="iob2") == 1
    assert isinstance(span_f1_score(Y_TRUE, Y_PRED), float)


def test_schemes_that_lenient_understands_mark_the_same_spans():
    iob1 = [["I-PER", "I-PER", "B-PER", "O", "I-LOC"]]
    iob2 = [["B-PER", "I-PER", "B-PER", "O", "B-LOC"]]
    iobes = [["B-PER", "E-PER", "S-PER", "O", "S-LOC"]]
    for tags in (iob1, iob2):
        for other in (iob2, iobes):
            assert span_f1_score(tags, other) == 1
    assert span_f1_score(iob1, iob2, scheme="iob2") == 0.5  # of I-PER and I-LOC nothing begins


def test_no_span_goes_on_into_the_next_sequence():
    apart, together = [["B-PER"], ["I-PER"]], [["B-PER", "I-PER"]]
    assert span_recall_score(apart, [["B-PER"], ["O"]]) == 0.5
    assert span_recall_score(together, [["B-PER", "O"]], zero_division=1) == 0


@EACH_SCORE
def test_zero_division(ours, theirs, sklearns):
    outside = [["O", "O"], []]
    for average in ("micro", "macro", "weighted"):
        with pytest.warns(UndefinedMetricWarning, match="ill-defined and set to 0") as caught:
            assert ours(outside, outside, average=average) == 0
        assert caught[0].filename == __file__
        assert ours(outside, outside, average=average, zero_division=0) == 0
        assert ours(outside, outside, average=average, zero_division=1) == 1
        assert np.isnan(ours(outside, outside, average=average, zero_division=np.nan))
    assert ours(outside, outside, average=None).shape == (0,)


def test_the_types_of_undefined_scores_are_named():
    found, missed = [["S-PER", "O", "O"]], [["O", "S-LOC", "S-ORG"]]
    with pytest.warns(UndefinedMetricWarning, match=r"Recall.* set to 0 for 'PER'\. Use"):
        span_recall_score(missed, found, average="macro")
    with pytest.warns(UndefinedMetricWarning, match=r"Precision.* for 'LOC', 'ORG'\. Use"):
        span_precision_score(missed, found, average="macro")
    many = [[f"S-{k}" for k in range(7)]]
    with pytest.warns(UndefinedMetricWarning, match=r"for '0', '1', '2', '3', '4', \.\.\.\. Use"):
        span_precision_score(many, [["O"] * 7], average=None)


def test_labels_that_are_no_tags():
    """Their first letter is dropped and neighbours merge: true are ET, OUN over two steps, ERB."""
    words = [["DET", "NOUN", "NOUN", "VERB"]]
    with pytest.warns(UserWarning, match=r"y_(true|pred)\[0\]\[0\] is 'DET', not a tag") as caught:
        assert span_f1_score(words, [["DET", "NOUN", "VERB", "VERB"]]) == pytest.approx(1 / 3)
    assert len(caught) == 2
    assert {one.filename for one in caught} == {__file__}


LABELS = st.lists(st.lists(st.sampled_from("abc"), max_size=5), min_size=1, max_size=5)


@given(y_true=LABELS, data=st.data())
def test_token_accuracy_is_that_of_all_steps_together(y_true, data):
    assume(any(y_true))
    y_pred = [
        data.draw(st.lists(st.sampled_from("abc"), min_size=len(t), max_size=len(t)))
        for t in y_true
    ]
    flat = np.concatenate(y_true), np.concatenate(y_pred)
    lengths = [len(item) for item in y_true]
    each = np.arange(1, len(y_true) + 1)
    assert token_accuracy_score(y_true, y_pred) == pytest.approx(sk.accuracy_score(*flat))
    by_step = np.repeat(each, lengths)
    expected = sk.accuracy_score(*flat, sample_weight=by_step)
    ragged = np.split(by_step, np.cumsum(lengths)[:-1])
    for weights in (each, list(each), pd.Series(each, index=each[::-1]), ragged):
        assert token_accuracy_score(y_true, y_pred, sample_weight=weights) == pytest.approx(
            expected
        )


def rectangle(items, fill):
    width = max(map(len, items))
    return np.array([[*item, *[fill] * (width - len(item))] for item in items])


RECTANGLES = [rectangle(RAGGED[0], -1), rectangle(RAGGED[1], 0)]


def test_token_accuracy_by_hand():
    score = token_accuracy_score(*RAGGED)
    assert score == pytest.approx(4 / 7)
    assert isinstance(score, float)
    assert token_accuracy_score([[1.5], []], [[1.5], []]) == 1
    assert token_accuracy_score([[1, True]], [[1.0, False]]) == 0.5
    assert token_accuracy_score(*RAGGED, sample_weight=[1, 2, 9, 0]) == pytest.approx(3 / 6)


@pytest.mark.parametrize("y_true", [RAGGED[0], RECTANGLES[0]], ids=["ragged", "rectangle"])
@pytest.mark.parametrize("y_pred", [RAGGED[1], RECTANGLES[1]], ids=["ragged", "rectangle"])
def test_padding_does_not_count(y_true, y_pred):
    if y_true is RAGGED[0] and y_pred is RECTANGLES[1]:
        with pytest.raises(ValueError, match=r"y_pred\[1\] has 4 labels, but y_true\[1\] has 1\."):
            token_accuracy_score(y_true, y_pred, padding_label=-1)
        return
    assert token_accuracy_score(y_true, y_pred, padding_label=-1) == pytest.approx(4 / 7)
    short = [[1, 2, 3, 4], [0], [], [5, 0.5]]
    weights = [short] if y_true is RAGGED[0] else [short, rectangle(short, np.nan)]
    for weight in weights:
        score = token_accuracy_score(y_true, y_pred, sample_weight=weight, padding_label=-1)
        assert score == pytest.approx(13 / 15.5)


def test_padding_may_lie_anywhere():
    y_true, y_pred = [["a", "-", "b", "-"], ["-", "b"]], [["a", "a", "a", "-"], ["b"]]
    assert token_accuracy_score(y_true, y_pred, padding_label="-") == pytest.approx(2 / 3)
    assert token_accuracy_score(y_true, [["a", "b"], ["b"]], padding_label="-") == 1


@pytest.mark.parametrize("nan", [np.nan, np.float32("nan")])
def test_padding_may_be_nan(nan):
    y_true = rectangle(RAGGED[0], np.nan)
    assert token_accuracy_score(y_true, RAGGED[1], padding_label=nan) == pytest.approx(4 / 7)
    assert token_accuracy_score(y_true, RECTANGLES[1], padding_label=nan) == pytest.approx(4 / 7)
    filled = np.where(np.isnan(y_true), np.nan, RECTANGLES[1])
    assert token_accuracy_score(y_true, filled, padding_label=nan) == pytest.approx(4 / 7)
    mixed = [["B-PER", None], pd.Series(["O", pd.NA])]
    assert token_accuracy_score(mixed, [["B-PER"], ["O"]], padding_label=nan) == 1
    assert span_f1_score(mixed, [["B-PER"], ["O", "O"]], padding_label=nan) == 1


def test_padding_is_left_out_of_spans():
    """Subwords but for the first of a word, say, have no tag of their own."""
    y_true = [["B-PER", -100, "I-PER", "O", -100]]
    assert span_f1_score(y_true, [["B-PER", "O", "I-PER", "O", "S-LOC"]], padding_label=-100) == 1
    assert span_f1_score(y_true, [["B-PER", "I-PER", "O"]], padding_label=-100) == 1
