"""Encoders: fitted models from whose token vectors and recurrent layers a network starts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted
from torch import Tensor, nn

from sklstm._sequences import N_RESERVED, UNKNOWN_ID, Coverage, InputSpec, plain, same_words
from sklstm.nn import RecurrentPair, RecurrentStack, TokenEmbedding
from sklstm.nn.autoencoder import SequenceAutoencoder


@dataclass(frozen=True)
class Encoder:
    """Token vectors and recurrent layers of a fitted model, which are only read.

    Attributes
    ----------
    name : str
        The parameter that gave the model, for messages.
    vectors : Tensor of shape (n_ids, embedding_dim)
        The vectors of its token ids, on the CPU.
    recurrent : RecurrentStack
        Its layers.
    spec : InputSpec
        What it was fitted on.
    backward : bool
        Whether it reads each sequence from its last step to the first.
    """

    name: str
    vectors: Tensor
    recurrent: RecurrentStack
    spec: InputSpec
    backward: bool

    @property
    def cell(self) -> str:
        """The type of its recurrent cell."""
        ((first, *_), *_) = self.recurrent.layer_groups()
        return "lstm" if isinstance(first.rnn, nn.LSTM) else "gru"

    @property
    def input_size(self) -> int:
        """The number of features per step that the first layer reads."""
        return self.recurrent.input_size

    @property
    def hidden_sizes(self) -> tuple[int, ...]:
        """The number of units of each layer, per direction."""
        return tuple(layers[0].rnn.hidden_size for layers in self.recurrent.layer_groups())

    @property
    def shape(self) -> tuple[Any, ...]:
        """What a network that starts from another encoder must have in common with this one."""
        directions = (self.backward, self.recurrent.bidirectional)
        return (self.vectors.shape[1], self.cell, self.hidden_sizes, *directions)

    def copied_layers(self, **dropouts: Any) -> RecurrentStack:
        """Return layers with the same weights, and other dropout rates."""
        stack = RecurrentStack(
            self.input_size,
            self.hidden_sizes,
            cell=self.cell,
            bidirectional=self.recurrent.bidirectional,
            **dropouts,
        )
        stack.load_state_dict(self.recurrent.state_dict())
        return stack

    def rows(self, spec: InputSpec) -> tuple[np.ndarray, Coverage]:
        """Return the row of `vectors` for each token id of X, and how many words have one.

        Words that the encoder does not know have the row of its unknown word.
        """
        if spec.vocabulary is None:
            n_words = max(1, spec.n_ids - N_RESERVED)
            return np.arange(spec.n_ids), Coverage(n_words, n_words, 0, source=self.name)
        known = self.spec.vocabulary
        if known is None:
            raise ValueError(
                f"{self.name} was fitted on token ids without a vocabulary, so that its vectors "
                "cannot be matched with the words of X; fit it on the output of SequenceTokenizer."
            )
        found = same_words(spec.vocabulary, known)
        if not found:
            some = ", ".join(map(repr, plain(list(spec.vocabulary)[:3])))
            raise ValueError(
                f"{self.name} has no word in common with the vocabulary of "
                f"{len(spec.vocabulary)} words of X ({some}, ...). Is it of another language or "
                "case, or from texts that were split into words in another way?"
            )
        rows = np.full(spec.n_ids, UNKNOWN_ID)
        rows[:N_RESERVED] = np.arange(N_RESERVED)
        rows[[spec.vocabulary[word] for word in found]] = [known[word] for word in found.values()]
        missing = (word for word in spec.vocabulary if word not in found)
        few = tuple(word for _, word in zip(range(5), missing, strict=False))
        return rows, Coverage(len(spec.vocabulary), len(found), 0, few, self.name)


def read_encoders(given: Any, estimator: str) -> tuple[Encoder, ...]:
    """Return what a network starts from: one model, or one that reads forward and one backward.

    Parameters
    ----------
    given : FrozenEstimator, or list or tuple of two
        The parameter `encoder` of an estimator.
    estimator : str
        The name of this estimator, for messages.

    Returns
    -------
    tuple of Encoder
        Of two, the one that reads forward comes first.

    Raises
    ------
    TypeError, ValueError, NotFittedError
        If a model is not in a FrozenEstimator, not fitted, or has no token vectors and recurrent
        layers; or if two do not read in opposite directions.
    """
    if not isinstance(given, list | tuple):
        return (_read_encoder(given, "encoder", estimator),)
    if len(given) != 2:
        raise ValueError(
            f"encoder holds {len(given)} models; accepted are one, or a list of two, of which one "
            "reads forward and the other backward."
        )
    read = [_read_encoder(one, f"encoder[{i}]", estimator) for i, one in enumerate(given)]
    for one in read:
        if one.recurrent.bidirectional:
            raise ValueError(
                f"{one.name} reads in both directions at once; of two encoders one reads forward "
                "and the other backward, such as two language models. Pass it alone."
            )
    if read[0].backward == read[1].backward:
        way = "backward" if read[0].backward else "forward"
        raise ValueError(
            f"encoder[0] and encoder[1] both read {way}; of two encoders one reads forward and the "
            "other backward, such as two language models with direction='forward' and 'backward'."
        )
    return tuple(sorted(read, key=lambda one: one.backward))


def _read_encoder(given: Any, name: str, estimator: str) -> Encoder:
    line = "FrozenEstimator(model)"
    if name != "encoder":
        line = "[FrozenEstimator(forward_model), FrozenEstimator(backward_model)]"
    way = (
        f"    from sklearn.frozen import FrozenEstimator\n    {estimator}(encoder={line})\n\n"
        "A FrozenEstimator stays fitted where scikit-learn clones the estimator."
    )
    if not isinstance(given, FrozenEstimator):
        raise TypeError(
            f"{name} must be a fitted model in a FrozenEstimator; got {type(given).__name__}. "
            f"Write\n\n{way}"
        )
    model = given.estimator[-1] if isinstance(given.estimator, Pipeline) else given.estimator
    kind = type(model).__name__
    if not hasattr(model, "fit"):
        raise TypeError(f"{name} must be a fitted model in a FrozenEstimator; that holds {kind}.")
    check_is_fitted(
        model, msg=f"{name}: this %(name)s is not fitted. Fit it, and then write\n\n{way}"
    )
    network = getattr(model, "module_", None)
    network = getattr(network, "autoencoder", network)
    is_autoencoder = isinstance(network, SequenceAutoencoder)
    recurrent = getattr(network, "encoder" if is_autoencoder else "recurrent", None)
    embedding = getattr(network, "embedding", None)
    missing = None
    if isinstance(recurrent, RecurrentPair):
        missing = "whose layers are those of other encoders; pass them"
    elif not isinstance(recurrent, RecurrentStack) or not recurrent.forward_layers:
        missing = "without recurrent layers"
    elif not isinstance(embedding, TokenEmbedding):
        missing = "that was not fitted on token ids, or also on characters"
    elif getattr(network, "convolution", None) is not None:
        missing = "with a convolution before its recurrent layers; fit it with conv_filters=None"
    if missing is not None:
        raise ValueError(
            f"{name} must be a model of token ids with recurrent layers, such as a language model, "
            "an AutoencoderClusterer of sequences, or an estimator that was trained on other "
            f"labels; got {kind} {missing}."
        )
    assert isinstance(embedding, TokenEmbedding)
    assert isinstance(recurrent, RecurrentStack)
    backward = getattr(model, "direction", "forward") == "backward"
    vectors = embedding.weight.detach().to("cpu", torch.float32)
    return Encoder(name, vectors, recurrent, model._input_, backward)


def check_encoders(encoders: Sequence[Encoder], spec: InputSpec) -> None:
    """Raise ValueError if encoders cannot read an X of this form."""
    for encoder in encoders:
        name = encoder.name
        if not spec.is_tokens:
            raise ValueError(
                f"{name} reads token ids, but X holds values; let SequenceTokenizer make X, or "
                "pass input_type='tokens'."
            )
        if spec.n_character_ids:
            raise ValueError(
                f"{name} reads words alone, but X also holds the characters of each word; set "
                "characters=None of SequenceTokenizer."
            )
        n_ids, n_read = len(encoder.vectors), encoder.input_size // encoder.vectors.shape[1]
        n_vectors = 1 if spec.has_bags else spec.n_features
        if n_vectors != n_read:
            raise ValueError(
                f"X has {n_vectors} token ids in each step, but {name} was fitted on {n_read}."
            )
        if len(encoders) > 1 and n_vectors > 1:
            raise ValueError(
                f"X has {n_vectors} token ids in each step, but two encoders read one of each step."
            )
        if spec.vocabulary is None and spec.n_ids > n_ids:
            raise ValueError(
                f"X holds the token id {spec.n_ids - 1} and has no vocabulary, so that its ids are "
                f"those of {name}, which has 0 to {n_ids - 1} only. Make X with the tokenizer that "
                "made the texts of the encoder."
            )


def known_ids(encoders: Sequence[Encoder], spec: InputSpec) -> int:
    """Return the number of token ids that a network which starts from encoders reads."""
    if spec.vocabulary is not None:
        return spec.n_ids
    return min(len(encoder.vectors) for encoder in encoders)


def joined_vectors(
    encoders: Sequence[Encoder], spec: InputSpec
) -> tuple[np.ndarray, list[Coverage]]:
    """Return the vectors of the token ids of X, those of two encoders concatenated."""
    matched = [encoder.rows(spec) for encoder in encoders]
    parts = [
        encoder.vectors.numpy()[rows] for encoder, (rows, _) in zip(encoders, matched, strict=True)
    ]
    return np.concatenate(parts, axis=1), [coverage for _, coverage in matched]


def joined_layers(encoders: Sequence[Encoder], **dropouts: Any) -> RecurrentStack:
    """Return copies of the recurrent layers of one encoder, or of two in opposite directions."""
    stacks = {encoder.backward: encoder.copied_layers(**dropouts) for encoder in encoders}
    backward = stacks.get(True)
    return stacks[False] if backward is None else RecurrentPair(stacks.get(False), backward)


class EncoderVectors(Mapping[str, np.ndarray]):
    """The vectors of all words that encoders know, by word; those of two are concatenated.

    A word that only one of two knows is an unknown word for the other.

    Parameters
    ----------
    encoders : sequence of Encoder
        The encoders; those without a vocabulary know no word.
    """

    def __init__(self, encoders: Sequence[Encoder]):
        self.encoders = encoders
        self.vocabularies: list[Mapping[str, int]] = [
            encoder.spec.vocabulary or {} for encoder in encoders
        ]

    def __getitem__(self, word: str) -> np.ndarray:
        """Return the vector of a word."""
        if not any(word in known for known in self.vocabularies):
            raise KeyError(word)
        rows = [known.get(word, UNKNOWN_ID) for known in self.vocabularies]
        pairs = zip(self.encoders, rows, strict=True)
        return np.concatenate([encoder.vectors.numpy()[row] for encoder, row in pairs])

    def __iter__(self) -> Iterator[str]:
        """Iterate over the words."""
        return iter(dict.fromkeys(word for known in self.vocabularies for word in known))

    def __len__(self) -> int:
        """Return the number of words."""
        return sum(1 for _ in self)
