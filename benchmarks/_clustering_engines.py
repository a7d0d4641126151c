"""One contender of ``clustering.py``, run as a process; prints the clusters it found as JSON.

Started by the interpreter of the contender's own environment, so that sklstm, and tslearn with its
peers, are imported only where it is their turn.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

Series = list[np.ndarray]  # of shape (T_i, F) each


def pack(X: Any) -> dict[str, np.ndarray]:
    """Return series as two plain arrays, which every version of numpy reads alike."""
    return {"values": np.concatenate(list(X)), "lengths": np.array([len(x) for x in X])}


def read(path: str) -> Any:
    """Return a table, a list of series or a list of texts from what was staged."""
    if path.endswith(".json"):
        return json.loads(Path(path).read_text(encoding="utf-8"))
    with np.load(path) as data:
        if "table" in data:
            return data["table"]
        return np.split(data["values"], np.cumsum(data["lengths"])[:-1])


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
        return self.clusterer.fit_predict(one_length(X).reshape(len(X), -1))


class TSLearn:
    """Cluster series by a class of tslearn.

    Parameters
    ----------
    name : str
        ``"TimeSeriesKMeans"``, which takes series as they are, or ``"KShape"``, which needs one
        length, and series of mean 0 and variance 1 each.
    params : dict
        Its parameters.
    """

    def __init__(self, name: str, params: dict[str, Any]):
        self.name, self.params = name, params

    def fit_predict(self, X: Series) -> np.ndarray:
        from tslearn import clustering, preprocessing, utils

        if self.name == "KShape":
            X = preprocessing.TimeSeriesScalerMeanVariance().fit_transform(one_length(X))
        else:
            X = utils.to_time_series_dataset(X)
        model = getattr(clustering, self.name)(**self.params)
        return model.fit_predict(X)


def pipeline(kind: str, clusterer: Any, tfidf: dict[str, Any] | None, *steps: Any) -> Any:
    """Return a clusterer behind what makes numbers of its kind of data, and `steps`."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline

    if kind == "texts":
        return make_pipeline(TfidfVectorizer(**(tfidf or {})), *steps, clusterer)
    model = make_pipeline(*steps, clusterer)
    return Flat(model) if kind == "series" else model


def kmeans(kind: str, params: dict[str, Any]) -> Any:
    from sklearn.cluster import KMeans

    params = dict(params)
    tfidf = params.pop("tfidf", None)
    return pipeline(kind, KMeans(**params), tfidf)


def pca(kind: str, params: dict[str, Any]) -> Any:
    from sklearn.cluster import KMeans
    from sklearn.decomposition import PCA

    params = dict(params)
    reduce = PCA(params.pop("n_components"), svd_solver="full")
    return pipeline(kind, KMeans(**params), None, reduce)


def lsa(kind: str, params: dict[str, Any]) -> Any:
    from sklearn.cluster import KMeans
    from sklearn.decomposition import TruncatedSVD
    from sklearn.preprocessing import Normalizer

    params = dict(params)
    tfidf, n_components = params.pop("tfidf"), params.pop("n_components")
    reduce = TruncatedSVD(n_components, random_state=params["random_state"])
    return pipeline(kind, KMeans(**params), tfidf, reduce, Normalizer(copy=False))


def ward(kind: str, params: dict[str, Any]) -> Any:
    from sklearn.cluster import AgglomerativeClustering

    params = {name: value for name, value in params.items() if name != "random_state"}
    return pipeline(kind, AgglomerativeClustering(**params), None)


def autoencoder(kind: str, params: dict[str, Any]) -> Any:
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    import torch
    from sklearn.pipeline import make_pipeline

    # torch imports its compiler at the first step of an optimizer, which takes seconds.
    torch.optim.AdamW([torch.nn.Parameter(torch.zeros(1))]).step()
    params = dict(params)
    tfidf = params.pop("tfidf", None)
    clusterer = staged(params)
    return pipeline(kind, clusterer, tfidf) if kind == "texts" else make_pipeline(clusterer)


def staged(params: dict[str, Any]) -> Any:
    """Return an AutoencoderClusterer that notes what simpler ones would have found on the way.

    The clusters of k-means that "idec" goes on from are those of ``clustering="kmeans"``, and the
    first of several autoencoders is that of ``n_autoencoders=1``, all with the same seed; so these
    need no fits of their own.
    """
    from sklstm import AutoencoderClusterer

    class Staged(AutoencoderClusterer):
        def _initial_centers(self, latent: np.ndarray, weights: np.ndarray) -> np.ndarray:
            centers = super()._initial_centers(latent, weights)
            distance = ((latent[:, None] - centers) ** 2).sum(axis=2)
            note("code-kmeans", distance.argmin(axis=1))
            return centers

        def _train(self, *args: Any) -> Any:
            finished = super()._train(*args)
            note("idec", self.labels_)
            return finished

    return Staged(**params)


NOTED: dict[str, Any] = {}


def note(name: str, labels: np.ndarray) -> None:
    """Keep the first clusters of this name, and when they were there."""
    NOTED.setdefault(name, {"labels": labels.tolist(), "at": time.perf_counter()})


def dtw(kind: str, params: dict[str, Any]) -> Any:
    return TSLearn("TimeSeriesKMeans", {"metric": "dtw", **params})


def kshape(kind: str, params: dict[str, Any]) -> Any:
    return TSLearn("KShape", params)


MODELS: dict[str, Callable[[str, dict[str, Any]], Any]] = {
    "autoencoder": autoencoder,
    "kmeans": kmeans,
    "pca": pca,
    "lsa": lsa,
    "ward": ward,
    "dtw": dtw,
    "kshape": kshape,
}
USED = {"autoencoder": ("sklstm", "torch"), "dtw": ("tslearn", "numba"), "kshape": ("tslearn",)}


def measure(job: dict[str, Any]) -> dict[str, Any]:
    """Cluster a data set; return the clusters and the seconds it took.

    Parameters
    ----------
    job : dict
        ``model``, ``kind``, ``params``, ``seed``, ``n_clusters``, and ``data``, the path of what
        was staged.
    """
    X = read(job["data"])
    build = MODELS[job["model"]]
    params = {**job["params"], "n_clusters": job["n_clusters"], "random_state": job["seed"]}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        if job["model"] in ("dtw", "kshape"):
            warm_up(build, params, X)
            caught.clear()
        model = build(job["kind"], params)  # imports what it needs, before the clock starts
        start = time.perf_counter()
        labels = model.fit_predict(X)
        seconds = time.perf_counter() - start
    noted = {
        name: {"labels": one["labels"], "seconds": {"fit": one["at"] - start}}
        for name, one in NOTED.items()
    }
    return {
        "noted": noted,
        "labels": np.asarray(labels).tolist(),
        "seconds": {"fit": seconds},
        "warnings": sorted({f"{w.category.__name__}: {w.message}" for w in caught}),
        "environment": environment(job["model"]),
    }


def warm_up(build: Callable[..., Any], params: dict[str, Any], X: Series) -> None:
    """Cluster six series, so that numba has compiled before the clock starts."""
    build("series", {**params, "n_clusters": 2, "max_iter": 2, "n_init": 1}).fit_predict(X[:6])


def environment(model: str) -> dict[str, Any]:
    """Return what speed depends on."""
    packages = (*USED.get(model, ()), "scikit-learn", "numpy")
    versions = {name: importlib.metadata.version(name) for name in packages}
    cpus = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count()
    threads = os.environ.get("OMP_NUM_THREADS")
    python = platform.python_version()
    return {"cpus": cpus, "OMP_NUM_THREADS": threads, "python": python, **versions}


def main() -> None:
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    print(json.dumps(measure(job)))


if __name__ == "__main__":
    main()
