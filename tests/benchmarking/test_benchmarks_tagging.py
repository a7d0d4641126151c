"""The benchmark on parts of speech: features, the simple baseline and the tables."""

import json
import sys

import numpy as np
import pytest

from benchmarks import harness, tagging
from benchmarks.harness import Contender, Results
from benchmarks.tagging import features, of_pairs, of_place, of_word, shape, short_shape
from sklstm.baselines import MostFrequentTag

X = [["The", "dog", "barks", "."], ["dogs", "bark", "."], ["The", "bark", "."]]
Y = [["DET", "NOUN", "VERB", "PUNCT"], ["NOUN", "VERB", "PUNCT"], ["DET", "NOUN", "PUNCT"]]
ASKED = [["The", "cat", "barks"], ["bark", "."]]
TRUTH = [["DET", "NOUN", "VERB"], ["VERB", "PUNCT"]]
PARTS = (X, Y, ASKED, TRUTH)
LEAN = {"affixes": 6, "around": "lean", "pairs": True}


@pytest.fixture
def searched(monkeypatch, measured):
    """Replace the CRF by one whose accuracy is known, and note the fits."""
    monkeypatch.setattr(tagging, "load", lambda part: PARTS)
    known = {"unknown words, %": 80.0, "whole sentences, %": 5.0}
    scores = tagging.scores
    monkeypatch.setattr(
        tagging,
        "scores",
        lambda X, y, predicted, words: (
            {"accuracy, %": predicted, **known}
            if isinstance(predicted, float)
            else scores(X, y, predicted, words)
        ),
    )

    def answer(job):
        return {
            "predicted": 90.0, "seconds": {"fit": 12.0, "predict": 0.5},
            "iterations": 99, "n_weights": 12345,
            "environment": {"cpus": 2, "OMP_NUM_THREADS": None, "sklearn-crfsuite": "0.5.0"},
        }  # fmt: skip

    return measured(answer)


@pytest.mark.parametrize(
    ("word", "long", "short"),
    [
        ("Harry", "Xxxxx", "Xx"),
        ("2002", "dddd", "d"),
        ("W3C", "XdX", "XdX"),
        ("multi-chart", "xxxxx-xxxxx", "x-x"),
        ("...", "...", "."),
        ("\xc9cole", "Xxxxx", "Xx"),
    ],
)
def test_shapes(word, long, short):
    assert shape(word) == long
    assert short_shape(word) == short


def test_features_of_a_word():
    found = of_word("Re-do", 3)
    assert found == [
        "bias", "word=Re-do", "lower=re-do", "shape=Xx-xx", "short shape=Xx-x",
        "prefix=r", "prefix=re", "prefix=re-", "suffix=o", "suffix=do", "suffix=-do", "hyphen",
    ]  # fmt: skip
    assert of_word("42", 4)[5:] == [
        "prefix=4", "prefix=42", "suffix=2", "suffix=42", "digits", "has a digit",
    ]  # fmt: skip
    assert {"title", "upper"} <= set(of_word("I", 4))
    assert "upper" not in of_word("It", 4)


def test_features_of_a_place():
    words = ['"', "The", "Dog", "barks"]
    assert [list(of_place(words, i)) for i in range(4)] == [
        ["first"],
        ["second", "capital at the beginning"],
        ["last but one", "capital within"],
        ["last"],
    ]
    assert list(of_place(["One"], 0)) == ["first", "last", "capital at the beginning"]


def test_neighbours_and_pairs():
    words = ["The", "old", "dog", "barks"]
    lean = features(words, **LEAN)
    assert {"-2:lower=the", "-1:lower=old", "-1:suffix=old", "-1:short shape=x"} <= set(lean[2])
    assert {"+1:lower=barks", "+1:suffix=rks"} <= set(lean[2])
    assert not any(feature.startswith("+2") for feature in lean[2])
    assert [feature for feature in lean[2] if feature.startswith("-2")] == ["-2:lower=the"]
    full = features(words, affixes=4, around="full", pairs=False)
    assert {"-2:shape=Xxx", "-2:suffix=e", "-2:suffix=the", "+1:suffix=arks"} <= set(full[2])
    assert not any("," in feature for feature in full[2])
    assert of_pairs(words, 0) == ["-1,0=<s> the", "0,+1=the old", "-1,+1=<s> old"]
    assert of_pairs(words, 3)[1:] == ["0,+1=barks </s>", "-1,+1=dog </s>"]
    assert set(of_pairs(words, 0)) <= set(lean[0])


def test_a_feature_depends_on_the_sentence_alone():
    before = features(["a", "b"], **LEAN)
    features(["b", "a", "c"], **LEAN)
    assert features(["a", "b"], **LEAN) == before


def test_scores_count_words_unknown_words_and_sentences():
    predicted = [np.array(["DET", "VERB", "VERB"]), ["VERB", "PUNCT"]]
    found = tagging.scores(ASKED, TRUTH, predicted, {"The", "bark", "."})
    assert found == {
        "accuracy, %": pytest.approx(80),
        "unknown words, %": 50.0,  # cat and barks
        "whole sentences, %": 50.0,
    }
    everything = {word for words in ASKED for word in words}
    assert "unknown words, %" not in tagging.scores(ASKED, TRUTH, predicted, everything)
    with pytest.raises(ValueError, match="argument"):
        tagging.scores(ASKED, TRUTH, predicted[:1], set())


def params_of(jobs):
    return [job["params"] for job in jobs]


def test_the_chosen_crf_is_what_the_recorded_search_found():
    runs = Results(harness.RESULTS / "tagging.json").runs
    tried = [run for run in runs if run["data"]["name"] == "ud_lines, search on dev"]
    assert len(tried) == 91

    def best(**given):
        found = [run for run in tried if run["params"].items() >= given.items()]
        return max(found, key=lambda run: run["scores"]["accuracy, %"])["params"]

    assert best() == tagging.CRF
    assert best(affixes=4, around="full", pairs=False) == tagging.CRF_PLAIN


def test_the_tables(measured, tmp_path, monkeypatch, rows_of, runs_in):
    environment = {"cpus": 2, "OMP_NUM_THREADS": None, "sklearn-crfsuite": "0.5.0"}
    monkeypatch.setattr(tagging, "load", lambda part: PARTS)
    measured(lambda job: {
        "predicted": TRUTH, "seconds": {"fit": 12.0, "predict": 0.5}, "environment": environment,
    })  # fmt: skip
    options = ["--peers-python", "python", "--output", str(tmp_path)]
    monkeypatch.setitem(
        tagging.CONTENDERS, "again", Contender("by another name, with seeds", tagging.frequent)
    )
    options += ["--only", "frequent", "again", "crf"]
    assert tagging.STUDY.main([*options, "--seeds", "2"]) == 0
    page = (tmp_path / "tagging.md").read_text(encoding="utf-8")
    table = rows_of(page)
    assert table[0] == [
        "model", "accuracy, %", "unknown words, %", "whole sentences, %", "fit, s", "predict, s",
    ]  # fmt: skip
    # of five words only "bark" is tagged wrong; "cat" is the unknown one
    assert table[2][:4] == ["most frequent tag of each word", "80.00", "100.00", "50.00"]
    name = "CRF, features chosen on the development part"
    assert table[3] == [name, "100.00", "100.00", "100.00", "12.0", "0.50"]
    assert table[4][1] == "80.00 (80.00 to 80.00)"
    assert "3 sentences to train on, 2 of the test part." in page
    assert "sklearn-crfsuite 0.5.0; 20" in page
    runs = runs_in(tmp_path / "tagging.json")
    assert len(runs) == 3 + 1
    assert all("commit" in run and run["environment"] and run["seed"] in (0, 1) for run in runs)


def test_the_guide_is_filled(tmp_path, searched, guide, rows_of):
    tagging.STUDY.main(["--output", str(tmp_path), "--only", "frequent"])  # there is no guide yet
    page = guide(tagging.STUDY)
    tagging.STUDY.main(["--output", str(tmp_path), "--report"])
    text = page.read_text(encoding="utf-8")
    assert rows_of(text) == rows_of((tmp_path / "tagging.md").read_text(encoding="utf-8"))
    assert len(rows_of(text)) == 3
    assert text.startswith("Before.")
    assert text.endswith("-->\nAfter.\n")


def test_what_is_run(searched, tmp_path, capsys):
    options, peers = ["--output", str(tmp_path)], ["--peers-python", "python"]
    tagging.STUDY.main([*options, *peers, "--only", "frequent"])
    tagging.STUDY.main([*options, "--only", "frequent", "crf"])
    tagging.STUDY.main([*options, *peers, "--report"])
    assert searched == []
    for fresh, fits in (([], 1), ([], 1), (["--fresh"], 2)):
        tagging.STUDY.main([*options, *peers, "--only", "crf", *fresh])
        assert params_of(searched) == [tagging.CRF] * fits
    tagging.STUDY.main([*options, *peers, "--only", "crf-plain"])
    assert params_of(searched)[2:] == [tagging.CRF_PLAIN]
    with pytest.raises(SystemExit):
        tagging.STUDY.main(["--n-train", "5", *options])
    assert "unrecognized arguments: --n-train" in capsys.readouterr().err


def test_a_failure_says_why():
    job = {"words": X, "tags": Y, "asked": ASKED, "params": tagging.CRF}
    with pytest.raises(harness.Failed, match="sklearn_crfsuite"):
        harness.apart(tagging.measure_crf, job, sys.executable)


def test_what_the_process_of_the_crf_is_asked_and_answers():
    class CRF:
        def __init__(self, **params):
            self.params = params

        def fit(self, X, y):
            pairs = zip(tagging.flat(X), tagging.flat(y), strict=True)
            self.tags = {tuple(found): tag for found, tag in pairs}
            self.training_log_ = self
            self.last_iteration = {"num": 7}
            self.state_features_, self.transition_features_ = {1: 1}, {2: 1, 3: 1}

        def predict(self, X):
            return [[self.tags[tuple(features)] for features in sentence] for sentence in X]

    job = {"words": X, "tags": Y, "asked": X[1:]}
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "sklearn_crfsuite", type(sys)("sklearn_crfsuite"))
        patch.setattr(sys.modules["sklearn_crfsuite"], "CRF", CRF, raising=False)
        patch.setattr(tagging, "PACKAGES", ("scikit-learn",))
        answer = tagging.measure_crf({**job, "params": tagging.CRF_PLAIN})
    assert answer["predicted"] == Y[1:]
    assert (answer["iterations"], answer["n_weights"]) == (7, 3)
    assert answer["seconds"]["fit"] > 0
    assert json.loads(json.dumps(answer)) == answer


def test_numbers_in_the_notes(data_file):
    data_file("ud/en_lines-ud-test.conllu")
    X_train, y_train, X_test, _ = tagging.load("test")
    known = set(tagging.flat(X_train))
    unknown = np.mean([word not in known for word in tagging.flat(X_test)])
    assert f"the {unknown:.1%} of the test words" in tagging.NOTES
    model = MostFrequentTag().fit(X_train, y_train)
    values, counts = np.unique(np.concatenate(y_train), return_counts=True)
    assert model.unknown_tag_ == values[counts.argmax()] == "NOUN"
    assert "most frequent of all, NOUN" in tagging.NOTES
