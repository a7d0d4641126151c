"""The model and its data as callbacks see them during training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch
from skorch.dataset import Dataset
from torch import Tensor

from sklstm._training.batches import BatchIterator, EpochBatches, Samples, Table, TableBatches

# The methods of estimators that take X, which a callback may call on the net.
METHODS = {
    "decision_function",
    "predict",
    "predict_interval",
    "predict_log_proba",
    "predict_proba",
    "predict_proba_steps",
    "predict_quantiles",
    "score",
    "score_samples",
    "transform",
}
# Those that follow from the outputs of the network.
DECODED = {
    "decision_function",
    "predict",
    "predict_log_proba",
    "predict_proba",
    "predict_quantiles",
}


@dataclass(frozen=True)
class ModelInTraining:
    """The estimator whose network is being trained, which callbacks ask through the net.

    Attributes
    ----------
    estimator : estimator
        With everything that was fitted before training.
    ask : callable
        Maps the name of a method, X and further arguments to what the method returns now.
    restore : callable
        Maps samples that were read to an X of the estimator's methods.
    targets : callable or None
        Maps encoded targets, and the lengths of their sequences where every step has one, to y;
        None without targets.
    decode : callable or None
        Maps the name of a method, outputs and lengths of some batches to what the method returns;
        None if outputs are none of predictions.
    snapshot : callable or None
        Returns a fitted copy of the estimator, given the outcome of training so far; None if there
        is none before the end of training.
    """

    estimator: Any
    ask: Callable[..., Any]
    restore: Callable[[Samples], Any]
    targets: Callable[[np.ndarray, np.ndarray | None], np.ndarray] | None = None
    decode: Callable[[str, list[Tensor], list[Tensor]], Any] | None = None
    snapshot: Callable[[Any], Any] | None = None


class SampleSet(Dataset):
    """The samples of an epoch, as a data set of skorch: the argument of its callbacks.

    Parameters
    ----------
    batches : BatchIterator or TableBatches
        The batches of an epoch.
    model : ModelInTraining
        The model.
    """

    def __init__(self, batches: EpochBatches, model: ModelInTraining):
        self.batches = batches
        self.model = model

    @property
    def samples(self) -> Samples:
        """The samples as they were read."""
        if isinstance(self.batches, TableBatches):
            return self.batches.table
        assert isinstance(self.batches, BatchIterator)
        return self.batches.data.sequences

    @cached_property
    def X(self) -> Any:
        """The samples, one array per sequence, as the estimator's methods take them."""
        return self.model.restore(self.samples)

    @cached_property
    def y(self) -> np.ndarray | None:
        """The targets in the unit of y, in the order of the samples; None without targets."""
        if self.model.targets is None or not isinstance(self.batches, BatchIterator):
            return None
        data = self.batches.data
        return self.model.targets(data.targets, data.sequences.lengths if data.per_step else None)

    def in_order(self, batch_size: int, device: torch.device) -> EpochBatches:
        """Return batches of the samples in their order, apart from those of training."""
        if isinstance(self.batches, TableBatches):
            return TableBatches(self.batches.table, self.batches.weights, batch_size, device, None)
        assert isinstance(self.batches, BatchIterator)
        batches = BatchIterator(self.batches.data, batch_size, device, None)
        batches.decode = self.model.targets
        return batches

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: Any) -> tuple[Any, Any]:
        y = self.y
        return self.X[index], torch.tensor(0) if y is None else y[index]  # as skorch's data sets


def samples_of(inputs: dict[str, Tensor], like: Samples) -> Samples:
    """Return the samples of a batch, whose inputs are padded and on any device."""
    values = inputs["inputs"].detach().cpu().numpy()
    if isinstance(like, Table):
        return Table(values * like.scale + like.mean, like.mean, like.scale)
    lengths = inputs["lengths"].cpu().numpy()
    rows = values[np.arange(values.shape[1]) < lengths[:, None]]
    rows = rows.astype(like.values.dtype)
    return replace(
        like, values=rows, lengths=lengths, width=None, starts=None, cut=None, unknown=None
    )
