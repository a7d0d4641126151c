"""A conditional random field for ``tagging.py``, run as a process; writes what it did as JSON.

Started by the interpreter of an environment that has sklearn-crfsuite; nothing of sklstm is
imported. The features are made by hand, as taggers had them before word vectors: the word, how it
begins and ends, its shape, and its neighbours.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import sys
import time
from collections.abc import Iterator
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

PACKAGES = ("sklearn-crfsuite", "python-crfsuite", "scikit-learn")
AROUND = (-2, -1, 1, 2)
BEFORE, BEHIND = "<s>", "</s>"  # stand for words that are not there

Sentence = list[str]


def shape(word: str) -> str:
    """Return a word with X for its capitals, x for other letters and d for digits."""
    return "".join(map(_kind, word))


def _kind(sign: str) -> str:
    if sign.isdigit():
        return "d"
    if sign.isalpha():
        return "X" if sign.isupper() else "x"
    return sign


def short_shape(word: str) -> str:
    """Return the shape with one sign for each run of the same."""
    return "".join(sign for sign, _ in groupby(shape(word)))


def features(sentence: Sentence, *, affixes: int, around: str, pairs: bool) -> list[list[str]]:
    """Return what holds for each word of a sentence.

    Parameters
    ----------
    sentence : list of str
    affixes : int
        The longest beginning and ending of a word, in characters.
    around : {"full", "lean"}
        Of two words on either side: all of word, shapes and endings of 1 to 4 characters; or the
        word, and of the next ones the short shape and 3 characters as well.
    pairs : bool
        Whether words side by side, and those to the left and the right, also count together.
    """
    return [
        [
            *of_word(word, affixes),
            *of_place(sentence, place),
            *_of_neighbours(sentence, place, around),
            *(of_pairs(sentence, place) if pairs else ()),
        ]
        for place, word in enumerate(sentence)
    ]


@cache
def of_word(word: str, affixes: int) -> list[str]:
    """Return the features of a word by itself."""
    lower = word.lower()
    flags = {
        "digits": word.isdigit(),
        "title": word.istitle(),
        "upper": word.isupper(),
        "hyphen": "-" in word,
        "has a digit": any(map(str.isdigit, word)),
    }
    return [
        "bias",
        f"word={word}",
        f"lower={lower}",
        f"shape={shape(word)}",
        f"short shape={short_shape(word)}",
        *(f"prefix={lower[:n]}" for n in range(1, min(affixes, len(lower)) + 1)),
        *(f"suffix={ending}" for ending in _endings(lower, affixes)),
        *(name for name, holds in flags.items() if holds),
    ]


def of_place(sentence: Sentence, place: int) -> Iterator[str]:
    """Yield what the place in the sentence tells."""
    behind = len(sentence) - 1 - place
    if place < 2:
        yield ("first", "second")[place]
    if behind < 2:
        yield ("last", "last but one")[behind]
    if sentence[place][0].isupper():
        begun = any(sign.isalnum() for word in sentence[:place] for sign in word)
        yield "capital within" if begun else "capital at the beginning"


def _of_neighbours(sentence: Sentence, place: int, around: str) -> Iterator[str]:
    for distance in AROUND:
        if 0 <= place + distance < len(sentence):
            yield from of_neighbour(sentence[place + distance], distance, around)


@cache
def of_neighbour(word: str, distance: int, around: str) -> list[str]:
    """Return the features of a word that stands `distance` words further on."""
    lower = word.lower()
    found = [f"lower={lower}"]
    if around == "full":
        found += [f"shape={shape(word)}", f"short shape={short_shape(word)}"]
        found += [f"suffix={ending}" for ending in _endings(lower, 4)]
    elif abs(distance) == 1:
        found += [f"short shape={short_shape(word)}", f"suffix={lower[-3:]}"]
    return [f"{distance:+}:{feature}" for feature in found]


def of_pairs(sentence: Sentence, place: int) -> list[str]:
    """Return the word with either neighbour, and the neighbours with each other."""
    before = sentence[place - 1].lower() if place else BEFORE
    behind = sentence[place + 1].lower() if place + 1 < len(sentence) else BEHIND
    word = sentence[place].lower()
    return [f"-1,0={before} {word}", f"0,+1={word} {behind}", f"-1,+1={before} {behind}"]


def _endings(lower: str, longest: int) -> list[str]:
    return [lower[-n:] for n in range(1, min(longest, len(lower)) + 1)]


SETTINGS = ("affixes", "around", "pairs")  # those of `features`; the rest are the CRF's


def measure(job: dict[str, Any]) -> dict[str, Any]:
    """Fit a CRF and let it predict; return the tags and the seconds it took.

    Making features is part of both times.

    Parameters
    ----------
    job : dict
        ``data``, the path of a JSON file with ``words`` and ``tags`` to train on and the words
        ``asked``, in sentences; and ``params``, for `features` and for sklearn_crfsuite.CRF.
    """
    import sklearn_crfsuite

    data = json.loads(Path(job["data"]).read_text(encoding="utf-8"))
    settings = {name: job["params"][name] for name in SETTINGS}
    params = {name: value for name, value in job["params"].items() if name not in SETTINGS}
    crf = sklearn_crfsuite.CRF(algorithm="lbfgs", **params)
    start = time.perf_counter()
    crf.fit([features(words, **settings) for words in data["words"]], data["tags"])
    fitted = time.perf_counter()
    predicted = crf.predict([features(words, **settings) for words in data["asked"]])
    ended = time.perf_counter()
    return {
        "predicted": [list(tags) for tags in predicted],
        "seconds": {"fit": fitted - start, "predict": ended - fitted},
        "iterations": crf.training_log_.last_iteration["num"],
        "n_weights": len(crf.state_features_) + len(crf.transition_features_),
        "environment": environment(),
    }


def environment() -> dict[str, Any]:
    """Return what speed depends on."""
    versions = {name: importlib.metadata.version(name) for name in PACKAGES}
    cpus = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count()
    threads = os.environ.get("OMP_NUM_THREADS")
    python = platform.python_version()
    return {"cpus": cpus, "OMP_NUM_THREADS": threads, "python": python, **versions}


def main() -> None:
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    Path(sys.argv[2]).write_text(json.dumps(measure(job)), encoding="utf-8")


if __name__ == "__main__":
    main()
