"""Train a language model of characters on Tiny Shakespeare, as char-rnn and nanoGPT did.

The usual split: the first nine tenths of the text to train on, the last tenth to score on, in nats
per character. The LSTM reads the whole of the last tenth as one text, its state carried through
all of it. Beside it stands the classical model, counts of what follows up to four others::

    OMP_NUM_THREADS=1 python benchmarks/shakespeare.py

``--validate`` trains on the first eight tenths and scores on the ninth: for choosing `NETWORK`.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter, defaultdict
from functools import partial
from math import log
from pathlib import Path
from typing import Any

if not __package__:  # started as a file: find the package `benchmarks` all the same
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import harness, report
from benchmarks.harness import Contender, Laps, Run, Study, Task

NETWORK: dict[str, Any] = {
    "analyzer": "char",
    "hidden_size": 400,
    "num_layers": 2,
    "embedding_dim": 64,
    "tie_weights": False,
    "dropout": 0.3,
    "hidden_dropout": 0.3,
    "input_dropout": 0.0,
    "recurrent_dropout": 0.2,
    "learning_rate": 3e-3,
    "batch_size": 32,
    "bptt_length": 100,
    "max_epochs": 15,
}
ORDER = 4
PROMPT, N_CHARACTERS, TEMPERATURE = "ROMEO:\n", 700, 0.8


class CharacterNGrams:
    """Counts of the characters after up to `order` others, interpolated.

    As I. H. Witten and T. C. Bell, "The Zero-Frequency Problem", IEEE Transactions on Information
    Theory 37(4), 1991, method C: the probability after a long context is mixed with that after a
    shorter one, which counts as many times as different characters have followed.
    """

    def __init__(self, order: int):
        self.order = order

    def get_params(self) -> dict[str, Any]:
        """Return the parameters, by the names that studies give those of pipelines."""
        return {"order": self.order}

    def fit(self, X: list[str]) -> CharacterNGrams:
        """Count."""
        self.counts_: list[dict[str, Counter[str]]] = []
        for length in range(self.order + 1):
            counts: dict[str, Counter[str]] = defaultdict(Counter)
            for text in X:
                for i in range(length, len(text)):
                    counts[text[i - length : i]][text[i]] += 1
            self.counts_.append(dict(counts))
        self.n_characters_ = len(set("".join(X))) + 1
        return self

    def score(self, X: list[str]) -> float:
        """Return the mean log-likelihood of a character."""
        total = sum(log(self._probability(text, i)) for text in X for i in range(len(text)))
        return total / sum(map(len, X))

    def _probability(self, text: str, i: int) -> float:
        probability = 1.0 / self.n_characters_
        for length in range(min(self.order, i) + 1):
            seen = self.counts_[length].get(text[i - length : i])
            if seen is None:
                break
            kinds, n = len(seen), seen.total()
            probability = (seen[text[i]] + kinds * probability) / (n + kinds)
        return probability


def lstm(seed: int) -> Any:
    from sklstm import LSTMLanguageModel

    return LSTMLanguageModel(**NETWORK, random_state=seed)


CONTENDERS = {
    "lstm": Contender("LSTMLanguageModel", lstm),
    "ngrams": Contender(f"{ORDER}-grams", lambda seed: CharacterNGrams(ORDER), n_seeds=0),
}


def load(validate: bool) -> tuple[str, str]:
    from sklstm.datasets import fetch_shakespeare

    plays = fetch_shakespeare()
    if not validate:
        return plays.train, plays.test
    end = len(plays.train) - len(plays.test)
    return plays.train[:end], plays.train[end:]


def measure(name: str, validate: bool, seed: int, folder: Path) -> Run:
    """Train on one text, and score another."""
    train, test = load(validate)
    model = CONTENDERS[name].build(seed)
    harness.forget_peak_memory()
    laps = Laps()
    model.fit([train])
    laps.lap("fit")
    score = float(model.score([test]))
    laps.lap("score")
    measured = {
        "nats": -score,
        "n_train": len(train),
        "n_test": len(test),
        "seconds": laps.seconds,
        "memory_mb": {"peak": harness.peak_memory()},
        "environment": harness.environment(),
    }
    if hasattr(model, "generate"):
        settings = {"temperature": TEMPERATURE, "random_state": seed}
        measured["sample"] = model.generate(PROMPT, N_CHARACTERS, **settings)
        laps.lap("write")
        measured["epochs"] = model.n_iter_
        measured["train_losses"] = model.loss_curve_
    return measured


def tasks(args: argparse.Namespace) -> list[Task]:
    found = []
    for name, contender in harness.chosen(args, CONTENDERS).items():
        for seed in contender.seeds(args.seeds):
            model = contender.build(seed)
            params = {k: v for k, v in model.get_params().items() if k != "random_state"}
            spec = {"name": "shakespeare", "validate": args.validate}
            identity = harness.identify(name, spec, seed, params)
            run = partial(measure, name, args.validate, seed)
            found.append(Task(f"{CONTENDERS[name].title}, seed {seed}", identity, run))
    return found


def text(runs: list[Run]) -> str:
    columns = {
        "nats a character": report.middle("nats", 3),
        "training, s": report.took("seconds.fit"),
        "peak memory, MB": report.middle("memory_mb.peak", 0),
    }
    table = report.table(report.by_contender(runs, CONTENDERS), columns)
    written = [run for run in runs if "sample" in run]
    if not written:
        return table
    lines = "\n".join(f"    {line}".rstrip() for line in written[-1]["sample"].splitlines())
    about = (
        f"Written after `{PROMPT.strip()}`, with a temperature of {TEMPERATURE}, without choosing "
        "among several:"
    )
    return f"{table}\n\n{about}\n\n{lines}"


STUDY = Study(
    name="shakespeare",
    title="Shakespeare, character by character",
    about=__doc__,
    contenders=CONTENDERS,
    tasks=tasks,
    page=lambda runs, args: "\n\n".join([text(runs), *report.surroundings(runs)]),
    guide="docs/language_models.md",
    shown=text,
    options=harness.VALIDATE,
)

if __name__ == "__main__":
    STUDY.run()
