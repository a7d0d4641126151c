from .doc2vec import Doc2VecVectorizer
from .padder import SequencePadder
from .reshaper import WindowReshaper
from .scaler import SequenceScaler
from .tokenizer import SequenceTokenizer
from .windows import make_windows
from .word_vectors import WordVectors

__all__ = [
    "Doc2VecVectorizer",
    "SequencePadder",
    "SequenceScaler",
    "SequenceTokenizer",
    "WindowReshaper",
    "WordVectors",
    "make_windows",
]
