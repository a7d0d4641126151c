"""Windows of series against loops in plain Python, and where training and held-out windows lie."""

import math
from collections import Counter

import numpy as np
import pytest
import torch

from sklstm import LSTMForecaster
from sklstm._sequences import offsets
from sklstm._training import SeriesSet, WindowBatches, WindowForm
from sklstm._training.forecast import read_windows, true_future

CPU = torch.device("cpu")


def series_set(lengths, n_features=1, *, seed=0, missing=0.0, n_covariates=0, horizon=0):
    """Return random series, with their values as lists of rows beside them."""
    rng = np.random.default_rng(seed)
    parts = [rng.normal(3.0, 2.0, (n, n_features)) for n in lengths]
    for part in parts:
        part[rng.random(part.shape) < missing] = np.nan
    lengths = np.array(lengths)
    covariates = at = None
    if n_covariates:
        n_steps = lengths + horizon
        covariates = rng.normal(size=(n_steps.sum(), n_covariates)).astype(np.float32)
        at = offsets(n_steps)
    return SeriesSet(np.concatenate(parts), lengths, covariates, at), parts


def expected_scale(context, form):
    """Return level, recent mean and spread of one feature of a context, from its values."""
    known = [v for v in context if not math.isnan(v)]
    if form.scaling is None or not known:
        return 0.0, 0.0, 1.0 if known else 0.0
    mean = sum(known) / len(known)
    season = form.seasons[0] if form.seasons else form.context_length
    last = [v for v in context[-min(season, form.context_length) :] if not math.isnan(v)]
    recent = sum(last) / len(last) if last else mean
    if form.scaling == "multiplicative":
        return 0.0, recent, sum(abs(v) for v in known) / len(known)
    spread = math.sqrt(sum((v - mean) ** 2 for v in known) / len(known))
    if spread <= 1e-9 * max(abs(v) for v in known):
        spread = 0.0
    return recent, recent, spread


def expected_window(rows, end, form, covariates=None):
    """Return the inputs of one window, of a series given as rows, by loops over its steps."""
    n_features = len(rows[0])

    def value(step, feature):
        return rows[step][feature] if step >= 0 else math.nan

    def scale(v, feature):
        level, _, spread = scales[feature]
        return (v - level) / spread if spread > 0 else 0.0

    def around(v, feature):  # what the network reads
        _, recent, spread = scales[feature]
        return (v - recent) / spread if spread > 0 else 0.0

    steps = range(end - form.context_length, end)
    contexts = [[value(step, k) for step in steps] for k in range(n_features)]
    scales = [expected_scale(context, form) for context in contexts]
    past = []
    for t in range(form.context_length):
        row, ages = [], []
        for k, context in enumerate(contexts):
            known = [i for i in range(t + 1) if not math.isnan(context[i])]
            row.append(around(context[known[-1]], k) if known else 0.0)
            since = t - known[-1] if known else form.context_length
            ages.append(math.log1p(since) / math.log1p(form.context_length))
        row += ages
        if covariates is not None:
            step = end - form.context_length + t
            row += list(covariates[step]) if step >= 0 else [0.0] * len(covariates[0])
        past.append(row)

    def last(k):
        known = [v for v in contexts[k] if not math.isnan(v)]
        return known[-1] if known else scales[k][1]

    def lagged(h, season, k):
        v = value(end + h - (h // season + 1) * season, k)
        return last(k) if math.isnan(v) else v

    future, baseline = [], []
    for h in range(form.horizon):
        row = [around(lagged(h, season, k), k) for season in form.seasons for k in form.targets]
        future.append(row + (list(covariates[end + h]) if covariates is not None else []))
        if form.baseline == "seasonal_naive":
            baseline.append([scale(lagged(h, form.seasons[-1], k), k) for k in form.targets])
        elif form.baseline == "last":
            baseline.append([scale(last(k), k) for k in form.targets])
        else:
            baseline.append([scale(scales[k][1], k) for k in form.targets])
    previous = [scale(last(k), k) for k in form.targets]
    return {"past": past, "future": future, "baseline": baseline, "previous": previous}, scales


FORMS = {
    "plain": WindowForm(5, 3, (), (0,), "standard", "last"),
    "season": WindowForm(8, 5, (3,), (0,), "standard", "seasonal_naive"),
    "two seasons": WindowForm(6, 9, (2, 7), (0,), "standard", "seasonal_naive"),
    "multiplicative": WindowForm(5, 4, (4,), (0,), "multiplicative", None),
    "unscaled": WindowForm(5, 4, (4,), (0,), None, None),
    "level": WindowForm(7, 2, (3,), (0,), "standard", None),
    "season beyond the context": WindowForm(4, 3, (11,), (0,), "standard", "seasonal_naive"),
}


@pytest.mark.parametrize("missing", [0.0, 0.4])
@pytest.mark.parametrize("name", FORMS)
def test_windows_equal_a_loop_over_their_steps(name, missing):
    form = FORMS[name]
    data, parts = series_set([20, 3, 12], missing=missing)
    which = np.array([0, 0, 1, 2, 2, 0, 1])
    ends = np.array([20, 1, 3, 12, 7, 6, 2])  # some pasts are shorter than the context
    windows = read_windows(data, form, which, ends)
    for i, (one, end) in enumerate(zip(which, ends, strict=True)):
        expected, scales = expected_window(parts[one].tolist(), int(end), form)
        for key, value in expected.items():
            value = np.asarray(value, dtype=np.float64).reshape(windows.inputs[key][i].shape)
            np.testing.assert_allclose(
                windows.inputs[key][i], value, rtol=1e-5, atol=1e-5, err_msg=f"{key} of {i}"
            )
        np.testing.assert_allclose(windows.level[i, 0, 0], scales[0][0], rtol=1e-10)
        np.testing.assert_allclose(windows.spread[i, 0, 0], scales[0][2], rtol=1e-10)


@pytest.mark.parametrize("missing", [0.0, 0.3])
def test_several_features_covariates_and_targets_are_aligned_with_their_steps(missing):
    form = WindowForm(6, 4, (2, 3), (2, 0), "standard", "seasonal_naive")
    data, parts = series_set([15, 4, 9], 3, missing=missing, n_covariates=2, horizon=4)
    which, ends = np.array([2, 0, 1, 0]), np.array([9, 15, 4, 3])
    windows = read_windows(data, form, which, ends)
    for i, (one, end) in enumerate(zip(which, ends, strict=True)):
        n_steps = data.lengths[one] + 4
        own = data.covariates[data.covariate_offsets[one] :][:n_steps].tolist()
        expected, scales = expected_window(parts[one].tolist(), int(end), form, own)
        for key, value in expected.items():
            np.testing.assert_allclose(
                windows.inputs[key][i], np.asarray(value), rtol=1e-5, atol=1e-5, err_msg=key
            )
        expected_scales = np.array([scales[k] for k in form.targets])  # (targets, 3)
        np.testing.assert_allclose(windows.level[i, 0], expected_scales[:, 0], rtol=1e-10)
        np.testing.assert_allclose(windows.spread[i, 0], expected_scales[:, 2], rtol=1e-10)


def test_what_is_scaled_is_restored_and_the_future_follows_the_past():
    form = WindowForm(5, 3, (), (1, 0), "standard", "last")
    data, parts = series_set([12, 9], 2)
    which, ends = np.array([1, 0, 0]), np.array([6, 9, 4])
    future = true_future(data, form, which, ends)
    for i in range(3):
        np.testing.assert_array_equal(future[i], parts[which[i]][ends[i] :][:3, [1, 0]])
    windows = read_windows(data, form, which, ends)
    restored = windows.scaled(future) * windows.spread + windows.level
    np.testing.assert_allclose(restored, future, rtol=1e-12)


def test_a_constant_or_unknown_past_has_no_spread_and_no_part_in_the_loss():
    values = np.array([[5.0]] * 6 + [[9.0]] * 2 + [[np.nan]] * 6 + [[1.0]] * 2)
    data = SeriesSet(values, np.array([8, 8]))
    for scaling in ("standard", None):
        form = WindowForm(6, 2, (), (0,), scaling, "last")
        batches = WindowBatches(data, form, np.array([6, 6]), np.array([6, 6]), 9, 9, CPU, None)
        (batch,) = batches
        expected = batch.targets[0][:, :, 0].numpy()
        assert np.isnan(expected[1]).all()
        np.testing.assert_array_equal(expected[0], [np.nan, np.nan] if scaling else [9.0, 9.0])
        assert all(torch.isfinite(tensor).all() for tensor in batch.inputs.values())


@pytest.mark.parametrize("end", [6, 10, 14])
def test_no_input_of_a_window_depends_on_what_follows_its_past(end):
    form = WindowForm(6, 4, (3, 5), (0,), "standard", "seasonal_naive")
    data, _ = series_set([20], missing=0.1)
    which, ends = np.array([0]), np.array([end])
    before = read_windows(data, form, which, ends)
    data.values[end:] = 1e6
    after = read_windows(data, form, which, ends)
    for key, value in before.inputs.items():
        np.testing.assert_array_equal(after.inputs[key], value)
    np.testing.assert_array_equal(after.level, before.level)


def test_reach_is_how_far_back_a_window_looks():
    for form in FORMS.values():
        data, _ = series_set([40], seed=3)
        which, ends = np.array([0]), np.array([30])
        before = read_windows(data, form, which, ends)
        data.values[: 30 - form.reach] = 1e6
        after = read_windows(data, form, which, ends)
        for key, value in before.inputs.items():
            np.testing.assert_array_equal(after.inputs[key], value)
        data.values[30 - form.reach] = 1e6
        changed = read_windows(data, form, which, ends)
        assert any((changed.inputs[key] != value).any() for key, value in before.inputs.items())


# Which windows an epoch has


def pairs(which, ends):
    return list(zip(which.tolist(), ends.tolist(), strict=True))


BEGINS, ENDS = np.array([4, 1, 1, 4]), np.array([10, 0, 1, 7])  # 7, 0, 1 and 4 windows
ALL = [(0, e) for e in range(4, 11)] + [(2, 1)] + [(3, e) for e in range(4, 8)]


def batches(n_windows=100, batch_size=5, seed=None, **options):
    data, _ = series_set([13, 2, 4, 10])
    form = WindowForm(4, 3, (), (0,), "standard", "last")
    rng = None if seed is None else np.random.default_rng(seed)
    return WindowBatches(data, form, BEGINS, ENDS, n_windows, batch_size, CPU, rng, **options)


def test_an_epoch_has_each_window_once():
    assert pairs(*batches().drawn()) == ALL
    shuffled = batches(seed=0)
    first, second = pairs(*shuffled.drawn()), pairs(*shuffled.drawn())
    assert first != ALL
    assert first != second
    assert sorted(first) == sorted(second) == ALL
    sizes = [len(batch) for batch in shuffled]
    assert sizes == [4, 4, 4]


def test_windows_that_are_drawn_are_as_many_of_each_series():
    drawn = batches(9, seed=0)
    seen = Counter()
    for _ in range(100):
        which, ends = drawn.drawn()
        assert Counter(which.tolist()) == {0: 3, 2: 3, 3: 3}
        seen.update(pairs(which, ends))
    assert set(seen) == set(ALL)
    counts = [seen[0, e] for e in range(4, 11)]
    assert min(counts) > 0.6 * 300 / 7
    assert max(counts) < 1.5 * 300 / 7


def test_in_order_windows_are_at_equal_distances():
    which, ends = batches(4).drawn()
    assert pairs(which, ends) == [ALL[i] for i in (0, 4, 7, 11)]
    assert pairs(*batches().evenly(12)) == ALL


def test_teaching_declines_over_the_epochs():
    seen = batches(seed=0, teaching=lambda done: 1.0 - done, n_epochs=2)
    given = [batch.inputs["teaching"] for _ in range(2) for batch in seen]
    np.testing.assert_allclose(given, [1 - k / 6 for k in range(1, 7)])
    assert seen.epochs_done() == 2.0
    batch = next(iter(seen))
    np.testing.assert_array_equal(batch.inputs["expected"], batch.targets[0])


@pytest.mark.parametrize("n_windows", [100, 9])
def test_weights_have_a_mean_of_1_over_the_windows_of_an_epoch(n_windows):
    data, _ = series_set([13, 2, 4, 10])
    data = SeriesSet(data.values, data.lengths, weights=np.array([1.0, 50.0, 2.0, 4.0]))
    form = WindowForm(4, 3, (), (0,), "standard", "last")
    rng = np.random.default_rng(0)
    weighted = WindowBatches(data, form, BEGINS, ENDS, n_windows, 100, CPU, rng)
    (batch,) = weighted
    assert float(batch.targets[1].mean()) == pytest.approx(1.0)
    assert weighted.weights[3] == pytest.approx(4 * weighted.weights[0])
    nothing = SeriesSet(data.values, data.lengths, weights=np.array([0.0, 50.0, 0.0, 0.0]))
    with pytest.raises(ValueError, match="sample_weight is 0 for every series that is long enough"):
        WindowBatches(nothing, form, BEGINS, ENDS, n_windows, 100, CPU, rng)


# Which windows the estimator trains on


def places(lengths, **params):
    """Return the training and the held-out windows of an estimator as pairs of series and end."""
    X = series_set(lengths)[1]
    model = LSTMForecaster(context_length=6, hidden_size=2, max_epochs=1, random_state=0, **params)
    model.fit(X)
    data = model._read_data(X, None, None, reset=False)
    begins, last, held = model._places(data)

    def listed(begins, ends):
        which = range(len(begins))
        return [(i, e) for i in which for e in range(begins[i], ends[i] + 1)]

    return listed(begins, last), [] if held is None else listed(*held)


def test_training_windows_are_all_whose_future_is_inside_the_series():
    train, held = places([20, 9, 5, 3], horizon=4)
    # A series that is too short for a whole context has one window, with as much past as there is.
    assert train == [(0, e) for e in range(6, 17)] + [(1, 5), (2, 1)]
    assert held == []


@pytest.mark.parametrize("params", [{"early_stopping": True}, {"conformal": True}])
@pytest.mark.parametrize("fraction", [0.05, 0.3, 0.5])
def test_futures_of_held_out_windows_lie_after_those_of_training_windows(params, fraction):
    lengths, horizon = [30, 22, 9, 8, 6], 4
    train, held = places(lengths, horizon=horizon, validation_fraction=fraction, **params)
    assert held
    for i, n in enumerate(lengths):
        ends = [e for one, e in train if one == i]
        held_ends = [e for one, e in held if one == i]
        if held_ends:
            assert min(held_ends) >= max(ends) + horizon
            assert max(held_ends) == n - horizon
            n_steps = n - min(held_ends)
            assert n_steps == max(horizon, round(n * fraction))
        else:  # too short to hold something out: all of it is trained on
            assert max(ends) == n - horizon
            assert n < horizon + max(horizon, round(n * fraction)) + 1
    assert {i for i, _ in train} == set(range(5))


def test_of_windows_that_were_given_the_last_are_held_out():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(20, 8)), rng.normal(size=(20, 3))
    model = LSTMForecaster(3, early_stopping=True, validation_fraction=0.25, max_epochs=1)
    model.fit(X, y)
    assert model.n_windows_ == 15
    data = model._read_data(X, y, None, reset=False)
    begins, last, held = model._places(data)
    assert np.flatnonzero(last >= begins).tolist() == list(range(15))
    assert np.flatnonzero(held[1] >= held[0]).tolist() == list(range(15, 20))
    message = "would hold out 1 of the 1 windows of X, and leave none"
    with pytest.raises(ValueError, match=message):
        model.fit(X[:1], y[:1])
