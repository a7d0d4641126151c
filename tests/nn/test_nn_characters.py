"""Words read by their characters, against loops written out."""

import pytest
import torch

from sklstm.nn import CharacterConvolution, TokenEmbedding, WordCharacterEmbedding

WORDS = [[5, 4, 6], [7], [4, 4, 5, 6, 7, 5], [9, 1], []]


def padded(words, width):
    return torch.tensor([word + [0] * (width - len(word)) for word in words])


def convolution(kernel_size=3):
    torch.manual_seed(0)
    return CharacterConvolution(8, 4, 5, kernel_size).eval()


def by_loops(module, word):
    """Slide each filter over the word's characters, zeros around them, and keep the most."""
    margin = module.kernel_size - 1
    ids = [i if i < 8 else 1 for i in word]
    vectors = [torch.zeros(4)] * margin + [module.weight[i] for i in ids]
    vectors += [torch.zeros(4)] * max(margin, 1)
    places = len(vectors) - module.kernel_size + 1
    places = max(1, min(places, len(word) + margin))
    found = [
        (module.convolution.weight * torch.stack(vectors[p : p + module.kernel_size], dim=1)).sum(
            dim=(1, 2)
        )
        + module.convolution.bias
        for p in range(places)
    ]
    return torch.stack(found).amax(dim=0)


@pytest.mark.parametrize("kernel_size", [1, 2, 3, 5])
def test_filters_find_what_they_find_in_each_word_alone(kernel_size):
    module = convolution(kernel_size)
    torch.nn.init.normal_(module.convolution.bias)
    expected = torch.stack([by_loops(module, word) for word in WORDS])
    for width in (6, 9):  # room behind the longest word changes nothing
        torch.testing.assert_close(module(padded(WORDS, width)), expected)
    alone = torch.cat([module(padded([word], 6)) for word in WORDS])
    torch.testing.assert_close(alone, expected)


def test_unknown_and_padding_characters_begin_at_zero():
    module = convolution()
    assert not module.weight[[0, 1]].any()
    assert module.weight[2:].any(dim=1).all()


def test_a_word_has_its_own_vector_and_that_of_its_characters():
    torch.manual_seed(0)
    words = TokenEmbedding(10, 3)
    characters = convolution()
    module = WordCharacterEmbedding(words, characters)
    assert module.output_size == 8
    spelled = padded(WORDS[:4], 6)
    ids = torch.cat([torch.tensor([[4], [9], [4], [1]]), spelled], dim=1).reshape(2, 2, 7)
    result = module(ids)
    assert result.shape == (2, 2, 8)
    for row, (i, word) in enumerate(zip([4, 9, 4, 1], WORDS, strict=False)):
        expected = torch.cat([words.weight[i], by_loops(characters, word)])
        torch.testing.assert_close(result.reshape(4, 8)[row], expected)


def test_every_word_of_a_batch_trains_the_characters():
    """A word that comes twice is read once, and still counts twice."""
    torch.manual_seed(0)
    module = WordCharacterEmbedding(TokenEmbedding(10, 3), convolution())
    once = torch.tensor([[[4, 5, 6]]])
    module(once).sum().backward()
    single = module.characters.weight.grad.clone()
    module.zero_grad()
    module(once.repeat(3, 2, 1)).sum().backward()
    torch.testing.assert_close(module.characters.weight.grad, 6 * single)
    assert not module.characters.weight.grad[0].any()
