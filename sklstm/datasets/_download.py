"""Download a file over HTTP, taking up again where an earlier attempt broke off."""

from __future__ import annotations

import hashlib
import http.client
import os
import urllib.error
import urllib.request
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from tqdm import tqdm

CHUNK = 1 << 18
ATTEMPTS = 3
TIMEOUT = 30.0  # seconds without a byte, not for the whole file


def download(url: str, folder: Path, *, md5: str, progress: bool | None = None) -> Path:
    """Download ``url`` into ``folder``, check its MD5 and return its path.

    Until it is complete and checked the file is called ``NAME.part``. That file survives an
    interruption and the next attempt asks the server for the rest only.

    Raises
    ------
    OSError
        If the server cannot be reached or breaks off `ATTEMPTS` times, or the sum differs.
    """
    target = folder / PurePosixPath(urlsplit(url).path).name
    part = target.with_name(target.name + ".part")
    folder.mkdir(parents=True, exist_ok=True)
    _fetch(url, part, progress)
    found = md5_of(part)
    if found != md5:
        part.unlink()
        raise OSError(f"{url} has the MD5 {found}, expected {md5}; what was downloaded is removed.")
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
            # The server has answered: asking again would bring the same answer.
            raise OSError(f"{url} was refused: {error.code} {error.reason}.") from error
        except (OSError, http.client.HTTPException) as error:
            if attempt == ATTEMPTS:
                done = part.stat().st_size if part.exists() else 0
                kept = f" The {done:,} bytes that arrived are kept for next time." if done else ""
                raise OSError(f"{url} could not be downloaded: {error}.{kept}") from error


def _fetch_rest(url: str, part: Path, progress: bool | None) -> None:
    """Ask once for what ``part`` lacks; raise ConnectionError if less than that arrives."""
    done = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={done}-"} if done else {})
    try:
        response = urllib.request.urlopen(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        if done and error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            return  # nothing is left to send; the checksum tells whether it is the same file
        raise
    with response:
        if response.status != http.HTTPStatus.PARTIAL_CONTENT:
            done = 0  # the server sends the whole file whatever the range
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
    # A connection that closes early looks like an end of file.
    size = part.stat().st_size
    if total is not None and size < total:
        raise ConnectionError(f"the connection closed after {size:,} of {total:,} bytes")
