"""Standardisation within sequences, against numpy on each sequence by itself."""

import numpy as np
import pytest
import torch

from sklstm.nn import Standardize, StandardizeWithin

RNG = np.random.default_rng(0)
SEQUENCES = [RNG.normal(3, 10.0**k, size=(n, 2)).astype(np.float32) for k, n in ((0, 7), (2, 4))]
LENGTHS = torch.tensor([7, 4])
MEAN, SCALE = [1.0, -2.0], [50.0, 5.0]


def padded():
    x = torch.full((2, 7, 2), 99.0)  # what is at padding has no effect
    for i, sequence in enumerate(SEQUENCES):
        x[i, : len(sequence)] = torch.from_numpy(sequence)
    return x


def test_each_sequence_has_mean_0_and_deviation_1():
    both = StandardizeWithin(Standardize(MEAN, SCALE))(padded(), LENGTHS).numpy()
    alone = StandardizeWithin(Standardize(MEAN, SCALE), keep=False)(padded(), LENGTHS).numpy()
    for i, x in enumerate(SEQUENCES):
        whole = (x - np.array(MEAN)) / np.array(SCALE)
        within = (x - x.mean(axis=0)) / x.std(axis=0)
        np.testing.assert_allclose(both[i, : len(x)], np.hstack([whole, within]), atol=1e-4)
        np.testing.assert_allclose(alone[i, : len(x)], within, atol=1e-4)
    assert (alone[1, 4:] == 0).all()


def test_constants_and_single_steps_are_zero_and_nothing_overflows():
    layer = StandardizeWithin(Standardize([0.0], [1.0]), keep=False)
    x = torch.tensor([[[5.0], [5.0], [5.0]], [[7.0], [0.0], [0.0]], [[3e38], [-3e38], [0.0]]])
    found = layer(x, torch.tensor([3, 1, 3]))
    assert (found[:2] == 0).all()
    torch.testing.assert_close(
        found[2, :, 0], torch.tensor([1.2247, -1.2247, 0.0]), atol=1e-4, rtol=0
    )


def test_gradients_are_finite_and_those_of_the_definition():
    layer = StandardizeWithin(Standardize([0.0, 0.0], [1.0, 1.0])).double()
    x = padded().double().requires_grad_()
    torch.autograd.gradcheck(lambda x: layer(x, LENGTHS), x)
    flat = torch.ones(1, 3, 2, requires_grad=True)
    StandardizeWithin(Standardize([0.0, 0.0], [1.0, 1.0]))(flat, torch.tensor([3])).sum().backward()
    assert flat.grad.isfinite().all()


def test_wrong_arguments():
    with pytest.raises(TypeError, match="whole must be a Standardize"):
        StandardizeWithin(None)
    with pytest.raises(TypeError, match="keep"):
        StandardizeWithin(Standardize([0.0], [1.0]), keep=2)
