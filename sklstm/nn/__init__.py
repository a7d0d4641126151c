"""Plain torch modules: the parts that the estimators put together.

They know nothing of scikit-learn. Inputs are right-padded blocks of shape
``(batch, time, features)`` with a tensor of true lengths; whatever lies behind a sequence's
own length never reaches its result.
"""

from sklstm.nn.characters import CharacterConvolution, WordCharacterEmbedding
from sklstm.nn.convolution import ConvolutionPool
from sklstm.nn.crf import LinearChainCRF
from sklstm.nn.dropout import Dropout
from sklstm.nn.embedding import TokenEmbedding
from sklstm.nn.losses import (
    CRFLoss,
    StepLoss,
    WeightedLoss,
    binary_loss,
    distance_weighted_loss,
    multiclass_loss,
)
from sklstm.nn.network import SequenceNetwork
from sklstm.nn.outputs import CRFOutput, CumulativeLink, LinearOutput, QuantileOutput
from sklstm.nn.pooling import (
    AttentionPooling,
    LastPooling,
    MaxPooling,
    MeanPooling,
    Pooling,
    make_pooling,
)
from sklstm.nn.recurrent import RecurrentLayer, RecurrentStack
from sklstm.nn.regression_losses import (
    absolute_loss,
    huber_loss,
    poisson_loss,
    quantile_loss,
    squared_loss,
)
from sklstm.nn.step_convolution import StepConvolution

__all__ = [
    "AttentionPooling",
    "CRFLoss",
    "CRFOutput",
    "CharacterConvolution",
    "ConvolutionPool",
    "CumulativeLink",
    "Dropout",
    "LastPooling",
    "LinearChainCRF",
    "LinearOutput",
    "MaxPooling",
    "MeanPooling",
    "Pooling",
    "QuantileOutput",
    "RecurrentLayer",
    "RecurrentStack",
    "SequenceNetwork",
    "StepConvolution",
    "StepLoss",
    "TokenEmbedding",
    "WeightedLoss",
    "WordCharacterEmbedding",
    "absolute_loss",
    "binary_loss",
    "distance_weighted_loss",
    "huber_loss",
    "make_pooling",
    "multiclass_loss",
    "poisson_loss",
    "quantile_loss",
    "squared_loss",
]
