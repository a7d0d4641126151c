"""Sequences of any lengths in one array, and all that is computed on that layout.

The functions take ``flat``, the steps of all sequences concatenated along axis 0, and
``lengths``, the number of steps of each sequence. None of them loops over steps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from sklstm._sequences.arrays import object_array
from sklstm._sequences.tokens import Vocabulary


def offsets(lengths: np.ndarray) -> np.ndarray:
    """Return the index of the first step of each sequence."""
    starts: np.ndarray = np.cumsum(lengths) - lengths
    return starts


def ranges(starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Concatenate ``arange(start, start + length)`` of each sequence."""
    return np.repeat(starts, lengths) + positions(lengths)


def positions(lengths: np.ndarray) -> np.ndarray:
    """Return the position of every step within its sequence, from 0."""
    place: np.ndarray = np.arange(lengths.sum()) - np.repeat(offsets(lengths), lengths)
    return place


def sequence_ids(lengths: np.ndarray) -> np.ndarray:
    """Return the index of the sequence that every step belongs to."""
    return np.repeat(np.arange(len(lengths)), lengths)


def locate(row: int, lengths: np.ndarray, starts: np.ndarray | None = None) -> tuple[int, int]:
    """Return which sequence, and which of its steps, a row of the flat array is.

    Parameters
    ----------
    row : int
        Index into the flat array.
    lengths : ndarray of shape (n_sequences,)
        Number of steps of each sequence.
    starts : ndarray of shape (n_sequences,), default=None
        First row of each sequence, where sequences overlap; of those that share the row, the
        first one is returned. None: each starts where the previous one ends.
    """
    starts = offsets(lengths) if starts is None else starts
    index = int(np.searchsorted(starts + lengths, row, side="right"))
    return index, int(row - starts[index])


def split(flat: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Return an object array with the steps of each sequence.

    It has one dimension even if all lengths are equal, so that the results of several calls can
    be concatenated.
    """
    starts = offsets(lengths).tolist()
    ends = np.cumsum(lengths).tolist()
    return object_array(flat[start:end] for start, end in zip(starts, ends, strict=True))


_Keep = Callable[[np.ndarray, np.ndarray, int], np.ndarray]


def _keep_both_ends(position: np.ndarray, length: np.ndarray, limit: int) -> np.ndarray:
    head = limit // 2  # an odd step goes to the tail, as texts often end with their verdict
    return (position < head) | (position >= length - (limit - head))


_KEEP: dict[str, _Keep] = {
    "pre": lambda position, length, limit: position >= length - limit,
    "post": lambda position, length, limit: position < limit,
    "middle": _keep_both_ends,
}


def truncate(
    flat: np.ndarray, lengths: np.ndarray, limit: int, side: str
) -> tuple[np.ndarray, np.ndarray]:
    """Cut every sequence to at most `limit` steps, at `side`: "pre", "post" or "middle"."""
    if lengths.max(initial=0) <= limit:
        return flat, lengths
    keep = _KEEP[side](positions(lengths), np.repeat(lengths, lengths), limit)
    return flat[keep], np.minimum(lengths, limit)


def _cells(lengths: np.ndarray, width: int, side: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the row and the column of every step in a padded array of `width` columns."""
    columns = positions(lengths)
    if side == "pre":
        columns += np.repeat(width - lengths, lengths)
    return sequence_ids(lengths), columns


def fill(flat: np.ndarray, lengths: np.ndarray, width: int, side: str, value: float) -> np.ndarray:
    """Return an array (n, width, ...), padded with `value` before ("pre") or after the steps."""
    out = np.full((len(lengths), width, *flat.shape[1:]), value, dtype=flat.dtype)
    out[_cells(lengths, width, side)] = flat
    return out


def unfill(padded: np.ndarray, lengths: np.ndarray, side: str) -> np.ndarray:
    """Undo `fill`: return the flat array of the steps that are not padding."""
    steps: np.ndarray = padded[_cells(lengths, padded.shape[1], side)]
    return steps


class Cut(NamedTuple):
    """What was cut off sequences as padding.

    Attributes
    ----------
    before : ndarray of shape (n_sequences,)
        Number of steps cut off at the start of each sequence.
    lengths : ndarray of shape (n_sequences,)
        Number of steps of each sequence before the cut.
    """

    before: np.ndarray
    lengths: np.ndarray


@dataclass(frozen=True)
class UnknownWords:
    """The words at the steps that have the id of an unknown word.

    Attributes
    ----------
    words : list of str
        The words.
    at : ndarray of int of shape (total_steps,)
        The index of its word for every step; -1 for known words, and where it is not known.
    """

    words: list[str]
    at: np.ndarray

    def with_rows(self, rows: np.ndarray) -> UnknownWords:
        """Return the words of other steps."""
        return replace(self, at=self.at[rows])


@dataclass(frozen=True)
class ExtraVectors:
    """Vectors of words that an embedding has no id for; their ids follow those that it has.

    Attributes
    ----------
    first_id : int
        The id of the first of them.
    words : list of str
        The words.
    vectors : ndarray of shape (n_words, embedding_dim), float32
        Their vectors.
    """

    first_id: int
    words: list[str]
    vectors: np.ndarray


@dataclass(frozen=True)
class OriginalForm:
    """The form that sequences had in X.

    Attributes
    ----------
    is_rectangle : bool
        Whether X was one array of shape (n, T) or (n, T, ...), or nested lists that numpy reads
        as one; otherwise separate sequences, even if all have the same length.
    steps_are_numbers : bool
        Whether a sequence had shape (T_i,), a number for each step, rather than (T_i, F).
    """

    is_rectangle: bool = False
    steps_are_numbers: bool = False

    def restore(self, flat: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        """Return sequences in this form; as an object array if their lengths differ.

        Parameters
        ----------
        flat : ndarray of shape (total_steps, F)
            The steps of all sequences.
        lengths : ndarray of shape (n_sequences,)
            Number of steps of each sequence.
        """
        if self.steps_are_numbers:
            flat = flat[:, 0]
        if self.is_rectangle and (lengths == lengths[0]).all():
            rectangle: np.ndarray = flat.reshape(len(lengths), -1, *flat.shape[1:])
            return rectangle
        return split(flat, lengths)


@dataclass(frozen=True)
class Ragged:
    """Sequences in one array, or windows that share the rows of one series.

    Attributes
    ----------
    values : ndarray of shape (total_steps, n_features)
        Float values, or int32 token ids, of the concatenated sequences.
    lengths : ndarray of shape (n_sequences,)
        Number of steps of each sequence.
    is_tokens : bool
        Whether `values` are token ids.
    width : int or None
        Number of columns of a 2-D input, which scikit-learn calls its features.
    vocabulary : Vocabulary or None
        The words of the token ids, if X had them.
    step_shape : tuple of int or None
        Shape of a step that is a matrix or several, (H, W) or (C, H, W); flattened in `values`.
    starts : ndarray of shape (n_sequences,) or None
        First row of each sequence in `values`, for windows that overlap. None: each sequence
        starts where the previous one ends.
    cut : Cut or None
        What was cut off as padding when these sequences were read.
    form : OriginalForm
        The form that they had in X.
    columns : tuple or None
        The names of the features of a step, if sequences were data frames.
    unknown : UnknownWords or None
        The words behind ids of unknown words, if X had some.
    extra : ExtraVectors or None
        The vectors of ids that the embedding does not have.
    """

    values: np.ndarray
    lengths: np.ndarray
    is_tokens: bool = False
    width: int | None = None
    vocabulary: Vocabulary | None = None
    step_shape: tuple[int, ...] | None = None
    starts: np.ndarray | None = None
    cut: Cut | None = None
    form: OriginalForm = OriginalForm()
    columns: tuple[Any, ...] | None = None
    unknown: UnknownWords | None = None
    extra: ExtraVectors | None = None

    @cached_property
    def offsets(self) -> np.ndarray:
        """Index of the first step of each sequence in `values`."""
        return offsets(self.lengths) if self.starts is None else self.starts

    @property
    def n_features(self) -> int:
        """Number of features, or of token ids, per step."""
        return int(self.values.shape[1])

    @property
    def has_characters(self) -> bool:
        """Whether each step holds the id of a word, then the ids of its characters.

        A single column taken out of them holds the ids of words only.
        """
        if not self.is_tokens or self.vocabulary is None or self.n_features == 1:
            return False
        return self.vocabulary.characters is not None

    @property
    def has_bags(self) -> bool:
        """Whether each step holds a bag of words, whose number says nothing about the form of X."""
        return self.is_tokens and self.vocabulary is not None and self.vocabulary.bags

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
        return replace(
            self,
            values=self.values[rows],
            lengths=lengths,
            starts=None,
            cut=None,
            unknown=None if self.unknown is None else self.unknown.with_rows(rows),
        )

    def row_weights(self, weights: np.ndarray, *, per_step: bool) -> np.ndarray:
        """Return the weight of each row of `values`; of a row that windows share, their sum.

        Parameters
        ----------
        weights : ndarray of shape (n_sequences,) or (total_steps,)
            Weight of each sequence, or with `per_step` of each of their steps, concatenated.
        per_step : bool
            Whether there is a weight for each step.
        """
        if self.starts is None:
            return weights if per_step else np.repeat(weights, self.lengths)
        n_rows = len(self.values)
        if per_step:
            rows = ranges(self.starts, self.lengths)
            return np.bincount(rows, weights=weights, minlength=n_rows)
        # What begins at each row less what has ended, so that nothing is as large as all windows.
        begun = np.bincount(self.starts, weights=weights, minlength=n_rows + 1)
        ended = np.bincount(self.starts + self.lengths, weights=weights, minlength=n_rows + 1)
        total = np.cumsum(begun - ended)[:n_rows]
        return np.where(total > 1e-9 * total.max(initial=0.0), total, 0.0)  # no rounding errors

    def locate(self, row: int) -> tuple[int, int]:
        """Return which sequence, and which of its steps, a row of `values` is; see `locate`."""
        return locate(row, self.lengths, self.starts)

    def trim(self, padding_value: float) -> Ragged:
        """Cut off leading and trailing steps that are all `padding_value`; note this in `cut`."""
        # As a Python number it is compared at the precision of the values; np.float64(0.1) would
        # never equal a float32.
        padding_value = float(padding_value)
        is_pad = np.isnan(self.values) if np.isnan(padding_value) else self.values == padding_value
        if self.values.dtype == np.float64 and abs(padding_value) <= np.finfo(np.float32).max:
            single = float(np.float32(padding_value))  # padded in single precision
            if single != padding_value:
                is_pad |= self.values == single
        kept = np.flatnonzero(~is_pad.all(axis=1))
        n = len(self)
        if len(kept) == 0:
            starts = lengths = np.zeros(n, dtype=np.int64)
        else:
            owner = sequence_ids(self.lengths)[kept]
            first = np.searchsorted(owner, np.arange(n), side="left")
            last = np.searchsorted(owner, np.arange(n), side="right") - 1
            empty = last < first
            starts = np.where(empty, 0, kept[np.minimum(first, len(kept) - 1)])
            lengths = np.where(empty, 0, kept[last] - starts + 1)
        if lengths.sum() == len(self.values):
            return self
        before = np.where(lengths > 0, starts - self.offsets, 0)
        trimmed = self.with_rows(ranges(starts, lengths), lengths)
        return replace(trimmed, cut=Cut(before, self.lengths))

    def with_padding(self, values: np.ndarray, padding_value: float) -> Ragged:
        """Return sequences of other `values` with what `trim` cut off, as `padding_value`."""
        if self.cut is None:
            return replace(self, values=values, unknown=None)
        lengths = self.cut.lengths
        whole = np.full((int(lengths.sum()), values.shape[1]), padding_value, dtype=values.dtype)
        whole[ranges(offsets(lengths) + self.cut.before, self.lengths)] = values
        return replace(self, values=whole, lengths=lengths, cut=None, unknown=None)
