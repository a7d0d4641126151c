"""The linear paths beside the network, against scikit-learn's vectorizer and a plain product."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from sklearn.feature_extraction.text import TfidfTransformer

from sklstm.nn import CountPath, StepPath
from sklstm.nn.linear_path import count_cells

N_IDS = 9


def brute_counts(texts, pairs):
    """Return the number of times that each word and each listed pair occurs in each text."""
    counts = np.zeros((len(texts), N_IDS + len(pairs)))
    for row, ids in enumerate(texts):
        for word in ids:
            counts[row, word] += 1 < word < N_IDS
        for first, second in pairwise(ids):
            for place, pair in enumerate(pairs):
                counts[row, N_IDS + place] += pair == (first, second)
    return counts


def padded(texts, width):
    ids = torch.zeros(len(texts), width, 1, dtype=torch.long)
    for row, text in enumerate(texts):
        ids[row, : len(text), 0] = torch.tensor(text)
    return ids, torch.tensor([len(text) for text in texts])


@pytest.fixture
def texts():
    rng = np.random.default_rng(0)
    return [rng.integers(1, 12, size=rng.integers(1, 15)).tolist() for _ in range(20)]


PAIRS = [(4, 4), (4, 5), (6, 8), (7, 4), (8, 8)]
KEYS = torch.tensor([first * N_IDS + second for first, second in PAIRS])


def test_cells_are_counts_by_brute_force(texts):
    rows = torch.tensor([row for row, text in enumerate(texts) for _ in text])
    ids = torch.tensor([word for text in texts for word in text])
    row, feature, count = count_cells(rows, ids, KEYS, N_IDS)
    found = np.zeros((len(texts), N_IDS + len(PAIRS)))
    found[row, feature] = count
    np.testing.assert_array_equal(found, brute_counts(texts, PAIRS))


def test_outputs_are_a_product_with_tfidf_of_scikit_learn(texts):
    counts = brute_counts(texts, PAIRS)
    tfidf = TfidfTransformer(sublinear_tf=True).fit(counts)
    path = CountPath(KEYS, torch.from_numpy(tfidf.idf_).float(), 3)
    torch.nn.init.normal_(path.weight)
    torch.nn.init.normal_(path.bias)
    expected = tfidf.transform(counts) @ path.weight.detach().numpy() + path.bias.detach().numpy()
    for width in (14, 40):
        found = path.linear(*padded(texts, width)).detach().numpy()
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_ids_of_32_bits_give_what_those_of_64_bits_do():
    n_ids = 100_000  # so that the number of a pair needs more than 32 bits
    path = CountPath(torch.tensor([99_998 * n_ids + 99_999]), torch.ones(n_ids + 1), 1)
    torch.nn.init.normal_(path.weight)
    ids, lengths = padded([[99_998, 99_999, 5], [7]], 3)
    assert torch.equal(path.linear(ids.int(), lengths), path.linear(ids, lengths))


def test_a_text_without_known_words_gets_the_intercept():
    path = CountPath(KEYS, torch.ones(N_IDS + len(PAIRS)), 2)
    torch.nn.init.normal_(path.weight)
    torch.nn.init.normal_(path.bias)
    found = path.linear(*padded([[1, 1, 30], [1]], 3))
    assert torch.equal(found, path.bias.expand(2, -1))


def test_the_sum_is_weighted():
    path = CountPath(KEYS, torch.ones(N_IDS + len(PAIRS)), 2)
    torch.nn.init.normal_(path.weight)
    with torch.no_grad():
        path.shares.copy_(torch.tensor([0.25, 3.0]))
    inputs = padded([[4, 5, 6], [7]], 3)
    outputs = torch.randn(2, 2)
    torch.testing.assert_close(path(outputs, *inputs), 0.25 * outputs + 3 * path.linear(*inputs))


@pytest.mark.parametrize("width", [3, 5, 8])
def test_steps_that_are_missing_count_as_average_and_others_are_not_read(width):
    rng = np.random.default_rng(1)
    mean, scale = rng.normal(size=(5, 2)), rng.uniform(1, 2, size=(5, 2))
    path = StepPath(torch.from_numpy(mean).float(), torch.from_numpy(scale).float(), 2)
    torch.nn.init.normal_(path.weight)
    x, lengths = rng.normal(size=(4, width, 2)), np.minimum([width, 1, 3, 2], width)
    expected = np.zeros((4, 2))
    for row, length in enumerate(lengths):
        for step in range(min(length, 5)):
            for k in range(2):
                value = (x[row, step, k] - mean[step, k]) / scale[step, k]
                expected[row] += value * path.weight[2 * step + k].detach().numpy()
    found = path.linear(torch.from_numpy(x).float(), torch.from_numpy(lengths))
    np.testing.assert_allclose(found.detach().numpy(), expected, atol=1e-5)
