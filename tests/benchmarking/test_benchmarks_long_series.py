"""The benchmark of long series measures what it says."""

from __future__ import annotations

import numpy as np

from benchmarks import harness, long_series

ABOUT = {"load": 0.0, "commit": "abc1234"}


def test_measurements_and_the_report(monkeypatch):
    monkeypatch.setattr(long_series, "WARM_UP", 2)
    monkeypatch.setattr(long_series, "TIMED", 20)
    trained = []
    for task in long_series.TASKS:
        for bptt_length in (50, None):
            data = {"length": 120, "bptt_length": bptt_length}
            measured = long_series.train({"contender": task, **data})
            trained.append({"contender": task, "data": data, **ABOUT, **measured})
    measured = long_series.stream({"contender": "GRU(64)", "n_sequences": 2})
    streamed = {"contender": "GRU(64)", "data": {"n_sequences": 2}, **ABOUT, **measured}
    text = long_series.page([*trained, streamed])
    assert "120 steps, chunks of 50" in text
    assert "120 steps, whole" in text
    assert text.count(" MB, ") == 6
    assert 0 < streamed["median_ms"] <= streamed["p99_ms"]


def test_what_is_run(measured, tmp_path, runs_in):
    environment = harness.environment()

    def answer(job):
        if job["contender"] in long_series.NETWORKS:
            return {"median_ms": 1.0, "p99_ms": 2.0, "environment": environment}
        memory = {"before": 100.0, "peak": 200.0}
        return {"seconds": {"epoch": 1.0}, "memory_mb": memory, "environment": environment}

    jobs = measured(answer)
    options = ["--rounds", "2", "--output", str(tmp_path)]
    assert long_series.STUDY.main(options) == 0
    assert len(runs_in(tmp_path / "long_series.json")) == len(jobs) == 3 * 2 * 3 + 2 * 3 * 2
    assert "100,000 steps, whole" in (tmp_path / "long_series.md").read_text()


def test_every_task_gets_a_target_for_what_it_learns():
    for task, model in long_series.TASKS.items():
        X, y = long_series.made_up(task, 30)
        assert [len(x) for x in X] == [30, 30]
        if getattr(model, "return_sequences", task == "a label for every step"):
            assert [np.shape(part) for part in y] == [(30,), (30,)]
        else:
            assert np.shape(y) == (2,)
