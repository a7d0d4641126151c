"""The autoencoder that a clusterer's parameters ask for, and which one suits X."""

from __future__ import annotations

from typing import Any

from sklstm._estimators._network import build_embedding
from sklstm._estimators.params import layer_sizes
from sklstm.nn import RecurrentStack, TokenEmbedding, make_pooling
from sklstm.nn.autoencoder import DenseAutoencoder, SequenceAutoencoder


def build_dense(estimator: Any) -> DenseAutoencoder:
    """Return the autoencoder for rows of ``estimator.n_features_in_`` numbers."""
    if estimator.embeddings is not None:
        raise ValueError(
            "embeddings are for token ids, but X is a table of values; let SequenceTokenizer "
            "make X."
        )
    return DenseAutoencoder(
        estimator.n_features_in_,
        layer_sizes(estimator.hidden_layer_sizes, 1, name="hidden_layer_sizes"),
        estimator.n_components,
        noise=estimator.noise,
        dropout=estimator.dropout,
    )


def build_recurrent(estimator: Any) -> SequenceAutoencoder:
    """Return the autoencoder for the form of sequences in ``estimator._input_``."""
    spec = estimator._input_
    if spec.is_tokens and spec.n_features > 1:
        raise ValueError(
            f"X has {spec.n_features} token ids a step; AutoencoderClusterer reads one."
        )
    embedding: Any = build_embedding(estimator)
    size = spec.n_features
    if isinstance(embedding, TokenEmbedding):
        size = embedding.weight.shape[1]
    sizes = layer_sizes(estimator.hidden_size, estimator.num_layers)
    encoder = RecurrentStack(
        size,
        sizes,
        cell=estimator.cell,
        bidirectional=estimator.bidirectional,
        dropout=estimator.dropout,
    )
    decoder = RecurrentStack(
        estimator.n_components,
        sizes[::-1],
        cell=estimator.cell,
        bidirectional=estimator.bidirectional,
        dropout=estimator.dropout,
    )
    return SequenceAutoencoder(
        embedding,
        encoder,
        make_pooling(estimator.pooling, encoder.output_size, estimator.bidirectional),
        decoder,
        estimator.n_components,
        spec.n_ids if spec.is_tokens else spec.n_features,
        noise=estimator.noise,
        dropout=estimator.dropout,
    )
