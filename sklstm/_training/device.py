"""Where the arithmetic happens."""

from __future__ import annotations

import copy
import warnings
from typing import Any

import torch
from torch import nn

from sklstm._callers import caller_level


def available_device() -> torch.device:
    """Return the fastest kind of device that this machine has."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def resolve_device(device: str, *, fallback: bool = False) -> torch.device:
    """Turn the `device` parameter into a device that exists here.

    Parameters
    ----------
    device : str
        "auto", or a torch device such as "cpu", "cuda", "cuda:1" or "mps".
    fallback : bool, default=False
        Take the CPU, with a warning, where the device is missing: a model trained on a GPU
        must predict on a machine without one.

    Returns
    -------
    torch.device

    Raises
    ------
    ValueError
        If `device` is unknown, or missing here and `fallback` is False.
    """
    if device == "auto":
        return available_device()
    try:
        resolved = torch.device(device)
    except RuntimeError as error:
        raise ValueError(
            f"device={device!r} is not a torch device; use 'auto', 'cpu', 'cuda', 'cuda:0' or "
            "'mps'."
        ) from error
    missing = (resolved.type == "cuda" and (resolved.index or 0) >= torch.cuda.device_count()) or (
        resolved.type == "mps" and not torch.backends.mps.is_available()
    )
    if not missing:
        return resolved
    if not fallback:
        raise ValueError(f"device={device!r} is not available on this machine; use 'auto'.")
    warnings.warn(
        f"device={device!r} is not available here; predicting on the CPU.",
        stacklevel=caller_level(),
    )
    return torch.device("cpu")


def to_cpu(thing: Any) -> Any:
    """Return `thing` (a module, or nested dicts, lists and tensors) with all tensors on the CPU.

    What is there already is returned as it is, so that pickling copies nothing needlessly.
    """
    if isinstance(thing, nn.Module):
        parts = [*thing.parameters(), *thing.buffers()]
        return thing if all(p.device.type == "cpu" for p in parts) else copy.deepcopy(thing).cpu()
    if isinstance(thing, torch.Tensor):
        return thing.cpu()
    if isinstance(thing, dict):
        return {key: to_cpu(value) for key, value in thing.items()}
    if isinstance(thing, list):
        return [to_cpu(value) for value in thing]
    return thing
