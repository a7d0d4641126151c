"""Plain torch modules: the parts that the estimators put together.

They know nothing of scikit-learn. Inputs are right-padded blocks of shape
``(batch, time, features)`` with a tensor of true lengths; whatever lies behind a sequence's
own length never reaches its result.
"""

from sklstm.nn.convolution import ConvolutionPool
from sklstm.nn.dropout import Dropout
from sklstm.nn.embedding import TokenEmbedding
from sklstm.nn.losses import WeightedLoss, binary_loss, multiclass_loss
from sklstm.nn.network import SequenceNetwork
from sklstm.nn.pooling import (
    AttentionPooling,
    LastPooling,
    MaxPooling,
    MeanPooling,
    Pooling,
    make_pooling,
)
from sklstm.nn.recurrent import RecurrentLayer, RecurrentStack

__all__ = [
    "AttentionPooling",
    "ConvolutionPool",
    "Dropout",
    "LastPooling",
    "MaxPooling",
    "MeanPooling",
    "Pooling",
    "RecurrentLayer",
    "RecurrentStack",
    "SequenceNetwork",
    "TokenEmbedding",
    "WeightedLoss",
    "binary_loss",
    "make_pooling",
    "multiclass_loss",
]
