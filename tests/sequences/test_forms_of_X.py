"""Whatever holds the sequences, an estimator reads the same from it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sklstm import LSTMClassifier
from sklstm._sequences.reading import as_ragged
from sklstm._sequences.tokens import TokenArray, Vocabulary
from sklstm.preprocessing import SequencePadder, SequenceScaler, SequenceTokenizer

LABELS = [0, 1, 0, 1]
WORDS = Vocabulary(["one", "two", "three", "four"])
IDS = [[4, 5], [6], [7, 4, 1], [5, 5, 5, 2]]
NUMBERS = [[0.5, -1.0], [2.0], [0.0, 0.0, 3.5], [1.0, 1.5, -2.0, 0.0]]
VECTORS = [[[0.5, 1.0]], [[2.0, -1.0], [0.0, 0.0]], [[1.5, 4.0]] * 3, [[3.0, 3.0]]]
TABLE = np.array([[0.5, -1.0, 2.0], [1.0, 0.0, 0.0], [-3.0, 2.5, 1.0], [0.0, 0.0, 0.0]])
CUBE = np.arange(24.0).reshape(4, 3, 2) / 10


def boxed(items):
    return np.fromiter((np.array(item) for item in items), dtype=object, count=len(items))


def series_of(items):
    return pd.Series([list(item) for item in items], index=list("abcd"))


def frame_of(items):
    return pd.DataFrame({"sequence": series_of(items)})


def awkward_of(items):
    return pytest.importorskip("awkward").Array(items)


def polars_of(items):
    return pytest.importorskip("polars").Series(items)


def polars_frame_of(items):
    return pytest.importorskip("polars").DataFrame({"sequence": items})


RAGGED_FORMS = {
    "lists": lambda items: items,
    "tuples": lambda items: tuple(tuple(item) for item in items),
    "list-of-arrays": lambda items: [np.array(item) for item in items],
    "list-of-float32": lambda items: [np.array(item, dtype=np.float32) for item in items],
    "object-array": boxed,
    "object-items": lambda items: [np.array(item, dtype=object) for item in items],
    "series": series_of,
    "series-of-arrays": lambda items: pd.Series(boxed(items)),
    "frame": frame_of,
    "awkward": awkward_of,
    "polars": polars_of,
    "polars-frame": polars_frame_of,
}
ID_FORMS = sorted(RAGGED_FORMS.keys() - {"object-items"})  # numbers inside need a dtype
TABLE_FORMS = {
    "array": np.asarray,
    "lists": lambda table: table.tolist(),
    "rows": list,
    "frame": pd.DataFrame,
    "fortran": np.asfortranarray,
    "reversed-strides": lambda table: table[:, ::-1].copy()[:, ::-1],
    "memory": lambda table: memoryview(np.ascontiguousarray(table)),
    "trailing-axis": lambda table: table[:, :, None],
    "objects": lambda table: table.astype(object),
}
CUBE_FORMS = {
    "array": np.asarray,
    "lists": lambda cube: cube.tolist(),
    "items": list,
    "fortran": np.asfortranarray,
    "transposed-twice": lambda cube: np.ascontiguousarray(cube.transpose(2, 1, 0)).transpose(
        2, 1, 0
    ),
    "tuples": tuple,
    "awkward": awkward_of,
}
TOKEN_FORMS = {
    "ragged": lambda items: TokenArray(items, WORDS),
    "padded-front": lambda items: SequencePadder().fit_transform(TokenArray(items, WORDS)),
    "padded-back": lambda items: SequencePadder(padding="post").fit_transform(
        TokenArray(items, WORDS)
    ),
    "padded-more": lambda items: SequencePadder(max_length=9).fit_transform(
        TokenArray(items, WORDS)
    ),
    "frame": lambda items: with_words(frame_of(items)),
    "series": lambda items: with_words(series_of(items)),
    "slice": lambda items: TokenArray([*items, [4]], WORDS)[:-1],
    "column": lambda items: TokenArray([np.array(item)[:, None] for item in items], WORDS),
}


def with_words(container):
    container.attrs["sklstm_vocabulary"] = WORDS
    return container


def small(**params):
    params = {"hidden_size": 3, "embedding_dim": 3, "max_epochs": 2, "random_state": 0} | params
    return LSTMClassifier(**params)


def assert_reads(X, items):
    """Check values and lengths against the plain nested lists that X was made from."""
    sequences = as_ragged(X)
    assert len(sequences) == len(items)
    for sequence, item in zip(sequences, items, strict=True):
        expected = np.array(item, dtype=np.float32)
        np.testing.assert_array_equal(sequence, expected.reshape(len(item), -1))
    return sequences


def assert_same_model(X, reference):
    """Check that training on either gives one and the same model, on either's predictions."""
    one, other = small().fit(reference, LABELS), small().fit(X, LABELS)
    expected = one.predict_proba(reference)
    for estimator in (one, other):
        for form in (X, reference):
            np.testing.assert_array_equal(estimator.predict_proba(form), expected)
    assert np.ptp(expected[:, 1]) > 1e-4


@pytest.mark.parametrize("form", RAGGED_FORMS.values(), ids=RAGGED_FORMS.keys())
@pytest.mark.parametrize("items", [NUMBERS, VECTORS], ids=["numbers", "vectors"])
def test_ragged_values(form, items):
    X = form(items)
    assert not assert_reads(X, items).is_tokens
    assert_same_model(X, items)


@pytest.mark.parametrize("form", TABLE_FORMS.values(), ids=TABLE_FORMS.keys())
def test_tables(form):
    X = form(TABLE)
    assert_reads(X, TABLE)
    assert_same_model(X, TABLE)


@pytest.mark.parametrize("form", CUBE_FORMS.values(), ids=CUBE_FORMS.keys())
def test_cubes(form):
    X = form(CUBE)
    assert_reads(X, CUBE)
    assert_same_model(X, CUBE)


@pytest.mark.parametrize("form", TOKEN_FORMS.values(), ids=TOKEN_FORMS.keys())
def test_tokens(form):
    X = form(IDS)
    sequences = assert_reads(X, IDS)
    assert sequences.is_tokens
    assert sequences.values.dtype == np.int32
    assert sequences.vocabulary == WORDS
    assert_same_model(X, TokenArray(IDS, WORDS))
    assert small().fit(X, LABELS).vocabulary_ == WORDS


@pytest.mark.parametrize("form", [RAGGED_FORMS[name] for name in ID_FORMS], ids=ID_FORMS)
def test_input_type_has_numbers_read_as_tokens(form):
    sequences = as_ragged(form(IDS), input_type="tokens")
    assert sequences.is_tokens
    assert [sequence[:, 0].tolist() for sequence in sequences] == IDS


def test_only_a_token_array_holds_tokens_of_itself():
    for X in (IDS, np.array([[4, 5], [5, 4]]), pd.Series(IDS), [np.array([4], dtype=np.int32)]):
        assert not as_ragged(X).is_tokens
        assert as_ragged(X, input_type="tokens").is_tokens
    assert not as_ragged(TokenArray(IDS, WORDS), input_type="values").is_tokens
    assert small(input_type="tokens").fit(IDS, LABELS).module_.embedding is not None
    with pytest.warns(UserWarning, match="whole numbers without a vocabulary"):
        assert small().fit(IDS, LABELS).module_.embedding is None


def test_width_counts_where_scikit_learn_counts_columns():
    assert small().fit(TABLE, LABELS).n_features_in_ == 3
    assert small().fit(TABLE.tolist(), LABELS).n_features_in_ == 3
    assert small().fit(CUBE, LABELS).n_features_in_ == 2
    assert small().fit(VECTORS, LABELS).n_features_in_ == 2
    assert small().fit(NUMBERS, LABELS).n_features_in_ == 1
    assert small().fit(TokenArray(IDS, WORDS), LABELS).n_features_in_ == 1
    with pytest.raises(ValueError, match="X has 4 features, but LSTMClassifier is expecting 3"):
        small().fit(TABLE, LABELS).predict(np.ones((2, 4)))
    names = small().fit(pd.DataFrame(TABLE, columns=list("abc")), LABELS).feature_names_in_
    assert names.tolist() == ["a", "b", "c"]


def test_ids_past_the_vocabulary_are_unknown_words():
    estimator = small().fit(TokenArray(IDS, WORDS), LABELS)
    far = TokenArray([[4, 8], [2**31 - 1], [9]], WORDS)
    unknown = TokenArray([[4, 1], [1], [1]], WORDS)
    np.testing.assert_array_equal(estimator.predict_proba(far), estimator.predict_proba(unknown))
    known = estimator.predict_proba(TokenArray([[4, 5], [5], [6]], WORDS))
    assert np.abs(known - estimator.predict_proba(unknown)).max() > 1e-6


def test_an_empty_text_is_the_end_of_a_text():
    estimator = small().fit(TokenArray(IDS, WORDS), LABELS)
    empty = estimator.predict_proba(TokenArray([[], [0, 0], [3], [1]], WORDS))
    np.testing.assert_array_equal(empty[0], empty[2])
    np.testing.assert_array_equal(empty[1], empty[2])
    assert (empty[2] != empty[3]).all()


def test_several_ids_a_step_are_looked_up_each():
    pairs = TokenArray([np.array([[4, 5], [6, 7]]), np.array([[5, 4]])] * 2, WORDS)
    estimator = small().fit(pairs, LABELS)
    assert estimator.n_features_in_ == 2
    weights = estimator.module_.recurrent.state_dict()
    into = next(weight for name, weight in weights.items() if "weight_ih" in name)
    assert into.shape[1] == 2 * estimator.embedding_dim
    swapped = TokenArray([np.array([[5, 4]]), np.array([[4, 5]])], WORDS)
    proba = estimator.predict_proba(swapped)
    np.testing.assert_allclose(proba[0], estimator.predict_proba(pairs)[1], atol=1e-6)
    assert np.abs(proba[0] - proba[1]).max() > 1e-6  # the order within a step counts
    with pytest.raises(ValueError, match="X has 1 features, but LSTMClassifier is expecting 2"):
        estimator.predict(TokenArray([[4, 5]], WORDS))


@pytest.mark.parametrize("padding_value", [0.0, -7.0, np.nan, np.float32(0)])
def test_padding_value_is_cut_off_both_ends_only(padding_value):
    pad = padding_value
    rectangle = np.array([[pad, pad, 1, pad, 2], [3, 4, 5, 6, 7], [8, pad, pad, pad, pad]])
    if np.isnan(pad):
        rectangle[0, 3] = 9.0  # a gap inside would be refused
    inner = rectangle[0, 3]
    sequences = as_ragged(rectangle, padding_value=pad)
    expected = [[1, inner, 2], [3, 4, 5, 6, 7], [8]]
    assert [sequence[:, 0].tolist() for sequence in sequences] == expected
    padded, X = small(padding_value=pad), [np.array(item, dtype=float) for item in expected]
    np.testing.assert_array_equal(
        padded.fit(rectangle, [0, 1, 0]).predict_proba(rectangle),
        small().fit(X, [0, 1, 0]).predict_proba(X),
    )


@pytest.mark.parametrize("number", [0.1, -99.9])
@pytest.mark.parametrize("kind", [float, np.float64, np.float32])
def test_padding_value_of_any_kind_of_number(number, kind):
    rectangle = np.array([[number, 1.0], [2.0, 3.0]])
    assert as_ragged(rectangle, padding_value=kind(number)).lengths.tolist() == [1, 2]
    scaler = SequenceScaler(padding_value=kind(number))
    scaled = scaler.fit_transform(rectangle[:, :, None].astype(np.float32))
    assert scaled[0, 0, 0] == np.float32(number)  # padding is left as it is


def test_a_padded_frame_of_tokens_has_no_feature_names():
    tokens = TokenArray([[4, 5], [5], [4]], WORDS)
    pad = SequencePadder().set_output(transform="pandas").fit(tokens)
    estimator = small().fit(pad.transform(tokens), [0, 1, 0])
    assert estimator.n_features_in_ == 1
    assert not hasattr(estimator, "feature_names_in_")
    longer = TokenArray([[4, 5, 4], [5]], WORDS)
    frame = SequencePadder().set_output(transform="pandas").fit_transform(longer)
    np.testing.assert_allclose(
        estimator.predict_proba(frame), estimator.predict_proba(longer), atol=1e-6
    )


def test_a_polars_frame_of_ids_is_not_guessed_at():
    pytest.importorskip("polars")
    tokenizer = SequenceTokenizer().set_output(transform="polars")
    frame = tokenizer.fit_transform(["good film", "bad film", "good"])
    with pytest.raises(ValueError, match=r"polars frame of whole numbers.*transform='pandas'"):
        small().fit(frame, [1, 0, 1])
    read = small(input_type="tokens").fit(frame, [1, 0, 1])
    assert read.n_features_in_ == 1


def test_padding_value_needs_a_whole_step():
    cube = np.array([[[0, 0], [0, 1], [2, 0], [0, 0]]] * 2, dtype=float)
    sequences = as_ragged(cube, padding_value=0)
    np.testing.assert_array_equal(sequences[0], [[0, 1], [2, 0]])
    assert as_ragged(cube).lengths.tolist() == [4, 4]  # without it, 0.0 is data


def test_nan_inside_a_sequence_is_no_padding():
    with pytest.raises(ValueError, match=r"X\[1\] holds \[nan\] at step 1"):
        as_ragged([[np.nan, 1.0], [1.0, np.nan, 2.0]], padding_value=np.nan)


def test_a_sequence_of_padding_only_is_empty():
    with pytest.raises(ValueError, match=r"X\[1\] is an empty sequence.*besides padding"):
        as_ragged([[1.0, 0.0], [0.0, 0.0]], padding_value=0)
