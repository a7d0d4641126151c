"""Checks of every estimator; `contract.cases` says what a check is."""

from __future__ import annotations

import inspect
import pickle

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.utils import _safe_indexing as take
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted

from contract.cases import (
    first,
    is_list,
    per_step,
    ports,
    shortened,
    transforms,
    writes_sequences,
)
from contract.comparing import METHODS, assert_same, outputs, read_only, state, unchanged


@ports("check_estimators_fit_returns_self", "check_fit_check_is_fitted")
def fit_returns_the_fitted_estimator(case):
    estimator = case.new()
    if get_tags(estimator).requires_fit:
        with pytest.raises(NotFittedError):
            check_is_fitted(estimator)
    assert estimator.fit(case.X, case.y) is estimator
    check_is_fitted(estimator)
    assert not [name for name in vars(clone(estimator)) if name.endswith("_")]


@ports(
    "check_estimators_unfitted",
    "check_transformers_unfitted",
    "check_transformers_unfitted_stateless",
    "check_get_feature_names_out_error",
)
def unfitted_use_is_refused_or_works_without_state(case):
    estimator = case.new()
    if not get_tags(estimator).requires_fit:
        before = state(estimator)
        assert_same(outputs(estimator, case.X), outputs(case.fitted(), case.X))
        assert state(estimator) == before
        return
    calls = [name for name in METHODS if hasattr(estimator, name)]
    for name in calls:
        with pytest.raises(NotFittedError, match=type(estimator).__name__):
            getattr(estimator, name)(case.X)
    if transforms(case):
        with pytest.raises(NotFittedError):
            estimator.get_feature_names_out()


@ports("check_estimators_overwrite_params", "check_dont_overwrite_parameters")
def fit_leaves_parameters_and_adds_attributes_with_an_underscore(case):
    estimator = case.new()
    params, names = joblib.hash(estimator.get_params()), set(vars(estimator))
    estimator.fit(case.X, case.y)
    assert joblib.hash(estimator.get_params()) == params
    added = set(vars(estimator)) - names
    assert added
    assert not [name for name in added if not (name.endswith("_") or name.startswith("_"))]


@ports("check_dict_unchanged")
def methods_leave_the_estimator_as_it_is(case):
    estimator = case.fitted()
    before = state(estimator)
    outputs(estimator, case.X)
    assert state(estimator) == before


@ports("check_fit_idempotent")
def a_second_fit_gives_the_same(case):
    estimator = case.fitted()
    before = outputs(estimator, case.X)
    assert_same(outputs(estimator.fit(case.X, case.y), case.X), before, tolerance=0)


@ports("check_estimators_pickle")
def pickles_give_the_same(case, tmp_path):
    estimator = case.fitted()
    expected = outputs(estimator, case.X)
    assert_same(outputs(pickle.loads(pickle.dumps(estimator)), case.X), expected, tolerance=0)
    mapped = read_only(estimator, tmp_path / "estimator")
    assert_same(outputs(mapped, case.X), expected, tolerance=0)


@ports("check_methods_sample_order_invariance")
def order_of_samples_does_not_matter(case):
    estimator, order = case.fitted(), np.random.default_rng(0).permutation(len(case.X))
    expected = {name: out[order] for name, out in outputs(estimator, case.X).items()}
    assert_same(outputs(estimator, take(case.X, order)), expected)


@ports("check_methods_subset_invariance")
def samples_do_not_depend_on_each_other(case):
    estimator = case.fitted()
    whole = outputs(estimator, case.X)
    for i in range(0, len(case.X), 5):
        one = outputs(estimator, take(case.X, [i]))
        assert_same(one, {name: out[[i]] for name, out in whole.items()})


@ports("check_readonly_memmap_input", "check_inplace_ensure_writeable")
def read_only_data_do_and_stay_as_they_are(case, tmp_path):
    X, y = read_only((case.X, case.y), tmp_path / "data")
    before = joblib.hash((X, y))
    estimator = case.new().fit(X, y)
    actual = outputs(estimator, X)
    assert joblib.hash((X, y)) == before
    before = joblib.hash((case.X, case.y))
    assert_same(actual, outputs(case.fitted(), case.X), tolerance=0)
    assert joblib.hash((case.X, case.y)) == before


@ports(
    "check_classifier_data_not_an_array",
    "check_dtype_object",
    "check_estimators_data_not_an_array",
    "check_regressor_data_not_an_array",
    "check_transformer_data_not_an_array",
    when=is_list,
)
def containers_of_samples_are_all_alike(case):
    expected = outputs(case.fitted(), case.X)
    boxed = np.fromiter(case.X, dtype=object, count=len(case.X))
    column = pd.Series(boxed)
    for X in (boxed, tuple(case.X), column, pd.DataFrame({"sequence": column})):
        actual = outputs(case.new().fit(X, case.y), X)
        for name, result in actual.items():
            if isinstance(result, np.ndarray) and result.dtype.kind == "O" and result.ndim == 2:
                assert result.shape[1] == X.shape[1]  # sequences in one column, as the texts were
                actual[name] = result[:, 0]
        assert_same(actual, expected, tolerance=0)


@ports("check_f_contiguous_array_estimator", when=lambda case: getattr(case.X, "ndim", 1) > 1)
def memory_layout_does_not_matter(case):
    X = np.asfortranarray(case.X)
    assert_same(outputs(case.new().fit(X, case.y), X), outputs(case.fitted(), case.X))


@ports("check_estimators_empty_data_messages")
def no_samples_are_refused(case):
    for X in ([], take(case.X, [])):
        with pytest.raises(ValueError, match=r"empty|0 sample"):
            case.new().fit(X, None if case.y is None else case.y[:0])


@ports(
    "check_complex_data",
    "check_estimators_nan_inf",
    "check_fit1d",
    "check_estimator_sparse_array",
    "check_estimator_sparse_matrix",
)
def bad_input_is_named_and_changes_nothing(case):
    estimator = case.fitted()
    methods = [getattr(estimator, name) for name in outputs(estimator, case.X)]
    assert case.bad_X
    with unchanged(estimator, case.X):
        for X, error, message in case.bad_X:
            with pytest.raises(error, match=message):
                estimator.fit(X, case.y)
            for method in methods:
                with pytest.raises(error, match=message):
                    method(X)


@ports("check_fit2d_predict1d")
def a_sample_outside_a_list_is_refused(case):
    estimator = case.fitted()
    for name in outputs(estimator, case.X):
        with pytest.raises((TypeError, ValueError), match=r"single|Reshape|features"):
            getattr(estimator, name)(first(case.X))


@ports("check_fit2d_1sample")
def one_sample_is_learned_or_refused_by_name(case):
    X, y = take(case.X, [0]), None if case.y is None else case.y[:1]
    try:
        case.new().fit(X, y)
    except ValueError as error:
        assert "sample" in str(error) or "class" in str(error)  # noqa: PT017


@ports("check_fit2d_1feature")
def one_step_is_a_sequence(case):
    X, y = shortened(case.X), case.y
    if per_step(case):
        y = [item[:1] for item in y]
    for out in outputs(case.new().fit(X, y), X).values():
        assert len(out) == len(case.X)
        assert all(np.isfinite(row).all() for row in out if np.asarray(row).dtype.kind in "fi")


@ports("check_transformer_general", "check_pipeline_consistency", when=transforms)
def fit_transform_is_fit_and_transform(case):
    expected = case.fitted().transform(case.X)
    assert_same(case.new().fit_transform(case.X, case.y), expected)
    pipeline = make_pipeline(case.new())
    assert_same(pipeline.fit(case.X, case.y).transform(case.X), expected, tolerance=0)
    assert_same(pipeline.fit_transform(case.X, case.y), expected)


@ports(
    "check_estimators_dtypes",
    "check_positive_only_tag_during_fit",
    "check_transformer_preserve_dtypes",
    when=lambda case: case.holds_numbers and is_list(case),
)
def number_types_are_all_alike(case):
    whole = [np.round(np.asarray(item) * 10) for item in case.X]  # negative ones too
    assert min(item.min() for item in whole) < 0
    expected = outputs(case.new().fit(whole, case.y), whole)
    for dtype in (np.float32, np.float64, np.int32, np.int64, object):
        X = [item.astype(dtype) for item in whole]
        assert_same(outputs(case.new().fit(X, case.y), X), expected, tolerance=0)
    if "transform" in expected:
        assert expected["transform"].dtype == np.float32


@ports("check_n_features_in", "check_n_features_in_after_fitting")
def features_are_counted(case):
    estimator = case.new()
    assert not hasattr(estimator, "n_features_in_")
    estimator.fit(case.X, case.y)
    assert getattr(estimator, "n_features_in_", None) == case.n_features_in
    if case.n_features_in is None:
        return
    wider = np.ones((3, 4, case.n_features_in + 1), dtype=int)
    X = type(case.X)(wider) if hasattr(case.X, "vocabulary") else wider
    for name in outputs(estimator, case.X):
        with pytest.raises(ValueError, match=f"X has {case.n_features_in + 1} features"):
            getattr(estimator, name)(X)


@ports(
    "check_transformer_get_feature_names_out",
    "check_transformer_get_feature_names_out_pandas",
    when=transforms,
)
def outputs_have_names(case):
    estimator = case.fitted()
    names, out = estimator.get_feature_names_out(), estimator.transform(case.X)
    assert names.dtype == object
    assert len(names) == len(set(names)) == (1 if out.ndim == 1 else out.shape[1])


@ports(
    "check_set_output_transform",
    "check_set_output_transform_pandas",
    "check_global_output_transform_pandas",
    when=transforms,
)
def set_output_makes_a_frame(case):
    estimator = case.fitted()
    plain = estimator.transform(case.X)
    frame = clone(estimator).set_output(transform="pandas").fit(case.X, case.y).transform(case.X)
    assert isinstance(frame, pd.DataFrame)
    assert list(frame.columns) == list(estimator.get_feature_names_out())
    columns = frame["sequence"] if plain.ndim == 1 else frame
    assert_same(columns.to_numpy(), np.asarray(plain), tolerance=0)


@ports("check_set_output_transform_polars", "check_global_set_output_transform_polars")
def set_output_knows_polars(case):
    polars = pytest.importorskip("polars")
    if transforms(case):
        frame = case.fitted().set_output(transform="polars").transform(case.X)
        assert isinstance(frame, polars.DataFrame)


@ports("check_fit_score_takes_y")
def y_is_the_second_argument(case):
    for name in ("fit", "score", "partial_fit", "fit_transform", "fit_predict"):
        if hasattr(case.estimator, name):
            parameters = list(inspect.signature(getattr(case.estimator, name)).parameters)
            assert parameters[1] == "y"


@ports("check_non_transformer_estimators_n_iter", "check_transformer_n_iter")
def epochs_are_counted(case):
    if "max_epochs" in case.estimator.get_params():
        history = case.fitted(max_epochs=3).history_
        assert sum(row.get("phase") != "clustering" for row in history) == 3


def learns_in_parts(case):
    has_method = hasattr(case.estimator, "partial_fit")
    return has_method and not getattr(case.estimator, "early_stopping", False)


@ports("check_estimators_partial_fit_n_features", when=learns_in_parts)
def partial_fit_keeps_to_the_form_of_its_first_call(case):
    classes = {}
    if hasattr(case.fitted(), "classes_"):
        classes = {"classes": case.fitted().classes_}
    estimator = case.new().partial_fit(case.X, case.y, **classes)
    before = state(estimator)
    X = np.zeros((len(case.X), 4, case.n_features_in + 1))
    with pytest.raises(ValueError, match="X h"):
        estimator.partial_fit(X, case.y)
    assert state(estimator) == before
    estimator.partial_fit(case.X, case.y)
    assert estimator.n_iter_ == 2


@ports()
def tags_say_what_is_accepted(case):
    tags = get_tags(case.estimator).input_tags
    estimator = case.new()
    if "input_type" in estimator.get_params():
        estimator.set_params(input_type="auto")
    forms = {
        "string": ["a word", "another one"] * 6,
        "two_d_array": np.arange(48.0).reshape(12, 4),
        "three_d_array": np.arange(96.0).reshape(12, 4, 2),
    }
    for tag, X in forms.items():
        y = np.arange(12) % 2 if get_tags(estimator).target_tags.required else None
        try:
            if writes_sequences(case):
                y = ["a", "b"] * 6
            estimator.fit(X, [np.arange(len(x)) % 2 for x in X] if per_step(case) else y)
        except (TypeError, ValueError):
            assert not getattr(tags, tag), tag
        else:
            # A table is accepted, but the tag promises one target for each of its rows.
            assert getattr(tags, tag) == (tag != "two_d_array" or not per_step(case)), tag
    assert not tags.sparse
    assert tags.allow_nan == getattr(estimator, "_reads_missing", False)
    assert not tags.positive_only


@ports()
def representations_name_the_estimator(case):
    estimator = case.fitted()
    assert type(estimator).__name__ in repr(estimator)
    assert type(estimator).__name__ in estimator._repr_html_()
