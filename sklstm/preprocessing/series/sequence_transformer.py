"""Base class of the transformers that take sequences of any form."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import validate_data

from sklstm._display import LinksToReference
from sklstm._keywords import ExplainedKeywords
from sklstm._sequences import Ragged, as_ragged


class SequenceTransformer(ExplainedKeywords, LinksToReference, TransformerMixin, BaseEstimator):
    """Read X as `Ragged`, with the feature counts and names that scikit-learn expects."""

    n_features_in_: int
    _columns: tuple[Any, ...] | None = None  # of the data frames that sequences were in `fit`

    def _read(self, X: Any, *, reset: bool) -> Ragged:
        """Return X with its own dtype; `reset` in a first fit.

        Where padding is NaN, which is not data in any case, it is cut off and noted in `cut`.
        """
        value = getattr(self, "padding_value", None)
        return as_ragged(
            X,
            dtype=None,
            estimator_name=type(self).__name__,
            lists_are_tables=reset,
            padding_value=value if value is not None and np.isnan(value) else None,
            columns=None if reset else self._columns,
        )

    def _record_features(self, X: Any, sequences: Ragged) -> None:
        """Set the attributes about the features of X. Call it last in `fit`, as it cannot fail."""
        is_table = sequences.width is not None and not sequences.is_tokens
        if is_table:
            validate_data(self, X, reset=True, skip_check_array=True)
        else:
            self.n_features_in_ = sequences.n_features
            self.__dict__.pop("feature_names_in_", None)
        self._is_table = is_table
        self._n_step_features = sequences.n_features
        self._columns = sequences.columns

    def _check_features(self, X: Any, sequences: Ragged) -> None:
        """Raise scikit-learn's ValueError if X has other features than in `fit`.

        The columns of a 2-D X are time steps; their number is compared if X was 2-D in `fit`, too.
        Otherwise the number of features per step is compared.
        """
        if self._is_table and sequences.width is not None and not sequences.is_tokens:
            validate_data(self, X, reset=False, skip_check_array=True)
        elif sequences.n_features != self._n_step_features and not sequences.has_bags:
            raise ValueError(
                f"X has {sequences.n_features} features, but {type(self).__name__} is expecting "
                f"{self._n_step_features} features as input."
            )

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags
