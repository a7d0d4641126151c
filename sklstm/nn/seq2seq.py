"""Encoder-decoder networks that map sequences to sequences of tokens, with attention."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from sklstm.nn.checks import INTEGERS, check_lengths, check_tensor, flag, rate, whole
from sklstm.nn.dropout import Dropout, RandomModule
from sklstm.nn.embedding import TokenEmbedding
from sklstm.nn.language_model import LanguageModelOutputs, TokenHead
from sklstm.nn.padding import step_mask
from sklstm.nn.pooling import LastPooling
from sklstm.nn.recurrent import RecurrentStack
from sklstm.nn.state import State, take_rows


class GlobalAttention(nn.Module):
    """Attention of a decoder over all states of an encoder, with a bilinear score [1]_.

    The weight of the encoder state ``s`` for the decoder state ``h`` is proportional to
    ``exp(h @ W @ s)``. The mean of the encoder states with these weights is the context ``c``,
    and ``tanh(V @ [c, h])`` takes the place of the decoder state. Weights depend on the states
    of the decoder only, not on what was read before, so that all steps are computed at once.

    Parameters
    ----------
    size : int
        Number of features of a state of the decoder.
    memory_size : int
        Number of features of a state of the encoder.

    References
    ----------
    .. [1] M.-T. Luong, H. Pham, C. D. Manning, "Effective Approaches to Attention-based Neural
       Machine Translation", EMNLP 2015, section 3.1, the score "general".

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn import GlobalAttention
    >>> attention = GlobalAttention(size=8, memory_size=6)
    >>> memory, lengths = torch.randn(2, 5, 6), torch.tensor([5, 3])
    >>> states, weights = attention(torch.randn(2, 4, 8), memory, attention.keys(memory), lengths)
    >>> states.shape, weights.shape
    (torch.Size([2, 4, 8]), torch.Size([2, 4, 5]))
    >>> weights[1, 0, 3:].tolist()  # of padding
    [0.0, 0.0]
    """

    def __init__(self, size: int, memory_size: int):
        super().__init__()
        size, memory_size = whole("size", size), whole("memory_size", memory_size)
        self.score = nn.Linear(memory_size, size, bias=False)
        self.combine = nn.Linear(memory_size + size, size, bias=False)
        for layer in (self.score, self.combine):
            nn.init.xavier_uniform_(layer.weight)

    def keys(self, memory: Tensor) -> Tensor:
        """Map encoder states ``(batch, time, memory_size)`` to what decoder states score by."""
        keys: Tensor = self.score(memory)  # (batch, time, size)
        return keys

    def forward(
        self, states: Tensor, memory: Tensor, keys: Tensor, lengths: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return states that know of the encoder, and the weights.

        Parameters
        ----------
        states : Tensor of shape (batch, steps, size)
            States of the decoder.
        memory : Tensor of shape (batch, time, memory_size)
            States of the encoder.
        keys : Tensor of shape (batch, time, size)
            What `keys` returns for them.
        lengths : Tensor of shape (batch,)
            Number of steps of each sequence that the encoder has read.

        Returns
        -------
        states : Tensor of shape (batch, steps, size)
            The states that the output layer reads.
        weights : Tensor of shape (batch, steps, time)
            Of each step they add up to 1. Those of padding are exactly 0.
        """
        check_tensor("states", states, "batch", "steps", self.score.out_features)
        check_tensor("memory", memory, len(states), "time", self.score.in_features)
        check_tensor("keys", keys, *memory.shape[:2], states.shape[2])
        check_lengths(lengths, *memory.shape[:2])
        scores = states @ keys.transpose(1, 2)  # (batch, steps, time)
        padding = ~step_mask(lengths, memory.shape[1]).transpose(1, 2)  # (batch, 1, time)
        weights = scores.masked_fill(padding, -torch.inf).softmax(dim=2)
        context = weights @ memory  # (batch, steps, memory_size)
        return torch.tanh(self.combine(torch.cat([context, states], dim=2))), weights


class Memory(NamedTuple):
    """What a decoder knows of the sequences that were read: one row for each.

    Attributes
    ----------
    states : Tensor of shape (batch, time, size)
        The states of the encoder; without attention of shape (batch, 1, size), the last ones.
    keys : Tensor of shape (batch, time, decoder size)
        With attention, what states of the decoder score by; the states themselves without.
    lengths : Tensor of shape (batch,)
        Number of steps of each sequence.
    """

    states: Tensor
    keys: Tensor
    lengths: Tensor

    def take(self, rows: Tensor) -> Memory:
        """Return the rows of some sequences."""
        return Memory(*take_rows(self, rows))


class Seq2SeqNetwork(RandomModule):
    """An encoder-decoder network: from sequences to the tokens of other sequences [1]_ [2]_.

    The encoder reads a sequence. Its last state is mapped to the state that the decoder starts
    from. The decoder reads the token before at each step, and predicts the next one, with
    attention over all states of the encoder; without attention it reads the last state of the
    encoder beside each token.

    Parameters
    ----------
    source : Module
        Maps the inputs ``(batch, time, features)`` to what the encoder reads: a `TokenEmbedding`
        or a `Standardize`.
    encoder : RecurrentStack
        Reads sequences, in one direction or both.
    target : TokenEmbedding
        The vectors of the tokens that the decoder reads.
    decoder : RecurrentStack
        Reads tokens, forward only; without attention, ``encoder.output_size`` more features.
    output : SoftmaxHead or AdaptiveSoftmaxHead
        The output layer.
    attention : bool, default=True
        Whether the decoder has `GlobalAttention`.
    dropout : float, default=0.0
        Dropout rate of token vectors and before the output layer.

    References
    ----------
    .. [1] I. Sutskever, O. Vinyals, Q. V. Le, "Sequence to Sequence Learning with Neural
       Networks", NeurIPS 2014, section 2; without attention K. Cho et al., "Learning Phrase
       Representations using RNN Encoder-Decoder for Statistical Machine Translation", EMNLP 2014,
       section 2.2.
    .. [2] M.-T. Luong, H. Pham, C. D. Manning, "Effective Approaches to Attention-based Neural
       Machine Translation", EMNLP 2015, section 3.1. The initial state of the decoder:
       D. Bahdanau, K. Cho, Y. Bengio, "Neural Machine Translation by Jointly Learning to Align
       and Translate", ICLR 2015, appendix A.2.2.

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn import RecurrentStack, Seq2SeqNetwork, SoftmaxHead, TokenEmbedding
    >>> network = Seq2SeqNetwork(
    ...     TokenEmbedding(30, 8),
    ...     RecurrentStack(8, (16,), bidirectional=True),
    ...     TokenEmbedding(20, 8),
    ...     RecurrentStack(8, (16,)),
    ...     SoftmaxHead(16, n_ids=20),
    ... )
    >>> ids, lengths = torch.randint(4, 30, (2, 7, 1)), torch.tensor([7, 4])
    >>> previous = torch.tensor([[2, 5, 6], [2, 8, 9]])  # the start, then the tokens so far
    >>> network(ids, lengths, previous).states.shape
    torch.Size([2, 3, 16])
    """

    def __init__(
        self,
        source: nn.Module,
        encoder: RecurrentStack,
        target: TokenEmbedding,
        decoder: RecurrentStack,
        output: TokenHead,
        *,
        attention: bool = True,
        dropout: float = 0.0,
    ):
        super().__init__()
        if decoder.bidirectional:
            raise ValueError(
                "a decoder predicts each token from those before it; decoder must have "
                "bidirectional=False."
            )
        size = target.weight.shape[1] + (0 if flag("attention", attention) else encoder.output_size)
        if decoder.input_size != size:
            raise ValueError(
                f"decoder has input_size={decoder.input_size}, but reads {size} features: the "
                "vector of a token" + ("." if attention else " and the last state of the encoder.")
            )
        self.source = source
        self.encoder = encoder
        self.last = LastPooling(encoder.output_size, encoder.bidirectional, encoder.backward_size)
        self.bridge = nn.Linear(encoder.output_size, sum(n for _, n in decoder.state_sizes()))
        nn.init.xavier_uniform_(self.bridge.weight)
        nn.init.zeros_(self.bridge.bias)
        self.target = target
        self.decoder = decoder
        self.attention: GlobalAttention | None = None
        if attention:
            self.attention = GlobalAttention(decoder.output_size, encoder.output_size)
        self.dropout = Dropout(rate("dropout", dropout))
        self.output = output

    def encode(self, inputs: Tensor, lengths: Tensor) -> tuple[Memory, State]:
        """Read sequences.

        Parameters
        ----------
        inputs : Tensor of shape (batch, time, features)
            Right-padded sequences.
        lengths : Tensor of shape (batch,)
            Number of steps of each sequence.

        Returns
        -------
        memory : Memory
            What the decoder knows of them.
        state : tuple of Tensor of shape (batch, hidden_size)
            The state that the decoder starts from.
        """
        x = self.source(inputs)
        if isinstance(self.source, TokenEmbedding):
            x = self.dropout(x)
        states = self.encoder(x, lengths)  # (batch, time, size)
        last = self.last(states, lengths)  # (batch, size)
        sizes = [n for _, n in self.decoder.state_sizes()]
        state: State = torch.tanh(self.bridge(last)).split(sizes, dim=1)
        if self.attention is None:
            last = last.unsqueeze(1)
            return Memory(last, last, lengths), state
        return Memory(states, self.attention.keys(states), lengths), state

    def decode(
        self, previous: Tensor, memory: Memory, state: State
    ) -> tuple[Tensor, Tensor | None, State]:
        """Read the tokens so far.

        Parameters
        ----------
        previous : Tensor of int of shape (batch, steps)
            The token before each step.
        memory : Memory
            What `encode` returned.
        state : tuple of Tensor of shape (batch, hidden_size)
            The state before the first step.

        Returns
        -------
        states : Tensor of shape (batch, steps, size)
            What the output layer reads, after dropout.
        weights : Tensor of shape (batch, steps, time) or None
            The weights of attention; None without.
        state : tuple of Tensor of shape (batch, hidden_size)
            The state after the last step.
        """
        check_tensor("previous", previous, "batch", "steps", dtypes=INTEGERS)
        x = self.dropout(self.target(previous.unsqueeze(2)))  # (batch, steps, embedding_dim)
        if self.attention is None:
            x = torch.cat([x, memory.states.expand(-1, x.shape[1], -1)], dim=2)
        states, state = self.decoder.advance(x, state)
        weights = None
        if self.attention is not None:
            states, weights = self.attention(states, *memory)
        return self.dropout(states), weights, state

    def forward(
        self, inputs: Tensor, lengths: Tensor, previous: Tensor, teaching: Any = 1.0
    ) -> LanguageModelOutputs:
        """Return the states of the decoder that the output layer reads.

        Parameters
        ----------
        inputs : Tensor of shape (batch, time, features)
            Right-padded sequences.
        lengths : Tensor of shape (batch,)
            Number of steps of each sequence.
        previous : Tensor of int of shape (batch, steps)
            The true token before each step; the id of the start before the first one.
        teaching : float, default=1.0
            In training mode, the probability that the decoder reads the true token, rather than
            the most probable one by its own outputs (scheduled sampling [1]_). Below 1, steps are
            computed one after the other.

        Returns
        -------
        LanguageModelOutputs
            With states of shape (batch, steps, size). Steps of padding are undefined.

        References
        ----------
        .. [1] S. Bengio et al., "Scheduled Sampling for Sequence Prediction with Recurrent Neural
           Networks", NeurIPS 2015, section 2.4.
        """
        memory, state = self.encode(inputs, lengths)
        if self.training and float(teaching) < 1.0:
            states = self._unroll(previous, memory, state, float(teaching))
        else:
            states, _, _ = self.decode(previous, memory, state)
        return LanguageModelOutputs(states, states)

    def _unroll(self, previous: Tensor, memory: Memory, state: State, teaching: float) -> Tensor:
        """Run the decoder step by step, each of which may read the token predicted before."""
        found, token = [], previous[:, 0]
        for t in range(previous.shape[1]):
            states, _, state = self.decode(token.unsqueeze(1), memory, state)
            found.append(states)
            if t + 1 < previous.shape[1]:
                true = previous[:, t + 1]
                with torch.no_grad():
                    own = self.output.log_probs(states[:, 0]).argmax(dim=1)  # (batch,)
                drawn = torch.empty(len(true), dtype=torch.float32, device=true.device)
                drawn.uniform_(generator=self.generator)
                token = torch.where(drawn < teaching, true, own)
        return torch.cat(found, dim=1)  # (batch, steps, size)
