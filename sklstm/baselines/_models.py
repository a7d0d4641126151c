"""Classical models of texts, series and tags."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin, _fit_context
from sklearn.linear_model import LogisticRegression
from sklearn.utils import Tags, check_random_state, gen_batches
from sklearn.utils._param_validation import Interval
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from sklstm._display import LinksToReference
from sklstm._sequences import InputSpec, Ragged, as_ragged, object_array, pad_rows

# ------------------------------------------------------------------------------------------
# Texts


class NBSVMClassifier(LinksToReference, ClassifierMixin, BaseEstimator):
    """Linear classifier of word counts that are weighted by naive Bayes.

    Whether a word occurs in a text (its count is above 0) is multiplied by its log-count ratio: how
    much more frequent it is in the texts of a class than in the others. On these features a linear
    classifier is trained, one for each class against the others, and its weights are interpolated
    with their mean magnitude: between naive Bayes, which is better on short texts, and the linear
    classifier, which is better on long ones [1]_. The classifier here is logistic regression, so
    that there are probabilities.

    Parameters
    ----------
    alpha : float, default=1.0
        Smoothing of the counts.
    beta : float, default=0.25
        Weight of the linear classifier in the interpolation; 0 is naive Bayes. The default is that
        of the paper.
    C : float, default=1.0
        Inverse strength of the L2 penalty.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels.
    coef_ : ndarray of shape (1, n_features) or (n_classes, n_features)
        Weights of the features; one row for two classes.
    intercept_ : ndarray of shape (1,) or (n_classes,)
        Intercepts.
    n_features_in_ : int
        Number of features.

    References
    ----------
    .. [1] S. Wang, C. D. Manning, "Baselines and Bigrams: Simple, Good Sentiment and Topic
       Classification", ACL 2012, section 2.

    Examples
    --------
    >>> from sklearn.feature_extraction.text import CountVectorizer
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklstm.baselines import NBSVMClassifier
    >>> texts, y = ["good film", "good fun", "dull film", "dull plot"], [1, 1, 0, 0]
    >>> words = CountVectorizer(ngram_range=(1, 2))
    >>> make_pipeline(words, NBSVMClassifier()).fit(texts, y).predict(["good plot"])
    array([1])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "alpha": [Interval(Real, 0, None, closed="neither")],
        "beta": [Interval(Real, 0, 1, closed="both")],
        "C": [Interval(Real, 0, None, closed="neither")],
    }

    classes_: np.ndarray
    coef_: np.ndarray
    intercept_: np.ndarray
    n_features_in_: int

    def __init__(self, alpha: float = 1.0, *, beta: float = 0.25, C: float = 1.0):
        self.alpha = alpha
        self.beta = beta
        self.C = C

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit one linear classifier for each class.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Counts of words; a word counts once in a text, however often it occurs there.
        y : array-like of shape (n_samples,)
            Labels.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples. None weights them equally.

        Returns
        -------
        self : NBSVMClassifier

        Raises
        ------
        ValueError
            If y holds a single class.
        """
        X, y = validate_data(self, X, y, accept_sparse="csr", dtype=np.float64)
        check_classification_targets(y)
        present = _present(X)
        weights = _check_sample_weight(sample_weight, X, dtype=np.float64)
        self.classes_, index = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(
                "NBSVMClassifier needs samples of 2 classes or more, but y holds one class: "
                f"{self.classes_[0]!r}."
            )
        ranks = [1] if len(self.classes_) == 2 else range(len(self.classes_))
        found = [self._fit_one(present, index == rank, weights) for rank in ranks]
        self.coef_ = np.stack([coef for coef, _ in found])
        self.intercept_ = np.array([intercept for _, intercept in found])
        return self

    def _fit_one(
        self, X: csr_matrix, own: np.ndarray, weights: np.ndarray
    ) -> tuple[np.ndarray, float]:
        """Return coefficients and intercept for a class against the others."""
        counts = [self.alpha + X.T @ (weights * of) for of in (own, ~own)]
        ratio = np.log(counts[0] / counts[0].sum()) - np.log(counts[1] / counts[1].sum())
        model = LogisticRegression(C=self.C, solver="liblinear", tol=1e-8, max_iter=1000)
        model.fit(X.multiply(ratio).tocsr(), own, sample_weight=weights)
        coef = model.coef_[0]
        coef = self.beta * coef + (1 - self.beta) * np.abs(coef).mean()
        return coef * ratio, float(model.intercept_[0])

    def decision_function(self, X: Any) -> np.ndarray:
        """Return the log-odds of each class against the others.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Counts of words.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_classes)
            For two classes, the log-odds of the second one.
        """
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse="csr", dtype=np.float64, reset=False)
        odds = _present(X) @ self.coef_.T + self.intercept_
        return odds[:, 0] if len(self.classes_) == 2 else odds

    def predict(self, X: Any) -> np.ndarray:
        """Return the label of each sample.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Counts of words.

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        odds = self.decision_function(X)
        return self.classes_[(odds > 0).astype(int) if odds.ndim == 1 else odds.argmax(axis=1)]

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probability of each class, those of the single classifiers scaled to sum 1.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Counts of words.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
        """
        odds = self.decision_function(X)
        likely = 0.5 * (1.0 + np.tanh(0.5 * odds))  # the logistic function, without overflow
        if odds.ndim == 1:
            return np.stack([1.0 - likely, likely], axis=1)
        total = likely.sum(axis=1, keepdims=True)
        even = np.full_like(likely, 1.0 / likely.shape[1])
        return np.divide(likely, total, out=even, where=total > 0)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.classifier_tags.poor_score = True  # only whether numbers are above 0 counts
        return tags


def _present(X: Any) -> csr_matrix:
    """Return 1 where a number is above 0."""
    return csr_matrix(csr_matrix(X) > 0, dtype=np.float64)


# ------------------------------------------------------------------------------------------
# Series


class _SequenceFeatures(LinksToReference, TransformerMixin, BaseEstimator):
    """Base of transformers from sequences of values to one row of features for each."""

    n_features_in_: int
    _input: InputSpec

    def _read(self, X: Any, *, reset: bool) -> Ragged:
        """Return X as sequences, after checking that their form is that in fit."""
        sequences = as_ragged(
            X,
            input_type="values",
            estimator_name=type(self).__name__,
            lists_are_tables=reset,
            columns=None if reset else self._input.columns,
        )
        if reset:
            self._input = InputSpec.of(sequences)
            self.n_features_in_ = sequences.n_features_in
        if sequences.width is not None:
            validate_data(self, X, reset=reset, skip_check_array=True)
        if not reset:
            self._input.check(sequences, type(self).__name__)
        return sequences

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "n_features_in_")

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.transformer_tags.preserves_dtype = []
        return tags


class SequenceStatistics(_SequenceFeatures):
    """Describe each sequence of values by a row of numbers, for any classical model.

    Sequences of one length are flattened: a column for each value. Of sequences that differ in
    length, each feature is described by its mean, standard deviation, minimum, maximum, first and
    last value, mean absolute change from step to step, and the number of steps is added.

    Parameters
    ----------
    max_values : int, default=5000
        Sequences of one length with more values than this are described, too.

    Attributes
    ----------
    n_steps_ : int or None
        The length of the sequences in fit, if they are flattened. In `transform`, longer ones are
        cut there, and of shorter ones the last value is repeated.
    n_features_in_ : int
        T for X of shape (n, T), else the number of features at each step.

    Examples
    --------
    >>> from sklstm.baselines import SequenceStatistics
    >>> SequenceStatistics().fit_transform([[1.0, 2.0, 3.0], [4.0, 5.0]]).round(2)
    array([[2.  , 0.82, 1.  , 3.  , 1.  , 3.  , 1.  , 3.  ],
           [4.5 , 0.5 , 4.  , 5.  , 4.  , 5.  , 1.  , 2.  ]])
    >>> SequenceStatistics().fit_transform([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    array([[1., 2., 3.],
           [4., 5., 6.]])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "max_values": [Interval(Integral, 1, None, closed="left")]
    }

    n_steps_: int | None

    def __init__(self, max_values: int = 5000):
        self.max_values = max_values

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn whether sequences have one length.

        Parameters
        ----------
        X : sequences
            Sequences of values, in any form that the LSTM estimators accept.
        y : None
            Ignored.

        Returns
        -------
        self : SequenceStatistics
        """
        sequences = self._read(X, reset=True)
        n_steps = int(sequences.lengths[0])
        whole = bool((sequences.lengths == n_steps).all())
        fits = n_steps * sequences.n_features <= self.max_values
        self.n_steps_ = n_steps if whole and fits else None
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Return a row of numbers for each sequence.

        Parameters
        ----------
        X : sequences
            Sequences of values.

        Returns
        -------
        ndarray of shape (n_samples, n_features_out)
        """
        check_is_fitted(self)
        sequences = self._read(X, reset=False)
        each = (sequences[i].astype(np.float64) for i in range(len(sequences)))
        if self.n_steps_ is None:
            return np.stack([_statistics(x) for x in each])
        last = self.n_steps_ - 1
        return np.stack([x[np.minimum(np.arange(last + 1), len(x) - 1)].ravel() for x in each])


def _statistics(x: np.ndarray) -> np.ndarray:
    change = np.abs(np.diff(x, axis=0)).mean(axis=0) if len(x) > 1 else np.zeros(x.shape[1])
    parts = [x.mean(axis=0), x.std(axis=0), x.min(axis=0), x.max(axis=0), x[0], x[-1], change]
    return np.concatenate([*parts, [float(len(x))]])


class RandomConvolutions(_SequenceFeatures):
    """Features of series from random convolutional kernels, as in ROCKET.

    Each kernel has a random length, dilation, padding and bias and reads random features; what it
    finds in a series is described by two numbers: the proportion of positive values, and the
    maximum [1]_. A linear classifier on these features, `RidgeClassifierCV` after a
    `StandardScaler`, is among the most accurate classifiers of series and is fitted within seconds.

    Series may differ in length: only steps of a series itself are counted. Values are standardised
    with the statistics of all steps of the training series, not each series by itself, so that
    levels and spreads count.

    Parameters
    ----------
    n_kernels : int, default=5000
        Number of kernels; there are two features for each.
    random_state : int, RandomState instance or None, default=None
        Seed of the kernels.

    Attributes
    ----------
    n_features_in_ : int
        T for X of shape (n, T), else the number of features at each step.

    References
    ----------
    .. [1] A. Dempster, F. Petitjean, G. I. Webb, "ROCKET: exceptionally fast and accurate time
       series classification using random convolutional kernels", Data Mining and Knowledge
       Discovery 34, 2020, section 3.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import RidgeClassifierCV
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklstm.baselines import RandomConvolutions
    >>> rng = np.random.default_rng(0)
    >>> X, y = rng.normal(size=(80, 50)), np.arange(80) % 2
    >>> X[y == 1, 1:] += X[y == 1, :-1]  # neighbouring steps are alike
    >>> model = make_pipeline(
    ...     RandomConvolutions(500, random_state=0), StandardScaler(), RidgeClassifierCV()
    ... )
    >>> bool(model.fit(X[:40], y[:40]).score(X[40:], y[40:]) > 0.9)
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_kernels": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
    }

    def __init__(self, n_kernels: int = 5000, *, random_state: Any = None):
        self.n_kernels = n_kernels
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> Self:
        """Draw the kernels, for series about as long as those of X.

        Parameters
        ----------
        X : sequences
            Sequences of values, in any form that the LSTM estimators accept.
        y : None
            Ignored.

        Returns
        -------
        self : RandomConvolutions
        """
        sequences = self._read(X, reset=True)
        self._mean = sequences.values.mean(axis=0, dtype=np.float64).astype(np.float32)
        scale = sequences.values.std(axis=0, dtype=np.float64).astype(np.float32)
        self._scale = np.where(scale > 0, scale, np.float32(1.0))
        rng = check_random_state(self.random_state)
        n_steps = int(np.median(sequences.lengths))
        self._groups = _draw_kernels(self.n_kernels, n_steps, sequences.n_features, rng)
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Return two features for each kernel.

        Parameters
        ----------
        X : sequences
            Sequences of values.

        Returns
        -------
        ndarray of shape (n_samples, 2 * n_kernels), float32
        """
        check_is_fitted(self)
        sequences = self._read(X, reset=False)
        features = np.empty((len(sequences), 2 * self.n_kernels), dtype=np.float32)
        order = np.argsort(sequences.lengths, kind="stable")
        # As many series at once as keep the outputs of a group of kernels near 100 MB.
        widest = max(len(weights) for weights, *_ in self._groups)
        n_at_once = max(1, 25_000_000 // (widest * int(sequences.lengths.max())))
        for rows in gen_batches(len(order), n_at_once):
            batch = sequences.take(order[rows])
            features[order[rows]] = self._convolve(batch)
        return features

    def _convolve(self, batch: Ragged) -> np.ndarray:
        """Return the features of some series."""
        import torch
        from torch.nn import functional

        scaled = (batch.values - self._mean) / self._scale
        x = torch.from_numpy(pad_rows(scaled, batch.offsets, batch.lengths)[0]).transpose(1, 2)
        lengths = torch.from_numpy(batch.lengths.astype(np.int64))
        found = []
        for weights, bias, dilation, is_padded in self._groups:
            reach = dilation * (weights.shape[2] - 1)
            if not is_padded and x.shape[2] <= reach:  # too short for any output
                found.append(np.zeros((len(lengths), 2 * len(weights)), dtype=np.float32))
                continue
            # (batch, kernels, time)
            y = functional.conv1d(
                x,
                torch.from_numpy(weights),
                torch.from_numpy(bias),
                dilation=dilation,
                padding=reach // 2 if is_padded else 0,
            )
            n_own = (lengths if is_padded else lengths - reach).clamp(min=0)
            inside = (torch.arange(y.shape[2]) < n_own[:, None])[:, None, :]
            positive = ((y > 0) & inside).sum(dim=2) / n_own.clamp(min=1)[:, None]
            highest = y.masked_fill(~inside, -torch.inf).amax(dim=2)
            highest = torch.where(n_own[:, None] > 0, highest, 0.0)
            found.append(torch.cat([positive, highest], dim=1).numpy())
        return np.concatenate(found, axis=1)


Kernels = tuple[np.ndarray, np.ndarray, int, bool]  # weights, biases, dilation, whether padded


def _draw_kernels(
    n_kernels: int, n_steps: int, n_features: int, rng: np.random.RandomState
) -> list[Kernels]:
    """Return random kernels, those of one length, dilation and padding together."""
    lengths = rng.choice([7, 9, 11], n_kernels)
    longest = np.log2(np.maximum(1.0, (n_steps - 1) / (lengths - 1)))
    dilations = np.floor(2.0 ** rng.uniform(0.0, longest)).astype(int)
    padded = rng.randint(2, size=n_kernels).astype(bool)
    groups = []
    for length, dilation, is_padded in sorted(
        set(zip(lengths.tolist(), dilations.tolist(), padded.tolist(), strict=True))
    ):
        own = (lengths == length) & (dilations == dilation) & (padded == is_padded)
        n_own = int(own.sum())
        weights = rng.normal(size=(n_own, n_features, length))
        weights -= weights.mean(axis=2, keepdims=True)
        if n_features > 1:  # each reads a few features, as many as a power of two draws
            most = np.log2(min(n_features, length) + 1)
            n_read = np.floor(2.0 ** rng.uniform(0.0, most, n_own)).astype(int)
            ranks = rng.uniform(size=(n_own, n_features)).argsort(axis=1).argsort(axis=1)
            weights *= (ranks < n_read[:, None])[:, :, None]
        bias = rng.uniform(-1.0, 1.0, n_own)
        groups.append((weights.astype(np.float32), bias.astype(np.float32), dilation, is_padded))
    return groups


# ------------------------------------------------------------------------------------------
# Tags


class MostFrequentTag(LinksToReference, BaseEstimator):
    """Give every word the tag that it had most often in training; the baseline of all taggers.

    Of tags that a word had equally often it gets the more frequent one overall. Unknown words get
    the most frequent tag of the words that occurred once.

    Attributes
    ----------
    tags_ : dict
        The tag of each word.
    unknown_tag_ : str or int
        The tag of unknown words.

    Examples
    --------
    >>> from sklstm.baselines import MostFrequentTag
    >>> words = [["the", "dog", "barks"], ["the", "bark"], ["a", "dog"]]
    >>> tags = [["DET", "NOUN", "VERB"], ["DET", "NOUN"], ["DET", "NOUN"]]
    >>> model = MostFrequentTag().fit(words, tags)
    >>> [row.tolist() for row in model.predict([["the", "dog"], ["a", "cat"]])]
    [['DET', 'NOUN'], ['DET', 'DET']]
    """

    tags_: dict[Hashable, Any]
    unknown_tag_: Any

    def fit(self, X: Any, y: Any) -> Self:
        """Count the tags of each word.

        Parameters
        ----------
        X : sequence of sequences
            The words of each sentence: strings, or token ids.
        y : sequence of sequences
            The tag of each word.

        Returns
        -------
        self : MostFrequentTag

        Raises
        ------
        ValueError
            If a sentence has another number of tags than of words, or there is no word at all.
        """
        counts: dict[Hashable, Counter[Any]] = {}
        if len(X) != len(y):
            raise ValueError(f"X holds {len(X)} sentences, but y the tags of {len(y)}.")
        for i, (words, tags) in enumerate(zip(X, y, strict=True)):
            words, tags = _plain(words), _plain(tags)
            if len(words) != len(tags):
                raise ValueError(f"X[{i}] has {len(words)} words, but y[{i}] {len(tags)} tags.")
            for word, tag in zip(words, tags, strict=True):
                counts.setdefault(word, Counter())[tag] += 1
        if not counts:
            raise ValueError("X holds no words.")
        overall: Counter[Any] = sum(counts.values(), Counter())

        def first(own: Counter[Any]) -> Any:
            return max(sorted(own), key=lambda tag: (own[tag], overall[tag]))

        once = [own for own in counts.values() if own.total() == 1]
        self.tags_ = {word: first(own) for word, own in counts.items()}
        self.unknown_tag_ = first(sum(once, Counter()) or overall)
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return the tag of each word.

        Parameters
        ----------
        X : sequence of sequences
            The words of each sentence.

        Returns
        -------
        ndarray of shape (n_samples,), of arrays
        """
        check_is_fitted(self)
        return object_array(
            [
                np.array([self.tags_.get(word, self.unknown_tag_) for word in _plain(words)])
                for words in X
            ]
        )

    def score(self, X: Any, y: Any) -> float:
        """Return the fraction of words whose tag is right.

        Parameters
        ----------
        X : sequence of sequences
            The words of each sentence.
        y : sequence of sequences
            The true tags.

        Returns
        -------
        float
        """
        pairs = [
            (found, true)
            for tags, truth in zip(self.predict(X), y, strict=True)
            for found, true in zip(tags.tolist(), _plain(truth), strict=True)
        ]
        return sum(found == true for found, true in pairs) / len(pairs)


def _plain(items: Iterable[Any]) -> list[Any]:
    """Return the words or tags of a sentence as Python's own objects."""
    return items.tolist() if isinstance(items, np.ndarray) else list(items)
