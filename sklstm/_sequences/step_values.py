"""Targets and weights that belong to every step of a sequence: checked and flattened."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from sklstm._sequences.arrays import check_unmasked, concatenate, plain
from sklstm._sequences.containers import align_frames, as_container, from_cells
from sklstm._sequences.ragged import Ragged, locate


class TargetError(ValueError):
    """A target that is not accepted.

    Parameters
    ----------
    index : int or tuple of int
        Its index in y.
    message : str
        What is wrong, with ``@`` in the place of ``y[index]``.
    """

    def __init__(self, index: int | tuple[int, ...], message: str):
        super().__init__(index, message)
        self.index = index if isinstance(index, tuple) else (index,)
        self.message = message

    def __str__(self) -> str:
        return self.at(f"y[{', '.join(map(str, self.index))}]")

    def at(self, name: str) -> str:
        """Return the message with `name` in the place of ``@``."""
        return self.message.replace("@", name, 1)


@contextmanager
def target_errors(
    name: str, lengths: np.ndarray | None = None, *, rows: np.ndarray | None = None
) -> Iterator[None]:
    """Raise a `TargetError` of the body as a ValueError that names the target.

    Parameters
    ----------
    name : str
        The argument that holds the targets.
    lengths : ndarray of shape (n_sequences,) or None, default=None
        Numbers of steps, where the targets of all steps are concatenated: the error names the
        sequence and the step then.
    rows : ndarray of int or None, default=None
        The index of each target in the argument, where the body gets some of them only.
    """
    try:
        yield
    except TargetError as error:
        if lengths is None:
            if rows is not None:
                error.index = (int(rows[error.index[0]]), *error.index[1:])
            place = f"[{', '.join(map(str, error.index))}]"
        else:
            step, *rest = error.index
            place = "".join(f"[{k}]" for k in (*locate(step, lengths), *rest))
        raise ValueError(error.at(f"{name}{place}")) from None


def flatten_steps(values: Any, sequences: Ragged, name: str) -> np.ndarray:
    """Return the values of all steps of all sequences as one array.

    Parameters
    ----------
    values : sequence of array-like of shape (T_i,) or (T_i, k), or array of shape (n, T)
        One value for each step of each sequence. If padding was cut off a sequence, values may
        be given with or without those of the padding.
    sequences : Ragged
        As just read from X.
    name : str
        What error messages call the values.

    Raises
    ------
    ValueError
        If a sequence has another number of values than of steps, or a single one.
    """
    values = as_container(values, name)
    if len(getattr(values, "shape", ())) == 2 and hasattr(values, "to_numpy"):
        values = values.to_numpy()  # a frame with a column for each step, or one of sequences
    values, _ = from_cells(values, name)
    values = values.to_list() if hasattr(values, "to_list") else list(values)
    values, _ = align_frames(values, name)
    items = [_values_of(item, i, sequences, name) for i, item in enumerate(values)]
    # The shape and dtype of an empty list mean nothing.
    filled = [i for i, item in enumerate(items) if len(item)] or [0]
    first = items[filled[0]]
    for i in filled:
        if items[i].shape[1:] != first.shape[1:]:
            raise ValueError(
                f"{name}[{i}] has the shape {items[i].shape}, but {name}[{filled[0]}] has "
                f"{first.shape}; they may differ in the number of steps only."
            )
    return concatenate([items[i] for i in filled])


def _values_of(item: Any, i: int, sequences: Ragged, name: str) -> np.ndarray:
    """Return the values of those steps of sequence `i` that are not padding."""
    n_steps = int(sequences.lengths[i])
    if isinstance(item, np.ma.MaskedArray):
        check_unmasked(item, f"{name}[{i}]")
    if isinstance(item, str | bytes) or not hasattr(item, "__len__"):
        raise ValueError(
            f"{name}[{i}] is {plain(item)!r}, one value for a whole sequence, but every step needs "
            f"one: {n_steps} for X[{i}]."
        )
    try:
        array = np.asarray(item)
        if array.dtype.kind in "US" and not isinstance(item, np.ndarray):
            array = _strings(item, array)
    except ValueError as error:
        raise ValueError(
            f"{name}[{i}] holds lists of unequal lengths; every step needs one value."
        ) from error
    if len(array) == n_steps:
        return array
    if sequences.cut is not None and len(array) == sequences.cut.lengths[i]:
        start = int(sequences.cut.before[i])
        return array[start : start + n_steps]
    padded = hint = ""
    if sequences.is_tokens:
        hint = (
            " SequenceTokenizer drops words by its token_pattern, unknown='skip' and max_length; "
            "for lists of words, SequenceTokenizer(analyzer=list) keeps all."
        )
    if sequences.cut is not None and sequences.cut.lengths[i] != n_steps:
        padded = f" ({sequences.cut.lengths[i]} with padding)"
    raise ValueError(
        f"{name}[{i}] has {len(array)} values, but X[{i}] has {n_steps} steps{padded}; every step "
        f"needs one.{hint}"
    )


def _strings(item: Any, array: np.ndarray) -> np.ndarray:
    """Return `array`, unless numpy converted something else to strings, NaN for instance."""
    objects = np.asarray(item, dtype=object)
    types = {type(one) for one in objects.flat}
    return array if types <= {str, np.str_} or types <= {bytes, np.bytes_} else objects
