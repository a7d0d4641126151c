"""Checks of arguments: the sizes that modules are built with, and the batches that they get.

Checks of shapes and dtypes cost next to nothing. Values are only read where that is cheap: on the
CPU, as a GPU would have to finish its work first.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from numbers import Integral, Real
from typing import Any

import numpy as np
import torch
from torch import Tensor


class _Trusted(threading.local):
    """A context in which batches are not checked; in the thread that enters it."""

    depth = 0

    def __enter__(self) -> None:
        self.depth += 1

    def __exit__(self, *error: object) -> None:
        self.depth -= 1


# For callers that have checked their batches, where every microsecond counts: `with TRUSTED:`.
TRUSTED = _Trusted()


def whole(name: str, value: Any, least: int = 1) -> int:
    """Return an int of at least `least`; numpy's integers, too."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name} must be an int of at least {least}, got {value!r}.")
    if value < least:
        raise ValueError(f"{name} must be an int of at least {least}, got {value}.")
    return int(value)


def wholes(name: str, value: Any) -> tuple[int, ...]:
    """Return a tuple of one or more ints of at least 1."""
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise TypeError(f"{name} must be a tuple of ints, such as (64, 32), got {value!r}.")
    sizes = tuple(whole(f"{name}[{i}]", size) for i, size in enumerate(value))
    if not sizes:
        raise ValueError(f"{name} is empty; give at least one int, such as (64,).")
    return sizes


def rate(name: str, value: Any) -> float:
    """Return a number in [0, 1)."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name} must be a number in [0, 1), got {value!r}.")
    if not 0.0 <= float(value) < 1.0:
        raise ValueError(f"{name} must be in [0, 1), got {value}.")
    return float(value)


def positive(name: str, value: Any) -> float:
    """Return a finite number above 0."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name} must be a number above 0, got {value!r}.")
    if not 0.0 < float(value) < float("inf"):
        raise ValueError(f"{name} must be a finite number above 0, got {value}.")
    return float(value)


def not_negative(name: str, value: Any) -> float:
    """Return a finite number of at least 0."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name} must be a number of at least 0, got {value!r}.")
    if not 0.0 <= float(value) < float("inf"):
        raise ValueError(f"{name} must be a finite number of at least 0, got {value}.")
    return float(value)


def flag(name: str, value: Any) -> bool:
    """Return True or False; numpy's, too."""
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{name} must be True or False, got {value!r}.")
    return bool(value)


def one_of(name: str, value: Any, accepted: Collection[str]) -> str:
    """Return a str that is among the accepted ones."""
    if not isinstance(value, str) or value not in accepted:
        choices = ", ".join(map(repr, accepted))
        raise ValueError(f"{name} must be one of {choices}, got {value!r}.")
    return str(value)


_FEW = 100  # so few numbers are compared faster by Python
INTEGERS = (torch.int64, torch.int32)  # torch reads an index of fewer bits as a mask
INDICES = (torch.int64,)  # of classes, for which torch takes no other type
FLAGS = (torch.bool,)


def check_tensor(
    name: str, tensor: Any, *sizes: int | str, dtypes: tuple[torch.dtype, ...] | None = None
) -> None:
    """Raise unless an argument is a tensor of this shape and type.

    Parameters
    ----------
    name : str
        The argument.
    tensor : Tensor
        What was given.
    *sizes : int or str
        The expected size of each axis, or its name where it may have any size. The last one may
        be "..." for any further axes.
    dtypes : tuple of dtype or None, default=None
        The accepted types; None for floats of any precision.
    """
    if TRUSTED.depth:
        return
    if not isinstance(tensor, Tensor):
        raise TypeError(f"{name} must be a Tensor, got {type(tensor).__name__}.")
    if tensor.shape != sizes and not _fits(tensor.shape, sizes):
        shown = ", ".join(map(str, sizes)) + ("," if len(sizes) == 1 else "")
        raise ValueError(f"{name} has shape {tuple(tensor.shape)}, but must have shape ({shown}).")
    if not (tensor.is_floating_point() if dtypes is None else tensor.dtype in dtypes):
        accepted = "a type of floats" if dtypes is None else " or ".join(map(str, dtypes))
        raise TypeError(f"{name} has dtype {tensor.dtype}, but must have {accepted}.")


def _fits(shape: tuple[int, ...], sizes: tuple[int | str, ...]) -> bool:
    """Return True if a shape has the sizes that are given as numbers."""
    fixed, free = (sizes[:-1], True) if sizes[-1:] == ("...",) else (sizes, False)
    if len(shape) < len(fixed) or (len(shape) > len(fixed) and not free):
        return False
    return all(
        isinstance(wanted, str) or size == wanted
        for size, wanted in zip(shape, fixed, strict=False)
    )


def check_range(name: str, values: Tensor, low: int, high: int | None = None) -> None:
    """Raise ValueError unless all integers are from `low` to `high`; on the CPU only."""
    if TRUSTED.depth or values.device.type != "cpu" or not values.numel():
        return
    listed = values.flatten().tolist() if values.numel() <= _FEW else values.aminmax()
    least, most = int(min(listed)), int(max(listed))
    if least < low or (high is not None and most > high):
        wrong = least if least < low else most
        accepted = f"at least {low}" if high is None else f"from {low} to {high}"
        at = (values == wrong).nonzero()[0].tolist()
        place = ", ".join(map(str, at))
        raise ValueError(f"{name}[{place}] is {wrong}, but must be {accepted}.")


@contextmanager
def named_range(name: str, values: Tensor, low: int, high: int | None = None) -> Iterator[None]:
    """Name the values that are out of range if torch refuses them, at no cost otherwise."""
    try:
        yield
    except (IndexError, RuntimeError):
        check_range(name, values, low, high)
        raise


def check_lengths(lengths: Any, n_sequences: int, n_steps: int) -> None:
    """Raise unless there is a number of steps for each sequence, from 1 to `n_steps`."""
    check_tensor("lengths", lengths, n_sequences, dtypes=INTEGERS)
    check_range("lengths", lengths, 1, n_steps)
