"""Distributions of parameters for a randomised search, sized by the data."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy import stats
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.utils import _safe_indexing
from sklearn.utils._param_validation import StrOptions, validate_params
from sklearn.utils.validation import _num_samples

from sklstm._estimators import (
    LSTMClassifier,
    LSTMForecaster,
    LSTMRegressor,
    LSTMSeq2Seq,
    LSTMTagger,
)
from sklstm._sequences import Ragged, as_container, as_ragged

SEARCHED = (LSTMClassifier, LSTMRegressor, LSTMTagger, LSTMForecaster, LSTMSeq2Seq)
SIZES = [16, 32, 64, 128, 256]
# What an encoder determines
ENCODED = ("hidden_size", "embedding_dim", "conv_filters", "rare_word_dropout")
# From this mean number of tokens on, a convolution shortens the texts ("auto" takes one, too).
_LONG_TEXTS = 60
# Below it, the last state of the encoder may do without attention.
_SHORT_SOURCES = 20
_MOST_READ = 5_000  # samples that lengths are taken from


@dataclass(frozen=True)
class Between:
    """A number between two others, on a logarithmic scale if `log`."""

    low: float
    high: float
    log: bool = False


Range = Between | list[Any]


@validate_params(
    {"library": [StrOptions({"sklearn", "optuna"})]}, prefer_skip_nested_validation=True
)
def search_space(
    estimator: Any, X: Any, y: Any = None, *, library: Literal["sklearn", "optuna"] = "sklearn"
) -> dict[str, Any]:
    """Return distributions of parameters for a randomised search.

    For :class:`~sklearn.model_selection.RandomizedSearchCV`,
    :class:`~sklearn.model_selection.HalvingRandomSearchCV`, or Optuna's `OptunaSearchCV`. The
    ranges surround the defaults, and follow the number of samples and the lengths of the sequences.
    Add, change or delete entries as in any dict. A parameter that you have set to something else
    than its default is not searched.

    Parameters
    ----------
    estimator : LSTMClassifier, LSTMRegressor, LSTMTagger, LSTMForecaster, LSTMSeq2Seq or Pipeline
        The estimator, or a pipeline that ends in one; parameters of a `SequenceTokenizer` in it are
        searched, too. It is not fitted.
    X : list, array or frame
        The training data, as `estimator` takes it. It is only read for numbers and lengths, of up
        to 5,000 samples.
    y : array-like, default=None
        What follows each X, where X holds windows for an `LSTMForecaster`. Otherwise ignored;
        present so that the call looks like that of `fit`.
    library : {"sklearn", "optuna"}, default="sklearn"
        Whose distributions to return: those of scipy and lists, or `optuna.distributions`.

    Returns
    -------
    dict of str to distribution
        By the names of the parameters, as `set_params` of `estimator` takes them.

    Raises
    ------
    TypeError
        If `estimator` does not end in one of these LSTMs. A clusterer has no score to search by.
    ImportError
        If ``library="optuna"`` and it is not installed.

    Notes
    -----
    What is searched for `LSTMClassifier`, `LSTMRegressor` and `LSTMTagger`, and why:

    - `learning_rate`, 0.0005 to 0.008, logarithmic: a quarter to four times the default of a
      classifier. It decides more than any other parameter; beyond this range training with Adam is
      slow or unstable. With an `encoder`, where the default of classifiers and regressors is
      higher, 0.0025 to 0.04.
    - `hidden_size`: up to 64 below 500 samples, up to 128 below 5,000, else up to 256. More units
      take more time, and few samples do not fill them.
    - `dropout`, 0.2 to 0.7; below 1,000 samples from 0.3.
    - `batch_size`: 8 to 32 below 1,000 samples, 16 to 64 below 10,000, else 32 to 128. Small
      batches make more steps of an epoch.
    - of tokens without `embeddings`: `embedding_dim` and `embedding_dropout`; `rare_word_dropout`,
      which decides how well unknown words are read.
    - of long texts: `conv_filters`, which shortens them, or None.
    - of series: `fcn_filters` and `conv_filters`, with or without convolutions.
    - `pooling`, "max" or "mean", where there is one; "max" or "concat" with an `encoder`.
    - of `LSTMTagger`: `output_layer`, "softmax" or "crf".
    - of a `SequenceTokenizer`: `min_df`, and `max_length` if some texts are far longer than most.

    With an `encoder`, which determines the layers, neither `hidden_size` nor `embedding_dim`,
    `conv_filters` and `rare_word_dropout` are searched: they have no effect.

    For `LSTMForecaster`:

    - `learning_rate`, 0.00075 to 0.012: a quarter to four times the default.
    - `hidden_size`: up to 64 below 500 windows, else up to 128.
    - `dropout`, 0 to 0.3, and `weight_decay`, 1e-6 to 1e-3, logarithmic: on hourly series higher
      values increased the error.
    - `batch_size`: 16 to 64 below 1,000 windows, else 32 to 128.
    - `scaling`, "standard" or "multiplicative", if no value is negative.
    - `context_length`: "auto", or twice as many steps if the series are long enough for it.

    For `LSTMSeq2Seq`:

    - `learning_rate`, 0.00125 to 0.02: a quarter to four times the default.
    - `hidden_size`: up to 128 below 500 pairs, else up to 256.
    - `dropout`, 0 to 0.4, and `embedding_dim`, 32 to 128.
    - `batch_size`: 16 to 64 below 1,000 pairs, else 32 to 128.
    - `attention`, with or without, if the sequences of X have fewer than 20 steps on average.

    `max_epochs` is left out: it is the resource of a halving search
    (``resource="lstmclassifier__max_epochs"``), and "auto" follows the data otherwise.

    Examples
    --------
    >>> from sklearn.model_selection import RandomizedSearchCV
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklstm import LSTMClassifier, SequenceTokenizer, search_space
    >>> from sklstm.datasets import load_polarity
    >>> X, y = load_polarity(return_X_y=True)
    >>> model = make_pipeline(SequenceTokenizer(), LSTMClassifier(max_epochs=1, random_state=0))
    >>> space = search_space(model, X, y)
    >>> space["lstmclassifier__hidden_size"]
    [16, 32, 64]
    >>> search = RandomizedSearchCV(model, space, n_iter=2, cv=2, random_state=0).fit(X, y)
    >>> sorted(search.best_params_) == sorted(space)
    True
    """
    X = as_container(X, "X")
    steps = estimator.steps if isinstance(estimator, Pipeline) else [("", estimator)]
    last = steps[-1][1]
    if not isinstance(last, SEARCHED):
        raise TypeError(
            f"search_space takes one of {', '.join(each.__name__ for each in SEARCHED)}, or a "
            f"pipeline that ends in one; got {type(last).__name__}."
        )
    n_samples = _num_samples(X)
    read = _read(estimator, X)
    found: dict[str, Range] = {}
    for name, step in steps[:-1]:
        if type(step).__name__ == "SequenceTokenizer":
            found |= _own(step, name, _of_tokenizer(n_samples, read.lengths))
    if isinstance(last, LSTMForecaster):
        ranges = _of_forecaster(last, n_samples, read, has_future=y is not None)
    elif isinstance(last, LSTMSeq2Seq):
        ranges = _of_pairs(n_samples, read.lengths)
    else:
        ranges = _of_lstm(last, n_samples, read.lengths, read.is_tokens)
    found |= _own(last, steps[-1][0], ranges)
    convert = _for_optuna if library == "optuna" else _for_sklearn
    return {name: convert(each) for name, each in found.items()}


def _read(estimator: Any, X: Any) -> Ragged:
    """Return sequences as the LSTM reads them, or some if there are many."""
    n_samples = _num_samples(X)
    if n_samples > _MOST_READ:
        X = _safe_indexing(X, np.linspace(0, n_samples - 1, _MOST_READ).astype(int))
    if isinstance(estimator, Pipeline):
        for _, step in estimator.steps[:-1]:
            if step is not None and step != "passthrough":
                X = clone(step).fit_transform(X)
    last = estimator.steps[-1][1] if isinstance(estimator, Pipeline) else estimator
    if isinstance(last, LSTMForecaster):
        return clone(last)._read_sequences(X, reset=True, in_pieces=True)
    if isinstance(last, LSTMSeq2Seq):  # which has a tokenizer of its own
        return clone(last)._read_sources(X, reset=True)
    return as_ragged(
        X,
        input_type=last.input_type,
        padding_value=last.padding_value,
        estimator_name=type(last).__name__,
        matrices=True,
    )


def _of_lstm(model: Any, n_samples: int, lengths: np.ndarray, is_tokens: bool) -> dict[str, Range]:
    """Return the ranges for an LSTM."""
    first = 0 if n_samples < 500 else 1 if n_samples < 5_000 else 2
    batch = 8 if n_samples < 1_000 else 16 if n_samples < 10_000 else 32
    started = model.encoder is not None
    higher = started and not isinstance(model, LSTMTagger)
    rates = (2.5e-3, 4e-2) if higher else (5e-4, 8e-3)
    found: dict[str, Range] = {
        "learning_rate": Between(*rates, log=True),
        "hidden_size": SIZES[first : first + 3],
        "dropout": Between(0.3 if n_samples < 1_000 else 0.2, 0.7),
        "batch_size": [batch, 2 * batch, 4 * batch],
    }
    per_step = isinstance(model, LSTMTagger) or getattr(model, "return_sequences", False)
    whole = model.bidirectional and not per_step
    if not per_step:
        found["pooling"] = ["max", "concat" if started else "mean"]
    if isinstance(model, LSTMTagger):
        found["output_layer"] = ["softmax", "crf"]
    if is_tokens:
        if model.embeddings is None:
            found["embedding_dim"] = [50, 100, 200]
        found["embedding_dropout"] = Between(0.1, 0.5)
        found["rare_word_dropout"] = [0.25, 1.0, 2.0, 4.0]
        if whole and lengths.mean() >= _LONG_TEXTS:
            found["conv_filters"] = [None, 64, 128]
    elif whole:
        found["fcn_filters"] = ["auto", None]
        found["conv_filters"] = ["auto", None, 64]
    without_effect = ENCODED if started else ()
    return {name: each for name, each in found.items() if name not in without_effect}


def _of_forecaster(
    model: LSTMForecaster, n_samples: int, read: Ragged, *, has_future: bool
) -> dict[str, Range]:
    """Return the ranges for a forecaster of series, or of windows whose future is given."""
    horizon, longest = int(model.horizon), int(read.lengths.max())
    n_windows = float(n_samples)
    if not has_future:
        n_windows *= np.maximum(read.lengths - horizon, 0).mean()
    found: dict[str, Range] = {
        "learning_rate": Between(7.5e-4, 1.2e-2, log=True),
        "hidden_size": SIZES[:3] if n_windows < 500 else SIZES[1:4],
        "dropout": Between(0.0, 0.3),
        "weight_decay": Between(1e-6, 1e-3, log=True),
        "batch_size": SIZES[:3] if n_windows < 1_000 else SIZES[1:4],
    }
    if not (read.values < 0).any():
        found["scaling"] = ["standard", "multiplicative"]
    more = 2 * max(2 * horizon, *model._checked_seasons(), 2)
    if more <= (longest if has_future else (longest - horizon) // 2):
        found["context_length"] = ["auto", more]
    return found


def _of_pairs(n_samples: int, lengths: np.ndarray) -> dict[str, Range]:
    """Return the ranges for an encoder-decoder from sequences to tokens."""
    found: dict[str, Range] = {
        "learning_rate": Between(1.25e-3, 2e-2, log=True),
        "hidden_size": SIZES[1:4] if n_samples < 500 else SIZES[2:],
        "dropout": Between(0.0, 0.4),
        "embedding_dim": [32, 64, 128],
        "batch_size": SIZES[:3] if n_samples < 1_000 else SIZES[1:4],
    }
    if lengths.mean() < _SHORT_SOURCES:
        found["attention"] = [True, False]
    return found


def _of_tokenizer(n_samples: int, lengths: np.ndarray) -> dict[str, Range]:
    """Return the ranges for a tokenizer."""
    found: dict[str, Range] = {"min_df": [1, 2] if n_samples < 5_000 else [1, 2, 5]}
    usual, longest = int(np.quantile(lengths, 0.9)), int(lengths.max())
    if longest > max(100, 2 * usual):
        found["max_length"] = [usual, None]
    return found


def _own(step: Any, name: str, ranges: dict[str, Range]) -> dict[str, Range]:
    """Return the ranges of parameters that have their default, by their names in the pipeline."""
    defaults = inspect.signature(type(step).__init__).parameters
    params = step.get_params(deep=False)
    prefix = f"{name}__" if name else ""
    return {
        f"{prefix}{key}": each
        for key, each in ranges.items()
        if key in params and _equal(params[key], defaults[key].default)
    }


def _equal(value: Any, default: Any) -> bool:
    return value is default or (type(value) is type(default) and bool(np.all(value == default)))


def _for_sklearn(each: Range) -> Any:
    if isinstance(each, Between):
        if each.log:
            return stats.loguniform(each.low, each.high)
        return stats.uniform(each.low, each.high - each.low)
    return each


def _for_optuna(each: Range) -> Any:
    try:
        from optuna import distributions
    except ImportError as error:
        raise ImportError("library='optuna' needs optuna: pip install optuna.") from error

    if isinstance(each, Between):
        return distributions.FloatDistribution(each.low, each.high, log=each.log)
    return distributions.CategoricalDistribution(each)
