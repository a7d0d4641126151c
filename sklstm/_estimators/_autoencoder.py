"""The autoencoder that a clusterer's parameters ask for, and which one suits X."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import issparse

from sklstm._constraints import layer_sizes
from sklstm._network import build_embedding
from sklstm._reading import is_table
from sklstm._tokens import TokenArray
from sklstm.nn import RecurrentStack, TokenEmbedding, make_pooling
from sklstm.nn.autoencoder import DenseAutoencoder, SequenceAutoencoder


def reads_as_table(estimator: Any, X: Any) -> bool:
    """Tell whether X is for the dense autoencoder: a table, dense or sparse."""
    if estimator.architecture != "auto":
        return bool(estimator.architecture == "dense")
    if issparse(X):
        return True
    if estimator.input_type == "tokens" or isinstance(X, TokenArray):
        return False
    if _holds_texts(X):
        return False  # the error about texts is the one for sequences
    if hasattr(X, "columns"):
        return not _holds_sequences(X)
    if hasattr(X, "shape"):
        array: Any = np.asarray(X) if getattr(X, "dtype", None) is None else X
        # A row of single numbers is no list of sequences: scikit-learn's error about it is clear.
        return len(array.shape) == 2 or (len(array.shape) < 2 and array.dtype != object)
    if not isinstance(X, list | tuple) or not len(X):
        return False
    return is_table(list(X)) or np.ndim(X[0]) == 0


def _holds_sequences(frame: Any) -> bool:
    """Tell a frame of one column of sequences, such as SequenceTokenizer's."""
    if len(frame.columns) != 1 or not len(frame):
        return False
    return bool(np.ndim(next(iter(frame[frame.columns[0]]))) > 0)


def _holds_texts(X: Any) -> bool:
    if hasattr(X, "columns") or not hasattr(X, "__len__") or not len(X):
        return isinstance(X, str)
    return isinstance(X, str) or isinstance(next(iter(X)), str)


def build_dense(estimator: Any) -> DenseAutoencoder:
    """Return the autoencoder for rows of ``estimator.n_features_in_`` numbers."""
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
