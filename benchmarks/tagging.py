"""Tag words with their parts of speech, beside a CRF with features made by hand.

English LinES of Universal Dependencies, 17 tags: trained on its training part, scored on its test
part, word by word::

    python benchmarks/tagging.py --peers-python PATH/TO/python

The CRF is that of sklearn-crfsuite, in a separate environment (``pip install
sklearn-crfsuite==0.5.0``); without ``--peers-python`` it is left out. Its features are made by
hand, as taggers had them before word vectors: the word, how it begins and ends, its shape, and its
neighbours. Features and penalties were chosen on the development part
(``benchmarks/results/tagging_search.md``). ``--validate`` scores on that part.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, partial
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.pipeline import make_pipeline

if not __package__:  # started as a file: find the package `benchmarks` all the same
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import harness, report
from benchmarks.data import Parts, lines
from benchmarks.harness import Contender, Laps, Problem, Run, Study, Task

N_SEEDS = 3
DIGITS = {"accuracy, %": 2, "unknown words, %": 2, "whole sentences, %": 2}
# Chosen on the development part (results/tagging_search.md); of the simpler features, which are
# those of sklearn-crfsuite's tutorial and more, only the penalties.
CRF: dict[str, Any] = {
    "affixes": 6,
    "around": "lean",
    "pairs": True,
    "c1": 0.0,
    "c2": 0.05,
    "all_possible_transitions": True,
    "max_iterations": 1000,
}
CRF_PLAIN = {
    **CRF, "affixes": 4, "around": "full", "pairs": False, "c2": 0.3, "max_iterations": 200,
}  # fmt: skip
NOTES = (
    "With more than one seed: the median, in brackets the lowest and highest. Unknown words are "
    "the 9.2% of the test words that do not occur in the training part, capitals counting. The "
    "most frequent tag of an unknown word is that of the words seen once in training, which is "
    "the most frequent of all, NOUN. The CRF draws nothing, and its seconds include making "
    "features, but not the search for its parameters (`benchmarks/results/tagging_search.md`)."
)


def flat(sentences: Sequence[Any]) -> list[Any]:
    return [item for sentence in sentences for item in sentence]


def frequent(seed: int) -> Any:
    from sklstm.baselines import MostFrequentTag

    return make_pipeline("passthrough", MostFrequentTag())


def tagger(seed: int, **params: Any) -> Any:
    """Return an LSTM after words and their characters; those seen once count as unknown."""
    from sklstm import LSTMTagger, SequenceTokenizer

    return make_pipeline(
        SequenceTokenizer(analyzer=list, characters=20, min_df=2),
        LSTMTagger(**params, random_state=seed),
    )


def chosen(seed: int, output_layer: str = "softmax") -> Any:
    """Return the LSTM with the best accuracy on the development part, of some that were tried."""
    return tagger(seed, learning_rate=0.01, output_layer=output_layer)


# ------------------------------------------------------------------------------------------
# The CRF, which runs in a separate environment

AROUND = (-2, -1, 1, 2)
BEFORE, AFTER = "<s>", "</s>"  # stand for words that are not there

Sentence = list[str]
SETTINGS = ("affixes", "around", "pairs")  # those of `features`; the rest are the CRF's
PACKAGES = ("sklearn-crfsuite", "python-crfsuite", "scikit-learn")


def shape(word: str) -> str:
    """Return a word with X for its capitals, x for other letters and d for digits."""
    return "".join(map(_kind, word))


def _kind(sign: str) -> str:
    letter = "X" if sign.isupper() else "x"
    return "d" if sign.isdigit() else letter if sign.isalpha() else sign


def short_shape(word: str) -> str:
    """Return the shape with one sign for each run of the same."""
    return "".join(sign for sign, _ in groupby(shape(word)))


def features(sentence: Sentence, *, affixes: int, around: str, pairs: bool) -> list[list[str]]:
    """Return what holds for each word of a sentence.

    `affixes` is the longest beginning and ending of a word, in characters. `around` tells what
    counts of two words on either side: "full" all of word, shapes and endings of 1 to 4 characters;
    "lean" the word, and of the next ones the short shape and 3 characters as well. With `pairs`,
    words side by side, and those to the left and the right, also count together.
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
    left = len(sentence) - 1 - place
    if place < 2:
        yield ("first", "second")[place]
    if left < 2:
        yield ("last", "last but one")[left]
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
    after = sentence[place + 1].lower() if place + 1 < len(sentence) else AFTER
    word = sentence[place].lower()
    return [f"-1,0={before} {word}", f"0,+1={word} {after}", f"-1,+1={before} {after}"]


def _endings(lower: str, longest: int) -> list[str]:
    return [lower[-n:] for n in range(1, min(longest, len(lower)) + 1)]


def measure_crf(job: Run) -> Run:
    """Fit a CRF in this process and let it predict; return the tags and the seconds it took.

    Making features is part of both times. The job holds ``words`` and ``tags`` to train on and the
    words ``asked``, in sentences; and ``params``, for `features` and for sklearn_crfsuite.CRF.
    """
    import sklearn_crfsuite

    settings = {name: job["params"][name] for name in SETTINGS}
    params = {name: value for name, value in job["params"].items() if name not in SETTINGS}
    crf = sklearn_crfsuite.CRF(algorithm="lbfgs", **params)
    harness.forget_peak_memory()
    before, laps = harness.peak_memory(), Laps()
    crf.fit([features(words, **settings) for words in job["words"]], job["tags"])
    laps.lap("fit")
    predicted = crf.predict([features(words, **settings) for words in job["asked"]])
    laps.lap("predict")
    return {
        "predicted": [list(tags) for tags in predicted],
        "seconds": laps.seconds,
        "memory_mb": {"before": before, "peak": harness.peak_memory()},
        "iterations": crf.training_log_.last_iteration["num"],
        "n_weights": len(crf.state_features_) + len(crf.transition_features_),
        "environment": harness.environment(PACKAGES),
    }


# ------------------------------------------------------------------------------------------
# What is run

# In the order of the table. A contender that runs here builds an estimator that takes lists of
# words and returns an array of tags for each.
CONTENDERS = {
    "frequent": Contender("most frequent tag of each word", frequent, n_seeds=0),
    "crf-plain": Contender(
        "CRF, affixes of 1 to 4, two words on each side", params=CRF_PLAIN, n_seeds=0, peer=True
    ),
    "crf": Contender(
        "CRF, features chosen on the development part", params=CRF, n_seeds=0, peer=True
    ),
    "lstm": Contender("LSTMTagger, defaults", tagger),
    "lstm-chosen": Contender("LSTMTagger, chosen on the development part", chosen),
    "lstm-crf": Contender("the same with output_layer='crf'", partial(chosen, output_layer="crf")),
}


@cache
def load(part: str) -> Parts:
    """Return the sentences to train on, and a part to score on."""
    return lines(part)


def scores(X: Any, y: Any, predicted: Any, known: set[str]) -> dict[str, float]:
    """Return the fractions of words and unknown words tagged right, and of faultless sentences."""
    hits = [np.asarray(p) == np.asarray(t) for p, t in zip(predicted, y, strict=True)]
    words = np.concatenate(hits)
    unknown = np.array([word not in known for word in flat(X)])
    found = {"accuracy, %": words.mean()}
    if unknown.any():
        found["unknown words, %"] = words[unknown].mean()
    found["whole sentences, %"] = np.mean([hit.all() for hit in hits])
    return {name: 100 * float(share) for name, share in found.items()}


def known_words(part: str) -> set[str]:
    return set(flat(load(part)[0]))


def problem(part: str) -> Problem:
    """Return the contenders, to be scored on a part."""
    return Problem(
        f"ud_lines, {part}",
        "Parts of speech of English words: 17 tags",
        lambda: load(part),
        CONTENDERS,
        lambda model, X, y, predicted: scores(X, y, predicted, known_words(part)),
    )


def tasks(args: argparse.Namespace) -> list[Task]:
    part = "dev" if args.validate else "test"
    posed = problem(part)

    def run(params: Mapping[str, Any], folder: Path) -> Run:
        """Measure a CRF in its own environment, scored on a part."""
        words, tags, asked, y = load(part)
        job = {"words": words, "tags": [list(map(str, own)) for own in tags], "asked": asked}
        measured = harness.apart(measure_crf, {**job, "params": params}, args.peers_python)
        found = scores(asked, y, measured.pop("predicted"), known_words(part))
        sizes = {"n_train": len(words), "n_test": len(asked), "warnings": []}
        return {**measured, "scores": found, **sizes}

    return posed.tasks(args, N_SEEDS) + [
        Task(
            name,
            harness.identify(name, {"name": posed.name}, 0, contender.params),
            partial(run, contender.params),
        )
        for name, contender in harness.chosen(args, CONTENDERS).items()
        if contender.peer
    ]


# ------------------------------------------------------------------------------------------
# What is shown


def page(runs: list[Run], part: str, *, measured: bool = True) -> str:
    """Return the table of a part and its notes; with `measured`, what it was measured on."""
    scored = [run for run in runs if run["data"]["name"] == problem(part).name]
    groups = report.by_contender(scored, CONTENDERS).values()
    own = [run for group in groups for run in group]
    if not own:
        return "Nothing has been measured here."
    n_train, n_test = own[0]["n_train"], own[0]["n_test"]
    titled = report.of_problems([problem(part)], own, DIGITS, sizes=False)
    return "\n\n".join([
        f"{n_train:,} sentences to train on, {n_test:,} of the {part} part.",
        titled.partition("\n\n")[2],
        *(report.surroundings(own) + report.warned(own) if measured else []),
        NOTES,
    ])  # fmt: skip


STUDY = Study(
    name="tagging",
    title="Parts of speech",
    about=__doc__,
    contenders=CONTENDERS,
    tasks=tasks,
    page=lambda runs, args: page(runs, "dev" if args.validate else "test"),
    guide="docs/tagging.md",
    shown=lambda runs: page(runs, "test", measured=False),
    options={**harness.VALIDATE, **harness.peers_python("sklearn-crfsuite")},
    command="tagging.py --peers-python PATH",
)

if __name__ == "__main__":
    STUDY.run()
