"""What `SequencePadder` and `SequenceScaler` have in common: X in, checked and laid flat."""

from __future__ import annotations

from typing import Any

from sklearn.utils.validation import validate_data

from sklstm._sequences import Ragged, as_ragged


def read(transformer: Any, X: Any, *, reset: bool) -> Ragged:
    """Return ``X`` as `Ragged` of its own dtype; ``reset`` in a first fit."""
    return as_ragged(
        X, dtype=None, estimator_name=type(transformer).__name__, lists_are_tables=reset
    )


def record_features(transformer: Any, X: Any, sequences: Ragged) -> None:
    """Store how many features ``X`` has. Comes last in `fit`, when nothing else can fail."""
    is_table = sequences.width is not None and not sequences.is_tokens
    if is_table:
        validate_data(transformer, X, reset=True, skip_check_array=True)
    else:
        transformer.n_features_in_ = sequences.n_features
        vars(transformer).pop("feature_names_in_", None)
    transformer._is_table = is_table
    transformer._n_step_features = sequences.n_features


def check_features(transformer: Any, X: Any, sequences: Ragged) -> None:
    """Raise scikit-learn's ValueError when ``X`` has other features than in `fit`.

    The columns of a 2-D ``X`` are steps, and are counted where `fit` saw a 2-D ``X`` too.
    Otherwise what must agree is the number of features of a step.
    """
    if transformer._is_table and sequences.width is not None and not sequences.is_tokens:
        validate_data(transformer, X, reset=False, skip_check_array=True)
    elif sequences.n_features != transformer._n_step_features:
        raise ValueError(
            f"X has {sequences.n_features} features, but {type(transformer).__name__} is "
            f"expecting {transformer._n_step_features} features as input."
        )
