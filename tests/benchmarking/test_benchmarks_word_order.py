"""The made-up texts of the probes of word order cannot be told apart by counts of words."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pytest

from benchmarks import harness
from benchmarks import word_order as study

COUNTED = {"size": 200, "seed": 0}


def is_nested(text):
    """Return True if every bracket closes the one that was opened last."""
    opened = []
    for word in text.split():
        if word in "([":
            opened.append(word)
        elif word in ")]" and study.BRACKETS[opened.pop()] != word:
            return False
    return not opened


ORACLES = {
    "before": lambda text: text.index("alpha") < text.index("beta"),
    "negation": lambda text: "not bad" in text,
    "negation-far": lambda text: (
        re.search(r"not (\w+ ){0,3}bad", text) is not None
        and re.search(r"not ((?!bad)\w+ ){0,3}good", text) is None
    ),
    "nesting": is_nested,
}


@pytest.mark.parametrize("name", study.TASKS)
def test_classes_follow_the_order_and_have_the_same_words(name):
    texts, y = study.make(name, **COUNTED)
    assert y.tolist() == [int(ORACLES[name](text)) for text in texts]
    words = np.array([" ".join(sorted(text.split())) for text in texts])
    of = [words[y == label].tolist() for label in (0, 1)]
    assert Counter(of[0]) == Counter(of[1])
    assert study.make(name, **COUNTED)[0] == texts
    assert study.make(name, 200, 1)[0] != texts


@pytest.mark.parametrize("name", study.TASKS)
def test_single_words_guess(name):
    model = study.CONTENDERS["tfidf-1"].build(0).fit(*study.make(name, 200, 0))
    assert model.score(*study.make(name, 100, 7)) == 0.5


def test_pairs_of_words_see_an_adjacent_negation():
    model = study.CONTENDERS["tfidf-2"].build(0).fit(*study.make("negation", 200, 0))
    assert model.score(*study.make("negation", 100, 7)) == 1.0


def test_texts_that_counts_tell_apart_are_refused(monkeypatch):
    monkeypatch.setitem(study.TASKS, "before", lambda rng: ("a b", "b b"))
    with pytest.raises(AssertionError):
        study.make("before", 10, 0)


def test_shuffled_texts_have_their_words_in_another_order():
    texts = [" ".join(map(str, range(30))), "one"]
    mixed = study.shuffled(texts, seed=0)
    assert mixed[0] != texts[0]
    assert sorted(mixed[0].split(), key=int) == texts[0].split()
    assert mixed[1] == "one"
    assert study.shuffled(texts, seed=0) == mixed


def test_words_are_what_the_tokenizer_reads():
    from sklstm import SequenceTokenizer

    text = "It's GOOD, isn't it: 10/10!"
    joined = " ".join(study.words(text))
    tokenizer = SequenceTokenizer().fit([text])
    assert tokenizer.transform([joined])[0].tolist() == tokenizer.transform([text])[0].tolist()


@pytest.fixture
def reviews(monkeypatch):
    """Stand in for IMDB."""
    X = ["not good , bad", "good , not bad", "a bad film", "a good film"] * 10
    y = np.tile([0, 1, 0, 1], 10)
    monkeypatch.setattr(study, "load", lambda spec: (X, y, X[:4], y[:4]))
    monkeypatch.setattr(study, "N_REVIEWS", 20)


def test_a_model_is_scored_in_order_and_shuffled(reviews, tmp_path):
    path = harness.stage(tmp_path / "reviews.npz", lambda: study.reviews(0))
    job = {"name": "imdb", "labels": 20, "seed": 0, "data": path}
    found = study.measure({**job, "contender": "tfidf-2", "trained on": "in order"})
    staged = harness.staged(path)
    model = study.CONTENDERS["tfidf-2"].build(0).fit(staged["X_train in order"], staged["y_train"])
    assert found["accuracy"] == model.score(staged["X_test in order"], staged["y_test"]) == 1.0
    shuffled = model.score(staged["X_test shuffled"], staged["y_test"])
    assert found["accuracy of shuffled"] == shuffled
    both = study.measure({**job, "contender": "tfidf-1", "trained on": "shuffled"})
    alone = study.measure({**job, "contender": "tfidf-1", "trained on": "in order"})
    assert both["accuracy"] == alone["accuracy"] == alone["accuracy of shuffled"]


def test_tables(rows_of):
    def run(name, spec, accuracy, seed=0, **more):
        return {"contender": name, "data": spec, "seed": seed, "accuracy": accuracy, **more}

    def read(how):
        return {"name": "imdb", "labels": 2_500, "trained on": how}

    runs = [
        run("lstm", read("in order"), 0.9, **{"accuracy of shuffled": 0.85}),
        run("lstm", read("in order"), 0.8, seed=1, **{"accuracy of shuffled": 0.79}),
        run("lstm", read("shuffled"), 0.86),
    ]
    row = rows_of(study.of_reviews(runs))[2]
    assert row[1:] == [
        "85.00 (80.00 to 90.00)", "82.00 (79.00 to 85.00)", "86.00", "3.00", "4.00",
    ]  # fmt: skip
    made = [run("tfidf-1", {"name": "nesting", "labels": size}, 0.5) for size in (1_000, 200)]
    rows = rows_of(study.of_made(made))
    assert [row[:3] for row in rows[2:]] == [
        ["Brackets nested or crossing, 200", "50.0", "-"],
        ["Brackets nested or crossing, 1,000", "50.0", "-"],
    ]


def test_the_study_runs_in_pieces(reviews, measured, tmp_path):
    answer = {
        "accuracy": 0.5, "accuracy of shuffled": 0.5, "n_test": 4, "warnings": [],
        "seconds": {"fit": 1.0}, "environment": harness.environment(),
    }  # fmt: skip
    jobs = measured(lambda job: dict(answer))
    options = ["--output", str(tmp_path), "--seeds", "1"]
    assert study.STUDY.main(options) == 0
    n = len(study.TASKS) * len(study.SIZES) * len(study.OF_MADE) + 2 * len(study.OF_REVIEWS)
    assert len(jobs) == n
    assert study.STUDY.main(options) == 0
    assert len(jobs) == n
    page = (tmp_path / "word_order.md").read_text()
    assert "lost at test" in page
    assert "Which comes first, alpha or beta, 5,000" in page
