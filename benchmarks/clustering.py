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
from pathlib import Path
from statistics import mean, pstdev
from typing import Any, Literal

import numpy as np

if not __package__:  # started as a file: find the package `benchmarks` all the same
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import harness, report
from benchmarks.data import TITLES, UCR, fetch
from benchmarks.harness import Contender, Laps, Run, Study, Task

# ------------------------------------------------------------------------------------------
# Parameters of AutoencoderClusterer: the same for every set, and chosen without labels.
OURS: dict[str, Any] = {}
# ------------------------------------------------------------------------------------------

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


class Flat:
    """Cluster series as rows of numbers, once all have one length."""

    def __init__(self, clusterer: Any):
        self.clusterer = clusterer

    def fit_predict(self, X: Series) -> np.ndarray:
        """Return the cluster of each series."""
        return self.clusterer.fit_predict(one_length(X).reshape(len(X), -1))


class TSLearn:
    """Cluster series by a class of tslearn.

    Parameters
    ----------
    name : str
        ``"TimeSeriesKMeans"``, which takes series as they are, or ``"KShape"``, which needs one
        length, and series of mean 0 and variance 1 each.
    **params
        Its parameters.
    """

    def __init__(self, name: str, **params: Any):
        self.name, self.params = name, params

    def fit_predict(self, X: Series) -> np.ndarray:
        """Return the cluster of each series."""
        from tslearn import clustering, preprocessing, utils

        if self.name == "KShape":
            X = preprocessing.TimeSeriesScalerMeanVariance().fit_transform(one_length(X))
        else:
            X = utils.to_time_series_dataset(X)
        model = getattr(clustering, self.name)(**self.params)
        return model.fit_predict(X)


def pipeline(kind: str, clusterer: Any, tfidf: dict[str, Any] | None, *steps: Any) -> Any:
    """Return a pipeline of TF-IDF where it reads texts, `steps`, and the clusterer."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline

    if kind == "texts":
        return make_pipeline(TfidfVectorizer(**(tfidf or {})), *steps, clusterer)
    model = make_pipeline(*steps, clusterer)
    return Flat(model) if kind == "series" else model


def kmeans(seed: int, kind: Kind, tfidf: dict[str, Any] | None = None, **params: Any) -> Any:
    from sklearn.cluster import KMeans

    return pipeline(kind, KMeans(**params, random_state=seed), tfidf)


def pca(seed: int, kind: Kind, n_components: int, **params: Any) -> Any:
    from sklearn.cluster import KMeans
    from sklearn.decomposition import PCA

    reduce = PCA(n_components, svd_solver="full")
    return pipeline(kind, KMeans(**params, random_state=seed), None, reduce)


def lsa(seed: int, kind: Kind, n_components: int, tfidf: dict[str, Any], **params: Any) -> Any:
    from sklearn.cluster import KMeans
    from sklearn.decomposition import TruncatedSVD
    from sklearn.preprocessing import Normalizer

    reduce = TruncatedSVD(n_components, random_state=seed), Normalizer(copy=False)
    return pipeline(kind, KMeans(**params, random_state=seed), tfidf, *reduce)


def ward(seed: int, kind: Kind, **params: Any) -> Any:
    from sklearn.cluster import AgglomerativeClustering

    return pipeline(kind, AgglomerativeClustering(**params), None)


def autoencoder(seed: int, kind: Kind, tfidf: dict[str, Any] | None = None, **params: Any) -> Any:
    import torch
    from sklearn.pipeline import make_pipeline

    from sklstm import AutoencoderClusterer

    # torch imports its compiler at the first step of an optimizer, which takes seconds.
    torch.optim.AdamW([torch.nn.Parameter(torch.zeros(1))]).step()
    clusterer = AutoencoderClusterer(**params, random_state=seed)
    return pipeline(kind, clusterer, tfidf) if kind == "texts" else make_pipeline(clusterer)


def peer(name: str, seed: int, kind: Kind, **params: Any) -> Any:
    return TSLearn(name, **params, random_state=seed)


IN_TABLES, IN_ALL = ("table", "series"), ("table", "series", "texts")
READS_ALL = {"kinds": IN_ALL, "tfidf": WORDS}
AUTOENCODER = {**READS_ALL, "packages": ("sklstm", "torch"), "ours": True}
# `about` has the kinds of data that a contender takes, parameters of the TfidfVectorizer before it
# where it reads texts, and the packages that its speed depends on.
CONTENDERS = {
    "agreed": Contender(
        "AutoencoderClusterer, n_autoencoders=3",
        autoencoder,
        {**OURS, "n_autoencoders": 3},
        about=AUTOENCODER,
    ),
    "idec": Contender("AutoencoderClusterer", autoencoder, OURS, about=AUTOENCODER),
    "code-kmeans": Contender(
        'AutoencoderClusterer, clustering="kmeans"',
        autoencoder,
        {**OURS, "clustering": "kmeans"},
        about=AUTOENCODER,
    ),
    "kmeans": Contender("k-means", kmeans, {"n_init": 10}, about=READS_ALL),
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
    "ward": Contender("Ward linkage", ward, n_seeds=0, about={"kinds": IN_TABLES}),
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
        task(name, data, seed, args.n_train, args.epochs, args.peers_python)
        for data in args.data
        for seed in range(wanted)
        for name, contender in contenders.items()
        if SETS[data].kind in contender.about["kinds"] and seed in contender.seeds(wanted)
    ]


def params_of(name: str, kind: Kind, epochs: int | None = None) -> dict[str, Any]:
    """Return a contender's parameters on this kind of data, with fewer epochs in a trial."""
    contender = CONTENDERS[name]
    params = dict(contender.params)
    if kind == "texts":
        params["tfidf"] = contender.about["tfidf"]
    if epochs and contender.about.get("ours"):
        params["max_epochs"] = epochs
    return params


def task(
    name: str,
    data: str,
    seed: int,
    n_samples: int | None = None,
    epochs: int | None = None,
    peers_python: str | None = None,
) -> Task:
    """Return a contender on a data set with a seed; `n_samples` and `epochs` are for trials."""
    contender, dataset = CONTENDERS[name], SETS[data]
    params = params_of(name, dataset.kind, epochs)
    spec = {"name": data, "n_samples": n_samples}

    def run(folder: Path) -> Run:
        path, y = staged(data, n_samples, folder)
        n_clusters = len(set(y))
        job = {"contender": name, "kind": dataset.kind, "params": params, "seed": seed,
               "n_clusters": n_clusters, "data": path}  # fmt: skip
        measured = harness.apart(measure, job, peers_python if contender.peer else None)
        labels = np.array(measured.pop("labels"))
        sizes = {
            "n_samples": len(y),
            "n_clusters": n_clusters,
            "n_found": len(set(labels.tolist())),
        }
        return {**measured, "scores": scores(y, labels), **sizes}

    identity = harness.identify(name, spec, seed, params)
    return Task(f"{contender.title} on {dataset.short}, seed {seed}", identity, run)


def staged(name: str, n_samples: int | None, folder: Path) -> tuple[str, np.ndarray]:
    """Write a data set, once; return its path and classes.

    The file holds no classes: who clusters can't look.
    """
    path, classes = folder / f"{name}.npz", folder / f"{name}-classes.npy"
    if not path.exists():
        X, y = take(*SETS[name].load(), n_samples)
        harness.stage(path, lambda: {"X": X if SETS[name].kind == "table" else list(X)})
        np.save(classes, y.astype(str))
    return str(path), np.load(classes)


def take(X: Any, y: np.ndarray, n_samples: int | None) -> tuple[Any, np.ndarray]:
    """Return so many samples, about as many of each class; all where `n_samples` is None."""
    from sklearn.model_selection import train_test_split

    if n_samples is None or n_samples >= len(y):
        return X, y
    rows, _ = train_test_split(np.arange(len(y)), train_size=n_samples, stratify=y, random_state=0)
    return [X[i] for i in rows] if isinstance(X, list) else X[rows], y[rows]


def measure(job: Run) -> Run:
    """Cluster a data set in this process; return the clusters and the seconds it took.

    Parameters
    ----------
    job : dict
        ``contender``, ``kind``, ``params``, ``seed``, ``n_clusters``, and ``data``, the path of
        what was staged.
    """
    X, contender = harness.staged(job["data"])["X"], CONTENDERS[job["contender"]]
    make = partial(contender.build, job["seed"], job["kind"], **job["params"])
    if contender.peer:  # so that numba has compiled before the clock starts
        contender.build(job["seed"], job["kind"], n_clusters=2, max_iter=2, n_init=1).fit_predict(
            X[:6]
        )
    model = make(n_clusters=job["n_clusters"])  # imports what it needs, before the clock starts
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

Rows = dict[str, list[Run]]  # the runs of each contender


def rows_of(runs: list[Run]) -> dict[str, Rows]:
    """Return the runs of each data set, by contender."""
    groups = report.by_data(runs, SETS)
    return {
        data: {name: own for name in CONTENDERS if (own := of(group, name))}
        for data, group in groups.items()
    }


def of(runs: list[Run], name: str) -> list[Run]:
    return [run for run in runs if run["contender"] == name]


def accuracy(runs: list[Run]) -> float:
    return mean(report.values(runs, "scores.accuracy"))


def deviation(score: str, *, ends: bool = True) -> report.Column:
    """Return a column of means and standard deviations, with the lowest and highest if asked."""

    def column(runs: list[Run]) -> str:
        found = report.values(runs, f"scores.{score}")
        if len(found) == 1:
            return f"{found[0]:.3f}"
        spread = f"{mean(found):.3f} ± {pstdev(found):.3f}"
        return f"{spread} ({min(found):.3f} to {max(found):.3f})" if ends else spread

    return column


def page(runs: list[Run]) -> str:
    """Return the overview, a table for each data set, and what the runs were made on."""
    texts = [overview(runs)]
    columns: dict[str, report.Column] = {score: deviation(score) for score in SCORES}
    columns |= {"seeds": lambda own: str(len(own)), "fit, s": report.took("seconds.fit")}
    for data, own in report.by_data(runs, SETS).items():
        n_samples, n_clusters = max((run["n_samples"], run["n_clusters"]) for run in own)
        texts.append(
            f"## {SETS[data].title}\n\n{n_samples:,} samples, {n_clusters} clusters asked for, as "
            f"many as classes.\n\n{report.table(report.by_contender(own, CONTENDERS), columns)}"
        )
    listed = [*remarks(runs), *report.surroundings(runs)]
    return "\n\n".join([*texts, "\n".join(f"- {line}" for line in listed)])


def overview(runs: list[Run]) -> str:
    """Return accuracy on all data sets, where ours is behind, and how it was measured."""
    by_data = rows_of(runs)
    shown = [name for name in CONTENDERS if any(name in rows for rows in by_data.values())]
    columns = {"accuracy, mean ± deviation": [CONTENDERS[name].title for name in shown]}
    most = max(len(own) for rows in by_data.values() for own in rows.values())
    for data, rows in by_data.items():
        best = max(round(accuracy(own), 3) for own in rows.values())
        columns[SETS[data].short] = [cell(rows.get(name, []), best, most) for name in shown]
    return "\n\n".join([report.markdown(columns), behind(by_data), notes(most)])


def cell(runs: list[Run], best: float, most: int) -> str:
    if not runs:
        return report.MISSING
    text = deviation("accuracy", ends=False)(runs)
    if round(accuracy(runs), 3) == best:
        text = f"**{text}**"
    return text if len(runs) in (1, most) else f"{text}, {len(runs)} seeds"


def behind(by_data: dict[str, Rows]) -> str:
    """Return, for each of ours and each set, who has a better mean accuracy."""
    ours = [name for name, contender in CONTENDERS.items() if contender.about.get("ours")]
    if not any(own in rows for own in ours for rows in by_data.values()):
        return "The autoencoder hasn't been measured here."
    lines = []
    for own in ours:
        for data, rows in by_data.items():
            means = {name: accuracy(runs) for name, runs in rows.items()}
            rest = [name for name in rows if name not in ours]
            better = [name for name in rest if own in rows and means[name] > means[own]]
            better.sort(key=lambda name: -means[name])
            named = [f"{CONTENDERS[name].title} ({means[name]:.3f})" for name in better]
            if named:
                lines.append(
                    f"- {SETS[data].short}: {CONTENDERS[own].title} ({means[own]:.3f}) is behind "
                    f"{', '.join(named)}."
                )
    if not lines:
        return "In mean accuracy the autoencoder is behind on no set."
    return "\n".join(["Where the autoencoder loses, by mean accuracy:", "", *lines])


def notes(most: int) -> str:
    seeds = f" over {most} seeds, where a cell names no other number" if most > 1 else ""
    return (
        f"Mean and standard deviation{seeds} (Ward linkage draws nothing) of the share of "
        "samples whose cluster stands for their class, in the best one-to-one matching; the "
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
    model = AutoencoderClusterer(n_clusters=10, random_state=0, **OURS).fit(X)
    return [draw(model, X, y, folder / "clustering.png")]


def draw(model: Any, X: Any, y: Any, path: Path) -> Path:
    """Draw a fitted clusterer's latent space by PCA and t-SNE, coloured by clusters and by y."""
    plt = report.pyplot()
    from sklstm.inspection import EmbeddingDisplay
    from sklstm.metrics import clustering_accuracy

    accuracy = clustering_accuracy(y, model.predict(X))
    figure, panels = plt.subplots(2, 2, figsize=(12, 10.5), layout="constrained")
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
    takes=("n_train", "epochs"),
    options={
        "--data": {
            "nargs": "+", "choices": tuple(SETS), "default": tuple(SETS), "help": "default: all",
        },
        "--peers-python": {"metavar": "PATH", "help": "interpreter that has tslearn"},
        "--plot": {"action": "store_true", "help": "fit and draw the latent space of the digits"},
    },
    command="--peers-python PATH",
)  # fmt: skip

if __name__ == "__main__":
    STUDY.run()
