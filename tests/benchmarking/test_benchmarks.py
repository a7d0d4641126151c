"""What all benchmark programs share: what they keep, resume, print and leave alone."""

import argparse
import importlib
import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks import harness, imdb, report, search
from benchmarks.harness import CACHE, RESULTS, Contender, Failed, Laps, Results, Task

RAGGED = [np.arange(6.0).reshape(3, 2), np.array([[9.0, 8.0]]), np.ones((2, 2))]


def study_of(name):
    if name in SEARCHES:
        return search.SEARCHES[name.removeprefix("search_")].study()
    return importlib.import_module(f"benchmarks.{name}").STUDY


def task_of(name, measure=lambda folder: {"scores": {"accuracy": 0.5}}, seed=0, **params):
    return Task(name, harness.identify(name, {"name": "toy"}, seed, params), measure)


# Searches whose results are recorded are made by no program any more.
PAGES = sorted(p.stem for p in RESULTS.glob("*.md") if not p.stem.endswith("search"))
SEARCHES = [f"search_{name}" for name in search.SEARCHES]


@pytest.mark.parametrize("name", PAGES)
def test_pages_come_out_of_the_results(name, tmp_path):
    study = study_of(name)
    file = f"{name}.json"
    recorded = (RESULTS / file).read_text(encoding="utf-8")
    (tmp_path / file).write_text(recorded, encoding="utf-8")
    args = study.parse(["--output", str(tmp_path)])
    shown = study.page(Results(tmp_path / file, study.old).runs, args)
    page = (RESULTS / f"{name}.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("|")]
    assert [line for line in shown.splitlines() if line.startswith("|")] == rows
    assert len(rows) > 3
    assert (tmp_path / file).read_text(encoding="utf-8") == recorded


@pytest.mark.parametrize("name", [*PAGES, *SEARCHES])
def test_every_study_shows_its_options(name, capsys):
    study = study_of(name)
    with pytest.raises(SystemExit) as ended:
        study.parse(["--help"])
    assert ended.value.code == 0
    assert study.about.splitlines()[0][:40] in capsys.readouterr().out


def test_files_of_earlier_layouts_are_resumed(tmp_path):
    path = tmp_path / "toy.json"
    path.write_text(json.dumps({"first": 0.5}))

    def old(content):
        return [{**task_of(name).identity, "accuracy": value} for name, value in content.items()]

    results = Results(path, old)
    assert results.find(task_of("first").identity)["accuracy"] == 0.5
    results.add({**task_of("second").identity, "accuracy": 0.25})
    runs = json.loads(path.read_text())["runs"]
    assert [(run["contender"], run["accuracy"]) for run in runs] == [
        ("first", 0.5),
        ("second", 0.25),
    ]
    assert Results(path, old).runs == runs


def test_processes_add_to_one_file(tmp_path):
    first, second = (Results(tmp_path / "new" / "toy.json") for _ in range(2))
    first.add(task_of("first").identity)
    second.add(task_of("second").identity)
    first.add(task_of("third").identity)
    names = [run["contender"] for run in Results(tmp_path / "new" / "toy.json").runs]
    assert names == ["first", "second", "third"]
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["toy.json"]


def test_a_failure_does_not_end_the_run(tmp_path, capsys):
    def fail(folder):
        raise Failed("it broke")

    results = Results(tmp_path / "toy.json")
    assert not harness.run_all([task_of("first", fail), task_of("second")], results)
    assert [run["contender"] for run in results.runs] == ["second"]
    assert {"commit", "date", "load"} <= set(results.runs[0])
    out = capsys.readouterr().out
    assert "[1/2] first\nfirst: FAILED\nit broke\n[2/2] second\nsecond: accuracy 0.5" in out
    assert harness.run_all([task_of("second", fail)], results)
    assert "[1/1] second: kept, accuracy 0.5" in capsys.readouterr().out
    assert not harness.run_all([task_of("second", fail)], results, fresh=True)


def test_a_run_drops_those_of_other_parameters(tmp_path):
    results = Results(tmp_path / "toy.json")
    harness.run_all([task_of("first", seed=seed, size=1) for seed in (0, 1)], results)
    harness.run_all([task_of("first", size=2)], results)
    assert [(run["seed"], run["params"]) for run in results.runs] == [(0, {"size": 2})]


def test_seeds():
    assert [*Contender("three", n_seeds=3).seeds(None)] == [0, 1, 2]
    assert [*Contender("one").seeds(None)] == [0]
    assert [*Contender("one").seeds(None, 5)] == [0, 1, 2, 3, 4]
    assert [*Contender("one").seeds(2)] == [0, 1]
    assert [*Contender("draws nothing", n_seeds=0).seeds(5)] == [0]


def test_peers_are_left_out_without_their_interpreter():
    contenders = {"ours": Contender("ours"), "theirs": Contender("theirs", peer=True)}
    args = argparse.Namespace(only=None, peers_python=None)
    assert [*harness.chosen(args, contenders)] == ["ours"]
    args.peers_python = "python"
    assert [*harness.chosen(args, contenders)] == ["ours", "theirs"]
    args.only = ["theirs"]
    assert [*harness.chosen(args, contenders)] == ["theirs"]


def test_laps_are_measured_one_after_the_other():
    ticks = iter([1.0, 3.0, 3.0, 3.5, 4.0])
    laps = Laps(lambda: next(ticks))
    laps.lap("fit")
    laps.lap("predict")
    assert laps.seconds == {"fit": 2.0, "predict": 0.5}


@pytest.mark.parametrize(
    "part",
    [RAGGED, ["one", "zwölf", ""], np.arange(12.0).reshape(2, 3, 2), np.array(["a", "bc"])],
    ids=["series", "texts", "array", "labels"],
)
def test_data_survive_the_way_to_another_environment(part, tmp_path):
    path = harness.stage(tmp_path / "data.npz", lambda: {"X": part, "n": np.array(3)})
    data = harness.staged(path)
    assert type(data["X"]) is type(part)
    assert data["n"] == 3
    for before, after in zip(part, data["X"], strict=True):
        np.testing.assert_array_equal(before, after)
    assert harness.stage(tmp_path / "data.npz", lambda: pytest.fail("made again")) == path


@pytest.mark.parametrize("n_lines", [1, 2])
def test_programs_name_the_surroundings(n_lines):
    env = {"python": "3.11.0", "sklstm": "0.1", "torch": "2.13", "scikit-learn": "1.9", "cpus": 2}
    ours = {"environment": {**env, "torch_threads": 2, "OMP_NUM_THREADS": None}, "commit": "abc"}
    peer = {"environment": {"cpus": 1, "OMP_NUM_THREADS": "1", "aeon": "1.6"}, "commit": "abc"}
    runs = [{**run, "date": f"2026-01-0{day}"} for day, run in enumerate([ours, peer][:n_lines], 1)]
    assert (
        report.surroundings([*runs, {**ours, "date": "2026-01-04"}])
        == [
            "Measured on 2 CPU cores, torch threads: 2; Python 3.11.0, scikit-learn 1.9, torch "
            "2.13, sklstm 0.1 (abc); 2026-01-01 to 2026-01-04.",
            "Measured on 1 CPU cores, OMP_NUM_THREADS=1; aeon 1.6; 2026-01-02.",
        ][:n_lines]
    )


@pytest.mark.parametrize(
    ("options", "path"),
    [
        ("", RESULTS),
        ("--validate", CACHE / "validation"),
        ("--output there", Path("there")),
    ],
)
def test_only_whole_runs_write_results(options, path):
    assert harness.folder(imdb.STUDY.parse(options.split())) == path


@pytest.mark.parametrize(
    "program", ["imdb.py", "defaults.py", "clustering.py", "tagging.py", "ucr.py"]
)
def test_programs_start_anywhere(program, started):
    done = started(program)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout == "Nothing has been measured yet.\n"


def test_one_search_is_picked_by_its_name(started):
    done = started("search.py", "clustering")
    assert (done.returncode, done.stderr) == (1, "")


def test_numbers_of_the_command_line_are_positive():
    with pytest.raises(argparse.ArgumentTypeError):
        harness.positive("0")


TEXT = f"# Title\n\n{report.marks('imdb')[0]}\nold\n{report.marks('imdb')[1]}\n\nMore.\n"


def test_filling_changes_only_what_is_between_the_marks(tmp_path):
    path = tmp_path / "README.md"
    path.write_text(TEXT)
    report.fill(path, "| new |\n", "imdb")
    assert path.read_text() == TEXT.replace("old", "| new |")
    before = path.stat().st_mtime_ns
    report.fill(path, "| new |\n", "imdb")
    assert path.stat().st_mtime_ns == before


@pytest.mark.parametrize("text", ["", TEXT + TEXT, "{1} {0}".format(*report.marks("imdb"))])
def test_filling_needs_its_marks(text, tmp_path):
    path = tmp_path / "README.md"
    path.write_text(text)
    with pytest.raises(ValueError, match="expected <!-- imdb-table:start --> once"):
        report.fill(path, "new", "imdb")
