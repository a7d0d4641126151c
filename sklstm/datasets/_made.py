"""Sequences that are generated at random: the adding problem, word order, moving digits."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, Literal

import numpy as np
from sklearn.datasets import load_digits
from sklearn.utils import check_random_state

from sklstm._sequences import object_array, plain
from sklstm.datasets._choice import check_choice

DIRECTIONS = {"down": (1, 0), "left": (0, -1), "right": (0, 1), "up": (-1, 0)}  # rows, columns
DIGIT_SIZE = 8
N_TRAIN = 1297
SUBSETS = {"train": slice(N_TRAIN), "test": slice(N_TRAIN, None), "all": slice(None)}
OTHER_WORDS = np.array(["gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa"])
TARGETS = ("direction", "digit", "both")


def make_adding_problem(
    n_samples: int = 1000,
    n_steps: int | tuple[int, int] = 100,
    *,
    random_state: int | np.random.RandomState | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Generate the adding problem: sequences of numbers, two of which are to be added.

    Each step has two features: a number between 0 and 1, and a marker, which is 1 at one step of
    the first half and at one step of the second half, and 0 elsewhere. The target is the sum of the
    two marked numbers. A model has to remember the first number until it reads the second.

    Parameters
    ----------
    n_samples : int, default=1000
        Number of sequences.
    n_steps : int or (int, int), default=100
        Number of steps of each sequence, at least 2. For a pair, the length of each sequence is
        drawn from the range between both numbers, inclusive. Longer sequences are harder; simple
        recurrent networks fail at about 100 steps.
    random_state : int, RandomState instance or None, default=None
        Determines the lengths, numbers and markers. Pass an int for the same sequences in every
        call.

    Returns
    -------
    X : ndarray of shape (n_samples, n_steps, 2), float64, or (n_samples,), object
        The sequences; for a pair of lengths, an object array of arrays of shape (T_i, 2). If the
        number of steps is odd, the middle step belongs to the second half.
    y : ndarray of shape (n_samples,), float64
        The sums, between 0 and 2.

    Raises
    ------
    ValueError
        If ``n_samples`` is below 1 or ``n_steps`` below 2.

    Notes
    -----
    Always predicting 1 has a mean squared error of 1/6, about 0.167, the variance of the sum of
    two uniform numbers. A model has learned the task if its error is far below.

    The problem was introduced in [1]_, with numbers from -1 to 1 and additional markers at the
    first and last step. Numbers from 0 to 1 and the marker 0 are those of [2]_, one marker in each
    half that of [3]_.

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

    Sequences of different lengths:

    >>> X, y = make_adding_problem(n_samples=3, n_steps=(5, 50), random_state=0)
    >>> [sequence.shape for sequence in X]
    [(49, 2), (5, 2), (8, 2)]
    """
    n_samples = _whole("n_samples", n_samples, 1)
    rng = check_random_state(random_state)
    lengths, ragged = _draw_lengths(n_steps, n_samples, rng)
    halves = lengths // 2
    marks = np.column_stack([rng.randint(0, halves), rng.randint(halves, lengths)])
    sequences, sums = [], []
    for length, marked in zip(lengths, marks, strict=True):
        sequence = np.zeros((length, 2))
        sequence[:, 0] = rng.uniform(size=length)
        sequence[marked, 1] = 1.0
        sequences.append(sequence)
        sums.append(sequence[marked, 0].sum())
    return _as_array(sequences, ragged), np.array(sums)


def make_word_order(
    n_samples: int = 1000,
    n_words: int | tuple[int, int] = 10,
    *,
    random_state: int | np.random.RandomState | None = None,
) -> tuple[list[str], np.ndarray]:
    """Generate texts in which only the order of two words decides: whether alpha is before beta.

    Each text contains "alpha" once, "beta" once, and other words, drawn at random. Both classes
    have the same words equally often, so that word counts say nothing; pairs of neighbouring words
    say little, as other words are between the two in most texts. An LSTM has to remember which of
    the two it has read.

    Parameters
    ----------
    n_samples : int, default=1000
        Number of texts.
    n_words : int or (int, int), default=10
        Number of words of each text, at least 2. For a pair, the number of each text is drawn from
        the range between both, inclusive.
    random_state : int, RandomState instance or None, default=None
        Determines the texts. Pass an int for the same texts in every call.

    Returns
    -------
    texts : list of str
        The texts.
    y : ndarray of shape (n_samples,), int64
        1 where "alpha" is before "beta", 0 where it is after it; half of the texts each.

    Raises
    ------
    ValueError
        If ``n_samples`` is below 1 or ``n_words`` below 2.

    Examples
    --------
    >>> from sklstm.datasets import make_word_order
    >>> texts, y = make_word_order(2, n_words=6, random_state=0)
    >>> for text, label in zip(texts, y):
    ...     print(label, text)
    1 alpha theta gamma zeta beta zeta
    0 kappa iota beta gamma alpha epsilon
    """
    n_samples = _whole("n_samples", n_samples, 1)
    rng = check_random_state(random_state)
    lengths, _ = _draw_lengths(n_words, n_samples, rng, "n_words")
    y = rng.permutation(np.arange(n_samples) % 2)
    texts = []
    for length, label in zip(lengths, y, strict=True):
        words = rng.choice(OTHER_WORDS, size=length)
        first, second = np.sort(rng.choice(length, size=2, replace=False))
        words[[first, second]] = ("alpha", "beta") if label else ("beta", "alpha")
        texts.append(" ".join(words.tolist()))
    return texts, y


def make_moving_digits(
    n_samples: int = 1000,
    *,
    n_steps: int | tuple[int, int] = (6, 12),
    canvas_size: int = 16,
    noise: float = 0.1,
    target: Literal["direction", "digit", "both"] = "direction",
    subset: Literal["train", "test", "all"] = "train",
    random_state: int | np.random.RandomState | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Generate sequences of images in which a digit moves left, right, up or down.

    A handwritten digit from scikit-learn, 8 by 8 pixels, starts at a random position on a black
    canvas and moves by one pixel per step; at the edges of the canvas it wraps around to the
    opposite side. The direction cannot be recognized from a single image, nor from all images
    without their order: a digit that moves left is a digit that moves right, played backwards. The
    digit itself can be recognized from any image, with noise more reliably from several.

    Parameters
    ----------
    n_samples : int, default=1000
        Number of sequences.
    n_steps : int or (int, int), default=(6, 12)
        Number of images in each sequence, at least 2. For a pair, the number is drawn for each
        sequence from the range between both numbers, inclusive.
    canvas_size : int, default=16
        Height and width of the images in pixels, at least 8. The default is twice the size of the
        digits.
    noise : float, default=0.1
        Standard deviation of the Gaussian noise that is added to every pixel, independently in each
        image. The result is clipped to the range from 0 to 1. 0 adds no noise.
    target : {"direction", "digit", "both"}, default="direction"
        The content of y. Recognizing the "direction" requires the order of the images, the "digit"
        their shapes, and "both" the two together.
    subset : {"train", "test", "all"}, default="train"
        Which digits of `load_digits` to use: the first 1,297, the last 500, or all. Train and test
        have no digits in common and hardly any writers, since the digits of a writer are
        consecutive there.
    random_state : int, RandomState instance or None, default=None
        Determines digits, directions, lengths, positions and noise. Pass an int for the same
        sequences in every call.

    Returns
    -------
    X : ndarray of shape (n_samples,), object, or (n_samples, n_steps, height, width), float32
        An object array of arrays of shape (T_i, height, width), or a single array if ``n_steps`` is
        an int. Values are between 0, black, and 1.
    y : ndarray of shape (n_samples,)
        For "direction" one of "down", "left", "right" and "up"; for "digit" the digit, an int;
        for "both" one of 40 strings such as "3-left". The classes are about equally frequent.

    Raises
    ------
    ValueError
        If an argument has no accepted value.

    See Also
    --------
    load_digit_sequences : The same digits without motion, read row by row.

    References
    ----------
    E. Alpaydin and C. Kaynak (1998). Optical recognition of handwritten digits. UCI Machine
    Learning Repository.

    The idea of moving digits is from N. Srivastava, E. Mansimov and R. Salakhutdinov (2015).
    Unsupervised learning of video representations using LSTMs. ICML.

    Examples
    --------
    >>> from sklstm.datasets import make_moving_digits
    >>> X, y = make_moving_digits(n_samples=4, random_state=0)
    >>> [film.shape for film in X]
    [(10, 16, 16), (11, 16, 16), (6, 16, 16), (9, 16, 16)]
    >>> y
    array(['right', 'down', 'down', 'down'], dtype='<U5')

    Sequences with the digits of the test set, and the digits as target:

    >>> X, y = make_moving_digits(
    ...     n_samples=100, n_steps=5, target="digit", subset="test", random_state=1
    ... )
    >>> X.shape, y[:6]
    ((100, 5, 16, 16), array([1, 5, 6, 6, 7, 3]))
    """
    n_samples = _whole("n_samples", n_samples, 1)
    canvas_size = _whole("canvas_size", canvas_size, DIGIT_SIZE)
    _check_moving_digits(noise, target, subset)
    rng = check_random_state(random_state)
    lengths, ragged = _draw_lengths(n_steps, n_samples, rng)
    digits = load_digits()
    chosen = rng.choice(np.arange(len(digits.images))[SUBSETS[subset]], size=n_samples)
    directions = rng.choice(sorted(DIRECTIONS), size=n_samples)
    starts = rng.randint(canvas_size, size=(n_samples, 2))
    films = [
        _film(digits.images[digit] / 16, start, DIRECTIONS[direction], length, canvas_size)
        for digit, start, direction, length in zip(chosen, starts, directions, lengths, strict=True)
    ]
    X = _as_array([_noisy(film, float(noise), rng) for film in films], ragged)
    if target == "direction":
        return X, directions
    labels = digits.target[chosen]
    if target == "digit":
        return X, labels
    return X, np.array([f"{d}-{way}" for d, way in zip(labels, directions, strict=True)])


def _film(
    image: np.ndarray, start: np.ndarray, direction: tuple[int, int], n_steps: int, size: int
) -> np.ndarray:
    """Return (n_steps, size, size) images of a moving digit."""
    steps = np.arange(n_steps)[:, None]
    pixels = np.arange(DIGIT_SIZE)
    rows = (start[0] + steps * direction[0] + pixels) % size  # (time, pixel)
    columns = (start[1] + steps * direction[1] + pixels) % size
    film = np.zeros((n_steps, size, size), dtype=np.float32)
    film[steps[:, :, None], rows[:, :, None], columns[:, None, :]] = image
    return film


def _noisy(film: np.ndarray, noise: float, rng: np.random.RandomState) -> np.ndarray:
    if not noise:
        return film
    drawn = rng.normal(scale=noise, size=film.shape).astype(np.float32)
    return np.clip(film + drawn, 0.0, 1.0)


def _check_moving_digits(noise: Any, target: Any, subset: Any) -> None:
    if not isinstance(noise, Real) or not 0 <= float(noise) < np.inf:
        raise ValueError(f"noise must be a finite number, 0 or greater, got {plain(noise)!r}.")
    check_choice("target", target, TARGETS)
    check_choice("subset", subset, SUBSETS)


def _draw_lengths(
    n_steps: Any, n_samples: int, rng: np.random.RandomState, name: str = "n_steps"
) -> tuple[np.ndarray, bool]:
    """Return the length of each sequence, drawn uniformly, and whether lengths may differ."""
    may_differ = isinstance(n_steps, (tuple, list))
    bounds = list(n_steps) if may_differ else [n_steps, n_steps]
    whole = all(isinstance(bound, Integral) for bound in bounds)
    if len(bounds) != 2 or not whole or not 2 <= bounds[0] <= bounds[1]:
        raise ValueError(
            f"{name} must be a whole number, 2 or greater, or a pair (lowest, highest) of such "
            f"numbers, got {plain(n_steps)!r}."
        )
    return rng.randint(int(bounds[0]), int(bounds[1]) + 1, size=n_samples), may_differ


def _whole(name: str, value: Any, least: int) -> int:
    """Return a whole number as an int, after checking it."""
    if not isinstance(value, Integral) or value < least:
        raise ValueError(
            f"{name} must be a whole number, {least} or greater, got {plain(value)!r}."
        )
    return int(value)


def _as_array(sequences: list[np.ndarray], ragged: bool) -> np.ndarray:
    return object_array(sequences) if ragged else np.stack(sequences)
