"""Subwords: byte-level byte-pair encoding, learned and applied by the package tokenizers."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import numpy as np

from sklstm._sequences import N_RESERVED, Vocabulary, bytes_of, subword_of
from sklstm.preprocessing.text.corpus import Corpus

N_BYTES = 256
# The package writes bytes as characters: those of Latin-1 that show, and others in place of blanks
# and control characters.
_SHOWN = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
_HIDDEN = [byte for byte in range(N_BYTES) if byte not in set(_SHOWN)]
_LETTERS = {byte: chr(byte) for byte in _SHOWN} | {
    byte: chr(N_BYTES + i) for i, byte in enumerate(_HIDDEN)
}
_BYTES = {letter: byte for byte, letter in _LETTERS.items()}


def learn_subwords(
    texts: Corpus, max_subwords: int | None
) -> tuple[Vocabulary, np.ndarray, Corpus]:
    """Learn subwords of texts: all bytes, and what pairs of subwords are merged to.

    Parameters
    ----------
    texts : Corpus
        Texts of one word each: the text as a whole.
    max_subwords : int or None
        The number of subwords at most, 256 or more; None merges all pairs that occur twice.

    Returns
    -------
    vocabulary : Vocabulary
        The subwords, the most frequent ones in these texts first.
    merges : ndarray of int32 of shape (n_merges, 2)
        The ids of the pairs, in the order in which they were learned.
    corpus : Corpus
        The texts as ids of the vocabulary.
    """
    package = _imported()
    distinct = list(map(_encodable, texts.words))
    # There are no more merges than bytes, and the package reserves memory for all it is asked for.
    most = N_BYTES + sum(len(text.encode()) for text in distinct)
    trainer = package.trainers.BpeTrainer(
        vocab_size=most if max_subwords is None else min(int(max_subwords), most),
        min_frequency=2,
        initial_alphabet=sorted(_BYTES),
        show_progress=False,
    )
    tokenizer = _tokenizer(package, package.models.BPE())
    with _one_thread():
        tokenizer.train_from_iterator((distinct[i] for i in texts.ids.tolist()), trainer)
    learned = json.loads(tokenizer.to_str())["model"]
    corpus = _split(tokenizer, distinct, texts)
    letters = sorted(learned["vocab"], key=learned["vocab"].__getitem__)
    order = np.argsort(-np.bincount(corpus.ids, minlength=len(letters)), kind="stable")
    subwords = [subword_of(bytes(map(_BYTES.__getitem__, letters[i]))) for i in order.tolist()]
    new_ids = np.empty(len(order), dtype=np.int32)
    new_ids[order] = np.arange(N_RESERVED, N_RESERVED + len(order))
    pairs = [[learned["vocab"][part] for part in pair] for pair in learned["merges"]]
    merges = new_ids[np.array(pairs, dtype=np.int64).reshape(-1, 2)]
    vocabulary = Vocabulary(subwords, unit="subword")
    words = vocabulary.words().tolist()
    return vocabulary, merges, Corpus(words, new_ids[corpus.ids], corpus.lengths)


def split_into_subwords(texts: Corpus, vocabulary: Vocabulary, merges: np.ndarray) -> Corpus:
    """Return texts of one word each, the text as a whole, as ids of subwords."""
    tokenizer = _built(vocabulary, merges)
    return _split(tokenizer, list(map(_encodable, texts.words)), texts)


# The last tokenizer that was built, and what of: for callers that give one text after the other.
_last: tuple[Vocabulary, np.ndarray, Any] | None = None


def _built(vocabulary: Vocabulary, merges: np.ndarray) -> Any:
    """Return a tokenizer of the package."""
    global _last
    last = _last
    if last is not None and last[0] is vocabulary and last[1] is merges:
        return last[2]
    package = _imported()
    letters = {_in_letters(subword): i for subword, i in vocabulary.items()}
    by_id = dict(zip(letters.values(), letters, strict=True))
    pairs = [(by_id[a], by_id[b]) for a, b in merges.tolist()]
    tokenizer = _tokenizer(package, package.models.BPE(vocab=letters, merges=pairs))
    _last = vocabulary, merges, tokenizer
    return tokenizer


def _imported() -> ModuleType:
    try:
        import tokenizers
    except ImportError as error:
        raise ImportError(
            "analyzer='subword' needs the package tokenizers, which is not installed: "
            "pip install sklstm[subword]"
        ) from error
    return tokenizers


def _tokenizer(package: ModuleType, model: Any) -> Any:
    tokenizer = package.Tokenizer(model)
    # Words with the blank before them, numbers, runs of marks and white space: no merge crosses
    # their borders.
    tokenizer.pre_tokenizer = package.pre_tokenizers.ByteLevel(add_prefix_space=False)
    return tokenizer


def _split(tokenizer: Any, distinct: Sequence[str], texts: Corpus) -> Corpus:
    """Return texts as the ids of a tokenizer."""
    split = [np.array(tokenizer.encode(text).ids, dtype=np.int32) for text in distinct]
    ids = [split[i] for i in texts.ids.tolist()]
    return Corpus((), np.concatenate(ids), np.array(list(map(len, ids)), dtype=np.int64))


def _in_letters(subword: str) -> str:
    return "".join(map(_LETTERS.__getitem__, bytes_of(subword)))


def _encodable(text: str) -> str:
    """Return a text with U+FFFD for halves of surrogate pairs, which have no UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


@contextmanager
def _one_thread() -> Iterator[None]:
    """Keep the package to one thread, unless the user has asked for more.

    After it has used several, it warns in every process that is forked.
    """
    name = "TOKENIZERS_PARALLELISM"
    if name in os.environ:
        yield
        return
    os.environ[name] = "false"
    try:
        yield
    finally:
        del os.environ[name]
