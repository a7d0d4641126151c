"""Short films of a handwritten digit that moves."""

from __future__ import annotations

from numbers import Real
from typing import Any, Literal

import numpy as np
from sklearn.datasets import load_digits
from sklearn.utils import check_random_state

from sklstm.datasets._ragged import check_whole, draw_lengths, stack

DIRECTIONS = {"down": (1, 0), "left": (0, -1), "right": (0, 1), "up": (-1, 0)}  # rows, columns
DIGIT_SIZE = 8
N_TRAIN = 1297
SUBSETS = {"train": slice(N_TRAIN), "test": slice(N_TRAIN, None), "all": slice(None)}
TARGETS = ("direction", "digit", "both")


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
    """Make sequences of images in which a digit moves left, right, up or down.

    A handwritten digit of scikit-learn, 8 by 8 points, begins anywhere on a black canvas and
    moves by one point a step; what leaves the canvas on one side comes in on the other. So no
    single image tells the direction, and neither do all of them without their order: those of a
    digit that goes left are those of one that goes right, played backwards. The digit itself
    can be told from any image, better from several where there is noise.

    Parameters
    ----------
    n_samples : int, default=1000
        Sequences to make.
    n_steps : int or (int, int), default=(6, 12)
        Images in a sequence, 2 at least. A pair draws a number for each, from the first to the
        second inclusive.
    canvas_size : int, default=16
        Height and width of the images in points, 8 at least. The default leaves the digit room
        to be on either side.
    noise : float, default=0.1
        Standard deviation of what is added to every point of every image, anew at each step.
        The result is cut off at 0 and 1. 0 for none.
    target : {"direction", "digit", "both"}, default="direction"
        What y holds: "direction" asks for the order of the images, "digit" for shapes, "both"
        for the two together.
    subset : {"train", "test", "all"}, default="train"
        Which digits of `load_digits` to show: the first 1,297, the last 500, or all. Train and
        test share no digit, and hardly a writer, as digits of one hand stand together there.
    random_state : int, RandomState instance or None, default=None
        Draws digits, directions, lengths, places and noise. An int makes the same sequences at
        every call.

    Returns
    -------
    X : ndarray of shape (n_samples,), object, or (n_samples, n_steps, height, width), float32
        Arrays of shape (T_i, height, width) with values from 0, black, to 1; one array for all
        if ``n_steps`` is a number.
    y : ndarray of shape (n_samples,)
        For "direction" one of "down", "left", "right" and "up"; for "digit" the digit, an int;
        for "both" one of 40 strings such as "3-left". Classes come about equally often.

    Raises
    ------
    ValueError
        If an argument is none of the above.

    See Also
    --------
    load_digit_sequences : The same digits at rest, read row by row.

    References
    ----------
    E. Alpaydin and C. Kaynak (1998). Optical recognition of handwritten digits. UCI Machine
    Learning Repository.

    The idea of digits on the move is that of N. Srivastava, E. Mansimov and R. Salakhutdinov
    (2015). Unsupervised learning of video representations using LSTMs. ICML.

    Examples
    --------
    >>> from sklstm.datasets import make_moving_digits
    >>> X, y = make_moving_digits(n_samples=4, random_state=0)
    >>> [film.shape for film in X]
    [(10, 16, 16), (11, 16, 16), (6, 16, 16), (9, 16, 16)]
    >>> y
    array(['right', 'down', 'down', 'down'], dtype='<U5')

    Other digits to test on, and the digits to be told:

    >>> X, y = make_moving_digits(
    ...     n_samples=100, n_steps=5, target="digit", subset="test", random_state=1
    ... )
    >>> X.shape, y[:6]
    ((100, 5, 16, 16), array([1, 5, 6, 6, 7, 3]))
    """
    _check(n_samples, canvas_size, noise, target, subset)
    rng = check_random_state(random_state)
    lengths, ragged = draw_lengths(n_steps, n_samples, 2, rng)
    digits = load_digits()
    chosen = rng.choice(np.arange(len(digits.images))[SUBSETS[subset]], size=n_samples)
    directions = rng.choice(sorted(DIRECTIONS), size=n_samples)
    starts = rng.randint(canvas_size, size=(n_samples, 2))
    films = [
        _film(digits.images[digit] / 16, start, DIRECTIONS[direction], length, canvas_size)
        for digit, start, direction, length in zip(chosen, starts, directions, lengths, strict=True)
    ]
    X = stack([_noisy(film, noise, rng) for film in films], ragged=ragged)
    if target == "direction":
        return X, directions
    labels = digits.target[chosen]
    if target == "digit":
        return X, labels
    return X, np.array([f"{d}-{way}" for d, way in zip(labels, directions, strict=True)])


def _film(
    image: np.ndarray, start: np.ndarray, direction: tuple[int, int], n_steps: int, size: int
) -> np.ndarray:
    """Return (n_steps, size, size) images of a digit on its way."""
    steps = np.arange(n_steps)[:, None]
    points = np.arange(DIGIT_SIZE)
    rows = (start[0] + steps * direction[0] + points) % size  # (time, point)
    columns = (start[1] + steps * direction[1] + points) % size
    film = np.zeros((n_steps, size, size), dtype=np.float32)
    film[steps[:, :, None], rows[:, :, None], columns[:, None, :]] = image
    return film


def _noisy(film: np.ndarray, noise: float, rng: np.random.RandomState) -> np.ndarray:
    if not noise:
        return film
    drawn = rng.normal(scale=noise, size=film.shape).astype(np.float32)
    return np.clip(film + drawn, 0.0, 1.0)


def _check(n_samples: Any, canvas_size: Any, noise: Any, target: Any, subset: Any) -> None:
    check_whole("n_samples", n_samples, 1)
    check_whole("canvas_size", canvas_size, DIGIT_SIZE)
    if not isinstance(noise, Real) or not 0 <= float(noise) < np.inf:
        raise ValueError(f"noise must be a number from 0 on, got {noise!r}.")
    if target not in TARGETS:
        raise ValueError(f"target must be one of {list(TARGETS)}, got {target!r}.")
    if subset not in SUBSETS:
        raise ValueError(f"subset must be one of {list(SUBSETS)}, got {subset!r}.")
