"""Words as vectors, from the word itself and from the characters it is spelled with."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from sklstm.nn.embedding import TokenEmbedding


class CharacterConvolution(nn.Module):
    """Read the characters of a word by filters, and keep the most that each finds [1]_.

    Zeros before and behind the word tell a filter where it begins and ends.

    Parameters
    ----------
    n_ids : int
        One past the largest id of a character; id 0 is padding.
    embedding_dim : int
        Length of the vector of a character.
    filters : int
        Filters, the numbers that come out for a word.
    kernel_size : int
        Characters that a filter sees.
    unknown_id : int, default=1
        The id that stands for every unknown one.

    References
    ----------
    .. [1] X. Ma, E. Hovy, "End-to-end Sequence Labeling via Bi-directional LSTM-CNNs-CRF",
       ACL 2016, section 2.1.
    """

    def __init__(
        self,
        n_ids: int,
        embedding_dim: int,
        filters: int,
        kernel_size: int,
        *,
        unknown_id: int = 1,
    ):
        super().__init__()
        bound = (3.0 / embedding_dim) ** 0.5  # variance 1 / embedding_dim, as in the paper
        weight = torch.empty(n_ids, embedding_dim).uniform_(-bound, bound)
        weight[[0, unknown_id]] = 0.0  # training may never meet an unknown one
        self.weight = nn.Parameter(weight)
        self.convolution = nn.Conv1d(embedding_dim, filters, kernel_size)
        nn.init.xavier_uniform_(self.convolution.weight)
        assert self.convolution.bias is not None  # Conv1d makes one unless told not to
        nn.init.zeros_(self.convolution.bias)
        self.kernel_size = kernel_size
        self.unknown_id = unknown_id
        self.output_size = filters

    def forward(self, ids: Tensor) -> Tensor:
        """Map ``(words, characters)`` ids, right-padded, to ``(words, filters)``."""
        longest = int((ids > 0).sum(dim=1).amax()) if len(ids) else 0
        ids = ids[:, : max(1, longest)]
        ids = torch.where(ids < len(self.weight), ids, self.unknown_id)
        vectors = functional.embedding(ids, self.weight, padding_idx=0)
        margin = self.kernel_size - 1
        padded = functional.pad(vectors.transpose(1, 2), (margin, margin))
        found = self.convolution(padded)  # (words, filters, characters + margin)
        # What lies further behind the end than any filter reaches depends on other words' lengths.
        own = (ids > 0).sum(dim=1)[:, None] + margin
        places = torch.arange(found.shape[2], device=ids.device)
        beyond = places >= own.clamp(min=1)
        return found.masked_fill(beyond[:, None], -torch.inf).amax(dim=2)

    def extra_repr(self) -> str:
        """Describe the module in torch's printed form."""
        n_ids, embedding_dim = self.weight.shape
        return f"{n_ids}, {embedding_dim}"


class WordCharacterEmbedding(nn.Module):
    """Join the vector of each word with what its characters say.

    Parameters
    ----------
    words : TokenEmbedding
        Looks the words up.
    characters : CharacterConvolution
        Reads how they are spelled.
    """

    def __init__(self, words: TokenEmbedding, characters: CharacterConvolution):
        super().__init__()
        self.words = words
        self.characters = characters
        self.output_size = words.weight.shape[1] + characters.output_size

    def forward(self, ids: Tensor) -> Tensor:
        """Map ``(batch, time, 1 + characters)`` ids to ``(batch, time, output_size)`` vectors."""
        spelled = ids[:, :, 1:].transpose(0, 1)  # (time, batch, characters), as it lies in memory
        # A word that comes more than once in a batch is read once.
        distinct, place = torch.unique(spelled.flatten(0, 1), dim=0, return_inverse=True)
        read = self.characters(distinct)[place].view(*spelled.shape[:2], -1)
        return torch.cat([self.words(ids[:, :, :1]), read.transpose(0, 1)], dim=2)
