"""Training and prediction: the only package that imports skorch."""

from sklstm._training.batches import (
    LabelledSequences,
    Samples,
    Table,
    UnlabelledSequences,
    batches_per_epoch,
    to_tensors,
)
from sklstm._training.clustering import train_autoencoder, train_clusters
from sklstm._training.forecast import (
    MOST_CALIBRATED,
    SeriesSet,
    WindowBatches,
    WindowForm,
    predict_windows,
    train_forecaster,
    true_future,
)
from sklstm._training.gradients import TOLERANCE, integrate_gradients
from sklstm._training.in_training import ModelInTraining
from sklstm._training.language import in_streams, train_language_model
from sklstm._training.linear_paths import (
    MOST_VALUES,
    fit_linear_path,
    learn_shares,
)
from sklstm._training.optimizers import OPTIMIZERS, SCHEDULES
from sklstm._training.plan import (
    CLUSTERING,
    FORECASTS,
    LANGUAGE,
    RECONSTRUCTION,
    SEMI_SUPERVISED,
    SHORT,
    SHORT_SERIES,
    SUPERVISED,
    FineTuning,
    TrainingParameters,
    TrainingPlan,
    frozen_epochs,
    plan_from,
)
from sklstm._training.predict import (
    Forward,
    evaluation_mode,
    is_evaluating,
    move_to,
    predict_batches,
    predict_from,
    predict_rows,
    reading_extra,
)
from sklstm._training.runtime import (
    dtype_of,
    fast_cpu,
    float32_products,
    resolve_device,
    seeded_build,
    to_cpu,
)
from sklstm._training.semi_supervised import UnsupervisedTerms, passes_per_epoch
from sklstm._training.train import TrainingOutcome, train
from sklstm._training.users_callbacks import copied_callbacks, release

__all__ = [
    "CLUSTERING",
    "FORECASTS",
    "LANGUAGE",
    "MOST_CALIBRATED",
    "MOST_VALUES",
    "OPTIMIZERS",
    "RECONSTRUCTION",
    "SCHEDULES",
    "SEMI_SUPERVISED",
    "SHORT",
    "SHORT_SERIES",
    "SUPERVISED",
    "TOLERANCE",
    "FineTuning",
    "Forward",
    "LabelledSequences",
    "ModelInTraining",
    "Samples",
    "SeriesSet",
    "Table",
    "TrainingOutcome",
    "TrainingParameters",
    "TrainingPlan",
    "UnlabelledSequences",
    "UnsupervisedTerms",
    "WindowBatches",
    "WindowForm",
    "batches_per_epoch",
    "copied_callbacks",
    "dtype_of",
    "evaluation_mode",
    "fast_cpu",
    "fit_linear_path",
    "float32_products",
    "frozen_epochs",
    "in_streams",
    "integrate_gradients",
    "is_evaluating",
    "learn_shares",
    "move_to",
    "passes_per_epoch",
    "plan_from",
    "predict_batches",
    "predict_from",
    "predict_rows",
    "predict_windows",
    "reading_extra",
    "release",
    "resolve_device",
    "seeded_build",
    "to_cpu",
    "to_tensors",
    "train",
    "train_autoencoder",
    "train_clusters",
    "train_forecaster",
    "train_language_model",
    "true_future",
]
