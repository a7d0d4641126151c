"""From codes back to rows or sequences."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from sklearn.utils.validation import check_array, check_is_fitted

from sklstm._sequences import TokenArray, object_array, prediction_batches
from sklstm._training import fast_cpu, resolve_device

BATCH_SIZE, MAX_STEPS = 256, 16_384


def decoded(estimator: Any, X: Any, lengths: Any) -> Any:
    """Return what the codes `X` stand for; see `AutoencoderClusterer.inverse_transform`."""
    check_is_fitted(estimator)
    codes = check_array(X, dtype=np.float32, input_name="X")
    n_components = estimator.cluster_centers_.shape[1]
    if codes.shape[1] != n_components:
        raise ValueError(
            f"X has {codes.shape[1]} columns, but a code of this {type(estimator).__name__} has "
            f"{n_components} numbers."
        )
    if estimator.architecture_ == "dense":
        if lengths is not None:
            raise ValueError("lengths are for sequences, but the model was fitted on a table.")
        rows = _run(estimator, codes, None)
        return estimator._scaling_.undo(np.stack(rows))
    steps = _checked_lengths(estimator, lengths, len(codes))
    return _as_given(estimator, _run(estimator, codes, steps), steps)


def _checked_lengths(estimator: Any, lengths: Any, n_codes: int) -> np.ndarray:
    """Return the number of steps of each sequence to be made."""
    if lengths is None:
        if estimator._length_ is None:
            raise ValueError(
                "lengths=None: the model was fitted on sequences of unequal lengths, so that a "
                "code does not tell how many steps to unroll it to. Pass lengths, one for each "
                "code or one number for all."
            )
        lengths = estimator._length_
    steps = np.asarray(lengths)
    if steps.dtype.kind not in "iu" or steps.ndim > 1 or (steps.ndim and len(steps) != n_codes):
        raise ValueError(
            f"lengths={lengths!r} must be an int, or an array of shape ({n_codes},) of int."
        )
    steps = np.broadcast_to(steps, n_codes)
    bad = np.flatnonzero(steps < 1)
    if len(bad):
        raise ValueError(f"lengths[{bad[0]}] is {steps[bad[0]]}; a sequence has 1 step at least.")
    return steps


def _run(estimator: Any, codes: np.ndarray, lengths: np.ndarray | None) -> list[np.ndarray]:
    """Decode batch by batch, and return the rows or the steps of each sample."""
    device = resolve_device(estimator.device, fallback=True)
    decoder = estimator.module_.to(device).eval().autoencoder
    steps = np.ones(len(codes), dtype=np.int64) if lengths is None else lengths
    results: list[Any] = [None] * len(codes)
    with fast_cpu(estimator.n_jobs), torch.inference_mode():
        for rows in prediction_batches(steps, BATCH_SIZE, MAX_STEPS):
            batch = [torch.from_numpy(codes[rows]).to(device)]
            if lengths is not None:
                batch.append(torch.from_numpy(lengths[rows].astype(np.int64)).to(device))
            for row, result in zip(rows, decoder.decode(*batch).cpu().numpy(), strict=True):
                results[row] = result if lengths is None else result[: steps[row]]
    return results


def _as_given(estimator: Any, sequences: list[np.ndarray], lengths: np.ndarray) -> Any:
    """Return sequences in the form of the X seen in fit, as far as their lengths allow it."""
    spec = estimator._input_
    if spec.is_tokens:
        ids = object_array(sequence[:, 0].astype(np.int32) for sequence in sequences)
        return TokenArray(ids, spec.vocabulary) if spec.vocabulary is not None else ids
    values = [estimator._scaling_.undo(sequence).astype(np.float32) for sequence in sequences]
    if estimator._flat_:
        values = [sequence[:, 0] for sequence in values]
    if len(set(lengths.tolist())) == 1 and (estimator._length_ is not None):
        return np.stack(values)
    return object_array(values)
