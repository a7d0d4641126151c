"""From texts to sequences of word ids."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping
from numbers import Integral
from typing import Any, ClassVar, Literal

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin, _fit_context
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.utils import Tags
from sklearn.utils._param_validation import HasMethods, Interval, RealNotInt, StrOptions
from sklearn.utils.validation import check_is_fitted

from sklstm._sequences import (
    END_ID,
    PADDING_ID,
    START_ID,
    UNKNOWN_ID,
    TokenArray,
    Vocabulary,
    contain_sequences,
    id_rows,
)
from sklstm.preprocessing.text._encoding import (
    Encoded,
    discover,
    encode,
    finish,
    folds_words,
    room,
)
from sklstm.preprocessing.text._texts import as_texts
from sklstm.preprocessing.text._vocabulary import given_vocabulary


class SequenceTokenizer(TransformerMixin, BaseEstimator):
    r"""Turn texts into sequences of word ids, in the order of the words.

    Splits texts as :class:`~sklearn.feature_extraction.text.CountVectorizer` does, with the
    same parameters, but keeps every word in its place instead of counting it. The more often
    a word occurs in the texts seen in `fit`, the smaller its id.

    The ids 0 to 3 stand for no word: 0 is padding, 1 an unknown word, 2 the start and 3 the
    end of a text. The first word of the vocabulary has the id 4.

    Parameters
    ----------
    max_features : int or None, default=20_000
        Know only that many words, the most frequent ones. The reserved ids come on top. A word
        seen once or twice cannot get a good vector, and the words left out train the vector
        of the unknown word. None knows every word seen.
    max_length : int, default=None
        Cut longer sequences to this number of ids, the start and end ids included. None cuts
        nothing: an LSTM takes sequences of any length, only time and memory speak for a cut.
    truncation : {"pre", "post", "middle"}, default="pre"
        Which side of a long text is cut; "middle" keeps as much of the head as of the tail.
        The default keeps the tail, because reviews end with their verdict.
    unknown : {"id", "skip"}, default="id"
        Give words outside the vocabulary the id 1, or leave them out.
    add_start : bool, default=False
        Begin every sequence with the id 2.
    add_end : bool, default=False
        End every sequence with the id 3.
    characters : int or None, default=None
        Beside the id of each word, give the ids of its first `characters` characters, so that
        an `LSTMTagger` sees how words are spelled, unknown ones too. Each step is then a row of
        1 + `characters` ids, filled up with 0. A longer word keeps its head and its tail, of an
        odd number one more of the head. Words are looked up in lower case, whatever the
        analyzer, and spelled as they are written, so that capitals show; with
        ``lowercase=False`` they are looked up as written, too. None gives the words alone, as
        the other estimators read them.
    min_df : int or float in [0.0, 1.0], default=1
        Ignore words that occur in fewer texts: a number of texts, or as a float a share.
    max_df : int or float in [0.0, 1.0], default=1.0
        Ignore words that occur in more texts: a number of texts, or as a float a share.
    vocabulary : iterable of str or mapping from str to int, default=None
        Know exactly these words. An iterable gives them in the order of their ids; of a
        mapping only the order of its ids is taken, since the ids themselves start at 4 here.
        Needs no `fit`; `max_features`, `min_df` and `max_df` are ignored. The characters known
        are those of these words, or those that a `Vocabulary` brings along.
    lowercase : bool, default=True
        Convert texts to lowercase first; with `characters`, look words up in lower case.
    strip_accents : {"ascii", "unicode"} or callable, default=None
        Remove accents, by this method or function.
    stop_words : {"english"} or list of str, default=None
        Words to leave out; only with ``analyzer="word"``. An LSTM reads sentences, where
        "not" and "no" matter, so think twice.
    token_pattern : str, default=r"(?u)\\b\\w\\w+\\b"
        Regular expression of a word; only with ``analyzer="word"``. The default takes words of
        two or more letters or digits, and no punctuation.
    tokenizer : callable, default=None
        Function from a text to its words, in place of `token_pattern`.
    preprocessor : callable, default=None
        Function from a text to a text, in place of `lowercase` and `strip_accents`.
    analyzer : {"word", "char", "char_wb"} or callable, default="word"
        What an id stands for: a word, a character, or a character within word boundaries. A
        callable takes an item of X and returns its words: ``analyzer=list`` takes texts that
        are split already.
    ngram_range : tuple (n, n), default=(1, 1)
        Runs of n words or characters instead of single ones. Both numbers must be equal:
        n-grams of several lengths have no common order in time.
    input : {"content", "filename", "file"}, default="content"
        Whether the items of X are texts, names of files or open files.
    encoding : str, default="utf-8"
        How to decode bytes and files.
    decode_error : {"strict", "ignore", "replace"}, default="strict"
        What to do about bytes that `encoding` does not cover, as in :meth:`bytes.decode`.

    Attributes
    ----------
    vocabulary_ : Vocabulary
        A dict from every known word to its id, in the order of the ids. With `characters`, its
        attribute ``characters`` is such a dict of the characters of all words seen in `fit`,
        known words or not; of the words in `vocabulary`, where they are given.

    See Also
    --------
    SequencePadder : Turn the sequences into a rectangular array.

    Notes
    -----
    What `transform` returns knows its vocabulary, also after slicing, pickling and in
    ``set_output(transform="pandas")``, where it is ``frame.attrs["sklstm_vocabulary"]``. So
    the LSTM estimators tell words from numbers without being told.

    Examples
    --------
    >>> from sklstm import SequenceTokenizer
    >>> texts = ["a good film", "not a good film, not good", "no film at all"]
    >>> tokenizer = SequenceTokenizer(max_features=3)
    >>> for sequence in tokenizer.fit_transform(texts):
    ...     print(sequence)
    [5 4]
    [6 5 4 6 5]
    [1 4 1 1]
    >>> tokenizer.vocabulary_
    {'film': 4, 'good': 5, 'not': 6}
    >>> tokenizer.inverse_transform([[6, 5, 4]])
    [array(['not', 'good', 'film'], dtype=object)]

    Each word with its characters, of which "e" is the most frequent one:

    >>> speller = SequenceTokenizer(characters=4).fit(["see these trees"])
    >>> speller.vocabulary_.characters
    {'e': 4, 's': 5, 't': 6, 'h': 7, 'r': 8}
    >>> speller.transform(["these bees"])[0]
    array([[5, 6, 7, 5, 4],
           [1, 1, 4, 4, 5]], dtype=int32)
    """

    vocabulary_: Vocabulary

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **{
            name: constraint
            for name, constraint in CountVectorizer._parameter_constraints.items()
            if name not in ("binary", "dtype")
        },
        "stop_words": [StrOptions({"english"}), list, tuple, set, frozenset, None],
        "vocabulary": [Mapping, HasMethods("__iter__"), None],
        "min_df": [
            Interval(RealNotInt, 0, 1, closed="both"),
            Interval(Integral, 1, None, closed="left"),
        ],
        "max_length": [Interval(Integral, 1, None, closed="left"), None],
        "truncation": [StrOptions({"pre", "post", "middle"})],
        "unknown": [StrOptions({"id", "skip"})],
        "add_start": ["boolean"],
        "add_end": ["boolean"],
        "characters": [Interval(Integral, 1, None, closed="left"), None],
    }

    def __init__(
        self,
        *,
        max_features: int | None = 20_000,
        max_length: int | None = None,
        truncation: Literal["pre", "post", "middle"] = "pre",
        unknown: Literal["id", "skip"] = "id",
        add_start: bool = False,
        add_end: bool = False,
        characters: int | None = None,
        min_df: float = 1,
        max_df: float = 1.0,
        vocabulary: Iterable[str] | Mapping[str, int] | None = None,
        lowercase: bool = True,
        strip_accents: Literal["ascii", "unicode"] | Callable[[str], str] | None = None,
        stop_words: Literal["english"] | list[str] | None = None,
        token_pattern: str | None = r"(?u)\b\w\w+\b",
        tokenizer: Callable[[str], Iterable[str]] | None = None,
        preprocessor: Callable[[str], str] | None = None,
        analyzer: Literal["word", "char", "char_wb"] | Callable[[Any], Iterable[str]] = "word",
        ngram_range: tuple[int, int] = (1, 1),
        input: Literal["content", "filename", "file"] = "content",
        encoding: str = "utf-8",
        decode_error: Literal["strict", "ignore", "replace"] = "strict",
    ):
        self.max_features = max_features
        self.max_length = max_length
        self.truncation = truncation
        self.unknown = unknown
        self.add_start = add_start
        self.add_end = add_end
        self.characters = characters
        self.min_df = min_df
        self.max_df = max_df
        self.vocabulary = vocabulary
        self.lowercase = lowercase
        self.strip_accents = strip_accents
        self.stop_words = stop_words
        self.token_pattern = token_pattern
        self.tokenizer = tokenizer
        self.preprocessor = preprocessor
        self.analyzer = analyzer
        self.ngram_range = ngram_range
        self.input = input
        self.encoding = encoding
        self.decode_error = decode_error

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Iterable[Any], y: Any = None) -> SequenceTokenizer:
        """Learn the vocabulary of the texts.

        Parameters
        ----------
        X : iterable of str or bytes, of shape (n_texts,)
            The texts: a list, tuple, array, Series or one-column data frame.
        y : None
            Ignored.

        Returns
        -------
        self : SequenceTokenizer
            The fitted tokenizer.

        Raises
        ------
        TypeError
            If an item of X is not a text; the message names the first one.
        ValueError
            If an item of X is missing, X is empty, or no word is left to learn.
        """
        self._learn(X)
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def fit_transform(self, X: Iterable[Any], y: Any = None) -> Any:
        """Learn the vocabulary and return the texts as ids, analyzing each text once.

        Parameters
        ----------
        X : iterable of str or bytes, of shape (n_texts,)
            The texts.
        y : None
            Ignored.

        Returns
        -------
        sequences : TokenArray of shape (n_texts,)
            The same as ``fit(X).transform(X)``.
        """
        encoded = self._learn(X)
        return self._contain(finish(self, encoded), self.vocabulary_, X)

    def transform(self, X: Iterable[Any]) -> Any:
        """Return the texts as sequences of ids.

        A text without any word to keep becomes an empty sequence, with a `UserWarning`.

        Parameters
        ----------
        X : iterable of str or bytes, of shape (n_texts,)
            The texts.

        Returns
        -------
        sequences : TokenArray of shape (n_texts,)
            One int32 array of ids per text, of shape (T_i,), or (T_i, 1 + `characters`). After
            ``set_output(transform="pandas")`` a data frame with these arrays in its one column
            'sequence'.

        Raises
        ------
        NotFittedError
            If there is neither an earlier `fit` nor a `vocabulary`.
        ValueError
            If `characters` became a number, or None, only after `fit`.
        """
        vocabulary = self._known_words()
        encoded = encode(self, self._texts(X), vocabulary)
        return self._contain(finish(self, encoded), vocabulary, X)

    def inverse_transform(self, X: Any) -> list[np.ndarray]:
        """Return the words of sequences of ids.

        Padding, start and end ids are left out; unknown words read ``"<unk>"``, and so do ids
        past the vocabulary.

        Parameters
        ----------
        X : TokenArray or list of lists of int
            Ragged sequences of ids, or padded ones of shape (n_texts, n_steps); those of
            characters beside them are passed over.

        Returns
        -------
        words : list of arrays of str
            The words of each sequence, in their order.

        Raises
        ------
        TypeError
            If an item of X is not a sequence of integers.
        ValueError
            If an id is below 0, or X was made with another vocabulary.
        """
        vocabulary = self._known_words()
        words = vocabulary.words()
        result = []
        for ids in id_rows(X, vocabulary):
            spoken = ids[~np.isin(ids, (PADDING_ID, START_ID, END_ID))]
            result.append(words[np.where(spoken < len(words), spoken, UNKNOWN_ID)])
        return result

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the name of the one output column.

        Parameters
        ----------
        input_features : None
            Ignored.

        Returns
        -------
        names : array of shape (1,)
            ``["sequence"]``.
        """
        self._known_words()
        return np.array(["sequence"], dtype=object)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.requires_fit = self.vocabulary is None
        return tags

    def _known_words(self) -> Vocabulary:
        """Return the vocabulary to look words up in, without storing anything."""
        if hasattr(self, "vocabulary_") or self.vocabulary is None:
            check_is_fitted(self, "vocabulary_")
            return self.vocabulary_
        self._validate_params()
        return given_vocabulary(self.vocabulary, spelled=self.characters is not None)

    def _learn(self, X: Iterable[Any]) -> Encoded:
        """Set the vocabulary, and return the ids of all texts."""
        room(self)
        texts = self._texts(X)
        if self.vocabulary is None:
            vocabulary, encoded = discover(self, texts)
        else:
            vocabulary = given_vocabulary(self.vocabulary, spelled=self.characters is not None)
            self._warn_of_uppercase(vocabulary)
            encoded = encode(self, texts, vocabulary)
        self.vocabulary_ = vocabulary
        return encoded

    def _texts(self, X: Any) -> list[Any]:
        return as_texts(X, input=self.input, any_item=callable(self.analyzer))

    def _contain(self, sequences: np.ndarray, vocabulary: Vocabulary, X: Any) -> Any:
        return contain_sequences(TokenArray(sequences, vocabulary), X, self)

    def _warn_of_uppercase(self, vocabulary: Vocabulary) -> None:
        """Tell when texts are lowercased but the given words are not, so never match."""
        as_given = callable(self.analyzer) or self.preprocessor is not None
        if not self.lowercase or (as_given and not folds_words(self)):
            return
        word = next((word for word in vocabulary if word != word.lower()), None)
        if word is not None:
            warnings.warn(
                f"vocabulary holds {word!r}, which no text matches while lowercase=True.",
                UserWarning,
                stacklevel=5,
            )
