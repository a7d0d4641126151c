"""The benchmark of long series measures what it says."""

from __future__ import annotations

import json

import numpy as np

from benchmarks import long_series


def test_measurements_and_the_report(tmp_path, monkeypatch):
    monkeypatch.setattr(long_series, "WARM_UP", 2)
    monkeypatch.setattr(long_series, "TIMED", 20)
    trained = []
    for task in long_series.TASKS:
        for bptt_length in (50, None):
            job = {"task": task, "length": 120, "bptt_length": bptt_length}
            trained.append({**job, "load": 0.0, **long_series.train(**job)})
    monkeypatch.setattr(long_series, "CHUNK", 50)
    job = {"network": "GRU(64)", "n_sequences": 2}
    streamed = [{**job, "load": 0.0, **long_series.stream(**job)}]
    long_series.write(trained, streamed, tmp_path)
    text = (tmp_path / "long_series.md").read_text()
    assert "120 steps, chunks of 50" in text
    assert "120 steps, whole" in text
    report = json.loads((tmp_path / "long_series.json").read_text())
    assert len(report["training"]) == 6
    assert 0 < report["streams"][0]["median_ms"] <= report["streams"][0]["p99_ms"]


def test_every_task_gets_a_target_for_what_it_learns():
    for task, model in long_series.TASKS.items():
        X, y = long_series.made_up(task, 30)
        assert [len(x) for x in X] == [30, 30]
        if getattr(model, "return_sequences", task == "a label for every step"):
            assert [np.shape(part) for part in y] == [(30,), (30,)]
        else:
            assert np.shape(y) == (2,)
