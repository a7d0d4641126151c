"""SequencePadder against hand-written arrays, brute force and scikit-learn's checks."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import parametrize_with_checks

from sklstm._sequences.tokens import END_ID, TokenArray
from sklstm.preprocessing import SequencePadder, SequenceTokenizer

RAGGED = [[1], [2, 3], [4, 5, 6]]
VECTORS = [[[1, 2]], [[3, 4], [5, 6], [7, 8]]]


@parametrize_with_checks(
    [SequencePadder(), SequencePadder(max_length=3), SequencePadder(padding="post", max_length=20)]
)
def test_sklearn_checks(estimator, check):
    check(estimator)


def test_tags_switch_no_check_off():
    tags = get_tags(SequencePadder())
    assert tags.input_tags.two_d_array
    assert not tags.input_tags.allow_nan
    assert not tags.no_validation
    assert not tags._skip_test


# Each case names the arguments of ``keras.utils.pad_sequences`` and the array it returns.
KERAS_CASES = [
    (RAGGED, {}, [[0, 0, 1], [0, 2, 3], [4, 5, 6]]),
    (RAGGED, {"padding": "post"}, [[1, 0, 0], [2, 3, 0], [4, 5, 6]]),
    (RAGGED, {"value": 9}, [[9, 9, 1], [9, 2, 3], [4, 5, 6]]),
    (RAGGED, {"value": -1, "padding": "post"}, [[1, -1, -1], [2, 3, -1], [4, 5, 6]]),
    (RAGGED, {"maxlen": 2}, [[0, 1], [2, 3], [5, 6]]),
    (RAGGED, {"maxlen": 2, "truncating": "post"}, [[0, 1], [2, 3], [4, 5]]),
    (RAGGED, {"maxlen": 2, "padding": "post"}, [[1, 0], [2, 3], [5, 6]]),
    (RAGGED, {"maxlen": 2, "padding": "post", "truncating": "post"}, [[1, 0], [2, 3], [4, 5]]),
    (RAGGED, {"maxlen": 1}, [[1], [3], [6]]),
    (RAGGED, {"maxlen": 1, "truncating": "post"}, [[1], [2], [4]]),
    (RAGGED, {"maxlen": 5}, [[0, 0, 0, 0, 1], [0, 0, 0, 2, 3], [0, 0, 4, 5, 6]]),
    (RAGGED, {"maxlen": 4, "padding": "post"}, [[1, 0, 0, 0], [2, 3, 0, 0], [4, 5, 6, 0]]),
    ([[0.5], [1.5, 2.5]], {"dtype": "float64", "value": -0.5}, [[-0.5, 0.5], [1.5, 2.5]]),
    ([[0.5], [1.5, 2.5]], {"dtype": "float32", "padding": "post"}, [[0.5, 0.0], [1.5, 2.5]]),
    (
        VECTORS,
        {},
        [[[0, 0], [0, 0], [1, 2]], [[3, 4], [5, 6], [7, 8]]],
    ),
    (
        VECTORS,
        {"padding": "post", "value": 9},
        [[[1, 2], [9, 9], [9, 9]], [[3, 4], [5, 6], [7, 8]]],
    ),
    (VECTORS, {"maxlen": 2}, [[[0, 0], [1, 2]], [[5, 6], [7, 8]]]),
    (VECTORS, {"maxlen": 2, "truncating": "post"}, [[[0, 0], [1, 2]], [[3, 4], [5, 6]]]),
    ([[[1], [2]], [[3]]], {}, [[[1], [2]], [[0], [3]]]),
]


@pytest.mark.parametrize(("sequences", "keras", "expected"), KERAS_CASES)
def test_same_results_as_keras(sequences, keras, expected):
    dtype = keras.get("dtype", "int32")
    padder = SequencePadder(
        max_length=keras.get("maxlen"),
        padding=keras.get("padding", "pre"),
        truncation=keras.get("truncating", "pre"),
        padding_value=keras.get("value", 0.0),
    )
    padded = padder.fit_transform([np.array(s, dtype=dtype) for s in sequences])
    assert padded.dtype == dtype
    np.testing.assert_array_equal(padded, np.array(expected, dtype=dtype))


_ragged = st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=7), min_size=1, max_size=6)
_sides = st.sampled_from(["pre", "post"])


@given(_ragged, st.sampled_from([None, 1, 3, 9]), _sides, _sides)
@settings(max_examples=100, deadline=None)
def test_against_brute_force(sequences, max_length, padding, truncation):
    padder = SequencePadder(max_length=max_length, padding=padding, truncation=truncation)
    width = max_length or max(map(len, sequences))
    expected, lengths = [], []
    for sequence in sequences:
        kept = sequence[-width:] if truncation == "pre" else sequence[:width]
        filler = [0] * (width - len(kept))
        expected.append(filler + kept if padding == "pre" else kept + filler)
        lengths.append(len(kept))
    padded, true_lengths = padder.fit(sequences).pad(sequences)
    assert padded.tolist() == expected == padder.transform(sequences).tolist()
    assert true_lengths.tolist() == lengths
    kept = [row.tolist() for row in padder.inverse_transform(padded, true_lengths)]
    assert kept == [row.tolist() for row in padder.inverse_transform(padded)]
    if max_length is None or max(map(len, sequences)) <= max_length:
        assert kept == sequences


@pytest.mark.parametrize(
    "dtype", ["float64", "float32", "float16", "int64", "int32", "int16", "int8", "uint8"]
)
def test_dtype_is_kept(dtype):
    for X in (
        [np.array([1, 2], dtype), np.array([3], dtype)],
        np.ones((2, 3), dtype),
        np.ones((2, 3, 2), dtype),
    ):
        assert SequencePadder(max_length=4).fit_transform(X).dtype == dtype


@pytest.mark.parametrize(
    "container",
    [
        lambda items: items,
        tuple,
        lambda items: np.array([np.array(s) for s in items], dtype=object),
        pd.Series,
        lambda items: pd.DataFrame({"series": items}),
        lambda items: pytest.importorskip("awkward").Array(items),
    ],
)
def test_every_container(container):
    X = container([[1.0, 2.0, 3.0], [4.0]])
    padded = SequencePadder().fit_transform(X)
    assert padded.tolist() == [[1.0, 2.0, 3.0], [0.0, 0.0, 4.0]]


def test_longer_sequences_after_fit_are_cut():
    padder = SequencePadder().fit([[1, 2], [3]])
    assert padder.max_length_ == 2
    assert padder.transform([[1, 2, 3, 4]]).tolist() == [[3, 4]]
    assert padder.fit([[1, 2, 3]]).max_length_ == 3


def test_number_of_features():
    assert SequencePadder().fit(np.ones((2, 5))).n_features_in_ == 5
    assert SequencePadder().fit(np.ones((2, 5, 3))).n_features_in_ == 3
    assert SequencePadder().fit([[1, 2, 3], [4, 5, 6]]).n_features_in_ == 3
    assert SequencePadder().fit(RAGGED).n_features_in_ == 1
    assert SequencePadder().fit(VECTORS).n_features_in_ == 2
    assert SequencePadder().fit(TokenArray(np.ones((2, 5), int))).n_features_in_ == 1


def test_other_features_in_transform():
    with pytest.raises(ValueError, match="X has 4 features, but SequencePadder is expecting 5"):
        SequencePadder().fit(np.ones((2, 5))).transform(np.ones((2, 4)))
    with pytest.raises(ValueError, match="X has 3 features, but SequencePadder is expecting 2"):
        SequencePadder().fit(VECTORS).transform(np.ones((2, 4, 3)))
    # A table is as good as ragged sequences of the same one feature.
    padder = SequencePadder().fit(RAGGED)
    assert padder.transform(np.ones((2, 4))).shape == (2, 3)
    assert SequencePadder().fit(np.ones((2, 2))).transform(RAGGED).shape == (3, 2)


def test_tokens_stay_tokens():
    texts = ["a good film", "good", "a film with a good plot"]
    padder = SequencePadder(max_length=3, padding="post", truncation="post")
    tokenizer = SequenceTokenizer(token_pattern=r"\w+")
    padded = make_pipeline(tokenizer, padder).fit_transform(texts)
    assert isinstance(padded, TokenArray)
    assert padded.dtype == np.int32
    assert padded.vocabulary is tokenizer.vocabulary_
    assert padded.tolist() == [[4, 5, 6], [5, 0, 0], [4, 6, 8]]
    again = padder.fit_transform(padded)
    assert again.tolist() == padded.tolist()
    ragged = padder.inverse_transform(padded)
    assert isinstance(ragged, TokenArray)
    assert ragged.vocabulary is tokenizer.vocabulary_
    assert [s.tolist() for s in ragged] == [[4, 5, 6], [5], [4, 6, 8]]


def test_an_empty_text_is_the_end_of_a_text():
    padder = SequencePadder(max_length=2).fit(TokenArray([[4, 5]]))
    padded, lengths = padder.pad(TokenArray([[4], []]))
    assert padded.tolist() == [[0, 4], [0, END_ID]]
    assert lengths.tolist() == [1, 1]


def test_tokens_in_frames():
    tokenizer = SequenceTokenizer().set_output(transform="pandas")
    frame = tokenizer.fit_transform(pd.Series(["good film", "good"], index=[5, 7]))
    padder = SequencePadder().fit(frame)
    assert isinstance(padder.transform(frame), TokenArray)
    padded = padder.set_output(transform="pandas").transform(frame)
    assert padded.attrs["sklstm_vocabulary"] is tokenizer.vocabulary_
    assert padded.index.tolist() == [5, 7]
    assert padded.columns.tolist() == ["step0", "step1"]
    assert padded.to_numpy().tolist() == [[4, 5], [0, 4]]


def test_inverse_transform_of_values():
    padder = SequencePadder(padding_value=np.nan)
    X = [[1.0, 0.0], [2.0, 3.0, 4.0]]
    padded = padder.fit_transform(X)
    assert np.isnan(padded[0, 0])
    assert [s.tolist() for s in padder.inverse_transform(padded)] == X
    post = SequencePadder(padding="post").fit(VECTORS)
    restored = post.inverse_transform(post.transform(VECTORS))
    assert [s.tolist() for s in restored] == VECTORS
    # A sequence that ends with the padding value needs its length.
    padded, lengths = post.pad([[[0, 0]], *VECTORS])
    assert len(post.inverse_transform(padded)[0]) == 0
    assert post.inverse_transform(padded, lengths)[0].tolist() == [[0, 0]]


def test_names_of_output_columns():
    padder = SequencePadder(max_length=3).fit(np.ones((2, 5)))
    assert padder.get_feature_names_out().tolist() == ["step0", "step1", "step2"]
    frame = padder.set_output(transform="pandas").transform(np.ones((2, 5)))
    assert frame.columns.tolist() == ["step0", "step1", "step2"]
    assert SequencePadder().fit(RAGGED).get_feature_names_out().tolist() == [
        "step0",
        "step1",
        "step2",
    ]


def test_no_names_and_no_frame_for_three_dimensions():
    padder = SequencePadder().fit(VECTORS)
    with pytest.raises(ValueError, match=r"shape \(n, T, F\), not columns"):
        padder.get_feature_names_out()
    with pytest.raises(ValueError, match=r"two-dimensional output.*\(2, 3, 2\)"):
        padder.set_output(transform="pandas").transform(VECTORS)


@pytest.mark.parametrize(
    ("X", "params", "error", "message"),
    [
        (RAGGED, {"padding": "left"}, ValueError, "'padding' parameter"),
        (RAGGED, {"truncation": "middle"}, ValueError, "'truncation' parameter"),
        (RAGGED, {"max_length": 0}, ValueError, "'max_length' parameter"),
        (RAGGED, {"padding_value": "0"}, ValueError, "'padding_value' parameter"),
        (RAGGED, {"padding_value": 0.5}, ValueError, "0.5 cannot be represented .*int64"),
        (RAGGED, {"padding_value": np.nan}, ValueError, "padding_value=nan cannot be represented"),
        ([np.array([1], "int8")], {"padding_value": 300}, ValueError, "300 cannot be .*int8"),
        (TokenArray([[4]]), {"padding_value": 1}, ValueError, "1 is not accepted for token ids"),
        ([[1.0], [2.0, np.nan]], {}, ValueError, r"NaN or infinity.*X\[1\]"),
        ([[1.0], [np.inf]], {}, ValueError, r"NaN or infinity.*X\[1\]"),
        ([[[1, 2]], [[1, 2, 3]]], {}, ValueError, r"X\[1\] has 3 features"),
        ([], {}, ValueError, "0 sample"),
        ([[1.0], "text"], {}, ValueError, r"X\[1\] is the text 'text'"),
    ],
)
def test_a_failed_refit_leaves_the_earlier_fit(X, params, error, message):
    padder = SequencePadder().fit(VECTORS)
    before = pickle.dumps({k: v for k, v in vars(padder).items() if k.endswith("_")})
    padder.set_params(**params)
    with pytest.raises(error, match=message):
        padder.fit(X)
    assert pickle.dumps({k: v for k, v in vars(padder).items() if k.endswith("_")}) == before
    padder.set_params(**SequencePadder().get_params())
    assert padder.transform(VECTORS).shape == (2, 3, 2)


@pytest.mark.parametrize(
    ("lengths", "message"),
    [
        ([1], "lengths must be 2 integers"),
        ([1.0, 2.0], "lengths must be 2 integers"),
        ([1, 4], r"lengths\[1\] is 4; accepted is 0 to 3"),
        ([-1, 1], r"lengths\[0\] is -1"),
    ],
)
def test_inverse_transform_refuses_lengths(lengths, message):
    with pytest.raises(ValueError, match=message):
        SequencePadder().fit(RAGGED).inverse_transform(np.ones((2, 3)), lengths)


def test_inverse_transform_refuses_other_shapes():
    with pytest.raises(ValueError, match=r"must be padded .* shape \(3,\)"):
        SequencePadder().fit(RAGGED).inverse_transform(np.ones(3))


@pytest.mark.parametrize("method", ["transform", "pad", "inverse_transform"])
def test_unfitted(method):
    with pytest.raises(NotFittedError, match="SequencePadder instance is not fitted"):
        getattr(SequencePadder(), method)(np.ones((2, 3)))


def test_pickle_and_clone():
    padder = SequencePadder(padding="post").fit(RAGGED)
    loaded = pickle.loads(pickle.dumps(padder))
    np.testing.assert_array_equal(loaded.transform(RAGGED), padder.transform(RAGGED))
    assert not hasattr(clone(padder), "max_length_")
