from .series.frame_transformer import FrameToSequences
from .series.frames import frame_to_sequences, sequences_to_frame
from .series.padder import SequencePadder
from .series.reshaper import WindowReshaper
from .series.scaler import SequenceScaler
from .series.union import SequenceUnion
from .series.windows import make_windows
from .text.doc2vec import Doc2VecVectorizer
from .text.tokenizer import SequenceTokenizer
from .text.word_vectors import WordVectors

__all__ = [
    "Doc2VecVectorizer",
    "FrameToSequences",
    "SequencePadder",
    "SequenceScaler",
    "SequenceTokenizer",
    "SequenceUnion",
    "WindowReshaper",
    "WordVectors",
    "frame_to_sequences",
    "make_windows",
    "sequences_to_frame",
]
