"""Small data sets that are installed with the dependencies, so that no download is needed."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.utils import Bunch

DIGITS_DESCR = """\
Handwritten digits as sequences
===============================

1,797 handwritten digits of 8 by 8 pixels, read from top to bottom: 8 time steps of 8 features, the
pixels of a row, with values from 0 to 16. The classes are the digits. From scikit-learn's
`load_digits`, the test set of the UCI repository.

E. Alpaydin and C. Kaynak (1998). Optical recognition of handwritten digits. UCI Machine Learning
Repository.
"""
POLARITY_DESCR = """\
Sentence polarity, a sample
===========================

200 sentences from film reviews, lower-cased, with words and punctuation separated by spaces: 100
negative and 100 positive. A sample of the 10,662 sentences of Pang and Lee that is part of gensim's
test data. Large enough to try out a pipeline, far too small to compare models.

B. Pang and L. Lee (2005). Seeing stars: exploiting class relationships for sentiment
categorization with respect to rating scales. ACL.
"""


def load_digit_sequences(*, return_X_y: bool = False) -> Bunch | tuple[np.ndarray, np.ndarray]:
    """Load scikit-learn's digits as 8 time steps of 8 features, one step per row of pixels.

    Parameters
    ----------
    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    bunch : :class:`~sklearn.utils.Bunch`
        data : ndarray of shape (1797, 8, 8), float64
            Samples, time steps and features; values from 0 to 16.
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
    >>> X[0, :3]  # the top three rows of a zero
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
    """Load 200 sentences from film reviews, half of them negative and half of them positive.

    Parameters
    ----------
    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    bunch : :class:`~sklearn.utils.Bunch`
        data : list of str
            The sentences, negative ones first: shuffle before taking a part.
        target : ndarray of shape (200,), int
            0 for negative, 1 for positive.
        target_names : list of str
            ``["neg", "pos"]``.
        DESCR : str
            A description of the data set.
    (data, target) : tuple, if ``return_X_y`` is True

    Raises
    ------
    OSError
        If gensim is installed without its test data.

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
    # cp1252, because the sentences are from web pages with typographic dashes and quotes.
    lines = _polarity_file().read_text(encoding="cp1252").splitlines()
    labels, texts = zip(*(line.split(maxsplit=1) for line in lines), strict=True)
    names = ["neg", "pos"]
    target = np.array([names.index(label.removeprefix("__label__")) for label in labels])
    data = [text.strip() for text in texts]
    if return_X_y:
        return data, target
    return Bunch(data=data, target=target, target_names=names, DESCR=POLARITY_DESCR)


def _polarity_file() -> Path:
    # Found without importing gensim, which takes a second.
    spec = find_spec("gensim")
    folders = spec.submodule_search_locations if spec else None
    for folder in folders or ():
        path = Path(folder) / "test" / "test_data" / "pang_lee_polarity.cor"
        if path.exists():
            return path
    raise OSError(
        "The polarity sample is part of gensim's test data (test/test_data/pang_lee_polarity.cor), "
        "which this installation of gensim lacks. Install gensim from its wheel."
    )
