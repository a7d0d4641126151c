"""Embeddings: vectors for token ids, and for words together with their characters."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from sklstm.nn.checks import INTEGERS, check_tensor, flag, named_range, rate, whole
from sklstm.nn.convolution import CharacterConvolution
from sklstm.nn.dropout import RandomModule, RareDropout


class _ExtraVectors(NamedTuple):
    """Vectors of ids from `first_id` on, which a `TokenEmbedding` does not have."""

    first_id: int
    vectors: Tensor  # (n_words, embedding_dim)

    def fit(self, weight: Tensor) -> bool:
        """Return True if the vectors continue a table of vectors."""
        return weight.shape == (self.first_id, self.vectors.shape[1])

    def put(self, vectors: Tensor, ids: Tensor) -> Tensor:
        """Return the vectors of ids with these in place of those of an unknown token."""
        rows = ids - self.first_id
        is_extra = (rows >= 0) & (rows < len(self.vectors))
        own = self.vectors.to(vectors)[rows[is_extra]]  # (n, embedding_dim)
        return vectors.index_put((is_extra,), own)


# Of the thread: another one that predicts with the same module has vectors of its own.
_extra_vectors: ContextVar[_ExtraVectors | None] = ContextVar("extra_vectors", default=None)


@contextmanager
def extra_vectors(first_id: int, vectors: Tensor) -> Iterator[None]:
    """Give ids that a `TokenEmbedding` does not have a vector, within the body and this thread.

    Parameters
    ----------
    first_id : int
        The id of the first vector. Only embeddings with so many ids read the vectors.
    vectors : Tensor of shape (n_words, embedding_dim)
        The vectors, which are not trained.

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn import TokenEmbedding
    >>> from sklstm.nn.embedding import extra_vectors
    >>> embedding = TokenEmbedding(n_ids=100, embedding_dim=2)
    >>> with extra_vectors(100, torch.tensor([[3.0, 4.0]])):
    ...     embedding(torch.tensor([[[100]]]))
    tensor([[[3., 4.]]], grad_fn=<TransposeBackward0>)
    """
    token = _extra_vectors.set(_ExtraVectors(first_id, vectors))
    try:
        yield
    finally:
        _extra_vectors.reset(token)


class TokenEmbedding(RandomModule):
    """Trainable vectors for token ids; id 0, padding, has the zero vector.

    Parameters
    ----------
    n_ids : int
        Number of token ids. Ids of `n_ids` and above are read as `unknown_id`, unless
        `extra_vectors` gives them a vector.
    embedding_dim : int
        Size of the vectors.
    weight : Tensor of shape (n_ids, embedding_dim) or None, default=None
        Initial vectors. None draws them uniformly from [-0.05, 0.05], as Keras does.
    freeze : bool, default=False
        Whether to exclude the vectors from training.
    dropout : float, default=0.0
        Word dropout rate: the probability that a word's vector is set to zero everywhere in a
        training batch [1]_.
    unknown_id : int, default=1
        Id of unknown tokens.
    rare_dropout : float, default=0.0
        The number a with which each occurrence of a word that occurs c times in the training data
        is read as `unknown_id` while training, with probability ``a / (a + c)`` [2]_: this trains
        the vector of unknown words. Without effect where `counts` is None or the vectors are
        frozen.
    counts : Tensor of shape (n_ids,) or None, default=None
        How often each id occurs in the training data; those with a count of 0 are never replaced.
        Only training needs them: they are not part of the state dict.
    average : bool, default=False
        Whether the vectors of the k ids of a step are averaged, rather than concatenated. Padding
        does not count, and a step of padding alone has the zero vector.

    References
    ----------
    .. [1] S. Merity, N. S. Keskar, R. Socher, "Regularizing and Optimizing LSTM Language
       Models", ICLR 2018, section 4.3.
    .. [2] E. Kiperwasser, Y. Goldberg, "Simple and Accurate Dependency Parsing Using
       Bidirectional LSTM Feature Representations", TACL 4, 2016, section 4.3.

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn import TokenEmbedding
    >>> embedding = TokenEmbedding(n_ids=100, embedding_dim=8)
    >>> ids = torch.tensor([[[7], [42], [3]], [[7], [0], [0]]])  # (batch, time, 1)
    >>> embedding(ids).shape
    torch.Size([2, 3, 8])

    Steps that are bags of words, of three and of one:

    >>> bags = torch.tensor([[[7, 42, 3], [9, 0, 0]]])  # (batch, time, k)
    >>> TokenEmbedding(n_ids=100, embedding_dim=8, average=True)(bags).shape
    torch.Size([1, 2, 8])
    """

    def __init__(
        self,
        n_ids: int,
        embedding_dim: int,
        *,
        weight: Tensor | None = None,
        freeze: bool = False,
        dropout: float = 0.0,
        unknown_id: int = 1,
        rare_dropout: float = 0.0,
        counts: Tensor | None = None,
        average: bool = False,
    ):
        super().__init__()
        self.average = flag("average", average)
        n_ids, embedding_dim = whole("n_ids", n_ids, 2), whole("embedding_dim", embedding_dim)
        self.dropout = rate("dropout", dropout)
        self.unknown_id = whole("unknown_id", unknown_id, 0)
        if unknown_id >= n_ids:
            raise ValueError(f"unknown_id must be below n_ids={n_ids}, got {unknown_id}.")
        if weight is not None:
            check_tensor("weight", weight, n_ids, embedding_dim)
        else:
            weight = torch.empty(n_ids, embedding_dim).uniform_(-0.05, 0.05)
        weight = weight.clone()
        weight[0] = 0.0
        self.weight = nn.Parameter(weight, requires_grad=not flag("freeze", freeze))
        self.rare = RareDropout(n_ids, rare_dropout, self.unknown_id)
        self.set_counts(counts)

    def freeze(self, frozen: bool) -> None:
        """Exclude the vectors from training, or include them again."""
        self.weight.requires_grad_(not frozen)

    def set_counts(self, counts: Tensor | None) -> None:
        """Set how often each id occurs in the training data, or None."""
        self.rare.set_counts(counts)

    def forward(self, ids: Tensor) -> Tensor:
        """Map ids of shape ``(batch, time, k)`` to ``(batch, time, k * embedding_dim)``.

        With `average` to ``(batch, time, embedding_dim)``.
        """
        check_tensor("ids", ids, "batch", "time", "k", dtypes=INTEGERS)
        given = ids
        n_ids = self.weight.shape[0]
        ids = ids.transpose(0, 1)  # (time, batch, k): contiguous, as batches are time-major
        ids = torch.where(ids < n_ids, ids, self.unknown_id)
        with named_range("ids", given, 0):
            if self.training and self.weight.requires_grad:
                ids = self.rare(ids)
            vectors = functional.embedding(ids, self.weight, padding_idx=0)
        extra = _extra_vectors.get()
        if extra is not None and extra.fit(self.weight):
            vectors = extra.put(vectors, given.transpose(0, 1))
        if self.training and self.dropout > 0.0:
            mask = self.keep_mask((n_ids,), self.dropout, self.weight)
            vectors = vectors * mask[ids].unsqueeze(-1)  # (time, batch, k, embedding_dim)
        if self.average:  # the vectors of padding are zero
            counts = (ids != 0).sum(dim=2, keepdim=True).clamp_min(1)  # (time, batch, 1)
            return (vectors.sum(dim=2) / counts).transpose(0, 1)  # (batch, time, embedding_dim)
        return vectors.flatten(2).transpose(0, 1)  # (batch, time, k * embedding_dim)

    def extra_repr(self) -> str:
        """Return the sizes that torch shows in the printed form of the module."""
        n_ids, embedding_dim = self.weight.shape
        return f"{n_ids}, {embedding_dim}, dropout={self.dropout}"


class WordCharacterEmbedding(nn.Module):
    """The embedding of each word, concatenated with a vector computed from its characters.

    Parameters
    ----------
    words : TokenEmbedding
        Embeds the word ids.
    characters : CharacterConvolution
        Computes a vector from the character ids of each word.

    Attributes
    ----------
    output_size : int
        Size of the concatenated vectors.

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn import CharacterConvolution, TokenEmbedding, WordCharacterEmbedding
    >>> words = TokenEmbedding(n_ids=100, embedding_dim=8)
    >>> characters = CharacterConvolution(n_ids=30, embedding_dim=4, filters=16, kernel_size=3)
    >>> embedding = WordCharacterEmbedding(words, characters)
    >>> ids = torch.tensor([[[42, 5, 3, 22], [7, 9, 0, 0]]])  # each word, then its characters
    >>> embedding(ids).shape
    torch.Size([1, 2, 24])
    """

    def __init__(self, words: TokenEmbedding, characters: CharacterConvolution):
        super().__init__()
        self.words = words
        self.characters = characters
        self.output_size = words.weight.shape[1] + characters.output_size

    def forward(self, ids: Tensor) -> Tensor:
        """Map ids of shape ``(batch, time, 1 + characters)`` to ``(batch, time, output_size)``."""
        check_tensor("ids", ids, "batch", "time", "1 + characters", dtypes=INTEGERS)
        if ids.shape[2] < 2:
            raise ValueError(
                f"ids has shape {tuple(ids.shape)}, but each step must hold a word and the "
                "characters it is spelled with."
            )
        spelled = ids[:, :, 1:].transpose(0, 1)  # (time, batch, characters), contiguous
        # A word that occurs several times in a batch is convolved once.
        distinct, place = torch.unique(spelled.flatten(0, 1), dim=0, return_inverse=True)
        read = self.characters(distinct)[place]  # (time * batch, filters)
        read = read.view(*spelled.shape[:2], -1)  # (time, batch, filters)
        return torch.cat([self.words(ids[:, :, :1]), read.transpose(0, 1)], dim=2)
