"""Vectors of texts, by gensim's Doc2Vec."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, ClassVar, Literal

import numpy as np
from gensim.models.doc2vec import Doc2Vec, TaggedDocument
from scipy.sparse import issparse
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    _fit_context,
)
from sklearn.utils import Tags, check_consistent_length, check_random_state
from sklearn.utils._param_validation import (
    Interval,
    Options,
    StrOptions,
    validate_parameter_constraints,
)
from sklearn.utils.validation import check_is_fitted

from sklstm._callers import caller_level
from sklstm._display import PrintsShort, short
from sklstm._jobs import job_count
from sklstm._keywords import ExplainedKeywords
from sklstm._sequences import as_container, as_python, is_missing, object_array, plain
from sklstm.preprocessing.text._doc2vec_inference import infer
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
    WORD_PATTERN,
    Corpus,
    Splitting,
    read_corpus,
)

_COUNT = Interval(Integral, 1, None, closed="left")
_NOT_NEGATIVE = Interval(Real, 0, None, closed="left")
_RATE = Interval(Real, 0, LARGEST_RATE, closed="right")
_FLAGS = ("dm", "dm_mean", "dm_concat", "dbow_words", "hs", "shrink_windows")
# Parameters that gensim calls the same, beside the flags.
_GENSIM_PARAMS = (
    "vector_size", "window", "min_count", "negative", "ns_exponent", "sample", "epochs", "alpha",
    "min_alpha",
)  # fmt: skip
_INFERENCE_PARAMS = ("infer_epochs", "infer_alpha", "n_jobs")
_COLLECTIONS = (list, tuple, set, frozenset, np.ndarray)


class Doc2VecVectorizer(
    ExplainedKeywords, PrintsShort, ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator
):
    r"""Learn vectors of texts without labels; similar texts get similar vectors.

    Trains gensim's :class:`~gensim.models.doc2vec.Doc2Vec`, the paragraph vectors of [1]_, on the
    texts seen in `fit`, and gives each text a vector. Unlabelled texts improve the vectors: fit it
    on all texts that you have.

    The same text gets the same vector whatever other texts are in the call, in any order, with any
    number of threads and in any process on the same kind of machine. gensim's ``infer_vector``
    returns a different one each time.

    Parameters
    ----------
    vector_size : int, default=100
        Dimensionality of the vectors.
    window : int, default=5
        Maximum distance, in words, between a word and the words of its context. Only with ``dm=1``
        or ``dbow_words=1``.
    min_count : int, default=2
        Ignore words that occur less often in all texts together: a word seen once says nothing
        about two texts.
    dm : {0, 1}, default=0
        1 is the distributed memory model (DM): the vector of a text and those of a word's context
        together predict the word. 0 is the distributed bag of words (DBOW): the vector of the text
        alone predicts its words. DBOW is faster, and by far the better one for film reviews in the
        notebook of [2]_; gensim's own default is 1.
    dm_mean : {0, 1}, default=1
        1 averages the vectors of the context, 0 sums them. Only with ``dm=1`` and ``dm_concat=0``.
    dm_concat : {0, 1}, default=0
        1 concatenates the vectors of the context, as in [1]_, with 1 + 2 * `window` times as many
        weights for each word. Needs ``dm=1``, and exactly one tag for each text: `tags` "texts", or
        "labels" with a single label each.
    dbow_words : {0, 1}, default=0
        1 trains word vectors, too, by skip-gram in addition to DBOW, which takes about `window`
        times as long.
    hs : {0, 1}, default=0
        1 for hierarchical softmax, in addition to negative sampling, as in gensim, or instead of it
        with ``negative=0``.
    negative : int, default=5
        Number of negative samples for each prediction. 0 turns negative sampling off.
    ns_exponent : float, default=0.75
        Negative samples are drawn in proportion to the counts of words to this power.
    sample : float, default=0
        Threshold for randomly dropping frequent words: those that make up more than about this
        fraction of all words. 1e-3 to 1e-5 are common; 0 drops none. A value of 1 or more is a
        count instead of a fraction.
    shrink_windows : bool, default=True
        Draw the size of each window between 1 and `window`, so that near words have more weight.
    epochs : int, default=20
        Number of passes over the training texts; 10 to 20 in [1]_ and [2]_. A small number of short
        texts needs more.
    alpha : float, default=0.025
        Initial learning rate.
    min_alpha : float, default=0.0001
        Final learning rate; it decreases linearly.
    infer_epochs : int, default=None
        Number of passes over a text in `transform`; the time is proportional to it. None takes
        `epochs`, as gensim.
    infer_alpha : float, default=None
        Initial learning rate for each text in `transform`. None takes `alpha`, as gensim. On film
        reviews a tenth of it and less gave a classifier better vectors, but only if those of the
        training texts are inferred, too.
    tags : {"texts", "labels", "both"}, default="texts"
        What a vector is trained for: each text, each label in y, or both. A text may have several
        labels, or none. With "both" the words of a text train its own vector and those of its
        labels. `transform` never sees labels, and infers the vector of a new text from its words.
    training_vectors : {"inferred", "trained"}, default="inferred"
        What `fit_transform` returns. "inferred" gives the training texts the vectors that
        `transform` gives: a classifier then learns from the same kind of vectors that it will
        predict from. "trained" gives those of the training itself, which saves the time for
        inferring; they differ from those that `transform` gives, even for the same text.
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
    token_pattern : str, default=words of two or more letters or digits
        Regular expression of a word; only with ``analyzer="word"``. By default two or more
        letters or digits, with their combining marks. Punctuation marks and single letters, which
        `SequenceTokenizer` keeps, say little about which words a text has.
    tokenizer : callable, default=None
        Function from a text to its words, used instead of `token_pattern`.
    preprocessor : callable, default=None
        Function from a text to a text, used instead of `lowercase` and `strip_accents`.
    analyzer : {"word", "char", "char_wb"} or callable, default="word"
        Whether words, characters, or characters within word boundaries are the units. A callable
        takes an item of X and returns its words. Items that are lists of words need none.
    ngram_range : tuple (min_n, max_n), default=(1, 1)
        Use n-grams of all lengths in this range as words: with (1, 2) each word and each pair of
        words, which raises accuracy in [3]_, and takes memory and time. N-grams of different
        lengths only with plain DBOW, which does not depend on their order.
    random_state : int, RandomState instance or None, default=None
        Seed of the initial weights, the negative samples and the dropped words in training, and of
        the random numbers in `transform`: those depend on this and on the words of a text alone.
    n_jobs : int or None, default=None
        Number of cores. None trains in one thread, because gensim's training is reproducible in no
        other way, and uses all cores in `transform`, where their number does not change the
        vectors; only one inside a parallel joblib job, such as a grid search. A number, or -1 for
        all cores, applies to both: with more than one, two fits give different models, whatever
        `random_state`. `transform` uses threads, and if the number of words times epochs exceeds
        25 million, joblib processes, which take seconds to start and need memory;
        `joblib.parallel_config` can change that.

    Attributes
    ----------
    model_ : gensim.models.doc2vec.Doc2Vec
        The trained model: the vocabulary and word vectors in ``model_.wv``, the vectors of the
        training texts, followed by those of the labels, in ``model_.dv.vectors``. It holds no
        texts. Plain DBOW (``dm=0, dbow_words=0``) trains no word vectors, and has none.
    label_classes_ : ndarray of shape (n_labels,)
        The labels, sorted. Only with `tags` "labels" or "both".
    label_vectors_ : ndarray of float32 of shape (n_labels, vector_size)
        Their vectors, in the same order. Only with `tags` "labels" or "both".

    See Also
    --------
    SequenceTokenizer : Keeps the order of the words, for an LSTM.

    Notes
    -----
    gensim drops all but the first 10,000 words of a text. Here longer texts are read in pieces of
    10,000 words that train the same vector, in `fit` and in `transform`; the context of a word does
    not cross from one piece to the next.

    A text without known words gets a vector of zeros, with a warning. Unknown words are ignored.

    A pickle contains `model_`: the vectors of each known word, and a vector of each training text,
    in which `most_similar` searches.

    References
    ----------
    .. [1] Le, Mikolov: Distributed Representations of Sentences and Documents. ICML 2014,
       https://arxiv.org/abs/1405.4053
    .. [2] Mesnil, Mikolov, Ranzato, Bengio: Ensemble of Generative and Discriminative Techniques
       for Sentiment Analysis of Movie Reviews. 2014, https://arxiv.org/abs/1412.5335; repeated in
       gensim's notebook "doc2vec-IMDB", whose choices are the defaults here.
    .. [3] Li, Liu, Du, Zhang, Zhao: Learning Document Embeddings by Predicting N-grams for
       Sentiment Classification of Long Movie Reviews. 2015, https://arxiv.org/abs/1512.08183

    Examples
    --------
    >>> from sklstm import Doc2VecVectorizer
    >>> texts = ["cats and dogs play", "dogs and cats sleep", "stocks and bonds fall"] * 20
    >>> vectorizer = Doc2VecVectorizer(vector_size=8, epochs=40, random_state=0)
    >>> vectors = vectorizer.fit_transform(texts)
    >>> vectors.shape, vectors.dtype
    ((60, 8), dtype('float32'))
    >>> pets = vectorizer.similarity("cats and dogs", "dogs play")
    >>> pets > vectorizer.similarity("cats and dogs", "stocks fall")
    True
    """

    model_: Doc2Vec
    label_classes_: np.ndarray

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **{
            name: constraint
            for name, constraint in SPLITTING_CONSTRAINTS.items()
            if name not in ("input", "encoding", "decode_error")
        },
        **{name: ["boolean", Options(Integral, {0, 1})] for name in _FLAGS},
        **{name: [_COUNT] for name in ("vector_size", "min_count", "epochs")},
        "window": [Interval(Integral, 1, LARGEST, closed="both")],
        "negative": [Interval(Integral, 0, LARGEST, closed="both")],
        "ns_exponent": [Interval(Real, -10, 10, closed="both")],  # of counts, as a float
        "sample": [Interval(Real, 0, np.float64(LARGEST), closed="both")],  # beyond float16
        "alpha": [_RATE],
        "min_alpha": [_NOT_NEGATIVE],
        "infer_epochs": [_COUNT, None],
        "infer_alpha": [_RATE, None],
        "tags": [StrOptions({"texts", "labels", "both"})],
        "training_vectors": [StrOptions({"inferred", "trained"})],
        "random_state": ["random_state"],
        "n_jobs": [_COUNT, Interval(Integral, None, -1, closed="right"), None],
    }

    def __init__(
        self,
        *,
        vector_size: int = 100,
        window: int = 5,
        min_count: int = 2,
        dm: int = 0,
        dm_mean: int = 1,
        dm_concat: int = 0,
        dbow_words: int = 0,
        hs: int = 0,
        negative: int = 5,
        ns_exponent: float = 0.75,
        sample: float = 0,
        shrink_windows: bool = True,
        epochs: int = 20,
        alpha: float = 0.025,
        min_alpha: float = 0.0001,
        infer_epochs: int | None = None,
        infer_alpha: float | None = None,
        tags: Literal["texts", "labels", "both"] = "texts",
        training_vectors: Literal["inferred", "trained"] = "inferred",
        lowercase: bool = True,
        unicode_form: Literal["NFC", "NFD", "NFKC", "NFKD"] | None = "NFC",
        strip_accents: Literal["ascii", "unicode"] | Callable[[str], str] | None = None,
        stop_words: Literal["english"] | list[str] | None = None,
        token_pattern: str | None = WORD_PATTERN,
        tokenizer: Callable[[str], Iterable[str]] | None = None,
        preprocessor: Callable[[str], str] | None = None,
        analyzer: Literal["word", "char", "char_wb"] | Callable[[Any], Iterable[str]] = "word",
        ngram_range: tuple[int, int] = (1, 1),
        random_state: int | np.random.RandomState | None = None,
        n_jobs: int | None = None,
    ):
        self.vector_size = vector_size
        self.window = window
        self.min_count = min_count
        self.dm = dm
        self.dm_mean = dm_mean
        self.dm_concat = dm_concat
        self.dbow_words = dbow_words
        self.hs = hs
        self.negative = negative
        self.ns_exponent = ns_exponent
        self.sample = sample
        self.shrink_windows = shrink_windows
        self.epochs = epochs
        self.alpha = alpha
        self.min_alpha = min_alpha
        self.infer_epochs = infer_epochs
        self.infer_alpha = infer_alpha
        self.tags = tags
        self.training_vectors = training_vectors
        self.lowercase = lowercase
        self.unicode_form = unicode_form
        self.strip_accents = strip_accents
        self.stop_words = stop_words
        self.token_pattern = token_pattern
        self.tokenizer = tokenizer
        self.preprocessor = preprocessor
        self.analyzer = analyzer
        self.ngram_range = ngram_range
        self.random_state = random_state
        self.n_jobs = n_jobs

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Iterable[Any], y: Any = None) -> Doc2VecVectorizer:
        """Train the model on texts.

        Parameters
        ----------
        X : iterable of str, or of lists of str, of shape (n_texts,)
            The texts: a list, tuple, array, Series or one-column data frame. Texts that are lists
            of words already are taken as they are, and so are the words of gensim's
            TaggedDocument, whose tags are ignored: labels are given as y, with `tags`. An empty
            text trains nothing.
        y : array-like of shape (n_texts,) or (n_texts, n_labels), default=None
            With `tags` "labels" or "both", the labels: one, or a list, tuple or set of them, for
            each text; an empty list for a text without labels. Or an array, sparse matrix or data
            frame with a column for each label, which holds 1 where a text has it and 0 elsewhere.
            Ignored with `tags` "texts".

        Returns
        -------
        self : Doc2VecVectorizer
            The fitted vectorizer.

        Raises
        ------
        TypeError
            If an item of X is neither a text nor a list of words, or X mixes the two; the message
            names the first one.
        ValueError
            If an item of X is missing, X is empty, no word occurs `min_count` times, labels are
            needed and not given for each text, or parameters contradict each other.
        """
        _warn_of_empty(self._learn(X, y))
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def fit_transform(self, X: Iterable[Any], y: Any = None) -> Any:
        """Train the model on texts and return their vectors.

        Parameters
        ----------
        X : iterable of str, or of lists of str, of shape (n_texts,)
            The texts.
        y : array-like of shape (n_texts,) or (n_texts, n_labels), default=None
            The labels, as in `fit`.

        Returns
        -------
        vectors : ndarray of float32 of shape (n_texts, vector_size)
            By `training_vectors`, the same as ``fit(X, y).transform(X)`` or the trained ones.
        """
        corpus = self._learn(X, y)
        _warn_of_empty(corpus)
        if self.training_vectors == "trained":
            return self.model_.dv.vectors[: self._n_text_vectors].copy()
        return self._infer(corpus)

    def transform(self, X: Iterable[Any]) -> Any:
        """Return the vectors of texts.

        A text without a known word gets a vector of zeros, with a `UserWarning`.

        Parameters
        ----------
        X : iterable of str, or of lists of str, of shape (n_texts,)
            The texts; lists of words also if `fit` was given texts, and vice versa.

        Returns
        -------
        vectors : ndarray of float32 of shape (n_texts, vector_size)
            A row for each text.

        Raises
        ------
        NotFittedError
            If the vectorizer is not fitted.
        TypeError
            If an item of X is neither a text nor a list of words, or X mixes the two.
        ValueError
            If an item of X is missing, or X is empty.
        """
        corpus = self._read(X)
        _warn_of_empty(corpus)
        return self._infer(corpus)

    @property
    def label_vectors_(self) -> np.ndarray:
        """The vectors of the labels, in the order of `label_classes_`."""
        if not hasattr(self, "label_classes_"):
            raise AttributeError(
                f"{type(self).__name__} has label vectors after fit with tags='labels' or 'both'."
            )
        return self.model_.dv.vectors[self._n_text_vectors :]

    def most_similar(
        self,
        text: str | Iterable[str],
        topn: int = 10,
        *,
        among: Literal["texts", "labels"] = "texts",
    ) -> list[tuple[Any, float]]:
        """Return the training texts, or the labels, that are most similar to a text.

        The vector of the text, as `transform` gives it, is compared with the trained vectors by
        cosine similarity.

        Parameters
        ----------
        text : str or list of str
            One text, or its words.
        topn : int, default=10
            How many to return.
        among : {"texts", "labels"}, default="texts"
            Where to search: in the training texts, with `tags` "texts" or "both", or in the labels,
            with `tags` "labels" or "both".

        Returns
        -------
        found : list of (int, float), or of (label, float)
            The index of a training text, or the label, and the cosine similarity from -1 to 1, the
            most similar first. Fewer than `topn` if there are not so many; training texts without
            known words are left out. Empty, with a warning, for a text without known words.

        Raises
        ------
        NotFittedError
            If the vectorizer is not fitted.
        ValueError
            If `fit` learned no vectors to search in, or `topn` is below 1.
        """
        check_is_fitted(self, "model_")
        topn = check_topn(topn)
        vectors, names = self._trained_vectors(among)
        return nearest(self._vector_of(text), vectors, names, topn)

    def similarity(self, text_a: str | Iterable[str], text_b: str | Iterable[str]) -> float:
        """Return the cosine similarity of the vectors of two texts.

        Parameters
        ----------
        text_a, text_b : str or list of str
            One text each, or its words; they need not be training texts.

        Returns
        -------
        similarity : float
            From -1 to 1; 1 for two equal texts, and 0, with a warning, if one has no known word.

        Raises
        ------
        NotFittedError
            If the vectorizer is not fitted.
        """
        check_is_fitted(self, "model_")
        return cosine(self._vector_of(text_a), self._vector_of(text_b))

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.target_tags.required = self.tags != "texts"
        return tags

    @property
    def _n_features_out(self) -> int:
        return self.model_.vector_size

    def _learn(self, X: Iterable[Any], y: Any) -> Corpus:
        """Train the model, and return the texts with the ids of the words that it knows."""
        splitting = Splitting.from_params(vars(self))
        self._check_choices(splitting)
        corpus = read_corpus(X, splitting, word_lists=True)
        corpus.check_has_words()
        check_counts(corpus.words, corpus.counts(), min_count=self.min_count, hs=self.hs)
        labels = None
        if self.tags != "texts":
            labels = read_labels(y, len(corpus), self.tags)
            if self.dm_concat:
                labels.check_single()
        n_text_vectors = 0 if self.tags == "labels" else len(corpus)
        # A text trains its own vector and those of its labels. All tags are integers, so that a
        # label of any type is confused neither with a text nor with another label.
        tags = [[i] if n_text_vectors else [] for i in range(len(corpus))]
        if labels is not None:
            for own, codes in zip(tags, labels.codes, strict=True):
                own.extend(n_text_vectors + code for code in codes)
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        model = self._train(corpus, tags, seed)
        known = corpus.looked_up(model.wv.key_to_index)
        known = known.only(known.ids >= 0)
        trained = np.zeros(len(model.dv.vectors), dtype=bool)
        for length, rows in zip(known.lengths.tolist(), tags, strict=True):
            if length:
                trained[rows] = True
        model.dv.vectors[~trained] = 0  # still random
        self.model_, self._seed, self._n_text_vectors = model, seed, n_text_vectors
        if labels is not None:
            self.label_classes_ = labels.classes
        elif hasattr(self, "label_classes_"):  # from an earlier fit
            del self.label_classes_
        return known

    def _check_choices(self, splitting: Splitting) -> None:
        """Raise ValueError if parameters contradict each other."""
        check_objective(hs=self.hs, negative=self.negative)
        if self.dm_concat and not self.dm:
            raise ValueError("dm_concat=1 concatenates the context of DM and needs dm=1, got dm=0.")
        if self.dbow_words and self.dm:
            raise ValueError(
                "dbow_words=1 trains word vectors beside DBOW and needs dm=0; dm=1 trains them "
                "anyway."
            )
        check_rates(self.alpha, self.min_alpha)
        self._check_inference(self.min_alpha)
        splitting.check_ngram_range(
            ordered=bool(self.dm or self.dbow_words),
            reason=", but dm=1 and dbow_words=1 look at the words around each word",
        )
        if self.tags == "labels" and self.training_vectors == "trained":
            raise ValueError(
                "training_vectors='trained' returns the trained vector of each text, but "
                "tags='labels' trains none; set tags='both', or training_vectors='inferred'."
            )
        if self.tags == "both" and self.dm_concat:
            raise ValueError(
                "dm_concat=1 takes exactly one tag for each text, but tags='both' gives a text one "
                "and its labels others; set tags='texts' or 'labels', or dm_concat=0."
            )

    def _check_inference(self, min_alpha: float) -> None:
        """Raise ValueError if no vectors can be inferred; parameters may be set after `fit`."""
        validate_parameter_constraints(
            {name: self._parameter_constraints[name] for name in _INFERENCE_PARAMS},
            {name: getattr(self, name) for name in _INFERENCE_PARAMS},
            caller_name=type(self).__name__,
        )
        if self.infer_alpha is not None:
            check_rates(self.infer_alpha, min_alpha, name="infer_alpha")

    def _train(self, corpus: Corpus, tags: list[list[int]], seed: int) -> Doc2Vec:
        """Return the trained model, without what gensim needs for training only.

        Parameters
        ----------
        corpus : Corpus
            The texts.
        tags : list of lists of int
            The rows of the vectors that each text trains.
        seed : int
            Seed of all random numbers; with one thread they are the same each time.
        """
        model = Doc2Vec(
            seed=seed,
            workers=job_count(self.n_jobs, default=1),
            **{name: as_python(getattr(self, name)) for name in _GENSIM_PARAMS},
            **{name: int(getattr(self, name)) for name in _FLAGS},
        )
        documents = Restartable(
            lambda: (TaggedDocument(words, tags[i]) for i, words in corpus.pieces())
        )
        model.build_vocab(documents)
        with failures_raised(model):
            model.train(documents, total_examples=model.corpus_count, epochs=model.epochs)
        if not np.isfinite(model.dv.vectors).all():
            raise ValueError(
                "training ended in NaN or infinite vectors; try a smaller alpha than "
                f"{model.alpha}."
            )
        # Dates and durations, by which two pickles of the same model would differ.
        model.lifecycle_events, model.total_train_time = None, 0.0
        if not model.dm and not model.dbow_words:  # word vectors are random, not trained
            model.wv.vectors = np.zeros((0, model.vector_size), dtype=np.float32)
        return model

    def _read(self, X: Iterable[Any]) -> Corpus:
        """Return texts with the ids of the known words, without other words."""
        check_is_fitted(self, "model_")
        corpus = read_corpus(
            X,
            Splitting.from_params(vars(self)),
            word_lists=True,
            vocabulary=self.model_.wv.key_to_index,
        )
        return corpus.only(corpus.ids >= 0)

    def _infer(self, corpus: Corpus) -> np.ndarray:
        """Return the vectors of texts in the ids of the known words."""
        self._check_inference(self.model_.min_alpha)
        return infer(
            self.model_,
            corpus.ids,
            corpus.lengths,
            seed=self._seed,
            epochs=as_python(self.infer_epochs) or self.model_.epochs,
            alpha=as_python(self.infer_alpha),
            n_jobs=job_count(self.n_jobs),
        )

    def _vector_of(self, text: str | Iterable[str]) -> np.ndarray:
        """Return the vector of one text."""
        corpus = self._read([text])
        _warn_of_empty(corpus)
        return self._infer(corpus)[0]

    def _trained_vectors(self, among: str) -> tuple[np.ndarray, np.ndarray]:
        """Return the vectors to search in, and what each stands for."""
        if among == "texts" and self._n_text_vectors:
            vectors = self.model_.dv.vectors[: self._n_text_vectors]
            return vectors, np.arange(len(vectors))
        if among == "labels" and hasattr(self, "label_classes_"):
            return self.label_vectors_, self.label_classes_
        if among not in ("texts", "labels"):
            raise ValueError(f"among must be 'texts' or 'labels', got {plain(among)!r}.")
        raise ValueError(
            f"among={plain(among)!r} needs a vector for each of the {among}; fit with "
            f"tags={plain(among)!r} or tags='both'."
        )


def _warn_of_empty(corpus: Corpus) -> None:
    """Warn of texts without known words."""
    empty = np.flatnonzero(corpus.lengths == 0)
    if len(empty):
        warnings.warn(
            f"{len(empty)} of {len(corpus)} texts have no known word and get a vector of "
            f"zeros; the first is X[{empty[0]}].",
            UserWarning,
            stacklevel=caller_level(),
        )


@dataclass(frozen=True)
class Labels:
    """The labels of each text.

    Attributes
    ----------
    classes : ndarray of shape (n_labels,)
        The different labels, sorted.
    codes : list of lists of int
        The indices in `classes` of each text's labels, in ascending order.
    """

    classes: np.ndarray
    codes: list[list[int]]

    def check_single(self) -> None:
        """Raise ValueError unless each text has exactly one label, which dm_concat=1 needs."""
        for i, own in enumerate(self.codes):
            if len(own) != 1:
                raise ValueError(
                    f"dm_concat=1 takes exactly one tag for each text, but y[{i}] has {len(own)} "
                    "labels; set dm_concat=0, or tags='texts'."
                )


def read_labels(y: Any, n_texts: int, tags: str) -> Labels:
    """Return the labels of each text.

    Parameters
    ----------
    y : array-like of labels, or of collections of labels, or indicators (n_texts, n_labels)
        A label, or a collection of them, for each text. An array of two or more columns, a sparse
        matrix or a data frame of several columns indicates by 1 and 0 which labels a text has.
    n_texts : int
        The number of texts.
    tags : str
        The parameter `tags`, for the error message if there is no y.

    Raises
    ------
    ValueError
        If y is None, of another length, without any label, or holds missing labels, numbers that
        are not whole, or indicators other than 0 and 1.
    TypeError
        If a label is not hashable.
    """
    if y is None:
        raise ValueError(
            "This Doc2VecVectorizer requires y to be passed, but the target y is None: "
            f"tags={tags!r} learns a vector for each label."
        )
    y = as_container(y, "y")
    is_matrix = len(getattr(y, "shape", ())) == 2
    found = (_indicated if is_matrix else _listed)(y, n_texts)
    if not len(found.classes):
        raise ValueError(f"y holds no label for any text; tags={tags!r} needs at least one.")
    return found


def _indicated(y: Any, n_texts: int) -> Labels:
    """Read a matrix with a row for each text and a column for each label."""
    names = list(y.columns) if hasattr(y, "columns") else list(range(y.shape[1]))
    matrix = np.asarray(y.toarray() if issparse(y) else y)
    if matrix.shape[1] == 1 and not issparse(y):
        return _listed(matrix[:, 0], n_texts)
    check_consistent_length(range(n_texts), matrix)
    wrong = np.argwhere((matrix != 0) & (matrix != 1))
    if len(wrong):
        i, j = wrong[0]
        raise ValueError(
            f"y has shape {matrix.shape} and must hold 0 and 1, which indicate the labels of each "
            f"text; y[{i}, {j}] is {plain(matrix[i, j])!r}."
        )
    return Labels(_as_array(names), [np.flatnonzero(row).tolist() for row in matrix])


def _listed(y: Any, n_texts: int) -> Labels:
    """Read a label, or a collection of labels, for each text."""
    if isinstance(y, (str, bytes, dict)) or not hasattr(y, "__len__"):
        raise TypeError(f"y must hold labels for each text, got {type(y).__name__} ({short(y)!r}).")
    if hasattr(y, "to_list"):  # a Series; a polars Series of lists becomes a list of lists
        items = y.to_list()
    else:
        # tolist() would return dates as counts of nanoseconds.
        is_plain = isinstance(y, np.ndarray) and y.dtype.kind not in "mM"
        items = y.tolist() if is_plain else list(y)
    check_consistent_length(range(n_texts), items)
    labels = [
        {_checked(label, i) for label in item}
        if isinstance(item, _COLLECTIONS)
        else {_checked(item, i)}
        for i, item in enumerate(items)
    ]
    classes = _sorted(set().union(*labels))
    code_of = {label: code for code, label in enumerate(classes)}
    # Sorted, because the order of a set of strings differs between processes.
    codes = [sorted(map(code_of.__getitem__, own)) for own in labels]
    return Labels(_as_array(classes), codes)


def _checked(label: Any, i: int) -> Hashable:
    """Return a label of text i, after a check."""
    if isinstance(label, np.generic) and label.dtype.kind not in "mM":
        label = label.item()
    if is_missing(label):
        raise ValueError(
            f"Input y contains missing labels, the first at y[{i}] ({plain(label)!r}); an empty "
            "list, [], stands for a text without labels."
        )
    if isinstance(label, float) and not label.is_integer():
        raise ValueError(
            f"Input y contains {plain(label)!r} at y[{i}]; labels are strings or whole numbers."
        )
    try:
        hash(label)
    except TypeError as error:
        raise TypeError(f"y[{i}] holds {plain(label)!r}, which is not a label: {error}.") from None
    return label


def _sorted(labels: set[Hashable]) -> list[Hashable]:
    try:
        return sorted(labels)  # type: ignore[type-var]
    except TypeError:  # 1 and "1", say
        return sorted(labels, key=lambda label: (type(label).__name__, repr(label)))


def _as_array(labels: list[Any]) -> np.ndarray:
    if len({type(label) for label in labels}) == 1 and isinstance(labels[0], (str, int)):
        return np.array(labels)
    return object_array(labels)
