"""The labels of ragged sequences laid end to end, and which of their steps count."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from reprlib import repr as short
from typing import Any, NamedTuple

import numpy as np

from sklstm._sequences import is_missing, positions, sequence_ids


@dataclass(frozen=True)
class Steps:
    """What an argument holds for each step of all sequences, one sequence after the other.

    Attributes
    ----------
    name : str
        The argument, for error messages.
    n_sequences : int
        Number of sequences, empty ones too.
    values : ndarray of shape (n_steps,), object
        Labels (or weights). Objects, because numpy would write ``["a", None]`` as
        ``["a", "None"]``.
    rows, columns : ndarray of shape (n_steps,)
        The sequence that each step is from, and its place there.
    """

    name: str
    n_sequences: int
    values: np.ndarray
    rows: np.ndarray
    columns: np.ndarray

    @property
    def lengths(self) -> np.ndarray:
        """Number of steps of each sequence."""
        return np.bincount(self.rows, minlength=self.n_sequences)

    def take(self, mask: np.ndarray) -> Steps:
        """Return the steps where `mask` is True."""
        return replace(
            self, values=self.values[mask], rows=self.rows[mask], columns=self.columns[mask]
        )

    def place(self, step: int) -> str:
        """Return what the caller knows a step as, such as ``y_true[17][3]``."""
        return f"{self.name}[{self.rows[step]}][{self.columns[step]}]"


class Matched(NamedTuple):
    """Steps that count: true and predicted labels side by side, and the weight of each or None."""

    true: Steps
    pred: Steps
    weights: np.ndarray | None


def match(y_true: Any, y_pred: Any, padding_label: Any, sample_weight: Any = None) -> Matched:
    """Read the arguments and leave out the steps whose true label is `padding_label`.

    Raises
    ------
    TypeError, ValueError
        If an argument is no collection of sequences, or lengths do not fit; the message names the
        first offending sequence.
    """
    true = _read(y_true, "y_true")
    kept = ~_is_padding(true, padding_label)
    pred = _take_alike(_read(y_pred, "y_pred"), true, kept, "label")
    return Matched(true.take(kept), pred, _step_weights(sample_weight, true, kept))


def _read(y: Any, name: str) -> Steps:
    if len(getattr(y, "shape", ())) == 2:
        y = np.asarray(y)  # what a data frame yields are the names of its columns
    items = [_read_sequence(item, f"{name}[{i}]") for i, item in enumerate(y)]
    if not items:
        raise ValueError(f"{name} holds no sequence.")
    lengths = np.array([len(item) for item in items])
    return Steps(
        name=name,
        n_sequences=len(items),
        values=np.concatenate(items),
        rows=sequence_ids(lengths),
        columns=positions(lengths),
    )


def _read_sequence(item: Any, place: str) -> np.ndarray:
    """Return the entries of one sequence as an object array of shape (n_steps,)."""
    if isinstance(item, list | tuple):
        array = np.fromiter(item, dtype=object, count=len(item))
    else:
        array = np.asarray(item)
    if array.ndim == 0:
        raise TypeError(
            f"{place} is {short(item)}; accepted is a list or array for each sequence, with one "
            "entry a step."
        )
    if array.ndim > 1:
        raise ValueError(f"{place} has shape {array.shape}; accepted is (n_steps,).")
    array = array.astype(object)
    # Scalars of the common types are told by the set of types, so that only others are gone over.
    if not {str, int, float, bool}.issuperset(map(type, array)):
        for j, entry in enumerate(array):
            if hasattr(entry, "__len__") and not isinstance(entry, str | bytes):
                raise TypeError(f"{place}[{j}] is {short(entry)}; a step has one entry.")
    return array


def _is_padding(true: Steps, padding_label: Any) -> np.ndarray:
    if padding_label is None:
        return np.zeros(len(true.values), dtype=bool)
    if is_missing(padding_label):
        padding = [is_missing(label) for label in true.values]
    else:  # NA equals nothing, and is not even willing to say so
        padding = [not is_missing(label) and label == padding_label for label in true.values]
    return np.array(padding, dtype=bool)


def _take_alike(other: Steps, true: Steps, kept: np.ndarray, entry: str) -> Steps:
    """Return the steps of `other` beside the `kept` ones of `true`; it may lack the rest."""
    _check_as_many(other.name, other.n_sequences, true)
    n_given, n_true, n_kept = other.lengths, true.lengths, true.take(kept).lengths
    full = n_given == n_true
    bad = np.flatnonzero(~full & (n_given != n_kept))
    if len(bad):
        i = bad[0]
        left = f", {n_kept[i]} without padding" if n_kept[i] < n_true[i] else ""
        hint = ""
        if kept.all() and n_given[i] < n_true[i]:
            hint = (
                " If y_true has labels at padding, say which label stands for it: padding_label=."
            )
        raise ValueError(
            f"{other.name}[{i}] has {_count(n_given[i], entry)}, but y_true[{i}] has "
            f"{n_true[i]}{left}.{hint}"
        )
    mask = np.ones(len(other.values), dtype=bool)
    mask[full[other.rows]] = kept[full[true.rows]]
    return other.take(mask)


def _check_as_many(name: str, n_sequences: int, true: Steps) -> None:
    if n_sequences != true.n_sequences:
        raise ValueError(
            f"{name} is for {_count(n_sequences, 'sequence')}, but y_true holds {true.n_sequences}."
        )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _step_weights(sample_weight: Any, true: Steps, kept: np.ndarray) -> np.ndarray | None:
    """Return a weight for each kept step, from one a step or one a sequence."""
    if sample_weight is None:
        return None
    if len(getattr(sample_weight, "shape", ())) < 2:
        items = list(sample_weight)
        if not any(hasattr(item, "__len__") for item in items):
            _check_as_many("sample_weight", len(items), true)
            each = _check_weights(items, lambda i: f"sample_weight[{i}]")
            return each[true.rows[kept]]
    ragged = _take_alike(_read(sample_weight, "sample_weight"), true, kept, "weight")
    return _check_weights(ragged.values, ragged.place)


def _check_weights(values: Any, place: Callable[[int], str]) -> np.ndarray:
    try:
        weights = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise TypeError(f"sample_weight must hold numbers: {error}.") from error
    bad = np.flatnonzero(~(np.isfinite(weights) & (weights >= 0)))
    if len(bad):
        raise ValueError(f"{place(int(bad[0]))} is {weights[bad[0]]}; weights are finite, from 0.")
    return weights
