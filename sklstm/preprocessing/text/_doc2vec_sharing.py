"""Share the inference of many documents among cores.

gensim's arithmetic runs outside of Python's lock, so that threads use several cores and need no
start. But it looks each word up under the lock, and two threads are 1.6 times as fast as one.
Processes wait for nobody, yet have to import gensim first, which takes seconds: only long calls use
them. What a document's vector is depends on neither.
"""

from __future__ import annotations

from math import ceil

import numpy as np
from gensim.models.doc2vec import Doc2Vec
from joblib import Parallel, delayed

from sklstm._jobs import may_start_processes
from sklstm.preprocessing.text._doc2vec_inference import infer_some, lean
from sklstm.preprocessing.text._documents import Documents

# Words times epochs from which on processes are worth their start: some 15 seconds of one core in
# plain DBOW of 100 numbers.
_WORTH_PROCESSES = 25_000_000
_TASKS_PER_PROCESS = 4  # each brings what is small of the model along
_MOST_PER_THREAD = 32  # documents in a task; few enough that threads finish together


def infer(
    model: Doc2Vec,
    documents: Documents,
    *,
    seed: int,
    epochs: int,
    alpha: float | None,
    n_jobs: int,
) -> np.ndarray:
    """Return a vector for each document; zeros where it has no word.

    Parameters
    ----------
    model : Doc2Vec
        The trained model; nothing in it changes.
    documents : Documents
        In the numbers of the model's words.
    seed : int
        Makes, with a document's words, its random numbers.
    epochs : int
        Steps through each document.
    alpha : float or None
        The learning rate of the first one; None takes that of training.
    n_jobs : int
        Cores.

    Returns
    -------
    ndarray of float32 of shape (n_documents, vector_size)
    """
    vectors = np.zeros((len(documents), model.vector_size), dtype=np.float32)
    long = len(documents.ids) * epochs > _WORTH_PROCESSES
    in_processes = n_jobs > 1 and long and may_start_processes()
    size = max(1, ceil(len(documents) / (_TASKS_PER_PROCESS * n_jobs)))
    if not in_processes:
        size = min(size, _MOST_PER_THREAD)
    starts = range(0, len(documents), size)
    # Without a backend joblib takes processes, or what the user has chosen around the call.
    how = {} if in_processes else {"backend": "threading"}
    run = Parallel(n_jobs=max(1, min(n_jobs, len(starts))), batch_size=1, **how)
    slim, ends = lean(model, alpha), np.append(0, documents.lengths.cumsum())
    found = run(
        delayed(infer_some)(
            slim,
            documents.ids[ends[start] : ends[min(start + size, len(documents))]],
            documents.lengths[start : start + size],
            seed,
            epochs,
        )
        for start in starts
    )
    for start, part in zip(starts, found, strict=True):
        vectors[start : start + size] = part
    return vectors
