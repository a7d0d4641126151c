"""Which of several clusterings of the same samples the others agree with most."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import adjusted_rand_score

from sklstm._callers import caller_level


def agreements(clusterings: list[np.ndarray], weights: np.ndarray) -> np.ndarray:
    """Return the mean adjusted Rand index of each clustering with all others.

    Parameters
    ----------
    clusterings : list of ndarray of shape (n_samples,)
        The cluster of each sample; two at least.
    weights : ndarray of shape (n_samples,)
        Samples of weight 0 are left out.

    Returns
    -------
    ndarray of shape (n_clusterings,)
        1 where all found the same clusters, about 0 where chance would agree as well.
    """
    seen = [labels[weights > 0] for labels in clusterings]
    index = np.array([[adjusted_rand_score(one, other) for other in seen] for one in seen])
    return np.asarray((index.sum(axis=1) - np.diag(index)) / (len(seen) - 1))


@dataclass(frozen=True)
class Attempt:
    """One of several fits.

    Attributes
    ----------
    fitted : AutoencoderClusterer
        With `labels_`.
    finished : bool
        Whether nobody ended its training early.
    warned : list of warnings.WarningMessage
        What it warned of, which nobody has seen yet.
    """

    fitted: Any
    finished: bool
    warned: list[warnings.WarningMessage]

    @classmethod
    def of(cls, estimator: Any, *data: Any) -> Attempt:
        """Train an estimator, and hold its warnings back: they matter if it is to be kept."""
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            finished = estimator._train(*data)
        return cls(estimator, finished, warned)


def most_agreed(attempts: list[Attempt], weights: np.ndarray, *, verbose: bool) -> Any:
    """Return the fit whose clusters the others agree with most, and warn of what it warned of.

    One that was ended early stands aside if there are others. Not the loss decides: it says how
    well a clustering fits its own code, and each has another code.
    """
    last = attempts[-1]
    if not last.finished and len(attempts) > 1:
        attempts = attempts[:-1]
        warnings.warn(
            f"Training was interrupted in autoencoder {len(attempts) + 1}; the clusters are those "
            f"of {'the one' if len(attempts) == 1 else f'one of the {len(attempts)}'} before.",
            ConvergenceWarning,
            stacklevel=caller_level(),
        )
    chosen = attempts[0]
    if len(attempts) > 1:
        found = agreements([attempt.fitted.labels_ for attempt in attempts], weights)
        if verbose:
            shown = ", ".join(f"{value:.3f}" for value in found)
            print(f"Agreement of each autoencoder's clusters with the others': {shown}")
        chosen = attempts[int(found.argmax())]
        chosen.fitted.agreement_ = float(found.max())
    for one in chosen.warned:
        warnings.warn(one.message, one.category, stacklevel=caller_level())
    return chosen.fitted
