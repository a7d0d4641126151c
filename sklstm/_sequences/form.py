"""The form of the training input, and the check that later input has the same form."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from sklearn.utils.validation import _check_feature_names

from sklstm._sequences.ragged import Ragged
from sklstm._sequences.reading import InputType, as_ragged
from sklstm._sequences.tokens import N_RESERVED, Vocabulary


@dataclass(frozen=True)
class InputSpec:
    """The form of the training input.

    Attributes
    ----------
    is_tokens : bool
        Whether the steps are token ids.
    n_features : int
        Number of features, or of token ids, per step.
    step_shape : tuple of int or None
        The shape of a step that is a matrix or several.
    width : int or None
        Number of columns of a 2-D input.
    n_ids : int
        The largest token id plus one; 0 for values. If steps hold the ids of characters beside
        that of their word, those of words only.
    vocabulary : Vocabulary or None
        The words of the token ids.
    n_character_ids : int
        The largest id of a character plus one; 0 if steps hold no characters.
    """

    is_tokens: bool
    n_features: int
    step_shape: tuple[int, ...] | None
    width: int | None
    n_ids: int
    vocabulary: Vocabulary | None
    n_character_ids: int = 0

    @classmethod
    def of(cls, sequences: Ragged) -> InputSpec:
        """Return the form of some sequences."""
        n_ids, characters = 0, None
        if sequences.is_tokens:
            vocabulary, ids = sequences.vocabulary, sequences.values
            if vocabulary is not None and sequences.has_characters:
                characters, ids = vocabulary.characters, ids[:, 0]
            known = vocabulary.n_ids if vocabulary is not None else N_RESERVED
            n_ids = max(known, int(ids.max()) + 1)
        return cls(
            sequences.is_tokens,
            sequences.n_features,
            sequences.step_shape,
            sequences.width,
            n_ids,
            sequences.vocabulary,
            characters.n_ids if characters is not None else 0,
        )

    def check(self, sequences: Ragged, name: str) -> None:
        """Raise ValueError if `sequences` have another form; `name` is the estimator's."""
        if sequences.is_tokens != self.is_tokens:
            kinds = {True: "token ids", False: "values"}
            raise ValueError(
                f"X holds {kinds[sequences.is_tokens]}, but this {name} was fitted on "
                f"{kinds[self.is_tokens]}. SequenceTokenizer makes token ids; "
                "with input_type='tokens' whole numbers are read as token ids."
            )
        if sequences.step_shape != self.step_shape:
            shapes = [form.step_shape or (form.n_features,) for form in (sequences, self)]
            raise ValueError(
                f"X has steps of shape {shapes[0]}, but {name} is expecting steps of shape "
                f"{shapes[1]}."
            )
        given, expected = sequences.n_features, self.n_features
        if sequences.width is not None and self.width is not None and not self.is_tokens:
            given, expected = sequences.width, self.width
        if given != expected:
            raise ValueError(
                f"X has {given} features, but {name} is expecting {expected} features as input."
            )
        self._check_vocabulary(sequences.vocabulary, name)

    def _check_vocabulary(self, other: Vocabulary | None, name: str) -> None:
        mine = self.vocabulary
        if mine is None or other is None or other is mine or other == mine:
            return
        given, expected = _size(other), _size(mine)
        raise ValueError(
            f"X was tokenized with another vocabulary ({given}) than the one this {name} was "
            f"fitted with ({expected}), so its ids stand for other words or characters. Use the "
            "tokenizer that made the training data."
        )


def _size(vocabulary: Vocabulary) -> str:
    if vocabulary.characters is None:
        return f"{len(vocabulary)} words"
    return f"{len(vocabulary)} words in {len(vocabulary.characters)} characters"


class SequenceReader(Protocol):
    """An estimator that reads sequences, as `read_input` needs it."""

    _input_: InputSpec
    n_features_in_: int
    vocabulary_: Vocabulary

    @property
    def input_type(self) -> InputType:
        """How X is read; a parameter."""

    @property
    def padding_value(self) -> float | None:
        """What is cut off both ends of a sequence; a parameter."""

    @property
    def _per_step(self) -> bool:
        """Whether every step has a target."""


def read_input(
    estimator: SequenceReader,
    X: Any,
    *,
    reset: bool,
    in_pieces: bool = False,
    empty_texts: bool = True,
) -> Ragged:
    """Read X for an estimator, and learn its form or check it against the learned one.

    Parameters
    ----------
    estimator : SequenceReader
        With `reset` it gets the attributes `n_features_in_`, `feature_names_in_`, `vocabulary_`
        and ``_input_``. It may have two more attributes: the parameter `step_conv_filters`, if
        it reads steps that are matrices, and ``_reads_characters``, True if it reads the
        characters of words.
    X : sequences of any accepted form
        The input.
    reset : bool
        Whether to learn the form of X, rather than check it.
    in_pieces : bool, default=False
        Whether X holds pieces of sequences: with any number of steps, and where an empty one is
        not an unknown word.
    empty_texts : bool, default=True
        Whether an empty text may be read as one unknown word.
    """
    name = type(estimator).__name__
    sequences = as_ragged(
        X,
        input_type=estimator.input_type,
        padding_value=estimator.padding_value,
        estimator_name=name,
        lists_are_tables=reset,
        matrices=hasattr(estimator, "step_conv_filters"),
        empty_texts=empty_texts and not (estimator._per_step or in_pieces),
    )
    if in_pieces:
        sequences = replace(sequences, width=None)  # which is the number of steps
    if sequences.has_characters and not getattr(estimator, "_reads_characters", False):
        raise ValueError(
            "this X holds characters beside the words (SequenceTokenizer(characters=...)), which "
            f"only LSTMTagger reads; set characters=None for {name}."
        )
    if reset:
        _check_step_convolution(getattr(estimator, "step_conv_filters", None), sequences.step_shape)
        estimator._input_ = InputSpec.of(sequences)
        estimator.n_features_in_ = (
            sequences.n_features if sequences.is_tokens else sequences.n_features_in
        )
        if sequences.vocabulary is not None:
            estimator.vocabulary_ = sequences.vocabulary
    if sequences.width is not None and not sequences.is_tokens:
        _check_feature_names(estimator, X, reset=reset)
    if not reset:
        estimator._input_.check(sequences, name)
    return sequences


def check_nothing_cut(sequences: Ragged) -> None:
    """Raise ValueError if padding was cut off a piece of a sequence, where it may be data."""
    if sequences.cut is None:
        return
    i = int(np.flatnonzero(sequences.cut.lengths != sequences.lengths)[0])
    way = "remove it from the pieces"
    if not sequences.is_tokens:
        way += ", or read it as data by set_params(padding_value=None)"
    raise ValueError(
        f"X[{i}] begins or ends with padding, which cannot be told from data where sequences are "
        f"read in pieces: {way}."
    )


def _check_step_convolution(filters: Any, step_shape: tuple[int, ...] | None) -> None:
    """Raise ValueError unless steps are matrices exactly if a convolution reads each step."""
    if step_shape is not None and filters is None:
        raise ValueError(
            f"X has steps of shape {step_shape}, which a convolution before the LSTM can "
            "read: set step_conv_filters, to (16, 32) for instance; or flatten each step: "
            f"X.reshape(n, T, {int(np.prod(step_shape))})."
        )
    if step_shape is None and filters is not None:
        raise ValueError(
            f"step_conv_filters={filters!r} is for steps that are matrices, X of shape "
            "(n, T, H, W) or (n, T, C, H, W); this X has steps of features. For a convolution "
            "over time set conv_filters."
        )
