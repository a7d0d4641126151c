"""Train a language model: texts in parallel streams, and averaged weights."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from skorch.callbacks import Callback
from torch import Tensor

from sklstm._training.batches import BatchIterator, LabelledSequences
from sklstm._training.in_training import ModelInTraining
from sklstm._training.plan import TrainingPlan
from sklstm._training.train import TrainingOutcome, train_on
from sklstm._training.users_callbacks import check_callbacks
from sklstm.nn import LanguageModelNetwork, NextTokenLoss


def in_streams(data: LabelledSequences, n_streams: int, chunk_length: int) -> LabelledSequences:
    """Cut long texts, so that a batch of `n_streams` rows is full.

    No text stays longer than the share of a stream in all steps, or than a chunk; the parts of a
    text are nearly equal. One book becomes `n_streams` parts that are read side by side.
    """
    lengths = data.sequences.lengths
    limit = max(chunk_length, math.ceil(lengths.sum() / n_streams))
    if lengths.max() <= limit:
        return data
    n_parts = -(-lengths // limit)
    part = np.repeat(lengths // n_parts, n_parts)
    first = np.cumsum(n_parts) - n_parts
    extra = np.arange(n_parts.sum()) - np.repeat(first, n_parts) < np.repeat(
        lengths % n_parts, n_parts
    )
    cut = (part + extra).astype(lengths.dtype)
    weights = data.weights * (len(cut) / len(lengths))  # which add up to the number of sequences
    sequences = replace(data.sequences, lengths=cut)
    return LabelledSequences(sequences, data.targets, weights.astype(np.float32), per_step=True)


def train_language_model(
    module: LanguageModelNetwork,
    criterion: NextTokenLoss,
    data: LabelledSequences,
    plan: TrainingPlan,
    *,
    validation: LabelledSequences | None = None,
    average: float = 0.0,
    optimizer_state: dict[str, Any] | None = None,
    model: ModelInTraining | None = None,
) -> TrainingOutcome:
    """Train `module` in place by truncated back-propagation through time.

    Parameters
    ----------
    module, criterion : Module
        The network and its loss.
    data : LabelledSequences
        Each token with the next one as its target; see `in_streams`.
    plan : TrainingPlan
        How to train; `bptt_length` is the length of a chunk.
    validation : LabelledSequences or None, default=None
        Texts on which the loss is computed after each epoch.
    average : float, default=0.0
        The last fraction of training whose weights are averaged.
    optimizer_state : dict or None, default=None
        The outcome of an earlier call, to continue from.
    model : ModelInTraining or None, default=None
        The estimator, for callbacks.
    """
    check_callbacks(plan.callbacks, model)
    batches = BatchIterator(
        data, plan.batch_size, plan.device, plan.order(), bptt_length=plan.bptt_length
    )
    valid_batches = None
    if validation is not None:
        valid_batches = BatchIterator(
            validation,
            plan.batch_size,
            plan.device,
            None,
            by_length=True,
            bptt_length=plan.bptt_length,
        )
    last = [AveragedWeights(batches, plan.max_epochs, average)] if average else []
    return train_on(
        module,
        criterion,
        batches,
        plan,
        valid_batches=valid_batches,
        optimizer_state=optimizer_state,
        model=model,
        last=last,
    )


class AveragedWeights(Callback):
    """Replace the weights at the end of training by their mean over its last part [1]_.

    Parameters
    ----------
    batches : BatchIterator
        Tells how far training has come.
    max_epochs : int
        Number of epochs.
    fraction : float
        The last fraction of training over which weights are averaged.

    References
    ----------
    .. [1] B. T. Polyak, A. B. Juditsky, "Acceleration of Stochastic Approximation by Averaging",
       SIAM Journal on Control and Optimization 30(4), 1992; for language models S. Merity, N. S.
       Keskar, R. Socher, "Regularizing and Optimizing LSTM Language Models", ICLR 2018, section 3.
    """

    def __init__(self, batches: BatchIterator, max_epochs: int, fraction: float):
        self.batches = batches
        self.begin = max_epochs * (1.0 - fraction)

    def on_train_begin(self, net: Any, X: Any = None, y: Any = None, **kwargs: Any) -> None:
        self.n_ = 0
        self.means_: list[Tensor] = []

    @torch.no_grad()
    def on_batch_end(self, net: Any, training: bool = True, **kwargs: Any) -> None:
        if not training or self.batches.epochs_done() < self.begin:
            return
        weights = list(net.module_.parameters())
        self.n_ += 1
        if self.n_ == 1:
            self.means_ = [weight.detach().clone() for weight in weights]
            return
        for mean, weight in zip(self.means_, weights, strict=True):
            mean.lerp_(weight, 1.0 / self.n_)

    @torch.no_grad()
    def on_train_end(self, net: Any, X: Any = None, y: Any = None, **kwargs: Any) -> None:
        for mean, weight in zip(self.means_, net.module_.parameters(), strict=False):
            weight.copy_(mean)
        self.means_ = []
