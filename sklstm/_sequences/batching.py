"""Which sequences go into a batch together, and how a batch is laid out in memory."""

from __future__ import annotations

import numpy as np

from sklstm._sequences.ragged import Ragged

# A bucket is sorted within this many batches: long enough that batch-mates are of like
# length, short enough that an epoch is still a random order.
BUCKET_BATCHES = 50


def training_batches(
    lengths: np.ndarray, batch_size: int, rng: np.random.Generator | None
) -> list[np.ndarray]:
    """Split all indices into batches of sequences of like length.

    Parameters
    ----------
    lengths : ndarray of shape (n_sequences,)
        Number of steps of each sequence.
    batch_size : int
        Sequences per batch; the last batch of a bucket may be smaller.
    rng : numpy.random.Generator or None
        Draws the order. None keeps the order of the data, without buckets.

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
    """Split all indices, sorted by length, into batches of bounded size.

    Parameters
    ----------
    lengths : ndarray of shape (n_sequences,)
        Number of steps of each sequence.
    batch_size : int
        Most sequences in a batch.
    max_steps : int
        Most steps in a padded batch, so that one long sequence does not need memory for a
        whole batch of its length. A batch holds one sequence at least.

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
    """Lay out some sequences as one right-padded block.

    The block is time-major in memory, which is how the recurrent kernels read it, and seen
    batch-first: no copy is made on the way into or out of the kernel.

    Parameters
    ----------
    sequences : Ragged
        All sequences.
    indices : ndarray of int
        Which of them go into the batch.
    start, stop : int, int or None, default=0, None
        Take only these steps of each, all of which are longer than `start`.

    Returns
    -------
    inputs : ndarray of shape (batch, time, features)
        Padded with zeros up to the longest of the batch.
    lengths : ndarray of shape (batch,)
        Steps of each that are not padding.
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
    """Lay out stretches of `values`, which begin at `offsets`, as `pad_batch` does."""
    lengths = np.minimum(lengths, lengths.max() if stop is None else stop) - start
    step = np.arange(lengths.max())[:, None]
    is_padding = step >= lengths
    rows = np.where(is_padding, 0, offsets + start + step)
    block = values[rows]  # (time, batch, ...)
    block[is_padding] = 0
    return block.swapaxes(0, 1), lengths


def _split(indices: np.ndarray, size: int) -> list[np.ndarray]:
    return [indices[i : i + size] for i in range(0, len(indices), size)]
