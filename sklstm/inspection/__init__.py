"""Displays of what fitted estimators have learned, like those of `sklearn.inspection`.

They need matplotlib (``pip install matplotlib``), which is imported when something is drawn.
"""

from sklstm.inspection._attribution import AttributionDisplay, integrated_gradients
from sklstm.inspection._embedding import EmbeddingDisplay
from sklstm.inspection._forecast import ForecastDisplay
from sklstm.inspection._history import TrainingHistoryDisplay
from sklstm.inspection._learning_curves import LearningCurveComparisonDisplay
from sklstm.inspection._states import StateDisplay
from sklstm.inspection._stepwise import StepwiseProbaDisplay

__all__ = [
    "AttributionDisplay",
    "EmbeddingDisplay",
    "ForecastDisplay",
    "LearningCurveComparisonDisplay",
    "StateDisplay",
    "StepwiseProbaDisplay",
    "TrainingHistoryDisplay",
    "integrated_gradients",
]
