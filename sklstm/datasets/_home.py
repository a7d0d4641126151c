"""Where data sets are looked for, and what to say when one is not there."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from sklstm.datasets._download import download


@dataclass(frozen=True)
class Source:
    """One file of a data set: the names it goes by and where the public gets it.

    ``names`` are tried in this order, in each directory and in its subdirectory ``folder``.
    Without ``url`` it cannot be downloaded and ``homepage`` is all there is to tell.
    """

    title: str
    folder: str
    names: tuple[str, ...]
    homepage: str
    url: str | None = None
    md5: str | None = None


def cache_dir() -> Path:
    """Return the directory for downloads and parsed data; it need not exist yet.

    ``SKLSTM_CACHE`` if set, else ``sklstm`` in ``XDG_CACHE_HOME`` or ``~/.cache``.
    """
    if chosen := os.environ.get("SKLSTM_CACHE"):
        return Path(chosen).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "sklstm"


def locate(
    source: Source,
    *,
    data_home: str | os.PathLike[str] | None,
    download_if_missing: bool,
    progress: bool | None,
) -> Path:
    """Return the path of a data set's file, downloading it if it is nowhere and may be."""
    roots = _roots(data_home)
    for root in roots:
        for folder in (root, root / source.folder):
            for name in source.names:
                if (folder / name).exists():
                    return folder / name
    if not download_if_missing or source.url is None or source.md5 is None:
        raise OSError(_advice(source, roots))
    # SKLSTM_DATA may be shared and read-only: write where the caller said, or to the cache.
    target = (cache_dir() if data_home is None else roots[0]) / source.folder
    try:
        return download(source.url, target, md5=source.md5, progress=progress)
    except OSError as error:
        raise OSError(f"{error}\n{_advice(source, roots)}") from error


def _roots(data_home: str | os.PathLike[str] | None) -> list[Path]:
    given = [data_home, os.environ.get("SKLSTM_DATA")]
    return [*(Path(root).expanduser() for root in given if root), cache_dir()]


def _advice(source: Source, roots: list[Path]) -> str:
    looked = ", ".join(str(root) for root in roots)
    return (
        f"{source.title} not found: none of {', '.join(source.names)} lies in {looked}, or in a "
        f"folder {source.folder!r} there. Get it from {source.homepage} and put it into one of "
        "these, or name its directory in data_home or the environment variable SKLSTM_DATA."
    )
