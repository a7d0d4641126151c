"""Texts as word ids: read, checked, split into words and counted.

`SequenceTokenizer`, `WordVectors` and `Doc2VecVectorizer` read their X here.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, fields
from itertools import repeat
from numbers import Integral
from typing import Any, Self

import numpy as np
from scipy.sparse import issparse
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.utils._param_validation import StrOptions

from sklstm._sequences import as_container, is_missing
from sklstm.preprocessing.text._gensim import parts

Analyzer = Callable[[Any], Iterable[str]]

_WORD_LISTS = (list, tuple, np.ndarray)


@dataclass(frozen=True)
class Splitting:
    """How texts are split into words: the parameters of `CountVectorizer` with these names."""

    input: str = "content"
    encoding: str = "utf-8"
    decode_error: str = "strict"
    strip_accents: str | Callable[[str], str] | None = None
    lowercase: bool = True
    preprocessor: Callable[[str], str] | None = None
    tokenizer: Callable[[str], Iterable[str]] | None = None
    stop_words: str | Iterable[str] | None = None
    token_pattern: str | None = r"(?u)\b\w\w+\b"
    ngram_range: tuple[int, int] = (1, 1)
    analyzer: str | Callable[[Any], Iterable[str]] = "word"

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> Self:
        """Take the parameters that say how texts are split; ignore the others."""
        return cls(**{f.name: params[f.name] for f in fields(cls) if f.name in params})

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
        shown = f"ngram_range={self.ngram_range!r}"
        if len(self.ngram_range) != 2 or not 1 <= self.ngram_range[0] <= self.ngram_range[1]:
            accepted = "(n, n) with n >= 1" if ordered else "(m, n) with 1 <= m <= n"
            raise ValueError(f"{shown} must be {accepted}.")
        if ordered and self.ngram_range[0] != self.ngram_range[1]:
            raise ValueError(
                f"{shown} has no order in time{reason}; accepted is (n, n), n-grams of one length."
            )

    def build_analyzer(self) -> Analyzer:
        """Return the function of `CountVectorizer` from a text to its words."""
        params = {f.name: getattr(self, f.name) for f in fields(self)}
        analyze: Analyzer = CountVectorizer(**params).build_analyzer()
        return analyze


SPLITTING_CONSTRAINTS: dict[str, list[Any]] = {
    **{f.name: CountVectorizer._parameter_constraints[f.name] for f in fields(Splitting)},
    "stop_words": [StrOptions({"english"}), list, tuple, set, frozenset, None],
}


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
    """

    words: Sequence[str]
    ids: np.ndarray
    lengths: np.ndarray

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
        return Corpus(self.words, self.ids[kept], lengths)

    def looked_up(self, vocabulary: Mapping[str, int], unknown: int) -> Corpus:
        """Return the texts with the ids of a vocabulary, `unknown` for words outside it."""
        new = np.array([vocabulary.get(word, unknown) for word in self.words], dtype=np.int32)
        return Corpus((), new[self.ids], self.lengths)

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
                f"no word is left: of {len(self.words)}, none occurs in min_df={min_df!r} to "
                f"max_df={max_df!r} of the {len(self)} texts. Try a lower min_df or a higher "
                "max_df."
            )
        return [self.words[i] for i in chosen[:max_words].tolist()]


def _df_bounds(min_df: float, max_df: float, n_texts: int) -> tuple[float, float]:
    low = min_df if isinstance(min_df, Integral) else min_df * n_texts
    high = max_df if isinstance(max_df, Integral) else max_df * n_texts
    if high < low:
        raise ValueError(
            f"max_df={max_df!r} is {high:g} of {n_texts} texts, fewer than min_df={min_df!r}, "
            f"which is {low:g}; max_df must not be below min_df."
        )
    return low, high


def read_corpus(
    X: Any,
    splitting: Splitting,
    *,
    word_lists: bool = False,
    vocabulary: Mapping[str, int] | None = None,
    unknown: int = -1,
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
    unknown : int, default=-1
        The id of words outside the vocabulary.

    Raises
    ------
    TypeError
        If an item is of another type, or the analyzer returns words that are not str.
    ValueError
        If X is empty or an item is missing.
    """
    items = _items(X)
    if not items:
        raise ValueError("X is empty (0 texts); at least one text is needed.")
    analyze = splitting.build_analyzer()
    if not set(map(type, items)) <= {str, bytes}:
        for i, item in enumerate(items):
            if is_missing(item):
                raise ValueError(
                    f"X[{i}] is missing ({item!r}), not a text; replace missing texts first, "
                    "for example by an empty string."
                )
        any_item = callable(splitting.analyzer)
        if word_lists and isinstance(items[0], _WORD_LISTS) and not any_item:
            items, analyze = [_word_list(items, i) for i in range(len(items))], list
        elif splitting.input == "content" and not any_item:
            for i, item in enumerate(items):
                _check_text(item, i, word_lists=word_lists)
    if vocabulary is not None:
        get = vocabulary.get
        return Corpus(
            (), *_map_words(items, analyze, lambda words: map(get, words, repeat(unknown)))
        )
    seen: defaultdict[str, int] = defaultdict()
    seen.default_factory = seen.__len__
    number = seen.__getitem__
    ids, lengths = _map_words(items, analyze, lambda words: map(number, words))
    check_all_str(seen, "the analyzer must return words as str")
    return Corpus(list(seen), ids, lengths)


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
    shown = repr(item)
    shown = shown if len(shown) <= 40 else shown[:37] + "..."
    raise TypeError(f"X[{i}] must be str or bytes, got {type(item).__name__} ({shown}){hint}.")


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
            f"X[{i}] must be a list of words, as X[0] is, got {type(words).__name__} ({words!r})."
        )
    if isinstance(words, np.ndarray):
        if words.ndim == 0:
            raise TypeError(f"X[{i}] must be a list of words, got an array of no dimension.")
        words = words.tolist()  # Python's own strings
    if not set(map(type, words)) <= {str}:
        for j, word in enumerate(words):
            if not isinstance(word, str):
                raise TypeError(
                    f"X[{i}][{j}] must be a word as str, got {type(word).__name__} ({word!r})."
                )
    return words


def check_all_str(words: Iterable[Any], what: str) -> None:
    """Raise a TypeError that starts with ``what`` for the first word that is not a str."""
    for word in words:
        if not isinstance(word, str):
            raise TypeError(f"{what}, got {type(word).__name__} ({word!r}).")
