"""The same seed gives the same model; no call changes the data or settings of the process."""

from __future__ import annotations

import joblib
import numpy as np
import pytest
import torch
from contract.comparing import state

from sklstm import LSTMClassifier
from sklstm._sequences.tokens import TokenArray, Vocabulary
from sklstm._training.runtime import denormals_flushed

RNG = np.random.default_rng(0)
X = [RNG.normal(size=n) for n in (3, 1, 5, 2, 4, 4, 2, 6)]
Y = np.array([1, 0] * 4)
TOKENS = TokenArray([[4, 5], [6], [4, 4, 4], [5]] * 2, Vocabulary(["a", "b", "c"]))
RANDOM = {  # everything random
    "dropout": 0.3,
    "embedding_dropout": 0.2,
    "recurrent_dropout": 0.2,
    "early_stopping": True,
    "validation_fraction": 0.25,
}


def small(**params):
    defaults = {"hidden_size": 3, "embedding_dim": 3, "max_epochs": 3, "batch_size": 3}
    return LSTMClassifier(**(defaults | {"random_state": 0} | params))


def weights(estimator):
    tensors = estimator.module_.state_dict()
    return {name: tensor.numpy().copy() for name, tensor in tensors.items()}


def assert_equal_weights(one, other):
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_array_equal(one[name], other[name])


def fit_weights(estimator, X, y):
    fitted = estimator.fit(X, y)
    return weights(fitted), fitted.predict_proba(X)


@pytest.mark.parametrize("method", ["weights", "states"])
def test_a_seed_gives_one_model(method):
    estimator = small(**RANDOM, recurrent_dropout_method=method)
    first, proba = fit_weights(estimator, TOKENS, Y)
    np.random.random(7)  # noqa: NPY002
    torch.rand(5)  # the caller's own draws must not matter
    second, again = fit_weights(estimator, TOKENS, Y)
    assert_equal_weights(first, second)
    np.testing.assert_array_equal(proba, again)
    third, _ = fit_weights(estimator.set_params(random_state=1), TOKENS, Y)
    assert any((first[name] != third[name]).any() for name in first)


@pytest.mark.parametrize("seed", [np.random.RandomState(3), None])
def test_without_a_fixed_seed_fits_differ(seed):
    estimator = small(random_state=seed)
    first, _ = fit_weights(estimator, X, Y)
    second, _ = fit_weights(estimator, X, Y)
    assert any((first[name] != second[name]).any() for name in first)


def test_a_generator_in_the_same_state_gives_one_model():
    first, _ = fit_weights(small(random_state=np.random.RandomState(5)), X, Y)
    second, _ = fit_weights(small(random_state=np.random.RandomState(5)), X, Y)
    assert_equal_weights(first, second)


@pytest.mark.parametrize("backend", [pytest.param("loky", marks=pytest.mark.slow), "threading"])
def test_a_worker_makes_the_same_model(backend):
    estimator = small(**RANDOM)
    expected, proba = fit_weights(estimator, TOKENS, Y)
    jobs = [joblib.delayed(fit_weights)(estimator, TOKENS, Y) for _ in range(8)]
    before = process_settings()
    for actual, again in joblib.Parallel(n_jobs=2, backend=backend)(jobs):
        assert_equal_weights(actual, expected)
        np.testing.assert_array_equal(again, proba)
    assert process_settings() == before


def test_partial_fit_draws_differently_in_every_call_and_alike_in_every_run():
    runs = []
    for _ in range(2):
        estimator = small(dropout=0.5)
        for _ in range(3):
            estimator.partial_fit(X, Y)
        runs.append(weights(estimator))
    assert_equal_weights(*runs)


def process_settings():
    kind, keys, *rest = np.random.get_state()  # noqa: NPY002
    return {
        "numpy": (kind, keys.tobytes(), *rest),
        "torch": torch.get_rng_state().numpy().tobytes(),
        "threads": torch.get_num_threads(),
        "denormals": denormals_flushed(),
        "gradients": torch.is_grad_enabled(),
        "inference": torch.is_inference_mode_enabled(),
        "dtype": torch.get_default_dtype(),
    }


@pytest.fixture(params=[False, True], ids=["denormals-kept", "denormals-flushed"])
def settings(request):
    """Change settings of the process as a caller may, and restore them."""
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    torch.set_flush_denormal(request.param)
    yield process_settings()
    torch.set_flush_denormal(False)
    torch.set_num_threads(threads)


def use_all(estimator):
    estimator.fit(TOKENS, Y).set_params(early_stopping=False).partial_fit(TOKENS, Y)
    estimator.predict_proba(TOKENS)
    estimator.transform(TOKENS)
    estimator.predict_proba_steps(TOKENS)


@pytest.mark.parametrize("n_jobs", [None, 1])
def test_settings_after_success(settings, n_jobs):
    use_all(small(**RANDOM, n_jobs=n_jobs))
    assert process_settings() == settings


class Fails(torch.nn.Module):
    """A network that draws random numbers and then fails."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.rand(1))

    def forward(self, inputs, lengths):
        torch.rand(3)
        raise RuntimeError("broken on purpose")


class Broken(LSTMClassifier):
    def _build_module(self):
        return Fails()


class Unbuilt(LSTMClassifier):
    def _build_module(self):
        torch.rand(3)
        raise RuntimeError("broken on purpose")


@pytest.mark.parametrize("kind", [Broken, Unbuilt])
def test_settings_after_an_error_inside(settings, kind):
    with pytest.raises(RuntimeError, match="on purpose"):
        kind(n_jobs=1, random_state=0).fit(X, Y)
    assert process_settings() == settings


def test_settings_after_a_loss_that_is_not_finite(settings):
    estimator = small(learning_rate=3e38, optimizer="sgd", gradient_clip=None, max_epochs=9)
    with pytest.raises(ValueError, match="training loss became"):
        estimator.set_params(n_jobs=1).fit([np.ones(2)] * len(Y), Y)
    assert process_settings() == settings


def test_settings_after_an_error_in_prediction(settings, monkeypatch):
    estimator = small(n_jobs=1).fit(X, Y)
    monkeypatch.setattr(estimator.module_, "forward", lambda *inputs: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        estimator.predict(X)
    assert process_settings() == settings


def test_settings_between_two_batches_of_steps(settings):
    estimator = small(n_jobs=1, bidirectional=False).fit(X, Y)
    estimator.predict_proba_steps(X)
    assert process_settings() == settings


def test_data_and_weights_stay_as_they_are():
    given = [item.copy() for item in X], Y.copy(), np.arange(1.0, 9.0), np.arange(8) // 2
    before = joblib.hash(given)
    data, y, sample_weight, groups = given
    estimator = small(**RANDOM, padding_value=data[0][0], class_weight="balanced")
    estimator.fit(data, y, sample_weight=sample_weight, groups=groups)
    fitted = state(estimator)
    estimator.predict_proba(data)
    assert joblib.hash(given) == before
    assert state(estimator) == fitted


def test_tables_and_cubes_stay_as_they_are():
    for shape in ((8, 4), (8, 4, 2)):
        cube = RNG.normal(size=shape).astype(np.float32)  # float32 is used without a copy
        cube[:, -1] = 0.0
        before = cube.copy()
        small(padding_value=0.0).fit(cube, Y).predict_proba(cube)
        np.testing.assert_array_equal(cube, before)


def test_a_failed_fit_keeps_data_out_of_the_estimator():
    estimator = small()
    with pytest.raises(ValueError, match="NaN"):
        estimator.fit([*X[:7], np.array([np.nan])], Y)
    assert set(vars(estimator)) == set(estimator.get_params())
