"""The callbacks that users bring: copied, checked before training, and freed of it afterwards."""

from __future__ import annotations

import copy
import io
import pickle
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import update_wrapper
from typing import Any, NamedTuple, NoReturn

import numpy as np
import torch
from sklearn.metrics import get_scorer
from sklearn.utils import ClassifierTags, Tags
from skorch import NeuralNet
from skorch.callbacks import (
    BatchScoring,
    Callback,
    Checkpoint,
    EarlyStopping,
    EpochScoring,
    InputShapeSetter,
    LoadInitState,
    LRScheduler,
    PassthroughScoring,
    TrainEndCheckpoint,
    WandbLogger,
)
from skorch.callbacks.scoring import convert_sklearn_metric_function
from torch import nn
from torch.optim.lr_scheduler import ReduceLROnPlateau

from sklstm._callers import caller_level
from sklstm._training.batches import (
    Batch,
    BatchIterator,
    LabelledSequences,
    Table,
    TableBatches,
)
from sklstm._training.in_training import METHODS, ModelInTraining, SampleSet
from sklstm._training.runtime import to_cpu

# Columns of the history that callbacks may monitor, besides those that other callbacks record.
OF_TRAINING = {"epoch", "dur", "train_loss", "train_loss_best", "train_batch_count"}
OF_VALIDATION = {"valid_loss", "valid_loss_best", "valid_batch_count"}
OF_SCORE = {"valid_score", "valid_score_best"}

# Types of objects that belong to training, and go with it.
LIVE = (
    NeuralNet,
    SampleSet,
    BatchIterator,
    TableBatches,
    Batch,
    LabelledSequences,
    Table,
    torch.optim.Optimizer,
    torch.optim.lr_scheduler.LRScheduler,
)


def copied_callbacks(given: Sequence[Any] | None) -> list[Any]:
    """Return copies of the callbacks that the parameter holds, named as they are, to train with.

    The copies are shallow: what training assigns stays with the copy, but writers and open files
    are shared, and so are the lists in which a callback collects results. Callbacks that hold each
    other, also in a list, hold each other's copies. A class is instantiated, as skorch does.

    Parameters
    ----------
    given : sequence of callbacks, or of pairs of a name and a callback, or None
        The estimators' parameter `callbacks`.

    Raises
    ------
    TypeError
        If one is not a callback.
    ValueError
        If one is given twice: both copies would be the same, and called twice.
    """
    memo: dict[int, Any] = {}
    first: dict[int, int] = {}
    copies = []
    for index, item in enumerate(given or ()):
        pair = isinstance(item, tuple | list) and len(item) == 2 and isinstance(item[0], str)
        callback = item[1] if pair else item
        kind = callback if isinstance(callback, type) else type(callback)
        if not issubclass(kind, Callback):
            _refuse_type(item, index, kind)
        if callback is not kind and first.setdefault(id(callback), index) != index:
            raise ValueError(
                f"callbacks[{index}] and callbacks[{first[id(callback)]}] are the same "
                f"{kind.__name__}. Pass it once."
            )
        own = callback() if isinstance(callback, type) else _copied(callback, memo)
        copies.append((item[0], own) if pair else own)
    return copies


def _refuse_type(given: Any, index: int, kind: type) -> NoReturn:
    way = ""
    if issubclass(kind, torch.optim.lr_scheduler.LRScheduler):
        way = f" For a scheduler of torch: skorch.callbacks.LRScheduler({kind.__name__}, ...)."
    raise TypeError(
        f"callbacks[{index}]={given!r} must be a skorch callback, or a pair of a name and a "
        f"skorch callback.{way}"
    )


def _copied(callback: Callback, memo: dict[int, Any]) -> Any:
    """Return a shallow copy of a callback and of those that it holds."""
    if id(callback) in memo:
        return memo[id(callback)]
    if hasattr(callback, "__copy__"):
        memo[id(callback)] = copy.copy(callback)
        return memo[id(callback)]
    # `copy.copy` would leave out what a class drops to be pickled, such as a writer.
    own = memo[id(callback)] = object.__new__(type(callback))
    for name, value in vars(callback).items():
        own.__dict__[name] = value
        if _holds_callbacks(value):
            parts = [
                _copied(part, memo) if isinstance(part, Callback) else part
                for part in _parts(value)
            ]
            own.__dict__[name] = parts[0] if isinstance(value, Callback) else type(value)(parts)
    return own


def _parts(value: Any) -> Sequence[Any]:
    """Return the items of a list or tuple; any other attribute of a callback by itself."""
    return value if type(value) in (list, tuple) else (value,)


def _holds_callbacks(value: Any) -> bool:
    """Return True if an attribute is a callback, or a list or tuple that has one."""
    return any(isinstance(part, Callback) for part in _parts(value))


def without_name(item: Any) -> Any:
    """Return a callback without the name that it may be given with."""
    return item[1] if isinstance(item, tuple | list) else item


def _with_held(items: Sequence[Any]) -> Iterator[Callback]:
    """Yield some callbacks, and those that they hold."""
    waiting = [without_name(item) for item in items]
    seen: set[int] = set()
    while waiting:
        callback = waiting.pop()
        if isinstance(callback, Callback) and id(callback) not in seen:
            seen.add(id(callback))
            yield callback
            for value in vars(callback).values():
                waiting += _parts(value)


class _Probe(pickle.Pickler):
    """Pickle to nowhere, and fail at an object that belongs to training."""

    def __init__(self, module: nn.Module):
        super().__init__(io.BytesIO(), protocol=5, buffer_callback=lambda buffer: False)
        self.module = module

    def persistent_id(self, obj: Any) -> str | None:
        if isinstance(obj, LIVE) or obj is self.module:
            raise pickle.PicklingError("it belongs to training")
        return "tensor" if isinstance(obj, torch.Tensor) else None  # which need not be copied


def release(trained: Sequence[Any], given: Sequence[Any] | None, module: nn.Module) -> None:
    """Drop what the copies of the user's callbacks still hold of training.

    An attribute that training has assigned stays if it can be pickled, and does not lead to the
    network or an object of a type in `LIVE`; a tensor is moved to the CPU.

    Parameters
    ----------
    trained : list
        What `copied_callbacks` returned for `given`.
    given : sequence or None
        The estimators' parameter `callbacks`.
    module : Module
        The network.
    """
    users = {id(value) for callback in _with_held(given or ()) for value in vars(callback).values()}
    on_cpu = all(weight.device.type == "cpu" for weight in module.parameters())
    for callback in _with_held(trained):
        for name, value in list(vars(callback).items()):
            if id(value) in users or _holds_callbacks(value):
                continue
            try:
                _Probe(module).dump(value)
            except Exception:  # whatever a class raises that cannot be pickled
                delattr(callback, name)
            else:
                if not on_cpu:
                    setattr(callback, name, to_cpu(value))


def check_callbacks(
    callbacks: Sequence[Any],
    model: ModelInTraining | None,
    data: LabelledSequences | None = None,
    validation: LabelledSequences | None = None,
    *,
    has_score: bool = False,
) -> None:
    """Say before training what cannot work.

    Parameters
    ----------
    callbacks : list
        What `copied_callbacks` returned.
    model : ModelInTraining or None
        The estimator.
    data, validation : LabelledSequences or None, default=None
        The training data and the validation data, if they have targets.
    has_score : bool, default=False
        Whether a score of validation data is recorded as ``valid_score``.

    Raises
    ------
    ValueError
        If a callback needs what training does not have.

    Warns
    -----
    UserWarning
        If a score is that of validation data, and there is none.
    """
    if validation is None:
        columns, missing = OF_TRAINING, OF_VALIDATION | OF_SCORE
    else:
        columns = OF_TRAINING | OF_VALIDATION | (OF_SCORE if has_score else set())
        missing = set()
    events = {getattr(without_name(item), "event_name", None) for item in callbacks}
    others = False  # whether a callback may record columns of any name
    way = "set early_stopping=True, or pass X_val and y_val to fit."
    if model is None:
        way = "set early_stopping=True."
    elif model.targets is None:
        way = "a clusterer has none."
    for index, item in enumerate(callbacks):
        callback = without_name(item)
        what = f"callbacks[{index}], {type(callback).__name__},"
        if model is not None:
            _check_kind(callback, what, model)
        others = others or not type(callback).__module__.startswith("skorch.")
        score = _recorded(callback)
        if score is not None and (score.on_train or validation is not None):
            columns = columns | score.columns
            scored = data if score.on_train else validation
            if model is not None and not isinstance(callback, PassthroughScoring):
                _check_metric(callback, f"{what} scores by {score.name!r}, which", model, scored)
        elif score is not None:
            missing = missing | score.columns
            warnings.warn(
                f"{what} scores validation data ({score.name!r}), but there is none, so it records "
                f"nothing: {way} Or set on_train=True.",
                UserWarning,
                stacklevel=caller_level(),
            )
        monitored = _monitored(callback)
        if monitored in missing:
            raise ValueError(f"{what} needs {monitored!r}, but there is no validation data: {way}")
        if monitored is not None and not others and monitored not in columns | events:
            raise ValueError(
                f"{what} needs {monitored!r}, which no callback before it records. Those recorded "
                f"are {sorted(columns)}."
            )


def _check_kind(callback: Callback, what: str, model: ModelInTraining) -> None:
    """Raise ValueError if an estimator has no place for a callback."""
    name = type(model.estimator).__name__
    if isinstance(callback, InputShapeSetter):
        raise ValueError(
            f"{what} would build the network again, but {name} has built it for the shape of X. "
            "Leave it out."
        )
    if model.targets is not None:
        return
    if isinstance(callback, LoadInitState):
        raise ValueError(
            f"{what} loads one network, but {name} trains two, without and with clusters. Leave it "
            "out."
        )
    if isinstance(callback, Checkpoint | TrainEndCheckpoint) and callback.f_pickle:
        raise ValueError(
            f"{what} has f_pickle={callback.f_pickle!r}, but {name} finds its clusters at the end "
            "of fit. Pickle it then, or save the weights of the network by f_params."
        )


def _check_metric(
    callback: BatchScoring | EpochScoring,
    what: str,
    model: ModelInTraining,
    data: LabelledSequences | None,
) -> None:
    """Raise ValueError if a metric of scikit-learn does not suit the estimator or the data."""
    scorer, name = _scorer(callback), type(model.estimator).__name__
    if not _is_of_sklearn(scorer):
        return
    if model.targets is None or data is None:
        raise ValueError(
            f"{what} needs y, but {name} has none. Pass scoring=None for its own score, or a "
            "function of (net, X, y)."
        )
    needed = getattr(scorer, "_response_method", "predict")
    methods = [needed] if isinstance(needed, str) else list(needed)
    if not any(hasattr(model.estimator, method) for method in methods):
        raise ValueError(f"{what} needs {' or '.join(methods)}, but {name} has no such method.")
    if methods != ["predict"]:
        return
    y = model.targets(data.targets, None)
    # Of counts, y may hold zeros, which deviances do not accept as predictions.
    predicted = y if hasattr(model.estimator, "classes_") else np.ones_like(y)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            scorer._score_func(y, predicted, **scorer._kwargs)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{what} does not accept this y: {error}") from error


def _is_of_sklearn(scorer: Any) -> bool:
    """Return True if a scorer compares by a metric of scikit-learn."""
    metric = getattr(scorer, "_score_func", None)
    return str(getattr(metric, "__module__", "")).startswith("sklearn.")


def _scorer(callback: BatchScoring | EpochScoring) -> Any:
    """Return the scorer of scikit-learn, or the function, by which a callback scores."""
    scorer = convert_sklearn_metric_function(callback.scoring)
    return get_scorer(scorer) if isinstance(scorer, str) else scorer


class Score(NamedTuple):
    """The score that a callback records.

    Attributes
    ----------
    name : str
        The column of the history.
    on_train : bool
        Whether it is that of training data.
    """

    name: str
    on_train: bool

    @property
    def columns(self) -> set[str]:
        """The columns of the history that hold it, and whether it is the best."""
        return {self.name, f"{self.name}_best"}


def _recorded(callback: Callback) -> Score | None:
    """Return the score that a callback of skorch records, or None."""
    if isinstance(callback, BatchScoring | EpochScoring):
        try:
            name = copy.copy(callback).initialize().name_
        except AttributeError as error:  # of an object that is called, or a scorer of one
            raise ValueError(
                f"{type(callback).__name__}(scoring={callback.scoring!r}) needs the name of the "
                "column for its scores: pass name=, too."
            ) from error
        return Score(name, bool(callback.on_train))
    if isinstance(callback, PassthroughScoring):
        return Score(callback.name, bool(callback.on_train))
    return None


def _monitored(callback: Callback) -> str | None:
    """Return the name of the column that a callback reads after every epoch."""
    monitor: Any = None
    if isinstance(callback, WandbLogger):
        monitor = "valid_loss_best" if callback.save_model else None
    elif isinstance(callback, LRScheduler):
        plateau = callback.policy in ("ReduceLROnPlateau", ReduceLROnPlateau)
        monitor = callback.monitor if plateau and callback.step_every == "epoch" else None
    elif isinstance(callback, Checkpoint | EarlyStopping):
        monitor = callback.monitor
    return monitor if isinstance(monitor, str) else None


def score_steps(callbacks: Sequence[Any]) -> None:
    """Let scores of scikit-learn, which take a label per sample, compare the steps of sequences.

    Their scores by name and of its metrics compare all steps of all sequences, concatenated. Other
    functions get one array per sequence, as the estimator's methods take and return them.
    """
    for item in callbacks:
        callback = without_name(item)
        if not isinstance(callback, BatchScoring | EpochScoring):
            continue
        scorer, score = _scorer(callback), _recorded(callback)
        if _is_of_sklearn(scorer) and score is not None:
            callback.name = score.name
            callback.scoring = OverSteps(scorer)


@dataclass(frozen=True)
class OverSteps:
    """Score all steps of all sequences by a scorer of scikit-learn."""

    scorer: Callable[..., float]

    def __call__(self, net: Any, X: Any, y: Any) -> float:
        return self.scorer(Concatenated(net), X, np.concatenate(list(y)))


class Concatenated:
    """The net, with the steps of all sequences concatenated in what its methods return."""

    def __init__(self, net: Any):
        self.net = net

    def __getattr__(self, name: str) -> Any:
        value = getattr(self.net, name)
        if name not in METHODS:
            return value

        def concatenated(X: Any) -> np.ndarray:
            return np.concatenate(list(value(X)))

        return update_wrapper(concatenated, value)

    def __sklearn_tags__(self) -> Tags:
        tags = self.net.__sklearn_tags__()
        if hasattr(self.net, "classes_"):
            tags.estimator_type, tags.classifier_tags = "classifier", ClassifierTags()
        return tags
