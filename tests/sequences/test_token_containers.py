"""Token ids keep their vocabulary wherever Python, numpy and pandas put them."""

from __future__ import annotations

import io
import json
import pickle
import time

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.utils import _safe_indexing, shuffle

from sklstm import SequencePadder, SequenceTokenizer, WordVectors, make_windows
from sklstm._sequences import Vocabulary, as_ragged, is_table
from sklstm._sequences.tokens import TokenArray

TEXTS = ["good film", "bad plot", "good plot good", "bad film bad film"]
TOKENIZER = SequenceTokenizer().fit(TEXTS)
SPELLER = SequenceTokenizer(characters=3).fit(TEXTS)
T = TOKENIZER.transform(TEXTS)
PADDER = SequencePadder().fit(T)
P = PADDER.transform(T)
OTHER = SequenceTokenizer().fit_transform(["film bad"] * 4)


def framed(tokenizer=TOKENIZER):
    frame = SequenceTokenizer(characters=tokenizer.characters).set_output(transform="pandas")
    return frame.fit_transform(TEXTS)


def padded_frame():
    return SequencePadder().set_output(transform="pandas").fit_transform(T)


def joined(frame):
    key = pd.DataFrame({"key": range(len(frame))})
    return frame.assign(key=range(len(frame))).merge(key, on="key").drop(columns="key")


def through_joblib(X):
    buffer = io.BytesIO()
    joblib.dump(X, buffer)
    buffer.seek(0)
    return joblib.load(buffer)


CONTAINERS = {
    "list": lambda: list(T),
    "tuple": lambda: tuple(T),
    "slices": lambda: [ids[:] for ids in T],
    "masked": lambda: [ids[ids > 0] for ids in T],
    "Series": lambda: pd.Series(T),
    "Series of a list": lambda: pd.Series(list(T), index=list("dcba")),
    "column": lambda: pd.DataFrame({"words": T, "n": 1})[["words"]],
    "Series of a column": lambda: pd.DataFrame({"words": list(T), "n": 1})["words"],
    "objects": lambda: np.array(T),
    "objects by dtype": lambda: np.array(T, dtype=object),
    "objects of one column": lambda: np.asarray(T).reshape(-1, 1),
    "frame to numpy": lambda: framed().to_numpy(),
    "one column": lambda: T.reshape(-1, 1),
    "mask": lambda: T[np.ones(4, dtype=bool)],
    "concatenate": lambda: np.concatenate([T[:2], T[2:]]),
    "hstack": lambda: np.hstack([T[:2], T[2:]]),
    "vstack of columns": lambda: np.vstack([T[:2, None], T[2:, None]]),
    "objects concatenated": lambda: np.concatenate([np.asarray(T)[:2], T[2:]]),
    "where": lambda: np.where(np.ones(4, dtype=bool), T, T[::-1]),
    "take": lambda: np.take(T, range(4)),
    "append": lambda: np.append(T[:2], T[2:]),
    "permutation": lambda: np.random.default_rng(0).permutation(T)[[2, 0, 1, 3]],
    "indexed list": lambda: _safe_indexing(list(T), np.arange(4)),
    "shuffled list": lambda: shuffle(list(T), random_state=0),
    "joblib of a list": lambda: through_joblib(list(T)),
    "pickle of a Series": lambda: pickle.loads(pickle.dumps(pd.Series(T))),
    "pickle 5": lambda: pickle.loads(pickle.dumps(T, protocol=5)),
    "frame": framed,
    "rows": lambda: framed().iloc[[0, 1, 2, 3]],
    "renamed": lambda: framed().rename(columns={"sequence": "tok__sequence"}),
    "merge": lambda: joined(framed()),
    "concat": lambda: pd.concat([framed().iloc[:2], framed().iloc[2:]]),
    "groupby": lambda: framed().groupby([0, 0, 1, 1], group_keys=False).apply(lambda part: part),
    "with attrs": lambda: framed().assign(n=1)[["sequence"]],
    "padded": lambda: P,
    "padded list": lambda: list(P),
    "padded Series": lambda: pd.Series(list(P)),
    "padded vstack": lambda: np.vstack([P[:2], P[2:]]),
    "padded stack": lambda: np.stack(list(P)),
    "padded once more": lambda: np.concatenate([np.zeros((4, 2), dtype=int), P], axis=1),
    "padded where": lambda: np.where(P > 0, P, 0),
    "padded frame": padded_frame,
    "padded concat": lambda: pd.concat([padded_frame()[:2], padded_frame()[2:]]),
}


@pytest.mark.parametrize("name", CONTAINERS)
def test_fault_01_containers_keep_the_vocabulary(name):
    X, expected = CONTAINERS[name](), as_ragged(T)
    read = as_ragged(X)
    assert read.is_tokens
    assert read.vocabulary == TOKENIZER.vocabulary_
    if name == "shuffled list":
        expected = expected.take(shuffle(np.arange(4), random_state=0))
    if name == "permutation":
        order = np.random.default_rng(0).permutation(np.arange(4))[[2, 0, 1, 3]]
        expected = expected.take(order)
    np.testing.assert_array_equal(read.values, expected.values)
    np.testing.assert_array_equal(read.lengths, expected.lengths)
    assert not is_table(X)
    found = [words.tolist() for words in TOKENIZER.inverse_transform(X)]
    assert sorted(map(" ".join, found)) == sorted(TEXTS)
    with pytest.raises(ValueError, match="another vocabulary"):
        SequenceTokenizer().fit(["film bad"]).inverse_transform(X)
    assert as_ragged(SequencePadder().fit_transform(X)).vocabulary == TOKENIZER.vocabulary_
    vectors = WordVectors(vector_size=2, epochs=1, min_count=1).fit(X)
    assert "plot" in vectors.keyed_vectors_.key_to_index


@pytest.mark.parametrize("speller", [TOKENIZER, SPELLER], ids=["words", "characters"])
def test_fault_01_attrs_that_became_a_plain_dict_are_a_vocabulary_again(speller):
    frame = framed(speller)
    attrs = json.loads(json.dumps(frame.attrs))  # as a parquet file keeps them
    bare = pd.DataFrame({"sequence": [np.asarray(ids) for ids in frame["sequence"]]})
    for X in (bare, bare["sequence"]):
        X.attrs = attrs
        read = as_ragged(X)
        assert type(read.vocabulary) is Vocabulary
        assert read.vocabulary == speller.vocabulary_
        assert read.vocabulary.characters == speller.vocabulary_.characters
        assert read.has_characters == (speller is SPELLER)
        words = speller.inverse_transform(X)
        assert [" ".join(row) for row in words] == TEXTS
    bare.attrs = {"sklstm_vocabulary": {"film": 0}}
    with pytest.raises(ValueError, match=r"X\.attrs\['sklstm_vocabulary'\] must map each word"):
        as_ragged(bare)


def test_fault_01_parquet_and_back(tmp_path):
    pytest.importorskip("pyarrow")
    for frame in (framed(), padded_frame()):
        frame.columns = frame.columns.astype(str)
        frame.to_parquet(tmp_path / "ids.parquet")
        read = as_ragged(pd.read_parquet(tmp_path / "ids.parquet"))
        assert read.is_tokens
        assert read.vocabulary == TOKENIZER.vocabulary_
        np.testing.assert_array_equal(read.values, as_ragged(T).values)


@pytest.mark.parametrize(
    "mix",
    [
        lambda: [*T, OTHER[0]],
        lambda: pd.Series([*T, OTHER[0]]),
        lambda: np.concatenate([np.asarray(T), np.asarray(OTHER[:1])]),
        lambda: pd.concat([framed(), pd.DataFrame({"sequence": OTHER[:1]})]),
    ],
)
def test_fault_01_items_of_another_vocabulary_are_refused(mix):
    for input_type in ("auto", "tokens"):
        with pytest.raises(ValueError, match=r"X\[4\] was tokenized with another vocabulary"):
            as_ragged(mix(), input_type=input_type)
    with pytest.raises(ValueError, match=r"X\[4\] was tokenized with another vocabulary"):
        TOKENIZER.inverse_transform(mix())
    assert not as_ragged(mix(), input_type="values").is_tokens


def test_fault_01_numbers_among_token_ids_are_refused_where_they_may_be_other_words():
    with pytest.raises(ValueError, match=r"X\[4\] has no vocabulary, but X\[0\] is a sequence of"):
        as_ragged([*T, [4, 5]])
    with pytest.raises(ValueError, match=r"X\[0\] has no vocabulary, but X\[1\] is"):
        as_ragged([np.array([4, 5]), *T])
    assert as_ragged([*T, [1]]).vocabulary == TOKENIZER.vocabulary_  # reserved ids are the same
    assert as_ragged([*T, [4, 5]], input_type="tokens").vocabulary == TOKENIZER.vocabulary_
    with pytest.raises(
        ValueError, match=r"by type\(X\[0\]\)\(np.array\(X\[4\]\), X\[0\].vocabulary\)"
    ):
        as_ragged([*T, [4]])
    mended = as_ragged([*T, type(T[0])(np.array([4]), T[0].vocabulary)])
    assert mended[4].tolist() == [[4]]


IDS_OUT = {
    "concatenate": lambda: np.concatenate([P, P]),
    "concatenate sequences": lambda: np.concatenate(T),
    "hstack sequences": lambda: np.hstack(T),
    "squeeze": lambda: P[:, None].squeeze(),
    "make_windows": lambda: make_windows(T[2], window=2).X,
    "make_windows of several": lambda: make_windows(T, window=1).X,
    "hstack a plain array": lambda: np.hstack(np.asarray(T)),
    "concatenate plain arrays": lambda: np.concatenate([np.asarray(T), T]),
    "concatenate a tuple": lambda: np.concatenate((P, P), axis=1),
    "dstack": lambda: np.dstack([P, P]),
    "column_stack": lambda: np.column_stack([P, P]),
    "block": lambda: np.block([[P, P], [P, P]]),
    "append": lambda: np.append(T[0], 5),
    "insert": lambda: np.insert(T[0], 0, 2),
    "delete": lambda: np.delete(P, 0, axis=1),
    "unique": lambda: np.unique(P),
    "unique with counts": lambda: np.unique(P, return_counts=True)[0],
    "split": lambda: np.split(P, 2)[1],
    "repeat": lambda: np.repeat(P, 2, axis=0),
    "pad": lambda: np.pad(T[0], (2, 0)),
    "roll": lambda: np.roll(P, 1, axis=1),
    "sort": lambda: np.sort(P),
    "select": lambda: np.select([P > 4], [P], default=1),
    "by name": lambda: np.take(a=P, indices=[0], axis=0),
    "copy": lambda: np.copy(P),
    "zeros_like": lambda: np.zeros_like(P),
    "windows": lambda: np.lib.stride_tricks.sliding_window_view(T[2], 2),
    "astype": lambda: P.astype(np.int64),
    "as floats": lambda: P.astype(float),
    "ravel": lambda: P.ravel(),
}
NO_IDS = {
    "sum": lambda: P + 1,
    "item": lambda: T[0] * 2,
    "comparison": lambda: P == 0,
    "reduction": lambda: P.sum(axis=1),
    "maximum": lambda: P.max(axis=1),
    "mean": lambda: np.mean(P, axis=1),
    "argsort": lambda: P.argsort(axis=1),
    "np.argsort": lambda: np.argsort(P),
    "cumsum": lambda: P.cumsum(axis=1),
    "counts": lambda: np.unique(P, return_counts=True)[1],
    "bincount": lambda: np.bincount(P.ravel()),
    "isin": lambda: np.isin(P, [4]),
    "diff": lambda: np.diff(P),
    "rows of a table": lambda: np.take(np.eye(9), P, axis=0),
    "positions": lambda: np.where(P > 4)[0],
    "lengths": lambda: np.vectorize(len)(T),
    "mask": lambda: np.zeros_like(P, dtype=bool),
    "weights": lambda: np.ones_like(P, dtype=float),
    "asarray": lambda: np.asarray(P),
    "whole numbers": lambda: np.concatenate([P, np.full((4, 1), 9)], axis=1),
}


@pytest.mark.parametrize("name", IDS_OUT)
def test_fault_01_functions_of_numpy_keep_the_vocabulary_of_ids(name):
    result = IDS_OUT[name]()
    assert type(result) is TokenArray
    assert result.vocabulary is TOKENIZER.vocabulary_


@pytest.mark.parametrize("name", NO_IDS)
def test_fault_01_what_is_computed_with_ids_is_plain(name):
    assert type(NO_IDS[name]()) is np.ndarray


def test_fault_01_results_are_those_of_plain_arrays():
    plain = np.asarray(P)
    np.testing.assert_array_equal(np.concatenate([P, P + 0]), np.concatenate([plain, plain]))
    np.testing.assert_array_equal(np.concatenate(T), [i for ids in T for i in ids])
    np.testing.assert_array_equal(np.where(P > 4, P, 1), np.where(plain > 4, plain, 1))
    np.testing.assert_array_equal(np.cumsum(P, axis=1), np.cumsum(plain, axis=1))
    assert np.array_equal(P, plain)
    assert P.sum() == plain.sum()
    copied = P.copy()
    copied += 1
    np.testing.assert_array_equal(copied, plain + 1)


@pytest.mark.parametrize("function", [np.concatenate, np.vstack, np.hstack])
def test_fault_01_functions_of_numpy_refuse_different_vocabularies(function):
    padded = PADDER.transform(T), SequencePadder().fit_transform(OTHER)
    for one, other in ((T, OTHER), padded):
        with pytest.raises(ValueError, match=rf"np\.{function.__name__} is given token ids of dif"):
            function([one, other])
    with pytest.raises(ValueError, match=r"np\.where is given token ids of different"):
        np.where(np.ones(4, dtype=bool), T, OTHER)


@pytest.mark.parametrize("flags", [np.array([[0.0], [1.0]] * 2), np.array([[False], [True]] * 2)])
def test_fault_01_columns_of_zeros_and_ones_beside_ids_are_no_ids(flags):
    assert np.hstack([np.zeros((4, 2)), P]).vocabulary is TOKENIZER.vocabulary_  # padding
    assert getattr(np.hstack([P, flags]), "vocabulary", None) is None
    if flags.dtype == float:  # as a ColumnTransformer puts one-hot columns beside padded ids
        with pytest.raises(ValueError, match="combines token ids with numbers"):
            as_ragged(np.hstack([P, flags]))


def test_fault_01_ids_beside_fractions_are_refused():
    for number in (0.5, 9.0):
        X = np.hstack([P, np.full((4, 1), number)])
        with pytest.raises(ValueError, match=r"shape \(4, 5\) combines token ids with numbers"):
            as_ragged(X)
        assert not as_ragged(X, input_type="values").is_tokens


def test_fault_01_pickles_are_small_and_have_the_vocabulary_once():
    words = Vocabulary(f"a word of the vocabulary, {i}" for i in range(2000))
    tokens = TokenArray([np.arange(i % 50) for i in range(2000)], words)
    plain = len(pickle.dumps([np.asarray(ids) for ids in tokens], protocol=5))
    once = len(pickle.dumps(words, protocol=5))
    assert len(pickle.dumps(tokens, protocol=5)) < plain + once
    assert len(pickle.dumps(list(tokens), protocol=5)) < 1.2 * plain + once
    for protocol in range(2, 6):
        for X in (tokens, tokens[:, None], list(tokens), tokens[::7]):
            loaded = pickle.loads(pickle.dumps(X, protocol=protocol))
            assert np.shape(loaded) == np.shape(X) if isinstance(X, np.ndarray) else True
            read, expected = as_ragged(loaded), as_ragged(X)
            np.testing.assert_array_equal(read.values, expected.values)
            assert read.vocabulary == words
    loaded = pickle.loads(pickle.dumps(list(tokens)))
    assert len({id(ids.vocabulary) for ids in loaded}) == 1
    loaded[3][0] = 1  # writeable, as before
    assert not hasattr(tokens[3], "__dict__")


def test_fault_01_many_copies_of_a_vocabulary_are_compared_once_each():
    words = Vocabulary(map(str, range(20_000)))
    again = pickle.loads(pickle.dumps(words))
    X = [TokenArray(np.array([4, 5]), (words, again)[i % 2]) for i in range(2000)]
    started = time.perf_counter()
    assert as_ragged(X).vocabulary is words
    assert time.perf_counter() - started < 1


def test_fault_01_padding_is_removed_in_any_container():
    for X in (P, list(P), padded_frame(), np.asarray(P).view(TokenArray)):
        found = PADDER.inverse_transform(X)
        assert type(found) is TokenArray
        for ids, expected in zip(found, T, strict=True):
            np.testing.assert_array_equal(ids, expected)
    assert PADDER.inverse_transform(padded_frame()).vocabulary == TOKENIZER.vocabulary_
    with pytest.raises(ValueError, match=r"X must be padded sequences .* got an array of shape"):
        PADDER.inverse_transform(T[:, None])
