"""Series whose scales differ: standardised within each series, too."""

import numpy as np
import pytest
from sklearn.base import clone

from sklstm import LSTMClassifier, LSTMRegressor, LSTMTagger, SequenceTokenizer

RNG = np.random.default_rng(0)
SMALL = {"hidden_size": 4, "fcn_filters": (8,), "fcn_kernel_sizes": (5,), "random_state": 0}


def waves(n, scales=(1e-2, 1e3)):
    """Return waves of two shapes, whose scales differ from one to the next."""
    y = np.arange(n) % 2
    X = []
    for square in y:
        steps = np.arange(RNG.integers(20, 30)) * 0.7 + RNG.uniform(0, 6)
        wave = np.sign(np.sin(steps)) if square else np.sin(steps)
        X.append(np.exp(RNG.uniform(*np.log(scales))) * wave)
    return X, y


def test_shapes_of_small_series_are_seen():
    X, y = waves(160)
    model = LSTMClassifier(**SMALL, max_epochs=30, dropout=0.0).fit(X[:80], y[:80])
    common = clone(model).set_params(standardize=True).fit(X[:80], y[:80])
    assert (model.standardize_, common.standardize_) == ("both", True)
    assert model.score(X[80:], y[80:]) > 0.9
    assert common.score(X[80:], y[80:]) < 0.8


def test_only_scales_that_differ_are_brought_together(capsys):
    X, y = waves(40, scales=(1.0, 3.0))
    model = LSTMClassifier(**SMALL, max_epochs=1).fit(X, y)
    assert model.standardize_ is True
    same = clone(model).set_params(standardize=True).fit(X, y)
    np.testing.assert_array_equal(model.predict_proba(X), same.predict_proba(X))
    model.summary()
    assert "standardize=True" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("model", "y"),
    [
        (LSTMClassifier(bidirectional=False), "labels"),
        (LSTMClassifier(bidirectional=False, bptt_length=5), "labels"),
        (LSTMRegressor(return_sequences=True), "steps"),
    ],
)
def test_not_where_steps_are_read_one_by_one(model, y):
    X, labels = waves(40)
    y = labels if y == "labels" else X
    model.set_params(hidden_size=2, max_epochs=1).fit(X, y)
    assert model.standardize_ is True


def test_few_steps_constants_and_markers_do_not_count():
    y = np.arange(60) % 2
    short = RNG.normal(size=(60, 8)) * 10.0 ** RNG.integers(-3, 3, size=(60, 1))
    constant = np.repeat(10.0 ** RNG.integers(-3, 3, size=(60, 1)), 30, axis=1)
    marked = np.zeros((60, 30, 1))
    marked[::3, RNG.integers(0, 30, 20)] = 1.0
    for x in (short, constant, marked):
        model = LSTMClassifier(**SMALL, max_epochs=1).fit(x, y)
        assert model.standardize_ is True


def test_shapes_alone_ignore_level_and_scale():
    X, y = waves(40)
    model = LSTMClassifier(**SMALL, max_epochs=2, standardize="sequence").fit(X, y)
    moved = [3.0 * x + 7.0 for x in X]
    np.testing.assert_allclose(model.predict_proba(moved), model.predict_proba(X), atol=1e-4)
    both = clone(model).set_params(standardize="both").fit(X, y)
    assert not np.allclose(both.predict_proba(moved), both.predict_proba(X), atol=1e-3)


def test_regression_and_two_features():
    X, _ = waves(40)
    pairs = [np.stack([x, np.cos(x)], axis=1) for x in X]
    y = np.array([len(x) for x in X]) * 1.0
    model = LSTMRegressor(**SMALL, max_epochs=1).fit(pairs, y)
    assert model.standardize_ == "both"
    assert model.module_.standardization.whole.mean.shape == (2,)
    with pytest.raises(ValueError, match="bidirectional"), model.stream():
        pass


def test_tokens_ignore_it():
    tokens = SequenceTokenizer().fit_transform(["a b", "b c"] * 10)
    model = LSTMClassifier(2, max_epochs=1, standardize="both").fit(tokens, [0, 1] * 10)
    assert model.standardize_ is True
    assert model.module_.standardization is None


@pytest.mark.parametrize(
    ("model", "shape", "message"),
    [
        (
            LSTMClassifier(standardize="both", stateful=True, bidirectional=False),
            (40, 9),
            "stateful",
        ),
        (LSTMClassifier(standardize="both", bptt_length=3, bidirectional=False), (40, 9), "chunks"),
        (
            LSTMClassifier(standardize="sequence", step_conv_filters=2),
            (40, 3, 4, 4),
            "steps of shape",
        ),
        (LSTMClassifier(standardize="within"), (40, 9), "'standardize' parameter"),
        (LSTMTagger(standardize="both"), (40, 9), "'standardize' parameter"),
    ],
)
def test_where_it_cannot_be(model, shape, message):
    y = np.arange(40) % 2
    with pytest.raises(ValueError, match=message):
        model.set_params(hidden_size=2, max_epochs=1).fit(np.ones(shape), y)
