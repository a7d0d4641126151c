"""Read X: any input as one ragged array, its form, token ids, batches, and users' vectors."""

from sklstm._sequences.arrays import (
    as_objects,
    as_python,
    concatenate,
    equal_but_for_rounding,
    is_missing,
    label_fault,
    missing_rows,
    object_array,
    plain,
    unusual_scale,
)
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
from sklstm._sequences.reading import as_ragged, is_table
from sklstm._sequences.step_values import TargetError, flatten_steps, target_errors
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
    "FoundVectors",
    "InputSpec",
    "OriginalForm",
    "Ragged",
    "TargetError",
    "TokenArray",
    "Vocabulary",
    "as_objects",
    "as_python",
    "as_ragged",
    "check_nothing_cut",
    "concatenate",
    "contain_rectangle",
    "contain_sequences",
    "embedding_matrix",
    "equal_but_for_rounding",
    "fill",
    "flatten_steps",
    "id_rows",
    "is_missing",
    "is_table",
    "label_fault",
    "locate",
    "missing_rows",
    "object_array",
    "offsets",
    "pad_batch",
    "pad_rows",
    "plain",
    "positions",
    "prediction_batches",
    "ranges",
    "read_all",
    "read_wanted",
    "sequence_ids",
    "split",
    "target_errors",
    "training_batches",
    "truncate",
    "unfill",
    "unusual_scale",
]
