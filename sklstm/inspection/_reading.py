"""What displays read of a pipeline: its last step, and the words that this gets."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

# Of `SequenceTokenizer`, which documents them.
PADDING_ID, MARKS = 0, {2: "<start>", 3: "<end>"}


class Read(NamedTuple):
    """X as the last step of a pipeline gets it.

    Attributes
    ----------
    estimator : estimator
        The last step.
    X : sequences
        What it gets.
    words : list of list of str, or None
        The word of each step, where a tokenizer has made them.
    """

    estimator: Any
    X: Any
    words: list[list[str]] | None


def fitted_last(estimator: Any, attribute: str, what: str) -> Any:
    """Return the last step of a fitted estimator, after checking what it has.

    Parameters
    ----------
    estimator : estimator
        A fitted estimator, pipeline or search.
    attribute : str
        What the last step needs to have.
    what : str
        What that is and which estimators have it, for errors.

    Raises
    ------
    NotFittedError
        If the estimator is not fitted.
    TypeError
        If the last step lacks the attribute.
    """
    check_is_fitted(estimator)
    last = unwrapped(estimator)
    while isinstance(last, Pipeline):
        last = unwrapped(last.steps[-1][1])
    if not hasattr(last, attribute):
        raise TypeError(f"{type(last).__name__} has no {what}.")
    return last


def unwrapped(estimator: Any) -> Any:
    """Return the best estimator of a search, or the estimator itself."""
    while hasattr(estimator, "best_estimator_"):
        estimator = estimator.best_estimator_
    return estimator


def read_steps(estimator: Any, X: Any) -> Read:
    """Transform X by all steps of a pipeline but the last."""
    estimator, words = unwrapped(estimator), None
    while isinstance(estimator, Pipeline):
        for _, step in estimator.steps[:-1]:
            if step is None or step == "passthrough":
                continue
            X = step.transform(X)
            if type(step).__name__ == "SequenceTokenizer":
                words = _words(step, X)
        estimator = unwrapped(estimator.steps[-1][1])
    return Read(estimator, X, words)


def _words(tokenizer: Any, X: Any) -> list[list[str]]:
    """Return the words of token ids, and names for the ids of start and end of a text."""
    texts = [[str(word) for word in text] for text in tokenizer.inverse_transform(X)]
    if hasattr(X, "columns"):  # a frame, whose items are not its rows
        return texts
    named = []
    for ids, text in zip(X, texts, strict=True):
        ids, words = np.asarray(ids), iter(text)
        first = ids if ids.ndim == 1 else ids[:, 0]  # the characters of a word follow its id
        named.append([MARKS.get(i) or next(words) for i in first.tolist() if i != PADDING_ID])
    return named


def words_of(read: Read, lengths: list[int]) -> list[list[str]] | None:
    """Return the words, unless the estimator has read another number of steps.

    A text without words is read as its end.
    """
    if read.words is None:
        return None
    words = [own or [MARKS[3]] * n for own, n in zip(read.words, lengths, strict=True)]
    return words if [len(own) for own in words] == lengths else None
