"""How many steps are labelled right."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np
from sklearn.utils._param_validation import validate_params

from sklstm._sequences import is_missing
from sklstm.metrics._steps import Steps, match


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
    """Share of steps that are labelled right, over all steps of all sequences.

    Every step counts the same, so a long sequence counts more than a short one.

    Parameters
    ----------
    y_true : list, 1-D object array or Series of label arrays of shape (T_i,), or array of shape \
            (n, T)
        The labels of each sequence, one a step: strings or numbers. Sequences may differ in
        length, and may be empty.
    y_pred : like y_true
        The predicted labels. A sequence has as many as in `y_true`, or as are left there without
        padding.
    sample_weight : array-like of shape (n,) or like y_true, default=None
        How much a step counts: one weight for all steps of a sequence, or one a step, with or
        without those at padding. None: all alike.
    padding_label : str or number, default=None
        Steps with this true label are left out, whatever was predicted there; NaN stands for
        all missing labels. Labels that fill up a rectangle would be right without effort, and
        make the score look better than it is. None: no step is padding.

    Returns
    -------
    score : float
        From 0 to 1.

    Raises
    ------
    TypeError
        If an argument is no collection of sequences, a step holds several labels, one argument
        holds strings and the other numbers, or weights are no numbers.
    ValueError
        If lengths do not fit, a label is missing (NaN, None), a weight is negative or not finite,
        or there is nothing to average: no step besides padding, or no weight above 0. The message
        names the first offending sequence or step.

    See Also
    --------
    span_f1_score : For labels that mark spans; most steps are outside of all, and easy.

    Examples
    --------
    >>> from sklstm.metrics import token_accuracy_score
    >>> y_true = [["DET", "NOUN", "VERB"], ["VERB"]]
    >>> y_pred = [["DET", "VERB", "VERB"], ["VERB"]]
    >>> token_accuracy_score(y_true, y_pred)
    0.75
    >>> token_accuracy_score(y_true, y_pred, sample_weight=[1, 3])
    0.8333

    A rectangle filled up with -1, against predictions without it:

    >>> token_accuracy_score([[0, 1, 1], [1, -1, -1]], [[0, 0, 1], [1]], padding_label=-1)
    0.75
    """
    true, pred, weights = match(y_true, y_pred, padding_label, sample_weight)
    if not len(true.values):
        besides = "" if padding_label is None else f" besides padding ({padding_label!r})"
        raise ValueError(f"y_true holds no step{besides}, so no share of them is right.")
    if weights is not None and not weights.sum() > 0:
        raise ValueError("sample_weight leaves no step a weight above 0.")
    _check_labels(true, pred)
    return float(np.average(true.values == pred.values, weights=weights))


def _check_labels(true: Steps, pred: Steps) -> None:
    """Raise if a label is missing, or if none can be right for want of a common type."""
    for steps in (true, pred):
        for k, label in enumerate(steps.values):
            if is_missing(label):
                raise ValueError(
                    f"{steps.place(k)} is {label!r}; every step needs a label, but for those that "
                    "padding_label leaves out."
                )
    texts = [{isinstance(label, str) for label in steps.values} for steps in (true, pred)]
    if not texts[0] & texts[1]:
        raise TypeError(
            "One of y_true and y_pred holds strings and the other does not: "
            f"{true.place(0)} is {true.values[0]!r} and {pred.place(0)} is {pred.values[0]!r}."
        )
