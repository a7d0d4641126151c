"""Torch's global generators, seeded for a while and put back, from any number of threads."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

# Held while one thread builds a module, so that no other seeds the generator meanwhile.
_lock = threading.RLock()
_users = 0
_found: list[Any] = []


@contextmanager
def seeded_build(seed: int) -> Iterator[None]:
    """Draw in the body from torch's generator for the CPU, seeded, one thread at a time."""
    with _lock, torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        yield


@contextmanager
def private_global_generators(seed: int) -> Iterator[None]:
    """Seed torch's global generators, for modules that users bring, and put them back.

    The generators are the process's own, so they are put back when the last of several
    threads is done.
    """
    global _users, _found
    with _lock:
        if _users == 0:
            _found = _states()
        _users += 1
        torch.manual_seed(seed)
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if _users == 0:
                _put_back(_found)


def _states() -> list[Any]:
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
    return [torch.get_rng_state(), cuda]


def _put_back(states: list[Any]) -> None:
    cpu, cuda = states
    torch.set_rng_state(cpu)
    if cuda:
        torch.cuda.set_rng_state_all(cuda)
