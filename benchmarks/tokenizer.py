"""Time SequenceTokenizer against CountVectorizer on the 25,000 IMDB training reviews.

Both analyze the same texts with the same defaults, in turns, in one process, so that whatever
else the machine does falls on both. Run from the repository's root::

    python -m benchmarks.tokenizer --repeats 7
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import platform
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy
import sklearn
from sklearn.feature_extraction.text import CountVectorizer

from sklstm.datasets import fetch_imdb
from sklstm.preprocessing import SequenceTokenizer

RESULTS = Path(__file__).parent / "results"

WORK: dict[str, Callable[[list[str]], Any]] = {
    "CountVectorizer().fit_transform": lambda texts: CountVectorizer().fit_transform(texts),
    "SequenceTokenizer().fit_transform": lambda texts: SequenceTokenizer().fit_transform(texts),
    "SequenceTokenizer(max_features=None).fit_transform": (
        lambda texts: SequenceTokenizer(max_features=None).fit_transform(texts)
    ),
}


def seconds(work: Callable[[list[str]], Any], texts: list[str]) -> float:
    gc.collect()
    start = time.perf_counter()
    work(texts)
    return time.perf_counter() - start


def measure(texts: list[str], repeats: int) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {name: [] for name in WORK}
    for _ in range(repeats):
        for name, work in WORK.items():
            times[name].append(seconds(work, texts))
    return times


def table(times: dict[str, list[float]]) -> str:
    base = median(times["CountVectorizer().fit_transform"])
    rows = ["| | median, s | fastest, s | of CountVectorizer's |", "| --- | --- | --- | --- |"]
    for name, runs in times.items():
        rows.append(
            f"| `{name}` | {median(runs):.2f} | {min(runs):.2f} | {median(runs) / base:.0%} |"
        )
    return "\n".join(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=7)
    repeats = parser.parse_args().repeats
    texts = fetch_imdb(subset="train").data
    times = measure(texts, repeats)
    report = {
        "n_texts": len(texts),
        "repeats": repeats,
        "seconds": times,
        "cpus": os.cpu_count(),
        "python": platform.python_version(),
        "numpy": numpy.__version__,
        "scikit-learn": sklearn.__version__,
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "tokenizer.json").write_text(json.dumps(report, indent=1) + "\n")
    text = (
        f"# Tokenizing {len(texts)} film reviews\n\n{table(times)}\n\n"
        f"{repeats} runs each, in turns, on {os.cpu_count()} CPU cores; Python "
        f"{platform.python_version()}, scikit-learn {sklearn.__version__}.\n"
        "Made by `python -m benchmarks.tokenizer`.\n"
    )
    (RESULTS / "tokenizer.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
