"""Fit the linear model beside a network, and learn how much each of the two counts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from scipy.optimize import minimize
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression, Ridge, RidgeCV
from torch import Tensor

from sklstm._sequences import Ragged, sequence_ids
from sklstm._training.batches import LabelledSequences
from sklstm._training.runtime import Users, plain_build
from sklstm.nn import CountPath, StepPath
from sklstm.nn.linear_path import LinearKind, LinearPath, count_cells, weigh_counts
from sklstm.nn.losses import SampleLoss

# Pairs of words that occur in a single text predict nothing for others.
_FEWEST_TEXTS = 2
# Inverse strength of the penalty of logistic regression, and strength of that of ridge regression.
# With many samples the first list is not searched: the last is right wherever it was tried.
_CS, _ALPHAS, _MANY = (1.0, 10.0, 100.0), (0.1, 1.0, 10.0, 100.0), 5_000
_MANY_OUTPUTS = 50  # for which the search would take longer than the network
_STEP_ALPHAS = np.logspace(-4, 5, 19)
_N_FOLDS, _SCALES = 5, np.geomspace(0.05, 4.0, 45).tolist()
# Strength of the prior of the shares, the linear model alone, in samples: with few samples held
# out, chance would decide.
_PRIOR = 2.0
# Values of a series up to which they all go into a linear model.
MOST_VALUES = 5_000
# Values, or words, of all samples up to which none is left out. Windows of a long series, which
# share its memory, have many more, and each value of theirs would take some fifty bytes here.
_MOST_NUMBERS = 20_000_000
# The random generator of liblinear belongs to the process: one thread at a time.
_liblinear = Users()


@dataclass(frozen=True)
class _Fitted:
    """Coefficients (n_features, n_outputs) and intercepts (n_outputs,) of a linear model."""

    coef: np.ndarray
    intercept: np.ndarray

    def outputs(self, A: Any) -> np.ndarray:
        outputs: np.ndarray = A @ self.coef + self.intercept
        return outputs


def fit_linear_path(
    data: LabelledSequences,
    kind: LinearKind,
    loss: SampleLoss,
    *,
    n_ids: int | None,
    n_outputs: int,
    seed: int,
) -> LinearPath:
    """Return a linear model of the training data, as part of a network.

    Parameters
    ----------
    data : LabelledSequences
        Token ids, or series of one length.
    kind : {"sigmoid", "softmax", "numbers"}
        What the outputs mean: logistic regression for the first two, one for each class; else
        ridge regression.
    loss : callable
        The loss of each sample, by which the penalty is chosen on folds.
    n_ids : int or None
        Number of token ids; None for values.
    n_outputs : int
        Number of outputs.
    seed : int
        Seed of the folds, and of the solver.

    Returns
    -------
    LinearPath
        Its outputs are on the scale that suits probabilities best, as far as folds can tell, and
        both shares are 1. Where there are too many samples for the memory, it is fitted to a random
        part of them.
    """
    used = np.flatnonzero(data.weights > 0)
    n_numbers = int(data.sequences.lengths[used].sum()) * data.sequences.n_features
    used = used[_drawn(len(used), n_numbers, seed)]
    sequences = data.sequences.take(used)
    targets, weights = data.targets[used], data.weights[used].astype(np.float64)
    path: LinearPath
    if n_ids is None:
        path, A = _step_path(sequences, n_outputs)
        some = _drawn(len(A), targets.size * len(_STEP_ALPHAS), seed)
        alpha = _careful_alpha(A[some], targets[some], weights[some])
        ridge = Ridge(alpha).fit(A, targets, sample_weight=weights)
        fitted, scale = _Fitted(_columns(ridge.coef_.T), np.atleast_1d(ridge.intercept_)), 1.0
    else:
        path, A = _count_path(sequences, n_ids, n_outputs)
        fit: _Fit = _ridge if kind == "numbers" else _logistic
        if kind == "softmax" and n_outputs == 2:
            fit = _one_boundary
        goals = targets if kind != "softmax" else targets[:, None] == np.arange(n_outputs)
        candidates: Sequence[float] = _ALPHAS if kind == "numbers" else _CS
        if kind != "numbers" and (len(used) >= _MANY or n_outputs > _MANY_OUTPUTS):
            candidates = candidates[-1:]
        strength, scale = candidates[0], 1.0
        if len(candidates) > 1 and len(used) >= 2 * _N_FOLDS:
            strength, scale = _search(A, goals, targets, weights, loss, fit, candidates, seed)
        fitted = fit(A, goals, weights, strength, seed)
    with torch.no_grad():
        path.weight.copy_(torch.from_numpy(fitted.coef * scale))
        path.bias.copy_(torch.from_numpy(fitted.intercept * scale))
    return path


def learn_shares(
    network: np.ndarray,
    linear: np.ndarray,
    data: LabelledSequences,
    loss: SampleLoss,
    *,
    squared: bool,
) -> tuple[float, float]:
    """Return by how much to multiply the outputs of a network and of a linear model.

    They minimise the loss of the sum on samples that neither has been trained on, down to nothing
    for one of the two. A prior holds them near the linear model alone where there are few samples.

    Parameters
    ----------
    network, linear : ndarray of shape (n_samples, n_outputs)
        Outputs of both.
    data : LabelledSequences
        The samples.
    loss : callable
        The loss of each sample.
    squared : bool
        Whether the loss is a squared error, which has to be brought to the scale of a
        log-likelihood.
    """
    expected, weights = torch.from_numpy(data.targets), torch.from_numpy(data.weights).double()
    if expected.is_floating_point():
        expected = expected.double()
    both = torch.from_numpy(np.stack([network, linear])).double()  # (2, n_samples, n_outputs)
    unit = 1.0
    if squared:
        with torch.no_grad():
            variance = (loss(both[1], expected) * weights).sum() / weights.sum()
        unit = 1.0 / max(2.0 * float(variance), 1e-12)

    def objective(shares: np.ndarray) -> tuple[float, np.ndarray]:
        leaf = torch.from_numpy(shares).requires_grad_()
        total = unit * (loss(leaf[0] * both[0] + leaf[1] * both[1], expected) * weights).sum()
        total = total + _PRIOR * (leaf[0] ** 2 + (leaf[1] - 1.0) ** 2)
        (slope,) = torch.autograd.grad(total, leaf)
        return total.item(), slope.numpy()

    start = np.array([0.3, 0.7])
    found = minimize(objective, start, jac=True, method="L-BFGS-B", bounds=[(0.0, None)] * 2)
    return float(found.x[0]), float(found.x[1])


def _count_path(sequences: Ragged, n_ids: int, n_outputs: int) -> tuple[CountPath, csr_matrix]:
    """Return a path without coefficients, and the TF-IDF of the texts, (n_texts, n_features)."""
    rows = torch.from_numpy(sequence_ids(sequences.lengths).astype(np.int64))
    ids = torch.from_numpy(sequences.values[:, 0].astype(np.int64))
    pairs = _frequent_pairs(rows, ids, n_ids)
    row, feature, count = count_cells(rows, ids, pairs, n_ids)
    n_texts, n_features = len(sequences), n_ids + len(pairs)
    frequencies = torch.bincount(feature, minlength=n_features)
    idf = (torch.log((1.0 + n_texts) / (1.0 + frequencies.double())) + 1.0).float()
    values = weigh_counts(row, feature, count, idf.double(), n_texts)
    A = csr_matrix((values.numpy(), (row.numpy(), feature.numpy())), shape=(n_texts, n_features))
    with plain_build():
        return CountPath(pairs, idf, n_outputs), A


def _drawn(n_samples: int, n_numbers: int, seed: int) -> np.ndarray | slice:
    """Return which samples to use: all, or so many that have about `_MOST_NUMBERS` of numbers."""
    if n_numbers <= _MOST_NUMBERS:
        return slice(None)
    n_drawn = max(1, n_samples * _MOST_NUMBERS // n_numbers)
    return np.sort(np.random.default_rng(seed).choice(n_samples, n_drawn, replace=False))


def _careful_alpha(A: np.ndarray, targets: np.ndarray, weights: np.ndarray) -> float:
    """Return the strongest penalty whose error is not clearly above the smallest one.

    By the rule of one standard error [1]_, on the errors of leaving out each sample. The penalty
    with the smallest error is far worse than the mean of y on some sets of a hundred series.

    References
    ----------
    .. [1] T. Hastie, R. Tibshirani, J. Friedman, "The Elements of Statistical Learning", second
       edition, 2009, section 7.10.1.
    """
    if len(A) < 2:  # none can be left out
        return float(_STEP_ALPHAS[-1])
    search = RidgeCV(alphas=_STEP_ALPHAS, store_cv_results=True)
    search.fit(A, targets, sample_weight=weights)
    # (n_samples, n_alphas), of errors that are multiplied by the weights already
    errors = search.cv_results_.reshape(len(A), -1, len(_STEP_ALPHAS)).mean(axis=1)
    means = errors.mean(axis=0)
    best = int(means.argmin())
    allowed = means[best] + errors[:, best].std() / np.sqrt(len(A))
    return float(_STEP_ALPHAS[np.flatnonzero(means <= allowed).max()])


def _frequent_pairs(rows: Tensor, ids: Tensor, n_ids: int) -> Tensor:
    """Return the pairs of neighbouring words that occur in more than one text, sorted."""
    known = (ids > 1) & (ids < n_ids)
    adjacent = known[:-1] & known[1:] & (rows[:-1] == rows[1:])
    keys, place = torch.unique((ids[:-1] * n_ids + ids[1:])[adjacent], return_inverse=True)
    cells = torch.unique(rows[:-1][adjacent] * max(1, len(keys)) + place)
    n_texts = torch.bincount(cells % max(1, len(keys)), minlength=len(keys))
    return keys[n_texts >= _FEWEST_TEXTS]


def _step_path(sequences: Ragged, n_outputs: int) -> tuple[StepPath, np.ndarray]:
    """Return a path without coefficients, and the standardised values, one row per series."""
    n_steps = int(sequences.lengths[0])
    steps = np.concatenate([sequences[i] for i in range(len(sequences))])
    table = steps.reshape(len(sequences), n_steps, -1).astype(np.float64)
    mean, scale = table.mean(axis=0), table.std(axis=0)
    scale[scale <= 1e-7 * np.abs(mean)] = 1.0  # constant but for rounding
    scale[scale == 0] = 1.0
    with plain_build():
        path = StepPath(torch.from_numpy(mean), torch.from_numpy(scale), n_outputs)
    A = (table.astype(np.float32) - path.mean.numpy()) / path.scale.numpy()
    return path, A.reshape(len(sequences), -1).astype(np.float64)


_Fit = Callable[[Any, np.ndarray, np.ndarray, float, int], _Fitted]


def _search(
    A: csr_matrix,
    goals: np.ndarray,
    targets: np.ndarray,
    weights: np.ndarray,
    loss: SampleLoss,
    fit: _Fit,
    candidates: Sequence[float],
    seed: int,
) -> tuple[float, float]:
    """Return the strength of the penalty, and the scale of the outputs, that suit folds best."""
    fold = np.random.default_rng(seed).permutation(len(targets)) % _N_FOLDS
    expected, weight = torch.from_numpy(targets), torch.from_numpy(weights)
    found = []
    for strength in candidates:
        outputs = np.empty(goals.shape, dtype=np.float32)
        for i in range(_N_FOLDS):
            inside = fold != i
            fitted = fit(A[inside], goals[inside], weights[inside], strength, seed)
            outputs[fold == i] = fitted.outputs(A[fold == i])
        scales = [1.0] if fit is _ridge else _SCALES
        for scale in scales:
            losses = loss(torch.from_numpy(outputs) * scale, expected)
            found.append((float((losses * weight).sum()), strength, scale))
    _, strength, scale = min(found)
    return strength, scale


def _ridge(A: Any, goals: np.ndarray, weights: np.ndarray, alpha: float, seed: int) -> _Fitted:
    ridge = Ridge(alpha=alpha, solver="sparse_cg", tol=1e-3)
    ridge.fit(A, goals, sample_weight=weights)
    return _Fitted(_columns(ridge.coef_.T), np.atleast_1d(ridge.intercept_))


def _logistic(A: Any, goals: np.ndarray, weights: np.ndarray, C: float, seed: int) -> _Fitted:
    """Return one logistic regression for each output; liblinear is fast for many classes, too."""
    coef, intercept = np.zeros((A.shape[1], goals.shape[1])), np.zeros(goals.shape[1])
    for k in range(goals.shape[1]):
        own = goals[:, k] > 0.5
        if own.all() or not own.any():  # nothing to tell apart: the odds, smoothed
            intercept[k] = np.log((weights[own].sum() + 0.5) / (weights[~own].sum() + 0.5))
            continue
        model = LogisticRegression(
            C=C, solver="liblinear", dual=True, tol=1e-2, max_iter=1000, random_state=seed
        )
        with _liblinear.lock:
            model.fit(A, own, sample_weight=weights)
        coef[:, k], intercept[k] = model.coef_[0], model.intercept_[0]
    return _Fitted(coef, intercept)


def _one_boundary(A: Any, goals: np.ndarray, weights: np.ndarray, C: float, seed: int) -> _Fitted:
    """Return logistic regression of two classes, half of its log-odds for each."""
    odds, half = _logistic(A, goals[:, 1:], weights, C, seed), np.array([-0.5, 0.5])
    return _Fitted(odds.coef * half, odds.intercept * half)


def _columns(coef: np.ndarray) -> np.ndarray:
    return coef[:, None] if coef.ndim == 1 else coef
