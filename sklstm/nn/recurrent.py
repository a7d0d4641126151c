"""LSTM and GRU layers on the fused kernels of torch, exact on right-padded batches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from sklstm.nn.checks import check_lengths, check_tensor, flag, one_of, rate, whole, wholes
from sklstm.nn.dropout import Dropout, RandomModule
from sklstm.nn.padding import reversal_index, reverse_steps
from sklstm.nn.state import State

CELLS: dict[str, type[nn.LSTM] | type[nn.GRU]] = {"lstm": nn.LSTM, "gru": nn.GRU}
RECURRENT_DROPOUTS = ("weights", "states")


class RecurrentLayer(RandomModule):
    """One LSTM or GRU layer that reads forward in time.

    An LSTM has an input gate i, a forget gate f, a cell candidate g and an output gate o. From the
    input x of a step, the hidden state h and the cell state c of the step before it computes these
    and then, element by element, ::

        c = f * c + i * g
        h = o * tanh(c)

    Input weights are initialised Glorot uniform for each gate, recurrent weights orthogonal, and
    biases zero except that of the forget gate, which is 1 [1]_. Torch gives an LSTM two bias
    vectors, of which only the sum matters; the second one is fixed at zero here.

    Parameters
    ----------
    input_size : int
        Number of features per step of the input.
    hidden_size : int
        Number of hidden units.
    cell : {"lstm", "gru"}, default="lstm"
        Type of recurrent cell.
    recurrent_dropout : float, default=0.0
        Dropout rate on the recurrent connections while training.
    recurrent_dropout_method : {"weights", "states"}, default="weights"
        "weights" drops recurrent weights, drawn once for each batch, and stays on the fused
        kernel [2]_. "states" drops units of the hidden state, the same ones at every step of a
        sequence [3]_, in a loop over the steps that is many times slower.

    References
    ----------
    .. [1] R. Jozefowicz, W. Zaremba, I. Sutskever, "An Empirical Exploration of Recurrent
       Network Architectures", ICML 2015, section 5.
    .. [2] S. Merity, N. S. Keskar, R. Socher, "Regularizing and Optimizing LSTM Language
       Models", ICLR 2018, section 2.
    .. [3] Y. Gal, Z. Ghahramani, "A Theoretically Grounded Application of Dropout in
       Recurrent Neural Networks", NeurIPS 2016, section 4.

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn import RecurrentLayer
    >>> layer = RecurrentLayer(input_size=3, hidden_size=8)
    >>> states, (h, c) = layer.advance(torch.randn(2, 5, 3))
    >>> states.shape, h.shape, c.shape
    (torch.Size([2, 5, 8]), torch.Size([2, 8]), torch.Size([2, 8]))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        cell: str = "lstm",
        recurrent_dropout: float = 0.0,
        recurrent_dropout_method: str = "weights",
    ):
        super().__init__()
        self.rnn = CELLS[one_of("cell", cell, CELLS)](
            whole("input_size", input_size), whole("hidden_size", hidden_size), batch_first=True
        )
        self.recurrent_dropout = rate("recurrent_dropout", recurrent_dropout)
        self.recurrent_dropout_method = one_of(
            "recurrent_dropout_method", recurrent_dropout_method, RECURRENT_DROPOUTS
        )
        self._initialize()

    @torch.no_grad()
    def _initialize(self) -> None:
        hidden = self.rnn.hidden_size
        w_ih, w_hh, b_ih, b_hh = self._weights()
        for gate in w_ih.split(hidden):  # (hidden, input)
            nn.init.xavier_uniform_(gate)
        for gate in w_hh.split(hidden):  # (hidden, hidden)
            # Torch has no QR decomposition in half precision.
            exact = torch.empty_like(gate, dtype=torch.promote_types(gate.dtype, torch.float32))
            gate.copy_(nn.init.orthogonal_(exact))
        nn.init.zeros_(b_ih)
        nn.init.zeros_(b_hh)
        if isinstance(self.rnn, nn.LSTM):
            b_ih[hidden : 2 * hidden] = 1.0  # the forget gate: torch orders them i, f, g, o
            b_hh.requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(batch, time, input_size)`` to ``(batch, time, hidden_size)``."""
        return self.advance(x)[0]

    def advance(self, x: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Return the hidden states of all steps, and the state after the last one.

        Parameters
        ----------
        x : Tensor of shape (batch, time, input_size)
            Sequences without padding.
        state : tuple of Tensor of shape (batch, hidden_size) or None, default=None
            State before the first step: the hidden state and the cell state of an LSTM, the
            hidden state of a GRU. None for zeros.

        Returns
        -------
        states : Tensor of shape (batch, time, hidden_size)
            The hidden state at every step.
        state : tuple of Tensor of shape (batch, hidden_size)
            State after the last step.
        """
        check_tensor("x", x, "batch", "time", self.rnn.input_size)
        sizes = self.state_sizes()
        if state is None:
            state = tuple(x.new_zeros(x.shape[0], size) for _, size in sizes)
        elif len(state) != len(sizes):
            raise ValueError(
                f"state has {len(state)} tensors, but this layer needs {len(sizes)}: "
                f"{' and '.join(name for name, _ in sizes)}."
            )
        else:
            for i, (_, size) in enumerate(sizes):
                check_tensor(f"state[{i}]", state[i], x.shape[0], size)
        if not self.training or self.recurrent_dropout == 0.0:
            return self._run(self.rnn, x, state)
        if self.recurrent_dropout_method == "weights":
            return self._run(self._weight_drop, x, state)
        return self._state_drop(x, state)

    def freeze(self, frozen: bool) -> None:
        """Exclude the weights from training, or include them again."""
        for name, weight in self.rnn.named_parameters():
            is_fixed = isinstance(self.rnn, nn.LSTM) and name == "bias_hh_l0"
            weight.requires_grad_(not (frozen or is_fixed))

    def state_sizes(self) -> list[tuple[str, int]]:
        """Return the name and size of each part of the state."""
        parts = ("hidden state", "cell state")[: 2 if isinstance(self.rnn, nn.LSTM) else 1]
        return [(part, self.rnn.hidden_size) for part in parts]

    def _weights(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return input weights, recurrent weights, and the biases of both."""
        w_ih, w_hh, b_ih, b_hh = self.rnn.all_weights[0]
        return w_ih, w_hh, b_ih, b_hh

    def _run(self, recurrence: Any, x: Tensor, state: State) -> tuple[Tensor, State]:
        """Call `recurrence`, whose states have a leading axis of layers as in torch."""
        layered = tuple(part.unsqueeze(0) for part in state)  # (1, batch, hidden) each
        if isinstance(self.rnn, nn.LSTM):
            states, (h, c) = recurrence(x, layered)
            return states, (h[0], c[0])
        states, h = recurrence(x, layered[0])
        return states, (h[0],)

    def _weight_drop(self, x: Tensor, state: Any) -> tuple[Tensor, Any]:
        """Run the fused kernel with dropout on the recurrent weights."""
        w_ih, w_hh, b_ih, b_hh = self._weights()
        w_hh = w_hh * self.keep_mask(tuple(w_hh.shape), self.recurrent_dropout, w_hh)
        if x.is_cuda:  # cuDNN would copy the weights to one block of memory, and warn of it
            parts = (w_ih, w_hh, b_ih, b_hh)
            block = torch.cat([part.flatten() for part in parts])
            sizes = [part.numel() for part in parts]
            w_ih, w_hh, b_ih, b_hh = (
                flat.view(part.shape) for flat, part in zip(block.split(sizes), parts, strict=True)
            )
        # weights, has biases, number of layers, dropout, training, bidirectional, batch first
        rest: tuple[Any, ...] = ([w_ih, w_hh, b_ih, b_hh], True, 1, 0.0, True, False, True)
        if isinstance(self.rnn, nn.LSTM):
            states, h, c = torch.lstm(x, state, *rest)
            return states, (h, c)
        return torch.gru(x, state, *rest)

    def _state_drop(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        """Run step by step with the same dropout on the hidden state at every step."""
        w_ih, w_hh, b_ih, b_hh = self._weights()
        h, c = state[0], state[-1]  # (batch, hidden) each; a GRU has no c
        mask = self.keep_mask(tuple(h.shape), self.recurrent_dropout, x)
        states = []
        for from_input in functional.linear(x, w_ih, b_ih).unbind(1):  # (batch, gates * hidden)
            from_hidden = functional.linear(h * mask, w_hh, b_hh)
            if isinstance(self.rnn, nn.LSTM):
                h, c = lstm_step(from_input + from_hidden, c)
            else:
                h = gru_step(from_input, from_hidden, h)
            states.append(h)
        return torch.stack(states, dim=1), (h, c)[: len(state)]  # (batch, time, hidden)


def lstm_step(gates: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    """Return the next hidden state and cell state of an LSTM, ``(batch, hidden)`` each.

    Parameters
    ----------
    gates : Tensor of shape (batch, 4 * hidden)
        Pre-activations of the gates i, f, g and o.
    c : Tensor of shape (batch, hidden)
        The cell state.
    """
    i, f, g, o = gates.chunk(4, dim=1)  # (batch, hidden) each
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


def gru_step(from_input: Tensor, from_hidden: Tensor, h: Tensor) -> Tensor:
    """Return the next hidden state of a GRU, ``(batch, hidden)``.

    Parameters
    ----------
    from_input, from_hidden : Tensor of shape (batch, 3 * hidden)
        What the input and the hidden state contribute to the pre-activations of the gates r and z
        and of the candidate n.
    h : Tensor of shape (batch, hidden)
        The hidden state.
    """
    r_x, z_x, n_x = from_input.chunk(3, dim=1)  # (batch, hidden) each
    r_h, z_h, n_h = from_hidden.chunk(3, dim=1)
    z = torch.sigmoid(z_x + z_h)
    n = torch.tanh(n_x + torch.sigmoid(r_x + r_h) * n_h)
    return (1.0 - z) * n + z * h


class RecurrentStack(nn.Module):
    """Stacked recurrent layers, in one direction or both, with dropout between the layers.

    The backward direction is a forward layer that reads each sequence reversed within its own
    length: the result is exact for right-padded batches. Packed sequences would be exact, too, but
    do not use the fused kernel on a CPU.

    Parameters
    ----------
    input_size : int
        Number of features per step of the input.
    hidden_sizes : tuple of int
        Number of hidden units of each layer, per direction. An empty tuple returns the input.
    cell : {"lstm", "gru"}, default="lstm"
        Type of recurrent cell.
    bidirectional : bool, default=False
        Whether to read in both directions and concatenate their hidden states.
    dropout : float, default=0.0
        Dropout rate between the layers.
    recurrent_dropout : float, default=0.0
        Dropout rate on the recurrent connections; see `RecurrentLayer`.
    recurrent_dropout_method : {"weights", "states"}, default="weights"
        What recurrent dropout drops; see `RecurrentLayer`.

    Attributes
    ----------
    input_size : int
        Number of features per step of the input.
    output_size : int
        Number of features per step of the output, of both directions together.
    backward_size : int
        How many of them come from the backward direction; they are the last ones.

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn import RecurrentStack
    >>> stack = RecurrentStack(3, (16, 8), bidirectional=True)
    >>> stack(torch.randn(2, 5, 3), torch.tensor([5, 3])).shape
    torch.Size([2, 5, 16])
    """

    def __init__(
        self,
        input_size: int,
        hidden_sizes: tuple[int, ...],
        *,
        cell: str = "lstm",
        bidirectional: bool = False,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        recurrent_dropout_method: str = "weights",
    ):
        super().__init__()
        hidden_sizes = wholes("hidden_sizes", hidden_sizes) if hidden_sizes != () else ()
        bidirectional = flag("bidirectional", bidirectional) and hidden_sizes != ()
        self.input_size = input_size
        sizes = [input_size, *(size * (1 + bidirectional) for size in hidden_sizes)]

        def layers() -> nn.ModuleList:
            return nn.ModuleList(
                RecurrentLayer(
                    size_in,
                    hidden,
                    cell=cell,
                    recurrent_dropout=recurrent_dropout,
                    recurrent_dropout_method=recurrent_dropout_method,
                )
                for size_in, hidden in zip(sizes, hidden_sizes, strict=False)
            )

        self.forward_layers = layers()
        self.backward_layers = layers() if bidirectional else nn.ModuleList()
        self.bidirectional = bidirectional
        self.dropout = Dropout(rate("dropout", dropout))
        self.output_size = sizes[-1]
        self.backward_size = hidden_sizes[-1] if bidirectional else 0

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        """Return the hidden states of the last layer.

        Parameters
        ----------
        x : Tensor of shape (batch, time, input_size)
            Right-padded sequences.
        lengths : Tensor of shape (batch,)
            Number of steps of each sequence.

        Returns
        -------
        Tensor of shape (batch, time, output_size)
            At padding, the values are undefined.
        """
        check_tensor("x", x, "batch", "time", "features")
        check_lengths(lengths, *x.shape[:2])
        index = reversal_index(lengths, x.shape[1]) if self.bidirectional else None
        for depth, layer in enumerate(self.forward_layers):
            if depth > 0:
                x = self.dropout(x)
            states = layer(x)  # (batch, time, hidden)
            if index is not None:
                backward = self.backward_layers[depth](reverse_steps(x, index))
                states = torch.cat([states, reverse_steps(backward, index)], dim=2)
            x = states
        return x

    def advance(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        """Return the hidden states of the last layer, and the state after the last step.

        Only for a stack with ``bidirectional=False``.

        Parameters
        ----------
        x : Tensor of shape (batch, time, input_size)
            Sequences without padding.
        state : tuple of Tensor of shape (batch, hidden_size)
            State before the first step, the parts of all layers in one tuple.

        Returns
        -------
        states : Tensor of shape (batch, time, output_size)
            The hidden state of the last layer at every step.
        state : tuple of Tensor of shape (batch, hidden_size)
            State after the last step.
        """
        if self.bidirectional:
            raise ValueError(
                "advance reads forward only, but bidirectional=True also reads from the last step."
            )
        ends: list[Tensor] = []
        for depth, layer in enumerate(self._forward_layers()):
            if depth > 0:
                x = self.dropout(x)
            n_parts = len(layer.state_sizes())
            x, end = layer.advance(x, state[len(ends) : len(ends) + n_parts])
            ends += end
        return x, tuple(ends)  # (batch, time, hidden)

    def layer_states(self, x: Tensor, depth: int, *, backward: bool = False) -> State:
        """Return the state of one layer after every step, of a GRU without a cell state.

        Parameters
        ----------
        x : Tensor of shape (batch, time, input_size)
            Sequences without padding.
        depth : int
            The layer, counted from 0.
        backward : bool, default=False
            Whether it is the layer that reads from the last step to the first.

        Returns
        -------
        tuple of Tensor of shape (batch, time, hidden_size)
            The hidden state and the cell state, in the order of the sequence.
        """
        for i in range(depth):
            below = [self.forward_layers[i](x)]
            if self.bidirectional:
                below.append(self.backward_layers[i](x.flip(1)).flip(1))
            x = torch.cat(below, dim=2)  # (batch, time, size)
        if not backward:
            return _every_state(self.forward_layers[depth], x)
        states = _every_state(self.backward_layers[depth], x.flip(1))
        return tuple(part.flip(1) for part in states)

    def layer_groups(self) -> list[list[RecurrentLayer]]:
        """Return the layers from the lowest to the last, those of both directions together."""
        n = max(len(self.forward_layers), len(self.backward_layers))
        groups: list[list[RecurrentLayer]] = [[] for _ in range(n)]
        for layers in (self.forward_layers, self.backward_layers):
            # Aligned at the last layer, as directions of a pair may differ in depth.
            for group, layer in zip(groups[n - len(layers) :], layers, strict=True):
                assert isinstance(layer, RecurrentLayer)
                group.append(layer)
        return groups

    def _forward_layers(self) -> Iterator[RecurrentLayer]:
        for layer in self.forward_layers:
            assert isinstance(layer, RecurrentLayer)  # a ModuleList is typed as one of Module
            yield layer

    def state_sizes(self) -> list[tuple[str, int]]:
        """Return the name and size of each part of the state, layer by layer."""
        return [
            (f"{name} of layer {depth}", size)
            for depth, layer in enumerate(self._forward_layers(), start=1)
            for name, size in layer.state_sizes()
        ]


class RecurrentPair(RecurrentStack):
    """Two stacks that read sequences in opposite directions, each for itself.

    In a bidirectional `RecurrentStack` each layer reads the states of both directions below it.
    Here each direction has layers of its own, as two language models have, and reads its own part
    of the input; the hidden states of their last layers are concatenated.

    Parameters
    ----------
    forward_stack : RecurrentStack or None
        Reads from the first step to the last. Its layers become those of the pair.
    backward_stack : RecurrentStack or None
        Reads each sequence from its last step to the first. Like `forward_stack` it has layers in
        one direction only. One of the two may be None.

    Attributes
    ----------
    input_sizes : tuple of int
        Number of features per step that each direction reads; those of the forward one come first.
    output_size : int
        Number of features per step of the output.
    backward_size : int
        How many of them come from the backward direction; they are the last ones.

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn import RecurrentPair, RecurrentStack
    >>> pair = RecurrentPair(RecurrentStack(3, (16,)), RecurrentStack(2, (8, 8)))
    >>> pair(torch.randn(2, 5, 3 + 2), torch.tensor([5, 3])).shape
    torch.Size([2, 5, 24])
    """

    def __init__(self, forward_stack: RecurrentStack | None, backward_stack: RecurrentStack | None):
        given = [stack for stack in (forward_stack, backward_stack) if stack is not None]
        if not given or not all(stack.forward_layers for stack in given):
            raise ValueError("forward_stack or backward_stack must have layers; both are empty.")
        if any(stack.bidirectional for stack in given):
            raise ValueError(
                "forward_stack and backward_stack must have bidirectional=False, as each of them "
                "reads in one direction."
            )
        size = sum(stack.input_size for stack in given)
        super().__init__(size, (), dropout=given[0].dropout.p)
        n_forward = n_backward = 0
        if forward_stack is not None:
            self.forward_layers = forward_stack.forward_layers
            n_forward = forward_stack.input_size
        if backward_stack is not None:
            self.backward_layers = backward_stack.forward_layers
            n_backward = backward_stack.input_size
        self.input_sizes = (n_forward, n_backward)
        self.bidirectional = True
        self.output_size = sum(stack.output_size for stack in given)
        self.backward_size = 0 if backward_stack is None else backward_stack.output_size

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        """Return the hidden states of the last layers, ``(batch, time, output_size)``.

        As `RecurrentStack.forward`; x has shape ``(batch, time, sum(input_sizes))``.
        """
        check_tensor("x", x, "batch", "time", self.input_size)
        check_lengths(lengths, *x.shape[:2])
        ahead, back = x.split(self.input_sizes, dim=2)
        states = []
        if self.forward_layers:
            states.append(self._run(self.forward_layers, ahead))
        if self.backward_layers:
            index = reversal_index(lengths, x.shape[1])
            read = self._run(self.backward_layers, reverse_steps(back, index))
            states.append(reverse_steps(read, index))
        return torch.cat(states, dim=2)  # (batch, time, output_size)

    def _run(self, layers: nn.ModuleList, x: Tensor) -> Tensor:
        """Return the states of the last of some layers, with dropout between them."""
        for depth, layer in enumerate(layers):
            x = layer(x if depth == 0 else self.dropout(x))  # (batch, time, hidden)
        return x

    def layer_states(self, x: Tensor, depth: int, *, backward: bool = False) -> State:
        """Return the state of one layer of a direction after every step; see `RecurrentStack`."""
        own = x.split(self.input_sizes, dim=2)[backward]
        layers = self.backward_layers if backward else self.forward_layers
        own = own.flip(1) if backward else own
        for layer in layers[:depth]:
            own = layer(own)
        states = _every_state(layers[depth], own)
        return tuple(part.flip(1) for part in states) if backward else states


def _every_state(layer: nn.Module, x: Tensor) -> State:
    """Return the state of a layer after every step of ``(batch, time, features)``."""
    assert isinstance(layer, RecurrentLayer)
    state, after = None, []
    for step in x.split(1, dim=1):
        _, state = layer.advance(step, state)  # the fused kernel keeps the last cell state only
        after.append(state)
    return tuple(torch.stack(parts, dim=1) for parts in zip(*after, strict=True))
