"""Arrays that are padded with NaN, as tslearn pads them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

from sklstm import LSTMClassifier, SequencePadder, SequenceScaler, SequenceTokenizer

RNG = np.random.default_rng(0)
RAGGED = [RNG.normal(3, 2, (n, 2)) for n in (3, 5, 2, 4)]
NUMBERS = [item[:, 0] for item in RAGGED]
NANS = [np.nan, np.float32("nan"), float("nan"), np.float64("nan")]


def padded(sequences, side="post", width=6):
    out = np.full((len(sequences), width, *sequences[0].shape[1:]), np.nan, sequences[0].dtype)
    for row, item in zip(out, sequences, strict=True):
        row[slice(None, len(item)) if side == "post" else slice(width - len(item), None)] = item
    return out


@pytest.mark.parametrize("method", ["standard", "minmax"])
@pytest.mark.parametrize("side", ["post", "pre"])
@pytest.mark.parametrize("sequences", [RAGGED, NUMBERS], ids=["features", "numbers"])
def test_fault_19_scaled_as_the_sequences_without_padding(method, side, sequences):
    X = padded(sequences, side)
    before = X.copy()
    reference = SequenceScaler(method=method).fit(sequences)
    scaler = SequenceScaler(method=method, padding_value=np.nan)
    scaled = scaler.fit_transform(X)
    np.testing.assert_array_equal(scaled, padded(reference.transform(sequences), side))
    np.testing.assert_allclose(scaler.inverse_transform(scaled), X)
    np.testing.assert_array_equal(X, before)
    continued = SequenceScaler(method=method, padding_value=np.nan)
    continued.partial_fit(X[:2]).partial_fit(X[2:])
    np.testing.assert_allclose(continued.transform(X), scaled)


@pytest.mark.parametrize("side", ["post", "pre"])
@pytest.mark.parametrize("sequences", [RAGGED, NUMBERS], ids=["features", "numbers"])
def test_fault_19_padded_as_the_sequences_without_padding(side, sequences):
    X = padded(sequences, side)
    for padder in (
        SequencePadder(padding_value=np.nan),
        SequencePadder(padding_value=np.nan, padding="post"),
        SequencePadder(padding_value=np.nan, max_length=3, truncation="post"),
    ):
        expected, lengths = clone(padder).fit(sequences).pad(sequences)
        found, found_lengths = padder.fit(X).pad(X)
        np.testing.assert_array_equal(found, expected)
        np.testing.assert_array_equal(found_lengths, lengths)
        assert padder.max_length_ == expected.shape[1]
    restored = SequencePadder(padding_value=np.nan).fit(X)
    for one, item in zip(restored.inverse_transform(restored.transform(X)), sequences, strict=True):
        np.testing.assert_array_equal(one, item)


@pytest.mark.parametrize("nan", NANS, ids=lambda nan: type(nan).__name__)
def test_fault_19_every_kind_of_nan(nan):
    X = padded([item.astype(np.float32) for item in RAGGED])
    expected = SequenceScaler(padding_value=np.nan).fit_transform(X)
    for estimator in (SequenceScaler(padding_value=nan), SequencePadder(padding_value=nan)):
        copied = clone(estimator)
        assert copied.get_params()["padding_value"] is not None
        assert "nan" in repr(copied)
        found = copied.fit_transform(X)
        assert found.dtype == np.float32
        if isinstance(estimator, SequenceScaler):
            np.testing.assert_array_equal(found, expected)
    model = LSTMClassifier(hidden_size=3, max_epochs=2, random_state=0, padding_value=nan)
    plain = LSTMClassifier(hidden_size=3, max_epochs=2, random_state=0)
    np.testing.assert_array_equal(
        clone(model).fit(X, [0, 1, 0, 1]).predict_proba(X),
        plain.fit(RAGGED, [0, 1, 0, 1]).predict_proba(RAGGED),
    )
    assert "nan" in repr(clone(model))


def test_fault_19_other_forms_keep_their_padding():
    expected = SequenceScaler().fit_transform(NUMBERS)
    scaler = SequenceScaler(padding_value=np.nan)
    X = padded(NUMBERS)
    np.testing.assert_array_equal(scaler.fit_transform(X.tolist()), padded(expected))
    items = scaler.fit_transform(list(X))
    assert items.shape == (4,)
    np.testing.assert_array_equal(np.stack(items), padded(expected))
    frame = pd.DataFrame(X, columns=list("abcdef"))
    framed = scaler.set_output(transform="pandas").fit_transform(frame)
    assert list(framed.columns) == list("abcdef")
    np.testing.assert_array_equal(framed.to_numpy(), padded(expected))
    np.testing.assert_array_equal(
        SequenceScaler(padding_value=np.nan).fit_transform(NUMBERS[0][None]),
        SequenceScaler().fit_transform(NUMBERS[0][None]),
    )


def test_fault_19_pipelines_predict_as_without_padding():
    y = [0, 1, 0, 1]
    small = {"hidden_size": 3, "max_epochs": 2, "random_state": 0}
    X = padded(RAGGED)
    expected = make_pipeline(SequenceScaler(), LSTMClassifier(**small)).fit(RAGGED, y)
    found = make_pipeline(
        SequenceScaler(padding_value=np.nan),
        SequencePadder(padding_value=np.nan),
        LSTMClassifier(padding_value=np.nan, **small),
    ).fit(X, y)
    for later in (X, padded(RAGGED, "pre"), RAGGED):
        np.testing.assert_array_equal(found.predict_proba(later), expected.predict_proba(RAGGED))


def test_fault_19_gaps_are_not_padding():
    for transformer in (SequenceScaler(padding_value=np.nan), SequencePadder(padding_value=np.nan)):
        fitted = clone(transformer).fit(RAGGED)
        gap, half, empty = padded(RAGGED), padded(RAGGED), padded(RAGGED)
        gap[1, 2], half[1, 4, 0], empty[2] = np.nan, np.nan, np.nan
        for X, message in [
            (gap, r"NaN or infinity.*X\[1\] holds \[nan, nan\] at step 2"),
            (half, r"NaN or infinity.*X\[1\] holds \[nan, .*\] at step 4"),
            (empty, r"X\[2\] is an empty sequence"),
        ]:
            for read in (clone(transformer).fit, fitted.transform):
                with pytest.raises(ValueError, match=message):
                    read(X)
    with pytest.raises(ValueError, match="NaN or infinity"):
        SequenceScaler(padding_value=0.0).fit(padded(RAGGED))
    with pytest.raises(ValueError, match=r"padding_value=nan is not accepted for token ids"):
        SequencePadder(padding_value=np.nan).fit(SequenceTokenizer().fit_transform(["ab", "cd"]))
