"""Spans read from the tags of their steps.

A tag is a prefix, its first letter, and the type of the span: ``B-PER`` begins a person. Sequences
lie end to end with an ``O`` after each, so that rules about a step and the one before it are
applied to all sequences at once.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Hashable, Iterable
from typing import Any, NamedTuple

import numpy as np

from sklstm.metrics._steps import Steps

NO_TYPE = "_"  # the type of a tag that is a prefix alone
CALLER = 5  # frames from `find_spans` to the caller of a public function, its validation between


# Type, start and stop: steps counted through all sequences, the stop one past the last.
Span = tuple[str, int, int]


class _Tags(NamedTuple):
    """Each step's prefix, that of the step before, and whether the type is another than there."""

    prefix: np.ndarray
    before: np.ndarray
    changed: np.ndarray


class _Scheme(NamedTuple):
    split: Callable[[str], tuple[str, str]]  # a tag into prefix and type
    bounds: Callable[[_Tags], tuple[np.ndarray, np.ndarray]]  # where spans start and stop
    is_tag: Callable[[str], bool]
    strict: bool  # whether anything else is refused


def find_spans(labels: Steps, scheme: str) -> set[Span]:
    """Return the spans that the tags mark, by one of `SCHEMES`.

    Raises
    ------
    TypeError
        If a label is no string.
    ValueError
        If it is empty, or no tag of a strict scheme.
    """
    split, bounds, _, _ = SCHEMES[scheme]
    names, codes = _read_names(labels, scheme)
    codes = np.insert(codes, np.cumsum(labels.lengths), names.index("O"))
    prefixes, types_of_names = zip(*(split(name) for name in names), strict=True)
    types, type_codes = _encode(types_of_names)
    prefix, kind = np.array(prefixes)[codes], type_codes[codes]
    # What precedes the first step is an O with a type of its own: -1.
    tags = _Tags(prefix, np.append("O", prefix[:-1]), kind != np.append(-1, kind[:-1]))
    starts, stops = bounds(tags)
    type_of_each = [types[code] for code in kind[stops - 1].tolist()]
    return set(zip(type_of_each, starts.tolist(), stops.tolist(), strict=True))


def _read_names(labels: Steps, scheme: str) -> tuple[list[str], np.ndarray]:
    """Return the labels that occur, "O" among them, and for each step the number of its own."""
    for k, label in enumerate(labels.values):
        if not isinstance(label, str):
            raise TypeError(
                f"{labels.place(k)} is {label!r}; spans are marked by strings, such as 'O' and "
                "'B-PER'. padding_label leaves out steps that have no label."
            )
    names, codes = _encode([*labels.values, "O"])
    odd = [name for name in names if not name or not SCHEMES[scheme].is_tag(name)]
    if odd:  # one is enough to tell of, and nothing can be made of an empty one
        name = "" if "" in odd else odd[0]
        _complain(name, labels.place(int(np.argmax(codes == names.index(name)))), scheme)
    return names, codes[:-1]


def _complain(name: str, place: str, scheme: str) -> None:
    if not name:
        raise ValueError(f"{place} is an empty string, but a tag begins with its prefix.")
    if SCHEMES[scheme].strict:
        raise ValueError(
            f"{place} is {name!r}; scheme={scheme!r} knows the prefixes B, I and O only. "
            "scheme='lenient' takes others."
        )
    warnings.warn(
        f"{place} is {name!r}, which is no tag such as 'O' or 'B-PER': its first letter is taken "
        "for a prefix, the rest for a type. For labels that mark no spans there is "
        "token_accuracy_score.",
        UserWarning,
        stacklevel=CALLER + 2,
    )


def _encode(items: Iterable[Hashable]) -> tuple[list[Any], np.ndarray]:
    """Return what occurs among `items`, in that order, and the number of each item's own."""
    items = list(items)
    number = {name: code for code, name in enumerate(dict.fromkeys(items))}
    return list(number), np.array([number[item] for item in items], dtype=np.intp)


def _among(prefix: np.ndarray, letters: str) -> np.ndarray:
    found: np.ndarray = np.logical_or.reduce([prefix == letter for letter in letters])
    return found


def _split_lenient(tag: str) -> tuple[str, str]:
    """Cut a tag behind its first hyphen; ``BX-PER`` and ``BPER`` are ``B-PER`` too."""
    return tag[0], tag[1:].split("-", maxsplit=1)[-1] or NO_TYPE


def _split_strict(tag: str) -> tuple[str, str]:
    return tag[0], tag[1:].strip("-") or NO_TYPE


def _lenient_bounds(tags: _Tags) -> tuple[np.ndarray, np.ndarray]:
    """Return the bounds that `conlleval` sees: every stop, with the last start before it.

    A start without a stop is given up at the next start. A stop without a start can come only from
    labels that are no tags, and reaches back to a start long past.
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
    """Return the bounds of each B with the I of its type that follow; other I belong to none."""
    prefix, before, changed = tags
    goes_on = (prefix == "I") & _among(before, "BI") & ~changed
    heads = np.flatnonzero(~goes_on)
    begins = prefix[heads] == "B"
    return heads[begins], np.append(heads[1:], len(prefix))[begins]


def _is_common_tag(name: str) -> bool:
    return name in ("O", "B", "I", "E", "S") or name.startswith(("B-", "I-", "E-", "S-"))


SCHEMES = {
    "lenient": _Scheme(_split_lenient, _lenient_bounds, _is_common_tag, strict=False),
    "iob2": _Scheme(_split_strict, _iob2_bounds, lambda name: name[0] in "BIO", strict=True),
}
