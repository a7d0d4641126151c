"""Time what each choice in the engine is worth, by leaving it out.

A training step of the tutorial's network (64 reviews of up to 500 words, embedding 32, LSTM of
100) with everything on, and with one thing off at a time; then a bidirectional layer in two ways,
and recurrent dropout in two ways. Denormal numbers are timed from torch's initial weights too: its
forget gates begin half closed, and gradients vanish. The contenders take turns; medians over the
rounds.

    python benchmarks/engine.py
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from functools import cache
from pathlib import Path
from statistics import median
from typing import Any
from unittest import mock

import numpy as np
import torch
from torch import nn

if not __package__:  # started as a file: find the package `benchmarks` all the same
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import harness, report
from benchmarks.harness import Laps, Run, Study, Task
from sklstm import LSTMClassifier, SequenceTokenizer
from sklstm._training import batches as training_data
from sklstm._training import runtime
from sklstm.datasets import fetch_imdb
from sklstm.nn import RecurrentLayer, RecurrentStack

BATCH_SIZE, N_BATCHES = 64, 24
ROUNDS = 3
BASE = "everything on"


@contextmanager
def off(name: str) -> Iterator[None]:
    """Replace a process setting of the engine by nothing."""
    with mock.patch.object(runtime, name, return_value=nullcontext()):
        yield


@contextmanager
def no_buckets() -> Iterator[None]:
    """Draw batch-mates at random; batches are still trimmed to their longest."""

    def at_random(lengths: np.ndarray, size: int, rng: np.random.Generator) -> list[np.ndarray]:
        order = rng.permutation(len(lengths))
        return [order[i : i + size] for i in range(0, len(order), size)]

    with mock.patch.object(training_data, "training_batches", at_random):
        yield


def packed(stack: RecurrentStack, x: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
    """Run a bidirectional stack of one layer on packed sequences, as torch's manual has it."""
    key = "_packed_rnn"
    if key not in vars(stack):
        layer = stack.forward_layers[0].rnn
        rnn = nn.LSTM(layer.input_size, layer.hidden_size, batch_first=True, bidirectional=True)
        vars(stack)[key] = rnn  # not registered: only its time is wanted
    sequence = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    states, _ = vars(stack)[key](sequence)
    return nn.utils.rnn.pad_packed_sequence(states, batch_first=True)[0]


@contextmanager
def packing() -> Iterator[None]:
    """Pack sequences instead of reversing them within their length."""
    with mock.patch.object(RecurrentStack, "forward", packed):
        yield


@contextmanager
def torch_weights(*switched_off: str) -> Iterator[None]:
    """Begin with the weights that `torch.nn.LSTM` draws, and with process settings off."""

    def second_bias_only(layer: RecurrentLayer) -> None:
        nn.init.zeros_(layer.rnn.bias_hh_l0)
        layer.rnn.bias_hh_l0.requires_grad_(False)

    with ExitStack() as stack:
        stack.enter_context(mock.patch.object(RecurrentLayer, "_initialize", second_bias_only))
        for name in switched_off:
            stack.enter_context(off(name))
        yield


BIDIRECTIONAL = {"bidirectional": True, "hidden_size": 64}
CONTENDERS: dict[str, tuple[Callable[[], AbstractContextManager[Any]], dict[str, Any]]] = {
    BASE: (nullcontext, {}),
    "denormals not flushed": (lambda: off("_flushed_denormals"), {}),
    "torch's initial weights": (torch_weights, {}),
    "torch's initial weights, denormals not flushed": (
        lambda: torch_weights("_flushed_denormals"),
        {},
    ),
    "freed memory given back": (lambda: off("_kept_memory"), {}),
    "batches without buckets": (no_buckets, {}),
    "one thread": (nullcontext, {"n_jobs": 1}),
    "recurrent dropout on weights": (nullcontext, {"recurrent_dropout": 0.2}),
    "recurrent dropout on states": (
        nullcontext,
        {"recurrent_dropout": 0.2, "recurrent_dropout_method": "states"},
    ),
    "bidirectional, 64 units, reversed": (nullcontext, BIDIRECTIONAL),
    "bidirectional, 64 units, packed": (packing, BIDIRECTIONAL),
    "GRU": (nullcontext, {"cell": "gru"}),
}
PARAMS = {name: params for name, (_, params) in CONTENDERS.items()}


@cache
def slice_of_imdb() -> tuple[Any, np.ndarray]:
    """Return tokenized reviews drawn at random, and their labels; warm the engine up."""
    train = fetch_imdb(subset="train")
    rows = np.random.default_rng(0).permutation(len(train.data))[: BATCH_SIZE * N_BATCHES]
    tokenizer = SequenceTokenizer(
        max_features=5000, max_length=500, token_pattern=r"(?u)\b\w+\b", truncation="pre"
    )
    X, y = tokenizer.fit_transform([train.data[i] for i in rows]), train.target[rows]
    step_ms({}, X, y)
    return X, y


def step_ms(params: dict[str, Any], X: Any, y: np.ndarray) -> float:
    """Return milliseconds per training step, over one epoch."""
    tutorial = {"hidden_size": 100, "bidirectional": False, "pooling": "last", "dropout": 0.0}
    plain = {"embedding_dim": 32, "embedding_dropout": 0.0, "rare_word_dropout": 0.0}
    plain |= {"gradient_clip": None}
    model = LSTMClassifier(
        **{**tutorial, **plain, **params}, batch_size=BATCH_SIZE, max_epochs=1, random_state=0
    )
    laps = Laps()
    model.fit(X, y)
    laps.lap("fit")
    return laps.seconds["fit"] / N_BATCHES * 1000


def tasks(args: argparse.Namespace) -> list[Task]:
    """Return the contenders in turns."""

    def measure(name: str, folder: Path) -> Run:
        make_context, params = CONTENDERS[name]
        X, y = slice_of_imdb()
        with make_context():
            spent = step_ms(params, X, y)
        return {"step_ms": spent, "environment": harness.environment()}

    return harness.turns(args, ROUNDS, PARAMS, measure)


def page(runs: list[Run], args: argparse.Namespace) -> str:
    base = median(report.values([run for run in runs if run["contender"] == BASE], "step_ms"))
    columns = {
        "ms a step": report.middle("step_ms", 0),
        "times": report.middle("step_ms", 2, 1 / base),
    }
    names = dict.fromkeys(run["contender"] for run in runs)
    rows = report.table(report.by_contender(runs, list(names)), columns, "engine", "lrr")
    rounds = max(run["seed"] for run in runs) + 1
    notes = f"Medians of {rounds} rounds of {N_BATCHES} steps."
    known = [run for run in runs if "environment" in run]
    return "\n\n".join([rows, notes, *report.surroundings(known)])


def old(content: dict[str, list[float]]) -> list[Run]:
    """Return the runs of a file that holds the times of each contender."""
    found = {name: [{"step_ms": spent} for spent in times] for name, times in content.items()}
    return harness.old_turns(found, PARAMS)


STUDY = Study(
    "engine", "What each choice in the engine is worth", __doc__, CONTENDERS, tasks, page, old=old
)

if __name__ == "__main__":
    STUDY.run()
