"""LSTMForecaster."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from numbers import Integral, Number, Real
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import _fit_context
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.utils import Tags, check_consistent_length, check_random_state
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import check_is_fitted
from torch import nn

from sklstm._callers import caller_level
from sklstm._estimators.base import IncrementalEstimator, LayerRow, trained_parameters
from sklstm._estimators.params import COUNT, NETWORK, TRAINING, Range, layer_sizes
from sklstm._keywords import ExplainedKeywords
from sklstm._sequences import (
    Ragged,
    align_frames,
    as_container,
    check_entries,
    check_series_frame,
    is_missing,
    locate,
    offsets,
    plain,
    ranges,
    split,
    token_ids_in,
)
from sklstm._targets import (
    FORECAST_LOSSES,
    Calibration,
    Copula,
    Predicted,
    checked_quantiles,
    family_of,
    given_weights,
    has_spread,
    interval_levels,
)
from sklstm._training import (
    FORECASTS,
    MOST_CALIBRATED,
    SeriesSet,
    WindowBatches,
    WindowForm,
    predict_windows,
    resolve_device,
    train_forecaster,
    true_future,
)
from sklstm.nn import ForecastLoss, ForecastNetwork
from sklstm.nn.checks import whole
from sklstm.nn.forecast import Family

_NETWORK = "hidden_size num_layers cell dropout recurrent_dropout"
_TRAINING = (
    "max_epochs random_state optimizer learning_rate weight_decay gradient_clip lr_schedule "
    "batch_size shuffle warm_start early_stopping validation_fraction n_iter_no_change tol n_jobs "
    "device callbacks verbose"
)
# By default no value is forecast more often in training: fewer windows, which overlap, are learned
# by heart (benchmarks/results/short_series.md).
_MOST_REPEATS = 1_000
# From so many windows the correlation between steps, and between features, is learned.
_RANKED = 512


class LSTMForecaster(ExplainedKeywords, IncrementalEstimator):
    """Forecast the next steps of series with an encoder-decoder LSTM.

    One model is trained on windows of all series, of any lengths, and forecasts each of them, and
    series that it has not seen. Each window is scaled by its own past, so that series of different
    units can be learned together. The network corrects a naive forecast, and predicts quantiles or
    a distribution, so that there are intervals as well. A forecast depends on the past of its own
    series only.

    The first six parameters are the ones that most users set. The others follow by topic: forecasts
    (`target_features` to `conformal`), architecture (`num_layers` to `recurrent_dropout`),
    optimisation (`max_windows` to `warm_start`), early stopping (`early_stopping` to `tol`) and
    runtime (`n_jobs` to `verbose`).

    Parameters
    ----------
    horizon : int, default=1
        Number of steps to forecast.
    season_length : int or tuple of int, default=1
        Number of steps after which a pattern returns: 24 for hourly data with a daily pattern, 12
        for monthly data. A tuple holds several, such as (24, 168) for hourly data that also has a
        weekly pattern. The decoder reads the values of the last seasons for each step that it
        forecasts. 1 is for series without a season.
    hidden_size : int or tuple of int, default=64
        Number of units of each recurrent layer, of encoder and decoder alike. A tuple gives each
        layer its own number.
    learning_rate : float, default=3e-3
        Initial learning rate of the optimizer.
    max_epochs : int or "auto", default="auto"
        Number of passes over the training windows, of which an epoch has at most `max_windows`.
        "auto" makes about 3,000 training steps, in at least 4 epochs and at most 60, or fewer if
        windows overlap so much that each value would be forecast over 1,000 times, as those of a
        single series may: they would be learned by heart.
    context_length : int or "auto", default="auto"
        Number of past steps that the encoder reads; the seasonal values may be further back.
        Shorter series may be given: steps before their start are missing. "auto" means the longest
        season or twice the horizon, whichever is more, but at most half of the longest training
        series without its last `horizon` steps, or a season; of windows (`y` in `fit`) the whole
        window at most.
    target_features : int, tuple of int or None, default=None
        The features of the steps that are forecast, by index, where the steps of X have several;
        the others are read as covariates of the past. None forecasts all of them. With an int,
        forecasts have no axis of targets.
    loss : {"quantile", "absolute_error", "squared_error", "normal", "student_t", \
            "negative_binomial"}, default="quantile"
        What is predicted for each future value: "quantile" `quantiles` by the pinball loss [2]_,
        of which the median is the point forecast; "absolute_error" the median alone;
        "squared_error" the mean alone; or the parameters of a distribution, by maximum likelihood
        [3]_: "normal"; "student_t", whose tails are heavier; "negative_binomial" for counts, which
        needs ``scaling="multiplicative"``.
    quantiles : float or tuple of float, default=(0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975)
        For "quantile": the quantiles to predict, in increasing order. They are learned together
        and cannot cross. Other quantiles are interpolated. A single one is what `predict` returns,
        and there are no intervals then, unless ``conformal=True``.
    scaling : {"standard", "multiplicative"} or None, default="standard"
        How the values of each window are scaled. "standard" subtracts the mean of the last season
        (of the context, without seasons) and divides by the standard deviation of the context.
        "multiplicative" divides by the mean absolute value of the context, so that a forecast is
        a multiple of it: for counts, and series whose spread grows with their level. None leaves
        values as they are.
    baseline : {"auto", "seasonal_naive", "last"} or None, default="auto"
        The forecast that the network corrects: "seasonal_naive" repeats the last of the longest
        season, "last" the last value. Without one the network starts from the level of the past.
        "auto" means "seasonal_naive" with a season and "last" without, but None for
        "negative_binomial", as a single count says little about the mean.
    strategy : {"direct", "recursive"}, default="direct"
        "direct" forecasts each step from the past, "recursive" also reads the forecast of the step
        before, and takes longer, because steps are computed one after the other. Errors do not add
        up in a direct forecast.
    teacher_forcing : float, default=1.0
        For "recursive": the probability at the beginning of training that the decoder reads the
        true value of the step before instead of its own forecast; it declines to 0 linearly during
        training [4]_.
    conformal : bool, default=False
        Hold out the last windows (`validation_fraction`) of each series, and widen or narrow
        intervals so that they would have had the coverage that they promise there [5]_, at each
        step of the horizon. With fewer windows than that takes, which are 9 for a coverage of 90%
        and 19 for 95%, all steps are widened alike. It gives intervals for "absolute_error" and
        "squared_error", too. `sample_paths` remains as it is.
    num_layers : int, default=1
        Number of stacked recurrent layers, where `hidden_size` is one number.
    cell : {"lstm", "gru"}, default="lstm"
        The recurrent cell. On a CPU the LSTM runs in a fused kernel and is much faster.
    dropout : float, default=0.0
        Dropout rate between recurrent layers, of the state that is repeated for the decoder, and
        before the output layer.
    recurrent_dropout : float, default=0.0
        Dropout rate of the recurrent weights, drawn once per batch; by a recursive decoder for
        each step.
    max_windows : int, default=6_400
        Number of windows in an epoch at most. If there are more, each epoch draws as many, the same
        number from each series.
    batch_size : int, default=64
        Number of windows per training step.
    optimizer : {"adam", "adamw", "sgd", "rmsprop"}, default="adam"
        The optimizer. "sgd" has a Nesterov momentum of 0.9.
    weight_decay : float, default=0.0
        Strength of the L2 penalty, decoupled from the gradient for "adamw".
    gradient_clip : float or None, default=1.0
        Maximum gradient norm; None disables clipping.
    lr_schedule : str, default="one_cycle"
        Learning rate schedule over the `max_epochs` epochs; see `LSTMClassifier`. `partial_fit`
        keeps the rate constant.
    shuffle : bool, default=True
        Whether windows are drawn at random and shuffled in every epoch. False takes them in order.
    warm_start : bool, default=False
        Continue training from the current weights at the next `fit`.
    early_stopping : bool, default=False
        Hold out the last windows of each series, stop when the loss on them no longer decreases,
        and restore the best weights.
    validation_fraction : float, default=0.1
        Fraction of the steps of each series, its last ones and at least `horizon`, in which the
        forecasts of held-out windows lie. Training windows end before. Series too short for that
        are trained on as a whole. Of windows (`y` in `fit`) the fraction of windows, the last ones.
    n_iter_no_change : int, default=3
        Number of epochs without an improvement of at least `tol` after which training stops.
    tol : float, default=1e-4
        Minimum decrease of the validation loss that counts as an improvement.
    n_jobs : int or None, default=None
        Number of torch threads; see `LSTMClassifier`.
    device : str, default="auto"
        "auto", "cpu", "cuda", "cuda:1", "mps". "auto" uses a GPU if there is one.
    callbacks : list of skorch callbacks or None, default=None
        Called during training. Scores of predictions, such as `EpochScoring`, are refused: there
        is no y of windows to compare with. `fit` works with copies, which are in `callbacks_`
        afterwards.
    random_state : int, RandomState instance or None, default=None
        Determines the initial weights, the windows that are drawn, and dropout.
    verbose : int or bool, default=0
        Above 0, show a progress bar with loss and remaining time.

    Attributes
    ----------
    n_features_in_ : int
        Number of features per step.
    context_length_ : int
        Number of past steps that the encoder reads.
    quantiles_ : tuple of float or None
        The quantiles predicted; None for other losses.
    n_windows_ : int
        Number of training windows, of which an epoch has `max_windows` at most.
    module_ : torch.nn.Module
        The trained network, in evaluation mode.
    callbacks_ : list
        The copies of `callbacks` that training worked with.
    history_ : list of dict
        For every epoch "train_loss", "dur" (seconds) and with early stopping "valid_loss".
    loss_curve_ : list of float
        The training loss of every epoch.
    n_iter_ : int
        Number of epochs trained, or of calls to `partial_fit`.
    best_epoch_ : int or None
        The epoch, counted from 1, whose weights early stopping restored.

    See Also
    --------
    LSTMRegressor : Predicts numbers for whole sequences, or for each step.
    make_windows : Cuts series into windows for other estimators.
    sklstm.metrics.mean_absolute_scaled_error : Compares forecasts of series of different units.

    Notes
    -----
    Missing values are NaN. The encoder reads the last known value in their place, and how long ago
    that was; missing values of the future do not count in the loss.

    A series whose last `context_length_` steps are constant is forecast to remain so, with
    intervals without width: it has no scale. Nothing is learned from such windows.

    A single series of some hundred steps has few windows, which overlap, and intervals that are
    learned from them are too narrow; ``conformal=True`` brings them nearer to their coverage. Where
    the level of the series wanders, a seasonal naive forecast may be more accurate;
    `sklstm.baselines.compare` says which it is.

    The network is an encoder-decoder LSTM [1]_: in Keras' terms the last state of an LSTM, a
    RepeatVector, a second LSTM and a dense layer that is TimeDistributed. Like the winner of
    the M4 competition [6]_ it is trained on the windows of all series, each scaled by its own
    past.

    References
    ----------
    .. [1] K. Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder for
       Statistical Machine Translation", EMNLP 2014, section 2.2.
    .. [2] R. Wen et al., "A Multi-Horizon Quantile Recurrent Forecaster", NeurIPS 2017 Time Series
       Workshop, section 3.
    .. [3] D. Salinas, V. Flunkert, J. Gasthaus, T. Januschowski, "DeepAR: Probabilistic
       Forecasting with Autoregressive Recurrent Networks", International Journal of Forecasting
       36(3), 2020, section 3.
    .. [4] S. Bengio et al., "Scheduled Sampling for Sequence Prediction with Recurrent Neural
       Networks", NeurIPS 2015, section 2.4.
    .. [5] Y. Romano, E. Patterson, E. J. Candes, "Conformalized Quantile Regression", NeurIPS
       2019, section 4.
    .. [6] S. Smyl, "A hybrid method of exponential smoothing and recurrent neural networks for
       time series forecasting", International Journal of Forecasting 36(1), 2020, section 3.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm import LSTMForecaster
    >>> rng = np.random.default_rng(0)
    >>> hours = np.arange(24 * 20)
    >>> daily = np.sin(2 * np.pi * hours / 24)
    >>> X = [level + daily + 0.1 * rng.normal(size=len(hours)) for level in (3.0, 10.0)]
    >>> model = LSTMForecaster(horizon=12, season_length=24, max_epochs=10, random_state=0)
    >>> model.fit(X).predict(X).shape
    (2, 12)
    >>> model.predict_interval(X, coverage=0.9).shape  # lower and upper bounds
    (2, 12, 2)
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **{name: NETWORK[name] for name in _NETWORK.split()},
        **{name: TRAINING[name] for name in _TRAINING.split()},
        "horizon": [COUNT],
        "season_length": [COUNT, tuple, list],
        "context_length": [COUNT, StrOptions({"auto"})],
        "target_features": [Range(Integral, 0, None, closed="left"), tuple, list, None],
        "loss": [StrOptions(set(FORECAST_LOSSES))],
        "quantiles": [tuple, list, Real],
        "scaling": [StrOptions({"standard", "multiplicative"}), None],
        "baseline": [StrOptions({"auto", "seasonal_naive", "last"}), None],
        "strategy": [StrOptions({"direct", "recursive"})],
        "teacher_forcing": [Range(Real, 0, 1, closed="both")],
        "conformal": ["boolean"],
        "max_windows": [COUNT],
    }
    # What the base class asks of every estimator
    embeddings = None
    freeze_embeddings = False
    input_type = "values"
    padding_value = None
    _reads_missing = True
    _value_dtype = [np.float64, np.float32]

    _only_in_fit = ("early_stopping", "conformal")
    _network_names = (
        *"horizon season_length context_length target_features loss quantiles scaling".split(),
        *f"baseline strategy {_NETWORK}".split(),
    )

    _form_: WindowForm
    _family_: Family
    _covariates_: _Scaling | None
    _static_: _StaticColumns | None
    _calibration_: Calibration | None
    _copula_: Copula | None
    _targets_: tuple[int, ...]
    _drops_axis_: bool  # whether forecasts have no axis of targets

    def __init__(
        self,
        # The parameters set most often
        horizon: int = 1,
        season_length: int | tuple[int, ...] = 1,
        *,
        hidden_size: int | tuple[int, ...] = 64,
        learning_rate: float = 3e-3,
        max_epochs: int | str = "auto",
        context_length: int | str = "auto",
        # Forecasts
        target_features: int | tuple[int, ...] | None = None,
        loss: str = "quantile",
        quantiles: float | tuple[float, ...] = (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975),
        scaling: str | None = "standard",
        baseline: str | None = "auto",
        strategy: str = "direct",
        teacher_forcing: float = 1.0,
        conformal: bool = False,
        # Architecture
        num_layers: int = 1,
        cell: str = "lstm",
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        # Optimisation
        max_windows: int = 6_400,
        batch_size: int = 64,
        optimizer: str = "adam",
        weight_decay: float = 0.0,
        gradient_clip: float | None = 1.0,
        lr_schedule: str = "one_cycle",
        shuffle: bool = True,
        warm_start: bool = False,
        # Early stopping
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 3,
        tol: float = 1e-4,
        # Runtime
        n_jobs: int | None = None,
        device: str = "auto",
        callbacks: list[Any] | None = None,
        random_state: int | np.random.RandomState | None = None,
        verbose: int | bool = 0,
    ):
        self.horizon = horizon
        self.season_length = season_length
        self.hidden_size = hidden_size
        self.learning_rate = learning_rate
        self.max_epochs = max_epochs
        self.context_length = context_length
        self.target_features = target_features
        self.loss = loss
        self.quantiles = quantiles
        self.scaling = scaling
        self.baseline = baseline
        self.strategy = strategy
        self.teacher_forcing = teacher_forcing
        self.conformal = conformal
        self.num_layers = num_layers
        self.cell = cell
        self.dropout = dropout
        self.recurrent_dropout = recurrent_dropout
        self.max_windows = max_windows
        self.batch_size = batch_size
        self.optimizer = optimizer
        self.weight_decay = weight_decay
        self.gradient_clip = gradient_clip
        self.lr_schedule = lr_schedule
        self.shuffle = shuffle
        self.warm_start = warm_start
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.n_jobs = n_jobs
        self.device = device
        self.callbacks = callbacks
        self.random_state = random_state
        self.verbose = verbose

    # Training

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: Any,
        y: Any = None,
        *,
        covariates: Any = None,
        static: Any = None,
        sample_weight: Any = None,
    ) -> Self:
        """Train on series, or on windows that were cut out of them.

        Parameters
        ----------
        X : list or object array of arrays of shape (T_i,) or (T_i, F), or array of shape (n, T) \
                or (n, T, F)
            The series; one of them is passed as ``[series]``. NaN is a missing value. Training
            windows are cut out of them here, unless `y` is given.
        y : array-like of shape (n, horizon) or (n, horizon, n_targets), or None, default=None
            What follows each X, where X holds windows; (n,) will do for a horizon of 1. NaN is a
            missing value.
        covariates : list of arrays of shape (T_i,) or (T_i, K), or array of shape (n, T, K), or \
                None, default=None
            What is known of past and future steps, such as the calendar or prices that were fixed
            beforehand. T_i + `horizon` steps are accepted, too, and needed where `y` is given.
            Columns of data frames are aligned by name.
        static : array-like or frame of shape (n, n_static), or None, default=None
            What is known of each series. Numbers are standardised; strings, and columns of a frame
            that hold strings or categories, are categories, which get an embedding.
        sample_weight : array-like of shape (n,) or None, default=None
            Weight of each series in the loss; 2 is as if it were there twice.

        Returns
        -------
        self : LSTMForecaster
            The fitted estimator.

        Raises
        ------
        ValueError, TypeError
            If an argument or a parameter is not as described, all series are shorter than
            `horizon` + 1 steps, or the loss becomes NaN or infinite. An earlier fit remains usable
            then.

        Warns
        -----
        ConvergenceWarning
            If Ctrl-C ended training early; what was learned until then is kept. Within a search,
            an ensemble or a joblib job it raises KeyboardInterrupt instead, which ends them, too.
        """
        return self._fit_trial(X, y, sample_weight, covariates=covariates, static=static)

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self,
        X: Any,
        y: Any = None,
        *,
        covariates: Any = None,
        static: Any = None,
        sample_weight: Any = None,
    ) -> Self:
        """Train for one epoch on some of the series, continuing from the current weights.

        New series, or series with new observations, can be learned without training from scratch.
        The learning rate is constant; `set_params` changes it. The form of windows, the scale of
        covariates and the categories are those of the first call.

        Parameters
        ----------
        X, y, covariates, static, sample_weight
            As in `fit`.

        Returns
        -------
        self : LSTMForecaster
            The fitted estimator.

        Raises
        ------
        ValueError, TypeError
            As for `fit`, and with ``early_stopping=True`` or ``conformal=True``. The model is
            unchanged then.
        """
        return self._fit_trial(
            X, y, sample_weight, covariates=covariates, static=static, partial=True
        )

    def _read_sequences(self, X: Any, **options: Any) -> Ragged:
        _refuse_others(X)
        return super()._read_sequences(X, **options)

    def _read_data(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        *,
        reset: bool,
        covariates: Any = None,
        static: Any = None,
        training: bool = True,
    ) -> SeriesSet:
        """Read series and what comes with them; y holds the future of a single window of each."""
        check_series_frame(as_container(X, "X"), are_windows=not training or y is not None)
        sequences = self._read_sequences(X, reset=reset, in_pieces=True)
        if reset:
            self.n_features_in_ = sequences.n_features
            self._targets_ = self._checked_targets()
            single = isinstance(self.target_features, Integral)
            self._drops_axis_ = single or sequences.form.steps_are_numbers
        values = sequences.values
        if sequences.starts is not None:
            values = values[ranges(sequences.offsets, sequences.lengths)]
        values = values.astype(np.float64, copy=False)
        lengths = sequences.lengths
        n = len(lengths)
        horizon = self._horizon(reset=reset)
        targets = list(self._targets_)
        if training:
            self._check_past(values[:, targets], lengths, horizon, has_future=y is not None)
        ends = None
        if y is not None:
            future = self._read_future(y, n, horizon)
            ends = lengths
            values, lengths = _joined(values, lengths, future, targets)
        weights = None if sample_weight is None else given_weights(sample_weight, n)
        found, at = self._read_covariates(
            covariates, sequences, horizon, reset=reset, needs_future=not training or y is not None
        )
        numbers, categories = self._read_static(static, n, reset=reset)
        return SeriesSet(values, lengths, found, at, numbers, categories, weights, ends)

    def _check_past(
        self, values: np.ndarray, lengths: np.ndarray, horizon: int, *, has_future: bool
    ) -> None:
        """Raise ValueError unless there is something to learn from series."""
        if not has_future and not (lengths > horizon).any():
            i = int(lengths.argmax())
            hint = ""
            if lengths[i] == 1:
                hint = " Pass one series of n steps as [series]."
            elif len(lengths) > lengths[i]:
                hint = " If the rows of X are times and its columns series, pass X.T."
            raise ValueError(
                f"horizon is {horizon}, for which a series needs at least {horizon + 1} steps, but "
                f"the longest of X, X[{i}], has {lengths[i]}.{hint}"
            )
        if np.isnan(values).all():
            raise ValueError("X holds NaN only, which stands for missing values.")
        self._check_counts(values, lengths, "X")

    def _check_counts(self, values: np.ndarray, lengths: np.ndarray, name: str) -> None:
        """Raise ValueError unless values are counts, if the loss is for such."""
        if self.loss != "negative_binomial":
            return
        with np.errstate(invalid="ignore"):
            bad = (values < 0) | (values != np.floor(values)) & ~np.isnan(values)
        if bad.any():
            row = int(np.flatnonzero(bad.any(axis=1))[0])
            i, at = locate(row, lengths)
            raise ValueError(
                f"loss='negative_binomial' is for counts, whole numbers of 0 or more, but {name}"
                f"[{i}] holds {values[row][bad[row]][0]:g} at step {at}."
            )

    def _horizon(self, *, reset: bool) -> int:
        return int(self.horizon) if reset else self._form_.horizon

    def _checked_targets(self) -> tuple[int, ...]:
        """Return the indices of the features to forecast."""
        given, n = self.target_features, self.n_features_in_
        if given is None:
            return tuple(range(n))
        listed: list[Any] = [given] if isinstance(given, Integral) else list(given)  # type: ignore[arg-type]
        for one in listed:
            if isinstance(one, bool) or not isinstance(one, Integral) or not 0 <= int(one) < n:
                raise ValueError(
                    f"target_features={plain(given)!r} holds {plain(one)!r}, but the steps of X "
                    f"have {n} features: accepted are whole numbers from 0 to {n - 1}."
                )
        if not listed or len(set(listed)) < len(listed):
            raise ValueError(
                f"target_features={plain(given)!r} must be one or more features, each once."
            )
        return tuple(int(one) for one in listed)

    def _read_future(self, y: Any, n: int, horizon: int) -> np.ndarray:
        """Return what follows the windows, ``(n, horizon, n_targets)``."""
        n_targets = len(self._targets_)
        future = given = _numbers(y)
        check_consistent_length(range(n), future)
        if future.ndim == 1 and horizon == n_targets == 1:
            future = future[:, None]
        if future.ndim == 2 and n_targets == 1:
            future = future[:, :, None]
        if future.shape[1:] != (horizon, n_targets):
            shape = (n, horizon) if n_targets == 1 else (n, horizon, n_targets)
            raise ValueError(f"y has shape {given.shape}; accepted is {shape}.")
        if np.isnan(future).all():
            raise ValueError("y holds NaN only, which stands for missing values.")
        bad = np.argwhere(np.isinf(future))
        if len(bad):
            raise ValueError(f"y[{bad[0][0]}] holds an infinite value at step {bad[0][1]}.")
        self._check_counts(future.reshape(-1, n_targets), np.full(n, horizon), "y")
        return future

    def _read_covariates(
        self,
        covariates: Any,
        sequences: Ragged,
        horizon: int,
        *,
        reset: bool,
        needs_future: bool,
    ) -> tuple[np.ndarray | None, np.ndarray | None]:
        """Return scaled covariates of all series, concatenated, and where those of each begin."""
        if covariates is None:
            if reset:
                self._covariates_ = None
            elif self._covariates_ is not None:
                raise ValueError(
                    f"covariates are missing: the model was fitted with {self._covariates_.size}, "
                    f"and needs them for the past and the next {horizon} steps."
                )
            return None, None
        if not reset and self._covariates_ is None:
            raise ValueError("covariates are given, but the model was fitted without.")
        columns = None if reset else self._covariates_.columns  # type: ignore[union-attr]
        items, columns = _covariate_items(covariates, len(sequences), columns)
        size = items[0].shape[1] if reset else self._covariates_.size  # type: ignore[union-attr]
        for i, (item, n_steps) in enumerate(zip(items, sequences.lengths.tolist(), strict=True)):
            if item.shape[1] != size:
                raise ValueError(
                    f"covariates[{i}] has {item.shape[1]} columns; accepted are {size}."
                )
            accepted = [n_steps + horizon] if needs_future else [n_steps, n_steps + horizon]
            if len(item) not in accepted:
                raise ValueError(
                    f"covariates[{i}] has {len(item)} steps, but X[{i}] has {n_steps} and the "
                    f"horizon is {horizon}: accepted are {' or '.join(map(str, accepted))} steps, "
                    "of which the first is that of the series."
                )
            if not np.isfinite(item).all():
                step, column = np.argwhere(~np.isfinite(item))[0]
                raise ValueError(
                    f"covariates[{i}] holds {item[step, column]} at step {step}, column {column}; "
                    "covariates have to be known at every step."
                )
        flat = np.concatenate(items)
        if reset:
            self._covariates_ = _Scaling.of(flat, columns)
        scaling = self._covariates_
        assert scaling is not None
        return scaling.apply(flat), offsets(np.array([len(item) for item in items]))

    def _read_static(
        self, static: Any, n: int, *, reset: bool
    ) -> tuple[np.ndarray | None, np.ndarray | None]:
        """Return scaled numbers and numbered categories of each series."""
        if static is None:
            if reset:
                self._static_ = None
            elif self._static_ is not None:
                raise ValueError(
                    "static is missing: the model was fitted with static features "
                    f"{list(self._static_.names)}."
                )
            return None, None
        if not reset and self._static_ is None:
            raise ValueError("static is given, but the model was fitted without.")
        columns = _columns_of(static)
        for column in columns.values():
            check_consistent_length(range(n), column)
        if reset:
            self._static_ = _StaticColumns.of(columns)
        assert self._static_ is not None
        return self._static_.read(columns)

    def _hold_out(self, data: SeriesSet, seed: int) -> tuple[SeriesSet, None]:
        """Return all data: `_train` holds out windows, whose form is not known before."""
        return data, None

    def _build_network(self, data: SeriesSet, seed: int) -> None:
        """Decide on the form of windows, and build the network for it."""
        if self.loss == "negative_binomial" and self.scaling != "multiplicative":
            raise ValueError(
                "loss='negative_binomial' is for counts, which are not shifted: set "
                f"scaling='multiplicative' (now {self.scaling!r})."
            )
        seasons = self._checked_seasons()
        baseline = self.baseline
        if baseline == "auto" and self.loss == "negative_binomial":
            baseline = None
        elif baseline == "auto":
            baseline = "seasonal_naive" if seasons else "last"
        elif baseline == "seasonal_naive" and not seasons:
            raise ValueError(
                "baseline='seasonal_naive' needs a season: set season_length (now "
                f"{plain(self.season_length)!r})."
            )
        horizon = int(self.horizon)
        self.context_length_ = self._resolve_context(data, seasons)
        self._form_ = WindowForm(
            self.context_length_, horizon, seasons, self._targets_, self.scaling, baseline
        )
        self.quantiles_ = checked_quantiles(self.quantiles) if self.loss == "quantile" else None
        self._family_ = family_of(self.loss, self.quantiles_ or ())
        super()._build_network(data, seed)

    def _checked_seasons(self) -> tuple[int, ...]:
        """Return the lengths of the seasons, in increasing order, without 1."""
        given = self.season_length
        lengths: list[Any] = [given] if isinstance(given, Integral) else list(given)  # type: ignore[arg-type]
        counts = all(isinstance(one, Integral) and not isinstance(one, bool) for one in lengths)
        if not lengths or not counts or lengths != sorted(set(lengths)) or lengths[0] < 1:
            raise ValueError(
                f"season_length={plain(given)!r} must be one or more whole numbers of steps of at "
                "least 1, the shortest season first."
            )
        return tuple(int(length) for length in lengths if length > 1)

    def _resolve_context(self, data: SeriesSet, seasons: tuple[int, ...]) -> int:
        if self.context_length != "auto":
            return int(self.context_length)
        horizon = int(self.horizon)
        longest = int(data.lengths.max()) - horizon  # of the pasts, of which there is one at least
        wanted = max(2 * horizon, *seasons, 2)
        # Half of a series, so that there are several windows in it.
        possible = max(longest // 2, *seasons[-1:], 1) if data.ends is None else longest
        return min(wanted, possible, longest)

    def _build_module(self) -> nn.Module:
        """Build the network. Override this method to change it."""
        form, static = self._form_, self._static_
        n_covariates = 0 if self._covariates_ is None else self._covariates_.size
        n_targets = len(form.targets)
        return ForecastNetwork(
            2 * self.n_features_in_ + n_covariates,
            n_targets * len(form.seasons) + n_covariates,
            n_targets,
            self._family_,
            hidden_sizes=layer_sizes(self.hidden_size, self.num_layers),
            n_static=0 if static is None else static.n_numbers,
            categories=() if static is None else static.sizes,
            cell=self.cell,
            dropout=self.dropout,
            recurrent_dropout=self.recurrent_dropout,
            recursive=self.strategy == "recursive",
        )

    def _train(
        self, data: SeriesSet, validation: None, seed: int, *, partial: bool = False
    ) -> None:
        begins, last, held = self._places(data)
        counts = np.maximum(last - begins + 1, 0)
        self.n_windows_ = int(counts.sum())
        options: dict[str, Any] = {
            "n_windows": int(self.max_windows),
            "batch_size": int(self.batch_size),
            "device": resolve_device(self.device),
        }
        n_drawn = min(self.n_windows_, int(self.max_windows))
        n_batches = -(-n_drawn // int(self.batch_size))
        horizon = self._form_.horizon
        n_values = int((counts + horizon - 1)[counts > 0].sum())  # that windows forecast
        repeats = n_drawn * horizon / n_values
        most = min(FORECASTS.most, max(FORECASTS.fewest, round(_MOST_REPEATS / repeats)))
        plan = self._plan(
            n_batches=n_batches,
            seed=seed,
            auto_epochs=replace(FORECASTS, most=most),
            partial=partial,
        )
        teaching = None
        if self.strategy == "recursive":
            begin = float(self.teacher_forcing)

            def teaching(done: float) -> float:
                return begin * max(0.0, 1.0 - done)

        batches = WindowBatches(
            data,
            self._form_,
            begins,
            last,
            rng=plan.order(),
            teaching=teaching,
            n_epochs=plan.max_epochs,
            **options,
        )
        watched = None
        if self.early_stopping:
            assert held is not None
            watched = WindowBatches(data, self._form_, *held, rng=None, **options)
        outcome = train_forecaster(
            self.module_,
            ForecastLoss(self._family_),
            batches,
            plan,
            validation=watched,
            optimizer_state=self._optimizer_state_ if partial else None,
        )
        became = {"context_length": self.context_length_, "max_epochs": plan.max_epochs}
        self._record_auto(became, partial=partial)
        self._record(outcome, partial=partial)
        self._calibration_ = None
        if self.conformal:
            assert held is not None
            places = WindowBatches(
                data, self._form_, *held, rng=None, **options | {"n_windows": MOST_CALIBRATED}
            )
            which, own_ends = places.drawn()
            self._calibration_ = Calibration(
                self._predicted(data, which, own_ends),
                true_future(data, self._form_, which, own_ends),
            )
        self._learn_copula(batches, data)

    def _places(
        self, data: SeriesSet
    ) -> tuple[np.ndarray, np.ndarray, tuple[np.ndarray, np.ndarray] | None]:
        """Return the first and last number of past steps of training and of held-out windows."""
        horizon, lengths, ends = self._form_.horizon, data.lengths, data.ends
        if ends is not None:  # one window each
            if not (self.early_stopping or self.conformal):
                return ends, ends, None
            n_held = max(1, round(len(ends) * self.validation_fraction))
            if n_held >= len(ends):
                raise ValueError(
                    f"early_stopping and conformal would hold out {n_held} of the {len(ends)} "
                    "windows of X, and leave none to train on; lower validation_fraction (now "
                    f"{self.validation_fraction}), or pass more windows."
                )
            held = np.arange(len(ends)) >= len(ends) - n_held
            return ends, np.where(held, 0, ends), (ends, np.where(held, ends, 0))
        last: np.ndarray = lengths - horizon
        if not (self.early_stopping or self.conformal):
            return self._first_ends(last), last, None
        n_steps = np.round(lengths * self.validation_fraction).astype(np.int64)
        n_last = np.maximum(horizon, n_steps)
        usable = last > n_last
        if not usable.any():
            i = int(lengths.argmax())
            raise ValueError(
                "early_stopping and conformal hold out the last windows of each series, which then "
                f"needs at least {horizon + n_last[i] + 1} steps, but the longest of X, X[{i}], "
                f"has {lengths[i]} (horizon is {horizon}, validation_fraction "
                f"{self.validation_fraction})."
            )
        held_out = (np.where(usable, lengths - n_last, 1), np.where(usable, last, 0))
        last = np.where(usable, last - n_last, last)
        return self._first_ends(last), last, held_out

    def _first_ends(self, last: np.ndarray) -> np.ndarray:
        """Return the first number of past steps of a window of each series, given the last one."""
        # A window has as much of the past as the encoder reads, or what there is.
        return np.minimum(self._form_.context_length, np.maximum(last, 1))

    def _learn_copula(self, batches: WindowBatches, data: SeriesSet) -> None:
        """Learn how the errors of a forecast hang together, for sample paths."""
        self._copula_ = None
        if has_spread(self._family_):
            places = batches.evenly(_RANKED)
            true = true_future(data, self._form_, *places)
            self._copula_ = Copula.of(self._predicted(data, *places).ranks(true))

    def _layer_rows(self) -> list[LayerRow]:
        network, form = self.module_, self._form_
        rows = []
        for name, part in network.named_children():
            n = trained_parameters(part)
            if not n:
                continue
            shapes = {
                "encoder": f"(batch, {form.context_length}, {network.encoder.output_size})",
                "decoder": f"(batch, {form.horizon}, {network.encoder.output_size})",
                "output": f"(batch, {form.horizon}, {len(form.targets)}, "
                f"{self._family_.n_parameters})",
            }
            rows.append((name, type(part).__name__, shapes.get(name, "(batch, features)"), n))
        return rows

    # Prediction

    def predict(self, X: Any, *, covariates: Any = None, static: Any = None) -> np.ndarray:
        """Forecast the next steps of series.

        Parameters
        ----------
        X : list or object array of arrays of shape (T_i,) or (T_i, F), or array of shape (n, T) \
                or (n, T, F)
            The past of each series. NaN is a missing value.
        covariates : list of arrays of shape (T_i + horizon, K), or array, or None, default=None
            What is known of past and future steps, if the model was fitted with covariates.
        static : array-like or frame of shape (n, n_static), or None, default=None
            What is known of each series, if the model was fitted with it.

        Returns
        -------
        ndarray of shape (n, horizon), or (n, horizon, n_targets)
            The median for the losses "quantile" and "absolute_error", else the mean. The last axis
            is there where the steps of X had one in `fit`, and `target_features` is no int.

        Raises
        ------
        ValueError, TypeError
            If X is of another form than in `fit`, covariates or static features are missing or not
            as described, or no value is known in the last `context_length_` steps of a series.
        """
        return self._without_axis(self._predictions(X, covariates, static).center())

    def predict_quantiles(
        self, X: Any, quantiles: Any = None, *, covariates: Any = None, static: Any = None
    ) -> np.ndarray:
        """Forecast quantiles of the next steps.

        Parameters
        ----------
        X : series
            As in `predict`.
        quantiles : float, sequence of float or None, default=None
            The levels of the quantiles, in increasing order. None means those that the model was
            trained for, or (0.1, 0.5, 0.9) for other losses.
        covariates, static
            As in `predict`.

        Returns
        -------
        ndarray of shape (n, horizon, n_quantiles), or (n, horizon, n_targets, n_quantiles)
            The quantiles, with ``conformal=True`` the bounds of calibrated intervals.

        Raises
        ------
        ValueError
            If the model predicts a number or a single quantile only, and ``conformal=False``.
        """
        check_is_fitted(self)
        if quantiles is None:
            quantiles = self.quantiles_ or (0.1, 0.5, 0.9)
        levels = checked_quantiles(quantiles)
        if levels != self.quantiles_:
            self._check_has_spread("predict_quantiles")
        found = self._predictions(X, covariates, static)
        result = found.quantiles(levels)
        if self._calibration_ is not None:
            result = self._calibrated(result, levels, found.spread)
        return self._without_axis(result, 1)

    def _calibrated(
        self, quantiles: np.ndarray, levels: tuple[float, ...], spread: np.ndarray
    ) -> np.ndarray:
        """Return quantiles as the bounds of central intervals that were calibrated."""
        assert self._calibration_ is not None
        for i, level in enumerate(levels):
            if level != 0.5:
                widening = self._calibration_.widening(abs(1.0 - 2.0 * level)) * spread
                quantiles[..., i] += widening if level > 0.5 else -widening
        if self.loss == "negative_binomial":
            quantiles = np.maximum(quantiles, 0.0)
        return np.sort(quantiles, axis=-1)

    def predict_interval(
        self, X: Any, coverage: float = 0.9, *, covariates: Any = None, static: Any = None
    ) -> np.ndarray:
        """Forecast an interval for each of the next steps.

        Parameters
        ----------
        X : series
            As in `predict`.
        coverage : float, default=0.9
            The probability that the true value lies within the interval, for each step by itself.
        covariates, static
            As in `predict`.

        Returns
        -------
        ndarray of shape (n, horizon, 2), or (n, horizon, n_targets, 2)
            Lower and upper bounds.

        Raises
        ------
        ValueError
            If the model predicts a number or a single quantile only, and ``conformal=False``.
        """
        check_is_fitted(self)
        if isinstance(coverage, bool) or not isinstance(coverage, Real) or not 0 < coverage < 1:
            raise ValueError(f"coverage={plain(coverage)!r} must be a number between 0 and 1.")
        self._check_has_spread("predict_interval")
        return self.predict_quantiles(
            X, interval_levels(float(coverage)), covariates=covariates, static=static
        )

    def sample_paths(
        self,
        X: Any,
        n_paths: int = 100,
        *,
        covariates: Any = None,
        static: Any = None,
        random_state: Any = None,
    ) -> np.ndarray:
        """Draw possible futures of each series.

        Intervals are for single steps; paths also tell about several steps together, such as the
        sum of next week. Each step is drawn from its predictive distribution, and steps depend on
        each other as they did in training windows, and so do features (a Gaussian copula [1]_).
        ``conformal=True`` makes no difference to paths.

        Parameters
        ----------
        X : series
            As in `predict`.
        n_paths : int, default=100
            Number of paths of each series.
        covariates, static
            As in `predict`.
        random_state : int, RandomState instance or None, default=None
            Determines what is drawn; None for that of the estimator.

        Returns
        -------
        ndarray of shape (n, n_paths, horizon), or (n, n_paths, horizon, n_targets)

        Raises
        ------
        ValueError
            If the model predicts a number or a single quantile only.

        References
        ----------
        .. [1] A. Sklar, "Fonctions de répartition à n dimensions et leurs marges", 1959; for
           forecasts D. Salinas et al., "High-Dimensional Multivariate Forecasting with Low-Rank
           Gaussian Copula Processes", NeurIPS 2019, section 3.
        """
        check_is_fitted(self)
        n_paths = whole("n_paths", n_paths)
        if self._copula_ is None:
            raise ValueError(
                "sample_paths draws from a distribution, but the model predicts "
                f"{self._predicts()} only; set loss='quantile', with several quantiles, or a "
                "distribution, and fit."
            )
        found = self._predictions(X, covariates, static)
        rng = check_random_state(self.random_state if random_state is None else random_state)
        paths = found.at(self._copula_.draw((n_paths, len(found.parameters)), rng))
        return self._without_axis(np.moveaxis(paths, 0, 1))

    def score(self, X: Any, y: Any = None, *, covariates: Any = None, static: Any = None) -> float:
        """Return minus the mean absolute scaled error (MASE), which searches maximise.

        Parameters
        ----------
        X : series
            As in `predict`.
        y : array-like of shape (n, horizon) or (n, horizon, n_targets), or None, default=None
            What follows X. None takes the last `horizon` steps of each X, which are forecast from
            those before.
        covariates, static
            As in `predict`; where `y` is None covariates of the steps of X are enough.

        Returns
        -------
        float
            At most 0. Errors are divided by those of the (seasonal) naive forecast in X, with the
            shortest season. Series in which that is undefined do not count; NaN if it is for all.
        """
        check_is_fitted(self)
        horizon = self._form_.horizon
        items = list(self._restore_sequences(self._read_sequences(X, reset=False, in_pieces=True)))
        if y is None:
            for i, item in enumerate(items):
                if len(item) <= horizon:
                    raise ValueError(
                        f"X[{i}] has {len(item)} steps; without y, score forecasts the last "
                        f"{horizon} of them, and needs at least {horizon + 1}."
                    )
            y = np.stack([item[-horizon:] for item in items])[:, :, list(self._targets_)]
            items = [item[:-horizon] for item in items]
            if covariates is not None:
                given = _covariate_list(covariates, len(items))
                covariates = [
                    one[: len(own) + horizon] for one, own in zip(given, items, strict=True)
                ]
        else:
            y = self._read_future(y, len(items), horizon)
        predicted = self.predict(items, covariates=covariates, static=static)
        predicted = predicted.reshape(y.shape)
        season = self._form_.seasons[0] if self._form_.seasons else 1
        pasts = [item[:, list(self._targets_)] for item in items]
        with warnings.catch_warnings():  # of means of nothing
            warnings.simplefilter("ignore", RuntimeWarning)
            errors = np.nanmean(np.abs(predicted - y), axis=1)  # (series, targets)
            naive = [np.nanmean(np.abs(past[season:] - past[:-season]), axis=0) for past in pasts]
        with np.errstate(divide="ignore", invalid="ignore"):
            found = errors / np.stack(naive)
        found = found[np.isfinite(found)]
        if not len(found):
            warnings.warn(
                "The score is NaN: in none of the series do the steps before change over a season "
                "and the last ones hold a value, so that there is no error to compare with.",
                UndefinedMetricWarning,
                stacklevel=caller_level(),
            )
            return float("nan")
        return -float(found.mean())

    def stream(self, X: Any, *, static: Any = None) -> ForecastStream:
        """Return an object that forecasts anew whenever there are new observations.

        Parameters
        ----------
        X : series
            The past of each series, as in `predict`.
        static : array-like or frame of shape (n, n_static), or None, default=None
            As in `predict`.

        Returns
        -------
        ForecastStream
            With the methods ``update``, ``predict`` and ``predict_interval``.

        Raises
        ------
        ValueError
            If the model was fitted with covariates, which are to be known of each step: call
            `predict` then.
        """
        check_is_fitted(self)
        if self._covariates_ is not None:
            raise ValueError(
                "stream is for models without covariates; pass the series and their covariates to "
                "predict instead."
            )
        read = self._read_sequences(X, reset=False, in_pieces=True)
        self._read_static(static, len(read), reset=False)
        return ForecastStream(self, list(self._restore_sequences(read)), static)

    def _predictions(self, X: Any, covariates: Any, static: Any) -> Predicted:
        """Return the predictive distributions of the next steps of series."""
        check_is_fitted(self)
        data = self._read_data(
            X, None, None, covariates=covariates, static=static, reset=False, training=False
        )
        which, ends = np.arange(len(data)), data.lengths
        self._check_known(data)
        return self._predicted(data, which, ends)

    def _check_known(self, data: SeriesSet) -> None:
        """Raise ValueError if nothing is known of the last steps of a series."""
        missing = np.isnan(data.values[:, list(self._targets_)])
        if not missing.any():
            return
        context = self._form_.context_length
        for i, own in enumerate(split(missing, data.lengths)):
            lost = np.flatnonzero(own[-context:].all(axis=0))
            if len(lost):
                name = f" of feature {self._targets_[lost[0]]}" if data.values.shape[1] > 1 else ""
                raise ValueError(
                    f"X[{i}] has no known value{name} in its last {min(context, len(own))} steps, "
                    "which the forecast would start from."
                )

    def _predicted(self, data: SeriesSet, which: np.ndarray, ends: np.ndarray) -> Predicted:
        device = resolve_device(self.device, fallback=True)
        parameters, windows = predict_windows(
            self.module_, data, self._form_, which, ends, device=device, n_jobs=self.n_jobs
        )
        return Predicted(self._family_, parameters, windows.level, windows.spread)

    def _check_has_spread(self, method: str) -> None:
        if has_spread(self._family_) or self._calibration_ is not None:
            return
        raise ValueError(
            f"{method} needs a predictive distribution, but the model predicts {self._predicts()} "
            "only; set conformal=True, loss='quantile' with several quantiles, or a distribution, "
            "and fit."
        )

    def _predicts(self) -> str:
        """Return what a model without distribution predicts."""
        if self.quantiles_ is not None:
            return f"the quantile {self.quantiles_[0]}"
        return f"a number (loss={self._network_['loss']!r})"

    def _without_axis(self, result: np.ndarray, n_after: int = 0) -> np.ndarray:
        """Return a result without the axis of targets where the steps of X have none."""
        axis = result.ndim - 1 - n_after
        return result.squeeze(axis) if self._drops_axis_ else result

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.input_tags.allow_nan = True
        tags.target_tags.required = False
        return tags


class ForecastStream:
    """Series that grow, and their forecasts; what `LSTMForecaster.stream` returns.

    Only as many steps are kept as a forecast looks back at.
    """

    def __init__(self, forecaster: LSTMForecaster, series: list[np.ndarray], static: Any):
        self._forecaster, self._static = forecaster, static
        self._reach = forecaster._form_.reach
        self._series = [item[-self._reach :] for item in series]

    def __len__(self) -> int:
        return len(self._series)

    def __repr__(self) -> str:
        n, model = len(self), type(self._forecaster).__name__
        return f"<stream of {n} series into {model}, horizon {self._forecaster._form_.horizon}>"

    def update(self, X: Any) -> Self:
        """Append new observations.

        Parameters
        ----------
        X : list or object array of arrays of shape (t_i,) or (t_i, F), or array of shape (n, t) \
                or (n, t, F)
            The new steps of each series, in the order of the series: one at least, which may be
            NaN.

        Returns
        -------
        self
            The stream.
        """
        model = self._forecaster
        read = model._read_sequences(X, reset=False, in_pieces=True)
        check_consistent_length(self._series, range(len(read)))
        new = model._restore_sequences(read)
        self._series = [
            np.concatenate([old, own])[-self._reach :]
            for old, own in zip(self._series, new, strict=True)
        ]
        return self

    def predict(self) -> np.ndarray:
        """Return the forecast of the next steps; see `LSTMForecaster.predict`."""
        return self._forecaster.predict(self._series, static=self._static)

    def predict_interval(self, coverage: float = 0.9) -> np.ndarray:
        """Return an interval for each next step; see `LSTMForecaster.predict_interval`."""
        return self._forecaster.predict_interval(self._series, coverage, static=self._static)


@dataclass(frozen=True)
class _Scaling:
    """Mean and scale of columns; the scale of a constant column is 1. Names, if they have some."""

    mean: np.ndarray
    scale: np.ndarray
    columns: tuple[Any, ...] | None = None

    @classmethod
    def of(cls, rows: np.ndarray, columns: tuple[Any, ...] | None = None) -> _Scaling:
        deviation = rows.std(axis=0)
        scale = np.where(deviation > 1e-12 * np.abs(rows).max(axis=0), deviation, 1.0)
        return cls(rows.mean(axis=0), scale, columns)

    @property
    def size(self) -> int:
        return len(self.mean)

    def apply(self, rows: np.ndarray) -> np.ndarray:
        scaled: np.ndarray = ((rows - self.mean) / self.scale).astype(np.float32)
        return scaled


@dataclass(frozen=True)
class _StaticColumns:
    """What was learned of static features.

    Attributes
    ----------
    names : tuple
        The columns, in order.
    categories : dict
        The categories of each column that holds some, by their number.
    scaling : _Scaling
        Of the other columns.
    """

    names: tuple[Any, ...]
    categories: dict[Any, list[Any]]
    scaling: _Scaling

    @classmethod
    def of(cls, columns: Mapping[Any, np.ndarray]) -> _StaticColumns:
        categories, numbers = {}, []
        for name, column in columns.items():
            if column.dtype.kind in "biuf":
                numbers.append(_finite(column, name))
            else:
                _check_all_there(column, name)
                categories[name] = sorted(set(column.tolist()), key=lambda one: str(one))
        rows = np.stack(numbers, axis=1) if numbers else np.zeros((1, 0))
        return cls(tuple(columns), categories, _Scaling.of(rows))

    @property
    def n_numbers(self) -> int:
        return self.scaling.size

    @property
    def sizes(self) -> tuple[int, ...]:
        return tuple(len(known) for known in self.categories.values())

    def read(
        self, columns: Mapping[Any, np.ndarray]
    ) -> tuple[np.ndarray | None, np.ndarray | None]:
        """Return scaled numbers and numbered categories, of series in the order of `columns`."""
        if set(columns) != set(self.names):
            raise ValueError(
                f"static has the columns {list(columns)}, but the model was fitted with "
                f"{list(self.names)}."
            )
        found, numbers = [], []
        for name in self.names:
            column = columns[name]
            if name not in self.categories:
                if column.dtype.kind not in "biuf":
                    raise ValueError(
                        f"static column {name!r} holds {plain(column[0])!r}; it held numbers in "
                        "fit."
                    )
                numbers.append(_finite(column, name))
                continue
            _check_all_there(column, name)
            known = self.categories[name]
            index = {one: i for i, one in enumerate(known)}
            listed = column.tolist()
            for i, one in enumerate(listed):
                if one not in index:
                    shown = ", ".join(map(repr, known[:10])) + ("..." if len(known) > 10 else "")
                    raise ValueError(
                        f"static column {name!r} holds {one!r} for series {i}, a category that fit "
                        f"has not seen; accepted are {shown}."
                    )
            found.append(np.array([index[one] for one in listed]))
        scaled = self.scaling.apply(np.stack(numbers, axis=1)) if numbers else None
        return scaled, np.stack(found, axis=1) if found else None


def _columns_of(static: Any) -> dict[Any, np.ndarray]:
    """Return the columns of a frame or an array of static features."""
    if isinstance(static, Mapping):
        raise TypeError("static is a dict; pass a data frame, such as pd.DataFrame(static).")
    given = as_container(static, "static")
    check_entries(given, "static")
    if hasattr(given, "columns"):
        names = list(given.columns)
        return {name: _column(given[name]) for name in names}
    if hasattr(given, "dtype") and hasattr(given, "to_list"):
        return {0: _column(given)}  # a Series of pandas or polars
    rows = given
    if not isinstance(given, np.ndarray):
        # numpy alone would make strings of numbers beside strings
        rows = np.asarray(given, dtype=object)
    if rows.ndim == 1:
        if any(isinstance(row, list | tuple | np.ndarray) for row in rows):
            raise ValueError("static has rows of different lengths; accepted is (n, n_static).")
        rows = rows[:, None]
    if rows.ndim != 2 or not rows.shape[1]:
        raise ValueError(
            f"static has shape {rows.shape}; accepted is (n, n_static), a row for each series."
        )
    columns = {j: rows[:, j] for j in range(rows.shape[1])}
    if rows.dtype.kind == "O":
        # numpy alone would make the string 'nan' of a missing value beside strings
        return {
            j: column if any(isinstance(one, str) for one in column) else np.array(column.tolist())
            for j, column in columns.items()
        }
    return columns


def _column(column: Any) -> np.ndarray:
    """Return a column of a frame; of categories, which may be numbers, as objects."""
    array = np.asarray(column)
    return array.astype(object) if "categor" in str(column.dtype).lower() else array


def _finite(column: np.ndarray, name: Any) -> np.ndarray:
    """Return numbers, after checking that they are finite."""
    numbers = column.astype(np.float64)
    bad = np.flatnonzero(~np.isfinite(numbers))
    if len(bad):
        raise ValueError(
            f"static column {name!r} holds {numbers[bad[0]]} for series {bad[0]}; accepted are "
            "finite numbers, or strings for categories."
        )
    return numbers


def _check_all_there(column: np.ndarray, name: Any) -> None:
    for i, one in enumerate(column.tolist()):
        if is_missing(one):
            raise ValueError(f"static column {name!r} holds {one!r} for series {i}.")


def _covariate_list(covariates: Any, n: int) -> list[Any]:
    """Return what is given for each of n series."""
    given = as_container(covariates, "covariates")
    if hasattr(given, "columns") or not hasattr(given, "__len__") or isinstance(given, str | bytes):
        raise TypeError(
            f"covariates is a {type(covariates).__name__}; accepted is a list with one array or "
            "frame of shape (n_steps, n_covariates) for each series: of a single series [frame]."
        )
    items = list(given)
    check_consistent_length(range(n), items)
    return items


def _covariate_items(
    covariates: Any, n: int, columns: tuple[Any, ...] | None
) -> tuple[list[np.ndarray], tuple[Any, ...] | None]:
    """Return the covariates of each series, ``(n_steps, K)``, and the names of their columns.

    Frames are brought into the order of `columns`.
    """
    items = [
        as_container(item, f"covariates[{i}]")
        for i, item in enumerate(_covariate_list(covariates, n))
    ]
    items, columns = align_frames(items, "covariates", columns)
    return [_steps_of(item, i) for i, item in enumerate(items)], columns


def _steps_of(item: Any, i: int) -> np.ndarray:
    """Return the covariates of a series, ``(n_steps, K)``."""
    name = f"covariates[{i}]"
    check_entries(item, name)
    try:
        given = np.asarray(item)
        if given.dtype.kind not in "biufO":  # strings of digits would become numbers
            raise TypeError(f"they have dtype {given.dtype}")
        array = given.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} cannot be read as numbers: {error}.") from error
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2 or not array.shape[1]:
        raise ValueError(f"{name} has shape {array.shape}; accepted is (n_steps, n_covariates).")
    return array


def _refuse_others(X: Any) -> None:
    """Raise ValueError if X is a single series, texts or token ids."""
    X = as_container(X, "X")
    listed = isinstance(X, list | tuple)
    if listed:
        single = len(X) > 0 and isinstance(X[0], Number)
    else:
        single = len(getattr(X, "shape", ())) == 1 and np.asarray(X).dtype.kind in "biuf"
    if single and len(X):
        raise ValueError(
            f"X is a single series, a 1D array of {len(X)} numbers, where a list of series is "
            "expected. Reshape your data: pass [series]."
        )
    if token_ids_in(X)[0]:
        raise ValueError("X holds token ids, which stand for words; a forecaster reads numbers.")
    for i, item in enumerate(X if listed else ()):
        first = item[0] if isinstance(item, list | tuple) and len(item) else item
        if isinstance(first, str):
            raise ValueError(
                f"X[{i}] holds the text {first[:40]!r}; a forecaster reads numbers, and NaN where "
                "they are missing."
            )


def _numbers(y: Any) -> np.ndarray:
    """Return y as an array of numbers, of series with the same number of them."""
    y = as_container(y, "y")
    check_entries(y, "y")
    boxed = not hasattr(y, "columns") and getattr(getattr(y, "dtype", None), "kind", "") == "O"
    try:
        return np.asarray(list(y) if boxed else y, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"y cannot be read as an array of numbers in which y[i] is what follows X[i]: {error}"
        ) from error


def _joined(
    past: np.ndarray, lengths: np.ndarray, future: np.ndarray, targets: list[int]
) -> tuple[np.ndarray, np.ndarray]:
    """Append the future of each series to its past; other features are missing there."""
    horizon = future.shape[1]
    values = np.full((len(past) + future.shape[0] * horizon, past.shape[1]), np.nan)
    whole_lengths = lengths + horizon
    starts = offsets(whole_lengths)
    values[ranges(starts, lengths)] = past
    ahead = ranges(starts + lengths, np.full(len(lengths), horizon))
    values[ahead[:, None], targets] = future.reshape(-1, len(targets))
    return values, whole_lengths
