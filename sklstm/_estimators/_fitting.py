"""A fit as a transaction, and the seeds of what it draws."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state

from sklstm._training import to_cpu


@dataclass(frozen=True)
class Seeds:
    """One seed for each thing that is drawn, so that none depends on how another draws."""

    module: int
    training: int
    split: int

    @classmethod
    def draw(cls, random_state: Any) -> Seeds:
        rng = check_random_state(random_state)
        return cls(*(int(seed) for seed in rng.randint(np.iinfo(np.int32).max, size=3)))

    def after(self, n_epochs: int) -> Seeds:
        """Return the seeds to go on with, or every call would draw the same masks and order."""
        return replace(self, training=self.training + n_epochs)


class Transaction(BaseEstimator):
    """An estimator with a `module_`, whose fit works on a copy.

    The fitted attributes are handed over once training has ended: an error on the way leaves the
    estimator as it was.
    """

    module_: Any

    def _trial(self, *, keep_fitted: bool) -> Self:
        """Return a copy to be fitted in place of self."""
        trial = copy.copy(self)
        if keep_fitted:
            trial.module_ = copy.deepcopy(self.module_)
            trial._optimizer_state_ = copy.deepcopy(getattr(self, "_optimizer_state_", None))
        else:
            for name in _fitted_names(trial):
                delattr(trial, name)
        return trial

    def _adopt(self, trial: Self) -> Self:
        for name in _fitted_names(self):
            delattr(self, name)
        for name in _fitted_names(trial):
            setattr(self, name, getattr(trial, name))
        return self

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = super().__getstate__()
        for name in ("module_", "_optimizer_state_"):
            if state.get(name) is not None:
                state[name] = to_cpu(state[name])
        return state


def _fitted_names(estimator: BaseEstimator) -> list[str]:
    """Return the names of the fitted attributes; all of them end in an underscore."""
    return [name for name in vars(estimator) if name.endswith("_")]
