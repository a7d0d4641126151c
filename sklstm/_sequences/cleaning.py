"""What is checked and cut once `X` is laid out as `Ragged`."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sklstm._sequences.ragged import Cut, Ragged, ranges
from sklstm._sequences.tokens import PADDING_ID, UNKNOWN_ID


def to_tokens(sequences: Ragged) -> Ragged:
    """Check that `values` can be token ids, and make them int32."""
    values = sequences.values
    if values.dtype.kind not in "iub":
        whole = np.isfinite(values) & (values == np.floor(values))
        if not whole.all():
            step = int(np.flatnonzero(~whole.all(axis=1))[0])
            index, at = sequences.sequence_of_step(step)
            raise ValueError(
                f"X[{index}] holds {values[step].tolist()} at step {at}, but token ids are whole "
                "numbers from 0 on. Pass input_type='values' to read X as numbers."
            )
    if values.size and (values.min() < 0 or values.max() > np.iinfo(np.int32).max):
        bad = (values < 0) | (values > np.iinfo(np.int32).max)
        step = int(np.flatnonzero(bad.any(axis=1))[0])
        index, at = sequences.sequence_of_step(step)
        raise ValueError(
            f"X[{index}] holds the token id {values[step][bad[step]][0]} at step {at}; ids are "
            "whole numbers from 0 to 2147483647."
        )
    return replace(sequences, values=values.astype(np.int32, copy=False), is_tokens=True)


def trim(sequences: Ragged, padding_value: float) -> Ragged:
    """Cut leading and trailing steps that are wholly `padding_value`, and note what was cut."""
    values = sequences.values
    # As a Python number it is compared at the precision of the values; np.float64(0.1) would
    # never equal a float32.
    padding_value = float(padding_value)
    is_pad = np.isnan(values) if np.isnan(padding_value) else values == padding_value
    kept = np.flatnonzero(~is_pad.all(axis=1))
    n = len(sequences)
    owner = np.repeat(np.arange(n), sequences.lengths)[kept]
    first = np.searchsorted(owner, np.arange(n), side="left")
    last = np.searchsorted(owner, np.arange(n), side="right") - 1
    empty = last < first
    if len(kept) == 0:
        starts = lengths = np.zeros(n, dtype=np.int64)
    else:
        starts = np.where(empty, 0, kept[np.minimum(first, len(kept) - 1)])
        lengths = np.where(empty, 0, kept[last] - starts + 1)
    if lengths.sum() == len(values):
        return sequences
    before = np.where(lengths > 0, starts - sequences.offsets, 0)
    kept_steps = sequences.with_rows(ranges(starts, lengths), lengths)
    return replace(kept_steps, cut=Cut(before, sequences.lengths))


def check_finite(sequences: Ragged) -> None:
    values = sequences.values
    if values.dtype.kind != "f" or np.isfinite(values).all():
        return
    step = int(np.flatnonzero(~np.isfinite(values).all(axis=1))[0])
    index, at = sequences.sequence_of_step(step)
    raise ValueError(
        f"Input X contains NaN or infinity, or a value too large for {values.dtype}: X[{index}] "
        f"holds {values[step].tolist()} at step {at}. Fill gaps before fitting; steps that only "
        "fill up a rectangle can be cut off with padding_value."
    )


def check_not_empty(sequences: Ragged, *, texts_may_be: bool = True) -> Ragged:
    """Raise ValueError for an empty sequence, or make it one unknown word if it is a text."""
    empty = np.flatnonzero(sequences.lengths == 0)
    if len(empty) == 0:
        return sequences
    if not (sequences.is_tokens and texts_may_be):
        raise ValueError(
            f"X[{empty[0]}] is an empty sequence ({len(empty)} of {len(sequences)} are): every "
            "sequence needs at least one step besides padding."
        )
    # A text without a known word is ordinary; it is read as one unknown word.
    lengths = np.maximum(sequences.lengths, 1)
    values = np.full((lengths.sum(), sequences.n_features), UNKNOWN_ID, dtype=np.int32)
    if sequences.has_characters:  # this word has none
        values[:, 1:] = PADDING_ID
    filled = np.repeat(sequences.lengths > 0, lengths)
    values[filled] = sequences.values
    return replace(sequences, values=values, lengths=lengths)
