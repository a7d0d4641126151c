"""The progress bar of ``verbose``."""

from __future__ import annotations

from typing import Any

from skorch.callbacks import Callback
from tqdm.auto import tqdm


class ProgressBar(Callback):
    """Show epoch, loss, validation score and the time left for the whole of training.

    Parameters
    ----------
    max_epochs : int
        Epochs, of which early stopping may leave some out.
    n_batches : int
        Training batches of an epoch; about, if their number is not always the same.
    """

    def __init__(self, max_epochs: int, n_batches: int):
        self.max_epochs = max_epochs
        self.n_batches = n_batches

    def on_train_begin(self, net: Any, X: Any = None, y: Any = None, **kwargs: Any) -> None:
        self.bar_ = tqdm(total=self.max_epochs * self.n_batches, desc="training", unit="batch")
        self.shown_: dict[str, str] = {}

    def on_batch_end(self, net: Any, training: bool = True, **kwargs: Any) -> None:
        if training:
            self.shown_["epoch"] = str(len(net.history))
            self.shown_["loss"] = f"{net.history[-1, 'batches', -1, 'train_loss']:.4f}"
            self.bar_.set_postfix(self.shown_, refresh=False)
            self.bar_.update()

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        row = net.history[-1]
        self.shown_["loss"] = f"{row['train_loss']:.4f}"
        for name in ("valid_loss", "valid_score"):
            if name in row:
                self.shown_[name] = f"{row[name]:.4f}"
        self.bar_.total = round(self.bar_.n * self.max_epochs / len(net.history))
        self.bar_.set_postfix(self.shown_)

    def on_train_end(self, net: Any, X: Any = None, y: Any = None, **kwargs: Any) -> None:
        self.bar_.close()
