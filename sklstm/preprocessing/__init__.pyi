from .series.calendar import calendar_features
from .series.frame_transformer import FrameToSequences
from .series.frames import frame_to_sequences, sequences_to_frame
from .series.long_frames import forecasts_to_frame, frame_to_series
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
    "calendar_features",
    "forecasts_to_frame",
    "frame_to_sequences",
    "frame_to_series",
    "make_windows",
    "sequences_to_frame",
]
