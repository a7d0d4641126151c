"""What displays read of a pipeline: its last step, and the words that this gets."""

from __future__ import annotations

from typing import Any, NamedTuple

from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted


class Read(NamedTuple):
    """X as the last step of a pipeline gets it.

    Attributes
    ----------
    estimator : estimator
        The last step.
    X : sequences
        What it gets.
    vocabulary : Vocabulary or None
        That of the tokenizer of the pipeline, for token ids that have lost theirs.
    """

    estimator: Any
    X: Any
    vocabulary: Any


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
    if hasattr(last, "cv_results_"):
        raise TypeError(
            f"{type(last).__name__} was fitted with refit=False, and keeps no model; fit it with "
            "refit=True, or pass a fitted model."
        )
    if not hasattr(last, attribute):
        raise TypeError(f"{type(last).__name__} has no {what}.")
    return last


def unwrapped(estimator: Any) -> Any:
    """Return the best estimator of a search, or the estimator itself."""
    while hasattr(estimator, "best_estimator_"):
        estimator = estimator.best_estimator_
    return estimator


def feature_names_of(estimator: Any, shape: tuple[int, ...]) -> list[str] | None:
    """Return the names of the features of a step, if the model was fitted on data frames.

    Parameters
    ----------
    estimator : estimator
        A fitted estimator, pipeline or search.
    shape : tuple of int
        The shape of a step.
    """
    last, before = unwrapped(estimator), []
    while isinstance(last, Pipeline):
        before += [step for _, step in last.steps[:-1] if step not in (None, "passthrough")]
        last = unwrapped(last.steps[-1][1])
    names = getattr(getattr(last, "_input_", None), "columns", None)
    if before and {type(step).__name__ for step in before} <= {"SequenceScaler", "SequencePadder"}:
        names = before[0]._columns  # these leave the features in their order
    return None if names is None or (len(names),) != shape else [str(name) for name in names]


def read_steps(estimator: Any, X: Any) -> Read:
    """Transform X by all steps of a pipeline but the last."""
    estimator, vocabulary = unwrapped(estimator), None
    while isinstance(estimator, Pipeline):
        for _, step in estimator.steps[:-1]:
            if step is None or step == "passthrough":
                continue
            X = step.transform(X)
            if type(step).__name__ == "SequenceTokenizer":
                vocabulary = step._known_words()
        estimator = unwrapped(estimator.steps[-1][1])
    return Read(estimator, X, vocabulary)


def read_several(estimator: Any, X: Any, name: str = "X") -> Read:
    """Transform X as `read_steps` does; errors give it its name, and say if it is one sequence."""
    try:
        return read_steps(estimator, X)
    except (TypeError, ValueError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        try:
            read_one(estimator, X)
        except (TypeError, ValueError):
            if name == "X":
                raise error from None
            reason = str(error).replace("X[", f"{name}[")
            raise kind(f"{name} must be sequences or texts like X: {reason}") from error
        raise kind(
            f"{name} is one sequence, where a list of sequences is needed; pass [{name}]."
        ) from error


def read_one(estimator: Any, x: Any) -> Read:
    """Transform one sequence by all steps of a pipeline but the last.

    Parameters
    ----------
    estimator : estimator
        A fitted estimator, pipeline or search.
    x : str or sequence
        The sequence, or a table of one row with texts or sequences in its cells.

    Raises
    ------
    TypeError, ValueError
        If `x` cannot be read.
    """
    try:
        read = read_steps(estimator, x if _is_row(x) else [x])
        if hasattr(read.estimator, "_read_X"):  # one of ours
            read.estimator._read_X(read.X)
    except (TypeError, ValueError, AttributeError, IndexError) as error:
        kind = ValueError if isinstance(error, ValueError) else TypeError
        if isinstance(x, list | tuple) and len(x) == 1 and isinstance(x[0], str):
            given = f"a {type(x).__name__} with a text; pass the text alone, {x[0][:40]!r}"
        else:
            shape = getattr(x, "shape", None)
            given = f"a {type(x).__name__}{f' of shape {tuple(shape)}' if shape else ''}"
        reason = str(error).replace("X[0]", "x")
        raise kind(
            "x must be one text or sequence, an item of the X that the model takes; if that is a "
            f"data frame of texts or sequences, one row of it as a frame. Got {given}. {reason}"
        ) from error
    return read


def _is_row(x: Any) -> bool:
    """Return True for a table of one row, with a text or a sequence in one of its cells."""
    shape: tuple[Any, ...] = getattr(x, "shape", ())
    if len(shape) != 2 or shape[0] != 1:
        return False
    if hasattr(x, "columns"):
        cells = x.iloc[0].tolist() if hasattr(x, "iloc") else list(x.row(0))
    else:
        cells = list(x[0]) if getattr(getattr(x, "dtype", None), "kind", "") == "O" else []
    return any(isinstance(cell, str) or hasattr(cell, "__len__") for cell in cells)


def words_of(read: Read, lengths: list[int]) -> list[list[str]] | None:
    """Return the words, unless the estimator has read another number of steps."""
    words = all_words(read)
    if words is None or [len(own) for own in words] != lengths:
        return None
    return words


def all_words(read: Read) -> list[list[str]] | None:
    """Return the word of each step that the last step of a pipeline gets; None if it gets none."""
    if not hasattr(read.estimator, "_step_words"):  # an estimator of the user
        return None
    words: list[list[str]] | None = read.estimator._step_words(read.X, read.vocabulary)
    return words
