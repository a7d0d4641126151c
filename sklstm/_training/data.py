"""Labelled sequences: one target each, or one for every step."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sklstm._sequences import Ragged, ranges


@dataclass(frozen=True)
class LabelledSequences:
    """Sequences with a target and a weight each, or one of both for each of their steps.

    Attributes
    ----------
    sequences : Ragged
        The inputs.
    targets : ndarray of shape (n,) or (n, n_outputs)
        Encoded for the loss: int64 class indices, or float32. With `per_step` one row for every
        step, sequence after sequence.
    weights : ndarray of shape (n,)
        Float32. They add up to the number of sequences.
    per_step : bool
        Whether every step has a target and a weight.
    """

    sequences: Ragged
    targets: np.ndarray
    weights: np.ndarray
    per_step: bool = False

    def __len__(self) -> int:
        return len(self.sequences)

    @cached_property
    def target_offsets(self) -> np.ndarray:
        """Where the targets of each sequence begin, with `per_step`."""
        return np.cumsum(self.sequences.lengths) - self.sequences.lengths

    def rows(self, indices: np.ndarray) -> np.ndarray:
        """Return where the targets and weights of the sequences at `indices` are."""
        if not self.per_step:
            return indices
        return ranges(self.target_offsets[indices], self.sequences.lengths[indices])

    def take(self, indices: np.ndarray) -> LabelledSequences:
        """Return the samples at `indices`, in that order."""
        rows = self.rows(indices)
        return LabelledSequences(
            self.sequences.take(indices), self.targets[rows], self.weights[rows], self.per_step
        )
