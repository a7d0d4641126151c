"""The autoencoder that a clusterer's parameters ask for, and which one suits X."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import issparse

from sklstm._estimators._network import build_embedding
from sklstm._estimators.params import layer_sizes
from sklstm._sequences import VOCABULARY_ATTR, TokenArray, is_table
from sklstm.nn import RecurrentStack, TokenEmbedding, make_pooling
from sklstm.nn.autoencoder import DenseAutoencoder, SequenceAutoencoder


def reads_as_table(estimator: Any, X: Any) -> bool:
    """Tell whether X is for the dense autoencoder: a table, dense or sparse."""
    if estimator.architecture != "auto":
        return bool(estimator.architecture == "dense")
    return estimator.input_type != "tokens" and is_tabular(X)


def is_tabular(X: Any) -> bool:
    """Tell a table from sequences and texts.

    Rows of single numbers are no sequences either; scikit-learn's error about them is clear.
    """
    if issparse(X):
        return True
    if isinstance(X, TokenArray) or VOCABULARY_ATTR in getattr(X, "attrs", ()):
        return False
    if hasattr(X, "columns"):
        return not _holds_sequences(X)
    if isinstance(X, list | tuple):
        return len(X) > 0 and (is_table(list(X)) or _is_number(X[0]))
    array = _as_array(X)
    if array is None or len(array.shape) > 2:
        return False
    return len(array.shape) == 2 or array.dtype.kind in "biufc"


def _is_number(item: Any) -> bool:
    return np.ndim(item) == 0 and not isinstance(item, str | bytes)


def _as_array(X: Any) -> Any:
    """Return what has a shape and a dtype, or None for ragged containers of another kind."""
    if hasattr(X, "shape") and hasattr(X, "dtype"):
        return X
    try:
        return np.asarray(X) if hasattr(X, "__array__") else None
    except (TypeError, ValueError):
        return None


def _holds_sequences(frame: Any) -> bool:
    """Tell a frame of one column of sequences, such as SequenceTokenizer's, or of texts."""
    if len(frame.columns) != 1 or not len(frame):
        return False
    first = next(iter(frame[frame.columns[0]]))
    return isinstance(first, str) or bool(np.ndim(first) > 0)


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
