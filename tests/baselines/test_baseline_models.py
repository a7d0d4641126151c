"""The classical models against plain loops, and scikit-learn's checks."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression, RidgeClassifierCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from sklstm import SequenceTokenizer
from sklstm.baselines import (
    MostFrequentTag,
    NBSVMClassifier,
    RandomConvolutions,
    SequenceStatistics,
)

RNG = np.random.default_rng(0)
RAGGED = [RNG.normal(size=(n, 2)) for n in (5, 40, 17, 29, 12, 33)]


@parametrize_with_checks(
    [NBSVMClassifier(), SequenceStatistics(), RandomConvolutions(20, random_state=0)],
    expected_failed_checks=lambda estimator: {},
)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


# NB-SVM

TEXTS = ["good fun film", "good film", "dull film", "dull dull plot", "fun plot", "odd plot film"]
LABELS = np.array(["pos", "pos", "neg", "neg", "pos", "neg"])


def test_log_count_ratios_by_hand():
    counts = CountVectorizer().fit(TEXTS)
    model = NBSVMClassifier(beta=0.0).fit(counts.transform(TEXTS), LABELS)
    # with one added to each: 7 words occur in positive texts + 6 words, 7 in negative ones + 6
    ratio = {"good": 3 / 1, "fun": 3 / 1, "film": 3 / 3, "dull": 1 / 3, "plot": 2 / 3, "odd": 1 / 2}
    total = {"pos": 3 + 3 + 3 + 1 + 2 + 1, "neg": 1 + 1 + 3 + 3 + 3 + 2}
    expected = np.log([ratio[word] * total["neg"] / total["pos"] for word in sorted(ratio)])
    # naive Bayes alone: all ratios have the same weight
    np.testing.assert_allclose(model.coef_[0] / model.coef_[0][0] * expected[0], expected)


def test_without_interpolation_it_is_a_linear_model_of_weighted_words():
    X = CountVectorizer().fit_transform(TEXTS)
    model = NBSVMClassifier(beta=1.0, C=2.0).fit(X, LABELS)
    present, own = (X > 0).toarray().astype(float), LABELS == "pos"
    positive, negative = 1 + present[own].sum(axis=0), 1 + present[~own].sum(axis=0)
    ratio = np.log(positive / positive.sum()) - np.log(negative / negative.sum())
    plain = LogisticRegression(C=2.0, solver="liblinear", tol=1e-9)
    plain.fit(present * ratio, own)
    np.testing.assert_allclose(
        model.decision_function(X), plain.decision_function(present * ratio), atol=1e-4
    )


def test_a_word_counts_once_and_three_classes_sum_to_one():
    X = np.array([[1, 0, 2], [0, 3, 0], [0, 0, 1], [1, 1, 0], [5, 0, 0], [0, 1, 1]])
    y = [0, 1, 2, 0, 0, 1]
    model = NBSVMClassifier().fit(X, y)
    once = NBSVMClassifier().fit(csr_matrix(X > 0, dtype=float), y)
    np.testing.assert_array_equal(model.coef_, once.coef_)
    probabilities = model.predict_proba(X)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0)
    np.testing.assert_array_equal(probabilities.argmax(axis=1), model.predict(X))


def test_weights_of_samples_count_as_repetitions():
    X = CountVectorizer().fit_transform(TEXTS)
    repeated = [0, 0, 1, 2, 3, 4, 5, 5]
    twice = NBSVMClassifier().fit(X[repeated], LABELS[repeated])
    weighted = NBSVMClassifier()
    weighted.fit(X, LABELS, sample_weight=np.bincount(repeated))
    np.testing.assert_allclose(weighted.coef_, twice.coef_, atol=1e-5)


def test_a_single_class():
    with pytest.raises(ValueError, match="one class"):
        NBSVMClassifier().fit([[1.0], [2.0]], [1, 1])


# Series


def test_statistics_by_hand():
    x = np.array([[1.0, 0.0], [4.0, 0.0], [2.0, 3.0]])
    found = SequenceStatistics().fit_transform([x, x[:1]])
    means, deviations = [7 / 3, 1], [np.std([1, 4, 2]), np.std([0, 0, 3])]
    expected = [*means, *deviations, 1, 0, 4, 3, 1, 0, 2, 3, 2.5, 1.5, 3]
    np.testing.assert_allclose(found[0], expected)
    np.testing.assert_allclose(found[1], [1, 0, 0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 0, 0, 1])


def test_one_length_is_flattened_and_others_are_brought_to_it():
    model = SequenceStatistics().fit([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    assert model.n_steps_ == 3
    np.testing.assert_array_equal(
        model.transform([[1.0, 2.0], [1.0, 2.0, 3.0, 4.0]]), [[1, 2, 2], [1, 2, 3]]
    )
    assert SequenceStatistics(max_values=2).fit([[1.0, 2.0, 3.0]]).n_steps_ is None


def by_loops(model, x):
    """Return the two features of each kernel, from the definition."""
    x = (x - model._mean) / model._scale
    found = []
    for weights, bias, dilation, is_padded in model._groups:
        n_kernels, n_features, length = weights.shape
        pad = dilation * (length - 1) // 2 if is_padded else 0
        steps = np.pad(x, [(pad, pad), (0, 0)])
        positive, highest = [], []
        for k in range(n_kernels):
            outputs = [
                bias[k]
                + sum(
                    weights[k, f, i] * steps[t + i * dilation, f]
                    for f in range(n_features)
                    for i in range(length)
                )
                for t in range(len(steps) - dilation * (length - 1))
            ]
            positive.append(np.mean(np.array(outputs) > 0) if outputs else 0.0)
            highest.append(max(outputs, default=0.0))
        found += [*positive, *highest]
    return np.array(found)


def test_random_convolutions_of_ragged_series_by_loops():
    model = RandomConvolutions(30, random_state=0).fit(RAGGED)
    found = model.transform(RAGGED)
    for x, row in zip(RAGGED, found, strict=True):
        np.testing.assert_allclose(row, by_loops(model, x), atol=1e-4)
    np.testing.assert_allclose(model.transform(RAGGED[:1]), found[:1], atol=1e-5)


def test_kernels_are_drawn_as_in_the_paper():
    model = RandomConvolutions(2000, random_state=0).fit(RNG.normal(size=(4, 100, 3)))
    n_kernels = sum(len(weights) for weights, *_ in model._groups)
    assert n_kernels == 2000
    for weights, bias, dilation, _ in model._groups:
        length = weights.shape[2]
        assert length in (7, 9, 11)
        assert dilation * (length - 1) <= 99  # no longer than the series
        np.testing.assert_allclose(weights.sum(axis=2), 0.0, atol=1e-5)
        assert (np.abs(bias) <= 1).all()
    read = np.concatenate([(w != 0).any(axis=2).sum(axis=1) for w, *_ in model._groups])
    assert set(read.tolist()) == {1, 2, 3}


def test_random_convolutions_find_a_shape_wherever_it_is():
    x = RNG.normal(size=(120, 60))
    y = np.arange(120) % 2
    for i in np.flatnonzero(y):
        start = RNG.integers(0, 40)
        x[i, start : start + 12] += 2.5 * np.sin(np.arange(12) * 1.2)
    model = make_pipeline(
        RandomConvolutions(1000, random_state=0), StandardScaler(), RidgeClassifierCV()
    )
    assert model.fit(x[:80], y[:80]).score(x[80:], y[80:]) > 0.8
    linear = make_pipeline(SequenceStatistics(), StandardScaler(), RidgeClassifierCV())
    assert linear.fit(x[:80], y[:80]).score(x[80:], y[80:]) < 0.75


@pytest.mark.parametrize("transformer", [SequenceStatistics(), RandomConvolutions(10)])
def test_another_number_of_features_is_refused(transformer):
    transformer.fit(RAGGED)
    with pytest.raises(ValueError, match=r"X has 3 features, but .* expecting 2"):
        transformer.transform([np.zeros((4, 3))])


# Tags


def test_most_frequent_tags_by_hand():
    words = [["a", "b", "c"], ["b", "a"], ["b", "d"]]
    tags = [["X", "Y", "Z"], ["X", "X"], ["Y", "Z"]]
    model = MostFrequentTag().fit(words, tags)
    # b was Y twice and X once; of the words seen once, c and d, both were Z
    assert model.tags_ == {"a": "X", "b": "Y", "c": "Z", "d": "Z"}
    assert [tag.tolist() for tag in model.predict([["b", "e"], ["a"]])] == [["Y", "Z"], ["X"]]
    assert model.score(words, tags) == 6 / 7


def test_of_equal_tags_the_one_more_frequent_overall():
    model = MostFrequentTag().fit([["a", "a", "b", "b"]], [["X", "Y", "Y", "Y"]])
    assert model.tags_["a"] == "Y"


def test_unknown_words_are_like_those_seen_once():
    model = MostFrequentTag().fit([["a", "a", "a", "b"]], [["DET", "DET", "DET", "X"]])
    assert model.unknown_tag_ == "X"
    assert MostFrequentTag().fit([["a", "a"]], [["DET", "DET"]]).unknown_tag_ == "DET"


def test_tokens_with_numbers_as_tags():
    tokens = SequenceTokenizer().fit_transform(["one two", "two one two"])
    tags = [[1, 2], [2, 1, 2]]
    assert MostFrequentTag().fit(tokens, tags).score(tokens, tags) == 1.0


@pytest.mark.parametrize(
    ("words", "tags", "message"),
    [
        ([["a"]], [["X"], ["Y"]], "1 sentences, but y the tags of 2"),
        ([["a"], ["b", "c"]], [["X"], ["Y"]], r"X\[1\] has 2 words, but y\[1\] 1 tags"),
        ([[]], [[]], "no words"),
    ],
)
def test_sentences_without_their_tags(words, tags, message):
    with pytest.raises(ValueError, match=message):
        MostFrequentTag().fit(words, tags)
