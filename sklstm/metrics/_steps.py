"""Accuracy over the steps of ragged sequences, and the reading of their labels."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, replace
from numbers import Real
from reprlib import repr as short
from typing import Any, NamedTuple

import numpy as np
from sklearn.metrics import make_scorer
from sklearn.utils._param_validation import validate_params

from sklstm._sequences import check_entries, is_missing, label_fault, plain, positions, sequence_ids


@validate_params(
    {
        "y_true": ["array-like"],
        "y_pred": ["array-like"],
        "sample_weight": ["array-like", None],
        "padding_label": [str, Real, "boolean", None],
    },
    prefer_skip_nested_validation=True,
)
def token_accuracy_score(
    y_true: Any, y_pred: Any, *, sample_weight: Any = None, padding_label: Any = None
) -> float:
    """Fraction of steps that are labelled correctly, over all steps of all sequences.

    Every step has the same weight, so a long sequence counts more than a short one.

    Parameters
    ----------
    y_true : list, 1-D object array or Series of label arrays of shape (T_i,), or array of shape \
            (n, T)
        The true labels of each sequence, strings or numbers, one per step. Sequences may differ
        in length and may be empty.
    y_pred : like y_true
        The predicted labels. For each sequence as many as in `y_true`, or as many as remain there
        without padding.
    sample_weight : array-like of shape (n,) or like y_true, default=None
        Weights of the steps: one weight per sequence, which applies to all of its steps, or one
        per step, with or without the padding. None gives all steps the same weight.
    padding_label : str or number, default=None
        Steps with this true label are padding and excluded, whatever the prediction; NaN stands
        for all missing labels. Padding is easy to predict and would make the score look better
        than it is. None means that no step is padding.

    Returns
    -------
    score : float
        From 0 to 1.

    Raises
    ------
    TypeError
        If an argument is not a collection of sequences, a step has several labels, one argument
        contains strings and the other numbers, or weights are not numbers.
    ValueError
        If lengths differ, a label is missing (NaN, None), a weight is negative or not finite, or
        there is nothing to average: no step besides padding, or no weight above 0. The message
        names the first offending sequence or step.

    See Also
    --------
    span_f1_score : For labels that mark spans, where most steps are outside of all spans and easy
        to predict.

    Examples
    --------
    >>> from sklstm.metrics import token_accuracy_score
    >>> y_true = [["DET", "NOUN", "VERB"], ["VERB"]]
    >>> y_pred = [["DET", "VERB", "VERB"], ["VERB"]]
    >>> token_accuracy_score(y_true, y_pred)
    0.75
    >>> token_accuracy_score(y_true, y_pred, sample_weight=[1, 3])
    0.8333

    Labels padded with -1, and predictions without padding:

    >>> token_accuracy_score([[0, 1, 1], [1, -1, -1]], [[0, 0, 1], [1]], padding_label=-1)
    0.75
    """
    true, pred, weights = match(y_true, y_pred, padding_label, sample_weight)
    if not len(true.values):
        besides = "" if padding_label is None else f" besides padding ({plain(padding_label)!r})"
        raise ValueError(f"y_true holds no step{besides}, so there is no accuracy.")
    if weights is not None and not weights.sum() > 0:
        raise ValueError("sample_weight leaves no step a weight above 0.")
    _check_labels(true, pred)
    return float(np.average(true.values == pred.values, weights=weights))


token_accuracy_scorer = make_scorer(token_accuracy_score)


def _check_labels(true: Steps, pred: Steps) -> None:
    """Raise if a label is missing, or if strings and others are mixed."""
    for steps in (true, pred):
        fault = label_fault(steps.values)
        if fault is not None and is_missing(steps.values[fault[0]]):
            raise ValueError(
                f"{steps.place(fault[0])} {fault[1]}; every step needs a label, except those that "
                "padding_label excludes."
            )
        if fault is not None:
            raise TypeError(f"{steps.place(fault[0])} {fault[1]}.")
    texts = [{isinstance(label, str) for label in steps.values} for steps in (true, pred)]
    if not texts[0] & texts[1]:
        raise TypeError(
            "One of y_true and y_pred contains strings and the other does not: "
            f"{true.place(0)} is {plain(true.values[0])!r} and {pred.place(0)} is "
            f"{plain(pred.values[0])!r}."
        )


@dataclass(frozen=True)
class Steps:
    """The labels or weights of all steps, with the sequences concatenated.

    Attributes
    ----------
    name : str
        Name of the argument, for error messages.
    n_sequences : int
        Number of sequences, including empty ones.
    values : ndarray of shape (n_steps,), object
        The labels or weights. Objects, because numpy would convert ``["a", None]`` to
        ``["a", "None"]``.
    rows, columns : ndarray of shape (n_steps,)
        The sequence of each step, and its position there.
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
        """Return the name of a step for the caller, such as ``y_true[17][3]``."""
        return f"{self.name}[{self.rows[step]}][{self.columns[step]}]"


class Matched(NamedTuple):
    """True and predicted labels of the steps that are not padding, and their weights or None."""

    true: Steps
    pred: Steps
    weights: np.ndarray | None


def match(y_true: Any, y_pred: Any, padding_label: Any, sample_weight: Any = None) -> Matched:
    """Read the arguments and exclude the steps whose true label is `padding_label`.

    Raises
    ------
    TypeError, ValueError
        If an argument is not a collection of sequences, or lengths differ; the message names the
        first offending sequence.
    """
    true = _read(y_true, "y_true")
    kept = ~_is_padding(true, padding_label)
    pred = _take_matching(_read(y_pred, "y_pred"), true, kept, "label")
    return Matched(true.take(kept), pred, _step_weights(sample_weight, true, kept))


def _read(y: Any, name: str) -> Steps:
    check_entries(y, name, dates=True)
    if len(getattr(y, "shape", ())) == 2:
        y = np.asarray(y)  # iterating over a data frame gives the names of its columns
    items = [_read_sequence(item, f"{name}[{i}]") for i, item in enumerate(y)]
    if not items:
        raise ValueError(f"{name} contains no sequence.")
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
            f"{place} is {short(plain(item))}; accepted is a list or array for each sequence, with "
            "one entry per step."
        )
    if array.ndim > 1:
        raise ValueError(f"{place} has shape {array.shape}; accepted is (n_steps,).")
    array = array.astype(object)
    # The set of types is found quickly; only uncommon types need a check of each entry.
    if not {str, int, float, bool}.issuperset(map(type, array)):
        for j, entry in enumerate(array):
            if hasattr(entry, "__len__") and not isinstance(entry, str | bytes):
                raise TypeError(f"{place}[{j}] is {short(plain(entry))}; a step has one entry.")
    return array


def _is_padding(true: Steps, padding_label: Any) -> np.ndarray:
    if padding_label is None:
        return np.zeros(len(true.values), dtype=bool)
    if is_missing(padding_label):
        padding = [is_missing(label) for label in true.values]
    else:  # comparing NA gives NA, which has no truth value
        padding = [not is_missing(label) and label == padding_label for label in true.values]
    return np.array(padding, dtype=bool)


def _take_matching(other: Steps, true: Steps, kept: np.ndarray, entry: str) -> Steps:
    """Return the steps of `other` that match the `kept` ones of `true`; others may be absent."""
    _check_as_many(other.name, other.n_sequences, true)
    n_given, n_true, n_kept = other.lengths, true.lengths, true.take(kept).lengths
    full = n_given == n_true
    bad = np.flatnonzero(~full & (n_given != n_kept))
    if len(bad):
        i = bad[0]
        left = f", {n_kept[i]} without padding" if n_kept[i] < n_true[i] else ""
        hint = ""
        if kept.all() and n_given[i] < n_true[i]:
            hint = " If y_true contains padding, pass its label as padding_label."
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
    """Return a weight for each kept step, from weights per step or per sequence."""
    if sample_weight is None:
        return None
    if isinstance(sample_weight, Set | Mapping):
        raise TypeError(
            f"sample_weight is a {type(sample_weight).__name__}, which has no order; accepted is a "
            "list or array."
        )
    check_entries(sample_weight, "sample_weight")
    if len(getattr(sample_weight, "shape", ())) < 2:
        items = list(sample_weight)
        if not any(hasattr(item, "__len__") for item in items):
            _check_as_many("sample_weight", len(items), true)
            each = check_weights(items, lambda i: f"sample_weight[{i}]")
            return each[true.rows[kept]]
    ragged = _take_matching(_read(sample_weight, "sample_weight"), true, kept, "weight")
    return check_weights(ragged.values, ragged.place)


def check_weights(values: Any, place: Callable[[int], str]) -> np.ndarray:
    try:
        weights = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise TypeError(f"sample_weight must hold numbers: {error}.") from error
    bad = np.flatnonzero(~(np.isfinite(weights) & (weights >= 0)))
    if len(bad):
        raise ValueError(f"{place(int(bad[0]))} is {weights[bad[0]]}; weights are finite, from 0.")
    return weights
