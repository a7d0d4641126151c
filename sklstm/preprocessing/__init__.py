"""Turn texts and series of numbers into what LSTMs read."""

from __future__ import annotations

from sklstm.preprocessing.doc2vec import Doc2VecVectorizer
from sklstm.preprocessing.padder import SequencePadder
from sklstm.preprocessing.reshaper import WindowReshaper
from sklstm.preprocessing.scaler import SequenceScaler
from sklstm.preprocessing.tokenizer import SequenceTokenizer
from sklstm.preprocessing.windows import make_windows
from sklstm.preprocessing.word_vectors import WordVectors

__all__ = [
    "Doc2VecVectorizer",
    "SequencePadder",
    "SequenceScaler",
    "SequenceTokenizer",
    "WindowReshaper",
    "WordVectors",
    "make_windows",
]
