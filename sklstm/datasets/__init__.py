"""Public data sets for sequence learning.

The `fetch_*` functions look in a directory of yours, then download what the public may download;
the `load_*` functions read what comes along with scikit-learn and gensim.
"""

from sklstm.datasets._bundled import load_digit_sequences, load_polarity
from sklstm.datasets._imdb import fetch_imdb
from sklstm.datasets._newsgroups import fetch_newsgroups
from sklstm.datasets._trec import fetch_trec

__all__ = [
    "fetch_imdb",
    "fetch_newsgroups",
    "fetch_trec",
    "load_digit_sequences",
    "load_polarity",
]
