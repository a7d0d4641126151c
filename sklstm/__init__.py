"""LSTMs that behave like scikit-learn estimators."""

import lazy_loader

__version__ = "0.1.0.dev0"

# A name is imported when it is first asked for: preparing texts needs no PyTorch, and a process
# that computes for another should not take seconds to start. The names are in __init__.pyi.
__getattr__, _names, _ = lazy_loader.attach_stub(__name__, __file__)

# The modules are left out: to import all would put `metrics` in the place of scikit-learn's.
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


def __dir__() -> list[str]:
    return sorted([*_names(), "__version__"])
