"""Training and prediction: the only package that imports skorch."""

from sklstm._training.batches import batches_per_epoch
from sklstm._training.clustering import (
    Samples,
    apply_to,
    n_batches,
    train_autoencoder,
    train_clusters,
)
from sklstm._training.data import LabelledSequences
from sklstm._training.device import resolve_device, to_cpu
from sklstm._training.generators import seeded_build
from sklstm._training.optimizers import OPTIMIZERS, SCHEDULES
from sklstm._training.predict import predict_batches, predict_from, predict_rows
from sklstm._training.runtime import fast_cpu
from sklstm._training.shapes import layer_shapes
from sklstm._training.tables import Table
from sklstm._training.train import TrainingOutcome, TrainingPlan, train

__all__ = [
    "OPTIMIZERS",
    "SCHEDULES",
    "LabelledSequences",
    "Samples",
    "Table",
    "TrainingOutcome",
    "TrainingPlan",
    "apply_to",
    "batches_per_epoch",
    "fast_cpu",
    "layer_shapes",
    "n_batches",
    "predict_batches",
    "predict_from",
    "predict_rows",
    "resolve_device",
    "seeded_build",
    "to_cpu",
    "train",
    "train_autoencoder",
    "train_clusters",
]
