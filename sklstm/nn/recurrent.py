"""Recurrent layers that stay on the fused kernel and are exact on padded batches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from sklstm.nn.dropout import Dropout, RandomModule
from sklstm.nn.state import State

CELLS: dict[str, type[nn.LSTM] | type[nn.GRU]] = {"lstm": nn.LSTM, "gru": nn.GRU}


class RecurrentLayer(RandomModule):
    """One LSTM or GRU layer that reads forward in time.

    Kernels are Glorot uniform, recurrent kernels orthogonal, biases zero but for the forget
    gate's, which is 1 [1]_. Torch gives an LSTM two biases that are only ever added up; the
    second is fixed at zero here.

    Parameters
    ----------
    input_size, hidden_size : int
        Numbers per step before and after.
    cell : {"lstm", "gru"}, default="lstm"
        The kind of recurrence.
    recurrent_dropout : float, default=0.0
        Dropout on the connections from step to step while training.
    recurrent_dropout_method : {"weights", "states"}, default="weights"
        "weights" drops recurrent weights, once a batch, and keeps the fused kernel [2]_.
        "states" drops units of the carried state, the same at every step of a sequence [3]_,
        in a loop over the steps that is many times slower.

    References
    ----------
    .. [1] R. Jozefowicz, W. Zaremba, I. Sutskever, "An Empirical Exploration of Recurrent
       Network Architectures", ICML 2015, section 5.
    .. [2] S. Merity, N. S. Keskar, R. Socher, "Regularizing and Optimizing LSTM Language
       Models", ICLR 2018, section 2.
    .. [3] Y. Gal, Z. Ghahramani, "A Theoretically Grounded Application of Dropout in
       Recurrent Neural Networks", NeurIPS 2016, section 4.
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
        self.rnn = CELLS[cell](input_size, hidden_size, batch_first=True)
        self.recurrent_dropout = recurrent_dropout
        self.recurrent_dropout_method = recurrent_dropout_method
        self._initialize()

    @torch.no_grad()
    def _initialize(self) -> None:
        hidden = self.rnn.hidden_size
        w_in, w_rec, b_in, b_rec = self._weights()
        for kernel in w_in.split(hidden):
            nn.init.xavier_uniform_(kernel)
        for kernel in w_rec.split(hidden):
            nn.init.orthogonal_(kernel)
        nn.init.zeros_(b_in)
        nn.init.zeros_(b_rec)
        if isinstance(self.rnn, nn.LSTM):
            b_in[hidden : 2 * hidden] = 1.0  # gates: input, forget, cell, output
            b_rec.requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(batch, time, input_size)`` to ``(batch, time, hidden_size)``."""
        return self.advance(x)[0]

    def advance(self, x: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Read on from `state`, and return the states of all steps with the last one.

        Parameters
        ----------
        x : Tensor of shape (batch, time, input_size)
            Sequences without padding.
        state : tuple of Tensor of shape (batch, hidden_size) or None, default=None
            What an LSTM shows and carries, or what a GRU shows; None for zeros.

        Returns
        -------
        states : Tensor of shape (batch, time, hidden_size)
            What the layer shows at every step.
        state : tuple of Tensor
            As the argument.
        """
        if state is None:
            state = tuple(x.new_zeros(x.shape[0], size) for _, size in self.state_sizes())
        if not self.training or self.recurrent_dropout == 0.0:
            return self._run(self.rnn, x, state)
        if self.recurrent_dropout_method == "weights":
            return self._run(self._weight_drop, x, state)
        return self._state_drop(x, state)

    def state_sizes(self) -> list[tuple[str, int]]:
        """Return the name and the width of each part of the state."""
        parts = ("hidden state", "cell state")[: 2 if isinstance(self.rnn, nn.LSTM) else 1]
        return [(part, self.rnn.hidden_size) for part in parts]

    def _weights(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        w_in, w_rec, b_in, b_rec = self.rnn.all_weights[0]
        return w_in, w_rec, b_in, b_rec

    def _run(self, recurrence: Any, x: Tensor, state: State) -> tuple[Tensor, State]:
        """Call what takes and gives states as torch does, with an axis of layers in front."""
        layered = tuple(part.unsqueeze(0) for part in state)
        if isinstance(self.rnn, nn.LSTM):
            states, (hidden, carried) = recurrence(x, layered)
            return states, (hidden[0], carried[0])
        states, hidden = recurrence(x, layered[0])
        return states, (hidden[0],)

    def _weight_drop(self, x: Tensor, state: Any) -> tuple[Tensor, Any]:
        w_in, w_rec, b_in, b_rec = self._weights()
        w_rec = w_rec * self.keep_mask(tuple(w_rec.shape), self.recurrent_dropout, w_rec)
        # weights, has biases, one layer, dropout, training, bidirectional, batch first
        rest: tuple[Any, ...] = ([w_in, w_rec, b_in, b_rec], True, 1, 0.0, True, False, True)
        if isinstance(self.rnn, nn.LSTM):
            states, hidden, carried = torch.lstm(x, state, *rest)
            return states, (hidden, carried)
        return torch.gru(x, state, *rest)

    def _state_drop(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        w_in, w_rec, b_in, b_rec = self._weights()
        hidden, carried = state[0], state[-1]
        mask = self.keep_mask(tuple(hidden.shape), self.recurrent_dropout, x)
        states = []
        for gates in functional.linear(x, w_in, b_in).unbind(1):  # (batch, gates * hidden)
            recurrent = functional.linear(hidden * mask, w_rec, b_rec)
            if isinstance(self.rnn, nn.LSTM):
                hidden, carried = lstm_step(gates + recurrent, carried)
            else:
                hidden = gru_step(gates, recurrent, hidden)
            states.append(hidden)
        return torch.stack(states, dim=1), (hidden, carried)[: len(state)]  # (batch, time, hidden)


def lstm_step(gates: Tensor, carried: Tensor) -> tuple[Tensor, Tensor]:
    """Advance an LSTM by one step, from the sums at its gates."""
    take, keep, new, show = gates.chunk(4, dim=1)  # (batch, hidden) each
    carried = torch.sigmoid(keep) * carried + torch.sigmoid(take) * torch.tanh(new)
    return torch.sigmoid(show) * torch.tanh(carried), carried


def gru_step(gates: Tensor, recurrent: Tensor, hidden: Tensor) -> Tensor:
    """Advance a GRU by one step, from the input's and the state's share at its gates."""
    (r_in, z_in, n_in), (r_rec, z_rec, n_rec) = gates.chunk(3, dim=1), recurrent.chunk(3, dim=1)
    update = torch.sigmoid(z_in + z_rec)
    new = torch.tanh(n_in + torch.sigmoid(r_in + r_rec) * n_rec)
    return (1.0 - update) * new + update * hidden


class _ReverseSteps(torch.autograd.Function):
    """Reorder steps by an index that undoes itself, so that backward is the same reorder.

    Plain indexing would have autograd scatter-add the gradient, which is slow on a CPU.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, index: Tensor) -> Tensor:
        ctx.save_for_backward(index)
        return x.index_select(0, index)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        (index,) = ctx.saved_tensors
        return grads[0].index_select(0, index), None


def reversal_index(lengths: Tensor, n_steps: int) -> Tensor:
    """Index that reverses each sequence within its own length and leaves padding in place.

    It is for rows in time-major order, ``time * batch_size + batch``.
    """
    steps = torch.arange(n_steps, device=lengths.device)[:, None]
    mirrored = torch.where(steps < lengths, lengths - 1 - steps, steps)  # (time, batch)
    batch = torch.arange(len(lengths), device=lengths.device)
    return (mirrored * len(lengths) + batch).flatten()


def reverse_steps(x: Tensor, index: Tensor) -> Tensor:
    """Reverse ``(batch, time, features)`` by an index from `reversal_index`."""
    rows = x.transpose(0, 1)  # (time, batch, features)
    flipped = _ReverseSteps.apply(rows.reshape(-1, rows.shape[2]), index)  # type: ignore[no-untyped-call]
    return flipped.view(rows.shape).transpose(0, 1)


class RecurrentStack(nn.Module):
    """Recurrent layers on top of each other, with dropout in between.

    A bidirectional layer runs a second forward layer over each sequence reversed within its
    own length: exact under right padding, and on the fused kernel, which packed sequences
    leave on a CPU.

    Parameters
    ----------
    input_size : int
        Numbers per step of the input.
    hidden_sizes : sequence of int
        Units of each layer, per direction.
    cell : {"lstm", "gru"}, default="lstm"
        The kind of recurrence.
    bidirectional : bool, default=False
        Read in both directions, and join the two states of each step.
    dropout : float, default=0.0
        Dropout between the layers.
    recurrent_dropout, recurrent_dropout_method
        See `RecurrentLayer`.
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
        self.dropout = Dropout(dropout)
        self.output_size = sizes[-1]

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        """Map ``(batch, time, input_size)`` to ``(batch, time, output_size)``."""
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
        """Read ``(batch, time, input_size)``, without padding, on from `state`.

        Only for layers that read forward.
        """
        ends: list[Tensor] = []
        for depth, layer in enumerate(self._forward_layers()):
            if depth > 0:
                x = self.dropout(x)
            n_parts = len(layer.state_sizes())
            x, end = layer.advance(x, state[len(ends) : len(ends) + n_parts])
            ends += end
        return x, tuple(ends)  # (batch, time, hidden)

    def _forward_layers(self) -> Iterator[RecurrentLayer]:
        for layer in self.forward_layers:
            assert isinstance(layer, RecurrentLayer)  # a ModuleList tells no more than Module
            yield layer

    def state_sizes(self) -> list[tuple[str, int]]:
        """Return the name and the width of each part of the state, layer by layer."""
        return [
            (f"{name} of layer {depth}", size)
            for depth, layer in enumerate(self._forward_layers(), start=1)
            for name, size in layer.state_sizes()
        ]
