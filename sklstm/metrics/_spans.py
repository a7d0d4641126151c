"""How many spans are found, and how many of those found are there."""

from __future__ import annotations

from numbers import Real
from typing import Any, Literal

import numpy as np
from sklearn.utils._param_validation import Options, StrOptions, validate_params

from sklstm.metrics._counts import count_spans, mean_ratio
from sklstm.metrics._tags import SCHEMES

Average = Literal["micro", "macro", "weighted"] | None
SchemeName = Literal["lenient", "iob2"]

CONSTRAINTS = {
    "y_true": ["array-like"],
    "y_pred": ["array-like"],
    "average": [StrOptions({"micro", "macro", "weighted"}), None],
    "scheme": [StrOptions(set(SCHEMES))],
    "zero_division": [Options(Real, {0.0, 1.0}), "nan", StrOptions({"warn"})],
    "padding_label": [str, Real, "boolean", None],
}


@validate_params(CONSTRAINTS, prefer_skip_nested_validation=True)
def span_f1_score(
    y_true: Any,
    y_pred: Any,
    *,
    average: Average = "micro",
    scheme: SchemeName = "lenient",
    zero_division: Literal["warn"] | float = "warn",
    padding_label: Any = None,
) -> float | np.ndarray:
    """F1 score of spans, such as names in a text, that labels of steps mark.

    The labels are tags: a prefix, and the type of the span. In ``["B-PER", "I-PER", "O", "B-LOC"]``
    B begins a span, I goes on with it and O is outside of all; IOBES has E for the last step of
    a span and S for one of a single step. A span counts as found if the predicted tags mark one of
    the same type that begins and ends at the same steps. F1 is the harmonic mean of
    `span_precision_score` and `span_recall_score`: ``2 * hits / (true + predicted)``.

    Parameters
    ----------
    y_true : list, 1-D object array or Series of label arrays of shape (T_i,), or array of shape \
            (n, T)
        The tags of each sequence, strings, one a step. Sequences may differ in length, and may be
        empty.
    y_pred : like y_true
        The predicted tags. A sequence has as many as in `y_true`, or as are left there without
        padding.
    average : {"micro", "macro", "weighted"} or None, default="micro"
        "micro" counts the spans of all types together, as is usual for names and chunks. "macro"
        is the mean of one score a type, "weighted" the mean weighted by the number of true spans.
        None returns one score a type. The types are those of the spans in `y_true` and `y_pred`.
    scheme : {"lenient", "iob2"}, default="lenient"
        How tags are read. "lenient" makes sense of IOB1, IOB2 and IOBES alike, as the script
        `conlleval` does: an I or E where none of its type goes on begins a span, and a span that
        lacks its E ends where another span or an O follows. "iob2" has spans begin with B only;
        an I that does not follow a B or I of its type belongs to none. It is the stricter
        one for a model that makes tags up, and refuses other prefixes.
    zero_division : {"warn", 0, 1, nan}, default="warn"
        The score where there is nothing to divide by: no span, neither true nor predicted.
        "warn" is 0 and a warning. Means leave NaN out.
    padding_label : str or number, default=None
        Steps with this true label are left out before spans are read, so that those on both sides
        of one are neighbours; NaN stands for all missing labels. None: no step is padding.

    Returns
    -------
    score : float, or ndarray of shape (n_types,) if `average` is None
        From 0 to 1; types in sorted order.

    Raises
    ------
    TypeError
        If an argument is no collection of sequences, or a label no string.
    ValueError
        If a parameter has no accepted value, lengths do not fit, or a label is empty or has a
        prefix that "iob2" does not know. The message names the first offending sequence or step.

    Warns
    -----
    UndefinedMetricWarning
        If there is nothing to divide by and `zero_division` is "warn".
    UserWarning
        If "lenient" comes across labels that are no tags; their first letter is read as a prefix.

    See Also
    --------
    span_precision_score : The share of predicted spans that are true.
    span_recall_score : The share of true spans that are predicted.
    token_accuracy_score : For labels that mark no spans, such as parts of speech.

    Notes
    -----
    The scores equal those of seqeval 1.2.2: "lenient" those of its default mode, "iob2" those of
    ``mode="strict", scheme=IOB2``. Where there is no span at all, seqeval's macro average is NaN;
    here `zero_division` holds for it too. BILOU is not among the schemes of "lenient", which would
    take two neighbouring U of one type for one span.

    References
    ----------
    E. F. Tjong Kim Sang and S. Buchholz (2000). Introduction to the CoNLL-2000 shared task:
    chunking. CoNLL and LLL. It came with `conlleval`.

    H. Nakayama (2018). seqeval: a Python framework for sequence labeling evaluation.
    https://github.com/chakki-works/seqeval

    Examples
    --------
    >>> from sklstm.metrics import span_f1_score
    >>> y_true = [["B-PER", "I-PER", "O", "B-LOC"], ["B-LOC", "O"]]
    >>> y_pred = [["B-PER", "I-PER", "O", "O"], ["I-LOC", "I-LOC"]]
    >>> span_f1_score(y_true, y_pred)
    0.4
    >>> span_f1_score(y_true, y_pred, average=None)  # LOC, PER
    array([0., 1.])

    The I of the second sequence begin nothing if read strictly:

    >>> span_f1_score(y_true, y_pred, scheme="iob2")
    0.5

    `span_f1_scorer` scores a model so; for other parameters there is scikit-learn's:

    >>> from sklearn.metrics import make_scorer
    >>> scorer = make_scorer(span_f1_score, average="macro", zero_division=0)
    """
    counts = count_spans(y_true, y_pred, scheme, padding_label)
    return mean_ratio(
        2 * counts.hits,
        counts.true + counts.pred,
        counts,
        average=average,
        zero_division=zero_division,
        undefined="F1, for want of a true or predicted span,",
    )


@validate_params(CONSTRAINTS, prefer_skip_nested_validation=True)
def span_precision_score(
    y_true: Any,
    y_pred: Any,
    *,
    average: Average = "micro",
    scheme: SchemeName = "lenient",
    zero_division: Literal["warn"] | float = "warn",
    padding_label: Any = None,
) -> float | np.ndarray:
    """Share of the predicted spans that are true.

    `span_f1_score` says what spans are and how they are read.

    Parameters
    ----------
    y_true : list, 1-D object array or Series of label arrays of shape (T_i,), or array of shape \
            (n, T)
        The tags of each sequence, strings, one a step.
    y_pred : like y_true
        The predicted tags. A sequence has as many as in `y_true`, or as are left there without
        padding.
    average : {"micro", "macro", "weighted"} or None, default="micro"
        "micro" counts the spans of all types together. "macro" is the mean of one score a type,
        "weighted" the mean weighted by the number of true spans. None returns one score a type.
    scheme : {"lenient", "iob2"}, default="lenient"
        Whether IOB1, IOB2 and IOBES are all made sense of, or spans begin with B only.
    zero_division : {"warn", 0, 1, nan}, default="warn"
        The score where there is nothing to divide by: no predicted span. "warn" is 0 and a
        warning. Means leave NaN out.
    padding_label : str or number, default=None
        Steps with this true label are left out before spans are read. None: no step is padding.

    Returns
    -------
    score : float, or ndarray of shape (n_types,) if `average` is None
        From 0 to 1; types in sorted order.

    Raises
    ------
    TypeError, ValueError
        As in `span_f1_score`.

    See Also
    --------
    span_recall_score : The share of true spans that are predicted.
    span_f1_score : The harmonic mean of both, and where the definition is from.

    Examples
    --------
    >>> from sklstm.metrics import span_precision_score
    >>> y_true = [["B-PER", "I-PER", "O", "B-LOC"], ["B-LOC", "O"]]
    >>> y_pred = [["B-PER", "I-PER", "O", "O"], ["I-LOC", "I-LOC"]]
    >>> span_precision_score(y_true, y_pred)
    0.5
    """
    counts = count_spans(y_true, y_pred, scheme, padding_label)
    return mean_ratio(
        counts.hits,
        counts.pred,
        counts,
        average=average,
        zero_division=zero_division,
        undefined="Precision, for want of a predicted span,",
    )


@validate_params(CONSTRAINTS, prefer_skip_nested_validation=True)
def span_recall_score(
    y_true: Any,
    y_pred: Any,
    *,
    average: Average = "micro",
    scheme: SchemeName = "lenient",
    zero_division: Literal["warn"] | float = "warn",
    padding_label: Any = None,
) -> float | np.ndarray:
    """Share of the true spans that are predicted.

    `span_f1_score` says what spans are and how they are read.

    Parameters
    ----------
    y_true : list, 1-D object array or Series of label arrays of shape (T_i,), or array of shape \
            (n, T)
        The tags of each sequence, strings, one a step.
    y_pred : like y_true
        The predicted tags. A sequence has as many as in `y_true`, or as are left there without
        padding.
    average : {"micro", "macro", "weighted"} or None, default="micro"
        "micro" counts the spans of all types together. "macro" is the mean of one score a type,
        "weighted" the mean weighted by the number of true spans. None returns one score a type.
    scheme : {"lenient", "iob2"}, default="lenient"
        Whether IOB1, IOB2 and IOBES are all made sense of, or spans begin with B only.
    zero_division : {"warn", 0, 1, nan}, default="warn"
        The score where there is nothing to divide by: no true span. "warn" is 0 and a warning.
        Means leave NaN out.
    padding_label : str or number, default=None
        Steps with this true label are left out before spans are read. None: no step is padding.

    Returns
    -------
    score : float, or ndarray of shape (n_types,) if `average` is None
        From 0 to 1; types in sorted order.

    Raises
    ------
    TypeError, ValueError
        As in `span_f1_score`.

    See Also
    --------
    span_precision_score : The share of predicted spans that are true.
    span_f1_score : The harmonic mean of both, and where the definition is from.

    Examples
    --------
    >>> from sklstm.metrics import span_recall_score
    >>> y_true = [["B-PER", "I-PER", "O", "B-LOC"], ["B-LOC", "O"]]
    >>> y_pred = [["B-PER", "I-PER", "O", "O"], ["I-LOC", "I-LOC"]]
    >>> span_recall_score(y_true, y_pred)
    0.3333
    """
    counts = count_spans(y_true, y_pred, scheme, padding_label)
    return mean_ratio(
        counts.hits,
        counts.true,
        counts,
        average=average,
        zero_division=zero_division,
        undefined="Recall, for want of a true span,",
    )
