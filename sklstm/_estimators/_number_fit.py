"""Training a regressor: at once, or in parts."""

from __future__ import annotations

import warnings
from typing import Any, Self

from sklearn.base import _fit_context

from sklstm._estimators._holdout import validation_pair
from sklstm._estimators._regression import NumberTargets, checked_quantiles


class NumberFit(NumberTargets):
    """The methods that train on numbers."""

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        groups: Any = None,
        validation_data: tuple[Any, Any] | None = None,
        X_val: Any = None,
        y_val: Any = None,
    ) -> Self:
        """Train on sequences and their numbers.

        Parameters
        ----------
        X : sequences of shape (n_samples,), (n_samples, T) or (n_samples, T, F)
            The training data, in any of the forms in the notes of the class.
        y : array-like of shape (n_samples,), (n_samples, n_outputs) or (n_samples, H, W)
            What to predict, in any unit. With ``return_sequences=True`` an array of shape (T_i,)
            or (T_i, n_outputs) for each sequence; where padding is cut off X, it is off y.
        sample_weight : array-like of shape (n_samples,) or None, default=None
            Weight of each sample in the loss and in the scale of y; with
            ``return_sequences=True`` also an array of shape (T_i,) for each, of its steps.
        groups : array-like of shape (n_samples,) or None, default=None
            Samples of one group are held out together by early stopping.
        validation_data : tuple (X_val, y_val) or None, default=None
            Scored after every epoch; what early stopping watches instead of held-out data.
        X_val, y_val : as X and y, or None, default=None
            The same as two arguments, so that a Pipeline can transform the first
            (``Pipeline(..., transform_input=["X_val"])``).

        Returns
        -------
        LSTMRegressor
            Itself.

        Raises
        ------
        ValueError, TypeError
            If X, y or a parameter is not as described, or the loss becomes NaN or infinite.
            An earlier fit is still there then.
        """
        checked_quantiles(self.quantiles)
        validation = validation_pair(validation_data, X_val, y_val)
        return self._fit(X, y, sample_weight, groups, validation)

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train for one epoch on a part of the data, going on from where it stands.

        Parameters
        ----------
        X : sequences of shape (n_samples,), (n_samples, T) or (n_samples, T, F)
            This part.
        y : array-like of shape (n_samples,), (n_samples, n_outputs) or (n_samples, H, W)
            Its numbers. The first part sets the scale of y for all of them, so it should show
            how far y spreads.
        sample_weight : array-like of shape (n_samples,) or None, default=None
            Weight of each sample in the loss.

        Returns
        -------
        LSTMRegressor
            Itself.

        Raises
        ------
        ValueError, TypeError
            As `fit`. The model is as before the call then.

        Warns
        -----
        UserWarning
            If y of the first part does not vary.
        """
        checked_quantiles(self.quantiles)
        first = not hasattr(self, "module_")
        self._partial_fit(X, y, None, sample_weight)
        if first and not self._codec_.has_spread:
            warnings.warn(
                "y of the first part holds one value only, so its scale is unknown and taken as 1 "
                "for all parts to come. Begin with a part that shows the spread of y.",
                UserWarning,
                stacklevel=2,
            )
        return self
