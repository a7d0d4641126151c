"""The steps of a clusterer's fit, and what it gives out."""

from __future__ import annotations

import copy
import warnings
from numbers import Integral
from typing import Any, Self

import numpy as np
import torch
from scipy.sparse import issparse
from sklearn.base import ClassNamePrefixFeaturesOutMixin, ClusterMixin, TransformerMixin
from sklearn.utils import ClassifierTags, Tags, check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from sklstm._callers import caller_level
from sklstm._estimators._agreement import Attempt, most_agreed
from sklstm._estimators._autoencoder import (
    build_dense,
    build_recurrent,
)
from sklstm._estimators._fitting import Seeds, Transaction
from sklstm._estimators._partition import Partition, best_partition, partition
from sklstm._estimators._scaling import Scaling
from sklstm._sequences import Ragged, is_table, read_input
from sklstm._targets.weights import given_weights, scaled
from sklstm._training import (
    CLUSTERING,
    RECONSTRUCTION,
    Samples,
    TrainingOutcome,
    TrainingPlan,
    batches_per_epoch,
    plan_from,
    predict_rows,
    resolve_device,
    seeded_build,
    train_autoencoder,
    train_clusters,
)
from sklstm.nn.autoencoder import Autoencoder
from sklstm.nn.clusters import ClusteringAutoencoder


class AutoencoderFit(ClassNamePrefixFeaturesOutMixin, ClusterMixin, TransformerMixin, Transaction):
    """Read X, train an autoencoder, find clusters of its codes, and train both."""

    _per_step = False
    architecture_: str

    def _fit(self, X: Any, sample_weight: Any) -> Self:
        trial = self._trial(keep_fitted=False)
        trial.architecture_ = self.architecture
        if self.architecture == "auto":
            trial.architecture_ = "dense" if is_table(X, self.input_type) else "lstm"
        read = trial._read(X, reset=True)
        n_samples = read.shape[0] if trial._is_dense else len(read)
        trial._check_n_samples(n_samples)
        weights = scaled(given_weights(sample_weight, n_samples), n_samples)
        samples = trial._learn_scaling(read, weights)
        if not trial._is_dense:
            trial._flat_ = read.form.steps_are_numbers
        return self._adopt(trial._train_all(samples, weights))

    def _train_all(self, samples: Samples, weights: np.ndarray) -> Self:
        """Return what is kept of `n_autoencoders` fits."""
        rng = check_random_state(self.random_state)
        if self.n_autoencoders == 1:
            self._train(samples, weights, Seeds.draw(rng))
            return self
        attempts: list[Attempt] = []
        while len(attempts) < self.n_autoencoders and all(one.finished for one in attempts):
            attempts.append(Attempt.of(copy.copy(self), samples, weights, Seeds.draw(rng)))
        kept: Self = most_agreed(attempts, weights, verbose=bool(self.verbose))
        return kept

    def _train(self, samples: Samples, weights: np.ndarray, seeds: Seeds) -> bool:
        """Train one autoencoder, and its clusters; return whether it was let to its end."""
        with seeded_build(seeds.module):
            autoencoder = self._build_module()
        plan = plan_from(
            self,
            n_batches=batches_per_epoch(samples, self.batch_size),
            seed=seeds.training,
            auto_epochs=RECONSTRUCTION,
        )
        outcome = train_autoencoder(autoencoder, samples, weights, plan)
        self.history_ = [row | {"phase": "reconstruction"} for row in outcome.history]
        finished = self._find_clusters(autoencoder, samples, weights, seeds, plan, outcome)
        self._describe(samples, weights)
        return finished

    @property
    def _is_dense(self) -> bool:
        return self.architecture_ == "dense"

    def _build_module(self) -> Autoencoder:
        """Build the autoencoder; override it to bring one of your own."""
        return build_dense(self) if self._is_dense else build_recurrent(self)

    def _read(self, X: Any, *, reset: bool) -> Any:
        """Return a checked array or CSR matrix, or sequences."""
        if not self._is_dense:
            return read_input(self, X, reset=reset)
        if not is_table(X) and len(X):
            raise ValueError(
                "X holds sequences, but AutoencoderClusterer reads a table of shape (n_samples, "
                "n_features)"
                + (
                    ' with architecture="dense"; take "auto" or "lstm".'
                    if reset
                    else ", as in fit."
                )
            )
        table = validate_data(
            self, X, reset=reset, accept_sparse="csr", dtype=[np.float64, np.float32]
        )
        if issparse(table) and not table.has_canonical_format:
            table = table.copy()  # it may be the user's own
            table.sum_duplicates()
        return table

    def _learn_scaling(self, read: Any, weights: np.ndarray) -> Samples:
        if self._is_dense:
            self._scaling_ = Scaling.of_table(read, weights)
        elif not read.is_tokens:
            self._scaling_ = Scaling.of_sequences(read, weights)
        return self._samples(read)

    def _samples(self, read: Any) -> Samples:
        if self._is_dense:
            return self._scaling_.table(read)
        sequences: Ragged = read
        return sequences if sequences.is_tokens else self._scaling_.sequences(sequences)

    def _check_n_samples(self, n_samples: int) -> None:
        if self.n_clusters == "auto":
            least, _ = self._range_of_clusters()
            needed, wanted = least + 1, f"n_clusters_range={self.n_clusters_range}"
        else:
            needed, wanted = self.n_clusters, f"n_clusters={self.n_clusters}"
        if n_samples < needed:
            raise ValueError(f"n_samples={n_samples} should be >= {needed} for {wanted}.")

    def _range_of_clusters(self) -> tuple[int, int]:
        """Return the least and the largest number of clusters to try."""
        given = self.n_clusters_range
        whole = len(given) == 2 and all(isinstance(number, Integral) for number in given)
        low, high = given if whole else (0, 0)
        if not 2 <= low <= high:
            raise ValueError(
                f"n_clusters_range={given!r} must be a pair (least, most) of numbers of clusters "
                "with 2 <= least <= most."
            )
        return int(low), int(high)

    def _find_clusters(
        self,
        autoencoder: Autoencoder,
        samples: Samples,
        weights: np.ndarray,
        seeds: Seeds,
        plan: TrainingPlan,
        outcome: TrainingOutcome,
    ) -> bool:
        """Set `module_`, an autoencoder with clusters, trained together where that is asked for.

        Return whether nobody ended training early.
        """
        code = self._apply(autoencoder, autoencoder.encode, samples)
        found = self._partition(code, weights, seeds.split)
        centers = torch.from_numpy(found.centers.astype(np.float32))
        self.module_ = ClusteringAutoencoder(autoencoder, centers)
        if found.silhouettes:
            self.silhouette_scores_ = found.silhouettes
        if self.clustering == "kmeans" or outcome.interrupted or len(centers) == 1:
            return not outcome.interrupted
        joint_plan = plan_from(
            self,
            n_batches=plan.n_batches,
            seed=seeds.training + 1,
            max_epochs=self.clustering_epochs,
            auto_epochs=CLUSTERING,
            n_epochs_done=len(self.history_),
            was_frozen=plan.frozen_epochs is not None,
        )
        joint, n_reseeded = train_clusters(
            self.module_,
            samples,
            weights,
            joint_plan,
            clustering_weight=self.clustering_weight,
            tol=self.tol,
        )
        self.history_ += [row | {"phase": "clustering"} for row in joint.history]
        if n_reseeded:
            warnings.warn(
                f"{n_reseeded} times a cluster became empty in training and was begun anew at the "
                f"sample farthest from its centre. n_clusters={len(centers)} may be too many.",
                UserWarning,
                stacklevel=caller_level(),
            )
        return not joint.interrupted

    def _partition(self, code: np.ndarray, weights: np.ndarray, seed: int) -> Partition:
        how: dict[str, Any] = {"weights": weights, "n_init": self.n_init, "seed": seed % (1 << 31)}
        if self.n_clusters != "auto":
            return partition(code, int(self.n_clusters), **how)
        low, high = self._range_of_clusters()
        found = best_partition(code, range(low, min(high, len(code) - 1) + 1), **how)
        if self.verbose:
            for number, score in found.silhouettes.items():
                chosen = " (chosen)" if number == len(found.centers) else ""
                print(f"{number} clusters: silhouette {score:.3f}{chosen}")
        return found

    def _describe(self, samples: Samples, weights: np.ndarray) -> None:
        """Set the fitted attributes that follow from the trained network."""
        code = self._apply(self.module_, self.module_.encode, samples)
        self.cluster_centers_ = self.module_.centers.detach().cpu().numpy().copy()
        self.labels_ = self._labels(samples)
        distance = np.square(code - self.cluster_centers_[self.labels_], dtype=np.float64)
        self.inertia_ = float((distance.sum(axis=1) * weights).sum())
        self.n_clusters_ = len(self.cluster_centers_)
        self.loss_curve_ = [row["train_loss"] for row in self.history_]
        self.n_iter_ = len(self.history_)
        if isinstance(samples, Ragged):
            same = bool((samples.lengths == samples.lengths[0]).all())
            self._length_ = int(samples.lengths[0]) if same else None

    def _apply(self, module: Any, forward: Any, samples: Samples) -> np.ndarray:
        device = resolve_device(self.device, fallback=True)
        return predict_rows(module, forward, samples, device=device, n_jobs=self.n_jobs)

    def _labels(self, samples: Samples) -> np.ndarray:
        assigned = self._apply(self.module_, self.module_.assign, samples)
        return assigned.argmax(axis=1).astype(np.int32)

    def _read_fitted(self, X: Any) -> Samples:
        check_is_fitted(self)
        return self._samples(self._read(X, reset=False))

    @property
    def _squared_unit(self) -> float:
        """What turns errors of scaled numbers into those of X."""
        scaling = getattr(self, "_scaling_", None)
        return 1.0 if scaling is None else float(scaling.scale) ** 2

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = self.architecture != "lstm"
        tags.input_tags.three_d_array = True
        tags.transformer_tags.preserves_dtype = ["float32"]
        # Not a classifier, but scikit-learn's checks of sparse input ask these tags of all that
        # have predict_proba.
        tags.classifier_tags = ClassifierTags()
        return tags

    @property
    def _n_features_out(self) -> int:
        return int(self.cluster_centers_.shape[1])
