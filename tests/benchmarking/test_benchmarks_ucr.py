"""The benchmark on time series: what is run where, kept and printed."""

import sys
from dataclasses import asdict

import numpy as np
import pytest

from benchmarks import harness, ucr
from benchmarks.data import UCR, DataSpec
from benchmarks.harness import Contender, Results

RAGGED = [np.arange(6.0).reshape(3, 2), np.array([[9.0, 8.0]]), np.ones((2, 2))]


def run_of(contender, accuracy, seed=0, data="GunPoint", validate=False, **changes):
    """Return a run as the results file holds it."""
    return {
        "contender": contender, "data": asdict(DataSpec(data, validate=validate)), "seed": seed,
        "params": {}, "accuracy": accuracy, "n_train": 50, "n_test": 150, "window": None,
        "seconds": {"warm_up": 9.0, "fit": 2.0 + seed, "predict": 0.5}, "commit": "abc1234",
        "environment": {"cpus": 2, "OMP_NUM_THREADS": None, "sklstm": "0.1", "torch": "2.13"},
        "date": "2026-01-02",
    } | changes  # fmt: skip


@pytest.fixture
def ran(measured, monkeypatch):
    """Replace measuring by a note of what would be measured."""

    def answer(job):
        if job["contender"] == "multirocket":
            raise harness.Failed("it broke")
        names = ("accuracy", "n_train", "n_test", "window", "seconds", "environment")
        return {name: run_of("", 0.5)[name] for name in names}

    monkeypatch.setattr(ucr, "parts", lambda data, fold: (RAGGED, np.ones(3)) * 2)
    return measured(answer)


def identities(options):
    return [task.identity for task in ucr.tasks(ucr.STUDY.parse(options))]


def planned(options):
    return [(run["contender"], run["data"]["name"], run["seed"]) for run in identities(options)]


def test_what_is_run():
    peers = ["--peers-python", "python"]
    everything = planned(peers)
    # five seeds for what draws numbers, one for either DTW
    assert len(everything) == len(UCR) * (4 * 5 + 2)
    assert {name for name, _, _ in planned([])} == {"defaults", "best"}
    assert planned([*peers, "--only", "dtw", "defaults", "--seeds", "2", "--data", "GunPoint"]) == [
        ("dtw", "GunPoint", 0), ("defaults", "GunPoint", 0), ("defaults", "GunPoint", 1),
    ]  # fmt: skip
    folds = planned([*peers, "--only", "dtw", "--data", "GunPoint", "--validate"])
    assert folds == [("dtw", "GunPoint", fold) for fold in range(5)]


def test_a_stopped_run_resumes_and_a_failure_does_not_end_it(tmp_path, ran, capsys, runs_in):
    options = "--peers-python python --seeds 1 --data GunPoint --only multirocket dtw --output"
    options = [*options.split(), str(tmp_path)]
    assert ucr.STUDY.main(options) == 1
    assert "MultiRocket on GunPoint, seed 0: FAILED\nit broke" in capsys.readouterr().out
    ran.clear()
    ucr.STUDY.main(options)
    assert [(job["contender"], job["seed"]) for job in ran] == [("multirocket", 0)]
    ran.clear()
    ucr.STUDY.main([*options, "--fresh"])
    assert len(ran) == 2
    assert [run["contender"] for run in runs_in(tmp_path / "ucr.json")] == ["dtw"]
    assert "| 1-NN DTW, full window |" in (tmp_path / "ucr.md").read_text()


def test_other_parameters_run_again(tmp_path, ran, monkeypatch):
    options = ["--seeds", "1", "--data", "GunPoint", "--only", "best", "--output", str(tmp_path)]
    ucr.STUDY.main(options)
    changed = Contender("changed", ucr.lstm, {"hidden_size": 3})
    monkeypatch.setitem(ucr.CONTENDERS, "best", changed)
    ucr.STUDY.main(options)
    assert len(ran) == 2
    assert [run["params"] for run in Results(tmp_path / "ucr.json").runs] == [{"hidden_size": 3}]


def test_table_of_made_up_runs(rows_of):
    runs = [
        run_of("dtw-window", 0.7, window=0.03, params={"window": None}),
        *(run_of("defaults", accuracy, seed) for seed, accuracy in enumerate([0.9, 0.8, 0.85])),
        run_of("defaults", 0.65, data="ItalyPowerDemand"),
    ]
    text = ucr.page(runs)
    rows = rows_of(text)
    # only what has run on both sets is in the overview: 85 and 65 make 75, 3 s and 2 s make 2.5
    assert rows[0] == ["model", "GunPoint", "ItalyPowerDemand", "mean", "fit, s"]
    assert rows[2] == ["LSTMClassifier, defaults", "85.00", "65.00", "75.00", "2.5"]
    # medians and the range, in the order of the contenders; the sets in that of `data.TITLES`
    assert rows[5:7] == [
        ["LSTMClassifier, defaults", "85.00 (80.00 to 90.00)", "3.0", "0.50"],
        ["1-NN DTW, learned window", "70.00", "2.0", "0.50"],
    ]
    assert "50 series to train on, 150 test series." in text
    assert "one training series at a time: GunPoint 3%." in text
    assert "Measured on 2 CPU cores; sklstm 0.1, torch 2.13 (abc1234); 2026-01-02." in text


def test_folds_are_averaged():
    folds = [
        run_of("defaults", accuracy, fold, validate=True)
        for fold, accuracy in enumerate([0.5, 0.9, 1.0])
    ]
    text = ucr.page(folds)
    assert "80.00 (50.00 to 100.00)" in text
    assert "150 held-out training series" in text


def test_folds_leave_the_test_data_alone(data_file, monkeypatch):
    monkeypatch.setenv("SKLSTM_DATA", str(data_file("ucr/GunPoint_TRAIN.ts").parents[1]))
    X = ucr.load(DataSpec("GunPoint"))[0]
    spec = DataSpec("GunPoint", validate=True)
    held_out = []
    for fold in range(ucr.N_FOLDS):
        X_train, y_train, X_held_out, y_held_out = ucr.parts(spec, fold)
        assert (len(X_train), len(y_train), len(y_held_out)) == (40, 40, 10)
        held_out.append(X_held_out)
    rows = np.concatenate(held_out)
    assert sorted(map(tuple, rows[:, :, 0])) == sorted(map(tuple, X[:, :, 0]))


def test_a_small_run(data_dir, monkeypatch, tmp_path):
    monkeypatch.setenv("SKLSTM_DATA", str(data_dir))
    trial = Contender("a trial", ucr.lstm, {**ucr.BEST, "max_epochs": 1})
    monkeypatch.setitem(ucr.CONTENDERS, "best", trial)
    task = ucr.task("best", DataSpec("JapaneseVowels", 40, 30), 0)
    run = {**task.identity, **task.measure(tmp_path)}
    assert (run["n_train"], run["n_test"]) == (40, 30)
    assert run["params"]["max_epochs"] == 1
    assert 0 <= run["accuracy"] <= 1
    assert run["seconds"]["fit"] > 0
    assert run["environment"]["sklstm"]


def test_a_failure_says_why(tmp_path, data_dir, monkeypatch):
    monkeypatch.setenv("SKLSTM_DATA", str(data_dir))
    task = ucr.task("dtw", DataSpec("GunPoint", 4, 4), 0, peers_python=sys.executable)
    with pytest.raises(harness.Failed, match="aeon"):
        task.measure(tmp_path)


def test_series_as_aeon_takes_them():
    turned = ucr.channels_first(RAGGED)
    assert isinstance(turned, list)
    np.testing.assert_array_equal(turned[0], [[0, 2, 4], [1, 3, 5]])
    assert ucr.channels_first([RAGGED[2], RAGGED[2]]).shape == (2, 2, 2)
    np.testing.assert_array_equal(ucr.to_length(RAGGED[1], 2), [[9, 8], [0, 0]])
    np.testing.assert_array_equal(ucr.to_length(RAGGED[0], 2), [[0, 1], [2, 3]])


def test_one_length_is_that_of_the_longest_training_series():
    class Seen:
        def fit(self, X, y):
            self.fitted = X.shape

        def predict(self, X):
            return np.zeros(len(X)), X.shape

    model = ucr.OneLength(Seen()).fit(RAGGED, [0, 1, 0])
    assert model.classifier.fitted == (3, 2, 3)
    assert model.predict([np.ones((7, 2))])[1] == (1, 2, 3)


def test_the_smallest_of_the_best_windows_is_taken():
    y = np.array(["a", "a", "b", "b"])
    apart = np.array([[0, 1, 9, 9], [1, 0, 9, 9], [9, 9, 0, 1], [9, 9, 1, 0]], dtype=float)

    def distances(window):
        return apart.copy() if window in (0.05, 0.1) else 10 - apart

    assert ucr.best_window(distances, y) == 0.05


def test_a_few_of_each_class():
    y = np.array(["b", "a", "b", "b", "a", "c"])
    assert ucr.few_of_each(y).tolist() == [1, 4, 0, 2, 5]
