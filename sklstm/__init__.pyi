from . import baselines as baselines
from . import datasets as datasets
from . import inspection as inspection
from . import metrics as metrics
from . import nn as nn
from . import preprocessing as preprocessing
from ._estimators import AutoencoderClusterer, LSTMClassifier, LSTMRegressor, LSTMTagger
from ._search_space import search_space
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
    "__version__",
    "make_windows",
    "search_space",
    "show_versions",
]
