"""Tags of Doc2VecVectorizer: a vector for each label, of any type and number."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest
from gensim.models.doc2vec import Doc2Vec, TaggedDocument
from numpy.testing import assert_array_equal
from preprocessing.text.text_samples import TEXTS, TOPIC_OF, corpus, small, split
from scipy.sparse import csr_array

from sklstm import Doc2VecVectorizer
from sklstm.preprocessing.text.doc2vec import read_labels


@pytest.mark.parametrize(
    ("y", "classes", "codes"),
    [
        (["b", "a", "b"], ["a", "b"], [[1], [0], [1]]),
        ([3, 1, 3], [1, 3], [[1], [0], [1]]),
        (np.array([True, False, True]), [False, True], [[1], [0], [1]]),
        ([["b", "a"], [], ["a"]], ["a", "b"], [[0, 1], [], [0]]),
        ([("b", "b"), set(), {"a", "b"}], ["a", "b"], [[1], [], [0, 1]]),
        ([0, [], [0, 7]], [0, 7], [[0], [], [0, 1]]),
        ([1, "1", [1, "1"]], [1, "1"], [[0], [1], [0, 1]]),
        ([np.array(["x"]), np.array([]), np.array(["w", "x"])], ["w", "x"], [[1], [], [0, 1]]),
        (np.array([[1, 0, 1], [0, 0, 0], [0, 1, 0]]), [0, 1, 2], [[0, 2], [], [1]]),
        (csr_array([[1, 0, 1], [0, 0, 0], [0, 1, 0]]), [0, 1, 2], [[0, 2], [], [1]]),
        (pd.DataFrame({"u": [1, 1, 0], "t": [0, 1, 0]}), ["u", "t"], [[0], [0, 1], []]),
        (np.array([["a"], ["b"], ["a"]]), ["a", "b"], [[0], [1], [0]]),
        (pd.Series(["b", "a", "b"], index=[5, 6, 7]), ["a", "b"], [[1], [0], [1]]),
        (pl.Series([["b", "a"], [], ["a"]]), ["a", "b"], [[0, 1], [], [0]]),
        (pl.Series([3, 1, 3]), [1, 3], [[1], [0], [1]]),
        ([1.0, 2.0, 1.0], [1.0, 2.0], [[0], [1], [0]]),
    ],
)
def test_labels_of_every_form(y, classes, codes):
    labels = read_labels(y, 3, "labels")
    assert labels.classes.tolist() == classes
    assert [type(label) for label in labels.classes.tolist()] == [type(c) for c in classes]
    assert labels.codes == codes


@pytest.mark.parametrize(
    ("y", "error", "message"),
    [
        (None, ValueError, r"y is None: tags='both' learns a vector for each label"),
        (["a"], ValueError, r"inconsistent numbers of samples: \[3, 1\]"),
        (np.eye(2, dtype=int), ValueError, r"inconsistent numbers of samples: \[3, 2\]"),
        (
            ["a", None, "b"],
            ValueError,
            r"contains missing labels.*y\[1\] \(None\); an empty list, \[\], stands",
        ),
        (pl.Series([["a"], None, ["b"]]), ValueError, r"missing labels.*y\[1\] \(None\)"),
        (["a", ["b", np.nan], "b"], ValueError, r"missing labels.*y\[1\] \(nan\)"),
        ([1.5, 2.0, 1.0], ValueError, r"contains 1.5 at y\[0\]; labels are strings"),
        ([1.0, np.inf, 1.0], ValueError, r"contains inf at y\[1\]; labels"),
        ([[], [], []], ValueError, "y holds no label for any text"),
        (np.array([[0, 2], [0, 1], [1, 1]]), ValueError, r"must hold 0 and 1.*y\[0, 1\] is .*2"),
        (["a", {"b": 1}, "c"], TypeError, r"y\[1\] holds \{'b': 1\}, which is not a label"),
        ([["a"], [["b"]], ["c"]], TypeError, r"y\[1\] holds \['b'\], which is not a label"),
        ("abc", TypeError, r"y must hold labels for each text, got str \('abc'\)"),
        (5, TypeError, "y must hold labels for each text, got int"),
    ],
)
def test_bad_labels_are_named_and_change_nothing(y, error, message):
    vectorizer = small(tags="both").fit(TEXTS, TOPIC_OF)
    before = vectorizer.transform(TEXTS)
    with pytest.raises(error, match=message):
        vectorizer.fit(TEXTS[:3], y)
    assert_array_equal(vectorizer.transform(TEXTS), before)
    assert vectorizer.label_classes_.tolist() == sorted(set(TOPIC_OF))


@pytest.mark.parametrize("choices", [{}, {"dm": 1}])
def test_training_is_gensims_with_tags_of_its_own(choices):
    # Numbered as they come, so that gensim, which does not sort its tags, has the same rows.
    number = {topic: f"{i}" for i, topic in enumerate(dict.fromkeys(TOPIC_OF), start=1)}
    y = [[number[topic]] for topic in TOPIC_OF]
    y[0] = ["0", *y[0]]
    vectorizer = small(tags="both", **choices).fit(TEXTS, y)
    documents = [
        TaggedDocument(words, [i, *own])
        for i, (words, own) in enumerate(zip(split(TEXTS), y, strict=True))
    ]
    params = {"dm": 0, "min_count": 2, "vector_size": 12, "epochs": 5, "sample": 0} | choices
    peer = Doc2Vec(documents, seed=vectorizer._seed, workers=1, **params)
    assert peer.dv.index_to_key[len(TEXTS) :] == ["0", "1", "2", "3"]
    assert_array_equal(vectorizer.model_.dv.vectors, peer.dv.vectors)
    assert_array_equal(vectorizer.label_vectors_, np.stack([peer.dv[label] for label in "0123"]))


@pytest.mark.parametrize("tags", ["labels", "both"])
def test_label_vectors_are_near_the_texts_of_their_label(tags):
    vectorizer = small(tags=tags, vector_size=20, epochs=60).fit(TEXTS, TOPIC_OF)
    assert vectorizer.label_classes_.tolist() == ["field", "kitchen", "sea"]
    assert vectorizer.label_vectors_.shape == (3, 20)
    assert vectorizer.label_vectors_.dtype == np.float32
    new, topics = corpus(30, seed=9)
    for text, topic in zip(new, topics, strict=True):
        found = vectorizer.most_similar(text, topn=2, among="labels")
        assert len(found) == 2
        assert found[0][0] == topic
        assert found[0][1] > found[1][1]


def test_labels_that_look_like_numbers_of_texts_are_labels():
    plain = small(tags="both").fit(TEXTS, TOPIC_OF)
    other_names = [
        {"sea": 2, "kitchen": 1, "field": 0},
        {"sea": "2", "kitchen": "1", "field": "0"},
        {"sea": 10**12, "kitchen": 7, "field": -1},
    ]
    for names in other_names:
        model = small(tags="both").fit(TEXTS, [names[topic] for topic in TOPIC_OF])
        assert_array_equal(model.model_.dv.vectors, plain.model_.dv.vectors)
        found = model.most_similar(TEXTS[0], topn=3, among="labels")
        assert {type(label) for label, _ in found} == {type(names["sea"])}


def test_several_labels_and_texts_without():
    extra = [*TEXTS, *TEXTS[:6]]
    y = [[topic, "even" if i % 2 else "odd"] for i, topic in enumerate(TOPIC_OF)] + [[]] * 6
    vectorizer = small(tags="both").fit(extra, y)
    assert vectorizer.label_classes_.tolist() == ["even", "field", "kitchen", "odd", "sea"]
    assert vectorizer.model_.dv.vectors.shape == (len(extra) + 5, 12)
    assert np.linalg.norm(vectorizer.label_vectors_, axis=1).min() > 0
    trained = small(tags="both", training_vectors="trained").fit_transform(extra, y)
    assert_array_equal(trained, vectorizer.model_.dv.vectors[: len(extra)])


def test_sets_and_lists_of_labels_are_alike_in_any_order():
    y = [[topic, "x", "y"] for topic in TOPIC_OF]
    expected = small(tags="both").fit(TEXTS, y).model_.dv.vectors
    for form in ([own[::-1] for own in y], list(map(set, y)), list(map(tuple, y))):
        assert_array_equal(small(tags="both").fit(TEXTS, form).model_.dv.vectors, expected)


def test_a_label_of_empty_texts_only_has_a_vector_of_zeros():
    y = [*TOPIC_OF, "nothing"]
    with pytest.warns(UserWarning, match="1 of 61 texts"):
        model = small(tags="both").fit([*TEXTS, ""], y)
    norms = np.linalg.norm(model.label_vectors_, axis=1)
    assert dict(zip(model.label_classes_.tolist(), norms > 0, strict=True)) == {
        "field": True, "kitchen": True, "nothing": False, "sea": True,
    }  # fmt: skip
    found = model.most_similar(TEXTS[0], among="labels")
    assert sorted(label for label, _ in found) == ["field", "kitchen", "sea"]


def test_labels_are_forgotten_by_a_fit_without():
    model = small(tags="both").fit(TEXTS, TOPIC_OF)
    model.set_params(tags="texts").fit(TEXTS, TOPIC_OF)
    assert not hasattr(model, "label_classes_")
    assert not hasattr(model, "label_vectors_")
    assert model.model_.dv.vectors.shape == (len(TEXTS), 12)


def test_y_is_ignored_where_no_labels_are_wanted():
    expected = small().fit_transform(TEXTS)
    assert_array_equal(small().fit_transform(TEXTS, TOPIC_OF), expected)
    assert_array_equal(small().fit_transform(TEXTS, np.linspace(0, 1, len(TEXTS))), expected)


def test_vectors_that_were_not_learned_are_not_looked_through():
    texts, labels = small().fit(TEXTS), small(tags="labels").fit(TEXTS, TOPIC_OF)
    with pytest.raises(ValueError, match=r"among='labels' needs a vector for each of the labels"):
        texts.most_similar("ship", among="labels")
    with pytest.raises(ValueError, match=r"among='texts' needs .* tags='texts' or tags='both'"):
        labels.most_similar("ship")
    with pytest.raises(ValueError, match="among must be 'texts' or 'labels', got 'words'"):
        texts.most_similar("ship", among="words")
    assert labels.model_.dv.vectors.shape == (3, 12)


def test_concatenation_takes_one_label_a_text():
    params = {"dm": 1, "dm_concat": 1, "window": 1}
    model = small(tags="labels", **params).fit(TEXTS, TOPIC_OF)
    assert np.linalg.norm(model.label_vectors_, axis=1).min() > 0
    for own in ([], ["sea", "field"]):
        y = [[topic] for topic in TOPIC_OF]
        y[4] = own
        with pytest.raises(
            ValueError, match=rf"exactly one tag for each text, but y\[4\] has {len(own)}"
        ):
            small(tags="labels", **params).fit(TEXTS, y)
    with pytest.raises(ValueError, match=r"dm_concat=1 takes exactly one tag.*tags='both'"):
        small(tags="both", **params).fit(TEXTS, TOPIC_OF)


def test_trained_vectors_need_a_tag_for_each_text():
    with pytest.raises(ValueError, match=r"training_vectors='trained'.*tags='labels' trains none"):
        small(tags="labels", training_vectors="trained").fit(TEXTS, TOPIC_OF)


def test_the_tag_says_that_labels_are_needed():
    for tags, required in (("texts", False), ("labels", True), ("both", True)):
        found = Doc2VecVectorizer(tags=tags).__sklearn_tags__()
        assert found.target_tags.required is required
