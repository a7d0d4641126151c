"""Windows of series, scaled by their own past, and the training and prediction of forecasts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from skorch.callbacks import BatchScoring, EpochScoring
from torch import Tensor

from sklstm._sequences import offsets
from sklstm._training.batches import Batch
from sklstm._training.plan import TrainingPlan
from sklstm._training.predict import evaluation_mode, move_to
from sklstm._training.runtime import fast_cpu
from sklstm._training.train import TrainingOutcome, train_on
from sklstm._training.users_callbacks import check_callbacks, without_name
from sklstm.nn import ForecastLoss, ForecastNetwork

BATCH_SIZE = 256  # of predictions
# A past whose standard deviation is smaller than this, relative to its largest value, is constant.
_CONSTANT = 1e-9
# Numbers of series and windows may be large: this bounds what is kept for calibration.
MOST_CALIBRATED = 2_000


@dataclass(frozen=True)
class SeriesSet:
    """Series, and what is known beside them.

    Attributes
    ----------
    values : ndarray of shape (total_steps, n_features), float64
        The steps of all series, concatenated; NaN where a value is missing.
    lengths : ndarray of shape (n_series,)
        Number of steps of each series.
    covariates : ndarray of shape (total_covariate_steps, n_covariates), float32, or None
        What is known of past and future; scaled. The steps of all series, concatenated.
    covariate_offsets : ndarray of shape (n_series,) or None
        Row of the first step of each series in `covariates`.
    static : ndarray of shape (n_series, n_static), float32, or None
        Numbers known of each series; scaled.
    categories : ndarray of shape (n_series, n_categorical), int64, or None
        Categories known of each series, as numbers.
    weights : ndarray of shape (n_series,), or None
        Weight of each series in the loss.
    ends : ndarray of shape (n_series,), or None
        Number of past steps of the only window of each series; None if all of its windows count.
    """

    values: np.ndarray
    lengths: np.ndarray
    covariates: np.ndarray | None = None
    covariate_offsets: np.ndarray | None = None
    static: np.ndarray | None = None
    categories: np.ndarray | None = None
    weights: np.ndarray | None = None
    ends: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.lengths)


@dataclass(frozen=True)
class WindowForm:
    """How windows are cut out of series and scaled.

    Attributes
    ----------
    context_length : int
        Number of steps that the encoder reads. Of shorter pasts the first ones are missing.
    horizon : int
        Number of steps to forecast.
    seasons : tuple of int
        Numbers of steps of a season, without 1; the decoder reads the values of the last seasons.
    targets : tuple of int
        The features that are forecast.
    scaling : {"standard", "multiplicative", None}
        What values are scaled by; see `LSTMForecaster`.
    baseline : {"seasonal_naive", "last", None}
        The forecast that the network corrects.
    """

    context_length: int
    horizon: int
    seasons: tuple[int, ...]
    targets: tuple[int, ...]
    scaling: str | None
    baseline: str | None

    @property
    def level_steps(self) -> int:
        """The number of last steps whose mean is the level: a season, or the whole context."""
        return self.seasons[0] if self.seasons else self.context_length

    @property
    def reach(self) -> int:
        """The number of past steps that a window may look at."""
        return max(self.context_length, *self.seasons, 1)


@dataclass(frozen=True)
class Windows:
    """Scaled windows of some series: the input of the network, and how to undo the scaling.

    Attributes
    ----------
    inputs : dict of str to ndarray
        The arguments of `ForecastNetwork`.
    level, spread : ndarray of shape (n, 1, n_targets), float64
        What was subtracted, and what was divided by. The spread of a past that is constant or not
        known at all is 0, for which every scaled value is 0.
    """

    inputs: dict[str, np.ndarray]
    level: np.ndarray
    spread: np.ndarray

    def scaled(self, values: np.ndarray) -> np.ndarray:
        """Return ``(n, horizon, n_targets)`` values on the scale of the network."""
        return _divided(values - self.level, self.spread)


def _divided(values: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """Return values divided by a spread; 0 where that is 0, but NaN remains."""
    found = values / np.where(spread > 0.0, spread, 1.0)
    return np.where((spread > 0.0) | np.isnan(found), found, 0.0)


def read_windows(data: SeriesSet, form: WindowForm, which: np.ndarray, ends: np.ndarray) -> Windows:
    """Return the windows of the series `which` whose past ends before the step `ends`."""
    first = offsets(data.lengths)[which]  # (n,) row of the first step of each series
    past = _Lookup(data.values, first, ends)
    context = past.steps(np.arange(-form.context_length, 0))  # (n, context, features)
    level, recent, spread = _scale(context, form)
    known = ~np.isnan(context)
    filled, since = _carried(context, known)
    # The network reads values around 0, whether those that it predicts are shifted or not.
    scaled = _divided(np.where(np.isnan(filled), recent, filled) - recent, spread)
    # Steps since the last known value, from 0 to about 1; a number never known counts as the most.
    age = np.log1p(since) / np.log1p(form.context_length)
    targets = list(form.targets)
    last = np.where(np.isnan(filled[:, -1:]), recent, filled[:, -1:])[:, :, targets]
    future, baseline = [], np.broadcast_to(last, (len(which), form.horizon, len(targets)))
    ahead = np.arange(form.horizon)
    for season in form.seasons:
        lagged = past.steps(ahead - (ahead // season + 1) * season)[:, :, targets]
        lagged = np.where(np.isnan(lagged), last, lagged)
        future.append(lagged)
        if form.baseline == "seasonal_naive":  # of the longest season
            baseline = lagged
    own_level, own_spread = level[:, :, targets], spread[:, :, targets]
    steps = [_divided(lagged - recent[:, :, targets], own_spread) for lagged in future]
    before = [scaled, age]
    if data.covariates is not None:
        assert data.covariate_offsets is not None
        beside = _Lookup(data.covariates, data.covariate_offsets[which], ends)
        before.append(np.nan_to_num(beside.steps(np.arange(-form.context_length, 0))))
        steps.append(beside.steps(ahead))
    if not steps:
        steps.append(np.zeros((len(which), form.horizon, 0)))
    if form.baseline is None:
        baseline = np.broadcast_to(recent[:, :, targets], baseline.shape)
    inputs = {
        "past": np.concatenate(before, axis=2),
        "future": np.concatenate(steps, axis=2),
        "baseline": _divided(baseline - own_level, own_spread),
        "previous": _divided(last - own_level, own_spread)[:, 0],
    }
    inputs = {name: array.astype(np.float32) for name, array in inputs.items()}
    if data.static is not None:
        inputs["static"] = data.static[which]
    if data.categories is not None:
        inputs["categories"] = data.categories[which]
    return Windows(inputs, own_level, own_spread)


def true_future(
    data: SeriesSet, form: WindowForm, which: np.ndarray, ends: np.ndarray
) -> np.ndarray:
    """Return the values that follow the past of windows, ``(n, horizon, n_targets)``."""
    rows = (offsets(data.lengths)[which] + ends)[:, None] + np.arange(form.horizon)
    return data.values[rows][:, :, list(form.targets)]


class _Lookup:
    """Values of series at steps that are counted from the end of a past; NaN before their start."""

    def __init__(self, values: np.ndarray, first: np.ndarray, ends: np.ndarray):
        self.values, self.first, self.ends = values, first[:, None], ends[:, None]

    def steps(self, steps: np.ndarray) -> np.ndarray:
        """Return the values at some steps, ``(n, n_steps, n_features)``."""
        at = self.ends + steps
        found = self.values[self.first + np.maximum(at, 0)]
        return np.where((at >= 0)[:, :, None], found, np.nan) if at.min(initial=0) < 0 else found


def _scale(context: np.ndarray, form: WindowForm) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return shift, recent mean and spread of each feature of each context, ``(n, 1, features)``.

    Values are shifted and divided to be predicted; those that are read are around the recent mean.
    """
    known = ~np.isnan(context)
    if form.scaling is None:
        spread = known.any(axis=1, keepdims=True).astype(np.float64)
        zero = np.zeros_like(spread)
        return zero, zero, spread
    values = np.where(known, context, 0.0)
    n_known = known.sum(axis=1, keepdims=True)
    mean = values.sum(axis=1, keepdims=True) / np.maximum(n_known, 1)
    last = slice(-min(form.level_steps, context.shape[1]), None)
    n_recent = known[:, last].sum(axis=1, keepdims=True)
    recent = values[:, last].sum(axis=1, keepdims=True) / np.maximum(n_recent, 1)
    recent = np.where(n_recent > 0, recent, mean)
    if form.scaling == "multiplicative":
        size = np.abs(values).sum(axis=1, keepdims=True) / np.maximum(n_known, 1)
        return np.zeros_like(mean), recent, size
    deviation = np.where(known, context - mean, 0.0)
    spread = np.sqrt(np.square(deviation).sum(axis=1, keepdims=True) / np.maximum(n_known, 1))
    largest = np.abs(values).max(axis=1, keepdims=True)
    return recent, recent, np.where(spread > _CONSTANT * largest, spread, 0.0)


def _carried(context: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the last known value at each step, and the number of steps since it was known.

    Before the first known value it is NaN, and steps are counted from before the context.
    """
    if known.all():
        return context, np.zeros_like(context)
    n_steps = context.shape[1]
    step = np.arange(n_steps)[None, :, None]
    at = np.maximum.accumulate(np.where(known, step, -1), axis=1)  # (n, time, features)
    filled = np.take_along_axis(context, np.maximum(at, 0), axis=1)
    since = np.where(at >= 0, step - at, n_steps)
    return np.where(at >= 0, filled, np.nan), since.astype(context.dtype)


class WindowBatches:
    """Iterate over windows of series, once per epoch.

    Parameters
    ----------
    data : SeriesSet
        The series.
    form : WindowForm
        The form of the windows.
    begins, ends : ndarray of int of shape (n_series,)
        The first and the last number of past steps of a window of each series. A series with
        ``ends < begins`` has none.
    n_windows : int
        Number of windows per epoch at most. Where there are more, each epoch draws as many from
        each series, at random places.
    batch_size : int
        Number of windows per batch.
    device : torch.device
        Device of the tensors.
    rng : numpy.random.Generator or None
        Draws and shuffles; None keeps the order and takes windows at equal distances.
    teaching : callable or None, default=None
        Returns the probability that a recursive decoder reads true values, from the fraction of
        the training that is done.
    n_epochs : int, default=1
        Number of epochs, of which that is a fraction.
    """

    is_cut = False

    def __init__(
        self,
        data: SeriesSet,
        form: WindowForm,
        begins: np.ndarray,
        ends: np.ndarray,
        n_windows: int,
        batch_size: int,
        device: torch.device,
        rng: np.random.Generator | None,
        *,
        teaching: Any = None,
        n_epochs: int = 1,
    ):
        self.data, self.form = data, form
        self.begins, self.counts = begins, np.maximum(ends - begins + 1, 0)
        self.n_windows = min(n_windows, int(self.counts.sum()))
        self.weights = self._scaled_weights()
        self.batch_size, self.device, self.rng = batch_size, device, rng
        self.teaching, self.n_epochs = teaching, n_epochs
        self.n_batches = -(-self.n_windows // batch_size)
        self.done, self.begun = 0, 0

    def __iter__(self) -> Iterator[Batch]:
        which, ends = self.drawn()
        self.begun, self.done = self.begun + 1, 0
        for rows in np.array_split(np.arange(len(which)), self.n_batches):
            self.done += 1
            yield self._batch(which[rows], ends[rows])

    def epochs_done(self) -> float:
        """Return the number of epochs done, including the fraction of the current one."""
        return max(0, self.begun - 1) + self.done / self.n_batches

    def _scaled_weights(self) -> np.ndarray:
        """Return weights of the series whose mean over the windows of an epoch is 1."""
        if self.data.weights is None:
            return np.ones(len(self.data))
        n_drawn = self.counts if self.n_windows == self.counts.sum() else self.counts > 0
        total = float((self.data.weights * n_drawn).sum())
        if not total > 0.0:
            raise ValueError(
                "sample_weight is 0 for every series that is long enough for a window to be cut "
                "out of it."
            )
        scaled: np.ndarray = self.data.weights * (n_drawn.sum() / total)
        return scaled

    def drawn(self) -> tuple[np.ndarray, np.ndarray]:
        """Return series and number of past steps of each window of an epoch."""
        total = int(self.counts.sum())
        if self.n_windows < total and self.rng is not None:
            usable = np.flatnonzero(self.counts)
            turns = -(-self.n_windows // len(usable))
            which = np.concatenate([self.rng.permutation(usable) for _ in range(turns)])
            which = which[: self.n_windows]
            place = (self.rng.random(len(which)) * self.counts[which]).astype(np.int64)
            return which, self.begins[which] + place
        if self.rng is None:
            return self.evenly(self.n_windows)
        return self._at(self.rng.permutation(total))

    def evenly(self, n: int) -> tuple[np.ndarray, np.ndarray]:
        """Return series and number of past steps of `n` windows, or all, at equal distances."""
        total = int(self.counts.sum())
        return self._at(np.unique(np.linspace(0, total - 1, min(n, total)).round().astype(int)))

    def _at(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return series and number of past steps of the windows with some numbers."""
        which = np.searchsorted(np.cumsum(self.counts), rows, side="right")
        return which, self.begins[which] + rows - offsets(self.counts)[which]

    def _batch(self, which: np.ndarray, ends: np.ndarray) -> Batch:
        windows = read_windows(self.data, self.form, which, ends)
        expected = windows.scaled(true_future(self.data, self.form, which, ends))
        # A past without spread has no scale for what follows it: there is nothing to learn from it.
        expected = np.where(windows.spread > 0.0, expected, np.nan)
        inputs: dict[str, Any] = {
            name: torch.from_numpy(array).to(self.device) for name, array in windows.inputs.items()
        }
        targets = self._tensor(expected)
        if self.teaching is not None:
            inputs["expected"] = targets
            inputs["teaching"] = self.teaching(self.epochs_done() / self.n_epochs)
        return Batch(
            inputs,
            (targets, self._tensor(self.weights[which]), self._tensor(windows.spread)),  # type: ignore[arg-type]
            None,
            len(which),
        )

    def _tensor(self, array: np.ndarray) -> Tensor:
        return torch.from_numpy(array.astype(np.float32)).to(self.device)


def train_forecaster(
    module: ForecastNetwork,
    criterion: ForecastLoss,
    batches: WindowBatches,
    plan: TrainingPlan,
    *,
    validation: WindowBatches | None = None,
    optimizer_state: dict[str, Any] | None = None,
) -> TrainingOutcome:
    """Train `module` in place on windows; see `train_on`."""
    for index, item in enumerate(plan.callbacks):
        callback = without_name(item)
        if isinstance(callback, BatchScoring | EpochScoring):
            raise ValueError(
                f"callbacks[{index}], {type(callback).__name__}, asks for predictions, which a "
                "forecaster in training does not make; leave it out. The history has 'train_loss', "
                "and with early_stopping=True 'valid_loss'."
            )
    check_callbacks(plan.callbacks, None, validation=validation)  # type: ignore[arg-type]
    return train_on(
        module,
        criterion,
        batches,
        plan,
        valid_batches=validation,  # type: ignore[arg-type]
        optimizer_state=optimizer_state,
    )


def predict_windows(
    module: ForecastNetwork,
    data: SeriesSet,
    form: WindowForm,
    which: np.ndarray,
    ends: np.ndarray,
    *,
    device: torch.device,
    n_jobs: int | None,
) -> tuple[np.ndarray, Windows]:
    """Return the parameters that are predicted for windows, scaled, and the windows without inputs.

    The parameters have shape ``(n, horizon, n_targets, n_parameters)``.
    """
    move_to(module, device)
    found, scales = [], []
    for start in range(0, len(which), BATCH_SIZE):
        rows = slice(start, start + BATCH_SIZE)
        windows = read_windows(data, form, which[rows], ends[rows])
        inputs = {name: torch.from_numpy(a).to(device) for name, a in windows.inputs.items()}
        with evaluation_mode(module), fast_cpu(n_jobs), torch.inference_mode():
            found.append(module(**inputs).cpu().numpy())
        scales.append(replace(windows, inputs={}))
    level = np.concatenate([windows.level for windows in scales])
    spread = np.concatenate([windows.spread for windows in scales])
    return np.concatenate(found), Windows({}, level, spread)
