"""Losses against written-out arithmetic and other libraries."""

import numpy as np
import pytest
import torch
from scipy.special import huber, log_softmax, softmax
from sklearn.metrics import mean_absolute_error, mean_pinball_loss, mean_poisson_deviance

from sklstm.nn import (
    WeightedLoss,
    absolute_loss,
    binary_loss,
    distance_weighted_loss,
    huber_loss,
    poisson_loss,
    quantile_loss,
    squared_loss,
)

RNG = np.random.default_rng(0)


def test_weighted_loss_against_the_formula():
    logits = torch.tensor([[0.5], [-2.0]])
    target, weight = torch.tensor([[1.0], [0.0]]), torch.tensor([3.0, 0.5])
    p = 1 / (1 + np.exp(-logits.numpy()[:, 0]))
    expected = (3.0 * -np.log(p[0]) + 0.5 * -np.log(1 - p[1])) / 2
    assert WeightedLoss(binary_loss)(logits, (target, weight)).item() == pytest.approx(expected)


def test_losses_of_numbers_agree_with_other_libraries():
    prediction, target = RNG.normal(size=(2, 40, 3))
    tensors = torch.from_numpy(prediction), torch.from_numpy(target)
    assert absolute_loss(*tensors).mean() == pytest.approx(mean_absolute_error(target, prediction))
    np.testing.assert_allclose(squared_loss(*tensors), ((prediction - target) ** 2).mean(axis=1))
    by_scipy = huber(0.4, target - prediction).mean(axis=1)
    np.testing.assert_allclose(huber_loss(*tensors, delta=0.4), by_scipy)


def test_poisson_loss_is_half_the_deviance_but_for_a_constant():
    counts, one, other = RNG.poisson(3, (40, 2)) + 1.0, *RNG.normal(size=(2, 40, 2))
    losses = [
        float(poisson_loss(torch.from_numpy(log), torch.from_numpy(counts)).mean())
        for log in (one, other)
    ]
    deviances = [mean_poisson_deviance(counts.ravel(), np.exp(log).ravel()) for log in (one, other)]
    assert losses[0] - losses[1] == pytest.approx((deviances[0] - deviances[1]) / 2)


def test_quantile_loss_is_the_pinball_loss():
    levels, target = (0.1, 0.5, 0.9), RNG.normal(size=(40, 2))
    prediction = RNG.normal(size=(40, 2, 3))
    loss = quantile_loss(
        torch.from_numpy(prediction), torch.from_numpy(target), torch.tensor(levels)
    )
    expected = np.mean(
        [mean_pinball_loss(target, prediction[..., i], alpha=a) for i, a in enumerate(levels)]
    )
    assert loss.shape == (40,)
    assert float(loss.mean()) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("power", [0.5, 1.0, 2.0])
def test_distance_weighted_loss_by_hand(power):
    logits, ranks = RNG.normal(size=(30, 5)), RNG.integers(0, 5, 30)
    expected = [
        -sum(abs(k - rank) ** power * np.log(1 - p) for k, p in enumerate(row) if k != rank)
        for row, rank in zip(softmax(logits, axis=1), ranks, strict=True)
    ]
    loss = distance_weighted_loss(torch.from_numpy(logits), torch.from_numpy(ranks), power)
    np.testing.assert_allclose(loss, expected)


def test_distance_weighted_loss_of_two_classes_is_the_cross_entropy():
    logits, ranks = RNG.normal(size=(30, 2)), RNG.integers(0, 2, 30)
    loss = distance_weighted_loss(torch.from_numpy(logits), torch.from_numpy(ranks))
    np.testing.assert_allclose(loss, -log_softmax(logits, axis=1)[np.arange(30), ranks])


def test_distance_weighted_loss_of_a_certain_error_is_finite():
    logits = torch.tensor([[200.0, 0.0, 0.0]], requires_grad=True)
    loss = distance_weighted_loss(logits, torch.tensor([2]))
    assert float(loss.detach()) == pytest.approx(2 * (200 - np.log(2)), rel=1e-5)
    loss.sum().backward()
    assert logits.grad.isfinite().all()
