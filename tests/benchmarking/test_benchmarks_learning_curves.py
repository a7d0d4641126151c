"""The benchmark of learning curves draws alike for every model, and finds where curves cross."""

from __future__ import annotations

from math import log

import joblib
import numpy as np
import pytest

import sklstm
from benchmarks import data, harness, unlabelled
from benchmarks import learning_curves as study

X = ["a fine film", "good and fine", "a dull film", "bad and dull"] * 15
Y = np.tile(["good", "good", "bad", "bad"], 15)
PARTS = {"X_train": X, "y_train": Y, "X_test": X[:8], "y_test": Y[:8]}


def run_of(contender, size, accuracy, name="imdb", seed=0, **more):
    """Return a run as the results file holds it."""
    return {
        "contender": contender, "data": {"name": name, "labels": size}, "seed": seed, "params": {},
        "commit": "abc1234", "date": "2026-01-02", "load": 1.0, "accuracy": accuracy,
        "n_test": 25_000, "seconds": {"fit": 2.0, "predict": 1.0},
        "memory_mb": {"before": 1.0, "peak": 300.0}, "warnings": [],
        "environment": harness.environment(), **more,
    }  # fmt: skip


# ------------------------------------------------------------------------------------------
# Draws of labels


def test_a_draw_has_the_fraction_of_each_class_and_a_larger_one_has_the_smaller():
    y = np.repeat([0, 1, 2], [600, 300, 9])
    drawn = {size: data.draw(y, size, seed=0) for size in (10, 100, 303, 909)}
    for size, rows in drawn.items():
        assert len(np.unique(rows)) == size
        wanted = np.array([600, 300, 9]) * size / 909
        assert np.abs(np.bincount(y[rows], minlength=3) - wanted).max() <= 1
    assert set(drawn[10]) < set(drawn[100]) < set(drawn[303])
    assert drawn[909].tolist() == list(range(909))
    assert data.draw(y, 100, seed=0).tolist() == drawn[100].tolist()
    assert data.draw(y, 100, seed=1).tolist() != drawn[100].tolist()


def test_of_two_equal_classes_a_draw_has_the_first_of_a_random_order_of_each():
    # What the published runs of few labels were drawn by.
    y = np.repeat([0, 1], 50)
    rng = np.random.default_rng(3)
    orders = [rng.permutation(np.flatnonzero(y == label)) for label in (0, 1)]
    wanted = np.sort(np.concatenate([order[:7] for order in orders]))
    assert data.draw(y, 14, seed=3).tolist() == wanted.tolist()


# ------------------------------------------------------------------------------------------
# Where curves cross


def test_curves_cross_where_lines_over_the_logarithm_do():
    def line(size):
        return 50 + 10 * (log(size) - log(700))

    sizes = (100, 250, 1_000, 5_000)
    rising, level = {size: line(size) for size in sizes}, dict.fromkeys(sizes, 50.0)
    [(size, above)] = study.crossings(rising, level)
    assert (size, above) == (pytest.approx(700), True)
    [(size, above)] = study.crossings(level, rising)
    assert (size, above) == (pytest.approx(700), False)
    assert study.crossings({100: 1.0, 250: 3.0}, {250: 2.0, 5_000: 9.0}) == []


def test_curves_that_touch_do_not_cross():
    level = dict.fromkeys((100, 1_000, 10_000), 2.0)
    assert study.crossings({100: 3.0, 1_000: 2.0, 10_000: 3.0}, level) == []
    assert study.crossings({100: 3.0, 1_000: 2.5, 10_000: 2.0}, level) == []
    assert study.crossings({100: 2.0, 1_000: 2.0, 10_000: 3.0}, level) == []
    [(size, above)] = study.crossings({100: 3.0, 1_000: 2.0, 10_000: 1.0}, level)
    assert (size, above) == (pytest.approx(1_000), False)


@pytest.mark.parametrize(
    ("ours", "theirs", "sentence"),
    [
        ((60, 70, 80), (50, 60, 70), "A outperforms B from 100 to 10,000 labels."),
        ((50, 60, 70), (60, 70, 80), "A does not pass B up to 10,000 labels."),
        ((50, 60, 80), (60, 70, 70), "A passes B at about 3,200 labels."),
        (
            (60, 70, 70),
            (50, 60, 80),
            "A outperforms B up to about 3,200 labels, and underperforms it from there to 10,000.",
        ),
        (
            (61, 69, 72),
            (60, 70, 70),
            "A and B differ by at most 1.0 points up to about 2,200 labels, where they cross for "
            "the last of 2 times; from there to 10,000 A outperforms B.",
        ),
    ],
)
def test_what_is_said_of_two_curves(ours, theirs, sentence):
    sizes = (100, 1_000, 10_000)
    curves = (dict(zip(sizes, heights, strict=True)) for heights in (ours, theirs))
    assert study.in_words(("A", "B"), *curves) == sentence


def test_conclusions_are_drawn_from_medians():
    runs = [run_of("tfidf", size, 0.7, seed=seed) for size in (100, 1_000) for seed in range(3)]
    heights = {100: (0.6, 0.65, 0.9), 1_000: (0.7, 0.75, 0.76)}
    runs += [
        run_of("lstm", size, height, seed=seed)
        for size, found in heights.items()
        for seed, height in enumerate(found)
    ]
    title = study.CONTENDERS["lstm"].title
    assert study.conclusions(runs) == [f"{title} passes TF-IDF + LR at about 320 labels."]


def test_a_model_is_likened_to_another_with_more_labels():
    curve, other = {100: 50.0, 1_000: 70.0}, {100: 40.0, 1_000: 65.0, 100_000: 75.0}
    assert study.worth(("A", "B"), curve, other, 1_000) == (
        "With 1,000 labels A is as accurate (70.0%) as B with about 10,000."
    )
    assert study.worth(("A", "B"), {1_000: 76.0}, other, 1_000) is None
    assert study.worth(("A", "B"), {100: 50.0}, other, 1_000) is None


# ------------------------------------------------------------------------------------------
# What is run


def test_a_language_model_that_is_not_there_is_left_out(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(unlabelled, "LANGUAGE_MODEL", tmp_path / "model.pkl")
    monkeypatch.setattr(sklstm, "__all__", [n for n in sklstm.__all__ if n != "LSTMLanguageModel"])
    args = study.STUDY.parse(["--data", "imdb", "--labels", "100", "--seeds", "1"])
    assert len(study.tasks(args)) == 5
    assert "is left out: sklstm has no LSTMLanguageModel yet." in capsys.readouterr().out
    monkeypatch.setattr(sklstm, "__all__", [*sklstm.__all__, "LSTMLanguageModel"])
    monkeypatch.setattr(sklstm.LSTMClassifier, "get_params", lambda self: {"encoder": None})
    assert f"{tmp_path / 'model.pkl'} does not exist" in study.missing("language-model", "imdb")
    stored = {"n_epochs": 2, "perplexity": {1: 90.0}}
    joblib.dump(stored, tmp_path / "model.pkl")
    assert "is not trained to its end" in study.missing("language-model", "imdb")
    stored["perplexity"][2] = 80.0
    joblib.dump(stored, tmp_path / "model.pkl")
    assert study.missing("language-model", "imdb") is None
    assert "no texts without labels" in study.missing("language-model", "trec")


def test_many_labels_are_drawn_once_and_contenders_alternate(monkeypatch):
    titles = [task.title for task in study.tasks(study.STUDY.parse(["--data", "trec"]))]
    assert len(titles) == 4 * (3 * 5 + 1)
    assert [title.split(", ", 3)[3].split(",")[0] for title in titles[:4]] == [
        "TF-IDF + LR", "NB-SVM", "Doc2Vec + LR", "LSTMClassifier",
    ]  # fmt: skip
    assert sum("5,452 labels" in title for title in titles) == 4


def test_a_language_model_becomes_the_encoder(monkeypatch):
    given = {}
    monkeypatch.setattr(sklstm, "LSTMClassifier", lambda **params: given.update(params))
    tokenizer, model = sklstm.SequenceTokenizer().fit(X), sklstm.LSTMRegressor()
    steps = study.build("language-model", "imdb", 3, {"tokenizer": tokenizer, "model": model})
    assert steps[0].estimator is tokenizer
    assert (given["encoder"].estimator, given["random_state"]) == (model, 3)


def test_a_study_resumes_and_shows_what_there_is(monkeypatch, tmp_path, measured, runs_in, rows_of):
    monkeypatch.setattr(study, "parts", lambda spec: PARTS)
    answers = iter(np.linspace(0.5, 0.9, 40))
    left_out = {"contender", "data", "seed", "params", "commit", "date", "load"}

    def answer(job):
        run = run_of("", 0, float(next(answers)))
        return {name: value for name, value in run.items() if name not in left_out}

    jobs = measured(answer)
    options = ["--data", "trec", "--only", "tfidf", "lstm", "--output", str(tmp_path)]
    assert study.STUDY.main([*options, "--labels", "100", "250", "--seeds", "2"]) == 0
    assert [(job["contender"], job["labels"], job["seed"]) for job in jobs] == [
        (name, size, seed) for seed in (0, 1) for size in (100, 250) for name in ("tfidf", "lstm")
    ]
    assert study.STUDY.main([*options, "--labels", "100", "250"]) == 0
    assert len(jobs) == 12
    assert len(runs_in(tmp_path / "learning_curves.json")) == 12
    page = (tmp_path / "learning_curves.md").read_text()
    assert [row[0] for row in rows_of(page)][:4] == ["labels", "------", "100", "250"]
    assert "labels." in next(line for line in page.splitlines() if line.startswith("- "))
    assert (tmp_path / "learning_curves.png").stat().st_size > 10_000


def test_a_process_fits_the_drawn_labels(tmp_path):
    path = harness.stage(tmp_path / "data.npz", lambda: PARTS)
    job = {"contender": "tfidf", "name": "trec", "labels": 20, "seed": 1, "data": path}
    found = study.measure(job)
    rows = data.draw(Y, 20, 1)
    model = study.CONTENDERS["tfidf"].build(1).fit(data.take(X, rows), Y[rows])
    assert found["accuracy"] == model.score(X[:8], Y[:8])
    assert found["n_train"] == 20
    assert "seconds_learned" not in found


def test_vectors_of_texts_take_the_place_of_texts(tmp_path):
    path = harness.stage(tmp_path / "data.npz", lambda: PARTS)
    vectors = np.random.default_rng(0).normal(size=(60, 4))
    vectors[:, 0] = np.where(Y == "good", 3.0, -3.0)
    learned = {"X_train": vectors, "X_test": vectors[:8]}
    joblib.dump((learned, 7.5), tmp_path / "vectors.pkl")
    job = {
        "contender": "doc2vec", "name": "imdb", "labels": 20, "seed": 0, "data": path,
        "learned": str(tmp_path / "vectors.pkl"),
    }  # fmt: skip
    found = study.measure(job)
    assert (found["accuracy"], found["seconds_learned"]) == (1.0, 7.5)


def test_word_vectors_become_embeddings(tmp_path, monkeypatch):
    monkeypatch.setattr(unlabelled, "texts", lambda data: X * 2)
    path = unlabelled.word_vectors(tmp_path, {"vector_size": 6})
    vectors, seconds = joblib.load(path)
    assert seconds > 0
    model = study.build("vectors", "imdb", 0, vectors)
    assert model[-1].embeddings is vectors
    assert model[-1].freeze_embeddings is True


# ------------------------------------------------------------------------------------------
# What is shared


def test_what_was_made_with_the_same_settings_is_kept(tmp_path):
    made = []

    def make():
        made.append(len(made))
        return made[-1]

    for settings in ({"size": 1}, {"size": 1}, {"size": 2}):
        path = unlabelled.keep(tmp_path / "new", "thing", settings, make)
    assert made == [0, 1]
    assert joblib.load(path) == 1
    assert len(list((tmp_path / "new").iterdir())) == 2


def test_vectors_of_texts_are_those_of_the_vectorizer(tmp_path, monkeypatch):
    monkeypatch.setattr(unlabelled, "texts", lambda data: X)
    monkeypatch.setattr(unlabelled, "load", lambda data: (X, Y, X[:8], Y[:8]))
    settings = {"vector_size": 5, "epochs": 2}
    vectors, seconds = joblib.load(unlabelled.text_vectors(tmp_path, settings))
    fitted = sklstm.Doc2VecVectorizer(**settings, random_state=0, n_jobs=1).fit(X)
    np.testing.assert_array_equal(vectors["X_test"], fitted.transform(X[:8]))
    assert vectors["X_train"].shape == (60, 5)
    assert seconds > 0


def test_no_run_is_begun_after_the_minutes(tmp_path, monkeypatch, capsys):
    clock = iter([0.0, 10.0, 61.0, 0.0])
    monkeypatch.setattr(harness.time, "monotonic", lambda: next(clock))
    tasks = [
        harness.Task(name, harness.identify(name, {}, 0, {}), lambda folder: {"score": 1.0})
        for name in ("first", "second", "third")
    ]
    results = harness.Results(tmp_path / "results.json")
    assert not harness.run_all(tasks, results, minutes=1)
    assert [run["contender"] for run in results.runs] == ["first"]
    assert "second: not begun after 1 minutes" in capsys.readouterr().out
    assert harness.run_all(tasks, results)
    assert len(results.runs) == 3
