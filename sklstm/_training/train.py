"""Train a module: skorch's loop over batches that are made here."""

from __future__ import annotations

import signal
import threading
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial, update_wrapper
from types import FrameType
from typing import Any, cast

import numpy as np
import torch
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import Tags
from skorch import NeuralNet
from skorch.callbacks import Callback, EarlyStopping
from skorch.utils import to_device
from torch import Tensor, nn

from sklstm._callers import caller_level, is_one_of_many
from sklstm._training.batches import (
    Batch,
    BatchIterator,
    EpochBatches,
    LabelledSequences,
    Link,
    Samples,
)
from sklstm._training.callbacks import LAST, ScoreFunction, training_callbacks
from sklstm._training.in_training import DECODED, METHODS, ModelInTraining, SampleSet, samples_of
from sklstm._training.optimizers import RateSchedule, optimizer_arguments, parameter_groups
from sklstm._training.plan import TrainingPlan
from sklstm._training.predict import reading_extra
from sklstm._training.runtime import dtype_of, fast_cpu, private_global_generators
from sklstm._training.truncated import TruncatedStep
from sklstm._training.users_callbacks import check_callbacks, score_steps
from sklstm.nn import SequenceNetwork
from sklstm.nn.dropout import seed_modules
from sklstm.nn.state import State, put_rows, take_rows


@dataclass
class TrainingOutcome:
    """The results of training, besides the trained module.

    Attributes
    ----------
    history : list of dict
        One row per finished epoch.
    best_epoch : int or None
        The epoch, from 1, whose weights early stopping has restored.
    optimizer_state : dict
        The optimizer's name and running averages, from which `train` can continue.
    state : tuple of Tensor or None
        With ``plan.stateful``, the state of the network after the last batch.
    interrupted : bool
        Whether the user ended training with Ctrl-C.
    """

    history: list[dict[str, Any]]
    best_epoch: int | None
    optimizer_state: dict[str, Any] = field(repr=False)
    state: State | None = field(repr=False, default=None)
    interrupted: bool = False


def train(
    module: nn.Module,
    criterion: nn.Module,
    data: LabelledSequences,
    plan: TrainingPlan,
    *,
    validation: LabelledSequences | None = None,
    score: ScoreFunction | None = None,
    optimizer_state: dict[str, Any] | None = None,
    state: State | None = None,
    model: ModelInTraining | None = None,
) -> TrainingOutcome:
    """Train `module` in place, and leave it in evaluation mode.

    Parameters
    ----------
    module, criterion : Module
        The network and its loss, which takes ``(targets, weights)``.
    data : LabelledSequences
        The training data.
    plan : TrainingPlan
        How to train.
    validation : LabelledSequences or None, default=None
        The data on which loss and score are computed after each epoch; required for early
        stopping.
    score : callable or None, default=None
        Maps outputs, targets and weights of the validation data to a score for the history.
    optimizer_state : dict or None, default=None
        The outcome of an earlier call, to continue from; ignored if it is of another optimizer.
    state : tuple of Tensor or None, default=None
        With ``plan.stateful``, the state from which the first batch of every epoch continues.
    model : ModelInTraining or None, default=None
        The estimator, for callbacks that ask for its predictions.

    Returns
    -------
    TrainingOutcome

    Raises
    ------
    ValueError
        If the loss or a weight becomes NaN or infinite.
    KeyboardInterrupt
        If Ctrl-C ended a training that other code than the user's own line has asked for, such as
        a search.

    Warns
    -----
    ConvergenceWarning
        If Ctrl-C ended training early; what was learned until then is kept.
    """
    check_callbacks(plan.callbacks, model, data, validation, has_score=score is not None)
    if data.per_step:
        score_steps(plan.callbacks)
    train_batches = BatchIterator(
        data,
        plan.batch_size,
        plan.device,
        plan.order(),
        bptt_length=plan.bptt_length,
        stateful=plan.stateful,
        continues=state is not None,
    )
    valid_batches = None
    if validation is not None:
        valid_batches = BatchIterator(
            validation, plan.batch_size, plan.device, None, by_length=True, stateful=plan.stateful
        )
    with reading_extra(None if validation is None else validation.sequences):
        return train_on(
            module,
            criterion,
            train_batches,
            plan,
            valid_batches=valid_batches,
            score=score,
            optimizer_state=optimizer_state,
            state=state,
            model=model,
        )


def train_on(
    module: nn.Module,
    criterion: nn.Module,
    train_batches: EpochBatches,
    plan: TrainingPlan,
    *,
    valid_batches: BatchIterator | None = None,
    score: ScoreFunction | None = None,
    optimizer_state: dict[str, Any] | None = None,
    state: State | None = None,
    model: ModelInTraining | None = None,
    last: Sequence[Callback] = (),
) -> TrainingOutcome:
    """Train `module` in place on batches that are ready; see `train`.

    Callbacks in `last` come after the user's.
    """
    generator = torch.Generator(device=plan.device).manual_seed(plan.seed)
    module.to(plan.device)  # the initial state has to be there, too
    net = TrainingNet(
        module,
        criterion=criterion,
        train_batches=train_batches,
        valid_batches=valid_batches,
        plan=plan,
        state=state,
        model=model,
        max_epochs=plan.max_epochs,
        batch_size=plan.batch_size,
        device=plan.device,
        callbacks=training_callbacks(plan, train_batches, valid_batches is not None, score, last),
        **optimizer_arguments(plan),
    )
    averages = None
    if optimizer_state is not None and optimizer_state["optimizer"] == plan.optimizer:
        averages = optimizer_state["averages"]
    seed_modules(module, generator)
    try:
        with fast_cpu(plan.n_jobs, keep_memory=True), private_global_generators(plan.seed):
            net.train_from(averages)
    finally:
        seed_modules(module, None)
        module.eval()  # as predictions need it, which must not change the model
    if net.interrupted and is_one_of_many():
        raise KeyboardInterrupt  # a part of a result would count as a whole one
    # The last step may have left a weight that is not finite, which no loss would show.
    if not all(torch.isfinite(weight).all() for weight in module.parameters()):
        raise ValueError(
            "Training ended with weights that are NaN or infinite. Lower learning_rate (now "
            f"{plan.learning_rate}), set gradient_clip, or scale the values of X."
        )
    if net.interrupted:
        warnings.warn(
            f"Training was interrupted in epoch {len(net.history)}; the weights learned until "
            "then are kept.",
            ConvergenceWarning,
            stacklevel=caller_level(),
        )
    return net.outcome()


class TrainingNet(NeuralNet):
    """Skorch's training loop over batches that are made here.

    Skorch contributes the loop, its callbacks and its history. Its data sets, splits and loaders
    are left out: `BatchIterator` yields batches of similar length, with weights and targets.
    """

    def __init__(
        self,
        module: nn.Module,
        *,
        criterion: nn.Module,
        train_batches: EpochBatches,
        valid_batches: BatchIterator | None,
        plan: TrainingPlan,
        state: State | None,
        model: ModelInTraining | None,
        **kwargs: Any,
    ):
        super().__init__(module, criterion=criterion, train_split=None, verbose=1, **kwargs)
        self.train_batches = train_batches
        self.valid_batches = valid_batches
        self.plan = plan
        self.bptt_length = plan.bptt_length
        self.state = state
        self.model = model
        self.datasets: tuple[Any, Any] = (train_batches, valid_batches)
        if model is not None:
            for batches in (train_batches, valid_batches):
                if isinstance(batches, BatchIterator):
                    batches.decode = model.targets
            self.datasets = (
                SampleSet(train_batches, model),
                None if valid_batches is None else SampleSet(valid_batches, model),
            )
        # Of another module no batch has a link, and these are not used.
        network = cast("SequenceNetwork", module)
        self.carried = CarriedState(network, state)
        self.carried_in_validation = CarriedState(network)
        self.in_its_dtype = dtype_of(module)
        self.ctrl_c = CtrlC()
        self.interrupted = False

    def train_from(self, averages: dict[Any, Any] | None) -> None:
        """Train for `max_epochs`, the optimizer continuing from its running `averages`."""
        self.initialize()
        if averages is not None:
            # Its own groups: those of the earlier call would restore its learning rate.
            groups = self.optimizer_.state_dict()["param_groups"]
            self.optimizer_.load_state_dict({"state": averages, "param_groups": groups})
        with self.ctrl_c.noted():
            self.partial_fit(self.datasets[0])

    def get_params_for_optimizer(self, prefix: str, named_parameters: Any) -> tuple[Any, Any]:
        """Return the groups of parameters, and the other arguments of the optimizer."""
        (groups,), kwargs = super().get_params_for_optimizer(prefix, named_parameters)
        parameters = [weight for group in groups for weight in group["params"]]
        return (parameter_groups(self.module_, parameters, self.plan),), kwargs

    def check_data(self, X: Any, y: Any = None) -> None:
        """Skip skorch's checks; the data was checked before it became batches."""

    def get_split_datasets(self, X: Any, y: Any = None, **fit_params: Any) -> tuple[Any, Any]:
        return self.datasets

    def get_iterator(self, dataset: Any, training: bool = False) -> Any:
        if not isinstance(dataset, SampleSet):
            return dataset
        if training or dataset is self.datasets[1]:
            return dataset.batches
        return dataset.in_order(self.batch_size, self.plan.device)

    def train_step_single(self, batch: Batch, **fit_params: Any) -> dict[str, Tensor]:
        """Return loss and outputs of a batch, its gradients added to the weights."""
        self._set_training(True)
        with self.in_its_dtype():
            if self._is_too_long(batch):
                return self._truncated_step(batch)
            outputs = self._infer(batch, self.carried)
            loss = self.criterion_(outputs, batch.targets)
            loss.backward()
            return {"loss": loss, "y_pred": outputs}

    def validation_step(self, batch: Batch, **fit_params: Any) -> dict[str, Tensor]:
        """Return loss and outputs of a batch."""
        self._set_training(False)
        with torch.no_grad(), self.in_its_dtype():
            outputs = self._infer(batch, self.carried_in_validation)
            return {"loss": self.criterion_(outputs, batch.targets), "y_pred": outputs}

    def _infer(self, batch: Batch, carried: CarriedState) -> Tensor:
        if batch.link is not None:
            return carried.infer(batch.inputs, batch.link)
        outputs: Tensor
        if self.bptt_length is not None and not self.module_.training:
            outputs = self.module_.forward_in_chunks(**batch.inputs, chunk_length=self.bptt_length)
        else:
            outputs = self.infer(batch.inputs)
        return outputs

    def _is_too_long(self, batch: Batch) -> bool:
        """Return True if a batch with one target per sequence has to be cut."""
        if self.bptt_length is None or self.module_.pooling is None:
            return False
        return bool(batch.inputs["inputs"].shape[1] > self.bptt_length)

    def _truncated_step(self, batch: Batch) -> dict[str, Tensor]:
        module, link = self.module_, batch.link
        assert self.bptt_length is not None
        if link is None:
            state = module.initial_state(len(batch.inputs["inputs"]))
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
        except KeyboardInterrupt as error:
            # skorch ends training by it, whether a callback or the user has raised it.
            self.interrupted = error is self.ctrl_c.raised
            raise
        finally:
            self.ctrl_c.raised = None  # its traceback holds the data

    def outcome(self) -> TrainingOutcome:
        """Return the results of training so far."""
        return TrainingOutcome(
            history=self.epochs(),
            best_epoch=self.best_epoch(),
            optimizer_state={
                "optimizer": self.plan.optimizer,
                "averages": self.optimizer_.state_dict()["state"],
            },
            state=self.carried.state if self.plan.stateful else None,
            interrupted=self.interrupted,
        )

    # For callbacks

    @property
    def _default_callbacks(self) -> list[tuple[str, Callback]]:
        # Without `PrintLog`, which formats a table each epoch, printed or not.
        return [(name, callback) for name, callback in super()._default_callbacks[:3]]

    def _get_params_callbacks(self, deep: bool = True) -> dict[str, Any]:
        # Not theirs: one that holds the net would ask for its parameters again.
        return {f"callbacks__{name}": callback for name, callback in self.callbacks_}

    def _yield_callbacks(self) -> Iterator[tuple[str, Any, bool]]:
        rows = list(super()._yield_callbacks())
        yield from sorted(rows, key=lambda row: row[0].startswith(LAST))

    @property
    def predict(self) -> Any:
        """The method of the estimator in training."""
        return self.__getattr__("predict")

    @property
    def predict_proba(self) -> Any:
        """The method of the estimator in training, if it has one."""
        return self.__getattr__("predict_proba")

    def __getattr__(self, name: str) -> Any:
        """Return a method or a fitted attribute of the estimator in training."""
        model: ModelInTraining | None = self.__dict__.get("model")
        if model is not None and name in METHODS and hasattr(model.estimator, name):
            return update_wrapper(partial(self._ask, name), getattr(model.estimator, name))
        if model is not None and name.endswith("_") and not name.startswith("_"):
            return getattr(model.estimator, name)
        raise AttributeError(f"the net has no attribute {name!r}")

    def __sklearn_tags__(self) -> Tags:
        model = self.model
        return super().__sklearn_tags__() if model is None else model.estimator.__sklearn_tags__()

    def _ask(self, method: str, X: Any, *args: Any, **kwargs: Any) -> Any:
        """Return the result of a method of the estimator.

        Parameters
        ----------
        method : str
            Its name.
        X : SampleSet, dict or sequences
            A data set that callbacks are called with, the inputs of a batch, or any X that the
            estimator's method takes.
        """
        model = self.model
        assert model is not None
        # While skorch scores, `forward_iter` returns the outputs of the steps of this epoch, and
        # the true values come in the order of its batches.
        scores = "forward_iter" in vars(self)
        lengths: list[Tensor] | None = None
        samples: Samples | None = None
        if isinstance(X, SampleSet) and scores and method == "score":
            args = (X.y, *args[1:])  # of whole sequences, in their order
        elif isinstance(X, SampleSet) and scores and isinstance(X.batches, BatchIterator):
            samples, lengths = X.batches.as_batched()
        elif isinstance(X, Mapping) and "inputs" in X:
            samples = samples_of(dict(X), self.datasets[0].samples)
            lengths = [X["lengths"]] if "lengths" in X else None
        if scores and lengths is not None and model.decode is not None and method in DECODED:
            outputs = list(self.forward_iter(X))
            if outputs:
                return model.decode(method, outputs, lengths)
        if samples is not None:
            X = model.restore(samples)
        elif isinstance(X, SampleSet):
            X = X.X
        return model.ask(method, X, *args, **kwargs)

    def forward_iter(self, X: Any, training: bool = False, device: Any = "cpu") -> Iterator[Any]:
        """Yield the outputs of the network batch by batch, in the order of the samples."""
        if not isinstance(X, SampleSet):
            raise TypeError(
                "the net runs batch by batch on the data sets that callbacks get only; for another "
                "X call net.predict or net.predict_proba."
            )
        for batch in X.in_order(self.batch_size, self.plan.device):
            yield to_device(self.evaluation_step(batch, training=training), device)

    def load_params(self, *args: Any, **kwargs: Any) -> None:
        """Load saved weights and averages; a learning rate that is scheduled stays as it is."""
        super().load_params(*args, **kwargs)
        for _, callback in self.callbacks_:
            if isinstance(callback, RateSchedule):
                callback.restore_rates(self)

    def __reduce__(self) -> tuple[Any, tuple[Any]]:
        """Pickle the estimator as it is now, instead of the net and its data."""
        if self.model is None or self.model.snapshot is None:
            raise TypeError("the net cannot be pickled during training.")
        return _unpickled, (self.model.snapshot(self.outcome()),)

    def epochs(self) -> list[dict[str, Any]]:
        """Return the history of the finished epochs, without the one of each batch."""
        return [
            {name: _plain(value) for name, value in row.items() if name != "batches"}
            for row in self.history
            if "train_loss" in row
        ]

    def best_epoch(self) -> int | None:
        """Return the epoch, from 1, whose weights early stopping has restored."""
        for _, callback in self.callbacks_:
            if isinstance(callback, EarlyStopping) and callback.load_best:
                return int(callback.best_epoch_)
        return None


def _unpickled(estimator: Any) -> Any:
    """Return what the pickle of a net holds."""
    return estimator


def _plain(value: Any) -> Any:
    """Return a NumPy scalar as Python's own, which prints and stores as JSON."""
    return value.item() if isinstance(value, np.generic) else value


class CarriedState:
    """The state that one batch hands to the next.

    Parameters
    ----------
    module : SequenceNetwork
        The network whose state it is.
    state : tuple of Tensor or None, default=None
        The state after an earlier call.
    """

    def __init__(self, module: SequenceNetwork, state: State | None = None):
        self.module = module
        self.state = state

    def take(self, link: Link) -> State:
        """Return the state from which the sequences of a batch continue."""
        if link.begin is not None:
            self.state = self.module.initial_state(link.begin)
        assert self.state is not None  # it was given, or a batch before has left it
        # A sample that continues another has a pooled output of its own.
        return self.module.reset_pooling(take_rows(self.state, link.rows))

    def keep(self, link: Link, state: State) -> None:
        """Store the state after a batch, detached from the graph of gradients."""
        assert self.state is not None  # it was taken before
        after = tuple(part.detach() for part in state)
        self.state = put_rows(self.state, link.rows, after)

    def infer(self, inputs: dict[str, Tensor], link: Link) -> Tensor:
        """Return the outputs of the network for a batch that continues another."""
        state = self.take(link)
        outputs, state = self.module.forward_from(**inputs, state=state, exact=link.exact)
        self.keep(link, state)
        return outputs


class CtrlC:
    """Whether the user has ended training with Ctrl-C.

    A callback ends training by raising KeyboardInterrupt, as skorch's `EarlyStopping` does; that
    is no reason to warn. What tells Ctrl-C from it is the signal SIGINT, which also the interrupt
    button of a notebook sends. So during training a handler is installed around the handler in
    place, which still decides what the signal does.

    Attributes
    ----------
    raised : KeyboardInterrupt or None
        What the signal has raised last. Always None outside the main thread, and without a
        handler in Python: the signal raises nothing there.
    """

    def __init__(self) -> None:
        self.raised: KeyboardInterrupt | None = None

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Note the signal in the body."""
        before = signal.getsignal(signal.SIGINT)
        in_main_thread = threading.current_thread() is threading.main_thread()
        if not callable(before) or not in_main_thread:
            yield
            return

        def note(signum: int, frame: FrameType | None) -> None:
            try:
                before(signum, frame)
            except KeyboardInterrupt as error:
                self.raised = error
                raise

        try:
            signal.signal(signal.SIGINT, note)
            yield
        finally:
            # A handler that a callback has installed meanwhile stays.
            if signal.getsignal(signal.SIGINT) is note:
                signal.signal(signal.SIGINT, before)
