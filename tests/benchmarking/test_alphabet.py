"""The letters of the alphabet, learned with and without a state between batches."""

import json

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from benchmarks import alphabet
from benchmarks.alphabet import ALPHABET, LETTERS

QUICK = {"hidden_size": 32, "learning_rate": 1e-2, "lr_schedule": "linear"}


@pytest.mark.parametrize(("way", "epochs"), [("windows", 10), ("from_each", 60)])
def test_every_letter_is_learned_from_any_start(way, epochs):
    X, y, letters, following = alphabet.load(way)
    model = alphabet.lstm(way, "tokens", seed=0)
    model[-1].set_params(**QUICK, max_epochs=epochs)
    model.fit(X, y)
    shares = alphabet.scores(model, letters, following)
    assert shares["in order from A"] == shares["first after a reset"] == 1
    for start in range(25):
        np.testing.assert_array_equal(
            alphabet.read_on(model, letters[start:]), following[start:], err_msg=letters[start]
        )


def test_windows_begin_anywhere_and_are_followed_by_the_next_letter():
    X, y = alphabet.windows()
    assert all(text + following in ALPHABET for text, following in zip(X, y, strict=True))
    assert {text[0] for text in X} == set(LETTERS[:25])
    assert {len(text) for text in X} == {1, 2, 3, 4, 5}


def test_every_place_of_the_sequences_sees_every_letter():
    X, y = alphabet.from_each()
    places = np.array(X).reshape(alphabet.LONGEST, 25)
    assert all(sorted(place) == list(LETTERS[:25]) for place in places)
    np.testing.assert_array_equal(y, LETTERS[[ALPHABET.index(letter) + 1 for letter in X]])
    for before, after in zip(y[:-25], X[25:], strict=True):
        assert after == (before if before != "Z" else "A")


class Counter(BaseEstimator):
    """Answer by how many letters were read, whichever they were."""

    stateful = True

    def fit(self, X, y):
        self.read_ = 0
        return self

    def stream(self):
        raise NotImplementedError

    def reset_states(self):
        self.read_ = 0

    def predict(self, X):
        self.read_ += len(X)
        return LETTERS[[self.read_]]


def test_one_that_counts_is_found_out():
    X, y, letters, following = alphabet.load("in_order")
    model = make_pipeline(FunctionTransformer(alphabet.as_numbers), Counter()).fit(X, y)
    shares = alphabet.scores(model, letters, following)
    assert shares["in order from A"] == 1
    assert shares["first after a reset"] == 0.04
    assert shares["in random orders"] < 0.2


def test_the_program_keeps_and_shows_its_runs(tmp_path, capsys):
    options = ["--only", "logistic", "--output", str(tmp_path)]
    assert alphabet.STUDY.main(options) == 0
    page = (tmp_path / "alphabet.md").read_text(encoding="utf-8")
    assert page.count("| logistic regression |") == 2
    assert "Made by `python benchmarks/alphabet.py`." in page
    runs = json.loads((tmp_path / "alphabet.json").read_text(encoding="utf-8"))["runs"]
    assert [run["data"]["name"] for run in runs] == ["numbers", "tokens"]
    assert runs[0]["scores"]["in order from A"] < 1 == runs[1]["scores"]["in order from A"]
    alphabet.STUDY.main(options)
    assert capsys.readouterr().out.count(": kept") == 2
    with pytest.raises(SystemExit):
        alphabet.STUDY.parse(["--epochs", "3"])
    assert "unrecognized arguments: --epochs" in capsys.readouterr().err
