"""Cluster eight data sets without their labels, an autoencoder beside k-means.

Digits as a table and as sequences, four sets of the UCR and UEA archives, and newsgroups, 4 and
20 of them; ten seeds each, each run in a separate process::

    python benchmarks/clustering.py --peers-python PATH/TO/python

k-means with dynamic time warping and k-Shape are tslearn's, in a separate environment (``pip
install tslearn==0.10.0``); without ``--peers-python`` they are left out. Labels only give
the number of clusters, and score what was found. ``--plot`` also draws the latent space of the
digits.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path
from statistics import mean, pstdev
from typing import Any, Literal

import numpy as np
from sklearn.cluster import AgglomerativeClustering, KMeans
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, Normalizer

if not __package__:  # started as a file: find the package `benchmarks` all the same
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import harness, report
from benchmarks.data import TITLES, UCR, fetch
from benchmarks.harness import Contender, Laps, Run, Study, Task

# Words of scikit-learn's example of clustering texts. Autoencoders read the 2,000 most frequent
# ones, as in the papers on deep clustering, and so does k-means without LSA.
ALL_WORDS: dict[str, Any] = {"max_df": 0.5, "min_df": 5, "stop_words": "english"}
WORDS: dict[str, Any] = {**ALL_WORDS, "max_features": 2000}

N_SEEDS = 10
SCORES = ("accuracy", "NMI", "ARI")
Kind = Literal["table", "series", "texts"]
Series = list[np.ndarray]  # of shape (T_i, F) each

# ------------------------------------------------------------------------------------------
# Data sets, whole: training and test parts joined

# The four groups of scikit-learn's own example of clustering texts.
FOUR_GROUPS = ("alt.atheism", "comp.graphics", "sci.space", "talk.religion.misc")
INK = 16  # the most that a point of a digit holds


@dataclass(frozen=True)
class DataSet:
    """A data set: what it is, and where to get it; `short` is its column's head."""

    title: str
    short: str
    kind: Kind
    load: Callable[[], tuple[Any, np.ndarray]]


def digits_table() -> tuple[Any, np.ndarray]:
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    return X / INK, y


def digit_sequences() -> tuple[Any, np.ndarray]:
    from sklstm.datasets import load_digit_sequences

    X, y = load_digit_sequences(return_X_y=True)
    return X / INK, y


def ucr(name: str) -> tuple[Any, np.ndarray]:
    """Return all series of a set, each feature at mean 0 and variance 1 over all steps."""
    from sklstm import SequenceScaler

    X_train, y_train, X_test, y_test = fetch("ucr", name)
    X = SequenceScaler().fit_transform([*X_train, *X_test])
    return list(X), np.concatenate([y_train, y_test])


def newsgroups(groups: tuple[str, ...] | None = None) -> tuple[Any, np.ndarray]:
    X_train, y_train, X_test, y_test = fetch("newsgroups")
    texts, y = [*X_train, *X_test], np.concatenate([y_train, y_test])
    rows = np.flatnonzero(np.isin(y, groups)) if groups else np.arange(len(y))
    return [texts[i] for i in rows], y[rows]


SETS = {
    "digits": DataSet("digits as 64 numbers", "digits, table", "table", digits_table),
    "digit-steps": DataSet(TITLES["digits"], "digits, steps", "series", digit_sequences),
    **{name: DataSet(TITLES[name], name, "series", partial(ucr, name)) for name in UCR},
    "newsgroups-4": DataSet(
        f"4 newsgroups: {', '.join(FOUR_GROUPS)}",
        "4 newsgroups",
        "texts",
        partial(newsgroups, FOUR_GROUPS),
    ),
    "newsgroups-20": DataSet("20 newsgroups", "20 newsgroups", "texts", newsgroups),
}


# ------------------------------------------------------------------------------------------
# Contenders; what they import is there in a separate environment only.


def to_length(x: np.ndarray, n_steps: int) -> np.ndarray:
    """Return a series of so many steps, read between its own by straight lines."""
    if len(x) == n_steps:
        return x
    places = np.linspace(0, len(x) - 1, n_steps)
    steps = np.arange(len(x))
    return np.stack([np.interp(places, steps, feature) for feature in x.T], axis=1)


def one_length(X: Series) -> np.ndarray:
    """Return series as one array (n, T, F), each stretched to the steps of the longest."""
    longest = max(map(len, X))
    return np.stack([to_length(x, longest) for x in X])


def as_rows(X: Series) -> np.ndarray:
    """Return a row of numbers for each series, once all have one length."""
    return one_length(X).reshape(len(X), -1)


def pipeline(
    model: Any, seed: int, kind: Kind, *steps: Any, tfidf: Any = None, **params: Any
) -> Any:
    """Return a clusterer after what makes rows of texts or series, and other steps."""
    drawn = {} if model is AgglomerativeClustering else {"random_state": seed}
    readers = {
        "texts": [TfidfVectorizer(**(tfidf or {}))],
        "series": [FunctionTransformer(as_rows)],
        "table": [],
    }
    return make_pipeline(*readers[kind], *steps, model(**params, **drawn))


def pca(seed: int, kind: Kind, n_components: int, **params: Any) -> Any:
    return pipeline(KMeans, seed, kind, PCA(n_components, svd_solver="full"), **params)


def lsa(seed: int, kind: Kind, n_components: int, **params: Any) -> Any:
    reduce = TruncatedSVD(n_components, random_state=seed), Normalizer(copy=False)
    return pipeline(KMeans, seed, kind, *reduce, **params)


def autoencoder(seed: int, kind: Kind, **params: Any) -> Any:
    """Return the autoencoder, which reads series as they are."""
    import torch

    from sklstm import AutoencoderClusterer

    # torch imports its compiler at the first step of an optimizer, which takes seconds.
    torch.optim.AdamW([torch.nn.Parameter(torch.zeros(1))]).step()
    kind = "table" if kind == "series" else kind
    return pipeline(AutoencoderClusterer, seed, kind, **params)


def peer(name: str, seed: int, kind: Kind, **params: Any) -> Any:
    """Return a clusterer of tslearn: k-means takes series of any length, k-Shape of one.

    k-Shape also needs series of mean 0 and variance 1 each.
    """
    from tslearn import clustering, preprocessing, utils

    def scaled(X: Series) -> np.ndarray:
        return preprocessing.TimeSeriesScalerMeanVariance().fit_transform(one_length(X))

    read = scaled if name == "KShape" else utils.to_time_series_dataset
    model = getattr(clustering, name)(**params, random_state=seed)
    return make_pipeline(FunctionTransformer(read), model)


IN_TABLES, IN_ALL = ("table", "series"), ("table", "series", "texts")
READS_ALL = {"kinds": IN_ALL, "tfidf": WORDS}
AUTOENCODER = {**READS_ALL, "packages": ("sklstm", "torch"), "ours": True}
# `about` has the kinds of data that a contender takes, parameters of the TfidfVectorizer before it
# where it reads texts, and the packages that its speed depends on.
CONTENDERS = {
    # Its defaults, which were chosen without labels, are the same for every set.
    "agreed": Contender(
        "AutoencoderClusterer, n_autoencoders=3",
        autoencoder,
        {"n_autoencoders": 3},
        about=AUTOENCODER,
    ),
    "idec": Contender("AutoencoderClusterer", autoencoder, about=AUTOENCODER),
    "code-kmeans": Contender(
        'AutoencoderClusterer, clustering="kmeans"',
        autoencoder,
        {"clustering": "kmeans"},
        about=AUTOENCODER,
    ),
    "kmeans": Contender("k-means", partial(pipeline, KMeans), {"n_init": 10}, about=READS_ALL),
    "pca": Contender(
        "k-means on 10 principal components",
        pca,
        {"n_components": 10, "n_init": 10},
        about={"kinds": IN_TABLES},
    ),
    "lsa": Contender(
        "k-means on LSA, all words",
        lsa,
        {"n_components": 100, "n_init": 10},
        about={"kinds": ("texts",), "tfidf": ALL_WORDS},
    ),
    "ward": Contender(
        "Ward linkage",
        partial(pipeline, AgglomerativeClustering),
        n_seeds=0,
        about={"kinds": IN_TABLES},
    ),
    "dtw": Contender(
        "k-means, DTW",
        partial(peer, "TimeSeriesKMeans", metric="dtw"),
        {"n_init": 3},
        peer=True,
        about={"kinds": ("series",), "packages": ("tslearn", "numba")},
    ),
    "kshape": Contender(
        "k-Shape",
        partial(peer, "KShape"),
        {"n_init": 3},
        peer=True,
        about={"kinds": ("series",), "packages": ("tslearn",)},
    ),
}

# ------------------------------------------------------------------------------------------
# What is run


def tasks(args: argparse.Namespace) -> list[Task]:
    """Return what was asked for and can be run: of each set, all contenders with the first seed."""
    contenders = harness.chosen(args, CONTENDERS)
    wanted = args.seeds or N_SEEDS
    return [
        task(name, data, seed, args.peers_python)
        for data in args.data
        for seed in range(wanted)
        for name, contender in contenders.items()
        if SETS[data].kind in contender.about["kinds"] and seed in contender.seeds(wanted)
    ]


def task(name: str, data: str, seed: int, peers_python: str | None = None) -> Task:
    """Return a contender on a data set with a seed."""
    contender, dataset = CONTENDERS[name], SETS[data]
    texts = {"tfidf": contender.about["tfidf"]} if dataset.kind == "texts" else {}
    params = {**contender.params, **texts}

    def run(folder: Path) -> Run:
        path, y = staged(data, folder)
        n_clusters = len(set(y))
        job = {"contender": name, "kind": dataset.kind, "params": params, "seed": seed,
               "n_clusters": n_clusters, "data": path}  # fmt: skip
        measured = harness.apart(measure, job, peers_python if contender.peer else None)
        labels = np.array(measured.pop("labels"))
        sizes = {"n_samples": len(y), "n_clusters": n_clusters, "n_found": len(np.unique(labels))}
        return {**measured, "scores": scores(y, labels), **sizes}

    identity = harness.identify(name, {"name": data, "n_samples": None}, seed, params)
    return Task(f"{contender.title} on {dataset.short}, seed {seed}", identity, run)


def staged(name: str, folder: Path) -> tuple[str, np.ndarray]:
    """Write a data set, once; return its path and classes.

    The file holds no classes: who clusters can't look.
    """
    path, classes = folder / f"{name}.npz", folder / f"{name}-classes.npy"
    if not path.exists():
        X, y = SETS[name].load()
        harness.stage(path, lambda: {"X": X if SETS[name].kind == "table" else list(X)})
        np.save(classes, y.astype(str))
    return str(path), np.load(classes)


def measure(job: Run) -> Run:
    """Cluster a data set in this process; return the clusters and the seconds it took."""
    X, contender = harness.staged(job["data"])["X"], CONTENDERS[job["contender"]]
    build = partial(contender.build, job["seed"], job["kind"])
    if contender.peer:  # so that numba has compiled before the clock starts
        build(n_clusters=2, max_iter=2, n_init=1).fit_predict(X[:6])
    model = build(**job["params"], n_clusters=job["n_clusters"])
    with harness.noted_warnings() as warned:
        laps = Laps()
        labels = model.fit_predict(X)
        laps.lap("fit")
    packages = (*contender.about.get("packages", ()), "scikit-learn", "numpy")
    return {
        "labels": np.asarray(labels).tolist(),
        "seconds": laps.seconds,
        "warnings": warned,
        "environment": harness.environment(packages),
    }


def scores(y: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Compare clusters with classes."""
    from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

    from sklstm.metrics import clustering_accuracy

    return {
        "accuracy": clustering_accuracy(y, labels),
        "NMI": float(normalized_mutual_info_score(y, labels)),
        "ARI": float(adjusted_rand_score(y, labels)),
    }


# ------------------------------------------------------------------------------------------
# What is shown

OURS_SHOWN = [own.title for own in CONTENDERS.values() if own.about.get("ours")]
Rows = dict[str, list[Run]]  # the runs of each contender, by its title


def rows_of(runs: list[Run]) -> dict[str, Rows]:
    """Return the runs of each data set, by contender."""
    groups = report.by_data(runs, SETS)
    return {data: report.by_contender(group, CONTENDERS) for data, group in groups.items()}


def accuracy(runs: list[Run]) -> float:
    return mean(report.values(runs, "scores.accuracy"))


def deviation(score: str, *, ends: bool = True) -> report.Column:
    """Return a column of means and standard deviations, with the lowest and highest if asked."""

    def show(found: list[float]) -> str:
        if len(found) == 1:
            return f"{found[0]:.3f}"
        spread = f"{mean(found):.3f} ± {pstdev(found):.3f}"
        return f"{spread} ({min(found):.3f} to {max(found):.3f})" if ends else spread

    return report.column(f"scores.{score}", show)


def page(runs: list[Run]) -> str:
    """Return the overview, a table for each data set, and what the runs were made on."""
    texts = [overview(runs)]
    columns: dict[str, report.Column] = {score: deviation(score) for score in SCORES}
    columns |= {"seeds": lambda own: str(len(own)), "fit, s": report.took("seconds.fit")}
    for data, rows in rows_of(runs).items():
        own = [run for group in rows.values() for run in group]
        n_samples, n_clusters = max((run["n_samples"], run["n_clusters"]) for run in own)
        texts.append(
            f"## {SETS[data].title}\n\n{n_samples:,} samples, {n_clusters} clusters asked for, as "
            f"many as classes.\n\n{report.table(rows, columns)}"
        )
    listed = [*remarks(runs), *report.surroundings(runs)]
    return "\n\n".join([*texts, "\n".join(f"- {line}" for line in listed)])


def overview(runs: list[Run]) -> str:
    """Return accuracy on all data sets, what outperforms ours, and how it was measured."""
    by_data = rows_of(runs)
    shown = list(report.by_contender(runs, CONTENDERS))
    columns = {"accuracy, mean ± deviation": shown}
    most = max(len(own) for rows in by_data.values() for own in rows.values())
    for data, rows in by_data.items():
        best = max(round(accuracy(own), 3) for own in rows.values())
        columns[SETS[data].short] = [cell(rows.get(title, []), best, most) for title in shown]
    return "\n\n".join([report.markdown(columns), better(by_data), notes(most)])


def cell(runs: list[Run], best: float, most: int) -> str:
    if not runs:
        return report.MISSING
    text = deviation("accuracy", ends=False)(runs)
    if round(accuracy(runs), 3) == best:
        text = f"**{text}**"
    return text if len(runs) in (1, most) else f"{text}, {len(runs)} seeds"


def better(by_data: dict[str, Rows]) -> str:
    """Return, for each of ours and each set, what has a better mean accuracy."""
    means = {
        data: {title: accuracy(own) for title, own in rows.items()}
        for data, rows in by_data.items()
    }
    if not any(own in found for own in OURS_SHOWN for found in means.values()):
        return "The autoencoder hasn't been measured here."
    lines = []
    for own, (data, found) in product(OURS_SHOWN, means.items()):
        ranked = sorted(found, key=lambda title: -found[title])
        rest = [title for title in ranked if title not in OURS_SHOWN]
        named = [f"{t} ({found[t]:.3f})" for t in rest if own in found and found[t] > found[own]]
        if named:
            head = f"- {SETS[data].short}: {own} ({found[own]:.3f}) underperforms"
            lines.append(f"{head} {', '.join(named)}.")
    if not lines:
        return "In mean accuracy nothing outperforms the autoencoder on any set."
    return "\n".join(["What outperforms the autoencoder, by mean accuracy:", "", *lines])


def notes(most: int) -> str:
    seeds = f" over {most} seeds, where a cell names no other number" if most > 1 else ""
    return (
        f"Mean and standard deviation{seeds} (Ward linkage draws nothing) of the fraction "
        "of the samples whose cluster stands for their class, in the best one-to-one matching; the "
        "best of each set in bold. All samples are clustered, training and test parts joined; "
        "nobody reads labels, but all are told the number of classes. Digits are divided by "
        "16, and each feature of the UCR sets has mean 0 and variance 1. Of three autoencoders "
        "the first is the one of the next row, with the same seed. k-means starts 10 "
        "times, k-means with DTW and k-Shape (tslearn) 3 times. What needs one length "
        "(k-means, principal components, Ward linkage, k-Shape) reads series stretched to the "
        "longest by linear interpolation; k-Shape scales each series on its own. Texts are "
        "TF-IDF of the 2,000 most frequent words, but for LSA (100 components of all words "
        "in at least 5 texts, to unit length); English stop words and words in more than "
        "half of the texts are left out."
    )


def remarks(runs: list[Run]) -> list[str]:
    """Return how seconds were measured, and what went wrong on the way."""
    few: Counter[tuple[str, str]] = Counter()
    warned: Counter[tuple[str, str]] = Counter()
    for run in runs:
        title = CONTENDERS[run["contender"]].title
        if run["n_found"] < run["n_clusters"]:
            few[title, SETS[run["data"]["name"]].short] += 1
        warned.update((title, text.splitlines()[0].rstrip(".")) for text in run["warnings"])
    return [
        "Fit: median seconds, with resampling or TF-IDF, without imports and what numba compiles.",
        *(
            f"{title} on {data}: fewer clusters than asked for with {count} of the seeds."
            for (title, data), count in few.items()
        ),
        *(f"{title} warned {n} times: {text}." for (title, text), n in warned.items()),
    ]


def plots(runs: list[Run], args: argparse.Namespace, folder: Path) -> list[Path]:
    """Cluster the digits with the first seed, and draw their latent space, if asked to."""
    if not args.plot:
        return []
    from sklstm import AutoencoderClusterer

    X, y = digits_table()
    model = AutoencoderClusterer(n_clusters=10, random_state=0).fit(X)
    return [draw(model, X, y, folder / "clustering.png")]


def draw(model: Any, X: Any, y: Any, path: Path) -> Path:
    """Draw a fitted clusterer's latent space by PCA and t-SNE, coloured by clusters and by y."""
    from sklstm.inspection import EmbeddingDisplay
    from sklstm.metrics import clustering_accuracy

    accuracy = clustering_accuracy(y, model.predict(X))
    figure, panels = report.pyplot().subplots(2, 2, figsize=(12, 10.5), layout="constrained")
    for row, method in zip(panels, ("pca", "tsne"), strict=True):
        for ax, labels, name in zip(row, (None, y), ("cluster", "digit"), strict=True):
            EmbeddingDisplay.from_estimator(model, X, labels, method=method, random_state=0, ax=ax)
            ax.set_title(f"by {name}", loc="left")
    figure.suptitle(f"{type(model).__name__} of {len(y):,} digits: accuracy {accuracy:.2f}")
    return report.save(figure, path, dpi=100)


STUDY = Study(
    name="clustering",
    title="Clusters",
    about=__doc__,
    contenders=CONTENDERS,
    tasks=tasks,
    page=lambda runs, args: page(runs),
    guide="docs/clustering.md",
    shown=overview,
    plots=plots,
    options={
        "--data": {
            "nargs": "+",
            "choices": tuple(SETS),
            "default": tuple(SETS),
            "help": "default: all",
        },
        **harness.peers_python("tslearn"),
        "--plot": {"action": "store_true", "help": "fit and draw the latent space of the digits"},
    },
    command="clustering.py --peers-python PATH",
)

if __name__ == "__main__":
    STUDY.run()
