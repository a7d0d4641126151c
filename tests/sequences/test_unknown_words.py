"""Unknown words, which token ids carry beside them."""

import copy
import pickle
from io import BytesIO

import joblib
import numpy as np
import pandas as pd
import pytest

from sklstm import SequencePadder, SequenceTokenizer
from sklstm._sequences import UNKNOWN_ID, TokenArray, as_ragged
from sklstm.preprocessing.text import corpus

RNG = np.random.default_rng(0)
WORDS = ["one", "two", "six", "ten", "new", "odd"]
TEXTS = [" ".join(RNG.choice(WORDS, size=n)) for n in RNG.integers(0, 9, size=40)]
KNOWN = ["one", "two", "six"]


def spelled(tokenizer, sequence):
    """Return the words of a sequence by its ids and its unknown words."""
    unknown = iter(sequence.unknown_words or ())
    known = tokenizer.vocabulary_.words()
    ids = sequence.view(np.ndarray)
    ids = ids if ids.ndim == 1 else ids[:, 0]
    words = [next(unknown) if i == UNKNOWN_ID else known[i] for i in ids]
    assert next(unknown, None) is None
    return words


@pytest.mark.parametrize("few_texts", [0, 100])
@pytest.mark.parametrize("characters", [None, 2])
@pytest.mark.parametrize("truncation", ["pre", "post", "middle"])
@pytest.mark.filterwarnings("ignore:.* texts have no word to keep")
def test_words_stay_with_their_ids(monkeypatch, few_texts, characters, truncation):
    monkeypatch.setattr(corpus, "_FEW_TEXTS", few_texts)
    params = {"vocabulary": KNOWN, "characters": characters, "truncation": truncation}
    limited = SequenceTokenizer(max_length=5, add_start=True, add_end=True, **params)
    for X in (limited.fit_transform(TEXTS), limited.transform(TEXTS)):
        for text, sequence in zip(TEXTS, X, strict=True):
            words, n = text.split(), 3
            if len(words) > n:
                words = {"pre": words[-n:], "post": words[:n], "middle": words[:1] + words[-2:]}[
                    truncation
                ]
            assert spelled(limited, sequence) == ["<start>", *words, "<end>"]
            has_unknown = not set(words) <= set(KNOWN)
            assert (sequence.unknown_words is not None) == has_unknown


def test_unknown_words_are_those_that_are_looked_up():
    speller = SequenceTokenizer(vocabulary=["tea"], characters=2).fit(["tea"])
    assert speller.transform(["Hot Tea"])[0].unknown_words == ("hot",)


def test_words_that_are_skipped_are_not_carried():
    tokenizer = SequenceTokenizer(vocabulary=KNOWN, unknown="skip").fit(TEXTS)
    (sequence,) = tokenizer.transform(["one new two"])
    assert sequence.tolist() == [4, 5]
    assert sequence.unknown_words is None


@pytest.fixture
def X():
    tokenizer = SequenceTokenizer(vocabulary=KNOWN)
    return tokenizer.transform(["one new", "two", "odd six odd"])


CARRIED = [("new",), None, ("odd", "odd")]


def by_joblib(X):
    file = BytesIO()
    joblib.dump(X, file)
    return joblib.load(file)


KEEPS = {
    "pickle": lambda X: pickle.loads(pickle.dumps(X)),
    "pickled items": lambda X: [pickle.loads(pickle.dumps(x)) for x in X],
    "pickled large items": lambda X: [pickle.loads(pickle.dumps(x)) for x in X],
    "joblib": by_joblib,
    "copies": lambda X: [x.copy() for x in X],
    "copy": copy.copy,
    "copied items": lambda X: list(map(copy.copy, X)),
    "deepcopy": copy.deepcopy,
    "list": list,
    "plain": lambda X: np.array([*X, None], dtype=object)[:-1],
    "frame": lambda X: pd.DataFrame({"sequence": list(X)}).copy()["sequence"],
    "column": lambda X: X[:, None][:, 0],
    "concatenated": lambda X: np.concatenate([X[:1], X[1:]]),
    "taken": lambda X: X[[2, 0, 1]][[1, 2, 0]],
    "again": lambda X: TokenArray(list(X), X.vocabulary),
}


@pytest.mark.parametrize("keep", KEEPS.values(), ids=KEEPS.keys())
def test_what_keeps_sequences_keeps_their_words(X, keep, monkeypatch, request):
    if "large" in request.node.name:
        monkeypatch.setattr("sklstm._sequences.tokens._SMALL", 1)
    assert [x.unknown_words for x in keep(X)] == CARRIED
    read = as_ragged(keep(X)).unknown
    at = np.flatnonzero(as_ragged(X).values == UNKNOWN_ID)
    assert [read.words[i] for i in read.at[at]] == ["new", "odd", "odd"]
    assert (np.delete(read.at, at) == -1).all()


def changed(change):
    def run(x):
        x = x.copy()
        change(x)
        return x

    return run


LOSES = {
    "slice": lambda x: x[1:],
    "reversed": lambda x: x[::-1],
    "whole slice": lambda x: x[:],
    "mask": lambda x: x[x > 0],
    "astype": lambda x: x.astype(np.int64),
    "flip": np.flip,
    "assignment": changed(lambda x: x.__setitem__(1, UNKNOWN_ID)),
    "sum": lambda x: TokenArray(np.asarray(x) + 0, x.vocabulary),
}


@pytest.mark.parametrize("lose", LOSES.values(), ids=LOSES.keys())
def test_what_may_change_ids_has_no_words(X, lose):
    assert lose(X[2]).unknown_words is None
    assert X[2].unknown_words == ("odd", "odd")
    assert as_ragged([lose(X[2]), X[1]]).unknown is None


def test_words_that_no_longer_fit_are_not_read(X):
    np.asarray(X[2])[1] = UNKNOWN_ID
    read = as_ragged(X).unknown
    assert read.words == ["new"]
    assert read.at.tolist() == [-1, 0, -1, -1, -1, -1]


def test_padding_drops_them(X):
    padded = SequencePadder().fit_transform(X)
    assert padded.unknown_words is None
    assert as_ragged(padded).unknown is None


def test_frames_of_the_tokenizer_keep_them():
    tokenizer = SequenceTokenizer(vocabulary=KNOWN).set_output(transform="pandas")
    frame = tokenizer.transform(["one new", "two"])
    assert as_ragged(frame).unknown.words == ["new"]


@pytest.mark.filterwarnings("ignore:.* texts have no word to keep")
def test_selected_sequences_keep_the_words_of_their_steps():
    X = SequenceTokenizer(vocabulary=KNOWN).transform(["odd one", "", "one new new", "two"])
    read = as_ragged(X)
    assert read.lengths.tolist() == [2, 1, 3, 1]
    assert read.unknown.at.tolist() == [0, -1, -1, -1, 1, 2, -1]
    taken = read.take(np.array([3, 2]))
    assert [taken.unknown.words[i] for i in taken.unknown.at if i >= 0] == ["new", "new"]
    assert taken.unknown.at.tolist()[:2] == [-1, -1]
