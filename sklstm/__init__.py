"""LSTMs that behave like scikit-learn estimators."""

import lazy_loader

__version__ = "0.1.0.dev0"

# A name is imported when it is first asked for: preparing texts needs no PyTorch, and a process
# that computes for another should not take seconds to start. The names are in __init__.pyi.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
