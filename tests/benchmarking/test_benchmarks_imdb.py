"""The benchmarks on texts, each model in a process of its own."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest

from benchmarks import harness, imdb
from benchmarks.contenders import CONTENDERS, TrainedWordVectors, tutorial
from benchmarks.data import DataSpec, load
from benchmarks.harness import Results

POLARITY = DataSpec("polarity", n_train=60, n_test=30)
IDENTITY = {"contender", "data", "seed", "params", "prepare", "commit", "date"}


def run_of(contender, seed=0, data=POLARITY, **changes):
    """Return a run as the results file holds it, without computing its parameters."""
    return {
        "contender": contender, "data": asdict(data), "seed": seed, "params": {}, "prepare": None,
        "commit": "abc1234", "date": "2026-01-02",
        "accuracy": 0.8, "log_loss": 0.5, "n_train": 60, "n_test": 30,
        "seconds": {"prepare": None, "fit": 12.34, "predict": 0.004},
        "memory_mb": {"before": 150.0, "peak": 1234.5},
        "history": [], "warnings": [],
        "environment": {
            "python": "3.11.0", "sklstm": "0.1", "torch": "2.13.0", "scikit-learn": "1.9.1",
            "cpus": 2, "torch_threads": None,
        },
    } | changes  # fmt: skip


@pytest.fixture
def ran(measured):
    """Replace measuring by a note of what would be measured."""

    def answer(job):
        if job["contender"] == "best":
            raise harness.Failed("it broke")
        return {name: value for name, value in run_of("").items() if name not in IDENTITY}

    return measured(answer)


def noted(jobs):
    return [(job["contender"], job["seed"]) for job in jobs]


def run_all(names, results, data=POLARITY, *, fresh=False, seeds=None):
    return harness.run_all(imdb.plan(names, data, seeds), results, fresh=fresh)


def test_a_process_measures(tmp_path):
    parts = load(POLARITY)
    assert [len(part) for part in parts] == [60, 60, 30, 30]
    assert np.bincount(parts[1]).tolist() == [30, 30]
    path = harness.stage(tmp_path / "data.npz", lambda: imdb.parts(POLARITY))
    result = harness.apart(imdb.measure, {"contender": "tfidf", "seed": 0, "data": path})
    model = CONTENDERS["tfidf"].build(0).fit(*parts[:2])
    assert result["accuracy"] == model.score(*parts[2:])
    assert result["seconds"]["fit"] > 0
    assert result["memory_mb"]["peak"] >= result["memory_mb"]["before"] > 10
    # each in its own process, which does not load torch if its model needs none
    assert result["environment"]["torch_threads"] is None
    assert result["environment"]["scikit-learn"]
    assert set(result) == set(run_of("")) - IDENTITY


def test_a_process_that_fails_says_why(tmp_path):
    with pytest.raises(harness.Failed, match="nowhere"):
        harness.apart(imdb.measure, {"contender": "tfidf", "data": str(tmp_path / "nowhere.npz")})


def test_validation_leaves_the_test_data_alone():
    spec = DataSpec("polarity", validate=True)
    X_train, y_train, X_held_out, _ = load(spec)
    all_train, _, X_test, _ = load(DataSpec("polarity"))
    assert (len(X_train), len(X_held_out)) == (120, 30)
    assert sorted([*X_train, *X_held_out]) == sorted(all_train)
    assert not set(X_held_out) & set(X_test)
    assert y_train.mean() == 0.5


def test_word_vectors_become_embeddings():
    texts = load(POLARITY)[0]
    pipeline = CONTENDERS["defaults"].build(0)
    TrainedWordVectors(vector_size=8, min_count=1, epochs=1)(pipeline, texts, ["unseenword"], 0)
    vectors = pipeline[-1].embeddings
    assert vectors["unseenword"].shape == (8,)
    words = pipeline[0].fit(texts).vocabulary_
    assert all(word in vectors for word in words)


def test_a_stopped_run_resumes_where_it_was(tmp_path, ran):
    path, names = tmp_path / "results" / "imdb.json", ["cnn-lstm", "tfidf"]
    assert run_all(names[:1], Results(path))
    assert run_all(names, Results(path))
    assert noted(ran) == [("cnn-lstm", 0), ("tfidf", 0)]
    assert run_all(names, Results(path), fresh=True)
    assert noted(ran)[2:] == [("cnn-lstm", 0), ("tfidf", 0)]


def test_other_parameters_or_data_run_again(tmp_path, ran, monkeypatch):
    results = Results(tmp_path / "imdb.json")
    run_all(["cnn-lstm"], results, seeds=2)
    changed = replace(CONTENDERS["cnn-lstm"], build=tutorial(epochs=7))
    monkeypatch.setitem(CONTENDERS, "cnn-lstm", changed)
    run_all(["cnn-lstm"], results)
    assert noted(ran) == [("cnn-lstm", 0), ("cnn-lstm", 1), ("cnn-lstm", 0)]
    # the run with seed 1 was of parameters that are no more
    assert [run["params"]["lstmclassifier__max_epochs"] for run in results.runs] == [7]
    run_all(["cnn-lstm"], results, DataSpec("polarity"))
    assert len(results.runs) == 2


def test_a_failure_does_not_end_the_run(tmp_path, ran, capsys):
    results = Results(tmp_path / "imdb.json")
    data = DataSpec("imdb", 60, 30)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(imdb, "load", lambda spec: load(POLARITY))
        patch.setattr(imdb, "load_unlabelled", lambda spec: ["a text"])
        assert not run_all(["best", "tfidf"], results, data, seeds=1)
    assert [run["contender"] for run in results.runs] == ["tfidf"]
    assert "FAILED\nit broke" in capsys.readouterr().out


def test_identities_are_json():
    for name in CONTENDERS:
        identity = imdb.task(name, POLARITY, 0).identity
        assert json.loads(json.dumps(identity)) == identity
        assert not any("random_state" in name or "verbose" in name for name in identity["params"])


def test_table():
    runs = [
        run_of("tfidf", accuracy=0.88),
        *(run_of("lstm", seed, accuracy=score) for seed, score in enumerate((0.87, 0.85, 0.86))),
    ]
    assert imdb.table(runs, published=True).splitlines() == [
        "| model                 |            accuracy, % | published, % | log loss | fit, s "
        "| predict, s | peak memory, MB |",
        "| --------------------- | ---------------------: | -----------: | -------: | -----: "
        "| ---------: | --------------: |",
        "| Tutorial's LSTM       | 86.00 (85.00 to 87.00) |        86.79 |    0.500 |   12.3 "
        "|       0.01 |           1,234 |",
        "| TF-IDF + LR, defaults |                  88.00 |            - |    0.500 |   12.3 "
        "|       0.01 |           1,234 |",
    ]


def test_notes_tell_what_differs():
    runs = [
        run_of("tfidf", warnings=["ConvergenceWarning: too few\nmore"]),
        run_of("lstm", seconds={"prepare": 3.0, "fit": 12.0, "predict": 200.4}),
    ]
    runs[1]["environment"] = runs[1]["environment"] | {"torch_threads": 2}
    text = imdb.sections(runs)
    assert "TF-IDF + LR, defaults warned: ConvergenceWarning: too few." in text
    assert "150 MB with torch, 150 MB without torch" in text
    assert "prepare, s" in text
    assert text.count("Measured on 2 CPU cores, torch threads: 2;") == 1


def test_report_renders_from_the_file_alone(tmp_path, ran):
    spec = DataSpec("imdb")
    history = [{"epoch": 1.0, "train_loss": 0.6}, {"epoch": 2.0, "train_loss": 0.4}]
    runs = [run_of("tfidf-5000", data=spec), run_of("lstm", data=spec, history=history)]
    (tmp_path / "imdb.json").write_text(json.dumps({"runs": runs}))
    assert imdb.STUDY.main(["--report", "--output", str(tmp_path)]) == 0
    assert not ran
    page = (tmp_path / "imdb.md").read_text()
    assert "| Tutorial's LSTM " in page
    assert "published, %" in page
    assert (tmp_path / "imdb_accuracy_time.png").exists()
    assert (tmp_path / "imdb_learning_curves.png").exists()
