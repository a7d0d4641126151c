from . import datasets, inspection, metrics, preprocessing
from ._estimators import AutoencoderClusterer, LSTMClassifier, LSTMRegressor, LSTMTagger
from ._show_versions import show_versions
from .preprocessing import (
    Doc2VecVectorizer,
    SequencePadder,
    SequenceScaler,
    SequenceTokenizer,
    WindowReshaper,
    WordVectors,
    make_windows,
)

__version__: str

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
    "datasets",
    "inspection",
    "make_windows",
    "metrics",
    "preprocessing",
    "show_versions",
]
