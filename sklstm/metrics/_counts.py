"""Spans counted by type, and the ratios of counts averaged."""

from __future__ import annotations

import warnings
from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.exceptions import UndefinedMetricWarning

from sklstm.metrics._steps import match
from sklstm.metrics._tags import Span, find_spans

CALLER = 4  # frames from `mean_ratio` to the caller of a public function, its validation between


@dataclass(frozen=True)
class SpanCounts:
    """How many spans of each type there are.

    Attributes
    ----------
    types : list of str
        Those of all spans, sorted.
    true, pred : ndarray of shape (n_types,)
        Spans in the true and the predicted tags.
    hits : ndarray of shape (n_types,)
        Spans in both.
    """

    types: list[str]
    true: np.ndarray
    pred: np.ndarray
    hits: np.ndarray


def count_spans(y_true: Any, y_pred: Any, scheme: str, padding_label: Any) -> SpanCounts:
    """Read and compare the spans that true and predicted tags mark."""
    matched = match(y_true, y_pred, padding_label)
    true, pred = find_spans(matched.true, scheme), find_spans(matched.pred, scheme)
    types = sorted({name for name, _, _ in true | pred})
    return SpanCounts(types, *(_by_type(spans, types) for spans in (true, pred, true & pred)))


def _by_type(spans: set[Span], types: list[str]) -> np.ndarray:
    counted = Counter(name for name, _, _ in spans)
    return np.array([counted[name] for name in types], dtype=np.int64)


def mean_ratio(
    part: np.ndarray,
    whole: np.ndarray,
    counts: SpanCounts,
    *,
    average: str | None,
    zero_division: str | float,
    undefined: str,
) -> float | np.ndarray:
    """Return ``part / whole``, of each type or averaged.

    Parameters
    ----------
    part, whole : ndarray of shape (n_types,)
        What to divide by what.
    counts : SpanCounts
        The types, and how many true spans each has.
    average, zero_division
        As the public functions have them.
    undefined : str
        What to warn of where `whole` is 0: "Precision, for want of a predicted span,".
    """
    if average == "micro":
        part, whole = part.sum(keepdims=True), whole.sum(keepdims=True)
    fill = 0.0 if zero_division == "warn" else float(zero_division)
    nothing = whole == 0
    ratios = np.divide(part, whole, out=np.full(len(whole), fill), where=~nothing)
    # Without any span there are no types to take a mean of.
    empty = average is not None and len(whole) == 0
    if zero_division == "warn" and (empty or nothing.any()):
        of = "" if empty or average == "micro" else f" for {_names(counts.types, nothing)}"
        warnings.warn(
            f"{undefined} is ill-defined and set to 0{of}. Use zero_division to choose a value "
            "or be rid of this warning.",
            UndefinedMetricWarning,
            stacklevel=CALLER,
        )
    if average is None:
        return ratios
    if average == "micro":
        return float(ratios[0])
    defined = ~np.isnan(ratios)
    if not defined.any():
        return fill
    weights = counts.true[defined] if average == "weighted" else None
    # Weights that are all 0 decide nothing: scikit-learn takes the plain mean then, and so do we.
    if weights is not None and not weights.any():
        weights = None
    return float(np.average(ratios[defined], weights=weights))


def _names(types: list[str], mask: np.ndarray) -> str:
    names = [repr(name) for name, chosen in zip(types, mask, strict=True) if chosen]
    return ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
