"""Networks that continue from a state: chunks give what whole sequences give."""

import itertools

import pytest
import torch

from sklstm.nn import LinearHead, RecurrentStack, SequenceNetwork, make_pooling
from sklstm.nn.dropout import seed_modules
from sklstm.nn.state import advance_ragged, put_rows, take_rows

LENGTHS = torch.tensor([7, 2, 4, 7, 3])
POOLINGS = ("last", "mean", "max", "attention", "concat", None)


def network(pooling, cell="lstm", hidden_sizes=(6, 4), **recurrent):
    torch.manual_seed(0)
    stack = RecurrentStack(3, hidden_sizes, cell=cell, **recurrent)
    for layer in stack.forward_layers:  # zeros would hide a bias that is applied twice
        layer.rnn.bias_ih_l0.data.normal_()
    pooled = None if pooling is None else make_pooling(pooling, 4)
    return SequenceNetwork(
        embedding=None,
        step_convolution=None,
        convolution=None,
        recurrent=stack,
        pooling=pooled,
        output=LinearHead(4 if pooled is None else pooled.output_size, 2),
    ).eval()


@pytest.fixture
def block():
    """Return right-padded inputs of shape (5, 7, 3), with noise at padding."""
    torch.manual_seed(1)
    return torch.randn(5, 7, 3)


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_pieces_give_what_the_whole_gives_for_every_split(block, pooling, cell):
    net = network(pooling, cell)
    sequence = block[:1]
    whole = net(sequence, torch.tensor([7]))
    for cuts in itertools.product([False, True], repeat=6):  # all 64 ways to cut 7 steps
        bounds = [0, *(i + 1 for i, cut in enumerate(cuts) if cut), 7]
        state, outputs = net.initial_state(1), []
        for start, stop in itertools.pairwise(bounds):
            piece = sequence[:, start:stop]
            output, state = net.forward_from(piece, torch.tensor([stop - start]), state)
            outputs.append(output)
        given = torch.cat(outputs, dim=1) if pooling is None else outputs[-1]
        torch.testing.assert_close(given, whole, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("pooling", POOLINGS)
def test_a_ragged_batch_ends_in_the_states_of_its_sequences_alone(block, pooling):
    net = network(pooling)
    begun = tuple(torch.randn_like(part).abs() for part in net.initial_state(5))
    outputs, state = net.forward_from(block, LENGTHS, begun)
    for i, length in enumerate(LENGTHS.tolist()):
        alone, end = net.forward_from(
            block[i : i + 1, :length],
            LENGTHS[i : i + 1],
            take_rows(begun, torch.tensor([i])),
        )
        own = outputs[i : i + 1] if pooling is not None else outputs[i : i + 1, :length]
        torch.testing.assert_close(own, alone, atol=1e-6, rtol=1e-5)
        for part, expected in zip(state, end, strict=True):
            torch.testing.assert_close(part[i : i + 1], expected, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("chunk_length", [1, 2, 3, 7, 20])
def test_chunks_give_what_one_pass_gives(block, pooling, chunk_length):
    net = network(pooling)
    whole, chunks = net(block, LENGTHS), net.forward_in_chunks(block, LENGTHS, chunk_length)
    for i, length in enumerate(LENGTHS.tolist()):
        own = slice(None) if pooling is not None else slice(length)
        torch.testing.assert_close(chunks[i][own], whole[i][own], atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("pooling", POOLINGS)
def test_an_inexact_state_is_right_for_the_longest_sequences(block, pooling):
    net = network(pooling)
    exact = net.forward_from(block, LENGTHS, net.initial_state(5))
    cheap = net.forward_from(block, LENGTHS, net.initial_state(5), exact=False)
    longest = torch.tensor([0, 3])
    for part, expected in zip(cheap[1], exact[1], strict=True):
        torch.testing.assert_close(part[longest], expected[longest], atol=1e-6, rtol=1e-5)
    if pooling is not None:
        torch.testing.assert_close(cheap[0], exact[0], atol=1e-6, rtol=1e-5)


def test_what_a_state_is_said_to_hold_is_what_it_holds():
    for pooling in POOLINGS:
        for cell in ("lstm", "gru"):
            net = network(pooling, cell)
            sizes = [size for _, size in net.state_sizes()]
            assert [part.shape for part in net.initial_state(3)] == [(3, size) for size in sizes]
    assert [name for name, _ in network("max", "gru").state_sizes()] == [
        "hidden state of layer 1",
        "hidden state of layer 2",
        "pooled state",
    ]


def test_pooling_is_reset_while_the_layers_continue(block):
    net = network("mean")
    _, state = net.forward_from(block, LENGTHS, net.initial_state(5))
    reset = net.reset_pooling(state)
    for part, before in zip(reset[:4], state[:4], strict=True):
        assert part is before
    torch.testing.assert_close(reset[4:], net.initial_state(5)[4:])


@pytest.mark.parametrize("method", ["weights", "states"])
@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_recurrent_dropout_continues_from_a_state(block, method, cell):
    """With the same masks for each piece, two pieces give what one gives."""
    net = network(None, cell, recurrent_dropout=0.3, recurrent_dropout_method=method).train()
    stack = net.recurrent

    def advance(x, state):
        seed_modules(net, torch.Generator().manual_seed(3))
        return stack.advance(x, state)

    begun = net.initial_state(5)
    whole, end = advance(block, begun)
    first, state = advance(block[:, :3], begun)
    second, last = advance(block[:, 3:], state)
    torch.testing.assert_close(torch.cat([first, second], dim=1), whole, atol=1e-6, rtol=1e-5)
    for part, expected in zip(last, end, strict=True):
        torch.testing.assert_close(part, expected, atol=1e-6, rtol=1e-5)


def test_gradients_of_a_ragged_batch_are_those_of_its_sequences_alone(block):
    net = network(None, hidden_sizes=(4,))
    x = block.clone().requires_grad_()
    states, state = advance_ragged(net.recurrent.advance, x, LENGTHS, net.initial_state(5))
    (states.sum() + state[1].square().sum()).backward()
    alone = block.clone().requires_grad_()
    for i, length in enumerate(LENGTHS.tolist()):
        own, end = net.recurrent.advance(alone[i : i + 1, :length], net.initial_state(1))
        (own.sum() + end[1].square().sum()).backward()
    torch.testing.assert_close(x.grad, alone.grad, atol=1e-5, rtol=1e-4)


def test_rows_are_put_where_they_were_taken():
    state = (torch.arange(6.0).reshape(3, 2),)
    rows = torch.tensor([2, 0])
    changed = put_rows(state, rows, take_rows(state, rows))
    torch.testing.assert_close(changed[0], state[0])
    changed = put_rows(state, rows, (torch.tensor([[9.0, 9.0], [8.0, 8.0]]),))
    assert changed[0].tolist() == [[8, 8], [2, 3], [9, 9]]
