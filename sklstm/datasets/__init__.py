"""Public data sets for sequence learning.

The `fetch_*` functions read files from your directories, and download those that are publicly
available; the `load_*` functions read files that are installed with scikit-learn and gensim; the
`make_*` functions generate sequences at random.
"""

from sklstm.datasets._bundled import load_digit_sequences, load_polarity
from sklstm.datasets._imdb import fetch_imdb
from sklstm.datasets._made import make_adding_problem, make_moving_digits, make_word_order
from sklstm.datasets._newsgroups import fetch_newsgroups
from sklstm.datasets._shakespeare import fetch_shakespeare
from sklstm.datasets._trec import fetch_trec
from sklstm.datasets._ucr import fetch_ucr
from sklstm.datasets._ud_lines import fetch_ud_lines

__all__ = [
    "fetch_imdb",
    "fetch_newsgroups",
    "fetch_shakespeare",
    "fetch_trec",
    "fetch_ucr",
    "fetch_ud_lines",
    "load_digit_sequences",
    "load_polarity",
    "make_adding_problem",
    "make_moving_digits",
    "make_word_order",
]
