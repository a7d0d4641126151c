"""From texts to sequences of word ids."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from inspect import signature
from numbers import Integral
from typing import Any, ClassVar, Literal

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin, _fit_context
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.utils import Tags
from sklearn.utils._param_validation import (
    HasMethods,
    Interval,
    RealNotInt,
    StrOptions,
    validate_parameter_constraints,
)
from sklearn.utils.validation import check_is_fitted

from sklstm._callers import caller_level
from sklstm._display import PrintsShort, short
from sklstm._keywords import ExplainedKeywords
from sklstm._sequences import (
    END_ID,
    N_RESERVED,
    PADDING_ID,
    START_ID,
    UNKNOWN_ID,
    TokenArray,
    Unit,
    Vocabulary,
    as_python,
    contain_sequences,
    fill,
    id_rows,
    join_tokens,
    object_array,
    plain,
    positions,
    split,
    truncate,
)
from sklstm.preprocessing.text._subwords import N_BYTES, learn_subwords, split_into_subwords
from sklstm.preprocessing.text.corpus import (
    CHARACTER_PATTERN,
    SPLITTING_CONSTRAINTS,
    TOKEN_PATTERN,
    WRITING_PATTERN,
    Corpus,
    Splitting,
    Steps,
    check_all_str,
    check_no_lines,
    read_corpus,
)

# Parameters that choose or divide words otherwise.
_NOT_OF_SUBWORDS = (
    "characters", "min_df", "max_df", "vocabulary", "stop_words", "token_pattern", "tokenizer",
    "ngram_range",
)  # fmt: skip


class SequenceTokenizer(ExplainedKeywords, PrintsShort, TransformerMixin, BaseEstimator):
    r"""Turn texts into sequences of word ids, in the order of the words.

    Splits texts as :class:`~sklearn.feature_extraction.text.CountVectorizer` does, with the
    same parameters, but keeps the words in their order instead of counting them. The more often
    a word occurs in the texts seen in `fit`, the smaller its id.

    The ids 0 to 3 are reserved: 0 is padding, 1 an unknown word, 2 the start and 3 the end of a
    text. The first word of the vocabulary has the id 4.

    Parameters
    ----------
    max_features : int or None, default=20_000
        Maximum size of the vocabulary: the most frequent words are kept, in addition to the four
        reserved ids. A word seen once or twice cannot get a good vector, and the words left out
        train the vector of the unknown word. None keeps every word. With ``analyzer="subword"``
        the number of subwords, such as 8,000, of which 256 are the bytes.
    max_length : int, default=None
        Truncate longer sequences to this number of ids, start and end ids included. None truncates
        nothing: an LSTM takes sequences of any length, at the cost of time and memory.
    truncation : {"pre", "post", "middle"}, default="pre"
        Which part of a long text is removed: its beginning, its end, or its middle. The default
        keeps the end, because reviews close with their verdict.
    unknown : {"id", "skip"}, default="id"
        Give words outside the vocabulary the id 1, or leave them out.
    add_start : bool, default=False
        Put the id 2 before the ids of each text.
    add_end : bool, default=False
        Put the id 3 after the ids of each text.
    characters : int or None, default=None
        In addition to the id of each word, return the ids of this many of its characters, so that
        an `LSTMTagger` sees how words are spelled, including unknown ones. Each step is then a row
        of 1 + `characters` ids, padded with 0. A longer word keeps its beginning and its end, with
        one character more of the beginning if the number is odd. Words are looked up in lowercase,
        whatever the analyzer, and spelled as they are written, so that capital letters show; with
        ``lowercase=False`` they are looked up as written, too. None gives the words alone, as the
        other estimators read them.
    min_df : int or float in [0.0, 1.0], default=1
        Ignore words that occur in fewer texts than this: a number of texts, or as a float a
        fraction of them.
    max_df : int or float in [0.0, 1.0], default=1.0
        Ignore words that occur in more texts than this: a number of texts, or as a float a
        fraction of them.
    vocabulary : iterable of str or mapping from str to int, default=None
        Use exactly these words. An iterable gives them in the order of their ids; of a
        mapping only the order of its ids counts, since the ids start at 4 here; a set is sorted.
        What can be read only once, such as a generator or an open file, is refused. No `fit` is
        needed then; `max_features`, `min_df` and `max_df` are ignored. The known characters
        are those of these words, or those that a `Vocabulary` already has.
    lowercase : bool, default=True
        Convert texts to lowercase before splitting them; with `characters`, look words up in
        lowercase.
    unicode_form : {"NFC", "NFD", "NFKC", "NFKD"} or None, default="NFC"
        Normal form of texts and of `vocabulary`, see :func:`unicodedata.normalize`. "NFC" makes
        "é" of "e" and a combining accent, so that both ways to write it are the same word; the "K"
        forms also replace ligatures, wide letters and the like. None leaves texts as they are.
    strip_accents : {"ascii", "unicode"} or callable, default=None
        Remove accents, by this method or function.
    stop_words : {"english"} or list of str, default=None
        Words to leave out; only with ``analyzer="word"``. An LSTM reads whole sentences, in which
        words like "not" and "no" matter, so use stop words with care.
    token_pattern : str, default=words and punctuation marks
        Regular expression of a token; only with ``analyzer="word"``. The default makes a token of
        each word, that is, letters or digits with their combining marks and the joiners between
        them, and of each punctuation mark or symbol: "can't" becomes "can", "'", "t". Counts of
        words do without "I", "a" and "?", but they carry the order that an LSTM reads. A pattern
        with properties of characters, such as ``\p{M}`` for marks, is read by the package regex,
        any other one by :mod:`re`, whose ``\w`` is without marks; ``r"(?u)\b\w\w+\b"`` is that
        of `CountVectorizer`, words of two or more letters alone, and ``r"(?s)."`` makes a token
        of every character, white space included.
    tokenizer : callable, default=None
        Function from a text to its words, used instead of `token_pattern`.
    preprocessor : callable, default=None
        Function from a text to a text, used instead of `lowercase` and `strip_accents`.
    analyzer : {"word", "char", "char_wb", "subword"} or callable, default="word"
        What an id stands for: a word, a character, a character within word boundaries, or a
        subword. "char" is that of `CountVectorizer`, which reads two or more characters of white
        space, such as an empty line, as one blank; ``token_pattern=r"(?s)."`` keeps all of them.
        "subword" learns parts of words in `fit`, so that frequent words are one token and rare
        ones several, and no text has an unknown word; it needs the package tokenizers (``pip
        install sklstm[subword]``). A callable takes an item of X and returns its words:
        ``analyzer=list`` takes texts that are lists of words already. A callable may also return
        a list, tuple or set of words for each step: ``analyzer=list`` takes ``[["a", "b"],
        ["c"]]`` as two steps, of two words and of one. See the notes.
    ngram_range : tuple (n, n), default=(1, 1)
        Use n-grams of n words or characters instead of single ones. Both numbers must be equal:
        n-grams of several lengths have no common order in time.
    input : {"content", "filename", "file"}, default="content"
        Whether the items of X are texts, names of files or open files.
    encoding : str, default="utf-8"
        How to decode bytes and files.
    decode_error : {"strict", "ignore", "replace"}, default="strict"
        What to do about bytes that are invalid in `encoding`, as in :meth:`bytes.decode`.

    Attributes
    ----------
    vocabulary_ : Vocabulary
        A dict from each known word to its id, in the order of the ids. With `characters`, its
        attribute ``characters`` is such a dict of the characters of all words seen in `fit`,
        whether or not the words are in the vocabulary; or of the words in `vocabulary`, if given.
        Its attribute ``unit`` is "word", "char" or "subword".
    merges_ : ndarray of int32 of shape (n_merges, 2)
        The ids of the pairs of subwords that are merged, in this order. Only with
        ``analyzer="subword"``.

    See Also
    --------
    SequencePadder : Turn the sequences into a rectangular array.

    Notes
    -----
    The result of `transform` carries its vocabulary, by which the LSTM estimators can tell word
    ids from numerical series. Each sequence in it has the vocabulary, too, so that lists, Series,
    columns of data frames and object arrays of them keep it, and so do slices, pickles and those
    functions of NumPy that select, rearrange or combine ids, such as :func:`numpy.concatenate`.
    Sequences of different vocabularies are not combined. After
    ``set_output(transform="pandas")`` the vocabulary is also in ``frame.attrs``, where parquet
    files keep it.

    It is lost where ids become plain integers: by ``tolist()``, by :func:`numpy.asarray` of padded
    ids, in polars, by ``merge`` of frames of padded ids, and in estimators that convert X to an
    array, such as `BaggingClassifier`, `OneVsOneClassifier`, `SelfTrainingClassifier`, and
    imbalanced-learn's samplers after a `SequencePadder`. The estimators warn of such integers in
    `fit`, and refuse them in `predict` if they were fitted with a vocabulary; their
    ``input_type="tokens"`` reads them as ids.

    A sequence with unknown words also has these words, in their order, in the attribute
    ``unknown_words``, by which an estimator with pretrained `embeddings` reads them in prediction.
    Copies and pickles keep it; slices, padded arrays and files do not.

    Texts in one column of a table, such as ``frame[["text"]]``, become one column of sequences, of
    shape (n_texts, 1). A `ColumnTransformer` needs this: give it the column as a list, ``("tokens",
    SequenceTokenizer(), ["text"])``. It must be the only output, since an LSTM reads no numbers
    beside the sequences. `BaggingClassifier` and imbalanced-learn's `RandomOverSampler` take such a
    column, too, and keep its vocabulary.

    Where each step is a list of words (the codes of a visit, the items of a basket, the tags of a
    picture), a sequence has the shape (T_i, K), with K the number of words in the largest step of
    the call; other steps are padded with the id 0. `LSTMClassifier`, `LSTMRegressor` and
    `LSTMTagger` average the word vectors of a step: neither padding nor the order of its words
    counts, and K may differ from call to call. A step without words has the id 3 alone.
    `max_length` counts steps. The linear model of word counts (`linear_path`) does not read such
    steps, and words that training never saw are read as unknown even if `embeddings` has them.

    Subwords are those of byte-pair encoding [1]_ over the bytes of UTF-8: beginning with the 256
    bytes, the most frequent pair of neighbours becomes a new subword, again and again, up to
    `max_features` or until no pair occurs twice. Pairs do not cross the borders of words; the blank
    before a word belongs to it, so that " film" and "film" differ. Ids follow the frequency in
    the texts of `fit`, as those of words do. Bytes that are no character alone are shown as
    ``"<0xC3>"``. The same texts give the same subwords. `characters`, `min_df`, `max_df`,
    `vocabulary`, `stop_words`, `token_pattern`, `tokenizer` and `ngram_range` have no meaning with
    them and are refused. The default ``lowercase=True`` applies to subwords, too.

    References
    ----------
    .. [1] Sennrich, R., Haddow, B., & Birch, A. (2016). Neural machine translation of rare words
       with subword units. ACL, 1715-1725. Section 3.2.

    Examples
    --------
    >>> from sklstm import SequenceTokenizer
    >>> texts = ["good film", "not a good film, not good", "no film at all!"]
    >>> tokenizer = SequenceTokenizer(max_features=3)
    >>> for sequence in tokenizer.fit_transform(texts):
    ...     print(sequence)
    [5 4]
    [6 1 5 4 1 6 5]
    [1 4 1 1 1]
    >>> tokenizer.vocabulary_
    {'film': 4, 'good': 5, 'not': 6}
    >>> tokenizer.inverse_transform([[6, 5, 4]])
    [array(['not', 'good', 'film'], dtype=object)]

    By default punctuation marks are tokens, too:

    >>> list(SequenceTokenizer().fit(["I can't, can I?"]).vocabulary_)
    ['can', 'i', "'", ',', '?', 't']

    Each word with its characters, of which "e" is the most frequent one:

    >>> speller = SequenceTokenizer(characters=4).fit(["see these trees"])
    >>> speller.vocabulary_.characters
    {'e': 4, 's': 5, 't': 6, 'h': 7, 'r': 8}
    >>> speller.transform(["these bees"])[0]
    TokenArray([[5, 6, 7, 5, 4],
                [1, 1, 4, 4, 5]], dtype=int32)

    Steps of several words, such as the articles that a customer bought at each visit:

    >>> visits = [[["milk", "bread"], ["milk"]], [["tea"], ["bread", "milk", "tea"]]]
    >>> baskets = SequenceTokenizer(analyzer=list)
    >>> baskets.fit_transform(visits)[0]
    TokenArray([[4, 5, 0],
                [4, 0, 0]], dtype=int32)
    >>> baskets.vocabulary_
    {'milk': 4, 'bread': 5, 'tea': 6}

    Subwords, of which "low" occurs most often:

    >>> subwords = SequenceTokenizer(analyzer="subword", max_features=260)
    >>> X = subwords.fit_transform(["low lower lowest", "slow lows"])
    >>> subwords.inverse_transform(subwords.transform(["lowly"]))
    [array(['low', 'l', 'y'], dtype=object)]
    >>> subwords.to_texts(X)
    ['low lower lowest', 'slow lows']
    """

    vocabulary_: Vocabulary
    merges_: np.ndarray

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **SPLITTING_CONSTRAINTS,
        **{
            name: CountVectorizer._parameter_constraints[name]
            for name in ("max_df", "max_features")
        },
        "min_df": [
            Interval(RealNotInt, 0, 1, closed="both"),
            Interval(Integral, 1, None, closed="left"),
        ],
        "analyzer": [StrOptions({"word", "char", "char_wb", "subword"}), callable],
        "vocabulary": [Mapping, HasMethods("__iter__"), None],
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
        unicode_form: Literal["NFC", "NFD", "NFKC", "NFKD"] | None = "NFC",
        strip_accents: Literal["ascii", "unicode"] | Callable[[str], str] | None = None,
        stop_words: Literal["english"] | list[str] | None = None,
        token_pattern: str | None = TOKEN_PATTERN,
        tokenizer: Callable[[str], Iterable[str]] | None = None,
        preprocessor: Callable[[str], str] | None = None,
        analyzer: (
            Literal["word", "char", "char_wb", "subword"] | Callable[[Any], Iterable[str]]
        ) = "word",
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
        self.unicode_form = unicode_form
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
        """Learn the vocabulary and return the texts as ids, splitting each text once.

        Parameters
        ----------
        X : iterable of str or bytes, of shape (n_texts,)
            The texts.
        y : None
            Ignored.

        Returns
        -------
        sequences : TokenArray of shape (n_texts,) or (n_texts, 1)
            The same as ``fit(X).transform(X)``.
        """
        corpus = self._learn(X)
        sequences = self._encode(*self._look_up(corpus, self.vocabulary_))
        return contain_sequences(sequences, X, self)

    def transform(self, X: Iterable[Any]) -> Any:
        """Return the texts as sequences of ids.

        A text without a word to keep becomes an empty sequence, with a `UserWarning`.

        Parameters
        ----------
        X : iterable of str or bytes, of shape (n_texts,)
            The texts.

        Returns
        -------
        sequences : TokenArray of shape (n_texts,), or (n_texts, 1) if X is a column of a table
            One int32 array of ids for each text, of shape (T_i,), or (T_i, 1 + `characters`), or
            (T_i, K) for steps of several words. After ``set_output(transform="pandas")`` a data
            frame with these arrays in its only column 'sequence'.

        Raises
        ------
        NotFittedError
            If the tokenizer is not fitted and has no `vocabulary`.
        ValueError
            If `characters` was set to a number, or to None, only after `fit`; or if steps are lists
            of words here, and single words in `fit`, or the reverse.
        """
        vocabulary = self._known_words()
        has_subwords = vocabulary.unit == "subword"
        if has_subwords != (self.analyzer == "subword"):
            units = ["words or characters", "subwords"]
            raise ValueError(
                f"analyzer={short(self.analyzer)!r} was set after fit, which learned "
                f"{units[has_subwords]}; fit again."
            )
        learned, width = vocabulary.characters, self.characters
        if (learned is None) != (width is None):
            raise ValueError(
                f"characters={width} was set after fit, which learned "
                f"{'no characters' if learned is None else 'characters'}; fit again."
            )
        if has_subwords:
            corpus = split_into_subwords(self._read(X), vocabulary, self.merges_)
            sequences = self._encode(corpus, vocabulary)
        elif width is None:
            corpus = self._read(X, vocabulary)
            sequences = self._encode(*self._as_steps(corpus, self._for_steps(vocabulary, corpus)))
        else:
            sequences = self._encode(*self._look_up(self._read(X), vocabulary))
        return contain_sequences(sequences, X, self)

    def inverse_transform(self, X: Any) -> list[np.ndarray]:
        """Return the words of sequences of ids.

        Padding, start and end ids are left out; unknown words become ``"<unk>"``, and so do ids
        outside the vocabulary.

        Parameters
        ----------
        X : TokenArray, or list, Series or one-column frame of lists of int
            Ragged sequences of ids, or padded ones of shape (n_texts, n_steps). The ids of
            characters beside those of words are ignored.

        Returns
        -------
        words : list of arrays of str
            The words of each sequence, in their order. Of steps of several words, an object array
            with the words of each step.

        Raises
        ------
        TypeError
            If an item of X is not a sequence of integers.
        ValueError
            If an id is negative, or X was made with another vocabulary.
        """
        vocabulary = self._known_words()
        words = vocabulary.words()
        result = []
        for ids in id_rows(X, vocabulary):
            is_shown = ~np.isin(ids, (PADDING_ID, START_ID, END_ID))
            shown = words[np.where(ids < len(words), ids, UNKNOWN_ID)]
            if vocabulary.bags:
                # A step without words holds the id of an end, too: it stays, as an empty one.
                is_step = is_shown.any(axis=1) | (ids == END_ID).any(axis=1)
                if self.add_end and is_step.any():
                    is_step[np.flatnonzero(is_step)[-1]] = False
                steps = zip(shown[is_step], is_shown[is_step], strict=True)
                result.append(object_array(step[kept] for step, kept in steps))
            else:
                result.append(shown[is_shown])
        return result

    def to_texts(self, X: Any) -> list[str]:
        """Return the texts that sequences of ids stand for.

        Subwords and single characters give the texts as `fit` or `transform` read them, after
        `lowercase`, `unicode_form` and the like. Words are separated by spaces as in English: none
        before a comma or after an opening bracket, or within a hyphenated word. If no word of the
        vocabulary has an upper-case letter, sentences begin with one.

        Parameters
        ----------
        X : TokenArray, or list, Series or one-column frame of lists of int
            As in `inverse_transform`.

        Returns
        -------
        texts : list of str
            One text for each sequence. Padding, start and end are left out; unknown words are
            ``"<unk>"``.

        Raises
        ------
        TypeError, ValueError
            As in `inverse_transform`; or if steps are lists of words or overlapping n-grams, which
            no text can be made of.

        Examples
        --------
        >>> from sklstm import SequenceTokenizer
        >>> tokenizer = SequenceTokenizer()
        >>> X = tokenizer.fit_transform(["Isn't it a well-known film (in the U.S.)? I'd say so."])
        >>> tokenizer.to_texts(X)
        ["Isn't it a well-known film (in the u.s.)? I'd say so."]
        """
        vocabulary = self._known_words()
        if tuple(self.ngram_range) != (1, 1) and not callable(self.analyzer):
            raise ValueError(
                f"ngram_range={plain(self.ngram_range)!r} gives overlapping n-grams, of which no "
                "text can be made; accepted is (1, 1)."
            )
        return [join_tokens(ids, vocabulary) for ids in id_rows(X, vocabulary)]

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the name of the only output column.

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

    def _validate_params(self) -> None:
        # scikit-learn takes np.float32(0.5) for neither a fraction nor a number of texts.
        validate_parameter_constraints(
            self._parameter_constraints,
            {name: as_python(value) for name, value in self.get_params(deep=False).items()},
            caller_name=type(self).__name__,
        )

    def _known_words(self) -> Vocabulary:
        """Return the vocabulary to look words up in, without storing anything."""
        if hasattr(self, "vocabulary_") or self.vocabulary is None:
            check_is_fitted(self, "vocabulary_")
            return self.vocabulary_
        self._validate_params()
        return self._given_vocabulary()

    def _given_vocabulary(self) -> Vocabulary:
        """Return the words of the parameter `vocabulary`."""
        self._check_subwords()
        given = _given_vocabulary(
            self.vocabulary,
            with_characters=self.characters is not None,
            normal=Splitting.from_params(vars(self)).normal,
        )
        if callable(self.analyzer) or given.unit == self._unit():
            return given  # only the user knows what the analyzer returns
        return given.replace(unit=self._unit())

    def _unit(self) -> Unit:
        """Return what an id stands for; n-grams overlap, and are joined by nothing."""
        if self.analyzer == "subword":
            return "subword"
        is_pattern = self.analyzer == "word" and self.tokenizer is None
        if tuple(self.ngram_range) == (1, 1) and (
            self.analyzer in ("char", "char_wb")
            or (is_pattern and self.token_pattern == CHARACTER_PATTERN)
        ):
            return "char"
        return "word"

    def _check_subwords(self) -> None:
        """Raise ValueError if subwords are asked for with parameters that have no meaning then."""
        if self.analyzer != "subword":
            return
        usuals = signature(type(self)).parameters
        for name in _NOT_OF_SUBWORDS:
            value, usual = as_python(getattr(self, name)), usuals[name].default
            value = tuple(value) if name == "ngram_range" else value
            if value is not usual and (not isinstance(value, type(usual)) or value != usual):
                raise ValueError(
                    f"{name}={short(value)!r} has no meaning with analyzer='subword', which learns "
                    f"its own division of words; leave out {name}."
                )

    def _for_steps(self, vocabulary: Vocabulary, corpus: Corpus) -> Vocabulary:
        """Return a vocabulary that says whether steps are lists of words, as those of texts are.

        Raises
        ------
        ValueError
            If the words of a fitted tokenizer came otherwise.
        """
        bags = corpus.steps is not None
        if bags == vocabulary.bags or not len(corpus.ids):
            return vocabulary
        if not hasattr(self, "vocabulary_"):
            return vocabulary.replace(bags=bags)
        kinds = ["single words", "lists of words"]
        raise ValueError(
            f"the steps of X[{np.flatnonzero(corpus.lengths)[0]}] are {kinds[bags]}, but this "
            f"tokenizer was fitted on steps that are {kinds[not bags]}; give them alike, or fit "
            "again."
        )

    def _warn_of_unused(self) -> None:
        """Warn of parameters that a function as `analyzer` leaves without effect."""
        if not callable(self.analyzer):
            return
        usual: dict[str, Any] = {"stop_words": None, "tokenizer": None, "preprocessor": None}
        unused = [name for name, value in usual.items() if getattr(self, name) is not value]
        if tuple(self.ngram_range) != (1, 1):
            unused.append("ngram_range")
        if unused:
            warnings.warn(
                f"{' and '.join(unused)} will not be used: analyzer={short(self.analyzer)!r} is a "
                "function, which returns the words itself.",
                stacklevel=caller_level(),
            )

    def _folds_case(self) -> bool:
        """Return True if words are looked up in lowercase but spelled as they are written."""
        return self.characters is not None and bool(self.lowercase)

    def _read(self, X: Iterable[Any], vocabulary: Vocabulary | None = None) -> Corpus:
        """Split texts into words, in their own case if that is to be spelled.

        With subwords the texts stay whole.
        """
        self._check_subwords()
        splitting = Splitting.from_params(vars(self))
        splitting.check_ngram_range(ordered=True)
        if self._folds_case():
            if self.stop_words is not None:
                raise ValueError(
                    f"stop_words={short(self.stop_words)!r} are words in lowercase, but characters="
                    f"{self.characters} leaves texts in their own case; set lowercase=False, or "
                    "stop_words=None."
                )
            splitting = replace(splitting, lowercase=False)
        corpus = read_corpus(
            X, splitting, vocabulary=vocabulary, keep_unknown=self.unknown == "id", steps=True
        )
        if corpus.steps is not None and self.characters is not None:
            raise ValueError(
                f"characters={self.characters} adds the characters of the one word of a step, but "
                "the steps of X are lists of words; set characters=None."
            )
        return corpus

    def _learn(self, X: Iterable[Any]) -> Corpus:
        """Set the vocabulary, and return the texts."""
        self._max_words()
        self._warn_of_unused()
        if self.analyzer == "subword":
            return self._learn_subwords(X)
        corpus = self._read(X)
        if self.vocabulary is not None:
            given = self._given_vocabulary()
            self._warn_of_uppercase(given)
            self._warn_of_white_space(given)
            if given.bags != (corpus.steps is not None):
                given = given.replace(bags=not given.bags)
            self._set_fitted(given)
            return corpus
        words = (corpus.in_lowercase() if self._folds_case() else corpus).choose_words(
            min_df=self.min_df,
            max_df=self.max_df,
            max_words=as_python(self.max_features),
        )
        characters = None
        if self.characters is not None:
            # Also those of words outside the vocabulary, of which only the spelling is known.
            characters = _learn_characters(corpus.words, corpus.counts())
        bags = corpus.steps is not None
        self._set_fitted(Vocabulary(words, characters, bags, self._unit()))
        return corpus

    def _learn_subwords(self, X: Iterable[Any]) -> Corpus:
        """Set the vocabulary and the merges, and return the texts."""
        if self.max_features is not None and self.max_features < N_BYTES:
            raise ValueError(
                f"max_features={self.max_features} is too small for analyzer='subword', which "
                f"keeps all {N_BYTES} bytes, so that nothing is unknown; accepted is {N_BYTES} or "
                "more, or None."
            )
        texts = self._read(X)
        if not any(texts.words):
            raise ValueError("empty vocabulary: X holds only empty texts, and no subword to learn.")
        vocabulary, merges, corpus = learn_subwords(texts, as_python(self.max_features))
        self._set_fitted(vocabulary, merges)
        return corpus

    def _set_fitted(self, vocabulary: Vocabulary, merges: np.ndarray | None = None) -> None:
        self.vocabulary_ = vocabulary
        if merges is not None:
            self.merges_ = merges
        elif hasattr(self, "merges_"):
            del self.merges_

    def _look_up(
        self, corpus: Corpus, vocabulary: Vocabulary
    ) -> tuple[Corpus, Vocabulary, np.ndarray | None]:
        """Return the texts as ids of the vocabulary, or as rows of a table with characters.

        Returns
        -------
        corpus : Corpus
            The ids, below 0 for unknown words; or the rows of the words.
        vocabulary : Vocabulary
            The same.
        table : ndarray of int32 of shape (4 + n_words, 1 + characters) or None
            The ids of each different word and its characters. The reserved ids come first, so that
            the row of each is its id.
        """
        if self.characters is None or vocabulary.characters is None:
            return self._as_steps(corpus.looked_up(vocabulary), vocabulary)
        looked_up = list(map(str.lower, corpus.words)) if self._folds_case() else corpus.words
        ids = np.array([vocabulary.get(word, UNKNOWN_ID) for word in looked_up], dtype=np.int32)
        width = int(self.characters)
        table = np.full((N_RESERVED + len(ids), 1 + width), PADDING_ID, dtype=np.int32)
        table[:N_RESERVED, 0] = np.arange(N_RESERVED)
        table[N_RESERVED:, 0] = ids
        table[N_RESERVED:, 1:] = _spell(corpus.words, vocabulary.characters, width)
        corpus = Corpus(looked_up, corpus.ids + N_RESERVED, corpus.lengths)
        return corpus, vocabulary, table

    def _as_steps(
        self, corpus: Corpus, vocabulary: Vocabulary
    ) -> tuple[Corpus, Vocabulary, np.ndarray | None]:
        """Return texts as they are, or as rows of a table with the words of every step.

        Returns
        -------
        corpus : Corpus
            The texts; or the rows of their steps.
        vocabulary : Vocabulary
            The same.
        table : ndarray of int32 of shape (4 + n_steps, K) or None
            The ids of each step, after the reserved ids.
        """
        if not vocabulary.bags:
            return corpus, vocabulary, None
        if self.unknown == "skip":
            corpus = corpus.only(corpus.ids >= 0)
        nothing = np.zeros(len(corpus), dtype=np.int64)
        steps = corpus.steps or Steps(nothing[:0], nothing)  # of empty texts alone
        width = int(steps.sizes.max(initial=1))
        ids = np.where(corpus.ids < 0, UNKNOWN_ID, corpus.ids)
        rows = fill(ids, steps.sizes, width, "post", PADDING_ID)
        rows[steps.sizes == 0, 0] = END_ID
        reserved = np.full((N_RESERVED, width), PADDING_ID, dtype=np.int32)
        reserved[:, 0] = np.arange(N_RESERVED)
        places = np.arange(N_RESERVED, N_RESERVED + len(rows), dtype=np.int32)
        return Corpus((), places, steps.lengths), vocabulary, np.concatenate([reserved, rows])

    def _encode(
        self, corpus: Corpus, vocabulary: Vocabulary, table: np.ndarray | None = None
    ) -> TokenArray:
        """Return a sequence of ids for each text: skipped, truncated and marked as wanted."""
        max_words = self._max_words()
        if self.unknown == "skip" and not vocabulary.bags:
            known = corpus.ids >= 0 if table is None else table[corpus.ids, 0] != UNKNOWN_ID
            corpus = corpus.only(known)
        flat, lengths = corpus.ids, corpus.lengths
        empty = np.flatnonzero(lengths == 0)
        if len(empty):
            warnings.warn(
                f"{len(empty)} of {len(corpus)} texts have no word to keep and become empty "
                f"sequences; the first is X[{empty[0]}].",
                UserWarning,
                stacklevel=caller_level(),
            )
        if max_words is not None:
            flat, lengths = truncate(flat, lengths, max_words, self.truncation)
        if self.add_start:
            flat = np.insert(flat, np.cumsum(lengths) - lengths, START_ID)
            lengths = lengths + 1
        if self.add_end:
            flat = np.insert(flat, np.cumsum(lengths), END_ID)
            lengths = lengths + 1
        if table is None:
            at = np.flatnonzero(flat < 0)
            words = list(map(corpus.unknown.__getitem__, (-1 - flat[at]).tolist()))
            flat[at] = UNKNOWN_ID
        elif vocabulary.bags:
            at, words = np.empty(0, dtype=np.int64), []
            flat = table.take(flat, axis=0)
        else:
            at = np.flatnonzero(table[flat, 0] == UNKNOWN_ID)
            words = list(map(corpus.words.__getitem__, (flat[at] - N_RESERVED).tolist()))
            flat = table.take(flat, axis=0)
        sequences = TokenArray(split(flat, lengths), vocabulary)
        _attach(words, at, lengths, sequences)
        return sequences

    def _max_words(self) -> int | None:
        """Return how many words fit into `max_length` beside the start and end ids."""
        if self.max_length is None:
            return None
        marks = int(self.add_start) + int(self.add_end)
        if self.max_length <= marks:
            raise ValueError(
                f"max_length={self.max_length} leaves no room for a word: add_start and add_end "
                f"take {marks}; accepted is {marks + 1} or more."
            )
        return int(self.max_length) - marks

    def _warn_of_uppercase(self, vocabulary: Vocabulary) -> None:
        """Warn of given words that no text can match, because texts are converted to lowercase."""
        own_case = callable(self.analyzer) or self.preprocessor is not None
        if not self.lowercase or (own_case and not self._folds_case()):
            return
        word = next((word for word in vocabulary if word != word.lower()), None)
        if word is not None:
            warnings.warn(
                f"vocabulary holds {plain(word)!r}, which no text matches while lowercase=True.",
                UserWarning,
                stacklevel=caller_level(),
            )

    def _warn_of_white_space(self, vocabulary: Vocabulary) -> None:
        """Warn of given words with white space at their ends that no text can match."""
        spaced = [word for word in vocabulary if word != word.strip()]
        if not spaced or callable(self.analyzer):
            return
        analyze, _ = Splitting.from_params(vars(self)).build_analyzer()
        word = next((word for word in spaced if word not in analyze(word)), None)
        if word is not None:
            warnings.warn(
                f"vocabulary holds {word!r}, with white space at an end, which no text matches.",
                UserWarning,
                stacklevel=caller_level(),
            )


def tokenizer_for_language_model(
    analyzer: Literal["word", "char", "subword"] = "word",
    *,
    max_features: int | None = 20_000,
    lowercase: bool = False,
) -> SequenceTokenizer:
    """Return the tokenizer of a model that writes texts, whose tokens can be joined again.

    Parameters
    ----------
    analyzer : {"word", "char", "subword"}, default="word"
        Whether a token is a word, a character or a subword. Words come with their apostrophes and
        hyphens; punctuation marks and line breaks are tokens, too. Characters are all of a text,
        white space included.
    max_features : int or None, default=20_000
        The size of the vocabulary, as in `SequenceTokenizer`.
    lowercase : bool, default=False
        Whether to convert texts to lowercase.
    """
    shared: dict[str, Any] = {"max_features": max_features, "lowercase": lowercase}
    patterns = {"word": WRITING_PATTERN, "char": CHARACTER_PATTERN}
    if analyzer == "subword":
        return SequenceTokenizer(analyzer="subword", **shared)
    if analyzer not in patterns:
        raise ValueError(f"analyzer must be 'word', 'char' or 'subword', got {analyzer!r}.")
    return SequenceTokenizer(token_pattern=patterns[analyzer], **shared)


def _attach(words: list[str], at: np.ndarray, lengths: np.ndarray, sequences: TokenArray) -> None:
    """Give each sequence its unknown words.

    Parameters
    ----------
    words : list of str
        The unknown words of all sequences.
    at : ndarray of int of shape (n_words,)
        Their places in the concatenated sequences, in order.
    lengths : ndarray of int of shape (n_sequences,)
        The lengths of the sequences.
    sequences : TokenArray of shape (n_sequences,)
        The sequences.
    """
    ends = np.searchsorted(at, np.cumsum(lengths)).tolist()
    begin = 0
    for sequence, end in zip(sequences.view(np.ndarray), ends, strict=True):
        if begin < end:
            sequence.unknown_words = tuple(words[begin:end])
            begin = end


def _given_vocabulary(
    words: Any, *, with_characters: bool, normal: Callable[[str], str]
) -> Vocabulary:
    """Return a user's ``vocabulary`` parameter as a `Vocabulary`.

    A mapping is read in the order of its ids, which may start anywhere and have gaps; a set, which
    has no order, alphabetically. Characters are those of the words, unless a given `Vocabulary`
    has its own.

    Parameters
    ----------
    words : iterable of str, or mapping from str to int
        The parameter.
    with_characters : bool
        Whether the vocabulary has the characters of its words.
    normal : callable
        Returns a word in the normal form of Unicode.
    """
    words = plain(words) if isinstance(words, np.ndarray) else words
    if isinstance(words, Vocabulary):
        ordered: list[Any] = list(words)
    elif isinstance(words, Mapping):
        ordered = _by_id(words)
    elif isinstance(words, (str, bytes)) or not isinstance(words, Iterable):
        raise TypeError(
            "vocabulary must be an iterable of words or a mapping from word to id, "
            f"got {type(words).__name__} ({plain(words)!r})."
        )
    elif isinstance(words, Iterator):
        how = "[line.rstrip() for line in file]" if hasattr(words, "readline") else "list(words)"
        raise TypeError(
            f"vocabulary is a {type(words).__name__}, which can be read only once, but a second "
            f"fit and a clone need its words again; give a list, such as {how}."
        )
    elif hasattr(words, "columns"):
        raise TypeError(
            f"vocabulary is a data frame with the columns {list(words.columns)}; give one of them."
        )
    else:
        ordered = list(words)
        if isinstance(words, (set, frozenset)):
            check_all_str(ordered, "vocabulary must hold str")
            ordered.sort()
    if not ordered:
        raise ValueError("vocabulary is empty; give at least one word, or None to learn it.")
    check_all_str(ordered, "vocabulary must hold str")
    if not isinstance(words, Vocabulary):
        check_no_lines(ordered, "vocabulary")
    ordered, before = [normal(str(word)) for word in ordered], ordered
    first: dict[str, int] = {}
    for i, word in enumerate(ordered):
        if first.setdefault(word, i) != i:
            raise ValueError(f"vocabulary holds {word!r} twice, at {first[word]} and {i}.")
    given = Vocabulary(ordered)
    if isinstance(words, Vocabulary):
        given = words if ordered == before else given
    if with_characters == (given.characters is not None):
        return given
    if not with_characters:
        return given.replace(characters=None)
    counts = np.ones(len(given), dtype=np.int64)
    return given.replace(characters=_learn_characters(list(given), counts))


def _by_id(ids: Mapping[Any, Any]) -> list[Any]:
    """Return the words of a mapping in the order of their ids."""
    owner: dict[int, Any] = {}
    for word, i in ids.items():
        if not isinstance(i, Integral):
            raise TypeError(
                f"vocabulary must map words to integers, got {plain(i)!r} for {plain(word)!r}."
            )
        if owner.setdefault(int(i), word) != word:
            raise ValueError(
                f"vocabulary gives the id {i} to both {plain(owner[int(i)])!r} and {plain(word)!r}."
            )
    return [owner[i] for i in sorted(owner)]


def _learn_characters(words: Sequence[str], counts: np.ndarray) -> Vocabulary:
    """Return the characters of words, the most frequent first, ties in the order of code points.

    Parameters
    ----------
    words : sequence of str
        The different words.
    counts : ndarray of int of shape (n_words,)
        How often each word occurs.
    """
    points, lengths = _code_points(words)
    distinct, which = np.unique(points, return_inverse=True)
    frequencies = np.bincount(which, np.repeat(counts, lengths), minlength=len(distinct))
    ordered = distinct[np.argsort(-frequencies, kind="stable")]
    return Vocabulary(map(chr, ordered.tolist()))


def _spell(words: Sequence[str], characters: Vocabulary, width: int) -> np.ndarray:
    """Return the ids of each word's characters, padded with `PADDING_ID`.

    A word longer than `width` keeps its beginning and its end; if `width` is odd, the beginning
    has one character more.

    Returns
    -------
    ids : ndarray of int32 of shape (n_words, width)
    """
    points, lengths = _code_points(words)
    place, length = positions(lengths), np.repeat(lengths, lengths)
    points = points[(place < width - width // 2) | (place >= length - width // 2)]
    distinct, which = np.unique(points, return_inverse=True)
    known = [characters.get(chr(point), UNKNOWN_ID) for point in distinct.tolist()]
    ids = np.array(known, dtype=np.int32)[which]
    return fill(ids, np.minimum(lengths, width), width, "post", PADDING_ID)


def _code_points(words: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return the code points of all words, concatenated, and the length of each word."""
    lengths = np.fromiter(map(len, words), dtype=np.int64, count=len(words))
    # Files that were read with errors="surrogateescape" hold halves of surrogate pairs.
    encoded = "".join(words).encode("utf-32-le", "surrogatepass")
    return np.frombuffer(encoded, dtype="<u4"), lengths
