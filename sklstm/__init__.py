"""LSTMs that behave like scikit-learn estimators."""

import lazy_loader

__version__ = "0.1.0"

# A name is imported when it is first asked for: preparing texts needs no PyTorch, and a process
# that computes for another should not take seconds to start. The names are in __init__.pyi.
__getattr__, _, _names = lazy_loader.attach_stub(__name__, __file__)

# To import all must not put `metrics` in the place of scikit-learn's.
_MODULES = {"baselines", "datasets", "inspection", "metrics", "nn", "preprocessing"}
__all__ = ["__version__", *(name for name in _names if name not in _MODULES)]


def __dir__() -> list[str]:
    return sorted(_MODULES.union(__all__))
