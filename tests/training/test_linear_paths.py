"""The linear model beside a network: scikit-learn's, and weights learned on held-out samples."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from scipy.special import expit
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import LeaveOneOut, cross_val_predict

from sklstm import SequenceTokenizer
from sklstm._sequences import Ragged, as_ragged
from sklstm._training import LabelledSequences, fit_linear_path, learn_shares
from sklstm.nn import binary_loss, multiclass_loss, squared_loss

RNG = np.random.default_rng(0)
WORDS = np.array([f"w{i}" for i in range(40)])
TEXTS = [" ".join(RNG.choice(WORDS, size=RNG.integers(3, 12))) for _ in range(120)]
CLASSES = np.array([len(text.split()) % 3 for text in TEXTS])


def data_of(X, targets, weights=None, **options):
    sequences = as_ragged(X, estimator_name="test", **options)
    weights = np.ones(len(sequences)) if weights is None else weights
    return LabelledSequences(sequences, targets, weights.astype(np.float32), False, None)


def outputs_of(path, sequences):
    steps = [torch.from_numpy(np.asarray(sequences[i])) for i in range(len(sequences))]
    padded = torch.nn.utils.rnn.pad_sequence(steps, batch_first=True)
    padded = padded.long() if sequences.is_tokens else padded.float()
    with torch.no_grad():
        return path.linear(padded, torch.from_numpy(sequences.lengths)).numpy()


@pytest.fixture(scope="module")
def tokens():
    tokenizer = SequenceTokenizer()
    return tokenizer.fit_transform(TEXTS), len(tokenizer.vocabulary_) + 4


def reference(texts, y, weights=None):
    """Return scikit-learn's log-odds, of words and of pairs that occur in two texts or more."""
    every = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True).fit(texts)
    frequent = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2).fit(texts)
    words = [term for term in every.vocabulary_ if " " not in term]
    pairs = [term for term in frequent.vocabulary_ if " " in term]
    tfidf = TfidfVectorizer(
        ngram_range=(1, 2), sublinear_tf=True, vocabulary=sorted(words) + sorted(pairs)
    )
    A = tfidf.fit_transform(texts)
    model = LogisticRegression(C=1e2, solver="liblinear", dual=True, tol=1e-6, max_iter=10_000)
    return model.fit(A, y, sample_weight=weights).decision_function(A)


def test_two_classes_are_logistic_regression_on_tfidf(tokens):
    X, n_ids = tokens
    y = (CLASSES == 1).astype(np.float32)[:, None]
    path = fit_linear_path(data_of(X, y), "sigmoid", binary_loss, n_ids=n_ids, n_outputs=1, seed=0)
    found = outputs_of(path, as_ragged(X, estimator_name="test"))[:, 0]
    expected = reference(TEXTS, y[:, 0])
    # The folds choose the scale and the penalty, so that both agree roughly.
    assert np.corrcoef(found, expected)[0, 1] > 0.8


def test_many_samples_are_not_searched(tokens, monkeypatch):
    monkeypatch.setattr("sklstm._training.linear_paths._MANY", 10)
    X, n_ids = tokens
    y = (CLASSES == 1).astype(np.float32)[:, None]
    path = fit_linear_path(data_of(X, y), "sigmoid", binary_loss, n_ids=n_ids, n_outputs=1, seed=0)
    found = outputs_of(path, as_ragged(X, estimator_name="test"))[:, 0]
    np.testing.assert_allclose(expit(found), expit(reference(TEXTS, y[:, 0])), atol=0.02)


def test_two_outputs_of_a_softmax_are_one_boundary(tokens, monkeypatch):
    monkeypatch.setattr("sklstm._training.linear_paths._MANY", 10)
    X, n_ids = tokens
    y = (CLASSES == 1).astype(np.int64)
    path = fit_linear_path(
        data_of(X, y), "softmax", multiclass_loss, n_ids=n_ids, n_outputs=2, seed=0
    )
    found = outputs_of(path, as_ragged(X, estimator_name="test"))
    np.testing.assert_allclose(found[:, 0], -found[:, 1], atol=1e-5, rtol=1e-4)
    odds = found[:, 1] - found[:, 0]
    np.testing.assert_allclose(expit(odds), expit(reference(TEXTS, y)), atol=0.02)


def test_a_sample_without_weight_is_as_good_as_none(tokens):
    X, n_ids = tokens
    weights = np.where(np.arange(len(X)) % 3 == 0, 0.0, 1.0)
    kept = np.flatnonzero(weights)
    options = {"n_ids": n_ids, "n_outputs": 3, "seed": 0}
    weighted = fit_linear_path(data_of(X, CLASSES, weights), "softmax", multiclass_loss, **options)
    alone = fit_linear_path(data_of(X[kept], CLASSES[kept]), "softmax", multiclass_loss, **options)
    assert torch.equal(weighted.pairs, alone.pairs)
    torch.testing.assert_close(weighted.weight, alone.weight)
    torch.testing.assert_close(weighted.idf, alone.idf)


def test_numbers_are_ridge_regression_on_standardised_values():
    x = RNG.normal(3.0, 2.0, size=(60, 7))
    y = (x @ np.arange(7.0) + RNG.normal(size=60)).astype(np.float32)[:, None]
    path = fit_linear_path(data_of(x, y), "numbers", squared_loss, n_ids=None, n_outputs=1, seed=0)
    scaled = (x - x.mean(axis=0)) / x.std(axis=0)
    errors = {}
    for alpha in np.logspace(-4, 5, 19):
        left_out = cross_val_predict(Ridge(alpha), scaled, y[:, 0], cv=LeaveOneOut())
        errors[alpha] = np.square(left_out - y[:, 0])
    best = min(errors, key=lambda alpha: errors[alpha].mean())
    allowed = errors[best].mean() + errors[best].std() / np.sqrt(len(y))
    careful = max(alpha for alpha in errors if errors[alpha].mean() <= allowed)
    expected = Ridge(careful).fit(scaled, y[:, 0]).predict(scaled)
    found = outputs_of(path, as_ragged(x, estimator_name="test"))
    np.testing.assert_allclose(found[:, 0], expected, rtol=1e-3, atol=1e-3)


def test_threads_do_not_share_random_numbers():
    rng = np.random.default_rng(0)
    ids = [rng.integers(4, 3_000, size=12).astype(np.int32) for _ in range(400)]
    data = data_of(ids, rng.integers(0, 3, size=400), input_type="tokens")

    def fitted(_):
        path = fit_linear_path(data, "softmax", multiclass_loss, n_ids=3_000, n_outputs=3, seed=0)
        return path.weight

    expected = fitted(0)
    with ThreadPoolExecutor(4) as pool:
        assert all(torch.equal(weight, expected) for weight in pool.map(fitted, range(8)))


def test_one_sample_with_a_weight_is_enough():
    x, y = RNG.normal(size=(9, 4)), RNG.normal(size=(9, 1)).astype(np.float32)
    data = data_of(x, y, (np.arange(9) == 2).astype(float))
    path = fit_linear_path(data, "numbers", squared_loss, n_ids=None, n_outputs=1, seed=0)
    np.testing.assert_allclose(outputs_of(path, data.sequences)[:, 0], y[2, 0], atol=1e-6)


def test_of_too_many_values_a_part_is_read(monkeypatch):
    x = RNG.normal(size=(400, 5))
    y = (x @ np.ones((5, 2))).astype(np.float32)
    monkeypatch.setattr("sklstm._training.linear_paths._MOST_NUMBERS", 1_000)
    sizes = []

    class Watched(Ridge):
        def fit(self, X, y, sample_weight=None):
            sizes.append(len(X))
            return super().fit(X, y, sample_weight)

    monkeypatch.setattr("sklstm._training.linear_paths.Ridge", Watched)
    path = fit_linear_path(data_of(x, y), "numbers", squared_loss, n_ids=None, n_outputs=2, seed=0)
    assert sizes == [200]
    np.testing.assert_allclose(outputs_of(path, as_ragged(x, estimator_name="test")), y, atol=0.1)


def test_of_too_many_words_a_part_is_read(tokens, monkeypatch):
    X, n_ids = tokens
    n_words = sum(map(len, X))
    monkeypatch.setattr("sklstm._training.linear_paths._MOST_NUMBERS", n_words // 2)
    options = {"n_ids": n_ids, "n_outputs": 3, "seed": 0}
    path = fit_linear_path(data_of(X, CLASSES), "softmax", multiclass_loss, **options)
    highest = float(np.log((1 + len(X) // 2) / 1) + 1)  # of words that are in none of the half
    assert float(path.idf[0]) == pytest.approx(highest, abs=0.02)


def shares_of(network, linear, y, n):
    data = LabelledSequences(
        Ragged(np.zeros((n, 1), dtype=np.float32), np.ones(n, dtype=np.int64)),
        y[:n],
        np.ones(n, dtype=np.float32),
        False,
        None,
    )
    return learn_shares(network[:n], linear[:n], data, squared_loss, squared=True)


def test_shares_are_those_of_least_squares():
    truth = RNG.normal(size=(5_000, 1))
    network, linear = truth + RNG.normal(size=(2, 5_000, 1))
    y = truth.astype(np.float32)
    A = np.hstack([network, linear])
    expected = np.linalg.lstsq(A, y[:, 0], rcond=None)[0]
    np.testing.assert_allclose(shares_of(network, linear, y, 5_000), expected, atol=0.01)


def test_a_network_that_learned_nothing_gets_nothing():
    truth = RNG.normal(size=(2_000, 1))
    noise, linear = RNG.normal(size=(2_000, 1)), truth + 0.3 * RNG.normal(size=(2_000, 1))
    y = truth.astype(np.float32)
    network, _ = shares_of(noise - truth, linear, y, 2_000)
    assert network == 0
    assert shares_of(noise, linear, y, 2_000)[0] < 0.05


def test_few_samples_leave_the_linear_model_in_place():
    truth = RNG.normal(size=(4, 1))
    noise, linear = RNG.normal(size=(4, 1)), truth + RNG.normal(size=(4, 1))
    network_share, linear_share = shares_of(noise, linear, truth.astype(np.float32), 4)
    assert network_share < 0.5
    assert linear_share > 0.5
