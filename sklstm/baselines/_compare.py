"""compare: an estimator beside classical baselines, on the user's own data."""

from __future__ import annotations

import importlib.util
import sys
import time
import warnings
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from numbers import Integral
from pathlib import Path
from typing import Any, Literal

import numpy as np
from scipy import stats
from sklearn.base import (
    BaseEstimator,
    ClassifierMixin,
    clone,
    is_classifier,
    is_clusterer,
    is_regressor,
)
from sklearn.cluster import KMeans
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression, RidgeClassifierCV, RidgeCV
from sklearn.metrics import check_scoring, get_scorer
from sklearn.model_selection import GridSearchCV, GroupKFold, KFold, StratifiedKFold, check_cv
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import _safe_indexing, check_random_state, indexable
from sklearn.utils._optional_dependencies import check_matplotlib_support
from sklearn.utils._param_validation import (
    HasMethods,
    Interval,
    StrOptions,
    validate_params,
)
from sklearn.utils.multiclass import type_of_target

from sklstm._backtest import backtest, first_season, forecaster_parameter
from sklstm._display import html_table, seconds, text_table
from sklstm._sequences import TokenArray, as_container, as_ragged, as_series, plain
from sklstm.baselines._forecasters import NaiveForecaster, RidgeForecaster
from sklstm.baselines._models import (
    MostFrequentTag,
    NBSVMClassifier,
    RandomConvolutions,
    SequenceStatistics,
)

Task = Literal["classification", "regression", "tags", "clusters"]
Form = Literal["texts", "tokens", "values"]
_BAGS = (list, tuple, set, frozenset, np.ndarray)  # of words, where steps hold several
ALPHAS = np.logspace(-3, 3, 10)
# Below this probability under the null hypothesis a difference is called one.
LEVEL = 0.05


@dataclass
class _Measured:
    """What was measured of one model: an entry for each split."""

    scores: list[float] = field(default_factory=list)
    fit_seconds: list[float] = field(default_factory=list)
    score_seconds: list[float] = field(default_factory=list)
    memory_mb: list[float] = field(default_factory=list)


class Comparison:
    """Scores of an estimator and its baselines on the same splits; what `compare` returns.

    Attributes
    ----------
    name : str
        The name of the estimator.
    scoring : str
        What is scored; higher is better.
    scores : dict of str to ndarray of shape (n_splits,)
        The scores of the estimator, which comes first, and of each baseline.
    fit_seconds, score_seconds : dict of str to ndarray of shape (n_splits,)
        Seconds of fitting, and of predicting and scoring.
    memory_mb : dict of str to ndarray of shape (n_splits,)
        By how much the process grew at most while the model was fitted and scored, in MB; NaN where
        the system does not tell (other systems than Linux).
    left_out : dict of str to str
        The baselines that could not be run, and why.
    p_values : dict of str to float
        For each baseline, the probability of a difference as large as that to the estimator if
        there were none, by the corrected resampled t-test [1]_; NaN where it cannot be computed.
    best_baseline : str or None
        The baseline with the highest mean score.
    verdict : str
        In a sentence, whether the estimator pays.

    References
    ----------
    .. [1] C. Nadeau, Y. Bengio, "Inference for the Generalization Error", Machine Learning 52,
       2003, section 4.
    """

    def __init__(
        self,
        name: str,
        scoring: str,
        measured: Mapping[str, _Measured],
        sizes: Sequence[tuple[int, int]],
        left_out: Mapping[str, str],
        *,
        unit: str = "splits",
        naive: Collection[str] = (),
    ):
        self.name, self.scoring, self.left_out = name, scoring, dict(left_out)
        self._sizes, self._unit = list(sizes), unit
        self._naive = [key for key in naive if key in measured]
        self.scores = {key: np.array(each.scores) for key, each in measured.items()}
        self.fit_seconds = {key: np.array(each.fit_seconds) for key, each in measured.items()}
        self.score_seconds = {key: np.array(each.score_seconds) for key, each in measured.items()}
        self.memory_mb = {key: np.array(each.memory_mb) for key, each in measured.items()}
        baselines = [key for key in self.scores if key != name]
        self.best_baseline = max(
            baselines, key=lambda key: float(self.scores[key].mean()), default=None
        )
        self.p_values = {key: self._p_value(key) for key in baselines}
        self.verdict = self._verdict() + self._on_naive_forecasts()

    @property
    def table(self) -> dict[str, list[Any]]:
        """A row for each model: columns of names, means, spreads, seconds, MB and p-values."""
        names = list(self.scores)
        several = len(self._sizes) > 1
        return {
            "model": names,
            self.scoring: [float(self.scores[name].mean()) for name in names],
            "spread": [
                float(self.scores[name].std(ddof=1)) if several else float("nan") for name in names
            ],
            "fit, s": [float(np.median(self.fit_seconds[name])) for name in names],
            "score, s": [float(np.median(self.score_seconds[name])) for name in names],
            "memory, MB": [float(np.median(self.memory_mb[name])) for name in names],
            "p": [self.p_values.get(name, float("nan")) for name in names],
        }

    def to_frame(self) -> Any:
        """Return the table as a pandas data frame, indexed by the names of the models."""
        import pandas as pd

        return pd.DataFrame(self.table).set_index("model")

    def plot(self, ax: Any = None) -> Any:
        """Draw the scores: a row for each model, a point for each split, and the mean.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on. None draws on a new figure.

        Returns
        -------
        matplotlib Axes

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        check_matplotlib_support("Comparison.plot")
        if ax is None:
            from matplotlib import pyplot as plt

            size = (7.0, 1.2 + 0.4 * len(self.scores))
            _, ax = plt.subplots(figsize=size, layout="constrained")
        names = sorted(self.scores, key=lambda name: float(self.scores[name].mean()))
        for place, name in enumerate(names):
            own = self.scores[name]
            colour = "#3f90da" if name == self.name else "#717581"
            ax.plot(own, np.full(len(own), place), "o", color=colour, alpha=0.45, markersize=5)
            ax.plot(own.mean(), place, "|", color=colour, markersize=18, markeredgewidth=2.5)
        ax.set_yticks(range(len(names)), names)
        ax.set_ylim(-0.6, len(names) - 0.4)
        n = len(self._sizes)
        ax.set_xlabel(
            f"{self.scoring}: {n} {self._unit}, and their mean" if n > 1 else self.scoring
        )
        ax.grid(axis="x", alpha=0.3)
        ax.spines[["top", "right"]].set_visible(False)
        return ax

    def __repr__(self) -> str:
        return "\n".join([*text_table(self._cells()), "", self.verdict, *self._remarks()])

    def _repr_html_(self) -> str:
        return html_table(self._cells(), [self.verdict, *self._remarks()])

    def _cells(self) -> dict[str, list[str]]:
        """Return the table as texts; columns that nothing is known of are left out."""
        shows: dict[str, Callable[[float], str]] = {
            "fit, s": seconds, "score, s": seconds, "memory, MB": "{:,.0f}".format,
            "p": lambda p: "<0.001" if p < 0.0005 else f"{p:.3f}",
        }  # fmt: skip
        cells = {}
        for head, values in self.table.items():
            show = shows.get(head, "{:.4f}".format)
            texts = [v if isinstance(v, str) else "" if np.isnan(v) else show(v) for v in values]
            if any(texts):
                cells[head] = texts
        return cells

    def _remarks(self) -> list[str]:
        return [f"{name} was left out: {why}" for name, why in self.left_out.items()]

    def _p_value(self, baseline: str) -> float:
        """Return the p-value of the difference to a baseline, in both directions.

        The training sets of the splits overlap, so their scores vary less than those of
        independent sets would; the variance is corrected by the ratio of test to training size.
        """
        difference = self.scores[self.name] - self.scores[baseline]
        n = len(difference)
        if n < 2 or self._unit == "random states":
            return float("nan")
        n_train, n_test = np.mean(self._sizes, axis=0)
        spread = difference.std(ddof=1) * np.sqrt(1.0 / n + n_test / n_train)
        if spread == 0:
            return 1.0 if difference.mean() == 0 else 0.0
        return float(2.0 * stats.t.sf(abs(difference.mean()) / spread, n - 1))

    def _verdict(self) -> str:
        """Say whether the estimator pays."""
        best = self.best_baseline
        if best is None:
            failed = f"; those left out: {', '.join(self.left_out)}" if self.left_out else ""
            return f"There is no baseline to compare with{failed}."
        own, other = (float(self.scores[name].mean()) for name in (self.name, best))
        took = [float(np.median(self.fit_seconds[name])) for name in (self.name, best)]
        p, n = self.p_values[best], len(self._sizes)
        figures = f"{self.scoring} {own:.3f} against {other:.3f}"
        fits = f"It fits in {seconds(took[0], unit=True)}, {best} in {seconds(took[1], unit=True)}."
        if np.isnan(p):
            relation = "scores higher than" if own > other else "does not score higher than"
            caution = f"{n} {self._unit} do not allow a test of the difference."
            if n == 1:
                one = self._unit.removesuffix("s")
                tested = f", with {self._sizes[0][1]:,} test samples," if one == "split" else ""
                caution = f"A single {one}{tested} does not allow a test of the difference."
            return f"{self.name} {relation} the best baseline, {best}: {figures}. {caution} {fits}"
        shown = "p < 0.001" if p < 0.0005 else f"p = {p:.3f}"
        figures = f"{figures}, {shown} by the corrected resampled t-test on {n} {self._unit}"
        if p >= LEVEL:
            return (
                f"No difference between {self.name} and the best baseline, {best}, can be shown: "
                f"{figures}. {fits} The simpler model is the better choice, unless more data "
                "changes this."
            )
        if own > other:
            return f"{self.name} outperforms the best baseline, {best}: {figures}. {fits}"
        return f"{self.name} does not pay here: {best} outperforms it: {figures}. {fits}"

    def _on_naive_forecasts(self) -> str:
        """Say whether a forecast that needs no training is as good; an empty text if none is."""
        if not self._naive:
            return ""
        best = max(self._naive, key=lambda key: float(self.scores[key].mean()))
        own, other = (float(self.scores[name].mean()) for name in (self.name, best))
        p = self.p_values[best]
        if other < own and not p >= LEVEL:
            return ""
        if best == self.best_baseline:
            return " This baseline is a naive forecast, which needs no training."
        figures = f"{self.scoring} {other:.3f}"
        if other >= own:
            return f" A naive forecast, {best}, is as good or better, too: {figures}."
        return (
            f" A difference to a naive forecast, {best}, cannot be shown: {figures}, p = {p:.3f}."
        )


# ------------------------------------------------------------------------------------------
# The comparison


@validate_params(
    {
        "estimator": [HasMethods("fit")],
        "cv": [Interval(Integral, 1, None, closed="left"), "cv_object"],
        "scoring": [str, callable, None],
        "baselines": [StrOptions({"auto"}), dict],
        "n_repeats": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    },
    prefer_skip_nested_validation=True,
)
def compare(
    estimator: Any,
    X: Any,
    y: Any = None,
    *,
    cv: Any = 5,
    scoring: Any = None,
    baselines: Any = "auto",
    groups: Any = None,
    n_repeats: int = 5,
    covariates: Any = None,
    static: Any = None,
    random_state: Any = None,
    verbose: Any = 0,
) -> Comparison:
    """Compare an estimator with classical baselines, on the same splits of your data.

    Parameters
    ----------
    estimator : estimator
        An LSTM, or a pipeline that ends in one: a classifier, regressor, tagger, clusterer or
        forecaster. Any other estimator of scikit-learn is accepted, too; a forecaster is one with a
        parameter `horizon`. It is cloned, not fitted.
    X : list, array or frame
        What `estimator` takes: texts, token ids, sequences of values, or a table. For forecasters
        the whole series, whose last parts are forecast.
    y : array-like, default=None
        Labels, numbers, or one tag for each step. Clusters are compared with it by their labels.
        Forecasters need none.
    cv : int, cross-validation generator or iterable, default=5
        Splits into training and test part, as in
        :func:`~sklearn.model_selection.cross_validate`; an int shuffles the samples. Clusterers,
        which are scored on what they are fitted on, ignore it. For forecasters an int, the number
        of origins; see `n_splits` of :func:`~sklstm.backtest`.
    scoring : str or callable, default=None
        Name of a scorer, or a scorer: ``scorer(estimator, X, y)``. None is the `score` of the
        estimator: accuracy, R2 or accuracy per step; for clusterers the adjusted Rand index. For
        forecasters the name of an error, the negative of which is the score: "mase", which is used
        for None, "smape", "mae", "rmse" or "owa".
    baselines : "auto" or dict of str to estimator, default="auto"
        What to compare with. "auto" chooses by X and y:

        - classes of texts or tokens: the most frequent class; TF-IDF and logistic regression, as
          they come and tuned by a small grid search within each training part; `NBSVMClassifier`
          on words and pairs of words.
        - classes of series: the most frequent class; logistic regression on `SequenceStatistics`;
          `RandomConvolutions` and a ridge classifier; 1-NN with dynamic time warping if aeon is
          installed.
        - numbers: their mean; ridge regression on TF-IDF, or on `SequenceStatistics`;
          `RandomConvolutions` and ridge regression for series.
        - tags: `MostFrequentTag`; a CRF on the words and their neighbours if sklearn-crfsuite is
          installed.
        - clusters: k-means on `SequenceStatistics`.
        - forecasts: last value, drift and mean; if the estimator has a `season_length` above 1,
          seasonal naive, and for positive series Naive2 (see `NaiveForecaster`); and
          `RidgeForecaster`.
    groups : array-like of shape (n_samples,), default=None
        For a `cv` that keeps groups together.
    n_repeats : int, default=5
        For clusterers, the number of random states.
    covariates, static : object, default=None
        For forecasters, as in :func:`~sklstm.backtest`; the baselines of "auto" ignore them.
    random_state : int, RandomState instance or None, default=None
        Seed of the shuffling, and of baselines and estimators with a `random_state` of None.
    verbose : int, default=0
        1 prints each score as soon as it is there.

    Returns
    -------
    Comparison
        Prints as a table with a verdict; has `plot` and `to_frame`.

    Raises
    ------
    ValueError
        If `y` is missing, `cv` gives no splits, or a series is too short for as many origins.
    TypeError
        If `estimator` is a class, or one of the `baselines` is no estimator, or no forecaster
        beside one.

    Notes
    -----
    Models take turns on each split, in this process. A baseline that fails, as one without
    probabilities does with a scorer that needs them, is named in `Comparison.left_out`; an error of
    the estimator itself is raised. The verdict is on the baseline with the highest mean score. The
    test [1]_ allows for the overlap of training sets, which makes an ordinary t-test find
    differences where there are none. A single split, such as a `PredefinedSplit` of training and
    test data, allows no test: the verdict then says which model scores higher, and no more.

    Forecasters are compared at the same origins, one model after the other. The verdict then also
    says whether a naive forecast is as good as the estimator.

    References
    ----------
    .. [1] C. Nadeau, Y. Bengio, "Inference for the Generalization Error", Machine Learning 52,
       2003, section 4.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm import LSTMClassifier
    >>> from sklstm.baselines import compare
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(60, 20)).cumsum(axis=1)
    >>> y = np.where(X[:, -1] > X[:, 0], "rising", "falling")
    >>> lstm = LSTMClassifier(hidden_size=8, max_epochs=3, random_state=0)
    >>> result = compare(lstm, X, y, cv=3, random_state=0)
    >>> list(result.scores)  # doctest: +ELLIPSIS
    ['LSTMClassifier', 'most frequent class', 'statistics + LR', 'random convolutions + ridge'...]
    >>> result.table["model"][0]
    'LSTMClassifier'
    """
    X = as_container(X, "X")
    if forecaster_parameter(estimator, "horizon") is not None and hasattr(estimator, "predict"):
        given = {"covariates": covariates, "static": static}
        return _compare_forecasters(
            estimator, X, cv, scoring, baselines, given, random_state, verbose
        )
    for key, value in {"covariates": covariates, "static": static}.items():
        if value is not None:
            raise ValueError(f"{key} is for forecasters, which {_name(estimator)} is none of.")
    if y is None:
        raise ValueError(
            "y is missing: models are compared by their scores, for which labels are needed, of "
            "clusters too."
        )
    name = _name(estimator)
    rng = check_random_state(random_state)
    seeds = [int(rng.randint(2**31 - 1)) for _ in range(n_repeats)]
    task, form = _task(estimator, y), _form(X)
    if baselines == "auto":
        baselines = _baselines(task, form, estimator, X, y)
    models = _models(name, estimator, baselines)
    if task == "clusters":
        return _compare_clusters(name, models, X, y, scoring, seeds, verbose)
    X, y, groups = indexable(X, y, groups)
    stratify = task == "classification" and type_of_target(y) in ("binary", "multiclass")
    splitter = _splitter(cv, stratify, groups is not None, seeds[0])
    splits = list(splitter.split(X, y if stratify or groups is not None else None, groups))
    if not splits:
        raise ValueError(f"cv={cv!r} gives no splits.")
    scorer = None if scoring is None else check_scoring(estimator, scoring)
    measured: dict[str, _Measured] = {key: _Measured() for key in models}
    left_out: dict[str, str] = {}
    for number, (train, test) in enumerate(splits):
        parts = [_safe_indexing(part, rows) for rows in (train, test) for part in (X, y)]
        for key, model in models.items():
            if key in left_out:
                continue
            try:
                score = _measure(measured[key], _seeded(model, seeds[0]), parts, scorer)
            except Exception as error:
                if key == name:
                    error.add_note(f"Raised by the estimator, {name}, in split {number + 1}.")
                    raise
                left_out[key] = _reason(error)
                del measured[key]
                continue
            if verbose:
                print(f"split {number + 1} of {len(splits)}, {key}: {score:.4f}", flush=True)
    sizes = [(len(train), len(test)) for train, test in splits]
    shown = (
        scoring if isinstance(scoring, str) else _SCORE_NAMES[task] if scoring is None else "score"
    )
    return Comparison(name, shown, measured, sizes, left_out)


def _models(name: str, estimator: Any, baselines: Mapping[str, Any]) -> dict[str, Any]:
    """Return all models by their names, the estimator first."""
    for key, model in baselines.items():
        if not hasattr(model, "fit") or not hasattr(model, "get_params"):
            raise TypeError(f"baselines[{key!r}] must be an estimator, got {model!r}.")
    return {name: estimator, **{_distinct(key, name): m for key, m in baselines.items()}}


def _reason(error: Exception) -> str:
    """Return why a baseline was left out."""
    return f"{type(error).__name__}: " + str(error).strip().partition("\n")[0]


def _splitter(cv: Any, stratify: bool, grouped: bool, seed: int) -> Any:
    """Return what splits the samples; a number of folds shuffles them."""
    if cv is not None and not isinstance(cv, Integral):
        return check_cv(cv)
    kind = GroupKFold if grouped else StratifiedKFold if stratify else KFold
    return kind(5 if cv is None else int(cv), shuffle=True, random_state=seed)


_SCORE_NAMES: dict[Task, str] = {
    "classification": "accuracy",
    "regression": "R2",
    "tags": "accuracy",
    "clusters": "adjusted Rand index",
}


def _measure(measured: _Measured, model: Any, parts: Sequence[Any], scorer: Any) -> float:
    """Fit and score a model, and note what that took."""
    X_train, y_train, X_test, y_test = parts
    before = _memory(reset=True)
    began = time.perf_counter()
    model.fit(X_train, y_train)
    fitted = time.perf_counter()
    score = float(model.score(X_test, y_test) if scorer is None else scorer(model, X_test, y_test))
    measured.scores.append(score)
    measured.fit_seconds.append(fitted - began)
    measured.score_seconds.append(time.perf_counter() - fitted)
    measured.memory_mb.append(_memory(reset=False) - before)
    return score


def _memory(*, reset: bool) -> float:
    """Return the peak memory of this process in MB since the last reset; NaN if unknown."""
    if sys.platform != "linux":
        return float("nan")
    try:
        if reset:
            Path("/proc/self/clear_refs").write_text("5")
        status = Path("/proc/self/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) * 1024 / 1e6
    except (OSError, IndexError):
        return float("nan")


def _compare_clusters(
    name: str,
    models: Mapping[str, Any],
    X: Any,
    y: Any,
    scoring: Any,
    seeds: Sequence[int],
    verbose: Any,
) -> Comparison:
    """Fit clusterers with one random state after the other, and score them by labels."""
    scoring = "adjusted_rand_score" if scoring is None else scoring
    score_of = get_scorer(scoring)._score_func if isinstance(scoring, str) else scoring
    measured: dict[str, _Measured] = {key: _Measured() for key in models}
    for number, seed in enumerate(seeds):
        for key, model in models.items():
            before, began = _memory(reset=True), time.perf_counter()
            labels = _seeded(model, seed, every=True).fit_predict(X)
            own, score = measured[key], float(score_of(y, labels))
            own.scores.append(score)
            own.fit_seconds.append(time.perf_counter() - began)
            own.score_seconds.append(0.0)
            own.memory_mb.append(_memory(reset=False) - before)
            if verbose:
                print(f"seed {number + 1} of {len(seeds)}, {key}: {score:.4f}", flush=True)
    shown = scoring if isinstance(scoring, str) else "score"
    sizes = [(len(y), len(y))] * len(seeds)
    return Comparison(name, shown, measured, sizes, {}, unit="random states")


_ERRORS = ("mase", "smape", "mae", "rmse", "owa")


def _compare_forecasters(
    estimator: Any,
    X: Any,
    cv: Any,
    scoring: Any,
    baselines: Any,
    given: Mapping[str, Any],
    random_state: Any,
    verbose: Any,
) -> Comparison:
    """Score forecasters by a backtest."""
    name, error_name = _name(estimator), "mase" if scoring is None else scoring
    horizon = int(forecaster_parameter(estimator, "horizon"))
    if not isinstance(cv, Integral):
        raise ValueError(f"cv={cv!r}: for forecasters it is an int, the number of origins.")
    if not isinstance(error_name, str) or error_name not in _ERRORS:
        raise ValueError(
            f"scoring={plain(scoring)!r}: accepted for forecasters are "
            f"{', '.join(map(repr, _ERRORS))}."
        )
    left_out: dict[str, str] = {}
    naive: Collection[str] = ()
    if baselines == "auto":
        baselines, left_out = _forecasters(estimator, horizon, X)
        naive = [key for key, model in baselines.items() if isinstance(model, NaiveForecaster)]
    models = _models(name, estimator, baselines)
    for key, model in baselines.items():
        own = forecaster_parameter(model, "horizon")
        if own is None:
            raise TypeError(
                f"baselines[{key!r}] is no forecaster: {_name(model)} has no parameter horizon."
            )
        if own != horizon:
            raise ValueError(
                f"baselines[{key!r}] has horizon={own}, but {name} has horizon={horizon}; they "
                "are compared on forecasts of the same steps."
            )
    seed = int(check_random_state(random_state).randint(2**31 - 1))
    options = {"n_splits": int(cv), "metrics": error_name, "season": first_season(estimator)}
    measured, sizes = {}, []
    for key, model in models.items():
        before = _memory(reset=True)
        try:
            with warnings.catch_warnings():
                if key != name:  # of the same series as for the estimator
                    warnings.simplefilter("ignore", UndefinedMetricWarning)
                result = backtest(_seeded(model, seed), X, **options, **given)
        except Exception as error:
            if key == name:
                if "n_splits" in str(error):
                    error.add_note("In compare, n_splits is cv.")
                raise
            left_out[key] = _reason(error)
            continue
        scores = -result.scores[error_name]
        if key == name:
            sizes = [(int(at.sum()), len(at) * horizon) for at in result.origins]
            if np.isnan(scores).any():
                known = all(np.isfinite(truth).any() for truth in result.truths)
                way = "set scoring='mae'" if known else "leave out the missing values at the end"
                raise ValueError(
                    f"{error_name.upper()} is undefined at an origin, as the warning says; {way}."
                )
        memory = [_memory(reset=False) - before] * len(scores)
        took = (result.fit_seconds.tolist(), result.predict_seconds.tolist())
        measured[key] = _Measured(scores.tolist(), *took, memory)
        if verbose:
            print(f"{key}: neg_{error_name} {scores.mean():.4f}", flush=True)
    return Comparison(
        name, f"neg_{error_name}", measured, sizes, left_out, unit="origins", naive=naive
    )


def _forecasters(
    estimator: Any, horizon: int, X: Any
) -> tuple[dict[str, BaseEstimator], dict[str, str]]:
    """Return the baselines of forecasts, and those that do not suit, with the reason."""
    given = forecaster_parameter(estimator, "season_length")
    season_length: Any = given if isinstance(given, tuple | list) else first_season(estimator)
    found: dict[str, BaseEstimator] = {
        "last value": NaiveForecaster(horizon, strategy="last"),
        "drift": NaiveForecaster(horizon, strategy="drift"),
        "mean": NaiveForecaster(horizon, strategy="mean"),
    }
    left_out = {}
    if np.max(season_length) > 1:
        found["seasonal naive"] = NaiveForecaster(horizon, season_length=season_length)
        series = as_series(X, _name(estimator))
        low = np.flatnonzero((series.values <= 0).any(axis=1))
        if len(low):
            i = series.locate(int(low[0]))[0]
            left_out["Naive2"] = (
                f"its seasonal factors are for positive series, which X[{i}] is not"
            )
        else:
            found["Naive2"] = NaiveForecaster(
                horizon, strategy="naive2", season_length=season_length
            )
    found["ridge on lags"] = RidgeForecaster(horizon, season_length=season_length)
    return found, left_out


def _seeded(model: Any, seed: int, *, every: bool = False) -> Any:
    """Return a clone whose random states of None, or all of them, are set."""
    model = clone(model)
    params = model.get_params()
    names = [n for n in params if n == "random_state" or n.endswith("__random_state")]
    return model.set_params(**{n: seed for n in names if every or params[n] is None})


def _name(estimator: Any) -> str:
    """Return the name of an estimator, of a pipeline that of its last step."""
    last = estimator
    while isinstance(last, Pipeline):
        last = last.steps[-1][1]
    return type(last).__name__


def _distinct(name: str, other: str) -> str:
    return f"{name} (baseline)" if name == other else name


# ------------------------------------------------------------------------------------------
# What is compared with


def _task(estimator: Any, y: Any) -> Task:
    """Return what kind of y there is; an estimator of unknown kind is judged by y."""
    if is_clusterer(estimator):
        return "clusters"
    first = None if isinstance(y, str) or not len(y) else next(iter(y))
    ragged = isinstance(first, Sequence | np.ndarray) and not isinstance(first, str | bytes)
    if ragged and not (is_classifier(estimator) or is_regressor(estimator)):
        return "tags"
    return "regression" if is_regressor(estimator) else "classification"


def _form(X: Any) -> Form:
    """Return whether X holds texts, tokens or values."""
    if isinstance(X, TokenArray):
        return "tokens"
    items = X.iloc[:, 0] if hasattr(X, "iloc") and getattr(X, "ndim", 1) == 2 else X
    first = next(iter(items), None)
    if isinstance(first, str):
        return "texts"
    if isinstance(first, TokenArray):
        return "tokens"
    if isinstance(first, Sequence | np.ndarray) and len(first):
        word = next(iter(first[0]), "") if isinstance(first[0], _BAGS) else first[0]
        return "tokens" if isinstance(word, str) else "values"
    return "values"


def words_and_pairs(tokens: Iterable[Any]) -> list[Any]:
    """Return tokens, and pairs of neighbouring ones."""
    listed = _words(tokens)
    return [*listed, *map(" ".join, pairwise(listed))]


def _words(tokens: Iterable[Any]) -> list[str]:
    """Return tokens as words, one after the other where steps are lists of them."""
    words: list[str] = []
    for token in tokens:
        if isinstance(token, TokenArray) and token.vocabulary is not None and token.vocabulary.bags:
            words += map(str, token[token > 0].tolist())
        elif isinstance(token, _BAGS) and not isinstance(token, TokenArray):
            words += (
                sorted(map(str, token)) if isinstance(token, set | frozenset) else map(str, token)
            )
        else:
            words.append(token if isinstance(token, str) else str(token))
    return words


def _baselines(task: Task, form: Form, estimator: Any, X: Any, y: Any) -> dict[str, Any]:
    """Return the baselines that suit."""
    if task == "tags":
        return _of_tags(form)
    if task == "clusters":
        return {"k-means": _kmeans(estimator, y)}
    counted = form != "values"
    if task == "regression":
        found: dict[str, Any] = {"mean": DummyRegressor()}
        if counted:
            found["TF-IDF + ridge"] = make_pipeline(_tfidf(form), RidgeCV(ALPHAS))
        else:
            found["statistics + ridge"] = make_pipeline(
                SequenceStatistics(), StandardScaler(), RidgeCV(ALPHAS)
            )
            found["random convolutions + ridge"] = make_pipeline(
                RandomConvolutions(), StandardScaler(), RidgeCV(ALPHAS)
            )
        return found
    several = np.ndim(y) == 2 or type_of_target(y) == "multilabel-indicator"
    found = {"most frequent class": DummyClassifier()}
    more = _classes_of_texts(form) if counted else _classes_of_series(X, several)
    if several:
        more = {name: _each_label(model) for name, model in more.items()}
    return found | more


def _each_label(model: Any) -> Any:
    """Return a pipeline whose last step has one classifier for each label."""
    if isinstance(model, GridSearchCV):
        grid = {name.replace("__C", "__estimator__C"): at for name, at in model.param_grid.items()}
        return GridSearchCV(_each_label(model.estimator), grid, cv=model.cv)
    *steps, (name, last) = model.steps
    if isinstance(last, RidgeClassifierCV):  # takes several labels itself
        return model
    return Pipeline([*steps, (name, OneVsRestClassifier(last))])


def _tfidf(form: Form, **params: Any) -> Any:
    pairs = params.get("ngram_range") == (1, 2)
    if form == "texts":
        return TfidfVectorizer(**params)
    analyzer = words_and_pairs if pairs else _words
    return TfidfVectorizer(**{**params, "analyzer": analyzer, "ngram_range": (1, 1)})


def _classes_of_texts(form: Form) -> dict[str, Any]:
    pairs: dict[str, Any] = {"ngram_range": (1, 2)}
    counts = (
        CountVectorizer(**pairs) if form == "texts" else CountVectorizer(analyzer=words_and_pairs)
    )
    tuned = Pipeline(
        [
            ("tfidf", _tfidf(form, sublinear_tf=True, **pairs)),
            ("lr", LogisticRegression(max_iter=1000)),
        ]
    )
    grid = {"tfidf__min_df": [1, 2], "lr__C": [1.0, 10.0, 100.0]}
    return {
        "TF-IDF + LR": make_pipeline(_tfidf(form), LogisticRegression(max_iter=1000)),
        "TF-IDF + LR (tuned)": GridSearchCV(tuned, grid, cv=3),
        "NB-SVM": make_pipeline(counts, NBSVMClassifier()),
    }


def _classes_of_series(X: Any, several: bool) -> dict[str, Any]:
    found = {
        "statistics + LR": make_pipeline(
            SequenceStatistics(), StandardScaler(), LogisticRegression(max_iter=1000)
        ),
        "random convolutions + ridge": make_pipeline(
            RandomConvolutions(), StandardScaler(), RidgeClassifierCV(ALPHAS)
        ),
    }
    if not several and importlib.util.find_spec("aeon"):
        found["1-NN DTW"] = _NearestByDTW()
    return found


class _NearestByDTW(ClassifierMixin, BaseEstimator):
    """aeon's 1-nearest neighbour by dynamic time warping, for sequences in any form."""

    def fit(self, X: Any, y: Any) -> _NearestByDTW:
        from aeon.classification.distance_based import KNeighborsTimeSeriesClassifier

        self.model_ = KNeighborsTimeSeriesClassifier(n_neighbors=1, distance="dtw", n_jobs=-1)
        self.model_.fit(self._read(X), np.asarray(y))
        self.classes_ = self.model_.classes_
        return self

    def predict(self, X: Any) -> np.ndarray:
        found: np.ndarray = self.model_.predict(self._read(X))
        return found

    def _read(self, X: Any) -> list[np.ndarray]:
        """Return series as aeon takes them, (n_features, n_steps) each."""
        sequences = as_ragged(X, input_type="values")
        return [sequences[i].T.astype(np.float64) for i in range(len(sequences))]


def _of_tags(form: Form) -> dict[str, Any]:
    found: dict[str, Any] = {"most frequent tag": MostFrequentTag()}
    if form == "tokens" and importlib.util.find_spec("sklearn_crfsuite"):
        found["CRF"] = _CRF()
    return found


class _CRF(BaseEstimator):
    """sklearn-crfsuite's CRF on words, their endings and neighbours."""

    def fit(self, X: Any, y: Any) -> _CRF:
        from sklearn_crfsuite import CRF

        tags = [[str(tag) for tag in row] for row in y]
        self.model_ = CRF(c1=0.1, c2=0.1, max_iterations=100, all_possible_transitions=True)
        self.model_.fit([_features(words) for words in X], tags)
        return self

    def predict(self, X: Any) -> Any:
        return [np.array(row) for row in self.model_.predict([_features(words) for words in X])]

    def score(self, X: Any, y: Any) -> float:
        pairs = [
            found == str(true)
            for row, truth in zip(self.predict(X), y, strict=True)
            for found, true in zip(row, truth, strict=True)
        ]
        return float(np.mean(pairs))


def _features(words: Iterable[Any]) -> list[dict[str, Any]]:
    """Return what a CRF reads of each word."""
    listed = _words(words)
    around = ["<s>", *listed, "</s>"]
    return [
        {
            "word": word.lower(), "suffix": word[-3:].lower(), "title": word.istitle(),
            "digit": any(map(str.isdigit, word)), "before": before.lower(), "after": after.lower(),
        }
        for before, word, after in zip(around, around[1:], around[2:], strict=False)
    ]  # fmt: skip


def _kmeans(estimator: Any, y: Any) -> Any:
    """Return k-means with as many clusters as the estimator, or as there are labels."""
    last = estimator.steps[-1][1] if isinstance(estimator, Pipeline) else estimator
    n_clusters = getattr(last, "n_clusters", "auto")
    if not isinstance(n_clusters, Integral):
        n_clusters = len(np.unique(np.asarray(y)))
    return make_pipeline(SequenceStatistics(), StandardScaler(), KMeans(n_clusters, n_init=10))
