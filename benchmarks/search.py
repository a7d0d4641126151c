"""Choose an LSTM for IMDB on a validation split of its training reviews.

20,000 reviews to train on and 5,000 to score on, stratified; the test reviews are not touched. One
configuration after the other, what was finished is kept in ``results/search.json``::

    python benchmarks/search.py

`benchmarks/_contenders.py` takes the winner to the test set.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

if not __package__:  # started as a file: find the package `benchmarks` all the same
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks._data import look_beside_the_repository

RESULTS = Path(__file__).resolve().parent / "results"
DEFAULT_WORDS: dict[str, Any] = {}
ALL_WORDS = {"max_features": 30_000, "max_length": 400, "token_pattern": r"(?u)\b\w+\b"}
CONVOLUTION = {"conv_filters": 128, "conv_kernel_size": 3, "conv_pool_size": 3}

# How the tokenizer and the classifier differ from their defaults.
CONFIGURATIONS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "no dropout, constant rate": (
        DEFAULT_WORDS,
        {
            "dropout": 0.0,
            "embedding_dropout": 0.0,
            "lr_schedule": "constant",
            "learning_rate": 1e-3,
            "batch_size": 64,
            "max_epochs": 4,
        },
    ),
    "defaults": (DEFAULT_WORDS, {}),
    "convolution, 2 epochs, words dropped 0.4": (
        {**ALL_WORDS, "max_features": 20_000},
        {**CONVOLUTION, "embedding_dropout": 0.4, "learning_rate": 1e-3, "max_epochs": 2},
    ),
    "convolution, 4 epochs, words dropped 0.5": (
        ALL_WORDS,
        {**CONVOLUTION, "embedding_dropout": 0.5, "learning_rate": 1.5e-3, "max_epochs": 4},
    ),
    "convolution, 6 epochs, words dropped 0.6": (
        ALL_WORDS,
        {**CONVOLUTION, "embedding_dropout": 0.6, "learning_rate": 1.5e-3, "max_epochs": 6},
    ),
}


def validation_curve(words: dict[str, Any], params: dict[str, Any]) -> dict[str, Any]:
    """Train one configuration and return its accuracy and loss on the 5,000, epoch by epoch."""
    from sklearn.model_selection import train_test_split

    from sklstm import LSTMClassifier, SequenceTokenizer
    from sklstm.datasets import fetch_imdb

    texts, y = fetch_imdb(subset="train", return_X_y=True)
    split = train_test_split(texts, y, test_size=5_000, stratify=y, random_state=0)
    train, held_out, y_train, y_held_out = split
    tokenizer = SequenceTokenizer(**words)
    X = tokenizer.fit_transform(train)
    model = LSTMClassifier(**params, random_state=0, verbose=1)
    model.fit(X, y_train, validation_data=(tokenizer.transform(held_out), y_held_out))
    return {
        "accuracy": [round(row["valid_score"], 4) for row in model.history_],
        "log_loss": [round(row["valid_loss"], 4) for row in model.history_],
    }


def table(results: dict[str, dict[str, Any]]) -> str:
    """Return the last epoch of every configuration as a Markdown table."""
    lines = ["| configuration | accuracy, % | log loss | epochs |", "| --- | ---: | ---: | ---: |"]
    for name, curve in results.items():
        accuracy, loss = curve["accuracy"], curve["log_loss"]
        lines.append(f"| {name} | {100 * accuracy[-1]:.2f} | {loss[-1]:.3f} | {len(accuracy)} |")
    return "\n".join(lines)


def main() -> None:
    """Run what is missing, and write ``results/search.json`` and ``results/search.md``."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fresh", action="store_true", help="forget what was finished")
    look_beside_the_repository()
    path = RESULTS / "search.json"
    fresh = parser.parse_args().fresh
    results = json.loads(path.read_text()) if path.exists() and not fresh else {}
    for name, (words, params) in CONFIGURATIONS.items():
        if name not in results:
            print(name, flush=True)
            results[name] = validation_curve(words, params)
            path.write_text(json.dumps(results, indent=1) + "\n")
    note = "5,000 training reviews held out, seed 0. Command: `python benchmarks/search.py`."
    (RESULTS / "search.md").write_text(f"{table(results)}\n\n{note}\n")
    print(table(results))


if __name__ == "__main__":
    main()
