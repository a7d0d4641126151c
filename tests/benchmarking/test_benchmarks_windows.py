"""The windows benchmark measures two ways to the same windows."""

from __future__ import annotations

import json

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


def test_a_measurement_and_the_report(tmp_path):
    job = {"n_rows": 500, "n_features": 2, "stride": 50, "label": "mean"}
    runs = [{**job, "way": way, "load": 0.0, **windows.measure(way, **job)} for way in windows.WAYS]
    assert [one["n_windows"] for one in runs] == [10, 10]
    windows.write(runs, tmp_path, 1)
    assert "| 500 x 2 | 50 | mean | 10 |" in (tmp_path / "windows.md").read_text()
    assert len(json.loads((tmp_path / "windows.json").read_text())["runs"]) == 2
