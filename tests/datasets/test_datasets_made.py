"""Sequences drawn at random: that they hold what they promise, and no more."""

from itertools import pairwise

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from sklstm.datasets import make_adding_problem, make_moving_digits, make_word_order

STEP = {"down": (1, 0), "left": (0, -1), "right": (0, 1), "up": (-1, 0)}


@pytest.mark.parametrize("n_steps", [10, 7, (2, 9)])
def test_marked_numbers_add_up(n_steps):
    X, y = make_adding_problem(200, n_steps, random_state=0)
    for sequence, total in zip(X, y, strict=True):
        first, second = np.flatnonzero(sequence[:, 1])
        assert first < len(sequence) // 2 <= second
        assert sequence[first, 0] + sequence[second, 0] == total
        assert set(sequence[:, 1]) <= {0.0, 1.0}
        assert (sequence[:, 0] >= 0).all()
        assert (sequence[:, 0] <= 1).all()


def test_predicting_one_has_the_error_of_a_sixth():
    X, y = make_adding_problem(100_000, 2, random_state=0)
    assert np.mean((y - 1) ** 2) == pytest.approx(0.167, abs=0.002)
    # with two steps both are marked: nothing is left to find
    np.testing.assert_allclose(X[:, :, 0].sum(axis=1), y)


def test_marks_reach_every_step_of_their_half():
    X, _ = make_adding_problem(2000, 11, random_state=0)
    shares = X[:, :, 1].mean(axis=0)
    np.testing.assert_allclose(shares, [1 / 5] * 5 + [1 / 6] * 6, atol=0.04)


@pytest.mark.parametrize("make", [make_adding_problem, make_moving_digits])
def test_forms_lengths_and_seeds(make):
    X, y = make(50, n_steps=5, random_state=0)
    assert X.shape[:2] == (50, 5)
    assert len(y) == 50
    for n_steps in [(3, 6), (5, 5)]:
        X, y = make(50, n_steps=n_steps, random_state=0)
        assert (X.shape, X.dtype) == ((50,), object)
        assert {len(x) for x in X} == set(range(n_steps[0], n_steps[1] + 1))
    same, labels = make(50, n_steps=(5, 5), random_state=0)
    other, _ = make(50, n_steps=(5, 5), random_state=1)
    assert all(np.array_equal(a, b) for a, b in zip(X, same, strict=True))
    assert np.array_equal(y, labels)
    assert not np.array_equal(X[0], other[0])


@pytest.mark.parametrize("make", [make_adding_problem, make_moving_digits])
@pytest.mark.parametrize("n_steps", [1, 2.5, (1, 5), (6, 5), (2, 3, 4), "5"])
def test_bad_lengths(make, n_steps):
    with pytest.raises(ValueError, match="n_steps must be a whole number, 2 or greater, or a pair"):
        make(n_steps=n_steps)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_samples": 0}, "n_samples must be a whole number, 1 or greater, got 0"),
        ({"canvas_size": 7}, "canvas_size must be a whole number, 8 or greater, got 7"),
        ({"noise": -0.1}, "noise must be a finite number, 0 or greater, got -0.1"),
        ({"noise": float("nan")}, "noise must be a finite number, 0 or greater, got nan"),
        ({"target": "speed"}, r"target must be one of \['direction', 'digit', 'both'\]"),
        ({"subset": "unsup"}, r"subset must be one of \['train', 'test', 'all'\], got 'unsup'"),
    ],
)
def test_bad_arguments_of_moving_digits(arguments, message):
    with pytest.raises(ValueError, match=message):
        make_moving_digits(**arguments)
    if "n_samples" in arguments:
        with pytest.raises(ValueError, match=message):
            make_adding_problem(**arguments)


def test_a_digit_moves_by_one_point_a_step():
    X, y = make_moving_digits(100, noise=0.0, canvas_size=12, random_state=0)
    assert set(y) == set(STEP)
    for film, direction in zip(X, y, strict=True):
        assert film.dtype == np.float32
        for before, after in pairwise(film):
            np.testing.assert_array_equal(np.roll(before, STEP[direction], axis=(0, 1)), after)


@pytest.mark.parametrize("subset", ["train", "test"])
def test_subsets_show_digits_of_their_own(subset):
    X, y = make_moving_digits(
        60, n_steps=2, noise=0.0, target="digit", subset=subset, canvas_size=8, random_state=0
    )
    digits = load_digits()
    own = slice(1297) if subset == "train" else slice(1297, None)
    for film, label in zip(X, y, strict=True):
        # On a canvas of its own size a digit is only rolled; its sorted points tell which it is.
        points = np.sort(film[0], axis=None) * 16
        same = (np.sort(digits.data[own], axis=1) == points).all(axis=1)
        assert label in digits.target[own][same]


def test_targets_describe_the_same_films():
    made = {
        target: make_moving_digits(50, target=target, random_state=0)
        for target in ("direction", "digit", "both")
    }
    joined = [f"{d}-{way}" for d, way in zip(made["digit"][1], made["direction"][1], strict=True)]
    assert made["both"][1].tolist() == joined
    assert np.issubdtype(made["digit"][1].dtype, np.integer)
    for a, b in zip(made["digit"][0], made["both"][0], strict=True):
        np.testing.assert_array_equal(a, b)


def test_images_without_their_order_do_not_tell_left_from_right():
    # Averaged over many films, what is lit at a step depends on neither direction nor step.
    X, y = make_moving_digits(8000, n_steps=4, canvas_size=8, noise=0.0, random_state=0)
    for direction in STEP:
        mean = X[y == direction].mean(axis=0)
        np.testing.assert_allclose(mean, X.mean(), atol=0.05)


def test_noise_stays_within_range_and_has_its_size():
    noisy, _ = make_moving_digits(50, n_steps=5, noise=0.1, random_state=0)
    clean, _ = make_moving_digits(50, n_steps=5, noise=0.0, random_state=0)
    assert noisy.dtype == np.float32
    assert noisy.min() == 0.0
    assert noisy.max() == 1.0
    inside = (clean > 0.4) & (clean < 0.6)  # far enough from both ends to be cut off nowhere
    assert (noisy - clean)[inside].std() == pytest.approx(0.1, rel=0.05)


@pytest.mark.parametrize("n_words", [2, 10, (3, 12)])
def test_only_the_order_of_two_words_decides(n_words):
    texts, y = make_word_order(200, n_words, random_state=0)
    low, high = n_words if isinstance(n_words, tuple) else (n_words, n_words)
    for text, label in zip(texts, y, strict=True):
        words = text.split()
        assert low <= len(words) <= high
        assert words.count("alpha") == words.count("beta") == 1
        assert (words.index("alpha") < words.index("beta")) == label
    assert y.sum() == 100
    assert make_word_order(200, n_words, random_state=0)[0] == texts
    assert make_word_order(200, n_words, random_state=1)[0] != texts


def test_word_counts_do_not_tell_the_order():
    texts, y = make_word_order(2000, random_state=0)
    model = make_pipeline(CountVectorizer(), LogisticRegression())
    assert model.fit(texts[:1500], y[:1500]).score(texts[1500:], y[1500:]) < 0.56


@pytest.mark.parametrize("n_words", [1, (5, 3), 2.5, "10"])
def test_bad_numbers_of_words(n_words):
    with pytest.raises(ValueError, match="n_words must be a whole number, 2 or greater"):
        make_word_order(3, n_words)
