"""What all tests share: one thread, an empty cache, and real data where there are some."""

import os
import signal

# Set before torch is imported. Parallel test runs would otherwise fight over the cores.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from pathlib import Path

import hypothesis
import pytest

# Doctests are looked for in every file, and each folder's conftest.py would be a module `conftest`.
collect_ignore_glob = ["*conftest.py"]

# A slow machine is no failure.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


@pytest.fixture(scope="session", autouse=True)
def session_cache(tmp_path_factory):
    """Keep the tests out of the user's cache; shared, so that IMDB is parsed once."""
    path = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SKLSTM_CACHE", str(path))
        yield path


@pytest.fixture(scope="session", autouse=True)
def ctrl_c_raises():
    """Let SIGINT raise KeyboardInterrupt; a shell starts what runs in the background without."""
    before = signal.getsignal(signal.SIGINT)
    if before == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def data_dir():
    """Return the directory of real data sets that `SKLSTM_DATA` names; skip without it."""
    path = Path(os.environ.get("SKLSTM_DATA", ""))
    if not os.environ.get("SKLSTM_DATA") or not path.is_dir():
        pytest.skip("SKLSTM_DATA names no directory of data sets")
    return path


@pytest.fixture(scope="session")
def data_file(data_dir):
    """Return a function from a path inside `data_dir` to the file; it skips if it is absent."""

    def find(name):
        if not (data_dir / name).exists():
            pytest.skip(f"{name} is not in SKLSTM_DATA")
        return data_dir / name

    return find
