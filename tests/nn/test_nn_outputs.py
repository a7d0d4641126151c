"""Output layers and losses against written-out arithmetic and other libraries."""

import numpy as np
import pytest
import torch
from scipy.special import expit, huber, log_expit, log_softmax, softmax
from scipy.stats import norm
from sklearn.metrics import mean_absolute_error, mean_pinball_loss, mean_poisson_deviance
from torch.nn import functional

from sklstm.nn import (
    CumulativeLink,
    QuantileOutput,
    StepConvolution,
    absolute_loss,
    distance_weighted_loss,
    huber_loss,
    multiclass_loss,
    poisson_loss,
    quantile_loss,
    squared_loss,
)

RNG = np.random.default_rng(0)


def random_link(n_classes, scale=1.0):
    torch.manual_seed(0)
    link = CumulativeLink(5, n_classes)
    for parameter in link.parameters():
        torch.nn.init.normal_(parameter, std=scale)
    return link


@torch.no_grad()
@pytest.mark.parametrize("n_classes", [2, 3, 10])
def test_a_cumulative_link_is_differences_of_sigmoids(n_classes):
    link, state = random_link(n_classes, 0.3), torch.randn(7, 5)
    above = expit((state @ link.weight.T).numpy() - link.thresholds().numpy())
    sides = np.hstack([np.ones((7, 1)), above, np.zeros((7, 1))])
    np.testing.assert_allclose(link(state).exp().numpy(), sides[:, :-1] - sides[:, 1:], atol=1e-6)


@torch.no_grad()
@pytest.mark.parametrize("scale", [0.1, 1.0, 10.0])
def test_a_cumulative_link_is_rank_consistent_whatever_its_weights(scale):
    link = random_link(6, scale)
    assert (link.thresholds().diff() >= 0).all()
    log_probabilities = link(scale * torch.randn(50, 5)).double()
    np.testing.assert_allclose(log_probabilities.exp().sum(1), 1, atol=1e-5)
    assert not log_probabilities.isnan().any()


def test_a_cumulative_link_begins_without_a_preference():
    np.testing.assert_allclose(
        CumulativeLink(3, 4)(torch.zeros(1, 3)).exp().detach(), [[0.25] * 4], atol=1e-6
    )


def test_a_certain_cumulative_link_has_exact_logarithms_and_gradients():
    link = CumulativeLink(1, 3)
    torch.nn.init.ones_(link.weight)
    state = torch.tensor([[60.0], [-60.0]], requires_grad=True)
    low, high = link.thresholds().detach().numpy()
    loss = multiclass_loss(link(state), torch.tensor([0, 2]))
    np.testing.assert_allclose(
        loss.detach(), [-log_expit(low - 60.0), -log_expit(-60.0 - high)], rtol=1e-6
    )
    loss.sum().backward()
    np.testing.assert_allclose(state.grad.numpy(), [[1.0], [-1.0]], atol=1e-6)
    assert all(parameter.grad.isfinite().all() for parameter in link.parameters())


@torch.no_grad()
def test_quantiles_never_cross():
    torch.manual_seed(0)
    layer = QuantileOutput(4, 3, (0.01, 0.2, 0.5, 0.8, 0.99))
    expected = [norm.ppf([0.01, 0.2, 0.5, 0.8, 0.99])] * 3
    np.testing.assert_allclose(layer(torch.zeros(4)), expected, atol=1e-6)
    torch.nn.init.normal_(layer.weight, std=20)
    quantiles = layer(torch.randn(100, 4))
    assert quantiles.shape == (100, 3, 5)
    assert (quantiles.diff(dim=-1) >= 0).all()


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


@torch.no_grad()
@pytest.mark.parametrize("step_shape", [(5, 7), (3, 5, 7), (1, 1)])
@pytest.mark.parametrize("kernel_size", [1, 2, 3])
@pytest.mark.parametrize("pool_size", [1, 2, 3])
def test_a_step_convolution_reads_each_step_by_itself(step_shape, kernel_size, pool_size):
    torch.manual_seed(0)
    module = StepConvolution(step_shape, (4, 2), kernel_size, pool_size)
    steps = torch.randn(2, 3, *step_shape)
    out = module(steps.flatten(2))
    assert out.shape == (2, 3, module.output_size)
    for i in range(2):
        for t in range(3):
            x = steps[i, t].reshape(1, -1, *step_shape[-2:])
            for layer in module.layers:
                before = (kernel_size - 1) // 2
                padded = functional.pad(x, (before, kernel_size - 1 - before) * 2)
                x = functional.conv2d(padded, layer.weight, layer.bias)
                x = functional.max_pool2d(x.relu(), pool_size, ceil_mode=True)
            torch.testing.assert_close(out[i, t], x.flatten(), atol=1e-5, rtol=1e-5)
