"""The windows benchmark measures two ways to the same windows."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import windows
from sklstm import make_windows


@pytest.mark.parametrize("label", windows.LABELS)
@pytest.mark.parametrize("stride", windows.STRIDES)
def test_the_loop_makes_the_same_windows(stride, label):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(300, 2)), rng.integers(0, windows.N_CLASSES, 300)
    params = {"window": windows.WINDOW, "stride": stride, "label": label}
    made = make_windows(X, y, **params)
    looped = windows.loop(X, y, **params)
    np.testing.assert_array_equal(made.X, looped[0])
    np.testing.assert_allclose(made.y, looped[1])


def test_measurements_and_the_report(tmp_path, measured, monkeypatch, runs_in):
    case = {"n_rows": 500, "n_features": 2, "stride": 50, "label": "mean"}
    jobs = measured(windows.measure)
    monkeypatch.setattr(windows, "SHAPES", ((500, 2),))
    options = ["--rounds", "2", "--output", str(tmp_path)]
    assert windows.STUDY.main(options) == 0
    assert [job["contender"] for job in jobs if {**job, **case} == job] == ["make_windows"] * 2 + [
        "loop"
    ]
    assert "| 500 x 2 | 50 | mean | 10 |" in (tmp_path / "windows.md").read_text()
    assert len(runs_in(tmp_path / "windows.json")) == len(jobs) == 6 * 3
