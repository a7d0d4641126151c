"""Versions and settings of a machine, for bug reports."""

from __future__ import annotations

import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import torch

PACKAGES = (
    "sklstm", "scikit-learn", "torch", "skorch", "gensim", "numpy", "scipy", "joblib", "regex",
    "tokenizers", "tqdm", "pandas", "matplotlib", "awkward", "pip",
)  # fmt: skip


def show_versions() -> None:
    """Print the versions and settings that results and speed depend on.

    Include the output in bug reports. A package that is not installed is shown as None. The
    section "torch" lists what its computations depend on: the number of threads, the widest
    vector instructions of the CPU, whether the fused oneDNN kernels are enabled, and the GPU, if
    any.

    Examples
    --------
    >>> from sklstm import show_versions
    >>> show_versions()  # doctest: +SKIP
    System:
      python: 3.11.7 ...
    """
    sections: dict[str, dict[str, object]] = {
        "System": _system(),
        "Packages": _packages(),
        "torch": _torch(),
    }
    for title, entries in sections.items():
        width = max(map(len, entries))
        print(f"{title}:")
        for name, value in entries.items():
            print(f"  {name:>{width}}: {value}")


def _system() -> dict[str, object]:
    return {
        "python": sys.version.replace("\n", " "),
        "executable": sys.executable,
        "machine": platform.platform(),
    }


def _packages() -> dict[str, object]:
    return {name: _version(name) for name in PACKAGES}


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _torch() -> dict[str, object]:
    gpu = torch.cuda.is_available()
    backends: Any = torch.backends  # its functions have no type annotations
    return {
        "threads": torch.get_num_threads(),
        "interop threads": torch.get_num_interop_threads(),
        "cpu capability": backends.cpu.get_cpu_capability(),
        "oneDNN": backends.mkldnn.is_available() and backends.mkldnn.enabled,
        "cuda": torch.cuda.get_device_name() if gpu else None,
        "cuDNN": backends.cudnn.version() if gpu else None,
        "mps": backends.mps.is_available(),
    }
