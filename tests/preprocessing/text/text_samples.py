"""Texts on three topics and small models of them, for the tests of this folder."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer

from sklstm import Doc2VecVectorizer, WordVectors

TOPICS = {
    "sea": "ship wave harbour sail storm anchor crew tide".split(),
    "kitchen": "bread oven butter flour spoon salt recipe dough".split(),
    "field": "wheat plough barn harvest soil tractor hay farmer".split(),
}


def corpus(n=60, length=12, seed=0):
    """Return texts of one topic each, with common words in between, and their topics."""
    rng = np.random.default_rng(seed)
    topics = np.array(list(TOPICS))[np.arange(n) % len(TOPICS)]
    texts = []
    for topic in topics:
        words = [*rng.choice(TOPICS[topic], length), *rng.choice(["the", "and", "of"], length // 2)]
        texts.append(" ".join(rng.permutation(words)))
    return texts, topics


TEXTS, TOPIC_OF = corpus()
# Models of which every kind of inference is tested.
CHOICES = {
    "dbow": {},
    "dm-sample": {"dm": 1, "sample": 0.05},
    "words-hs": {"dbow_words": 1, "hs": 1, "negative": 0, "sample": 0.05},
    "concat": {"dm": 1, "dm_concat": 1, "window": 2},
    "concat-hs": {"dm": 1, "dm_concat": 1, "hs": 1, "window": 2},
}


def small(**params):
    return Doc2VecVectorizer(**({"vector_size": 12, "epochs": 5, "random_state": 0} | params))


def split(texts):
    analyze = CountVectorizer().build_analyzer()
    return [analyze(text) for text in texts]


def as_lists(sequences):
    return [sequence.tolist() for sequence in sequences]


def doc2vec_digest():
    """Return a digest of every vector that three models learn and infer."""
    found = hashlib.sha256()
    for choices in ({}, {"dm": 1, "sample": 0.05}, {"hs": 1, "dbow_words": 1}):
        for tags in ("texts", "both"):
            y = [{topic, "any", topic[:1]} for topic in TOPIC_OF.tolist()]  # sets vary in order
            model = small(tags=tags, **choices).fit(TEXTS, y)
            vectors = (model.model_.dv.vectors, model.model_.wv.vectors, model.transform(TEXTS))
            for array in vectors:
                found.update(array.tobytes())
    return found.hexdigest()


def word_vector_digest():
    """Return a digest of the words and vectors of word2vec and of fastText."""
    texts = ["a cup of tea", "one glass of milk", "two cups of tea with milk"] * 30
    found = []
    for algorithm in ("word2vec", "fasttext"):
        params = {"algorithm": algorithm, "bucket": 50, "random_state": 3, "epochs": 2}
        vectors = WordVectors(8, **params).fit(texts)
        words = " ".join(vectors).encode()
        found.append(hashlib.sha256(words + vectors.vectors_.tobytes()).hexdigest())
    assert found[0] != found[1]
    return found[0] + found[1]


def digests():
    """Return both, and Python's own hash of a word."""
    return {
        "hash": str(hash("ship")),
        "doc2vec": doc2vec_digest(),
        "word vectors": word_vector_digest(),
    }


def digests_of_another_process():
    """Return the digests in a process with another hash seed."""
    seed = "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"
    path = os.pathsep.join([os.path.dirname(__file__), *sys.path])
    environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": path}
    code = "import json, text_samples; print(json.dumps(text_samples.digests()))"
    run = subprocess.run(
        [sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True
    )
    return json.loads(run.stdout)
