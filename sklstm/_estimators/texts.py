"""Texts as X or y of estimators that tokenize them: whether there are some, and their token ids."""

from __future__ import annotations

import warnings
from typing import Any

from sklstm._sequences import TokenArray, as_container, as_objects


def holds_texts(X: Any, name: str = "X") -> bool:
    """Return True if the first item of X is a text."""
    if isinstance(X, TokenArray) or not hasattr(X, "__iter__"):
        return False
    items = as_container(X, name)
    if not isinstance(items, list | tuple):  # which may be a column
        items = as_objects(items).flat
    return isinstance(next(iter(items), None), str | bytes)


def as_token_ids(tokenizer: Any, texts: Any, *, fit: bool = False) -> Any:
    """Return the token ids of texts, of which some may be empty.

    Parameters
    ----------
    tokenizer : SequenceTokenizer
        The tokenizer, fitted unless `fit`.
    texts : list of str
        The texts.
    fit : bool, default=False
        Whether the tokenizer learns its vocabulary from them first.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".* texts have no word to keep")
        return tokenizer.fit_transform(texts) if fit else tokenizer.transform(texts)
