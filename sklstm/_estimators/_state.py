"""The state of a model, handed to its user between two calls."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from sklstm.nn.state import State


class SequenceState:
    """What a model remembers of the sequences it has read so far, one row for each.

    Made by ``predict(X, return_state=True)`` and by streams. ``state[rows]`` picks sequences,
    in any order; a state can be copied, pickled and kept.

    Attributes
    ----------
    parts : dict of ndarray of shape (n_sequences, size)
        What is remembered, by name.
    model : str
        A fingerprint of the model that it belongs to.
    """

    def __init__(self, parts: dict[str, np.ndarray], model: str):
        self.parts = parts
        self.model = model

    @classmethod
    def of(cls, module: Any, state: State, model: str) -> SequenceState:
        """Return tensors of the network's state as a user gets them."""
        names = [name for name, _ in module.state_sizes()]
        arrays = [part.detach().cpu().numpy() for part in state]
        return cls(dict(zip(names, arrays, strict=True)), model)

    def tensors(self, device: torch.device) -> State:
        """Return the state as the network takes it."""
        return tuple(torch.from_numpy(part).to(device) for part in self.parts.values())

    def __len__(self) -> int:
        return len(next(iter(self.parts.values())))

    def __getitem__(self, rows: Any) -> SequenceState:
        rows = np.atleast_1d(np.arange(len(self))[rows])
        return SequenceState({name: part[rows] for name, part in self.parts.items()}, self.model)

    def __repr__(self) -> str:
        parts = ", ".join(f"{name} ({part.shape[1]})" for name, part in self.parts.items())
        return f"<state of {len(self)} sequence{'s' * (len(self) != 1)}: {parts}>"


def check_state(state: Any, sizes: Sequence[tuple[str, int]], model: str, n_sequences: int) -> None:
    """Raise an error unless `state` is one of this model's, for that many sequences.

    Parameters
    ----------
    state : SequenceState
        What a user gave.
    sizes : sequence of tuple (str, int)
        Names and widths of the parts that the network's state has.
    model : str
        The model's fingerprint.
    n_sequences : int
        How many sequences X holds.
    """
    if not isinstance(state, SequenceState):
        raise TypeError(
            f"state is of type {type(state).__name__}; pass what predict(X, return_state=True) "
            "returned beside its result, or None to begin anew."
        )
    given = {name: np.shape(part) for name, part in state.parts.items()}
    if list(given) != [name for name, _ in sizes]:
        raise ValueError(
            f"state holds {', '.join(given)}, but this model's state holds "
            f"{', '.join(name for name, _ in sizes)}: it comes from another model."
        )
    for name, size in sizes:
        if len(given[name]) != 2 or given[name][1] != size:
            raise ValueError(
                f"state has a {name} of shape {given[name]}, but this model's has the shape "
                f"(n_sequences, {size}): it comes from another model."
            )
    counts = {shape[0] for shape in given.values()}
    if counts != {n_sequences}:
        raise ValueError(
            f"state is of {' or '.join(map(str, sorted(counts)))} sequences, but X has "
            f"{n_sequences}; state[rows] picks those that X goes on with."
        )
    if state.model != model:
        raise ValueError(
            "state comes from another model, or this one was trained on since; begin anew with "
            "state=None."
        )


def fingerprint(module: nn.Module) -> str:
    """Return a digest of all weights of `module`."""
    digest = hashlib.blake2b(digest_size=16)
    for name, tensor in module.state_dict().items():
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()
