"""What belongs to every step of a sequence: laid end to end, checked, and split again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from sklstm._sequences.ragged import Ragged


class BadTarget(ValueError):
    """A target that cannot be taken.

    Parameters
    ----------
    index : int or tuple of int
        Where it is in y.
    message : str
        What is wrong, with ``@`` for ``y[index]``.
    """

    def __init__(self, index: int | tuple[int, ...], message: str):
        super().__init__(index, message)
        self.index = index if isinstance(index, tuple) else (index,)
        self.message = message

    def __str__(self) -> str:
        return self.at(f"y[{', '.join(map(str, self.index))}]")

    def at(self, place: str) -> str:
        """Return the message with the place written so."""
        return self.message.replace("@", place, 1)


@contextmanager
def named_by_step(lengths: np.ndarray, name: str) -> Iterator[None]:
    """Have a `BadTarget` among the steps of all sequences name its sequence and its step."""
    try:
        yield
    except BadTarget as error:
        ends = np.cumsum(lengths)
        step, *rest = error.index
        i = int(np.searchsorted(ends, step, side="right"))
        place = (i, step - int(ends[i] - lengths[i]), *rest)
        brackets = "".join(f"[{k}]" for k in place)
        raise ValueError(error.at(f"{name}{brackets}")) from None


def lay_steps(values: Any, sequences: Ragged, name: str) -> np.ndarray:
    """Return one value for every step of all sequences, end to end.

    Parameters
    ----------
    values : sequence of array-like of shape (T_i,) or (T_i, k), or array of shape (n, T)
        For each sequence as many as it has steps. Where padding was cut off the sequence, it is
        cut off these as well, unless they come without it.
    sequences : Ragged
        As just read from X.
    name : str
        What errors call the values.

    Raises
    ------
    ValueError
        If there are not as many as steps, or there is one for a whole sequence.
    """
    if len(getattr(values, "shape", ())) == 2 and hasattr(values, "to_numpy"):
        values = values.to_numpy()  # a frame with a column for each step
    values = values.to_list() if hasattr(values, "to_list") else values
    items = [_own_steps(item, i, sequences, name) for i, item in enumerate(values)]
    for i, item in enumerate(items):
        if item.shape[1:] != items[0].shape[1:]:
            raise ValueError(
                f"{name}[{i}] has the shape {item.shape}, but {name}[0] has {items[0].shape}; all "
                "but the number of steps has to be alike."
            )
    numbers = [item.dtype.kind in "biuf" for item in items]
    if any(numbers) and not all(numbers):  # numpy would make strings of the numbers
        items = [item.astype(object) for item in items]
    return np.concatenate(items)


def _own_steps(item: Any, i: int, sequences: Ragged, name: str) -> np.ndarray:
    """Return the values of the steps of sequence `i` that are no padding."""
    n_steps = int(sequences.lengths[i])
    if isinstance(item, str | bytes) or not hasattr(item, "__len__"):
        raise ValueError(
            f"{name}[{i}] is {item!r}, one value for a whole sequence, but every step needs one: "
            f"{n_steps} for X[{i}]."
        )
    try:
        array = np.asarray(item)
        if array.dtype.kind in "US" and not isinstance(item, np.ndarray):
            array = _strings(item, array)
    except ValueError as error:
        raise ValueError(
            f"{name}[{i}] cannot be read as one value for every step: {error}"
        ) from error
    if len(array) == n_steps:
        return array
    if sequences.cut is not None and len(array) == sequences.cut.lengths[i]:
        start = int(sequences.cut.before[i])
        return array[start : start + n_steps]
    padded = hint = ""
    if sequences.is_tokens:
        hint = (
            " SequenceTokenizer leaves words out by its token_pattern, unknown='skip' and "
            "max_length; of lists of words, SequenceTokenizer(analyzer=list) takes all."
        )
    if sequences.cut is not None and sequences.cut.lengths[i] != n_steps:
        padded = f" ({sequences.cut.lengths[i]} with padding)"
    raise ValueError(
        f"{name}[{i}] has {len(array)} values, but X[{i}] has {n_steps} steps{padded}; every step "
        f"needs one.{hint}"
    )


def _strings(item: Any, array: np.ndarray) -> np.ndarray:
    """Return strings as `array` has them, unless numpy made some of what is none, NaN say."""
    objects = np.asarray(item, dtype=object)
    return array if all(isinstance(one, str | bytes) for one in objects.flat) else objects


def split_steps(flat: np.ndarray, lengths: Sequence[int] | np.ndarray) -> np.ndarray:
    """Return an object array of the rows of each sequence.

    It has one dimension even where all lengths are equal, so that results of several calls can be
    joined.
    """
    split = np.empty(len(lengths), dtype=object)
    for i, part in enumerate(np.split(flat, np.cumsum(lengths)[:-1])):
        split[i] = part
    return split
