"""The models that the benchmarks compare, each under the name that ``--only`` takes.

Libraries are imported where a model is built: a process that measures scikit-learn alone should
not hold torch in its memory.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from benchmarks._vectors import TrainedWordVectors

# Words as the data of the tutorial were split: at white space and these signs, not at "'".
KERAS_WORDS = r"[^\s!\"#$%&()*+,\-./:;<=>?@\[\\\]^_`{|}~]+"


@dataclass(frozen=True)
class Contender:
    """A model to be measured.

    Parameters
    ----------
    name, title : str
        What the command line and the tables call it.
    build : callable
        From a seed to the unfitted estimator.
    prepare : TrainedWordVectors or None
        What is to be made beforehand from training and unlabelled texts; timed by itself.
    n_seeds : int
        Runs wanted, each with a seed of its own; 0 for a model that draws nothing.
    published : float or None
        The accuracy in percent that the tutorial printed for the same network.
    """

    name: str
    title: str
    build: Callable[[int], Any]
    prepare: TrainedWordVectors | None = None
    n_seeds: int = 1
    published: float | None = None

    def seeds(self, wanted: int | None) -> list[int]:
        """Return the seeds to run, `wanted` of them unless it is None or nothing is drawn."""
        return list(range(max(1, wanted if wanted and self.n_seeds else self.n_seeds)))


# ------------------------------------------------------------------------------------------
# THE BEST CONFIGURATION: its parameters are chosen on films held out of the training data
# (`python benchmarks/search.py`), never on the test reviews.
BEST_VECTORS: TrainedWordVectors | None = TrainedWordVectors(vector_size=200, sg=1, spread=0.3)


def best_lstm(seed: int) -> Any:
    """Return the best LSTM configuration found for IMDB; `BEST_VECTORS` become its embeddings."""
    from sklearn.pipeline import make_pipeline

    from sklstm import LSTMClassifier
    from sklstm.preprocessing import SequenceTokenizer

    return make_pipeline(
        SequenceTokenizer(
            max_features=30_000, max_length=400, truncation="pre", token_pattern=r"(?u)\b\w+\b"
        ),
        LSTMClassifier(
            conv_filters=256,
            conv_kernel_size=3,
            conv_pool_size=3,
            freeze_embeddings=True,
            embedding_dropout=0.2,
            dropout=0.3,
            learning_rate=1.5e-3,
            max_epochs=5,
            random_state=seed,
        ),
    )


# ------------------------------------------------------------------------------------------


TUTORIAL_WORDS: dict[str, Any] = {
    "max_features": 5000,
    "max_length": 500,
    "truncation": "pre",
    "token_pattern": KERAS_WORDS,
}
TUTORIAL_NETWORK: dict[str, Any] = {
    "hidden_size": 100,
    "embedding_dim": 32,
    "bidirectional": False,
    "pooling": "last",
    "optimizer": "adam",
    "learning_rate": 1e-3,
    "batch_size": 64,
    # What the tutorial's networks did without and the defaults have.
    "dropout": 0.0,
    "embedding_dropout": 0.0,
    "gradient_clip": None,
    "lr_schedule": "constant",
}
# The same network, trained as LSTMClassifier does by default.
STEADIED: dict[str, Any] = {"learning_rate": 2e-3, "gradient_clip": 1.0, "lr_schedule": "linear"}


def tutorial(*, epochs: int = 3, **changes: Any) -> Callable[[int], Any]:
    """Return a builder of the tutorial's LSTM, with `changes` to it."""

    def build(seed: int) -> Any:
        from sklearn.pipeline import make_pipeline

        from sklstm import LSTMClassifier
        from sklstm.preprocessing import SequenceTokenizer

        network = {**TUTORIAL_NETWORK, **changes}
        return make_pipeline(
            SequenceTokenizer(**TUTORIAL_WORDS),
            LSTMClassifier(max_epochs=epochs, random_state=seed, **network),
        )

    return build


def defaults(seed: int, **changes: Any) -> Any:
    """Return both classes as they come, but for `changes` to the LSTM."""
    from sklearn.pipeline import make_pipeline

    from sklstm import LSTMClassifier
    from sklstm.preprocessing import SequenceTokenizer

    return make_pipeline(SequenceTokenizer(), LSTMClassifier(random_state=seed, **changes))


def tfidf(**settings: Any) -> Callable[[int], Any]:
    """Return a builder of TF-IDF and logistic regression; the latter takes ``C``, ``max_iter``."""

    def build(seed: int) -> Any:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline

        of_model = {name: settings[name] for name in ("C", "max_iter") if name in settings}
        of_words = {name: value for name, value in settings.items() if name not in of_model}
        return make_pipeline(TfidfVectorizer(**of_words), LogisticRegression(**of_model))

    return build


def digits_lstm(seed: int) -> Any:
    """Return an LSTM that reads a digit row by row."""
    from sklearn.pipeline import make_pipeline

    from sklstm import LSTMClassifier
    from sklstm.preprocessing import SequenceScaler

    return make_pipeline(SequenceScaler(), LSTMClassifier(max_epochs=20, random_state=seed))


def digits_logistic(seed: int) -> Any:
    """Return logistic regression on the 64 points of a digit."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, StandardScaler

    return make_pipeline(FunctionTransformer(flatten), StandardScaler(), LogisticRegression())


def flatten(X: Any) -> Any:
    """Return one row of numbers per sample."""
    return X.reshape(len(X), -1)


QUICK_EPOCHS = 8
# With C=10 the default of 100 iterations is too few for some data, and scikit-learn says so.
TUNED = {"ngram_range": (1, 2), "sublinear_tf": True, "min_df": 2, "C": 10, "max_iter": 1000}

ALL = (
    Contender("lstm", "Tutorial's LSTM", tutorial(), n_seeds=3, published=86.79),
    Contender(
        "lstm-steadied",
        "Tutorial's LSTM, falling rate and clipped gradients",
        tutorial(**STEADIED),
        n_seeds=3,
        published=86.79,
    ),
    Contender("lstm-dropout", "Tutorial's LSTM, dropout", tutorial(dropout=0.2), published=85.56),
    Contender(
        "lstm-recurrent-dropout",
        "Tutorial's LSTM, dropout and recurrent dropout",
        tutorial(dropout=0.2, recurrent_dropout=0.2),
        published=82.82,
    ),
    Contender(
        "cnn-lstm",
        "Tutorial's convolution + LSTM",
        tutorial(conv_filters=32, conv_kernel_size=3, conv_pool_size=2),
        published=86.36,
    ),
    Contender(
        "lstm-quick",
        f"Tutorial's LSTM, {QUICK_EPOCHS} epochs",
        tutorial(epochs=QUICK_EPOCHS),
    ),
    Contender(
        "defaults-quick",
        f"LSTMClassifier, {QUICK_EPOCHS} epochs",
        partial(defaults, max_epochs=QUICK_EPOCHS),
    ),
    Contender("best", "Best LSTM found", best_lstm, prepare=BEST_VECTORS, n_seeds=3),
    Contender("defaults", "LSTMClassifier, defaults", defaults),
    Contender("tfidf-5000", "TF-IDF + LR, 5,000 words", tfidf(max_features=5000), n_seeds=0),
    Contender("tfidf", "TF-IDF + LR, defaults", tfidf(), n_seeds=0),
    Contender("tfidf-tuned", "TF-IDF + LR, tuned", tfidf(**TUNED), n_seeds=0),
    Contender("digits-lstm", "LSTMClassifier, 20 epochs", digits_lstm),
    Contender("digits-logistic", "Logistic regression on 64 numbers", digits_logistic, n_seeds=0),
)
CONTENDERS = {contender.name: contender for contender in ALL}
