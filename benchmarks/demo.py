"""A first look: LSTMClassifier, as it comes, beside classical baselines on 2,000 film reviews.

::

    python benchmarks/demo.py

The reviews are a balanced slice of IMDB, scored on 2,000 of its test reviews. If IMDB is neither
found nor to be downloaded, small data that comes with the dependencies is taken in its place.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

if not __package__:  # started as a file: find the package `benchmarks` all the same
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import harness
from benchmarks.contenders import CONTENDERS
from benchmarks.data import TITLES, DataSpec, Parts, load

IMDB = DataSpec("imdb", n_train=2000, n_test=2000)
BUNDLED = (DataSpec("polarity"), DataSpec("digits"))


def data() -> Iterator[tuple[DataSpec, Parts]]:
    """Yield the data to compare on."""
    try:
        yield IMDB, load(IMDB)
    except OSError as error:
        print(f"IMDB cannot be had: {str(error).splitlines()[0]}", file=sys.stderr)
        for spec in BUNDLED:
            yield spec, load(spec)


def main() -> None:
    """Print a comparison for each set of data."""
    from sklearn.model_selection import PredefinedSplit

    from sklstm import LSTMClassifier
    from sklstm.baselines import compare

    harness.look_beside_the_repository()
    for spec, (X_train, y_train, X_test, y_test) in data():
        print(
            f"{TITLES[spec.name]}: {len(y_train):,} to train on, {len(y_test):,} to score on.",
            flush=True,
        )
        is_text = isinstance(X_train[0], str)
        X = [*X_train, *X_test] if is_text else np.concatenate([X_train, X_test])
        fold = np.repeat([-1, 0], [len(y_train), len(y_test)])  # 0 is scored on
        model = CONTENDERS["defaults"].build(0) if is_text else LSTMClassifier(random_state=0)
        result = compare(
            model,
            X,
            np.concatenate([y_train, y_test]),
            cv=PredefinedSplit(fold),
            random_state=0,
            verbose=1,
        )
        print(f"\n{result}\n")


if __name__ == "__main__":
    main()
