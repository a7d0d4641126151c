"""Files of data sets: where they are looked for, how they are downloaded, and the cache."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import http.client
import json
import os
import urllib.error
import urllib.request
import uuid
import warnings
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from tqdm.auto import tqdm

from sklstm._callers import caller_level

CHUNK = 1 << 18
ATTEMPTS = 3
TIMEOUT = 30.0  # seconds without receiving a byte, not for the whole file
LEVEL = 1  # a third of the time of gzip's default, for files a sixth larger


@dataclass(frozen=True)
class Source:
    """One file of a data set: its possible names, and where it is published.

    ``names`` are tried in this order, in each directory and in its subdirectory ``folder``.
    Without ``url`` the file cannot be downloaded, and the error message names ``homepage`` only.
    """

    title: str
    folder: str
    names: tuple[str, ...]
    homepage: str
    url: str | None = None
    md5: str | None = None


def cache_dir() -> Path:
    """Return the directory for downloads and parsed data, which need not exist yet.

    It is ``SKLSTM_CACHE`` if set, else ``sklstm`` in ``XDG_CACHE_HOME`` or ``~/.cache``.
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
    """Return the path of a data set's file; download it if it is not found and may be."""
    roots = _roots(data_home)
    for root in roots:
        for folder in (root, root / source.folder):
            for name in source.names:
                if (folder / name).exists():
                    return folder / name
    if not download_if_missing or source.url is None or source.md5 is None:
        raise OSError(_advice(source, roots))
    # SKLSTM_DATA may be shared and read-only: write to data_home or to the cache.
    target = (cache_dir() if data_home is None else roots[0]) / source.folder
    try:
        return download(source.url, target, md5=source.md5, progress=progress)
    except OSError as error:
        raise OSError(f"{error}\n{_advice(source, roots)}") from error


def _roots(data_home: str | os.PathLike[str] | None) -> list[Path]:
    if not isinstance(data_home, str | os.PathLike | None):
        raise TypeError(
            f"data_home must be the path of a directory or None, got {type(data_home).__name__} "
            f"({data_home!r})."
        )
    given = [data_home, os.environ.get("SKLSTM_DATA")]
    return [*(Path(root).expanduser() for root in given if root), cache_dir()]


def _advice(source: Source, roots: list[Path]) -> str:
    looked = ", ".join(str(root) for root in roots)
    return (
        f"{source.title} not found: none of {', '.join(source.names)} is in {looked}, or in a "
        f"folder {source.folder!r} there. Get it from {source.homepage} and put it into one of "
        "these, or pass its directory as data_home or in the environment variable SKLSTM_DATA."
    )


def download(url: str, folder: Path, *, md5: str, progress: bool | None = None) -> Path:
    """Download ``url`` into ``folder``, verify its MD5 checksum and return its path.

    Until it is complete and verified the file is called ``NAME.part``. It is kept after an
    interruption, and the next attempt requests the remaining bytes only.

    Raises
    ------
    OSError
        If the server cannot be reached or closes the connection `ATTEMPTS` times, or the checksum
        differs.
    """
    target = folder / PurePosixPath(urlsplit(url).path).name
    part = target.with_name(target.name + ".part")
    folder.mkdir(parents=True, exist_ok=True)
    _fetch(url, part, progress)
    found = md5_of(part)
    if found != md5:
        part.unlink()
        raise OSError(f"{url} has the MD5 {found}, expected {md5}; the download was removed.")
    os.replace(part, target)
    return target


def md5_of(path: Path) -> str:
    """Return the MD5 of a file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _fetch(url: str, part: Path, progress: bool | None) -> None:
    """Append to ``part`` until the file is complete."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            _fetch_rest(url, part, progress)
            return
        except urllib.error.HTTPError as error:
            # The server has answered; another request would get the same answer.
            raise OSError(f"{url} was refused: {error.code} {error.reason}.") from error
        except (OSError, http.client.HTTPException) as error:
            if attempt == ATTEMPTS:
                done = part.stat().st_size if part.exists() else 0
                kept = f" The {done:,} bytes received are kept for the next call." if done else ""
                raise OSError(f"{url} could not be downloaded: {error}.{kept}") from error


def _fetch_rest(url: str, part: Path, progress: bool | None) -> None:
    """Request the rest of ``part`` once; raise ConnectionError if the response is incomplete."""
    done = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={done}-"} if done else {})
    try:
        response = urllib.request.urlopen(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        if done and error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            return  # the file is complete; the checksum verifies its content
        raise
    with response:
        if response.status != http.HTTPStatus.PARTIAL_CONTENT:
            done = 0  # the server ignores the range and sends the whole file
        length = response.headers.get("Content-Length")
        total = None if length is None else done + int(length)
        with (
            part.open("ab" if done else "wb") as file,
            tqdm(
                desc=f"Downloading {part.stem}",
                total=total,
                initial=done,
                unit="B",
                unit_scale=True,
                disable=None if progress is None else not progress,
            ) as bar,
        ):
            while block := response.read(CHUNK):
                file.write(block)
                bar.update(len(block))
    # A connection that closes early looks like the end of the file.
    size = part.stat().st_size
    if total is not None and size < total:
        raise ConnectionError(f"the connection closed after {size:,} of {total:,} bytes")


def read_cache(path: Path) -> Any | None:
    """Return what `write_cache` stored in ``path``, or None if it is absent or damaged."""
    try:
        return json.loads(gzip.decompress(path.read_bytes()).decode("ascii"))
    except (OSError, EOFError, ValueError, zlib.error):
        return None


def write_cache(contents: dict[Path, Any]) -> None:
    """Store each content in its file, as compressed JSON.

    Each file is replaced atomically, as another process may read it. A cache that cannot be
    written is a warning only, because it costs time but not results.
    """
    for path, content in contents.items():
        # ASCII, because one rare character makes Python store a text with four bytes per character.
        packed = gzip.compress(json.dumps(content).encode("ascii"), LEVEL, mtime=0)
        partial = path.with_name(f"{path.name}.{uuid.uuid4().hex}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            partial.write_bytes(packed)
            os.replace(partial, path)
        except OSError as error:
            warnings.warn(
                f"The parsed data cannot be stored in {path.parent} ({error}), so the next call "
                "parses them again. Set the environment variable SKLSTM_CACHE to a writable "
                "directory.",
                stacklevel=caller_level(),
            )
            return
        finally:
            with contextlib.suppress(OSError):
                partial.unlink(missing_ok=True)
