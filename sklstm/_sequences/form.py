"""The form of the training input, and the check that later input has the same form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sklstm._sequences.ragged import Ragged
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
    columns : tuple or None
        The names of the features of a step, if sequences were data frames.
    """

    is_tokens: bool
    n_features: int
    step_shape: tuple[int, ...] | None
    width: int | None
    n_ids: int
    vocabulary: Vocabulary | None
    n_character_ids: int = 0
    columns: tuple[Any, ...] | None = None

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
            sequences.columns,
        )

    @property
    def has_bags(self) -> bool:
        """Whether each step holds a bag of words, of any number."""
        return self.vocabulary is not None and self.vocabulary.bags

    def check(self, sequences: Ragged, name: str) -> None:
        """Raise ValueError if `sequences` have another form; `name` is the estimator's."""
        if sequences.is_tokens != self.is_tokens:
            if self.is_tokens:
                raise ValueError(
                    f"X holds values, but this {name} was fitted on token ids. Pass what the "
                    "SequenceTokenizer of the training data returns, which carries its vocabulary; "
                    "or set_params(input_type='tokens') to read whole numbers as token ids."
                )
            raise ValueError(
                f"X holds token ids, but this {name} was fitted on values. Fit it on the output of "
                "SequenceTokenizer, or with input_type='tokens'; or "
                "set_params(input_type='values') to read token ids as values."
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
        if given != expected and not self.has_bags:
            raise ValueError(
                f"X has {given} features, but {name} is expecting {expected} features as input."
            )
        self._check_vocabulary(sequences.vocabulary, name)

    def _check_vocabulary(self, other: Vocabulary | None, name: str) -> None:
        mine = self.vocabulary
        if mine is None or other is None or other is mine or other == mine:
            return
        given, expected = other.size(), mine.size()
        raise ValueError(
            f"X was tokenized with another vocabulary ({given}) than the one this {name} was "
            f"fitted with ({expected}), so its ids stand for other words or characters. Use the "
            "tokenizer that made the training data."
        )


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
