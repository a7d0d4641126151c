"""Texts as word ids: read, checked, split into words and counted.

`SequenceTokenizer`, `WordVectors` and `Doc2VecVectorizer` read their X here.
"""

from __future__ import annotations

import re
import warnings
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, fields, replace
from functools import cached_property
from itertools import repeat
from math import isclose
from numbers import Integral
from typing import Any, Literal, NoReturn, Self
from unicodedata import normalize

import numpy as np
from scipy.sparse import issparse
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.utils._param_validation import StrOptions

from sklstm._callers import caller_level
from sklstm._sequences import as_container, as_python, is_missing, plain
from sklstm.preprocessing.text._gensim import parts

Analyzer = Callable[[Any], Iterable[str]]

_WORD_LISTS = (list, tuple, np.ndarray)
_BAGS = (list, tuple, set, frozenset, np.ndarray)
_FEW_TEXTS = 100

# Words of letters, digits and underscores, \w in re, with the combining marks after them and the
# joiners between them: re has no name for marks, and would end words there. Every punctuation mark
# and symbol is a token of its own. An emoji keeps its skin tone and what a joiner attaches to it,
# and the two letters of a flag stay together.
_WORD = r"[\p{L}\p{N}_](?:[\p{L}\p{M}\p{N}_\u200c\u200d]*[\p{L}\p{M}\p{N}_])?"
_MARK = r"[\U0001f1e6-\U0001f1ff]{2}|[\p{P}\p{S}](?:\ufe0f?\u200d\p{S}|[\U0001f3fb-\U0001f3ff])*"
TOKEN_PATTERN = f"{_WORD}|{_MARK}"
# Words of two or more letters or digits alone, as in CountVectorizer: for Doc2Vec, whose vectors
# say which words a text has.
WORD_PATTERN = r"[\p{L}\p{N}_][\p{L}\p{M}\p{N}_\u200c\u200d]*[\p{L}\p{M}\p{N}_]"
# For models that write texts: what belongs together without a space is one token, such as "isn't",
# "well-known", "'tis", "3.5", "10:30", "-5", "AT&T", "U.S." and "...", and so is each line break.
_ELISION = r"['\u2019](?i:tis|twas|twere|twill|twould|em|til|cause)\b"
WRITING_PATTERN = (
    rf"\r?\n|{_ELISION}"
    r"|(?:\p{L}\p{L}?\.){2,}|(?:(?<![^ \t\r\n(])-(?=\p{N}))?"
    rf"{_WORD}(?:(?:['\u2019&\u2010\u2011-]|(?<=\p{{N}})[.,:](?=\p{{N}})){_WORD})*"
    rf"|\.{{2,}}|-{{2,}}|{_MARK}"
)
# Every character, white space included, which the analyzer "char" of CountVectorizer squeezes.
CHARACTER_PATTERN = r"(?s)."
# What patterns come to without marks and joiners, where re finds the same tokens in less time; and
# the characters that may be some, or invisible: all but Latin letters, punctuation and the like.
UNMARKED_PATTERNS = {
    TOKEN_PATTERN: r"\w+|[^\w\s\x00-\x1f\x7f-\x9f]",
    WORD_PATTERN: r"\b\w\w+\b",
    WRITING_PATTERN: (
        rf"\r?\n|{_ELISION}"
        r"|(?:[^\W\d_²³¹¼-¾]{1,2}\.){2,}|(?:(?<![^ \t\r\n(])-(?=[\d²³¹¼-¾]))?"
        r"\w+(?:(?:['\u2019&\u2010\u2011-]|(?<=[\d²³¹¼-¾])[.,:](?=[\d²³¹¼-¾]))\w+)*"
        r"|\.{2,}|-{2,}|[^\w\s\x00-\x1f\x7f-\x9f]"
    ),
}
MAY_BE_MARKED = re.compile(
    "[\u00ad\u0300-\u1fff\u200b-\u200f\u2028-\u202e\u2060-\u206f\u20c1-\U0010ffff]"
)
_BYTE_ORDER_MARK = "\ufeff"


@dataclass(frozen=True)
class Splitting:
    """How texts are split into words: the parameters of `CountVectorizer`, and Unicode's form.

    With ``analyzer="subword"`` a text is one word, which is split later.
    """

    input: str = "content"
    encoding: str = "utf-8"
    decode_error: str = "strict"
    unicode_form: Literal["NFC", "NFD", "NFKC", "NFKD"] | None = "NFC"
    strip_accents: str | Callable[[str], str] | None = None
    lowercase: bool = True
    preprocessor: Callable[[str], str] | None = None
    tokenizer: Callable[[str], Iterable[str]] | None = None
    stop_words: str | Iterable[str] | None = None
    token_pattern: str | None = TOKEN_PATTERN
    ngram_range: tuple[int, int] = (1, 1)
    analyzer: str | Callable[[Any], Iterable[str]] = "word"

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> Self:
        """Take the parameters that say how texts are split; ignore the others."""
        return cls(**{f.name: as_python(params[f.name]) for f in fields(cls) if f.name in params})

    def check_ngram_range(self, *, ordered: bool, reason: str = "") -> None:
        """Raise ValueError unless `ngram_range` is a range.

        Parameters
        ----------
        ordered : bool
            Whether the n-grams have to be of one length. Those of several lengths overlap, and no
            order of them in time makes sense.
        reason : str, default=""
            Why they have to be, for the error message.
        """
        shown = f"ngram_range={plain(self.ngram_range)!r}"
        given = self.ngram_range
        whole = len(given) == 2 and all(isinstance(n, Integral) for n in given)
        if not whole or not 1 <= given[0] <= given[1]:
            accepted = "(n, n) with n >= 1" if ordered else "(m, n) with 1 <= m <= n"
            raise ValueError(f"{shown} must be {accepted}, two integers.")
        if ordered and given[0] != given[1]:
            raise ValueError(
                f"{shown} has no order in time{reason}; accepted is (n, n), n-grams of one length."
            )

    def normal(self, text: str) -> str:
        """Return a text or word in `unicode_form`, without a byte order mark before it."""
        if text.isascii():
            return text
        text = text.removeprefix(_BYTE_ORDER_MARK)
        return normalize(self.unicode_form, text) if self.unicode_form else text

    def normal_words(self, words: list[str]) -> list[str]:
        """Return words in `unicode_form`."""
        return words if "".join(words).isascii() else list(map(self.normal, words))

    def build_analyzer(self) -> tuple[Analyzer, _UserFunction | None]:
        """Return the function from a text to its words, and the user's function within it, if any.

        It is that of `CountVectorizer`, for texts in `unicode_form` and patterns of `regex`.
        """
        params = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "unicode_form"}
        own: _UserFunction | None = None
        if callable(self.analyzer):
            own = params["analyzer"] = _UserFunction("analyzer", self.analyzer, self)
        else:
            params["preprocessor"] = self._build_preprocessor(CountVectorizer(**params))
            if self.analyzer == "subword":
                # Learned from whole texts, and applied to them.
                params |= {"analyzer": "word", "tokenizer": _whole}
            elif self.tokenizer is not None:
                own = params["tokenizer"] = _UserFunction("tokenizer", self.tokenizer, self)
            elif self.analyzer == "word":
                if self.token_pattern is None:
                    raise ValueError(
                        "token_pattern=None finds no words; pass a regular expression, or a "
                        "tokenizer or analyzer of your own."
                    )
                if _is_of_regex(self.token_pattern):
                    params["tokenizer"] = _Finder(self.token_pattern)
                else:
                    _compiled(self.token_pattern, re)
            if self.stop_words is not None and not isinstance(self.stop_words, str):
                check_all_str(self.stop_words, "stop_words must hold str")
                params["stop_words"] = list(map(self.normal, self.stop_words))
        analyze: Analyzer = CountVectorizer(**params).build_analyzer()
        if own is not None:  # which scikit-learn may have tried out on the stop words
            own.n_texts = own.n_spelled = 0
            own.is_mistaken = False
        return analyze, own

    def _build_preprocessor(self, vectorizer: CountVectorizer) -> Callable[[str], str]:
        """Return the preprocessor of a vectorizer, between texts in `unicode_form`."""
        preprocess = vectorizer.build_preprocessor()

        def prepare(text: str) -> str:
            prepared = preprocess(self.normal(text))
            if not isinstance(prepared, str):
                name = "preprocessor" if self.preprocessor is not None else "strip_accents"
                raise _WrongWordsError(
                    f"{name} must return a str, got {_shown(prepared)}, for {{item}}"
                )
            return self.normal(prepared)  # lowercase letters and those without accents may differ

        return prepare


class _WrongWordsError(Exception):
    """A user's function does not return words; its message has a place for the item of X."""


class _UserFunction:
    """A user's analyzer or tokenizer, with a check of what it returns.

    Parameters
    ----------
    name : str
        The name of the parameter, for messages.
    function : callable
        Returns the words of an item of X.
    splitting : Splitting
        Knows Unicode's form of texts and words.
    """

    def __init__(self, name: str, function: Analyzer, splitting: Splitting):
        self.name = name
        self.function = function
        self.splitting = splitting
        self.n_texts = 0  # of more than one character
        self.n_spelled = 0  # those of which the words are the single characters
        self.is_mistaken = False  # whether characters can hardly be meant
        self.example = ""
        self.reads_steps = False  # whether words may come in steps of several
        self.steps: list[list[int] | None] = []  # of each text: number of words in each step

    def __call__(self, item: Any) -> list[str]:
        is_text = isinstance(item, str)
        if is_text:
            item = self.splitting.normal(item)
        elif self.takes_lists and not isinstance(item, Iterable):
            raise _WrongWordsError(f"{{item}} must be a list of words, got {_shown(item)}")
        elif self.takes_lists and isinstance(item, np.ndarray):
            item = item.tolist()  # Python's own strings
        returned = self.function(item)
        if not isinstance(returned, Iterable):
            raise _WrongWordsError(
                f"the {self.name} must return a list of words as str, got {_shown(returned)}, "
                "for {item}"
            )
        words = returned if isinstance(returned, list) else list(returned)
        sizes: list[int] | None = None if words else []
        try:
            joined = "".join(words)
        except TypeError:
            if not self.reads_steps or not isinstance(words[0], _BAGS):
                self._refuse_word(words, "as word {} of {{item}}")
            words, sizes = self._words_of_steps(words)
            joined = "".join(words)
        self.steps.append(sizes)
        if is_text and len(item) > 1:
            self.n_texts += 1
            if len(words) == len(joined) == len(item):
                self.n_spelled, self.example = self.n_spelled + 1, item
                self.is_mistaken |= self.takes_lists or returned is item or " " in words
        return words if joined.isascii() else list(map(self.splitting.normal, words))

    def _refuse_word(self, words: list[Any], place: str) -> NoReturn:
        """Raise an error that names the first word that is no str, and its place."""
        j, word = next((j, word) for j, word in enumerate(words) if not isinstance(word, str))
        raise _WrongWordsError(
            f"the {self.name} must return words as str, got {_shown(word)} {place.format(j)}"
        ) from None

    def _words_of_steps(self, steps: list[Any]) -> tuple[list[str], list[int]]:
        """Return the words of a text whose steps are lists of words, and how many each step has."""
        bags: list[list[Any]] = []
        for j, step in enumerate(steps):
            if not isinstance(step, _BAGS):
                raise _WrongWordsError(
                    f"step {j} of {{item}} is {_shown(step)}, but other steps are lists of words; "
                    "give every step as a list, one of one word as ['word']"
                ) from None
            # A set has no order that would be the same in the next process.
            bag = sorted(step, key=str) if isinstance(step, set | frozenset) else list(step)
            if not all(isinstance(word, str) for word in bag):
                self._refuse_word(bag, f"as word {{}} of step {j} of {{{{item}}}}")
            bags.append(bag)
        return [word for bag in bags for word in bag], list(map(len, bags))

    def gathered_steps(self) -> Steps | None:
        """Return the steps of all texts, or None if every word is a step.

        Raises
        ------
        TypeError
            If only some texts have steps that are lists.
        """
        nested = next((i for i, sizes in enumerate(self.steps) if sizes), None)
        if nested is None:
            return None
        flat = next((i for i, sizes in enumerate(self.steps) if sizes is None), None)
        if flat is not None:
            raise TypeError(
                f"X[{flat}] is a list of words, but the steps of X[{nested}] are lists of words; "
                "give every step as a list of words, one of one word as ['word']."
            )
        every = [sizes or [] for sizes in self.steps]
        sizes = np.array([size for sizes in every for size in sizes], dtype=np.int64)
        return Steps(sizes, np.array([len(sizes) for sizes in every], dtype=np.int64))

    @property
    def takes_lists(self) -> bool:
        """Whether items are meant to be lists of words."""
        return self.function in (list, tuple, iter)

    def warn_of_characters(self) -> None:
        """Warn if all texts were taken apart into single characters, and words are meant.

        A user's own function may return characters on purpose, and a tokenizer may find only words
        of one character in short texts, as in Chinese; but none of these returns blanks.
        """
        if not self.is_mistaken or self.n_spelled < self.n_texts:
            return
        function = getattr(self.function, "__name__", self.function)
        letters = ", ".join(map(repr, self.example[:3]))
        shown = self.example if len(self.example) <= 20 else self.example[:17] + "..."
        warnings.warn(
            f"{self.name}={function} takes texts apart into single characters: {shown!r} becomes "
            f"{letters} and so on. If words are meant, give each text as a list of its words, such "
            f"as text.split(), or leave out {self.name}={function}. If characters are meant, as in "
            "languages written without spaces, set analyzer='char'.",
            UserWarning,
            stacklevel=caller_level(),
        )


def _whole(text: str) -> list[str]:
    return [text]


class _Finder:
    r"""Finds the words of a text by a pattern of `regex`, which knows ``\p{M}`` and the like."""

    def __init__(self, pattern: str):
        self.pattern = pattern
        unmarked = UNMARKED_PATTERNS.get(pattern)
        self._find_unmarked = unmarked and re.compile(unmarked).findall

    def __call__(self, text: str) -> list[str]:
        if self._find_unmarked and (text.isascii() or not MAY_BE_MARKED.search(text)):
            return self._find_unmarked(text)
        return self._find(text)

    @cached_property
    def _find(self) -> Callable[[str], list[str]]:
        import regex  # takes a while, and English texts do without

        return _compiled(self.pattern, regex).findall


def _compiled(pattern: str, package: Any) -> Any:
    """Return a pattern compiled by `re` or `regex`; raise ValueError if it is none for words."""
    try:
        compiled = package.compile(pattern)
    except package.error as error:
        raise ValueError(f"token_pattern={pattern!r} is no regular expression: {error}.") from error
    if compiled.groups > 1:
        raise ValueError(
            f"token_pattern={pattern!r} has {compiled.groups} capturing groups; at most one may "
            "capture the word, others begin with (?:"
        )
    return compiled


def _is_of_regex(pattern: str) -> bool:
    r"""Return True if a pattern has properties of characters, such as ``\p{M}``, unknown to re."""
    return re.search(r"(?<!\\)(?:\\\\)*\\[pP]\{", pattern) is not None


def _shown(value: Any) -> str:
    """Return the type of a value, and the value in at most 40 characters."""
    shown = repr(plain(value))
    return f"{type(value).__name__} ({shown if len(shown) <= 40 else shown[:37] + '...'})"


SPLITTING_CONSTRAINTS: dict[str, list[Any]] = {
    **{
        f.name: CountVectorizer._parameter_constraints[f.name]
        for f in fields(Splitting)
        if f.name != "unicode_form"
    },
    "unicode_form": [StrOptions({"NFC", "NFD", "NFKC", "NFKD"}), None],
    "stop_words": [StrOptions({"english"}), list, tuple, set, frozenset, None],
}


@dataclass(frozen=True)
class Steps:
    """How words are grouped in steps, where these are lists of words.

    Attributes
    ----------
    sizes : ndarray of int of shape (n_steps,)
        The number of words in each step of all texts, concatenated.
    lengths : ndarray of int of shape (n_texts,)
        The number of steps of each text.
    """

    sizes: np.ndarray
    lengths: np.ndarray


@dataclass(frozen=True)
class Corpus:
    """Texts as one array of word ids, at four bytes a token.

    Iterating yields an array with the ids of each text.

    Attributes
    ----------
    words : sequence of str
        The word of each id; empty if the words were looked up in a vocabulary.
    ids : ndarray of int32 of shape (n_tokens,)
        The ids of the words of all texts, concatenated.
    lengths : ndarray of int of shape (n_texts,)
        The number of words of each text.
    unknown : sequence of str
        The words of ids below 0, which a vocabulary does not have: that of -1 first. Empty if such
        words have an id.
    steps : Steps or None
        How the words are grouped in steps; None if every word is a step.
    """

    words: Sequence[str]
    ids: np.ndarray
    lengths: np.ndarray
    unknown: Sequence[str] = ()
    steps: Steps | None = None

    def __len__(self) -> int:
        return len(self.lengths)

    def __iter__(self) -> Iterator[np.ndarray]:
        end = 0
        for length in self.lengths.tolist():
            yield self.ids[end : end + length]
            end += length

    def pieces(self) -> Iterator[tuple[int, list[str]]]:
        """Yield the index and the words of each text, in pieces that gensim reads completely."""
        word = self.words.__getitem__
        for i, ids in enumerate(self):
            for part in parts(ids.tolist()):
                yield i, list(map(word, part))

    def counts(self) -> np.ndarray:
        """Return how often each word occurs."""
        return np.bincount(self.ids, minlength=len(self.words))

    def document_frequencies(self) -> np.ndarray:
        """Return in how many texts each word occurs."""
        text = np.repeat(np.arange(len(self), dtype=np.int64), self.lengths)
        pairs = np.unique(text * len(self.words) + self.ids)
        return np.bincount(pairs % len(self.words), minlength=len(self.words))

    def only(self, kept: np.ndarray) -> Corpus:
        """Return the texts with those tokens alone where the mask `kept` is True."""
        kept_before = np.append(0, np.cumsum(kept))
        lengths = np.diff(kept_before[np.cumsum(self.lengths)], prepend=0)
        steps = self.steps
        if steps is not None:
            sizes = np.diff(kept_before[np.cumsum(steps.sizes)], prepend=0)
            steps = replace(steps, sizes=sizes)
        return replace(self, ids=self.ids[kept], lengths=lengths, steps=steps)

    def looked_up(self, vocabulary: Mapping[str, int]) -> Corpus:
        """Return the texts with the ids of a vocabulary, and ids below 0 of other words."""
        new = np.array([vocabulary.get(word, -1) for word in self.words], dtype=np.int32)
        others = np.flatnonzero(new < 0)
        new[others] = -1 - np.arange(len(others))
        unknown = [self.words[i] for i in others.tolist()]
        return Corpus((), new[self.ids], self.lengths, unknown, self.steps)

    def in_lowercase(self) -> Corpus:
        """Return the texts with words converted to lowercase, where several become the same."""
        seen: dict[str, int] = {}
        new = np.array(
            [seen.setdefault(word.lower(), len(seen)) for word in self.words], dtype=np.int32
        )
        return Corpus(list(seen), new[self.ids], self.lengths)

    def check_has_words(self) -> None:
        """Raise ValueError if no text has a word."""
        if not len(self.ids):
            raise ValueError(
                "empty vocabulary: X holds no word to learn. Perhaps the texts hold only stop "
                "words, or token_pattern does not match any of their words."
            )

    def choose_words(
        self, *, min_df: float = 1, max_df: float = 1.0, max_words: int | None = None
    ) -> list[str]:
        """Return the words to know, the most frequent first, ties in alphabetical order.

        Parameters
        ----------
        min_df, max_df : int or float, default=1, 1.0
            In how many texts a word has to occur at least and at most; a float is a fraction of
            the texts.
        max_words : int or None, default=None
            The number of words at most; None for no limit.
        """
        self.check_has_words()
        alphabetical = np.array(sorted(range(len(self.words)), key=self.words.__getitem__))
        counts = self.counts()
        chosen = alphabetical[np.argsort(-counts[alphabetical], kind="stable")]
        low, high = _df_bounds(min_df, max_df, len(self))
        if low > 1 or high < len(self):
            frequencies = self.document_frequencies()[chosen]
            chosen = chosen[(frequencies >= low) & (frequencies <= high)]
        if not len(chosen):
            raise ValueError(
                f"no word is left: of {len(self.words)}, none occurs in min_df={plain(min_df)!r} "
                f"to max_df={plain(max_df)!r} of the {len(self)} texts. Try a lower min_df or a "
                "higher max_df."
            )
        return [self.words[i] for i in chosen[:max_words].tolist()]


def _df_bounds(min_df: float, max_df: float, n_texts: int) -> tuple[float, float]:
    low, high = (_number_of_texts(bound, n_texts) for bound in (min_df, max_df))
    if high < low:
        raise ValueError(
            f"max_df={plain(max_df)!r} is {high:g} of {n_texts} texts, fewer than "
            f"min_df={plain(min_df)!r}, which is {low:g}; max_df must not be below min_df."
        )
    return low, high


def _number_of_texts(bound: float, n_texts: int) -> float:
    """Return a bound as a number of texts, without the rounding error of 0.07 * 100."""
    if isinstance(bound, Integral):
        return bound
    # In decimals, because 0.07 in float32 is another number than in float64.
    number = float(str(bound)) * n_texts
    return round(number) if isclose(number, round(number), rel_tol=1e-12) else number


def read_corpus(
    X: Any,
    splitting: Splitting,
    *,
    word_lists: bool = False,
    vocabulary: Mapping[str, int] | None = None,
    keep_unknown: bool = False,
    steps: bool = False,
) -> Corpus:
    """Check texts and split them into words.

    Parameters
    ----------
    X : iterable
        The texts: a list, tuple, generator, array of shape (n,) or (n, 1), Series or one-column
        data frame. A callable
        analyzer may take anything in place of texts.
    splitting : Splitting
        How to split texts.
    word_lists : bool, default=False
        Whether the items of X may also be lists of words, which are taken as they are.
    vocabulary : mapping from str to int or None, default=None
        Look words up in it. None gives the words ids in the order of their first occurrence.
    keep_unknown : bool, default=False
        Whether words outside the vocabulary are returned, too; otherwise their ids are all -1.
    steps : bool, default=False
        Whether a user's function may return steps that are lists of words, in place of words.

    Raises
    ------
    TypeError
        If an item is of another type, or a user's function returns words that are not str.
    ValueError
        If X is empty or an item is missing.

    Warns
    -----
    UserWarning
        If a user's function takes all texts apart into single characters, or tags of gensim's
        TaggedDocument are ignored.
    """
    items = _items(X)
    if not items:
        raise ValueError("X is empty (0 texts); at least one text is needed.")
    analyze, own = splitting.build_analyzer()
    if own is not None:
        own.reads_steps = steps and own.name == "analyzer"  # whose words are not processed further
    if not set(map(type, items)) <= {str, bytes}:
        for i, item in enumerate(items):
            if is_missing(item):
                raise ValueError(
                    f"X[{i}] is missing ({plain(item)!r}), not a text; replace missing texts "
                    "first, for example by an empty string."
                )
        any_item = callable(splitting.analyzer)
        splits = not any_item or (own is not None and own.takes_lists)
        if splits and any(map(_is_tagged, items)):
            items, word_lists = _without_tags(items), True
        if word_lists and isinstance(items[0], _WORD_LISTS) and not any_item:
            items = [_word_list(items, i) for i in range(len(items))]
            analyze = splitting.normal_words
        elif splitting.input == "content" and not any_item:
            for i, item in enumerate(items):
                _check_text(item, i, word_lists=word_lists)
    if vocabulary is not None:
        unknown: list[str] = []
        look_up = _looking_up(vocabulary, unknown if keep_unknown else None, len(items))
        ids, lengths = _map_words(items, analyze, look_up)
        if own is not None:
            own.warn_of_characters()
        if unknown:
            ids[ids < 0] = np.arange(-1, -1 - len(unknown), -1)
        return Corpus((), ids, lengths, unknown, own.gathered_steps() if own else None)
    seen: defaultdict[str, int] = defaultdict()
    seen.default_factory = seen.__len__
    number = seen.__getitem__
    ids, lengths = _map_words(items, analyze, lambda words: map(number, words))
    if own is not None:
        own.warn_of_characters()
    return Corpus(list(seen), ids, lengths, steps=own.gathered_steps() if own else None)


class _Noting(dict[str, int]):
    """A vocabulary that notes the words that it does not have, at no cost for the others."""

    unknown: list[str]

    def __missing__(self, word: str) -> int:
        self.unknown.append(word)
        return -1


def _looking_up(
    vocabulary: Mapping[str, int], unknown: list[str] | None, n_texts: int
) -> Callable[[Iterable[str]], Iterable[int]]:
    """Return a function from words to ids, -1 for others, which it appends to `unknown`."""
    get = vocabulary.get
    if unknown is None:
        return lambda words: map(get, words, repeat(-1))
    if n_texts > _FEW_TEXTS:  # which take longer than to copy the vocabulary
        noting = _Noting(vocabulary)
        noting.unknown = unknown
        return lambda words: map(noting.__getitem__, words)

    def look_up(words: Iterable[str]) -> Iterable[int]:
        words = list(words)
        unknown.extend(word for word in words if word not in vocabulary)
        return map(get, words, repeat(-1))

    return look_up


def _map_words(
    items: list[Any], analyze: Analyzer, to_ids: Callable[[Iterable[str]], Iterable[int]]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the ids of the words of all items, and the number of words of each item."""
    ids = array("i")  # grows in place, at four bytes a token
    ends = []
    try:
        for item in items:
            ids.extend(to_ids(analyze(item)))
            ends.append(len(ids))
    except UnicodeDecodeError as error:
        error.reason += (
            f", in X[{len(ends)}]; decode the texts to str first, or set encoding or decode_error "
            "if the estimator has these parameters"
        )
        raise
    except _WrongWordsError as error:
        raise TypeError(str(error).replace("{item}", f"X[{len(ends)}]") + ".") from None
    return np.frombuffer(ids, dtype=np.int32), np.diff(ends, prepend=0)


def _items(X: Any) -> list[Any]:
    """Return the items of X, whatever holds them."""
    if isinstance(X, (str, bytes)):
        raise ValueError(
            "X must be an iterable of texts, got a single string; "
            "for one text write transform([text])."
        )
    if isinstance(X, Set):
        raise TypeError(f"X is a {type(X).__name__}, which has no order; pass a list of texts.")
    if not isinstance(X, (Mapping, Iterator)):
        X = as_container(X, "X")
    is_iterable = isinstance(X, Iterable)
    if isinstance(X, Mapping) or issparse(X) or not is_iterable:
        hint = "; pass its texts, such as bunch.data" if isinstance(X, Mapping) else ""
        hint = "; a sparse matrix holds numbers" if issparse(X) else hint
        raise TypeError(
            f"X must be a list, array or Series of texts, got {type(X).__name__}{hint}."
        )
    if hasattr(X, "columns"):
        columns = list(X.columns)
        if len(columns) != 1:
            raise ValueError(
                f"X must be one column of texts, got a data frame with the columns {columns}; "
                "pass one of them, such as X['text'], or name it in a ColumnTransformer."
            )
        return _items(X[columns[0]])
    shape = getattr(X, "shape", None)
    if shape is not None and len(shape) == 2 and shape[1] == 1:
        X, shape = X[:, 0], shape[:1]
    if shape is not None and len(shape) != 1:
        raise ValueError(
            f"X must be one-dimensional, one text per item, got shape {shape}; "
            f"pass {'its row, X[0]' if shape[:1] == (1,) else 'one column of it, such as X[:, 0]'}."
        )
    if hasattr(X, "to_list"):  # a Series; a polars Series of lists becomes a list of lists
        return X.to_list()
    return X.tolist() if hasattr(X, "tolist") else list(X)


def _is_tagged(item: Any) -> bool:
    """Return True for gensim's TaggedDocument, and for what gensim takes in its place."""
    return hasattr(item, "words") and hasattr(item, "tags")


def _without_tags(items: list[Any]) -> list[Any]:
    """Return the words of the items that are a TaggedDocument, and warn of tags that say more."""
    tagged = [(i, item.tags) for i, item in enumerate(items) if _is_tagged(item)]
    other = next((t for i, t in tagged if not isinstance(t, list) or t not in ([], [i])), None)
    if other is not None:
        warnings.warn(
            f"of each TaggedDocument the words are read, and its tags, such as {other!r}, are "
            "ignored. Doc2VecVectorizer learns vectors of labels given as y, with tags='labels' or "
            "'both'.",
            UserWarning,
            stacklevel=caller_level(),
        )
    return [item.words if _is_tagged(item) else item for item in items]


def _check_text(item: Any, i: int, *, word_lists: bool) -> None:
    """Raise TypeError unless an item is a text."""
    if isinstance(item, (str, bytes)):
        return
    hint = ""
    if isinstance(item, _WORD_LISTS):
        if word_lists:
            raise TypeError(
                f"X[{i}] is a {type(item).__name__}, but X[0] is a text; pass either texts only, "
                "or each text as a list of its words."
            )
        hint = "; for texts that are already lists of words set analyzer=list"
    raise TypeError(f"X[{i}] must be str or bytes, got {_shown(item)}{hint}.")


def _word_list(items: list[Any], i: int) -> Any:
    """Return item i, a list of words, after a check of each word."""
    words = items[i]
    if isinstance(words, (str, bytes)):
        raise TypeError(
            f"X[{i}] is a text, but X[0] is a {type(items[0]).__name__}; pass either texts only, "
            "or each text as a list of its words."
        )
    if not isinstance(words, _WORD_LISTS):
        raise TypeError(
            f"X[{i}] must be a list of words, as X[0] is, got {type(words).__name__} "
            f"({plain(words)!r})."
        )
    if isinstance(words, np.ndarray):
        if words.ndim == 0:
            raise TypeError(f"X[{i}] must be a list of words, got an array of no dimension.")
        words = words.tolist()  # Python's own strings
    if not set(map(type, words)) <= {str}:
        for j, word in enumerate(words):
            if not isinstance(word, str):
                raise TypeError(
                    f"X[{i}][{j}] must be a word as str, got {type(word).__name__} "
                    f"({plain(word)!r})."
                )
    return words


def check_all_str(words: Iterable[Any], what: str) -> None:
    """Raise a TypeError that starts with ``what`` for the first word that is not a str."""
    for i, word in enumerate(words):
        if not isinstance(word, str):
            raise TypeError(f"{what}, got {type(word).__name__} ({plain(word)!r}) at {i}.")


def check_no_lines(words: Sequence[str], name: str) -> None:
    """Raise ValueError if words are lines of a file; the last one may be without a line break."""
    lines = [word for word in words if word.endswith("\n")]
    if len(lines) >= len(words) - 1 and any(map(str.strip, lines)):  # "\n" may be a character
        raise ValueError(
            f"{name} holds lines of a file, such as {lines[0]!r}, but words do not end in a line "
            "break; give [line.rstrip() for line in file]."
        )
