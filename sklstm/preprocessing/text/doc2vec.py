"""From texts to vectors, by gensim's Doc2Vec."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from numbers import Integral, Real
from typing import Any, ClassVar, Literal

import numpy as np
from gensim.models.doc2vec import Doc2Vec
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    _fit_context,
)
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.utils import Tags
from sklearn.utils._param_validation import Interval, Options, StrOptions
from sklearn.utils.validation import check_is_fitted

from sklstm._jobs import job_count
from sklstm.preprocessing.text._doc2vec_fit import learn
from sklstm.preprocessing.text._doc2vec_sharing import infer
from sklstm.preprocessing.text._doc2vec_similarity import TextSimilarity
from sklstm.preprocessing.text._doc2vec_training import FLAGS, check_inference
from sklstm.preprocessing.text._documents import Documents, known_words, warn_of_empty
from sklstm.preprocessing.text._gensim import LARGEST

_COUNT = Interval(Integral, 1, None, closed="left")
_NOT_NEGATIVE = Interval(Real, 0, None, closed="left")


class Doc2VecVectorizer(
    TextSimilarity, ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator
):
    r"""Turn texts into vectors that are alike where the texts are, without labels.

    Trains gensim's :class:`~gensim.models.doc2vec.Doc2Vec`, the paragraph vectors of [1]_, on the
    texts seen in `fit`, and gives each text a row of `vector_size` numbers. More texts than those
    with labels help: fit it on all of them.

    The same text has the same vector whatever else is in the call, in any order, with any number
    of threads and in any process on the same kind of machine. gensim's ``infer_vector`` gives
    another one each time.

    Parameters
    ----------
    vector_size : int, default=100
        The numbers of a vector.
    window : int, default=5
        How many words on each side of a word are its context. Only with ``dm=1`` or
        ``dbow_words=1``.
    min_count : int, default=2
        Leave out words that occur less often in all texts together: a word seen once says nothing
        about two texts.
    dm : {0, 1}, default=0
        1 is the distributed memory model (DM): a text's vector helps its context to tell each
        word. 0 is the distributed bag of words (DBOW): the vector alone tells the words. DBOW is
        faster, and by far the better one for film reviews in the notebook of [2]_; gensim's own
        default is 1.
    dm_mean : {0, 1}, default=1
        1 averages the context's vectors, 0 adds them. Only with ``dm=1`` and ``dm_concat=0``.
    dm_concat : {0, 1}, default=0
        1 lays the context's vectors end to end, as in [1]_: 1 + 2 * `window` times as many weights
        for each word. Needs ``dm=1``, and exactly one tag a text: `tags` "texts", or "labels" with
        a single label each.
    dbow_words : {0, 1}, default=0
        1 trains word vectors, too, in turns with DBOW; about `window` times slower.
    hs : {0, 1}, default=0
        1 trains by hierarchical softmax. That comes on top of `negative`, as in gensim: set
        ``negative=0`` to have it alone.
    negative : int, default=5
        How many random words each word is told from; 0 for none.
    ns_exponent : float, default=0.75
        These words are drawn by their counts to this power.
    sample : float, default=0
        Drop frequent words at random: those that make up more than about this share of all words.
        1e-3 to 1e-5 are common; 0 drops none. From 1 on it is a count instead of a share.
    shrink_windows : bool, default=True
        Draw the size of each window between 1 and `window`, so that near words count more.
    epochs : int, default=20
        Passes over the training texts; 10 to 20 in [1]_ and [2]_. Few short texts need more.
    alpha : float, default=0.025
        The learning rate at first.
    min_alpha : float, default=0.0001
        The learning rate at last; it falls in a line.
    infer_epochs : int, default=None
        Passes over a text in `transform`; time is in proportion. None takes `epochs`, as gensim.
    infer_alpha : float, default=None
        The learning rate at first for each new text. None takes `alpha`, as gensim. On film reviews
        a tenth of it and less gave a classifier better vectors, but only where those of the
        training texts are inferred, too.
    tags : {"texts", "labels", "both"}, default="texts"
        What a vector is trained for: each text, each label in y, or both. A text may have several
        labels, or none. A text with a tag each for itself and its labels shares its words among
        them. `transform` never sees labels, and gives a new text a vector of its own in any case.
    training_vectors : {"inferred", "trained"}, default="inferred"
        What `fit_transform` returns. "inferred" gives the training texts the vectors that
        `transform` gives: a classifier then learns from the same kind of vectors that it will
        meet. "trained" gives those that training left, without the time for inferring them; they
        are of another make than those of new texts, even for the same text.
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
        What counts as a word: one, or a character. A callable takes an item of X and returns its
        words. Items that are lists of words need none.
    ngram_range : tuple (min_n, max_n), default=(1, 1)
        Runs of so many words count as words, too: with (1, 2) each word and each pair, which
        raises accuracy in [3]_, and takes memory and time. Runs of different lengths only with
        plain DBOW, which has no use for their order.
    random_state : int, RandomState instance or None, default=None
        Of the first weights, the random words and dropped words in training, and of those that
        `transform` draws: what it draws for a text follows from this and the text's words alone.
    n_jobs : int or None, default=None
        Cores. None trains in one thread, because gensim's training is reproducible in no other way,
        and uses all cores in `transform`, where their number makes no difference to the vectors;
        one within a parallel joblib job, such as a grid search. A number, or -1 for all cores,
        holds for both: with more than one, two fits give different models, whatever
        `random_state`. `transform` starts threads, for over 25 million words times epochs joblib's
        processes, which take seconds to start, and memory; `joblib.parallel_config` may change it.

    Attributes
    ----------
    model_ : gensim.models.doc2vec.Doc2Vec
        The trained model: the vocabulary and word vectors in ``model_.wv``, the vectors of the
        training texts, and behind them those of the labels, in ``model_.dv.vectors``. It holds
        no texts. Plain DBOW (``dm=0, dbow_words=0``) trains no word vectors, and has none.
    label_classes_ : ndarray of shape (n_labels,)
        The labels, sorted. Only with `tags` "labels" or "both".
    label_vectors_ : ndarray of float32 of shape (n_labels, vector_size)
        Their vectors, in this order. Only with `tags` "labels" or "both".

    See Also
    --------
    SequenceTokenizer : Words in their order, for an LSTM.

    Notes
    -----
    gensim drops what comes after the first 10,000 words of a document. Here longer texts are
    read in pieces of 10,000 words that train the same vector, in `fit` and in `transform`; a
    context does not reach from one piece into the next.

    A text without known words has a vector of zeros, and a warning says so. Unknown words change
    nothing.

    A pickle holds `model_`: for each known word its vectors, and for each training text
    `vector_size` numbers, which `most_similar` looks through.

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
        **{name: ["boolean", Options(Integral, {0, 1})] for name in FLAGS},
        **{name: [_COUNT] for name in ("vector_size", "min_count", "epochs")},
        "window": [Interval(Integral, 1, LARGEST, closed="both")],
        "negative": [Interval(Integral, 0, LARGEST, closed="both")],
        "ns_exponent": [Real],
        "sample": [_NOT_NEGATIVE],
        "alpha": [Interval(Real, 0, None, closed="neither")],
        "min_alpha": [_NOT_NEGATIVE],
        "infer_epochs": [_COUNT, None],
        "infer_alpha": [Interval(Real, 0, None, closed="neither"), None],
        "tags": [StrOptions({"texts", "labels", "both"})],
        "training_vectors": [StrOptions({"inferred", "trained"})],
        **{
            name: CountVectorizer._parameter_constraints[name]
            for name in ("lowercase", "strip_accents", "token_pattern", "tokenizer",
                         "preprocessor", "analyzer", "ngram_range")
        },
        "stop_words": [StrOptions({"english"}), list, tuple, set, frozenset, None],
        "random_state": ["random_state"],
        "n_jobs": [_COUNT, Interval(Integral, None, -1, closed="right"), None],
    }  # fmt: skip

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
        strip_accents: Literal["ascii", "unicode"] | Callable[[str], str] | None = None,
        stop_words: Literal["english"] | list[str] | None = None,
        token_pattern: str | None = r"(?u)\b\w\w+\b",
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
            of words already are taken as they are. An empty text trains nothing.
        y : array-like of shape (n_texts,) or (n_texts, n_labels), default=None
            With `tags` "labels" or "both", the labels: one, or a list, tuple or set of them, for
            each text; an empty list for a text without. Or an array, sparse matrix or data frame
            with a column for each label, which holds 1 where a text has it and 0 elsewhere.
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
            wanted and not given for each text, or parameters contradict each other.
        """
        documents = self._learn(X, y)
        warn_of_empty(documents)
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
        documents = self._learn(X, y)
        warn_of_empty(documents, stacklevel=5)
        if self.training_vectors == "trained":
            return self.model_.dv.vectors[: self._n_text_vectors].copy()
        return self._infer(documents)

    def transform(self, X: Iterable[Any]) -> Any:
        """Return the vectors of texts.

        A text without a known word gets a vector of zeros, with a `UserWarning`.

        Parameters
        ----------
        X : iterable of str, or of lists of str, of shape (n_texts,)
            The texts; lists of words also where `fit` saw texts, and the other way round.

        Returns
        -------
        vectors : ndarray of float32 of shape (n_texts, vector_size)
            One row a text.

        Raises
        ------
        NotFittedError
            If there was no `fit`.
        TypeError
            If an item of X is neither a text nor a list of words, or X mixes the two.
        ValueError
            If an item of X is missing, or X is empty.
        """
        documents = self._read(X)
        warn_of_empty(documents)
        return self._infer(documents)

    @property
    def label_vectors_(self) -> np.ndarray:
        """The vectors of the labels, in the order of `label_classes_`."""
        if not hasattr(self, "label_classes_"):
            raise AttributeError(
                f"{type(self).__name__} has label vectors after fit with tags='labels' or 'both'."
            )
        return self.model_.dv.vectors[self._n_text_vectors :]

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.target_tags.required = self.tags != "texts"
        return tags

    @property
    def _n_features_out(self) -> int:
        return self.model_.vector_size

    def _learn(self, X: Iterable[Any], y: Any) -> Documents:
        """Train, and return the texts in the numbers of the known words."""
        learned = learn(self, X, y)
        self.model_, self._seed = learned.model, learned.seed
        self._n_text_vectors = learned.n_text_vectors
        if learned.classes is not None:
            self.label_classes_ = learned.classes
        elif hasattr(self, "label_classes_"):  # from an earlier fit
            del self.label_classes_
        return learned.documents

    def _read(self, X: Iterable[Any]) -> Documents:
        """Return texts in the numbers of the known words."""
        check_is_fitted(self, "model_")
        return known_words(self, X, self.model_.wv.key_to_index)

    def _infer(self, documents: Documents) -> np.ndarray:
        check_inference(self)  # they may have been set after fit
        return infer(
            self.model_,
            documents,
            seed=self._seed,
            epochs=self.infer_epochs or self.model_.epochs,
            alpha=self.infer_alpha,
            n_jobs=job_count(self.n_jobs),
        )
