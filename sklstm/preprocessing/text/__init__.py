"""Texts to token ids or vectors."""

import lazy_loader

# Imported when first asked for, as in the package's own __init__.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
