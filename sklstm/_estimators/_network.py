"""The network that an estimator's parameters ask for."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn

from sklstm._callers import caller_level
from sklstm._estimators.params import layer_sizes
from sklstm._sequences import Coverage, embedding_matrix
from sklstm._training import frozen_epochs
from sklstm.nn import (
    CharacterConvolution,
    ConvolutionPool,
    RecurrentStack,
    SequenceNetwork,
    StepConvolution,
    TokenEmbedding,
    WordCharacterEmbedding,
    make_pooling,
)


def build_network(estimator: Any, build_output: Callable[[int], nn.Module]) -> SequenceNetwork:
    """Return a network for the form of input that `estimator` has learned.

    Parameters
    ----------
    estimator : BaseLSTM
        Has the parameters of `_constraints.NETWORK`, and ``_input_``; gets
        ``embedding_coverage_`` where vectors were given.
    build_output : callable
        Maps the size of the state, pooled or of a step, to the output layer.
    """
    size = estimator._input_.n_features
    embedding = build_embedding(estimator)
    if isinstance(embedding, TokenEmbedding):
        size *= embedding.weight.shape[1]
    elif embedding is not None:
        size = embedding.output_size
    step_convolution = build_step_convolution(estimator)
    if step_convolution is not None:
        size = step_convolution.output_size
    convolution = None
    if estimator.conv_filters is not None:
        convolution = ConvolutionPool(
            size, estimator.conv_filters, estimator.conv_kernel_size, _pool_size(estimator)
        )
        size = estimator.conv_filters
    recurrent = RecurrentStack(
        size,
        layer_sizes(estimator.hidden_size, estimator.num_layers),
        cell=estimator.cell,
        bidirectional=estimator.bidirectional,
        dropout=estimator.dropout,
        recurrent_dropout=estimator.recurrent_dropout,
        recurrent_dropout_method=estimator.recurrent_dropout_method,
    )
    return SequenceNetwork(
        embedding=embedding,
        step_convolution=step_convolution,
        convolution=convolution,
        recurrent=recurrent,
        pooling=None
        if estimator._per_step
        else make_pooling(estimator.pooling, recurrent.output_size, estimator.bidirectional),
        output=build_output(recurrent.output_size),
        dropout=estimator.dropout,
    )


def _pool_size(estimator: Any) -> int:
    """Return how many steps the convolution's pooling makes one of."""
    size = int(getattr(estimator, "conv_pool_size", 1))  # a tagger has no pooling
    if estimator._per_step and size > 1:
        raise ValueError(
            f"y has a target for every step, but conv_pool_size={size} makes one step of {size}; "
            "set conv_pool_size=1."
        )
    return size


def build_embedding(estimator: Any) -> TokenEmbedding | WordCharacterEmbedding | None:
    """Return the layer that makes vectors of token ids, or None where steps are values."""
    spec = estimator._input_
    if not spec.is_tokens:
        if estimator.embeddings is not None:
            raise ValueError(
                "embeddings are for token ids, but X holds values; let SequenceTokenizer "
                "make X, or pass input_type='tokens'."
            )
        return None
    weight = None
    if estimator.embeddings is not None:
        rng = np.random.default_rng(torch.default_generator.initial_seed())
        matrix, coverage = embedding_matrix(estimator.embeddings, spec.n_ids, spec.vocabulary, rng)
        weight = torch.from_numpy(matrix)
        estimator.embedding_coverage_ = coverage.fraction
        tell_coverage(coverage, verbose=bool(estimator.verbose))
    words = TokenEmbedding(
        spec.n_ids,
        estimator.embedding_dim,
        weight=weight,
        freeze=frozen_epochs(estimator.freeze_embeddings) > 0,
        dropout=estimator.embedding_dropout,
    )
    if not spec.n_character_ids:
        return words
    characters = CharacterConvolution(
        spec.n_character_ids,
        estimator.char_embedding_dim,
        estimator.char_filters,
        estimator.char_kernel_size,
    )
    return WordCharacterEmbedding(words, characters)


def tell_coverage(coverage: Coverage, *, verbose: bool) -> None:
    """Print how many words have a vector, if `verbose`; warn if next to none have."""
    if verbose:
        print(coverage.report())
    warning = coverage.warning()
    if warning is not None:
        warnings.warn(warning, UserWarning, stacklevel=caller_level())


def build_step_convolution(estimator: Any) -> StepConvolution | None:
    """Return the layers that read each step, or None where steps are no matrices."""
    shape = estimator._input_.step_shape
    if shape is None:
        return None
    return StepConvolution(
        shape,
        layer_sizes(estimator.step_conv_filters, 1, name="step_conv_filters"),
        estimator.step_conv_kernel_size,
        estimator.step_conv_pool_size,
    )
