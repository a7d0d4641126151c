"""The adding problem: what a recurrent network has to remember, and for how long."""

from __future__ import annotations

import numpy as np
from sklearn.utils import check_random_state

from sklstm.datasets._ragged import check_whole, draw_lengths, stack


def make_adding_problem(
    n_samples: int = 1000,
    n_steps: int | tuple[int, int] = 100,
    *,
    random_state: int | np.random.RandomState | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Make sequences of numbers of which the two marked ones are to be added.

    Each step has two features: a number drawn from 0 to 1, and a mark, which is 1 at one step of
    the first half and one step of the second, and 0 elsewhere. The target is the sum of the two
    marked numbers. A model has to carry the first number past all that come between.

    Parameters
    ----------
    n_samples : int, default=1000
        Sequences to make.
    n_steps : int or (int, int), default=100
        Their length, 2 at least. A pair draws a length for each, from the first to the second
        number inclusive. The longer, the harder: 100 is where plain recurrent networks fail.
    random_state : int, RandomState instance or None, default=None
        Draws lengths, numbers and marks. An int makes the same sequences at every call.

    Returns
    -------
    X : ndarray of shape (n_samples, n_steps, 2), float64, or (n_samples,), object
        The sequences; for a pair of lengths, an object array of arrays of shape (T_i, 2). In an
        odd number of steps, the one in the middle belongs to the second half.
    y : ndarray of shape (n_samples,), float64
        The sums, from 0 to 2.

    Raises
    ------
    ValueError
        If ``n_samples`` is below 1 or ``n_steps`` below 2.

    Notes
    -----
    Always predicting 1 has a mean squared error of 1/6, or 0.167, the variance of the sum of
    two uniform numbers: a model is of use when its error is well below.

    Posed in [1]_ with numbers from -1 to 1 and marks at both ends. Numbers from 0 to 1 and 0
    for no mark are those of [2]_, one mark in each half that of [3]_.

    References
    ----------
    .. [1] S. Hochreiter and J. Schmidhuber (1997). Long short-term memory. Neural Computation
       9(8), section 5.4.
    .. [2] Q. V. Le, N. Jaitly and G. E. Hinton (2015). A simple way to initialize recurrent
       networks of rectified linear units. arXiv:1504.00941, section 4.1.
    .. [3] M. Arjovsky, A. Shah and Y. Bengio (2016). Unitary evolution recurrent neural
       networks. ICML.

    Examples
    --------
    >>> from sklstm.datasets import make_adding_problem
    >>> X, y = make_adding_problem(n_samples=3, n_steps=5, random_state=0)
    >>> X.shape, y.shape
    ((3, 5, 2), (3,))
    >>> marked = X[0, X[0, :, 1] == 1, 0]
    >>> len(marked), bool(marked.sum() == y[0])
    (2, True)

    Of unequal lengths:

    >>> X, y = make_adding_problem(n_samples=3, n_steps=(5, 50), random_state=0)
    >>> [sequence.shape for sequence in X]
    [(49, 2), (5, 2), (8, 2)]
    """
    check_whole("n_samples", n_samples, 1)
    rng = check_random_state(random_state)
    lengths, ragged = draw_lengths(n_steps, n_samples, 2, rng)
    halves = lengths // 2
    marks = np.column_stack([rng.randint(0, halves), rng.randint(halves, lengths)])
    sequences, sums = [], []
    for length, marked in zip(lengths, marks, strict=True):
        sequence = np.zeros((length, 2))
        sequence[:, 0] = rng.uniform(size=length)
        sequence[marked, 1] = 1.0
        sequences.append(sequence)
        sums.append(sequence[marked, 0].sum())
    return stack(sequences, ragged=ragged), np.array(sums)
