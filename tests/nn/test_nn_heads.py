"""Heads against written-out arithmetic and SciPy."""

import numpy as np
import pytest
import torch
from scipy.special import expit, log_expit
from scipy.stats import norm

from sklstm.nn import CumulativeLinkHead, DenseHead, LinearHead, QuantileHead, multiclass_loss


def random_link(n_classes, scale=1.0):
    torch.manual_seed(0)
    link = CumulativeLinkHead(5, n_classes)
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
        CumulativeLinkHead(3, 4)(torch.zeros(1, 3)).exp().detach(), [[0.25] * 4], atol=1e-6
    )


def test_a_certain_cumulative_link_has_exact_logarithms_and_gradients():
    link = CumulativeLinkHead(1, 3)
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
    layer = QuantileHead(4, 3, (0.01, 0.2, 0.5, 0.8, 0.99))
    expected = [norm.ppf([0.01, 0.2, 0.5, 0.8, 0.99])] * 3
    np.testing.assert_allclose(layer(torch.zeros(4)), expected, atol=1e-6)
    torch.nn.init.normal_(layer.weight, std=20)
    quantiles = layer(torch.randn(100, 4))
    assert quantiles.shape == (100, 3, 5)
    assert (quantiles.diff(dim=-1) >= 0).all()


def test_dense_layers_by_hand():
    head = DenseHead(3, (4, 2), LinearHead(2, 5), dropout=0.5).eval()
    x = torch.randn(6, 3)
    expected = x.numpy()
    for layer in head.layers:
        weight, bias = layer.weight.detach().numpy(), layer.bias.detach().numpy()
        expected = np.maximum(expected @ weight.T + bias, 0.0)
    expected = expected @ head.output.weight.detach().numpy().T
    np.testing.assert_allclose(head(x).detach().numpy(), expected, atol=1e-6)
    steps = torch.randn(2, 7, 3)
    torch.testing.assert_close(head(steps)[1, 3], head(steps[1:2, 3])[0])
    head.train()
    assert (head(x) != head(x)).any()


@pytest.mark.parametrize("sizes", [(), (3, 0), 4])
def test_bad_sizes_of_dense_layers(sizes):
    with pytest.raises((TypeError, ValueError), match="layer_sizes"):
        DenseHead(3, sizes, LinearHead(2, 5))
