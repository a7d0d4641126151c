"""Words that users bring: as lists, as a vocabulary, and from functions of their own."""

from __future__ import annotations

import io
import pickle
import re
from fractions import Fraction
from functools import partial

import numpy as np
import pandas as pd
import pytest
from gensim.models.doc2vec import TaggedDocument
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

from sklstm import Doc2VecVectorizer, LSTMTagger, SequenceTokenizer, WordVectors
from sklstm.preprocessing.text.corpus import _df_bounds

WRONG_WORDS = {
    "None": (None, r"NoneType \(None\)"),
    "NaN": (np.nan, r"float \(nan\)"),
    "a number": (5, r"int \(5\)"),
    "bytes": (b"tea", r"bytes \(b'tea'\)"),
    "a list": (["tea"], r"list \(\['tea'\]\)"),
}
READERS = {
    "tokenizer": SequenceTokenizer(vocabulary=["tea"], analyzer=list),
    "characters": SequenceTokenizer(vocabulary=["tea"], analyzer=list, characters=2),
    "word vectors": WordVectors(2, analyzer=list, min_count=1, epochs=1),
    "Doc2Vec": Doc2VecVectorizer(vector_size=2, analyzer=list, min_count=1, epochs=1),
    "no analyzer": Doc2VecVectorizer(vector_size=2, min_count=1, epochs=1),
}


@pytest.mark.parametrize("case", WRONG_WORDS)
@pytest.mark.parametrize("reader", READERS)
def test_fault_12_what_fit_refuses_transform_refuses(reader, case):
    word, shown = WRONG_WORDS[case]
    fitted = clone(READERS[reader]).fit([["tea", "cup"]] * 2)
    before = pickle.dumps(fitted)
    bad = [["tea", "cup"], ["tea", "cup", word]]
    for name in ("fit", "transform", "fit_transform"):
        if hasattr(fitted, name):
            place = r"X\[1\]\[2\] .*" if reader == "no analyzer" else ""
            place += shown + (r"" if reader == "no analyzer" else r" as word 2 of X\[1\]\.")
            with pytest.raises(TypeError, match=place):
                getattr(fitted, name)(bad)
    assert pickle.dumps(fitted) == before
    if reader == "tokenizer":  # without fit, too
        with pytest.raises(TypeError, match=shown):
            clone(fitted).transform(bad)


def test_fault_12_missing_items_are_refused_whatever_the_analyzer():
    for analyzer in (list, str.split, "word", "char"):
        tokenizer = SequenceTokenizer(vocabulary=["tea"], analyzer=analyzer)
        good = ["tea"] if analyzer is list else "tea"
        for missing in (None, np.nan):
            for method in (tokenizer.fit, tokenizer.transform):
                with pytest.raises(ValueError, match=r"X\[1\] is missing"):
                    method([good, missing])
    with pytest.raises(TypeError, match=r"X\[1\] must be a list of words, got int \(5\)"):
        SequenceTokenizer(vocabulary=["tea"], analyzer=list).transform([["tea"], 5])


@pytest.mark.parametrize(("n_texts", "most"), [(100, 99), (61, 61), (1000, 400)])
def test_fault_12_fractions_of_texts_are_exact(n_texts, most):
    for k in range(1, most):
        share = k / n_texts
        for bound in (share, np.float64(share)):
            assert _df_bounds(bound, 1.0, n_texts) == (k, n_texts)
            assert _df_bounds(0.0, bound, n_texts) == (0, k)
    for percent in range(1, 100):
        exact = Fraction(percent, 100) * n_texts
        for bound in (percent / 100, np.float32(percent / 100), float(f"0.{percent:02d}")):
            low, high = _df_bounds(bound, bound, n_texts)
            frequencies = range(n_texts + 1)
            assert [f >= low for f in frequencies] == [f >= exact for f in frequencies]
            assert [f <= high for f in frequencies] == [f <= exact for f in frequencies]


def test_fault_12_a_word_in_exactly_the_fraction_is_kept():
    texts = ["seven"] * 7 + ["ninety"] * 93
    assert set(SequenceTokenizer(min_df=0.07).fit(texts).vocabulary_) == {"seven", "ninety"}
    assert set(SequenceTokenizer(max_df=0.07).fit(texts).vocabulary_) == {"seven"}
    single = SequenceTokenizer(min_df=np.float32(0.07)).fit(texts)  # 0.07000000029 in float64
    assert "seven" in single.vocabulary_
    texts = ["some"] * 29 + ["others"] * 71  # 0.29 * 100 is 28.999999999999996
    assert set(SequenceTokenizer(max_df=0.29).fit(texts).vocabulary_) == {"some"}


def ways_to_read_once(path):
    path.write_text("tea\ncup\n")
    return {
        "generator": (word for word in ["tea", "cup"]),
        "list_iterator": iter(["tea", "cup"]),
        "map": map(str, ["tea", "cup"]),
        "TextIOWrapper": path.open(),
        "StringIO": io.StringIO("tea\ncup\n"),
    }


def test_fault_23_a_vocabulary_that_is_read_once_is_refused_and_stays_whole(tmp_path):
    for name, words in ways_to_read_once(tmp_path / "words.txt").items():
        tokenizer = SequenceTokenizer(vocabulary=words)
        way_out = r"\[line.rstrip\(\) for line in file\]" if "IO" in name else r"list\(words\)"
        for method in (tokenizer.fit, tokenizer.fit_transform, tokenizer.transform):
            with pytest.raises(TypeError, match=f"vocabulary is a {name}, which .* {way_out}"):
                method(["tea"])
        assert [word.strip() for word in words] == ["tea", "cup"]
        if hasattr(words, "close"):
            words.close()


def test_fault_23_lines_of_a_file_are_refused(tmp_path):
    path = tmp_path / "words.txt"
    path.write_text("tea\ncup")
    with path.open() as file:
        lines = file.readlines()
    for vocabulary in (lines, ["tea\r\n", "cup\r\n"], set(lines), {"tea\n": 0, "cup\n": 1}):
        for analyzer, texts in (("word", ["tea cup"]), (list, [["tea", "cup"]])):
            tokenizer = SequenceTokenizer(vocabulary=vocabulary, analyzer=analyzer)
            for method in (tokenizer.fit, tokenizer.transform):
                with pytest.raises(
                    ValueError, match=r"lines of a file, such as 'tea(\\r)?\\n'.*rstrip"
                ):
                    method(texts)
    stripped = SequenceTokenizer(vocabulary=[line.rstrip() for line in lines])
    assert stripped.fit_transform(["cup tea"])[0].tolist() == [5, 4]
    assert clone(stripped).fit(["tea"]).vocabulary_ == {"tea": 4, "cup": 5}


def test_fault_23_a_line_break_may_be_a_known_character():
    for known in (["\n"], ["a", "\n"]):
        tokenizer = SequenceTokenizer(vocabulary=known, analyzer="char", preprocessor=str)
        with pytest.raises(ValueError, match="lines of a file"):
            clone(tokenizer).set_params(vocabulary=["a\n", *known]).fit(["a"])
        assert tokenizer.fit_transform(["\n"])[0].tolist() == [3 + len(known)]


def test_fault_23_lines_of_a_file_name_no_vectors(tmp_path):
    path = tmp_path / "vectors.txt"
    path.write_text("tea 1 2\ncup 3 4\n")
    words = tmp_path / "words.txt"
    words.write_text("tea\ncup")  # of which the last word alone would be found
    with (
        words.open() as file,
        pytest.raises(ValueError, match=r"words holds lines of a file, such"),
    ):
        WordVectors.load(path, words=file)
    assert len(WordVectors.load(path, words=(word for word in ["tea", "cup"]))) == 2
    with pytest.raises(TypeError, match=r"words must hold str, got bytes \(b'cup'\) at 1"):
        WordVectors.load(path, words=["tea", b"cup"])


def test_fault_23_white_space_at_the_ends_of_a_word_warns_once():
    with pytest.warns(UserWarning, match="holds 'cup ', with white space at an end, w") as caught:
        SequenceTokenizer(vocabulary=["tea", "cup ", " pot"]).fit(["tea"])
    assert len(caught) == 1
    assert caught[0].filename == __file__
    # Words that a text can match.
    SequenceTokenizer(vocabulary=["new york"], ngram_range=(2, 2)).fit(["tea cup"])
    SequenceTokenizer(vocabulary=[" t", "a "], analyzer="char_wb", ngram_range=(2, 2)).fit(["tea"])
    SequenceTokenizer(vocabulary=["cup "], analyzer=list).fit([["cup "]])


def test_fault_23_frames_and_wrong_words_are_refused():
    with pytest.raises(TypeError, match=r"data frame with the columns \['w'\]; give one of them"):
        SequenceTokenizer(vocabulary=pd.DataFrame({"w": ["tea"]})).fit(["tea"])
    with pytest.raises(TypeError, match=r"vocabulary must hold str, got float \(nan\) at 1"):
        SequenceTokenizer(vocabulary=pd.Series(["tea", np.nan])).fit(["tea"])
    with pytest.raises(TypeError, match=r"vocabulary must hold str, got int \(1\)"):
        SequenceTokenizer(vocabulary={"tea", 1}).fit(["tea"])


SPELLED = {
    "analyzer=list": {"analyzer": list},
    "analyzer=tuple": {"analyzer": tuple},
    "analyzer=iter": {"analyzer": iter},
    "analyzer=<lambda>": {"analyzer": lambda item: item},
    "tokenizer=list": {"tokenizer": list, "token_pattern": None},
}


@pytest.mark.parametrize("case", SPELLED)
def test_fault_34_words_that_are_single_characters_warn(case):
    texts = ["the cat", "a dog"]
    readers = [
        SequenceTokenizer(**SPELLED[case]),
        WordVectors(2, min_count=1, epochs=1, **SPELLED[case]),
        Doc2VecVectorizer(vector_size=2, min_count=1, epochs=1, **SPELLED[case]),
    ]
    for reader in readers:
        for name in ("fit", "transform", "fit_transform"):
            if hasattr(reader, name):
                with pytest.warns(
                    UserWarning, match=f"{case} takes texts apart .*'char'"
                ) as caught:
                    getattr(reader, name)(texts)
                assert len(caught) == 1
                assert caught[0].filename == __file__


def test_fault_34_the_tagger_warns_of_seven_tags_for_two_words():
    tagger = make_pipeline(SequenceTokenizer(analyzer=list), LSTMTagger(2, max_epochs=1))
    tagger.fit([["the", "cat"], ["a", "dog"]], [["D", "N"]] * 2)
    with pytest.warns(UserWarning, match="'the cat' becomes 't', 'h', 'e' and so on. If words are"):
        assert len(tagger.predict(["the cat"])[0]) == 7


def test_fault_34_who_asks_for_characters_or_single_letters_gets_no_warning():
    SequenceTokenizer(analyzer="char").fit(["the cat"])
    SequenceTokenizer(analyzer=str.split).fit(["a b c", "d e"])
    SequenceTokenizer(analyzer=list).fit([["a", "b"], ["c"]])
    from_arrays = SequenceTokenizer(analyzer=list).fit([np.array(["a", "b"])])
    assert repr(from_arrays.vocabulary_) == "{'a': 4, 'b': 5}"
    SequenceTokenizer(analyzer=list).fit(["a", "b"])
    SequenceTokenizer(analyzer=lambda text: text.split(",")).fit(["a,b", "the cat"])
    SequenceTokenizer(analyzer=lambda text: re.findall("[a-z]", text)).fit(["cat", "dog"])
    # A short text in Chinese, of which each character is a word, and marks.
    own = SequenceTokenizer(tokenizer=lambda text: re.findall(r"我|是|!|\?", text))
    own.fit(["我是", "!?"]).transform(["我是"])
    with pytest.warns(UserWarning, match="analyzer=<lambda> takes texts apart"):
        SequenceTokenizer(analyzer=lambda text: list(text)).fit(["the cat", "dog"])


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"analyzer": lambda text: None}, "the analyzer must return .*, got NoneType"),
        ({"analyzer": lambda text: 5}, r"the analyzer must return .*, got int \(5\)"),
        ({"analyzer": lambda text: [{}]}, r"the analyzer must return .*, got dict \(\{\}\)"),
        ({"tokenizer": lambda text: None, "token_pattern": None}, "the tokenizer .* NoneType"),
        ({"tokenizer": lambda text: ["a", None], "token_pattern": None, "ngram_range": (2, 2)},
         "the tokenizer must return words as str, got NoneType .* as word 1"),
        ({"preprocessor": lambda text: None}, "preprocessor must return a str, got NoneType"),
        ({"strip_accents": lambda text: 5}, r"strip_accents must return a str, got int \(5\)"),
    ],
)  # fmt: skip
def test_fault_34_functions_that_return_no_words_are_refused(params, message):
    for tokenizer in (SequenceTokenizer(**params), SequenceTokenizer(vocabulary=["a"], **params)):
        for method in (tokenizer.fit, tokenizer.fit_transform):
            with pytest.raises(TypeError, match=rf"{message}.* X\[0\]"):
                method(["a {b}", "c"])
    with pytest.raises(TypeError, match=rf"{message}.* X\[0\]"):
        tokenizer.transform(["a {b}"])


def test_fault_12_stop_words_that_are_no_words_are_refused():
    with pytest.raises(TypeError, match=r"stop_words must hold str, got NoneType \(None\) at 1"):
        SequenceTokenizer(stop_words=["tea", None]).fit(["tea cup"])


READ = [
    SequenceTokenizer(),
    SequenceTokenizer(analyzer=list),
    WordVectors(2, min_count=1, epochs=1, random_state=0),
    Doc2VecVectorizer(vector_size=2, min_count=1, epochs=1, random_state=0),
]


@pytest.mark.parametrize("reader", READ)
def test_fault_24_of_tagged_documents_the_words_are_read(reader):
    words = [["The", "cat"], ["a", "cat", "purrs"]]
    documents = [TaggedDocument(text, [i]) for i, text in enumerate(words)]
    listed = reader if reader.__class__ is not SequenceTokenizer else READ[1]

    def learned(fitted, X):
        fitted = clone(fitted).fit(X)
        found = {str(word): row for word, row in getattr(fitted, "vocabulary_", {}).items()}
        return found, fitted.transform(X) if hasattr(fitted, "transform") else fitted.vectors_

    vocabulary, out = learned(reader, documents)
    expected_vocabulary, expected = learned(listed, words)
    assert vocabulary == expected_vocabulary
    for one, other in zip(out, expected, strict=True):
        np.testing.assert_array_equal(one, other)
    tagged = [
        TaggedDocument(text, tags) for text, tags in zip(words, [["x"], [0, "y"]], strict=True)
    ]
    with pytest.warns(
        UserWarning, match=r"tags, such as \['x'\], are ignored.*given as y"
    ) as caught:
        clone(reader).fit(tagged)
    assert len(caught) == 1
    assert caught[0].filename == __file__


def test_fault_24_own_analyzers_get_the_tagged_document_itself():
    tagged = [TaggedDocument(["the", "cat"], ["x"])]
    own = SequenceTokenizer(analyzer=lambda document: [*document.words, *document.tags])
    assert set(own.fit(tagged).vocabulary_) == {"the", "cat", "x"}


SPLITTERS = {
    "tokenizer": SequenceTokenizer,
    "word vectors": partial(WordVectors, min_count=1, vector_size=2),
    "doc2vec": partial(Doc2VecVectorizer, min_count=1, vector_size=2),
}


@pytest.mark.parametrize("reader", SPLITTERS.values(), ids=SPLITTERS.keys())
@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("ngram_range", (None, 1), r"ngram_range=\(None, 1\) must be .*, two integers"),
        ("ngram_range", ("1", "2"), r"ngram_range=\('1', '2'\) must be .*, two integers"),
        ("ngram_range", (1.0, 2.0), r"ngram_range=\(1\.0, 2\.0\) must be .*, two integers"),
        ("ngram_range", (1,), r"ngram_range=\(1,\) must be .*, two integers"),
        ("token_pattern", None, "token_pattern=None finds no words; pass a regular expression"),
        ("token_pattern", "[", r"token_pattern='\[' is no regular expression: unterminated"),
        ("token_pattern", r"[\p{L}", "is no regular expression"),
        ("token_pattern", "(a)(b)", "has 2 capturing groups; at most one"),
    ],
)
def test_fault_33_parameters_of_splitting_are_named(reader, name, value, message):
    with pytest.raises(ValueError, match=message):
        reader(**{name: value}).fit(["a few words", "of two texts"])


def test_fault_33_no_pattern_is_needed_where_none_is_used():
    for params in ({"tokenizer": str.split}, {"analyzer": str.split}, {"analyzer": "char"}):
        SequenceTokenizer(token_pattern=None, **params).fit(["a few words"])


def test_fault_33_a_vocabulary_without_dimensions_is_named():
    with pytest.raises(TypeError, match=r"vocabulary must be an iterable of words .* got int \(3"):
        SequenceTokenizer(vocabulary=np.array(3)).fit(["a few words"])


@pytest.mark.parametrize(
    ("reader", "name", "value"),
    [
        (WordVectors, "alpha", 1e39),  # infinite in float32, where gensim's C code crashes
        (WordVectors, "sample", 1e308),
        (WordVectors, "max_n", 2**40),
        (Doc2VecVectorizer, "alpha", 1e39),
        (Doc2VecVectorizer, "infer_alpha", 1e39),
        (Doc2VecVectorizer, "ns_exponent", 1000),
        (Doc2VecVectorizer, "ns_exponent", float("nan")),
    ],
)
def test_fault_33_numbers_that_gensim_cannot_take_are_refused(reader, name, value):
    with pytest.raises(ValueError, match=f"The '{name}' parameter of {reader.__name__}"):
        reader(min_count=1, **{name: value}).fit(["a few words", "of two texts"])
