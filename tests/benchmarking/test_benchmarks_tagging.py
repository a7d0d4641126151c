"""The benchmark on parts of speech: features, the simple baseline, the search and the tables."""

import json
import subprocess
import sys

import numpy as np
import pytest

from benchmarks import _tagging_crf, _tagging_search, tagging
from benchmarks._measure import Model
from benchmarks._runner import Results
from benchmarks._tagging_crf import features, of_pairs, of_place, of_word, shape, short_shape

X = [["The", "dog", "barks", "."], ["dogs", "bark", "."], ["The", "bark", "."]]
Y = [["DET", "NOUN", "VERB", "PUNCT"], ["NOUN", "VERB", "PUNCT"], ["DET", "NOUN", "PUNCT"]]
ASKED = [["The", "cat", "barks"], ["bark", "."]]
TRUTH = [["DET", "NOUN", "VERB"], ["VERB", "PUNCT"]]
PARTS = (X, Y, ASKED, TRUTH)
LEAN = {"affixes": 6, "around": "lean", "pairs": True}


@pytest.fixture
def searched(monkeypatch):
    """Replace the CRF by one whose accuracy is known, make the search small, and note the fits."""
    noted = []

    def measure(python, parts, score, params):
        noted.append(params)
        accuracy = 90.0 + 2 * params["c1"] + params["pairs"] - (params["max_iterations"] > 200)
        return {
            "commit": "abc1234",
            "scores": {
                "accuracy, %": accuracy,
                "unknown words, %": 80.0,
                "whole sentences, %": 5.0,
            },
            "n_train": 3,
            "n_test": 2,
            "seconds": {"fit": 12.0, "predict": 0.5},
            "iterations": 99,
            "n_weights": 12345,
            "environment": {"cpus": 2, "OMP_NUM_THREADS": None, "sklearn-crfsuite": "0.5.0"},
            "warnings": [],
            "date": "2026-01-02",
        }

    monkeypatch.setattr(_tagging_search, "measure", measure)
    stages = {
        "features": {"pairs": (False, True)},
        "penalties": {
            "all_possible_transitions": (True, False), "c1": (0.0, 0.1), "c2": (0.05, 0.2),
        },
        "iterations": {"max_iterations": (200, 1000)},
    }  # fmt: skip
    monkeypatch.setattr(_tagging_search, "STAGES", stages)
    monkeypatch.setattr(tagging, "load", lambda part: PARTS)
    return noted


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


def test_most_frequent_tags():
    model = tagging.MostFrequentTag().fit(X, Y)
    # "bark" was a verb once and a noun once; there are more nouns. Seen once: dog, barks, dogs
    assert model.tag_of_["bark"] == "NOUN"
    assert model.unknown_ == "NOUN"
    predicted = model.predict([["The", "cat"], ["barks"]])
    assert (predicted.shape, predicted.dtype) == ((2,), object)
    assert [tags.tolist() for tags in predicted] == [["DET", "NOUN"], ["VERB"]]


def test_unknown_words_are_like_those_seen_once():
    model = tagging.MostFrequentTag().fit([["a", "a", "a", "b"]], [["DET", "DET", "DET", "X"]])
    assert model.unknown_ == "X"
    assert tagging.MostFrequentTag().fit([["a", "a"]], [["DET", "DET"]]).unknown_ == "DET"


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


def test_the_search_varies_one_stage_after_the_other(searched, tmp_path):
    results = Results(tmp_path / "tagging.json")
    assert _tagging_search.chosen(results) is None
    best = _tagging_search.search("python", PARTS, None, results)
    # two sets of features; eight penalties with the better one; more iterations, which are worse
    assert len(searched) == 2 + 8 + 1
    assert [params["pairs"] for params in searched] == [False] + [True] * 10
    expected = {"pairs": True, "c1": 0.1, "c2": 0.05, "max_iterations": 200}  # first of equals
    assert best == {**_tagging_search.START, **expected}
    assert _tagging_search.chosen(Results(tmp_path / "tagging.json")) == best
    again = _tagging_search.search("python", PARTS, None, Results(tmp_path / "tagging.json"))
    assert (again, len(searched)) == (best, 11)


def test_a_stopped_search_goes_on(searched, tmp_path, monkeypatch):
    whole = _tagging_search.measure

    def stop_at_the_fifth(*args):
        if len(searched) == 4:
            raise KeyboardInterrupt
        return whole(*args)

    monkeypatch.setattr(_tagging_search, "measure", stop_at_the_fifth)
    results = Results(tmp_path / "tagging.json")
    with pytest.raises(KeyboardInterrupt):
        _tagging_search.search("python", PARTS, None, results)
    assert _tagging_search.chosen(results) is None
    text = _tagging_search.report(results)
    assert "6 to come." in text
    assert "Chosen" not in text
    monkeypatch.setattr(_tagging_search, "measure", whole)
    _tagging_search.search("python", PARTS, None, Results(tmp_path / "tagging.json"))
    assert len(searched) == 11


def rows(text):
    return [[c.strip() for c in line.split("|")[1:-1]] for line in text.splitlines() if "|" in line]


def test_the_tables(searched, tmp_path, monkeypatch):
    options = ["--peers-python", "python", "--output", str(tmp_path)]
    monkeypatch.setitem(
        tagging.MODELS, "again", Model("by another name, with seeds", tagging.frequent)
    )
    options += ["--only", "frequent", "again", "crf"]
    assert tagging.main([*options, "--seeds", "2"]) == 0
    assert len(searched) == 12  # the search and the best, once
    page = (tmp_path / "tagging.md").read_text(encoding="utf-8")
    table = rows(page)
    assert table[0] == [
        "model", "accuracy, %", "unknown words, %", "whole sentences, %", "fit, s", "predict, s",
    ]  # fmt: skip
    # of five words only "bark" is tagged wrong; "cat" is the unknown one
    assert table[2][:4] == ["most frequent tag of each word", "80.00", "100.00", "50.00"]
    name = "CRF, features chosen on the development part"
    assert table[3] == [name, "91.20", "80.00", "5.00", "12.0", "0.50"]
    assert table[4][1] == "80.00 (80.00 to 80.00)"
    assert "3 sentences to train on, 2 of the test part." in page
    assert "sklearn-crfsuite 0.5.0; 2026-01-02." in page
    found = (tmp_path / "tagging_search.md").read_text(encoding="utf-8")
    assert rows(found)[3][:2] == ["True", "91.10"]
    assert ["0.1", "91.20", "91.20"] in rows(found)
    assert "Chosen: affixes 4, around full, pairs True, c1 0.1, c2 0.05, all" in found
    runs = json.loads((tmp_path / "tagging.json").read_text(encoding="utf-8"))["runs"]
    assert len(runs) == 3 + 1 + 11
    assert all("commit" in run and run["environment"] and run["seed"] in (0, 1) for run in runs)


def test_the_guide_is_filled(tmp_path, monkeypatch, searched):
    guide = tmp_path / "guide.md"
    monkeypatch.setattr(tagging, "GUIDE", guide)
    monkeypatch.setattr(tagging._cli, "RESULTS", tmp_path)
    tagging.main(["--output", str(tmp_path), "--only", "frequent"])  # there is no guide yet
    guide.write_text("Before.\n<!-- tagging-table:start -->\n<!-- tagging-table:end -->\nAfter.\n")
    tagging.main(["--output", str(tmp_path), "--report"])
    text = guide.read_text(encoding="utf-8")
    assert rows(text) == rows((tmp_path / "tagging.md").read_text(encoding="utf-8"))
    assert len(rows(text)) == 3
    assert text.startswith("Before.")
    assert text.endswith("-->\nAfter.\n")


def test_what_is_run(searched, tmp_path):
    options = ["--output", str(tmp_path)]
    tagging.main([*options, "--peers-python", "python", "--only", "frequent"])
    tagging.main(options)
    tagging.main([*options, "--peers-python", "python", "--report"])
    tagging.main([*options, "--peers-python", "python", "--validate"])
    assert searched == []
    tagging.main([*options, "--peers-python", "python", "--only", "crf"])
    assert len(searched) == 12
    tagging.main([*options, "--peers-python", "python", "--only", "crf"])
    assert len(searched) == 12
    tagging.main([*options, "--peers-python", "python", "--only", "crf", "--fresh"])
    assert len(searched) == 13
    tagging.main([*options, "--peers-python", "python", "--only", "crf-plain"])
    assert len(searched) == 13 + 11 + 1  # one of twelve tries was made before
    with pytest.raises(SystemExit, match="not for this program"):
        tagging.main(["--n-train", "5", *options])


def test_a_failure_says_why():
    with pytest.raises(SystemExit, match="sklearn_crfsuite"):
        _tagging_search.measure(sys.executable, PARTS, None, _tagging_search.START)


def test_what_the_worker_is_asked_and_answers(tmp_path):
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

    data = tmp_path / "data.json"
    data.write_text(json.dumps({"words": X, "tags": Y, "asked": X[1:]}))
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "sklearn_crfsuite", type(sys)("sklearn_crfsuite"))
        patch.setattr(sys.modules["sklearn_crfsuite"], "CRF", CRF, raising=False)
        patch.setattr(_tagging_crf, "PACKAGES", ("scikit-learn",))
        answer = _tagging_crf.measure({"data": str(data), "params": _tagging_search.START})
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
    model = tagging.MostFrequentTag().fit(X_train, y_train)
    values, counts = np.unique(np.concatenate(y_train), return_counts=True)
    assert model.unknown_ == values[counts.argmax()] == "NOUN"
    assert "most frequent of all, NOUN" in tagging.NOTES


def test_the_program_starts_anywhere(tmp_path):
    command = [sys.executable, tagging.__file__, "--report", "--output", str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout == "Nothing has been measured yet.\n"
