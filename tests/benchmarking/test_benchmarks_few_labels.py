"""The benchmark of few labels draws alike for every model, and resumes where it was stopped."""

from __future__ import annotations

import json

import numpy as np
import pytest

from benchmarks import few_labels, harness, unlabelled

GOOD = ["a fine film with good acting", "good and fine story", "fine good film of the year"]
BAD = ["a dull film with bad acting", "bad and dull story", "dull bad film of the year"]
X = (GOOD + BAD) * 20
Y = np.tile([1, 1, 1, 0, 0, 0], 20)


def test_every_size_gets_about_as_many_steps():
    for size in few_labels.SIZES:
        n_batches = -(-size // few_labels.NETWORK["batch_size"])
        steps = few_labels.epochs(size, 1_000) * n_batches
        assert steps == pytest.approx(1_000, rel=0.2)


@pytest.fixture
def small(monkeypatch):
    """Run on a few texts, with a small network; return the number of fits so far."""
    fits = []
    measure = harness.measure

    def counted(estimator, parts, *args, **kwargs):
        fits.append(len(parts[1]))
        return measure(estimator, parts, *args, **kwargs)

    monkeypatch.setattr(few_labels, "load", lambda data: (X, Y, X[:12], Y[:12]))
    monkeypatch.setattr(unlabelled, "texts", lambda data: X * 2)
    monkeypatch.setattr(harness, "measure", counted)
    monkeypatch.setattr(few_labels, "SIZES", (20, 60))
    monkeypatch.setattr(few_labels, "STEPS", 3)
    monkeypatch.setattr(few_labels, "VECTORS", {**few_labels.VECTORS, "vector_size": 6})
    network = {"hidden_size": 3, "conv_filters": 4, "batch_size": 32}
    monkeypatch.setattr(few_labels, "NETWORK", {**few_labels.NETWORK, **network})
    return fits


def test_a_stopped_run_resumes(small, tmp_path, capsys):
    options = ["--output", str(tmp_path), "--vectors", str(tmp_path / "v"), "--seeds", "2"]
    assert few_labels.STUDY.main([*options, "--only", "tfidf", "scratch"]) == 0
    assert small == [20, 20, 60, 60] * 2
    assert few_labels.STUDY.main(options) == 0
    assert small[8:] == [20] * 3 + [60] * 3 + [20] * 3 + [60] * 3
    assert capsys.readouterr().out.count("training word vectors") == 1
    runs = json.loads((tmp_path / "few_labels.json").read_text())["runs"]
    assert len(runs) == 20
    first = next(run for run in runs if run["contender"] == "first")
    assert first["params"]["lstmclassifier__freeze_embeddings"] == 2
    assert first["params"]["sequencetokenizer__vocabulary"] == "the vectors' 13 first"
    assert first["params"]["lstmclassifier__embeddings__vector_size"] == 6
    assert first["seconds_vectors"] > 0
    page = (tmp_path / "few_labels.md").read_text()
    assert sum(line.startswith("| ") for line in page.splitlines()) == 7
    assert (tmp_path / "few_labels.png").stat().st_size > 10_000


def test_the_table():
    def run(name, size, accuracy):
        data = {"name": "imdb", "labels": size, "validate": False}
        seconds = {"fit": 2.0, "predict": 1.0}
        return {"contender": name, "data": data, "accuracy": accuracy, "seconds": seconds}

    runs = [run("tfidf", 500, accuracy) for accuracy in (0.5, 0.7, 0.6)]
    lines = few_labels.table([*runs, run("first", 2000, 0.8)]).splitlines()
    assert "60.00 (50.00 to 70.00)" in lines[2]
    assert lines[3].split("|")[2].strip() == "-"
    assert "80.00" in lines[3]


def test_vectors_of_other_settings_are_trained_again(small, tmp_path, monkeypatch, capsys):
    options = ["--output", str(tmp_path), "--vectors", str(tmp_path), "--seeds", "1"]
    trained = []
    for size in (6, 6, 7):
        monkeypatch.setattr(few_labels, "VECTORS", {**few_labels.VECTORS, "vector_size": size})
        few_labels.tasks(few_labels.STUDY.parse(options))
        trained.append("training word vectors" in capsys.readouterr().out)
    assert trained == [True, False, True]


def test_validation_scores_on_few_labels(small, tmp_path, monkeypatch):
    monkeypatch.setattr(few_labels, "VALIDATION_SIZES", (20,))
    options = ["--validate", "--output", str(tmp_path), "--vectors", str(tmp_path)]
    names = ["frozen", "scratch"]
    assert few_labels.STUDY.main([*options, "--only", *names]) == 0
    assert small == [20, 20]
    assert "| LSTM, vectors frozen |" in (tmp_path / "few_labels.md").read_text()
