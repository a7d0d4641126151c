"""SequenceTokenizer(characters=...) against brute force, and what it refuses."""

from __future__ import annotations

import copy
import pickle
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from preprocessing.text.text_samples import as_lists
from sklearn.base import clone

from sklstm._sequences.reading import as_ragged
from sklstm._sequences.tokens import END_ID, START_ID, UNKNOWN_ID, TokenArray, Vocabulary
from sklstm.preprocessing import SequencePadder, SequenceTokenizer

TEXTS = ["a bee sees", "sees a tree"]  # e: 7, s: 4, a: 2, then b, r, t: 1
KNOWN = ["a", "sees", "bee", "tree"]


def tokenizer(**params):
    return SequenceTokenizer(**({"token_pattern": r"\w+", "characters": 3} | params))


def ids_of(word, characters, width):
    """Spell one word, the slow way."""
    if len(word) > width:
        head = (width + 1) // 2
        word = word[:head] + word[len(word) - (width - head) :]
    ids = [characters.get(character, UNKNOWN_ID) for character in word]
    return ids + [0] * (width - len(ids))


def test_a_worked_example():
    fitted = tokenizer().fit(TEXTS)
    assert fitted.vocabulary_ == dict(zip(KNOWN, range(4, 8), strict=True))
    assert fitted.vocabulary_.characters == {"e": 4, "s": 5, "a": 6, "b": 7, "r": 8, "t": 9}
    sequences = fitted.transform(["a bee", "xs trees"])
    assert as_lists(sequences) == [
        [[4, 6, 0, 0], [6, 7, 4, 4]],
        [[1, 1, 5, 0], [1, 9, 8, 5]],  # "trees" keeps "tr" and "s"
    ]
    assert all(sequence.dtype == np.int32 for sequence in sequences)
    assert isinstance(sequences, TokenArray)
    assert sequences.vocabulary is fitted.vocabulary_


@pytest.mark.parametrize(
    ("width", "kept"),
    [(1, "s"), (2, "sg"), (3, "spg"), (4, "spng"), (6, "spring"), (8, "spring")],
)
def test_a_long_word_keeps_its_head_and_its_tail(width, kept):
    fitted = tokenizer(characters=width)
    [[row]] = as_lists(fitted.fit_transform(["spring"]))
    characters = fitted.vocabulary_.characters
    assert row == [4, *(characters[c] for c in kept), *[0] * (width - len(kept))]


def test_characters_are_those_of_all_words_by_their_number():
    fitted = tokenizer(max_features=1, min_df=2).fit(["b b cc", "b a\U0001f600 \udc80é"])
    assert list(fitted.vocabulary_) == ["b"]
    # Three of b, two of c, and then by code point; the emoji is no part of a \w+.
    assert list(fitted.vocabulary_.characters) == ["b", "c", "a", "é"]
    split = SequenceTokenizer(analyzer=str.split, characters=2).fit(["ab \U0001f600 \udc80"])
    assert list(split.vocabulary_.characters) == ["a", "b", "\udc80", "\U0001f600"]
    assert as_lists(split.transform(["\U0001f600\udc80"])) == [[[1, 7, 6]]]


_words = st.text("abéZ\U0001f600\u0301\udc80", min_size=0, max_size=7)
_texts = st.lists(st.lists(_words, min_size=1, max_size=6), min_size=1, max_size=5)


@given(
    _texts,
    _texts,
    st.integers(1, 8),
    st.sampled_from([None, 1, 3]),
    st.sampled_from([None, 3, 4]),
    st.sampled_from(["pre", "post", "middle"]),
    st.sampled_from(["id", "skip"]),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
@settings(max_examples=150, deadline=None)
@pytest.mark.filterwarnings("ignore:.*empty sequences")
def test_against_brute_force(
    train, test, width, features, length, side, unknown, start, end, lowercase
):
    fitted = SequenceTokenizer(
        analyzer=list,
        characters=width,
        max_features=features,
        max_length=length,
        truncation=side,
        unknown=unknown,
        add_start=start,
        add_end=end,
        lowercase=lowercase,
        unicode_form=None,
    )
    looked_up = str.lower if lowercase else str
    learned = fitted.fit_transform(train)
    counts = Counter(looked_up(word) for text in train for word in text)
    known = sorted(counts, key=lambda w: (-counts[w], w))[:features]
    ids = {word: i for i, word in enumerate(known, start=4)}
    letters = Counter(letter for text in train for word in text for letter in word)
    order = sorted(letters, key=lambda c: (-letters[c], ord(c)))
    characters = {letter: i for i, letter in enumerate(order, start=4)}
    assert list(fitted.vocabulary_.characters.items()) == list(characters.items())

    def expected(text):
        rows = [
            [ids.get(looked_up(word), UNKNOWN_ID), *ids_of(word, characters, width)]
            for word in text
            if unknown == "id" or looked_up(word) in ids
        ]
        room = len(rows) if length is None else length - start - end
        if len(rows) > room:
            head = {"pre": 0, "post": room, "middle": room // 2}[side]
            rows = rows[:head] + rows[len(rows) - (room - head) :]
        nothing = [0] * width
        return [[START_ID, *nothing]] * start + rows + [[END_ID, *nothing]] * end

    for texts, sequences in ((train, learned), (test, fitted.transform(test))):
        assert as_lists(sequences) == [expected(text) for text in texts]
        assert {sequence.shape[1] for sequence in sequences} == {1 + width}
        assert {sequence.dtype for sequence in sequences} == {np.dtype(np.int32)}
    # A callable analyzer's words are not converted unless they are spelled beside.
    plain = clone(fitted).set_params(characters=None)
    plain.set_params(analyzer=lambda words: list(map(looked_up, words))).fit(train)
    assert [s[:, 0].tolist() for s in fitted.transform(test)] == as_lists(plain.transform(test))


@pytest.mark.parametrize(
    "params", [{"lowercase": False}, {"strip_accents": "unicode"}, {"ngram_range": (2, 2)}, {}]
)
def test_words_are_spelled_as_the_analyzer_returns_them(params):
    texts = ["über uhren", "café au lait"]
    if not params.get("lowercase", True):
        texts = ["Über Uhren", "Café au lait"]
    fitted = tokenizer(characters=12, **params).fit(texts)
    names = fitted.vocabulary_.characters.words()
    for sequence in fitted.transform(texts):
        for word, row in zip(fitted.inverse_transform([sequence])[0], sequence, strict=True):
            assert "".join(names[row[1:][row[1:] > 0]]) == word


@pytest.mark.parametrize("analyzer", ["word", str.split])
def test_words_are_looked_up_in_lower_case_and_spelled_as_written(analyzer):
    texts = ["The cat", "the CAT the"]
    fitted = tokenizer(analyzer=analyzer).fit(texts)
    assert fitted.vocabulary_ == {"the": 4, "cat": 5}
    assert set(fitted.vocabulary_.characters) == set("TthecaCA")
    first, second = fitted.transform(texts)
    assert first[:, 0].tolist() == [4, 5]
    assert second[:, 0].tolist() == [4, 5, 4]
    assert first[0].tolist() != second[0].tolist() == second[2].tolist()
    as_written = tokenizer(analyzer=analyzer, lowercase=False).fit(texts)
    assert set(as_written.vocabulary_) == {"The", "the", "cat", "CAT"}
    # How often a word occurs is counted over all ways to write it, and in how many texts, too.
    assert tokenizer(analyzer=analyzer, min_df=2).fit(texts).vocabulary_ == {"the": 4, "cat": 5}


def test_stop_words_do_not_go_with_words_in_their_own_case():
    with pytest.raises(ValueError, match=r"stop_words='english' are words in lowercase.*charact"):
        tokenizer(stop_words="english").fit(TEXTS)
    fitted = tokenizer(stop_words=["bee"], lowercase=False).fit(TEXTS)
    assert "bee" not in fitted.vocabulary_
    with pytest.warns(UserWarning, match="holds 'Bee', which no text matches"):
        tokenizer(vocabulary=["Bee"], analyzer=list).fit([["Bee"]])


def test_empty_texts_keep_their_columns():
    fitted = tokenizer().fit(TEXTS)
    with pytest.warns(UserWarning, match=r"1 of 2 texts .* the first is X\[1\]"):
        sequences = fitted.transform(["bee", "!"])
    assert sequences[1].shape == (0, 4)
    assert sequences[1].dtype == np.int32
    with pytest.warns(UserWarning, match="empty sequences") as caught:
        alone = fitted.transform(["!"])
    assert caught[0].filename == __file__
    # It is read as the end of a text, of no characters, whether or not others tell the columns.
    for X in (sequences, alone):
        assert as_ragged(X)[len(X) - 1].tolist() == [[END_ID, 0, 0, 0]]
    fitted.set_params(unknown="skip", add_end=True)
    with pytest.warns(UserWarning, match="empty sequences"):
        assert as_lists(fitted.transform(["new words"])) == [[[END_ID, 0, 0, 0]]]


@pytest.mark.parametrize("vocabulary", [KNOWN, dict(zip(KNOWN, [1, 2, 7, 9], strict=True))])
def test_characters_of_given_words(vocabulary):
    given = tokenizer(vocabulary=vocabulary)
    unfitted = given.transform(["a tree", "bet"])
    # Each word counts once: e, e, e, e, e, e; s, s; and one each of a, b, r, t.
    assert list(unfitted.vocabulary.characters) == list("esabrt")
    assert as_lists(unfitted) == [[[4, 6, 0, 0], [7, 9, 8, 4]], [[1, 7, 4, 9]]]
    other = given.fit(["zzz a"])
    assert as_lists(other.transform(["a tree", "bet"])) == as_lists(unfitted)
    assert other.vocabulary_ == unfitted.vocabulary


def test_a_given_vocabulary_keeps_its_own_characters():
    learned = tokenizer().fit(["zz", *TEXTS])
    same = tokenizer(vocabulary=learned.vocabulary_)
    assert as_lists(same.transform(TEXTS)) == as_lists(learned.transform(TEXTS))
    assert same.transform(TEXTS).vocabulary is learned.vocabulary_
    plain = tokenizer(vocabulary=learned.vocabulary_, characters=None).fit_transform(TEXTS)
    assert plain.vocabulary == Vocabulary(learned.vocabulary_)
    assert plain.vocabulary.characters is None
    assert plain[0].ndim == 1


def test_inverse_transform_reads_the_words():
    fitted = tokenizer(add_start=True, add_end=True).fit(TEXTS)
    sequences = fitted.transform(["a bee", "new tree"])
    expected = [["a", "bee"], ["<unk>", "tree"]]
    padded = SequencePadder().fit_transform(sequences)
    frame = clone(fitted).set_output(transform="pandas").fit(TEXTS).transform(["a bee", "new tree"])
    plain = [sequence[:, 0] for sequence in sequences]
    for X in (sequences, padded, padded[:, :, 0], frame, frame["sequence"], plain):
        assert [words.tolist() for words in fitted.inverse_transform(X)] == expected
    assert fitted.inverse_transform([np.empty((0, 4), dtype=np.int32)])[0].tolist() == []


def test_a_tokenizer_of_words_refuses_characters():
    X = tokenizer().fit_transform(TEXTS)
    words = tokenizer(characters=None).fit(TEXTS)
    with pytest.raises(ValueError, match="X was made with another vocabulary"):
        words.inverse_transform(X)
    with pytest.raises(ValueError, match="X was made with another vocabulary"):
        words.inverse_transform(list(X))
    with pytest.raises(TypeError, match=r"X\[0\] must be a sequence of integers"):
        words.inverse_transform(list(map(np.asarray, X)))
    with pytest.raises(TypeError, match=r"X\[0\] must be a sequence of integers"):
        tokenizer().fit(TEXTS).inverse_transform([X[0].astype(float)])
    with pytest.raises(TypeError, match=r"X\[0\] must be a sequence of integers"):
        tokenizer().fit(TEXTS).inverse_transform([X[0][None]])


@pytest.mark.parametrize("characters", [0, -1, 2.5, "3"])
def test_what_characters_may_be(characters):
    with pytest.raises(ValueError, match="'characters' parameter"):
        tokenizer(characters=characters).fit(TEXTS)
    with pytest.raises(ValueError, match="'characters' parameter"):
        tokenizer(characters=characters, vocabulary=KNOWN).transform(TEXTS)


def test_characters_are_set_before_fit():
    with pytest.raises(ValueError, match=r"characters=3 was .*no characters; fit again"):
        tokenizer(characters=None).fit(TEXTS).set_params(characters=3).transform(TEXTS)
    with pytest.raises(ValueError, match=r"characters=None was .*fit again"):
        tokenizer().fit(TEXTS).set_params(characters=None).transform(TEXTS)
    wider = tokenizer().fit(TEXTS).set_params(characters=5)
    assert as_lists(wider.transform(["trees"])) == [[[1, 9, 8, 4, 4, 5]]]


def test_only_words_that_are_str_are_spelled():
    numbers = tokenizer(analyzer=list, vocabulary=KNOWN)
    with pytest.raises(TypeError, match=r"words as str, got int \(3\)"):
        numbers.transform([["a", 3]])


def test_tokenizers_are_pickled_and_copied_with_characters():
    fitted = tokenizer().fit(TEXTS)
    for same in (pickle.loads(pickle.dumps(fitted)), copy.deepcopy(fitted)):
        assert as_lists(same.transform(TEXTS)) == as_lists(fitted.transform(TEXTS))
        assert same.vocabulary_ == fitted.vocabulary_
