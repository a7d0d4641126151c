"""Plain torch modules and losses that the estimators are built from.

They do not depend on scikit-learn. Inputs are right-padded batches of shape
``(batch, time, features)`` together with the true lengths, a Tensor of shape ``(batch,)``;
the result of a sequence does not depend on what its padding holds.

As in torch, weights take torch's default dtype when a module is made, and ``module.to(dtype)``
converts them; a module computes in the dtype of its weights.
"""

from sklstm.nn.convolution import (
    CharacterConvolution,
    ConvolutionPool,
    FullyConvolutional,
    MaskedBatchNorm,
    StepConvolution,
)
from sklstm.nn.crf import LinearChainCRF
from sklstm.nn.dropout import Dropout, VariationalDropout
from sklstm.nn.embedding import TokenEmbedding, WordCharacterEmbedding
from sklstm.nn.forecast import ForecastLoss, ForecastNetwork
from sklstm.nn.heads import CRFHead, CumulativeLinkHead, DenseHead, LinearHead, QuantileHead
from sklstm.nn.language_model import (
    AdaptiveSoftmaxHead,
    LanguageModelNetwork,
    NextTokenLoss,
    SoftmaxHead,
)
from sklstm.nn.linear_path import CountPath, LinearPath, StepPath
from sklstm.nn.losses import (
    CRFLoss,
    StepLoss,
    WeightedLoss,
    absolute_loss,
    binary_loss,
    distance_weighted_loss,
    huber_loss,
    multiclass_loss,
    poisson_loss,
    quantile_loss,
    squared_loss,
)
from sklstm.nn.network import SequenceNetwork
from sklstm.nn.pooling import (
    AttentionPooling,
    ConcatPooling,
    LastPooling,
    MaxPooling,
    MeanPooling,
    Pooling,
    make_pooling,
)
from sklstm.nn.recurrent import RecurrentLayer, RecurrentPair, RecurrentStack
from sklstm.nn.sampling import (
    beam_search,
    constrained_search,
    sample_tokens,
    sampling_distribution,
)
from sklstm.nn.seq2seq import GlobalAttention, Seq2SeqNetwork
from sklstm.nn.standardization import Standardize, StandardizeWithin

__all__ = [
    "AdaptiveSoftmaxHead",
    "AttentionPooling",
    "CRFHead",
    "CRFLoss",
    "CharacterConvolution",
    "ConcatPooling",
    "ConvolutionPool",
    "CountPath",
    "CumulativeLinkHead",
    "DenseHead",
    "Dropout",
    "ForecastLoss",
    "ForecastNetwork",
    "FullyConvolutional",
    "GlobalAttention",
    "LanguageModelNetwork",
    "LastPooling",
    "LinearChainCRF",
    "LinearHead",
    "LinearPath",
    "MaskedBatchNorm",
    "MaxPooling",
    "MeanPooling",
    "NextTokenLoss",
    "Pooling",
    "QuantileHead",
    "RecurrentLayer",
    "RecurrentPair",
    "RecurrentStack",
    "Seq2SeqNetwork",
    "SequenceNetwork",
    "SoftmaxHead",
    "Standardize",
    "StandardizeWithin",
    "StepConvolution",
    "StepLoss",
    "StepPath",
    "TokenEmbedding",
    "VariationalDropout",
    "WeightedLoss",
    "WordCharacterEmbedding",
    "absolute_loss",
    "beam_search",
    "binary_loss",
    "constrained_search",
    "distance_weighted_loss",
    "huber_loss",
    "make_pooling",
    "multiclass_loss",
    "poisson_loss",
    "quantile_loss",
    "sample_tokens",
    "sampling_distribution",
    "squared_loss",
]
