"""Sentences of a Universal Dependencies treebank with parts of speech, and a CoNLL-U reader."""

from __future__ import annotations

import os
import re
from codecs import BOM_UTF8
from pathlib import Path
from typing import Literal, NoReturn

import numpy as np
from sklearn.utils import Bunch

from sklstm._sequences import object_array
from sklstm.datasets._choice import check_choice
from sklstm.datasets._home import Source, locate

HOMEPAGE = "https://github.com/UniversalDependencies/UD_English-LinES"
RELEASE = "https://raw.githubusercontent.com/UniversalDependencies/UD_English-LinES/r2.17"
MD5 = {
    "train": "b9a23a4e86c2d522f45df07a97a948c1",
    "dev": "52f4e14f2a0db887f59dd91da75aa9df",
    "test": "ab0b954f943af23536bc960feb5f197b",
}
SOURCES = {
    subset: Source(
        title=f"The {subset} part of UD English LinES",
        folder="ud",
        names=(f"en_lines-ud-{subset}.conllu",),
        homepage=HOMEPAGE,
        url=f"{RELEASE}/en_lines-ud-{subset}.conllu",
        md5=md5,
    )
    for subset, md5 in MD5.items()
}
DESCR = f"""\
Universal Dependencies, English LinES: parts of speech
======================================================

Sentences from literature, an online manual and the European Parliament, split into words. Each word
has two tags: UPOS, one of the 17 parts of speech that all Universal Dependencies treebanks share
(such as NOUN), and XPOS, one of 159 tags specific to this treebank, which add form and function
(such as SG-NOM) and are "_" for a fifth of the words. 3,457 sentences for training, 1,118 for
validation and 1,121 for testing (64,684, 21,637 and 19,984 words). Each source has a part in all
three. Words are syntactic: "can't" is two words, "ca" and "n't".

These numbers and the checksums of downloads are those of files with the ninth source, which was
added in release 2.16; the files do not name their own release. A download requests release 2.17
and fails if the checksum differs. Files of other releases that are found in a directory are read
without a check; their numbers differ.

Licence: CC BY-NC-SA 4.0.

L. Ahrenberg (2007). LinES: an English-Swedish parallel treebank. NODALIDA.
L. Ahrenberg (2015). Converting an English-Swedish parallel treebank to Universal Dependencies.
DepLing. {HOMEPAGE}
"""
N_COLUMNS = 10
COLUMNS = {"upos": 3, "xpos": 4}
NUMBER = re.compile(r"(\d+)(?:([-.])(\d+))?")

Sentence = tuple[list[str], list[str]]


def fetch_ud_lines(
    *,
    subset: Literal["train", "dev", "test"] = "train",
    tags: Literal["upos", "xpos"] = "upos",
    data_home: str | os.PathLike[str] | None = None,
    download_if_missing: bool = True,
    return_X_y: bool = False,
    progress: bool | None = None,
) -> Bunch | tuple[list[list[str]], np.ndarray]:
    """Load sentences with a part of speech for each word, a data set for sequence tagging.

    The sentences are the English half of the LinES treebank of Universal Dependencies. The files
    ``en_lines-ud-train.conllu``, ``en_lines-ud-dev.conllu`` and ``en_lines-ud-test.conllu`` are
    searched in ``data_home``, the directory given by the environment variable ``SKLSTM_DATA`` and
    the user's cache (see `fetch_imdb`), and in the folder ``ud`` there. If not found, they are
    downloaded (1 to 4 MB).

    Parameters
    ----------
    subset : {"train", "dev", "test"}, default="train"
        3,457 sentences for training, 1,118 for validation, or 1,121 for testing.
    tags : {"upos", "xpos"}, default="upos"
        "upos" are the 17 parts of speech that all Universal Dependencies treebanks share, "xpos"
        the 159 tags specific to this one, which add form and function. ``"_"`` marks a word
        without an xpos tag.
    data_home : str or path, default=None
        A directory to search first. None starts with ``SKLSTM_DATA``.
    download_if_missing : bool, default=True
        If False, raise an OSError if the data are not found in any of the directories.
    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.
    progress : bool, default=None
        Whether to show a progress bar. None shows it in a terminal and in a notebook.

    Returns
    -------
    bunch : :class:`~sklearn.utils.Bunch`
        data : list of list of str
            The words of each sentence, in the order of the file. They are syntactic words: "can't"
            is "ca" and "n't".
        target : ndarray of shape (n_sentences,), object
            An array of str for each sentence, with the tag of each word.
        target_names : list of str
            The tags that occur in this subset, sorted.
        DESCR : str
            A description of the data set.
    (data, target) : tuple, if ``return_X_y`` is True

    Raises
    ------
    ValueError
        If ``subset`` or ``tags`` has no accepted value, or a line of the file is not in the CoNLL-U
        format; the message names the line.
    OSError
        If the data are not found; the message says what to do.

    References
    ----------
    L. Ahrenberg (2007). LinES: an English-Swedish parallel treebank. NODALIDA.

    L. Ahrenberg (2015). Converting an English-Swedish parallel treebank to Universal
    Dependencies. DepLing.

    Examples
    --------
    >>> from sklstm.datasets import fetch_ud_lines
    >>> sentences = fetch_ud_lines(subset="test")  # doctest: +SKIP
    >>> sentences.data[2], sentences.target[2]  # doctest: +SKIP
    (['Drop', 'areas'], array(['VERB', 'NOUN'], dtype='<U4'))
    """
    check_choice("subset", subset, SOURCES)
    check_choice("tags", tags, COLUMNS)
    path = locate(
        SOURCES[subset],
        data_home=data_home,
        download_if_missing=download_if_missing,
        progress=progress,
    )
    words, found = zip(*_read_conllu(path, tags), strict=True)
    data, target = list(words), object_array(np.array(labels) for labels in found)
    if return_X_y:
        return data, target
    names = np.unique(np.concatenate(target)).tolist()
    return Bunch(data=data, target=target, target_names=names, DESCR=DESCR)


def _read_conllu(path: Path, tags: str) -> list[Sentence]:
    """Read words and their tags from a CoNLL-U file, the format of Universal Dependencies.

    It has a line for each word with ten columns, separated by tabs, an empty line after each
    sentence, and comments (``#``). Syntactic words are numbered by integers. Skipped are ranges
    (``1-2``), which show how several words are written as one ("don't"), and empty nodes
    (``1.1``), which are not written at all.

    Raises
    ------
    ValueError
        If a line is not in the format, or the file ends within a sentence; the message names file
        and line.
    """
    sentences: list[Sentence] = []
    words: list[str] = []
    found: list[str] = []
    where = str(path)
    with path.open("rb") as lines:  # lines end at "\n" only, not at Unicode's other line breaks
        for number, raw in enumerate(lines, 1):
            where = f"{path}, line {number}"
            line = _decode(raw if number > 1 else raw.removeprefix(BOM_UTF8), where)
            if line.startswith("#"):
                continue
            if line.strip():
                columns = _columns(line, where)
                if _is_word(columns[0], len(words), where):
                    words.append(columns[1])
                    found.append(columns[COLUMNS[tags]])
            elif words:
                sentences.append((words, found))
                words, found = [], []
    if words:
        _fail(where, "the file ends within a sentence, without an empty line; it may be cut off")
    if not sentences:
        _fail(str(path), "it contains no sentence")
    return sentences


def _decode(raw: bytes, where: str) -> str:
    try:
        return raw.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        _fail(where, "not UTF-8")


def _columns(line: str, where: str) -> list[str]:
    columns = line.split("\t")
    if len(columns) != N_COLUMNS:
        _fail(where, f"expected {N_COLUMNS} columns separated by tabs, got {len(columns)}")
    if "" in columns:
        _fail(where, f"column {columns.index('') + 1} is empty")
    return columns


def _is_word(text: str, n_words: int, where: str) -> bool:
    """Return True if a line is a syntactic word; its number has to continue the sentence."""
    parsed = NUMBER.fullmatch(text)
    if parsed is None:
        _fail(where, f"{text!r} is not the number of a word, as 1, 1-2 or 1.1 are")
    first, sign, _ = parsed.groups()
    expected = n_words if sign == "." else n_words + 1  # 1.1 follows 1, 1-2 precedes it
    if int(first) != expected:
        _fail(where, f"number {text} does not continue the sentence, which has {n_words} words")
    return sign is None


def _fail(where: str, what: str) -> NoReturn:
    raise ValueError(f"{where}: {what}.")
