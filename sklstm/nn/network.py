"""The network of the estimators: from embedded or standardised steps to the output layer."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from sklstm.nn.checks import INTEGERS, check_lengths, check_tensor, rate, whole
from sklstm.nn.convolution import ConvolutionPool, FullyConvolutional, StepConvolution
from sklstm.nn.dropout import Dropout
from sklstm.nn.linear_path import LinearPath
from sklstm.nn.pooling import Pooling
from sklstm.nn.recurrent import RecurrentStack
from sklstm.nn.standardization import Standardize, StandardizeWithin
from sklstm.nn.state import State, advance_ragged, put_rows, take_rows


class SequenceNetwork(nn.Module):
    """Map right-padded sequences to outputs, one for each sequence or one for every step.

    Parameters
    ----------
    embedding : Module or None
        Maps token ids to vectors; None for sequences of values.
    step_convolution : StepConvolution or None
        Convolves within each step, for steps that are images or matrices.
    convolution : ConvolutionPool or None
        Convolves over time, before the recurrent layers.
    recurrent : RecurrentStack
        The recurrent layers.
    pooling : Pooling or None
        Pools the hidden states, ``(batch, time, size)`` to ``(batch, size)``. None applies the
        output layer to the hidden state of every step.
    output : Module
        The output layer, such as `LinearHead`. With a `branch` it also takes the features of that.
    dropout : float, default=0.0
        Dropout rate before the output layer, and before the recurrent layers where their input
        comes from an embedding or a convolution; values in X are never dropped.
    standardization : Standardize or None, default=None
        Standardises values before everything else.
    branch : FullyConvolutional or None, default=None
        Convolutions that read the values beside the recurrent layers. Their features, one vector
        for each sequence, are concatenated with the pooled states.

    Attributes
    ----------
    linear_path : LinearPath or None
        A linear model of the same input, whose outputs `forward` adds to those of the output
        layer; None, as it is at first, for the network alone.

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn import LinearHead, MaxPooling, RecurrentStack, SequenceNetwork
    >>> network = SequenceNetwork(
    ...     embedding=None,
    ...     step_convolution=None,
    ...     convolution=None,
    ...     recurrent=RecurrentStack(3, (16,), bidirectional=True),
    ...     pooling=MaxPooling(32, bidirectional=True),
    ...     output=LinearHead(32, 4),
    ...     dropout=0.2,
    ... )
    >>> x, lengths = torch.randn(2, 10, 3), torch.tensor([10, 6])
    >>> network(x, lengths).shape
    torch.Size([2, 4])
    """

    def __init__(
        self,
        *,
        embedding: nn.Module | None,
        step_convolution: StepConvolution | None,
        convolution: ConvolutionPool | None,
        recurrent: RecurrentStack,
        pooling: Pooling | None,
        output: nn.Module,
        dropout: float = 0.0,
        standardization: Standardize | StandardizeWithin | None = None,
        branch: FullyConvolutional | None = None,
    ):
        super().__init__()
        dropout = rate("dropout", dropout)
        for name, part in (
            ("embedding", embedding),
            ("step_convolution", step_convolution),
            ("convolution", convolution),
            ("recurrent", recurrent),
            ("pooling", pooling),
            ("output", output),
            ("standardization", standardization),
            ("branch", branch),
        ):
            needed = name in ("recurrent", "output")
            if not isinstance(part, nn.Module) and (needed or part is not None):
                accepted = "a Module" if needed else "a Module or None"
                raise TypeError(f"{name} must be {accepted}, got {part!r}.")
        for name, part in (("standardization", standardization), ("branch", branch)):
            if part is not None and embedding is not None:
                raise ValueError(f"{name} reads values, but an embedding reads token ids.")
        if branch is not None and pooling is None:
            raise ValueError(
                "branch has one vector for each sequence, but without pooling there is an output "
                "for every step."
            )
        self.standardization = standardization
        self.embedding = embedding
        self.step_convolution = step_convolution
        self.convolution = convolution
        learned = any(part is not None for part in (embedding, step_convolution, convolution))
        self.input_dropout = Dropout(dropout if learned else 0.0)
        self.recurrent = recurrent
        self.pooling = pooling
        self.branch = branch
        self.output_dropout = Dropout(dropout)
        self.output = output
        self.linear_path: LinearPath | None = None

    @property
    def is_causal(self) -> bool:
        """Whether outputs for a step can depend on that step and earlier ones only."""
        looks_ahead = self.convolution is not None or self.branch is not None
        looks_ahead = looks_ahead or isinstance(self.standardization, StandardizeWithin)
        looks_ahead = looks_ahead or self.linear_path is not None
        return not (looks_ahead or self.recurrent.bidirectional)

    def states(self, inputs: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Return the hidden states of all steps.

        Parameters
        ----------
        inputs : Tensor of shape (batch, time, features)
            Right-padded sequences of values or token ids.
        lengths : Tensor of shape (batch,)
            Number of steps of each sequence.

        Returns
        -------
        states : Tensor of shape (batch, time, size)
            Hidden states of the last recurrent layer. With a convolution that pools, the time axis
            is shorter than that of the inputs.
        lengths : Tensor of shape (batch,)
            Number of hidden states of each sequence.
        """
        return self._states(self.read(inputs, lengths), lengths)

    def encode(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return the input of the output layer.

        Parameters
        ----------
        inputs : Tensor of shape (batch, time, features)
            Right-padded sequences of values or token ids.
        lengths : Tensor of shape (batch,)
            Number of steps of each sequence.

        Returns
        -------
        Tensor of shape (batch, size), or (batch, time, size) without pooling
            The pooled states, followed by the features of the branch; without pooling all hidden
            states.
        """
        return self.encode_read(self.read(inputs, lengths), lengths)

    def read(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return what all later layers read: standardised values, or the vectors of token ids.

        Parameters
        ----------
        inputs : Tensor of shape (batch, time, features)
            Right-padded sequences of values or token ids.
        lengths : Tensor of shape (batch,)
            Number of steps of each sequence.

        Returns
        -------
        Tensor of shape (batch, time, size)
        """
        self._check_inputs(inputs)  # the layers check the lengths
        if isinstance(self.standardization, StandardizeWithin):
            return self.standardization(inputs, lengths)
        first = self.embedding if self.standardization is None else self.standardization
        return inputs if first is None else first(inputs)

    def encode_read(self, x: Tensor, lengths: Tensor) -> Tensor:
        """Return what `encode` does, given what `read` returned, ``(batch, time, size)``."""
        states, n_states = self._states(x, lengths)
        if self.pooling is None:
            return states
        pooled: Tensor = self.pooling(states, n_states)
        if self.branch is None:
            return pooled
        return torch.cat([pooled, self.branch(x, lengths)], dim=1)  # (batch, size)

    def forward(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return the outputs.

        Parameters
        ----------
        inputs : Tensor of shape (batch, time, features)
            Right-padded sequences of values or token ids.
        lengths : Tensor of shape (batch,)
            Number of steps of each sequence.

        Returns
        -------
        Tensor of shape (batch, n_outputs), or (batch, time, n_outputs) without pooling
            In the shape that the output layer gives.
        """
        outputs = self.respond(self.encode(inputs, lengths))
        if self.linear_path is not None:
            outputs = self.linear_path(outputs, inputs, lengths)
        return outputs

    def respond(self, encoded: Tensor) -> Tensor:
        """Return the outputs for states from `encode`: dropout and the output layer."""
        outputs: Tensor = self.output(self.output_dropout(encoded))
        return outputs

    def forward_prefixes(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return the outputs of every prefix of the sequences, ``(batch, time, n_outputs)``.

        Only for a network that `is_causal` and has a pooling.
        """
        self._check_causal("forward_prefixes")
        if self.pooling is None:
            raise ValueError("forward_prefixes pools every prefix, but pooling is None.")
        states, _ = self.states(inputs, lengths)  # (batch, time, size)
        outputs: Tensor = self.output(self.pooling.scan(states))
        return outputs

    def layer_groups(self) -> list[list[nn.Module]]:
        """Return the embedding and the recurrent layers in groups, the lowest first.

        Fine-tuning unfreezes one group after the other, and gives each a learning rate. A stack
        without layers, and values without an embedding, have no group.
        """
        first = [] if self.embedding is None else [[self.embedding]]
        return [*first, *(list[nn.Module](group) for group in self.recurrent.layer_groups())]

    def state_sizes(self) -> list[tuple[str, int]]:
        """Return the name and size of each part of the state, those of the pooling last."""
        pooled = [] if self.pooling is None else self.pooling.state_sizes()
        return self.recurrent.state_sizes() + pooled

    def initial_state(self, n_sequences: int) -> State:
        """Return the state before the first step, of the recurrent layers and the pooling."""
        n_sequences = whole("n_sequences", n_sequences, 0)
        like = next(self.parameters())
        recurrent = (like.new_zeros(n_sequences, size) for _, size in self.recurrent.state_sizes())
        pooled = () if self.pooling is None else self.pooling.initial_state(like, n_sequences)
        return (*recurrent, *(part.detach() for part in pooled))

    def reset_pooling(self, state: State) -> State:
        """Return `state` with the part of the pooling reset, so that it pools later steps only."""
        n_recurrent = len(self.recurrent.state_sizes())
        return state[:n_recurrent] + self.initial_state(len(state[0]))[n_recurrent:]

    def advance_states(
        self, inputs: Tensor, lengths: Tensor, state: State, *, exact: bool
    ) -> tuple[Tensor, State]:
        """Return the hidden states of all steps, and the recurrent state after them.

        Only for a network that `is_causal`.

        Parameters
        ----------
        inputs : Tensor of shape (batch, time, features)
            Right-padded sequences, or chunks of sequences.
        lengths : Tensor of shape (batch,)
            Number of steps of each.
        state : tuple of Tensor of shape (batch, size)
            The state before the first step.
        exact : bool
            Whether the state is right for all sequences. Otherwise it is right for the longest
            ones only, as the others are read on into the padding, which is faster.

        Returns
        -------
        states : Tensor of shape (batch, time, size)
            Hidden states of the last recurrent layer.
        state : tuple of Tensor of shape (batch, hidden_size)
            The state of the recurrent layers, without that of the pooling.
        """
        self._check_causal("advance_states")
        self._check(inputs, lengths)
        # (batch, time, size)
        x = self.input_dropout(self._convolve_steps(self.read(inputs, lengths)))
        recurrent = state[: len(self.recurrent.state_sizes())]
        if exact:
            return advance_ragged(self.recurrent.advance, x, lengths, recurrent)
        return self.recurrent.advance(x, recurrent)

    def forward_from(
        self, inputs: Tensor, lengths: Tensor, state: State, *, exact: bool = True
    ) -> tuple[Tensor, State]:
        """Return the outputs of sequences that continue from `state`, and the state after them.

        Only for a network that `is_causal`. All steps since the initial state are pooled.

        Parameters
        ----------
        inputs : Tensor of shape (batch, time, features)
            Right-padded sequences, or chunks of sequences.
        lengths : Tensor of shape (batch,)
            Number of steps of each.
        state : tuple of Tensor of shape (batch, size)
            The state before the first step.
        exact : bool, default=True
            Whether the state is right for all sequences; see `advance_states`.

        Returns
        -------
        outputs : Tensor
            In the shape that `forward` gives.
        state : tuple of Tensor of shape (batch, size)
            The state after the last step.
        """
        states, recurrent = self.advance_states(inputs, lengths, state, exact=exact)
        if self.pooling is None:
            return self.respond(states), recurrent
        memory = self.pooling.extend(state[len(recurrent) :], states, lengths)
        return self.respond(self.pooling.finish(memory)), recurrent + memory

    def forward_in_chunks(self, inputs: Tensor, lengths: Tensor, chunk_length: int) -> Tensor:
        """Return what `forward` returns, with the hidden states of one chunk in memory at a time.

        Only for a network that `is_causal`.
        """
        self._check_causal("forward_in_chunks")
        self._check(inputs, lengths)
        chunk_length = whole("chunk_length", chunk_length)
        state, outputs = self.initial_state(len(inputs)), []
        for start in range(0, inputs.shape[1], chunk_length):
            rows = torch.nonzero(lengths > start).flatten()
            own = (lengths[rows] - start).clamp(max=chunk_length)
            steps = inputs[rows, start : start + int(own.max())]  # (rows, chunk, features)
            result, after = self.forward_from(steps, own, take_rows(state, rows), exact=False)
            state = put_rows(state, rows, after)
            if self.pooling is None:
                block = result.new_zeros(len(inputs), *result.shape[1:])
                outputs.append(block.index_copy(0, rows, result))  # (batch, chunk, n_outputs)
        if self.pooling is None:
            return torch.cat(outputs, dim=1)
        return self.respond(self.pooling.finish(state[len(self.recurrent.state_sizes()) :]))

    def _check_inputs(self, inputs: Any) -> None:
        """Raise unless inputs are sequences of ids or of values."""
        dtypes = None if self.embedding is None else INTEGERS
        check_tensor("inputs", inputs, "batch", "time", "features", dtypes=dtypes)

    def _check(self, inputs: Any, lengths: Any) -> None:
        """Raise unless inputs are sequences of ids or of values, each with a length."""
        self._check_inputs(inputs)
        check_lengths(lengths, *inputs.shape[:2])

    def _check_causal(self, method: str) -> None:
        """Raise ValueError unless a state depends on that step and earlier ones only."""
        if not self.is_causal:
            raise ValueError(
                f"{method} reads steps in their order, but this network looks at later ones; it "
                "needs bidirectional=False, convolution=None, branch=None, linear_path=None and no "
                "StandardizeWithin."
            )

    def layer_states(
        self, inputs: Tensor, lengths: Tensor, depth: int, *, backward: bool = False
    ) -> State:
        """Return the state of one recurrent layer after every step.

        Parameters
        ----------
        inputs : Tensor of shape (batch, time, features)
            Sequences of one length, without padding.
        lengths : Tensor of shape (batch,)
            Number of steps of each sequence.
        depth : int
            The layer, counted from 0.
        backward : bool, default=False
            Whether it is the layer that reads from the last step to the first.

        Returns
        -------
        tuple of Tensor of shape (batch, time, hidden_size)
            The hidden state and the cell state of an LSTM, the hidden state of a GRU, in the order
            of the inputs. With a convolution that pools, the time axis is shorter.
        """
        x, _ = self._convolve(self.read(inputs, lengths), lengths)
        return self.recurrent.layer_states(x, depth, backward=backward)

    def _states(self, x: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Return the hidden states of all steps, and how many each sequence has."""
        x, lengths = self._convolve(x, lengths)
        return self.recurrent(self.input_dropout(x), lengths), lengths

    def _convolve(self, x: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Return what the recurrent layers read, and how many steps of it each sequence has."""
        x = self._convolve_steps(x)  # (batch, time, size)
        return (x, lengths) if self.convolution is None else self.convolution(x, lengths)

    def _convolve_steps(self, x: Tensor) -> Tensor:
        """Return the vector of each step by itself, ``(batch, time, size)``."""
        return x if self.step_convolution is None else self.step_convolution(x)
