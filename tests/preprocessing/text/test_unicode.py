"""Words with combining marks, Unicode's normal forms, and byte order marks."""

# ruff: noqa: RUF001

from __future__ import annotations

import re
import subprocess
import sys
from unicodedata import category, normalize

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer

from sklstm import Doc2VecVectorizer, SequenceTokenizer, WordVectors
from sklstm.preprocessing.text.corpus import (
    MAY_BE_MARKED,
    UNMARKED_PATTERNS,
    WORD_PATTERN,
    Splitting,
)

NFC, NFD = (normalize(form, "café ångström Việt") for form in ("NFC", "NFD"))


def words_of(text, **params):
    analyze, _ = Splitting(**params).build_analyzer()
    return analyze(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("हिन्दी में", ["हिन्दी", "में"]),  # vowel signs and a virama
        ("İstanbul", ["i̇stanbul"]),  # whose small letter has a dot above
        ("தமிழ் বাংলা ไทยที่", ["தமிழ்", "বাংলা", "ไทยที่"]),
        ("شَرْقٌ", ["شَرْقٌ"]),
        ("می\u200cخواهم", ["می\u200cخواهم"]),  # a non-joiner within a word
        ("ක්\u200dෂණ", ["ක්\u200dෂණ"]),  # a joiner
        ("\u200dab\u200c cd\u200d", ["ab", "cd"]),  # and those beside words
        ("\u2764\ufe0fgood \u0301ab", ["\u2764", "good", "ab"]),  # marks on what is no letter
        ("a m² ½l x_1 a·b don't", ["a", "m²", "½l", "x_1", "a", "·", "b", "don", "'", "t"]),
        ("re\u0301sume\u0301", ["résumé"]),
    ],
)
def test_fault_35_words_keep_their_combining_marks(text, words):
    assert words_of(text) == [normalize("NFC", word) for word in words]


# Characters that are no marks nor joiners, and that Python's own Unicode knows.
UNMARKED = st.characters(exclude_categories=["M", "Cn", "Cs"], exclude_characters="\u200c\u200d")


@given(st.text(UNMARKED, max_size=30))
@settings(max_examples=300, deadline=None)
def test_fault_35_without_marks_words_are_those_of_scikit_learn(text):
    if any(category(c)[0] == "M" for c in text.lower()):  # of a capital letter with a dot
        return
    expected = CountVectorizer().build_analyzer()(text)
    assert words_of(text, unicode_form=None, token_pattern=WORD_PATTERN) == expected
    # The default finds in addition what is visible and alone.
    found = [word for word in words_of(text, unicode_form=None) if re.fullmatch(r"\w\w+", word)]
    assert found == expected


def test_fault_35_every_letter_of_python_is_one_of_the_pattern():
    known = "".join(
        c for c in map(chr, range(sys.maxunicode + 1)) if category(c) not in ("Cn", "Cs")
    )
    letters = "".join(re.findall(r"\w", known))
    assert "".join(words_of(letters, lowercase=False, unicode_form=None)) == letters
    others = re.findall(r"\W", known.replace("\u200d", ""))
    assert words_of(" ".join(others), unicode_form=None, token_pattern=WORD_PATTERN) == []
    # Those that are visible: punctuation marks and symbols.
    visible = [c for c in others if category(c)[0] in "PS"]
    assert words_of(" \0".join(others), lowercase=False, unicode_form=None) == visible


# `regex` knows characters that came to Unicode after this version of Python.
PLAIN = "".join(
    c for c in map(chr, range(0x2100)) if not MAY_BE_MARKED.match(c) and category(c) != "Cn"
)


@given(st.text(PLAIN, max_size=30))
@settings(max_examples=200, deadline=None)
def test_fault_35_the_shorter_patterns_for_plain_texts_find_the_same(text):
    import regex

    for pattern, unmarked in UNMARKED_PATTERNS.items():
        assert regex.findall(pattern, text) == re.findall(unmarked, text)


def test_fault_35_no_mark_counts_as_plain():
    marks = [c for c in map(chr, range(sys.maxunicode + 1)) if category(c)[0] == "M"]
    assert all(map(MAY_BE_MARKED.match, [*marks, "\u200c", "\u200d"]))


def test_fault_35_patterns_of_users_are_those_of_re_or_of_regex():
    text = "हिन्दी ab e\u0301t"
    own = r"(?u)\b\w+\b"
    assert words_of(text, token_pattern=own, unicode_form=None) == re.findall(own, text)
    assert words_of(text, token_pattern=r"\p{L}\p{M}*", unicode_form=None)[:3] == ["हि", "न्", "दी"]
    assert words_of("a1 b2", token_pattern=r"(\p{L})\d") == ["a", "b"]
    assert words_of(r"\p{x}", token_pattern=r"\\p\{x\}") == [r"\p{x}"]  # no property
    with pytest.raises(ValueError, match="has 2 capturing groups; at most one"):
        words_of("é1", token_pattern=r"(\p{L})(\d)")
    with pytest.raises(
        ValueError, match=r"token_pattern='\\\\p\{Q\}' is no regular expression: unkn"
    ):
        words_of("a1", token_pattern=r"\p{Q}")


@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC", "NFKD"])
@pytest.mark.parametrize("written", [NFC, NFD])
def test_fault_35_texts_vocabularies_and_lists_meet_in_one_form(written, form):
    expected = normalize(form, NFC).lower().split()
    fitted = SequenceTokenizer(unicode_form=form).fit([written])
    assert set(fitted.vocabulary_) == set(expected)
    for texts in ([NFC], [NFD]):
        assert fitted.inverse_transform(fitted.transform(texts))[0].tolist() == expected
    listed = SequenceTokenizer(unicode_form=form, analyzer=list).fit([written.lower().split()])
    assert set(listed.vocabulary_) == set(expected)
    split = SequenceTokenizer(unicode_form=form, tokenizer=str.split, token_pattern=None)
    assert set(split.fit([written]).vocabulary_) == set(expected)
    for words in (
        written.lower().split(),
        dict(zip(written.lower().split(), [7, 8, 9], strict=True)),
    ):
        known = SequenceTokenizer(unicode_form=form, vocabulary=words)
        for texts in ([NFC], [NFD]):
            assert known.transform(texts)[0].tolist() == [4, 5, 6]
    stopped = SequenceTokenizer(unicode_form=form, stop_words=[written.lower().split()[0]])
    assert set(stopped.fit([NFC, NFD]).vocabulary_) == set(expected[1:])


def test_fault_35_none_leaves_texts_as_they_are():
    fitted = SequenceTokenizer(unicode_form=None).fit([NFC, NFD])
    assert {"café", normalize("NFD", "café")} <= set(fitted.vocabulary_)
    with pytest.raises(ValueError, match="'unicode_form' parameter of SequenceTokenizer must be"):
        SequenceTokenizer(unicode_form="nfc").fit(["ab"])
    compatible = SequenceTokenizer(unicode_form="NFKC").fit(["ﬁlm ｗｉｄｅ"])
    assert set(compatible.vocabulary_) == {"film", "wide"}


def test_fault_35_accents_are_removed_as_before():
    plain = SequenceTokenizer(strip_accents="unicode").fit([NFD])
    assert set(plain.vocabulary_) == {"cafe", "angstrom", "viet"}
    korean = SequenceTokenizer(strip_accents="unicode").fit(["한국어 문장"])
    assert set(korean.vocabulary_) == {"한국어", "문장"}  # not taken apart


def test_fault_35_a_vocabulary_with_both_ways_to_write_a_word_is_refused():
    both = ["café", normalize("NFD", "café")]
    with pytest.raises(ValueError, match="vocabulary holds 'café' twice, at 0 and 1"):
        SequenceTokenizer(vocabulary=both).transform(["ab"])
    assert len(SequenceTokenizer(vocabulary=both, unicode_form=None).fit(["ab"]).vocabulary_) == 2


@pytest.mark.parametrize("written", [NFC, NFD])
def test_fault_35_vectors_of_words_and_texts(written):
    texts = [NFC, NFD] * 10
    vectors = WordVectors(4, min_count=1, epochs=1, random_state=0)
    expected = vectors.fit([NFC] * 20).vectors_.copy()
    np.testing.assert_array_equal(vectors.fit(texts).vectors_, expected)
    np.testing.assert_array_equal(
        vectors.fit([t.lower().split() for t in texts]).vectors_, expected
    )
    word = written.split()[0]
    assert word in vectors
    np.testing.assert_array_equal(vectors[word], vectors[NFC.split()[0]])
    assert word not in [found for found, _ in vectors.most_similar(word)]
    assert vectors.similarity(word, NFC.split()[0]) == pytest.approx(1)
    documents = Doc2VecVectorizer(vector_size=4, epochs=1, random_state=0).fit(texts)
    one, other = documents.transform([NFC, NFD])
    np.testing.assert_array_equal(one, other)
    listed = documents.transform([written.lower().split()])[0]
    np.testing.assert_array_equal(one, listed)


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"analyzer": "char"},
        {"token_pattern": r"\S+"},
        {"tokenizer": str.split, "token_pattern": None},
        {"analyzer": str.split},
        {"unicode_form": None, "token_pattern": r"\S+"},
    ],
)
def test_fault_24_a_byte_order_mark_is_no_part_of_a_text(params, tmp_path):
    fitted = SequenceTokenizer(**params).fit(["tea cup"])
    expected = fitted.transform(["tea cup"])[0].tolist()
    assert 1 not in expected
    for text in ("\ufefftea cup", "tea cup".encode("utf-8-sig")):
        assert fitted.transform([text])[0].tolist() == expected
        assert SequenceTokenizer(**params).fit([text]).vocabulary_ == fitted.vocabulary_
    path = tmp_path / "text.txt"
    path.write_text("tea cup", encoding="utf-8-sig")
    assert fitted.set_params(input="filename").transform([path])[0].tolist() == expected
    listed = SequenceTokenizer(analyzer=list, vocabulary=["tea", "cup"])
    assert listed.transform([["\ufefftea", "cup"]])[0].tolist() == [4, 5]


def test_english_texts_do_without_regex():
    code = (
        "import sys, sklstm; sklstm.SequenceTokenizer().fit_transform(['a plain text']); "
        "print('regex' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert run.stdout == "False\n"
