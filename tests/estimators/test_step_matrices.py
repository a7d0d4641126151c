"""Sequences whose steps are matrices: images, or several channels of them."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view
from sklearn.model_selection import GridSearchCV

from sklstm import LSTMClassifier, LSTMRegressor, SequencePadder, SequenceScaler
from sklstm._sequences.reading import as_ragged
from sklstm._training.batches import MAX_BATCH_STEPS, most_steps

RNG = np.random.default_rng(0)


def bars(n=60, channels=None):
    """Return ragged films of 5 by 6 frames with a bar that is horizontal (0) or vertical (1)."""
    films, labels = [], np.arange(n) % 2
    for label in labels:
        film = RNG.normal(0, 0.1, (RNG.integers(2, 6), 5, 6)).astype(np.float32)
        for frame in film:
            frame[(slice(None), RNG.integers(6)) if label else (RNG.integers(5),)] += 1
        films.append(film if channels is None else np.stack([film] * channels, axis=1))
    return films, labels


def small(**params):
    defaults = {"hidden_size": 8, "learning_rate": 0.02, "max_epochs": 12, "dropout": 0.0}
    return LSTMClassifier(**(defaults | {"step_conv_filters": 4, "random_state": 0} | params))


@pytest.mark.parametrize("channels", [None, 2])
def test_films_are_classified(channels):
    model = small().fit(*bars(channels=channels))
    assert model.n_features_in_ == 30 * (channels or 1)
    films, labels = bars(channels=channels)
    assert model.score(films, labels) > 0.95


def test_forms_of_films_are_alike():
    cube = RNG.normal(size=(8, 3, 4, 5))
    expected = as_ragged(list(cube), matrices=True)
    assert expected.step_shape == (4, 5)
    np.testing.assert_array_equal(expected.values, cube.reshape(24, 20).astype(np.float32))
    box = np.empty(8, dtype=object)
    box[:] = list(cube)
    for form in (cube, cube.tolist(), box, tuple(cube)):
        sequences = as_ragged(form, matrices=True)
        np.testing.assert_array_equal(sequences.values, expected.values)
        np.testing.assert_array_equal(sequences.lengths, [3] * 8)
        assert sequences.step_shape == (4, 5)
    assert as_ragged(cube[:, :, None], matrices=True).step_shape == (1, 4, 5)


def test_a_prediction_of_a_film_depends_on_it_only():
    films, labels = bars()
    model = small(step_conv_filters=(3, 5), conv_filters=6).fit(films, labels)
    together = model.predict_proba(films)
    alone = np.concatenate([model.predict_proba([film]) for film in films])
    np.testing.assert_allclose(together, alone, atol=1e-5)
    causal = small(step_conv_filters=3, bidirectional=False).fit(films, labels)
    for fitted in (model, causal):  # one runs every prefix, the other all in one pass
        for row, film in zip(fitted.predict_proba_steps(films[:3]), films[:3], strict=True):
            prefixes = [film[: end + 1] for end in range(len(film))]
            np.testing.assert_allclose(row, fitted.predict_proba(prefixes), atol=1e-5)


def test_padding_is_cut_off_films():
    films, labels = bars()
    padded = np.full((60, 7, 5, 6), -9.0)
    for row, film in zip(padded, films, strict=True):
        row[: len(film)] = film
    model = small(padding_value=-9.0).fit(padded, labels)
    expected = small().fit(films, labels).predict_proba(films)
    np.testing.assert_allclose(model.predict_proba(padded), expected, atol=1e-5)


def test_large_steps_make_small_batches():
    films = as_ragged(np.zeros((3, 2, 64, 64)), matrices=True)
    assert most_steps(films) == (1 << 20) // 4096
    assert most_steps(as_ragged(np.zeros((3, 2, 2, 2)), matrices=True)) == MAX_BATCH_STEPS
    assert most_steps(as_ragged(np.zeros((3, 2, 5000)), matrices=True)) == MAX_BATCH_STEPS


def test_films_in_searches_and_regression():
    films, labels = bars()
    grid = {"step_conv_filters": [2, (2, 4)], "step_conv_pool_size": [1, 2]}
    search = GridSearchCV(small(max_epochs=2), grid, cv=2).fit(films, labels)
    assert search.predict(films).shape == (60,)
    numbers = LSTMRegressor(step_conv_filters=4, max_epochs=3, step_conv_kernel_size=5)
    assert numbers.fit(films, labels).predict(films).shape == (60,)


def test_what_cannot_be_read_is_refused_and_changes_nothing():
    films, labels = bars(12)
    model = small(max_epochs=1).fit(films, labels)
    before = model.predict_proba(films)

    def refused(X, message, call=model.predict):
        with pytest.raises(ValueError, match=message):
            call(X)

    turned = [*films[:4], films[4].transpose(0, 2, 1), *films[5:]]
    refused(turned, r"X\[4\] has steps of shape \(6, 5\), but the sequences before it.*\(5, 6\)")
    refused([film[:, :4] for film in films], r"steps of shape \(4, 6\).*expecting.*\(5, 6\)")
    refused([film.reshape(-1, 30) for film in films], r"shape \(30,\).*expecting.*\(5, 6\)")
    refused(films[0][None, None, None], r"X has shape \(1, 1, 1, \d, 5, 6\)")
    refused([films[0][None, None]], r"X\[0\] has 5 dimensions")
    refused(np.ones((2, 3, 0, 4)), r"shape \(2, 3, 0, 4\).*at least one feature")
    holed = [film.copy() for film in films]
    holed[3][1, 2, 2] = np.nan
    refused(holed, r"NaN.*X\[3\]")

    def fit(**params):
        return lambda X: small(**params).fit(X, labels)

    refused(films, r"step_conv_filters\[1\] is 0", fit(step_conv_filters=(2, 0)))
    refused(films, "step_conv_filters is empty", fit(step_conv_filters=()))
    refused(films, r"steps of shape \(5, 6\).*set step_conv_filters", fit(step_conv_filters=None))
    flat, plain = [film.reshape(-1, 30) for film in films], small(step_conv_filters=None)
    refused(flat, "step_conv_filters=4 is for steps that are matr", fit())
    assert plain.fit(flat, labels).predict(flat).shape == (12,)
    np.testing.assert_array_equal(model.predict_proba(films), before)


@pytest.mark.parametrize("transformer", [SequenceScaler(), SequencePadder()])
def test_transformers_take_steps_of_numbers_only(transformer):
    with pytest.raises(ValueError, match=r"X\[0\] has 3 dimensions"):
        transformer.fit(bars(4)[0])
    with pytest.raises(ValueError, match=r"X has shape \(2, 3, 4, 5\); accepted are"):
        transformer.fit(np.ones((2, 3, 4, 5)))


SERIES = RNG.normal(size=(300, 3))


@pytest.mark.parametrize("stride", [1, 3, 9, 10, 11])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
@pytest.mark.parametrize("order", ["C", "F"])
def test_windows_that_overlap_are_read_without_a_copy_of_each(stride, dtype, order):
    series = (10 * SERIES).astype(dtype, order=order)
    windows = sliding_window_view(series, 10, axis=0)[::stride].transpose(0, 2, 1)
    sequences = as_ragged(windows, matrices=True)
    expected = as_ragged(windows.copy(), matrices=True)
    if stride < 10:
        assert len(sequences.values) == (len(windows) - 1) * stride + 10
        assert len(expected.values) == 10 * len(windows)
    for i in range(len(windows)):
        np.testing.assert_array_equal(sequences[i], expected[i])
    some = np.array([4, 1, 2])
    for taken in (sequences.take(some), expected.take(some)):
        for i, index in enumerate(some):
            np.testing.assert_array_equal(taken[i], windows[index].astype(np.float32))


def test_a_model_of_shared_windows_is_that_of_copies():
    windows = sliding_window_view(SERIES, 10, axis=0).transpose(0, 2, 1)
    y = (windows[:, -1, 0] > 0).astype(int)
    plain = {"step_conv_filters": None, "max_epochs": 2, "early_stopping": True}
    shared, copied = small(**plain), small(**plain)
    shared.fit(windows, y)
    copied.fit(windows.copy(), y)
    np.testing.assert_array_equal(shared.predict_proba(windows), copied.predict_proba(windows))
    one_way = small(**plain, bidirectional=False).fit(windows, y)
    for row, other in zip(
        shared.predict_proba_steps(windows[:4]),
        shared.predict_proba_steps(windows[:4].copy()),
        strict=True,
    ):
        np.testing.assert_allclose(row, other, atol=1e-6)
    for row, window in zip(one_way.predict_proba_steps(windows[:4]), windows, strict=False):
        prefixes = [window[: end + 1] for end in range(10)]
        np.testing.assert_allclose(row, one_way.predict_proba(prefixes), atol=1e-5)


@pytest.mark.parametrize(
    "cube",
    [
        SERIES.reshape(60, 5, 3),
        SERIES.reshape(5, 60, 3).transpose(1, 0, 2),
        SERIES.reshape(3, 60, 5).transpose(1, 2, 0),
        SERIES.reshape(60, 5, 3)[::2, ::-1],
        SERIES.reshape(1, 300, 3),
        np.broadcast_to(SERIES[:5], (4, 5, 3)),
        np.broadcast_to(SERIES[:4, None], (4, 5, 3)),
    ],
)
def test_other_views_are_read_as_they_are(cube):
    sequences = as_ragged(cube, matrices=True)
    for i, item in enumerate(cube):
        np.testing.assert_array_equal(sequences[i], item.astype(np.float32))


def test_a_gap_in_shared_windows_is_named():
    series = SERIES.copy()
    series[57, 1] = np.nan
    windows = sliding_window_view(series, 10, axis=0).transpose(0, 2, 1)
    with pytest.raises(ValueError, match=r"X\[48\] holds .* at step 9"):
        as_ragged(windows, matrices=True)


def test_a_series_may_change_after_its_windows_were_read():
    series = SERIES.astype(np.float32)
    windows = sliding_window_view(series, 10, axis=0).transpose(0, 2, 1)
    sequences = as_ragged(windows, matrices=True)
    series[:] = 0
    assert (sequences.values != 0).any()
