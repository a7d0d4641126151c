"""Convolutions over time and within steps against sums written out and torch's functions."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from sklstm.nn import ConvolutionPool, FullyConvolutional, MaskedBatchNorm, StepConvolution
from sklstm.nn.convolution import _by_products

LENGTHS = torch.tensor([6, 1, 3])


@pytest.fixture
def states():
    torch.manual_seed(0)
    return torch.randn(3, 6, 4)


@pytest.mark.parametrize("kernel_size", [1, 2, 3, 4])
@pytest.mark.parametrize("pool_size", [1, 2, 3])
def test_convolution_of_a_padded_batch_equals_each_sequence_alone(states, kernel_size, pool_size):
    layer = ConvolutionPool(4, 5, kernel_size, pool_size)
    together, lengths = layer(states, LENGTHS)
    for row, length in enumerate(LENGTHS):
        alone, own = layer(states[row : row + 1, :length], LENGTHS[row : row + 1])
        assert int(lengths[row]) == int(own) == -(-int(length) // pool_size)
        torch.testing.assert_close(together[row, : int(own)], alone[0], atol=1e-6, rtol=1e-5)


def test_convolution_against_sums_written_out(states):
    layer = ConvolutionPool(4, 2, 3, 2)
    kernel, bias = layer.convolution.weight, layer.convolution.bias
    padded = functional.pad(states[0], (0, 0, 1, 1))  # (time + 2, channels)
    responses = torch.stack(
        [
            torch.relu((kernel * padded[t : t + 3].T).sum(dim=(1, 2)) + bias)  # (filters,)
            for t in range(6)
        ]
    )
    expected = responses.view(3, 2, 2).max(dim=1).values
    torch.testing.assert_close(layer(states, LENGTHS)[0][0], expected, atol=1e-6, rtol=1e-5)


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


def steps_of(x, lengths):
    """The real steps of (batch, features, time), one row each."""
    return torch.cat([row[:, :length].T for row, length in zip(x, lengths, strict=True)])


@pytest.mark.parametrize("lengths", [LENGTHS, torch.tensor([6, 6, 6]), torch.tensor([1, 1, 1])])
def test_masked_batch_norm_is_that_of_torch_on_the_concatenated_steps(states, lengths):
    """Outputs, gradients and running statistics, for two batches and in evaluation."""
    layer, torchs = MaskedBatchNorm(4), nn.BatchNorm1d(4)
    with torch.no_grad():
        for part in (layer, torchs):
            part.weight.copy_(torch.tensor([1.0, -2.0, 0.5, 3.0]))
            part.bias.copy_(torch.tensor([0.1, 0.2, 0.3, 0.4]))
    for shift in (0.0, 5.0):
        padded = (states + shift).transpose(1, 2).contiguous().requires_grad_()
        rows = steps_of(padded, lengths).detach().requires_grad_()
        result, expected = layer(padded, lengths), torchs(rows)
        torch.testing.assert_close(steps_of(result, lengths), expected, atol=1e-5, rtol=1e-5)
        assert not result.sum(dim=1)[torch.arange(6) >= lengths[:, None]].any()
        (result**3).sum().backward()
        (expected**3).sum().backward()
        torch.testing.assert_close(steps_of(padded.grad, lengths), rows.grad, atol=1e-3, rtol=1e-3)
    for one, other in zip(layer.parameters(), torchs.parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad, atol=1e-3, rtol=1e-3)
    torch.testing.assert_close(layer.running_mean, torchs.running_mean)
    torch.testing.assert_close(layer.running_var, torchs.running_var)
    result = layer.eval()(padded, lengths)
    torch.testing.assert_close(steps_of(result, lengths), torchs.eval()(rows))
    assert not result.sum(dim=1)[torch.arange(6) >= lengths[:, None]].any()


@pytest.mark.parametrize("n_steps", [1, 3])
def test_a_batch_of_one_step_is_normalised_by_the_running_statistics(n_steps):
    layer, one = MaskedBatchNorm(2), torch.tensor([1])
    layer(torch.randn(5, 2, 4), torch.full((5,), 4))
    x = torch.randn(1, 2, n_steps)
    before = layer.running_mean.clone()
    result = layer(x, one)
    torch.testing.assert_close(layer.running_mean, before)
    torch.testing.assert_close(result, layer.eval()(x, one))


def by_definition(branch, x):
    """The branch on a batch of sequences of the same length, from torch's own layers."""
    x = x.transpose(1, 2)
    for convolution, norm in zip(branch.convolutions, branch.norms, strict=True):
        size = convolution.kernel_size[0]
        x = functional.pad(x, ((size - 1) // 2, size // 2))
        x = functional.conv1d(x, convolution.weight, convolution.bias)
        mean, var = norm.running_mean, norm.running_var
        x = functional.batch_norm(x, mean, var, norm.weight, norm.bias).relu()
    return torch.cat(
        [x.mean(dim=2), (x.var(dim=2, correction=0) + 1e-6).sqrt()], dim=1
    )  # (batch, 2 * filters)


def test_a_fully_convolutional_branch_reads_real_steps_only(states):
    branch = FullyConvolutional(4, (5, 3, 2), (8, 5, 2))
    far = functional.pad(states, (0, 0, 0, 9), value=torch.inf)
    far[torch.arange(15) >= LENGTHS[:, None]] = 7.0  # padding may hold anything
    twin = FullyConvolutional(4, (5, 3, 2), (8, 5, 2))
    twin.load_state_dict(branch.state_dict())
    # Batch statistics do not depend on how far sequences are padded ...
    torch.testing.assert_close(branch(states, LENGTHS), twin(far, LENGTHS), atol=1e-5, rtol=1e-5)
    for one, other in zip(branch.buffers(), twin.buffers(), strict=True):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-5)
    # ... and in evaluation a sequence knows only itself.
    branch.eval()
    together, further = branch(states, LENGTHS), branch(far, LENGTHS)
    assert together.shape == (len(LENGTHS), branch.output_size)
    torch.testing.assert_close(further, together, atol=1e-6, rtol=1e-5)
    for row, length in enumerate(LENGTHS):
        expected = by_definition(branch, states[row : row + 1, :length])[0]
        torch.testing.assert_close(together[row], expected, atol=1e-6, rtol=1e-5)


def test_a_branch_reads_a_time_major_batch_as_any_other(states):
    branch = FullyConvolutional(4, (5, 3), (4, 3)).eval()
    time_major = states.transpose(0, 1).contiguous().transpose(0, 1)
    torch.testing.assert_close(branch(time_major, LENGTHS), branch(states, LENGTHS))


def test_filters_and_kernel_sizes_of_a_branch_must_match():
    message = r"filters=\(4, 5\) and kernel_sizes=\(3,\) must have one number for each layer"
    with pytest.raises(ValueError, match=message):
        FullyConvolutional(2, (4, 5), (3,))


@pytest.mark.parametrize("kernel_size", [1, 3, 8])
def test_matrix_products_are_the_convolution(kernel_size):
    """A GPU computes predictions so; see test_gpu.py."""
    torch.manual_seed(0)
    convolution = torch.nn.Conv1d(5, 7, kernel_size).double()
    x = torch.randn(4, 5, 20, dtype=torch.float64, requires_grad=True)
    found, expected = _by_products(convolution, x), convolution(x)
    torch.testing.assert_close(found, expected)
    parameters = (x, *convolution.parameters())
    for ours, theirs in zip(
        torch.autograd.grad(found.sin().sum(), parameters),
        torch.autograd.grad(expected.sin().sum(), parameters),
        strict=True,
    ):
        torch.testing.assert_close(ours, theirs)
