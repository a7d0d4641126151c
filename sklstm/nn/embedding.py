"""Vectors for token ids."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from sklstm.nn.dropout import RandomModule


class TokenEmbedding(RandomModule):
    """Look up a trained vector for every id; id 0, padding, is the zero vector.

    Parameters
    ----------
    n_ids : int
        Rows of the table. Ids at or past it are read as `unknown_id`.
    embedding_dim : int
        Length of a vector.
    weight : Tensor of shape (n_ids, embedding_dim) or None, default=None
        Vectors to start from; drawn uniformly from [-0.05, 0.05] when None, as in Keras.
    freeze : bool, default=False
        Keep the vectors as they are in training.
    dropout : float, default=0.0
        Probability that a word is left out of a whole training batch [1]_.
    unknown_id : int, default=1
        The id that stands for every unknown one.

    References
    ----------
    .. [1] S. Merity, N. S. Keskar, R. Socher, "Regularizing and Optimizing LSTM Language
       Models", ICLR 2018, section 4.3.
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
    ):
        super().__init__()
        if weight is None:
            weight = torch.empty(n_ids, embedding_dim).uniform_(-0.05, 0.05)
        weight = weight.clone()
        weight[0] = 0.0
        self.weight = nn.Parameter(weight, requires_grad=not freeze)
        self.dropout = dropout
        self.unknown_id = unknown_id

    def forward(self, ids: Tensor) -> Tensor:
        """Map ``(batch, time, k)`` ids to ``(batch, time, k * embedding_dim)`` vectors."""
        n_ids = self.weight.shape[0]
        ids = ids.transpose(0, 1)  # (time, batch, k): contiguous as batches are laid out
        ids = torch.where(ids < n_ids, ids, self.unknown_id)
        vectors = functional.embedding(ids, self.weight, padding_idx=0)
        if self.training and self.dropout > 0.0:
            mask = self.keep_mask((n_ids,), self.dropout, self.weight)
            vectors = vectors * mask[ids].unsqueeze(-1)
        return vectors.flatten(2).transpose(0, 1)  # (batch, time, k * embedding_dim)

    def extra_repr(self) -> str:
        """Describe the module in torch's printed form."""
        n_ids, embedding_dim = self.weight.shape
        return f"{n_ids}, {embedding_dim}, dropout={self.dropout}"
