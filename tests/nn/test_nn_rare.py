"""Rare ids read as unknown in training, against the formula of Kiperwasser and Goldberg."""

import copy

import numpy as np
import pytest
import torch

from sklstm.nn import CharacterConvolution, TokenEmbedding
from sklstm.nn.dropout import RareDropout, seed_modules

COUNTS = torch.tensor([0, 0, 0, 0, 1, 3, 9, 10_000, 0])
N = 4_000


def rare(a, counts=COUNTS):
    layer = RareDropout(len(COUNTS), a)
    layer.set_counts(counts)
    seed_modules(layer, torch.Generator().manual_seed(0))
    return layer


@pytest.mark.parametrize("a", [0.25, 1.0, 2.0])
def test_the_fraction_replaced_is_that_of_the_formula(a):
    ids = torch.arange(len(COUNTS)).repeat(N, 1)
    replaced = rare(a)(ids).eq(1).double().mean(dim=0).numpy()
    count = COUNTS.numpy()
    expected = np.where(count > 0, a / (a + count), 0.0)
    expected[1] = 1.0  # it is the unknown id itself
    bound = 4.5 * np.sqrt(expected * (1 - expected) / N)
    assert (np.abs(replaced - expected) <= bound).all()


def test_each_occurrence_is_drawn_by_itself():
    found = rare(1.0)(torch.full((N, 2), 4)).eq(1)
    both = found.all(dim=1).double().mean()
    assert both == pytest.approx(0.25, abs=4.5 * (0.25 * 0.75 / N) ** 0.5)


@pytest.mark.parametrize("dtype", [torch.int64, torch.int32])
def test_nothing_is_replaced_but_in_training(dtype):
    ids = torch.arange(len(COUNTS), dtype=dtype).repeat(50, 1)
    for layer in (rare(0.0), rare(1.0, None), rare(1.0).eval()):
        assert layer(ids) is ids
    assert rare(1.0)(ids).dtype == dtype


def test_the_vector_of_unknown_words_is_trained():
    ids = torch.full((1, 200, 1), 4)
    embedding = TokenEmbedding(9, 2, rare_dropout=1.0, counts=COUNTS)
    seed_modules(embedding, torch.Generator().manual_seed(0))
    embedding(ids).sum().backward()
    gradient = embedding.weight.grad[:, 0]
    assert gradient[1] + gradient[4] == 200
    assert 60 < gradient[1] < 140
    assert not gradient[[0, 2, 3, 5, 6, 7, 8]].any()
    embedding.weight.requires_grad_(False)  # what is frozen learns nothing from it
    expected = embedding.weight[4].expand(1, 200, 2)
    torch.testing.assert_close(embedding(ids), expected)


def test_the_embedding_of_unknown_characters_is_trained():
    layer = CharacterConvolution(9, 4, 3, 2, rare_dropout=1.0, counts=COUNTS)
    seed_modules(layer, torch.Generator().manual_seed(0))
    words = torch.tensor([[4, 7, 0]] * 50)
    layer(words).sum().backward()
    moved = layer.weight.grad.abs().sum(dim=1) > 0
    assert moved.tolist() == [False, True, False, False, True, False, False, True, False]
    before = layer.eval()(words)
    layer.set_counts(None)
    torch.testing.assert_close(layer.train()(words), before)


def test_counts_are_no_part_of_the_state_and_go_with_the_module():
    embedding = TokenEmbedding(9, 2, rare_dropout=1.0, counts=COUNTS)
    assert list(embedding.state_dict()) == ["weight"]
    assert torch.equal(copy.deepcopy(embedding).rare.counts, COUNTS.float())
    assert embedding.to("meta").rare.counts.device.type == "meta"


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        ({"rare_dropout": -1}, ValueError, "rare_dropout must be a finite number of at least 0"),
        ({"rare_dropout": True}, TypeError, "rare_dropout must be a number of at least 0, got Tr"),
        (
            {"counts": COUNTS[:8]},
            ValueError,
            r"counts has shape \(8,\), but must have.*\(9,\)",
        ),
        ({"counts": [1] * 9}, TypeError, "counts must be a Tensor, got list"),
    ],
)
def test_bad_arguments(params, error, message):
    for build in (
        lambda: TokenEmbedding(9, 2, **params),
        lambda: CharacterConvolution(9, 2, 3, 2, **params),
    ):
        with pytest.raises(error, match=message):
            build()
