"""Who calls: the user's own line, or code that fits many models."""

from __future__ import annotations

import sys
from types import FrameType

# Packages whose frames can be between the user's code and the warning.
WITHIN = {"sklstm", "sklearn", "joblib", "imblearn"}

# Of scikit-learn, what wraps a single fit that the user has asked for. All else on the way to a fit
# is a search, a cross-validation or an ensemble.
SINGLE_FITS = (
    "sklearn.base.",
    "sklearn.pipeline.",
    "sklearn.compose._target.",
    "sklearn.utils.",
    "sklearn._config.",
)
# Other code that calls a function over and over, or keeps what it returns.
REPEATING = (
    "joblib.parallel.",
    "multiprocessing.pool.",
    "concurrent.futures.process.",
    "optuna.",
    "hyperopt.",
    "sklstm._backtest.",
    "sklstm.baselines.",
)
CACHES = {"_cached_call", "_call"}  # functions of joblib.memory; it also calls without caching


def caller_level() -> int:
    """Return the `stacklevel` with which a warning points to the user's line that called sklstm."""
    level, frame = 1, sys._getframe(1)
    while frame.f_back and str(frame.f_globals.get("__name__")).split(".")[0] in WITHIN:
        level, frame = level + 1, frame.f_back
    return level


def is_one_of_many() -> bool:
    """Return True if other code than the user's own line has asked for the call that runs now.

    Such code, a search or a worker of joblib for instance, has further calls to make, or stores
    the result. All calls on the stack count, as the user's own function may be between.
    """
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        module = f"{frame.f_globals.get('__name__')}."
        if module.startswith("sklearn."):
            if not module.startswith(SINGLE_FITS):
                return True
        elif module.startswith(REPEATING) or (
            module == "joblib.memory." and frame.f_code.co_name in CACHES
        ):
            return True
        frame = frame.f_back
    return False
