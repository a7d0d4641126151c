"""fastText's own binary form, by gensim."""

from __future__ import annotations

import shutil
import struct
import tempfile
from pathlib import Path
from typing import Any, BinaryIO

FACEBOOK_MAGIC = struct.pack("<i", 793712314)  # of fastText's source, src/fasttext.cc
PACKED_NAMES = {".bz2", ".gz", ".lz4", ".xz", ".zst"}  # of smart_open, with which gensim opens


def load_facebook(name: str, file: BinaryIO) -> Any:
    """Return gensim's FastTextKeyedVectors of a model that Facebook's fastText has saved.

    Parameters
    ----------
    name : str
        Where the file lies, for messages.
    file : binary file
        The file, unpacked if need be, at its start.

    Raises
    ------
    ValueError
        If the file is damaged, or of a model that was trained on labels.
    """
    from gensim.models.fasttext import load_facebook_vectors

    # gensim opens files itself and tells packed ones by their names only, so that it is given a
    # copy of what is packed, or only called so.
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(name)
        if _is_packed(file) or plain.suffix.lower() in PACKED_NAMES:
            plain = Path(folder) / "vectors.bin"
            with plain.open("wb") as unpacked:
                shutil.copyfileobj(file, unpacked)
        try:
            return load_facebook_vectors(str(plain))
        except NotImplementedError as error:
            raise ValueError(f"{name}: {error}.") from error
        except Exception as error:  # whatever a cut file makes of lengths and offsets
            raise ValueError(
                f"{name} begins as a fastText model, but gensim cannot read it; is it cut short? "
                f"({type(error).__name__}: {error})"
            ) from error


def _is_packed(file: Any) -> bool:
    return type(file).__name__ == "GzipFile"
