"""The private skorch net."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from skorch import NeuralNet
from skorch.callbacks import EarlyStopping
from torch import Tensor, nn

from sklstm._training.batches import Batch, BatchIterator, EpochBatches
from sklstm._training.carrying import CarriedState, infer_linked
from sklstm._training.truncated import TruncatedStep
from sklstm.nn.state import State


class TrainingNet(NeuralNet):
    """Skorch's training loop over batches that are made here.

    Skorch brings the loop, its callbacks and its history. Datasets, splits and loaders are
    left out: batches of like length, weights and targets come ready from `BatchIterator`.
    """

    def __init__(
        self,
        module: nn.Module,
        *,
        criterion: nn.Module,
        train_batches: EpochBatches | None = None,
        valid_batches: BatchIterator | None = None,
        bptt_length: int | None = None,
        state: State | None = None,
        **kwargs: Any,
    ):
        super().__init__(module, criterion=criterion, train_split=None, verbose=0, **kwargs)
        self.train_batches = train_batches
        self.valid_batches = valid_batches
        self.bptt_length = bptt_length
        self.state = state
        self.carried = CarriedState(module, state)
        self.carried_in_validation = CarriedState(module)
        self.interrupted = False

    def train_from(self, averages: dict[Any, Any] | None) -> None:
        """Train for `max_epochs`, the optimizer going on from its running `averages`."""
        self.initialize()
        if averages is not None:
            # Its own groups: torch would bring the earlier call's learning rate back with them.
            groups = self.optimizer_.state_dict()["param_groups"]
            self.optimizer_.load_state_dict({"state": averages, "param_groups": groups})
        self.partial_fit(None)

    def check_data(self, X: Any, y: Any = None) -> None:
        """Skip skorch's checks; the data was checked before it became batches."""

    def get_split_datasets(self, X: Any, y: Any = None, **fit_params: Any) -> tuple[Any, Any]:
        return self.train_batches, self.valid_batches

    def get_iterator(self, dataset: Any, training: bool = False) -> Any:
        return dataset

    def train_step_single(self, batch: Batch, **fit_params: Any) -> dict[str, Tensor]:
        """Return loss and outputs of a batch, its gradients added to the weights."""
        self._set_training(True)
        if self._is_too_long(batch):
            return self._truncated_step(batch)
        outputs = self._infer(batch, self.carried)
        loss = self.criterion_(outputs, batch.targets)
        loss.backward()
        return {"loss": loss, "y_pred": outputs}

    def validation_step(self, batch: Batch, **fit_params: Any) -> dict[str, Tensor]:
        """Return loss and outputs of a batch."""
        self._set_training(False)
        with torch.no_grad():
            outputs = self._infer(batch, self.carried_in_validation)
            return {"loss": self.criterion_(outputs, batch.targets), "y_pred": outputs}

    def _infer(self, batch: Batch, carried: CarriedState) -> Tensor:
        if batch.link is not None:
            return infer_linked(self.module_, batch, carried)
        outputs: Tensor
        if self.bptt_length is not None and not self.module_.training:
            outputs = self.module_.forward_in_chunks(**batch.inputs, chunk_length=self.bptt_length)
        else:
            outputs = self.infer(batch.inputs)
        return outputs

    def _is_too_long(self, batch: Batch) -> bool:
        """Tell whether a batch with one target a sequence has to be cut."""
        if self.bptt_length is None or self.module_.pooling is None:
            return False
        return bool(batch.inputs["inputs"].shape[1] > self.bptt_length)

    def _truncated_step(self, batch: Batch) -> dict[str, Tensor]:
        module, link = self.module_, batch.link
        assert self.bptt_length is not None
        if link is None:
            state = module.begin(len(batch.inputs["inputs"]))
        else:
            state = self.carried.take(link)
        step = TruncatedStep(module, self.bptt_length, exact=link is not None)
        loss, outputs, state = step.run(
            **batch.inputs,
            state=state,
            loss_of=lambda outputs: self.criterion_(outputs, batch.targets),
        )
        if link is not None:
            self.carried.keep(link, state)
        return {"loss": loss, "y_pred": outputs}

    def fit_loop(self, *args: Any, **kwargs: Any) -> TrainingNet:
        try:
            return super().fit_loop(*args, **kwargs)
        except KeyboardInterrupt:
            # skorch swallows it, and early stopping raises it too: noted on the way.
            self.interrupted = not (
                any(c.misses_ >= c.patience for c in self._early_stopping())
                or any(getattr(c, "settled_", False) for _, c in self.callbacks_)
            )
            raise

    def epochs(self) -> list[dict[str, Any]]:
        """Return the history of the finished epochs, without the one of each batch."""
        return [
            {name: _plain(value) for name, value in row.items() if name != "batches"}
            for row in self.history
            if "train_loss" in row
        ]

    def best_epoch(self) -> int | None:
        """Return the epoch, from 1, whose weights were kept by early stopping."""
        for callback in self._early_stopping():
            if callback.load_best:
                return int(callback.best_epoch_)
        return None

    def _early_stopping(self) -> list[EarlyStopping]:
        return [c for _, c in self.callbacks_ if isinstance(c, EarlyStopping)]


def _plain(value: Any) -> Any:
    """Return a NumPy scalar as Python's own, which prints and stores as JSON."""
    return value.item() if isinstance(value, np.generic) else value
