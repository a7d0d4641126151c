"""Write tokens as text again: characters, subwords or words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import groupby
from numbers import Integral
from typing import Any

import numpy as np

from sklstm._sequences.tokens import (
    END_ID,
    PADDING_ID,
    RESERVED_WORDS,
    START_ID,
    UNKNOWN_ID,
    Unit,
    Vocabulary,
    check_unit,
)

_UNKNOWN = RESERVED_WORDS[UNKNOWN_ID]
_NOT_SHOWN = frozenset(RESERVED_WORDS[i] for i in (PADDING_ID, START_ID, END_ID))


def join_tokens(
    tokens: Sequence[Any] | np.ndarray, vocabulary: Vocabulary | Unit, *, capitalize: bool = True
) -> str:
    """Return the text that tokens stand for.

    Characters and subwords give exactly the text that they were made from; bytes that are no
    UTF-8, as a model may generate, become U+FFFD. Words are separated by spaces as in English: none
    before a comma, after an opening bracket or quotation mark, or within a hyphenated word. Line
    breaks that are tokens are kept. If no word of the vocabulary has an upper-case letter, the
    first letter of each sentence and the word "I" are written in upper case.

    Padding, start and end are left out, and an unknown word is written as ``<unk>``.

    Parameters
    ----------
    tokens : sequence of int or of str
        The tokens of one text: ids of the vocabulary, or the tokens themselves. Ids outside
        the vocabulary are unknown words.
    vocabulary : Vocabulary, or {"word", "char", "subword"}
        The vocabulary, or, for tokens that are str, what a token is.
    capitalize : bool, default=True
        Whether to write capital letters where no word of the vocabulary has any.

    Returns
    -------
    text : str
        The text.

    Raises
    ------
    TypeError
        If tokens are ids, but there is no vocabulary.
    ValueError
        If the unit is another one, or steps are bags of words, which have no order.
    """
    if isinstance(vocabulary, Vocabulary):
        unit = vocabulary.unit
        if vocabulary.bags:
            raise ValueError("steps of several words have no order, and are no text.")
    else:
        unit = check_unit(vocabulary)
    words = _as_words(tokens, vocabulary)
    if unit == "char":
        return "".join(words)
    if unit == "subword":
        return b"".join(map(bytes_of, words)).decode("utf-8", "replace")
    if not isinstance(vocabulary, Vocabulary):
        return _join_words(words)
    return _join_words(
        words,
        is_lowercase=capitalize and vocabulary.is_lowercase,
        has_compounds=vocabulary.has_compounds,
    )


def _as_words(tokens: Sequence[Any] | np.ndarray, vocabulary: Vocabulary | Unit) -> list[str]:
    """Return tokens as str, without padding, start and end."""
    if not len(tokens) or not isinstance(tokens[0], Integral):
        return [word for word in tokens if word not in _NOT_SHOWN]
    if not isinstance(vocabulary, Vocabulary):
        raise TypeError(f"ids need a vocabulary to be joined, got unit={vocabulary!r}.")
    ids = np.asarray(tokens)
    ids = ids[~np.isin(ids, (PADDING_ID, START_ID, END_ID))]
    words = vocabulary.words()
    return words[np.where((ids >= 0) & (ids < len(words)), ids, UNKNOWN_ID)].tolist()


# Subwords: bytes of UTF-8. Those of whole characters are shown as these characters, others as
# "<0xC3>"; a text that looks like this itself is shown as "<0x3C>0xC3>".

_BYTE = re.compile(rb"<0x([0-9A-F]{2})>")


def subword_of(spelled: bytes) -> str:
    """Return how a subword is shown."""
    shown = spelled.decode("utf-8", "surrogateescape")  # a byte b of no character: U+DC00 + b
    shown = shown.replace("<0x", "<0x3C>0x")
    return "".join(f"<0x{ord(c) - 0xDC00:02X}>" if "\udc80" <= c <= "\udcff" else c for c in shown)


def bytes_of(subword: str) -> bytes:
    """Return the bytes of a subword as it is shown."""
    spelled = subword.encode("utf-8", "surrogatepass")
    if b"<0x" not in spelled:
        return spelled
    return _BYTE.sub(lambda found: bytes.fromhex(found[1].decode()), spelled)


# Words

_ENDS = frozenset(".!?")  # of a sentence
_NO_SPACE_BEFORE = frozenset([*",;:)]}%\u2026\u00bb\u201d\u00b0", "''"]) | _ENDS
_NO_SPACE_AFTER = frozenset(
    [*"([{$#@~\u00a3\u20ac\u00a5\u00ab\u201c\u2018\u201e\u00bf\u00a1", "``"]
)
_NO_SPACES = frozenset(["/", "\\", "\u2014", "--", "---"])
_APOSTROPHES = frozenset("'\u2019")
_HYPHENS = frozenset("-\u2010\u2011")
_WORD_ENDINGS = frozenset("s t re ve ll d m".split())
_ELISIONS = frozenset(["o", "th"])  # for "of" and "the"
_NEAR = 200  # tokens between the marks of a quotation
_CONTRACTION = re.compile(r"(?:n['\u2019]t|['\u2019](?:s|t|re|ve|ll|d|m))", re.IGNORECASE)
_FIRST_PERSON = re.compile(r"i(?:['\u2019](?:m|ve|ll|d))?")


def _join_words(
    words: Sequence[str], *, is_lowercase: bool = False, has_compounds: bool = False
) -> str:
    """Return words and punctuation marks with the spaces of English between them.

    Parameters
    ----------
    words : sequence of str
        The tokens.
    is_lowercase : bool, default=False
        Whether texts were converted to lowercase, so that sentences get their capital letters.
    has_compounds : bool, default=False
        Whether "well-known" and "isn't" are tokens, so that hyphens and apostrophes of their own
        stood beside a space. Otherwise they are joined with the words on both sides, and so are
        points and colons between digits.
    """
    words = list(_with_dashes(words))
    parts: list[str] = []
    open_quotes: set[str] = set()
    glued = True  # to what is before; nothing is
    starts = True  # a sentence
    for i, word in enumerate(words):
        before = words[i - 1] if i else ""
        after = words[i + 1] if i + 1 < len(words) else ""
        if not word.strip() and "\n" in word:
            if "\n" in before:  # a paragraph
                open_quotes.clear()
                starts = True
            parts.append(word)
            glued = True
            continue
        no_space_before, no_space_after = word in _NO_SPACE_BEFORE, word in _NO_SPACE_AFTER
        if word == '"':
            no_space_before, no_space_after = _quotation(word, open_quotes)
        elif word in _APOSTROPHES:
            no_space_before, no_space_after = _apostrophe(words, i, open_quotes, has_compounds)
        elif _joins_both(word, before, after, has_compounds):
            no_space_before = no_space_after = True
        elif _CONTRACTION.fullmatch(word) or (_is_mark(word) and _continues(word, before)):
            no_space_before = True
        if word == "\u2018":
            open_quotes.add("\u2019")
        if not has_compounds and word in {".", ",", ":"}:
            no_space_after |= _is_within(words, i)
        if not (glued or no_space_before):
            parts.append(" ")
        glued = no_space_after
        if is_lowercase:
            if word in _ENDS:
                starts = word != "." or _ends_sentence(words, i)
            elif _is_mark(word):
                # What follows "Why?" in quotation marks is usually "he asked".
                starts &= not (before in {"!", "?"} and no_space_before)
            else:
                if (starts or _FIRST_PERSON.fullmatch(word)) and word != _UNKNOWN:
                    word = word[:1].upper() + word[1:]
                starts = False
        parts.append(word)
    return "".join(parts)


def _with_dashes(words: Sequence[str]) -> Iterable[str]:
    """Yield words, and several hyphens in a row as one dash."""
    for word, run in groupby(words):
        marks = list(run)
        yield from ["-" * len(marks)] if word == "-" else marks


def _is_mark(word: str) -> bool:
    return not any(map(str.isalnum, word))


def _continues(mark: str, before: str) -> bool:
    """Return True for a mark that is repeated, and for several at the end of a sentence."""
    return mark == before or not mark.strip(".!?")


def _joins_both(word: str, before: str, after: str, has_compounds: bool) -> bool:
    """Return True for dashes, and the hyphens of compounds."""
    if word in _NO_SPACES:
        return True
    if word == "\u2013":  # from one number to another
        return before[-1:].isdigit() and after[:1].isdigit()
    is_hyphen = word in _HYPHENS and not has_compounds
    return is_hyphen and _is_word(before) and _is_word(after)


def _is_word(word: str) -> bool:
    return word[:1].isalnum() and word[-1:].isalnum()


def _quotation(mark: str, open_quotes: set[str]) -> tuple[bool, bool]:
    """Open or close a quotation; return whether there is no space before the mark, and after it."""
    closes = mark in open_quotes
    open_quotes ^= {mark}
    return closes, not closes


def _apostrophe(
    words: list[str], i: int, open_quotes: set[str], has_compounds: bool
) -> tuple[bool, bool]:
    """Return whether there is no space before an apostrophe or single quotation mark, and after it.

    It is part of a word ("can't", "O'Brien", "dogs'", "o'"), or opens or closes a quotation.
    """
    mark, before, after = words[i], words[i - 1] if i else "", "".join(words[i + 1 : i + 2])
    is_ending = after.lower() in _WORD_ENDINGS or (before in {"o", "O"} and _is_word(after))
    if is_ending and _is_word(before) and not has_compounds:
        return True, True
    if mark in open_quotes:
        open_quotes.remove(mark)
        return True, False
    if before in {".", ",", "!", "?"} and after in {"", "\n", "--"}:  # opened before this text
        return True, False
    if before in _ELISIONS:
        return True, False
    possessive = before[-1:] in {"s", "S"} and _is_word(before)
    if mark == "\u2019":  # it opens no quotation
        return possessive, not possessive
    following = words[i + 1 : i + _NEAR].count(mark)
    if possessive and following % 2 == 0:  # those of quotations come in pairs
        return True, False
    if following:
        open_quotes.add(mark)
    return False, True


def _is_within(words: list[str], i: int) -> bool:
    """Return True for a mark within a number, a time or an abbreviation, such as 3.5 or U.S."""
    before, mark, after, next_mark = "".join(words[i - 1 : i]), *[*words[i : i + 3], "", ""][:3]
    if before.isdigit() and after.isdigit():
        return mark != "," or len(after) == 3
    return (
        mark == next_mark == "." and len(before) == len(after) == 1 and (before + after).isalpha()
    )


def _ends_sentence(words: list[str], i: int) -> bool:
    """Return True unless a full stop is part of a number, an abbreviation or an ellipsis."""
    before, after = "".join(words[max(i - 2, 0) : i]), words[i + 1 : i + 2]
    is_last_of_several = len(before) == 2 and before[0] == "." and before != ".i"
    return not (is_last_of_several or after == ["."] or _is_within(words, i))
