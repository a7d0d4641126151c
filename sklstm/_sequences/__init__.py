"""What X becomes: read, checked, flattened into one ragged array, batched."""

from sklstm._sequences.batching import pad_batch, pad_rows, prediction_batches, training_batches
from sklstm._sequences.containers import contain_rectangle, contain_sequences, id_rows
from sklstm._sequences.embeddings import Coverage, embedding_matrix
from sklstm._sequences.form import InputSpec, check_nothing_cut, no_rows, read_input
from sklstm._sequences.kernels import fill, positions, split, truncate, unfill
from sklstm._sequences.ragged import Ragged, ranges
from sklstm._sequences.reading import as_ragged, is_table
from sklstm._sequences.steps import BadTarget, lay_steps, named_by_step, split_steps
from sklstm._sequences.tokens import (
    END_ID,
    N_RESERVED,
    PADDING_ID,
    START_ID,
    UNKNOWN_ID,
    VOCABULARY_ATTR,
    TokenArray,
    Vocabulary,
)
from sklstm._sequences.vector_files import FoundVectors, read_all, read_wanted

__all__ = [
    "END_ID",
    "N_RESERVED",
    "PADDING_ID",
    "START_ID",
    "UNKNOWN_ID",
    "VOCABULARY_ATTR",
    "BadTarget",
    "Coverage",
    "FoundVectors",
    "InputSpec",
    "Ragged",
    "TokenArray",
    "Vocabulary",
    "as_ragged",
    "check_nothing_cut",
    "contain_rectangle",
    "contain_sequences",
    "embedding_matrix",
    "fill",
    "id_rows",
    "is_table",
    "lay_steps",
    "named_by_step",
    "no_rows",
    "pad_batch",
    "pad_rows",
    "positions",
    "prediction_batches",
    "ranges",
    "read_all",
    "read_input",
    "read_wanted",
    "split",
    "split_steps",
    "training_batches",
    "truncate",
    "unfill",
]
