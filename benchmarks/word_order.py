"""Probe what models learn from the order of words, which counts of words cannot see.

::

    OMP_NUM_THREADS=1 python benchmarks/word_order.py

First film reviews, 2,500 to train on, with their words shuffled: in the test reviews, or in the
training reviews as well. Then made-up texts in which every text of one class has a twin of the
other class with the same words, so that counts of words say nothing: which of two words comes
first, what "not" stands before, and whether brackets are nested. A run that was stopped resumes
where it was.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

if not __package__:  # started as a file: find the package `benchmarks` all the same
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import harness, report
from benchmarks.contenders import TUNED, defaults, tfidf
from benchmarks.data import DataSpec, Parts, draw, load, take
from benchmarks.harness import Contender, Run, Study, Task

N_SEEDS = 3
N_REVIEWS = 2_500
SIZES = (200, 1_000, 5_000)  # of made-up texts
N_TEST = 2_000

FILLERS = np.array("the of and a to in is it that with for as on by at one two all".split())
ADVERBS = np.array("very really so quite rather".split())
BRACKETS = {"(": ")", "[": "]"}

Twins = tuple[str, str]  # a text of class 1, and one of class 0 with the same words


# ------------------------------------------------------------------------------------------
# Texts


def words(text: str) -> list[str]:
    """Return words and signs, which all models split alike after they are joined by spaces."""
    return re.findall(r"\w+|[^\w\s]+", text.lower())


def shuffled(texts: list[str], seed: int) -> list[str]:
    """Return the texts with the words of each in a random order."""
    rng = np.random.default_rng(seed)
    mixed = [" ".join(rng.permutation(text.split()).tolist()) for text in texts]
    assert all(same_words(text, other) for text, other in zip(texts, mixed, strict=True))
    return mixed


def same_words(text: str, other: str) -> bool:
    """Return True if both texts have the same words equally often."""
    return Counter(text.split()) == Counter(other.split())


def filler(rng: np.random.Generator, low: int, high: int) -> list[str]:
    """Return some words that say nothing."""
    return rng.choice(FILLERS, size=rng.integers(low, high + 1)).tolist()


def before(rng: np.random.Generator) -> Twins:
    """Return texts of 10 to 20 words in which "alpha" is before "beta", or after it."""
    from sklstm.datasets import make_word_order

    (text,), (is_before,) = make_word_order(1, (10, 20), random_state=int(rng.integers(2**31)))
    other = {"alpha": "beta", "beta": "alpha"}
    twin = " ".join(other.get(word, word) for word in text.split())
    return (text, twin) if is_before else (twin, text)


def negation(rng: np.random.Generator, most: int) -> Twins:
    """Return texts in which "not" stands before "bad", or before "good".

    Up to `most` adverbs are between "not" and its word, and as many before the other word.
    """
    clauses = {
        word: [*rng.choice(ADVERBS, size=rng.integers(0, most + 1)).tolist(), word]
        for word in ("good", "bad")
    }
    order = rng.permutation(["good", "bad"]).tolist()
    around = [filler(rng, 2, 6) for _ in range(3)]

    def text(negated: str) -> str:
        parts = [[*(["not"] if word == negated else []), *clauses[word]] for word in order]
        return " ".join([*around[0], *parts[0], *around[1], *parts[1], *around[2]])

    return text("bad"), text("good")


def nesting(rng: np.random.Generator) -> Twins:
    """Return texts with two pairs of brackets, one pair inside the other, or crossing it."""
    opening = rng.permutation(list(BRACKETS)).tolist()
    closing = [BRACKETS[sign] for sign in reversed(opening)]
    around = [filler(rng, 1, 4) for _ in range(5)]

    def text(signs: list[str]) -> str:
        parts = [[*part, sign] for part, sign in zip(around, [*opening, *signs], strict=False)]
        return " ".join(word for part in [*parts, around[-1]] for word in part)

    return text(closing), text(closing[::-1])


TASKS: dict[str, Callable[[np.random.Generator], Twins]] = {
    "before": before,
    "negation": partial(negation, most=0),
    "negation-far": partial(negation, most=3),
    "nesting": nesting,
}
TITLES = {
    "before": "Which comes first, alpha or beta",
    "negation": '"not good ... bad" or "good ... not bad"',
    "negation-far": 'The same, up to 3 adverbs after "not"',
    "nesting": "Brackets nested or crossing",
}


def make(name: str, size: int, seed: int) -> tuple[list[str], np.ndarray]:
    """Return texts in pairs of twins, in a random order, and their classes.

    Raises
    ------
    AssertionError
        If counts of words could tell the classes apart.
    """
    rng = np.random.default_rng(seed)
    pairs = [TASKS[name](rng) for _ in range(size // 2)]
    assert all(same_words(*pair) for pair in pairs)
    texts, y = [text for pair in pairs for text in pair], np.tile([1, 0], len(pairs))
    order = rng.permutation(len(texts))
    return take(texts, order), y[order]


# ------------------------------------------------------------------------------------------
# What is run


def counts(n: int) -> Callable[[int], Any]:
    """Return a builder of TF-IDF of up to `n` words in a row, and logistic regression.

    Brackets count as words.
    """
    return tfidf(**{**TUNED, "ngram_range": (1, n), "token_pattern": r"\S+"})


CONTENDERS = {
    "tfidf-1": Contender("TF-IDF + LR, words", counts(1)),
    "tfidf-2": Contender("TF-IDF + LR, up to 2 words in a row", counts(2)),
    "tfidf-3": Contender("TF-IDF + LR, up to 3 words in a row", counts(3)),
    "lstm": Contender("LSTMClassifier, defaults", defaults()),
    "lstm-alone": Contender("LSTMClassifier, linear_path=False", defaults(linear_path=False)),
}
OF_REVIEWS = ("tfidf-1", "tfidf-2", "lstm", "lstm-alone")
OF_MADE = ("tfidf-1", "tfidf-2", "tfidf-3", "lstm")
READ = ("in order", "shuffled")  # how the texts are that a model is trained on


def tasks(args: argparse.Namespace) -> list[Task]:
    """Return the made-up tasks, then the reviews, one seed after the other."""
    harness.limit_threads(1)
    chosen = harness.chosen(args, CONTENDERS)
    found = []
    for seed in range(args.seeds or N_SEEDS):
        specs = [{"name": name, "labels": size} for name in TASKS for size in SIZES]
        found += [task(name, s, seed) for s in specs for name in OF_MADE if name in chosen]
        specs = [{"name": "imdb", "labels": N_REVIEWS, "trained on": read} for read in READ]
        found += [task(name, s, seed) for s in specs for name in OF_REVIEWS if name in chosen]
    return found


def task(name: str, spec: Run, seed: int) -> Task:
    """Return one contender on one kind of texts."""
    contender = CONTENDERS[name]
    identity = harness.identify(name, spec, seed, harness.parameters(contender.build(seed)))
    of = ", ".join(f"{value:,}" if isinstance(value, int) else value for value in spec.values())
    job = {"contender": name, **spec, "seed": seed}

    def run(folder: Path) -> Run:
        files = {}
        if spec["name"] == "imdb":
            path = folder / f"reviews-{seed}.npz"
            files["data"] = harness.stage(path, lambda: reviews(seed))
        return harness.apart(measure, job | files)

    return Task(f"{of}, seed {seed}, {contender.title}", identity, run)


def reviews(seed: int) -> dict[str, Any]:
    """Return reviews of a draw to train on and the test reviews, each in order and shuffled."""
    X, y, X_test, y_test = load(DataSpec("imdb"))
    rows = draw(y, N_REVIEWS, seed)
    found = {"y_train": y[rows], "y_test": y_test}
    for part, texts in (("train", take(X, rows)), ("test", X_test)):
        in_order = [" ".join(words(text)) for text in texts]
        found[f"X_{part} in order"] = in_order
        found[f"X_{part} shuffled"] = shuffled(in_order, seed)
    return found


def measure(job: Run) -> Run:
    """Fit and score a contender in this process, of a job as `task` makes it."""
    model = CONTENDERS[job["contender"]].build(job["seed"])
    if job["name"] != "imdb":
        # Other seeds than those of any training texts.
        X_test, y_test = make(job["name"], N_TEST, 1_000 + job["seed"])
        return fitted(model, (*make(job["name"], job["labels"], job["seed"]), X_test, y_test))
    staged, read = harness.staged(job["data"]), job["trained on"]
    y_test = staged["y_test"]
    measured = fitted(
        model, (staged[f"X_train {read}"], staged["y_train"], staged[f"X_test {read}"], y_test)
    )
    if read == "in order":
        right = model.predict(staged["X_test shuffled"]) == y_test
        measured["accuracy of shuffled"] = float(right.mean())
    return measured


def fitted(model: Any, data: Parts) -> Run:
    harness.forget_peak_memory()
    return harness.measure(
        model,
        data,
        harness.probability_scores,
        respond="predict_proba",
        clock=time.process_time,
    )


# ------------------------------------------------------------------------------------------
# What is shown


def of_reviews(runs: list[Run]) -> str:
    """Return a row for each model: accuracy in order and shuffled, and what it loses."""
    groups = report.by_contender(runs, CONTENDERS)

    def trained(read: str, column: report.Column) -> report.Column:
        return lambda group: column([run for run in group if run["data"]["trained on"] == read])

    columns = {
        "in order": trained("in order", report.spread("accuracy", 2, 100)),
        "shuffled at test": trained("in order", report.spread("accuracy of shuffled", 2, 100)),
        "shuffled at both": trained("shuffled", report.spread("accuracy", 2, 100)),
        "lost at test": lambda group: loss(group, "in order", "accuracy of shuffled"),
        "lost at both": lambda group: loss(group, "shuffled", "accuracy"),
    }
    return report.table(groups, columns)


def loss(runs: list[Run], read: str, key: str) -> str:
    """Return the median over the seeds of the points lost against the same draw in order."""
    scores = {(run["data"]["trained on"], run["seed"]): run for run in runs}
    lost = [
        100 * (scores["in order", seed]["accuracy"] - run[key])
        for (how, seed), run in scores.items()
        if how == read and ("in order", seed) in scores
    ]
    return f"{median(lost) + 0.0:.2f}" if lost else report.MISSING


def of_made(runs: list[Run]) -> str:
    """Return a row for each task and number of texts, a column for each model."""
    rows = {
        f"{TITLES[name]}, {size:,}": own
        for name, group in report.by_data(runs, TASKS).items()
        for size, own in report.by_labels(group).items()
    }
    columns = {
        CONTENDERS[name].title: lambda group, name=name: report.spread("accuracy", 1, 100)(
            [run for run in group if run["contender"] == name]
        )
        for name in OF_MADE
    }
    return report.table(rows, columns, "task, texts to train on")


def sections(runs: list[Run]) -> str:
    read = [run for run in runs if run["data"]["name"] == "imdb"]
    made = [run for run in runs if run["data"]["name"] != "imdb"]
    texts = []
    if read:
        texts += [
            f"Accuracy in % on {read[0]['n_test']:,} test reviews of IMDB, {N_REVIEWS:,} "
            "to train on: words in order, shuffled within each test review, and shuffled in the "
            "training reviews, too; and the points lost within a draw.",
            of_reviews(read),
        ]
    if made:
        texts += [
            f"Accuracy in % on {N_TEST:,} made-up texts of about 10 to 25 words. Every text has a "
            "twin of the other class with the same words, so that guessing gets 50, and so does "
            "every model of single words.",
            of_made(made),
        ]
    texts.append(
        f"{report.draws(runs)} TF-IDF + LR with `sublinear_tf`, `min_df=2`, `C=10`. By default a "
        "linear model of word counts is beside the LSTM; linear_path=False is without it."
    )
    return "\n\n".join(texts)


def page(runs: list[Run], args: argparse.Namespace) -> str:
    return "\n\n".join([sections(runs), *report.surroundings(runs), report.loads(runs)])


STUDY = Study(
    name="word_order",
    title="Word order",
    about=__doc__,
    contenders=CONTENDERS,
    tasks=tasks,
    page=page,
    guide="docs/benchmarks.md",
    shown=sections,
)

if __name__ == "__main__":
    STUDY.run()
