"""Values of a scale from which nothing is learned: a warning that names the way out."""

import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.lib.stride_tricks import sliding_window_view
from sklearn.pipeline import make_pipeline

from sklstm import (
    AutoencoderClusterer,
    LSTMClassifier,
    LSTMRegressor,
    LSTMTagger,
    SequenceScaler,
    SequenceTokenizer,
)
from sklstm._sequences.arrays import JUDGED_NUMBERS, unusual_scale

RNG = np.random.default_rng(0)
X = RNG.normal(size=(24, 6, 2))
Y = np.arange(24) % 2
TINY = {"hidden_size": 2, "max_epochs": 1, "random_state": 0}
AS_GIVEN = TINY | {"standardize": False}

FAR = {
    "unscaled": (X * 1e5 + 3e5, "feature 0 of X has mean .*e.05 and standard deviation .*e.0[45]"),
    "one": (X * [1, 1000], "feature 1 of X has mean"),
    "Kelvin": (X * 8 + 290, "feature 0 of X has mean 2[89]"),
    "small": (X * 0.01, "feature 0 of X has mean .*, far from 0 and 1"),
    "around 1": (X * 0.03 + 1, "feature 0 of X has mean .*, far from 0 and 1"),
    "offset": (X + 1e8, "feature 0 of X has mean 1e.08"),
    "underflow": (X * 1e-50, "feature 0 of X has mean .*e-5[012] .*float32 cannot represent"),
    "lost": (X * [1, 1e-9] + 1, "feature 1 of X has mean 1 .*float32 cannot represent"),
    "constant": (np.dstack([X, np.full((24, 6), 2000)]), "feature 2 of X has mean 2000"),
}
USUAL = {
    "standardised": X,
    "flags": (X > 1).astype(int),
    "rare flags": np.arange(288).reshape(X.shape) == 7,
    "rare zeros": np.arange(288).reshape(X.shape) != 7,
    "pixels": RNG.integers(0, 17, X.shape, dtype=np.uint8),
    "grey": RNG.uniform(size=X.shape),
    "temperatures": 20 + 5 * X,
    "constants": np.dstack([X, np.ones((24, 6)), np.zeros((24, 6))]),
    "padded": np.dstack([X * 0, X]),
}


@pytest.mark.parametrize(("values", "message"), FAR.values(), ids=FAR)
def test_fault_12_unscaled_values_are_warned_of(values, message):
    model = LSTMClassifier(**AS_GIVEN)
    for given in (values, list(values), [item[: i % 6 + 1] for i, item in enumerate(values)]):
        with pytest.warns(UserWarning, match=message) as caught:
            model.fit(given, Y)
        assert len(caught) == 1
        assert caught[0].filename == __file__
        assert "make_pipeline(SequenceScaler(), LSTMClassifier())" in str(caught[0].message)
    make_pipeline(SequenceScaler(), model).fit(values, Y)  # warnings are errors here


@pytest.mark.parametrize("values", USUAL.values(), ids=USUAL)
def test_fault_12_usual_values_pass_in_silence(values):
    LSTMClassifier(**AS_GIVEN).fit(values, Y)
    LSTMClassifier(**AS_GIVEN).fit([item[: i % 6 + 1] for i, item in enumerate(values)], Y)


def test_fault_12_every_estimator_and_form_warns_once():
    far = X * 1e4
    tags = [["a", "b", "a"] * 2] * 24
    for model, y in ((LSTMRegressor(**AS_GIVEN), Y), (LSTMTagger(**AS_GIVEN), tags)):
        with pytest.warns(UserWarning, match=rf"of X has mean .*{type(model).__name__}\(\)\)"):
            model.fit(far, y)
    model = LSTMClassifier(**AS_GIVEN)
    with pytest.warns(UserWarning, match="of X has mean") as caught:
        model.partial_fit(far, Y, classes=[0, 1]).partial_fit(far, Y)
    assert [one.filename for one in caught] == [__file__]
    model.set_params(warm_start=True).fit(far, Y)  # no second warning
    with pytest.warns(UserWarning, match=r"feature 0 of X .*make_pipeline"):
        LSTMClassifier(**AS_GIVEN).fit(pd.DataFrame(far[..., 0]), Y)
    windows = np.moveaxis(sliding_window_view(far[0], 3, axis=0), -1, 1)
    with pytest.warns(UserWarning, match="of X has mean"):
        LSTMRegressor(**AS_GIVEN).fit(windows, np.arange(4.0))
    images = RNG.integers(0, 256, (8, 2, 4, 4))
    with pytest.warns(UserWarning, match=r"of X has mean .*\(X - X_train.mean\(\)\)"):
        LSTMClassifier(step_conv_filters=2, **AS_GIVEN).fit(images, Y[:8])
    LSTMClassifier(step_conv_filters=2, **AS_GIVEN).fit(images / 255, Y[:8])


def test_fault_12_part_of_scaled_data_does_not_warn():
    walk = np.linspace(-2, 2, 400).reshape(40, 10, 1)  # of which a part varies little
    model = LSTMClassifier(**AS_GIVEN)
    for part in np.split(walk, 20):
        model.partial_fit(part, [0, 1], classes=[0, 1])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("method", ["standard", "minmax"])
def test_fault_12_a_scaled_constant_with_rounding_errors_does_not_warn(method, dtype):
    X_constant = X.astype(dtype)
    X_constant[..., 1] = dtype(0.1)
    X_constant[::2, :, 1] += np.spacing(dtype(0.1))
    make_pipeline(SequenceScaler(method=method), LSTMClassifier(**AS_GIVEN)).fit(X_constant, Y)


def test_fault_12_token_ids_and_estimators_that_scale_do_not_warn():
    ids = [[500, 700, 900]] * 12
    LSTMClassifier(input_type="tokens", embedding_dim=2, **TINY).fit(ids, Y[:12])
    texts = SequenceTokenizer().fit_transform(["a word", "other words"] * 6)
    LSTMClassifier(embedding_dim=2, **TINY).fit(texts, Y[:12])
    AutoencoderClusterer(2, clustering="kmeans", n_init=1, **TINY).fit(X * 1e5)


def test_fault_12_what_float32_cannot_hold_is_refused_by_name():
    with pytest.raises(ValueError, match=r"too large for float32: X\[0\] .*SequenceScaler reads"):
        LSTMClassifier(**AS_GIVEN).fit(X * 1e40, Y)
    make_pipeline(SequenceScaler(), LSTMClassifier(**AS_GIVEN)).fit(X * 1e40, Y)


def test_fault_12_many_values_are_judged_by_some():
    many = np.zeros((JUDGED_NUMBERS, 2), dtype=np.float32)
    many[::2] = 1
    assert unusual_scale(many) is None
    many[:, 1] += 1000
    feature, mean, deviation = unusual_scale(many)
    assert feature == 1
    assert mean == pytest.approx(1000.5, abs=0.01)
    assert deviation == pytest.approx(0.5, abs=0.01)


def test_fault_12_a_failed_fit_does_not_change_the_model():
    model = LSTMClassifier(**AS_GIVEN).fit(X, Y)
    before = model.predict_proba(X)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UserWarning, match="of X has mean"):
            model.fit(X * 1e4, Y)
    np.testing.assert_array_equal(model.predict_proba(X), before)


def test_fault_12_what_early_stopping_leaves_is_not_judged_alone():
    ragged = [[0.1], [0.5, 0.5], [0.3]] * 4
    LSTMClassifier(early_stopping=True, validation_fraction=0.9, **TINY).fit(ragged, Y[:12])


# With standardize=True


@pytest.mark.parametrize("name", FAR)
def test_values_that_the_network_standardises_pass_unless_float32_loses_them(name):
    values, message = FAR[name]
    model = LSTMClassifier(**TINY)
    if name not in ("offset", "underflow", "lost"):
        model.fit(values, Y)
        model.fit([item[: i % 6 + 1] for i, item in enumerate(values)], Y)
        return
    for given in (values, list(values)):
        with pytest.warns(UserWarning, match=message) as caught:
            model.fit(given, Y)
        assert len(caught) == 1
        assert caught[0].filename == __file__
        assert "make_pipeline(SequenceScaler(), LSTMClassifier())" in str(caught[0].message)
    make_pipeline(SequenceScaler(), model).fit(values, Y)


def test_a_mean_far_beyond_the_deviation_costs_digits():
    """From a ratio of about 10,000 on float32 keeps less than 3 digits of a deviation."""
    for estimator, y in ((LSTMClassifier, Y), (LSTMTagger, [["a", "b", "a"] * 2] * 24)):
        estimator(**TINY).fit(X + 1000.0, y)
        with pytest.warns(
            UserWarning, match="feature 1 of X .* of which float32 keeps fewer than 3"
        ):
            estimator(**TINY).fit(np.add(X, [0.0, 1e5]), y)
    # A part may vary little by chance, and single precision has lost its digits before.
    LSTMClassifier(**TINY).partial_fit(X + 1e5, Y)
    LSTMClassifier(**TINY).fit((X + 1e5).astype(np.float32), Y)
    images = RNG.normal(size=(8, 2, 4, 4)) + 1e5
    with pytest.warns(UserWarning, match=r"fewer than 3 digits.*\(X - X_train.mean\(\)\)"):
        LSTMClassifier(step_conv_filters=2, **TINY).fit(images, Y[:8])


def test_a_network_of_ones_own_gets_values_as_they_are():
    class Unscaled(LSTMClassifier):
        def _build_module(self):
            network = super()._build_module()
            network.standardization = None
            return network

    with pytest.warns(UserWarning, match="far from 0 and 1"):
        Unscaled(**TINY).fit(X * 1e4, Y)
