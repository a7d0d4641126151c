"""The benchmark of devices measures what it says, and resumes."""

from __future__ import annotations

import numpy as np

from benchmarks import gpu


def test_generated_texts_have_the_lengths_of_reviews():
    ids, labels = gpu.data("tutorial", 2000)
    lengths = [len(text) for text in ids]
    assert max(lengths) == 500
    assert 150 < np.median(lengths) < 200  # 174 words in half of IMDB's reviews
    assert min(map(min, ids)) > 3  # ids below are reserved
    assert sorted(set(labels)) == [0, 1]


def test_a_measurement():
    run = gpu.measure({"work": "series", "contender": "cpu", "n_samples": 70})
    assert run["seconds"].keys() == {"fit", "predict"}
    assert all(seconds > 0 for seconds in run["seconds"].values())
