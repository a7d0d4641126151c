"""The programs that compare models of series: what they run, keep and write."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.pipeline import make_pipeline

from benchmarks import moving_digits, ratings, regression
from benchmarks.harness import Contender, Problem, comparison
from sklstm.datasets import make_moving_digits


class Counted(DummyRegressor):
    """Predict the mean, and count the fits."""

    fits = 0

    def __init__(self, random_state=0):
        super().__init__()
        self.random_state = random_state

    def fit(self, X, y):
        type(self).fits += 1
        return super().fit(X, y)


def toy():
    X, y = np.zeros((4, 1)), np.arange(4.0)

    def score(model, X, y, predicted):
        seed = model[-1].random_state
        return {"spread": float(seed), **({"half": 0.5} if seed else {})}

    contenders = {
        "drawn": Contender("draws", lambda seed: make_pipeline(Counted(seed))),
        "fixed": Contender("does not", lambda seed: make_pipeline(Counted()), n_seeds=0),
    }
    return Problem("toy", "Four numbers", lambda: (X, y, X[:2], y[:2]), contenders, score)


@pytest.fixture
def program(tmp_path):
    """Return a function that runs the toy study, each contender with so many seeds."""

    def run(n_seeds, *argv):
        study = comparison(
            lambda validate: [toy()],
            {"spread": 2, "half": 1},
            "Only a toy.",
            n_seeds,
            name="toy",
            title="A toy",
            about="Compare nothing.",
            contenders=("drawn", "fixed"),
        )
        return study.main([*argv, "--output", str(tmp_path)])

    return run


def test_a_run_is_measured_once_and_shown(program, tmp_path, capsys):
    Counted.fits = 0
    assert program(3) == 0
    assert Counted.fits == 4  # three seeds of one, one of the other
    page = (tmp_path / "toy.md").read_text(encoding="utf-8")
    assert "| draws" in page
    assert "1.00 (0.00 to 2.00)" in page
    assert "4 samples to train on, 2 to test" in page
    assert "Only a toy." in page
    assert "Made by `python benchmarks/toy.py`." in page
    program(4)
    assert Counted.fits == 5
    assert "seed 1: kept" in capsys.readouterr().out
    program(9, "--report")
    assert Counted.fits == 5
    program(9, "--fresh", "--seeds", "1")
    assert Counted.fits == 7  # the first seed of one, and the other
    runs = json.loads((tmp_path / "toy.json").read_text(encoding="utf-8"))["runs"]
    assert len(runs) == 5  # what was not measured again is kept
    assert all(run["seconds"]["fit"] >= 0 and run["environment"]["cpus"] for run in runs)


def test_stars_are_rounded_to_those_that_occur():
    np.testing.assert_array_equal(
        ratings.nearest_stars(np.array([-3, 1.4, 5.4, 5.6, 9.7, 12])), [1, 1, 4, 7, 10, 10]
    )


def test_ratings_score_the_most_probable_class_and_the_median():
    y = np.array([1, 1, 2, 2, 2, 10, 10, 10, 10])
    model = DummyClassifier(strategy="prior").fit(np.zeros((9, 1)), y)
    X = np.zeros((9, 1))
    scores = ratings.scores(model, X, y, model.predict(X))
    assert scores["mean absolute error"] == pytest.approx(np.abs(y - 10).mean())
    assert scores["of the median"] == pytest.approx(np.abs(y - 2).mean())
    assert scores["quadratic kappa"] == 0
    numbers = DummyRegressor().fit(np.zeros((9, 1)), y)
    rounded = ratings.scores(numbers, X, y, numbers.predict(X))
    assert rounded["mean absolute error"] == pytest.approx(np.abs(y - 4).mean())
    assert "of the median" not in rounded


def test_films_are_flattened_in_both_ways():
    films, _ = make_moving_digits(5, random_state=0)
    rows, table = moving_digits.flat(films), moving_digits.table(films)
    assert table.shape == (5, 12 * 256)
    for film, row, line in zip(films, rows, table, strict=True):
        assert row.shape == (len(film), 256)
        np.testing.assert_array_equal(line[: film.size], row.ravel())
        assert not line[film.size :].any()


def test_three_films_are_drawn(tmp_path):
    assert moving_digits.draw(tmp_path / "films.png").stat().st_size > 5_000


def test_problems_of_numbers():
    posed = regression.problems(False)
    assert [problem.name for problem in posed] == ["Covid3Month", "adding"]
    assert "chosen" in posed[0].contenders
    assert "chosen" not in posed[1].contenders
    assert len(regression.problems(True)) == regression.N_FOLDS
    logs = regression.log_counts(np.array([[0.0, -2.0, np.e - 1]]))
    np.testing.assert_allclose(logs, [[0, 0, 1]])


def test_folds_leave_the_test_data_alone(data_file):
    data_file("ucr/Covid3Month_TRAIN.ts")
    X, y, _, _ = regression.load_covid()
    held_out = []
    for fold in range(regression.N_FOLDS):
        X_train, y_train, X_test, y_test = regression.covid_fold(fold)
        assert len(X_train) + len(X_test) == len(y_train) + len(y_test) == len(y) == 140
        held_out.append(X_test)
    assert sum(map(len, held_out)) == 140
    assert {row.tobytes() for part in held_out for row in part} == {row.tobytes() for row in X}
