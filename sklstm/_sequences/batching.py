"""Batches: which sequences they hold, and how they are padded."""

from __future__ import annotations

import numpy as np

from sklstm._sequences.ragged import Ragged

# Sequences are sorted by length within so many batches: enough that lengths in a batch are
# similar, few enough that the order of an epoch is still random.
BUCKET_BATCHES = 50


def training_batches(
    lengths: np.ndarray, batch_size: int, rng: np.random.Generator | None
) -> list[np.ndarray]:
    """Split all indices into batches of sequences of similar length.

    Parameters
    ----------
    lengths : ndarray of shape (n_sequences,)
        Number of steps of each sequence.
    batch_size : int
        Number of sequences per batch; the last batch of a bucket may be smaller.
    rng : numpy.random.Generator or None
        Draws the order. None keeps the order of the data, without buckets of similar length.

    Returns
    -------
    list of ndarray of int
        A partition of ``arange(n_sequences)``.
    """
    n = len(lengths)
    if rng is None:
        return _split(np.arange(n), batch_size)
    order = rng.permutation(n)
    batches = []
    for chunk in _split(order, BUCKET_BATCHES * batch_size):
        batches += _split(chunk[np.argsort(lengths[chunk], kind="stable")], batch_size)
    return [batches[i] for i in rng.permutation(len(batches))]


def prediction_batches(lengths: np.ndarray, batch_size: int, max_steps: int) -> list[np.ndarray]:
    """Split all indices into batches of limited size, sorted by length.

    Parameters
    ----------
    lengths : ndarray of shape (n_sequences,)
        Number of steps of each sequence.
    batch_size : int
        Maximum number of sequences per batch.
    max_steps : int
        Maximum number of steps per batch, including padding, so that batches of long sequences
        need no more memory than others. A batch holds at least one sequence.

    Returns
    -------
    list of ndarray of int
        A partition of ``arange(n_sequences)``, longest sequences first.
    """
    order = np.argsort(-lengths, kind="stable")
    batches, start = [], 0
    while start < len(order):
        fitting = max(1, max_steps // int(lengths[order[start]]))
        stop = start + min(batch_size, fitting)
        batches.append(order[start:stop])
        start = stop
    return batches


def pad_batch(
    sequences: Ragged, indices: np.ndarray, start: int = 0, stop: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return some sequences as one array, padded on the right.

    The array is time-major in memory, as the recurrent kernels read it, and its view is
    batch-first, so that no copy is made before or after the kernel.

    Parameters
    ----------
    sequences : Ragged
        All sequences.
    indices : ndarray of int
        Which of them go into the batch.
    start, stop : int, int or None, default=0, None
        Return only these steps of each sequence. All sequences must be longer than `start`.

    Returns
    -------
    inputs : ndarray of shape (batch, time, features)
        Padded with zeros to the length of the longest sequence.
    lengths : ndarray of shape (batch,)
        Number of steps of each sequence, without padding.
    """
    lengths = sequences.lengths[indices]
    return pad_rows(sequences.values, sequences.offsets[indices], lengths, start, stop)


def pad_rows(
    values: np.ndarray,
    offsets: np.ndarray,
    lengths: np.ndarray,
    start: int = 0,
    stop: int | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return runs of rows of `values`, which begin at `offsets`, as `pad_batch` does."""
    lengths = np.minimum(lengths, lengths.max() if stop is None else stop) - start
    step = np.arange(lengths.max())[:, None]
    is_padding = step >= lengths
    rows = np.where(is_padding, 0, offsets + start + step)
    block = values[rows]  # (time, batch, ...)
    block[is_padding] = 0
    return block.swapaxes(0, 1), lengths


def _split(indices: np.ndarray, size: int) -> list[np.ndarray]:
    return [indices[i : i + size] for i in range(0, len(indices), size)]
