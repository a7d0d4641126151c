"""Read films of digits that move: images through a convolution, then an LSTM.

Films of 6 to 12 images, 16 by 16 points with noise, in which one of scikit-learn's digits goes
left, right, up or down. To be predicted is the direction, which no image shows by itself, or the
digit and its direction, 40 classes::

    python benchmarks/moving_digits.py

The test films show other digits than those to train on. Also draws three films as a picture.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

if not __package__:  # started as a file: find the package `benchmarks` all the same
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import report
from benchmarks.harness import Contender, Problem, comparison

N_SEEDS = 3
N_TRAIN, N_TEST, MOST_STEPS = 2_000, 1_000, 12
TITLES = {
    "direction": "The direction, 4 classes",
    "both": "The digit and its direction, 40 classes",
}
DIGITS = {"accuracy": 3}
NOTES = (
    "Medians over the seeds, with the lowest and highest. The classical models read the points of "
    "all images in one row, filled up to 12 images with zeros at the end. Three films are drawn in "
    "`benchmarks/results/moving_digits.png`."
)


def flat(X: Any) -> np.ndarray:
    """Return films as sequences of rows of points, (T_i, H * W)."""
    rows = np.empty(len(X), dtype=object)
    rows[:] = [film.reshape(len(film), -1) for film in X]
    return rows


def table(X: Any) -> np.ndarray:
    """Return one row a film, its images one after the other, zeros after the last."""
    filled = np.zeros((len(X), MOST_STEPS, X[0][0].size), dtype=np.float32)
    for row, film in zip(filled, X, strict=True):
        row[: len(film)] = film.reshape(len(film), -1)
    return filled.reshape(len(X), -1)


def lstm(seed: int, reader: Any = "passthrough", **params: Any) -> Any:
    from sklstm import LSTMClassifier

    return make_pipeline(reader, LSTMClassifier(random_state=seed, **params))


def logistic(seed: int) -> Any:
    search = GridSearchCV(LogisticRegression(max_iter=200), {"C": [1e-4, 1e-3, 1e-2]}, cv=3)
    return make_pipeline(FunctionTransformer(table), search)


def forest(seed: int) -> Any:
    model = RandomForestClassifier(500, n_jobs=-1, random_state=seed)
    return make_pipeline(FunctionTransformer(table), model)


CONTENDERS = {
    "images": Contender(
        "LSTM, convolution on each image", partial(lstm, step_conv_filters=(16, 32))
    ),
    "rows": Contender("LSTM, images flattened", partial(lstm, reader=FunctionTransformer(flat))),
    "logistic": Contender("logistic regression, C tuned", logistic, n_seeds=0),
    "forest": Contender("random forest", forest),
}


def load(target: str) -> tuple[Any, Any, Any, Any]:
    from sklstm.datasets import make_moving_digits

    train = make_moving_digits(N_TRAIN, target=target, random_state=0)
    return *train, *make_moving_digits(N_TEST, target=target, subset="test", random_state=1)


def scores(model: Any, X: Any, y: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
    return {"accuracy": float(accuracy_score(y, predicted))}


def problems(validate: bool) -> list[Problem]:
    return [
        Problem(target, title, partial(load, target), CONTENDERS, scores)
        for target, title in TITLES.items()
    ]


def draw(path: Path) -> Path:
    """Draw three films, one below the other, from left to right."""
    from sklstm.datasets import make_moving_digits

    films, labels = make_moving_digits(3, n_steps=8, target="both", random_state=4)
    with report.figure(path, 3, 8, figsize=(9, 3.8)) as axes:
        for line, film, label in zip(axes, films, labels, strict=True):
            for ax, image in zip(line, film, strict=True):
                ax.imshow(image, cmap="gray_r", vmin=0, vmax=1)
                ax.set(xticks=[], yticks=[])
                ax.spines[:].set_visible(True)
            line[0].set_title(str(label))
    return path


STUDY = comparison(
    problems,
    DIGITS,
    NOTES,
    N_SEEDS,
    name="moving_digits",
    title="Films of moving digits",
    about=__doc__,
    contenders=CONTENDERS,
    guide="docs/series.md",
    plots=lambda runs, args, folder: [draw(folder / "moving_digits.png")],
)

if __name__ == "__main__":
    STUDY.run()
