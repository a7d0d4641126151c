"""English sentences of a Universal Dependencies treebank, each word with its part of speech."""

from __future__ import annotations

import os
from typing import Literal

import numpy as np
from sklearn.utils import Bunch

from sklstm.datasets._conllu import COLUMNS, read_conllu
from sklstm.datasets._home import Source, locate
from sklstm.datasets._ragged import stack

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

Sentences from literature, an online manual and the European Parliament, split into words, each with
two tags: UPOS, the 17 parts of speech that all Universal Dependencies treebanks share (such as
NOUN), and XPOS, 159 tags of the treebank's own, which add form and function (such as SG-NOM), and
are "_" for a fifth of the words. 3,457 sentences to train on, 1,118 to choose parameters with and
1,121 to test on (64,684, 21,637 and 19,984 words). Each source has a piece in all three. What is
written as one but is two words to syntax counts as two: "ca" and "n't".

These numbers, and the checksums that downloads are compared with, are those of files that have the
ninth source, which came with release 2.16. Their own release could not be told from the files. A
download asks for release 2.17 and is refused if that differs. Files of other releases are read all
the same where they are found, with other numbers.

Licence: CC BY-NC-SA 4.0.

L. Ahrenberg (2007). LinES: an English-Swedish parallel treebank. NODALIDA.
L. Ahrenberg (2015). Converting an English-Swedish parallel treebank to Universal Dependencies.
DepLing. {HOMEPAGE}
"""


def fetch_ud_lines(
    *,
    subset: Literal["train", "dev", "test"] = "train",
    tags: Literal["upos", "xpos"] = "upos",
    data_home: str | os.PathLike[str] | None = None,
    download_if_missing: bool = True,
    return_X_y: bool = False,
    progress: bool | None = None,
) -> Bunch | tuple[list[list[str]], np.ndarray]:
    """Load sentences with a part of speech for each word, a set to learn tagging from.

    The English half of the LinES treebank, of Universal Dependencies. The files
    ``en_lines-ud-train.conllu``, ``en_lines-ud-dev.conllu`` and ``en_lines-ud-test.conllu`` are
    looked for in ``data_home``, the directory named in the environment variable ``SKLSTM_DATA``
    and the user's cache (see `fetch_imdb`), and in the folder ``ud`` there, then downloaded
    (1 to 4 MB).

    Parameters
    ----------
    subset : {"train", "dev", "test"}, default="train"
        3,457 sentences to train on, 1,118 to choose parameters with, or 1,121 to test on.
    tags : {"upos", "xpos"}, default="upos"
        The 17 parts of speech that all such treebanks share, or this one's own 159 tags, which
        add form and function. ``"_"`` stands for a word that has none of these.
    data_home : str or path, default=None
        A directory to look in first. None: begin with ``SKLSTM_DATA``.
    download_if_missing : bool, default=True
        If False, raise an OSError where the data is in none of the directories.
    return_X_y : bool, default=False
        Return ``(data, target)`` in place of a Bunch.
    progress : bool, default=None
        Whether to show a progress bar. None: when standard error is a terminal.

    Returns
    -------
    bunch : :class:`~sklearn.utils.Bunch`
        data : list of list of str
            The words of each sentence, in the file's order. They are those of the syntax: "ca"
            and "n't", where the text has "can't".
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
        If ``subset`` or ``tags`` is not one of the above, or a line of the file is not in the
        format; the message names the line.
    OSError
        If the data is nowhere to be found; the message says what to do.

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
    if subset not in SOURCES:
        raise ValueError(f"subset must be one of {sorted(SOURCES)}, got {subset!r}.")
    if tags not in COLUMNS:
        raise ValueError(f"tags must be one of {sorted(COLUMNS)}, got {tags!r}.")
    path = locate(
        SOURCES[subset],
        data_home=data_home,
        download_if_missing=download_if_missing,
        progress=progress,
    )
    words, found = zip(*read_conllu(path, tags), strict=True)
    data, target = list(words), stack([np.array(labels) for labels in found], ragged=True)
    if return_X_y:
        return data, target
    names = np.unique(np.concatenate(target)).tolist()
    return Bunch(data=data, target=target, target_names=names, DESCR=DESCR)
