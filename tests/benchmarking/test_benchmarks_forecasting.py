"""The benchmark of forecasts, on series made for its tests."""

import numpy as np
import pytest

from benchmarks import forecasting as study
from benchmarks import forecasting_speed, harness, report, short_series
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
    found = {
        task.identity["contender"]
        for more in ([], ["--validate"])
        for task in study.tasks(study.STUDY.parse(["--peers-python", "python", *more]))
    }
    assert found == set(study.CONTENDERS)


def test_the_surroundings_of_peers_with_torch_are_their_own():
    environment = {"python": "3.11", "neuralforecast": "3", "torch": "2", "cpus": 2}
    run = {"environment": environment | {"torch_threads": 1}, "commit": "abc", "date": "2026-01-01"}
    assert report.surroundings([run]) == [
        "Measured on 2 CPU cores; python 3.11, neuralforecast 3, torch 2; 2026-01-01."
    ]


# One short series


@pytest.fixture
def short(monkeypatch):
    monkeypatch.setattr(short_series, "m4", lambda validate: (TRAIN, TRUTH))
    monkeypatch.setattr(short_series, "ett", lambda: np.arange(20.0 * 720)[:, None] // 24)
    monkeypatch.setattr(short_series, "EVERY", 2)


def test_short_series_end_where_what_follows_begins(short):
    pairs = short_series.problems.__wrapped__("m4-hourly", False)
    assert len(pairs) == 2
    np.testing.assert_array_equal(pairs[1][0], TRAIN[2][-278:])
    np.testing.assert_array_equal(pairs[1][1], TRUTH[2])
    for validate, end in ((False, 600), (True, 360)):  # days of 20 and 12 months
        [(past, future)] = short_series.problems.__wrapped__("etth1-daily", validate)
        np.testing.assert_array_equal(past, np.arange(end - 320, end - 42))
        np.testing.assert_array_equal(future, np.arange(end - 42, end))
    made = [short_series.problems.__wrapped__("made-up", validate) for validate in (False, True)]
    assert all(len(pairs) == 20 for pairs in made)
    assert not np.array_equal(made[0][0][0], made[1][0][0])


def test_short_series_are_scored_beside_the_naive_forecast(short, tmp_path, monkeypatch):
    for name in ("longer", "conformal"):
        monkeypatch.delitem(short_series.CONTENDERS, name)
    monkeypatch.setitem(
        short_series.CONTENDERS,
        "lstm",
        harness.Contender("LSTMForecaster", short_series.lstm, {"hidden_size": 2, "max_epochs": 1}),
    )
    short_series.problems.cache_clear()
    command = ["--output", str(tmp_path), "--data", "m4-hourly", "--seeds", "1"]
    assert short_series.STUDY.main(command) == 0
    short_series.problems.cache_clear()
    runs = {
        r["contender"]: r["scores"] for r in harness.Results(tmp_path / "short_series.json").runs
    }
    assert runs["naive"]["error"] == runs["naive"]["interval score"] == 1
    errors = []
    for past, future in [(TRAIN[0], TRUTH[0]), (TRAIN[2], TRUTH[2])]:
        model = short_series.ridge("m4-hourly", 0).fit([past[-278:]])
        naive = np.tile(past[-24:], 2)
        own = np.abs(model.predict([past[-278:]])[0] - future).mean()
        errors.append(own / np.abs(naive - future).mean())
    assert runs["ridge"]["error"] == pytest.approx(np.sqrt(errors[0] * errors[1]))
    assert runs["ridge"]["wins"] == np.mean(np.array(errors) < 1)
    assert "| LSTMForecaster " in (tmp_path / "short_series.md").read_text()


def test_the_interval_score_is_that_of_gneiting_and_raftery():
    class Bounds:
        def predict_interval(self, X, coverage):
            assert coverage == 0.9
            return np.array([[[0.0, 2.0], [0.0, 2.0], [1.0, 2.0]]])

    found = short_series._score(Bounds(), np.zeros(3), np.array([1.0, 2.5, 0.0]))
    assert found == pytest.approx(np.mean([2.0, 2.0 + 20 * 0.5, 1.0 + 20 * 1.0]))


# Speed


def test_contenders_are_timed_on_the_same_windows(tmp_path, monkeypatch):
    monkeypatch.setattr(forecasting_speed, "m4", lambda validate: (TRAIN, TRUTH))
    for name, value in (("N_WINDOWS", 8), ("N_EPOCHS", 1), ("BATCH_SIZE", 4), ("HIDDEN", 2)):
        monkeypatch.setattr(forecasting_speed, name, value)
    found = forecasting_speed.windows()
    assert found["windows"].shape == (8, 216)
    every = np.concatenate([np.lib.stride_tricks.sliding_window_view(x, 216) for x in TRAIN])
    assert all((window == every).all(axis=1).any() for window in found["windows"])
    forecasts = {}
    for name in ("sklstm", "torch"):
        train, forecast = forecasting_speed.CONTENDERS[name].build(found)
        train()
        forecasts[name] = forecast()
    # Both start from the value of a week before.
    week = found["last"][:, :48]
    np.testing.assert_allclose(forecasts["sklstm"], week, atol=1)
    np.testing.assert_allclose(forecasts["torch"], np.repeat(week[..., None], 7, axis=2), atol=1)
    monkeypatch.setattr(harness, "apart", lambda function, job, python=None: function(job))
    assert forecasting_speed.STUDY.main(["--output", str(tmp_path), "--seeds", "1"]) == 0
    page = (tmp_path / "forecasting_speed.md").read_text()
    assert "| plain torch, the same network |" in page
    assert "neuralforecast" not in page
    runs = harness.Results(tmp_path / "forecasting_speed.json").runs
    assert {run["data"]["name"] for run in runs} == {"m4-hourly"}
