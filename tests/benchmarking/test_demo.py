"""The demo, on small parts of its data."""

import re

import numpy as np
import pytest

from benchmarks import demo
from benchmarks.data import DataSpec, load
from sklstm.datasets import load_polarity


@pytest.fixture
def small(monkeypatch):
    """Have small parts loaded, and note of which data."""
    asked = []

    def part(spec):
        asked.append(spec)
        if spec.name == "imdb":
            raise OSError("not found anywhere.\nAdvice.")
        return load(DataSpec(spec.name, 60, 30))

    monkeypatch.setattr(demo, "load", part)
    return asked


def test_without_imdb_the_demo_takes_what_comes_with_the_dependencies(small, capsys):
    demo.main()
    assert [spec.name for spec in small] == ["imdb", "polarity", "digits"]
    assert small[0] == DataSpec("imdb", 2000, 2000)
    printed = capsys.readouterr()
    assert printed.err == "IMDB cannot be had: not found anywhere.\n"
    assert printed.out.startswith("200 of the Pang-Lee polarity sentences: 60 to train on, 30 to")
    tables = re.split(r"(?m)^(?=model  )", printed.out)[1:]
    assert len(tables) == 2
    for table, baseline in zip(tables, ("TF-IDF + LR (tuned)", "statistics + LR"), strict=True):
        assert baseline in table
        assert "A single split, with 30 test samples, does not allow a test" in table
        assert "left out" not in table


def test_the_split_is_that_of_the_data(monkeypatch, capsys):
    X, y = load_polarity(return_X_y=True)
    parts = X[:120], y[:120], X[120:150], y[120:150]
    monkeypatch.setattr(demo, "load", lambda spec: parts)
    demo.main()
    printed = capsys.readouterr().out
    assert printed.startswith("IMDB film reviews: 120 to train on, 30 to score on.")
    # The baseline without a random draw scores as it does by hand.
    most = np.bincount(parts[1]).argmax()
    assert f"split 1 of 1, most frequent class: {np.mean(parts[3] == most):.4f}" in printed
