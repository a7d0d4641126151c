"""Vectors of words: trained on texts, or read from a file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from numbers import Integral, Real
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np
from sklearn.base import BaseEstimator, _fit_context
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.utils import Tags
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from sklstm.preprocessing.text._corpus import read_corpus
from sklstm.preprocessing.text._gensim import LARGEST, check_rates
from sklstm.preprocessing.text._word_lookup import WordLookup
from sklstm.preprocessing.text._word_reading import read_keyed
from sklstm.preprocessing.text._word_training import standardize, train_keyed_vectors
from sklstm.preprocessing.text._words import ANALYZER_PARAMS

BINARY, TEXT = (".bin",), (".txt", ".vec", ".w2v")


class WordVectors(WordLookup, BaseEstimator):
    r"""Learn a vector for every word from texts without labels.

    Words that stand in like places get like vectors. Given to an LSTM estimator as `embeddings`,
    they tell it before any label what words mean, which helps where labels are few. Trained by
    gensim's word2vec [1]_ or fastText [2]_, whose names the parameters have.

    Parameters
    ----------
    vector_size : int, default=100
        Numbers of a vector.
    algorithm : {"word2vec", "fasttext"}, default="word2vec"
        "fasttext" also learns vectors of the n-grams of characters that words are made of, and
        can make a vector for a word it has not seen. It is slower.
    window : int, default=5
        How far from a word its neighbours may be.
    min_count : int, default=5
        Leave out words that occur less often: they cannot get a good vector.
    sg : {0, 1}, default=1
        1 for skip-gram, which predicts the neighbours of each word, 0 for CBOW, which predicts
        a word from its neighbours. CBOW trains faster; gensim's default. On IMDB skip-gram's
        vectors gave the better classifier.
    hs : {0, 1}, default=0
        1 for hierarchical softmax, beside negative sampling or in its place.
    negative : int, default=5
        Random words that each neighbour is told from; 0 for none, then `hs` must be 1.
    sample : float, default=1e-3
        Frequent words are left out at random, the more the smaller this is.
    epochs : int, default=5
        Passes over the texts.
    alpha : float, default=0.025
        Learning rate at the beginning.
    min_alpha : float, default=1e-4
        Learning rate at the end.
    min_n, max_n : int, default=3, 6
        Shortest and longest n-gram of characters; only for "fasttext".
    bucket : int, default=200_000
        How many vectors all n-grams share, by a hash; only for "fasttext". gensim's default is
        2,000,000, which take 800 MB at 100 numbers each.
    spread : float or None, default=None
        After training take the mean vector off all, and scale their numbers to this standard
        deviation, such as 0.3. How long vectors become depends on the number of texts and epochs,
        and ones that are far too short or too long for an LSTM train slowly. None leaves them as
        gensim made them: on IMDB, with 2,000 labels, 0.1, 0.3 and 0.6 were no better.
    lowercase : bool, default=True
        Convert texts to lowercase first.
    strip_accents : {"ascii", "unicode"} or callable, default=None
        Remove accents, by this method or function.
    stop_words : {"english"} or list of str, default=None
        Words to leave out; only with ``analyzer="word"``.
    token_pattern : str, default=r"(?u)\\b\\w\\w+\\b"
        Regular expression of a word; only with ``analyzer="word"``.
    tokenizer : callable, default=None
        Function from a text to its words, in place of `token_pattern`.
    preprocessor : callable, default=None
        Function from a text to a text, in place of `lowercase` and `strip_accents`.
    analyzer : {"word", "char", "char_wb"} or callable, default="word"
        What gets a vector: words, characters, or what a callable makes of an item of X.
    ngram_range : tuple (n, n), default=(1, 1)
        Runs of n words or characters instead of single ones.
    input : {"content", "filename", "file"}, default="content"
        Whether the items of X are texts, names of files or open files.
    encoding : str, default="utf-8"
        How to decode bytes and files.
    decode_error : {"strict", "ignore", "replace"}, default="strict"
        What to do about bytes that `encoding` does not cover.
    n_jobs : int or None, default=None
        Threads that train; -1 means all cores. None means one. The same `random_state` gives the
        same vectors with one thread only.
    random_state : int, RandomState instance or None, default=None
        Draws the first vectors, and what is left out.

    Attributes
    ----------
    vectors_ : ndarray of shape (n_words, vector_size), float32
        The vectors.
    vocabulary_ : dict of str to int
        The row of every word, the most frequent one first.
    keyed_vectors_ : gensim KeyedVectors
        gensim's own object, with all else that it can do.

    See Also
    --------
    SequenceTokenizer : Splits texts in the same way, by the same parameters.

    Notes
    -----
    Split texts as the tokenizer of the pipeline does, or its words are not found: give both the
    same `token_pattern`, `lowercase` and so on.

    `clone` returns fitted vectors as they are, so that `GridSearchCV` makes no copy of them for
    each candidate; they are meant to be fitted once, before they are used. Unfitted ones are cloned
    as usual. The parameters of fitted ones, changed by `set_params`, count at the next `fit`.

    References
    ----------
    .. [1] T. Mikolov et al., "Distributed Representations of Words and Phrases and their
       Compositionality", NeurIPS 2013, section 2.
    .. [2] P. Bojanowski et al., "Enriching Word Vectors with Subword Information", TACL 5, 2017,
       section 3.

    Examples
    --------
    >>> from sklstm import WordVectors
    >>> texts = ["a cup of tea", "a cup of coffee", "a glass of water", "a glass of milk"] * 50
    >>> vectors = WordVectors(vector_size=8, random_state=0).fit(texts)
    >>> len(vectors), "tea" in vectors, "wine" in vectors
    (7, True, False)
    >>> vectors["tea"].shape
    (8,)
    >>> vectors.most_similar("tea", topn=1)[0][0] in vectors
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **{name: CountVectorizer._parameter_constraints[name] for name in ANALYZER_PARAMS},
        "stop_words": [StrOptions({"english"}), list, tuple, set, frozenset, None],
        "vector_size": [Interval(Integral, 1, None, closed="left")],
        "algorithm": [StrOptions({"word2vec", "fasttext"})],
        "window": [Interval(Integral, 1, LARGEST, closed="both")],
        "min_count": [Interval(Integral, 1, None, closed="left")],
        "sg": [Interval(Integral, 0, 1, closed="both")],
        "hs": [Interval(Integral, 0, 1, closed="both")],
        "negative": [Interval(Integral, 0, LARGEST, closed="both")],
        "sample": [Interval(Real, 0, None, closed="left")],
        "epochs": [Interval(Integral, 1, None, closed="left")],
        "alpha": [Interval(Real, 0, None, closed="neither")],
        "min_alpha": [Interval(Real, 0, None, closed="left")],
        "min_n": [Interval(Integral, 1, None, closed="left")],
        "max_n": [Interval(Integral, 1, None, closed="left")],
        "bucket": [Interval(Integral, 1, None, closed="left")],
        "spread": [Interval(Real, 0, None, closed="neither"), None],
        "n_jobs": [
            Interval(Integral, 1, None, closed="left"),
            Interval(Integral, None, -1, closed="right"),
            None,
        ],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        vector_size: int = 100,
        *,
        algorithm: Literal["word2vec", "fasttext"] = "word2vec",
        window: int = 5,
        min_count: int = 5,
        sg: int = 1,
        hs: int = 0,
        negative: int = 5,
        sample: float = 1e-3,
        epochs: int = 5,
        alpha: float = 0.025,
        min_alpha: float = 1e-4,
        min_n: int = 3,
        max_n: int = 6,
        bucket: int = 200_000,
        spread: float | None = None,
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
        n_jobs: int | None = None,
        random_state: int | np.random.RandomState | None = None,
    ):
        self.vector_size = vector_size
        self.algorithm = algorithm
        self.window = window
        self.min_count = min_count
        self.sg = sg
        self.hs = hs
        self.negative = negative
        self.sample = sample
        self.epochs = epochs
        self.alpha = alpha
        self.min_alpha = min_alpha
        self.min_n = min_n
        self.max_n = max_n
        self.bucket = bucket
        self.spread = spread
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
        self.n_jobs = n_jobs
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> Self:
        """Train a vector for every word that occurs often enough.

        Parameters
        ----------
        X : iterable of str, iterable of list of str, or TokenArray, of shape (n_texts,)
            Texts; or texts as lists of words, which are taken as they are; or what
            `SequenceTokenizer` makes of texts, of which words outside its vocabulary are
            left out.
        y : None
            Ignored.

        Returns
        -------
        WordVectors
            Itself.

        Raises
        ------
        TypeError
            If an item of X is no text and no list of words; the message names the first one.
        ValueError
            If an item of X is missing, X is empty or has no words, no word occurs `min_count`
            times (two words with ``hs=1``), or parameters contradict each other. An earlier fit
            is still there then.
        """
        if not self.hs and not self.negative:
            raise ValueError("negative=0 and hs=0 leave nothing to train by; set one of them.")
        if self.max_n < self.min_n:
            raise ValueError(f"max_n={self.max_n} is below min_n={self.min_n}.")
        check_rates(self.alpha, self.min_alpha)
        corpus = read_corpus(X, self)
        corpus.check_counts(self.min_count, self.hs)
        keyed = train_keyed_vectors(corpus, self)
        if self.spread is not None:
            standardize(keyed, self.spread)
        self.keyed_vectors_ = keyed
        return self

    @classmethod
    def load(
        cls, path: str | os.PathLike[str], *, words: Iterable[str] | None = None
    ) -> WordVectors:
        """Read vectors from a file of word2vec, GloVe or fastText.

        Accepted are the text format of word2vec and fastText, the one of GloVe, which has no
        header, word2vec's binary format under a name that ends in ".bin", and fastText's own
        binary format, which has vectors for unknown words, too; each plain or compressed by gzip
        (".gz"). The vectors are not scaled.

        Parameters
        ----------
        path : str or path-like
            The file.
        words : iterable of str or None, default=None
            Keep these words only, such as ``tokenizer.vocabulary_``: large files take less
            memory and time then. Has no effect on fastText's own form. None keeps all.

        Returns
        -------
        WordVectors
            Fitted vectors. Of a word that the file has twice, the first one.

        Raises
        ------
        OSError
            If there is no such file.
        TypeError
            If `words` is a single str, or cannot be iterated over.
        ValueError
            If it holds no vectors, or damaged ones, with the line; or none of the words.

        Warns
        -----
        UserWarning
            If the last line of a text has no line break: perhaps it is cut short within its
            last number.
        """
        return cls.from_keyed_vectors(read_keyed(path, words))

    @classmethod
    def from_keyed_vectors(cls, keyed_vectors: Any) -> WordVectors:
        """Wrap vectors that gensim holds, without a copy.

        Parameters
        ----------
        keyed_vectors : gensim KeyedVectors
            The vectors, such as ``model.wv``, or what ``gensim.downloader.load`` returns.

        Returns
        -------
        WordVectors
            Fitted vectors.

        Raises
        ------
        TypeError
            If it is something else.
        """
        if not hasattr(keyed_vectors, "key_to_index"):
            hint = "; pass model.wv" if hasattr(keyed_vectors, "wv") else ""
            raise TypeError(
                f"keyed_vectors must be gensim KeyedVectors, got "
                f"{type(keyed_vectors).__name__}{hint}."
            )
        by_subwords = hasattr(keyed_vectors, "vectors_ngrams")
        vectors = cls(
            keyed_vectors.vector_size,
            algorithm="fasttext" if by_subwords else "word2vec",
        )
        vectors.keyed_vectors_ = keyed_vectors
        return vectors

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the vectors of all words in word2vec's form, which other programs read.

        Of fastText's vectors those of n-grams are not written; a pickle keeps them.

        Parameters
        ----------
        path : str or path-like
            The file: text for ".txt", ".vec" and ".w2v", binary for ".bin"; with ".gz" behind,
            packed.

        Raises
        ------
        NotFittedError
            If there are no vectors yet.
        ValueError
            If the name ends otherwise, or a word has a space, at which the format ends it.
        """
        check_is_fitted(self)
        name = os.fspath(path)
        suffix = Path(name.removesuffix(".gz")).suffix
        if suffix not in BINARY + TEXT:
            raise ValueError(
                f"path={name!r} must end in {', '.join(TEXT)} for text or {BINARY[0]} for binary, "
                "and may have .gz behind."
            )
        spaced = next((word for word in self if " " in word or "\n" in word), None)
        if spaced is not None:
            raise ValueError(
                f"word2vec's form ends a word at a space, but there is the word {spaced!r}; "
                "pickle the WordVectors instead."
            )
        self.keyed_vectors_.save_word2vec_format(name, binary=suffix in BINARY)

    def __sklearn_is_fitted__(self) -> bool:
        return "keyed_vectors_" in vars(self)

    def __sklearn_clone__(self) -> Self:
        if self.__sklearn_is_fitted__():
            return self  # a copy for each candidate of a search would fill the memory
        return super().__sklearn_clone__()

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        return tags
