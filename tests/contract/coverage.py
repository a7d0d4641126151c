"""Whether each check of scikit-learn is called, ported or not applicable, and why."""

from __future__ import annotations

from sklearn.utils import estimator_checks

from contract import (
    cases,
    checks,  # noqa: F401  (registers its checks)
    steps,  # noqa: F401
    targets,  # noqa: F401
)

# These need no data, or raise before they use it, so they run on any estimator.
CALLED = [
    estimator_checks.check_do_not_raise_errors_in_init_or_set_params,
    estimator_checks.check_estimator_cloneable,
    estimator_checks.check_estimator_repr,
    estimator_checks.check_estimator_sparse_tag,
    estimator_checks.check_estimator_tags_renamed,
    estimator_checks.check_get_params_invariance,
    estimator_checks.check_mixin_order,
    estimator_checks.check_no_attributes_set_in_init,
    estimator_checks.check_param_validation,
    estimator_checks.check_parameters_default_constructible,
    estimator_checks.check_set_params,
    estimator_checks.check_valid_tag_types,
]

_ARRAY_API = "array API input is a rectangle; scikit-learn's own check runs on LSTMClassifier"
_CLUSTERS = "for clusterers"
_OUTLIERS = "for outlier detectors"

NOT_APPLICABLE = {
    "check_array_api_input": _ARRAY_API,
    "check_array_api_input_and_values": _ARRAY_API,
    "check_array_api_mixed_inputs": _ARRAY_API,
    "check_array_api_same_namespace": _ARRAY_API,
    "check_class_weight_balanced_classifiers": "a helper, of tests of linear models",
    "check_class_weight_balanced_linear_classifier": "for linear models",
    "check_classifier_multioutput": "for the tag multi_output, several labels of several classes",
    "check_classifier_not_supporting_multiclass": "for classifiers without the tag multi_class",
    "check_clusterer_compute_labels_predict": _CLUSTERS,
    "check_clustering": _CLUSTERS,
    "check_dataframe_column_names_consistency": "columns are steps of 2-D input, which "
    "scikit-learn's own check feeds; a column of sequences may have any name",
    "check_estimator": "what runs the checks",
    "check_fit_non_negative": "for the tag positive_only",
    "check_nonsquare_error": "for the tag pairwise",
    "check_outlier_contamination": _OUTLIERS,
    "check_outlier_corruption": _OUTLIERS,
    "check_outliers_fit_predict": _OUTLIERS,
    "check_outliers_train": _OUTLIERS,
    "check_sample_weight_equivalence_on_sparse_data": "for the tag sparse",
    "check_sparsify_coefficients": "for linear models",
}

COVERAGE: dict[str, str] = {
    **{check.__name__: "called" for check in CALLED},
    **{name: f"ported to {check.__name__}" for name, check in cases.PORTED.items()},
    **{name: f"not applicable: {reason}" for name, reason in NOT_APPLICABLE.items()},
}
