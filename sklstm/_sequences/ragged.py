"""The one internal form of sequences: laid end to end, with their lengths."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from sklstm._sequences.tokens import Vocabulary


class Cut(NamedTuple):
    """What was cut off sequences as padding.

    Attributes
    ----------
    before : ndarray of shape (n_sequences,)
        Steps cut off in front of each.
    lengths : ndarray of shape (n_sequences,)
        How long each was.
    """

    before: np.ndarray
    lengths: np.ndarray


@dataclass(frozen=True)
class Ragged:
    """Ragged sequences laid end to end, or windows that share the rows of one series.

    Attributes
    ----------
    values : ndarray of shape (total_steps, n_features)
        Float values, or int32 token ids, of all sequences, one after the other.
    lengths : ndarray of shape (n_sequences,)
        Number of steps of each sequence.
    is_tokens : bool
        Whether `values` are token ids.
    width : int or None
        Number of columns of a 2-D input, which scikit-learn calls its features.
    vocabulary : Vocabulary or None
        The words behind the ids, where the input carried them.
    step_shape : tuple of int or None
        The shape of a step, where it is a matrix or several, (H, W) or (C, H, W); it is laid
        flat in `values`.
    starts : ndarray of shape (n_sequences,) or None
        Where each sequence begins in `values`, for windows that overlap. None: each begins
        where the one before it ends.
    cut : Cut or None
        What was cut off just now, as these sequences were read.
    """

    values: np.ndarray
    lengths: np.ndarray
    is_tokens: bool = False
    width: int | None = None
    vocabulary: Vocabulary | None = None
    step_shape: tuple[int, ...] | None = None
    starts: np.ndarray | None = None
    cut: Cut | None = None

    @cached_property
    def offsets(self) -> np.ndarray:
        """Index of the first step of each sequence in `values`."""
        if self.starts is not None:
            return self.starts
        return np.concatenate([[0], np.cumsum(self.lengths)[:-1]]).astype(np.int64)

    @property
    def n_features(self) -> int:
        """Numbers (or ids) per step."""
        return int(self.values.shape[1])

    @property
    def has_characters(self) -> bool:
        """Whether the ids of a step are a word's, and then those of its characters.

        A single column of such ids, taken out of them, is of words alone.
        """
        if not self.is_tokens or self.vocabulary is None or self.n_features == 1:
            return False
        return self.vocabulary.characters is not None

    @property
    def n_features_in(self) -> int:
        """What scikit-learn's ``n_features_in_`` is for this input."""
        return self.width if self.width is not None else self.n_features

    def __len__(self) -> int:
        return len(self.lengths)

    def __getitem__(self, index: int) -> np.ndarray:
        start = self.offsets[index]
        return self.values[start : start + self.lengths[index]]

    def take(self, indices: np.ndarray) -> Ragged:
        """Return the sequences at `indices`, in that order."""
        indices = np.arange(len(self))[indices]  # masks and negative indices too
        lengths = self.lengths[indices]
        if self.starts is not None:  # the windows taken still share their rows
            return replace(self, starts=self.starts[indices], lengths=lengths, cut=None)
        return self.with_rows(ranges(self.offsets[indices], lengths), lengths)

    def with_rows(self, rows: np.ndarray, lengths: np.ndarray) -> Ragged:
        """Return sequences of these `lengths`, whose steps are the `rows` of `values`."""
        return replace(self, values=self.values[rows], lengths=lengths, starts=None, cut=None)

    def sequence_of_step(self, step: int) -> tuple[int, int]:
        """Return the first sequence, and the step in it, that row `step` of `values` is in."""
        ends = self.offsets + self.lengths
        index = int(np.searchsorted(ends, step, side="right"))
        return index, int(step - self.offsets[index])


def ranges(starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Concatenate ``arange(start, start + length)`` for each pair, without a loop."""
    ends = np.cumsum(lengths)
    shift = np.repeat(starts - np.concatenate([[0], ends[:-1]]), lengths)
    return shift + np.arange(ends[-1] if len(ends) else 0)
