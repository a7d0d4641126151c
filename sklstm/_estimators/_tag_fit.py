"""Training a tagger: at once, or in parts."""

from __future__ import annotations

from typing import Any, Self

from sklearn.base import _fit_context

from sklstm._estimators._holdout import validation_pair
from sklstm._estimators._tags import TagTargets
from sklstm._targets.class_weights import check_weights_known


class TagFit(TagTargets):
    """The methods that train on labels of steps."""

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
        """Train on sequences and their labels.

        Parameters
        ----------
        X : sequences of shape (n_samples,), (n_samples, T) or (n_samples, T, F)
            The training data, in any of the forms that `LSTMClassifier` takes.
        y : sequence of array-like of shape (T_i,)
            For each sequence one label for every step, of any type. Where padding is cut off
            X, it is cut off y as well, unless y comes without it.
        sample_weight : array-like of shape (n_samples,), sequence of array-like of shape \
                (T_i,) or None, default=None
            Weight of all steps of each sequence, or of each step, in the loss; times the weight
            of its class.
        groups : array-like of shape (n_samples,) or None, default=None
            Sequences of one group are held out together by early stopping.
        validation_data : tuple (X_val, y_val) or None, default=None
            Scored after every epoch; what early stopping watches instead of held-out data.
        X_val, y_val : as X and y, or None, default=None
            The same as two arguments, so that a Pipeline can transform the first
            (``Pipeline(..., transform_input=["X_val"])``).

        Returns
        -------
        LSTMTagger
            Itself.

        Raises
        ------
        ValueError, TypeError
            If X, y or a parameter is not as described (labels of another number than steps are
            named by their sequence), or the loss becomes NaN or infinite.
            An earlier fit is still there then.
        """
        validation = validation_pair(validation_data, X_val, y_val)
        return self._fit(X, y, sample_weight, groups, validation)

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Self:
        """Train for one epoch on a part of the data, going on from where it stands.

        Parameters
        ----------
        X : sequences of shape (n_samples,), (n_samples, T) or (n_samples, T, F)
            This part. Token ids that the first part's vocabulary lacks count as unknown.
        y : sequence of array-like of shape (T_i,)
            Its labels.
        classes : array-like of shape (n_classes,) or None, default=None
            All labels that will ever come; needed at the first call if its y lacks any.
        sample_weight : array-like of shape (n_samples,), sequence of array-like of shape \
                (T_i,) or None, default=None
            Weight of each sequence's steps, or of each step, in the loss.

        Returns
        -------
        LSTMTagger
            Itself.

        Raises
        ------
        ValueError, TypeError
            As `fit`, and for a label that is not among the classes, or
            ``class_weight="balanced"``. The model is as before the call then.
        """
        check_weights_known(self.class_weight)
        if classes is not None and hasattr(self, "_codec_"):
            self._codec_.check_same(classes)
        return self._partial_fit(X, y, classes, sample_weight)
