"""Read files of word vectors: word2vec, GloVe and fastText.

The files of pre-trained vectors hold millions of words, of which a model needs some thousands.
gensim's loaders keep every row (GloVe's 840B file takes 2.6 GB so), and where a file is
damaged, they do not say where. So text and word2vec's binary form are read here, row by row, and
only the rows of wanted words are turned into numbers and kept. Facebook's binary form is read by
gensim: its n-grams make vectors of unknown words and are needed as a whole.
"""

from sklstm._sequences.vector_files.found import FoundVectors, of_keyed_vectors
from sklstm._sequences.vector_files.reading import read_all, read_wanted

__all__ = ["FoundVectors", "of_keyed_vectors", "read_all", "read_wanted"]
