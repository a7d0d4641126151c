"""Pooling against written-out arithmetic."""

import numpy as np
import pytest
import torch

from sklstm.nn import make_pooling

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
    "concat": lambda pooling, own: torch.cat([own[-1], own.max(0).values, own.mean(0)]),
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


def test_the_backward_part_may_be_of_any_size(states):
    pooled = make_pooling("last", 4, bidirectional=True, backward_size=1)(states, LENGTHS)
    for row, length in enumerate(LENGTHS):
        expected = torch.cat([states[row, length - 1, :3], states[row, 0, 3:]])
        torch.testing.assert_close(pooled[row], expected, atol=0, rtol=0)
    backward = make_pooling("last", 4, bidirectional=True, backward_size=4)(states, LENGTHS)
    torch.testing.assert_close(backward, states[:, 0], atol=0, rtol=0)
    for size, bidirectional in ((1, False), (5, True)):
        with pytest.raises(ValueError, match=f"backward_size must be at most size=4.*got {size}"):
            make_pooling("last", 4, bidirectional, size)


@pytest.mark.parametrize("directions", [(False, None), (True, None), (True, 1)])
def test_concatenated_are_the_three_poolings_it_names(states, directions):
    parts = [make_pooling(name, 4, *directions) for name in ("last", "max", "mean")]
    pooling = make_pooling("concat", 4, *directions)
    assert pooling.output_size == 12
    expected = torch.cat([part(states, LENGTHS) for part in parts], dim=1)
    torch.testing.assert_close(pooling(states, LENGTHS), expected, atol=0, rtol=0)
    scanned = torch.cat([part.scan(states) for part in parts], dim=2)
    torch.testing.assert_close(pooling.scan(states), scanned, atol=0, rtol=0)


def test_concatenated_in_chunks_are_the_three_in_chunks(states):
    pooling, parts = (
        make_pooling("concat", 4),
        [make_pooling(name, 4) for name in ("last", "max", "mean")],
    )
    memory = pooling.initial_state(states, 3)
    assert [part.shape[1] for part in memory] == [size for _, size in pooling.state_sizes()]
    own = [part.initial_state(states, 3) for part in parts]
    for chunk, lengths in ((states[:, :4], [4, 1, 3]), (states[:, 4:], [2, 2, 1])):
        lengths = torch.tensor(lengths)
        memory = pooling.extend(memory, chunk, lengths)
        own = [part.extend(of, chunk, lengths) for part, of in zip(parts, own, strict=True)]
        expected = torch.cat([p.finish(of) for p, of in zip(parts, own, strict=True)], dim=1)
        torch.testing.assert_close(pooling.finish(memory), expected, atol=0, rtol=0)
    names = [name for name, _ in pooling.state_sizes()]
    assert len(set(names)) == len(names) == 4
