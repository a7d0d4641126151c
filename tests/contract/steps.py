"""Checks of estimators whose targets have a value for every step."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.utils import _safe_indexing as take
from sklearn.utils import get_tags, shuffle

from contract.cases import Case, per_step, ports
from contract.comparing import outputs
from contract.targets import ONE_BATCH, fit_weighted


def tags_steps(case: Case) -> bool:
    return per_step(case) and get_tags(case.estimator).estimator_type is None


def predicts_numbers(case: Case) -> bool:
    return per_step(case) and not tags_steps(case)


def flat(ragged) -> np.ndarray:
    return np.concatenate(list(ragged))


@ports(when=per_step)
def results_are_object_arrays_of_one_dimension(case):
    lengths = [len(item) for item in case.y]
    for X, wanted in [(case.X, lengths), (take(case.X, [0, 0]), [lengths[0]] * 2)]:
        for out in outputs(case.fitted(), X).values():
            assert out.dtype == object
            assert out.shape == (len(wanted),)
            assert [len(item) for item in out] == wanted


@ports("check_supervised_y_no_nan", when=per_step)
def gaps_in_targets_of_steps_are_refused(case):
    for gap in (np.nan, np.inf):
        y = [np.arange(len(item)) % 2.0 for item in case.y]
        y[3][-1] = gap
        with pytest.raises(ValueError, match="Input y contains"):
            case.new().fit(case.X, y)


@ports("check_classifiers_classes", "check_classifiers_predictions", when=tags_steps)
def labels_of_steps_of_any_type_are_learned(case):
    classes, codes = np.unique(flat(case.y), return_inverse=True)
    ends = np.cumsum([len(item) for item in case.y])[:-1]
    n = len(classes)
    for kind in (
        np.arange(n) - 1,
        np.array(list("cabd"))[:n],
        np.array(["b", "c", "a"], object)[:n],
    ):
        labels = np.split(kind[codes], ends)
        estimator = case.new().fit(case.X, labels)
        np.testing.assert_array_equal(estimator.classes_, np.sort(kind))
        predicted = flat(estimator.predict(case.X))
        assert predicted.dtype == kind.dtype
        assert np.mean(predicted == kind[codes]) > 0.83
        assert estimator.score(case.X, labels) == np.mean(predicted == kind[codes])


@ports("check_decision_proba_consistency", when=tags_steps)
def probabilities_of_steps_add_up(case):
    out = outputs(case.fitted(), case.X)
    proba = flat(out["predict_proba"])
    np.testing.assert_allclose(proba.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(np.exp(flat(out["predict_log_proba"])), proba, atol=1e-6)


@ports("check_classifiers_one_label", "check_classifiers_one_label_sample_weights", when=tags_steps)
def one_class_of_steps_is_refused(case):
    label = case.y[0][0]
    with pytest.raises(ValueError, match="at least 2 classes in y; got 1 class"):
        case.new().fit(case.X, [np.repeat(label, len(item)) for item in case.y])
    with pytest.raises(ValueError, match="at least 2 classes with a weight above 0"):
        fit_weighted(case, [(item == label).astype(float) for item in case.y])


@ports("check_regressors_train", "check_regressors_int", when=predicts_numbers)
def numbers_of_steps_are_learned(case):
    estimator = case.fitted()
    predicted = flat(estimator.predict(case.X))
    assert predicted.dtype == np.float64
    assert estimator.score(case.X, case.y) > 0.5
    whole = [np.round(10 * item).astype(int) for item in case.y]
    wide = [np.stack([item, -item], axis=1) for item in whole]
    assert flat(case.new().fit(case.X, wide).predict(case.X)).shape == (len(predicted), 2)


@ports("check_sample_weights_shape", "check_all_zero_sample_weights_error", when=per_step)
def weights_of_steps_that_do_not_fit_are_refused(case):
    n, ones = len(case.X), [np.ones(len(item)) for item in case.y]
    for weights, message in [
        (np.ones(2 * n), "inconsistent"),
        ([*ones[:-1], np.ones(99)], rf"sample_weight\[{n - 1}\] has 99 values"),
        (np.zeros(n), "weight.*zero|no sample a weight"),
        ([-item for item in ones], "Negative values"),
        ([np.nan * item for item in ones], "contains NaN"),
    ]:
        with pytest.raises(ValueError, match=message):
            fit_weighted(case, weights)


@ports("check_sample_weight_equivalence_on_dense_data", when=per_step)
def a_weight_of_all_steps_is_a_number_of_repetitions(case):
    """Compare to 1e-4, where scikit-learn asks 1e-7, which is below float32."""
    times = np.random.default_rng(0).integers(0, 4, len(case.X))
    assert {0, 3} <= set(times.tolist())
    repeated = np.repeat(np.arange(len(times)), times)
    fitted = case.new(**ONE_BATCH).fit(take(case.X, repeated), case.y[repeated])
    order = shuffle(np.arange(len(times)), random_state=0)
    per_step_weights = [np.full(len(case.y[i]), times[i]) for i in order]
    expected = outputs(fitted, case.X)
    for weights in (times[order], per_step_weights):
        weighted = case.new(**ONE_BATCH).fit(
            take(case.X, order), case.y[order], sample_weight=weights
        )
        for name, out in outputs(weighted, case.X).items():
            if flat(out).dtype.kind == "f":
                np.testing.assert_allclose(flat(out), flat(expected[name]), rtol=0, atol=1e-4)


@ports(when=per_step)
def tags_ask_for_a_target_of_every_step(case):
    tags = get_tags(case.estimator)
    assert tags.target_tags.required
    assert not tags.input_tags.two_d_array  # a y of one target for each row would be refused
    assert tags.input_tags.three_d_array
