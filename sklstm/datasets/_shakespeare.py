"""Tiny Shakespeare: one long text for language models."""

from __future__ import annotations

import os

from sklearn.utils import Bunch

from sklstm.datasets._home import Source, locate

SOURCE = Source(
    title="Tiny Shakespeare",
    folder="text",
    names=("tinyshakespeare.txt", "input.txt"),
    homepage="https://github.com/karpathy/char-rnn",
    url=(
        "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt"
    ),
    md5="6fb458f1232090904fb40fe944165e91",
)
DESCR = """\
Tiny Shakespeare
================

40,000 lines from plays by Shakespeare, 1,115,394 characters in one text.

A. Karpathy (2015). char-rnn. https://github.com/karpathy/char-rnn
"""


def fetch_shakespeare(
    *,
    data_home: str | os.PathLike[str] | None = None,
    download_if_missing: bool = True,
    progress: bool | None = None,
) -> Bunch:
    """Load Tiny Shakespeare, one long text that language models are tried on.

    The file is searched in ``data_home``, the directory given by the environment variable
    ``SKLSTM_DATA`` and the user's cache (see `fetch_imdb`), and in the folder ``text`` there, under
    the name ``tinyshakespeare.txt`` or the original ``input.txt``. If not found, it is downloaded
    (1.1 MB).

    Parameters
    ----------
    data_home : str or path, default=None
        A directory to search first. None starts with ``SKLSTM_DATA``.
    download_if_missing : bool, default=True
        If False, raise an OSError if the file is not found in any of the directories.
    progress : bool, default=None
        Whether to show a progress bar. None shows it in a terminal and in a notebook.

    Returns
    -------
    bunch : :class:`~sklearn.utils.Bunch`
        train, test : str
            The first nine tenths of the text, and the rest, the usual split.
        DESCR : str
            A description of the data set.

    Raises
    ------
    OSError
        If the file is not found; the message says what to do.

    References
    ----------
    A. Karpathy (2015). The unreasonable effectiveness of recurrent neural networks.

    Examples
    --------
    >>> from sklstm.datasets import fetch_shakespeare
    >>> plays = fetch_shakespeare()  # doctest: +SKIP
    >>> print(plays.train[:60])  # doctest: +SKIP
    First Citizen:
    Before we proceed any further, hear me speak.
    """
    path = locate(
        SOURCE, data_home=data_home, download_if_missing=download_if_missing, progress=progress
    )
    text = path.read_text(encoding="utf-8")
    end = int(0.9 * len(text))
    return Bunch(train=text[:end], test=text[end:], DESCR=DESCR)
