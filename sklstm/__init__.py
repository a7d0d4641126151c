"""LSTMs that behave like scikit-learn estimators."""

from sklstm._estimators import AutoencoderClusterer, LSTMClassifier, LSTMRegressor, LSTMTagger
from sklstm._show_versions import show_versions
from sklstm.preprocessing import (
    Doc2VecVectorizer,
    SequencePadder,
    SequenceScaler,
    SequenceTokenizer,
    WindowReshaper,
    WordVectors,
    make_windows,
)

__version__ = "0.1.0.dev0"

__all__ = [
    "AutoencoderClusterer",
    "Doc2VecVectorizer",
    "LSTMClassifier",
    "LSTMRegressor",
    "LSTMTagger",
    "SequencePadder",
    "SequenceScaler",
    "SequenceTokenizer",
    "WindowReshaper",
    "WordVectors",
    "__version__",
    "make_windows",
    "show_versions",
]
