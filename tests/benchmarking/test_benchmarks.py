"""The benchmark programs: what they keep, resume, print and leave alone."""

import argparse
import json
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks import _cli, _report, _runner, _worker, defaults, imdb
from benchmarks._contenders import CONTENDERS
from benchmarks._data import DataSpec, load
from benchmarks._runner import Results, Task, plan, run_all
from benchmarks._vectors import TrainedWordVectors

ROOT = Path(__file__).parents[2]
POLARITY = DataSpec("polarity", n_train=60, n_test=30)


def measured(**changes):
    """Return what a worker answers, with `changes`."""
    return {
        "accuracy": 0.8, "log_loss": 0.5, "n_train": 60, "n_test": 30,
        "seconds": {"prepare": None, "fit": 12.34, "predict": 0.004},
        "memory_mb": {"before": 150.0, "peak": 1234.5},
        "history": [], "warnings": [],
        "environment": {
            "python": "3.11.0", "sklstm": "0.1", "torch": "2.13.0", "scikit-learn": "1.9.1",
            "cpus": 2, "torch_threads": None,
        },
        "date": "2026-01-02",
    } | changes  # fmt: skip


def run_of(contender, seed=0, data=POLARITY, **changes):
    """Return a run as the results file holds it, without computing its parameters."""
    identity = {"contender": contender, "data": vars(data), "seed": seed, "params": {}}
    return {**identity, "prepare": None, "commit": "abc1234", **measured(**changes)}


@pytest.fixture
def ran(monkeypatch):
    """Replace measuring by a note of what would be measured."""
    names = []

    def run_one(task, folder):
        names.append((task.contender.name, task.seed))
        return measured() if task.contender.name != "best" else None

    monkeypatch.setattr(_runner, "run_one", run_one)
    return names


def test_the_demo_runs_on_what_the_dependencies_bring(tmp_path, capsys):
    options = (
        "--quick --data bundled --n-train 60 --n-test 30 --epochs 2 --only digits-lstm tfidf "
        "--output"
    )
    assert imdb.main([*options.split(), str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("Data: what comes with scikit-learn and gensim: digits")
    assert sum(line.startswith("| TF-IDF + LR, defaults") for line in lines) == 1
    curves = tmp_path / "imdb_learning_curves.png"
    assert f"Written: {curves}" in lines
    assert curves.stat().st_size > 1000
    runs = json.loads((tmp_path / "imdb.json").read_text())["runs"]
    assert [run["contender"] for run in runs] == ["digits-lstm", "tfidf"]
    lstm, tfidf = runs
    assert [epoch["epoch"] for epoch in lstm["history"]] == [1, 2]
    assert lstm["params"]["lstmclassifier__max_epochs"] == 2
    # each in its own process: the one without torch is the smaller
    assert tfidf["environment"]["torch_threads"] is None
    assert tfidf["memory_mb"]["peak"] < lstm["memory_mb"]["before"]


def test_a_worker_measures(tmp_path):
    parts = load(POLARITY)
    assert [len(part) for part in parts] == [60, 60, 30, 30]
    assert np.bincount(parts[1]).tolist() == [30, 30]
    path = tmp_path / "data.pickle"
    path.write_bytes(pickle.dumps(parts))
    result = _worker.measure({"contender": "tfidf", "seed": 0, "data": str(path)})
    model = CONTENDERS["tfidf"].build(0).fit(*parts[:2])
    assert result["accuracy"] == model.score(*parts[2:])
    assert result["seconds"]["fit"] > 0
    assert result["memory_mb"]["peak"] >= result["memory_mb"]["before"] > 10
    assert result["environment"]["scikit-learn"]
    assert set(result) == set(measured())


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


def test_a_stopped_run_goes_on_where_it_was(tmp_path, ran):
    path = tmp_path / "results" / "imdb.json"
    contenders = [CONTENDERS[name] for name in ("cnn-lstm", "tfidf")]
    assert run_all(plan(contenders[:1], POLARITY, None), Results(path))
    assert run_all(plan(contenders, POLARITY, None), Results(path))
    assert ran == [("cnn-lstm", 0), ("tfidf", 0)]
    assert run_all(plan(contenders, POLARITY, None), Results(path), fresh=True)
    assert ran[2:] == [("cnn-lstm", 0), ("tfidf", 0)]


def test_other_parameters_or_data_run_again(tmp_path, ran):
    results = Results(tmp_path / "imdb.json")
    lstm = CONTENDERS["cnn-lstm"]
    run_all(plan([lstm], POLARITY, 2), results)
    run_all(plan([lstm], POLARITY, 1, epochs=7), results)
    assert ran == [("cnn-lstm", 0), ("cnn-lstm", 1), ("cnn-lstm", 0)]
    # the run with seed 1 was of parameters that are no more
    assert [run["params"]["lstmclassifier__max_epochs"] for run in results.runs] == [7]
    run_all(plan([lstm], DataSpec("polarity"), 1, epochs=7), results)
    assert len(results.runs) == 2


def test_a_failure_does_not_end_the_run(tmp_path, ran, capsys):
    results = Results(tmp_path / "imdb.json")
    contenders = [CONTENDERS["best"], CONTENDERS["tfidf"]]
    assert not run_all(plan(contenders, POLARITY, 1), results)
    assert [run["contender"] for run in results.runs] == ["tfidf"]
    assert "FAILED" in capsys.readouterr().out


def test_seeds():
    assert CONTENDERS["best"].seeds(None) == [0, 1, 2]
    assert CONTENDERS["cnn-lstm"].seeds(None) == [0]
    assert CONTENDERS["cnn-lstm"].seeds(2) == [0, 1]
    assert CONTENDERS["tfidf"].seeds(5) == [0]


def test_identities_are_json():
    for contender in CONTENDERS.values():
        identity = Task(contender, POLARITY).identity()
        assert json.loads(json.dumps(identity)) == identity
        assert not any("random_state" in name or "verbose" in name for name in identity["params"])


def test_table():
    runs = [
        run_of("tfidf", accuracy=0.88),
        *(run_of("lstm", seed, accuracy=score) for seed, score in enumerate((0.87, 0.85, 0.86))),
    ]
    assert _report.table(_report.summarize(runs), published=True).splitlines() == [
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
    text = _report.sections(runs)
    assert "TF-IDF + LR, defaults warned: ConvergenceWarning: too few." in text
    assert "150 MB with torch, 150 MB without torch" in text
    assert "prepare, s" in text
    assert text.count("Measured on 2 CPU cores, torch threads: 2;") == 1


@pytest.mark.parametrize("quick", [False, True])
def test_report_renders_from_the_file_alone(tmp_path, ran, quick):
    spec = DataSpec("imdb")
    history = [{"epoch": 1.0, "train_loss": 0.6}, {"epoch": 2.0, "train_loss": 0.4}]
    runs = [run_of("tfidf-5000", data=spec), run_of("lstm", data=spec, history=history)]
    (tmp_path / "imdb.json").write_text(json.dumps({"runs": runs}))
    options = ["--report", "--output", str(tmp_path), *(["--quick"] if quick else [])]
    assert imdb.main(options) == 0
    assert not ran
    page = (tmp_path / "imdb.md").read_text()
    assert "| Tutorial's LSTM " in page
    assert ("published, %" in page) == (not quick)
    assert (tmp_path / "imdb_accuracy_time.png").exists()
    assert (tmp_path / "imdb_learning_curves.png").exists()


def test_report_of_the_defaults(tmp_path):
    runs = [run_of(name, data=DataSpec(data)) for data in defaults.DATA for name in defaults.NAMES]
    (tmp_path / "defaults.json").write_text(json.dumps({"runs": runs}))
    assert defaults.main(["--report", "--output", str(tmp_path)]) == 0
    page = (tmp_path / "defaults.md").read_text()
    assert page.index("## IMDB") < page.index("## TREC") < page.index("## 20 newsgroups")
    assert (tmp_path / "defaults.png").exists()


@pytest.mark.parametrize("program", ["imdb.py", "defaults.py"])
def test_programs_start_anywhere(program, tmp_path):
    command = [sys.executable, ROOT / "benchmarks" / program, "--report", "--output", tmp_path]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (1, "")
    assert result.stdout == "Nothing has been measured yet.\n"


@pytest.mark.parametrize(
    ("options", "name"),
    [("--validate", "validation"), ("--n-train 10", "trial"), ("--epochs 1", "trial")],
)
def test_only_whole_runs_write_results(options, name):
    args = imdb.parse(options.split())
    assert _cli.folder(args) == _cli.CACHE / name
    assert _cli.folder(imdb.parse([])) == _cli.RESULTS
    assert _cli.folder(imdb.parse(["--quick"]), kind="quick") == _cli.CACHE / "quick"
    assert _cli.folder(imdb.parse(["--output", "there"])) == Path("there")


def test_without_imdb_the_demo_takes_what_there_is(monkeypatch, capsys):
    def nowhere(spec):
        raise OSError("not found anywhere.\nAdvice.")

    monkeypatch.setattr(imdb, "load", nowhere)
    tasks = imdb.chosen(imdb.parse(["--quick"]))
    assert {task.data.name for task in tasks} == {"digits", "polarity"}
    output = capsys.readouterr()
    assert output.out.startswith("Data: what comes with scikit-learn and gensim")
    assert output.err == "IMDB cannot be had: not found anywhere.\n"
    tasks = imdb.chosen(imdb.parse(["--quick", "--data", "imdb"]))
    assert {task.data for task in tasks} == {DataSpec("imdb", 2000, 2000)}
    assert capsys.readouterr().out.startswith("Data: IMDB film reviews, a balanced slice of 2,000")


def test_bundled_data_is_for_the_demo():
    with pytest.raises(SystemExit):
        imdb.parse(["--data", "bundled"])
    with pytest.raises(argparse.ArgumentTypeError):
        _cli.positive("0")


TEXT = f"# Title\n\n{_report.marks('imdb')[0]}\nold\n{_report.marks('imdb')[1]}\n\nMore.\n"


def test_filling_changes_only_what_is_between_the_marks(tmp_path):
    path = tmp_path / "README.md"
    path.write_text(TEXT)
    _report.fill_file(path, "| new |\n", "imdb")
    assert path.read_text() == TEXT.replace("old", "| new |")
    before = path.stat().st_mtime_ns
    _report.fill_file(path, "| new |\n", "imdb")
    assert path.stat().st_mtime_ns == before


@pytest.mark.parametrize("text", ["", TEXT + TEXT, "{1} {0}".format(*_report.marks("imdb"))])
def test_filling_needs_its_marks(text):
    with pytest.raises(ValueError, match="expected <!-- imdb-table:start --> once"):
        _report.fill(text, "new", "imdb")
