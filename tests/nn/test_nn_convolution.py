"""Convolutions over time and within steps against sums written out and torch's functions."""

import pytest
import torch
from torch.nn import functional

from sklstm.nn import ConvolutionPool, StepConvolution

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
