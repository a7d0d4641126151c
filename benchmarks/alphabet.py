"""Learn which letter follows which, with and without a state that is kept between batches.

A well-known tutorial has a stateful LSTM read the alphabet in order, one letter a sample, until it
gets every next letter right. Begun at another letter than A, it is wrong: it has counted. Here it
stands beside two ways that do not let it count, and a model that has no memory at all::

    python benchmarks/alphabet.py

Each way reads letters as numbers, as the tutorial does, or as tokens. The recurrent models are the
same, and make about 7,500 training steps each.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder

if not __package__:  # started as a file: find the package `benchmarks` all the same
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks.harness import Contender, Problem, comparison

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
LETTERS = np.array(list(ALPHABET))
N_SEEDS = 5
N_WINDOWS, LONGEST = 1_000, 5  # the tutorial's
TITLES = {
    "numbers": "A letter is a number, 0 to 25 divided by 26",
    "tokens": "A letter is a token, with its own embedding",
}
DIGITS = {"in order from A": 2, "first after a reset": 2, "in random orders": 2}
NOTES = (
    "Fractions of the letters A to Y whose next letter is predicted: read one after the other "
    "from A; each as the first letter after a reset; one after the other in four random orders. "
    "Medians over five seeds, with the lowest and highest. All LSTMs have 50 units and make about "
    "7,500 training steps of Adam at a rate of 0.001. Logistic regression sees one letter at a "
    "time; of tokens, their indicators."
)
NETWORK: dict[str, Any] = {
    "hidden_size": 50,
    "bidirectional": False,
    "pooling": "last",
    "dropout": 0.0,
    "embedding_dropout": 0.0,
    "rare_word_dropout": 0.0,
    "learning_rate": 1e-3,
    "lr_schedule": "constant",
    "gradient_clip": None,
    "standardize": False,
}
WAYS: dict[str, dict[str, Any]] = {
    "in_order": {"stateful": True, "batch_size": 1, "max_epochs": 300},
    "windows": {"batch_size": 32, "max_epochs": 235},
    "from_each": {"stateful": True, "batch_size": 25, "max_epochs": 1_500},
}


def in_order() -> tuple[list[str], np.ndarray]:
    """Return the letters A to Y, one a sample, and what follows each."""
    return list(LETTERS[:25]), LETTERS[1:]


def windows(random_state: int = 0) -> tuple[list[str], np.ndarray]:
    """Return pieces of the alphabet that begin anywhere, and what follows each."""
    rng = np.random.default_rng(random_state)
    starts = rng.integers(0, 25, N_WINDOWS)
    ends = np.minimum(starts + rng.integers(1, LONGEST + 1, N_WINDOWS), 25)
    return [ALPHABET[a:b] for a, b in zip(starts, ends, strict=True)], LETTERS[ends]


def from_each() -> tuple[list[str], np.ndarray]:
    """Return 25 sequences side by side, one from each letter, as a stateful model reads them.

    The first 25 samples are their first letters, the next 25 their second ones, and so on; after
    Y comes A.
    """
    places = ((np.arange(25) + np.arange(LONGEST)[:, None]) % 25).ravel()
    return list(LETTERS[places]), LETTERS[places + 1]


def as_numbers(texts: list[str]) -> list[np.ndarray]:
    """Return a number between 0 and 1 for each letter of each text."""
    return [np.array([ALPHABET.index(letter) / 26 for letter in text]) for text in texts]


def last_number(texts: list[str]) -> np.ndarray:
    return np.array([[numbers[-1]] for numbers in as_numbers(texts)])


def last_letter(texts: list[str]) -> np.ndarray:
    return np.array([[text[-1]] for text in texts])


def lstm(way: str, encoding: str, seed: int) -> Any:
    from sklstm import LSTMClassifier, SequenceTokenizer

    reader = {
        "numbers": FunctionTransformer(as_numbers),
        "tokens": SequenceTokenizer(analyzer="char", lowercase=False),
    }
    model = LSTMClassifier(**NETWORK, **WAYS[way], random_state=seed)
    return make_pipeline(reader[encoding], model)


def logistic(encoding: str, seed: int) -> Any:
    reader = {
        "numbers": [FunctionTransformer(last_number)],
        "tokens": [FunctionTransformer(last_letter), OneHotEncoder()],
    }
    return make_pipeline(*reader[encoding], LogisticRegression(C=1e3, max_iter=2_000))


def contenders(encoding: str) -> dict[str, Contender]:
    """Return the ways to read letters that come as `encoding` says."""
    titles = {
        "in_order": "stateful, in order from A, one letter a sample",
        "windows": "stateless, windows of 1 to 5 letters",
        "from_each": "stateful, a sequence from each letter",
    }
    return {
        **{way: Contender(title, partial(lstm, way, encoding)) for way, title in titles.items()},
        "logistic": Contender("logistic regression", partial(logistic, encoding), n_seeds=0),
    }


def load(way: str) -> tuple[Any, Any, Any, Any]:
    train = {"windows": windows, "from_each": from_each}.get(way, in_order)()
    return *train, *in_order()


def scores(model: Any, X: list[str], y: np.ndarray, predicted: Any = None) -> dict[str, float]:
    rng = np.random.default_rng(0)
    shuffled = [rng.permutation(len(X)) for _ in range(4)]
    in_any_order = [read_on(model, [X[i] for i in order]) == y[order] for order in shuffled]
    return {
        "in order from A": float(np.mean(read_on(model, X) == y)),
        "first after a reset": float(np.mean(read_first(model, X) == y)),
        "in random orders": float(np.mean(in_any_order)),
    }


def read_on(model: Any, letters: list[str]) -> np.ndarray:
    """Predict what follows each letter, the next call going on from the one before."""
    if not hasattr(model[-1], "stream"):  # has no memory
        return model.predict(letters)
    answers, state = [], None
    model[-1].reset_states()
    for letter in letters:
        if model[-1].stateful:
            answer = model.predict([letter])
        else:
            answer, state = model.predict([letter], state=state, return_state=True)
        answers.append(answer[0])
    return np.array(answers)


def read_first(model: Any, letters: list[str]) -> np.ndarray:
    """Predict what follows each letter, where it is the first."""
    if not hasattr(model[-1], "stream"):
        return model.predict(letters)
    answers = []
    for letter in letters:
        model[-1].reset_states()
        answers.append(model.predict([letter])[0])
    return np.array(answers)


def problems(validate: bool) -> list[Problem]:
    """Return, for each way to give letters, a problem for each way to read them.

    They are trained on other samples, and are rows of one table all the same.
    """
    return [
        Problem(encoding, title, partial(load, name), {name: contender}, scores)
        for encoding, title in TITLES.items()
        for name, contender in contenders(encoding).items()
    ]


STUDY = comparison(
    problems,
    DIGITS,
    NOTES,
    N_SEEDS,
    name="alphabet",
    title="The alphabet",
    about=__doc__,
    contenders=contenders("tokens"),
    guide="docs/stateful.md",
    sizes=False,
)

if __name__ == "__main__":
    STUDY.run()
