"""Displays: plots of what fitted estimators have learned, like those of `sklearn.inspection`.

They need matplotlib (``pip install matplotlib``), which is imported when something is drawn.
"""

from sklstm.inspection._embedding import EmbeddingDisplay

__all__ = ["EmbeddingDisplay"]
