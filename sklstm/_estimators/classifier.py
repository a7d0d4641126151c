"""LSTMClassifier."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import (
    ClassifierMixin,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    _fit_context,
)
from sklearn.metrics import accuracy_score
from sklearn.utils import Tags
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.validation import check_is_fitted

from sklstm._base import BaseLSTM
from sklstm._estimators._prefixes import prefix_outputs
from sklstm._estimators._summary import format_summary
from sklstm._estimators._targets import LabelCodec, dense_labels
from sklstm._holdout import validation_pair
from sklstm._training import resolve_device
from sklstm.nn import binary_loss, multiclass_loss
from sklstm.nn.losses import SampleLoss


class LSTMClassifier(ClassNamePrefixFeaturesOutMixin, ClassifierMixin, TransformerMixin, BaseLSTM):
    """To be documented."""

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **BaseLSTM._parameter_constraints,
        "output_layer": [StrOptions({"auto", "sigmoid", "softmax"})],
        "class_weight": [dict, list, StrOptions({"balanced"}), None],
    }

    def __init__(
        self,
        hidden_size: int | tuple[int, ...] = 64,
        num_layers: int = 1,
        *,
        bidirectional: bool = True,
        cell: str = "lstm",
        pooling: str = "max",
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        recurrent_dropout_method: str = "weights",
        embedding_dim: int = 100,
        embeddings: Any = None,
        freeze_embeddings: bool = False,
        embedding_dropout: float = 0.0,
        conv_filters: int | None = None,
        conv_kernel_size: int = 3,
        conv_pool_size: int = 2,
        output_layer: str = "auto",
        class_weight: dict[Any, float] | list[dict[Any, float]] | str | None = None,
        optimizer: str = "adam",
        learning_rate: float = 1e-3,
        weight_decay: float = 0.0,
        gradient_clip: float | None = 1.0,
        lr_schedule: str = "constant",
        batch_size: int = 32,
        max_epochs: int = 10,
        shuffle: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        validation_split: str = "auto",
        n_iter_no_change: int = 2,
        tol: float = 1e-4,
        input_type: str = "auto",
        padding_value: float | None = None,
        warm_start: bool = False,
        n_jobs: int | None = None,
        device: str = "auto",
        callbacks: list[Any] | None = None,
        random_state: int | np.random.RandomState | None = None,
        verbose: int | bool = 0,
    ):
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.bidirectional = bidirectional
        self.cell = cell
        self.pooling = pooling
        self.dropout = dropout
        self.recurrent_dropout = recurrent_dropout
        self.recurrent_dropout_method = recurrent_dropout_method
        self.embedding_dim = embedding_dim
        self.embeddings = embeddings
        self.freeze_embeddings = freeze_embeddings
        self.embedding_dropout = embedding_dropout
        self.conv_filters = conv_filters
        self.conv_kernel_size = conv_kernel_size
        self.conv_pool_size = conv_pool_size
        self.output_layer = output_layer
        self.class_weight = class_weight
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.gradient_clip = gradient_clip
        self.lr_schedule = lr_schedule
        self.batch_size = batch_size
        self.max_epochs = max_epochs
        self.shuffle = shuffle
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.validation_split = validation_split
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.input_type = input_type
        self.padding_value = padding_value
        self.warm_start = warm_start
        self.n_jobs = n_jobs
        self.device = device
        self.callbacks = callbacks
        self.random_state = random_state
        self.verbose = verbose

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
        """To be documented."""
        validation = validation_pair(validation_data, X_val, y_val)
        return self._fit(X, y, sample_weight, groups, validation)

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Self:
        """To be documented."""
        if isinstance(self.class_weight, str):
            raise ValueError(
                f"class_weight={self.class_weight!r} needs all of y at once, which partial_fit "
                "does not see; pass a dict of weights, from "
                "sklearn.utils.class_weight.compute_class_weight."
            )
        return self._partial_fit(X, y, classes, sample_weight)

    def predict(self, X: Any) -> np.ndarray:
        """To be documented."""
        outputs = self._outputs(X)
        return self._codec_.labels(outputs)

    def predict_proba(self, X: Any) -> np.ndarray:
        """To be documented."""
        outputs = self._outputs(X)
        return self._codec_.probabilities(outputs)

    def predict_log_proba(self, X: Any) -> np.ndarray:
        """To be documented."""
        outputs = self._outputs(X)
        return self._codec_.log_probabilities(outputs)

    def decision_function(self, X: Any) -> np.ndarray:
        """To be documented."""
        outputs = self._outputs(X)
        return self._codec_.decision(outputs)

    def predict_proba_steps(self, X: Any) -> np.ndarray:
        """To be documented."""
        sequences = self._read_X(X)
        result = np.empty(len(sequences), dtype=object)
        device = resolve_device(self.device, fallback=True)
        outputs = prefix_outputs(self.module_, sequences, device=device, n_jobs=self.n_jobs)
        for index, of_steps in outputs:
            result[index] = self._codec_.probabilities(of_steps)
        return result

    def transform(self, X: Any) -> np.ndarray:
        """To be documented."""
        sequences = self._read_X(X)
        return self._run(self.module_.encode, sequences)

    def summary(self) -> None:
        """To be documented."""
        check_is_fitted(self)
        print(format_summary(self.module_, self._input_))

    @property
    def _n_features_out(self) -> int:
        return int(self.module_.output.in_features)

    def _learn_targets(self, y: Any, classes: Any = None) -> None:
        self._codec_ = LabelCodec.learn(y, classes, self.output_layer, type(self).__name__)
        self.classes_ = self._codec_.classes

    def _encode_targets(self, y: Any) -> np.ndarray:
        return self._codec_.encode(y)

    def _target_weights(self, y: Any) -> np.ndarray | None:
        if self.class_weight is None:
            return None
        return compute_sample_weight(self.class_weight, dense_labels(y))

    def _check_weights(self, targets: np.ndarray, weights: np.ndarray) -> None:
        classes = self._codec_.class_index(targets)
        if classes is not None and len(np.unique(classes[weights > 0])) < 2:
            raise ValueError(
                f"{type(self).__name__} needs samples of at least 2 classes with a weight above "
                "0; got 1 class."
            )

    def _strata(self, targets: np.ndarray) -> np.ndarray | None:
        return self._codec_.class_index(targets)

    def _n_outputs(self) -> int:
        return self._codec_.n_outputs

    def _sample_loss(self) -> SampleLoss:
        return binary_loss if self._codec_.sigmoid else multiclass_loss

    def _score_outputs(
        self, outputs: np.ndarray, targets: np.ndarray, weights: np.ndarray
    ) -> float:
        classes = self._codec_.class_index(targets)
        expected = targets if classes is None else self.classes_[classes]
        predicted = self._codec_.labels(outputs)
        return float(accuracy_score(expected, predicted, sample_weight=weights))

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        tags.input_tags.three_d_array = True
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags
