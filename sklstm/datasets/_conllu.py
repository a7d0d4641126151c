"""Reader of CoNLL-U, the format of the Universal Dependencies treebanks.

A line per word with ten columns, tabs between them; an empty line behind each sentence; comments
begin with ``#``. Numbers such as ``1-2`` and ``1.1`` mark lines that are not words.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NoReturn

N_COLUMNS = 10
COLUMNS = {"upos": 3, "xpos": 4}
NUMBER = re.compile(r"(\d+)(?:([-.])(\d+))?")

Sentence = tuple[list[str], list[str]]


def read_conllu(path: Path, tags: str) -> list[Sentence]:
    """Read words and their tags.

    The words are those of the syntax, which have whole numbers. Left out are ranges (``1-2``),
    which show how several of them are written as one ("don't"), and empty nodes (``1.1``),
    which are not written at all.

    Parameters
    ----------
    path : Path
        A .conllu file, UTF-8.
    tags : {"upos", "xpos"}
        Which column to take.

    Returns
    -------
    sentences : list of (words, tags)
        Two lists of the same length for each sentence, in the file's order.

    Raises
    ------
    ValueError
        If a line is not in the format, or the file ends within a sentence; the message names
        file and line.
    """
    sentences: list[Sentence] = []
    words: list[str] = []
    found: list[str] = []
    where = str(path)
    with path.open("rb") as lines:  # lines end at "\n" alone, not at what else Unicode breaks at
        for number, raw in enumerate(lines, 1):
            where = f"{path}, line {number}"
            line = _decode(raw, where)
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
        _fail(str(path), "there is no sentence in it")
    return sentences


def _decode(raw: bytes, where: str) -> str:
    try:
        return raw.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        _fail(where, "not UTF-8")


def _columns(line: str, where: str) -> list[str]:
    columns = line.split("\t")
    if len(columns) != N_COLUMNS:
        _fail(where, f"{N_COLUMNS} columns are wanted, with tabs between them, got {len(columns)}")
    if "" in columns:
        _fail(where, f"column {columns.index('') + 1} is empty")
    return columns


def _is_word(text: str, n_words: int, where: str) -> bool:
    """Whether a line is a word, by its number; it has to continue the sentence."""
    parsed = NUMBER.fullmatch(text)
    if parsed is None:
        _fail(where, f"{text!r} is not the number of a word, as 1, 1-2 or 1.1 are")
    first, sign, _ = parsed.groups()
    expected = n_words if sign == "." else n_words + 1  # 1.1 stands behind 1, and 1-2 before it
    if int(first) != expected:
        _fail(where, f"number {text} does not continue the sentence, which has {n_words} words")
    return sign is None


def _fail(where: str, what: str) -> NoReturn:
    raise ValueError(f"{where}: {what}.")
