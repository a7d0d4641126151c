"""Displays of curves: what is drawn is what the models have recorded or predicted."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import (
    GridSearchCV,
    StratifiedKFold,
    cross_val_score,
    cross_validate,
)
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeClassifier

from sklstm import LSTMClassifier, SequenceTokenizer
from sklstm.inspection import (
    LearningCurveComparisonDisplay,
    StepwiseProbaDisplay,
    TrainingHistoryDisplay,
)
from sklstm.inspection._figure import font_families

plt = pytest.importorskip("matplotlib.pyplot")
RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(60, 6)), np.arange(60) % 2
SMALL = {"hidden_size": 2, "fcn_filters": None, "random_state": 0}
TEXTS = ["good film", "dull film", "a good plot", "a dull plot"] * 6
LABELS = ["pos", "neg", "pos", "neg"] * 6


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def stopped():
    return LSTMClassifier(
        **SMALL, early_stopping=True, n_iter_no_change=3, max_epochs=6, learning_rate=0.1
    ).fit(X, Y)


@pytest.fixture(scope="module")
def forward():
    lstm = LSTMClassifier(**SMALL, bidirectional=False, max_epochs=2)
    return make_pipeline(SequenceTokenizer(), lstm).fit(TEXTS, LABELS)


def texts_of(items):
    return [item.get_text() for item in items]


# Training


def test_losses_are_those_of_the_history(stopped):
    display = TrainingHistoryDisplay.from_estimator(stopped)
    assert set(display.lines_) == {
        ("LSTMClassifier", "train_loss"), ("LSTMClassifier", "valid_loss"),
    }  # fmt: skip
    for (_, column), line in display.lines_.items():
        x, y = line.get_data()
        assert list(x) == list(range(1, len(stopped.history_) + 1))
        np.testing.assert_allclose(y, [row[column] for row in stopped.history_])
    best = display.best_["LSTMClassifier"]
    np.testing.assert_allclose(best.get_xdata(), [stopped.best_epoch_])
    losses = [row["valid_loss"] for row in stopped.history_]
    np.testing.assert_allclose(best.get_ydata(), [min(losses)])
    assert texts_of(display.ax_.get_legend().get_texts()) == [
        "training", "validation", "validation, best epoch",
    ]  # fmt: skip
    assert all(float(tick).is_integer() for tick in display.ax_.get_xticks())


def test_several_models_and_scores(stopped):
    other = LSTMClassifier(**SMALL, max_epochs=2).fit(X, Y)
    display = TrainingHistoryDisplay.from_estimator({"stopped": stopped, "other": other})
    assert len(display.lines_) == 3  # the other had no validation data
    colours = {name: line.get_color() for (name, _), line in display.lines_.items()}
    assert tuple(colours["stopped"]) != tuple(colours["other"])
    scores = TrainingHistoryDisplay.from_estimator({"stopped": stopped}, metric="score")
    y = scores.lines_["stopped", "valid_score"].get_ydata()
    np.testing.assert_allclose(y, [row["valid_score"] for row in stopped.history_])
    assert scores.plot(metric="dur").ax_.get_ylabel() == "seconds"


def test_pipelines_and_searches(forward):
    display = TrainingHistoryDisplay.from_estimator(forward)
    assert list(display.histories) == ["LSTMClassifier"]
    grid = {"lstmclassifier__hidden_size": [2, 3]}
    search = GridSearchCV(forward, grid, cv=2).fit(TEXTS, LABELS)
    found = TrainingHistoryDisplay.from_estimator(search)
    assert found.histories["LSTMClassifier"] == search.best_estimator_[-1].history_


def test_what_has_no_history(forward):
    with pytest.raises(NotFittedError):
        TrainingHistoryDisplay.from_estimator(LSTMClassifier())
    with pytest.raises(TypeError, match="DummyClassifier has no history_"):
        TrainingHistoryDisplay.from_estimator(DummyClassifier().fit(X, Y))
    with pytest.raises(ValueError, match=r"metric='score'.*recorded are dur, epoch"):
        TrainingHistoryDisplay.from_estimator(forward, metric="score")
    with pytest.raises(ValueError, match="no epochs at all"):
        TrainingHistoryDisplay.from_histories({"nothing": []})


# Step by step


def test_probabilities_after_each_word_are_those_of_the_beginnings(forward):
    text = "a good film"
    display = StepwiseProbaDisplay.from_estimator(forward, text)
    assert display.steps == text.split()
    assert texts_of(display.ax_.get_xticklabels()) == text.split()
    begun = [" ".join(text.split()[: i + 1]) for i in range(3)]
    expected = forward.predict_proba(begun)
    for k, label in enumerate(forward.classes_.tolist()):
        np.testing.assert_allclose(display.lines_[label].get_ydata(), expected[:, k], atol=1e-5)


def test_series_have_numbered_steps_and_many_classes_a_selection():
    y = np.arange(60) % 12
    model = LSTMClassifier(**SMALL, bidirectional=False, max_epochs=1).fit(X, y)
    display = StepwiseProbaDisplay.from_estimator(model, X[0])
    assert display.ax_.get_xlabel() == "step"
    assert len(display.lines_) == 10
    peak = display.probabilities.max(axis=0)
    left_out = set(range(12)) - set(display.lines_)
    assert max(peak[list(left_out)]) <= min(peak[list(display.lines_)])
    assert len(display.plot(top=None).lines_) == 12


def test_long_and_strange_names_are_drawn():
    names = ["$x", "a" * 40, "\u05e9\u05dc\u05d5\u05dd"]
    display = StepwiseProbaDisplay.from_predictions(np.full((3, 2), 0.5), ["a", "b"], steps=names)
    shown = texts_of(display.ax_.get_xticklabels())
    assert shown[0] == "$x"
    assert not display.ax_.get_xticklabels()[0].get_parse_math()  # would begin a formula
    assert 10 < len(shown[1]) < 30
    assert "\u2026" in shown[1]
    display.figure_.canvas.draw()


def test_names_and_classes_have_to_fit(stopped):
    with pytest.raises(ValueError, match="2 columns, but classes holds 3"):
        StepwiseProbaDisplay.from_predictions(np.full((3, 2), 0.5), [1, 2, 3])
    with pytest.raises(ValueError, match="steps holds 1 names, but there are 3 steps"):
        StepwiseProbaDisplay.from_predictions(np.full((3, 2), 0.5), [1, 2], steps=["a"])
    tree = DecisionTreeClassifier().fit(X, Y)
    with pytest.raises(TypeError, match="DecisionTreeClassifier has no predict_proba_steps"):
        StepwiseProbaDisplay.from_estimator(tree, X[0])


# Learning curves


def test_learning_curves_are_those_of_cross_validation():
    cv = StratifiedKFold(3)
    models = {"near": KNeighborsClassifier(1), "constant": DummyClassifier()}
    display = LearningCurveComparisonDisplay.from_estimators(
        models, X, Y, train_sizes=[10, 40], cv=cv, random_state=0
    )
    scores = cross_val_score(DummyClassifier(), X, Y, cv=cv)
    np.testing.assert_allclose(display.test_scores["constant"][1], scores)
    for name, line in display.lines_.items():
        x, y = line.get_data()
        assert x.tolist() == [10, 40]
        np.testing.assert_allclose(y, display.test_scores[name].mean(axis=1))
    assert texts_of(display.ax_.get_xticklabels()) == ["10", "40"]
    again = LearningCurveComparisonDisplay.from_estimators(
        models, X, Y, train_sizes=[10, 40], cv=cv, random_state=0, scoring="accuracy"
    )
    np.testing.assert_array_equal(again.test_scores["near"], display.test_scores["near"])
    assert again.ax_.get_ylabel() == "accuracy"


def test_crossings_by_hand():
    sizes = [10, 100, 1000]

    def crossing(first, second):
        scores = {"a": np.array(first)[:, None], "b": np.array(second)[:, None]}
        return LearningCurveComparisonDisplay(sizes, scores).crossing("a", "b")

    assert crossing([0.5, 0.7, 0.9], [0.6, 0.6, 0.6]) == pytest.approx(10**1.5)
    assert crossing([0.7, 0.7, 0.7], [0.6, 0.6, 0.6]) == 10
    assert crossing([0.7, 0.7, 0.5], [0.6, 0.6, 0.6]) is None
    # ahead, behind, ahead again: from the last crossing on
    assert crossing([0.7, 0.5, 0.9], [0.6, 0.6, 0.6]) == pytest.approx(10**2.25)


def test_scores_have_to_fit_sizes():
    display = LearningCurveComparisonDisplay([10, 20], {"a": np.zeros((3, 2))})
    with pytest.raises(ValueError, match=r"test_scores\['a'\] has shape \(3, 2\)"):
        display.plot()


# Several trainings, and names that do not fit


def test_folds_of_a_cross_validation(stopped):
    folds = cross_validate(stopped, X, Y, cv=3, return_estimator=True)
    display = TrainingHistoryDisplay.from_estimator({"folds": folds, "whole": stopped})
    lines = display.lines_["folds", "valid_loss"]
    assert len({tuple(line.get_color()) for line in lines}) == 1
    for line, model in zip(lines, folds["estimator"], strict=True):
        np.testing.assert_allclose(line.get_ydata(), [row["valid_loss"] for row in model.history_])
    np.testing.assert_allclose(
        display.best_["folds"].get_xdata(), [model.best_epoch_ for model in folds["estimator"]]
    )
    assert texts_of(display.ax_.get_legend().get_texts()) == [
        "folds", "whole", "training", "validation", "best epoch",
    ]  # fmt: skip
    alone = TrainingHistoryDisplay.from_estimator(folds)
    assert list(alone.histories) == ["LSTMClassifier"]
    assert len(alone.lines_["LSTMClassifier", "train_loss"]) == 3
    assert TrainingHistoryDisplay.from_estimator([stopped, stopped]).histories == {
        "LSTMClassifier": [stopped.history_] * 2
    }
    with pytest.raises(ValueError, match="pass return_estimator=True"):
        TrainingHistoryDisplay.from_estimator(cross_validate(stopped, X, Y, cv=2))
    with pytest.raises(ValueError, match="an empty list"):
        TrainingHistoryDisplay.from_estimator({"none": []})


def test_candidates_recorded_by_a_scorer():
    recorded = {}

    def score(model, X, y):
        recorded.setdefault(f"{model.hidden_size} units", []).append(model.history_)
        return model.score(X, y)

    model = LSTMClassifier(**SMALL, max_epochs=2)
    GridSearchCV(model, {"hidden_size": [2, 3]}, scoring=score, cv=2, refit=False).fit(X, Y)
    display = TrainingHistoryDisplay.from_histories(recorded)
    assert {name: len(lines) for (name, _), lines in display.lines_.items()} == {
        "2 units": 2, "3 units": 2,
    }  # fmt: skip


@pytest.mark.parametrize("size", [(4, 3), (10, 6)])
def test_many_long_names_leave_the_axes_their_room(size):
    names = [f"a class with quite a long name, number {i} of these" for i in range(20)]
    ax = plt.subplots(figsize=size, layout="constrained")[1]
    probabilities = RNG.dirichlet(np.ones(20), size=30)
    words = ["internationalisation"] * 30
    display = StepwiseProbaDisplay.from_predictions(
        probabilities, names, steps=words, top=None, ax=ax
    )
    display.figure_.draw_without_rendering()
    frame, axes = display.figure_.bbox, ax.get_window_extent()
    legend = ax.get_legend().get_window_extent()
    assert legend.x1 <= frame.x1 + 1
    assert legend.y0 >= frame.y0
    assert legend.x0 > axes.x1
    assert axes.width > 0.35 * frame.width
    assert axes.height > 0.4 * frame.height
    assert len(set(texts_of(ax.get_legend().get_texts()))) == 20
    labels = [label.get_window_extent() for label in ax.get_xticklabels()]
    assert not any(a.overlaps(b) for a, b in pairwise(labels))
    assert min(label.y0 for label in labels) >= 0


def test_sizes_that_are_near_each_other_are_written_upright():
    sizes = [1000, 1100, 1200, 9000]
    for given, rotation in ((sizes, 90), ([10, 100, 1000], 0)):
        scores = {"model": np.zeros((len(given), 2))}
        ax = LearningCurveComparisonDisplay(given, scores).plot().ax_
        assert {label.get_rotation() for label in ax.get_xticklabels()} == {rotation}


def test_other_scripts_get_a_font_that_has_them(monkeypatch):
    from matplotlib import font_manager

    other = font_manager.FontEntry(fname="", name="Noto Sans CJK JP")
    assert font_families(["plain"]) == plt.rcParams["font.family"]
    monkeypatch.setattr(font_manager.fontManager, "ttflist", [other])
    assert font_families(["\u65e5\u672c"]) == [*plt.rcParams["font.family"], "Noto Sans CJK JP"]
    assert font_families(["plain"]) == plt.rcParams["font.family"]


# What histories have to be


def test_models_that_are_not_drawn_are_named(stopped):
    plain = LSTMClassifier(**SMALL, max_epochs=2).fit(X, Y)
    with pytest.warns(UserWarning, match="not drawn, without valid_score .*: plain; .*early_stop"):
        display = TrainingHistoryDisplay.from_estimator(
            {"stopped": stopped, "plain": plain}, metric="score"
        )
    assert list(display.lines_) == [("stopped", "valid_score")]
    with pytest.warns(UserWarning, match=r"without valid_loss .*: both \(training 1\); .*X_val"):
        display = TrainingHistoryDisplay.from_estimator(
            {"both": (stopped, plain)}, metric="valid_loss"
        )
    assert len(display.lines_["both", "valid_loss"]) == 1


def test_models_without_a_history_are_named(stopped):
    draw = TrainingHistoryDisplay.from_estimator
    assert len(draw((stopped, stopped)).lines_["LSTMClassifier", "train_loss"]) == 2
    with pytest.raises(NotFittedError, match=r"estimator\['new'\]: This LSTMClassifier"):
        draw({"old": stopped, "new": LSTMClassifier()})
    with pytest.raises(NotFittedError, match=r"estimator\[1\]: This LSTMClassifier"):
        draw([stopped, LSTMClassifier()])
    grid = {"hidden_size": [2]}
    lstm = LSTMClassifier(**SMALL, max_epochs=1)
    search = GridSearchCV(lstm, grid, cv=2, refit=False).fit(X, Y)
    with pytest.raises(TypeError, match="estimator: GridSearchCV was fitted with refit=False"):
        draw(search)
    with pytest.raises(ValueError, match=r"metric must be 'loss', .*got .'loss'."):
        draw(stopped, metric=["loss"])
    with pytest.raises(TypeError, match="ax must be an Axes"):
        draw(stopped, ax=3)


def test_what_is_no_history_is_named(stopped):
    draw, history = TrainingHistoryDisplay.from_histories, stopped.history_
    with pytest.raises(TypeError, match=r"histories must be a dict .*; got a list"):
        draw(history)
    pipeline = make_pipeline(stopped)
    with pytest.raises(TypeError, match=r"histories\['a'\] must be .* Pipeline; pass its history_"):
        draw({"a": pipeline})
    with pytest.raises(
        TypeError, match=r"\['a'\] must be .* DataFrame; of a data frame pass frame"
    ):
        draw({"a": pd.DataFrame(history)})
    for best, error, message in (
        ({"a": [1, 2]}, ValueError, r"best_epochs\['a'\] holds 2 epochs, but histories\['a'\] 3"),
        ({"a": "2"}, ValueError, r"best_epochs\['a'\] must be the number of .*; got '2'"),
        ({"a": [1, 2.5, 3]}, ValueError, r"best_epochs\['a'\]\[1\] must be .*; got 2.5"),
        ({"b": 1}, ValueError, "best_epochs holds the name 'b', .* accepted are 'a'"),
        ([1], TypeError, "best_epochs must be a dict .*; got a list"),
    ):
        with pytest.raises(error, match=message):
            TrainingHistoryDisplay({"a": [history] * 3}, best_epochs=best).plot()
    assert not plt.get_fignums()  # nothing half drawn is left behind
