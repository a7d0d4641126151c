"""Subwords against a naive byte-pair encoding, and the toolbox around them."""

from __future__ import annotations

import os
import pickle
import re
import subprocess
import sys
import warnings
from collections import Counter
from itertools import pairwise

import joblib
import numpy as np
import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from sklstm import LSTMClassifier, SequenceTokenizer
from sklstm._sequences import TokenArray, Vocabulary, bytes_of
from sklstm.preprocessing.text import tokenizer_for_language_model
from sklstm.preprocessing.text.corpus import CHARACTER_PATTERN, UNMARKED_PATTERNS, WRITING_PATTERN

TEXTS = [
    "low lower lowest, slow slower slowest!",
    "new newer newest: the newest is 10 times newer than the new one",
    "caf\u00e9 caf\u00e9s \U0001f600\U0001f600 na\u00efve",
    "It's new, isn't it?\n\nThey're slow, we've said;  I'd know.",
    "",
    "low low low",
]
# What GPT-2 splits texts by, before pairs are merged.
BORDERS = regex.compile(
    r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
)


def tokenizer(max_features=320, **params):
    return SequenceTokenizer(
        analyzer="subword", max_features=max_features, lowercase=False, **params
    )


def pieces(text):
    return [piece.encode() for piece in BORDERS.findall(text)]


def merged(symbols, pair):
    found, i = [], 0
    while i < len(symbols):
        if tuple(symbols[i : i + 2]) == pair:
            found.append(symbols[i] + symbols[i + 1])
            i += 2
        else:
            found.append(symbols[i])
            i += 1
    return found


def split(text, merges):
    """Return the subwords of a text as bytes, one merge after the other."""
    found = []
    for piece in pieces(text):
        symbols = [bytes([byte]) for byte in piece]
        for pair in merges:
            symbols = merged(symbols, pair)
        found += symbols
    return found


def merges_of(fitted):
    words = fitted.vocabulary_.words()
    return [(bytes_of(words[a]), bytes_of(words[b])) for a, b in fitted.merges_.tolist()]


# What is learned


@pytest.mark.parametrize("max_features", [256, 257, 300, 5000, None])
def test_each_merge_is_a_most_frequent_pair(max_features):
    fitted = tokenizer(max_features).fit(TEXTS)
    words = Counter(piece for text in TEXTS for piece in pieces(text))
    state = {piece: [bytes([byte]) for byte in piece] for piece in words}
    merges = merges_of(fitted)
    for pair in [*merges, None]:
        counts = Counter()
        for piece, symbols in state.items():
            for a, b in pairwise(symbols):
                counts[a, b] += words[piece]
        most = max(counts.values())
        if pair is None:  # none is left, or there is no room
            assert most < 2 or len(merges) == max_features - 256
        else:
            assert counts[pair] == most >= 2
            state = {piece: merged(symbols, pair) for piece, symbols in state.items()}
    every = {bytes([i]) for i in range(256)} | {a + b for a, b in merges}
    assert set(map(bytes_of, fitted.vocabulary_)) == every
    assert len(fitted.vocabulary_) == 256 + len(merges)


def test_texts_are_split_by_the_merges_in_their_order():
    fitted = tokenizer().fit(TEXTS)
    merges = merges_of(fitted)
    assert len(merges) > 20
    new = ["a slow newt's lowest caf\u00e9?", "\u00fcnl\u00e4ngst \u4f60\u597d", *TEXTS]
    for X in (new, [new[0]]):
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*no word to keep", category=UserWarning)
            found = fitted.inverse_transform(fitted.transform(X))
        for text, subwords in zip(X, found, strict=True):
            assert list(map(bytes_of, subwords)) == split(text, merges)


def test_ids_follow_the_frequency_in_the_texts_of_fit():
    fitted = tokenizer()
    with pytest.warns(UserWarning, match=r"1 of 6 texts.*X\[4\]"):
        X = fitted.fit_transform(TEXTS)
    ids = np.concatenate([np.asarray(sequence) for sequence in X])
    counts = np.bincount(ids, minlength=fitted.vocabulary_.n_ids)[4:]
    assert (np.diff(counts) <= 0).all()
    assert ids.min() >= 4
    with pytest.warns(UserWarning, match=r"X\[4\]"):
        again = fitted.transform(TEXTS)
    assert [a.tolist() for a in X] == [a.tolist() for a in again]


FITTED = tokenizer().fit(TEXTS)


@given(st.lists(st.text(min_size=1), min_size=1))
@settings(deadline=None)
def test_texts_come_back_exactly(texts):
    texts = [text.removeprefix("\ufeff") + "." for text in texts]
    fitted = clone(FITTED).set_params(unicode_form=None)
    fitted.vocabulary_, fitted.merges_ = FITTED.vocabulary_, FITTED.merges_
    X = fitted.transform(texts)
    assert all((ids > 3).all() for ids in X)  # nothing is unknown
    assert fitted.to_texts(X) == texts


def test_nothing_is_unknown_even_without_merges():
    fitted = tokenizer(256).fit(["plain text"])
    assert len(fitted.merges_) == 0
    assert len(fitted.vocabulary_) == 256
    X = fitted.transform(["\u00fc\U0001f600"])
    assert fitted.inverse_transform(X)[0].tolist() == [
        f"<0x{byte:02X}>" for byte in "\u00fc\U0001f600".encode()
    ]
    assert fitted.to_texts(X) == ["\u00fc\U0001f600"]
    assert fitted.to_texts([X[0][:-1]]) == ["\u00fc\ufffd"]


def test_halves_of_surrogate_pairs_are_replaced():
    X = FITTED.transform(["low\ud800 \udc80", "\ud83d\ude00"])
    assert FITTED.to_texts(X) == ["low\ufffd \ufffd", "\U0001f600"]
    assert tokenizer().fit(["a\ud800b"]).merges_.dtype == np.int32


def test_texts_are_prepared_as_those_of_words():
    fitted = SequenceTokenizer(analyzer="subword", max_features=300, strip_accents="unicode")
    X = fitted.fit_transform(["Caf\u00e9 CAFE", b"caf\xc3\xa9"])
    assert fitted.to_texts(X) == ["cafe cafe", "cafe"]
    marked = SequenceTokenizer(
        analyzer="subword", max_features=300, max_length=5, add_start=True, add_end=True
    ).fit(TEXTS)
    (ids,) = marked.transform(["lower lowest"])
    assert (len(ids), ids[0], ids[-1]) == (5, 2, 3)
    assert "lower lowest".endswith(marked.to_texts([ids])[0])


# The toolbox


def test_fits_are_the_same_in_every_process():
    code = (
        "import hashlib, pickle\n"
        "from sklstm import SequenceTokenizer\n"
        f"fitted = SequenceTokenizer(analyzer='subword', max_features=330).fit({TEXTS!r})\n"
        "print(hashlib.sha256(pickle.dumps(fitted)).hexdigest())"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in "123"
    }
    assert len(printed) == 1


def test_pickles_hold_nothing_of_the_package():
    fitted = tokenizer().fit(TEXTS)
    fitted.transform(["low"])
    pickled = pickle.dumps(fitted)
    assert b"tokenizers" not in pickled
    loaded = pickle.loads(pickled)
    assert loaded.vocabulary_ == fitted.vocabulary_
    assert loaded.vocabulary_.unit == "subword"
    assert loaded.transform(["slowest"])[0].tolist() == fitted.transform(["slowest"])[0].tolist()
    assert not hasattr(clone(fitted), "merges_")


def test_parallel_transform():
    fitted = tokenizer().fit(TEXTS)
    texts = [f"{a} {b}" for a in TEXTS for b in TEXTS if a or b]
    expected = [ids.tolist() for ids in fitted.transform(texts)]
    for backend in ("threading", "loky"):
        parts = joblib.Parallel(n_jobs=2, backend=backend)(
            joblib.delayed(fitted.transform)(texts[i::2]) for i in range(2)
        )
        assert [ids.tolist() for ids in parts[0]] == expected[::2]
        assert [ids.tolist() for ids in parts[1]] == expected[1::2]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked")
def test_forked_processes_are_not_warned(capfd):
    fitted = tokenizer().fit(TEXTS)
    child = os.fork()
    if child == 0:
        fitted.fit(TEXTS[:3]).transform(["low"])
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert capfd.readouterr().err == ""
    assert "TOKENIZERS_PARALLELISM" not in os.environ


def test_grid_search_over_the_size_of_the_vocabulary():
    texts = ["a low slow town", "new news is newest"] * 6
    model = make_pipeline(
        SequenceTokenizer(analyzer="subword"), LSTMClassifier(4, max_epochs=1, random_state=0)
    )
    grid = {"sequencetokenizer__max_features": np.array([256, 280])}
    search = GridSearchCV(model, grid, cv=2).fit(texts, [0, 1] * 6)
    sizes = search.cv_results_["param_sequencetokenizer__max_features"]
    assert sizes.tolist() == [256, 280]
    best = search.best_estimator_[0]
    assert len(best.vocabulary_) <= search.best_params_["sequencetokenizer__max_features"]


def test_other_tokens_than_those_of_the_same_spelling():
    fitted = tokenizer().fit(TEXTS)
    words = Vocabulary(fitted.vocabulary_)
    assert words != fitted.vocabulary_
    X = TokenArray([[4]], words)
    message = f"another vocabulary, of {len(words)} words.*has {len(words)} subwords"
    with pytest.raises(ValueError, match=message):
        fitted.inverse_transform(X)


def test_another_fit_leaves_no_merges():
    fitted = tokenizer().fit(TEXTS)
    fitted.set_params(analyzer="word").fit(TEXTS)
    assert not hasattr(fitted, "merges_")
    assert fitted.vocabulary_.unit == "word"


# What is refused


@pytest.mark.parametrize(
    "params",
    [
        {"ngram_range": (2, 2)},
        {"stop_words": ["the"]},
        {"stop_words": "english"},
        {"characters": 3},
        {"min_df": 2},
        {"max_df": 0.5},
        {"vocabulary": ["low"]},
        {"vocabulary": np.array(["low"])},
        {"token_pattern": r"\w+"},
        {"token_pattern": None},
        {"tokenizer": str.split},
    ],
    ids=str,
)
def test_parameters_without_meaning(params):
    (name,) = params
    message = rf"{name}=.* has no meaning with analyzer='subword'.*leave out {name}"
    for method in ("fit", "fit_transform"):
        with pytest.raises(ValueError, match=message):
            getattr(tokenizer(**params), method)(TEXTS)
    fitted = tokenizer().fit(TEXTS)
    before = pickle.dumps((fitted.vocabulary_, fitted.merges_))
    with pytest.raises(ValueError, match=name):
        fitted.set_params(**params).fit(TEXTS)
    if name not in ("min_df", "max_df"):
        with pytest.raises(ValueError, match=name):
            fitted.transform(TEXTS)
    assert pickle.dumps((fitted.vocabulary_, fitted.merges_)) == before


def test_usual_values_in_the_types_of_numpy():
    usual = tokenizer(
        np.int64(300), min_df=np.int64(1), max_df=np.float64(1), ngram_range=(np.int8(1),) * 2
    )
    assert usual.fit(TEXTS).vocabulary_ == tokenizer(300).fit(TEXTS).vocabulary_


@pytest.mark.parametrize(
    ("params", "X", "error", "message"),
    [
        ({"max_features": 255}, TEXTS, ValueError, "max_features=255 is too small.*256 or more"),
        ({}, ["", ""], ValueError, "only empty texts"),
        ({}, [], ValueError, "X is empty"),
        ({}, ["a", None], ValueError, r"X\[1\] is missing"),
        ({}, ["a", 3], TypeError, r"X\[1\] must be str or bytes"),
        ({}, [["a"]], TypeError, r"X\[0\].*list"),
        ({}, ["a", b"\xff"], UnicodeDecodeError, r"in X\[1\]"),
    ],
)
def test_wrong_input(params, X, error, message):
    fitted = tokenizer().fit(TEXTS)
    before = pickle.dumps((fitted.vocabulary_, fitted.merges_))
    with pytest.raises(error, match=message):
        fitted.set_params(**params).fit(X)
    assert pickle.dumps((fitted.vocabulary_, fitted.merges_)) == before


def test_the_analyzer_was_set_after_fit():
    with pytest.raises(ValueError, match=r"analyzer='word' was set after fit, .*learned subwords"):
        tokenizer().fit(TEXTS).set_params(analyzer="word").transform(TEXTS)
    words = SequenceTokenizer().fit(TEXTS).set_params(analyzer="subword")
    with pytest.raises(ValueError, match=r"'subword' was set after fit, .*words or characters"):
        words.transform(TEXTS)


def test_the_package_is_not_installed(monkeypatch):
    fitted = tokenizer().fit(TEXTS)
    loaded = pickle.loads(pickle.dumps(fitted))
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    for call in (tokenizer().fit, loaded.transform):
        with pytest.raises(ImportError, match=r"pip install sklstm\[subword\]"):
            call(TEXTS)
    ids = [loaded.vocabulary_["low"]]
    assert loaded.to_texts([ids]) == ["low"]  # which needs no package


def test_the_package_is_imported_for_subwords_alone():
    code = (
        "import sys, sklstm; sklstm.SequenceTokenizer().fit_transform(['a plain text']); "
        "print('tokenizers' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert run.stdout == "False\n"


# Tokenizers for models that write texts


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("It isn't well-known, is it?", ["It", "isn't", "well-known", ",", "is", "it", "?"]),
        ("'Tis 3.5% of -1,000 at 10:30", ["'Tis", "3.5", "%", "of", "-1,000", "at", "10:30"]),
        ("U.S. a.m. AT&T x.y", ["U.S.", "a.m.", "AT&T", "x", ".", "y"]),
        ("a\n\nb\r\nc  d\te", ["a", "\n", "\n", "b", "\r\n", "c", "d", "e"]),
        ("so... no--yes (\u2018x\u2019)", ["so", "...", "no", "--", "yes", *"(\u2018x\u2019)"]),
        ("dogs' - a-", ["dogs", "'", "-", "a", "-"]),
        ("e\u0301t\u00e9 \u0928\u092e\u0938\u094d", ["\u00e9t\u00e9", "\u0928\u092e\u0938\u094d"]),
    ],
)
def test_words_of_a_language_model(text, tokens):
    fitted = tokenizer_for_language_model()
    (ids,) = fitted.fit_transform([text])
    assert fitted.inverse_transform([ids])[0].tolist() == tokens


UNMARKED = st.characters(max_codepoint=0x2FF, exclude_characters="\xad")


@given(st.text(UNMARKED | st.sampled_from("'\u2019-.,:& \n1aA")))
@settings(max_examples=300)
def test_the_faster_pattern_finds_the_same(text):
    fast = re.findall(UNMARKED_PATTERNS[WRITING_PATTERN], text)
    assert fast == regex.findall(WRITING_PATTERN, text)


def test_units():
    fitted = {name: tokenizer_for_language_model(name).fit(["ab!"]) for name in ("word", "char")}
    assert {name: each.vocabulary_.unit for name, each in fitted.items()} == {
        "word": "word",
        "char": "char",
    }
    for params, unit in [
        ({}, "word"),
        ({"analyzer": "char"}, "char"),
        ({"analyzer": "char_wb"}, "char"),
        ({"analyzer": "char", "ngram_range": (2, 2)}, "word"),
        ({"analyzer": "char", "vocabulary": ["a", "b"]}, "char"),
        ({"token_pattern": CHARACTER_PATTERN}, "char"),
        ({"token_pattern": CHARACTER_PATTERN, "ngram_range": (2, 2)}, "word"),
        ({"token_pattern": CHARACTER_PATTERN, "tokenizer": str.split}, "word"),
        ({"analyzer": str.split}, "word"),
        ({"analyzer": str.split, "vocabulary": fitted["char"].vocabulary_}, "char"),
        ({"vocabulary": fitted["char"].vocabulary_}, "word"),
    ]:
        assert SequenceTokenizer(**params).fit(["ab ab"]).vocabulary_.unit == unit, params


def test_characters_keep_white_space():
    text = "First Citizen:\n\nAll  is\twell.\n"
    kept = tokenizer_for_language_model("char")
    X = kept.fit_transform([text])
    assert kept.to_texts(X) == [text]
    assert pickle.loads(pickle.dumps(kept)).transform([text])[0].tolist() == X[0].tolist()
    squeezed = SequenceTokenizer(analyzer="char", lowercase=False)
    assert squeezed.to_texts(squeezed.fit_transform([text])) == ["First Citizen: All is\twell.\n"]


def test_other_tokenizers_of_language_models():
    assert tokenizer_for_language_model("subword", max_features=300).max_features == 300
    assert tokenizer_for_language_model("char", lowercase=True).lowercase is True
    with pytest.raises(ValueError, match="must be 'word', 'char' or 'subword', got 'char_wb'"):
        tokenizer_for_language_model("char_wb")


def test_texts_of_overlapping_ngrams():
    pairs = SequenceTokenizer(ngram_range=(2, 2))
    X = pairs.fit_transform(["a b c"])
    with pytest.raises(ValueError, match=r"ngram_range=\(2, 2\) gives overlapping n-grams"):
        pairs.to_texts(X)


def test_texts_of_spelled_words():
    speller = SequenceTokenizer(characters=4)
    X = speller.fit_transform(["See these trees, please."])
    assert speller.to_texts(X) == ["See these trees, please."]
