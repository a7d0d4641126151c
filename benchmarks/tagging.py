"""Tag words with their parts of speech, beside a CRF with features made by hand.

English LinES of Universal Dependencies, 17 tags: trained on its training part, scored on its test
part, word by word::

    python benchmarks/tagging.py --peers-python PATH/TO/python

The CRF is that of sklearn-crfsuite, in an environment of its own (``pip install
sklearn-crfsuite==0.5.0``); without ``--peers-python`` it is left out. Its features and penalties
are chosen on the development part, once: `_tagging_search.STAGES` says what is tried, and every
try is kept. ``--validate`` scores the others on the development part, for choosing theirs.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.pipeline import make_pipeline

if not __package__:  # started as a file: find the package `benchmarks` all the same
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import _cli, _measure, _tagging_search
from benchmarks._data import ROOT, Parts, look_beside_the_repository
from benchmarks._measure import Model, Problem
from benchmarks._report import fill_file
from benchmarks._runner import Results
from benchmarks._ucr_report import surroundings
from sklstm import LSTMTagger, SequenceTokenizer

GUIDE = ROOT / "docs" / "tagging.md"
COMMAND = "python benchmarks/tagging.py --peers-python PATH"
N_SEEDS = 3
DIGITS = {"accuracy, %": 2, "unknown words, %": 2, "whole sentences, %": 2}
NOTES = (
    "With more than one seed: the median, in brackets the lowest and highest. Unknown words are "
    "the 9.2% of the test words that do not occur in the training part, capitals counting. The "
    "most frequent tag of an unknown word is that of the words seen once in training, which is "
    "the most frequent of all, NOUN. The CRF draws nothing, and its seconds include making "
    "features, but not the search for its parameters (`benchmarks/results/tagging_search.md`)."
)


class MostFrequentTag(BaseEstimator):
    """Give every word the tag that it had most often; of equals, the one more frequent overall.

    Unknown words get the most frequent tag of the words that were seen once.
    """

    def fit(self, X: Sequence[list[str]], y: Sequence[Any]) -> MostFrequentTag:
        """Count tags."""
        tags: dict[str, Counter[str]] = {}
        for word, tag in zip(flat(X), map(str, flat(y)), strict=True):
            tags.setdefault(word, Counter())[tag] += 1
        overall = sum(tags.values(), Counter())

        def first(counts: Counter[str]) -> str:
            return max(sorted(counts), key=lambda tag: (counts[tag], overall[tag]))

        once = [counts for counts in tags.values() if counts.total() == 1]
        self.tag_of_ = {word: first(counts) for word, counts in tags.items()}
        self.unknown_ = first(sum(once, Counter()) or overall)
        return self

    def predict(self, X: Sequence[list[str]]) -> np.ndarray:
        """Look tags up."""
        predicted = np.empty(len(X), dtype=object)
        for i, words in enumerate(X):
            predicted[i] = np.array([self.tag_of_.get(word, self.unknown_) for word in words])
        return predicted


def flat(sentences: Sequence[Any]) -> list[Any]:
    return [item for sentence in sentences for item in sentence]


def frequent(seed: int) -> Any:
    return make_pipeline("passthrough", MostFrequentTag())


def tagger(seed: int, **params: Any) -> Any:
    """Return an LSTM behind words and their characters; those seen once count as unknown."""
    return make_pipeline(
        SequenceTokenizer(analyzer=list, characters=20, min_df=2),
        LSTMTagger(**params, random_state=seed),
    )


def chosen(seed: int, output_layer: str = "softmax") -> Any:
    """Return the LSTM with the best accuracy on the development part, of some that were tried."""
    return tagger(seed, learning_rate=0.01, output_layer=output_layer)


def elsewhere(seed: int) -> Any:
    raise NotImplementedError("the CRF runs in an environment of its own")


# What is compared, in the order of the table. A function from a seed makes the estimator, which
# takes lists of words and returns an array of tags for each; `draws=False` if seeds change nothing.
MODELS: dict[str, Model] = {
    "frequent": Model("most frequent tag of each word", frequent, draws=False),
    "crf-plain": Model("CRF, affixes of 1 to 4, two words on each side", elsewhere, draws=False),
    "crf": Model("CRF, features chosen on the development part", elsewhere, draws=False),
    "lstm": Model("LSTMTagger, defaults", tagger),
    "lstm-chosen": Model("LSTMTagger, chosen on the development part", chosen),
    "lstm-crf": Model("the same with output_layer='crf'", lambda seed: chosen(seed, "crf")),
}


@cache
def load(part: str) -> Parts:
    """Return the sentences to train on, and a part to score on."""
    from sklstm.datasets import fetch_ud_lines

    return *fetch_ud_lines(return_X_y=True), *fetch_ud_lines(subset=part, return_X_y=True)


def scores(X: Any, y: Any, predicted: Any, known: set[str]) -> dict[str, float]:
    """Return the shares of words tagged right, of unknown ones, and of sentences without error."""
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
    """Return the models that run here, to be scored on a part."""

    def score(model: Any, X: Any, y: Any) -> dict[str, float]:
        return scores(X, y, model.predict(X), known_words(part))

    here = {name: model for name, model in MODELS.items() if model.build is not elsewhere}
    title = "Parts of speech of English words: 17 tags"
    return Problem(f"ud_lines, {part}", title, lambda: load(part), here, score)


def main(argv: list[str] | None = None) -> int:
    args = parse(argv)
    if args.n_train or args.n_test or args.epochs:
        raise SystemExit("--n-train, --n-test and --epochs are not for this program")
    look_beside_the_repository()
    folder = _cli.folder(args)
    results = Results(folder / "tagging.json")
    part = "dev" if args.validate else "test"
    if not args.report:
        seeds = args.seeds or N_SEEDS
        _measure.run(problem(part), results, seeds, args.only, fresh=args.fresh)
        if args.peers_python and not args.validate:
            run_crf(args.peers_python, results, args.only, fresh=args.fresh)
    if not results.runs:
        print("Nothing has been measured yet.")
        return 1
    _cli.say_where(write(results, part, folder))
    return 0


def parse(argv: list[str] | None) -> argparse.Namespace:
    parser = _cli.options(__doc__.splitlines()[0], list(MODELS))
    parser.add_argument("--peers-python", metavar="PATH", help="interpreter with sklearn-crfsuite")
    return parser.parse_args(argv)


def run_crf(python: str, results: Results, only: Sequence[str] | None, *, fresh: bool) -> None:
    """Search for the CRFs' parameters where that is not done yet, and measure them with the best.

    With `fresh`, they are measured anew; the tries of the search would come out the same.
    """

    def score(X: Any, y: Any, predicted: Any) -> dict[str, float]:
        return scores(X, y, predicted, known_words("test"))

    searches = {"crf": _tagging_search.search, "crf-plain": _tagging_search.search_plain}
    for name in only or searches:
        if name not in searches:
            continue
        params = searches[name](python, load("dev"), score, results)
        identity = {
            "contender": name,
            "data": {"name": problem("test").name},
            "seed": 0,
            "params": params,
            "prepare": None,
        }
        if fresh or not results.find(identity):
            measured = _tagging_search.measure(python, load("test"), score, params)
            results.add({**identity, **measured})


def write(results: Results, part: str, folder: Path) -> list[Path | None]:
    """Print and write the table, and that of the search; return the files."""
    name = problem(part).name
    runs = [run for run in results.runs if run["data"]["name"] == name]
    written: list[Path | None] = []
    if runs:
        table = _measure.table(Problem(name, "", load, MODELS, scores), runs, DIGITS)
        ours = [run for run in runs if not run["contender"].startswith("crf")]
        crf = [run for run in runs if run["contender"].startswith("crf")]
        measured = "\n\n".join([*_measure.surrounded(ours), *surroundings(crf)])
        n_train, n_test = runs[0]["n_train"], runs[0]["n_test"]
        sizes = f"{n_train:,} sentences to train on, {n_test:,} of the {part} part."
        print(f"\n{sizes}\n\n{table}\n\n{measured}\n")
        made = f"Made by `{COMMAND}{' --validate' if part == 'dev' else ''}`."
        text = "\n\n".join(["# Parts of speech", sizes, table, measured, NOTES, made])
        written.append(_page(folder / "tagging.md", text))
        if folder == _cli.RESULTS and GUIDE.exists():
            fill_file(GUIDE, f"{sizes}\n\n{table}\n\n{NOTES}", "tagging")
            written.append(GUIDE)
    if found := _tagging_search.report(results):
        head = "# The CRF's parameters, chosen on the development part"
        written.append(_page(folder / "tagging_search.md", f"{head}\n\n{found}"))
    return written


def _page(path: Path, text: str) -> Path:
    path.write_text(f"{text}\n", encoding="utf-8")
    return path


if __name__ == "__main__":
    _cli.run(main)
