"""What a fitted clusterer gives out: clusters, codes, and what codes stand for."""

from __future__ import annotations

from typing import Any

import numpy as np

from sklstm._estimators._autoencoder_fit import AutoencoderFit
from sklstm._estimators._decoding import decoded
from sklstm._targets.weights import given_weights


class ClusterOutputs(AutoencoderFit):
    """The public methods of `AutoencoderClusterer` besides `fit`."""

    def fit_predict(self, X: Any, y: Any = None, sample_weight: Any = None) -> np.ndarray:
        """Find the clusters, and return that of each sample.

        Parameters
        ----------
        X, sample_weight
            As in `fit`.
        y : None
            Ignored.

        Returns
        -------
        ndarray of shape (n_samples,), dtype int32
            `labels_`.
        """
        labels: np.ndarray = self.fit(X, sample_weight=sample_weight).labels_
        return labels

    def predict(self, X: Any) -> np.ndarray:
        """Return the cluster that each sample is nearest to, by its code.

        Parameters
        ----------
        X : table or sequences
            Of the form seen in `fit`.

        Returns
        -------
        ndarray of shape (n_samples,), dtype int32
            Rows of `cluster_centers_`.
        """
        return self._labels(self._read_fitted(X))

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the soft assignment of each sample to each cluster.

        Student's t distribution of the distance between code and centres, as "idec" trains it.
        These are no calibrated probabilities.

        Parameters
        ----------
        X : table or sequences
            Of the form seen in `fit`.

        Returns
        -------
        ndarray of shape (n_samples, n_clusters), dtype float32
            Each row adds up to 1.
        """
        samples = self._read_fitted(X)
        return self._apply(self.module_, self.module_.assign, samples)

    def transform(self, X: Any) -> np.ndarray:
        """Return the code of each sample.

        Parameters
        ----------
        X : table or sequences
            Of the form seen in `fit`.

        Returns
        -------
        ndarray of shape (n_samples, n_components), dtype float32
            A data frame after ``set_output(transform="pandas")``.
        """
        samples = self._read_fitted(X)
        return self._apply(self.module_, self.module_.encode, samples)

    def inverse_transform(self, X: Any, lengths: Any = None) -> Any:
        """Return the samples that codes stand for.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_components)
            Codes, of `transform` or `cluster_centers_`.
        lengths : int, array-like of shape (n_samples,) or None, default=None
            For sequences: how many steps to unroll each code to. None takes the number of steps
            of the sequences seen in `fit`, if they all had the same.

        Returns
        -------
        ndarray of shape (n_samples, n_features), (n_samples, T) or (n_samples, T, F), or object \
                array of ragged sequences, or TokenArray
            In the unit of the X seen in `fit`, and in its form where the lengths allow it. Of
            tokens the most probable one of each step.
        """
        return decoded(self, X, lengths)

    def score_samples(self, X: Any) -> np.ndarray:
        """Return minus the reconstruction error of each sample: low for an unusual one.

        Parameters
        ----------
        X : table or sequences
            Of the form seen in `fit`.

        Returns
        -------
        ndarray of shape (n_samples,), dtype float64
            Minus the squared error averaged over the numbers of a sample, in the squared unit of
            X; of tokens minus the mean cross-entropy, in nats a token.
        """
        samples = self._read_fitted(X)
        errors = self._apply(
            self.module_, lambda *inputs: self.module_.autoencoder(*inputs)[0], samples
        )
        return -errors.astype(np.float64) * self._squared_unit

    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """Return the mean of `score_samples`, which a search maximizes if it has no scorer.

        It compares how well codes of one length restore new samples, not how good clusters are:
        longer codes and more units score higher.

        Parameters
        ----------
        X : table or sequences
            Of the form seen in `fit`.
        y : None
            Ignored.
        sample_weight : array-like of shape (n_samples,) or None, default=None
            Weights of the mean.

        Returns
        -------
        float
            0 at best.
        """
        scores = self.score_samples(X)
        return float(np.average(scores, weights=given_weights(sample_weight, len(scores))))
