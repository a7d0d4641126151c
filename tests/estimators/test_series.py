"""Series of values: standardised, read by a convolutional branch, and what "auto" becomes."""

import pickle

import numpy as np
import pytest
import torch
from numpy.lib.stride_tricks import sliding_window_view
from sklearn.base import clone

from sklstm import LSTMClassifier, LSTMRegressor, LSTMTagger, SequenceTokenizer
from sklstm.nn import SequenceNetwork

TINY = {"hidden_size": 3, "max_epochs": 1, "random_state": 0}
FCN = (64, 128, 64)


def series(n=24, seed=0, n_features=2):
    """Return series of 1 to 8 steps whose features have different units."""
    rng = np.random.default_rng(seed)
    unit, offset = np.array([100.0, 0.01])[:n_features], np.array([5e3, -0.5])[:n_features]
    return [rng.normal(size=(rng.integers(1, 9), n_features)) * unit + offset for _ in range(n)]


X = series()
Y = np.arange(24) % 2


def moments_of(model):
    layer = model.module_.standardization
    return layer.mean.numpy(), layer.scale.numpy()


# Standardisation


@pytest.mark.parametrize("value", [-3.4e38, 3.4e38])
def test_a_marker_of_missing_values_does_not_make_predictions_nan(value):
    """Such as the lowest number of float32, which divided by a small deviation is infinite."""
    rng = np.random.default_rng(0)
    x, marked = 0.1 * rng.normal(size=(24, 6)), np.full((2, 6), value)
    assert np.isfinite(LSTMClassifier(**TINY).fit(x, Y).predict_proba(marked)).all()
    model = LSTMRegressor(**TINY, linear_path=True).fit(x, x[:, 0])
    assert np.isfinite(model.predict(marked)).all()


@pytest.mark.parametrize("estimator", [LSTMClassifier, LSTMRegressor, LSTMTagger])
def test_values_are_standardised_over_all_steps(estimator):
    y = [np.resize(["a", "b"], len(x)) for x in X] if estimator is LSTMTagger else Y
    mean, scale = moments_of(estimator(**TINY).fit(X, y))
    steps = np.concatenate(X)
    np.testing.assert_allclose(mean, steps.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(scale, steps.std(axis=0), rtol=1e-5)
    model = estimator(**TINY, standardize=False).fit([x / [100, 0.01] - [50, -50] for x in X], y)
    assert model.module_.standardization is None


@pytest.mark.parametrize("causal", [False, True])
def test_the_unit_of_X_does_not_matter(causal):
    params = {"bidirectional": False, "bptt_length": 3} if causal else {}
    model = LSTMClassifier(**TINY, **params)
    expected = model.fit(X, Y).predict_proba(X)
    scaled = [8.0 * x - [3.0, 1.0] for x in X]
    np.testing.assert_allclose(model.fit(scaled, Y).predict_proba(scaled), expected, atol=1e-3)
    if causal:
        with model.stream(response_method="predict_proba") as stream:
            for step in scaled[0]:
                last = stream.step(step)
        np.testing.assert_allclose(last, model.predict_proba(scaled[:1])[0], atol=1e-5)


def test_constant_features_are_centred_only():
    constant = [np.column_stack([x, np.full(len(x), 0.1), np.full(len(x), -7e5)]) for x in X]
    mean, scale = moments_of(LSTMClassifier(**TINY).fit(constant, Y))
    np.testing.assert_allclose(mean[2:], [0.1, -7e5], rtol=1e-6)
    np.testing.assert_array_equal(scale[2:], [1.0, 1.0])
    one = LSTMClassifier(**TINY).partial_fit([[3.0]], [1], classes=[0, 1])
    assert moments_of(one) == ([3.0], [1.0])


def test_a_weight_of_0_is_as_good_as_absence_for_the_statistics():
    weights = np.repeat([2.0, 0.0], 12)
    far = X[:12] + [1e4 * x for x in X[12:]]
    alone = moments_of(LSTMClassifier(**TINY).fit(X[:12], Y[:12]))
    weighted = moments_of(LSTMClassifier(**TINY).fit(far, Y, sample_weight=weights))
    np.testing.assert_allclose(weighted, alone, rtol=1e-5)
    twice = moments_of(LSTMClassifier(**TINY).fit(X[:12] + X[6:12], [*Y[:12], *Y[6:12]]))
    by_weight = np.repeat([1.0, 2.0], 6)
    weighted = moments_of(LSTMClassifier(**TINY).fit(X[:12], Y[:12], sample_weight=by_weight))
    np.testing.assert_allclose(weighted, twice, rtol=1e-5)
    # Weights of steps, of an estimator that has them
    y = [np.resize(["a", "a", "b", "b"], len(x)) for x in X]
    weights = [np.resize([1.0, 0.0], len(x)) for x in X]
    mean, scale = moments_of(LSTMTagger(**TINY).fit(X, y, sample_weight=weights))
    steps = np.concatenate([x[::2] for x in X])
    np.testing.assert_allclose(mean, steps.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(scale, steps.std(axis=0), rtol=1e-5)


def test_what_is_held_out_does_not_standardise():
    far = X[:20] + [x + 1e6 for x in X[20:]]
    last = {"early_stopping": True, "validation_strategy": "last", "validation_fraction": 4 / 24}
    held_out = moments_of(LSTMClassifier(**TINY, **last).fit(far, Y))
    alone = moments_of(LSTMClassifier(**TINY).fit(X[:20], Y[:20]))
    np.testing.assert_allclose(held_out, alone, rtol=1e-5)


def test_steps_of_windows_count_as_often_as_windows_hold_them():
    walk = np.cumsum(np.random.default_rng(0).normal(size=40))
    windows = sliding_window_view(walk, 5)
    y = windows.mean(axis=1)
    weights = np.arange(len(windows)) % 3.0
    for given in (None, weights):
        model = LSTMRegressor(**TINY, linear_path=False)  # which would hold windows out
        shared = clone(model).fit(windows, y, sample_weight=given)
        copied = clone(model).fit(np.array(windows), y, sample_weight=given)
        np.testing.assert_allclose(moments_of(shared), moments_of(copied), rtol=1e-5)
        repeated = np.repeat(windows, np.ones(36, int) if given is None else weights.astype(int), 0)
        np.testing.assert_allclose(moments_of(shared)[0], [repeated.mean()], rtol=1e-5)
        np.testing.assert_allclose(moments_of(shared)[1], [repeated.std()], rtol=1e-5)


def test_numbers_of_images_have_one_mean_and_deviation():
    images = np.random.default_rng(0).integers(0, 256, (6, 3, 4, 5)).astype(float)
    images[..., 0, :] = 0.0
    weights = np.array([1.0, 2.0, 1.0, 0.0, 1.0, 1.0])
    model = LSTMClassifier(**TINY, step_conv_filters=2)
    mean, scale = moments_of(model.fit(images, Y[:6], sample_weight=weights))
    repeated = np.repeat(images, weights.astype(int), axis=0)
    np.testing.assert_allclose(mean, [repeated.mean()], rtol=1e-5)
    np.testing.assert_allclose(scale, [repeated.std()], rtol=1e-5)


def test_continued_training_keeps_the_statistics_of_the_first_call():
    other = [x * 3 + 10 for x in X]
    model = LSTMClassifier(**TINY, warm_start=True).fit(X, Y)
    before = moments_of(model)
    model.fit(other, Y)
    np.testing.assert_array_equal(moments_of(model), before)
    model = LSTMClassifier(**TINY).partial_fit(X, Y).partial_fit(other, Y)
    np.testing.assert_allclose(moments_of(model), before, rtol=1e-6)


# The branch


def planted(n, seed):
    """Return noise, of different lengths, with a short pattern or its reverse in three places."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    pattern = np.array([0.0, 3.0, -3.0, 1.5])
    X = []
    for label in y:
        x = rng.normal(scale=0.5, size=rng.integers(40, 60))
        for at in rng.choice(len(x) // 4, 3, replace=False) * 4:
            x[at : at + 4] += pattern if label else pattern[::-1]
        X.append(x)
    return X, y


def test_the_branch_finds_patterns_wherever_they_are():
    model = LSTMClassifier(
        4, fcn_filters=(12, 12), fcn_kernel_sizes=(5, 3), dropout=0.2, max_epochs=30,
        learning_rate=0.01, random_state=0,
    )  # fmt: skip
    assert model.fit(*planted(80, 0)).score(*planted(60, 1)) > 0.95
    assert model.fcn_filters_ == (12, 12)


def test_the_input_of_the_output_layer_is_pooled_state_and_branch():
    model = LSTMRegressor(**TINY, fcn_filters=[4, 2], fcn_kernel_sizes=[3, 2]).fit(X, Y)
    features = model.transform(X)
    assert features.shape == (24, 6 + 2 * 2)
    assert len(model.get_feature_names_out()) == 10
    outputs = model.module_.output(torch.tensor(features)).detach().numpy()[:, 0]
    np.testing.assert_allclose(model._target_.decoder("predict", None).rows(outputs[:, None]),
                               model.predict(X), atol=1e-5)  # fmt: skip
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict(X), model.predict(X))


def test_a_part_of_one_sequence_of_one_step_trains():
    model = LSTMClassifier(**TINY).fit(X, Y)
    before = model.module_.branch.norms[0].running_mean.clone()
    model.partial_fit([X[0][:1]], [0])
    assert torch.equal(model.module_.branch.norms[0].running_mean, before)
    assert np.isfinite(model.predict_proba(X)).all()


@pytest.mark.parametrize(
    ("params", "reason"),
    [
        ({"input_type": "tokens"}, "X holds token ids"),
        ({"step_conv_filters": 2}, r"X has steps of shape \(2, 2\)"),
        ({"return_sequences": True}, "every step has a target"),
        ({"stateful": True, "bidirectional": False}, "stateful=True each sample continues"),
        ({"bptt_length": 2, "bidirectional": False}, "bptt_length=2 reads it in chunks"),
    ],
)
def test_given_filters_where_there_can_be_no_branch(params, reason):
    X = np.arange(4 * 3 * 4).reshape(4, 3, 4) % 7 * (1 if "input_type" in params else 0.5)
    X = X.reshape(4, 3, 2, 2) if "step_conv_filters" in params else X[..., :1]
    y = [[1.0, 2, 3]] * 4 if "return_sequences" in params else [0.0, 1, 2, 3]
    model = LSTMRegressor(**TINY, **params, fcn_filters=(4, 4), fcn_kernel_sizes=(2, 2))
    for fit in (model.fit, model.partial_fit):
        with pytest.raises(ValueError, match=rf"^fcn_filters=\(4, 4\) .*{reason}.*; set fcn_f"):
            fit(X, y)
    assert model.set_params(fcn_filters="auto").fit(X, y).fcn_filters_ is None
    assert model.module_.branch is None


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"fcn_filters": (4, 4)}, r"fcn_kernel_sizes=\(8, 5, 3\) has 3 layers, but .* has 2"),
        ({"fcn_kernel_sizes": (3,)}, r"has 1 layers, but fcn_filters=\(64, 128, 64\) has 3"),
        ({"fcn_filters": (4, 0, 4)}, r"fcn_filters\[1\] is 0"),
        ({"fcn_filters": ()}, "fcn_filters is empty"),
        ({"fcn_kernel_sizes": (8, 5, 0)}, r"fcn_kernel_sizes\[2\] is 0"),
        ({"fcn_filters": 8}, "'fcn_filters' parameter of LSTMClassifier must be"),
        ({"fcn_filters": "all"}, "'fcn_filters' parameter of LSTMClassifier must be"),
        ({"conv_filters": "all"}, "'conv_filters' parameter"),
        ({"batch_size": 0}, "'batch_size' parameter"),
        ({"standardize": 2}, "'standardize' parameter"),
    ],
)
def test_parameters_of_series_are_checked(params, message):
    with pytest.raises(ValueError, match=message):
        LSTMClassifier(**TINY, **params).fit(X, Y)


# What "auto" becomes


def became(model):
    names = ("fcn_filters_", "conv_filters_", "conv_pool_size_", "batch_size_")
    return tuple(getattr(model, name) for name in names)


def steps(*lengths):
    return [np.arange(length, dtype=float) % 7 for length in lengths]


def ids(*lengths):
    return [np.arange(length) % 7 + 4 for length in lengths]


TOKENS = {"input_type": "tokens", "embedding_dim": 2}
FORWARD = {"bidirectional": False}
SMALL_FCN = {"fcn_filters": (2,), "fcn_kernel_sizes": (2,)}


@pytest.mark.parametrize(
    ("params", "X", "expected"),
    [
        ({}, steps(3, 256), (FCN, None, 1, 16)),
        ({}, steps(3, 257), (FCN, 64, 3, 16)),
        ({}, steps(3, 641), (FCN, 64, 6, 16)),  # ceil(641 / 128)
        ({"conv_pool_size": 9}, steps(3, 641), (FCN, 64, 9, 16)),
        ({"conv_pool_size": 9}, steps(3, 4), (FCN, None, 1, 16)),
        ({"conv_filters": 5}, steps(3, 4), (FCN, 5, 2, 16)),
        ({"conv_filters": None, "batch_size": 7}, steps(3, 300), (FCN, None, 1, 7)),
        (FORWARD, steps(3, 300), (None, None, 1, 16)),
        (FORWARD | SMALL_FCN, steps(3, 300), ((2,), None, 1, 16)),
        (FORWARD | {"bptt_length": 50}, steps(3, 300), (None, None, 1, 16)),
        (FORWARD | {"stateful": True}, steps(3, 300), (None, None, 1, 16)),
        ({"fcn_filters": None}, steps(3, 300), (None, 64, 3, 16)),
        (TOKENS, ids(50, 149), (None, None, 1, 32)),
        (TOKENS, ids(50, 150), (None, 64, 3, 32)),
        (TOKENS | FORWARD, ids(50, 150), (None, None, 1, 32)),
        ({"step_conv_filters": 2}, np.ones((2, 300, 1, 2)) * [1, 2], (None, None, 1, 32)),
    ],
)
def test_what_auto_becomes(params, X, expected):
    assert became(LSTMClassifier(**TINY, **params).fit(X, [0, 1])) == expected
    assert became(LSTMRegressor(**TINY, **params).partial_fit(X, [0.5, 1])) == expected


def test_auto_where_every_step_has_a_target():
    X = steps(300, 3)
    assert became(LSTMRegressor(**TINY, return_sequences=True).fit(X, X)) == (None, None, 1, 16)


def test_a_tagger_has_no_auto():
    with pytest.raises(ValueError, match="'conv_filters' parameter of LSTMTagger must be"):
        LSTMTagger(conv_filters="auto").fit(steps(2), [["a", "b"]])
    with pytest.raises(ValueError, match="'batch_size' parameter of LSTMTagger must be"):
        LSTMTagger(batch_size="auto").fit(steps(2), [["a", "b"]])


def test_continued_training_keeps_what_the_first_fit_found():
    model = LSTMClassifier(**TINY, warm_start=True, **SMALL_FCN).fit(steps(3, 4), [0, 1])
    for fit in (model.fit, model.partial_fit):
        assert became(fit(steps(3, 300), [0, 1])) == ((2,), None, 1, 16)
    assert model.set_params(batch_size=5).fit(steps(3, 300), [0, 1]).batch_size_ == 5
    with pytest.raises(ValueError, match=r"fcn_filters is \[?.* now.* fitted with"):
        model.set_params(fcn_filters=(3,)).fit(steps(3, 4), [0, 1])


def test_auto_batches_have_the_number_of_sequences_that_it_became():
    sizes = []

    class Watched(LSTMClassifier):
        def _build_module(self):
            network = super()._build_module()
            network.recurrent.register_forward_pre_hook(lambda _, args: sizes.append(len(args[0])))
            return network

    Watched(**TINY).fit(series(40), np.arange(40) % 2)
    assert sorted(sizes) == [8, 16, 16]
    # The state that is kept has as many rows.
    model = LSTMClassifier(**TINY, **FORWARD, stateful=True).partial_fit(series(40), [0, 1] * 20)
    assert len(model._state_[0]) == 16
    model.predict(series(40))


def test_the_summary_says_what_auto_became(capsys):
    model = LSTMClassifier(4, random_state=0).set_params(learning_rate=0.01)
    model.set_params(**SMALL_FCN, max_epochs=2).fit(steps(3, 300), [0, 1]).summary()
    lines = capsys.readouterr().out.splitlines()
    assert any("FullyConvolutional" in line and "(batch, 4)" in line for line in lines)
    line = "auto: conv_filters=64, conv_pool_size=3, standardize=True, pooling=max, batch_size=16"
    assert lines[-1] == line
    clone(model).set_params(fcn_filters="auto", fcn_kernel_sizes=(8, 5, 3), max_epochs="auto").fit(
        steps(3, 4), [0, 1]
    ).summary()
    line = "auto: fcn_filters=(64, 128, 64), conv_filters=None, standardize=True, pooling=max"
    line += ", batch_size=16, max_epochs=100"
    assert capsys.readouterr().out.splitlines()[-1] == line
    model.set_params(conv_filters=None, batch_size=4, standardize=True, pooling="max").fit(
        steps(3, 4), [0, 1]
    ).summary()
    assert "auto" not in capsys.readouterr().out


def test_texts_have_neither_branch_nor_standardisation():
    texts = SequenceTokenizer().fit_transform(["a word", "other words"] * 4)
    network = LSTMClassifier(**TINY).fit(texts, [0, 1] * 4).module_
    assert isinstance(network, SequenceNetwork)
    assert network.branch is None
    assert network.standardization is None
