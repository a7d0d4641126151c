"""Arguments that name one of several parts of a data set."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sklstm._sequences import plain


def check_choice(name: str, value: Any, accepted: Iterable[str]) -> None:
    """Raise ValueError unless an argument is one of the accepted names."""
    choices = list(accepted)
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"{name} must be one of {choices}, got {plain(value)!r}.")
