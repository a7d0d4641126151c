"""Cluster eight data sets without their labels, an autoencoder beside k-means.

Digits as a table and as sequences, four sets of the UCR and UEA archives, and newsgroups, 4 and
20 of them; ten seeds each, a run in a process of its own::

    python benchmarks/clustering.py --peers-python PATH/TO/python

k-means with dynamic time warping and k-Shape are tslearn's, in an environment of its own (``pip
install tslearn==0.10.0``); without ``--peers-python`` they are left out. Labels only tell how many
clusters there are, and score what was found. ``--plot`` also draws the code of the digits.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

if not __package__:  # started as a file: find the package `benchmarks` all the same
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import _cli, _clustering_report
from benchmarks._clustering_data import SETS, Kind, stage
from benchmarks._data import ROOT, look_beside_the_repository
from benchmarks._peers import answer, run_missing
from benchmarks._report import fill_file
from benchmarks._runner import Results, commit

# ------------------------------------------------------------------------------------------
# Parameters of AutoencoderClusterer: the same for every set, and chosen without labels.
OURS: dict[str, Any] = {}
# ------------------------------------------------------------------------------------------

# Words of scikit-learn's example of clustering texts. Autoencoders read the 2,000 most frequent
# ones, as in the papers on deep clustering, and so does k-means without LSA.
ALL_WORDS: dict[str, Any] = {"max_df": 0.5, "min_df": 5, "stop_words": "english"}
WORDS: dict[str, Any] = {**ALL_WORDS, "max_features": 2000}

GUIDE = ROOT / "docs" / "clustering.md"
ENGINES = Path(__file__).with_name("_clustering_engines.py")
COMMAND = "python benchmarks/clustering.py --peers-python PATH"
N_SEEDS = 10
Run = dict[str, Any]


@dataclass(frozen=True)
class Contender:
    """A model of `_clustering_engines.py`, its parameters, and the kinds of data that it takes.

    `tfidf` are parameters of the TfidfVectorizer in front, where it reads texts; `peer` if it
    runs in tslearn's environment; `draws=False` if seeds change nothing.
    """

    title: str
    model: str
    kinds: tuple[Kind, ...]
    params: dict[str, Any] = field(default_factory=dict)
    tfidf: dict[str, Any] | None = None
    peer: bool = False
    draws: bool = True


CONTENDERS = {
    "agreed": Contender(
        "AutoencoderClusterer, n_autoencoders=3",
        "autoencoder",
        ("table", "series", "texts"),
        {**OURS, "n_autoencoders": 3},
        tfidf=WORDS,
    ),
    "idec": Contender(
        "AutoencoderClusterer",
        "autoencoder",
        ("table", "series", "texts"),
        OURS,
        tfidf=WORDS,
    ),
    "code-kmeans": Contender(
        'AutoencoderClusterer, clustering="kmeans"',
        "autoencoder",
        ("table", "series", "texts"),
        {**OURS, "clustering": "kmeans"},
        tfidf=WORDS,
    ),
    "kmeans": Contender(
        "k-means", "kmeans", ("table", "series", "texts"), {"n_init": 10}, tfidf=WORDS
    ),
    "pca": Contender(
        "k-means on 10 principal components",
        "pca",
        ("table", "series"),
        {"n_components": 10, "n_init": 10},
    ),
    "lsa": Contender(
        "k-means on LSA, all words",
        "lsa",
        ("texts",),
        {"n_components": 100, "n_init": 10},
        tfidf=ALL_WORDS,
    ),
    "ward": Contender("Ward linkage", "ward", ("table", "series"), draws=False),
    "dtw": Contender("k-means, DTW", "dtw", ("series",), {"n_init": 3}, peer=True),
    "kshape": Contender("k-Shape", "kshape", ("series",), {"n_init": 3}, peer=True),
}
GOES_THROUGH = {"agreed": ("idec", "code-kmeans"), "idec": ("code-kmeans",)}
OF_OURS = [name for name, contender in CONTENDERS.items() if contender.model == "autoencoder"]


@dataclass(frozen=True)
class Task:
    """One contender on one data set with one seed; `n_samples` and `epochs` are for trials."""

    name: str
    data: str
    seed: int
    n_samples: int | None = None
    epochs: int | None = None

    @property
    def contender(self) -> Contender:
        """The model that runs."""
        return CONTENDERS[self.name]

    @property
    def kind(self) -> Kind:
        """What the data set is made of."""
        return SETS[self.data].kind

    def params(self) -> dict[str, Any]:
        """Return the contender's parameters on this kind of data, with fewer epochs in a trial."""
        params = dict(self.contender.params)
        if self.kind == "texts":
            params["tfidf"] = self.contender.tfidf
        if self.epochs and self.contender.model == "autoencoder":
            params["max_epochs"] = self.epochs
        return params

    def identity(self) -> Run:
        """Return what makes two runs the same, as `Results` compares it."""
        data = {"name": self.data, "n_samples": self.n_samples}
        what = {"contender": self.name, "data": data, "seed": self.seed, "params": self.params()}
        return json.loads(json.dumps({**what, "prepare": None}))


def main(argv: list[str] | None = None) -> int:
    args = parse(argv)
    look_beside_the_repository()
    folder = _cli.folder(args)
    results = Results(folder / "clustering.json")
    complete = args.report or run_all(tasks(args), results, args)
    if not results.runs:
        print("Nothing has been measured yet.")
        return 1
    written = write(results.runs, folder)
    if args.plot:
        from benchmarks import _clustering_plot

        written.append(_clustering_plot.digits(CONTENDERS["idec"].params, folder))
    _cli.say_where(written)
    return 0 if complete else 1


def write(runs: list[Run], folder: Path) -> list[Path | None]:
    """Write and print the tables; return the files."""
    titles = {name: contender.title for name, contender in CONTENDERS.items()}
    report = _clustering_report.Report(runs, titles, OF_OURS)
    text = report.sections()
    print(f"\n{text}\n")
    page = folder / "clustering.md"
    page.write_text(f"# Clusters\n\n{text}\n\nMade by `{COMMAND}`.\n", encoding="utf-8")
    if folder != _cli.RESULTS or not GUIDE.exists():
        return [page]
    fill_file(GUIDE, report.overview(), "clustering")
    return [page, GUIDE]


def parse(argv: list[str] | None) -> argparse.Namespace:
    parser = _cli.options(__doc__.splitlines()[0], list(CONTENDERS))
    parser.add_argument("--data", nargs="+", choices=SETS, default=list(SETS), help="default: all")
    parser.add_argument("--peers-python", metavar="PATH", help="interpreter that has tslearn")
    parser.add_argument("--plot", action="store_true", help="fit and draw the code of the digits")
    args = parser.parse_args(argv)
    if args.validate or args.n_test:
        parser.error("--validate and --n-test are not for this program: clusters need no labels")
    return args


def tasks(args: argparse.Namespace) -> list[Task]:
    """Return what was asked for and can be had: of each set, all contenders with the first seed."""
    names = [n for n in args.only or CONTENDERS if args.peers_python or not CONTENDERS[n].peer]
    wanted = args.seeds or N_SEEDS
    return [
        Task(name, data, seed, args.n_train, args.epochs)
        for data in args.data
        for seed in range(wanted)
        for name in names
        if SETS[data].kind in CONTENDERS[name].kinds and (CONTENDERS[name].draws or not seed)
    ]


def run_all(planned: list[Task], results: Results, args: argparse.Namespace) -> bool:
    """Run what is not among the results yet, or all if asked; return whether all went well."""

    def shown(run: Run) -> str:
        found = ", ".join(f"{name} {value:.3f}" for name, value in run["scores"].items())
        return f"{found}, {run['seconds']['fit']:.1f} s"

    return run_missing(
        planned,
        results,
        lambda task, folder: run_one(task, folder, args.peers_python),
        lambda task: f"{task.contender.title} on {SETS[task.data].short}, seed {task.seed}",
        shown,
        fresh=args.fresh,
    )


def run_one(task: Task, folder: Path, peers_python: str | None) -> list[Run] | str:
    """Measure a task in a process of its own; return its run, or why there is none.

    Behind it come those of simpler clusterers that it went through.
    """
    code = commit()  # before, as the code may be changed meanwhile
    path, y = stage(task.data, task.n_samples, folder)
    job = {
        "model": task.contender.model,
        "kind": task.kind,
        "params": task.params(),
        "seed": task.seed,
        "n_clusters": len(set(y)),
        "data": str(path),
    }
    measured = answer(ENGINES, job, folder, peers_python if task.contender.peer else None)
    if isinstance(measured, str):
        return measured
    measured |= {"commit": code, "date": datetime.now(UTC).strftime("%Y-%m-%d")}
    noted = measured.pop("noted", {})
    runs = [one_run(task, measured, y)]
    for name in GOES_THROUGH.get(task.name, ()):
        runs.append(one_run(replace(task, name=name), measured | noted[name], y))
    return runs


def one_run(task: Task, measured: Run, y: np.ndarray) -> Run:
    """Return what is kept of a task: scores in place of the clusters."""
    labels = np.array(measured["labels"])
    return {
        **task.identity(),
        **{name: value for name, value in measured.items() if name != "labels"},
        "scores": scores(y, labels),
        "n_samples": len(y),
        "n_clusters": len(set(y)),
        "n_found": len(set(labels.tolist())),
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


if __name__ == "__main__":
    _cli.run(main)
