"""What a fitted classifier gives out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from sklstm._estimators._features import PooledFeatures
from sklstm._estimators._prediction import chosen_decoder
from sklstm._estimators._prefixes import prefix_outputs
from sklstm._estimators._state import SequenceState
from sklstm._targets.labels import LabelCodec
from sklstm._training import resolve_device


class ClassifierOutputs(PooledFeatures):
    """The network's outputs as labels and probabilities.

    A leaf sets ``_codec_`` in its fit.
    """

    _codec_: LabelCodec

    def predict(
        self, X: Any, *, state: SequenceState | None = None, return_state: bool = False
    ) -> Any:
        """Return the most probable label of each sequence.

        Parameters
        ----------
        X : sequences of shape (n_samples,), (n_samples, T) or (n_samples, T, F)
            In any of the forms in the notes of the class.
        state : SequenceState or None, default=None
            Where each sequence goes on from: what an earlier call with ``return_state=True``
            gave. Only for a model that reads forward, with ``bidirectional=False`` and no
            `conv_filters`. None begins anew.
        return_state : bool, default=False
            Return the state after X as well.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_labels)
            Labels as in the y of `fit`. With ``return_state=True`` a tuple of them and the
            state, here and in the methods below.
        """
        return self._respond(X, "predict", state, return_state)

    def predict_proba(
        self, X: Any, *, state: SequenceState | None = None, return_state: bool = False
    ) -> Any:
        """Return the probability of every class.

        Parameters
        ----------
        X : sequences of shape (n_samples,), (n_samples, T) or (n_samples, T, F)
            In any of the forms in the notes of the class.
        state : SequenceState or None, default=None
            Where each sequence goes on from: what an earlier call with ``return_state=True``
            gave. Only for a model that reads forward, with ``bidirectional=False`` and no
            `conv_filters`. None begins anew.
        return_state : bool, default=False
            Return the state after X as well.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Rows add up to 1, but for multilabel y, where each column stands alone.
        """
        return self._respond(X, "predict_proba", state, return_state)

    def predict_log_proba(
        self, X: Any, *, state: SequenceState | None = None, return_state: bool = False
    ) -> Any:
        """Return the logarithm of the probability of every class.

        Parameters
        ----------
        X : sequences of shape (n_samples,), (n_samples, T) or (n_samples, T, F)
            In any of the forms in the notes of the class.
        state : SequenceState or None, default=None
            Where each sequence goes on from: what an earlier call with ``return_state=True``
            gave. Only for a model that reads forward, with ``bidirectional=False`` and no
            `conv_filters`. None begins anew.
        return_state : bool, default=False
            Return the state after X as well.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Exact even where the probability itself would round to 0.
        """
        return self._respond(X, "predict_log_proba", state, return_state)

    def decision_function(
        self, X: Any, *, state: SequenceState | None = None, return_state: bool = False
    ) -> Any:
        """Return the network's outputs before they become probabilities.

        Parameters
        ----------
        X : sequences of shape (n_samples,), (n_samples, T) or (n_samples, T, F)
            In any of the forms in the notes of the class.
        state : SequenceState or None, default=None
            Where each sequence goes on from: what an earlier call with ``return_state=True``
            gave. Only for a model that reads forward, with ``bidirectional=False`` and no
            `conv_filters`. None begins anew.
        return_state : bool, default=False
            Return the state after X as well.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_classes)
            For two classes, the log-odds of the second.
        """
        return self._respond(X, "decision_function", state, return_state)

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

    def _decoder(self, method: str) -> Callable[[np.ndarray], Any]:
        codec = self._codec_
        return chosen_decoder(
            method,
            {
                "predict": codec.labels,
                "predict_proba": codec.probabilities,
                "predict_log_proba": codec.log_probabilities,
                "decision_function": codec.decision,
            },
        )
