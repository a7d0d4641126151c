"""Small data sets that come along with the dependencies, so need no network."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.utils import Bunch

DIGITS_DESCR = """\
Handwritten digits as sequences
===============================

1,797 digits on a grid of 8 by 8 points, read from top to bottom: 8 time steps of 8 features, the
ink in each point of a row, from 0 to 16. The classes are the digits. From scikit-learn's
`load_digits`, which took them from the UCI repository's test set.

E. Alpaydin and C. Kaynak (1998). Optical recognition of handwritten digits. UCI Machine Learning
Repository.
"""
POLARITY_DESCR = """\
Sentence polarity, a sample
===========================

200 sentences from film reviews, lower-cased and with words and punctuation set apart by spaces:
100 negative, 100 positive. From the 10,662 sentences of Pang and Lee; the sample is part of
gensim's test data. Large enough to try a pipeline on, far too small to compare models.

B. Pang and L. Lee (2005). Seeing stars: exploiting class relationships for sentiment
categorization with respect to rating scales. ACL.
"""


def load_digit_sequences(*, return_X_y: bool = False) -> Bunch | tuple[np.ndarray, np.ndarray]:
    """Load scikit-learn's digits as 8 time steps of 8 features, one step per row of points.

    Parameters
    ----------
    return_X_y : bool, default=False
        Return ``(data, target)`` in place of a Bunch.

    Returns
    -------
    bunch : :class:`~sklearn.utils.Bunch`
        data : ndarray of shape (1797, 8, 8), float64
            Samples, time steps, features; each value 0 to 16.
        target : ndarray of shape (1797,), int
            The digit.
        target_names : ndarray of shape (10,), int
            The digits.
        DESCR : str
            A description of the data set.
    (data, target) : tuple, if ``return_X_y`` is True

    References
    ----------
    E. Alpaydin and C. Kaynak (1998). Optical recognition of handwritten digits. UCI Machine
    Learning Repository.

    Examples
    --------
    >>> from sklstm.datasets import load_digit_sequences
    >>> X, y = load_digit_sequences(return_X_y=True)
    >>> X.shape
    (1797, 8, 8)
    >>> X[0, :3]  # the top three rows of a nought
    array([[ 0.,  0.,  5., 13.,  9.,  1.,  0.,  0.],
           [ 0.,  0., 13., 15., 10., 15.,  5.,  0.],
           [ 0.,  3., 15.,  2.,  0., 11.,  8.,  0.]])
    """
    digits = load_digits()
    if return_X_y:
        return digits.images, digits.target
    return Bunch(
        data=digits.images,
        target=digits.target,
        target_names=digits.target_names,
        DESCR=DIGITS_DESCR,
    )


def load_polarity(*, return_X_y: bool = False) -> Bunch | tuple[list[str], np.ndarray]:
    """Load 200 sentences from film reviews, half of them negative and half positive.

    Parameters
    ----------
    return_X_y : bool, default=False
        Return ``(data, target)`` in place of a Bunch.

    Returns
    -------
    bunch : :class:`~sklearn.utils.Bunch`
        data : list of str
            The sentences, the negative ones first: shuffle before taking a part.
        target : ndarray of shape (200,), int
            0 negative, 1 positive.
        target_names : list of str
            ``["neg", "pos"]``.
        DESCR : str
            A description of the data set.
    (data, target) : tuple, if ``return_X_y`` is True

    Raises
    ------
    OSError
        If gensim was installed without its test data.

    References
    ----------
    B. Pang and L. Lee (2005). Seeing stars: exploiting class relationships for sentiment
    categorization with respect to rating scales. ACL.

    Examples
    --------
    >>> from sklstm.datasets import load_polarity
    >>> polarity = load_polarity()
    >>> len(polarity.data), int(polarity.target.sum())
    (200, 100)
    >>> polarity.data[0]
    'simplistic , silly and tedious .'
    """
    # cp1252: the sentences come from web pages, with their dashes and curly quotes.
    lines = _polarity_file().read_text(encoding="cp1252").splitlines()
    labels, texts = zip(*(line.split(maxsplit=1) for line in lines), strict=True)
    names = ["neg", "pos"]
    target = np.array([names.index(label.removeprefix("__label__")) for label in labels])
    data = [text.strip() for text in texts]
    if return_X_y:
        return data, target
    return Bunch(data=data, target=target, target_names=names, DESCR=POLARITY_DESCR)


def _polarity_file() -> Path:
    # Found without importing gensim, which takes a second that only word vectors need to spend.
    spec = find_spec("gensim")
    folders = spec.submodule_search_locations if spec else None
    for folder in folders or ():
        path = Path(folder) / "test" / "test_data" / "pang_lee_polarity.cor"
        if path.exists():
            return path
    raise OSError(
        "gensim's test data holds the polarity sample (test/test_data/pang_lee_polarity.cor), and "
        "this installation of gensim lacks it. Install gensim from its wheel."
    )
