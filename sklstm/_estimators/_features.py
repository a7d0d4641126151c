"""What any fitted network gives out besides its predictions."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from sklstm._estimators._summary import format_summary
from sklstm._estimators.base import BaseLSTM


class NetworkSummary(BaseLSTM):
    """A table of the network."""

    def summary(self) -> None:
        """Print the parts of the network, their output shapes and parameter counts.

        Raises
        ------
        NotFittedError
            Before `fit`, which decides how many tokens, features and outputs there are.
        """
        check_is_fitted(self)
        print(format_summary(self.module_, self._input_))

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags


class PooledFeatures(ClassNamePrefixFeaturesOutMixin, TransformerMixin, NetworkSummary):
    """The pooled state as features for another model."""

    def transform(self, X: Any) -> np.ndarray:
        """Return the pooled state of each sequence, as features for another model.

        Parameters
        ----------
        X : sequences of shape (n_samples,), (n_samples, T) or (n_samples, T, F)
            In any of the forms in the notes of the class.

        Returns
        -------
        ndarray of shape (n_samples, n_features_out), dtype float32
            What the output layer sees; `hidden_size` of the last layer, per direction.
        """
        sequences = self._read_X(X)
        return self._run(self.module_.encode, sequences)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags

    @property
    def _n_features_out(self) -> int:
        return int(self.module_.output.in_features)
