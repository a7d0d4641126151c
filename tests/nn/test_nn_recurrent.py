"""The recurrent layers against torch's own, packed, and against steps written out."""

import numpy as np
import pytest
import torch
from torch import nn

from sklstm.nn import RecurrentLayer, RecurrentPair, RecurrentStack
from sklstm.nn.dropout import seed_modules
from sklstm.nn.padding import reversal_index, reverse_steps

LENGTHS = torch.tensor([7, 1, 4, 7, 2])


@pytest.fixture
def block():
    """Return right-padded inputs of shape (5, 7, 3), with noise at padding."""
    torch.manual_seed(0)
    return torch.randn(5, 7, 3)


def packed_states(rnn, block):
    """Run torch's own module on packed sequences, the textbook way."""
    packed = nn.utils.rnn.pack_padded_sequence(
        block, LENGTHS, batch_first=True, enforce_sorted=False
    )
    return nn.utils.rnn.pad_packed_sequence(rnn(packed)[0], batch_first=True)[0]


def own_steps(states):
    """Return the states of all true steps, one after the other."""
    return torch.cat([row[:length] for row, length in zip(states, LENGTHS, strict=True)])


def as_torch_module(stack, cell, hidden):
    """Return torch's own stacked bidirectional module with the weights of `stack`."""
    kind = nn.LSTM if cell == "lstm" else nn.GRU
    depth = len(stack.forward_layers)
    rnn = kind(3, hidden, num_layers=depth, batch_first=True, bidirectional=True)
    for layers, suffix in [(stack.forward_layers, ""), (stack.backward_layers, "_reverse")]:
        for depth, layer in enumerate(layers):
            for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
                source = getattr(layer.rnn, f"{name}_l0").detach()
                getattr(rnn, f"{name}_l{depth}{suffix}").data.copy_(source)
    return rnn


@pytest.mark.parametrize("cell", ["lstm", "gru"])
@pytest.mark.parametrize("n_layers", [1, 2])
def test_bidirectional_stack_equals_packed_torch(block, cell, n_layers):
    stack = RecurrentStack(3, (6,) * n_layers, cell=cell, bidirectional=True)
    expected = packed_states(as_torch_module(stack, cell, 6), block)
    actual = stack(block, LENGTHS)
    torch.testing.assert_close(own_steps(actual), own_steps(expected), atol=1e-6, rtol=1e-5)


def test_gradients_of_bidirectional_stack_equal_packed_torch(block):
    stack = RecurrentStack(3, (6,), bidirectional=True)
    torch_module = as_torch_module(stack, "lstm", 6)
    own_steps(packed_states(torch_module, block)).square().sum().backward()
    own_steps(stack(block, LENGTHS)).square().sum().backward()
    for layers, suffix in [(stack.forward_layers, ""), (stack.backward_layers, "_reverse")]:
        for name in ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0"):
            expected = getattr(torch_module, name + suffix).grad
            actual = getattr(layers[0].rnn, name).grad
            torch.testing.assert_close(actual, expected, atol=1e-5, rtol=1e-4)


def test_reversing_twice_is_the_identity_and_leaves_padding(block):
    index = reversal_index(LENGTHS, 7)
    once = reverse_steps(block, index)
    for row, length in enumerate(LENGTHS):
        np.testing.assert_array_equal(once[row, :length], block[row, :length].flip(0))
        np.testing.assert_array_equal(once[row, length:], block[row, length:])
    np.testing.assert_array_equal(reverse_steps(once, index), block)


def test_second_lstm_bias_is_zero_and_not_trained():
    layer = RecurrentLayer(32, 100)
    trained = sum(p.numel() for p in layer.parameters() if p.requires_grad)
    assert trained == 4 * (32 + 100 + 1) * 100  # as Keras counts an LSTM
    assert not layer.rnn.bias_hh_l0.any()
    assert (layer.rnn.bias_ih_l0[100:200] == 1).all()


@pytest.mark.parametrize("cell", ["lstm", "gru"])
@pytest.mark.parametrize("method", ["weights", "states"])
def test_recurrent_dropout_with_nothing_dropped_changes_nothing(block, cell, method, monkeypatch):
    layer = RecurrentLayer(3, 6, cell=cell, recurrent_dropout=0.5, recurrent_dropout_method=method)
    expected = layer.eval()(block)
    monkeypatch.setattr(layer, "keep_mask", lambda shape, p, like: torch.ones(shape))
    torch.testing.assert_close(layer.train()(block), expected, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_state_dropout_masks_the_hidden_state_alike_at_every_step(block, cell, monkeypatch):
    layer = RecurrentLayer(
        3, 6, cell=cell, recurrent_dropout=0.5, recurrent_dropout_method="states"
    )
    mask = torch.tensor([2.0, 0.0, 2.0, 0.0, 0.0, 2.0]).expand(5, 6)
    monkeypatch.setattr(layer, "keep_mask", lambda shape, p, like: mask)
    # The cell of torch, fed the masked state: for an LSTM that is all there is to it.
    torch_cell = (nn.LSTMCell if cell == "lstm" else nn.GRUCell)(3, 6)
    for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
        getattr(torch_cell, name).data.copy_(getattr(layer.rnn, f"{name}_l0").data)
    states, h, c = [], torch.zeros(5, 6), torch.zeros(5, 6)
    for step in block.unbind(1):
        if cell == "lstm":
            h, c = torch_cell(step, (h * mask, c))
        else:
            # GRUCell mixes the state it is given into its output; that part is not masked.
            masked = torch_cell(step, h * mask)
            gates = step @ torch_cell.weight_ih.T + torch_cell.bias_ih
            recurrent = (h * mask) @ torch_cell.weight_hh.T + torch_cell.bias_hh
            z = torch.sigmoid(gates[:, 6:12] + recurrent[:, 6:12])
            h = masked + z * (h - h * mask)
        states.append(h)
    expected = torch.stack(states, dim=1)
    torch.testing.assert_close(layer.train()(block), expected, atol=1e-6, rtol=1e-5)


def test_weight_drop_zeroes_recurrent_weights_and_draws_from_its_own_generator(block):
    layer = RecurrentLayer(3, 6, recurrent_dropout=0.5).train()
    before = torch.get_rng_state()
    draws = []
    for _ in range(2):
        seed_modules(layer, torch.Generator().manual_seed(3))
        draws.append(layer(block))
    torch.testing.assert_close(draws[0], draws[1], atol=0, rtol=0)
    assert (torch.get_rng_state() == before).all()
    assert not torch.allclose(draws[0], layer.eval()(block))


def test_no_layers_return_the_input():
    stack, x = RecurrentStack(3, (), bidirectional=True), torch.randn(2, 5, 3)
    assert (stack.output_size, stack.bidirectional, stack.state_sizes()) == (3, False, [])
    assert stack(x, torch.tensor([5, 2])) is x
    assert stack.advance(x, ()) == (x, ())


@pytest.mark.parametrize("cells", [("lstm", "lstm"), ("gru", "lstm")])
def test_a_pair_is_two_stacks_one_of_them_on_reversed_sequences(block, cells):
    ahead = RecurrentStack(2, (6,), cell=cells[0])
    back = RecurrentStack(1, (4, 5), cell=cells[1])
    pair = RecurrentPair(ahead, back)
    assert (pair.input_size, pair.output_size, pair.backward_size) == (3, 11, 5)
    states = pair(block, LENGTHS)
    for row, length in enumerate(LENGTHS.tolist()):
        own, n = block[row : row + 1, :length], torch.tensor([length])
        expected = torch.cat(
            [ahead(own[:, :, :2], n), back(own[:, :, 2:].flip(1), n).flip(1)], dim=2
        )
        torch.testing.assert_close(states[row : row + 1, :length], expected, atol=1e-6, rtol=1e-5)


def test_one_of_a_pair_may_be_missing(block):
    stack = RecurrentStack(3, (4,))
    torch.testing.assert_close(
        own_steps(RecurrentPair(stack, None)(block, LENGTHS)), own_steps(stack(block, LENGTHS))
    )
    backward = RecurrentPair(None, stack)
    index = reversal_index(LENGTHS, 7)
    expected = reverse_steps(stack(reverse_steps(block, index), LENGTHS), index)
    torch.testing.assert_close(own_steps(backward(block, LENGTHS)), own_steps(expected))
    assert backward.backward_size == backward.output_size == 4
    with pytest.raises(ValueError, match="both are empty"):
        RecurrentPair(None, None)
    with pytest.raises(ValueError, match="must have bidirectional=False"):
        RecurrentPair(RecurrentStack(3, (4,), bidirectional=True), stack)


@pytest.mark.parametrize("backward", [False, True])
def test_layer_states_of_a_pair_end_in_its_states(block, backward):
    pair = RecurrentPair(RecurrentStack(2, (4, 6)), RecurrentStack(1, (5, 3)))
    hidden, cell = pair.layer_states(block, 1, backward=backward)
    states = pair(block, torch.full((5,), 7))
    expected = states[:, :, 6:] if backward else states[:, :, :6]
    torch.testing.assert_close(hidden, expected, atol=1e-6, rtol=1e-5)
    assert cell.shape == hidden.shape
    assert pair.layer_states(block, 0, backward=backward)[0].shape[2] == (5 if backward else 4)


def test_layers_of_a_pair_are_grouped_from_the_last_one_down():
    pair = RecurrentPair(RecurrentStack(2, (4, 6)), RecurrentStack(1, (5,)))
    assert pair.layer_groups() == [
        [pair.forward_layers[0]],
        [pair.forward_layers[1], pair.backward_layers[0]],
    ]


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_unfreezing_leaves_the_fixed_bias(cell):
    layer = RecurrentLayer(3, 4, cell=cell)
    before = [weight.requires_grad for weight in layer.parameters()]
    layer.freeze(True)
    assert not any(weight.requires_grad for weight in layer.parameters())
    layer.freeze(False)
    assert [weight.requires_grad for weight in layer.parameters()] == before
