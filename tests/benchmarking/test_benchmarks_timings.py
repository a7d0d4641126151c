"""The benchmarks that time contenders in turns."""

import numpy as np
import pytest
from sklearn.utils import Bunch

from benchmarks import engine, harness, report, shared_tokens, speed, tokenizer

REVIEWS = Bunch(data=["a fine film", "a dull film"] * 6, target=np.tile([1, 0], 6))


@pytest.fixture
def imdb(monkeypatch):
    monkeypatch.setattr("sklstm.datasets.fetch_imdb", lambda **_: REVIEWS)
    monkeypatch.setattr(engine, "fetch_imdb", lambda **_: REVIEWS)
    engine.slice_of_imdb.cache_clear()
    yield
    engine.slice_of_imdb.cache_clear()


def order(runs):
    return [(run["contender"], run["seed"]) for run in runs]


def test_tokenizers_take_turns(imdb, tmp_path, runs_in, rows_of):
    options = ["--rounds", "2", "--output", str(tmp_path)]
    assert tokenizer.STUDY.main(options) == 0
    runs = runs_in(tmp_path / "tokenizer.json")
    assert order(runs) == [(name, turn) for turn in range(2) for name in tokenizer.WORK]
    page = (tmp_path / "tokenizer.md").read_text()
    assert rows_of(page)[2][-1] == "100%"
    assert "12 film reviews, 2 runs each" in page
    assert tokenizer.STUDY.main(options) == 0
    assert runs_in(tmp_path / "tokenizer.json") == runs


def test_choices_in_the_engine_take_turns(imdb, tmp_path, runs_in, rows_of):
    names = [engine.BASE, "batches without buckets", "bidirectional, 64 units, packed", "GRU"]
    options = ["--rounds", "2", "--output", str(tmp_path), "--only", *names]
    assert engine.STUDY.main(options) == 0
    runs = runs_in(tmp_path / "engine.json")
    assert order(runs) == [(name, turn) for turn in range(2) for name in names]
    rows = rows_of((tmp_path / "engine.md").read_text())
    assert [row[0] for row in rows[2:]] == names
    assert rows[2][2] == "1.00"


def test_engines_of_the_tutorials_network_start_from_the_same_weights(imdb, tmp_path, monkeypatch):
    data = harness.stage(tmp_path / "reviews.npz", speed.reviews)
    n_ids = int(harness.staged(data)["n_ids"])
    monkeypatch.setattr(speed, "N_STEPS", 1)
    monkeypatch.setattr(speed, "N_PREDICTED", 12)
    for own in (True, False):
        weights = speed.initial_weights(n_ids, own=own)
        assert {name: array.shape for name, array in weights.items()} == {
            "embedding": (n_ids, 32), "kernel": (400, 32), "recurrent": (400, 100), "bias": (400,),
            "output": (1, 100),
        }  # fmt: skip
        path = harness.stage(tmp_path / f"{own}.npz", lambda weights=weights: weights)
        for name in ("sklstm", "torch", "torch-behind"):
            job = {"contender": name, "data": data, "weights": path}
            run = speed.measure(job)
            assert run["epoch_s"] > 0
            assert run["step_ms"] == pytest.approx(run["epoch_s"] * 1000)  # an epoch is a step
            assert not run["extrapolated"]


def test_engines_take_turns(measured, tmp_path, runs_in, rows_of, monkeypatch):
    spent = {"sklstm": 2.0, "torch": 8.0, "sklstm-torch-init": 4.0, "torch-torch-init": 40.0}

    def answer(job):
        seconds = spent.get(job["contender"], 1.0)
        slow = job["contender"] == "torch-torch-init"
        times = {"epoch_s": seconds, "step_ms": 1000 * seconds, "predict_s": 0.5}
        return {**times, "extrapolated": slow, "version": "torch 2.13.0"}

    jobs = measured(answer)
    monkeypatch.setattr(speed, "reviews", lambda: {"n_ids": np.array(7)})
    options = ["--output", str(tmp_path), "--rounds"]
    assert speed.STUDY.main([*options, "1"]) == 0
    names = [name for name in speed.CONTENDERS if not name.startswith("keras")]
    assert [job["contender"] for job in jobs] == names
    assert speed.STUDY.main([*options, "2", "--keras-python", "python"]) == 0
    runs = runs_in(tmp_path / "speed.json")
    assert len(runs) == len(jobs) == 7 * 2 + 1  # the whole epoch once
    rows = {row[0]: row[1:] for row in rows_of((tmp_path / "speed.md").read_text())}
    titles = {name: contender.title for name, contender in speed.CONTENDERS.items()}
    assert rows[titles["torch"]] == ["8.0", "8000", "4.0", "0.50"]
    assert rows[titles["torch-torch-init"]][:3:2] == ["40.0 (from 20 steps)", "10.0"]


def test_times_without_sklstm_have_no_base():
    run = {"contender": "torch", "epoch_s": 1.0, "step_ms": 1.0, "predict_s": 1.0, "version": "x"}
    assert "| nan |" in speed.page([{**run, "extrapolated": False}])
    assert report.took("seconds.fit")([run]) == "-"


def test_candidates_share_one_tokenised_copy(tmp_path):
    data = harness.stage(tmp_path / "reviews.npz", lambda: {"X": REVIEWS.data, "y": REVIEWS.target})
    job = {"data": data, "n_candidates": 3, "n_scored": 4}
    shared, alone = (
        shared_tokens.measure(job | {"contender": name}) for name in shared_tokens.PARAMS
    )
    assert (shared["n_fits"], alone["n_fits"]) == (1, 3)
    assert shared["cache_mb"] > alone["cache_mb"] == 0
    assert shared["scores"] == alone["scores"]


def test_searches_take_turns(measured, tmp_path, runs_in, rows_of, monkeypatch):
    spent = {shared_tokens.SHARED: 3.0, shared_tokens.APART: 4.0}

    def answer(job):
        shared = job["contender"] == shared_tokens.SHARED
        return {
            "seconds": {"search": spent[job["contender"]]}, "n_fits": 1 if shared else 20,
            "cache_mb": 9.0 * shared, "scores": {"accuracy": 0.5},
            "environment": harness.environment(),
        }  # fmt: skip

    jobs = measured(answer)
    monkeypatch.setattr(shared_tokens, "reviews", lambda: {"X": REVIEWS.data, "y": REVIEWS.target})
    options = ["--output", str(tmp_path), "--rounds", "2"]
    assert shared_tokens.STUDY.main(options) == 0
    runs = runs_in(tmp_path / "shared_tokens.json")
    assert order(runs) == [(name, turn) for turn in range(2) for name in spent]
    page = (tmp_path / "shared_tokens.md").read_text()
    assert [row[:4] for row in rows_of(page)[2:]] == [
        ["`memory=`", "3.0", "3.0", "1"],
        ["without memory", "4.0", "4.0", "20"],
    ]
    assert "takes 75% of the time" in page
    assert shared_tokens.STUDY.main(options) == 0  # resumes, with nothing left to do
    assert len(jobs) == 4
