from . import baselines as baselines
from . import datasets as datasets
from . import inspection as inspection
from . import metrics as metrics
from . import nn as nn
from . import preprocessing as preprocessing
from ._backtest import BacktestResult, backtest
from ._estimators import (
    AutoencoderClusterer,
    LSTMClassifier,
    LSTMForecaster,
    LSTMLanguageModel,
    LSTMRegressor,
    LSTMSeq2Seq,
    LSTMTagger,
)
from ._search_space import search_space
from ._semi_supervised_split import SemiSupervisedSplit
from ._show_versions import show_versions
from .preprocessing import (
    Doc2VecVectorizer,
    FrameToSequences,
    SequencePadder,
    SequenceScaler,
    SequenceTokenizer,
    SequenceUnion,
    WindowReshaper,
    WordVectors,
    calendar_features,
    forecasts_to_frame,
    frame_to_sequences,
    frame_to_series,
    make_windows,
    sequences_to_frame,
)

__version__: str

__all__ = [
    "AutoencoderClusterer",
    "BacktestResult",
    "Doc2VecVectorizer",
    "FrameToSequences",
    "LSTMClassifier",
    "LSTMForecaster",
    "LSTMLanguageModel",
    "LSTMRegressor",
    "LSTMSeq2Seq",
    "LSTMTagger",
    "SemiSupervisedSplit",
    "SequencePadder",
    "SequenceScaler",
    "SequenceTokenizer",
    "SequenceUnion",
    "WindowReshaper",
    "WordVectors",
    "__version__",
    "backtest",
    "calendar_features",
    "forecasts_to_frame",
    "frame_to_sequences",
    "frame_to_series",
    "make_windows",
    "search_space",
    "sequences_to_frame",
    "show_versions",
]
