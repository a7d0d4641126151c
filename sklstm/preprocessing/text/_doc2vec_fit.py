"""From texts, labels and parameters to a trained model of Doc2Vec."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from gensim.models.doc2vec import Doc2Vec
from sklearn.utils import check_random_state

from sklstm._jobs import job_count
from sklstm.preprocessing.text._doc2vec_labels import Labels, read_labels
from sklstm.preprocessing.text._doc2vec_training import (
    GENSIM_PARAMS,
    Corpus,
    check_choices,
    check_counts,
    check_inference,
    check_ngrams,
    check_tags,
    train,
)
from sklstm.preprocessing.text._documents import Documents, learn_words


@dataclass(frozen=True)
class Learned:
    """What `fit` keeps, and the training texts.

    Attributes
    ----------
    model : Doc2Vec
        Its vectors are those of the texts, if they have any, and behind them those of labels.
    documents : Documents
        The training texts in the numbers of the model's words.
    seed : int
        Of all that is drawn, now and for new texts.
    n_text_vectors : int
        How many of the vectors belong to texts: all of them or none.
    classes : ndarray or None
        The labels, if there are any.
    """

    model: Doc2Vec
    documents: Documents
    seed: int
    n_text_vectors: int
    classes: np.ndarray | None


def learn(vectorizer: Any, X: Any, y: Any) -> Learned:
    """Check everything, and train by the parameters of `vectorizer`, which stays as it is."""
    params = {name: getattr(vectorizer, name) for name in GENSIM_PARAMS}
    check_choices(params)
    check_inference(vectorizer, params["min_alpha"])
    check_ngrams(vectorizer.ngram_range, bool(vectorizer.dm or vectorizer.dbow_words))
    check_tags(vectorizer.tags, vectorizer.training_vectors, vectorizer.dm_concat)
    words, documents = learn_words(vectorizer, X)
    counts = np.bincount(documents.ids, minlength=len(words))
    check_counts(words, counts, vectorizer.min_count, vectorizer.hs)
    labels = None
    if vectorizer.tags != "texts":
        labels = read_labels(y, len(documents), vectorizer.tags)
        labels.check_single(vectorizer.dm_concat)
    n_text_vectors = 0 if vectorizer.tags == "labels" else len(documents)
    tags = _tags(n_text_vectors, labels, len(documents))
    seed = int(check_random_state(vectorizer.random_state).randint(2**31 - 1))
    workers = job_count(vectorizer.n_jobs, default=1)
    model = train(Corpus(words, documents, tags), params, seed=seed, workers=workers)
    known = _known(words, documents, model)
    _forget_untrained(model, known, tags)
    return Learned(model, known, seed, n_text_vectors, labels.classes if labels else None)


def _known(words: list[str], documents: Documents, model: Doc2Vec) -> Documents:
    """Return the documents in the numbers of the model's words, without other words."""
    id_of = np.array([model.wv.key_to_index.get(word, -1) for word in words], dtype=np.int32)
    ids = id_of[documents.ids]
    return Documents(ids, documents.lengths).only(ids >= 0)


def _tags(n_text_vectors: int, labels: Labels | None, n_texts: int) -> list[list[int]]:
    """Return the rows that each text trains: its own first, then those of its labels.

    All are numbers, so that a label of any type can neither be taken for a text nor for another.
    """
    own = [[i] if n_text_vectors else [] for i in range(n_texts)]
    if labels is None:
        return own
    of_labels = ([n_text_vectors + code for code in codes] for codes in labels.codes)
    return [first + rest for first, rest in zip(own, of_labels, strict=True)]


def _forget_untrained(model: Doc2Vec, documents: Documents, tags: list[list[int]]) -> None:
    """Zero the vectors whose texts have no known word: what they hold is random."""
    trained = np.zeros(len(model.dv.vectors), dtype=bool)
    for length, rows in zip(documents.lengths.tolist(), tags, strict=True):
        if length:
            trained[rows] = True
    model.dv.vectors[~trained] = 0
