"""The `stacklevel` of warnings."""

from __future__ import annotations

import sys

# Packages whose frames can be between the user's code and the warning.
WITHIN = {"sklstm", "sklearn", "joblib", "imblearn"}


def caller_level() -> int:
    """Return the `stacklevel` with which a warning points to the user's line that called sklstm."""
    level, frame = 1, sys._getframe(1)
    while frame.f_back and str(frame.f_globals.get("__name__")).split(".")[0] in WITHIN:
        level, frame = level + 1, frame.f_back
    return level
