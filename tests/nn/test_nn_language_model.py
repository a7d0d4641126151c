"""The network of a language model, its output layers and its loss."""

import math

import pytest
import torch
from torch.nn import functional

from sklstm.nn import (
    AdaptiveSoftmaxHead,
    LanguageModelNetwork,
    NextTokenLoss,
    RecurrentStack,
    SoftmaxHead,
    TokenEmbedding,
    VariationalDropout,
)
from sklstm.nn.language_model import LabelVectors, LanguageModelOutputs
from sklstm.nn.losses import StepTargets


def step_targets(expected, lengths):
    expected = torch.tensor(expected)
    mask = torch.arange(expected.shape[1]) < torch.tensor(lengths)[:, None]
    return StepTargets(
        expected=expected,
        weights=mask.float(),
        mask=mask,
        previous=torch.full((len(expected),), -1),
        ends=torch.ones(len(expected), dtype=torch.bool),
    )


def heads():
    torch.manual_seed(0)
    counts = torch.randint(1, 100, (40,))
    return {
        "full": SoftmaxHead(8, 40),
        "tied": SoftmaxHead(8, 40, tied=TokenEmbedding(40, 8)),
        "projected": SoftmaxHead(8, 40, tied=TokenEmbedding(40, 5)),
        "adaptive": AdaptiveSoftmaxHead(8, counts, (5, 20), div_value=2.0),
    }


@pytest.mark.parametrize("name", ["full", "tied", "projected", "adaptive"])
def test_losses_are_the_log_probabilities_of_the_targets(name):
    head = heads()[name]
    states, targets = torch.randn(60, 8), torch.randint(3, 40, (60,))
    log_probs = head.log_probs(states)
    assert torch.allclose(log_probs.exp().sum(dim=1), torch.ones(60), atol=1e-5)
    expected = -log_probs[torch.arange(60), targets]
    assert torch.allclose(head.losses(states, targets), expected, atol=1e-5)
    assert (log_probs[:, [0, 2]] == -torch.inf).all()  # padding and start never follow


@pytest.mark.parametrize("name", ["full", "adaptive"])
def test_padding_and_start_count_as_unknown_where_they_follow(name):
    head, states = heads()[name], torch.randn(2, 8)
    unknown = head.losses(states, torch.tensor([1, 1]))
    assert torch.equal(head.losses(states, torch.tensor([0, 2])), unknown)


def test_a_tied_softmax_has_the_weights_of_the_embedding():
    embedding = TokenEmbedding(10, 4)
    head, states = SoftmaxHead(4, 10, tied=embedding), torch.randn(3, 4)
    by_hand = states @ embedding.weight.T + head.bias
    by_hand[:, [0, 2]] = -torch.inf
    assert torch.allclose(head.log_probs(states), by_hand.log_softmax(1), atol=1e-6)
    assert sum(p is embedding.weight for p in head.parameters()) == 1


def test_the_head_of_an_adaptive_softmax_has_the_most_frequent_tokens():
    counts = torch.arange(30).flip(0)  # the largest id is the rarest
    counts[25] = 1_000
    head = AdaptiveSoftmaxHead(8, counts, (4, 10), div_value=2.0)
    assert head.order[:4].tolist() == [25, 1, 3, 4]  # without padding and start
    direct = head.softmax.log_prob(torch.ones(1, 8))[0, 0]
    assert torch.allclose(head.log_probs(torch.ones(1, 8))[0, 25], direct)


def network(n_labels=0, **kwargs):
    torch.manual_seed(0)
    embedding = TokenEmbedding(12, 5)
    embedding.weight.data.normal_()
    stack = RecurrentStack(5, (7, 6), variational_dropout=True)
    return LanguageModelNetwork(
        embedding, stack, SoftmaxHead(6, 12), n_labels=n_labels, **kwargs
    ).eval()


def test_states_in_chunks_are_those_of_whole_texts():
    model = network()
    ids, lengths = torch.randint(4, 12, (3, 9, 1)), torch.tensor([9, 4, 7])
    whole = model(ids, lengths).states
    state, pieces = model.initial_state(3), []
    for start in range(0, 9, 3):
        own = (lengths - start).clamp(0, 3)
        alive = torch.nonzero(own).flatten()
        part = tuple(s[alive] for s in state)
        outputs, after = model.forward_from(ids[alive, start : start + 3], own[alive], part)
        state = tuple(s.index_copy(0, alive, a) for s, a in zip(state, after, strict=True))
        pieces.append((alive, outputs.states))
    for i, n in enumerate(lengths.tolist()):
        found = torch.cat([s[alive.tolist().index(i)] for alive, s in pieces if i in alive])
        assert torch.allclose(found[:n], whole[i, :n], atol=1e-6)


def test_a_state_is_that_of_torch():
    model = network()
    ids = torch.randint(4, 12, (2, 5, 1))
    x = model.embedding(ids)
    for layer in model.recurrent.forward_layers:
        x, _ = layer.rnn(x)
    assert torch.allclose(model(ids, torch.tensor([5, 5])).states, x, atol=1e-6)


def test_labels_are_added_to_every_token():
    model = network(n_labels=2)
    ids = torch.randint(4, 12, (1, 4, 1))
    label = torch.full_like(ids, 2)
    read = model.read(torch.cat([ids, label], dim=2))
    assert torch.allclose(read, model.embedding(ids) + model.labels.weight[2])
    without = model.read(torch.cat([ids, torch.zeros_like(ids)], dim=2))
    assert torch.equal(without, model.embedding(ids))


def test_labels_are_left_out_of_whole_texts_in_training():
    layer = LabelVectors(1, 3, p=0.5).train()
    layer.generator = torch.Generator().manual_seed(0)
    left_out = layer(torch.ones(400, 6, dtype=torch.long)).eq(0).all(dim=2)  # (batch, time)
    assert (left_out.all(dim=1) | ~left_out.any(dim=1)).all()
    assert 150 < left_out.all(dim=1).sum() < 250


def test_loss_is_the_cross_entropy_of_the_next_token():
    model, target = network(), step_targets([[4, 7, 3], [9, 3, 0]], [3, 2])
    outputs = model(torch.randint(4, 12, (2, 3, 1)), torch.tensor([3, 2]))
    log_probs = model.output.log_probs(outputs.states.flatten(0, 1)).view(2, 3, 12)
    by_hand = -sum(log_probs[i, t, target.expected[i, t]] for i, t in target.mask.nonzero()) / 2
    assert torch.allclose(NextTokenLoss(model.output)(outputs, target), by_hand)


def test_penalties_are_those_of_the_paper_and_of_training_only():
    head = SoftmaxHead(2, 6)
    raw = torch.tensor([[[1.0, 0.0], [0.0, 0.0], [2.0, 2.0]], [[1.0, 1.0], [0.0, 1.0], [9.0, 9.0]]])
    states = raw * 2.0
    target = step_targets([[4, 5, 3], [4, 3, 0]], [3, 2])
    outputs = LanguageModelOutputs(states, raw)
    plain = NextTokenLoss(head)(outputs, target)
    loss = NextTokenLoss(head, activation=2.0, temporal=3.0)
    # Means over the five steps, and the three changes, that are not padding, of two units each.
    activation = (4 + 0 + 0 + 0 + 16 + 16 + 4 + 4 + 0 + 4) / 10
    temporal = (1 + 0 + 4 + 4 + 1 + 0) / 6
    added = (loss(outputs, target) - plain).item()
    assert math.isclose(added, 2 * activation + 3 * temporal, rel_tol=1e-5)
    assert torch.equal(loss.eval()(outputs, target), plain)


def test_variational_dropout_repeats_its_mask_over_time():
    layer = VariationalDropout(0.4).train()
    layer.generator = torch.Generator().manual_seed(0)
    y = layer(torch.ones(50, 6, 20))
    assert (y == y[:, :1]).all()
    assert 0.35 < (y == 0).float().mean() < 0.45
    assert torch.allclose(y[y > 0], torch.tensor(1 / 0.6))
    assert len(torch.unique(y[:, 0], dim=0)) > 1  # each sequence has a mask of its own


def test_gradients_reach_all_parameters():
    torch.manual_seed(0)
    embedding = TokenEmbedding(40, 5)
    output = AdaptiveSoftmaxHead(6, torch.arange(40), (4, 10), div_value=2.0)
    model = LanguageModelNetwork(embedding, RecurrentStack(5, (6,)), output, n_labels=2)
    ids = torch.randint(4, 40, (8, 30, 1))
    inputs = torch.cat([ids, torch.randint(1, 3, (8, 1, 1)).expand(8, 30, 1)], dim=2)
    outputs = model(inputs, torch.full((8,), 30))
    targets = step_targets(torch.randint(3, 40, (8, 30)).tolist(), [30] * 8)
    NextTokenLoss(output)(outputs, targets).backward()
    for name, weight in model.named_parameters():
        if weight.requires_grad:
            assert weight.grad is not None, name
            assert weight.grad.abs().sum() > 0, name


def test_bidirectional_layers_are_refused():
    with pytest.raises(ValueError, match="bidirectional=False"):
        LanguageModelNetwork(
            TokenEmbedding(9, 4), RecurrentStack(4, (4,), bidirectional=True), SoftmaxHead(8, 9)
        )


def test_full_softmax_against_torch():
    head, states = SoftmaxHead(4, 9), torch.randn(5, 4)
    logits = functional.linear(states, head.weight, head.bias)
    logits[:, [0, 2]] = -torch.inf
    targets = torch.tensor([1, 3, 4, 8, 5])
    expected = functional.cross_entropy(logits, targets, reduction="none")
    assert torch.allclose(head.losses(states, targets), expected)
