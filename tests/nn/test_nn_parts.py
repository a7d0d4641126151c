"""Embedding, convolution, pooling and losses against written-out arithmetic."""

import numpy as np
import pytest
import torch

from sklstm.nn import ConvolutionPool, TokenEmbedding, WeightedLoss, binary_loss, make_pooling
from sklstm.nn.dropout import Dropout, seed_modules

LENGTHS = torch.tensor([6, 1, 3])


@pytest.fixture
def states():
    torch.manual_seed(0)
    return torch.randn(3, 6, 4)


@torch.no_grad()
def attention_by_hand(pooling, own):
    scores = [float(pooling.score(torch.tanh(pooling.hidden(step)))) for step in own]
    weights = np.exp(scores) / np.exp(scores).sum()
    return (torch.tensor(weights, dtype=torch.float32)[:, None] * own).sum(0)


BY_HAND = {
    "last": lambda pooling, own: own[-1],
    "mean": lambda pooling, own: own.mean(0),
    "max": lambda pooling, own: own.max(0).values,
    "attention": attention_by_hand,
}


@pytest.mark.parametrize("name", sorted(BY_HAND))
def test_pooling_sees_own_steps_only(states, name):
    pooling = make_pooling(name, 4)
    pooled = pooling(states, LENGTHS)
    for row, length in enumerate(LENGTHS):
        expected = BY_HAND[name](pooling, states[row, :length])
        torch.testing.assert_close(pooled[row], expected, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("name", sorted(BY_HAND))
def test_scan_is_pooling_of_every_prefix(states, name):
    pooling = make_pooling(name, 4)
    scanned = pooling.scan(states)
    for end in range(1, 7):
        expected = pooling(states, torch.full((3,), end))
        torch.testing.assert_close(scanned[:, end - 1], expected, atol=1e-6, rtol=1e-5)


def test_last_of_a_backward_direction_is_its_first_step(states):
    pooled = make_pooling("last", 4, bidirectional=True)(states, LENGTHS)
    for row, length in enumerate(LENGTHS):
        expected = torch.cat([states[row, length - 1, :2], states[row, 0, 2:]])
        torch.testing.assert_close(pooled[row], expected, atol=0, rtol=0)


@pytest.mark.parametrize("kernel_size", [1, 2, 3, 4])
@pytest.mark.parametrize("pool_size", [1, 2, 3])
def test_convolution_of_a_padded_batch_equals_each_sequence_alone(states, kernel_size, pool_size):
    layer = ConvolutionPool(4, 5, kernel_size, pool_size)
    together, lengths = layer(states, LENGTHS)
    for row, length in enumerate(LENGTHS):
        alone, own = layer(states[row : row + 1, :length], LENGTHS[row : row + 1])
        assert int(lengths[row]) == int(own) == -(-int(length) // pool_size)
        torch.testing.assert_close(together[row, : int(own)], alone[0], atol=1e-6, rtol=1e-5)


def test_convolution_against_sums_written_out(states):
    layer = ConvolutionPool(4, 2, 3, 2)
    kernel, bias = layer.convolution.weight, layer.convolution.bias
    padded = torch.nn.functional.pad(states[0], (0, 0, 1, 1))  # (time + 2, channels)
    responses = torch.stack(
        [
            torch.relu((kernel * padded[t : t + 3].T).sum(dim=(1, 2)) + bias)  # (filters,)
            for t in range(6)
        ]
    )
    expected = responses.view(3, 2, 2).max(dim=1).values
    torch.testing.assert_close(layer(states, LENGTHS)[0][0], expected, atol=1e-6, rtol=1e-5)


def test_embedding_reads_padding_as_zero_and_new_ids_as_unknown():
    embedding = TokenEmbedding(6, 3)
    vectors = embedding(torch.tensor([[[0], [5], [6], [900]]]))
    assert not vectors[0, 0].any()
    np.testing.assert_array_equal(vectors[0, 1].detach(), embedding.weight[5].detach())
    for unknown in (2, 3):
        np.testing.assert_array_equal(vectors[0, unknown].detach(), embedding.weight[1].detach())


def test_embedding_joins_the_vectors_of_several_ids_a_step():
    embedding = TokenEmbedding(6, 3)
    vectors = embedding(torch.tensor([[[4, 5], [5, 0]]]))
    assert vectors.shape == (1, 2, 6)
    expected = torch.cat([embedding.weight[4], embedding.weight[5]])
    np.testing.assert_array_equal(vectors[0, 0].detach(), expected.detach())


def test_embedding_dropout_drops_a_word_everywhere_in_a_batch():
    embedding = TokenEmbedding(50, 3, dropout=0.5).train()
    seed_modules(embedding, torch.Generator().manual_seed(0))
    ids = torch.arange(1, 50).repeat(4, 2)[:, :, None]
    kept = embedding(ids).ne(0).any(dim=2)  # (4, 98)
    assert 0 < kept.float().mean() < 1
    assert (kept == kept[:1]).all()
    assert (kept[:, :49] == kept[:, 49:]).all()


def test_frozen_embedding_is_not_trained():
    assert not TokenEmbedding(6, 3, freeze=True).weight.requires_grad


def test_dropout_keeps_the_mean_and_the_memory_layout():
    layer = Dropout(0.25).train()
    seed_modules(layer, torch.Generator().manual_seed(0))
    x = torch.ones(50, 40, 30).transpose(0, 1)
    dropped = layer(x)
    assert dropped.stride() == x.stride()
    assert set(np.unique(dropped)) == {0.0, np.float32(1 / 0.75)}
    assert dropped.mean() == pytest.approx(1.0, abs=0.02)
    assert (layer.eval()(x) == x).all()


def test_weighted_loss_against_the_formula():
    logits = torch.tensor([[0.5], [-2.0]])
    target, weight = torch.tensor([[1.0], [0.0]]), torch.tensor([3.0, 0.5])
    p = 1 / (1 + np.exp(-logits.numpy()[:, 0]))
    expected = (3.0 * -np.log(p[0]) + 0.5 * -np.log(1 - p[1])) / 2
    assert WeightedLoss(binary_loss)(logits, (target, weight)).item() == pytest.approx(expected)
