"""Read X: any input as one ragged array, its form, token ids, batches, and users' vectors."""

from sklstm._sequences.arrays import concatenate, is_missing, missing_rows, object_array
from sklstm._sequences.batching import pad_batch, pad_rows, prediction_batches, training_batches
from sklstm._sequences.containers import contain_rectangle, contain_sequences, id_rows
from sklstm._sequences.embeddings import embedding_matrix
from sklstm._sequences.form import InputSpec, check_nothing_cut
from sklstm._sequences.ragged import (
    OriginalForm,
    Ragged,
    fill,
    locate,
    offsets,
    positions,
    ranges,
    sequence_ids,
    split,
    truncate,
    unfill,
)
from sklstm._sequences.reading import (
    as_ragged,
    is_table,
    token_ids_in,
    warn_of_ids,
    warn_of_padded_ids,
)
from sklstm._sequences.step_values import TargetError, flatten_steps, target_errors
from sklstm._sequences.tokens import (
    END_ID,
    N_RESERVED,
    PADDING_ID,
    START_ID,
    UNKNOWN_ID,
    TokenArray,
    Vocabulary,
    vocabulary_of,
)
from sklstm._sequences.vector_files import FoundVectors, read_all, read_wanted

__all__ = [
    "END_ID",
    "N_RESERVED",
    "PADDING_ID",
    "START_ID",
    "UNKNOWN_ID",
    "FoundVectors",
    "InputSpec",
    "OriginalForm",
    "Ragged",
    "TargetError",
    "TokenArray",
    "Vocabulary",
    "as_ragged",
    "check_nothing_cut",
    "concatenate",
    "contain_rectangle",
    "contain_sequences",
    "embedding_matrix",
    "fill",
    "flatten_steps",
    "id_rows",
    "is_missing",
    "is_table",
    "locate",
    "missing_rows",
    "object_array",
    "offsets",
    "pad_batch",
    "pad_rows",
    "positions",
    "prediction_batches",
    "ranges",
    "read_all",
    "read_wanted",
    "sequence_ids",
    "split",
    "target_errors",
    "token_ids_in",
    "training_batches",
    "truncate",
    "unfill",
    "vocabulary_of",
    "warn_of_ids",
    "warn_of_padded_ids",
]
