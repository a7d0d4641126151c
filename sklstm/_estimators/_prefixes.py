"""The outputs after each step of a sequence."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import nn

from sklstm._sequences import Ragged, ranges
from sklstm._training import predict_batches, predict_rows
from sklstm.nn import SequenceNetwork


def prefix_outputs(
    module: nn.Module, sequences: Ragged, *, device: torch.device, n_jobs: int | None
) -> Iterator[tuple[int, np.ndarray]]:
    """Yield each sequence's index and its outputs after every step, (T_i, n_outputs).

    A causal network, which never looks ahead, gives them all in one pass. Any other is run
    on every prefix.
    """
    if isinstance(module, SequenceNetwork) and module.is_causal:
        batches = predict_batches(
            module, module.forward_prefixes, sequences, device=device, n_jobs=n_jobs
        )
        for indices, outputs in batches:
            for row, index in enumerate(indices):
                yield int(index), outputs[row, : sequences.lengths[index]]
        return
    for index in range(len(sequences)):
        prefixes = all_prefixes(sequences, index)
        yield (
            index,
            predict_rows(module, module.forward, prefixes, device=device, n_jobs=n_jobs),
        )


def all_prefixes(sequences: Ragged, index: int) -> Ragged:
    """Return the prefixes of one sequence, the shortest first, as sequences."""
    n_steps = int(sequences.lengths[index])
    lengths = np.arange(1, n_steps + 1)
    rows = ranges(np.full(n_steps, sequences.offsets[index]), lengths)
    return sequences.with_rows(rows, lengths)
