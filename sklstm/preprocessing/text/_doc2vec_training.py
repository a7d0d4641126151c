"""Train gensim's Doc2Vec on numbered words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from gensim.models.doc2vec import Doc2Vec, TaggedDocument
from sklearn.utils._param_validation import validate_parameter_constraints

from sklstm.preprocessing.text._documents import Documents
from sklstm.preprocessing.text._gensim import check_rates, check_tree, failures_raised, parts

# Parameters that the vectorizer hands on as they are.
GENSIM_PARAMS = (
    "vector_size",
    "window",
    "min_count",
    "dm",
    "dm_mean",
    "dm_concat",
    "dbow_words",
    "hs",
    "negative",
    "ns_exponent",
    "sample",
    "shrink_windows",
    "epochs",
    "alpha",
    "min_alpha",
)
FLAGS = ("dm", "dm_mean", "dm_concat", "dbow_words", "hs", "shrink_windows")


class Corpus:
    """The training documents as gensim reads them, any number of times.

    A document past `LONGEST` words is read as several with the same tags.

    Parameters
    ----------
    words : list of str
        The word of each number.
    documents : Documents
        The documents in these numbers, a quarter of the memory of as many pointers to strings.
    tags : list of lists of int
        The rows of the vectors that each document trains.
    """

    def __init__(self, words: list[str], documents: Documents, tags: list[list[int]]):
        self.words, self.documents, self.tags = words, documents, tags

    def __iter__(self) -> Iterator[TaggedDocument]:
        word = self.words.__getitem__
        for ids, tags in zip(self.documents, self.tags, strict=True):
            for part in parts(ids.tolist()):
                yield TaggedDocument(list(map(word, part)), tags)


def check_choices(params: dict[str, Any]) -> None:
    """Raise a ValueError if training choices contradict each other."""
    if not params["hs"] and not params["negative"]:
        raise ValueError(
            "hs=0 and negative=0 leave nothing to train by; set hs=1, or negative to 1 or more."
        )
    if params["dm_concat"] and not params["dm"]:
        raise ValueError("dm_concat=1 concatenates the context of DM and needs dm=1, got dm=0.")
    if params["dbow_words"] and params["dm"]:
        raise ValueError(
            "dbow_words=1 trains word vectors beside DBOW and needs dm=0; dm=1 trains them anyway."
        )
    check_rates(params["alpha"], params["min_alpha"])


def check_inference(vectorizer: Any, min_alpha: float | None = None) -> None:
    """Raise a ValueError if vectors cannot be inferred by the vectorizer's parameters."""
    names = ("infer_epochs", "infer_alpha", "n_jobs")
    validate_parameter_constraints(
        {name: vectorizer._parameter_constraints[name] for name in names},
        {name: getattr(vectorizer, name) for name in names},
        caller_name=type(vectorizer).__name__,
    )
    if vectorizer.infer_alpha is not None:
        least = vectorizer.model_.min_alpha if min_alpha is None else min_alpha
        check_rates(vectorizer.infer_alpha, least, name="infer_alpha")


def check_ngrams(ngram_range: tuple[int, int], in_order: bool) -> None:
    """Raise a ValueError for n-grams that are none, or have no order where one is needed."""
    shown = f"ngram_range={ngram_range!r}"
    if len(ngram_range) != 2 or not 1 <= ngram_range[0] <= ngram_range[1]:
        raise ValueError(f"{shown} must be two numbers of at least 1, the smaller one first.")
    if in_order and ngram_range[0] != ngram_range[1]:
        raise ValueError(
            f"{shown} has no order in time, but dm=1 and dbow_words=1 look at the words around "
            "each word; accepted with them is (n, n), n-grams of one length."
        )


def check_tags(tags: str, training_vectors: str, dm_concat: int) -> None:
    """Raise a ValueError if the wanted vectors contradict each other."""
    if tags == "labels" and training_vectors == "trained":
        raise ValueError(
            "training_vectors='trained' returns the trained vector of each text, but "
            "tags='labels' trains none; set tags='both', or training_vectors='inferred'."
        )
    if tags == "both" and dm_concat:
        raise ValueError(
            "dm_concat=1 takes exactly one tag a text, but tags='both' gives each text one and its "
            "labels others; set tags='texts' or 'labels', or dm_concat=0."
        )


def check_counts(words: list[str], counts: np.ndarray, min_count: int, hs: int) -> None:
    """Raise a ValueError if too few words occur often enough to be learned."""
    if not words:
        raise ValueError("X holds no word at all, in any text; there is nothing to learn from.")
    top = int(counts.argmax())
    if counts[top] < min_count:
        times = "once" if counts[top] == 1 else f"{counts[top]} times"
        raise ValueError(
            f"no word is left: none occurs min_count={min_count} times; the most frequent word "
            f"of X, {words[top]!r}, occurs {times}."
        )
    check_tree(words, counts, min_count, hs)


def train(corpus: Corpus, params: dict[str, Any], *, seed: int, workers: int) -> Doc2Vec:
    """Return the trained model, without what gensim needs for training only.

    Parameters
    ----------
    corpus : Corpus
        What to train on.
    params : dict
        Those in `GENSIM_PARAMS`.
    seed : int
        Of all random numbers; they repeat themselves where there is one worker.
    workers : int
        Threads to train in.
    """
    flags = {name: int(params[name]) for name in FLAGS}
    model = Doc2Vec(seed=seed, workers=workers, **{**params, **flags})
    model.build_vocab(corpus)
    with failures_raised(model):
        model.train(corpus, total_examples=model.corpus_count, epochs=model.epochs)
    if not np.isfinite(model.dv.vectors).all():
        raise ValueError(
            f"training ended in NaN or infinite vectors; try a smaller alpha than {model.alpha}."
        )
    # Notes of dates and of seconds, which would make two pickles of the same model differ.
    model.lifecycle_events, model.total_train_time = None, 0.0
    if not model.dm and not model.dbow_words:  # no word has a vector, only random numbers
        model.wv.vectors = np.zeros((0, model.vector_size), dtype=np.float32)
    return model
