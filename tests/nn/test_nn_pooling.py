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
