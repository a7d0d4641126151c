"""What happens during training besides the steps themselves."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from skorch.callbacks import (
    Callback,
    EarlyStopping,
    GradientNormClipping,
    LRScheduler,
)
from tqdm.auto import tqdm

from sklstm._training.batches import EpochBatches
from sklstm._training.optimizers import schedule_callback
from sklstm._training.plan import FineTuning, TrainingPlan
from sklstm._training.users_callbacks import without_name
from sklstm.nn import SequenceNetwork, TokenEmbedding

# How the names of the callbacks begin that come last, after those that print, too.
LAST = "sklstm_last_"

# Maps outputs, targets and weights of the validation data to a score.
ScoreFunction = Callable[[np.ndarray, np.ndarray, np.ndarray], float]


class FiniteLoss(Callback):
    """Stop with an error as soon as a training loss is NaN or infinite."""

    def on_batch_end(self, net: Any, training: bool = True, **kwargs: Any) -> None:
        if not training:
            return
        loss = net.history[-1, "batches", -1, "train_loss"]
        if not math.isfinite(loss):
            raise ValueError(
                f"The training loss became {loss} in epoch {len(net.history)}, batch "
                f"{len(net.history[-1, 'batches'])}. Lower learning_rate "
                f"(now {net.lr}), set gradient_clip, or scale the values of X."
            )


class FrozenLayers(Callback):
    """Freeze the embeddings of tokens, and the layers of an encoder, as the plan says.

    A frozen weight gets no gradient, so the optimizer skips it: no weight decay, no running
    averages. Those of earlier training are dropped; skorch's own Freezer would keep them, and they
    would move the weights as soon as these are trained again.

    Parameters
    ----------
    epochs : float or None
        Number of epochs during which embeddings are frozen; infinity for all. None leaves them as
        they are, or as `fine_tuning` says.
    fine_tuning : FineTuning or None
        How the layers of an encoder are frozen; None leaves them as they are.
    """

    def __init__(self, epochs: float | None, fine_tuning: FineTuning | None):
        self.epochs = epochs
        self.fine_tuning = fine_tuning

    def on_epoch_begin(self, net: Any, **kwargs: Any) -> None:
        optimizer, epoch = net.optimizer_, len(net.history)
        for part, frozen in self._parts(net.module_, epoch):
            part.freeze(frozen)
            for weight in part.parameters():
                if frozen:
                    optimizer.state.pop(weight, None)
                elif (
                    weight.requires_grad
                    and isinstance(optimizer, torch.optim.SGD)
                    and len(optimizer.state)
                ):
                    # Its fused form fails where some weights have a momentum and one has none yet.
                    own = optimizer.state[weight]
                    own.setdefault("momentum_buffer", torch.zeros_like(weight))

    def _parts(self, module: Any, epoch: int) -> Iterator[tuple[Any, bool]]:
        """Yield each embedding and layer to freeze or to train, and whether it is frozen."""
        tuned: set[int] = set()
        if self.fine_tuning is not None and isinstance(module, SequenceNetwork):
            groups = module.layer_groups()
            n_frozen = self.fine_tuning.n_frozen(epoch, len(groups))
            for depth, group in enumerate(groups):
                for part in group:
                    is_embedding = isinstance(part, TokenEmbedding)
                    also = is_embedding and self.epochs is not None and epoch <= self.epochs
                    tuned.add(id(part))
                    yield part, depth < n_frozen or also
        if self.epochs is None:
            return
        for part in module.modules():
            if isinstance(part, TokenEmbedding) and id(part) not in tuned:
                yield part, epoch <= self.epochs


class ValidationScore(Callback):
    """Score the validation data after each epoch, and record it as ``valid_score``.

    As skorch's scoring callbacks do, ``valid_score_best`` records whether it is the best so far.
    """

    def __init__(self, score: ScoreFunction):
        self.score = score

    def initialize(self) -> ValidationScore:
        self.best_score_ = -math.inf
        return self

    def on_epoch_begin(self, net: Any, **kwargs: Any) -> None:
        self.seen_: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []

    def on_batch_end(
        self, net: Any, batch: Any = None, training: bool = True, y_pred: Any = None, **kwargs: Any
    ) -> None:
        if not training:
            rows = net.criterion_.rows(y_pred, batch.targets)
            self.seen_.append(tuple(part.detach().cpu().numpy() for part in rows))

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        outputs, targets, weights = (np.concatenate(part) for part in zip(*self.seen_, strict=True))
        score = self.score(outputs, targets, weights)
        net.history.record("valid_score", score)
        is_best = score > self.best_score_  # never for NaN
        net.history.record("valid_score_best", is_best)
        if is_best:
            self.best_score_ = score
        self.seen_ = []


class Stop(Callback):
    """End training where `stopping` has run out of patience.

    `stopping` itself, whose patience is never exhausted, comes before the user's callbacks, and
    this comes after them: they see the last epoch, and at the end of training the best weights.
    """

    def __init__(self, stopping: EarlyStopping, n_iter_no_change: int):
        self.stopping = stopping
        self.n_iter_no_change = n_iter_no_change

    def on_epoch_end(self, net: Any, **kwargs: Any) -> None:
        if self.stopping.misses_ >= self.n_iter_no_change:
            raise KeyboardInterrupt  # which is how skorch's own callbacks stop training


class ProgressBar(Callback):
    """Show epoch, loss, validation score and the time left of the whole training.

    Parameters
    ----------
    max_epochs : int
        Number of epochs at most.
    n_batches : int
        Number of training batches per epoch; approximate if it differs between epochs.
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


def training_callbacks(
    plan: TrainingPlan,
    batches: EpochBatches,
    has_validation: bool,
    score: ScoreFunction | None,
    last: Sequence[Callback] = (),
) -> list[Any]:
    """Return the callbacks that `plan` asks for: ours, the user's, and those that come `last`.

    Where a callback of the user's does the work of a parameter, it replaces that of the parameter.
    """
    users = [without_name(given) for given in plan.callbacks]
    ours: list[tuple[str, Callback]] = [("finite_loss", FiniteLoss())]
    ending: list[Callback] = [*last]
    if plan.frozen_epochs is not None or plan.fine_tuning is not None:
        ours.append(("frozen_layers", FrozenLayers(plan.frozen_epochs, plan.fine_tuning)))
    if has_validation and score is not None:
        ours.append(("validation_score", ValidationScore(score)))
    if plan.early_stopping:
        stopping = EarlyStopping(
            monitor="valid_loss",
            patience=math.inf,
            threshold=plan.tol,
            threshold_mode="abs",
            sink=_silent,
            load_best=True,
        )
        ours.append(("early_stopping", stopping))
        ending.append(Stop(stopping, plan.n_iter_no_change))
    clips = any(isinstance(callback, GradientNormClipping) for callback in users)
    if plan.gradient_clip is not None and not clips:
        ours.append(("gradient_clip", GradientNormClipping(plan.gradient_clip)))
    schedule = schedule_callback(plan, batches)
    if schedule is not None and not any(isinstance(callback, LRScheduler) for callback in users):
        ours.append(("lr_schedule", schedule))
    if plan.verbose:
        ours.append(("progress", ProgressBar(plan.max_epochs, plan.n_batches)))
    # With a prefix, so that a callback of the user's may have any name.
    before = [(f"sklstm_{name}", callback) for name, callback in ours]
    after = [(f"{LAST}{i}", callback) for i, callback in enumerate(ending)]
    return [*before, *plan.callbacks, *after]


def _silent(message: str) -> None:
    """Discard what skorch would print."""
