"""Embeddings of token ids, and dropout."""

import numpy as np
import pytest
import torch

from sklstm.nn import Dropout, TokenEmbedding
from sklstm.nn.dropout import seed_modules


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
