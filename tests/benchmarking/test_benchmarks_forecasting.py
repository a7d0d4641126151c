"""The benchmark of forecasts, on series made for its tests."""

import numpy as np
import pytest

from benchmarks import forecasting as study
from benchmarks import harness, report
from sklstm.baselines import NaiveForecaster

rng = np.random.default_rng(0)
HOURS = np.arange(400)
SERIES = [
    20 + np.sin(2 * np.pi * HOURS[:n] / 24) + 0.1 * rng.normal(size=n) for n in (380, 400, 395)
]
TRAIN, TRUTH = [x[:-48] for x in SERIES], np.stack([x[-48:] for x in SERIES])


@pytest.fixture(autouse=True)
def made_up(monkeypatch, tmp_path):
    monkeypatch.setattr(study, "m4", lambda validate: (TRAIN, TRUTH))
    monkeypatch.setattr(study, "ett", lambda: rng.normal(size=(1_000, 2)))
    monkeypatch.setattr(study, "ETT_PARTS", (500, 700, 850))
    monkeypatch.setattr(study, "NETWORK", {"max_epochs": 1, "hidden_size": 4, "max_windows": 64})


def test_scores_are_those_of_the_competition():
    forecasts = NaiveForecaster(48, season_length=24).fit(TRAIN).predict(TRAIN)
    found = study.scores_m4(False, forecasts, np.stack([forecasts - 1, forecasts + 1], axis=-1))
    error = np.abs(forecasts - TRUTH)
    scale = [np.abs(x[24:] - x[:-24]).mean() for x in TRAIN]
    assert found["MASE"] == pytest.approx(np.mean(error.mean(axis=1) / scale))
    assert found["sMAPE"] == pytest.approx((200 * error / (forecasts + TRUTH)).mean())
    assert found["coverage"] == pytest.approx((error <= 1).mean())
    width = 2 + 40 * np.maximum(error - 1, 0)
    assert found["MSIS"] == pytest.approx(np.mean(width.mean(axis=1) / scale))


@pytest.mark.parametrize("validate", [False, True])
def test_origins_of_ett_end_with_their_part(validate, monkeypatch):
    values = np.arange(1_000.0)[:, None] + [[0.0, 5_000.0]]
    monkeypatch.setattr(study, "ett", lambda: values)
    begin, end = (500, 700) if validate else (700, 850)
    assert study.origins(validate).tolist() == list(range(begin, end - 95))
    pasts = study.pasts(validate, 10)
    assert [past[-1] for past in pasts[:3]] == [begin - 1, begin + 4_999, begin]
    truth = np.stack([past[-1] + 1 + np.arange(96) for past in pasts])
    assert study.scores_ett(validate, truth) == {"MSE": 0.0, "MAE": 0.0}
    assert study.scores_ett(validate, truth + 2) == {"MSE": 4.0, "MAE": 2.0}


def test_runs_are_kept_averaged_and_shown(tmp_path, capsys):
    command = ["--output", str(tmp_path), "--cache", str(tmp_path), "--threads", "1"]
    assert study.STUDY.main([*command, "--only", "daily", "naive2", "lstm"]) == 0
    assert study.STUDY.main([*command, "--only", "average"]) == 0
    results = harness.Results(tmp_path / "forecasting.json").runs
    assert len(results) == 2 + 3 + 1 + 1 + 3 + 1
    kept = [np.load(study.kept(tmp_path, "etth1", seed, False))["forecasts"] for seed in range(3)]
    assert not np.allclose(kept[0], kept[1])
    page = (tmp_path / "forecasting.md").read_text()
    assert "| LSTMForecaster, mean of three seeds |" in page
    assert page.index("M4 hourly") < page.index("ETTh1")


def test_an_average_needs_its_parts(tmp_path):
    args = study.STUDY.parse(["--cache", str(tmp_path)])
    with pytest.raises(harness.Failed, match=r"m4-hourly-0\.npz"):
        study.average("m4-hourly", args, tmp_path)


def test_peers_run_only_with_their_interpreter(tmp_path):
    own = {task.identity["contender"] for task in study.tasks(study.STUDY.parse([]))}
    assert own == {"daily", "weekly", "naive2", "ridge", "lstm", "average"}
    found = study.tasks(study.STUDY.parse(["--peers-python", "python"]))
    assert {task.identity["contender"] for task in found} == set(study.CONTENDERS)


def test_the_surroundings_of_peers_with_torch_are_their_own():
    environment = {"python": "3.11", "neuralforecast": "3", "torch": "2", "cpus": 2}
    run = {"environment": environment | {"torch_threads": 1}, "commit": "abc", "date": "2026-01-01"}
    assert report.surroundings([run]) == [
        "Measured on 2 CPU cores; python 3.11, neuralforecast 3, torch 2; 2026-01-01."
    ]
