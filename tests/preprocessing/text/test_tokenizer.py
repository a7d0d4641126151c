"""SequenceTokenizer against CountVectorizer, brute force and hand-worked examples."""

from __future__ import annotations

import copy
import io
import pickle
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from preprocessing.text.text_samples import as_lists
from sklearn import config_context
from sklearn.base import clone
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import get_tags

from sklstm._sequences.tokens import END_ID, START_ID, UNKNOWN_ID, TokenArray, Vocabulary
from sklstm.preprocessing import SequencePadder, SequenceTokenizer
from sklstm.preprocessing.text.corpus import WORD_PATTERN

TEXTS = [
    "The film was good, a really good film.",
    "Not good: the plot was thin and the acting thinner.",
    "I loved it! Loved the plot, loved the acting.",
    "Café scenes were the best; the café was GOOD",
]
SCIKIT_LEARNS = r"(?u)\b\w\w+\b"
DEFAULT = r"\w+|[^\w\s]"  # what the default finds in texts without marks, joiners and emoji


def words_of(tokenizer, sequences):
    return [row.tolist() for row in tokenizer.inverse_transform(sequences)]


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"lowercase": False},
        {"strip_accents": "unicode"},
        {"strip_accents": "ascii"},
        {"stop_words": ["the", "was"]},
        {"stop_words": "english"},
        {"token_pattern": SCIKIT_LEARNS},
        {"token_pattern": r"(\w)\w+"},
        {"tokenizer": str.split, "token_pattern": None},
        {"preprocessor": str.upper},
        {"analyzer": "char"},
        {"analyzer": "char", "ngram_range": (3, 3)},
        {"analyzer": "char_wb", "ngram_range": (2, 2)},
        {"analyzer": str.split},
        {"ngram_range": (2, 2)},
        {"min_df": 2},
        {"min_df": 0.5},
        {"max_df": 2},
        {"max_df": 0.5},
        {"max_df": 1.0, "min_df": 1.0},
        {"min_df": 2, "max_df": 3},
    ],
)
def test_words_and_their_counts_are_those_of_count_vectorizer(params):
    pattern = {} if "analyzer" in params else {"token_pattern": DEFAULT}
    counter = CountVectorizer(**(pattern | params))
    counts = counter.fit_transform(TEXTS).toarray()
    tokenizer = SequenceTokenizer(unknown="skip", **params)
    sequences = tokenizer.fit_transform(TEXTS)
    assert set(tokenizer.vocabulary_) == set(counter.vocabulary_)
    for row, words in zip(counts, words_of(tokenizer, sequences), strict=True):
        expected = {w: row[i] for w, i in counter.vocabulary_.items() if row[i]}
        assert Counter(words) == expected


def test_words_keep_the_order_of_the_text():
    tokenizer = SequenceTokenizer()
    sequences = tokenizer.fit_transform(TEXTS)
    analyze = CountVectorizer(token_pattern=DEFAULT).build_analyzer()
    assert words_of(tokenizer, sequences) == [analyze(text) for text in TEXTS]
    assert all(s.dtype == np.int32 and s.ndim == 1 for s in sequences)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I can't, can I?", "i can ' t , can i ?"),
        ("A 9/10... well-made $5 film!!", "a 9 / 10 . . . well - made $ 5 film ! !"),
        ("“Naïve” \u2013 it\u2019s", "“ naïve ” \u2013 it \u2019 s"),
        ("soft\xadware\u200b \x07 #tag_1", "soft ware # tag_1"),  # invisible ones are no tokens
        ("bad \U0001f44e\U0001f3fd\U0001f44e", "bad \U0001f44e\U0001f3fd \U0001f44e"),  # skin tone
        ("\u2764\ufe0f \u2764", "\u2764 \u2764"),  # with and without a variation selector
        ("x\U0001f469\u200d\U0001f4bb", "x \U0001f469\u200d\U0001f4bb"),  # a joined one
        ("\U0001f1e9\U0001f1ea\U0001f1eb\U0001f1f7", "\U0001f1e9\U0001f1ea \U0001f1eb\U0001f1f7"),
        ("हिन्दी में।", "हिन्दी में ।"),
    ],
)
def test_punctuation_marks_and_single_letters_are_tokens(text, expected):
    tokenizer = SequenceTokenizer()
    assert words_of(tokenizer, tokenizer.fit_transform([text])) == [expected.split(" ")]


def test_n_grams_stop_words_and_limits_take_punctuation_marks():
    text = ["I can't, can I?"]
    pairs = SequenceTokenizer(ngram_range=(2, 2))
    assert words_of(pairs, pairs.fit_transform(text))[0][:3] == ["i can", "can '", "' t"]
    stopped = SequenceTokenizer(stop_words=["can", "'"], max_features=2)
    assert words_of(stopped, stopped.fit_transform(text))[0] == ["i", "<unk>", ",", "i", "<unk>"]


def test_ids_go_by_frequency_then_alphabet():
    tokenizer = SequenceTokenizer(token_pattern=r"\w").fit(["c b a b", "d c e"])
    assert tokenizer.vocabulary_ == {"b": 4, "c": 5, "a": 6, "d": 7, "e": 8}
    assert isinstance(tokenizer.vocabulary_, Vocabulary)
    limited = SequenceTokenizer(token_pattern=r"\w", max_features=3)
    assert as_lists(limited.fit_transform(["c b a b", "d c e"])) == [[5, 4, 6, 4], [1, 5, 1]]
    assert list(limited.vocabulary_) == ["b", "c", "a"]


def test_max_features_counts_what_min_df_leaves():
    texts = ["x x x x", "a b", "a b", "a"]
    tokenizer = SequenceTokenizer(token_pattern=r"\w", min_df=2, max_features=1).fit(texts)
    assert tokenizer.vocabulary_ == {"a": 4}


@pytest.mark.parametrize("unknown", ["id", "skip"])
def test_unknown_words(unknown):
    tokenizer = SequenceTokenizer(token_pattern=r"\w", unknown=unknown).fit(["a a b"])
    expected = [4, UNKNOWN_ID, 5] if unknown == "id" else [4, 5]
    assert as_lists(tokenizer.transform(["a z b"])) == [expected]


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"max_length": 4}, [6, 7, 8, 9]),
        ({"max_length": 4, "truncation": "post"}, [4, 5, 6, 7]),
        ({"max_length": 4, "truncation": "middle"}, [4, 5, 8, 9]),
        ({"max_length": 3, "truncation": "middle"}, [4, 8, 9]),
        ({"max_length": 1, "truncation": "middle"}, [9]),
        ({"max_length": 6, "truncation": "middle"}, [4, 5, 6, 7, 8, 9]),
        ({"max_length": 9}, [4, 5, 6, 7, 8, 9]),
        ({"max_length": None}, [4, 5, 6, 7, 8, 9]),
        ({"max_length": 4, "add_start": True}, [START_ID, 7, 8, 9]),
        ({"max_length": 4, "add_end": True}, [7, 8, 9, END_ID]),
        ({"max_length": 4, "add_start": True, "add_end": True}, [START_ID, 8, 9, END_ID]),
        ({"add_start": True, "add_end": True}, [START_ID, 4, 5, 6, 7, 8, 9, END_ID]),
        ({"max_length": 5, "truncation": "middle", "add_end": True}, [4, 5, 8, 9, END_ID]),
    ],
)
def test_truncation_and_marks(params, expected):
    tokenizer = SequenceTokenizer(vocabulary="a b c d e f".split(), token_pattern=r"\w", **params)
    short, long = tokenizer.transform(["a", "a b c d e f"])
    assert long.tolist() == expected
    start, end = params.get("add_start", False), params.get("add_end", False)
    assert short.tolist() == [START_ID] * start + [4] + [END_ID] * end


_texts = st.lists(st.text("abc ", max_size=12).map(lambda t: "a " + t), min_size=1, max_size=6)


@given(
    _texts,
    st.sampled_from([None, 1, 2, 3]),
    st.sampled_from([None, 3, 4, 7]),
    st.sampled_from(["pre", "post", "middle"]),
    st.sampled_from(["id", "skip"]),
    st.booleans(),
    st.booleans(),
)
@settings(max_examples=150, deadline=None)
def test_against_brute_force(texts, max_features, max_length, side, unknown, start, end):
    tokenizer = SequenceTokenizer(
        token_pattern=r"\w+",
        max_features=max_features,
        max_length=max_length,
        truncation=side,
        unknown=unknown,
        add_start=start,
        add_end=end,
    )
    counts = Counter(word for text in texts for word in text.split())
    known = sorted(counts, key=lambda w: (-counts[w], w))[:max_features]
    ids = {word: i for i, word in enumerate(known, start=4)}
    expected = []
    for text in texts:
        row = [ids.get(w, 1) for w in text.split() if unknown == "id" or w in ids]
        room = len(row) if max_length is None else max_length - start - end
        if len(row) > room:
            head = {"pre": 0, "post": room, "middle": room // 2}[side]
            row = row[:head] + row[len(row) - (room - head) :]
        expected.append([2] * start + row + [3] * end)
    if any(len(row) == start + end for row in expected):
        with pytest.warns(UserWarning, match="empty sequences"):
            sequences = tokenizer.fit_transform(texts)
        with pytest.warns(UserWarning, match="empty sequences"):
            again = tokenizer.transform(texts)
    else:
        sequences, again = tokenizer.fit_transform(texts), tokenizer.transform(texts)
    assert as_lists(sequences) == as_lists(again) == expected


# The tokenizer's words have combining marks, and letters that Python's Unicode does not know yet.
LETTERS = st.characters(exclude_categories=["M", "Cn", "Cs"], exclude_characters="\u200c\u200d")


@given(st.lists(st.text(LETTERS, min_size=1).map(lambda t: "ab " + t), min_size=1, max_size=5))
@settings(max_examples=40, deadline=None)
def test_inverse_transform_gives_back_the_words_of_any_text(texts):
    tokenizer = SequenceTokenizer(
        add_start=True, add_end=True, unicode_form=None, token_pattern=WORD_PATTERN
    )
    analyze = CountVectorizer().build_analyzer()
    assert words_of(tokenizer, tokenizer.fit_transform(texts)) == [analyze(t) for t in texts]


def test_inverse_transform_of_every_kind_of_id():
    tokenizer = SequenceTokenizer(vocabulary=["good", "film"])
    padded = np.array([[0, 0, 2, 4, 5, 3], [2, 1, 99, 0, 5, 3]])
    expected = [["good", "film"], ["<unk>", "<unk>", "film"]]
    assert words_of(tokenizer, padded) == expected
    assert words_of(tokenizer, TokenArray(padded)) == expected
    assert words_of(tokenizer, pd.DataFrame(padded)) == expected
    assert words_of(tokenizer, pd.Series(padded.tolist())) == expected
    assert words_of(tokenizer, [[], np.array([5])]) == [[], ["film"]]


@pytest.mark.parametrize(
    "vocabulary",
    [
        ["good", "film"],
        ("good", "film"),
        np.array(["good", "film"]),
        pd.Series(["good", "film"]),
        {"film": 9, "good": 2},
        {"film": np.int64(1), "good": np.int64(0)},
        Vocabulary(["good", "film"]),
    ],
)
def test_given_vocabulary_in_the_order_of_its_ids(vocabulary):
    tokenizer = SequenceTokenizer(vocabulary=vocabulary, max_features=1, min_df=5)
    unfitted = as_lists(tokenizer.transform(["good film indeed"]))
    assert not hasattr(tokenizer, "vocabulary_")
    assert tokenizer.get_feature_names_out().tolist() == ["sequence"]
    assert unfitted == as_lists(tokenizer.fit_transform(["good film indeed"])) == [[4, 5, 1]]
    assert tokenizer.vocabulary_ == {"good": 4, "film": 5}


def test_a_set_is_taken_in_alphabetical_order():
    tokenizer = SequenceTokenizer(vocabulary={"good", "film", "acting"}).fit(TEXTS)
    assert list(tokenizer.vocabulary_) == ["acting", "film", "good"]


def test_uppercase_in_a_given_vocabulary_warns():
    with pytest.warns(UserWarning, match="'Good', which no text matches while lowercase=True"):
        SequenceTokenizer(vocabulary=["film", "Good"]).fit(TEXTS)
    SequenceTokenizer(vocabulary=["film", "Good"], lowercase=False).fit(TEXTS)


def test_lists_of_words():
    items = [["a", "B"], ["B"], ("B", "c")]
    tokenizer = SequenceTokenizer(analyzer=list)
    assert as_lists(tokenizer.fit_transform(items)) == [[5, 4], [4], [4, 6]]
    assert list(tokenizer.vocabulary_) == ["B", "a", "c"]
    # An analyzer may yield its words one by one.
    lazy = SequenceTokenizer(analyzer=iter)
    assert as_lists(lazy.fit_transform(items)) == [[5, 4], [4], [4, 6]]


@pytest.mark.parametrize(
    "container",
    [
        list,
        tuple,
        iter,
        np.array,
        lambda texts: np.array(texts, dtype=object),
        pd.Series,
        lambda texts: pd.Series(texts, dtype=object, index=[9, 9, 1, 0]),
        lambda texts: [text.encode() for text in texts],
    ],
)
def test_every_container_of_texts(container):
    expected = as_lists(SequenceTokenizer().fit_transform(TEXTS))
    assert as_lists(SequenceTokenizer().fit_transform(container(TEXTS))) == expected


def test_files_and_encodings(tmp_path):
    texts = ["ein Café", "noch ein Café"]
    expected = as_lists(SequenceTokenizer().fit_transform(texts))
    paths = []
    for i, text in enumerate(texts):
        (tmp_path / f"{i}.txt").write_bytes(text.encode("latin-1"))
        paths.append(tmp_path / f"{i}.txt")
    by_name = SequenceTokenizer(input="filename", encoding="latin-1")
    assert as_lists(by_name.fit_transform(paths)) == expected
    files = [io.BytesIO(text.encode("latin-1")) for text in texts]
    by_file = SequenceTokenizer(input="file", encoding="latin-1")
    assert as_lists(by_file.fit_transform(files)) == expected
    with pytest.raises(UnicodeDecodeError, match=r"0xe9 .*, in X\[0\]; decode the texts to str"):
        SequenceTokenizer().fit([text.encode("latin-1") for text in texts])
    SequenceTokenizer(decode_error="ignore").fit([text.encode("latin-1") for text in texts])


def test_transform_changes_nothing_and_shares_nothing():
    tokenizer = SequenceTokenizer(add_end=True).fit(TEXTS)
    before = pickle.dumps(tokenizer)
    first = tokenizer.transform([*TEXTS, "wholly new words"])
    assert pickle.dumps(tokenizer) == before
    assert first.vocabulary is tokenizer.vocabulary_
    first[0][:] = 7
    assert tokenizer.transform(TEXTS)[0].tolist() != first[0].tolist()


def test_pickle_clone_and_copy():
    tokenizer = SequenceTokenizer(vocabulary=Vocabulary(["good"]), max_length=3).fit(TEXTS)
    expected = as_lists(tokenizer.transform(TEXTS))
    for same in (pickle.loads(pickle.dumps(tokenizer)), copy.deepcopy(tokenizer)):
        assert as_lists(same.transform(TEXTS)) == expected
    cloned = clone(tokenizer)
    assert cloned.vocabulary is tokenizer.vocabulary
    assert not hasattr(cloned, "vocabulary_")


def test_tags():
    tags = get_tags(SequenceTokenizer())
    assert tags.input_tags.string
    assert not tags.input_tags.two_d_array
    assert tags.requires_fit
    assert not get_tags(SequenceTokenizer(vocabulary=["a"])).requires_fit


@pytest.mark.parametrize("method", ["fit_transform", "transform"])
def test_pandas_output(method):
    series = pd.Series(TEXTS, index=[3, 1, 4, 1], name="review")
    tokenizer = SequenceTokenizer().fit(TEXTS).set_output(transform="pandas")
    frame = getattr(tokenizer, method)(series)
    assert isinstance(frame, pd.DataFrame)
    assert frame.columns.tolist() == ["sequence"] == tokenizer.get_feature_names_out().tolist()
    assert frame.index.equals(series.index)
    assert all(cell.dtype == np.int32 for cell in frame["sequence"])
    assert frame.attrs["sklstm_vocabulary"] is tokenizer.vocabulary_
    assert frame.iloc[1:3].attrs["sklstm_vocabulary"] is tokenizer.vocabulary_
    plain = SequenceTokenizer().fit_transform(TEXTS)
    assert as_lists(frame["sequence"]) == as_lists(plain)
    assert words_of(tokenizer, frame) == words_of(tokenizer, plain)


def test_pandas_output_by_configuration_and_in_a_pipeline():
    with config_context(transform_output="pandas"):
        frame = SequenceTokenizer().fit_transform(TEXTS)
    assert frame.index.tolist() == [0, 1, 2, 3]
    pipeline = make_pipeline(SequenceTokenizer(), FunctionTransformer())
    pipeline.set_output(transform="pandas")
    assert pipeline.fit_transform(TEXTS).columns.tolist() == ["sequence"]


@pytest.mark.parametrize("container", [list, pd.Series])
def test_grid_search_over_a_pipeline(container):
    texts, y = container(TEXTS * 4), [1, 0, 1, 1] * 4
    pipeline = make_pipeline(
        SequenceTokenizer(), SequencePadder(), LogisticRegression(max_iter=1000)
    )
    grid = {"sequencetokenizer__max_features": [2, None], "sequencepadder__max_length": [2, 5]}
    search = GridSearchCV(pipeline, grid, cv=2).fit(texts, y)
    assert search.predict(texts).shape == (16,)


def test_polars_output():
    tokenizer = SequenceTokenizer().fit(TEXTS).set_output(transform="polars")
    pytest.importorskip("polars")
    frame = tokenizer.transform(TEXTS)
    assert frame.columns == ["sequence"]
    assert frame["sequence"].to_list() == as_lists(SequenceTokenizer().fit_transform(TEXTS))
