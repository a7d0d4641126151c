"""Batches: a partition, of like length, exact blocks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sklstm._sequences.batching import (
    BUCKET_BATCHES,
    pad_batch,
    prediction_batches,
    training_batches,
)
from sklstm._sequences.reading import as_ragged

length_lists = st.lists(st.integers(1, 60), min_size=1, max_size=200).map(np.array)


@given(length_lists, st.integers(1, 40), st.integers(0, 5))
def test_training_batches_are_a_partition(lengths, batch_size, seed):
    batches = training_batches(lengths, batch_size, np.random.default_rng(seed))
    assert sorted(np.concatenate(batches)) == list(range(len(lengths)))
    assert max(map(len, batches)) <= batch_size
    assert len(batches) == -(-len(lengths) // batch_size)


@given(length_lists, st.integers(1, 40), st.integers(1, 200))
def test_prediction_batches_are_a_bounded_partition(lengths, batch_size, max_steps):
    batches = prediction_batches(lengths, batch_size, max_steps)
    assert sorted(np.concatenate(batches)) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) <= batch_size
        assert len(batch) == 1 or len(batch) * lengths[batch].max() <= max_steps


def test_training_batches_hold_sequences_of_like_length():
    rng = np.random.default_rng(0)
    lengths = rng.integers(1, 500, size=BUCKET_BATCHES * 16)
    spread = [np.ptp(lengths[b]) for b in training_batches(lengths, 16, rng)]
    assert np.median(spread) < 25  # 16 drawn at random would span about 440


def test_order_changes_every_epoch_and_without_rng_stays_that_of_the_data():
    lengths, rng = np.arange(1, 101), np.random.default_rng(0)
    first, second = (np.concatenate(training_batches(lengths, 8, rng)) for _ in range(2))
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(np.concatenate(training_batches(lengths, 8, None)), range(100))


@pytest.mark.parametrize("n_features", [1, 3])
def test_a_block_holds_each_sequence_and_zeros(n_features):
    rng = np.random.default_rng(0)
    items = [rng.normal(size=(n, n_features)) for n in (4, 1, 6, 2)]
    block, lengths = pad_batch(as_ragged(items), np.array([2, 0, 1]))
    assert block.shape == (3, 6, n_features)
    for row, item in enumerate([items[2], items[0], items[1]]):
        assert lengths[row] == len(item)
        np.testing.assert_array_equal(block[row, : len(item)], item.astype(np.float32))
        assert not block[row, len(item) :].any()
    assert block.transpose(1, 0, 2).flags.c_contiguous  # time-major, as the kernels read it
