"""Accuracy of clusters, against all ways to give classes to them."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import min_weight_full_bipartite_matching
from sklearn.metrics import adjusted_rand_score

from sklstm.metrics import clustering_accuracy

SAMPLES = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 4), st.integers(0, 3)), min_size=1, max_size=15
)


def best_of_all(y_true, y_pred, weights=None):
    """Return the best accuracy over all ways to give each cluster a class, or one beyond them."""
    classes, clusters = np.unique(y_true).tolist(), np.unique(y_pred).tolist()
    spare = [max(classes) + 1 + i for i in range(len(clusters))]
    index = np.searchsorted(clusters, y_pred)
    return max(
        np.average(np.array(chosen)[index] == y_true, weights=weights)
        for chosen in set(permutations([*classes, *spare], len(clusters)))
    )


@given(SAMPLES.filter(lambda drawn: len({c for _, c, _ in drawn}) < 4))
def test_against_all_matchings(drawn):
    y_true, y_pred, weights = (np.array(column) for column in zip(*drawn, strict=True))
    assert clustering_accuracy(y_true, y_pred) == pytest.approx(best_of_all(y_true, y_pred))
    if weights.sum():
        expected = best_of_all(y_true, y_pred, weights)
        assert clustering_accuracy(y_true, y_pred, sample_weight=weights) == pytest.approx(expected)


def test_the_best_matching_is_not_the_greedy_one():
    # Giving cluster 0 its commonest class, "a", leaves 1 without: 3 of 8. The other way is right 5.
    y_true = list("aaabb") + list("aaa")
    y_pred = [0, 0, 0, 0, 0, 1, 1, 1]
    assert clustering_accuracy(y_true, y_pred) == 5 / 8


@pytest.mark.parametrize(
    ("y_true", "y_pred", "expected"),
    [
        (["b", "a", "a"], [5, 9, 9], 1.0),
        ([1, 1, 1, 0], [0, 0, 0, 0], 0.75),  # one cluster: the fraction of the largest class
        ([1, 1, 1, 1], [0, 1, 2, 3], 0.25),  # more clusters than classes
        ([0, 1, 2, 3], [1, 1, 1, 1], 0.25),
        ([0, 0, 1, 1], [0, 0, -1, 1], 0.75),
        ([True, False], ["x", "y"], 1.0),
        ([1.0, 2.0], [2, 1], 1.0),
        (["a"], [3], 1.0),
    ],
)
def test_worked_examples(y_true, y_pred, expected):
    assert clustering_accuracy(y_true, y_pred) == expected


@given(SAMPLES, st.permutations(range(5)))
def test_names_of_clusters_and_the_order_of_samples_do_not_matter(drawn, names):
    y_true, y_pred, _ = (np.array(column) for column in zip(*drawn, strict=True))
    score = clustering_accuracy(y_true, y_pred)
    assert clustering_accuracy(y_true, np.array(names)[y_pred]) == pytest.approx(score)
    assert clustering_accuracy(y_true[::-1], y_pred[::-1]) == pytest.approx(score)
    assert clustering_accuracy(y_pred, y_true) == pytest.approx(score)
    assert (score == 1) == (adjusted_rand_score(y_true, y_pred) == 1)


def test_a_weight_counts_as_that_many_samples():
    rng = np.random.default_rng(0)
    y_true, y_pred, weights = rng.integers(0, [[4], [6], [5]], size=(3, 200))
    repeated = clustering_accuracy(np.repeat(y_true, weights), np.repeat(y_pred, weights))
    assert clustering_accuracy(y_true, y_pred, sample_weight=weights) == pytest.approx(repeated)
    tiny = np.full(200, 0.1)
    assert clustering_accuracy(y_true, y_true, sample_weight=tiny) == 1


@pytest.mark.parametrize("form", [list, tuple, np.array, pd.Series, pd.Categorical])
def test_forms_of_labels(form):
    assert clustering_accuracy(form(["b", "b", "a"]), form([0, 0, 2])) == 1


def test_thousands_of_clusters_are_matched():
    labels = np.random.default_rng(0).permutation(2000)
    assert clustering_accuracy(labels, labels[::-1]) == 1


def test_a_cluster_for_each_of_many_samples():
    n = 2000
    classes = np.repeat(np.arange(n // 2), 2)
    assert clustering_accuracy(classes, np.arange(n)) == 0.5  # one of each class's two samples


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 300), st.integers(0, 99))
def test_against_a_sparse_matching(n_classes, n_clusters, n_samples, seed):
    rng = np.random.default_rng(seed)
    y_true, y_pred = rng.integers([[n_classes], [n_clusters]], size=(2, n_samples))
    weights = rng.exponential(size=n_samples) * (rng.random(n_samples) < 0.8) + 1e-9
    table = np.zeros((n_classes, n_clusters))
    np.add.at(table, (y_true, y_pred), weights)
    # 1 more for every pair changes no matching, and makes each pair an entry of the sparse table.
    matched = min_weight_full_bipartite_matching(csr_array(table + 1), maximize=True)
    expected = table[matched].sum() / weights.sum()
    score = clustering_accuracy(y_true, y_pred, sample_weight=weights)
    assert score == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("y_true", "y_pred", "weights", "message"),
    [
        ([0, 1], [0, 1, 1], None, r"inconsistent numbers of samples: \[2, 3\]"),
        ([0, 1], [0, 1], [1.0], r"inconsistent numbers of samples: \[2, 2, 1\]"),
        ([], [], None, "y_true contains no label"),
        ([0, 1], [[0], [1]], None, r"y_pred must be 1-D.*shape \(2, 1\)"),
        ([0, np.nan], [0, 1], None, r"y_true\[1\] is nan"),
        ([0, 1], [0, None], None, r"y_pred\[1\] is None"),
        (["a", np.nan], [0, 1], None, r"y_true\[1\] is nan"),
        (pd.Series(["a", None]), [0, 1], None, r"y_true\[1\] is (None|nan)"),
        ([0.5, 1], [0, 1], None, r"y_true contains 0.5, which is not a whole number"),
        ([0, 1], [0, 1], [1, -1], "Negative values in data passed to `?sample_weight"),
        ([0, 1], [0, 1], [1, np.nan], "sample_weight contains NaN"),
        ([0, 1], [0, 1], [0, 0], "at least one non-zero|leaves no sample"),
    ],
)
def test_bad_input_is_named(y_true, y_pred, weights, message):
    with pytest.raises(ValueError, match=message):
        clustering_accuracy(y_true, y_pred, sample_weight=weights)


@pytest.mark.parametrize("mixed", [["a", 1], np.array(["a", 1], dtype=object)])
def test_strings_and_numbers_are_not_mixed(mixed):
    with pytest.raises(TypeError, match="y_pred mixes strings and numbers"):
        clustering_accuracy([0, 1], mixed)
    with pytest.raises(ValueError, match="'y_true' parameter of clustering_accuracy"):
        clustering_accuracy("ab", [0, 1])
