"""Precision, recall and F1 of spans, which are marked by the tags of their steps.

A tag is a prefix, its first letter, and the type of the span: ``B-PER`` begins a person.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from numbers import Real
from typing import Any, Literal, NamedTuple

import numpy as np
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import make_scorer
from sklearn.utils._param_validation import Options, StrOptions, validate_params

from sklstm._callers import caller_level
from sklstm._sequences import plain
from sklstm.metrics._steps import Steps, match

Average = Literal["micro", "macro", "weighted"] | None
SchemeName = Literal["lenient", "iob2"]

NO_TYPE = "_"  # the type of a tag that consists of a prefix only
CONSTRAINTS = {
    "y_true": ["array-like"],
    "y_pred": ["array-like"],
    "average": [StrOptions({"micro", "macro", "weighted"}), None],
    "scheme": [StrOptions({"lenient", "iob2"})],
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
    """F1 score of spans, such as named entities, that are marked by the labels of their steps.

    The labels are tags, which consist of a prefix and the type of the span. In
    ``["B-PER", "I-PER", "O", "B-LOC"]`` B begins a span, I continues it and O is outside of all
    spans; IOBES also has E for the last step of a span and S for a span of a single step. A true
    span is found if the predicted tags mark a span of the same type with the same first and last
    step. F1 is the harmonic mean of `span_precision_score` and `span_recall_score`:
    ``2 * hits / (true + predicted)``.

    Parameters
    ----------
    y_true : list, 1-D object array or Series of label arrays of shape (T_i,), or array of shape \
            (n, T)
        The true tags of each sequence, strings, one per step. Sequences may differ in length and
        may be empty.
    y_pred : like y_true
        The predicted tags. For each sequence as many as in `y_true`, or as many as remain there
        without padding.
    average : {"micro", "macro", "weighted"} or None, default="micro"
        "micro" counts the spans of all types together, as is usual for named entities and chunks.
        "macro" is the mean of the scores of all types, "weighted" their mean weighted by the number
        of true spans. None returns one score per type. The types are those of the spans in
        `y_true` and `y_pred`.
    scheme : {"lenient", "iob2"}, default="lenient"
        How tags are read. "lenient" accepts IOB1, IOB2 and IOBES, as the script `conlleval` does:
        an I or E that does not continue a span of its type begins one, and a span without its E
        ends before the next span or O. In "iob2" only B begins a span; an I that does not follow a
        B or I of its type is outside of all spans, and other prefixes raise an error. It is the
        stricter measure of models that may predict inconsistent tags.
    zero_division : {"warn", 0, 1, nan}, default="warn"
        The score if there are no spans, neither true nor predicted. "warn" means 0 and a warning.
        NaN is excluded from averages.
    padding_label : str or number, default=None
        Steps with this true label are padding and removed before spans are read, so that the steps
        before and after them become neighbours; NaN stands for all missing labels. None means that
        no step is padding.

    Returns
    -------
    score : float, or ndarray of shape (n_types,) if `average` is None
        Between 0 and 1. The scores of types are in sorted order of the types.

    Raises
    ------
    TypeError
        If an argument is not a collection of sequences, or a label is not a string.
    ValueError
        If a parameter has no accepted value, lengths differ, or a label is empty or has a prefix
        that "iob2" does not accept. The message names the first offending sequence or step.

    Warns
    -----
    UndefinedMetricWarning
        If a score is undefined for lack of spans and `zero_division` is "warn".
    UserWarning
        If "lenient" finds labels that are not tags; their first letter is read as a prefix.

    See Also
    --------
    span_precision_score : The fraction of predicted spans that are true.
    span_recall_score : The fraction of true spans that are predicted.
    token_accuracy_score : For labels that do not mark spans, such as parts of speech.

    Notes
    -----
    The scores equal those of seqeval 1.2.2: "lenient" those of its default mode, "iob2" those of
    ``mode="strict", scheme=IOB2``. If there are no spans at all, seqeval's macro average is NaN,
    whereas here `zero_division` applies to it as well. "lenient" does not support BILOU: it reads
    two adjacent U of one type as one span.

    References
    ----------
    E. F. Tjong Kim Sang and S. Buchholz (2000). Introduction to the CoNLL-2000 shared task:
    chunking. CoNLL and LLL. Introduced `conlleval`.

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

    Read strictly, the two I of the second sequence do not begin a span:

    >>> span_f1_score(y_true, y_pred, scheme="iob2")
    0.5

    `span_f1_scorer` is a scorer with the default parameters; for others use `make_scorer`:

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
        undefined="F1, without a true or predicted span,",
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
    """Fraction of the predicted spans that are true.

    See `span_f1_score` for the definition of spans and how they are read.

    Parameters
    ----------
    y_true : list, 1-D object array or Series of label arrays of shape (T_i,), or array of shape \
            (n, T)
        The true tags of each sequence, strings, one per step.
    y_pred : like y_true
        The predicted tags. For each sequence as many as in `y_true`, or as many as remain there
        without padding.
    average : {"micro", "macro", "weighted"} or None, default="micro"
        "micro" counts the spans of all types together. "macro" is the mean of the scores of all
        types, "weighted" their mean weighted by the number of true spans. None returns one score
        per type.
    scheme : {"lenient", "iob2"}, default="lenient"
        Whether tags may follow IOB1, IOB2 or IOBES ("lenient"), or only B begins a span ("iob2").
    zero_division : {"warn", 0, 1, nan}, default="warn"
        The score if there are no predicted spans. "warn" means 0 and a warning. NaN is excluded
        from averages.
    padding_label : str or number, default=None
        Steps with this true label are padding and removed before spans are read. None means that
        no step is padding.

    Returns
    -------
    score : float, or ndarray of shape (n_types,) if `average` is None
        Between 0 and 1. The scores of types are in sorted order of the types.

    Raises
    ------
    TypeError, ValueError
        As in `span_f1_score`.

    See Also
    --------
    span_recall_score : The fraction of true spans that are predicted.
    span_f1_score : The harmonic mean of both, with references.

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
        undefined="Precision, without a predicted span,",
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
    """Fraction of the true spans that are predicted.

    See `span_f1_score` for the definition of spans and how they are read.

    Parameters
    ----------
    y_true : list, 1-D object array or Series of label arrays of shape (T_i,), or array of shape \
            (n, T)
        The true tags of each sequence, strings, one per step.
    y_pred : like y_true
        The predicted tags. For each sequence as many as in `y_true`, or as many as remain there
        without padding.
    average : {"micro", "macro", "weighted"} or None, default="micro"
        "micro" counts the spans of all types together. "macro" is the mean of the scores of all
        types, "weighted" their mean weighted by the number of true spans. None returns one score
        per type.
    scheme : {"lenient", "iob2"}, default="lenient"
        Whether tags may follow IOB1, IOB2 or IOBES ("lenient"), or only B begins a span ("iob2").
    zero_division : {"warn", 0, 1, nan}, default="warn"
        The score if there are no true spans. "warn" means 0 and a warning. NaN is excluded from
        averages.
    padding_label : str or number, default=None
        Steps with this true label are padding and removed before spans are read. None means that
        no step is padding.

    Returns
    -------
    score : float, or ndarray of shape (n_types,) if `average` is None
        Between 0 and 1. The scores of types are in sorted order of the types.

    Raises
    ------
    TypeError, ValueError
        As in `span_f1_score`.

    See Also
    --------
    span_precision_score : The fraction of predicted spans that are true.
    span_f1_score : The harmonic mean of both, with references.

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
        undefined="Recall, without a true span,",
    )


span_f1_scorer = make_scorer(span_f1_score)


# Counting spans


@dataclass(frozen=True)
class SpanCounts:
    """Number of spans of each type.

    Attributes
    ----------
    types : list of str
        The types of all spans, sorted.
    true, pred : ndarray of shape (n_types,)
        Number of spans in the true and in the predicted tags.
    hits : ndarray of shape (n_types,)
        Number of spans in both.
    """

    types: list[str]
    true: np.ndarray
    pred: np.ndarray
    hits: np.ndarray


def count_spans(y_true: Any, y_pred: Any, scheme: str, padding_label: Any) -> SpanCounts:
    """Count the spans that true and predicted tags mark, and those that both mark."""
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
    """Return ``part / whole``, per type or averaged.

    Parameters
    ----------
    part, whole : ndarray of shape (n_types,)
        Numerators and denominators.
    counts : SpanCounts
        The types, and the number of true spans of each.
    average, zero_division
        The parameters of the public functions.
    undefined : str
        The subject of the warning if `whole` is 0: "Precision, without a predicted span,".
    """
    if average == "micro":
        part, whole = part.sum(keepdims=True), whole.sum(keepdims=True)
    fill = 0.0 if zero_division == "warn" else float(zero_division)
    nothing = whole == 0
    ratios = np.divide(part, whole, out=np.full(len(whole), fill), where=~nothing)
    # Without any span there are no types to average over.
    empty = average is not None and len(whole) == 0
    if zero_division == "warn" and (empty or nothing.any()):
        of = "" if empty or average == "micro" else f" for {_names(counts.types, nothing)}"
        warnings.warn(
            f"{undefined} is ill-defined and set to 0{of}. Use zero_division to choose a value "
            "and avoid this warning.",
            UndefinedMetricWarning,
            stacklevel=caller_level(),
        )
    if average is None:
        return ratios
    if average == "micro":
        return float(ratios[0])
    defined = ~np.isnan(ratios)
    if not defined.any():
        return fill
    weights = counts.true[defined] if average == "weighted" else None
    # Weights that are all 0 have no weighted mean; like scikit-learn, take the plain one.
    if weights is not None and not weights.any():
        weights = None
    return float(np.average(ratios[defined], weights=weights))


def _names(types: list[str], mask: np.ndarray) -> str:
    names = [repr(name) for name, chosen in zip(types, mask, strict=True) if chosen]
    return ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")


# Reading spans. Sequences are concatenated with an "O" after each, so that rules about a step and
# the one before it apply to all sequences at once.

# Type, start and stop, as indices into the steps of all sequences; the stop is exclusive.
Span = tuple[str, int, int]


class _Tags(NamedTuple):
    """The prefix of each step, that of the step before, and whether their types differ."""

    prefix: np.ndarray
    before: np.ndarray
    changed: np.ndarray


class _Scheme(NamedTuple):
    split: Callable[[str], tuple[str, str]]  # a tag into prefix and type
    bounds: Callable[[_Tags], tuple[np.ndarray, np.ndarray]]  # where spans start and stop
    is_tag: Callable[[str], bool]
    strict: bool  # whether any other tag is an error


def find_spans(labels: Steps, scheme: str) -> set[Span]:
    """Return the spans that the tags mark in one of the `SCHEMES`.

    Raises
    ------
    TypeError
        If a label is not a string.
    ValueError
        If a label is empty, or not a tag of a strict scheme.
    """
    split, bounds, _, _ = SCHEMES[scheme]
    names, codes = _read_names(labels, scheme)
    codes = np.insert(codes, np.cumsum(labels.lengths), names.index("O"))
    prefixes, types_of_names = zip(*(split(name) for name in names), strict=True)
    types, type_codes = _encode(types_of_names)
    prefix, kind = np.array(prefixes)[codes], type_codes[codes]
    # The first step is preceded by an O with the type -1, which no step has.
    tags = _Tags(prefix, np.append("O", prefix[:-1]), kind != np.append(-1, kind[:-1]))
    starts, stops = bounds(tags)
    type_of_each = [types[code] for code in kind[stops - 1].tolist()]
    return set(zip(type_of_each, starts.tolist(), stops.tolist(), strict=True))


def _read_names(labels: Steps, scheme: str) -> tuple[list[str], np.ndarray]:
    """Return the distinct labels, "O" included, and the index of each step's label among them."""
    for k, label in enumerate(labels.values):
        if not isinstance(label, str):
            raise TypeError(
                f"{labels.place(k)} is {plain(label)!r}; spans are marked by strings, such as 'O' "
                "and 'B-PER'. padding_label excludes steps without a label."
            )
    names, codes = _encode([*labels.values, "O"])
    odd = [name for name in names if not name or not SCHEMES[scheme].is_tag(name)]
    if odd:  # name one of them; an empty one first, as it is always an error
        name = "" if "" in odd else odd[0]
        _complain(name, labels.place(int(np.argmax(codes == names.index(name)))), scheme)
    return names, codes[:-1]


def _complain(name: str, place: str, scheme: str) -> None:
    if not name:
        raise ValueError(f"{place} is an empty string, but a tag begins with its prefix.")
    if SCHEMES[scheme].strict:
        raise ValueError(
            f"{place} is {plain(name)!r}; scheme={scheme!r} accepts the prefixes B, I and O only. "
            "scheme='lenient' accepts others."
        )
    warnings.warn(
        f"{place} is {plain(name)!r}, not a tag such as 'O' or 'B-PER': its first letter is read "
        "as the prefix, the rest as the type. For labels that do not mark spans use "
        "token_accuracy_score.",
        UserWarning,
        stacklevel=caller_level(),
    )


def _encode(items: Iterable[Hashable]) -> tuple[list[Any], np.ndarray]:
    """Return the distinct items in order of occurrence, and the index of each item among them."""
    items = list(items)
    number = {name: code for code, name in enumerate(dict.fromkeys(items))}
    return list(number), np.array([number[item] for item in items], dtype=np.intp)


def _among(prefix: np.ndarray, letters: str) -> np.ndarray:
    found: np.ndarray = np.logical_or.reduce([prefix == letter for letter in letters])
    return found


def _split_lenient(tag: str) -> tuple[str, str]:
    """Split a tag at its first hyphen; ``BX-PER`` and ``BPER`` are read as ``B-PER``."""
    return tag[0], tag[1:].split("-", maxsplit=1)[-1] or NO_TYPE


def _split_strict(tag: str) -> tuple[str, str]:
    return tag[0], tag[1:].strip("-") or NO_TYPE


def _lenient_bounds(tags: _Tags) -> tuple[np.ndarray, np.ndarray]:
    """Return the bounds that `conlleval` finds: every stop, with the last start before it.

    A start without a stop is dropped at the next start. A stop without a start occurs only if
    labels are not tags; it is paired with an earlier start.
    """
    prefix, before, changed = tags
    start = (
        _among(prefix, "BS")
        | (_among(prefix, "IE") & _among(before, "OES"))
        | (changed & ~_among(prefix, "O."))
    )
    stop = (
        _among(before, "ES")
        | (_among(before, "BI") & _among(prefix, "BSO"))
        | (changed & ~_among(before, "O."))
    )
    starts, stops = np.flatnonzero(start), np.flatnonzero(stop)
    return np.append(0, starts)[np.searchsorted(starts, stops)], stops


def _iob2_bounds(tags: _Tags) -> tuple[np.ndarray, np.ndarray]:
    """Return the bounds of each B and the following I of its type; other I are outside."""
    prefix, before, changed = tags
    continues = (prefix == "I") & _among(before, "BI") & ~changed
    heads = np.flatnonzero(~continues)
    begins = prefix[heads] == "B"
    return heads[begins], np.append(heads[1:], len(prefix))[begins]


def _is_common_tag(name: str) -> bool:
    return name in ("O", "B", "I", "E", "S") or name.startswith(("B-", "I-", "E-", "S-"))


SCHEMES = {
    "lenient": _Scheme(_split_lenient, _lenient_bounds, _is_common_tag, strict=False),
    "iob2": _Scheme(_split_strict, _iob2_bounds, lambda name: name[0] in "BIO", strict=True),
}
