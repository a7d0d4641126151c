"""Classical models to compare an LSTM with, and the comparison itself.

`compare` answers whether an LSTM pays on your data; the classes here are those of its baselines
that no library has in this form.
"""

from sklstm.baselines._compare import Comparison, compare
from sklstm.baselines._forecasters import NaiveForecaster, RidgeForecaster
from sklstm.baselines._models import (
    MostFrequentTag,
    NBSVMClassifier,
    RandomConvolutions,
    SequenceStatistics,
)

__all__ = [
    "Comparison",
    "MostFrequentTag",
    "NBSVMClassifier",
    "NaiveForecaster",
    "RandomConvolutions",
    "RidgeForecaster",
    "SequenceStatistics",
    "compare",
]
