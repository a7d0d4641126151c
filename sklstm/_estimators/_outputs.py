"""What a fitted classifier gives out."""

from __future__ import annotations

from typing import Any

import numpy as np

from sklstm._estimators._features import PooledFeatures
from sklstm._estimators._prefixes import prefix_outputs
from sklstm._estimators._targets import LabelCodec
from sklstm._training import resolve_device


class ClassifierOutputs(PooledFeatures):
    """The network's outputs as labels and probabilities.

    A leaf sets ``_codec_`` in its fit.
    """

    _codec_: LabelCodec

    def predict(self, X: Any) -> np.ndarray:
        """Return the most probable label of each sequence.

        Parameters
        ----------
        X : sequences of shape (n_samples,), (n_samples, T) or (n_samples, T, F)
            In any of the forms in the notes of the class.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_labels)
            Labels as in the y of `fit`.
        """
        outputs = self._outputs(X)
        return self._codec_.labels(outputs)

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probability of every class.

        Parameters
        ----------
        X : sequences of shape (n_samples,), (n_samples, T) or (n_samples, T, F)
            In any of the forms in the notes of the class.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Rows add up to 1, but for multilabel y, where each column stands alone.
        """
        outputs = self._outputs(X)
        return self._codec_.probabilities(outputs)

    def predict_log_proba(self, X: Any) -> np.ndarray:
        """Return the logarithm of the probability of every class.

        Parameters
        ----------
        X : sequences of shape (n_samples,), (n_samples, T) or (n_samples, T, F)
            In any of the forms in the notes of the class.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Exact even where the probability itself would round to 0.
        """
        outputs = self._outputs(X)
        return self._codec_.log_probabilities(outputs)

    def decision_function(self, X: Any) -> np.ndarray:
        """Return the network's outputs before they become probabilities.

        Parameters
        ----------
        X : sequences of shape (n_samples,), (n_samples, T) or (n_samples, T, F)
            In any of the forms in the notes of the class.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_classes)
            For two classes, the log-odds of the second.
        """
        outputs = self._outputs(X)
        return self._codec_.decision(outputs)

    def predict_proba_steps(self, X: Any) -> np.ndarray:
        """Return the probability of every class after each step.

        Parameters
        ----------
        X : sequences of shape (n_samples,), (n_samples, T) or (n_samples, T, F)
            In any of the forms in the notes of the class.

        Returns
        -------
        ndarray of shape (n_samples,), dtype object
            Arrays of shape (T_i, n_classes); row t is `predict_proba` of the first t + 1
            steps. One pass for a model that reads forward only (``bidirectional=False``,
            no convolution); otherwise every prefix is run, at a cost quadratic in T_i.
        """
        sequences = self._read_X(X)
        result = np.empty(len(sequences), dtype=object)
        device = resolve_device(self.device, fallback=True)
        outputs = prefix_outputs(self.module_, sequences, device=device, n_jobs=self.n_jobs)
        for index, of_steps in outputs:
            result[index] = self._codec_.probabilities(of_steps)
        return result
