"""Linear models beside the network: of the words of a text, or of all values of a series."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from sklstm.nn.checks import INTEGERS, check_lengths, check_tensor, whole
from sklstm.nn.padding import step_mask
from sklstm.nn.standardization import standardized

# What the outputs of a linear model mean: log-odds of each, scores of classes that exclude each
# other, or numbers.
LinearKind = Literal["sigmoid", "softmax", "numbers"]

# Ids up to this one are padding and the unknown word, which are not counted.
_LAST_UNCOUNTED = 1


def count_cells(
    rows: Tensor, ids: Tensor, pairs: Tensor, n_ids: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Count the words, and the pairs of neighbouring words, of each text.

    Parameters
    ----------
    rows : Tensor of shape (n_steps,)
        The text that each word is of; the words of a text are consecutive, in their order.
    ids : Tensor of shape (n_steps,)
        The token ids. Padding and unknown words are not counted, nor pairs with one of them.
    pairs : Tensor of shape (n_pairs,)
        The pairs that are counted, as ``first * n_ids + second``, sorted.
    n_ids : int
        Number of token ids.

    Returns
    -------
    rows, features, counts : Tensor of shape (n_cells,)
        For every text and feature that occurs in it, sorted by text: the number of times it does.
        The feature of a word is its id, that of a pair ``n_ids`` plus its place in `pairs`.
    """
    n_features, ids = n_ids + len(pairs), ids.long()  # as the numbers of pairs are large
    known = (ids > _LAST_UNCOUNTED) & (ids < n_ids)
    cells = [(rows * n_features + ids)[known]]
    if len(pairs) and len(ids) > 1:
        adjacent = known[:-1] & known[1:] & (rows[:-1] == rows[1:])
        keys = (ids[:-1] * n_ids + ids[1:])[adjacent]
        places = torch.searchsorted(pairs, keys).clamp(max=len(pairs) - 1)
        counted = pairs[places] == keys
        owners = rows[:-1][adjacent][counted]
        cells.append(owners * n_features + n_ids + places[counted])
    distinct, counts = torch.unique(torch.cat(cells), return_counts=True)
    row = torch.div(distinct, n_features, rounding_mode="floor")
    return row, distinct - row * n_features, counts


def weigh_counts(
    rows: Tensor, features: Tensor, counts: Tensor, idf: Tensor, n_rows: int
) -> Tensor:
    """Return TF-IDF, with the logarithm of counts, every text scaled to length 1."""
    values = (1.0 + counts.to(idf.dtype).log()) * idf[features]  # (n_cells,)
    squares = values.new_zeros(n_rows).index_add(0, rows, values * values)
    return values / squares.sqrt()[rows]


class LinearPath(nn.Module):
    """A linear model of the input whose outputs are added to those of the network.

    Parameters
    ----------
    n_features, n_outputs : int
        Number of features of the linear model, and of outputs.

    Attributes
    ----------
    weight : Parameter of shape (n_features, n_outputs)
        The coefficients; zero at first.
    bias : Parameter of shape (n_outputs,)
        The intercepts; zero at first.
    shares : Parameter of shape (2,)
        What the outputs of the network and those of the linear model are multiplied by.
    """

    def __init__(self, n_features: int, n_outputs: int):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(whole("n_features", n_features), n_outputs))
        self.bias = nn.Parameter(torch.zeros(whole("n_outputs", n_outputs)))
        self.shares = nn.Parameter(torch.ones(2))

    def forward(self, outputs: Tensor, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return the network's `outputs` and those of the linear model, weighted and added.

        Parameters
        ----------
        outputs : Tensor of shape (batch, n_outputs)
            Outputs of the network.
        inputs : Tensor of shape (batch, time, features)
            What the network has read.
        lengths : Tensor of shape (batch,)
            Number of steps of each sequence.

        Returns
        -------
        Tensor of shape (batch, n_outputs)
        """
        return self.shares[0] * outputs + self.shares[1] * self.linear(inputs, lengths)

    def linear(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return the outputs of the linear model alone, ``(batch, n_outputs)``."""
        raise NotImplementedError

    def contributions(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return what each step and feature adds to the outputs of `linear`.

        Parameters
        ----------
        inputs : Tensor of shape (batch, time, features)
            What the network has read.
        lengths : Tensor of shape (batch,)
            Number of steps of each sequence.

        Returns
        -------
        Tensor of shape (batch, time, features, n_outputs)
            Their sum and the bias are what `linear` returns.
        """
        raise NotImplementedError


class CountPath(LinearPath):
    """A linear model of the words of a text and its pairs of neighbouring words, by TF-IDF.

    Parameters
    ----------
    pairs : Tensor of shape (n_pairs,), int64
        The pairs of words that are counted; see `count_cells`.
    idf : Tensor of shape (n_ids + n_pairs,)
        Inverse document frequencies.
    n_outputs : int
        Number of outputs.

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn import CountPath
    >>> path = CountPath(torch.tensor([4 * 6 + 5]), torch.ones(7), 1)  # ids below 6, a pair
    >>> with torch.no_grad():
    ...     _ = path.weight.copy_(torch.tensor([[0.0], [0], [0], [0], [1], [2], [4]]))
    >>> ids = torch.tensor([[[4], [5]], [[5], [4]]])  # (batch, time, 1)
    >>> path.linear(ids, torch.tensor([2, 2])).squeeze(1)
    tensor([4.0415, 2.1213], grad_fn=<SqueezeBackward1>)
    """

    pairs: Tensor
    idf: Tensor

    def __init__(self, pairs: Tensor, idf: Tensor, n_outputs: int):
        super().__init__(len(idf), n_outputs)
        self.n_ids = len(idf) - len(pairs)
        self.register_buffer("pairs", pairs.to(self.weight.device))
        self.register_buffer("idf", idf.to(self.weight))

    def linear(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return the outputs of the linear model alone, ``(batch, n_outputs)``."""
        rows, features, values, _ = self._cells(inputs, lengths)
        parts = self.weight[features] * values[:, None]  # (n_cells, n_outputs)
        outputs = self.bias.expand(len(inputs), -1)
        return outputs.index_add(0, rows, parts)  # (batch, n_outputs)

    def contributions(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return what each word adds to the outputs, ``(batch, time, 1, n_outputs)``.

        Occurrences of a word or pair share what it adds equally, as do the two words of a pair.
        """
        rows, features, values, counts = self._cells(inputs, lengths)
        n_features, n_steps = len(self.weight), inputs.shape[1]
        cells = rows * n_features + features  # sorted
        of_one = self.weight[features] * (values / counts)[:, None]  # (n_cells, n_outputs)
        ids = inputs[:, :, 0].long()
        known = step_mask(lengths, n_steps)[:, :, 0] & (ids > _LAST_UNCOUNTED) & (ids < self.n_ids)
        result = of_one.new_zeros(*ids.shape, of_one.shape[1])  # (batch, time, n_outputs)
        row, step = torch.nonzero(known, as_tuple=True)
        at = torch.searchsorted(cells, row * n_features + ids[known])
        result[row, step] += of_one[at]
        if len(self.pairs) and n_steps > 1:
            row, step = torch.nonzero(known[:, :-1] & known[:, 1:], as_tuple=True)
            keys = ids[row, step] * self.n_ids + ids[row, step + 1]
            places = torch.searchsorted(self.pairs, keys).clamp(max=len(self.pairs) - 1)
            counted = self.pairs[places] == keys
            row, step, places = row[counted], step[counted], places[counted]
            at = torch.searchsorted(cells, row * n_features + self.n_ids + places)
            result[row, step] += of_one[at] / 2
            result[row, step + 1] += of_one[at] / 2
        return result[:, :, None]

    def _cells(self, inputs: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return rows, features, TF-IDF and counts of what is counted in each text."""
        check_tensor("inputs", inputs, "batch", "time", 1, dtypes=INTEGERS)
        check_lengths(lengths, *inputs.shape[:2])
        within = step_mask(lengths, inputs.shape[1])[:, :, 0]  # (batch, time)
        rows = torch.nonzero(within)[:, 0]
        rows, features, counts = count_cells(rows, inputs[:, :, 0][within], self.pairs, self.n_ids)
        values = weigh_counts(rows, features, counts, self.idf, len(inputs))
        return rows, features, values, counts


class StepPath(LinearPath):
    """A linear model of all values of a series, for series of one length.

    Steps that a series lacks count as average ones, and further steps are not read.

    Parameters
    ----------
    mean, scale : Tensor of shape (time, features)
        What every value is centred by and divided by.
    n_outputs : int
        Number of outputs.

    Examples
    --------
    >>> import torch
    >>> from sklstm.nn import StepPath
    >>> path = StepPath(torch.zeros(3, 1), torch.ones(3, 1), n_outputs=1)
    >>> with torch.no_grad():
    ...     _ = path.weight.copy_(torch.tensor([[1.0], [10.0], [100.0]]))
    >>> x = torch.tensor([[[1.0], [2.0], [3.0]], [[4.0], [5.0], [0.0]]])  # (batch, time, 1)
    >>> path.linear(x, torch.tensor([3, 2])).squeeze(1)
    tensor([321.,  54.], grad_fn=<SqueezeBackward1>)
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, mean: Tensor, scale: Tensor, n_outputs: int):
        super().__init__(mean.numel(), n_outputs)
        self.register_buffer("mean", mean.to(self.weight))
        self.register_buffer("scale", scale.to(self.weight))

    def linear(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return the outputs of the linear model alone, ``(batch, n_outputs)``."""
        scaled = self._scaled(inputs, lengths).flatten(1)  # (batch, time * features)
        return scaled @ self.weight[: scaled.shape[1]] + self.bias

    def contributions(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return what each value adds to the outputs, ``(batch, time, features, n_outputs)``."""
        scaled = self._scaled(inputs, lengths)  # (batch, time, features)
        weight = self.weight.view(*self.mean.shape, -1)[: scaled.shape[1]]
        result = scaled[..., None] * weight
        unread = inputs.shape[1] - scaled.shape[1]
        return functional.pad(result, (0, 0, 0, 0, 0, unread))

    def _scaled(self, inputs: Tensor, lengths: Tensor) -> Tensor:
        """Return the standardised values of the steps that are read, zero at padding."""
        check_tensor("inputs", inputs, "batch", "time", self.mean.shape[1])
        check_lengths(lengths, *inputs.shape[:2])
        n_steps = min(inputs.shape[1], len(self.mean))
        scaled = standardized(inputs[:, :n_steps], self.mean[:n_steps], self.scale[:n_steps])
        return scaled.masked_fill(~step_mask(lengths, n_steps), 0.0)  # (batch, time, features)
