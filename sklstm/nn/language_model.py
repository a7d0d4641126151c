"""The network of a language model, its output layers and its loss."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from sklstm.nn.checks import (
    INTEGERS,
    check_lengths,
    check_tensor,
    not_negative,
    positive,
    rate,
    whole,
)
from sklstm.nn.dropout import RandomModule, VariationalDropout
from sklstm.nn.embedding import TokenEmbedding
from sklstm.nn.losses import StepTargets
from sklstm.nn.recurrent import RecurrentStack
from sklstm.nn.state import State, advance_ragged

# Ids that no token of a text has, and the id in whose place they count where they are met.
_NEVER, _UNKNOWN = (0, 2), 1


class TokenHead(nn.Module):
    """Base class of output layers that give the probabilities of the next token.

    The ids of padding and of the start of a text have a probability of zero. Where a text holds
    them all the same, they count as an unknown token.
    """

    def log_probs(self, states: Tensor) -> Tensor:
        """Map states of shape ``(n, size)`` to log-probabilities of shape ``(n, n_ids)``."""
        raise NotImplementedError

    def losses(self, states: Tensor, targets: Tensor) -> Tensor:
        """Return minus the log-probability of a target, ``(n,)``, for each of n states."""
        raise NotImplementedError


class SoftmaxHead(TokenHead):
    """A softmax over all tokens, whose weights may be those of the embedding.

    Parameters
    ----------
    size : int
        Number of features of the states.
    n_ids : int
        Number of token ids.
    tied : TokenEmbedding or None, default=None
        The embedding whose vectors are the weights of the output, too [1]_. States of another size
        are mapped to the size of the vectors by a linear layer first.

    References
    ----------
    .. [1] O. Press, L. Wolf, "Using the Output Embedding to Improve Language Models", EACL 2017,
       section 3; H. Inan, K. Khosravi, R. Socher, "Tying Word Vectors and Word Classifiers",
       ICLR 2017, section 3.

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn import SoftmaxHead
    >>> head = SoftmaxHead(8, n_ids=6)
    >>> p = head.log_probs(torch.randn(2, 8)).exp()
    >>> p.shape, bool(p[:, [0, 2]].eq(0).all())
    (torch.Size([2, 6]), True)
    """

    never: Tensor

    def __init__(self, size: int, n_ids: int, tied: TokenEmbedding | None = None):
        super().__init__()
        size, n_ids = whole("size", size), whole("n_ids", n_ids, 4)
        self.projection: nn.Linear | None = None
        if tied is None:
            self.weight = nn.Parameter(torch.empty(n_ids, size))
            nn.init.xavier_uniform_(self.weight)
        else:
            check_tensor("tied.weight", tied.weight, n_ids, "embedding_dim")
            self.weight = tied.weight
            if tied.weight.shape[1] != size:
                self.projection = nn.Linear(size, tied.weight.shape[1])
                nn.init.xavier_uniform_(self.projection.weight)
                nn.init.zeros_(self.projection.bias)
        self.bias = nn.Parameter(torch.zeros(n_ids))
        never = torch.zeros(n_ids)
        never[list(_NEVER)] = -torch.inf
        self.register_buffer("never", never, persistent=False)

    def _logits(self, states: Tensor) -> Tensor:
        if self.projection is not None:
            states = self.projection(states)
        return functional.linear(states, self.weight, self.bias + self.never)  # (n, n_ids)

    def log_probs(self, states: Tensor) -> Tensor:
        """Map states of shape ``(n, size)`` to log-probabilities of shape ``(n, n_ids)``."""
        check_tensor("states", states, "n", "size")
        return self._logits(states).log_softmax(dim=1)

    def losses(self, states: Tensor, targets: Tensor) -> Tensor:
        """Return minus the log-probability of a target, ``(n,)``, for each of n states."""
        targets = _countable(states, targets)
        return functional.cross_entropy(self._logits(states), targets, reduction="none")


class AdaptiveSoftmaxHead(TokenHead):
    """A softmax in which rare tokens share clusters with fewer weights [1]_.

    The most frequent tokens are in the head, together with one entry for each cluster of rarer
    ones. Only the rows whose target is in a cluster compute it, so that a step of training on
    30,000 words takes a fraction of the time of a full softmax.

    Parameters
    ----------
    size : int
        Number of features of the states.
    counts : Tensor of shape (n_ids,)
        How often each id occurs in the training data, by which ids are put into the head and the
        clusters.
    cutoffs : tuple of int
        Number of tokens in the head, then in the head and the first cluster, and so on. The last
        cluster takes the rest.
    div_value : float, default=4.0
        By this factor the states are made smaller from one cluster to the next.

    References
    ----------
    .. [1] E. Grave, A. Joulin, M. Cisse, D. Grangier, H. Jegou, "Efficient softmax approximation
       for GPUs", ICML 2017, section 4.

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn import AdaptiveSoftmaxHead
    >>> head = AdaptiveSoftmaxHead(16, torch.arange(100), cutoffs=(10, 40))
    >>> head.log_probs(torch.randn(2, 16)).exp().sum(dim=1)
    tensor([1.0000, 1.0000], grad_fn=<SumBackward1>)
    """

    order: Tensor
    rank: Tensor

    def __init__(self, size: int, counts: Tensor, cutoffs: tuple[int, ...], div_value: float = 4.0):
        super().__init__()
        check_tensor("counts", counts, "n_ids", dtypes=(*INTEGERS, torch.float32, torch.float64))
        n_ids = len(counts)
        order = torch.argsort(counts, descending=True, stable=True)
        order = order[~torch.isin(order, torch.tensor(_NEVER))]
        rank = torch.zeros(n_ids, dtype=torch.long)
        rank[order] = torch.arange(len(order))
        rank[list(_NEVER)] = rank[_UNKNOWN].clone()
        self.register_buffer("order", order)
        self.register_buffer("rank", rank)
        size, div_value = whole("size", size), positive("div_value", div_value)
        inside = [int(cutoff) for cutoff in cutoffs if cutoff < len(order)]
        if size < div_value:
            raise ValueError(f"size must be at least div_value={div_value}, got {size}.")
        # A cluster reads at least one feature.
        inside = [n for i, n in enumerate(inside, start=1) if size >= div_value**i]
        self.softmax = nn.AdaptiveLogSoftmaxWithLoss(
            size, len(order), inside, div_value=div_value, head_bias=True
        )

    def log_probs(self, states: Tensor) -> Tensor:
        """Map states of shape ``(n, size)`` to log-probabilities of shape ``(n, n_ids)``."""
        check_tensor("states", states, "n", "size")
        every = states.new_full((len(states), len(self.rank)), -torch.inf)
        return every.index_copy(1, self.order, self.softmax.log_prob(states))

    def losses(self, states: Tensor, targets: Tensor) -> Tensor:
        """Return minus the log-probability of a target, ``(n,)``, for each of n states."""
        check_tensor("states", states, "n", "size")
        losses: Tensor = -self.softmax(states, self.rank[targets]).output
        return losses


def _countable(states: Tensor, targets: Tensor) -> Tensor:
    """Return targets in which ids of probability zero count as unknown tokens."""
    check_tensor("states", states, "n", "size")
    check_tensor("targets", targets, len(states), dtypes=INTEGERS)
    never = (targets == _NEVER[0]) | (targets == _NEVER[1])
    return torch.where(never, _UNKNOWN, targets)


class LanguageModelOutputs(NamedTuple):
    """What the recurrent layers of a language model return.

    Attributes
    ----------
    states : Tensor of shape (batch, time, size)
        Hidden states of the last layer, after dropout.
    raw : Tensor of shape (batch, time, size)
        The same before dropout.
    """

    states: Tensor
    raw: Tensor


class LabelVectors(RandomModule):
    """A vector for each label of a text, which is added to the vectors of all of its tokens.

    Index 0 stands for a text without a label and has the zero vector. While training, a label
    is left out with probability `p`, so that the model also learns texts of any label.

    Parameters
    ----------
    n_labels : int
        Number of labels.
    size : int
        Size of the token vectors.
    p : float, default=0.1
        Probability that a label is left out.
    """

    def __init__(self, n_labels: int, size: int, p: float = 0.1):
        super().__init__()
        self.p = rate("p", p)
        self.weight = nn.Parameter(torch.empty(n_labels + 1, size).uniform_(-0.05, 0.05))
        with torch.no_grad():
            self.weight[0] = 0.0

    def forward(self, labels: Tensor) -> Tensor:
        """Map indices of shape ``(batch, time)`` to vectors of shape ``(batch, time, size)``."""
        if self.training and self.p > 0.0:
            kept = self.keep_mask((labels.shape[0], 1), self.p, self.weight) > 0
            labels = labels * kept
        return functional.embedding(labels, self.weight, padding_idx=0)


class LanguageModelNetwork(nn.Module):
    """The network of a language model: embedding, recurrent layers and an output layer.

    Parameters
    ----------
    embedding : TokenEmbedding
        Maps token ids to vectors.
    recurrent : RecurrentStack
        The recurrent layers, which read forward.
    output : SoftmaxHead or AdaptiveSoftmaxHead
        The output layer.
    input_dropout, output_dropout : float, default=0.0
        Rates of `VariationalDropout` before and after the recurrent layers.
    n_labels : int, default=0
        Number of labels of texts. If there are any, a step of the input holds the index of the
        label of its text, from 1, after the token id; 0 for none.

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn import LanguageModelNetwork, RecurrentStack, SoftmaxHead, TokenEmbedding
    >>> embedding = TokenEmbedding(n_ids=50, embedding_dim=8)
    >>> network = LanguageModelNetwork(
    ...     embedding, RecurrentStack(8, (16,)), SoftmaxHead(16, 50, tied=embedding)
    ... )
    >>> ids, lengths = torch.randint(4, 50, (2, 7, 1)), torch.tensor([7, 4])
    >>> outputs, state = network.forward_from(ids, lengths, network.initial_state(2))
    >>> outputs.states.shape
    torch.Size([2, 7, 16])
    """

    pooling = None  # as in `SequenceNetwork`: there is an output for every step

    def __init__(
        self,
        embedding: TokenEmbedding,
        recurrent: RecurrentStack,
        output: TokenHead,
        *,
        input_dropout: float = 0.0,
        output_dropout: float = 0.0,
        n_labels: int = 0,
    ):
        super().__init__()
        if recurrent.bidirectional:
            raise ValueError(
                "a language model predicts each token from those before it; recurrent must have "
                "bidirectional=False."
            )
        self.embedding = embedding
        self.labels: LabelVectors | None = None
        if whole("n_labels", n_labels, 0):
            self.labels = LabelVectors(n_labels, embedding.weight.shape[1])
        self.input_dropout = VariationalDropout(input_dropout)
        self.recurrent = recurrent
        self.output_dropout = VariationalDropout(output_dropout)
        self.output = output

    def state_sizes(self) -> list[tuple[str, int]]:
        """Return the name and size of each part of the state."""
        return self.recurrent.state_sizes()

    def initial_state(self, n_sequences: int) -> State:
        """Return the state before the first step."""
        n_sequences = whole("n_sequences", n_sequences, 0)
        like = next(self.parameters())
        return tuple(like.new_zeros(n_sequences, size) for _, size in self.state_sizes())

    def reset_pooling(self, state: State) -> State:
        """Return the state as it is: there is no pooling."""
        return state

    def read(self, inputs: Tensor) -> Tensor:
        """Return the vectors of token ids, ``(batch, time, size)``, with those of labels."""
        n_columns = 1 + (self.labels is not None)
        check_tensor("inputs", inputs, "batch", "time", n_columns, dtypes=INTEGERS)
        x: Tensor = self.embedding(inputs[:, :, :1])
        if self.labels is not None:
            x = x + self.labels(inputs[:, :, 1])
        return x

    def forward_from(
        self, inputs: Tensor, lengths: Tensor, state: State, *, exact: bool = True
    ) -> tuple[LanguageModelOutputs, State]:
        """Return the states of texts that continue from `state`, and the state after them.

        Parameters
        ----------
        inputs : Tensor of shape (batch, time, 1) or (batch, time, 2)
            Right-padded token ids; after them the indices of labels, if there are labels.
        lengths : Tensor of shape (batch,)
            Number of steps of each sequence.
        state : tuple of Tensor of shape (batch, hidden_size)
            The state before the first step.
        exact : bool, default=True
            Whether the state after the last step is right for all sequences, rather than for the
            longest ones only.

        Returns
        -------
        outputs : LanguageModelOutputs
            The states that `output` reads, with and without dropout.
        state : tuple of Tensor of shape (batch, hidden_size)
            The state after the last step.
        """
        check_lengths(lengths, *inputs.shape[:2])
        x = self.input_dropout(self.read(inputs))  # (batch, time, size)
        if exact:
            raw, state = advance_ragged(self.recurrent.advance, x, lengths, state)
        else:
            raw, state = self.recurrent.advance(x, state)
        return LanguageModelOutputs(self.output_dropout(raw), raw), state

    def forward(self, inputs: Tensor, lengths: Tensor) -> LanguageModelOutputs:
        """Return the states of whole texts; see `forward_from`."""
        begun = self.initial_state(len(inputs))
        return self.forward_from(inputs, lengths, begun, exact=False)[0]

    def forward_in_chunks(
        self, inputs: Tensor, lengths: Tensor, chunk_length: int
    ) -> LanguageModelOutputs:
        """Return what `forward` returns: batches that are this long are cut beforehand."""
        return self(inputs, lengths)


class NextTokenLoss(nn.Module):
    """The weighted cross-entropy of the next token, with the activation penalties of AWD-LSTM [1]_.

    Weights count as in `StepLoss`. The penalties are added in training mode only: `activation`
    times the mean square of the states after dropout, and `temporal` times the mean square of the
    change of the states from step to step.

    Parameters
    ----------
    output : SoftmaxHead or AdaptiveSoftmaxHead
        The output layer. It belongs to the network, which holds its parameters; the loss does not
        register them again.
    activation, temporal : float, default=0.0
        Factors of the penalties.

    References
    ----------
    .. [1] S. Merity, B. McCann, R. Socher, "Revisiting Activation Regularization for Language
       RNNs", arXiv:1708.01009, 2017, section 2.

    Examples
    --------
    A model that knows nothing gives each of four tokens that can follow the same probability:

    >>> import torch
    >>> from sklstm.nn import NextTokenLoss, SoftmaxHead
    >>> from sklstm.nn.language_model import LanguageModelOutputs
    >>> from sklstm.nn.losses import StepTargets
    >>> target = StepTargets(
    ...     expected=torch.tensor([[4, 5, 3]]), weights=torch.ones(1, 3) / 3,
    ...     mask=torch.ones(1, 3, dtype=torch.bool), previous=torch.tensor([-1]),
    ...     ends=torch.tensor([True]),
    ... )
    >>> zeros = torch.zeros(1, 3, 8)
    >>> loss = NextTokenLoss(SoftmaxHead(8, n_ids=6))
    >>> loss(LanguageModelOutputs(zeros, zeros), target).exp().detach()
    tensor(4.)
    """

    def __init__(self, output: TokenHead, *, activation: float = 0.0, temporal: float = 0.0):
        super().__init__()
        self._output = [output]  # in a list, so that torch does not register it as a submodule
        self.activation = not_negative("activation", activation)
        self.temporal = not_negative("temporal", temporal)

    def forward(self, prediction: LanguageModelOutputs, target: StepTargets) -> Tensor:
        """Return the loss of a batch, a scalar.

        Parameters
        ----------
        prediction : LanguageModelOutputs
            States of shape (batch, time, size).
        target : StepTargets
            The next token, and the weight, of every step.

        Returns
        -------
        Tensor of shape ()
        """
        states, raw = prediction
        check_tensor("states", states, *target.expected.shape, "size")
        mask = target.mask
        losses = self._output[0].losses(states[mask], target.expected[mask])  # (steps,)
        loss = (losses * target.weights[mask]).sum() / len(states)
        if self.training and self.activation:
            loss = loss + self.activation * states[mask].square().mean()
        if self.training and self.temporal and raw.shape[1] > 1:
            change = (raw[:, 1:] - raw[:, :-1])[mask[:, 1:]]  # (steps, size)
            if len(change):
                loss = loss + self.temporal * change.square().mean()
        return loss

    def rows(self, prediction: LanguageModelOutputs, target: StepTargets) -> tuple[Tensor, ...]:
        """Return states, next tokens and weights with one row for each step."""
        mask = target.mask
        return prediction.states[mask], target.expected[mask], target.weights[mask]
