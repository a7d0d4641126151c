"""The public estimators: encode the targets, choose the loss, decode the outputs."""

from sklstm._estimators.classifier import LSTMClassifier
from sklstm._estimators.clusterer import AutoencoderClusterer
from sklstm._estimators.forecaster import ForecastStream, LSTMForecaster
from sklstm._estimators.language_model import LSTMLanguageModel
from sklstm._estimators.regressor import LSTMRegressor
from sklstm._estimators.seq2seq import LSTMSeq2Seq
from sklstm._estimators.tagger import LSTMTagger

__all__ = [
    "AutoencoderClusterer",
    "ForecastStream",
    "LSTMClassifier",
    "LSTMForecaster",
    "LSTMLanguageModel",
    "LSTMRegressor",
    "LSTMSeq2Seq",
    "LSTMTagger",
]
