"""Modules are made in torch's default dtype, and compute in the dtype of their weights."""

from functools import partial

import pytest
import torch

from sklstm.nn import (
    AttentionPooling,
    CharacterConvolution,
    ConcatPooling,
    ConvolutionPool,
    CountPath,
    CRFHead,
    CumulativeLinkHead,
    Dropout,
    FullyConvolutional,
    LinearHead,
    QuantileHead,
    RecurrentStack,
    SequenceNetwork,
    Standardize,
    StepConvolution,
    StepPath,
    TokenEmbedding,
    WeightedLoss,
    make_pooling,
    quantile_loss,
)
from sklstm.nn.autoencoder import ClusteringAutoencoder, DenseAutoencoder, SequenceAutoencoder

LENGTHS = torch.tensor([4, 2, 1])
IDS = torch.tensor([[5, 3, 2, 1], [4, 4, 0, 0], [3, 0, 0, 0]])[..., None]


def recurrent(**params):
    return RecurrentStack(3, (4, 2), dropout=0.2, recurrent_dropout=0.2, **params)


def network():
    return SequenceNetwork(
        embedding=None, step_convolution=None, convolution=ConvolutionPool(3, 3, 2, 2),
        recurrent=recurrent(bidirectional=True), pooling=AttentionPooling(4),
        output=LinearHead(4, 2), dropout=0.3,
    )  # fmt: skip


def autoencoder():
    return SequenceAutoencoder(
        None, recurrent(), make_pooling("mean", 2), RecurrentStack(2, (4,)), 2, 3, noise=0.3
    )


def token_autoencoder():
    embedding = TokenEmbedding(6, 3, dropout=0.2)
    return SequenceAutoencoder(
        embedding, recurrent(), make_pooling("max", 2), RecurrentStack(2, (4,)), 2, 6, noise=0.3
    )


def x():
    return torch.randn(3, 4, 3)


# What makes a module, and what it is called with
MODULES = {
    "LSTM": (partial(recurrent, bidirectional=True), lambda: (x(), LENGTHS)),
    "GRU": (
        partial(recurrent, cell="gru", recurrent_dropout_method="states"),
        lambda: (x(), LENGTHS),
    ),
    "attention": (partial(AttentionPooling, 3), lambda: (x(), LENGTHS)),
    "concat": (partial(ConcatPooling, 3), lambda: (x(), LENGTHS)),
    "convolution": (partial(ConvolutionPool, 3, 3, 2, 2), lambda: (x(), LENGTHS)),
    "branch": (partial(FullyConvolutional, 3, (4, 2), (3, 2)), lambda: (x(), LENGTHS)),
    "standardised": (partial(Standardize, [0.1, 0.2, 0.3], [1.0, 2.0, 3.0]), lambda: (x(),)),
    "films": (partial(StepConvolution, (6, 6), (2,), 3, 2), lambda: (torch.randn(3, 4, 36),)),
    "tokens": (partial(TokenEmbedding, 6, 3, dropout=0.2), lambda: (IDS,)),
    "characters": (partial(CharacterConvolution, 6, 3, 3, 2), lambda: (IDS[..., 0],)),
    "dropout": (partial(Dropout, 0.3), lambda: (x(),)),
    "linear": (partial(LinearHead, 3, 2), lambda: (x(),)),
    "ordinal": (partial(CumulativeLinkHead, 3, 4), lambda: (x(),)),
    "quantiles": (partial(QuantileHead, 3, 1, (0.1, 0.5, 0.9)), lambda: (x(),)),
    "emissions": (partial(CRFHead, 3, 4), lambda: (x(),)),
    "network": (network, lambda: (x(), LENGTHS)),
    "linear model of words": (
        lambda: CountPath(torch.tensor([4 * 6 + 5]), torch.ones(7, dtype=torch.float32), 2),
        lambda: (torch.randn(3, 2), IDS, LENGTHS),
    ),
    "linear model of values": (
        lambda: StepPath(torch.zeros(5, 3, dtype=torch.float64), torch.ones(5, 3), 2),
        lambda: (torch.randn(3, 2), x(), LENGTHS),
    ),
    "dense autoencoder": (
        partial(DenseAutoencoder, 3, (4,), 2, noise=0.3),
        lambda: (x()[:, 0],),
    ),
    "autoencoder": (autoencoder, lambda: (x(), LENGTHS)),
    "autoencoder of tokens": (token_autoencoder, lambda: (IDS, LENGTHS)),
    "clusters": (
        lambda: ClusteringAutoencoder(autoencoder(), torch.randn(3, 2)),
        lambda: (x(), LENGTHS),
    ),
}


@pytest.fixture
def float64():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def tensors(result):
    parts = result if isinstance(result, tuple) else (result,)
    return [part for part in parts if part.is_floating_point()]


@pytest.mark.parametrize("name", MODULES)
def test_fault_21_modules_take_the_default_dtype_at_construction(name, float64):
    make, arguments = MODULES[name]
    torch.manual_seed(0)
    module, given = make(), arguments()
    assert {weight.dtype for weight in module.parameters()} <= {torch.float64}
    outputs = tensors(module(*given))
    assert all(output.dtype == torch.float64 for output in outputs)
    if any(output.requires_grad for output in outputs):
        torch.stack([output.sum() for output in outputs]).sum().backward()
    expected = tensors(module.eval()(*given))
    # And compute in it, whatever the default is by then.
    torch.set_default_dtype(torch.float32)
    for output, same in zip(tensors(module(*given)), expected, strict=True):
        torch.testing.assert_close(output, same, rtol=0, atol=0)
    single = [part.float() if part.is_floating_point() else part for part in given]
    for output, same in zip(tensors(module.float()(*single)), expected, strict=True):
        torch.testing.assert_close(output, same.float(), rtol=1e-4, atol=1e-4)


def test_fault_21_losses_and_fields_compute_in_the_dtype_of_their_input(float64):
    prediction, target = torch.randn(3, 1, 2), torch.randn(3, 1)
    levels = torch.tensor([0.1, 0.9], dtype=torch.float32)
    loss = WeightedLoss(partial(quantile_loss, quantiles=levels))(
        prediction, (target, torch.ones(3))
    )
    assert loss.dtype == torch.float64
    head = CRFHead(3, 4)
    emissions = head(x())
    labels = torch.zeros(3, 4, dtype=torch.long)
    assert head.crf.step_log_likelihood(emissions, labels, LENGTHS).dtype == torch.float64
    assert head.crf.log_marginals(emissions, LENGTHS).dtype == torch.float64


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_fault_21_recurrent_layers_are_made_in_half_precision(dtype):
    torch.set_default_dtype(dtype)
    try:
        torch.manual_seed(0)
        half = recurrent()
    finally:
        torch.set_default_dtype(torch.float32)
    assert {weight.dtype for weight in half.parameters()} == {dtype}
    for layer in half.forward_layers:
        gate = layer.rnn.weight_hh_l0[: layer.rnn.hidden_size].float()
        identity = torch.eye(len(gate))
        torch.testing.assert_close(gate @ gate.T, identity, rtol=0, atol=0.02)
