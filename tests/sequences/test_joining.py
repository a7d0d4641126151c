"""Texts from tokens, against the texts that the tokens were made from."""

from __future__ import annotations

import json
import pickle
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sklstm import SequenceTokenizer
from sklstm._sequences import TokenArray, Vocabulary, bytes_of, join_tokens, subword_of
from sklstm._sequences.tokens import keep_vocabulary, vocabulary_of
from sklstm.preprocessing.text import tokenizer_for_language_model

ENGLISH = [
    "The cat sat on the mat.",
    "Well, isn't that a well-known, state-of-the-art trick?",
    '"I don\'t know," she said, "but it\'s 3.5% of $1,000."',
    'He asked: "Why?" and left.',
    "Dr. Smith (aged 42) arrived at 10:30 a.m. in the U.S.; nobody cared...",
    "The dogs' bones and the children's toys were 'gone', they said.",
    "He says 'hello' to James.",
    "It was -5 degrees - very cold - and windy.",
    "\u201cHello,\u201d he said, \u201cit\u2019s me \u2013 the one from 1990\u20131999.\u201d",
    "Rock 'n' roll isn't dead!",
    "AT&T and/or R&B: see #1 [sic] {or not}.",
    'Wait... what?! No!!! "Never," I\'d say.',
    "He'd've come, but O'Brien wouldn't; I'm sure we'll see.",
    "She read \u2018Emma\u2019 twice\u2014no, three times.",
    "Prices rose from \u20ac5 to \u00a36.50, i.e. by 10%.",
    '"One." "Two." \'Three.\'',
    "What a film--truly awful!",
    "'Tis the king's, o' the north, and th' other's.",
    "First line.\nSecond line;\n\nthird paragraph.\n",
    "At 25\u00b0 (in the shade) it's warm \U0001f600.",
]
# What the pattern of `SequenceTokenizer` splits, of which the spaces cannot be known.
AMBIGUOUS = ("dogs'", "-5", "AT&T", "'n'", "'Three.'", "'Tis", "\n")


@pytest.mark.parametrize("text", ENGLISH)
def test_words_become_the_sentences_that_they_were(text):
    tokenizer = tokenizer_for_language_model().fit(ENGLISH)
    (ids,) = tokenizer.transform([text])
    assert join_tokens(ids, tokenizer.vocabulary_) == text
    assert join_tokens(ids.tolist(), tokenizer.vocabulary_) == text
    words = tokenizer.inverse_transform([ids])[0]
    assert join_tokens(words, tokenizer.vocabulary_) == text


@pytest.mark.parametrize("text", [text for text in ENGLISH if not any(map(text.count, AMBIGUOUS))])
def test_words_and_marks_become_the_sentences_that_they_were(text):
    tokenizer = SequenceTokenizer(lowercase=False).fit([text])
    assert tokenizer.to_texts(tokenizer.transform([text])) == [text]


@pytest.mark.parametrize(
    ("words", "text"),
    [
        # The tokens of the Penn treebank.
        ("`` It is n't the cat 's , '' they 've said .", "``It isn't the cat's,'' they've said."),
        ("I ca n't pay $ 3.50 ( or 5 % ) ; he 'll do .", "I can't pay $3.50 (or 5%); he'll do."),
        ('" a " , " b "', '"a", "b"'),
        ("a \n b \n \n c", "a\nb\n\nc"),
        ("x - - y", "x--y"),
        ("well - known <unk> , say", "well-known <unk>, say"),
        ("<start> hello <end> <pad> <pad>", "hello"),
        ("3 . 5 , 1 , 000 and 1 , 2 at 10 : 30", "3.5, 1,000 and 1, 2 at 10:30"),
        ("? ! ...", "?!..."),
        ("", ""),
    ],
)
def test_words_by_hand(words, text):
    assert join_tokens([w for w in words.split(" ") if w], "word") == text


LOWERCASE = [
    "The cat sat. It slept! Did it? Yes...",
    "I think I'm right; i.e. I know, and he isn't.",
    '"Why?" he asked. "Who knows." She left.',
    "(Really.) So it was 3.5 or 10.",
    "It is <unk>. <unk> is it.",
    "One line\nis broken here.\n\nA paragraph\nand so on",
    "Wait... what? No. 5 is alive.",
]


@pytest.mark.parametrize("text", LOWERCASE)
def test_sentences_begin_in_upper_case_if_words_are_in_lower_case(text):
    known = [each.replace("<unk>", " ") for each in LOWERCASE]
    text_in_lower_case = text.replace("<unk>", "qqq").lower()
    tokenizer = tokenizer_for_language_model(lowercase=True).fit(known)
    assert tokenizer.to_texts(tokenizer.transform([text_in_lower_case])) == [text]
    # One word in upper case shows that texts were not converted.
    cased = tokenizer_for_language_model().fit([*map(str.lower, known), "Word"])
    assert cased.to_texts(cased.transform([text_in_lower_case])) == [text.lower()]


def test_full_stops_of_abbreviations_end_no_sentence():
    tokenizer = SequenceTokenizer().fit(["in the u.s. and at 5 a.m. he wakes. then so do i. yes"])
    (text,) = tokenizer.to_texts(tokenizer.transform(["at 5 a.m. he wakes. so do i. yes"]))
    assert text == "At 5 a.m. he wakes. So do I. Yes"


# Exactly the text


@given(st.text())
def test_characters_are_exact(text):
    tokenizer = tokenizer_for_language_model("char", max_features=None)
    tokenizer.set_params(unicode_form=None)
    text = text.removeprefix("\ufeff")  # which is no part of a text
    (ids,) = tokenizer.fit_transform([text or "a"])
    assert len(ids) == len(text or "a")
    assert join_tokens(ids, tokenizer.vocabulary_) == (text or "a")


@given(st.binary())
@example(b"<0xC3>\xc3<0x")
@example(b"<0x3C>0xC3>")
def test_any_bytes_are_subwords(spelled):
    assert bytes_of(subword_of(spelled)) == spelled
    subword_of(spelled).encode("utf-8")  # can be printed and stored


@given(st.text(), st.data())
def test_subwords_cut_anywhere_are_exact(text, data):
    spelled = text.encode()
    cuts = data.draw(st.lists(st.integers(0, len(spelled)), max_size=5).map(sorted))
    pieces = [subword_of(spelled[a:b]) for a, b in pairwise([0, *cuts, len(spelled)])]
    assert join_tokens(pieces, "subword") == text


def test_bytes_that_are_no_character():
    assert subword_of(b"caf\xc3") == "caf<0xC3>"
    assert join_tokens(["caf<0xC3>", "<0xA9>"], "subword") == "caf\u00e9"
    assert join_tokens(["caf<0xC3>", " au"], "subword") == "caf\ufffd au"


# What is refused, and ids


def test_reserved_and_unknown_ids():
    vocabulary = Vocabulary(["good", "film", "."])
    assert join_tokens([2, 4, 1, 99, 6, 3, 0, 0], vocabulary) == "Good <unk> <unk>."
    assert join_tokens(np.array([5, 5]), vocabulary) == "Film film"
    assert join_tokens(TokenArray([[4, 5]], vocabulary)[0], vocabulary) == "Good film"
    assert join_tokens([], vocabulary) == ""
    # A word that looks like a reserved token is left out as a str only.
    odd = Vocabulary(["a", "<end>"])
    assert join_tokens([4, 5, 4], odd) == "A <end> a"
    assert join_tokens(["a", "<end>", "a"], odd) == "A a"
    assert join_tokens([1, 4], Vocabulary("ab", unit="char")) == "<unk>a"


def test_what_cannot_be_joined():
    with pytest.raises(TypeError, match="ids need a vocabulary to be joined, got unit='char'"):
        join_tokens([4, 5], "char")
    with pytest.raises(ValueError, match="steps of several words have no order"):
        join_tokens([4], Vocabulary(["a"], bags=True))
    with pytest.raises(ValueError, match="unit must be one of 'word', 'char', 'subword', got 'x'"):
        join_tokens(["a"], "x")
    with pytest.raises(ValueError, match="unit must be one of 'word', 'char', 'subword', got 'x'"):
        Vocabulary(["a"], unit="x")


# The unit of a vocabulary


@pytest.mark.parametrize("unit", ["word", "char", "subword"])
def test_the_unit_is_kept(unit):
    vocabulary = Vocabulary("ab", unit=unit)
    loaded = pickle.loads(pickle.dumps(vocabulary))
    assert (loaded.unit, list(loaded)) == (unit, ["a", "b"])
    assert vocabulary.replace(bags=True).unit == unit
    frame = pd.DataFrame({"sequence": [[4]]})
    keep_vocabulary(frame, vocabulary)
    frame.attrs = json.loads(json.dumps(frame.attrs))  # as a parquet file keeps them
    assert vocabulary_of(frame).unit == unit
    assert vocabulary_of(frame) == vocabulary


def test_vocabularies_of_subwords_equal_no_others():
    word, char, subword = (Vocabulary("ab", unit=unit) for unit in ("word", "char", "subword"))
    assert word == char  # as fitted estimators of earlier versions, which knew no unit, need it
    assert word.__ne__(char) is False
    assert subword == Vocabulary("ab", unit="subword")
    for other in (word, char):
        assert subword != other
        assert other != subword
    assert subword == {"a": 4, "b": 5}


def test_vocabularies_of_earlier_versions():
    # pickle.dumps(Vocabulary(["a"]), protocol=0), before there were units
    old = b"csklstm._sequences.tokens\nVocabulary\n((lVa\natR."
    loaded = pickle.loads(old)
    assert (loaded.unit, loaded.bags, dict(loaded)) == ("word", False, {"a": 4})
    assert Vocabulary(["a"], None, True).unit == "word"


def test_sizes_are_named():
    assert Vocabulary("abc", unit="char").size() == "3 characters"
    assert Vocabulary("abc", unit="subword").size() == "3 subwords"
