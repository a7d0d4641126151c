from .series.padder import SequencePadder
from .series.reshaper import WindowReshaper
from .series.scaler import SequenceScaler
from .series.windows import make_windows
from .text.doc2vec import Doc2VecVectorizer
from .text.tokenizer import SequenceTokenizer
from .text.word_vectors import WordVectors

__all__ = [
    "Doc2VecVectorizer",
    "SequencePadder",
    "SequenceScaler",
    "SequenceTokenizer",
    "WindowReshaper",
    "WordVectors",
    "make_windows",
]
