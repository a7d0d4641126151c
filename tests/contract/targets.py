"""Checks of y and sample weights."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array
from sklearn.exceptions import DataConversionWarning
from sklearn.utils import _safe_indexing as take
from sklearn.utils import get_tags, shuffle
from sklearn.utils.estimator_checks import _NotAnArray
from sklearn.utils.validation import has_fit_parameter

from contract.cases import Case, holds_text, per_step, ports, writes_sequences
from contract.comparing import assert_same, outputs, unchanged

# With one batch and nothing random, a weight of n equals n repetitions.
ONE_BATCH = {
    "batch_size": 1000,
    "shuffle": False,
    "dropout": 0.0,
    "embedding_dropout": 0.0,
    "rare_word_dropout": 0.0,
    "max_epochs": 3,
    "early_stopping": False,
}


def is_supervised(case: Case) -> bool:
    return get_tags(case.estimator).target_tags.required


def is_classifier(case: Case) -> bool:
    """Return True if y is one label per sample, of any kind."""
    return get_tags(case.estimator).estimator_type == "classifier" and np.ndim(case.y) == 1


def is_regressor(case: Case) -> bool:
    return get_tags(case.estimator).estimator_type == "regressor" and not per_step(case)


def is_multilabel(case: Case) -> bool:
    return get_tags(case.estimator).estimator_type == "classifier" and np.ndim(case.y) == 2


def takes_weights(case: Case) -> bool:
    return has_fit_parameter(case.estimator, "sample_weight")


def weighs_samples(case: Case) -> bool:
    return takes_weights(case) and not per_step(case)


def has_a_target_each(case: Case) -> bool:
    return is_supervised(case) and not per_step(case) and not writes_sequences(case)


def sensitive(estimator, case: Case):
    """Return numbers that show small differences between models."""
    methods = ("decision_function", "predict_proba", "predict")  # the most sensitive one
    if writes_sequences(case):
        return estimator.score_samples(case.X, case.y)
    return getattr(estimator, next(name for name in methods if hasattr(estimator, name)))(case.X)


def fit_weighted(case: Case, sample_weight):
    return case.new().fit(case.X, case.y, sample_weight=sample_weight)


@ports("check_requires_y_none", when=is_supervised)
def y_is_asked_for(case):
    with pytest.raises(ValueError, match="requires y to be passed, but the target y is None"):
        case.new().fit(case.X, None)


@ports(when=is_supervised)
def a_short_y_is_refused(case):
    estimator = case.fitted()
    message = f"inconsistent.*{len(case.X)}, {len(case.X) - 1}"
    with unchanged(estimator, case.X), pytest.raises(ValueError, match=message):
        estimator.fit(case.X, case.y[:-1])


@ports("check_supervised_y_no_nan", when=has_a_target_each)
def gaps_in_y_are_refused(case):
    for gap in (np.nan, np.inf):
        y = np.arange(len(case.X)) % 2.0
        y[3] = gap
        with pytest.raises(ValueError, match="Input y contains"):
            case.new().fit(case.X, y)


@ports(when=writes_sequences)
def gaps_in_sequences_of_y_are_refused(case):
    for gap in (None, np.nan):
        y = [*case.y[:3], gap, *case.y[4:]]
        with pytest.raises((TypeError, ValueError), match=r"y\[3\]"):
            case.new().fit(case.X, y)


@ports("check_supervised_y_2d", when=is_classifier)
def a_column_of_labels_is_flattened_with_a_warning(case):
    with pytest.warns(DataConversionWarning, match="column-vector y"):
        estimator = case.new().fit(case.X, np.asarray(case.y)[:, None])
    assert_same(outputs(estimator, case.X), outputs(case.fitted(), case.X))


@ports(
    "check_classifiers_classes",
    "check_classifiers_predictions",
    "check_classifiers_train",
    when=is_classifier,
)
def labels_of_any_type_are_learned(case):
    codes = np.unique(case.y, return_inverse=True)[1]
    n = codes.max() + 1
    kinds = [np.arange(n) - 1, np.arange(n) * 10.0, np.array(list("cabd"))[:n]]
    kinds += [np.array(["one", "three", "two"], dtype=object)[:n], np.array([False, True])]
    for kind in kinds[: 5 if n == 2 else 4]:
        estimator = case.new().fit(case.X, kind[codes])
        np.testing.assert_array_equal(estimator.classes_, np.sort(kind))
        predicted = estimator.predict(case.X)
        assert predicted.dtype == kind.dtype
        assert np.mean(predicted == kind[codes]) > 0.83
        assert estimator.score(case.X, kind[codes]) == np.mean(predicted == kind[codes])


@ports("check_decision_proba_consistency", when=is_classifier)
def probabilities_and_decisions_agree(case):
    estimator = case.fitted()
    out = outputs(estimator, case.X)
    assert (out["predict_proba"] > 0).all()
    np.testing.assert_allclose(out["predict_proba"].sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(np.exp(out["predict_log_proba"]), out["predict_proba"], atol=1e-6)
    decision = out["decision_function"]
    if decision.ndim == 1:
        decision = np.stack([np.zeros(len(decision)), decision], axis=1)
    for scores in (out["predict_proba"], decision):
        np.testing.assert_array_equal(estimator.classes_[scores.argmax(axis=1)], out["predict"])
    ranks = np.argsort(decision[:, -1] - decision[:, 0], kind="stable")
    log_odds = out["predict_log_proba"][:, -1] - out["predict_log_proba"][:, 0]
    assert (np.diff(log_odds[ranks]) > -1e-5).all()


@ports(
    "check_classifiers_one_label", "check_classifiers_one_label_sample_weights", when=is_classifier
)
def one_class_is_refused(case):
    y = np.repeat(np.asarray(case.y)[:1], len(case.X))
    with pytest.raises(ValueError, match="at least 2 classes in y; got 1 class"):
        case.new().fit(case.X, y)
    with pytest.raises(ValueError, match="at least 2 classes with a weight above 0"):
        fit_weighted(case, (case.y == case.y[0]).astype(float))


@ports("check_classifiers_regression_target", when=is_classifier)
def numbers_that_are_no_labels_are_refused(case):
    with pytest.raises(ValueError, match="Unknown label type: continuous"):
        case.new().fit(case.X, np.linspace(0, 1, len(case.X)))


@ports("check_regressors_train", "check_regressors_no_decision_function", when=is_regressor)
def numbers_are_learned(case):
    estimator = case.fitted()
    predicted = estimator.predict(case.X)
    assert predicted.shape == np.shape(case.y)
    assert predicted.dtype == np.float64
    assert np.isfinite(predicted).all()
    assert estimator.score(case.X, case.y) > 0.5
    for name in ("decision_function", "predict_proba", "predict_log_proba"):
        assert not hasattr(estimator, name)


@ports("check_regressors_int", "check_regressor_multioutput", when=is_regressor)
def whole_numbers_and_columns_of_targets_do(case):
    y = np.round(10 * np.asarray(case.y))
    expected = outputs(case.new().fit(case.X, y), case.X)
    assert_same(outputs(case.new().fit(case.X, y.astype(int)), case.X), expected, tolerance=0)
    column = case.new().fit(case.X, y.reshape(len(y), -1)[:, :1]).predict(case.X)
    assert column.shape == (len(y), 1)
    wide = case.new().fit(case.X, np.stack([y.reshape(len(y), -1)[:, 0]] * 3, axis=1))
    assert wide.predict(case.X).shape == (len(y), 3)


@ports("check_class_weight_classifiers", when=is_classifier)
def a_heavy_class_is_predicted(case):
    X = take(case.X, np.zeros(len(case.X), dtype=int))  # the classes differ in weight only
    for label in np.unique(case.y):
        weights = {other: 1e-4 for other in np.unique(case.y)} | {label: 1000.0}
        with warnings.catch_warnings():  # one sequence varies less than many
            warnings.filterwarnings("ignore", "feature [0-9]+ of X has mean")
            estimator = case.new(class_weight=weights).fit(X, case.y)
        assert (estimator.predict(X) == label).all()


@ports("check_classifiers_multilabel_representation_invariance", when=is_multilabel)
def indicators_of_any_form_are_alike(case):
    expected = outputs(case.fitted(), case.X)
    for y in (case.y.tolist(), case.y.astype(np.int8), case.y.astype(float), csr_array(case.y)):
        assert_same(outputs(case.new().fit(case.X, y), case.X), expected, tolerance=0)


@ports(
    "check_classifiers_multilabel_output_format_predict",
    "check_classifiers_multilabel_output_format_predict_proba",
    "check_classifiers_multilabel_output_format_decision_function",
    when=is_multilabel,
)
def every_label_has_a_column(case):
    out = outputs(case.fitted(), case.X)
    for name in ("predict", "predict_proba", "decision_function"):
        assert out[name].shape == case.y.shape
    assert out["predict"].dtype == case.y.dtype
    np.testing.assert_array_equal(out["decision_function"] > 0, out["predict"])
    np.testing.assert_array_equal(out["predict_proba"] > 0.5, out["predict"])
    assert np.mean(out["predict"] == case.y) > 0.83


@ports(
    "check_sample_weights_list",
    "check_sample_weights_not_an_array",
    "check_sample_weights_not_overwritten",
    "check_sample_weights_pandas_series",
    when=takes_weights,
)
def containers_of_weights_are_all_alike(case):
    weights = np.random.default_rng(0).uniform(0.5, 2, len(case.X))
    given = weights.copy()
    expected = outputs(fit_weighted(case, given), case.X)
    np.testing.assert_array_equal(given, weights)
    for form in (weights.tolist(), pd.Series(weights), _NotAnArray(weights)):
        assert_same(outputs(fit_weighted(case, form), case.X), expected, tolerance=0)
    unweighted, weighted = (
        sensitive(case.fitted(), case),
        sensitive(fit_weighted(case, given), case),
    )
    differences = [np.abs(a - b).max() for a, b in zip(unweighted, weighted, strict=True)]
    assert max(differences) > 1e-4


@ports("check_sample_weights_shape", "check_all_zero_sample_weights_error", when=weighs_samples)
def weights_that_do_not_fit_are_refused(case):
    n = len(case.X)
    for weights, message in [
        (np.ones(2 * n), rf"sample_weight\.shape == \({2 * n},\)"),
        (np.ones((n, 2)), "Sample weights must be 1D"),
        (np.zeros(n), "weight.*zero|no sample a weight"),
        (np.full(n, -1.0), "Negative values"),
        (np.full(n, np.nan), "contains NaN"),
    ]:
        with pytest.raises(ValueError, match=message):
            fit_weighted(case, weights)


@ports(
    "check_sample_weight_equivalence_on_dense_data",
    when=lambda case: weighs_samples(case) and is_supervised(case) and not holds_text(case),
)
def a_weight_is_a_number_of_repetitions(case):
    """Compare to 1e-4, where scikit-learn asks 1e-7, which is below float32.

    Statistics of batches do not know sample weights, and what is held out to weigh the linear path
    is drawn among the rows: it is without both. Where texts are tokenized inside, the ids of tokens
    depend on how often they occur.
    """
    times = np.random.default_rng(0).integers(0, 4, len(case.X))
    assert {0, 3} <= set(times.tolist())
    repeated = np.repeat(np.arange(len(times)), times)
    without = {"fcn_filters": None, "linear_path": False}
    known = case.estimator.get_params()
    params = {name: value for name, value in (ONE_BATCH | without).items() if name in known}
    fitted = case.new(**params).fit(take(case.X, repeated), take(case.y, repeated))
    order = shuffle(np.arange(len(times)), random_state=0)
    weighted = case.new(**params).fit(
        take(case.X, order), take(case.y, order), sample_weight=times[order]
    )
    expected = outputs(fitted, case.X)
    numbers = {name for name, out in expected.items() if out.dtype.kind == "f"}
    for name in numbers:
        actual = getattr(weighted, name)(case.X)
        np.testing.assert_allclose(actual, expected[name], rtol=0, atol=1e-4)
    numbers, plain = sensitive(fitted, case), sensitive(case.fitted(**params), case)
    np.testing.assert_allclose(sensitive(weighted, case), numbers, rtol=1e-4, atol=1e-4)
    assert np.abs(numbers - plain).max() > 1e-3
