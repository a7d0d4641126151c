"""The network as a whole: standardised values, and a branch beside the recurrent layers."""

import pytest
import torch
from torch.nn import functional

from sklstm.nn import (
    FullyConvolutional,
    LinearHead,
    RecurrentStack,
    SequenceNetwork,
    Standardize,
    make_pooling,
)

LENGTHS = torch.tensor([7, 2, 4])
MEAN, SCALE = [2.0, -30.0], [0.5, 10.0]


def network(pooling="mean", *, bidirectional=False, standardized=True, branch=False):
    torch.manual_seed(0)
    stack = RecurrentStack(2, (4,), bidirectional=bidirectional)
    size = stack.output_size
    convolutions = FullyConvolutional(2, (3, 5), (4, 3)) if branch else None
    return SequenceNetwork(
        embedding=None,
        step_convolution=None,
        convolution=None,
        recurrent=stack,
        pooling=None if pooling is None else make_pooling(pooling, size, bidirectional),
        output=LinearHead(size + (2 * 5 if branch else 0), 3),
        dropout=0.5,
        standardization=Standardize(MEAN, SCALE) if standardized else None,
        branch=convolutions,
    ).eval()


@pytest.fixture
def x():
    torch.manual_seed(1)
    return torch.randn(3, 7, 2) * torch.tensor(SCALE) + torch.tensor(MEAN)


@pytest.mark.parametrize("pooling", ["mean", None])
def test_every_way_through_the_network_standardises(x, pooling):
    """Equal to the network without the layer, on values that were standardised before."""
    net, plain = network(pooling), network(pooling, standardized=False)
    y = (x - torch.tensor(MEAN)) / torch.tensor(SCALE)
    state = net.initial_state(3)
    ways = {
        "forward": lambda net, x: net(x, LENGTHS),
        "encode": lambda net, x: net.encode(x, LENGTHS),
        "states": lambda net, x: net.states(x, LENGTHS)[0],
        "from a state": lambda net, x: net.forward_from(x, LENGTHS, state)[0],
        "in chunks": lambda net, x: net.forward_in_chunks(x, LENGTHS, 3),
    }
    if pooling is not None:
        ways["prefixes"] = lambda net, x: net.forward_prefixes(x, LENGTHS)
    for name, way in ways.items():
        torch.testing.assert_close(way(net, x), way(plain, y), msg=name)


def test_one_mean_and_scale_may_hold_for_all_features(x):
    layer = Standardize([3.0], [2.0])
    torch.testing.assert_close(layer(x), (x - 3.0) / 2.0)


@pytest.mark.parametrize("bidirectional", [False, True])
def test_features_of_the_branch_follow_the_pooled_states(x, bidirectional):
    net = network(bidirectional=bidirectional, branch=True)
    y = (x - torch.tensor(MEAN)) / torch.tensor(SCALE)
    states, lengths = net.states(x, LENGTHS)
    parts = [net.pooling(states, lengths), net.branch(y, LENGTHS)]
    encoded = net.encode(x, LENGTHS)
    torch.testing.assert_close(encoded, torch.cat(parts, dim=1))
    torch.testing.assert_close(net(x, LENGTHS), net.output(encoded))
    assert not net.is_causal
    assert network().is_causal


def test_a_result_with_a_branch_does_not_depend_on_padding(x):
    net = network(bidirectional=True, branch=True)
    far = functional.pad(x, (0, 0, 0, 5), value=100.0)
    torch.testing.assert_close(net(far, LENGTHS), net(x, LENGTHS), atol=1e-5, rtol=1e-5)
    for row, length in enumerate(LENGTHS):
        alone = net(x[row : row + 1, :length], LENGTHS[row : row + 1])
        torch.testing.assert_close(net(x, LENGTHS)[row : row + 1], alone, atol=1e-5, rtol=1e-5)
