"""Token arrays with characters: vocabularies, containers, transformers and estimators."""

from __future__ import annotations

import copy
import pickle

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

from sklstm import LSTMClassifier, LSTMRegressor
from sklstm._sequences.reading import as_ragged
from sklstm._sequences.tokens import END_ID, TokenArray, Vocabulary
from sklstm.preprocessing import SequencePadder, SequenceScaler, SequenceTokenizer

TEXTS = ["a bee sees", "sees a tree"]
KNOWN = ["a", "sees", "bee", "tree"]


def tokenizer(**params):
    return SequenceTokenizer(**({"token_pattern": r"\w+", "characters": 3} | params))


def as_lists(sequences):
    return [sequence.tolist() for sequence in sequences]


def test_equality_of_vocabularies_takes_their_characters_in():
    plain, spelled = Vocabulary(["ab", "b"]), Vocabulary(["ab", "b"], Vocabulary("ba"))
    assert spelled == Vocabulary(["ab", "b"], Vocabulary("ba"))
    # dict defines both operators, and both are overridden.
    assert spelled.__ne__(Vocabulary(["ab", "b"], Vocabulary("ba"))) is False
    for other in (plain, Vocabulary(["ab", "b"], Vocabulary("ab")), Vocabulary(["b"]), None, 3):
        assert spelled != other
        assert other != spelled
        assert (spelled == other) is False
    assert plain == {"ab": 4, "b": 5} == spelled
    assert plain != {"ab": 4, "b": 6}
    assert plain.characters is None


def test_copies_and_pickles_of_vocabularies_keep_their_characters():
    spelled = Vocabulary(["ab", "b"], Vocabulary("ba"))
    assert copy.copy(spelled) is copy.deepcopy(spelled) is spelled
    loaded = pickle.loads(pickle.dumps(spelled))
    assert loaded == spelled
    assert type(loaded.characters) is Vocabulary
    # The pickle of a vocabulary without characters does not mention them.
    assert Vocabulary(["ab"]).__reduce__() == (Vocabulary, (["ab"],))


def test_token_arrays_keep_characters_wherever_they_go(tmp_path):
    X = tokenizer().fit_transform(TEXTS)
    joblib.dump(X, tmp_path / "X")
    for same in (X[:1], X[[0]], X[np.array([True, False])], X.copy()[:1]):
        assert as_lists(same) == as_lists(X)[:1]
        assert same.vocabulary is X.vocabulary
    for same in (pickle.loads(pickle.dumps(X)), joblib.load(tmp_path / "X"), copy.deepcopy(X)):
        assert as_lists(same) == as_lists(X)
        assert same.vocabulary == X.vocabulary


@pytest.mark.parametrize("texts", [TEXTS, ["a bee", "sees"]], ids=["of one length", "of several"])
def test_pandas_output(texts):
    plain = tokenizer().fit_transform(texts)
    frame = tokenizer().set_output(transform="pandas").fit_transform(pd.Series(texts, index=[5, 2]))
    assert frame.columns.tolist() == ["sequence"]
    assert frame.index.tolist() == [5, 2]
    assert as_lists(frame["sequence"]) == as_lists(plain)
    read, expected = as_ragged(frame), as_ragged(plain)
    assert read.has_characters
    assert expected.has_characters
    np.testing.assert_array_equal(read.values, expected.values)


def test_polars_output():
    pytest.importorskip("polars")
    fitted = tokenizer().fit(TEXTS)
    plain = fitted.transform(TEXTS)
    frame = fitted.set_output(transform="polars").transform(TEXTS)
    assert frame["sequence"].to_list() == as_lists(plain)
    words = [words.tolist() for words in fitted.inverse_transform(frame)]
    assert words == [text.split() for text in TEXTS]
    with pytest.raises(ValueError, match="polars frame of whole numbers, which cannot carry"):
        as_ragged(frame)


@pytest.mark.parametrize("padding", ["pre", "post"])
def test_padded(padding):
    texts = [*TEXTS, "bee", "a bee sees a bee"]
    fitted, padder = tokenizer(), SequencePadder(max_length=4, padding=padding)
    padded = make_pipeline(fitted, padder).fit_transform(texts)
    assert isinstance(padded, TokenArray)
    assert padded.vocabulary is fitted.vocabulary_
    assert padded.shape == (4, 4, 4)
    cut = [sequence[-4:] for sequence in fitted.transform(texts)]
    for rectangle, sequence in zip(padded, cut, strict=True):
        filled = [[0] * 4] * (4 - len(sequence))
        expected = [*filled, *sequence.tolist()] if padding == "pre" else [*sequence, *filled]
        np.testing.assert_array_equal(rectangle, np.array(expected))
    ragged = padder.inverse_transform(padded)
    assert as_lists(ragged) == [sequence.tolist() for sequence in cut]
    assert ragged.vocabulary is fitted.vocabulary_
    read = as_ragged(padded)
    assert read.has_characters
    np.testing.assert_array_equal(read.values, np.concatenate(cut))
    with pytest.warns(UserWarning, match="empty sequences"):
        empty = fitted.transform([""])
    assert padder.transform(empty).sum() == END_ID
    with pytest.raises(ValueError, match=r"two-dimensional output.*\(4, 4, 4\)"):
        padder.set_output(transform="pandas").transform(fitted.transform(texts))


def test_ids_are_not_scaled():
    with pytest.raises(TypeError, match="cannot be scaled"):
        SequenceScaler().fit(tokenizer().fit_transform(TEXTS))


@pytest.mark.parametrize("estimator", [LSTMClassifier(), LSTMRegressor()])
@pytest.mark.parametrize(
    "form",
    [
        lambda X: X,
        lambda X: SequencePadder().fit_transform(X),
        lambda X: with_attrs(pd.DataFrame({"sequence": list(X)}), X.vocabulary),
    ],
    ids=["ragged", "padded", "frame"],
)
@pytest.mark.parametrize("input_type", ["auto", "tokens"])
def test_estimators_refuse_characters(estimator, form, input_type):
    X = form(tokenizer().fit_transform(TEXTS))
    message = rf"characters beside the words .*characters=None for {type(estimator).__name__}"
    with pytest.raises(ValueError, match=message):
        clone(estimator).set_params(input_type=input_type).fit(X, [0, 1])


def with_attrs(frame, vocabulary):
    frame.attrs["sklstm_vocabulary"] = vocabulary
    return frame


def test_a_fitted_estimator_refuses_characters():
    fitted = LSTMClassifier(hidden_size=2, embedding_dim=2, max_epochs=1)
    fitted.fit(tokenizer(characters=None).fit_transform(TEXTS), [0, 1])
    with pytest.raises(ValueError, match="characters beside the words"):
        fitted.predict(tokenizer().fit_transform(TEXTS))


def test_the_words_alone_may_be_taken_out():
    padded = SequencePadder().fit_transform(tokenizer().fit_transform(TEXTS))
    words = padded[:, :, 0]
    assert not as_ragged(words).has_characters
    assert LSTMClassifier(max_epochs=1).fit(words, [0, 1]).n_features_in_ == 1


class Reader(LSTMClassifier):
    """An estimator that declares that it reads characters."""

    _reads_characters = True


def test_the_input_of_one_that_reads_characters():
    fitted, reader = tokenizer().fit(TEXTS), Reader()
    sequences = reader._read_sequences(fitted.transform(TEXTS), reset=True)
    assert sequences.has_characters
    spec = reader._input_
    assert spec.n_features == reader.n_features_in_ == 4
    assert spec.n_ids == fitted.vocabulary_.n_ids == 8
    assert spec.n_character_ids == fitted.vocabulary_.characters.n_ids == 10
    assert reader.vocabulary_ is fitted.vocabulary_
    reader._read_sequences(fitted.transform(["xyz"]), reset=False)
    with pytest.warns(UserWarning, match="empty sequences"):
        reader._read_sequences(fitted.transform([""]), reset=False)
    others = Vocabulary(KNOWN, Vocabulary("stare"))
    for params, message in (
        ({"characters": 5}, "X has 6 features, but Reader is expecting 4"),
        ({"characters": None}, "X has 1 features, but Reader is expecting 4"),
        ({"vocabulary": others}, r"4 words in 5 characters\).*\(4 words in 6 characters"),
    ):
        X = tokenizer(**params).fit_transform(TEXTS)
        with pytest.raises(ValueError, match=message):
            reader._read_sequences(X, reset=False)


def test_ids_of_characters_are_none_of_words():
    vocabulary = Vocabulary(["a"], Vocabulary("abcdefghijklmnop"))
    X = TokenArray([[[4, 19, 0]], [[7, 30, 12]]], vocabulary)
    reader = Reader()
    reader._read_sequences(X, reset=True)
    assert reader._input_.n_ids == 8  # one id past the vocabulary, as without characters
    assert reader._input_.n_character_ids == 20
    reader._read_sequences(TokenArray([[4], [7]], Vocabulary(["a"])), reset=True)
    assert reader._input_.n_ids == 8
    assert reader._input_.n_character_ids == 0
    several = TokenArray([[[4, 19]], [[7, 30]]], Vocabulary(["a"]))  # K ids from one table
    reader._read_sequences(several, reset=True)
    assert reader._input_.n_ids == 31
    assert reader._input_.n_character_ids == 0
